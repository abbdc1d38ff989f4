//! Progress: for the slip's holder alone, by unit, in upstream's words.

use serde_json::{Value, json};
use yici_contract::api::MAX_WRONG_KEYS_AN_HOUR;
use yici_contract::case::Applicant;
use yici_contract::{CaseNumber, SlipSecret};

use crate::hall::{Hall, ID, who};

fn items(progress: &Value) -> Vec<&Value> {
    let units = progress["units"].as_array().unwrap();
    units
        .iter()
        .flat_map(|unit| unit["items"].as_array().unwrap())
        .collect()
}

#[test]
fn only_the_secret_opens_it() {
    let hall = Hall::open();
    let (one, two) = (hall.submit(), hall.submit());
    hall.deliver(&one).fine();
    hall.deliver(&two).fine();
    let number = one.case.number;
    hall.progress(&number, &one.secret).fine();
    let wrong = hall.progress(&number, &two.secret);
    wrong.problem(404, "not-found");
    let nobody = CaseNumber::random().unwrap();
    let missing = hall.progress(&nobody, &SlipSecret::random().unwrap());
    missing.problem(404, "not-found");
    assert_eq!(wrong.json, missing.json, "nothing tells them apart");
}

#[test]
fn the_cards_of_its_people_open_it_by_the_typed_number() {
    let hall = Hall::open();
    let (ward, stranger) = ("110105202601010016", "110105194912310038");
    let one = hall.submit_for(Applicant::Guardian {
        person: who(ID),
        ward: who(ward),
    });
    let other = hall.submit_for(Applicant::Officer {
        person: who(stranger),
        business: who(ward),
    });
    hall.deliver(&one).fine();
    hall.deliver(&other).fine();
    let number = one.case.number;
    let by_secret = hall.progress(&number, &one.secret);
    for card in [ID, ward] {
        let by_card = hall.progress_by_card(&number, card);
        assert_eq!(by_card.fine()["units"], by_secret.json["units"]);
    }
    let missing = hall.progress_by_card(&CaseNumber::random().unwrap(), ID);
    missing.problem(404, "not-found");
    // A card of nobody in it, of another case, of a business, and no card at all.
    for (number, card) in [
        (number, "11010519491231001X"),
        (number, stranger),
        (other.case.number, ID),
        (other.case.number, ward),
        (number, ""),
    ] {
        let wrong = hall.progress_by_card(&number, card);
        wrong.problem(404, "not-found");
        assert_eq!(wrong.json, missing.json, "nothing tells them apart");
    }
    let typed = [
        number.to_string().to_lowercase(),
        number.compact(),
        format!(" {} ", number.to_string().replace('-', " ")),
        number.to_string().replace('0', "o").replace('1', "l"),
    ];
    for typed in typed {
        let asked = serde_json::json!({"number": typed, "by": {"kind": "card", "code": ID}});
        let reply = hall.call("POST", "/v1/progress", asked.to_string().as_bytes());
        assert_eq!(reply.fine()["number"], number.to_string(), "{typed}");
    }
    let mut wrong = number.compact();
    let last = if wrong.ends_with('0') { "1" } else { "0" };
    wrong.replace_range(15.., last);
    let asked = serde_json::json!({"number": wrong, "by": {"kind": "card", "code": ID}});
    hall.call("POST", "/v1/progress", asked.to_string().as_bytes())
        .problem(400, "malformed");
}

#[test]
fn wrong_keys_for_one_number_are_limited() {
    let hall = Hall::open();
    let (one, two) = (hall.submit(), hall.submit());
    hall.deliver(&one).fine();
    hall.deliver(&two).fine();
    let nobody = CaseNumber::random().unwrap();
    for number in [one.case.number, nobody] {
        // Cards and secrets count together. The hour may turn in between: then it takes as many again.
        let refused = (0..2 * MAX_WRONG_KEYS_AN_HOUR).find(|try_| {
            let reply = if try_ % 2 == 0 {
                hall.progress_by_card(&number, "110105194912310038")
            } else {
                hall.progress(&number, &two.secret)
            };
            reply.status == 429
        });
        assert!(refused.unwrap() >= MAX_WRONG_KEYS_AN_HOUR);
    }
    // The right key is refused too, or it could be told by its answer; other cases go on.
    hall.progress(&one.case.number, &one.secret)
        .problem(429, "too-many");
    hall.progress(&two.case.number, &two.secret).fine();
    hall.progress_by_card(&two.case.number, ID).fine();
}

#[test]
fn each_unit_has_its_share_and_received_is_not_accepted() {
    let hall = Hall::open();
    let submitted = hall.submit();
    let receipt = hall.deliver(&submitted);
    let progress = hall.progress(&submitted.case.number, &submitted.secret);
    let progress = progress.fine();
    assert_eq!(progress["received"], receipt.json["received"]);
    let catalog = yici_catalog::Catalog::load(&crate::hall::matters()).unwrap();
    let matter = catalog.matter("newborn").unwrap();
    assert_eq!(items(progress).len(), submitted.case.items.len());
    for unit in progress["units"].as_array().unwrap() {
        for item in unit["items"].as_array().unwrap() {
            let known = matter.item(item["item"].as_str().unwrap()).unwrap();
            assert_eq!(unit["unit"], known.unit);
            assert_eq!(unit["name"]["zh"], catalog.unit(&known.unit).name.zh);
            assert_eq!(item["state"], "received");
            assert_eq!(item["words"]["zh"], "已收件，还没有受理");
            assert_eq!(
                item["words"]["en"],
                "Received by the unit; not accepted yet"
            );
        }
    }
}

