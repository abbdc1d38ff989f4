//! The one form: merged fields by topic, filled from the card, checked in words (R5, R14).

use std::collections::BTreeMap;

use jiff::civil::Date;
use yici_catalog::{ApplicantKind, FieldAbout, FieldKind, FieldOption, Matter, Text};
use yici_contract::Private;
use yici_contract::case::{FilledField, MAX_TEXT_BYTES, Source};

use super::credit_code;
use super::identity::{self, Identity};
use super::mask;
use super::page::{self, Choice, DateFault, FieldFault, FieldInput, FieldLine};
use super::terminal::Around;

/// No text of a field has more characters.
const MOST_CHARACTERS: usize = 100;
/// An address of fewer characters names no place.
const LEAST_ADDRESS: usize = 5;
/// A resident ID number and a credit code have this many characters (GB 11643, GB 32100).
const CODE_LENGTH: usize = 18;
/// A mobile number has this many digits.
const MOBILE_LENGTH: usize = 11;
/// A count has at most this many digits.
const NUMBER_LENGTH: usize = 8;

/// Name and number of whoever stands there for somebody else.
pub(super) const SELF_NAME: &str = "self-name";
pub(super) const SELF_NUMBER: &str = "self-number";
/// Name and number of whoever it is about, where the form itself does not ask.
pub(super) const FOR_NAME: &str = "for-name";
pub(super) const FOR_NUMBER: &str = "for-number";
/// Name and credit code of the business that an officer acts for. A form that has these fields
/// of its own is not asked twice.
pub(super) const BUSINESS_NAME: &str = "business-name";
pub(super) const BUSINESS_CODE: &str = "credit-code";
/// The resources that say who the applicant is.
const CARD_NAME: &str = "card.name";
const CARD_NUMBER: &str = "card.number";

/// What was filled in, by field id; zeroised when dropped.
pub(super) type Values = BTreeMap<String, Value>;

/// A field's value.
#[derive(Clone, PartialEq)]
pub(super) struct Value {
    pub text: Private,
    pub source: Source,
}

/// A field as it stands in one citizen's form.
#[derive(Clone)]
pub(super) struct Asked {
    pub id: String,
    pub label: Text,
    pub topic: Text,
    pub kind: FieldKind,
    pub required: bool,
    pub options: Vec<FieldOption>,
    /// The resource that fills it.
    pub prefill: Option<String>,
    /// Whom it is about.
    pub about: FieldAbout,
}

/// The form of one citizen: topics in order, each with its fields.
pub(super) struct Topics(pub Vec<(Text, Vec<Asked>)>);

impl Topics {
    pub fn fields(&self) -> impl Iterator<Item = &Asked> {
        self.0.iter().flat_map(|(_, fields)| fields)
    }

    pub fn field(&self, id: &str) -> Option<&Asked> {
        self.fields().find(|field| field.id == id)
    }

    /// The topic that a field belongs to.
    pub fn topic_of(&self, id: &str) -> Option<usize> {
        self.0
            .iter()
            .position(|(_, fields)| fields.iter().any(|field| field.id == id))
    }

    /// The first topic in which something is wrong.
    pub fn first_fault(&self, values: &Values, today: Date) -> Option<usize> {
        self.0.iter().position(|(_, fields)| {
            fields
                .iter()
                .any(|field| fault(field, values, today).is_some())
        })
    }

    /// Name and number as the form has them: of the person concerned, or of whoever is here.
    pub fn party<'a>(
        &self,
        about: FieldAbout,
        values: &'a Values,
    ) -> (Option<&'a Value>, Option<&'a Value>) {
        let value = |resource| {
            self.fields()
                .find(|field| field.about == about && field.prefill.as_deref() == Some(resource))
                .and_then(|field| values.get(&field.id))
                .filter(|value| !value.text.reveal().is_empty())
        };
        (value(CARD_NAME), value(CARD_NUMBER))
    }
}

