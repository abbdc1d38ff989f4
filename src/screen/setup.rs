//! What a technician's stick would change.

use std::rc::Rc;

use slint::{ComponentHandle, SharedString, VecModel};
use yici_catalog::Lang;
use yici_provision::Timely;
use yici_ui as ui;

use super::{Inner, Senders, fill, maybe, model, words};
use crate::visit::page::Setup;
use crate::visit::touch::Touch;

/// One model for each list, mutated in place.
#[derive(Default)]
pub(super) struct Lists {
    pub rows: Rc<VecModel<ui::SetupRow>>,
    pub reasons: Rc<VecModel<SharedString>>,
}

impl Lists {
    pub(super) fn attach(&self, window: &ui::AppWindow) {
        let to = window.global::<ui::SetupAdapter>();
        to.set_rows(model(&self.rows));
        to.set_reasons(model(&self.reasons));
    }
}

pub(super) fn wire(window: &ui::AppWindow, to: &Senders) {
    window
        .global::<ui::SetupAdapter>()
        .on_refuse(to.plain(Touch::Back));
}

impl Inner {
    pub(super) fn setup(&self, setup: &Setup, lang: Lang) {
        let to = self.window.global::<ui::SetupAdapter>();
        let lists = &self.setup;
        let (look, timely) = match setup {
            Setup::Offered { timely, .. } => (ui::SetupLook::Offered, *timely),
            Setup::Refused(_) => (ui::SetupLook::Refused, Timely::Yes),
            Setup::Applied(_) => (ui::SetupLook::Applied, Timely::Yes),
        };
        to.set_look(look);
        to.set_doubt(match timely {
            Timely::Yes => ui::ClockDoubt::None,
            Timely::Unproved => ui::ClockDoubt::Unset,
            Timely::ClockWrong => ui::ClockDoubt::Wrong,
            Timely::PerhapsExpired => ui::ClockDoubt::PerhapsExpired,
        });
        let changes = match setup {
            Setup::Offered { changes, .. } | Setup::Applied(changes) => changes.as_slice(),
            Setup::Refused(_) => &[],
        };
        fill(
            &lists.rows,
            changes.iter().map(|change| ui::SetupRow {
                label: words(&change.label, lang),
                before: maybe(change.before.as_ref(), lang),
                after: maybe(change.after.as_ref(), lang),
            }),
        );
        let reasons = match setup {
            Setup::Refused(reasons) => reasons.as_slice(),
            Setup::Offered { .. } | Setup::Applied(_) => &[],
        };
        fill(
            &lists.reasons,
            reasons.iter().map(|reason| words(reason, lang)),
        );
    }
}
