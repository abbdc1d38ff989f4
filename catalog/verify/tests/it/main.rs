//! What the checker certifies, the verifier takes; and nothing else.

// A test that cannot go on stops; clippy.toml allows it in test functions only, not in helpers.
#![allow(clippy::unwrap_used)]

mod edits;
mod folder;
#[path = "../../../tests/it/random.rs"]
mod random;
