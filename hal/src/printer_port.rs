//! What a USB printer says it is, over its control pipe: GET_DEVICE_ID of the USB Device Class Definition
//! for Printing Devices 1.1, §4.2.1.

use crate::discover::clean;

/// Answer to GET_DEVICE_ID: what an IEEE 1284 device id says, cleaned and cut to a bounded length.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceId {
    /// `MFG` or `MANUFACTURER`; empty if it is not said.
    pub maker: String,
    /// `MDL` or `MODEL`; empty if it is not said.
    pub model: String,
    /// `CMD` or `COMMAND SET`: the languages it understands.
    pub commands: Vec<String>,
}

impl DeviceId {
    /// Longest answer in bytes, with the two of its length.
    pub const LONGEST: usize = 1024;

    /// Reads an answer: two bytes of length, then `KEY:value;` pairs. Some models give the length in
    /// the wrong order or count wrongly, so that what was transferred counts instead.
    pub fn parse(answer: &[u8]) -> Self {
        let text = String::from_utf8_lossy(answer.get(2..).unwrap_or_default());
        let mut id = Self::default();
        for (key, value) in text.split(';').filter_map(|pair| pair.split_once(':')) {
            match key.trim().to_ascii_uppercase().as_str() {
                "MFG" | "MANUFACTURER" => id.maker = clean(value),
                "MDL" | "MODEL" => id.model = clean(value),
                "CMD" | "COMMAND SET" => {
                    id.commands = value.split(',').take(16).map(clean).collect();
                }
                _ => {}
            }
        }
        id
    }

    /// True if it says that it prints pages and not slips: to such a printer ESC/POS is text.
    pub fn is_page_printer(&self) -> bool {
        let has = |names: &[&str]| {
            self.commands.iter().any(|command| {
                let command = command.to_ascii_uppercase();
                names.iter().any(|name| command.starts_with(name))
            })
        };
        has(&["PCL", "PJL", "POSTSCRIPT", "PS", "PDF", "PWG", "URF"]) && !has(&["ESC/POS", "EPOS"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_a_device_id() {
        let id =
            DeviceId::parse(b"\x00\x40MFG:Sample ;CMD:ESC/POS,PCL;mdl:T\x1b[31m80;CLS:PRINTER;");
        assert_eq!(
            (id.maker.as_str(), id.model.as_str()),
            ("Sample", "T[31m80")
        );
        assert_eq!(id.commands, ["ESC/POS", "PCL"]);
        assert!(!id.is_page_printer());
        assert!(DeviceId::parse(b"\x00\x40COMMAND SET: PCLXL,PDF;").is_page_printer());
        assert!(!DeviceId::parse(b"\x00").is_page_printer());
    }

    proptest! {
        #[test]
        fn any_answer_is_read_within_bounds(answer in prop::collection::vec(any::<u8>(), 0..1024)) {
            let id = DeviceId::parse(&answer);
            prop_assert!(id.commands.len() <= 16);
            prop_assert!(id.maker.chars().chain(id.model.chars()).all(|c| !c.is_control()));
        }
    }
}
