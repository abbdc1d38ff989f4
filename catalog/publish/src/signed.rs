//! Who signs, and whose signatures are taken.
//!
//! A signature is a minisign signature file over the manifest. Its trusted comment, which is signed
//! with it, says for what and as whom:
//!
//! ```text
//! untrusted comment: yici-catalogue
//! RUQ…
//! trusted comment: yici-catalogue role=reviewer made=2026-11-26T08:00:00Z
//! 8mN…
//! ```

use std::path::Path;

use bytes::Bytes;
use data_encoding::BASE64;
use jiff::Timestamp;
use minisign_verify::{PublicKey, Signature};
use yici_catalog::Lang;

use crate::error::Error;
use crate::manifest::PRODUCT;
use crate::walk;

/// Most bytes of a signature file.
const MAX_BYTES: usize = 1024;
const MAX_KEYS_BYTES: usize = 64 * 1024;

/// In which role somebody signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Who wrote the catalogue.
    Author,
    /// Who compared it with law and practice.
    Reviewer,
    /// Who lets terminals have it.
    Publisher,
}

/// The public keys that each role may sign with: several while a key is being replaced. No key stands
/// for two roles.
#[derive(Debug, Clone)]
pub struct Keys([Vec<Key>; 3]);

#[derive(Debug, Clone)]
struct Key {
    public: PublicKey,
    /// The key itself, without the id that its owner can give it at will.
    ed25519: Vec<u8>,
}

impl Role {
    /// All, in the order in which a bundle carries their signatures.
    pub const ALL: [Role; 3] = [Role::Author, Role::Reviewer, Role::Publisher];

    /// As it is written in files and on the command line.
    pub fn code(self) -> &'static str {
        match self {
            Role::Author => "author",
            Role::Reviewer => "reviewer",
            Role::Publisher => "publisher",
        }
    }

    /// As people call it.
    pub fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Role::Author, Lang::Zh) => "编写人",
            (Role::Reviewer, Lang::Zh) => "审核人",
            (Role::Publisher, Lang::Zh) => "发布人",
            (Role::Author | Role::Reviewer | Role::Publisher, Lang::En) => self.code(),
        }
    }

    /// The file of its signature in a bundle.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Role::Author => "author.minisig",
            Role::Reviewer => "reviewer.minisig",
            Role::Publisher => "publisher.minisig",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Role, &'static str> {
        (Role::ALL.into_iter())
            .find(|role| role.code() == text)
            .ok_or("a role is author, reviewer or publisher")
    }
}

impl Keys {
    /// Reads `author.pub`, `reviewer.pub` and `publisher.pub` in a directory: each one or several of
    /// minisign's files of public keys, one after the other.
    ///
    /// # Errors
    /// When one is missing or holds no key, or one key is in two of them.
    pub fn load(directory: &Path) -> Result<Keys, Error> {
        let mut keys = Keys(Default::default());
        for (role, into) in Role::ALL.into_iter().zip(&mut keys.0) {
            let path = directory.join(format!("{}.pub", role.code()));
            let bytes = walk::read(&path)?;
            *into = parse(&bytes).map_err(|reason| Error::Keys { path, reason })?;
        }
        keys.check()
    }

    /// The same from texts.
    ///
    /// # Errors
    /// When one holds no key, or one key is in two of them.
    pub fn parse(author: &str, reviewer: &str, publisher: &str) -> Result<Keys, Error> {
        let mut keys = Keys(Default::default());
        let texts = [author, reviewer, publisher];
        for ((role, into), text) in Role::ALL.into_iter().zip(&mut keys.0).zip(texts) {
            let path = format!("{}.pub", role.code()).into();
            *into = parse(text.as_bytes()).map_err(|reason| Error::Keys { path, reason })?;
        }
        keys.check()
    }

    fn check(self) -> Result<Keys, Error> {
        for (i, role) in Role::ALL.into_iter().enumerate() {
            for (j, other) in Role::ALL.into_iter().enumerate().skip(i + 1) {
                let twice = |key: &Key| self.0[j].iter().any(|other| other.ed25519 == key.ed25519);
                if self.0[i].iter().any(twice) {
                    return Err(Error::SameKey(role, other));
                }
            }
        }
        Ok(self)
    }

