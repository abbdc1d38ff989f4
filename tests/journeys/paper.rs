//! Paper as it is: out, silent, or in doubt. Nothing is called printed without proof.

use crate::hall::Hall;
use crate::visit::TO_METHOD;

/// Out of paper in the middle: told at once, never "printed"; after a reload nothing old comes out,
/// and the reprint is whole.
#[test]
fn paper_out_in_the_middle_of_a_slip() {
    let hall = Hall::open();
    hall.ctl("paper out-after 60");
    hall.citizen(&format!(
        "{TO_METHOD}
         tap 打印单子
         wait 单子没有打印出来 40
         wait 打印机缺纸了
         absent 已打印，请拿好单子
         do kiosk-sim ctl --socket $SIM paper load
         sleep 3
         tap 再打印一次
         wait 已打印，请拿好单子 40
         end"
    ))
    .succeeded();
    let whole: Vec<_> = hall
        .slips(".png")
        .into_iter()
        .filter(|slip| !slip.to_string_lossy().contains("partial"))
        .collect();
    assert_eq!(
        whole.len(),
        1,
        "only the reprint is whole: {:?}",
        hall.slips(".png")
    );
}

/// The citizen leaves a slip that stopped in the middle; the next one must not get the rest.
#[test]
fn the_next_citizen_gets_no_rest_of_an_earlier_slip() {
    let hall = Hall::open();
    hall.ctl("paper out-after 60");
    hall.citizen(&format!(
        "{TO_METHOD}
         tap 打印单子
         wait 打印机缺纸了 40
         tap 结束
         wait 请慢走
         do kiosk-sim ctl --socket $SIM paper load
         sleep 4
         wait 点一下屏幕开始 30
         {TO_METHOD}
         tap 打印单子
         wait 已打印，请拿好单子 40
         end"
    ))
    .succeeded();
    let bytes: Vec<Vec<u8>> = hall
        .slips(".escpos")
        .iter()
        .map(|slip| std::fs::read(slip).unwrap())
        .collect();
    let (title, _, _) = encoding_rs::GB18030.encode("导办告知单");
    let titles: usize = bytes
        .last()
        .map(|slip| memchr::memmem::find_iter(slip, &*title).count())
        .unwrap_or_default();
    assert_eq!(titles, 1, "the last slip is one slip");
}

/// Takes the slip and says nothing at all, or nothing behind the slip.
#[test]
fn a_printer_that_does_not_say_leaves_the_word_to_the_citizen() {
    let hall = Hall::open();
    for silence in ["silent", "no-completion"] {
        hall.ctl(&format!("printer {silence} on"));
        hall.citizen(&format!(
            "{TO_METHOD}
             tap 打印单子
             wait 请看看出纸口，拿到了吗？ 60
             absent 已打印，请拿好单子
             tap 没有，或者不完整
             wait 单子没有打印出来
             absent 已打印，请拿好单子
             end"
        ))
        .succeeded();
        hall.ctl(&format!("printer {silence} off"));
    }
}

/// Help may be asked for while paper comes out: what became of it is shown on coming back.
#[test]
fn help_while_printing_loses_nothing() {
    let hall = Hall::open();
    hall.citizen(&format!(
        "{TO_METHOD}
         tap 打印单子
         tap 帮助
         wait 需要人帮忙吗
         do kiosk-sim ctl --socket $SIM wait slips 1 --timeout 30s
         sleep 2
         tap 返回
         wait 已打印，请拿好单子
         end"
    ))
    .succeeded();
    assert_eq!(hall.slips(".png").len(), 1);
}

#[test]
fn an_open_cover_is_told_before_anything_is_sent() {
    let hall = Hall::open();
    hall.ctl("cover open");
    hall.citizen(&format!(
        "{TO_METHOD}
         wait 打印机的盖子没有盖好
         tap 用手机带走
         wait 用手机扫一扫
         end"
    ))
    .succeeded();
    assert_eq!(hall.slips(".png").len(), 0);
}
