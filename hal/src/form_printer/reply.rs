//! What a printer answers, as far as anybody here asks for it.
//!
//! The `ipp` crate's parser (8.0.0) panics on a text-with-language value whose inner length is wrong,
//! and frees nested collections by recursion; so the answer is read here.

/// An answer (RFC 8010, section 3). Collections are skipped.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    /// Status code (RFC 8011, appendix B): below 0x0100 is success.
    pub status: u16,
    /// Number of the request that is answered.
    pub request: u32,
    attributes: Vec<Attribute>,
}

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// An integer or an enum.
    Number(i32),
    /// A boolean.
    Flag(bool),
    /// A text, name, keyword, URI or media type, without its language.
    Text(String),
    /// A resolution; across and down, in dots per inch.
    Dpi(i32, i32),
}

#[derive(Debug, PartialEq, Eq)]
struct Attribute {
    name: String,
    values: Vec<Value>,
}

/// Group tags: what is said of the job and of the printer.
const JOB: u8 = 0x02;
const END: u8 = 0x03;
const PRINTER: u8 = 0x04;

impl Reply {
    /// Reads an answer; `None` if it is none. What follows its end is ignored.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut wire = Wire(bytes);
        let _version = wire.number::<2>()?;
        let status = wire.number::<2>()? as u16;
        let request = wire.number::<4>()?;
        let mut attributes: Vec<Attribute> = Vec::new();
        let (mut wanted, mut depth) = (false, 0_usize);
        loop {
            let tag = wire.number::<1>()? as u8;
            match tag {
                END => break,
                0x00..=0x0F => {
                    wanted = matches!(tag, JOB | PRINTER);
                    depth = 0;
                    // A value without a name belongs to an attribute of its own group.
                    attributes.push(Attribute::named(""));
                }
                _ => {
                    let (name, value) = (wire.field()?, wire.field()?);
                    let inside = depth > 0;
                    match tag {
                        0x34 => depth += 1,
                        0x37 => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    if !wanted || inside {
                        continue;
                    }
                    if !name.is_empty() {
                        attributes.push(Attribute::named(&String::from_utf8_lossy(name)));
                    }
                    if let (Some(value), Some(last)) =
                        (Value::parse(tag, value), attributes.last_mut())
                    {
                        last.values.push(value);
                    }
                }
            }
        }
        Some(Self {
            status,
            request,
            attributes,
        })
    }

    /// All values of an attribute of the job or the printer; none if it is not there.
    pub fn values(&self, name: &str) -> &[Value] {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
            .map_or(&[], |attribute| &attribute.values)
    }

    /// The first value, if it is a number.
    pub fn number(&self, name: &str) -> Option<i32> {
        match self.values(name).first() {
            Some(Value::Number(number)) => Some(*number),
            Some(Value::Flag(_) | Value::Text(_) | Value::Dpi(..)) | None => None,
        }
    }

    /// The values that are texts.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values(name).iter().filter_map(|value| match value {
            Value::Text(text) => Some(text.as_str()),
            Value::Number(_) | Value::Flag(_) | Value::Dpi(..) => None,
        })
    }
}

impl Attribute {
    fn named(name: &str) -> Self {
        Self {
            name: name.into(),
            values: Vec::new(),
        }
    }
}

impl Value {
    fn parse(tag: u8, bytes: &[u8]) -> Option<Self> {
        let number = |bytes: &[u8]| Some(i32::from_be_bytes(bytes.try_into().ok()?));
        match tag {
            0x21 | 0x23 => number(bytes).map(Self::Number),
            0x22 => (bytes.len() == 1).then(|| Self::Flag(bytes[0] != 0)),
            0x32 => {
                // Unit 3 is dots per inch; 4, per centimetre, is used by nobody.
                let (numbers, unit) = bytes.split_at_checked(8)?;
                let (across, down) = numbers.split_at(4);
                (unit == [3]).then_some(Self::Dpi(number(across)?, number(down)?))
            }
            // Language, then text, each with its length.
            0x35 | 0x36 => {
                let mut wire = Wire(bytes);
                let (_language, text) = (wire.field()?, wire.field()?);
                Self::text(text)
            }
            0x41..=0x49 => Self::text(bytes),
            _ => None,
        }
    }

    fn text(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes)
            .ok()
            .map(|text| Self::Text(text.into()))
    }
}

/// Bytes still to be read.
struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number<const BYTES: usize>(&mut self) -> Option<u32> {
        let bytes = self.take(BYTES)?;
        Some(
            bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | u32::from(*byte)),
        )
    }

    fn field(&mut self) -> Option<&'a [u8]> {
        let length = self.number::<2>()?;
        self.take(length as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(tag: u8, name: &str, value: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag];
        for field in [name.as_bytes(), value] {
            bytes.extend((field.len() as u16).to_be_bytes());
            bytes.extend(field);
        }
        bytes
    }

    fn reply(parts: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![2, 0, 0, 1, 0, 0, 0, 7];
        bytes.extend(parts.iter().flatten());
        bytes.push(END);
        bytes
    }

    #[test]
    fn reads_values_of_job_and_printer_and_skips_collections() {
        let bytes = reply(&[
            vec![0x01],
            value(0x47, "attributes-charset", b"utf-8"),
            value(0x44, "printer-state-reasons", b"not of this group"),
            vec![PRINTER],
            value(0x23, "printer-state", &[0, 0, 0, 3]),
            value(0x34, "media-col", b""),
            value(0x4A, "", b"x-dimension"),
            value(0x34, "", b""),
            value(0x21, "", &[0, 0, 0, 9]),
            value(0x37, "", b""),
            value(0x37, "", b""),
            value(0x44, "printer-state-reasons", b"media-empty"),
            value(0x44, "", b"paused"),
            value(0x22, "printer-is-accepting-jobs", &[1]),
            value(0x32, "resolution", &[0, 0, 1, 44, 0, 0, 2, 88, 3]),
            value(0x35, "info", b"\0\x02zh\0\x06\xe6\x89\x93\xe5\x8d\xb0"),
        ]);
        let reply = Reply::parse(&bytes).unwrap();
        assert_eq!((reply.status, reply.request), (1, 7));
        assert_eq!(reply.number("printer-state"), Some(3));
        let reasons: Vec<_> = reply.texts("printer-state-reasons").collect();
        assert_eq!(reasons, ["media-empty", "paused"]);
        assert_eq!(
            reply.values("printer-is-accepting-jobs"),
            [Value::Flag(true)]
        );
        assert_eq!(reply.values("resolution"), [Value::Dpi(300, 600)]);
        assert_eq!(reply.texts("info").next(), Some("打印"));
        assert!(reply.values("media-col").is_empty());
        assert_eq!(reply.number("no-such-thing"), None);
        for length in 0..bytes.len() {
            assert_eq!(Reply::parse(&bytes[..length]), None, "{length}");
        }
    }

    #[test]
    fn wrong_inner_lengths_are_no_values() {
        // The ipp crate's parser panics here.
        let bytes = reply(&[vec![PRINTER], value(0x35, "info", b"\xFF\xFFzh")]);
        assert!(Reply::parse(&bytes).unwrap().values("info").is_empty());
    }

    #[test]
    fn deep_collections_cost_nothing() {
        let deep = value(0x34, "", b"").repeat(200_000);
        assert!(Reply::parse(&reply(&[vec![PRINTER], deep])).is_some());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0..5_u8, 0x20..0x4B_u8], 0..600)
        ) {
            Reply::parse(&bytes);
        }
    }
}
