//! Cards of made-up people. Names, addresses and numbers are invented; the check digits are right.

use serde::Serialize;
use yici_hal::id_card::{CardKind, Day, IdCard, Sex, Validity};

/// A card that a bench lays. Texts are as the card has them: sex `1` or `2`, nation by GB/T 3304, dates
/// `YYYYMMDD`, the end of validity perhaps `长期`.
#[derive(Debug, Clone, Serialize)]
pub struct Card {
    /// What the case that reads it is called.
    #[serde(skip)]
    pub name_of_case: &'static str,
    /// Which card it is.
    pub kind: Kind,
    /// Chinese name, at most 15 UTF-16 units; empty for a foreigner without one.
    pub name: &'static str,
    /// English name of a foreigner.
    pub english_name: Option<&'static str>,
    /// `1` male, `2` female.
    pub sex: &'static str,
    /// Code of the nation.
    pub nation: &'static str,
    /// Day of birth.
    pub birth: &'static str,
    /// Address, at most 35 characters.
    pub address: &'static str,
    /// A newer address, written to the card later.
    pub new_address: Option<&'static str>,
    /// Number of the ID card or permit.
    pub number: &'static str,
    /// Issuing authority, at most 15 characters; its code on a card of 2017.
    pub issuer: &'static str,
    /// First day of validity.
    pub valid_from: &'static str,
    /// Last day of validity, or `长期`.
    pub valid_to: &'static str,
    /// Number of a travel document.
    pub pass_number: Option<&'static str>,
    /// How often it was issued.
    pub issue_count: Option<&'static str>,
    /// Nationality, three letters.
    pub nationality: Option<&'static str>,
}

/// Which card it is (GA 467 and the later permits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Resident ID card.
    Citizen,
    /// Residence permit for Hong Kong, Macao and Taiwan residents.
    J,
    /// Foreigner's permanent residence card of 2023.
    Y,
    /// Foreigner's permanent residence card of 2017.
    I,
}

/// Every card that a driver has to read right.
pub fn cards() -> Vec<Card> {
    vec![
        Card::citizen(),
        Card::with_new_address(),
        Card {
            name_of_case: "long-term-validity",
            name: "钱惊蛰",
            birth: "19710306",
            number: "370102197103060027",
            valid_from: "20170306",
            valid_to: "长期",
            ..Card::citizen()
        },
        Card {
            name_of_case: "minor",
            name: "吴小寒",
            birth: "20190106",
            number: "370102201901060020",
            valid_from: "20240106",
            valid_to: "20290106",
            ..Card::citizen()
        },
        Card {
            name_of_case: "expired-card",
            name: "孙立冬",
            birth: "19850704",
            number: "370102198507040086",
            valid_from: "20050704",
            valid_to: "20250704",
            ..Card::citizen()
        },
        // One in the basic plane since Unicode 4.1, one outside it.
        Card {
            name_of_case: "rare-characters",
            name: "龙䶮𬭎",
            sex: "1",
            nation: "15",
            birth: "19930915",
            address: "山东省济南市历下区示范路䶮园5号",
            number: "370102199309150051",
            ..Card::citizen()
        },
        // Both fill their fields to the last character.
        Card {
            name_of_case: "fields-filled-to-the-last-character",
            name: "阿卜杜热合曼·示例买买提江吾尼",
            sex: "1",
            nation: "05",
            birth: "19950101",
            address: "新疆维吾尔自治区喀什地区喀什市示范路一次小区十五号楼三单元一二零一室甲",
            number: "653101199501010036",
            issuer: "新疆维吾尔自治区喀什市公安局局",
            ..Card::citizen()
        },
        Card {
            name_of_case: "address-with-blanks",
            address: "山东省济南市历下区  示范路 1号 B座",
            ..Card::citizen()
        },
        Card {
            name_of_case: "hong-kong-macao-taiwan",
            kind: Kind::J,
            name: "周示范",
            sex: "1",
            nation: "",
            birth: "19900117",
            address: "山东省济南市历下区示范路港湾公寓9号",
            number: "810000199001170012",
            issuer: "济南市公安局",
            pass_number: Some("H00000001"),
            issue_count: Some("01"),
            ..Card::citizen()
        },
        // Its English name goes on in a second field and fills it.
        Card {
            name_of_case: "foreigner-of-2023",
            kind: Kind::Y,
            name: "示例安娜",
            english_name: Some("SAMPLE, ANNA MARIA CHRISTINA VAN DER EXAMPLE-B"),
            nation: "",
            birth: "19800229",
            address: "",
            number: "911082198002290045",
            issuer: "",
            issue_count: Some("00"),
            nationality: Some("NLD"),
            ..Card::citizen()
        },
        Card {
            name_of_case: "foreigner-without-a-chinese-name",
            kind: Kind::Y,
            name: "",
            english_name: Some("SPECIMEN, LI"),
            nation: "",
            birth: "19800229",
            address: "",
            number: "911082198002290045",
            issuer: "",
            issue_count: Some("01"),
            nationality: Some("SGP"),
            ..Card::citizen()
        },
        Card {
            name_of_case: "foreigner-of-2017",
            kind: Kind::I,
            name: "示例约翰",
            english_name: Some("SPECIMEN, JOHN"),
            sex: "1",
            nation: "",
            birth: "19750610",
            address: "",
            number: "GBR110075061001",
            issuer: "1500",
            nationality: Some("GBR"),
            ..Card::citizen()
        },
    ]
}

