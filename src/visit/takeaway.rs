//! What the citizen takes along: the guidance sheet on paper or phone (6.4 c), and whom to ask.

use jiff::civil::Weekday;
use yici_catalog::{ContactKind, Hours, Matter, Text};
use yici_hal::escpos::{Delivery, Printed};
use yici_hal::status::{Actor, Cause};

use super::SlipId;
use super::identity::{self, Identity};
use super::page::{Contact, Help, Method, Printing};
use super::terminal::Around;
use crate::slips::{Document, Head};

/// A slip on its way.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Slip {
    pub id: SlipId,
    pub state: Printing,
    pub document: Box<Document>,
    /// It, or an earlier try of it, went to the printer: some of it may be on paper.
    pub sent: bool,
}

impl Slip {
    /// Whether it is the receipt slip, whose whereabouts the outbox remembers.
    pub fn is_receipt(&self) -> bool {
        match self.document.as_ref() {
            Document::Receipt { .. } | Document::Numbers { .. } => true,
            Document::Notice { .. } | Document::Window { .. } | Document::Guidance { .. } => false,
        }
    }
}

/// What the printer's word means for the citizen (invariant 2).
pub(super) fn told(printed: Printed) -> Printing {
    match printed {
        Printed::Completed => Printing::Completed,
        Printed::Unknown(_) => Printing::Ask,
        Printed::Failed(cause) => Printing::Failed {
            cause: Some(cause),
            actor: cause.actor(),
        },
    }
}

/// What the outlet's word means for the citizen, who was told this before. Whoever is asked is still
/// asked: the sensor does not see whether a slip is whole.
pub(super) fn moved(before: Printing, delivery: Delivery) -> Printing {
    match (before, delivery) {
        (
            Printing::Busy | Printing::Failed { .. } | Printing::Taken | Printing::Retracted,
            Delivery::Presented
            | Delivery::Taken
            | Delivery::Retracted
            | Delivery::NotTaken
            | Delivery::Failed(_)
            | Delivery::Unknown,
        ) => before,
        (Printing::Completed | Printing::Presented | Printing::Ask, Delivery::Retracted) => {
            Printing::Retracted
        }
        (Printing::Completed | Printing::Presented | Printing::Ask, Delivery::Failed(cause)) => {
            told(Printed::Failed(cause))
        }
        (
            Printing::Ask,
            Delivery::Presented | Delivery::Taken | Delivery::NotTaken | Delivery::Unknown,
        ) => before,
        (Printing::Completed | Printing::Presented, Delivery::Presented | Delivery::NotTaken) => {
            Printing::Presented
        }
        (Printing::Completed | Printing::Presented, Delivery::Taken) => Printing::Taken,
        // It was printed, and nobody saw where it went.
        (Printing::Completed | Printing::Presented, Delivery::Unknown) => Printing::Completed,
    }
}

/// Whether a slip that failed so may have left some paper in the outlet.
pub(super) fn leaves_paper(cause: Cause) -> bool {
    match cause {
        Cause::CoverOpen
        | Cause::PaperOut
        | Cause::PaperJam
        | Cause::Cutter
        | Cause::HeadHot
        | Cause::FeedKey
        | Cause::NotTaken
        | Cause::Busy
        | Cause::OutputFull
        | Cause::TonerOut
        | Cause::Recoverable
        | Cause::Unrecoverable
        | Cause::Offline => true,
        Cause::NotConnected
        | Cause::NoAnswer
        | Cause::Garbled
        | Cause::SecurityModule
        | Cause::CannotDraw
        | Cause::NoRight
        | Cause::ServiceDown
        | Cause::NoLedger => false,
    }
}

/// What the citizen's word on an unknown slip means.
pub(super) fn answered(taken: bool) -> Printing {
    match taken {
        true => Printing::Completed,
        false => Printing::Failed {
            cause: None,
            actor: Actor::Staff,
        },
    }
}

/// The head that every slip carries.
pub(super) fn head(lang: yici_catalog::Lang, around: &Around) -> Head {
    Head {
        lang,
        hall: around.hall.name.clone(),
        terminal: around.hall.terminal.clone(),
        catalogue: around.catalog.version.clone(),
        time: around.now.wall.strftime("%Y-%m-%d %H:%M").to_string(),
        reprint: false,
        holder: None,
    }
}

