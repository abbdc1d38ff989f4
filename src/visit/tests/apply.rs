//! Applying here and now, and asking for progress.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks for one of many"
)]

use jiff::Timestamp;
use yici_contract::api::{self, Level, ProgressKey, State};
use yici_contract::case::{Applicant, How, Source};
use yici_contract::envelope::Attachment;
use yici_contract::{Case, CaseNumber, Digest, Private, PrivateBytes, SlipCode, SlipSecret};
use yici_hal::id_card::{CardKind, Day, IdCard, Sex, Validity};
use yici_hal::status::{Scanner, ScannerStatus};

use super::super::page::{
    AskFault, CaseNumberFault, CheckPart, Delivery, Field, FieldFault, FieldInput, StoreFault,
};
use super::*;
use crate::health::OutboxState;
use crate::slips::Document;

const NAME: &str = "欧阳一次";
const NUMBER: &str = "11010519491231002X";
const MOBILE: &str = "13900001234";

fn card() -> Box<IdCard> {
    let day = |text: &str| Day::parse(text).expect("a day");
    Box::new(IdCard {
        kind: CardKind::Citizen,
        name: NAME.into(),
        english_name: None,
        sex: Some(Sex::Female),
        nation: None,
        birth: Some(day("19491231")),
        address: Some("示范市示范区一次路 1 号".into()),
        number: NUMBER.into(),
        issuer: None,
        valid_from: None,
        valid_to: Validity::LongTerm,
        pass_number: None,
        nationality: None,
        issue_count: None,
        photo: Vec::new(),
    })
}

fn picture() -> PrivateBytes {
    PrivateBytes::new(vec![0x89, b'P', b'N', b'G'])
}

/// What a citizen puts into a field.
fn fill(walk: &mut Walk, field: &Field) {
    let text = match &field.input {
        FieldInput::Choice(_) => {
            walk.touch(Touch::Choose(0));
            return;
        }
        FieldInput::Text { .. } => "示范市示范路一号",
        FieldInput::Code { .. } => "91370102MA3ABCDE",
        // Of a count only the first eight digits are taken.
        FieldInput::Digits { .. } => MOBILE,
        FieldInput::IdNumber { .. } => NUMBER,
        FieldInput::Date { .. } => "20260102",
    };
    walk.touch(Touch::Insert(Private::new(text)));
    walk.touch(Touch::Main);
}

impl Walk {
    fn submitting() -> Walk {
        let mut walk = Walk::new();
        walk.event(Event::Says(Word::Outbox(OutboxState::Open { parked: 0 })));
        walk
    }

    /// To the method page of the newborn matter, by card.
    fn reach_method(&mut self) -> Page {
        self.reach_identity("newborn", card());
        self.touch(Touch::Main);
        self.answer_all();
        self.touch(Touch::Main)
    }

    /// To the page that says who is here, by this card.
    fn reach_identity(&mut self, matter: &str, card: Box<IdCard>) -> Page {
        self.touch(Touch::Wake);
        self.touch(Touch::Matter(matter.into()));
        self.touch(Touch::Main);
        self.touch(Touch::Main);
        let visit = self.visit();
        let reply = CardReply::Read(card);
        self.event(Event::Card { visit, reply })
    }

    /// What was told upstream to be wrong.
    fn remarks(&self) -> impl Iterator<Item = &api::Remark> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Tell(api::Opinion::Remark(remark)) => Some(remark),
            _ => None,
        })
    }

    /// Fills whatever is missing, until everything is to be checked.
    fn fill_all(&mut self) -> Page {
        for _ in 0..200 {
            let page = self.terminal.view();
            match page.content {
                Content::Applicant(_) => {
                    self.touch(Touch::Choose(0));
                }
                Content::Form(_) => {
                    self.touch(Touch::Main);
                }
                Content::Field(field) => fill(self, &field),
                _ => return page,
            }
        }
        panic!("the form does not end: {:?}", self.terminal.view());
    }

    /// To the page about what is handed in, signed.
    fn reach_hand_in(&mut self) -> Page {
        self.reach_method();
        self.touch(Touch::Here);
        let check = self.fill_all();
        assert!(matches!(check.content, Content::Check(_)), "{check:?}");
        self.touch(Touch::Main);
        self.touch(Touch::Main);
        self.touch(Touch::Signed(picture()))
    }

    /// The case that was submitted last, under a number of its own.
    fn case(&self) -> (Case, Vec<Attachment>) {
        let number = CaseNumber::random().expect("random");
        let secret = SlipSecret::random().expect("random");
        self.draft().case(number, secret.hash(&number))
    }

    fn draft(&self) -> Draft {
        let draft = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Submit { draft, .. } => Some(draft.as_ref().clone()),
            _ => None,
        });
        draft.expect("something was submitted")
    }

    fn store(&mut self) -> (CaseNumber, SlipSecret) {
        let number = CaseNumber::random().expect("random");
        let secret = SlipSecret::random().expect("random");
        let visit = self.visit();
        self.event(Event::Stored {
            visit,
            stored: Ok((number, secret.clone())),
        });
        (number, secret)
    }

    fn wants(&self, effect: &Effect) -> bool {
        self.effects.contains(effect)
    }
}

