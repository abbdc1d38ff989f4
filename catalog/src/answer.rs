//! Answers to questions, and the facts that resources give.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::{Bound, Matter, Question, QuestionKind, Text};

/// How "I don't know" is written in JSON; no option may have this id.
pub const UNSURE: &str = "unsure";

/// One answer. In JSON an option's id, a number, a date as `2026-01-31`, or `unsure`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A choice, by the option's id.
    Option(String),
    /// A number.
    Number(i64),
    /// A date.
    Date(Date),
    /// "I don't know."
    Unsure,
}

/// Answers by question id. What is no longer asked may stay: nothing is lost by going back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answers(pub BTreeMap<String, Answer>);

/// What one resource says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fact {
    /// One of the resource's values.
    Choice(String),
    /// A date.
    Date(Date),
    /// Free text.
    Text(String),
}

/// Facts by resource id.
pub type Facts = BTreeMap<String, Fact>;

impl Answers {
    /// No answers.
    pub fn new() -> Answers {
        Answers::default()
    }

    /// The answer to a question.
    pub fn get(&self, question: &str) -> Option<&Answer> {
        self.0.get(question)
    }

    /// Answers a question; other answers stay as they are.
    pub fn insert(&mut self, question: impl Into<String>, answer: Answer) {
        self.0.insert(question.into(), answer);
    }

    /// Takes an answer back.
    pub fn remove(&mut self, question: &str) -> Option<Answer> {
        self.0.remove(question)
    }
}

impl FromIterator<(String, Answer)> for Answers {
    fn from_iter<I: IntoIterator<Item = (String, Answer)>>(answers: I) -> Answers {
        Answers(answers.into_iter().collect())
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Answer::Option(id) => to.serialize_str(id),
            Answer::Number(number) => to.serialize_i64(*number),
            Answer::Date(date) => date.serialize(to),
            Answer::Unsure => to.serialize_str(UNSURE),
        }
    }
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Answer, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "an answer must be a string or a whole number")]
        enum Written {
            Number(i64),
            Word(String),
        }
        Ok(match Written::deserialize(from)? {
            Written::Number(number) => Answer::Number(number),
            Written::Word(word) if word == UNSURE => Answer::Unsure,
            Written::Word(word) => match as_date(&word) {
                Some(date) => Answer::Date(date),
                None => Answer::Option(word),
            },
        })
    }
}

impl Matter {
    /// The answers that resources give: question, answer, resource. Whoever takes them over need
    /// not mind whether the question is asked; an answer that is not is ignored (6.4 b).
    pub fn automatic(&self, facts: &Facts) -> Vec<(String, Answer, String)> {
        let mut found = Vec::new();
        for question in &self.questions {
            let Some(resource) = &question.resource else {
                continue;
            };
            let answer = match (question.kind, facts.get(&resource.id)) {
                (QuestionKind::Choice, Some(Fact::Choice(value))) => {
                    resource.options.get(value).cloned().map(Answer::Option)
                }
                (QuestionKind::Date, Some(Fact::Date(date))) => Some(Answer::Date(*date)),
                (
                    QuestionKind::Choice | QuestionKind::Number | QuestionKind::Date,
                    Some(Fact::Choice(_) | Fact::Date(_) | Fact::Text(_)) | None,
                ) => None,
            };
            if let Some(answer) = answer {
                found.push((question.id.clone(), answer, resource.id.clone()));
            }
        }
        found
    }
}

/// What an answer comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// An option, by its number.
    Option(usize),
    /// Nobody knows: people help at the window.
    Window,
}

impl Question {
    /// What an answer to this question comes to, or why it cannot be one.
    pub(crate) fn understand(&self, answer: &Answer, today: Date) -> Result<Meaning, Text> {
        let by_id = |id: &str| self.options.iter().position(|o| o.id == id);
        let band = |fits: &dyn Fn(&Bound) -> bool| {
            self.options.iter().position(|option| {
                option.from.as_ref().is_none_or(fits) && !option.until.as_ref().is_some_and(fits)
            })
        };
        let found = match (self.kind, answer) {
            (_, Answer::Unsure) => {
                let Some(unsure) = &self.unsure else {
                    return Err(Text::of(
                        "这个问题不能回答“不清楚”",
                        "This question cannot be answered by \"I don't know\"",
                    ));
                };
                match &unsure.instead {
                    Some(id) => by_id(id),
                    None => return Ok(Meaning::Window),
                }
            }
            (QuestionKind::Choice, Answer::Option(id)) => by_id(id),
            (QuestionKind::Number, Answer::Number(number)) => {
                let (min, max) = (self.min.unwrap_or(i64::MIN), self.max.unwrap_or(i64::MAX));
                if !(min..=max).contains(number) {
                    return Err(Text::of(
                        format!("请填{min}到{max}之间的数"),
                        format!("The number must be from {min} to {max}"),
                    ));
                }
                band(&|bound| match bound {
                    Bound::Number(start) => number >= start,
                    Bound::Age(_) => false,
                })
            }
            (QuestionKind::Date, Answer::Date(date)) => {
                if *date > today && !self.future {
                    return Err(Text::of(
                        "日期不能晚于今天",
                        "The date must not lie in the future",
                    ));
                }
                if i32::from(date.year()) < i32::from(today.year()) - OLDEST_YEARS {
                    return Err(Text::of(
                        "日期太早，请检查年份",
                        "The date lies too far back; check the year",
                    ));
                }
                band(&|bound| match bound {
                    Bound::Number(_) => false,
                    Bound::Age(age) => age.reached(*date).is_some_and(|day| day <= today),
                })
            }
            (QuestionKind::Choice, Answer::Number(_) | Answer::Date(_)) => None,
            (QuestionKind::Number, Answer::Option(_) | Answer::Date(_)) => {
                return Err(Text::of(
                    "请填一个整数",
                    "The answer must be a whole number",
                ));
            }
            (QuestionKind::Date, Answer::Option(_) | Answer::Number(_)) => {
                return Err(Text::of(
                    "请填一个日期，例如2026-01-31",
                    "The answer must be a date like 2026-01-31",
                ));
            }
        };
        found
            .map(Meaning::Option)
            .ok_or_else(|| self.no_such_option())
    }

    fn no_such_option(&self) -> Text {
        let mut known: Vec<&str> = self.options.iter().map(|o| o.id.as_str()).collect();
        known.extend(self.unsure.as_ref().map(|_| UNSURE));
        Text::of(
            format!("没有这个选项，可以选：{}", known.join("、")),
            format!(
                "The question has no such option; there are: {}",
                known.join(", ")
            ),
        )
    }
}

/// Nobody alive was born earlier; a date further back is a slip of the finger.
const OLDEST_YEARS: i32 = 150;

/// A date, if the word is written as one.
pub(crate) fn as_date(word: &str) -> Option<Date> {
    (word.len() == 10 && word.as_bytes()[4] == b'-').then(|| word.parse().ok())?
}
