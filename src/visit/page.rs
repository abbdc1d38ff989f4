//! What a page shows: data and enums, never display text of its own. Screen, gallery and
//! (later) speech read nothing else. Texts that authors wrote travel as [`Text`] in both
//! languages; the reader of the page picks one.

use std::collections::BTreeSet;
use std::path::PathBuf;

use yici_catalog::{Catalog, Group, Lang, Matter, Text};
use yici_contract::api::{GuidePart, Level, State};
use yici_hal::status::{Actor, Cause};

pub use crate::health::{Journey, Offer};
pub use crate::selftest::Report;
pub use yici_provision::{Change, Timely};

/// One page as it stands now.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Grows with every change of place; a touch that carries an older serial is dropped.
    pub serial: u32,
    /// What stands the same way around every page.
    pub frame: Frame,
    /// What this page is about.
    pub content: Content,
    /// Seconds until everything is wiped, when the idle warning shows.
    pub countdown: Option<u8>,
}

/// What stands the same way around every page.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The service hall's name.
    pub hall: Text,
    /// Wall time as `HH:MM`, when the clock can be trusted.
    pub time: Option<String>,
    /// Language of the page.
    pub lang: Lang,
    /// Large-type mode (长辈版).
    pub large: bool,
    /// Where the citizen is on the way; absent where there is no way yet (idle, home, goodbye).
    pub step: Option<Step>,
    /// Whether "back" leads somewhere.
    pub back: bool,
    /// Whether "help" and "finish" are offered (not on the idle page).
    pub leave: bool,
    /// The one main action, bottom right; absent where the answers themselves lead on.
    pub main: Option<Main>,
    /// Whether the main action can be touched now.
    pub main_enabled: bool,
}

/// The stations of a visit, as progress shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Reading what the matter asks of people (一次告知).
    Notice,
    /// Identity: consent, card, typed number.
    Identity,
    /// The questionnaire; at most this many questions are left, this one included.
    Questions {
        /// Upper bound of questions still to be asked.
        at_most_left: usize,
    },
    /// Situation, items, materials, flow.
    Result,
    /// Guidance sheet on paper or phone.
    TakeAway,
    /// Filling the one form; at most this many topics are left, this one included.
    Form {
        /// Topics still to be looked at.
        left: usize,
    },
    /// Looking everything over, reading the application, signing it.
    Sign,
    /// What is handed in on paper, submitting, the receipt.
    Submit,
}

/// The labels a main action can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Main {
    /// Go on to the next page.
    Continue,
    /// Begin the guided questions.
    Start,
    /// Agree to the card being read.
    Agree,
    /// Try once more.
    Retry,
    /// Leave and wipe.
    Done,
    /// Everything was read: on to the signature.
    ToSign,
    /// The signature stands: take it.
    Signed,
    /// Submit the case.
    Submit,
    /// Print the receipt slip.
    Receipt,
    /// Leave without an evaluation.
    Skip,
    /// Apply what a technician brought.
    Apply,
    /// Forget everything and start anew.
    Reset,
    /// All of it is well.
    AllWell,
}

