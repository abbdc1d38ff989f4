//! The terminal: one visit from first touch to wipe.
//!
//! [`visit`] is its pure heart: events in, effects out, a page to look at. [`core`] drives it,
//! [`devices`] and [`screen`] stand around it, [`cli`] starts it all.

pub mod cli;
pub mod config;
pub mod core;
pub mod devices;
#[cfg(feature = "headless")]
pub mod headless;
pub mod screen;
pub mod slips;
pub mod visit;
