//! The card reader's thread.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use yici_hal::address::Address;
use yici_hal::id_card::{self, CardReader, ReaderError};
use yici_hal::status::{Cause, ReaderStatus};

use super::{HEALTH, RETRY, TURN};
use crate::health::Word;
use crate::visit::{CardReply, Event, VisitId};
use crate::watchdog::Pulse;

/// What the core wants of the reader.
pub(super) enum Command {
    /// Wait for a card and read it for this visit.
    Read(VisitId),
    /// Wait no longer.
    Stop,
}

/// Between two looks for a card (devices.md: 0.3 to 1 s).
const LOOK: Duration = Duration::from_millis(300);
/// Owns the reader until the core is gone.
pub(super) fn run(
    address: &Address,
    commands: &Receiver<Command>,
    events: &Sender<Event>,
    pulse: &Pulse,
) {
    let mut actor = Actor {
        events,
        pulse,
        waiting: None,
    };
    loop {
        pulse.promise(TURN);
        match id_card::open(address) {
            Ok(reader) => match actor.serve(reader, commands) {
                Ended::Core => return,
                Ended::Device => actor.lost(Cause::NotConnected),
            },
            Err(error) => {
                tracing::debug!("card reader: {error}");
                actor.lost(error.cause().unwrap_or(Cause::NotConnected));
            }
        }
        match commands.recv_timeout(RETRY) {
            // Tried at once when someone asks for it.
            Ok(command) => actor.take(command),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

enum Ended {
    Core,
    Device,
}

struct Actor<'a> {
    events: &'a Sender<Event>,
    pulse: &'a Pulse,
    waiting: Option<VisitId>,
}

impl Actor<'_> {
    fn serve(&mut self, mut reader: Box<dyn CardReader>, commands: &Receiver<Command>) -> Ended {
        loop {
            self.pulse.promise(TURN);
            let pause = match self.waiting {
                Some(_) => LOOK,
                None => {
                    let status = reader.status();
                    self.status(status);
                    if status.cause == Some(Cause::NotConnected) {
                        return Ended::Device;
                    }
                    HEALTH
                }
            };
            match commands.recv_timeout(pause) {
                Ok(command) => self.take(command),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ended::Core,
            }
            let Some(visit) = self.waiting else { continue };
            if let Err(error) = self.look(reader.as_mut(), visit) {
                // A card that lies badly is the citizen's to mend; anything else is not.
                tracing::info!("card reader: {error}");
                match error.cause() {
                    None => self.reply(visit, CardReply::Unread),
                    Some(Cause::NotConnected) => return Ended::Device,
                    Some(cause) => {
                        self.waiting = None;
                        self.reply(visit, CardReply::Fault(cause));
                    }
                }
            }
        }
    }

    /// Tells that the reader is gone, also to whoever waits for it.
    fn lost(&mut self, cause: Cause) {
        self.status(ReaderStatus::faulty(cause));
        if let Some(visit) = self.waiting.take() {
            self.reply(visit, CardReply::Fault(cause));
        }
    }

    fn look(&mut self, reader: &mut dyn CardReader, visit: VisitId) -> Result<(), ReaderError> {
        let found = match reader.find() {
            // A damaged reply about nothing tells a citizen nothing; the next look comes soon.
            Err(error) if error.cause().is_none() => {
                tracing::info!("card reader: {error}");
                false
            }
            result => result?,
        };
        if found {
            self.reply(visit, CardReply::Found);
            let card = reader.read()?;
            self.waiting = None;
            self.reply(visit, CardReply::Read(Box::new(card)));
        }
        Ok(())
    }

    fn take(&mut self, command: Command) {
        self.waiting = match command {
            Command::Read(visit) => Some(visit),
            Command::Stop => None,
        };
    }

    fn reply(&self, visit: VisitId, reply: CardReply) {
        // Without a core there is nobody to tell, and the terminal is about to end.
        let _ = self.events.send(Event::Card { visit, reply });
    }

    fn status(&self, status: ReaderStatus) {
        let _ = self.events.send(Event::Says(Word::Reader(status)));
    }
}
