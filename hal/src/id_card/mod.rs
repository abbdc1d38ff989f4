//! Resident ID card readers with a SAM_V security module (GA 450, GA 467): over a serial line, or through
//! the PC/SC service where the reader shows the ID application there.
//!
//! [`open`] gives a [`CardReader`]; [`frame`] is the wire, [`record`] is what a card says,
//! [`number`] checks ID numbers, whether read or typed.

mod command;
mod driver;
pub mod frame;
mod nation;
pub mod number;
mod pcsc;
pub mod photo;
pub mod record;

pub use driver::{CardReader, ReaderError, open};
pub use nation::nation_name;
pub use record::{CardKind, Day, IdCard, Sex, Validity};
