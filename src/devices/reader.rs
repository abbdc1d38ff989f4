//! The card reader's thread.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use yici_hal::address::Address;
use yici_hal::id_card::{self, CardReader, ReaderError};
use yici_hal::status::{Cause, DeviceState, ReaderStatus};

use super::RETRY;
use crate::visit::{CardReply, Event, VisitId};

/// What the core wants of the reader.
pub(super) enum Command {
    /// Wait for a card and read it for this visit.
    Read(VisitId),
    /// Wait no longer.
    Stop,
}

/// Between two looks for a card (devices.md: 0.3 to 1 s).
const LOOK: Duration = Duration::from_millis(300);
/// Between two looks at an idle reader's health.
const HEALTH: Duration = Duration::from_secs(5);

/// The status of a terminal without a card reader.
pub(super) fn absent() -> ReaderStatus {
    ReaderStatus {
        device: DeviceState::NoDevice,
        ..ReaderStatus::faulty(Cause::NotConnected)
    }
}

/// Owns the reader until the core is gone.
pub(super) fn run(address: &Address, commands: &Receiver<Command>, events: &Sender<Event>) {
    let mut actor = Actor {
        events,
        waiting: None,
    };
    let mut missed = false;
    loop {
        match id_card::open(address) {
            Ok(reader) => match actor.serve(reader, commands) {
                Ended::Core => return,
                Ended::Device => missed = false,
            },
            // Said once, not at every try.
            Err(error) if !missed => {
                missed = true;
                tracing::warn!("card reader: {error}");
            }
            Err(_) => {}
        }
        actor.status(ReaderStatus::faulty(Cause::NotConnected));
        if let Some(visit) = actor.waiting.take() {
            actor.reply(visit, CardReply::Fault(Cause::NotConnected));
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
    waiting: Option<VisitId>,
}

impl Actor<'_> {
    fn serve(&mut self, mut reader: Box<dyn CardReader>, commands: &Receiver<Command>) -> Ended {
        loop {
            let pause = match self.waiting {
                Some(_) => LOOK,
                None => {
                    let status = reader.status();
                    let gone = status.cause == Some(Cause::NotConnected);
                    self.status(status);
                    if gone {
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
            if let Some(visit) = self.waiting
                && let Err(error) = self.look(reader.as_mut(), visit)
            {
                // A card that lies badly is the citizen's to mend; anything else is not.
                tracing::info!("card reader: {error}");
                match error.cause() {
                    None => self.reply(visit, CardReply::Unread),
                    Some(cause) => {
                        self.waiting = None;
                        self.reply(visit, CardReply::Fault(cause));
                        if cause == Cause::NotConnected {
                            return Ended::Device;
                        }
                    }
                }
            }
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
        let _ = self.events.send(Event::Reader(status));
    }
}
