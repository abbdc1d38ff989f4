//! Cards that are read and slips that are printed over and over, and what that leaves behind in this
//! process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use yici_conformance::card_reader::{Bench, Card};
use yici_conformance::sim::{self, Device, Socket};
use yici_hal::escpos::{self, Printed, Printer, Profile};
use yici_hal::id_card::{self, CardReader};
use yici_hal::slip::{PaperWidth, Slip};

/// A card reader that takes no time but the line's, and a printer; killed when dropped.
pub struct Devices {
    process: Child,
    directory: TempDir,
    ready: Value,
}

impl Devices {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_kiosk-sim"))
            .args(["run", "--printer", "127.0.0.1:0", "--socket"])
            .arg(directory.path().join("socket"))
            .arg("--card-reader")
            .arg(directory.path().join("card"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let devices = Self {
            process,
            directory,
            ready: serde_json::from_str(&line).unwrap(),
        };
        let at_once = json!({"Card": {"AtOnce": {"state": "On"}}});
        devices.hands().0.order(at_once).unwrap();
        devices
    }

    /// The hands at the reader.
    pub fn hands(&self) -> sim::CardReader {
        let socket = Socket::Unix(self.directory.path().join("socket"));
        sim::CardReader(Device::only(socket))
    }

    pub fn reader(&self) -> Box<dyn CardReader> {
        id_card::open(&self.address("card_reader")).unwrap()
    }

    pub fn printer(&self) -> Box<dyn Printer> {
        escpos::open(&self.address("printer"), Profile::epson(PaperWidth::Mm80)).unwrap()
    }

    fn address(&self, device: &str) -> yici_hal::address::Address {
        self.ready[device].as_str().unwrap().parse().unwrap()
    }
}

impl Drop for Devices {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads so many cards, one after another; how long each took from being found to its record.
pub fn read_cards(
    count: usize,
    hands: &sim::CardReader,
    reader: &mut dyn CardReader,
) -> Vec<Duration> {
    let card = Card::citizen();
    let mut times = Vec::new();
    while times.len() < count {
        hands.lay(&card).unwrap();
        let end = Instant::now() + Duration::from_secs(20);
        // A busy machine may be too late for an answer.
        while !reader.find().unwrap_or(false) {
            assert!(Instant::now() < end, "no card is found");
        }
        let began = Instant::now();
        if reader.read().is_ok_and(|read| read.name == card.name) {
            times.push(began.elapsed());
        }
        hands.lift().unwrap();
    }
    times
}

/// Prints so many short slips.
pub fn print_slips(count: usize, printer: &mut dyn Printer) {
    let mut slip = Slip::new();
    slip.text("收件凭证 one whole slip");
    for _ in 0..count {
        assert_eq!(printer.print(&slip), Printed::Completed);
    }
}

/// What this process uses.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// Memory that the process made, in KiB: pages of programs come as they are first used.
    pub memory: u64,
    /// Open files.
    pub descriptors: usize,
}

impl Used {
    pub fn now() -> Self {
        let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
        let line = rollup
            .lines()
            .find_map(|line| line.strip_prefix("Anonymous:"));
        let memory = line.unwrap().trim().trim_end_matches(" kB").parse();
        Self {
            memory: memory.unwrap(),
            descriptors: std::fs::read_dir("/proc/self/fd").unwrap().count(),
        }
    }
}