fn signed_text(page: &Page) -> String {
    let Content::Application(lines) = &page.content else {
        panic!("no document: {page:?}");
    };
    lines
        .iter()
        .map(|line| format!("{}\n", line.text))
        .collect()
}

#[test]
fn without_an_upstream_nothing_is_offered_to_be_submitted() {
    let mut walk = Walk::new();
    let page = walk.reach_method();
    let Content::Method(method) = &page.content else {
        panic!("{page:?}");
    };
    assert!(!method.here);
    let page = walk.touch(Touch::Here);
    assert!(matches!(page.content, Content::Method(_)));
}

#[test]
fn a_case_is_what_was_filled_shown_and_signed() {
    let mut walk = Walk::submitting();
    walk.reach_method();
    walk.touch(Touch::Here);
    walk.fill_all();
    let shown = signed_text(&walk.touch(Touch::Main));
    assert!(shown.contains(NAME) && shown.contains(NUMBER) && shown.contains(MOBILE));
    walk.touch(Touch::Main);
    walk.touch(Touch::Signed(picture()));
    let page = walk.touch(Touch::Main);
    assert_eq!(page.content, Content::Submitting);

    let (case, attachments) = walk.case();
    case.check(&attachments).expect("a fit case");
    assert_eq!(case.declaration.shown.sha256, Digest::of(shown.as_bytes()));
    assert_eq!(attachments[0].bytes.as_slice(), shown.as_bytes());
    let Applicant::Person { person } = &case.applicant else {
        panic!("the parent applies for themselves");
    };
    assert_eq!(person.name.reveal(), NAME);
    let field = |id: &str| case.form.iter().find(|field| field.field == id);
    let name = field("applicant-name").expect("filled from the card");
    assert_eq!(name.source, Source::Resource("card.name".into()));
    let mobile = field("mobile").expect("asked");
    assert_eq!(
        (mobile.value.reveal(), &mobile.source),
        (MOBILE, &Source::Citizen)
    );
    assert!(case.materials.iter().all(|m| m.how == How::Paper));
    // What the form itself makes is no paper: neither in the case, nor among what is handed in.
    let made = |id: &str| id == "certificate-form";
    assert!(!case.materials.iter().any(|m| made(&m.material)));
    assert!(!shown.contains("首次签发登记表"), "{shown}");
}

#[test]
fn no_number_is_shown_before_it_is_stored_and_received_only_when_upstream_said_so() {
    let mut walk = Walk::submitting();
    walk.reach_hand_in();
    let page = walk.touch(Touch::Main);
    assert_eq!(page.content, Content::Submitting);
    assert!(!page.frame.leave && !page.frame.back);
    // Waiting for the disk is not idling.
    let page = walk.wait(Duration::from_secs(300));
    assert_eq!((page.content, page.countdown), (Content::Submitting, None));
    let (number, _) = walk.store();
    let page = walk.wait(Duration::from_secs(6));
    let Content::Receipt(receipt) = &page.content else {
        panic!("{page:?}");
    };
    assert_eq!(receipt.number, number.to_string());
    assert_eq!(receipt.delivery, Delivery::Sending);
    assert_eq!(page.frame.main, Some(Main::Receipt));
    let page = walk.event(Event::Delivery {
        number,
        delivery: Delivery::Received,
    });
    let Content::Receipt(receipt) = page.content else {
        panic!();
    };
    assert_eq!(receipt.delivery, Delivery::Received);
    // Another case's news is none of this visit's business.
    let other = CaseNumber::random().expect("random");
    walk.event(Event::Delivery {
        number: other,
        delivery: Delivery::Parked,
    });
    let Content::Receipt(receipt) = walk.terminal.view().content else {
        panic!();
    };
    assert_eq!(receipt.delivery, Delivery::Received);
}

