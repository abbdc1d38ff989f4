//! Applying here and now, across terminal, outbox and upstream.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;

use crate::hall::{Hall, PATIENCE, code_on};
use crate::upstream::Upstream;

/// A matter of a few questions and fields: what is tried here is not the catalogue.
pub fn small_catalogue() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog/tests/good")
}

pub fn small_hall() -> Hall {
    let hall = Hall::open();
    hall.configure("directory", &format!("{:?}", small_catalogue()));
    hall
}

/// By card and through the questions to the form.
pub const TO_FORM: &str = "
    tap 点一下屏幕开始
    tap 新生儿出生
    tap 开始
    tap 同意，读卡
    wait 放在读卡区
    do kiosk-sim ctl --socket $SIM card lay citizen
    wait 读好了
    do kiosk-sim ctl --socket $SIM card lift
    tap 继续
    tap 医院
    type 20260801
    tap 继续
    tap 是
    type 0
    tap 继续
    wait 您属于
    tap 继续
    tap 现在就在这里办
    tap 本人办
    wait 第 1 页，共 2 页
";

/// From the form to the page that submits.
pub const FORM_TO_SUBMIT: &str = "
    tap 继续
    wait 第 2 页，共 2 页
    tap 继续
    type 20260801
    tap 继续
    wait 第 2 页，共 2 页
    tap 继续
    wait 请从头看一遍
    tap 继续
    wait 签名前，请看一遍
    tap 看完了，去签名
    sign
    tap 签好了
    wait 还要交这些纸质材料
";

#[test]
fn a_case_is_submitted_opened_upstream_and_its_progress_followed_by_code_and_by_card() {
    let hall = small_hall();
    let upstream = Upstream::for_hall(&hall, &small_catalogue());
    hall.citizen(&format!(
        "{TO_FORM}{FORM_TO_SUBMIT}
         tap 提交
         wait 系统已收到 40
         tap 打印收件凭证
         wait 已打印，请拿好单子 40
         tap 继续
         wait 您满意吗
         tap 这件事：满意
         tap 好了，离开
         wait 请拿好您的身份证
         end"
    ))
    .succeeded();
    let cases = upstream.wait_for_cases(1);
    let opened = upstream.opened(&cases[0]);
    let case = &opened["case"];
    assert_eq!(case["applicant"]["person"]["name"], "李小满");
    assert_eq!(case["applicant"]["person"]["code"], "370102199605210047");
    assert_eq!(case["matter"], "demo");
    let slips = hall.slips(".png");
    let code = code_on(&slips[0]);
    assert!(code.starts_with("YICI1:"), "{code}");

    let item = ["--item", "certificate", "--state", "accepted"];
    upstream.case(&[&["move", &cases[0]][..], &item].concat());
    let number = cases[0].replace('-', "");
    hall.citizen(&format!(
        "tap 点一下屏幕开始
         tap 查办理进度
         tap 输入单号，再放身份证
         type {number}
         tap 继续
         wait 放在读卡区
         do kiosk-sim ctl --socket $SIM card lay citizen
         wait 这是
         wait 已受理
         tap 返回
         wait 对准扫码窗口
         do kiosk-sim ctl --socket $SIM scan 6901234567892
         wait 这不是收件凭证上的码
         do kiosk-sim ctl --socket $SIM scan {code}
         wait 这是
         wait 出生医学证明
         end"
    ))
    .succeeded();
}

/// Somebody who finds the guide wrong tells it in two touches, from wherever they are, and goes on.
#[test]
fn a_wrong_guide_is_told_and_heard_upstream() {
    let hall = small_hall();
    let upstream = Upstream::for_hall(&hall, &small_catalogue());
    hall.citizen(
        "tap 点一下屏幕开始
         tap 新生儿出生
         tap 帮助
         tap 指南写得不对？
         tap 要带的材料不对
         wait 谢谢您，会转告
         tap 返回
         wait 需要人帮忙吗
         tap 返回
         tap 指南写得不对？
         tap 看不懂
         tap 返回
         tap 开始
         end",
    )
    .succeeded();
    let end = Instant::now() + PATIENCE;
    let counts = loop {
        let counts = upstream.remarks()["counts"].clone();
        if counts.as_array().unwrap().len() == 2 || Instant::now() > end {
            break counts;
        }
        // What was still to be sent goes at the next start.
        hall.citizen("sleep 1\nend").succeeded();
    };
    assert_eq!(
        counts,
        json!([
            {"matter": "demo", "what": "guide, materials", "count": 1},
            {"matter": "demo", "what": "guide, unclear", "count": 1},
        ])
    );
}

/// Whoever comes while upstream is away is told so, and need not come again.
#[test]
fn a_case_waits_for_upstream_and_is_delivered_by_itself() {
    let hall = small_hall();
    let mut upstream = Upstream::for_hall(&hall, &small_catalogue());
    upstream.kill();
    hall.citizen(&format!(
        "{TO_FORM}{FORM_TO_SUBMIT}
         tap 提交
         wait 还没有送到系统 40
         tap 打印收件凭证
         wait 已打印，请拿好单子 40
         end"
    ))
    .succeeded();
    let kept = hall.outbox();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["state"], "waiting");
    upstream.serve();
    assert!(upstream.cases().is_empty());
    let terminal = hall.start("sleep 60\nend");
    let cases = upstream.wait_for_cases(1);
    drop(terminal);
    assert_eq!(cases[0], kept[0]["number"]);
    assert_eq!(hall.outbox()[0]["state"], "delivered");
}

