//! Proving 3,000 situations over 30 questions of 6 options: against a plain prototype in Python,
//! which must take 300 times as long, and against Z3, where it is installed. All three get the same
//! boxes: complete ones, ones with a gap and ones with an overlap, which none may miss. Then what
//! rechecking the certificate takes. Prints lines for people and JSON rows for `make bench`.

use std::error::Error;
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};
use yici_catalog::{Catalog, Condition, Proof, Question, Questionnaire};

use support::{FULL, Masks, OPTIONS, QUESTIONS, Random, SITUATIONS};

mod support;

fn main() -> Result<(), Box<dyn Error>> {
    let complete = support::boxes();
    let instances = [
        ("complete", complete.clone()),
        ("gap", spoilt(&complete, false)),
        ("overlap", spoilt(&complete, true)),
    ];
    let questions = questions()?;
    for (name, boxes) in &instances {
        let whens: Vec<Condition> = boxes.iter().map(condition).collect();
        let whens: Vec<&Condition> = whens.iter().collect();
        let questionnaire = Questionnaire::new(&questions, &[], &whens);
        let proof = questionnaire.prove();
        let found = right(name, boxes, &proof)?;
        let ours = median(|| drop(black_box(black_box(&questionnaire).prove())));
        println!("{name}: {found}, {:.2} ms", ours * 1e3);
        let given = json!({ "options": OPTIONS, "boxes": boxes.iter().map(|b| b.to_vec()).collect::<Vec<_>>() });
        let python = ask("python3", "prototype.py", &given)?;
        if python["gap"].is_null() == (*name == "gap")
            || python["overlap"].is_null() == (*name == "overlap")
        {
            return Err(format!("the prototype is wrong about {name}: {python}").into());
        }
        let seconds = python["seconds"].as_f64().ok_or("no seconds")?;
        println!("{name}: the prototype takes {seconds:.2} s");
        // It stops at the first overlap; the whole work is what is compared.
        if *name == "complete" {
            row(
                "proving 3,000 situations",
                "the prototype in Python",
                ours / seconds,
                1.0 / 300.0,
            );
        }
        z3(name, boxes, &given, ours)?;
    }
    certificate(&complete)
}

/// Rechecking, from the folder to the verdict, against checking from the folder to the catalogue.
fn certificate(boxes: &[Masks]) -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    support::write(dir.path(), boxes)?;
    let (_, certificate) =
        Catalog::certify(dir.path()).map_err(|e| e.render(yici_catalog::Lang::En))?;
    let text = certificate.to_string();
    let steps = certificate.matters["demo"].len();
    yici_catalog_verify::verify(dir.path(), &text)?;
    let proving = median(|| drop(black_box(Catalog::load(dir.path()))));
    let verifying = median(|| drop(black_box(yici_catalog_verify::verify(dir.path(), &text))));
    println!(
        "from the folder: checking {:.1} ms, verifying {:.1} ms; the certificate has {steps} steps, {} KiB",
        proving * 1e3,
        verifying * 1e3,
        text.len() / 1024
    );
    row(
        "verifying a certificate",
        "proving",
        verifying / proving,
        1.0,
    );
    Ok(())
}

/// The boxes, with one of them that has one option less (a gap) or more (an overlap).
fn spoilt(boxes: &[Masks], more: bool) -> Vec<Masks> {
    let mut random = Random(if more { 11 } else { 5 });
    let mut boxes = boxes.to_vec();
    loop {
        let masks = &mut boxes[random.below(SITUATIONS)];
        let (q, option) = (random.below(QUESTIONS), 1 << random.below(OPTIONS));
        let taken = masks[q] & option != 0;
        if taken != more && masks[q] & !option != 0 && masks[q] != FULL {
            masks[q] ^= option;
            return boxes;
        }
    }
}

