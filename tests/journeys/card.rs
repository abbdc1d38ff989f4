//! The card reader as citizens meet it.

use crate::hall::Hall;

const TO_CARD: &str = "
    tap 点一下屏幕开始
    tap 新生儿出生
    tap 开始
    tap 同意，读卡
    wait 放在读卡区
";

#[test]
fn a_card_lifted_too_early_can_be_laid_again() {
    let hall = Hall::open();
    hall.citizen(&format!(
        "{TO_CARD}
         do kiosk-sim ctl --socket $SIM card lay citizen && kiosk-sim ctl --socket $SIM card lift --while-reading
         wait 再放一次
         do kiosk-sim ctl --socket $SIM card lay citizen
         wait 读好了
         end"
    ))
    .succeeded();
}

/// A damaged reply costs at most another try (that it is never taken for a record is tested
/// against the driver, in hal/sim/tests).
#[test]
fn a_damaged_reply_costs_at_most_another_try() {
    let hall = Hall::open();
    for fault in ["corrupt", "truncate", "noise 40"] {
        hall.citizen(&format!(
            "{TO_CARD}
             do kiosk-sim ctl --socket $SIM card {fault}
             do kiosk-sim ctl --socket $SIM card lay man && sleep 4
             do kiosk-sim ctl --socket $SIM card lift
             do kiosk-sim ctl --socket $SIM card lay man
             wait 读好了 30
             do kiosk-sim ctl --socket $SIM card lift
             end"
        ))
        .succeeded();
    }
}

/// Help may be asked for at any time: the card that was laid meanwhile is not lost.
#[test]
fn help_while_the_card_is_awaited_loses_nothing() {
    let hall = Hall::open();
    hall.citizen(&format!(
        "{TO_CARD}
         tap 帮助
         wait 需要人帮忙吗
         do kiosk-sim ctl --socket $SIM card lay citizen
         sleep 3
         tap 返回
         wait 读好了
         end"
    ))
    .succeeded();
}

/// A terminal whose reader is not there says so before anyone looks for a card, and offers the
/// other ways.
#[test]
fn without_a_reader_the_number_is_typed_and_checked() {
    let hall = Hall::open();
    hall.configure("card_reader", "\"serial:/nowhere/reader\"");
    hall.citizen(
        "tap 点一下屏幕开始
         tap 新生儿出生
         tap 开始
         wait 读卡器没有连上
         tap 没带身份证，输入号码
         type 110105194912310021
         tap 继续
         wait 这个号码最后一位对不上
         tap 删除
         type X
         tap 继续
         wait 没有核对证件
         wait 110105********002X
         tap 继续
         wait 孩子在哪里出生的
         end",
    )
    .succeeded();
}
