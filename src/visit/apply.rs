//! Applying here and now: form, check, signature, hand-in, submission, receipt, evaluation.

use std::time::Duration;

use yici_catalog::{ApplicantKind, FieldKind, FormField};
use yici_contract::api::{About, Evaluation, Level, Opinion};
use yici_contract::{CaseNumber, Private, PrivateBytes, SlipCode, SlipSecret};

use super::application::{self, Applying, Basis, Pending, Row, Signature, Stored};
use super::form::{self, Topics};
use super::page::{self, Content, Delivery, Offer, StoreFault};
use super::takeaway;
use super::terminal::Around;
use super::visit::{Place, Visit};
use super::{Effect, questions, result};
use crate::slips::{Document, Receipt};

/// Levels given so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Rated {
    pub matter: Option<Level>,
    pub visit: Option<Level>,
}

impl Visit {
    /// Begins to apply, or shows the receipt of what was submitted in this visit already: nobody
    /// applies twice by mistake.
    pub(super) fn here(&mut self, around: &Around) -> Vec<Effect> {
        let (true, Some(matter)) = (around.health.submits(), self.matter(around)) else {
            return Vec::new();
        };
        if self.stored().is_some() {
            return self.go(Place::Receipt);
        }
        let kind = match (self.said(around), matter.guide.applicants.as_slice()) {
            (Some(kind), _) => kind,
            (None, [kind]) => *kind,
            (None, _) => return self.go(Place::Applicant),
        };
        self.applies(kind, around);
        self.go(Place::Form {
            topic: 0,
            told: false,
        })
    }

    /// Who applies, where the answers say so.
    pub(super) fn said(&self, around: &Around) -> Option<ApplicantKind> {
        let matter = self.matter(around)?;
        let asked = self.interview(matter, around).asked;
        application::said(matter, &asked, &self.given_now()?.answers)
    }

    /// After a change: who applies may be another, and new fields may be told by the card.
    pub(super) fn follow_answers(&mut self, around: &Around) {
        let chosen = self.given_now().and_then(|given| given.applying.applicant);
        if let Some(kind) = self.said(around).or(chosen) {
            self.applies(kind, around);
        }
    }

    fn applies(&mut self, kind: ApplicantKind, around: &Around) {
        let Some(index) = self.matter else { return };
        if let Some(given) = self.given.get_mut(&index) {
            given.applying.applicant = Some(kind);
        }
        if let Some(Basis { topics, .. }) = self.basis(around)
            && let Some(given) = self.given.get_mut(&index)
        {
            form::prefill(&topics, kind, &self.identity, &mut given.applying.values);
        }
    }

    pub(super) fn choose_applicant(&mut self, place: usize, around: &Around) -> Vec<Effect> {
        let kind = self
            .matter(around)
            .and_then(|matter| application::way(matter, place, around));
        let Some(kind) = kind else {
            return Vec::new();
        };
        self.applies(kind, around);
        // What the card of a stand-in answered by itself is not about whom it concerns.
        if kind != ApplicantKind::Person && self.forget_sources() && self.settled(around).is_none()
        {
            return self.advance(around);
        }
        match self.back_to_check() {
            true => self.go(Place::Check),
            false => self.go(Place::Form {
                topic: 0,
                told: false,
            }),
        }
    }

    /// "Continue" on a topic: to the first field that is not right yet, else to the next topic.
    pub(super) fn form_main(&mut self, topic: usize, around: &Around) -> Vec<Effect> {
        let Some(basis) = self.basis(around) else {
            return Vec::new();
        };
        let Some((_, fields)) = basis.topics.0.get(topic) else {
            return self.go(Place::Check);
        };
        let values = &basis.applying.values;
        let today = around.now.wall.date();
        let wrong = fields
            .iter()
            .find(|field| form::fault(field, values, today).is_some())
            .map(|field| field.id.clone());
        let last = topic + 1 == basis.topics.0.len();
        match wrong {
            Some(field) => {
                self.place = Place::Form { topic, told: true };
                self.fill(&field, around)
            }
            None if last => self.go(Place::Check),
            None => self.go(Place::Form {
                topic: topic + 1,
                told: false,
            }),
        }
    }

