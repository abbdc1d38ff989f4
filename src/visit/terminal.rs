//! The terminal: idle or in a visit.

use std::sync::Arc;
use std::time::Duration;

use yici_catalog::{Catalog, Lang};

use super::page::{Content, Frame, Main, Page};
use super::staff::{Door, Lock};
use super::visit::Visit;
use super::{Effect, Event, Hall, Now, Timing, Touch, VisitId};
use crate::health::{Health, Moment, Word};

/// What a visit can see of the world around it.
pub(super) struct Around<'a> {
    pub catalog: &'a Catalog,
    pub hall: &'a Hall,
    pub timing: &'a Timing,
    pub health: &'a Health,
    pub now: Now,
}

/// The terminal as a whole; owns at most one visit.
pub struct Terminal {
    catalog: Arc<Catalog>,
    /// To be served once the visit is over.
    next_catalog: Option<Arc<Catalog>>,
    hall: Hall,
    timing: Timing,
    lang: Lang,
    health: Health,
    visit: Option<Visit>,
    /// There only where there is a lock for it.
    door: Option<Door>,
    visits: u64,
    serial: u32,
    now: Now,
}

impl Terminal {
    /// An idle terminal that speaks `lang` until someone asks for another language. It offers what its
    /// parts can do, as far as they have spoken.
    pub fn new(
        catalog: Arc<Catalog>,
        hall: Hall,
        timing: Timing,
        lang: Lang,
        health: Health,
        now: Now,
    ) -> Self {
        Terminal {
            catalog,
            next_catalog: None,
            hall,
            timing,
            lang,
            health,
            visit: None,
            door: None,
            visits: 0,
            serial: 1,
            now,
        }
    }

    /// Lets the hall's staff in, who pass this lock.
    pub fn with_door(mut self, lock: Lock) -> Self {
        self.door = Some(Door::new(lock));
        self
    }

    /// How its parts are.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Takes one event; what must be done comes back in order.
    pub fn handle(&mut self, event: Event, now: Now) -> Vec<Effect> {
        self.now = now;
        match event {
            Event::Says(word) => self.hear(word),
            Event::Touched { serial, touch } => self.touched(serial, touch),
            Event::Card { visit, reply } => {
                self.in_visit(visit, |current, around| current.card(reply, around))
            }
            Event::Slip {
                visit,
                slip,
                printed,
            } => self.in_visit(visit, |current, around| current.slip(slip, printed, around)),
            Event::SlipMoved {
                visit,
                slip,
                delivery,
            } => self.in_visit(visit, |current, _| current.slip_moved(slip, delivery)),
            Event::Scanned { visit, text } => {
                self.in_visit(visit, |current, around| current.scanned(&text, around))
            }
            Event::Stored { visit, stored } => {
                self.in_visit(visit, |current, around| current.store_said(stored, around))
            }
            Event::Delivery { number, delivery } => {
                if let Some(visit) = &mut self.visit {
                    visit.delivery_said(number, delivery);
                }
                Vec::new()
            }
            Event::Progress { visit, ask, answer } => self.in_visit(visit, |current, around| {
                current.told_progress(ask, answer, around)
            }),
            Event::Catalogue(catalog) => {
                self.next_catalog = Some(catalog);
                self.change_catalog();
                Vec::new()
            }
            Event::Unfinished(numbers) => {
                if self.visit.is_none() && !numbers.is_empty() {
                    self.visits += 1;
                    self.visit = Some(Visit::recovered(
                        VisitId(self.visits),
                        self.serial + 1,
                        self.lang,
                        numbers,
                        &self.around(),
                    ));
                }
                Vec::new()
            }
            Event::Time => match self.visit.as_ref().map(Visit::id) {
                Some(id) => self.in_visit(id, |current, around| current.time(around)),
                None => {
                    if self.door.as_mut().is_some_and(|door| door.time(now)) {
                        self.serial += 1;
                    }
                    Vec::new()
                }
            },
        }
    }

