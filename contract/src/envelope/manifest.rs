//! The manifest: what a sealed case consists of.

use serde::{Deserialize, Serialize};

use crate::{Digest, VERSION};

/// Lists every part but itself, in order. As JSON the last part of a sealed case.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    version: u8,
    parts: Vec<Entry>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    bytes: u64,
    sha256: Digest,
}

impl Manifest {
    pub(super) fn of(parts: &[(&str, &[u8])]) -> Manifest {
        let parts = parts.iter().map(|(name, bytes)| Entry {
            name: (*name).to_owned(),
            bytes: bytes.len() as u64,
            sha256: Digest::of(bytes),
        });
        Manifest {
            version: VERSION,
            parts: parts.collect(),
        }
    }

    pub(super) fn to_json(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(self).ok()
    }

    pub(super) fn from_json(json: &[u8]) -> Option<Manifest> {
        serde_json::from_slice(json).ok()
    }
}
