//! The questionnaire: one question a page, "I don't know", and all answers in a list (6.4 a, b).

use jiff::civil::Date;
use yici_catalog::{Answer, Answers, Matter, QuestionKind, QuestionOption, Text};

use super::page::{AnswerLine, Choice, DateFault, Input, Question, Unsure};
use super::visit::Given;

/// A number has at most this many digits on the keypad.
const MOST_DIGITS: usize = 8;

/// A question as it is being answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub question: String,
    /// Digits typed so far; `None` shows the answer given before.
    typed: Option<String>,
    error: Option<Fault>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Number,
    Date(DateFault),
}

impl Entry {
    pub fn new(question: String) -> Self {
        Entry {
            question,
            typed: None,
            error: None,
        }
    }

    /// Nothing was typed, and the answer given before stays, with its source.
    pub fn keeps(&self, answers: &Answers) -> bool {
        self.typed.is_none() && answers.get(&self.question).is_some()
    }

    /// A key of the keypad, or delete.
    pub fn key(&mut self, key: Option<char>) {
        self.error = None;
        let typed = self.typed.get_or_insert_default();
        match key {
            Some(key) if key.is_ascii_digit() && typed.len() < MOST_DIGITS => typed.push(key),
            Some(_) => {}
            None => {
                typed.pop();
            }
        }
    }
}

/// Whether the answer is typed and ends with "continue".
pub(super) fn is_typed(matter: &Matter, entry: &Entry) -> bool {
    matter
        .question(&entry.question)
        .is_some_and(|question| match question.kind {
            QuestionKind::Choice => false,
            QuestionKind::Number | QuestionKind::Date => true,
        })
}

/// The answer as typed; what is wrong with it stays on the page.
pub(super) fn finish(matter: &Matter, entry: &mut Entry, today: Date) -> Option<Answer> {
    let question = matter.question(&entry.question)?;
    let typed = entry.typed.as_deref().unwrap_or_default();
    match question.kind {
        QuestionKind::Choice => None,
        QuestionKind::Number => match typed.parse::<i64>() {
            Ok(number) if limits(question).contains(&number) => Some(Answer::Number(number)),
            Ok(_) | Err(_) => {
                entry.error = Some(Fault::Number);
                None
            }
        },
        QuestionKind::Date => match date(typed, question.future, today) {
            Ok(date) => Some(Answer::Date(date)),
            Err(fault) => {
                entry.error = Some(Fault::Date(fault));
                None
            }
        },
    }
}

/// The answer that an option of a choice stands for.
pub(super) fn option(matter: &Matter, question: &str, option: usize) -> Option<Answer> {
    let option = matter.question(question)?.options.get(option)?;
    Some(Answer::Option(option.id.clone()))
}

/// The page of one question; `objects` is whether to change what a source has answered is told upstream.
pub(super) fn question(
    matter: &Matter,
    entry: &Entry,
    given: Option<&Given>,
    objects: bool,
) -> Option<Question> {
    let question = matter.question(&entry.question)?;
    let before = given.and_then(|given| given.answers.get(&entry.question));
    let digits = |before: Option<String>| entry.typed.clone().or(before).unwrap_or_default();
    let input = match question.kind {
        QuestionKind::Choice => Input::Choice(
            question
                .options
                .iter()
                .map(|option| Choice {
                    text: label(option),
                    note: option.note.clone(),
                    chosen: matches!(before, Some(Answer::Option(id)) if *id == option.id),
                })
                .collect(),
        ),
        QuestionKind::Number => Input::Number {
            typed: digits(match before {
                Some(Answer::Number(number)) => Some(number.to_string()),
                Some(Answer::Option(_) | Answer::Date(_) | Answer::Unsure) | None => None,
            }),
            unit: unit(question),
            min: *limits(question).start(),
            max: *limits(question).end(),
            error: entry.error == Some(Fault::Number),
        },
        QuestionKind::Date => Input::Date {
            typed: digits(match before {
                Some(Answer::Date(date)) => Some(date.strftime("%Y%m%d").to_string()),
                Some(Answer::Option(_) | Answer::Number(_) | Answer::Unsure) | None => None,
            }),
            error: match entry.error {
                Some(Fault::Date(fault)) => Some(fault),
                Some(Fault::Number) | None => None,
            },
        },
    };
    let source = given.and_then(|given| given.sources.get(&entry.question).cloned());
    Some(Question {
        text: question.text.clone(),
        help: question.help.clone(),
        input,
        unsure: question.unsure.is_some(),
        contested: objects && source.is_some(),
        source,
    })
}

/// The page behind "I don't know".
pub(super) fn unsure(matter: &Matter, question: &str) -> Option<Unsure> {
    let question = matter.question(question)?;
    let unsure = question.unsure.as_ref()?;
    let go_on = unsure
        .instead
        .as_ref()
        .and_then(|id| question.option(id))
        .map(label);
    Some(Unsure {
        question: question.text.clone(),
        help: unsure.help.clone(),
        go_on,
        place: matter.guide.place.clone(),
    })
}

/// The answers of the questions that are asked, in their order.
pub(super) fn answer_lines(matter: &Matter, asked: &[String], given: &Given) -> Vec<AnswerLine> {
    asked
        .iter()
        .filter_map(|id| {
            let question = matter.question(id)?;
            let answer = match given.answers.get(id)? {
                Answer::Option(chosen) => label(question.option(chosen)?),
                Answer::Number(number) => {
                    let unit = unit(question);
                    Text {
                        zh: format!("{number} {}", unit.zh),
                        en: format!("{number} {}", unit.en),
                    }
                }
                Answer::Date(date) => Text {
                    zh: date.strftime("%Y年%-m月%-d日").to_string(),
                    en: date.strftime("%-d %B %Y").to_string(),
                },
                Answer::Unsure => Text {
                    zh: "不清楚".into(),
                    en: "I don’t know".into(),
                },
            };
            Some(AnswerLine {
                id: id.clone(),
                question: question.text.clone(),
                answer,
                source: given.sources.get(id).cloned(),
            })
        })
        .collect()
}

/// An option's words; a choice always has them, a band is never shown as an option.
fn label(option: &QuestionOption) -> Text {
    let id = || Text {
        zh: option.id.clone(),
        en: option.id.clone(),
    };
    option.text.clone().unwrap_or_else(id)
}

/// What a number counts.
fn unit(question: &yici_catalog::Question) -> Text {
    let nothing = || Text {
        zh: String::new(),
        en: String::new(),
    };
    question.unit.clone().unwrap_or_else(nothing)
}

/// What a number may be.
fn limits(question: &yici_catalog::Question) -> std::ops::RangeInclusive<i64> {
    question.min.unwrap_or(0)..=question.max.unwrap_or(i64::MAX)
}

/// Nobody who comes to a terminal was born before this year.
const EARLIEST_YEAR: i16 = 1900;

fn date(typed: &str, future: bool, today: Date) -> Result<Date, DateFault> {
    if typed.len() < 8 {
        return Err(DateFault::Short);
    }
    let date: Date =
        jiff::civil::Date::strptime("%Y%m%d", typed).map_err(|_| DateFault::NoSuchDay)?;
    if (date > today && !future) || date.year() < EARLIEST_YEAR {
        return Err(DateFault::OutOfRange);
    }
    Ok(date)
}
