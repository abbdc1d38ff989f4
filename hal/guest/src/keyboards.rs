//! Scanners that type: keyboards made by /dev/uinput.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use evdev::uinput::VirtualDevice;
use evdev::{AttributeSet, BusType, EventType, InputEvent, InputId, KeyCode};
use yici_hal::code_scanner::{self, CodeScanner, ScannerError};
use yici_hal::status::{Cause, DeviceState};

use crate::Test;
use crate::bench::{Bench, address, load, until};

pub const TESTS: &[Test] = &[
    ("keyboards: codes are read, and by nobody else", codes),
    ("keyboards: auto takes the only scanner", auto),
    ("keyboards: unplugged in the middle of a code", unplugged),
    ("keyboards: what nobody took in does no harm", overrun),
];

/// The scanner's.
pub const ADDRESS: &str = "hid:0c2e:0901";

/// A keyboard that calls itself a scanner; pulled out when dropped.
pub struct Scanner(VirtualDevice);

impl Scanner {
    /// Plugs one in.
    pub fn plug(name: &str) -> Self {
        load("uinput", &[]);
        let keys: AttributeSet<KeyCode> = (1..=120).map(KeyCode::new).collect();
        let device = VirtualDevice::builder()
            .unwrap()
            .name(name)
            .input_id(InputId::new(BusType::BUS_USB, 0x0C2E, 0x0901, 1))
            .with_keys(&keys)
            .unwrap()
            .build()
            .unwrap();
        Self(device)
    }

    fn file(&mut self) -> PathBuf {
        let mut nodes = self.0.enumerate_dev_nodes_blocking().unwrap();
        nodes.next().unwrap().unwrap()
    }

    /// Presses and releases a key.
    fn tap(&mut self, key: KeyCode) {
        for value in [1, 0] {
            let event = InputEvent::new(EventType::KEY.0, key.code(), value);
            self.0.emit(&[event]).unwrap();
        }
    }

    /// Types a text as a keyboard with the usual American keys, and Enter behind it if there is to be one;
    /// false, and nothing typed, if there is no key for a character.
    pub fn type_text(&mut self, text: &str, enter: bool) -> bool {
        let keys: Option<Vec<_>> = text.chars().map(key).collect();
        let Some(keys) = keys else {
            return false;
        };
        for (key, shifted) in keys {
            let shift =
                |value| InputEvent::new(EventType::KEY.0, KeyCode::KEY_LEFTSHIFT.code(), value);
            if shifted {
                self.0.emit(&[shift(1)]).unwrap();
            }
            self.tap(key);
            if shifted {
                self.0.emit(&[shift(0)]).unwrap();
            }
            // As fast as scanners type; the kernel holds no more than some dozen keys.
            thread::sleep(Duration::from_millis(2));
        }
        if enter {
            self.tap(KeyCode::KEY_ENTER);
        }
        true
    }

    /// Scans `Ab1` and presses Enter; faster than any scanner.
    fn scan(&mut self) {
        let shift = |value| InputEvent::new(EventType::KEY.0, KeyCode::KEY_LEFTSHIFT.code(), value);
        self.0.emit(&[shift(1)]).unwrap();
        self.tap(KeyCode::KEY_A);
        self.0.emit(&[shift(0)]).unwrap();
        for key in [KeyCode::KEY_B, KeyCode::KEY_1, KeyCode::KEY_ENTER] {
            self.tap(key);
        }
    }
}

/// The key of a character, and whether it takes Shift: rows of keys have successive codes.
fn key(character: char) -> Option<(KeyCode, bool)> {
    const ROWS: [(u16, &str, &str); 6] = [
        (2, "1234567890-=", "!@#$%^&*()_+"),
        (16, "qwertyuiop[]", "QWERTYUIOP{}"),
        (30, "asdfghjkl;'`", "ASDFGHJKL:\"~"),
        (43, "\\", "|"),
        (44, "zxcvbnm,./", "ZXCVBNM<>?"),
        (57, " ", ""),
    ];
    ROWS.iter().find_map(|(first, plain, shifted)| {
        let at = |row: &str| row.chars().position(|one| one == character);
        let found = at(plain).map(|at| (at, false));
        let (at, shift) = found.or_else(|| at(shifted).map(|at| (at, true)))?;
        Some((KeyCode::new(first + u16::try_from(at).ok()?), shift))
    })
}

/// Opens the scanner at an address, once it is there.
pub fn open(place: &str) -> Box<dyn CodeScanner> {
    let mut opened = None;
    until("the keyboard is there", || {
        opened = code_scanner::open(&address(place)).ok();
        opened.is_some()
    });
    opened.unwrap()
}

