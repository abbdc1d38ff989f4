//! The slip printer: its state, a test slip.

use serde_json::json;
use yici_hal::address::Address;
use yici_hal::escpos::{self, Printed, Profile};
use yici_hal::slip::{Align, Element, Slip, Style};
use yici_hal::status::{Cause, PrinterStatus};

use super::Finding;

pub(super) fn status(address: &Address, profile: Profile) -> Finding {
    let status = match escpos::open(address, profile) {
        Ok(mut printer) => printer.status(),
        Err(_) => PrinterStatus::unheard(Cause::NotConnected),
    };
    Finding {
        said: json!(status),
        cause: status.cause,
    }
}

/// Prints a slip and tells what became of it.
pub(super) fn test(address: &Address, profile: Profile) -> Finding {
    let printed = match escpos::open(address, profile) {
        Ok(mut printer) => printer.print(&test_slip(address)),
        Err(_) => Printed::Failed(Cause::NotConnected),
    };
    let (said, cause) = match printed {
        Printed::Completed => ("completed", None),
        // Not proven is not a pass: a technician looks and decides.
        Printed::Unknown(_) => ("unknown", Some(Cause::NoAnswer)),
        Printed::Failed(cause) => ("failed", Some(cause)),
    };
    Finding {
        said: json!({"printed": said}),
        cause,
    }
}

/// Shows what can go wrong on paper: both scripts, a drawn character, a QR code, the cut.
fn test_slip(address: &Address) -> Slip {
    let mut slip = Slip::new();
    slip.line(
        "打印测试",
        Style {
            bold: true,
            wide: true,
            tall: true,
            ..Style::default()
        },
        Align::Centre,
    )
    .line("Printer test", Style::default(), Align::Centre);
    slip.elements.push(Element::Rule);
    slip.text("汉字 Latin 0123456789")
        .text("罕见字 䶮 𬭎 㐂 𠮷");
    slip.line(address.to_string(), Style::default(), Align::Left);
    slip.qr("打印测试 printer test");
    slip.elements.push(Element::Feed(2));
    slip
}
