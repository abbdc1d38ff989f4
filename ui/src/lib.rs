//! The terminal's pages. All of them are written in Slint; this crate only owns the generated
//! code, so that the rest of the terminal rebuilds without it.
#![allow(missing_docs, clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

pub use slint;

slint::include_modules!();