/// What a page is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Seen most: one sentence, one animation.
    Idle {
        /// Whether there is a door for staff.
        staff: bool,
    },
    /// The staff's PIN is typed.
    Pin(PinPage),
    /// Matters by life stage of persons and businesses (R1).
    Home(Home),
    /// Looking for a matter by words.
    Search(Search),
    /// One-time notification (一次告知, clause 3).
    Notice(Box<Notice>),
    /// Purpose and consent before the card is read (R34).
    Consent {
        /// What the card reader can do now.
        reader: Offer,
    },
    /// The card is being waited for or read.
    Card {
        /// How far it has come.
        state: CardState,
        /// Whether there are ways on without it: typing the number, going on unnamed.
        ways: bool,
    },
    /// Typing the number without a card.
    Number(Number),
    /// Who the terminal now takes the citizen to be.
    Identity(Box<Identity>),
    /// One question.
    Question(Box<Question>),
    /// "I don't know": how to find out, and how to go on.
    Unsure(Box<Unsure>),
    /// All answers so far, each with its source and a way to change it.
    Answers(Vec<AnswerLine>),
    /// Served by people: why, and where.
    Window(Box<Window>),
    /// Situation, items, materials, flow.
    Result(Box<Outcome>),
    /// How to go on: at a window, with paper or phone.
    Method(Box<Method>),
    /// A slip on its way to the citizen, and what the printer can do now.
    Printing(Printing, Offer),
    /// The sheet as a QR code for a phone.
    Phone {
        /// Text the QR code holds; fits one code.
        payload: String,
    },
    /// Places, hours, telephones, common questions (R25).
    Help(Box<Help>),
    /// Who applies: for oneself, or for somebody else.
    Applicant(Vec<Choice>),
    /// One topic of the one form.
    Form(Box<Form>),
    /// One field of the form, being filled.
    Field(Box<Field>),
    /// Everything once more, each with a way to change it.
    Check(Box<Check>),
    /// The application, whole and as it will be signed.
    Application(Vec<Line>),
    /// Sign with the finger.
    Sign(Box<Sign>),
    /// What is still to be handed in, and where; what may come later.
    HandIn(Box<HandIn>),
    /// The case is being stored and sent.
    Submitting,
    /// It could not be stored: nothing is submitted.
    NotStored(StoreFault),
    /// It is stored under its number.
    Receipt(Box<Receipt>),
    /// How to ask for progress: the slip's code, or number and card.
    Track {
        /// What the code scanner can do now.
        scanner: Offer,
        /// What the card reader can do now.
        reader: Offer,
        /// What was scanned is no code of a slip.
        wrong: bool,
    },
    /// Typing the case number of a slip.
    CaseNumber(CaseNumber),
    /// Upstream is being asked.
    Asking,
    /// How a case is getting on, unit by unit.
    Progress(Box<Progress>),
    /// There is no answer, for this reason.
    NoProgress(AskFault),
    /// Five levels for the matter and the visit, never forced.
    Evaluate(Evaluate),
    /// What is wrong in the guide (appendix A): nothing is asked of who says so.
    Wrong(Wrong),
    /// After a restart: cases that are stored, but whose slip nobody holds.
    Recovered {
        /// Case numbers in groups.
        numbers: Vec<String>,
        /// Whether paper can be offered now.
        printer: Offer,
    },
    /// What a technician's stick would change.
    Setup(Box<Setup>),
    /// What staff see (`kiosk staff`).
    Staff(Box<Staff>),
    /// Take card and paper.
    Goodbye(Goodbye),
}

/// What a technician's stick would change (`kiosk setup`).
#[derive(Debug, Clone, PartialEq)]
pub enum Setup {
    /// It may be applied.
    Offered {
        /// What the clock leaves in doubt.
        timely: Timely,
        /// What it would change.
        changes: Vec<Change>,
    },
    /// It may not, for these reasons.
    Refused(Vec<Text>),
    /// It was stored. What the technician needs to know now, each as a change from nothing.
    Applied(Vec<Change>),
}

/// The staff's PIN as far as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinPage {
    /// How many digits; which ones, the page is not told.
    pub typed: usize,
    /// What is wrong.
    pub fault: Option<PinFault>,
}

/// Why the staff's door stays shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinFault {
    /// Too few digits.
    Short,
    /// It is another.
    Wrong,
    /// Too many wrong ones: so long nobody is let in.
    Shut {
        /// Seconds.
        seconds: u64,
    },
}

