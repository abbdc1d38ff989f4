//! The code scanner's thread.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::{Duration, Instant};

use yici_contract::Private;
use yici_hal::address::Address;
use yici_hal::code_scanner::{self, CodeScanner};

use super::RETRY;
use crate::visit::page::Offer;
use crate::visit::{Event, VisitId};

/// What the core wants of the scanner.
pub(super) enum Command {
    /// Wait for codes for this visit.
    Scan(VisitId),
    /// Wait no longer.
    Stop,
}

/// The longest wait before the next command is looked for.
const LOOK: Duration = Duration::from_millis(200);
/// Between two looks at an idle scanner's link.
const HEALTH: Duration = Duration::from_secs(5);

/// Owns the scanner until the core is gone.
pub(super) fn run(address: &Address, commands: &Receiver<Command>, events: &Sender<Event>) {
    let mut missed = false;
    let mut waiting = None;
    loop {
        match code_scanner::open(address) {
            Ok(mut scanner) => {
                missed = false;
                match serve(scanner.as_mut(), &mut waiting, commands, events) {
                    Ended::Core => return,
                    Ended::Device => {}
                }
            }
            // Said once, not at every try.
            Err(error) if !missed => {
                missed = true;
                tracing::warn!("code scanner: {error}");
            }
            Err(_) => {}
        }
        let gone = yici_hal::status::Cause::NotConnected;
        say(events, Event::Scanner(Offer::Unavailable(gone)));
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
    Device,
}

fn serve(
    scanner: &mut dyn CodeScanner,
    waiting: &mut Option<VisitId>,
    commands: &Receiver<Command>,
    events: &Sender<Event>,
) -> Ended {
    let mut fresh = true;
    say(events, Event::Scanner(Offer::Unknown));
    loop {
        if waiting.is_none() {
            let offer = match scanner.status().cause {
                Some(cause) => Offer::Unavailable(cause),
                // The open port is all that can be known of it.
                None => Offer::Unknown,
            };
            say(events, Event::Scanner(offer));
            if let Offer::Unavailable(_) = offer {
                return Ended::Device;
            }
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
                    Some(_) => return Ended::Device,
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