#[track_caller]
fn read(scanner: &mut dyn CodeScanner) -> String {
    let until = Instant::now() + Duration::from_secs(20);
    scanner.read(until).unwrap().unwrap().text().to_owned()
}

fn codes(_: &Bench) {
    let mut keyboard = Scanner::plug("Simulated scanner");
    let mut scanner = open(ADDRESS);
    assert_eq!(scanner.status().device, DeviceState::Starting);
    let mut other = evdev::Device::open(keyboard.file()).unwrap();
    other.set_nonblocking(true).unwrap();
    for _ in 0..3 {
        keyboard.scan();
        assert_eq!(read(&mut *scanner), "Ab1");
    }
    // Without Enter, after a pause.
    keyboard.tap(KeyCode::KEY_X);
    assert_eq!(read(&mut *scanner), "x");
    assert!(scanner.status().ready());
    assert!(
        other.fetch_events().is_err(),
        "nobody else gets what is scanned"
    );
    // Nothing comes twice, and what came before a wait is forgotten.
    keyboard.scan();
    assert!(scanner.status().ready());
    let soon = Instant::now() + Duration::from_secs(1);
    assert!(scanner.read(soon).unwrap().is_none());
    // A second driver must not have it.
    let error = code_scanner::open(&address(ADDRESS)).err().unwrap();
    assert!(matches!(error, ScannerError::DeviceGone(_)), "{error:?}");

    drop(scanner);
    let mut plain = evdev::raw_stream::RawDevice::open(keyboard.file()).unwrap();
    keyboard.tap(KeyCode::KEY_Z);
    assert!(
        plain.fetch_events().unwrap().next().is_some(),
        "it is released"
    );
}

fn auto(_: &Bench) {
    let plain = Scanner::plug("Plain keyboard");
    assert!(code_scanner::open(&address("auto")).is_err());
    let mut one = Scanner::plug("Honest Barcode Reader");
    let names: Vec<String> = code_scanner::keyboards()
        .into_iter()
        .map(|(address, name)| format!("{address} {name}"))
        .collect();
    assert_eq!(names, ["hid:0c2e:0901 Honest Barcode Reader"]);
    let mut scanner = open("auto");
    one.scan();
    assert_eq!(read(&mut *scanner), "Ab1");
    drop(scanner);
    let two = Scanner::plug("Another scanner");
    let error = code_scanner::open(&address("auto")).err().unwrap();
    assert!(error.to_string().contains("several"), "{error}");
    drop((plain, one, two));
}

fn unplugged(_: &Bench) {
    let mut keyboard = Scanner::plug("Simulated scanner");
    let mut scanner = open(ADDRESS);
    keyboard.scan();
    assert_eq!(read(&mut *scanner), "Ab1");
    keyboard.tap(KeyCode::KEY_H);
    let waiting = thread::spawn(move || {
        let until = Instant::now() + Duration::from_secs(20);
        let ended = loop {
            match scanner.read(until) {
                Ok(Some(_)) => {}
                Ok(None) => break None,
                Err(error) => break error.cause(),
            }
        };
        (scanner, ended)
    });
    drop(keyboard);
    let (mut scanner, ended) = waiting.join().unwrap();
    assert_eq!(ended, Some(Cause::NotConnected));
    assert_eq!(scanner.status().cause, Some(Cause::NotConnected));

    let mut keyboard = Scanner::plug("Simulated scanner");
    let back = Instant::now();
    until("it is usable again", || scanner.status().cause.is_none());
    assert!(
        back.elapsed() < Duration::from_secs(3),
        "{:?}",
        back.elapsed()
    );
    keyboard.scan();
    assert_eq!(
        read(&mut *scanner),
        "Ab1",
        "nothing of the half code is left"
    );
}

fn overrun(_: &Bench) {
    let mut keyboard = Scanner::plug("Simulated scanner");
    let mut scanner = open(ADDRESS);
    for _ in 0..200 {
        keyboard.scan();
    }
    // The kernel dropped most of it: what is read is whole, or refused.
    let end = Instant::now() + Duration::from_secs(3);
    let mut refused = 0;
    while Instant::now() < end {
        match scanner.read(end) {
            Ok(Some(code)) => assert_eq!(code.text(), "Ab1"),
            Ok(None) => break,
            Err(ScannerError::NotText) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(refused > 0, "events were dropped");
    for _ in 0..200 {
        keyboard.scan();
    }
    assert_eq!(scanner.status().cause, None);
    keyboard.scan();
    assert_eq!(read(&mut *scanner), "Ab1");
}
