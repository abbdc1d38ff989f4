//! The readiness report: JSON, terminal window and paper say the same.

use serde_json::Value;
use yici_contract::Digest;

use crate::apply::small_catalogue;
use crate::hall::{Hall, code_on, json_of, kiosk, output};
use crate::upstream::Upstream;

fn state<'a>(told: &'a Value, id: &str) -> &'a Value {
    let checks = told["report"]["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["id"] == id);
    &found.unwrap_or_else(|| panic!("{id} is not in {told}"))["state"]
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
