//! Applying here: the form, the signature, what is handed in, the receipt.

use std::rc::Rc;

use slint::{ComponentHandle, SharedString, VecModel};
use yici_catalog::Lang;
use yici_ui as ui;

use super::keyboard::Keys;
use super::{
    Inner, Senders, choices, date_parts, fill, handing, joined, maybe, model, offer, pairs, whole,
    why, words,
};
use crate::visit::page::{
    Check, CheckPart, Choice, DateFault, Delivery, Field, FieldFault, FieldInput, Form, HandIn,
    Line, LineKind, NumberFault, Offer, Receipt, Sign, Signing, StoreFault,
};
use crate::visit::touch::Touch;

/// One model for each list, mutated in place.
#[derive(Default)]
pub(super) struct Lists {
    pub applicant: Rc<VecModel<ui::ChoiceRow>>,
    pub form: Rc<VecModel<ui::FieldRow>>,
    pub why: Rc<VecModel<ui::WhyRow>>,
    pub not_needed: Rc<VecModel<ui::Pair>>,
    pub field: Rc<VecModel<ui::ChoiceRow>>,
    pub check: Rc<VecModel<ui::CheckRow>>,
    pub application: Rc<VecModel<ui::LineRow>>,
    pub sign: Rc<VecModel<SharedString>>,
    pub hours: Rc<VecModel<SharedString>>,
    pub materials: Rc<VecModel<ui::HandInRow>>,
    pub filled: Rc<VecModel<SharedString>>,
    pub recovered: Rc<VecModel<SharedString>>,
}

impl Lists {
    pub(super) fn attach(&self, window: &ui::AppWindow) {
        window
            .global::<ui::ApplicantAdapter>()
            .set_choices(model(&self.applicant));
        let form = window.global::<ui::FormAdapter>();
        form.set_fields(model(&self.form));
        form.set_why(model(&self.why));
        form.set_not_needed(model(&self.not_needed));
        window
            .global::<ui::FieldAdapter>()
            .set_choices(model(&self.field));
        window
            .global::<ui::CheckAdapter>()
            .set_rows(model(&self.check));
        window
            .global::<ui::ApplicationAdapter>()
            .set_lines(model(&self.application));
        window
            .global::<ui::SignAdapter>()
            .set_words(model(&self.sign));
        let hand_in = window.global::<ui::HandInAdapter>();
        hand_in.set_hours(model(&self.hours));
        hand_in.set_materials(model(&self.materials));
        hand_in.set_filled(model(&self.filled));
        window
            .global::<ui::RecoveredAdapter>()
            .set_numbers(model(&self.recovered));
    }
}

pub(super) fn wire(window: &ui::AppWindow, to: &Senders) {
    window
        .global::<ui::ApplicantAdapter>()
        .on_choose(to.place(Touch::Choose));
    let form = window.global::<ui::FormAdapter>();
    form.on_fill(to.id(Touch::Field));
    form.on_show(to.plain(Touch::Show));
    let field = window.global::<ui::FieldAdapter>();
    field.on_choose(to.place(Touch::Choose));
    field.on_key(to.key());
    field.on_erase(to.plain(Touch::Erase));
    let check = window.global::<ui::CheckAdapter>();
    check.on_change(to.place(Touch::Row));
    check.on_show(to.plain(Touch::Show));
    window
        .global::<ui::HandInAdapter>()
        .on_later(to.id(Touch::Later));
    window
        .global::<ui::ReceiptAdapter>()
        .on_phone(to.plain(Touch::Phone));
    let recovered = window.global::<ui::RecoveredAdapter>();
    recovered.on_print(to.plain(Touch::Print));
    recovered.on_not_mine(to.plain(Touch::NotMine));
}

