//! One grid for two questionnaires: an axis for every question of either, cut wherever either of
//! them cuts it, and the pieces that the windows and situations of both have in common.
//!
//! As in [`crate::plan`], a question that is not asked counts as "any". An answer that only one
//! of the two questionnaires has is possible in the other exactly where that does not ask.

use std::collections::BTreeMap;

use super::{Asked, QuestionChange};
use crate::model::{Bound, Matter, Question, QuestionKind, QuestionOption, Text};
use crate::plan::Cube;
use crate::time::Age;

/// For each axis the set of atoms allowed. Two questionnaires of 64 options each fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region(Box<[u128]>);

/// A stretch of an axis that neither questionnaire cuts.
#[derive(Debug, Clone)]
pub struct Atom {
    /// The old question's option.
    pub old: Option<usize>,
    /// The new question's option.
    pub new: Option<usize>,
    /// Which answers these are.
    pub value: Value,
}

/// The answers of an atom.
#[derive(Debug, Clone)]
pub enum Value {
    /// An option.
    Choice,
    /// The numbers from the first until the second, which is no more part of it.
    Numbers(i64, i64),
    /// Ages likewise.
    Ages(Option<Age>, Option<Age>),
}

/// A question of either questionnaire.
#[derive(Debug)]
pub struct Axis<'m> {
    /// The old question.
    pub old: Option<&'m Question>,
    /// The new question.
    pub new: Option<&'m Question>,
    /// Its stretches; at least one.
    pub atoms: Vec<Atom>,
    /// For which answers it is asked, for each of the two that has it and ever asks it.
    pub asked: Vec<Region>,
}

/// Where answers lead in one catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// To a situation, by its number.
    Situation(usize),
    /// To a window, by its number.
    Window(usize),
    /// One of the answers cannot be given.
    Impossible,
}

/// Answers that lead to one place in each of the catalogues.
#[derive(Debug, Clone)]
pub struct Piece {
    /// In the old catalogue.
    pub old: Place,
    /// In the new one.
    pub new: Place,
    /// Which answers.
    pub region: Region,
}

/// Two questionnaires on one grid.
#[derive(Debug)]
pub struct Grid<'m> {
    /// The old matter.
    pub old: &'m Matter,
    /// The new one.
    pub new: &'m Matter,
    /// The axes in the order of the new questionnaire, the removed questions where they stood.
    pub axes: Vec<Axis<'m>>,
    /// What leads to one place in each, piece by piece, in the order of the new situations. What
    /// leads to no situation in both is left out.
    pub pieces: Vec<Piece>,
}

/// One of the two matters, seen on the grid.
struct Side<'a> {
    matter: &'a Matter,
    full: Region,
    /// For each axis this side's question.
    question: Vec<Option<usize>>,
    /// For each axis and option of this side its atoms.
    atoms: Vec<Vec<u128>>,
    /// For each axis the atoms that are no option of this side, if it has the question.
    foreign: Vec<u128>,
    /// For each axis with such atoms the answers on whose way the question really comes up.
    reached: Vec<Vec<Region>>,
}

impl Region {
    /// The atoms allowed on one axis.
    pub fn atoms(&self, axis: usize) -> u128 {
        self.0[axis]
    }

    /// The same with other atoms on one axis.
    pub fn with(&self, axis: usize, atoms: u128) -> Region {
        let mut region = self.clone();
        region.0[axis] = atoms;
        region
    }

    /// Whether something is allowed by both.
    pub fn meets(&self, other: &Region) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a & b != 0)
    }

    /// What both allow.
    pub fn meet(&self, other: &Region) -> Option<Region> {
        self.meets(other)
            .then(|| Region(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect()))
    }

    /// What this allows and the other does not, as disjoint regions.
    pub fn minus(&self, other: &Region) -> Vec<Region> {
        if !self.meets(other) {
            return vec![self.clone()];
        }
        let mut rest = self.clone();
        let mut pieces = Vec::new();
        for axis in 0..self.0.len() {
            let outside = rest.0[axis] & !other.0[axis];
            if outside != 0 {
                pieces.push(rest.with(axis, outside));
                rest.0[axis] &= other.0[axis];
            }
        }
        pieces
    }
}

