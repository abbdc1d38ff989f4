//! `guide` as DESIGN.md promises it to other tools.

use serde_json::{Value, json};
use yici_catalog::{Catalog, Lang, guide};

use crate::support::{TODAY, good};

fn told(answers: Value, items: Option<&[&str]>, lang: Lang) -> Value {
    let catalog = Catalog::load(&good()).unwrap();
    let matter = catalog.matter("demo").unwrap();
    let items: Option<Vec<String>> = items.map(|i| i.iter().map(|i| (*i).to_owned()).collect());
    guide(&catalog, matter, &answers, items.as_deref(), TODAY, lang)
}

#[test]
fn a_question() {
    assert_eq!(
        told(
            json!({"place": "home", "born": "2026-11-01"}),
            None,
            Lang::En
        ),
        json!({
            "state": "question",
            "question": {
                "id": "register",
                "text": "Where are you registered?",
                "kind": "choice",
                "options": [{"id": "local", "text": "Here"}, {"id": "elsewhere", "text": "Elsewhere"}],
                "resource": "card.local",
            },
            "asked": 2,
            "at_most_left": 3,
        })
    );
}

#[test]
fn a_window() {
    assert_eq!(
        told(json!({"place": "abroad"}), None, Lang::Zh),
        json!({"state": "window", "reason": "境外出生由出入境窗口办理", "where": "二楼B01"})
    );
}

#[test]
fn a_settled_situation() {
    let answers = json!({"place": "home", "born": "2026-11-01", "register": "local", "married": "yes", "bills": 0});
    assert_eq!(
        told(answers, Some(&["certificate", "registration"]), Lang::En),
        json!({
            "state": "settled",
            "situation": {
                "id": "local.yes-none",
                "text": "The baby is registered here, the parents are married, without invoices",
            },
            "items": [
                {"id": "certificate", "name": "Birth certificate", "unit": "Demo City Health Commission", "required": true},
                {"id": "registration", "name": "Household registration", "unit": "Demo City Police", "required": false},
            ],
            "materials": [
                {
                    "id": "id-card",
                    "name": "ID card",
                    "form": "paper or electronic",
                    "original": "check",
                    "copies": 0,
                    "why": [
                        {"item": "certificate", "text": "To check who you are", "basis": null, "item_basis": [], "rule": {}, "answers": {}, "item_answers": {}},
                        {"item": "registration", "text": "To check the householder", "basis": "Article 7", "item_basis": [], "rule": {}, "answers": {}, "item_answers": {"register": "local"}},
                    ],
                    "unless": null,
                },
                {
                    "id": "marriage-certificate",
                    "name": "Marriage certificate",
                    "form": "paper or electronic",
                    "original": "copy",
                    "copies": 3,
                    "why": [
                        {"item": "registration", "text": "To prove the marriage", "basis": null, "item_basis": [], "rule": {"married": ["yes"]}, "answers": {"married": "yes"}, "item_answers": {"register": "local"}},
                    ],
                    "unless": {"answers": {"married": "no"}, "text": "If the parents are not married, \"Marriage certificate\" is not needed."},
                },
            ],
            "not_asked": [
                {"id": "certificate-paper", "because": "Produced by \"Birth certificate\" and passed on between departments", "result_of": "certificate"},
                {"id": "birth-record", "because": "The hospital has sent it", "result_of": null},
            ],
            "not_needed": [],
            "form": [
                {
                    "id": "applicant-name", "label": "Name", "kind": "text", "required": true, "from": ["certificate", "registration"], "prefilled": "card",
                    "why": [
                        {"item": "certificate", "text": "Asked by \"Birth certificate\"", "basis": null, "item_basis": [], "rule": {}, "answers": {}, "item_answers": {}},
                        {"item": "registration", "text": "Asked by \"Household registration\"", "basis": null, "item_basis": [], "rule": {}, "answers": {}, "item_answers": {"register": "local"}},
                    ],
                    "unless": null,
                },
                {
                    "id": "birth-date", "label": "Date of birth", "kind": "date", "required": true, "from": ["certificate"], "prefilled": "register.birth",
                    "why": [
                        {"item": "certificate", "text": "Asked by \"Birth certificate\"", "basis": null, "item_basis": [], "rule": {}, "answers": {}, "item_answers": {}},
                    ],
                    "unless": null,
                },
                {
                    "id": "spouse-name", "label": "Spouse's name", "kind": "text", "required": false, "from": ["registration"], "prefilled": null,
                    "why": [
                        {"item": "registration", "text": "Asked by \"Household registration\"", "basis": null, "item_basis": [], "rule": {"married": ["yes"]}, "answers": {"married": "yes"}, "item_answers": {"register": "local"}},
                    ],
                    "unless": {"answers": {"married": "no"}, "text": "If the parents are not married, \"Spouse's name\" is not needed."},
                },
            ],
            "form_not_needed": [
                {"id": "home-birth", "because": "the answer to \"Where are you registered?\" is \"Here\"", "answers": {"register": "local"}, "left_out": []},
            ],
            "flow": [["certificate"], ["registration"]],
            "promised_working_days": 4,
        })
    );
}