/// A fault, and the number of characters typed where it speaks of them.
fn fault(fault: Option<FieldFault>) -> (ui::FieldFault, i32) {
    let of = match fault {
        None => ui::FieldFault::None,
        Some(FieldFault::Missing) => ui::FieldFault::Missing,
        Some(FieldFault::IdNumber(NumberFault::Short { typed })) => {
            return (ui::FieldFault::IdShort, whole(typed));
        }
        Some(FieldFault::IdNumber(NumberFault::BirthDate)) => ui::FieldFault::IdBirth,
        Some(FieldFault::IdNumber(NumberFault::CheckDigit)) => ui::FieldFault::IdCheck,
        Some(FieldFault::IdNumber(NumberFault::Character)) => ui::FieldFault::IdCharacter,
        Some(FieldFault::Mobile) => ui::FieldFault::Mobile,
        Some(FieldFault::CreditCode) => ui::FieldFault::CreditCode,
        Some(FieldFault::CreditCheck) => ui::FieldFault::CreditCheck,
        Some(FieldFault::Date(DateFault::Short)) => ui::FieldFault::DateShort,
        Some(FieldFault::Date(DateFault::NoSuchDay)) => ui::FieldFault::NoSuchDay,
        Some(FieldFault::Date(DateFault::OutOfRange)) => ui::FieldFault::DateRange,
        Some(FieldFault::Number) => ui::FieldFault::Number,
        Some(FieldFault::TooLong) => ui::FieldFault::TooLong,
        Some(FieldFault::TooShort) => ui::FieldFault::TooShort,
    };
    (of, 0)
}

impl Inner {
    pub(super) fn applicant(&self, options: &[Choice], lang: Lang) {
        fill(&self.apply.applicant, choices(options, lang));
    }

    pub(super) fn form(&self, form: &Form, lang: Lang) {
        let to = self.window.global::<ui::FormAdapter>();
        to.set_topic(words(&form.topic, lang));
        to.set_number(whole(form.number));
        to.set_of(whole(form.of));
        to.set_masked(form.masked);
        to.set_shown(form.shown);
        fill(
            &self.apply.why,
            form.why.iter().map(|(label, of)| why(label, of, lang)),
        );
        fill(&self.apply.not_needed, pairs(&form.not_needed, lang));
        fill(
            &self.apply.form,
            form.fields.iter().map(|line| {
                let (fault, count) = fault(line.fault);
                ui::FieldRow {
                    id: line.id.as_str().into(),
                    label: words(&line.label, lang),
                    value: maybe(line.value.as_ref(), lang),
                    source: maybe(line.source.as_ref(), lang),
                    optional: line.optional,
                    fault,
                    count,
                }
            }),
        );
    }

    pub(super) fn field(&self, field: &Field, lang: Lang) {
        let to = self.window.global::<ui::FieldAdapter>();
        to.set_label(words(&field.label, lang));
        to.set_topic(words(&field.topic, lang));
        to.set_optional(field.optional);
        to.set_source(maybe(field.source.as_ref(), lang));
        let (fault, count) = fault(field.fault);
        to.set_fault(fault);
        to.set_count(count);
        let (kind, typed, options) = match &field.input {
            FieldInput::Text { typed } => (ui::FieldKind::Text, typed.as_str(), [].as_slice()),
            FieldInput::Code { typed } => (ui::FieldKind::Code, typed.as_str(), [].as_slice()),
            FieldInput::Digits { typed } => (ui::FieldKind::Digits, typed.as_str(), [].as_slice()),
            FieldInput::IdNumber { typed } => {
                (ui::FieldKind::IdNumber, typed.as_str(), [].as_slice())
            }
            FieldInput::Date { typed } => (ui::FieldKind::Date, typed.as_str(), [].as_slice()),
            FieldInput::Choice(options) => (ui::FieldKind::Choice, "", options.as_slice()),
        };
        match kind {
            ui::FieldKind::Text => self.keyboard.lay(Keys::Text, lang),
            ui::FieldKind::Code => self.keyboard.lay(Keys::Code, lang),
            ui::FieldKind::Digits
            | ui::FieldKind::IdNumber
            | ui::FieldKind::Date
            | ui::FieldKind::Choice => {}
        }
        to.set_kind(kind);
        to.set_typed(typed.into());
        let (year, month, day) = match kind {
            ui::FieldKind::Date => date_parts(typed),
            ui::FieldKind::Text
            | ui::FieldKind::Code
            | ui::FieldKind::Digits
            | ui::FieldKind::IdNumber
            | ui::FieldKind::Choice => ("", "", ""),
        };
        to.set_year(year.into());
        to.set_month(month.into());
        to.set_day(day.into());
        fill(&self.apply.field, choices(options, lang));
    }

