//! Passes that end at any of their writes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::FileExt;
use std::process::Command;

use crate::bench::{KIOSK_UPDATE, Publisher, System, Terminal, noise, text};

const CALLS: &str = "pwrite64,write,fsync,ftruncate,rename,renameat,renameat2,unlink,unlinkat";

fn traced(terminal: &Terminal, publisher: &Publisher, inject: &[String]) -> String {
    let log = terminal.path("strace.log");
    Command::new("strace")
        .args(["--quiet=all", "--signal=none"])
        .arg(format!("--output={}", text(&log)))
        .arg(format!("--trace={CALLS}"))
        .args(inject)
        .arg(KIOSK_UPDATE)
        .args(["run", "--config"])
        .arg(terminal.path("config.toml"))
        .arg("--from")
        .arg(&publisher.tree)
        .output()
        .unwrap();
    fs::read_to_string(log).unwrap()
}

/// A terminal that has gone from A to B already, so that A's slot holds an older system and its entry.
fn ready(publisher: &Publisher) -> (Terminal, System) {
    let first = System::new(1, noise(1, 800_000));
    let second = System::new(2, noise(2, 800_000));
    let third = System::new(3, noise(3, 800_000));
    let mut terminal = Terminal::flashed(&first, publisher, "http://127.0.0.1:9");
    for system in [&second, &third] {
        terminal.know(system);
    }
    publisher.publish(&second, &[]);
    terminal.run(&["--from", &text(&publisher.tree)]);
    terminal.boot();
    terminal.bless();
    publisher.publish(&third, &[]);
    (terminal, third)
}

#[test]
fn a_pass_may_be_killed_at_every_write() {
    let publisher = Publisher::new();
    let (terminal, third) = ready(&publisher);
    let before = [
        fs::read(terminal.path("disk")).unwrap(),
        fs::read(terminal.path("state/state.json")).unwrap(),
    ];
    let entries: Vec<_> = terminal
        .menu()
        .into_iter()
        .map(|name| terminal.path("esp/EFI/Linux").join(name))
        .map(|path| (fs::read(&path).unwrap(), path))
        .collect();
    let calls = traced(&terminal, &publisher, &[]);
    assert_eq!(terminal.phase(), "staged");
    let mut counts = BTreeMap::new();
    for line in calls.lines() {
        let (name, _) = line.split_once('(').unwrap();
        *counts.entry(name.to_owned()).or_insert(0) += 1;
    }
    println!("{counts:?}");
    assert!(counts["pwrite64"] > 15 && counts["fsync"] > 10);
    assert_eq!((counts["rename"], counts["unlink"]), (3, 1));
    for (name, count) in counts {
        for at in 1..=count {
            fs::remove_dir_all(terminal.path("esp/EFI/Linux")).unwrap();
            fs::create_dir(terminal.path("esp/EFI/Linux")).unwrap();
            for (bytes, path) in &entries {
                fs::write(path, bytes).unwrap();
            }
            fs::write(terminal.path("disk"), &before[0]).unwrap();
            fs::write(terminal.path("state/state.json"), &before[1]).unwrap();
            traced(
                &terminal,
                &publisher,
                &[format!("--inject={name}:signal=KILL:when={at}")],
            );
            terminal.check();
            let stale = fs::read_dir(terminal.path("state")).unwrap().count();
            assert!(stale <= 5, "files are left behind");
            terminal.run(&["--from", &text(&publisher.tree)]);
            terminal.check();
            assert_eq!(terminal.phase(), "staged", "{name} {at}");
            assert!(
                terminal
                    .menu()
                    .contains(&format!("yici_{}+1.efi", third.version))
            );
        }
    }
}

/// A write to the disk, or the moment from which on all before it is sure to be there.
enum Step {
    Write(u64, Vec<u8>),
    Synced,
}

/// As strace writes it.
fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("\\x{byte:02x}")).collect()
}

/// What a pass did to the disk, as strace saw it.
fn steps(log: &str, disk: &str) -> Vec<Step> {
    let on_disk = format!("<{}>", hex(disk));
    let calls = log.lines().filter(|line| line.contains(&on_disk));
    let step = |line: &str| {
        if line.starts_with("fsync(") {
            return Step::Synced;
        }
        assert!(line.starts_with("pwrite64("), "{line}");
        let (_, rest) = line.split_once('"').unwrap();
        let (hex, rest) = rest.split_once('"').unwrap();
        let bytes = hex
            .split("\\x")
            .skip(1)
            .map(|byte| u8::from_str_radix(byte, 16).unwrap());
        let (call, _) = rest.rsplit_once(')').unwrap();
        let (_, at) = call.rsplit_once(", ").unwrap();
        let at = at
            .strip_prefix("0x")
            .map_or_else(|| at.parse(), |at| u64::from_str_radix(at, 16));
        Step::Write(at.unwrap(), bytes.collect())
    };
    calls.map(step).collect()
}

