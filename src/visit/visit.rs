//! What every step of a visit shares: where it is, back, help, language, idle, the end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use yici_catalog::{Answers, Group, Lang, Matter, State};
use yici_contract::CaseNumber;
use yici_contract::api::{GuidePart, Opinion, ProgressRequest, Remark, Wrong};
use yici_hal::escpos::{Delivery, Printed};
use yici_hal::status::Cause;

use super::application::{Applying, Pending};
use super::apply::Rated;
use super::identity::{self, Identity};
use super::page::{self, AskFault, CardState, Content, Frame, Main, Page, Printing, Step};
use super::questions::{self, Entry};
use super::takeaway::{self, Slip};
use super::terminal::Around;
use super::track::TypedNumber;
use super::{CardReply, Effect, Now, SlipId, Touch, VisitId, form, notice, result, sheet};
use crate::slips::Document;

/// Most characters of a search: more find nothing.
const MOST_SOUGHT: usize = 40;

/// Where a visit stands.
#[derive(Clone, PartialEq)]
pub(super) enum Place {
    Home,
    Notice,
    Consent,
    /// Waiting for the card since this time.
    Card {
        state: CardState,
        since: Duration,
        /// The case whose progress the card opens, instead of telling who is here.
        ask: Option<CaseNumber>,
    },
    Number(identity::Typed),
    Identity,
    Question(Entry),
    Unsure {
        question: String,
    },
    Answers,
    Window(result::Window),
    Result,
    Method,
    Printing(Slip),
    /// A slip's content as a QR code.
    Phone(Box<Document>),
    Help,
    Applicant,
    Form {
        topic: usize,
        /// "Continue" was touched here: what is missing is told.
        told: bool,
    },
    Field(form::Entry),
    Check,
    /// The application, or the promise of a material.
    Application {
        material: Option<String>,
    },
    Sign(Pending),
    HandIn,
    Submitting {
        since: Duration,
    },
    NotStored(page::StoreFault),
    Receipt,
    Evaluate(Rated),
    /// What is wrong in the guide.
    Wrong,
    Track {
        /// What was scanned is no slip's code.
        wrong: bool,
    },
    CaseNumber(TypedNumber),
    /// Looking for a matter: what was typed.
    Search(String),
    /// Waiting for the answer to this question of the visit.
    Asking {
        ask: u32,
        request: Box<ProgressRequest>,
    },
    Progress(Box<page::Progress>),
    /// No answer to this question.
    NoProgress(AskFault, Box<ProgressRequest>),
    /// After a restart: cases whose slip nobody holds.
    Recovered {
        until: Duration,
    },
    /// Everything personal is gone; only this is still to be said.
    Goodbye {
        until: Duration,
    },
}

/// What was said about one matter; kept when the citizen looks at another.
#[derive(Default)]
pub(super) struct Given {
    pub answers: Answers,
    /// Which answers a source gave, by question id.
    pub sources: BTreeMap<String, yici_catalog::Text>,
    /// Items taken, by situation.
    pub chosen: BTreeMap<usize, BTreeSet<String>>,
    /// Parts of the guide that were said to be wrong.
    pub wrong: BTreeSet<GuidePart>,
    /// What was filled in, signed and submitted.
    pub applying: Applying,
}

/// One visit.
pub(super) struct Visit {
    id: VisitId,
    serial: u32,
    pub(super) lang: Lang,
    large: bool,
    pub(super) place: Place,
    /// Places that a side page (help, all answers, a slip) returns to.
    pub(super) under: Vec<Place>,
    /// Whose matters the home page shows.
    group: Group,
    pub(super) matter: Option<usize>,
    pub(super) identity: Identity,
    pub(super) given: BTreeMap<usize, Given>,
    pub(super) begun: Now,
    pub(super) last_touch: Duration,
    pub(super) shown_until: Option<Duration>,
    slips: u32,
    /// The slip that the printer has and has not spoken about yet.
    under_way: Option<Slip>,
    /// Cases stored before a restart, whose slip nobody holds yet.
    pub(super) recovered: Vec<CaseNumber>,
    /// Questions about progress so far.
    pub(super) asks: u32,
    goodbye: page::Goodbye,
    over: bool,
}

impl Visit {
    pub fn new(id: VisitId, serial: u32, lang: Lang, now: Now) -> Self {
        Visit {
            id,
            serial,
            lang,
            large: false,
            place: Place::Home,
            under: Vec::new(),
            group: Group::Person,
            matter: None,
            identity: Identity::Nobody,
            given: BTreeMap::new(),
            begun: now,
            last_touch: now.mono,
            shown_until: None,
            slips: 0,
            under_way: None,
            recovered: Vec::new(),
            asks: 0,
            goodbye: page::Goodbye {
                card: false,
                paper: false,
            },
            over: false,
        }
    }

    /// The visit that a terminal begins with after a restart, when cases are stored whose slip
    /// never came out (invariant 4).
    pub fn recovered(
        id: VisitId,
        serial: u32,
        lang: Lang,
        numbers: Vec<CaseNumber>,
        around: &Around,
    ) -> Self {
        let mut visit = Visit::new(id, serial, lang, around.now);
        visit.recovered = numbers;
        visit.place = Place::Recovered {
            until: around.now.mono + around.timing.recovered,
        };
        visit
    }

    pub fn id(&self) -> VisitId {
        self.id
    }

    pub fn serial(&self) -> u32 {
        self.serial
    }

    /// Nothing is left to be said; the terminal may drop the visit.
    pub fn over(&self) -> bool {
        self.over
    }

    pub fn speak(&mut self, lang: Lang) {
        self.lang = lang;
    }

    pub fn enlarge(&mut self, large: bool) {
        self.large = large;
    }

