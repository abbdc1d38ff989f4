//! The speed of the scanner's line.

use std::time::{Duration, Instant};

use yici_hal::code_scanner::{self, CodeScanner};
use yici_hal::status::DeviceState;

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
