//! Search by names, everyday words, pinyin and initials, over the small catalogue and, for every
//! word of every matter, over the shipped one.

use std::path::Path;
use std::sync::LazyLock;

use pinyin::ToPinyin;
use yici_catalog::{Catalog, Matter};

use crate::support::good;

static SHIPPED: LazyLock<Catalog> = LazyLock::new(|| {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("matters");
    Catalog::load(&dir).unwrap_or_else(|e| panic!("{}", e.render(yici_catalog::Lang::En)))
});

fn found<'c>(catalog: &'c Catalog, words: &str) -> Vec<&'c str> {
    catalog
        .search(words)
        .iter()
        .map(|m| m.id.as_str())
        .collect()
}

#[test]
fn finds_by_names_keywords_and_items() {
    let catalog = Catalog::load(&good()).unwrap();
    for words in [
        "生孩子",
        "我要生孩子了",
        "新生儿",
        "BABY",
        "ｂａｂｙ",
        "a baby is",
        "医保",
        "refund",
        "出生 户口",
        "新生儿出生“一件事一次办”",
    ] {
        assert_eq!(found(&catalog, words), ["demo"], "{words}");
    }
    for words in ["", "  ", "“”", "退休", "baby retirement", "tuixiu", "'"] {
        assert_eq!(found(&catalog, words), [] as [&str; 0], "{words}");
    }
}

#[test]
fn pinyin_initials_and_mixtures_are_read() {
    let catalog = Catalog::load(&good()).unwrap();
    for words in [
        "shenghaizi",
        "sheng hai zi",
        "SHENG'HAI'ZI",
        "shenghz",
        "shz",
        "shhz",
        "sheng孩子",
        "生hz",
        "生孩z",
        "xse",
        "xinshenge",
        "xinshengerchu",
        "xsecs",
        "出生dengji",
        "yibao",
        "上护口",
    ] {
        assert_eq!(found(&catalog, words), ["demo"], "{words}");
    }
    for words in ["bao", "ao", "enghaizi", "hz", "shengs", "z", "孩z户"] {
        assert_eq!(found(&catalog, words), [] as [&str; 0], "{words}");
    }
}

#[test]
fn one_slip_is_forgiven_and_no_more() {
    let catalog = Catalog::load(&good()).unwrap();
    for words in [
        "xinshangerchusheng", // a wrong letter
        "xinshengerchushng",  // a missing one
        "xinshenggerchusheng",
        "xinshengrechusheng", // two swapped
        "xisnhengerchusheng", // swapped over a syllable's end
        "binsheng",
        "shenhaizi",
        "shegn haizi",
        "shenghaizii",
        "新声儿出生",
        "新升儿",
        "生孩纸",
        "上户头",
        "regitration",
        "babby is",
    ] {
        assert_eq!(found(&catalog, words), ["demo"], "{words}");
    }
    for words in [
        "xinshangerchushang",
        "生小头",
        "上交头",
        "shabbyhaizi",
        "shq",
        "生头",
    ] {
        assert_eq!(found(&catalog, words), [] as [&str; 0], "{words}");
    }
}

#[test]
fn what_people_say_finds_what_they_mean() {
    for (words, id) in [
        ("生孩子", "newborn"),
        ("我家要生孩子了", "newborn"),
        ("xinshenger", "newborn"),
        ("xinshegner", "newborn"),
        ("xse", "newborn"),
        ("上户口", "newborn"),
        ("开饭馆", "restaurant"),
        ("我想开个小饭馆", "restaurant"),
        ("kaifanguan", "restaurant"),
        ("kaifangaun", "restaurant"),
        ("kfg", "restaurant"),
        ("开fan馆", "restaurant"),
        ("退休", "retirement"),
        ("tuixiu", "retirement"),
        ("tuxiu", "retirement"),
        ("retirment", "retirement"),
    ] {
        assert_eq!(found(&SHIPPED, words).first(), Some(&id), "{words}");
    }
}

/// The names and keywords of a matter.
fn texts(matter: &Matter) -> Vec<String> {
    let names = [&matter.short, &matter.name];
    let names = names.into_iter().flat_map(|t| [t.zh.clone(), t.en.clone()]);
    names.chain(matter.keywords.iter().cloned()).collect()
}

/// As somebody types it: the usual reading of each character, other letters as they are.
fn spelled(text: &str) -> String {
    let mut spelled = String::new();
    for character in text.to_lowercase().chars() {
        match character.to_pinyin() {
            Some(reading) => spelled += &reading.plain().replace('ü', "v"),
            None if character.is_alphanumeric() => spelled.push(character),
            None => {}
        }
    }
    spelled
}

/// The first letter of each character. None of what has other letters, too.
fn initials(text: &str) -> Option<String> {
    let signs = |c: &char| c.is_alphanumeric();
    let letters = text.chars().filter(signs).map(|c| {
        let reading = c.to_pinyin()?.plain();
        reading.chars().next()
    });
    letters.collect()
}

