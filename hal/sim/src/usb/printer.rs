//! A receipt printer of USB class 7.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::descriptors::Device;
use super::port::{Function, Pipe, Port};
use super::redir::Control;
use crate::printer::{Client, Intake, Printer};

/// What the printer says it is, as IEEE 1284 has it.
const DEVICE_ID: &str = "MFG:Yici;CMD:ESC/POS;MDL:SIM-80;CLS:PRINTER;";

/// Plugs a printer into a new port at the socket.
///
/// # Errors
/// If the socket cannot be made.
pub fn start_printer(socket: &Path, printer: &Printer) -> io::Result<Port> {
    let device = Device {
        vendor: 0x0FE6,
        product: 0x811E,
        maker: "Yici",
        name: "Simulated receipt printer",
        // Both ways.
        class: [7, 1, 2],
        pipes: &[0x01, 0x82],
        reports: None,
    };
    let printer = printer.clone();
    Port::open(socket, device, move |pipe| {
        let client = Arc::new(Answers(pipe));
        Box::new(Class7 {
            intake: printer.intake(client.clone()),
            client,
            printer,
        })
    })
}

struct Class7 {
    intake: Intake,
    client: Arc<Answers>,
    printer: Printer,
}

/// What the printer answers. It has power of its own: an answer may come after the plug was out.
struct Answers(Pipe);

impl Client for Answers {
    fn answer(&self, bytes: &[u8]) -> io::Result<()> {
        self.0.say(0, 0x82, bytes)
    }
}

impl Function for Class7 {
    fn room(&self) -> (usize, usize) {
        self.intake.room()
    }

    fn take(&mut self, _: u8, data: &[u8], _: u64) {
        // Fails only when nobody takes answers any more.
        let _ = self.intake.take(data);
    }

    fn control(&self, request: &Control) -> Option<Vec<u8>> {
        const FROM_INTERFACE: u8 = 0xA1;
        match (request.request_type, request.request) {
            (FROM_INTERFACE, 0) => {
                let length = (DEVICE_ID.len() as u16 + 2).to_be_bytes();
                Some([&length, DEVICE_ID.as_bytes()].concat())
            }
            (FROM_INTERFACE, 1) => {
                let when = |bit: u8, when: bool| if when { bit } else { 0 };
                Some(vec![
                    when(0x20, !self.printer.has_paper())
                        | 0x10
                        | when(0x08, self.printer.can_print()),
                ])
            }
            // SOFT_RESET
            (0x21, 2) => Some(Vec::new()),
            _ => None,
        }
    }

    fn restart(&mut self) {
        // A real-time command that was cut in two is none.
        self.intake = self.printer.intake(self.client.clone());
    }
}
