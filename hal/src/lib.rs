//! Devices of a self-service terminal: what they are, what they say, and how the wire talks to them.
//!
//! The terminal sees traits ([`id_card::CardReader`], [`escpos::Printer`],
//! [`code_scanner::CodeScanner`], [`social_card::SocialCardReader`], [`camera::Camera`]), one status vocabulary ([`status`]) and one description of what to print ([`slip`]). Everything below is a driver that
//! bounds each exchange in size and time, because a wire is never to be trusted.
//!
//! Each driver is meant to be owned by one thread: calls block, never longer than their documented
//! deadline. Frames and records are never logged, and buffers that held them are zeroised.

pub mod address;
pub mod camera;
pub mod class;
pub mod code_scanner;
pub mod discover;
pub mod escpos;
pub mod form_printer;
pub mod glyph;
pub mod id_card;
pub mod panel;
pub mod printer_port;
pub mod slip;
pub mod smart_card;
pub mod social_card;
pub mod status;
pub mod transport;

mod qr;
mod wipe;
