//! One pass of the updater, and what follows a boot.
//!
//! The order of writes is the safety of it. The entry of the slot that does not run leaves the menu; its
//! partitions lose the UUIDs by which a boot image finds them; its bytes are written, synced, read back and
//! compared; they get the new UUIDs; the boot image is written beside the menu, checked, and renamed into
//! it. That rename is the commit: whatever is cut off before it leaves the old system alone in the menu.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::chunks::{self, Chunk, Digest, Piece};
use crate::config::{Config, read_small};
use crate::disk::{Disk, Slot};
use crate::error::Error;
use crate::manifest::Manifest;
use crate::menu::{self, Entry};
use crate::source::{Found, Source};
use crate::state::{Phase, State, Store, Target};

/// Images given up in a row after which only a stick is taken.
pub const MAX_ROLLBACKS: u32 = 3;
const SAVE_EVERY: Duration = Duration::from_secs(2);

/// What the disk and the menu say.
pub struct System {
    /// The disk.
    pub disk: Disk,
    /// The slot that runs.
    pub slot: Slot,
    /// The running system's entry.
    pub running: Entry,
    /// The other entries.
    pub others: Vec<Entry>,
}

impl System {
    /// Looks; fails if anything leaves in doubt which slot runs.
    pub fn look(config: &Config) -> Result<System, Error> {
        let root_hash = running_root(config)?;
        let disk = Disk::open(&config.disk)?;
        let slot = disk
            .slot_of(root_hash)?
            .ok_or(Error::Running("no slot has the UUIDs of the running root"))?;
        let (mut running, others): (Vec<_>, Vec<_>) = menu::entries(&config.esp)?
            .into_iter()
            .partition(|entry| entry.root_hash == Some(root_hash));
        let running = running
            .pop()
            .ok_or(Error::Running("no boot image names the running root"))?;
        Ok(System {
            disk,
            slot,
            running,
            others,
        })
    }

    /// The entry of `target`, if it waits to be tried.
    pub fn staged(&self, target: Option<&Target>) -> Option<&Entry> {
        let target = target?;
        self.others.iter().find(|entry| {
            entry.root_hash == Some(target.root_hash) && entry.left.is_some_and(|left| left > 0)
        })
    }
}

/// One pass: looks for something newer, and fetches and stages it. Takes the tree at `from` instead of the
/// server's if there is one; whoever holds the stick decides, so waves are not asked and a cap on
/// rollbacks does not hold.
pub fn run(config: &Config, from: Option<&Path>) -> Result<Phase, Error> {
    let store = Store::open(&config.state)?;
    let mut state = store.state()?;
    state.checked = Some(Timestamp::now());
    let ended = pass(config, from, &store, &mut state);
    state.fault = ended.as_ref().err().map(Error::fault);
    store.save(&state)?;
    ended.map(|()| state.phase)
}

/// Whether a reboot is wanted to try what is staged. The boot loader chooses it by itself: it prefers the
/// highest version that has tries left.
pub fn apply(config: &Config) -> Result<bool, Error> {
    let store = Store::open(&config.state)?;
    let system = System::look(config)?;
    let mut state = store.state()?;
    settle(config, &system, &store, &mut state)?;
    let staged = system
        .staged(state.target.as_ref())
        .and_then(|entry| entry.root_hash);
    match staged {
        Some(root_hash) => Ok(system.disk.slot_of(root_hash)? == Some(system.slot.other())),
        None => Ok(false),
    }
}

/// Remembers that the running system booted well.
pub fn confirm(config: &Config) -> Result<(), Error> {
    let store = Store::open(&config.state)?;
    let system = System::look(config)?;
    let mut state = store.state()?;
    settle(config, &system, &store, &mut state)?;
    if config.counter > state.highest_counter {
        state.highest_counter = config.counter;
        state.rollbacks = 0;
    }
    if state.target.as_ref().map(|target| target.root_hash) == system.running.root_hash {
        state.target = None;
        state.fault = None;
        state.phase = Phase::Running;
    }
    store.save(&state)
}

