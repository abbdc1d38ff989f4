//! The print ledger: what became of each slip, on disk.
//!
//! SQLite in WAL mode, synced with every transaction. An entry is there before the first byte of its slip
//! goes to the printer. It holds nothing personal: a random id, the kind of slip, the number of its case if
//! it has one, and the SHA-256 of what the slip says.

#[cfg(test)]
mod tests;

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, params};
use rusqlite_migration::M;
use serde::Serialize;
use uuid::Uuid;
use yici_contract::{Digest, NoRandomness};
use yici_hal::escpos::{Delivery, Printed};
use yici_hal::slip::{Element, Slip};
use yici_hal::status::Cause;
use zeroize::Zeroizing;

use crate::tables;

/// Of this many slips entries are kept.
pub const MAX_ENTRIES: i64 = 10_000;

/// The ledger, open.
pub struct Ledger {
    connection: Connection,
}

/// What a slip is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// One-time notification of a matter.
    Notice,
    /// Why and where people serve.
    Window,
    /// Personal guidance sheet.
    Guidance,
    /// Receipt slip of a case.
    Receipt,
    /// Case numbers alone, after a crash.
    Numbers,
}

/// Whether a slip is on paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnPaper {
    /// It goes to the printer.
    Sent,
    /// The printer said behind its last byte that it is.
    Completed,
    /// It did not come out, or not whole.
    Failed,
    /// Nobody knows: the printer cannot say, or the terminal was cut off.
    Unknown,
}

/// What became of a slip at the outlet, where the printer senses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AtOutlet {
    /// It waits there.
    Presented,
    /// It went without having been taken back.
    Taken,
    /// The printer took it back.
    Retracted,
    /// It got stuck on its way.
    Failed,
    /// Nobody knows: it was not seen, nobody looked when it went, or the terminal was cut off.
    Unknown,
}

/// What is known of a slip before it is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// What it is.
    pub kind: Kind,
    /// The number of its case; several in one text after a crash.
    pub number: Option<String>,
    /// What it says.
    pub sha256: Digest,
    /// The entry of the slip that it repeats.
    pub reprint_of: Option<Uuid>,
}

/// An entry as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Random, the same for nothing else.
    pub id: String,
    /// What the slip is, as stored.
    pub kind: String,
    /// The number of its case.
    pub number: Option<String>,
    /// SHA-256 of what it says; none in a damaged row.
    pub sha256: Option<Digest>,
    /// The entry of the slip that it repeats.
    pub reprint_of: Option<String>,
    /// When it went to the printer, by the terminal's clock.
    pub sent: String,
    /// Whether it is on paper; unknown in a damaged row.
    pub printed: OnPaper,
    /// When that was learnt.
    pub printed_at: String,
    /// What became of it at the outlet; nothing without a sensor there, or before it was seen.
    pub outlet: Option<AtOutlet>,
    /// When that was learnt.
    pub outlet_at: Option<String>,
    /// Why it failed, or is not taken.
    pub cause: Option<String>,
}

