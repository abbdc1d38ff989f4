//! Wires the pages of `yici-ui` to the visit: a [`Page`] goes in as properties, touches come out
//! with the serial of the page they were made on. No words are made here but joined lists.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use slint::{ComponentHandle, ModelRc, SharedString, VecModel};
use yici_catalog::{Group, Lang, Original, Text};
use yici_hal::status::{Actor, Cause};
use yici_ui as ui;

use crate::visit::page::{
    AnswerLine, CardState, Contact, Content, DateFault, FlowStep, Frame, Goodbye, Help, Home,
    Identity, Input, Item, Main, Material, Method, Notice, Number, NumberFault, Offer, Outcome,
    Page, Printing, Question, Step, Trust, Unsure, Window,
};
use crate::visit::touch::Touch;

/// The second half of a double tap must not answer the page that the first half led to.
const DOUBLE_TAP: Duration = Duration::from_millis(300);

/// Side by side in the flow chart; in large type one.
const FLOW_COLUMNS: usize = 3;

/// The window with its pages. Lives on the thread of the Slint event loop.
#[derive(Clone)]
pub struct Screen {
    inner: Rc<Inner>,
}

struct Inner {
    window: ui::AppWindow,
    shown: Rc<Shown>,
    /// What the flow chart shows; its nested models are rebuilt only when it changes.
    flow: RefCell<(Vec<Vec<FlowStep>>, Option<Look>)>,
    kind: Cell<Option<ui::PageKind>>,
    lists: Lists,
    last: Cell<Option<Glance>>,
    watch: RefCell<Option<Watch>>,
}

type Watch = Box<dyn Fn(Glance)>;

/// What can be told of a page without its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glance {
    /// The page's serial.
    pub serial: u32,
    /// Its name, as files and logs have it.
    pub name: &'static str,
    /// Its language.
    pub lang: Lang,
    /// Large type.
    pub large: bool,
    /// The idle warning covers it.
    pub countdown: bool,
}

/// What decides how texts are picked and laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    lang: Lang,
    large: bool,
}

/// The page that touches are made on.
struct Shown {
    serial: Cell<u32>,
    since: Cell<Instant>,
    english: Cell<bool>,
    large: Cell<bool>,
}

/// One model for each list, mutated in place.
#[derive(Default)]
struct Lists {
    home: Rc<VecModel<ui::HomeRow>>,
    not_here: Rc<VecModel<ui::Pair>>,
    acceptance: Rc<VecModel<SharedString>>,
    notes: Rc<VecModel<SharedString>>,
    notice_materials: Rc<VecModel<ui::NoticeMaterialRow>>,
    notice_items: Rc<VecModel<ui::NoticeItemRow>>,
    basis: Rc<VecModel<ui::Pair>>,
    identity: Rc<VecModel<ui::AnswerRow>>,
    choices: Rc<VecModel<ui::ChoiceRow>>,
    answers: Rc<VecModel<ui::AnswerRow>>,
    window_phones: Rc<VecModel<ui::ContactRow>>,
    items: Rc<VecModel<ui::ItemRow>>,
    materials: Rc<VecModel<ui::MaterialRow>>,
    not_asked: Rc<VecModel<ui::Pair>>,
    flow: Rc<VecModel<ui::FlowLayer>>,
    hours: Rc<VecModel<SharedString>>,
    method_phones: Rc<VecModel<ui::ContactRow>>,
    help_phones: Rc<VecModel<ui::ContactRow>>,
    questions: Rc<VecModel<ui::Pair>>,
}

thread_local! {
    static SCREEN: RefCell<Option<Screen>> = const { RefCell::new(None) };
}

/// Shows pages from another thread.
#[derive(Debug, Clone, Copy)]
pub struct Handle(());

impl Handle {
    /// Shows the page as soon as the event loop comes to it.
    ///
    /// # Errors
    /// When the event loop has ended.
    pub fn show(self, page: Page) -> Result<(), slint::EventLoopError> {
        slint::invoke_from_event_loop(move || {
            let screen = SCREEN.with_borrow(Clone::clone);
            if let Some(screen) = screen {
                screen.show(&page);
            }
        })
    }
}

