//! Installations that end at any of their writes: this test binary installs, under `strace`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use yici_catalog::Catalog;
use yici_catalog_publish::{Keys, Options, Store};

use crate::hall::{Hall, proven};

const STORE: &str = "YICI_TEST_STORE";
const CALLS: &str = "write,fsync,?rename,?renameat,?renameat2,?mkdir,mkdirat,?symlink,symlinkat,?unlink,unlinkat,?rmdir";
/// The harness writes from another thread, and strace counts for each thread: this many writes keep the
/// thread that installs ahead of it.
const AHEAD: usize = 32;

/// What the traced process does; nothing, when it is an ordinary test.
#[test]
fn as_told() {
    let Some(store) = std::env::var_os(STORE).map(PathBuf::from) else {
        return;
    };
    let mut null = fs::OpenOptions::new()
        .write(true)
        .open("/dev/null")
        .unwrap();
    for _ in 0..AHEAD {
        null.write_all(b"ahead").unwrap();
    }
    let keys = Keys::load(&store.join("../keys")).unwrap();
    match fs::read(store.join("../bundle")) {
        Ok(bundle) => {
            let installed =
                Store::new(store).install(&bundle.into(), &keys, &Options::default(), &proven);
            installed.map(drop).unwrap();
        }
        Err(_) => drop(Store::new(store).roll_back(&keys).unwrap()),
    }
}

/// Runs [`as_told`] under `strace`; the calls of the thread that installs.
fn traced(hall: &Hall, options: &[String]) -> Vec<String> {
    let log = hall.dir.path().join("log");
    Command::new("strace")
        .args([
            "--follow-forks",
            "--quiet=all",
            "--signal=none",
            "--decode-fds=path",
        ])
        .arg(format!("--output={}", log.display()))
        .arg(format!("--trace={CALLS}"))
        .args(options)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "cut::as_told", "--quiet"])
        .env(STORE, hall.dir.path().join("store"))
        .output()
        .unwrap();
    let log = fs::read_to_string(log).unwrap();
    let first = log.lines().find(|line| line.contains("/dev/null>"));
    let (thread, _) = first.unwrap().split_once(' ').unwrap();
    let own = log.lines().filter_map(|line| line.strip_prefix(thread));
    own.map(|line| line.trim_start().to_owned()).collect()
}

fn counted(calls: &[String]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in calls {
        let Some((name, _)) = line.split_once('(') else {
            continue;
        };
        *counts.entry(name.to_owned()).or_insert(0) += 1;
    }
    counts
}

/// Kills the process at each of its calls, and looks what a terminal finds after it.
fn kill_at_every_call(hall: &Hall, before: (&str, &str), after: (&str, &str)) {
    let (store, kept) = (hall.dir.path().join("store"), hall.dir.path().join("kept"));
    copy(&store, &kept);
    let counts = counted(&traced(hall, &[]));
    assert_eq!(hall.serves().as_deref(), Some(after.0));
    println!("{counts:?}");
    let mut kills = 0;
    let mut served = BTreeMap::new();
    for (name, count) in counts {
        let first = if name == "write" { AHEAD + 1 } else { 1 };
        for at in first..=count {
            copy(&kept, &store);
            traced(hall, &[format!("--inject={name}:signal=KILL:when={at}")]);
            kills += 1;
            let serves = hall.serves().unwrap();
            let (_, old) = [before, after]
                .into_iter()
                .find(|(version, _)| *version == serves)
                .unwrap();
            let old_one = Catalog::load(&store.join("current/previous/catalogue")).unwrap();
            assert_eq!(old_one.version, old, "{name} {at}");
            *served.entry(serves).or_insert(0) += 1;
            // It goes on from whatever is there.
            if hall.dir.path().join("bundle").exists() || hall.serves().as_deref() == Some(before.0)
            {
                traced(hall, &[]);
            }
            assert_eq!(hall.serves().as_deref(), Some(after.0), "{name} {at}");
            assert_eq!(hall.releases(), 2);
            assert!(!store.join("incoming").exists());
        }
    }
    println!("{kills} kills, after which it served {served:?}");
    assert!(served.len() == 2, "{served:?}");
}

#[test]
fn an_installation_may_be_killed_at_every_write() {
    let hall = ready();
    kill_at_every_call(&hall, ("2", "1"), ("3", "2"));
}

#[test]
fn going_back_may_be_killed_at_every_write() {
    let hall = ready();
    fs::remove_file(hall.dir.path().join("bundle")).unwrap();
    kill_at_every_call(&hall, ("2", "1"), ("1", "2"));
}

/// A power cut may lose what was not synced: so all that the link leads to is, before the link is.
#[test]
fn all_is_on_the_disk_before_it_serves() {
    let hall = ready();
    let calls = traced(&hall, &[format!("--trace={CALLS},openat")]);
    let commit = calls
        .iter()
        .position(|call| call.starts_with("rename") && call.contains("/current\""))
        .unwrap();
    let synced = |from: usize, to: usize, path: &str| {
        calls[from..to]
            .iter()
            .any(|call| call.starts_with("fsync(") && call.contains(&format!("{path}>")))
    };
    let quoted = |call: &str| call.split('"').nth(1).unwrap().to_owned();
    let mut made = 0;
    for (at, call) in calls.iter().enumerate() {
        let file = call.starts_with("openat(") && call.contains("O_EXCL");
        let directory = call.starts_with("mkdir") && !call.contains("EEXIST");
        if (file || directory) && call.contains("/incoming") {
            assert!(at < commit);
            let path = quoted(call);
            assert!(synced(at, commit, &path), "{path} is not synced");
            made += 1;
        }
    }
    assert!(made >= 10, "{made}");
    let moved = calls
        .iter()
        .position(|call| call.starts_with("rename") && call.contains("/incoming\""))
        .unwrap();
    assert!(synced(moved, commit, "/store/releases"));
    assert!(synced(commit, calls.len(), "/store"));
}

#[test]
fn a_disk_that_fills_or_fails_leaves_the_old_one() {
    let hall = ready();
    let store = hall.dir.path().join("store");
    for inject in [
        format!("--inject=write:error=ENOSPC:when={}", AHEAD + 4),
        "--inject=fsync:error=EIO:when=3".to_owned(),
        "--inject=fsync:error=EIO:when=10".to_owned(),
        "--inject=?rename,?renameat,?renameat2:error=EIO:when=1+".to_owned(),
    ] {
        traced(&hall, std::slice::from_ref(&inject));
        assert_eq!(hall.serves().as_deref(), Some("2"), "{inject}");
        let old = Catalog::load(&store.join("current/previous/catalogue")).unwrap();
        assert_eq!(old.version, "1");
    }
    traced(&hall, &[]);
    assert_eq!(hall.serves().as_deref(), Some("3"));
    assert_eq!(hall.releases(), 2);
}

/// A store that serves the second catalogue and keeps the first; the third is to be installed.
fn ready() -> Hall {
    let hall = Hall::new();
    hall.write_keys(&hall.dir.path().join("keys"));
    hall.install(&hall.bundle("1", 1)).unwrap();
    hall.install(&hall.bundle("2", 2)).unwrap();
    fs::write(hall.dir.path().join("bundle"), hall.bundle("3", 3)).unwrap();
    hall
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    let copied = Command::new("cp")
        .arg("--archive")
        .args([from, to])
        .status();
    assert!(copied.unwrap().success());
}
