//! Who the citizen is: consent, the card, the typed number, and what these tell by themselves.

use jiff::civil::Date;
use yici_catalog::{Answer, Fact, Facts, Matter, Text};
use yici_contract::Private;
use yici_contract::case::Source;
use yici_hal::id_card::number::{IdNumber, NumberError, checked_number};
use yici_hal::id_card::{IdCard, Sex, Validity};
use zeroize::Zeroizing;

use super::mask;
use super::page::{self, AnswerLine, NumberFault, Trust};
use super::terminal::Around;
use crate::slips::Holder;

/// A resident ID number has this many characters (GB 11643).
const NUMBER_LENGTH: usize = 18;

/// Who the terminal takes the citizen to be; zeroised when dropped.
pub(super) enum Identity {
    Nobody,
    Typed(IdNumber),
    Card(Box<IdCard>),
}

impl Identity {
    /// Whose sheet it is, masked as on the screen.
    pub fn holder(&self) -> Option<Holder> {
        match self {
            Identity::Nobody => None,
            Identity::Typed(number) => Some(Holder {
                name: None,
                number: mask::number(number.as_str()),
            }),
            Identity::Card(card) => Some(Holder {
                name: Some(mask::name(&card.name)),
                number: mask::number(&card.number),
            }),
        }
    }

    /// The page that shows it; `today` tells whether the card is past its last day.
    pub fn view(&self, shown: bool, answers: Vec<AnswerLine>, today: Date) -> page::Identity {
        let (name, number, trust, expired) = match self {
            Identity::Nobody => (None, None, Trust::Nobody, false),
            Identity::Typed(number) => (None, Some(number.as_str()), Trust::Typed, false),
            Identity::Card(card) => {
                let expired = match card.valid_to {
                    Validity::Until(last) => last.to_date() < today,
                    Validity::LongTerm | Validity::Unreadable => false,
                };
                (
                    Some(card.name.as_str()),
                    Some(card.number.as_str()),
                    Trust::Card,
                    expired,
                )
            }
        };
        let plain = |text: &str, masked: fn(&str) -> String| match shown {
            true => text.to_owned(),
            false => masked(text),
        };
        page::Identity {
            name: name.map(|name| plain(name, mask::name)),
            number: number.map(|number| plain(number, mask::number)),
            shown,
            trust,
            expired,
            answers,
        }
    }
}

/// The number as far as it was typed.
#[derive(Clone, PartialEq, Default)]
pub(super) struct Typed {
    characters: Zeroizing<String>,
    error: Option<NumberFault>,
}

impl Typed {
    pub fn is_empty(&self) -> bool {
        self.characters.is_empty()
    }

    /// A key of the keypad, or delete. What was typed stays when it turns out wrong.
    pub fn key(&mut self, key: Option<char>) {
        self.error = None;
        match key {
            Some(key) if self.characters.len() < NUMBER_LENGTH => self.characters.push(key),
            Some(_) => {}
            None => {
                self.characters.pop();
            }
        }
    }

    /// The whole number, or what is wrong with it.
    pub fn finish(&mut self, today: Date) -> Option<IdNumber> {
        match checked(&self.characters, today) {
            Ok(number) => Some(number),
            Err(fault) => {
                self.error = Some(fault);
                None
            }
        }
    }

    pub fn view(&self) -> page::Number {
        let mut typed = String::with_capacity(NUMBER_LENGTH + 2);
        for (at, character) in self.characters.chars().enumerate() {
            if at == 6 || at == 14 {
                typed.push(' ');
            }
            typed.push(character);
        }
        page::Number {
            typed,
            error: self.error,
        }
    }
}

/// What is wrong with a resident ID number (GB 11643), if anything is.
pub(super) fn number_fault(text: &str, today: Date) -> Option<NumberFault> {
    checked(text, today).err()
}

