//! Takes a sealed case in: one that a terminal delivers, or that its staff brought on a stick.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use yici_catalog::Catalog;
use yici_contract::api::Receipt;
use yici_contract::envelope::{self, MAX_SEALED_BYTES, OpenError, WireError};
use yici_contract::{CaseError, CaseNumber, KeyId, PublicKey, SealedCase};

use crate::data::Data;
use crate::shares::{self, UnknownError};
use crate::store::{Delivery, NewCase, Store, StoreError};
use crate::vault::{Kept, VaultError};

/// Why a sealed case is not taken in.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// It does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It names what the catalogue has not.
    #[error(transparent)]
    Unknown(#[from] UnknownError),
    /// It cannot be written again.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Files were not taken in.
#[derive(Debug, thiserror::Error)]
#[error("{0} of {1} files not taken in; the others are")]
pub struct NotTakenError(usize, usize);

/// What taking in needs.
pub struct Intake<'a> {
    /// The database.
    pub store: &'a Store,
    /// The keys that open and keep.
    pub data: &'a Data,
    /// What cases are split by.
    pub catalog: &'a Catalog,
}

impl Intake<'_> {
    /// Opens what `device` sealed under `number`, splits it into the units' shares and stores all of it, once.
    pub fn take(
        &self,
        number: &CaseNumber,
        device: &PublicKey,
        sealed: &SealedCase,
    ) -> Result<Delivery, IntakeError> {
        let sha256 = sealed.digest();
        // A case that is here needs no opening: its key may be gone by now.
        if let Some(earlier) = self.store.delivered(number, &device.id(), &sha256)? {
            return Ok(earlier);
        }
        let opened = envelope::open(sealed, number, &self.data.keys, device)?;
        let case = &opened.case;
        let shares = shares::split(case, self.catalog)?;
        let kept = self.data.vault.keep(number, Kept::Case, &case.to_json()?)?;
        let attachments = opened
            .attachments
            .iter()
            .map(|attachment| {
                let name = attachment.name.as_str();
                let kept =
                    self.data
                        .vault
                        .keep(number, Kept::Attachment { name }, &attachment.bytes)?;
                Ok((name, kept))
            })
            .collect::<Result<Vec<_>, VaultError>>()?;
        let new = NewCase {
            number: *number,
            device: device.id(),
            sealed: sealed.as_bytes(),
            sha256,
            matter: &case.matter,
            catalogue: &case.catalogue,
            secret: case.secret,
            opened: &kept,
            attachments: &attachments,
            shares: &shares,
        };
        let delivery = self.store.receive(&new, Timestamp::now())?;
        tracing::info!(%number, device = %device.id(), "case received");
        Ok(delivery)
    }

    /// Takes in what `kiosk outbox export` wrote, each file for itself, and prints number and time of each.
    /// One that is here already keeps its time.
    pub fn take_files(&self, files: &[PathBuf]) -> Result<(), Box<dyn std::error::Error>> {
        let mut out = std::io::stdout().lock();
        let mut refused = 0;
        for file in files {
            match self.take_file(file) {
                Ok(receipt) => writeln!(out, "{}  {}", receipt.number, receipt.received)?,
                Err(error) => {
                    refused += 1;
                    eprintln!("{}: {error}", file.display());
                }
            }
        }
        match refused {
            0 => Ok(()),
            refused => Err(NotTakenError(refused, files.len()).into()),
        }
    }

    fn take_file(&self, file: &Path) -> Result<Receipt, FileError> {
        let mut bytes = Vec::new();
        // One byte more than any case has tells what is too long from what is cut off.
        File::open(file)?
            .take(MAX_SEALED_BYTES as u64 + 1)
            .read_to_end(&mut bytes)?;
        let sealed = SealedCase::parse(bytes)?;
        let head = sealed.head();
        let device = self
            .store
            .device(&head.device)
            .map_err(IntakeError::from)?
            .ok_or(FileError::Device(head.device))?;
        match self.take(&head.number, &device, &sealed)? {
            Delivery::Stored(receipt) => Ok(receipt),
            Delivery::Conflict => Err(FileError::Conflict(head.number)),
        }
    }
}

/// Why a file is not taken in, and what to do.
#[derive(Debug, thiserror::Error)]
enum FileError {
    #[error("cannot be read: {0}")]
    Read(#[from] std::io::Error),
    #[error("is no sealed case: {0}; have it exported once more")]
    Wire(#[from] WireError),
    #[error("terminal {0} is not enrolled here, or revoked; `enrol` it, or `device restore`")]
    Device(KeyId),
    #[error("another case is stored under its number {0}")]
    Conflict(CaseNumber),
    #[error("{0}")]
    Refused(#[from] IntakeError),
}
