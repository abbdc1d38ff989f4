//! Why something is needed, why something is not, and the nearest other answers that spare it;
//! against a search through all answers by the public interview alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::json;
use yici_catalog::{Answer, Answers, Catalog, MOST_CHANGES, Matter, Outcome, QuestionKind, State};

use crate::support::{TODAY, answers, demo};

/// The demo with a date that is a choice, so that an answer is an option everywhere.
fn choices() -> Matter {
    demo(&[
        (
            "kind = \"date\"\nresource = { id = \"register.birth\" }",
            "kind = \"choice\"",
        ),
        (
            "id = \"infant\"\nuntil = \"P1Y\"",
            "id = \"infant\"\ntext = { zh = \"婴儿\", en = \"Infant\" }",
        ),
        (
            "id = \"older\"\nfrom = \"P1Y\"",
            "id = \"older\"\ntext = { zh = \"更大\", en = \"Older\" }",
        ),
    ])
}

fn settled(matter: &Matter, answers: &Answers) -> Option<usize> {
    match matter.interview(answers, TODAY).state {
        State::Settled { situation } => Some(situation),
        State::Question { .. } | State::Window { .. } | State::Error { .. } => None,
    }
}

/// An answer for each option of a question.
fn options(matter: &Matter, question: &str) -> Vec<(String, Answer)> {
    let question = matter.question(question).unwrap();
    question
        .options
        .iter()
        .map(|option| {
            let answer = match question.kind {
                QuestionKind::Choice => Answer::Option(option.id.clone()),
                QuestionKind::Number => Answer::Number(i64::from(option.id != "none")),
                QuestionKind::Date => panic!("no dates here"),
            };
            (option.id.clone(), answer)
        })
        .collect()
}

/// All complete interviews that go on from some answers, with the situations they end in.
fn ends(matter: &Matter, answers: &mut Answers, found: &mut Vec<(Answers, usize)>) {
    match matter.interview(answers, TODAY).state {
        State::Question { id, .. } => {
            for (_, answer) in options(matter, &id) {
                answers.insert(&id, answer);
                ends(matter, answers, found);
            }
            answers.remove(&id);
        }
        State::Settled { situation } => found.push((answers.clone(), situation)),
        State::Window { .. } | State::Error { .. } => {}
    }
}

fn asked_for(outcome: &Outcome) -> (BTreeSet<String>, BTreeSet<String>) {
    let materials = outcome.materials.iter().map(|m| m.material.clone());
    let fields = outcome.form.iter().map(|f| f.field.clone());
    (materials.collect(), fields.collect())
}

/// The least number of changed answers that spares something, by trying all.
fn least(matter: &Matter, answers: &Answers, is_asked: &dyn Fn(usize) -> bool) -> Option<usize> {
    let questions: Vec<&str> = matter.questions.iter().map(|q| q.id.as_str()).collect();
    let mut least = None;
    let mut stack = vec![(0, answers.clone(), 0)];
    while let Some((q, changed, changes)) = stack.pop() {
        if changes > 3 {
            continue;
        }
        let Some(question) = questions.get(q) else {
            let mut found = Vec::new();
            ends(matter, &mut changed.clone(), &mut found);
            let spares = !found.is_empty() && !found.iter().any(|(_, s)| is_asked(*s));
            if spares && least.is_none_or(|least| changes < least) {
                least = Some(changes);
            }
            continue;
        };
        stack.push((q + 1, changed.clone(), changes));
        for (_, answer) in options(matter, question) {
            let mut other = changed.clone();
            if other.get(question) != Some(&answer) {
                other.insert(*question, answer);
                stack.push((q + 1, other, changes + 1));
            }
        }
    }
    least
}

#[test]
fn the_nearest_other_answers_are_the_nearest() {
    let matter = choices();
    let mut all = Vec::new();
    ends(&matter, &mut Answers::new(), &mut all);
    assert_eq!(all.len(), 2 * 4 + 2);
    let mut spared = 0;
    for (answers, s) in &all {
        let situation = &matter.situations[*s];
        let chosen = matter.all_items(situation);
        let (materials, fields) = asked_for(&matter.outcome(situation, answers, &chosen));
        let explanation = matter.explain(situation, answers, &chosen, MOST_CHANGES);
        let outcomes: Vec<_> = matter
            .situations
            .iter()
            .map(|s| asked_for(&matter.outcome(s, &Answers::new(), &matter.all_items(s))))
            .collect();
        let cases = [
            (&materials, &explanation.material_unless, true),
            (&fields, &explanation.field_unless, false),
        ];
        for (asked, unless, is_material) in cases {
            assert!(unless.keys().all(|id| asked.contains(id)));
            for id in asked {
                let is_asked = |s: usize| {
                    let (materials, fields) = &outcomes[s];
                    if is_material { materials } else { fields }.contains(id)
                };
                let told = unless.get(id);
                let expected = least(&matter, answers, &is_asked);
                assert_eq!(told.map(Vec::len), expected, "{id} in {}", situation.id);
                let Some(told) = told else {
                    continue;
                };
                spared += 1;
                let mut other = answers.clone();
                for (question, option) in told {
                    let all: BTreeMap<_, _> = options(&matter, question).into_iter().collect();
                    other.insert(question, all[option].clone());
                }
                let mut found = Vec::new();
                ends(&matter, &mut other, &mut found);
                assert!(!found.is_empty());
                assert!(!found.iter().any(|(_, s)| is_asked(*s)), "{id}: {told:?}");
            }
        }
    }
    // Two of each of the four that end married, and one of a birth at home elsewhere.
    assert_eq!(spared, 9);
}

