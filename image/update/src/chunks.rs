//! Content-defined chunks: what is cut where, named how, and packed how.

use std::io::Read;

use fastcdc::v2020::StreamCDC;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::Error;

/// The largest chunk, bytes.
pub const MAX: usize = 256 * 1024;
/// The smallest chunk but a file's last, bytes.
pub const MIN: usize = 16 * 1024;
const AVERAGE: usize = 64 * 1024;
/// The largest file an update may hold, bytes.
pub const MAX_FILE: u64 = 2 << 30;
/// A chunk's record in a list: its size and its digest.
const RECORD: usize = 4 + 32;

/// A SHA-256; written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(pub [u8; 32]);

/// A file of an update: what it is and by which list it is cut.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// Bytes.
    pub size: u64,
    /// Of the whole file.
    pub sha256: Digest,
    /// How many chunks it has.
    pub chunks: u32,
    /// The blob that lists them.
    pub list: Digest,
}

/// One chunk of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chunk {
    /// Bytes, at most [`MAX`].
    pub size: u32,
    /// Of the chunk's bytes.
    pub digest: Digest,
}

impl Digest {
    /// Of `bytes`.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }

    /// Of the next `size` bytes of `reader`, which must hold them.
    pub fn of_reader(reader: impl Read, size: u64) -> std::io::Result<Digest> {
        let mut reader = reader.take(size);
        let mut hash = Sha256::new();
        let mut buffer = vec![0; MAX];
        let mut read = 0;
        loop {
            let n = reader.read(&mut buffer)?;
            if n == 0 {
                break;
            }
            hash.update(&buffer[..n]);
            read += n as u64;
        }
        match read == size {
            true => Ok(Digest(hash.finalize().into())),
            false => Err(std::io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Where the published tree holds the blob of this name.
    pub fn path(&self) -> String {
        let name = String::from(*self);
        format!("chunks/{}/{name}.zst", &name[..2])
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Digest, &'static str> {
        data_encoding::HEXLOWER
            .decode(text.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Digest)
            .ok_or("not 64 lower-case hexadecimal digits")
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        data_encoding::HEXLOWER.encode(&digest.0)
    }
}

impl Piece {
    /// Whether the sizes can be true.
    pub fn plausible(&self) -> bool {
        let most = self.size / MIN as u64 + 1;
        (1..=MAX_FILE).contains(&self.size) && (1..=most).contains(&u64::from(self.chunks))
    }

    /// Bytes of the list's blob.
    pub fn list_size(&self) -> usize {
        self.chunks as usize * RECORD
    }

    /// The chunks that the list's blob names, in their order; `None` if they are not this file's.
    pub fn parse_list(&self, blob: &[u8]) -> Option<Vec<Chunk>> {
        if blob.len() != self.list_size() {
            return None;
        }
        let chunks: Vec<Chunk> = blob
            .chunks_exact(RECORD)
            .filter_map(|record| {
                let (size, digest) = record.split_first_chunk()?;
                Some(Chunk {
                    size: u32::from_le_bytes(*size),
                    digest: Digest(digest.try_into().ok()?),
                })
            })
            .collect();
        let sound = chunks.iter().all(|c| (1..=MAX as u32).contains(&c.size));
        let whole: u64 = chunks.iter().map(|chunk| u64::from(chunk.size)).sum();
        (sound && whole == self.size).then_some(chunks)
    }
}

/// The blob that lists `chunks`.
pub fn write_list(chunks: &[Chunk]) -> Vec<u8> {
    let record = |chunk: &Chunk| [&chunk.size.to_le_bytes()[..], &chunk.digest.0].concat();
    chunks.iter().flat_map(record).collect()
}

/// Cuts `reader` and gives each chunk with its offset and bytes to `seen`.
pub fn cut(
    reader: impl Read,
    mut seen: impl FnMut(u64, Chunk, &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    for chunk in StreamCDC::new(reader, MIN, AVERAGE, MAX) {
        let chunk = chunk.map_err(|error| Error::Io("input".into(), error.into()))?;
        let found = Chunk {
            size: chunk.length as u32,
            digest: Digest::of(&chunk.data),
        };
        seen(chunk.offset, found, &chunk.data)?;
    }
    Ok(())
}

/// Most bytes that a blob of `size` bytes takes when packed.
pub fn packed_limit(size: usize) -> usize {
    size + size / 64 + 1024
}

/// Unpacks a blob of `size` bytes and checks it against its name.
pub fn unpack(packed: &[u8], digest: Digest, size: usize) -> Result<Vec<u8>, Error> {
    let wrong = || Error::Content(digest.path());
    let mut blob = vec![0; size];
    let mut decoder = ruzstd::decoding::FrameDecoder::new();
    let read = decoder.decode_all(packed, &mut blob).map_err(|_| wrong())?;
    match read == size && Digest::of(&blob) == digest {
        true => Ok(blob),
        false => Err(wrong()),
    }
}
