//! What goes well.

use std::time::Instant;

use yici_update::manifest::{Manifest, Wave};

use crate::bench::{Publisher, System, Terminal, noise, text};
use crate::server::{Mood, Server};

const ROOT: usize = 3 << 20;

/// `root` with a fiftieth of it replaced and some bytes moved.
fn changed(root: &[u8], seed: u64) -> Vec<u8> {
    let mut root = root.to_vec();
    let size = root.len() / 50;
    root.splice(1_000_000..1_000_000 + size, noise(seed, size - 40));
    root.resize(ROOT, 0);
    root
}

#[test]
fn from_a_to_b_and_back_and_again_fetches_what_changed() {
    let publisher = Publisher::new();
    let first = System::new(1, noise(1, ROOT));
    publisher.publish(&first, &[]);
    let server = Server::start(&publisher.tree);
    let mut terminal = Terminal::flashed(&first, &publisher, &server.url);
    terminal.run(&[]);
    assert_eq!(terminal.phase(), "running");
    let mut last = first;
    for counter in 2..=4 {
        let next = System::new(counter, changed(&last.root, counter));
        terminal.know(&next);
        publisher.publish(&next, &[]);
        assert_eq!(terminal.call("apply", &[]).status.code(), Some(1));
        server.take();
        terminal.run(&[]);
        let log = server.take();
        let whole = next.root.len() + next.verity.len() + next.uki.len();
        assert!(log.sent * 5 < whole, "{} of {whole}", log.sent);
        println!(
            "fetched {} of {whole} bytes in {} requests",
            log.sent,
            log.paths.len()
        );
        terminal.check();
        assert_eq!(terminal.phase(), "staged");
        assert_eq!(terminal.call("apply", &[]).stdout, b"reboot\n");
        terminal.run(&[]);
        let again = server.take();
        assert_eq!((again.paths.len(), again.unchanged), (0, 1));

        assert_eq!(terminal.boot().counter, counter);
        terminal.run(&[]);
        assert_eq!(terminal.phase(), "trial");
        assert!(server.take().paths.is_empty());
        terminal.bless();
        assert_eq!(terminal.phase(), "running");
        terminal.run(&[]);
        assert_eq!(terminal.boot().counter, counter);
        last = next;
    }
    let told = String::from_utf8(terminal.call("status", &[]).stdout).unwrap();
    assert!(told.contains("当前系统 running: 2026.11.4 (B)"), "{told}");
    let told = terminal.status();
    assert_eq!(told["running"]["version"], "2026.11.4");
    assert_eq!(told["other"]["version"], "2026.11.3");
    assert_eq!(told["state"]["highest_counter"], 4);
}

#[test]
fn a_failed_try_ends_in_the_old_system_and_is_repeated_only_if_nobody_knows_why() {
    let publisher = Publisher::new();
    let good = System::new(1, noise(1, ROOT));
    let mut terminal = Terminal::flashed(&good, &publisher, "http://127.0.0.1:9");
    let stick = text(&publisher.tree);
    for counter in 2..=4 {
        let bad = System::new(counter, noise(counter, ROOT));
        terminal.know(&bad);
        publisher.publish(&bad, &[]);
        // The second is found unwell; of the others nobody knows what ended their first start.
        let starts = if counter == 3 { 1 } else { 2 };
        for _ in 0..starts {
            terminal.run(&["--from", &stick]);
            assert_eq!(terminal.phase(), "staged");
            assert_eq!(terminal.boot().counter, counter);
            if counter == 3 {
                assert!(terminal.call("reject", &[]).status.success());
            }
            assert_eq!(terminal.boot().counter, 1);
        }
        let said = terminal.refuses(&["--from", &stick]);
        assert!(said.contains("was tried here and rolled back"), "{said}");
        assert_eq!(terminal.phase(), "rolled-back");
        assert_eq!(terminal.menu(), ["yici_2026.11.1.efi"]);
    }
    // The network's updates end here; the stick's do not.
    let next = System::new(5, noise(5, ROOT));
    terminal.know(&next);
    publisher.publish(&next, &[]);
    let server = Server::start(&publisher.tree);
    let config = std::fs::read_to_string(terminal.path("config.toml")).unwrap();
    std::fs::write(
        terminal.path("config.toml"),
        config.replace("http://127.0.0.1:9", &server.url),
    )
    .unwrap();
    assert!(terminal.refuses(&[]).contains("3 updates in a row"));
    assert_eq!(terminal.status()["well"], false);
    terminal.run(&["--from", &stick]);
    assert_eq!(terminal.boot().counter, 5);
    terminal.bless();
    assert_eq!(terminal.status()["state"]["rollbacks"], 0);
}

