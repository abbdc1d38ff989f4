//! Every page in every mode, with data as long as real data gets: no words on other words, none
//! outside the window, and nothing to touch that is too small for a finger.

use std::path::Path;
use std::process::Command;

use crate::hall::output;

#[test]
fn nothing_is_cut_or_covered() {
    let gallery = Path::new(env!("CARGO_BIN_EXE_kiosk")).with_file_name("examples/gallery");
    let checked = output(Command::new(gallery).arg("--check"));
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
}
