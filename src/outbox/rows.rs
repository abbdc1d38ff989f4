//! Reading rows, of which any may be damaged or forged: such a row is parked, and never more.

use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use uuid::Uuid;
use yici_contract::api::OpinionKind;
use yici_contract::{CaseNumber, Digest};

use super::{Entry, Line, OutboxError, SlipState, State, Unfinished};

/// Where opinions of a kind are.
pub(super) fn table(kind: OpinionKind) -> &'static str {
    match kind {
        OpinionKind::Evaluation => "evaluations",
        OpinionKind::Remark => "remarks",
    }
}

/// Parks every row that cannot be delivered as it stands; what stands there for its number or id.
pub(super) fn park_broken(connection: &Connection) -> Result<Vec<String>, OutboxError> {
    let mut broken = Vec::new();
    let cases = (
        "cases",
        // The length of a blob is known without reading it.
        "SELECT rowid, number, stored, state, length(sealed) = bytes AND typeof(sealed) = 'blob'
         AND length(sha256) = 32 FROM cases WHERE state NOT IN ('delivered', 'parked')"
            .to_owned(),
    );
    let opinions = OpinionKind::ALL.map(|kind| {
        let table = table(kind);
        let select = format!(
            "SELECT rowid, id, stored, state, after IS NULL OR length(after) = 19
             FROM {table} WHERE state <> 'parked'"
        );
        (table, select)
    });
    for (table, select) in std::iter::once(cases).chain(opinions) {
        let mut statement = connection.prepare(&select)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let key = text(row, 1).unwrap_or_default();
            let known = match table {
                "cases" => is_number(&key),
                _ => Uuid::parse_str(&key).is_ok_and(|id| id.to_string() == key),
            };
            let fine = known
                && time(row, 2).is_some()
                && text(row, 3).as_deref() == Some(State::Waiting.code())
                && row.get::<_, bool>(4).unwrap_or(false);
            if !fine {
                connection.execute(
                    &format!(
                        "UPDATE {table} SET state = 'parked', problem = 'damaged' WHERE rowid = ?1"
                    ),
                    [row.get::<_, i64>(0)?],
                )?;
                broken.push(key);
            }
        }
    }
    Ok(broken)
}

/// How many cases are not delivered, and how many bytes they have.
pub(super) fn held(connection: &Connection) -> Result<(i64, i64), OutboxError> {
    let sum = "SELECT count(*), ifnull(sum(bytes), 0) FROM cases WHERE state <> 'delivered'";
    Ok(connection.query_row(sum, [], |row| {
        // A forged length may make it a number that is none: then the outbox counts as full.
        Ok((row.get(0)?, row.get(1).unwrap_or(i64::MAX)))
    })?)
}

pub(super) fn waiting(connection: &Connection) -> Result<Vec<Entry>, OutboxError> {
    let mut entries = Vec::new();
    let mut statement =
        connection.prepare("SELECT number FROM cases WHERE state = 'waiting' ORDER BY rowid")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // What is broken was parked when the outbox was opened.
        if let Some(number) = number(row, 0) {
            entries.push(Entry::Case(number));
        }
    }
    for kind in OpinionKind::ALL {
        let mut statement = connection.prepare(&format!(
            "SELECT id, after FROM {} WHERE state = 'waiting' ORDER BY rowid",
            table(kind)
        ))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(id) = text(row, 0).and_then(|id| Uuid::parse_str(&id).ok()) {
                let after = number(row, 1);
                entries.push(Entry::Opinion { id, kind, after });
            }
        }
    }
    Ok(entries)
}

pub(super) fn unfinished(connection: &Connection) -> Result<Vec<Unfinished>, OutboxError> {
    let mut statement = connection.prepare(
        "SELECT number, stored, received FROM cases WHERE slip = 'wanted' ORDER BY rowid DESC",
    )?;
    let mut rows = statement.query([])?;
    let mut unfinished = Vec::new();
    while let Some(row) = rows.next()? {
        if let (Some(number), Some(stored)) = (number(row, 0), time(row, 1)) {
            unfinished.push(Unfinished {
                number,
                stored,
                received: time(row, 2),
            });
        }
    }
    Ok(unfinished)
}

pub(super) fn list(connection: &Connection) -> Result<Vec<Line>, OutboxError> {
    let mut statement = connection.prepare(
        "SELECT number, state, stored, bytes, sha256, attempts, tried, problem, received, exported,
         slip FROM cases ORDER BY rowid",
    )?;
    let mut rows = statement.query([])?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        let state = text(row, 1);
        let slip = text(row, 10);
        lines.push(Line {
            number: text(row, 0).unwrap_or_default(),
            // A state that is none is a broken row's: it is parked at the next start.
            state: State::ALL
                .into_iter()
                .find(|known| state.as_deref() == Some(known.code()))
                .unwrap_or(State::Parked),
            stored: text(row, 2).unwrap_or_default(),
            bytes: count(row, 3),
            sha256: row.get::<_, [u8; 32]>(4).ok().map(Digest::from),
            attempts: count(row, 5),
            tried: text(row, 6),
            problem: text(row, 7),
            received: text(row, 8),
            exported: text(row, 9),
            slip: SlipState::ALL
                .into_iter()
                .find(|known| slip.as_deref() == Some(known.code()))
                .unwrap_or(SlipState::Wanted),
        });
    }
    Ok(lines)
}

/// A value that is not of the type it should be, or stands on a damaged page, is the row's fault.
pub(super) fn damaged(error: rusqlite::Error) -> OutboxError {
    use rusqlite::Error::{FromSqlConversionFailure, InvalidColumnType};
    let corrupt = error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseCorrupt);
    if corrupt || matches!(error, FromSqlConversionFailure(..) | InvalidColumnType(..)) {
        OutboxError::Damaged
    } else {
        error.into()
    }
}

/// A text of at most 200 characters; longer ones are none that this program wrote.
fn text(row: &Row<'_>, at: usize) -> Option<String> {
    match row.get_ref(at) {
        Ok(ValueRef::Text(bytes)) if bytes.len() <= 200 => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
        Ok(
            ValueRef::Text(_)
            | ValueRef::Null
            | ValueRef::Integer(_)
            | ValueRef::Real(_)
            | ValueRef::Blob(_),
        )
        | Err(_) => None,
    }
}

fn number(row: &Row<'_>, at: usize) -> Option<CaseNumber> {
    CaseNumber::parse(&text(row, at)?).ok()
}

/// One number has one spelling here, so that it is found again.
fn is_number(text: &str) -> bool {
    CaseNumber::parse(text).is_ok_and(|number| number.to_string() == text)
}

fn time(row: &Row<'_>, at: usize) -> Option<Timestamp> {
    text(row, at)?.parse().ok()
}

fn count(row: &Row<'_>, at: usize) -> i64 {
    row.get(at).unwrap_or(0)
}
