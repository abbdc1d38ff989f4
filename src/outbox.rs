//! The outbox: sealed cases and opinions that upstream does not have yet, on disk.
//!
//! SQLite in WAL mode, synced with every transaction. What it holds of a case is sealed to upstream:
//! the terminal cannot read it back (invariant 4). Once a case is delivered only its number, digest
//! and times stay, for the slip that may still be wanted.

mod entry;
mod rows;
#[cfg(test)]
mod tests;

use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

pub use entry::{Entry, Exported, Line, SlipState, State, Unfinished};
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, ffi, params};
use rusqlite_migration::M;
use uuid::Uuid;
use yici_contract::api::{Opinion, OpinionKind};
use yici_contract::{CaseNumber, Digest, NoRandomness, SealedCase};

use crate::tables;

/// The database's file in the outbox's directory.
pub const FILE: &str = "outbox.db";
/// No more cases wait or are parked at once.
pub const MAX_CASES: i64 = 5_000;
/// No more sealed bytes wait or are parked at once.
pub const MAX_BYTES: i64 = 4 << 30;
/// No more opinions of a kind wait at once.
pub const MAX_OPINIONS: i64 = 10_000;
/// Of this many delivered cases numbers and times are kept.
pub const MAX_DELIVERED: i64 = 1_000;

/// The outbox, open.
pub struct Outbox {
    connection: Connection,
    /// Of rows that were parked when the outbox was opened.
    broken: Vec<String>,
    /// Cases that are not delivered, and their bytes. Counted here, so that storing does not get
    /// slower with what waits.
    held: (i64, i64),
}

