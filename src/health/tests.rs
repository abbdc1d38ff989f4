//! What each word makes of the offer.

use std::time::Duration;

use proptest::prelude::*;
use yici_catalog::Lang;
use yici_hal::status::{Cameras, CardMedia, Media, Scanner};

use super::*;

fn at(seconds: u64) -> Moment {
    Moment {
        mono: Duration::from_secs(seconds),
        wall: None,
    }
}

fn reader(device: DeviceState, cause: Option<Cause>) -> Word {
    Word::Reader(ReaderStatus {
        device,
        media: Some(CardMedia::Unknown),
        cause,
    })
}

fn printer(device: DeviceState, paper: Option<Paper>, cause: Option<Cause>) -> Word {
    Word::Printer(PrinterStatus {
        device,
        paper,
        media: Some(Media::NotPresent),
        cause,
    })
}

fn scanner(device: DeviceState, scanner: Scanner, cause: Option<Cause>) -> Word {
    Word::Scanner(ScannerStatus {
        device,
        scanner,
        cause,
    })
}

fn form_printer(paper: Paper, cause: Option<Cause>) -> Word {
    Word::FormPrinter(PrinterStatus {
        device: cause.map_or(DeviceState::Online, Cause::device),
        paper: Some(paper),
        media: None,
        cause,
    })
}

const GOOD: [fn() -> Word; 8] = [
    || reader(DeviceState::Online, None),
    || printer(DeviceState::Online, Some(Paper::Full), None),
    || scanner(DeviceState::Online, Scanner::On, None),
    || Word::Outbox(OutboxState::Open { parked: 0 }),
    || Word::Uplink {
        link: Link::Reachable,
        clock_trusted: true,
    },
    || {
        Word::SocialCardReader(ReaderStatus {
            device: DeviceState::Online,
            media: Some(CardMedia::NotPresent),
            cause: None,
        })
    },
    || {
        Word::Camera(CameraStatus {
            device: DeviceState::Online,
            media: None,
            cameras: Cameras::Ok,
            cause: None,
        })
    },
    || form_printer(Paper::Full, None),
];

fn good() -> Health {
    let mut health = Health::default();
    for word in GOOD {
        health.hear(word(), at(0));
    }
    health
}

#[test]
fn with_everything_good_everything_is_offered() {
    let health = good();
    assert!(health.taken_off().is_empty());
    assert_eq!(health.reader(), Offer::Ready);
    assert_eq!(health.printer(), Offer::Ready);
    assert_eq!(health.scanner(), Offer::Ready);
    assert!(health.submits() && health.clock_trusted());
}

/// Each single fault, and the journeys that it takes off; everything else stays.
#[test]
fn a_fault_takes_off_what_hangs_on_it_and_nothing_else() {
    let offline = DeviceState::Offline;
    let cases = [
        (
            reader(offline, Some(Cause::NotConnected)),
            vec![Journey::IdentityByCard, Journey::ProgressByCard],
        ),
        (
            printer(offline, Some(Paper::Out), Some(Cause::PaperOut)),
            vec![Journey::Paper],
        ),
        (
            printer(offline, Some(Paper::Full), Some(Cause::NoLedger)),
            vec![Journey::Paper],
        ),
        // It may print all the same: the citizen is asked.
        (
            printer(offline, Some(Paper::Unknown), Some(Cause::NoAnswer)),
            vec![],
        ),
        (printer(DeviceState::Online, Some(Paper::Low), None), vec![]),
        (
            scanner(offline, Scanner::Unknown, Some(Cause::NotConnected)),
            vec![Journey::ProgressByCode],
        ),
        (
            Word::Outbox(OutboxState::Closed),
            vec![
                Journey::Submit,
                Journey::ProgressByCode,
                Journey::ProgressByCard,
            ],
        ),
        (Word::Outbox(OutboxState::Open { parked: 3 }), vec![]),
        (
            Word::Uplink {
                link: Link::Unreachable,
                clock_trusted: false,
            },
            vec![],
        ),
        // No journey takes these yet.
        (
            Word::SocialCardReader(ReaderStatus::faulty(Cause::ServiceDown)),
            vec![],
        ),
        (
            Word::Camera(CameraStatus::faulty(Cause::NotConnected)),
            vec![],
        ),
        (form_printer(Paper::Out, Some(Cause::PaperOut)), vec![]),
        (form_printer(Paper::Low, None), vec![]),
    ];
    for (word, off) in cases {
        let mut health = good();
        let change = health.hear(word, at(5)).expect("it is no longer good");
        assert_eq!(change.was, Condition::Good, "{word:?}");
        assert!(
            matches!(change.is, Condition::Troubled(_)),
            "{word:?}: {change:?}"
        );
        assert_eq!(health.taken_off(), off, "{word:?}");
    }
}

#[test]
fn what_a_terminal_is_set_up_without_is_not_spoken_of() {
    let health = Health::default();
    assert_eq!(health.reader(), Offer::Absent);
    assert_eq!(health.printer(), Offer::Absent);
    assert_eq!(health.scanner(), Offer::Absent);
    assert!(!health.submits());
    assert!(health.taken_off().is_empty());
    let mut health = good();
    health.hear(
        reader(DeviceState::NoDevice, Some(Cause::NotConnected)),
        at(1),
    );
    assert_eq!(health.reader(), Offer::Absent);
}