fn bare(text: &str) -> String {
    let text = text.to_lowercase();
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Whether a matter may stand above another one for what was typed: it has the same.
fn has_the_same(matter: &Matter, words: &str) -> bool {
    let words = bare(words);
    let items = matter.items.iter().flat_map(|i| [&i.name.zh, &i.name.en]);
    texts(matter).into_iter().chain(items.cloned()).any(|text| {
        bare(&text).contains(&words)
            || spelled(&text).contains(&words)
            || initials(&text).is_some_and(|i| i.contains(&words))
            || text
                .char_indices()
                .any(|(at, _)| begins(&text[at..], &words))
    })
}

/// Whether a text begins with characters that have these initials: of `sheng` both `s` and `sh`.
fn begins(text: &str, initials: &str) -> bool {
    let mut rest = text.chars();
    let Some(reading) = rest.next().and_then(|c| c.to_pinyin()) else {
        return initials.is_empty();
    };
    let lengths = [
        1,
        if reading.plain()[1..].starts_with('h') {
            2
        } else {
            1
        },
    ];
    initials.is_empty()
        || lengths.iter().any(|length| {
            let after = initials.strip_prefix(&reading.plain()[..*length]);
            after.is_some_and(|after| begins(rest.as_str(), after))
        })
}

/// What is wrong with what is found for a word of a matter.
fn wrong(matter: &Matter, words: &str) -> Option<String> {
    let found = SHIPPED.search(words);
    let Some(place) = found.iter().position(|m| m.id == matter.id) else {
        return Some(format!("`{words}` does not find {}", matter.id));
    };
    let unrelated = found[..place].iter().find(|m| !has_the_same(m, words))?;
    Some(format!("`{words}`: {} above {}", unrelated.id, matter.id))
}

#[test]
fn every_matter_is_found_by_all_its_words() {
    let mut all = Vec::new();
    for matter in &SHIPPED.matters {
        for text in texts(matter) {
            all.extend(wrong(matter, &text));
            all.extend(wrong(matter, &spelled(&text)));
            if let Some(initials) = initials(&text).filter(|i| i.len() > 1) {
                all.extend(wrong(matter, &initials));
            }
        }
    }
    assert!(all.is_empty(), "{all:#?}");
}

/// A word with one slip, each kind in turn.
fn slipped(word: &str, kind: usize, at: usize) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = at % letters.len();
    match kind {
        0 => letters[at] = if letters[at] == 'q' { 'w' } else { 'q' },
        1 => drop(letters.remove(at)),
        2 => letters.insert(at, 'q'),
        _ => letters.swap(at, (at + 1) % word.len()),
    }
    letters.into_iter().collect()
}

/// Optimal string alignment: how many slips lie between two words.
fn slips(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let same = usize::from(a[i - 1] != b[j - 1]);
                let mut least = rows[i - 1][j - 1] + same;
                least = least.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(rows[i - 2][j - 2] + 1);
                }
                least
            };
        }
    }
    rows[a.len()][b.len()]
}

#[test]
fn every_matter_is_found_in_spite_of_a_slip() {
    let mut seed = 7usize;
    for matter in &SHIPPED.matters {
        let words = texts(matter).into_iter();
        let words = words.map(|text| spelled(&text)).filter(|w| w.len() >= 4);
        for (n, word) in words.filter(|w| w.is_ascii()).enumerate() {
            seed = seed
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            let typed = slipped(&word, n % 4, seed >> 33);
            // Too short to forgive, or the first and last were swapped.
            if typed.len() < 4 || slips(&typed, &word) != 1 {
                continue;
            }
            let found = SHIPPED.search(&typed);
            let is_found = found.iter().any(|m| m.id == matter.id);
            // It may have become another matter's word.
            let is_another = found.iter().any(|m| has_the_same(m, &typed));
            assert!(is_found || is_another, "`{typed}` for `{word}`");
        }
        for text in texts(matter)
            .iter()
            .filter(|t| t.chars().all(|c| c.to_pinyin().is_some()))
        {
            let letters: Vec<char> = text.chars().collect();
            if letters.len() < 3 {
                continue;
            }
            let mut typed = letters;
            let at = seed % typed.len();
            typed[at] = '囧';
            let typed: String = typed.into_iter().collect();
            let found = SHIPPED.search(&typed);
            assert!(
                found.iter().any(|m| m.id == matter.id),
                "`{typed}` for `{text}`"
            );
        }
    }
}

#[test]
fn any_letters_are_looked_for_without_harm() {
    let all = "一yi“ｘü'é𠀀 \u{0301}zhuang生";
    let letters: Vec<char> = all.chars().collect();
    let mut seed = 1usize;
    for length in 0..120 {
        let words: String = (0..length)
            .map(|_| {
                seed = seed
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                letters[(seed >> 33) % letters.len()]
            })
            .collect();
        let found = SHIPPED.search(&words);
        assert!(found.len() <= SHIPPED.matters.len());
    }
}
