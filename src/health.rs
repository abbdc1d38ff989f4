//! What each part of the terminal says, since when, who must act and how, and what citizens are
//! offered meanwhile (invariants 6 and 7).
//!
//! Pure: words come in with their time. Nothing but the last word of each part is kept; what it
//! means is derived from it whenever it is asked for, and what was not heard is never good.

#[cfg(test)]
mod tests;
mod words;

use std::time::Duration;

use jiff::Timestamp;
use yici_hal::address::Address;
use yici_hal::class::DeviceClass;
use yici_hal::status::{
    Actor, CameraStatus, Cause, DeviceState, Paper, PrinterStatus, ReaderStatus, ScannerStatus,
};

use crate::config::Config;
use crate::delivery::Link;

pub use words::{happened, next_step, who};

/// A part of the terminal that can fail by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A device.
    Device(DeviceClass),
    /// The store of cases that upstream does not have yet.
    Outbox,
    /// The way to upstream.
    Uplink,
}

impl Part {
    /// The name in machine-readable output, such as `id-card` or `outbox`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Device(class) => class.id(),
            Self::Outbox => "outbox",
            Self::Uplink => "uplink",
        }
    }
}

/// What a part says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// The reader of ID cards.
    Reader(ReaderStatus),
    /// The slip printer.
    Printer(PrinterStatus),
    /// The code scanner.
    Scanner(ScannerStatus),
    /// The reader of social security cards.
    SocialCardReader(ReaderStatus),
    /// The document camera.
    Camera(CameraStatus),
    /// The A4 printer.
    FormPrinter(PrinterStatus),
    /// The outbox.
    Outbox(OutboxState),
    /// The way to upstream.
    Uplink {
        /// Whether upstream is there.
        link: Link,
        /// The terminal's clock agrees with upstream's.
        clock_trusted: bool,
    },
}

/// What is known of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutboxState {
    /// It cannot be opened: nothing can be submitted here.
    Closed,
    /// It takes cases.
    Open {
        /// Cases that are parked and that nobody has taken out yet.
        parked: u32,
    },
}

impl Word {
    fn part(&self) -> Part {
        match self {
            Self::Reader(_) => Part::Device(DeviceClass::IdCard),
            Self::Printer(_) => Part::Device(DeviceClass::Printer),
            Self::Scanner(_) => Part::Device(DeviceClass::Code),
            Self::SocialCardReader(_) => Part::Device(DeviceClass::SocialCard),
            Self::Camera(_) => Part::Device(DeviceClass::Camera),
            Self::FormPrinter(_) => Part::Device(DeviceClass::FormPrinter),
            Self::Outbox(_) => Part::Outbox,
            Self::Uplink { .. } => Part::Uplink,
        }
    }

    fn condition(&self) -> Condition {
        match self {
            Self::Reader(status) | Self::SocialCardReader(status) => {
                device(status.device, status.cause, status.ready())
            }
            Self::Scanner(status) => device(status.device, status.cause, status.ready()),
            Self::Camera(status) => device(status.device, status.cause, status.ready()),
            Self::Printer(status) | Self::FormPrinter(status)
                if status.ready() && status.paper == Some(Paper::Low) =>
            {
                Condition::Troubled(Trouble::PaperLow)
            }
            Self::Printer(status) | Self::FormPrinter(status) => {
                device(status.device, status.cause, status.ready())
            }
            Self::Outbox(OutboxState::Closed) => Condition::Troubled(Trouble::OutboxClosed),
            Self::Outbox(OutboxState::Open { parked: 0 }) => Condition::Good,
            Self::Outbox(OutboxState::Open { parked }) => {
                Condition::Troubled(Trouble::Parked(*parked))
            }
            Self::Uplink { link, .. } => match link {
                Link::Unknown => Condition::Unknown,
                Link::Reachable => Condition::Good,
                Link::Unreachable => Condition::Troubled(Trouble::Unreachable),
                Link::Refusing => Condition::Troubled(Trouble::Refused),
            },
        }
    }
}

fn device(state: DeviceState, cause: Option<Cause>, ready: bool) -> Condition {
    match cause {
        _ if state == DeviceState::NoDevice => Condition::Absent,
        Some(cause) => Condition::Troubled(Trouble::Fault(cause)),
        None if ready => Condition::Good,
        None => Condition::Unknown,
    }
}

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The terminal was set up without it.
    Absent,
    /// It said nothing yet, or not all that matters. Never taken for good.
    Unknown,
    /// It said that it works.
    Good,
    /// Somebody has something to do, or to wait for.
    Troubled(Trouble),
}

