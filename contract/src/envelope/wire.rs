//! A sealed case as bytes.

use std::fmt;
use std::ops::Range;

use super::parts::{MAX_NAME_BYTES, is_name};
use super::{MAX_ATTACHMENTS, MAX_PART_BYTES, MAX_SEALED_BYTES};
use crate::{CaseNumber, Digest, KeyId, VERSION};

/// A sealed case: what is stored, delivered, and sent again unchanged.
///
/// Numbers are big-endian. The head: `YICI`, the contract's version (1 byte), the id of upstream's
/// key (8), the id of the device's key (8), the case's number (16 characters without dashes), the
/// case's id (16). Then the encapsulated key (32) and the count of parts (2), and for each part the
/// length of its name (1), the name, the length of its ciphertext (4) and the ciphertext. Nothing
/// follows the last part.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedCase {
    bytes: Vec<u8>,
    head: Head,
    /// Name and ciphertext of each part.
    parts: Vec<(Range<usize>, Range<usize>)>,
}

/// What can be read of a sealed case without opening it. Until it is opened nothing of it is
/// certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The contract's version.
    pub version: u8,
    /// The upstream key that it is sealed to.
    pub key: KeyId,
    /// The key of the device that sealed it.
    pub device: KeyId,
    /// The case's number.
    pub number: CaseNumber,
}

/// Why bytes are no sealed case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// They do not begin like one.
    #[error("not a sealed case")]
    Format,
    /// They belong to a version that is not known here.
    #[error("version {0} is not known")]
    Version(u8),
    /// The number is wrong, or does not fit the case's id.
    #[error("the case's number or id is wrong")]
    Number,
    /// They end too early.
    #[error("it ends too early")]
    Truncated,
    /// Something follows the last part.
    #[error("something follows the last part")]
    Trailing,
    /// A part's name is none.
    #[error("a part's name is none")]
    Name,
    /// More or bigger parts than the contract allows, or too few.
    #[error("more bytes or parts than allowed, or too few")]
    Size,
}

impl SealedCase {
    /// Reads bytes from a wire or a disk. Checks the form; opening checks the rest.
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    pub fn parse(bytes: Vec<u8>) -> Result<SealedCase, WireError> {
        if bytes.len() > MAX_SEALED_BYTES {
            return Err(WireError::Size);
        }
        let mut reader = Reader {
            bytes: &bytes,
            at: 0,
        };
        let head = reader.head()?;
        reader.take(ENCAPPED_BYTES)?;
        let count = usize::from(u16::from_be_bytes(reader.array()?));
        // The case and the manifest are always there.
        if !(2..=MAX_ATTACHMENTS + 2).contains(&count) {
            return Err(WireError::Size);
        }
        let mut parts = Vec::with_capacity(count);
        for _ in 0..count {
            let [length] = reader.array()?;
            let name = reader.take(usize::from(length))?;
            if !is_name(&bytes[name.clone()]) {
                return Err(WireError::Name);
            }
            let length = u32::from_be_bytes(reader.array()?) as usize;
            if !(TAG_BYTES..=MAX_PART_BYTES + TAG_BYTES).contains(&length) {
                return Err(WireError::Size);
            }
            parts.push((name, reader.take(length)?));
        }
        if reader.at != bytes.len() {
            return Err(WireError::Trailing);
        }
        Ok(SealedCase { bytes, head, parts })
    }

    /// The bytes, to be stored and sent.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The SHA-256 of the bytes: what a receipt names.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }

    /// What can be read without opening.
    pub fn head(&self) -> &Head {
        &self.head
    }

    pub(super) fn encapped(&self) -> &[u8] {
        &self.bytes[HEAD_BYTES..HEAD_BYTES + ENCAPPED_BYTES]
    }

    /// Name and ciphertext of each part.
    pub(super) fn parts(&self) -> impl ExactSizeIterator<Item = (&str, &[u8])> {
        self.parts.iter().map(|(name, sealed)| {
            // Names are ASCII; `parse` saw to it.
            let name = std::str::from_utf8(&self.bytes[name.clone()]).unwrap_or_default();
            (name, &self.bytes[sealed.clone()])
        })
    }
}

impl Head {
    pub(super) fn to_bytes(&self) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        bytes[..4].copy_from_slice(MAGIC);
        bytes[4] = self.version;
        bytes[5..13].copy_from_slice(self.key.as_bytes());
        bytes[13..21].copy_from_slice(self.device.as_bytes());
        bytes[21..37].copy_from_slice(self.number.compact().as_bytes());
        bytes[37..].copy_from_slice(self.number.case_id().as_bytes());
        bytes
    }
}

impl fmt::Debug for SealedCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SealedCase({}, {} bytes)",
            self.head.number,
            self.bytes.len()
        )
    }
}

pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new(head: &Head, encapped: &[u8], count: usize) -> Writer {
        let mut bytes = head.to_bytes().to_vec();
        bytes.extend_from_slice(encapped);
        put(&mut bytes, count, 2);
        Writer(bytes)
    }

    pub(super) fn part(&mut self, name: &str, sealed: &[u8]) {
        put(&mut self.0, name.len(), 1);
        self.0.extend_from_slice(name.as_bytes());
        put(&mut self.0, sealed.len(), 4);
        self.0.extend_from_slice(sealed);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

const MAGIC: &[u8; 4] = b"YICI";
const HEAD_BYTES: usize = 53;
const ENCAPPED_BYTES: usize = 32;
pub(super) const TAG_BYTES: usize = 16;
const _: () = assert!(MAX_NAME_BYTES <= u8::MAX as usize);

/// Writes a number's last `bytes` bytes; the bounds of the contract see to it that they hold it.
fn put(to: &mut Vec<u8>, number: usize, bytes: usize) {
    let all = (number as u64).to_be_bytes();
    to.extend_from_slice(&all[8 - bytes..]);
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn head(&mut self) -> Result<Head, WireError> {
        if self.array::<4>() != Ok(*MAGIC) {
            return Err(WireError::Format);
        }
        let [version] = self.array()?;
        if version != VERSION {
            return Err(WireError::Version(version));
        }
        let key = KeyId::from(self.array::<8>()?);
        let device = KeyId::from(self.array::<8>()?);
        let letters = self.array::<16>()?;
        let number = std::str::from_utf8(&letters)
            .ok()
            .and_then(|letters| CaseNumber::parse(letters).ok())
            // One number has one spelling here, so that the head has one as well.
            .filter(|number| number.compact().as_bytes() == letters)
            .ok_or(WireError::Number)?;
        if number.case_id().as_bytes() != &self.array::<16>()? {
            return Err(WireError::Number);
        }
        Ok(Head {
            version,
            key,
            device,
            number,
        })
    }

    fn take(&mut self, length: usize) -> Result<Range<usize>, WireError> {
        let range = self.at..self.at + length;
        if range.end > self.bytes.len() {
            return Err(WireError::Truncated);
        }
        self.at = range.end;
        Ok(range)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let range = self.take(N)?;
        let mut array = [0; N];
        array.copy_from_slice(&self.bytes[range]);
        Ok(array)
    }
}
