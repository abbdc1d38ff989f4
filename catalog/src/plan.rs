//! A questionnaire compiled into boxes of option bit masks, so that one answer costs microseconds
//! and so that coverage can be decided by counting.
//!
//! Every question contributes one dimension, its options; a question that is not asked counts as
//! "any". For that to be exact, every condition is closed: whoever wants `r = x` also wants what
//! makes `r` be asked.

use crate::file::SituationFile;
use crate::model::{Condition, Question, Text};

/// So many situations may one matter have.
pub const MAX_SITUATIONS: usize = 5000;

/// So many options may one question have: one bit each.
pub const MAX_OPTIONS: usize = 64;

/// Windows do not cut a situation much finer.
const MAX_PIECES: usize = 64;

/// So many answers are tried to know how many questions are left.
const MAX_STEPS: usize = 400;

/// So many words of bits are looked at for the same.
const MAX_WORK: usize = 8000;

/// For each question the set of options allowed. Never empty in any question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cube(pub(crate) Box<[u64]>);

/// A questionnaire ready to be walked.
#[derive(Debug, Clone)]
pub struct Plan {
    /// All answers.
    pub full: Cube,
    /// For which answers each question is asked. `None`: for none.
    pub asked: Vec<Option<Cube>>,
    /// For which answers each window serves. `None`: for none.
    pub windows: Vec<Option<Cube>>,
    index: Index,
}

/// One situation of the many that a written one stands for.
#[derive(Debug, Clone)]
pub struct Expanded {
    /// Question and option for each question it is split by and that is asked.
    pub split: Vec<(usize, usize)>,
    /// For which answers, as disjoint cubes.
    pub cubes: Vec<Cube>,
}

/// Where a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// At a window, by its number.
    Window(usize),
    /// In a situation, by its number.
    Situation(usize),
    /// Nothing in the catalogue fits.
    Nothing,
}

/// A walk through the questionnaire.
#[derive(Debug, Clone)]
pub struct Walk<'p> {
    plan: &'p Plan,
    /// What the answers leave of each question: one option, or all while it was not asked.
    left: Cube,
    /// The windows and situations still possible, by cell.
    live: Bits,
    /// The first question not yet decided.
    at: usize,
    end: Option<End>,
}

/// Cells (windows, then the cubes of situations) by question and option, as sets of bits:
/// following an answer is one AND over all cells.
#[derive(Debug, Clone)]
struct Index {
    /// Which window or situation a cell belongs to.
    cells: Vec<End>,
    /// For each question the cells that do not take every option.
    choosy: Vec<Bits>,
    /// For each question and option the cells that take the option.
    taking: Vec<Vec<Bits>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Bits(Box<[u64]>);

/// How far a walk is: what comes depends on nothing else. Whether a question is asked and whether a
/// window serves is seen from what is still possible, because conditions are closed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Progress {
    at: usize,
    live: Bits,
}

impl Cube {
    fn full(questions: &[Question]) -> Cube {
        let all = |q: &Question| u64::MAX >> (MAX_OPTIONS - q.options.len().clamp(1, MAX_OPTIONS));
        Cube(questions.iter().map(all).collect())
    }

    /// The options allowed for one question.
    pub fn options(&self, question: usize) -> u64 {
        self.0[question]
    }

    /// What both allow.
    pub fn meet(&self, other: &Cube) -> Option<Cube> {
        let both: Box<[u64]> = self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect();
        both.iter().all(|m| *m != 0).then_some(Cube(both))
    }

    /// Whether something is allowed by both.
    pub fn meets(&self, other: &Cube) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a & b != 0)
    }

    /// Whether the other allows all that this does.
    pub fn within(&self, other: &Cube) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a & !b == 0)
    }

    /// The same with the questions in another order: for each place the one that stands there.
    pub fn reordered(&self, order: &[usize]) -> Cube {
        Cube(order.iter().map(|q| self.0[*q]).collect())
    }

    /// The same, with one question narrowed to some options.
    pub fn narrow(&self, question: usize, options: u64) -> Option<Cube> {
        let mut cube = self.clone();
        cube.0[question] &= options;
        (cube.0[question] != 0).then_some(cube)
    }

    /// What this allows and the other does not, as disjoint cubes.
    pub fn minus(&self, other: &Cube) -> Vec<Cube> {
        if !self.meets(other) {
            return vec![self.clone()];
        }
        let mut rest = self.clone();
        let mut pieces = Vec::new();
        for q in 0..self.0.len() {
            let outside = rest.0[q] & !other.0[q];
            if outside != 0 {
                let mut piece = rest.clone();
                piece.0[q] = outside;
                pieces.push(piece);
                rest.0[q] &= other.0[q];
            }
        }
        pieces
    }
}

