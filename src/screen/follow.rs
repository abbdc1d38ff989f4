//! Afterwards: how a case is getting on, and how content the citizen is.

use std::rc::Rc;

use slint::{ComponentHandle, ModelRc, VecModel};
use yici_catalog::Lang;
use yici_contract::api::{Level, State};
use yici_ui as ui;

use super::keyboard::Keys;
use super::{Inner, Senders, maybe, model, offer, words};
use crate::visit::page::{
    AskFault, CaseNumber, CaseNumberFault, Evaluate, Offer, Progress, UnitProgress,
};
use crate::visit::touch::Touch;

/// The levels as the pages count them, the best first.
const LEVELS: [Level; 5] = [
    Level::VeryContent,
    Level::Content,
    Level::FairlyContent,
    Level::Discontent,
    Level::VeryDiscontent,
];

/// One model for each list, mutated in place.
#[derive(Default)]
pub(super) struct Lists {
    pub units: Rc<VecModel<ui::CaseUnitRow>>,
}

impl Lists {
    pub(super) fn attach(&self, window: &ui::AppWindow) {
        window
            .global::<ui::ProgressAdapter>()
            .set_units(model(&self.units));
    }
}

pub(super) fn wire(window: &ui::AppWindow, to: &Senders) {
    window
        .global::<ui::TrackAdapter>()
        .on_type_case(to.plain(Touch::TypeCase));
    let rate = |make: fn(Level) -> Touch| {
        let sender = to.sender();
        move |level| {
            let level = usize::try_from(level).ok().and_then(|at| LEVELS.get(at));
            if let Some(level) = level {
                sender.send(make(*level));
            }
        }
    };
    let evaluate = window.global::<ui::EvaluateAdapter>();
    evaluate.on_rate_matter(rate(Touch::RateMatter));
    evaluate.on_rate_visit(rate(Touch::RateVisit));
}

fn place(level: Option<Level>) -> i32 {
    match level {
        None => -1,
        Some(Level::VeryContent) => 0,
        Some(Level::Content) => 1,
        Some(Level::FairlyContent) => 2,
        Some(Level::Discontent) => 3,
        Some(Level::VeryDiscontent) => 4,
    }
}

fn state(state: State) -> ui::CaseState {
    match state {
        State::Received => ui::CaseState::Received,
        State::Supplement => ui::CaseState::Supplement,
        State::Accepted => ui::CaseState::Accepted,
        State::NotAccepted => ui::CaseState::NotAccepted,
        State::InProcess => ui::CaseState::InProcess,
        State::Done => ui::CaseState::Done,
    }
}

fn unit(unit: &UnitProgress, lang: Lang) -> ui::CaseUnitRow {
    let items = unit.items.iter().map(|item| ui::CaseItemRow {
        name: words(&item.name, lang),
        state: state(item.state),
        words: words(&item.words, lang),
        since: item.since.as_str().into(),
        note: maybe(item.note.as_ref(), lang),
    });
    ui::CaseUnitRow {
        name: words(&unit.name, lang),
        items: ModelRc::new(VecModel::from_iter(items)),
    }
}

impl Inner {
    pub(super) fn track(&self, scanner: Offer, reader: Offer, wrong: bool) {
        let to = self.window.global::<ui::TrackAdapter>();
        let (scanner, scanner_cause) = offer(scanner);
        to.set_scanner(scanner);
        to.set_scanner_cause(scanner_cause);
        let (reader, reader_cause) = offer(reader);
        to.set_reader(reader);
        to.set_reader_cause(reader_cause);
        to.set_wrong(wrong);
    }

    pub(super) fn case_number(&self, number: &CaseNumber) {
        let to = self.window.global::<ui::CaseNumberAdapter>();
        self.keyboard.lay(Keys::Code, Lang::Zh);
        to.set_typed(number.typed.as_str().into());
        to.set_fault(match number.error {
            None => ui::CaseFault::None,
            Some(CaseNumberFault::Short) => ui::CaseFault::Short,
            Some(CaseNumberFault::Check) => ui::CaseFault::Check,
        });
    }

    pub(super) fn progress(&self, progress: &Progress, lang: Lang) {
        let to = self.window.global::<ui::ProgressAdapter>();
        to.set_number(progress.number.as_str().into());
        to.set_matter(words(&progress.matter, lang));
        to.set_received(progress.received.as_str().into());
        to.set_answered(progress.answered.as_str().into());
        // An answer does not change while it is looked at; only the language does.
        self.follow.units.set_vec(
            progress
                .units
                .iter()
                .map(|one| unit(one, lang))
                .collect::<Vec<_>>(),
        );
    }

    pub(super) fn no_progress(&self, fault: AskFault) {
        self.window
            .global::<ui::NoProgressAdapter>()
            .set_fault(match fault {
                AskFault::Unreachable => ui::AskFault::Unreachable,
                AskFault::NotFound => ui::AskFault::NotFound,
                AskFault::TooMany => ui::AskFault::TooMany,
                AskFault::Refused => ui::AskFault::Refused,
            });
    }

    pub(super) fn evaluate(&self, evaluate: &Evaluate, lang: Lang) {
        let to = self.window.global::<ui::EvaluateAdapter>();
        to.set_name(words(&evaluate.name, lang));
        to.set_matter(place(evaluate.matter));
        to.set_visit(place(evaluate.visit));
    }
}