#[test]
fn what_could_not_be_stored_is_not_submitted_and_can_be_tried_again() {
    let mut walk = Walk::submitting();
    walk.reach_hand_in();
    walk.touch(Touch::Main);
    let visit = walk.visit();
    let page = walk.event(Event::Stored {
        visit,
        stored: Err(StoreFault::Full),
    });
    assert_eq!(page.content, Content::NotStored(StoreFault::Full));
    let before = walk.effects.len();
    let page = walk.touch(Touch::Main);
    assert_eq!(page.content, Content::Submitting);
    assert!(matches!(walk.effects[before], Effect::Submit { .. }));
}

#[test]
fn nobody_applies_twice_in_one_visit() {
    let mut walk = Walk::submitting();
    walk.reach_hand_in();
    walk.touch(Touch::Main);
    let (number, _) = walk.store();
    walk.event(Event::Delivery {
        number,
        delivery: Delivery::Waiting,
    });
    let submitted = |walk: &Walk| {
        let is = |effect: &&Effect| matches!(effect, Effect::Submit { .. });
        walk.effects.iter().filter(is).count()
    };
    assert_eq!(submitted(&walk), 1);
    let page = walk.touch(Touch::Back);
    assert!(matches!(page.content, Content::Receipt(_)), "{page:?}");
    walk.touch(Touch::Here);
    assert_eq!(submitted(&walk), 1);
}

#[test]
fn whatever_is_changed_after_signing_is_signed_again() {
    let mut walk = Walk::submitting();
    walk.reach_hand_in();
    walk.touch(Touch::Back);
    let page = walk.touch(Touch::Back);
    let Content::Check(check) = &page.content else {
        panic!("{page:?}");
    };
    let applicant = check
        .sections
        .iter()
        .take_while(|section| matches!(section.part, CheckPart::Applicant))
        .map(|section| section.rows.len())
        .sum::<usize>();
    let page = walk.touch(Touch::Row(applicant));
    let Content::Field(field) = &page.content else {
        panic!("{page:?}");
    };
    assert!(field.source.is_some(), "the card gave the first field");
    walk.touch(Touch::Erase);
    let page = walk.touch(Touch::Main);
    assert!(matches!(page.content, Content::Check(_)), "{page:?}");
    let shown = signed_text(&walk.touch(Touch::Main));
    assert!(
        shown.contains("欧阳一\n"),
        "the name was shortened: {shown}"
    );
    assert!(
        shown.contains(NAME),
        "and the card's stays beside it: {shown}"
    );
    walk.touch(Touch::Main);
    walk.touch(Touch::Signed(picture()));
    walk.touch(Touch::Main);
    let (case, _) = walk.case();
    assert_eq!(case.declaration.shown.sha256, Digest::of(shown.as_bytes()));
    let name = &case.form[0];
    assert_eq!(name.source, Source::Corrected("card.name".into()));
}

#[test]
fn the_signature_is_bound_to_the_language_that_was_read() {
    let mut walk = Walk::submitting();
    walk.reach_method();
    walk.touch(Touch::Here);
    walk.fill_all();
    let chinese = signed_text(&walk.touch(Touch::Main));
    let english = signed_text(&walk.touch(Touch::Language(Lang::En)));
    assert_ne!(chinese, english);
    walk.touch(Touch::Main);
    // Switching above the pad changes the words around it, not what was read.
    walk.touch(Touch::Language(Lang::Zh));
    walk.touch(Touch::Signed(picture()));
    walk.touch(Touch::Main);
    let (case, _) = walk.case();
    assert_eq!(
        case.declaration.shown.sha256,
        Digest::of(english.as_bytes())
    );
}

#[test]
fn a_missing_or_wrong_field_is_said_and_keeps_what_was_typed() {
    let mut walk = Walk::submitting();
    walk.reach_method();
    walk.touch(Touch::Here);
    walk.touch(Touch::Choose(0));
    let page = walk.touch(Touch::Main);
    let Content::Field(field) = &page.content else {
        panic!("the mobile number is asked for: {page:?}");
    };
    assert_eq!(field.label.zh, "手机号码");
    let fault = |page: &Page| match &page.content {
        Content::Field(field) => field.fault,
        _ => None,
    };
    let page = walk.touch(Touch::Main);
    assert_eq!(fault(&page), Some(FieldFault::Missing));
    for digit in "1390000".chars() {
        walk.touch(Touch::Key(digit));
    }
    let page = walk.touch(Touch::Main);
    assert_eq!(fault(&page), Some(FieldFault::Mobile));
    let Content::Field(field) = page.content else {
        panic!();
    };
    assert_eq!(
        field.input,
        FieldInput::Digits {
            typed: "139 0000".into()
        }
    );
    for digit in "1234".chars() {
        walk.touch(Touch::Key(digit));
    }
    let page = walk.touch(Touch::Main);
    assert_eq!(fault(&page), None);
}

