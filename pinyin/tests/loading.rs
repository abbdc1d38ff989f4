//! Good and bad dictionary files.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use yici_pinyin::{Dictionary, LoadError, Problem};

const HEAD: &str = "# a comment\n---\nname: test\nsort: by_weight\n...\n";

fn load(text: impl AsRef<[u8]>) -> Result<Dictionary, LoadError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    Dictionary::load(file.path())
}

fn problem(text: impl AsRef<[u8]>) -> (usize, Problem) {
    match load(text).err() {
        Some(LoadError::Line { line, problem, .. }) => (line, problem),
        Some(LoadError::Read { .. } | LoadError::TooLarge { .. }) | None => {
            panic!("no line is wrong")
        }
    }
}

#[test]
fn lines_are_words() {
    let text =
        format!("{HEAD}\n# comment\n南路\tnan lu\t7\r\n男鹿\tnan lu\n没有\n策略\tce lve\t\n");
    let dictionary = load(text).unwrap();
    let first = |letters, most| -> Vec<String> {
        let candidates = dictionary.candidates(letters, most);
        candidates.into_iter().map(|c| c.text).collect()
    };
    assert_eq!(first("nanlu", 2), ["南路", "男鹿"]);
    assert_eq!(first("celue", 1), ["策略"]);
    assert!(!first("meiyou", usize::MAX).contains(&"没有".to_owned()));
    // What the file lacks is added.
    assert!(first("kun", usize::MAX).contains(&"堃".to_owned()));
}

#[test]
fn a_wrong_line_is_named() {
    let fifth = |line: &str| problem(format!("{HEAD}好\thao\t1\n{line}\n"));
    assert_eq!(fifth("\thao\t1"), (7, Problem::Text));
    assert_eq!(fifth("好\tHAO\t1"), (7, Problem::Syllable));
    assert_eq!(fifth("好\thao3\t1"), (7, Problem::Syllable));
    assert_eq!(fifth("好\tzhuangs\t1"), (7, Problem::Syllable));
    assert_eq!(fifth("你好\tni  hao\t1"), (7, Problem::Syllable));
    assert_eq!(fifth("你好\tnihao\t1"), (7, Problem::Count));
    assert_eq!(fifth("好\thao\t-1"), (7, Problem::Weight));
    assert_eq!(fifth("好\thao\t50%"), (7, Problem::Weight));
    assert_eq!(fifth("好\thao\t4294967296"), (7, Problem::Weight));
    assert_eq!(
        problem([HEAD.as_bytes(), b"\xff\thao\t1"].concat()),
        (6, Problem::Encoding)
    );
    assert_eq!(problem("---\nname: x\n"), (3, Problem::NoWords));
    assert_eq!(problem(""), (1, Problem::NoWords));
    assert_eq!(
        problem("---\ncolumns:\n  - code\n...\n"),
        (2, Problem::Columns)
    );
}

#[test]
fn files_are_bounded() {
    assert!(matches!(
        load(vec![b'#'; 9 << 20]).err(),
        Some(LoadError::TooLarge { .. })
    ));
    let mut text = HEAD.to_owned();
    for number in 0..3000_u32 {
        let letter = |part: u32| char::from(b'a' + (part % 26) as u8);
        let (a, b, c) = (letter(number / 676), letter(number / 26), letter(number));
        text.push_str(&format!("好\t{a}{b}{c}\t1\n"));
    }
    assert_eq!(problem(text).1, Problem::TooManySyllables);
}

#[test]
fn errors_say_file_and_line() {
    let missing = Dictionary::load(Path::new("/nowhere/words.yaml"))
        .err()
        .unwrap();
    assert!(missing.to_string().starts_with("/nowhere/words.yaml: "));
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), format!("{HEAD}好\thao\tx\n")).unwrap();
    let wrong = Dictionary::load(file.path()).err().unwrap().to_string();
    let expected = format!(
        "{}:6: a weight is a whole number below 2³²",
        file.path().display()
    );
    assert_eq!(wrong, expected);
}
