//! Chinese text entry by pinyin: letters in, candidates out.
//!
//! Words and weights come from the dictionary that Debian's `rime-data-pinyin-simp` installs
//! ([`DEBIAN_FILE`]); the characters that it lacks, many of them in people's names, from the
//! `pinyin` crate. Nothing is learned: what is typed is neither kept nor written nor logged, and no
//! type that carries it can be printed by `Debug`. (What is freed is wiped by the terminal's
//! allocator.) Only [`Dictionary::load`] reads a file.
//!
//! ```
//! use yici_pinyin::Dictionary;
//!
//! let dictionary = Dictionary::rare_only();
//! let first = dictionary.candidates("kunming", usize::MAX);
//! let character = first.iter().find(|c| c.text == "堃").unwrap();
//! assert_eq!(&"kunming"[character.letters..], "ming");
//! ```

#![forbid(unsafe_code)]

mod characters;
mod load;
mod reading;

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

pub use load::{LoadError, Problem};
pub use reading::MAX_LETTERS;

use reading::{Edge, Reading, Syllables};

/// Where Debian's package `rime-data-pinyin-simp` puts the dictionary.
pub const DEBIAN_FILE: &str = "/usr/share/rime-data/pinyin_simp.dict.yaml";

/// What can be typed: words by their syllables, and the characters of each syllable.
pub struct Dictionary {
    syllables: Syllables,
    /// For each syllable, the likeliest first.
    characters: Vec<Vec<Character>>,
    /// Of two characters or more; by their syllables, the likeliest first.
    words: Vec<Word>,
    /// What syllables that stand alone are at the beginning of a sentence.
    surnames: HashMap<u16, char>,
    /// And after some others.
    places: HashMap<u16, char>,
    /// Of all weights together.
    weight: f64,
}

/// A text that may be meant.
#[derive(Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The text.
    pub text: String,
    /// How many of the typed letters it uses, separators included: typing goes on with
    /// `&letters[candidate.letters..]`.
    pub letters: usize,
}

struct Character {
    character: char,
    weight: u32,
}

struct Word {
    syllables: Box<[u16]>,
    text: Box<str>,
    weight: u32,
}

impl Dictionary {
    /// Forgets every text with a character that cannot be shown: fonts lack a third of the rarest.
    pub fn retain(&mut self, can_show: impl Fn(char) -> bool) {
        for characters in &mut self.characters {
            characters.retain(|c| can_show(c.character));
        }
        self.words.retain(|w| w.text.chars().all(&can_show));
        self.surnames.retain(|_, character| can_show(*character));
        self.places.retain(|_, character| can_show(*character));
    }

    /// What `letters` may mean, the likeliest first and at most `most` of it, no text twice.
    ///
    /// Letters are a–z, with v for ü, and `'` between syllables where it matters (`xi'an`). The first
    /// other character ends them, and so does their number at [`MAX_LETTERS`]. The same letters
    /// always give the same list, so that a page of it is a part of a longer one. In it stand
    /// - what has all letters: words and characters, or else the likeliest sentence,
    /// - some words whose last syllable is only begun, or of which each syllable is,
    /// - the shorter words that the letters begin with,
    /// - every character of every syllable that they can begin with; rare ones are the last.
    pub fn candidates(&self, letters: &str, most: usize) -> Vec<Candidate> {
        let letters = reading::letters(letters);
        let reading = Reading::new(&self.syllables, &letters);
        let mut list = List::new(most);

        list.push_words(self.abbreviated(&reading).iter().take(MOST_GUESSES));
        let mut words = self.words_at(&reading, reading.start());
        words.sort_by_key(|f| (Reverse(f.end()), Reverse(f.word.weight)));
        let (words, guesses): (Vec<_>, Vec<_>) = words.into_iter().partition(|f| f.is_whole);
        let guesses = guesses.iter().take(MOST_GUESSES);
        let (long, short): (Vec<_>, Vec<_>) = words.iter().partition(|f| f.end() == reading.end());
        let edges = reading.needed_edges(reading.start());
        let (one, mut first): (Vec<_>, Vec<_>) = edges.partition(|e| e.end == reading.end());

        // Before what is read in full where that is nothing, else after it.
        if reading.last_is_begun() {
            list.push_words(guesses.clone());
        }
        let mut all: Vec<(u32, Text)> = Vec::new();
        let long = long.iter().map(|f| f.word);
        all.extend(long.map(|word| (word.weight, Text::Word(&word.text))));
        all.extend(one.iter().flat_map(|e| self.characters_of(e)));
        all.sort_by_key(|(weight, _)| Reverse(*weight));
        // Without words, a sentence would be a matter of chance.
        if all.is_empty() && list.candidates.is_empty() && !self.words.is_empty() {
            let sentence = self.likeliest(&reading);
            let sentence = sentence.iter().map(|path| Text::Word(&path.text));
            list.push(sentence, reading.end());
        }
        list.push(all.into_iter().map(|(_, text)| text), reading.end());
        list.push_words(guesses);
        list.push_words(short);
        first.sort_by_key(|edge| Reverse(edge.end));
        for edge in first {
            let characters = self.characters_of(edge);
            list.push(characters.into_iter().map(|(_, text)| text), edge.end);
        }
        list.candidates
    }