/// Remembers that the running system was not found well, so that the start it was tried with is its only
/// one. Nothing to remember of a system that is not on trial.
pub fn reject(config: &Config) -> Result<(), Error> {
    let store = Store::open(&config.state)?;
    let mut state = store.state()?;
    let running = running_root(config)?;
    let tried = state.target.clone();
    match tried.filter(|target| target.root_hash == running) {
        Some(target) => {
            state.fail(target);
            store.save(&state)
        }
        None => Ok(()),
    }
}

fn running_root(config: &Config) -> Result<Digest, Error> {
    let command_line = read_small(&config.kernel_command_line)?;
    menu::root_hash_in(&command_line).ok_or(Error::Running(
        "the kernel's command line names no root hash",
    ))
}

/// Sees what became of an update since the last time, and remembers it.
fn settle(config: &Config, system: &System, store: &Store, state: &mut State) -> Result<(), Error> {
    let Some(target) = state.target.clone() else {
        return Ok(());
    };
    let root_hash = target.root_hash;
    let ended = |entry: &&Entry| entry.root_hash == Some(root_hash) && entry.left == Some(0);
    if system.running.root_hash == Some(root_hash) {
        state.phase = Phase::Trial;
    } else if system.others.iter().any(|entry| ended(&entry)) {
        tracing::warn!(version = %target.version, "rolled back");
        state.fail(target);
        state.rollbacks += u32::from(state.has_given_up(root_hash));
        state.target = None;
        state.phase = Phase::RolledBack;
    } else if system.staged(Some(&target)).is_some() {
        state.phase = Phase::Staged;
    }
    store.save(state)?;
    // Only then: an entry that is gone tells nothing any more.
    menu::withdraw(&config.esp, system.others.iter().filter(ended))
}

fn pass(
    config: &Config,
    from: Option<&Path>,
    store: &Store,
    state: &mut State,
) -> Result<(), Error> {
    let system = System::look(config)?;
    settle(config, &system, store, state)?;
    // The other slot holds the system to go back to until this one is found well.
    if system.running.left.is_some() {
        state.phase = Phase::Trial;
        return Ok(());
    }
    let mut source = match from {
        Some(directory) => Source::directory(directory),
        None => Source::http(config)?,
    };
    let manifest = manifest(config, from.is_none(), &mut source, store, state)?;
    let clock = clock(config, &manifest);
    if !eligible(config, &system, state, &manifest, clock)? {
        return Ok(());
    }
    if system.staged(state.target.as_ref()).is_some()
        && state
            .target
            .as_ref()
            .is_some_and(|target| target.root_hash == manifest.root_hash)
    {
        state.phase = Phase::Staged;
        return Ok(());
    }
    if from.is_none() {
        if state.rollbacks >= MAX_ROLLBACKS {
            return Err(Error::Blocked(state.rollbacks));
        }
        let identity = read_small(&config.identity)?;
        // Without a clock, the manifest's making is the latest time that is known to have come.
        if !manifest.admits(identity.trim_ascii(), clock.unwrap_or(manifest.made)) {
            state.phase = match clock {
                Some(_) => Phase::Waiting,
                None => Phase::ClockUntrusted,
            };
            return Ok(());
        }
    }
    stage(config, &system, &mut source, store, state, &manifest)
}

fn manifest(
    config: &Config,
    cached: bool,
    source: &mut Source,
    store: &Store,
    state: &mut State,
) -> Result<Manifest, Error> {
    let key = config.key()?;
    let kept = store.kept_manifest().ok().filter(|_| cached);
    let kept =
        kept.filter(|(manifest, signature)| Manifest::open(manifest, signature, &key).is_ok());
    let tag = state.etag.clone().filter(|_| kept.is_some());
    match (source.manifest(tag.as_deref())?, kept) {
        (Found::New(bytes, signature, tag), _) => {
            let manifest = Manifest::open(&bytes, &signature, &key)?;
            if cached {
                state.etag = None;
                store.save(state)?;
                store.keep_manifest(&bytes, &signature)?;
                state.etag = tag;
            }
            Ok(manifest)
        }
        (Found::Unchanged, Some((bytes, signature))) => Manifest::open(&bytes, &signature, &key),
        (Found::Unchanged, None) => Err(Error::Manifest("unchanged, but there is none".into())),
    }
}

