//! What a social security card says (reference/devices.md §2): records of tag, length and value; texts in
//! GB 18030, numbers of places and days in BCD.

use encoding_rs::{DecoderResult, GB18030};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::id_card::number::{IdNumber, NumberError, checked_number};
use crate::id_card::{Day, Sex};

/// What a card says. Zeroised when dropped; `Debug` shows nothing of it.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SocialCard {
    /// Number of the card, at most 9 characters.
    pub card_number: String,
    /// Social security number: the holder's ID number.
    pub number: IdNumber,
    /// The holder's name.
    pub name: String,
    /// Sex, if the code is one of GB/T 2261.1.
    #[zeroize(skip)]
    pub sex: Option<Sex>,
    /// Nation: the raw GB/T 3304 code (see [`crate::id_card::nation_name`]).
    pub nation: Option<String>,
    /// Place of birth: the raw GB/T 2260 code, six digits.
    pub birthplace: Option<String>,
    /// Day of birth; the same as in the number.
    pub birth: Day,
}

/// Why a card's replies are no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It is not of this field, or shorter or longer than it says.
    #[error("the {0} is no record of tag, length and value")]
    Layout(&'static str),
    /// A field is no text of its kind.
    #[error("the {0} is no text")]
    Text(&'static str),
    /// A field that every card has is empty.
    #[error("the {0} is missing")]
    Missing(&'static str),
    /// The social security number is no ID number.
    #[error("the social security number is not right: {0}")]
    Number(#[from] NumberError),
    /// The day of birth is no day, or another one than in the number.
    #[error("the birth date is not that of the number")]
    Birth,
}

/// The replies of one card, each with its tag and length: the parts that [`SocialCard`] is made of.
pub struct Replies<B> {
    /// Tag 07, in the file with the short name 5.
    pub card_number: B,
    /// Tag 08.
    pub number: B,
    /// Tag 09.
    pub name: B,
    /// Tag 0A.
    pub sex: B,
    /// Tag 0B.
    pub nation: B,
    /// Tag 0C.
    pub birthplace: B,
    /// Tag 0D.
    pub birth: B,
}

impl<B: AsRef<[u8]>> Replies<B> {
    /// Parses and checks them.
    ///
    /// # Errors
    /// [`RecordError`]; nothing of a card that is not right is taken.
    pub fn parse(&self) -> Result<SocialCard, RecordError> {
        let required = |name, text: Option<String>| text.ok_or(RecordError::Missing(name));
        let text = |name, reply: &B, tag| text(name, value(name, reply.as_ref(), tag)?);
        let digits = |name, reply: &B, tag| digits(name, value(name, reply.as_ref(), tag)?);

        let number = text("social security number", &self.number, 0x08)?;
        let number = Zeroizing::new(required("social security number", number)?);
        let number = checked_number(&number)?;
        let birth = digits("birth date", &self.birth, 0x0D)?.map(Zeroizing::new);
        let birth = birth.and_then(|birth| Day::parse(&birth));
        let birth = birth
            .filter(|birth| *birth == number.birth())
            .ok_or(RecordError::Birth)?;
        let sex = text("sex", &self.sex, 0x0A)?.map(Zeroizing::new);
        // In their final type from here on, so that a card with a mistake further on is wiped as well.
        let mut card = SocialCard {
            card_number: String::new(),
            number,
            name: String::new(),
            sex: match sex.as_ref().map(|code| code.as_str()) {
                Some("1") => Some(Sex::Male),
                Some("2") => Some(Sex::Female),
                Some("0" | "9") => Some(Sex::Unstated),
                Some(_) | None => None,
            },
            nation: digits("nation", &self.nation, 0x0B)?,
            birthplace: None,
            birth,
        };
        card.birthplace = digits("birthplace", &self.birthplace, 0x0C)?;
        card.name = required("name", text("name", &self.name, 0x09)?)?;
        let card_number = text("card number", &self.card_number, 0x07)?;
        card.card_number = required("card number", card_number)?;
        Ok(card)
    }
}

impl std::fmt::Debug for SocialCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SocialCard(…)")
    }
}

/// The value of a record; behind it only filling (00 or FF) may come.
fn value<'a>(name: &'static str, reply: &'a [u8], tag: u8) -> Result<&'a [u8], RecordError> {
    let (&[found, length], rest) = reply.split_first_chunk().ok_or(RecordError::Layout(name))?;
    let (value, filling) = rest
        .split_at_checked(length.into())
        .ok_or(RecordError::Layout(name))?;
    let filled = filling.iter().all(|byte| matches!(byte, 0x00 | 0xFF));
    if found == tag && filled {
        Ok(value)
    } else {
        Err(RecordError::Layout(name))
    }
}

/// A text in GB 18030 without what fills its field up; `None` if nothing is left.
fn text(name: &'static str, value: &[u8]) -> Result<Option<String>, RecordError> {
    // No character of GB 18030 ends with one of these bytes.
    let filling = |byte: &&u8| matches!(byte, 0x00 | 0x20 | 0xFF);
    let kept = value.len() - value.iter().rev().take_while(filling).count();
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(kept);
    // Reserved at once: a string that grows leaves copies.
    let mut text = Zeroizing::new(String::with_capacity(room.unwrap_or_default()));
    let (result, _) = decoder.decode_to_string_without_replacement(&value[..kept], &mut text, true);
    if result != DecoderResult::InputEmpty || text.chars().any(char::is_control) {
        return Err(RecordError::Text(name));
    }
    Ok((!text.is_empty()).then(|| std::mem::take(&mut *text)))
}

/// Digits in BCD, two a byte; `None` if the field is blank.
fn digits(name: &'static str, value: &[u8]) -> Result<Option<String>, RecordError> {
    if value.iter().all(|byte| *byte == 0xFF) {
        return Ok(None);
    }
    let mut digits = Zeroizing::new(String::with_capacity(2 * value.len()));
    for nibble in value.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]) {
        let digit = char::from_digit(nibble.into(), 10).ok_or(RecordError::Text(name))?;
        digits.push(digit);
    }
    Ok(Some(std::mem::take(&mut *digits)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(tag: u8, value: &[u8]) -> Vec<u8> {
        [&[tag, value.len() as u8], value].concat()
    }

    fn name_of(text: &str) -> Vec<u8> {
        let (encoded, _, lost) = GB18030.encode(text);
        assert!(!lost);
        let mut field = encoded.into_owned();
        assert!(field.len() <= 30);
        field.resize(30, 0x20);
        record(0x09, &field)
    }

    fn replies() -> Replies<Vec<u8>> {
        Replies {
            card_number: record(0x07, b"A00000017"),
            number: record(0x08, b"370102199605210047"),
            name: name_of("李小满"),
            sex: record(0x0A, b"2"),
            nation: record(0x0B, &[0x15]),
            birthplace: record(0x0C, &[0x37, 0x01, 0x02]),
            birth: record(0x0D, &[0x19, 0x96, 0x05, 0x21]),
        }
    }

    #[test]
    fn a_card_is_parsed() {
        let card = replies().parse().unwrap();
        assert_eq!(card.card_number, "A00000017");
        assert_eq!(card.number.as_str(), "370102199605210047");
        assert_eq!(card.name, "李小满");
        assert_eq!(card.sex, Some(Sex::Female));
        assert_eq!(card.nation.as_deref(), Some("15"));
        assert_eq!(card.birthplace.as_deref(), Some("370102"));
        assert_eq!(Some(card.birth), Day::parse("19960521"));
        assert_eq!(format!("{card:?}"), "SocialCard(…)");
    }

    #[test]
    fn rare_and_long_names_come_whole() {
        for name in ["龙䶮𬭎", "阿卜杜热合曼·示例买买提江吾尼", "㐂𠮷"] {
            let card = Replies {
                name: name_of(name),
                ..replies()
            };
            assert_eq!(card.parse().unwrap().name, name);
        }
        // 䶮 as cards made before GB 18030-2022 have it.
        let card = Replies {
            name: record(0x09, b"\xFE\x9F\0\0"),
            ..replies()
        };
        assert_eq!(card.parse().unwrap().name, "䶮");
    }

    #[test]
    fn blank_fields_are_none_and_filling_is_no_data() {
        let card = Replies {
            nation: record(0x0B, &[0xFF]),
            birthplace: record(0x0C, &[0xFF; 3]),
            sex: [record(0x0A, b"3"), vec![0xFF, 0x00]].concat(),
            ..replies()
        };
        let card = card.parse().unwrap();
        assert_eq!(
            (card.nation.as_deref(), card.birthplace.as_deref(), card.sex),
            (None, None, None)
        );
    }

    #[track_caller]
    fn refused(replies: Replies<Vec<u8>>, expected: RecordError) {
        assert_eq!(replies.parse().unwrap_err(), expected);
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let mut cut = replies();
        cut.name.pop();
        refused(cut, RecordError::Layout("name"));
        let mut long = replies();
        long.sex.push(b'1');
        refused(long, RecordError::Layout("sex"));
        let mut other = replies();
        other.name[0] = 0x08;
        refused(other, RecordError::Layout("name"));
        let mut empty = replies();
        empty.birth.clear();
        refused(empty, RecordError::Layout("birth date"));

        // Half a character at the end of the field.
        let mut half = replies();
        half.name[31] = 0xC0;
        refused(half, RecordError::Text("name"));
        let mut letters = replies();
        letters.birthplace[2] = 0x3A;
        refused(letters, RecordError::Text("birthplace"));
        let mut blank = replies();
        blank.name[2..].fill(0);
        refused(blank, RecordError::Missing("name"));
    }

    #[test]
    fn number_and_birth_date_have_to_be_right() {
        let mut wrong = replies();
        wrong.number[19] = b'8';
        refused(wrong, RecordError::Number(NumberError::CheckDigit));
        let mut other = replies();
        other.birth[5] = 0x22;
        refused(other, RecordError::Birth);
        let mut impossible = replies();
        impossible.birth[4] = 0x13;
        refused(impossible, RecordError::Birth);
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), which in 0..7usize) {
            let mut replies = replies();
            let field = [
                &mut replies.card_number, &mut replies.number, &mut replies.name, &mut replies.sex,
                &mut replies.nation, &mut replies.birthplace, &mut replies.birth,
            ];
            for (at, field) in field.into_iter().enumerate() {
                if at == which {
                    field.truncate(1);
                    field.extend_from_slice(&bytes);
                }
            }
            let _ = replies.parse();
            replies.name = bytes;
            let _ = replies.parse();
        }
    }
}
