//! What to do about a fault, and who does it.

use yici_hal::status::{Actor, Cause};

/// What to do about a fault, in one line.
pub(super) fn next_step(cause: Cause) -> String {
    let who = match cause.actor() {
        Actor::Citizen => "the citizen",
        Actor::Staff => "hall staff",
        Actor::Technician => "a technician",
        Actor::Nobody => "nobody; it passes by itself",
    };
    let what = match cause {
        Cause::CoverOpen => "close the cover",
        Cause::PaperOut => "load a roll of paper, printed side up",
        Cause::PaperJam => "open the cover, take out the stuck paper",
        Cause::Cutter => "switch off, free the cutter, switch on",
        Cause::HeadHot => "wait a minute",
        Cause::FeedKey => "release the feed key",
        Cause::Recoverable => "switch the device off and on",
        Cause::Unrecoverable => "have the device repaired",
        Cause::Offline => "press the device's online key",
        Cause::NotConnected => "check its cable, power, and its URL in the configuration",
        Cause::NoAnswer => "check that it is switched on, and its speed in the URL",
        Cause::Garbled => "check that the URL names this kind of device, at its speed",
        Cause::SecurityModule => "have the reader's security module (SAM) replaced",
        Cause::NotTaken => "take the slip from the outlet",
        Cause::TonerOut => "put in a new toner or ink cartridge",
        Cause::OutputFull => "empty the output tray",
        Cause::Busy => "wait until it is done",
        Cause::NoRight => "let the terminal's user open the device (udev rule, group)",
        Cause::ServiceDown => "start the service of this device, such as pcscd",
        Cause::CannotDraw => "install a Chinese font (package fonts-noto-cjk)",
    };
    format!("{what} ({who})")
}
