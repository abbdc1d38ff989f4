//! Exported and imported again, a file is the same data.

use std::fs;
use std::path::{Path, PathBuf};

use toml::Table;
use yici_catalog_sheet::{export, import, template};

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
            let back = import(&workbook, &dir).unwrap_or_else(|e| panic!("{matter}: {e}"));
            let file = format!("{matter}.toml");
            assert_eq!(back.file, file);
            let text = fs::read_to_string(dir.join(&file)).unwrap();
            let (was, is): (Table, Table) = (text.parse().unwrap(), back.toml.parse().unwrap());
            for (key, value) in &was {
                assert_eq!(is.get(key), Some(value), "{matter}: {key}");
            }
            assert_eq!(is.len(), was.len());
            assert_eq!(back.lost, [] as [&str; 0], "{matter}");
        }
    }
}

#[test]
fn comments_stay_when_imported_again() {
    let dir = folder("matters");
    let first = import(&export(&dir, "newborn").unwrap(), &dir).unwrap();
    let copy = tempfile::tempdir().unwrap();
    let shared = "catalogue.toml";
    fs::copy(dir.join(shared), copy.path().join(shared)).unwrap();
    fs::write(copy.path().join("newborn.toml"), &first.toml).unwrap();
    fs::create_dir(copy.path().join("samples")).unwrap();
    for entry in fs::read_dir(dir.join("samples")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(
            entry.path(),
            copy.path().join("samples").join(entry.file_name()),
        )
        .unwrap();
    }
    assert!(first.toml.contains("# 待核实：90天的补缴期各地不同。"));
    let again = import(&export(copy.path(), "newborn").unwrap(), copy.path()).unwrap();
    assert_eq!(again.toml, first.toml);
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
