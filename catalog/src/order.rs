//! The order of the questions, where the author leaves it free: the one with the fewest expected
//! questions to people, given which resources answer by themselves.
//!
//! Each option counts as equally likely. The order changes who is asked what, never the situation
//! that is found; of several windows that serve somebody, another one may be reached first.
//!
//! Whether a question is asked depends on which questions came before it, not on their order: one that
//! was left out then narrows nothing now. So the best order of a set of questions goes on from the best
//! orders of the sets with one question less, and no order need be tried by itself.

use std::collections::btree_map::{BTreeMap, Entry};
use std::collections::hash_map::{self, HashMap};

use crate::model::{Catalog, Matter, Question};
use crate::plan::{Plan, Progress, Walk, bit};

/// Up to so many free questions the best order is found; of more, one is moved at a time. The work
/// doubles with each.
const MOST_EXACT: usize = 12;

/// So many states are looked at for one matter at most; then the best order so far is taken.
const MOST_STATES: usize = 2_000_000;

impl Catalog {
    /// Puts the questions of every matter into the order that asks people least when these
    /// resources can be reached.
    pub fn order_questions(&mut self, reachable: impl Fn(&str) -> bool) {
        for matter in &mut self.matters {
            matter.order_questions(&reachable);
        }
    }
}

impl Matter {
    /// Puts those questions that `free_order` names into the order that asks people least when
    /// these resources can be reached. They take each other's places; the others keep theirs, and
    /// each comes after those that its condition names.
    pub fn order_questions(&mut self, reachable: impl Fn(&str) -> bool) {
        let is_manual = |question: &Question| {
            let resource = question.resource.as_ref();
            !resource.is_some_and(|resource| reachable(&resource.id))
        };
        let mut orders = Orders {
            matter: self,
            manual: self.questions.iter().map(is_manual).collect(),
            left: MOST_STATES,
        };
        if let Some(order) = orders.best() {
            self.reorder(&order);
        }
    }

    /// How many questions people are expected to answer when these resources can be reached.
    /// `None`: it takes too long to know.
    pub fn expected_questions(&self, reachable: impl Fn(&str) -> bool) -> Option<f64> {
        let questions = self.questions.iter();
        let manual: Vec<bool> = questions
            .map(|q| !q.resource.as_ref().is_some_and(|r| reachable(&r.id)))
            .collect();
        expected(&self.plan, &manual, &mut MOST_STATES.clone())
    }

    fn reorder(&mut self, order: &[usize]) {
        self.plan = self.plan.reordered(order);
        for situation in &mut self.situations {
            for cube in &mut situation.cubes {
                *cube = cube.reordered(order);
            }
        }
        self.questions = order.iter().map(|q| self.questions[*q].clone()).collect();
    }
}

/// Sums of the same numbers in another order differ a little.
const ROUNDING: f64 = 1e-9;

/// The first questions of an order.
struct Begun<'p> {
    /// How many of them people are expected to be asked.
    cost: f64,
    /// The questions, in order.
    order: Vec<usize>,
    /// Where people stand who are not done, and which share of all they are.
    walks: Vec<(Walk<'p>, f64)>,
}

/// Where people stand after one more question. `None`: no states are left to look at.
fn answered<'p>(
    question: usize,
    walks: &[(Walk<'p>, f64)],
    left: &mut usize,
) -> Option<Vec<(Walk<'p>, f64)>> {
    let mut after: Vec<(Walk, f64)> = Vec::new();
    let mut places: HashMap<Progress, usize> = HashMap::new();
    let mut add = |walk: Walk<'p>, share: f64| match places.entry(walk.progress()) {
        hash_map::Entry::Occupied(place) => after[*place.get()].1 += share,
        hash_map::Entry::Vacant(place) => {
            place.insert(after.len());
            after.push((walk, share));
        }
    };
    for (walk, share) in walks {
        *left = left.checked_sub(1)?;
        if !walk.may_ask(question) {
            add(walk.clone(), *share);
            continue;
        }
        let options = walk.options_of(question);
        for option in 0..options {
            if let Some(next) = walk.answer_out_of_turn(question, option) {
                add(next, share / options as f64);
            }
        }
    }
    Some(after)
}

