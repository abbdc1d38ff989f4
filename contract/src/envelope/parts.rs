//! Attachments and their names.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{CASE_PART, MANIFEST_PART};

/// An attachment, sealed as a part of its own.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name.
    pub name: PartName,
    /// Its bytes.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// An attachment's name: 1 to 40 small letters, digits and dashes, neither `case` nor `manifest`.
/// It travels in clear: nothing personal may be in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PartName(String);

/// A text that is no attachment's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a part's name is 1 to 40 small letters, digits and dashes")]
pub struct NameError;

impl PartName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PartName {
    type Error = NameError;

    fn try_from(name: String) -> Result<PartName, NameError> {
        if is_name(name.as_bytes()) && name != CASE_PART && name != MANIFEST_PART {
            Ok(PartName(name))
        } else {
            Err(NameError)
        }
    }
}

impl TryFrom<&str> for PartName {
    type Error = NameError;

    fn try_from(name: &str) -> Result<PartName, NameError> {
        PartName::try_from(name.to_owned())
    }
}

impl From<PartName> for String {
    fn from(name: PartName) -> String {
        name.0
    }
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attachment({}, {} bytes)", self.name, self.bytes.len())
    }
}

pub(super) const MAX_NAME_BYTES: usize = 40;

pub(super) fn is_name(name: &[u8]) -> bool {
    (1..=MAX_NAME_BYTES).contains(&name.len())
        && name
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}
