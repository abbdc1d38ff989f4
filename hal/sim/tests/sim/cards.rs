//! ID cards.

use std::time::{Duration, Instant};

use yici_hal::id_card::{
    self, CardKind, CardReader, IdCard, ReaderError, Sex, Validity, frame::FrameError,
    number::checked_number,
};
use yici_hal::status::{Actor, CardMedia, Cause, DeviceState};

use crate::bench::Bench;

fn start() -> (Bench, Box<dyn CardReader>) {
    let bench = Bench::reader();
    let reader = id_card::open(bench.card_reader.as_ref().unwrap()).unwrap();
    (bench, reader)
}

/// Asks for a card until one is found, as a terminal does.
#[track_caller]
fn found(reader: &mut dyn CardReader) {
    let end = Instant::now() + Duration::from_secs(10);
    while !reader.find().unwrap() {
        assert!(Instant::now() < end, "no card is found");
    }
}

#[track_caller]
fn read(bench: &Bench, reader: &mut dyn CardReader, who: &str) -> IdCard {
    bench.ctl(&format!("card lay {who}"));
    found(reader);
    let card = reader.read().unwrap();
    bench.ctl("card lift");
    card
}

#[test]
fn every_kind_of_card_is_read() {
    let (bench, mut reader) = start();
    assert!(!reader.find().unwrap());

    let card = read(&bench, &mut *reader, "citizen");
    assert_eq!(
        (card.kind, card.name.as_str(), card.sex),
        (CardKind::Citizen, "李小满", Some(Sex::Female))
    );
    assert_eq!(
        card.address.as_deref(),
        Some("山东省济南市历下区示范路一次小区1号楼2单元301室")
    );
    assert_eq!(card.issuer.as_deref(), Some("济南市公安局历下分局"));
    assert_eq!(
        card.nation.as_deref().and_then(id_card::nation_name),
        Some("汉")
    );
    assert_eq!(card.photo.len(), 1024);
    let number = checked_number(&card.number).unwrap();
    assert_eq!(
        (Some(number.birth()), Some(number.sex())),
        (card.birth, card.sex)
    );

    let card = read(&bench, &mut *reader, "man");
    assert_eq!(
        card.address.as_deref(),
        Some("山东省济南市市中区样板街8号"),
        "the newer address"
    );

    let card = read(&bench, &mut *reader, "retiree");
    assert_eq!(card.valid_to, Validity::LongTerm);

    assert_eq!(read(&bench, &mut *reader, "rare").name, "龙䶮𬭎");
    assert_eq!(
        read(&bench, &mut *reader, "long").name,
        "阿卜杜热合曼·示例买买提江吾尼"
    );

    let card = read(&bench, &mut *reader, "j-card");
    assert_eq!(
        (card.kind, card.nation.as_deref()),
        (CardKind::HkMacaoTaiwan, None)
    );
    assert_eq!(card.pass_number.as_deref(), Some("H00000001"));

    let card = read(&bench, &mut *reader, "y-card");
    assert_eq!(
        (card.kind, card.name.as_str()),
        (CardKind::Foreigner2023, "示例安娜")
    );
    assert_eq!(
        card.english_name.as_deref(),
        Some("SAMPLE, ANNA MARIA CHRISTINA VAN DER EXAMPLE")
    );
    assert_eq!(card.nationality.as_deref(), Some("NLD"));

    let card = read(&bench, &mut *reader, "i-card");
    assert_eq!(
        (card.kind, card.number.as_str()),
        (CardKind::Foreigner2017, "GBR110075061001")
    );
    assert_eq!(card.english_name.as_deref(), Some("SPECIMEN, JOHN"));
}

#[test]
fn all_numbers_of_made_up_people_check() {
    let (bench, mut reader) = start();
    for who in ["expired", "y-card", "j-card", "long"] {
        let card = read(&bench, &mut *reader, who);
        let number = checked_number(&card.number).unwrap();
        assert_eq!(
            (Some(number.birth()), Some(number.sex())),
            (card.birth, card.sex),
            "{who}"
        );
    }
}

#[test]
fn a_card_described_by_a_file_is_read_and_a_bad_file_is_refused() {
    let (bench, mut reader) = start();
    let file = bench.directory().join("somebody.toml");
    let text = "name = \"吴谷雨\"\nsex = \"1\"\nbirth = \"20000101\"\nnumber = \"1\"\nvalid_from = \"20200101\"\nvalid_to = \"20300101\"\n";
    std::fs::write(&file, text).unwrap();
    assert_eq!(
        read(&bench, &mut *reader, file.to_str().unwrap()).name,
        "吴谷雨"
    );
    std::fs::write(&file, text.replace("name", "nickname")).unwrap();
    let (code, answer) = bench.try_ctl(&format!("card lay {}", file.display()));
    assert_eq!(code, 2);
    assert!(
        answer["error"].as_str().unwrap().contains("nickname"),
        "{answer}"
    );
}

