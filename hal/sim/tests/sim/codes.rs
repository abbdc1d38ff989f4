//! Codes that are scanned.

use std::time::{Duration, Instant};

use yici_hal::code_scanner::{self, CodeScanner, ScannerError};
use yici_hal::status::{Actor, Cause, DeviceState, ScannerStatus};

use crate::bench::Bench;

const SLIP: &str = "YICI1:0000000000000000:00112233445566778899AABBCCDDEEFF";

fn start() -> (Bench, Box<dyn CodeScanner>) {
    let bench = Bench::run(&["--code-scanner", "SCANNER"]);
    let scanner = code_scanner::open(bench.code_scanner.as_ref().unwrap()).unwrap();
    (bench, scanner)
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

#[track_caller]
fn read(scanner: &mut dyn CodeScanner) -> String {
    scanner.read(soon()).unwrap().unwrap().text().to_owned()
}

#[test]
fn a_slips_code_is_read() {
    let (bench, mut scanner) = start();
    assert!(scanner.read(Instant::now()).unwrap().is_none());
    let status = scanner.status();
    assert_eq!((status.device, status.cause), (DeviceState::Starting, None));
    let started = Instant::now();
    bench.ctl(&format!("scan {SLIP}"));
    let paced = Duration::from_secs(10) / 9600 * (SLIP.len() as u32 + 1);
    assert!(started.elapsed() >= paced, "9600 baud");
    assert_eq!(read(&mut *scanner), SLIP);
    assert!(scanner.status().ready());
    assert!(scanner.read(Instant::now()).unwrap().is_none());
}

#[test]
fn chinese_comes_whole_and_a_pause_ends_a_code() {
    let (bench, mut scanner) = start();
    let text = "一次办：龙䶮𬭎";
    for order in ["scan", "scan --gb18030", "scan --without-end"] {
        bench.ctl(&format!("{order} {text}"));
        assert_eq!(read(&mut *scanner), text, "{order}");
    }
}

#[test]
fn what_was_scanned_earlier_is_forgotten() {
    let (bench, mut scanner) = start();
    bench.ctl("scan earlier");
    bench.ctl("scan --without-end half");
    scanner.forget().unwrap();
    bench.ctl("scan now");
    assert_eq!(read(&mut *scanner), "now");
}

#[test]
fn garbage_is_dropped_and_the_next_code_read() {
    let (bench, mut scanner) = start();
    bench.ctl("scan a\u{1}b");
    let error = scanner.read(soon()).unwrap_err();
    assert!(matches!(error, ScannerError::NotText));
    assert_eq!((error.actor(), error.cause()), (Actor::Citizen, None));
    std::thread::scope(|scope| {
        // Read while it comes, as a pseudo-terminal holds no more than a code.
        let long = scope.spawn(|| bench.ctl(&format!("scan {}", "x".repeat(5000))));
        let error = scanner.read(Instant::now() + Duration::from_secs(30));
        assert!(matches!(error, Err(ScannerError::TooLong)));
        long.join().unwrap();
    });
    bench.ctl(&format!("scan {SLIP}"));
    assert_eq!(read(&mut *scanner), SLIP);
}

#[test]
fn a_scanner_that_goes_away_is_told() {
    let (bench, mut scanner) = start();
    bench.ctl("scan code");
    assert_eq!(read(&mut *scanner), "code");
    drop(bench);
    let error = scanner.read(soon()).unwrap_err();
    assert!(matches!(error, ScannerError::DeviceGone(_)), "{error:?}");
    let gone = ScannerStatus::faulty(Cause::NotConnected);
    assert_eq!(scanner.status(), gone);
}
