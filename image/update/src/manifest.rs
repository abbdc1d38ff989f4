//! The signed manifest: what an update is, for whom and when.

use std::cmp::Ordering;

use jiff::Timestamp;
use minisign_verify::{PublicKey, Signature};
use serde::{Deserialize, Serialize};

use crate::chunks::{Digest, Piece};
use crate::error::Error;

/// The newest format this program understands.
pub const FORMAT: u32 = 1;
/// The product whose updates these are.
pub const PRODUCT: &str = "yici";
/// Most bytes of a manifest.
pub const MAX_SIZE: usize = 64 * 1024;
/// Most bytes of its signature file.
pub const MAX_SIGNATURE: usize = 4096;
const MAX_WAVES: usize = 32;
const MAX_NOTES: usize = 4000;

/// What is signed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Of this document.
    pub format: u32,
    /// [`PRODUCT`].
    pub product: String,
    /// As Rust names it: `x86_64`, `aarch64`.
    pub architecture: String,
    /// As people and the boot loader read it.
    pub version: Version,
    /// Grows with every release: what refuses a downgrade.
    pub counter: u64,
    /// The lowest counter of a running system that can take this update.
    pub minimum_counter: u64,
    /// When it was made.
    pub made: Timestamp,
    /// From when on it is not to be believed.
    pub expires: Timestamp,
    /// Of the verity tree over the root; the slot's partition UUIDs are its two halves.
    pub root_hash: Digest,
    /// The root file system.
    pub root: Piece,
    /// Its verity tree.
    pub verity: Piece,
    /// The unified kernel image that starts it.
    pub uki: Piece,
    /// When how many terminals may take it; all at once if there is none.
    pub waves: Vec<Wave>,
    /// What is new.
    pub notes: Notes,
}

/// From a time on, a share of all terminals.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Wave {
    /// 1 to 100.
    pub percent: u8,
    /// From when on.
    pub from: Timestamp,
}

/// What is new, for people.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Notes {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// One to four numbers with dots between, as in `2026.11.2`: for these the boot loader's order of versions
/// is the order of the numbers.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    text: String,
    numbers: Vec<u32>,
}

impl Manifest {
    /// The manifest in `bytes`, read only once `signature` by `key` holds over them.
    pub fn open(bytes: &[u8], signature: &[u8], key: &PublicKey) -> Result<Manifest, Error> {
        let untrusted = |error: &dyn ToString| Error::Signature(error.to_string());
        let text = str::from_utf8(signature).map_err(|error| untrusted(&error))?;
        let signature = Signature::decode(text).map_err(|error| untrusted(&error))?;
        key.verify(bytes, &signature, false)
            .map_err(|error| untrusted(&error))?;
        Manifest::parse(bytes)
    }

    /// The manifest in `bytes`, whoever made it.
    pub fn parse(bytes: &[u8]) -> Result<Manifest, Error> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let wrong = |reason: &dyn ToString| Error::Manifest(reason.to_string());
        if bytes.len() > MAX_SIZE {
            return Err(wrong(&"too large"));
        }
        let Head { format } = serde_json::from_slice(bytes).map_err(|error| wrong(&error))?;
        if format > FORMAT {
            return Err(Error::NewerFormat(format));
        }
        let manifest: Manifest = serde_json::from_slice(bytes).map_err(|error| wrong(&error))?;
        manifest.check().map_err(|reason| wrong(&reason))?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.format != FORMAT {
            return Err("there is no such format");
        }
        if ![&self.root, &self.verity, &self.uki]
            .iter()
            .all(|piece| piece.plausible())
        {
            return Err("sizes that cannot be");
        }
        if self.expires <= self.made {
            return Err("it expires before it is made");
        }
        if self.waves.len() > MAX_WAVES
            || self.waves.iter().any(|w| !(1..=100).contains(&w.percent))
        {
            return Err("waves that cannot be");
        }
        if self.notes.zh.len() > MAX_NOTES || self.notes.en.len() > MAX_NOTES {
            return Err("notes that are too long");
        }
        Ok(())
    }

    /// Whether it is made for this product and machine.
    pub fn fits(&self) -> Result<(), Error> {
        match self.product == PRODUCT && self.architecture == std::env::consts::ARCH {
            true => Ok(()),
            false => Err(Error::OtherProduct(format!(
                "{} on {}",
                self.product, self.architecture
            ))),
        }
    }

    /// The share of terminals that may take it at `now`, percent.
    pub fn open_share(&self, now: Timestamp) -> u8 {
        if self.waves.is_empty() {
            return 100;
        }
        let open = self.waves.iter().filter(|wave| wave.from <= now);
        open.map(|wave| wave.percent).max().unwrap_or(0)
    }

    /// Whether the terminal of this identity may take it at `now`. Another version orders the terminals
    /// anew, so that the first ones are not always the same.
    pub fn admits(&self, identity: &[u8], now: Timestamp) -> bool {
        let Digest(hash) = Digest::of(&[identity, b"\0", self.version.text.as_bytes()].concat());
        let place = hash[..8]
            .iter()
            .fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
        (place * 100) >> 64 < u128::from(self.open_share(now))
    }
}

impl Version {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl TryFrom<String> for Version {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Version, &'static str> {
        let number = |part: &str| {
            let plain = part == "0" || !part.starts_with(['0', '+']);
            plain.then(|| part.parse().ok()).flatten()
        };
        let numbers: Option<Vec<u32>> = text.split('.').map(number).collect();
        match numbers {
            Some(numbers) if numbers.len() <= 4 => Ok(Version { text, numbers }),
            Some(_) | None => Err("a version is one to four numbers with dots between"),
        }
    }
}

impl std::str::FromStr for Version {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Version, &'static str> {
        text.to_owned().try_into()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> String {
        version.text
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Version) -> Ordering {
        self.numbers.cmp(&other.numbers)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