#[test]
fn an_agent_is_not_taken_for_whom_they_act_for() {
    let mut walk = Walk::submitting();
    walk.reach_method();
    let page = walk.touch(Touch::Here);
    let Content::Applicant(ways) = &page.content else {
        panic!("{page:?}");
    };
    let agent = ways
        .iter()
        .position(|way| way.text.zh.contains("代理人"))
        .expect("an agent may come");
    walk.touch(Touch::Choose(agent));
    let page = walk.terminal.view();
    let Content::Form(form) = &page.content else {
        panic!("{page:?}");
    };
    assert!(form.fields.iter().all(|field| field.value.is_none()));
    walk.fill_all();
    walk.touch(Touch::Main);
    walk.touch(Touch::Main);
    let page = walk.touch(Touch::Signed(picture()));
    let Content::HandIn(hand_in) = &page.content else {
        panic!("{page:?}");
    };
    assert!(hand_in.authority.is_some(), "the authority is to be shown");
    walk.touch(Touch::Main);
    let (case, _) = walk.case();
    let Applicant::Agent { person, principal } = &case.applicant else {
        panic!();
    };
    assert_eq!(person.name.reveal(), NAME);
    assert_eq!(principal.name.reveal(), "示范市示范路一号");
}

#[test]
fn a_deferred_material_needs_its_own_signed_promise() {
    let mut walk = Walk::submitting();
    let page = walk.reach_hand_in();
    let Content::HandIn(hand_in) = &page.content else {
        panic!("{page:?}");
    };
    let Some(material) = hand_in
        .materials
        .iter()
        .find(|material| material.later.is_some())
    else {
        panic!("one of the materials may come later");
    };
    let (id, name) = (material.id.clone(), material.name.zh.clone());
    // What may not be deferred stays, whatever is touched.
    let firm = hand_in
        .materials
        .iter()
        .find(|material| material.later.is_none())
        .map(|material| material.id.clone())
        .expect("some material is needed at once");
    walk.touch(Touch::Later(firm));
    walk.touch(Touch::Later(id.clone()));
    let page = walk.touch(Touch::Main);
    let promise = signed_text(&page);
    assert!(promise.contains(&name));
    walk.touch(Touch::Main);
    let page = walk.touch(Touch::Signed(picture()));
    assert_eq!(page.frame.main, Some(Main::Submit));
    let page = walk.touch(Touch::Main);
    assert_eq!(page.content, Content::Submitting);
    let (case, attachments) = walk.case();
    case.check(&attachments).expect("a fit case");
    let later: Vec<_> = case
        .materials
        .iter()
        .filter_map(|material| match &material.how {
            How::Later { promise } => Some((&material.material, promise.shown.sha256)),
            How::Paper | How::Captured { .. } => None,
        })
        .collect();
    assert_eq!(later, [(&id, Digest::of(promise.as_bytes()))]);
}

#[test]
fn the_slip_counts_as_out_only_when_known_and_an_end_without_it_says_so() {
    let mut walk = Walk::submitting();
    walk.reach_hand_in();
    walk.touch(Touch::Main);
    let (number, _) = walk.store();
    walk.event(Event::Delivery {
        number,
        delivery: Delivery::Received,
    });
    walk.touch(Touch::Main);
    let Some(Effect::Print {
        visit,
        slip,
        document,
    }) = walk.effects.last().cloned()
    else {
        panic!("the receipt is printed");
    };
    let Document::Receipt { receipt, .. } = document.as_ref() else {
        panic!();
    };
    assert_eq!(receipt.number, number.to_string());
    assert!(!walk.wants(&Effect::SlipCompleted(number)));
    walk.event(Event::Slip {
        visit,
        slip,
        printed: Printed::Completed,
    });
    assert!(walk.wants(&Effect::SlipCompleted(number)));
    let page = walk.touch(Touch::Main);
    assert!(matches!(page.content, Content::Evaluate(_)), "{page:?}");
    assert_eq!(page.frame.main, Some(Main::Skip));
    walk.touch(Touch::RateMatter(Level::Content));
    let page = walk.touch(Touch::Main);
    assert!(matches!(page.content, Content::Goodbye(_)));
    assert!(walk.effects.iter().any(|effect| matches!(
        effect,
        Effect::Tell(opinion) if opinion.after() == Some(number)
    )));
    assert!(!walk.wants(&Effect::Dismiss(number)));

    let mut walk = Walk::submitting();
    walk.reach_hand_in();
    walk.touch(Touch::Main);
    let (number, _) = walk.store();
    walk.wait(Duration::from_secs(6));
    walk.touch(Touch::Finish);
    assert!(walk.wants(&Effect::Dismiss(number)));
}