    /// Whether a trusted key of this role signed these very bytes in this role.
    pub(crate) fn check_signature(
        &self,
        role: Role,
        manifest: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        let signature = decode(signature).ok_or(Error::BadSignature(role))?;
        let keys = &self.0[role as usize];
        let mut known = false;
        for key in keys {
            match key.public.verify(manifest, &signature, false) {
                Ok(()) if role_of(&signature) == Some(role) => return Ok(()),
                Ok(()) => known = true,
                Err(minisign_verify::Error::UnexpectedKeyId) => {}
                Err(
                    minisign_verify::Error::InvalidEncoding
                    | minisign_verify::Error::InvalidSignature
                    | minisign_verify::Error::IoError(_)
                    | minisign_verify::Error::UnexpectedAlgorithm
                    | minisign_verify::Error::UnsupportedAlgorithm
                    | minisign_verify::Error::UnsupportedLegacyMode,
                ) => known = true,
            }
        }
        Err(match known {
            true => Error::BadSignature(role),
            false => Error::WrongKey(role),
        })
    }
}

/// Signs a manifest in a role.
///
/// # Errors
/// When there is no randomness, or the key is still locked by its password.
pub(crate) fn sign(
    manifest: &[u8],
    role: Role,
    key: &minisign::SecretKey,
    at: Timestamp,
) -> Result<Bytes, Error> {
    let comment = format!("{PRODUCT} role={} made={at}", role.code());
    let signature = minisign::sign(None, key, manifest, Some(&comment), Some(PRODUCT))
        .map_err(|error| Error::Signing(error.to_string()))?;
    Ok(signature.to_string().into_bytes().into())
}

/// Whether this secret key made a signature over a manifest, whatever id it goes by.
pub(crate) fn is_by(
    manifest: &[u8],
    signature: &[u8],
    key: &minisign::SecretKey,
) -> Result<bool, Error> {
    let signing = |error: minisign::PError| Error::Signing(error.to_string());
    let own = minisign::PublicKey::from_secret_key(key).map_err(signing)?;
    let mut own = own.to_bytes();
    let text = str::from_utf8(signature).unwrap_or_default();
    let raw = text.lines().nth(1).unwrap_or_default();
    let raw = BASE64.decode(raw.as_bytes()).unwrap_or_default();
    // Algorithm, id, key; and algorithm, id, signature.
    match (own.get_mut(2..10), raw.get(2..10)) {
        (Some(id), Some(other)) => id.copy_from_slice(other),
        (Some(_) | None, Some(_) | None) => return Ok(false),
    }
    let own = PublicKey::from_base64(&BASE64.encode(&own))
        .map_err(|error| Error::Signing(error.to_string()))?;
    Ok(decode(signature).is_some_and(|signature| own.verify(manifest, &signature, false).is_ok()))
}

fn decode(signature: &[u8]) -> Option<Signature> {
    let text = str::from_utf8(signature).ok()?;
    let fits = signature.len() <= MAX_BYTES && text.lines().count() == 4;
    fits.then(|| Signature::decode(text).ok()).flatten()
}

fn role_of(signature: &Signature) -> Option<Role> {
    let mut words = signature.trusted_comment().split(' ');
    if words.next()? != PRODUCT {
        return None;
    }
    words.next()?.strip_prefix("role=")?.parse().ok()
}

fn parse(file: &[u8]) -> Result<Vec<Key>, String> {
    if file.len() > MAX_KEYS_BYTES {
        return Err("too large".into());
    }
    let text = str::from_utf8(file).map_err(|error| error.to_string())?;
    let mut keys = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with("untrusted comment:") {
            continue;
        }
        let wrong = |error: String| format!("line {}: {error}", index + 1);
        let public = PublicKey::from_base64(line).map_err(|error| wrong(error.to_string()))?;
        let raw = BASE64
            .decode(line.as_bytes())
            .map_err(|error| wrong(error.to_string()))?;
        let ed25519 = raw.get(10..).unwrap_or_default().to_vec();
        keys.push(Key { public, ed25519 });
    }
    match keys.is_empty() {
        true => Err("there is none in it; `kiosk provision keys` makes a pair".into()),
        false => Ok(keys),
    }
}