/// Why the outbox does not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// The disk is full, or the outbox holds as much as it may. Nothing was stored.
    #[error("outbox: no room")]
    Full,
    /// Directory or file cannot be made or read.
    #[error("outbox: {0}")]
    File(#[from] std::io::Error),
    /// SQLite fails.
    #[error("outbox: {0}")]
    Sqlite(rusqlite::Error),
    /// The tables cannot be brought to this version.
    #[error("outbox: {0}")]
    Migration(#[from] rusqlite_migration::Error),
    /// The case cannot be read any more. It should be parked.
    #[error("outbox: a stored entry is damaged")]
    Damaged,
    /// There is nothing under this number.
    #[error("outbox: there is no such case")]
    NotThere,
    /// Upstream has the case, so its bytes are not kept.
    #[error("outbox: the case was delivered, and its bytes are not kept")]
    Delivered,
}

impl Outbox {
    /// Opens the outbox in a directory, and makes it if it is not there. Rows that cannot be read
    /// are parked; [`Outbox::broken`] names them.
    ///
    /// # Errors
    /// When directory or database cannot be used at all.
    pub fn open(dir: &Path) -> Result<Outbox, OutboxError> {
        if !dir.is_dir() {
            fs::DirBuilder::new().mode(0o700).create(dir)?;
            sync_parent(dir)?;
        }
        let path = dir.join(FILE);
        // SQLite gives its other files the mode of this one.
        fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)?;
        fs::File::open(dir)?.sync_all()?;
        let mut outbox = Outbox::with(Connection::open(path)?)?;
        outbox.broken = rows::park_broken(&outbox.connection)?;
        Ok(outbox)
    }

    /// Opens the outbox in a directory for looking at it, if there is one.
    ///
    /// # Errors
    /// When it is there and cannot be used.
    pub fn open_existing(dir: &Path) -> Result<Option<Outbox>, OutboxError> {
        let path = dir.join(FILE);
        if !path.try_exists()? {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Outbox::with(Connection::open_with_flags(path, flags)?).map(Some)
    }

    fn with(mut connection: Connection) -> Result<Outbox, OutboxError> {
        connection.busy_timeout(Duration::from_secs(10))?;
        // What is emptied goes back to the disk in `tidy`. It counts only before the first page is
        // made, and later it would write, which a full disk does not let a reader do.
        let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
        if pages == 0 {
            connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        tables::bring_up(&mut connection, vec![M::up(TABLES), M::up(REMARKS)])?;
        let held = rows::held(&connection)?;
        Ok(Outbox {
            connection,
            broken: Vec::new(),
            held,
        })
    }

    /// The rows that were found broken, and parked, when the outbox was opened: what stands there
    /// for a number or id.
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    /// Stores a sealed case, synced to disk, in one transaction: when this returns, the number may
    /// be shown.
    ///
    /// # Errors
    /// [`OutboxError::Full`] when there is no room. After any error nothing is stored.
    pub fn store(&mut self, sealed: &SealedCase, now: Timestamp) -> Result<(), OutboxError> {
        let (count, bytes) = self.held;
        let length = i64::try_from(sealed.as_bytes().len()).map_err(|_| OutboxError::Full)?;
        if count >= MAX_CASES || bytes.saturating_add(length) > MAX_BYTES {
            return Err(OutboxError::Full);
        }
        if let Err(error) = self.insert(sealed, length, now) {
            self.unwrite();
            return Err(error);
        }
        self.held = (count + 1, bytes + length);
        Ok(())
    }

    fn insert(
        &mut self,
        sealed: &SealedCase,
        length: i64,
        now: Timestamp,
    ) -> Result<(), OutboxError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction
            .prepare_cached(
                "INSERT INTO cases (number, sha256, bytes, sealed, stored)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                sealed.head().number.to_string(),
                sealed.digest().as_bytes(),
                length,
                sealed.as_bytes(),
                now.to_string(),
            ])?;
        Ok(transaction.commit()?)
    }

    /// Writes over what a failed commit left at the end of the log. When only its sync failed, SQLite
    /// takes it back in memory, but its frames stand whole in the file, and a crash before the next
    /// write would bring back a case that the citizen was told is not stored.
    fn unwrite(&self) {
        // Setting it again writes a page, which any other statement without an effect does not.
        if let Err(error) = self.connection.pragma_update(None, "application_id", 0) {
            tracing::error!(%error, "outbox: the disk fails; a case that was not stored may come back");
        }
    }

    /// Stores an opinion under a random id.
    ///
    /// # Errors
    /// [`OutboxError::Full`] when there is no room.
    pub fn store_opinion(
        &mut self,
        opinion: &Opinion,
        now: Timestamp,
    ) -> Result<Entry, OutboxError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| std::io::Error::other(NoRandomness))?;
        let id = uuid::Builder::from_random_bytes(random).into_uuid();
        let (kind, after) = (opinion.kind(), opinion.after());
        let table = rows::table(kind);
        let body = serde_json::to_string(opinion).map_err(std::io::Error::from)?;
        let done = self.connection.execute(
            &format!(
                "INSERT INTO {table} (id, after, body, stored) SELECT ?1, ?2, ?3, ?4
                 WHERE (SELECT count(*) FROM {table}) < ?5"
            ),
            params![
                id.to_string(),
                after.map(|number| number.to_string()),
                body,
                now.to_string(),
                MAX_OPINIONS,
            ],
        )?;
        if done == 0 {
            return Err(OutboxError::Full);
        }
        Ok(Entry::Opinion { id, kind, after })
    }

    /// Everything that waits for delivery, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn waiting(&self) -> Result<Vec<Entry>, OutboxError> {
        rows::waiting(&self.connection)
    }

    /// A waiting case's bytes: the same ones each time.
    ///
    /// # Errors
    /// [`OutboxError::Damaged`] when they are not those that were stored.
    pub fn sealed(&self, number: &CaseNumber) -> Result<SealedCase, OutboxError> {
        let (bytes, sha256): (Vec<u8>, [u8; 32]) = self
            .connection
            .prepare_cached(
                "SELECT sealed, sha256 FROM cases WHERE number = ?1 AND state = 'waiting'",
            )?
            .query_row([number.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(rows::damaged)?
            .ok_or(OutboxError::NotThere)?;
        let sealed = SealedCase::parse(bytes).map_err(|_| OutboxError::Damaged)?;
        if sealed.head().number == *number && *sealed.digest().as_bytes() == sha256 {
            Ok(sealed)
        } else {
            Err(OutboxError::Damaged)
        }
    }

    /// A waiting opinion's JSON: the same text each time.
    ///
    /// # Errors
    /// [`OutboxError::NotThere`] when it does not wait.
    pub fn opinion(&self, kind: OpinionKind, id: &Uuid) -> Result<String, OutboxError> {
        let table = rows::table(kind);
        self.connection
            .prepare_cached(&format!(
                "SELECT body FROM {table} WHERE id = ?1 AND state = 'waiting'"
            ))?
            .query_row([id.to_string()], |row| row.get(0))
            .optional()
            .map_err(rows::damaged)?
            .ok_or(OutboxError::NotThere)
    }

    /// Upstream has it: its bytes are dropped.
    ///
    /// # Errors
    /// When the database fails; then it stays, and the same bytes are delivered once more.
    pub fn delivered(&mut self, entry: &Entry, received: Timestamp) -> Result<(), OutboxError> {
        match entry {
            Entry::Case(number) => {
                let transaction = self
                    .connection
                    .transaction_with_behavior(TransactionBehavior::Immediate)?;
                transaction.execute(
                    "UPDATE cases SET state = 'delivered', sealed = NULL, problem = NULL,
                     received = ?2 WHERE number = ?1",
                    params![number.to_string(), received.to_string()],
                )?;
                transaction.execute(
                    "DELETE FROM cases WHERE rowid IN (SELECT rowid FROM cases
                     WHERE state = 'delivered' ORDER BY rowid DESC LIMIT -1 OFFSET ?1)",
                    [MAX_DELIVERED],
                )?;
                transaction.commit()?;
                self.held = rows::held(&self.connection)?;
            }
            Entry::Opinion { id, kind, .. } => {
                let delete = format!("DELETE FROM {} WHERE id = ?1", rows::table(*kind));
                self.connection.execute(&delete, [id.to_string()])?;
            }
        }
        Ok(())
    }

    /// A try failed; it will be tried again. `problem` is a code, nothing personal.
    ///
    /// # Errors
    /// When the database fails.
    pub fn later(
        &mut self,
        entry: &Entry,
        problem: &str,
        now: Timestamp,
    ) -> Result<(), OutboxError> {
        self.failed(entry, State::Waiting, problem, now)
    }

    /// These bytes will never do: they are kept for export, and not tried again.
    ///
    /// # Errors
    /// When the database fails.
    pub fn park(
        &mut self,
        entry: &Entry,
        problem: &str,
        now: Timestamp,
    ) -> Result<(), OutboxError> {
        self.failed(entry, State::Parked, problem, now)
    }

    fn failed(
        &mut self,
        entry: &Entry,
        state: State,
        problem: &str,
        now: Timestamp,
    ) -> Result<(), OutboxError> {
        let (table, key, value) = match entry {
            Entry::Case(number) => ("cases", "number", number.to_string()),
            Entry::Opinion { id, kind, .. } => (rows::table(*kind), "id", id.to_string()),
        };
        self.connection
            .prepare_cached(&format!(
                "UPDATE {table} SET state = ?2, attempts = attempts + 1, problem = ?3, tried = ?4
                 WHERE {key} = ?1 AND state = 'waiting'"
            ))?
            .execute(params![value, state.code(), problem, now.to_string()])?;
        Ok(())
    }

    /// Says what became of a case's slip, unless that was said before.
    ///
    /// # Errors
    /// When the database fails.
    pub fn slip(&mut self, number: &CaseNumber, became: SlipState) -> Result<(), OutboxError> {
        self.connection.execute(
            "UPDATE cases SET slip = ?2 WHERE number = ?1 AND slip = 'wanted'",
            params![number.to_string(), became.code()],
        )?;
        Ok(())
    }

    /// The cases whose slip was never completed or dismissed, latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn unfinished(&self) -> Result<Vec<Unfinished>, OutboxError> {
        rows::unfinished(&self.connection)
    }

    /// Every case, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn list(&self) -> Result<Vec<Line>, OutboxError> {
        rows::list(&self.connection)
    }

    /// How many cases are parked and were not exported: somebody has to see to them.
    ///
    /// # Errors
    /// When the database fails.
    pub fn parked(&self) -> Result<u32, OutboxError> {
        Ok(self.connection.query_row(
            "SELECT count(*) FROM cases WHERE state = 'parked' AND exported IS NULL",
            [],
            |row| row.get(0),
        )?)
    }

    /// How many opinions wait, and how many are parked.
    ///
    /// # Errors
    /// When the database fails.
    pub fn opinions(&self) -> Result<(i64, i64), OutboxError> {
        Ok(self.connection.query_row(
            "SELECT count(*) FILTER (WHERE state = 'waiting'),
             count(*) FILTER (WHERE state <> 'waiting')
             FROM (SELECT state FROM evaluations UNION ALL SELECT state FROM remarks)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?)
    }

    /// A case's sealed bytes, whatever state they are in.
    ///
    /// # Errors
    /// When there are none under this number.
    pub fn export(&self, number: &CaseNumber) -> Result<Exported, OutboxError> {
        let (bytes, sha256): (Option<Vec<u8>>, [u8; 32]) = self
            .connection
            .query_row(
                "SELECT sealed, sha256 FROM cases WHERE number = ?1",
                [number.to_string()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
            .map_err(rows::damaged)?
            .ok_or(OutboxError::NotThere)?;
        let bytes = bytes.ok_or(OutboxError::Delivered)?;
        let whole = *Digest::of(&bytes).as_bytes() == sha256
            && SealedCase::parse(bytes.clone()).is_ok_and(|sealed| sealed.head().number == *number);
        Ok(Exported { bytes, whole })
    }

    /// Remembers that a case's bytes are kept elsewhere as well, by people.
    ///
    /// # Errors
    /// When the database fails.
    pub fn mark_exported(
        &mut self,
        number: &CaseNumber,
        now: Timestamp,
    ) -> Result<(), OutboxError> {
        self.connection.execute(
            "UPDATE cases SET exported = ?2 WHERE number = ?1",
            params![number.to_string(), now.to_string()],
        )?;
        Ok(())
    }

    /// Gives emptied pages back to the disk, and empties the log that still holds what was in them.
    ///
    /// # Errors
    /// When the database fails. Nothing is lost by it.
    pub fn tidy(&mut self) -> Result<(), OutboxError> {
        // Each step gives one page back.
        let mut vacuum = self.connection.prepare("PRAGMA incremental_vacuum")?;
        let mut pages = vacuum.query([])?;
        while pages.next()?.is_some() {}
        self.connection
            .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
        Ok(())
    }
}

impl From<rusqlite::Error> for OutboxError {
    fn from(error: rusqlite::Error) -> OutboxError {
        // A full disk may also show when SQLite makes its file of shared memory grow.
        let full = error.sqlite_error().is_some_and(|failure| {
            failure.code == rusqlite::ErrorCode::DiskFull
                || failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE
        });
        if full {
            OutboxError::Full
        } else {
            OutboxError::Sqlite(error)
        }
    }
}

const TABLES: &str = "
    CREATE TABLE cases (
        number TEXT PRIMARY KEY, sha256 BLOB NOT NULL, bytes INTEGER NOT NULL, sealed BLOB,
        stored TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'waiting',
        attempts INTEGER NOT NULL DEFAULT 0, tried TEXT, problem TEXT, received TEXT, exported TEXT,
        slip TEXT NOT NULL DEFAULT 'wanted'
    ) STRICT;
    CREATE TABLE evaluations (
        id TEXT PRIMARY KEY, after TEXT, body TEXT NOT NULL, stored TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting',
        attempts INTEGER NOT NULL DEFAULT 0, tried TEXT, problem TEXT
    ) STRICT;";

const REMARKS: &str = "
    CREATE TABLE remarks (
        id TEXT PRIMARY KEY, after TEXT, body TEXT NOT NULL, stored TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting',
        attempts INTEGER NOT NULL DEFAULT 0, tried TEXT, problem TEXT
    ) STRICT;";

fn sync_parent(dir: &Path) -> Result<(), std::io::Error> {
    match dir.parent() {
        Some(parent) if parent != Path::new("") => fs::File::open(parent)?.sync_all(),
        Some(_) | None => fs::File::open(".")?.sync_all(),
    }
}