    /// A touch; one from an earlier page is dropped.
    pub fn touched(&mut self, serial: u32, touch: Touch, around: &Around) -> Vec<Effect> {
        if serial != self.serial {
            return Vec::new();
        }
        let warned = self.countdown(around).is_some();
        self.last_touch = around.now.mono;
        // Whoever answers the warning has seen no page: only what the warning itself offers counts.
        let offered = matches!(touch, Touch::Finish | Touch::Language(_) | Touch::Large(_));
        if warned && !offered {
            return Vec::new();
        }
        match touch {
            Touch::Wake | Touch::Stay => Vec::new(),
            Touch::Language(lang) => {
                self.lang = lang;
                Vec::new()
            }
            Touch::Large(large) => {
                self.large = large;
                Vec::new()
            }
            Touch::Back => self.back(around),
            Touch::Main => self.main(around),
            Touch::Finish => self.finish(around),
            Touch::Help => self.aside(Place::Help),
            Touch::Wrong => match self.matter.is_some() && around.health.submits() {
                true => self.aside(Place::Wrong),
                false => Vec::new(),
            },
            Touch::WrongPart(part) => self.wrong(part, around),
            Touch::Group(group) => {
                if self.place == Place::Home {
                    self.group = group;
                }
                Vec::new()
            }
            Touch::Search => self.go(Place::Search(String::new())),
            Touch::Matter(id) => self.choose_matter(&id, around),
            Touch::Print => self.print(around),
            Touch::PrintLong => self.print_long(around),
            Touch::Phone => self.phone(around),
            Touch::TypeNumber => self.type_number(),
            Touch::WithoutCard => self.without_card(around),
            Touch::Key(key) => self.key(Some(key), around),
            Touch::Erase => self.key(None, around),
            Touch::Show => {
                self.shown_until = Some(around.now.mono + around.timing.show);
                Vec::new()
            }
            Touch::Choose(option) => self.choose(option, around),
            Touch::Unsure => self.unsure(),
            Touch::GoOn => self.go_on(around),
            Touch::Answers => self.aside(Place::Answers),
            Touch::Change(question) => self.change(question, around),
            Touch::Toggle(item) => self.toggle(&item, around),
            Touch::Taken(taken) => self.taken(taken),
            Touch::Here => self.here(around),
            Touch::Field(field) => self.fill(&field, around),
            Touch::Insert(text) => self.insert(text.reveal(), around),
            Touch::Row(row) => self.row(row, around),
            Touch::Signed(picture) => self.signed(picture, around),
            Touch::Later(material) => self.later(material, around),
            Touch::Track => self.track(around),
            Touch::TypeCase => self.type_case(),
            Touch::RateMatter(level) => self.rate(level, true),
            Touch::RateVisit(level) => self.rate(level, false),
            Touch::NotMine => self.not_mine(),
            // No page of a visit offers these.
            Touch::Staff
            | Touch::Look
            | Touch::Try
            | Touch::Scan
            | Touch::Export
            | Touch::Reset
            | Touch::Unwell => Vec::new(),
        }
    }

    /// The card reader spoke. A side page such as help may lie over the one that waits.
    pub fn card(&mut self, reply: CardReply, around: &Around) -> Vec<Effect> {
        self.goodbye.card |= match &reply {
            CardReply::Found | CardReply::Unread | CardReply::Read(_) => true,
            CardReply::Fault(_) => false,
        };
        let waiting = std::iter::once(&mut self.place)
            .chain(&mut self.under)
            .find_map(|place| {
                if let Place::Card { state, ask, .. } = place {
                    Some((state, *ask))
                } else {
                    None
                }
            });
        let Some((state, ask)) = waiting else {
            return Vec::new();
        };
        match reply {
            // Laying a card is a sign of life like a touch; a card that lies there unread is not.
            CardReply::Found => {
                if let CardState::Waiting { .. } = state {
                    *state = CardState::Reading;
                    self.last_touch = around.now.mono;
                }
                Vec::new()
            }
            CardReply::Unread => {
                *state = CardState::Unread;
                Vec::new()
            }
            CardReply::Fault(cause) => {
                *state = CardState::Fault(cause);
                Vec::new()
            }
            CardReply::Read(card) => {
                self.last_touch = around.now.mono;
                if let Some(number) = ask {
                    return self.opened_by(number, &card);
                }
                self.identity = Identity::Card(card);
                self.answer_from_identity(around);
                if let Place::Card { .. } = self.place {
                    self.go(Place::Identity);
                } else {
                    for place in &mut self.under {
                        if let Place::Card { .. } = place {
                            *place = Place::Identity;
                        }
                    }
                }
                vec![Effect::StopReading]
            }
        }
    }

    /// A card reader that failed works again: whoever still waits for their card need not ask for it.
    pub fn reader_is_back(&mut self, around: &Around) -> Vec<Effect> {
        if let Place::Card {
            state: CardState::Fault(_),
            ask,
            ..
        } = self.place
        {
            return self.wait_for_card(ask, around);
        }
        Vec::new()
    }

    /// The printer spoke about a slip. A side page may lie over the one that waits.
    pub fn slip(&mut self, id: SlipId, printed: Printed, around: &Around) -> Vec<Effect> {
        // Paper, or half of it, may lie in the outlet even if the citizen has moved on.
        self.goodbye.paper |= match printed {
            Printed::Completed | Printed::Unknown(_) => true,
            Printed::Failed(cause) => takeaway::leaves_paper(cause),
        };
        let mut receipt = false;
        if let Some(slip) = self.under_way.take_if(|slip| slip.id == id) {
            receipt = slip.is_receipt() && takeaway::told(printed) == Printing::Completed;
            // Whoever waits for paper is still here; give them the whole time again.
            self.last_touch = around.now.mono;
        }
        for place in std::iter::once(&mut self.place).chain(&mut self.under) {
            if let Place::Printing(slip) = place
                && slip.id == id
            {
                slip.state = takeaway::told(printed);
                self.serial += 1;
            }
        }
        match receipt {
            true => self.slip_is_out(),
            false => Vec::new(),
        }
    }

    /// The printer saw a slip come to the outlet, or go from there.
    pub fn slip_moved(&mut self, id: SlipId, delivery: Delivery) -> Vec<Effect> {
        for place in std::iter::once(&mut self.place).chain(&mut self.under) {
            if let Place::Printing(slip) = place
                && slip.id == id
            {
                let state = takeaway::moved(slip.state, delivery);
                self.serial += u32::from(state != slip.state);
                slip.state = state;
            }
        }
        Vec::new()
    }

