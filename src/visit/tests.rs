//! The visit, driven as the core drives it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::datetime;
use proptest::prelude::*;
use yici_catalog::{Catalog, Group, Lang, Text};
use yici_contract::Private;
use yici_hal::escpos::{Delivery, Printed};
use yici_hal::status::{Cause, DeviceState, Paper, PrinterStatus, ReaderStatus};

use super::page::{CardState, Content, Input, Main, NumberFault, Offer, Page, Printing, Trust};
use super::*;
use crate::health::{Health, Word};

mod apply;
mod staff;
mod tells;

fn shipped() -> Arc<Catalog> {
    static CATALOG: std::sync::OnceLock<Arc<Catalog>> = std::sync::OnceLock::new();
    CATALOG
        .get_or_init(|| {
            let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog/matters");
            Arc::new(Catalog::load(&dir).unwrap_or_else(|error| panic!("{error}")))
        })
        .clone()
}

/// A terminal and its citizen, who only sees pages and touches what they offer.
struct Walk {
    terminal: Terminal,
    now: Now,
    effects: Vec<Effect>,
}

impl Walk {
    fn new() -> Walk {
        let text = |zh: &str| Text {
            zh: zh.into(),
            en: zh.into(),
        };
        let hall = Hall {
            name: text("大厅"),
            terminal: "A-01".into(),
            desk: text("导办台"),
            phones: vec![],
            local_addresses: vec!["示范市".into()],
        };
        let now = Now {
            mono: Duration::ZERO,
            wall: datetime(2026, 11, 24, 9, 30, 0, 0),
            stamp: "2026-11-24T01:30:00Z".parse().expect("a moment"),
        };
        let health = Health::default();
        let terminal = Terminal::new(shipped(), hall, Timing::default(), Lang::Zh, health, now);
        let mut walk = Walk {
            terminal,
            now,
            effects: vec![],
        };
        walk.event(Event::Says(Word::Reader(good_reader())));
        walk.event(Event::Says(Word::Printer(good_printer())));
        walk
    }

    fn event(&mut self, event: Event) -> Page {
        self.effects.extend(self.terminal.handle(event, self.now));
        self.terminal.view()
    }

    fn touch(&mut self, touch: Touch) -> Page {
        let serial = self.terminal.view().serial;
        self.event(Event::Touched { serial, touch })
    }

    fn wait(&mut self, time: Duration) -> Page {
        let end = self.now.mono + time;
        while let Some(at) = self.terminal.poll_timeout().filter(|at| *at <= end) {
            self.now.mono = self.now.mono.max(at);
            self.event(Event::Time);
        }
        self.now.mono = end;
        self.event(Event::Time)
    }

    fn visit(&self) -> VisitId {
        VisitId(self.terminal_visits())
    }

    fn terminal_visits(&self) -> u64 {
        self.effects
            .iter()
            .rev()
            .find_map(|effect| match effect {
                Effect::ReadCard { visit }
                | Effect::Print { visit, .. }
                | Effect::Scan { visit }
                | Effect::Submit { visit, .. }
                | Effect::Ask { visit, .. } => Some(visit.0),
                Effect::StopReading
                | Effect::StopScanning
                | Effect::Tell(_)
                | Effect::SlipCompleted(_)
                | Effect::Dismiss(_)
                | Effect::LetStaffIn
                | Effect::Log(_) => None,
            })
            .unwrap_or(1)
    }

    /// To the first question of a matter, without a card.
    fn reach_questions(&mut self, matter: &str) -> Page {
        self.touch(Touch::Wake);
        self.touch(Touch::Matter(matter.into()));
        self.touch(Touch::Main);
        self.touch(Touch::WithoutCard)
    }

    /// Answers everything with what the page offers first, until there are no more questions.
    fn answer_all(&mut self) -> Page {
        for _ in 0..100 {
            let page = self.terminal.view();
            let Content::Question(question) = page.content else {
                return page;
            };
            match question.input {
                Input::Choice(_) => {
                    self.touch(Touch::Choose(0));
                }
                Input::Number { min, .. } => {
                    for digit in min.max(1).to_string().chars() {
                        self.touch(Touch::Key(digit));
                    }
                    self.touch(Touch::Main);
                }
                Input::Date { .. } => {
                    for digit in "19660102".chars() {
                        self.touch(Touch::Key(digit));
                    }
                    self.touch(Touch::Main);
                }
            }
        }
        panic!("the questionnaire does not end");
    }

