//! The envelope: a case sealed to upstream by the device that took it.
//!
//! HPKE (RFC 9180) in mode Auth, with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
//! ChaCha20-Poly1305: only upstream's private key opens it, not the device that sealed it, and it
//! opens only as sealed by that device. One HPKE context seals all parts in order: the case as JSON
//! (`case`), the attachments, and last the `manifest` that lists every part's name, length and
//! SHA-256. The associated data of each part is the envelope's head (contract version, key ids,
//! number, case id), the part's index, the count of parts, and its name; so no part fits another
//! case, place or name. The wire format is in [`SealedCase`].
//!
//! Sealing twice gives different bytes: what was stored is what a retry sends.

mod manifest;
mod parts;
mod wire;

use hpke::aead::{AeadCtxR, AeadCtxS, ChaCha20Poly1305};
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use zeroize::Zeroizing;

use crate::{Case, CaseError, CaseNumber, Keyring, PublicKey, SecretKey, VERSION};
use manifest::Manifest;
pub use parts::{Attachment, NameError, PartName};
pub use wire::{Head, SealedCase, WireError};

/// No sealed case is bigger, in bytes.
pub const MAX_SEALED_BYTES: usize = 32 << 20;
/// No part is bigger, in bytes before sealing.
pub const MAX_PART_BYTES: usize = 8 << 20;
/// No case has more attachments.
pub const MAX_ATTACHMENTS: usize = 64;

/// What upstream finds in a sealed case.
#[derive(Debug)]
pub struct Opened {
    /// The case; it was checked.
    pub case: Case,
    /// The attachments, in the order sealed.
    pub attachments: Vec<Attachment>,
}

/// Why a case cannot be sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The case is not fit to be sent.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// Two attachments have the same name.
    #[error("two parts have the name `{0}`")]
    Twice(PartName),
    /// It would be bigger than the contract allows.
    #[error("the case is bigger than the contract allows")]
    TooBig,
    /// The cryptography failed: the key sealed to is no usable one.
    #[error("the case cannot be sealed to this key")]
    Crypto,
}

