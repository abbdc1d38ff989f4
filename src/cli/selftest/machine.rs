//! What is no device: network, upstream, clock, disk, TPM, updates.

use std::fs;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use yici_catalog::Text;
use yici_contract::proof::MAX_CLOCK_ERROR;
use yici_hal::status::Actor;

use crate::config::Config;
use crate::selftest::{Check, State, Step};
use crate::uplink::{self, Uplink};

/// With less room than this nothing is stored safely for long, in bytes.
const LEAST_ROOM: u64 = 100 * 1024 * 1024;
/// A card is plugged in or not: asked of the kernel.
const CARDS: &str = "/sys/class/net";
/// Written by `yici-data.service` of the appliance: what opens the data partition.
const DATA_KEY: &str = "/run/yici/data-key";
/// The kernel's own way to a TPM.
const TPM: &str = "/dev/tpmrm0";
/// Made by systemd-timesyncd when the clock was set from the network.
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";
/// Written by the appliance's update services: what came of the last pass (`kiosk-update status`).
const UPDATES: &str = "/run/yici-update/status.json";
/// The longest wait for upstream.
const PATIENCE: Duration = Duration::from_secs(30);

/// Looks at everything.
pub(super) fn checks(config: &Config) -> Vec<Check> {
    let way = config.upstream.as_ref().map(ask);
    let mut checks = vec![network(Path::new(CARDS))];
    checks.extend(way.as_ref().map(upstream));
    checks.push(clock(way.as_ref()));
    checks.push(disk(config.ledger.parent().unwrap_or(Path::new("/"))));
    checks.push(tpm());
    checks.extend(updates(Path::new(UPDATES)));
    checks
}

fn ask(upstream: &crate::config::Upstream) -> Option<uplink::Check> {
    let uplink = Uplink::new(upstream).ok()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    runtime.block_on(async {
        tokio::time::timeout(PATIENCE, uplink::check(&uplink))
            .await
            .ok()
    })
}

fn network(cards: &Path) -> Check {
    let read = |card: &fs::DirEntry, what: &str| {
        fs::read_to_string(card.path().join(what)).unwrap_or_default()
    };
    let found: Vec<(String, bool)> = fs::read_dir(cards)
        .into_iter()
        .flatten()
        .flatten()
        // 772 is the loopback's kind (ARPHRD_LOOPBACK).
        .filter(|card| read(card, "type").trim() != "772")
        .map(|card| {
            let plugged = read(&card, "carrier").trim() == "1";
            (card.file_name().to_string_lossy().into_owned(), plugged)
        })
        .collect();
    let plugged: Vec<&str> = found
        .iter()
        .filter(|(_, plugged)| *plugged)
        .map(|(name, _)| name.as_str())
        .collect();
    let (state, zh, en, next) = match (found.is_empty(), plugged.is_empty()) {
        (true, _) => (
            State::Fault,
            "没有网卡".into(),
            "no network card".into(),
            Some(("装好网卡或驱动", "fit a network card", Actor::Technician)),
        ),
        (false, true) => (
            State::Fault,
            "网线没有插好".into(),
            "no cable is plugged in".into(),
            Some((
                "插好网线，看接口的灯亮不亮",
                "plug the cable in until its light is on",
                Actor::Staff,
            )),
        ),
        (false, false) => (
            State::Good,
            format!("接通：{}", plugged.join("、")),
            format!("connected: {}", plugged.join(", ")),
            None,
        ),
    };
    check("network", ("网络", "network"), state, (zh, en), next)
}

fn upstream(way: &Option<uplink::Check>) -> Check {
    let name = ("事项办理系统", "upstream");
    let look = Some((
        "用 kiosk uplink check 看细节",
        "see `kiosk uplink check`",
        Actor::Technician,
    ));
    let Some(way) = way else {
        let says = (
            "一直没有回应".into(),
            "it does not come to an answer".into(),
        );
        return check("uplink", name, State::Fault, says, look);
    };
    // Whether the clock is right is said of the clock.
    let trusted = [
        Some(way.reachable),
        way.certificate,
        way.key_current,
        way.enrolled,
    ];
    let (state, zh, en) = if !way.reachable {
        (State::Fault, "连不上", "cannot be reached")
    } else if way.certificate == Some(false) {
        (
            State::Fault,
            "证书不是配置里的 CA 签的，或者已过期",
            "its certificate is not by the configured CA, or not valid now",
        )
    } else if way.enrolled == Some(false) {
        (
            State::Fault,
            "还没有登记这台终端",
            "this terminal is not enrolled there",
        )
    } else if way.key_current == Some(false) {
        (
            State::Fault,
            "加密公钥不是现在用的那一把",
            "the configured key is not the one it uses now",
        )
    } else if trusted.iter().all(|known| *known == Some(true)) {
        (
            State::Good,
            "连得上，认得这台终端",
            "answers, and knows this terminal",
        )
    } else {
        (
            State::Unknown,
            "连得上，有的还说不清",
            "answers; not everything could be told",
        )
    };
    let next = if state == State::Good { None } else { look };
    check("uplink", name, state, (zh.into(), en.into()), next)
}

