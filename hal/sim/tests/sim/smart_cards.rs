//! Social security cards and ID cards through a real PC/SC service: what is beside the cases of the
//! conformance suite.

use std::time::{Duration, Instant};

use yici_hal::id_card::number::NumberError;
use yici_hal::id_card::{self, CardKind, CardReader, ReaderError, Sex, nation_name};
use yici_hal::smart_card::{self, SmartCardError};
use yici_hal::social_card::record::RecordError;
use yici_hal::social_card::{self, SocialCard, SocialCardError, SocialCardReader};
use yici_hal::status::{Actor, CardMedia, Cause, DeviceState};

use crate::bench::Bench;
use crate::memory::{canary, canary_file, encodings, occurrences};
use crate::pcscd::{Pcscd, with_pcscd};

/// Generous, as the machine may be busy; and still far from "never".
const SOON: Duration = Duration::from_secs(30);

fn cards(pcscd: &Pcscd) -> Bench {
    let slot = |number: u16| format!("127.0.0.1:{}", pcscd.port + number);
    Bench::run(&["--social-card", &slot(0), "--pcsc-card-reader", &slot(1)])
}

fn social_reader() -> Box<dyn SocialCardReader> {
    social_card::open(&"pcsc:Virtual PCD 00 00".parse().unwrap()).unwrap()
}

#[track_caller]
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + SOON;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "{what} does not come to pass");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[track_caller]
fn found(reader: &mut dyn SocialCardReader) {
    until("finding a card", || reader.find().unwrap().then_some(()));
}

/// Waits until the service has seen that no card is there.
#[track_caller]
fn gone(reader: &mut dyn SocialCardReader) {
    until("an empty reader", || {
        (reader.status().media == Some(CardMedia::NotPresent)).then_some(())
    });
    assert!(!reader.find().unwrap(), "nothing lies there");
}

/// Waits until the service has its readers again, by a session that knows of none before.
#[track_caller]
fn back() {
    until("the readers' return", || {
        let readers = smart_card::readers().unwrap_or_default();
        (readers.len() == 2).then_some(())
    });
}

#[track_caller]
fn lay_and_read(
    bench: &Bench,
    reader: &mut dyn SocialCardReader,
    who: &str,
) -> Result<SocialCard, SocialCardError> {
    bench.ctl(&format!("social lay {who}"));
    found(reader);
    let card = reader.read();
    bench.ctl("social lift");
    gone(reader);
    card
}

#[test]
fn social_security_cards_are_read() {
    with_pcscd("smart_cards::social_security_cards_are_read", |pcscd| {
        let bench = cards(&pcscd);
        let mut reader = social_reader();
        gone(&mut *reader);
        for (who, name, sex, nation) in [
            ("citizen", "李小满", Sex::Female, "汉"),
            ("rare", "龙䶮𬭎", Sex::Male, "土家"),
            ("long", "阿卜杜热合曼·示例买买提江吾尼", Sex::Male, "维吾尔"),
            ("elder", "欧阳白露", Sex::Female, "回"),
            ("minor", "吴芒种", Sex::Male, "汉"),
            ("taiwan", "林示例", Sex::Female, "汉"),
            ("y-card", "示例安娜", Sex::Female, "汉"),
        ] {
            let card = lay_and_read(&bench, &mut *reader, who).unwrap();
            assert_eq!((card.name.as_str(), card.sex), (name, Some(sex)));
            assert_eq!(card.nation.as_deref().and_then(nation_name), Some(nation));
            assert_eq!(card.birth, card.number.birth(), "{who}");
            assert_eq!(
                card.birthplace.as_deref(),
                Some(&card.number.as_str()[..6]),
                "{who}"
            );
            assert_eq!(
                card.card_number,
                format!("T{}", &card.number.as_str()[10..])
            );
            assert_eq!(format!("{card:?}"), "SocialCard(…)");
        }
    });
}