impl<'m> Grid<'m> {
    /// Lays the grid under two versions of a matter.
    pub fn new(old: &'m Matter, new: &'m Matter) -> Grid<'m> {
        let mut axes = axes(old, new);
        let (before, after) = (
            Side::new(old, &axes, |a| a.old, |a| a.old),
            Side::new(new, &axes, |a| a.new, |a| a.new),
        );
        let pieces = pieces(&before, &after);
        for (a, axis) in axes.iter_mut().enumerate() {
            axis.asked
                .extend([before.asked(a), after.asked(a)].into_iter().flatten());
        }
        Grid {
            old,
            new,
            axes,
            pieces,
        }
    }

    /// How the questionnaire changed, in its order.
    pub fn question_changes(&self) -> Vec<QuestionChange> {
        let mut changes = Vec::new();
        for axis in &self.axes {
            match (axis.old, axis.new) {
                (Some(old), None) if self.new.question(&old.id).is_some() => {
                    changes.push(of_question(Asked::KindChanged, old));
                }
                (Some(old), None) => changes.push(of_question(Asked::QuestionRemoved, old)),
                (None, Some(new)) if self.old.question(&new.id).is_some() => {}
                (None, Some(new)) => changes.push(of_question(Asked::QuestionAdded, new)),
                (Some(old), Some(new)) => between(old, new, &mut changes),
                (None, None) => {}
            }
        }
        changes
    }
}

fn of_question(change: Asked, question: &Question) -> QuestionChange {
    QuestionChange {
        change,
        question: question.id.clone(),
        text: question.text.clone(),
        option: None,
        option_text: None,
    }
}

fn between(old: &Question, new: &Question, changes: &mut Vec<QuestionChange>) {
    let of_option = |change, question: &Question, option: &QuestionOption| QuestionChange {
        option: Some(option.id.clone()),
        option_text: Some(option_words(question, option)),
        ..of_question(change, question)
    };
    if old.when != new.when {
        changes.push(of_question(Asked::ConditionChanged, new));
    }
    for option in &new.options {
        match old.option(&option.id) {
            None => changes.push(of_option(Asked::OptionAdded, new, option)),
            Some(was) if (&was.from, &was.until) != (&option.from, &option.until) => {
                changes.push(of_option(Asked::BandMoved, new, option));
            }
            Some(_) => {}
        }
    }
    for option in &old.options {
        if new.option(&option.id).is_none() {
            changes.push(of_option(Asked::OptionRemoved, old, option));
        }
    }
}

/// An option in words; a band without words of its own is told by its bounds.
pub fn option_words(question: &Question, option: &QuestionOption) -> Text {
    if let Some(text) = option.text.as_ref().or(option.phrase.as_ref()) {
        return text.clone();
    }
    match question.kind {
        QuestionKind::Choice => Text::of(&option.id, &option.id),
        QuestionKind::Number => {
            let (from, until) = numbers(question, option);
            number_words(from, until, question)
        }
        QuestionKind::Date => age_words(age(&option.from), age(&option.until)),
    }
}

/// Numbers from one until another in words.
pub fn number_words(from: i64, until: i64, question: &Question) -> Text {
    let (zh, en) = match &question.unit {
        Some(unit) => (unit.zh.as_str(), format!(" {}", unit.en)),
        None => ("", String::new()),
    };
    let last = until.saturating_sub(1);
    if from == last {
        Text::of(format!("{from}{zh}"), format!("{from}{en}"))
    } else if question.min == Some(from) {
        Text::of(format!("不超过{last}{zh}"), format!("at most {last}{en}"))
    } else if question.max == Some(last) {
        Text::of(format!("{from}{zh}以上"), format!("{from} or more{en}"))
    } else {
        Text::of(
            format!("{from}到{last}{zh}"),
            format!("{from} to {last}{en}"),
        )
    }
}

