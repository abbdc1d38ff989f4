//! What is installed: a directory with the catalogue that serves and the one before.
//!
//! ```text
//! current -> releases/8-1c9f…       the one link that says which serves
//! releases/8-1c9f…/
//!     manifest.json, *.minisig      as they were signed
//!     certificate.json
//!     catalogue/                    the catalogue itself
//!     previous -> ../7-0a42…        which one it replaced
//!     tag                           what the server called the bundle, if it came from one
//! releases/7-0a42…/
//! incoming/                         while one is being installed
//! lock
//! ```
//!
//! The rename of `current` is the one commit; all that it leads to is on disk before. A release never
//! changes but for its `previous`, and that only while it does not serve. So whatever is cut off when,
//! one whole catalogue serves, and what is left over is cleared away the next time.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use rustix::fs::FlockOperation;
use yici_catalog::Catalog;

use crate::bundle::{Bundle, CATALOGUE, MANIFEST, accept, reload};
use crate::error::Error;
use crate::manifest::Manifest;
use crate::signed::Keys;
use crate::{CheckCertificate, walk};

const CURRENT: &str = "current";
const RELEASES: &str = "releases";
const PREVIOUS: &str = "previous";
const INCOMING: &str = "incoming";
const TAG: &str = "tag";
const LOCK: &str = "lock";
/// Ends the name of a release that stands in for a damaged one of the same content.
const AGAIN: &str = "-again";
/// How often and when the lock is tried again: for about a second.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// A directory with what is installed.
#[derive(Debug, Clone)]
pub struct Store {
    directory: PathBuf,
}

/// What else is asked of a bundle, and known of it.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The region it must be for (GB/T 2260). Without it, that of the installed one.
    pub region: Option<String>,
    /// What the server called it.
    pub tag: Option<String>,
}

/// What an installation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Installed {
    /// It serves from now on.
    New(Manifest),
    /// It served already.
    Already(Manifest),
}

/// An installed catalogue, checked again.
#[derive(Debug)]
pub struct Loaded {
    /// The release, as its directory is called.
    pub release: String,
    /// What it is.
    pub manifest: Manifest,
    /// Where the catalogue is. It stays there until two others were installed.
    pub directory: PathBuf,
    /// The catalogue.
    pub catalog: Catalog,
    /// Why the one that should serve cannot, and the one before does.
    pub passed_over: Option<Error>,
}

impl Store {
    /// The store in a directory. Nothing is read yet.
    pub fn new(directory: impl Into<PathBuf>) -> Store {
        Store {
            directory: directory.into(),
        }
    }

