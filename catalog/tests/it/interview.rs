//! The interview: what is asked, skipped, settled; and its laws over random questionnaires.

use proptest::prelude::*;
use serde_json::json;
use yici_catalog::{Answer, Answers, Code, Condition, Fact, Facts, Interview, Matter, State};

use crate::support::{TODAY, answers, demo};

/// The interview in one line.
fn told(matter: &Matter, json: serde_json::Value) -> String {
    let Interview { asked, state } = matter.interview(&answers(json), TODAY);
    let state = match state {
        State::Question { id, at_most_left } => format!("ask {id}, {at_most_left} left"),
        State::Settled { situation } => format!("settled {}", matter.situations[situation].id),
        State::Window { place, id, .. } => format!("window {id:?}, {}", place.en),
        State::Error { question, message } => format!("error {question}: {}", message.en),
    };
    format!("[{}] {state}", asked.join(" "))
}

#[test]
fn walks_to_a_situation() {
    let matter = demo(&[]);
    let cases = [
        (json!({}), "[] ask place, 5 left"),
        (json!({"place": "home"}), "[place] ask born, 4 left"),
        (
            json!({"place": "home", "born": "2026-11-01"}),
            "[place born] ask register, 3 left",
        ),
        (
            json!({"place": "home", "born": "2026-11-01", "register": "local"}),
            "[place born register] ask married, 2 left",
        ),
        (
            json!({"place": "home", "born": "2026-11-01", "register": "local", "married": "no", "bills": 20}),
            "[place born register married bills] settled local.no-some",
        ),
        // Nothing else depends on the answers, so nothing else is asked.
        (
            json!({"place": "home", "born": "2026-11-01", "register": "elsewhere", "bills": 3}),
            "[place born register] settled elsewhere.home",
        ),
    ];
    for (json, expected) in cases {
        assert_eq!(told(&matter, json), expected);
    }
}

#[test]
fn a_window_fires_at_once() {
    let matter = demo(&[]);
    assert_eq!(
        told(&matter, json!({"place": "abroad"})),
        "[place] window Some(\"abroad\"), Window B01, first floor"
    );
    assert_eq!(
        told(&matter, json!({"place": "home", "born": "2025-11-24"})),
        "[place born] window Some(\"older\"), Window B02, first floor"
    );
    assert_eq!(
        told(&matter, json!({"place": "home", "born": "2025-11-25"})),
        "[place born] ask register, 3 left"
    );
}

#[test]
fn unsure_goes_on_or_to_the_window() {
    let matter = demo(&[]);
    assert_eq!(
        told(&matter, json!({"place": "unsure"})),
        "[place] window None, Window A03, ground floor"
    );
    assert_eq!(
        told(
            &matter,
            json!({"place": "home", "born": "2026-11-01", "register": "local", "married": "unsure", "bills": 0})
        ),
        "[place born register married bills] settled local.no-none"
    );
    assert_eq!(
        told(&matter, json!({"place": "home", "born": "unsure"})),
        "[place] error born: This question cannot be answered by \"I don't know\""
    );
}

#[test]
fn wrong_answers_are_told() {
    let matter = demo(&[]);
    let cases = [
        (
            json!({"place": "moon"}),
            "[] error place: The question has no such option; there are: hospital, home, abroad, unsure",
        ),
        (
            json!({"place": 3}),
            "[] error place: The question has no such option; there are: hospital, home, abroad, unsure",
        ),
        (
            json!({"place": "home", "born": "2026-11-25"}),
            "[place] error born: The date must not lie in the future",
        ),
        (
            json!({"place": "home", "born": "1026-11-25"}),
            "[place] error born: The date lies too far back; check the year",
        ),
        (
            json!({"place": "home", "born": "infant"}),
            "[place] error born: The answer must be a date like 2026-01-31",
        ),
        (
            json!({"place": "home", "born": "2026-11-01", "register": "local", "married": "no", "bills": 21}),
            "[place born register married] error bills: The number must be from 0 to 20",
        ),
        (
            json!({"place": "home", "born": "2026-11-01", "register": "local", "married": "no", "bills": "some"}),
            "[place born register married] error bills: The answer must be a whole number",
        ),
    ];
    for (json, expected) in cases {
        assert_eq!(told(&matter, json), expected);
    }
}

#[test]
fn future_dates_where_allowed() {
    let matter = demo(&[(
        "kind = \"date\"\nresource",
        "kind = \"date\"\nfuture = true\nresource",
    )]);
    assert_eq!(
        told(&matter, json!({"place": "home", "born": "2027-01-01"})),
        "[place born] ask register, 3 left"
    );
}