impl Screen {
    /// Opens the window. `send` gets every touch with the serial of its page.
    ///
    /// # Errors
    /// When there is no display to open it on.
    pub fn new(send: impl Fn(u32, Touch) + 'static) -> Result<Screen, slint::PlatformError> {
        let window = ui::AppWindow::new()?;
        let shown = Rc::new(Shown {
            serial: Cell::new(0),
            since: Cell::new(Instant::now()),
            english: Cell::new(false),
            large: Cell::new(false),
        });
        let lists = Lists::default();
        lists.attach(&window);
        wire(&window, &shown, send);
        let inner = Inner {
            window,
            shown,
            flow: RefCell::default(),
            kind: Cell::new(None),
            lists,
            last: Cell::new(None),
            watch: RefCell::default(),
        };
        let screen = Screen {
            inner: Rc::new(inner),
        };
        for kind in CLEARED {
            screen.inner.clear(kind);
        }
        SCREEN.set(Some(screen.clone()));
        Ok(screen)
    }

    /// Shows pages from another thread.
    pub fn handle(&self) -> Handle {
        Handle(())
    }

    /// The window itself, to show it, to run it, to look at it.
    pub fn window(&self) -> &ui::AppWindow {
        &self.inner.window
    }

    /// Tells of the page shown now, and of every page after it has been handed to the window.
    pub fn watch(&self, seen: impl Fn(Glance) + 'static) {
        if let Some(last) = self.inner.last.get() {
            seen(last);
        }
        self.inner.watch.replace(Some(Box::new(seen)));
    }

    /// Shows a page. What only the page before it needed is forgotten.
    pub fn show(&self, page: &Page) {
        self.inner.show(page);
        let glance = Glance {
            serial: page.serial,
            name: name(&page.content),
            lang: page.frame.lang,
            large: page.frame.large,
            countdown: page.countdown.is_some(),
        };
        self.inner.last.set(Some(glance));
        if let Some(seen) = self.inner.watch.borrow().as_ref() {
            seen(glance);
        }
    }
}

/// Every kind of page that holds something to forget.
const CLEARED: [ui::PageKind; 14] = [
    ui::PageKind::Home,
    ui::PageKind::Notice,
    ui::PageKind::Number,
    ui::PageKind::Identity,
    ui::PageKind::Question,
    ui::PageKind::Unsure,
    ui::PageKind::Answers,
    ui::PageKind::Window,
    ui::PageKind::Result,
    ui::PageKind::Method,
    ui::PageKind::Phone,
    ui::PageKind::Help,
    ui::PageKind::Goodbye,
    ui::PageKind::Printing,
];

/// A touch leaves with the serial of its page, unless it is the rest of a double tap.
struct Sender {
    shown: Rc<Shown>,
    send: Box<dyn Fn(u32, Touch)>,
}

impl Sender {
    fn send(&self, touch: Touch) {
        if self.shown.since.get().elapsed() >= DOUBLE_TAP {
            (self.send)(self.shown.serial.get(), touch);
        }
    }
}

