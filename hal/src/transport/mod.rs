//! A pipe of bytes to a device, with a deadline on everything.

pub(crate) mod hid;
pub mod seam;
mod serial;
mod tcp;
pub(crate) mod usb;

pub use hid::{about as hid_about, payload as hid_payload};

use std::io;
use std::time::{Duration, Instant};

use crate::address::Address;
use crate::class::DeviceClass;
use crate::discover;
use crate::printer_port::DeviceId;
use crate::status::Cause;

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

    /// What the link itself knows of a printer: `GET_PORT_STATUS` of the USB printer class, as the
    /// device gave it (bit 5 paper empty, bit 4 selected, bit 3 no error); `None` on links that have no
    /// such request, or if the printer refuses it.
    ///
    /// # Errors
    /// If the link is gone.
    fn port_status(&mut self, _deadline: Instant) -> Result<Option<u8>, TransportError> {
        Ok(None)
    }

    /// Asks a USB printer what it is (GET_DEVICE_ID); `None` as for [`Self::port_status`].
    ///
    /// # Errors
    /// If the link is gone.
    fn device_id(&mut self, _deadline: Instant) -> Result<Option<DeviceId>, TransportError> {
        Ok(None)
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

impl TransportError {
    /// What that means for the device.
    pub fn cause(&self) -> Cause {
        match self {
            Self::Open { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Cause::NoRight
            }
            // Another program holds it.
            Self::Open { source, .. } if source.kind() == io::ErrorKind::ResourceBusy => {
                Cause::Busy
            }
            Self::Open { .. } | Self::Gone(_) => Cause::NotConnected,
            Self::TimedOut => Cause::NoAnswer,
        }
    }
}

/// Longest time for opening a TCP link.
const CONNECT: Duration = Duration::from_secs(2);

/// Longest time that a USB printer is asked what it is.
const ASK: Duration = Duration::from_millis(500);

/// Opens the link to a device of this class.
///
/// `auto` takes the first device that is connected by USB and looks like one of the class; see
/// [`crate::discover`].
///
/// # Errors
/// [`TransportError::Open`] with the address and what the system says.
pub fn open(class: DeviceClass, address: &Address) -> Result<Box<dyn Transport>, TransportError> {
    let opened: io::Result<Box<dyn Transport>> = match address {
        Address::Auto => return open_found(class),
        Address::Serial { path, baud } => {
            serial::Serial::open(path, *baud).map(|link| Box::new(link) as _)
        }
        Address::Tcp { host, port } => {
            tcp::Tcp::open(host, *port, CONNECT).map(|link| Box::new(link) as _)
        }
        Address::Usb { device, port } => {
            let purpose = if class == DeviceClass::Printer {
                usb::Use::Printer
            } else {
                usb::Use::Reader
            };
            usb::Usb::open(*device, port.as_ref(), purpose).map(|link| Box::new(link) as _)
        }
        Address::Hid {
            vendor,
            product,
            port,
        } => hid::Hid::open(*vendor, *product, port.as_ref()).map(|link| Box::new(link) as _),
        Address::Pcsc { .. } | Address::V4l { .. } | Address::Ipp { .. } => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this kind of device is no pipe of bytes",
        )),
    };
    opened.map_err(|source| TransportError::Open {
        address: address.clone(),
        source,
    })
}

/// Opens the first device of the class that is connected and can be opened.
fn open_found(class: DeviceClass) -> Result<Box<dyn Transport>, TransportError> {
    let mut failure = TransportError::Open {
        address: Address::Auto,
        source: io::Error::new(io::ErrorKind::NotFound, "no such device is connected"),
    };
    for address in discover::candidates(class) {
        let opened = open(class, &address).and_then(|mut link| {
            let id = link.device_id(Instant::now() + ASK)?;
            Ok((link, id))
        });
        match opened {
            // To it, a slip would be pages of rubbish.
            Ok((_, Some(id))) if id.is_page_printer() => {}
            Ok((link, _)) => return Ok(link),
            Err(error) => failure = error,
        }
    }
    Err(failure)
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
