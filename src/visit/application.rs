//! Applying here and now: who applies, the application as it is signed, what is handed in, and
//! the case that comes of it (5.2.2.4, 6.5).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use yici_catalog::{
    ApplicantKind, ApplicantWay, Explanation, FieldAbout, Lang, MOST_CHANGES, Material, Matter,
    Necessity, Needed, Outcome, Text,
};
use yici_contract::case::{
    Applicant, CaseAnswer, Document, FilledField, HandedIn, How, Media, Party, Signed, Source,
    Times,
};
use yici_contract::envelope::{Attachment, PartName};
use yici_contract::{
    Case, CaseNumber, Digest, Private, PrivateBytes, SecretHash, SlipSecret, VERSION,
};
use zeroize::Zeroizing;

use super::Now;
use super::elements::{self, both};
use super::form::{self, Topics, Values};
use super::identity::Identity;
use super::page::{
    self, AnswerLine, CheckPart, CheckRow, CheckSection, Choice, HandInMaterial, Later, Line,
    LineKind, Signing,
};
use super::takeaway;
use super::terminal::Around;

/// What a citizen has filled in, signed and submitted for one matter; zeroised when dropped.
#[derive(Default)]
pub(super) struct Applying {
    pub applicant: Option<ApplicantKind>,
    pub values: Values,
    /// Materials to be handed in later.
    pub later: BTreeSet<String>,
    pub declaration: Option<Signature>,
    pub promises: BTreeMap<String, Signature>,
    pub stored: Option<Stored>,
}

/// A signature with exactly what was shown above it.
#[derive(Clone)]
pub(super) struct Signature {
    pub shown: Zeroizing<String>,
    /// The language it was read in.
    pub lang: Lang,
    pub picture: PrivateBytes,
    pub at: Timestamp,
}

/// A case that is stored under its number.
pub(super) struct Stored {
    pub number: CaseNumber,
    pub secret: SlipSecret,
    pub delivery: page::Delivery,
    /// Its slip went to the printer: some of it may be on paper.
    pub sent: bool,
    /// Its slip is in somebody's hands.
    pub printed: bool,
}

/// What is being signed, with exactly what was shown.
#[derive(Clone, PartialEq)]
pub(super) struct Pending {
    /// The material that is promised; the application itself without one.
    pub material: Option<String>,
    pub shown: Zeroizing<String>,
    pub lang: Lang,
}

/// Everything of a case but its number and secret, which whoever stores it makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    terminal: String,
    lang: yici_contract::case::Lang,
    matter: String,
    catalogue: String,
    situation: String,
    items: Vec<String>,
    answers: Vec<CaseAnswer>,
    form: Vec<FilledField>,
    applicant: Applicant,
    materials: Vec<HandedIn>,
    declaration: Signed,
    times: Times,
    attachments: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
struct Part {
    name: PartName,
    text: Private,
}

impl Draft {
    /// The case under this number, with what travels as sealed parts of its own.
    pub fn case(self, number: CaseNumber, secret: SecretHash) -> (Case, Vec<Attachment>) {
        let attachments = self
            .attachments
            .into_iter()
            .map(|part| Attachment {
                name: part.name,
                bytes: Zeroizing::new(part.text.reveal().as_bytes().to_vec()),
            })
            .collect();
        let case = Case {
            version: VERSION,
            number,
            secret,
            terminal: self.terminal,
            lang: self.lang,
            matter: self.matter,
            catalogue: self.catalogue,
            situation: self.situation,
            items: self.items,
            answers: self.answers,
            form: self.form,
            applicant: self.applicant,
            materials: self.materials,
            declaration: self.declaration,
            times: self.times,
        };
        (case, attachments)
    }
}

