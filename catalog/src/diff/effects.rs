//! What changes for people: each piece of the grid in both catalogues, with all items of its
//! situation chosen; equal changes folded.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

use super::grid::{
    Axis, Grid, Piece, Place, Value, age_words, asked_axes, first_atoms, number_words, option_words,
};
use super::{Change, Example, who};
use crate::answer::{Answer, Answers};
use crate::model::{Matter, Text};
use crate::outcome::{Needed, Outcome};
use crate::time::Age;

/// What changes for somebody.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "effect", rename_all = "kebab-case")]
pub enum Effect {
    /// Was served here and is sent to a window.
    ToWindow {
        /// The window.
        window: String,
        /// Why not here.
        reason: Text,
    },
    /// Was sent to a window and is served here.
    FromWindow {
        /// The window.
        window: String,
        /// Why it was.
        reason: Text,
    },
    /// Is sent to another window than before.
    OtherWindow {
        /// The window before.
        old: String,
        /// The window now.
        new: String,
        /// Why not here.
        reason: Text,
    },
    /// Can answer so now, and could not.
    NewAnswer,
    /// Could answer so, and cannot any more.
    AnswerGone,
    /// An item more.
    ItemGained {
        /// The item.
        item: String,
        /// Its name.
        name: Text,
    },
    /// An item less.
    ItemLost {
        /// The item.
        item: String,
        /// Its name.
        name: Text,
    },
    /// An item that could be left out cannot be any more, or the other way round.
    ItemRequired {
        /// The item.
        item: String,
        /// Its name.
        name: Text,
        /// Whether it cannot be left out now.
        required: bool,
    },
    /// A material more to hand in.
    MaterialGained {
        /// The material.
        material: String,
        /// Its name.
        name: Text,
        /// Why, as the witness is told.
        why: Vec<Text>,
    },
    /// A material less to hand in.
    MaterialLost {
        /// The material.
        material: String,
        /// Its name.
        name: Text,
        /// Why it is not asked for although it is needed, as the witness is told; none when it is
        /// not needed.
        because: Option<Text>,
    },
    /// Another number of paper copies.
    MaterialCopies {
        /// The material.
        material: String,
        /// Its name.
        name: Text,
        /// How many before.
        old: u32,
        /// How many now.
        new: u32,
    },
    /// A field more to fill.
    FieldGained {
        /// The field.
        field: String,
        /// Its label.
        name: Text,
    },
    /// A field less to fill.
    FieldLost {
        /// The field.
        field: String,
        /// Its label.
        name: Text,
    },
    /// A field that could stay empty must be filled, or the other way round.
    FieldRequired {
        /// The field.
        field: String,
        /// Its label.
        name: Text,
        /// Whether it must be filled now.
        required: bool,
    },
    /// Another number of working days until all is done.
    Days {
        /// How many before.
        old: u32,
        /// How many now.
        new: u32,
    },
}

/// How a catalogue serves an answer set.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Served {
    /// By a situation.
    Settled {
        /// Its id.
        situation: String,
        /// Its sentence.
        text: Text,
    },
    /// At a window.
    Window {
        /// Its id.
        window: String,
        /// Why not here.
        reason: Text,
    },
    /// One of the answers cannot be given.
    Impossible,
}

/// The order of effects: by kind, then by the place of what it is about in its file.
type Key = (u8, usize, u32, u32);

/// All changes for people, folded, in a stable order.
pub fn effects(grid: &Grid, today: Date) -> Vec<Change> {
    let (before, after) = (outcomes(grid.old), outcomes(grid.new));
    let mut pairs: BTreeMap<(Place, Place), Vec<Key>> = BTreeMap::new();
    let mut groups: BTreeMap<Key, (Effect, Vec<&Piece>)> = BTreeMap::new();
    for piece in &grid.pieces {
        let pair = (piece.old, piece.new);
        let keys = pairs.entry(pair).or_insert_with(|| {
            let found = between(grid, pair, &before, &after);
            let keys = found.iter().map(|(key, _)| *key).collect();
            for (key, effect) in found {
                groups.entry(key).or_insert((effect, Vec::new()));
            }
            keys
        });
        for key in keys.iter() {
            if let Some((_, pieces)) = groups.get_mut(key) {
                pieces.push(piece);
            }
        }
    }
    groups
        .into_values()
        .filter_map(|(effect, pieces)| {
            let first = pieces.first()?;
            Some(Change {
                witness: witness(grid, first, today),
                who: who::who(grid, &pieces),
                effect,
            })
        })
        .collect()
}

/// For each situation what it comes to with all its items.
fn outcomes(matter: &Matter) -> Vec<Outcome> {
    let situations = matter.situations.iter();
    situations
        .map(|s| matter.outcome(s, &Answers::new(), &matter.all_items(s)))
        .collect()
}

