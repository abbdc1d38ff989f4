use std::os::unix::fs::PermissionsExt;

use rusqlite::config::DbConfig;
use tempfile::TempDir;
use yici_contract::api::{About, Evaluation, GuidePart, Level, Remark, Wrong};
use yici_contract::case::{Applicant, Case, Document, Lang, Media, Party, Signed, Times};
use yici_contract::envelope::{self, Attachment};
use yici_contract::{Private, PrivateBytes, SecretKey, SlipSecret};

use super::*;

fn now() -> Timestamp {
    "2026-11-24T08:00:00Z".parse().unwrap()
}

/// A sealed case with an attachment of this many bytes.
fn sealed(bytes: usize) -> SealedCase {
    let number = CaseNumber::random().unwrap();
    let shown = vec![b'x'; bytes];
    let case = Case {
        version: yici_contract::VERSION,
        number,
        secret: SlipSecret::random().unwrap().hash(&number),
        terminal: "A-01".into(),
        lang: Lang::Zh,
        matter: "newborn".into(),
        catalogue: "1".into(),
        situation: "all".into(),
        items: vec!["birth".into()],
        answers: Vec::new(),
        form: Vec::new(),
        applicant: Applicant::Person {
            person: Party {
                name: Private::new("欧阳一次"),
                code: None,
            },
        },
        materials: Vec::new(),
        declaration: Signed {
            shown: Document {
                part: "application".try_into().unwrap(),
                media: Media::Text,
                sha256: Digest::of(&shown),
            },
            signature: PrivateBytes::new(b"signed".to_vec()),
            at: now(),
        },
        times: Times {
            begun: now(),
            submitted: now(),
            clock_trusted: true,
        },
    };
    let attachment = Attachment {
        name: "application".try_into().unwrap(),
        bytes: shown.into(),
    };
    let (device, upstream) = (SecretKey::random().unwrap(), SecretKey::random().unwrap());
    envelope::seal(&case, &[attachment], &device, upstream.public()).unwrap()
}

fn opened() -> (TempDir, Outbox) {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(&dir.path().join("outbox")).unwrap();
    (dir, outbox)
}

fn again(dir: &TempDir, outbox: Outbox) -> Outbox {
    drop(outbox);
    Outbox::open(&dir.path().join("outbox")).unwrap()
}

fn entry(sealed: &SealedCase) -> Entry {
    Entry::Case(sealed.head().number)
}

/// Whether bytes stand in any of the outbox's files.
fn on_disk(dir: &TempDir, bytes: &[u8]) -> bool {
    fs::read_dir(dir.path().join("outbox"))
        .unwrap()
        .any(|file| {
            let found = fs::read(file.unwrap().path()).unwrap();
            found.windows(bytes.len()).any(|window| window == bytes)
        })
}

#[test]
fn what_is_stored_is_there_again_only_for_its_owner() {
    let (dir, mut outbox) = opened();
    let case = sealed(100_000);
    outbox.store(&case, now()).unwrap();
    for file in fs::read_dir(dir.path().join("outbox")).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let mut outbox = again(&dir, outbox);
    assert_eq!(outbox.waiting().unwrap(), [entry(&case)]);
    assert_eq!(outbox.sealed(&case.head().number).unwrap(), case);
    assert!(matches!(
        outbox.store(&case, now()),
        Err(OutboxError::Sqlite(_))
    ));
    assert_eq!(outbox.list().unwrap().len(), 1, "a number is stored once");
}

#[test]
fn nothing_of_a_delivered_case_stays_but_number_digest_and_times() {
    let (dir, mut outbox) = opened();
    let (one, two) = (sealed(50_000), sealed(50_000));
    outbox.store(&one, now()).unwrap();
    outbox.store(&two, now()).unwrap();
    let piece = &one.as_bytes()[1_000..1_032];
    assert!(on_disk(&dir, piece), "the search finds what is there");
    outbox.delivered(&entry(&one), now()).unwrap();
    outbox.tidy().unwrap();
    assert!(!on_disk(&dir, piece));
    assert_eq!(outbox.waiting().unwrap(), [entry(&two)]);
    let line = outbox.list().unwrap().remove(0);
    assert_eq!(
        (line.state, line.sha256),
        (State::Delivered, Some(one.digest()))
    );
    assert!(matches!(
        outbox.export(&one.head().number),
        Err(OutboxError::Delivered)
    ));
    outbox.delivered(&entry(&two), now()).unwrap();
    outbox.tidy().unwrap();
    let file = fs::metadata(dir.path().join("outbox").join(FILE)).unwrap();
    assert!(file.len() < 50_000, "the disk gets its room back");
}

