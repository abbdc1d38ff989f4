//! ID card readers by bulk pipes, in both shapes, and in HID reports.

use std::thread;
use std::time::{Duration, Instant};

use yici_hal::class::DeviceClass;
use yici_hal::discover;
use yici_hal::id_card::{self, CardReader, IdCard, ReaderError};
use yici_hal::status::{CardMedia, Cause, DeviceState};

use crate::Test;
use crate::bench::{self, Bench, address, found, until};

pub const TESTS: &[Test] = &[
    ("readers: what is connected is listed", is_listed),
    ("readers: auto finds one", auto_finds_one),
    ("readers: cards, shape A", |bench| cards(bench, A)),
    ("readers: cards, shape B", |bench| cards(bench, B)),
    ("readers: silence is told in time, A", |bench| {
        silence(bench, A)
    }),
    ("readers: silence is told in time, B", |bench| {
        silence(bench, B)
    }),
    ("readers: a late reply, A", |bench| late(bench, A)),
    ("readers: a late reply, B", |bench| late(bench, B)),
    ("readers: damage and noise, A", |bench| damage(bench, A)),
    ("readers: damage and noise, B", |bench| damage(bench, B)),
    ("readers: stalls, A", |bench| stalls(bench, A)),
    ("readers: stalls, B", |bench| stalls(bench, B)),
    ("readers: babble, A", |bench| babble(bench, A)),
    ("readers: babble, B", |bench| babble(bench, B)),
    ("readers: short packets, A", |bench| short_packets(bench, A)),
    ("readers: short packets, B", |bench| short_packets(bench, B)),
    ("readers: unplugged while reading, A", |bench| {
        unplugged(bench, A)
    }),
    ("readers: unplugged while reading, B", |bench| {
        unplugged(bench, B)
    }),
    ("readers: cards, HID", |bench| cards(bench, C)),
    ("readers: silence is told in time, HID", |bench| {
        silence(bench, C)
    }),
    ("readers: a late reply, HID", |bench| late(bench, C)),
    ("readers: damage and noise, HID", |bench| damage(bench, C)),
    ("readers: unplugged while reading, HID", |bench| {
        unplugged(bench, C)
    }),
    ("readers: held by another program", is_held),
    ("readers: many commands leak nothing", many_commands),
];

/// Name and address of a reader.
type Which = (&'static str, &'static str);

const A: Which = ("reader-a", "usb:0400:c35a?port=1-1");
const B: Which = ("reader-b", "usb:0400:c35a?port=1-2");
const C: Which = ("reader-c", "hid:0483:572b?port=1-5");

/// A device is usable again so soon after it has come back.
const BACK: Duration = Duration::from_secs(3);

fn open(which: Which) -> Box<dyn CardReader> {
    id_card::open(&address(which.1)).unwrap()
}

fn ctl(bench: &Bench, which: Which, order: &str) {
    bench.ctl(&format!("--device {} {order}", which.0));
}

/// Lays this person's card and reads it.
#[track_caller]
fn read(bench: &Bench, which: Which, reader: &mut dyn CardReader, who: &str) -> IdCard {
    bench::read(reader, || ctl(bench, which, &format!("card lay {who}")))
}

fn is_listed(_: &Bench) {
    let all = discover::devices();
    let found: Vec<_> = all
        .iter()
        .map(|device| {
            (
                device.address.to_string(),
                device.class,
                device.name.as_str(),
            )
        })
        .filter(|(address, ..)| address.contains("port=1-"))
        .collect();
    let reader = (Some(DeviceClass::IdCard), "Simulated ID card reader");
    let printer = (Some(DeviceClass::Printer), "Simulated receipt printer");
    assert_eq!(
        found,
        [
            (A.1.to_owned(), reader.0, reader.1),
            (B.1.to_owned(), reader.0, reader.1),
            (
                "usb:class=printer?port=1-3".to_owned(),
                printer.0,
                printer.1
            ),
            (
                "usb:class=printer?port=1-4".to_owned(),
                printer.0,
                printer.1
            ),
            (C.1.to_owned(), reader.0, reader.1),
        ]
    );
    assert!(all.iter().all(|device| !device.name.contains('\n')));
}

fn auto_finds_one(_: &Bench) {
    assert!(id_card::open(&address("auto")).unwrap().status().ready());
    // By class, not by guess: a printer is no reader, whatever the address says.
    let error = id_card::open(&address("usb:class=printer")).err().unwrap();
    assert!(matches!(error, ReaderError::DeviceGone(_)), "{error:?}");
    let error = id_card::open(&address("usb:0400:c35a?port=1-9"))
        .err()
        .unwrap();
    assert_eq!(error.cause(), Some(Cause::NotConnected));
}

fn cards(bench: &Bench, which: Which) {
    let mut reader = open(which);
    assert!(reader.status().ready());
    assert_eq!(
        reader.sam_id().unwrap(),
        "05.03-20240101-0012345678-0987654321"
    );
    assert!(!reader.find().unwrap());
    let card = read(bench, which, &mut *reader, "citizen");
    assert_eq!((card.name.as_str(), card.photo.len()), ("李小满", 1024));
    assert!(!reader.find().unwrap(), "it was read and lies there still");
    ctl(bench, which, "card lift");
    let card = read(bench, which, &mut *reader, "man");
    assert_eq!(
        card.address.as_deref(),
        Some("山东省济南市市中区样板街8号"),
        "the newer address"
    );
}

