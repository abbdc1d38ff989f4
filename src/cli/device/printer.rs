//! The slip printer: its state, a test slip.

use serde_json::json;
use yici_hal::address::Address;
use yici_hal::escpos::{self, Doubt, Printed, Profile};
use yici_hal::slip::{Align, Element, Slip, Style};
use yici_hal::status::Cause;

use super::report::{Finding, Outcome, Unproven};

pub(super) fn status(address: &Address, profile: Profile) -> Finding {
    match escpos::open(address, profile) {
        Ok(mut printer) => {
            let status = printer.status();
            Finding::told(status, status.cause)
        }
        Err(error) => Finding::unreachable(&error),
    }
}

/// Prints a slip and tells what became of it.
pub(super) fn test(address: &Address, profile: Profile) -> Finding {
    let printed = match escpos::open(address, profile) {
        Ok(mut printer) => printer.print(&test_slip(address)),
        Err(error) => return Finding::unreachable(&error),
    };
    let (said, outcome) = match printed {
        Printed::Completed => ("completed", Outcome::AsSaid),
        Printed::Unknown(doubt) => ("unknown", in_doubt(doubt)),
        Printed::Failed(cause) => ("failed", Outcome::Fault(cause)),
    };
    Finding {
        said: json!({"printed": said}),
        outcome,
    }
}

/// Most models give no proof: whoever tests them looks. One that falls silent has a fault.
fn in_doubt(doubt: Doubt) -> Outcome {
    match doubt {
        Doubt::NoProof | Doubt::NotConfirmed => Outcome::Unproven(Unproven::Print),
        Doubt::NoAnswer => Outcome::Fault(Cause::NoAnswer),
        Doubt::LinkLost => Outcome::Fault(Cause::NotConnected),
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