/// What staff see once they were let in (`kiosk staff`).
#[derive(Debug, Clone, PartialEq)]
pub enum Staff {
    /// What there is to do.
    Menu {
        /// The program's version.
        version: &'static str,
        /// Cases that a factory reset would lose; it is not offered while there are any, or while it
        /// cannot be told.
        held: Option<u32>,
        /// Whether a setup can come as a code on the scanner.
        codes: bool,
        /// Whether cases can be taken out on a stick.
        sticks: bool,
        /// What came of that, once it was tried.
        exported: Option<Exported>,
    },
    /// Colours, and tiles to be touched one by one.
    Panel,
    /// Something is being looked at or tried.
    Busy {
        /// What.
        name: Text,
        /// What staff do for it, or look at.
        preparation: Option<Text>,
        /// Which of how many it is, from 1.
        step: (usize, usize),
    },
    /// What came of it.
    Report {
        /// The readiness report.
        report: Report,
        /// What came of printing it, once that was tried.
        slip: Option<ReportSlip>,
    },
    /// Whether everything is really to be forgotten.
    Reset,
}

/// What came of taking cases out on a stick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exported {
    /// So many are on it.
    Out(u32),
    /// No stick came that can be written to.
    NoStick,
    /// The outbox does not give them.
    Unreadable,
}

/// What came of printing a readiness report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportSlip {
    /// It is out.
    Out,
    /// The printer gives no proof: somebody looks.
    Unproved,
    /// It is not.
    Failed,
}

/// The home page.
#[derive(Debug, Clone, PartialEq)]
pub struct Home {
    /// Whose matters are shown, if there are both: of persons or of businesses.
    pub group: Option<Group>,
    /// Their matters by life stage.
    pub matters: Vec<MatterCard>,
    /// Whether progress of a submitted case can be asked for.
    pub track: bool,
    /// What this terminal does at other times and cannot do now: said before a citizen counts on it.
    pub taken_off: Vec<Journey>,
}

/// What was typed to find a matter, and what it finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// As far as it was typed.
    pub typed: String,
    /// The matters that fit, best first.
    pub found: Vec<MatterCard>,
}

impl Home {
    /// The matters of persons or of businesses, in the order of life stages.
    pub fn matters(catalog: &Catalog, group: Group) -> Vec<MatterCard> {
        let stages = catalog.stages.iter().filter(|stage| stage.group == group);
        let cards = stages.flat_map(|stage| {
            let matters = catalog.matters.iter().filter(|m| m.stage == stage.id);
            matters.map(|matter| MatterCard::of(matter, &stage.name))
        });
        cards.collect()
    }
}

impl MatterCard {
    /// A matter at its stage of life.
    pub fn of(matter: &Matter, stage: &Text) -> MatterCard {
        MatterCard {
            id: matter.id.clone(),
            name: matter.short.clone(),
            stage: stage.clone(),
        }
    }
}

/// A matter to be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct MatterCard {
    /// Matter id.
    pub id: String,
    /// What people call it.
    pub name: Text,
    /// The life stage that it belongs to.
    pub stage: Text,
}

/// One-time notification: everything is told before applying.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Full name of the matter.
    pub name: Text,
    /// Whether it can be said that this is wrong.
    pub wrong: bool,
    /// One sentence.
    pub summary: Text,
    /// Who cannot be served here, told now (R9): reason and where to go.
    pub not_here: Vec<(Text, Text)>,
    /// Acceptance conditions (5.3.1).
    pub acceptance: Vec<Text>,
    /// Preconditions, coverage, form of materials (申报须知).
    pub notes: Vec<Text>,
    /// All materials that people may have to bring.
    pub materials: Vec<NoticeMaterial>,
    /// Applications that the system makes from the one form: nobody brings them.
    pub filled: Vec<Text>,
    /// Promised working days of the matter.
    pub promised_days: u32,
    /// Statutory working days.
    pub statutory_days: u32,
    /// Fee standard; absent when free, with nothing more to be said.
    pub fee: Option<Text>,
    /// Items with unit and result.
    pub items: Vec<NoticeItem>,
    /// Lead unit.
    pub lead_unit: Text,
    /// Law and article.
    pub basis: Vec<(Text, Text)>,
    /// The other elements of the guide (appendix A): name and value.
    pub more: Vec<(Text, Text)>,
    /// Whether the notification can be printed now.
    pub printer: Offer,
}

