//! Updates of whole terminals: a disk image, a boot menu, a publisher and its server.

mod bench;
mod cut;
mod refuse;
mod server;
mod update;
