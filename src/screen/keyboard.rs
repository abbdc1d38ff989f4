//! The on-screen keyboard: what is being composed from pinyin lives here alone, and leaves as
//! finished text ([`Touch::Insert`]). Nothing is learned from it, and nothing of it is kept.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::sync::OnceLock;
use std::thread;

use slint::{ComponentHandle, SharedString, VecModel};
use yici_catalog::Lang;
use yici_contract::Private;
use yici_hal::glyph::with_face;
use yici_pinyin::{Candidate, DEBIAN_FILE, Dictionary, MAX_LETTERS};
use yici_ui as ui;
use zeroize::{Zeroize, Zeroizing};

use super::{Sender, Senders, fill, model};
use crate::visit::touch::Touch;

/// Candidates beyond these are not looked at by anybody.
const MOST_CANDIDATES: usize = 200;

/// What a page lets people type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// Any text: pinyin, letters, digits, symbols.
    Text,
    /// The same, letters first: what is looked for is found by the letters of its pinyin.
    Search,
    /// Capital letters and digits only.
    Code,
}

/// What pinyin can mean; read from the disk beside the event loop, before anybody types.
static DICTIONARY: OnceLock<Dictionary> = OnceLock::new();

/// Reads the dictionary. Without its file there are single characters only.
fn read_dictionary() {
    let read = || {
        DICTIONARY.get_or_init(|| {
            let path = Path::new(DEBIAN_FILE);
            let mut dictionary = Dictionary::load(path).unwrap_or_else(|error| {
                tracing::error!(%error, "no words for the keyboard, single characters only");
                Dictionary::rare_only()
            });
            // Pages and paper are drawn with the same face.
            let shown = with_face(|face| dictionary.retain(|character| face.has(character)));
            if let Err(error) = shown {
                tracing::error!(%error, "the keyboard may offer what cannot be shown");
            }
            dictionary
        });
    };
    let started = thread::Builder::new().name("pinyin".into()).spawn(read);
    if let Err(error) = started {
        tracing::error!(%error, "reading the dictionary here");
        read();
    }
}

pub(super) struct Keyboard {
    window: slint::Weak<ui::AppWindow>,
    sender: Rc<Sender>,
    row: Rc<VecModel<SharedString>>,
    /// What the page lets people type; nothing while no keyboard shows.
    keys: Cell<Option<Keys>>,
    pinyin: Cell<bool>,
    upper: Cell<bool>,
    symbols: Cell<bool>,
    composing: RefCell<Zeroizing<String>>,
    candidates: RefCell<Vec<Candidate>>,
    /// Where each page of candidates begins that was turned to.
    pages: RefCell<Vec<usize>>,
}

pub(super) fn wire(window: &ui::AppWindow, to: &Senders) -> Rc<Keyboard> {
    read_dictionary();
    let keyboard = Rc::new(Keyboard {
        window: window.as_weak(),
        sender: to.sender(),
        row: Rc::default(),
        keys: Cell::new(None),
        pinyin: Cell::new(true),
        upper: Cell::new(false),
        symbols: Cell::new(false),
        composing: RefCell::default(),
        candidates: RefCell::default(),
        pages: RefCell::default(),
    });
    let adapter = window.global::<ui::KeyboardAdapter>();
    adapter.set_candidates(model(&keyboard.row));
    let on = |act: fn(&Keyboard)| {
        let keyboard = keyboard.clone();
        move || act(&keyboard)
    };
    adapter.on_space(on(Keyboard::space));
    adapter.on_erase(on(Keyboard::erase));
    adapter.on_switch_pinyin(on(|keyboard| {
        keyboard.pinyin.set(!keyboard.pinyin.get());
        keyboard.symbols.set(false);
        keyboard.upper.set(false);
        keyboard.forget();
    }));
    adapter.on_switch_upper(on(|keyboard| {
        keyboard.upper.set(!keyboard.upper.get());
        keyboard.tell();
    }));
    adapter.on_switch_symbols(on(|keyboard| {
        keyboard.symbols.set(!keyboard.symbols.get());
        keyboard.tell();
    }));
    adapter.on_key({
        let keyboard = keyboard.clone();
        move |key| keyboard.key(&key)
    });
    adapter.on_pick({
        let keyboard = keyboard.clone();
        move |at| {
            if let Ok(at) = usize::try_from(at) {
                keyboard.pick(at);
            }
        }
    });
    adapter.on_turn({
        let keyboard = keyboard.clone();
        move |forward| keyboard.turn(forward)
    });
    keyboard
}

impl Keyboard {
    /// A page with these keys shows; its keyboard stays as it is while it does.
    pub(super) fn lay(&self, keys: Keys, lang: Lang) {
        if self.keys.replace(Some(keys)) == Some(keys) {
            return;
        }
        self.pinyin.set(match (keys, lang) {
            (Keys::Text, Lang::Zh) => true,
            (Keys::Text, Lang::En) | (Keys::Search | Keys::Code, Lang::Zh | Lang::En) => false,
        });
        self.upper.set(false);
        self.symbols.set(false);
        self.tell();
    }