/// A material on the notification.
#[derive(Debug, Clone, PartialEq)]
pub struct NoticeMaterial {
    /// Standard name.
    pub name: Text,
    /// How it is handed in.
    pub handing: Handing,
    /// Whether only some people need it.
    pub sometimes: bool,
    /// Whether it is spared to those for whom it is made in this very matter.
    pub unless_made: bool,
}

/// How a material is handed in (appendix A).
#[derive(Debug, Clone, PartialEq)]
pub struct Handing {
    /// Original, copy, both, or only shown.
    pub original: yici_catalog::Original,
    /// Paper copies.
    pub copies: u32,
    /// There is no paper of it (材料形式 2).
    pub electronic: bool,
    /// It need not be there (材料必要性 2).
    pub optional: bool,
    /// It may come so many working days after the application (材料必要性 3).
    pub later: Option<u32>,
    /// 材料类型, 材料必要性, 来源渠道 and 材料形式, in one line.
    pub elements: Text,
}

/// An item on the notification.
#[derive(Debug, Clone, PartialEq)]
pub struct NoticeItem {
    /// Item name.
    pub name: Text,
    /// Responsible unit, short.
    pub unit: Text,
    /// Name of its result.
    pub result: Text,
    /// A picture of what it looks like (结果样本), if it can be drawn.
    pub sample: Option<PathBuf>,
}

/// How far reading the card has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardState {
    /// Lay the card on the reader.
    Waiting {
        /// Waited long enough that other ways should stand out.
        long: bool,
    },
    /// A card lies there and is being read.
    Reading,
    /// It could not be read; lay it flat and leave it.
    Unread,
    /// The reader does not serve.
    Fault(Cause),
}

/// The typed number so far; `Debug` does not show it.
#[derive(Clone, PartialEq)]
pub struct Number {
    /// As typed, grouped 6-8-4 by spaces; masked but for the last typed characters is up to the screen.
    pub typed: String,
    /// What is wrong with it, in the order it should be told.
    pub error: Option<NumberFault>,
}

/// What is wrong with a typed ID number (GB 11643).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberFault {
    /// Fewer than 18 characters.
    Short {
        /// Characters typed so far.
        typed: usize,
    },
    /// Characters 7 to 14 are no day of the calendar, or in the future.
    BirthDate,
    /// The last character does not fit the rest.
    CheckDigit,
    /// An X stands before the last place.
    Character,
}

/// How far an identity can be trusted (trust levels of evidence).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Read from the card's chip.
    Card,
    /// Typed, only the check digit fits.
    Typed,
    /// Nobody said who they are.
    Nobody,
}

/// Who the terminal takes the citizen to be; `Debug` does not show it.
#[derive(Clone, PartialEq)]
pub struct Identity {
    /// Name, masked (张*) unless shown.
    pub name: Option<String>,
    /// Number, masked unless shown.
    pub number: Option<String>,
    /// Whether the unmasked form shows now.
    pub shown: bool,
    /// Where this comes from.
    pub trust: Trust,
    /// The card is past its last day.
    pub expired: bool,
    /// Answers the card has given by itself.
    pub answers: Vec<AnswerLine>,
}

/// One question on one page.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The question.
    pub text: Text,
    /// One line of help.
    pub help: Option<Text>,
    /// What kind of answer.
    pub input: Input,
    /// Whether "I don't know" is offered.
    pub unsure: bool,
    /// The source, when a resource has answered it and the citizen came to change it.
    pub source: Option<Text>,
    /// A change is an objection to the source, and told upstream (6.4 b).
    pub contested: bool,
}

/// The kind of answer a question takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// One of these; a touch answers and leads on.
    Choice(Vec<Choice>),
    /// A whole number, typed on a keypad.
    Number {
        /// Digits typed so far.
        typed: String,
        /// Unit, as 平方米.
        unit: Text,
        /// Smallest allowed.
        min: i64,
        /// Largest allowed.
        max: i64,
        /// Outside `min..=max`, or nothing typed.
        error: bool,
    },
    /// A date, typed as eight digits on a keypad.
    Date {
        /// Digits typed so far, YYYYMMDD.
        typed: String,
        /// What is wrong with it.
        error: Option<DateFault>,
    },
}

