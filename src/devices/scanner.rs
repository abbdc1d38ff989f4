//! The code scanner's thread.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::{Duration, Instant};

use yici_contract::Private;
use yici_hal::address::Address;
use yici_hal::code_scanner::{self, CodeScanner};
use yici_hal::status::{Cause, ScannerStatus};

use super::{HEALTH, RETRY, TURN};
use crate::health::Word;
use crate::visit::{Event, VisitId};
use crate::watchdog::Pulse;

/// What the core wants of the scanner.
pub(super) enum Command {
    /// Wait for codes for this visit.
    Scan(VisitId),
    /// Wait no longer.
    Stop,
}

/// The longest wait before the next command is looked for.
const LOOK: Duration = Duration::from_millis(200);

/// Owns the scanner until the core is gone.
pub(super) fn run(
    address: &Address,
    commands: &Receiver<Command>,
    events: &Sender<Event>,
    pulse: &Pulse,
) {
    let mut waiting = None;
    loop {
        pulse.promise(TURN);
        let lost = match code_scanner::open(address) {
            Ok(mut scanner) => match serve(scanner.as_mut(), &mut waiting, commands, events, pulse)
            {
                Ended::Core => return,
                Ended::Device(cause) => cause,
            },
            Err(error) => {
                tracing::debug!("code scanner: {error}");
                error.cause().unwrap_or(Cause::NotConnected)
            }
        };
        say(
            events,
            Event::Says(Word::Scanner(ScannerStatus::faulty(lost))),
        );
        match commands.recv_timeout(RETRY) {
            // Tried at once when someone asks for it.
            Ok(command) => take(command, &mut waiting),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

enum Ended {
    Core,
    Device(Cause),
}

fn serve(
    scanner: &mut dyn CodeScanner,
    waiting: &mut Option<VisitId>,
    commands: &Receiver<Command>,
    events: &Sender<Event>,
    pulse: &Pulse,
) -> Ended {
    let mut fresh = true;
    loop {
        pulse.promise(TURN);
        if fresh {
            let status = scanner.status();
            say(events, Event::Says(Word::Scanner(status)));
            if let Some(cause) = status.cause {
                return Ended::Device(cause);
            }
        }
        if waiting.is_none() {
            match commands.recv_timeout(HEALTH) {
                Ok(command) => take(command, waiting),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ended::Core,
            }
            fresh = true;
            continue;
        }
        match commands.try_recv() {
            Ok(command) => take(command, waiting),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return Ended::Core,
        }
        let Some(visit) = *waiting else { continue };
        // What was held up before anybody asked is of somebody earlier.
        let read = match fresh {
            true => scanner.forget().map(|()| None),
            false => scanner.read(Instant::now() + LOOK),
        };
        fresh = false;
        match read {
            Ok(Some(code)) => say(
                events,
                Event::Scanned {
                    visit,
                    text: Private::new(code.text()),
                },
            ),
            Ok(None) => {}
            Err(error) => {
                tracing::info!("code scanner: {error}");
                match error.cause() {
                    // What is no text is no slip's code either.
                    None => say(
                        events,
                        Event::Scanned {
                            visit,
                            text: Private::default(),
                        },
                    ),
                    Some(cause) => return Ended::Device(cause),
                }
            }
        }
    }
}

fn take(command: Command, waiting: &mut Option<VisitId>) {
    *waiting = match command {
        Command::Scan(visit) => Some(visit),
        Command::Stop => None,
    };
}

fn say(events: &Sender<Event>, event: Event) {
    // Without a core there is nobody to tell, and the terminal is about to end.
    let _ = events.send(event);
}