    /// The page goes: what is being composed is wiped.
    pub(super) fn clear(&self) {
        if self.keys.take().is_some() {
            self.forget();
        }
    }

    fn forget(&self) {
        self.composing.borrow_mut().zeroize();
        self.look_up();
    }

    fn insert(&self, text: &str) {
        self.sender.send(Touch::Insert(Private::new(text)));
    }

    fn key(&self, key: &str) {
        let letter = key.chars().all(|c| c.is_ascii_lowercase());
        let composes =
            self.pinyin.get() && (letter || key == "'" && !self.composing.borrow().is_empty());
        if !composes {
            self.finish();
            self.insert(key);
        } else if self.composing.borrow().len() < MAX_LETTERS {
            self.composing.borrow_mut().push_str(key);
            self.look_up();
            // What is composed stays here; that somebody is composing does not.
            self.sender.send(Touch::Stay);
        }
    }

    fn space(&self) {
        if self.composing.borrow().is_empty() {
            self.insert(" ");
        } else {
            self.pick(0);
        }
    }

    fn erase(&self) {
        if self.composing.borrow_mut().pop().is_some() {
            self.look_up();
        } else {
            self.sender.send(Touch::Erase);
        }
    }

    /// Takes a candidate of the page that shows; letters that it does not use stay.
    fn pick(&self, at: usize) {
        let at = self.pages.borrow().last().copied().unwrap_or(0) + at;
        let Some(picked) = self.take(at) else {
            return;
        };
        self.insert(&picked.text);
        self.look_up();
    }

    fn take(&self, at: usize) -> Option<Candidate> {
        let mut candidates = self.candidates.borrow_mut();
        if at >= candidates.len() {
            return None;
        }
        let picked = candidates.swap_remove(at);
        let mut composing = self.composing.borrow_mut();
        let rest = Zeroizing::new(
            composing
                .get(picked.letters..)
                .unwrap_or_default()
                .trim_start_matches('\'')
                .to_owned(),
        );
        composing.zeroize();
        *composing = rest;
        Some(picked)
    }

    /// Something else is typed: what is being composed becomes its likeliest reading.
    fn finish(&self) {
        while !self.composing.borrow().is_empty() {
            match self.take(0) {
                Some(picked) if picked.letters > 0 => self.insert(&picked.text),
                // No reading: the letters are meant as letters.
                Some(_) | None => {
                    let letters = self.composing.take();
                    self.insert(&letters);
                }
            }
            self.look_up();
        }
    }

    fn turn(&self, forward: bool) {
        {
            let mut pages = self.pages.borrow_mut();
            let at = pages.last().copied().unwrap_or(0);
            if forward {
                let shown = self.fitting(at);
                if at + shown < self.candidates.borrow().len() {
                    pages.push(at + shown);
                }
            } else {
                pages.pop();
            }
        }
        self.tell();
    }

    fn look_up(&self) {
        let found = match (self.composing.borrow().as_str(), DICTIONARY.get()) {
            ("", _) | (_, None) => Vec::new(),
            (letters, Some(dictionary)) => dictionary.candidates(letters, MOST_CANDIDATES),
        };
        self.candidates.replace(found);
        self.pages.borrow_mut().clear();
        self.tell();
    }

    /// How many candidates fit side by side, from one on.
    fn fitting(&self, from: usize) -> usize {
        let Some(window) = self.window.upgrade() else {
            return 0;
        };
        let adapter = window.global::<ui::KeyboardAdapter>();
        let (mut room, character, inset, gap, least) = (
            adapter.get_room(),
            adapter.get_character(),
            adapter.get_inset(),
            adapter.get_gap(),
            adapter.get_least(),
        );
        let candidates = self.candidates.borrow();
        let fitting = candidates
            .iter()
            .skip(from)
            .take_while(|candidate| {
                let characters = candidate.text.chars().count() as f32;
                room -= (characters * character + 2.0 * inset).max(least) + gap;
                room >= -gap
            })
            .count();
        // One that is too long shows all the same.
        fitting.max(candidates.len().saturating_sub(from).min(1))
    }

    fn tell(&self) {
        let Some(window) = self.window.upgrade() else {
            return;
        };
        let adapter = window.global::<ui::KeyboardAdapter>();
        adapter.set_code(self.keys.get() == Some(Keys::Code));
        adapter.set_pinyin(self.pinyin.get());
        adapter.set_upper(self.upper.get());
        adapter.set_symbols(self.symbols.get());
        let composing = self.composing.borrow();
        let syllables = DICTIONARY.get().map(|words| words.syllables(&composing));
        adapter.set_composing(syllables.as_deref().unwrap_or(&composing).into());
        let from = self.pages.borrow().last().copied().unwrap_or(0);
        let shown = self.fitting(from);
        let candidates = self.candidates.borrow();
        adapter.set_earlier(from > 0);
        adapter.set_later(from + shown < candidates.len());
        fill(
            &self.row,
            candidates
                .iter()
                .skip(from)
                .take(shown)
                .map(|candidate| candidate.text.as_str().into()),
        );
    }
}
