//! What was applied, on the data partition: the last setup file and the one before, as they were signed.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::check::{Checked, check_applied};
use crate::finding::{Code, Refused};
use crate::signed::Keys;
use crate::stick;

const CURRENT: &str = "setup.toml";
const EARLIER: &str = "setup-before.toml";

/// The directory that keeps what was applied. It must be there.
#[derive(Debug, Clone)]
pub struct State {
    directory: PathBuf,
}

/// What was applied.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The setup that holds.
    pub checked: Checked,
    /// Why the last one cannot be used, and the one before holds.
    pub fallen_back: Option<Refused>,
}

/// Why a setup was not applied, or none can be loaded.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It was refused; what was applied before holds.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The directory or a file in it cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl State {
    /// The state in a directory.
    pub fn new(directory: impl Into<PathBuf>) -> State {
        State {
            directory: directory.into(),
        }
    }

    /// Applies a checked setup on the machine with these serial numbers. When it returns, the setup is
    /// on disk; whatever is cut off before, the one before holds.
    ///
    /// # Errors
    /// When it is for other machines, when its serial is not larger than the applied one's (the very same
    /// file may be applied again), or when it cannot be stored.
    pub fn apply(
        &self,
        checked: &Checked,
        keys: &Keys,
        machine: &[String],
    ) -> Result<(), StateError> {
        let setup = &checked.setup;
        if !setup.machines.is_empty() && !setup.machines.iter().any(|own| machine.contains(own)) {
            return Err(StateError::Refused(Refused::whole(
                Code::OtherMachine,
                "这个文件是给别的机器的：本机序列号不在 machines 里",
                "it is for other machines: this one's serial number is not among `machines`",
            )));
        }
        let applied = match self.load(keys) {
            // What is damaged beyond use must not keep a good file out.
            Err(StateError::Refused(_)) => None,
            Ok(applied) => applied,
            Err(StateError::File { path, error }) => return Err(StateError::File { path, error }),
        };
        if let Some(applied) = applied {
            let before = applied.checked;
            if before.file == checked.file && applied.fallen_back.is_none() {
                return Ok(());
            }
            if setup.serial <= before.setup.serial && before.file != checked.file {
                let (new, old) = (setup.serial, before.setup.serial);
                return Err(StateError::Refused(Refused::whole(
                    Code::Replayed,
                    format!("序号 {new} 不大于已应用的 {old}；请加大序号，重新签名"),
                    format!(
                        "its serial {new} is not larger than the applied one's {old}; raise it and sign again"
                    ),
                )));
            }
            self.store(EARLIER, &before.file)?;
        }
        self.store(CURRENT, &checked.file)
    }

    /// What was applied, if anything was. It may have expired since; its signature must still hold, and
    /// where the last file is damaged, the one before holds.
    ///
    /// # Errors
    /// When there is one and neither can be used.
    pub fn load(&self, keys: &Keys) -> Result<Option<Loaded>, StateError> {
        let refused = match self.read(CURRENT)? {
            Some(bytes) => match check_applied(&bytes, keys) {
                Ok(checked) => {
                    return Ok(Some(Loaded {
                        checked,
                        fallen_back: None,
                    }));
                }
                Err(refused) => refused,
            },
            None => return Ok(None),
        };
        let earlier = self.read(EARLIER)?;
        match earlier.map(|bytes| check_applied(&bytes, keys)) {
            Some(Ok(checked)) => Ok(Some(Loaded {
                checked,
                fallen_back: Some(refused),
            })),
            Some(Err(_)) | None => Err(StateError::Refused(refused)),
        }
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StateError> {
        let path = self.directory.join(name);
        match stick::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StateError::File { path, error }),
        }
    }

    /// For its owner alone: there may be an enrolment code in it.
    fn store(&self, name: &str, text: &str) -> Result<(), StateError> {
        let path = self.directory.join(name);
        write_durably(&self.directory, &path, text)
            .map_err(|error| StateError::File { path, error })
    }
}

fn write_durably(directory: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    fs::File::open(directory)?.sync_all()
}
