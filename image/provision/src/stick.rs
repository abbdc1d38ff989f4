//! Reading a setup file off a stick that somebody else made.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use crate::MAX_BYTES;

/// The label of a stick's file system: `/dev/disk/by-label/KIOSK-SETUP`.
pub const LABEL: &str = "KIOSK-SETUP";

/// The file's name, at the top of the stick.
pub const FILE: &str = "kiosk-setup.toml";

/// Reads the setup file of a mounted stick, or the file itself. At most one byte more than
/// [`MAX_BYTES`] is read, so that [`crate::check`] can say that it is too big.
///
/// # Errors
/// When it is not there, cannot be read, or is no regular file: a link on a stick may point anywhere,
/// and a pipe or device never ends.
pub fn read(place: &Path) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let path = if place.is_dir() {
        place.join(FILE)
    } else {
        place.to_owned()
    };
    let file = File::from(rustix::fs::open(&path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{} is no regular file", path.display()),
        ));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