fn clock(way: Option<&Option<uplink::Check>>) -> Check {
    let ahead = way.and_then(|way| way.as_ref()?.clock_ahead_seconds);
    let now = Timestamp::now().strftime("%Y-%m-%d %H:%M:%S UTC");
    let set = Some((
        "在设置文件里写对时间服务器，或者在 BIOS 里改时间",
        "name a time server in the setup file, or set the clock in the firmware",
        Actor::Technician,
    ));
    let most = MAX_CLOCK_ERROR.as_secs();
    let (state, zh, en, next) = match ahead {
        Some(seconds) if seconds.abs() <= most => (
            State::Good,
            format!("准（{now}）"),
            format!("right ({now})"),
            None,
        ),
        Some(seconds) => (
            State::Fault,
            format!("和事项办理系统差 {} 秒", seconds.abs()),
            format!("{} s off upstream's", seconds.abs()),
            set,
        ),
        None if Path::new(SYNCHRONISED).exists() => (
            State::Good,
            format!("已对时（{now}）"),
            format!("set from the network ({now})"),
            None,
        ),
        None => (
            State::Unknown,
            format!("没有可以对的时间，请看一眼：{now}"),
            format!("nothing to compare it with, look at it: {now}"),
            set,
        ),
    };
    check("clock", ("时钟", "clock"), state, (zh, en), next)
}

/// Room where cases and the ledger are kept, and whether a file can be written and read back there.
fn disk(directory: &Path) -> Check {
    let room = rustix::fs::statvfs(directory).map(|found| found.f_bavail * found.f_frsize);
    let written = tempfile::NamedTempFile::new_in(directory)
        .and_then(|file| {
            fs::write(file.path(), b"yici")?;
            file.as_file().sync_all()?;
            fs::read(file.path())
        })
        .is_ok_and(|read| read == b"yici");
    let megabytes = |bytes: u64| bytes / 1024 / 1024;
    let (state, zh, en, next) = match room {
        Ok(room) if written && room >= LEAST_ROOM => (
            State::Good,
            format!("能写，还有 {} MB", megabytes(room)),
            format!("takes what is written, {} MB free", megabytes(room)),
            None,
        ),
        Ok(room) if written => (
            State::Fault,
            format!("快满了，只剩 {} MB", megabytes(room)),
            format!("nearly full: {} MB left", megabytes(room)),
            Some((
                "用 kiosk outbox list 看有没有积压的办件",
                "see with `kiosk outbox list` whether cases have piled up",
                Actor::Technician,
            )),
        ),
        Ok(_) | Err(_) => (
            State::Fault,
            format!("{} 写不了", directory.display()),
            format!("nothing can be written to {}", directory.display()),
            Some(("检查磁盘和权限", "check disk and rights", Actor::Technician)),
        ),
    };
    check("disk", ("磁盘", "disk"), state, (zh, en), next)
}

/// What protects the data partition, said plainly: a key file is no protection from who takes the disk.
fn tpm() -> Check {
    let key = fs::read_to_string(DATA_KEY).unwrap_or_default();
    let (state, zh, en) = match (key.trim(), Path::new(TPM).exists()) {
        ("tpm2", _) => (
            State::Good,
            "数据分区由 TPM 上锁",
            "the data partition is locked by the TPM",
        ),
        ("file", true) => (
            State::Unknown,
            "有 TPM，但数据分区用的是密钥文件；恢复出厂后会改用 TPM",
            "there is one, and the data partition uses a key file; a factory reset takes the TPM",
        ),
        ("file", false) => (
            State::Unknown,
            "没有 TPM，数据分区用密钥文件：拆走整块盘就能读",
            "none; the data partition uses a key file: whoever takes the disk can read it",
        ),
        (_, true) => (
            State::Unknown,
            "有 TPM；数据是否上锁，这里看不出",
            "there is one; whether it locks any data cannot be told here",
        ),
        (_, false) => (
            State::Unknown,
            "没有 TPM；数据是否上锁，这里看不出",
            "none; whether any data is locked cannot be told here",
        ),
    };
    check(
        "tpm",
        ("数据保护", "data protection"),
        state,
        (zh.into(), en.into()),
        None,
    )
}

