//! X25519 keys of devices and of upstream, their ids, and rotation.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, Serializable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{Digest, NoRandomness, random};

/// A private key of a device or of upstream. As text 64 small hexadecimal digits; zeroised when
/// dropped.
#[derive(Clone)]
pub struct SecretKey {
    secret: <X25519HkdfSha256 as Kem>::PrivateKey,
    public: PublicKey,
}

/// A public key of a device or of upstream. As text 64 small hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(<X25519HkdfSha256 as Kem>::PublicKey);

/// Names a public key: the first 8 bytes of its SHA-256. As text 16 small hexadecimal digits.
///
/// It only finds the key; that it is the right one, the cryptography decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(into = "String", try_from = "String")]
#[schema(value_type = String, pattern = "^[0-9a-f]{16}$")]
pub struct KeyId([u8; 8]);

/// Upstream's private keys: the current one and those that it replaced, which still open what was
/// sealed before terminals heard of the change.
#[derive(Debug)]
pub struct Keyring {
    current: SecretKey,
    earlier: Vec<SecretKey>,
}

/// A text that is no key or key id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key has 64 small hexadecimal digits, a key id 16")]
pub struct KeyError;

impl SecretKey {
    /// A new key.
    pub fn random() -> Result<SecretKey, NoRandomness> {
        let seed = random::<32>()?;
        let (secret, public) = X25519HkdfSha256::derive_keypair(seed.as_slice());
        Ok(SecretKey {
            secret,
            public: PublicKey(public),
        })
    }

    /// Reads a key's text, as a key file holds it; blanks around it are skipped.
    pub fn parse(text: &str) -> Result<SecretKey, KeyError> {
        let bytes = Zeroizing::new(
            HEXLOWER
                .decode(text.trim().as_bytes())
                .map_err(|_| KeyError)?,
        );
        let secret = Deserializable::from_bytes(&bytes).map_err(|_| KeyError)?;
        let public = PublicKey(X25519HkdfSha256::sk_to_pk(&secret));
        Ok(SecretKey { secret, public })
    }

    /// The key's text, for a key file.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; 32]);
        self.secret.write_exact(bytes.as_mut_slice());
        Zeroizing::new(HEXLOWER.encode(bytes.as_slice()))
    }

    /// Its public key.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(crate) fn hpke(&self) -> &<X25519HkdfSha256 as Kem>::PrivateKey {
        &self.secret
    }
}

impl PublicKey {
    /// Its id.
    pub fn id(&self) -> KeyId {
        let digest = Digest::of(&self.0.to_bytes());
        let mut id = [0; 8];
        id.copy_from_slice(&digest.as_bytes()[..8]);
        KeyId(id)
    }

    pub(crate) fn hpke(&self) -> &<X25519HkdfSha256 as Kem>::PublicKey {
        &self.0
    }
}

impl KeyId {
    /// Its 8 bytes.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl Keyring {
    /// A ring with the key that is sealed to now, and the earlier ones that still open.
    pub fn new(current: SecretKey, earlier: Vec<SecretKey>) -> Keyring {
        Keyring { current, earlier }
    }

    /// The key that terminals should seal to.
    pub fn current(&self) -> &SecretKey {
        &self.current
    }

    /// The key of an id.
    pub fn find(&self, id: &KeyId) -> Option<&SecretKey> {
        std::iter::once(&self.current)
            .chain(&self.earlier)
            .find(|key| key.public.id() == *id)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({}, …)", self.public.id())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0.to_bytes()))
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<PublicKey, KeyError> {
        let bytes = HEXLOWER
            .decode(text.trim().as_bytes())
            .map_err(|_| KeyError)?;
        Deserializable::from_bytes(&bytes)
            .map(PublicKey)
            .map_err(|_| KeyError)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl From<[u8; 8]> for KeyId {
    fn from(bytes: [u8; 8]) -> KeyId {
        KeyId(bytes)
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> String {
        id.to_string()
    }
}

impl TryFrom<String> for KeyId {
    type Error = KeyError;

    fn try_from(text: String) -> Result<KeyId, KeyError> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| KeyError)?;
        bytes.try_into().map(KeyId).map_err(|_| KeyError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_back_and_hidden() {
        let key = SecretKey::random().unwrap();
        let text = key.to_text();
        let read = SecretKey::parse(&format!("{}\n", text.as_str())).unwrap();
        assert_eq!(read.public(), key.public());
        assert_eq!(key.public().to_string().parse(), Ok(key.public().clone()));
        assert!(!format!("{key:?}").contains(&text[..8]));
        for bad in ["", "00", &text.to_uppercase()[..63], "gg"] {
            assert!(SecretKey::parse(bad).is_err(), "{bad}");
            assert!(bad.parse::<PublicKey>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_ring_finds_current_and_earlier_keys() {
        let keys: Vec<_> = (0..3).map(|_| SecretKey::random().unwrap()).collect();
        let ring = Keyring::new(keys[0].clone(), vec![keys[1].clone()]);
        let found = |at: usize| ring.find(&keys[at].public().id()).map(SecretKey::public);
        assert_eq!(found(0), Some(keys[0].public()));
        assert_eq!(found(1), Some(keys[1].public()));
        assert_eq!(found(2), None);
        assert_eq!(ring.current().public(), keys[0].public());
    }
}
