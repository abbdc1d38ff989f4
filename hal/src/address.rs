//! Where a device is: `serial:/dev/ttyUSB0?baud=115200`, `usb:0400:c35a`, `tcp:127.0.0.1:9100`, ….

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Bits per second of a serial line that names none: what SAM_V readers and most printers start with.
pub const DEFAULT_BAUD: u32 = 115_200;

/// Where a device is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Address {
    /// Whatever is found of the wanted class: `auto`.
    Auto,
    /// A serial line, 8 data bits, no parity, 1 stop bit: `serial:/dev/ttyUSB0?baud=115200`.
    Serial {
        /// Path of the line's device file; absolute.
        path: String,
        /// Bits per second.
        baud: u32,
    },
    /// A TCP port: `tcp:192.0.2.9:9100`.
    Tcp {
        /// Name or number of the host; IPv6 numbers without brackets.
        host: String,
        /// Port, not 0.
        port: u16,
    },
    /// A USB device by its bulk pipes: `usb:0400:c35a`, `usb:class=printer`, either with `?port=1-2.3`.
    Usb {
        /// What it says it is.
        device: UsbDevice,
        /// The port it is plugged into; without one, whichever port.
        port: Option<UsbPort>,
    },
    /// A USB or Bluetooth device by its HID reports: `hid:0483:572b`, with `?port=` as above.
    Hid {
        /// Vendor.
        vendor: u16,
        /// Product.
        product: u16,
        /// The port it is plugged into; without one, whichever port.
        port: Option<UsbPort>,
    },
    /// A smart card reader of the PC/SC service: `pcsc:*` or `pcsc:` and the beginning of its name.
    Pcsc {
        /// Beginning of the reader's name; empty for any reader.
        reader: String,
    },
    /// A camera: `v4l:/dev/video0`.
    V4l {
        /// Path of the device file; absolute.
        path: String,
    },
    /// A network or USB printer by IPP: `ipp://192.0.2.9/ipp/print`.
    Ipp {
        /// The whole address.
        url: String,
    },
}

/// How a USB device is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UsbDevice {
    /// By vendor and product.
    Id {
        /// Vendor.
        vendor: u16,
        /// Product.
        product: u16,
    },
    /// By an interface of class 7, whatever the make.
    Printer,
}

/// A USB port as the kernel names it: bus, a dash, and the way through the hubs, such as `1-2.3`. It
/// stays the same when the device is unplugged and plugged in again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UsbPort(String);

impl UsbPort {
    /// The bus, from 1.
    pub fn bus(&self) -> u8 {
        // Checked when it was read.
        self.0
            .split_once('-')
            .and_then(|(bus, _)| bus.parse().ok())
            .unwrap_or_default()
    }

    /// The port numbers on the way from the root hub.
    pub fn path(&self) -> Vec<u8> {
        let path = self.0.split_once('-').map_or("", |(_, path)| path);
        path.split('.')
            .filter_map(|port| port.parse().ok())
            .collect()
    }
}

impl FromStr for UsbPort {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let number = |text: &str| text.parse::<u8>().is_ok_and(|number| number > 0);
        match text.split_once('-') {
            // Plus signs and leading zeros would make two names of one port.
            Some((bus, path))
                if number(bus)
                    && path.split('.').all(number)
                    && path.split('.').count() <= 7
                    && !text.contains('+')
                    && !text.split(['-', '.']).any(|part| part.starts_with('0')) =>
            {
                Ok(Self(text.into()))
            }
            Some(_) | None => Err(AddressError::Port(text.into())),
        }
    }
}

