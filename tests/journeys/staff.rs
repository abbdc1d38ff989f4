//! The hall's staff: let in by their PIN, and what they see and do behind it.

use std::fs;
use std::path::Path;
use std::process::Output;

use yici_contract::problem::Kind;
use yici_provision::PinHash;

use crate::hall::{Hall, code_on, kiosk, output, sim_program};
use crate::setup::Workshop;
use crate::upstream::{Answer, Server, Terminal};

/// Leaves the staff's pages by themselves or by the script; what became of them.
fn staff(dir: &Path, config: &Path, script: &str) -> Output {
    staff_with(dir, config, &[], script)
}

/// The same, with more options.
fn staff_with(dir: &Path, config: &Path, options: &[&str], script: &str) -> Output {
    let file = dir.join("staff.script");
    fs::write(&file, script).unwrap();
    output(
        kiosk()
            .args(["staff", "--config"])
            .arg(config)
            .args(options)
            .arg("--headless")
            .arg(dir.join("staff-pages"))
            .arg("--script")
            .arg(&file),
    )
}

#[test]
fn staff_are_let_in_by_their_pin_alone() {
    let pin = PinHash::of("482915").unwrap();
    let hall = Hall::with(&[], &format!("\n[staff]\npin = {:?}\n", pin.as_str()));
    let walked = hall.citizen(
        "tap 工作人员
         wait 工作人员请输入 PIN
         tap 返回
         wait 点一下屏幕开始
         tap 工作人员
         type 482
         tap 继续
         wait 至少 6 位
         type 914
         tap 继续
         wait PIN 不对
         end",
    );
    assert_eq!(walked.code, Some(0), "{}", walked.stderr);
    let walked = hall.citizen("tap 工作人员\ntype 482915\ntap 继续\nsleep 2\nend");
    assert_eq!(walked.code, Some(64), "{}", walked.stderr);
    let said = walked.stdout + &walked.stderr;
    assert!(!said.contains("482915") && !said.contains("argon2"));
}

#[test]
fn a_self_test_with_hands_goes_through_everything_and_is_printed() {
    let hall = Hall::open();
    let tiles: String = (1..=24).map(|tile| format!("tap 第 {tile} 格\n")).collect();
    let script = format!(
        "tap 自检
         wait 都看得清吗
         {tiles}
         tap 都好
         wait 扫码器 60
         wait 没有试：没有出示码 120
         wait 颜色都在
         tap 打印报告
         wait 报告打印好了 60
         tap 继续
         tap 看一眼
         wait 身份证阅读器 60
         tap 继续
         wait 这台终端
         tap 好了，离开
         sleep 0.5
         end"
    );
    let config = hall.dir.path().join("kiosk.toml");
    let came = staff(hall.dir.path(), &config, &script);
    assert_eq!(came.status.code(), Some(0), "{came:?}");
    let slips = hall.slips(".png");
    let [_tried, report] = &slips[..] else {
        panic!("a test slip and the report: {slips:?}");
    };
    assert!(code_on(report).starts_with("yici-selftest:1:"));
}

#[test]
fn nothing_is_forgotten_that_only_this_terminal_has() {
    let hall = Hall::open();
    let config = hall.dir.path().join("kiosk.toml");
    let reset = "tap 恢复出厂
         wait 真的要恢复出厂吗
         tap 返回
         wait 这台终端
         tap 恢复出厂
         tap 清除，重新启动
         sleep 0.5
         end";
    let came = staff(hall.dir.path(), &config, reset);
    assert_eq!(came.status.code(), Some(10), "{came:?}");

    let server = Server::open();
    let terminal = Terminal::at(&server);
    let running = terminal.start();
    server.answer(&[Answer::Problem(Kind::Malformed)]);
    let (number, _) = running.submit();
    running.parked(number);
    drop(running);
    let refused = "wait 还有 1 件没有送到
         tap 好了，离开
         sleep 0.5
         end";
    let config = terminal.path("kiosk.toml");
    let came = staff(&terminal.path(""), &config, refused);
    assert_eq!(came.status.code(), Some(0), "{came:?}");
    // The stick comes while it is waited for.
    let stick = terminal.path("stick");
    let sticks = ["--sticks", stick.to_str().unwrap()];
    let export = format!(
        "tap 把办件导出到
         wait 请插上卷标
         do mkdir {}
         wait 导出了 1 件 30
         tap 好了，离开
         sleep 0.5
         end",
        stick.display()
    );
    let came = staff_with(&terminal.path(""), &config, &sticks, &export);
    assert_eq!(came.status.code(), Some(0), "{came:?}");
    let sealed = fs::read(stick.join(format!("{number}.case"))).unwrap();
    assert!(!sealed.is_empty());
    let came = staff(&terminal.path(""), &config, reset);
    assert_eq!(came.status.code(), Some(10), "{came:?}");
}

#[test]
fn a_setup_comes_as_a_code_on_paper() {
    let hall = Hall::open();
    let workshop = Workshop::open();
    workshop.sign(&[]);
    let signed = workshop.path("stick/kiosk-setup.toml");
    let code = yici_provision::qr::encode(&fs::read_to_string(&signed).unwrap()).unwrap();
    let scan = format!(
        "do {} ctl --socket {}",
        sim_program().display(),
        hall.path("sim.sock")
    );
    let script = format!(
        "tap 扫设置码
         wait 请把打印的设置码
         {scan} scan 6901234567892
         wait 这份设置不能用 30
         tap 继续
         tap 扫设置码
         wait 请把打印的设置码
         {scan} scan '{code}'
         wait 要换成这份设置吗 30
         wait 192.0.2.20/24
         tap 应用
         wait 设置保存好了 30
         sleep 0.5
         end"
    );
    let path = |name: &str| workshop.path(name).display().to_string();
    let (public, state, data) = (path("owner.pub"), path("state"), path("data"));
    let place = ["--public-key", &public, "--state", &state, "--data", &data];
    let dir = hall.dir.path();
    let came = staff_with(dir, &dir.join("kiosk.toml"), &place, &script);
    assert_eq!(came.status.code(), Some(11), "{came:?}");
    assert!(workshop.path("state/setup.toml").exists());
}
