//! The guided way: from the matters to choose from to the last page.

use std::path::Path;
use std::rc::Rc;

use slint::{ComponentHandle, ModelRc, SharedString, VecModel};
use yici_catalog::{Group, Lang};
use yici_contract::api::GuidePart;
use yici_ui as ui;

use super::keyboard::Keys;
use super::{
    Inner, Look, Senders, actor, answers, cause, choices, contacts, date_parts, fill, handing,
    joined, lines, maybe, model, offer, pairs, whole, why, words,
};
use crate::visit::page::{
    CardState, DateFault, FlowStep, Goodbye, Help, Home, Identity, Input, Item, Journey, Material,
    MatterCard, Method, Notice, Number, NumberFault, Offer, Outcome, Printing, Question, Search,
    Trust, Unsure, Window, Wrong,
};
use crate::visit::touch::Touch;

/// Side by side in the flow chart; in large type one.
const FLOW_COLUMNS: usize = 3;

/// One model for each list, mutated in place.
#[derive(Default)]
pub(super) struct Lists {
    pub home: Rc<VecModel<ui::HomeRow>>,
    pub found: Rc<VecModel<ui::MatterCard>>,
    pub not_here: Rc<VecModel<ui::Pair>>,
    pub acceptance: Rc<VecModel<SharedString>>,
    pub notes: Rc<VecModel<SharedString>>,
    pub notice_materials: Rc<VecModel<ui::NoticeMaterialRow>>,
    pub notice_items: Rc<VecModel<ui::NoticeItemRow>>,
    pub notice_filled: Rc<VecModel<SharedString>>,
    pub basis: Rc<VecModel<ui::Pair>>,
    pub more: Rc<VecModel<ui::Pair>>,
    pub identity: Rc<VecModel<ui::AnswerRow>>,
    pub choices: Rc<VecModel<ui::ChoiceRow>>,
    pub answers: Rc<VecModel<ui::AnswerRow>>,
    pub window_phones: Rc<VecModel<ui::ContactRow>>,
    pub items: Rc<VecModel<ui::ItemRow>>,
    pub materials: Rc<VecModel<ui::MaterialRow>>,
    pub optional: Rc<VecModel<ui::MaterialRow>>,
    pub filled: Rc<VecModel<ui::MaterialRow>>,
    pub not_asked: Rc<VecModel<ui::Pair>>,
    pub not_needed: Rc<VecModel<ui::Pair>>,
    pub flow: Rc<VecModel<ui::FlowLayer>>,
    pub hours: Rc<VecModel<SharedString>>,
    pub method_phones: Rc<VecModel<ui::ContactRow>>,
    pub help_phones: Rc<VecModel<ui::ContactRow>>,
    pub questions: Rc<VecModel<ui::Pair>>,
    pub wrong: Rc<VecModel<ui::WrongRow>>,
}

