//! Wires the pages of `yici-ui` to the visit: a [`Page`] goes in as properties, touches come out
//! with the serial of the page they were made on. No words are made here but joined lists.
//!
//! Pages are grouped as people meet them: the guided way, applying here, progress afterwards.
//! What is being composed on the keyboard and drawn as a signature lives here alone, and leaves as
//! finished text and picture.

mod apply;
mod clear;
mod follow;
mod guide;
mod keyboard;
mod setup;
mod signature;
mod staff;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use slint::{ComponentHandle, ModelRc, SharedString, VecModel};
use yici_catalog::{Lang, Original, Text};
use yici_hal::status::{Actor, Cause};
use yici_ui as ui;

use crate::visit::elements::rules;
use crate::visit::page::{
    AnswerLine, Choice, Contact, Content, FlowStep, Frame, Handing, Main, Offer, Page, Step, Why,
};
use crate::visit::touch::Touch;
use keyboard::Keyboard;
use signature::Signature;

/// The second half of a double tap must not answer the page that the first half led to.
const DOUBLE_TAP: Duration = Duration::from_millis(300);

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
    lists: guide::Lists,
    apply: apply::Lists,
    follow: follow::Lists,
    setup: setup::Lists,
    staff: staff::Lists,
    keyboard: Rc<Keyboard>,
    signature: Rc<Signature>,
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
    /// The main action hands over the signature.
    signs: Cell<bool>,
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
            signs: Cell::new(false),
        });
        let lists = guide::Lists::default();
        lists.attach(&window);
        let apply = apply::Lists::default();
        apply.attach(&window);
        let follow = follow::Lists::default();
        follow.attach(&window);
        let setup = setup::Lists::default();
        setup.attach(&window);
        let staff = staff::Lists::default();
        staff.attach(&window);
        let to = Senders(Rc::new(Sender {
            shown: shown.clone(),
            send: Box::new(send),
        }));
        let keyboard = keyboard::wire(&window, &to);
        let signature = signature::wire(&window);
        wire(&window, &to, &signature);
        guide::wire(&window, &to);
        setup::wire(&window, &to);
        staff::wire(&window, &to);
        apply::wire(&window, &to);
        follow::wire(&window, &to);
        let inner = Inner {
            window,
            shown,
            flow: RefCell::default(),
            kind: Cell::new(None),
            lists,
            apply,
            follow,
            setup,
            staff,
            keyboard,
            signature,
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
const CLEARED: [ui::PageKind; 32] = [
    ui::PageKind::Home,
    ui::PageKind::Search,
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
    ui::PageKind::Applicant,
    ui::PageKind::Form,
    ui::PageKind::Field,
    ui::PageKind::Check,
    ui::PageKind::Application,
    ui::PageKind::Sign,
    ui::PageKind::HandIn,
    ui::PageKind::Receipt,
    ui::PageKind::Track,
    ui::PageKind::CaseNumber,
    ui::PageKind::Progress,
    ui::PageKind::Evaluate,
    ui::PageKind::Wrong,
    ui::PageKind::Recovered,
    ui::PageKind::Setup,
    ui::PageKind::Pin,
    ui::PageKind::Staff,
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

/// Makes what the pages' callbacks are connected to.
struct Senders(Rc<Sender>);

impl Senders {
    fn sender(&self) -> Rc<Sender> {
        self.0.clone()
    }

    fn plain(&self, touch: Touch) -> impl Fn() + 'static {
        let sender = self.sender();
        move || sender.send(touch.clone())
    }

    fn key(&self) -> impl Fn(SharedString) + 'static {
        let sender = self.sender();
        move |key: SharedString| {
            if let Some(key) = key.chars().next() {
                sender.send(Touch::Key(key));
            }
        }
    }

    fn id(&self, make: fn(String) -> Touch) -> impl Fn(SharedString) + 'static {
        let sender = self.sender();
        move |id: SharedString| sender.send(make(id.into()))
    }

    fn place(&self, make: fn(usize) -> Touch) -> impl Fn(i32) + 'static {
        let sender = self.sender();
        move |place| {
            if let Ok(place) = usize::try_from(place) {
                sender.send(make(place));
            }
        }
    }
}

