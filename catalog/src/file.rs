//! The files as they are written, where they differ from the model.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::{
    ApplicantWay, Condition, Field, Guide, Item, Join, Material, Question, Resource, Sequel, Stage,
    Suggestion, Text, Unit, Window,
};

/// The version of the format that this crate reads.
pub const FORMAT: u32 = 1;

/// `catalogue.toml`: what all matters share.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Yici catalogue")]
pub struct CatalogueFile {
    /// The version of the format: 1.
    pub format: u32,
    /// The version of the catalogue, recorded with each case.
    #[schemars(length(min = 1))]
    pub version: String,
    /// Where it applies.
    pub region: Text,
    /// The same as a code (GB/T 2260, six digits).
    pub region_code: String,
    /// Life stages, in display order (clause 3).
    #[serde(rename = "stage")]
    #[schemars(length(min = 1))]
    pub stages: Vec<Stage>,
    /// Responsible units.
    #[serde(rename = "unit")]
    #[schemars(length(min = 1))]
    pub units: Vec<Unit>,
    /// Data resources that answer questions or fill fields (6.4 b).
    #[serde(rename = "resource", default)]
    pub resources: Vec<Resource>,
    /// The ways of applying, in display order (申请人).
    #[serde(rename = "applicant")]
    #[schemars(length(min = 1))]
    pub applicants: Vec<ApplicantWay>,
    /// What people usually do after a matter (7.2.1 b).
    #[serde(rename = "sequel", default)]
    pub sequels: Vec<Sequel>,
    /// What people of an age or from a place usually come for (7.2.1 b).
    #[serde(rename = "suggestion", default)]
    pub suggestions: Vec<Suggestion>,
}

/// `<matter id>.toml`: one matter.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Yici matter")]
pub struct MatterFile {
    /// The version of the format: 1.
    pub format: u32,
    /// Its id, which is also the file's name.
    pub id: String,
    /// Its life stage.
    pub stage: String,
    /// 事项名称 (appendix A); in Chinese it ends with “一件事一次办”.
    pub name: Text,
    /// The label that people tap.
    pub short: Text,
    /// One sentence about it.
    pub summary: Text,
    /// Everyday words to find it by.
    #[schemars(length(min = 1))]
    pub keywords: Vec<String>,
    /// The elements of its guide (appendix A).
    pub guide: Guide,
    /// The questions that find the situation, in the order asked (6.4 a).
    #[serde(rename = "question", default)]
    pub questions: Vec<Question>,
    /// Questions that may take each other's places, so that people are asked least.
    #[serde(default)]
    pub free_order: Vec<String>,
    /// Who is served by people instead; earlier ones come first.
    #[serde(rename = "window", default)]
    pub windows: Vec<Window>,
    /// The situations (5.2.2.2).
    #[serde(rename = "situation")]
    #[schemars(length(min = 1))]
    pub situations: Vec<SituationFile>,
    /// The service items (单一事项).
    #[serde(rename = "item")]
    #[schemars(length(min = 1))]
    pub items: Vec<Item>,
    /// Items that law wants together.
    #[serde(rename = "join", default)]
    pub joins: Vec<Join>,
    /// The materials (5.2.2.5).
    #[serde(rename = "material", default)]
    pub materials: Vec<Material>,
    /// The fields of the one form (5.2.2.4).
    #[serde(rename = "field", default)]
    pub fields: Vec<Field>,
}

/// A situation as it is written: it stands for one situation per combination of the options of
/// the questions it is split by.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SituationFile {
    /// Its id.
    pub id: String,
    /// The first words of its sentence.
    pub text: Text,
    /// For which answers.
    #[serde(default)]
    pub when: Condition,
    /// The questions whose options it is split by.
    #[serde(default)]
    pub split: Vec<String>,
    /// An earlier situation that comes to the same items, materials and fields. It is told apart
    /// because one condition cannot say both, or because people say it otherwise.
    #[serde(default)]
    pub same_as: Option<String>,
}
