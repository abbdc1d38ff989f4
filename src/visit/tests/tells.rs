//! What citizens are told and take away, over the shipped catalogue.

use std::collections::BTreeSet;

use yici_catalog::Answers;
use yici_hal::slip::{Element, PaperWidth};

use super::super::page::{Material, Notice, Outcome};
use super::super::terminal::Around;
use super::super::{notice, result, sheet};
use super::*;
use crate::slips::Document;

/// Does something with every matter as an empty hall shows it.
fn each_matter(mut see: impl FnMut(&yici_catalog::Matter, &Around)) {
    let catalog = shipped();
    let walk = Walk::new();
    let text = || Text {
        zh: "大厅".into(),
        en: "Hall".into(),
    };
    let hall = Hall {
        name: text(),
        terminal: "A-01".into(),
        desk: text(),
        phones: vec![],
        local_addresses: vec![],
    };
    let around = Around {
        catalog: &catalog,
        hall: &hall,
        timing: &Timing::default(),
        health: &Health::default(),
        now: walk.now,
    };
    for matter in &catalog.matters {
        see(matter, &around);
    }
}

/// Some situations of a matter with all their items, as the result page shows them.
fn outcomes(matter: &yici_catalog::Matter, around: &Around) -> Vec<Outcome> {
    let some = (0..matter.situations.len()).step_by(13);
    some.map(|situation| {
        let all = matter.all_items(&matter.situations[situation]);
        result::outcome(matter, situation, &Answers::new(), &all, around)
    })
    .collect()
}

fn names(materials: &[Material]) -> BTreeSet<&str> {
    materials.iter().map(|m| m.name.zh.as_str()).collect()
}

/// Everything that a slip says, without its line breaks.
fn said(document: &Document) -> String {
    let slip = document.lay_out(PaperWidth::Mm80);
    let mut said = String::new();
    for element in &slip.elements {
        if let Element::Line { text, .. } = element {
            said.push_str(text.trim());
        }
    }
    said
}

fn told(matter: &yici_catalog::Matter, around: &Around) -> Notice {
    notice::notice(matter, around)
}

#[test]
fn whatever_the_result_asks_for_was_told_before() {
    each_matter(|matter, around| {
        let notice = told(matter, around);
        let beforehand: BTreeSet<&str> = notice
            .materials
            .iter()
            .map(|material| material.name.zh.as_str())
            .collect();
        for outcome in outcomes(matter, around) {
            for name in names(&outcome.materials).union(&names(&outcome.optional)) {
                assert!(beforehand.contains(name), "{}: {name}", matter.id);
            }
        }
    });
    // What one item makes for some people, the others have and bring.
    let mut seen = 0;
    each_matter(|matter, around| {
        let held = match matter.id.as_str() {
            "newborn" => "出生医学证明",
            "marriage" => "结婚证",
            "after-death" => "居民死亡医学证明（推断）书",
            _ => return,
        };
        let notice = told(matter, around);
        let material = notice.materials.iter().find(|m| m.name.zh == held);
        assert!(material.is_some_and(|m| m.unless_made), "{held}");
        let slip = said(&sheet::notice_sheet(matter, Lang::Zh, around));
        let line = format!("□ {held}");
        assert!(slip.contains(&line), "{slip}");
        assert!(slip.contains("已经有的要带，这次才办的不用带"), "{slip}");
        seen += 1;
    });
    assert_eq!(seen, 3);
}

#[test]
fn nobody_is_told_to_bring_what_the_system_fills_in() {
    let mut filled = 0;
    each_matter(|matter, around| {
        let forms: BTreeSet<&str> = matter
            .materials
            .iter()
            .filter(|material| material.is_filled_in())
            .map(|material| material.name.zh.as_str())
            .collect();
        let notice = told(matter, around);
        let told: BTreeSet<&str> = notice.filled.iter().map(|name| name.zh.as_str()).collect();
        assert_eq!(told, forms, "{}", matter.id);
        assert!(
            notice
                .materials
                .iter()
                .all(|m| !forms.contains(m.name.zh.as_str()))
        );
        for outcome in outcomes(matter, around) {
            assert!(names(&outcome.filled).is_subset(&forms), "{}", matter.id);
            for form in &outcome.filled {
                assert!(form.handing.elements.zh.contains("系统填好"), "{form:?}");
            }
            for list in [&outcome.materials, &outcome.optional] {
                assert!(names(list).is_disjoint(&forms), "{}", matter.id);
            }
            assert!(outcome.materials.iter().all(|m| !m.handing.optional));
            assert!(outcome.optional.iter().all(|m| m.handing.optional));
            filled += outcome.filled.len();
        }
    });
    assert!(filled > 10);
}

#[test]
fn the_sheet_counts_what_must_be_brought_and_nothing_else() {
    let mut optional = 0;
    each_matter(|matter, around| {
        for situation in (0..matter.situations.len()).step_by(29) {
            let all = matter.all_items(&matter.situations[situation]);
            let answers = Answers::new();
            let sheet = sheet::guidance_sheet(matter, situation, &answers, &all, Lang::Zh, around);
            let Document::Guidance { outcome, .. } = &sheet else {
                panic!("{sheet:?}");
            };
            let slip = said(&sheet);
            let count = format!("备齐下面 {} 份材料", outcome.materials.len());
            let none = outcome.materials.is_empty();
            assert!(none || slip.contains(&count), "{}: {slip}", matter.id);
            let filled = slip.contains("系统填好的表，不用带");
            assert_eq!(filled, !outcome.filled.is_empty(), "{}", matter.id);
            for form in &outcome.filled {
                assert!(!slip.contains(&format!("□ {}", form.name.zh)), "{slip}");
            }
            let free = slip.contains("有就带，没有也行");
            assert_eq!(free, !outcome.optional.is_empty(), "{}", matter.id);
            optional += outcome.optional.len();
        }
    });
    assert!(optional > 0);
}

