//! What changes between two catalogues, and for whom.
//!
//! Situations are matched by answers, not by ids: the boxes of both questionnaires are cut to a
//! common grid ([`grid`]), and each piece of it is looked at in the old and in the new catalogue
//! with all items of its situation chosen. Equal changes of many pieces are told once, with the
//! conditions that say for whom ([`who`]).

mod details;
mod effects;
mod grid;
mod text;
mod who;

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;

use crate::answer::Answers;
use crate::model::{Catalog, Matter, Text};

pub use effects::{Effect, Served};
pub(crate) use grid::option_words;

/// Between two catalogues.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diff {
    /// Whether anything differs.
    pub changed: bool,
    /// The catalogues' versions.
    pub versions: Versions,
    /// What all matters share.
    pub shared: Vec<Detail>,
    /// The matters that differ, in the order of the new catalogue, then those that are gone.
    pub matters: Vec<MatterDiff>,
}

/// The versions of two catalogues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Versions {
    /// Of the old one.
    pub old: String,
    /// Of the new one.
    pub new: String,
}

/// Between two versions of a matter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MatterDiff {
    /// The matter.
    pub matter: String,
    /// Its name, the new one if there is one.
    pub name: Text,
    /// Whether it came, went or stayed.
    pub state: Presence,
    /// How the questionnaire changed.
    pub questions: Vec<QuestionChange>,
    /// Situations, by id, that the old catalogue has not, and those that the new one has not.
    pub situations: Situations,
    /// Who gains and who loses.
    pub effects: Vec<Change>,
    /// Every entry that is written otherwise than before, words included.
    pub details: Vec<Detail>,
}

/// Whether a matter came, went or stayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// Only the new catalogue has it.
    Added,
    /// Only the old catalogue has it.
    Removed,
    /// Both have it.
    Changed,
}

/// A change of the questionnaire, in words of the catalogue that has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuestionChange {
    /// What happened.
    pub change: Asked,
    /// The question.
    pub question: String,
    /// Its words.
    pub text: Text,
    /// The option, when it is about one.
    pub option: Option<String>,
    /// The option's words.
    pub option_text: Option<Text>,
}

/// How a questionnaire can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// A new question.
    QuestionAdded,
    /// A question that is gone.
    QuestionRemoved,
    /// A question of the same id that is answered in another way (choice, number, date): it counts
    /// as one that is gone and a new one.
    KindChanged,
    /// A new option.
    OptionAdded,
    /// An option that is gone.
    OptionRemoved,
    /// A band of numbers or ages with other bounds.
    BandMoved,
    /// Asked on another condition than before.
    ConditionChanged,
}

/// Situations that came and went, by id. What that means for people is among the effects.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Situations {
    /// Only in the new catalogue.
    pub added: Vec<NamedSituation>,
    /// Only in the old catalogue.
    pub removed: Vec<NamedSituation>,
}

/// A situation with its sentence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NamedSituation {
    /// Its id.
    pub id: String,
    /// Its sentence.
    pub text: Text,
}

/// One change for people: what, for whom, and one of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// What changes.
    #[serde(flatten)]
    pub effect: Effect,
    /// For whom.
    pub who: Who,
    /// Somebody it changes for.
    pub witness: Example,
}

/// For whom something changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Who {
    /// Whoever fulfils one of these conditions; who is served at a window before and after does
    /// not count. An empty condition means everybody. As everywhere, a question that is not asked
    /// fulfils none.
    pub conditions: Vec<Vec<Restriction>>,
    /// The new situations it concerns (the old ones where the new catalogue serves at a window),
    /// by id.
    pub situations: Vec<String>,
    /// How many situations the matter has, of which those are some.
    pub of: usize,
}

/// One question's part of a condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Restriction {
    /// The question.
    pub question: String,
    /// Its words.
    pub text: Text,
    /// The answers that fulfil it: options' ids, numbers as `5..9`, ages as `P6M..P1Y`, the end of
    /// a band not included.
    pub values: Vec<String>,
    /// The same in words.
    pub options: Vec<Text>,
    /// The answers that do not, in words.
    pub others: Vec<Text>,
}

/// An answer set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Example {
    /// The answers as `kiosk catalog guide` reads them.
    pub answers: Answers,
    /// The same in words, in the order asked: question and answer.
    pub words: Vec<(Text, Text)>,
    /// How the old catalogue serves them.
    pub before: Served,
    /// How the new one does.
    pub after: Served,
}

/// A value that is written otherwise than before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Detail {
    /// The table of the file: `item`, `guide`, `unit`; empty for the keys at its top.
    pub table: String,
    /// Which entry, by id or by place.
    pub entry: String,
    /// The entry's name, where it has one.
    pub name: Option<Text>,
    /// The way to the value inside the entry; empty for a whole entry.
    pub path: String,
    /// The old value; null when there was none.
    pub old: Value,
    /// The new value; null when there is none.
    pub new: Value,
}

/// What changes from one catalogue to another. Ages in witnesses are counted to `today`.
pub fn diff(old: &Catalog, new: &Catalog, today: Date) -> Diff {
    let before: BTreeMap<&str, &Matter> = old.matters.iter().map(|m| (m.id.as_str(), m)).collect();
    let mut matters = Vec::new();
    for matter in &new.matters {
        match before.get(matter.id.as_str()) {
            Some(before) => matters.extend(stayed(before, matter, today)),
            None => matters.push(alone(matter, Presence::Added)),
        }
    }
    for matter in &old.matters {
        if new.matter(&matter.id).is_none() {
            matters.push(alone(matter, Presence::Removed));
        }
    }
    let shared = details::of_catalogues(old, new);
    Diff {
        changed: !shared.is_empty() || !matters.is_empty() || old.version != new.version,
        versions: Versions {
            old: old.version.clone(),
            new: new.version.clone(),
        },
        shared,
        matters,
    }
}

fn alone(matter: &Matter, state: Presence) -> MatterDiff {
    MatterDiff {
        matter: matter.id.clone(),
        name: matter.name.clone(),
        state,
        questions: Vec::new(),
        situations: Situations::default(),
        effects: Vec::new(),
        details: Vec::new(),
    }
}

fn stayed(old: &Matter, new: &Matter, today: Date) -> Option<MatterDiff> {
    let details = details::of_matters(old, new);
    // Whatever changes for people is written otherwise in some entry.
    if details.is_empty() {
        return None;
    }
    let grid = grid::Grid::new(old, new);
    Some(MatterDiff {
        matter: new.id.clone(),
        name: new.name.clone(),
        state: Presence::Changed,
        questions: grid.question_changes(),
        situations: Situations {
            added: only_in(new, old),
            removed: only_in(old, new),
        },
        effects: effects::effects(&grid, today),
        details,
    })
}

fn only_in(one: &Matter, other: &Matter) -> Vec<NamedSituation> {
    let known: std::collections::BTreeSet<&str> =
        other.situations.iter().map(|s| s.id.as_str()).collect();
    one.situations
        .iter()
        .filter(|s| !known.contains(s.id.as_str()))
        .map(|s| NamedSituation {
            id: s.id.clone(),
            text: s.text.clone(),
        })
        .collect()
}