    /// Opens a field; the page under it is where its filling returns to.
    pub(super) fn fill(&mut self, field: &str, around: &Around) -> Vec<Effect> {
        let entry = self.basis(around).and_then(|basis| {
            let field = basis.topics.field(field)?;
            Some(form::Entry::new(&field.id, &basis.applying.values))
        });
        match entry {
            Some(entry) => self.aside(Place::Field(entry)),
            None => Vec::new(),
        }
    }

    /// Text from the keyboard or a key of the keypad; without any, the last character goes.
    pub(super) fn edit(&mut self, text: Option<&str>, around: &Around) -> Vec<Effect> {
        let Place::Field(entry) = &self.place else {
            return Vec::new();
        };
        let mut entry = entry.clone();
        match (text, self.asked_field(&entry.field, around)) {
            (Some(text), Some(field)) => entry.insert(&field, text),
            (None, _) => entry.erase(),
            (Some(_), None) => {}
        }
        self.place = Place::Field(entry);
        Vec::new()
    }

    pub(super) fn field_main(&mut self, around: &Around) -> Vec<Effect> {
        let Place::Field(entry) = &self.place else {
            return Vec::new();
        };
        let mut entry = entry.clone();
        let Some(field) = self.asked_field(&entry.field, around) else {
            return self.back(around);
        };
        // What a card gave and nobody touched is not checked again.
        if !entry.touched() && form_holds(self, &field, around) {
            return self.filled(&field, around);
        }
        match entry.finish(&field, around.now.wall.date()) {
            Some(text) => self.put(&field, text, around),
            None => {
                self.place = Place::Field(entry);
                Vec::new()
            }
        }
    }

    /// An option of a field that is a choice.
    pub(super) fn field_option(&mut self, option: usize, around: &Around) -> Vec<Effect> {
        let Place::Field(entry) = &self.place else {
            return Vec::new();
        };
        let Some(field) = self.asked_field(&entry.field.clone(), around) else {
            return Vec::new();
        };
        match field.options.get(option) {
            Some(option) => {
                let text = Private::new(option.id.as_str());
                self.put(&field, text, around)
            }
            None => Vec::new(),
        }
    }

    fn put(&mut self, field: &form::Asked, text: Private, around: &Around) -> Vec<Effect> {
        if let Some(applying) = self.applying_mut() {
            form::put(&mut applying.values, &field.id, text);
        }
        self.filled(field, around)
    }

    /// On to the next field of the topic that is not right yet, or back to where filling began.
    fn filled(&mut self, field: &form::Asked, around: &Around) -> Vec<Effect> {
        let next = match self.under.last() {
            Some(Place::Form { .. }) => self.basis(around).and_then(|basis| {
                let topic = basis.topics.topic_of(&field.id)?;
                let (_, fields) = basis.topics.0.get(topic)?;
                let at = fields.iter().position(|other| other.id == field.id)?;
                let today = around.now.wall.date();
                let values = &basis.applying.values;
                fields[at + 1..]
                    .iter()
                    .find(|other| form::fault(other, values, today).is_some())
                    .map(|other| form::Entry::new(&other.id, values))
            }),
            Some(_) | None => None,
        };
        match next {
            Some(entry) => self.go(Place::Field(entry)),
            None => {
                let place = self.under.pop().unwrap_or(Place::Check);
                self.go(place)
            }
        }
    }

    /// A line of the check page is to be changed.
    pub(super) fn row(&mut self, row: usize, around: &Around) -> Vec<Effect> {
        if self.place != Place::Check {
            return Vec::new();
        }
        let row = self
            .basis(around)
            .and_then(|basis| basis.check(false, around).1.get(row).cloned());
        match row {
            Some(Row::Applicant) => self.aside(Place::Applicant),
            Some(Row::Field(field)) => self.fill(&field, around),
            Some(Row::Answer(question)) => self.change(question, around),
            Some(Row::Items) => self.aside(Place::Result),
            None => Vec::new(),
        }
    }

