//! The printer's mechanism: what it has, and what it says about that.

use std::collections::{BTreeMap, VecDeque};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Weak};

use serde_json::{Value, json};

use super::paper::{self, Sheet};
use super::{Client, Setup};

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

/// State of the mechanism.
pub struct Machine {
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
    pub fn new(dots: usize) -> Self {
        Self {
            paper: true,
            low: false,
            rows_left: None,
            cover_open: false,
            cutter_stuck: false,
            cutter_error: false,
            head_hot: false,
            silent: false,
            no_completion: false,
            buffer: VecDeque::new(),
            clears: 0,
            sheet: Sheet::new(dots),
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
        self.paper && !self.cover_open && !self.head_hot && !self.cutter_error
    }

    /// The answer to `DLE EOT n`, for n from 1 to 4.
    pub fn real_time_status(&self, n: u8) -> u8 {
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
                set(0x40, self.cutter_error || self.head_hot);
            }
            3 => {
                set(0x08, self.cutter_error);
                set(0x40, self.head_hot);
            }
            _ => {
                set(0x0C, self.low || !self.paper);
                set(0x60, !self.paper);
            }
        }
        byte
    }

    /// The answer to `GS r 1`.
    pub fn paper_status(&self) -> u8 {
        let near_end = if self.low || !self.paper { 0x03 } else { 0 };
        let end = if self.paper { 0 } else { 0x0C };
        near_end | end
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

    /// For `ctl state`.
    pub fn state(&self) -> Value {
        let word =
            |bad: bool, worse: &'static str, good: &'static str| if bad { worse } else { good };
        json!({
            "paper": if self.paper { word(self.low, "low", "full") } else { "out" },
            "cover": word(self.cover_open, "open", "closed"),
            "cutter": word(self.cutter_error, "jammed", word(self.cutter_stuck, "stuck", "good")),
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

    #[test]
    fn says_what_the_manual_says() {
        let mut machine = Machine::new(576);
        let all = |machine: &Machine| [1, 2, 3, 4].map(|n| machine.real_time_status(n));
        assert_eq!(all(&machine), [0x16, 0x12, 0x12, 0x12]);
        machine.low = true;
        assert_eq!(all(&machine), [0x16, 0x12, 0x12, 0x1E]);
        machine.paper = false;
        assert_eq!(all(&machine), [0x1E, 0x32, 0x12, 0x7E]);
        assert_eq!(machine.paper_status(), 0x0F);
        machine.cover_open = true;
        assert_eq!(all(&machine), [0x1E, 0x36, 0x12, 0x7E]);
        let machine = Machine {
            cutter_error: true,
            ..Machine::new(576)
        };
        assert_eq!(all(&machine), [0x1E, 0x52, 0x1A, 0x12]);
        let machine = Machine {
            head_hot: true,
            ..Machine::new(576)
        };
        assert_eq!(all(&machine), [0x1E, 0x52, 0x52, 0x12]);
    }
}
