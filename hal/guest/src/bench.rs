//! The simulated devices outside of the guest, and what tests of all kinds need.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use yici_hal::address::Address;
use yici_hal::id_card::{CardReader, IdCard};

/// The way to `kiosk-sim relay` on the host: a line each way through a virtio port.
pub struct Bench {
    port: Mutex<(File, BufReader<File>)>,
}

impl Bench {
    /// Opens the port.
    pub fn connect() -> Self {
        let ports = fs::read_dir("/sys/class/virtio-ports").unwrap().flatten();
        let name = ports
            .map(|port| port.path())
            .find(|port| {
                fs::read_to_string(port.join("name")).is_ok_and(|name| name.trim() == "ctl")
            })
            .unwrap();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(Path::new("/dev").join(name.file_name().unwrap()))
            .unwrap();
        let reader = BufReader::new(file.try_clone().unwrap());
        Self {
            port: Mutex::new((file, reader)),
        }
    }

    /// Gives an order, as `kiosk-sim ctl` takes it or as its socket does, and returns the answer.
    pub fn exchange(&self, order: &str) -> String {
        let mut port = self
            .port
            .lock()
            .unwrap_or_else(|broken| broken.into_inner());
        writeln!(port.0, "{order}").unwrap();
        let mut answer = String::new();
        port.1.read_line(&mut answer).unwrap();
        answer
    }

    /// Takes orders at a TCP port of the guest from now on, for those who know only a socket; its address.
    pub fn listen(&'static self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut order = String::new();
                BufReader::new(&stream).read_line(&mut order).unwrap();
                // Whoever asked may be gone.
                let _ = stream.write_all(self.exchange(order.trim_end()).as_bytes());
            }
        });
        address
    }

    /// Gives an order that has to succeed.
    #[track_caller]
    pub fn ctl(&self, order: &str) -> Value {
        let answer: Value = serde_json::from_str(&self.exchange(order)).unwrap();
        assert_eq!(answer["ok"], true, "{order}: {answer}");
        answer
    }

    /// Puts all simulated devices in order, as they are at the start.
    pub fn tidy(&self) {
        let state = self.ctl("state");
        let wrong = |device: &str, order: &str| {
            let (device, usb) = (&state["devices"][device], &state["usb"][device]);
            match order {
                "usb plug" => usb["plugged"] == false,
                "usb short 64" => usb["packet"] != 64,
                "card silent off" => device["silent"] == true,
                "card lift" => !device["card"].is_null(),
                "paper load" => device["paper"] == "out",
                _ => unreachable!(),
            }
        };
        for (devices, orders) in [
            (
                ["reader-a", "reader-b", "reader-c"].as_slice(),
                ["card silent off", "card lift"].as_slice(),
            ),
            (&["printer-1", "printer-2"], &["paper load"]),
        ] {
            for device in devices {
                for order in ["usb plug", "usb short 64"].iter().chain(orders) {
                    if wrong(device, order) {
                        self.ctl(&format!("--device {device} {order}"));
                    }
                }
            }
        }
        for port in ["1-1", "1-2", "1-3", "1-4", "1-5"] {
            until("all devices are plugged in", || is_plugged_in(port));
        }
        // The kernel makes this one in a second step.
        until("the HID reader is there", || {
            fs::read_dir("/sys/class/hidraw").is_ok_and(|mut all| all.next().is_some())
        });
    }
}

/// Whether the kernel knows a device with all its interfaces in this port.
pub fn is_plugged_in(port: &str) -> bool {
    let device = PathBuf::from("/sys/bus/usb/devices");
    device.join(format!("{port}:1.0")).exists()
}

/// Waits until something holds, for at most 20 seconds.
#[track_caller]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "still not: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Loads a kernel module, if it is not there yet.
#[track_caller]
pub fn load(module: &str, options: &[&str]) {
    let status = Command::new("modprobe").arg(module).args(options).status();
    assert!(status.unwrap().success(), "modprobe {module}");
}

/// Reads an address.
#[track_caller]
pub fn address(text: &str) -> Address {
    text.parse().unwrap()
}

/// Asks for a card until one is found, as a terminal does. Now and then an emulated processor on a busy
/// machine takes longer than a reader may: that is asked again, too.
#[track_caller]
pub fn found(reader: &mut dyn CardReader) {
    until("a card is found", || matches!(reader.find(), Ok(true)));
}

/// Finds the card that lies there and reads it; if it has to be laid again, `lay` does that.
#[track_caller]
pub fn read(reader: &mut dyn CardReader, lay: impl Fn()) -> IdCard {
    let mut card = None;
    until("a card is read", || {
        lay();
        found(reader);
        card = reader.read().ok();
        card.is_some()
    });
    card.unwrap()
}
