//! What a catalogue says, typed. The same types are read from the files, so the JSON Schema
//! that editors use is generated from them (see [`crate::schema`]).
//!
//! Clause numbers are those of 《政务服务“一件事一次办”工作指南》; "appendix A" is its table of
//! guide elements (办事指南要素).

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::{Fact, Facts};
use crate::plan::{Cube, Plan};
use crate::proof::ProofStep;
use crate::search::Index;
use crate::time::{Age, OpenDays, OpenTime};

/// The language a person reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The words of this language.
    pub fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// Words in both languages. Neither may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Chinese.
    #[schemars(length(min = 1))]
    pub zh: String,
    /// English.
    #[schemars(length(min = 1))]
    pub en: String,
}

impl Text {
    /// The words in one language.
    pub fn get(&self, lang: Lang) -> &str {
        lang.pick(&self.zh, &self.en)
    }

    /// The same in both languages.
    pub fn of(zh: impl Into<String>, en: impl Into<String>) -> Text {
        Text {
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// Several as one, with what stands between two in each language.
    pub fn joined(parts: &[Text], zh: &str, en: &str) -> Text {
        let join = |of: fn(&Text) -> &str, by| parts.iter().map(of).collect::<Vec<_>>().join(by);
        Text::of(join(|t| &t.zh, zh), join(|t| &t.en, en))
    }
}

/// Which answers something holds for: every question named must have been asked and answered by
/// one of the options listed.
pub type Condition = BTreeMap<String, Vec<String>>;

/// A loaded catalogue: everything was checked.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// Where it was loaded from: its samples are there.
    pub directory: PathBuf,
    /// The version, recorded with each case.
    pub version: String,
    /// Where it applies.
    pub region: Text,
    /// The same as a code (GB/T 2260, six digits).
    pub region_code: String,
    /// Life stages, in display order (clause 3).
    pub stages: Vec<Stage>,
    /// Responsible units.
    pub units: Vec<Unit>,
    /// Data resources that answer questions or fill fields (6.4 b).
    pub resources: Vec<Resource>,
    /// The ways of applying, in display order (申请人).
    pub applicants: Vec<ApplicantWay>,
    /// What people usually do after a matter (7.2.1 b).
    pub sequels: Vec<Sequel>,
    /// What people of an age or from a place usually come for (7.2.1 b).
    pub suggestions: Vec<Suggestion>,
    /// The matters, by stage, then by id.
    pub matters: Vec<Matter>,
    pub(crate) index: Index,
}

/// A stage in the life of a person or a business (clause 3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Its id.
    pub id: String,
    /// Whose life.
    pub group: Group,
    /// Its name, in a word or two.
    pub name: Text,
}

/// Whom a life stage belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// A natural person (个人).
    Person,
    /// A business (企业).
    Business,
}

/// A department that handles items (责任单位).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Its id.
    pub id: String,
    /// Its full name.
    pub name: Text,
    /// Its name in a word.
    pub short: Text,
}

/// A source that can answer a question or fill a field by itself (6.4 b).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Its id; words may be joined by dots, as in `card.birth`.
    pub id: String,
    /// What it gives.
    pub kind: ResourceKind,
    /// The values of a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// The source as shown to people.
    pub name: Text,
    /// What it is used for, as told when asking for consent.
    pub purpose: Text,
}

/// What a resource gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ResourceKind {
    /// One of its `values`.
    Choice,
    /// A date.
    Date,
    /// Free text.
    Text,
}

/// A way of applying (申请人): in whose name somebody applies, and what shows that they may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicantWay {
    /// Which way.
    pub kind: ApplicantKind,
    /// Its name, as a person would say it.
    pub name: Text,
    /// One line about it.
    pub note: Text,
    /// The paper that shows the authority, which the window checks; none when people apply for
    /// themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Text>,
    /// The law that the authority rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Text>,
}

/// What people usually do after a matter: shown to whoever takes it, nothing is kept (7.2.1 b).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sequel {
    /// The matter that comes first.
    pub id: String,
    /// The matters that usually follow, nearest first.
    #[schemars(length(min = 1))]
    pub matters: Vec<String>,
}

/// A matter that people usually come for at an age, or from a place: told to whoever laid a card that says
/// so, nothing is kept (7.2.1 b).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suggestion {
    /// The matter.
    pub id: String,
    /// From this age on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Age>,
    /// Before this age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Age>,
    /// Where the address on the card is; anywhere otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

