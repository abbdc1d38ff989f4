//! What citizens type, over the dictionary that Debian installs.

#![allow(clippy::unwrap_used)]

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use yici_pinyin::{DEBIAN_FILE, Dictionary, MAX_LETTERS};

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
    Dictionary::load(Path::new(DEBIAN_FILE))
        .unwrap_or_else(|e| panic!("{e}; install rime-data-pinyin-simp (make packages)"))
});

static RARE: LazyLock<Dictionary> = LazyLock::new(Dictionary::rare_only);

/// Texts and syllables of the dictionary's lines, read without the crate.
static LINES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let text = fs::read_to_string(DEBIAN_FILE)
        .unwrap_or_else(|e| panic!("{e}; install rime-data-pinyin-simp (make packages)"));
    let lines = text.lines().skip_while(|l| *l != "...").skip(1);
    lines
        .filter(|l| !l.is_empty())
        .map(|l| {
            let mut columns = l.split('\t').map(str::to_owned);
            (columns.next().unwrap(), columns.next().unwrap())
        })
        .collect()
});

fn texts(letters: &str, most: usize) -> Vec<String> {
    let candidates = DICTIONARY.candidates(letters, most);
    candidates.into_iter().map(|c| c.text).collect()
}

fn place(letters: &str, text: &str) -> usize {
    let texts = texts(letters, usize::MAX);
    let place = texts.iter().position(|t| t == text);
    place.unwrap_or_else(|| panic!("{letters} does not offer {text}"))
}

#[test]
fn surnames_come_early() {
    let surnames = "zhang张 wang王 li李 zhao赵 chen陈 liu刘 yang杨 huang黄 wu吴 zhou周 xu徐 sun孙 \
        ma马 zhu朱 hu胡 guo郭 lin林 gao高 luo罗 ouyang欧阳 zhuge诸葛 shangguan上官 sima司马";
    for entry in surnames.split_whitespace() {
        let at = entry.find(|c: char| !c.is_ascii()).unwrap();
        let (letters, surname) = entry.split_at(at);
        assert!(place(letters, surname) < 8, "{entry}");
    }
    // Surnames with a reading of their own.
    for entry in [
        "qiu仇", "shan单", "xie解", "ou区", "zha查", "ge盖", "zeng曾",
    ] {
        let at = entry.find(|c: char| !c.is_ascii()).unwrap();
        let (letters, surname) = entry.split_at(at);
        assert!(place(letters, surname) < 40, "{entry}");
    }
}

#[test]
fn places_and_employers_are_typed_in_one_go() {
    for (letters, text) in [
        ("jinan", "济南"),
        ("shandongsheng", "山东省"),
        ("beijingshihaidianqu", "北京市海淀区"),
        ("shandongshengjinanshi", "山东省济南市"),
        ("shifanshiyiyuan", "示范市医院"),
        ("dierrenminyiyuan", "第二人民医院"),
        ("zhangjiagangshi", "张家港市"),
        ("zhangxiaoman", "张小曼"),
    ] {
        assert_eq!(texts(letters, 1), [text], "{letters}");
    }
}

#[test]
fn what_has_two_readings_offers_both() {
    assert!(place("xian", "先") < 9 && place("xian", "西安") < 9);
    assert!(place("fangan", "方案") < 9 && place("fangan", "反感") < 9);
    assert_eq!(texts("xi'an", 2), ["西安", "西岸"]);
    assert!(!texts("xi'an", usize::MAX).contains(&"先".to_owned()));
    // What is left begins another syllable.
    let xi = DICTIONARY.candidates("xian", usize::MAX);
    assert!(xi.iter().any(|c| c.text == "西" && c.letters == 2));
}

#[test]
fn what_is_begun_offers_something() {
    assert!(place("zh", "张") < 16 && place("zh", "中") == 0);
    assert!(place("zha", "炸") == 0);
    assert!(place("zhonggu", "中国") < 9 && place("zhongguor", "中国人") == 0);
    // Initials, alone and mixed with syllables.
    assert!(place("jn", "济南") < 16 && place("zhg", "中国") < 9);
    assert!(place("zhangjg", "张家港") < 9);
}

#[test]
fn umlauts_are_typed_as_v() {
    assert_eq!(texts("lvse", 1), ["绿色"]);
    assert_eq!(texts("nver", 1), ["女儿"]);
    assert_eq!(texts("lve", 3), texts("lue", 3));
    assert_eq!(place("lve", "略"), 0);
    assert_eq!(texts("jvan", 9), texts("juan", 9));
    assert_eq!(place("lv", "吕"), 2);
}

