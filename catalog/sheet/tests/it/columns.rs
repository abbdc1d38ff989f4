//! Every key of the format has a column.

use std::collections::BTreeSet;

use serde_json::Value;
use yici_catalog::{catalogue_schema, matter_schema};
use yici_catalog_sheet::{Book, Rows, sheets};

/// The ways to all single values of a schema; what is written in one cell is one.
fn leaves(root: &Value, schema: &Value, path: &str, into: &mut BTreeSet<String>) {
    if let Some(pointer) = schema["$ref"].as_str() {
        let target = root.pointer(pointer.trim_start_matches('#')).unwrap();
        return leaves(root, target, path, into);
    }
    if let Some(list) = schema["anyOf"].as_array() {
        for one in list.iter().filter(|one| one["type"] != "null") {
            leaves(root, one, path, into);
        }
        return;
    }
    if let Some(properties) = schema["properties"].as_object() {
        for (key, value) in properties {
            let dot = if path.is_empty() { "" } else { "." };
            leaves(root, value, &format!("{path}{dot}{key}"), into);
        }
    } else if schema["items"].is_object() {
        leaves(root, &schema["items"], path, into);
    } else {
        into.insert(path.to_owned());
    }
}

#[test]
fn every_key_of_the_format_has_a_column() {
    for (book, schema) in [
        (Book::Matter, matter_schema()),
        (Book::Shared, catalogue_schema()),
    ] {
        let mut wanted = BTreeSet::new();
        leaves(schema, schema, "", &mut wanted);
        let mut have = BTreeSet::new();
        for sheet in sheets(book) {
            let prefix = match sheet.rows {
                Rows::Basics => String::new(),
                Rows::List(path) => format!("{path}."),
                Rows::Inside { of, list } => format!("{of}.{list}."),
            };
            for column in sheet
                .columns
                .iter()
                .filter(|c| c.path != "^" && c.path != "#")
            {
                assert!(
                    have.insert(format!("{prefix}{}", column.path)),
                    "{}",
                    column.path
                );
            }
        }
        let without: Vec<&String> = wanted.difference(&have).collect();
        let unknown: Vec<&String> = have.difference(&wanted).collect();
        assert!(
            without.is_empty() && unknown.is_empty(),
            "src/layout.rs: no column for {without:?}; no key for {unknown:?}"
        );
    }
}