    pub(super) fn check_main(&mut self, around: &Around) -> Vec<Effect> {
        let Some(basis) = self.basis(around) else {
            return Vec::new();
        };
        let today = around.now.wall.date();
        let fault = basis.topics.first_fault(&basis.applying.values, today);
        self.under.clear();
        match fault {
            Some(topic) => self.go(Place::Form { topic, told: true }),
            None => self.go(Place::Application { material: None }),
        }
    }

    /// The document was read: its text is fixed now, and the signature will be bound to it.
    pub(super) fn read_through(&mut self, around: &Around) -> Vec<Effect> {
        let Place::Application { material } = &self.place else {
            return Vec::new();
        };
        let material = material.clone();
        match self.document_lines(material.as_deref(), around) {
            Some(lines) => self.go(Place::Sign(Pending {
                material,
                shown: application::signed_text(&lines),
                lang: self.lang,
            })),
            None => Vec::new(),
        }
    }

    pub(super) fn signed(&mut self, picture: PrivateBytes, around: &Around) -> Vec<Effect> {
        let Place::Sign(pending) = &self.place else {
            return Vec::new();
        };
        let signature = Signature {
            shown: pending.shown.clone(),
            lang: pending.lang,
            picture,
            at: around.now.stamp,
        };
        let material = pending.material.clone();
        let Some(applying) = self.applying_mut() else {
            return Vec::new();
        };
        match material {
            None => {
                applying.declaration = Some(signature);
                applying.promises.clear();
                self.go(Place::HandIn)
            }
            Some(material) => {
                applying.promises.insert(material, signature);
                match self.promises_left(around) {
                    true => self.hand_in_main(around),
                    // Submitting is a touch of its own.
                    false => self.go(Place::HandIn),
                }
            }
        }
    }

    /// Take a material along later, or with the others after all.
    pub(super) fn later(&mut self, material: String, around: &Around) -> Vec<Effect> {
        let allowed = self.place == Place::HandIn
            && self.matter(around).is_some_and(|matter| {
                matter
                    .material(&material)
                    .is_some_and(|material| material.later.is_some())
            });
        if let (true, Some(applying)) = (allowed, self.applying_mut()) {
            applying.promises.remove(&material);
            if !applying.later.remove(&material) {
                applying.later.insert(material);
            }
        }
        Vec::new()
    }

    /// On to the next promise that is to be signed; when all are, the case is submitted.
    pub(super) fn hand_in_main(&mut self, around: &Around) -> Vec<Effect> {
        let Some(basis) = self.basis(around) else {
            return Vec::new();
        };
        let unsigned = basis
            .deferred()
            .into_iter()
            .find(|id| !basis.applying.promises.contains_key(*id))
            .map(str::to_owned);
        match unsigned {
            Some(material) => self.go(Place::Application {
                material: Some(material),
            }),
            None => self.submit(around),
        }
    }

    pub(super) fn submit(&mut self, around: &Around) -> Vec<Effect> {
        if self.stored().is_some() {
            return self.go(Place::Receipt);
        }
        let draft = self.basis(around).and_then(|basis| basis.draft(around));
        match draft {
            Some(draft) => {
                self.go(Place::Submitting {
                    since: around.now.mono,
                });
                vec![Effect::Submit {
                    visit: self.id(),
                    draft: Box::new(draft),
                }]
            }
            None => self.go(Place::Check),
        }
    }

    /// The outbox spoke: only now is there a number to show (invariant 3).
    pub(super) fn store_said(
        &mut self,
        stored: Result<(CaseNumber, SlipSecret), StoreFault>,
        around: &Around,
    ) -> Vec<Effect> {
        // Whoever waits for this is still here.
        self.last_touch = around.now.mono;
        match stored {
            Ok((number, secret)) => {
                if let Some(applying) = self.applying_mut() {
                    applying.stored = Some(Stored {
                        number,
                        secret,
                        delivery: Delivery::Sending,
                        sent: false,
                        printed: false,
                    });
                }
                Vec::new()
            }
            Err(fault) => self.go(Place::NotStored(fault)),
        }
    }