/// What is wrong with a part, or soon will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// A device does not work, for this cause.
    Fault(Cause),
    /// The roll is near its end; slips still come out whole.
    PaperLow,
    /// The outbox cannot be opened.
    OutboxClosed,
    /// So many cases are parked and were not taken out.
    Parked(u32),
    /// Upstream does not answer.
    Unreachable,
    /// Upstream answers, and takes nothing of this terminal.
    Refused,
}

impl Trouble {
    /// Who must act so that it goes away.
    pub fn actor(self) -> Actor {
        match self {
            Self::Fault(cause) => cause.actor(),
            Self::PaperLow | Self::Parked(_) => Actor::Staff,
            Self::OutboxClosed | Self::Refused => Actor::Technician,
            // Networks come back by themselves; what waits is sent then.
            Self::Unreachable => Actor::Nobody,
        }
    }
}

/// A moment: monotonic since the terminal started, and on the wall while the clock is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Since the terminal started.
    pub mono: Duration,
    /// By the clock, when it agreed with upstream's.
    pub wall: Option<Timestamp>,
}

/// A part with its last word.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Which.
    pub part: Part,
    /// Where a device is.
    pub address: Option<Address>,
    /// What it said last; nothing while it has not spoken.
    pub word: Option<Word>,
    /// Since when it is as it is.
    pub since: Moment,
}

impl Entry {
    /// How it is.
    pub fn condition(&self) -> Condition {
        self.word
            .as_ref()
            .map_or(Condition::Unknown, Word::condition)
    }
}

/// A part is no longer as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Which.
    pub part: Part,
    /// How it was.
    pub was: Condition,
    /// How it is.
    pub is: Condition,
    /// Since when it is so.
    pub since: Moment,
    /// How long it was as it was.
    pub lasted: Duration,
}

/// Something that citizens can do here as long as what it takes works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journey {
    /// Saying who one is by card.
    IdentityByCard,
    /// Taking slips along on paper.
    Paper,
    /// Opening progress by the slip's code.
    ProgressByCode,
    /// Opening progress by number and card.
    ProgressByCard,
    /// Submitting here.
    Submit,
}

/// Whether something can be offered now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// It answered and is ready.
    Ready,
    /// It cannot be told yet; trying is offered.
    Unknown,
    /// It cannot serve, for this cause.
    Unavailable(Cause),
    /// The terminal was set up without it: it is not spoken of.
    Absent,
}

impl Offer {
    /// Whether it can be tried.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Ready | Self::Unknown)
    }
}

/// The journeys that hang on a part.
pub fn journeys(part: Part) -> &'static [Journey] {
    match part {
        Part::Device(DeviceClass::IdCard) => &[Journey::IdentityByCard, Journey::ProgressByCard],
        Part::Device(DeviceClass::Printer) => &[Journey::Paper],
        Part::Device(DeviceClass::Code) => &[Journey::ProgressByCode],
        Part::Outbox => &[
            Journey::Submit,
            Journey::ProgressByCode,
            Journey::ProgressByCard,
        ],
        // What waits for upstream is kept, and progress says so itself.
        Part::Uplink => &[],
        // No journey takes them yet.
        Part::Device(
            DeviceClass::SocialCard
            | DeviceClass::Camera
            | DeviceClass::FormPrinter
            | DeviceClass::Touch
            | DeviceClass::Screen
            | DeviceClass::Audio,
        ) => &[],
    }
}

/// Whether a device with this fault is not offered. A printer that only listens may print all the
/// same; then the citizen is asked.
pub fn blocks(class: DeviceClass, cause: Cause) -> bool {
    (class, cause) != (DeviceClass::Printer, Cause::NoAnswer)
}

/// The last word of every part.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Health {
    entries: Vec<Entry>,
}