impl Plan {
    /// Compiles the questions, each of which may depend on earlier ones only, and the windows.
    /// Situations are added by [`Plan::index`].
    pub fn new(questions: &[Question], windows: &[&Condition]) -> Plan {
        let mut plan = Plan {
            full: Cube::full(questions),
            asked: Vec::new(),
            windows: Vec::new(),
            index: Index {
                cells: Vec::new(),
                choosy: Vec::new(),
                taking: Vec::new(),
            },
        };
        for question in questions {
            let asked = plan.close(questions, &question.when);
            plan.asked.push(asked);
        }
        for when in windows {
            let window = plan.close(questions, when);
            plan.windows.push(window);
        }
        plan
    }

    /// The answers for which a condition holds. `None`: it never does. Questions and options
    /// that do not exist, or that are not compiled yet, never hold.
    pub fn close(&self, questions: &[Question], when: &Condition) -> Option<Cube> {
        let mut cube = self.full.clone();
        for (id, options) in when {
            let q = questions.iter().position(|q| q.id == *id)?;
            let mut mask = 0;
            for option in options {
                mask |= bit(questions[q].options.iter().position(|o| o.id == *option)?);
            }
            cube = cube.meet(self.asked.get(q)?.as_ref()?)?.narrow(q, mask)?;
        }
        Some(cube)
    }

    /// The part of a cube that no window serves. Cut into too many pieces, it keeps what the
    /// remaining windows serve: checks then ask for more than they need to, never for less.
    pub fn outside_windows(&self, cube: &Cube) -> Vec<Cube> {
        self.outside(cube, self.windows.iter().flatten())
    }

    /// The same for some of the windows.
    pub fn outside<'c>(&self, cube: &Cube, windows: impl Iterator<Item = &'c Cube>) -> Vec<Cube> {
        let mut pieces = vec![cube.clone()];
        for window in windows {
            if pieces.len() > MAX_PIECES {
                break;
            }
            pieces = pieces.iter().flat_map(|p| p.minus(window)).collect();
        }
        pieces
    }

    /// The situations that a written one stands for. A combination in which a question is not
    /// asked leaves its option out; one that windows serve entirely, or that cannot occur, is no
    /// situation. `None`: there are too many.
    pub fn expand(
        &self,
        questions: &[Question],
        situation: &SituationFile,
    ) -> Option<Vec<Expanded>> {
        let mut parts: Vec<Expanded> = Vec::new();
        if let Some(cube) = self.close(questions, &situation.when) {
            self.keep(Vec::new(), vec![cube], &mut parts);
        }
        for id in &situation.split {
            let Some(q) = questions.iter().position(|q| q.id == *id) else {
                continue;
            };
            let mut next = Vec::new();
            for part in parts {
                for o in 0..questions[q].options.len() {
                    let cubes = part
                        .cubes
                        .iter()
                        .filter_map(|cube| cube.meet(self.asked[q].as_ref()?)?.narrow(q, bit(o)));
                    let mut split = part.split.clone();
                    split.push((q, o));
                    self.keep(split, cubes.collect(), &mut next);
                }
                let unasked = part.cubes.iter().flat_map(|cube| match &self.asked[q] {
                    Some(asked) => cube.minus(asked),
                    None => vec![cube.clone()],
                });
                self.keep(part.split.clone(), unasked.collect(), &mut next);
                if next.len() > MAX_SITUATIONS {
                    return None;
                }
            }
            parts = next;
        }
        Some(parts)
    }

    fn keep(&self, split: Vec<(usize, usize)>, cubes: Vec<Cube>, into: &mut Vec<Expanded>) {
        if cubes.iter().any(|c| !self.outside_windows(c).is_empty()) {
            into.push(Expanded { split, cubes });
        }
    }

    /// Makes the plan ready for walks, with the situations in order.
    pub fn index<'a>(&mut self, situations: impl Iterator<Item = &'a [Cube]>) {
        let mut cells: Vec<(&Cube, End)> = Vec::new();
        for (w, window) in self.windows.iter().enumerate() {
            cells.extend(window.iter().map(|cube| (cube, End::Window(w))));
        }
        for (s, cubes) in situations.enumerate() {
            cells.extend(cubes.iter().map(|cube| (cube, End::Situation(s))));
        }
        let where_ = |keep: &dyn Fn(&Cube) -> bool| {
            let mut bits = Bits::none(cells.len());
            for (c, (cube, _)) in cells.iter().enumerate() {
                if keep(cube) {
                    bits.set(c);
                }
            }
            bits
        };
        let questions = 0..self.full.0.len();
        self.index = Index {
            choosy: questions
                .clone()
                .map(|q| where_(&|cube| cube.0[q] != self.full.0[q]))
                .collect(),
            taking: questions
                .map(|q| {
                    (0..self.full.0[q].count_ones() as usize)
                        .map(|o| where_(&|cube| cube.0[q] & bit(o) != 0))
                        .collect()
                })
                .collect(),
            cells: cells.iter().map(|(_, end)| *end).collect(),
        };
    }

    /// The same with the questions in another order: for each place the one that stands there.
    pub fn reordered(&self, order: &[usize]) -> Plan {
        let cube = |cube: &Option<Cube>| cube.as_ref().map(|cube| cube.reordered(order));
        let index = &self.index;
        Plan {
            full: self.full.reordered(order),
            asked: order.iter().map(|q| cube(&self.asked[*q])).collect(),
            windows: self.windows.iter().map(cube).collect(),
            index: Index {
                cells: index.cells.clone(),
                choosy: order.iter().map(|q| index.choosy[*q].clone()).collect(),
                taking: order.iter().map(|q| index.taking[*q].clone()).collect(),
            },
        }
    }

    /// Starts a walk.
    pub fn walk(&self) -> Walk<'_> {
        let mut walk = self.start();
        walk.settle();
        walk
    }

    /// Starts a walk that takes the questions in whatever order, by [`Walk::answer_out_of_turn`].
    pub fn start(&self) -> Walk<'_> {
        let mut live = Bits::none(self.index.cells.len());
        for c in 0..self.index.cells.len() {
            live.set(c);
        }
        Walk {
            plan: self,
            left: self.full.clone(),
            live,
            at: 0,
            end: None,
        }
    }
}