    /// How far a case has come that may be of this visit.
    pub(super) fn delivery_said(&mut self, number: CaseNumber, delivery: Delivery) {
        let ours = self
            .given
            .values_mut()
            .filter_map(|given| given.applying.stored.as_mut())
            .find(|stored| stored.number == number);
        if let Some(stored) = ours {
            // What upstream has once said stays said.
            if stored.delivery != Delivery::Received {
                stored.delivery = delivery;
            }
            if matches!(self.place, Place::Submitting { .. }) {
                self.go(Place::Receipt);
            }
        }
    }

    /// Sending takes longer than anyone should wait: the receipt says so.
    pub(super) fn waited(&mut self, around: &Around) {
        if let Place::Submitting { since } = self.place {
            self.last_touch = around.now.mono;
            if self.stored().is_some() && around.now.mono >= since + around.timing.send {
                self.go(Place::Receipt);
            }
        }
    }

    /// When [`Visit::waited`] is to be asked again; the disk's word comes by itself.
    pub(super) fn waits_until(&self, since: Duration, around: &Around) -> Duration {
        match self.stored() {
            Some(_) => since + around.timing.send,
            None => around.now.mono + around.timing.idle,
        }
    }

    /// The receipt slip is known to be in somebody's hands, or the visit ends without it.
    pub(super) fn slip_is_out(&mut self) -> Vec<Effect> {
        let mut effects: Vec<Effect> = std::mem::take(&mut self.recovered)
            .into_iter()
            .map(Effect::SlipCompleted)
            .collect();
        let stored = self
            .applying_mut()
            .and_then(|applying| applying.stored.as_mut());
        if let Some(stored) = stored.filter(|stored| !stored.printed) {
            stored.printed = true;
            effects.push(Effect::SlipCompleted(stored.number));
        }
        effects
    }

    /// Cases of this visit whose slip did not come out: in an orderly end nobody waits for it.
    pub(super) fn dismissed(&self) -> Vec<Effect> {
        self.given
            .values()
            .filter_map(|given| given.applying.stored.as_ref())
            .filter(|stored| !stored.printed)
            .map(|stored| stored.number)
            .chain(self.recovered.iter().copied())
            .map(Effect::Dismiss)
            .collect()
    }

    /// Nobody here waits for the slips of before the restart.
    pub(super) fn not_mine(&mut self) -> Vec<Effect> {
        let effects = self.dismissed();
        self.recovered.clear();
        self.go(Place::Home);
        effects
    }

    pub(super) fn rate(&mut self, level: Level, of_matter: bool) -> Vec<Effect> {
        if let Place::Evaluate(rated) = &mut self.place {
            match of_matter {
                true => rated.matter = Some(level),
                false => rated.visit = Some(level),
            }
        }
        Vec::new()
    }

    /// What was rated goes upstream, however the visit ends.
    pub(super) fn ratings(&self, around: &Around) -> Vec<Effect> {
        let Place::Evaluate(rated) = &self.place else {
            return Vec::new();
        };
        let of_matter = rated.matter.and_then(|level| {
            let about = About::Matter {
                matter: self.matter(around)?.id.clone(),
                number: self.stored().map(|stored| stored.number),
            };
            Some((about, level))
        });
        let of_visit = rated.visit.map(|level| (About::Visit, level));
        of_matter
            .into_iter()
            .chain(of_visit)
            .map(|(about, level)| {
                Effect::Tell(Opinion::Evaluation(Evaluation {
                    about,
                    level,
                    at: around.now.stamp,
                }))
            })
            .collect()
    }

    /// Whether a promise is still to be read and signed before the case is submitted.
    pub(super) fn promises_left(&self, around: &Around) -> bool {
        self.basis(around).is_some_and(|basis| {
            let signed = &basis.applying.promises;
            basis.deferred().iter().any(|id| !signed.contains_key(*id))
        })
    }

    /// The receipt slip goes to the printer; whether an earlier try of it did.
    pub(super) fn slip_sent(&mut self) -> bool {
        self.applying_mut()
            .and_then(|applying| applying.stored.as_mut())
            .is_some_and(|stored| std::mem::replace(&mut stored.sent, true))
    }

