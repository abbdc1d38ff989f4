//! Whether every possible set of answers falls into exactly one window or situation.
//!
//! The space of all answers is cut, question by question, until nothing in a part is open: one
//! window serves all of it, one situation applies to all of it, nothing applies (a gap), or several
//! situations do (an overlap). The cuts of a complete and unambiguous questionnaire are its proof:
//! whoever follows them sees that no answer was left out. `yici-catalog-verify` does so.
//!
//! Answers that are not given as an option are options all the same by then: a number or a date
//! lies in one of the bands, which leave nothing out; "I don't know" is the option it goes on with,
//! or it ends at the window by itself; what a resource answers is an option.

use std::collections::BTreeMap;

use crate::model::{Condition, Question};
use crate::plan::{Cube, Plan, bit};

/// So many witnesses of one kind are told at most.
const MAX_WITNESSES: usize = 10;

/// So many looks at a situation or window may a proof take: some seconds at the worst.
const MAX_WORK: usize = 20_000_000;

/// What decides where answers lead: the questions, the windows, the situations as written.
#[derive(Debug, Clone)]
pub struct Questionnaire {
    full: Cube,
    /// Windows, then situations; each with its number among its like.
    cells: Vec<(Cube, Leaf)>,
    /// How many of the cells are windows.
    windows: usize,
}

/// Where all answers of a part lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaf {
    /// To a window, by its number: of those that serve the whole part the first.
    Window(usize),
    /// Into a written situation, by its number.
    Situation(usize),
}

/// One step of a proof. A cut is followed by the proofs of its parts, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProofStep {
    /// The part is cut by the answer to a question.
    Cut {
        /// The question, by its number.
        question: usize,
        /// The options of each part, as bit masks.
        parts: Vec<u64>,
    },
    /// All of the part leads there.
    Leaf(Leaf),
}

/// What was found out about a questionnaire.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proof {
    /// The proof. Of no use unless [`Proof::holds`].
    pub steps: Vec<ProofStep>,
    /// Answers for which there is neither window nor situation; a bounded number of them.
    pub gaps: Vec<Gap>,
    /// Answers for which several situations apply, one for each pair; a bounded number of them.
    pub overlaps: Vec<Overlap>,
    /// Whether it was given up: too many parts.
    pub given_up: bool,
}

/// Answers for which there is neither window nor situation, whatever else is answered: question
/// and option by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The answers.
    pub answers: Vec<(usize, usize)>,
    /// Those of them without which there would be a situation; the others keep windows away.
    pub decisive: Vec<(usize, usize)>,
}

/// Answers for which two situations apply, whatever else is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    /// The situations, by their numbers.
    pub situations: (usize, usize),
    /// The answers.
    pub answers: Vec<(usize, usize)>,
    /// Those of them without which not both would apply; the others keep windows away.
    pub decisive: Vec<(usize, usize)>,
}

impl Proof {
    /// Whether every set of answers falls into exactly one window or situation.
    pub fn holds(&self) -> bool {
        self.gaps.is_empty() && self.overlaps.is_empty() && !self.given_up
    }
}

impl Questionnaire {
    /// Compiles questions, each of which depends on earlier ones only, and the conditions of
    /// windows and situations, in order.
    pub fn new(
        questions: &[Question],
        windows: &[&Condition],
        situations: &[&Condition],
    ) -> Questionnaire {
        Questionnaire::of(&Plan::new(questions, windows), questions, situations)
    }

    pub(crate) fn of(
        plan: &Plan,
        questions: &[Question],
        situations: &[&Condition],
    ) -> Questionnaire {
        let windows = plan.windows.iter().enumerate();
        let mut cells: Vec<(Cube, Leaf)> = windows
            .filter_map(|(w, cube)| Some((cube.clone()?, Leaf::Window(w))))
            .collect();
        let windows = cells.len();
        cells.extend(
            situations
                .iter()
                .enumerate()
                .filter_map(|(s, when)| Some((plan.close(questions, when)?, Leaf::Situation(s)))),
        );
        Questionnaire {
            full: plan.full.clone(),
            cells,
            windows,
        }
    }

