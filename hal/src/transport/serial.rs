//! A serial line: 8 data bits, no parity, 1 stop bit, no flow control.

use std::io::{self, Read, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serialport::{ClearBuffer, ErrorKind, SerialPort};

use super::{Transport, TransportError, gone, left, moved};

/// A program that is just being started has copies of this one's files, and with them a lock that was
/// given up, until it is on its own.
const LOCKED: Duration = Duration::from_millis(300);

/// A serial line, held for this process alone (TIOCEXCL and flock).
pub(super) struct Serial {
    port: Box<dyn SerialPort>,
}

impl Serial {
    /// Opens the line and throws away what came in before.
    pub(super) fn open(path: &str, baud: u32) -> io::Result<Self> {
        let begun = Instant::now();
        let port = loop {
            match serialport::new(path, baud).open() {
                // Of a line that is there, this kind says that somebody else holds it.
                Err(error) if error.kind() == ErrorKind::NoDevice && Path::new(path).exists() => {
                    if begun.elapsed() > LOCKED {
                        return Err(io::Error::new(
                            io::ErrorKind::ResourceBusy,
                            error.description,
                        ));
                    }
                    thread::sleep(Duration::from_millis(20));
                }
                opened => break opened?,
            }
        };
        port.clear(ClearBuffer::Input)?;
        Ok(Self { port })
    }
}

impl Transport for Serial {
    fn write_some(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError> {
        self.port
            .set_timeout(left(deadline))
            .map_err(|error| gone(error.into()))?;
        // A write to an unplugged adapter can "succeed" with nothing, for ever.
        moved(self.port.write(bytes), io::ErrorKind::WriteZero)
    }

    fn read_some(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
        self.port
            .set_timeout(left(deadline))
            .map_err(|error| gone(error.into()))?;
        // serialport waits for readability first, so nothing to read then means that the line was hung
        // up; taking it for "nothing yet" would spin. It maps POLLHUP to BrokenPipe even while unread
        // bytes are left. They are lost here on purpose: with the device gone, half a frame is of no
        // use.
        moved(self.port.read(buffer), io::ErrorKind::UnexpectedEof)
    }
}

#[cfg(test)]
mod tests {
    use serialport::TTYPort;

    use super::*;

    #[test]
    fn a_line_that_somebody_else_holds_is_busy_and_one_that_is_not_there_is_not() {
        let (_far, near) = TTYPort::pair().unwrap();
        let path = near.name().unwrap();
        drop(near);
        let held = Serial::open(&path, 9600).unwrap();
        let error = Serial::open(&path, 9600).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
        drop(held);
        assert!(Serial::open(&path, 9600).is_ok());
        let error = Serial::open("/dev/yici-none", 9600).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
