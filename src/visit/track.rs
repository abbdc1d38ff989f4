//! Asking how a submitted case is getting on (R21): by the slip's code, or by number and card.

use jiff::Timestamp;
use yici_catalog::Text;
use yici_contract::api::{self, ProgressKey, ProgressRequest, Words};
use yici_contract::{CaseNumber, NumberError, Private, SlipCode};
use yici_hal::id_card::IdCard;

use super::identity::Identity;
use super::page::{self, AskFault, CardState, CaseNumberFault};
use super::terminal::Around;
use super::visit::{Place, Visit};
use super::{Effect, Now, form};

/// A case number has this many characters, without its dashes.
const LENGTH: usize = 16;

/// A case number as far as it was typed.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct TypedNumber {
    characters: String,
    error: Option<CaseNumberFault>,
}

impl TypedNumber {
    /// A number that was typed before, to be looked at again.
    pub fn kept(number: &CaseNumber) -> TypedNumber {
        TypedNumber {
            characters: number.compact(),
            error: None,
        }
    }

    fn insert(&mut self, text: &str) {
        self.error = None;
        let room = LENGTH.saturating_sub(self.characters.len());
        let fitting = text.chars().filter(char::is_ascii_alphanumeric).take(room);
        self.characters
            .extend(fitting.map(|character| character.to_ascii_uppercase()));
    }

    fn erase(&mut self) {
        self.error = None;
        self.characters.pop();
    }

    pub fn is_empty(&self) -> bool {
        self.characters.is_empty()
    }

    fn finish(&mut self) -> Option<CaseNumber> {
        match CaseNumber::parse(&self.characters) {
            Ok(number) => Some(number),
            Err(error) => {
                self.error = Some(match error {
                    NumberError::Length => CaseNumberFault::Short,
                    NumberError::Character { .. } | NumberError::Check => CaseNumberFault::Check,
                });
                None
            }
        }
    }

    pub fn view(&self) -> page::CaseNumber {
        page::CaseNumber {
            typed: form::grouped(&self.characters, &[4, 8, 12]),
            error: self.error,
        }
    }
}

impl Visit {
    pub(super) fn track(&mut self, around: &Around) -> Vec<Effect> {
        if !around.health.submits() {
            return Vec::new();
        }
        self.under.clear();
        self.go(Place::Track { wrong: false });
        vec![Effect::Scan { visit: self.id() }]
    }

    pub(super) fn type_case(&mut self) -> Vec<Effect> {
        self.go(Place::CaseNumber(TypedNumber::default()));
        vec![Effect::StopScanning]
    }

    /// The scanner read something while this visit waited for it.
    pub(super) fn scanned(&mut self, text: &Private, around: &Around) -> Vec<Effect> {
        let Place::Track { wrong } = &mut self.place else {
            return Vec::new();
        };
        self.last_touch = around.now.mono;
        match SlipCode::parse(text.reveal().trim()) {
            Ok(code) => {
                let by = ProgressKey::Secret {
                    secret: code.secret,
                };
                let mut effects = vec![Effect::StopScanning];
                effects.extend(self.ask(code.number, by));
                effects
            }
            Err(_) => {
                *wrong = true;
                Vec::new()
            }
        }
    }

    /// Text from the keyboard; without any, the last character goes.
    pub(super) fn edit_case(&mut self, text: Option<&str>) -> Vec<Effect> {
        if let Place::CaseNumber(typed) = &mut self.place {
            match text {
                Some(text) => typed.insert(text),
                None => typed.erase(),
            }
        }
        Vec::new()
    }

    /// The number is whole: now the card, unless it was read in this visit already.
    pub(super) fn case_main(&mut self, around: &Around) -> Vec<Effect> {
        let Place::CaseNumber(typed) = &mut self.place else {
            return Vec::new();
        };
        let Some(number) = typed.finish() else {
            return Vec::new();
        };
        if let Identity::Card(card) = &self.identity {
            let by = ProgressKey::Card {
                code: Private::new(card.number.as_str()),
            };
            return self.ask(number, by);
        }
        self.wait_for_card(Some(number), around)
    }