/// The topics of a form for who applies and how they identified themselves.
pub(super) fn topics(
    matter: &Matter,
    needed: &[yici_catalog::FormField],
    applicant: ApplicantKind,
    identity: &Identity,
) -> Topics {
    let mut fields: Vec<Asked> = Vec::new();
    let own = |id: &str, label: Text, topic: Text, kind, required| Asked {
        id: id.to_owned(),
        label,
        topic,
        kind,
        required,
        options: Vec::new(),
        prefill: None,
        about: FieldAbout::Here,
    };
    let knows_name = matches!(identity, Identity::Card(_));
    let stands_in = applicant != ApplicantKind::Person;
    let named = |about: FieldAbout| {
        needed
            .iter()
            .filter(|needed| needed.prefilled.as_deref() == Some(CARD_NAME))
            .filter_map(|needed| matter.fields.iter().find(|field| field.id == needed.field))
            .any(|field| field.about == about)
    };
    let names_here =
        named(FieldAbout::Here) || (!stands_in && named(FieldAbout::Applicant)) || knows_name;
    if !names_here {
        let topic = Text::of("您本人（来办事的人）", "Yourself (who is here)");
        let name = Text::of("您的姓名", "Your name");
        fields.push(own(SELF_NAME, name, topic.clone(), FieldKind::Text, true));
        let number = Text::of("您的身份证号码", "Your ID number");
        fields.push(own(SELF_NUMBER, number, topic, FieldKind::IdNumber, true));
    }
    if stands_in && applicant != ApplicantKind::Officer && !named(FieldAbout::Applicant) {
        let topic = Text::of("您替谁办", "For whom you apply");
        let name = Text::of("姓名", "Name");
        fields.push(own(FOR_NAME, name, topic.clone(), FieldKind::Text, true));
        let number = Text::of("身份证号码", "ID number");
        fields.push(own(FOR_NUMBER, number, topic, FieldKind::IdNumber, false));
    }
    let declared = |id: &str| needed.iter().any(|field| field.field == id);
    if applicant == ApplicantKind::Officer {
        let topic = Text::of("您代表的单位", "Your organisation");
        if !declared(BUSINESS_NAME) {
            let name = Text::of("单位名称", "Its name");
            fields.push(own(
                BUSINESS_NAME,
                name,
                topic.clone(),
                FieldKind::Text,
                true,
            ));
        }
        if !declared(BUSINESS_CODE) {
            // A business that is yet to be registered has none.
            let code = Text::of("统一社会信用代码", "Unified social credit code");
            fields.push(own(
                BUSINESS_CODE,
                code,
                topic,
                FieldKind::CreditCode,
                false,
            ));
        }
    }
    fields.extend(needed.iter().filter_map(|needed| {
        let field = matter
            .fields
            .iter()
            .find(|field| field.id == needed.field)?;
        Some(Asked {
            id: field.id.clone(),
            label: field.label.clone(),
            topic: field.group.clone(),
            kind: field.kind,
            required: field.required,
            options: field.options.clone(),
            prefill: field.prefill.clone(),
            about: field.about,
        })
    }));
    let mut topics: Vec<(Text, Vec<Asked>)> = Vec::new();
    for field in fields {
        match topics.iter_mut().find(|(topic, _)| *topic == field.topic) {
            Some((_, fields)) => fields.push(field),
            None => topics.push((field.topic.clone(), vec![field])),
        }
    }
    Topics(topics)
}

