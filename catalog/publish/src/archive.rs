//! The bundle's form: a tar archive (ustar) that any `tar` reads, and of which there is one form alone.
//! Every byte follows from names and contents, so nothing can hide between them, and none of tar's
//! extensions, links and modes exists.

use bytes::Bytes;
use tar::{EntryType, Header};

use crate::MAX_BUNDLE_BYTES;
use crate::error::Error;

const BLOCK: usize = 512;
const END: usize = 2 * BLOCK;

/// The archive of some files, in their order.
///
/// # Errors
/// When it would be too big, or a name has no place in a header.
pub fn write<'a>(files: impl Iterator<Item = (&'a str, &'a Bytes)>) -> Result<Vec<u8>, Error> {
    let mut archive = Vec::new();
    for (name, content) in files {
        archive.extend_from_slice(header(name, content.len())?.as_bytes());
        archive.extend_from_slice(content);
        archive.resize(archive.len().next_multiple_of(BLOCK), 0);
        if archive.len() + END > MAX_BUNDLE_BYTES {
            return Err(Error::TooBig);
        }
    }
    archive.resize(archive.len() + END, 0);
    Ok(archive)
}

/// The files of an archive, in their order.
///
/// # Errors
/// When the bytes are not what [`write`] makes of these files.
pub fn read(archive: &Bytes) -> Result<Vec<(String, Bytes)>, Error> {
    if archive.len() > MAX_BUNDLE_BYTES {
        return Err(Error::TooBig);
    }
    let cut = || Error::NotABundle("it ends too early".into());
    let other = || Error::NotABundle("it is no archive of the form that bundles have".into());
    let mut files = Vec::new();
    let mut at = 0;
    loop {
        let block = archive.get(at..at + BLOCK).ok_or_else(cut)?;
        if block.iter().all(|byte| *byte == 0) {
            break;
        }
        let said = Header::from_byte_slice(block);
        let size = said.entry_size().map_err(|_| other())?;
        let size = usize::try_from(size).map_err(|_| other())?;
        let name = str::from_utf8(&said.path_bytes())
            .map_err(|_| other())?
            .to_owned();
        if header(&name, size)?.as_bytes().as_slice() != block {
            return Err(other());
        }
        let from = at + BLOCK;
        let to = from.checked_add(size).ok_or_else(cut)?;
        at = to.checked_next_multiple_of(BLOCK).ok_or_else(cut)?;
        let padding = archive.get(to..at).ok_or_else(cut)?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(other());
        }
        files.push((name, archive.slice(from..to)));
    }
    match archive.get(at..) {
        Some(end) if end.len() == END && end.iter().all(|byte| *byte == 0) => Ok(files),
        Some(end) if end.len() < END => Err(cut()),
        Some(_) | None => Err(other()),
    }
}

fn header(name: &str, size: usize) -> Result<Header, Error> {
    let mut header = Header::new_ustar();
    header
        .set_path(name)
        .map_err(|error| Error::NotABundle(error.to_string()))?;
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size as u64);
    header.set_cksum();
    Ok(header)
}
