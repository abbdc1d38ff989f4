//! Delivering: once, again, wrongly, and across crashes.

use jiff::{SignedDuration, Timestamp};
use std::fs;
use std::io::Write;
use std::time::Duration;
use yici_contract::envelope::MAX_SEALED_BYTES;
use yici_contract::{CaseNumber, SecretKey, SlipSecret, api, envelope, proof};

use crate::hall::{Hall, matters, newborn};

#[test]
fn the_same_bytes_have_the_same_answer() {
    let mut hall = Hall::open();
    let submitted = hall.submit();
    let first = hall.deliver(&submitted);
    assert_eq!(first.fine()["number"], submitted.case.number.to_string());
    assert_eq!(first.json["sha256"], submitted.sealed.digest().to_string());
    assert_eq!(hall.deliver(&submitted).fine(), &first.json);
    hall.kill();
    hall.serve();
    assert_eq!(hall.deliver(&submitted).fine(), &first.json);
    let list = hall.case(&["list", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(list["cases"].as_array().unwrap().len(), 1);
}

#[test]
fn a_case_that_was_answered_survives_a_kill() {
    let mut hall = Hall::open();
    let mut answered = Vec::new();
    for _ in 0..5 {
        let submitted = hall.submit();
        let receipt = hall.deliver(&submitted);
        receipt.fine();
        hall.kill();
        hall.serve();
        answered.push((submitted, receipt));
    }
    for (submitted, receipt) in &answered {
        let progress = hall.progress(&submitted.case.number, &submitted.secret);
        assert_eq!(progress.fine()["received"], receipt.json["received"]);
        let (case, _) = hall.open_case(&submitted.case.number);
        assert!(case == submitted.case, "as it was submitted");
    }
}

#[test]
fn it_ends_in_order_when_told_to() {
    let mut hall = Hall::open();
    let submitted = hall.submit();
    hall.deliver(&submitted).fine();
    assert!(hall.end().success());
    hall.serve();
    hall.deliver(&submitted).fine();
}

#[test]
fn a_kill_at_any_moment_stores_a_case_once_or_not_at_all() {
    let mut hall = Hall::open();
    let mut submitted = Vec::new();
    for moment in 0..12 {
        let case = hall.submit();
        let bytes = hall.delivery(&case);
        let mut stream = hall.connect();
        // The handshake, the request, and then the kill a little later each time.
        let _ = stream.write_all(&bytes);
        let _ = stream.flush();
        std::thread::sleep(Duration::from_millis(moment / 2));
        hall.kill();
        hall.serve();
        submitted.push(case);
    }
    for case in &submitted {
        hall.deliver(case).fine();
        hall.progress(&case.case.number, &case.secret).fine();
    }
    let list = hall.case(&["list"]).stdout;
    assert_eq!(list.split(|b| *b == b'\n').count(), submitted.len() + 1);
}

#[test]
fn what_staff_bring_on_a_stick_is_taken_in_once() {
    let hall = Hall::open();
    let catalogue = matters().display().to_string();
    let take = |files: &[String]| {
        let mut args = vec!["take", "--catalogue", &catalogue];
        args.extend(files.iter().map(String::as_str));
        let taken = hall.case(&args);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (taken.status.code(), text(taken.stdout), text(taken.stderr))
    };
    let brought = |name: &str, bytes: &[u8]| {
        fs::write(hall.path(name), bytes).unwrap();
        hall.path(name)
    };
    let submitted = hall.submit();
    let whole = brought("whole.case", submitted.sealed.as_bytes());
    let (code, said, _) = take(std::slice::from_ref(&whole));
    assert_eq!(code, Some(0));
    assert!(
        said.starts_with(&submitted.case.number.to_string()),
        "{said}"
    );
    let (case, _) = hall.open_case(&submitted.case.number);
    assert!(case == submitted.case, "as it was submitted");
    // Again, and once more by its terminal, whose network came back: the same receipt.
    assert_eq!(take(std::slice::from_ref(&whole)).1, said);
    let receipt = hall.deliver(&submitted);
    let received = receipt.fine()["received"].as_str().unwrap();
    assert!(said.trim().ends_with(received), "{said} {received}");

    // What will not do is told, and keeps nothing else out.
    let next = hall.submit();
    let mut forged = next.sealed.as_bytes().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let stranger = SecretKey::random().unwrap();
    let (case, attachments, _) = newborn();
    let foreign = envelope::seal(&case, &attachments, &stranger, &hall.upstream).unwrap();
    let (code, said, told) = take(&[
        brought("torn.case", &next.sealed.as_bytes()[..100]),
        brought("forged.case", &forged),
        brought("foreign.case", foreign.as_bytes()),
        hall.path("missing.case"),
        brought("next.case", next.sealed.as_bytes()),
    ]);
    assert_eq!(code, Some(2));
    assert!(said.starts_with(&next.case.number.to_string()), "{said}");
    for why in [
        "torn.case: is no sealed case",
        "is not what the device sealed",
        "is not enrolled here",
        "missing.case: cannot be read",
        "4 of 5 files not taken in",
    ] {
        assert!(told.contains(why), "{why}: {told}");
    }
}

#[test]
fn other_bytes_under_the_same_number_are_a_conflict() {
    let hall = Hall::open();
    let (case, attachments, _) = newborn();
    let seal =
        |device: &SecretKey| envelope::seal(&case, &attachments, device, &hall.upstream).unwrap();
    let deliver = |device: &SecretKey, bytes: &[u8]| hall.deliver_as(device, &case.number, bytes);
    let first = seal(&hall.device);
    let receipt = deliver(&hall.device, first.as_bytes());
    receipt.fine();
    deliver(&hall.device, seal(&hall.device).as_bytes()).problem(409, "conflict");
    let other = SecretKey::random().unwrap();
    hall.enrol(other.public());
    deliver(&other, seal(&other).as_bytes()).problem(409, "conflict");
    deliver(&other, first.as_bytes()).problem(409, "conflict");
    assert_eq!(
        deliver(&hall.device, first.as_bytes()).fine(),
        &receipt.json,
        "the first stays"
    );
}

#[test]
fn what_was_not_sealed_for_this_number_is_refused() {
    let hall = Hall::open();
    let submitted = hall.submit();
    let number = submitted.case.number;
    hall.deliver_as(&hall.device, &number, b"garbage")
        .problem(400, "malformed");
    hall.deliver_as(&hall.device, &number, &[])
        .problem(400, "malformed");
    let bytes = submitted.sealed.as_bytes();
    hall.deliver_as(&hall.device, &number, &bytes[..bytes.len() - 1])
        .problem(400, "malformed");
    let mut forged = bytes.to_vec();
    forged[bytes.len() / 2] ^= 1;
    hall.deliver_as(&hall.device, &number, &forged)
        .problem(422, "cannot-open");
    let other = CaseNumber::random().unwrap();
    hall.deliver_as(&hall.device, &other, bytes)
        .problem(422, "cannot-open");
    let mut other_key = hall.delivery(&submitted);
    let key = number.case_id().to_string();
    let at = other_key.windows(36).position(|w| w == key.as_bytes());
    let at = at.unwrap();
    other_key[at..at + 36].copy_from_slice(other.case_id().to_string().as_bytes());
    hall.raw(&other_key).unwrap().problem(400, "malformed");
    // Nothing of it was stored.
    assert!(hall.case(&["list"]).stdout.is_empty());
    hall.deliver(&submitted).fine();
}

/// The bytes up to the first part, and each part with its lengths and name.
fn pieces(sealed: &[u8]) -> (&[u8], Vec<&[u8]>) {
    const BEFORE: usize = 4 + 1 + 8 + 8 + 16 + 16 + 32 + 2;
    let (head, mut rest) = sealed.split_at(BEFORE);
    let mut parts = Vec::new();
    while let [length, ..] = rest {
        let name = usize::from(*length);
        let bytes: [u8; 4] = rest[1 + name..5 + name].try_into().unwrap();
        let (part, after) = rest.split_at(5 + name + u32::from_be_bytes(bytes) as usize);
        parts.push(part);
        rest = after;
    }
    (head, parts)
}

#[test]
fn parts_of_another_envelope_and_in_another_order_are_refused() {
    let hall = Hall::open();
    let (one, two) = (hall.submit(), hall.submit());
    let (head, parts) = pieces(one.sealed.as_bytes());
    let (_, others) = pieces(two.sealed.as_bytes());
    let [case, application, manifest] = parts[..] else {
        panic!("{} parts", parts.len());
    };
    assert_eq!(
        [head, case, application, manifest].concat(),
        one.sealed.as_bytes()
    );
    for swapped in [
        [application, case, manifest],
        [case, manifest, application],
        [others[0], application, manifest],
        [case, others[1], manifest],
        [case, application, others[2]],
        [case, case, manifest],
    ] {
        let bytes = [head, &swapped.concat()].concat();
        hall.deliver_as(&hall.device, &one.case.number, &bytes)
            .problem(422, "cannot-open");
    }
    assert!(hall.case(&["list"]).stdout.is_empty(), "nothing was stored");
    hall.deliver(&one).fine();
}

/// What holds between devices: nothing gives a sealed or opened case back, to no device. Progress is
/// read by whoever has the slip or the card, at any enrolled terminal.
#[test]
fn another_devices_case_is_neither_delivered_nor_read() {
    let hall = Hall::open();
    let submitted = hall.submit();
    let (number, bytes) = (submitted.case.number, submitted.sealed.as_bytes());
    let other = SecretKey::random().unwrap();
    hall.enrol(other.public());
    // Replayed before it was delivered, as it is and under a number of its own.
    hall.deliver_as(&other, &number, bytes)
        .problem(422, "cannot-open");
    hall.deliver_as(&other, &CaseNumber::random().unwrap(), bytes)
        .problem(422, "cannot-open");
    hall.deliver(&submitted).fine();
    // Replayed afterwards: not even the receipt is given to another device.
    hall.deliver_as(&other, &number, bytes)
        .problem(409, "conflict");
    // Whoever copied it cannot pass it off as its own.
    let mut claimed = bytes.to_vec();
    claimed[13..21].copy_from_slice(other.public().id().as_bytes());
    let again = CaseNumber::random().unwrap();
    hall.deliver_as(&other, &again, &claimed)
        .problem(422, "cannot-open");
    let path = api::DELIVER.replace("{number}", &number.compact());
    for method in ["GET", "POST", "DELETE"] {
        hall.call(method, &path, b"").problem(405, "method");
    }
    let secret = submitted.secret.clone();
    let by_secret = hall.ask(&other, &number, api::ProgressKey::Secret { secret });
    let progress = by_secret.fine();
    let keys: Vec<&String> = progress.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["number", "matter", "received", "now", "units"]);
    let guess = api::ProgressKey::Secret {
        secret: SlipSecret::random().unwrap(),
    };
    hall.ask(&other, &number, guess).problem(404, "not-found");
}

#[test]
fn sealing_keys_are_changed_without_losing_a_case() {
    let mut hall = Hall::open();
    let keys = hall.path("data/sealing.keys");
    let earlier = fs::read_to_string(&keys).unwrap();
    let current = SecretKey::random().unwrap();
    let (one, two) = (hall.submit(), hall.submit());
    hall.kill();
    fs::write(&keys, format!("{}\n{earlier}", current.to_text().as_str())).unwrap();
    hall.serve();
    // Sealed to the earlier key, and taken; upstream says which key it wants.
    hall.deliver(&one).fine();
    let time = hall.raw(b"GET /v1/time HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    assert_eq!(time.unwrap().json["key"], current.public().id().to_string());
    hall.kill();
    fs::write(&keys, current.to_text().as_bytes()).unwrap();
    hall.serve();
    hall.deliver(&two).problem(410, "key-gone");
    // What was received stays readable: it is kept under another key.
    hall.upstream = current.public().clone();
    hall.progress(&one.case.number, &one.secret).fine();
    let (case, json) = hall.open_case(&one.case.number);
    assert!(case == one.case);
    assert_eq!(json["attachments"][0]["part"], "application");
}

#[test]
fn devices_prove_themselves() {
    let hall = Hall::open();
    let submitted = hall.submit();
    let (number, bytes) = (submitted.case.number, submitted.sealed.as_bytes());
    let stranger = SecretKey::random().unwrap();
    hall.deliver_as(&stranger, &number, bytes)
        .problem(401, "unknown-device");
    hall.enrol(stranger.public());
    // Enrolled by now, but not the one that sealed it.
    hall.deliver_as(&stranger, &number, bytes)
        .problem(422, "cannot-open");
    let head = "POST /v1/progress HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                content-type: application/json\r\ncontent-length: 2\r\n";
    hall.raw(format!("{head}\r\n{{}}").as_bytes())
        .unwrap()
        .problem(401, "unknown-device");
    let request = proof::Request {
        method: "POST",
        path: api::PROGRESS,
        body: b"{}",
    };
    let late = Timestamp::now() - SignedDuration::from_hours(1);
    let proof = proof::prove(&request, &hall.device, &hall.upstream, late).unwrap();
    let reply = hall
        .raw(format!("{head}authorization: {proof}\r\n\r\n{{}}").as_bytes())
        .unwrap();
    reply.problem(401, "clock-off");
    let now: Timestamp = reply.json["now"].as_str().unwrap().parse().unwrap();
    assert!(now.duration_since(Timestamp::now()).abs() < SignedDuration::from_mins(1));
}

#[test]
fn requests_are_bounded_and_wrong_ones_are_told() {
    let hall = Hall::open();
    let number = CaseNumber::random().unwrap().compact();
    let head = |length: &str, media: &str| {
        format!(
            "PUT /v1/cases/{number} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: {media}\r\n{length}\r\n\r\n"
        )
    };
    // Refused by its length alone: not one byte of it has to be sent.
    let large = head(
        &format!("content-length: {}", MAX_SEALED_BYTES + 1),
        api::SEALED_CASE,
    );
    hall.raw(large.as_bytes())
        .unwrap()
        .problem(413, "too-large");
    let chunked = head("transfer-encoding: chunked", api::SEALED_CASE);
    hall.raw(chunked.as_bytes())
        .unwrap()
        .problem(400, "malformed");
    hall.raw(head("content-length: 1", "text/plain").as_bytes())
        .unwrap()
        .problem(415, "media-type");
    let large = head(
        &format!("content-length: {}", api::MAX_JSON_BYTES + 1),
        "application/json",
    )
    .replace(&format!("PUT /v1/cases/{number}"), "POST /v1/progress");
    hall.raw(large.as_bytes())
        .unwrap()
        .problem(413, "too-large");
    hall.call("POST", api::PROGRESS, b"{\"number\":\"13912345678\"}")
        .problem(400, "malformed");
    hall.call("POST", "/v1/nothing", b"{}")
        .problem(404, "not-found");
    hall.call("GET", api::PROGRESS, b"{}")
        .problem(405, "method");
    let time = hall.raw(b"GET /v1/time HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let time = time.unwrap();
    assert_eq!(time.fine()["key"], hall.upstream.id().to_string());
    // Half a request, and no TLS at all: the service lives on.
    let mut half = hall.connect();
    half.write_all(&head("content-length: 100", api::SEALED_CASE).as_bytes()[..40])
        .unwrap();
    drop(half);
    let mut plain = hall.connect().sock;
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    hall.deliver(&hall.submit()).fine();
}

#[test]
fn a_case_that_the_catalogue_does_not_know_is_kept_by_the_terminal() {
    let hall = Hall::open();
    let (mut case, attachments, _) = newborn();
    case.items.push("no-such-item".into());
    let sealed = envelope::seal(&case, &attachments, &hall.device, &hall.upstream).unwrap();
    let reply = hall.deliver_as(&hall.device, &case.number, sealed.as_bytes());
    reply.problem(422, "unknown-matter");
    assert_eq!(
        reply.json["detail"],
        "the matter has no item `no-such-item`"
    );
}
