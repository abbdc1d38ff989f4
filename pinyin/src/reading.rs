//! Letters taken for syllables: every way at once, as edges between the places among them.

use std::borrow::Cow;
use std::ops::Range;

/// How many letters are read, separators included: more than any name or part of an address needs.
pub const MAX_LETTERS: usize = 48;

/// The longest syllables, such as `zhuang`.
const MAX_SYLLABLE: usize = 6;

/// Every syllable, in the order of the alphabet: those that begin the same stand together.
pub(crate) struct Syllables(Vec<Box<str>>);

/// The ways to read letters.
pub(crate) struct Reading<'a> {
    letters: &'a str,
    start: usize,
    end: usize,
    is_complete: bool,
    last_is_begun: bool,
    /// By the place at which each begins.
    edges: Vec<Vec<Edge>>,
}

/// A syllable among the letters.
#[derive(Clone)]
pub(crate) struct Edge {
    /// The one that is typed, or all that the letters begin.
    pub(crate) syllables: Range<u16>,
    /// Where the next one begins.
    pub(crate) end: usize,
    /// Whether it is typed in full. If not, it is the last.
    pub(crate) is_whole: bool,
}

/// A syllable as this crate spells it: small letters a–z, with v for ü, but `lue` and `nue` as the
/// dictionary has them. None if that is impossible.
pub(crate) fn canonical(syllable: &str) -> Option<Cow<'_, str>> {
    let spelling = match syllable {
        "lve" | "lüe" => "lue".into(),
        "nve" | "nüe" => "nue".into(),
        other if other.contains('ü') => other.replace('ü', "v").into(),
        other => Cow::from(other),
    };
    let fits = (1..=MAX_SYLLABLE).contains(&spelling.len());
    (fits && spelling.bytes().all(|b| b.is_ascii_lowercase())).then_some(spelling)
}

/// The letters and separators that a typed text begins with. They keep their places.
pub(crate) fn letters(typed: &str) -> String {
    let mut letters = String::with_capacity(MAX_LETTERS);
    for letter in typed.chars().take(MAX_LETTERS) {
        let letter = letter.to_ascii_lowercase();
        letters.push(match letter {
            // It can mean nothing else here.
            'v' if letters.ends_with(['j', 'q', 'x', 'y']) => 'u',
            'a'..='z' | '\'' => letter,
            _ => break,
        });
    }
    letters
}

impl Syllables {
    /// Takes distinct spellings, in order, fewer than 2¹⁶.
    pub(crate) fn new(sorted: impl Iterator<Item = String>) -> Syllables {
        Syllables(sorted.map(String::into_boxed_str).collect())
    }

    pub(crate) fn find(&self, spelling: &str) -> Option<u16> {
        let at = self.0.binary_search_by(|s| (**s).cmp(spelling)).ok()?;
        u16::try_from(at).ok()
    }

    pub(crate) fn spelling(&self, syllable: u16) -> &str {
        &self.0[usize::from(syllable)]
    }

    /// All that begin with `letters`.
    pub(crate) fn begun(&self, letters: &str) -> Range<u16> {
        let from = self.0.partition_point(|s| **s < *letters);
        let count = self.0[from..].partition_point(|s| s.starts_with(letters));
        let place = |at| u16::try_from(at).unwrap_or(u16::MAX);
        place(from)..place(from + count)
    }

    /// The syllable that `letters` are in full. Those without a vowel (嗯 `ng`, 呣 `m`) are only
    /// ever begun: in full they would come between any two others.
    fn whole(&self, letters: &str) -> Option<u16> {
        if !letters.contains(['a', 'e', 'i', 'o', 'u', 'v']) {
            return None;
        }
        self.find(&canonical(letters)?)
    }
}