/// What an application is made from.
pub(super) struct Basis<'a> {
    pub matter: &'a Matter,
    pub situation: usize,
    pub outcome: Outcome,
    pub chosen: BTreeSet<String>,
    pub answers: &'a yici_catalog::Answers,
    pub sources: &'a BTreeMap<String, Text>,
    pub lines: Vec<AnswerLine>,
    pub topics: Topics,
    pub applying: &'a Applying,
    pub identity: &'a Identity,
    pub begun: Now,
    pub lang: Lang,
}

/// The ways to apply that a matter allows, as choices.
pub(super) fn ways(matter: &Matter, chosen: Option<ApplicantKind>, around: &Around) -> Vec<Choice> {
    allowed(matter, around)
        .map(|way| Choice {
            text: way.name.clone(),
            note: Some(way.note.clone()),
            chosen: chosen == Some(way.kind),
        })
        .collect()
}

/// The way at this place of the page.
pub(super) fn way(matter: &Matter, place: usize, around: &Around) -> Option<ApplicantKind> {
    allowed(matter, around).nth(place).map(|way| way.kind)
}

fn allowed<'a>(matter: &'a Matter, around: &Around<'a>) -> impl Iterator<Item = &'a ApplicantWay> {
    let catalog = around.catalog;
    matter
        .guide
        .applicants
        .iter()
        .filter_map(|kind| catalog.applicants.iter().find(|way| way.kind == *kind))
}

/// Who applies, where an answer to a question that is asked says so already.
pub(super) fn said(
    matter: &Matter,
    asked: &[String],
    answers: &yici_catalog::Answers,
) -> Option<ApplicantKind> {
    asked.iter().find_map(|question| {
        let yici_catalog::Answer::Option(id) = answers.get(question)? else {
            return None;
        };
        matter.question(question)?.option(id)?.applicant
    })
}

fn way_of<'a>(kind: ApplicantKind, around: &Around<'a>) -> Option<&'a ApplicantWay> {
    around
        .catalog
        .applicants
        .iter()
        .find(|way| way.kind == kind)
}