fn wire(window: &ui::AppWindow, shown: &Rc<Shown>, send: impl Fn(u32, Touch) + 'static) {
    let sender = Rc::new(Sender {
        shown: shown.clone(),
        send: Box::new(send),
    });
    let plain = |touch: Touch| {
        let sender = sender.clone();
        move || sender.send(touch.clone())
    };
    let key = || {
        let sender = sender.clone();
        move |key: SharedString| {
            if let Some(key) = key.chars().next() {
                sender.send(Touch::Key(key));
            }
        }
    };
    let id = |make: fn(String) -> Touch| {
        let sender = sender.clone();
        move |id: SharedString| sender.send(make(id.into()))
    };

    let frame = window.global::<ui::Frame>();
    frame.on_go_back(plain(Touch::Back));
    frame.on_go_main(plain(Touch::Main));
    frame.on_finish(plain(Touch::Finish));
    frame.on_help(plain(Touch::Help));
    frame.on_stay(plain(Touch::Stay));
    frame.on_switch_language({
        let sender = sender.clone();
        move || {
            let other = if sender.shown.english.get() {
                Lang::Zh
            } else {
                Lang::En
            };
            sender.send(Touch::Language(other));
        }
    });
    frame.on_switch_large({
        let sender = sender.clone();
        move || sender.send(Touch::Large(!sender.shown.large.get()))
    });

    window.global::<ui::Idle>().on_wake(plain(Touch::Wake));
    window
        .global::<ui::HomeAdapter>()
        .on_choose(id(Touch::Matter));
    window
        .global::<ui::NoticeAdapter>()
        .on_print(plain(Touch::Print));
    let consent = window.global::<ui::ConsentAdapter>();
    consent.on_type_number(plain(Touch::TypeNumber));
    consent.on_without_card(plain(Touch::WithoutCard));
    let card = window.global::<ui::CardAdapter>();
    card.on_type_number(plain(Touch::TypeNumber));
    card.on_without_card(plain(Touch::WithoutCard));
    let number = window.global::<ui::NumberAdapter>();
    number.on_key(key());
    number.on_erase(plain(Touch::Erase));
    let identity = window.global::<ui::IdentityAdapter>();
    identity.on_show(plain(Touch::Show));
    identity.on_change(id(Touch::Change));
    let question = window.global::<ui::QuestionAdapter>();
    question.on_key(key());
    question.on_erase(plain(Touch::Erase));
    question.on_not_sure(plain(Touch::Unsure));
    question.on_choose({
        let sender = sender.clone();
        move |place| {
            if let Ok(place) = usize::try_from(place) {
                sender.send(Touch::Choose(place));
            }
        }
    });
    window
        .global::<ui::UnsureAdapter>()
        .on_accept(plain(Touch::GoOn));
    window
        .global::<ui::AnswersAdapter>()
        .on_change(id(Touch::Change));
    window
        .global::<ui::WindowAdapter>()
        .on_print(plain(Touch::Print));
    let result = window.global::<ui::ResultAdapter>();
    result.on_toggle(id(Touch::Toggle));
    result.on_answers(plain(Touch::Answers));
    let method = window.global::<ui::MethodAdapter>();
    method.on_print(plain(Touch::Print));
    method.on_phone(plain(Touch::Phone));
    let printing = window.global::<ui::PrintingAdapter>();
    printing.on_reprint(plain(Touch::Print));
    printing.on_phone(plain(Touch::Phone));
    printing.on_taken({
        let sender = sender.clone();
        move |taken| sender.send(Touch::Taken(taken))
    });
}

fn model<T: Clone + 'static>(rows: &Rc<VecModel<T>>) -> ModelRc<T> {
    ModelRc::from(rows.clone())
}

impl Lists {
    fn attach(&self, window: &ui::AppWindow) {
        window
            .global::<ui::HomeAdapter>()
            .set_rows(model(&self.home));
        let notice = window.global::<ui::NoticeAdapter>();
        notice.set_not_here(model(&self.not_here));
        notice.set_acceptance(model(&self.acceptance));
        notice.set_notes(model(&self.notes));
        notice.set_materials(model(&self.notice_materials));
        notice.set_items(model(&self.notice_items));
        notice.set_basis(model(&self.basis));
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
        result.set_not_asked(model(&self.not_asked));
        result.set_flow(model(&self.flow));
        let method = window.global::<ui::MethodAdapter>();
        method.set_hours(model(&self.hours));
        method.set_phones(model(&self.method_phones));
        let help = window.global::<ui::HelpAdapter>();
        help.set_phones(model(&self.help_phones));
        help.set_questions(model(&self.questions));
    }
}

/// Changes only the rows that differ, so that only they are laid out and drawn anew.
fn fill<T: Clone + PartialEq + 'static>(list: &VecModel<T>, rows: impl IntoIterator<Item = T>) {
    use slint::Model;
    let mut at = 0;
    for row in rows {
        match list.row_data(at) {
            Some(old) if old == row => {}
            Some(_) => list.set_row_data(at, row),
            None => list.push(row),
        }
        at += 1;
    }
    while list.row_count() > at {
        list.remove(list.row_count() - 1);
    }
}

fn words(text: &Text, lang: Lang) -> SharedString {
    text.get(lang).into()
}

