//! Codes of electronic licences (电子证照): a way to add formats, and the one that is documented.
//!
//! What electronic licences show as a QR code differs. Three kinds are met:
//! - tokens that only their issuer's service can open, such as those of the electronic social security
//!   card and of the electronic business licence: they change by the minute, their format is not public,
//!   and nothing can be read from them here;
//! - web addresses of a check page;
//! - the licence's identifier as plain text, which is the same everywhere: [`Identifier`].
//!
//! A province's own format is added as one more [`LicenceCode`] in [`FORMATS`].

use std::fmt;

use zeroize::Zeroizing;

/// A format of codes that electronic licences show.
pub trait LicenceCode: Sync {
    /// Its name in machine-readable output, such as `gbt-36904`.
    fn name(&self) -> &'static str;

    /// Reads a code; `None` if it is none of this format. Says nothing about whether the licence is
    /// genuine: only the licence's own service can tell.
    fn parse(&self, text: &str) -> Option<Licence>;
}

/// The formats that are known, in the order in which they are tried.
pub const FORMATS: [&dyn LicenceCode; 1] = [&Identifier];

/// No licence's code is longer, in bytes.
pub const MAX_LICENCE_BYTES: usize = 256;

/// What a licence's code says. It may lead to a person: zeroised when dropped, and not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Licence {
    /// The format's name.
    pub format: &'static str,
    /// What kind of licence: 21 characters, of the unit that defines it (18) and a number of its own (3).
    pub kind: Zeroizing<String>,
    /// The unit that issued it: its unified social credit code.
    pub issuer: Zeroizing<String>,
    /// The licence's number with that issuer.
    pub serial: Zeroizing<String>,
    /// Which version of the licence, from 1.
    pub version: u16,
}

impl fmt::Debug for Licence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Licence({}, …)", self.format)
    }
}

/// Reads a licence's code of any known format.
pub fn parse(text: &str) -> Option<Licence> {
    // Blanks and line ends around it come from the scanner.
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    if text.len() > MAX_LICENCE_BYTES {
        return None;
    }
    FORMATS.iter().find_map(|format| format.parse(text))
}

/// The identifier of an electronic licence (电子证照标识), GB/T 36904-2018:
///
/// `1.2.156.3005.2.KIND.ISSUER.SERIAL.VERSION.CHECK`
///
/// | Part | Length | Is |
/// |---|---|---|
/// | `1.2.156.3005.2` | 14 | root of all identifiers |
/// | KIND | 21 | code of the defining unit (18), number of the kind of licence (3) |
/// | ISSUER | 18 | unified social credit code of the issuing unit |
/// | SERIAL | 1 to 64 | the issuer's number; dots do not occur |
/// | VERSION | 3 digits | 001 for the first |
/// | CHECK | 1 | ISO 7064 MOD 37,36 over the four parts before it, without dots |
///
/// All letters are capitals. The standard's text was not at hand: parts and check were taken from
/// public programs that make identifiers, and proved on identifiers that are in use.
pub struct Identifier;

/// Root of all identifiers, and the dot behind it.
const ROOT: &str = "1.2.156.3005.2.";

impl LicenceCode for Identifier {
    fn name(&self) -> &'static str {
        "gbt-36904"
    }

    fn parse(&self, text: &str) -> Option<Licence> {
        let parts: Vec<&str> = text.strip_prefix(ROOT)?.splitn(6, '.').collect();
        let [kind, issuer, serial, version, check] = parts[..] else {
            return None;
        };
        let digits = version.bytes().all(|byte| byte.is_ascii_digit());
        let fits = kind.len() == 21
            && issuer.len() == 18
            && (1..=64).contains(&serial.len())
            && version.len() == 3
            && digits;
        let sum = check_character(
            [kind, issuer, serial, version]
                .iter()
                .flat_map(|part| part.bytes()),
        )?;
        if !fits || check.as_bytes() != [sum] {
            return None;
        }
        let kept = |text: &str| Zeroizing::new(text.to_owned());
        Some(Licence {
            format: self.name(),
            kind: kept(kind),
            issuer: kept(issuer),
            serial: kept(serial),
            version: version.parse().ok()?,
        })
    }
}

/// The check character of ISO 7064 MOD 37,36; `None` if something else than digits and capitals occurs.
fn check_character(text: impl Iterator<Item = u8>) -> Option<u8> {
    const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut product = 36;
    for byte in text {
        let value = DIGITS.iter().position(|digit| *digit == byte)?;
        let sum = match (product + value) % 36 {
            0 => 36,
            sum => sum,
        };
        product = sum * 2 % 37;
    }
    DIGITS.get((37 - product) % 36).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Made up; the check character was computed by another program.
    const GOOD: &str = "1.2.156.3005.2.11100000000013338W999.11990000MB99999999.20260000403.001.T";

    #[test]
    fn reads_an_identifier() {
        for text in [GOOD, &format!(" {GOOD}\r\n")] {
            let licence = parse(text).unwrap();
            assert_eq!(licence.format, "gbt-36904");
            assert_eq!(licence.kind.as_str(), "11100000000013338W999");
            assert_eq!(licence.issuer.as_str(), "11990000MB99999999");
            assert_eq!(licence.serial.as_str(), "20260000403");
            assert_eq!(licence.version, 1);
            assert_eq!(format!("{licence:?}"), "Licence(gbt-36904, …)");
        }
    }

    #[test]
    fn check_characters_are_those_of_iso_7064() {
        // The example of the Global Release Identifier, which uses the same system.
        assert_eq!(check_character("A12425GABC1234002".bytes()), Some(b'M'));
        assert_eq!(check_character("a".bytes()), None);
    }

    #[test]
    fn refuses_other_codes() {
        for bad in [
            "",
            "YICI1:0000000000000000:00112233445566778899AABBCCDDEEFF",
            "https://example.com/1.2.156.3005.2",
            &GOOD.to_lowercase(),
            &GOOD.replace(".T", ".V"),
            &GOOD.replace("0403", "0430"),
            &GOOD.replace(".001.", ".002."),
            &GOOD.replace(".001.", ".1."),
            &format!("{GOOD}.X"),
            &GOOD[..GOOD.len() - 2],
            &GOOD.replace("20260000403", "电子证照"),
            &GOOD.replace("20260000403", &"7".repeat(300)),
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_made_is_read(
            kind in "[0-9A-Z]{21}", issuer in "[0-9A-Z]{18}", serial in "[0-9A-Z]{1,64}", version in 0..1000_u16
        ) {
            let body = format!("{kind}{issuer}{serial}{version:03}");
            let check = char::from(check_character(body.bytes()).unwrap());
            let text = format!("1.2.156.3005.2.{kind}.{issuer}.{serial}.{version:03}.{check}");
            let licence = parse(&text).unwrap();
            prop_assert_eq!(licence.serial.as_str(), serial);
            prop_assert_eq!(licence.version, version);
            // Any other check character is wrong.
            let wrong = if check == '0' { '1' } else { '0' };
            let mut other = text.clone();
            other.pop();
            other.push(wrong);
            prop_assert!(parse(&other).is_none());
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,300}|1\\.2\\.156\\.3005\\.2[.0-9A-Z]{0,120}") {
            let _ = parse(&text);
        }
    }
}