fn between(
    grid: &Grid,
    (old, new): (Place, Place),
    before: &[Outcome],
    after: &[Outcome],
) -> Vec<(Key, Effect)> {
    let window = |matter: &Matter, w: usize| {
        let window = &matter.windows[w];
        (window.id.clone(), window.reason.clone())
    };
    let at = |w: usize| u32::try_from(w).unwrap_or(u32::MAX);
    match (old, new) {
        (Place::Situation(o), Place::Situation(n)) => settled(grid, &before[o], &after[n]),
        (Place::Situation(_), Place::Window(w)) => {
            let (window, reason) = window(grid.new, w);
            vec![((1, w, 0, 0), Effect::ToWindow { window, reason })]
        }
        (Place::Window(w), Place::Situation(_)) => {
            let (window, reason) = window(grid.old, w);
            vec![((3, w, 0, 0), Effect::FromWindow { window, reason })]
        }
        (Place::Window(o), Place::Window(n)) => {
            let ((old, _), (new, reason)) = (window(grid.old, o), window(grid.new, n));
            if old == new {
                return Vec::new();
            }
            let effect = Effect::OtherWindow { old, new, reason };
            vec![((4, n, at(o), 0), effect)]
        }
        (Place::Impossible, Place::Situation(_) | Place::Window(_)) => {
            vec![((5, 0, 0, 0), Effect::NewAnswer)]
        }
        (Place::Situation(_) | Place::Window(_), Place::Impossible) => {
            vec![((6, 0, 0, 0), Effect::AnswerGone)]
        }
        (Place::Impossible, Place::Impossible) => Vec::new(),
    }
}

fn settled(grid: &Grid, before: &Outcome, after: &Outcome) -> Vec<(Key, Effect)> {
    let mut found = Vec::new();
    items(grid, before, after, &mut found);
    materials(grid, before, after, &mut found);
    fields(grid, before, after, &mut found);
    let (old, new) = (before.promised_working_days, after.promised_working_days);
    if old != new {
        found.push(((30, 0, old, new), Effect::Days { old, new }));
    }
    found
}

fn items(grid: &Grid, before: &Outcome, after: &Outcome, found: &mut Vec<(Key, Effect)>) {
    for (i, item) in grid.new.items.iter().enumerate() {
        let old = before.items.iter().find(|o| o.id == item.id);
        let Some(new) = after.items.iter().find(|o| o.id == item.id) else {
            continue;
        };
        let (id, name) = (item.id.clone(), item.name.clone());
        match old {
            None => found.push(((10, i, 0, 0), Effect::ItemGained { item: id, name })),
            Some(old) if old.required != new.required => found.push((
                (12, i, new.required.into(), 0),
                Effect::ItemRequired {
                    item: id,
                    name,
                    required: new.required,
                },
            )),
            Some(_) => {}
        }
    }
    for (i, item) in grid.old.items.iter().enumerate() {
        let was = before.items.iter().any(|o| o.id == item.id);
        if was && !after.items.iter().any(|o| o.id == item.id) {
            let (item, name) = (item.id.clone(), item.name.clone());
            found.push(((11, i, 0, 0), Effect::ItemLost { item, name }));
        }
    }
}

fn materials(grid: &Grid, before: &Outcome, after: &Outcome, found: &mut Vec<(Key, Effect)>) {
    let of = |outcome: &Outcome, id: &str| -> Option<Needed> {
        outcome.materials.iter().find(|n| n.material == id).cloned()
    };
    for (m, material) in grid.new.materials.iter().enumerate() {
        let Some(new) = of(after, &material.id) else {
            continue;
        };
        let (id, name) = (material.id.clone(), material.name.clone());
        match of(before, &material.id) {
            None => {
                let mut why: Vec<Text> = Vec::new();
                for reason in new.why {
                    if !why.contains(&reason.text) {
                        why.push(reason.text);
                    }
                }
                let effect = Effect::MaterialGained {
                    material: id,
                    name,
                    why,
                };
                found.push(((20, m, 0, 0), effect));
            }
            Some(old) if old.copies != new.copies => {
                let effect = Effect::MaterialCopies {
                    material: id,
                    name,
                    old: old.copies,
                    new: new.copies,
                };
                found.push(((22, m, old.copies, new.copies), effect));
            }
            Some(_) => {}
        }
    }
    for (m, material) in grid.old.materials.iter().enumerate() {
        if of(before, &material.id).is_none() || of(after, &material.id).is_some() {
            continue;
        }
        let spared = after.not_asked.iter().find(|n| n.material == material.id);
        let effect = Effect::MaterialLost {
            material: material.id.clone(),
            name: material.name.clone(),
            because: spared.map(|n| n.because.clone()),
        };
        found.push(((21, m, spared.is_some().into(), 0), effect));
    }
}