/// Nothing is claimed of a case that the disk had no room for.
#[test]
fn a_full_disk_is_told_and_nothing_is_submitted() {
    let hall = small_hall();
    let upstream = Upstream::for_hall(&hall, &small_catalogue());
    let Some(small) = SmallDisk::mount(&hall.path("outbox")) else {
        // The outbox's own tests fill it without a file system of its own.
        eprintln!("not root: no small disk to fill");
        return;
    };
    let filling = hall.path("outbox/filling");
    hall.citizen(&format!(
        "{TO_FORM}{FORM_TO_SUBMIT}
         do dd if=/dev/zero of={filling} bs=4k 2>/dev/null || true
         tap 提交
         wait 没有提交成功 40
         absent 单号
         do rm {filling}
         tap 再试一次
         wait 系统已收到 40
         end"
    ))
    .succeeded();
    assert_eq!(hall.outbox().len(), 1);
    assert_eq!(upstream.wait_for_cases(1).len(), 1);
    drop(small);
}

/// A file system of 1 MB.
struct SmallDisk(String);

impl SmallDisk {
    fn mount(at: &str) -> Option<SmallDisk> {
        std::fs::create_dir(at).unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", at])
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then(|| SmallDisk(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).status();
    }
}

/// The same visit, killed at each of the outbox's writes and syncs in turn.
#[test]
fn a_crash_at_any_durable_step_loses_nothing_and_submits_nothing_twice() {
    let visit = format!(
        "{TO_FORM}{FORM_TO_SUBMIT}
         tap 提交
         wait 系统已收到 60
         tap 打印收件凭证
         wait 已打印，请拿好单子 60
         sleep 1
         end"
    );
    let measured = small_hall();
    let upstream = Upstream::for_hall(&measured, &small_catalogue());
    assert!(measured.outbox().is_empty());
    let whole = traced(&measured, &[], &visit).succeeded().writes();
    drop(upstream);
    let pwrites = (1..=whole.pwrite).map(|at| ("pwrite64", at));
    let syncs = (1..=whole.sync).map(|at| ("fsync", at));
    let steps: Vec<_> = pwrites.chain(syncs).collect();
    assert!(steps.len() > 4, "{steps:?}");
    let queue = std::sync::Mutex::new(steps.iter());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some((call, at)) = next else { break };
                    killed_at(call, *at, &visit);
                }
            });
        }
    });
}

fn killed_at(call: &str, at: usize, visit: &str) {
    let hall = small_hall();
    let upstream = Upstream::for_hall(&hall, &small_catalogue());
    // The first start makes the tables: those writes are of no visit.
    traced(&hall, &[], "wait 点一下屏幕开始\nsleep 2\nend");
    let kill = format!("inject={call}:signal=SIGKILL:when={at}");
    let ended = traced(&hall, &["-e", &kill], visit);
    let step = format!("killed at {call} {at}");
    assert!(!ended.walked.success, "{step}: it should have been");
    let shown = ended.walked.pages().iter().any(|page| page == "receipt");
    let stored = hall.outbox();
    assert!(stored.len() <= 1, "{step}: {stored:?}");
    assert!(
        !shown || stored.len() == 1,
        "{step}: a number without a case"
    );
    let slip_wanted = stored.iter().any(|case| case["slip"] == "wanted");
    let back = match slip_wanted {
        true => "wait 设备刚才重新启动过 40\nsleep 3\ntap 不是我的\nwait 您要办哪件事 40\nend",
        false => "wait 点一下屏幕开始 40\nsleep 3\nabsent 重新启动\nend",
    };
    hall.citizen(back).succeeded();
    let cases = upstream.wait_for_cases(stored.len());
    for case in &stored {
        assert_eq!(case["number"], cases[0].as_str(), "{step}");
    }
    assert!(hall.outbox().iter().all(|case| case["slip"] != "wanted"));
}

/// A terminal run under strace, which can make the system fail or end it at any call.
struct Traced {
    walked: crate::hall::Walked,
    log: String,
}

/// Calls that make something durable, as the thread that owns the outbox made them.
struct Writes {
    pwrite: usize,
    sync: usize,
}

fn traced(hall: &Hall, inject: &[&str], script: &str) -> Traced {
    let log = hall.path("strace.log");
    let mut wrapper = vec![
        "strace".to_owned(),
        "--follow-forks".into(),
        "--quiet=all".into(),
        format!("--output={log}"),
        "--signal=none".into(),
        "--trace=pwrite64,fsync".into(),
    ];
    // Not the print ledger's, which has a thread of its own.
    for end in ["", "-wal"] {
        let file = hall.path(&format!("outbox/{}{end}", yici::outbox::FILE));
        wrapper.push(format!("--trace-path={file}"));
    }
    wrapper.extend(inject.iter().map(ToString::to_string));
    let walked = hall.start_under(&wrapper, script).finish();
    Traced {
        walked,
        log: std::fs::read_to_string(log).unwrap(),
    }
}

impl Traced {
    #[track_caller]
    fn succeeded(mut self) -> Traced {
        self.walked = self.walked.succeeded();
        self
    }

    /// strace counts for each thread; the outbox's is the last that writes.
    fn writes(&self) -> Writes {
        let calls = || {
            self.log
                .lines()
                .filter_map(|line| line.split_once(' '))
                .filter(|(_, call)| call.contains('('))
        };
        let Some((owner, _)) = calls().reduce(|_, last| last) else {
            return Writes { pwrite: 0, sync: 0 };
        };
        let count = |name: &str| {
            calls()
                .filter(|(thread, call)| *thread == owner && call.trim_start().starts_with(name))
                .count()
        };
        Writes {
            pwrite: count("pwrite64("),
            sync: count("fsync("),
        }
    }
}
