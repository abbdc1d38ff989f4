//! A catalogue on its way from its author to the terminals.
//!
//! A [`Bundle`] is one file: the catalogue as it is written, the certificate that proves it, and a
//! [`Manifest`] with the SHA-256 of each, signed three times, by author, reviewer and publisher, each
//! with a key of their own ([`Keys`]). A [`Store`] on the terminal takes a bundle whole or refuses it
//! whole, and keeps the one before.
//!
//! ```text
//! directory ─► Bundle::make ─► sign (author) ─► sign (reviewer) ─► sign (publisher)
//!                                                                      │ file, or upstream
//!           Store::load ◄─ Store::install ◄─ Bundle::check ◄─ Bundle::parse
//! ```
//!
//! Signatures are minisign's (Ed25519 over BLAKE2b), the format of all keys that owners of terminals
//! have.

mod archive;
mod bundle;
mod error;
mod follow;
mod manifest;
mod signed;
mod store;
mod tool;
mod walk;

pub use bundle::{Bundle, CATALOGUE, CERTIFICATE};
pub use error::Error;
pub use follow::Follower;
pub use manifest::{FORMAT, File, Manifest, PRODUCT};
pub use signed::{Keys, Role};
pub use store::{Installed, Loaded, Options, Store};
pub use tool::{Source, sign};

use std::path::Path;

use bytes::Bytes;

/// A bundle has at most this many bytes.
pub const MAX_BUNDLE_BYTES: usize = yici_contract::api::MAX_CATALOGUE_BYTES;
/// A bundle has at most this many files.
pub const MAX_FILES: usize = 2000;
/// No name of a file in a bundle has more bytes.
pub const MAX_NAME_BYTES: usize = 100;

/// Rechecks a certificate: takes the directory of a catalogue and the bytes of `certificate.json`; the
/// error is the reason, in one line for people. Who signs and who installs hand it in, so that this
/// crate has no part in what a proof is.
pub type CheckCertificate<'a> = &'a dyn Fn(&Path, &[u8]) -> Result<(), String>;

/// Reads the file of a bundle.
///
/// # Errors
/// When it cannot be read, or is too big.
pub fn read(path: &Path) -> Result<Bytes, Error> {
    walk::read(path)
}
