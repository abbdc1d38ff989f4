//! The delivery's thread.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Instant;

use jiff::Timestamp;
use tokio::runtime::Runtime;
use yici_contract::api::{Opinion, Progress, ProgressRequest, Time};
use yici_contract::envelope::{self, Attachment};
use yici_contract::problem::{Kind, Remedy};
use yici_contract::{Case, CaseNumber, KeyId, SlipSecret};

use super::queue::{Queue, delay};
use super::{AskFault, Link, Report, StoreFault, UplinkStatus};
use crate::config;
use crate::outbox::{Entry, Outbox, OutboxError, SlipState, State};
use crate::uplink::{ClockState, Fault, Uplink};

/// What the thread is told: by the handle, and by calls that were answered.
pub(super) enum Command {
    Submit(Box<Submission>),
    Slip(CaseNumber, SlipState),
    Ask {
        ticket: u64,
        request: ProgressRequest,
    },
    Tell(Opinion),
    /// A try came to this.
    Tried(Entry, Result<Timestamp, Fault>),
    /// A question came to this.
    Asked(u64, Result<Progress, Fault>),
    /// A look at upstream came to this.
    Looked(Result<Time, Fault>),
    Stop,
}

/// A case as it is handed over.
pub(super) struct Submission {
    pub(super) ticket: u64,
    pub(super) case: Case,
    pub(super) attachments: Vec<Attachment>,
    pub(super) secret: SlipSecret,
}

pub(super) struct Actor<R> {
    config: config::Upstream,
    outbox: Outbox,
    uplink: Arc<Uplink>,
    runtime: Runtime,
    commands: Sender<Command>,
    report: R,
    queue: Queue,
    status: UplinkStatus,
    /// Parked cases, as last said.
    parked: Option<u32>,
    look: Look,
    /// The key that upstream last wanted, if it is not the configured one.
    other_key: Option<KeyId>,
}

/// When upstream is looked at next.
struct Look {
    at: Instant,
    last: Option<Instant>,
    /// Looks since it was last there.
    tries: u32,
    looking: bool,
}

