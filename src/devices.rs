//! Device actors: each device is owned by one thread, fed by commands, answering with events.

mod printer;
mod reader;

use std::sync::mpsc::{Sender, SyncSender, sync_channel};
use std::time::Duration;

use yici_hal::escpos::Printed;
use yici_hal::slip::PaperWidth;
use yici_hal::status::Cause;

use crate::config::Config;
use crate::slips::Document;
use crate::visit::{CardReply, Event, SlipId, VisitId};

/// A device that does not answer is looked for again after this long.
const RETRY: Duration = Duration::from_secs(2);
/// Commands waiting for one device; a visit never has more than two under way.
const QUEUE: usize = 8;

/// The terminal's devices, as the core commands them.
pub struct Devices {
    events: Sender<Event>,
    reader: Option<SyncSender<reader::Command>>,
    printer: Option<SyncSender<printer::Command>>,
    paper: PaperWidth,
}

impl Devices {
    /// Starts a thread for each configured device; what they say arrives in `events`.
    pub fn start(config: &Config, events: &Sender<Event>) -> Devices {
        let reader = config.card_reader.clone().map(|address| {
            let (commands, queue) = sync_channel(QUEUE);
            let events = events.clone();
            std::thread::spawn(move || reader::run(&address, &queue, &events));
            commands
        });
        let printer = config.printer.clone().map(|address| {
            let (commands, queue) = sync_channel(QUEUE);
            let (events, profile) = (events.clone(), config.profile);
            std::thread::spawn(move || printer::run(&address, &profile, &queue, &events));
            commands
        });
        if reader.is_none() {
            let _ = events.send(Event::Reader(reader::absent()));
        }
        if printer.is_none() {
            let _ = events.send(Event::Printer(printer::absent()));
        }
        Devices {
            events: events.clone(),
            reader,
            printer,
            paper: config.profile.paper,
        }
    }

    /// Waits for a card and reads it.
    pub fn read_card(&self, visit: VisitId) {
        if !send(self.reader.as_ref(), reader::Command::Read(visit)) {
            self.say(Event::Card {
                visit,
                reply: CardReply::Fault(Cause::NotConnected),
            });
        }
    }

    /// Stops waiting for a card.
    pub fn stop_reading(&self) {
        send(self.reader.as_ref(), reader::Command::Stop);
    }

    /// Prints a slip.
    pub fn print(&self, visit: VisitId, slip: SlipId, document: &Document) {
        let paper = document.lay_out(self.paper);
        if !send(
            self.printer.as_ref(),
            printer::Command::Print { visit, slip, paper },
        ) {
            self.say(Event::Slip {
                visit,
                slip,
                printed: Printed::Failed(Cause::NotConnected),
            });
        }
    }

    fn say(&self, event: Event) {
        // Without a core there is nobody to tell, and the terminal is about to end.
        let _ = self.events.send(event);
    }
}

/// Whether the device took the command: there is one, and it is not stuck with a full queue.
fn send<C>(queue: Option<&SyncSender<C>>, command: C) -> bool {
    queue.is_some_and(|queue| queue.try_send(command).is_ok())
}
