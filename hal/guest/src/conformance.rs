//! The conformance suite of `hal/conformance`, over USB, HID and Video4Linux.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use yici_conformance::camera::Bench as _;
use yici_conformance::card_reader;
use yici_conformance::code_scanner::{self, Bench as _, Code, End};
use yici_conformance::sim::{self, Device, Socket};
use yici_conformance::{BenchError, Case, Done, Finding, Hands, Trial, cannot, printer, run};
use yici_hal::camera;
use yici_hal::escpos::{self, Profile};
use yici_hal::id_card;
use yici_hal::slip::PaperWidth;

use crate::Test;
use crate::bench::{Bench, address};
use crate::keyboards;

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
    ("conformance: ID card reader in HID reports", |bench| {
        reader(bench, "reader-c", "hid:0483:572b?port=1-5")
    }),
    ("conformance: code scanner that types", keyboard),
    ("conformance: camera", vivid),
];

/// What an emulated processor on a busy machine may add to what drivers promise.
const SLACK: Duration = Duration::from_secs(5);

fn device(bench: &'static Bench, name: &str) -> Device {
    Device {
        socket: Socket::Tcp(bench.listen().to_string()),
        name: Some(name.into()),
        usb: true,
        line: None,
    }
}

fn tell(one: &Finding) {
    println!(
        "        {} ms: {} {:?}",
        one.milliseconds, one.case, one.outcome
    );
}

/// Runs all cases of a class; none may fail, and only these may be left out.
#[track_caller]
fn conforms<B: Hands + ?Sized, D: ?Sized>(
    cases: &[Case<B, D>],
    not_run: &[&str],
    bench: &B,
    open: &(dyn Fn() -> Result<Box<D>, String> + Sync),
) {
    let trial = Trial {
        bench,
        open,
        slack: SLACK,
    };
    let report = run(cases, &trial, tell);
    assert!(report.failed().is_empty(), "{:?}", report.failed());
    let left_out: Vec<_> = report.not_run().iter().map(|(case, _)| *case).collect();
    assert_eq!(left_out, not_run);
}

fn reader(bench: &'static Bench, name: &str, place: &str) {
    let open = || id_card::open(&address(place)).map_err(|error| error.to_string());
    let bench = sim::CardReader(device(bench, name));
    conforms(&card_reader::cases(), &[], &bench, &open);
}

fn printer(bench: &'static Bench, name: &str, place: &str) {
    let profile = Profile::epson(PaperWidth::Mm80);
    let model = printer::Model::of(&profile);
    let open = || escpos::open(&address(place), profile).map_err(|error| error.to_string());
    let bench = sim::Printer::new(device(bench, name), model);
    conforms(
        &printer::cases(),
        &["slip-is-printed-as-drawn"],
        &bench,
        &open,
    );
}

/// A scanner that types; none while its plug is pulled.
struct Keyboard(Mutex<Option<keyboards::Scanner>>);

impl Keyboard {
    fn scanner(&self) -> MutexGuard<'_, Option<keyboards::Scanner>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keyboard(_: &Bench) {
    let bench = Keyboard(Mutex::default());
    let open = || Ok(keyboards::open(keyboards::ADDRESS));
    // What has no key.
    let not_run = [
        "ends-with-lf",
        "ends-with-cr-lf",
        "chinese-in-utf-8",
        "chinese-in-gb18030",
        "no-text",
    ];
    conforms(&code_scanner::cases(), &not_run, &bench, &open);
}

impl Hands for Keyboard {
    fn restore(&self) -> Done {
        self.replug()
    }
}

impl code_scanner::Bench for Keyboard {
    fn scan(&self, code: &Code) -> Done {
        let enter = match code.end {
            End::Cr => true,
            End::Pause => false,
            End::Lf | End::CrLf => return cannot("type a line feed"),
        };
        let mut scanner = self.scanner();
        let Some(scanner) = &mut *scanner else {
            return Err(BenchError::Broken("its plug is pulled".into()));
        };
        match scanner.type_text(&code.text, enter) {
            true => Ok(()),
            false => cannot("type what has no key"),
        }
    }

    fn unplug(&self) -> Done {
        *self.scanner() = None;
        Ok(())
    }

    fn replug(&self) -> Done {
        self.scanner()
            .get_or_insert_with(|| keyboards::Scanner::plug("Simulated scanner"));
        Ok(())
    }
}

/// The kernel's own camera.
struct Vivid;

fn vivid(_: &Bench) {
    let open = || camera::open(&address("v4l:/dev/video0")).map_err(|error| error.to_string());
    let cases = yici_conformance::camera::cases();
    conforms(
        &cases,
        &[],
        &Vivid as &dyn yici_conformance::camera::Bench,
        &open,
    );
}

impl Hands for Vivid {
    fn restore(&self) -> Done {
        self.replug()?;
        self.blind(false)
    }
}

impl yici_conformance::camera::Bench for Vivid {
    fn unplug(&self) -> Done {
        crate::camera::unplug();
        Ok(())
    }

    fn replug(&self) -> Done {
        crate::camera::plug();
        Ok(())
    }

    fn blind(&self, on: bool) -> Done {
        crate::camera::lose(if on { 100 } else { 0 });
        Ok(())
    }
}