#[test]
fn a_lost_connection_is_resumed_where_it_was() {
    let publisher = Publisher::new();
    let old = System::new(1, noise(1, ROOT));
    let new = System::new(2, noise(2, ROOT));
    publisher.publish(&new, &[]);
    let server = Server::start(&publisher.tree);
    let mut terminal = Terminal::flashed(&old, &publisher, &server.url);
    terminal.know(&new);
    server.behave("chunks", 25, Mood::Cut);
    terminal.refuses(&[]);
    let first = server.take().paths;
    assert_eq!(terminal.phase(), "downloading");
    server.behave("", 0, Mood::Honest);
    terminal.run(&[]);
    let second = server.take().paths;
    terminal.check();
    assert_eq!(terminal.phase(), "staged");
    // Three lists are asked for again; the chunk that was cut was asked for four times.
    let chunks = first.iter().filter(|path| path.contains("chunks"));
    let again: Vec<_> = chunks
        .take(25)
        .filter(|path| second.contains(path))
        .collect();
    assert_eq!(again.len(), 3, "{again:?}");
}

#[test]
fn the_bandwidth_is_bounded() {
    let publisher = Publisher::new();
    let old = System::new(1, noise(1, ROOT));
    let mut new = old.clone();
    new.root = noise(2, 600_000);
    let new = System::new(2, new.root);
    publisher.publish(&new, &[]);
    let server = Server::start(&publisher.tree);
    let mut terminal = Terminal::flashed(&old, &publisher, &server.url);
    terminal.know(&new);
    terminal.rate = 200_000;
    terminal.configure(&old);
    let began = Instant::now();
    terminal.run(&[]);
    let seconds = began.elapsed().as_secs_f64();
    let least = server.take().sent as f64 / 200_000.0;
    println!("{seconds:.2} s, {least:.2} s at the rate");
    assert!(
        seconds > least * 0.9,
        "{seconds} s for what takes {least} s"
    );
    assert!(
        seconds < least * 2.0 + 5.0,
        "{seconds} s for what takes {least} s"
    );
}

