//! The classes of devices, and which addresses each can have.

use std::fmt;

use serde::Serialize;

use crate::address::Address;

/// What a device is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceClass {
    /// Reader of resident ID cards and permits.
    IdCard,
    /// Reader of social security cards.
    SocialCard,
    /// Scanner of bar codes and QR codes.
    Code,
    /// Document camera.
    Camera,
    /// Thermal printer of slips.
    Printer,
    /// A4 printer of forms.
    FormPrinter,
    /// Touch panel.
    Touch,
    /// Screen.
    Screen,
    /// Loudspeaker or headphone socket.
    Audio,
}

impl DeviceClass {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::IdCard,
        Self::SocialCard,
        Self::Code,
        Self::Camera,
        Self::Printer,
        Self::FormPrinter,
        Self::Touch,
        Self::Screen,
        Self::Audio,
    ];

    /// The name in machine-readable output, such as `id-card`.
    pub fn id(self) -> &'static str {
        match self {
            Self::IdCard => "id-card",
            Self::SocialCard => "social-card",
            Self::Code => "code",
            Self::Camera => "camera",
            Self::Printer => "printer",
            Self::FormPrinter => "form-printer",
            Self::Touch => "touch",
            Self::Screen => "screen",
            Self::Audio => "audio",
        }
    }

    /// How addresses of this class look, for whoever has to write one.
    pub fn addresses(self) -> &'static str {
        match self {
            Self::IdCard => "auto, serial:, usb:, hid: or pcsc:",
            Self::SocialCard => "auto or pcsc:",
            Self::Code => "auto, serial: or hid:",
            Self::Camera => "auto or v4l:",
            Self::Printer => "auto, serial:, tcp: or usb:",
            Self::FormPrinter => "ipp:",
            // The system finds these; nothing is written for them.
            Self::Touch | Self::Screen | Self::Audio => "none",
        }
    }

    /// Whether a driver of this class speaks over such an address.
    pub fn takes(self, address: &Address) -> bool {
        match self {
            // What listens on a TCP port is a printer: it would print the commands meant for a reader.
            Self::IdCard => matches!(
                address,
                Address::Auto
                    | Address::Serial { .. }
                    | Address::Usb { .. }
                    | Address::Hid { .. }
                    | Address::Pcsc { .. }
            ),
            Self::SocialCard => matches!(address, Address::Auto | Address::Pcsc { .. }),
            Self::Code => matches!(
                address,
                Address::Auto | Address::Serial { .. } | Address::Hid { .. }
            ),
            Self::Camera => matches!(address, Address::Auto | Address::V4l { .. }),
            Self::Printer => matches!(
                address,
                Address::Auto | Address::Serial { .. } | Address::Tcp { .. } | Address::Usb { .. }
            ),
            Self::FormPrinter => matches!(address, Address::Ipp { .. }),
            Self::Touch | Self::Screen | Self::Audio => false,
        }
    }
}

impl fmt::Display for DeviceClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_addresses_is_what_is_taken() {
        let examples = [
            ("auto", "auto"),
            ("serial:", "serial:/dev/ttyUSB0"),
            ("tcp:", "tcp:127.0.0.1:9100"),
            ("usb:", "usb:0400:c35a"),
            ("hid:", "hid:0483:572b"),
            ("pcsc:", "pcsc:*"),
            ("v4l:", "v4l:/dev/video0"),
            ("ipp:", "ipp://192.0.2.9/ipp/print"),
        ];
        for class in DeviceClass::ALL {
            for (scheme, example) in examples {
                let said = class
                    .addresses()
                    .split([' ', ','])
                    .any(|word| word == scheme);
                assert_eq!(
                    class.takes(&example.parse().unwrap()),
                    said,
                    "{class}: {example}"
                );
            }
            assert_eq!(
                serde_json::to_string(&class).unwrap(),
                format!("\"{class}\"")
            );
        }
    }
}
