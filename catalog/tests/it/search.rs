//! Search by name and everyday words.

use yici_catalog::Catalog;

use crate::support::good;

#[test]
fn finds_by_names_keywords_and_items() {
    let catalog = Catalog::load(&good()).unwrap();
    let found = |words: &str| {
        catalog
            .search(words)
            .iter()
            .map(|m| m.id.clone())
            .collect::<Vec<_>>()
    };
    for words in [
        "生孩子",
        "我要生孩子了",
        "新生儿",
        "BABY",
        "a baby is",
        "医保",
        "refund",
        "出生 户口",
    ] {
        assert_eq!(found(words), ["demo"], "{words}");
    }
    for words in ["", "  ", "退休", "baby retirement"] {
        assert_eq!(found(words), [] as [&str; 0], "{words}");
    }
}