#[test]
fn resources_answer() {
    let matter = demo(&[]);
    let mut facts = Facts::new();
    facts.insert("card.local".to_owned(), Fact::Choice("local".to_owned()));
    facts.insert("card.name".to_owned(), Fact::Text("张三".to_owned()));
    facts.insert("register.birth".to_owned(), Fact::Date(TODAY));
    assert_eq!(
        matter.automatic(&facts),
        [
            (
                "born".to_owned(),
                Answer::Date(TODAY),
                "register.birth".to_owned()
            ),
            (
                "register".to_owned(),
                Answer::Option("local".to_owned()),
                "card.local".to_owned()
            ),
        ]
    );
    // A fact of another kind, or a value that is no option, answers nothing.
    facts.insert("card.local".to_owned(), Fact::Choice("moon".to_owned()));
    facts.insert("register.birth".to_owned(), Fact::Text("2026".to_owned()));
    assert_eq!(matter.automatic(&facts), []);
}

#[test]
fn answers_survive_json() {
    let json = json!({"a": "yes", "b": 3, "c": "2026-01-31", "d": "unsure"});
    let read = answers(json.clone());
    assert_eq!(
        read.get("c"),
        Some(&Answer::Date(jiff::civil::date(2026, 1, 31)))
    );
    assert_eq!(read.get("d"), Some(&Answer::Unsure));
    assert_eq!(serde_json::to_value(&read).unwrap(), json);
    assert!(serde_json::from_value::<Answers>(json!({"a": 1.5})).is_err());
    assert!(serde_json::from_value::<Answers>(json!({"a": null})).is_err());
}

/// A question of a random questionnaire: how many options, and on which earlier question and
/// options it depends.
pub type RandomQuestion = (usize, Option<(usize, u8)>);

/// Builds a matter out of random questions: one situation for the first option of the first
/// question, split by some of the questions, one for the rest, split by the others, and a window.
/// `None`: the loader finds that a question or situation has no use.
pub fn random(questions: &[RandomQuestion], split: u8, window: (usize, usize)) -> Option<Matter> {
    let good = std::fs::read_to_string(crate::support::good().join("demo.toml")).unwrap();
    let head = &good[..good.find("[[question]]").unwrap()];
    let mut text = head.to_owned();
    for (q, (options, when)) in questions.iter().enumerate() {
        text += &format!(
            "[[question]]\nid = \"q{q}\"\nkind = \"choice\"\ntext = {{ zh = \"问\", en = \"q\" }}\n\
             unsure = {{ help = {{ zh = \"查\", en = \"look\" }}, as = \"o{q}x0\" }}\n"
        );
        if let Some((on, mask)) = when
            && q > 0
        {
            let on = on % q;
            let wanted: Vec<String> = (0..questions[on].0)
                .filter(|o| mask >> o & 1 == 1 || *o == 0)
                .map(|o| format!("\"o{on}x{o}\""))
                .collect();
            text += &format!("when = {{ q{on} = [{}] }}\n", wanted.join(", "));
        }
        for o in 0..*options {
            text += &format!(
                "[[question.option]]\nid = \"o{q}x{o}\"\ntext = {{ zh = \"选\", en = \"o\" }}\nphrase = {{ zh = \"选{q}{o}\", en = \"o{q}{o}\" }}\n"
            );
        }
    }
    let window = (window.0 % questions.len(), window.1);
    let option = window.1 % questions[window.0].0;
    text += &format!(
        "[[window]]\nid = \"w\"\nwhen = {{ q{0} = [\"o{0}x{option}\"] }}\nreason = {{ zh = \"否\", en = \"no\" }}\nwhere = {{ zh = \"窗\", en = \"w\" }}\n",
        window.0
    );
    let first = "q0 = [\"o0x0\"]".to_owned();
    let others: Vec<String> = (1..questions[0].0).map(|o| format!("\"o0x{o}\"")).collect();
    let sides = [first, format!("q0 = [{}]", others.join(", "))];
    let side = |q: usize| usize::from(split >> q & 1);
    for (n, when) in sides.iter().enumerate() {
        // Each option must make a difference, those of the first question too.
        let splits: Vec<String> = (0..questions.len())
            .filter(|q| match q {
                0 => n == 1,
                q => side(*q) == n,
            })
            .map(|q| format!("\"q{q}\""))
            .collect();
        text += &format!(
            "[[situation]]\nid = \"s{n}\"\ntext = {{ zh = \"情形{n}\", en = \"situation {n}\" }}\nwhen = {{ {when} }}\nsplit = [{}]\n",
            splits.join(", ")
        );
    }
    let item = &good
        [good.find("[[item]]").unwrap()..good.find("[[item]]\nid = \"registration\"").unwrap()];
    text += &item.replace("yields = [\"certificate-paper\"]\n", "");
    for (q, (options, _)) in questions.iter().enumerate() {
        for o in (0..*options).filter(|o| (q, *o) != (window.0, option)) {
            let side = match (q, o) {
                (0, 0) => continue,
                (0, _) => String::new(),
                (q, _) => format!("{}, ", sides[side(q)]),
            };
            text += &format!(
                "[[field]]\nid = \"f{q}x{o}\"\nlabel = {{ zh = \"项{q}之{o}\", en = \"field {q} {o}\" }}\nkind = \"text\"\ngroup = {{ zh = \"组\", en = \"group\" }}\n\
                 [[field.need]]\nitem = \"certificate\"\nwhen = {{ {side}q{q} = [\"o{q}x{o}\"] }}\n"
            );
        }
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("samples")).unwrap();
    for name in ["catalogue.toml", "samples/paper.svg"] {
        std::fs::copy(crate::support::good().join(name), dir.path().join(name)).unwrap();
    }
    std::fs::write(dir.path().join("demo.toml"), text).unwrap();
    match yici_catalog::Catalog::load(dir.path()) {
        Ok(catalog) => Some(catalog.matters[0].clone()),
        Err(e) => {
            let idle = [Code::NeverAsked, Code::NeverHolds, Code::NeverNeeded];
            assert!(
                e.findings.iter().any(|f| idle.contains(&f.code)),
                "{}",
                e.render(yici_catalog::Lang::En)
            );
            None
        }
    }
}

