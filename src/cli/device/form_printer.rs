//! The A4 printer: its state, a test page.

use std::time::{Duration, Instant};

use serde_json::json;
use yici_hal::address::Address;
use yici_hal::form_printer::{self, Document, Doubt, Outcome as Printed};
use yici_hal::slip::{Align, Slip, Style};
use yici_hal::status::Cause;

use super::report::{Finding, Outcome, Unproven};

/// How long the test page may take; a cold laser printer warms up for half a minute.
const TEST: Duration = Duration::from_secs(120);

pub(super) fn status(address: &Address) -> Finding {
    match form_printer::open(address) {
        Ok(mut printer) => {
            let status = printer.status();
            Finding::told(status, status.cause)
        }
        Err(error) => Finding::unreachable(&error),
    }
}

/// Prints a page and tells what became of it.
pub(super) fn test(address: &Address) -> Finding {
    let page = match Document::typeset(&test_page(address)) {
        Ok(page) => page,
        Err(error) => {
            return Finding::failed(&error, Cause::CannotDraw);
        }
    };
    let printed = match form_printer::open(address) {
        Ok(mut printer) => printer.print(&page, Instant::now() + TEST),
        Err(error) => return Finding::unreachable(&error),
    };
    let (said, outcome, pages) = match printed {
        Printed::Printed { pages } => ("completed", Outcome::AsSaid, pages),
        Printed::Unknown(doubt) => ("unknown", in_doubt(doubt), None),
        Printed::Failed(cause) => ("failed", Outcome::Fault(cause), None),
        Printed::CalledOff => ("calledOff", Outcome::Fault(Cause::Recoverable), None),
    };
    Finding {
        said: json!({"printed": said, "pages": pages}),
        outcome,
    }
}

fn in_doubt(doubt: Doubt) -> Outcome {
    match doubt {
        Doubt::JobGone | Doubt::NotCalledOff | Doubt::Contradiction => {
            Outcome::Unproven(Unproven::Print)
        }
        Doubt::LinkLost => Outcome::Fault(Cause::NotConnected),
    }
}

/// Shows what can go wrong on paper: both scripts, rare characters, styles, all four margins, a QR code.
fn test_page(address: &Address) -> Slip {
    let plain = Style::default();
    let large = Style {
        wide: true,
        tall: true,
        ..plain
    };
    let mut page = Slip::new();
    page.line("A4 打印测试页", large, Align::Centre)
        .line("A4 printer test page", large, Align::Centre)
        .rule()
        .text("这一页由自助终端打印，用于检查表单打印机。请核对：")
        .text("This page was printed by the self-service terminal to check its form printer. Please look:")
        .feed(1)
        .text("1. 字迹清晰，没有条纹、缺墨或脏污。 Letters are clean: no streaks, gaps or stains.")
        .text("2. 页面完整，四周留白均匀。 The page is whole, with even margins.")
        .text("3. 手机能扫出下方二维码。 A telephone reads the code below.")
        .feed(1)
        .text("汉字 姓名 综合申请表 ABC abc 0123456789 ，。！？“”《》")
        .text("罕见字 Rare characters: 䶮 𬭎 㐂 𠮷");
    for (text, style) in [
        (
            "加粗 Bold",
            Style {
                bold: true,
                ..plain
            },
        ),
        (
            "下划线 Underlined",
            Style {
                underline: true,
                ..plain
            },
        ),
        (
            "倍宽 Wide",
            Style {
                wide: true,
                ..plain
            },
        ),
        (
            "倍高 Tall",
            Style {
                tall: true,
                ..plain
            },
        ),
    ] {
        page.line(text, style, Align::Left);
    }
    page.line("居中 Centred", plain, Align::Centre)
        .line("靠右 Right", plain, Align::Right)
        .rule()
        .text(format!("打印机 Printer: {address}"))
        .qr("A4 打印测试 printer test");
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_page_is_one_page() {
        let address = "ipp://192.0.2.9/ipp/print".parse().unwrap();
        let document = Document::typeset(&test_page(&address)).unwrap();
        assert_eq!(document.pages().len(), 1);
    }
}
