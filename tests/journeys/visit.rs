//! The main job, whole: from a touch to a printed sheet.

use crate::hall::{Hall, code_on};

/// Without a card, 开办餐饮店, up to the method page.
pub const TO_METHOD: &str = "
    tap 点一下屏幕开始
    tap 企业和个体户
    tap 开办餐饮店
    tap 开始
    tap 不说身份，接着办
    tap 有固定店面的餐馆、小吃店、饮品店
    tap 办好了
    tap 商铺、商场，楼上楼下没有住户
    tap 不卖，都是热的或者饮料
    type 120
    tap 继续
    tap 挂普通门头招牌
    tap 不卖
    tap 是，我自己办
    wait 您属于
    tap 继续
    wait 怎样带走您的单子
";

#[test]
fn a_sheet_comes_out_and_its_code_holds_what_it_says() {
    let hall = Hall::open();
    hall.citizen(&format!(
        "{TO_METHOD}
         tap 打印单子
         wait 已打印，请拿好单子 40
         tap 好了，离开
         wait 谢谢，请慢走
         end"
    ))
    .succeeded();
    let slips = hall.slips(".png");
    assert_eq!(slips.len(), 1);
    let text = code_on(&slips[0]);
    for said in ["开办餐饮店", "要带的材料", "自受理之日起"] {
        assert!(text.contains(said), "{said} is not in the code: {text}");
    }
}

#[test]
fn back_and_change_lose_no_answer() {
    let hall = Hall::open();
    hall.citizen(&format!(
        "{TO_METHOD}
         tap 返回
         wait 您属于
         tap 看看我的回答
         wait 请核对您的回答
         wait 办好了
         tap 修改：门口挂招牌吗？
         wait 门口挂招牌吗
         tap 不挂
         wait 您属于
         tap 看看我的回答
         wait 120
         end"
    ))
    .succeeded();
}

#[test]
fn who_cannot_be_served_here_is_told_and_shown_the_way() {
    let hall = Hall::open();
    let walked = hall
        .citizen(
            "tap 点一下屏幕开始
             tap 企业和个体户
             tap 开办餐饮店
             wait 这些情况要到窗口办
             tap 开始
             tap 不说身份，接着办
             tap 有固定店面的餐馆、小吃店、饮品店
             tap 还没
             wait 这件事请到窗口办
             tap 打印这张指引
             wait 已打印，请拿好单子 40
             end",
        )
        .succeeded();
    assert!(walked.pages().contains(&"window".to_owned()));
    assert_eq!(hall.slips(".png").len(), 1);
}

#[test]
fn an_idle_visit_warns_can_be_kept_and_ends() {
    let hall = Hall::open();
    hall.configure("idle_seconds", "4");
    hall.configure("warning_seconds", "8");
    let walked = hall
        .citizen(
            "tap 点一下屏幕开始
             wait 您要办哪件事
             wait 您还在吗 30
             tap 我还在
             sleep 1
             absent 您还在吗
             wait 您还在吗 30
             wait 点一下屏幕开始 30
             end",
        )
        .succeeded();
    assert_eq!(walked.pages().last().map(String::as_str), Some("idle"));
}

/// The card answers by itself what it can, marked with its source; a change of mind stays possible.
#[test]
fn a_card_answers_for_its_holder() {
    let hall = Hall::open();
    hall.citizen(
        "tap 点一下屏幕开始
         tap 退休
         tap 开始
         tap 同意，读卡
         wait 放在读卡区
         do kiosk-sim ctl --socket $SIM card lay retiree
         wait 读好了
         do kiosk-sim ctl --socket $SIM card lift
         wait 这些已经替您回答了
         wait 您的性别
         tap 继续
         tap 在企业上班，单位给交社保
         tap 到退休年龄了，现在退
         wait 养老保险交满15年了吗
         absent 您的性别
         end",
    )
    .succeeded();
}

#[test]
fn landscape_and_english_and_large_type_lead_to_the_same_sheet() {
    let hall = Hall::open();
    hall.configure("width", "1920");
    hall.configure("height", "1080");
    hall.citizen(
        "tap English
         tap A+ Larger
         tap Businesses
         tap Open a restaurant
         tap Start
         tap Go on without saying who I am
         tap A restaurant, snack bar or drinks shop
         tap Yes
         tap A shop or mall
         tap No, only hot food
         type 120
         tap Continue
         tap An ordinary sign
         tap No
         tap Yes, I apply myself
         wait Your
         tap Continue
         tap Print the sheet
         wait Printed. Please take your sheet 40
         end",
    )
    .succeeded();
    assert_eq!(hall.slips(".png").len(), 1);
}
