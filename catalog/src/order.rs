//! The order of the questions, where the author leaves it free: the one with the fewest expected
//! questions to people, given which resources answer by themselves.
//!
//! Each option counts as equally likely. The order changes who is asked what, never the situation
//! that is found; of several windows that serve somebody, another one may be reached first.

use std::collections::{BTreeMap, HashMap};

use crate::model::{Catalog, Matter, Question};
use crate::plan::{Plan, Progress, Walk};

/// Up to so many free questions all orders are tried; of more, one is moved at a time.
const MOST_EXACT: usize = 5;

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
        if free.len() <= MOST_EXACT {
            self.try_all(&mut free.clone(), 0, &free, &mut best);
        } else {
            while self.improve(&free, &mut best) {}
        }
        (best.1.iter().enumerate().any(|(place, q)| place != *q)).then_some(best.1)
    }

    /// All orders of the free questions, from one place on.
    fn try_all(
        &mut self,
        free: &mut [usize],
        from: usize,
        places: &[usize],
        best: &mut (f64, Vec<usize>),
    ) {
        if from == free.len() {
            self.take_if_better(free, places, best);
        }
        for next in from..free.len() {
            // Those between keep their order: the author's is the first of equals.
            free[from..=next].rotate_right(1);
            self.try_all(free, from + 1, places, best);
            free[from..=next].rotate_left(1);
        }
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
        // Sums of the same numbers in another order differ a little.
        if let Some(cost) = self.cost(&order).filter(|cost| *cost < best.0 - 1e-9) {
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