pub(super) fn wire(window: &ui::AppWindow, to: &Senders) {
    let home = window.global::<ui::HomeAdapter>();
    home.on_choose(to.id(Touch::Matter));
    home.on_persons(to.plain(Touch::Group(Group::Person)));
    home.on_businesses(to.plain(Touch::Group(Group::Business)));
    home.on_ask_progress(to.plain(Touch::Track));
    home.on_search(to.plain(Touch::Search));
    window
        .global::<ui::SearchAdapter>()
        .on_choose(to.id(Touch::Matter));
    let notice = window.global::<ui::NoticeAdapter>();
    notice.on_print(to.plain(Touch::Print));
    notice.on_phone(to.plain(Touch::Phone));
    notice.on_say_wrong(to.plain(Touch::Wrong));
    window
        .global::<ui::HelpAdapter>()
        .on_say_wrong(to.plain(Touch::Wrong));
    window.global::<ui::Samples>().on_picture(picture);
    let sender = to.sender();
    window.global::<ui::WrongAdapter>().on_say(move |part| {
        let part = GuidePart::ALL
            .into_iter()
            .find(|known| shown(*known) == part);
        if let Some(part) = part {
            sender.send(Touch::WrongPart(part));
        }
    });
    let consent = window.global::<ui::ConsentAdapter>();
    consent.on_type_number(to.plain(Touch::TypeNumber));
    consent.on_without_card(to.plain(Touch::WithoutCard));
    let card = window.global::<ui::CardAdapter>();
    card.on_type_number(to.plain(Touch::TypeNumber));
    card.on_without_card(to.plain(Touch::WithoutCard));
    let number = window.global::<ui::NumberAdapter>();
    number.on_key(to.key());
    number.on_erase(to.plain(Touch::Erase));
    let identity = window.global::<ui::IdentityAdapter>();
    identity.on_show(to.plain(Touch::Show));
    identity.on_change(to.id(Touch::Change));
    let question = window.global::<ui::QuestionAdapter>();
    question.on_key(to.key());
    question.on_erase(to.plain(Touch::Erase));
    question.on_not_sure(to.plain(Touch::Unsure));
    question.on_choose(to.place(Touch::Choose));
    window
        .global::<ui::UnsureAdapter>()
        .on_accept(to.plain(Touch::GoOn));
    window
        .global::<ui::AnswersAdapter>()
        .on_change(to.id(Touch::Change));
    let at_window = window.global::<ui::WindowAdapter>();
    at_window.on_print(to.plain(Touch::Print));
    at_window.on_look(to.plain(Touch::Answers));
    let result = window.global::<ui::ResultAdapter>();
    result.on_toggle(to.id(Touch::Toggle));
    result.on_answers(to.plain(Touch::Answers));
    let method = window.global::<ui::MethodAdapter>();
    method.on_apply_here(to.plain(Touch::Here));
    method.on_print(to.plain(Touch::Print));
    method.on_print_long(to.plain(Touch::PrintLong));
    method.on_phone(to.plain(Touch::Phone));
    let printing = window.global::<ui::PrintingAdapter>();
    printing.on_reprint(to.plain(Touch::Print));
    printing.on_phone(to.plain(Touch::Phone));
    printing.on_taken({
        let sender = to.sender();
        move |taken| sender.send(Touch::Taken(taken))
    });
}

impl Lists {
    pub(super) fn attach(&self, window: &ui::AppWindow) {
        window
            .global::<ui::WrongAdapter>()
            .set_rows(model(&self.wrong));
        window
            .global::<ui::HomeAdapter>()
            .set_rows(model(&self.home));
        window
            .global::<ui::SearchAdapter>()
            .set_found(model(&self.found));
        let notice = window.global::<ui::NoticeAdapter>();
        notice.set_not_here(model(&self.not_here));
        notice.set_acceptance(model(&self.acceptance));
        notice.set_notes(model(&self.notes));
        notice.set_materials(model(&self.notice_materials));
        notice.set_items(model(&self.notice_items));
        notice.set_filled(model(&self.notice_filled));
        notice.set_basis(model(&self.basis));
        notice.set_more(model(&self.more));
        window
            .global::<ui::IdentityAdapter>()
            .set_answers(model(&self.identity));
        window
            .global::<ui::QuestionAdapter>()
            .set_choices(model(&self.choices));
        window
            .global::<ui::AnswersAdapter>()
            .set_rows(model(&self.answers));
        window
            .global::<ui::WindowAdapter>()
            .set_phones(model(&self.window_phones));
        let result = window.global::<ui::ResultAdapter>();
        result.set_items(model(&self.items));
        result.set_materials(model(&self.materials));
        result.set_optional(model(&self.optional));
        result.set_filled(model(&self.filled));
        result.set_not_asked(model(&self.not_asked));
        result.set_not_needed(model(&self.not_needed));
        result.set_flow(model(&self.flow));
        let method = window.global::<ui::MethodAdapter>();
        method.set_hours(model(&self.hours));
        method.set_phones(model(&self.method_phones));
        let help = window.global::<ui::HelpAdapter>();
        help.set_phones(model(&self.help_phones));
        help.set_questions(model(&self.questions));
    }
}