/// Why a sealed case is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is sealed under another number.
    #[error("sealed under another number")]
    OtherNumber,
    /// It names another device than the one that delivered it.
    #[error("sealed by another device")]
    OtherDevice,
    /// It is sealed to a key that is not, or no longer, on the ring.
    #[error("sealed to a key that is not known")]
    UnknownKey,
    /// It was changed, put together from others, or not sealed by this device.
    #[error("part {0} is not what the device sealed")]
    Forged(usize),
    /// The parts are not those that the manifest lists.
    #[error("the parts are not those that the manifest lists")]
    Manifest,
    /// A part has a name that no part has.
    #[error(transparent)]
    Name(#[from] NameError),
    /// What was sealed is no fit case.
    #[error(transparent)]
    Case(#[from] CaseError),
}

/// Seals a case with its attachments.
///
/// # Errors
/// When the case does not pass [`Case::check`], or is too big.
pub fn seal(
    case: &Case,
    attachments: &[Attachment],
    device: &SecretKey,
    upstream: &PublicKey,
) -> Result<SealedCase, SealError> {
    case.check(attachments)?;
    let json = case.to_json()?;
    let mut parts: Vec<(&str, &[u8])> = vec![(CASE_PART, json.as_slice())];
    for (at, attachment) in attachments.iter().enumerate() {
        if attachments[..at].iter().any(|a| a.name == attachment.name) {
            return Err(SealError::Twice(attachment.name.clone()));
        }
        parts.push((attachment.name.as_str(), &attachment.bytes));
    }
    let total: usize = parts.iter().map(|(_, bytes)| bytes.len() + ROOM).sum();
    if attachments.len() > MAX_ATTACHMENTS
        || parts.iter().any(|(_, bytes)| bytes.len() > MAX_PART_BYTES)
        || total > MAX_SEALED_BYTES - MANIFEST_ROOM
    {
        return Err(SealError::TooBig);
    }
    let manifest = Manifest::of(&parts).to_json().ok_or(SealError::TooBig)?;
    parts.push((MANIFEST_PART, &manifest));

    let head = Head {
        version: VERSION,
        key: upstream.id(),
        device: device.public().id(),
        number: case.number,
    };
    let mode = OpModeS::Auth((device.hpke().clone(), device.public().hpke().clone()));
    let (encapped, mut context): (_, Sealer) =
        hpke::setup_sender(&mode, upstream.hpke(), INFO).map_err(|_| SealError::Crypto)?;
    let mut wire = wire::Writer::new(&head, &encapped.to_bytes(), parts.len());
    for (at, (name, bytes)) in parts.iter().enumerate() {
        let bound = associated_data(&head, at, parts.len(), name);
        let sealed = context.seal(bytes, &bound).map_err(|_| SealError::Crypto)?;
        wire.part(name, &sealed);
    }
    SealedCase::parse(wire.finish()).map_err(|_| SealError::TooBig)
}

/// Opens a case that `device` delivered under `number`.
///
/// # Errors
/// Whatever is not exactly what that device sealed for that number.
pub fn open(
    sealed: &SealedCase,
    number: &CaseNumber,
    keys: &Keyring,
    device: &PublicKey,
) -> Result<Opened, OpenError> {
    let head = sealed.head();
    if head.number != *number {
        return Err(OpenError::OtherNumber);
    }
    if head.device != device.id() {
        return Err(OpenError::OtherDevice);
    }
    let key = keys.find(&head.key).ok_or(OpenError::UnknownKey)?;
    let forged = |at| move |_| OpenError::Forged(at);
    let encapped =
        <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(sealed.encapped()).map_err(forged(0))?;
    let mode = OpModeR::Auth(device.hpke().clone());
    let mut context: Opener =
        hpke::setup_receiver(&mode, key.hpke(), &encapped, INFO).map_err(forged(0))?;
    let count = sealed.parts().count();
    let mut parts = Vec::with_capacity(count);
    for (at, (name, bytes)) in sealed.parts().enumerate() {
        let bound = associated_data(head, at, count, name);
        let opened = context.open(bytes, &bound).map_err(forged(at))?;
        parts.push((name, Zeroizing::new(opened)));
    }

    let Some((MANIFEST_PART, manifest)) = parts.pop() else {
        return Err(OpenError::Manifest);
    };
    let listed: Vec<(&str, &[u8])> = parts.iter().map(|(n, b)| (*n, b.as_slice())).collect();
    if Manifest::from_json(&manifest).as_ref() != Some(&Manifest::of(&listed)) {
        return Err(OpenError::Manifest);
    }
    let mut parts = parts.into_iter();
    let Some((CASE_PART, json)) = parts.next() else {
        return Err(OpenError::Manifest);
    };
    let mut attachments: Vec<Attachment> = Vec::with_capacity(parts.len());
    for (name, bytes) in parts {
        let name = PartName::try_from(name.to_owned())?;
        if attachments.iter().any(|a| a.name == name) {
            return Err(OpenError::Manifest);
        }
        attachments.push(Attachment { name, bytes });
    }
    let case = Case::from_json(&json)?;
    case.check(&attachments)?;
    if case.number != *number {
        return Err(OpenError::OtherNumber);
    }
    Ok(Opened { case, attachments })
}

pub(crate) type Sealer = AeadCtxS<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>;
pub(crate) type Opener = AeadCtxR<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>;

const INFO: &[u8] = b"yici sealed case 1";
const CASE_PART: &str = "case";
const MANIFEST_PART: &str = "manifest";
/// What a part takes on the wire beside its bytes, at most.
const ROOM: usize = 1 + parts::MAX_NAME_BYTES + 4 + wire::TAG_BYTES;
/// What head and manifest take, at most.
const MANIFEST_ROOM: usize = 32 << 10;

fn associated_data(head: &Head, at: usize, count: usize, name: &str) -> Vec<u8> {
    let mut bound = head.to_bytes().to_vec();
    bound.extend_from_slice(&(at as u64).to_be_bytes());
    bound.extend_from_slice(&(count as u64).to_be_bytes());
    bound.extend_from_slice(name.as_bytes());
    bound
}

#[cfg(test)]
mod tests;