fn checked(text: &str, today: Date) -> Result<IdNumber, NumberFault> {
    match checked_number(text) {
        Ok(number) if number.birth().to_date() <= today => Ok(number),
        Ok(_) | Err(NumberError::BirthDate) => Err(NumberFault::BirthDate),
        Err(NumberError::Length) => Err(NumberFault::Short { typed: text.len() }),
        Err(NumberError::Character { .. }) => Err(NumberFault::Character),
        Err(NumberError::CheckDigit) => Err(NumberFault::CheckDigit),
    }
}

/// What a resource of the card says for the form. A typed number is the citizen's own word.
pub(super) fn told(identity: &Identity, resource: &str) -> Option<(Private, Source)> {
    let day = |date: Date| date.strftime("%Y%m%d").to_string();
    let (text, source) = match identity {
        Identity::Nobody => return None,
        Identity::Card(card) => {
            let text = match resource {
                "card.name" => card.name.clone(),
                "card.number" => card.number.clone(),
                "card.address" => card.address.clone()?,
                "card.birth" => day(card.birth?.to_date()),
                "card.sex" => sex_value(card.sex?)?.to_owned(),
                _ => return None,
            };
            (text, Source::Resource(resource.to_owned()))
        }
        Identity::Typed(number) => {
            let text = match resource {
                "card.number" => number.as_str().to_owned(),
                "card.birth" => day(number.birth().to_date()),
                "card.sex" => sex_value(number.sex())?.to_owned(),
                _ => return None,
            };
            (text, Source::Citizen)
        }
    };
    Some((Private::new(text), source))
}

/// Answers that the card or the typed number gives by itself, each with its source in words.
pub(super) fn automatic(
    identity: &Identity,
    matter: &Matter,
    around: &Around,
) -> Vec<(String, Answer, Text)> {
    let source = match identity {
        Identity::Nobody | Identity::Card(_) => None,
        Identity::Typed(_) => Some(typed_source()),
    };
    matter
        .automatic(&facts(identity, around))
        .into_iter()
        .filter_map(|(question, answer, resource)| {
            let source = match &source {
                Some(source) => source.clone(),
                None => around.catalog.resource(&resource)?.name.clone(),
            };
            Some((question, answer, source))
        })
        .collect()
}

/// What card or number tell.
pub(super) fn facts(identity: &Identity, around: &Around) -> Facts {
    match identity {
        Identity::Nobody => Facts::default(),
        Identity::Card(card) => card_facts(card, around),
        Identity::Typed(number) => number_facts(number),
    }
}

fn card_facts(card: &IdCard, around: &Around) -> Facts {
    let mut facts = Facts::default();
    if let Some(sex) = card.sex.and_then(sex_value) {
        facts.insert("card.sex".into(), Fact::Choice(sex.into()));
    }
    if let Some(born) = card.birth {
        facts.insert("card.birth".into(), Fact::Date(born.to_date()));
    }
    if let Some(address) = &card.address {
        let local = around
            .hall
            .local_addresses
            .iter()
            .any(|start| address.starts_with(start));
        let value = if local { "local" } else { "elsewhere" };
        facts.insert("card.local".into(), Fact::Choice(value.into()));
    }
    facts
}

/// GB 11643 tells birth and sex in the number itself.
fn number_facts(number: &IdNumber) -> Facts {
    let mut facts = Facts::default();
    facts.insert("card.birth".into(), Fact::Date(number.birth().to_date()));
    if let Some(sex) = sex_value(number.sex()) {
        facts.insert("card.sex".into(), Fact::Choice(sex.into()));
    }
    facts
}

fn sex_value(sex: Sex) -> Option<&'static str> {
    match sex {
        Sex::Male => Some("male"),
        Sex::Female => Some("female"),
        Sex::Unstated => None,
    }
}

fn typed_source() -> Text {
    Text {
        zh: "您输入的身份证号码".into(),
        en: "the ID number you typed".into(),
    }
}