    /// To a settled situation of the newborn matter.
    fn reach_result(&mut self) -> Page {
        self.reach_questions("newborn");
        let page = self.answer_all();
        assert!(
            matches!(page.content, Content::Result(_)),
            "{:?}",
            page.content
        );
        page
    }

    fn printed(&mut self, slip: u32, printed: Printed) -> Page {
        let visit = self.visit();
        self.event(Event::Slip {
            visit,
            slip: SlipId(slip),
            printed,
        })
    }
}

fn good_reader() -> ReaderStatus {
    ReaderStatus {
        device: DeviceState::Online,
        media: None,
        cause: None,
    }
}

fn good_printer() -> PrinterStatus {
    PrinterStatus {
        device: DeviceState::Online,
        paper: Some(Paper::Full),
        media: None,
        cause: None,
    }
}

#[test]
fn a_touch_opens_the_home_page_and_a_late_touch_on_idle_does_nothing() {
    let mut walk = Walk::new();
    let idle = walk.terminal.view();
    assert_eq!(idle.content, Content::Idle { staff: false });
    let home = walk.touch(Touch::Wake);
    assert!(matches!(home.content, Content::Home(_)));
    let stale = walk.event(Event::Touched {
        serial: idle.serial,
        touch: Touch::Finish,
    });
    assert_eq!(stale, home);
}

#[test]
fn matters_of_persons_come_first_and_those_of_businesses_are_one_touch_away() {
    let mut walk = Walk::new();
    let home = |page: Page| {
        let Content::Home(home) = page.content else {
            panic!()
        };
        home
    };
    let persons = home(walk.touch(Touch::Wake));
    let businesses = home(walk.touch(Touch::Group(Group::Business)));
    assert_eq!(
        (persons.group, businesses.group),
        (Some(Group::Person), Some(Group::Business))
    );
    let all = persons.matters.len() + businesses.matters.len();
    assert_eq!(all, shipped().matters.len());
    assert!(businesses.matters.iter().any(|m| m.id == "restaurant"));
    // Back from a matter, the same are shown.
    walk.touch(Touch::Matter("restaurant".into()));
    assert_eq!(home(walk.touch(Touch::Back)), businesses);
    assert_eq!(home(walk.touch(Touch::Group(Group::Person))), persons);
}

#[test]
fn another_catalogue_is_taken_between_visits() {
    let mut walk = Walk::new();
    let fewer = |count| {
        let mut catalog = (*shipped()).clone();
        catalog.matters.truncate(count);
        Event::Catalogue(Arc::new(catalog))
    };
    let all = walk.touch(Touch::Wake);
    // Two came during one visit: the last one counts, and not before the visit is over.
    assert_eq!(walk.event(fewer(2)), all);
    assert_eq!(walk.event(fewer(1)), all);
    walk.touch(Touch::Matter("retirement".into()));
    assert!(!matches!(walk.terminal.view().content, Content::Home(_)));
    walk.touch(Touch::Finish);
    walk.wait(Duration::from_secs(60));
    assert_eq!(walk.terminal.view().content, Content::Idle { staff: false });
    let one = walk.touch(Touch::Wake);
    assert_ne!(one.content, all.content);
    walk.touch(Touch::Finish);
    walk.wait(Duration::from_secs(60));
    // While nobody is there, at once.
    walk.event(Event::Catalogue(shipped()));
    assert_eq!(walk.touch(Touch::Wake).content, all.content);
}