/// Where somebody's address is, as the resource `card.local` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Address {
    /// In the region that the catalogue is of.
    Local,
    /// Elsewhere.
    Elsewhere,
}

impl Suggestion {
    /// Whether all that it asks for is known, and so.
    fn fits(&self, facts: &Facts, today: Date) -> bool {
        let born = match facts.get("card.birth") {
            Some(Fact::Date(born)) => Some(*born),
            Some(Fact::Choice(_) | Fact::Text(_)) | None => None,
        };
        let has_reached = |age: &Age| {
            let reached = born.and_then(|born| age.reached(born));
            reached.map(|reached| reached <= today)
        };
        let address = match facts.get("card.local") {
            Some(Fact::Choice(address)) => Some(address.as_str()),
            Some(Fact::Date(_) | Fact::Text(_)) | None => None,
        };
        let wanted = self.address.map(|address| match address {
            Address::Local => "local",
            Address::Elsewhere => "elsewhere",
        });
        (self.from.as_ref()).is_none_or(|age| has_reached(age) == Some(true))
            && (self.until.as_ref()).is_none_or(|age| has_reached(age) == Some(false))
            && (wanted.is_none() || wanted == address)
    }
}

/// Who applies (申请人).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ApplicantKind {
    /// The person concerned (本人).
    Person,
    /// A guardian of a child or of an adult in care (监护人).
    Guardian,
    /// An agent with a power of attorney (委托代理人).
    Agent,
    /// A business's or organisation's officer (单位经办人).
    Officer,
}

/// What a citizen wants done, across departments (一件事).
#[derive(Debug, Clone)]
pub struct Matter {
    /// Its id, which is also its file's name.
    pub id: String,
    /// Its life stage.
    pub stage: String,
    /// 事项名称 (appendix A).
    pub name: Text,
    /// The label that people tap.
    pub short: Text,
    /// One sentence about it.
    pub summary: Text,
    /// Everyday words to find it by.
    pub keywords: Vec<String>,
    /// The elements of its guide (appendix A).
    pub guide: Guide,
    /// The questions that find the situation, in the order asked (6.4 a).
    pub questions: Vec<Question>,
    /// Questions that may take each other's places.
    pub free_order: Vec<String>,
    /// Who is served by people instead.
    pub windows: Vec<Window>,
    /// The situations, expanded (5.2.2.2).
    pub situations: Vec<Situation>,
    /// The service items (单一事项).
    pub items: Vec<Item>,
    /// Items that law wants together.
    pub joins: Vec<Join>,
    /// The materials (5.2.2.5).
    pub materials: Vec<Material>,
    /// The fields of the one form (5.2.2.4).
    pub fields: Vec<Field>,
    pub(crate) plan: Plan,
    pub(crate) proof: Vec<ProofStep>,
}

