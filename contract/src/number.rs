//! Case numbers: made on the device, readable over the telephone, and hard to get wrong.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{NoRandomness, random};

/// A case's number: 75 random bits and a check character.
///
/// Sixteen characters of Crockford's alphabet, which has no I, L, O and U, printed as
/// `XXXX-XXXX-XXXX-XXXX`. The last one checks the others: any one wrong character, and any two
/// different ones swapped (neighbours or not), are always found. It says nothing about the
/// person, so it may be logged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(into = "String", try_from = "String")]
#[schema(
    value_type = String,
    pattern = "^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$",
    example = "0000-0000-0000-0000"
)]
pub struct CaseNumber([u8; LENGTH]);

/// Why a text is no case number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not 16 characters, blanks and dashes left out.
    #[error("a case number has 16 characters")]
    Length,
    /// A character that no number has.
    #[error("character {} is none that a case number has", at + 1)]
    Character {
        /// Its place, from 0, blanks and dashes left out.
        at: usize,
    },
    /// The characters do not fit together.
    #[error("one of the characters is wrong, or two are swapped")]
    Check,
}

impl CaseNumber {
    /// A new number. Two devices that never meet do not make the same one: after a thousand
    /// million cases the odds of any repeat are about one in 75 000.
    pub fn random() -> Result<CaseNumber, NoRandomness> {
        let bytes = random::<{ LENGTH - 1 }>()?;
        let mut values = [0; LENGTH];
        for (value, byte) in values.iter_mut().zip(*bytes) {
            // 256 is a multiple of 32: every character is equally likely.
            *value = byte % 32;
        }
        values[LENGTH - 1] = weighted_sum(&values);
        Ok(CaseNumber(values))
    }

    /// Reads what a person typed, or what a slip carries: blanks and dashes are skipped, small and
    /// full-width letters taken for what they mean, O for 0, I and L for 1.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<CaseNumber, NumberError> {
        let mut values = [0; LENGTH];
        let mut count = 0;
        for character in text.chars().map(plain).filter(|c| !is_separator(*c)) {
            if count == LENGTH {
                return Err(NumberError::Length);
            }
            values[count] = value(character).ok_or(NumberError::Character { at: count })?;
            count += 1;
        }
        if count != LENGTH {
            return Err(NumberError::Length);
        }
        // With the check character in its place the sum is zero.
        if weighted_sum(&values) != 0 {
            return Err(NumberError::Check);
        }
        Ok(CaseNumber(values))
    }

    /// The sixteen characters without dashes, as the envelope, addresses and QR codes have them.
    pub fn compact(&self) -> String {
        self.letters().collect()
    }

    /// The case's id, and the idempotency key of its delivery: an UUID (version 8) made from the
    /// number, so that neither can stand for another case.
    pub fn case_id(&self) -> Uuid {
        let hash = Sha256::new()
            .chain_update(b"yici case id 1\0")
            .chain_update(self.0)
            .finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        Uuid::new_v8(bytes)
    }

    fn letters(&self) -> impl Iterator<Item = char> {
        self.0.iter().map(|v| char::from(ALPHABET[usize::from(*v)]))
    }
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, letter) in self.letters().enumerate() {
            if at > 0 && at % 4 == 0 {
                f.write_str("-")?;
            }
            write!(f, "{letter}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaseNumber({self})")
    }
}

impl FromStr for CaseNumber {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<CaseNumber, NumberError> {
        CaseNumber::parse(text)
    }
}

impl TryFrom<String> for CaseNumber {
    type Error = NumberError;

    fn try_from(text: String) -> Result<CaseNumber, NumberError> {
        CaseNumber::parse(&text)
    }
}

impl From<CaseNumber> for String {
    fn from(number: CaseNumber) -> String {
        number.to_string()
    }
}

const LENGTH: usize = 16;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn plain(character: char) -> char {
    match character {
        '！'..='～' => {
            char::from_u32(character as u32 - '！' as u32 + '!' as u32).unwrap_or(character)
        }
        other => other,
    }
    .to_ascii_uppercase()
}

fn is_separator(character: char) -> bool {
    character.is_whitespace() || matches!(character, '-' | '‐' | '‑' | '–' | '—' | '−')
}