#[test]
fn a_matter_is_found_by_the_letters_of_its_pinyin() {
    let mut walk = Walk::new();
    walk.touch(Touch::Wake);
    let found = |page: &Page| {
        let Content::Search(search) = &page.content else {
            panic!("{:?}", page.content)
        };
        let ids: Vec<String> = search.found.iter().map(|card| card.id.clone()).collect();
        (search.typed.clone(), ids)
    };
    let page = walk.touch(Touch::Search);
    assert_eq!(found(&page), (String::new(), Vec::new()));
    for letter in ["x", "s", "e", "q", "q", "q"] {
        walk.touch(Touch::Insert(Private::new(letter)));
    }
    assert_eq!(found(&walk.terminal.view()).1, Vec::<String>::new());
    for _ in 0..3 {
        walk.touch(Touch::Erase);
    }
    let (typed, ids) = found(&walk.terminal.view());
    assert_eq!((typed.as_str(), ids[0].as_str()), ("xse", "newborn"));
    walk.touch(Touch::Insert(Private::new("x".repeat(200))));
    assert_eq!(found(&walk.terminal.view()).0.chars().count(), 40);
    assert!(matches!(walk.touch(Touch::Back).content, Content::Home(_)));
    walk.touch(Touch::Search);
    let page = walk.touch(Touch::Matter("newborn".into()));
    assert!(matches!(page.content, Content::Notice(_)));
    assert!(matches!(walk.touch(Touch::Back).content, Content::Home(_)));
}

#[test]
fn language_and_large_type_are_one_touch_away_and_end_with_the_visit() {
    let mut walk = Walk::new();
    let page = walk.touch(Touch::Language(Lang::En));
    assert!(matches!(page.content, Content::Home(_)));
    let page = walk.touch(Touch::Large(true));
    assert_eq!((page.frame.lang, page.frame.large), (Lang::En, true));
    walk.touch(Touch::Finish);
    let page = walk.wait(Timing::default().goodbye);
    assert_eq!(page.content, Content::Idle { staff: false });
    assert_eq!((page.frame.lang, page.frame.large), (Lang::Zh, false));
}

#[test]
fn the_warning_comes_after_60_s_counts_down_30_s_and_one_touch_stops_it() {
    let mut walk = Walk::new();
    walk.touch(Touch::Wake);
    assert_eq!(walk.wait(Duration::from_secs(59)).countdown, None);
    assert_eq!(walk.wait(Duration::from_secs(1)).countdown, Some(30));
    assert_eq!(walk.wait(Duration::from_secs(10)).countdown, Some(20));
    assert_eq!(walk.touch(Touch::Stay).countdown, None);
    assert_eq!(walk.wait(Duration::from_secs(89)).countdown, Some(1));
    assert_eq!(
        walk.wait(Duration::from_secs(1)).content,
        Content::Idle { staff: false }
    );
}

#[test]
fn a_touch_on_the_warning_does_not_act_on_the_page_below() {
    let mut walk = Walk::new();
    walk.touch(Touch::Wake);
    walk.wait(Duration::from_secs(61));
    let page = walk.touch(Touch::Matter("newborn".into()));
    assert!(matches!(page.content, Content::Home(_)));
    assert_eq!(page.countdown, None);
}

#[test]
fn back_loses_no_answer() {
    let mut walk = Walk::new();
    walk.reach_result();
    let questions = {
        let page = walk.touch(Touch::Answers);
        let Content::Answers(lines) = page.content else {
            panic!()
        };
        lines
    };
    walk.touch(Touch::Back);
    for _ in 0..questions.len() {
        let page = walk.touch(Touch::Back);
        let Content::Question(question) = &page.content else {
            panic!("{:?}", page.content)
        };
        if let Input::Choice(options) = &question.input {
            assert_eq!(options.iter().filter(|option| option.chosen).count(), 1);
        }
    }
    assert!(matches!(
        walk.touch(Touch::Back).content,
        Content::Consent { .. }
    ));
    let page = walk.touch(Touch::WithoutCard);
    assert!(
        matches!(page.content, Content::Result(_)),
        "all answers are still there"
    );
}

#[test]
fn changing_one_answer_keeps_the_others() {
    let mut walk = Walk::new();
    walk.reach_result();
    let Content::Answers(before) = walk.touch(Touch::Answers).content else {
        panic!()
    };
    let last = before.last().unwrap().clone();
    let page = walk.touch(Touch::Change(last.id.clone()));
    assert!(matches!(page.content, Content::Question(_)));
    let page = walk.touch(Touch::Back);
    assert_eq!(page.content, Content::Answers(before.clone()));
    walk.touch(Touch::Change(last.id));
    walk.touch(Touch::Choose(1));
    walk.answer_all();
    let Content::Answers(after) = walk.touch(Touch::Answers).content else {
        panic!()
    };
    assert_eq!(before[..before.len() - 1], after[..before.len() - 1]);
    assert_ne!(before.last(), after.get(before.len() - 1));
}