    /// Time has passed.
    pub fn time(&mut self, around: &Around) -> Vec<Effect> {
        let now = around.now.mono;
        if self.shown_until.is_some_and(|until| now >= until) {
            self.shown_until = None;
        }
        if let Place::Goodbye { until } = self.place {
            self.over = now >= until;
            return Vec::new();
        }
        self.waited(around);
        if let Place::Recovered { until } = self.place {
            return match now >= until {
                true => self.finish(around),
                false => Vec::new(),
            };
        }
        if let Place::Card {
            state: CardState::Waiting { long },
            since,
            ..
        } = &mut self.place
        {
            *long = now >= *since + around.timing.card_slow;
        }
        if self.under_way.is_some() {
            // Nobody walks away from paper that is coming out; its driver bounds the time.
            self.last_touch = now;
        }
        if now >= self.last_touch + around.timing.idle + around.timing.warning {
            let effects = self.finish(around);
            // Without a card or paper to be reminded of, there is nothing to say to nobody.
            self.over = !(self.goodbye.card || self.goodbye.paper);
            return effects;
        }
        Vec::new()
    }

    pub fn poll_timeout(&self, around: &Around) -> Duration {
        let timing = around.timing;
        if let Place::Goodbye { until } | Place::Recovered { until } = self.place {
            return until;
        }
        if let Place::Submitting { since } = self.place {
            return self.waits_until(since, around);
        }
        let warning = self.last_touch + timing.idle;
        let mut next = match self.countdown(around) {
            // Once a second while it counts down.
            Some(_) => {
                let gone = around.now.mono.saturating_sub(warning);
                warning + Duration::from_secs(gone.as_secs() + 1)
            }
            None => warning,
        };
        if let Some(until) = self.shown_until {
            next = next.min(until);
        }
        if let Place::Card {
            state: CardState::Waiting { long: false },
            since,
            ..
        } = self.place
        {
            next = next.min(since + timing.card_slow);
        }
        next
    }

    pub fn view(&self, around: &Around) -> Page {
        let (main, main_enabled) = self.main_action(around);
        Page {
            serial: self.serial,
            frame: Frame {
                hall: around.hall.name.clone(),
                time: Some(around.now.wall.strftime("%H:%M").to_string()),
                lang: self.lang,
                large: self.large,
                step: self.step(around),
                back: self.has_back(),
                leave: !matches!(
                    self.place,
                    Place::Goodbye { .. } | Place::Submitting { .. } | Place::Recovered { .. }
                ),
                main,
                main_enabled,
            },
            content: self.content(around),
            countdown: self.countdown(around),
        }
    }

    /// What is submitted cannot be gone back on; help and the last pages lead on only.
    fn has_back(&self) -> bool {
        match &self.place {
            Place::Home
            | Place::Goodbye { .. }
            | Place::Submitting { .. }
            | Place::Receipt
            | Place::Evaluate(_)
            | Place::Recovered { .. } => false,
            Place::Notice
            | Place::Consent
            | Place::Card { .. }
            | Place::Number(_)
            | Place::Identity
            | Place::Question(_)
            | Place::Unsure { .. }
            | Place::Answers
            | Place::Window(_)
            | Place::Result
            | Place::Method
            | Place::Printing(_)
            | Place::Phone(_)
            | Place::Help
            | Place::Wrong
            | Place::Applicant
            | Place::Form { .. }
            | Place::Field(_)
            | Place::Check
            | Place::Application { .. }
            | Place::Sign(_)
            | Place::HandIn
            | Place::NotStored(_)
            | Place::Track { .. }
            | Place::CaseNumber(_)
            | Place::Search(_)
            | Place::Asking { .. }
            | Place::Progress(_)
            | Place::NoProgress(..) => true,
        }
    }

    fn content(&self, around: &Around) -> Content {
        self.content_here(around)
            .unwrap_or_else(|| Content::Home(notice::home(self.group, around)))
    }

    /// Nothing where what the page is about is gone, which leads home.
    fn content_here(&self, around: &Around) -> Option<Content> {
        Some(match &self.place {
            Place::Home => Content::Home(notice::home(self.group, around)),
            Place::Notice => {
                Content::Notice(Box::new(notice::notice(self.matter(around)?, around)))
            }
            Place::Consent => Content::Consent {
                reader: around.health.reader(),
            },
            Place::Card { state, ask, .. } => Content::Card {
                state: *state,
                ways: ask.is_none(),
            },
            Place::Number(typed) => Content::Number(typed.view()),
            Place::Identity => Content::Identity(Box::new(self.identity.view(
                self.shown_until.is_some(),
                self.told_lines(around),
                around.now.wall.date(),
            ))),
            Place::Question(entry) => {
                let objects = self.answers_by_card() && around.health.submits();
                let (matter, given) = (self.matter(around)?, self.given_now());
                Content::Question(Box::new(questions::question(
                    matter, entry, given, objects,
                )?))
            }
            Place::Unsure { question } => {
                Content::Unsure(Box::new(questions::unsure(self.matter(around)?, question)?))
            }
            Place::Answers => Content::Answers(self.answer_lines(around)),
            Place::Window(window) => Content::Window(Box::new(result::window(
                window,
                self.matter(around),
                around,
            ))),
            Place::Result => Content::Result(Box::new(self.outcome(around)?)),
            Place::Method => {
                let method = takeaway::method(self.matter(around)?, around);
                Content::Method(Box::new(method))
            }
            Place::Printing(slip) => Content::Printing(slip.state, around.health.printer()),
            Place::Phone(document) => Content::Phone {
                payload: document.as_ref().clone().speaking(self.lang).phone_text(),
            },
            Place::Help => Content::Help(Box::new(takeaway::help(self.matter(around), around))),
            Place::Wrong => Content::Wrong(page::Wrong {
                name: self.matter(around)?.short.clone(),
                said: self.given_now()?.wrong.clone(),
            }),
            Place::Applicant => self.applicant_page(around)?,
            Place::Form { topic, told } => self.form_page(*topic, *told, around)?,
            Place::Field(entry) => self.field_page(entry, around)?,
            Place::Check => self.check_page(around)?,
            Place::Application { material } => self.document_page(material.as_deref(), around)?,
            Place::Sign(pending) => self.sign_page(pending, around)?,
            Place::HandIn => self.hand_in_page(around)?,
            Place::Submitting { .. } => Content::Submitting,
            Place::NotStored(fault) => Content::NotStored(*fault),
            Place::Receipt => self.receipt_page(around)?,
            Place::Evaluate(rated) => self.evaluate_page(rated, around)?,
            Place::Track { wrong } => Content::Track {
                scanner: around.health.scanner(),
                reader: around.health.reader(),
                wrong: *wrong,
            },
            Place::CaseNumber(typed) => Content::CaseNumber(typed.view()),
            Place::Search(typed) => Content::Search(notice::search(typed, around)),
            Place::Asking { .. } => Content::Asking,
            Place::Progress(progress) => Content::Progress(progress.clone()),
            Place::NoProgress(fault, _) => Content::NoProgress(*fault),
            Place::Recovered { .. } => Content::Recovered {
                numbers: self.recovered.iter().map(CaseNumber::to_string).collect(),
                printer: around.health.printer(),
            },
            Place::Goodbye { .. } => Content::Goodbye(self.goodbye),
        })
    }