impl Card {
    /// A citizen's card on which everything is usual.
    pub fn citizen() -> Self {
        Self {
            name_of_case: "citizen",
            kind: Kind::Citizen,
            name: "李小满",
            english_name: None,
            sex: "2",
            nation: "01",
            birth: "19960521",
            address: "山东省济南市历下区示范路一次小区1号楼2单元301室",
            new_address: None,
            number: "370102199605210047",
            issuer: "济南市公安局历下分局",
            valid_from: "20220521",
            valid_to: "20420521",
            pass_number: None,
            issue_count: None,
            nationality: None,
        }
    }

    /// Another person's card, with a newer address beside the printed one.
    pub fn with_new_address() -> Self {
        Self {
            name_of_case: "new-address",
            name: "赵大暑",
            sex: "1",
            birth: "19880812",
            new_address: Some("山东省济南市市中区样板街8号"),
            number: "370102198808120012",
            valid_from: "20180812",
            valid_to: "20380812",
            ..Self::citizen()
        }
    }

    /// Names of the fields in which a record is not what the card says.
    pub(super) fn differences(&self, record: &IdCard) -> Vec<&'static str> {
        let some = |text: &'static str| (!text.is_empty()).then_some(text);
        let english = self.english_name.unwrap_or_default();
        let fields = [
            ("kind", record.kind == self.kind.as_read()),
            ("name", record.name == some(self.name).unwrap_or(english)),
            (
                "English name",
                record.english_name.as_deref() == self.english_name,
            ),
            (
                "sex",
                record.sex
                    == match self.sex {
                        "1" => Some(Sex::Male),
                        "2" => Some(Sex::Female),
                        _ => None,
                    },
            ),
            ("nation", record.nation.as_deref() == some(self.nation)),
            ("birth", record.birth == Day::parse(self.birth)),
            (
                "address",
                record.address.as_deref() == self.new_address.or(some(self.address)),
            ),
            ("number", record.number == self.number),
            ("issuer", record.issuer.as_deref() == some(self.issuer)),
            (
                "start of validity",
                record.valid_from == Day::parse(self.valid_from),
            ),
            (
                "end of validity",
                record.valid_to
                    == match self.valid_to {
                        "长期" => Validity::LongTerm,
                        day => Day::parse(day).map_or(Validity::Unreadable, Validity::Until),
                    },
            ),
            (
                "pass number",
                record.pass_number.as_deref() == self.pass_number,
            ),
            (
                "issue count",
                record.issue_count.as_deref() == self.issue_count,
            ),
            (
                "nationality",
                record.nationality.as_deref() == self.nationality,
            ),
            ("photo", [0, 1024].contains(&record.photo.len())),
        ];
        let differ = fields.into_iter().filter(|(_, same)| !same);
        differ.map(|(name, _)| name).collect()
    }
}

impl Kind {
    fn as_read(self) -> CardKind {
        match self {
            Self::Citizen => CardKind::Citizen,
            Self::J => CardKind::HkMacaoTaiwan,
            Self::Y => CardKind::Foreigner2023,
            Self::I => CardKind::Foreigner2017,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yici_hal::id_card::number::checked_number;

    #[test]
    fn made_up_people_have_numbers_that_check_and_fields_that_fit() {
        let all = cards();
        for (at, card) in all.iter().enumerate() {
            let name = card.name_of_case;
            assert!(all[..at].iter().all(|other| other.name_of_case != name));
            if card.kind != Kind::I {
                let number = checked_number(card.number).unwrap();
                assert_eq!(Some(number.birth()), Day::parse(card.birth), "{name}");
                let sex = if card.sex == "1" {
                    Sex::Male
                } else {
                    Sex::Female
                };
                assert_eq!(number.sex(), sex, "{name}");
            }
            let units = |text: &str| text.encode_utf16().count();
            assert!(
                units(card.name) <= 15 && units(card.address) <= 35,
                "{name}"
            );
            assert!(units(card.issuer) <= 15, "{name}");
            assert!(units(card.english_name.unwrap_or_default()) <= 46, "{name}");
        }
        let filled = all
            .iter()
            .find(|card| card.name_of_case.starts_with("fields-filled"))
            .unwrap();
        assert_eq!(
            [filled.name, filled.address, filled.issuer].map(|text| text.chars().count()),
            [15, 35, 15]
        );
    }
}
