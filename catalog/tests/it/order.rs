//! The order of the questions: never more expected questions than in the author's, the least where
//! all orders can be tried, and the same situations. Expectations are counted over all answers by
//! the public interview.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use yici_catalog::{Answer, Answers, Bound, Catalog, Matter, Question, QuestionKind, State};

use crate::interview::{RandomQuestion, random};
use crate::support::{TODAY, edited, good};

/// An answer in each option of a question, by the option's place.
fn answer(question: &Question, option: usize) -> Answer {
    let option = &question.options[option];
    match question.kind {
        QuestionKind::Choice => Answer::Option(option.id.clone()),
        QuestionKind::Number => Answer::Number(match &option.from {
            Some(Bound::Number(from)) => *from,
            Some(Bound::Age(_)) | None => question.min.unwrap(),
        }),
        // The demo's bands: under a year, and older.
        QuestionKind::Date if option.from.is_none() => Answer::Date(TODAY),
        QuestionKind::Date => Answer::Date(jiff::civil::date(2020, 1, 1)),
    }
}

/// All whole sets of answers.
fn all(matter: &Matter) -> Vec<Answers> {
    let mut all = vec![Answers::new()];
    for question in &matter.questions {
        all = all
            .iter()
            .flat_map(|answers| {
                (0..question.options.len()).map(|o| {
                    let mut answers = answers.clone();
                    answers.insert(&question.id, answer(question, o));
                    answers
                })
            })
            .collect();
    }
    all
}

/// The mean number of questions to people, over all answers.
fn counted(matter: &Matter, reachable: &[&str]) -> f64 {
    let all = all(matter);
    let manual = |id: &String| {
        let resource = matter.question(id).unwrap().resource.as_ref();
        !resource.is_some_and(|r| reachable.contains(&r.id.as_str()))
    };
    let asked = all.iter().map(|answers| {
        let asked = matter.interview(answers, TODAY).asked;
        asked.iter().filter(|id| manual(id)).count()
    });
    asked.sum::<usize>() as f64 / all.len() as f64
}

/// The situation, or that a window serves.
fn end(matter: &Matter, answers: &Answers) -> Option<String> {
    match matter.interview(answers, TODAY).state {
        State::Settled { situation } => Some(matter.situations[situation].id.clone()),
        State::Window { .. } => None,
        other @ (State::Question { .. } | State::Error { .. }) => panic!("{other:?}"),
    }
}

fn ordered(matter: &Matter, reachable: &[&str]) -> Matter {
    let mut matter = matter.clone();
    matter.order_questions(|id| reachable.contains(&id));
    matter
}

