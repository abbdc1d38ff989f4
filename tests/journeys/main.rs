//! Journeys across real processes: `kiosk` with its real pages and drivers, `kiosk-sim` on a real
//! pseudo-terminal and a real socket. Citizens only look at pages and touch what they see.

mod card;
mod cli;
mod hall;
mod paper;
mod visit;
mod wipe;