/// The elements of a guide (办事指南要素, appendix A; acceptance conditions 5.3.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guide {
    /// 事项编码.
    #[schemars(length(min = 1))]
    pub code: String,
    /// 区划编码, GB/T 2260.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region_code: Option<String>,
    /// 服务对象, as codes of `code_system`.
    #[schemars(length(min = 1))]
    pub audience: Vec<Audience>,
    /// Who may apply (申请人): ways that `catalogue.toml` has.
    #[schemars(length(min = 1))]
    pub applicants: Vec<ApplicantKind>,
    /// The standard, with its year, that `audience`, `channels` and the codes of items and
    /// materials belong to.
    #[schemars(length(min = 1))]
    pub code_system: String,
    /// 设定依据和实施依据.
    #[schemars(length(min = 1))]
    pub legal_basis: Vec<Basis>,
    /// 受理条件 (5.3.1), in plain sentences.
    #[schemars(length(min = 1))]
    pub acceptance: Vec<Text>,
    /// 申报须知: 前置条件.
    pub preconditions: Text,
    /// 申报须知: 情形覆盖范围.
    pub coverage: Text,
    /// 申报须知: 申请材料形式要求.
    pub material_form: Text,
    /// 牵头单位: a unit's id.
    pub lead_unit: String,
    /// 配合单位: units' ids.
    #[schemars(length(min = 1))]
    pub cooperating_units: Vec<String>,
    /// 是否收费.
    pub charged: bool,
    /// 收费标准; needed exactly when charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_standard: Option<Text>,
    /// 收费依据; needed exactly when charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_basis: Option<Text>,
    /// 网办地址.
    #[schemars(length(min = 1))]
    pub online_url: String,
    /// The exact place in the hall (6.2.1).
    pub place: Text,
    /// 办理地址: the postal address (6.2.1).
    pub address: Text,
    /// The postcode (6.2.1).
    #[schemars(length(min = 1))]
    pub postcode: String,
    /// 办理时间.
    #[schemars(length(min = 1))]
    pub hours: Vec<Hours>,
    /// 办理流程图: `generated` from the order of the items, or a file in samples/.
    #[schemars(length(min = 1))]
    pub flow_chart: String,
    /// 咨询方式 (6.2).
    #[schemars(length(min = 1))]
    pub consult: Vec<Contact>,
    /// 监督方式.
    #[schemars(length(min = 1))]
    pub supervise: Vec<Contact>,
    /// 办理形式, as codes of `code_system`.
    #[schemars(length(min = 1))]
    pub channels: Vec<Channel>,
    /// 有无中介服务.
    pub intermediary: Intermediary,
    /// 法定办结时限 in working days.
    pub statutory_working_days: u32,
    /// 承诺办结时限 in working days, counted from acceptance.
    pub promised_working_days: u32,
    /// 是否支持预约办理.
    pub appointment: bool,
    /// 网上支付.
    pub online_payment: Text,
    /// 是否支持物流快递.
    pub courier: bool,
    /// 联办能力.
    pub joint_ability: Text,
    /// 线下跑动次数.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits: Option<u32>,
    /// 线下跑一次原因和环节.
    pub visit_reason: Text,
    /// 常见问题.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions_common: Vec<CommonQuestion>,
}

/// 服务对象.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Audience {
    /// 自然人.
    #[serde(rename = "1")]
    Person,
    /// 企业法人.
    #[serde(rename = "2")]
    Enterprise,
    /// 事业法人.
    #[serde(rename = "3")]
    PublicInstitution,
    /// 社会组织法人.
    #[serde(rename = "4")]
    SocialOrganisation,
    /// 非法人企业.
    #[serde(rename = "5")]
    UnincorporatedEnterprise,
    /// 行政机关.
    #[serde(rename = "6")]
    Authority,
    /// 其他组织.
    #[serde(rename = "9")]
    Other,
}

/// A law and the place in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// The law, regulation or document.
    pub law: Text,
    /// The article.
    pub article: Text,
    /// What it says, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<Text>,
}

/// When the place is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// On which days: `mon-fri`, `sat`, `mon-wed,fri`.
    pub days: OpenDays,
    /// From when until when, in order: `09:00-12:00`.
    #[schemars(length(min = 1))]
    pub open: Vec<OpenTime>,
}

/// A way to ask or to complain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// By what.
    pub kind: ContactKind,
    /// The number or address.
    #[schemars(length(min = 1))]
    pub value: String,
    /// Who answers.
    pub name: Text,
}

/// By what a contact is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContactKind {
    /// A telephone number.
    Phone,
    /// A postal address.
    Letter,
    /// An e-mail address.
    Email,
    /// A web address.
    Web,
}

/// 办理形式.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Channel {
    /// 窗口办理.
    #[serde(rename = "1")]
    Window,
    /// 网上办理.
    #[serde(rename = "2")]
    Online,
    /// 快递申请.
    #[serde(rename = "3")]
    Post,
}

/// 有无中介服务.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Intermediary {
    /// Whether there is one.
    pub required: bool,
    /// The statutory ones; needed where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statutory: Option<Text>,
}

/// A question people often ask, with its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommonQuestion {
    /// The question.
    pub q: Text,
    /// The answer.
    pub a: Text,
}

