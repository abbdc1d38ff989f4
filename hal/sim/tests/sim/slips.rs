//! Slips.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use yici_hal::address::Address;
use yici_hal::escpos::{self, Charset, Completion, Doubt, Printed, Printer, Profile, QrMethod};
use yici_hal::glyph;
use yici_hal::slip::{Align, PaperWidth, Slip, Style};
use yici_hal::status::{Cause, DeviceState, Paper};

use crate::bench::{Bench, codes, ink};

const LINK: &str = "https://yici.example/g/Xk7-2Qp9_example";

fn start(options: &[&str]) -> (Bench, Box<dyn Printer>) {
    start_as(options, Profile::epson(PaperWidth::Mm80))
}

fn start_as(options: &[&str], profile: Profile) -> (Bench, Box<dyn Printer>) {
    let bench = Bench::printer(options);
    let printer = escpos::open(bench.printer.as_ref().unwrap(), profile).unwrap();
    (bench, printer)
}

/// A plain connection, as some other program would have.
fn connect(bench: &Bench) -> TcpStream {
    let Some(Address::Tcp { host, port }) = &bench.printer else {
        panic!("the printer is on a TCP port");
    };
    TcpStream::connect((host.as_str(), *port)).unwrap()
}

fn short() -> Slip {
    let mut slip = Slip::new();
    slip.line(
        "收件凭证",
        Style {
            bold: true,
            tall: true,
            wide: true,
            ..Style::default()
        },
        Align::Centre,
    )
    .text("第 1 份 one whole slip")
    .qr(LINK);
    slip
}

/// About 180 mm, 1.2 s of printing.
fn long() -> Slip {
    let mut slip = Slip::new();
    slip.line(
        "导办告知单",
        Style {
            tall: true,
            wide: true,
            bold: true,
            ..Style::default()
        },
        Align::Centre,
    )
    .rule();
    for number in 1..=16 {
        slip.text(format!("{number:>2}. □ 结婚证            原件 1份"))
            .text("    为什么要：证明父母的婚姻关系");
    }
    slip.qr(LINK);
    slip
}

#[test]
fn a_slip_is_completed_and_its_code_can_be_read() {
    for (paper, option) in [(PaperWidth::Mm80, "80"), (PaperWidth::Mm58, "58")] {
        for qr in [QrMethod::Native, QrMethod::Raster] {
            let (bench, mut printer) = start_as(
                &["--paper", option],
                Profile {
                    qr,
                    ..Profile::epson(paper)
                },
            );
            let status = printer.status();
            assert_eq!(
                (status.device, status.paper, status.cause),
                (DeviceState::Online, Some(Paper::Full), None)
            );
            assert_eq!(printer.print(&short()), Printed::Completed);
            assert_eq!(bench.pictures(), ["slip-001.png"], "cut before it says so");
            assert_eq!(codes(&bench.picture("slip-001.png")), [LINK]);
            let state = bench.printer_state();
            assert_eq!((&state["slips"], &state["buffer"]), (&1.into(), &0.into()));
            assert_eq!(
                state["unknown"],
                serde_json::json!({}),
                "it knows all that we send"
            );
        }
    }
}

#[test]
fn what_is_printed_is_what_was_drawn() {
    // Text, styles and alignment come out as the picture of the slip shows them.
    let (bench, mut printer) = start(&[]);
    let mut slip = Slip::new();
    let style = |bold, underline, wide, tall| Style {
        bold,
        underline,
        wide,
        tall,
    };
    slip.line(
        "办事大厅 Hall",
        style(true, false, true, true),
        Align::Centre,
    );
    slip.line(
        "编号 3702-8841",
        style(false, true, false, false),
        Align::Right,
    );
    slip.line("高 Tall", style(false, false, false, true), Align::Left);
    slip.line("宽 Wide", style(false, false, true, false), Align::Left);
    slip.text("常 plain ~!@#").rule().qr(LINK).text("䶮㐂 𠮷𬭎");
    assert_eq!(printer.print(&slip), Printed::Completed);
    let drawn = glyph::raster(&slip, PaperWidth::Mm80).unwrap();
    let printed = bench.picture("slip-001.png");
    // Both have 80 blank rows above; the photograph has a table of 28 dots around it.
    let differ = (80..drawn.height() - 60)
        .flat_map(|y| (0..drawn.width()).map(move |x| (x, y)))
        .filter(|&(x, y)| {
            (drawn.get_pixel(x, y).0[0] < 128) != (printed.get_pixel(x + 28, y + 28).0[0] < 128)
        })
        .count();
    assert!(
        differ * 50 < ink(&printed),
        "{differ} dots of {} differ",
        ink(&printed)
    );
}