fn wire(window: &ui::AppWindow, to: &Senders, signature: &Rc<Signature>) {
    let frame = window.global::<ui::Frame>();
    frame.on_go_back(to.plain(Touch::Back));
    frame.on_go_main({
        let sender = to.sender();
        let signature = signature.clone();
        move || match (sender.shown.signs.get(), signature.picture()) {
            (false, _) => sender.send(Touch::Main),
            (true, Some(picture)) => sender.send(Touch::Signed(picture)),
            // The button is off until something stands there.
            (true, None) => {}
        }
    });
    frame.on_finish(to.plain(Touch::Finish));
    frame.on_help(to.plain(Touch::Help));
    frame.on_stay(to.plain(Touch::Stay));
    frame.on_switch_language({
        let sender = to.sender();
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
        let sender = to.sender();
        move || sender.send(Touch::Large(!sender.shown.large.get()))
    });

    window.global::<ui::Idle>().on_wake(to.plain(Touch::Wake));
}

fn model<T: Clone + 'static>(rows: &Rc<VecModel<T>>) -> ModelRc<T> {
    ModelRc::from(rows.clone())
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
    Text::joined(texts, "、", ", ").get(lang).into()
}

fn lines<'a>(texts: impl IntoIterator<Item = &'a Text>, lang: Lang) -> SharedString {
    texts
        .into_iter()
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

fn choices(choices: &[Choice], lang: Lang) -> impl Iterator<Item = ui::ChoiceRow> {
    choices.iter().map(move |choice| ui::ChoiceRow {
        text: words(&choice.text, lang),
        note: maybe(choice.note.as_ref(), lang),
        chosen: choice.chosen,
    })
}

/// Year, month and day of the digits typed so far.
fn date_parts(typed: &str) -> (&str, &str, &str) {
    let part = |from: usize, to: usize| {
        typed
            .get(from.min(typed.len())..to.min(typed.len()))
            .unwrap_or_default()
    };
    (part(0, 4), part(4, 6), part(6, 8))
}

fn handing(handing: &Handing, lang: Lang) -> ui::Handing {
    ui::Handing {
        original: match (handing.electronic, handing.original) {
            (true, Original::Check) => ui::OriginalKind::ElectronicShown,
            (true, Original::Original | Original::Copy | Original::Both) => {
                ui::OriginalKind::Electronic
            }
            (false, Original::Original) => ui::OriginalKind::Original,
            (false, Original::Copy) => ui::OriginalKind::Copy,
            (false, Original::Both) => ui::OriginalKind::Both,
            (false, Original::Check) => ui::OriginalKind::Shown,
        },
        copies: whole(handing.copies),
        optional: handing.optional,
        later: handing.later.map_or(0, whole),
        elements: words(&handing.elements, lang),
    }
}

/// Why something is asked for.
fn why(name: &Text, why: &Why, lang: Lang) -> ui::WhyRow {
    ui::WhyRow {
        name: words(name, lang),
        rules: rules(why, lang).join("\n").into(),
        answers: maybe(why.answers.as_ref(), lang),
        basis: lines(&why.basis, lang),
        unless: maybe(why.unless.as_ref(), lang),
    }
}

fn offer(offer: Offer) -> (ui::Offer, ui::FaultCause) {
    match offer {
        Offer::Ready => (ui::Offer::Ready, ui::FaultCause::None),
        Offer::Unknown => (ui::Offer::Unknown, ui::FaultCause::None),
        Offer::Unavailable(of) => (ui::Offer::Unavailable, cause(of)),
        Offer::Absent => (ui::Offer::Absent, ui::FaultCause::None),
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
        Cause::NotTaken => ui::FaultCause::NotTaken,
        Cause::Busy => ui::FaultCause::Busy,
        Cause::Recoverable
        | Cause::Unrecoverable
        | Cause::Garbled
        | Cause::SecurityModule
        | Cause::CannotDraw
        | Cause::TonerOut
        | Cause::OutputFull
        | Cause::NoRight
        | Cause::ServiceDown
        | Cause::NoLedger => ui::FaultCause::Other,
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
        Content::Idle { .. } => "idle",
        Content::Pin(_) => "pin",
        Content::Home(_) => "home",
        Content::Notice(_) => "notice",
        Content::Consent { .. } => "consent",
        Content::Card { .. } => "card",
        Content::Number(_) => "number",
        Content::Identity(_) => "identity",
        Content::Question(_) => "question",
        Content::Unsure(_) => "unsure",
        Content::Answers(_) => "answers",
        Content::Window(_) => "window",
        Content::Result(_) => "result",
        Content::Method(_) => "method",
        Content::Printing(..) => "printing",
        Content::Phone { .. } => "phone",
        Content::Help(_) => "help",
        Content::Goodbye(_) => "goodbye",
        Content::Applicant(_) => "applicant",
        Content::Form(_) => "form",
        Content::Field(_) => "field",
        Content::Check(_) => "check",
        Content::Application(_) => "application",
        Content::Sign(_) => "sign",
        Content::HandIn(_) => "hand-in",
        Content::Submitting => "submitting",
        Content::NotStored(_) => "not-stored",
        Content::Receipt(_) => "receipt",
        Content::Track { .. } => "track",
        Content::CaseNumber(_) => "case-number",
        Content::Search(_) => "search",
        Content::Asking => "asking",
        Content::Progress(_) => "progress",
        Content::NoProgress(_) => "no-progress",
        Content::Evaluate(_) => "evaluate",
        Content::Wrong(_) => "wrong",
        Content::Recovered { .. } => "recovered",
        Content::Setup(_) => "setup",
        Content::Staff(staff) => staff::name(staff),
    }
}

fn kind(content: &Content) -> ui::PageKind {
    match content {
        Content::Idle { .. } => ui::PageKind::Idle,
        Content::Pin(_) => ui::PageKind::Pin,
        Content::Home(_) => ui::PageKind::Home,
        Content::Notice(_) => ui::PageKind::Notice,
        Content::Consent { .. } => ui::PageKind::Consent,
        Content::Card { .. } => ui::PageKind::Card,
        Content::Number(_) => ui::PageKind::Number,
        Content::Identity(_) => ui::PageKind::Identity,
        Content::Question(_) => ui::PageKind::Question,
        Content::Unsure(_) => ui::PageKind::Unsure,
        Content::Answers(_) => ui::PageKind::Answers,
        Content::Window(_) => ui::PageKind::Window,
        Content::Result(_) => ui::PageKind::Result,
        Content::Method(_) => ui::PageKind::Method,
        Content::Printing(..) => ui::PageKind::Printing,
        Content::Phone { .. } => ui::PageKind::Phone,
        Content::Help(_) => ui::PageKind::Help,
        Content::Goodbye(_) => ui::PageKind::Goodbye,
        Content::Applicant(_) => ui::PageKind::Applicant,
        Content::Form(_) => ui::PageKind::Form,
        Content::Field(_) => ui::PageKind::Field,
        Content::Check(_) => ui::PageKind::Check,
        Content::Application(_) => ui::PageKind::Application,
        Content::Sign(_) => ui::PageKind::Sign,
        Content::HandIn(_) => ui::PageKind::HandIn,
        Content::Submitting => ui::PageKind::Submitting,
        Content::NotStored(_) => ui::PageKind::NotStored,
        Content::Receipt(_) => ui::PageKind::Receipt,
        Content::Track { .. } => ui::PageKind::Track,
        Content::CaseNumber(_) => ui::PageKind::CaseNumber,
        Content::Search(_) => ui::PageKind::Search,
        Content::Asking => ui::PageKind::Asking,
        Content::Progress(_) => ui::PageKind::Progress,
        Content::NoProgress(_) => ui::PageKind::NoProgress,
        Content::Evaluate(_) => ui::PageKind::Evaluate,
        Content::Wrong(_) => ui::PageKind::Wrong,
        Content::Recovered { .. } => ui::PageKind::Recovered,
        Content::Setup(_) => ui::PageKind::Setup,
        Content::Staff(_) => ui::PageKind::Staff,
    }
}

impl Inner {
    fn show(&self, page: &Page) {
        let lang = page.frame.lang;
        let kind = kind(&page.content);
        // What is half composed or drawn belongs to one place only.
        if self.shown.serial.get() != page.serial || self.kind.get() != Some(kind) {
            self.keyboard.clear();
            self.signature.clear();
        }
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
        self.shown.signs.set(frame.main == Some(Main::Signed));
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
            Some(Step::Form { left }) => (ui::Step::Form, whole(left)),
            Some(Step::Sign) => (ui::Step::Sign, 0),
            Some(Step::Submit) => (ui::Step::Submit, 0),
        };
        to.set_step(step);
        to.set_left(left);
        to.set_back(frame.back);
        to.set_leave(frame.leave);
        to.set_main(match frame.main {
            None => ui::MainAction::None,
            Some(Main::Continue) => ui::MainAction::Continue,
            Some(Main::Start) => ui::MainAction::Start,
            Some(Main::Agree) => ui::MainAction::Agree,
            Some(Main::Retry) => ui::MainAction::Retry,
            Some(Main::Done) => ui::MainAction::Done,
            Some(Main::ToSign) => ui::MainAction::ToSign,
            Some(Main::Signed) => ui::MainAction::Signed,
            Some(Main::Submit) => ui::MainAction::Submit,
            Some(Main::Receipt) => ui::MainAction::Receipt,
            Some(Main::Skip) => ui::MainAction::Skip,
            Some(Main::Apply) => ui::MainAction::Apply,
            Some(Main::Reset) => ui::MainAction::Reset,
            Some(Main::AllWell) => ui::MainAction::AllWell,
        });
        to.set_main_enabled(frame.main_enabled);
        to.set_countdown(page.countdown.map_or(-1, i32::from));
        to.set_serial(page.serial.cast_signed());
    }

    fn content(&self, content: &Content, look: Look) {
        let lang = look.lang;
        match content {
            Content::Idle { staff } => self.window.global::<ui::Idle>().set_staff(*staff),
            Content::Pin(pin) => self.pin(*pin),
            Content::Home(home) => self.home(home, look),
            Content::Search(search) => self.search(search, lang),
            Content::Notice(notice) => self.notice(notice, lang),
            Content::Consent { reader } => {
                let to = self.window.global::<ui::ConsentAdapter>();
                let (state, cause) = offer(*reader);
                to.set_reader(state);
                to.set_cause(cause);
            }
            Content::Card { state, ways } => self.card(*state, *ways),
            Content::Number(number) => self.number(number),
            Content::Identity(identity) => self.identity(identity, lang),
            Content::Question(question) => self.question(question, lang),
            Content::Unsure(unsure) => self.unsure(unsure, lang),
            Content::Answers(rows) => fill(&self.lists.answers, answers(rows, lang)),
            Content::Window(window) => self.served_by_people(window, lang),
            Content::Result(outcome) => self.result(outcome, look),
            Content::Method(method) => self.method(method, lang),
            Content::Printing(printing, printer) => self.printing(*printing, *printer),
            Content::Phone { payload } => self.phone(payload),
            Content::Help(help) => self.help(help, lang),
            Content::Goodbye(goodbye) => self.goodbye(*goodbye),
            Content::Applicant(options) => self.applicant(options, lang),
            Content::Form(form) => self.form(form, lang),
            Content::Field(field) => self.field(field, lang),
            Content::Check(check) => self.check(check, lang),
            Content::Application(lines) => self.application(lines),
            Content::Sign(sign) => self.sign(sign, lang),
            Content::HandIn(hand_in) => self.hand_in(hand_in, lang),
            Content::Submitting | Content::Asking => {}
            Content::NotStored(fault) => self.not_stored(*fault),
            Content::Receipt(receipt) => self.receipt(receipt, lang),
            Content::Track {
                scanner,
                reader,
                wrong,
            } => self.track(*scanner, *reader, *wrong),
            Content::CaseNumber(number) => self.case_number(number),
            Content::Progress(progress) => self.progress(progress, lang),
            Content::NoProgress(fault) => self.no_progress(*fault),
            Content::Evaluate(evaluate) => self.evaluate(evaluate, lang),
            Content::Wrong(wrong) => self.wrong(wrong, lang),
            Content::Recovered { numbers, printer } => self.recovered(numbers, *printer),
            Content::Setup(setup) => self.setup(setup, lang),
            Content::Staff(staff) => self.staff(staff, lang),
        }
    }
}
