//! The hall's staff.

use yici::selftest::{Check, Report, State, Step};
use yici::visit::page::{
    Content, Exported, Frame, Main, Page, PinFault, PinPage, ReportSlip, Staff,
};
use yici_catalog::Text;
use yici_hal::status::Actor;

use super::{nowhere, page, t};

/// The door for staff, and what they see behind it.
pub(crate) fn pages() -> Vec<(&'static str, Page)> {
    let main = |main| Frame {
        main: Some(main),
        ..nowhere(false)
    };
    let typing = Frame {
        back: true,
        ..main(Main::Continue)
    };
    let pin = |typed, fault| page(typing.clone(), Content::Pin(PinPage { typed, fault }));
    let shown = |frame, staff| page(frame, Content::Staff(Box::new(staff)));
    let menu = |held, exported| Staff::Menu {
        version: "0.1.0",
        held,
        codes: true,
        sticks: true,
        exported,
    };
    let exported = Some(Exported::Out(12));
    let no_stick = Some(Exported::NoStick);
    let report = |slip| Staff::Report {
        report: report(),
        slip,
    };
    vec![
        ("pin", pin(4, None)),
        ("pin-wrong", pin(0, Some(PinFault::Wrong))),
        ("pin-shut", pin(0, Some(PinFault::Shut { seconds: 287 }))),
        ("staff", shown(main(Main::Done), menu(Some(0), None))),
        ("staff-held", shown(main(Main::Done), menu(Some(12), None))),
        (
            "staff-exported",
            shown(main(Main::Done), menu(Some(0), exported)),
        ),
        (
            "staff-not-exported",
            shown(main(Main::Done), menu(Some(12), no_stick)),
        ),
        (
            "staff-panel",
            shown(
                Frame {
                    back: true,
                    ..main(Main::AllWell)
                },
                Staff::Panel,
            ),
        ),
        (
            "staff-busy",
            shown(
                nowhere(false),
                Staff::Busy {
                    name: t("凭条打印机", "Slip printer"),
                    preparation: Some(t(
                        "会打一张测试单：看两种文字、罕见字、二维码、切纸",
                        "prints a slip: look at both scripts, rare characters, the QR code, the cut",
                    )),
                    step: (3, 4),
                },
            ),
        ),
        ("staff-report", shown(main(Main::Continue), report(None))),
        (
            "staff-report-printed",
            shown(main(Main::Continue), report(Some(ReportSlip::Unproved))),
        ),
        (
            "staff-reset",
            shown(
                Frame {
                    back: true,
                    ..main(Main::Reset)
                },
                Staff::Reset,
            ),
        ),
    ]
}

fn report() -> Report {
    let check = |id, zh: &str, en: &str, state, says: Text, next| Check {
        id,
        name: t(zh, en),
        state,
        says,
        next,
    };
    let good = t("正常", "works");
    Report {
        terminal: "A-01".into(),
        version: "0.1.0",
        made: jiff::Timestamp::UNIX_EPOCH,
        checks: vec![
            check(
                "id-card",
                "身份证阅读器",
                "ID card reader",
                State::Fault,
                t("没有连上", "not connected"),
                Some(Step {
                    what: t(
                        "查线、查电源；还是这样，叫技术员对一下配置里的地址",
                        "check cable and power; if it stays, let a technician check the address in the configuration",
                    ),
                    actor: Actor::Staff,
                }),
            ),
            check(
                "printer",
                "凭条打印机",
                "Slip printer",
                State::Fault,
                t("缺纸", "out of paper"),
                Some(Step {
                    what: t("装一卷新纸", "put a new roll in"),
                    actor: Actor::Staff,
                }),
            ),
            check(
                "clock",
                "时钟",
                "clock",
                State::Unknown,
                t(
                    "没有可以对的时间，请看一眼：1970-01-01 00:00:00 UTC",
                    "nothing to compare it with, look at it: 1970-01-01 00:00:00 UTC",
                ),
                Some(Step {
                    what: t(
                        "在设置文件里写对时间服务器，或者在 BIOS 里改时间",
                        "name a time server in the setup file, or set the clock in the firmware",
                    ),
                    actor: Actor::Technician,
                }),
            ),
            check(
                "tpm",
                "数据保护",
                "data protection",
                State::Unknown,
                t(
                    "没有 TPM，数据分区用密钥文件：拆走整块盘就能读",
                    "none; the data partition uses a key file: whoever takes the disk can read it",
                ),
                None,
            ),
            check(
                "updates",
                "系统更新",
                "system updates",
                State::Unknown,
                t(
                    "下载内容与签名不符，已拒绝：请核对发布目录与公钥",
                    "what was fetched is not what was signed, and was refused: check the published tree and the public key",
                ),
                None,
            ),
            check(
                "network",
                "网络",
                "network",
                State::Good,
                good.clone(),
                None,
            ),
            check("disk", "磁盘", "disk", State::Good, good, None),
        ],
    }
}