#[test]
fn paper_out_in_the_middle_fails_and_nothing_old_comes_out_later() {
    let (bench, mut printer) = start(&[]);
    bench.ctl("paper out-after 60");
    let started = Instant::now();
    assert_eq!(printer.print(&long()), Printed::Failed(Cause::PaperOut));
    assert!(
        started.elapsed() < Duration::from_secs(6),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(bench.printer_state()["buffer"], 0);
    let status = printer.status();
    assert_eq!(
        (status.device, status.paper, status.cause),
        (
            DeviceState::Offline,
            Some(Paper::Out),
            Some(Cause::PaperOut)
        )
    );
    assert_eq!(
        printer.print(&short()),
        Printed::Failed(Cause::PaperOut),
        "told before anything is sent"
    );

    bench.ctl("paper load");
    std::thread::sleep(Duration::from_millis(700));
    let state = bench.printer_state();
    assert_eq!(
        (&state["slips"], &state["partial"], &state["hanging_mm"]),
        (&0.into(), &1.into(), &0.into()),
        "nothing old came out"
    );
    assert!(printer.status().ready());
    assert_eq!(printer.print(&short()), Printed::Completed);
    assert_eq!(bench.pictures(), ["slip-001-partial.png", "slip-002.png"]);
    let picture = bench.picture("slip-002.png");
    assert_eq!(codes(&picture), [LINK]);
    // Whole, and nothing more: as much ink as the same slip on a fresh printer.
    let (other, mut fresh) = start(&[]);
    assert_eq!(fresh.print(&short()), Printed::Completed);
    assert_eq!(picture.height(), other.picture("slip-001.png").height());
    assert!(ink(&picture).abs_diff(ink(&other.picture("slip-001.png"))) < 50);
}

#[test]
fn a_driver_that_trusts_real_time_status_alone_is_wrong() {
    let (bench, mut printer) = start(&[]);
    bench.ctl("paper out-after 60");

    // Sends the slip, asks whether all is well, is told so, and calls that printed.
    let mut naive = connect(&bench);
    naive
        .write_all(&escpos::encode(&long(), &Profile::epson(PaperWidth::Mm80)).unwrap())
        .unwrap();
    let good = [0x16, 0x12, 0x12, 0x12];
    let mut answers = [0; 4];
    naive
        .write_all(&[0x10, 0x04, 1, 0x10, 0x04, 2, 0x10, 0x04, 3, 0x10, 0x04, 4])
        .unwrap();
    naive.read_exact(&mut answers).unwrap();
    assert_eq!(answers, good, "the naive driver says: printed");

    bench.until("the paper ends", |state| state["printer"]["paper"] == "out");
    assert_eq!(bench.printer_state()["slips"], 0, "and it was not");
    bench.ctl("paper load");
    bench.ctl("wait slips 1 --timeout 10s");
    assert_eq!(
        bench.pictures().last().map(String::as_str),
        Some("slip-002.png"),
        "the rest comes out for the next citizen"
    );
    drop(naive);

    bench.ctl("paper out-after 60");
    assert_eq!(printer.print(&long()), Printed::Failed(Cause::PaperOut));
}

#[test]
fn an_open_cover_fails_the_slip_and_its_rest_is_cut_off_before_the_next() {
    let (bench, mut printer) = start(&[]);
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| {
            bench.until("half of it is out", |state| {
                state["printer"]["hanging_mm"].as_u64() > Some(50)
            });
            bench.ctl("cover open");
        });
        printer.print(&long())
    });
    assert_eq!(outcome, Printed::Failed(Cause::CoverOpen));
    let status = printer.status();
    assert_eq!(
        (status.device, status.paper),
        (DeviceState::UserError, Some(Paper::Unknown))
    );
    bench.ctl("cover close");
    // The terminal sees that it is ready: the half slip falls while staff stand there.
    assert!(printer.status().ready());
    bench.until("the half slip is cut off", |state| {
        state["printer"]["partial"] == 1
    });
    assert_eq!(printer.print(&short()), Printed::Completed);
    assert_eq!(bench.pictures(), ["slip-001-partial.png", "slip-002.png"]);
    assert_eq!(codes(&bench.picture("slip-001-partial.png")), [""; 0]);
}

