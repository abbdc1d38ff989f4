//! What the people who run the service see and decide.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use serde_json::json;
use yici_contract::case::{HandedIn, How, Signed};
use yici_contract::{CaseNumber, Digest, PrivateBytes, SecretKey, envelope};

use crate::hall::{Hall, ID, NAME, newborn};

#[test]
fn a_revoked_device_is_refused_and_its_cases_stay() {
    let hall = Hall::open();
    let (one, two) = (hall.submit(), hall.submit());
    hall.deliver(&one).fine();
    let id = hall.device.public().id().to_string();
    let device = |order: &str, id: &str| hall.run(&["device", "--db", &hall.db(), order, id]);
    assert!(device("revoke", &id).status.success());
    assert!(hall.list("device")["devices"][0]["revoked"].is_string());
    hall.deliver(&two).problem(401, "unknown-device");
    hall.deliver(&one).problem(401, "unknown-device");
    hall.progress(&one.case.number, &one.secret)
        .problem(401, "unknown-device");
    let key = hall.device.public().to_string();
    let again = hall.run(&["enrol", "--db", &hall.db(), &key, "大厅一号"]);
    assert_eq!(again.status.code(), Some(2), "enrolling does not undo it");
    let (case, _) = hall.open_case(&one.case.number);
    assert!(case == one.case);
    assert!(device("restore", &id).status.success());
    hall.deliver(&two).fine();
    assert_eq!(hall.list("device")["devices"][0]["name"], "大厅一号");
    let stranger = SecretKey::random().unwrap().public().id().to_string();
    assert_eq!(device("revoke", &stranger).status.code(), Some(2));
    assert_eq!(device("revoke", "none").status.code(), Some(2));
}

#[test]
fn every_opening_is_logged_with_its_reason() {
    let hall = Hall::open();
    let submitted = hall.submit();
    hall.deliver(&submitted).fine();
    let number = submitted.case.number.to_string();
    let progress = |card: &str| hall.progress_by_card(&submitted.case.number, card);
    hall.progress(&submitted.case.number, &submitted.secret)
        .fine();
    assert_eq!(
        hall.list("access"),
        json!({"accesses": []}),
        "nothing was opened"
    );
    assert_eq!(
        hall.case(&["show", "--open", &number]).status.code(),
        Some(2)
    );
    for none in ["", ID] {
        let refused = hall.case(&["show", "--open", "--reason", none, &number]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(refused.stdout.is_empty());
    }
    hall.open_case(&submitted.case.number);
    progress(ID).fine();
    progress("11010519491231001X").problem(404, "not-found");
    hall.progress_by_card(&CaseNumber::random().unwrap(), ID)
        .problem(404, "not-found");
    let log = hall.list("access");
    let device = format!("device {}", hall.device.public().id());
    let seen: Vec<_> = log["accesses"].as_array().unwrap().iter().collect();
    assert_eq!(seen.len(), 3, "{log}");
    for (access, what) in seen.iter().zip(["show", "card", "wrong-card"]) {
        assert_eq!(access["number"], number);
        assert_eq!(access["what"], what);
        assert!(access["at"].is_string());
    }
    assert!(seen[0]["who"].as_str().unwrap().starts_with("uid "));
    assert_eq!(seen[0]["why"], "复核");
    assert_eq!(seen[1]["who"], device);
    assert_eq!(seen[2]["who"], device);
}

#[test]
fn an_opened_case_comes_with_its_attachments_and_signatures() {
    let hall = Hall::open();
    let (mut case, mut attachments, _) = newborn();
    let promise = "承诺书：三十日内补交".as_bytes();
    let mut shown = case.declaration.shown.clone();
    shown.part = "promise".try_into().unwrap();
    shown.sha256 = Digest::of(promise);
    attachments.push(envelope::Attachment {
        name: shown.part.clone(),
        bytes: promise.to_vec().into(),
    });
    case.materials.push(HandedIn {
        material: "marriage-certificate".into(),
        how: How::Later {
            promise: Signed {
                shown,
                signature: PrivateBytes::new(b"promised by hand".to_vec()),
                at: case.times.submitted,
            },
        },
    });
    let sealed = envelope::seal(&case, &attachments, &hall.device, &hall.upstream).unwrap();
    hall.deliver_as(&hall.device, &case.number, sealed.as_bytes())
        .fine();
    let (opened, json) = hall.open_case(&case.number);
    assert!(opened == case);
    assert_eq!(json["number"], case.number.to_string());
    assert_eq!(json["device"], hall.device.public().id().to_string());
    let listed: Vec<_> = attachments
        .iter()
        .map(|a| {
            json!({
                "part": a.name, "media": "text/plain", "bytes": a.bytes.len(),
                "sha256": Digest::of(&a.bytes),
            })
        })
        .collect();
    assert_eq!(json["attachments"], json!(listed));
    let folder = hall.path("opened");
    let number = case.number.to_string();
    let write = [
        "show",
        "--open",
        "--reason",
        "复核",
        "--attachments",
        &folder,
    ];
    let write = [&write, [number.as_str()].as_slice()].concat();
    assert!(hall.case(&write).status.success());
    for (name, bytes) in [
        ("application.txt", attachments[0].bytes.as_slice()),
        ("promise.txt", promise),
        ("declaration.signature.png", b"drawn with the finger"),
        (
            "marriage-certificate.promise.signature.png",
            b"promised by hand",
        ),
    ] {
        let path = hall.dir.path().join("opened").join(name);
        assert_eq!(fs::read(&path).unwrap(), bytes, "{name}");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 4);
    assert_eq!(
        hall.case(&write).status.code(),
        Some(2),
        "nothing is overwritten"
    );
}

#[test]
fn evaluations_are_counted_by_level() {
    let hall = Hall::open();
    let (one, two) = (
        json!({"about": "visit"}),
        json!({"about": "matter", "matter": "newborn", "number": null}),
    );
    for (at, (about, level)) in [
        (&one, "content"),
        (&two, "very-discontent"),
        (&one, "content"),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({"about": about, "level": level, "at": "2026-01-31T08:00:00Z"});
        let path = format!("/v1/evaluations/7d444840-9dc0-41d1-b245-5ffdce74fad{at}");
        hall.call("PUT", &path, body.to_string().as_bytes()).fine();
    }
    let listed = hall.list("evaluation");
    assert_eq!(
        listed["counts"],
        json!({
            "very-content": 0, "content": 2, "fairly-content": 0, "discontent": 0,
            "very-discontent": 1,
        })
    );
    let evaluations = listed["evaluations"].as_array().unwrap();
    assert_eq!(evaluations.len(), 3);
    assert!(evaluations.iter().any(|e| e["about"] == two));
    let text = hall.run(&["evaluation", "--db", &hall.db(), "list"]).stdout;
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("\ncontent  2\n"), "{text}");
    assert!(!text.contains(NAME));
}

#[test]
fn connections_are_bounded() {
    let hall = Hall::open();
    let submitted = hall.submit();
    let address = hall.address();
    let idle: Vec<TcpStream> = (0..256)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    // One more is hung up on, before any handshake.
    let over = TcpStream::connect(address).unwrap();
    over.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert_eq!(
        std::io::Read::read(&mut &over, &mut [0; 16]).unwrap_or(0),
        0
    );
    drop(idle);
    let end = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(address)
        .and_then(|tcp| {
            tcp.set_read_timeout(Some(Duration::from_millis(200)))?;
            std::io::Read::read(&mut &tcp, &mut [0; 16])
        })
        .is_ok()
    {
        assert!(Instant::now() < end, "there is room again");
    }
    hall.deliver(&submitted).fine();
}
