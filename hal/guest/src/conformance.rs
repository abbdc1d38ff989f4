//! The conformance suite of `hal/conformance`, over USB.

use std::time::Duration;

use yici_conformance::sim::{self, Device, Socket};
use yici_conformance::{Finding, Report, card_reader, printer};
use yici_hal::escpos::{self, Profile};
use yici_hal::id_card;
use yici_hal::slip::PaperWidth;

use crate::Test;
use crate::bench::{Bench, address};

pub const TESTS: &[Test] = &[
    ("conformance: ID card reader, shape A", |bench| {
        reader(bench, "reader-a", "usb:0400:c35a?port=1-1")
    }),
    ("conformance: ID card reader, shape B", |bench| {
        reader(bench, "reader-b", "usb:0400:c35a?port=1-2")
    }),
    ("conformance: printer of class 7", |bench| {
        printer(bench, "printer-1", "usb:class=printer?port=1-3")
    }),
];

/// What an emulated processor on a busy machine may add to what drivers promise.
const SLACK: Duration = Duration::from_secs(5);

fn device(bench: &'static Bench, name: &str) -> Device {
    Device {
        socket: Socket::Tcp(bench.listen().to_string()),
        name: Some(name.into()),
        usb: true,
    }
}

fn tell(one: &Finding) {
    println!(
        "        {} ms: {} {:?}",
        one.milliseconds, one.case, one.outcome
    );
}

#[track_caller]
fn passes(report: &Report) {
    assert!(!report.cases.is_empty());
    assert!(report.failed().is_empty(), "{:?}", report.failed());
}

fn reader(bench: &'static Bench, name: &str, place: &str) {
    let open = || id_card::open(&address(place)).map_err(|error| error.to_string());
    let bench = sim::CardReader(device(bench, name));
    passes(&card_reader::run(
        &bench,
        &open,
        SLACK,
        &card_reader::cases(),
        tell,
    ));
}

fn printer(bench: &'static Bench, name: &str, place: &str) {
    let profile = Profile::epson(PaperWidth::Mm80);
    let model = printer::Model::of(&profile);
    let open = || escpos::open(&address(place), profile).map_err(|error| error.to_string());
    let bench = sim::Printer::new(device(bench, name), model);
    passes(&printer::run(&bench, &open, SLACK, &printer::cases(), tell));
}
