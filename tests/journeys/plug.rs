//! Plugs pulled and put in again at the worst moments: the terminal goes on by itself, never by a
//! restart.

use std::time::Duration;

use crate::hall::Hall;
use crate::visit::TO_METHOD;

const TO_CONSENT: &str = "
    tap 点一下屏幕开始
    tap 新生儿出生
    tap 开始
    wait 可以读您的身份证吗
";

/// Pulls the plugs where the citizen waits for it, and puts them in again where they wait for that.
fn pull_and_plug(hall: &mut Hall) {
    hall.meet("pull");
    hall.unplug();
    hall.part("pull");
    hall.meet("plug");
    hall.replug();
    hall.part("plug");
}

/// Nobody waits for a card: the page says that the reader is gone, and offers it again.
#[test]
fn a_reader_that_is_unplugged_and_back_is_offered_again() {
    let mut hall = Hall::open();
    let walking = hall.start(&format!(
        "{TO_CONSENT}
         {}
         wait 读卡器没有连上 30
         {}
         tap 同意，读卡
         wait 放在读卡区
         end",
        hall.meeting("pull"),
        hall.meeting("plug"),
    ));
    pull_and_plug(&mut hall);
    walking.finish().succeeded();
}

/// Somebody waits: the page says that the reader is gone and what can be done instead. When it is back,
/// it waits for the card again by itself.
#[test]
fn a_reader_that_is_back_takes_up_the_card_that_was_waited_for() {
    let mut hall = Hall::open();
    let walking = hall.start(&format!(
        "{TO_CONSENT}
         tap 同意，读卡
         wait 放在读卡区
         {}
         wait 读卡器没有连上 30
         wait 输入身份证号码
         {}
         wait 放在读卡区 30
         do kiosk-sim ctl --socket $SIM card lay citizen
         wait 读好了 30
         end",
        hall.meeting("pull"),
        hall.meeting("plug"),
    ));
    pull_and_plug(&mut hall);
    walking.finish().succeeded();
}

/// At whatever moment of a read the plug is pulled, the card laid again is read whole.
#[test]
fn a_read_that_breaks_off_at_any_moment_begins_anew_when_the_reader_is_back() {
    for milliseconds in [0, 100, 200, 300, 400] {
        let mut hall = Hall::open();
        let walking = hall.start(&format!(
            "{TO_CONSENT}
             tap 同意，读卡
             wait 放在读卡区
             {}
             wait 读好了 40
             absent 没读出来
             end",
            hall.meeting("read"),
        ));
        hall.meet("read");
        hall.ctl("card lay citizen");
        // Not a proof of anything: it only spreads the pulls over the read.
        std::thread::sleep(Duration::from_millis(milliseconds));
        hall.unplug();
        hall.replug();
        hall.ctl("card lay citizen");
        hall.part("read");
        walking.finish().succeeded();
    }
}

/// The link breaks while the slip's proof is waited for: nothing is claimed, and the printer that is
/// back prints the whole slip, marked as a reprint.
#[test]
fn a_printer_that_is_unplugged_in_the_middle_of_a_slip_prints_it_again_when_it_is_back() {
    let mut hall = Hall::open();
    hall.ctl("printer no-completion on");
    let walking = hall.start(&format!(
        "{TO_METHOD}
         tap 打印单子
         wait 正在打印
         {}
         wait 拿到了吗 60
         absent 已打印，请拿好单子
         tap 没有，或者不完整
         wait 单子没有打印出来
         {}
         tap 再打印一次
         do kiosk-sim ctl --socket $SIM wait slips 1 --timeout 60s
         end",
        hall.meeting("pull"),
        hall.meeting("plug"),
    ));
    hall.meet("pull");
    hall.unplug();
    hall.part("pull");
    hall.meet("plug");
    // It numbers its slips from the first again.
    for old in hall.slips("") {
        std::fs::remove_file(old).unwrap();
    }
    hall.replug();
    hall.part("plug");
    walking.finish().succeeded();
    let slips = hall.slips(".escpos");
    assert_eq!(slips.len(), 1, "{slips:?}");
    let slip = std::fs::read(&slips[0]).unwrap();
    for text in ["导办告知单", "（补打，以最后一张为准）"] {
        let (text, _, _) = encoding_rs::GB18030.encode(text);
        assert!(memchr::memmem::find(&slip, &text).is_some());
    }
}

/// A change is logged once, with since when, who acts and what to do; nothing is said twice.
#[test]
fn the_log_tells_each_change_of_a_device_once() {
    let hall = Hall::open();
    let walked = hall
        .citizen(
            "wait 点一下屏幕开始
             do kiosk-sim ctl --socket $SIM paper out
             sleep 5
             do kiosk-sim ctl --socket $SIM paper load
             sleep 5
             end",
        )
        .succeeded();
    let lines = |words: &str| {
        let lines = walked.stderr.lines();
        lines.filter(|line| line.contains(words)).count()
    };
    assert_eq!(lines("over: paper is out"), 1, "{}", walked.stderr);
    assert_eq!(
        lines("paper is out") - lines("over: paper is out"),
        1,
        "{}",
        walked.stderr
    );
    let line = walked.stderr.lines().find(|line| line.contains("paper is"));
    let line = line.unwrap();
    for part in ["printer", "since", "load a roll", "hall staff"] {
        assert!(line.contains(part), "{line}");
    }
}

/// What does not work is said before a citizen counts on it, and no longer once it works; a device that
/// no page takes is staff's to hear of, in the log.
#[test]
fn what_is_out_of_order_is_said_on_the_home_page_and_logged() {
    let mut hall = Hall::with(&[], "");
    let reader = hall.card_reader.clone();
    hall.configure(
        "card_reader",
        &format!("{reader:?}\nform_printer = \"ipp://127.0.0.1:9/ipp/print\""),
    );
    hall.ctl("paper out");
    let walking = hall.start(&format!(
        "tap 点一下屏幕开始
         wait 打不了单子，可以用手机带走 30
         absent 读不了身份证
         do kiosk-sim ctl --socket $SIM paper load
         sleep 4
         absent 这台机器现在
         {}
         wait 读不了身份证，可以输入号码 30
         {}
         sleep 4
         absent 这台机器现在
         tap 新生儿出生
         wait 开始
         end",
        hall.meeting("pull"),
        hall.meeting("plug"),
    ));
    pull_and_plug(&mut hall);
    let walked = walking.finish().succeeded();
    let told: Vec<&str> = walked
        .stderr
        .lines()
        .filter(|line| line.contains("form-printer"))
        .collect();
    assert!(
        matches!(told[..], [line] if line.contains("it is not connected")),
        "{}",
        walked.stderr
    );
}