#[test]
fn commands_move_an_item_while_the_service_runs() {
    let hall = Hall::open();
    let submitted = hall.submit();
    hall.deliver(&submitted).fine();
    let number = submitted.case.number.to_string();
    let item = submitted.case.items[0].as_str();
    let advance = |state: &str, more: &[&str]| {
        hall.case(&[&["move", &number, "--item", item, "--state", state], more].concat())
    };
    let shown = || {
        let reply = hall.progress(&submitted.case.number, &submitted.secret);
        let found = items(reply.fine()).into_iter().find(|i| i["item"] == item);
        found.unwrap().clone()
    };
    let refused = advance("done", &[]);
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.contains("the item is received, and cannot become done from there"),
        "{said}"
    );
    let note = [
        "--note-zh",
        "请补交出生医学证明",
        "--note-en",
        "Bring the certificate",
    ];
    assert!(advance("supplement", &note).status.success());
    assert_eq!(shown()["state"], "supplement");
    assert_eq!(shown()["note"]["zh"], "请补交出生医学证明");
    for state in ["accepted", "in-process", "done"] {
        assert!(advance(state, &[]).status.success(), "{state}");
        assert_eq!(shown()["state"], state);
        assert_eq!(shown()["note"], Value::Null, "a note is of one state");
    }
    let json = hall.case(&["show", &number, "--format", "json"]).stdout;
    let json: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["items"][0]["state"], "done");
    assert_eq!(json["items"][1]["state"], "received");
}

#[test]
fn an_evaluation_is_taken_once() {
    let hall = Hall::open();
    let id = "/v1/evaluations/7d444840-9dc0-41d1-b245-5ffdce74fad2";
    let body = r#"{"about":{"about":"visit"},"level":"content","at":"2026-01-31T08:00:00Z"}"#;
    let first = hall.call("PUT", id, body.as_bytes());
    first.fine();
    assert_eq!(hall.call("PUT", id, body.as_bytes()).fine(), &first.json);
    let other = body.replace("content", "discontent");
    hall.call("PUT", id, other.as_bytes())
        .problem(409, "conflict");
    hall.call("PUT", "/v1/evaluations/none", body.as_bytes())
        .problem(400, "malformed");
    let sixth = body.replace("content", "delighted");
    hall.call("PUT", id, sixth.as_bytes())
        .problem(400, "malformed");
}

#[test]
fn a_remark_is_taken_once_and_is_no_evaluation() {
    let hall = Hall::open();
    let id = "/v1/remarks/7d444840-9dc0-41d1-b245-5ffdce74fad2";
    let body = r#"{"matter":"newborn","catalogue":"2026.1","at":"2026-01-31T08:00:00Z",
        "about":{"wrong":"guide","part":"materials"}}"#;
    let first = hall.call("PUT", id, body.as_bytes());
    first.fine();
    assert_eq!(hall.call("PUT", id, body.as_bytes()).fine(), &first.json);
    let other = body.replace("materials", "unclear");
    hall.call("PUT", id, other.as_bytes())
        .problem(409, "conflict");
    let named = body.replace("2026.1\"", "2026.1\",\"name\":\"somebody\"");
    hall.call("PUT", id, named.as_bytes())
        .problem(400, "malformed");
    let evaluation = r#"{"about":{"about":"visit"},"level":"content","at":"2026-01-31T08:00:00Z"}"#;
    hall.call(
        "PUT",
        "/v1/evaluations/7d444840-9dc0-41d1-b245-5ffdce74fad2",
        evaluation.as_bytes(),
    )
    .problem(409, "conflict");
    for (at, about) in [
        r#"{"wrong":"answer","question":"household"}"#,
        r#"{"wrong":"answer","question":"household"}"#,
    ]
    .iter()
    .enumerate()
    {
        let body = body.replace(r#"{"wrong":"guide","part":"materials"}"#, about);
        let id = format!("/v1/remarks/7d444840-9dc0-41d1-b245-5ffdce74fad{at}");
        hall.call("PUT", &id, body.as_bytes()).fine();
    }
    let listed = hall.list("remark");
    assert_eq!(
        listed["counts"],
        json!([
            {"matter": "newborn", "what": "answer to household", "count": 2},
            {"matter": "newborn", "what": "guide, materials", "count": 1},
        ])
    );
    assert_eq!(listed["remarks"].as_array().unwrap().len(), 3);
    let text = hall.run(&["remark", "--db", &hall.db(), "list"]).stdout;
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.starts_with("    2  newborn: answer to household\n"),
        "{text}"
    );
    assert_eq!(hall.list("evaluation")["evaluations"], json!([]));
}
