//! What is connected by USB, and where what `auto` means is to be found.
//!
//! Looking sends nothing to any device: descriptors and names are those that the kernel read when the
//! device was plugged in.

use std::fs;
use std::path::Path;

use crate::address::{Address, DEFAULT_BAUD, UsbDevice, UsbPort};
use crate::class::DeviceClass;
use crate::transport::{hid, usb};

/// ID card readers known by vendor and product (reference/devices.md §1).
const USB_READERS: [(u16, u16); 1] = [(0x0400, 0xC35A)];

/// ID card readers that take HID reports.
const HID_READERS: [(u16, u16); 1] = [(0x0483, 0x572B)];

/// Most devices that are listed.
const MOST: usize = 128;

/// Longest name in characters.
const LONGEST_NAME: usize = 64;

/// A device that is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What to write into the configuration for exactly this device in this port.
    pub address: Address,
    /// What it seems to be, by its descriptors; `None` if they do not tell. A scanner in keyboard mode
    /// looks like any keyboard.
    pub class: Option<DeviceClass>,
    /// Vendor number.
    pub vendor: u16,
    /// Product number.
    pub product: u16,
    /// Port; `None` for what is no USB device, such as a HID device by Bluetooth.
    pub port: Option<UsbPort>,
    /// The maker's name as the device tells it: at most 64 characters, none of them a control
    /// character; may be empty.
    pub maker: String,
    /// The product's name, likewise.
    pub name: String,
}

/// Everything that is connected by USB but hubs, and HID devices of any bus that are known; at most
/// 128, in the order of their ports. Empty if the system has no USB.
pub fn devices() -> Vec<Found> {
    let mut found: Vec<Found> = usb::connected()
        .unwrap_or_default()
        .iter()
        .map(|device| Found {
            address: address(device),
            class: class(device),
            vendor: device.vendor,
            product: device.product,
            maker: device.name("manufacturer"),
            name: device.name("product"),
            port: Some(device.port.clone()),
        })
        .collect();
    // Those with a port are listed above.
    found.extend(
        hid::connected()
            .into_iter()
            .filter(|device| device.port.is_none())
            .map(|device| Found {
                class: HID_READERS
                    .contains(&(device.vendor, device.product))
                    .then_some(DeviceClass::IdCard),
                address: Address::Hid {
                    vendor: device.vendor,
                    product: device.product,
                    port: None,
                },
                vendor: device.vendor,
                product: device.product,
                port: None,
                maker: String::new(),
                name: device.name,
            }),
    );
    found.truncate(MOST);
    found
}

/// A device by a name that udev gave it, which stays the same when it is plugged in again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What to write into the configuration.
    pub address: Address,
    /// What it is; `None` for a serial line, which does not tell.
    pub class: Option<DeviceClass>,
    /// What it calls itself, as part of a file name.
    pub name: String,
}

/// Serial lines and cameras that have such names, below this root (`/` but in tests), by name.
pub fn named(root: &Path) -> Vec<Named> {
    let names = |folder: &str| {
        let entries = fs::read_dir(root.join(folder)).into_iter().flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .take(MOST)
            .collect();
        names.sort();
        names
    };
    let lines = names("dev/serial/by-id").into_iter().map(|name| Named {
        address: Address::Serial {
            path: format!("/dev/serial/by-id/{name}"),
            baud: DEFAULT_BAUD,
        },
        class: None,
        name: clean(name.trim_start_matches("usb-")),
    });
    // What comes behind the first is no picture: a camera's own data, or a second stream.
    let cameras = names("dev/v4l/by-id").into_iter().filter_map(|name| {
        let model = name.strip_suffix("-video-index0")?;
        Some(Named {
            address: Address::V4l {
                path: format!("/dev/v4l/by-id/{name}"),
            },
            class: Some(DeviceClass::Camera),
            name: clean(model.trim_start_matches("usb-")),
        })
    });
    lines.chain(cameras).collect()
}

/// Where a device of this class may be, if the configuration says `auto`: what is connected and looks
/// like one. Serial lines are not among them, since what is sent to try one might be printed.
pub(crate) fn candidates(class: DeviceClass) -> Vec<Address> {
    devices()
        .into_iter()
        .filter(|device| device.class == Some(class))
        .map(|device| device.address)
        .filter(|address| class.takes(address))
        .collect()
}

/// Makes a name that a device tells fit to be shown: bounded, without control characters.
pub(crate) fn clean(text: &str) -> String {
    text.trim()
        .chars()
        .filter(|character| !character.is_control() && *character != char::REPLACEMENT_CHARACTER)
        .take(LONGEST_NAME)
        .collect()
}

fn address(device: &usb::Connected) -> Address {
    let port = Some(device.port.clone());
    let (vendor, product) = (device.vendor, device.product);
    if HID_READERS.contains(&(vendor, product)) {
        Address::Hid {
            vendor,
            product,
            port,
        }
    } else if device.is_printer() {
        Address::Usb {
            device: UsbDevice::Printer,
            port,
        }
    } else {
        Address::Usb {
            device: UsbDevice::Id { vendor, product },
            port,
        }
    }
}

/// Interface classes: USB-IF's list of class codes.
fn class(device: &usb::Connected) -> Option<DeviceClass> {
    const AUDIO: u8 = 0x01;
    const SMART_CARD: u8 = 0x0B;
    const VIDEO: u8 = 0x0E;
    let ids = (device.vendor, device.product);
    let has = |code| device.interface_classes.contains(&code);
    if USB_READERS.contains(&ids) || HID_READERS.contains(&ids) || device.has_split_pipes() {
        Some(DeviceClass::IdCard)
    } else if device.is_printer() {
        Some(DeviceClass::Printer)
    } else if has(SMART_CARD) {
        Some(DeviceClass::SocialCard)
    } else if has(VIDEO) {
        Some(DeviceClass::Camera)
    } else if has(AUDIO) {
        Some(DeviceClass::Audio)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned_and_bounded() {
        assert_eq!(clean(" T80\u{1b}[2J \u{fffd}打印机\n"), "T80[2J 打印机");
        assert_eq!(clean(&"x".repeat(500)).len(), LONGEST_NAME);
    }

    #[test]
    fn serial_lines_and_cameras_have_names_that_stay() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(named(root.path()), []);
        for file in [
            "dev/serial/by-id/usb-Newland_FM430_00001-if00",
            "dev/v4l/by-id/usb-Eloam_S620-video-index0",
            "dev/v4l/by-id/usb-Eloam_S620-video-index1",
        ] {
            let file = root.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let told: Vec<_> = named(root.path())
            .into_iter()
            .map(|one| (one.address.to_string(), one.class, one.name))
            .collect();
        assert_eq!(
            told,
            [
                (
                    "serial:/dev/serial/by-id/usb-Newland_FM430_00001-if00?baud=115200".into(),
                    None,
                    "Newland_FM430_00001-if00".into()
                ),
                (
                    "v4l:/dev/v4l/by-id/usb-Eloam_S620-video-index0".into(),
                    Some(DeviceClass::Camera),
                    "Eloam_S620".into()
                ),
            ]
        );
    }
}