fn value(character: char) -> Option<u8> {
    let meant = match character {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let at = ALPHABET.iter().position(|l| char::from(*l) == meant)?;
    u8::try_from(at).ok()
}

/// Σ xⁱ·vᵢ over GF(32), where i counts from the right and x generates the field. The weights of all
/// sixteen places differ and none is zero, so a changed character or two swapped different ones
/// always change the sum. The last place weighs 1.
fn weighted_sum(values: &[u8; LENGTH]) -> u8 {
    values
        .iter()
        .fold(0, |sum, value| times_generator(sum) ^ value)
}

/// Times x modulo x⁵ + x² + 1, a primitive polynomial: x has order 31.
fn times_generator(value: u8) -> u8 {
    let doubled = value << 1;
    if doubled & 0b10_0000 == 0 {
        doubled
    } else {
        doubled ^ 0b10_0101
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn numbers() -> impl Strategy<Value = CaseNumber> {
        "[0-9A-HJKMNP-TV-Z]{15}".prop_map(|letters| with_check(&letters))
    }

    fn with_check(letters: &str) -> CaseNumber {
        let mut values = [0; LENGTH];
        for (at, letter) in letters.chars().enumerate() {
            values[at] = value(letter).unwrap();
        }
        values[LENGTH - 1] = weighted_sum(&values);
        CaseNumber(values)
    }

    #[test]
    fn is_random_and_printed_in_groups() {
        let numbers: std::collections::HashSet<_> =
            (0..1000).map(|_| CaseNumber::random().unwrap()).collect();
        assert_eq!(numbers.len(), 1000);
        let mut seen = [[false; 32]; LENGTH];
        for number in &numbers {
            assert_eq!(number.to_string().len(), 19);
            for (at, value) in number.0.iter().enumerate() {
                seen[at][usize::from(*value)] = true;
            }
        }
        assert!(seen.iter().flatten().all(|s| *s), "every place takes all");
    }

    #[test]
    fn takes_what_people_type() {
        let number = with_check("010110ABCDEFGHJ");
        let text = number.to_string();
        for way in [
            text.to_lowercase(),
            number.compact(),
            text.replace('0', "o").replace('1', "L"),
            text.replace('0', "O").replace('1', "i"),
            text.replace('-', " "),
            text.replace('-', "－")
                .replace('0', "０")
                .replace('A', "ａ"),
            format!("  {} ", text.replace('-', "—")),
        ] {
            assert_eq!(CaseNumber::parse(&way), Ok(number), "{way}");
        }
    }

    #[test]
    fn tells_what_is_wrong() {
        assert_eq!(CaseNumber::parse(""), Err(NumberError::Length));
        assert_eq!(
            CaseNumber::parse("000000000000000"),
            Err(NumberError::Length)
        );
        assert_eq!(
            CaseNumber::parse("00000000000000000"),
            Err(NumberError::Length)
        );
        assert_eq!(
            CaseNumber::parse("00-U0"),
            Err(NumberError::Character { at: 2 })
        );
    }

    #[test]
    fn case_ids_are_of_one_number() {
        let (one, two) = (CaseNumber::random().unwrap(), CaseNumber::random().unwrap());
        assert_eq!(
            one.case_id(),
            CaseNumber::parse(&one.compact()).unwrap().case_id()
        );
        assert_ne!(one.case_id(), two.case_id());
        assert_eq!(one.case_id().get_version_num(), 8);
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,40}") {
            let _ = CaseNumber::parse(&text);
        }

        #[test]
        fn reads_what_it_prints(number in numbers()) {
            prop_assert_eq!(CaseNumber::parse(&number.to_string()), Ok(number));
            prop_assert_eq!(CaseNumber::parse(&number.compact()), Ok(number));
        }

        /// All 496 single errors and all 120 swaps of every number that is tried.
        #[test]
        fn every_single_error_and_every_swap_is_found(number in numbers()) {
            for at in 0..LENGTH {
                for other in 0..32 {
                    let mut wrong = number;
                    wrong.0[at] = other;
                    if wrong != number {
                        prop_assert_eq!(CaseNumber::parse(&wrong.compact()), Err(NumberError::Check));
                    }
                }
                for with in at + 1..LENGTH {
                    let mut wrong = number;
                    wrong.0.swap(at, with);
                    if wrong != number {
                        prop_assert_eq!(CaseNumber::parse(&wrong.compact()), Err(NumberError::Check));
                    }
                }
            }
        }
    }
}
