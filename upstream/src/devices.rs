//! Terminals: enrolled, revoked, and let back in.

use std::fmt::Write;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use serde_json::json;
use yici_contract::{KeyId, PublicKey};

use crate::cli::Format;
use crate::store::{Store, StoreError, key_id, time};

/// A device that is, or was, enrolled.
pub struct Device {
    /// The id of its key.
    pub id: KeyId,
    /// What people call it.
    pub name: String,
    /// When it was enrolled.
    pub enrolled: Timestamp,
    /// When it was revoked, if it is.
    pub revoked: Option<Timestamp>,
}

impl Store {
    /// Enrols a device; again with another name renames it.
    pub fn enrol(&self, key: &PublicKey, name: &str, now: Timestamp) -> Result<(), StoreError> {
        let changed = self.lock().execute(
            "INSERT INTO devices (id, key, name, enrolled) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE revoked IS NULL",
            params![key.id().to_string(), key.to_string(), name, now.to_string()],
        )?;
        (changed == 1).then_some(()).ok_or(StoreError::Revoked)
    }

    /// The key of a device that is enrolled and not revoked.
    pub fn device(&self, id: &KeyId) -> Result<Option<PublicKey>, StoreError> {
        let key: Option<String> = self
            .lock()
            .prepare_cached("SELECT key FROM devices WHERE id = ?1 AND revoked IS NULL")?
            .query_row([id.to_string()], |row| row.get(0))
            .optional()?;
        key.map(|key| key.parse().map_err(|_| StoreError::Broken("key")))
            .transpose()
    }

    /// Refuses a device from now on; what it delivered stays.
    pub fn revoke(&self, id: &KeyId, now: Timestamp) -> Result<(), StoreError> {
        self.set_revoked(id, Some(now))
    }

    /// Lets a revoked device back in.
    pub fn restore(&self, id: &KeyId) -> Result<(), StoreError> {
        self.set_revoked(id, None)
    }

    fn set_revoked(&self, id: &KeyId, revoked: Option<Timestamp>) -> Result<(), StoreError> {
        let changed = self.lock().execute(
            "UPDATE devices SET revoked = ?2 WHERE id = ?1",
            params![id.to_string(), revoked.map(|at| at.to_string())],
        )?;
        (changed == 1)
            .then_some(())
            .ok_or(StoreError::NotThere("device"))
    }

    /// Every device, in the order enrolled.
    pub fn devices(&self) -> Result<Vec<Device>, StoreError> {
        let connection = self.lock();
        let mut statement = connection
            .prepare("SELECT id, name, enrolled, revoked FROM devices ORDER BY enrolled, id")?;
        let mut rows = statement.query([])?;
        let mut devices = Vec::new();
        while let Some(row) = rows.next()? {
            let revoked: Option<String> = row.get(3)?;
            devices.push(Device {
                id: key_id(row.get(0)?)?,
                name: row.get(1)?,
                enrolled: time(&row.get::<_, String>(2)?)?,
                revoked: revoked.as_deref().map(time).transpose()?,
            });
        }
        Ok(devices)
    }
}

/// The devices, to be printed.
pub fn list(devices: &[Device], format: Format) -> String {
    match format {
        Format::Text => devices.iter().fold(String::new(), |mut text, d| {
            let (id, enrolled, name) = (d.id, d.enrolled, &d.name);
            let _ = match d.revoked {
                None => writeln!(text, "{id}  enrolled {enrolled}  {name}"),
                Some(revoked) => writeln!(text, "{id}  revoked {revoked}  {name}"),
            };
            text
        }),
        Format::Json => {
            let devices: Vec<_> = devices
                .iter()
                .map(|d| {
                    json!({
                        "id": d.id, "name": d.name, "enrolled": d.enrolled, "revoked": d.revoked,
                    })
                })
                .collect();
            format!("{}\n", json!({ "devices": devices }))
        }
    }
}