#[test]
fn a_number_with_a_wrong_check_digit_is_told_and_kept() {
    let mut walk = Walk::new();
    walk.touch(Touch::Wake);
    walk.touch(Touch::Matter("newborn".into()));
    walk.touch(Touch::Main);
    walk.touch(Touch::TypeNumber);
    for key in "110105194912310021".chars() {
        walk.touch(Touch::Key(key));
    }
    let page = walk.touch(Touch::Main);
    let Content::Number(number) = page.content else {
        panic!()
    };
    assert_eq!(number.error, Some(NumberFault::CheckDigit));
    assert_eq!(number.typed, "110105 19491231 0021");
    walk.touch(Touch::Erase);
    walk.touch(Touch::Key('X'));
    let page = walk.touch(Touch::Main);
    let Content::Identity(identity) = page.content else {
        panic!("{:?}", page.content)
    };
    assert_eq!(identity.trust, Trust::Typed);
    assert_eq!(identity.number.as_deref(), Some("110105********002X"));
}

#[test]
fn the_reader_speaks_only_to_the_visit_that_asked() {
    let mut walk = Walk::new();
    walk.touch(Touch::Wake);
    walk.touch(Touch::Matter("newborn".into()));
    walk.touch(Touch::Main);
    let page = walk.touch(Touch::Main);
    assert_eq!(
        page.content,
        Content::Card {
            state: CardState::Waiting { long: false },
            ways: true
        }
    );
    let page = walk.wait(Duration::from_secs(5));
    assert_eq!(
        page.content,
        Content::Card {
            state: CardState::Waiting { long: true },
            ways: true
        }
    );
    let stale = Event::Card {
        visit: VisitId(99),
        reply: CardReply::Unread,
    };
    assert_eq!(
        walk.event(stale).content,
        Content::Card {
            state: CardState::Waiting { long: true },
            ways: true
        }
    );
    let visit = walk.visit();
    let page = walk.event(Event::Card {
        visit,
        reply: CardReply::Unread,
    });
    assert_eq!(
        page.content,
        Content::Card {
            state: CardState::Unread,
            ways: true
        }
    );
    assert_eq!(page.frame.main, Some(Main::Retry));
}

#[test]
fn printed_is_said_only_when_the_printer_said_so() {
    let mut walk = Walk::new();
    walk.reach_result();
    walk.touch(Touch::Main);
    assert_eq!(
        walk.touch(Touch::Print).content,
        Content::Printing(Printing::Busy, Offer::Ready)
    );
    let ended = walk.printed(9, Printed::Completed);
    assert_eq!(
        ended.content,
        Content::Printing(Printing::Busy, Offer::Ready),
        "another slip's word"
    );
    let ended = walk.printed(1, Printed::Completed);
    assert_eq!(
        ended.content,
        Content::Printing(Printing::Completed, Offer::Ready)
    );
}

#[test]
fn a_slip_is_taken_only_when_the_sensor_said_so() {
    let mut walk = Walk::new();
    walk.reach_result();
    walk.touch(Touch::Main);
    walk.touch(Touch::Print);
    let visit = walk.visit();
    let moved = |slip, delivery| Event::SlipMoved {
        visit,
        slip: SlipId(slip),
        delivery,
    };
    let shows = |page: Page, printing| {
        assert_eq!(page.content, Content::Printing(printing, Offer::Ready));
    };
    shows(walk.event(moved(1, Delivery::Taken)), Printing::Busy);
    walk.printed(1, Printed::Completed);
    shows(walk.event(moved(9, Delivery::Taken)), Printing::Completed);
    shows(
        walk.event(moved(1, Delivery::Presented)),
        Printing::Presented,
    );
    // Nothing is printed onto it.
    let before = walk.effects.len();
    shows(walk.touch(Touch::Print), Printing::Presented);
    assert_eq!(walk.effects.len(), before);
    shows(
        walk.event(moved(1, Delivery::NotTaken)),
        Printing::Presented,
    );
    shows(walk.event(moved(1, Delivery::Taken)), Printing::Taken);
    shows(walk.event(moved(1, Delivery::Retracted)), Printing::Taken);

    shows(walk.touch(Touch::Print), Printing::Busy);
    walk.printed(2, Printed::Completed);
    shows(
        walk.event(moved(2, Delivery::Presented)),
        Printing::Presented,
    );
    shows(walk.event(moved(2, Delivery::Unknown)), Printing::Completed);
    shows(
        walk.event(moved(2, Delivery::Retracted)),
        Printing::Retracted,
    );

    // A slip that is not proven stays in doubt, whatever lies at the outlet.
    walk.touch(Touch::Print);
    walk.printed(3, Printed::Unknown(yici_hal::escpos::Doubt::NoProof));
    shows(walk.event(moved(3, Delivery::Presented)), Printing::Ask);
    shows(walk.event(moved(3, Delivery::Taken)), Printing::Ask);
    shows(
        walk.event(moved(3, Delivery::Retracted)),
        Printing::Retracted,
    );
}

