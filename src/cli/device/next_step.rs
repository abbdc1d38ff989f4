//! What to do about a fault, for an error that ends a command: in both languages.

use yici_catalog::Lang;
use yici_hal::status::Cause;

use yici_hal::class::DeviceClass;

use crate::health::{self, Part, Trouble, who};

/// What to do about a fault, and who does it, in one line.
pub(super) fn next_step(class: DeviceClass, cause: Cause) -> String {
    let said = |lang| {
        let what = health::next_step(Part::Device(class), Trouble::Fault(cause), lang);
        (what, who(cause.actor(), lang))
    };
    let ((zh, zh_who), (en, en_who)) = (said(Lang::Zh), said(Lang::En));
    format!("{zh}（{zh_who}） {en} ({en_who})")
}