/// Ages from one until another in words.
pub fn age_words(from: Option<&Age>, until: Option<&Age>) -> Text {
    match (from, until) {
        (None, None) => Text::of("任何日期", "any date"),
        (None, Some(until)) => {
            let until = until.words();
            Text::of(
                format!("不满{}", until.zh),
                format!("less than {} ago", until.en),
            )
        }
        (Some(from), None) => {
            let from = from.words();
            Text::of(
                format!("满{}", from.zh),
                format!("{} ago or longer", from.en),
            )
        }
        (Some(from), Some(until)) => {
            let (from, until) = (from.words(), until.words());
            Text::of(
                format!("满{}、不满{}", from.zh, until.zh),
                format!("{} ago or longer, less than {}", from.en, until.en),
            )
        }
    }
}

fn age(bound: &Option<Bound>) -> Option<&Age> {
    match bound {
        Some(Bound::Age(age)) => Some(age),
        Some(Bound::Number(_)) | None => None,
    }
}

/// The numbers of a band: from the first until the second.
fn numbers(question: &Question, option: &QuestionOption) -> (i64, i64) {
    let number = |bound: &Option<Bound>| match bound {
        Some(Bound::Number(number)) => Some(*number),
        Some(Bound::Age(_)) | None => None,
    };
    let last = question.max.unwrap_or(i64::MAX - 1);
    (
        number(&option.from).or(question.min).unwrap_or(i64::MIN),
        number(&option.until).unwrap_or(last.saturating_add(1)),
    )
}

fn axes<'m>(old: &'m Matter, new: &'m Matter) -> Vec<Axis<'m>> {
    // Cut by both, a question's answers must fit one mask; where they do not, it counts as two.
    let fits = |a: &Question, b: &Question| a.options.len() + b.options.len() < 126;
    let same = |a: &Question, b: &Question| a.id == b.id && a.kind == b.kind && fits(a, b);
    let mut pairs: Vec<(Option<&Question>, Option<&Question>)> = new
        .questions
        .iter()
        .map(|n| (old.questions.iter().find(|o| same(o, n)), Some(n)))
        .collect();
    let mut at = 0;
    for question in &old.questions {
        let found = pairs.iter().position(|(o, n)| {
            o.is_some_and(|o| same(o, question)) || n.is_some_and(|n| same(n, question))
        });
        if found.is_none() {
            pairs.insert(at, (Some(question), None));
        }
        at = found.unwrap_or(at) + 1;
    }
    pairs
        .into_iter()
        .map(|(old, new)| Axis {
            old,
            new,
            atoms: atoms(old, new),
            asked: Vec::new(),
        })
        .collect()
}

fn atoms(old: Option<&Question>, new: Option<&Question>) -> Vec<Atom> {
    let Some(any) = new.or(old) else {
        return Vec::new();
    };
    match any.kind {
        QuestionKind::Choice => choices(old, new),
        QuestionKind::Number => number_atoms(old, new),
        QuestionKind::Date => age_atoms(old, new),
    }
}

fn choices(old: Option<&Question>, new: Option<&Question>) -> Vec<Atom> {
    let place = |q: Option<&Question>, id: &str| q?.options.iter().position(|o| o.id == id);
    let of = |q: Option<&Question>| -> Vec<String> {
        q.map_or(Vec::new(), |q| {
            q.options.iter().map(|o| o.id.clone()).collect()
        })
    };
    let mut ids = of(new);
    ids.extend(of(old).into_iter().filter(|id| place(new, id).is_none()));
    ids.iter()
        .map(|id| Atom {
            old: place(old, id),
            new: place(new, id),
            value: Value::Choice,
        })
        .collect()
}