    /// When to send [`Event::Time`] next, in the time of [`Now::mono`].
    pub fn poll_timeout(&self) -> Option<Duration> {
        match &self.visit {
            Some(visit) => Some(visit.poll_timeout(&self.around())),
            None => self.door.as_ref()?.poll_timeout(self.now),
        }
    }

    /// The page as it stands now.
    pub fn view(&self) -> Page {
        match &self.visit {
            Some(visit) => visit.view(&self.around()),
            None => self.without_visit(),
        }
    }

    /// The idle page, or the staff's door.
    fn without_visit(&self) -> Page {
        let pin = self.door.as_ref().and_then(|door| door.page(self.now));
        Page {
            serial: self.serial,
            frame: Frame {
                hall: self.hall.name.clone(),
                time: Some(self.now.wall.strftime("%H:%M").to_string()),
                lang: self.lang,
                large: false,
                step: None,
                back: pin.is_some(),
                leave: false,
                main: pin.map(|_| Main::Continue),
                main_enabled: pin.is_some(),
            },
            content: match pin {
                Some(pin) => Content::Pin(pin),
                None => Content::Idle {
                    staff: self.door.is_some(),
                },
            },
            countdown: None,
        }
    }

    fn hear(&mut self, word: Word) -> Vec<Effect> {
        let moment = Moment {
            mono: self.now.mono,
            wall: self.health.clock_trusted().then_some(self.now.stamp),
        };
        let could_read = self.health.reader().is_open();
        let change = self.health.hear(word, moment);
        let mut effects: Vec<Effect> = change.map(Effect::Log).into_iter().collect();
        if !could_read
            && self.health.reader().is_open()
            && let Some(id) = self.visit.as_ref().map(Visit::id)
        {
            effects.extend(self.in_visit(id, |current, around| current.reader_is_back(around)));
        }
        effects
    }

    fn touched(&mut self, serial: u32, touch: Touch) -> Vec<Effect> {
        if let Some(visit) = &self.visit {
            let id = visit.id();
            return self.in_visit(id, |current, around| current.touched(serial, touch, around));
        }
        if serial != self.serial {
            return Vec::new();
        }
        if let Some(door) = &mut self.door {
            let asked = door.is_asked();
            if asked || touch == Touch::Staff {
                let lets_in = match asked {
                    true => door.touched(&touch, self.now),
                    false => door.ask(self.now),
                };
                self.serial += u32::from(asked != door.is_asked());
                return lets_in.then_some(Effect::LetStaffIn).into_iter().collect();
            }
        }
        self.visits += 1;
        let mut visit = Visit::new(VisitId(self.visits), self.serial + 1, self.lang, self.now);
        // The switches on the idle page are a first touch like any other.
        if let Touch::Language(lang) = touch {
            visit.speak(lang);
        } else if let Touch::Large(large) = touch {
            visit.enlarge(large);
        }
        self.visit = Some(visit);
        Vec::new()
    }

    fn in_visit(
        &mut self,
        id: VisitId,
        act: impl FnOnce(&mut Visit, &Around) -> Vec<Effect>,
    ) -> Vec<Effect> {
        // A reply to an earlier visit is dropped here, and its data zeroised with it.
        if self.visit.as_ref().map(Visit::id) != Some(id) {
            return Vec::new();
        }
        let Some(mut visit) = self.visit.take() else {
            return Vec::new();
        };
        let effects = act(&mut visit, &self.around());
        if visit.over() {
            self.serial = visit.serial() + 1;
            self.change_catalog();
        } else {
            self.visit = Some(visit);
        }
        effects
    }

    /// A visit goes through with the catalogue that it began with.
    fn change_catalog(&mut self) {
        if self.visit.is_none()
            && let Some(catalog) = self.next_catalog.take()
        {
            self.catalog = catalog;
        }
    }

    fn around(&self) -> Around<'_> {
        Around {
            catalog: &self.catalog,
            hall: &self.hall,
            timing: &self.timing,
            health: &self.health,
            now: self.now,
        }
    }
}