#[test]
fn the_long_sheet_says_why_and_the_plain_one_stays_short() {
    let mut walk = Walk::new();
    walk.reach_result();
    walk.touch(Touch::Main);
    walk.touch(Touch::PrintLong);
    let mut printed = None;
    for effect in &walk.effects {
        if let Effect::Print { document, .. } = effect {
            printed = Some(document.as_ref().clone());
        }
    }
    let long = printed.expect("a slip is printed");
    let plain = said(&long.clone().detailed(false));
    let long = said(&long);
    for reason in [
        "规定：办出生登记（上户口），父母已结婚的要",
        "您的回答：",
        "依据：国办发〔2015〕96号第二条第（一）项",
        "若上集体户，则不需要“居民户口簿（孩子要上的那一本）”。",
        "- 亲子鉴定意见书：父母已结婚",
        "- 集体户名称：",
    ] {
        assert!(long.contains(reason), "{reason}: {long}");
        assert!(!plain.contains(reason), "{reason}: {plain}");
    }
    // Necessity, source and form of each material stand on both (appendix A).
    for slip in [&plain, &long] {
        assert!(
            slip.contains("证件证明，公安机关出具，纸质或电子"),
            "{slip}"
        );
    }
}

#[test]
fn the_result_says_why_and_what_would_spare_a_material() {
    let mut walk = Walk::new();
    let Content::Result(outcome) = walk.reach_result().content else {
        panic!();
    };
    let register = "居民户口簿（孩子要上的那一本）";
    let register = outcome.materials.iter().find(|m| m.name.zh == register);
    let why = &register
        .expect("the first answers say a family household")
        .why;
    assert_eq!(
        why.answers.as_ref().map(|a| a.zh.as_str()),
        Some("上家庭户")
    );
    assert_eq!(why.basis[0].zh, "《户口登记条例》第五条、第七条");
    let unless = why
        .unless
        .as_ref()
        .expect("a collective household has none");
    assert_eq!(
        unless.zh,
        "若上集体户，则不需要“居民户口簿（孩子要上的那一本）”。"
    );
    let spared = outcome
        .not_needed
        .iter()
        .find(|(name, _)| name.zh == "非婚生育说明");
    assert_eq!(
        spared.map(|(_, because)| because.zh.as_str()),
        Some("父母已结婚")
    );
    // Of each field, too: a law where the matter has one, and who asks.
    assert!(!outcome.form.is_empty());
    for (label, why) in &outcome.form {
        assert!(!why.by.is_empty() && !why.basis.is_empty(), "{}", label.zh);
    }
}

#[test]
fn the_notification_can_be_taken_along_whole() {
    let mut walk = Walk::new();
    walk.touch(Touch::Wake);
    walk.touch(Touch::Matter("newborn".into()));
    let Content::Phone { payload } = walk.touch(Touch::Phone).content else {
        panic!();
    };
    assert!(payload.contains("□出生医学证明") && payload.contains("□结婚证"));
    let page = walk.touch(Touch::Main);
    assert!(matches!(page.content, Content::Notice(_)));

    each_matter(|matter, around| {
        let document = sheet::notice_sheet(matter, Lang::Zh, around);
        let slip = document.lay_out(PaperWidth::Mm58);
        let codes = slip.elements.iter();
        let codes = codes.filter(|element| matches!(element, Element::Qr { .. }));
        assert_eq!(codes.count(), 1, "{}", matter.id);
        let slip = said(&document);
        for element in ["配合单位", "监督投诉", "怎样办", "要跑几次"] {
            assert!(
                slip.contains(&format!("- {element}：")),
                "{}: {slip}",
                matter.id
            );
        }
        let fee = matter.guide.fee_basis.is_some();
        assert_eq!(slip.contains("- 收费依据："), fee, "{}", matter.id);
    });
}

#[test]
fn what_usually_comes_next_is_told_with_the_result() {
    let mut told = 0;
    each_matter(|matter, around| {
        let shorts = around
            .catalog
            .next(&matter.id)
            .map(|next| next.short.clone());
        let shorts: Vec<Text> = shorts.collect();
        for outcome in outcomes(matter, around) {
            assert_eq!(outcome.next, shorts, "{}", matter.id);
        }
        told += usize::from(!shorts.is_empty());
        assert!(shorts.iter().all(|short| *short != matter.short));
    });
    assert!(told > 3);
}

/// What results and filled forms look like can be looked at, but for what is a PDF.
#[test]
fn every_sample_is_a_picture_that_can_be_drawn() {
    let mut drawn = BTreeSet::new();
    each_matter(|matter, around| {
        let results = notice::notice(matter, around)
            .items
            .into_iter()
            .map(|item| item.sample);
        let materials = outcomes(matter, around).into_iter().flat_map(|outcome| {
            let all = [outcome.materials, outcome.optional, outcome.filled];
            all.into_iter().flatten().map(|material| material.sample)
        });
        for file in results.chain(materials).flatten() {
            if !drawn.contains(&file) {
                let picture = slint::Image::load_from_path(&file)
                    .unwrap_or_else(|_| panic!("{} cannot be drawn", file.display()));
                assert!(picture.size().width > 0, "{}", file.display());
                drawn.insert(file);
            }
        }
    });
    assert!(drawn.len() > 100, "only {} samples", drawn.len());
}