/// Whether the proof says what is so; the answers that it shows are looked up in the boxes.
fn right(name: &str, boxes: &[Masks], proof: &Proof) -> Result<String, Box<dyn Error>> {
    let applying = |answers: &[(usize, usize)]| {
        let takes = |masks: &&Masks| answers.iter().all(|(q, o)| masks[*q] >> o & 1 == 1);
        boxes.iter().filter(takes).count()
    };
    let fine = match name {
        "gap" => proof.overlaps.is_empty() && proof.gaps.iter().any(|g| applying(&g.answers) == 0),
        "overlap" => {
            proof.gaps.is_empty() && proof.overlaps.iter().any(|o| applying(&o.answers) == 2)
        }
        _ => proof.holds(),
    };
    match fine {
        true => Ok(format!(
            "{} gaps, {} overlaps, {} steps",
            proof.gaps.len(),
            proof.overlaps.len(),
            proof.steps.len()
        )),
        false => Err(format!("wrong about {name}").into()),
    }
}

/// Z3 in `target/z3` if `tools/z3` put it there; else a word. It must say what is so: an answer that it
/// does not know, or a wrong one, is no time to compare with.
fn z3(name: &str, boxes: &[Masks], given: &Value, ours: f64) -> Result<(), Box<dyn Error>> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/z3/bin/python");
    if !python.exists() {
        eprintln!("{name}: Z3 is not asked: it is not installed (see tools/z3)");
        return Ok(());
    }
    let answer = ask(&python.to_string_lossy(), "z3_peer.py", given)?;
    if let Some(why) = answer["absent"].as_str() {
        eprintln!("{name}: Z3 is not asked: {why} (see tools/z3)");
        return Ok(());
    }
    let says = |sat: bool| if sat { "sat" } else { "unsat" };
    let truth = json!([says(name == "gap"), says(name == "overlap")]);
    if answer["answers"] != truth {
        let said = &answer["answers"];
        return Err(format!("Z3 says {said} about {name}, which is {truth}").into());
    }
    for (shown, expected) in [("gap", 0), ("overlap", 2)] {
        if !answer[shown].is_null() {
            let options: Vec<usize> = serde_json::from_value(answer[shown].clone())?;
            let takes = |masks: &&Masks| {
                options
                    .iter()
                    .zip(*masks)
                    .all(|(o, mask)| mask >> o & 1 == 1)
            };
            if boxes.iter().filter(takes).count() != expected {
                return Err(format!("Z3 shows {options:?} for the {shown} of {name}").into());
            }
        }
    }
    let seconds = answer["seconds"].as_f64().ok_or("Z3 gives no time")?;
    println!("{name}: Z3 takes {seconds:.2} s");
    let figure = format!("proving 3,000 situations, {name}");
    row(&figure, "Z3", ours / seconds, 1.0);
    Ok(())
}

fn ask(python: &str, script: &str, given: &Value) -> Result<Value, Box<dyn Error>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("benches")
        .join(script);
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(given.to_string().as_bytes())?;
    }
    Ok(serde_json::from_slice(&child.wait_with_output()?.stdout)?)
}

/// Seconds.
fn median(mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..15)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

fn row(figure: &str, against: &str, ratio: f64, limit: f64) {
    println!(r#"{{"figure":"{figure}","against":"{against}","ratio":{ratio},"limit":{limit}}}"#);
}

fn questions() -> Result<Vec<Question>, Box<dyn Error>> {
    let text = |word: &str| json!({ "zh": word, "en": word });
    let options: Vec<Value> = (0..OPTIONS)
        .map(|o| json!({ "id": format!("o{o}"), "text": text("o") }))
        .collect();
    let question = |q| json!({ "id": format!("q{q}"), "kind": "choice", "text": text("q"), "option": options });
    Ok(serde_json::from_value(
        (0..QUESTIONS).map(question).collect(),
    )?)
}

fn condition(masks: &Masks) -> Condition {
    let narrow = masks.iter().enumerate().filter(|(_, mask)| **mask != FULL);
    narrow
        .map(|(q, mask)| {
            let taken = (0..OPTIONS).filter(|o| mask >> o & 1 == 1);
            (format!("q{q}"), taken.map(|o| format!("o{o}")).collect())
        })
        .collect()
}