/// The time, if it can be trusted: set from the network, and not before the manifest was made.
fn clock(config: &Config, manifest: &Manifest) -> Option<Timestamp> {
    let now = Timestamp::now();
    let set = fs::exists(&config.clock_synchronized).unwrap_or(false);
    (set && now >= manifest.made).then_some(now)
}

/// Whether there is something newer for this terminal.
fn eligible(
    config: &Config,
    system: &System,
    state: &mut State,
    manifest: &Manifest,
    clock: Option<Timestamp>,
) -> Result<bool, Error> {
    manifest.fits()?;
    // A clock that cannot be trusted must not keep a terminal from updates; the counter still holds.
    if clock.is_some_and(|now| now >= manifest.expires) {
        return Err(Error::Expired(manifest.expires));
    }
    if system.running.root_hash == Some(manifest.root_hash) {
        state.phase = Phase::Running;
        state.target = None;
        return Ok(false);
    }
    let known = state.highest_counter.max(config.counter);
    if manifest.counter <= known {
        return Err(Error::Downgrade {
            offered: manifest.counter,
            known,
        });
    }
    if manifest.minimum_counter > config.counter {
        return Err(Error::TooOld(manifest.minimum_counter));
    }
    if manifest.version <= config.version {
        return Err(Error::Unordered(manifest.version.to_string()));
    }
    if state.has_given_up(manifest.root_hash) {
        return Err(Error::Failed(manifest.version.to_string()));
    }
    Ok(true)
}

fn stage(
    config: &Config,
    system: &System,
    source: &mut Source,
    store: &Store,
    state: &mut State,
    manifest: &Manifest,
) -> Result<(), Error> {
    let slot = system.slot.other();
    let [root, verity] = system.disk.slot(slot)?;
    for (name, piece, room) in [
        ("root", &manifest.root, root.size),
        ("verity", &manifest.verity, verity.size),
    ] {
        if piece.size > room {
            return Err(Error::TooLarge(name));
        }
    }
    let before = state.target.as_ref().map(|target| target.root_hash);
    if before != Some(manifest.root_hash) {
        state.fetched = 0;
    }
    state.target = Some(Target {
        version: manifest.version.clone(),
        counter: manifest.counter,
        root_hash: manifest.root_hash,
    });
    state.phase = Phase::Downloading;
    state.done = 0;
    state.total = manifest.root.size + manifest.verity.size + manifest.uki.size;
    store.save(state)?;

    let mut lists = Vec::new();
    for piece in [&manifest.root, &manifest.verity, &manifest.uki] {
        let blob = source.blob(piece.list, piece.list_size())?;
        lists.push(
            piece
                .parse_list(&blob)
                .ok_or_else(|| Error::Content(piece.list.path()))?,
        );
    }
    let held = Held::in_running(system)?;

    menu::withdraw(&config.esp, system.others.iter())?;
    system.disk.name_slot(slot, None)?;
    let directory = menu::directory(&config.esp);
    let unfinished = directory.join(menu::UNFINISHED);
    let boot = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&unfinished)
        .map_err(Error::io(&unfinished))?;
    boot.set_len(manifest.uki.size)
        .map_err(Error::io(&unfinished))?;
    let disk = (system.disk.file(), system.disk.path());
    let mut filling = Filling {
        held: &held,
        fetched_before: state.fetched,
        source,
        store,
        state,
        began: Instant::now(),
        saved: Instant::now(),
    };
    let places = [
        ("root", &manifest.root, disk, root.start),
        ("verity", &manifest.verity, disk, verity.start),
        (
            "boot image",
            &manifest.uki,
            (&boot, unfinished.as_path()),
            0,
        ),
    ];
    for ((name, piece, (file, path), start), chunks) in places.into_iter().zip(&lists) {
        filling.fill(file, path, start, chunks)?;
        read_back(name, piece, file, path, start)?;
    }
    if menu::root_hash(&unfinished)? != Some(manifest.root_hash) {
        return Err(Error::BootImage);
    }
    system.disk.name_slot(slot, Some(manifest.root_hash))?;
    menu::offer(&config.esp, &manifest.version)?;
    state.phase = Phase::Staged;
    Ok(())
}

