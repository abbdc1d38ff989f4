//! Finding a matter by its name or by everyday words, as Chinese, as pinyin, by its initials or
//! as any mixture of them, with one slip forgiven.

mod spelling;

use crate::model::{Catalog, Matter, Text};
use spelling::{BEGUN, INITIALS, MOST_LETTERS, RARE, SPELLED, Spelled, Typed};

/// What the texts of a matter weigh: what people tap or say goes before what is inside.
const NAME: u32 = 4;
const KEYWORD: u32 = 3;
const ITEM: u32 = 1;

/// What the place of the typed words in a text weighs.
const WHOLE: u32 = 100;
const START: u32 = 60;
const INSIDE: u32 = 40;
/// The text stands in a typed sentence; more when it is much of it.
const IN_SENTENCE: u32 = 20;

/// What a slip weighs, as [`spelling`] weighs other ways of typing.
const SLIP: u32 = 3;

/// In what is shorter a slip could mean too much.
const LETTERS_FOR_SLIP_INSIDE: usize = 6;

/// So many initials stand for a text that they do not begin.
const INITIALS_INSIDE: usize = 4;

/// The searchable texts of all matters.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    /// The matter's place in the catalogue.
    matter: usize,
    weight: u32,
    text: Spelled,
}

/// How well words fit; the greater the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// Without a slip.
    exact: bool,
    score: u32,
    /// A name or keyword begins with the words, read in full.
    meant: bool,
}

impl Catalog {
    /// The matters that fit, best first. What is typed fits as a whole, or else each word of it
    /// fits: in the short or full name, in a keyword or in an item's name. Chinese, pinyin, the
    /// initials of pinyin, and mixtures of them are read; one wrong, missing, extra or swapped
    /// letter is forgiven in four or more, one wrong character in three or more.
    pub fn search(&self, words: &str) -> Vec<&Matter> {
        let words: String = words.chars().take(MOST_LETTERS).collect();
        let mut fits = self.index.fits(&words, self.matters.len());
        let parts: Vec<&str> = words.split_whitespace().collect();
        if parts.len() > 1 {
            let parts: Vec<_> = parts
                .iter()
                .map(|part| self.index.fits(part, self.matters.len()))
                .collect();
            for (m, whole) in fits.iter_mut().enumerate() {
                let each: Option<Vec<Fit>> = parts.iter().map(|fits| fits[m]).collect();
                *whole = (*whole).max(each.as_deref().and_then(together));
            }
        }
        let mut found: Vec<(Fit, &Matter)> = fits
            .into_iter()
            .zip(&self.matters)
            .filter_map(|(fit, matter)| Some((fit?, matter)))
            .collect();
        // Stable: matters that fit equally well stay in the catalogue's order.
        found.sort_by_key(|(fit, _)| std::cmp::Reverse((fit.exact, fit.score)));
        found.into_iter().map(|(_, matter)| matter).collect()
    }
}

/// Several words that all fit.
fn together(fits: &[Fit]) -> Option<Fit> {
    let sum: u32 = fits.iter().map(|fit| fit.score).sum();
    Some(Fit {
        exact: fits.iter().all(|fit| fit.exact),
        score: sum / u32::try_from(fits.len()).ok()?,
        meant: fits.iter().all(|fit| fit.meant),
    })
}

impl Index {
    pub(crate) fn new(matters: &[Matter]) -> Index {
        let mut entries = Vec::new();
        for (place, matter) in matters.iter().enumerate() {
            let mut add = |weight, text: &str| {
                let text = Spelled::new(text);
                if !text.tokens.is_empty() {
                    entries.push(Entry {
                        matter: place,
                        weight,
                        text,
                    });
                }
            };
            let mut both = |weight, text: &Text| {
                add(weight, &text.zh);
                add(weight, &text.en);
            };
            both(NAME, &matter.short);
            both(NAME, &matter.name);
            for item in &matter.items {
                both(ITEM, &item.name);
            }
            for keyword in &matter.keywords {
                add(KEYWORD, keyword);
            }
        }
        Index { entries }
    }

    /// For each matter how well it fits what was typed.
    fn fits(&self, words: &str, matters: usize) -> Vec<Option<Fit>> {
        let mut fits = vec![None; matters];
        let typed = Typed::new(words);
        if typed.len() == 0 {
            return fits;
        }
        self.best(&mut fits, |entry| entry.as_typed(&typed));
        // Whoever typed it right meant nothing else.
        if typed.may_slip() && !fits.iter().flatten().any(|fit| fit.meant) {
            self.best(&mut fits, |entry| entry.with_slip(&typed));
        }
        fits
    }

    fn best(&self, fits: &mut [Option<Fit>], fit: impl Fn(&Entry) -> Option<Fit>) {
        for entry in &self.entries {
            if let Some(best) = fits.get_mut(entry.matter) {
                *best = (*best).max(fit(entry));
            }
        }
    }
}

impl Entry {
    fn as_typed(&self, typed: &Typed) -> Option<Fit> {
        self.exact(typed).or_else(|| {
            let (part, whole) = spelling::part_of_sentence(&self.text, typed)?;
            let share = IN_SENTENCE * u32::try_from(part).ok()? / u32::try_from(whole).ok()?;
            Some(self.weighed(IN_SENTENCE + share, SPELLED))
        })
    }

    fn weighed(&self, place: u32, typing: u32) -> Fit {
        Fit {
            exact: true,
            score: self.weight * place * typing,
            meant: self.weight > ITEM && place >= START && typing >= RARE,
        }
    }

    fn exact(&self, typed: &Typed) -> Option<Fit> {
        if !self.text.may_have(typed, 0) {
            return None;
        }
        let starts = 0..self.text.tokens.len();
        let fits = starts.filter_map(|start| {
            let (typing, end) = spelling::typed_from(&self.text.tokens, start, typed)?;
            let count = end - start;
            let is_one_syllable = count == 1 && self.is_syllable(start, typed);
            let too_short = if typing <= INITIALS {
                typed.len() < INITIALS_INSIDE
            } else {
                is_one_syllable
            };
            if start > 0 && too_short {
                return None;
            }
            Some(self.weighed(self.place(start, end, typing == BEGUN), typing))
        });
        fits.max()
    }

    fn with_slip(&self, typed: &Typed) -> Option<Fit> {
        if !self.text.may_have(typed, 1) {
            return None;
        }
        let last = if typed.is_letters() && typed.len() < LETTERS_FOR_SLIP_INSIDE {
            1
        } else {
            self.text.tokens.len()
        };
        let places = (0..last.min(self.text.tokens.len())).filter_map(|start| {
            let end = spelling::slipped_from(&self.text.tokens, start, typed)?;
            let is_one_syllable = end - start < 2 && self.is_syllable(start, typed);
            (start == 0 || !is_one_syllable).then(|| self.place(start, end, false))
        });
        Some(Fit {
            exact: false,
            score: self.weight * places.max()? * SLIP,
            meant: false,
        })
    }

    /// Whether what was typed is pinyin of what stands here.
    fn is_syllable(&self, start: usize, typed: &Typed) -> bool {
        typed.is_letters() && self.text.tokens[start].is_han()
    }

    fn place(&self, start: usize, end: usize, is_begun: bool) -> u32 {
        if start > 0 {
            INSIDE
        } else if end < self.text.tokens.len() || is_begun {
            START
        } else {
            WHOLE
        }
    }
}