    /// The letters with `'` between the syllables that they are taken for, to show what is being
    /// composed: `zhang'xiao'man`. What cannot be read is left as it was typed.
    pub fn syllables(&self, letters: &str) -> String {
        let letters = reading::letters(letters);
        let reading = Reading::new(&self.syllables, &letters);
        let ends = match self.abbreviated(&reading).into_iter().next() {
            Some(found) => found.ends,
            None => self.likeliest(&reading).map(|p| p.ends).unwrap_or_default(),
        };
        let mut parts = Vec::new();
        let mut from = 0;
        for end in ends.into_iter().chain([letters.len()]) {
            let part = letters[from..end].trim_matches('\'');
            if !part.is_empty() {
                parts.push(part);
            }
            from = end;
        }
        let mut shown = parts.join("'");
        if !shown.is_empty() && letters.ends_with('\'') {
            shown.push('\'');
        }
        shown
    }

    /// The words that begin at a place and are typed in full, but perhaps for the last syllable.
    fn words_at<'a>(&'a self, reading: &Reading, at: usize) -> Vec<Found<'a>> {
        let mut found = Vec::new();
        walk(reading, at, &self.words, &mut Vec::new(), &mut found);
        found
    }

    /// Words given by their initials (`jn`, `zhg`), or some syllables by those and some in full;
    /// what uses the most letters first. Looked for only where the letters are not syllables.
    fn abbreviated<'a>(&'a self, reading: &Reading) -> Vec<Found<'a>> {
        if reading.is_complete() {
            return Vec::new();
        }
        let Some(first) = reading.letters().get(reading.start()..=reading.start()) else {
            return Vec::new();
        };
        let words = narrow(&self.words, 0, &self.syllables.begun(first));
        let mut found: Vec<Found> = words
            .iter()
            .filter_map(|word| {
                let ends = self.abbreviates(reading, reading.start(), &word.syllables)?;
                Some(Found {
                    word,
                    ends,
                    is_whole: false,
                })
            })
            .filter(|found| found.end() > reading.end())
            .collect();
        found.sort_by_key(|f| (Reverse(f.end()), Reverse(f.word.weight)));
        found
    }

    /// Where the letters of each syllable end, if these can be taken for it.
    fn abbreviates(&self, reading: &Reading, at: usize, syllables: &[u16]) -> Option<Vec<usize>> {
        let Some((syllable, others)) = syllables.split_first() else {
            return Some(Vec::new());
        };
        let spelling = self.syllables.spelling(*syllable);
        for length in reading.lengths(at, spelling) {
            let end = reading.skip(at + length);
            if let Some(mut ends) = self.abbreviates(reading, end, others) {
                ends.insert(0, end);
                return Some(ends);
            }
        }
        None
    }

    /// The characters of a syllable, or of all that one is begun of, with their weights.
    fn characters_of(&self, edge: &Edge) -> Vec<(u32, Text<'_>)> {
        let syllables = usize::from(edge.syllables.start)..usize::from(edge.syllables.end);
        let characters = self.characters[syllables].iter().flatten();
        let mut weighed: Vec<_> = characters
            .map(|c| (c.weight, Text::Character(c.character)))
            .collect();
        weighed.sort_by_key(|(weight, _)| Reverse(*weight));
        weighed
    }

    /// The character that a syllable is, if no word has it, where so many others stand before it.
    fn alone(&self, syllable: u16, before: usize) -> Option<(char, u32)> {
        let characters = &self.characters[usize::from(syllable)];
        let likeliest = characters.first()?;
        if before == 0
            && let Some(surname) = self.surnames.get(&syllable)
            && let Some(surname) = characters.iter().find(|c| c.character == *surname)
        {
            return Some((surname.character, surname.weight));
        }
        let place = self.places.get(&syllable).filter(|_| before >= 2);
        Some((*place.unwrap_or(&likeliest.character), likeliest.weight))
    }

    /// Whether the rules of spelling want `'` between this and a syllable before it (`xi'an`).
    fn needs_separator(&self, syllable: u16) -> bool {
        let spelling = self.syllables.spelling(syllable);
        spelling.starts_with(['a', 'e', 'o'])
    }

    /// The words, one after the other, that use all that can be read: those whose shares of all
    /// weight multiply to the most (the algorithm of Viterbi).
    fn likeliest(&self, reading: &Reading) -> Option<Path> {
        let share = |weight: u32| (f64::from(weight.max(1)) / self.weight).ln();
        let mut paths: Vec<Option<Path>> = Vec::new();
        paths.resize_with(reading.end() + 1, || None);
        paths[reading.start()] = Some(Path::default());
        for at in reading.start()..reading.end() {
            let Some(path) = paths[at].take() else {
                continue;
            };
            for found in self.words_at(reading, at) {
                if found.is_whole || reading.last_is_begun() {
                    let score = path.score + share(found.word.weight);
                    let there = &mut paths[found.end()];
                    path.offer(there, score, &found.word.text, &found.ends);
                }
            }
            for edge in reading.needed_edges(at) {
                for syllable in edge.syllables.clone() {
                    let Some((character, weight)) = self.alone(syllable, path.ends.len()) else {
                        continue;
                    };
                    let mut score = path.score + share(weight);
                    if self.needs_separator(syllable) && !reading.is_separated(at) {
                        score += UNSEPARATED.ln();
                    }
                    let text = &character.to_string();
                    path.offer(&mut paths[edge.end], score, text, &[edge.end]);
                }
            }
        }
        paths.pop().flatten().filter(|path| !path.ends.is_empty())
    }
}

