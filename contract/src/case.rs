//! The submitted case: everything the citizen chose, filled in, signed and handed in.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::envelope::{Attachment, PartName};
use crate::{CaseNumber, Digest, Private, PrivateBytes, SecretHash, VERSION};

/// No id (of an item, a question, a terminal …) is longer, in bytes.
pub const MAX_ID_BYTES: usize = 128;
/// No text of a field or an answer is longer, in bytes.
pub const MAX_TEXT_BYTES: usize = 4096;
/// No signature is bigger, in bytes.
pub const MAX_SIGNATURE_BYTES: usize = 64 << 10;
/// No list of a case is longer.
pub const MAX_ENTRIES: usize = 512;

/// One submitted matter (办件). As JSON the first part of a sealed case.
///
/// Ids are the catalogue's. What is personal is [`Private`]; `Debug` shows the number alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The contract's version, [`VERSION`].
    pub version: u8,
    /// Its number.
    pub number: CaseNumber,
    /// The hash of its slip's secret.
    pub secret: SecretHash,
    /// The terminal it was submitted at.
    pub terminal: String,
    /// The language that the citizen read.
    pub lang: Lang,
    /// The matter.
    pub matter: String,
    /// The catalogue's version that all ids belong to.
    pub catalogue: String,
    /// The situation that the answers led to.
    pub situation: String,
    /// The chosen items.
    pub items: Vec<String>,
    /// The questions asked, in their order.
    pub answers: Vec<CaseAnswer>,
    /// The one form.
    pub form: Vec<FilledField>,
    /// Who applies, and for whom.
    pub applicant: Applicant,
    /// Each material that people hand in, and how. An application that is made from `form` is none.
    pub materials: Vec<HandedIn>,
    /// The application as it was shown, declared true and signed.
    pub declaration: Signed,
    /// When.
    pub times: Times,
}

/// The language that a citizen reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// An answered question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseAnswer {
    /// The question.
    pub question: String,
    /// The option's id, the number, the date as `2026-01-31`, or `unsure`.
    pub answer: Private,
    /// Who answered it.
    pub source: Source,
}

/// A field of the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilledField {
    /// The field.
    pub field: String,
    /// What it says; for a choice the option's id.
    pub value: Private,
    /// Who filled it.
    pub source: Source,
}

/// Where an answer or a field's value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The citizen touched or typed it.
    Citizen,
    /// The catalogue's data resource with this id gave it, such as `card.name`.
    Resource(String),
    /// The resource with this id gave something else, and the citizen changed it.
    Corrected(String),
}

/// Who stands at the terminal, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Applicant {
    /// For themselves (本人).
    Person {
        /// Who.
        person: Party,
    },
    /// A guardian for a ward (监护人).
    Guardian {
        /// Who stands there.
        person: Party,
        /// For whom.
        ward: Party,
    },
    /// An agent for somebody who asked them to (代理人).
    Agent {
        /// Who stands there.
        person: Party,
        /// For whom.
        principal: Party,
    },
    /// An officer for a business or another organisation (经办人).
    Officer {
        /// Who stands there.
        person: Party,
        /// For which.
        business: Party,
    },
}

/// A person or an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// The name.
    pub name: Private,
    /// The number of the ID card (GB 11643) or the unified social credit code (GB 32100). A
    /// newborn, or a business that is yet to be registered, has none.
    pub code: Option<Private>,
}

/// A material and how it is handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandedIn {
    /// The material.
    pub material: String,
    /// How.
    pub how: How,
}

/// How a material is handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case", deny_unknown_fields)]
pub enum How {
    /// On paper at the window, before the unit accepts.
    Paper,
    /// Later (容缺后补), as promised by hand.
    Later {
        /// The promise.
        promise: Signed,
    },
    /// Captured at the terminal.
    Captured {
        /// Its pages in order, at least one.
        pages: Vec<Document>,
    },
}

/// Something that was shown whole, and signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// Exactly what was shown when it was signed. Its SHA-256 is what the signature is bound to.
    pub shown: Document,
    /// The signature as drawn with the finger, a PNG picture.
    pub signature: PrivateBytes,
    /// When the pen was lifted.
    pub at: Timestamp,
}

/// A document that travels as a sealed part of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The part.
    pub part: PartName,
    /// What the part's bytes are.
    pub media: Media,
    /// The SHA-256 of the part's bytes.
    pub sha256: Digest,
}

/// What a document's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Media {
    /// A PNG picture.
    #[serde(rename = "image/png")]
    Png,
    /// A JPEG picture.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// A PDF document.
    #[serde(rename = "application/pdf")]
    Pdf,
    /// UTF-8 text.
    #[serde(rename = "text/plain")]
    Text,
}

