//! One answer → next question, at 3,000 situations and 30 questions of 6 options each
//! (limit 50 µs). Prints one line for people and one JSON row for `make bench`.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use yici_catalog::{Answer, Answers, Catalog, Matter, State};

use support::{OPTIONS, Random, SITUATIONS};

mod support;

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 24);

fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    support::write(dir.path(), &support::boxes())?;
    let start = Instant::now();
    let catalog = Catalog::load(dir.path()).map_err(|e| e.render(yici_catalog::Lang::En))?;
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
