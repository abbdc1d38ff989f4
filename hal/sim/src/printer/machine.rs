//! The printer's mechanism: what it has, and what it says about that.

use std::collections::{BTreeMap, VecDeque};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Weak};
use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::model::{Answers, Features, Outlet};
use super::paper::{self, Sheet};
use super::{Client, Setup};

/// Dots from the cutter to the sensor at the outlet: 20 mm.
const TO_SENSOR: usize = 160;

/// Most rows of dots told at once: 10 cm.
const LOOK: usize = 800;

/// Most kinds of unknown commands that are kept apart.
const UNKNOWN: usize = 64;

/// A piece of paper that has left the printer.
pub struct Piece {
    /// Counts all pieces, from 1.
    number: usize,
    /// It is no whole slip.
    pub partial: bool,
    rows: Vec<Vec<u8>>,
    bytes: Vec<u8>,
}

impl Piece {
    /// Writes its picture and the bytes that made it; the picture's path.
    pub fn save(&self, setup: &Setup) -> Option<String> {
        let suffix = if self.partial { "-partial" } else { "" };
        let path = setup
            .out
            .as_ref()?
            .join(format!("slip-{:03}{suffix}.png", self.number));
        let saved = paper::draw(&self.rows, setup)
            .save(&path)
            .map_err(|error| error.to_string());
        let saved = saved.and_then(|()| {
            std::fs::write(path.with_extension("escpos"), &self.bytes)
                .map_err(|error| error.to_string())
        });
        match saved {
            Ok(()) => Some(path.display().to_string()),
            Err(error) => {
                eprintln!("kiosk-sim: {}: {error}", path.display());
                None
            }
        }
    }
}

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spoil {
    /// Bytes of noise before it.
    pub noise: usize,
    /// It, and all behind it, come so much later.
    pub late: Duration,
    /// The pause between any two of its bytes, and of those behind it for a second.
    pub split: Duration,
}

/// State of the mechanism.
pub struct Machine {
    features: Features,
    /// All bits of the answer to `DLE EOT 5` mean the opposite.
    inverted: bool,
    /// There is paper under the head.
    pub paper: bool,
    /// The roll is near its end.
    pub low: bool,
    /// Rows of dots until the roll ends, if it does.
    pub rows_left: Option<usize>,
    pub cover_open: bool,
    /// The cutter will jam when it is used.
    pub cutter_stuck: bool,
    /// It has jammed.
    pub cutter_error: bool,
    pub head_hot: bool,
    /// Paper is stuck.
    pub jammed: bool,
    /// The next slip gets stuck when it is presented.
    pub will_jam: bool,
    /// The slip at the outlet, by its number.
    pub waiting: Option<u64>,
    /// Slips that came to the outlet.
    pub presented: u64,
    /// Slips that a citizen took, and that the printer took back.
    pub taken_slips: u64,
    pub retracted: u64,
    /// How often paper came out onto a slip that waited.
    pub collisions: u64,
    /// What becomes of the next answer.
    pub spoil: Spoil,
    /// Answers nothing.
    pub silent: bool,
    /// Does not answer requests queued behind slips.
    pub no_completion: bool,
    /// Bytes received and not yet interpreted.
    pub buffer: VecDeque<u8>,
    /// How often the buffer was cleared: whoever is in the middle of a command then forgets it.
    pub clears: u64,
    /// The paper that hangs out.
    pub sheet: Sheet,
    /// The slip on the sheet was broken off by a clear.
    pub broken_off: bool,
    /// Bytes interpreted since the last cut.
    pub taken: Vec<u8>,
    /// Who gets answers to queued requests: whoever sent something last.
    pub client: Option<Arc<dyn Client>>,
    /// Its address on the network, if it has one.
    pub address: Option<SocketAddr>,
    /// Connections are taken.
    pub listening: bool,
    /// Connections.
    pub streams: Vec<Weak<TcpStream>>,
    /// The network plug is to be out.
    pub unplugged: bool,
    pub slips: usize,
    pub partials: usize,
    /// Something is being printed.
    pub busy: bool,
    pieces: usize,
    unknown: BTreeMap<String, u64>,
    last: Option<String>,
}

impl Machine {
    /// A printer in good order.
    pub fn new(setup: &Setup) -> Self {
        Self {
            features: setup.features,
            inverted: setup.inverted,
            paper: true,
            low: false,
            rows_left: None,
            cover_open: false,
            cutter_stuck: false,
            cutter_error: false,
            head_hot: false,
            jammed: false,
            will_jam: false,
            waiting: None,
            presented: 0,
            taken_slips: 0,
            retracted: 0,
            collisions: 0,
            spoil: Spoil::default(),
            silent: false,
            no_completion: false,
            buffer: VecDeque::new(),
            clears: 0,
            sheet: Sheet::new(setup.dots),
            broken_off: false,
            taken: Vec::new(),
            client: None,
            address: None,
            listening: false,
            streams: Vec::new(),
            unplugged: false,
            slips: 0,
            partials: 0,
            busy: false,
            pieces: 0,
            unknown: BTreeMap::new(),
            last: None,
        }
    }