/// When a case was made, by the terminal's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Times {
    /// The first touch.
    pub begun: Timestamp,
    /// The submission.
    pub submitted: Timestamp,
    /// Whether the clock could be trusted then.
    pub clock_trusted: bool,
}

/// What is wrong with a case. Nothing personal is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaseError {
    /// It is no JSON of a case.
    #[error("not a case: {0} error at line {1}, column {2}")]
    Json(&'static str, usize, usize),
    /// It belongs to a version that is not known here.
    #[error("version {0} is not known")]
    Version(u8),
    /// An id that is empty, too long, or has characters that no id has.
    #[error("an id of `{0}` is empty, too long, or has a wrong character")]
    Id(&'static str),
    /// A text or signature that is too long, or a name or signature that is empty.
    #[error("a text of `{0}` is empty or too long")]
    Text(&'static str),
    /// A list that is too long, or an empty list where something must be.
    #[error("`{0}` has no entry or too many")]
    Entries(&'static str),
    /// Something named twice.
    #[error("`{0}` names something twice")]
    Twice(&'static str),
    /// A document whose part is missing or another one.
    #[error("part `{0}` is not the one that the case means")]
    Document(PartName),
    /// A part that the case does not mention, or mentions twice.
    #[error("part `{0}` is not mentioned exactly once")]
    Unmentioned(PartName),
}

impl Case {
    /// Whether the case is whole, bounded, and fits the parts that travel with it.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn check(&self, attachments: &[Attachment]) -> Result<(), CaseError> {
        if self.version != VERSION {
            return Err(CaseError::Version(self.version));
        }
        for (what, id) in [
            ("terminal", &self.terminal),
            ("matter", &self.matter),
            ("catalogue", &self.catalogue),
            ("situation", &self.situation),
        ] {
            check_id(what, id)?;
        }
        check_ids("items", self.items.iter())?;
        if self.items.is_empty() {
            return Err(CaseError::Entries("items"));
        }
        check_ids("answers", self.answers.iter().map(|a| &a.question))?;
        for answer in &self.answers {
            check_text("answers", &answer.answer)?;
            check_source("answers", &answer.source)?;
        }
        check_ids("form", self.form.iter().map(|f| &f.field))?;
        for field in &self.form {
            check_text("form", &field.value)?;
            check_source("form", &field.source)?;
        }
        for party in self.applicant.parties() {
            check_filled("applicant", &party.name)?;
            if let Some(code) = &party.code {
                check_filled("applicant", code)?;
            }
        }
        check_ids("materials", self.materials.iter().map(|m| &m.material))?;
        check_signature("declaration", &self.declaration)?;
        for material in &self.materials {
            match &material.how {
                How::Paper => {}
                How::Later { promise } => check_signature("materials", promise)?,
                How::Captured { pages } if pages.is_empty() => {
                    return Err(CaseError::Entries("pages"));
                }
                How::Captured { .. } => {}
            }
        }
        self.check_documents(attachments)
    }

    /// Reads a case from JSON; [`Case::check`] is still to be asked.
    ///
    /// # Errors
    /// Where it is no case, and in what way; never what stands there.
    pub fn from_json(json: &[u8]) -> Result<Case, CaseError> {
        serde_json::from_slice(json).map_err(|error| {
            // The library's message quotes values, which may be personal.
            let kind = match error.classify() {
                serde_json::error::Category::Io => "read",
                serde_json::error::Category::Syntax => "syntax",
                serde_json::error::Category::Data => "data",
                serde_json::error::Category::Eof => "end",
            };
            CaseError::Json(kind, error.line(), error.column())
        })
    }

    /// Writes the case as JSON, into memory that is allocated once: growing would leave copies.
    ///
    /// # Errors
    /// None that a case can have.
    pub fn to_json(&self) -> Result<Zeroizing<Vec<u8>>, CaseError> {
        let unwritten = |_| CaseError::Json("write", 0, 0);
        let mut count = Count(0);
        serde_json::to_writer(&mut count, self).map_err(unwritten)?;
        let mut json = Zeroizing::new(Vec::with_capacity(count.0));
        serde_json::to_writer(&mut *json, self).map_err(unwritten)?;
        Ok(json)
    }

    /// Every document that travels with the case: the application first, then what goes with the
    /// materials, in their order.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        let handed_in = self.materials.iter().flat_map(|m| match &m.how {
            How::Paper => &[],
            How::Later { promise } => std::slice::from_ref(&promise.shown),
            How::Captured { pages } => pages.as_slice(),
        });
        std::iter::once(&self.declaration.shown).chain(handed_in)
    }

    fn check_documents(&self, attachments: &[Attachment]) -> Result<(), CaseError> {
        let mut left: BTreeMap<&PartName, &Attachment> =
            attachments.iter().map(|a| (&a.name, a)).collect();
        for document in self.documents() {
            match left.remove(&document.part) {
                Some(part) if Digest::of(&part.bytes) == document.sha256 => {}
                Some(_) | None => return Err(CaseError::Document(document.part.clone())),
            }
        }
        match left.into_keys().next() {
            Some(name) => Err(CaseError::Unmentioned(name.clone())),
            None => Ok(()),
        }
    }
}

