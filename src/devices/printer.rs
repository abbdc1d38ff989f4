//! The printer's thread.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;
use yici_hal::address::Address;
use yici_hal::class::DeviceClass;
use yici_hal::escpos::{self, Delivery, Printed, Printer, Profile};
use yici_hal::slip::Slip;
use yici_hal::status::{Cause, PrinterStatus};

use super::{HEALTH, TURN};
use crate::health::{self, Word};
use crate::ledger::{self, Kind, Ledger, LedgerError};
use crate::visit::{Event, SlipId, VisitId};
use crate::watchdog::Pulse;

/// What the core wants of the printer.
pub(super) enum Command {
    /// Print a slip for a visit.
    Print {
        visit: VisitId,
        slip: SlipId,
        paper: Slip,
        /// What it is, for the ledger.
        kind: Kind,
        number: Option<String>,
        reprint: bool,
    },
}

/// Between two looks at a slip that waits at the outlet.
const LOOK: Duration = Duration::from_millis(250);

/// Longer than any slip takes, with a head that has to cool in between.
const SLIP: Duration = Duration::from_secs(300);

/// Owns the printer until the core is gone.
pub(super) fn run(
    address: &Address,
    profile: &Profile,
    ledger: &Path,
    commands: &Receiver<Command>,
    events: &Sender<Event>,
    pulse: &Pulse,
) {
    let say = |event| {
        // Without a core there is nobody to tell, and the terminal is about to end.
        let _ = events.send(event);
    };
    let mut book = Book::open(ledger);
    let mut printer: Option<Box<dyn Printer>> = None;
    let mut last = None;
    loop {
        pulse.promise(TURN);
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
        say(Event::Says(Word::Printer(book.may_print(status))));
        let holds = printer.as_ref().is_some_and(|printer| printer.holds_slip());
        let pause = if holds { LOOK } else { HEALTH };
        let command = commands.recv_timeout(pause);
        // Before the next slip, for then nothing more is learnt of this one.
        if let Some(printer) = &mut printer
            && let Some(delivery) = printer.watch()
            && let Some(Sent { visit, slip, id }) = &last
        {
            book.delivered(id, delivery);
            say(Event::SlipMoved {
                visit: *visit,
                slip: *slip,
                delivery,
            });
        }
        match command {
            Ok(Command::Print {
                visit,
                slip,
                paper,
                kind,
                number,
                reprint,
            }) => {
                pulse.promise(SLIP);
                let printed = match (
                    &mut printer,
                    book.begin(visit, kind, number, reprint, &paper),
                ) {
                    (_, Err(error)) => {
                        // A slip that nobody could account for is not printed.
                        tracing::error!("{error}");
                        Printed::Failed(Cause::NoLedger)
                    }
                    (printer, Ok(id)) => {
                        let printed = match printer {
                            Some(printer) => printer.print(&paper),
                            None => Printed::Failed(Cause::NotConnected),
                        };
                        book.printed(&id, printed);
                        last = Some(Sent { visit, slip, id });
                        printed
                    }
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

/// The slip that went to the printer last.
struct Sent {
    visit: VisitId,
    slip: SlipId,
    id: Uuid,
}

/// The ledger, opened again if it could not be opened or written before.
struct Book {
    path: PathBuf,
    ledger: Option<Ledger>,
    /// The last entry could not be made.
    failing: bool,
    /// The entry of each kind of slip in this visit, for its reprints.
    visit: Option<VisitId>,
    entries: Vec<(Kind, Uuid)>,
}

impl Book {
    fn open(path: &Path) -> Book {
        let ledger = Ledger::open(path, Timestamp::now())
            .map_err(|error| tracing::error!("{error}; nothing is printed without it"))
            .ok();
        Book {
            path: path.to_owned(),
            failing: ledger.is_none(),
            ledger,
            visit: None,
            entries: Vec::new(),
        }
    }

    /// What the printer says, unless it would print and its slips could not be written down.
    fn may_print(&mut self, status: PrinterStatus) -> PrinterStatus {
        self.failing = self.failing && self.try_again().is_err();
        let stopped = status
            .cause
            .is_some_and(|cause| health::blocks(DeviceClass::Printer, cause));
        match self.failing && !stopped {
            true => PrinterStatus {
                device: Cause::NoLedger.device(),
                cause: Some(Cause::NoLedger),
                ..status
            },
            false => status,
        }
    }

    fn try_again(&mut self) -> Result<(), LedgerError> {
        // What an open file says of one that was moved away or mended is of no use.
        self.ledger = None;
        self.opened()?.try_writing()
    }

    fn opened(&mut self) -> Result<&mut Ledger, LedgerError> {
        let ledger = match self.ledger.take() {
            Some(ledger) => ledger,
            None => Ledger::open(&self.path, Timestamp::now())?,
        };
        Ok(self.ledger.insert(ledger))
    }

    fn begin(
        &mut self,
        visit: VisitId,
        kind: Kind,
        number: Option<String>,
        reprint: bool,
        paper: &Slip,
    ) -> Result<Uuid, LedgerError> {
        if self.visit != Some(visit) {
            self.visit = Some(visit);
            self.entries.clear();
        }
        let earlier = self.entries.iter().rfind(|(of, _)| *of == kind);
        let new = ledger::New {
            kind,
            number,
            sha256: ledger::content(paper),
            reprint_of: earlier.filter(|_| reprint).map(|(_, id)| *id),
        };
        let begun = self
            .opened()
            .and_then(|ledger| ledger.begin(&new, Timestamp::now()));
        self.failing = begun.is_err();
        let id = begun?;
        self.entries.retain(|(of, _)| *of != kind);
        self.entries.push((kind, id));
        Ok(id)
    }

    fn printed(&mut self, id: &Uuid, printed: Printed) {
        self.write(|ledger| ledger.printed(id, printed, Timestamp::now()));
    }

    fn delivered(&mut self, id: &Uuid, delivery: Delivery) {
        self.write(|ledger| ledger.delivered(id, delivery, Timestamp::now()));
    }

    /// An entry that cannot be brought up to date stays `sent`, and is unknown after the next start.
    fn write(&mut self, how: impl FnOnce(&mut Ledger) -> Result<(), LedgerError>) {
        if let Some(ledger) = &mut self.ledger
            && let Err(error) = how(ledger)
        {
            tracing::error!("{error}");
        }
    }
}
