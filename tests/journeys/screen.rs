//! The screen over a socket: watched, touched, and nobody held up by it.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use crate::hall::{Hall, PATIENCE};
use crate::viewer::Viewer;
use crate::visit::TO_METHOD;

#[test]
fn the_screen_is_watched_and_touched() {
    let hall = Hall::open();
    let _terminal = hall.start_for_viewers();
    let mut viewer = Viewer::open(&hall.screen());
    viewer.tap("点一下屏幕开始");
    let mode = std::fs::metadata(hall.screen()).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    assert_eq!(viewer.screen.dimensions(), (1080, 1920));
    viewer.tap("新生儿出生");
    viewer.tap("开始");
    viewer.button("没带身份证，输入号码");

    // Whoever comes later sees the same.
    let mut second = Viewer::open(&hall.screen());
    second.button("没带身份证，输入号码");
    assert_eq!(second.pictures[0], 1080 * 1920);
    let end = Instant::now() + PATIENCE;
    while second.screen != viewer.screen {
        assert!(Instant::now() < end, "the parts do not make the whole");
        viewer.read();
        second.read();
    }

    // A key changes a part of the screen only.
    viewer.tap("没带身份证，输入号码");
    let (x, y) = viewer.button("7").centre();
    let end = Instant::now() + PATIENCE;
    loop {
        viewer.read();
        viewer.pictures.clear();
        viewer.touch(b'd', x, y);
        viewer.touch(b'u', x, y);
        viewer.read();
        let small = |pixels: &u32| *pixels < 1080 * 1920 / 2;
        if !viewer.pictures.is_empty() && viewer.pictures.iter().all(small) {
            break;
        }
        assert!(Instant::now() < end, "{:?}", viewer.pictures);
    }

    // A finger that is gone without having been lifted has touched nothing, and blocks nothing.
    let (x, y) = viewer.button("返回").centre();
    second.touch(b'd', x, y);
    second.touch(b'm', 60_000, 60_000);
    drop(second);
    viewer.tap("返回");
    viewer.button("没带身份证，输入号码");
    assert!(
        !hall.dir.path().join("pages").exists(),
        "no picture is written"
    );
}

#[test]
fn a_screen_that_lies_across_is_shown_so() {
    let hall = Hall::open();
    hall.configure("width", "1920");
    hall.configure("height", "1080");
    let _terminal = hall.start_for_viewers();
    let mut viewer = Viewer::open(&hall.screen());
    viewer.tap("点一下屏幕开始");
    viewer.button("新生儿出生");
    assert_eq!(viewer.screen.dimensions(), (1920, 1080));
}

/// One takes nothing, one sends what is no touch, and there are more than are let in: the citizen goes
/// on as ever.
#[test]
fn viewers_hold_nobody_up() {
    let hall = Hall::open();
    let walking = hall.start_watched(&format!(
        "{TO_METHOD}
         end"
    ));
    let _asleep = Viewer::open(&hall.screen());
    let mut wild = UnixStream::connect(hall.screen()).unwrap();
    wild.write_all(&[0xFF; 4096]).unwrap();
    let mut more: Vec<Viewer> = (0..8).map(|_| Viewer::open(&hall.screen())).collect();
    assert!(more.pop().unwrap().let_go(), "not everybody is let in");
    walking.finish().succeeded();
}
