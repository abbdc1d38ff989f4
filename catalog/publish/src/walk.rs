//! The files below a directory.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::error::{Error, NameFault};
use crate::manifest::is_name;
use crate::{MAX_BUNDLE_BYTES, MAX_FILES};

/// The names of all plain files below a directory, each with the prefix and its directories, sorted.
/// What begins with a dot is passed over.
///
/// # Errors
/// When there are too many, or one that cannot go into a bundle.
pub fn names(directory: &Path, prefix: &str) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    let mut open: Vec<(PathBuf, String)> = vec![(directory.to_owned(), prefix.to_owned())];
    while let Some((directory, prefix)) = open.pop() {
        for entry in fs::read_dir(&directory).map_err(Error::io(&directory))? {
            let entry = entry.map_err(Error::io(&directory))?;
            let name = entry.file_name();
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let name = format!("{prefix}/{}", name.to_string_lossy());
            let fault = |why| Error::Name {
                name: name.clone(),
                why,
            };
            // Not of what a link leads to.
            let kind = entry.file_type().map_err(Error::io(&entry.path()))?;
            if !is_name(&name) {
                return Err(fault(NameFault::Letters));
            }
            if kind.is_dir() {
                open.push((entry.path(), name));
            } else if kind.is_file() {
                names.push(name);
            } else {
                return Err(fault(NameFault::NoFile));
            }
            if names.len() + open.len() > MAX_FILES {
                return Err(Error::TooBig);
            }
        }
    }
    names.sort();
    Ok(names)
}

/// A file of at most [`MAX_BUNDLE_BYTES`].
///
/// # Errors
/// When it cannot be read, or is too big.
pub fn read(path: &Path) -> Result<Bytes, Error> {
    let mut bytes = Vec::new();
    // A pipe would keep whoever opens it waiting.
    if !fs::metadata(path).map_err(Error::io(path))?.is_file() {
        return Err(Error::Io {
            path: path.to_owned(),
            error: std::io::ErrorKind::InvalidInput.into(),
        });
    }
    let file = fs::File::open(path).map_err(Error::io(path))?;
    file.take(MAX_BUNDLE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(Error::io(path))?;
    match bytes.len() > MAX_BUNDLE_BYTES {
        true => Err(Error::TooBig),
        false => Ok(bytes.into()),
    }
}
