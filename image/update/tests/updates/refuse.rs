//! What must be refused, with the old system whole and nothing in the menu beside it.

use std::fs;

use crate::bench::{Publisher, System, Terminal, noise, text};
use crate::server::{Mood, Server};

struct Scene {
    publisher: Publisher,
    terminal: Terminal,
    server: Server,
}

fn scene(more: &[&str]) -> Scene {
    let publisher = Publisher::new();
    let old = System::new(3, noise(1, 200_000));
    let new = System::new(4, noise(2, 200_000));
    publisher.publish(&new, more);
    let server = Server::start(&publisher.tree);
    let mut terminal = Terminal::flashed(&old, &publisher, &server.url);
    terminal.know(&new);
    Scene {
        publisher,
        terminal,
        server,
    }
}

impl Scene {
    #[track_caller]
    fn refused(&self, reason: &str) {
        let said = self.terminal.refuses(&[]);
        assert!(said.contains(reason), "{said}");
        assert_eq!(self.terminal.menu(), ["yici_2026.11.3.efi"]);
        assert_eq!(self.terminal.call("apply", &[]).status.code(), Some(1));
    }

    /// That with the reason gone, it works.
    #[track_caller]
    fn accepted(&self) {
        self.server.behave("", 0, Mood::Honest);
        self.terminal.run(&[]);
        self.terminal.check();
        assert_eq!(self.terminal.phase(), "staged");
    }
}

#[test]
fn a_manifest_that_is_edited_or_signed_by_another() {
    let scene = scene(&[]);
    let path = scene.publisher.tree.join("manifest.json");
    let sound = fs::read_to_string(&path).unwrap();
    fs::write(&path, sound.replace("\"counter\": 4", "\"counter\": 5")).unwrap();
    scene.refused("signature does not hold");
    fs::write(&path, &sound).unwrap();
    let signature = scene.publisher.tree.join("manifest.json.minisig");
    let kept = fs::read(&signature).unwrap();
    let stranger = Publisher::new();
    stranger.publish(&System::new(4, noise(2, 200_000)), &[]);
    fs::copy(stranger.tree.join("manifest.json"), &path).unwrap();
    fs::copy(stranger.tree.join("manifest.json.minisig"), &signature).unwrap();
    scene.refused("signature does not hold");
    fs::write(&path, &sound).unwrap();
    fs::write(&signature, kept).unwrap();
    scene.accepted();
}

#[test]
fn a_manifest_that_is_not_for_this_terminal() {
    let scene = scene(&[]);
    let sound = fs::read_to_string(scene.publisher.tree.join("manifest.json")).unwrap();
    for (from, to, reason) in [
        (
            "\"product\": \"yici\"",
            "\"product\": \"other\"",
            "not for this terminal",
        ),
        (
            "\"architecture\": \"",
            "\"architecture\": \"s390-",
            "not for this terminal",
        ),
        ("\"counter\": 4", "\"counter\": 3", "a downgrade"),
        ("\"counter\": 4", "\"counter\": 2", "a downgrade"),
        (
            "\"minimum_counter\": 0",
            "\"minimum_counter\": 4",
            "needs a system of counter 4",
        ),
        (
            "\"version\": \"2026.11.4\"",
            "\"version\": \"2026.9.40\"",
            "does not sort above",
        ),
        (
            "\"version\": \"2026.11.4\"",
            "\"version\": \"../4\"",
            "not valid",
        ),
        (
            "\"format\": 1",
            "\"format\": 2, \"news\": true",
            "has format 2",
        ),
        (
            "\"format\": 1",
            "\"format\": 1, \"news\": true",
            "unknown field `news`",
        ),
        (
            "\"size\": 200000",
            "\"size\": 9000000000",
            "sizes that cannot be",
        ),
        (
            "\"size\": 200000",
            "\"size\": 200001",
            "is not what its name says",
        ),
        (
            "\"size\": 40000",
            "\"size\": 2000000",
            "verity does not fit",
        ),
    ] {
        scene.publisher.resign(|_| sound.replacen(from, to, 1));
        scene.refused(reason);
    }
    scene.publisher.resign(|_| sound.clone());
    scene.accepted();
}

