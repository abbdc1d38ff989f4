//! Exported and imported again, a file is the same data.

use std::fs;
use std::path::{Path, PathBuf};

use toml::Table;
use yici_catalog_sheet::{export, import, read, template};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn matters(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
        .collect();
    names.sort();
    names
}

#[test]
fn every_shipped_file_comes_back_as_it_was() {
    for name in ["matters", "tests/good"] {
        let dir = folder(name);
        for matter in matters(&dir) {
            let workbook = export(&dir, &matter).unwrap();
            let found = read(&workbook, &dir);
            let (file, toml) = found.unwrap_or_else(|e| panic!("{matter}: {e}"));
            assert_eq!(file, format!("{matter}.toml"));
            let text = fs::read_to_string(dir.join(&file)).unwrap();
            let (was, is): (Table, Table) = (text.parse().unwrap(), toml.parse().unwrap());
            for (key, value) in &was {
                assert_eq!(is.get(key), Some(value), "{matter}: {key}");
            }
            assert_eq!(is.len(), was.len());
            // Every comment is a remark, and stays one.
            for line in text.lines().filter(|l| l.trim_start().starts_with("# ")) {
                assert!(toml.contains(line.trim()), "{matter}: {line}");
            }
            let copy = tempfile::tempdir().unwrap();
            let shared = "catalogue.toml";
            fs::copy(dir.join(shared), copy.path().join(shared)).unwrap();
            fs::write(copy.path().join(&file), &toml).unwrap();
            let again = export(copy.path(), &matter).unwrap();
            assert_eq!(read(&again, copy.path()).unwrap().1, toml);
        }
    }
}

#[test]
fn a_good_file_is_taken_with_nothing_lost() {
    let dir = folder("tests/good");
    let taken = import(&export(&dir, "demo").unwrap(), &dir).unwrap();
    assert_eq!((taken.exists, taken.lost.len()), (true, 0));
}

#[test]
fn an_empty_workbook_says_what_to_fill_in() {
    let dir = folder("tests/good");
    let told = import(&template(&dir, "card-loss").unwrap(), &dir)
        .unwrap_err()
        .to_string();
    let first: Vec<&str> = told.lines().take(2).collect();
    assert_eq!(
        first,
        [
            "基本信息!B4：“人生阶段”没有填",
            "基本信息!B5：“事项名称”没有填"
        ]
    );
}