#[test]
fn after_a_restart_the_number_alone_is_offered() {
    let numbers = [(); 2].map(|()| CaseNumber::random().expect("random"));
    let mut walk = Walk::submitting();
    let page = walk.event(Event::Unfinished(numbers.to_vec()));
    let Content::Recovered { numbers: shown, .. } = &page.content else {
        panic!("{page:?}");
    };
    assert_eq!(*shown, numbers.map(|number| number.to_string()));
    walk.touch(Touch::Print);
    let Some(Effect::Print {
        visit,
        slip,
        document,
    }) = walk.effects.last().cloned()
    else {
        panic!("the number is printed");
    };
    assert!(matches!(*document, Document::Numbers { .. }));
    walk.event(Event::Slip {
        visit,
        slip,
        printed: Printed::Completed,
    });
    assert!(
        numbers
            .iter()
            .all(|n| walk.wants(&Effect::SlipCompleted(*n)))
    );

    let mut walk = Walk::submitting();
    walk.event(Event::Unfinished(numbers.to_vec()));
    walk.touch(Touch::NotMine);
    assert!(numbers.iter().all(|n| walk.wants(&Effect::Dismiss(*n))));

    let mut walk = Walk::submitting();
    walk.event(Event::Unfinished(numbers.to_vec()));
    let page = walk.wait(Duration::from_secs(300));
    assert!(matches!(page.content, Content::Recovered { .. }));
    assert_eq!(page.countdown, None);
    let page = walk.wait(Duration::from_secs(400));
    assert_eq!(page.content, Content::Idle { staff: false });
    assert!(numbers.iter().all(|n| walk.wants(&Effect::Dismiss(*n))));
}

fn progress_of(number: CaseNumber) -> Box<api::Progress> {
    let at: Timestamp = "2026-11-24T01:00:00Z".parse().expect("a moment");
    let words = |zh: &str, en: &str| api::Words {
        zh: zh.into(),
        en: en.into(),
    };
    Box::new(api::Progress {
        number,
        matter: "newborn".into(),
        received: at,
        now: at,
        units: vec![api::UnitProgress {
            unit: "police".into(),
            name: words("公安局", "Police"),
            items: vec![api::ItemProgress {
                item: "birth-registration".into(),
                name: words("出生登记", "Registration"),
                state: State::Received,
                words: words("已收到，还没有受理", "received, not accepted yet"),
                since: at,
                note: None,
            }],
        }],
    })
}

#[test]
fn progress_opens_by_the_slips_code() {
    let mut walk = Walk::submitting();
    walk.event(Event::Says(Word::Scanner(ScannerStatus {
        device: DeviceState::Online,
        scanner: Scanner::On,
        cause: None,
    })));
    walk.touch(Touch::Wake);
    walk.touch(Touch::Track);
    let visit = walk.visit();
    assert!(walk.wants(&Effect::Scan { visit }));
    let page = walk.event(Event::Scanned {
        visit,
        text: Private::new("6901234567892"),
    });
    assert!(matches!(page.content, Content::Track { wrong: true, .. }));
    let number = CaseNumber::random().expect("random");
    let secret = SlipSecret::random().expect("random");
    let code = SlipCode {
        number,
        secret: secret.clone(),
    };
    let page = walk.event(Event::Scanned {
        visit,
        text: Private::new(code.to_text().as_str()),
    });
    assert_eq!(page.content, Content::Asking);
    let Some(Effect::Ask { request, .. }) = walk.effects.last() else {
        panic!();
    };
    assert_eq!(request.by, ProgressKey::Secret { secret });
    // Help lies over the answer; it is there when help is closed.
    walk.touch(Touch::Help);
    // The answer to a question that nobody waits for any more is not this one's.
    walk.event(Event::Progress {
        visit,
        ask: 0,
        answer: Err(AskFault::NotFound),
    });
    walk.event(Event::Progress {
        visit,
        ask: 1,
        answer: Ok(progress_of(number)),
    });
    let page = walk.touch(Touch::Back);
    let Content::Progress(progress) = &page.content else {
        panic!("{page:?}");
    };
    assert_eq!(progress.received, "2026-11-24 09:00");
    assert_eq!(progress.units[0].items[0].words.zh, "已收到，还没有受理");
}