/// What is wrong with a typed date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateFault {
    /// Fewer than eight digits.
    Short,
    /// No such day.
    NoSuchDay,
    /// Later than today, or earlier than anyone could mean.
    OutOfRange,
}

/// An option of a choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// What a person would say.
    pub text: Text,
    /// A second line.
    pub note: Option<Text>,
    /// Chosen before (on coming back).
    pub chosen: bool,
}

/// Help for "I don't know".
#[derive(Debug, Clone, PartialEq)]
pub struct Unsure {
    /// The question it is about.
    pub question: Text,
    /// How to find out.
    pub help: Text,
    /// The answer to go on with for now; without one, people at the window help.
    pub go_on: Option<Text>,
    /// Where people help.
    pub place: Text,
}

/// An answer with its source.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerLine {
    /// Question id, for changing it.
    pub id: String,
    /// The question.
    pub question: Text,
    /// The answer in words.
    pub answer: Text,
    /// The resource that gave it; absent when the citizen did.
    pub source: Option<Text>,
}

/// Served by people.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Why not here.
    pub reason: Text,
    /// Where instead.
    pub place: Text,
    /// Telephones to ask.
    pub phones: Vec<Contact>,
    /// Whether this can be printed now.
    pub printer: Offer,
    /// Answers led here, and can be looked at.
    pub answers: bool,
}

/// A way to reach people.
#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    /// Whose.
    pub name: Text,
    /// Number or address.
    pub value: String,
}

/// The result page: situation first, three numbers, then the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// "您属于：…"
    pub situation: Text,
    /// Number of units involved in the chosen items.
    pub units: usize,
    /// Promised working days, from acceptance.
    pub days: u32,
    /// The service items of the situation.
    pub items: Vec<Item>,
    /// Materials to bring for the chosen items.
    pub materials: Vec<Material>,
    /// Materials that help and need not be there.
    pub optional: Vec<Material>,
    /// Applications that the system makes from the one form: they are signed, not brought.
    pub filled: Vec<Material>,
    /// What is needed and not asked for: name and why not.
    pub not_asked: Vec<(Text, Text)>,
    /// The matter's other materials: name and why nobody needs them here.
    pub not_needed: Vec<(Text, Text)>,
    /// The fields of the one form: label and why.
    pub form: Vec<(Text, Why)>,
    /// The matter's other fields: label and why they are not filled in here.
    pub form_not_needed: Vec<(Text, Text)>,
    /// Chosen items in order; those of one layer run side by side.
    pub flow: Vec<Vec<FlowStep>>,
    /// The matters that usually come next.
    pub next: Vec<Text>,
    /// Other matters that the card suggests.
    pub suggested: Vec<Text>,
}

/// A service item to be taken or left.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Item id.
    pub id: String,
    /// Its name.
    pub name: Text,
    /// Responsible unit, short.
    pub unit: Text,
    /// Taken.
    pub chosen: bool,
    /// Cannot be left out, for this reason.
    pub required: Option<Text>,
    /// Law keeps it together with these.
    pub joined: Vec<Text>,
    /// The person must appear before an officer, for this reason.
    pub in_person: Option<Text>,
}

/// A material of the result.
#[derive(Debug, Clone, PartialEq)]
pub struct Material {
    /// Standard name.
    pub name: Text,
    /// How it is handed in.
    pub handing: Handing,
    /// A picture of it filled in, if it can be drawn.
    pub sample: Option<PathBuf>,
    /// Why it is needed.
    pub why: Why,
}

/// Why something is needed.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// The items that need it.
    pub by: Vec<NeededBy>,
    /// The answers that caused it; absent when it is needed whatever is answered.
    pub answers: Option<Text>,
    /// The laws that it rests on.
    pub basis: Vec<Text>,
    /// The nearest other answers that would spare it, as a sentence; absent when none were found.
    pub unless: Option<Text>,
}