/// Fills what card or number tell, where the citizen has said nothing. The card of whoever stands
/// in for somebody else tells nothing of whom the form is about.
pub(super) fn prefill(
    topics: &Topics,
    applicant: ApplicantKind,
    identity: &Identity,
    values: &mut Values,
) {
    // An earlier card's or applicant's values go first.
    values.retain(|_, value| !matches!(value.source, Source::Resource(_)));
    if let (Identity::Typed(number), Some(_)) = (identity, topics.field(SELF_NUMBER)) {
        values.entry(SELF_NUMBER.to_owned()).or_insert(Value {
            text: Private::new(number.as_str()),
            source: Source::Citizen,
        });
    }
    for field in topics.fields() {
        let theirs = match field.about {
            FieldAbout::Here => true,
            FieldAbout::Applicant => applicant == ApplicantKind::Person,
        };
        let Some(resource) = field.prefill.as_ref().filter(|_| theirs) else {
            continue;
        };
        if let Some((text, source)) = identity::told(identity, resource) {
            values
                .entry(field.id.clone())
                .or_insert(Value { text, source });
        }
    }
}

/// What the citizen typed or touched; a card's value that was changed says so.
pub(super) fn put(values: &mut Values, field: &str, text: Private) {
    let source = match values.get(field) {
        Some(before) if before.text == text => return,
        Some(Value {
            source: Source::Resource(resource) | Source::Corrected(resource),
            ..
        }) => Source::Corrected(resource.clone()),
        Some(Value {
            source: Source::Citizen,
            ..
        })
        | None => Source::Citizen,
    };
    values.insert(field.to_owned(), Value { text, source });
}

/// What is wrong with a field, if anything is.
pub(super) fn fault(field: &Asked, values: &Values, today: Date) -> Option<FieldFault> {
    match values.get(&field.id) {
        // What a card says holds, also the number of a permit.
        Some(Value {
            source: Source::Resource(_),
            ..
        }) => None,
        Some(value) => check(field, value.text.reveal(), today),
        None => check(field, "", today),
    }
}

fn check(field: &Asked, text: &str, today: Date) -> Option<FieldFault> {
    if text.is_empty() {
        return field.required.then_some(FieldFault::Missing);
    }
    match field.kind {
        FieldKind::Text => too_long(text),
        FieldKind::Address => {
            let short = text.chars().count() < LEAST_ADDRESS;
            too_long(text).or(short.then_some(FieldFault::TooShort))
        }
        FieldKind::IdNumber => identity::number_fault(text, today).map(FieldFault::IdNumber),
        FieldKind::Mobile => {
            let mut digits = text.bytes();
            let fine = text.len() == MOBILE_LENGTH
                && text.bytes().all(|digit| digit.is_ascii_digit())
                && digits.next() == Some(b'1')
                && digits.next() >= Some(b'3');
            (!fine).then_some(FieldFault::Mobile)
        }
        FieldKind::CreditCode => credit_code::fault(text),
        FieldKind::Date => date(text).err().map(FieldFault::Date),
        FieldKind::Number => text.parse::<u32>().is_err().then_some(FieldFault::Number),
        FieldKind::Choice => {
            let known = field.options.iter().any(|option| option.id == text);
            (!known).then_some(FieldFault::Missing)
        }
    }
}

fn too_long(text: &str) -> Option<FieldFault> {
    let long = text.chars().count() > MOST_CHARACTERS || text.len() > MAX_TEXT_BYTES;
    long.then_some(FieldFault::TooLong)
}

/// A form speaks of days past and to come, but of none that nobody means.
fn date(typed: &str) -> Result<Date, DateFault> {
    if typed.len() < 8 {
        return Err(DateFault::Short);
    }
    let date = Date::strptime("%Y%m%d", typed).map_err(|_| DateFault::NoSuchDay)?;
    match date.year() {
        1900..=2100 => Ok(date),
        _ => Err(DateFault::OutOfRange),
    }
}

/// A value in words: what a form says there.
pub(super) fn in_words(field: &Asked, value: &str) -> Text {
    let plain = || Text::of(value, value);
    match field.kind {
        FieldKind::Choice => field
            .options
            .iter()
            .find(|option| option.id == value)
            .map_or_else(plain, |option| option.text.clone()),
        FieldKind::Date => match date(value) {
            Ok(date) => Text::of(
                date.strftime("%Y年%-m月%-d日").to_string(),
                date.strftime("%-d %B %Y").to_string(),
            ),
            Err(_) => plain(),
        },
        FieldKind::Text
        | FieldKind::IdNumber
        | FieldKind::Mobile
        | FieldKind::Number
        | FieldKind::Address
        | FieldKind::CreditCode => plain(),
    }
}

