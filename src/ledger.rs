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
use rusqlite_migration::{M, Migrations};
use serde::Serialize;
use uuid::Uuid;
use yici_contract::{Digest, NoRandomness};
use yici_hal::escpos::{Delivery, Printed};
use yici_hal::slip::{Element, Slip};
use yici_hal::status::Cause;
use zeroize::Zeroizing;

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

/// What became of a slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It goes to the printer.
    Sent,
    /// The printer said behind its last byte that it is on paper.
    Completed,
    /// It waits at the outlet.
    Presented,
    /// It went from the outlet without having been taken back.
    Taken,
    /// The printer took it back.
    Retracted,
    /// It did not come out, or not whole.
    Failed,
    /// Nobody knows: the printer cannot say, or the terminal was cut off.
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
    /// When the state was learnt.
    pub changed: String,
    /// What became of it; a word that is none in a damaged row.
    pub state: State,
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
    /// run sent and did not see to its end becomes unknown; nothing of it is printed again.
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
        ledger.connection.execute(
            "UPDATE slips SET state = ?1, changed = ?2 WHERE state = ?3",
            params![State::Unknown.code(), now.to_string(), State::Sent.code()],
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
        Migrations::new(vec![M::up(TABLE)]).to_latest(&mut connection)?;
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
            "INSERT INTO slips (id, kind, number, sha256, reprint_of, sent, changed, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)",
            params![
                id.to_string(),
                slip.kind.code(),
                slip.number,
                slip.sha256.as_bytes(),
                slip.reprint_of.map(|of| of.to_string()),
                now.to_string(),
                State::Sent.code(),
            ],
        )?;
        transaction.execute(
            "DELETE FROM slips WHERE rowid <= (SELECT max(rowid) FROM slips) - ?1",
            [MAX_ENTRIES],
        )?;
        transaction.commit()?;
        Ok(id)
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
        match printed {
            Printed::Completed => self.became(id, State::Completed, None, now),
            Printed::Unknown(_) => self.became(id, State::Unknown, None, now),
            Printed::Failed(cause) => self.became(id, State::Failed, Some(cause), now),
        }
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
        match delivery {
            Delivery::Presented => self.became(id, State::Presented, None, now),
            Delivery::NotTaken => self.became(id, State::Presented, Some(Cause::NotTaken), now),
            Delivery::Taken => self.became(id, State::Taken, None, now),
            Delivery::Retracted => self.became(id, State::Retracted, None, now),
            Delivery::Failed(cause) => self.became(id, State::Failed, Some(cause), now),
            Delivery::Unknown => {
                // Of a slip that was never seen at the outlet it stays known that it is on paper.
                self.connection.execute(
                    "UPDATE slips SET state = ?2, cause = NULL, changed = ?3
                     WHERE id = ?1 AND state <> ?4",
                    params![
                        id.to_string(),
                        State::Unknown.code(),
                        now.to_string(),
                        State::Completed.code()
                    ],
                )?;
                Ok(())
            }
        }
    }

    fn became(
        &mut self,
        id: &Uuid,
        state: State,
        cause: Option<Cause>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        // The words of XFS4IoT, as everywhere else.
        let cause = cause.and_then(|cause| match serde_json::to_value(cause) {
            Ok(serde_json::Value::String(word)) => Some(word),
            Ok(_) | Err(_) => None,
        });
        self.connection.execute(
            "UPDATE slips SET state = ?2, cause = ?3, changed = ?4 WHERE id = ?1",
            params![id.to_string(), state.code(), cause, now.to_string()],
        )?;
        Ok(())
    }

    /// Every entry, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn list(&self) -> Result<Vec<Line>, LedgerError> {
        let mut statement = self.connection.prepare(
            "SELECT id, kind, number, sha256, reprint_of, sent, changed, state, cause
             FROM slips ORDER BY rowid",
        )?;
        let lines = statement.query_map([], |row| {
            let state: String = row.get(7)?;
            Ok(Line {
                id: row.get(0)?,
                kind: row.get(1)?,
                number: row.get(2)?,
                sha256: row.get::<_, [u8; 32]>(3).ok().map(Digest::from),
                reprint_of: row.get(4)?,
                sent: row.get(5)?,
                changed: row.get(6)?,
                state: State::ALL
                    .into_iter()
                    .find(|known| known.code() == state)
                    .unwrap_or(State::Unknown),
                cause: row.get(8)?,
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

impl State {
    const ALL: [State; 7] = [
        State::Sent,
        State::Completed,
        State::Presented,
        State::Taken,
        State::Retracted,
        State::Failed,
        State::Unknown,
    ];

    /// The state as it is stored and printed.
    pub fn code(self) -> &'static str {
        match self {
            State::Sent => "sent",
            State::Completed => "completed",
            State::Presented => "presented",
            State::Taken => "taken",
            State::Retracted => "retracted",
            State::Failed => "failed",
            State::Unknown => "unknown",
        }
    }
}

const TABLE: &str = "
    CREATE TABLE slips (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, number TEXT, sha256 BLOB NOT NULL, reprint_of TEXT,
        sent TEXT NOT NULL, changed TEXT NOT NULL, state TEXT NOT NULL, cause TEXT
    ) STRICT;";