impl fmt::Display for UsbPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It does not begin with a scheme.
    #[error(
        "`{0}` is no device address: write `auto`, `usb:0400:c35a`, `serial:/dev/ttyUSB0?baud=115200`, `tcp:192.0.2.9:9100`, `hid:0483:572b`, `pcsc:*`, `v4l:/dev/video0`, or `ipp://…`"
    )]
    NoScheme(String),
    /// Nobody knows this scheme.
    #[error(
        "`{0}:` is no kind of device address; there are `auto`, `serial:`, `tcp:`, `usb:`, `hid:`, `pcsc:`, `v4l:` and `ipp:`"
    )]
    UnknownScheme(String),
    /// The path of a device file is missing or relative.
    #[error("`{0}:` needs the full path of a device file, such as `{0}:/dev/{1}`")]
    Path(&'static str, &'static str),
    /// The speed is no number, or out of bounds.
    #[error("`{0}` is no line speed: use 1200 to 4000000 bits per second, such as `?baud=115200`")]
    Baud(String),
    /// There is an option that this kind of address does not have.
    #[error("`{0}` is no option here; a serial line has `baud`, `usb:` and `hid:` have `port`")]
    Option(String),
    /// Host or port is missing.
    #[error("`tcp:` needs host and port, such as `tcp:127.0.0.1:9100`")]
    HostPort,
    /// Vendor and product are not four hexadecimal digits each.
    #[error("`{0}:` needs vendor and product, such as `{0}:0483:572b`; `lsusb` shows them")]
    Ids(&'static str),
    /// The port is not written as the kernel does.
    #[error(
        "`{0}` is no USB port: write bus and ports, such as `?port=1-2.3`; `kiosk device list` shows them"
    )]
    Port(String),
    /// The reader's name is missing.
    #[error("`pcsc:` needs `*` or the beginning of a reader's name, such as `pcsc:*`")]
    Reader,
    /// Host or path of a printer is missing.
    #[error("`ipp:` needs a printer's address, such as `ipp://192.0.2.9/ipp/print`")]
    Printer,
    /// TLS, which proves nothing here: printers sign their own certificates.
    #[error(
        "`ipps:` is not supported, for printers sign their own certificates: write `ipp:` and join the printer to the terminal by a cable of its own"
    )]
    PrinterTls,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(AddressError::NoScheme(text.into()));
        };
        match scheme {
            "serial" => serial(rest),
            "tcp" => tcp(rest),
            "usb" => usb(rest),
            "hid" => hid(rest),
            "pcsc" => pcsc(rest),
            "v4l" if is_file(rest) => Ok(Self::V4l { path: rest.into() }),
            "v4l" => Err(AddressError::Path("v4l", "video0")),
            "ipp" => ipp(rest),
            "ipps" => Err(AddressError::PrinterTls),
            other if !other.is_empty() && other.bytes().all(|b| b.is_ascii_lowercase()) => {
                Err(AddressError::UnknownScheme(other.into()))
            }
            _ => Err(AddressError::NoScheme(text.into())),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |port: &Option<UsbPort>| {
            port.as_ref()
                .map_or_else(String::new, |port| format!("?port={port}"))
        };
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Serial { path, baud } => write!(f, "serial:{path}?baud={baud}"),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp:[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp:{host}:{port}"),
            Self::Usb {
                device: UsbDevice::Id { vendor, product },
                port,
            } => write!(f, "usb:{vendor:04x}:{product:04x}{}", at(port)),
            Self::Usb {
                device: UsbDevice::Printer,
                port,
            } => write!(f, "usb:class=printer{}", at(port)),
            Self::Hid {
                vendor,
                product,
                port,
            } => write!(f, "hid:{vendor:04x}:{product:04x}{}", at(port)),
            Self::Pcsc { reader } if reader.is_empty() => f.write_str("pcsc:*"),
            Self::Pcsc { reader } => write!(f, "pcsc:{reader}"),
            Self::V4l { path } => write!(f, "v4l:{path}"),
            Self::Ipp { url } => f.write_str(url),
        }
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

fn is_file(path: &str) -> bool {
    path.starts_with('/') && !path.ends_with('/')
}

/// The options behind a question mark, each of which must have this name.
fn options<'a>(
    rest: &'a str,
    name: &'static str,
) -> (&'a str, impl Iterator<Item = Result<&'a str, AddressError>>) {
    let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
    let values = options
        .split('&')
        .filter(|option| !option.is_empty())
        .map(move |option| {
            option
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('='))
                .ok_or_else(|| AddressError::Option(option.into()))
        });
    (place, values)
}

