//! Bundles as people make them, pass them on and install them; and what goes wrong on the way.

// Helpers of tests may fail a test like tests themselves; clippy.toml's exception covers only those.
#![allow(clippy::unwrap_used)]

mod cut;
mod hall;
mod install;
mod sign;