impl Inner {
    pub(super) fn home(&self, home: &Home, look: Look) {
        let matter = |matter: &MatterCard| matter_card(matter, look.lang);
        let size = self.window.window().size();
        // Side by side; in large type one. English words are longer.
        let columns = match (look.large, look.lang) {
            (true, Lang::Zh | Lang::En) => 1,
            (false, Lang::Zh) if size.width > size.height => 3,
            (false, Lang::Zh | Lang::En) => 2,
        };
        let rows = home.matters.chunks(columns);
        let rows = rows.map(|row| ui::HomeRow {
            first: row.first().map(matter).unwrap_or_default(),
            second: row.get(1).map(matter).unwrap_or_default(),
            third: row.get(2).map(matter).unwrap_or_default(),
        });
        fill(&self.lists.home, rows);
        let to = self.window.global::<ui::HomeAdapter>();
        to.set_columns(whole(columns));
        to.set_both(home.group.is_some());
        to.set_business(home.group == Some(Group::Business));
        to.set_track(home.track);
        let off = |journey| home.taken_off.contains(&journey);
        to.set_no_card(off(Journey::IdentityByCard));
        to.set_no_paper(off(Journey::Paper));
        to.set_no_submitting(off(Journey::Submit));
    }

    pub(super) fn search(&self, search: &Search, lang: Lang) {
        self.keyboard.lay(Keys::Search, lang);
        let to = self.window.global::<ui::SearchAdapter>();
        to.set_typed(search.typed.as_str().into());
        let found = search.found.iter();
        fill(
            &self.lists.found,
            found.map(|matter| matter_card(matter, lang)),
        );
    }

    pub(super) fn notice(&self, notice: &Notice, lang: Lang) {
        let to = self.window.global::<ui::NoticeAdapter>();
        to.set_name(words(&notice.name, lang));
        to.set_wrong(notice.wrong);
        to.set_summary(words(&notice.summary, lang));
        to.set_promised(whole(notice.promised_days));
        to.set_statutory(whole(notice.statutory_days));
        to.set_fee(maybe(notice.fee.as_ref(), lang));
        to.set_lead_unit(words(&notice.lead_unit, lang));
        let (printer, cause) = offer(notice.printer);
        to.set_printer(printer);
        to.set_printer_cause(cause);
        let lists = &self.lists;
        fill(&lists.not_here, pairs(&notice.not_here, lang));
        fill(
            &lists.acceptance,
            notice.acceptance.iter().map(|text| words(text, lang)),
        );
        fill(
            &lists.notes,
            notice.notes.iter().map(|text| words(text, lang)),
        );
        fill(
            &lists.notice_materials,
            notice
                .materials
                .iter()
                .map(|material| ui::NoticeMaterialRow {
                    name: words(&material.name, lang),
                    handing: handing(&material.handing, lang),
                    sometimes: material.sometimes,
                    unless_made: material.unless_made,
                }),
        );
        fill(
            &lists.notice_items,
            notice.items.iter().map(|item| ui::NoticeItemRow {
                name: words(&item.name, lang),
                unit: words(&item.unit, lang),
                result: words(&item.result, lang),
                sample: file(item.sample.as_deref()),
            }),
        );
        fill(
            &lists.notice_filled,
            notice.filled.iter().map(|name| words(name, lang)),
        );
        fill(&lists.basis, pairs(&notice.basis, lang));
        fill(&lists.more, pairs(&notice.more, lang));
    }

    pub(super) fn card(&self, state: CardState, ways: bool) {
        let to = self.window.global::<ui::CardAdapter>();
        let (look, of) = match state {
            CardState::Waiting { long: false } => (ui::CardLook::Waiting, None),
            CardState::Waiting { long: true } => (ui::CardLook::WaitingLong, None),
            CardState::Reading => (ui::CardLook::Reading, None),
            CardState::Unread => (ui::CardLook::Unread, None),
            CardState::Fault(of) => (ui::CardLook::Fault, Some(of)),
        };
        to.set_look(look);
        to.set_ways(ways);
        to.set_cause(of.map_or(ui::FaultCause::None, cause));
    }

