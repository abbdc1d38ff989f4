//! Every page in every mode, with data as long as real data gets: no words on other words, none
//! outside the window, and nothing to touch that is too small for a finger.

#[allow(dead_code)]
#[path = "../examples/gallery.rs"]
mod gallery;

#[test]
fn nothing_is_cut_or_covered() {
    let faults = gallery::faults().expect("the pages are drawn");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