    /// Paper can move and be printed on.
    pub fn can_print(&self) -> bool {
        self.paper && !self.cover_open && !self.head_hot && !self.cutter_error && !self.jammed
    }

    /// Paper is moving.
    pub fn is_moving(&self) -> bool {
        self.busy && self.can_print()
    }

    /// The answer to `DLE EOT n`; empty if the model has none.
    pub fn real_time_status(&self, n: u8) -> Vec<u8> {
        if !self.features.requests.contains(&n) {
            return Vec::new();
        }
        match n {
            5 => vec![self.outlet_status()],
            20 => self.full_status(),
            // The Phoenix has no errors that pass by themselves, and says so without the fixed bits.
            3 if self.features.answers == Answers::InOrder => vec![0x00],
            _ => vec![self.status_byte(n)],
        }
    }

    fn status_byte(&self, n: u8) -> u8 {
        // Bits 1 and 4 are always set, 0 and 7 never.
        let mut byte = 0b0001_0010;
        let mut set = |bit: u8, when: bool| byte |= if when { bit } else { 0 };
        match n {
            1 => {
                // Nothing pulls the drawer's pin down.
                set(0x04, true);
                set(0x08, !self.can_print());
            }
            2 => {
                set(0x04, self.cover_open);
                set(0x20, !self.paper);
                set(0x40, self.cutter_error || self.head_hot || self.jammed);
            }
            3 => {
                set(0x04, self.jammed);
                set(0x08, self.cutter_error);
                set(0x40, self.head_hot);
            }
            _ => {
                set(0x0C, self.is_low());
                set(0x60, !self.paper);
            }
        }
        byte
    }

    fn is_low(&self) -> bool {
        self.features.near_end && (self.low || !self.paper)
    }

    /// The sensor at the outlet sees paper.
    pub fn is_at_outlet(&self) -> bool {
        let hangs_out = match self.features.outlet {
            Outlet::None | Outlet::FsP => false,
            Outlet::Sensor | Outlet::GsE => self.sheet.printed_rows() > TO_SENSOR,
        };
        self.waiting.is_some() || hangs_out
    }

    /// `DLE EOT 5` of the Masung.
    fn outlet_status(&self) -> u8 {
        let paper = if self.is_at_outlet() { 0x04 } else { 0 };
        let jam = if self.jammed { 0x08 } else { 0 };
        if self.inverted {
            !(paper | jam)
        } else {
            paper | jam
        }
    }

    /// `DLE EOT 20`.
    fn full_status(&self) -> Vec<u8> {
        let bits = |all: &[(u8, bool)]| {
            all.iter()
                .filter(|(_, set)| *set)
                .fold(0, |byte, (bit, _)| byte | bit)
        };
        vec![
            0x10,
            0x0F,
            bits(&[
                (0x01, !self.paper),
                (0x04, self.is_low()),
                (0x20, self.is_at_outlet()),
            ]),
            bits(&[(0x03, self.cover_open), (0x08, self.is_moving())]),
            bits(&[(0x01, self.head_hot), (0x40, self.jammed)]),
            bits(&[(0x01, self.cutter_error)]),
        ]
    }

    /// `GS e 6`.
    pub fn ejector_status(&self) -> u8 {
        let bits = [
            (0x01, self.is_low()),
            (0x04, self.paper),
            (0x08, self.is_at_outlet()),
            (0x40, self.cutter_error),
            (0x80, self.jammed),
        ];
        bits.iter()
            .filter(|(_, set)| *set)
            .fold(0, |byte, (bit, _)| byte | bit)
    }

    /// The answer to `GS r 1`.
    pub fn paper_status(&self) -> u8 {
        let near_end = if self.is_low() { 0x03 } else { 0 };
        let end = if self.paper { 0 } else { 0x0C };
        near_end | end
    }

    /// The slip that was cut off comes to the outlet.
    pub fn bring_out(&mut self) {
        self.presented += 1;
        self.waiting = Some(self.presented);
    }

