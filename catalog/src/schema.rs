//! JSON Schemas of the kinds of files, for editors. They stand beside the catalogue as
//! `catalogue.schema.json` and `matter.schema.json`, those of overlays as
//! `catalogue-overlay.schema.json` and `matter-overlay.schema.json`.

use std::sync::LazyLock;

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use crate::file::{CatalogueFile, MatterFile};

/// The schema of `catalogue.toml`.
pub fn catalogue_schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(schema_of::<CatalogueFile>);
    &SCHEMA
}

/// The schema of a matter's file.
pub fn matter_schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(schema_of::<MatterFile>);
    &SCHEMA
}

/// The schema of an overlay of `catalogue.toml`.
pub fn catalogue_overlay_schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
        // Where and which version it is, is no region's to say.
        let own = ["format", "region", "stage", "unit", "resource", "applicant"];
        overlay_of(
            catalogue_schema(),
            "Yici catalogue, overlay",
            &["format"],
            |key| own.contains(&key),
        )
    });
    &SCHEMA
}

/// The schema of an overlay of a matter's file.
pub fn matter_overlay_schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
        overlay_of(
            matter_schema(),
            "Yici matter, overlay",
            &["format", "id"],
            |_| true,
        )
    });
    &SCHEMA
}

/// The schema of what changes a file: nothing is mandatory but what says which entry is meant.
fn overlay_of(
    schema: &Value,
    title: &str,
    required: &[&str],
    may_say: impl Fn(&str) -> bool,
) -> Value {
    let mut overlay = schema.clone();
    overlay["title"] = title.into();
    overlay["required"] = json!(required);
    let names = |what: &str| {
        json!({
            "type": "array",
            "items": { "type": "string", "minLength": 1 },
            "description": what,
            "default": [],
        })
    };
    if let Some(properties) = overlay["properties"].as_object_mut() {
        properties.retain(|key, _| may_say(key));
        for property in properties.values_mut().filter_map(Value::as_object_mut) {
            property.remove("minItems");
        }
        let add = "The entries of this file that are new: `material:id`, `question:id/option:id`.";
        properties.insert("add".to_owned(), names(add));
        let remove = "Entries and keys to take away: `material:id`, `material:id/later`.";
        properties.insert("remove".to_owned(), names(remove));
    }
    for table in MERGED {
        let entry = &mut overlay["$defs"][table];
        if let Some(required) = entry["required"].as_array_mut() {
            required.retain(|key| key == "id" || (key == "kind" && table == "ApplicantWay"));
        }
        if let Some(options) = entry["properties"]["option"].as_object_mut() {
            options.remove("minItems");
        }
    }
    // A table that this file does not have was made by asking for it.
    if let Some(tables) = overlay["$defs"].as_object_mut() {
        tables.retain(|_, table| !table.is_null());
    }
    overlay
}

/// The tables that are merged key by key.
const MERGED: [&str; 12] = [
    "Guide",
    "Question",
    "QuestionOption",
    "Window",
    "SituationFile",
    "Item",
    "Material",
    "Field",
    "Stage",
    "Unit",
    "Resource",
    "ApplicantWay",
];

fn schema_of<T: JsonSchema>() -> Value {
    SchemaGenerator::default()
        .into_root_schema_for::<T>()
        .to_value()
}
