//! `kiosk-sim ctl`.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;

use crate::bench::Bench;

#[test]
fn orders_answer_in_one_line_and_by_exit_code() {
    let bench = Bench::reader();
    let people = bench.ctl("card list")["people"].to_string();
    for who in [
        "citizen", "man", "retiree", "rare", "long", "j-card", "y-card", "i-card", "expired",
    ] {
        assert!(people.contains(who), "{people}");
    }
    assert_eq!(bench.try_ctl("card lift").0, 1, "there is no card");
    assert_eq!(bench.try_ctl("card lay nobody").0, 2);
    assert_eq!(bench.try_ctl("paper out").0, 2, "there is no printer");
    assert_eq!(bench.try_ctl("scan code").0, 2, "there is no scanner");
    assert_eq!(bench.try_ctl("paper eat").0, 2);
    assert_eq!(bench.try_ctl("wait reader-polled --timeout 100ms").0, 1);
    assert_eq!(
        bench.ctl("state")["reader"]["card"],
        serde_json::Value::Null
    );
    bench.ctl("card lay citizen");
    assert_eq!(bench.ctl("state")["reader"]["card"]["name"], "李小满");
}

#[test]
fn a_wait_ends_when_the_reader_is_polled() {
    let bench = Bench::reader();
    let mut reader = yici_hal::id_card::open(bench.card_reader.as_ref().unwrap()).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| bench.ctl("wait reader-polled --timeout 20s"));
        while !waiting.is_finished() {
            reader.find().unwrap();
        }
        assert_eq!(waiting.join().unwrap()["ok"], true);
    });
}

#[test]
fn the_socket_is_private_and_nonsense_is_refused() {
    let bench = Bench::reader();
    let mode = std::fs::metadata(bench.socket())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut stream = UnixStream::connect(bench.socket()).unwrap();
    stream.write_all(b"{\"order\": \"dance\"}\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("\"ok\":false"), "{answer}");
    bench.ctl("state");
}