    /// Empties the receive buffer and whatever was made ready for printing.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.clears += 1;
        self.broken_off |= self.sheet.has_ink();
    }

    /// Remembers a command that is not known.
    pub fn record_unknown(&mut self, bytes: &[u8]) {
        let name = bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .join(" ");
        if self.unknown.len() < UNKNOWN || self.unknown.contains_key(&name) {
            *self.unknown.entry(name).or_default() += 1;
        }
    }

    /// Paper has left the printer: a slip, or part of one. Blank paper is not worth a picture.
    pub fn leave(&mut self, rows: Vec<Vec<u8>>, partial: bool) -> Option<Piece> {
        let bytes = std::mem::take(&mut self.taken);
        let partial = partial | std::mem::take(&mut self.broken_off);
        paper::has_ink(&rows).then(|| {
            self.pieces += 1;
            Piece {
                number: self.pieces,
                partial,
                rows,
                bytes,
            }
        })
    }

    /// A piece of paper lies there, and its picture is written.
    pub fn count(&mut self, partial: bool, picture: Option<String>) {
        if partial {
            self.partials += 1;
        } else {
            self.slips += 1;
        }
        self.last = picture.or(self.last.take());
    }

    /// For `ctl paper look`.
    pub fn look(&self, from: usize) -> Value {
        let rows = self.sheet.past_cutter();
        let bytes: Vec<u8> = rows
            .clone()
            .skip(from)
            .take(LOOK)
            .flatten()
            .copied()
            .collect();
        json!({
            "ok": true,
            // Tells this paper from what left before.
            "piece": self.slips + self.partials,
            "rows": rows.count(),
            "dots": self.sheet.dots(),
            "from": from,
            "data": BASE64.encode(&bytes),
        })
    }

    /// For `ctl state`.
    pub fn state(&self) -> Value {
        let word =
            |bad: bool, worse: &'static str, good: &'static str| if bad { worse } else { good };
        json!({
            "paper": if self.paper { word(self.low, "low", "full") } else { "out" },
            "cover": word(self.cover_open, "open", "closed"),
            "cutter": word(self.cutter_error, "jammed", word(self.cutter_stuck, "stuck", "good")),
            "jam": self.jammed,
            "outlet": match self.features.outlet {
                Outlet::None => None,
                Outlet::Sensor | Outlet::GsE | Outlet::FsP => {
                    Some(word(self.is_at_outlet(), "present", "free"))
                }
            },
            "taken": self.taken_slips,
            "retracted": self.retracted,
            "collisions": self.collisions,
            "head": word(self.head_hot, "hot", "cool"),
            "silent": self.silent,
            "no_completion": self.no_completion,
            "buffer": self.buffer.len(),
            "busy": self.busy,
            "hanging_mm": self.sheet.printed_rows() / 8,
            "slips": self.slips,
            "partial": self.partials,
            "last": self.last,
            "unknown": self.unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::printer::Model;

    #[test]
    fn says_what_the_manual_says() {
        let machine = |model: Model| Machine::new(&Setup::of(model));
        let mut printer = machine(Model::EpsonCompatible);
        let all = |machine: &Machine| [1, 2, 3, 4].map(|n| machine.real_time_status(n)[0]);
        assert_eq!(all(&printer), [0x16, 0x12, 0x12, 0x12]);
        printer.low = true;
        assert_eq!(all(&printer), [0x16, 0x12, 0x12, 0x1E]);
        printer.paper = false;
        assert_eq!(all(&printer), [0x1E, 0x32, 0x12, 0x7E]);
        assert_eq!(printer.paper_status(), 0x0F);
        printer.cover_open = true;
        assert_eq!(all(&printer), [0x1E, 0x36, 0x12, 0x7E]);
        let printer = Machine {
            cutter_error: true,
            ..machine(Model::EpsonCompatible)
        };
        assert_eq!(all(&printer), [0x1E, 0x52, 0x1A, 0x12]);
        let printer = Machine {
            head_hot: true,
            ..machine(Model::EpsonCompatible)
        };
        assert_eq!(all(&printer), [0x1E, 0x52, 0x52, 0x12]);
        assert!(printer.real_time_status(5).is_empty());

        let mut printer = machine(Model::MasungMsD347);
        printer.waiting = Some(1);
        assert_eq!(printer.real_time_status(5), [0x04]);
        printer.inverted = true;
        assert_eq!(printer.real_time_status(5), [0xFB]);
        printer.jammed = true;
        assert_eq!(printer.real_time_status(5), [0xF3]);
        assert_eq!(all(&printer), [0x1E, 0x52, 0x16, 0x12]);

        let mut printer = machine(Model::CustomVkp80iii);
        assert_eq!(printer.real_time_status(20), [0x10, 0x0F, 0, 0, 0, 0]);
        printer.waiting = Some(1);
        (printer.low, printer.cover_open, printer.jammed) = (true, true, true);
        assert_eq!(
            printer.real_time_status(20),
            [0x10, 0x0F, 0x24, 0x03, 0x40, 0]
        );

        let mut printer = machine(Model::Ejector);
        printer.waiting = Some(1);
        assert_eq!(printer.ejector_status(), 0x0C);
    }
}