fn serial(rest: &str) -> Result<Address, AddressError> {
    let (path, speeds) = options(rest, "baud");
    if !is_file(path) {
        return Err(AddressError::Path("serial", "ttyUSB0"));
    }
    let mut baud = DEFAULT_BAUD;
    for value in speeds {
        let value = value?;
        baud = value
            .parse()
            .ok()
            .filter(|baud| (1200..=4_000_000).contains(baud))
            .ok_or_else(|| AddressError::Baud(value.into()))?;
    }
    Ok(Address::Serial {
        path: path.into(),
        baud,
    })
}

fn usb(rest: &str) -> Result<Address, AddressError> {
    let (device, ports) = options(rest, "port");
    let device = match device {
        "class=printer" => UsbDevice::Printer,
        ids => {
            let (vendor, product) = self::ids(ids).ok_or(AddressError::Ids("usb"))?;
            UsbDevice::Id { vendor, product }
        }
    };
    Ok(Address::Usb {
        device,
        port: last_port(ports)?,
    })
}

fn hid(rest: &str) -> Result<Address, AddressError> {
    let (device, ports) = options(rest, "port");
    let (vendor, product) = ids(device).ok_or(AddressError::Ids("hid"))?;
    Ok(Address::Hid {
        vendor,
        product,
        port: last_port(ports)?,
    })
}

/// Vendor and product, four hexadecimal digits each.
fn ids(text: &str) -> Option<(u16, u16)> {
    let number = |text: &str| {
        let plain = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        plain.then(|| u16::from_str_radix(text, 16).ok()).flatten()
    };
    let (vendor, product) = text.split_once(':')?;
    Some((number(vendor)?, number(product)?))
}

fn last_port<'a>(
    ports: impl Iterator<Item = Result<&'a str, AddressError>>,
) -> Result<Option<UsbPort>, AddressError> {
    let mut last = None;
    for port in ports {
        last = Some(port?.parse()?);
    }
    Ok(last)
}

fn pcsc(reader: &str) -> Result<Address, AddressError> {
    let reader = match reader {
        "" => return Err(AddressError::Reader),
        "*" => "",
        name => name,
    };
    Ok(Address::Pcsc {
        reader: reader.into(),
    })
}

fn ipp(rest: &str) -> Result<Address, AddressError> {
    let place = rest.strip_prefix("//").ok_or(AddressError::Printer)?;
    let host = place.split('/').next().unwrap_or_default();
    // Neither a password nor anything else that an address of a printer has no use for.
    if host.is_empty() || place.contains(|c: char| c.is_whitespace() || "@?#\\\"<>".contains(c)) {
        return Err(AddressError::Printer);
    }
    Ok(Address::Ipp {
        url: format!("ipp:{rest}"),
    })
}

