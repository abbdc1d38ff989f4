//! The catalogue of one-stop matters (一件事): the format that authors write, the loader that
//! tells them all that is wrong, the interview that finds a citizen's situation, and the merging
//! of items into one form, one set of materials and one flow.
//!
//! Answers in; question or outcome out. Nothing here reads a clock, and only [`Catalog::load`]
//! reads files. The format is described in `catalog/README.md`.

mod answer;
mod bringing;
mod certificate;
mod check;
mod diff;
mod each;
mod file;
mod finding;
mod graph;
mod guide;
mod interview;
mod load;
mod model;
mod order;
mod outcome;
mod overlay;
mod plan;
mod proof;
mod schema;
mod search;
mod shape;
mod sufficiency;
mod time;
mod why;
mod words;

pub use answer::{Answer, Answers, Fact, Facts, UNSURE};
pub use bringing::Bringing;
pub use certificate::{Certificate, CertificateStep, named};
pub use check::is_region_code;
pub use diff::{
    Asked, Change, Detail, Diff, Effect, Example, MatterDiff, NamedSituation, Presence,
    QuestionChange, Restriction, Served, Situations, Versions, Who, diff,
};
pub use finding::{Code, Finding, LoadError, Witness};
pub use graph::graph;
pub use guide::guide;
pub use interview::{Interview, State};
pub use load::{CATALOGUE_FILE, MAX_FILE_BYTES, MAX_FILES, REGIONS_DIR};
pub use model::*;
pub use outcome::{ChoiceError, FormField, Needed, NotAsked, Outcome, OutcomeItem, Reason};
pub use plan::{MAX_OPTIONS, MAX_SITUATIONS};
pub use proof::{Gap, Leaf, Overlap, Proof, ProofStep, Questionnaire};
pub use schema::{
    catalogue_overlay_schema, catalogue_schema, matter_overlay_schema, matter_schema,
};
pub use sufficiency::{Own, Sufficiency};
pub use time::{Age, OpenDays, OpenTime};
pub use why::{Explanation, Given, MOST_CHANGES, NotNeeded};