#[test]
fn progress_opens_by_number_and_card_and_the_card_tells_nothing_else() {
    let mut walk = Walk::submitting();
    walk.touch(Touch::Wake);
    walk.touch(Touch::Track);
    walk.touch(Touch::TypeCase);
    walk.touch(Touch::Insert(Private::new("7")));
    let page = walk.touch(Touch::Main);
    let Content::CaseNumber(typed) = &page.content else {
        panic!("{page:?}");
    };
    assert_eq!(typed.error, Some(CaseNumberFault::Short));
    walk.touch(Touch::Erase);
    let number = CaseNumber::random().expect("random");
    for character in number.compact().to_ascii_lowercase().chars() {
        walk.touch(Touch::Insert(Private::new(character.to_string())));
    }
    let page = walk.touch(Touch::Main);
    assert!(
        matches!(page.content, Content::Card { ways: false, .. }),
        "{page:?}"
    );
    let visit = walk.visit();
    let page = walk.event(Event::Card {
        visit,
        reply: CardReply::Read(card()),
    });
    assert_eq!(page.content, Content::Asking);
    let asked = walk.effects.iter().find_map(|effect| match effect {
        Effect::Ask { request, .. } => Some(request),
        _ => None,
    });
    let by = &asked.expect("upstream is asked").by;
    assert_eq!(
        *by,
        ProgressKey::Card {
            code: Private::new(NUMBER)
        }
    );
    let page = walk.event(Event::Progress {
        visit,
        ask: 1,
        answer: Err(AskFault::NotFound),
    });
    assert_eq!(page.content, Content::NoProgress(AskFault::NotFound));
    // Whoever goes on to a matter is asked who they are like anybody else.
    walk.touch(Touch::Back);
    walk.touch(Touch::Back);
    walk.touch(Touch::Matter("newborn".into()));
    let page = walk.touch(Touch::Main);
    assert!(matches!(page.content, Content::Consent { .. }), "{page:?}");
}

/// Asking again repeats the question; a number that was typed is kept.
#[test]
fn progress_that_cannot_be_had_is_asked_for_again() {
    let mut walk = Walk::submitting();
    walk.touch(Touch::Wake);
    walk.touch(Touch::Track);
    walk.touch(Touch::TypeCase);
    let number = CaseNumber::random().expect("random");
    walk.touch(Touch::Insert(Private::new(number.compact())));
    let typed = |page: &Page| match &page.content {
        Content::CaseNumber(typed) => typed.typed.clone(),
        _ => panic!("{page:?}"),
    };
    let whole = typed(&walk.terminal.view());
    walk.touch(Touch::Main);
    let page = walk.touch(Touch::Back);
    assert_eq!(typed(&page), whole, "back from the card keeps the number");
    walk.touch(Touch::Main);
    let visit = walk.visit();
    walk.event(Event::Card {
        visit,
        reply: CardReply::Read(card()),
    });
    let asked = |walk: &Walk| match walk.effects.last() {
        Some(Effect::Ask { ask, request, .. }) => (*ask, request.clone()),
        _ => panic!("{:?}", walk.effects.last()),
    };
    let (first, request) = asked(&walk);
    for fault in [AskFault::Unreachable, AskFault::Refused] {
        let (ask, _) = asked(&walk);
        let answer = Err(fault);
        walk.event(Event::Progress { visit, ask, answer });
        let page = walk.touch(Touch::Main);
        assert_eq!(page.content, Content::Asking, "{fault:?}");
        let (again, same) = asked(&walk);
        assert!(
            again > ask,
            "an answer to the first does not count any more"
        );
        assert_eq!(same, request);
    }
    // The first answer comes after all: another question is open by now.
    let answer = Ok(progress_of(number));
    let page = walk.event(Event::Progress {
        visit,
        ask: first,
        answer,
    });
    assert_eq!(page.content, Content::Asking);
    // A number that is not known is looked at again, not typed again.
    let (ask, _) = asked(&walk);
    let answer = Err(AskFault::NotFound);
    walk.event(Event::Progress { visit, ask, answer });
    let page = walk.touch(Touch::Main);
    assert_eq!(typed(&page), whole);
    // Asking on and on would keep it closed.
    walk.touch(Touch::Main);
    walk.event(Event::Card {
        visit,
        reply: CardReply::Read(card()),
    });
    let (ask, _) = asked(&walk);
    let answer = Err(AskFault::TooMany);
    walk.event(Event::Progress { visit, ask, answer });
    let page = walk.touch(Touch::Main);
    assert!(matches!(page.content, Content::Track { .. }), "{page:?}");
}

