//! The database: SQLite in WAL mode, synced with every transaction.
//!
//! In clear are numbers, matters, items and states; what is personal comes sealed or encrypted.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use rusqlite_migration::{M, Migrations};
use yici_contract::api::{Receipt, State};
use yici_contract::{CaseNumber, Digest, KeyId, SecretHash};

use crate::shares::{Share, may_follow};

/// The database, shared by all that serve.
pub struct Store(Mutex<Connection>);

/// A case to be stored.
pub struct NewCase<'a> {
    /// Its number.
    pub number: CaseNumber,
    /// The device that sealed it.
    pub device: KeyId,
    /// The sealed bytes.
    pub sealed: &'a [u8],
    /// Their SHA-256.
    pub sha256: Digest,
    /// The matter.
    pub matter: &'a str,
    /// The catalogue's version.
    pub catalogue: &'a str,
    /// The hash of the slip's secret.
    pub secret: SecretHash,
    /// The case as JSON, in the vault.
    pub opened: &'a [u8],
    /// Its attachments, in the vault, each with its name.
    pub attachments: &'a [(&'a str, Vec<u8>)],
    /// The units' shares.
    pub shares: &'a [Share],
}

/// What became of a delivery.
#[derive(Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is stored, now or since earlier.
    Stored(Receipt),
    /// Other bytes are stored under this number.
    Conflict,
}

/// A stored case.
pub struct StoredCase {
    /// The device that delivered it.
    pub device: KeyId,
    /// The matter.
    pub matter: String,
    /// When it was received.
    pub received: Timestamp,
    /// The hash of the slip's secret.
    pub secret: SecretHash,
    /// The case as JSON, in the vault.
    pub opened: Vec<u8>,
}

/// A stored share.
pub struct StoredShare {
    /// The item.
    pub item: String,
    /// The unit.
    pub unit: String,
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// What the unit says about it, in the vault.
    pub note: Option<Vec<u8>>,
}

/// A line of the list of cases.
pub struct Line {
    /// The number.
    pub number: CaseNumber,
    /// When it was received.
    pub received: Timestamp,
    /// The matter.
    pub matter: String,
}