#[test]
fn a_failed_slip_says_who_can_help_and_its_reprint_is_marked() {
    let mut walk = Walk::new();
    walk.reach_result();
    walk.touch(Touch::Main);
    walk.touch(Touch::Print);
    let page = walk.printed(1, Printed::Failed(Cause::PaperOut));
    let actor = Cause::PaperOut.actor();
    let failed = Printing::Failed {
        cause: Some(Cause::PaperOut),
        actor,
    };
    assert_eq!(page.content, Content::Printing(failed, Offer::Ready));
    walk.touch(Touch::Print);
    let Some(Effect::Print { slip, document, .. }) = walk.effects.last() else {
        panic!()
    };
    assert_eq!(*slip, SlipId(2));
    assert_eq!(**document, document.as_ref().clone().reprint(true));
}

#[test]
fn one_more_copy_of_a_notification_is_that_notification_marked_as_a_reprint() {
    let mut walk = Walk::new();
    walk.touch(Touch::Wake);
    walk.touch(Touch::Matter("restaurant".into()));
    walk.touch(Touch::Print);
    let Some(Effect::Print {
        document: first, ..
    }) = walk.effects.last().cloned()
    else {
        panic!()
    };
    walk.printed(1, Printed::Completed);
    walk.touch(Touch::Print);
    let Some(Effect::Print {
        document: again, ..
    }) = walk.effects.last()
    else {
        panic!()
    };
    assert_eq!(**again, first.reprint(true));
    walk.printed(2, Printed::Failed(Cause::PaperOut));
    let Content::Phone { payload } = walk.touch(Touch::Phone).content else {
        panic!()
    };
    assert!(payload.contains("开办餐饮店"));
    walk.touch(Touch::Back);
    assert!(matches!(
        walk.touch(Touch::Main).content,
        Content::Notice(_)
    ));
}

#[test]
fn one_slip_at_a_time_and_help_does_not_lose_its_word() {
    let mut walk = Walk::new();
    walk.reach_result();
    walk.touch(Touch::Main);
    walk.touch(Touch::Print);
    walk.touch(Touch::Back);
    let page = walk.touch(Touch::Print);
    assert_eq!(
        page.content,
        Content::Printing(Printing::Busy, Offer::Ready)
    );
    let sent = walk
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Print { .. }))
        .count();
    assert_eq!(sent, 1);
    walk.touch(Touch::Help);
    walk.printed(1, Printed::Completed);
    assert_eq!(
        walk.touch(Touch::Back).content,
        Content::Printing(Printing::Completed, Offer::Ready)
    );
}

#[test]
fn continue_keeps_a_number_that_was_given_before() {
    let mut walk = Walk::new();
    walk.reach_questions("restaurant");
    while !matches!(&walk.terminal.view().content,
        Content::Question(question) if matches!(question.input, Input::Number { .. }))
    {
        walk.touch(Touch::Choose(0));
    }
    for digit in "120".chars() {
        walk.touch(Touch::Key(digit));
    }
    walk.touch(Touch::Main);
    walk.touch(Touch::Back);
    let page = walk.touch(Touch::Main);
    let Content::Question(next) = page.content else {
        panic!()
    };
    assert!(
        matches!(next.input, Input::Choice(_)),
        "the number was kept"
    );
}