impl<'a> Reading<'a> {
    /// Reads what [`letters`] gave.
    pub(crate) fn new(syllables: &Syllables, letters: &'a str) -> Reading<'a> {
        let length = letters.len();
        let mut reading = Reading {
            letters,
            start: letters.len() - letters.trim_start_matches('\'').len(),
            end: 0,
            is_complete: false,
            last_is_begun: false,
            edges: vec![Vec::new(); length + 1],
        };
        let mut reached = vec![false; length + 1];
        reached[reading.start] = true;
        for at in reading.start..length {
            if reached[at] {
                reading.edges[at] = reading.edges_from(syllables, at);
                for edge in reading.edges[at].iter().filter(|e| e.is_whole) {
                    reached[edge.end] = true;
                }
            }
        }
        reading.end = reached.iter().rposition(|r| *r).unwrap_or(reading.start);
        if reading.end < length {
            let mut edges = reading.edges.iter().flatten();
            reading.last_is_begun = edges.any(|e| !e.is_whole);
            if reading.last_is_begun {
                reading.end = length;
            }
        }
        reading.is_complete = reading.end == length;
        if reading.end == reading.start {
            reading.read_one(syllables);
        }
        reading.prune();
        reading
    }

    pub(crate) fn letters(&self) -> &str {
        self.letters
    }

    /// Where the first syllable begins.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// Where the last syllable that can be read ends.
    pub(crate) fn end(&self) -> usize {
        self.end
    }

    /// Whether all letters are syllables, of which the last may be only begun.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Whether there is no way to the end but by a syllable that is only begun.
    pub(crate) fn last_is_begun(&self) -> bool {
        self.last_is_begun
    }

    /// The syllables at a place, the shortest first; each is part of a way to the end. Those that
    /// are only begun are here also where it can be reached without them.
    pub(crate) fn edges(&self, at: usize) -> &[Edge] {
        &self.edges[at]
    }

    /// The edges without those that are not needed.
    pub(crate) fn needed_edges(&self, at: usize) -> impl Iterator<Item = &Edge> {
        let edges = self.edges[at].iter();
        edges.filter(|e| e.is_whole || self.last_is_begun)
    }

    /// The next place at which a letter stands.
    pub(crate) fn skip(&self, at: usize) -> usize {
        let after = &self.letters[at..];
        at + after.len() - after.trim_start_matches('\'').len()
    }

    /// Whether no letter stands just before a place.
    pub(crate) fn is_separated(&self, at: usize) -> bool {
        let before = &self.letters[..at];
        before.is_empty() || before.ends_with('\'')
    }

    /// How many letters at a place can stand for a syllable, the most likely first: all of it, as
    /// much as is typed of the last one, or its initial.
    pub(crate) fn lengths(&self, at: usize, spelling: &str) -> impl Iterator<Item = usize> {
        let part = self.part(at);
        let pairs = part.bytes().zip(spelling.bytes());
        let same = pairs
            .take_while(|(typed, spelled)| typed == spelled)
            .count();
        let is_last = self.skip(at + same) == self.letters.len();
        let initial = if spelling[1..].starts_with('h') { 2 } else { 1 };
        let lengths = [spelling.len(), if is_last { same } else { 0 }, initial, 1];
        lengths.into_iter().filter(move |l| (1..=same).contains(l))
    }

    /// The letters from a place to the next separator.
    fn part(&self, at: usize) -> &'a str {
        let after = &self.letters[at..];
        after.split('\'').next().unwrap_or(after)
    }

    fn edges_from(&self, syllables: &Syllables, at: usize) -> Vec<Edge> {
        let part = self.part(at);
        let whole = (1..=part.len().min(MAX_SYLLABLE)).filter_map(|length| {
            let syllable = syllables.whole(&part[..length])?;
            Some(Edge {
                syllables: syllable..syllable + 1,
                end: self.skip(at + length),
                is_whole: true,
            })
        });
        let begun = Edge {
            syllables: syllables.begun(part),
            end: self.skip(at + part.len()),
            is_whole: false,
        };
        let is_last = begun.end == self.letters.len() && !begun.syllables.is_empty();
        whole.chain(is_last.then_some(begun)).collect()
    }

    /// Nothing can be read: takes as many letters as begin a syllable.
    fn read_one(&mut self, syllables: &Syllables) {
        let part = self.part(self.start);
        let edge = (1..=part.len().min(MAX_SYLLABLE)).rev().find_map(|length| {
            let begun = syllables.begun(&part[..length]);
            (!begun.is_empty()).then(|| Edge {
                syllables: begun,
                end: self.skip(self.start + length),
                is_whole: false,
            })
        });
        if let Some(edge) = edge {
            self.end = edge.end;
            self.last_is_begun = true;
            self.edges[self.start] = vec![edge];
        }
    }

    /// Forgets the edges that lead nowhere.
    fn prune(&mut self) {
        let mut leads_on = vec![false; self.letters.len() + 1];
        leads_on[self.end] = true;
        for at in (self.start..self.end).rev() {
            self.edges[at].retain(|e| leads_on[e.end]);
            leads_on[at] = self.needed_edges(at).next().is_some();
            if !leads_on[at] {
                self.edges[at].clear();
            }
        }
    }
}
