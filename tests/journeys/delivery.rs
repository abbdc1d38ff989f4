//! Delivery across real processes and real wires: whatever is cut off when, a case is delivered
//! once, or kept and told about.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test waits for one report among many"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use yici::delivery::{AskFault, Link, Report, StoreFault};
use yici::uplink::ClockState;
use yici_contract::CaseNumber;
use yici_contract::api::{About, Evaluation, Level, Opinion, ProgressKey, ProgressRequest};
use yici_contract::problem::Kind;

use crate::hall::{PATIENCE, kiosk};
use crate::upstream::{Answer, NAME, Proxy, Running, Server, Terminal, Upstream, configuration};

fn states(terminal: &Terminal) -> Vec<String> {
    let state = |line: Value| line["state"].as_str().unwrap().to_owned();
    terminal.outbox().into_iter().map(state).collect()
}

#[test]
fn a_case_goes_through_the_proxy_of_the_hall() {
    let upstream = Upstream::open();
    let terminal = Terminal::of(&upstream);
    let proxy = Proxy::open();
    let mut config = terminal.config();
    config.proxy = Some(format!("http://{}", proxy.address).parse().unwrap());
    let running = Running::start(&config);
    let (number, _) = running.submit();
    running.delivered(number);
    assert_eq!(upstream.cases(), [number.to_string()]);
    let asked = proxy.asked.lock().unwrap().clone();
    let there = format!("localhost:{}", upstream.address.port());
    assert!(
        !asked.is_empty() && asked.iter().all(|place| *place == there),
        "{asked:?}"
    );
}

#[test]
fn a_case_is_delivered_and_its_progress_told() {
    let upstream = Upstream::open();
    let terminal = Terminal::of(&upstream);
    let running = terminal.start();
    let (number, secret) = running.submit();
    running.delivered(number);
    assert_eq!(upstream.cases(), [number.to_string()]);
    let ask = |ticket, number| {
        let secret = secret.clone();
        running.delivery.progress(
            ticket,
            ProgressRequest {
                number,
                by: ProgressKey::Secret { secret },
            },
        );
        running.wait(|report| match report {
            Report::Progress {
                ticket: found,
                answer,
            } if found == ticket => Some(answer),
            _ => None,
        })
    };
    let progress = ask(7, number).unwrap();
    assert_eq!(
        (progress.number, progress.matter.as_str()),
        (number, "newborn")
    );
    let nobody = CaseNumber::random().unwrap();
    assert_eq!(ask(8, nobody).err(), Some(AskFault::NotFound));
    assert_eq!(states(&terminal), ["delivered"]);
}

