//! The shipped catalogue: it loads, and every way through every matter ends well.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::ToSpan;
use jiff::civil::Date;
use yici_catalog::{
    Answer, Answers, ApplicantKind, Bound, Catalog, Fact, Facts, Matter, Outcome, Question,
    QuestionKind, QuestionOption, Situation, State,
};

use crate::support::TODAY;

/// More ways than this through one matter would take the test too long.
const MAX_WAYS: usize = 200_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("matters")
}

fn shipped() -> Catalog {
    match Catalog::load(&folder()) {
        Ok(catalog) => catalog,
        Err(e) => panic!("{e}\n{}", e.render(yici_catalog::Lang::En)),
    }
}

#[test]
fn it_loads_and_has_its_matters() {
    let catalog = shipped();
    assert!(catalog.matters.len() >= 3);
    for words in ["生孩子", "饭馆", "退休"] {
        assert!(!catalog.search(words).is_empty(), "{words} finds nothing");
    }
}

/// What submitting needs of every matter: who applies, and what may be handed in later.
#[test]
fn applicants_and_deferred_materials_are_told() {
    let catalog = shipped();
    for matter in &catalog.matters {
        for kind in &matter.guide.applicants {
            let way = catalog.applicant(*kind).unwrap();
            let alone = *kind == ApplicantKind::Person;
            assert_eq!(way.proof.is_none(), alone, "{}", kind.id());
        }
    }
    // Not every matter has one: those whose credit is bad are excluded (6.5.2).
    let later = |m: &&Matter| m.materials.iter().any(|m| m.later.is_some());
    assert!(catalog.matters.iter().filter(later).count() >= 3);
}

#[test]
fn every_way_ends_and_every_situation_is_reached() {
    for matter in &shipped().matters {
        let mut reached = BTreeSet::new();
        let mut ways = 0;
        walk(
            matter,
            &mut Answers::new(),
            usize::MAX,
            &mut reached,
            &mut ways,
        );
        let missing: Vec<&str> = (0..matter.situations.len())
            .filter(|s| !reached.contains(s))
            .map(|s| matter.situations[s].id.as_str())
            .collect();
        assert!(
            missing.is_empty(),
            "{}: never reached: {missing:?}",
            matter.id
        );
        println!(
            "{}: {} situations, {ways} ways",
            matter.id,
            matter.situations.len()
        );
    }
}

fn walk(
    matter: &Matter,
    answers: &mut Answers,
    before: usize,
    reached: &mut BTreeSet<usize>,
    ways: &mut usize,
) {
    let interview = matter.interview(answers, TODAY);
    match interview.state {
        State::Question { id, at_most_left } => {
            assert!(at_most_left < before, "{}: {answers:?}", matter.id);
            let question = matter.question(&id).unwrap();
            let unsure = question.unsure.iter().map(|_| Answer::Unsure);
            let known = question.options.iter().map(|o| answer_in(question, o));
            for answer in known.chain(unsure) {
                answers.insert(&id, answer);
                walk(matter, answers, at_most_left, reached, ways);
            }
            answers.remove(&id);
        }
        State::Settled { situation } => {
            reached.insert(situation);
            *ways += 1;
        }
        State::Window { id, .. } => {
            // Only "I don't know" may lead to a window that the author did not write.
            let unsure = answers.0.values().any(|a| *a == Answer::Unsure);
            assert!(
                id.is_some() || unsure,
                "{}: nothing fits {answers:?}",
                matter.id
            );
            *ways += 1;
        }
        State::Error { question, message } => panic!("{question}: {}", message.en),
    }
    assert!(*ways <= MAX_WAYS, "{} has too many ways", matter.id);
}

/// An answer that lies in an option.
fn answer_in(question: &Question, option: &QuestionOption) -> Answer {
    match question.kind {
        QuestionKind::Choice => Answer::Option(option.id.clone()),
        QuestionKind::Number => Answer::Number(match &option.from {
            Some(Bound::Number(from)) => *from,
            Some(Bound::Age(_)) | None => question.min.unwrap(),
        }),
        QuestionKind::Date => Answer::Date(match &option.from {
            Some(Bound::Age(age)) => {
                // The youngest who has the age.
                let days = |d: i32| TODAY.checked_sub(d.days()).unwrap();
                let old_enough = |d: &i32| age.reached(days(*d)).is_some_and(|day| day <= TODAY);
                days((0..150 * 366).find(old_enough).unwrap())
            }
            Some(Bound::Number(_)) | None => TODAY,
        }),
    }
}

#[test]
fn situations_differ() {
    for matter in &shipped().matters {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for situation in &matter.situations {
            let outcome = matter.outcome(situation, &Answers::new(), &matter.all_items(situation));
            let materials: Vec<_> = outcome
                .materials
                .iter()
                .map(|m| (&m.material, m.copies))
                .collect();
            let form: Vec<_> = outcome
                .form
                .iter()
                .map(|f| (&f.field, f.required))
                .collect();
            let what = format!(
                "{:?} {materials:?} {form:?} {:?}",
                situation.items, outcome.flow
            );
            if let Some(other) = seen.insert(what, &situation.id) {
                panic!(
                    "{}: `{other}` and `{}` do not differ",
                    matter.id, situation.id
                );
            }
        }
    }
}