#[test]
fn errors() {
    let error = |answers: Value, question: &str, message: &str| {
        assert_eq!(
            told(answers, None, Lang::En),
            json!({"state": "error", "question": question, "message": message})
        );
    };
    let no_question = |told: Value, message: &str| {
        assert_eq!(
            told,
            json!({"state": "error", "question": null, "message": message})
        );
    };
    error(
        json!({"colour": "red"}),
        "colour",
        "The matter has no such question",
    );
    error(
        json!({"place": "moon"}),
        "place",
        "The question has no such option; there are: hospital, home, abroad, unsure",
    );
    assert_eq!(
        told(json!({"register": "moon"}), None, Lang::Zh)["message"],
        "没有这个选项，可以选：local、elsewhere"
    );
    error(
        json!({"bills": 99}),
        "bills",
        "The number must be from 0 to 20",
    );
    error(
        json!({"bills": 1.5}),
        "bills",
        "The answer must be an option, a whole number or a date",
    );
    no_question(
        told(json!(["place"]), None, Lang::En),
        "Answers must be written as {\"question\": \"option\"}",
    );
    // Settled, or at a window, without them; not yet asked is no error.
    let never = "With the other answers this question is never asked";
    error(
        json!({"place": "abroad", "register": "local"}),
        "register",
        never,
    );
    let elsewhere =
        json!({"place": "home", "born": "2026-11-01", "register": "elsewhere", "married": "yes"});
    error(elsewhere, "married", never);
    assert_eq!(
        told(json!({"bills": 3}), None, Lang::En)["state"],
        "question"
    );
    let settled = json!({"place": "home", "born": "2026-11-01", "register": "elsewhere"});
    no_question(
        told(settled.clone(), Some(&["refund"]), Lang::En),
        "item `refund` is not part of this situation",
    );
    no_question(
        told(settled, Some(&["refund"]), Lang::Zh),
        "您的情形不用办事项 `refund`",
    );
}

#[test]
fn items_that_cannot_be_chosen_are_told_in_chinese() {
    let answers = json!({"place": "home", "born": "2026-11-01", "register": "local", "married": "yes", "bills": 0});
    for (items, message) in [
        (&["moon"][..], "没有事项 `moon`"),
        (&["payment"], "事项 `certificate` 必须办，不能去掉"),
        (
            &["certificate", "payment"],
            "按规定 `payment` 和 `insurance` 要一起办：要么都选，要么都不选",
        ),
    ] {
        let told = told(answers.clone(), Some(items), Lang::Zh);
        assert_eq!(
            (&told["question"], &told["message"]),
            (&Value::Null, &json!(message))
        );
    }
}
