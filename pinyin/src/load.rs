//! The dictionary file, as Rime has it: a head that ends with a line `...`, then a line for each
//! word: text, syllables and weight, with tabs between them.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::mem;
use std::path::{Path, PathBuf};

use crate::characters;
use crate::reading::{Syllables, canonical};
use crate::{Character, Dictionary, Word};

/// Why there is no dictionary.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("{}: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is no dictionary for this: it would fill the memory.
    #[error("{}: larger than {} MiB", file.display(), MAX_FILE_BYTES >> 20)]
    TooLarge {
        /// The file.
        file: PathBuf,
    },
    /// A line is wrong. Nothing is taken from such a file.
    #[error("{}:{line}: {problem}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The file ends before its words begin.
    #[error("the file ends, and no line `...` has ended its head")]
    NoWords,
    /// The head says that lines have other columns.
    #[error("other columns than text, syllables and weight are not supported")]
    Columns,
    /// Not UTF-8.
    #[error("not UTF-8")]
    Encoding,
    /// The text is missing.
    #[error("no text before the first tab")]
    Text,
    /// A syllable is none.
    #[error("a syllable is one to six letters a–z")]
    Syllable,
    /// Another number of syllables than of characters.
    #[error("a word has one syllable for each character")]
    Count,
    /// The weight is none.
    #[error("a weight is a whole number below 2³²")]
    Weight,
    /// More different syllables than there are.
    #[error("more than {MAX_SYLLABLES} different syllables")]
    TooManySyllables,
}

impl Dictionary {
    /// Reads a dictionary ([`DEBIAN_FILE`](crate::DEBIAN_FILE)), and adds the characters that it
    /// lacks.
    ///
    /// # Errors
    /// When the file cannot be read, is too large, or has a wrong line. Lines without syllables are
    /// none: the format allows them, but they cannot be typed, so they are skipped.
    pub fn load(path: &Path) -> Result<Dictionary, LoadError> {
        let file = || path.to_path_buf();
        let read = |source| LoadError::Read {
            file: file(),
            source,
        };
        let mut bytes = Vec::new();
        let opened = File::open(path).map_err(read)?;
        opened
            .take(MAX_FILE_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(read)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(LoadError::TooLarge { file: file() });
        }
        let words = words(&bytes).map_err(|(line, problem)| LoadError::Line {
            file: file(),
            line,
            problem,
        })?;
        Ok(build(words))
    }

    /// Without the file: single characters only, by the national list instead of by weight. For a
    /// terminal whose dictionary is missing or damaged, so that it is never without Chinese.
    pub fn rare_only() -> Dictionary {
        build(Words::default())
    }
}

/// The dictionary of Debian has 1.3 MB.
const MAX_FILE_BYTES: u64 = 8 << 20;

/// Mandarin has some 420, tones left out.
const MAX_SYLLABLES: u16 = 2000;

/// The lines of a file. Syllables have numbers in the order in which they are met.
#[derive(Default)]
struct Words<'a> {
    numbers: HashMap<Cow<'a, str>, u16>,
    /// By the number of their syllable.
    characters: Vec<Vec<Character>>,
    words: Vec<Word>,
}

fn words(bytes: &[u8]) -> Result<Words<'_>, (usize, Problem)> {
    let mut words = Words::default();
    let mut is_head = true;
    let mut number = 0;
    for bytes in bytes.split(|b| *b == b'\n') {
        number += 1;
        let line = str::from_utf8(bytes).map_err(|_| (number, Problem::Encoding))?;
        let line = line.trim_end_matches('\r');
        if is_head {
            is_head = line != "...";
            if line.starts_with("columns:") {
                return Err((number, Problem::Columns));
            }
        } else if !line.is_empty() && !line.starts_with('#') {
            words.take(line).map_err(|problem| (number, problem))?;
        }
    }
    if is_head {
        return Err((number, Problem::NoWords));
    }
    Ok(words)
}