impl Health {
    /// The parts that a terminal is set up with, before any of them has spoken.
    pub fn set_up(config: &Config, now: Moment) -> Health {
        let device = |class| {
            let address = config.address(class)?.clone();
            Some((Part::Device(class), Some(address)))
        };
        // Touch, screen and sound are the system's: they are listed, and say nothing by themselves.
        let parts = [
            DeviceClass::IdCard,
            DeviceClass::SocialCard,
            DeviceClass::Code,
            DeviceClass::Camera,
            DeviceClass::Printer,
            DeviceClass::FormPrinter,
        ]
        .into_iter()
        .filter_map(device)
        .chain(
            [Part::Outbox, Part::Uplink]
                .into_iter()
                .filter(|_| config.upstream.is_some())
                .map(|part| (part, None)),
        );
        let entries = parts.map(|(part, address)| Entry {
            part,
            address,
            word: None,
            since: now,
        });
        Health {
            entries: entries.collect(),
        }
    }

    /// Takes in what a part says; what has changed by it, if anything has.
    pub fn hear(&mut self, word: Word, now: Moment) -> Option<Change> {
        let part = word.part();
        let at = self.entries.iter().position(|entry| entry.part == part);
        let at = at.unwrap_or_else(|| {
            self.entries.push(Entry {
                part,
                address: None,
                word: None,
                since: now,
            });
            self.entries.len() - 1
        });
        let entry = &mut self.entries[at];
        let was = entry.condition();
        entry.word = Some(word);
        let is = entry.condition();
        if was == is {
            return None;
        }
        let before = std::mem::replace(&mut entry.since, now);
        Some(Change {
            part,
            was,
            is,
            since: now,
            lasted: now.mono.saturating_sub(before.mono),
        })
    }

    /// Every part that the terminal has.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The devices that said last that they work, by name.
    pub fn answering(&self) -> Vec<&'static str> {
        let works = |condition| match condition {
            Condition::Good | Condition::Troubled(Trouble::PaperLow) => true,
            Condition::Absent | Condition::Unknown | Condition::Troubled(_) => false,
        };
        (self.entries.iter())
            .filter(|entry| matches!(entry.part, Part::Device(_)) && works(entry.condition()))
            .map(|entry| entry.part.id())
            .collect()
    }

    /// What the card reader can do now.
    pub fn reader(&self) -> Offer {
        self.offer(DeviceClass::IdCard)
    }

    /// What the slip printer can do now.
    pub fn printer(&self) -> Offer {
        self.offer(DeviceClass::Printer)
    }

    /// What the code scanner can do now.
    pub fn scanner(&self) -> Offer {
        self.offer(DeviceClass::Code)
    }

    /// Whether cases can be submitted, and their progress be asked for.
    pub fn submits(&self) -> bool {
        matches!(
            self.word(Part::Outbox),
            Some(Word::Outbox(OutboxState::Open { .. }))
        )
    }

    /// Whether the clock agrees with upstream's.
    pub fn clock_trusted(&self) -> bool {
        matches!(
            self.word(Part::Uplink),
            Some(Word::Uplink {
                clock_trusted: true,
                ..
            })
        )
    }

    /// The journeys that are off now and would be on if everything worked.
    pub fn taken_off(&self) -> Vec<Journey> {
        let mut off: Vec<Journey> = Vec::new();
        for entry in &self.entries {
            let open = match entry.part {
                Part::Device(class) => !matches!(self.offer(class), Offer::Unavailable(_)),
                Part::Outbox => self.submits(),
                Part::Uplink => true,
            };
            for journey in journeys(entry.part) {
                if !open && !off.contains(journey) {
                    off.push(*journey);
                }
            }
        }
        off
    }

    fn word(&self, part: Part) -> Option<&Word> {
        self.entry(part)?.word.as_ref()
    }

    fn entry(&self, part: Part) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.part == part)
    }

    fn offer(&self, class: DeviceClass) -> Offer {
        let Some(entry) = self.entry(Part::Device(class)) else {
            return Offer::Absent;
        };
        match entry.condition() {
            Condition::Absent => Offer::Absent,
            Condition::Unknown => Offer::Unknown,
            // A roll near its end still does.
            Condition::Good | Condition::Troubled(Trouble::PaperLow) => Offer::Ready,
            Condition::Troubled(Trouble::Fault(cause)) if blocks(class, cause) => {
                Offer::Unavailable(cause)
            }
            // Only devices are asked for here.
            Condition::Troubled(
                Trouble::Fault(_)
                | Trouble::OutboxClosed
                | Trouble::Parked(_)
                | Trouble::Unreachable
                | Trouble::Refused,
            ) => Offer::Unknown,
        }
    }
}
