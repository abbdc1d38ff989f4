//! What a terminal remembers of its updates: one small file, replaced whole.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::chunks::Digest;
use crate::config::read_small;
use crate::error::{Error, Fault};
use crate::manifest::Version;

/// The state file and the lock beside it.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    _lock: File,
}

/// What is remembered. What the disk itself says is not repeated here.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct State {
    /// Where the last pass ended.
    pub phase: Phase,
    /// The update being fetched, staged or tried.
    pub target: Option<Target>,
    /// The highest counter that booted well.
    pub highest_counter: u64,
    /// What speaks against images, the newest last: each start that ended in the old system, and each
    /// word of the health check.
    pub failed: Vec<Target>,
    /// Images that were given up since an update last booted well.
    pub rollbacks: u32,
    /// The server's tag of the manifest kept beside this file.
    pub etag: Option<String>,
    /// Bytes of the update that are on the disk.
    pub done: u64,
    /// Bytes of the update.
    pub total: u64,
    /// Bytes that came over the network or from the stick for it.
    pub fetched: u64,
    /// Of the last pass, as measured.
    pub bytes_per_second: u64,
    /// When the last pass began.
    pub checked: Option<Timestamp>,
    /// What stopped it.
    pub fault: Option<Fault>,
}

impl State {
    /// Whether an image is given up: two things speak against it. A start alone may have ended with a
    /// plug that was pulled.
    pub fn has_given_up(&self, root_hash: Digest) -> bool {
        let against = |failed: &&Target| failed.root_hash == root_hash;
        self.failed.iter().filter(against).count() >= 2
    }

    /// Remembers what speaks against an image.
    pub(crate) fn fail(&mut self, target: Target) {
        self.failed.push(target);
        let beyond = self.failed.len().saturating_sub(MAX_FAILED);
        self.failed.drain(..beyond);
    }
}

/// Where a terminal is with its updates.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Runs a system that booted well; nothing newer is for it.
    #[default]
    Running,
    /// There is something newer, whose wave has not come to this terminal.
    Waiting,
    /// As `waiting`, and without a trusted clock it cannot be told when the wave comes.
    ClockUntrusted,
    /// Being fetched.
    Downloading,
    /// Whole on the disk; the next boot tries it.
    Staged,
    /// Booted and not yet found well.
    Trial,
    /// The last update failed; the old system runs.
    RolledBack,
}

impl Phase {
    /// Whether it ends well without anybody.
    pub(crate) fn is_well(self) -> bool {
        match self {
            Phase::Running | Phase::Waiting | Phase::Downloading | Phase::Staged | Phase::Trial => {
                true
            }
            Phase::ClockUntrusted | Phase::RolledBack => false,
        }
    }
}

/// An image, as far as it must be told from others.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Its version.
    pub version: Version,
    /// Its counter.
    pub counter: u64,
    /// Its root hash.
    pub root_hash: Digest,
}

const MAX_FAILED: usize = 16;
const STATE: &str = "state.json";
const MANIFEST: &str = "manifest.json";
const SIGNATURE: &str = "manifest.json.minisig";

impl Store {
    /// Opens the directory for one process at a time.
    pub fn open(directory: &Path) -> Result<Store, Error> {
        let path = directory.join("lock");
        let lock = File::create(&path).map_err(Error::io(&path))?;
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| Error::Busy)?;
        Ok(Store {
            directory: directory.to_owned(),
            _lock: lock,
        })
    }

    /// What is remembered.
    pub fn state(&self) -> Result<State, Error> {
        read(&self.directory)
    }

    /// Remembers `state`. Durable when it returns.
    pub fn save(&self, state: &State) -> Result<(), Error> {
        let text = serde_json::to_vec_pretty(state)
            .map_err(|error| Error::Io(self.directory.join(STATE), error.into()))?;
        self.replace(STATE, &text)
    }

    /// Keeps a manifest that held, for a server that says it has not changed.
    pub fn keep_manifest(&self, manifest: &[u8], signature: &[u8]) -> Result<(), Error> {
        self.replace(MANIFEST, manifest)?;
        self.replace(SIGNATURE, signature)
    }

    /// The manifest that was kept, with its signature; it must be verified again.
    pub fn kept_manifest(&self) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let read = |name| read_small(&self.directory.join(name));
        Ok((read(MANIFEST)?, read(SIGNATURE)?))
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.directory.join(name);
        // One name, so that what a power cut leaves is used up the next time.
        let unfinished = self.directory.join(format!("{name}.part"));
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&unfinished)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)?;
            File::open(&self.directory)?.sync_all()
        };
        write().map_err(Error::io(&path))
    }
}

/// What is remembered in `directory`. A state that is missing or damaged is begun anew: the running
/// image's own counter still refuses a downgrade.
///
/// # Errors
/// It cannot be read.
pub fn read(directory: &Path) -> Result<State, Error> {
    let path = directory.join(STATE);
    if !fs::exists(&path).map_err(Error::io(&path))? {
        return Ok(State::default());
    }
    let bytes = read_small(&path)?;
    Ok(serde_json::from_slice(&bytes).unwrap_or_else(|_| {
        tracing::warn!("the state file is damaged and is begun anew");
        State::default()
    }))
}
