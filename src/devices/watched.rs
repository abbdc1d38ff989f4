//! Devices that no page takes yet: looked at all the same, so that staff hear of a fault before the
//! first citizen does.

use std::sync::mpsc::Sender;
use std::thread;

use yici_hal::address::Address;
use yici_hal::status::{CameraStatus, Cause, PrinterStatus, ReaderStatus};
use yici_hal::{camera, form_printer, social_card};

use super::{HEALTH, TURN};
use crate::health::Word;
use crate::visit::Event;
use crate::watchdog::Pulse;

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
        |reader| Word::SocialCardReader(reader.status()),
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
            Word::Camera(status)
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
        |printer| Word::FormPrinter(printer.status()),
        pulse,
    );
}

/// The drivers begin afresh by themselves after a fault; only what could not be opened is opened again.
fn watch<D>(
    events: &Sender<Event>,
    open: impl Fn() -> Result<D, Word>,
    look: impl Fn(&mut D) -> Word,
    pulse: &Pulse,
) {
    let mut device = None;
    loop {
        pulse.promise(TURN);
        let word = match &mut device {
            Some(device) => look(device),
            None => match open() {
                Ok(opened) => look(device.insert(opened)),
                Err(word) => word,
            },
        };
        if events.send(Event::Says(word)).is_err() {
            return;
        }
        thread::sleep(HEALTH);
    }
}