impl Why {
    /// What it is needed for; what several items say alike is said once.
    pub fn texts(&self) -> Vec<&Text> {
        let mut texts = Vec::new();
        for text in self.by.iter().filter_map(|cause| cause.text.as_ref()) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        texts
    }
}

/// Why one item needs something.
#[derive(Debug, Clone, PartialEq)]
pub struct NeededBy {
    /// The item.
    pub item: Text,
    /// For which answers it does; absent when always.
    pub rule: Option<Text>,
    /// What for; a field has no such sentence.
    pub text: Option<Text>,
}

/// One item in the flow chart.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowStep {
    /// Item name.
    pub name: Text,
    /// Unit, short.
    pub unit: Text,
    /// Working days; 0 is on the spot.
    pub days: u32,
}

/// At a window: where, when, whom to call; and how to take it along.
#[derive(Debug, Clone, PartialEq)]
pub struct Method {
    /// Exact place in the hall.
    pub place: Text,
    /// Postal address.
    pub address: Text,
    /// Opening hours, one line per group of days.
    pub hours: Vec<Text>,
    /// Telephones.
    pub phones: Vec<Contact>,
    /// Whether paper can be offered now.
    pub printer: Offer,
    /// Whether the case can be submitted here and now.
    pub here: bool,
}

/// A slip on its way; no state says more than is known (invariant 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Printing {
    /// Sent; nothing known yet.
    Busy,
    /// The printer said that everything before its reply is on paper, or the citizen holds it.
    Completed,
    /// The printer sees it wait at the outlet.
    Presented,
    /// The printer saw it go from there, and did not take it back.
    Taken,
    /// Nobody took it in time, and the printer took it back.
    Retracted,
    /// The printer cannot say; the citizen is asked.
    Ask,
    /// It did not come out, for this cause; that person can mend it.
    Failed {
        /// What happened; absent when only the citizen saw it.
        cause: Option<Cause>,
        /// Who must act.
        actor: Actor,
    },
}

/// Whom to ask, and what others asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Help {
    /// Exact place where people help.
    pub place: Text,
    /// Telephones.
    pub phones: Vec<Contact>,
    /// Common questions with answers, of the matter at hand.
    pub questions: Vec<(Text, Text)>,
    /// Whether it can be said that the guide of the matter at hand is wrong.
    pub wrong: bool,
}

/// The last page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Goodbye {
    /// A card was laid in this visit; whether it still lies there cannot be told.
    pub card: bool,
    /// A slip was printed in this visit.
    pub paper: bool,
}

/// One topic of the form.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// Its name.
    pub topic: Text,
    /// Its place among the topics, from 1.
    pub number: usize,
    /// How many topics there are.
    pub of: usize,
    /// Its fields.
    pub fields: Vec<FieldLine>,
    /// Why each of them is to be filled in, as far as the matter asks for it.
    pub why: Vec<(Text, Why)>,
    /// On the last page: the matter's other fields, and why not.
    pub not_needed: Vec<(Text, Text)>,
    /// Something is masked, and can be shown for three seconds.
    pub masked: bool,
    /// Whether it shows unmasked now.
    pub shown: bool,
}

/// A field with its value; `Debug` does not show the value.
#[derive(Clone, PartialEq)]
pub struct FieldLine {
    /// Field id, for filling it.
    pub id: String,
    /// Its label.
    pub label: Text,
    /// Its value in words, masked unless shown; absent when empty.
    pub value: Option<Text>,
    /// The resource that filled it; absent when the citizen did.
    pub source: Option<Text>,
    /// Whether it may stay empty.
    pub optional: bool,
    /// What is wrong with it.
    pub fault: Option<FieldFault>,
}

/// A field being filled.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its label.
    pub label: Text,
    /// Its topic.
    pub topic: Text,
    /// Whether it may stay empty.
    pub optional: bool,
    /// What it takes.
    pub input: FieldInput,
    /// What is wrong with what stands there.
    pub fault: Option<FieldFault>,
    /// The resource that filled it, until the citizen changes it.
    pub source: Option<Text>,
}