fn tcp(rest: &str) -> Result<Address, AddressError> {
    let (host, port) = rest.rsplit_once(':').ok_or(AddressError::HostPort)?;
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_name = |text: &str| !text.contains([':', '[', ']', '/', ' ']);
    let fits = match bare {
        None => is_name(host),
        // An address of IPv6, which may name the network interface behind a percent sign.
        Some(bare) => {
            let (number, zone) = bare.split_once('%').unwrap_or((bare, ""));
            number.parse::<Ipv6Addr>().is_ok() && is_name(zone)
        }
    };
    if !fits {
        return Err(AddressError::HostPort);
    }
    let host = bare.unwrap_or(host);
    match port.parse() {
        Ok(port) if port != 0 && !host.is_empty() => Ok(Address::Tcp {
            host: host.into(),
            port,
        }),
        Ok(_) | Err(_) => Err(AddressError::HostPort),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn parse(text: &str) -> Result<Address, AddressError> {
        text.parse()
    }

    #[test]
    fn reads_what_it_prints() {
        for text in [
            "serial:/dev/ttyUSB0?baud=9600",
            "tcp:127.0.0.1:9100",
            "tcp:[::1]:9100",
            "tcp:[fe80::1%eth0]:9100",
            "tcp:printer.hall:1",
            "auto",
            "usb:0400:c35a",
            "usb:0400:c35a?port=1-2.3",
            "usb:class=printer",
            "usb:class=printer?port=2-1",
            "hid:0483:572b",
            "hid:0483:572b?port=1-1.4",
            "pcsc:*",
            "pcsc:Virtual PCD 00 00",
            "v4l:/dev/video0",
            "ipp://192.0.2.9/ipp/print",
            "ipp://printer.hall:631/ipp/print",
        ] {
            assert_eq!(parse(text).unwrap().to_string(), text);
            let json = serde_json::to_string(&parse(text).unwrap()).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(
                serde_json::from_str::<Address>(&json).unwrap().to_string(),
                text
            );
        }
        assert_eq!(
            parse("serial:/dev/ttyS1").unwrap().to_string(),
            "serial:/dev/ttyS1?baud=115200"
        );
    }

    #[test]
    fn says_what_is_wrong() {
        assert!(matches!(
            parse("/dev/ttyUSB0"),
            Err(AddressError::NoScheme(_))
        ));
        assert!(matches!(
            parse("udp:1.2.3.4:9"),
            Err(AddressError::UnknownScheme(_))
        ));
        assert_eq!(
            parse("serial:ttyUSB0").unwrap_err().to_string(),
            "`serial:` needs the full path of a device file, such as `serial:/dev/ttyUSB0`"
        );
        assert!(matches!(
            parse("serial:/dev/x?baud=fast"),
            Err(AddressError::Baud(_))
        ));
        assert!(matches!(
            parse("serial:/dev/x?parity=even"),
            Err(AddressError::Option(_))
        ));
        for bad in [
            "tcp:",
            "tcp:host",
            "tcp:host:0",
            "tcp::9100",
            "tcp:host:99999",
            "tcp:::1:9100",
            "tcp:[1]:2]:9",
            "tcp:[printer.hall]:9100",
            "tcp:[fe80::1%a]b]:9100",
        ] {
            assert_eq!(parse(bad), Err(AddressError::HostPort), "{bad}");
        }
        for bad in [
            "usb:",
            "usb:400:c35a",
            "usb:+400:c35a",
            "usb:class=7",
            "usb:0400",
        ] {
            assert_eq!(parse(bad), Err(AddressError::Ids("usb")), "{bad}");
        }
        for bad in [
            "1",
            "1-",
            "0-1",
            "1-0",
            "1-01",
            "1-+1",
            "1-1.2.3.4.5.6.7.8",
            "1-999",
        ] {
            let found = parse(&format!("usb:class=printer?port={bad}"));
            assert_eq!(found, Err(AddressError::Port(bad.into())));
        }
        assert!(matches!(
            parse("hid:0483:572b?baud=9600"),
            Err(AddressError::Option(_))
        ));
        assert_eq!(parse("pcsc:"), Err(AddressError::Reader));
        assert!(matches!(parse("v4l:video0"), Err(AddressError::Path(..))));
        for bad in [
            "ipp:",
            "ipp:host",
            "ipp:///ipp/print",
            "ipp://me:secret@host/ipp",
        ] {
            assert_eq!(parse(bad), Err(AddressError::Printer), "{bad}");
        }
    }

    #[test]
    fn a_port_is_a_way_through_hubs() {
        let port: UsbPort = "2-1.4.3".parse().unwrap();
        assert_eq!((port.bus(), port.path()), (2, vec![1, 4, 3]));
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,60}") {
            if let Ok(address) = text.parse::<Address>() {
                prop_assert_eq!(address.to_string().parse::<Address>().unwrap(), address);
            }
        }
    }
}
