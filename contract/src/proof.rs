//! How a device proves itself with each call: `Authorization: Yici-Device PROOF`.
//!
//! One key pair is all that a device has. With it, it seals the time to upstream (HPKE in mode Auth,
//! the suite of [`crate::envelope`]); the associated data is the request's method, its path with the
//! query, and the SHA-256 of its body. The proof therefore fits one request of one device to one
//! upstream, for [`MAX_CLOCK_ERROR`] around the time. A repeat within that time does no harm: every
//! call is idempotent, and all of it travels inside TLS.
//!
//! The proof is base64url without padding of: version (1 byte), id of upstream's key (8), id of the
//! device's key (8), encapsulated key (32), and the sealed time (24), which is the count of seconds
//! since 1970 as eight bytes, big-endian.

use data_encoding::BASE64URL_NOPAD;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use jiff::{SignedDuration, Timestamp};

use crate::envelope::{Opener, Sealer};
use crate::{Digest, KeyId, Keyring, PublicKey, SecretKey, VERSION};

/// The scheme's name in the `Authorization` header.
pub const SCHEME: &str = "Yici-Device";

/// How far the clocks of device and upstream may be apart. A device that is told so by the problem
/// [`ClockOff`](crate::problem::Kind::ClockOff) tells its staff, and may prove itself by upstream's
/// time, which the problem carries.
pub const MAX_CLOCK_ERROR: SignedDuration = SignedDuration::from_mins(10);

/// The request that a proof is for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The path with the query, as sent: `/v1/time`.
    pub path: &'a str,
    /// The body, empty if there is none.
    pub body: &'a [u8],
}

/// The device cannot prove itself: upstream's public key is no usable one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("upstream's public key is no usable one")]
pub struct NoProof;

/// Why a proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It is no proof of a version known here.
    #[error("no proof of a device")]
    Format,
    /// It is made for a key that is not, or no longer, on the ring.
    #[error("made for a key that is not known")]
    UnknownKey,
    /// No such device is enrolled.
    #[error("the device is not enrolled")]
    UnknownDevice,
    /// It is not by this device, or not for this request.
    #[error("not by this device for this request")]
    Forged,
    /// The device's clock and upstream's are too far apart.
    #[error("the device's clock is {} s off", by.as_secs())]
    Clock {
        /// How far the device's clock is ahead.
        by: SignedDuration,
    },
}

/// The value of the `Authorization` header for a request.
///
/// # Errors
/// Only when upstream's public key is no usable one.
pub fn prove(
    request: &Request<'_>,
    device: &SecretKey,
    upstream: &PublicKey,
    now: Timestamp,
) -> Result<String, NoProof> {
    let mut proof = vec![VERSION];
    proof.extend_from_slice(upstream.id().as_bytes());
    proof.extend_from_slice(device.public().id().as_bytes());
    let bound = associated_data(&proof, request);
    let mode = OpModeS::Auth((device.hpke().clone(), device.public().hpke().clone()));
    let (encapped, mut context): (_, Sealer) =
        hpke::setup_sender(&mode, upstream.hpke(), INFO).map_err(|_| NoProof)?;
    let sealed = context
        .seal(&now.as_second().to_be_bytes(), &bound)
        .map_err(|_| NoProof)?;
    proof.extend_from_slice(&encapped.to_bytes());
    proof.extend_from_slice(&sealed);
    Ok(format!("{SCHEME} {}", BASE64URL_NOPAD.encode(&proof)))
}

/// The device that a header claims to be of. Nothing is proved by it; it spares upstream from
/// reading the body of a request by a device that is not enrolled.
///
/// # Errors
/// When it is no proof of a version known here.
pub fn claimed(header: &str) -> Result<KeyId, ProofError> {
    let proof = decode(header)?;
    let (_, rest) = id_of(&proof[1..])?;
    id_of(rest).map(|(device, _)| device)
}

/// Checks the value of an `Authorization` header, and gives the device's key.
///
/// # Errors
/// Why it is refused.
pub fn check(
    header: &str,
    request: &Request<'_>,
    keys: &Keyring,
    enrolled: impl FnOnce(&KeyId) -> Option<PublicKey>,
    now: Timestamp,
) -> Result<PublicKey, ProofError> {
    let proof = decode(header)?;
    let (head, rest) = (&proof[..HEAD_BYTES], &proof[1..]);
    let (key, rest) = id_of(rest)?;
    let (device, rest) = id_of(rest)?;
    let (encapped, sealed) = rest
        .split_at_checked(ENCAPPED_BYTES)
        .ok_or(ProofError::Format)?;
    let key = keys.find(&key).ok_or(ProofError::UnknownKey)?;
    let device = enrolled(&device).ok_or(ProofError::UnknownDevice)?;

    let forged = |_| ProofError::Forged;
    let encapped = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapped).map_err(forged)?;
    let mode = OpModeR::Auth(device.hpke().clone());
    let mut context: Opener =
        hpke::setup_receiver(&mode, key.hpke(), &encapped, INFO).map_err(forged)?;
    let time = context
        .open(sealed, &associated_data(head, request))
        .map_err(forged)?;
    let time = <[u8; 8]>::try_from(time).map_err(|_| ProofError::Forged)?;
    let time = Timestamp::from_second(i64::from_be_bytes(time)).map_err(|_| ProofError::Forged)?;
    let by = time.duration_since(now);
    if by.abs() > MAX_CLOCK_ERROR {
        return Err(ProofError::Clock { by });
    }
    Ok(device)
}

