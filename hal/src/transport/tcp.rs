//! A TCP link, as printers offer on port 9100.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::{Transport, TransportError, gone, left, moved};

/// Shortest time-out that the socket takes: zero would mean "for ever".
const SHORTEST: Duration = Duration::from_millis(1);

/// A TCP link.
pub(super) struct Tcp {
    stream: TcpStream,
}

impl Tcp {
    /// Connects to the first address of the host that answers.
    pub(super) fn open(host: &str, port: u16, limit: Duration) -> io::Result<Self> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in (host, port).to_socket_addrs()?.take(4) {
            match TcpStream::connect_timeout(&address, limit) {
                Ok(stream) => {
                    // Real-time requests are a few bytes each and must not wait for more.
                    stream.set_nodelay(true)?;
                    return Ok(Self { stream });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl Transport for Tcp {
    fn write_some(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError> {
        self.stream
            .set_write_timeout(Some(left(deadline).max(SHORTEST)))
            .map_err(gone)?;
        moved(self.stream.write(bytes), io::ErrorKind::WriteZero)
    }

    fn read_some(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
        self.stream
            .set_read_timeout(Some(left(deadline).max(SHORTEST)))
            .map_err(gone)?;
        moved(self.stream.read(buffer), io::ErrorKind::UnexpectedEof)
    }
}
