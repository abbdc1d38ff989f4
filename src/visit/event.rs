//! What reaches the terminal, and what it wants done.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use yici_catalog::Catalog;
use yici_contract::api::{Opinion, Progress, ProgressRequest};
use yici_contract::{CaseNumber, Private, SlipSecret};
use yici_hal::escpos::{Delivery as Moved, Printed};
use yici_hal::id_card::IdCard;
use yici_hal::status::Cause;

use super::Draft;
use super::page::{AskFault, Delivery, StoreFault};
use super::touch::Touch;
use crate::health::{Change, Word};
use crate::slips::Document;

/// The time an event is handled at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Since the terminal started; never steps back.
    pub mono: Duration,
    /// Local wall time.
    pub wall: DateTime,
    /// The same moment, whatever the hall's clock calls it.
    pub stamp: Timestamp,
}

/// Names one visit; replies to an earlier one are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct VisitId(pub u64);

/// Names one slip within its visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlipId(pub u32);

/// Everything that can happen to the terminal.
#[derive(Debug)]
pub enum Event {
    /// A touch on the page with this serial.
    Touched {
        /// Serial of the page that was on the screen.
        serial: u32,
        /// What was touched.
        touch: Touch,
    },
    /// The card reader about the card that a visit waits for.
    Card {
        /// The visit that asked.
        visit: VisitId,
        /// What it says.
        reply: CardReply,
    },
    /// The printer about a slip.
    Slip {
        /// The visit that asked.
        visit: VisitId,
        /// The slip.
        slip: SlipId,
        /// What became of it.
        printed: Printed,
    },
    /// The printer about the outlet that a slip came to.
    SlipMoved {
        /// The visit that asked.
        visit: VisitId,
        /// The slip.
        slip: SlipId,
        /// What became of it there.
        delivery: Moved,
    },
    /// A part of the terminal about itself.
    Says(Word),
    /// The code scanner read something.
    Scanned {
        /// The visit that asked.
        visit: VisitId,
        /// What it read.
        text: Private,
    },
    /// The outbox about a case that a visit submitted.
    Stored {
        /// The visit that asked.
        visit: VisitId,
        /// Its number and secret, now that it is durable.
        stored: Result<(CaseNumber, SlipSecret), StoreFault>,
    },
    /// How far a stored case has come.
    Delivery {
        /// The case.
        number: CaseNumber,
        /// How far.
        delivery: Delivery,
    },
    /// Upstream about a case's progress.
    Progress {
        /// The visit that asked.
        visit: VisitId,
        /// Which of its questions this answers.
        ask: u32,
        /// What it says.
        answer: Result<Box<Progress>, AskFault>,
    },
    /// Another catalogue, to be served from the next visit on.
    Catalogue(Arc<Catalog>),
    /// After a restart: cases that are stored and whose slip never came out.
    Unfinished(Vec<CaseNumber>),
    /// The time that [`Terminal::poll_timeout`](super::Terminal::poll_timeout) named has come.
    Time,
}

/// What the reader says while a visit waits for a card.
#[derive(Debug)]
pub enum CardReply {
    /// A card lies in the field and is being read.
    Found,
    /// Read whole.
    Read(Box<IdCard>),
    /// It lies badly or was lifted too early: the citizen can mend it.
    Unread,
    /// The reader does not serve.
    Fault(Cause),
}

/// Everything the terminal can want done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Wait for a card and read it, until it was read or [`Effect::StopReading`].
    ReadCard {
        /// For this visit.
        visit: VisitId,
    },
    /// Stop waiting for a card.
    StopReading,
    /// Print a slip and say what became of it.
    Print {
        /// For this visit.
        visit: VisitId,
        /// Under this name.
        slip: SlipId,
        /// What it says; laid out by whoever knows the paper.
        document: Box<Document>,
    },
    /// Wait for a code, until [`Effect::StopScanning`].
    Scan {
        /// For this visit.
        visit: VisitId,
    },
    /// Stop waiting for a code.
    StopScanning,
    /// Make a number and a secret, seal the case, store it durably, then deliver it.
    Submit {
        /// For this visit.
        visit: VisitId,
        /// Everything of the case but its number and secret.
        draft: Box<Draft>,
    },
    /// Ask upstream how a case is getting on.
    Ask {
        /// For this visit.
        visit: VisitId,
        /// Which of its questions it is.
        ask: u32,
        /// What is asked.
        request: Box<ProgressRequest>,
    },
    /// Tell upstream an opinion.
    Tell(Opinion),
    /// The slip of this case is in somebody's hands.
    SlipCompleted(CaseNumber),
    /// Nobody waits for the slip of this case any more.
    Dismiss(CaseNumber),
    /// The staff's PIN was right: leave the screen to `kiosk staff`.
    LetStaffIn,
    /// Write into the log that a part is no longer as it was.
    Log(Change),
}
