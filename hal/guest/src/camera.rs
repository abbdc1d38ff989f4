//! A camera made by the kernel itself: `vivid` as a webcam that shows bars of colour, up to 3840 × 2160.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use image::{RgbImage, imageops};
use yici_hal::camera::{self, CameraError};
use yici_hal::status::{Cameras, Cause, DeviceState};

use crate::Test;
use crate::bench::{Bench, address, load, until};

pub const TESTS: &[Test] = &[
    ("camera: previews and pictures come whole", takes_pictures),
    ("camera: auto finds it", is_found),
    ("camera: unplugged, it is told and comes back", comes_back),
];

/// An emulated processor draws some large pictures a second.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

/// Makes the kernel's camera, or plugs it in again.
pub fn plug() {
    load(
        "vivid",
        &[
            "n_devs=1",
            "node_types=0x1",
            "num_inputs=1",
            "input_types=0",
        ],
    );
    let there = || PathBuf::from("/dev/video0").exists();
    if !there() {
        fs::write(PathBuf::from(DRIVER).join("bind"), DEVICE).unwrap();
    }
    until("there is a camera", there);
}

/// Pulls it out.
pub fn unplug() {
    fs::write(PathBuf::from(DRIVER).join("unbind"), DEVICE).unwrap();
}

/// Sets how many of a hundred pictures get lost on their way.
pub fn lose(percent: i32) {
    let mut device = linuxvideo::Device::open(Path::new("/dev/video0")).unwrap();
    let mut controls = device.controls().flatten();
    let lost = controls.find(|control| control.name() == "Percentage of Dropped Buffers");
    let lost = lost.unwrap().id();
    drop(controls);
    device.write_control_raw(lost, percent).unwrap();
}

const DRIVER: &str = "/sys/bus/platform/drivers/vivid";
const DEVICE: &str = "vivid.0";

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

fn comes_back(_: &Bench) {
    plug();
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
            unplug();
            let error = taking.join().unwrap();
            assert!(matches!(error, CameraError::DeviceGone(_)), "{error:?}");
        });
        let status = camera.status();
        assert_eq!(status.cause, Some(Cause::NotConnected));
        assert_eq!(status.device, DeviceState::Offline);
        assert!(!status.ready());
        plug();
        let back = Instant::now();
        until("it works again", || camera.status().ready());
        println!("        back after {:?}", back.elapsed());
        assert_bars(camera.preview(soon()).unwrap().picture());
    }
}