    /// Proves that every set of answers falls into exactly one window or situation, or finds
    /// answers that do not.
    pub fn prove(&self) -> Proof {
        let mut proof = Proof::default();
        let mut gaps: Vec<Cube> = Vec::new();
        let mut told: Vec<(usize, usize)> = Vec::new();
        let mut work = 0;
        let mut open = vec![(self.full.clone(), (0..self.cells.len()).collect::<Vec<_>>())];
        while let Some((part, live)) = open.pop() {
            work += live.len() + 1;
            if work > MAX_WORK {
                proof.given_up = proof.gaps.is_empty() && proof.overlaps.is_empty();
                break;
            }
            let whole = |c: &usize| part.within(&self.cells[*c].0);
            let mut windows = live.iter().take_while(|c| **c < self.windows);
            let leaf = windows.find(|c| whole(c)).map(|c| self.cells[*c].1);
            if let Some(leaf) = leaf {
                proof.steps.push(ProofStep::Leaf(leaf));
            } else if live.is_empty() {
                if proof.gaps.len() < MAX_WITNESSES && !gaps.iter().any(|gap| part.within(gap)) {
                    let gap = self.gap_around(part);
                    proof.gaps.push(self.gap_in(&gap));
                    gaps.push(gap);
                }
            } else if live[0] >= self.windows
                && let Some(first) = live.iter().find(|c| whole(c))
            {
                // Nothing is left out here, and whatever else applies overlaps.
                proof.steps.push(ProofStep::Leaf(self.cells[*first].1));
                for second in live.iter().filter(|c| *c != first) {
                    let pair = (*first.min(second), *first.max(second));
                    if proof.overlaps.len() < MAX_WITNESSES && !told.contains(&pair) {
                        told.push(pair);
                        let both = part.meet(&self.cells[*second].0);
                        let overlap = both.and_then(|both| self.overlap_in(&both, pair));
                        proof.overlaps.extend(overlap);
                    }
                }
            } else {
                let (question, parts) = self.cut(&part, &live, &mut work);
                for options in parts.iter().rev() {
                    let mut next = part.clone();
                    next.0[question] = *options;
                    let takes = |c: &usize| self.cells[*c].0.options(question) & options != 0;
                    open.push((next, live.iter().copied().filter(takes).collect()));
                }
                proof.steps.push(ProofStep::Cut { question, parts });
            }
        }
        proof
    }

    /// How to cut a part in which something is open: best so that everything alive lies on one
    /// side, else by the question that leaves the fewest on several sides.
    fn cut(&self, part: &Cube, live: &[usize], work: &mut usize) -> (usize, Vec<u64>) {
        let choices = (0..part.0.len()).filter(|q| part.options(*q).count_ones() > 1);
        for question in choices.clone() {
            if let Some(parts) = self.clean(question, part.options(question), live) {
                return (question, parts);
            }
        }
        *work += live.len() * part.0.len();
        let cuts = choices.filter_map(|question| {
            let (across, parts) = self.nearly_clean(question, part.options(question), live)?;
            Some((across, question, parts))
        });
        let best = cuts.min_by_key(|(across, ..)| *across);
        // Something is open, so some question decides.
        best.map_or((0, vec![part.options(0)]), |(_, question, parts)| {
            (question, parts)
        })
    }

    /// Parts of a question's options such that nothing alive takes options of two; what nothing
    /// takes is a part of its own. `None`: there is but one part.
    fn clean(&self, question: usize, options: u64, live: &[usize]) -> Option<Vec<u64>> {
        let mut parts: Vec<u64> = Vec::new();
        for c in live {
            let mut taken = self.cells[*c].0.options(question) & options;
            parts.retain(|part| {
                let apart = part & taken == 0;
                taken |= if apart { 0 } else { *part };
                apart
            });
            if taken == options {
                return None;
            }
            parts.push(taken);
        }
        let rest = parts.iter().fold(options, |rest, part| rest & !part);
        parts.extend((rest != 0).then_some(rest));
        parts.sort_by_key(|p| p.trailing_zeros());
        (parts.len() > 1).then_some(parts)
    }

