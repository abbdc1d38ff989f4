//! A `kiosk-sim` process of its own for each test.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use image::GrayImage;
use serde_json::Value;
use tempfile::TempDir;
use yici_hal::address::Address;

/// Running devices; killed when dropped.
pub struct Bench {
    process: Child,
    directory: TempDir,
    pub card_reader: Option<Address>,
    pub code_scanner: Option<Address>,
    pub printer: Option<Address>,
    pub serial_printer: Option<Address>,
}

impl Bench {
    /// Runs a card reader.
    pub fn reader() -> Self {
        Self::run(&["--card-reader", "CARD"])
    }

    /// Runs a printer, with further options.
    pub fn printer(options: &[&str]) -> Self {
        Self::run(&[&["--printer", "127.0.0.1:0", "--out", "OUT"], options].concat())
    }

    pub fn run(options: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = options.iter().map(|&option| match option {
            "CARD" => directory.path().join("card").into_os_string(),
            "SCANNER" => directory.path().join("scanner").into_os_string(),
            "SERIAL" => directory.path().join("printer").into_os_string(),
            "OUT" => directory.path().join("out").into_os_string(),
            // A socket, with what is to be plugged in there.
            usb if usb.starts_with("USB") => {
                let place = usb.replacen("USB", "usb", 1);
                directory.path().join(place).into_os_string()
            }
            other => other.into(),
        });
        let mut process = Command::new(env!("CARGO_BIN_EXE_kiosk-sim"))
            .args(["run", "--socket"])
            .arg(directory.path().join("socket"))
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let address = |name: &str| ready[name].as_str().map(|text| text.parse().unwrap());
        Self {
            process,
            card_reader: address("card_reader"),
            code_scanner: address("code_scanner"),
            printer: address("printer"),
            serial_printer: address("serial_printer"),
            directory,
        }
    }

    /// Gives an order and returns its exit code and answer.
    pub fn try_ctl(&self, order: &str) -> (i32, Value) {
        let output = Command::new(env!("CARGO_BIN_EXE_kiosk-sim"))
            .args(["ctl", "--socket"])
            .arg(self.socket())
            .args(order.split_whitespace())
            .output()
            .unwrap();
        (
            output.status.code().unwrap(),
            serde_json::from_slice(&output.stdout).unwrap_or_default(),
        )
    }

    /// Gives an order that has to succeed.
    #[track_caller]
    pub fn ctl(&self, order: &str) -> Value {
        let (code, answer) = self.try_ctl(order);
        assert_eq!(code, 0, "{order}: {answer}");
        answer
    }

    /// Port that the printer listens on.
    pub fn printer_port(&self) -> u16 {
        let Some(Address::Tcp { port, .. }) = &self.printer else {
            unreachable!()
        };
        *port
    }

    /// State of the printer.
    pub fn printer_state(&self) -> Value {
        self.ctl("state")["printer"].clone()
    }

    /// Waits until something holds, for at most 15 seconds.
    #[track_caller]
    pub fn until(&self, what: &str, mut holds: impl FnMut(&Value) -> bool) {
        let end = Instant::now() + Duration::from_secs(15);
        while !holds(&self.ctl("state")) {
            assert!(
                Instant::now() < end,
                "still not: {what}; {}",
                self.ctl("state")
            );
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    pub fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// Names of the pictures written so far, in order.
    pub fn pictures(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.directory.path().join("out")).unwrap();
        let mut names: Vec<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".png"))
            .collect();
        names.sort();
        names
    }

    /// A picture by its name.
    pub fn picture(&self, name: &str) -> GrayImage {
        image::open(self.directory.path().join("out").join(name))
            .unwrap()
            .into_luma8()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Texts of the QR codes in a picture.
pub fn codes(picture: &GrayImage) -> Vec<String> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut read = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        picture.get_pixel(x as u32, y as u32).0[0]
    });
    read.detect_grids()
        .iter()
        .filter_map(|grid| grid.decode().ok())
        .map(|(_, text)| text)
        .collect()
}