#[test]
fn wrong_replies_are_refused_and_the_next_card_is_read() {
    with_pcscd(
        "smart_cards::wrong_replies_are_refused_and_the_next_card_is_read",
        |pcscd| {
            let bench = cards(&pcscd);
            let mut reader = social_reader();
            bench.ctl("social status-word 6A83");
            let error = lay_and_read(&bench, &mut *reader, "citizen").unwrap_err();
            assert!(
                matches!(
                    error,
                    SocialCardError::Card(SmartCardError::Refused { sw: 0x6A83 })
                ),
                "{error:?}"
            );
            assert_eq!(error.actor(), Actor::Citizen);

            bench.ctl("social truncate");
            let error = lay_and_read(&bench, &mut *reader, "citizen").unwrap_err();
            assert!(
                matches!(
                    error,
                    SocialCardError::BadRecord(RecordError::Layout("card number"))
                ),
                "{error:?}"
            );

            let file = bench.directory().join("wrong.toml");
            let text = "name = \"吴谷雨\"\nsex = \"1\"\nbirth = \"20000101\"\nnumber = \"370102200001010018\"\nvalid_from = \"20200101\"\nvalid_to = \"20300101\"\n";
            std::fs::write(&file, text).unwrap();
            let error = lay_and_read(&bench, &mut *reader, file.to_str().unwrap()).unwrap_err();
            assert!(
                matches!(
                    error,
                    SocialCardError::BadRecord(RecordError::Number(NumberError::CheckDigit))
                ),
                "{error:?}"
            );
            let card = lay_and_read(&bench, &mut *reader, "citizen").unwrap();
            assert_eq!(card.name, "李小满");

            // An ID card in a reader of social security cards.
            let mut reader = social_card::open(&"pcsc:Virtual PCD 00 01".parse().unwrap()).unwrap();
            bench.ctl("pcsc-card lay citizen");
            found(&mut *reader);
            let error = reader.read().unwrap_err();
            assert!(
                matches!(error, SocialCardError::OtherCard { sw: 0x6D00 }),
                "{error:?}"
            );
            assert!(!reader.find().unwrap(), "said once");
        },
    );
}

#[test]
fn a_service_that_ends_is_told_and_found_again() {
    with_pcscd(
        "smart_cards::a_service_that_ends_is_told_and_found_again",
        |mut pcscd| {
            let bench = cards(&pcscd);
            let mut reader = social_reader();
            lay_and_read(&bench, &mut *reader, "citizen").unwrap();
            let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
            let before = descriptors();
            for who in ["man", "elder", "rare"] {
                bench.ctl(&format!("social lay {who}"));
                found(&mut *reader);
                pcscd.kill();
                let error = reader.read().unwrap_err();
                assert!(
                    matches!(error, SocialCardError::Card(SmartCardError::NoService)),
                    "{error:?}"
                );
                assert_eq!(error.actor(), Actor::Technician);
                assert_eq!(reader.find().unwrap_err().cause(), Some(Cause::ServiceDown));
                let status = reader.status();
                assert_eq!(
                    (status.device, status.cause),
                    (DeviceState::Offline, Some(Cause::ServiceDown))
                );
                bench.ctl("social lift");

                pcscd.start_again(true);
                back();
                assert!(reader.status().ready(), "by the next call");
                lay_and_read(&bench, &mut *reader, who).unwrap();
            }
            assert!(descriptors() <= before, "none is left open");
        },
    );
}

#[test]
fn a_reader_that_vanishes_is_told_and_found_again() {
    with_pcscd(
        "smart_cards::a_reader_that_vanishes_is_told_and_found_again",
        |mut pcscd| {
            let bench = cards(&pcscd);
            let mut reader = social_reader();
            let readers = smart_card::readers().unwrap();
            assert_eq!(readers, ["Virtual PCD 00 00", "Virtual PCD 00 01"]);
            let mut other = social_card::open(&"pcsc:Another".parse().unwrap()).unwrap();
            assert_eq!(
                other.status().cause,
                Some(Cause::NotConnected),
                "by its name"
            );
            assert_eq!(other.find().unwrap_err().cause(), Some(Cause::NotConnected));
            pcscd.start_again(false);
            until("the reader's absence", || {
                (reader.status().cause == Some(Cause::NotConnected)).then_some(())
            });
            let error = reader.find().unwrap_err();
            assert!(
                matches!(error, SocialCardError::Card(SmartCardError::NoReader)),
                "{error:?}"
            );
            assert_eq!(error.actor(), Actor::Staff);
            pcscd.start_again(true);
            back();
            assert!(reader.status().ready(), "by the next call");
            let card = lay_and_read(&bench, &mut *reader, "citizen").unwrap();
            assert_eq!(card.name, "李小满");
        },
    );
}

