//! The disk's partition table (UEFI specification, chapter 5.3) and the slots in it.
//!
//! A table has two copies. They are written one after the other, each synced before the other is touched,
//! so that a power cut leaves at least one whole; firmware restores the other from it.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::chunks::Digest;
use crate::error::Error;

/// One of the two places a system can be in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Slot {
    /// `root-a` and `root-a-verity`.
    A,
    /// `root-b` and `root-b-verity`.
    B,
}

/// A partition, as its table has it.
#[derive(Clone, Debug)]
pub struct Partition {
    /// Its UUID.
    pub unique: Uuid,
    /// Where it begins, bytes.
    pub start: u64,
    /// Bytes.
    pub size: u64,
    index: usize,
    name: String,
}

/// A disk, opened.
#[derive(Debug)]
pub struct Disk {
    path: PathBuf,
    file: File,
    sector: u64,
}

/// One copy of the table: its header's sector and its entries.
#[derive(Clone)]
struct Copy {
    header: Vec<u8>,
    entries: Vec<u8>,
}

const SIGNATURE: &[u8] = b"EFI PART";
const PRIMARY: u64 = 1;
const MAX_ENTRIES: usize = 1024;

impl Slot {
    /// The other one.
    pub fn other(self) -> Slot {
        match self {
            Slot::A => Slot::B,
            Slot::B => Slot::A,
        }
    }

    /// Labels of its root and its verity tree.
    pub fn labels(self) -> [&'static str; 2] {
        match self {
            Slot::A => ["root-a", "root-a-verity"],
            Slot::B => ["root-b", "root-b-verity"],
        }
    }
}

impl Disk {
    /// Opens a block device or an image of a disk for reading and writing.
    pub fn open(path: &Path) -> Result<Disk, Error> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(Error::io(path))?;
        let mut disk = Disk {
            path: path.to_owned(),
            file,
            sector: 512,
        };
        for sector in [512, 4096] {
            disk.sector = sector;
            if disk.table().is_ok() {
                return Ok(disk);
            }
        }
        Err(disk.unusable("no partition table that holds"))
    }

    /// To read and write at an offset of the disk.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Its path, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The partitions of a slot: root and verity.
    pub fn slot(&self, slot: Slot) -> Result<[Partition; 2], Error> {
        let partitions = partitions(&self.table()?, self.sector);
        let find = |label: &str| {
            let mut found = partitions
                .iter()
                .filter(|partition| partition.name == label);
            match (found.next(), found.next()) {
                (Some(partition), None) => Ok(partition.clone()),
                (None, _) | (Some(_), Some(_)) => {
                    Err(self.unusable("a slot's partition is missing or twice there"))
                }
            }
        };
        let [root, verity] = slot.labels();
        Ok([find(root)?, find(verity)?])
    }

    /// The slot whose UUIDs `root_hash` names.
    pub fn slot_of(&self, root_hash: Digest) -> Result<Option<Slot>, Error> {
        for slot in [Slot::A, Slot::B] {
            let [root, verity] = self.slot(slot)?;
            if [root.unique, verity.unique] == named_by(root_hash) {
                return Ok(Some(slot));
            }
        }
        Ok(None)
    }

    /// Gives a slot's partitions the UUIDs by which `root_hash` finds them, or, without one, such that no
    /// root hash does. Synced when it returns.
    pub fn name_slot(&self, slot: Slot, root_hash: Option<Digest>) -> Result<(), Error> {
        let names = match root_hash {
            Some(root_hash) => named_by(root_hash),
            None => slot.labels().map(unnamed),
        };
        let mut copy = self.table()?;
        let entry = copy.entry_size();
        for (partition, name) in self.slot(slot)?.iter().zip(names) {
            let at = partition.index * entry + 16;
            copy.entries[at..at + 16].copy_from_slice(&name.to_bytes_le());
        }
        // The copy that may be torn already goes first: never are both at risk.
        let primary_holds = self.copy(PRIMARY).is_some();
        match primary_holds {
            true => self
                .write_copy(&copy, false)
                .and_then(|()| self.write_copy(&copy, true)),
            false => self
                .write_copy(&copy, true)
                .and_then(|()| self.write_copy(&copy, false)),
        }
    }

    fn table(&self) -> Result<Copy, Error> {
        self.copy(PRIMARY)
            .or_else(|| self.copy(self.last_sector()?))
            .ok_or_else(|| self.unusable("no partition table that holds"))
    }

    fn last_sector(&self) -> Option<u64> {
        use std::io::{Seek, SeekFrom};
        let size = (&self.file).seek(SeekFrom::End(0)).ok()?;
        (size / self.sector).checked_sub(1)
    }

    fn copy(&self, lba: u64) -> Option<Copy> {
        let mut header = vec![0; self.sector as usize];
        self.file
            .read_exact_at(&mut header, lba.checked_mul(self.sector)?)
            .ok()?;
        let mut copy = Copy {
            header,
            entries: Vec::new(),
        };
        let size = copy.u32_at(12) as usize;
        if !copy.header.starts_with(SIGNATURE) || !(92..=copy.header.len()).contains(&size) {
            return None;
        }
        let (count, entry) = (copy.u32_at(80) as usize, copy.entry_size());
        if copy.u32_at(16) != copy.header_sum() || copy.u64_at(24) != lba {
            return None;
        }
        if count > MAX_ENTRIES || !(128..=4096).contains(&entry) {
            return None;
        }
        copy.entries = vec![0; count * entry];
        let at = copy.u64_at(72).checked_mul(self.sector)?;
        self.file.read_exact_at(&mut copy.entries, at).ok()?;
        (copy.u32_at(88) == crc32fast::hash(&copy.entries)).then_some(copy)
    }

    /// Writes `copy` as the primary or the backup one, whichever it was read from.
    fn write_copy(&self, copy: &Copy, primary: bool) -> Result<(), Error> {
        let mut copy = copy.clone();
        let was_primary = copy.u64_at(24) == PRIMARY;
        let [own, other] = match was_primary == primary {
            true => [copy.u64_at(24), copy.u64_at(32)],
            false => [copy.u64_at(32), copy.u64_at(24)],
        };
        let taken = (copy.entries.len() as u64).div_ceil(self.sector);
        let entries = match (was_primary == primary, primary) {
            (true, _) => copy.u64_at(72),
            (false, true) => PRIMARY + 1,
            (false, false) => own
                .checked_sub(taken)
                .ok_or_else(|| self.unusable("no room for the backup table"))?,
        };
        copy.header[24..32].copy_from_slice(&own.to_le_bytes());
        copy.header[32..40].copy_from_slice(&other.to_le_bytes());
        copy.header[72..80].copy_from_slice(&entries.to_le_bytes());
        copy.header[88..92].copy_from_slice(&crc32fast::hash(&copy.entries).to_le_bytes());
        let sum = copy.header_sum();
        copy.header[16..20].copy_from_slice(&sum.to_le_bytes());
        let write = |bytes: &[u8], lba: u64| self.file.write_all_at(bytes, lba * self.sector);
        write(&copy.entries, entries)
            .and_then(|()| write(&copy.header, own))
            .and_then(|()| self.file.sync_all())
            .map_err(Error::io(&self.path))
    }

    fn unusable(&self, reason: &'static str) -> Error {
        Error::Disk(self.path.clone(), reason)
    }
}