impl Basis<'_> {
    fn said(&self) -> Option<ApplicantKind> {
        let asked: Vec<String> = self.lines.iter().map(|line| line.id.clone()).collect();
        said(self.matter, &asked, self.answers)
    }

    fn kind(&self) -> ApplicantKind {
        self.applying.applicant.unwrap_or(ApplicantKind::Person)
    }

    /// Everything once more; rows count through all sections as [`Row`] names them.
    pub fn check(&self, shown: bool, around: &Around) -> (page::Check, Vec<Row>) {
        let mut rows = Vec::new();
        let mut sections = Vec::new();
        let values = &self.applying.values;
        // Where an answer says it, it stands among the answers.
        let chosen = self.said().is_none();
        if let Some(way) = way_of(self.kind(), around).filter(|_| chosen) {
            rows.push(Row::Applicant);
            sections.push(CheckSection {
                part: CheckPart::Applicant,
                rows: vec![CheckRow {
                    label: None,
                    value: Some(way.name.clone()),
                    source: None,
                }],
            });
        }
        for (topic, fields) in &self.topics.0 {
            let lines = fields.iter().map(|field| {
                rows.push(Row::Field(field.id.clone()));
                let line = form::line(field, values, shown, true, around);
                CheckRow {
                    label: Some(line.label),
                    value: line.value,
                    source: line.source,
                }
            });
            sections.push(CheckSection {
                part: CheckPart::Topic(topic.clone()),
                rows: lines.collect(),
            });
        }
        let answers = self.lines.iter().map(|line| {
            rows.push(Row::Answer(line.id.clone()));
            CheckRow {
                label: Some(line.question.clone()),
                value: Some(line.answer.clone()),
                source: line.source.clone(),
            }
        });
        sections.push(CheckSection {
            part: CheckPart::Answers,
            rows: answers.collect(),
        });
        let items = self.outcome.items.iter().filter(|item| item.chosen);
        let items = items.filter_map(|item| {
            let item = self.matter.item(&item.id)?;
            rows.push(Row::Items);
            Some(CheckRow {
                label: None,
                value: Some(item.name.clone()),
                source: None,
            })
        });
        sections.push(CheckSection {
            part: CheckPart::Items,
            rows: items.collect(),
        });
        let masked = form::has_masked(self.topics.fields(), values);
        let check = page::Check {
            sections,
            masked,
            shown,
        };
        (check, rows)
    }

    /// The application, whole. Its text is what the signature is bound to.
    pub fn application(&self, around: &Around) -> Vec<Line> {
        self.application_in(self.lang, around)
    }

    fn application_in(&self, lang: Lang, around: &Around) -> Vec<Line> {
        let mut paper = Paper::new(lang);
        let matter = self.matter;
        paper.title(&Text {
            zh: format!("{}综合申请表", matter.name.zh),
            en: format!("Application: {}", matter.name.en),
        });
        paper.pair(
            ("填表日期", "Date"),
            &both(&self.begun.wall.date().to_string()),
        );
        paper.pair(("大厅", "Hall"), &around.hall.name);
        if let Some(way) = way_of(self.kind(), around) {
            paper.heading("谁来办", "Who applies");
            paper.text(&way.name);
        }
        // Unless the form itself says both as the card does.
        if let Identity::Card(card) = self.identity
            && !self.form_says_card()
        {
            paper.pair(("来办事的人", "Who is here"), &both(&card.name));
            paper.pair(("身份证号码", "ID number"), &both(&card.number));
        }
        paper.heading("情形", "Situation");
        paper.text(&matter.situations[self.situation].text);
        for line in &self.lines {
            paper.labelled(&line.question, &line.answer);
        }
        paper.heading("一次办理的事项", "Service items");
        for item in self.outcome.items.iter().filter(|item| item.chosen) {
            if let Some(item) = matter.item(&item.id) {
                paper.labelled(&item.name, &around.catalog.unit(&item.unit).name);
            }
        }
        for (topic, fields) in &self.topics.0 {
            paper.heading(&topic.zh, &topic.en);
            for field in fields {
                let value = self
                    .applying
                    .values
                    .get(&field.id)
                    .map(|value| value.text.reveal())
                    .filter(|value| !value.is_empty());
                match value {
                    Some(value) => paper.labelled(&field.label, &form::in_words(field, value)),
                    None => paper.labelled(&field.label, &Text::of("（未填）", "(left empty)")),
                }
            }
        }
        paper.heading("要交的材料", "Documents to hand in");
        for (_, material) in self.brought() {
            match material.necessity {
                Necessity::Needed | Necessity::Later => paper.text(&material.name),
                Necessity::Optional => paper.text(&Text {
                    zh: format!("{}（没有也行）", material.name.zh),
                    en: format!("{} (if you have it)", material.name.en),
                }),
            }
        }
        paper.heading("本人声明", "Declaration");
        for sentence in declaration() {
            paper.text(&sentence);
        }
        paper.lines
    }

    /// The promise to hand a material in later, as it is signed (容缺受理).
    pub fn promise(&self, material: &str) -> Option<Vec<Line>> {
        let material = self.matter.material(material)?;
        let later = material.later.as_ref()?;
        let mut paper = Paper::new(self.lang);
        paper.title(&Text::of("容缺后补承诺书", "Promise to hand in later"));
        paper.labelled(&Text::of("事情", "Matter"), &self.matter.name);
        paper.labelled(&Text::of("材料", "Document"), &material.name);
        paper.pair(("日期", "Date"), &both(&self.begun.wall.date().to_string()));
        for sentence in promise_words(&material.name, later.working_days) {
            paper.text(&sentence);
        }
        Some(paper.lines)
    }

    /// The sentences above the signature.
    pub fn statement(&self, material: Option<&str>) -> (Signing, Vec<Text>) {
        let promised = material
            .and_then(|id| self.matter.material(id))
            .and_then(|material| Some((material, material.later.as_ref()?)));
        match promised {
            Some((material, later)) => (
                Signing::Promise(material.name.clone()),
                promise_words(&material.name, later.working_days).to_vec(),
            ),
            None => (Signing::Application, declaration().to_vec()),
        }
    }

    /// What is still to be handed in, and where.
    pub fn hand_in(&self, around: &Around) -> page::HandIn {
        let method = takeaway::method(self.matter, around);
        let materials = self.brought().map(|(needed, material)| HandInMaterial {
            id: material.id.clone(),
            name: material.name.clone(),
            handing: elements::handing(material, needed.copies),
            later: material.later.as_ref().map(|later| Later {
                working_days: later.working_days,
                why: later.why.clone(),
                chosen: self.applying.later.contains(&material.id),
            }),
        });
        let needed = self.outcome.materials.iter();
        let filled = needed
            .filter_map(|needed| self.matter.material(&needed.material))
            .filter(|material| material.is_filled_in());
        page::HandIn {
            place: method.place,
            hours: method.hours,
            materials: materials.collect(),
            filled: filled.map(|material| material.name.clone()).collect(),
            // A questionnaire that asks who applies has the papers among its materials.
            authority: match self.said() {
                Some(_) => None,
                None => way_of(self.kind(), around).and_then(|way| way.proof.clone()),
            },
        }
    }

    /// Why the fields are asked for, and the others are not.
    pub fn explained(&self) -> Explanation {
        let situation = &self.matter.situations[self.situation];
        let answers = self.answers;
        self.matter
            .explain(situation, answers, &self.chosen, MOST_CHANGES)
    }

    /// Materials of this outcome that people hand in: what the form makes is none of them.
    fn brought(&self) -> impl Iterator<Item = (&Needed, &Material)> {
        let needed = self.outcome.materials.iter();
        needed
            .filter_map(|needed| Some((needed, self.matter.material(&needed.material)?)))
            .filter(|(_, material)| !material.is_filled_in())
    }

    /// Materials of this outcome that are chosen to come later, in order.
    pub fn deferred(&self) -> Vec<&str> {
        let needed = self.outcome.materials.iter();
        needed
            .map(|needed| needed.material.as_str())
            .filter(|id| self.applying.later.contains(*id))
            .collect()
    }

    /// Everything of the case but its number; nothing until all is signed.
    pub fn draft(&self, around: &Around) -> Option<Draft> {
        let applying = self.applying;
        // What would be submitted is what was read and signed, or it is looked at again.
        let declared = applying.declaration.as_ref()?;
        if signed_text(&self.application_in(declared.lang, around)) != declared.shown {
            return None;
        }
        let mut attachments = Vec::new();
        let mut sign = |name: &str, signature: &Signature| {
            let name = PartName::try_from(name.to_owned()).ok()?;
            let shown = Document {
                part: name.clone(),
                media: Media::Text,
                sha256: Digest::of(signature.shown.as_bytes()),
            };
            attachments.push(Part {
                name,
                text: Private::new(signature.shown.as_str()),
            });
            Some(Signed {
                shown,
                signature: signature.picture.clone(),
                at: signature.at,
            })
        };
        let declaration = sign("application", declared)?;
        let mut materials = Vec::new();
        for (at, (needed, _)) in self.brought().enumerate() {
            let how = match applying.later.contains(&needed.material) {
                true => How::Later {
                    promise: sign(
                        &format!("promise-{}", at + 1),
                        applying.promises.get(&needed.material)?,
                    )?,
                },
                false => How::Paper,
            };
            materials.push(HandedIn {
                material: needed.material.clone(),
                how,
            });
        }
        let asked = self.lines.iter().map(|line| line.id.as_str());
        let answers = asked.filter_map(|id| {
            let answer = self.answers.get(id)?;
            Some(CaseAnswer {
                question: id.to_owned(),
                answer: Private::new(answer_text(answer)),
                source: match (self.sources.get(id), self.identity) {
                    (Some(_), Identity::Card(_)) => self
                        .matter
                        .question(id)
                        .and_then(|question| question.resource.as_ref())
                        .map_or(Source::Citizen, |resource| {
                            Source::Resource(resource.id.clone())
                        }),
                    (Some(_), Identity::Typed(_) | Identity::Nobody) | (None, _) => Source::Citizen,
                },
            })
        });
        Some(Draft {
            terminal: around.hall.terminal.clone(),
            lang: match declared.lang {
                Lang::Zh => yici_contract::case::Lang::Zh,
                Lang::En => yici_contract::case::Lang::En,
            },
            matter: self.matter.id.clone(),
            catalogue: around.catalog.version.clone(),
            situation: self.matter.situations[self.situation].id.clone(),
            items: self
                .outcome
                .items
                .iter()
                .filter(|item| item.chosen)
                .map(|item| item.id.clone())
                .collect(),
            answers: answers.collect(),
            form: form::filled(&self.topics, &applying.values),
            applicant: self.applicant()?,
            materials,
            declaration,
            times: Times {
                begun: self.begun.stamp,
                submitted: around.now.stamp,
                clock_trusted: around.health.clock_trusted(),
            },
            attachments,
        })
    }

    /// Name and number of the card stand in the form, from the card.
    fn form_says_card(&self) -> bool {
        let values = &self.applying.values;
        [FieldAbout::Here, FieldAbout::Applicant]
            .into_iter()
            .any(|about| {
                let (name, number) = self.topics.party(about, values);
                let from_card = |value: Option<&form::Value>| {
                    value.is_some_and(|value| matches!(value.source, Source::Resource(_)))
                };
                from_card(name) && from_card(number)
            })
    }

    fn applicant(&self) -> Option<Applicant> {
        let values = &self.applying.values;
        let value = |id: &str| {
            values
                .get(id)
                .map(|value| value.text.clone())
                .filter(|text| !text.reveal().is_empty())
        };
        let party = |about| {
            let (name, code) = self.topics.party(about, values);
            (
                name.map(|value| value.text.clone()),
                code.map(|value| value.text.clone()),
            )
        };
        let (name, code) = party(FieldAbout::Applicant);
        let here = match self.identity {
            Identity::Card(card) => Some(Party {
                name: Private::new(card.name.as_str()),
                code: Some(Private::new(card.number.as_str())),
            }),
            Identity::Typed(_) | Identity::Nobody => {
                let (name, code) = party(FieldAbout::Here);
                name.or_else(|| value(form::SELF_NAME)).map(|name| Party {
                    name,
                    code: code.or_else(|| value(form::SELF_NUMBER)),
                })
            }
        };
        // Whoever applies for themselves and gave a card is known by it, whatever the form asks.
        let myself = || {
            let known = here.clone();
            let known_code = known.as_ref().and_then(|party| party.code.clone());
            Some(Party {
                name: name.clone().or(known.map(|party| party.name))?,
                code: code.clone().or(known_code),
            })
        };
        let other = || {
            Some(Party {
                name: name.clone().or_else(|| value(form::FOR_NAME))?,
                code: code.clone().or_else(|| value(form::FOR_NUMBER)),
            })
        };
        Some(match self.kind() {
            ApplicantKind::Person => Applicant::Person { person: myself()? },
            ApplicantKind::Guardian => Applicant::Guardian {
                person: here?,
                ward: other()?,
            },
            ApplicantKind::Agent => Applicant::Agent {
                person: here?,
                principal: other()?,
            },
            ApplicantKind::Officer => Applicant::Officer {
                person: here?,
                business: Party {
                    name: value(form::BUSINESS_NAME)?,
                    code: value(form::BUSINESS_CODE),
                },
            },
        })
    }
}

