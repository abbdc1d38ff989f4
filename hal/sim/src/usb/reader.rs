//! An ID card reader on four bulk pipes, on two, or in HID reports.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::descriptors::{Device, PACKET};
use super::port::{Function, Pipe, Port};
use super::redir::Control;
use crate::card::{Reader, Wire};

/// How frames go through pipes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Preamble and length through 02, the rest through 06; back through 81 and 85.
    A,
    /// Whole frames through 02 and 81.
    B,
    /// In HID reports of 64 bytes: a length, at most 63, and so much of a frame. A full one is confirmed
    /// by the length FF before the next one comes.
    C,
}

/// Bytes before the rest of a frame: preamble and length.
const HEAD: usize = 7;

/// Most bytes that one HID report carries behind its length.
const PAYLOAD: usize = PACKET - 1;

/// "Go on": a length that no payload has.
const GO_ON: u8 = 0xFF;

/// How long a full report waits to be confirmed.
const CONFIRMING: Duration = Duration::from_secs(1);

/// Reports of 64 bytes both ways, without numbers, of a vendor's own usage.
const REPORTS: [u8; 27] = [
    0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0x09, 0x02, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08,
    0x95, 0x40, 0x81, 0x02, 0x09, 0x03, 0x95, 0x40, 0x91, 0x02, 0xC0,
];

/// Plugs a reader into a new port at the socket.
///
/// # Errors
/// If the socket cannot be made.
pub fn start_reader(socket: &Path, shape: Shape) -> io::Result<(Reader, Port)> {
    let (vendor, product) = match shape {
        Shape::A | Shape::B => (0x0400, 0xC35A),
        Shape::C => (0x0483, 0x572B),
    };
    let device = Device {
        vendor,
        product,
        maker: "Yici",
        name: "Simulated ID card reader",
        class: match shape {
            Shape::A | Shape::B => [0xFF, 0, 0],
            Shape::C => [3, 0, 0],
        },
        pipes: match shape {
            Shape::A => &[0x02, 0x06, 0x81, 0x85],
            Shape::B | Shape::C => &[0x02, 0x81],
        },
        reports: match shape {
            Shape::A | Shape::B => None,
            Shape::C => Some(&REPORTS),
        },
    };
    let mut module = None;
    let port = Port::open(socket, device, |pipe| {
        let (requests, received) = channel();
        let (go_on, confirmed) = channel();
        let reader = Reader::on(Pipes {
            shape,
            received,
            confirmed,
            pipe,
            plugged: 0,
            last: [0; HEAD],
            in_rest: false,
        });
        module = Some(reader.clone());
        Box::new(Module {
            shape,
            requests,
            go_on,
            head: Vec::new(),
            reader,
        })
    })?;
    module
        .map(|reader| (reader, port))
        .ok_or_else(|| io::ErrorKind::Other.into())
}

/// The side of the pipes.
struct Module {
    shape: Shape,
    requests: Sender<(u64, Vec<u8>)>,
    /// Confirmations of full reports.
    go_on: Sender<()>,
    /// The head that came last, waiting for the rest.
    head: Vec<u8>,
    reader: Reader,
}

impl Function for Module {
    fn room(&self) -> (usize, usize) {
        (usize::MAX, usize::MAX)
    }

    fn take(&mut self, endpoint: u8, data: &[u8], plugged: u64) {
        let request = match (self.shape, endpoint) {
            // Such a reader takes a head from this pipe and nothing else.
            (Shape::A, 0x02) => {
                self.head = data.get(..HEAD).unwrap_or_default().to_vec();
                return;
            }
            (Shape::A, _) => [std::mem::take(&mut self.head), data.to_vec()].concat(),
            (Shape::B, _) => data.to_vec(),
            (Shape::C, _) => match data {
                [GO_ON, ..] => {
                    // Fails as below.
                    let _ = self.go_on.send(());
                    return;
                }
                [length, payload @ ..] => match payload.get(..usize::from(*length)) {
                    Some(payload) => payload.to_vec(),
                    None => return,
                },
                [] => return,
            },
        };
        // Fails only when the reader has ended, and then nobody answers.
        let _ = self.requests.send((plugged, request));
    }

    fn control(&self, request: &Control) -> Option<Vec<u8>> {
        const SET_IDLE: u8 = 0x0A;
        (self.shape == Shape::C && request.request == SET_IDLE).then(Vec::new)
    }

    fn restart(&mut self) {
        self.head.clear();
        self.reader.restart();
    }
}

/// The side of the module.
struct Pipes {
    shape: Shape,
    received: Receiver<(u64, Vec<u8>)>,
    confirmed: Receiver<()>,
    pipe: Pipe,
    /// The plugging-in that the last request belongs to.
    plugged: u64,
    /// The last bytes of the reply that is going out, until its head is over.
    last: [u8; HEAD],
    /// The head of the reply is over. A reply may go out in pieces.
    in_rest: bool,
}

impl Wire for Pipes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.received.recv_timeout(Duration::from_secs(1)) {
            Ok((plugged, request)) => {
                self.plugged = plugged;
                (self.last, self.in_rest) = ([0; HEAD], false);
                let count = request.len().min(buffer.len());
                buffer[..count].copy_from_slice(&request[..count]);
                Ok(count)
            }
            Err(RecvTimeoutError::Timeout) => Ok(0),
            Err(RecvTimeoutError::Disconnected) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (head, rest) = match self.shape {
            Shape::A if self.in_rest => (&[][..], bytes),
            // Noise comes before the head, or within it.
            Shape::A => {
                let end = bytes.iter().position(|&byte| {
                    self.last.rotate_left(1);
                    self.last[HEAD - 1] = byte;
                    self.last.starts_with(&[0xAA, 0xAA, 0xAA, 0x96, 0x69])
                });
                self.in_rest = end.is_some();
                bytes.split_at(end.map_or(bytes.len(), |last| last + 1))
            }
            Shape::B => (bytes, &[][..]),
            Shape::C => return self.report(bytes),
        };
        if !head.is_empty() {
            self.pipe.say(self.plugged, 0x81, head)?;
        }
        if !rest.is_empty() {
            self.pipe.say(self.plugged, 0x85, rest)?;
        }
        Ok(())
    }
}

impl Pipes {
    fn report(&self, bytes: &[u8]) -> io::Result<()> {
        for payload in bytes.chunks(PAYLOAD) {
            let mut report = [0; PACKET];
            report[0] = payload.len() as u8;
            report[1..=payload.len()].copy_from_slice(payload);
            // Of an earlier reply.
            while self.confirmed.try_recv().is_ok() {}
            self.pipe.say(self.plugged, 0x81, &report)?;
            // A host that does not confirm gets no more: it has gone on to something else.
            if payload.len() == PAYLOAD && self.confirmed.recv_timeout(CONFIRMING).is_err() {
                break;
            }
        }
        Ok(())
    }
}
