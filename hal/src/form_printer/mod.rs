//! A4 printers for forms, by the Internet Printing Protocol (RFC 8010 and 8011, PWG 5100.14).
//!
//! A form counts as printed when the printer says that its job is completed. Everything else that
//! leaves doubt, such as a job that the printer no longer knows, is "unknown". A job whose fate is
//! unknown is called off before the next one, so that nobody finds an earlier person's form.
//!
//! Only `ipp:`: printers sign their own certificates, so that TLS would hide nothing from whoever stands
//! between. The printer belongs on a cable of its own, or behind `ipp-usb`.

mod document;
mod driver;
mod link;
mod pdf;
mod pwg;
mod reply;
mod state;

use std::io;
use std::time::Instant;

use crate::address::Address;
use crate::status::{Cause, PrinterStatus};
use crate::transport::TransportError;

pub use document::{DPI, Document, DocumentError, HEIGHT, MAX_PAGES, WIDTH};
pub use reply::{Reply, Value};

/// A printer of A4 forms.
///
/// Nothing is kept open between calls: a printer that was away is found by the next one.
pub trait FormPrinter: Send {
    /// Asks the printer how it is; at most 10 seconds, usually milliseconds.
    fn status(&mut self) -> PrinterStatus;

    /// Prints a document and follows it until it is known what became of it, or `until`. What is not
    /// done by then is called off, which takes 25 seconds more at most.
    fn print(&mut self, document: &Document, until: Instant) -> Outcome;
}

/// What became of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The printer says that the job is completed.
    Printed {
        /// Pages that it counted (`job-impressions-completed`); `None` if it does not count.
        pages: Option<u32>,
    },
    /// It may have come out, whole, in part, or not at all: ask.
    Unknown(Doubt),
    /// It has not come out, or not whole, and the rest will not come out later.
    Failed(Cause),
    /// Somebody called the job off at the printer; it has not come out, or not whole.
    CalledOff,
}

/// Why it is not known what became of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The printer could not be reached any more.
    #[error("the link to the printer was lost")]
    LinkLost,
    /// The printer no longer knows the job, such as after it was switched off and on.
    #[error("the printer does not know the job any more")]
    JobGone,
    /// The job could not be called off in time, so that it may still come out.
    #[error("the printer did not call the job off")]
    NotCalledOff,
    /// The printer says that it is done, and also that not everything is on paper.
    #[error("the printer contradicts itself")]
    Contradiction,
}

/// Makes the driver of a printer; nothing is sent yet.
///
/// # Errors
/// [`TransportError::Open`] if the address is none of an IPP printer.
pub fn open(address: &Address) -> Result<Box<dyn FormPrinter>, TransportError> {
    let link = match address {
        Address::Ipp { url } => link::Link::new(url),
        Address::Auto
        | Address::Serial { .. }
        | Address::Tcp { .. }
        | Address::Usb { .. }
        | Address::Hid { .. }
        | Address::Pcsc { .. }
        | Address::V4l { .. } => None,
    };
    match link {
        Some(link) => Ok(Box::new(driver::IppPrinter::new(link))),
        None => Err(TransportError::Open {
            address: address.clone(),
            source: io::Error::new(io::ErrorKind::Unsupported, "this is no IPP printer"),
        }),
    }
}