/// Which option each question has, and whether it is asked: its condition holds for questions
/// that are asked themselves.
fn defined_end(matter: &Matter, choices: &[usize]) -> String {
    let mut given: Vec<(&str, &str)> = Vec::new();
    let holds = |when: &Condition, given: &[(&str, &str)]| {
        when.iter().all(|(q, options)| {
            given
                .iter()
                .any(|(g, o)| g == q && options.iter().any(|i| i == o))
        })
    };
    for (question, choice) in matter.questions.iter().zip(choices) {
        if holds(&question.when, &given) {
            let option = &question.options[choice % question.options.len()];
            given.push((&question.id, &option.id));
        }
    }
    if let Some(window) = matter.windows.iter().find(|w| holds(&w.when, &given)) {
        return format!("window {}", window.id);
    }
    let base = match given[0] {
        ("q0", "o0x0") => "s0",
        _ => "s1",
    };
    let fitting = matter
        .situations
        .iter()
        .filter(|s| s.base == base && s.split.iter().all(|(q, o)| given.contains(&(q, o))));
    fitting
        .max_by_key(|s| s.split.len())
        .map_or(String::new(), |s| s.id.clone())
}

fn told_end(matter: &Matter, state: &State) -> String {
    match state {
        State::Settled { situation } => matter.situations[*situation].id.clone(),
        State::Window { id, .. } => format!("window {}", id.as_deref().unwrap_or("none")),
        State::Question { .. } | State::Error { .. } => String::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn interview_keeps_its_laws(
        questions in prop::collection::vec((2usize..5, prop::option::of((0usize..8, any::<u8>()))), 1..7),
        split: u8,
        window in (0usize..8, 0usize..8),
        choices in prop::collection::vec(0usize..5, 7),
        change in 0usize..7,
    ) {
        let matter = random(&questions, split, window);
        prop_assume!(matter.is_some());
        let matter = matter.unwrap();
        let mut answers = Answers::new();
        let mut left = usize::MAX;
        let mut steps = 0;
        // Every complete walk ends, and what is left shrinks with each answer.
        let end = loop {
            let interview = matter.interview(&answers, TODAY);
            match interview.state {
                State::Question { id, at_most_left } => {
                    prop_assert!(at_most_left >= 1);
                    prop_assert!(at_most_left < left);
                    left = at_most_left;
                    let place = matter.questions.iter().position(|q| q.id == id).unwrap();
                    let options = &matter.questions[place].options;
                    let option = &options[choices[place] % options.len()];
                    answers.insert(id, Answer::Option(option.id.clone()));
                }
                State::Settled { .. } | State::Window { .. } => break matter.interview(&answers, TODAY),
                State::Error { question, message } => {
                    return Err(TestCaseError::fail(format!("{question}: {}", message.en)));
                }
            }
            steps += 1;
            prop_assert!(steps <= matter.questions.len());
        };
        // The end is the one that the definition gives, evaluated on a whole set of answers.
        prop_assert_eq!(told_end(&matter, &end.state), defined_end(&matter, &choices));
        // Answers to questions that are not asked change nothing.
        let mut more = answers.clone();
        for question in &matter.questions {
            if !end.asked.contains(&question.id) {
                more.insert(&question.id, Answer::Option(question.options[0].id.clone()));
            }
        }
        prop_assert_eq!(&matter.interview(&more, TODAY), &end);
        // Changing an answer and changing it back leads to the same state.
        let question = &matter.questions[change % matter.questions.len()];
        if let Some(old) = answers.get(&question.id).cloned() {
            let mut changed = answers.clone();
            for option in &question.options {
                changed.insert(&question.id, Answer::Option(option.id.clone()));
                matter.interview(&changed, TODAY);
            }
            changed.insert(&question.id, old);
            prop_assert_eq!(&matter.interview(&changed, TODAY), &end);
        }
        // "I don't know" is as good as the option it goes on with.
        for id in &end.asked {
            let first = &matter.question(id).unwrap().options[0];
            if answers.get(id) == Some(&Answer::Option(first.id.clone())) {
                let mut unsure = answers.clone();
                unsure.insert(id, Answer::Unsure);
                prop_assert_eq!(&matter.interview(&unsure, TODAY), &end);
            }
        }
    }
}