/// A child of parents who are not married is registered where the parent lives whom it follows.
#[test]
fn a_child_follows_a_parent_who_is_registered_here() {
    let catalog = shipped();
    let matter = catalog.matter("newborn").unwrap();
    for (register, follow, expected) in [
        ("both", "mother", None),
        ("both", "father", None),
        ("mother", "mother", None),
        ("mother", "father", Some("follows-other-father")),
        ("father", "mother", Some("follows-other-mother")),
        ("father", "father", None),
    ] {
        let answers: Answers = serde_json::from_value(serde_json::json!({
            "birthplace": "local-hospital", "certificate": "not-yet", "age": "under-one",
            "household": "family", "register": register, "married": "no", "follow": follow,
            "notice": "done", "expense": "nothing",
        }))
        .unwrap();
        match (matter.interview(&answers, TODAY).state, expected) {
            (State::Settled { situation }, None) => {
                let id = &matter.situations[situation].id;
                let wanted = format!("local-unmarried.not-yet-family-{follow}-done-nothing");
                assert_eq!(*id, wanted);
            }
            (State::Window { id, .. }, Some(window)) => assert_eq!(id.as_deref(), Some(window)),
            (other, _) => panic!("{register}, {follow}: {other:?}"),
        }
    }
}

/// The interview against the definition, read from the file itself without the crate: whole sets
/// of answers, at most one situation for each.
#[test]
fn the_definition_agrees() {
    for matter in &shipped().matters {
        let text = std::fs::read_to_string(folder().join(format!("{}.toml", matter.id))).unwrap();
        let file: toml::Table = text.parse().unwrap();
        let samples: Vec<Vec<Answer>> = matter
            .questions
            .iter()
            .map(|q| q.options.iter().map(|o| answer_in(q, o)).collect())
            .collect();
        let mut seed = 1u64;
        for _ in 0..5000 {
            let mut given: BTreeMap<&str, &str> = BTreeMap::new();
            let mut answers = Answers::new();
            for (question, samples) in matter.questions.iter().zip(&samples) {
                // xorshift: the same answers in every run.
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                let choice = (seed % question.options.len() as u64) as usize;
                let option = &question.options[choice];
                answers.insert(&question.id, samples[choice].clone());
                if question.when.iter().all(|(q, options)| {
                    given
                        .get(q.as_str())
                        .is_some_and(|o| options.iter().any(|i| i == o))
                }) {
                    given.insert(&question.id, &option.id);
                }
            }
            let windows: Vec<&str> = tables(&file, "window")
                .filter(|w| holds(w, &given))
                .map(|w| w["id"].as_str().unwrap())
                .collect();
            let situations: Vec<String> = tables(&file, "situation")
                .filter(|s| holds(s, &given))
                .map(|s| expanded_id(s, &given))
                .collect();
            match matter.interview(&answers, TODAY).state {
                State::Settled { situation } => {
                    assert!(windows.is_empty(), "{}: {given:?}", matter.id);
                    let id = matter.situations[situation].id.clone();
                    assert_eq!(situations, [id], "{}: {given:?}", matter.id);
                }
                State::Window { id: Some(id), .. } => {
                    assert!(windows.contains(&id.as_str()), "{}: {given:?}", matter.id);
                }
                other @ (State::Window { id: None, .. }
                | State::Question { .. }
                | State::Error { .. }) => {
                    panic!("{}: {other:?} for {given:?}", matter.id)
                }
            }
        }
    }
}

fn tables<'f>(file: &'f toml::Table, key: &str) -> impl Iterator<Item = &'f toml::Value> {
    file.get(key)
        .and_then(|v| v.as_array())
        .into_iter()
        .flatten()
}

fn holds(table: &toml::Value, given: &BTreeMap<&str, &str>) -> bool {
    let Some(when) = table.get("when") else {
        return true;
    };
    when.as_table().unwrap().iter().all(|(q, options)| {
        let options = options.as_array().unwrap();
        given
            .get(q.as_str())
            .is_some_and(|o| options.iter().any(|i| i.as_str() == Some(o)))
    })
}

fn expanded_id(situation: &toml::Value, given: &BTreeMap<&str, &str>) -> String {
    let id = situation["id"].as_str().unwrap();
    let split = situation.get("split").and_then(|s| s.as_array());
    let options: Vec<&str> = split
        .into_iter()
        .flatten()
        .filter_map(|q| given.get(q.as_str().unwrap()).copied())
        .collect();
    if options.is_empty() {
        id.to_owned()
    } else {
        format!("{id}.{}", options.join("-"))
    }
}

