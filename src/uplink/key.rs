//! The file with the device's secret key.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use yici_contract::{KeyError, NoRandomness, SecretKey};
use zeroize::Zeroizing;

/// Why the device's key cannot be used or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It is not there.
    #[error(
        "no device key at {}: run `kiosk uplink key --config FILE`, and enrol it with upstream",
        .0.display()
    )]
    Missing(PathBuf),
    /// It cannot be read or written.
    #[error("device key {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// Others can read it.
    #[error(
        "others can read the device key {}: chmod 600 it, and make a new one if they may have",
        .0.display()
    )]
    Open(PathBuf),
    /// What stands in it is no key.
    #[error("device key {}: {error}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: KeyError,
    },
    /// The system gives no random bytes.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

/// Reads the device's key.
///
/// # Errors
/// When it is not there, not a key, or others can read it.
pub fn load_key(path: &Path) -> Result<SecretKey, KeyFileError> {
    let failed = |error: std::io::Error| {
        if error.kind() == std::io::ErrorKind::NotFound {
            KeyFileError::Missing(path.to_owned())
        } else {
            file_error(path, error)
        }
    };
    let file = fs::File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Open(path.to_owned()));
    }
    // Reserved at once: a string that grows leaves copies.
    let mut text = Zeroizing::new(String::with_capacity(MAX_FILE_BYTES as usize));
    file.take(MAX_FILE_BYTES)
        .read_to_string(&mut text)
        .map_err(failed)?;
    SecretKey::parse(&text).map_err(|error| KeyFileError::Key {
        path: path.to_owned(),
        error,
    })
}

/// Makes a key and its file, whole or not at all, unless there is one already; gives the key.
///
/// # Errors
/// When it cannot be made, or the one that is there cannot be read.
pub fn make_key(path: &Path) -> Result<SecretKey, KeyFileError> {
    match load_key(path) {
        Err(KeyFileError::Missing(_)) => {}
        there => return there,
    }
    let key = SecretKey::random()?;
    let dir = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    };
    let failed = |error| file_error(path, error);
    // Its mode is 0600 from the first.
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(failed)?;
    file.write_all(key.to_text().as_bytes()).map_err(failed)?;
    file.write_all(b"\n").map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        // Somebody else made one just now: that is the key.
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {
            return load_key(path);
        }
        Err(error) => return Err(failed(error.error)),
    }
    fs::File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(failed)?;
    Ok(key)
}

const MAX_FILE_BYTES: u64 = 1024;

fn file_error(path: &Path, error: std::io::Error) -> KeyFileError {
    KeyFileError::File {
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_for_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("device.key");
        let missing = load_key(&path).unwrap_err().to_string();
        assert!(missing.contains("kiosk uplink key"), "{missing}");
        let key = make_key(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(make_key(&path).unwrap().public(), key.public());
        assert_eq!(load_key(&path).unwrap().public(), key.public());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(load_key(&path), Err(KeyFileError::Open(_))));
        assert!(matches!(make_key(&path), Err(KeyFileError::Open(_))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "personal").unwrap();
        let error = make_key(&path).unwrap_err().to_string();
        assert!(!error.contains("personal"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"personal", "never overwritten");
    }
}