fn maybe(text: Option<&Text>, lang: Lang) -> SharedString {
    text.map(|text| words(text, lang)).unwrap_or_default()
}

fn joined(texts: &[Text], lang: Lang) -> SharedString {
    let separator = match lang {
        Lang::Zh => "、",
        Lang::En => ", ",
    };
    texts
        .iter()
        .map(|text| text.get(lang))
        .collect::<Vec<_>>()
        .join(separator)
        .into()
}

fn lines(texts: &[Text], lang: Lang) -> SharedString {
    texts
        .iter()
        .map(|text| text.get(lang))
        .collect::<Vec<_>>()
        .join("\n")
        .into()
}

fn whole(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

fn pairs(texts: &[(Text, Text)], lang: Lang) -> impl Iterator<Item = ui::Pair> {
    texts.iter().map(move |(first, second)| ui::Pair {
        first: words(first, lang),
        second: words(second, lang),
    })
}

fn contacts(contacts: &[Contact], lang: Lang) -> impl Iterator<Item = ui::ContactRow> {
    contacts.iter().map(move |contact| ui::ContactRow {
        name: words(&contact.name, lang),
        value: contact.value.as_str().into(),
    })
}

fn answers(lines: &[AnswerLine], lang: Lang) -> impl Iterator<Item = ui::AnswerRow> {
    lines.iter().map(move |line| ui::AnswerRow {
        id: line.id.as_str().into(),
        question: words(&line.question, lang),
        answer: words(&line.answer, lang),
        source: maybe(line.source.as_ref(), lang),
    })
}

fn offer(offer: Offer) -> (ui::Offer, ui::FaultCause) {
    match offer {
        Offer::Ready => (ui::Offer::Ready, ui::FaultCause::None),
        Offer::Unknown => (ui::Offer::Unknown, ui::FaultCause::None),
        Offer::Unavailable(of) => (ui::Offer::Unavailable, cause(of)),
    }
}

/// Citizens need to hear less than technicians.
fn cause(cause: Cause) -> ui::FaultCause {
    match cause {
        Cause::CoverOpen => ui::FaultCause::CoverOpen,
        Cause::PaperOut => ui::FaultCause::PaperOut,
        Cause::PaperJam => ui::FaultCause::PaperJam,
        Cause::Cutter => ui::FaultCause::Cutter,
        Cause::HeadHot => ui::FaultCause::Hot,
        Cause::FeedKey => ui::FaultCause::FeedKey,
        Cause::Offline | Cause::NotConnected => ui::FaultCause::Offline,
        Cause::NoAnswer => ui::FaultCause::Silent,
        Cause::Recoverable
        | Cause::Unrecoverable
        | Cause::Garbled
        | Cause::SecurityModule
        | Cause::CannotDraw => ui::FaultCause::Other,
    }
}

fn actor(actor: Actor) -> ui::FaultActor {
    match actor {
        Actor::Citizen => ui::FaultActor::Citizen,
        Actor::Staff => ui::FaultActor::Staff,
        Actor::Technician => ui::FaultActor::Technician,
        Actor::Nobody => ui::FaultActor::Nobody,
    }
}

/// A page's name as files and logs have it.
fn name(content: &Content) -> &'static str {
    match content {
        Content::Idle => "idle",
        Content::Home(_) => "home",
        Content::Notice(_) => "notice",
        Content::Consent { .. } => "consent",
        Content::Card(_) => "card",
        Content::Number(_) => "number",
        Content::Identity(_) => "identity",
        Content::Question(_) => "question",
        Content::Unsure(_) => "unsure",
        Content::Answers(_) => "answers",
        Content::Window(_) => "window",
        Content::Result(_) => "result",
        Content::Method(_) => "method",
        Content::Printing(_) => "printing",
        Content::Phone { .. } => "phone",
        Content::Help(_) => "help",
        Content::Goodbye(_) => "goodbye",
    }
}