/// A case that is parked, or an outbox that cannot be opened, is known to the terminal as a whole.
#[test]
fn what_the_outbox_says_is_part_of_the_terminals_health() {
    use crate::health::{Condition, Part, Trouble};
    let mut walk = Walk::submitting();
    let outbox = |walk: &Walk| {
        let mut entries = walk.terminal.health().entries().iter();
        let outbox = entries.find(|entry| entry.part == Part::Outbox);
        outbox.expect("it has one").condition()
    };
    assert_eq!(outbox(&walk), Condition::Good);
    walk.event(Event::Says(Word::Outbox(OutboxState::Open { parked: 2 })));
    assert_eq!(outbox(&walk), Condition::Troubled(Trouble::Parked(2)));
    assert!(matches!(walk.effects.last(), Some(Effect::Log(_))));
    let home = |page: Page| match page.content {
        Content::Home(home) => home.track,
        _ => panic!("{page:?}"),
    };
    assert!(home(walk.touch(Touch::Wake)), "others submit as before");
    let page = walk.event(Event::Says(Word::Outbox(OutboxState::Closed)));
    assert!(!home(page));
}

#[test]
fn who_applies_is_not_asked_twice() {
    let mut walk = Walk::submitting();
    walk.reach_questions("restaurant");
    walk.answer_all();
    walk.touch(Touch::Main);
    let page = walk.touch(Touch::Here);
    assert!(matches!(page.content, Content::Form(_)), "{page:?}");
    let page = walk.touch(Touch::Back);
    assert!(matches!(page.content, Content::Method(_)), "{page:?}");
}

/// The card of whoever stands in for somebody else answers nothing about them.
#[test]
fn a_guardian_answers_for_the_ward_and_not_by_their_own_card() {
    let mut walk = Walk::submitting();
    walk.touch(Touch::Wake);
    walk.touch(Touch::Matter("retirement".into()));
    walk.touch(Touch::Main);
    walk.touch(Touch::Main);
    let visit = walk.visit();
    let mut guardian_card = card();
    guardian_card.birth = Day::parse("19660102");
    guardian_card.sex = Some(Sex::Male);
    walk.event(Event::Card {
        visit,
        reply: CardReply::Read(guardian_card),
    });
    walk.touch(Touch::Main);
    walk.answer_all();
    walk.touch(Touch::Main);
    let guardian = |page: &Page| match &page.content {
        Content::Applicant(ways) => ways.iter().position(|way| way.text.zh.contains("监护人")),
        _ => panic!("{page:?}"),
    };
    let page = walk.touch(Touch::Here);
    let place = guardian(&page).expect("a guardian may come");
    let page = walk.touch(Touch::Choose(place));
    assert!(matches!(page.content, Content::Question(_)), "{page:?}");
    walk.answer_all();
    walk.touch(Touch::Main);
    walk.touch(Touch::Here);
    walk.touch(Touch::Choose(place));
    walk.fill_all();
    walk.touch(Touch::Main);
    walk.touch(Touch::Main);
    walk.touch(Touch::Signed(picture()));
    walk.touch(Touch::Main);
    let (case, _) = walk.case();
    let Applicant::Guardian { person, ward } = &case.applicant else {
        panic!("{:?}", case.applicant);
    };
    assert_eq!(person.name.reveal(), NAME);
    assert_eq!(ward.name.reveal(), "示范市示范路一号");
    assert!(
        case.answers
            .iter()
            .all(|answer| answer.source == Source::Citizen)
    );
}

