//! Progress: for the slip's holder alone, by unit, in upstream's words.

use serde_json::Value;
use yici_contract::{CaseNumber, SlipSecret};

use crate::hall::Hall;

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