#[test]
fn waves_open_by_time_and_identity() {
    let publisher = Publisher::new();
    let old = System::new(1, noise(1, 100_000));
    let new = System::new(2, noise(2, 100_000));
    let waves = [
        "--made",
        "2026-01-01T00:00:00Z",
        "--expires",
        "2100-01-01T00:00:00Z",
        "--wave",
        "5%@2026-01-02T00:00:00Z",
        "--wave",
        "40%@2026-01-03T00:00:00Z",
        "--wave",
        "100%@2099-01-01T00:00:00Z",
    ];
    publisher.publish(&new, &waves);
    let manifest = std::fs::read(publisher.tree.join("manifest.json")).unwrap();
    let manifest = Manifest::parse(&manifest).unwrap();
    let admitted = |now: &str| {
        let now = now.parse().unwrap();
        (0..10_000)
            .filter(|n: &u32| manifest.admits(format!("terminal-{n}").as_bytes(), now))
            .count()
    };
    assert_eq!(admitted("2026-01-01T12:00:00Z"), 0);
    assert!((400..600).contains(&admitted("2026-01-02T00:00:00Z")));
    assert!((3800..4200).contains(&admitted("2026-02-01T00:00:00Z")));
    assert_eq!(admitted("2099-01-01T00:00:00Z"), 10_000);
    let other = Manifest {
        waves: vec![Wave {
            percent: 5,
            from: manifest.made,
        }],
        version: "2026.11.3".parse().unwrap(),
        ..manifest.clone()
    };
    let both = |n: &u32| {
        let identity = format!("terminal-{n}");
        manifest.admits(identity.as_bytes(), "2026-01-02T00:00:00Z".parse().unwrap())
            && other.admits(identity.as_bytes(), other.made)
    };
    assert!(
        (0..10_000).filter(both).count() < 100,
        "another version has other first terminals"
    );

    let server = Server::start(&publisher.tree);
    let mut terminal = Terminal::flashed(&old, &publisher, &server.url);
    terminal.know(&new);
    let late = (0..)
        .map(|n| format!("terminal-{n}"))
        .find(|name| !manifest.admits(name.as_bytes(), "2026-06-01T00:00:00Z".parse().unwrap()));
    terminal.identity = Box::leak(late.unwrap().into_boxed_str());
    terminal.configure(&old);
    terminal.run(&[]);
    assert_eq!(terminal.phase(), "waiting");
    assert_eq!(terminal.status()["well"], true);
    std::fs::remove_file(terminal.path("clock")).unwrap();
    terminal.run(&[]);
    assert_eq!(terminal.phase(), "clock-untrusted");
    assert_eq!(terminal.status()["well"], false);
    // Who holds the stick decides.
    terminal.run(&["--from", &text(&publisher.tree)]);
    assert_eq!(terminal.phase(), "staged");
}

#[test]
fn the_same_input_makes_the_same_tree() {
    let publisher = Publisher::new();
    let other = Publisher::new();
    let system = System::new(1, noise(1, ROOT));
    let list = |publisher: &Publisher| {
        publisher.publish(&system, &["--made", "2026-01-01T00:00:00Z"]);
        let mut files = Vec::new();
        let mut todo = vec![publisher.tree.clone()];
        while let Some(directory) = todo.pop() {
            for item in std::fs::read_dir(directory).unwrap() {
                let path = item.unwrap().path();
                match path.is_dir() {
                    true => todo.push(path),
                    false => files.push((
                        path.strip_prefix(&publisher.tree).unwrap().to_owned(),
                        std::fs::read(path).unwrap(),
                    )),
                }
            }
        }
        files.retain(|(path, _)| path.extension().unwrap() != "minisig");
        files.sort();
        files
    };
    let (first, second) = (list(&publisher), list(&other));
    assert!(first.len() > 20);
    assert!(first == second);
}

#[test]
fn https_is_by_the_configured_ca_alone() {
    let publisher = Publisher::new();
    let old = System::new(1, noise(1, 100_000));
    let new = System::new(2, noise(2, 100_000));
    publisher.publish(&new, &[]);
    let (server, pem) = Server::start_tls(&publisher.tree);
    let mut terminal = Terminal::flashed(&old, &publisher, &server.url);
    terminal.know(&new);
    let config = std::fs::read_to_string(terminal.path("config.toml")).unwrap();
    assert!(terminal.refuses(&[]).contains("https needs a ca"));
    let ca = terminal.path("ca.pem");
    std::fs::write(
        terminal.path("config.toml"),
        format!("{config}ca = '{}'\n", text(&ca)),
    )
    .unwrap();
    let (_other, other_pem) = Server::start_tls(&publisher.tree);
    std::fs::write(&ca, other_pem).unwrap();
    assert!(terminal.refuses(&[]).contains("certificate"));
    std::fs::write(&ca, pem).unwrap();
    terminal.run(&[]);
    terminal.check();
    assert_eq!(terminal.phase(), "staged");
}