    fn step(&self, around: &Around) -> Option<Step> {
        match &self.place {
            Place::Home
            | Place::Help
            | Place::Wrong
            | Place::Goodbye { .. }
            | Place::Evaluate(_)
            | Place::Track { .. }
            | Place::CaseNumber(_)
            | Place::Search(_)
            | Place::Asking { .. }
            | Place::Progress(_)
            | Place::NoProgress(..)
            | Place::Recovered { .. }
            | Place::Card { ask: Some(_), .. } => None,
            Place::Notice => Some(Step::Notice),
            Place::Consent | Place::Card { .. } | Place::Number(_) | Place::Identity => {
                Some(Step::Identity)
            }
            Place::Question(Entry { question, .. }) | Place::Unsure { question } => {
                Some(Step::Questions {
                    at_most_left: self.left(question, around),
                })
            }
            Place::Answers | Place::Window(_) | Place::Result => Some(Step::Result),
            Place::Method => Some(Step::TakeAway),
            Place::Phone(document) | Place::Printing(Slip { document, .. }) => {
                match document.as_ref() {
                    Document::Notice { .. } => Some(Step::Notice),
                    Document::Window { .. } => Some(Step::Result),
                    Document::Guidance { .. } => Some(Step::TakeAway),
                    Document::Receipt { .. } => Some(Step::Submit),
                    Document::Numbers { .. } => None,
                }
            }
            Place::Applicant => Some(Step::Form {
                left: self.topics_left(0, around),
            }),
            Place::Form { topic, .. } => Some(Step::Form {
                left: self.topics_left(*topic, around),
            }),
            Place::Field(entry) => Some(Step::Form {
                left: self.topics_left(self.topic_of(&entry.field, around), around),
            }),
            Place::Check | Place::Application { .. } | Place::Sign(_) => Some(Step::Sign),
            Place::HandIn | Place::Submitting { .. } | Place::NotStored(_) | Place::Receipt => {
                Some(Step::Submit)
            }
        }
    }

    fn main_action(&self, around: &Around) -> (Option<Main>, bool) {
        match &self.place {
            Place::Home
            | Place::Unsure { .. }
            | Place::Method
            | Place::Help
            | Place::Wrong
            | Place::Applicant
            | Place::Submitting { .. }
            | Place::Track { .. }
            | Place::Asking { .. }
            | Place::Search(_)
            | Place::Recovered { .. } => (None, false),
            Place::Form { .. } | Place::Check => (Some(Main::Continue), true),
            Place::Field(entry) => {
                let choice = self.is_choice(&entry.field, around);
                ((!choice).then_some(Main::Continue), !choice)
            }
            Place::Application { .. } => (Some(Main::ToSign), true),
            // Whether something was drawn is known to the screen alone.
            Place::Sign(_) => (Some(Main::Signed), true),
            Place::HandIn => match self.promises_left(around) {
                true => (Some(Main::Continue), true),
                false => (Some(Main::Submit), true),
            },
            Place::NotStored(_) | Place::NoProgress(..) => (Some(Main::Retry), true),
            Place::Receipt => match self.wants_slip(around) {
                true => (Some(Main::Receipt), true),
                false => (Some(Main::Continue), true),
            },
            Place::Evaluate(rated) => match rated == &Rated::default() {
                true => (Some(Main::Skip), true),
                false => (Some(Main::Done), true),
            },
            Place::CaseNumber(typed) => (Some(Main::Continue), !typed.is_empty()),
            Place::Progress(_) => (Some(Main::Done), true),
            Place::Notice => (Some(Main::Start), true),
            Place::Consent => match around.health.reader() {
                page::Offer::Ready | page::Offer::Unknown => (Some(Main::Agree), true),
                page::Offer::Unavailable(_) => (Some(Main::Agree), false),
                page::Offer::Absent => (None, false),
            },
            Place::Card { state, .. } => match state {
                CardState::Waiting { .. } | CardState::Reading => (None, false),
                CardState::Unread | CardState::Fault(_) => (Some(Main::Retry), true),
            },
            Place::Number(typed) => (Some(Main::Continue), !typed.is_empty()),
            Place::Identity | Place::Answers => (Some(Main::Continue), true),
            Place::Question(entry) => {
                let typed = self
                    .matter(around)
                    .is_some_and(|matter| questions::is_typed(matter, entry));
                (typed.then_some(Main::Continue), typed)
            }
            Place::Window(_) => (Some(Main::Done), true),
            Place::Result => (Some(Main::Continue), true),
            Place::Printing(slip) => match slip.state {
                Printing::Busy | Printing::Ask => (None, false),
                // Another try is one of the page's own offers.
                Printing::Completed
                | Printing::Presented
                | Printing::Taken
                | Printing::Retracted
                | Printing::Failed { .. } => (Some(after(&slip.document)), true),
            },
            Place::Phone(document) => (Some(after(document)), true),
            Place::Goodbye { .. } => (Some(Main::Done), true),
        }
    }

