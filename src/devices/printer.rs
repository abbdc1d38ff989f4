//! The printer's thread.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};

use yici_hal::address::Address;
use yici_hal::escpos::{self, Printed, Printer, Profile};
use yici_hal::slip::Slip;
use yici_hal::status::{Cause, PrinterStatus};

use super::HEALTH;
use crate::health::Word;
use crate::visit::{Event, SlipId, VisitId};

/// What the core wants of the printer.
pub(super) enum Command {
    /// Print a slip for a visit.
    Print {
        visit: VisitId,
        slip: SlipId,
        paper: Slip,
    },
}

/// Owns the printer until the core is gone.
pub(super) fn run(
    address: &Address,
    profile: &Profile,
    commands: &Receiver<Command>,
    events: &Sender<Event>,
) {
    let say = |event| {
        // Without a core there is nobody to tell, and the terminal is about to end.
        let _ = events.send(event);
    };
    let mut printer: Option<Box<dyn Printer>> = None;
    loop {
        let status = match &mut printer {
            // One that was found once opens its lost link again by itself.
            Some(printer) => printer.status(),
            None => match escpos::open(address, *profile) {
                Ok(mut found) => {
                    // What an earlier run left in the printer belongs to nobody here.
                    let status = found.reset();
                    printer = Some(found);
                    status
                }
                Err(error) => {
                    tracing::debug!("printer: {error}");
                    PrinterStatus::unheard(error.cause())
                }
            },
        };
        say(Event::Says(Word::Printer(status)));
        match commands.recv_timeout(HEALTH) {
            Ok(Command::Print { visit, slip, paper }) => {
                let printed = match &mut printer {
                    Some(printer) => printer.print(&paper),
                    None => Printed::Failed(Cause::NotConnected),
                };
                say(Event::Slip {
                    visit,
                    slip,
                    printed,
                });
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