#[test]
fn a_change_is_told_once_with_its_time_and_how_long_it_was_otherwise() {
    let mut health = good();
    let paper_out = printer(
        DeviceState::Offline,
        Some(Paper::Out),
        Some(Cause::PaperOut),
    );
    let change = health.hear(paper_out, at(60)).expect("a change");
    assert_eq!(change.part, Part::Device(DeviceClass::Printer));
    assert_eq!(
        change.is,
        Condition::Troubled(Trouble::Fault(Cause::PaperOut))
    );
    assert_eq!(
        (change.since, change.lasted),
        (at(60), Duration::from_secs(60))
    );
    for second in 61..70 {
        assert_eq!(health.hear(paper_out, at(second)), None);
    }
    let change = health.hear(GOOD[1](), at(75)).expect("it is mended");
    assert_eq!(change.lasted, Duration::from_secs(15));
    assert_eq!(change.is, Condition::Good);
    // Only what matters is a change: a slip in the outlet is none.
    let with_slip = Word::Printer(PrinterStatus {
        device: DeviceState::Online,
        paper: Some(Paper::Full),
        media: Some(Media::Present),
        cause: None,
    });
    assert_eq!(health.hear(with_slip, at(76)), None);
    assert_eq!(health.entries()[1].word, Some(with_slip));
    assert_eq!(health.entries()[1].since, at(75));
}

#[test]
fn every_fault_says_in_both_languages_what_happened_and_what_to_do() {
    let faults = CAUSES.map(Trouble::Fault);
    let others = [
        Trouble::PaperLow,
        Trouble::OutboxClosed,
        Trouble::Parked(2),
        Trouble::Unreachable,
        Trouble::Refused,
    ];
    let mut seen = Vec::new();
    for trouble in faults.into_iter().chain(others) {
        for lang in [Lang::Zh, Lang::En] {
            let told = happened(trouble, lang);
            let next = next_step(Part::Device(DeviceClass::Printer), trouble, lang);
            let chinese = |text: &str| text.chars().any(|c| ('\u{4E00}'..='\u{9FFF}').contains(&c));
            assert_eq!(chinese(&told), lang == Lang::Zh, "{told}");
            assert_eq!(chinese(next), lang == Lang::Zh, "{next}");
            assert!(
                !seen.contains(&told),
                "two faults in the same words: {told}"
            );
            seen.push(told);
        }
    }
}

#[test]
fn a_form_printer_wants_sheets_and_a_slip_printer_a_roll() {
    let next = |class| {
        let out = Trouble::Fault(Cause::PaperOut);
        next_step(Part::Device(class), out, Lang::Zh)
    };
    assert!(next(DeviceClass::FormPrinter).contains("A4"));
    assert!(next(DeviceClass::Printer).contains("纸卷"));
}

const STATES: [DeviceState; 10] = [
    DeviceState::Online,
    DeviceState::Offline,
    DeviceState::PowerOff,
    DeviceState::NoDevice,
    DeviceState::HardwareError,
    DeviceState::UserError,
    DeviceState::DeviceBusy,
    DeviceState::FraudAttempt,
    DeviceState::PotentialFraud,
    DeviceState::Starting,
];

const CAUSES: [Cause; 21] = [
    Cause::CoverOpen,
    Cause::PaperOut,
    Cause::PaperJam,
    Cause::Cutter,
    Cause::HeadHot,
    Cause::FeedKey,
    Cause::Recoverable,
    Cause::Unrecoverable,
    Cause::Offline,
    Cause::NotConnected,
    Cause::NoAnswer,
    Cause::Garbled,
    Cause::SecurityModule,
    Cause::CannotDraw,
    Cause::NotTaken,
    Cause::TonerOut,
    Cause::OutputFull,
    Cause::Busy,
    Cause::NoRight,
    Cause::ServiceDown,
    Cause::NoLedger,
];

fn any_cause() -> impl Strategy<Value = Option<Cause>> {
    prop::option::of(prop::sample::select(CAUSES.to_vec()))
}

fn any_state() -> impl Strategy<Value = DeviceState> {
    prop::sample::select(STATES.to_vec())
}

fn any_paper() -> impl Strategy<Value = Option<Paper>> {
    prop::option::of(prop::sample::select(vec![
        Paper::Unknown,
        Paper::Full,
        Paper::Low,
        Paper::Out,
        Paper::Jammed,
    ]))
}

fn any_scanner() -> impl Strategy<Value = Scanner> {
    prop::sample::select(vec![
        Scanner::Unknown,
        Scanner::On,
        Scanner::Off,
        Scanner::Inoperative,
    ])
}

proptest! {
    /// Invariant 7, over every status there can be: ready is offered only where the device itself said
    /// that all is well, whatever it said before.
    #[test]
    fn unknown_is_never_good(
        words in prop::collection::vec(
            prop_oneof![
                (any_state(), any_cause()).prop_map(|(state, cause)| reader(state, cause)),
                (any_state(), any_paper(), any_cause())
                    .prop_map(|(state, paper, cause)| printer(state, paper, cause)),
                (any_state(), any_scanner(), any_cause())
                    .prop_map(|(state, on, cause)| scanner(state, on, cause)),
            ],
            1..8,
        )
    ) {
        let mut health = good();
        for (second, word) in words.into_iter().enumerate() {
            health.hear(word, at(second as u64));
            let (offer, ready) = match word {
                Word::Reader(status) => (health.reader(), status.ready()),
                Word::Printer(status) => (health.printer(), status.ready()),
                Word::Scanner(status) => (health.scanner(), status.ready()),
                Word::SocialCardReader(_)
                | Word::Camera(_)
                | Word::FormPrinter(_)
                | Word::Outbox(_)
                | Word::Uplink { .. } => unreachable!("not made here"),
            };
            prop_assert_eq!(offer == Offer::Ready, ready, "{:?}", word);
        }
    }
}
