//! Journeys across real processes: `kiosk` with its real pages and drivers, `kiosk-sim` on a real
//! pseudo-terminal and a real socket. Citizens only look at pages and touch what they see.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod apply;
mod bench;
mod card;
mod catalogue;
mod cli;
mod delivery;
mod hall;
mod ledger;
mod pages;
mod paper;
mod plug;
mod publishing;
mod screen;
mod selftest;
mod setup;
mod staff;
mod upstream;
mod viewer;
mod visit;
mod watchdog;
mod wipe;
