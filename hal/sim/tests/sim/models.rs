//! Each model of printer, with its profile: what it proves, and what becomes of a slip at its outlet.

use std::time::{Duration, Instant};

use yici_hal::address::Address;
use yici_hal::escpos::{
    self, Completion, Cut, Delivery, Doubt, Model, Outlet, OutletSensor, Present, Printed, Printer,
    Profile,
};
use yici_hal::slip::{Align, PaperWidth, Slip, Style};
use yici_hal::status::{Cause, DeviceState, Media, Paper};

use crate::bench::{Bench, codes};

const LINK: &str = "YICI1:0000000000000000:example";

fn profile(name: &str) -> Profile {
    Model::named(name).unwrap().profile
}

/// The profile, with another time for taking a slip, and a proof if the model has one after all.
fn hurried(name: &str, completion: Completion) -> Profile {
    let profile = profile(name);
    Profile {
        completion,
        outlet: profile.outlet.map(|outlet| Outlet {
            take_within: 5,
            // As the simulated printers are set up.
            retracts: true,
            ..outlet
        }),
        ..profile
    }
}

fn open(bench: &Bench, profile: Profile) -> Box<dyn Printer> {
    escpos::open(bench.printer.as_ref().unwrap(), profile).unwrap()
}

fn start(model: &str, profile: Profile) -> (Bench, Box<dyn Printer>) {
    let bench = Bench::printer(&["--printer-model", model]);
    let printer = open(&bench, profile);
    (bench, printer)
}

fn slip() -> Slip {
    let mut slip = Slip::new();
    slip.line("收件凭证", Style::default(), Align::Centre)
        .text("one whole slip")
        .qr(LINK);
    slip
}

/// About 180 mm.
fn long() -> Slip {
    let mut slip = Slip::new();
    for number in 1..=40 {
        slip.text(format!("{number:>2}. one line of it"));
    }
    slip
}

/// What becomes of the slip, until the end or until this came.
#[track_caller]
fn follow(printer: &mut dyn Printer, last: Option<Delivery>) -> Vec<Delivery> {
    let end = Instant::now() + Duration::from_secs(40);
    let mut told = Vec::new();
    while printer.holds_slip() && (told.is_empty() || told.last() != last.as_ref()) {
        assert!(Instant::now() < end, "no end: {told:?}");
        told.extend(printer.watch());
        std::thread::sleep(Duration::from_millis(100));
    }
    told
}

const PRESENTED: Option<Delivery> = Some(Delivery::Presented);

/// A printer with an ejector that has a status byte of its own, and a proof.
const EJECTOR: Profile = Profile {
    cut: Cut::Presenter,
    outlet: Some(Outlet {
        sensor: OutletSensor::GsE6,
        inverted: false,
        present: Present::GsE,
        steps: 12,
        take_within: 5,
        retracts: true,
    }),
    ..Profile::epson(PaperWidth::Mm80)
};

#[test]
fn every_model_prints_whole_slips_and_says_no_more_than_it_knows() {
    std::thread::scope(|scope| {
        for name in Model::names() {
            scope.spawn(move || {
                let (bench, mut printer) = start(name, profile(name));
                let status = printer.reset();
                assert!(status.ready(), "{name}: {status:?}");
                let senses = profile(name).outlet.is_some();
                assert_eq!(status.media, senses.then_some(Media::NotPresent), "{name}");
                let printed = printer.print(&slip());
                let expected = match name {
                    "epson-compatible" => Printed::Completed,
                    _ => Printed::Unknown(Doubt::NoProof),
                };
                assert_eq!(printed, expected, "{name}");
                let pictures = bench.pictures();
                assert_eq!(pictures, ["slip-001.png"], "{name}");
                assert_eq!(codes(&bench.picture(&pictures[0])), [LINK], "{name}");
                let state = bench.printer_state();
                assert_eq!(state["unknown"], serde_json::json!({}), "{name}");
                assert_eq!(printer.holds_slip(), senses, "{name}");
                if senses {
                    assert_eq!(follow(&mut *printer, PRESENTED), [Delivery::Presented]);
                    bench.ctl("paper take");
                    assert_eq!(follow(&mut *printer, None), [Delivery::Taken], "{name}");
                } else {
                    assert_eq!(printer.watch(), None, "{name}");
                }
            });
        }
    });
}

