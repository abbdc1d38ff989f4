//! A big matter: all answers cut into disjoint boxes, one situation each.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

pub const QUESTIONS: usize = 30;
pub const OPTIONS: usize = 6;
pub const SITUATIONS: usize = 3000;

/// All options of a question.
pub const FULL: u64 = (1 << OPTIONS) - 1;

/// For each question the options allowed, one bit each.
pub type Masks = [u64; QUESTIONS];

/// Writes boxes as a catalogue of one matter.
pub fn write(dir: &Path, boxes: &[Masks]) -> Result<(), Box<dyn Error>> {
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
    for (s, cut) in boxes.iter().enumerate() {
        writeln!(
            text,
            "[[situation]]\nid=\"s{s}\"\ntext={{zh=\"情形{s}\",en=\"s{s}\"}}{}\n[situation.when]",
            // They all come to one item, and say so.
            if s > 0 { "\nsame_as=\"s0\"" } else { "" }
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

/// Disjoint boxes that leave nothing out, cut at random.
pub fn boxes() -> Vec<Masks> {
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
                let cut = other[q] & (random.below(FULL as usize) as u64 + 1);
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

pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}
