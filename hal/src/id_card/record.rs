//! What an ID card says: the 256-byte text block (UTF-16LE, fixed fields) and the photo (GA 467).

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Bytes of the text block.
const TEXT: usize = 256;

/// Bytes of the compressed photo.
const PHOTO: usize = 1024;

/// Where every kind of card keeps its type flag.
const TYPE_FLAG: usize = 248;

/// Which card it is; decides where its fields are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CardKind {
    /// Resident ID card (居民身份证).
    Citizen,
    /// Residence permit for Hong Kong, Macao and Taiwan residents (港澳台居民居住证), type flag `J`.
    HkMacaoTaiwan,
    /// Foreigner's permanent residence card of 2023 (外国人永久居留身份证), type flag `Y`.
    Foreigner2023,
    /// Foreigner's permanent residence card of 2017, type flag `I`.
    Foreigner2017,
}

/// Sex by GB/T 2261.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sex {
    /// Code 1.
    Male,
    /// Code 2.
    Female,
    /// Code 0 (unknown) or 9 (not stated).
    Unstated,
}

/// A day of the Gregorian calendar; always a day that exists, but for [`Day::default`], which is 0000-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Zeroize)]
pub struct Day {
    /// Year.
    pub year: i16,
    /// Month, from 1.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
}

/// Until when a card is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Zeroize)]
pub enum Validity {
    /// Through this day.
    Until(Day),
    /// For ever (长期).
    LongTerm,
    /// The card says something else.
    Unreadable,
}

/// What a card says. Zeroised when dropped; `Debug` shows its kind alone.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct IdCard {
    /// Which card it is.
    #[zeroize(skip)]
    pub kind: CardKind,
    /// The holder's Chinese name; the English one if a foreigner's card has no other.
    pub name: String,
    /// English name of a foreigner.
    pub english_name: Option<String>,
    /// Sex, if the code is one of GB/T 2261.1.
    #[zeroize(skip)]
    pub sex: Option<Sex>,
    /// Nation of a citizen: the raw GB/T 3304 code (see [`super::nation_name`]).
    pub nation: Option<String>,
    /// Day of birth.
    pub birth: Option<Day>,
    /// Registered address; the newer one if the card carries one.
    pub address: Option<String>,
    /// ID or permit number, as the card has it.
    pub number: String,
    /// Issuing authority: its name, or its code on a card of 2017.
    pub issuer: Option<String>,
    /// First day of validity.
    pub valid_from: Option<Day>,
    /// Last day of validity.
    pub valid_to: Validity,
    /// Travel document number of a Hong Kong, Macao or Taiwan resident.
    pub pass_number: Option<String>,
    /// Nationality of a foreigner: the raw GB/T 2659 code, three letters.
    pub nationality: Option<String>,
    /// How often the card was issued or renewed.
    pub issue_count: Option<String>,
    /// The photo as the card keeps it: a WLT blob of 1024 bytes for 102×126 dots. There is no open
    /// decoder for it. Empty if the reader gave none.
    pub photo: Vec<u8>,
}

