//! The conformance suite against every driver, over serial lines and the network.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use yici_conformance::card_reader::Card;
use yici_conformance::sim::{self, Device, Socket};
use yici_conformance::social_card::{Holder, Spoil};
use yici_conformance::{
    BenchError, Case, Done, Hands, Trial, card_reader, code_scanner, printer, run, social_card,
};
use yici_hal::address::Address;
use yici_hal::escpos::{self, Charset, Completion, Model, Profile, QrMethod};
use yici_hal::slip::PaperWidth;
use yici_hal::{code_scanner as scanner, id_card, social_card as social};

use crate::bench::Bench;
use crate::converter;
use crate::pcscd::{Pcscd, with_pcscd};

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
    run_printers(&bench, &address, profile, cases, &not_run);
}

/// Each model that is shipped, played by a printer of its kind. One that proves nothing and one that
/// presents what it printed are back in time as well, also when they had to take away half a slip first.
#[test]
fn printers_of_every_shipped_model() {
    let names = [
        "status",
        "status-paper-out",
        "unplugged-and-back",
        "unplugged-in-the-middle-is-unknown",
    ];
    std::thread::scope(|scope| {
        for model in Model::names() {
            scope.spawn(move || {
                let bench = Bench::printer(&["--printer-model", model]);
                let address = bench.printer.clone().unwrap();
                let profile = Model::named(model).unwrap().profile;
                let mut cases = printer::cases();
                cases.retain(|case| names.contains(&case.name.as_str()));
                assert_eq!(cases.len(), names.len());
                run_printers(&bench, &address, profile, cases, &[]);
            });
        }
    });
}

#[test]
fn social_card_reader_of_the_pcsc_service() {
    let test = "conformance::social_card_reader_of_the_pcsc_service";
    with_pcscd(test, |pcscd| {
        let bench = Bench::run(&["--social-card", &format!("127.0.0.1:{}", pcscd.port)]);
        let open = || {
            social::open(&"pcsc:Virtual PCD 00 00".parse().unwrap())
                .map_err(|error| error.to_string())
        };
        let hands = Hall {
            card: sim::SocialCard(device(&bench)),
            pcscd: Mutex::new(pcscd),
        };
        conforms(social_card::cases(), &[], &hands, &open);
    });
}

/// The service frames replies itself and has no number of a security module; that it is late, silent or gone
/// in the middle of a read is among the cases of social security cards, and here in `smart_cards`.
#[test]
fn card_reader_of_the_pcsc_service() {
    let test = "conformance::card_reader_of_the_pcsc_service";
    with_pcscd(test, |pcscd| {
        let slot = format!("127.0.0.1:{}", pcscd.port);
        let bench = Bench::run(&["--pcsc-card-reader", &slot]);
        let reader = "Virtual PCD 00 00";
        let open = || {
            id_card::open(&format!("pcsc:{reader}").parse().unwrap())
                .map_err(|error| error.to_string())
        };
        let hands = Hall {
            card: sim::PcscCard::new(device(&bench), reader).unwrap(),
            pcscd: Mutex::new(pcscd),
        };
        let not_run = [
            "number-of-the-security-module",
            "reads-new-address",
            "noise-before-a-reply",
            "reply-in-pieces",
            "wrong-checksum",
            "truncated",
            "length-out-of-bounds",
            "length-too-long",
            "length-too-short",
            "late-found-is-not-taken",
            "late-select-poisons-nothing",
            "late-record-poisons-nothing",
            "silence-is-told-in-time",
            "unplugged-while-reading-and-back",
        ];
        conforms(card_reader::cases(), &not_run, &hands, &open);
    });
}

/// A card and the service whose reader it lies in.
struct Hall<C> {
    card: C,
    pcscd: Mutex<Pcscd>,
}

