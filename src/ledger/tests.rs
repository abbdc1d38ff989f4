use std::path::PathBuf;

use tempfile::TempDir;
use yici_hal::escpos::Doubt;

use super::*;

fn now() -> Timestamp {
    "2026-11-25T08:00:00Z".parse().unwrap()
}

fn file() -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("print-ledger.db");
    (dir, path)
}

fn new(kind: Kind, number: Option<&str>) -> New {
    let mut slip = Slip::new();
    slip.text("李小满 370102199003078841").qr("a secret");
    New {
        kind,
        number: number.map(str::to_owned),
        sha256: content(&slip),
        reprint_of: None,
    }
}

fn states(ledger: &Ledger) -> Vec<(State, Option<String>)> {
    let lines = ledger.list().unwrap();
    lines
        .into_iter()
        .map(|line| (line.state, line.cause))
        .collect()
}

#[test]
fn an_entry_follows_its_slip_to_the_end() {
    let (_dir, path) = file();
    let mut ledger = Ledger::open(&path, now()).unwrap();
    let id = ledger
        .begin(&new(Kind::Receipt, Some("2026-0000")), now())
        .unwrap();
    let state = |ledger: &Ledger| states(ledger)[0].clone();
    assert_eq!(state(&ledger), (State::Sent, None));
    ledger.printed(&id, Printed::Completed, now()).unwrap();
    assert_eq!(state(&ledger), (State::Completed, None));
    ledger.delivered(&id, Delivery::Unknown, now()).unwrap();
    assert_eq!(state(&ledger), (State::Completed, None), "it is on paper");
    ledger.delivered(&id, Delivery::Presented, now()).unwrap();
    assert_eq!(state(&ledger), (State::Presented, None));
    ledger.delivered(&id, Delivery::NotTaken, now()).unwrap();
    assert_eq!(state(&ledger), (State::Presented, Some("notTaken".into())));
    ledger.delivered(&id, Delivery::Taken, now()).unwrap();
    assert_eq!(state(&ledger), (State::Taken, None));

    let again = New {
        reprint_of: Some(id),
        ..new(Kind::Receipt, Some("2026-0000"))
    };
    let second = ledger.begin(&again, now()).unwrap();
    let failed = Printed::Failed(Cause::PaperOut);
    ledger.printed(&second, failed, now()).unwrap();
    let lines = ledger.list().unwrap();
    assert_eq!(lines[1].reprint_of, Some(id.to_string()));
    assert_eq!(lines[1].sha256, lines[0].sha256);
    assert_eq!(
        (lines[1].state, lines[1].cause.as_deref()),
        (State::Failed, Some("paperOut"))
    );
    for (delivery, expected) in [
        (Delivery::Retracted, (State::Retracted, None)),
        (Delivery::Unknown, (State::Unknown, None)),
        (
            Delivery::Failed(Cause::PaperJam),
            (State::Failed, Some("paperJam".into())),
        ),
    ] {
        ledger.delivered(&id, delivery, now()).unwrap();
        assert_eq!(state(&ledger), expected);
    }
}

#[test]
fn what_was_cut_off_is_unknown_and_the_rest_stays() {
    let (_dir, path) = file();
    let mut ledger = Ledger::open(&path, now()).unwrap();
    let completed = ledger.begin(&new(Kind::Notice, None), now()).unwrap();
    ledger
        .printed(&completed, Printed::Completed, now())
        .unwrap();
    ledger.begin(&new(Kind::Guidance, None), now()).unwrap();
    // Looking at it changes nothing.
    let looked = Ledger::open_existing(&path).unwrap().unwrap();
    assert_eq!(states(&looked)[1], (State::Sent, None));
    drop((looked, ledger));
    let ledger = Ledger::open(&path, now()).unwrap();
    assert_eq!(
        states(&ledger),
        [(State::Completed, None), (State::Unknown, None)]
    );
}

#[test]
fn a_printer_that_cannot_say_leaves_it_unknown() {
    let (_dir, path) = file();
    let mut ledger = Ledger::open(&path, now()).unwrap();
    let id = ledger.begin(&new(Kind::Window, None), now()).unwrap();
    ledger
        .printed(&id, Printed::Unknown(Doubt::NoProof), now())
        .unwrap();
    assert_eq!(states(&ledger), [(State::Unknown, None)]);
    assert!(
        Ledger::open_existing(&path.with_extension("no"))
            .unwrap()
            .is_none()
    );
}

#[test]
fn it_stays_bounded() {
    let (_dir, path) = file();
    let mut ledger = Ledger::open(&path, now()).unwrap();
    // Rows as old runs left them, without a sync for each.
    ledger
        .connection
        .execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO slips SELECT i, 'notice', NULL, x'00', NULL, ?2, ?2, 'taken', NULL FROM n",
            params![MAX_ENTRIES + 7, now().to_string()],
        )
        .unwrap();
    let id = ledger.begin(&new(Kind::Notice, None), now()).unwrap();
    let lines = ledger.list().unwrap();
    assert_eq!(i64::try_from(lines.len()), Ok(MAX_ENTRIES));
    assert_eq!(lines.last().unwrap().id, id.to_string());
}

#[test]
fn nothing_personal_is_in_its_files() {
    let (dir, path) = file();
    let mut ledger = Ledger::open(&path, now()).unwrap();
    let entry = new(Kind::Receipt, Some("7Q2M-0000-0000-0000"));
    let id = ledger.begin(&entry, now()).unwrap();
    ledger.printed(&id, Printed::Completed, now()).unwrap();
    let all: Vec<u8> = std::fs::read_dir(dir.path())
        .unwrap()
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    let holds = |text: &str| memchr::memmem::find(&all, text.as_bytes()).is_some();
    assert!(
        holds("7Q2M-0000-0000-0000"),
        "the search finds what is there"
    );
    for personal in ["李小满", "370102199003078841", "a secret"] {
        assert!(!holds(personal), "{personal}");
    }
}

#[test]
fn the_hash_is_of_all_that_is_said_and_of_nothing_else() {
    let slip = |text: &str, data: &str| {
        let mut slip = Slip::new();
        slip.text(text).qr(data);
        content(&slip)
    };
    assert_eq!(slip("a", "b"), slip("a", "b"));
    assert_ne!(slip("a", "b"), slip("ab", ""));
    assert_ne!(slip("a", "b"), slip("a", "c"));
    let mut bold = Slip::new();
    bold.line(
        "a",
        yici_hal::slip::Style {
            bold: true,
            ..Default::default()
        },
        yici_hal::slip::Align::Centre,
    )
    .qr("b");
    assert_eq!(content(&bold), slip("a", "b"));
}