    /// The card that opens a case's progress; it says nothing else to the terminal.
    pub(super) fn opened_by(&mut self, number: CaseNumber, card: &IdCard) -> Vec<Effect> {
        let by = ProgressKey::Card {
            code: Private::new(card.number.as_str()),
        };
        let mut effects = vec![Effect::StopReading];
        effects.extend(self.ask(number, by));
        effects
    }

    fn ask(&mut self, number: CaseNumber, by: ProgressKey) -> Vec<Effect> {
        self.under.clear();
        self.asks += 1;
        let request = Box::new(ProgressRequest { number, by });
        self.go(Place::Asking {
            ask: self.asks,
            request: request.clone(),
        });
        vec![Effect::Ask {
            visit: self.id(),
            ask: self.asks,
            request,
        }]
    }

    /// Once more after there was no progress: the same question where asking again may help, else
    /// another number or code.
    pub(super) fn ask_again(&mut self, around: &Around) -> Vec<Effect> {
        let Place::NoProgress(fault, request) = &self.place else {
            return Vec::new();
        };
        match (fault, &request.by) {
            (AskFault::Unreachable | AskFault::Refused, by) => {
                let (number, by) = (request.number, by.clone());
                self.ask(number, by)
            }
            (AskFault::NotFound, ProgressKey::Card { .. }) => {
                let typed = TypedNumber::kept(&request.number);
                self.go(Place::CaseNumber(typed))
            }
            (AskFault::NotFound, ProgressKey::Secret { .. }) | (AskFault::TooMany, _) => {
                self.track(around)
            }
        }
    }

    /// Upstream answered, or did not. A side page may lie over the one that waits.
    pub(super) fn told_progress(
        &mut self,
        ask: u32,
        answer: Result<Box<api::Progress>, AskFault>,
        around: &Around,
    ) -> Vec<Effect> {
        let seen = |request: &ProgressRequest| match &answer {
            Ok(progress) => Place::Progress(Box::new(progress_page(progress, around))),
            Err(fault) => Place::NoProgress(*fault, Box::new(request.clone())),
        };
        // An answer to an earlier question would be taken for this one's.
        if let Place::Asking {
            ask: asked,
            request,
        } = &self.place
            && *asked == ask
        {
            let place = seen(request);
            self.last_touch = around.now.mono;
            return self.go(place);
        }
        for under in &mut self.under {
            if let Place::Asking {
                ask: asked,
                request,
            } = under
                && *asked == ask
            {
                *under = seen(request);
            }
        }
        Vec::new()
    }

    /// Waits for a card: to know who is here, or to open this case's progress.
    pub(super) fn wait_for_card(
        &mut self,
        ask: Option<CaseNumber>,
        around: &Around,
    ) -> Vec<Effect> {
        self.go(Place::Card {
            state: CardState::Waiting { long: false },
            since: around.now.mono,
            ask,
        });
        vec![Effect::ReadCard { visit: self.id() }]
    }
}

fn progress_page(progress: &api::Progress, around: &Around) -> page::Progress {
    let matter = around.catalog.matter(&progress.matter);
    let units = progress.units.iter().map(|unit| page::UnitProgress {
        name: words(&unit.name),
        items: unit
            .items
            .iter()
            .map(|item| page::ItemProgress {
                name: words(&item.name),
                state: item.state,
                words: words(&item.words),
                since: local(item.since, around.now, "%Y-%m-%d"),
                note: item.note.as_ref().map(words),
            })
            .collect(),
    });
    page::Progress {
        number: progress.number.to_string(),
        matter: matter.map_or_else(
            || Text {
                zh: progress.matter.clone(),
                en: progress.matter.clone(),
            },
            |matter| matter.name.clone(),
        ),
        received: local(progress.received, around.now, "%Y-%m-%d %H:%M"),
        answered: local(progress.now, around.now, "%Y-%m-%d %H:%M"),
        units: units.collect(),
    }
}

/// A moment as the hall's clock says it.
fn local(moment: Timestamp, now: Now, format: &str) -> String {
    (now.wall + now.stamp.duration_until(moment))
        .strftime(format)
        .to_string()
}

fn words(words: &Words) -> Text {
    Text {
        zh: words.zh.clone(),
        en: words.en.clone(),
    }
}
