//! The schemas beside the catalogue are those of the code. `UPDATE=1 cargo test -p yici-catalog
//! schema` writes them anew.

use std::path::Path;

use serde_json::Value;
use yici_catalog::{
    catalogue_overlay_schema, catalogue_schema, matter_overlay_schema, matter_schema,
};

#[test]
fn schemas_are_current() {
    check("catalogue.schema.json", catalogue_schema());
    check("matter.schema.json", matter_schema());
    check("catalogue-overlay.schema.json", catalogue_overlay_schema());
    check("matter-overlay.schema.json", matter_overlay_schema());
}

fn check(name: &str, schema: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("matters")
        .join(name);
    let expected = serde_json::to_string_pretty(schema).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{name} is out of date: run `UPDATE=1 cargo test -p yici-catalog schema`"
    );
}
