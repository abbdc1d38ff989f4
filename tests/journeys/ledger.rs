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

/// Kind, whether it is on paper, what became of it at the outlet, and cause of each.
fn states(hall: &Hall) -> Vec<(String, String, Value, Value)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    slips(hall)
        .iter()
        .map(|line| {
            (
                text(&line["kind"]),
                text(&line["printed"]),
                line["outlet"].clone(),
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
    let guidance = |printed: &str| ("guidance".into(), printed.into(), Value::Null, Value::Null);
    assert_eq!(listed, [guidance("sent")]);

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
    assert_eq!(states(&hall), [guidance("unknown")]);
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
    let (guidance, completed) = ("guidance".to_owned(), "completed".to_owned());
    let taken = (guidance, completed, "taken".into(), Value::Null);
    assert_eq!(states(&hall), [taken.clone(), taken]);
    let listed = slips(&hall);
    let times = ["sent", "printed_at", "outlet_at"].map(|key| listed[0][key].as_str().unwrap());
    assert!(times.is_sorted() && times[0] < times[2], "{times:?}");
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
            (
                "guidance".into(),
                "completed".into(),
                Value::Null,
                Value::Null
            ),
            (
                "guidance".into(),
                "failed".into(),
                Value::Null,
                "paperOut".into()
            )
        ]
    );
}

/// What could not be accounted for is not printed: paper is off the offer until the ledger can be written,
/// and staff hear the true reason.
#[test]
fn without_a_ledger_paper_is_not_offered() {
    let hall = Hall::open();
    let ledger = hall.dir.path().join("print-ledger.db");
    std::fs::create_dir(&ledger).unwrap();
    let walking = hall.start(&format!(
        "tap 点一下屏幕开始
         wait 打不了单子，可以用手机带走 30
         {}
         sleep 4
         absent 这台机器现在
         end",
        hall.meeting("closed"),
    ));
    hall.meet("closed");
    std::fs::remove_dir(&ledger).unwrap();
    hall.part("closed");
    let walked = walking.finish().succeeded();
    let told = walked
        .stderr
        .lines()
        .find(|line| line.contains("the print ledger cannot be written"));
    let told = told.unwrap_or_else(|| panic!("nothing is told: {}", walked.stderr));
    for part in ["printer", "check the file", "a technician"] {
        assert!(told.contains(part), "{told}");
    }
}

/// The ledger breaks while a citizen is there.
#[test]
fn a_slip_without_an_entry_is_not_printed() {
    let hall = Hall::open();
    let walking = hall.start(&format!(
        "{TO_METHOD}
         {}
         tap 打印单子
         wait 单子没有打印出来 60
         sleep 3
         end",
        hall.meeting("break"),
    ));
    hall.meet("break");
    let ledger = rusqlite::Connection::open(hall.dir.path().join("print-ledger.db")).unwrap();
    ledger.execute_batch("DROP TABLE slips").unwrap();
    hall.part("break");
    let walked = walking.finish().succeeded();
    assert_eq!(hall.ctl("state")["printer"]["slips"], 0);
    assert!(
        walked.stderr.contains("the print ledger cannot be written"),
        "{}",
        walked.stderr
    );
}