    /// The same, but for as few as may be that lie across; how many they are. `None`: all that is
    /// alive takes all options.
    fn nearly_clean(
        &self,
        question: usize,
        options: u64,
        live: &[usize],
    ) -> Option<(usize, Vec<u64>)> {
        let mut masks: BTreeMap<u64, usize> = BTreeMap::new();
        for c in live {
            *masks
                .entry(self.cells[*c].0.options(question) & options)
                .or_default() += 1;
        }
        let mut masks: Vec<(u64, usize)> = masks.into_iter().collect();
        masks.sort_by_key(|(mask, count)| (usize::MAX - count, *mask));
        let mut parts: Vec<u64> = Vec::new();
        let mut across = 0;
        for (mask, count) in masks {
            let (touched, apart): (Vec<u64>, Vec<u64>) =
                parts.iter().partition(|part| **part & mask != 0);
            let joined = touched.iter().fold(mask, |all, part| all | part);
            if joined == options {
                across += count;
            } else {
                parts = apart;
                parts.push(joined);
            }
        }
        let rest = parts.iter().fold(options, |rest, part| rest & !part);
        parts.extend((rest != 0).then_some(rest));
        parts.sort_by_key(|p| p.trailing_zeros());
        (parts.len() > 1).then_some((across, parts))
    }

    /// A greatest gap around one.
    fn gap_around(&self, mut gap: Cube) -> Cube {
        for question in (0..gap.0.len()).rev() {
            for option in 0..self.full.options(question).count_ones() as usize {
                let was = gap.0[question];
                gap.0[question] |= bit(option);
                if self.cells.iter().any(|(cell, _)| cell.meets(&gap)) {
                    gap.0[question] = was;
                }
            }
        }
        gap
    }

    fn gap_in(&self, gap: &Cube) -> Gap {
        let apart = |cells: &[(Cube, Leaf)], part: &Cube| !cells.iter().any(|(c, _)| c.meets(part));
        let wide = self.widened(self.some(gap), |part| apart(&self.cells, part));
        let answers = self.answers(&wide);
        let situations = &self.cells[self.windows..];
        let decisive = self.answers(&self.widened(wide, |part| apart(situations, part)));
        Gap { answers, decisive }
    }

    fn overlap_in(&self, part: &Cube, (first, second): (usize, usize)) -> Option<Overlap> {
        let both =
            |part: &Cube| part.within(&self.cells[first].0) && part.within(&self.cells[second].0);
        let windows = &self.cells[..self.windows];
        let served = |part: &Cube| windows.iter().any(|(window, _)| window.meets(part));
        let wide = self.widened(self.some(part), |part| both(part) && !served(part));
        let answers = self.answers(&wide);
        let decisive = self.answers(&self.widened(wide, both));
        match (self.cells[first].1, self.cells[second].1) {
            (Leaf::Situation(a), Leaf::Situation(b)) => Some(Overlap {
                situations: (a, b),
                answers,
                decisive,
            }),
            (Leaf::Window(_), _) | (_, Leaf::Window(_)) => None,
        }
    }

    /// One set of answers out of a part.
    fn some(&self, part: &Cube) -> Cube {
        let first = |options: &u64| 1 << options.trailing_zeros();
        Cube(part.0.iter().map(first).collect())
    }

    /// A part with every question opened that does not cost it a property. From the last question
    /// on: then a question that is not asked is let go before what keeps it from being asked, and
    /// no witness names it.
    fn widened(&self, mut part: Cube, still: impl Fn(&Cube) -> bool) -> Cube {
        for question in (0..part.0.len()).rev() {
            let was = part.0[question];
            part.0[question] = self.full.0[question];
            if !still(&part) {
                part.0[question] = was;
            }
        }
        part
    }

    /// What a part says on the questions that it does not leave open.
    fn answers(&self, part: &Cube) -> Vec<(usize, usize)> {
        (0..part.0.len())
            .filter(|q| part.0[*q] != self.full.0[*q])
            .map(|q| (q, part.options(q).trailing_zeros() as usize))
            .collect()
    }
}
