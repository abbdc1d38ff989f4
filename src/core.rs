//! The core thread: events in, effects out, pages to the screen. Owns the terminal.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use yici_catalog::Lang;

use crate::devices::Devices;
use crate::health::{Change, Condition, happened, next_step, who};
use crate::submission::Submissions;
use crate::visit::page::{Content, Page};
use crate::visit::{Effect, Event, Now, Terminal};
use crate::watchdog::{self, Pulse};

/// The clock that the pure heart is driven by.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    /// Starts counting now.
    pub fn start() -> Clock {
        Clock(Instant::now())
    }

    /// The time now, monotonic and on the wall.
    pub fn now(&self) -> Now {
        let now = jiff::Zoned::now();
        Now {
            mono: self.0.elapsed(),
            wall: now.datetime(),
            stamp: now.timestamp(),
        }
    }
}

/// The idle page shows the time of day: look at it again at least this often.
const WALL_TIME: Duration = Duration::from_secs(20);

/// Longest time that one event may take.
const STEP: Duration = Duration::from_secs(10);

/// Why the core ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every sender of events is gone.
    Alone,
    /// Staff were let in: the screen and the devices are theirs.
    StaffIn,
}

/// Runs until every sender of events is gone or staff were let in. `publish` gets each page that differs
/// from the one before.
pub fn run(
    mut terminal: Terminal,
    clock: Clock,
    events: &Receiver<Event>,
    devices: &Devices,
    submissions: &Submissions,
    pulse: &Pulse,
    mut publish: impl FnMut(Page),
) -> Ended {
    let mut shown = None;
    let mut told = None;
    loop {
        let page = terminal.view();
        let serves = (
            matches!(page.content, Content::Idle { .. }),
            terminal.health().answering(),
        );
        if told.as_ref() != Some(&serves) {
            watchdog::serves(serves.0, &serves.1);
            told = Some(serves);
        }
        if shown.as_ref() != Some(&page) {
            publish(page.clone());
            shown = Some(page);
        }
        let wait = terminal.poll_timeout().map_or(WALL_TIME, |at| {
            at.saturating_sub(clock.now().mono).min(WALL_TIME)
        });
        pulse.promise(wait + STEP);
        let event = match events.recv_timeout(wait) {
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => Event::Time,
            Err(RecvTimeoutError::Disconnected) => return Ended::Alone,
        };
        for effect in terminal.handle(event, clock.now()) {
            match effect {
                Effect::ReadCard { visit } => devices.read_card(visit),
                Effect::StopReading => devices.stop_reading(),
                Effect::Print {
                    visit,
                    slip,
                    document,
                } => devices.print(visit, slip, &document),
                Effect::Scan { visit } => devices.scan(visit),
                Effect::StopScanning => devices.stop_scanning(),
                Effect::Submit { visit, draft } => submissions.submit(visit, *draft),
                Effect::Ask {
                    visit,
                    ask,
                    request,
                } => submissions.ask(visit, ask, *request),
                Effect::Tell(opinion) => submissions.tell(opinion),
                Effect::SlipCompleted(number) => submissions.slip_completed(number),
                Effect::Dismiss(number) => submissions.dismiss(number),
                Effect::LetStaffIn => return Ended::StaffIn,
                Effect::Log(change) => log(&change),
            }
        }
    }
}

/// One line for each change of a part, for whoever reads the log later; nothing personal is in it.
fn log(change: &Change) {
    let part = change.part.id();
    let since = change.since.wall.map_or_else(
        || format!("{} s after the start", change.since.mono.as_secs()),
        |wall| wall.to_string(),
    );
    match change.is {
        Condition::Troubled(trouble) => tracing::warn!(
            part,
            since,
            next = next_step(change.part, trouble, Lang::En),
            who = who(trouble.actor(), Lang::En),
            "{}",
            happened(trouble, Lang::En)
        ),
        Condition::Good | Condition::Unknown | Condition::Absent => match change.was {
            Condition::Troubled(trouble) => tracing::warn!(
                part,
                since,
                seconds = change.lasted.as_secs(),
                "over: {}",
                happened(trouble, Lang::En)
            ),
            Condition::Good | Condition::Unknown | Condition::Absent => {
                tracing::info!(part, since, is = ?change.is, "changed");
            }
        },
    }
}