/// Why the ledger does not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file cannot be made or read.
    #[error("print ledger: {0}")]
    File(#[from] std::io::Error),
    /// SQLite fails.
    #[error("print ledger: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The table cannot be brought to this version.
    #[error("print ledger: {0}")]
    Migration(#[from] rusqlite_migration::Error),
}

impl Ledger {
    /// Opens the ledger, and makes it if it is not there, for the terminal that prints. What an earlier
    /// run sent or saw at the outlet and did not see to its end becomes unknown; nothing of it is printed
    /// again.
    ///
    /// # Errors
    /// When the file cannot be used at all.
    pub fn open(path: &Path, now: Timestamp) -> Result<Ledger, LedgerError> {
        // SQLite gives its other files the mode of this one.
        fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path)?;
        match path.parent() {
            Some(parent) if parent != Path::new("") => fs::File::open(parent)?.sync_all()?,
            Some(_) | None => fs::File::open(".")?.sync_all()?,
        }
        let ledger = Ledger::with(Connection::open(path)?)?;
        let (unknown, now) = (OnPaper::Unknown.code(), now.to_string());
        ledger.connection.execute(
            "UPDATE slips SET printed = ?1, printed_at = ?2 WHERE printed = ?3",
            params![unknown, now, OnPaper::Sent.code()],
        )?;
        ledger.connection.execute(
            "UPDATE slips SET outlet = ?1, outlet_at = ?2, cause = NULL WHERE outlet = ?3",
            params![AtOutlet::Unknown.code(), now, AtOutlet::Presented.code()],
        )?;
        Ok(ledger)
    }

    /// Opens the ledger for looking at it, if there is one.
    ///
    /// # Errors
    /// When it is there and cannot be used.
    pub fn open_existing(path: &Path) -> Result<Option<Ledger>, LedgerError> {
        if !path.try_exists()? {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Ledger::with(Connection::open_with_flags(path, flags)?).map(Some)
    }

    fn with(mut connection: Connection) -> Result<Ledger, LedgerError> {
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "trusted_schema", false)?;
        tables::bring_up(&mut connection, vec![M::up(TABLE), M::up(TWO_STATES)])?;
        Ok(Ledger { connection })
    }

    /// Writes down that a slip goes to the printer, synced to disk. Only when this has returned may its
    /// first byte be sent.
    ///
    /// # Errors
    /// When the database fails; then nothing was written.
    pub fn begin(&mut self, slip: &New, now: Timestamp) -> Result<Uuid, LedgerError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| std::io::Error::other(NoRandomness))?;
        let id = uuid::Builder::from_random_bytes(random).into_uuid();
        let transaction = self.connection.transaction()?;
        transaction.execute(
            "INSERT INTO slips (id, kind, number, sha256, reprint_of, sent, printed_at, printed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)",
            params![
                id.to_string(),
                slip.kind.code(),
                slip.number,
                slip.sha256.as_bytes(),
                slip.reprint_of.map(|of| of.to_string()),
                now.to_string(),
                OnPaper::Sent.code(),
            ],
        )?;
        transaction.execute(
            "DELETE FROM slips WHERE rowid <= (SELECT max(rowid) FROM slips) - ?1",
            [MAX_ENTRIES],
        )?;
        transaction.commit()?;
        Ok(id)
    }

    /// Whether entries can be written and synced: writes what is there already.
    ///
    /// # Errors
    /// When the database fails.
    pub fn try_writing(&mut self) -> Result<(), LedgerError> {
        let version: i64 = self
            .connection
            .pragma_query_value(None, "user_version", |row| row.get(0))?;
        self.connection
            .pragma_update(None, "user_version", version)?;
        Ok(())
    }

    /// Writes down what the printer said of a slip once it was sent.
    ///
    /// # Errors
    /// When the database fails.
    pub fn printed(
        &mut self,
        id: &Uuid,
        printed: Printed,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let (state, cause) = match printed {
            Printed::Completed => (OnPaper::Completed, None),
            Printed::Unknown(_) => (OnPaper::Unknown, None),
            Printed::Failed(cause) => (OnPaper::Failed, Some(cause)),
        };
        self.connection.execute(
            "UPDATE slips SET printed = ?2, printed_at = ?3, cause = ?4 WHERE id = ?1",
            params![id.to_string(), state.code(), now.to_string(), word(cause)],
        )?;
        Ok(())
    }

    /// Writes down what became of a slip at the outlet.
    ///
    /// # Errors
    /// When the database fails.
    pub fn delivered(
        &mut self,
        id: &Uuid,
        delivery: Delivery,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let (state, cause) = match delivery {
            Delivery::Presented => (AtOutlet::Presented, None),
            Delivery::NotTaken => (AtOutlet::Presented, Some(Cause::NotTaken)),
            Delivery::Taken => (AtOutlet::Taken, None),
            Delivery::Retracted => (AtOutlet::Retracted, None),
            Delivery::Failed(cause) => (AtOutlet::Failed, Some(cause)),
            Delivery::Unknown => (AtOutlet::Unknown, None),
        };
        self.connection.execute(
            "UPDATE slips SET outlet = ?2, outlet_at = ?3, cause = ?4 WHERE id = ?1",
            params![id.to_string(), state.code(), now.to_string(), word(cause)],
        )?;
        Ok(())
    }

    /// Every entry, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn list(&self) -> Result<Vec<Line>, LedgerError> {
        let mut statement = self.connection.prepare(
            "SELECT id, kind, number, sha256, reprint_of, sent, printed, printed_at, outlet, outlet_at,
             cause FROM slips ORDER BY rowid",
        )?;
        let lines = statement.query_map([], |row| {
            let printed: String = row.get(6)?;
            let outlet: Option<String> = row.get(8)?;
            let at_outlet = |code: String| {
                let known = AtOutlet::ALL.into_iter().find(|known| known.code() == code);
                known.unwrap_or(AtOutlet::Unknown)
            };
            Ok(Line {
                id: row.get(0)?,
                kind: row.get(1)?,
                number: row.get(2)?,
                sha256: row.get::<_, [u8; 32]>(3).ok().map(Digest::from),
                reprint_of: row.get(4)?,
                sent: row.get(5)?,
                printed: OnPaper::ALL
                    .into_iter()
                    .find(|known| known.code() == printed)
                    .unwrap_or(OnPaper::Unknown),
                printed_at: row.get(7)?,
                outlet: outlet.map(at_outlet),
                outlet_at: row.get(9)?,
                cause: row.get(10)?,
            })
        })?;
        Ok(lines.collect::<Result<_, _>>()?)
    }
}

