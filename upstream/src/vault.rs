//! Keeps personal fields encrypted at rest, under a key of its own.
//!
//! XChaCha20-Poly1305 with a random nonce in front. The associated data says what is kept and of
//! which case, so that nothing in the database can be moved to another place.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::HEXLOWER;
use yici_contract::{CaseNumber, NoRandomness};
use zeroize::Zeroizing;

/// The vault's key, ready to use.
pub struct Vault(XChaCha20Poly1305);

/// What is kept.
#[derive(Debug, Clone, Copy)]
pub enum Kept<'a> {
    /// The case as JSON.
    Case,
    /// An attachment.
    Attachment {
        /// Its name.
        name: &'a str,
    },
    /// What a unit says about an item.
    Note {
        /// The item.
        item: &'a str,
    },
}

/// Why something cannot be kept or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// A text that is no key.
    #[error("a key has 64 small hexadecimal digits")]
    Key,
    /// There is no randomness for a nonce.
    #[error("the operating system gives no random bytes")]
    NoRandomness,
    /// It is too big to be kept.
    #[error("too big to be kept")]
    TooBig,
    /// It was kept under another key, or changed or moved since.
    #[error("not what was kept here under this key")]
    NotKept,
}

impl Vault {
    /// A new key's text, for a key file.
    pub fn new_key() -> Result<Zeroizing<String>, NoRandomness> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut_slice()).map_err(|_| NoRandomness)?;
        Ok(Zeroizing::new(HEXLOWER.encode(key.as_slice())))
    }

    /// Reads a key's text.
    pub fn parse(text: &str) -> Result<Vault, VaultError> {
        let key = HEXLOWER
            .decode(text.trim().as_bytes())
            .map(Zeroizing::new)
            .map_err(|_| VaultError::Key)?;
        XChaCha20Poly1305::new_from_slice(&key)
            .map(Vault)
            .map_err(|_| VaultError::Key)
    }

    /// Encrypts what is to be kept.
    pub fn keep(
        &self,
        number: &CaseNumber,
        what: Kept<'_>,
        plain: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| VaultError::NoRandomness)?;
        let aad = associated_data(number, what);
        let payload = Payload {
            msg: plain,
            aad: &aad,
        };
        let sealed = self
            .0
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| VaultError::TooBig)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts what was kept.
    pub fn read(
        &self,
        number: &CaseNumber,
        what: Kept<'_>,
        kept: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (nonce, sealed) = kept
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(VaultError::NotKept)?;
        let aad = associated_data(number, what);
        let payload = Payload {
            msg: sealed,
            aad: &aad,
        };
        self.0
            .decrypt(&XNonce::from(*nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| VaultError::NotKept)
    }
}

const NONCE_BYTES: usize = 24;

fn associated_data(number: &CaseNumber, what: Kept<'_>) -> Vec<u8> {
    let what = match what {
        Kept::Case => "case".to_owned(),
        Kept::Attachment { name } => format!("attachment {name}"),
        Kept::Note { item } => format!("note {item}"),
    };
    format!("yici vault 1\n{number}\n{what}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_fits_its_place_alone() {
        let vault = Vault::parse(&Vault::new_key().unwrap()).unwrap();
        let (one, two) = (CaseNumber::random().unwrap(), CaseNumber::random().unwrap());
        let kept = vault.keep(&one, Kept::Case, b"personal").unwrap();
        assert!(!kept.windows(8).any(|w| w == b"personal"));
        assert_eq!(
            *vault.read(&one, Kept::Case, &kept).unwrap(),
            b"personal".to_vec()
        );
        let other = Vault::parse(&Vault::new_key().unwrap()).unwrap();
        for read in [
            vault.read(&two, Kept::Case, &kept),
            vault.read(&one, Kept::Note { item: "a" }, &kept),
            vault.read(&one, Kept::Attachment { name: "a" }, &kept),
            vault.read(&one, Kept::Case, &kept[1..]),
            vault.read(&one, Kept::Case, &[]),
            other.read(&one, Kept::Case, &kept),
        ] {
            assert_eq!(read, Err(VaultError::NotKept));
        }
    }
}
