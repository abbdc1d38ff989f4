//! What a page showed is forgotten when it goes (invariant 5).

use slint::{ComponentHandle, SharedString};
use yici_ui as ui;

use super::Inner;
use crate::visit::page::Goodbye;

impl Inner {
    /// Forgets what a kind of page showed.
    pub(super) fn clear(&self, kind: ui::PageKind) {
        let empty = SharedString::new;
        let lists = &self.lists;
        match kind {
            ui::PageKind::Blank
            | ui::PageKind::Idle
            | ui::PageKind::Consent
            | ui::PageKind::Card
            | ui::PageKind::Submitting
            | ui::PageKind::Asking
            | ui::PageKind::NotStored
            | ui::PageKind::NoProgress => {}
            ui::PageKind::Home => lists.home.clear(),
            ui::PageKind::Notice => {
                let to = self.window.global::<ui::NoticeAdapter>();
                to.set_name(empty());
                to.set_summary(empty());
                to.set_fee(empty());
                to.set_lead_unit(empty());
                lists.not_here.clear();
                lists.acceptance.clear();
                lists.notes.clear();
                lists.notice_materials.clear();
                lists.notice_items.clear();
                lists.basis.clear();
            }
            ui::PageKind::Number => {
                let to = self.window.global::<ui::NumberAdapter>();
                to.set_typed(empty());
                to.set_fault(ui::NumberFault::None);
                to.set_count(0);
            }
            ui::PageKind::Identity => {
                let to = self.window.global::<ui::IdentityAdapter>();
                to.set_name(empty());
                to.set_number(empty());
                to.set_shown(false);
                to.set_trust(ui::Trust::Nobody);
                to.set_expired(false);
                lists.identity.clear();
            }
            ui::PageKind::Question => {
                let to = self.window.global::<ui::QuestionAdapter>();
                to.set_text(empty());
                to.set_help(empty());
                to.set_source(empty());
                to.set_typed(empty());
                to.set_unit(empty());
                to.set_smallest(empty());
                to.set_largest(empty());
                to.set_out_of_bounds(false);
                to.set_date_fault(ui::DateFault::None);
                lists.choices.clear();
                to.set_year(empty());
                to.set_month(empty());
                to.set_day(empty());
            }
            ui::PageKind::Unsure => {
                let to = self.window.global::<ui::UnsureAdapter>();
                to.set_question(empty());
                to.set_help(empty());
                to.set_go_on(empty());
                to.set_place(empty());
            }
            ui::PageKind::Answers => lists.answers.clear(),
            ui::PageKind::Window => {
                let to = self.window.global::<ui::WindowAdapter>();
                to.set_reason(empty());
                to.set_place(empty());
                to.set_answers(false);
                lists.window_phones.clear();
            }
            ui::PageKind::Result => {
                let to = self.window.global::<ui::ResultAdapter>();
                to.set_situation(empty());
                to.set_units(0);
                to.set_days(0);
                to.set_next(empty());
                to.set_suggested(empty());
                lists.items.clear();
                lists.materials.clear();
                lists.optional.clear();
                lists.filled.clear();
                lists.not_asked.clear();
                lists.not_needed.clear();
                lists.flow.clear();
                self.flow.take();
            }
            ui::PageKind::Method => {
                let to = self.window.global::<ui::MethodAdapter>();
                to.set_place(empty());
                to.set_address(empty());
                to.set_here(false);
                lists.hours.clear();
                lists.method_phones.clear();
            }
            ui::PageKind::Printing => {
                self.window
                    .global::<ui::PrintingAdapter>()
                    .set_state(ui::PrintState::Busy);
            }
            ui::PageKind::Search => {
                self.window.global::<ui::SearchAdapter>().set_typed(empty());
                lists.found.clear();
            }
            ui::PageKind::Phone => {
                let to = self.window.global::<ui::PhoneAdapter>();
                to.set_code(slint::Image::default());
                to.set_modules(0);
                to.set_too_long(false);
            }
            ui::PageKind::Wrong => {
                let to = self.window.global::<ui::WrongAdapter>();
                to.set_name(empty());
                to.set_said(false);
                lists.wrong.clear();
            }
            ui::PageKind::Help => {
                self.window.global::<ui::HelpAdapter>().set_place(empty());
                lists.help_phones.clear();
                lists.questions.clear();
            }
            ui::PageKind::Goodbye => self.goodbye(Goodbye {
                card: false,
                paper: false,
            }),
            ui::PageKind::Applicant => self.apply.applicant.clear(),
            ui::PageKind::Form => {
                let to = self.window.global::<ui::FormAdapter>();
                to.set_topic(empty());
                to.set_masked(false);
                to.set_shown(false);
                self.apply.form.clear();
                self.apply.why.clear();
                self.apply.not_needed.clear();
            }
            ui::PageKind::Field => {
                let to = self.window.global::<ui::FieldAdapter>();
                to.set_label(empty());
                to.set_topic(empty());
                to.set_typed(empty());
                to.set_year(empty());
                to.set_month(empty());
                to.set_day(empty());
                to.set_source(empty());
                to.set_fault(ui::FieldFault::None);
                to.set_count(0);
                self.apply.field.clear();
            }
            ui::PageKind::Check => {
                let to = self.window.global::<ui::CheckAdapter>();
                to.set_masked(false);
                to.set_shown(false);
                self.apply.check.clear();
            }
            ui::PageKind::Application => self.apply.application.clear(),
            ui::PageKind::Sign => {
                let to = self.window.global::<ui::SignAdapter>();
                to.set_promise(empty());
                to.set_digest(empty());
                self.apply.sign.clear();
            }
            ui::PageKind::HandIn => {
                let to = self.window.global::<ui::HandInAdapter>();
                to.set_place(empty());
                to.set_authority(empty());
                self.apply.hours.clear();
                self.apply.materials.clear();
                self.apply.filled.clear();
            }
            ui::PageKind::Receipt => {
                let to = self.window.global::<ui::ReceiptAdapter>();
                to.set_number(empty());
                to.set_delivery(ui::Delivery::Sending);
                to.set_days(0);
                to.set_still(0);
                to.set_next(empty());
                to.set_suggested(empty());
                to.set_printed(false);
            }
            ui::PageKind::Track => self.window.global::<ui::TrackAdapter>().set_wrong(false),
            ui::PageKind::CaseNumber => {
                let to = self.window.global::<ui::CaseNumberAdapter>();
                to.set_typed(empty());
                to.set_fault(ui::CaseFault::None);
            }
            ui::PageKind::Progress => {
                let to = self.window.global::<ui::ProgressAdapter>();
                to.set_number(empty());
                to.set_matter(empty());
                to.set_received(empty());
                to.set_answered(empty());
                self.follow.units.clear();
            }
            ui::PageKind::Evaluate => {
                let to = self.window.global::<ui::EvaluateAdapter>();
                to.set_name(empty());
                to.set_matter(-1);
                to.set_visit(-1);
            }
            ui::PageKind::Recovered => self.apply.recovered.clear(),
            ui::PageKind::Setup => {
                self.setup.rows.clear();
                self.setup.reasons.clear();
            }
            ui::PageKind::Pin => self.window.global::<ui::PinAdapter>().set_dots(empty()),
            ui::PageKind::Staff => {
                let to = self.window.global::<ui::StaffAdapter>();
                to.set_code(slint::Image::default());
                to.set_modules(0);
                self.staff.rows.clear();
            }
        }
    }
}
