//! What a touch can mean: one closed type for every page.

use yici_catalog::{Group, Lang};
use yici_contract::api::{GuidePart, Level};
use yici_contract::{Private, PrivateBytes};

/// A touch, as the page names it; it travels with the page's serial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touch {
    /// Anywhere on the idle page.
    Wake,
    /// One page back.
    Back,
    /// The page's main action.
    Main,
    /// Leave and wipe.
    Finish,
    /// Places, telephones, common questions.
    Help,
    /// Something here is wrong.
    Wrong,
    /// A part of the guide is wrong.
    WrongPart(GuidePart),
    /// Switch the language.
    Language(Lang),
    /// Switch large type.
    Large(bool),
    /// Stop the idle countdown ("I am still here").
    Stay,
    /// See the matters of persons or of businesses on the home page.
    Group(Group),
    /// Look for a matter by words.
    Search,
    /// Choose a matter on the home page, by id.
    Matter(String),
    /// Print what this page offers on paper.
    Print,
    /// Print the guidance sheet with the reasons of everything.
    PrintLong,
    /// Show it as a QR code for a phone.
    Phone,
    /// Type the ID number instead of laying a card.
    TypeNumber,
    /// Go on without saying who one is.
    WithoutCard,
    /// A key of the keypad: `0`–`9` or `X`.
    Key(char),
    /// The keypad's delete key.
    Erase,
    /// Show masked data for three seconds.
    Show,
    /// An option of a choice, by its place on the page.
    Choose(usize),
    /// "I don't know".
    Unsure,
    /// Go on with the answer that "I don't know" suggests.
    GoOn,
    /// Show all answers.
    Answers,
    /// Change one answer, by question id.
    Change(String),
    /// Take or leave a service item, by id.
    Toggle(String),
    /// The citizen's word on whether the slip came out.
    Taken(bool),
    /// Apply here and now.
    Here,
    /// Fill a field of the form, by its id.
    Field(String),
    /// Text from the keyboard, to stand behind what is typed already.
    Insert(Private),
    /// Change a line of the check page, counted through all sections from 0.
    Row(usize),
    /// The signature as drawn, a PNG picture.
    Signed(PrivateBytes),
    /// Hand a material in later, or with the others after all, by id.
    Later(String),
    /// Ask how a submitted case is getting on.
    Track,
    /// Type the case number of a slip.
    TypeCase,
    /// How content the citizen is with the matter.
    RateMatter(Level),
    /// How content the citizen is with the visit.
    RateVisit(Level),
    /// After a restart: nobody here waits for that slip.
    NotMine,
    /// Somebody of the hall's staff wants to be let in.
    Staff,
    /// Ask each device and everything else how it is (`kiosk staff`, as all below).
    Look,
    /// Try each device with hands.
    Try,
    /// Take a setup from a code on paper.
    Scan,
    /// Take what was not delivered out on a stick.
    Export,
    /// Make the terminal forget everything.
    Reset,
    /// The screen lacks a colour, or does not feel a finger everywhere.
    Unwell,
}
