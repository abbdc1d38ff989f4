//! An ID card reader in HID reports (shape C): a device made by /dev/uhid, with the simulated reader
//! of a `kiosk-sim` inside the guest behind it.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use yici_hal::class::DeviceClass;
use yici_hal::discover;
use yici_hal::id_card::{self, ReaderError};
use yici_hal::status::Cause;

use crate::Test;
use crate::bench::{Bench, address, load, read, until};

pub const TESTS: &[Test] = &[("hid: cards, silence, unplugging", reads_cards)];

/// The reader's.
pub const ADDRESS: &str = "hid:0483:572b";

/// Events of /dev/uhid: linux/uhid.h, whose structures are packed.
const DESTROY: u32 = 1;
const OUTPUT: u32 = 6;
const CREATE2: u32 = 11;
const INPUT2: u32 = 12;

/// Size of the largest event, which each read asks for.
const EVENT: usize = 4 + 128 + 64 + 64 + 2 + 2 + 4 * 4 + 4096;

/// Reports of 64 bytes both ways, without numbers, of a vendor's own usage.
const REPORTS: [u8; 27] = [
    0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0x09, 0x02, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08,
    0x95, 0x40, 0x81, 0x02, 0x09, 0x03, 0x95, 0x40, 0x91, 0x02, 0xC0,
];

/// The reader, plugged in at first; it is gone for good when dropped.
pub struct Device {
    uhid: File,
    sim: Child,
}

impl Device {
    /// Starts one whose `kiosk-sim` takes orders at `ctl` in a directory.
    pub fn start(directory: &Path) -> Self {
        load("uhid", &[]);
        std::fs::create_dir_all(directory).unwrap();
        let link = directory.join("line");
        let mut sim = Command::new("/kiosk-sim")
            .arg("run")
            .args(["--socket".as_ref(), directory.join("ctl").as_os_str()])
            .args(["--card-reader".as_ref(), link.as_os_str()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let stdout = sim.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut ready).unwrap();
        let uhid = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/uhid")
            .unwrap();
        let line = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&link)
            .unwrap();
        let (mut from_host, mut to_line) = (uhid.try_clone().unwrap(), line.try_clone().unwrap());
        thread::spawn(move || while requests(&mut from_host, &mut to_line).is_some() {});
        let (mut to_host, mut from_line) = (uhid.try_clone().unwrap(), line);
        thread::spawn(move || while replies(&mut from_line, &mut to_host).is_some() {});
        let device = Self { uhid, sim };
        device.plug();
        device
    }

    /// Plugs it in; returns once the kernel knows it.
    pub fn plug(&self) {
        if !Self::is_plugged() {
            (&self.uhid).write_all(&create()).unwrap();
            until("the reader is there", Self::is_plugged);
        }
    }

    /// Pulls its plug.
    pub fn unplug(&self) {
        (&self.uhid).write_all(&DESTROY.to_le_bytes()).unwrap();
    }

    fn is_plugged() -> bool {
        discover::devices()
            .iter()
            .any(|device| device.vendor == 0x0483)
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // Unless it is pulled out already.
        let _ = self.uhid.write_all(&DESTROY.to_le_bytes());
        let _ = self.sim.kill();
        let _ = self.sim.wait();
    }
}

fn create() -> Vec<u8> {
    const BUS_USB: u16 = 3;
    let mut event = CREATE2.to_le_bytes().to_vec();
    let mut name = [0; 128 + 64 + 64];
    name[..6].copy_from_slice(b"Reader");
    event.extend(name);
    event.extend((REPORTS.len() as u16).to_le_bytes());
    event.extend(BUS_USB.to_le_bytes());
    event.extend([0x0483u32, 0x572B, 0, 0].map(u32::to_le_bytes).concat());
    event.extend(REPORTS);
    event.resize(EVENT, 0);
    event
}

/// Passes one report on to the line.
fn requests(uhid: &mut File, line: &mut File) -> Option<()> {
    let mut event = [0; EVENT];
    // The kernel hands out whole events, cut where nothing follows.
    let read = uhid.read(&mut event).ok()?;
    if read > 6 && event[..4] == OUTPUT.to_le_bytes() {
        // The number 0, then the report: a length, and so much.
        let length = usize::from(event[5]);
        if length <= 63 {
            line.write_all(&event[6..6 + length]).ok()?;
        }
    }
    Some(())
}

/// Passes what comes from the line on, in reports; while the plug is pulled, nowhere.
fn replies(line: &mut File, uhid: &mut File) -> Option<()> {
    let mut payload = [0; 63];
    let read = line.read(&mut payload).ok().filter(|&read| read > 0)?;
    let mut event = INPUT2.to_le_bytes().to_vec();
    event.extend(64u16.to_le_bytes());
    event.push(read as u8);
    event.extend(payload);
    event.resize(EVENT, 0);
    let _ = uhid.write_all(&event);
    Some(())
}

fn reads_cards(_: &Bench) {
    let directory = Path::new("/tmp/hid");
    let ctl = |order: &str| {
        let done = Command::new("/kiosk-sim")
            .args([
                "ctl".as_ref(),
                "--socket".as_ref(),
                directory.join("ctl").as_os_str(),
            ])
            .args(order.split(' '))
            .stdout(Stdio::null())
            .status();
        assert!(done.unwrap().success(), "{order}");
    };
    let lay = || ctl("card lay citizen");
    let device = Device::start(directory);
    let found = discover::devices();
    let found = found.iter().find(|device| device.vendor == 0x0483).unwrap();
    assert_eq!(found.class, Some(DeviceClass::IdCard));
    assert_eq!(found.address, address(ADDRESS));

    let mut reader = id_card::open(&address(ADDRESS)).unwrap();
    assert!(reader.status().ready());
    assert_eq!(read(&mut *reader, lay).name, "李小满");
    ctl("card silent on");
    assert!(matches!(reader.find(), Err(ReaderError::NoAnswer)));
    ctl("card silent off");
    assert!(reader.status().ready());

    device.unplug();
    until("the unplugging is noticed", || {
        reader.status().cause == Some(Cause::NotConnected)
    });
    device.plug();
    until("it is back", || reader.status().ready());
    assert_eq!(read(&mut *reader, lay).name, "李小满");
}