/// Where, when and whom to call for a matter.
pub(super) fn method(matter: &Matter, around: &Around) -> Method {
    let guide = &matter.guide;
    Method {
        place: guide.place.clone(),
        address: Text {
            zh: format!("{}（邮编 {}）", guide.address.zh, guide.postcode),
            en: format!("{} (postcode {})", guide.address.en, guide.postcode),
        },
        hours: guide.hours.iter().map(hours).collect(),
        phones: phones(Some(matter), around),
        printer: around.health.printer(),
        here: around.health.submits(),
    }
}

/// What people call the matters that usually come next (7.2.1 b).
pub(super) fn next(matter: &Matter, around: &Around) -> Vec<Text> {
    let next = around.catalog.next(&matter.id);
    next.map(|matter| matter.short.clone()).collect()
}

/// What people call the other matters that somebody's card suggests (7.2.1 b).
pub(super) fn suggested(identity: &Identity, matter: &Matter, around: &Around) -> Vec<Text> {
    let facts = identity::facts(identity, around);
    let today = around.now.wall.date();
    let suggested = around.catalog.suggested(&facts, today);
    let others = suggested.filter(|other| {
        other.id != matter.id
            && around
                .catalog
                .next(&matter.id)
                .all(|next| next.id != other.id)
    });
    others.map(|matter| matter.short.clone()).collect()
}

/// Telephones: the matter's first, then the hall's.
pub(super) fn phones(matter: Option<&Matter>, around: &Around) -> Vec<Contact> {
    let of_matter = matter
        .iter()
        .flat_map(|matter| &matter.guide.consult)
        .filter(|contact| contact.kind == ContactKind::Phone)
        .map(|contact| Contact {
            name: contact.name.clone(),
            value: contact.value.clone(),
        });
    let of_hall = around.hall.phones.iter().map(|phone| Contact {
        name: phone.name.clone(),
        value: phone.number.clone(),
    });
    let mut phones: Vec<Contact> = Vec::new();
    for phone in of_matter.chain(of_hall) {
        if phones.iter().all(|known| known.value != phone.value) {
            phones.push(phone);
        }
    }
    phones
}

/// Whom to ask, and what others asked.
pub(super) fn help(matter: Option<&Matter>, around: &Around) -> Help {
    Help {
        place: around.hall.desk.clone(),
        phones: phones(matter, around),
        questions: matter
            .iter()
            .flat_map(|matter| &matter.guide.questions_common)
            .map(|common| (common.q.clone(), common.a.clone()))
            .collect(),
        wrong: matter.is_some() && around.health.submits(),
    }
}

/// Opening hours as people say them: "周一至周五 09:00-12:00 13:00-17:00".
fn hours(hours: &Hours) -> Text {
    let times: Vec<String> = hours.open.iter().map(ToString::to_string).collect();
    let times = times.join(" ");
    let days = hours.days.days();
    let consecutive = days.windows(2).all(|pair| pair[0].next() == pair[1]);
    let (zh, en) = match days {
        [first, .., last] if consecutive => {
            let ((zh_first, en_first), (zh_last, en_last)) = (weekday(*first), weekday(*last));
            (
                format!("{zh_first}至{zh_last}"),
                format!("{en_first} to {en_last}"),
            )
        }
        several => {
            let (zh, en): (Vec<_>, Vec<_>) = several.iter().copied().map(weekday).unzip();
            (zh.join("、"), en.join(", "))
        }
    };
    Text {
        zh: format!("{zh} {times}"),
        en: format!("{en} {times}"),
    }
}

fn weekday(day: Weekday) -> (&'static str, &'static str) {
    match day {
        Weekday::Monday => ("周一", "Mon"),
        Weekday::Tuesday => ("周二", "Tue"),
        Weekday::Wednesday => ("周三", "Wed"),
        Weekday::Thursday => ("周四", "Thu"),
        Weekday::Friday => ("周五", "Fri"),
        Weekday::Saturday => ("周六", "Sat"),
        Weekday::Sunday => ("周日", "Sun"),
    }
}
