//! The system's updates: made and signed on a publisher's machine ([`bundle`]), taken in by the terminal
//! ([`update`]).
//!
//! An update is a static tree: `manifest.json`, its minisign signature, and chunks named by their SHA-256,
//! which any HTTP server or a USB stick holds. The terminal fetches the chunks that its running system does
//! not hold, writes them into the slot that does not run, reads all of it back, and only then gives the
//! slot the partition UUIDs and the boot menu the entry that make it bootable. The entry's file name
//! grants one try; the boot loader counts it, and a try that nobody confirms ends in the old system.

#[cfg(feature = "publish")]
pub mod bundle;
pub mod chunks;
pub mod config;
pub mod disk;
pub mod error;
pub mod manifest;
pub mod menu;
pub mod source;
pub mod state;
pub mod status;
pub mod update;
