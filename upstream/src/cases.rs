//! What `kiosk-upstream case` does.

use std::io::Write;

use jiff::Timestamp;
use serde_json::json;
use yici_contract::CaseNumber;
use yici_contract::api::{State, Words};
use zeroize::Zeroizing;

use crate::cli::Format;
use crate::store::{Store, StoreError};
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
    /// What the vault gave is no JSON, or cannot be written as such.
    #[error("a stored text is no JSON")]
    Json(#[from] serde_json::Error),
    /// The output is closed.
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
    let case = store.case(number)?.ok_or(StoreError::NotThere)?;
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

/// Prints the case itself, as JSON. Everything personal is in it.
pub fn show_open(store: &Store, vault: &Vault, number: &CaseNumber) -> Result<(), CasesError> {
    let case = store.case(number)?.ok_or(StoreError::NotThere)?;
    let json = vault.read(number, Kept::Case, &case.opened)?;
    let mut out = std::io::stdout().lock();
    out.write_all(&json)?;
    out.write_all(b"\n")?;
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
