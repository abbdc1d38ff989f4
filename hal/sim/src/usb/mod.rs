//! USB devices for a guest in QEMU: this program is the peer of its `usb-redir` device.
//!
//! - [`redir`] is the protocol between the two.
//! - [`port`] is a port with a device in it, and what can go wrong with it.
//! - [`descriptors`] is what a device says of itself.
//! - [`reader`] and [`printer`] are what the devices do.

mod descriptors;
mod port;
mod printer;
mod reader;
mod redir;

pub use port::Port;
pub use printer::start_printer;
pub use reader::{Shape, start_reader};