const INFO: &[u8] = b"yici device proof 1";
const HEAD_BYTES: usize = 17;
const ENCAPPED_BYTES: usize = 32;
const PROOF_BYTES: usize = HEAD_BYTES + ENCAPPED_BYTES + 24;

/// The proof's bytes, of the right length and version.
fn decode(header: &str) -> Result<[u8; PROOF_BYTES], ProofError> {
    let text = header
        .strip_prefix(SCHEME)
        .and_then(|rest| rest.strip_prefix(' '))
        .filter(|text| text.len() == BASE64URL_NOPAD.encode_len(PROOF_BYTES))
        .ok_or(ProofError::Format)?;
    BASE64URL_NOPAD
        .decode(text.as_bytes())
        .ok()
        .and_then(|proof| proof.try_into().ok())
        .filter(|proof: &[u8; PROOF_BYTES]| proof[0] == VERSION)
        .ok_or(ProofError::Format)
}

fn id_of(bytes: &[u8]) -> Result<(KeyId, &[u8]), ProofError> {
    let (id, rest) = bytes.split_first_chunk().ok_or(ProofError::Format)?;
    Ok((KeyId::from(*id), rest))
}

fn associated_data(head: &[u8], request: &Request<'_>) -> Vec<u8> {
    // No method and no path has a line break, so the fields cannot run into one another.
    let mut bound = head.to_vec();
    bound.extend_from_slice(request.method.as_bytes());
    bound.push(b'\n');
    bound.extend_from_slice(request.path.as_bytes());
    bound.push(b'\n');
    bound.extend_from_slice(Digest::of(request.body).as_bytes());
    bound
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REQUEST: Request<'static> = Request {
        method: "POST",
        path: "/v1/progress",
        body: b"{}",
    };

    struct Parties {
        device: SecretKey,
        upstream: Keyring,
        now: Timestamp,
    }

    impl Parties {
        fn new() -> Parties {
            Parties {
                device: SecretKey::random().unwrap(),
                upstream: Keyring::new(SecretKey::random().unwrap(), Vec::new()),
                now: "2026-01-31T08:00:00Z".parse().unwrap(),
            }
        }

        fn prove(&self, now: Timestamp) -> String {
            prove(
                &REQUEST,
                &self.device,
                self.upstream.current().public(),
                now,
            )
            .unwrap()
        }

        fn check(&self, header: &str, request: &Request<'_>) -> Result<(), ProofError> {
            let known = self.device.public();
            let enrolled = |id: &KeyId| (*id == known.id()).then(|| known.clone());
            check(header, request, &self.upstream, enrolled, self.now)
                .map(|device| assert_eq!(device, *known))
        }
    }

    #[test]
    fn a_proof_fits_its_request_alone() {
        let parties = Parties::new();
        let header = parties.prove(parties.now);
        assert_eq!(parties.check(&header, &REQUEST), Ok(()));
        assert_eq!(claimed(&header), Ok(parties.device.public().id()));
        for other in [
            Request {
                method: "PUT",
                ..REQUEST
            },
            Request {
                path: "/v1/progress?",
                ..REQUEST
            },
            Request {
                body: b"{ }",
                ..REQUEST
            },
        ] {
            assert_eq!(parties.check(&header, &other), Err(ProofError::Forged));
        }
    }

    #[test]
    fn a_proof_is_of_one_device_for_one_upstream() {
        let (one, two) = (Parties::new(), Parties::new());
        let header = two.prove(two.now);
        assert_eq!(one.check(&header, &REQUEST), Err(ProofError::UnknownKey));
        let header = prove(
            &REQUEST,
            &two.device,
            one.upstream.current().public(),
            one.now,
        )
        .unwrap();
        assert_eq!(one.check(&header, &REQUEST), Err(ProofError::UnknownDevice));
        // Somebody who claims to be the enrolled device, without its private key.
        let as_two = |_: &KeyId| Some(one.device.public().clone());
        assert_eq!(
            check(&header, &REQUEST, &one.upstream, as_two, one.now).err(),
            Some(ProofError::Forged)
        );
    }

    #[test]
    fn a_clock_may_be_ten_minutes_off() {
        let parties = Parties::new();
        for (seconds, fine) in [(600, true), (-600, true), (601, false), (-601, false)] {
            let by = SignedDuration::from_secs(seconds);
            let header = parties.prove(parties.now + by);
            let expected = if fine {
                Ok(())
            } else {
                Err(ProofError::Clock { by })
            };
            assert_eq!(parties.check(&header, &REQUEST), expected);
        }
    }

    #[test]
    fn every_changed_byte_is_refused() {
        let parties = Parties::new();
        let header = parties.prove(parties.now);
        for at in 0..header.len() {
            let mut wrong = header.clone().into_bytes();
            wrong[at] = if wrong[at] == b'A' { b'B' } else { b'A' };
            let wrong = String::from_utf8(wrong).unwrap();
            assert!(parties.check(&wrong, &REQUEST).is_err(), "{at}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,120}|Yici-Device [A-Za-z0-9_-]{97,99}") {
            prop_assert!(Parties::new().check(&text, &REQUEST).is_err());
            let _ = claimed(&text);
        }
    }
}