#[test]
fn a_slip_is_completed_presented_and_taken() {
    for (model, profile, options) in [
        (
            "masung-ms-d347",
            hurried("masung-ms-d347", Completion::TransmitStatus),
            &[][..],
        ),
        (
            "masung-ms-d347",
            inverted(hurried("masung-ms-d347", Completion::TransmitStatus)),
            &["--outlet-inverted"],
        ),
        ("ejector", EJECTOR, &[]),
    ] {
        let bench = Bench::printer(&[&["--printer-model", model], options].concat());
        let mut printer = open(&bench, profile);
        for _ in 0..2 {
            assert_eq!(printer.print(&slip()), Printed::Completed, "{model}");
            assert_eq!(follow(&mut *printer, PRESENTED), [Delivery::Presented]);
            assert_eq!(printer.status().media, Some(Media::Present));
            assert!(printer.status().ready(), "it may still be taken in time");
            bench.ctl("paper take");
            assert_eq!(follow(&mut *printer, None), [Delivery::Taken], "{model}");
            assert_eq!(printer.watch(), None, "said once");
        }
        let state = bench.printer_state();
        assert_eq!((&state["slips"], &state["taken"]), (&2.into(), &2.into()));
    }
}

fn inverted(profile: Profile) -> Profile {
    Profile {
        outlet: profile.outlet.map(|outlet| Outlet {
            inverted: true,
            ..outlet
        }),
        ..profile
    }
}

#[test]
fn the_wrong_polarity_never_says_that_a_slip_was_taken() {
    let (bench, mut printer) = start("masung-ms-d347", inverted(profile("masung-ms-d347")));
    let status = printer.status();
    assert_eq!(status.cause, Some(Cause::PaperJam));
    assert!(!status.ready());
    assert_eq!(printer.print(&slip()), Printed::Failed(Cause::PaperJam));
    assert_eq!(bench.printer_state()["slips"], 0);
}

#[test]
fn a_slip_that_nobody_takes_is_taken_back() {
    let (bench, mut printer) = start("ejector", EJECTOR);
    assert_eq!(printer.print(&slip()), Printed::Completed);
    assert_eq!(
        follow(&mut *printer, None),
        [Delivery::Presented, Delivery::Retracted]
    );
    let state = bench.printer_state();
    assert_eq!(
        (&state["taken"], &state["retracted"]),
        (&0.into(), &1.into())
    );
    assert_eq!(printer.status().media, Some(Media::NotPresent));
    assert_eq!(printer.print(&slip()), Printed::Completed);
}

#[test]
fn a_printer_that_takes_back_by_itself_does_not_pass_for_a_citizen() {
    let profile = hurried("custom-vkp80iii", Completion::None);
    let (bench, mut printer) = start("custom-vkp80iii", profile);
    let unproven = Printed::Unknown(Doubt::NoProof);
    assert_eq!(printer.print(&slip()), unproven);
    assert_eq!(
        follow(&mut *printer, None),
        [Delivery::Presented, Delivery::Retracted]
    );
    assert_eq!(bench.printer_state()["retracted"], 1);
    assert_eq!(printer.print(&slip()), unproven);
    assert_eq!(follow(&mut *printer, PRESENTED), [Delivery::Presented]);
    bench.ctl("paper take");
    assert_eq!(follow(&mut *printer, None), [Delivery::Taken]);
}

