//! Finding a matter by its name or by everyday words.

use crate::model::{Catalog, Matter};

/// No more letters are looked at: nobody types more.
const MAX_LETTERS: usize = 100;

impl Catalog {
    /// The matters that fit, best first. Every word must fit somewhere: in the short or full
    /// name, in a keyword or in an item's name.
    pub fn search(&self, words: &str) -> Vec<&Matter> {
        let words: String = words
            .chars()
            .take(MAX_LETTERS)
            .collect::<String>()
            .to_lowercase();
        let words: Vec<&str> = words.split_whitespace().collect();
        if words.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<(u32, &Matter)> = self
            .matters
            .iter()
            .filter_map(|matter| {
                let fits = words.iter().map(|word| fit_of(matter, word));
                Some((fits.sum::<Option<u32>>()?, matter))
            })
            .collect();
        // Stable: matters that fit equally well stay in the catalogue's order.
        found.sort_by_key(|(fit, _)| std::cmp::Reverse(*fit));
        found.into_iter().map(|(_, matter)| matter).collect()
    }
}

/// How well a matter fits a word; `None`: not at all.
fn fit_of(matter: &Matter, word: &str) -> Option<u32> {
    let both = |text: &crate::model::Text| [text.zh.clone(), text.en.clone()];
    let names = both(&matter.short).into_iter().chain(both(&matter.name));
    let names = names.map(|text| (4, text));
    let keywords = matter.keywords.iter().map(|text| (3, text.clone()));
    let items = matter
        .items
        .iter()
        .flat_map(|i| both(&i.name))
        .map(|text| (1, text));
    names
        .chain(keywords)
        .chain(items)
        .filter_map(|(weight, text)| Some(weight * fit(&text.to_lowercase(), word)?))
        .max()
}

fn fit(text: &str, word: &str) -> Option<u32> {
    if text == word {
        Some(10)
    } else if text.starts_with(word) {
        Some(6)
    } else if text.contains(word) {
        Some(4)
    } else if text.chars().count() > 1 && word.contains(text) {
        // Somebody typed a sentence: "我要生孩子了".
        Some(3)
    } else {
        None
    }
}
