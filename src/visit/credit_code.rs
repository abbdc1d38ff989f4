//! The unified social credit code (统一社会信用代码, GB 32100).

use super::page::FieldFault;

const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const LENGTH: usize = 18;
/// Positions 9 to 17 are an organisation code (GB 11714) with a check character of its own.
const ORGANISATION: std::ops::Range<usize> = 8..17;
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// What is wrong with a code, if anything is.
pub(super) fn fault(code: &str) -> Option<FieldFault> {
    let code = code.as_bytes();
    let places: Option<Vec<u32>> = code
        .iter()
        .map(|byte| {
            let place = ALPHABET.iter().position(|known| known == byte)?;
            u32::try_from(place).ok()
        })
        .collect();
    match places {
        Some(places) if places.len() == LENGTH => {
            let fits = check(&places) == places[LENGTH - 1] && organisation_fits(code);
            (!fits).then_some(FieldFault::CreditCheck)
        }
        Some(_) | None => Some(FieldFault::CreditCode),
    }
}

fn check(places: &[u32]) -> u32 {
    let mut weight = 1;
    let mut sum = 0;
    for place in &places[..LENGTH - 1] {
        sum += place * weight;
        weight = weight * 3 % 31;
    }
    (31 - sum % 31) % 31
}

fn organisation_fits(code: &[u8]) -> bool {
    let code = &code[ORGANISATION];
    let sum: u32 = code
        .iter()
        .zip(ORGANISATION_WEIGHTS)
        .map(|(byte, weight)| {
            let value = match byte {
                b'0'..=b'9' => byte - b'0',
                _ => byte - b'A' + 10,
            };
            u32::from(value) * weight
        })
        .sum();
    let wanted = match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        digit => b'0' + u8::try_from(digit).unwrap_or_default(),
    };
    code.last() == Some(&wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_checked_as_a_whole() {
        // Made up, with check characters that fit.
        let good = made_up();
        assert_eq!(fault(&good), None);
        for at in 0..LENGTH {
            let mut bad = good.clone().into_bytes();
            bad[at] = if bad[at] == b'7' { b'8' } else { b'7' };
            let bad = String::from_utf8(bad).unwrap();
            assert_eq!(fault(&bad), Some(FieldFault::CreditCheck), "{bad}");
        }
        assert_eq!(fault(&good[..17]), Some(FieldFault::CreditCode));
        assert_eq!(
            fault(&good.replace('9', "I")),
            Some(FieldFault::CreditCode),
            "I is no letter of the alphabet"
        );
    }

    fn made_up() -> String {
        let head = "91370102MA3ABCDE";
        let codes = ('0'..='9').chain('A'..='Z').flat_map(|ninth| {
            ALPHABET
                .iter()
                .map(move |last| format!("{head}{ninth}{}", char::from(*last)))
        });
        codes
            .into_iter()
            .find(|code| fault(code).is_none())
            .expect("some pair of check characters fits")
    }
}
