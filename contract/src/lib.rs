//! What a terminal and its upstream share: the submitted case, its number and slip secret, the
//! envelope it travels in, and the calls between them. Pure, but for the random bytes that numbers,
//! secrets and keys are made of.
//!
//! Terminal: [`CaseNumber::random`] and [`SlipSecret::random`], a [`Case`] made of them,
//! [`envelope::seal`], then [`api::DELIVER`] with [`proof::prove`]. Upstream: [`proof::check`],
//! [`SealedCase::parse`], [`envelope::open`].

#![forbid(unsafe_code)]

pub mod api;
pub mod case;
mod digest;
pub mod envelope;
mod keys;
mod number;
pub mod openapi;
mod private;
pub mod problem;
pub mod proof;
mod secret;

pub use case::{Case, CaseError};
pub use digest::Digest;
pub use envelope::SealedCase;
pub use keys::{KeyError, KeyId, Keyring, PublicKey, SecretKey};
pub use number::{CaseNumber, NumberError};
pub use private::{Private, PrivateBytes};
pub use secret::{SecretError, SecretHash, SlipCode, SlipSecret};

/// The version of everything in this crate. It is part of what each sealed part and each proof is
/// bound to, so that nothing of one version can pass for another.
pub const VERSION: u8 = 1;

/// The operating system gave no random bytes: nothing may be made without them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub struct NoRandomness;

fn random<const N: usize>() -> Result<zeroize::Zeroizing<[u8; N]>, NoRandomness> {
    let mut bytes = zeroize::Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
    Ok(bytes)
}