    pub(super) fn number(&self, number: &Number) {
        let to = self.window.global::<ui::NumberAdapter>();
        to.set_typed(number.typed.as_str().into());
        let (fault, count) = match number.error {
            None => (ui::NumberFault::None, 0),
            Some(NumberFault::Short { typed }) => (ui::NumberFault::Short, whole(typed)),
            Some(NumberFault::BirthDate) => (ui::NumberFault::BirthDate, 0),
            Some(NumberFault::CheckDigit) => (ui::NumberFault::CheckDigit, 0),
            Some(NumberFault::Character) => (ui::NumberFault::Character, 0),
        };
        to.set_fault(fault);
        to.set_count(count);
    }

    pub(super) fn identity(&self, identity: &Identity, lang: Lang) {
        let to = self.window.global::<ui::IdentityAdapter>();
        to.set_name(identity.name.as_deref().unwrap_or_default().into());
        to.set_number(identity.number.as_deref().unwrap_or_default().into());
        to.set_shown(identity.shown);
        to.set_trust(match identity.trust {
            Trust::Card => ui::Trust::Card,
            Trust::Typed => ui::Trust::Typed,
            Trust::Nobody => ui::Trust::Nobody,
        });
        to.set_expired(identity.expired);
        fill(&self.lists.identity, answers(&identity.answers, lang));
    }

    pub(super) fn question(&self, question: &Question, lang: Lang) {
        let to = self.window.global::<ui::QuestionAdapter>();
        to.set_text(words(&question.text, lang));
        to.set_help(maybe(question.help.as_ref(), lang));
        to.set_unsure(question.unsure);
        to.set_source(maybe(question.source.as_ref(), lang));
        to.set_passed_on(question.contested);
        let (mut year, mut month, mut day) = ("", "", "");
        match &question.input {
            Input::Choice(options) => {
                to.set_kind(ui::InputKind::Choice);
                to.set_typed(SharedString::new());
                fill(&self.lists.choices, choices(options, lang));
            }
            Input::Number {
                typed,
                unit,
                min,
                max,
                error,
            } => {
                to.set_kind(ui::InputKind::Number);
                to.set_typed(typed.as_str().into());
                to.set_unit(words(unit, lang));
                to.set_smallest(min.to_string().into());
                to.set_largest(max.to_string().into());
                to.set_out_of_bounds(*error);
                fill(&self.lists.choices, []);
            }
            Input::Date { typed, error } => {
                to.set_kind(ui::InputKind::Date);
                to.set_typed(typed.as_str().into());
                (year, month, day) = date_parts(typed);
                to.set_date_fault(match error {
                    None => ui::DateFault::None,
                    Some(DateFault::Short) => ui::DateFault::Short,
                    Some(DateFault::NoSuchDay) => ui::DateFault::NoSuchDay,
                    Some(DateFault::OutOfRange) => ui::DateFault::OutOfRange,
                });
                fill(&self.lists.choices, []);
            }
        }
        to.set_year(year.into());
        to.set_month(month.into());
        to.set_day(day.into());
    }

    pub(super) fn unsure(&self, unsure: &Unsure, lang: Lang) {
        let to = self.window.global::<ui::UnsureAdapter>();
        to.set_question(words(&unsure.question, lang));
        to.set_help(words(&unsure.help, lang));
        to.set_go_on(maybe(unsure.go_on.as_ref(), lang));
        to.set_place(words(&unsure.place, lang));
    }

    pub(super) fn served_by_people(&self, window: &Window, lang: Lang) {
        let to = self.window.global::<ui::WindowAdapter>();
        to.set_reason(words(&window.reason, lang));
        to.set_place(words(&window.place, lang));
        to.set_answers(window.answers);
        let (printer, cause) = offer(window.printer);
        to.set_printer(printer);
        to.set_printer_cause(cause);
        fill(&self.lists.window_phones, contacts(&window.phones, lang));
    }