#[test]
fn the_helper_finds_ages() {
    // Guards the tests above: an answer must lie in its band.
    let catalog = shipped();
    for question in catalog.matters.iter().flat_map(|m| &m.questions) {
        for option in &question.options {
            if let (Answer::Date(date), Some(Bound::Age(until))) =
                (answer_in(question, option), &option.until)
            {
                let reached: Option<Date> = until.reached(date);
                assert!(reached.is_some_and(|day| TODAY < day), "{}", option.id);
            }
        }
    }
}

/// Choices of items that tell what can be asked for: all, and of each item the fewest that take it.
fn choices(matter: &Matter, situation: &Situation) -> Vec<BTreeSet<String>> {
    let all = matter.all_items(situation);
    let mut choices = vec![all.clone()];
    for wanted in &situation.items {
        let mut fewest = all.clone();
        for item in &situation.items {
            let mut fewer = fewest.clone();
            matter.toggle(situation, &mut fewer, item);
            if fewer.len() < fewest.len() && fewer.contains(wanted) {
                fewest = fewer;
            }
        }
        if !choices.contains(&fewest) {
            choices.push(fewest);
        }
    }
    choices
}

/// What is told before anything is asked is what the outcomes then ask for, no more and no less.
#[test]
fn who_may_have_to_bring_something_is_told_so_beforehand() {
    for matter in &shipped().matters {
        let mut outcomes = Vec::new();
        for situation in &matter.situations {
            for chosen in choices(matter, situation) {
                matter
                    .choose(situation, &Vec::from_iter(chosen.iter().cloned()))
                    .unwrap();
                outcomes.push(matter.outcome(situation, &Answers::new(), &chosen));
            }
        }
        for material in &matter.materials {
            let asked = |outcome: &&Outcome| {
                let mut materials = outcome.materials.iter();
                materials.any(|needed| needed.material == material.id)
            };
            let made = outcomes.iter().any(|outcome| {
                let mut not_asked = outcome.not_asked.iter();
                not_asked.any(|n| n.material == material.id && n.result_of.is_some())
            });
            let ever = outcomes.iter().any(|outcome| asked(&outcome));
            let told = matter.bringing(material);
            let name = format!("{}: {}", matter.id, material.id);
            assert_eq!(told.is_some(), ever, "{name}");
            if let Some(told) = told {
                let always = outcomes.iter().all(|outcome| asked(&outcome));
                assert_eq!(told.always, always, "{name}");
                assert_eq!(told.unless_made, made, "{name}");
            }
        }
    }
}

/// What hides behind an item that only some people need is brought by the others.
#[test]
fn what_is_made_for_some_is_brought_by_those_who_have_it() {
    let catalog = shipped();
    for (matter, material) in [
        ("newborn", "birth-medical-certificate"),
        ("marriage", "marriage-certificate"),
        ("after-death", "death-record"),
    ] {
        let matter = catalog.matter(matter).unwrap();
        let told = matter.bringing(matter.material(material).unwrap());
        assert!(
            told.is_some_and(|told| told.unless_made && !told.always),
            "{}: {material}: {told:?}",
            matter.id
        );
    }
    // Law joins the two items, so nobody ever brings what one makes for the other.
    let newborn = catalog.matter("newborn").unwrap();
    let record = newborn.material("enrolment-record").unwrap();
    assert_eq!(newborn.bringing(record), None);
}

/// An application that is data alone is made from the one form: it says so, and is nobody's paper.
#[test]
fn applications_that_the_system_fills_in_say_so() {
    let mut found = 0;
    for matter in &shipped().matters {
        for material in matter.materials.iter().filter(|m| m.is_filled_in()) {
            found += 1;
            for need in &material.needs {
                assert!(
                    need.why.zh.contains("自动生成"),
                    "{}: {}",
                    matter.id,
                    material.id
                );
            }
            assert!(material.later.is_none() && material.paper_copies.is_none());
        }
    }
    assert!(found >= 10, "{found}");
}

/// Ages are counted to the day; what is not known suggests nothing.
#[test]
fn cards_suggest_matters() {
    let catalog = shipped();
    let suggested = |birth: Option<&str>, address: Option<&str>| {
        let birth = birth.map(|day| Fact::Date(day.parse().unwrap()));
        let address = address.map(|address| Fact::Choice(address.into()));
        let facts: Facts = [("card.birth", birth), ("card.local", address)]
            .into_iter()
            .filter_map(|(resource, fact)| Some((resource.to_owned(), fact?)))
            .collect();
        let today = "2026-11-24".parse().unwrap();
        let ids = catalog.suggested(&facts, today).map(|m| m.id.clone());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(suggested(Some("1977-11-24"), None), ["retirement"]);
    assert!(suggested(Some("1977-11-25"), Some("local")).is_empty());
    assert_eq!(
        suggested(Some("2010-11-25"), Some("local")),
        ["social-card"]
    );
    assert!(suggested(Some("2010-11-24"), Some("local")).is_empty());
    let parent = Some("1990-01-01");
    assert_eq!(suggested(parent, Some("elsewhere")), ["school-enrolment"]);
    assert!(suggested(parent, Some("local")).is_empty());
    assert!(suggested(parent, None).is_empty() && suggested(None, None).is_empty());
}