/// What became of the last update from the network or a stick; nothing where none was looked for. A terminal
/// that could not take one serves all the same.
fn updates(status: &Path) -> Option<Check> {
    #[derive(Deserialize)]
    struct Status {
        running: Running,
        well: bool,
        says: [String; 2],
        advice: Option<[String; 2]>,
    }
    #[derive(Deserialize)]
    struct Running {
        version: String,
    }
    let text = fs::read_to_string(status).ok()?;
    let (state, [zh, en]) = match serde_json::from_str::<Status>(&text) {
        Ok(Status {
            running: Running { version },
            well,
            says,
            advice,
        }) => {
            let [zh, en] = advice.unwrap_or(says);
            (
                if well { State::Good } else { State::Unknown },
                [
                    format!("版本 {version}，{zh}"),
                    format!("version {version}, {en}"),
                ],
            )
        }
        Err(_) => (
            State::Unknown,
            [
                "正在检查，请过一会儿再看".into(),
                "being looked for: look again in a while".into(),
            ],
        ),
    };
    let name = ("系统更新", "system updates");
    Some(check("updates", name, state, (zh, en), None))
}

fn check(
    id: &'static str,
    (zh, en): (&str, &str),
    state: State,
    says: (String, String),
    next: Option<(&str, &str, Actor)>,
) -> Check {
    Check {
        id,
        name: Text::of(zh, en),
        state,
        says: Text {
            zh: says.0,
            en: says.1,
        },
        next: next.map(|(zh, en, actor)| Step {
            what: Text::of(zh, en),
            actor,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(cards: &Path, name: &str, kind: &str, carrier: &str) {
        let card = cards.join(name);
        fs::create_dir(&card).unwrap();
        fs::write(card.join("type"), kind).unwrap();
        fs::write(card.join("carrier"), carrier).unwrap();
    }

    #[test]
    fn a_cable_counts_and_the_loopback_does_not() {
        let cards = tempfile::tempdir().unwrap();
        card(cards.path(), "lo", "772\n", "1\n");
        let says = |check: Check| (check.state, check.says.zh);
        assert_eq!(
            says(network(cards.path())),
            (State::Fault, "没有网卡".into())
        );
        card(cards.path(), "enp1s0", "1\n", "0\n");
        assert_eq!(
            says(network(cards.path())),
            (State::Fault, "网线没有插好".into())
        );
        card(cards.path(), "enp2s0", "1\n", "1\n");
        assert_eq!(
            says(network(cards.path())),
            (State::Good, "接通：enp2s0".into())
        );
    }

    #[test]
    fn a_disk_is_written_to_and_read_back() {
        let directory = tempfile::tempdir().unwrap();
        assert_ne!(disk(directory.path()).state, State::Unknown);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        let gone = directory.path().join("gone");
        assert_eq!(disk(&gone).state, State::Fault);
    }

    #[test]
    fn a_clock_that_nothing_is_known_of_is_not_good() {
        let way = |seconds| {
            Some(uplink::Check {
                reachable: true,
                clock_ahead_seconds: seconds,
                ..uplink::Check::default()
            })
        };
        assert_eq!(clock(Some(&way(Some(1)))).state, State::Good);
        assert_eq!(clock(Some(&way(Some(-86_400)))).state, State::Fault);
        if !Path::new(SYNCHRONISED).exists() {
            assert_eq!(clock(Some(&way(None))).state, State::Unknown);
            assert_eq!(clock(None).state, State::Unknown);
        }
    }

    #[test]
    fn an_update_that_was_refused_is_told_and_is_no_fault() {
        let directory = tempfile::tempdir().unwrap();
        let status = directory.path().join("status.json");
        assert_eq!(updates(&status), None);
        let told = |well: bool, advice: &str| {
            let text = format!(
                r#"{{"running": {{"slot": "A", "version": "2026.11.4"}}, "well": {well}, "says": ["运行正常", "running"], "advice": {advice}}}"#
            );
            fs::write(&status, text).unwrap();
            let told = updates(&status).unwrap();
            (told.state, told.says.zh)
        };
        assert_eq!(
            told(true, "null"),
            (State::Good, "版本 2026.11.4，运行正常".into())
        );
        assert_eq!(
            told(false, r#"["与签名不符，已拒绝", "refused"]"#),
            (State::Unknown, "版本 2026.11.4，与签名不符，已拒绝".into())
        );
        fs::write(&status, "{").unwrap();
        assert_eq!(updates(&status).unwrap().state, State::Unknown);
    }

    #[test]
    fn an_upstream_that_does_not_know_the_terminal_is_a_fault() {
        let known = uplink::Check {
            reachable: true,
            certificate: Some(true),
            key_current: Some(true),
            enrolled: Some(true),
            ..uplink::Check::default()
        };
        assert_eq!(upstream(&Some(known)).state, State::Good);
        let unknown = uplink::Check {
            reachable: true,
            enrolled: Some(false),
            ..uplink::Check::default()
        };
        assert_eq!(upstream(&Some(unknown)).state, State::Fault);
        assert_eq!(upstream(&None).state, State::Fault);
        assert_eq!(
            upstream(&Some(uplink::Check::default())).state,
            State::Fault
        );
    }
}