    pub(super) fn check(&self, check: &Check, lang: Lang) {
        let to = self.window.global::<ui::CheckAdapter>();
        to.set_masked(check.masked);
        to.set_shown(check.shown);
        let mut at = 0;
        let mut rows = Vec::new();
        for section in &check.sections {
            let (part, topic) = match &section.part {
                CheckPart::Applicant => (ui::CheckPart::Applicant, SharedString::new()),
                CheckPart::Answers => (ui::CheckPart::Answers, SharedString::new()),
                CheckPart::Items => (ui::CheckPart::Items, SharedString::new()),
                CheckPart::Topic(name) => (ui::CheckPart::Topic, words(name, lang)),
            };
            rows.push(ui::CheckRow {
                heading: true,
                part,
                topic,
                ..Default::default()
            });
            for row in &section.rows {
                rows.push(ui::CheckRow {
                    at,
                    label: maybe(row.label.as_ref(), lang),
                    value: maybe(row.value.as_ref(), lang),
                    source: maybe(row.source.as_ref(), lang),
                    ..Default::default()
                });
                at += 1;
            }
        }
        fill(&self.apply.check, rows);
    }

    pub(super) fn application(&self, lines: &[Line]) {
        fill(
            &self.apply.application,
            lines.iter().map(|line| ui::LineRow {
                kind: match line.kind {
                    LineKind::Title => ui::LineKind::Title,
                    LineKind::Heading => ui::LineKind::Heading,
                    LineKind::Text => ui::LineKind::Text,
                },
                text: line.text.as_str().into(),
            }),
        );
    }

    pub(super) fn sign(&self, sign: &Sign, lang: Lang) {
        let to = self.window.global::<ui::SignAdapter>();
        to.set_promise(match &sign.what {
            Signing::Application => SharedString::new(),
            Signing::Promise(material) => words(material, lang),
        });
        to.set_digest(sign.digest.as_str().into());
        fill(
            &self.apply.sign,
            sign.words.iter().map(|text| words(text, lang)),
        );
    }

    pub(super) fn hand_in(&self, hand_in: &HandIn, lang: Lang) {
        let to = self.window.global::<ui::HandInAdapter>();
        to.set_place(words(&hand_in.place, lang));
        to.set_authority(maybe(hand_in.authority.as_ref(), lang));
        fill(
            &self.apply.hours,
            hand_in.hours.iter().map(|text| words(text, lang)),
        );
        fill(
            &self.apply.filled,
            hand_in.filled.iter().map(|name| words(name, lang)),
        );
        fill(
            &self.apply.materials,
            hand_in.materials.iter().map(|material| {
                let later = material.later.as_ref();
                ui::HandInRow {
                    id: material.id.as_str().into(),
                    name: words(&material.name, lang),
                    handing: handing(&material.handing, lang),
                    later: later.is_some(),
                    days: later.map_or(0, |later| whole(later.working_days)),
                    why: later
                        .map(|later| words(&later.why, lang))
                        .unwrap_or_default(),
                    chosen: later.is_some_and(|later| later.chosen),
                }
            }),
        );
    }

    pub(super) fn not_stored(&self, fault: StoreFault) {
        self.window
            .global::<ui::NotStoredAdapter>()
            .set_fault(match fault {
                StoreFault::Full => ui::StoreFault::Full,
                StoreFault::Failed => ui::StoreFault::Failed,
            });
    }

    pub(super) fn receipt(&self, receipt: &Receipt, lang: Lang) {
        let to = self.window.global::<ui::ReceiptAdapter>();
        to.set_next(joined(&receipt.next, lang));
        to.set_suggested(joined(&receipt.suggested, lang));
        to.set_number(receipt.number.as_str().into());
        to.set_delivery(match receipt.delivery {
            Delivery::Sending => ui::Delivery::Sending,
            Delivery::Received => ui::Delivery::Received,
            Delivery::Waiting => ui::Delivery::Waiting,
            Delivery::Parked => ui::Delivery::Parked,
        });
        to.set_days(whole(receipt.days));
        to.set_still(whole(receipt.still));
        let (printer, cause) = offer(receipt.printer);
        to.set_printer(printer);
        to.set_printer_cause(cause);
        to.set_printed(receipt.printed);
    }

    pub(super) fn recovered(&self, numbers: &[String], printer: Offer) {
        let to = self.window.global::<ui::RecoveredAdapter>();
        let (printer, cause) = offer(printer);
        to.set_printer(printer);
        to.set_printer_cause(cause);
        fill(
            &self.apply.recovered,
            numbers.iter().map(|number| number.as_str().into()),
        );
    }
}