impl Walk<'_> {
    /// The question to ask now; `None` when the walk is over.
    pub fn question(&self) -> Option<usize> {
        self.end.is_none().then_some(self.at)
    }

    /// How many options the question has that is to be asked now; 0 when the walk is over.
    pub fn options(&self) -> usize {
        self.question()
            .map_or(0, |q| self.plan.index.taking[q].len())
    }

    /// How many options a question has.
    pub fn options_of(&self, question: usize) -> usize {
        self.plan.index.taking[question].len()
    }

    /// How far the walk is.
    pub fn progress(&self) -> Progress {
        Progress {
            at: self.at,
            live: self.live.clone(),
        }
    }

    /// Where the walk ended.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// The windows and situations that the answers so far leave possible, each once.
    pub fn possible(&self) -> Vec<End> {
        match self.end {
            Some(end) => vec![end],
            None => {
                let mut ends: Vec<End> =
                    self.live.all().map(|c| self.plan.index.cells[c]).collect();
                // The cells of one situation stand together.
                ends.dedup();
                ends
            }
        }
    }

    /// Answers the question to be asked now.
    pub fn answer(&mut self, option: usize) {
        if self.end.is_none() {
            self.left.0[self.at] = bit(option);
            self.live.keep(&self.plan.index.taking[self.at][option]);
            self.at += 1;
            self.settle();
        }
    }

    /// The walk after a question was answered, whichever stands at its place. `None`: a window
    /// serves.
    pub fn answer_out_of_turn(&self, question: usize, option: usize) -> Option<Self> {
        let mut next = self.clone();
        next.left.0[question] = bit(option);
        next.live.keep(&next.plan.index.taking[question][option]);
        next.window().is_none().then_some(next)
    }

    /// Whether a question may still be asked.
    pub fn may_ask(&self, question: usize) -> bool {
        self.end.is_none()
            && question >= self.at
            && self.live.meets(&self.plan.index.choosy[question])
            && self.plan.asked[question]
                .as_ref()
                .is_some_and(|asked| asked.meets(&self.left))
    }

    /// How many questions are left at most, the present one included. Exact where few walks are
    /// left. Otherwise it looks one answer ahead, so that questions which exclude each other at
    /// the next answer are not added up. Each answer makes it smaller: the walks left after an
    /// answer are among those before it, and the exact number is never above the other.
    pub fn at_most_left(&self) -> usize {
        // The work of one step grows with the questionnaire; the whole stays in microseconds.
        let per_step = (self.plan.full.0.len() * self.live.0.len()).max(1);
        let mut steps = MAX_STEPS.min(MAX_WORK / per_step);
        self.longest(&mut steps).unwrap_or_else(|| self.ahead())
    }

    /// The length of the longest walk from here; `None`: it takes too many steps to know.
    fn longest(&self, steps: &mut usize) -> Option<usize> {
        if self.end.is_some() {
            return Some(0);
        }
        let mut longest = 0;
        for option in 0..self.plan.index.taking[self.at].len() {
            *steps = steps.checked_sub(1)?;
            let mut next = self.clone();
            next.answer(option);
            longest = longest.max(next.longest(steps)?);
        }
        Some(1 + longest)
    }

    fn ahead(&self) -> usize {
        let after = |option| {
            let mut next = self.clone();
            next.answer(option);
            (next.at..self.plan.full.0.len())
                .filter(|q| next.may_ask(*q))
                .count()
        };
        let options = 0..self.plan.index.taking[self.at].len();
        1 + options.map(after).max().unwrap_or(0)
    }

    /// The first window that serves whatever else is answered.
    fn window(&self) -> Option<usize> {
        let mut windows = self.plan.windows.iter().map(Option::as_ref);
        windows.position(|window| window.is_some_and(|window| self.left.within(window)))
    }

    /// Goes on to the next question that must be asked, or ends.
    fn settle(&mut self) {
        self.end = self.window().map(End::Window);
        if self.end.is_some() {
            return;
        }
        let first = self.live.first().map(|c| self.plan.index.cells[c]);
        let Some(first) = first else {
            self.end = Some(End::Nothing);
            return;
        };
        // Whether the question's condition holds is known by now: what it depends on was asked,
        // for whoever depends on the question also depends on that (conditions are closed).
        while self.at < self.plan.full.0.len() {
            if self.may_ask(self.at) {
                return;
            }
            self.at += 1;
        }
        self.end = Some(first);
    }
}

