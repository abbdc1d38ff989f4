//! What the print ledger says of slips, whatever happens to them.

use serde_json::Value;

use crate::hall::{Hall, json_of, kiosk};
use crate::visit::TO_METHOD;

/// `kiosk ledger list` of this hall's terminal.
fn slips(hall: &Hall) -> Vec<Value> {
    let (code, listed) = json_of(
        kiosk()
            .args(["ledger", "list", "--format", "json", "--config"])
            .arg(hall.dir.path().join("kiosk.toml")),
    );
    assert_eq!(code, 0, "{listed}");
    listed["slips"].as_array().unwrap().clone()
}

/// Kind, state and cause of each.
fn states(hall: &Hall) -> Vec<(String, String, Value)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    slips(hall)
        .iter()
        .map(|line| {
            (
                text(&line["kind"]),
                text(&line["state"]),
                line["cause"].clone(),
            )
        })
        .collect()
}

/// The terminal dies while it waits for the printer's word on a slip. The next one prints nothing by
/// itself, and says that nobody knows what became of it.
#[test]
fn a_slip_that_the_terminal_died_under_is_unknown_and_not_printed_again() {
    let hall = Hall::open();
    // The word does not come: there are seconds in which the slip is out and the terminal still waits.
    hall.ctl("printer no-completion on");
    let walking = hall.start(&format!(
        "{TO_METHOD}
         tap 打印单子
         wait 正在打印，请稍等
         sleep 60
         end"
    ));
    hall.ctl("wait slips 1 --timeout 100s");
    let listed = states(&hall);
    walking.kill();
    assert_eq!(listed, [("guidance".into(), "sent".into(), Value::Null)]);

    hall.ctl("printer no-completion off");
    hall.citizen(
        "wait 点一下屏幕开始
         sleep 6
         wait 点一下屏幕开始
         end",
    )
    .succeeded();
    let printer = &hall.ctl("state")["printer"];
    assert_eq!(
        (&printer["slips"], &printer["partial"]),
        (&1.into(), &0.into()),
        "{printer}"
    );
    assert_eq!(
        states(&hall),
        [("guidance".into(), "unknown".into(), Value::Null)]
    );
}

/// A printer with a sensor at its outlet: the citizen is told to take the slip, and it is taken when it
/// is gone.
#[test]
fn a_slip_is_followed_to_whoever_takes_it() {
    let hall = Hall::with(&["--printer-model", "masung-ms-d347"], "");
    hall.configure("profile", "\"masung-ms-d347\"");
    hall.configure("charset", "\"gb2312\"");
    hall.configure("completion", "\"transmit-status\"");
    hall.configure("clears_buffer", "false");
    hall.citizen(&format!(
        "{TO_METHOD}
         tap 打印单子
         wait 请取走凭条 60
         absent 凭条已取走
         do kiosk-sim ctl --socket $SIM paper take --timeout 20s
         wait 凭条已取走 30
         tap 再打一张
         wait 请取走凭条 60
         do kiosk-sim ctl --socket $SIM paper take --timeout 20s
         wait 凭条已取走 30
         end"
    ))
    .succeeded();
    let taken = ("guidance".to_owned(), "taken".to_owned(), Value::Null);
    assert_eq!(states(&hall), [taken.clone(), taken]);
    let listed = slips(&hall);
    assert_eq!(listed[1]["reprint_of"], listed[0]["id"]);
    assert_eq!(hall.ctl("state")["printer"]["collisions"], 0);
}

/// Without a sensor nothing is said of the outlet; a fault is written down with its cause.
#[test]
fn a_printer_without_a_sensor_is_believed_no_further_than_it_knows() {
    let hall = Hall::open();
    hall.citizen(&format!(
        "{TO_METHOD}
         tap 打印单子
         wait 已打印，请拿好单子 60
         absent 请取走凭条
         do kiosk-sim ctl --socket $SIM paper out-after 60
         tap 再打一张
         wait 打印机缺纸了 60
         end"
    ))
    .succeeded();
    assert_eq!(
        states(&hall),
        [
            ("guidance".into(), "completed".into(), Value::Null),
            ("guidance".into(), "failed".into(), "paperOut".into())
        ]
    );
}
