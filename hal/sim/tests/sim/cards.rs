//! What the made-up people of `kiosk-sim` have on their cards.

use std::time::{Duration, Instant};

use yici_hal::id_card::{self, CardReader, IdCard, number::checked_number};

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
fn all_numbers_of_made_up_people_check() {
    let (bench, mut reader) = start();
    for who in [
        "citizen", "man", "retiree", "rare", "long", "expired", "j-card", "y-card",
    ] {
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
