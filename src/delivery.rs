//! Delivery: one thread that owns the outbox, seals and stores what citizens submit, and brings it
//! to upstream, however long that takes.
//!
//! Calls run on the uplink's own thread; their answers come back here as commands. One case is one
//! try at a time with the same bytes each time; an opinion never goes before its case. Newly
//! stored entries do not wait behind older ones that fail.
//!
//! Whether upstream is there is decided by looking at it, not by any one entry's failure: one case
//! that upstream cannot digest does not make the hall close. When it is there again, everything is
//! tried at once.

mod actor;
mod queue;

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use yici_contract::api::{Opinion, Progress, ProgressRequest};
use yici_contract::envelope::Attachment;
use yici_contract::{Case, CaseNumber, SlipSecret};

use crate::config;
use crate::outbox::{Outbox, OutboxError, SlipState, Unfinished};
use crate::uplink::{self, ClockState, Uplink, UplinkError};
use actor::{Actor, Command, Submission};

/// Times of delivery. Each wait is between half of what it says and all of it, at random, so that
/// terminals do not come all at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Before the second try; each further wait is twice as long.
    pub first: Duration,
    /// The longest wait.
    pub most: Duration,
    /// Before the second try of what people must act on first.
    pub staff_first: Duration,
    /// The longest such wait.
    pub staff_most: Duration,
    /// Between two looks at upstream while it is there, and the longest while it is not.
    pub look: Duration,
    /// Times of each call.
    pub uplink: uplink::Timing,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            first: Duration::from_secs(1),
            most: Duration::from_secs(5 * 60),
            staff_first: Duration::from_secs(60),
            staff_most: Duration::from_secs(30 * 60),
            look: Duration::from_secs(60),
            uplink: uplink::Timing::default(),
        }
    }
}

/// The handle of the delivery. When it is dropped the thread ends; what is stored stays.
pub struct Delivery {
    commands: Sender<Command>,
    unfinished: Vec<Unfinished>,
    thread: Option<JoinHandle<()>>,
}

/// What delivery has to say. It has no `Debug`: progress is personal.
pub enum Report {
    /// A case is sealed and on disk: its number may be shown, its slip printed.
    Stored {
        /// Of [`Delivery::submit`].
        ticket: u64,
        /// The case.
        number: CaseNumber,
        /// Its slip's secret, which is nowhere else.
        secret: SlipSecret,
    },
    /// A case could not be stored: nothing of it is kept, and nothing may be claimed.
    NotStored {
        /// Of [`Delivery::submit`].
        ticket: u64,
        /// Why.
        fault: StoreFault,
    },
    /// Upstream has a case.
    Delivered {
        /// The case.
        number: CaseNumber,
        /// When upstream received it, by upstream's clock.
        received: Timestamp,
    },
    /// A try failed. It will be tried again by itself.
    Waiting {
        /// The case.
        number: CaseNumber,
    },
    /// Upstream refuses a case for good, or it was damaged on disk. It is kept for export. Said
    /// again at each start until it was exported.
    Parked {
        /// The case.
        number: CaseNumber,
    },
    /// How a case is getting on.
    Progress {
        /// Of [`Delivery::progress`].
        ticket: u64,
        /// Upstream's answer.
        answer: Result<Progress, AskFault>,
    },
    /// The outbox takes cases; said at the start, and when the number changes.
    Outbox {
        /// Cases that are parked and were not exported.
        parked: u32,
    },
    /// Whether upstream is there; said when it changes.
    Uplink(UplinkStatus),
}

/// Why a case could not be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreFault {
    /// The disk is full, or the outbox holds as much as it may.
    NoRoom,
    /// It could not be sealed or written. The log says why.
    Failed,
}

/// Why there is no progress to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskFault {
    /// Upstream cannot be reached, or cannot serve just now.
    Unreachable,
    /// There is no such case, or the secret does not open it.
    NotFound,
    /// This case was asked for with wrong keys too often; it opens again in a while.
    TooMany,
    /// Upstream does not take this terminal's requests: staff must act.
    Refused,
}

/// Whether upstream is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UplinkStatus {
    /// The way to upstream.
    pub link: Link,
    /// The terminal's clock beside upstream's.
    pub clock: ClockState,
}

/// The way to upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Not looked yet.
    Unknown,
    /// Upstream answers, and takes this terminal's proofs.
    Reachable,
    /// There is no answer, or none from who should answer.
    Unreachable,
    /// There are answers, but nothing is taken.
    Refusing,
}

/// Delivery cannot start.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The outbox cannot be used.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// There is no TLS client.
    #[error(transparent)]
    Uplink(#[from] UplinkError),
    /// The system gives no threads.
    #[error("delivery: {0}")]
    Threads(#[from] std::io::Error),
}

impl Delivery {
    /// Opens the outbox and starts the threads. `report` is called from the delivery's thread: it
    /// must not block, nor drop the handle.
    ///
    /// # Errors
    /// When the outbox cannot be opened, or the system gives no threads.
    pub fn start(
        config: &config::Upstream,
        report: impl Fn(Report) + Send + 'static,
    ) -> Result<Delivery, DeliveryError> {
        let outbox = Outbox::open(&config.outbox)?;
        let unfinished = outbox.unfinished()?;
        let uplink = Uplink::new(config)?;
        let (commands, inbox) = channel();
        let actor = Actor::new(config.clone(), outbox, uplink, commands.clone(), report)?;
        let thread = std::thread::Builder::new()
            .name("delivery".into())
            .spawn(move || actor.run(&inbox))?;
        Ok(Delivery {
            commands,
            unfinished,
            thread: Some(thread),
        })
    }

    /// Seals a case and stores it, then delivers it. Answered by [`Report::Stored`] or
    /// [`Report::NotStored`], then by [`Report::Delivered`], [`Report::Waiting`] (any number of
    /// times) or [`Report::Parked`]. What is handed over is wiped as soon as it is sealed.
    pub fn submit(
        &self,
        ticket: u64,
        case: Case,
        attachments: Vec<Attachment>,
        secret: SlipSecret,
    ) {
        self.send(Command::Submit(Box::new(Submission {
            ticket,
            case,
            attachments,
            secret,
        })));
    }

    /// The receipt slip is in the citizen's hands.
    pub fn slip_completed(&self, number: CaseNumber) {
        self.send(Command::Slip(number, SlipState::Completed));
    }

    /// Nobody wants the slip any more.
    pub fn dismiss(&self, number: CaseNumber) {
        self.send(Command::Slip(number, SlipState::Dismissed));
    }

    /// The cases whose slip was never completed, latest first, as found at the start: what was
    /// stored before a crash.
    pub fn unfinished(&self) -> &[Unfinished] {
        &self.unfinished
    }

    /// Asks how a case is getting on; no outbox entry. Answered by [`Report::Progress`].
    pub fn progress(&self, ticket: u64, request: ProgressRequest) {
        self.send(Command::Ask { ticket, request });
    }

    /// Stores an opinion and delivers it. It is not worth a report: without room it is dropped.
    pub fn tell(&self, opinion: Opinion) {
        self.send(Command::Tell(opinion));
    }

    fn send(&self, command: Command) {
        // The thread only ends with this handle, or by a panic, which ends the terminal.
        let _ = self.commands.send(command);
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.send(Command::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