#[test]
fn a_card_is_found_once_until_it_leaves() {
    let (bench, mut reader) = start();
    bench.ctl("card lay citizen");
    found(&mut *reader);
    assert_eq!(reader.status().media, Some(CardMedia::Present));
    reader.read().unwrap();
    assert!(!reader.find().unwrap(), "it was read and lies there still");
    bench.ctl("card lift");
    bench.ctl("card lay citizen");
    found(&mut *reader);
}

#[test]
fn a_card_lifted_while_being_read_is_the_citizens_to_lay_again() {
    let (bench, mut reader) = start();
    bench.ctl("card lay citizen");
    found(&mut *reader);
    bench.ctl("card lift --while-reading");
    let error = reader.read().unwrap_err();
    assert!(
        matches!(error, ReaderError::ReadFailed { sw3: 0x41 }),
        "{error:?}"
    );
    assert_eq!((error.actor(), error.cause()), (Actor::Citizen, None));
    assert_eq!(read(&bench, &mut *reader, "citizen").name, "李小满");

    bench.ctl("card lay citizen");
    found(&mut *reader);
    bench.ctl("card lift");
    let error = reader.read().unwrap_err();
    assert!(matches!(error, ReaderError::CardGone), "{error:?}");
}

#[test]
fn damaged_replies_are_told_and_the_next_read_works() {
    let (bench, mut reader) = start();
    for (damage, expected) in [
        ("card corrupt", FrameError::Checksum),
        ("card length 65535", FrameError::Length(65535)),
        ("card length 1300", FrameError::Truncated),
        ("card truncate", FrameError::Truncated),
    ] {
        bench.ctl("card lay man");
        found(&mut *reader);
        bench.ctl(damage);
        let error = reader.read().unwrap_err();
        assert!(
            matches!(error, ReaderError::BadFrame(error) if error == expected),
            "{damage}: {error:?}"
        );
        assert_eq!(error.actor(), Actor::Citizen);
        assert_eq!(
            read(&bench, &mut *reader, "citizen").name,
            "李小满",
            "after {damage}"
        );
    }
}

#[test]
fn noise_on_the_line_does_no_harm() {
    let (bench, mut reader) = start();
    bench.ctl("card lay citizen");
    bench.ctl("card noise 700");
    found(&mut *reader);
    bench.ctl("card noise 3000");
    assert_eq!(reader.read().unwrap().name, "李小满");
}

#[test]
fn a_late_reply_never_passes_for_the_next_one() {
    let (bench, mut reader) = start();
    // "Found" comes a second after nobody waits for it any more. By then, the card is gone.
    bench.ctl("card lay citizen");
    bench.ctl("card late 1000");
    assert!(matches!(reader.find(), Err(ReaderError::NoAnswer)));
    bench.ctl("card lift");
    assert!(
        !reader.find().unwrap(),
        "the late reply said that there was a card"
    );

    // The same with a whole record: the next card's must not be taken for the last one's.
    bench.ctl("card lay man");
    found(&mut *reader);
    bench.ctl("card late 1500");
    assert!(matches!(reader.read(), Err(ReaderError::NoAnswer)));
    let end = Instant::now() + Duration::from_secs(10);
    while reader.find().is_err() {
        assert!(Instant::now() < end, "it does not come back");
    }
    bench.ctl("card lift");
    assert_eq!(read(&bench, &mut *reader, "citizen").name, "李小满");
}

#[test]
fn a_silent_reader_is_told_in_time_and_comes_back() {
    let (bench, mut reader) = start();
    assert_eq!(reader.status().device, DeviceState::Online);
    bench.ctl("card silent on");
    let asked = Instant::now();
    assert!(matches!(reader.find(), Err(ReaderError::NoAnswer)));
    assert!(
        asked.elapsed() < Duration::from_secs(3),
        "{:?}",
        asked.elapsed()
    );
    let status = reader.status();
    assert_eq!(
        (status.device, status.cause),
        (DeviceState::Offline, Some(Cause::NoAnswer))
    );
    assert_eq!(status.media, Some(CardMedia::Unknown));
    bench.ctl("card silent off");
    assert!(reader.status().ready());
    assert_eq!(read(&bench, &mut *reader, "citizen").name, "李小满");
}

#[test]
fn a_reader_that_goes_away_is_told_and_opened_again() {
    let (bench, mut reader) = start();
    assert_eq!(
        reader.sam_id().unwrap(),
        "05.03-20240101-0012345678-0987654321"
    );
    let address = bench.card_reader.clone().unwrap();
    drop(bench);
    assert!(matches!(reader.find(), Err(ReaderError::DeviceGone(_))));
    let status = reader.status();
    assert_eq!(
        (status.device, status.cause),
        (DeviceState::Offline, Some(Cause::NotConnected))
    );
    assert!(matches!(
        id_card::open(&address),
        Err(ReaderError::DeviceGone(_))
    ));
}
