//! What the service manager hears of the terminal.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::hall::Hall;

/// Ready once, after the first page; then fed for as long as the terminal runs. A restart waits until
/// nobody is there.
#[test]
fn the_service_manager_hears_of_the_first_page_and_then_of_every_turn() {
    let hall = Hall::open();
    let socket = hall.dir.path().join("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let hear = || {
        let mut word = [0; 256];
        let length = manager.recv(&mut word).unwrap();
        String::from_utf8(word[..length].to_vec()).unwrap()
    };
    let started = hall.start_under(
        &[
            "env".into(),
            format!("NOTIFY_SOCKET={}", socket.display()),
            "WATCHDOG_USEC=600000".into(),
        ],
        "wait 点一下屏幕开始
         sleep 4
         tap 点一下屏幕开始
         wait 您要办哪件事
         sleep 4
         end",
    );
    let mut ready = 0;
    let mut fed = 0;
    let mut said = Vec::new();
    let mut answering = String::new();
    while ready == 0 || fed < 10 || said.len() < 2 {
        let word = hear();
        match (word.trim(), word.trim().strip_prefix("STATUS=")) {
            ("READY=1", _) => ready += 1,
            ("WATCHDOG=1", _) => fed += 1,
            (_, Some(status)) => {
                let (at, devices) = status.split_once(' ').unwrap_or((status, ""));
                if said.last().is_none_or(|last| last != at) {
                    said.push(at.to_owned());
                }
                answering = devices.to_owned();
            }
            (other, None) => panic!("unexpected: {other}"),
        }
    }
    assert_eq!(
        (ready, &said[..]),
        (1, &["idle".into(), "visit".into()][..])
    );
    // By which an update is judged: what answered before it still does.
    assert_eq!(answering, "id-card printer");
    started.finish().succeeded();
}