#[test]
fn faults_before_a_slip_are_told_at_once() {
    let (bench, mut printer) = start(&[]);
    for (on, off, cause) in [
        ("cover open", "cover close", Cause::CoverOpen),
        ("head hot", "head cool", Cause::HeadHot),
        ("paper out", "paper load", Cause::PaperOut),
    ] {
        bench.ctl(on);
        assert_eq!(printer.print(&short()), Printed::Failed(cause), "{on}");
        bench.ctl(off);
        assert!(printer.status().ready(), "{off}");
    }
    bench.ctl("paper low on");
    assert_eq!(printer.status().paper, Some(Paper::Low));
    assert!(printer.status().ready(), "low paper is enough for a slip");
    assert_eq!(bench.printer_state()["slips"], 0);
}

#[test]
fn a_jammed_cutter_fails_the_slip() {
    let (bench, mut printer) = start(&[]);
    bench.ctl("cutter jam");
    assert_eq!(printer.print(&short()), Printed::Failed(Cause::Cutter));
    assert_eq!(printer.status().device, DeviceState::HardwareError);
    bench.ctl("cutter clear");
    assert!(printer.status().ready());
    bench.until("the uncut slip is cut off", |state| {
        state["printer"]["partial"] == 1
    });
    assert_eq!(printer.print(&short()), Printed::Completed);
}

#[test]
fn a_hot_head_is_waited_for() {
    let (bench, mut printer) = start(&[]);
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| {
            bench.until("half of it is out", |state| {
                state["printer"]["hanging_mm"].as_u64() > Some(50)
            });
            bench.ctl("head hot");
            std::thread::sleep(Duration::from_millis(1500));
            bench.ctl("head cool");
        });
        printer.print(&long())
    });
    assert_eq!(outcome, Printed::Completed);
    assert_eq!(codes(&bench.picture("slip-001.png")), [LINK]);
}

#[test]
fn a_printer_that_answers_nothing_leaves_doubt() {
    let (bench, mut printer) = start(&[]);
    bench.ctl("printer silent on");
    let status = printer.status();
    assert_eq!(
        (status.device, status.paper, status.cause),
        (
            DeviceState::Offline,
            Some(Paper::Unknown),
            Some(Cause::NoAnswer)
        )
    );
    assert_eq!(printer.print(&short()), Printed::Unknown(Doubt::NoAnswer));
    bench.ctl("wait slips 1 --timeout 10s");
    bench.ctl("printer silent off");
    assert_eq!(printer.print(&short()), Printed::Completed);
    assert_eq!(bench.printer_state()["slips"], 2);
}

#[test]
fn a_slip_that_is_not_confirmed_is_in_doubt() {
    for completion in [Completion::ProcessId, Completion::TransmitStatus] {
        let (bench, mut printer) = start_as(
            &[],
            Profile {
                completion,
                ..Profile::epson(PaperWidth::Mm80)
            },
        );
        bench.ctl("printer no-completion on");
        assert_eq!(
            printer.print(&short()),
            Printed::Unknown(Doubt::NotConfirmed)
        );
        bench.ctl("printer no-completion off");
        assert_eq!(
            printer.print(&short()),
            Printed::Completed,
            "{completion:?}"
        );
    }
    let (_bench, mut printer) = start_as(
        &[],
        Profile {
            completion: Completion::None,
            ..Profile::epson(PaperWidth::Mm80)
        },
    );
    assert_eq!(printer.print(&short()), Printed::Unknown(Doubt::NoProof));
}

