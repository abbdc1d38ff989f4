use std::path::PathBuf;

use rusqlite_migration::Migrations;
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

type States = (OnPaper, Option<AtOutlet>, Option<String>);

fn states(ledger: &Ledger) -> Vec<States> {
    let lines = ledger.list().unwrap();
    lines
        .into_iter()
        .map(|line| (line.printed, line.outlet, line.cause))
        .collect()
}

#[test]
fn an_entry_follows_its_slip_to_the_end_and_keeps_the_way() {
    let (_dir, path) = file();
    let mut ledger = Ledger::open(&path, now()).unwrap();
    let id = ledger
        .begin(&new(Kind::Receipt, Some("2026-0000")), now())
        .unwrap();
    let at = |second| now() + jiff::SignedDuration::from_secs(second);
    assert_eq!(states(&ledger), [(OnPaper::Sent, None, None)]);
    ledger.printed(&id, Printed::Completed, at(3)).unwrap();
    assert_eq!(states(&ledger), [(OnPaper::Completed, None, None)]);
    for (second, delivery, outlet, cause) in [
        (4, Delivery::Presented, AtOutlet::Presented, None),
        (
            64,
            Delivery::NotTaken,
            AtOutlet::Presented,
            Some("notTaken"),
        ),
        (70, Delivery::Taken, AtOutlet::Taken, None),
        (71, Delivery::Retracted, AtOutlet::Retracted, None),
        (72, Delivery::Unknown, AtOutlet::Unknown, None),
        (
            73,
            Delivery::Failed(Cause::PaperJam),
            AtOutlet::Failed,
            Some("paperJam"),
        ),
    ] {
        ledger.delivered(&id, delivery, at(second)).unwrap();
        let line = &ledger.list().unwrap()[0];
        assert_eq!((line.outlet, line.cause.as_deref()), (Some(outlet), cause));
        assert_eq!(line.outlet_at, Some(at(second).to_string()));
        assert_eq!(
            (line.printed, &line.printed_at),
            (OnPaper::Completed, &at(3).to_string()),
            "what was known of it stays"
        );
    }

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
        (lines[1].printed, lines[1].cause.as_deref()),
        (OnPaper::Failed, Some("paperOut"))
    );
}

#[test]
fn what_was_cut_off_is_unknown_and_the_rest_stays() {
    let (_dir, path) = file();
    let mut ledger = Ledger::open(&path, now()).unwrap();
    let [completed, waiting, taken] = [(); 3].map(|()| {
        let id = ledger.begin(&new(Kind::Notice, None), now()).unwrap();
        ledger.printed(&id, Printed::Completed, now()).unwrap();
        id
    });
    ledger
        .delivered(&waiting, Delivery::Presented, now())
        .unwrap();
    ledger
        .delivered(&waiting, Delivery::NotTaken, now())
        .unwrap();
    ledger.delivered(&taken, Delivery::Taken, now()).unwrap();
    ledger.begin(&new(Kind::Guidance, None), now()).unwrap();
    // Looking at it changes nothing.
    let looked = Ledger::open_existing(&path).unwrap().unwrap();
    assert_eq!(states(&looked)[1].1, Some(AtOutlet::Presented));
    assert_eq!(states(&looked)[3].0, OnPaper::Sent);
    drop((looked, ledger));
    let ledger = Ledger::open(&path, now()).unwrap();
    assert_eq!(
        states(&ledger),
        [
            (OnPaper::Completed, None, None),
            (OnPaper::Completed, Some(AtOutlet::Unknown), None),
            (OnPaper::Completed, Some(AtOutlet::Taken), None),
            (OnPaper::Unknown, None, None),
        ]
    );
    assert_eq!(ledger.list().unwrap()[0].id, completed.to_string());
}

#[test]
fn a_ledger_of_an_earlier_version_is_read_on() {
    let (_dir, path) = file();
    let mut old = Connection::open(&path).unwrap();
    Migrations::new(vec![M::up(TABLE)])
        .to_latest(&mut old)
        .unwrap();
    for (id, state, cause) in [
        ("1", "completed", None),
        ("2", "taken", None),
        ("3", "presented", Some("notTaken")),
        ("4", "failed", Some("paperOut")),
    ] {
        old.execute(
            "INSERT INTO slips VALUES (?1, 'notice', NULL, ?2, NULL, ?3, ?3, ?4, ?5)",
            params![id, [0u8; 32], now().to_string(), state, cause],
        )
        .unwrap();
    }
    drop(old);
    let looked = Ledger::open_existing(&path).unwrap().unwrap();
    assert_eq!(
        states(&looked),
        [
            (OnPaper::Completed, None, None),
            (OnPaper::Unknown, Some(AtOutlet::Taken), None),
            (
                OnPaper::Unknown,
                Some(AtOutlet::Presented),
                Some("notTaken".into())
            ),
            (OnPaper::Failed, None, Some("paperOut".into())),
        ]
    );
    assert_eq!(looked.list().unwrap()[1].outlet_at, Some(now().to_string()));
}

#[test]
fn a_printer_that_cannot_say_leaves_it_unknown() {
    let (_dir, path) = file();
    let mut ledger = Ledger::open(&path, now()).unwrap();
    let id = ledger.begin(&new(Kind::Window, None), now()).unwrap();
    ledger
        .printed(&id, Printed::Unknown(Doubt::NoProof), now())
        .unwrap();
    ledger.delivered(&id, Delivery::Taken, now()).unwrap();
    assert_eq!(
        states(&ledger),
        [(OnPaper::Unknown, Some(AtOutlet::Taken), None)],
        "that somebody took it proves no whole slip"
    );
    assert!(
        Ledger::open_existing(&path.with_extension("no"))
            .unwrap()
            .is_none()
    );
}

#[test]
fn whether_it_can_be_written_is_found_out_by_writing() {
    let (_dir, path) = file();
    let mut ledger = Ledger::open(&path, now()).unwrap();
    ledger.try_writing().unwrap();
    ledger
        .connection
        .pragma_update(None, "query_only", true)
        .unwrap();
    assert!(ledger.try_writing().is_err());
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
             INSERT INTO slips (id, kind, sha256, sent, printed_at, printed)
             SELECT i, 'notice', x'00', ?2, ?2, 'completed' FROM n",
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
