//! What the outbox holds, as it is listed and handed out.

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;
use yici_contract::api::OpinionKind;
use yici_contract::{CaseNumber, Digest};

/// What is delivered as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entry {
    /// A sealed case.
    Case(CaseNumber),
    /// An opinion. It is never before its case.
    Opinion {
        /// The id it is delivered under.
        id: Uuid,
        /// Its kind.
        kind: OpinionKind,
        /// The case that it is about, if any.
        after: Option<CaseNumber>,
    },
}

/// A case as the outbox lists it. Nothing personal is in it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Line {
    /// Its number as it is stored; in a broken row it may be none.
    pub number: String,
    /// Whether upstream has it.
    pub state: State,
    /// When it was stored, by the terminal's clock.
    pub stored: String,
    /// The sealed bytes' length.
    pub bytes: i64,
    /// Their SHA-256; none in a broken row.
    pub sha256: Option<Digest>,
    /// How often delivering it was tried, and failed.
    pub attempts: i64,
    /// When it was last tried.
    pub tried: Option<String>,
    /// Why the last try failed.
    pub problem: Option<String>,
    /// When upstream received it.
    pub received: Option<String>,
    /// When its sealed bytes were exported.
    pub exported: Option<String>,
    /// What became of its slip.
    pub slip: SlipState,
}

/// Whether upstream has a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Not yet; it is tried again and again.
    Waiting,
    /// It has.
    Delivered,
    /// Not, and these bytes will never do. People must act.
    Parked,
}

/// What became of a case's slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SlipState {
    /// It is not in the citizen's hands as far as the terminal knows.
    Wanted,
    /// It is in the citizen's hands.
    Completed,
    /// Nobody wanted it any more.
    Dismissed,
}

/// A case that was stored and whose slip was never completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfinished {
    /// The case.
    pub number: CaseNumber,
    /// When it was stored, by the terminal's clock.
    pub stored: Timestamp,
    /// When upstream received it, if it has.
    pub received: Option<Timestamp>,
}

/// A case's sealed bytes, as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Exported {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Whether they are still those that were stored, and this case's.
    pub whole: bool,
}

impl State {
    pub(super) const ALL: [State; 3] = [State::Waiting, State::Delivered, State::Parked];

    /// The state as it is stored and printed.
    pub fn code(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Delivered => "delivered",
            State::Parked => "parked",
        }
    }
}

impl SlipState {
    pub(super) const ALL: [SlipState; 3] = [
        SlipState::Wanted,
        SlipState::Completed,
        SlipState::Dismissed,
    ];

    /// The state as it is stored and printed.
    pub fn code(self) -> &'static str {
        match self {
            SlipState::Wanted => "wanted",
            SlipState::Completed => "completed",
            SlipState::Dismissed => "dismissed",
        }
    }
}

impl fmt::Debug for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exported({} bytes)", self.bytes.len())
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Case(number) => write!(f, "case {number}"),
            Entry::Opinion { id, kind, .. } => write!(f, "{} {id}", kind.code()),
        }
    }
}