#[test]
fn a_full_disk_stores_nothing_and_says_so() {
    let (dir, mut outbox) = opened();
    let pages: i64 = outbox
        .connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    let limit = |outbox: &Outbox, pages: i64| {
        outbox
            .connection
            .pragma_update(None, "max_page_count", pages)
            .unwrap();
    };
    limit(&outbox, pages + 4);
    let case = sealed(100_000);
    assert!(matches!(outbox.store(&case, now()), Err(OutboxError::Full)));
    assert_eq!(outbox.waiting().unwrap(), []);
    assert_eq!(outbox.unfinished().unwrap(), []);
    let small = sealed(100);
    outbox.store(&small, now()).unwrap();
    limit(&outbox, 1_000_000);
    outbox.store(&case, now()).unwrap();
    let outbox = again(&dir, outbox);
    assert_eq!(outbox.waiting().unwrap(), [entry(&small), entry(&case)]);
}

#[test]
fn an_outbox_holds_no_more_than_it_may() {
    let (dir, mut outbox) = opened();
    let case = sealed(100);
    outbox.store(&case, now()).unwrap();
    let claim = |outbox: &Outbox, bytes: i64| {
        outbox
            .connection
            .execute("UPDATE cases SET bytes = ?1", [bytes])
            .unwrap();
    };
    claim(&outbox, MAX_BYTES - 100);
    let mut outbox = again(&dir, outbox);
    assert!(matches!(
        outbox.store(&sealed(100), now()),
        Err(OutboxError::Full)
    ));
    outbox.delivered(&entry(&case), now()).unwrap();
    outbox.store(&sealed(100), now()).unwrap();
}

#[test]
fn delivered_cases_are_forgotten_in_the_end() {
    let (_dir, mut outbox) = opened();
    let fill = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MAX_DELIVERED})
         INSERT INTO cases (number, sha256, bytes, stored, state)
         SELECT 'old ' || i, zeroblob(32), 1, '', 'delivered' FROM n"
    );
    outbox.connection.execute(&fill, []).unwrap();
    let case = sealed(100);
    outbox.store(&case, now()).unwrap();
    outbox.delivered(&entry(&case), now()).unwrap();
    let lines = outbox.list().unwrap();
    assert_eq!(i64::try_from(lines.len()), Ok(MAX_DELIVERED));
    assert_eq!(lines[0].number, "old 2");
}

#[test]
fn a_refused_case_is_kept_for_export() {
    let (dir, mut outbox) = opened();
    let case = sealed(100);
    let number = case.head().number;
    outbox.store(&case, now()).unwrap();
    outbox.later(&entry(&case), "status:500", now()).unwrap();
    outbox
        .park(&entry(&case), "problem:conflict", now())
        .unwrap();
    let mut outbox = again(&dir, outbox);
    assert_eq!(outbox.waiting().unwrap(), []);
    let line = outbox.list().unwrap().remove(0);
    assert_eq!((line.state, line.attempts), (State::Parked, 2));
    assert_eq!(line.problem.as_deref(), Some("problem:conflict"));
    let exported = outbox.export(&number).unwrap();
    assert!(exported.whole && exported.bytes == case.as_bytes());
    outbox.mark_exported(&number, now()).unwrap();
    assert!(outbox.list().unwrap()[0].exported.is_some());
    assert!(matches!(
        outbox.export(&CaseNumber::random().unwrap()),
        Err(OutboxError::NotThere)
    ));
}