fn number_atoms(old: Option<&Question>, new: Option<&Question>) -> Vec<Atom> {
    let bands = |q: Option<&Question>| -> Vec<(i64, i64)> {
        q.map_or(Vec::new(), |q| {
            q.options.iter().map(|o| numbers(q, o)).collect()
        })
    };
    let (old, new) = (bands(old), bands(new));
    let mut cuts: Vec<i64> = old.iter().chain(&new).flat_map(|(a, b)| [*a, *b]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let holding = |bands: &[(i64, i64)], start: i64| {
        bands.iter().position(|(a, b)| (*a..*b).contains(&start))
    };
    cuts.windows(2)
        .map(|pair| Atom {
            old: holding(&old, pair[0]),
            new: holding(&new, pair[0]),
            value: Value::Numbers(pair[0], pair[1]),
        })
        .filter(|atom| atom.old.is_some() || atom.new.is_some())
        .collect()
}

fn age_atoms(old: Option<&Question>, new: Option<&Question>) -> Vec<Atom> {
    let options = |q: Option<&'_ Question>| -> Vec<QuestionOption> {
        q.map_or(Vec::new(), |q| q.options.clone())
    };
    let (old, new) = (options(old), options(new));
    let mut cuts: Vec<Age> = old
        .iter()
        .chain(&new)
        .filter_map(|o| age(&o.from).cloned())
        .collect();
    // Months and days compare on a calendar only; any one day of birth gives them an order.
    let reached = |age: &Age| age.reached(jiff::civil::date(2001, 2, 1));
    cuts.sort_by_key(reached);
    cuts.dedup_by(|a, b| reached(a) == reached(b));
    // The last band that has begun.
    let holding = |options: &[QuestionOption], start: Option<&Age>| {
        options.iter().rposition(|o| match (age(&o.from), start) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(from), Some(start)) => reached(from) <= reached(start),
        })
    };
    (0..=cuts.len())
        .map(|n| {
            let from = n.checked_sub(1).map(|at| cuts[at].clone());
            Atom {
                old: holding(&old, from.as_ref()),
                new: holding(&new, from.as_ref()),
                value: Value::Ages(from, cuts.get(n).cloned()),
            }
        })
        .collect()
}

impl<'a> Side<'a> {
    fn new<'m>(
        matter: &'a Matter,
        axes: &[Axis<'m>],
        question: impl Fn(&Axis<'m>) -> Option<&'m Question>,
        option: impl Fn(&Atom) -> Option<usize>,
    ) -> Side<'a> {
        let mut side = Side {
            matter,
            full: Region(axes.iter().map(|a| low_bits(a.atoms.len())).collect()),
            question: Vec::new(),
            atoms: Vec::new(),
            foreign: Vec::new(),
            reached: Vec::new(),
        };
        for axis in axes {
            let mine = question(axis);
            let masks = mine.map_or(Vec::new(), |q| {
                let of = |o: usize| {
                    let held = axis.atoms.iter().enumerate();
                    held.filter(|(_, atom)| option(atom) == Some(o))
                        .fold(0, |mask, (a, _)| mask | 1 << a)
                };
                (0..q.options.len()).map(of).collect()
            });
            let all: u128 = masks.iter().fold(0, |a, b| a | b);
            side.foreign.push(match mine {
                Some(_) => low_bits(axis.atoms.len()) & !all,
                None => 0,
            });
            side.atoms.push(masks);
            let place = |q: &Question| matter.questions.iter().position(|m| m.id == q.id);
            side.question.push(mine.and_then(place));
        }
        side.reached = (0..axes.len()).map(|axis| side.reaching(axis)).collect();
        side
    }

    /// A cube on the grid, by this side's own options.
    fn plain(&self, cube: &Cube) -> Region {
        let mask = |axis: usize| match self.question[axis] {
            None => self.full.atoms(axis),
            Some(q) => self.atoms[axis]
                .iter()
                .enumerate()
                .filter(|(o, _)| cube.options(q) & crate::plan::bit(*o) != 0)
                .fold(0, |mask, (_, atoms)| mask | atoms),
        };
        Region((0..self.question.len()).map(mask).collect())
    }

    /// For which answers the condition of an axis's question holds.
    fn asked(&self, axis: usize) -> Option<Region> {
        let cube = self.matter.plan.asked[self.question[axis]?].as_ref()?;
        Some(self.wide(cube, usize::MAX))
    }

