//! One lookup of candidates over Debian's dictionary (limit 2 ms). Prints lines for people and one
//! JSON row for `make bench`.

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use yici_pinyin::{DEBIAN_FILE, Dictionary};

const TYPED: [&str; 9] = [
    "zhangxiaoman",
    "wanghaoxuan",
    "shifanshiyiyuan",
    "shandongshengjinanshilixiaqu",
    "jiefangdonglushibahaoyidanyuansanlingyi",
    "xiananganlianganyinanerangeng",
    "zhgr",
    "s",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

/// As many as a citizen pages to: every character of the syllable with the most.
const MOST: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let before = resident_mb()?;
    let start = Instant::now();
    let dictionary = Dictionary::load(Path::new(DEBIAN_FILE))?;
    let load = start.elapsed().as_secs_f64() * 1e3;
    let memory = resident_mb()? - before;
    println!("load: {load:.0} ms (limit 150), memory {memory:.1} MB (limit 15)");

    let mut times = Vec::new();
    for typed in TYPED {
        // As it is typed, letter by letter.
        for end in 1..=typed.len() {
            times.push((time(&dictionary, &typed[..end]), &typed[..end]));
        }
    }
    times.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (median, most) = (&times[times.len() / 2], &times[times.len() - 1]);
    println!(
        "letters → candidates and syllables, {} texts: median {:.2} ms, max {:.2} ms for {} (limit 2)",
        times.len(),
        median.0,
        most.0,
        most.1,
    );
    let ratio = most.0 / 2.0;
    println!(
        r#"{{"figure":"letters → candidates, the slowest","against":"2 ms","ratio":{ratio},"limit":1.0}}"#
    );
    Ok(())
}

/// The median of some runs, in milliseconds.
fn time(dictionary: &Dictionary, letters: &str) -> f64 {
    let mut times: Vec<f64> = (0..21)
        .map(|_| {
            let start = Instant::now();
            black_box(dictionary.candidates(black_box(letters), MOST));
            black_box(dictionary.syllables(black_box(letters)));
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

fn resident_mb() -> Result<f64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|l| l.starts_with("VmRSS:"));
    let kib = line.and_then(|l| l.split_whitespace().nth(1));
    Ok(kib.ok_or("no VmRSS")?.parse::<f64>()? / 1024.0)
}
