//! Every sentence of the pages has its English, and no English is left over.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The sentence of each `@tr("…")`, as written.
fn sentences(folder: &Path, into: &mut BTreeSet<String>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            sentences(&path, into);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "slint")
        {
            let text = fs::read_to_string(&path).expect("it can be read");
            for call in text.split("@tr(").skip(1) {
                into.insert(
                    quoted(call).unwrap_or_else(|| panic!("{}: @tr({call:.40}", path.display())),
                );
            }
        }
    }
}

/// The first string literal, quotes off, escapes as they are.
fn quoted(text: &str) -> Option<String> {
    let inside = text.trim_start().strip_prefix('"')?;
    let mut escaped = false;
    let end = inside.char_indices().find(|(_, character)| {
        let end = *character == '"' && !escaped;
        escaped = *character == '\\' && !escaped;
        end
    })?;
    Some(inside[..end.0].to_owned())
}

/// Placeholders, sorted: a sentence and its translation must have the same.
fn places(text: &str) -> Vec<&str> {
    let mut places: Vec<&str> = text
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
        .collect();
    places.sort_unstable();
    places
}

#[test]
fn every_sentence_has_its_english() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut used = BTreeSet::new();
    sentences(here, &mut used);

    let po = fs::read_to_string(here.join("lang/en/LC_MESSAGES/yici-ui.po")).expect("it is there");
    let mut translated = BTreeSet::new();
    for entry in po.split("\n\n") {
        let field = |name: &str| {
            entry
                .lines()
                .filter_map(|line| line.strip_prefix(name))
                .filter_map(quoted)
                .next()
        };
        let Some(sentence) = field("msgid").filter(|sentence| !sentence.is_empty()) else {
            continue;
        };
        let forms: Vec<String> = ["msgstr ", "msgstr[0]", "msgstr[1]"]
            .iter()
            .filter_map(|name| field(name))
            .collect();
        assert!(
            !forms.is_empty() && forms.iter().all(|form| !form.is_empty()),
            "{sentence} has no English"
        );
        for form in &forms {
            assert_eq!(places(&sentence), places(form), "{sentence} | {form}");
        }
        assert!(
            translated.insert(sentence.clone()),
            "{sentence} is there twice"
        );
    }
    let missing: Vec<_> = used.difference(&translated).collect();
    let left_over: Vec<_> = translated.difference(&used).collect();
    assert!(missing.is_empty(), "without English: {missing:#?}");
    assert!(
        left_over.is_empty(),
        "English that no page says: {left_over:#?}"
    );
}
