//! Bundles of a catalogue: one that is read writes the very same bytes again, and its manifest names
//! files of the catalogue alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_catalog_publish::{Bundle, CATALOGUE, CERTIFICATE, Manifest};

fuzz_target!(|input: &[u8]| {
    let bytes = input.to_vec().into();
    if let Ok(bundle) = Bundle::parse(&bytes) {
        assert_eq!(bundle.to_bytes().expect("it was one"), bytes);
        if let Ok(manifest) = bundle.manifest() {
            names(&manifest);
        }
    }
    if let Ok(manifest) = Manifest::parse(input) {
        names(&manifest);
    }
});

fn names(manifest: &Manifest) {
    for file in &manifest.files {
        let up = file.name.split('/').any(|part| part == "..");
        let inside = file.name.starts_with(CATALOGUE) && !up;
        assert!(inside || file.name == CERTIFICATE, "{}", file.name);
    }
}
