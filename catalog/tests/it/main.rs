//! Tests of the crate as others use it, over the small catalogue in `tests/good` and over the
//! shipped one.

// A test that cannot go on stops; clippy.toml allows it in test functions only, not in helpers.
#![allow(clippy::unwrap_used)]

mod diff;
mod graph;
mod guide;
mod interview;
mod load;
mod merging;
mod mistakes;
mod order;
mod proof;
mod random;
mod regions;
mod schema;
mod search;
mod shipped;
mod sufficiency;
mod support;
mod why;