    fn main(&mut self, around: &Around) -> Vec<Effect> {
        match &mut self.place {
            Place::Home
            | Place::Unsure { .. }
            | Place::Method
            | Place::Help
            | Place::Wrong
            | Place::Applicant
            | Place::Sign(_)
            | Place::Submitting { .. }
            | Place::Track { .. }
            | Place::Asking { .. }
            | Place::Search(_)
            | Place::Recovered { .. } => Vec::new(),
            Place::Form { topic, .. } => {
                let topic = *topic;
                self.form_main(topic, around)
            }
            Place::Field(_) => self.field_main(around),
            Place::Check => self.check_main(around),
            Place::Application { .. } => self.read_through(around),
            Place::HandIn => self.hand_in_main(around),
            Place::NotStored(_) => self.submit(around),
            Place::Receipt => match self.wants_slip(around) {
                true => self.print(around),
                false => self.go(Place::Evaluate(Rated::default())),
            },
            Place::Evaluate(_) => self.finish(around),
            Place::CaseNumber(_) => self.case_main(around),
            Place::NoProgress(..) => self.ask_again(around),
            Place::Progress(_) => self.finish(around),
            Place::Notice => match self.identity {
                Identity::Nobody => self.go(Place::Consent),
                Identity::Typed(_) | Identity::Card(_) => self.identified(around),
            },
            // A card that was read has to leave the reader before it is found again.
            Place::Consent if matches!(self.identity, Identity::Card(_)) => self.identified(around),
            Place::Consent => self.wait_for_card(None, around),
            Place::Card { ask, .. } => {
                let ask = *ask;
                self.wait_for_card(ask, around)
            }
            Place::Number(typed) => match typed.finish(around.now.wall.date()) {
                Some(number) => {
                    self.identity = Identity::Typed(number);
                    self.identified(around)
                }
                None => Vec::new(),
            },
            Place::Identity => self.advance(around),
            Place::Answers => self.back(around),
            Place::Question(entry) => {
                let Some(index) = self.matter else {
                    return Vec::new();
                };
                let kept = self
                    .given
                    .get(&index)
                    .is_some_and(|given| entry.keeps(&given.answers));
                if kept {
                    return self.advance(around);
                }
                match questions::finish(
                    &around.catalog.matters[index],
                    entry,
                    around.now.wall.date(),
                ) {
                    Some(answer) => {
                        let question = entry.question.clone();
                        self.answer(&question, answer, around)
                    }
                    None => Vec::new(),
                }
            }
            Place::Result => match self.back_to_check() {
                true => self.go(Place::Check),
                false => self.go(Place::Method),
            },
            Place::Window(_) => self.finish(around),
            Place::Phone(document) => {
                let document = document.clone();
                self.after(&document, around)
            }
            Place::Printing(slip) => match slip.state {
                Printing::Busy | Printing::Ask => Vec::new(),
                Printing::Completed
                | Printing::Presented
                | Printing::Taken
                | Printing::Retracted
                | Printing::Failed { .. } => {
                    let document = slip.document.clone();
                    self.after(&document, around)
                }
            },
            Place::Goodbye { .. } => {
                self.over = true;
                Vec::new()
            }
        }
    }

    /// Where a slip leads on to: the notification back to its page, a sheet to the end.
    fn after(&mut self, document: &Document, around: &Around) -> Vec<Effect> {
        match document {
            Document::Notice { .. } => {
                self.under.clear();
                self.go(Place::Notice)
            }
            Document::Receipt { .. } => {
                self.under.clear();
                self.go(Place::Evaluate(Rated::default()))
            }
            Document::Window { .. } | Document::Guidance { .. } | Document::Numbers { .. } => {
                self.finish(around)
            }
        }
    }

    /// One page back; nothing that was said is lost.
    pub(super) fn back(&mut self, around: &Around) -> Vec<Effect> {
        let mut effects = Vec::new();
        if matches!(self.place, Place::Card { .. }) {
            effects.push(Effect::StopReading);
        }
        if matches!(self.place, Place::Track { .. }) {
            effects.push(Effect::StopScanning);
        }
        if let Place::Card {
            ask: Some(number), ..
        } = &self.place
        {
            let typed = TypedNumber::kept(number);
            self.go(Place::CaseNumber(typed));
            return effects;
        }
        if let (
            Place::CaseNumber(_)
            | Place::Asking { .. }
            | Place::Progress(_)
            | Place::NoProgress(..),
            true,
        ) = (&self.place, self.under.is_empty())
        {
            effects.extend(self.track(around));
            return effects;
        }
        if let Some(place) = self.under.pop() {
            self.go(place);
            // What a change has unsettled is asked first.
            if self.content_here(around).is_none() {
                effects.extend(self.advance(around));
            }
            return effects;
        }
        let place = match &self.place {
            Place::Home
            | Place::Notice
            | Place::Help
            | Place::Wrong
            | Place::Goodbye { .. }
            | Place::Track { .. }
            | Place::CaseNumber(_)
            | Place::Search(_)
            | Place::Asking { .. }
            | Place::Progress(_)
            | Place::NoProgress(..)
            | Place::Recovered { .. } => Place::Home,
            Place::Applicant => Place::Method,
            Place::Form { topic: 0, .. } => self.before_form(around),
            Place::Form { topic, .. } => Place::Form {
                topic: topic - 1,
                told: false,
            },
            Place::Field(entry) => Place::Form {
                topic: self.topic_of(&entry.field, around),
                told: true,
            },
            Place::Check => Place::Form {
                topic: self.topics_left(0, around).saturating_sub(1),
                told: false,
            },
            Place::Application { material: None } => Place::Check,
            Place::Sign(Pending { material, .. }) => Place::Application {
                material: material.clone(),
            },
            Place::HandIn => Place::Application { material: None },
            Place::Application { material: Some(_) } | Place::Submitting { .. } => Place::HandIn,
            Place::Receipt | Place::Evaluate(_) => Place::Receipt,
            Place::Consent => Place::Notice,
            Place::Card { .. } | Place::Number(_) | Place::Identity => Place::Consent,
            Place::Unsure { question } => Place::Question(Entry::new(question.clone())),
            Place::Question(entry) => self.question_before(Some(&entry.question), around),
            Place::Answers | Place::Window(_) | Place::Result => self.question_before(None, around),
            // What was filled in stays; a sheet for the window can be printed there.
            Place::NotStored(_) => Place::Method,
            Place::Method | Place::Printing(_) | Place::Phone(_) => Place::Result,
        };
        self.go(place);
        effects
    }

    /// What leads to the form: who applies, where there is a choice.
    fn before_form(&self, around: &Around) -> Place {
        let asked = self
            .matter(around)
            .is_some_and(|matter| self.said(around).is_none() && matter.guide.applicants.len() > 1);
        match asked {
            true => Place::Applicant,
            false => Place::Method,
        }
    }