/// What a line of the check page changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Row {
    Applicant,
    Field(String),
    Answer(String),
    Items,
}

/// The text of a document as it is signed: its lines, each ended by a line feed.
pub(super) fn signed_text(lines: &[Line]) -> Zeroizing<String> {
    let size = lines.iter().map(|line| line.text.len() + 1).sum();
    let mut whole = Zeroizing::new(String::with_capacity(size));
    for line in lines {
        whole.push_str(&line.text);
        whole.push('\n');
    }
    whole
}

/// The first 16 digits of a document's SHA-256, in groups of four.
pub(super) fn fingerprint(shown: &str) -> String {
    let digest = Digest::of(shown.as_bytes());
    let digits: String = digest.as_bytes()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    form::grouped(&digits, &[4, 8, 12])
}

fn answer_text(answer: &yici_catalog::Answer) -> String {
    match answer {
        yici_catalog::Answer::Option(option) => option.clone(),
        yici_catalog::Answer::Number(number) => number.to_string(),
        yici_catalog::Answer::Date(date) => date.to_string(),
        yici_catalog::Answer::Unsure => yici_catalog::UNSURE.to_owned(),
    }
}

/// What the applicant declares (R14).
fn declaration() -> [Text; 3] {
    [
        Text::of(
            "上面的内容我都看过，是真实、完整的。",
            "I have read all of the above; it is true and complete.",
        ),
        Text::of(
            "我同意把它交给上面写的各部门，只用来办这件事。",
            "I agree that it goes to the departments named above, for this matter only.",
        ),
        Text::of(
            "我知道：收到不等于受理，是否受理由各部门决定并另行通知；如有虚假，由我承担责任。",
            "I know that received is not accepted: each department decides and tells me; for false statements I am responsible.",
        ),
    ]
}

