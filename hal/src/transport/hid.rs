//! SAM_V frames in HID reports (reference/devices.md §1, shape C), through the kernel's hidraw.
//!
//! Each report has 64 bytes and no number: the length of its payload, at most 63, then the payload.
//! `FF` as length carries nothing: it confirms a full report, so that the rest may follow. That is
//! how one vendor does it; it is not verified on a real reader.
//!
//! hidraw is used as it is, without the `hidapi` crate: that one tells errors by texts alone, so that a
//! missing right looks like a missing device, and its pure-Rust enumeration reads every file that it
//! finds under the device's parents in /sys, the I/O ports of PCI devices among them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use zeroize::{Zeroize, Zeroizing};

use super::{Transport, TransportError, left};
use crate::address::UsbPort;
use crate::discover;

/// Size of a report, without the number that is written before it.
const REPORT: usize = 64;

/// Most bytes that one report carries.
const PAYLOAD: usize = REPORT - 1;

/// "Go on": a length that no payload has.
const GO_ON: u8 = 0xFF;

/// Right after a device was plugged in, it belongs to root until udevd has set its rights.
const RIGHTS: Duration = Duration::from_millis(400);

/// Most devices that are looked at.
const MOST: usize = 64;

/// A HID device that is connected, by whatever bus.
pub(crate) struct Connected {
    file: PathBuf,
    pub(crate) vendor: u16,
    pub(crate) product: u16,
    /// Its USB port, if it is by USB.
    pub(crate) port: Option<UsbPort>,
    pub(crate) name: String,
}

/// All that are connected.
pub(crate) fn connected() -> Vec<Connected> {
    let mut all: Vec<Connected> = fs::read_dir("/sys/class/hidraw")
        .into_iter()
        .flatten()
        .flatten()
        .take(MOST)
        .filter_map(|entry| look(&entry.path()))
        .collect();
    all.sort_by(|one, other| one.file.cmp(&other.file));
    all
}

fn look(entry: &Path) -> Option<Connected> {
    let device = entry.join("device").canonicalize().ok()?;
    let (vendor, product, name) = about(&fs::read_to_string(device.join("uevent")).ok()?)?;
    Some(Connected {
        file: Path::new("/dev").join(entry.file_name()?),
        vendor,
        product,
        // Of the directories above the device, the last one named like a port is the port.
        port: device
            .iter()
            .filter_map(|part| part.to_str()?.parse().ok())
            .next_back(),
        name,
    })
}

/// Vendor, product and name, as the kernel's `uevent` file has them. The name is the device's own word.
pub fn about(uevent: &str) -> Option<(u16, u16, String)> {
    let value = |key: &str| {
        uevent
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
    };
    let (vendor, product) = ids(value("HID_ID")?)?;
    let name = discover::clean(value("HID_NAME").unwrap_or_default());
    Some((vendor, product, name))
}

/// Reads `0003:00000483:0000572B`: bus, vendor, product.
fn ids(text: &str) -> Option<(u16, u16)> {
    let mut parts = text.split(':').skip(1);
    let mut number = || u16::try_from(u32::from_str_radix(parts.next()?, 16).ok()?).ok();
    Some((number()?, number()?))
}

/// A device that speaks in reports.
pub(super) struct Hid {
    file: File,
    report: Zeroizing<[u8; REPORT]>,
    /// Which of its bytes were not given out yet.
    unread: std::ops::Range<usize>,
}

impl Hid {
    /// Opens the first such device. Takes half a second at most, and that only for want of rights.
    pub(super) fn open(vendor: u16, product: u16, port: Option<&UsbPort>) -> io::Result<Self> {
        let device = connected()
            .into_iter()
            .find(|device| {
                (device.vendor, device.product) == (vendor, product)
                    && port.is_none_or(|port| device.port.as_ref() == Some(port))
            })
            .ok_or(io::ErrorKind::NotFound)?;
        let deadline = Instant::now() + RIGHTS;
        let file = loop {
            let opened = OpenOptions::new()
                .read(true)
                .write(true)
                .custom_flags(OFlags::NONBLOCK.bits() as i32)
                .open(&device.file);
            match opened {
                Err(error)
                    if error.kind() == io::ErrorKind::PermissionDenied
                        && Instant::now() < deadline =>
                {
                    thread::sleep(Duration::from_millis(20));
                }
                opened => break opened?,
            }
        };
        Ok(Self {
            file,
            report: Zeroizing::new([0; REPORT]),
            unread: 0..0,
        })
    }

    /// Sends one report. The kernel gives a device 5 seconds for it, whatever the deadline.
    fn send(&mut self, length: u8, payload: &[u8]) -> Result<(), TransportError> {
        // The number of a report that has none is 0.
        let mut report = Zeroizing::new([0; 1 + REPORT]);
        report[1] = length;
        report[2..2 + payload.len()].copy_from_slice(payload);
        self.file.write_all(&*report).map_err(gone)
    }

    /// Waits for one report with a payload.
    fn receive(&mut self, deadline: Instant) -> Result<(), TransportError> {
        loop {
            let wait = left(deadline);
            let wait = Timespec {
                tv_sec: wait.as_secs().min(60) as i64,
                tv_nsec: i64::from(wait.subsec_nanos()),
            };
            let mut ready = [PollFd::new(&self.file, PollFlags::IN)];
            match poll(&mut ready, Some(&wait)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => {
                    self.report.zeroize();
                    let read = match self.file.read(&mut *self.report) {
                        Ok(0) => return Err(TransportError::Gone(io::ErrorKind::UnexpectedEof)),
                        Ok(read) => read,
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                        Err(error) => return Err(gone(error)),
                    };
                    if let Some(payload) = payload(&self.report[..read.min(REPORT)]) {
                        if payload.len() == PAYLOAD {
                            self.send(GO_ON, &[])?;
                        }
                        self.unread = payload;
                        return Ok(());
                    }
                }
                Err(error) => return Err(gone(error.into())),
            }
            if Instant::now() >= deadline {
                return Ok(());
            }
        }
    }
}

/// Where a report's payload is: after its length. None in "go on", and with a length that cannot be.
pub fn payload(report: &[u8]) -> Option<std::ops::Range<usize>> {
    let length = usize::from(*report.first()?);
    (1..report.len()).contains(&length).then_some(1..1 + length)
}

impl Transport for Hid {
    fn write_some(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError> {
        if left(deadline).is_zero() {
            return Ok(0);
        }
        let payload = &bytes[..bytes.len().min(PAYLOAD)];
        self.send(payload.len() as u8, payload)?;
        Ok(payload.len())
    }

    fn read_some(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
        if self.unread.is_empty() {
            self.receive(deadline)?;
        }
        let count = buffer.len().min(self.unread.len());
        let end = self.unread.start + count;
        buffer[..count].copy_from_slice(&self.report[self.unread.start..end]);
        self.unread.start = end;
        Ok(count)
    }
}

/// After an unplug the kernel says EIO or ENODEV.
fn gone(error: io::Error) -> TransportError {
    TransportError::Gone(error.kind())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_says_of_a_device() {
        assert_eq!(ids("0003:00000483:0000572B"), Some((0x0483, 0x572B)));
        assert_eq!(ids("0003:00010483:0000572B"), None);
        assert_eq!(ids("0003:0483"), None);
    }
}
