//! The slip's secret: whoever holds the slip may ask how the case is getting on.

use std::fmt;

use data_encoding::{HEXLOWER, HEXUPPER};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{CaseNumber, NoRandomness, NumberError, random};

/// 128 random bits that open a case's progress. Only the slip has them: the terminal forgets them
/// with the visit, upstream keeps their hash. As text 32 capital hexadecimal digits.
#[derive(Clone, Zeroize, ZeroizeOnDrop, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[0-9A-F]{32}$")]
pub struct SlipSecret([u8; 16]);

/// What upstream keeps of a secret: SHA-256 over a label, the case's number and the secret. The
/// secret is random and long, so that a slow hash would add nothing. As text 64 small hexadecimal
/// digits.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SecretHash([u8; 32]);

/// What a receipt slip's QR code says.
///
/// The text is `YICI1:NUMBER:SECRET` with the 16 characters of the number without dashes and the
/// 32 digits of the secret: 55 characters that a QR code's alphanumeric mode can hold. The digit
/// after `YICI` is the format's version.
#[derive(Debug, Clone)]
pub struct SlipCode {
    /// The case.
    pub number: CaseNumber,
    /// What opens its progress.
    pub secret: SlipSecret,
}

/// Why a text is no secret, hash or slip code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It is none at all, or of a version that is not known here.
    #[error("not the code of a receipt slip")]
    Format,
    /// Its number is wrong.
    #[error("the code's number is wrong: {0}")]
    Number(#[from] NumberError),
}

impl SlipSecret {
    /// A new secret.
    pub fn random() -> Result<SlipSecret, NoRandomness> {
        random().map(|bytes| SlipSecret(*bytes))
    }

    /// The secret's text.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(HEXUPPER.encode(&self.0))
    }

    /// The hash that upstream keeps, bound to the case.
    pub fn hash(&self, number: &CaseNumber) -> SecretHash {
        let hash = Sha256::new()
            .chain_update(b"yici slip secret 1\0")
            .chain_update(number.compact())
            .chain_update(self.0)
            .finalize();
        SecretHash(hash.into())
    }
}

impl SecretHash {
    /// Whether this is the secret that was hashed, for this number. Takes the same time whatever
    /// the answer.
    pub fn matches(&self, number: &CaseNumber, secret: &SlipSecret) -> bool {
        self.0.ct_eq(&secret.hash(number).0).into()
    }

    /// Its 32 bytes, for storing.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl SlipCode {
    /// The QR code's text.
    pub fn to_text(&self) -> Zeroizing<String> {
        let secret = self.secret.to_text();
        Zeroizing::new(format!(
            "{PREFIX}{}:{}",
            self.number.compact(),
            secret.as_str()
        ))
    }

    /// Reads a QR code's text; blanks around it are skipped.
    ///
    /// # Errors
    /// What is wrong with it. Anything may stand in a code that people hold up: nothing of it is
    /// in the error.
    pub fn parse(text: &str) -> Result<SlipCode, SecretError> {
        let rest = text
            .trim()
            .strip_prefix(PREFIX)
            .ok_or(SecretError::Format)?;
        let (number, secret) = rest.split_once(':').ok_or(SecretError::Format)?;
        Ok(SlipCode {
            number: CaseNumber::parse(number)?,
            secret: secret_of(secret)?,
        })
    }
}

impl PartialEq for SlipSecret {
    fn eq(&self, other: &SlipSecret) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SlipSecret {}

impl fmt::Debug for SlipSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlipSecret(…)")
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &SecretHash) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretHash {}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

impl Serialize for SlipSecret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.to_text())
    }
}

impl TryFrom<String> for SlipSecret {
    type Error = SecretError;

    fn try_from(text: String) -> Result<SlipSecret, SecretError> {
        secret_of(&Zeroizing::new(text))
    }
}

impl From<[u8; 32]> for SecretHash {
    fn from(bytes: [u8; 32]) -> SecretHash {
        SecretHash(bytes)
    }
}

impl From<SecretHash> for String {
    fn from(hash: SecretHash) -> String {
        HEXLOWER.encode(&hash.0)
    }
}

impl TryFrom<String> for SecretHash {
    type Error = SecretError;

    fn try_from(text: String) -> Result<SecretHash, SecretError> {
        let bytes = HEXLOWER
            .decode(text.as_bytes())
            .map_err(|_| SecretError::Format)?;
        bytes
            .try_into()
            .map(SecretHash)
            .map_err(|_| SecretError::Format)
    }
}

const PREFIX: &str = "YICI1:";

fn secret_of(text: &str) -> Result<SlipSecret, SecretError> {
    let bytes = HEXUPPER
        .decode(text.as_bytes())
        .map(Zeroizing::new)
        .map_err(|_| SecretError::Format)?;
    <[u8; 16]>::try_from(bytes.as_slice())
        .map(SlipSecret)
        .map_err(|_| SecretError::Format)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_slip_code_is_read_back() {
        let code = SlipCode {
            number: CaseNumber::random().unwrap(),
            secret: SlipSecret::random().unwrap(),
        };
        let text = code.to_text();
        assert_eq!(text.len(), 55);
        // Nothing but the alphanumeric mode of QR codes.
        assert!(
            text.chars()
                .all(|c| c.is_ascii_digit() || c.is_ascii_uppercase() || c == ':')
        );
        let read = SlipCode::parse(&format!(" {}\r\n", text.as_str())).unwrap();
        assert_eq!((read.number, &read.secret), (code.number, &code.secret));
        let shown = format!("{code:?} {:?}", code.secret.hash(&code.number));
        assert!(!shown.contains(&text[23..]), "{shown}");
    }

    #[test]
    fn the_hash_is_of_one_secret_and_one_case() {
        let (number, other) = (CaseNumber::random().unwrap(), CaseNumber::random().unwrap());
        let secret = SlipSecret::random().unwrap();
        let hash = secret.hash(&number);
        assert!(hash.matches(&number, &secret));
        assert!(!hash.matches(&other, &secret));
        assert!(!hash.matches(&number, &SlipSecret::random().unwrap()));
        let kept: SecretHash =
            serde_json::from_str(&serde_json::to_string(&hash).unwrap()).unwrap();
        assert_eq!(kept, hash);
    }

    #[test]
    fn refuses_other_codes() {
        let good = "YICI1:0000000000000000:00112233445566778899AABBCCDDEEFF";
        assert!(SlipCode::parse(good).is_ok());
        for bad in [
            "",
            "https://example.com",
            &good.replace("YICI1", "YICI2"),
            &good.to_lowercase(),
            &good[..54],
            &format!("{good}0"),
        ] {
            assert_eq!(
                SlipCode::parse(bad).err(),
                Some(SecretError::Format),
                "{bad}"
            );
        }
        assert_eq!(
            SlipCode::parse(&good.replacen(":0", ":1", 1)).err(),
            Some(SecretError::Number(NumberError::Check))
        );
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,80}|YICI1:[0-9A-Z:]{0,60}") {
            let _ = SlipCode::parse(&text);
        }
    }
}