impl<R: Fn(Report)> Actor<R> {
    pub(super) fn new(
        config: config::Upstream,
        outbox: Outbox,
        uplink: Uplink,
        commands: Sender<Command>,
        report: R,
    ) -> Result<Actor<R>, std::io::Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            // Names are looked up there.
            .max_blocking_threads(4)
            .thread_name("uplink")
            .enable_all()
            .build()?;
        Ok(Actor {
            queue: Queue::new(config.timing),
            config,
            outbox,
            uplink: Arc::new(uplink),
            runtime,
            commands,
            report,
            status: UplinkStatus {
                link: Link::Unknown,
                clock: ClockState::Unknown,
            },
            parked: None,
            look: Look {
                at: Instant::now(),
                last: None,
                tries: 0,
                looking: false,
            },
            other_key: None,
        })
    }

    pub(super) fn run(mut self, inbox: &Receiver<Command>) {
        self.take_up();
        loop {
            self.launch();
            let wait = self.next().saturating_duration_since(Instant::now());
            match inbox.recv_timeout(wait) {
                Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(command) => self.handle(command),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        // Tries that are under way are cut off: the same bytes go again at the next start.
        self.runtime.shutdown_background();
    }

    /// Takes up what an earlier run left.
    fn take_up(&mut self) {
        self.count_parked();
        match self.outbox.waiting() {
            Ok(entries) => {
                for entry in entries {
                    self.queue.push(entry, false, Instant::now());
                }
            }
            Err(error) => tracing::error!(%error, "what waits for delivery cannot be read"),
        }
        if !self.outbox.broken().is_empty() {
            let rows = self.outbox.broken().len();
            tracing::error!(rows, "outbox: damaged rows were parked");
        }
        match self.outbox.list() {
            Ok(lines) => {
                let parked = lines
                    .iter()
                    .filter(|line| line.state == State::Parked && line.exported.is_none());
                for line in parked {
                    let problem = line.problem.as_deref().unwrap_or_default();
                    if let Ok(number) = CaseNumber::parse(&line.number) {
                        self.alarm_parked(&number, problem);
                    }
                }
            }
            Err(error) => tracing::error!(%error, "what is parked cannot be read"),
        }
    }

    fn handle(&mut self, command: Command) {
        match command {
            Command::Submit(submission) => self.submit(*submission),
            Command::Slip(number, became) => {
                if let Err(error) = self.outbox.slip(&number, became) {
                    tracing::error!(%number, %error, "what became of a slip was not written");
                }
            }
            Command::Ask { ticket, request } => {
                let (uplink, commands) = (Arc::clone(&self.uplink), self.commands.clone());
                self.runtime.spawn(async move {
                    let answer = uplink.progress(&request).await;
                    let _ = commands.send(Command::Asked(ticket, answer));
                });
            }
            Command::Tell(opinion) => match self.outbox.store_opinion(&opinion, Timestamp::now()) {
                Ok(entry) => self.queue.push(entry, true, Instant::now()),
                Err(error) => tracing::warn!(%error, "an opinion was dropped"),
            },
            Command::Tried(entry, Ok(received)) => self.delivered(&entry, received),
            Command::Tried(entry, Err(fault)) => {
                self.failed(&entry, &fault);
                self.count_parked();
            }
            Command::Asked(ticket, answer) => {
                let answer = answer.map_err(|fault| {
                    tracing::info!(fault = fault.code(), "no progress");
                    self.look_soon();
                    ask_fault(&fault)
                });
                (self.report)(Report::Progress { ticket, answer });
            }
            Command::Looked(seen) => {
                self.looked(seen);
                // Exporting is another process's doing.
                self.count_parked();
            }
            // `run` ends by it.
            Command::Stop => {}
        }
    }

    fn submit(&mut self, submission: Submission) {
        let Submission {
            ticket,
            case,
            attachments,
            secret,
        } = submission;
        let sealed = envelope::seal(&case, &attachments, &self.config.device, &self.config.key);
        // From here on nobody here can read it.
        drop((case, attachments));
        let stored = match sealed {
            Ok(sealed) => self
                .outbox
                .store(&sealed, Timestamp::now())
                .map(|()| sealed.head().number)
                .map_err(|error| {
                    tracing::error!(%error, "a case was not stored");
                    match error {
                        OutboxError::Full => StoreFault::NoRoom,
                        OutboxError::File(_)
                        | OutboxError::Sqlite(_)
                        | OutboxError::Migration(_)
                        | OutboxError::Damaged
                        | OutboxError::NotThere
                        | OutboxError::Delivered => StoreFault::Failed,
                    }
                }),
            Err(error) => {
                tracing::error!(%error, "a case was not sealed");
                Err(StoreFault::Failed)
            }
        };
        match stored {
            Ok(number) => {
                let entry = Entry::Case(number);
                self.queue.push(entry, true, Instant::now());
                (self.report)(Report::Stored {
                    ticket,
                    number,
                    secret,
                });
            }
            Err(fault) => (self.report)(Report::NotStored { ticket, fault }),
        }
    }

    /// When there is something to do next, if nothing comes in.
    fn next(&self) -> Instant {
        let look = (!self.look.looking).then_some(self.look.at);
        self.queue
            .next()
            .into_iter()
            .chain(look)
            .min()
            .unwrap_or_else(|| Instant::now() + self.config.timing.look)
    }

    /// Starts everything that is due.
    fn launch(&mut self) {
        let now = Instant::now();
        while let Some(entry) = self.queue.due(now) {
            self.try_entry(entry);
        }
        if !self.look.looking && self.look.at <= now {
            self.look.looking = true;
            self.look.last = Some(now);
            let (uplink, commands) = (Arc::clone(&self.uplink), self.commands.clone());
            self.runtime.spawn(async move {
                let seen = look(&uplink).await;
                let _ = commands.send(Command::Looked(seen));
            });
        }
    }

    fn try_entry(&mut self, entry: Entry) {
        let (uplink, commands) = (Arc::clone(&self.uplink), self.commands.clone());
        let read = match entry {
            Entry::Case(number) => self.outbox.sealed(&number).map(|sealed| {
                self.runtime.spawn(async move {
                    let receipt = uplink.deliver(&sealed).await;
                    let received = receipt.map(|receipt| receipt.received);
                    let _ = commands.send(Command::Tried(entry, received));
                });
            }),
            Entry::Opinion { id, kind, .. } => self.outbox.opinion(kind, &id).map(|json| {
                self.runtime.spawn(async move {
                    let receipt = uplink.tell(kind, &id, json).await;
                    let received = receipt.map(|receipt| receipt.received);
                    let _ = commands.send(Command::Tried(entry, received));
                });
            }),
        };
        match read {
            Ok(()) => self.queue.trying(&entry),
            Err(OutboxError::Damaged) => self.park(&entry, "damaged"),
            // Another process delivered or parked it.
            Err(OutboxError::NotThere | OutboxError::Delivered) => self.queue.forget(&entry),
            Err(
                error @ (OutboxError::Full
                | OutboxError::File(_)
                | OutboxError::Sqlite(_)
                | OutboxError::Migration(_)),
            ) => {
                tracing::error!(%entry, %error, "an entry cannot be read just now");
                self.queue.again(&entry, Remedy::Later, Instant::now());
            }
        }
    }

    fn delivered(&mut self, entry: &Entry, received: Timestamp) {
        tracing::info!(%entry, "delivered");
        match self.outbox.delivered(entry, received) {
            Ok(()) => self.queue.forget(entry),
            // Sent once more, upstream gives the same receipt.
            Err(error) => {
                tracing::error!(%entry, %error, "that an entry was delivered was not written");
                self.queue.again(entry, Remedy::Later, Instant::now());
            }
        }
        if let Entry::Case(number) = *entry {
            (self.report)(Report::Delivered { number, received });
        }
        if self.queue.is_quiet()
            && let Err(error) = self.outbox.tidy()
        {
            tracing::warn!(%error, "the outbox was not tidied");
        }
        self.see(Link::Reachable);
    }

    fn failed(&mut self, entry: &Entry, fault: &Fault) {
        let (code, remedy) = (fault.code(), fault.remedy());
        if remedy == Remedy::Never {
            self.park(entry, &code);
            return;
        }
        if let Err(error) = self.outbox.later(entry, &code, Timestamp::now()) {
            tracing::error!(%entry, %error, "that a try failed was not written");
        }
        let first = self.queue.again(entry, remedy, Instant::now());
        match remedy {
            Remedy::Staff if first => {
                tracing::error!(%entry, fault = code, "upstream does not take it: staff must act");
            }
            Remedy::Staff | Remedy::Later | Remedy::Never => {
                tracing::info!(%entry, fault = code, "not delivered yet");
            }
        }
        if let Entry::Case(number) = *entry {
            (self.report)(Report::Waiting { number });
        }
        self.look_soon();
    }

    fn park(&mut self, entry: &Entry, code: &str) {
        if let Err(error) = self.outbox.park(entry, code, Timestamp::now()) {
            tracing::error!(%entry, %error, "that an entry is parked was not written");
        }
        self.queue.forget(entry);
        match entry {
            Entry::Case(number) => self.alarm_parked(number, code),
            Entry::Opinion { .. } => {
                tracing::error!(%entry, fault = code, "parked");
            }
        }
    }

    fn alarm_parked(&self, number: &CaseNumber, code: &str) {
        tracing::error!(
            %number,
            fault = code,
            "a case is parked: it was not delivered and is not tried again; \
             export it with `kiosk outbox export`"
        );
        (self.report)(Report::Parked { number: *number });
    }

    fn count_parked(&mut self) {
        match self.outbox.parked() {
            Ok(parked) if self.parked != Some(parked) => {
                self.parked = Some(parked);
                (self.report)(Report::Outbox { parked });
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "what is parked cannot be counted"),
        }
    }

    /// Something failed: look at upstream soon, but not more often than at first.
    fn look_soon(&mut self) {
        let now = Instant::now();
        let soon = self
            .look
            .last
            .map_or(now, |last| (last + self.config.timing.first).max(now));
        if self.status.link != Link::Unreachable {
            self.look.at = self.look.at.min(soon);
        }
    }

    fn looked(&mut self, seen: Result<Time, Fault>) {
        let timing = self.config.timing;
        self.look.looking = false;
        let link = match &seen {
            Ok(time) => {
                self.compare_key(time.key);
                Link::Reachable
            }
            Err(Fault::Silent(_)) => Link::Unreachable,
            Err(
                Fault::Problem(_)
                | Fault::ClockOff { .. }
                | Fault::Status(_)
                | Fault::TooLong(_)
                | Fault::NoReceipt
                | Fault::OtherReceipt
                | Fault::Unprovable,
            ) => Link::Refusing,
        };
        let wait = match &seen {
            Ok(_) => delay(timing.look, timing.look, 0),
            Err(_) => delay(timing.first, timing.look, self.look.tries),
        };
        self.look.at = Instant::now() + wait;
        self.look.tries = self.look.tries.saturating_add(1);
        if let Err(fault) = &seen
            && self.status.link != link
        {
            tracing::warn!(%fault, "upstream is not there for this terminal");
        }
        self.see(link);
    }

    fn compare_key(&mut self, wanted: KeyId) {
        let other = (wanted != self.config.key.id()).then_some(wanted);
        if other != self.other_key
            && let Some(wanted) = other
        {
            tracing::warn!(%wanted, "upstream wants cases sealed to another key than the configured");
        }
        self.other_key = other;
    }

    /// Takes in how upstream stands, and says so if it is new.
    fn see(&mut self, link: Link) {
        let status = UplinkStatus {
            link,
            clock: self.uplink.clock(),
        };
        let before = std::mem::replace(&mut self.status, status);
        if link == Link::Reachable {
            self.look.tries = 0;
            if before.link != Link::Reachable {
                tracing::info!("upstream is there");
                self.queue.hurry(Instant::now());
            }
        }
        if let ClockState::Off { by } = status.clock
            && before.clock != status.clock
        {
            let minutes = by.as_mins();
            tracing::warn!(
                minutes,
                "the clock is ahead of upstream's by this; upstream's counts"
            );
        }
        if before != status {
            (self.report)(Report::Uplink(status));
        }
    }
}

/// Upstream's time and key, if it takes this terminal's proofs as well.
async fn look(uplink: &Uplink) -> Result<Time, Fault> {
    let time = uplink.time().await?;
    uplink.enrolled().await?;
    Ok(time)
}

fn ask_fault(fault: &Fault) -> AskFault {
    if *fault == Fault::Problem(Kind::NotFound) {
        return AskFault::NotFound;
    }
    if *fault == Fault::Problem(Kind::TooMany) {
        return AskFault::TooMany;
    }
    match fault.remedy() {
        Remedy::Later => AskFault::Unreachable,
        Remedy::Staff | Remedy::Never => AskFault::Refused,
    }
}