fn fields(grid: &Grid, before: &Outcome, after: &Outcome, found: &mut Vec<(Key, Effect)>) {
    for (f, field) in grid.new.fields.iter().enumerate() {
        let Some(new) = after.form.iter().find(|o| o.field == field.id) else {
            continue;
        };
        let (id, name) = (field.id.clone(), field.label.clone());
        match before.form.iter().find(|o| o.field == field.id) {
            None => found.push(((25, f, 0, 0), Effect::FieldGained { field: id, name })),
            Some(old) if old.required != new.required => found.push((
                (27, f, new.required.into(), 0),
                Effect::FieldRequired {
                    field: id,
                    name,
                    required: new.required,
                },
            )),
            Some(_) => {}
        }
    }
    for (f, field) in grid.old.fields.iter().enumerate() {
        let was = before.form.iter().any(|o| o.field == field.id);
        if was && !after.form.iter().any(|o| o.field == field.id) {
            let (field, name) = (field.id.clone(), field.label.clone());
            found.push(((26, f, 0, 0), Effect::FieldLost { field, name }));
        }
    }
}

fn served(matter: &Matter, place: Place) -> Served {
    match place {
        Place::Situation(s) => Served::Settled {
            situation: matter.situations[s].id.clone(),
            text: matter.situations[s].text.clone(),
        },
        Place::Window(w) => Served::Window {
            window: matter.windows[w].id.clone(),
            reason: matter.windows[w].reason.clone(),
        },
        Place::Impossible => Served::Impossible,
    }
}

/// Somebody out of a piece: the answers that either catalogue asks for.
fn witness(grid: &Grid, piece: &Piece, today: Date) -> Example {
    let atoms = first_atoms(&piece.region);
    let mut asked: BTreeSet<usize> = BTreeSet::new();
    asked.extend(asked_axes(
        grid.old,
        &grid.axes,
        &atoms,
        |a| a.old,
        |a| a.old,
    ));
    asked.extend(asked_axes(
        grid.new,
        &grid.axes,
        &atoms,
        |a| a.new,
        |a| a.new,
    ));
    let mut answers = Answers::new();
    let mut words = Vec::new();
    for a in asked {
        let axis = &grid.axes[a];
        let Some(question) = axis.new.or(axis.old) else {
            continue;
        };
        words.push((question.text.clone(), atom_words(axis, atoms[a])));
        if let Some(answer) = answer(axis, atoms[a], today) {
            answers.insert(&question.id, answer);
        }
    }
    Example {
        answers,
        words,
        before: served(grid.old, piece.old),
        after: served(grid.new, piece.new),
    }
}

/// The answers of an atom in words.
pub fn atom_words(axis: &Axis, atom: usize) -> Text {
    let (Some(question), Some(atom)) = (axis.new.or(axis.old), axis.atoms.get(atom)) else {
        return Text::of("", "");
    };
    match &atom.value {
        Value::Choice => {
            let new = axis.new.zip(atom.new);
            match new.or(axis.old.zip(atom.old)) {
                Some((question, o)) => option_words(question, &question.options[o]),
                None => Text::of("", ""),
            }
        }
        Value::Numbers(from, until) => number_words(*from, *until, question),
        Value::Ages(from, until) => age_words(from.as_ref(), until.as_ref()),
    }
}

/// The answers of an atom as they are written: an option's id, `5..9`, `P6M..P1Y`; the end of a
/// band is no part of it.
pub fn atom_value(axis: &Axis, atom: usize) -> String {
    let Some(atom) = axis.atoms.get(atom) else {
        return String::new();
    };
    let age = |age: &Option<Age>| age.clone().map_or_else(String::new, String::from);
    match &atom.value {
        Value::Choice => {
            let new = axis.new.zip(atom.new).or(axis.old.zip(atom.old));
            new.map_or_else(String::new, |(question, o)| question.options[o].id.clone())
        }
        Value::Numbers(from, until) => format!("{from}..{until}"),
        Value::Ages(from, until) => format!("{}..{}", age(from), age(until)),
    }
}

fn answer(axis: &Axis, atom: usize, today: Date) -> Option<Answer> {
    let atom = axis.atoms.get(atom)?;
    match &atom.value {
        Value::Choice => {
            let (question, o) = axis.new.zip(atom.new).or(axis.old.zip(atom.old))?;
            Some(Answer::Option(question.options[o].id.clone()))
        }
        Value::Numbers(from, until) => Some(Answer::Number(if *from == i64::MIN {
            until.saturating_sub(1)
        } else {
            *from
        })),
        Value::Ages(None, _) => Some(Answer::Date(today)),
        Value::Ages(Some(from), _) => Some(Answer::Date(from.born_by(today)?)),
    }
}
