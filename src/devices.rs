//! Device actors: each device is owned by one thread, fed by commands, answering with events.

mod printer;
mod reader;
mod scanner;
mod watched;

use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use yici_hal::address::Address;
use yici_hal::escpos::Printed;
use yici_hal::slip::PaperWidth;
use yici_hal::status::Cause;

use crate::config::Config;
use crate::slips::Document;
use crate::visit::{CardReply, Event, SlipId, VisitId};
use crate::watchdog::{Pulse, Watchdog};

/// Between two looks at an idle device.
///
/// With [`RETRY`] it bounds how long one that was unplugged and is back stays unnoticed: the old link
/// fails at the next look, the new one is opened after the pause and answers within a second. That is
/// less than the three seconds that a replugged device may take (issue 4).
const HEALTH: Duration = Duration::from_secs(1);
/// Between two tries to open a device.
const RETRY: Duration = Duration::from_secs(1);
/// Longer than any one call to a driver takes but for printing: all of them have deadlines of seconds.
const TURN: Duration = Duration::from_secs(60);

/// The thread of a device that is only looked at.
type Watch = fn(&Address, &Sender<Event>, &Pulse);

/// The terminal's devices, as the core commands them.
pub struct Devices {
    events: Sender<Event>,
    reader: Option<Sender<reader::Command>>,
    printer: Option<Sender<printer::Command>>,
    scanner: Option<Sender<scanner::Command>>,
    paper: PaperWidth,
}

impl Devices {
    /// Starts a thread for each configured device; what they say arrives in `events`.
    pub fn start(config: &Config, events: &Sender<Event>, watchdog: &mut Watchdog) -> Devices {
        let reader = config.card_reader.clone().map(|address| {
            let (commands, queue) = channel();
            let events = events.clone();
            let pulse = watchdog.pulse("card reader");
            std::thread::spawn(move || reader::run(&address, &queue, &events, &pulse));
            commands
        });
        let printer = config.printer.clone().map(|address| {
            let (commands, queue) = channel();
            let (events, profile) = (events.clone(), config.profile);
            let ledger = config.ledger.clone();
            let pulse = watchdog.pulse("printer");
            std::thread::spawn(move || {
                printer::run(&address, &profile, &ledger, &queue, &events, &pulse);
            });
            commands
        });
        let scanner = config.code_scanner.clone().map(|address| {
            let (commands, queue) = channel();
            let events = events.clone();
            let pulse = watchdog.pulse("code scanner");
            std::thread::spawn(move || scanner::run(&address, &queue, &events, &pulse));
            commands
        });
        let watched: [(_, _, Watch); 3] = [
            (
                "social card reader",
                &config.social_card_reader,
                watched::social_card_reader,
            ),
            ("camera", &config.camera, watched::camera),
            ("form printer", &config.form_printer, watched::form_printer),
        ];
        for (name, address, watch) in watched {
            if let Some(address) = address.clone() {
                let (events, pulse) = (events.clone(), watchdog.pulse(name));
                std::thread::spawn(move || watch(&address, &events, &pulse));
            }
        }
        Devices {
            events: events.clone(),
            reader,
            printer,
            scanner,
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
            printer::Command::Print {
                visit,
                slip,
                paper,
                kind: document.kind(),
                number: document.case_number(),
                reprint: document.is_reprint(),
            },
        ) {
            self.say(Event::Slip {
                visit,
                slip,
                printed: Printed::Failed(Cause::NotConnected),
            });
        }
    }

    /// Waits for codes.
    pub fn scan(&self, visit: VisitId) {
        send(self.scanner.as_ref(), scanner::Command::Scan(visit));
    }

    /// Stops waiting for codes.
    pub fn stop_scanning(&self) {
        send(self.scanner.as_ref(), scanner::Command::Stop);
    }

    fn say(&self, event: Event) {
        // Without a core there is nobody to tell, and the terminal is about to end.
        let _ = self.events.send(event);
    }
}

/// Whether there is such a device to take the command. Each command takes a touch, so the queue
/// stays short.
fn send<C>(queue: Option<&Sender<C>>, command: C) -> bool {
    queue.is_some_and(|queue| queue.send(command).is_ok())
}
