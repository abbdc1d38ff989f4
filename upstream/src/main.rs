//! `kiosk-upstream`: the reference upstream. It takes sealed cases from terminals, keeps them, splits
//! them into the units' shares, and says how they are getting on.

#![forbid(unsafe_code)]

mod accesses;
mod answer;
mod cases;
mod cli;
mod data;
mod devices;
mod gate;
mod init;
mod intake;
mod opinions;
mod published;
mod service;
mod shares;
mod store;
mod vault;

use std::process::ExitCode;

/// Freed memory is zeroed, so that opened cases leave nothing on the heap.
#[global_allocator]
static WIPING: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("KIOSK_LOG")
                .unwrap_or_else(|_| "info".into()),
        )
        .init();
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kiosk-upstream: {error}");
            ExitCode::from(2)
        }
    }
}
