//! A small good catalogue, and how to spoil it.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, date};
use serde_json::Value;
use yici_catalog::{Answers, Catalog, LoadError, Matter};

/// The day on which all tests happen.
pub const TODAY: Date = date(2026, 11, 24);

/// The folder of the good catalogue.
pub fn good() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good")
}

/// The good catalogue with edits in its files: what stands there, once, and what instead.
pub fn edited(edits: &[(&str, &str, &str)]) -> Result<Catalog, LoadError> {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("samples")).unwrap();
    for name in ["catalogue.toml", "demo.toml", "samples/paper.svg"] {
        let mut text = fs::read_to_string(good().join(name)).unwrap();
        for (_, old, new) in edits.iter().filter(|(file, _, _)| *file == name) {
            assert!(text.contains(old), "{name} has no {old}");
            text = text.replacen(old, new, 1);
        }
        fs::write(dir.path().join(name), text).unwrap();
    }
    Catalog::load(dir.path())
}

/// The good catalogue's matter, with edits that leave it good.
pub fn demo(edits: &[(&str, &str)]) -> Matter {
    let edits: Vec<_> = edits
        .iter()
        .map(|(old, new)| ("demo.toml", *old, *new))
        .collect();
    match edited(&edits) {
        Ok(catalog) => catalog.matters[0].clone(),
        Err(e) => panic!("{}", e.render(yici_catalog::Lang::En)),
    }
}

/// Answers as an answer file writes them.
pub fn answers(json: Value) -> Answers {
    serde_json::from_value(json).unwrap()
}

/// A line, what becomes of it, and where.
pub type Edit = (usize, usize, usize);

/// Lines of a file with some of them lost, doubled, cut or exchanged.
pub fn damaged(text: &str, edits: Vec<Edit>) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (line, kind, place) in edits {
        let line = line % lines.len();
        match kind {
            0 => drop(lines.remove(line)),
            1 => lines.insert(line, lines[line].clone()),
            2 => lines[line] = lines[line].chars().take(place).collect(),
            _ => {
                let other = place % lines.len();
                lines.swap(line, other);
            }
        }
    }
    lines
}
