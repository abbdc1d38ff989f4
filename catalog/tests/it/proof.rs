//! The proof that every answer leads to exactly one situation or window, against trying every
//! answer; and how findings show it.

use serde::Deserialize;
use serde_json::json;
use yici_catalog::{Condition, Leaf, Proof, ProofStep, Question, Questionnaire, Window};

use crate::random::{Applying, Asked, Kind, Paper, Random};
use crate::support::edited;

#[derive(Deserialize)]
struct Decisive {
    question: Vec<Question>,
    #[serde(default)]
    window: Vec<Window>,
    #[serde(default)]
    situation: Vec<Situation>,
}

#[derive(Deserialize)]
struct Situation {
    #[serde(default)]
    when: Condition,
}

fn prove(paper: &Paper) -> Proof {
    let file: Decisive = toml::from_str(&paper.toml()).unwrap();
    let windows: Vec<&Condition> = file.window.iter().map(|w| &w.when).collect();
    let situations: Vec<&Condition> = file.situation.iter().map(|s| &s.when).collect();
    Questionnaire::new(&file.question, &windows, &situations).prove()
}

/// Where the cuts of a proof lead with one set of answers. A question that is not asked may be
/// taken as answered in any way: with the option given.
fn follow(
    steps: &mut std::slice::Iter<ProofStep>,
    option: &dyn Fn(usize) -> usize,
) -> Option<Leaf> {
    match steps.next()? {
        ProofStep::Leaf(leaf) => Some(*leaf),
        ProofStep::Cut { question, parts } => {
            let mut found = None;
            for part in parts {
                let leaf = follow(steps, option);
                if part >> option(*question) & 1 == 1 {
                    found = leaf;
                }
            }
            found
        }
    }
}

#[test]
fn it_agrees_with_trying_every_answer() {
    let mut random = Random(6);
    let mut kinds = [0; 4];
    for _ in 0..10_000 {
        let paper = Paper::random(&mut random);
        let proof = prove(&paper);
        let all = paper.all();
        let is_gap = |a: &&Applying| a.windows.is_empty() && a.situations.is_empty();
        let is_overlap = |a: &&Applying| a.windows.is_empty() && a.situations.len() > 1;
        let (gaps, overlaps) = (
            all.iter().any(|a| is_gap(&a)),
            all.iter().any(|a| is_overlap(&a)),
        );
        assert_eq!(!proof.gaps.is_empty(), gaps, "{paper:?}");
        assert_eq!(!proof.overlaps.is_empty(), overlaps, "{paper:?}");
        assert_eq!(proof.holds(), !gaps && !overlaps, "{paper:?}");
        // A witness shows it whatever else is answered, and somebody can answer so.
        let with = |answers: &[(usize, usize)]| -> Vec<&Applying> {
            let with = all
                .iter()
                .filter(|a| answers.iter().all(|x| a.given.contains(x)));
            with.collect()
        };
        for gap in &proof.gaps {
            let shown = with(&gap.answers);
            assert!(!shown.is_empty() && shown.iter().all(is_gap), "{paper:?}");
            let decisive = with(&gap.decisive);
            assert!(
                decisive.iter().all(|a| a.situations.is_empty()),
                "{paper:?}"
            );
        }
        for overlap in &proof.overlaps {
            let both = |a: &&Applying| {
                let (first, second) = overlap.situations;
                is_overlap(a) && a.situations.contains(&first) && a.situations.contains(&second)
            };
            let shown = with(&overlap.answers);
            assert!(!shown.is_empty() && shown.iter().all(both), "{paper:?}");
        }
        if proof.holds() {
            for applying in &all {
                for unasked in 0..4 {
                    let option = |q: usize| {
                        let given = applying.given.iter().find(|(g, _)| *g == q);
                        given.map_or(unasked % paper.questions[q].options, |(_, o)| *o)
                    };
                    let leaf = follow(&mut proof.steps.iter(), &option).unwrap();
                    match leaf {
                        Leaf::Window(w) => assert!(applying.windows.contains(&w), "{paper:?}"),
                        Leaf::Situation(s) => {
                            assert!(applying.windows.is_empty(), "{paper:?}");
                            assert_eq!(applying.situations, [s], "{paper:?}");
                        }
                    }
                }
            }
        }
        kinds[usize::from(gaps) + 2 * usize::from(overlaps)] += 1;
    }
    // Of every kind there were enough.
    assert!(kinds.iter().all(|k| *k > 100), "{kinds:?}");
}

#[test]
fn a_gap_is_shown_in_plain_words() {
    let error = edited(&[(
        "demo.toml",
        "when = { register = [\"local\"] }\nsplit = [\"married\", \"bills\"]",
        "when = { register = [\"local\"], bills = [\"none\"] }\nsplit = [\"married\"]",
    )])
    .unwrap_err();
    let json = serde_json::to_value(&error).unwrap();
    assert_eq!(
        json["findings"][0]["witness"],
        json!({
            "answers": {"place": "hospital", "born": "infant", "register": "local", "bills": 1},
            "zh": "在医院出生、“哪天出生？”答“至今不满1年”、“户口在哪里？”答“本市”、有发票",
            "en": "born in hospital, \"Born when?\" \"less than 1 year ago\", \"Where are you registered?\" \"Here\", with invoices",
        })
    );
    assert_eq!(
        json["findings"][0]["help"],
        "“户口在哪里？”答“本市”、有发票（到窗口办的除外）：没有对应情形 (\"Where are you registered?\" \"Here\", with invoices (those whom windows serve apart)); the nearest, `local`, wants another answer to bills"
    );
}

#[test]
fn other_findings_are_shown_by_answers_too() {
    let cases = [
        (
            "promised_working_days = 8",
            "promised_working_days = 7",
            json!({"place": "hospital", "born": "infant", "register": "local", "married": "yes", "bills": 1}),
        ),
        (
            "bills = [\"some\"] }\nafter = [\"certificate\"]",
            "bills = [\"some\"] }",
            json!({"place": "hospital", "born": "infant", "register": "local", "married": "yes", "bills": 1}),
        ),
        (
            "when = { married = [\"yes\"] }\ncopies",
            "when = { place = [\"home\"] }\ncopies",
            json!({"place": "home", "born": "infant", "register": "local", "married": "yes", "bills": 0}),
        ),
    ];
    for (old, new, answers) in cases {
        let error = edited(&[("demo.toml", old, new)]).unwrap_err();
        let json = serde_json::to_value(&error).unwrap();
        assert_eq!(json["findings"][0]["witness"]["answers"], answers, "{new}");
    }
}

/// Windows that name three answers out of many questions: whether they leave anybody out is as
/// hard as it gets.
#[test]
fn what_takes_too_long_is_given_up() {
    let mut random = Random(3);
    let paper = Paper {
        questions: vec![
            Asked {
                kind: Kind::Choice,
                options: 2,
                unsure: None,
                when: Vec::new(),
            };
            150
        ],
        windows: (0..900)
            .map(|_| {
                let start = random.below(50);
                let three = [start, 50 + random.below(50), 100 + random.below(50)];
                three.map(|q| (q, vec![random.below(2)])).to_vec()
            })
            .collect(),
        situations: Vec::new(),
    };
    let proof = prove(&paper);
    assert!(proof.given_up && !proof.holds());
}