    /// A cube on the grid. An axis that it leaves open, or whose question comes at a place or
    /// later, has whatever either questionnaire has there.
    fn wide(&self, cube: &Cube, place: usize) -> Region {
        let mut region = self.plain(cube);
        for axis in 0..self.question.len() {
            let all = self.full.atoms(axis);
            let late = self.question[axis].is_some_and(|q| q >= place);
            if late || region.atoms(axis) | self.foreign[axis] == all {
                region.0[axis] = all;
            }
        }
        region
    }

    /// The answers on whose way a question comes up: a window or situation that is still possible
    /// depends on it, and no window was reached before (see [`crate::plan::Walk`]).
    fn reaching(&self, axis: usize) -> Vec<Region> {
        let plan = &self.matter.plan;
        let Some(q) = self.question[axis].filter(|_| self.foreign[axis] != 0) else {
            return Vec::new();
        };
        let windows = || plan.windows.iter().flatten();
        let situations = self.matter.situations.iter().flat_map(|s| &s.cubes);
        let mut cells: Vec<Region> = Vec::new();
        for cube in windows().chain(situations) {
            if cube.options(q) != plan.full.options(q) {
                let cell = self.wide(cube, q);
                if !cells.contains(&cell) {
                    cells.push(cell);
                }
            }
        }
        for window in windows().filter(|w| self.last(w).is_none_or(|last| last < q)) {
            let window = self.wide(window, usize::MAX);
            cells = cells.iter().flat_map(|c| c.minus(&window)).collect();
        }
        cells
    }

    /// The last question that a cube depends on.
    fn last(&self, cube: &Cube) -> Option<usize> {
        let full = &self.matter.plan.full;
        (0..self.matter.questions.len()).rfind(|q| cube.options(*q) != full.options(*q))
    }

    /// A cube on the grid: where this side does not ask, the other's answers are possible too.
    fn regions(&self, cube: &Cube) -> Vec<Region> {
        let mut regions = vec![self.plain(cube)];
        for axis in 0..self.question.len() {
            let foreign = self.foreign[axis];
            let open = |r: &Region| r.atoms(axis) | foreign == self.full.atoms(axis);
            if foreign == 0 || !regions.iter().all(open) {
                continue;
            }
            let mut unasked = regions.clone();
            for reached in &self.reached[axis] {
                unasked = unasked.iter().flat_map(|r| r.minus(reached)).collect();
            }
            let mut asked = regions;
            for outside in &unasked {
                asked = asked.iter().flat_map(|r| r.minus(outside)).collect();
            }
            let widened = unasked
                .iter()
                .map(|r| r.with(axis, r.atoms(axis) | foreign));
            regions = asked.into_iter().chain(widened).collect();
        }
        // A band that the other side cuts away entirely leaves nothing on an axis.
        regions.retain(|r| r.0.iter().all(|atoms| *atoms != 0));
        regions
    }

    /// The windows and situations with their answers, disjoint.
    fn places(&self) -> Vec<(Place, Vec<Region>)> {
        let plan = &self.matter.plan;
        let mut windows: Vec<(usize, &Cube)> = plan
            .windows
            .iter()
            .enumerate()
            .filter_map(|(w, cube)| Some((w, cube.as_ref()?)))
            .collect();
        // A window fires as soon as its last answer is given; of several, the first in the file.
        windows.sort_by_key(|(w, cube)| (self.last(cube), *w));
        let outside = |cube: &Cube, windows: &[(usize, &Cube)]| {
            let mut left = vec![cube.clone()];
            for (_, window) in windows {
                left = left.iter().flat_map(|c| c.minus(window)).collect();
            }
            left
        };
        let regions = |cubes: Vec<Cube>| {
            cubes
                .iter()
                .flat_map(|c| self.regions(c))
                .collect::<Vec<_>>()
        };
        let served = windows
            .iter()
            .enumerate()
            .map(|(at, (w, cube))| (Place::Window(*w), regions(outside(cube, &windows[..at]))));
        let settled = self.matter.situations.iter().enumerate().map(|(s, sit)| {
            let cubes = sit.cubes.iter().flat_map(|c| outside(c, &windows));
            (Place::Situation(s), regions(cubes.collect()))
        });
        settled.chain(served).collect()
    }
}