/// Why a reply holds no card record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The lengths of text and photo are not those of the standard.
    #[error("the record's parts have wrong lengths")]
    Layout,
    /// The type flag is none of space, `J`, `Y`, `I`.
    #[error("the record is of an unknown kind")]
    Kind,
    /// A field is no UTF-16.
    #[error("the {0} is no text")]
    Text(&'static str),
    /// A field that every card has is empty.
    #[error("the {0} is missing")]
    Missing(&'static str),
}

impl IdCard {
    /// Parses the data of a "read base" reply: length of text, length of photo (2 bytes each, big
    /// endian), text, photo.
    ///
    /// # Errors
    /// [`RecordError`]; nothing of a record that is not right is taken.
    pub fn parse(data: &[u8]) -> Result<Self, RecordError> {
        let (&[text_high, text_low, photo_high, photo_low], body) =
            data.split_first_chunk().ok_or(RecordError::Layout)?;
        let text_length = usize::from(u16::from_be_bytes([text_high, text_low]));
        let photo_length = usize::from(u16::from_be_bytes([photo_high, photo_low]));
        if text_length != TEXT
            || ![0, PHOTO].contains(&photo_length)
            || body.len() != TEXT + photo_length
        {
            return Err(RecordError::Layout);
        }
        let (text, photo) = body.split_at(TEXT);
        let text = Block(text);
        let mut card = match text.units(TYPE_FLAG, 2).next() {
            // Cards before the other kinds existed have nothing there.
            Some(0x20 | 0x00) => text.citizen()?,
            Some(0x4A) => text.hk_macao_taiwan()?,
            Some(0x59) => text.foreigner_2023()?,
            Some(0x49) => text.foreigner_2017()?,
            Some(_) | None => return Err(RecordError::Kind),
        };
        card.photo = photo.to_vec();
        Ok(card)
    }

    /// Takes the data of a "read new address" reply; empty text changes nothing.
    ///
    /// # Errors
    /// [`RecordError::Text`] if it is no UTF-16, [`RecordError::Layout`] if it is longer than the field.
    pub fn take_new_address(&mut self, data: &[u8]) -> Result<(), RecordError> {
        if data.len() > TEXT {
            return Err(RecordError::Layout);
        }
        if let Some(address) = Block(data).field("new address", 0, data.len())? {
            self.address.zeroize();
            self.address = Some(address);
        }
        Ok(())
    }
}

impl std::fmt::Debug for IdCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IdCard {{ kind: {:?}, … }}", self.kind)
    }
}

impl Day {
    /// Parses `YYYYMMDD`; `None` for what is no day of the calendar.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (year, month, day) = (
            text[..4].parse().ok()?,
            text[4..6].parse().ok()?,
            text[6..].parse().ok()?,
        );
        jiff::civil::Date::new(year, month, day).ok()?;
        Some(Self {
            year,
            month: month.unsigned_abs(),
            day: day.unsigned_abs(),
        })
    }

    /// The day as jiff has it.
    pub fn to_date(self) -> jiff::civil::Date {
        // jiff counts months and days in signed bytes. Fields are public, so an impossible day can be
        // made by hand: it becomes the smallest date rather than a panic.
        let date = i8::try_from(self.month)
            .ok()
            .zip(i8::try_from(self.day).ok());
        date.and_then(|(month, day)| jiff::civil::Date::new(self.year, month, day).ok())
            .unwrap_or(jiff::civil::Date::MIN)
    }
}

impl Default for Day {
    fn default() -> Self {
        Self {
            year: 0,
            month: 1,
            day: 1,
        }
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl std::fmt::Debug for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A day of birth is personal.
        f.write_str("Day(…)")
    }
}

/// The text block. Offsets and lengths are bytes, as in the standard's tables.
struct Block<'a>(&'a [u8]);

