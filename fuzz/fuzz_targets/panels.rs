//! The system's lists of touch panels and sound cards, which names that devices tell stand in.
#![no_main]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use yici_hal::panel;

/// A made-up root, in memory if the system has a place for that.
static ROOT: LazyLock<TempDir> = LazyLock::new(|| {
    let root = tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("a folder");
    for folder in ["proc/bus/input", "proc/asound"] {
        fs::create_dir_all(root.path().join(folder)).expect("a folder");
    }
    root
});

fuzz_target!(|list: &[u8]| {
    for file in ["proc/bus/input/devices", "proc/asound/cards"] {
        fs::write(ROOT.path().join(file), list).expect("a file");
    }
    let touches = panel::touches(ROOT.path());
    for touch in &touches {
        assert_eq!(touch.path.parent(), Some(Path::new("/dev/input")));
    }
    let sounds = panel::audio(ROOT.path());
    let names = touches.iter().map(|touch| &touch.name);
    for name in names.chain(sounds.iter().map(|sound| &sound.name)) {
        assert!(name.chars().count() <= 64 && !name.chars().any(char::is_control));
    }
});