    pub(super) fn result(&self, outcome: &Outcome, look: Look) {
        let lang = look.lang;
        let to = self.window.global::<ui::ResultAdapter>();
        to.set_situation(words(&outcome.situation, lang));
        to.set_units(whole(outcome.units));
        to.set_days(whole(outcome.days));
        to.set_next(joined(&outcome.next, lang));
        to.set_suggested(joined(&outcome.suggested, lang));
        fill(
            &self.lists.items,
            outcome.items.iter().map(|one| item(one, lang)),
        );
        for (list, materials) in [
            (&self.lists.materials, &outcome.materials),
            (&self.lists.optional, &outcome.optional),
            (&self.lists.filled, &outcome.filled),
        ] {
            fill(list, materials.iter().map(|one| material(one, lang)));
        }
        fill(&self.lists.not_asked, pairs(&outcome.not_asked, lang));
        fill(&self.lists.not_needed, pairs(&outcome.not_needed, lang));
        let mut flow = self.flow.borrow_mut();
        if flow.0 != outcome.flow || flow.1 != Some(look) {
            self.lists.flow.set_vec(flow_layers(&outcome.flow, look));
            *flow = (outcome.flow.clone(), Some(look));
        }
    }

    pub(super) fn method(&self, method: &Method, lang: Lang) {
        let to = self.window.global::<ui::MethodAdapter>();
        to.set_place(words(&method.place, lang));
        to.set_address(words(&method.address, lang));
        to.set_here(method.here);
        let (printer, cause) = offer(method.printer);
        to.set_printer(printer);
        to.set_printer_cause(cause);
        fill(
            &self.lists.hours,
            method.hours.iter().map(|text| words(text, lang)),
        );
        fill(&self.lists.method_phones, contacts(&method.phones, lang));
    }

    pub(super) fn printing(&self, printing: Printing, printer: Offer) {
        let to = self.window.global::<ui::PrintingAdapter>();
        to.set_printer(offer(printer).0);
        let (state, failure) = match printing {
            Printing::Busy => (ui::PrintState::Busy, None),
            Printing::Completed => (ui::PrintState::Completed, None),
            Printing::Presented => (ui::PrintState::Presented, None),
            Printing::Taken => (ui::PrintState::Taken, None),
            Printing::Retracted => (ui::PrintState::Retracted, None),
            Printing::Ask => (ui::PrintState::Ask, None),
            Printing::Failed { cause, actor } => (ui::PrintState::Failed, Some((cause, actor))),
        };
        to.set_state(state);
        to.set_cause(
            failure
                .and_then(|(of, _)| of)
                .map_or(ui::FaultCause::None, cause),
        );
        to.set_actor(failure.map_or(ui::FaultActor::Staff, |(_, who)| actor(who)));
    }

    pub(super) fn phone(&self, payload: &str) {
        let to = self.window.global::<ui::PhoneAdapter>();
        match qr(payload) {
            Some((code, modules)) => {
                to.set_code(code);
                to.set_modules(modules);
                to.set_too_long(false);
            }
            None => {
                to.set_code(slint::Image::default());
                to.set_modules(0);
                to.set_too_long(true);
            }
        }
    }

    pub(super) fn help(&self, help: &Help, lang: Lang) {
        let to = self.window.global::<ui::HelpAdapter>();
        to.set_place(words(&help.place, lang));
        to.set_wrong(help.wrong);
        fill(&self.lists.help_phones, contacts(&help.phones, lang));
        fill(&self.lists.questions, pairs(&help.questions, lang));
    }

    pub(super) fn wrong(&self, wrong: &Wrong, lang: Lang) {
        let to = self.window.global::<ui::WrongAdapter>();
        to.set_name(words(&wrong.name, lang));
        to.set_said(!wrong.said.is_empty());
        let rows = GuidePart::ALL.into_iter().map(|part| ui::WrongRow {
            part: shown(part),
            said: wrong.said.contains(&part),
        });
        fill(&self.lists.wrong, rows);
    }

