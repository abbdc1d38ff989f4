//! A terminal's setup file (`kiosk-setup.toml`): one signed, expiring TOML file with everything that
//! differs from terminal to terminal. It comes on a USB stick or as a QR code, is shown before it is
//! applied, and is kept on the data partition; what the system reads is rendered from it at every start.
//!
//! Bytes pass in one direction: [`read`] or [`qr::decode`] → [`check`] (signature first, then time, then
//! every value) → [`changes`] for the screen → [`State::apply`] → [`State::load`] and [`render_to`].

mod changes;
mod check;
pub mod cli;
mod finding;
mod pin;
pub mod qr;
mod render;
mod setup;
mod signed;
mod state;
mod stick;

pub use changes::{Change, changes};
pub use check::{Checked, Clock, Timely, check};
pub use finding::{Code, Finding, Refused};
pub use pin::{PIN_DIGITS, PinError, PinHash};
pub use render::{FILES, Places, device_key, render, render_to};
pub use setup::{
    Addressing, Devices, Enrolment, Hall, Network, Phone, Printer, Rotation, Screen, Setup,
    Upstream,
};
pub use signed::{Keys, KeysError, Validity, sign};
pub use state::{Loaded, State, StateError};
pub use stick::{FILE, LABEL, read};

/// A setup file has at most this many bytes, signature included.
pub const MAX_BYTES: usize = 64 * 1024;