#[test]
fn a_slip_is_unfinished_until_it_is_completed_or_dismissed() {
    let (dir, mut outbox) = opened();
    let cases = [sealed(1), sealed(1), sealed(1)];
    for case in &cases {
        outbox.store(case, now()).unwrap();
    }
    let number = |at: usize| cases[at].head().number;
    outbox.slip(&number(0), SlipState::Completed).unwrap();
    outbox.delivered(&entry(&cases[2]), now()).unwrap();
    let mut outbox = again(&dir, outbox);
    let unfinished = outbox.unfinished().unwrap();
    let numbers: Vec<_> = unfinished.iter().map(|one| one.number).collect();
    assert_eq!(numbers, [number(2), number(1)], "the latest first");
    assert_eq!(unfinished[0].received, Some(now()));
    assert_eq!(
        (unfinished[1].stored, unfinished[1].received),
        (now(), None)
    );
    outbox.slip(&number(1), SlipState::Dismissed).unwrap();
    outbox.slip(&number(1), SlipState::Completed).unwrap();
    outbox.slip(&number(2), SlipState::Completed).unwrap();
    assert_eq!(outbox.unfinished().unwrap(), []);
    assert_eq!(outbox.list().unwrap()[1].slip, SlipState::Dismissed);
}

/// An update that brought tables of its own and was taken back.
#[test]
fn an_outbox_of_a_later_version_is_used_on() {
    let (dir, mut outbox) = opened();
    let case = sealed(1_000);
    outbox.store(&case, now()).unwrap();
    outbox
        .connection
        .execute_batch("CREATE TABLE later (id TEXT) STRICT; PRAGMA user_version = 99;")
        .unwrap();
    let mut outbox = again(&dir, outbox);
    assert_eq!(outbox.waiting().unwrap(), [entry(&case)]);
    outbox.store(&sealed(1_000), now()).unwrap();
    assert_eq!(outbox.waiting().unwrap().len(), 2);
}

#[test]
fn an_opinion_waits_under_its_id() {
    let (dir, mut outbox) = opened();
    let number = CaseNumber::random().unwrap();
    let evaluation = |about| Evaluation {
        about,
        level: Level::Content,
        at: now(),
    };
    let visit = evaluation(About::Visit);
    let one = outbox
        .store_opinion(&Opinion::Evaluation(visit.clone()), now())
        .unwrap();
    let matter = About::Matter {
        matter: "newborn".into(),
        number: Some(number),
    };
    let two = outbox
        .store_opinion(&Opinion::Evaluation(evaluation(matter)), now())
        .unwrap();
    let remark = Remark {
        matter: "newborn".into(),
        catalogue: "1".into(),
        about: Wrong::Guide {
            part: GuidePart::Cost,
        },
        at: now(),
    };
    let three = outbox
        .store_opinion(&Opinion::Remark(remark.clone()), now())
        .unwrap();
    let mut outbox = again(&dir, outbox);
    assert_eq!(outbox.waiting().unwrap(), [one, two, three]);
    let Entry::Opinion {
        id: told,
        kind: OpinionKind::Remark,
        after: None,
    } = three
    else {
        panic!("{three:?}");
    };
    let json = outbox.opinion(OpinionKind::Remark, &told).unwrap();
    assert_eq!(serde_json::from_str::<Remark>(&json).unwrap(), remark);
    outbox.delivered(&three, now()).unwrap();
    let Entry::Opinion {
        id,
        kind: OpinionKind::Evaluation,
        after: None,
    } = one
    else {
        panic!("{one:?}");
    };
    let json = outbox.opinion(OpinionKind::Evaluation, &id).unwrap();
    assert_eq!(serde_json::from_str::<Evaluation>(&json).unwrap(), visit);
    assert!(matches!(two, Entry::Opinion { after, .. } if after == Some(number)));
    outbox.delivered(&one, now()).unwrap();
    outbox.park(&two, "problem:malformed", now()).unwrap();
    assert_eq!(outbox.opinions().unwrap(), (0, 1));
    let gone = outbox.opinion(OpinionKind::Evaluation, &id);
    assert!(matches!(gone, Err(OutboxError::NotThere)));
}