/// What a field takes; `Debug` does not show what was typed.
#[derive(Clone, PartialEq)]
pub enum FieldInput {
    /// Any text, on the keyboard: pinyin, letters, digits.
    Text {
        /// Typed so far.
        typed: String,
    },
    /// Letters and digits only (GB 32100), on the keyboard.
    Code {
        /// Typed so far.
        typed: String,
    },
    /// Digits on the keypad: a mobile number, a count.
    Digits {
        /// Typed so far; a mobile number is grouped 3-4-4.
        typed: String,
    },
    /// A resident ID number on the keypad with X.
    IdNumber {
        /// Typed so far, grouped 6-8-4.
        typed: String,
    },
    /// A date on the keypad.
    Date {
        /// Digits typed so far, YYYYMMDD.
        typed: String,
    },
    /// One of these; a touch answers and leads on.
    Choice(Vec<Choice>),
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldFault {
    /// Nothing stands there.
    Missing,
    /// No resident ID number (GB 11643).
    IdNumber(NumberFault),
    /// No mobile number: eleven digits that begin with 1.
    Mobile,
    /// No unified social credit code: not 18 characters of its alphabet.
    CreditCode,
    /// A credit code whose last character does not fit the rest (GB 32100).
    CreditCheck,
    /// No date.
    Date(DateFault),
    /// No whole number, or a number out of reason.
    Number,
    /// Too long to be written into any form.
    TooLong,
    /// Too short to be a name or an address.
    TooShort,
}

/// Everything once more.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Its sections.
    pub sections: Vec<CheckSection>,
    /// Something is masked, and can be shown for three seconds.
    pub masked: bool,
    /// Whether it shows unmasked now.
    pub shown: bool,
}

/// A section of the check page.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckSection {
    /// What it is about.
    pub part: CheckPart,
    /// Its lines; [`Touch::Row`](super::Touch::Row) counts them through all sections from 0.
    pub rows: Vec<CheckRow>,
}

/// What a section of the check page is about.
#[derive(Debug, Clone, PartialEq)]
pub enum CheckPart {
    /// Who applies.
    Applicant,
    /// The answers.
    Answers,
    /// The items.
    Items,
    /// A topic of the form.
    Topic(Text),
}

/// A line of the check page; `Debug` does not show the value.
#[derive(Clone, PartialEq)]
pub struct CheckRow {
    /// What it is; absent where the value speaks for itself.
    pub label: Option<Text>,
    /// Its value in words; absent when a field stays empty.
    pub value: Option<Text>,
    /// The resource that gave it; absent when the citizen did.
    pub source: Option<Text>,
}

/// A line of a document that is signed as it is shown; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// What kind of line.
    pub kind: LineKind,
    /// What it says.
    pub text: String,
}

/// The kinds of lines of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// The document's name.
    Title,
    /// A heading.
    Heading,
    /// A line of text.
    Text,
}

/// Sign with the finger.
#[derive(Debug, Clone, PartialEq)]
pub struct Sign {
    /// What is signed.
    pub what: Signing,
    /// The statement above the signature, sentence by sentence.
    pub words: Vec<Text>,
    /// The first 16 hexadecimal digits of the SHA-256 of what was shown, in groups.
    pub digest: String,
}

/// What is signed.
#[derive(Debug, Clone, PartialEq)]
pub enum Signing {
    /// The application, declared true.
    Application,
    /// The promise to hand in this material later (容缺).
    Promise(Text),
}

/// What is still to be handed in.
#[derive(Debug, Clone, PartialEq)]
pub struct HandIn {
    /// Exact place in the hall.
    pub place: Text,
    /// Opening hours, one line per group of days.
    pub hours: Vec<Text>,
    /// The materials on paper.
    pub materials: Vec<HandInMaterial>,
    /// Applications that the system makes from the one form: nobody brings them.
    pub filled: Vec<Text>,
    /// Papers that show the authority to apply for somebody else.
    pub authority: Option<Text>,
}

