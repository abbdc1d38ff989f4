//! `kiosk`: the terminal and its command line. The commands are a contract (README.md).

use std::process::ExitCode;

/// Freed memory is zeroed, so that nothing of a visit outlives it on the heap (invariant 5).
#[global_allocator]
static WIPING: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    yici::cli::main()
}
