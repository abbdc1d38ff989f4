//! The terminal: one visit from first touch to wipe.
//!
//! [`visit`] is its pure heart: events in, effects out, a page to look at. [`core`] drives it,
//! [`devices`] and [`screen`] stand around it, [`health`] knows how all parts are, [`cli`] starts it all, and
//! the [`watchdog`] ends it when it hangs. What is submitted goes through [`delivery`]: sealed into the
//! [`outbox`], and by the [`uplink`] to upstream. [`selftest`] is what a technician leaves behind. What became of each slip stands in the [`ledger`].
//! Which [`catalogue`] serves changes between visits.

pub mod catalogue;
pub mod cli;
pub mod config;
pub mod core;
pub mod delivery;
pub mod devices;
#[cfg(feature = "headless")]
pub mod headless;
pub mod health;
pub mod ledger;
pub mod outbox;
pub mod screen;
pub mod selftest;
pub mod slips;
pub mod submission;
mod tables;
pub mod uplink;
pub mod visit;
pub mod watchdog;
