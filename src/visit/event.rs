//! What reaches the terminal, and what it wants done.

use std::time::Duration;

use jiff::civil::DateTime;
use yici_hal::escpos::Printed;
use yici_hal::id_card::IdCard;
use yici_hal::status::{Cause, PrinterStatus, ReaderStatus};

use super::touch::Touch;
use crate::slips::Document;

/// The time an event is handled at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Since the terminal started; never steps back.
    pub mono: Duration,
    /// Local wall time.
    pub wall: DateTime,
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
    /// The card reader's state.
    Reader(ReaderStatus),
    /// The printer's state.
    Printer(PrinterStatus),
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
}
