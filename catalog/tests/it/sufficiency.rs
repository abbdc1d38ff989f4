//! Every department gets its own form and materials back, whatever is chosen.

use std::collections::BTreeSet;
use std::path::Path;

use yici_catalog::{Answers, Catalog, Matter};

use crate::support::demo;

#[test]
fn nothing_is_missing_in_the_shipped_catalogue() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("matters");
    for matter in &Catalog::load(&dir).unwrap().matters {
        let tried = matter.sufficiency();
        assert_eq!(tried.missing, [] as [&str; 0], "{}", matter.id);
        assert!(tried.kinds > 1 && tried.choices > tried.kinds, "{tried:?}");
    }
}

/// Tries every choice that can be made in every situation.
fn missing_in_any_choice(matter: &Matter) -> Vec<String> {
    let mut found = Vec::new();
    for situation in &matter.situations {
        for mask in 1..1 << situation.items.len() {
            let items = situation.items.iter().enumerate();
            let wanted = items.filter(|(n, _)| mask >> n & 1 == 1);
            let wanted: Vec<String> = wanted.map(|(_, id)| id.clone()).collect();
            let Ok(chosen) = matter.choose(situation, &wanted) else {
                continue;
            };
            let outcome = matter.outcome(situation, &Answers::new(), &chosen);
            for item in &chosen {
                let own = matter.own(situation, item);
                found.extend(matter.missing(item, &own, &outcome, &chosen));
            }
        }
    }
    found
}

#[test]
fn a_few_choices_tell_as_much_as_all() {
    let mut optional = demo(&[]);
    // Then what it yields comes back when it is left out.
    optional.items[0].required = false;
    let mut waiting = optional.clone();
    waiting.items[4].after.clear();
    let mut forgotten = optional.clone();
    forgotten.items[1].after.clear();
    for (name, matter, expected) in [
        ("as it is", demo(&[]), None),
        ("optional", optional, None),
        (
            "refund does not wait",
            waiting,
            Some("`refund` does not get 1 of `certificate-paper`"),
        ),
        (
            "nor registration",
            forgotten,
            Some("`registration` does not get 1 of `certificate-paper`"),
        ),
    ] {
        let few: BTreeSet<String> = matter
            .sufficiency()
            .missing
            .iter()
            .filter_map(|what| Some(what.split_once(", ")?.1.to_owned()))
            .collect();
        let all: BTreeSet<String> = missing_in_any_choice(&matter).into_iter().collect();
        assert_eq!(few, all, "{name}");
        assert_eq!(few.iter().next().map(String::as_str), expected, "{name}");
    }
}

#[test]
fn an_item_has_what_its_author_wrote() {
    let matter = demo(&[]);
    let situation = matter
        .situations
        .iter()
        .find(|s| s.id == "local.yes-some")
        .unwrap();
    let own = matter.own(situation, "registration");
    let materials: Vec<_> = own
        .materials
        .iter()
        .map(|(id, n)| (id.as_str(), *n))
        .collect();
    assert_eq!(
        materials,
        [
            ("id-card", 0),
            ("certificate-paper", 1),
            ("marriage-certificate", 3)
        ]
    );
    assert_eq!(own.fields, ["applicant-name", "spouse-name"]);
}
