//! JSON Schemas of the two kinds of files, for editors. They stand beside the catalogue as
//! `catalogue.schema.json` and `matter.schema.json`.

use std::sync::LazyLock;

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

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

fn schema_of<T: JsonSchema>() -> Value {
    SchemaGenerator::default()
        .into_root_schema_for::<T>()
        .to_value()
}
