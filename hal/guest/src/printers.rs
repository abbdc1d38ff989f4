//! Printers of class 7.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use yici_hal::class::DeviceClass;
use yici_hal::escpos::{self, Printed, Printer, Profile};
use yici_hal::slip::{Align, PaperWidth, Slip, Style};
use yici_hal::status::{Cause, DeviceState};
use yici_hal::transport;

use crate::Test;
use crate::bench::{Bench, address, until};

pub const TESTS: &[Test] = &[
    ("printers: a slip is printed and proven", prints),
    (
        "printers: two of a model are told apart by port",
        told_apart,
    ),
    ("printers: auto finds one", auto_finds_one),
    ("printers: usblp gives way and is given back", usblp),
    ("printers: port status and device id", control_pipe),
    ("printers: paper out is told", paper_out),
    ("printers: stalls and babble", stalls),
    ("printers: unplugged while printing", unplugged),
];

const ONE: &str = "usb:class=printer?port=1-3";
const TWO: &str = "usb:class=printer?port=1-4";

pub fn open(place: &str) -> Box<dyn Printer> {
    escpos::open(&address(place), Profile::epson(PaperWidth::Mm80)).unwrap()
}

/// A slip of so many lines.
pub fn slip(lines: usize) -> Slip {
    let mut slip = Slip::new();
    slip.line("收件凭证", Style::default(), Align::Centre);
    for number in 1..=lines {
        slip.text(format!("{number:>2}. □ 结婚证            原件 1份"));
    }
    slip
}

fn slips(bench: &Bench, printer: &str) -> u64 {
    bench.ctl("state")["devices"][printer]["slips"]
        .as_u64()
        .unwrap()
}

fn prints(bench: &Bench) {
    let before = slips(bench, "printer-1");
    let mut printer = open(ONE);
    assert!(printer.status().ready());
    assert_eq!(printer.print(&slip(3)), Printed::Completed);
    assert_eq!(printer.print(&slip(40)), Printed::Completed);
    assert_eq!(slips(bench, "printer-1"), before + 2);
}

fn told_apart(bench: &Bench) {
    let before = (slips(bench, "printer-1"), slips(bench, "printer-2"));
    let (mut one, mut two) = (open(ONE), open(TWO));
    assert_eq!(two.print(&slip(2)), Printed::Completed);
    assert_eq!(slips(bench, "printer-1"), before.0);
    assert_eq!(slips(bench, "printer-2"), before.1 + 1);
    assert_eq!(one.print(&slip(2)), Printed::Completed);
    assert_eq!(slips(bench, "printer-1"), before.0 + 1);
    // A slip goes to no other printer, not even when its own is away.
    bench.ctl("--device printer-1 usb unplug");
    until("the unplugging is noticed", || !one.status().ready());
    assert_eq!(one.print(&slip(2)), Printed::Failed(Cause::NotConnected));
    assert_eq!(slips(bench, "printer-2"), before.1 + 1);
}

fn auto_finds_one(_: &Bench) {
    assert!(open("auto").status().ready());
}

/// The driver that holds the printer in this port.
fn driver(port: &str) -> Option<String> {
    let link = fs::read_link(format!("/sys/bus/usb/devices/{port}:1.0/driver")).ok()?;
    Some(link.file_name()?.to_str()?.to_owned())
}

fn usblp(_: &Bench) {
    let is = |name: &str| driver("1-3").as_deref() == Some(name);
    until("usblp holds the printer", || is("usblp"));
    let mut printer = open(ONE);
    assert!(printer.status().ready());
    assert!(is("usbfs"));
    drop(printer);
    until("usblp holds it again", || is("usblp"));
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(2)
}

fn control_pipe(bench: &Bench) {
    let mut link = transport::open(DeviceClass::Printer, &address(ONE)).unwrap();
    let id = link.device_id(soon()).unwrap().unwrap();
    assert_eq!((id.maker.as_str(), id.model.as_str()), ("Yici", "SIM-80"));
    assert_eq!(id.commands, ["ESC/POS"]);
    assert_eq!(link.port_status(soon()).unwrap(), Some(0x18));
    bench.ctl("--device printer-1 paper out");
    assert_eq!(link.port_status(soon()).unwrap(), Some(0x30));
}

fn paper_out(bench: &Bench) {
    let mut printer = open(ONE);
    assert!(printer.status().ready());
    bench.ctl("--device printer-1 paper out");
    assert_eq!(printer.status().cause, Some(Cause::PaperOut));
    assert_eq!(printer.print(&slip(2)), Printed::Failed(Cause::PaperOut));
    bench.ctl("--device printer-1 paper load");
    assert_eq!(printer.print(&slip(2)), Printed::Completed);
}

fn stalls(bench: &Bench) {
    let mut printer = open(ONE);
    assert!(printer.status().ready());
    for fault in ["stall", "babble", "stall --out"] {
        bench.ctl(&format!("--device printer-1 usb {fault}"));
        let ready = printer.status().ready();
        // A stalled answer is lost. Babble is dropped, and what cannot be sent is sent again.
        assert!(!(ready && fault == "stall"));
        until("the printer answers again", || printer.status().ready());
        assert_eq!(printer.print(&slip(2)), Printed::Completed, "{fault}");
    }
}

fn unplugged(bench: &Bench) {
    let mut printer = open(ONE);
    assert!(printer.status().ready());
    let printed = thread::scope(|scope| {
        let printing = scope.spawn(|| printer.print(&slip(60)));
        until("it is being printed", || {
            bench.ctl("state")["devices"]["printer-1"]["busy"] == true
        });
        bench.ctl("--device printer-1 usb unplug");
        printing.join().unwrap()
    });
    assert!(matches!(printed, Printed::Unknown(_)), "{printed:?}");
    let status = printer.status();
    assert_eq!(
        (status.device, status.cause),
        (DeviceState::Offline, Some(Cause::NotConnected))
    );
    bench.ctl("--device printer-1 usb plug");
    let back = Instant::now();
    while !printer.status().ready() {
        assert!(back.elapsed() < Duration::from_secs(6), "it is not back");
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(printer.print(&slip(2)), Printed::Completed);
}
