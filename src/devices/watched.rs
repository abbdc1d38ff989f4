//! Devices that no page takes yet: looked at all the same, so that staff hear of a fault before the
//! first citizen does.

use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use yici_hal::address::Address;
use yici_hal::status::{CameraStatus, Cause, PrinterStatus, ReaderStatus};
use yici_hal::{camera, form_printer, social_card};

use super::{HEALTH, TURN};
use crate::health::Word;
use crate::visit::Event;
use crate::watchdog::Pulse;

/// Between two looks at an A4 printer that works: it is asked by requests over a network, which wake it
/// from its sleep, and no citizen waits for it.
const REST: Duration = Duration::from_secs(15);

/// Looks at the reader of social security cards until the core is gone.
pub(super) fn social_card_reader(address: &Address, events: &Sender<Event>, pulse: &Pulse) {
    watch(
        events,
        || {
            social_card::open(address).map_err(|error| {
                let cause = error.cause().unwrap_or(Cause::NotConnected);
                Word::SocialCardReader(ReaderStatus::faulty(cause))
            })
        },
        |reader| (Word::SocialCardReader(reader.status()), HEALTH),
        pulse,
    );
}

/// Looks at the document camera until the core is gone. It takes a picture when it is found, to prove
/// that it can, and no more: a camera must not look on while nobody uses it.
pub(super) fn camera(address: &Address, events: &Sender<Event>, pulse: &Pulse) {
    watch(
        events,
        || camera::open(address).map_err(|error| Word::Camera(CameraStatus::faulty(error.cause()))),
        |camera| {
            let status = camera.status();
            camera.rest();
            (Word::Camera(status), HEALTH)
        },
        pulse,
    );
}

/// Looks at the A4 printer until the core is gone.
pub(super) fn form_printer(address: &Address, events: &Sender<Event>, pulse: &Pulse) {
    watch(
        events,
        || {
            form_printer::open(address)
                .map_err(|_| Word::FormPrinter(PrinterStatus::unheard(Cause::NotConnected)))
        },
        |printer| {
            let status = printer.status();
            (Word::FormPrinter(status), pause(&status))
        },
        pulse,
    );
}

/// One that is being mended is looked at as often as everything else.
fn pause(status: &PrinterStatus) -> Duration {
    match status.ready() {
        true => REST,
        false => HEALTH,
    }
}

/// The drivers begin afresh by themselves after a fault; only what could not be opened is opened again. A
/// look tells how long to wait for the next one.
fn watch<D>(
    events: &Sender<Event>,
    open: impl Fn() -> Result<D, Word>,
    look: impl Fn(&mut D) -> (Word, Duration),
    pulse: &Pulse,
) {
    let mut device = None;
    loop {
        pulse.promise(TURN);
        let (word, pause) = match &mut device {
            Some(device) => look(device),
            None => match open() {
                Ok(opened) => look(device.insert(opened)),
                Err(word) => (word, HEALTH),
            },
        };
        if events.send(Event::Says(word)).is_err() {
            return;
        }
        thread::sleep(pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yici_hal::status::{DeviceState, Paper};

    #[test]
    fn a_form_printer_is_left_in_peace_while_it_works() {
        let works = PrinterStatus {
            device: DeviceState::Online,
            paper: Some(Paper::Full),
            media: None,
            cause: None,
        };
        assert_eq!(pause(&works), REST);
        assert!(REST < TURN, "it comes back in time");
        for status in [
            PrinterStatus::unheard(Cause::NotConnected),
            PrinterStatus {
                cause: Some(Cause::PaperOut),
                ..works
            },
            PrinterStatus {
                paper: Some(Paper::Unknown),
                ..works
            },
        ] {
            assert_eq!(pause(&status), HEALTH);
        }
    }
}
