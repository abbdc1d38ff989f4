//! The calls between terminal and upstream: paths, bodies, and bounds.
//!
//! HTTPS with TLS 1.2 or newer; upstream's certificate is pinned by its CA. Every call but
//! [`TIME`] carries a [device's proof](crate::proof). Every call may be repeated: the same request
//! has the same effect once, and the same answer. Errors are [problems](crate::problem).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{CaseNumber, Digest, KeyId, Private, SlipSecret};

/// `PUT`: delivers a sealed case under its number (without dashes). The body is the envelope's
/// bytes, at most [`MAX_SEALED_BYTES`](crate::envelope::MAX_SEALED_BYTES); the answer a
/// [`Receipt`]. The header [`IDEMPOTENCY_KEY`] carries the case's id.
pub const DELIVER: &str = "/v1/cases/{number}";
/// `POST`: a [`ProgressRequest`], answered by [`Progress`]. Not `GET`, since addresses are logged
/// and the key must not be.
pub const PROGRESS: &str = "/v1/progress";
/// `PUT`: an [`Evaluation`] under a random UUID, answered by an [`OpinionReceipt`].
pub const EVALUATE: &str = "/v1/evaluations/{id}";
/// `PUT`: a [`Remark`] under a random UUID, answered by an [`OpinionReceipt`].
pub const REMARK: &str = "/v1/remarks/{id}";
/// `GET`: [`Time`], without a proof.
pub const TIME: &str = "/v1/time";
/// `GET`: the published catalogue as one signed bundle, whose media type is [`CATALOGUE_BUNDLE`], with
/// an `ETag`; or nothing but 304 where `If-None-Match` names it. At most [`MAX_CATALOGUE_BYTES`]. A
/// device goes by the three signatures in it alone; the crate yici-catalog-publish reads it.
pub const CATALOGUE: &str = "/v1/catalogue";

/// The header that binds a delivery to its case: [`CaseNumber::case_id`].
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The media type of a sealed case.
pub const SEALED_CASE: &str = "application/vnd.yici.sealed-case";
/// The media type of a signed catalogue.
pub const CATALOGUE_BUNDLE: &str = "application/vnd.yici.catalogue";

/// No signed catalogue is bigger, in bytes.
pub const MAX_CATALOGUE_BYTES: usize = 16 << 20;
/// No JSON body is bigger, in bytes, in either direction.
pub const MAX_JSON_BYTES: usize = 256 << 10;
/// A whole request must have come within this many seconds, and is answered within as many.
pub const MAX_SECONDS: u64 = 60;
/// A device may make this many requests a minute; beyond it upstream may answer
/// [`TooMany`](crate::problem::Kind::TooMany).
pub const MAX_REQUESTS_A_MINUTE: u32 = 600;
/// So many wrong keys of one number an hour, from all devices together; beyond it upstream answers
/// every key, the right one too, with [`TooMany`](crate::problem::Kind::TooMany) until the hour is
/// over. Upstream may count in memory, and so forget the count when it is started again.
pub const MAX_WRONG_KEYS_AN_HOUR: u32 = 10;

/// Upstream has a case, durably. That is all it says: a case that is received is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// The case.
    pub number: CaseNumber,
    /// When upstream first stored it.
    pub received: Timestamp,
    /// The SHA-256 of the sealed bytes that it stored. A device compares it with what it sent.
    pub sha256: Digest,
}

/// Asks how a case is getting on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgressRequest {
    /// The case.
    pub number: CaseNumber,
    /// What opens it.
    pub by: ProgressKey,
}

/// What opens a case's progress. A key that does not open it is answered like a number that is not
/// known: [`NotFound`](crate::problem::Kind::NotFound).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ProgressKey {
    /// The receipt slip's secret. Any enrolled device may ask: a citizen may go to another terminal.
    Secret {
        /// The secret.
        secret: SlipSecret,
    },
    /// The ID card of one of the case's people, as
    /// [`Applicant::is_by_or_for`](crate::case::Applicant::is_by_or_for) says. The device vouches
    /// with its proof that it has just read the card: a typed number must never be sent as one.
    Card {
        /// The card's number (GB 11643), as it is on the card.
        code: Private,
    },
}

