//! Round trips through the workbook, and its mistakes told by cell.

// A test that cannot go on stops; clippy.toml allows it in test functions only, not in helpers.
#![allow(clippy::unwrap_used)]

mod columns;
mod faults;
mod round;