/// Why the database does not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address is none that is served.
    #[error("`{0}` is no database: write sqlite:FILE")]
    Address(String),
    /// The file cannot be made.
    #[error("database: {0}")]
    File(#[from] std::io::Error),
    /// SQLite fails.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The tables cannot be brought to this version.
    #[error("database: {0}")]
    Migration(#[from] rusqlite_migration::Error),
    /// Something in it is not what this program writes.
    #[error("database: a stored {0} cannot be read")]
    Broken(&'static str),
    /// There is no such case, item or device.
    #[error("there is no such {0}")]
    NotThere(&'static str),
    /// The device is revoked.
    #[error("the device is revoked; `device restore` lets it back in")]
    Revoked,
    /// The item cannot go there from where it stands.
    #[error("the item is {}, and cannot become {} from there", from.code(), to.code())]
    Step {
        /// Where it stands.
        from: State,
        /// Where it was to go.
        to: State,
    },
}

impl Store {
    /// Opens a database by its address, and makes it if it is not there.
    pub fn open(address: &str) -> Result<Store, StoreError> {
        let path = address
            .strip_prefix("sqlite:")
            .filter(|path| !path.is_empty())
            .ok_or_else(|| StoreError::Address(address.to_owned()))?;
        // SQLite gives its other files the mode of this one.
        fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(Path::new(path))?;
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        Migrations::new(vec![M::up(TABLES), M::up(OVERSIGHT), M::up(REMARKS)])
            .to_latest(&mut connection)?;
        Ok(Store(Mutex::new(connection)))
    }

    /// What became of a delivery of these bytes by this device, if there was one under this number.
    pub fn delivered(
        &self,
        number: &CaseNumber,
        device: &KeyId,
        sha256: &Digest,
    ) -> Result<Option<Delivery>, StoreError> {
        delivered(&self.lock(), number, device, sha256)
    }

    /// Stores a case with its shares, synced to disk, unless its number is there already.
    pub fn receive(&self, case: &NewCase<'_>, now: Timestamp) -> Result<Delivery, StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(earlier) = delivered(&transaction, &case.number, &case.device, &case.sha256)? {
            return Ok(earlier);
        }
        let number = case.number.to_string();
        transaction
            .prepare_cached(
                "INSERT INTO cases
                 (number, device, sha256, received, matter, catalogue, secret, opened, sealed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                number,
                case.device.to_string(),
                case.sha256.as_bytes(),
                now.to_string(),
                case.matter,
                case.catalogue,
                case.secret.as_bytes(),
                case.opened,
                case.sealed,
            ])?;
        for (place, share) in case.shares.iter().enumerate() {
            transaction
                .prepare_cached(
                    "INSERT INTO shares (number, item, place, unit, state, since)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    number,
                    share.item,
                    i64::try_from(place).map_err(|_| StoreError::Broken("place"))?,
                    share.unit,
                    State::Received.code(),
                    now.to_string(),
                ])?;
        }
        for (name, kept) in case.attachments {
            transaction
                .prepare_cached("INSERT INTO attachments (number, name, kept) VALUES (?1, ?2, ?3)")?
                .execute(params![number, name, kept])?;
        }
        transaction.commit()?;
        Ok(Delivery::Stored(Receipt {
            number: case.number,
            received: now,
            sha256: case.sha256,
        }))
    }

    /// A case by its number.
    pub fn case(&self, number: &CaseNumber) -> Result<Option<StoredCase>, StoreError> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(
            "SELECT device, matter, received, secret, opened FROM cases WHERE number = ?1",
        )?;
        let mut rows = statement.query([number.to_string()])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        Ok(Some(StoredCase {
            device: key_id(row.get(0)?)?,
            matter: row.get(1)?,
            received: time(&row.get::<_, String>(2)?)?,
            secret: SecretHash::from(row.get::<_, [u8; 32]>(3)?),
            opened: row.get(4)?,
        }))
    }

    /// A case's attachment by its name, in the vault.
    pub fn attachment(&self, number: &CaseNumber, name: &str) -> Result<Vec<u8>, StoreError> {
        self.lock()
            .query_row(
                "SELECT kept FROM attachments WHERE number = ?1 AND name = ?2",
                params![number.to_string(), name],
                |row| row.get(0),
            )
            .optional()?
            .ok_or(StoreError::NotThere("attachment"))
    }

    /// A case's shares, in the catalogue's order of items.
    pub fn shares(&self, number: &CaseNumber) -> Result<Vec<StoredShare>, StoreError> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(
            "SELECT item, unit, state, since, note FROM shares WHERE number = ?1 ORDER BY place",
        )?;
        let mut rows = statement.query([number.to_string()])?;
        let mut shares = Vec::new();
        while let Some(row) = rows.next()? {
            shares.push(StoredShare {
                item: row.get(0)?,
                unit: row.get(1)?,
                state: state(&row.get::<_, String>(2)?)?,
                since: time(&row.get::<_, String>(3)?)?,
                note: row.get(4)?,
            });
        }
        Ok(shares)
    }

    /// All cases, the latest first.
    pub fn list(&self) -> Result<Vec<Line>, StoreError> {
        let connection = self.lock();
        let mut statement = connection
            .prepare("SELECT number, received, matter FROM cases ORDER BY received DESC, number")?;
        let mut rows = statement.query([])?;
        let mut lines = Vec::new();
        while let Some(row) = rows.next()? {
            lines.push(Line {
                number: number(&row.get::<_, String>(0)?)?,
                received: time(&row.get::<_, String>(1)?)?,
                matter: row.get(2)?,
            });
        }
        Ok(lines)
    }

    /// Moves a share on, with what the unit says about it.
    pub fn advance(
        &self,
        number: &CaseNumber,
        item: &str,
        to: State,
        note: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let from: Option<String> = transaction
            .query_row(
                "SELECT state FROM shares WHERE number = ?1 AND item = ?2",
                params![number.to_string(), item],
                |row| row.get(0),
            )
            .optional()?;
        let from = state(&from.ok_or(StoreError::NotThere("case or item"))?)?;
        if !may_follow(from, to) {
            return Err(StoreError::Step { from, to });
        }
        transaction.execute(
            "UPDATE shares SET state = ?3, since = ?4, note = ?5 WHERE number = ?1 AND item = ?2",
            params![number.to_string(), item, to.code(), now.to_string(), note],
        )?;
        transaction.commit()?;
        Ok(())
    }

    /// The connection, for one statement or transaction.
    pub fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere left no transaction open: they roll back when dropped.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const TABLES: &str = "
    CREATE TABLE devices (
        id TEXT PRIMARY KEY, key TEXT NOT NULL, name TEXT NOT NULL, enrolled TEXT NOT NULL
    ) STRICT;
    CREATE TABLE cases (
        number TEXT PRIMARY KEY, device TEXT NOT NULL REFERENCES devices, sha256 BLOB NOT NULL,
        received TEXT NOT NULL, matter TEXT NOT NULL, catalogue TEXT NOT NULL, secret BLOB NOT NULL,
        opened BLOB NOT NULL, sealed BLOB NOT NULL
    ) STRICT;
    CREATE TABLE shares (
        number TEXT NOT NULL REFERENCES cases, item TEXT NOT NULL, place INTEGER NOT NULL,
        unit TEXT NOT NULL, state TEXT NOT NULL, since TEXT NOT NULL, note BLOB,
        PRIMARY KEY (number, item)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE evaluations (
        id TEXT PRIMARY KEY, device TEXT NOT NULL REFERENCES devices, body TEXT NOT NULL,
        received TEXT NOT NULL
    ) STRICT;";

/// `REPLACE` deletes without asking the trigger on deletes, hence the one on inserts.
const OVERSIGHT: &str = "
    ALTER TABLE devices ADD COLUMN revoked TEXT;
    CREATE TABLE attachments (
        number TEXT NOT NULL REFERENCES cases, name TEXT NOT NULL, kept BLOB NOT NULL,
        PRIMARY KEY (number, name)
    ) STRICT;
    CREATE TABLE accesses (
        id INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
        number TEXT NOT NULL, why TEXT
    ) STRICT;
    CREATE TRIGGER accesses_are_not_replaced BEFORE INSERT ON accesses
        WHEN EXISTS (SELECT 1 FROM accesses WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'the log of accesses is only added to'); END;
    CREATE TRIGGER accesses_are_not_changed BEFORE UPDATE ON accesses
        BEGIN SELECT RAISE(ABORT, 'the log of accesses is only added to'); END;
    CREATE TRIGGER accesses_are_not_deleted BEFORE DELETE ON accesses
        BEGIN SELECT RAISE(ABORT, 'the log of accesses is only added to'); END;";

/// Evaluations are not the only opinions any more.
const REMARKS: &str = "
    ALTER TABLE evaluations RENAME TO opinions;
    ALTER TABLE opinions ADD COLUMN kind TEXT NOT NULL DEFAULT 'evaluation';";

fn delivered(
    connection: &Connection,
    number: &CaseNumber,
    device: &KeyId,
    sha256: &Digest,
) -> Result<Option<Delivery>, StoreError> {
    let row: Option<(String, [u8; 32], String)> = connection
        .prepare_cached("SELECT device, sha256, received FROM cases WHERE number = ?1")?
        .query_row([number.to_string()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((by, stored, received)) = row else {
        return Ok(None);
    };
    if by != device.to_string() || stored != *sha256.as_bytes() {
        return Ok(Some(Delivery::Conflict));
    }
    Ok(Some(Delivery::Stored(Receipt {
        number: *number,
        received: time(&received)?,
        sha256: *sha256,
    })))
}

fn state(code: &str) -> Result<State, StoreError> {
    State::from_code(code).ok_or(StoreError::Broken("state"))
}

/// A stored key id.
pub fn key_id(text: String) -> Result<KeyId, StoreError> {
    KeyId::try_from(text).map_err(|_| StoreError::Broken("key id"))
}

/// A stored case number.
pub fn number(text: &str) -> Result<CaseNumber, StoreError> {
    CaseNumber::parse(text).map_err(|_| StoreError::Broken("number"))
}

/// A stored time.
pub fn time(text: &str) -> Result<Timestamp, StoreError> {
    text.parse().map_err(|_| StoreError::Broken("time"))
}