#[test]
fn upstream_goes_and_comes_back() {
    let mut upstream = Upstream::open();
    let terminal = Terminal::of(&upstream);
    let running = terminal.start();
    running.link(Link::Reachable);
    upstream.kill();
    let numbers: Vec<CaseNumber> = (0..5).map(|_| running.submit().0).collect();
    running.waiting(numbers[4]);
    let secret = yici_contract::SlipSecret::random().unwrap();
    let number = numbers[0];
    running.delivery.progress(
        9,
        ProgressRequest {
            number,
            by: ProgressKey::Secret { secret },
        },
    );
    let answer = running.wait(|report| match report {
        Report::Progress { answer, .. } => Some(answer),
        _ => None,
    });
    assert_eq!(answer.err(), Some(AskFault::Unreachable));
    upstream.serve();
    let mut left: BTreeSet<CaseNumber> = numbers.iter().copied().collect();
    running.wait(|report| {
        if let Report::Delivered { number, .. } = report {
            assert!(left.remove(&number), "said once");
        }
        left.is_empty().then_some(())
    });
    let mut expected: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let mut found = upstream.cases();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn an_evaluation_waits_for_its_case() {
    let server = Server::open();
    let terminal = Terminal::at(&server);
    server.answer(&[Answer::Bare(500), Answer::Bare(500)]);
    let running = terminal.start();
    let (number, _) = running.submit();
    running.delivery.tell(Opinion::Evaluation(Evaluation {
        about: About::Matter {
            matter: "newborn".into(),
            number: Some(number),
        },
        level: Level::VeryContent,
        at: Timestamp::now(),
    }));
    running.delivered(number);
    let end = Instant::now() + PATIENCE;
    while server.seen().len() < 4 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    let seen = server.seen();
    let last = seen.last().unwrap();
    assert!(last.path.starts_with("/v1/evaluations/"), "{}", last.path);
    assert_eq!(seen.len(), 4, "after its case alone");
}

/// Every answer that is none: the same bytes go again, and are delivered once in the end.
#[test]
fn whatever_upstream_answers_a_case_is_delivered_once() {
    let server = Server::open();
    let terminal = Terminal::at(&server);
    let mut config = terminal.config();
    config.timing.uplink.deliver = Duration::from_secs(2);
    let running = Running::start(&config);
    for answer in [
        Answer::Bare(500),
        Answer::Html(500),
        Answer::Bare(409),
        Answer::Bare(410),
        Answer::Html(404),
        Answer::Broken(409),
        Answer::Broken(400),
        Answer::Contradiction,
        Answer::Garbage,
        Answer::Nothing,
        Answer::Half,
        Answer::OtherNumber,
        Answer::OtherBytes,
        Answer::Empty,
        Answer::Huge,
        Answer::Redirect,
        Answer::Problem(Kind::Failed),
        Answer::Problem(Kind::Busy),
        Answer::Problem(Kind::TooMany),
        Answer::Problem(Kind::KeyGone),
        Answer::Problem(Kind::UnknownMatter),
        Answer::Problem(Kind::UnknownDevice),
        Answer::Problem(Kind::ClockOff),
        Answer::Problem(Kind::NotFound),
    ] {
        let before = server.seen().len();
        server.answer(&[answer, answer]);
        let (number, _) = running.submit();
        running.waiting(number);
        running.delivered(number);
        let seen = &server.seen()[before..];
        assert_eq!(seen.len(), 3, "{answer:?}");
        assert!(
            seen.iter()
                .all(|one| one.body == seen[0].body && one.path == seen[0].path),
            "{answer:?}: the same bytes each time"
        );
        let receipts: Vec<bool> = seen.iter().map(|one| one.receipt).collect();
        assert_eq!(receipts, [false, false, true], "{answer:?}");
        assert!(!String::from_utf8_lossy(&seen[0].body).contains(NAME));
    }
    assert!(states(&terminal).iter().all(|state| state == "delivered"));
}

#[test]
fn a_case_that_is_refused_for_good_is_parked_and_exportable() {
    let server = Server::open();
    let terminal = Terminal::at(&server);
    let running = terminal.start();
    for kind in [
        Kind::Conflict,
        Kind::CannotOpen,
        Kind::Malformed,
        Kind::TooLarge,
        Kind::MediaType,
    ] {
        server.answer(&[Answer::Problem(kind)]);
        let (number, _) = running.submit();
        running.parked(number);
        // The next one is not held up by it.
        let (next, _) = running.submit();
        running.delivered(next);
        let number = number.to_string();
        let line = terminal
            .outbox()
            .into_iter()
            .find(|l| l["number"] == number);
        let line = line.unwrap();
        assert_eq!(
            (&line["state"], &line["exported"]),
            (&json!("parked"), &Value::Null)
        );
        let list = || terminal.kiosk(&["outbox", "list"]).status.code();
        assert_eq!(list(), Some(1), "a parked case is a finding");
        assert!(terminal.would_lose());
        let out = terminal.path(&format!("{number}.sealed"));
        let export = ["outbox", "export", &number, "--out", out.to_str().unwrap()];
        assert!(terminal.kiosk(&export).status.success());
        let sent = server.seen().into_iter().rev().nth(1).unwrap();
        assert_eq!(fs::read(&out).unwrap(), sent.body);
        assert_eq!(
            fs::metadata(&out).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let again = terminal.kiosk(&export);
        assert_eq!(again.status.code(), Some(2), "nothing is overwritten");
        let line = terminal
            .outbox()
            .into_iter()
            .find(|l| l["number"] == number);
        assert!(line.unwrap()["exported"].is_string());
        assert_eq!(list(), Some(0), "it is in people's hands now");
        assert!(!terminal.would_lose());
        let next = next.to_string();
        let gone = terminal.kiosk(&["outbox", "export", &next, "--out", "/dev/null/x"]);
        assert_eq!(gone.status.code(), Some(2));
        let gone = String::from_utf8(gone.stderr).unwrap();
        assert!(gone.contains("not kept"), "{gone}");
    }
    let tries = server.seen().len();
    drop(running);
    let running = terminal.start();
    let (number, _) = running.submit();
    running.delivered(number);
    assert_eq!(
        server.seen().len(),
        tries + 1,
        "parked ones are not tried again"
    );
}

/// What people must act on is tried slowly, but at once when they have acted.
#[test]
fn a_terminal_that_is_enrolled_late_delivers_at_once() {
    let upstream = Upstream::open();
    let terminal = Terminal::new(upstream.address.port(), &upstream.ca(), &upstream.key);
    let key = terminal.key();
    let mut config = terminal.config();
    config.timing.staff_first = Duration::from_secs(3600);
    config.timing.staff_most = Duration::from_secs(3600);
    let running = Running::start(&config);
    assert!(!terminal.would_lose());
    let (number, _) = running.submit();
    assert!(terminal.would_lose());
    running.waiting(number);
    running.link(Link::Refusing);
    upstream.enrol(&key);
    running.delivered(number);
    assert!(!terminal.would_lose());
}

/// Somebody listens, and says nothing: not even a handshake.
#[test]
fn a_server_that_never_shakes_hands_is_given_up() {
    let server = Server::open();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let terminal = Terminal::new(port, &server.ca(), &server.key);
    terminal.key();
    let mut config = terminal.config();
    config.timing.uplink.connect = Duration::from_millis(200);
    let running = Running::start(&config);
    let (number, _) = running.submit();
    running.waiting(number);
    running.link(Link::Unreachable);
    assert_eq!(terminal.outbox()[0]["problem"], "too-slow");
}

#[test]
fn nothing_personal_is_on_the_terminals_disk() {
    let mut upstream = Upstream::open();
    let terminal = Terminal::of(&upstream);
    upstream.kill();
    let running = terminal.start();
    let (number, secret) = running.submit();
    running.waiting(number);
    let found = |what: &str| {
        let files = [terminal.path("outbox"), terminal.dir.path().to_owned()];
        files
            .iter()
            .flat_map(|dir| fs::read_dir(dir).unwrap())
            .filter_map(|file| fs::read(file.unwrap().path()).ok())
            .any(|bytes| memchr::memmem::find(&bytes, what.as_bytes()).is_some())
    };
    assert!(found(&number.to_string()), "the number is not personal");
    let secret = secret.to_text();
    for personal in [NAME, secret.as_str(), "drawn with the finger"] {
        assert!(!found(personal));
        let canary = terminal.path("outbox/canary");
        fs::write(&canary, format!("before {personal} after")).unwrap();
        assert!(found(personal), "the search finds what is there");
        fs::remove_file(canary).unwrap();
    }
    upstream.serve();
    running.delivered(number);
}

#[test]
fn only_the_configured_ca_is_trusted() {
    let (server, other) = (Server::open(), Server::open());
    let terminal = Terminal::at(&server);
    fs::copy(other.ca(), terminal.path("ca.pem")).unwrap();
    let running = terminal.start();
    let (number, _) = running.submit();
    running.waiting(number);
    running.waiting(number);
    assert!(server.seen().is_empty(), "not a byte was sent");
    let lines = terminal.outbox();
    assert_eq!(lines[0]["problem"], "certificate");
    let check = terminal.kiosk(&["uplink", "check", "--format", "json"]);
    assert_eq!(check.status.code(), Some(1));
    let check: Value = serde_json::from_slice(&check.stdout).unwrap();
    assert_eq!(check["certificate"], false, "{check}");
    assert_eq!(check["findings"][0]["code"], "certificate");
    drop(running);
    fs::copy(server.ca(), terminal.path("ca.pem")).unwrap();
    let running = terminal.start();
    running.delivered(number);
}

#[test]
fn a_clock_that_is_a_day_off_delivers_and_is_told() {
    for hours in [-24, 24] {
        for tells_time in [true, false] {
            let server = Server::with(SignedDuration::from_hours(hours), tells_time);
            let terminal = Terminal::at(&server);
            let running = terminal.start();
            let (number, _) = running.submit();
            let mut off = None;
            let mut delivered = false;
            running.wait(|report| {
                match report {
                    Report::Uplink(status) => {
                        if let ClockState::Off { by } = status.clock {
                            off = Some(by.as_hours());
                        }
                    }
                    Report::Delivered { number: found, .. } => delivered |= found == number,
                    _ => {}
                }
                (delivered && off.is_some()).then_some(())
            });
            let off = off.unwrap();
            assert!((off + hours).abs() <= 1, "{off} for {hours}");
        }
    }
    let server = Server::with(SignedDuration::from_hours(24), true);
    let terminal = Terminal::at(&server);
    let check = terminal.kiosk(&["uplink", "check", "--format", "json"]);
    assert_eq!(check.status.code(), Some(1));
    let check: Value = serde_json::from_slice(&check.stdout).unwrap();
    assert_eq!(check["findings"][0]["code"], "clock-off", "{check}");
    assert_eq!(check["enrolled"], true);
}

#[test]
fn a_case_outlives_the_terminal_and_its_slip_is_offered() {
    let mut upstream = Upstream::open();
    let terminal = Terminal::of(&upstream);
    upstream.kill();
    let running = terminal.start();
    assert!(running.delivery.unfinished().is_empty());
    let (one, _) = running.submit();
    let (two, _) = running.submit();
    running.delivery.slip_completed(one);
    drop(running);
    upstream.serve();
    let running = terminal.start();
    let unfinished: Vec<CaseNumber> = running
        .delivery
        .unfinished()
        .iter()
        .map(|one| one.number)
        .collect();
    assert_eq!(unfinished, [two]);
    running.delivery.dismiss(two);
    let mut left = BTreeSet::from([one, two]);
    running.wait(|report| {
        if let Report::Delivered { number, .. } = report {
            left.remove(&number);
        }
        left.is_empty().then_some(())
    });
    drop(running);
    assert!(terminal.start().delivery.unfinished().is_empty());
    let slips: Vec<Value> = terminal
        .outbox()
        .iter()
        .map(|l| l["slip"].clone())
        .collect();
    assert_eq!(slips, ["completed", "dismissed"]);
}

/// What the test below kills: stores one case after another, and prints each number as a page would.
#[test]
#[ignore = "a child of the next test"]
fn child_that_stores() {
    let Ok(config) = std::env::var("YICI_TEST_CONFIG") else {
        return;
    };
    let running = Running::start(&configuration(Path::new(&config)));
    loop {
        let (number, _) = running.submit();
        println!("stored {number}");
    }
}

#[test]
fn no_number_is_shown_that_a_kill_can_take_back() {
    let server = Server::open();
    let terminal = Terminal::at(&server);
    // Some are delivered while the terminal is killed, some are not.
    server.answer(&[Answer::Bare(500); 12]);
    let mut shown = BTreeSet::new();
    for round in 0..6 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "delivery::child_that_stores",
                "--ignored",
                "--nocapture",
            ])
            .env("YICI_TEST_CONFIG", terminal.path("kiosk.toml"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        while seen <= round {
            let line = lines.next().unwrap().unwrap();
            if let Some((_, number)) = line.split_once("stored ") {
                shown.insert(CaseNumber::parse(number).unwrap());
                seen += 1;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        shown.extend(lines.filter_map(|line| {
            let number = line.ok()?.split_once("stored ")?.1.to_owned();
            CaseNumber::parse(&number).ok()
        }));
    }
    let stored: BTreeSet<CaseNumber> = terminal
        .outbox()
        .iter()
        .map(|line| line["number"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(shown.is_subset(&stored), "nothing is lost");
    let running = terminal.start();
    let unfinished: BTreeSet<CaseNumber> = running
        .delivery
        .unfinished()
        .iter()
        .map(|one| one.number)
        .collect();
    assert_eq!(unfinished, stored, "each slip is offered");
    let end = Instant::now() + PATIENCE;
    while states(&terminal).iter().any(|state| state != "delivered") {
        assert!(Instant::now() < end, "{:?}", terminal.outbox());
        std::thread::sleep(Duration::from_millis(100));
    }
    // A case may have been received twice, but never as other bytes.
    let mut bodies = std::collections::BTreeMap::new();
    for seen in server.seen() {
        let first = bodies.entry(seen.path).or_insert(seen.body.clone());
        assert!(*first == seen.body);
    }
    assert_eq!(bodies.len(), stored.len());
}

/// A small file system of its own, if the test may mount one.
struct Small(std::path::PathBuf);

impl Small {
    fn mount(at: &Path) -> Option<Small> {
        fs::create_dir(at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs"])
            .arg(at)
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then(|| Small(at.to_owned()))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_told_and_nothing_claimed() {
    let server = Server::open();
    let terminal = Terminal::at(&server);
    let Some(small) = Small::mount(&terminal.path("outbox")) else {
        // The outbox's own tests fill it without a file system of its own.
        eprintln!("not root: no small disk to fill");
        return;
    };
    let running = terminal.start();
    let (first, _) = running.submit();
    running.delivered(first);
    let filler = small.0.join("filler");
    let full = fs::write(&filler, vec![0; 2 << 20]);
    assert!(full.is_err(), "the disk is full");
    running.send(2);
    let fault = running.wait(|report| match report {
        Report::NotStored { ticket: 2, fault } => Some(fault),
        Report::Stored { .. } => panic!("stored on a full disk"),
        _ => None,
    });
    assert_eq!(fault, StoreFault::NoRoom);
    assert_eq!(states(&terminal).len(), 1);
    fs::remove_file(&filler).unwrap();
    let (second, _) = running.submit();
    running.delivered(second);
    assert_eq!(server.seen().len(), 2, "what was not stored was not sent");
    drop(running);
}

#[test]
fn damaged_rows_are_parked_and_told() {
    let mut upstream = Upstream::open();
    let terminal = Terminal::of(&upstream);
    upstream.kill();
    let running = terminal.start();
    let (bad, _) = running.submit();
    let (good, _) = running.submit();
    drop(running);
    let db = rusqlite::Connection::open(terminal.path("outbox/outbox.db")).unwrap();
    db.execute(
        "UPDATE cases SET sealed = zeroblob(length(sealed)) WHERE number = ?1",
        [bad.to_string()],
    )
    .unwrap();
    drop(db);
    upstream.serve();
    let running = terminal.start();
    let (mut parked, mut delivered) = (false, false);
    running.wait(|report| {
        match report {
            Report::Parked { number } => parked |= number == bad,
            Report::Delivered { number, .. } => delivered |= number == good,
            _ => {}
        }
        (parked && delivered).then_some(())
    });
    assert_eq!(upstream.cases(), [good.to_string()]);
    let export = terminal.path("bad.sealed");
    let args = [
        "outbox",
        "export",
        &bad.to_string(),
        "--out",
        export.to_str().unwrap(),
    ];
    assert_eq!(terminal.kiosk(&args).status.code(), Some(1));
}

#[test]
fn the_uplink_is_checked_and_its_key_made() {
    let mut upstream = Upstream::open();
    let terminal = Terminal::new(upstream.address.port(), &upstream.ca(), &upstream.key);
    let check = || {
        let done = terminal.kiosk(&["uplink", "check", "--format", "json"]);
        let json = serde_json::from_slice(&done.stdout).unwrap_or(Value::Null);
        (
            done.status.code(),
            json,
            String::from_utf8(done.stderr).unwrap(),
        )
    };
    let (code, _, told) = check();
    assert_eq!(code, Some(2));
    assert!(told.contains("kiosk uplink key"), "{told}");
    let key = terminal.key();
    assert_eq!(terminal.key(), key, "made once");
    let beside = kiosk()
        .args(["uplink", "key", "--config", "kiosk.toml"])
        .current_dir(terminal.dir.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(beside.stdout).unwrap().trim(), key);
    let mode = fs::metadata(terminal.path("device.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let (code, found, _) = check();
    assert_eq!((code, &found["enrolled"]), (Some(1), &json!(false)));
    assert_eq!(found["findings"][0]["code"], "not-enrolled");
    upstream.enrol(&key);
    let (code, found, _) = check();
    assert_eq!(code, Some(0), "{found}");
    for what in ["reachable", "certificate", "key_current", "enrolled"] {
        assert_eq!(found[what], true, "{what}");
    }
    assert!(found["clock_ahead_seconds"].as_i64().unwrap().abs() < 60);
    upstream.kill();
    let (code, found, _) = check();
    assert_eq!((code, &found["reachable"]), (Some(1), &json!(false)));
    assert_eq!(found["certificate"], Value::Null, "unknown is not good");
    assert_eq!(found["findings"][0]["code"], "no-connection");
}
