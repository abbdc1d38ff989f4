//! The service as terminals meet it: a process of its own, over HTTPS on the loopback.

// Helpers of tests may fail a test like tests themselves; clippy.toml's exception covers only those.
#![allow(clippy::unwrap_used)]

mod deliver;
mod hall;
mod oversight;
mod privacy;
mod progress;
mod published;
