//! Manifests of updates: one that is taken is written as it reads, and its sizes can be true.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_update::manifest::Manifest;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(manifest) = Manifest::parse(bytes) {
        for piece in [&manifest.root, &manifest.verity, &manifest.uki] {
            assert!(piece.plausible());
            assert!(piece.parse_list(bytes).is_none_or(|list| !list.is_empty()));
        }
        let written = serde_json::to_vec(&manifest).expect("a manifest is JSON");
        assert_eq!(Manifest::parse(&written).ok(), Some(manifest));
    }
});
