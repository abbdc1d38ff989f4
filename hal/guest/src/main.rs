//! Tests of `yici-hal` that need a kernel with USB, HID and cameras. `tools/test-usb` boots a Debian
//! kernel in QEMU with this program as all there is, and with devices of `kiosk-sim` in its USB ports:
//!
//! | Port | Device | Name for `ctl --device` |
//! |---|---|---|
//! | 1-1 | ID card reader with four bulk pipes | `reader-a` |
//! | 1-2 | ID card reader with two | `reader-b` |
//! | 1-5 | ID card reader in HID reports | `reader-c` |
//! | 1-3, 1-4 | two printers of one model, class 7 | `printer-1`, `printer-2` |
//!
//! # Adding a test
//! Write a `fn(&Bench)` that panics if something is wrong, and add it to the file and the list of its
//! kind; a new file has a `TESTS` of its own and is named in [`all`]. Tests run one after the other,
//! each with the simulated devices in good order ([`Bench::tidy`]), and each for [`LIMIT`] at most.
//! Kernel modules that it needs go into the list `modules` of `tools/test-usb`; those that only some
//! tests want are loaded there with [`bench::load`]. Devices that the guest's kernel makes itself, such
//! as a keyboard by `/dev/uinput` or a camera by `vivid`, are made by the test. A device of
//! `kiosk-sim` in another USB port is one more line in `tools/test-usb`.

// Helpers of tests may fail a test like tests themselves; clippy.toml's exception covers only those.
#![allow(clippy::unwrap_used)]

mod bench;
mod camera;
mod conformance;
mod gadget;
mod keyboards;
mod printers;
mod readers;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use bench::Bench;

/// A test and its name.
type Test = (&'static str, fn(&'static Bench));

/// Longest time of one test, which may be a whole suite. The guest's processor is emulated, on a busy
/// machine.
const LIMIT: Duration = Duration::from_secs(240);

fn all() -> impl Iterator<Item = Test> {
    [
        readers::TESTS,
        printers::TESTS,
        gadget::TESTS,
        keyboards::TESTS,
        camera::TESTS,
        conformance::TESTS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// Runs all tests, or those whose names contain the first argument.
fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    // For as long as the guest runs.
    let bench: &'static Bench = Box::leak(Box::new(Bench::connect()));
    let (mut passed, mut failed) = (0, 0);
    for (name, test) in all().filter(|(name, _)| name.contains(&wanted)) {
        let begun = Instant::now();
        let outcome = run(bench, test);
        let seconds = begun.elapsed().as_secs_f32();
        match outcome {
            Ok(()) => {
                passed += 1;
                println!("ok      {name} ({seconds:.1} s)");
            }
            Err(why) => {
                failed += 1;
                println!("FAILED  {name} ({seconds:.1} s): {why}");
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn run(bench: &'static Bench, test: fn(&'static Bench)) -> Result<(), &'static str> {
    std::thread::scope(|scope| {
        let (done, outcome) = channel();
        scope.spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                bench.tidy();
                test(bench);
            }));
            // Whoever waits has not given up yet: it ends the process when it does.
            let _ = done.send(outcome.is_ok());
        });
        match outcome.recv_timeout(LIMIT) {
            Ok(true) => Ok(()),
            Ok(false) => Err("see above"),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                println!("FAILED  a test took longer than {LIMIT:?}; the others were not run");
                std::process::exit(1);
            }
        }
    })
}
