//! Citizen identity numbers (GB 11643): 17 digits and a check character (ISO 7064, MOD 11-2).

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::record::{Day, Sex};

/// A number whose length, characters, birth date and check character are right.
///
/// That it exists, or belongs to whom it is said to, is not known. Residence permits for Hong Kong,
/// Macao and Taiwan residents (8XXXXX) and for foreigners since 2023 (9XXXXX) follow the same rules.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct IdNumber(String);

/// Why a text is no citizen identity number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not 18 characters.
    #[error("an ID number has 18 characters")]
    Length,
    /// A character that cannot stand at its place.
    #[error("character {} cannot stand there", at + 1)]
    Character {
        /// Its place, from 0.
        at: usize,
    },
    /// Characters 7 to 14 are no date of the calendar.
    #[error("characters 7 to 14 are no date")]
    BirthDate,
    /// The last character does not match the rest.
    #[error("the last character does not match the rest")]
    CheckDigit,
}

/// Checks a number as typed or read, and normalises it: blanks are dropped, full-width digits and
/// small `x` are taken for what they mean.
///
/// # Errors
/// The first thing that is wrong with it; places count without the blanks.
pub fn checked_number(text: &str) -> Result<IdNumber, NumberError> {
    // Held in its final type from the start, so that a number with a mistake is wiped as well.
    let mut number = IdNumber(String::with_capacity(18));
    let mut count = 0;
    for character in text.chars().filter(|character| !character.is_whitespace()) {
        let plain = match character {
            '０'..='９' => {
                char::from_u32(character as u32 - '０' as u32 + '0' as u32).unwrap_or(character)
            }
            'x' | 'ｘ' | 'Ｘ' => 'X',
            other => other,
        };
        if !(plain.is_ascii_digit() || plain == 'X' && count == 17) {
            return Err(if count < 18 {
                NumberError::Character { at: count }
            } else {
                NumberError::Length
            });
        }
        count += 1;
        if count > 18 {
            return Err(NumberError::Length);
        }
        number.0.push(plain);
    }
    if count != 18 {
        return Err(NumberError::Length);
    }
    if Day::parse(&number.0[6..14]).is_none() {
        return Err(NumberError::BirthDate);
    }
    if check_character(&number.0) != number.0.as_bytes().last().copied() {
        return Err(NumberError::CheckDigit);
    }
    Ok(number)
}

impl IdNumber {
    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Day of birth, characters 7 to 14.
    pub fn birth(&self) -> Day {
        Day::parse(&self.0[6..14]).unwrap_or_default()
    }

    /// Sex by character 17: odd for men, even for women.
    pub fn sex(&self) -> Sex {
        if self.0.as_bytes()[16] % 2 == 1 {
            Sex::Male
        } else {
            Sex::Female
        }
    }
}

impl std::fmt::Debug for IdNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdNumber(…)")
    }
}

/// ISO 7064 MOD 11-2 over the first 17 digits.
fn check_character(number: &str) -> Option<u8> {
    let digits = number.as_bytes().get(..17)?;
    let remainder = digits.iter().fold(0u32, |sum, digit| {
        (sum + u32::from(digit.wrapping_sub(b'0'))) * 2 % 11
    });
    b"10X98765432".get(remainder as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str) -> Result<String, NumberError> {
        checked_number(text).map(|number| number.as_str().to_owned())
    }

    #[test]
    fn takes_what_people_type() {
        // The examples of GB 11643 itself.
        assert_eq!(
            check("11010519491231002X").as_deref(),
            Ok("11010519491231002X")
        );
        assert_eq!(
            check(" 110105 19491231 002x").as_deref(),
            Ok("11010519491231002X")
        );
        assert_eq!(
            check("１１０１０５１９４９１２３１００２ｘ").as_deref(),
            Ok("11010519491231002X")
        );
        assert_eq!(
            check("440524188001010014").as_deref(),
            Ok("440524188001010014")
        );
    }

    #[test]
    fn tells_what_is_wrong() {
        assert_eq!(check(""), Err(NumberError::Length));
        assert_eq!(check("11010519491231002"), Err(NumberError::Length));
        assert_eq!(check("11010519491231002X1"), Err(NumberError::Length));
        assert_eq!(
            check("1101O519491231002X"),
            Err(NumberError::Character { at: 4 })
        );
        assert_eq!(
            check("1101051949X231002X"),
            Err(NumberError::Character { at: 10 })
        );
        assert_eq!(check("110105194913310020"), Err(NumberError::BirthDate));
        assert_eq!(
            check("110105190002290020"),
            Err(NumberError::BirthDate),
            "1900 was no leap year"
        );
        assert_eq!(check("110105194912310021"), Err(NumberError::CheckDigit));
    }

    #[test]
    fn reads_birth_and_sex_and_hides_the_number() {
        let number = checked_number("11010519491231002X").unwrap();
        assert_eq!(
            number.birth(),
            Day {
                year: 1949,
                month: 12,
                day: 31
            }
        );
        assert_eq!(number.sex(), Sex::Female);
        assert_eq!(
            checked_number("440524188001010014").unwrap().sex(),
            Sex::Male
        );
        assert_eq!(format!("{number:?}"), "IdNumber(…)");
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,24}|[0-9Xx]{17,19}") {
            let _ = checked_number(&text);
        }

        #[test]
        fn one_wrong_digit_or_swapped_neighbours_are_seen(at in 0..17usize, by in 1..10u8) {
            let mut wrong = b"11010519491231002X".to_vec();
            wrong[at] = (wrong[at] - b'0' + by) % 10 + b'0';
            prop_assert!(checked_number(std::str::from_utf8(&wrong).unwrap()).is_err());
            let mut swapped = b"11010519491231002X".to_vec();
            if at < 16 && swapped[at] != swapped[at + 1] {
                swapped.swap(at, at + 1);
                prop_assert!(checked_number(std::str::from_utf8(&swapped).unwrap()).is_err());
            }
        }
    }
}