fn id_reader() -> Box<dyn CardReader> {
    id_card::open(&"pcsc:Virtual PCD 00 01".parse().unwrap()).unwrap()
}

#[track_caller]
fn id_found(reader: &mut dyn CardReader) {
    until("finding a card", || reader.find().unwrap().then_some(()));
}

#[test]
fn id_cards_are_read_through_the_service() {
    with_pcscd(
        "smart_cards::id_cards_are_read_through_the_service",
        |pcscd| {
            let bench = cards(&pcscd);
            let mut reader = id_reader();
            for (who, kind, name) in [
                ("citizen", CardKind::Citizen, "李小满"),
                ("rare", CardKind::Citizen, "龙䶮𬭎"),
                ("long", CardKind::Citizen, "阿卜杜热合曼·示例买买提江吾尼"),
                ("j-card", CardKind::HkMacaoTaiwan, "周示范"),
                ("y-card", CardKind::Foreigner2023, "示例安娜"),
                ("i-card", CardKind::Foreigner2017, "示例约翰"),
            ] {
                bench.ctl(&format!("pcsc-card lay {who}"));
                id_found(&mut *reader);
                let card = reader.read().unwrap();
                assert_eq!((card.kind, card.name.as_str()), (kind, name));
                assert_eq!(card.photo.len(), 1024);
                assert!(card.photo.starts_with(b"WLf\0"), "{who}");
                for _ in 0..3 {
                    assert!(!reader.find().unwrap(), "{who} has to leave first");
                }
                bench.ctl("pcsc-card lift");
                until("an empty reader", || {
                    (reader.status().media == Some(CardMedia::NotPresent)).then_some(())
                });
            }
            let error = reader.sam_id().unwrap_err();
            assert!(matches!(error, ReaderError::NoSamId));
            assert_eq!((error.actor(), error.cause()), (Actor::Nobody, None));
        },
    );
}

#[test]
fn faults_of_id_cards_through_the_service_are_told_apart() {
    with_pcscd(
        "smart_cards::faults_of_id_cards_through_the_service_are_told_apart",
        |mut pcscd| {
            let bench = cards(&pcscd);
            let mut reader = id_reader();
            for (order, citizen) in [("status-word 6A82", true), ("truncate", true)] {
                bench.ctl(&format!("pcsc-card {order}"));
                bench.ctl("pcsc-card lay citizen");
                id_found(&mut *reader);
                let error = reader.read().unwrap_err();
                assert_eq!(error.actor() == Actor::Citizen, citizen, "{error:?}");
                bench.ctl("pcsc-card lift");
            }
            bench.ctl("pcsc-card lay citizen");
            id_found(&mut *reader);
            assert_eq!(reader.read().unwrap().name, "李小满");
            pcscd.kill();
            let error = reader.find().unwrap_err();
            assert_eq!(error.cause(), Some(Cause::ServiceDown), "{error:?}");
            assert_eq!(reader.status().cause, Some(Cause::ServiceDown));
        },
    );
}

#[test]
fn neither_social_nor_id_card_leaves_the_name_behind() {
    with_pcscd(
        "smart_cards::neither_social_nor_id_card_leaves_the_name_behind",
        |pcscd| {
            let bench = cards(&pcscd);
            let file = bench.directory().join("canary.toml");
            let text = canary_file("370102200001010023");
            std::fs::write(&file, text.as_bytes()).unwrap();
            drop(text);
            let encodings = encodings();
            let held = || encodings.each_ref().map(|encoding| occurrences(encoding));
            assert_eq!(held(), [0; 3]);

            let (mut social, mut id) = (social_reader(), id_reader());
            bench.ctl(&format!("social lay {}", file.display()));
            bench.ctl(&format!("pcsc-card lay {}", file.display()));
            found(&mut *social);
            id_found(&mut *id);
            {
                let (social, id) = (social.read().unwrap(), id.read().unwrap());
                assert_eq!(social.name, *canary());
                assert_eq!(id.name, *canary());
                assert!(held()[0] > 0, "the records hold it");
            }
            // With the drivers still open.
            assert_eq!(held(), [0; 3]);
        },
    );
}
