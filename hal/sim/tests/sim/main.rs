//! The real drivers of yici-hal against the real `kiosk-sim`, over a real pseudo-terminal and TCP.

// Helpers of tests may fail a test like tests themselves; clippy.toml's exception covers only those.
#![allow(clippy::unwrap_used)]

mod bench;
mod cards;
mod codes;
mod conformance;
mod control;
mod converter;
mod memory;
mod models;
mod pcscd;
mod slips;
mod smart_cards;
mod usb;