    pub(super) fn goodbye(&self, goodbye: Goodbye) {
        let to = self.window.global::<ui::GoodbyeAdapter>();
        to.set_card(goodbye.card);
        to.set_paper(goodbye.paper);
    }
}

fn shown(part: GuidePart) -> ui::GuidePart {
    match part {
        GuidePart::Materials => ui::GuidePart::Materials,
        GuidePart::Conditions => ui::GuidePart::Conditions,
        GuidePart::Cost => ui::GuidePart::Cost,
        GuidePart::Place => ui::GuidePart::Place,
        GuidePart::Unclear => ui::GuidePart::Unclear,
    }
}

fn file(path: Option<&Path>) -> SharedString {
    path.map(|path| path.to_string_lossy().as_ref().into())
        .unwrap_or_default()
}

/// A picture of the catalogue: nothing of a person is in it, so that Slint may keep it.
fn picture(file: SharedString) -> slint::Image {
    slint::Image::load_from_path(Path::new(file.as_str()))
        .inspect_err(|_| tracing::warn!(%file, "a sample cannot be drawn"))
        .unwrap_or_default()
}

fn matter_card(matter: &MatterCard, lang: Lang) -> ui::MatterCard {
    ui::MatterCard {
        id: matter.id.as_str().into(),
        name: words(&matter.name, lang),
        stage: words(&matter.stage, lang),
    }
}

fn item(item: &Item, lang: Lang) -> ui::ItemRow {
    ui::ItemRow {
        id: item.id.as_str().into(),
        name: words(&item.name, lang),
        unit: words(&item.unit, lang),
        chosen: item.chosen,
        required: maybe(item.required.as_ref(), lang),
        joined: joined(&item.joined, lang),
        in_person: maybe(item.in_person.as_ref(), lang),
    }
}

fn material(material: &Material, lang: Lang) -> ui::MaterialRow {
    ui::MaterialRow {
        name: words(&material.name, lang),
        handing: handing(&material.handing, lang),
        sample: file(material.sample.as_deref()),
        text: lines(material.why.texts(), lang),
        why: why(&material.name, &material.why, lang),
    }
}

fn flow_layers(flow: &[Vec<FlowStep>], look: Look) -> Vec<ui::FlowLayer> {
    let columns = match look.large {
        true => 1,
        false => FLOW_COLUMNS,
    };
    let step = |step: &FlowStep| ui::FlowBox {
        name: words(&step.name, look.lang),
        unit: words(&step.unit, look.lang),
        days: whole(step.days),
    };
    flow.iter()
        .map(|layer| {
            // Rows as even as they can be: four steps stand two by two.
            let rows = layer.len().div_ceil(columns).max(1);
            let across = layer.len().div_ceil(rows).max(1);
            let rows = layer.chunks(across).map(|steps| ui::FlowRow {
                boxes: ModelRc::new(VecModel::from_iter(steps.iter().map(step))),
            });
            ui::FlowLayer {
                parallel: layer.len() > 1,
                rows: ModelRc::new(VecModel::from_iter(rows)),
            }
        })
        .collect()
}

/// A QR code with one pixel a module and no quiet zone, and its modules a side.
pub(super) fn qr(payload: &str) -> Option<(slint::Image, i32)> {
    let code = qrcode::QrCode::with_error_correction_level(payload, qrcode::EcLevel::M).ok()?;
    let modules = u32::try_from(code.width()).ok()?;
    let mut pixels = slint::SharedPixelBuffer::<slint::Rgb8Pixel>::new(modules, modules);
    for (pixel, colour) in pixels.make_mut_slice().iter_mut().zip(code.to_colors()) {
        let shade = colour.select(0, 255);
        *pixel = slint::Rgb8Pixel {
            r: shade,
            g: shade,
            b: shade,
        };
    }
    Some((slint::Image::from_rgb8(pixels), whole(modules)))
}
