//! The documents that a visit can print. `kiosk slip render` makes the same ones without a visit.

use std::collections::BTreeSet;

use yici_catalog::{Answers, Catalog, ChoiceError, Lang, Matter, State, Text};

use super::terminal::Around;
use super::{Hall, Now, Timing, notice, result, takeaway};
use crate::health::Health;
use crate::slips::Document;

/// The kinds of slip there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One-time notification (一次告知单).
    Notice,
    /// Personal guidance sheet (导办告知单).
    GuidanceSheet,
    /// The same with the reasons of everything.
    LongGuidanceSheet,
}

/// Why a slip cannot be made from answers.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// A question is still open.
    #[error("the answers do not settle a situation yet: question {0:?} is open")]
    Open(String),
    /// An answer is not one.
    #[error("question {question:?}: {message}")]
    Answer {
        /// The question.
        question: String,
        /// What is wrong with the answer.
        message: String,
    },
    /// The items cannot be taken so.
    #[error(transparent)]
    Items(#[from] ChoiceError),
}

/// What a slip is made from when there is no visit.
pub struct Request<'a> {
    /// The catalogue.
    pub catalog: &'a Catalog,
    /// The matter.
    pub matter: &'a Matter,
    /// The hall.
    pub hall: &'a Hall,
    /// The slip's language.
    pub lang: Lang,
    /// Answers by question.
    pub answers: &'a Answers,
    /// Items taken; all of the situation's without it.
    pub items: Option<&'a [String]>,
    /// The time of printing.
    pub now: Now,
}

/// A slip as its answers make it. Answers that lead to a window make the window's slip.
///
/// # Errors
/// [`SheetError`] when the answers leave a question open or the items cannot be taken so.
pub fn sheet(kind: Kind, request: &Request) -> Result<Document, SheetError> {
    let around = Around {
        catalog: request.catalog,
        hall: request.hall,
        timing: &Timing::default(),
        health: &Health::default(),
        now: request.now,
    };
    let matter = request.matter;
    match kind {
        Kind::Notice => Ok(notice_sheet(matter, request.lang, &around)),
        Kind::GuidanceSheet | Kind::LongGuidanceSheet => {
            match matter
                .interview(request.answers, request.now.wall.date())
                .state
            {
                State::Question { id, .. } => Err(SheetError::Open(id)),
                State::Error { question, message } => Err(SheetError::Answer {
                    question,
                    message: message.get(request.lang).into(),
                }),
                State::Window { reason, place, .. } => {
                    let window = result::Window { reason, place };
                    Ok(window_sheet(matter, &window, request.lang, &around))
                }
                State::Settled { situation } => {
                    let settled = &matter.situations[situation];
                    let chosen = match request.items {
                        Some(items) => matter.choose(settled, items)?,
                        None => matter.all_items(settled),
                    };
                    let answers = request.answers;
                    Ok(
                        guidance_sheet(matter, situation, answers, &chosen, request.lang, &around)
                            .detailed(kind == Kind::LongGuidanceSheet),
                    )
                }
            }
        }
    }
}

pub(super) fn notice_sheet(matter: &Matter, lang: Lang, around: &Around) -> Document {
    Document::Notice {
        head: takeaway::head(lang, around),
        notice: Box::new(notice::notice(matter, around)),
        method: Box::new(takeaway::method(matter, around)),
    }
}

pub(super) fn window_sheet(
    matter: &Matter,
    window: &result::Window,
    lang: Lang,
    around: &Around,
) -> Document {
    Document::Window {
        head: takeaway::head(lang, around),
        matter: matter.name.clone(),
        window: Box::new(result::window(window, Some(matter), around)),
    }
}

pub(super) fn guidance_sheet(
    matter: &Matter,
    situation: usize,
    answers: &Answers,
    chosen: &BTreeSet<String>,
    lang: Lang,
    around: &Around,
) -> Document {
    let lead_unit: Text = around.catalog.unit(&matter.guide.lead_unit).name.clone();
    Document::Guidance {
        head: takeaway::head(lang, around),
        matter: matter.name.clone(),
        lead_unit,
        long: false,
        outcome: Box::new(result::outcome(matter, situation, answers, chosen, around)),
        method: Box::new(takeaway::method(matter, around)),
    }
}