    /// The question asked of the citizen before this one (before the result: the last one).
    fn question_before(&self, question: Option<&str>, around: &Around) -> Place {
        let before = self.matter(around).and_then(|matter| {
            let given = self.given_now()?;
            let asked = self.interview(matter, around).asked;
            let end = question
                .and_then(|question| asked.iter().position(|id| id == question))
                .unwrap_or(asked.len());
            asked
                .into_iter()
                .take(end)
                .rfind(|id| !given.sources.contains_key(id))
        });
        match (before, &self.identity) {
            (Some(question), _) => Place::Question(Entry::new(question)),
            (None, Identity::Nobody) => Place::Consent,
            (None, Identity::Typed(_) | Identity::Card(_)) => Place::Identity,
        }
    }

    fn choose_matter(&mut self, id: &str, around: &Around) -> Vec<Effect> {
        if let Some(index) = around
            .catalog
            .matters
            .iter()
            .position(|matter| matter.id == id)
        {
            self.matter = Some(index);
            self.given.entry(index).or_default();
            return self.go(Place::Notice);
        }
        Vec::new()
    }

    /// A card that opens a case's progress has no such way round it.
    fn only_card_opens(&self) -> bool {
        matches!(self.place, Place::Card { ask: Some(_), .. })
    }

    fn type_number(&mut self) -> Vec<Effect> {
        if self.only_card_opens() {
            return Vec::new();
        }
        self.go(Place::Number(identity::Typed::default()));
        vec![Effect::StopReading]
    }

    fn without_card(&mut self, around: &Around) -> Vec<Effect> {
        if self.only_card_opens() {
            return Vec::new();
        }
        self.identity = Identity::Nobody;
        self.forget_sources();
        let mut effects = vec![Effect::StopReading];
        effects.extend(self.advance(around));
        effects
    }

    /// Someone said who they are: what that tells is answered by itself, once.
    fn identified(&mut self, around: &Around) -> Vec<Effect> {
        self.answer_from_identity(around);
        self.go(Place::Identity)
    }

    fn answer_from_identity(&mut self, around: &Around) {
        self.forget_sources();
        if let (Some(index), Some(matter)) = (self.matter, self.matter(around)) {
            let told = identity::automatic(&self.identity, matter, around);
            let given = self.given.entry(index).or_default();
            for (question, answer, source) in told {
                // What the citizen said before weighs more than what a card says.
                if given.answers.get(&question).is_none() {
                    given.answers.insert(question.clone(), answer);
                    given.sources.insert(question, source);
                }
            }
        }
    }

    /// Takes back what an earlier card or number had answered; whether there was any.
    pub(super) fn forget_sources(&mut self) -> bool {
        let mut any = false;
        for given in self.given.values_mut() {
            for question in std::mem::take(&mut given.sources).into_keys() {
                given.answers.remove(&question);
                any = true;
            }
        }
        any
    }

    /// A key of the keypad, or delete.
    fn key(&mut self, key: Option<char>, around: &Around) -> Vec<Effect> {
        if let Place::Number(typed) = &mut self.place {
            typed.key(key);
        } else if let Place::Question(entry) = &mut self.place {
            entry.key(key);
        } else {
            let text = key.map(String::from);
            return self.write(text.as_deref(), around);
        }
        Vec::new()
    }

    /// Text from the keyboard.
    fn insert(&mut self, text: &str, around: &Around) -> Vec<Effect> {
        self.write(Some(text), around)
    }

    fn write(&mut self, text: Option<&str>, around: &Around) -> Vec<Effect> {
        if let Place::CaseNumber(_) = self.place {
            return self.edit_case(text);
        }
        if let Place::Search(typed) = &mut self.place {
            match text {
                Some(text) => {
                    let room = MOST_SOUGHT.saturating_sub(typed.chars().count());
                    typed.extend(text.chars().filter(|c| !c.is_control()).take(room));
                }
                None => {
                    typed.pop();
                }
            }
            return Vec::new();
        }
        self.edit(text, around)
    }

    fn choose(&mut self, option: usize, around: &Around) -> Vec<Effect> {
        if let Place::Applicant = self.place {
            return self.choose_applicant(option, around);
        }
        if let Place::Field(_) = self.place {
            return self.field_option(option, around);
        }
        let Place::Question(entry) = &self.place else {
            return Vec::new();
        };
        let question = entry.question.clone();
        match self
            .matter(around)
            .and_then(|matter| questions::option(matter, &question, option))
        {
            Some(answer) => self.answer(&question, answer, around),
            None => Vec::new(),
        }
    }

    fn unsure(&mut self) -> Vec<Effect> {
        if let Place::Question(entry) = &self.place {
            let question = entry.question.clone();
            return self.aside(Place::Unsure { question });
        }
        Vec::new()
    }

    fn go_on(&mut self, around: &Around) -> Vec<Effect> {
        let Place::Unsure { question } = &self.place else {
            return Vec::new();
        };
        let question = question.clone();
        self.answer(&question, yici_catalog::Answer::Unsure, around)
    }

    fn answer(
        &mut self,
        question: &str,
        answer: yici_catalog::Answer,
        around: &Around,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Some(index) = self.matter {
            let given = self.given.entry(index).or_default();
            let before = given.answers.get(question).cloned();
            let otherwise = before.is_some_and(|before| before != answer);
            given.answers.insert(question, answer);
            // An answer that a data resource gave, and the citizen does not agree with (6.4 b).
            if given.sources.remove(question).is_some() && otherwise && self.answers_by_card() {
                let question = question.to_owned();
                effects.extend(self.remark(Wrong::Answer { question }, around));
            }
        }
        effects.extend(self.advance(around));
        effects
    }

    /// Whether what answers by itself is a card's, which can be objected to, and not what was typed.
    fn answers_by_card(&self) -> bool {
        matches!(self.identity, Identity::Card(_))
    }

    /// A part of the guide is wrong; that is told once a visit.
    fn wrong(&mut self, part: GuidePart, around: &Around) -> Vec<Effect> {
        if self.place != Place::Wrong {
            return Vec::new();
        }
        let given = self.matter.and_then(|index| self.given.get_mut(&index));
        match given.is_some_and(|given| given.wrong.insert(part)) {
            true => self.remark(Wrong::Guide { part }, around),
            false => Vec::new(),
        }
    }

