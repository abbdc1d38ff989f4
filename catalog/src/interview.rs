//! The interview: answers in, the next question or the end out (6.4 a).

use jiff::civil::Date;
use serde::Serialize;

use crate::answer::{Answers, Meaning};
use crate::model::{Matter, Text};
use crate::plan::{End, Walk};

/// Where an interview stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Interview {
    /// The questions asked and answered, in order.
    pub asked: Vec<String>,
    /// What comes now.
    pub state: State,
}

/// What comes now in an interview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// A question.
    Question {
        /// The question.
        id: String,
        /// How many are left at most, this one included. Never grows by answering.
        at_most_left: usize,
    },
    /// The situation is found.
    Settled {
        /// Its place in [`Matter::situations`].
        situation: usize,
    },
    /// People serve this at a window.
    Window {
        /// Why not here.
        reason: Text,
        /// Where to go.
        place: Text,
        /// Which window of the matter; `None` when an "I don't know" leads nowhere else or when
        /// no situation fits.
        id: Option<String>,
    },
    /// An answer cannot be one.
    Error {
        /// To which question.
        question: String,
        /// Why.
        message: Text,
    },
}

impl Matter {
    /// Walks the questions in order, using the answers of those questions that are asked. Other
    /// answers are ignored, so changing an answer and changing it back loses nothing.
    ///
    /// A question is asked when its condition holds and a situation or window that is still
    /// possible depends on it.
    pub fn interview(&self, answers: &Answers, today: Date) -> Interview {
        self.walk(answers, today).0
    }

    /// The interview, and the walk as far as it went.
    pub(crate) fn walk(&self, answers: &Answers, today: Date) -> (Interview, Walk<'_>) {
        let mut walk = self.plan.walk();
        let mut asked = Vec::new();
        let state = loop {
            let Some(q) = walk.question() else {
                break self.ended(walk.end());
            };
            let question = &self.questions[q];
            let Some(answer) = answers.get(&question.id) else {
                break State::Question {
                    id: question.id.clone(),
                    at_most_left: walk.at_most_left(),
                };
            };
            match question.understand(answer, today) {
                Ok(Meaning::Option(option)) => walk.answer(option),
                Ok(Meaning::Window) => {
                    asked.push(question.id.clone());
                    break self.helped(Text::of(
                        format!("“{}”这个问题，需要工作人员帮您弄清楚。", question.text.zh),
                        format!("Our staff will help you find out: {}", question.text.en),
                    ));
                }
                Err(message) => {
                    break State::Error {
                        question: question.id.clone(),
                        message,
                    };
                }
            }
            asked.push(question.id.clone());
        };
        (Interview { asked, state }, walk)
    }

    fn ended(&self, end: Option<End>) -> State {
        match end {
            Some(End::Situation(situation)) => State::Settled { situation },
            Some(End::Window(w)) => {
                let window = &self.windows[w];
                State::Window {
                    reason: window.reason.clone(),
                    place: window.place.clone(),
                    id: Some(window.id.clone()),
                }
            }
            // The rare rest ends in a settled way too (R3).
            Some(End::Nothing) | None => self.helped(Text::of(
                "您的情况比较少见，需要工作人员当面为您办理。",
                "Your circumstances are unusual; our staff will serve you in person.",
            )),
        }
    }

    fn helped(&self, reason: Text) -> State {
        State::Window {
            reason,
            place: self.guide.place.clone(),
            id: None,
        }
    }
}
