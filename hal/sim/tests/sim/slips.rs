//! Slips in a printer that others use as well, and characters that it lacks.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use yici_hal::escpos::{self, Charset, Printed, Printer, Profile};
use yici_hal::glyph;
use yici_hal::slip::{Align, PaperWidth, Slip, Style};
use yici_hal::status::Cause;

use crate::bench::{Bench, codes};

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
    TcpStream::connect(("127.0.0.1", bench.printer_port())).unwrap()
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
