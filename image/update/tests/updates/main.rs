//! Updates of whole terminals: a disk image, a boot menu, a publisher and its server.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod bench;
mod cut;
mod refuse;
mod server;
mod update;