impl Bits {
    fn none(len: usize) -> Bits {
        Bits(vec![0; len.div_ceil(64)].into())
    }

    fn set(&mut self, at: usize) {
        self.0[at / 64] |= bit(at % 64);
    }

    fn keep(&mut self, other: &Bits) {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a &= b;
        }
    }

    fn meets(&self, other: &Bits) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }

    fn all(&self) -> impl Iterator<Item = usize> {
        let words = self.0.iter().enumerate();
        words.flat_map(|(w, word)| {
            (0..64)
                .filter(move |b| word & bit(*b) != 0)
                .map(move |b| w * 64 + b)
        })
    }

    fn first(&self) -> Option<usize> {
        let word = self.0.iter().position(|w| *w != 0)?;
        Some(word * 64 + self.0[word].trailing_zeros() as usize)
    }
}

/// The mask of one option.
pub fn bit(option: usize) -> u64 {
    1 << (option % MAX_OPTIONS)
}

/// A situation's whole sentence: its first words, then the phrases of its options.
pub fn sentence(text: &Text, questions: &[Question], split: &[(usize, usize)]) -> Text {
    let mut whole = text.clone();
    for (q, o) in split {
        if let Some(phrase) = &questions[*q].options[*o].phrase {
            whole.zh += "，";
            whole.zh += &phrase.zh;
            whole.en += ", ";
            whole.en += &phrase.en;
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cube() -> impl Strategy<Value = Cube> {
        prop::collection::vec(1u64..8, 4).prop_map(|masks| Cube(masks.into()))
    }

    /// All answers that a cube allows.
    fn answers(cube: &Cube) -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new()];
        for mask in &cube.0 {
            all = all
                .iter()
                .flat_map(|a| {
                    let taken = (0..3).filter(|o| mask & bit(*o) != 0);
                    taken.map(|o| [a.as_slice(), &[o]].concat())
                })
                .collect();
        }
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn cubes_are_sets_of_answers(a in cube(), b in cube()) {
            let (in_a, in_b) = (answers(&a), answers(&b));
            let both: Vec<_> = in_a.iter().filter(|x| in_b.contains(x)).cloned().collect();
            prop_assert_eq!(a.meets(&b), !both.is_empty());
            prop_assert_eq!(a.meet(&b).map_or(Vec::new(), |c| answers(&c)), both);
            prop_assert_eq!(a.within(&b), in_a.iter().all(|x| in_b.contains(x)));
            // What is left is disjoint and complete.
            let mut left: Vec<_> = a.minus(&b).iter().flat_map(answers).collect();
            left.sort();
            let mut expected: Vec<_> = in_a.iter().filter(|x| !in_b.contains(x)).cloned().collect();
            expected.sort();
            prop_assert_eq!(left, expected);
        }
    }
}
