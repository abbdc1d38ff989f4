//! Evaluations: taken once each, and counted.

use std::fmt::Write;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, TransactionBehavior, params};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use yici_contract::KeyId;
use yici_contract::api::{Evaluation, Level};

use crate::cli::Format;
use crate::store::{Store, StoreError, key_id, time};

/// An evaluation as it was stored.
pub struct Stored {
    /// The device that it was given at.
    pub device: KeyId,
    /// When it came.
    pub received: Timestamp,
    /// The evaluation.
    pub evaluation: Evaluation,
}

impl Store {
    /// Stores an evaluation; when it was first stored, or nothing if another one has its id.
    pub fn evaluate(
        &self,
        id: &Uuid,
        device: &KeyId,
        body: &str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let earlier: Option<(String, String, String)> = transaction
            .query_row(
                "SELECT device, body, received FROM evaluations WHERE id = ?1",
                [id.to_string()],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .optional()?;
        if let Some((by, same, received)) = earlier {
            return if by == device.to_string() && same == body {
                Ok(Some(time(&received)?))
            } else {
                Ok(None)
            };
        }
        transaction.execute(
            "INSERT INTO evaluations (id, device, body, received) VALUES (?1, ?2, ?3, ?4)",
            params![id.to_string(), device.to_string(), body, now.to_string()],
        )?;
        transaction.commit()?;
        Ok(Some(now))
    }

    /// Every evaluation, the latest first.
    pub fn evaluations(&self) -> Result<Vec<Stored>, StoreError> {
        let connection = self.lock();
        let mut statement = connection
            .prepare("SELECT device, received, body FROM evaluations ORDER BY received DESC, id")?;
        let mut rows = statement.query([])?;
        let mut evaluations = Vec::new();
        while let Some(row) = rows.next()? {
            evaluations.push(Stored {
                device: key_id(row.get(0)?)?,
                received: time(&row.get::<_, String>(1)?)?,
                evaluation: serde_json::from_str(&row.get::<_, String>(2)?)
                    .map_err(|_| StoreError::Broken("evaluation"))?,
            });
        }
        Ok(evaluations)
    }
}

/// The counts of each level, and as JSON every evaluation too, to be printed.
pub fn list(stored: &[Stored], format: Format) -> String {
    let count = |level: Level| {
        let of_level = stored.iter().filter(|s| s.evaluation.level == level);
        of_level.count()
    };
    match format {
        Format::Text => Level::ALL.iter().fold(String::new(), |mut text, level| {
            let _ = writeln!(text, "{}  {}", level.code(), count(*level));
            text
        }),
        Format::Json => {
            let counts: Map<String, Value> = Level::ALL
                .iter()
                .map(|level| (level.code().to_owned(), count(*level).into()))
                .collect();
            let evaluations: Vec<_> = stored
                .iter()
                .map(|s| {
                    json!({
                        "received": s.received, "device": s.device, "at": s.evaluation.at,
                        "about": s.evaluation.about, "level": s.evaluation.level,
                    })
                })
                .collect();
            let all = json!({ "counts": counts, "evaluations": evaluations });
            format!("{all}\n")
        }
    }
}