#[test]
fn rare_characters_of_names_are_offered() {
    let rare = "yun赟 kun堃 yan䶮 jie㛃 yi祎 hua婳 di頔 hong𬭎 fu𫖯 yao垚 zhe喆 yu昱 ying瑛 jing婧";
    for entry in rare.split_whitespace() {
        let at = entry.find(|c: char| !c.is_ascii()).unwrap();
        let (letters, character) = entry.split_at(at);
        let place = place(letters, character);
        println!("{entry}: {place}");
        assert!(place < 150, "{entry}: {place}");
        let without = RARE.candidates(letters, usize::MAX);
        assert!(without.iter().any(|c| c.text == character), "{entry}");
    }
}

#[test]
fn what_cannot_be_shown_is_not_offered() {
    let mut dictionary = Dictionary::load(Path::new(DEBIAN_FILE)).unwrap();
    dictionary.retain(|c| ('\u{4e00}'..='\u{9fff}').contains(&c) && c != '市');
    for letters in ["jie", "shi", "hong", "zh", "shifanshiyiyuan", "beijingshi"] {
        let candidates = dictionary.candidates(letters, usize::MAX);
        let mut shown = candidates.iter().flat_map(|c| c.text.chars());
        assert!(shown.all(|c| c < '\u{a000}' && c > '\u{4dff}' && c != '市'));
        assert!(!candidates.is_empty());
    }
}

#[test]
fn every_character_of_every_syllable_can_be_reached() {
    let mut of: HashMap<&str, Vec<&str>> = HashMap::new();
    for (text, syllables) in LINES.iter().filter(|(t, _)| t.chars().count() == 1) {
        of.entry(syllables).or_default().push(text);
    }
    for (syllable, characters) in of {
        let texts: HashSet<String> = texts(syllable, usize::MAX).into_iter().collect();
        let missing: Vec<_> = characters.iter().filter(|c| !texts.contains(**c)).collect();
        assert!(missing.is_empty(), "{syllable}: {missing:?}");
    }
}

#[test]
fn the_national_list_can_be_typed() {
    let syllables: HashSet<&String> = LINES.iter().map(|(_, s)| s).collect();
    for dictionary in [&*DICTIONARY, &*RARE] {
        let mut offered = HashSet::new();
        for syllable in syllables.iter().filter(|s| !s.contains(' ')) {
            let candidates = dictionary.candidates(syllable, usize::MAX);
            offered.extend(candidates.into_iter().map(|c| c.text));
        }
        let list: Vec<char> = include_str!("../src/standard.txt").chars().collect();
        let list = list.into_iter().filter(|c| !c.is_whitespace());
        let missing: String = list.filter(|c| !offered.contains(&c.to_string())).collect();
        assert_eq!(missing, "");
    }
}

#[test]
fn composed_letters_show_their_syllables() {
    for (letters, shown) in [
        ("", ""),
        ("'", ""),
        ("zhangxiaoman", "zhang'xiao'man"),
        ("xian", "xian"),
        ("xi'an", "xi'an"),
        ("xi'", "xi'"),
        ("fangan", "fang'an"),
        ("nver", "nv'er"),
        ("zhongguor", "zhong'guo'r"),
        ("jn", "j'n"),
        ("zhangvv", "zhang'vv"),
        ("vvv", "vvv"),
        ("ZHANG王", "zhang"),
    ] {
        assert_eq!(DICTIONARY.syllables(letters), shown, "{letters}");
    }
}

#[test]
fn letters_are_bounded() {
    let long = "zhang".repeat(1000);
    for candidate in DICTIONARY.candidates(&long, 50) {
        assert!(candidate.letters <= MAX_LETTERS);
    }
    assert_eq!(
        DICTIONARY.syllables(&"a".repeat(1000)).len(),
        2 * MAX_LETTERS - 1
    );
    assert!(texts("zhang", 0).is_empty());
    for nothing in ["", "'", "v", "uuu", "张", "7zhang", "\u{0}"] {
        assert!(texts(nothing, 9).is_empty(), "{nothing}");
    }
}

#[test]
fn pages_are_parts_of_one_list() {
    let all = texts("yi", usize::MAX);
    let distinct: HashSet<&String> = all.iter().collect();
    assert!(all.len() > 500 && distinct.len() == all.len());
    for most in [1, 9, 18, 400] {
        assert_eq!(texts("yi", most), all[..most]);
    }
}

