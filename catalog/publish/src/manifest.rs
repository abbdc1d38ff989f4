//! The signed manifest: which catalogue it is, and what each file holds.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use yici_contract::Digest;

use crate::bundle::{CATALOGUE, CERTIFICATE};
use crate::error::Error;
use crate::{MAX_FILES, MAX_NAME_BYTES};

/// The newest format this program understands.
pub const FORMAT: u32 = 1;
/// The first word of every manifest and of every trusted comment: no signature over anything else
/// passes for one of a catalogue.
pub const PRODUCT: &str = "yici-catalogue";
/// Most bytes of a manifest.
pub(crate) const MAX_BYTES: usize = 1 << 20;
const MAX_VERSION: usize = 100;
const MAX_DEPTH: usize = 5;

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Of this document.
    pub format: u32,
    /// [`PRODUCT`].
    pub product: String,
    /// The catalogue's version, which cases record.
    pub version: String,
    /// The catalogue's region (GB/T 2260).
    pub region_code: String,
    /// Grows with every bundle: what refuses a downgrade.
    pub counter: u64,
    /// When it was made.
    pub made: Timestamp,
    /// Every other file, by name.
    pub files: Vec<File>,
}

/// One file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its name with its directories, `/` between.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Of its content.
    pub sha256: Digest,
}

impl Manifest {
    /// Reads a manifest, whoever made it.
    ///
    /// # Errors
    /// When it is none, or says what cannot be.
    pub fn parse(bytes: &[u8]) -> Result<Manifest, Error> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let wrong = |error: serde_json::Error| Error::NotABundle(format!("manifest.json: {error}"));
        if bytes.len() > MAX_BYTES {
            return Err(Error::TooBig);
        }
        let Head { format } = serde_json::from_slice(bytes).map_err(wrong)?;
        if format > FORMAT {
            return Err(Error::NewerFormat(format));
        }
        let manifest: Manifest = serde_json::from_slice(bytes).map_err(wrong)?;
        manifest.check()?;
        Ok(manifest)
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::NotABundle(error.to_string()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn check(&self) -> Result<(), Error> {
        let wrong = |what: &str| Err(Error::NotABundle(format!("manifest.json: {what}")));
        if self.format != FORMAT || self.product != PRODUCT {
            return wrong("of something else");
        }
        let version = &self.version;
        if version.is_empty() || version.len() > MAX_VERSION || version.contains(char::is_control) {
            return wrong("a version that cannot be");
        }
        if self.region_code.len() != 6 || !self.region_code.bytes().all(|b| b.is_ascii_digit()) {
            return wrong("a region code has six digits");
        }
        if self.files.len() > MAX_FILES {
            return Err(Error::TooBig);
        }
        if !self.files.is_sorted_by(|a, b| a.name < b.name) {
            return wrong("files that are not in order");
        }
        let names: BTreeSet<&str> = self.files.iter().map(|file| file.name.as_str()).collect();
        for file in &self.files {
            let inside_a_file = (file.name.match_indices('/'))
                .any(|(at, _)| file.name.get(..at).is_some_and(|dir| names.contains(dir)));
            let has_place = file.name == CERTIFICATE
                || file
                    .name
                    .split_once('/')
                    .is_some_and(|(top, _)| top == CATALOGUE);
            if !is_name(&file.name) || !has_place || inside_a_file {
                return wrong("a name that cannot be");
            }
        }
        if !names.contains(CERTIFICATE) {
            return wrong("there is no certificate");
        }
        Ok(())
    }
}

/// Whether a file can be called so: inside of the directory, in letters that every reviewer sees.
pub(crate) fn is_name(name: &str) -> bool {
    let fine = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && (part.chars()).all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))
    };
    name.len() <= MAX_NAME_BYTES
        && name.split('/').count() <= MAX_DEPTH
        && name.split('/').all(fine)
}
