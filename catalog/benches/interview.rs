//! One answer → next question, at 3,000 situations and 30 questions of 6 options each
//! (limit 50 µs). Prints one line for people and one JSON row for `make bench`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use yici_catalog::{Answer, Answers, Catalog, Matter, State};

const QUESTIONS: usize = 30;
const OPTIONS: usize = 6;
const SITUATIONS: usize = 3000;
const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 24);

fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    write(dir.path())?;
    let start = Instant::now();
    let catalog = Catalog::load(dir.path()).map_err(|e| e.render())?;
    println!(
        "load {SITUATIONS} situations: {:.0} ms",
        start.elapsed().as_secs_f64() * 1e3
    );
    let matter = &catalog.matters[0];
    let mut random = Random(1);
    let mut times = Vec::new();
    for _ in 0..200 {
        walk(matter, &mut random, &mut times);
    }
    times.sort_unstable_by(f64::total_cmp);
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    println!(
        "one answer → next question, {} answers: median {:.1} µs, p99 {:.1} µs, max {:.1} µs (limit 50)",
        times.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
    let ratio = at(0.99) / 50.0;
    println!(
        r#"{{"figure":"one answer → next question, p99","against":"50 µs","ratio":{ratio},"limit":1.0}}"#
    );
    Ok(())
}

/// Walks through the interview as a citizen does: every answer walks from the start.
fn walk(matter: &Matter, random: &mut Random, times: &mut Vec<f64>) {
    let mut answers = Answers::new();
    loop {
        let start = Instant::now();
        let interview = black_box(matter.interview(black_box(&answers), TODAY));
        times.push(start.elapsed().as_secs_f64() * 1e6);
        let State::Question { id, .. } = interview.state else {
            return;
        };
        answers.insert(id, Answer::Option(format!("o{}", random.below(OPTIONS))));
    }
}

/// Cuts all answers into disjoint boxes, one situation each, and writes them as a matter.
fn write(dir: &Path) -> Result<(), Box<dyn Error>> {
    let good = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good");
    fs::create_dir(dir.join("samples"))?;
    for name in ["catalogue.toml", "samples/paper.svg"] {
        fs::copy(good.join(name), dir.join(name))?;
    }
    let demo = fs::read_to_string(good.join("demo.toml"))?;
    let head = demo.split("[[question]]").next().unwrap_or_default();
    let item = demo.split("[[item]]").nth(1).unwrap_or_default();
    let mut text = head.to_owned();
    for q in 0..QUESTIONS {
        writeln!(
            text,
            "[[question]]\nid=\"q{q}\"\nkind=\"choice\"\ntext={{zh=\"问\",en=\"q\"}}"
        )?;
        for o in 0..OPTIONS {
            writeln!(
                text,
                "[[question.option]]\nid=\"o{o}\"\ntext={{zh=\"选\",en=\"o\"}}"
            )?;
        }
    }
    for (s, cut) in boxes().iter().enumerate() {
        writeln!(
            text,
            "[[situation]]\nid=\"s{s}\"\ntext={{zh=\"情\",en=\"s\"}}\n[situation.when]"
        )?;
        for (q, mask) in cut.iter().enumerate().filter(|(_, m)| **m != FULL) {
            let options = (0..OPTIONS).filter(|o| mask >> o & 1 == 1);
            let options: Vec<String> = options.map(|o| format!("\"o{o}\"")).collect();
            writeln!(text, "q{q}=[{}]", options.join(","))?;
        }
    }
    let item = item.replace("yields = [\"certificate-paper\"]\n", "");
    write!(text, "[[item]]{item}")?;
    fs::write(dir.join("demo.toml"), text)?;
    Ok(())
}

const FULL: u32 = (1 << OPTIONS) - 1;

fn boxes() -> Vec<[u32; QUESTIONS]> {
    let mut random = Random(7);
    let mut boxes = vec![[FULL; QUESTIONS]];
    // In rounds, so that no situation is cut much finer than the others.
    for round in 0.. {
        for b in 0..1 << round {
            if boxes.len() == SITUATIONS {
                return boxes;
            }
            let mut other = boxes[b];
            let (q, cut) = loop {
                let q = random.below(QUESTIONS);
                let cut = other[q] & (random.below(FULL as usize) as u32 + 1);
                if cut != 0 && cut != other[q] {
                    break (q, cut);
                }
            };
            other[q] &= !cut;
            boxes[b][q] = cut;
            boxes.push(other);
        }
    }
    boxes
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}