/// The orders of a matter's questions: for each place the question that stands there.
struct Orders<'m> {
    matter: &'m Matter,
    /// For each question whether people answer it.
    manual: Vec<bool>,
    left: usize,
}

impl Orders<'_> {
    /// The best order, if it is better than the author's.
    fn best(&mut self) -> Option<Vec<usize>> {
        let questions = &self.matter.questions;
        let is_free = |q: &usize| self.matter.free_order.contains(&questions[*q].id);
        let free: Vec<usize> = (0..questions.len()).filter(is_free).collect();
        let author: Vec<usize> = (0..questions.len()).collect();
        let mut best = (self.cost(&author)?, author);
        let exact = (free.len() <= MOST_EXACT).then(|| self.exact(&free));
        match exact.flatten() {
            Some((cost, order)) if cost < best.0 - ROUNDING => best = (cost, order),
            Some(_) => {}
            None => while self.improve(&free, &mut best) {},
        }
        (best.1.iter().enumerate().any(|(place, q)| place != *q)).then_some(best.1)
    }

    /// The best of all orders, with what it costs. `None`: it takes too many states.
    fn exact(&mut self, free: &[usize]) -> Option<(f64, Vec<usize>)> {
        let matter = self.matter;
        // By the free questions, one bit each, that stand at the places so far.
        let mut sets = BTreeMap::from([(
            0u64,
            Begun {
                cost: 0.0,
                order: Vec::new(),
                walks: vec![(matter.plan.start(), 1.0)],
            },
        )]);
        for place in 0..matter.questions.len() {
            let mut longer: BTreeMap<u64, Begun> = BTreeMap::new();
            for (set, begun) in &sets {
                let next: Vec<(usize, u64)> = match free.contains(&place) {
                    true => free.iter().enumerate().map(|(f, q)| (*q, bit(f))).collect(),
                    false => vec![(place, 0)],
                };
                for (question, mark) in next {
                    if set & mark != 0 || !self.may_follow(question, &begun.order) {
                        continue;
                    }
                    let cost = begun.cost + self.asked(question, &begun.walks);
                    match longer.entry(set | mark) {
                        Entry::Vacant(entry) => {
                            let walks = answered(question, &begun.walks, &mut self.left)?;
                            let order = [begun.order.as_slice(), &[question]].concat();
                            entry.insert(Begun { cost, order, walks });
                        }
                        Entry::Occupied(mut entry) => {
                            let known = entry.get_mut();
                            if cost < known.cost - ROUNDING {
                                known.cost = cost;
                                known.order = [begun.order.as_slice(), &[question]].concat();
                            }
                        }
                    }
                }
            }
            sets = longer;
        }
        let (_, whole) = sets.pop_first()?;
        Some((whole.cost, whole.order))
    }

    /// Whether all questions that a question's condition names stand before it.
    fn may_follow(&self, question: usize, before: &[usize]) -> bool {
        let questions = &self.matter.questions;
        let mut named = questions[question].when.keys();
        named.all(|id| before.iter().any(|q| questions[*q].id == *id))
    }

    /// How likely a question is asked of people next.
    fn asked(&self, question: usize, walks: &[(Walk, f64)]) -> f64 {
        let asking = walks.iter().filter(|(walk, _)| walk.may_ask(question));
        let share: f64 = asking.map(|(_, share)| share).sum();
        if self.manual[question] { share } else { 0.0 }
    }

    /// The best order that differs by the place of one free question. Whether it is better.
    fn improve(&mut self, places: &[usize], best: &mut (f64, Vec<usize>)) -> bool {
        let before = best.0;
        let now: Vec<usize> = places.iter().map(|place| best.1[*place]).collect();
        for from in 0..now.len() {
            for to in (0..now.len()).filter(|to| *to != from) {
                let mut free = now.clone();
                let moved = free.remove(from);
                free.insert(to, moved);
                self.take_if_better(&free, places, best);
            }
        }
        best.0 < before
    }

    fn take_if_better(&mut self, free: &[usize], places: &[usize], best: &mut (f64, Vec<usize>)) {
        let mut order: Vec<usize> = (0..self.matter.questions.len()).collect();
        for (place, q) in places.iter().zip(free) {
            order[*place] = *q;
        }
        if !self.is_possible(&order) {
            return;
        }
        if let Some(cost) = self.cost(&order).filter(|cost| *cost < best.0 - ROUNDING) {
            *best = (cost, order);
        }
    }

    /// Whether each question comes after those that its condition names.
    fn is_possible(&self, order: &[usize]) -> bool {
        let questions = &self.matter.questions;
        let places: BTreeMap<&str, usize> = order
            .iter()
            .enumerate()
            .map(|(place, q)| (questions[*q].id.as_str(), place))
            .collect();
        let comes_after =
            |place: usize, named: &String| places.get(named.as_str()).is_some_and(|p| *p < place);
        let mut all = order.iter().enumerate();
        all.all(|(place, q)| {
            questions[*q]
                .when
                .keys()
                .all(|named| comes_after(place, named))
        })
    }

    fn cost(&mut self, order: &[usize]) -> Option<f64> {
        let manual: Vec<bool> = order.iter().map(|q| self.manual[*q]).collect();
        expected(&self.matter.plan.reordered(order), &manual, &mut self.left)
    }
}