#[test]
fn a_buffer_left_by_somebody_else_is_cleared_first() {
    let (bench, mut printer) = start(&[]);
    // Somebody's slip waits for paper; its completion request waits behind it.
    bench.ctl("paper out");
    let mut earlier = connect(&bench);
    earlier
        .write_all(&escpos::encode(&long(), &Profile::epson(PaperWidth::Mm80)).unwrap())
        .unwrap();
    earlier.write_all(b"\x1d(H\x06\x00\x30\x30AAAA").unwrap();
    bench.until("the bytes are there", |state| {
        state["printer"]["buffer"].as_u64() > Some(500)
    });
    drop(earlier);
    assert_eq!(printer.print(&short()), Printed::Failed(Cause::PaperOut));
    bench.ctl("paper load");
    assert_eq!(printer.print(&short()), Printed::Completed);
    assert_eq!(bench.printer_state()["slips"], 1);
    assert_eq!(codes(&bench.picture("slip-001.png")), [LINK]);
}

#[test]
fn a_reset_takes_away_what_an_earlier_run_left() {
    let (bench, mut printer) = start(&[]);
    let mut crashed = connect(&bench);
    crashed
        .write_all(&escpos::encode(&long(), &Profile::epson(PaperWidth::Mm80)).unwrap())
        .unwrap();
    bench.until("half of it is out", |state| {
        state["printer"]["hanging_mm"].as_u64() > Some(30)
    });
    drop(crashed);
    assert!(printer.reset().ready());
    assert_eq!(printer.print(&short()), Printed::Completed);
    assert_eq!(bench.pictures(), ["slip-001-partial.png", "slip-002.png"]);
    assert_eq!(codes(&bench.picture("slip-002.png")), [LINK]);
}

#[test]
fn nothing_that_is_sent_brings_the_printer_down() {
    let (bench, mut printer) = start(&[]);
    let mut noise = connect(&bench);
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    for _ in 0..200 {
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            // Every fourth byte begins a command.
            if state >> 62 == 0 {
                [0x10, 0x1B, 0x1C, 0x1D][(state >> 40) as usize % 4]
            } else {
                (state >> 33) as u8
            }
        })
        .take(100)
        .collect();
        noise.write_all(&bytes).unwrap();
    }
    bench.until("all of it has arrived", |state| {
        state["printer"]["buffer"].as_u64().is_some()
    });
    drop(noise);
    std::thread::sleep(Duration::from_millis(300));
    printer.reset();
    assert_eq!(printer.print(&short()), Printed::Completed);
    assert_eq!(
        codes(&bench.picture(bench.pictures().last().unwrap())),
        [LINK]
    );
}

#[test]
fn a_printer_on_a_serial_line_works_the_same() {
    let (bench, _) = start(&[]);
    // A pseudo-terminal whose far end is the printer's port.
    let far =
        rustix::pty::openpt(rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY)
            .unwrap();
    rustix::pty::unlockpt(&far).unwrap();
    let path = rustix::pty::ptsname(&far, Vec::new())
        .unwrap()
        .into_string()
        .unwrap();
    let address: Address = format!("serial:{path}?baud=115200").parse().unwrap();
    let mut printer = escpos::open(&address, Profile::epson(PaperWidth::Mm80)).unwrap();
    let (far, port) = (std::fs::File::from(far), connect(&bench));
    for (mut from, mut to) in [
        (
            Box::new(far.try_clone().unwrap()) as Box<dyn Read + Send>,
            Box::new(port.try_clone().unwrap()) as Box<dyn Write + Send>,
        ),
        (Box::new(port), Box::new(far)),
    ] {
        std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    }
    assert!(printer.status().ready());
    assert_eq!(printer.print(&short()), Printed::Completed);
    bench.ctl("paper out-after 60");
    assert_eq!(printer.print(&long()), Printed::Failed(Cause::PaperOut));
    assert_eq!(codes(&bench.picture("slip-001.png")), [LINK]);
}