fn silence(bench: &Bench, which: Which) {
    let mut reader = open(which);
    assert!(reader.status().ready());
    ctl(bench, which, "card silent on");
    let asked = Instant::now();
    assert!(matches!(reader.find(), Err(ReaderError::NoAnswer)));
    assert!(
        asked.elapsed() < Duration::from_secs(3),
        "{:?}",
        asked.elapsed()
    );
    let status = reader.status();
    assert_eq!(
        (status.device, status.cause, status.media),
        (
            DeviceState::Offline,
            Some(Cause::NoAnswer),
            Some(CardMedia::Unknown)
        )
    );
    ctl(bench, which, "card silent off");
    assert!(reader.status().ready());
}

fn late(bench: &Bench, which: Which) {
    let mut reader = open(which);
    ctl(bench, which, "card lay citizen");
    ctl(bench, which, "card late 1000");
    assert!(reader.status().cause.is_some(), "the status came in time");
    ctl(bench, which, "card late 1000");
    until("the reader answers again", || reader.status().ready());
    found(&mut *reader);
    ctl(bench, which, "card late 3500");
    assert!(matches!(reader.read(), Err(ReaderError::NoAnswer)));
    ctl(bench, which, "card lift");
    until("the reader answers again", || reader.find().is_ok());
    assert!(
        !reader.find().unwrap(),
        "a late reply said that there is a card"
    );
    assert_eq!(read(bench, which, &mut *reader, "man").name, "赵大暑");
}

fn damage(bench: &Bench, which: Which) {
    let mut reader = open(which);
    for damage in ["corrupt", "length 65535", "length 1300", "truncate"] {
        ctl(bench, which, "card lay citizen");
        found(&mut *reader);
        ctl(bench, which, &format!("card {damage}"));
        let error = reader.read().unwrap_err();
        assert!(
            matches!(error, ReaderError::BadFrame(_) | ReaderError::NoAnswer),
            "{damage}: {error:?}"
        );
        assert_eq!(
            read(bench, which, &mut *reader, "citizen").name,
            "李小满",
            "after {damage}"
        );
    }
    ctl(bench, which, "card noise 700");
    let card = read(bench, which, &mut *reader, "citizen");
    assert_eq!(card.name, "李小满", "after noise");
}

fn stalls(bench: &Bench, which: Which) {
    let mut reader = open(which);
    assert!(reader.status().ready());
    // The refused reply is lost; what comes next is not.
    ctl(bench, which, "usb stall");
    let asked = Instant::now();
    assert!(!reader.status().ready());
    assert!(
        asked.elapsed() < Duration::from_secs(4),
        "{:?}",
        asked.elapsed()
    );
    assert!(reader.status().ready(), "after a stalled reply");
    ctl(bench, which, "usb stall --out");
    assert!(!reader.status().ready());
    assert!(reader.status().ready(), "after a stalled request");
    assert_eq!(read(bench, which, &mut *reader, "citizen").name, "李小满");
}

fn babble(bench: &Bench, which: Which) {
    let mut reader = open(which);
    assert!(reader.status().ready());
    ctl(bench, which, "usb babble");
    assert!(!reader.status().ready());
    assert!(reader.status().ready(), "after babble");
    assert_eq!(read(bench, which, &mut *reader, "citizen").name, "李小满");
}

fn short_packets(bench: &Bench, which: Which) {
    let mut reader = open(which);
    ctl(bench, which, "usb short 1");
    assert!(reader.status().ready());
    // A whole record in packets of one byte would take an emulated bus longer than a read may.
    for bytes in [7, 63] {
        ctl(bench, which, &format!("usb short {bytes}"));
        let card = read(bench, which, &mut *reader, "citizen");
        assert_eq!(card.name, "李小满", "packets of {bytes}");
    }
}

fn unplugged(bench: &Bench, which: Which) {
    let mut reader = open(which);
    ctl(bench, which, "card lay citizen");
    found(&mut *reader);
    ctl(bench, which, "usb unplug --mid-transfer");
    let error = reader.read().unwrap_err();
    assert!(matches!(error, ReaderError::DeviceGone(_)), "{error:?}");
    let status = reader.status();
    assert_eq!(
        (status.device, status.cause),
        (DeviceState::Offline, Some(Cause::NotConnected))
    );
    for _ in 0..2 {
        // The same driver goes on, without being opened again.
        ctl(bench, which, "usb plug");
        let back = Instant::now();
        while !reader.status().ready() {
            assert!(back.elapsed() < BACK, "not back after {BACK:?}");
            thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(read(bench, which, &mut *reader, "citizen").name, "李小满");
        // And once while nothing is under way.
        ctl(bench, which, "usb unplug");
        until("the unplugging is noticed", || !reader.status().ready());
    }
}

fn is_held(_: &Bench) {
    let mut holder = open(A);
    let error = id_card::open(&address(A.1)).err().unwrap();
    assert_eq!(error.cause(), Some(Cause::Busy));
    assert!(holder.status().ready(), "it was disturbed");
    drop(holder);
    assert!(open(A).status().ready());
}

fn many_commands(_: &Bench) {
    let files = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let mut reader = open(A);
    assert!(reader.status().ready());
    let before = files();
    for _ in 0..100 {
        assert!(reader.status().ready());
    }
    for _ in 0..20 {
        drop(reader);
        reader = open(A);
        assert!(reader.status().ready());
    }
    assert_eq!(files(), before);
}
