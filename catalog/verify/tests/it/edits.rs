//! On random questionnaires checker, verifier and trying every answer agree; and no edit of a
//! certificate that leads any answer elsewhere is taken.

use serde::Deserialize;
use yici_catalog::{Condition, Question, Questionnaire, Window, named};
use yici_catalog_verify::{Step, verify_matter};

use crate::random::{Applying, Paper, Random, option};

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
    id: String,
    #[serde(default)]
    when: Condition,
}

/// Whether the checker found nothing, and what it would certify.
fn certificate(text: &str) -> (bool, Vec<Step>) {
    let file: Decisive = toml::from_str(text).unwrap();
    let windows: Vec<&Condition> = file.window.iter().map(|w| &w.when).collect();
    let situations: Vec<&Condition> = file.situation.iter().map(|s| &s.when).collect();
    let proof = Questionnaire::new(&file.question, &windows, &situations).prove();
    let windows: Vec<&str> = file.window.iter().map(|w| w.id.as_str()).collect();
    let situations: Vec<&str> = file.situation.iter().map(|s| s.id.as_str()).collect();
    let steps = named(&proof.steps, &file.question, &windows, &situations);
    let json = serde_json::to_value(steps).unwrap();
    (proof.holds(), serde_json::from_value(json).unwrap())
}

/// Where steps lead with one set of answers; `None` when they lead nowhere. Of several windows that
/// serve somebody any will do: which one is told first depends on the order of the questions.
fn says(steps: &mut std::slice::Iter<Step>, paper: &Paper, applying: &Applying) -> Option<Step> {
    let step = steps.next()?;
    let Step::Cut(question, parts) = step else {
        return Some(match step {
            Step::Window(_) => Step::Window("some".to_owned()),
            Step::Cut(..) | Step::Situation(_) => step.clone(),
        });
    };
    let q: usize = question[1..].parse().unwrap();
    // A question that is not asked may be taken as answered in any way.
    let given = applying.given.iter().find(|(g, _)| *g == q);
    let id = option(given.map_or(paper.questions[q].options - 1, |(_, o)| *o)).to_string();
    let mut said = None;
    for part in parts {
        let leaf = says(steps, paper, applying);
        if part.contains(&id) {
            said = said.or(leaf);
        }
    }
    said
}

fn verdicts(steps: &[Step], paper: &Paper, all: &[Applying]) -> Vec<Option<Step>> {
    all.iter()
        .map(|applying| says(&mut steps.iter(), paper, applying))
        .collect()
}

/// Every edit of one step: another leaf, another question, an option elsewhere, something left
/// out, doubled or exchanged.
fn edits(steps: &[Step], paper: &Paper) -> Vec<Vec<Step>> {
    let mut all = Vec::new();
    for (n, step) in steps.iter().enumerate() {
        let with = |new: &[Step]| [&steps[..n], new, &steps[n + 1..]].concat();
        all.push(with(&[]));
        all.push(with(&[step.clone(), step.clone()]));
        if let Some(next) = steps.get(n + 1) {
            let mut swapped = steps.to_vec();
            swapped[n] = next.clone();
            swapped[n + 1] = step.clone();
            all.push(swapped);
        }
        for w in 0..=paper.windows.len() {
            all.push(with(&[Step::Window(format!("w{w}"))]));
        }
        for s in 0..=paper.situations.len() {
            all.push(with(&[Step::Situation(format!("s{s}"))]));
        }
        let Step::Cut(question, parts) = step else {
            continue;
        };
        for q in 0..paper.questions.len() {
            all.push(with(&[Step::Cut(format!("q{q}"), parts.clone())]));
        }
        for (p, part) in parts.iter().enumerate() {
            let mut less = parts.clone();
            less.remove(p);
            all.push(with(&[Step::Cut(question.clone(), less)]));
            for o in 0..part.len() {
                let mut without = parts.clone();
                let option = without[p].remove(o);
                all.push(with(&[Step::Cut(question.clone(), without.clone())]));
                for to in 0..parts.len() {
                    let mut moved = without.clone();
                    moved[to].push(option.clone());
                    all.push(with(&[Step::Cut(question.clone(), moved)]));
                }
            }
            for other in 0..p {
                let mut swapped = parts.clone();
                swapped.swap(p, other);
                all.push(with(&[Step::Cut(question.clone(), swapped)]));
            }
        }
    }
    all
}

#[test]
fn checker_and_verifier_agree_and_no_edit_passes() {
    let mut random = Random(26);
    let (mut held, mut refused, mut harmless, mut torn) = (0, 0, 0, 0);
    for n in 0..10_000 {
        let paper = Paper::random(&mut random);
        let text = paper.toml();
        let all = paper.all();
        let exactly_one = |a: &Applying| !a.windows.is_empty() || a.situations.len() == 1;
        let (holds, steps) = certificate(&text);
        assert_eq!(holds, all.iter().all(exactly_one), "{text}");
        assert_eq!(verify_matter("m", &text, &steps).is_ok(), holds, "{text}");
        if !holds {
            continue;
        }
        held += 1;
        // A band that ends before the next begins leaves somebody out.
        for (bound, earlier) in [("until = 2\n", "until = 1\n"), ("\"P2Y\"\n", "\"P2Y1D\"\n")] {
            if text.contains(bound) {
                let text = text.replacen(bound, earlier, 1);
                assert!(verify_matter("m", &text, &steps).is_err(), "{text}");
                torn += 1;
            }
        }
        let verdict = verdicts(&steps, &paper, &all);
        let edits = edits(&steps, &paper);
        // All edits of some, one edit of each of the others.
        let some = random.below(edits.len());
        for (e, edit) in edits
            .iter()
            .enumerate()
            .filter(|(e, _)| n < 200 || *e == some)
        {
            match verify_matter("m", &text, edit) {
                Ok(()) => {
                    harmless += 1;
                    assert_eq!(
                        verdicts(edit, &paper, &all),
                        verdict,
                        "edit {e}: {edit:?}\n{text}"
                    );
                }
                Err(_) => refused += 1,
            }
        }
    }
    println!("{held} held, {refused} edits were refused, {harmless} changed nothing");
    assert!(held > 3_000 && refused > 10_000 && harmless > 0 && torn > 1_000);
}