    /// Installs a bundle that all three have signed, whose catalogue has no mistakes and is proven by
    /// its certificate, and which is newer than all that is here. When it returns, the catalogue is on
    /// disk and serves; whatever is cut off before, the one before does. Makes the directory if it is
    /// not there.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub fn install(
        &self,
        bundle: &Bytes,
        keys: &Keys,
        options: &Options,
        check: CheckCertificate<'_>,
    ) -> Result<Installed, Error> {
        fs::create_dir_all(self.path(RELEASES)).map_err(Error::io(&self.directory))?;
        let _lock = self.lock()?;
        let bundle = Bundle::parse(bundle)?;
        let manifest = bundle.check(keys)?;
        let mut name = name_of(&manifest, &bundle);
        let mut serving = self.current()?;
        if let Some(current) = &serving
            && self.open(current, keys).is_err()
        {
            // Not worth keeping; and the same bundle mends it.
            serving = self.before(current)?;
        } else if serving
            .as_ref()
            .is_some_and(|current| is_same(current, &name))
        {
            self.tidy()?;
            return Ok(Installed::Already(manifest));
        }
        self.admit(&manifest, &name, options)?;
        self.tidy()?;

        let incoming = self.path(INCOMING);
        fs::create_dir(&incoming).map_err(Error::io(&incoming))?;
        let accepted = bundle
            .write(&incoming, fs::File::sync_all)
            .and_then(|()| accept(&incoming, &manifest, check));
        if let Err(refused) = accepted {
            remove(&incoming)?;
            return Err(refused);
        }
        if let Some(tag) = &options.tag {
            write(&incoming.join(TAG), tag.as_bytes())?;
        }
        if let Some(serving) = &serving {
            link(&incoming, PREVIOUS, &Path::new("..").join(serving))?;
        }
        sync_tree(&incoming)?;
        if self.release(&name).exists() {
            name.push_str(AGAIN);
        }
        let release = self.release(&name);
        rename(&incoming, &release)?;
        sync(&self.path(RELEASES))?;
        self.serve(&name)?;
        self.tidy()?;
        Ok(Installed::New(manifest))
    }

    /// Goes back to the catalogue before, after checking it again; going back once more undoes it.
    /// What was gone back from is not installed again by itself: a newer bundle must have a higher
    /// counter than both.
    ///
    /// # Errors
    /// When there is none, or it cannot serve; nothing was changed then.
    pub fn roll_back(&self, keys: &Keys) -> Result<Manifest, Error> {
        if !self.path(RELEASES).is_dir() {
            return Err(Error::NothingBefore);
        }
        let _lock = self.lock()?;
        let current = self.current()?.ok_or(Error::NothingBefore)?;
        let before = self.before(&current)?.ok_or(Error::NothingBefore)?;
        let (manifest, _) = self.open(&before, keys)?;
        link(
            &self.release(&before),
            PREVIOUS,
            &Path::new("..").join(&current),
        )?;
        self.serve(&before)?;
        self.tidy()?;
        Ok(manifest)
    }

    /// Loads the catalogue that serves, checking again who signed it and that nothing was changed.
    /// If it cannot be used, the one before is loaded. Nothing, if nothing was installed.
    ///
    /// # Errors
    /// When there is one and neither can be used.
    pub fn load(&self, keys: &Keys) -> Result<Option<Loaded>, Error> {
        let Some(current) = self.current()? else {
            return Ok(None);
        };
        let loaded = |release: String, (manifest, catalog), passed_over| {
            Some(Loaded {
                directory: self.release(&release).join(CATALOGUE),
                release,
                manifest,
                catalog,
                passed_over,
            })
        };
        let error = match self.open(&current, keys) {
            Ok(opened) => return Ok(loaded(current, opened, None)),
            Err(error) => error,
        };
        let before = self.before(&current).ok().flatten();
        match before.map(|before| (self.open(&before, keys), before)) {
            Some((Ok(opened), before)) => Ok(loaded(before, opened, Some(error))),
            Some((Err(_), _)) | None => Err(error),
        }
    }

    /// The release that serves, as its directory is called; nothing, if nothing was installed. Reads
    /// one link.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn current(&self) -> Result<Option<String>, Error> {
        read_link(&self.path(CURRENT))
    }

    /// What the server called the bundle that serves.
    pub fn tag(&self) -> Option<String> {
        let tag = walk::read(&self.path(CURRENT).join(TAG)).ok()?;
        String::from_utf8(tag.into()).ok()
    }

    /// Whether a bundle may follow what is here.
    fn admit(&self, manifest: &Manifest, name: &str, options: &Options) -> Result<(), Error> {
        let mut here = options.region.clone();
        for (place, release) in self.kept()?.iter().enumerate() {
            let known = counter_of(release);
            let mends = place == 0 && is_same(release, name);
            if manifest.counter <= known && !mends {
                let offered = manifest.counter;
                return Err(Error::Older { offered, known });
            }
            // What is damaged beyond reading must not keep a good one out.
            let Ok(bytes) = walk::read(&self.release(release).join(MANIFEST)) else {
                continue;
            };
            let Ok(installed) = Manifest::parse(&bytes) else {
                continue;
            };
            if installed.version == manifest.version && installed.files != manifest.files {
                return Err(Error::SameVersion(installed.version));
            }
            if place == 0 && here.is_none() {
                here = Some(installed.region_code);
            }
        }
        match here {
            Some(here) if here != manifest.region_code => Err(Error::OtherRegion {
                offered: manifest.region_code.clone(),
                here,
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Reads a release and checks all of it but its certificate, which was when it was installed: its
    /// files are the same since.
    fn open(&self, release: &str, keys: &Keys) -> Result<(Manifest, Catalog), Error> {
        let directory = self.release(release);
        let manifest = Bundle::read_back(&directory)?.check(keys)?;
        let catalog = reload(&directory.join(CATALOGUE), &manifest)?;
        Ok((manifest, catalog))
    }

    fn before(&self, release: &str) -> Result<Option<String>, Error> {
        read_link(&self.release(release).join(PREVIOUS))
    }

    /// The releases that stay: the one that serves, and the one before.
    fn kept(&self) -> Result<Vec<String>, Error> {
        let mut kept: Vec<String> = self.current()?.into_iter().collect();
        if let Some(current) = kept.first() {
            let before = self.before(current)?;
            kept.extend(before.filter(|before| self.release(before).is_dir()));
        }
        Ok(kept)
    }

    /// Clears away what neither serves nor is kept: what was cut off, and what is older.
    fn tidy(&self) -> Result<(), Error> {
        remove(&self.path(INCOMING))?;
        let kept = self.kept()?;
        let releases = self.path(RELEASES);
        for entry in fs::read_dir(&releases).map_err(Error::io(&releases))? {
            let entry = entry.map_err(Error::io(&releases))?;
            if !kept
                .iter()
                .any(|kept| *kept == entry.file_name().to_string_lossy())
            {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    fn serve(&self, release: &str) -> Result<(), Error> {
        link(&self.directory, CURRENT, &Path::new(RELEASES).join(release))
    }

    fn lock(&self) -> Result<fs::File, Error> {
        let path = self.path(LOCK);
        let lock = fs::File::create(&path).map_err(Error::io(&path))?;
        let take = || rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive);
        let mut taken = take();
        for _ in 0..TRIES {
            if taken.is_ok() {
                break;
            }
            // A process that another thread starts holds all locks of this one until it is another.
            std::thread::sleep(PAUSE);
            taken = take();
        }
        taken.map_err(|_| Error::Busy)?;
        Ok(lock)
    }

    fn release(&self, name: &str) -> PathBuf {
        self.path(RELEASES).join(name)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

fn name_of(manifest: &Manifest, bundle: &Bundle) -> String {
    let digest = bundle.digest().to_string();
    format!(
        "{}-{}",
        manifest.counter,
        digest.get(..16).unwrap_or_default()
    )
}

fn is_same(release: &str, name: &str) -> bool {
    release.strip_suffix(AGAIN).unwrap_or(release) == name
}

fn counter_of(release: &str) -> u64 {
    let counter = release.split('-').next();
    counter
        .and_then(|counter| counter.parse().ok())
        .unwrap_or(0)
}

/// The last name that a link leads to.
fn read_link(path: &Path) -> Result<Option<String>, Error> {
    match fs::read_link(path) {
        Ok(target) => Ok(target
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(path)(error)),
    }
}

/// Makes or replaces a link; on disk when it returns.
fn link(directory: &Path, name: &str, target: &Path) -> Result<(), Error> {
    let part = directory.join(format!("{name}.part"));
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Error::io(&part)(error));
        }
        Ok(()) | Err(_) => {}
    }
    symlink(target, &part).map_err(Error::io(&part))?;
    rename(&part, &directory.join(name))?;
    sync(directory)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let write = || {
        let mut file = fs::File::create_new(path)?;
        io::Write::write_all(&mut file, bytes)?;
        file.sync_all()
    };
    write().map_err(Error::io(path))
}

fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(Error::io(to))
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io(path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn sync(directory: &Path) -> Result<(), Error> {
    let sync = || fs::File::open(directory)?.sync_all();
    sync().map_err(Error::io(directory))
}

/// Syncs a directory and those below it; the files in them were when they were written.
fn sync_tree(directory: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(directory).map_err(Error::io(directory))? {
        let entry = entry.map_err(Error::io(directory))?;
        if entry.file_type().map_err(Error::io(directory))?.is_dir() {
            sync_tree(&entry.path())?;
        }
    }
    sync(directory)
}
