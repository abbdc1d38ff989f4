//! The readiness report on paper.

use yici_catalog::{Lang, Text};
use yici_hal::slip::{Element, PaperWidth, Slip};

use super::layout::Layout;
use super::{Sheet, labelled};
use crate::selftest::{Report, State};

/// Lays the report out for paper of this width: what does not work first, each with its next step, then
/// what does, and a code that carries the report's hash.
pub fn readiness(report: &Report, hall: &Text, lang: Lang, paper: PaperWidth) -> Slip {
    let mut sheet = Sheet {
        layout: Layout::new(paper.columns()),
        lang,
    };
    sheet.layout.centred(hall.get(lang));
    sheet.layout.title(lang.pick("自检报告", "Self-test"));
    sheet.layout.strong(&report.terminal);
    sheet.layout.centred(&report.summary(lang));
    for (state, zh, en) in [
        (State::Fault, "要处理", "To be mended"),
        (
            State::Unknown,
            "说不清，请看一眼",
            "Cannot be told: look at it",
        ),
        (State::Good, "正常", "Works"),
    ] {
        let mut found = report.came_to(state).peekable();
        if found.peek().is_some() {
            sheet.heading(zh, en);
        }
        for check in found {
            let line = labelled(lang, check.name.get(lang), check.says.get(lang));
            match state {
                State::Fault => sheet.layout.strong_hanging("✗ ", &line),
                State::Unknown => sheet.layout.hanging("? ", &line),
                State::Good => sheet.layout.hanging("✓ ", &line),
            }
            if let Some(next) = &check.next {
                sheet.layout.hanging("  → ", &next.line(lang));
            }
        }
    }
    sheet.layout.rule();
    sheet.layout.centred(&format!(
        "{} · {} · kiosk {}",
        report.terminal,
        report.made.strftime("%Y-%m-%d %H:%M UTC"),
        report.version
    ));
    sheet.layout.push(Element::Qr {
        data: report.code(),
    });
    sheet.centre(
        "码里是这份报告的指纹",
        "The code is this report's fingerprint",
    );
    sheet.layout.finish()
}