impl Block<'_> {
    /// Fields of a citizen's card, which the residence permit shares but for the nation.
    fn citizen(&self) -> Result<IdCard, RecordError> {
        Ok(IdCard {
            kind: CardKind::Citizen,
            name: self.required("name", 0, 30)?,
            english_name: None,
            sex: self.sex(30)?,
            nation: self.field("nation", 32, 4)?,
            birth: self.day("birth date", 36)?,
            address: self.field("address", 52, 70)?,
            number: self.required("number", 122, 36)?,
            issuer: self.field("issuer", 158, 30)?,
            valid_from: self.day("start of validity", 188)?,
            valid_to: self.validity(204)?,
            pass_number: None,
            nationality: None,
            issue_count: None,
            photo: Vec::new(),
        })
    }

    fn hk_macao_taiwan(&self) -> Result<IdCard, RecordError> {
        let mut card = self.citizen()?;
        card.kind = CardKind::HkMacaoTaiwan;
        card.nation.zeroize();
        card.nation = None;
        card.pass_number = self.field("pass number", 220, 18)?;
        card.issue_count = self.field("issue count", 238, 4)?;
        Ok(card)
    }

    fn foreigner_2023(&self) -> Result<IdCard, RecordError> {
        let english_name = self.split_name((52, 70), (220, 22))?;
        Ok(IdCard {
            kind: CardKind::Foreigner2023,
            name: self.either_name(0, &english_name)?,
            english_name,
            sex: self.sex(30)?,
            nation: None,
            birth: self.day("birth date", 36)?,
            address: None,
            number: self.required("number", 122, 36)?,
            issuer: None,
            valid_from: self.day("start of validity", 188)?,
            valid_to: self.validity(204)?,
            pass_number: None,
            nationality: self.field("nationality", 242, 6)?,
            issue_count: self.field("renewal count", 32, 4)?,
            photo: Vec::new(),
        })
    }

    fn foreigner_2017(&self) -> Result<IdCard, RecordError> {
        let english_name = self.field("English name", 0, 120)?;
        Ok(IdCard {
            kind: CardKind::Foreigner2017,
            name: self.either_name(158, &english_name)?,
            english_name,
            sex: self.sex(120)?,
            nation: None,
            birth: self.day("birth date", 220)?,
            address: None,
            number: self.required("permit number", 122, 30)?,
            issuer: self.field("authority code", 240, 8)?,
            valid_from: self.day("start of validity", 188)?,
            valid_to: self.validity(204)?,
            pass_number: None,
            nationality: self.field("nationality", 152, 6)?,
            issue_count: None,
            photo: Vec::new(),
        })
    }

    fn units(&self, offset: usize, length: usize) -> impl Iterator<Item = u16> {
        let bytes = self.0.get(offset..offset + length).unwrap_or_default();
        bytes
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
    }

    /// A field without its trailing blanks; those inside belong to names and addresses.
    fn field(
        &self,
        name: &'static str,
        offset: usize,
        length: usize,
    ) -> Result<Option<String>, RecordError> {
        // A UTF-16 unit takes at most 3 bytes of UTF-8: the text never moves while it grows, and so
        // leaves no copy behind.
        let mut text = Zeroizing::new(String::with_capacity(length / 2 * 3));
        for character in char::decode_utf16(self.units(offset, length)) {
            match character {
                Ok('\0') => break,
                Ok(character) => text.push(character),
                Err(_) => return Err(RecordError::Text(name)),
            }
        }
        let kept = text.trim_end_matches([' ', '\u{3000}']).len();
        text.truncate(kept);
        Ok((kept > 0).then(|| std::mem::take(&mut *text)))
    }

    fn required(
        &self,
        name: &'static str,
        offset: usize,
        length: usize,
    ) -> Result<String, RecordError> {
        self.field(name, offset, length)?
            .ok_or(RecordError::Missing(name))
    }

    /// A name that continues in a second field when it fills the first.
    fn split_name(
        &self,
        first: (usize, usize),
        second: (usize, usize),
    ) -> Result<Option<String>, RecordError> {
        let mut joined = Zeroizing::new([0; TEXT]);
        let bytes = |(offset, length): (usize, usize)| {
            self.0.get(offset..offset + length).unwrap_or_default()
        };
        let length = first.1 + second.1;
        joined[..first.1].copy_from_slice(bytes(first));
        joined[first.1..length].copy_from_slice(bytes(second));
        Block(&joined[..]).field("English name", 0, length)
    }

    /// The Chinese name (30 bytes), or the English one for want of it.
    fn either_name(&self, offset: usize, english: &Option<String>) -> Result<String, RecordError> {
        match (self.field("name", offset, 30)?, english) {
            (Some(name), _) => Ok(name),
            (None, Some(english)) => Ok(english.clone()),
            (None, None) => Err(RecordError::Missing("name")),
        }
    }

    fn sex(&self, offset: usize) -> Result<Option<Sex>, RecordError> {
        let code = self.field("sex", offset, 2)?.map(Zeroizing::new);
        Ok(match code.as_ref().map(|code| code.as_str()) {
            Some("1") => Some(Sex::Male),
            Some("2") => Some(Sex::Female),
            Some("0" | "9") => Some(Sex::Unstated),
            Some(_) | None => None,
        })
    }

    fn day(&self, name: &'static str, offset: usize) -> Result<Option<Day>, RecordError> {
        let text = self.field(name, offset, 16)?.map(Zeroizing::new);
        Ok(text.and_then(|text| Day::parse(&text)))
    }

    fn validity(&self, offset: usize) -> Result<Validity, RecordError> {
        let text = self
            .field("end of validity", offset, 16)?
            .map(Zeroizing::new);
        Ok(match text {
            Some(text) if text.as_str() == "长期" => Validity::LongTerm,
            Some(text) => Day::parse(&text).map_or(Validity::Unreadable, Validity::Until),
            None => Validity::Unreadable,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A "read base" reply's data with these fields, the rest blank.
    fn data(fields: &[(usize, &str)]) -> Vec<u8> {
        let mut text = [0x20, 0x00].repeat(TEXT / 2);
        for (offset, value) in fields {
            for (at, unit) in value.encode_utf16().enumerate() {
                text[offset + 2 * at..][..2].copy_from_slice(&unit.to_le_bytes());
            }
        }
        let mut data = vec![0x01, 0x00, 0x04, 0x00];
        data.extend(text);
        data.extend([0x57; PHOTO]);
        data
    }

    const CITIZEN: [(usize, &str); 9] = [
        (0, "䶮𬭎"),
        (30, "2"),
        (32, "15"),
        (36, "19960521"),
        (52, "山东省济南市历下区  示范路1号"),
        (122, "370102199605210046"),
        (158, "济南市公安局历下分局"),
        (188, "20160521"),
        (204, "20360521"),
    ];

    #[test]
    fn citizen() {
        let card = IdCard::parse(&data(&CITIZEN)).unwrap();
        assert_eq!(card.kind, CardKind::Citizen);
        assert_eq!(card.name, "䶮𬭎");
        assert_eq!(card.sex, Some(Sex::Female));
        assert_eq!(card.nation.as_deref(), Some("15"));
        assert_eq!(card.birth, Day::parse("19960521"));
        assert_eq!(
            card.address.as_deref(),
            Some("山东省济南市历下区  示范路1号")
        );
        assert_eq!(card.number, "370102199605210046");
        assert_eq!(card.issuer.as_deref(), Some("济南市公安局历下分局"));
        assert_eq!(card.valid_from, Day::parse("20160521"));
        assert_eq!(
            card.valid_to,
            Validity::Until(Day {
                year: 2036,
                month: 5,
                day: 21
            })
        );
        assert_eq!(card.photo, [0x57; PHOTO]);
        assert_eq!(
            format!("{card:?} {:?}", card.valid_to),
            "IdCard { kind: Citizen, … } Until(Day(…))"
        );
    }

    #[test]
    fn hk_macao_taiwan() {
        let mut fields = CITIZEN.to_vec();
        fields.extend([
            (204, "长期      "),
            (220, "H12345678"),
            (238, "02"),
            (248, "J"),
        ]);
        let card = IdCard::parse(&data(&fields)).unwrap();
        assert_eq!(
            (card.kind, card.valid_to),
            (CardKind::HkMacaoTaiwan, Validity::LongTerm)
        );
        assert_eq!(card.nation, None, "the field is unused there");
        assert_eq!(card.pass_number.as_deref(), Some("H12345678"));
        assert_eq!(card.issue_count.as_deref(), Some("02"));
    }

    #[test]
    fn foreigner_2023() {
        let long = "ABCDEFGHIJ KLMNOPQRST UVWXYZABCD EFGHIJ KLMNOP";
        assert_eq!(long.len(), 46);
        let fields = [
            (0, "示例名"),
            (30, "1"),
            (32, "01"),
            (36, "19800229"),
            (52, &long[..35]),
            (122, "911082198002290057"),
            (188, "20240101"),
            (204, "20340101"),
            (220, &long[35..]),
            (242, "GBR"),
            (248, "Y"),
        ];
        let card = IdCard::parse(&data(&fields)).unwrap();
        assert_eq!(
            (card.kind, card.name.as_str()),
            (CardKind::Foreigner2023, "示例名")
        );
        assert_eq!(card.english_name.as_deref(), Some(long));
        assert_eq!(
            (card.nationality.as_deref(), card.address.as_deref()),
            (Some("GBR"), None)
        );
        assert_eq!(card.birth, Day::parse("19800229"));
        assert_eq!(card.issue_count.as_deref(), Some("01"));
    }

    #[test]
    fn foreigner_2017() {
        let fields = [
            (0, "SAMPLE, ANNA MARIA"),
            (120, "2"),
            (122, "GBR110175010101"),
            (152, "GBR"),
            (188, "20180101"),
            (204, "2028-1-1"),
            (220, "19750101"),
            (236, "01"),
            (240, "1500"),
            (248, "I"),
        ];
        let card = IdCard::parse(&data(&fields)).unwrap();
        assert_eq!(
            (card.kind, card.number.as_str()),
            (CardKind::Foreigner2017, "GBR110175010101")
        );
        assert_eq!(
            card.name, "SAMPLE, ANNA MARIA",
            "no Chinese name, and blanks inside kept"
        );
        assert_eq!(
            (card.birth, card.sex),
            (Day::parse("19750101"), Some(Sex::Female))
        );
        assert_eq!(
            (card.valid_to, card.issuer.as_deref()),
            (Validity::Unreadable, Some("1500"))
        );
    }

    #[test]
    fn refuses_what_is_no_record() {
        let whole = data(&CITIZEN);
        assert_eq!(
            IdCard::parse(&whole[..whole.len() - 1]).unwrap_err(),
            RecordError::Layout
        );
        assert_eq!(IdCard::parse(&[]).unwrap_err(), RecordError::Layout);
        assert_eq!(
            IdCard::parse(&data(&[(248, "Z")])).unwrap_err(),
            RecordError::Kind
        );
        assert_eq!(
            IdCard::parse(&data(&[(0, "有名")])).unwrap_err(),
            RecordError::Missing("number")
        );
        let mut broken = whole;
        broken[4..6].copy_from_slice(&[0x00, 0xD8]);
        assert_eq!(
            IdCard::parse(&broken).unwrap_err(),
            RecordError::Text("name")
        );
    }

    #[test]
    fn a_new_address_replaces_the_old() {
        let mut card = IdCard::parse(&data(&CITIZEN)).unwrap();
        card.take_new_address(&[0x20, 0x00].repeat(35)).unwrap();
        assert!(card.address.as_deref().unwrap().starts_with("山东省"));
        let new: Vec<u8> = "山东省济南市市中区"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        card.take_new_address(&new).unwrap();
        assert_eq!(card.address.as_deref(), Some("山东省济南市市中区"));
        assert_eq!(card.take_new_address(&[0; 258]), Err(RecordError::Layout));
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(
            text in prop::collection::vec(any::<u8>(), TEXT), flag in prop_oneof![Just(b' '), Just(b'J'), Just(b'Y'), Just(b'I'), any::<u8>()],
            cut in 0..1300usize,
        ) {
            let mut bytes = vec![1, 0, 4, 0];
            bytes.extend(text);
            bytes.extend([0; PHOTO]);
            bytes[4 + TYPE_FLAG] = flag;
            bytes[5 + TYPE_FLAG] = 0;
            let _ = IdCard::parse(&bytes);
            let _ = IdCard::parse(&bytes[..cut.min(bytes.len())]);
        }
    }
}