/// A question that helps to find the situation (引导问题, 6.4 a).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its id.
    pub id: String,
    /// The question as a person would ask it.
    pub text: Text,
    /// One line of help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<Text>,
    /// Asked only if; may name earlier questions only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub when: Condition,
    /// How it is answered.
    pub kind: QuestionKind,
    /// The data resource that can answer it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<QuestionResource>,
    /// What "I don't know" leads to. Without it nobody can be unsure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsure: Option<Unsure>,
    /// What the number counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Text>,
    /// The least number allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// The greatest number allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// Whether the date may lie in the future.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub future: bool,
    /// The options: choices, or bands of numbers or ages.
    #[serde(rename = "option")]
    #[schemars(length(min = 1, max = 64))]
    pub options: Vec<QuestionOption>,
}

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum QuestionKind {
    /// By one of its options.
    Choice,
    /// By a whole number; its options are bands.
    Number,
    /// By a date; its options are bands of age, counted from the date to today.
    Date,
}

/// One answer to a question, or one band of answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionOption {
    /// Its id.
    pub id: String,
    /// What a person would say. A choice needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// A second line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
    /// How a situation's sentence says it; needed when a situation is split by the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phrase: Option<Text>,
    /// Who applies, when this answer says so: then it is not asked again before the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applicant: Option<ApplicantKind>,
    /// An earlier option that leads to the same in everything. It stands beside that one because
    /// people say it otherwise of themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
    /// A band's start, inclusive: a number, or an age as `P1Y6M`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Bound>,
    /// A band's end, exclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Bound>,
}

/// The start or end of a band.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Bound {
    /// Of numbers.
    Number(i64),
    /// Of ages.
    Age(Age),
}

/// How a resource answers a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionResource {
    /// The resource.
    pub id: String,
    /// For a choice: which value is which option. A value left out answers nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// What "I don't know" leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unsure {
    /// How to find out.
    pub help: Text,
    /// The option to go on with. Without it, people help at the window.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
}

/// Who is served by people instead: forbidden, not eligible here, out of scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Its id.
    pub id: String,
    /// For which answers.
    pub when: Condition,
    /// Why not here, in plain words. Told before anything is asked.
    pub reason: Text,
    /// Where to go instead, exactly.
    #[serde(rename = "where")]
    pub place: Text,
}

/// One combination of circumstances (情形, 5.2.2.2).
#[derive(Debug, Clone)]
pub struct Situation {
    /// Its id: the written situation's id, a dot, the options it is split by, as in
    /// `local.yes-family`.
    pub id: String,
    /// The written situation's id.
    pub base: String,
    /// The whole sentence.
    pub text: Text,
    /// The options it is split by, as question and option.
    pub split: Vec<(String, String)>,
    /// The items that take part, in the file's order.
    pub items: Vec<String>,
    /// For which answers, as disjoint boxes; mostly one.
    pub(crate) cubes: Vec<Cube>,
}

/// One department's single service (单一事项).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// Its name (涉及事项名称, appendix A).
    pub name: Text,
    /// The unit that handles it.
    pub unit: String,
    /// Its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The law it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub basis: Vec<Basis>,
    /// In which answers it is part of the matter.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub when: Condition,
    /// Whether it cannot be left out; needs `required_why`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Why it cannot be left out: the law's word or a plain reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_why: Option<Text>,
    /// Items whose result it needs, when those are chosen (5.2.2.3 a).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// Materials that are its result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub yields: Vec<String>,
    /// What it results in.
    pub result: ItemResult,
    /// 办件类型.
    pub kind: ItemKind,
    /// Statutory working days, where a law sets them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statutory_working_days: Option<u32>,
    /// Promised working days; 0 is on the spot.
    pub working_days: u32,
    /// Whether the person must appear before an officer (7.1.1); needs `in_person_why`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_person: bool,
    /// Why the person must appear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_person_why: Option<Text>,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// What an item results in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemResult {
    /// 结果名称 (appendix A).
    pub name: Text,
    /// 结果样本 (appendix A): a picture or PDF in samples/.
    pub sample: String,
}

/// 办件类型.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ItemKind {
    /// 即办件.
    #[serde(rename = "1")]
    AtOnce,
    /// 承诺件.
    #[serde(rename = "2")]
    Promised,
    /// 其他.
    #[serde(rename = "9")]
    Other,
}

/// Items that law wants together: chosen and left out only together (5.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The items.
    #[schemars(length(min = 2))]
    pub items: Vec<String>,
    /// Those of them that may take part where nothing does that law joins them with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alone: Vec<String>,
    /// The law, as shown to people.
    pub law: Text,
}