/// What is offered follows from the last word alone, on every page and at every moment (invariant 6).
#[test]
fn offers_follow_what_the_devices_say() {
    let mut walk = Walk::new();
    walk.touch(Touch::Wake);
    walk.touch(Touch::Matter("newborn".into()));
    walk.touch(Touch::Main);
    let reader = |page: &Page| {
        let Content::Consent { reader } = page.content else {
            panic!("{page:?}");
        };
        (reader, page.frame.main_enabled)
    };
    assert_eq!(reader(&walk.terminal.view()), (Offer::Ready, true));
    for cause in [Cause::NotConnected, Cause::Busy, Cause::SecurityModule] {
        let page = walk.event(Event::Says(Word::Reader(ReaderStatus::faulty(cause))));
        assert_eq!(reader(&page), (Offer::Unavailable(cause), false));
    }
    let page = walk.event(Event::Says(Word::Reader(ReaderStatus {
        device: DeviceState::Starting,
        ..good_reader()
    })));
    assert_eq!(reader(&page), (Offer::Unknown, true), "unknown is not good");
    let page = walk.event(Event::Says(Word::Reader(good_reader())));
    assert_eq!(reader(&page), (Offer::Ready, true));
}

#[test]
fn a_reader_that_is_back_waits_for_the_card_again_by_itself() {
    let mut walk = Walk::new();
    walk.touch(Touch::Wake);
    walk.touch(Touch::Matter("newborn".into()));
    walk.touch(Touch::Main);
    walk.touch(Touch::Main);
    let visit = walk.visit();
    let gone = Cause::NotConnected;
    walk.event(Event::Says(Word::Reader(ReaderStatus::faulty(gone))));
    let page = walk.event(Event::Card {
        visit,
        reply: CardReply::Fault(gone),
    });
    let state = |page: &Page| {
        let Content::Card { state, .. } = page.content else {
            panic!("{page:?}");
        };
        state
    };
    assert_eq!(state(&page), CardState::Fault(gone));
    let before = walk.effects.len();
    let page = walk.event(Event::Says(Word::Reader(good_reader())));
    assert_eq!(state(&page), CardState::Waiting { long: false });
    assert!(walk.effects[before..].contains(&Effect::ReadCard { visit }));
    // A fault that the reader itself does not speak of is the citizen's to try again, not in a loop.
    let page = walk.event(Event::Card {
        visit,
        reply: CardReply::Fault(Cause::NoAnswer),
    });
    assert_eq!(state(&page), CardState::Fault(Cause::NoAnswer));
    let page = walk.event(Event::Says(Word::Reader(good_reader())));
    assert_eq!(state(&page), CardState::Fault(Cause::NoAnswer));
}

#[test]
fn a_printer_without_paper_is_told_before_anything_is_sent() {
    let mut walk = Walk::new();
    walk.reach_result();
    walk.touch(Touch::Main);
    walk.event(Event::Says(Word::Printer(PrinterStatus::unheard(
        Cause::PaperOut,
    ))));
    let page = walk.touch(Touch::Print);
    assert!(matches!(
        page.content,
        Content::Printing(Printing::Failed { .. }, _)
    ));
    assert!(
        !walk
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Print { .. }))
    );
    // It was never sent, so what comes now is no reprint.
    walk.event(Event::Says(Word::Printer(good_printer())));
    walk.touch(Touch::Print);
    let Some(Effect::Print { document, .. }) = walk.effects.last() else {
        panic!()
    };
    assert_eq!(**document, document.as_ref().clone().reprint(false));
}

#[test]
fn a_printer_that_cannot_say_leaves_the_word_to_the_citizen() {
    let mut walk = Walk::new();
    walk.reach_result();
    walk.touch(Touch::Main);
    walk.touch(Touch::Print);
    let visit = walk.visit();
    let printed = Printed::Unknown(yici_hal::escpos::Doubt::NoAnswer);
    let page = walk.event(Event::Slip {
        visit,
        slip: SlipId(1),
        printed,
    });
    assert_eq!(page.content, Content::Printing(Printing::Ask, Offer::Ready));
    let page = walk.touch(Touch::Taken(false));
    assert!(matches!(
        page.content,
        Content::Printing(Printing::Failed { .. }, _)
    ));
}