/// All pieces: what leads somewhere in both, then what leads somewhere in one only. Every answer
/// that can be given leads somewhere, the loader saw to it: what is left over cannot be given.
fn pieces(old: &Side, new: &Side) -> Vec<Piece> {
    let (before, after) = (old.places(), new.places());
    let mut pieces = Vec::new();
    let mut put = |old: Place, new: Place, region| pieces.push(Piece { old, new, region });
    for (now, regions) in &after {
        let order = twins_first(*now, new.matter, old.matter, &before);
        for region in regions {
            let (met, rest) = cut(region, &before, &order);
            met.into_iter()
                .for_each(|(was, region)| put(was, *now, region));
            rest.into_iter()
                .for_each(|region| put(Place::Impossible, *now, region));
        }
    }
    for (was, regions) in &before {
        let order = twins_first(*was, old.matter, new.matter, &after);
        for region in regions {
            let (_, rest) = cut(region, &after, &order);
            rest.into_iter()
                .for_each(|region| put(*was, Place::Impossible, region));
        }
    }
    pieces
}

/// The numbers of the other side's places, the one of the same id first: in most cases it is
/// all that a region meets.
fn twins_first(
    place: Place,
    mine: &Matter,
    other: &Matter,
    places: &[(Place, Vec<Region>)],
) -> Vec<usize> {
    let twin = match place {
        Place::Situation(s) => {
            let id = &mine.situations[s].id;
            let found = other.situations.iter().position(|o| o.id == *id);
            found.map(Place::Situation)
        }
        Place::Window(w) => {
            let id = &mine.windows[w].id;
            let found = other.windows.iter().position(|o| o.id == *id);
            found.map(Place::Window)
        }
        Place::Impossible => None,
    };
    let first = places.iter().position(|(p, _)| Some(*p) == twin);
    first
        .into_iter()
        .chain((0..places.len()).filter(|p| Some(*p) != first))
        .collect()
}

/// What a region has in common with each place, and the rest.
fn cut(
    region: &Region,
    places: &[(Place, Vec<Region>)],
    order: &[usize],
) -> (Vec<(Place, Region)>, Vec<Region>) {
    let mut rest = vec![region.clone()];
    let mut met = Vec::new();
    for (place, regions) in order.iter().map(|p| &places[*p]) {
        for other in regions {
            if rest.is_empty() {
                return (met, rest);
            }
            if let Some(both) = region.meet(other) {
                met.push((*place, both));
                rest = rest.iter().flat_map(|r| r.minus(other)).collect();
            }
        }
    }
    (met, rest)
}

fn low_bits(count: usize) -> u128 {
    match count {
        0 => 0,
        1..128 => (1 << count) - 1,
        _ => u128::MAX,
    }
}

/// For each axis the first atom of a region: an answer to every question.
pub fn first_atoms(region: &Region) -> Vec<usize> {
    region
        .0
        .iter()
        .map(|atoms| atoms.trailing_zeros() as usize)
        .collect()
}

/// The questions of one side that are asked on the way, when the answers are given by atoms:
/// axis numbers in the order asked.
pub fn asked_axes<'m>(
    matter: &Matter,
    axes: &[Axis<'m>],
    atoms: &[usize],
    question: impl Fn(&Axis<'m>) -> Option<&'m Question>,
    option: impl Fn(&Atom) -> Option<usize>,
) -> Vec<usize> {
    let mine: BTreeMap<&str, usize> = axes
        .iter()
        .enumerate()
        .filter_map(|(a, axis)| Some((question(axis)?.id.as_str(), a)))
        .collect();
    let mut walk = matter.plan.walk();
    let mut asked = Vec::new();
    while let Some(q) = walk.question() {
        let Some(axis) = mine.get(matter.questions[q].id.as_str()) else {
            break;
        };
        let Some(option) = axes[*axis].atoms.get(atoms[*axis]).and_then(&option) else {
            // This side has no such answer: the walk ends here.
            asked.push(*axis);
            break;
        };
        walk.answer(option);
        asked.push(*axis);
    }
    asked
}
