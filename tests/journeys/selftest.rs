//! The readiness report: JSON, terminal window and paper say the same.

use serde_json::Value;
use yici_contract::Digest;

use crate::apply::small_catalogue;
use crate::hall::{Hall, code_on, json_of, kiosk, output};
use crate::upstream::Upstream;

fn state<'a>(told: &'a Value, id: &str) -> &'a Value {
    &check(told, id)["state"]
}

fn check<'a>(told: &'a Value, id: &str) -> &'a Value {
    let checks = told["report"]["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["id"] == id);
    found.unwrap_or_else(|| panic!("{id} is not in {told}"))
}

#[test]
fn the_report_is_one_model_for_json_and_paper() {
    let hall = Hall::open();
    let _upstream = Upstream::for_hall(&hall, &small_catalogue());
    let config = hall.dir.path().join("kiosk.toml");
    let (_, told) = json_of(
        kiosk()
            .args(["selftest", "--print", "--format", "json", "--config"])
            .arg(&config),
    );
    for id in ["id-card", "printer", "uplink", "clock", "disk"] {
        assert_eq!(state(&told, id), "good", "{told}");
    }
    // The number of the security module, by which a reader is known to whoever issued it.
    let tested = json_of(
        kiosk()
            .args(["device", "test", "--format", "json", "--device"])
            .arg(&hall.card_reader),
    );
    let module = tested.1[0]["says"]["securityModule"].as_str().unwrap();
    assert!(module.starts_with("05.03-"), "{module}");
    for lang in ["zh", "en"] {
        let says = check(&told, "id-card")["says"][lang].as_str().unwrap();
        assert!(says.contains(module), "{says}");
    }
    // Nothing was held up before it.
    assert_eq!(state(&told, "code"), "unknown");
    let report = serde_json::to_string(&told["report"]).unwrap();
    let hash = Digest::of(report.as_bytes()).to_string();
    assert_eq!(told["sha256"], hash.as_str());
    let slips = hall.slips(".png");
    let [slip] = &slips[..] else {
        panic!("one slip came out: {slips:?}");
    };
    let terminal = told["report"]["terminal"].as_str().unwrap();
    assert_eq!(code_on(slip), format!("yici-selftest:1:{terminal}:{hash}"));
}

#[test]
fn a_fault_comes_with_its_next_step_and_exit_code_1() {
    let mut hall = Hall::open();
    hall.unplug();
    let shown = output(
        kiosk()
            .args(["selftest", "--config"])
            .arg(hall.dir.path().join("kiosk.toml")),
    );
    assert_eq!(shown.status.code(), Some(1));
    let text = String::from_utf8(shown.stdout).unwrap();
    for told in [
        "✗ 身份证阅读器",
        "没有连上",
        "→ 查线、查电源",
        "（大厅工作人员）",
        "✓ 磁盘",
    ] {
        assert!(text.contains(told), "{told} is not in\n{text}");
    }
}

/// With hands: a printer that gives no proof, and a code that nobody held up, are no faults. Whoever tries
/// them looks, or tries again.
#[test]
fn what_was_not_tried_or_cannot_be_proven_is_no_fault() {
    let hall = Hall::with(&["--printer-model", "rongta-rp332"], "");
    hall.configure("profile", "\"rongta-rp332\"");
    hall.configure("charset", "\"gbk\"");
    hall.configure("completion", "\"none\"");
    hall.configure("clears_buffer", "false");
    let (_, told) = json_of(
        kiosk()
            .args(["selftest", "--walk", "--format", "json", "--config"])
            .arg(hall.dir.path().join("kiosk.toml")),
    );
    for (id, zh, next) in [
        ("printer", "不能证明打好了", "看一眼是不是完整出来了"),
        ("code", "没有试：没有出示码", "把码对准再试"),
    ] {
        let check = check(&told, id);
        assert_eq!(check["state"], "unknown", "{check}");
        let said = |value: &Value| value["zh"].as_str().unwrap().to_owned();
        assert!(said(&check["says"]).contains(zh), "{check}");
        assert!(said(&check["next"]["what"]).contains(next), "{check}");
        assert_eq!(check["next"]["actor"], "staff");
    }
    assert_eq!(hall.slips(".png").len(), 1);
}
