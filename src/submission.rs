//! Between a visit and the outbox: a draft becomes a case with a number, reports become events.

use std::sync::mpsc::Sender;

use yici_contract::api::{Opinion, ProgressRequest};
use yici_contract::{CaseNumber, NoRandomness, SlipSecret};

use crate::config;
use crate::delivery::{self, Report, StoreFault};
use crate::health::{OutboxState, Word};
use crate::uplink::ClockState;
use crate::visit::page::{AskFault, Delivery};
use crate::visit::{Draft, Event, VisitId, page};

/// What the core hands over to be submitted, asked or sent; absent without an upstream.
pub struct Submissions {
    delivery: Option<delivery::Delivery>,
    events: Sender<Event>,
}

impl Submissions {
    /// Opens the outbox and begins to deliver what it holds; what becomes of it arrives in
    /// `events`, first of all the cases whose slip never came out.
    ///
    /// A terminal that cannot keep cases takes none, and still guides people: its health says so.
    pub fn start(upstream: Option<&config::Upstream>, events: &Sender<Event>) -> Submissions {
        let delivery = upstream.and_then(|upstream| {
            let to = events.clone();
            let started = delivery::Delivery::start(upstream, move |report| {
                // Without a core there is nobody to tell, and the terminal is about to end.
                let _ = to.send(event(report));
            });
            started
                .inspect_err(|error| {
                    tracing::error!("no submissions: {error}; mend the folder `upstream.outbox`");
                })
                .ok()
        });
        let unfinished = delivery
            .as_ref()
            .map(|delivery| {
                delivery
                    .unfinished()
                    .iter()
                    .map(|case| case.number)
                    .collect()
            })
            .unwrap_or_default();
        let submissions = Submissions {
            delivery,
            events: events.clone(),
        };
        if upstream.is_some() && submissions.delivery.is_none() {
            submissions.say(Event::Says(Word::Outbox(OutboxState::Closed)));
        }
        submissions.say(Event::Unfinished(unfinished));
        submissions
    }

    /// Makes number and secret, and hands the case over to be sealed and stored.
    pub fn submit(&self, visit: VisitId, draft: Draft) {
        let made = || Ok::<_, NoRandomness>((CaseNumber::random()?, SlipSecret::random()?));
        match (&self.delivery, made()) {
            (Some(delivery), Ok((number, secret))) => {
                let (case, attachments) = draft.case(number, secret.hash(&number));
                delivery.submit(visit.0, case, attachments, secret);
            }
            (None, _) | (_, Err(NoRandomness)) => self.say(Event::Stored {
                visit,
                stored: Err(page::StoreFault::Failed),
            }),
        }
    }

    /// Asks upstream how a case is getting on.
    pub fn ask(&self, visit: VisitId, ask: u32, request: ProgressRequest) {
        match &self.delivery {
            Some(delivery) => delivery.progress((visit.0 << ASK_BITS) | u64::from(ask), request),
            None => self.say(Event::Progress {
                visit,
                ask,
                answer: Err(AskFault::Unreachable),
            }),
        }
    }

    /// Tells upstream an opinion.
    pub fn tell(&self, opinion: Opinion) {
        if let Some(delivery) = &self.delivery {
            delivery.tell(opinion);
        }
    }

    /// The slip of a case is in somebody's hands.
    pub fn slip_completed(&self, number: CaseNumber) {
        if let Some(delivery) = &self.delivery {
            delivery.slip_completed(number);
        }
    }

    /// Nobody waits for the slip of a case any more.
    pub fn dismiss(&self, number: CaseNumber) {
        if let Some(delivery) = &self.delivery {
            delivery.dismiss(number);
        }
    }

    fn say(&self, event: Event) {
        let _ = self.events.send(event);
    }
}

/// A ticket for progress carries the visit, and which of its questions it is.
const ASK_BITS: u32 = 32;

fn event(report: Report) -> Event {
    match report {
        Report::Stored {
            ticket,
            number,
            secret,
        } => Event::Stored {
            visit: VisitId(ticket),
            stored: Ok((number, secret)),
        },
        Report::NotStored { ticket, fault } => Event::Stored {
            visit: VisitId(ticket),
            stored: Err(match fault {
                StoreFault::NoRoom => page::StoreFault::Full,
                StoreFault::Failed => page::StoreFault::Failed,
            }),
        },
        Report::Delivered { number, .. } => Event::Delivery {
            number,
            delivery: Delivery::Received,
        },
        Report::Waiting { number } => Event::Delivery {
            number,
            delivery: Delivery::Waiting,
        },
        Report::Parked { number } => Event::Delivery {
            number,
            delivery: Delivery::Parked,
        },
        Report::Progress { ticket, answer } => Event::Progress {
            visit: VisitId(ticket >> ASK_BITS),
            ask: (ticket & ((1 << ASK_BITS) - 1)) as u32,
            answer: answer.map(Box::new).map_err(|fault| match fault {
                delivery::AskFault::Unreachable => AskFault::Unreachable,
                delivery::AskFault::NotFound => AskFault::NotFound,
                delivery::AskFault::TooMany => AskFault::TooMany,
                delivery::AskFault::Refused => AskFault::Refused,
            }),
        },
        Report::Outbox { parked } => Event::Says(Word::Outbox(OutboxState::Open { parked })),
        Report::Uplink(status) => Event::Says(Word::Uplink {
            link: status.link,
            clock_trusted: match status.clock {
                ClockState::Trusted => true,
                ClockState::Unknown | ClockState::Off { .. } => false,
            },
        }),
    }
}
