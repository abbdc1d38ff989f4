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
                State::Good,
                good.clone(),
                None,
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
            check("disk", "磁盘", "disk", State::Good, good, None),
        ],
    }
}
