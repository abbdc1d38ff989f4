//! What citizens say without saying who they are: evaluations and remarks, taken once each, and counted.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, TransactionBehavior, params};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use uuid::Uuid;
use yici_contract::KeyId;
use yici_contract::api::{Evaluation, Level, OpinionKind, Remark, Wrong};

use crate::cli::Format;
use crate::store::{Store, StoreError, key_id, time};

/// An opinion as it was stored.
pub struct Stored<T> {
    /// The device that it was given at.
    pub device: KeyId,
    /// When it came.
    pub received: Timestamp,
    /// The opinion.
    pub said: T,
}

impl Store {
    /// Stores an opinion; when it was first stored, or nothing if another one has its id.
    pub fn tell(
        &self,
        kind: OpinionKind,
        id: &Uuid,
        device: &KeyId,
        body: &str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let earlier: Option<(String, String, String, String)> = transaction
            .query_row(
                "SELECT kind, device, body, received FROM opinions WHERE id = ?1",
                [id.to_string()],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )
            .optional()?;
        if let Some((same_kind, by, same, received)) = earlier {
            let again = same_kind == kind.code() && by == device.to_string() && same == body;
            return match again {
                true => Ok(Some(time(&received)?)),
                false => Ok(None),
            };
        }
        transaction.execute(
            "INSERT INTO opinions (id, kind, device, body, received) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                id.to_string(),
                kind.code(),
                device.to_string(),
                body,
                now.to_string()
            ],
        )?;
        transaction.commit()?;
        Ok(Some(now))
    }

    /// Every opinion of a kind, the latest first.
    pub fn opinions<T: DeserializeOwned>(
        &self,
        kind: OpinionKind,
    ) -> Result<Vec<Stored<T>>, StoreError> {
        let connection = self.lock();
        let mut statement = connection.prepare(
            "SELECT device, received, body FROM opinions WHERE kind = ?1
             ORDER BY received DESC, id",
        )?;
        let mut rows = statement.query([kind.code()])?;
        let mut opinions = Vec::new();
        while let Some(row) = rows.next()? {
            opinions.push(Stored {
                device: key_id(row.get(0)?)?,
                received: time(&row.get::<_, String>(1)?)?,
                said: serde_json::from_str(&row.get::<_, String>(2)?)
                    .map_err(|_| StoreError::Broken("opinion"))?,
            });
        }
        Ok(opinions)
    }
}

/// The counts of each level, and as JSON every evaluation too, to be printed.
pub fn evaluations(stored: &[Stored<Evaluation>], format: Format) -> String {
    let count = |level: Level| stored.iter().filter(|s| s.said.level == level).count();
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
                        "received": s.received, "device": s.device, "at": s.said.at,
                        "about": s.said.about, "level": s.said.level,
                    })
                })
                .collect();
            let all = json!({ "counts": counts, "evaluations": evaluations });
            format!("{all}\n")
        }
    }
}

/// What is said to be wrong, the most often said first, and as JSON every remark too, to be printed.
pub fn remarks(stored: &[Stored<Remark>], format: Format) -> String {
    let mut counted: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for Stored { said, .. } in stored {
        let what = match &said.about {
            Wrong::Guide { part } => format!("guide, {}", part.code()),
            Wrong::Answer { question } => format!("answer to {question}"),
        };
        *counted.entry((&said.matter, what)).or_default() += 1;
    }
    let mut counted: Vec<_> = counted.into_iter().collect();
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    match format {
        Format::Text => counted
            .iter()
            .fold(String::new(), |mut text, ((matter, what), count)| {
                let _ = writeln!(text, "{count:>5}  {matter}: {what}");
                text
            }),
        Format::Json => {
            let counts: Vec<_> = counted
                .iter()
                .map(|((matter, what), count)| {
                    json!({ "matter": matter, "what": what, "count": count })
                })
                .collect();
            let remarks: Vec<_> = stored
                .iter()
                .map(|s| {
                    json!({
                        "received": s.received, "device": s.device, "at": s.said.at,
                        "matter": s.said.matter, "catalogue": s.said.catalogue,
                        "about": s.said.about,
                    })
                })
                .collect();
            let all = json!({ "counts": counts, "remarks": remarks });
            format!("{all}\n")
        }
    }
}