#[test]
fn an_answer_that_takes_no_item_away_comes_first() {
    let matter = choices();
    let given = answers(
        json!({"place": "home", "born": "infant", "register": "local", "married": "yes", "bills": 0}),
    );
    let situation = &matter.situations[settled(&matter, &given).unwrap()];
    let chosen = matter.all_items(situation);
    let explanation = matter.explain(situation, &given, &chosen, MOST_CHANGES);
    let unless = &explanation.material_unless["marriage-certificate"];
    assert_eq!(unless, &[("married".to_owned(), "no".to_owned())]);
    let name = &matter.material("marriage-certificate").unwrap().name;
    let text = matter.unless_in_words(name, unless);
    assert_eq!(text.zh, "若父母未婚，则不需要“结婚证”。");
    assert!(!explanation.material_unless.contains_key("id-card"));
    // Everything else is asked for or told as not asked.
    assert_eq!(explanation.materials_not_needed, []);
}

#[test]
fn what_is_not_needed_is_explained() {
    let matter = choices();
    let given = answers(
        json!({"place": "home", "born": "infant", "register": "local", "married": "no", "bills": 0}),
    );
    let situation = &matter.situations[settled(&matter, &given).unwrap()];
    let chosen = BTreeSet::from(["certificate".to_owned()]);
    let explanation = matter.explain(situation, &given, &chosen, MOST_CHANGES);
    let told: Vec<_> = explanation
        .materials_not_needed
        .iter()
        .map(|n| (n.id.as_str(), n.because.zh.as_str(), n.left_out.join(" ")))
        .collect();
    assert_eq!(
        told,
        [
            (
                "certificate-paper",
                "没有发票；这次没有选办“出生登记”",
                "registration".to_owned()
            ),
            ("marriage-certificate", "父母未婚", String::new()),
        ]
    );
    let answers = &explanation.materials_not_needed[1].answers;
    assert_eq!(answers, &[("married".to_owned(), "no".to_owned())]);
    let fields: Vec<_> = explanation
        .fields_not_needed
        .iter()
        .map(|n| (n.id.as_str(), n.because.en.as_str()))
        .collect();
    assert_eq!(
        fields,
        [
            ("spouse-name", "the parents are not married"),
            (
                "home-birth",
                "the answer to \"Where are you registered?\" is \"Here\""
            ),
        ]
    );
}

#[test]
fn fields_and_items_name_the_answers_that_caused_them() {
    let matter = choices();
    let given = answers(
        json!({"place": "home", "born": "infant", "register": "local", "married": "yes", "bills": 0}),
    );
    let situation = &matter.situations[settled(&matter, &given).unwrap()];
    let outcome = matter.outcome(situation, &given, &matter.all_items(situation));
    let spouse = outcome
        .form
        .iter()
        .find(|f| f.field == "spouse-name")
        .unwrap();
    let why = &spouse.why[0];
    let pair = |q: &str, o: &str| (q.to_owned(), o.to_owned());
    assert_eq!(why.item, "registration");
    assert_eq!(why.rule["married"], ["yes"]);
    assert_eq!(why.answers, [pair("married", "yes")]);
    assert_eq!(why.item_answers, [pair("register", "local")]);
    assert_eq!(
        outcome.not_asked[0].result_of.as_deref(),
        Some("certificate")
    );
    assert_eq!(outcome.not_asked[1].result_of, None);
}

/// In the shipped catalogue every material and field is asked for, not asked, or not needed with a
/// reason; and other answers that are told lead where they say.
#[test]
fn everything_shipped_is_explained() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("matters");
    let catalog = Catalog::load(&dir).unwrap();
    for matter in &catalog.matters {
        let step = matter.situations.len().div_ceil(6);
        for situation in matter.situations.iter().step_by(step) {
            let chosen = matter.all_items(situation);
            let outcome = matter.outcome(situation, &Answers::new(), &chosen);
            let explanation = matter.explain(situation, &Answers::new(), &chosen, MOST_CHANGES);
            let (materials, fields) = asked_for(&outcome);
            let not_asked = outcome.not_asked.iter().map(|n| &n.material);
            let not_needed = explanation.materials_not_needed.iter().map(|n| &n.id);
            let mut told: Vec<&String> = materials
                .iter()
                .chain(not_asked)
                .chain(not_needed)
                .collect();
            let not_needed = explanation.fields_not_needed.iter().map(|n| &n.id);
            told.extend(fields.iter().chain(not_needed));
            told.sort();
            let materials = matter.materials.iter().map(|m| &m.id);
            let mut all: Vec<&String> = materials
                .chain(matter.fields.iter().map(|f| &f.id))
                .collect();
            all.sort();
            assert_eq!(told, all, "{}", situation.id);
            let lists = [
                &explanation.materials_not_needed,
                &explanation.fields_not_needed,
            ];
            for none in lists.into_iter().flatten() {
                let told = !none.because.zh.is_empty() && !none.because.en.is_empty();
                assert!(told, "{} in {}", none.id, situation.id);
            }
            let unless = explanation
                .material_unless
                .iter()
                .chain(&explanation.field_unless);
            for (id, given) in unless {
                assert!((1..=3).contains(&given.len()), "{id} in {}", situation.id);
            }
        }
    }
}
