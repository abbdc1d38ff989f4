//! The code scanner's thread.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
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
    let mut look = true;
    loop {
        pulse.promise(TURN);
        if look {
            // This forgets, too: what is held up before anybody asks, or after, is of somebody else.
            let status = scanner.status();
            say(events, Event::Says(Word::Scanner(status)));
            if let Some(cause) = status.cause {
                return Ended::Device(cause);
            }
        }
        let pause = match waiting {
            Some(_) => Duration::ZERO,
            None => HEALTH,
        };
        match commands.recv_timeout(pause) {
            Ok(command) => {
                take(command, waiting);
                look = true;
                continue;
            }
            Err(RecvTimeoutError::Timeout) => look = waiting.is_none(),
            Err(RecvTimeoutError::Disconnected) => return Ended::Core,
        }
        let Some(visit) = *waiting else { continue };
        match scanner.read(Instant::now() + LOOK) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::thread;

    use yici_hal::code_scanner::{ScannedCode, ScannerError};
    use yici_hal::status::{DeviceState, Scanner};

    use crate::watchdog::Watchdog;

    /// A scanner that nobody holds anything up to.
    struct Quiet;

    impl CodeScanner for Quiet {
        fn status(&mut self) -> ScannerStatus {
            ScannerStatus {
                device: DeviceState::Online,
                scanner: Scanner::On,
                cause: None,
            }
        }

        fn read(&mut self, until: Instant) -> Result<Option<ScannedCode>, ScannerError> {
            thread::sleep(until.saturating_duration_since(Instant::now()));
            Ok(None)
        }
    }

    /// A look forgets, so it must not wait for its time when a wait begins or ends.
    #[test]
    fn each_command_is_followed_by_a_look_at_once() {
        let (commands, queue) = channel();
        let (events, told) = channel();
        let pulse = Watchdog::start().pulse("code scanner");
        let scanning = thread::spawn(move || {
            serve(&mut Quiet, &mut None, &queue, &events, &pulse);
        });
        let look = |within| told.recv_timeout(within).is_ok();
        assert!(look(HEALTH), "when it was opened");
        for command in [
            Command::Scan(VisitId(1)),
            Command::Scan(VisitId(2)),
            Command::Stop,
        ] {
            commands.send(command).unwrap();
            assert!(look(HEALTH - LOOK));
        }
        commands.send(Command::Scan(VisitId(3))).unwrap();
        assert!(look(HEALTH - LOOK));
        assert!(!look(2 * HEALTH), "none while somebody waits");
        drop(commands);
        scanning.join().unwrap();
    }
}