/// A document to hand in (5.2.2.5, appendix A).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// Its id.
    pub id: String,
    /// 材料标准名称.
    pub name: Text,
    /// 材料类型.
    #[serde(rename = "type")]
    pub class: MaterialClass,
    /// 材料形式.
    pub form: MaterialForm,
    /// 材料必要性.
    pub necessity: Necessity,
    /// 来源渠道.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// 出具部门; needed when a government body issues it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Text>,
    /// Original or copy.
    pub original: Original,
    /// 纸质材料份数; needed when paper is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper_copies: Option<u32>,
    /// A blank form, in samples/.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blank_form: Option<String>,
    /// A filled sample, in samples/.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filled_sample: Option<String>,
    /// For a proof kept in (证明事项): its basis, who asks and who issues (5.2.2.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// It is never asked for: shared data has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obtained: Option<Obtained>,
    /// Without it nothing can be decided (主要申请材料): it cannot be handed in later (6.5.2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub core: bool,
    /// How it may be handed in later (容缺后补): needed exactly when `necessity` is 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub later: Option<Later>,
    /// The items that need it.
    #[serde(rename = "need")]
    #[schemars(length(min = 1))]
    pub needs: Vec<Need>,
}

/// 材料类型.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MaterialClass {
    /// 证件证书证明.
    #[serde(rename = "1")]
    Certificate,
    /// 申请表格文书.
    #[serde(rename = "2")]
    Form,
    /// 其他.
    #[serde(rename = "3")]
    Other,
}

/// 材料形式.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MaterialForm {
    /// 纸质.
    #[serde(rename = "1")]
    Paper,
    /// 电子化.
    #[serde(rename = "2")]
    Electronic,
    /// 纸质/电子化.
    #[serde(rename = "3")]
    Either,
}

/// 材料必要性.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Necessity {
    /// 必要.
    #[serde(rename = "1")]
    Needed,
    /// 非必要.
    #[serde(rename = "2")]
    Optional,
    /// 容缺后补.
    #[serde(rename = "3")]
    Later,
}

/// 来源渠道.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Source {
    /// 申请人自备.
    #[serde(rename = "10")]
    Applicant,
    /// 政府部门核发.
    #[serde(rename = "20")]
    Government,
    /// 其他.
    #[serde(rename = "99")]
    Other,
}

/// Whether the original is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Original {
    /// The original is collected.
    Original,
    /// A copy is collected.
    Copy,
    /// Both are collected.
    Both,
    /// The original is shown, nothing is collected.
    Check,
}

/// The facts about a proof kept in (5.2.2.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// 设定依据.
    pub basis: Text,
    /// 索要证明单位: a unit's id.
    pub asked_by: String,
    /// 开具证明单位.
    pub issued_by: Text,
}

/// How shared data spares a material.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Obtained {
    /// The data as people know it.
    pub resource_name: Text,
    /// Why it is not asked for.
    pub because: Text,
}

/// How a material may be handed in after the application was (容缺后补, 6.5.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Later {
    /// Within how many working days, counted from the day the promise is signed.
    #[schemars(range(min = 1, max = 60))]
    pub working_days: u32,
    /// By which rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Text>,
    /// Why it can wait, in plain words.
    pub why: Text,
}

/// One item's need of a material.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// The item.
    pub item: String,
    /// In which answers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub when: Condition,
    /// How many paper copies, if not the material's `paper_copies`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<u32>,
    /// Why.
    pub why: Text,
    /// By which law.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Text>,
}

/// A field of the one form: one id is one meaning (5.2.2.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its id.
    pub id: String,
    /// Its label. A loaded one has the unit behind it.
    pub label: Text,
    /// What it holds.
    pub kind: FieldKind,
    /// What a number counts or measures. One id has one unit in all matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Text>,
    /// Whether it must be filled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// The resource that fills it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefill: Option<String>,
    /// Whom it is about, when somebody applies for somebody else.
    #[serde(default, skip_serializing_if = "FieldAbout::is_applicant")]
    pub about: FieldAbout,
    /// Its topic.
    pub group: Text,
    /// The options of a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<FieldOption>,
    /// The items that need it whenever they are chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
    /// The items that need it in some answers only.
    #[serde(rename = "need", default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<FieldNeed>,
}

