//! What a printer says of itself, in the words of the status model.

use super::reply::{Reply, Value};
use crate::status::{Cause, DeviceState, Paper, PrinterStatus};

/// What the driver wants to know of a printer: names of attributes (RFC 8011, section 5.4; PWG 5100.7 and
/// 5102.4).
pub(super) const ASKED: [&str; 9] = [
    "printer-state",
    "printer-state-reasons",
    "printer-is-accepting-jobs",
    "media-ready",
    "media-supported",
    "operations-supported",
    "document-format-supported",
    "pwg-raster-document-resolution-supported",
    "pwg-raster-document-type-supported",
];

/// How A4 paper is called (PWG 5101.1).
pub(super) const A4: &str = "iso_a4_210x297mm";

/// What a printer takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// `application/pdf`.
    Pdf,
    /// `image/pwg-raster`.
    Pwg(super::pwg::Kind),
}

impl Format {
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Pwg(_) => "image/pwg-raster",
        }
    }

    /// The best that the printer takes and the terminal can make.
    pub(super) fn of(reply: &Reply) -> Option<Self> {
        let takes = |format: &str| {
            reply
                .texts("document-format-supported")
                .any(|supported| supported == format)
        };
        if takes("application/pdf") {
            return Some(Self::Pdf);
        }
        if !takes("image/pwg-raster") {
            return None;
        }
        let resolutions = reply.values("pwg-raster-document-resolution-supported");
        let scale = [1, 2].into_iter().find(|&scale| {
            let dpi = (super::DPI * scale) as i32;
            resolutions.contains(&Value::Dpi(dpi, dpi))
        })?;
        let has = |kind: &str| {
            reply
                .texts("pwg-raster-document-type-supported")
                .any(|supported| supported == kind)
        };
        let black = has("black_1");
        (black || has("sgray_8")).then_some(Self::Pwg(super::pwg::Kind { scale, black }))
    }
}

/// The printer's status, from its attributes.
pub(super) fn status(reply: &Reply) -> PrinterStatus {
    let unheard = PrinterStatus::unheard;
    let Some(state) = reply.number("printer-state") else {
        return unheard(Cause::Garbled);
    };
    let stopped = match state {
        3 | 4 => false,
        5 => true,
        _ => return unheard(Cause::Garbled),
    };
    let reasons: Vec<_> = reply.texts("printer-state-reasons").collect();
    let accepts = reply.values("printer-is-accepting-jobs") != [Value::Flag(false)];
    let loaded: Vec<_> = reply.texts("media-ready").collect();
    // A printer that does not tell what is loaded has no sensor for the size.
    let other_paper =
        !loaded.is_empty() && !loaded.iter().any(|media| media.starts_with("iso_a4_"));

    let cause = worst(&reasons)
        .or(other_paper.then_some(Cause::PaperOut))
        .or(stopped.then_some(Cause::Recoverable))
        .or((!accepts).then_some(Cause::Offline))
        .or(Format::of(reply).is_none().then_some(Cause::Garbled))
        .or((state == 4).then_some(Cause::Busy));
    let low = ["media-low", "media-empty-", "media-needed-"];
    let is_low = |reason: &&str| low.iter().any(|low| reason.starts_with(low));
    let paper = if cause == Some(Cause::PaperOut) {
        Paper::Out
    } else if cause == Some(Cause::PaperJam) {
        Paper::Jammed
    } else if reasons.is_empty() {
        Paper::Unknown
    } else if reasons.iter().any(is_low) {
        Paper::Low
    } else {
        Paper::Full
    };
    PrinterStatus {
        device: cause.map_or(DeviceState::Online, Cause::device),
        paper: Some(paper),
        media: None,
        cause,
    }
}

/// What hands see to first: an open cover hides a jam, and a jam hides the paper.
const URGENT: [Cause; 5] = [
    Cause::CoverOpen,
    Cause::PaperJam,
    Cause::PaperOut,
    Cause::TonerOut,
    Cause::OutputFull,
];

/// The reason that has to be seen to first.
pub(super) fn worst(reasons: &[&str]) -> Option<Cause> {
    let rank = |cause: &Cause| URGENT.iter().position(|urgent| urgent == cause);
    reasons
        .iter()
        .filter_map(|reason| cause(reason))
        .min_by_key(|cause| rank(cause).unwrap_or(URGENT.len()))
}

