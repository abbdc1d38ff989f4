//! A pipe of bytes to a device, with a deadline on everything.

mod serial;
mod tcp;

use std::io;
use std::time::{Duration, Instant};

use crate::address::Address;

/// A pipe of bytes to one device.
///
/// Deadlines are points in time, not time-outs for each call, so that a device that sends one byte
/// now and then cannot hold an exchange open.
pub trait Transport: Send {
    /// Writes as much as goes by the deadline and returns how much that was; 0 means that nothing went.
    ///
    /// # Errors
    /// If the link is gone.
    fn write_some(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError>;

    /// Reads what is there, or waits for the first bytes until the deadline. 0 means that none came.
    ///
    /// # Errors
    /// If the link is gone.
    fn read_some(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize, TransportError>;

    /// Writes everything.
    ///
    /// # Errors
    /// If the link is gone, or the deadline passes with bytes left.
    fn write_all(&mut self, mut bytes: &[u8], deadline: Instant) -> Result<(), TransportError> {
        while !bytes.is_empty() {
            match self.write_some(bytes, deadline)? {
                0 if left(deadline).is_zero() => return Err(TransportError::TimedOut),
                0 => {}
                written => bytes = &bytes[written..],
            }
        }
        Ok(())
    }

    /// Throws away what has come in and was not read; at most 64 KiB, so that babble cannot hold it.
    ///
    /// # Errors
    /// If the link is gone.
    fn drain(&mut self) -> Result<(), TransportError> {
        let mut buffer = zeroize::Zeroizing::new([0; 512]);
        for _ in 0..128 {
            if self.read_some(&mut *buffer, Instant::now())? == 0 {
                break;
            }
        }
        Ok(())
    }
}

/// Why bytes could not be moved.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The link cannot be opened.
    #[error("cannot open {address}: {source}")]
    Open {
        /// What was to be opened.
        address: Address,
        /// What the system says.
        source: io::Error,
    },
    /// The link was there and is gone: unplugged, or closed from the other side.
    #[error("the link to the device is gone: {0}")]
    Gone(io::ErrorKind),
    /// The deadline passed before everything was written.
    #[error("the device takes no more bytes")]
    TimedOut,
}

/// Longest time for opening a TCP link.
const CONNECT: Duration = Duration::from_secs(2);

/// Opens the link to a device.
///
/// # Errors
/// [`TransportError::Open`] with the address and what the system says.
pub fn open(address: &Address) -> Result<Box<dyn Transport>, TransportError> {
    let opened: io::Result<Box<dyn Transport>> = match address {
        Address::Serial { path, baud } => {
            serial::Serial::open(path, *baud).map(|link| Box::new(link) as _)
        }
        Address::Tcp { host, port } => {
            tcp::Tcp::open(host, *port, CONNECT).map(|link| Box::new(link) as _)
        }
        Address::Auto
        | Address::Usb { .. }
        | Address::Hid { .. }
        | Address::Pcsc { .. }
        | Address::V4l { .. }
        | Address::Ipp { .. } => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this kind of device is no pipe of bytes",
        )),
    };
    opened.map_err(|source| TransportError::Open {
        address: address.clone(),
        source,
    })
}

/// What is left until the deadline; zero once it has passed.
fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// What moving bytes came to: a time-out moved none, and `Ok(0)` is how a lost link shows.
fn moved(result: io::Result<usize>, none: io::ErrorKind) -> Result<usize, TransportError> {
    match result {
        Ok(0) => Err(TransportError::Gone(none)),
        Ok(bytes) => Ok(bytes),
        Err(error) if is_time_out(&error) => Ok(0),
        Err(error) => Err(gone(error)),
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