#[test]
fn who_cannot_be_served_here_is_told_before_the_first_question() {
    let mut walk = Walk::new();
    walk.touch(Touch::Wake);
    for matter in ["newborn", "restaurant", "retirement"] {
        let page = walk.touch(Touch::Matter(matter.into()));
        let Content::Notice(notice) = page.content else {
            panic!()
        };
        assert!(!notice.not_here.is_empty());
        walk.touch(Touch::Back);
    }
}

#[test]
fn leaving_an_item_changes_days_and_materials_at_once_and_something_is_always_taken() {
    let mut walk = Walk::new();
    let page = walk.reach_result();
    let Content::Result(before) = page.content else {
        panic!()
    };
    for item in before.items.iter().filter(|item| item.required.is_none()) {
        let page = walk.touch(Touch::Toggle(item.id.clone()));
        let Content::Result(after) = page.content else {
            panic!()
        };
        assert!(after.items.iter().any(|item| item.chosen));
    }
    let Content::Result(after) = walk.terminal.view().content else {
        panic!()
    };
    assert_ne!(before.flow, after.flow);
}

/// What a citizen could touch, sensible on the page or not.
fn any_touch() -> impl Strategy<Value = Touch> {
    prop_oneof![
        1 => Just(Touch::Wake),
        2 => Just(Touch::Back),
        6 => Just(Touch::Main),
        1 => Just(Touch::Help),
        1 => Just(Touch::Language(Lang::En)),
        1 => Just(Touch::Large(true)),
        1 => Just(Touch::Stay),
        2 => prop::sample::select(vec!["newborn", "restaurant", "retirement", "none"])
            .prop_map(|id| Touch::Matter(id.into())),
        1 => Just(Touch::Print),
        1 => Just(Touch::PrintLong),
        1 => Just(Touch::Phone),
        1 => Just(Touch::TypeNumber),
        2 => Just(Touch::WithoutCard),
        2 => prop::sample::select("0123456789X".chars().collect::<Vec<_>>()).prop_map(Touch::Key),
        1 => Just(Touch::Erase),
        1 => Just(Touch::Show),
        8 => (0usize..6).prop_map(Touch::Choose),
        1 => Just(Touch::Unsure),
        2 => Just(Touch::GoOn),
        1 => Just(Touch::Answers),
        1 => Just(Touch::Change("household".into())),
        1 => Just(Touch::Toggle("birth-registration".into())),
        1 => any::<bool>().prop_map(Touch::Taken),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is touched in whatever order: a page is always there, serials never fall, time
    /// never asks to be polled in the past, and 90 s of quiet always lead back to idle.
    #[test]
    fn no_touch_strands_a_citizen(touches in prop::collection::vec(any_touch(), 0..60)) {
        let mut walk = Walk::new();
        walk.touch(Touch::Wake);
        let mut serial = 0;
        for touch in touches {
            let page = walk.touch(touch);
            prop_assert!(page.serial >= serial);
            serial = page.serial;
            if let Some(at) = walk.terminal.poll_timeout() {
                prop_assert!(at > walk.now.mono);
            }
        }
        for effect in walk.effects.clone() {
            if let Effect::Print { visit, slip, .. } = effect {
                walk.event(Event::Slip { visit, slip, printed: Printed::Failed(Cause::CoverOpen) });
            }
        }
        prop_assert_eq!(walk.wait(Duration::from_secs(91 + 12)).content, Content::Idle { staff: false });
    }
}

/// The heart depends on nothing that has a clock, a display, a file or a network (DESIGN.md).
#[test]
fn the_visit_is_pure() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/visit");
    let foreign = [
        "slint",
        "tokio",
        "std::fs",
        "std::net",
        "std::thread",
        "std::env",
        "std::process",
        "Instant",
        "SystemTime",
        "Zoned",
        "Timestamp::now",
        "println!",
        "tracing",
    ];
    let mut seen = 0;
    for file in std::fs::read_dir(dir).unwrap() {
        let path = file.unwrap().path();
        if path.ends_with("tests.rs") || path.is_dir() {
            continue;
        }
        seen += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            for name in foreign {
                assert!(
                    !line.contains(name),
                    "{} in {}: {line}",
                    name,
                    path.display()
                );
            }
        }
    }
    assert!(seen > 8);
}