/// How a case is getting on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// The case.
    pub number: CaseNumber,
    /// The matter, by the catalogue's id.
    pub matter: String,
    /// When upstream received it.
    pub received: Timestamp,
    /// The time of this answer.
    pub now: Timestamp,
    /// Each unit's share.
    pub units: Vec<UnitProgress>,
}

/// How one unit is getting on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnitProgress {
    /// The unit, by the catalogue's id.
    pub unit: String,
    /// Its name.
    pub name: Words,
    /// Its items.
    pub items: Vec<ItemProgress>,
}

/// How one item is getting on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemProgress {
    /// The item, by the catalogue's id.
    pub item: String,
    /// Its name.
    pub name: Words,
    /// Where it stands.
    pub state: State,
    /// The same in upstream's words, to be shown as they are.
    pub words: Words,
    /// Since when.
    pub since: Timestamp,
    /// What the unit says about it, such as what is to be supplemented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Words>,
}

/// Words in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Words {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// Where an item stands with its unit (7.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Received by upstream (收件). Not yet accepted.
    Received,
    /// Something is to be supplemented (待补正).
    Supplement,
    /// Accepted (受理), by the unit's own notice.
    Accepted,
    /// Not accepted (不予受理), by the unit's own notice.
    NotAccepted,
    /// In process (办理中).
    InProcess,
    /// Done (办结).
    Done,
}

impl State {
    /// Every state.
    pub const ALL: [State; 6] = [
        State::Received,
        State::Supplement,
        State::Accepted,
        State::NotAccepted,
        State::InProcess,
        State::Done,
    ];

    /// The state as it is written in JSON.
    pub fn code(self) -> &'static str {
        match self {
            State::Received => "received",
            State::Supplement => "supplement",
            State::Accepted => "accepted",
            State::NotAccepted => "not-accepted",
            State::InProcess => "in-process",
            State::Done => "done",
        }
    }

    /// The state that is written so.
    pub fn from_code(code: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// How content somebody is, with a matter or with the visit. Never forced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// What is evaluated.
    pub about: About,
    /// How content.
    pub level: Level,
    /// When.
    pub at: Timestamp,
}

/// What is evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "about", rename_all = "kebab-case", deny_unknown_fields)]
pub enum About {
    /// The visit as a whole.
    Visit,
    /// One matter; with its number if a case came of it.
    Matter {
        /// The matter, by the catalogue's id.
        #[schema(max_length = 128)]
        matter: String,
        /// The case.
        number: Option<CaseNumber>,
    },
}

/// The five levels (好差评).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// 非常满意.
    VeryContent,
    /// 满意.
    Content,
    /// 基本满意.
    FairlyContent,
    /// 不满意.
    Discontent,
    /// 非常不满意.
    VeryDiscontent,
}

impl Level {
    /// Every level, the best first.
    pub const ALL: [Level; 5] = [
        Level::VeryContent,
        Level::Content,
        Level::FairlyContent,
        Level::Discontent,
        Level::VeryDiscontent,
    ];

    /// The level as it is written in JSON.
    pub fn code(self) -> &'static str {
        match self {
            Level::VeryContent => "very-content",
            Level::Content => "content",
            Level::FairlyContent => "fairly-content",
            Level::Discontent => "discontent",
            Level::VeryDiscontent => "very-discontent",
        }
    }
}

/// Somebody touched that what a terminal told them is wrong (appendix A, 6.4 b). It says nothing of who.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Remark {
    /// The matter, by the catalogue's id.
    #[schema(max_length = 128)]
    pub matter: String,
    /// The version of the catalogue that was shown.
    #[schema(max_length = 128)]
    pub catalogue: String,
    /// What is wrong.
    pub about: Wrong,
    /// When.
    pub at: Timestamp,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "wrong", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Wrong {
    /// A part of the guide.
    Guide {
        /// The part.
        part: GuidePart,
    },
    /// What a data resource answered by itself: the citizen answered otherwise. What either said is
    /// personal, and not here.
    Answer {
        /// The question, by the catalogue's id.
        #[schema(max_length = 128)]
        question: String,
    },
}

