//! Files of a catalogue: each is taken whole, or told with what is wrong in it.
#![no_main]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use yici_catalog::Catalog;

const GOOD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../catalog/tests/good");

/// A good catalogue, in memory if the system has a place for that.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("a folder");
    fs::create_dir(folder.path().join("samples")).expect("a folder");
    for name in ["catalogue.toml", "demo.toml", "samples/paper.svg"] {
        fs::copy(Path::new(GOOD).join(name), folder.path().join(name)).expect("a file");
    }
    folder
});

fuzz_target!(|input: (bool, &str)| {
    let (is_shared, text) = input;
    let name = if is_shared {
        "catalogue.toml"
    } else {
        "demo.toml"
    };
    let file = FOLDER.path().join(name);
    fs::write(&file, text).expect("a file");
    match Catalog::load(FOLDER.path()) {
        Ok(catalog) => assert_eq!(catalog.matters.len(), 1),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    fs::copy(Path::new(GOOD).join(name), file).expect("a file");
});
