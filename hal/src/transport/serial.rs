//! A serial line: 8 data bits, no parity, 1 stop bit, no flow control.

use std::io::{self, Read, Write};
use std::time::Instant;

use serialport::{ClearBuffer, SerialPort};

use super::{Transport, TransportError, left};

/// A serial line, held for this process alone (TIOCEXCL and flock).
pub(super) struct Serial {
    port: Box<dyn SerialPort>,
}

impl Serial {
    /// Opens the line and throws away what came in before.
    pub(super) fn open(path: &str, baud: u32) -> io::Result<Self> {
        let port = serialport::new(path, baud).open()?;
        port.clear(ClearBuffer::Input)?;
        Ok(Self { port })
    }
}

impl Transport for Serial {
    fn write_some(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError> {
        self.port
            .set_timeout(left(deadline))
            .map_err(|error| gone(error.into()))?;
        match self.port.write(bytes) {
            // A write to an unplugged adapter can "succeed" with nothing, for ever.
            Ok(0) => Err(TransportError::Gone(io::ErrorKind::WriteZero)),
            Ok(written) => Ok(written),
            Err(error) if is_time_out(&error) => Ok(0),
            Err(error) => Err(gone(error)),
        }
    }

    fn read_some(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
        self.port
            .set_timeout(left(deadline))
            .map_err(|error| gone(error.into()))?;
        match self.port.read(buffer) {
            // serialport waits for readability first, so nothing to read then means that the line
            // was hung up; taking it for "nothing yet" would spin.
            Ok(0) => Err(TransportError::Gone(io::ErrorKind::UnexpectedEof)),
            Ok(read) => Ok(read),
            Err(error) if is_time_out(&error) => Ok(0),
            // serialport maps POLLHUP to BrokenPipe even while unread bytes are left. They are lost
            // here on purpose: with the device gone, half a frame is of no use.
            Err(error) => Err(gone(error)),
        }
    }
}

fn is_time_out(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

fn gone(error: io::Error) -> TransportError {
    TransportError::Gone(error.kind())
}