#[test]
fn nothing_is_printed_onto_a_slip_that_waits() {
    let profile = hurried("masung-ms-d347", Completion::TransmitStatus);
    let (bench, mut printer) = start("masung-ms-d347", profile);
    assert_eq!(printer.print(&slip()), Printed::Completed);
    assert_eq!(
        follow(&mut *printer, Some(Delivery::NotTaken)),
        [Delivery::Presented, Delivery::NotTaken]
    );
    let status = printer.status();
    assert_eq!(
        (status.device, status.media, status.cause),
        (
            DeviceState::UserError,
            Some(Media::Present),
            Some(Cause::NotTaken)
        )
    );
    assert_eq!(printer.print(&slip()), Printed::Failed(Cause::NotTaken));
    // Another driver, as after a restart, knows nothing of it and sees it all the same.
    drop(printer);
    let mut printer = open(&bench, profile);
    assert_eq!(printer.print(&slip()), Printed::Failed(Cause::NotTaken));
    let state = bench.printer_state();
    assert_eq!(
        (&state["slips"], &state["collisions"]),
        (&1.into(), &0.into())
    );
    bench.ctl("paper take");
    assert_eq!(follow(&mut *printer, None), [], "it was nobody's");
    assert_eq!(printer.print(&slip()), Printed::Completed);
    assert_eq!(bench.printer_state()["collisions"], 0);
}

#[test]
fn a_slip_that_is_stuck_is_told() {
    let (bench, mut printer) = start("ejector", EJECTOR);
    bench.ctl("paper jam --presenting");
    let printed = printer.print(&slip());
    // Its byte of the outlet is queued: what is stuck there, it cannot say.
    assert_eq!(printed, Printed::Failed(Cause::Recoverable));
    let status = printer.status();
    assert!(
        !status.ready() && status.media != Some(Media::NotPresent),
        "{status:?}"
    );
    bench.ctl("paper clear-jam");
    assert!(printer.status().ready());
    assert_eq!(printer.print(&slip()), Printed::Completed);
}

#[test]
fn a_jam_in_the_middle_fails_the_slip_with_its_cause() {
    for (model, cause) in [
        // The four status bytes have no bit for it.
        ("epson-compatible", Cause::Recoverable),
        ("masung-ms-d347", Cause::PaperJam),
        ("custom-vkp80iii", Cause::PaperJam),
    ] {
        let (bench, mut printer) = start(model, profile(model));
        let outcome = std::thread::scope(|scope| {
            scope.spawn(|| {
                bench.until("half of it is out", |state| {
                    state["printer"]["hanging_mm"].as_u64() > Some(50)
                });
                bench.ctl("paper jam");
            });
            printer.print(&long())
        });
        assert_eq!(outcome, Printed::Failed(cause), "{model}");
        assert_eq!(printer.status().cause, Some(cause), "{model}");
        assert!(
            !printer.holds_slip() || printer.watch().is_none(),
            "{model}"
        );
        assert_eq!(bench.printer_state()["slips"], 0, "{model}");
    }
}

#[test]
fn a_roll_near_its_end_is_told_by_those_that_see_it() {
    for (model, low) in [
        ("epson-compatible", Some(Paper::Low)),
        ("pyramid-reliance", Some(Paper::Low)),
        ("pyramid-phoenix", Some(Paper::Low)),
        ("xprinter-58", None),
    ] {
        let (bench, mut printer) = start(model, profile(model));
        let full = if low.is_some() {
            Some(Paper::Full)
        } else {
            None
        };
        assert_eq!(printer.status().paper, full, "{model}");
        bench.ctl("paper low on");
        let status = printer.status();
        assert_eq!(status.paper, low, "{model}");
        assert!(status.ready(), "{model}");
        bench.ctl("paper out");
        let status = printer.status();
        assert_eq!(
            (status.paper, status.cause),
            (Some(Paper::Out), Some(Cause::PaperOut)),
            "{model}"
        );
    }
}

#[test]
fn a_slip_that_went_while_nobody_looked_is_unknown() {
    let profile = hurried("masung-ms-d347", Completion::TransmitStatus);
    // Somebody has the printer open.
    let (bench, mut printer) = start("masung-ms-d347", profile);
    assert_eq!(printer.print(&slip()), Printed::Completed);
    assert_eq!(follow(&mut *printer, PRESENTED), [Delivery::Presented]);
    bench.ctl("cover open");
    bench.ctl("paper take");
    assert_eq!(follow(&mut *printer, None), [Delivery::Unknown]);

    // The printer is switched off and on.
    bench.ctl("cover close");
    assert_eq!(printer.print(&slip()), Printed::Completed);
    assert_eq!(follow(&mut *printer, PRESENTED), [Delivery::Presented]);
    let address = bench.printer.clone().unwrap().to_string();
    drop(bench);
    assert_eq!(printer.watch(), None);
    assert_eq!(printer.status().media, Some(Media::Unknown));
    assert!(printer.holds_slip(), "nothing is known of it yet");
    let _bench = Bench::run(&[
        "--printer",
        &address["tcp:".len()..],
        "--printer-model",
        "masung-ms-d347",
    ]);
    assert_eq!(follow(&mut *printer, None), [Delivery::Unknown]);
}

