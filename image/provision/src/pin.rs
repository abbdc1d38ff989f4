//! The PIN that lets a hall's staff in: the setup file travels on sticks, so it holds a hash alone.

use std::fmt;
use std::str::FromStr;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordHasher, PasswordVerifier};
use serde::{Serialize, Serializer};

/// Digits of a PIN, at least and at most.
pub const PIN_DIGITS: std::ops::RangeInclusive<usize> = 6..=12;

/// A terminal checks one in less than a second: memory in KiB and passes that a hash may ask for.
const MOST_MEMORY: u32 = 64 * 1024;
const MOST_PASSES: u32 = 8;

/// A PIN as its Argon2id hash in PHC form. Never shown: who has it can try a million PINs in a day.
#[derive(Clone, PartialEq, Eq)]
pub struct PinHash(String);

/// Why there is no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// A PIN is of digits, and neither too short nor too long.
    #[error("a PIN has 6 to 12 digits and nothing else")]
    NoPin,
    /// The system gives no random salt.
    #[error("the system gives no random numbers")]
    NoSalt,
    /// The text is no hash that a terminal can check.
    #[error("this is no line of `kiosk provision pin`")]
    NoHash,
}

impl PinHash {
    /// The hash of a PIN, salted.
    ///
    /// # Errors
    /// When it is no PIN, or there are no random numbers.
    pub fn of(pin: &str) -> Result<PinHash, PinError> {
        if !PIN_DIGITS.contains(&pin.len()) || !pin.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PinError::NoPin);
        }
        Argon2::default()
            .hash_password(pin.as_bytes())
            .map(|hash| PinHash(hash.to_string()))
            .map_err(|_| PinError::NoSalt)
    }

    /// In PHC form, for the setup file.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the PIN. Takes tens of milliseconds and 19 MiB.
    pub fn matches(&self, pin: &str) -> bool {
        Argon2::default()
            .verify_password(pin.as_bytes(), self.0.as_str())
            .is_ok()
    }
}

impl FromStr for PinHash {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hash = PasswordHash::new(text).map_err(|_| PinError::NoHash)?;
        let params = Params::try_from(&hash).map_err(|_| PinError::NoHash)?;
        let known = hash.algorithm == argon2::ARGON2ID_IDENT && hash.hash.is_some();
        let bearable = params.m_cost() <= MOST_MEMORY && params.t_cost() <= MOST_PASSES;
        match known && bearable {
            true => Ok(PinHash(text.to_owned())),
            false => Err(PinError::NoHash),
        }
    }
}

impl fmt::Debug for PinHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinHash(…)")
    }
}

impl Serialize for PinHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_known_again_and_no_other() {
        let hash = PinHash::of("048215").unwrap();
        assert!(hash.matches("048215"));
        assert!(!hash.matches("048216"));
        assert!(!hash.matches("48215"));
        assert_ne!(hash, PinHash::of("048215").unwrap());
        let again: PinHash = hash.0.parse().unwrap();
        assert!(again.matches("048215"));
        assert_eq!(format!("{hash:?}"), "PinHash(…)");
    }

    #[test]
    fn what_is_no_pin_or_no_hash_is_refused() {
        for pin in ["", "12345", "1234567890123", "12345a", "１２３４５６"] {
            assert_eq!(PinHash::of(pin), Err(PinError::NoPin), "{pin}");
        }
        let dear = "$argon2id$v=19$m=1048576,t=2,p=1$c29tZXNhbHRzb21l$\
                    8VlJHvFJ6lR9cdGb7nAS6bcB7iJUIBHWxRlPZnmEkRs";
        for hash in ["", "482915", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA", dear] {
            assert_eq!(hash.parse::<PinHash>(), Err(PinError::NoHash), "{hash}");
        }
    }
}
