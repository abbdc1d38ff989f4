//! An ID card reader on bulk pipes: four of them, or two.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::descriptors::Device;
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
}

/// Bytes before the rest of a frame: preamble and length.
const HEAD: usize = 7;

/// Plugs a reader into a new port at the socket.
///
/// # Errors
/// If the socket cannot be made.
pub fn start_reader(socket: &Path, shape: Shape) -> io::Result<(Reader, Port)> {
    let device = Device {
        vendor: 0x0400,
        product: 0xC35A,
        maker: "Yici",
        name: "Simulated ID card reader",
        class: [0xFF, 0, 0],
        pipes: match shape {
            Shape::A => &[0x02, 0x06, 0x81, 0x85],
            Shape::B => &[0x02, 0x81],
        },
    };
    let mut module = None;
    let port = Port::open(socket, device, |pipe| {
        let (requests, received) = channel();
        let reader = Reader::on(Pipes {
            shape,
            received,
            pipe,
            plugged: 0,
            last: [0; HEAD],
            in_rest: false,
        });
        module = Some(reader.clone());
        Box::new(Module {
            shape,
            requests,
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
        };
        // Fails only when the reader has ended, and then nobody answers.
        let _ = self.requests.send((plugged, request));
    }

    fn control(&self, _: &Control) -> Option<Vec<u8>> {
        None
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