/// What is promised with a deferred material (service.md: true intent, knowledge of what is missing
/// and by when, authenticity, supply in time).
fn promise_words(material: &Text, days: u32) -> [Text; 3] {
    [
        Text {
            zh: format!("我自愿申请先办理，现在还缺：{}。", material.zh),
            en: format!(
                "I ask of my own will to go ahead; still missing is: {}.",
                material.en
            ),
        },
        Text {
            zh: format!("我承诺从今天起 {days} 个工作日内补交，并保证材料真实。"),
            en: format!("I promise to hand it in, genuine, within {days} working days from today."),
        },
        Text::of(
            "我知道：到期没有补交，办理会停止，由我承担后果。",
            "I know that without it in time the work on my case ends, and that I bear the consequences.",
        ),
    ]
}

/// A document in one language, line by line.
struct Paper {
    lang: Lang,
    lines: Vec<Line>,
}

impl Paper {
    fn new(lang: Lang) -> Paper {
        Paper {
            lang,
            lines: Vec::new(),
        }
    }

    fn push(&mut self, kind: LineKind, text: String) {
        self.lines.push(Line { kind, text });
    }

    fn title(&mut self, words: &Text) {
        self.push(LineKind::Title, words.get(self.lang).to_owned());
    }

    fn heading(&mut self, zh: &str, en: &str) {
        let words = Text::of(zh, en);
        self.push(LineKind::Heading, words.get(self.lang).to_owned());
    }

    fn text(&mut self, words: &Text) {
        self.push(LineKind::Text, words.get(self.lang).to_owned());
    }

    fn pair(&mut self, (zh, en): (&str, &str), value: &Text) {
        self.labelled(&Text::of(zh, en), value);
    }

    fn labelled(&mut self, label: &Text, value: &Text) {
        let asked = label.get(self.lang);
        let line = match self.lang {
            _ if asked.ends_with(['？', '?']) => format!("{asked} {}", value.get(self.lang)),
            Lang::Zh => format!("{}：{}", label.zh, value.zh),
            Lang::En => format!("{}: {}", label.en, value.en),
        };
        self.push(LineKind::Text, line);
    }
}