/// A part of a guide that can be wrong.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum GuidePart {
    /// The materials (申请材料).
    Materials,
    /// Who may apply, and when it is accepted (受理条件).
    Conditions,
    /// Time and fee (办理时限, 收费).
    Cost,
    /// Unit, place and telephone (实施机构, 办理地点, 咨询方式).
    Place,
    /// It cannot be understood.
    Unclear,
}

impl GuidePart {
    /// Every part, as it is offered.
    pub const ALL: [GuidePart; 5] = [
        GuidePart::Materials,
        GuidePart::Conditions,
        GuidePart::Cost,
        GuidePart::Place,
        GuidePart::Unclear,
    ];

    /// The part as it is written in JSON.
    pub fn code(self) -> &'static str {
        match self {
            GuidePart::Materials => "materials",
            GuidePart::Conditions => "conditions",
            GuidePart::Cost => "cost",
            GuidePart::Place => "place",
            GuidePart::Unclear => "unclear",
        }
    }
}

/// What citizens say to upstream without saying who they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Opinion {
    /// How content somebody is.
    Evaluation(Evaluation),
    /// That something is wrong.
    Remark(Remark),
}

impl Opinion {
    /// Its kind.
    pub fn kind(&self) -> OpinionKind {
        match self {
            Opinion::Evaluation(_) => OpinionKind::Evaluation,
            Opinion::Remark(_) => OpinionKind::Remark,
        }
    }

    /// The case that it is about: it should not come before it.
    pub fn after(&self) -> Option<CaseNumber> {
        match self {
            Opinion::Evaluation(Evaluation {
                about: About::Matter { number, .. },
                ..
            }) => *number,
            Opinion::Evaluation(Evaluation {
                about: About::Visit,
                ..
            })
            | Opinion::Remark(_) => None,
        }
    }
}

/// The kinds of opinions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OpinionKind {
    /// [`Evaluation`].
    Evaluation,
    /// [`Remark`].
    Remark,
}

impl OpinionKind {
    /// Every kind.
    pub const ALL: [OpinionKind; 2] = [OpinionKind::Evaluation, OpinionKind::Remark];

    /// The kind as it is stored and printed.
    pub fn code(self) -> &'static str {
        match self {
            OpinionKind::Evaluation => "evaluation",
            OpinionKind::Remark => "remark",
        }
    }

    /// Where it is sent, under an id in place of `{id}`.
    pub fn path(self) -> &'static str {
        match self {
            OpinionKind::Evaluation => EVALUATE,
            OpinionKind::Remark => REMARK,
        }
    }
}

/// Upstream has an opinion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpinionReceipt {
    /// When it was first stored.
    pub received: Timestamp,
}

/// That upstream serves, its time, and which key it wants cases sealed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Time {
    /// Upstream's time.
    pub now: Timestamp,
    /// The contract's version.
    pub version: u8,
    /// The key that cases should be sealed to. A device whose configured key is another one tells
    /// its staff: keys come by configuration, never from here.
    pub key: KeyId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_what_json_says() {
        for state in State::ALL {
            let json = serde_json::to_string(&state).unwrap();
            assert_eq!(json, format!("\"{}\"", state.code()));
            assert_eq!(State::from_code(state.code()), Some(state));
        }
        for level in Level::ALL {
            let json = serde_json::to_string(&level).unwrap();
            assert_eq!(json, format!("\"{}\"", level.code()));
        }
        for part in GuidePart::ALL {
            let json = serde_json::to_string(&part).unwrap();
            assert_eq!(json, format!("\"{}\"", part.code()));
        }
    }
}