/// A power cut loses, of what was written since the last sync, whichever sectors it likes.
#[test]
fn the_power_may_be_cut_at_every_write_to_the_disk() {
    let publisher = Publisher::new();
    let (terminal, third) = ready(&publisher);
    let before = fs::read(terminal.path("disk")).unwrap();
    let old = terminal
        .menu()
        .into_iter()
        .find(|name| name.contains("11.1"));
    let old = terminal.path("esp/EFI/Linux").join(old.unwrap());
    let old_uki = fs::read(&old).unwrap();
    let options = [
        "--decode-fds=path",
        "--strings-in-hex=all",
        "--string-limit=1000000",
    ];
    let log = traced(&terminal, &publisher, &options.map(str::to_owned));
    assert_eq!(terminal.phase(), "staged");
    let new = terminal.path(&format!("esp/EFI/Linux/yici_{}+1.efi", third.version));
    let new_uki = fs::read(&new).unwrap();
    fs::remove_file(&new).unwrap();
    let steps = steps(&log, &text(&terminal.path("disk")));
    let writes = steps
        .iter()
        .filter(|step| matches!(step, Step::Write(..)))
        .count();
    assert!(
        writes > 15 && steps.len() > writes + 5,
        "{writes} of {}",
        steps.len()
    );
    let mut trials = 0;
    for cut in 0..=steps.len() {
        for trial in 0..6_u64 {
            let mut sure = before.clone();
            let mut pending = Vec::new();
            for step in &steps[..cut] {
                match step {
                    Step::Write(at, bytes) => {
                        let sectors = bytes.chunks(512).enumerate();
                        pending.extend(sectors.map(|(n, sector)| (*at as usize + n * 512, sector)));
                    }
                    Step::Synced => {
                        for (at, sector) in pending.drain(..) {
                            sure[at..at + sector.len()].copy_from_slice(sector);
                        }
                    }
                }
            }
            let luck = noise(trial * 1000 + cut as u64, 4 * pending.len());
            for ((at, sector), luck) in pending.iter().zip(luck.chunks(4)) {
                if luck[0] % 6 < trial as u8 {
                    sure[*at..at + sector.len()].copy_from_slice(sector);
                }
            }
            fs::write(terminal.path("disk"), sure).unwrap();
            terminal.check();
            trials += 1;
        }
    }
    println!("{trials} power cuts at {} steps", steps.len());
    // The old entry left the menu before the first write, the new one came after the last.
    assert!(!old.exists());
    fs::write(&new, new_uki).unwrap();
    terminal.check();
    fs::write(terminal.path("disk"), before).unwrap();
    fs::remove_file(&new).unwrap();
    fs::write(&old, old_uki).unwrap();
    terminal.check();
    let calls: Vec<_> = log.lines().collect();
    let place = |part: &str| calls.iter().position(|line| line.contains(part)).unwrap();
    let first_write = place("pwrite64(");
    let last_write = calls
        .iter()
        .rposition(|line| line.starts_with("pwrite64("))
        .unwrap();
    let withdrawn = place(&hex("yici_2026.11.1.efi"));
    let offered = place(&hex("yici_2026.11.3+1.efi"));
    let synced = |range: &[&str], path: &str| {
        range
            .iter()
            .any(|line| line.starts_with("fsync(") && line.contains(&format!("{}>", hex(path))))
    };
    assert!(withdrawn < first_write && last_write < offered);
    assert!(synced(&calls[withdrawn..first_write], "EFI/Linux"));
    assert!(synced(&calls[last_write..offered], "disk"));
    assert!(synced(&calls[first_write..offered], "yici-update.part"));
    assert!(synced(&calls[offered..], "EFI/Linux"));
}

#[test]
fn a_disk_that_fails_or_fills_leaves_the_old_system() {
    let publisher = Publisher::new();
    let (terminal, _) = ready(&publisher);
    for (inject, reason) in [
        ("--inject=pwrite64:error=ENOSPC:when=6", "full"),
        ("--inject=pwrite64:error=EIO:when=8+", "disk"),
        ("--inject=fsync:error=EIO:when=8", "disk"),
    ] {
        traced(&terminal, &publisher, &[inject.to_owned()]);
        terminal.check();
        let state = fs::read_to_string(terminal.path("state/state.json")).unwrap();
        assert!(
            state.contains(&format!("\"fault\": \"{reason}\"")),
            "{inject}: {state}"
        );
    }
    terminal.run(&["--from", &text(&publisher.tree)]);
    terminal.check();
    assert_eq!(terminal.phase(), "staged");
}

#[test]
fn either_copy_of_the_partition_table_is_enough() {
    let publisher = Publisher::new();
    let (terminal, _) = ready(&publisher);
    let sound = fs::read(terminal.path("disk")).unwrap();
    // Primary header, primary entries, backup entries, backup header.
    for at in [
        512,
        1024,
        sound.len() as u64 - 33 * 512,
        sound.len() as u64 - 512,
    ] {
        fs::write(terminal.path("disk"), &sound).unwrap();
        let disk = fs::OpenOptions::new()
            .write(true)
            .open(terminal.path("disk"))
            .unwrap();
        disk.write_all_at(&[0x55; 64], at).unwrap();
        terminal.run(&["--from", &text(&publisher.tree)]);
        terminal.check();
        assert_eq!(terminal.phase(), "staged");
        let table = gpt::GptConfig::new()
            .only_valid_headers(true)
            .open(terminal.path("disk"))
            .unwrap();
        assert_eq!(table.partitions().len(), 5);
        let [entry] = terminal
            .menu()
            .into_iter()
            .filter(|name| name.contains('+'))
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        fs::remove_file(terminal.path("esp/EFI/Linux").join(entry)).unwrap();
    }
}
