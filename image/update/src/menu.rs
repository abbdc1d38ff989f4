//! What the boot menu offers: unified kernel images named `yici_<version>[+<left>[-<done>]].efi` in
//! `EFI/Linux` (Boot Loader Specification, boot counting).
//!
//! systemd-boot starts the highest version that has tries left, and takes one away by renaming the file
//! before it starts it; systemd-bless-boot takes the suffix away after a good start.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::chunks::Digest;
use crate::error::Error;
use crate::manifest::Version;

/// An entry of the menu.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its file.
    pub path: PathBuf,
    /// As its name says.
    pub version: String,
    /// Tries left; `None` once it started well.
    pub left: Option<u32>,
    /// The root it starts; `None` if it names none.
    pub root_hash: Option<Digest>,
}

/// Where a boot image is put together; not a name that the menu shows.
pub const UNFINISHED: &str = "yici-update.part";
const PREFIX: &str = "yici_";
const MAX_IMAGE: u64 = 256 << 20;

/// `EFI/Linux` of the EFI system partition mounted at `esp`.
pub fn directory(esp: &Path) -> PathBuf {
    esp.join("EFI/Linux")
}

/// All entries of ours.
pub fn entries(esp: &Path) -> Result<Vec<Entry>, Error> {
    let directory = directory(esp);
    let mut entries = Vec::new();
    for item in fs::read_dir(&directory).map_err(Error::io(&directory))? {
        let item = item.map_err(Error::io(&directory))?;
        let name = item.file_name();
        let named = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(".efi"));
        let Some(named) = named else {
            continue;
        };
        let (version, tries) = named.split_once('+').unwrap_or((named, ""));
        let left = tries.split('-').next().and_then(|left| left.parse().ok());
        entries.push(Entry {
            version: version.to_owned(),
            left,
            root_hash: root_hash(&item.path())?,
            path: item.path(),
        });
    }
    Ok(entries)
}

/// The root hash that a boot image's command line names.
pub fn root_hash(image: &Path) -> Result<Option<Digest>, Error> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let file = File::open(image).map_err(Error::io(image))?;
    file.take(MAX_IMAGE)
        .read_to_end(&mut bytes)
        .map_err(Error::io(image))?;
    Ok(root_hash_in(&bytes))
}

/// The root hash that a kernel's command line, or an image that holds one, names.
pub fn root_hash_in(bytes: &[u8]) -> Option<Digest> {
    const KEY: &[u8] = b"roothash=";
    memchr::memmem::find_iter(bytes, KEY).find_map(|at| {
        let text = bytes.get(at + KEY.len()..)?.get(..64)?;
        let text = String::from_utf8(text.to_vec()).ok()?;
        text.try_into().ok()
    })
}

/// Puts the finished image into the menu, with one try. Durable when it returns.
pub fn offer(esp: &Path, version: &Version) -> Result<(), Error> {
    let directory = directory(esp);
    let path = directory.join(format!("{PREFIX}{version}+1.efi"));
    fs::rename(directory.join(UNFINISHED), &path).map_err(Error::io(&path))?;
    // On FAT, a renamed file is empty until it is written out itself: its size and place stand in its new entry.
    sync(&path)?;
    sync(&directory)
}

/// Takes entries out of the menu, those that are there. Durable when it returns.
pub fn withdraw<'a>(esp: &Path, entries: impl Iterator<Item = &'a Entry>) -> Result<(), Error> {
    let mut any = false;
    for entry in entries {
        match fs::remove_file(&entry.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::Io(entry.path.clone(), error));
            }
            Ok(()) | Err(_) => any = true,
        }
    }
    match any {
        true => sync(&directory(esp)),
        false => Ok(()),
    }
}

fn sync(path: &Path) -> Result<(), Error> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(Error::io(path))
}
