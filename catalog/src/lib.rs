//! The catalogue of one-stop matters (一件事): the format that authors write, the loader that
//! tells them all that is wrong, the interview that finds a citizen's situation, and the merging
//! of items into one form, one set of materials and one flow.
//!
//! Answers in; question or outcome out. Nothing here reads a clock, and only [`Catalog::load`]
//! reads files. The format is described in `catalog/README.md`.

mod answer;
mod check;
mod file;
mod finding;
mod guide;
mod interview;
mod load;
mod model;
mod order;
mod outcome;
mod overlay;
mod plan;
mod schema;
mod search;
mod shape;
mod time;
mod why;

pub use answer::{Answer, Answers, Fact, Facts, UNSURE};
pub use finding::{Code, Finding, LoadError};
pub use guide::guide;
pub use interview::{Interview, State};
pub use load::{CATALOGUE_FILE, MAX_FILE_BYTES, MAX_FILES, REGIONS_DIR};
pub use model::*;
pub use outcome::{ChoiceError, FormField, Needed, NotAsked, Outcome, OutcomeItem, Reason};
pub use plan::{MAX_OPTIONS, MAX_SITUATIONS};
pub use schema::{
    catalogue_overlay_schema, catalogue_schema, matter_overlay_schema, matter_schema,
};
pub use time::{Age, OpenDays, OpenTime};
pub use why::{Explanation, Given, NotNeeded};