#[test]
fn a_confirmation_of_another_slip_is_not_taken() {
    let (bench, _) = start(&[]);
    let profile = Profile {
        clears_buffer: false,
        ..Profile::epson(PaperWidth::Mm80)
    };
    let mut printer = escpos::open(bench.printer.as_ref().unwrap(), profile).unwrap();
    // Another slip is still being printed; its confirmation comes to whoever sent something last: us.
    let mut other = connect(&bench);
    other
        .write_all(&escpos::encode(&short(), &profile).unwrap())
        .unwrap();
    other.write_all(b"\x1d(H\x06\x00\x30\x30AAAA").unwrap();
    drop(other);
    let mut printer_again = escpos::open(bench.printer.as_ref().unwrap(), profile).unwrap();
    assert_eq!(printer_again.print(&short()), Printed::Completed);
    assert_eq!(
        bench.printer_state()["slips"],
        2,
        "confirmed by its own id, not by the earlier one"
    );
    assert!(printer.status().ready());
}

#[test]
fn rare_characters_are_drawn_on_a_printer_that_lacks_them() {
    let mut slip = Slip::new();
    slip.text("䶮㐂𠮷𬭎");
    let gbk = Profile {
        charset: Charset::Gbk,
        ..Profile::epson(PaperWidth::Mm80)
    };
    let (bench, mut printer) = start_as(&["--charset", "gbk"], gbk);
    assert_eq!(printer.print(&slip), Printed::Completed);
    // Told that it has them, the same printer prints boxes.
    let mut wrong = escpos::open(
        bench.printer.as_ref().unwrap(),
        Profile::epson(PaperWidth::Mm80),
    )
    .unwrap();
    let mut lacking = Slip::new();
    lacking.text("䶮");
    assert_eq!(wrong.print(&lacking), Printed::Completed);
    // The cells of the drawn line: all four inside differ from a box, which has nothing inside.
    let middle = |name: &str, cell: u32| {
        let picture = bench.picture(name);
        let dots = (0..16).flat_map(|y| (0..16).map(move |x| (x, y)));
        dots.filter(|&(x, y)| {
            picture
                .get_pixel(28 + 32 + 24 * cell + 4 + x, 28 + 80 + 4 + y)
                .0[0]
                < 110
        })
        .count()
    };
    assert_eq!(middle("slip-002.png", 0), 0, "a box");
    for cell in 0..4 {
        assert!(middle("slip-001.png", cell) > 40, "character {cell}");
    }
}

#[test]
fn a_typical_slip_is_a_tenth_of_its_picture() {
    let bytes = escpos::encode(&long(), &Profile::epson(PaperWidth::Mm80))
        .unwrap()
        .len();
    let picture = glyph::raster(&long(), PaperWidth::Mm80).unwrap();
    let raster = PaperWidth::Mm80.dots() / 8 * picture.height() as usize;
    assert!(bytes * 10 <= raster, "{bytes} bytes, {raster} as a picture");
}

#[test]
fn a_lost_printer_is_told_and_found_again() {
    let (bench, mut printer) = start(&[]);
    let address = bench.printer.clone().unwrap();
    assert!(printer.status().ready());
    drop(bench);
    let status = printer.status();
    assert_eq!(
        (status.device, status.cause),
        (DeviceState::Offline, Some(Cause::NotConnected))
    );
    assert_eq!(
        printer.print(&short()),
        Printed::Failed(Cause::NotConnected)
    );
    let bench = Bench::run(&[
        "--printer",
        &address.to_string()["tcp:".len()..],
        "--out",
        "OUT",
    ]);
    assert_eq!(printer.print(&short()), Printed::Completed);
    drop(bench);
}

#[test]
fn a_printer_that_vanishes_in_the_middle_leaves_doubt() {
    let (bench, mut printer) = start(&[]);
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| {
            bench.until("half of it is out", |state| {
                state["printer"]["hanging_mm"].as_u64() > Some(50)
            });
            drop(bench);
        });
        printer.print(&long())
    });
    assert_eq!(outcome, Printed::Unknown(Doubt::LinkLost));
}