/// More words whose syllables are only begun are of no use: one more letter tells them apart.
const MOST_GUESSES: usize = 16;

/// How likely it is that a separator was left out, other than within words of the dictionary: less
/// likely than a rare syllable, so that `qiqia` is not taken for `qi'qi'a`.
const UNSEPARATED: f64 = 1e-4;

/// A word among the letters.
struct Found<'a> {
    word: &'a Word,
    /// Where each of its syllables ends.
    ends: Vec<usize>,
    /// Whether every syllable is typed in full.
    is_whole: bool,
}

impl Found<'_> {
    fn end(&self) -> usize {
        self.ends.last().copied().unwrap_or_default()
    }
}

/// Words from the start to some place among the letters.
#[derive(Default)]
struct Path {
    score: f64,
    text: String,
    ends: Vec<usize>,
}

impl Path {
    /// Goes on from here to `there`, if that is the best way to it.
    fn offer(&self, there: &mut Option<Path>, score: f64, text: &str, ends: &[usize]) {
        if there.as_ref().is_none_or(|best| score > best.score) {
            *there = Some(Path {
                score,
                text: format!("{}{text}", self.text),
                ends: [&self.ends, ends].concat(),
            });
        }
    }
}

/// What a candidate is made of; only those that are asked for are made.
enum Text<'a> {
    Word(&'a str),
    Character(char),
}

/// The candidates so far.
struct List {
    candidates: Vec<Candidate>,
    texts: HashSet<String>,
    most: usize,
}

impl List {
    fn new(most: usize) -> List {
        List {
            candidates: Vec::new(),
            texts: HashSet::new(),
            most,
        }
    }

    fn push_words<'a>(&mut self, words: impl IntoIterator<Item = &'a Found<'a>>) {
        for found in words {
            self.push([Text::Word(&found.word.text)], found.end());
        }
    }

    fn push<'a>(&mut self, texts: impl IntoIterator<Item = Text<'a>>, letters: usize) {
        for text in texts {
            if self.candidates.len() >= self.most {
                return;
            }
            let text = match text {
                Text::Word(text) => text.to_owned(),
                Text::Character(character) => character.to_string(),
            };
            if self.texts.insert(text.clone()) {
                self.candidates.push(Candidate { text, letters });
            }
        }
    }
}

/// Finds the words among `words` that go on at `at`. All of them begin with the same syllables:
/// those that end at `ends`.
fn walk<'a>(
    reading: &Reading,
    at: usize,
    words: &'a [Word],
    ends: &mut Vec<usize>,
    found: &mut Vec<Found<'a>>,
) {
    for edge in reading.edges(at) {
        let words = narrow(words, ends.len(), &edge.syllables);
        if words.is_empty() {
            continue;
        }
        ends.push(edge.end);
        let ended = words.iter().filter(|w| w.syllables.len() == ends.len());
        found.extend(ended.map(|word| Found {
            word,
            ends: ends.clone(),
            is_whole: edge.is_whole,
        }));
        if edge.is_whole {
            walk(reading, edge.end, words, ends, found);
        }
        ends.pop();
    }
}

/// Those of `words` whose syllable at `depth` is one of `syllables`. Before it, all have the same.
fn narrow<'a>(words: &'a [Word], depth: usize, syllables: &Range<u16>) -> &'a [Word] {
    let before = |limit| {
        // Shorter words stand first.
        words.partition_point(|w| w.syllables.get(depth).is_none_or(|s| *s < limit))
    };
    &words[before(syllables.start)..before(syllables.end)]
}