    pub(super) fn applicant_page(&self, around: &Around) -> Option<Content> {
        let matter = self.matter(around)?;
        let chosen = self.given_now()?.applying.applicant;
        Some(Content::Applicant(application::ways(
            matter, chosen, around,
        )))
    }

    pub(super) fn form_page(&self, topic: usize, told: bool, around: &Around) -> Option<Content> {
        let basis = self.basis(around)?;
        let (name, fields) = basis.topics.0.get(topic)?;
        let values = &basis.applying.values;
        let shown = self.shown_until.is_some();
        let explained = basis.explained();
        let here = |needed: &&FormField| fields.iter().any(|field| field.id == needed.field);
        let here: Vec<FormField> = basis.outcome.form.iter().filter(here).cloned().collect();
        let of = basis.topics.0.len();
        Some(Content::Form(Box::new(page::Form {
            topic: name.clone(),
            number: topic + 1,
            of,
            why: result::form_whys(basis.matter, &here, &explained),
            not_needed: match topic + 1 == of {
                true => result::form_not_needed(basis.matter, &explained),
                false => Vec::new(),
            },
            fields: fields
                .iter()
                .map(|field| form::line(field, values, shown, told, around))
                .collect(),
            masked: form::has_masked(fields, values),
            shown,
        })))
    }

    pub(super) fn field_page(&self, entry: &form::Entry, around: &Around) -> Option<Content> {
        let basis = self.basis(around)?;
        let field = basis.topics.field(&entry.field)?;
        let view = entry.view(field, &basis.applying.values, around);
        Some(Content::Field(Box::new(view)))
    }

    pub(super) fn check_page(&self, around: &Around) -> Option<Content> {
        let shown = self.shown_until.is_some();
        let (check, _) = self.basis(around)?.check(shown, around);
        Some(Content::Check(Box::new(check)))
    }

    pub(super) fn document_page(&self, material: Option<&str>, around: &Around) -> Option<Content> {
        self.document_lines(material, around)
            .map(Content::Application)
    }

    pub(super) fn sign_page(&self, pending: &Pending, around: &Around) -> Option<Content> {
        let (what, words) = self.basis(around)?.statement(pending.material.as_deref());
        Some(Content::Sign(Box::new(page::Sign {
            what,
            words,
            digest: application::fingerprint(&pending.shown),
        })))
    }

    pub(super) fn hand_in_page(&self, around: &Around) -> Option<Content> {
        let hand_in = self.basis(around)?.hand_in(around);
        Some(Content::HandIn(Box::new(hand_in)))
    }

    pub(super) fn receipt_page(&self, around: &Around) -> Option<Content> {
        let basis = self.basis(around)?;
        let stored = basis.applying.stored.as_ref()?;
        let hand_in = basis.hand_in(around);
        Some(Content::Receipt(Box::new(page::Receipt {
            number: stored.number.to_string(),
            delivery: stored.delivery,
            days: basis.outcome.promised_working_days,
            still: hand_in.needed(),
            next: takeaway::next(basis.matter, around),
            suggested: takeaway::suggested(&self.identity, basis.matter, around),
            printer: around.health.printer(),
            printed: stored.printed,
        })))
    }

    pub(super) fn receipt_slip(&self, around: &Around) -> Option<Document> {
        let basis = self.basis(around)?;
        let stored = basis.applying.stored.as_ref()?;
        let hand_in = basis.hand_in(around);
        let code = SlipCode {
            number: stored.number,
            secret: stored.secret.clone(),
        };
        let items = basis.outcome.items.iter().filter(|item| item.chosen);
        let receipt = Receipt {
            matter: basis.matter.name.clone(),
            number: stored.number.to_string(),
            delivery: stored.delivery,
            days: basis.outcome.promised_working_days,
            items: items
                .filter_map(|item| {
                    let item = basis.matter.item(&item.id)?;
                    let unit = &around.catalog.unit(&item.unit).short;
                    Some((item.name.clone(), unit.clone()))
                })
                .collect(),
            needed: hand_in.needed(),
            still: hand_in.materials,
            filled: hand_in.filled,
            authority: hand_in.authority,
            method: takeaway::method(basis.matter, around),
            code: Private::new(code.to_text().as_str()),
        };
        let document = Document::Receipt {
            head: takeaway::head(self.lang, around),
            receipt: Box::new(receipt),
        };
        Some(document.held_by(self.identity.holder()))
    }