/// As a screen that others can see may show it.
pub(super) fn masked(field: &Asked, value: &str) -> Text {
    match field.kind {
        FieldKind::IdNumber => {
            let masked = mask::number(value);
            Text::of(&masked, &masked)
        }
        FieldKind::Mobile => {
            let masked = mask::mobile(value);
            Text::of(&masked, &masked)
        }
        FieldKind::Text if field.prefill.is_some() => {
            let masked = mask::name(value);
            Text::of(&masked, &masked)
        }
        FieldKind::Text
        | FieldKind::Date
        | FieldKind::Choice
        | FieldKind::Number
        | FieldKind::Address
        | FieldKind::CreditCode => in_words(field, value),
    }
}

/// A field with its value as the form page and the check page show it. Faults are told only once
/// the citizen has been there.
pub(super) fn line(
    field: &Asked,
    values: &Values,
    shown: bool,
    tell_faults: bool,
    around: &Around,
) -> FieldLine {
    let value = values
        .get(&field.id)
        .filter(|value| !value.text.reveal().is_empty());
    let today = around.now.wall.date();
    FieldLine {
        id: field.id.clone(),
        label: field.label.clone(),
        value: value.map(|value| match shown {
            true => in_words(field, value.text.reveal()),
            false => masked(field, value.text.reveal()),
        }),
        source: value.and_then(|value| source_name(&value.source, around)),
        optional: !field.required,
        fault: fault(field, values, today).filter(|fault| match fault {
            FieldFault::Missing => tell_faults,
            FieldFault::IdNumber(_)
            | FieldFault::Mobile
            | FieldFault::CreditCode
            | FieldFault::CreditCheck
            | FieldFault::Date(_)
            | FieldFault::Number
            | FieldFault::TooLong
            | FieldFault::TooShort => true,
        }),
    }
}

/// Whether showing would show more.
pub(super) fn has_masked<'a>(fields: impl IntoIterator<Item = &'a Asked>, values: &Values) -> bool {
    fields.into_iter().any(|field| {
        values.get(&field.id).is_some_and(|value| {
            let value = value.text.reveal();
            !value.is_empty() && masked(field, value) != in_words(field, value)
        })
    })
}

/// The resource in words; nothing where the citizen's word counts.
pub(super) fn source_name(source: &Source, around: &Around) -> Option<Text> {
    match source {
        Source::Resource(resource) => Some(around.catalog.resource(resource)?.name.clone()),
        Source::Citizen | Source::Corrected(_) => None,
    }
}

/// The form as the case carries it: what is filled, in its order.
pub(super) fn filled(topics: &Topics, values: &Values) -> Vec<FilledField> {
    topics
        .fields()
        .filter_map(|field| {
            let value = values.get(&field.id)?;
            let text = match (field.kind, date(value.text.reveal())) {
                // As answers have it, and everybody else: 2026-01-31.
                (FieldKind::Date, Ok(date)) => Private::new(date.to_string()),
                (_, Ok(_) | Err(_)) => value.text.clone(),
            };
            (!text.reveal().is_empty()).then(|| FilledField {
                field: field.id.clone(),
                value: text,
                source: value.source.clone(),
            })
        })
        .collect()
}

/// A field while it is being filled.
#[derive(Clone, PartialEq)]
pub(super) struct Entry {
    pub field: String,
    typed: Private,
    fault: Option<FieldFault>,
    touched: bool,
}

impl Entry {
    pub fn new(field: &str, values: &Values) -> Entry {
        Entry {
            field: field.to_owned(),
            typed: values
                .get(field)
                .map(|value| value.text.clone())
                .unwrap_or_default(),
            fault: None,
            touched: false,
        }
    }

