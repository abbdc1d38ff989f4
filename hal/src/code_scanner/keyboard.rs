//! A scanner that types: its events come from the kernel, and nobody else gets them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use evdev::KeyCode;
use evdev::raw_stream::RawDevice;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use zeroize::Zeroizing;

use super::keys::Keys;
use super::{Link, ScannedCode, ScannerError};
use crate::address::Address;
use crate::discover::clean;
use crate::transport::TransportError;

/// Where the kernel lists input devices.
const INPUT: &str = "/sys/class/input";

/// No scanner has more keyboards than this.
const MAX_KEYBOARDS: usize = 8;

/// Size of `struct input_event`: two longs of time, then kind, code and value.
const EVENT: usize = 2 * size_of::<std::ffi::c_long>() + 8;

/// The link of a scanner that types. All keyboards of one device are grabbed: what is scanned reaches
/// nobody else. They are released when dropped.
pub(super) struct Keyboard {
    links: Vec<Grabbed>,
    keys: Keys,
}

struct Grabbed {
    device: RawDevice,
    /// The same file. Read here, because the crate's buffer keeps what was typed.
    events: File,
}

impl Link for Keyboard {
    /// Scanners wait up to 60 ms between keys if they are told so.
    const QUIET: Duration = Duration::from_millis(250);

    fn open(address: &Address) -> Result<Self, ScannerError> {
        let opened = find(address).and_then(|files| {
            files
                .iter()
                .map(|file| Grabbed::open(file))
                .collect::<io::Result<Vec<_>>>()
        });
        let links = opened.map_err(|source| {
            ScannerError::DeviceGone(TransportError::Open {
                address: address.clone(),
                source,
            })
        })?;
        let mut keyboard = Self {
            links,
            keys: Keys::default(),
        };
        keyboard.ask_held()?;
        Ok(keyboard)
    }

    fn take(&mut self, until: Instant) -> Result<bool, ScannerError> {
        let gone = |error: io::Error| ScannerError::DeviceGone(TransportError::Gone(error.kind()));
        let left = until.saturating_duration_since(Instant::now());
        let timeout =
            Timespec::try_from(left).map_err(|_| gone(io::ErrorKind::InvalidInput.into()))?;
        let mut ready: Vec<_> = self
            .links
            .iter()
            .map(|link| PollFd::new(&link.events, PollFlags::IN))
            .collect();
        match poll(&mut ready, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(gone(error.into())),
        }
        let mut came = false;
        let mut must_ask = false;
        let mut buffer = Zeroizing::new([0; 64 * EVENT]);
        for link in &mut self.links {
            let read = match link.events.read(&mut *buffer) {
                Ok(0) => return Err(gone(io::ErrorKind::UnexpectedEof.into())),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(gone(error)),
            };
            for event in buffer[..read].chunks_exact(EVENT) {
                let (kind, code, value) = parse(event);
                must_ask |= self.keys.event(kind, code, value);
            }
            came = true;
        }
        if must_ask {
            self.ask_held()?;
        }
        Ok(came)
    }

    fn next_code(&mut self) -> Option<Result<ScannedCode, ScannerError>> {
        self.keys.next_code()
    }

    fn is_partial(&self) -> bool {
        self.keys.is_partial()
    }

    fn end(&mut self) -> Option<Result<ScannedCode, ScannerError>> {
        self.keys.end();
        self.keys.next_code()
    }

    fn forget(&mut self) -> Result<(), ScannerError> {
        // The kernel holds some hundred events of each keyboard.
        for _ in 0..64 {
            if !self.take(Instant::now())? {
                break;
            }
        }
        self.keys.forget();
        Ok(())
    }
}

impl Keyboard {
    /// Asks which keys are held down.
    fn ask_held(&mut self) -> Result<(), ScannerError> {
        let mut held = Vec::new();
        for link in &self.links {
            let keys = link
                .device
                .get_key_state()
                .map_err(|error| ScannerError::DeviceGone(TransportError::Gone(error.kind())))?;
            held.extend(keys.iter().map(|key| key.code()));
        }
        self.keys.set_held(held.into_iter());
        Ok(())
    }
}

impl Grabbed {
    fn open(path: &Path) -> io::Result<Self> {
        let events = OpenOptions::new()
            .read(true)
            .custom_flags(OFlags::NONBLOCK.bits() as i32)
            .open(path)?;
        let same: OwnedFd = events.as_fd().try_clone_to_owned()?;
        let mut device = RawDevice::from_fd(same)?;
        device.grab()?;
        Ok(Self { device, events })
    }
}

