//! Where a device is: `serial:/dev/ttyUSB0?baud=115200` or `tcp:127.0.0.1:9100`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Bits per second of a serial line that names none: what SAM_V readers and most printers start with.
pub const DEFAULT_BAUD: u32 = 115_200;

/// Where a device is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Address {
    /// A serial line, 8 data bits, no parity, 1 stop bit.
    Serial {
        /// Path of the line's device file; absolute.
        path: String,
        /// Bits per second.
        baud: u32,
    },
    /// A TCP port.
    Tcp {
        /// Name or number of the host; IPv6 numbers without brackets.
        host: String,
        /// Port, not 0.
        port: u16,
    },
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It does not begin with a scheme.
    #[error(
        "`{0}` is no device address: write `serial:/dev/ttyUSB0?baud=115200` or `tcp:192.168.1.9:9100`"
    )]
    NoScheme(String),
    /// The scheme is planned, but no driver speaks it yet.
    #[error("`{0}:` is not supported yet; supported are `serial:` and `tcp:`")]
    NotYet(String),
    /// Nobody knows this scheme.
    #[error("`{0}:` is no kind of device address; supported are `serial:` and `tcp:`")]
    UnknownScheme(String),
    /// The path of a serial line is missing or relative.
    #[error("`serial:` needs the full path of a device file, such as `serial:/dev/ttyUSB0`")]
    Path,
    /// The speed is no number, or out of bounds.
    #[error("`{0}` is no line speed: use 1200 to 4000000 bits per second, such as `?baud=115200`")]
    Baud(String),
    /// There is an option that serial lines do not have.
    #[error("`{0}` is no option of a serial line; there is only `baud`")]
    Option(String),
    /// Host or port is missing.
    #[error("`tcp:` needs host and port, such as `tcp:127.0.0.1:9100`")]
    HostPort,
}

/// Schemes of the design that other drivers will bring.
const PLANNED: [&str; 9] = [
    "usb", "hid", "pcsc", "v4l", "ipp", "ipps", "auto", "evdev", "lp",
];

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text == "auto" {
            return Err(AddressError::NotYet("auto".into()));
        }
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(AddressError::NoScheme(text.into()));
        };
        match scheme {
            "serial" => serial(rest),
            "tcp" => tcp(rest),
            other if PLANNED.contains(&other) => Err(AddressError::NotYet(other.into())),
            other if !other.is_empty() && other.bytes().all(|b| b.is_ascii_lowercase()) => {
                Err(AddressError::UnknownScheme(other.into()))
            }
            _ => Err(AddressError::NoScheme(text.into())),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial { path, baud } => write!(f, "serial:{path}?baud={baud}"),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp:[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp:{host}:{port}"),
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

fn serial(rest: &str) -> Result<Address, AddressError> {
    let (path, options) = rest.split_once('?').unwrap_or((rest, ""));
    if !path.starts_with('/') || path.ends_with('/') {
        return Err(AddressError::Path);
    }
    let mut baud = DEFAULT_BAUD;
    for option in options.split('&').filter(|option| !option.is_empty()) {
        let value = option
            .strip_prefix("baud=")
            .ok_or_else(|| AddressError::Option(option.into()))?;
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

fn tcp(rest: &str) -> Result<Address, AddressError> {
    let (host, port) = rest.rsplit_once(':').ok_or(AddressError::HostPort)?;
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    if bare.is_none() && host.contains([':', '[', ']', '/', ' ']) {
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
            "tcp:printer.hall:1",
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
        assert_eq!(
            parse("usb:0400:c35a").unwrap_err().to_string(),
            "`usb:` is not supported yet; supported are `serial:` and `tcp:`"
        );
        assert!(matches!(parse("auto"), Err(AddressError::NotYet(_))));
        assert!(matches!(
            parse("udp:1.2.3.4:9"),
            Err(AddressError::UnknownScheme(_))
        ));
        assert_eq!(parse("serial:ttyUSB0"), Err(AddressError::Path));
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
        ] {
            assert_eq!(parse(bad), Err(AddressError::HostPort), "{bad}");
        }
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