impl<C> Hall<C> {
    fn pcscd(&self) -> MutexGuard<'_, Pcscd> {
        self.pcscd.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start_service(&self, with_readers: bool) -> Done {
        self.pcscd().start_again(with_readers);
        let end = Instant::now() + Duration::from_secs(30);
        let there = || {
            yici_hal::smart_card::readers().is_ok_and(|readers| readers.is_empty() != with_readers)
        };
        while !there() {
            if Instant::now() > end {
                return Err(BenchError::Broken("pcscd does not start".into()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl<C: Hands> Hands for Hall<C> {
    fn restore(&self) -> Done {
        self.pcscd().go_on();
        if yici_hal::smart_card::readers().map_or(0, |readers| readers.len()) == 0 {
            self.start_service(true)?;
        }
        self.card.restore()
    }
}

impl social_card::Bench for Hall<sim::SocialCard> {
    fn lay(&self, holder: &Holder) -> Done {
        self.card.lay(holder)
    }

    fn lift(&self) -> Done {
        self.card.lift()
    }

    fn turn_over(&self, on: bool) -> Done {
        self.card.turn_over(on)
    }

    fn freeze(&self, on: bool) -> Done {
        self.card.freeze(on)
    }

    fn spoil(&self, how: Spoil) -> Done {
        self.card.spoil(how)
    }

    fn run_service(&self, on: bool) -> Done {
        if on {
            return self.start_service(true);
        }
        self.pcscd().kill();
        Ok(())
    }

    fn hold_service(&self, on: bool) -> Done {
        if on {
            self.pcscd().stop();
        } else {
            self.pcscd().go_on();
        }
        Ok(())
    }

    fn unplug(&self) -> Done {
        self.start_service(false)
    }

    fn replug(&self) -> Done {
        self.start_service(true)
    }
}

impl card_reader::Bench for Hall<sim::PcscCard> {
    fn lay(&self, card: &Card) -> Done {
        self.card.lay(card)
    }

    fn lift(&self) -> Done {
        self.card.lift()
    }

    fn lift_while_reading(&self) -> Done {
        self.card.lift_while_reading()
    }

    fn unplug(&self) -> Done {
        self.start_service(false)
    }

    fn replug(&self) -> Done {
        self.start_service(true)
    }
}

fn card_readers(bench: &Bench, address: &Address) {
    let open = || id_card::open(address).map_err(|error| error.to_string());
    let hands = sim::CardReader(device(bench));
    conforms(card_reader::cases(), &[], &hands, &open);
}

fn code_scanners(bench: &Bench, address: &Address) {
    let open = || scanner::open(address).map_err(|error| error.to_string());
    let hands = sim::CodeScanner(device(bench));
    conforms(code_scanner::cases(), &[], &hands, &open);
}

fn printers(bench: &Bench, address: &Address, profile: Profile) {
    run_printers(bench, address, profile, printer::cases(), &[]);
    let unknown = &bench.printer_state()["unknown"];
    assert_eq!(unknown, &serde_json::json!({}), "it knows all that we send");
}

#[track_caller]
fn run_printers(
    bench: &Bench,
    address: &Address,
    profile: Profile,
    cases: Vec<printer::Case>,
    not_run: &[&str],
) {
    let open = || escpos::open(address, profile).map_err(|error| error.to_string());
    let serial = address.to_string();
    let line = serial
        .strip_prefix("serial:")
        .and_then(|rest| rest.split('?').next());
    let device = Device {
        line: line.map(PathBuf::from),
        ..device(bench)
    };
    let hands = sim::Printer::new(device, printer::Model::of(&profile));
    conforms(cases, not_run, &hands, &open);
}

fn device(bench: &Bench) -> Device {
    Device::only(Socket::Unix(bench.socket()))
}

/// Nothing fails, and nothing is left out but what is known to be.
#[track_caller]
fn conforms<B: Hands + ?Sized, D: ?Sized>(
    cases: Vec<Case<B, D>>,
    not_run: &[&str],
    bench: &B,
    open: &(dyn Fn() -> Result<Box<D>, String> + Sync),
) {
    let trial = Trial {
        bench,
        open,
        slack: SLACK,
    };
    let report = run(&cases, &trial, |_| {});
    println!("{report}");
    let left_out: Vec<_> = report.not_run().iter().map(|(case, _)| *case).collect();
    assert_eq!(left_out, not_run);
    assert_eq!(report.failed(), []);
}
