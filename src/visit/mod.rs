//! One visit, from first touch to wipe: pure, without I/O, display, files or clock.
//!
//! [`Terminal::handle`] takes an event and the time and gives effects; [`Terminal::view`] gives
//! the page. Each step of the way is a file of its own; [`visit`] holds what all steps share.

mod application;
mod apply;
mod credit_code;
pub mod elements;
mod event;
mod form;
mod identity;
pub mod mask;
mod notice;
pub mod page;
mod questions;
mod result;
pub mod sheet;
mod staff;
mod takeaway;
mod terminal;
#[cfg(test)]
mod tests;
pub mod touch;
mod track;
#[expect(
    clippy::module_inception,
    reason = "the state machine this room is named after"
)]
mod visit;

use std::time::Duration;

use serde::Deserialize;
use yici_catalog::Text;

pub use application::Draft;
pub use event::{CardReply, Effect, Event, Now, SlipId, VisitId};
pub use staff::Lock;
pub use terminal::Terminal;
pub use touch::Touch;

/// The hall a terminal stands in, as configured.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hall {
    /// Name of the service hall.
    pub name: Text,
    /// This terminal's name, for slips and staff.
    pub terminal: String,
    /// Where people help: the guiding desk (导办台).
    pub desk: Text,
    /// Telephones of the hall.
    pub phones: Vec<Phone>,
    /// An address on a card that begins with one of these lies in this city.
    pub local_addresses: Vec<String>,
}

/// A telephone of the hall.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    /// Whose it is.
    pub name: Text,
    /// The number.
    pub number: String,
}

/// The times of a visit, in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Without a touch for this long, the warning comes (issue 2: 60 s).
    pub idle: Duration,
    /// The warning counts down this long before the wipe (issue 2: 30 s; at least 20 s by
    /// WCAG 2.2.1, extendable by one touch).
    pub warning: Duration,
    /// The goodbye page stays this long.
    pub goodbye: Duration,
    /// Unmasked data shows this long (ui.md: three seconds).
    pub show: Duration,
    /// After this long without a card, the other ways stand out (ui.md: 5 s for any waiting).
    pub card_slow: Duration,
    /// After this long without upstream's word, a stored case counts as waiting (ui.md: 5 s).
    pub send: Duration,
    /// After a restart, the page with the stored number stays this long.
    pub recovered: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Timing {
            idle: Duration::from_secs(60),
            warning: Duration::from_secs(30),
            goodbye: Duration::from_secs(12),
            show: Duration::from_secs(3),
            card_slow: Duration::from_secs(5),
            send: Duration::from_secs(5),
            recovered: Duration::from_secs(600),
        }
    }
}