/// What a keyword of `printer-state-reasons` (RFC 8011, section 5.4.12; IANA's list) means, if it keeps
/// the printer from printing. Reports and warnings mostly do not.
fn cause(reason: &str) -> Option<Cause> {
    let (stem, severity) = ["-report", "-warning", "-error"]
        .into_iter()
        .find_map(|severity| Some((reason.strip_suffix(severity)?, severity)))
        .unwrap_or((reason, ""));
    // What stands open or is stuck lets nothing through, whatever it is called; and an idle printer
    // calls everything a report. But empty is often another tray, or a toner that still prints.
    let keeps = match severity {
        "-report" => stem.ends_with("-open") || stem.ends_with("-jam"),
        "-warning" => stem.ends_with("-open") || stem.ends_with("-jam") || stem == "media-needed",
        _ => true,
    };
    if !keeps {
        return None;
    }
    match stem {
        "cover-open"
        | "door-open"
        | "interlock-open"
        | "input-tray-missing"
        | "output-tray-missing" => Some(Cause::CoverOpen),
        "media-jam" | "media-path-jam" | "media-path-failure" => Some(Cause::PaperJam),
        "media-empty" | "media-needed" => Some(Cause::PaperOut),
        "toner-empty"
        | "marker-supply-empty"
        | "marker-supply-missing"
        | "marker-print-cartridge-missing"
        | "marker-toner-missing"
        | "marker-toner-cartridge-missing"
        | "marker-ink-empty"
        | "marker-toner-empty" => Some(Cause::TonerOut),
        "output-area-full" => Some(Cause::OutputFull),
        "paused" | "moving-to-paused" | "shutdown" | "stopping" | "stopped-partly"
        | "deactivated" | "offline" => Some(Cause::Offline),
        "connecting-to-device" => Some(Cause::NotConnected),
        "timed-out" => Some(Cause::NoAnswer),
        "spool-area-full" => Some(Cause::Busy),
        "developer-empty"
        | "opc-life-over"
        | "fuser-over-temp"
        | "fuser-under-temp"
        | "marker-waste-full"
        | "interpreter-resource-unavailable"
        | "subunit-missing"
        | "subunit-unrecoverable-failure" => Some(Cause::Unrecoverable),
        // Below what stops it, whatever the suffix.
        _ if stem.ends_with("-low") || stem.ends_with("-almost-full") => None,
        // An error that nobody here knows is one all the same.
        _ => (severity == "-error").then_some(Cause::Recoverable),
    }
}

/// What a refusal (RFC 8011, appendix B) says of the printer.
pub(super) fn refusal(status: u16) -> Cause {
    match status {
        0x0401..=0x0403 => Cause::NoRight,
        0x0504 => Cause::Recoverable,
        0x0505 | 0x0507 => Cause::Busy,
        0x0506 => Cause::Offline,
        _ => Cause::Garbled,
    }
}

/// A job, as the printer tells it (RFC 8011, section 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobState {
    /// It waits, is held, or is being printed.
    Underway,
    /// It is stopped in the middle.
    Stopped,
    /// Called off.
    Canceled,
    /// Given up by the printer.
    Aborted,
    /// Done.
    Completed,
}

impl JobState {
    pub(super) fn of(reply: &Reply) -> Option<Self> {
        match reply.number("job-state")? {
            3..=5 => Some(Self::Underway),
            6 => Some(Self::Stopped),
            7 => Some(Self::Canceled),
            8 => Some(Self::Aborted),
            9 => Some(Self::Completed),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_become_causes() {
        for (reasons, expected) in [
            (&["none"][..], None),
            (&["media-empty"], Some(Cause::PaperOut)),
            (&["media-empty-error"], Some(Cause::PaperOut)),
            (&["media-empty-warning", "media-low-report"], None),
            (&["media-needed-warning"], Some(Cause::PaperOut)),
            (&["media-jam-report"], Some(Cause::PaperJam)),
            (
                &["media-needed", "door-open-error", "media-jam"],
                Some(Cause::CoverOpen),
            ),
            (&["toner-empty"], Some(Cause::TonerOut)),
            (&["marker-supply-empty-error"], Some(Cause::TonerOut)),
            (
                &[
                    "toner-empty-warning",
                    "toner-low",
                    "marker-waste-almost-full",
                ],
                None,
            ),
            (&["output-area-full"], Some(Cause::OutputFull)),
            (&["output-area-almost-full-warning"], None),
            (&["paused"], Some(Cause::Offline)),
            (&["marker-waste-full-error"], Some(Cause::Unrecoverable)),
            (&["fuser-of-another-make-error"], Some(Cause::Recoverable)),
            (&["fuser-of-another-make", "standby"], None),
        ] {
            assert_eq!(worst(reasons), expected, "{reasons:?}");
        }
    }
}
