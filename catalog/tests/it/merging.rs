//! One set of materials, one form, one flow: whatever is chosen.

use std::collections::BTreeSet;

use serde_json::json;
use yici_catalog::{Answers, ChoiceError, Matter, Outcome, Situation};

use crate::support::{answers, demo};

fn situation<'m>(matter: &'m Matter, id: &str) -> &'m Situation {
    matter.situations.iter().find(|s| s.id == id).unwrap()
}

fn chosen(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn outcome(matter: &Matter, id: &str, items: &[&str]) -> Outcome {
    matter.outcome(situation(matter, id), &Answers::new(), &chosen(items))
}

fn materials(outcome: &Outcome) -> Vec<(&str, u32)> {
    outcome
        .materials
        .iter()
        .map(|m| (m.material.as_str(), m.copies))
        .collect()
}

fn not_asked(outcome: &Outcome) -> Vec<&str> {
    outcome
        .not_asked
        .iter()
        .map(|m| m.material.as_str())
        .collect()
}

#[test]
fn items_follow_the_situation() {
    let matter = demo(&[]);
    assert_eq!(
        situation(&matter, "local.yes-some").items,
        [
            "certificate",
            "registration",
            "insurance",
            "payment",
            "refund"
        ]
    );
    assert_eq!(
        situation(&matter, "local.yes-none").items,
        ["certificate", "registration", "insurance", "payment"]
    );
    assert_eq!(situation(&matter, "elsewhere.home").items, ["certificate"]);
    let text = &situation(&matter, "local.yes-some").text;
    assert_eq!(text.zh, "孩子在本市落户，父母已婚，有发票");
    assert_eq!(
        text.en,
        "The baby is registered here, the parents are married, with invoices"
    );
}

#[test]
fn yielded_material_disappears_and_comes_back() {
    let matter = demo(&[]);
    let all = outcome(
        &matter,
        "local.no-some",
        &["certificate", "registration", "refund"],
    );
    assert_eq!(materials(&all), [("id-card", 0)]);
    assert_eq!(not_asked(&all), ["certificate-paper", "birth-record"]);
    assert_eq!(
        all.not_asked[0].because.zh,
        "“出生医学证明”办出来的结果，部门之间直接用"
    );
    assert_eq!(all.not_asked[1].because.zh, "医院已上传");
    let without = outcome(&matter, "local.no-some", &["registration", "refund"]);
    assert_eq!(
        materials(&without),
        [("id-card", 0), ("certificate-paper", 1)]
    );
    assert_eq!(not_asked(&without), [] as [&str; 0]);
    let why: Vec<&str> = without.materials[1]
        .why
        .iter()
        .map(|r| r.item.as_str())
        .collect();
    assert_eq!(why, ["registration", "refund"]);
}

#[test]
fn copies_are_the_most_that_one_needs() {
    let matter = demo(&[]);
    let both = outcome(
        &matter,
        "local.yes-none",
        &["registration", "insurance", "payment"],
    );
    assert!(materials(&both).contains(&("marriage-certificate", 3)));
    let one = outcome(&matter, "local.yes-none", &["insurance", "payment"]);
    assert_eq!(materials(&one), [("marriage-certificate", 1)]);
    let reason = &one.materials[0].why[0];
    assert_eq!(reason.answers, [("married".to_owned(), "yes".to_owned())]);
    let unmarried = outcome(&matter, "local.no-none", &["insurance", "payment"]);
    assert_eq!(materials(&unmarried), []);
}

#[test]
fn reasons_name_the_answer_given() {
    let matter = demo(&[]);
    let outcome = matter.outcome(
        situation(&matter, "local.yes-some"),
        &answers(json!({"married": "yes", "bills": 4})),
        &chosen(&["registration"]),
    );
    let id_card = &outcome.materials[0].why[0];
    assert_eq!(id_card.answers, []);
    assert_eq!(id_card.basis.as_ref().unwrap().en, "Article 7");
}

#[test]
fn the_form_merges_by_meaning() {
    let matter = demo(&[]);
    let form = outcome(&matter, "local.yes-none", &["certificate", "registration"]).form;
    let told: Vec<_> = form
        .iter()
        .map(|f| {
            (
                f.field.as_str(),
                f.from.join(" "),
                f.prefilled.as_deref(),
                f.required,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "applicant-name",
                "certificate registration".to_owned(),
                Some("card.name"),
                true
            ),
            (
                "birth-date",
                "certificate".to_owned(),
                Some("register.birth"),
                true
            ),
            ("spouse-name", "registration".to_owned(), None, false),
        ]
    );
    let form = outcome(&matter, "local.no-none", &["registration"]).form;
    assert_eq!(form.len(), 1);
    assert_eq!(form[0].from, ["registration"]);
}

#[test]
fn flow_and_promise_follow_the_choice() {
    let matter = demo(&[]);
    let all = [
        "certificate",
        "registration",
        "insurance",
        "payment",
        "refund",
    ];
    let whole = outcome(&matter, "local.yes-some", &all);
    assert_eq!(
        whole.flow,
        [
            vec!["certificate"],
            vec!["registration", "refund"],
            vec!["insurance", "payment"]
        ]
    );
    assert_eq!(whole.promised_working_days, 8);
    let less = outcome(&matter, "local.yes-some", &all[..4]);
    assert_eq!(less.promised_working_days, 6);
    // What is not chosen is not waited for.
    let apart = outcome(
        &matter,
        "local.yes-some",
        &["refund", "insurance", "payment"],
    );
    assert_eq!(apart.flow, [["insurance", "payment", "refund"]]);
    assert_eq!(apart.promised_working_days, 7);
    let nothing = outcome(&matter, "local.yes-some", &[]);
    assert_eq!(nothing.flow, [] as [Vec<String>; 0]);
    assert_eq!(nothing.promised_working_days, 0);
}

#[test]
fn toggling_keeps_law_and_requirement() {
    let matter = demo(&[]);
    let situation = situation(&matter, "local.yes-some");
    let mut items = matter.all_items(situation);
    matter.toggle(situation, &mut items, "certificate");
    assert!(items.contains("certificate"), "required");
    matter.toggle(situation, &mut items, "payment");
    assert_eq!(items, chosen(&["certificate", "registration", "refund"]));
    matter.toggle(situation, &mut items, "insurance");
    assert_eq!(items, matter.all_items(situation));
    matter.toggle(situation, &mut items, "refund");
    matter.toggle(situation, &mut items, "no-such-item");
    assert_eq!(items.len(), 4);
}

#[test]
fn outcome_lists_every_item() {
    let matter = demo(&[]);
    let items = outcome(&matter, "local.no-none", &["certificate"]).items;
    let told: Vec<_> = items
        .iter()
        .map(|i| (i.id.as_str(), i.required, i.joined_with.join(" "), i.chosen))
        .collect();
    assert_eq!(
        told,
        [
            ("certificate", true, String::new(), true),
            ("registration", false, String::new(), false),
            ("insurance", false, "payment".to_owned(), false),
            ("payment", false, "insurance".to_owned(), false),
        ]
    );
}

#[test]
fn choosing_is_strict() {
    let matter = demo(&[]);
    let situation = situation(&matter, "local.no-none");
    let choose = |ids: &[&str]| {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        matter.choose(situation, &ids)
    };
    assert_eq!(choose(&["certificate"]), Ok(chosen(&["certificate"])));
    assert_eq!(
        choose(&["moon"]),
        Err(ChoiceError::Unknown("moon".to_owned()))
    );
    assert_eq!(
        choose(&["certificate", "refund"]),
        Err(ChoiceError::NotHere("refund".to_owned()))
    );
    assert_eq!(
        choose(&["registration"]),
        Err(ChoiceError::Required("certificate".to_owned()))
    );
    assert_eq!(
        choose(&["certificate", "payment"]),
        Err(ChoiceError::Joined(
            "payment".to_owned(),
            "insurance".to_owned()
        ))
    );
    let free = demo(&[(
        "required = true\nrequired_why = { zh = \"其他事项都要用\", en = \"All others need it\" }\n",
        "",
    )]);
    assert_eq!(
        free.choose(&free.situations[0], &[]),
        Err(ChoiceError::Nothing)
    );
}
