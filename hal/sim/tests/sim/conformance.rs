//! The conformance suite against every driver, over serial lines and the network.

use std::time::Duration;

use yici_conformance::sim::{self, Device, Socket};
use yici_conformance::{Case, Report, card_reader, code_scanner, printer};
use yici_hal::address::Address;
use yici_hal::escpos::{self, Charset, Completion, Profile, QrMethod};
use yici_hal::slip::PaperWidth;
use yici_hal::{code_scanner as scanner, id_card};

use crate::bench::Bench;
use crate::converter;

/// What a busy machine may add to the times that drivers promise.
const SLACK: Duration = Duration::from_secs(10);

#[test]
fn card_reader_on_a_serial_line() {
    let bench = Bench::reader();
    let address = bench.card_reader.clone().unwrap();
    card_readers(&bench, &address);
}

#[test]
fn card_reader_behind_a_network_converter() {
    let bench = Bench::reader();
    let address = converter::to_network(&bench.directory().join("card"));
    card_readers(&bench, &address);
}

#[test]
fn code_scanner_on_a_serial_line() {
    let bench = Bench::run(&["--code-scanner", "SCANNER"]);
    let address = bench.code_scanner.clone().unwrap();
    code_scanners(&bench, &address);
}

#[test]
fn code_scanner_behind_a_network_converter() {
    let bench = Bench::run(&["--code-scanner", "SCANNER"]);
    let address = converter::to_network(&bench.directory().join("scanner"));
    code_scanners(&bench, &address);
}

#[test]
fn printer_on_the_network() {
    let bench = Bench::printer(&[]);
    let address = bench.printer.clone().unwrap();
    printers(&bench, &address, Profile::epson(PaperWidth::Mm80));
}

#[test]
fn printer_on_a_serial_line() {
    let bench = Bench::printer(&[]);
    let address = converter::to_serial(bench.printer_port(), bench.directory().join("printer"));
    printers(&bench, &address, Profile::epson(PaperWidth::Mm80));
}

#[test]
fn narrow_printer_with_fewer_characters_and_a_weaker_proof() {
    let bench = Bench::printer(&["--paper", "58", "--charset", "gbk"]);
    let address = bench.printer.clone().unwrap();
    let profile = Profile {
        charset: Charset::Gbk,
        completion: Completion::TransmitStatus,
        qr: QrMethod::Raster,
        ..Profile::epson(PaperWidth::Mm58)
    };
    printers(&bench, &address, profile);
}

#[test]
fn printer_that_confirms_nothing() {
    let bench = Bench::printer(&[]);
    let address = bench.printer.clone().unwrap();
    let profile = Profile {
        completion: Completion::None,
        ..Profile::epson(PaperWidth::Mm80)
    };
    // The other cases hold up long, and ask for nothing that this profile does otherwise.
    let names = [
        "slip",
        "slip-completes-behind-its-last-byte",
        "unconfirmed-is-unknown",
    ];
    let mut cases = printer::cases();
    cases.retain(|case| names.contains(&case.name.as_str()));
    let not_run = ["slip-completes-behind-its-last-byte"];
    conforms(cases, &not_run, |cases| {
        run_printers(&bench, &address, profile, cases)
    });
}

fn card_readers(bench: &Bench, address: &Address) {
    let open = || id_card::open(address).map_err(|error| error.to_string());
    let hands = sim::CardReader(device(bench));
    conforms(card_reader::cases(), &[], |cases| {
        card_reader::run(&hands, &open, SLACK, cases, |_| {})
    });
}

fn code_scanners(bench: &Bench, address: &Address) {
    let open = || scanner::open(address).map_err(|error| error.to_string());
    let hands = sim::CodeScanner(device(bench));
    conforms(code_scanner::cases(), &[], |cases| {
        code_scanner::run(&hands, &open, SLACK, cases, |_| {})
    });
}

fn printers(bench: &Bench, address: &Address, profile: Profile) {
    conforms(printer::cases(), &[], |cases| {
        run_printers(bench, address, profile, cases)
    });
    let unknown = &bench.printer_state()["unknown"];
    assert_eq!(unknown, &serde_json::json!({}), "it knows all that we send");
}

fn run_printers(
    bench: &Bench,
    address: &Address,
    profile: Profile,
    cases: &[printer::Case],
) -> Report {
    let open = || escpos::open(address, profile).map_err(|error| error.to_string());
    let hands = sim::Printer::new(device(bench), printer::Model::of(&profile));
    printer::run(&hands, &open, SLACK, cases, |_| {})
}

fn device(bench: &Bench) -> Device {
    Device::only(Socket::Unix(bench.socket()))
}

/// Nothing fails, and nothing is left out but what is known to be.
#[track_caller]
fn conforms<B: ?Sized, D: ?Sized>(
    cases: Vec<Case<B, D>>,
    not_run: &[&str],
    run: impl Fn(&[Case<B, D>]) -> Report,
) {
    let report = run(&cases);
    println!("{report}");
    let left_out: Vec<_> = report.not_run().iter().map(|(case, _)| *case).collect();
    assert_eq!(left_out, not_run);
    assert_eq!(report.failed(), []);
}