impl HandIn {
    /// How many papers cannot be left out.
    pub fn needed(&self) -> usize {
        let materials = self.materials.iter();
        let needed = materials.filter(|material| !material.handing.optional);
        needed.count() + usize::from(self.authority.is_some())
    }
}

/// A material that is still to be handed in.
#[derive(Debug, Clone, PartialEq)]
pub struct HandInMaterial {
    /// Material id.
    pub id: String,
    /// Standard name.
    pub name: Text,
    /// How it is handed in.
    pub handing: Handing,
    /// It may come later (容缺后补), where the catalogue allows it.
    pub later: Option<Later>,
}

/// A material that may come later.
#[derive(Debug, Clone, PartialEq)]
pub struct Later {
    /// Within this many working days.
    pub working_days: u32,
    /// Why it may.
    pub why: Text,
    /// The citizen chose so.
    pub chosen: bool,
}

/// Why a case could not be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreFault {
    /// No room is left.
    Full,
    /// The store fails.
    Failed,
}

/// A stored case.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// Its number in groups.
    pub number: String,
    /// Whether upstream has it.
    pub delivery: Delivery,
    /// Working days from acceptance.
    pub days: u32,
    /// Number of materials that are still to be handed in.
    pub still: usize,
    /// The matters that usually come next.
    pub next: Vec<Text>,
    /// Other matters that the card suggests.
    pub suggested: Vec<Text>,
    /// Whether paper can be offered now.
    pub printer: Offer,
    /// The slip has come out.
    pub printed: bool,
}

/// How far a stored case has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Being sent.
    Sending,
    /// Upstream has it. Received is not accepted.
    Received,
    /// Upstream cannot be reached: it is kept safe, and sent later by itself.
    Waiting,
    /// Upstream will not take it as it is: it is kept safe, and staff are told.
    Parked,
}

/// The typed case number so far.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseNumber {
    /// As typed, in groups.
    pub typed: String,
    /// What is wrong with it.
    pub error: Option<CaseNumberFault>,
}

/// What is wrong with a typed case number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseNumberFault {
    /// Characters are missing.
    Short,
    /// A character was mistyped: the check character does not fit.
    Check,
}

/// How a case is getting on.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Its number in groups.
    pub number: String,
    /// The matter's name.
    pub matter: Text,
    /// When upstream received it, as local date and time.
    pub received: String,
    /// The time of the answer, as local date and time.
    pub answered: String,
    /// Each unit's share.
    pub units: Vec<UnitProgress>,
}

/// How one unit is getting on.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitProgress {
    /// The unit's name.
    pub name: Text,
    /// Its items.
    pub items: Vec<ItemProgress>,
}

/// How one item is getting on.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemProgress {
    /// The item's name.
    pub name: Text,
    /// Where it stands, for the sign beside it.
    pub state: State,
    /// The same in upstream's words.
    pub words: Text,
    /// Since this local date.
    pub since: String,
    /// What the unit says about it.
    pub note: Option<Text>,
}

/// Why there is no progress to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskFault {
    /// Upstream cannot be reached.
    Unreachable,
    /// It knows no such case, or not with this code or card.
    NotFound,
    /// It was asked for this case with wrong keys too often; it answers again in a while.
    TooMany,
    /// It does not answer this terminal.
    Refused,
}

/// Five levels, each of them left out if the citizen likes.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluate {
    /// The matter's name.
    pub name: Text,
    /// For the matter.
    pub matter: Option<Level>,
    /// For the visit.
    pub visit: Option<Level>,
}

/// What can be wrong in a matter's guide.
#[derive(Debug, Clone, PartialEq)]
pub struct Wrong {
    /// The matter's name.
    pub name: Text,
    /// What was said to be wrong in this visit.
    pub said: BTreeSet<GuidePart>,
}

/// `Debug` without what a person typed or a card told.
macro_rules! quiet {
    ($($what:ident),*) => {$(
        impl std::fmt::Debug for $what {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($what), "(…)"))
            }
        }
    )*};
}
quiet!(Number, Identity, FieldLine, FieldInput, CheckRow, Line);