/// What is said to be wrong goes upstream at once, each once, and nothing of who says so goes with it.
#[test]
fn a_wrong_guide_is_told_upstream() {
    let mut walk = Walk::new();
    walk.touch(Touch::Wake);
    let page = walk.touch(Touch::Matter("newborn".into()));
    let offered = |page: &Page| match &page.content {
        Content::Notice(notice) => notice.wrong,
        Content::Help(help) => help.wrong,
        _ => panic!("{page:?}"),
    };
    assert!(!offered(&page), "without an upstream nobody would hear it");
    assert!(!offered(&walk.touch(Touch::Help)));
    let page = walk.touch(Touch::Wrong);
    assert!(matches!(page.content, Content::Help(_)), "{page:?}");

    let page = walk.event(Event::Says(Word::Outbox(OutboxState::Open { parked: 0 })));
    assert!(offered(&page));
    let page = walk.touch(Touch::Wrong);
    assert!(matches!(&page.content, Content::Wrong(wrong) if wrong.said.is_empty()));
    let (cost, unclear) = (api::GuidePart::Cost, api::GuidePart::Unclear);
    for part in [cost, unclear, cost] {
        walk.touch(Touch::WrongPart(part));
    }
    let page = walk.terminal.view();
    assert!(matches!(&page.content, Content::Wrong(wrong) if wrong.said.len() == 2));
    walk.touch(Touch::Back);
    let page = walk.touch(Touch::Back);
    assert!(matches!(page.content, Content::Notice(_)), "{page:?}");
    let told: Vec<_> = walk.remarks().map(|remark| &remark.about).collect();
    let guide = |part| api::Wrong::Guide { part };
    assert_eq!(told, [&guide(cost), &guide(unclear)]);
    assert!(walk.remarks().all(|remark| remark.matter == "newborn"));
}

/// An answer that the card gave and the citizen changes is an objection (6.4 b); one that stays is none.
#[test]
fn an_answer_of_a_source_is_contested() {
    for contested in [false, true] {
        let mut walk = Walk::submitting();
        walk.reach_identity("retirement", card());
        let page = walk.touch(Touch::Change("sex".into()));
        let Content::Question(question) = &page.content else {
            panic!("{page:?}");
        };
        let Input::Choice(choices) = &question.input else {
            panic!("{page:?}");
        };
        let option = choices
            .iter()
            .position(|choice| choice.chosen != contested)
            .expect("the card answers it");
        walk.touch(Touch::Choose(option));
        assert!(question.contested, "that it is told upstream is said");
        // From here on it is the citizen's own answer.
        let page = walk.touch(Touch::Change("sex".into()));
        assert!(matches!(&page.content, Content::Question(own) if !own.contested));
        walk.touch(Touch::Choose(1 - option));
        let told: Vec<_> = walk.remarks().collect();
        assert_eq!(told.len(), usize::from(contested), "{told:?}");
        for remark in told {
            let question = "sex".to_owned();
            assert_eq!(remark.about, api::Wrong::Answer { question });
            assert_eq!(remark.matter, "retirement");
        }
    }
}

/// What the card shows suggests other matters; whoever laid none is told nothing about themselves.
#[test]
fn a_card_suggests_by_age_and_address() {
    let suggested = |birth: Option<&str>, address: &str| {
        let mut walk = Walk::new();
        match birth {
            Some(birth) => {
                let mut card = card();
                card.birth = Day::parse(birth);
                card.address = Some(address.into());
                walk.reach_identity("newborn", card);
                walk.touch(Touch::Main);
            }
            None => {
                walk.touch(Touch::Wake);
                walk.touch(Touch::Matter("newborn".into()));
                walk.touch(Touch::Main);
                walk.touch(Touch::WithoutCard);
            }
        }
        walk.answer_all();
        let page = walk.terminal.view();
        let Content::Result(outcome) = page.content else {
            panic!("{page:?}");
        };
        let names = outcome.suggested.iter().map(|name| name.zh.clone());
        names.collect::<Vec<_>>()
    };
    // On 24 November 2026.
    assert_eq!(suggested(Some("19771124"), "示范市"), ["退休"]);
    assert_eq!(suggested(Some("19771125"), "示范市"), [] as [&str; 0]);
    assert_eq!(suggested(Some("19601124"), "示范市"), [] as [&str; 0]);
    assert_eq!(suggested(None, ""), [] as [&str; 0]);
    // Whose child comes to school is told after every birth, and not twice.
    assert_eq!(suggested(Some("19900101"), "别的市"), [] as [&str; 0]);
}