#[test]
fn a_late_answer_never_passes_for_the_next_one() {
    for model in ["epson-compatible", "masung-ms-d347", "custom-vkp80iii"] {
        let (bench, mut printer) = start(model, profile(model));
        assert!(printer.status().ready(), "{model}");
        bench.ctl("printer late 1600");
        assert_eq!(printer.status().cause, Some(Cause::NoAnswer), "{model}");
        // The answers that are on their way say that all is well.
        bench.ctl("paper out");
        let status = printer.status();
        assert_eq!(status.cause, Some(Cause::PaperOut), "{model}: {status:?}");
        bench.ctl("paper load");
        assert!(printer.status().ready(), "{model}");
    }
}

#[test]
fn noise_and_answers_in_pieces_do_no_harm() {
    for model in ["epson-compatible", "masung-ms-d347", "custom-vkp80iii"] {
        let completion = match model {
            "masung-ms-d347" => Completion::TransmitStatus,
            _ => profile(model).completion,
        };
        let (bench, mut printer) = start(model, hurried(model, completion));
        bench.ctl("printer noise 300");
        assert!(printer.status().ready(), "{model}");
        bench.ctl("printer split 40");
        assert!(printer.status().ready(), "{model}");
        bench.ctl("printer noise 300");
        let printed = printer.print(&slip());
        match completion {
            Completion::None => assert_eq!(printed, Printed::Unknown(Doubt::NoProof)),
            Completion::ProcessId | Completion::TransmitStatus => {
                assert_eq!(printed, Printed::Completed, "{model}");
            }
        }
        assert_eq!(bench.printer_state()["slips"], 1, "{model}");
    }
}

#[test]
fn the_buffer_is_cleared_by_those_that_can() {
    for (model, cleared) in [("epson-compatible", true), ("rongta-rp332", false)] {
        let (bench, mut printer) = start(model, profile(model));
        bench.ctl("paper out-after 60");
        assert_eq!(
            printer.print(&long()),
            Printed::Failed(Cause::PaperOut),
            "{model}"
        );
        let left = bench.printer_state()["buffer"].as_u64();
        assert_eq!(left == Some(0), cleared, "{model}: {left:?} bytes");
        // Whatever the printer does with it, nothing more of it is sent by itself.
        bench.ctl("paper load");
        assert!(printer.status().ready(), "{model}");
        bench.until("all is still", |state| {
            let printer = &state["printer"];
            printer["buffer"] == 0 && printer["busy"] == false
        });
        let before = bench.printer_state();
        std::thread::sleep(Duration::from_millis(500));
        let after = bench.printer_state();
        assert_eq!(before["slips"], after["slips"], "{model}");
        if cleared {
            assert_eq!(after["slips"], 0, "{model}");
        }
    }
}

#[test]
fn an_outlet_works_the_same_over_a_serial_line() {
    let bench = Bench::run(&[
        "--serial-printer",
        "SERIAL",
        "--printer-model",
        "ejector",
        "--out",
        "OUT",
    ]);
    let address: &Address = bench.serial_printer.as_ref().unwrap();
    let mut printer = escpos::open(address, EJECTOR).unwrap();
    assert!(printer.reset().ready());
    assert_eq!(printer.print(&slip()), Printed::Completed);
    assert_eq!(follow(&mut *printer, PRESENTED), [Delivery::Presented]);
    bench.ctl("paper take");
    assert_eq!(follow(&mut *printer, None), [Delivery::Taken]);
    assert_eq!(codes(&bench.picture("slip-001.png")), [LINK]);
    bench.ctl("printer late 1600");
    assert_eq!(printer.status().cause, Some(Cause::NoAnswer));
    bench.ctl("cover open");
    assert_eq!(printer.status().cause, Some(Cause::CoverOpen));
}