fn kind(content: &Content) -> ui::PageKind {
    match content {
        Content::Idle => ui::PageKind::Idle,
        Content::Home(_) => ui::PageKind::Home,
        Content::Notice(_) => ui::PageKind::Notice,
        Content::Consent { .. } => ui::PageKind::Consent,
        Content::Card(_) => ui::PageKind::Card,
        Content::Number(_) => ui::PageKind::Number,
        Content::Identity(_) => ui::PageKind::Identity,
        Content::Question(_) => ui::PageKind::Question,
        Content::Unsure(_) => ui::PageKind::Unsure,
        Content::Answers(_) => ui::PageKind::Answers,
        Content::Window(_) => ui::PageKind::Window,
        Content::Result(_) => ui::PageKind::Result,
        Content::Method(_) => ui::PageKind::Method,
        Content::Printing(_) => ui::PageKind::Printing,
        Content::Phone { .. } => ui::PageKind::Phone,
        Content::Help(_) => ui::PageKind::Help,
        Content::Goodbye(_) => ui::PageKind::Goodbye,
    }
}

impl Inner {
    fn show(&self, page: &Page) {
        let lang = page.frame.lang;
        let kind = kind(&page.content);
        self.frame(&page.frame, page);
        // The new page's data first, then the page itself, so that nothing is laid out twice.
        self.content(
            &page.content,
            Look {
                lang,
                large: page.frame.large,
            },
        );
        self.window.global::<ui::Frame>().set_page(kind);
        if let Some(before) = self.kind.replace(Some(kind))
            && before != kind
        {
            self.clear(before);
        }
    }

    fn frame(&self, frame: &Frame, page: &Page) {
        let english = match frame.lang {
            Lang::Zh => false,
            Lang::En => true,
        };
        if self.shown.serial.replace(page.serial) != page.serial {
            self.shown.since.set(Instant::now());
        }
        if self.shown.english.replace(english) != english || self.kind.get().is_none() {
            // Fails only when the pages were built without their English words.
            let language = if english { "en" } else { "" };
            if let Err(error) = slint::select_bundled_translation(language) {
                tracing::error!(%error, "cannot switch the language");
            }
        }
        self.shown.large.set(frame.large);
        self.window.global::<ui::Tokens>().set_large(frame.large);

        let to = self.window.global::<ui::Frame>();
        to.set_english(english);
        to.set_hall(words(&frame.hall, frame.lang));
        to.set_time(frame.time.as_deref().unwrap_or_default().into());
        let (step, left) = match frame.step {
            None => (ui::Step::None, 0),
            Some(Step::Notice) => (ui::Step::Notice, 0),
            Some(Step::Identity) => (ui::Step::Identity, 0),
            Some(Step::Questions { at_most_left }) => (ui::Step::Questions, whole(at_most_left)),
            Some(Step::Result) => (ui::Step::Result, 0),
            Some(Step::TakeAway) => (ui::Step::TakeAway, 0),
        };
        to.set_step(step);
        to.set_questions_left(left);
        to.set_back(frame.back);
        to.set_leave(frame.leave);
        to.set_main(match frame.main {
            None => ui::MainAction::None,
            Some(Main::Continue) => ui::MainAction::Continue,
            Some(Main::Start) => ui::MainAction::Start,
            Some(Main::Agree) => ui::MainAction::Agree,
            Some(Main::Retry) => ui::MainAction::Retry,
            Some(Main::Done) => ui::MainAction::Done,
        });
        to.set_main_enabled(frame.main_enabled);
        to.set_countdown(page.countdown.map_or(-1, i32::from));
        to.set_serial(page.serial.cast_signed());
    }

    fn content(&self, content: &Content, look: Look) {
        let lang = look.lang;
        match content {
            Content::Idle => {}
            Content::Home(home) => self.home(home, lang),
            Content::Notice(notice) => self.notice(notice, lang),
            Content::Consent { reader } => {
                let to = self.window.global::<ui::ConsentAdapter>();
                let (state, cause) = offer(*reader);
                to.set_reader(state);
                to.set_cause(cause);
            }
            Content::Card(state) => self.card(*state),
            Content::Number(number) => self.number(number),
            Content::Identity(identity) => self.identity(identity, lang),
            Content::Question(question) => self.question(question, lang),
            Content::Unsure(unsure) => self.unsure(unsure, lang),
            Content::Answers(rows) => fill(&self.lists.answers, answers(rows, lang)),
            Content::Window(window) => self.served_by_people(window, lang),
            Content::Result(outcome) => self.result(outcome, look),
            Content::Method(method) => self.method(method, lang),
            Content::Printing(printing) => self.printing(*printing),
            Content::Phone { payload } => self.phone(payload),
            Content::Help(help) => self.help(help, lang),
            Content::Goodbye(goodbye) => self.goodbye(*goodbye),
        }
    }