/// The expected number of manual questions. `None`: no states are left to look at.
fn expected(plan: &Plan, manual: &[bool], left: &mut usize) -> Option<f64> {
    walk_on(plan.walk(), manual, &mut HashMap::new(), left)
}

fn walk_on(
    walk: Walk,
    manual: &[bool],
    known: &mut HashMap<Progress, f64>,
    left: &mut usize,
) -> Option<f64> {
    let Some(question) = walk.question() else {
        return Some(0.0);
    };
    let progress = walk.progress();
    if let Some(known) = known.get(&progress) {
        return Some(*known);
    }
    *left = left.checked_sub(1)?;
    let options = walk.options();
    let mut sum = 0.0;
    for option in 0..options {
        let mut next = walk.clone();
        next.answer(option);
        sum += walk_on(next, manual, known, left)?;
    }
    let cost = f64::from(u8::from(manual[question])) + sum / options as f64;
    known.insert(progress, cost);
    Some(cost)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// All orders of some questions at the places of those that are free.
    fn orders(free: &[usize], from: usize, now: &mut Vec<usize>, into: &mut Vec<Vec<usize>>) {
        if from == free.len() {
            into.push(now.clone());
        }
        for next in from..free.len() {
            now.swap(free[from], free[next]);
            orders(free, from + 1, now, into);
            now.swap(free[from], free[next]);
        }
    }

    #[test]
    fn no_order_of_seven_questions_is_better_than_the_best() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("matters");
        let mut matter = Catalog::load(&dir)
            .unwrap()
            .matter("retirement")
            .unwrap()
            .clone();
        let ids: Vec<String> = matter.questions.iter().map(|q| q.id.clone()).collect();
        for free in [&[0, 1, 2, 3, 4, 5, 6][..], &[1, 3, 5, 6, 7, 9, 10]] {
            matter.free_order = free.iter().map(|q| ids[*q].clone()).collect();
            let manual = |q: &Question| q.resource.is_none();
            let mut search = Orders {
                matter: &matter,
                manual: matter.questions.iter().map(manual).collect(),
                left: usize::MAX,
            };
            let (cost, order) = search.exact(free).unwrap();
            assert!((search.cost(&order).unwrap() - cost).abs() < ROUNDING);
            let mut all = Vec::new();
            orders(free, 0, &mut (0..ids.len()).collect(), &mut all);
            assert_eq!(all.len(), 5040);
            let possible = all.iter().filter(|order| search.is_possible(order));
            let possible: Vec<_> = possible.cloned().collect();
            let costs = possible.iter().filter_map(|order| search.cost(order));
            let least = costs.fold(f64::INFINITY, f64::min);
            assert!((least - cost).abs() < ROUNDING, "{least} {cost}");
        }
    }
}