    /// Something was typed, so that going on means to keep it.
    pub fn touched(&self) -> bool {
        self.touched
    }

    /// Text from the keyboard, or a key of the keypad.
    pub fn insert(&mut self, field: &Asked, text: &str) {
        let most = match field.kind {
            FieldKind::Text | FieldKind::Address => MOST_CHARACTERS,
            FieldKind::IdNumber | FieldKind::CreditCode => CODE_LENGTH,
            FieldKind::Mobile => MOBILE_LENGTH,
            FieldKind::Date => 8,
            FieldKind::Number => NUMBER_LENGTH,
            FieldKind::Choice => 0,
        };
        let before = self.typed.reveal();
        let room = most.saturating_sub(before.chars().count());
        // One allocation of the right size: growing would leave copies.
        let mut typed = String::with_capacity(before.len() + text.len());
        typed.push_str(before);
        typed.extend(text.chars().filter(|c| !c.is_control()).take(room));
        if field.kind == FieldKind::CreditCode {
            typed.make_ascii_uppercase();
        }
        self.set(typed);
    }

    /// Takes the last character away.
    pub fn erase(&mut self) {
        let before = self.typed.reveal();
        let keep = before.char_indices().last().map_or(0, |(at, _)| at);
        let typed = before[..keep].to_owned();
        self.set(typed);
    }

    fn set(&mut self, typed: String) {
        self.typed = Private::new(typed);
        self.fault = None;
        self.touched = true;
    }

    /// What was typed, if nothing is wrong with it; what is wrong stays on the page.
    pub fn finish(&mut self, field: &Asked, today: Date) -> Option<Private> {
        let typed = match field.kind {
            FieldKind::Text | FieldKind::Address => Private::new(self.typed.reveal().trim()),
            FieldKind::IdNumber
            | FieldKind::Mobile
            | FieldKind::Date
            | FieldKind::Choice
            | FieldKind::Number
            | FieldKind::CreditCode => self.typed.clone(),
        };
        self.fault = check(field, typed.reveal(), today);
        self.fault.is_none().then_some(typed)
    }

    /// The page that fills it.
    pub fn view(&self, field: &Asked, values: &Values, around: &Around) -> page::Field {
        let typed = self.typed.reveal();
        let input = match field.kind {
            FieldKind::Text | FieldKind::Address => FieldInput::Text {
                typed: typed.to_owned(),
            },
            FieldKind::CreditCode => FieldInput::Code {
                typed: typed.to_owned(),
            },
            FieldKind::Mobile => FieldInput::Digits {
                typed: grouped(typed, &[3, 7]),
            },
            FieldKind::Number => FieldInput::Digits {
                typed: typed.to_owned(),
            },
            FieldKind::IdNumber => FieldInput::IdNumber {
                typed: grouped(typed, &[6, 14]),
            },
            FieldKind::Date => FieldInput::Date {
                typed: typed.to_owned(),
            },
            FieldKind::Choice => FieldInput::Choice(
                field
                    .options
                    .iter()
                    .map(|option| Choice {
                        text: option.text.clone(),
                        note: None,
                        chosen: option.id == typed,
                    })
                    .collect(),
            ),
        };
        page::Field {
            label: field.label.clone(),
            topic: field.topic.clone(),
            optional: !field.required,
            input,
            fault: self.fault,
            source: match self.touched {
                true => None,
                false => values
                    .get(&self.field)
                    .and_then(|value| source_name(&value.source, around)),
            },
        }
    }
}

/// Spaces before these places.
pub(super) fn grouped(text: &str, places: &[usize]) -> String {
    let mut grouped = String::with_capacity(text.len() + places.len());
    for (at, character) in text.chars().enumerate() {
        if places.contains(&at) {
            grouped.push(' ');
        }
        grouped.push(character);
    }
    grouped
}