impl<'a> Words<'a> {
    fn take(&mut self, line: &'a str) -> Result<(), Problem> {
        let mut columns = line.split('\t');
        let text = columns.next().unwrap_or_default();
        if text.is_empty() {
            return Err(Problem::Text);
        }
        let syllables = columns.next().unwrap_or_default();
        if syllables.is_empty() {
            return Ok(());
        }
        let weight = match columns.next() {
            None | Some("") => 0,
            Some(weight) => weight.parse().map_err(|_| Problem::Weight)?,
        };
        let syllables: Box<[u16]> = syllables
            .split(' ')
            .map(|s| self.number(canonical(s).ok_or(Problem::Syllable)?))
            .collect::<Result<_, _>>()?;
        if syllables.len() != text.chars().count() {
            return Err(Problem::Count);
        }
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => self.add(syllables[0], character, weight),
            _ => self.words.push(Word {
                syllables,
                text: text.into(),
                weight,
            }),
        }
        Ok(())
    }

    fn number(&mut self, syllable: Cow<'a, str>) -> Result<u16, Problem> {
        if let Some(number) = self.numbers.get(&syllable) {
            return Ok(*number);
        }
        let number = u16::try_from(self.numbers.len()).map_err(|_| Problem::TooManySyllables)?;
        if number >= MAX_SYLLABLES {
            return Err(Problem::TooManySyllables);
        }
        self.numbers.insert(syllable, number);
        self.characters.push(Vec::new());
        Ok(number)
    }

    fn add(&mut self, syllable: u16, character: char, weight: u32) {
        self.characters[usize::from(syllable)].push(Character { character, weight });
    }
}

fn build(mut words: Words) -> Dictionary {
    let standard = characters::standard();
    let least = |character| standard.get(&character).copied().unwrap_or_default();
    for character in words.characters.iter_mut().flatten() {
        character.weight = character.weight.max(least(character.character));
    }
    for (character, readings) in characters::readings() {
        for (at, syllable) in readings.into_iter().enumerate() {
            // Readings other than the first are mostly of old books.
            let weight = if at == 0 { least(character) } else { 0 };
            // Only a file that nearly fills the limit leaves no room for all of them.
            if let Ok(number) = words.number(syllable) {
                words.add(number, character, weight);
            }
        }
    }
    for of_one in &mut words.characters {
        // Stable: of equals, those of the file come first, and the rarest last.
        of_one.sort_by_key(|c| Reverse(c.weight));
        of_one.shrink_to_fit();
    }

    // From here on, syllables are numbered by the alphabet.
    let mut sorted: Vec<(String, u16)> = words
        .numbers
        .into_iter()
        .map(|(syllable, number)| (syllable.into_owned(), number))
        .collect();
    sorted.sort_unstable();
    let mut places = vec![0; sorted.len()];
    let mut by_syllable = Vec::new();
    for (place, (_, number)) in (0..).zip(&sorted) {
        places[usize::from(*number)] = place;
        by_syllable.push(mem::take(&mut words.characters[usize::from(*number)]));
    }
    let syllables = Syllables::new(sorted.into_iter().map(|(syllable, _)| syllable));
    let mut words = words.words;
    for syllable in words.iter_mut().flat_map(|w| &mut w.syllables) {
        *syllable = places[usize::from(*syllable)];
    }
    words.sort_by(|a, b| (&a.syllables, b.weight).cmp(&(&b.syllables, a.weight)));

    let of_words = words.iter().map(|w| w.weight);
    let of_characters = by_syllable.iter().flatten().map(|c: &Character| c.weight);
    let weight = of_words.chain(of_characters).map(f64::from).sum();
    let alone = |list| {
        let entries = characters::alone(list);
        entries
            .filter_map(|(syllable, character)| Some((syllables.find(syllable)?, character)))
            .collect()
    };
    Dictionary {
        surnames: alone(characters::SURNAMES),
        places: alone(characters::PLACES),
        syllables,
        characters: by_syllable,
        words,
        weight,
    }
}