/// The SHA-256 of what a slip says, without how it looks.
pub fn content(slip: &Slip) -> Digest {
    let mut said = Zeroizing::new(Vec::with_capacity(16 * 1024));
    let mut add = |tag: u8, text: &str| {
        said.push(tag);
        said.extend((text.len() as u64).to_le_bytes());
        said.extend(text.as_bytes());
    };
    for element in &slip.elements {
        match element {
            Element::Line { text, .. } => add(b'l', text),
            Element::Qr { data } => add(b'q', data),
            Element::Rule => add(b'r', ""),
            Element::Feed(lines) => add(b'f', &lines.to_string()),
        }
    }
    Digest::of(&said)
}

impl Kind {
    /// The kind as it is stored and printed.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Notice => "notice",
            Kind::Window => "window",
            Kind::Guidance => "guidance",
            Kind::Receipt => "receipt",
            Kind::Numbers => "numbers",
        }
    }
}

impl OnPaper {
    const ALL: [OnPaper; 4] = [
        OnPaper::Sent,
        OnPaper::Completed,
        OnPaper::Failed,
        OnPaper::Unknown,
    ];

    /// The state as it is stored and printed.
    pub fn code(self) -> &'static str {
        match self {
            OnPaper::Sent => "sent",
            OnPaper::Completed => "completed",
            OnPaper::Failed => "failed",
            OnPaper::Unknown => "unknown",
        }
    }
}

impl AtOutlet {
    const ALL: [AtOutlet; 5] = [
        AtOutlet::Presented,
        AtOutlet::Taken,
        AtOutlet::Retracted,
        AtOutlet::Failed,
        AtOutlet::Unknown,
    ];

    /// The state as it is stored and printed.
    pub fn code(self) -> &'static str {
        match self {
            AtOutlet::Presented => "presented",
            AtOutlet::Taken => "taken",
            AtOutlet::Retracted => "retracted",
            AtOutlet::Failed => "failed",
            AtOutlet::Unknown => "unknown",
        }
    }
}

/// The word of XFS4IoT, as everywhere else.
fn word(cause: Option<Cause>) -> Option<String> {
    match serde_json::to_value(cause?) {
        Ok(serde_json::Value::String(word)) => Some(word),
        Ok(_) | Err(_) => None,
    }
}

const TABLE: &str = "
    CREATE TABLE slips (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, number TEXT, sha256 BLOB NOT NULL, reprint_of TEXT,
        sent TEXT NOT NULL, changed TEXT NOT NULL, state TEXT NOT NULL, cause TEXT
    ) STRICT;";

/// One state was overwritten by the next. Of a slip that came to the outlet it is no longer known whether
/// it had been confirmed.
const TWO_STATES: &str = "
    ALTER TABLE slips RENAME COLUMN state TO printed;
    ALTER TABLE slips RENAME COLUMN changed TO printed_at;
    ALTER TABLE slips ADD COLUMN outlet TEXT;
    ALTER TABLE slips ADD COLUMN outlet_at TEXT;
    UPDATE slips SET outlet = printed, outlet_at = printed_at, printed = 'unknown'
        WHERE printed IN ('presented', 'taken', 'retracted');";