impl Applicant {
    /// Who stands at the terminal.
    pub fn person(&self) -> &Party {
        self.parties()[0]
    }

    /// All that are named: who stands there first, then for whom.
    pub fn parties(&self) -> Vec<&Party> {
        match self {
            Applicant::Person { person } => vec![person],
            Applicant::Guardian { person, ward } => vec![person, ward],
            Applicant::Agent { person, principal } => vec![person, principal],
            Applicant::Officer { person, business } => vec![person, business],
        }
    }

    /// Whether the number of an ID card is that of whoever stood at the terminal, or of the ward or
    /// principal. A business has no card. Takes the same time for every number that is as long.
    pub fn is_by_or_for(&self, code: &Private) -> bool {
        let (person, other) = match self {
            Applicant::Person { person } | Applicant::Officer { person, .. } => (person, None),
            Applicant::Guardian { person, ward } => (person, Some(ward)),
            Applicant::Agent { person, principal } => (person, Some(principal)),
        };
        let asked = code.reveal().as_bytes();
        [Some(person), other]
            .into_iter()
            .flatten()
            .filter_map(|party| party.code.as_ref())
            .fold(Choice::from(0), |found, own| {
                found | own.reveal().as_bytes().ct_eq(asked)
            })
            .into()
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Case({}, …)", self.number)
    }
}

struct Count(usize);

impl std::io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn check_id(what: &'static str, id: &str) -> Result<(), CaseError> {
    let fits = (1..=MAX_ID_BYTES).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._+".contains(&b));
    fits.then_some(()).ok_or(CaseError::Id(what))
}

fn check_ids<'a>(
    what: &'static str,
    ids: impl Iterator<Item = &'a String>,
) -> Result<(), CaseError> {
    let mut seen = std::collections::BTreeSet::new();
    for id in ids {
        check_id(what, id)?;
        if !seen.insert(id) {
            return Err(CaseError::Twice(what));
        }
        if seen.len() > MAX_ENTRIES {
            return Err(CaseError::Entries(what));
        }
    }
    Ok(())
}

fn check_source(what: &'static str, source: &Source) -> Result<(), CaseError> {
    match source {
        Source::Citizen => Ok(()),
        Source::Resource(id) | Source::Corrected(id) => check_id(what, id),
    }
}

fn check_text(what: &'static str, text: &Private) -> Result<(), CaseError> {
    (text.reveal().len() <= MAX_TEXT_BYTES)
        .then_some(())
        .ok_or(CaseError::Text(what))
}

fn check_filled(what: &'static str, text: &Private) -> Result<(), CaseError> {
    if text.reveal().trim().is_empty() {
        return Err(CaseError::Text(what));
    }
    check_text(what, text)
}

fn check_signature(what: &'static str, signed: &Signed) -> Result<(), CaseError> {
    (1..=MAX_SIGNATURE_BYTES)
        .contains(&signed.signature.reveal().len())
        .then_some(())
        .ok_or(CaseError::Text(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(code: Option<&str>) -> Party {
        Party {
            name: Private::new("甲"),
            code: code.map(Private::new),
        }
    }

    #[test]
    fn a_card_is_of_the_people_that_a_case_names() {
        let (one, two) = ("11010519491231002X", "110105194912310038");
        let person = || party(Some(one));
        let is = |applicant: &Applicant, code: &str| applicant.is_by_or_for(&Private::new(code));
        for (applicant, second) in [
            (Applicant::Person { person: person() }, false),
            (
                Applicant::Guardian {
                    person: person(),
                    ward: party(Some(two)),
                },
                true,
            ),
            (
                Applicant::Agent {
                    person: person(),
                    principal: party(Some(two)),
                },
                true,
            ),
            (
                Applicant::Officer {
                    person: person(),
                    business: party(Some(two)),
                },
                false,
            ),
            (
                Applicant::Guardian {
                    person: person(),
                    ward: party(None),
                },
                false,
            ),
        ] {
            assert!(is(&applicant, one));
            assert_eq!(is(&applicant, two), second);
            for wrong in ["", &one[..17], "11010519491231001X"] {
                assert!(!is(&applicant, wrong), "{wrong}");
            }
        }
    }
}