    pub(super) fn evaluate_page(&self, rated: &Rated, around: &Around) -> Option<Content> {
        Some(Content::Evaluate(page::Evaluate {
            name: self.matter(around)?.short.clone(),
            matter: rated.matter,
            visit: rated.visit,
        }))
    }

    /// Whether the receipt slip is the next thing to do.
    pub(super) fn wants_slip(&self, around: &Around) -> bool {
        let printed = self.stored().is_some_and(|stored| stored.printed);
        match around.health.printer() {
            Offer::Ready | Offer::Unknown => !printed,
            Offer::Unavailable(_) | Offer::Absent => false,
        }
    }

    /// Topics that are left from this one on.
    pub(super) fn topics_left(&self, topic: usize, around: &Around) -> usize {
        self.basis(around)
            .map_or(1, |basis| basis.topics.0.len().saturating_sub(topic))
    }

    /// The topic that a field belongs to.
    pub(super) fn topic_of(&self, field: &str, around: &Around) -> usize {
        self.basis(around)
            .and_then(|basis| basis.topics.topic_of(field))
            .unwrap_or_default()
    }

    /// Changing something from the check page returns to it.
    pub(super) fn back_to_check(&mut self) -> bool {
        let check = self.under.contains(&Place::Check);
        if check {
            self.under.clear();
        }
        check
    }

    pub(super) fn stored(&self) -> Option<&Stored> {
        self.given_now()?.applying.stored.as_ref()
    }

    fn document_lines(&self, material: Option<&str>, around: &Around) -> Option<Vec<page::Line>> {
        let basis = self.basis(around)?;
        match material {
            Some(material) => basis.promise(material),
            None => Some(basis.application(around)),
        }
    }

    /// Whether a touch on an option fills the field and leads on.
    pub(super) fn is_choice(&self, field: &str, around: &Around) -> bool {
        self.asked_field(field, around)
            .is_some_and(|field| field.kind == FieldKind::Choice)
    }

    fn asked_field(&self, field: &str, around: &Around) -> Option<form::Asked> {
        self.basis(around)?.topics.field(field).cloned()
    }

    fn applying_mut(&mut self) -> Option<&mut Applying> {
        let index = self.matter?;
        self.given.get_mut(&index).map(|given| &mut given.applying)
    }

    /// What the application is made from, once a situation is settled.
    pub(super) fn basis<'a>(&'a self, around: &Around<'a>) -> Option<Basis<'a>> {
        let (matter, situation, chosen) = self.settled(around)?;
        let given = self.given_now()?;
        let settled = &matter.situations[situation];
        let outcome = matter.outcome(settled, &given.answers, &chosen);
        let asked = self.interview(matter, around).asked;
        let topics = self.topics(&outcome.form, around)?;
        Some(Basis {
            matter,
            situation,
            lines: questions::answer_lines(matter, &asked, given),
            topics,
            outcome,
            chosen,
            answers: &given.answers,
            sources: &given.sources,
            applying: &given.applying,
            identity: &self.identity,
            begun: self.begun,
            lang: self.lang,
        })
    }

    fn topics(&self, needed: &[FormField], around: &Around) -> Option<Topics> {
        let matter = self.matter(around)?;
        let applicant = self
            .given_now()?
            .applying
            .applicant
            .unwrap_or(ApplicantKind::Person);
        Some(form::topics(matter, needed, applicant, &self.identity))
    }
}

/// A value that stands there and is right.
fn form_holds(visit: &Visit, field: &form::Asked, around: &Around) -> bool {
    visit.basis(around).is_some_and(|basis| {
        let values = &basis.applying.values;
        values.contains_key(&field.id)
            && form::fault(field, values, around.now.wall.date()).is_none()
    })
}
