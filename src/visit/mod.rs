//! One visit, from first touch to wipe: pure, without I/O, display, files or clock.

pub mod page;
