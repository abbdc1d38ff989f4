//! Receipt printers that speak ESC/POS, over TCP or a serial line.
//!
//! [`open`] gives a [`Printer`]; [`encode`] is what it sends, for files and tests.
//!
//! The `escpos` crate builds those commands that it builds rightly and parses status bytes. It is not
//! used for the link (its drivers lose bytes and know no deadline), for the cut (its "partial cut",
//! `GS V A 1`, is a full cut), nor for anything that carries text: it has no Chinese mode, and keeps
//! copies of what it is given without zeroising them.

mod charset;
mod driver;
mod encode;
mod link;
mod outlet;
mod profile;
pub mod replies;

pub use driver::{Delivery, Doubt, Printed, Printer, open};
pub use encode::{EncodeError, encode};
pub use profile::{
    Charset, Completion, Cut, Model, Outlet, OutletSensor, Present, Profile, ProfileError,
    QrMethod, Requests, StatusRequests,
};