    fn home(&self, home: &Home, lang: Lang) {
        let mut rows = Vec::new();
        let mut group = None;
        for stage in &home.stages {
            if group != Some(stage.group) {
                group = Some(stage.group);
                let business = match stage.group {
                    Group::Person => false,
                    Group::Business => true,
                };
                rows.push(ui::HomeRow {
                    group: true,
                    business,
                    ..Default::default()
                });
            }
            rows.push(ui::HomeRow {
                stage: true,
                name: words(&stage.name, lang),
                ..Default::default()
            });
            rows.extend(stage.matters.iter().map(|matter| ui::HomeRow {
                name: words(&matter.name, lang),
                summary: words(&matter.summary, lang),
                id: matter.id.as_str().into(),
                items: whole(matter.items),
                ..Default::default()
            }));
        }
        fill(&self.lists.home, rows);
    }

    fn notice(&self, notice: &Notice, lang: Lang) {
        let to = self.window.global::<ui::NoticeAdapter>();
        to.set_name(words(&notice.name, lang));
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
                    sometimes: material.sometimes,
                }),
        );
        fill(
            &lists.notice_items,
            notice.items.iter().map(|item| ui::NoticeItemRow {
                name: words(&item.name, lang),
                unit: words(&item.unit, lang),
                result: words(&item.result, lang),
            }),
        );
        fill(&lists.basis, pairs(&notice.basis, lang));
    }

    fn card(&self, state: CardState) {
        let to = self.window.global::<ui::CardAdapter>();
        let (look, of) = match state {
            CardState::Waiting { long: false } => (ui::CardLook::Waiting, None),
            CardState::Waiting { long: true } => (ui::CardLook::WaitingLong, None),
            CardState::Reading => (ui::CardLook::Reading, None),
            CardState::Unread => (ui::CardLook::Unread, None),
            CardState::Fault(of) => (ui::CardLook::Fault, Some(of)),
        };
        to.set_look(look);
        to.set_cause(of.map_or(ui::FaultCause::None, cause));
    }

    fn number(&self, number: &Number) {
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

    fn identity(&self, identity: &Identity, lang: Lang) {
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

    fn question(&self, question: &Question, lang: Lang) {
        let to = self.window.global::<ui::QuestionAdapter>();
        to.set_text(words(&question.text, lang));
        to.set_help(maybe(question.help.as_ref(), lang));
        to.set_unsure(question.unsure);
        to.set_source(maybe(question.source.as_ref(), lang));
        let (mut year, mut month, mut day) = ("", "", "");
        match &question.input {
            Input::Choice(choices) => {
                to.set_kind(ui::InputKind::Choice);
                to.set_typed(SharedString::new());
                fill(
                    &self.lists.choices,
                    choices.iter().map(|choice| ui::ChoiceRow {
                        text: words(&choice.text, lang),
                        note: maybe(choice.note.as_ref(), lang),
                        chosen: choice.chosen,
                    }),
                );
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
                let part = |from: usize, to: usize| {
                    typed
                        .get(from.min(typed.len())..to.min(typed.len()))
                        .unwrap_or_default()
                };
                (year, month, day) = (part(0, 4), part(4, 6), part(6, 8));
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

    fn unsure(&self, unsure: &Unsure, lang: Lang) {
        let to = self.window.global::<ui::UnsureAdapter>();
        to.set_question(words(&unsure.question, lang));
        to.set_help(words(&unsure.help, lang));
        to.set_go_on(maybe(unsure.go_on.as_ref(), lang));
        to.set_place(words(&unsure.place, lang));
    }

    fn served_by_people(&self, window: &Window, lang: Lang) {
        let to = self.window.global::<ui::WindowAdapter>();
        to.set_reason(words(&window.reason, lang));
        to.set_place(words(&window.place, lang));
        let (printer, cause) = offer(window.printer);
        to.set_printer(printer);
        to.set_printer_cause(cause);
        fill(&self.lists.window_phones, contacts(&window.phones, lang));
    }

    fn result(&self, outcome: &Outcome, look: Look) {
        let lang = look.lang;
        let to = self.window.global::<ui::ResultAdapter>();
        to.set_situation(words(&outcome.situation, lang));
        to.set_units(whole(outcome.units));
        to.set_days(whole(outcome.days));
        fill(
            &self.lists.items,
            outcome.items.iter().map(|one| item(one, lang)),
        );
        fill(
            &self.lists.materials,
            outcome.materials.iter().map(|one| material(one, lang)),
        );
        fill(&self.lists.not_asked, pairs(&outcome.not_asked, lang));
        let mut flow = self.flow.borrow_mut();
        if flow.0 != outcome.flow || flow.1 != Some(look) {
            self.lists.flow.set_vec(flow_layers(&outcome.flow, look));
            *flow = (outcome.flow.clone(), Some(look));
        }
    }

    fn method(&self, method: &Method, lang: Lang) {
        let to = self.window.global::<ui::MethodAdapter>();
        to.set_place(words(&method.place, lang));
        to.set_address(words(&method.address, lang));
        let (printer, cause) = offer(method.printer);
        to.set_printer(printer);
        to.set_printer_cause(cause);
        fill(
            &self.lists.hours,
            method.hours.iter().map(|text| words(text, lang)),
        );
        fill(&self.lists.method_phones, contacts(&method.phones, lang));
    }

    fn printing(&self, printing: Printing) {
        let to = self.window.global::<ui::PrintingAdapter>();
        let (state, failure) = match printing {
            Printing::Busy => (ui::PrintState::Busy, None),
            Printing::Completed => (ui::PrintState::Completed, None),
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

    fn phone(&self, payload: &str) {
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

    fn help(&self, help: &Help, lang: Lang) {
        let to = self.window.global::<ui::HelpAdapter>();
        to.set_place(words(&help.place, lang));
        fill(&self.lists.help_phones, contacts(&help.phones, lang));
        fill(&self.lists.questions, pairs(&help.questions, lang));
    }

    fn goodbye(&self, goodbye: Goodbye) {
        let to = self.window.global::<ui::GoodbyeAdapter>();
        to.set_card(goodbye.card);
        to.set_paper(goodbye.paper);
    }

    /// Forgets what a kind of page showed (invariant 5).
    fn clear(&self, kind: ui::PageKind) {
        let empty = SharedString::new;
        let lists = &self.lists;
        match kind {
            ui::PageKind::Idle | ui::PageKind::Consent | ui::PageKind::Card => {}
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
                lists.window_phones.clear();
            }
            ui::PageKind::Result => {
                let to = self.window.global::<ui::ResultAdapter>();
                to.set_situation(empty());
                to.set_units(0);
                to.set_days(0);
                lists.items.clear();
                lists.materials.clear();
                lists.not_asked.clear();
                lists.flow.clear();
                self.flow.take();
            }
            ui::PageKind::Method => {
                let to = self.window.global::<ui::MethodAdapter>();
                to.set_place(empty());
                to.set_address(empty());
                lists.hours.clear();
                lists.method_phones.clear();
            }
            ui::PageKind::Printing => {
                self.window
                    .global::<ui::PrintingAdapter>()
                    .set_state(ui::PrintState::Busy);
            }
            ui::PageKind::Phone => {
                let to = self.window.global::<ui::PhoneAdapter>();
                to.set_code(slint::Image::default());
                to.set_modules(0);
                to.set_too_long(false);
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
        }
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
        original: match material.original {
            Original::Original => ui::OriginalKind::Original,
            Original::Copy => ui::OriginalKind::Copy,
            Original::Both => ui::OriginalKind::Both,
            Original::Check => ui::OriginalKind::Shown,
        },
        copies: whole(material.copies),
        why: lines(&material.why, lang),
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
fn qr(payload: &str) -> Option<(slint::Image, i32)> {
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