/// All readings of each character, of the dictionary and of the crate `pinyin`.
static READINGS: LazyLock<HashMap<char, Vec<String>>> = LazyLock::new(|| {
    use pinyin::ToPinyinMulti;
    let mut readings: HashMap<char, Vec<String>> = HashMap::new();
    for (text, syllables) in LINES.iter() {
        for (character, syllable) in text.chars().zip(syllables.split(' ')) {
            readings
                .entry(character)
                .or_default()
                .push(syllable.to_owned());
        }
    }
    for character in '\u{3400}'..='\u{323af}' {
        for reading in character.to_pinyin_multi().into_iter().flatten() {
            let spelling = reading.plain().replace("üe", "ue").replace('ü', "v");
            readings.entry(character).or_default().push(spelling);
        }
    }
    for all in readings.values_mut() {
        all.sort();
        all.dedup();
    }
    readings
});

/// Whether letters can be typed for a text: each of its characters by the beginning of a reading,
/// and by all of it if `whole`.
fn can_mean(letters: &str, text: &str, whole: bool) -> bool {
    let letters = letters.trim_start_matches('\'');
    let mut characters = text.chars();
    let Some(character) = characters.next() else {
        return letters.is_empty();
    };
    READINGS[&character].iter().any(|reading| {
        let shortest = if whole { reading.len() } else { 1 };
        (shortest..=reading.len()).any(|length| {
            let rest = match letters.strip_prefix(&reading[..length]) {
                Some(rest) => Some(rest),
                // ü after l and n.
                None if reading.ends_with("ue") => letters
                    .strip_prefix(&reading[..1])
                    .and_then(|rest| rest.strip_prefix("ve")),
                None => None,
            };
            rest.is_some_and(|rest| can_mean(rest, characters.as_str(), whole))
        })
    })
}

fn spelled() -> impl Strategy<Value = Vec<String>> {
    let syllable = any::<prop::sample::Index>().prop_map(|at| {
        let (_, syllables) = at.get(&LINES);
        syllables.split(' ').next().unwrap().to_owned()
    });
    // The longest is of six letters; those without vowels are never read in full.
    let syllable = syllable.prop_filter("no vowel", |s| s.contains(['a', 'e', 'i', 'o', 'u', 'v']));
    prop::collection::vec(syllable, 1..=6)
}

proptest! {
    #[test]
    fn never_panics_and_never_takes_more_than_was_typed(typed in "\\PC{0,60}", most in 0..100usize) {
        for dictionary in [&*DICTIONARY, &*RARE] {
            let candidates = dictionary.candidates(&typed, most);
            prop_assert!(candidates.len() <= most);
            for candidate in candidates {
                prop_assert!(candidate.letters > 0 && typed.is_char_boundary(candidate.letters));
                prop_assert!(candidate.letters <= typed.len());
            }
            dictionary.syllables(&typed);
        }
    }

    #[test]
    fn what_is_offered_is_what_the_letters_can_mean(typed in "[a-z']{1,60}") {
        let first = DICTIONARY.candidates(&typed, 300);
        let mut seen = HashSet::new();
        for candidate in &first {
            prop_assert!(candidate.letters <= MAX_LETTERS.min(typed.len()));
            prop_assert!(seen.insert(&candidate.text), "twice: {}", candidate.text);
            let letters = typed[..candidate.letters].replace("jv", "ju").replace("qv", "qu")
                .replace("xv", "xu").replace("yv", "yu");
            prop_assert!(can_mean(&letters, &candidate.text, false), "{letters}: {}", candidate.text);
        }
        let again = DICTIONARY.candidates(&typed, 300);
        prop_assert!(first == again);
    }

    #[test]
    fn whole_syllables_are_read_whole(syllables in spelled(), separator in "'?") {
        let letters = syllables.join(&separator);
        let candidates = DICTIONARY.candidates(&letters, usize::MAX);
        prop_assert_eq!(candidates[0].letters, letters.len());
        prop_assert!(can_mean(&letters, &candidates[0].text, true), "{}", candidates[0].text);
        let shown = DICTIONARY.syllables(&letters);
        prop_assert_eq!(shown.replace('\'', ""), syllables.concat());
        // Separators are kept; others may be added.
        let mut parts = shown.split('\'');
        for syllable in syllables.iter().filter(|_| !separator.is_empty()) {
            let mut read = String::new();
            while read.len() < syllable.len() {
                read.push_str(parts.next().unwrap_or("?"));
            }
            prop_assert_eq!(&read, syllable);
        }
    }

    #[test]
    fn every_word_is_offered(at in any::<prop::sample::Index>(), separated in any::<bool>()) {
        let (text, syllables) = at.get(&LINES);
        let letters = syllables.replace(' ', if separated { "'" } else { "" });
        let candidates = DICTIONARY.candidates(&letters, usize::MAX);
        let found = candidates.iter().find(|c| c.text == *text);
        prop_assert_eq!(found.map(|c| c.letters), Some(letters.len()), "{} {}", text, letters);
    }
}