    fn remark(&self, about: Wrong, around: &Around) -> Vec<Effect> {
        let remark = self.matter(around).map(|matter| {
            Effect::Tell(Opinion::Remark(Remark {
                matter: matter.id.clone(),
                catalogue: around.catalog.version.clone(),
                about,
                at: around.now.stamp,
            }))
        });
        remark.into_iter().collect()
    }

    /// On to the next open question, or to where the answers lead.
    pub(super) fn advance(&mut self, around: &Around) -> Vec<Effect> {
        let checking = self.under.contains(&Place::Check);
        let Some(matter) = self.matter(around) else {
            return self.go(Place::Home);
        };
        let place = match self.interview(matter, around).state {
            State::Question { id, .. } => Place::Question(Entry::new(id)),
            State::Error { question, .. } => Place::Question(Entry::new(question)),
            State::Settled { .. } if checking => {
                self.follow_answers(around);
                Place::Check
            }
            State::Settled { .. } => Place::Result,
            State::Window { reason, place, .. } => Place::Window(result::Window { reason, place }),
        };
        let led_here = if let Place::Question(Entry { question, .. }) | Place::Unsure { question } =
            &self.place
        {
            Some(Place::Question(Entry::new(question.clone())))
        } else {
            None
        };
        // A change that opens another question still returns to the check page, and back from a
        // window leads to the answer that led there.
        self.under
            .retain(|under| checking && *under == Place::Check);
        if let (Place::Window(_), Some(question)) = (&place, led_here) {
            self.under.push(question);
        }
        if place == Place::Check {
            self.under.clear();
        }
        self.go(place)
    }

    pub(super) fn change(&mut self, question: String, around: &Around) -> Vec<Effect> {
        let known = self
            .matter(around)
            .is_some_and(|matter| matter.questions.iter().any(|asked| asked.id == question));
        if known {
            return self.aside(Place::Question(Entry::new(question)));
        }
        Vec::new()
    }

    fn toggle(&mut self, item: &str, around: &Around) -> Vec<Effect> {
        if self.place == Place::Result
            && let Some((matter, situation, before)) = self.settled(around)
            && let Some(given) = self.matter.and_then(|index| self.given.get_mut(&index))
        {
            let mut chosen = before.clone();
            matter.toggle(&matter.situations[situation], &mut chosen, item);
            // Something is always taken: leaving everything out would be "finish".
            let chosen = if chosen.is_empty() { before } else { chosen };
            given.chosen.insert(situation, chosen);
        }
        Vec::new()
    }

    pub(super) fn print(&mut self, around: &Around) -> Vec<Effect> {
        if matches!(self.place, Place::Printing(_)) {
            return self.print_again(around);
        }
        self.print_new(self.document(around), around)
    }

    /// The guidance sheet with the reasons of everything, where the plain one is offered.
    fn print_long(&mut self, around: &Around) -> Vec<Effect> {
        if self.place != Place::Method {
            return Vec::new();
        }
        let sheet = self.guidance(around).map(|sheet| sheet.detailed(true));
        self.print_new(sheet, around)
    }

    fn print_new(&mut self, document: Option<Document>, around: &Around) -> Vec<Effect> {
        // One slip at a time: a second touch shows the one that is coming out.
        if let Some(slip) = &self.under_way {
            return self.aside(Place::Printing(slip.clone()));
        }
        match document {
            Some(document) => {
                let copy = matches!(document, Document::Receipt { .. }) && self.slip_sent();
                self.start_slip(document, copy, around)
            }
            None => Vec::new(),
        }
    }

    fn phone(&mut self, around: &Around) -> Vec<Effect> {
        let document = if let Place::Printing(slip) = &self.place {
            Some(slip.document.clone())
        } else {
            self.document(around).map(Box::new)
        };
        match document {
            Some(document) => self.aside(Place::Phone(document)),
            None => Vec::new(),
        }
    }

    fn print_again(&mut self, around: &Around) -> Vec<Effect> {
        let Place::Printing(slip) = &self.place else {
            return Vec::new();
        };
        // Nothing is printed onto a slip that waits.
        if let Printing::Busy | Printing::Ask | Printing::Presented = slip.state {
            return Vec::new();
        }
        // Paper that may have come out before is told apart from its reprint.
        let copy = slip.sent;
        let document = slip.document.clone();
        self.start_slip(*document, copy, around)
    }

    fn start_slip(&mut self, document: Document, copy: bool, around: &Around) -> Vec<Effect> {
        self.slips += 1;
        let id = SlipId(self.slips);
        let document = Box::new(document.reprint(copy).speaking(self.lang));
        let mut effects = Vec::new();
        let state = match around.health.printer() {
            page::Offer::Unavailable(cause) => Printing::Failed {
                cause: Some(cause),
                actor: cause.actor(),
            },
            page::Offer::Absent => Printing::Failed {
                cause: Some(Cause::NotConnected),
                actor: Cause::NotConnected.actor(),
            },
            page::Offer::Ready | page::Offer::Unknown => {
                effects.push(Effect::Print {
                    visit: self.id,
                    slip: id,
                    document: document.clone(),
                });
                Printing::Busy
            }
        };
        let busy = state == Printing::Busy;
        let sent = copy || busy;
        let slip = Slip {
            id,
            state,
            document,
            sent,
        };
        if busy {
            self.under_way = Some(slip.clone());
        }
        if matches!(self.place, Place::Printing(_)) {
            self.go(Place::Printing(slip));
        } else {
            self.aside(Place::Printing(slip));
        }
        effects
    }

    fn taken(&mut self, taken: bool) -> Vec<Effect> {
        if let Place::Printing(slip) = &mut self.place
            && slip.state == Printing::Ask
        {
            slip.state = takeaway::answered(taken);
            self.serial += 1;
            if taken && slip.is_receipt() {
                return self.slip_is_out();
            }
        }
        Vec::new()
    }