fn parse(event: &[u8]) -> (u16, u16, i32) {
    let byte = |at: usize| event[EVENT - 8 + at];
    (
        u16::from_ne_bytes([byte(0), byte(1)]),
        u16::from_ne_bytes([byte(2), byte(3)]),
        i32::from_ne_bytes([byte(4), byte(5), byte(6), byte(7)]),
    )
}

/// A keyboard that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    file: PathBuf,
    /// Where the device is in the kernel's tree, without what tells its interfaces apart.
    device: PathBuf,
    /// The USB port it is plugged into.
    port: Option<String>,
    vendor: u16,
    product: u16,
    name: String,
}

/// The devices that `auto` may mean, each once, with their names.
pub(super) fn connected() -> Vec<(Address, String)> {
    let found = list(Path::new(INPUT)).unwrap_or_default();
    let mut scanners = choose(&found, &Address::Auto);
    scanners.dedup_by(|one, other| one.device == other.device);
    let scanner = |one: &&Found| {
        let address = Address::Hid {
            vendor: one.vendor,
            product: one.product,
            port: one.port.as_ref().and_then(|port| port.parse().ok()),
        };
        (address, clean(&one.name))
    };
    scanners.iter().map(scanner).collect()
}

/// The device files of the scanner's keyboards.
fn find(address: &Address) -> io::Result<Vec<PathBuf>> {
    let found = list(Path::new(INPUT))?;
    let not_found = |text: &str| io::Error::new(io::ErrorKind::NotFound, text);
    let chosen = choose(&found, address);
    match chosen.first() {
        None if *address == Address::Auto => Err(not_found(
            "no keyboard calls itself a scanner; name it, such as `hid:0c2e:0901` (lsusb shows the numbers), or its serial line",
        )),
        None => Err(not_found("no such keyboard is plugged in")),
        Some(first)
            if *address == Address::Auto && chosen.iter().any(|one| one.device != first.device) =>
        {
            Err(not_found(
                "several keyboards call themselves scanners; name one, such as `hid:0c2e:0901?port=1-2`",
            ))
        }
        Some(first) => Ok(chosen
            .iter()
            .filter(|one| one.device == first.device)
            .take(MAX_KEYBOARDS)
            .map(|one| one.file.clone())
            .collect()),
    }
}

/// The keyboards that an address may mean.
fn choose<'a>(found: &'a [Found], address: &Address) -> Vec<&'a Found> {
    let matches = |one: &&Found| match address {
        Address::Hid {
            vendor,
            product,
            port,
        } => {
            let there = port
                .as_ref()
                .is_none_or(|port| one.port.as_deref() == Some(&port.to_string()));
            (one.vendor, one.product) == (*vendor, *product) && there
        }
        Address::Auto => {
            let name = one.name.to_lowercase();
            name.contains("scan") || name.contains("barcode") || name.contains("bar code")
        }
        Address::Serial { .. }
        | Address::Tcp { .. }
        | Address::Usb { .. }
        | Address::Pcsc { .. }
        | Address::V4l { .. }
        | Address::Ipp { .. } => false,
    };
    found.iter().filter(matches).collect()
}

/// All keyboards in the kernel's list, in order of their place.
fn list(input: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(input)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_event = name.to_str().is_some_and(|name| name.starts_with("event"));
        // What is unplugged while it is looked at is not there.
        if is_event && let Some(one) = look(&entry.path()) {
            found.push(one);
        }
    }
    found.sort_by(|one, other| (&one.device, &one.file).cmp(&(&other.device, &other.file)));
    Ok(found)
}

/// A device, if it is a keyboard.
fn look(entry: &Path) -> Option<Found> {
    let read = |name: &str| fs::read_to_string(entry.join("device").join(name)).ok();
    let number = |name: &str| u16::from_str_radix(read(name)?.trim(), 16).ok();
    let keys = read("capabilities/key")?;
    if ![KeyCode::KEY_ENTER, KeyCode::KEY_1, KeyCode::KEY_A]
        .map(KeyCode::code)
        .iter()
        .all(|key| has(&keys, *key))
    {
        return None;
    }
    let place = fs::canonicalize(entry.join("device")).ok()?;
    let is_interface = |part: &str| part.contains(':') && part.contains('-');
    let parts: Vec<_> = place.iter().filter_map(|part| part.to_str()).collect();
    // `…/usb1/1-2/1-2.3/1-2.3:1.0/0003:0C2E:0901.0001/input/input5`: the port stands before the colon.
    let interface = parts.iter().rposition(|part| is_interface(part));
    let port = interface.and_then(|at| parts[at].split(':').next());
    let device = match interface {
        Some(at) => parts[..at].iter().collect(),
        None => place.clone(),
    };
    Some(Found {
        file: Path::new("/dev/input").join(entry.file_name()?),
        device,
        port: port.map(str::to_owned),
        vendor: number("id/vendor")?,
        product: number("id/product")?,
        name: read("name")?,
    })
}