fn ids(matter: &Matter) -> Vec<&str> {
    matter.questions.iter().map(|q| q.id.as_str()).collect()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

/// All orders of some things.
fn permutations(things: &[usize]) -> Vec<Vec<usize>> {
    if things.is_empty() {
        return vec![Vec::new()];
    }
    things
        .iter()
        .flat_map(|first| {
            let rest: Vec<usize> = things.iter().copied().filter(|t| t != first).collect();
            let rest = permutations(&rest).into_iter();
            rest.map(|rest| [&[*first], &rest[..]].concat())
        })
        .collect()
}

const FREE: &str =
    "free_order = [\"place\", \"born\", \"register\", \"married\", \"bills\"]\nsummary =";

#[test]
fn the_best_of_all_orders_is_found() {
    // The demo's file with its questions in every order that can be.
    let text = std::fs::read_to_string(good().join("demo.toml")).unwrap();
    let (head, rest) = text.split_once("[[question]]").unwrap();
    let (questions, tail) = rest.split_once("[[window]]").unwrap();
    let questions: Vec<&str> = questions.split("[[question]]").collect();
    let mut catalogs = Vec::new();
    for order in permutations(&[0, 1, 2, 3, 4]) {
        let place = |q: usize| order.iter().position(|o| *o == q);
        if place(2) > place(3) {
            continue;
        }
        let asked: Vec<&str> = order.iter().map(|q| questions[*q]).collect();
        let other = format!(
            "{head}[[question]]{}[[window]]{tail}",
            asked.join("[[question]]")
        );
        catalogs.push(edited(&[("demo.toml", &text, &other)]).unwrap());
    }
    assert_eq!(catalogs.len(), 60);
    let author = edited(&[("demo.toml", "summary =", FREE)]).unwrap();
    for reachable in [
        &[][..],
        &["register.birth"],
        &["card.local"],
        &["register.birth", "card.local"],
    ] {
        let costs = catalogs.iter().map(|c| counted(&c.matters[0], reachable));
        let least = costs.fold(f64::INFINITY, f64::min);
        let best = ordered(&author.matters[0], reachable);
        assert!(
            close(counted(&best, reachable), least),
            "{reachable:?}: {:?}",
            ids(&best)
        );
        let told = best
            .expected_questions(|id| reachable.contains(&id))
            .unwrap();
        assert!(close(told, least), "{told} {least}");
    }
    // Worst first: then it has something to do.
    for catalog in catalogs.into_iter().step_by(7) {
        let mut matter = catalog.matters[0].clone();
        let before = counted(&matter, &[]);
        matter.free_order = matter.questions.iter().map(|q| q.id.clone()).collect();
        let after = ordered(&matter, &[]);
        assert!(counted(&after, &[]) <= before + 1e-9);
    }
}

#[test]
fn what_is_not_free_keeps_its_place() {
    let matter = &edited(&[]).unwrap().matters[0];
    assert_eq!(ids(&ordered(matter, &["card.local"])), ids(matter));
    let mut matter = matter.clone();
    matter.free_order = vec!["place".to_owned(), "register".to_owned()];
    let mut catalog = edited(&[]).unwrap();
    catalog.matters[0] = matter;
    // A resource answers, so that it costs nobody anything to know at once.
    catalog.order_questions(|id| id == "card.local");
    let order = ids(&catalog.matters[0]);
    assert_eq!((order[1], order[3], order[4]), ("born", "married", "bills"));
}

#[test]
fn many_free_questions_are_ordered_too() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("matters");
    let catalog = Catalog::load(&dir).unwrap();
    for id in ["newborn", "restaurant", "retirement"] {
        let matter = catalog.matter(id).unwrap();
        let mut free = matter.clone();
        free.free_order = free.questions.iter().map(|q| q.id.clone()).collect();
        let card = |id: &str| id.starts_with("card.");
        let before = matter.expected_questions(card).unwrap();
        let start = std::time::Instant::now();
        free.order_questions(card);
        let took = start.elapsed();
        let after = free.expected_questions(card).unwrap();
        println!(
            "{id}: {before:.3} to {after:.3} questions, in {took:?}: {:?}",
            ids(&free)
        );
        assert!(after <= before + 1e-9);
        let mut seen = BTreeSet::new();
        for question in &free.questions {
            assert!(
                question
                    .when
                    .keys()
                    .all(|named| seen.contains(named.as_str()))
            );
            seen.insert(question.id.as_str());
        }
        assert_eq!(seen.len(), matter.questions.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fewer_questions_and_the_same_situations(
        questions in prop::collection::vec((2usize..4, prop::option::of((0usize..8, any::<u8>()))), 1..7),
        split: u8,
        window in (0usize..8, 0usize..8),
        free: u8,
    ) {
        let questions: Vec<RandomQuestion> = questions;
        let matter = random(&questions, split, window);
        prop_assume!(matter.is_some());
        let mut matter = matter.unwrap();
        let is_free = |q: &usize| free >> q & 1 == 1;
        matter.free_order = (0..questions.len()).filter(is_free).map(|q| format!("q{q}")).collect();
        let told = matter.expected_questions(|_| false);
        let before = counted(&matter, &[]);
        prop_assert!(told.is_some_and(|told| close(told, before)), "{:?} {}", told, before);
        let best = ordered(&matter, &[]);
        let after = counted(&best, &[]);
        prop_assert!(after <= before + 1e-9, "{after} {before}");
        for answers in all(&matter) {
            prop_assert_eq!(end(&best, &answers), end(&matter, &answers));
        }
        for (place, question) in matter.questions.iter().enumerate() {
            if !matter.free_order.contains(&question.id) {
                prop_assert_eq!(&best.questions[place].id, &question.id);
            }
        }
    }
}