    /// What "print" means on this page.
    fn document(&self, around: &Around) -> Option<Document> {
        if let Place::Recovered { .. } = self.place {
            return Some(Document::Numbers {
                head: takeaway::head(self.lang, around),
                numbers: self.recovered.iter().map(CaseNumber::to_string).collect(),
            });
        }
        let matter = self.matter(around)?;
        match &self.place {
            Place::Notice => Some(sheet::notice_sheet(matter, self.lang, around)),
            Place::Window(window) => Some(sheet::window_sheet(matter, window, self.lang, around)),
            Place::Receipt | Place::Evaluate(_) => self.receipt_slip(around),
            Place::Home
            | Place::Consent
            | Place::Card { .. }
            | Place::Number(_)
            | Place::Identity
            | Place::Question(_)
            | Place::Unsure { .. }
            | Place::Answers
            | Place::Result
            | Place::Method
            | Place::Printing(_)
            | Place::Phone(_)
            | Place::Help
            | Place::Wrong
            | Place::Applicant
            | Place::Form { .. }
            | Place::Field(_)
            | Place::Check
            | Place::Application { .. }
            | Place::Sign(_)
            | Place::HandIn
            | Place::Submitting { .. }
            | Place::NotStored(_)
            | Place::Track { .. }
            | Place::CaseNumber(_)
            | Place::Search(_)
            | Place::Asking { .. }
            | Place::Progress(_)
            | Place::NoProgress(..)
            | Place::Recovered { .. }
            | Place::Goodbye { .. } => self.guidance(around),
        }
    }

    fn guidance(&self, around: &Around) -> Option<Document> {
        let (matter, situation, chosen) = self.settled(around)?;
        let answers = &self.given_now()?.answers;
        let lang = self.lang;
        let sheet = sheet::guidance_sheet(matter, situation, answers, &chosen, lang, around);
        Some(sheet.held_by(self.identity.holder()))
    }

    fn outcome(&self, around: &Around) -> Option<page::Outcome> {
        let (matter, situation, chosen) = self.settled(around)?;
        let answers = &self.given_now()?.answers;
        Some(page::Outcome {
            suggested: takeaway::suggested(&self.identity, matter, around),
            ..result::outcome(matter, situation, answers, &chosen, around)
        })
    }

    /// The matter, the situation that its answers settle, and the items taken.
    pub(super) fn settled<'a>(
        &self,
        around: &Around<'a>,
    ) -> Option<(&'a Matter, usize, BTreeSet<String>)> {
        let matter = self.matter(around)?;
        let State::Settled { situation } = self.interview(matter, around).state else {
            return None;
        };
        let chosen = self
            .given_now()?
            .chosen
            .get(&situation)
            .cloned()
            .unwrap_or_else(|| matter.all_items(&matter.situations[situation]));
        Some((matter, situation, chosen))
    }

    fn answer_lines(&self, around: &Around) -> Vec<page::AnswerLine> {
        match (self.matter(around), self.given_now()) {
            (Some(matter), Some(given)) => {
                questions::answer_lines(matter, &self.interview(matter, around).asked, given)
            }
            (None, _) | (_, None) => Vec::new(),
        }
    }

    /// What card or number have answered, asked already or not.
    fn told_lines(&self, around: &Around) -> Vec<page::AnswerLine> {
        match (self.matter(around), self.given_now()) {
            (Some(matter), Some(given)) => {
                let told = matter.questions.iter().map(|question| question.id.clone());
                let told: Vec<_> = told.filter(|id| given.sources.contains_key(id)).collect();
                questions::answer_lines(matter, &told, given)
            }
            (None, _) | (_, None) => Vec::new(),
        }
    }

    /// How many questions are left at most from this one on, as if it were not answered yet.
    fn left(&self, question: &str, around: &Around) -> usize {
        let (Some(matter), Some(given)) = (self.matter(around), self.given_now()) else {
            return 1;
        };
        let mut answers = given.answers.clone();
        answers.remove(question);
        match matter.interview(&answers, around.now.wall.date()).state {
            State::Question { at_most_left, .. } => at_most_left,
            State::Settled { .. } | State::Window { .. } | State::Error { .. } => 1,
        }
    }

    pub(super) fn interview(&self, matter: &Matter, around: &Around) -> yici_catalog::Interview {
        let nothing = Answers::default();
        let answers = self.given_now().map_or(&nothing, |given| &given.answers);
        matter.interview(answers, around.now.wall.date())
    }

    pub(super) fn matter<'a>(&self, around: &Around<'a>) -> Option<&'a Matter> {
        self.matter.map(|index| &around.catalog.matters[index])
    }

    pub(super) fn given_now(&self) -> Option<&Given> {
        self.given.get(&self.matter?)
    }

    /// Ends the visit: everything personal is dropped here, before goodbye is said.
    pub(super) fn finish(&mut self, around: &Around) -> Vec<Effect> {
        if let Place::Goodbye { .. } = self.place {
            self.over = true;
            return Vec::new();
        }
        let mut effects = vec![Effect::StopReading, Effect::StopScanning];
        effects.extend(self.ratings(around));
        effects.extend(self.dismissed());
        self.identity = Identity::Nobody;
        self.given.clear();
        self.under.clear();
        self.matter = None;
        // What is still being printed comes out for this citizen, not for the next one.
        self.goodbye.paper |= self.under_way.take().is_some();
        self.go(Place::Goodbye {
            until: around.now.mono + around.timing.goodbye,
        });
        effects
    }

    fn countdown(&self, around: &Around) -> Option<u8> {
        if matches!(
            self.place,
            Place::Goodbye { .. } | Place::Recovered { .. } | Place::Submitting { .. }
        ) {
            return None;
        }
        let warning = self.last_touch + around.timing.idle;
        let end = warning + around.timing.warning;
        let now = around.now.mono;
        if now < warning {
            return None;
        }
        let left = end.saturating_sub(now);
        u8::try_from(left.as_millis().div_ceil(1000)).ok()
    }

    /// A page that returns to where the citizen came from.
    pub(super) fn aside(&mut self, place: Place) -> Vec<Effect> {
        if std::mem::discriminant(&self.place) != std::mem::discriminant(&place) {
            self.under.push(self.place.clone());
        }
        self.go(place)
    }

    pub(super) fn go(&mut self, place: Place) -> Vec<Effect> {
        if place == Place::Home {
            self.matter = None;
        }
        self.place = place;
        self.serial += 1;
        self.shown_until = None;
        Vec::new()
    }
}

/// The main action under a slip, on paper or phone.
fn after(document: &Document) -> Main {
    match document {
        Document::Notice { .. } | Document::Receipt { .. } => Main::Continue,
        Document::Window { .. } | Document::Guidance { .. } | Document::Numbers { .. } => {
            Main::Done
        }
    }
}