/// Whether a bit is set in the kernel's way of writing them: words in hexadecimal, the highest first.
fn has(words: &str, bit: u16) -> bool {
    let per_word = usize::BITS as u16;
    words
        .split_whitespace()
        .rev()
        .nth(usize::from(bit / per_word))
        .and_then(|word| u64::from_str_radix(word, 16).ok())
        .is_some_and(|word| word >> (bit % per_word) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lays a keyboard into a tree like the kernel's.
    fn plug(root: &Path, event: &str, place: &str, ids: (&str, &str), name: &str, keys: &str) {
        let device = root.join("devices").join(place);
        fs::create_dir_all(device.join("id")).unwrap();
        fs::create_dir_all(device.join("capabilities")).unwrap();
        fs::create_dir_all(device.join(event)).unwrap();
        for (file, text) in [
            ("id/vendor", ids.0),
            ("id/product", ids.1),
            ("name", name),
            ("capabilities/key", keys),
        ] {
            fs::write(device.join(file), format!("{text}\n")).unwrap();
        }
        let class = root.join("class");
        fs::create_dir_all(&class).unwrap();
        std::os::unix::fs::symlink(&device, device.join(event).join("device")).unwrap();
        std::os::unix::fs::symlink(device.join(event), class.join(event)).unwrap();
    }

    const KEYBOARD: &str = "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe";
    const MOUSE: &str = "ff0000 0 0 0 0";

    #[test]
    fn finds_the_keyboards_of_one_device_by_port() {
        let root = tempfile::tempdir().unwrap();
        let usb = "pci0000:00/0000:00:14.0/usb1";
        let scanner = ("0c2e", "0901");
        for (event, place, ids, name, keys) in [
            (
                "event0",
                "1-1/1-1:1.0/0003:1/input/input0",
                ("046d", "c31c"),
                "Logitech Keyboard",
                KEYBOARD,
            ),
            (
                "event1",
                "1-2.3/1-2.3:1.0/0003:2/input/input1",
                scanner,
                "Metrologic Scanner",
                KEYBOARD,
            ),
            (
                "event2",
                "1-2.3/1-2.3:1.1/0003:3/input/input2",
                scanner,
                "Metrologic Scanner",
                KEYBOARD,
            ),
            (
                "event3",
                "1-2.3/1-2.3:1.2/0003:4/input/input3",
                scanner,
                "Metrologic Scanner",
                MOUSE,
            ),
            (
                "event4",
                "1-3/1-3:1.0/0003:5/input/input4",
                scanner,
                "Metrologic Scanner",
                KEYBOARD,
            ),
        ] {
            plug(
                root.path(),
                event,
                &format!("{usb}/{place}"),
                ids,
                name,
                keys,
            );
        }
        let found = list(&root.path().join("class")).unwrap();
        let files = |address: &str| -> Vec<String> {
            choose(&found, &address.parse().unwrap())
                .iter()
                .map(|one| one.file.display().to_string())
                .collect()
        };
        assert_eq!(
            files("hid:0c2e:0901?port=1-2.3"),
            ["/dev/input/event1", "/dev/input/event2"]
        );
        assert_eq!(files("hid:0c2e:0901?port=1-3"), ["/dev/input/event4"]);
        assert_eq!(files("hid:046d:c31c"), ["/dev/input/event0"]);
        assert_eq!(files("auto").len(), 3, "of two scanners");
        assert!(files("hid:0c2e:0902").is_empty());
        assert_eq!(found[1].device, found[2].device, "interfaces of one device");
        assert_ne!(found[1].device, found[3].device);
    }

    #[test]
    fn a_keyboard_that_is_not_there_is_told() {
        for address in ["hid:0c2e:0901", "auto"] {
            let error = Keyboard::open(&address.parse().unwrap()).err().unwrap();
            assert!(matches!(
                error,
                ScannerError::DeviceGone(TransportError::Open { .. })
            ));
        }
    }

    #[test]
    fn events_are_read_from_their_end() {
        let mut event = vec![0xAA; EVENT - 8];
        event.extend(1_u16.to_ne_bytes());
        event.extend(30_u16.to_ne_bytes());
        event.extend((-1_i32).to_ne_bytes());
        assert_eq!(parse(&event), (1, 30, -1));
    }
}
