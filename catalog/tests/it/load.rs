//! The good catalogue loads.

use proptest::prelude::*;
use yici_catalog::Catalog;

use crate::support::{damaged, good};

#[test]
fn good_catalogue_loads() {
    let catalog = match Catalog::load(&good()) {
        Ok(catalog) => catalog,
        Err(e) => panic!("{}", e.render(yici_catalog::Lang::En)),
    };
    let ids: Vec<&str> = catalog.matters[0]
        .situations
        .iter()
        .map(|s| s.id.as_str())
        .collect();
    assert_eq!(
        ids,
        [
            "local.yes-none",
            "local.yes-some",
            "local.no-none",
            "local.no-some",
            "elsewhere.hospital",
            "elsewhere.home"
        ]
    );
    assert_eq!(catalog.unit("police").short.en, "Police");
    assert_eq!(catalog.unit("moon").name.en, "Unknown unit");
}

/// The example that authors read is a good one.
#[test]
fn the_readme_example_loads() {
    let readme = include_str!("../../README.md");
    let example = readme.split("```toml\n").nth(1).unwrap();
    let example = example.split("```").next().unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("samples")).unwrap();
    std::fs::copy(
        good().join("samples/paper.svg"),
        dir.path().join("samples/paper.svg"),
    )
    .unwrap();
    let shared = std::fs::read_to_string(good().join("catalogue.toml")).unwrap();
    let shared = shared
        .replace("\"birth\"", "\"work\"")
        .replace("\"health\"", "\"social\"")
        .replace("\"police\"", "\"medical\"");
    std::fs::write(dir.path().join("catalogue.toml"), shared).unwrap();
    std::fs::write(dir.path().join("card-loss.toml"), example).unwrap();
    match Catalog::load(dir.path()) {
        Ok(catalog) => assert_eq!(catalog.matters[0].situations.len(), 2),
        Err(e) => panic!("{}", e.render(yici_catalog::Lang::En)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever lines are lost, doubled or cut, the loader answers and points into the file.
    #[test]
    fn damaged_files_are_told(
        edits in prop::collection::vec((0usize..300, 0usize..4, 0usize..200), 1..6),
    ) {
        let text = std::fs::read_to_string(good().join("demo.toml")).unwrap();
        let lines = damaged(&text, edits);
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("samples")).unwrap();
        for name in ["catalogue.toml", "samples/paper.svg"] {
            std::fs::copy(good().join(name), dir.path().join(name)).unwrap();
        }
        std::fs::write(dir.path().join("demo.toml"), lines.join("\n")).unwrap();
        if let Err(e) = Catalog::load(dir.path()) {
            prop_assert!(!e.findings.is_empty());
            for finding in &e.findings {
                prop_assert!(finding.line >= 1 && finding.line <= lines.len() + 1, "{}", finding.line());
                // Serde only reads what the schema let pass: its own words would be a gap there.
                prop_assert!(!finding.message.contains("missing field"), "{}", finding.line());
                prop_assert!(!finding.message.contains("unknown field"), "{}", finding.line());
                prop_assert!(!finding.message.contains("invalid type"), "{}", finding.line());
            }
            prop_assert!(!e.render(yici_catalog::Lang::En).is_empty());
        }
    }
}