impl Copy {
    fn u32_at(&self, at: usize) -> u32 {
        self.header[at..at + 4]
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | u32::from(*byte))
    }

    fn u64_at(&self, at: usize) -> u64 {
        u64::from(self.u32_at(at)) | u64::from(self.u32_at(at + 4)) << 32
    }

    fn entry_size(&self) -> usize {
        self.u32_at(84) as usize
    }

    fn header_sum(&self) -> u32 {
        let mut header = self.header[..self.u32_at(12) as usize].to_vec();
        header[16..20].fill(0);
        crc32fast::hash(&header)
    }
}

fn partitions(copy: &Copy, sector: u64) -> Vec<Partition> {
    let read = |(index, entry): (usize, &[u8])| {
        let unique: [u8; 16] = entry[16..32].try_into().ok()?;
        let lba = |at: usize| {
            entry[at..at + 8]
                .iter()
                .rev()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
        };
        let units: Vec<u16> = entry[56..128]
            .chunks_exact(2)
            .map(|unit| u16::from(unit[0]) | u16::from(unit[1]) << 8)
            .take_while(|unit| *unit != 0)
            .collect();
        let sectors = lba(40).checked_add(1)?.checked_sub(lba(32))?;
        let used = entry[..16].iter().any(|byte| *byte != 0);
        used.then_some(Partition {
            unique: Uuid::from_bytes_le(unique),
            start: lba(32).checked_mul(sector)?,
            size: sectors.checked_mul(sector)?,
            index,
            name: String::from_utf16_lossy(&units),
        })
    };
    copy.entries
        .chunks_exact(copy.entry_size())
        .enumerate()
        .filter_map(read)
        .collect()
}

fn named_by(root_hash: Digest) -> [Uuid; 2] {
    let (root, verity) = root_hash.0.split_at(16);
    [root, verity].map(|half| Uuid::from_slice(half).unwrap_or_default())
}

fn unnamed(label: &str) -> Uuid {
    let Digest(hash) = Digest::of(label.as_bytes());
    let (half, _) = hash.split_first_chunk().unwrap_or((&[0; 16], &[]));
    uuid::Builder::from_custom_bytes(*half).into_uuid()
}