#[test]
fn damaged_and_forged_rows_are_parked_and_the_others_go_on() {
    let (dir, mut outbox) = opened();
    let good = sealed(1_000);
    let bad: Vec<SealedCase> = (0..8).map(|_| sealed(1_000)).collect();
    for case in bad.iter().chain([&good]) {
        outbox.store(case, now()).unwrap();
    }
    // What no statement could write, a damaged page can.
    outbox
        .connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)
        .unwrap();
    outbox
        .connection
        .execute_batch(
            "PRAGMA writable_schema = on;
             UPDATE sqlite_schema SET sql = replace(replace(sql, 'STRICT', ''), 'NOT NULL', '');
             PRAGMA writable_schema = reset;",
        )
        .unwrap();
    let mut outbox = again(&dir, outbox);
    let forge = |outbox: &Outbox, at: usize, set: &str| {
        let number = bad[at].head().number.to_string();
        let sql = format!("UPDATE cases SET {set} WHERE number = ?1");
        assert_eq!(outbox.connection.execute(&sql, [number]).unwrap(), 1);
    };
    forge(&outbox, 0, "sealed = NULL");
    forge(&outbox, 1, "sealed = substr(sealed, 2)");
    forge(&outbox, 2, "sha256 = 'text'");
    forge(&outbox, 3, "stored = x'ff00'");
    forge(&outbox, 4, "state = 'elsewhere'");
    forge(&outbox, 5, "number = 'personal'");
    forge(&outbox, 6, "attempts = 'many', bytes = bytes, tried = 7");
    // Same length, so that only reading the bytes shows it.
    forge(&outbox, 7, "sealed = zeroblob(length(sealed))");
    outbox
        .connection
        .execute(
            "INSERT INTO evaluations (id, body, stored) VALUES ('none', '{}', ?1)",
            [now().to_string()],
        )
        .unwrap();
    outbox = again(&dir, outbox);
    assert_eq!(outbox.broken().len(), 7);
    let odd = [&bad[6], &bad[7], &good].map(entry);
    assert_eq!(outbox.waiting().unwrap(), odd);
    assert!(matches!(
        outbox.sealed(&bad[7].head().number),
        Err(OutboxError::Damaged)
    ));
    assert_eq!(outbox.sealed(&good.head().number).unwrap(), good);
    let lines = outbox.list().unwrap();
    assert_eq!(lines.len(), 9);
    assert_eq!(lines[4].state, State::Parked);
    assert_eq!(lines[0].problem.as_deref(), Some("damaged"));
    assert!(!outbox.export(&bad[1].head().number).unwrap().whole);
    assert!(outbox.unfinished().is_ok());
    assert!(again(&dir, outbox).broken().is_empty(), "told once");
}

#[test]
fn looking_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Outbox::open_existing(dir.path()).unwrap().is_none());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    fs::write(dir.path().join(FILE), "no database at all, and long enough").unwrap();
    assert!(Outbox::open_existing(dir.path()).is_err());
    assert!(Outbox::open(dir.path()).is_err());
}

/// Run by [`after_a_failed_sync_nothing_comes_back`] in a process of its own: stores until something
/// fails, says what was stored, and ends without closing anything, as in a crash.
#[test]
#[ignore = "a child of another test"]
fn child_on_a_failing_disk() {
    let Some(dir) = std::env::var_os("YICI_TEST_OUTBOX") else {
        return;
    };
    let Ok(mut outbox) = Outbox::open(Path::new(&dir)) else {
        std::process::abort();
    };
    for _ in 0..3 {
        let case = sealed(20_000);
        if outbox.store(&case, now()).is_err() {
            break;
        }
        println!("stored {}", case.head().number);
    }
    println!("ended");
    std::process::abort();
}

#[test]
fn after_a_failed_sync_nothing_comes_back() {
    let mut failed = 0;
    // The first syncs make the database, and not all of them must succeed; the last ones are commits.
    for sync in 1..20 {
        let dir = tempfile::tempdir().unwrap();
        let outbox = dir.path().join("outbox");
        let output = std::process::Command::new("strace")
            .args([
                "--follow-forks",
                "--quiet=all",
                "--signal=none",
                "--trace=fsync",
            ])
            .arg(format!("--inject=fsync:error=EIO:when={sync}"))
            .arg(format!("--output={}", dir.path().join("log").display()))
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "outbox::tests::child_on_a_failing_disk"])
            .args(["--ignored", "--nocapture"])
            .env("YICI_TEST_OUTBOX", &outbox)
            .output()
            .expect("strace is there (tools/packages)");
        let said = String::from_utf8(output.stdout).unwrap();
        let stored = said.matches("stored ").count();
        if !said.contains("ended") {
            continue;
        }
        failed += usize::from(stored < 3);
        let outbox = Outbox::open(&outbox).unwrap();
        let found: Vec<String> = outbox
            .waiting()
            .unwrap()
            .iter()
            .map(|entry| format!("{entry:?}"))
            .collect();
        assert_eq!(found.len(), stored, "sync {sync}: {said} {found:?}");
    }
    assert!(failed >= 3, "a commit's sync failed {failed} times");
}
