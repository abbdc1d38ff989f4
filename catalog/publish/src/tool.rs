//! What the command line does with files.

use std::fs;
use std::io::Write;
use std::path::Path;

use jiff::Timestamp;
use minisign::{SecretKey, SecretKeyBox};

use crate::bundle::Bundle;
use crate::error::Error;
use crate::manifest::Manifest;
use crate::signed::Role;
use crate::{CheckCertificate, walk};

/// What is to be signed.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// The directory of a catalogue, which becomes a bundle.
    Directory {
        /// Which.
        directory: &'a Path,
        /// The file of the certificate that proves it.
        certificate: &'a Path,
        /// The bundle's counter.
        counter: u64,
    },
    /// The file of a bundle, which others may have signed.
    Bundle(&'a Path),
}

/// Signs in a role, with the secret key in a file; asks the terminal for its password if it has one.
/// The bundle goes to `out`, whole or not at all.
///
/// # Errors
/// Why nothing was signed or written.
pub fn sign(
    source: Source<'_>,
    role: Role,
    key: &Path,
    out: &Path,
    check: CheckCertificate<'_>,
) -> Result<(Manifest, Bundle), Error> {
    // Whole seconds: minisign's comments are read by people.
    let now = Timestamp::now();
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let mut bundle = match source {
        Source::Directory {
            directory,
            certificate,
            counter,
        } => Bundle::make(directory, walk::read(certificate)?, counter, now, check)?,
        Source::Bundle(file) => Bundle::parse(&walk::read(file)?)?,
    };
    let manifest = bundle.sign(role, &secret_key(key)?, now, check)?;
    write(out, &bundle.to_bytes()?).map_err(Error::io(out))?;
    Ok((manifest, bundle))
}

fn secret_key(path: &Path) -> Result<SecretKey, Error> {
    let bytes = walk::read(path)?;
    let text = str::from_utf8(&bytes).unwrap_or_default();
    let boxed = || SecretKeyBox::from_string(text);
    boxed()
        .and_then(SecretKeyBox::into_unencrypted_secret_key)
        .or_else(|_| boxed()?.into_secret_key(None))
        .map_err(|error| Error::Signing(format!("{}: {error}", path.display())))
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.as_file()
        .set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    fs::File::open(directory)?.sync_all()
}
