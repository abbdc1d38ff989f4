//! The door for the hall's staff, and what they see behind it.

use std::rc::Rc;

use slint::{ComponentHandle, VecModel};
use yici_catalog::Lang;
use yici_ui as ui;

use super::guide::qr;
use super::{Inner, Senders, fill, maybe, model, whole, words};
use crate::selftest::{Check, Report, State};
use crate::visit::page::{Exported, PinFault, PinPage, ReportSlip, Staff};
use crate::visit::touch::Touch;

/// One model, mutated in place.
#[derive(Default)]
pub(super) struct Lists {
    pub rows: Rc<VecModel<ui::StaffRow>>,
}

impl Lists {
    pub(super) fn attach(&self, window: &ui::AppWindow) {
        let to = window.global::<ui::StaffAdapter>();
        to.set_rows(model(&self.rows));
    }
}

pub(super) fn wire(window: &ui::AppWindow, to: &Senders) {
    let pin = window.global::<ui::PinAdapter>();
    pin.on_key(to.key());
    pin.on_erase(to.plain(Touch::Erase));
    window
        .global::<ui::Idle>()
        .on_staff_asks(to.plain(Touch::Staff));
    let staff = window.global::<ui::StaffAdapter>();
    staff.on_look_at(to.plain(Touch::Look));
    staff.on_try(to.plain(Touch::Try));
    staff.on_scan(to.plain(Touch::Scan));
    staff.on_export_cases(to.plain(Touch::Export));
    staff.on_reset(to.plain(Touch::Reset));
    staff.on_print(to.plain(Touch::Print));
    staff.on_unwell(to.plain(Touch::Unwell));
}

/// A page's name as files and logs have it.
pub(super) fn name(staff: &Staff) -> &'static str {
    match staff {
        Staff::Menu { .. } => "staff",
        Staff::Panel => "staff-panel",
        Staff::Busy { .. } => "staff-busy",
        Staff::Report { .. } => "staff-report",
        Staff::Reset => "staff-reset",
    }
}

impl Inner {
    pub(super) fn pin(&self, page: PinPage) {
        let to = self.window.global::<ui::PinAdapter>();
        to.set_dots("●".repeat(page.typed).into());
        to.set_fault(match page.fault {
            None => ui::PinFault::None,
            Some(PinFault::Short) => ui::PinFault::Short,
            Some(PinFault::Wrong) => ui::PinFault::Wrong,
            Some(PinFault::Shut { .. }) => ui::PinFault::Shut,
        });
        to.set_seconds(match page.fault {
            Some(PinFault::Shut { seconds }) => whole(seconds),
            Some(PinFault::Short | PinFault::Wrong) | None => 0,
        });
    }

    pub(super) fn staff(&self, staff: &Staff, lang: Lang) {
        let to = self.window.global::<ui::StaffAdapter>();
        to.set_look(match staff {
            Staff::Menu { .. } => ui::StaffLook::Menu,
            Staff::Panel => ui::StaffLook::Panel,
            Staff::Busy { .. } => ui::StaffLook::Busy,
            Staff::Report { .. } => ui::StaffLook::Report,
            Staff::Reset => ui::StaffLook::Reset,
        });
        match staff {
            Staff::Menu {
                version,
                held,
                codes,
                sticks,
                exported,
            } => {
                to.set_codes(*codes);
                to.set_sticks(*sticks);
                to.set_export(match exported {
                    None => ui::ExportState::None,
                    Some(Exported::Out(_)) => ui::ExportState::Out,
                    Some(Exported::NoStick) => ui::ExportState::NoStick,
                    Some(Exported::Unreadable) => ui::ExportState::Unreadable,
                });
                to.set_exported(match exported {
                    Some(Exported::Out(cases)) => whole(*cases),
                    Some(Exported::NoStick | Exported::Unreadable) | None => 0,
                });
                to.set_version((*version).into());
                to.set_held(held.map_or(-1, whole));
            }
            Staff::Busy {
                name,
                preparation,
                step: (at, of),
            } => {
                to.set_name(words(name, lang));
                to.set_preparation(maybe(preparation.as_ref(), lang));
                to.set_at(whole(*at));
                to.set_of(whole(*of));
            }
            Staff::Report { report, slip } => self.report(report, *slip, lang),
            Staff::Panel | Staff::Reset => {}
        }
    }

    fn report(&self, report: &Report, slip: Option<ReportSlip>, lang: Lang) {
        let to = self.window.global::<ui::StaffAdapter>();
        to.set_summary(report.summary(lang).into());
        let row = |check: &Check| ui::StaffRow {
            state: match check.state {
                State::Good => ui::CheckState::Good,
                State::Unknown => ui::CheckState::Unknown,
                State::Fault => ui::CheckState::Fault,
            },
            name: words(&check.name, lang),
            says: words(&check.says, lang),
            next: (check.next.as_ref())
                .map(|next| next.line(lang))
                .unwrap_or_default()
                .into(),
        };
        // As on paper: what is to be done comes first.
        let rows = [State::Fault, State::Unknown, State::Good];
        let rows = rows.into_iter().flat_map(|state| report.came_to(state));
        fill(&self.staff.rows, rows.map(row));
        to.set_slip(match slip {
            None => ui::SlipState::None,
            Some(ReportSlip::Out) => ui::SlipState::Out,
            Some(ReportSlip::Unproved) => ui::SlipState::Unproved,
            Some(ReportSlip::Failed) => ui::SlipState::Failed,
        });
        let (code, modules) = qr(&report.code()).unwrap_or_default();
        to.set_code(code);
        to.set_modules(modules);
    }
}