impl Field {
    /// The field as people see it: with the unit in the label.
    pub(crate) fn shown(mut self) -> Field {
        if let Some(unit) = &self.unit {
            self.label = Text::of(
                format!("{}（{}）", self.label.zh, unit.zh),
                format!("{} ({})", self.label.en, unit.en),
            );
        }
        self
    }
}

/// Whom a field is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FieldAbout {
    /// The person concerned (申请人). The card of whoever stands in for them does not fill it.
    #[default]
    Applicant,
    /// Whoever stands at the terminal (来办事的人).
    Here,
}

impl FieldAbout {
    fn is_applicant(&self) -> bool {
        *self == FieldAbout::Applicant
    }
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// Free text.
    Text,
    /// A resident ID number (GB 11643).
    IdNumber,
    /// A unified social credit code (统一社会信用代码, GB 32100).
    CreditCode,
    /// A mobile number.
    Mobile,
    /// A date.
    Date,
    /// One of its options.
    Choice,
    /// A number.
    Number,
    /// An address.
    Address,
}

/// An option of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldOption {
    /// Its id.
    pub id: String,
    /// Its text.
    pub text: Text,
}

/// One item's need of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldNeed {
    /// The item.
    pub item: String,
    /// In which answers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub when: Condition,
}

impl Catalog {
    /// A matter by its id.
    pub fn matter(&self, id: &str) -> Option<&Matter> {
        self.matters.iter().find(|m| m.id == id)
    }

    /// A stage by its id.
    pub fn stage(&self, id: &str) -> Option<&Stage> {
        self.stages.iter().find(|s| s.id == id)
    }

    /// A resource by its id.
    pub fn resource(&self, id: &str) -> Option<&Resource> {
        self.resources.iter().find(|r| r.id == id)
    }

    /// A way of applying by its kind.
    pub fn applicant(&self, kind: ApplicantKind) -> Option<&ApplicantWay> {
        self.applicants.iter().find(|a| a.kind == kind)
    }

    /// The matters that usually come after one.
    pub fn next(&self, matter: &str) -> impl Iterator<Item = &Matter> {
        let sequels = self.sequels.iter().filter(move |s| s.id == matter);
        let ids = sequels.flat_map(|sequel| &sequel.matters);
        ids.filter_map(|id| self.matter(id))
    }

    /// The matters that what is known of somebody suggests.
    pub fn suggested(&self, facts: &Facts, today: Date) -> impl Iterator<Item = &Matter> {
        let fitting = self
            .suggestions
            .iter()
            .filter(move |s| s.fits(facts, today));
        fitting.filter_map(|suggestion| self.matter(&suggestion.id))
    }

    /// A unit by its id. Every id that a matter names exists (the loader sees to it); any other
    /// reads as "unknown unit", so that a page or slip never fails over a name.
    pub fn unit(&self, id: &str) -> &Unit {
        self.units
            .iter()
            .find(|u| u.id == id)
            .unwrap_or(&UNKNOWN_UNIT)
    }
}

impl ApplicantKind {
    /// As it is written in the files.
    pub fn id(self) -> &'static str {
        match self {
            ApplicantKind::Person => "person",
            ApplicantKind::Guardian => "guardian",
            ApplicantKind::Agent => "agent",
            ApplicantKind::Officer => "officer",
        }
    }
}

static UNKNOWN_UNIT: std::sync::LazyLock<Unit> = std::sync::LazyLock::new(|| Unit {
    id: String::new(),
    name: Text::of("未知单位", "Unknown unit"),
    short: Text::of("未知单位", "Unknown unit"),
});

impl Matter {
    /// A question by its id.
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|q| q.id == id)
    }

    /// An item by its id.
    pub fn item(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|i| i.id == id)
    }

    /// A material by its id.
    pub fn material(&self, id: &str) -> Option<&Material> {
        self.materials.iter().find(|m| m.id == id)
    }

    /// A field by its id.
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.id == id)
    }
}

impl Question {
    /// An option by its id.
    pub fn option(&self, id: &str) -> Option<&QuestionOption> {
        self.options.iter().find(|o| o.id == id)
    }
}

impl QuestionOption {
    /// The text shown; a band without text of its own is described by its id.
    pub fn label(&self, lang: Lang) -> &str {
        self.text.as_ref().map_or(&self.id, |t| t.get(lang))
    }
}
