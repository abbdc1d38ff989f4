//! What `kiosk-upstream case` does.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use jiff::Timestamp;
use serde_json::json;
use yici_contract::api::{State, Words};
use yici_contract::case::{Document, How, Media};
use yici_contract::{Case, CaseError, CaseNumber};
use zeroize::Zeroizing;

use crate::accesses::{self, Access, What};
use crate::cli::Format;
use crate::store::{Store, StoreError, StoredCase};
use crate::vault::{Kept, Vault, VaultError};

/// Why a command on cases did not do.
#[derive(Debug, thiserror::Error)]
pub enum CasesError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// What the vault gave is no case.
    #[error("a stored case: {0}")]
    Case(#[from] CaseError),
    /// What the vault gave is no JSON, or cannot be written as such.
    #[error("a stored text is no JSON")]
    Json(#[from] serde_json::Error),
    /// The output is closed, or a file cannot be written.
    #[error("output: {0}")]
    Output(#[from] std::io::Error),
}

/// Prints every case.
pub fn list(store: &Store, format: Format) -> Result<(), CasesError> {
    let mut out = std::io::stdout().lock();
    let lines = store.list()?;
    match format {
        Format::Text => {
            for line in lines {
                writeln!(out, "{}  {}  {}", line.number, line.received, line.matter)?;
            }
        }
        Format::Json => {
            let cases: Vec<_> = lines
                .iter()
                .map(|l| json!({ "number": l.number, "received": l.received, "matter": l.matter }))
                .collect();
            writeln!(out, "{}", json!({ "cases": cases }))?;
        }
    }
    Ok(())
}

/// Prints how a case is getting on.
pub fn show(
    store: &Store,
    vault: &Vault,
    number: &CaseNumber,
    format: Format,
) -> Result<(), CasesError> {
    let case = store.case(number)?.ok_or(StoreError::NotThere("case"))?;
    let mut out = std::io::stdout().lock();
    let mut items = Vec::new();
    for share in store.shares(number)? {
        let note = note(vault, number, &share.item, share.note.as_deref())?;
        items.push(json!({
            "item": share.item, "unit": share.unit, "state": share.state.code(),
            "since": share.since, "note": note,
        }));
        if let Format::Text = format {
            let (item, unit, state) = (&share.item, &share.unit, share.state.code());
            writeln!(out, "{item}  {unit}  {state}  {}", share.since)?;
        }
    }
    if let Format::Json = format {
        let case = json!({
            "number": number, "received": case.received, "matter": case.matter, "items": items,
        });
        writeln!(out, "{case}")?;
    }
    Ok(())
}

/// Prints the case itself as JSON, everything personal included: `case` as the terminal sealed it,
/// and `attachments` with their sizes in bytes. With a folder, which must not exist, attachments and
/// signatures are written there. That and why it was opened is logged before.
pub fn show_open(
    store: &Store,
    vault: &Vault,
    number: &CaseNumber,
    reason: String,
    folder: Option<&Path>,
) -> Result<(), CasesError> {
    let stored = store.case(number)?.ok_or(StoreError::NotThere("case"))?;
    store.log_access(&Access {
        at: Timestamp::now(),
        who: accesses::user(),
        what: What::Show,
        number: *number,
        why: Some(reason),
    })?;
    let case = opened(vault, number, &stored)?;
    if let Some(folder) = folder {
        fs::DirBuilder::new().mode(0o700).create(folder)?;
        for (name, png) in signatures(&case) {
            write(folder, &name, png)?;
        }
    }
    let mut attachments = Vec::new();
    for Document {
        part,
        media,
        sha256,
    } in case.documents()
    {
        let name = part.as_str();
        let kept = store.attachment(number, name)?;
        let bytes = vault.read(number, Kept::Attachment { name }, &kept)?;
        if let Some(folder) = folder {
            write(folder, &format!("{name}.{}", extension(*media)), &bytes)?;
        }
        attachments.push(json!({
            "part": part, "media": media, "bytes": bytes.len(), "sha256": sha256,
        }));
    }
    let whole = json!({
        "number": number, "received": stored.received, "device": stored.device, "case": case,
        "attachments": attachments,
    });
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &whole)?;
    writeln!(out)?;
    Ok(())
}

/// Says where an item stands now; `note` is what the unit says about it, Chinese and English.
pub fn advance(
    store: &Store,
    vault: &Vault,
    number: &CaseNumber,
    item: &str,
    to: State,
    note: Option<(String, String)>,
) -> Result<(), CasesError> {
    let note = note
        .map(|(zh, en)| {
            let words = Zeroizing::new(serde_json::to_vec(&Words { zh, en })?);
            Ok::<_, CasesError>(vault.keep(number, Kept::Note { item }, &words)?)
        })
        .transpose()?;
    store.advance(number, item, to, note.as_deref(), Timestamp::now())?;
    Ok(())
}

/// A case as it was opened when it came.
pub fn opened(vault: &Vault, number: &CaseNumber, case: &StoredCase) -> Result<Case, CasesError> {
    let json = vault.read(number, Kept::Case, &case.opened)?;
    Ok(Case::from_json(&json)?)
}

/// What a unit says about an item.
pub fn note(
    vault: &Vault,
    number: &CaseNumber,
    item: &str,
    kept: Option<&[u8]>,
) -> Result<Option<Words>, CasesError> {
    let Some(kept) = kept else { return Ok(None) };
    let words = vault.read(number, Kept::Note { item }, kept)?;
    Ok(Some(serde_json::from_slice(&words)?))
}

/// The drawn signatures of a case, each with the name of its file. No part's name has a dot, so that
/// no attachment has the same.
fn signatures(case: &Case) -> Vec<(String, &[u8])> {
    let promises = case.materials.iter().filter_map(|m| match &m.how {
        How::Later { promise } => Some((format!("{}.promise.signature.png", m.material), promise)),
        How::Paper | How::Captured { .. } => None,
    });
    std::iter::once(("declaration.signature.png".to_owned(), &case.declaration))
        .chain(promises)
        .map(|(name, signed)| (name, signed.signature.reveal()))
        .collect()
}

fn extension(media: Media) -> &'static str {
    match media {
        Media::Png => "png",
        Media::Jpeg => "jpg",
        Media::Pdf => "pdf",
        Media::Text => "txt",
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(folder.join(name))?
        .write_all(bytes)
}
