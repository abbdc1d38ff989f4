//! A camera made by the kernel itself: `vivid` as a webcam that shows bars of colour, up to 3840 × 2160.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use image::{RgbImage, imageops};
use yici_hal::camera::{self, CameraError};
use yici_hal::status::{Cameras, Cause, DeviceState};

use crate::Test;
use crate::bench::{Bench, address, load, until};

pub const TESTS: &[Test] = &[
    ("camera: previews and pictures come whole", takes_pictures),
    ("camera: auto finds it", is_found),
    ("camera: one program at a time", is_busy),
    ("camera: unplugged, it is told and comes back", comes_back),
];

/// An emulated processor draws some large pictures a second.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn plug() {
    load(
        "vivid",
        &[
            "n_devs=1",
            "node_types=0x1",
            "num_inputs=1",
            "input_types=0",
        ],
    );
    until("there is a camera", || {
        PathBuf::from("/dev/video0").exists()
    });
}

/// The bars as ITU-R BT.471 orders them.
#[track_caller]
fn assert_bars(picture: &RgbImage) {
    let small = imageops::thumbnail(picture, 160, 90);
    let bars = [
        ("white", [true, true, true]),
        ("yellow", [true, true, false]),
        ("cyan", [false, true, true]),
        ("green", [false, true, false]),
        ("magenta", [true, false, true]),
        ("red", [true, false, false]),
        ("blue", [false, false, true]),
        ("black", [false, false, false]),
    ];
    for (bar, (name, lit)) in (0..).zip(bars) {
        let seen = small.get_pixel(10 + 20 * bar, 75).0;
        assert_eq!(seen.map(|value| value > 110), lit, "{name}: {seen:?}");
    }
}

fn takes_pictures(_: &Bench) {
    plug();
    let mut camera = camera::open(&address("v4l:/dev/video0")).unwrap();
    let status = camera.status();
    assert!(status.ready(), "{status:?}");
    assert_eq!(status.cameras, Cameras::Ok);
    for _ in 0..2 {
        let frame = camera.preview(soon()).unwrap();
        assert_eq!((frame.width(), frame.height()), (1280, 720));
        assert_bars(frame.picture());
    }
    let frame = camera.capture(soon()).unwrap();
    assert_eq!((frame.width(), frame.height()), (3840, 2160));
    assert_bars(frame.picture());
}

fn is_found(_: &Bench) {
    plug();
    let mut camera = camera::open(&address("auto")).unwrap();
    assert_bars(camera.preview(soon()).unwrap().picture());
    camera.rest();
    assert!(camera.status().ready());
    assert_bars(camera.preview(soon()).unwrap().picture());
}

fn is_busy(_: &Bench) {
    plug();
    let mut first = camera::open(&address("v4l:/dev/video0")).unwrap();
    first.preview(soon()).unwrap();
    let mut second = camera::open(&address("v4l:/dev/video0")).unwrap();
    let error = second.preview(soon()).unwrap_err();
    assert!(matches!(error, CameraError::Busy), "{error:?}");
    assert_eq!(second.status().cause, Some(Cause::Busy));
    first.rest();
    second.preview(soon()).unwrap();
}

fn comes_back(_: &Bench) {
    plug();
    let driver = PathBuf::from("/sys/bus/platform/drivers/vivid");
    let device = fs::read_dir(&driver)
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().into_string().unwrap())
        .find(|name| name.starts_with("vivid"))
        .unwrap();
    for name in ["v4l:/dev/video0", "auto"] {
        let mut camera = camera::open(&address(name)).unwrap();
        camera.preview(soon()).unwrap();
        std::thread::scope(|scope| {
            // Pulled out while pictures come.
            let taking = scope.spawn(|| {
                let end = soon();
                loop {
                    match camera.preview(end) {
                        Ok(_) => assert!(Instant::now() < end, "pictures came all along"),
                        Err(error) => return error,
                    }
                }
            });
            fs::write(driver.join("unbind"), &device).unwrap();
            let error = taking.join().unwrap();
            assert!(matches!(error, CameraError::DeviceGone(_)), "{error:?}");
        });
        let status = camera.status();
        assert_eq!(status.cause, Some(Cause::NotConnected));
        assert_eq!(status.device, DeviceState::Offline);
        assert!(!status.ready());
        fs::write(driver.join("bind"), &device).unwrap();
        until("there is a camera", || {
            PathBuf::from("/dev/video0").exists()
        });
        let back = Instant::now();
        until("it works again", || camera.status().ready());
        println!("        back after {:?}", back.elapsed());
        assert_bars(camera.preview(soon()).unwrap().picture());
    }
}