#[test]
fn a_downgrade_below_what_ever_booted_well_here() {
    let scene = scene(&[]);
    fs::write(
        scene.terminal.path("state/state.json"),
        "{\"highest_counter\": 9}",
    )
    .unwrap();
    scene.refused("counter 4 is not above 9");
    // What cannot be read may hold the same.
    let state = scene.terminal.path("state/state.json");
    fs::remove_file(&state).unwrap();
    fs::create_dir(&state).unwrap();
    assert!(scene.terminal.refuses(&[]).contains("state.json"));
    fs::remove_dir(&state).unwrap();
    fs::write(&state, "damaged").unwrap();
    scene.accepted();
}

#[test]
fn a_manifest_that_expired_by_a_clock_that_is_trusted() {
    let scene = scene(&[
        "--made",
        "2026-01-01T00:00:00Z",
        "--expires",
        "2026-01-02T00:00:00Z",
    ]);
    scene.refused("expired at 2026-01-02");
    fs::remove_file(scene.terminal.path("clock")).unwrap();
    scene.accepted();
}

#[test]
fn a_whole_that_is_not_what_its_chunks_make() {
    let scene = scene(&[]);
    let sound = fs::read_to_string(scene.publisher.tree.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&sound).unwrap();
    let sum = manifest["root"]["sha256"].as_str().unwrap();
    scene
        .publisher
        .resign(|_| sound.replacen(sum, &"0".repeat(64), 1));
    scene.refused("root read back wrong");
    let hash = manifest["root_hash"].as_str().unwrap();
    scene
        .publisher
        .resign(|_| sound.replacen(hash, &"1".repeat(64), 1));
    scene.refused("does not name the manifest's root hash");
    scene.publisher.resign(|_| sound.clone());
    scene.accepted();
}

#[test]
fn chunks_that_are_edited_torn_or_missing() {
    let scene = scene(&[]);
    for (mood, reason) in [
        (Mood::Flip, "is not what its name says"),
        (Mood::Flood, "chunks/"),
        (Mood::Gone, "status 404"),
        (Mood::Cut, "chunks/"),
    ] {
        // The lists come first and are whole.
        scene.server.behave("chunks", 4, mood);
        scene.refused(reason);
    }
    scene.accepted();
}

#[test]
fn a_server_that_stalls_or_never_ends() {
    let scene = scene(&[]);
    for mood in [Mood::Dribble, Mood::Stall] {
        scene.server.behave("manifest", 0, mood);
        let began = std::time::Instant::now();
        scene.refused("manifest.json: ");
        assert!(began.elapsed().as_secs() < 25);
    }
    scene.server.behave("manifest", 0, Mood::Flood);
    scene.refused("manifest.json: ");
    scene.accepted();
}

#[test]
fn a_terminal_whose_slot_is_in_doubt_writes_nothing() {
    let scene = scene(&[]);
    let disk = fs::read(scene.terminal.path("disk")).unwrap();
    let line = fs::read(scene.terminal.path("cmdline")).unwrap();
    for doubt in ["quiet".to_owned(), format!("roothash={}", "ab".repeat(32))] {
        fs::write(scene.terminal.path("cmdline"), doubt).unwrap();
        let ran = scene
            .terminal
            .call("run", &["--from", &text(&scene.publisher.tree)]);
        assert_eq!(ran.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&ran.stderr).contains("cannot tell which slot is running"));
    }
    assert!(disk == fs::read(scene.terminal.path("disk")).unwrap());
    fs::write(scene.terminal.path("cmdline"), line).unwrap();
    scene.accepted();
}