/// Syncs, then compares what the disk itself holds, not what memory still has of it.
fn read_back(
    name: &'static str,
    piece: &Piece,
    file: &File,
    path: &Path,
    start: u64,
) -> Result<(), Error> {
    file.sync_all().map_err(Error::io(path))?;
    let size = std::num::NonZeroU64::new(piece.size);
    rustix::fs::fadvise(file, start, size, rustix::fs::Advice::DontNeed)
        .map_err(|error| Error::Io(path.to_owned(), error.into()))?;
    let mut reader = file;
    reader
        .seek(SeekFrom::Start(start))
        .map_err(Error::io(path))?;
    match Digest::of_reader(reader, piece.size).map_err(Error::io(path))? == piece.sha256 {
        true => Ok(()),
        false => Err(Error::ReadBack(name)),
    }
}

/// Chunks that the running system holds, and where.
struct Held {
    files: Vec<(File, PathBuf)>,
    chunks: HashMap<Digest, (usize, u64)>,
}

impl Held {
    fn in_running(system: &System) -> Result<Held, Error> {
        let mut held = Held {
            files: Vec::new(),
            chunks: HashMap::new(),
        };
        let disk = system.disk.path();
        for partition in system.disk.slot(system.slot)? {
            held.add(disk, partition.start, partition.size)?;
        }
        held.add(&system.running.path, 0, chunks::MAX_FILE)?;
        Ok(held)
    }

    fn add(&mut self, path: &Path, start: u64, size: u64) -> Result<(), Error> {
        let mut file = File::open(path).map_err(Error::io(path))?;
        file.seek(SeekFrom::Start(start)).map_err(Error::io(path))?;
        let number = self.files.len();
        chunks::cut((&file).take(size), |offset, chunk, _| {
            self.chunks
                .entry(chunk.digest)
                .or_insert((number, start + offset));
            Ok(())
        })?;
        self.files.push((file, path.to_owned()));
        Ok(())
    }

    fn get(&self, chunk: Chunk) -> Option<Vec<u8>> {
        let (number, at) = self.chunks.get(&chunk.digest)?;
        let (file, _) = self.files.get(*number)?;
        there(file, *at, chunk)
    }
}

/// The chunk's bytes, if they are at `at`.
fn there(file: &File, at: u64, chunk: Chunk) -> Option<Vec<u8>> {
    let mut bytes = vec![0; chunk.size as usize];
    file.read_exact_at(&mut bytes, at).ok()?;
    (Digest::of(&bytes) == chunk.digest).then_some(bytes)
}

struct Filling<'a> {
    held: &'a Held,
    fetched_before: u64,
    source: &'a mut Source,
    store: &'a Store,
    state: &'a mut State,
    began: Instant,
    saved: Instant,
}

impl Filling<'_> {
    fn fill(
        &mut self,
        file: &File,
        path: &Path,
        start: u64,
        chunks: &[Chunk],
    ) -> Result<(), Error> {
        let mut at = start;
        for chunk in chunks {
            if there(file, at, *chunk).is_none() {
                let bytes = match self.held.get(*chunk) {
                    Some(bytes) => bytes,
                    None => self.source.blob(chunk.digest, chunk.size as usize)?,
                };
                file.write_all_at(&bytes, at).map_err(Error::io(path))?;
            }
            at += u64::from(chunk.size);
            self.progress(chunk.size)?;
        }
        Ok(())
    }

    fn progress(&mut self, bytes: u32) -> Result<(), Error> {
        let received = self.source.received;
        self.state.done += u64::from(bytes);
        self.state.fetched = self.fetched_before + received;
        self.state.bytes_per_second =
            (received as f64 / self.began.elapsed().as_secs_f64().max(0.001)) as u64;
        if self.saved.elapsed() < SAVE_EVERY {
            return Ok(());
        }
        self.saved = Instant::now();
        self.store.save(self.state)
    }
}
