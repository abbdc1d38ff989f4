//! What can be done to running devices; both the command line and the message on the socket.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

/// One order.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum Order {
    /// Cards and the reader's line
    #[command(subcommand)]
    Card(CardOrder),
    /// The social security card
    #[command(subcommand)]
    Social(SmartCardOrder),
    /// The ID card in a reader of the PC/SC service
    #[command(subcommand)]
    PcscCard(SmartCardOrder),
    /// The paper roll
    #[command(subcommand)]
    Paper(PaperOrder),
    /// The printer's cover
    Cover { position: Position },
    /// The cutter; a jam shows when it is to cut
    Cutter { state: CutterState },
    /// The print head
    Head { state: HeadState },
    /// The printer's answers
    #[command(subcommand)]
    Printer(PrinterOrder),
    /// Hold a code up to the scanner
    Scan(ScanOrder),
    /// Pull the plug of a serial line or network printer, or put it in again
    Plug { device: Device, state: Switch },
    /// The plug and the pipes of a USB device
    #[command(subcommand)]
    Usb(UsbOrder),
    /// Tell the state of everything
    State,
    /// Wait for something
    #[command(subcommand)]
    Wait(WaitOrder),
}

#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum CardOrder {
    /// Lay a card on the reader: a built-in person's or one described by a TOML file
    Lay { who: String },
    /// Take the card away
    Lift {
        /// Only once it is being read, in the middle of that
        #[arg(long)]
        while_reading: bool,
    },
    /// List the built-in people
    List,
    /// Send so many bytes of noise before the next reply
    Noise { bytes: usize },
    /// Send the next reply with a wrong checksum
    Corrupt,
    /// Break the next reply off in the middle
    Truncate,
    /// Send the next reply with this length field, whatever its length is
    Length { length: u16 },
    /// Send the next reply so many milliseconds later
    Late { milliseconds: u64 },
    /// Send the next reply in pieces of so many bytes, with a pause before each
    Split { bytes: usize, milliseconds: u64 },
    /// Break the next reply off in the middle, because the plug is pulled
    Unplug,
    /// Let what is to happen to the next reply happen to the next card record instead
    AwaitRecord,
    /// Answer nothing at all
    Silent { state: Switch },
    /// Answer without taking any time for it, so that only the line takes time
    AtOnce { state: Switch },
}

#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum SmartCardOrder {
    /// Lay a card: a built-in person's or one described by a TOML file
    Lay { who: String },
    /// Take the card away
    Lift,
    /// Answer the reset with nonsense, as a card that lies upside down
    Mute { state: Switch },
    /// Answer no command
    Freeze { state: Switch },
    /// Answer the next reading of a record with this status word, such as 6A83
    StatusWord {
        #[arg(value_parser = status_word)]
        status: u16,
    },
    /// Break the next record off in the middle
    Truncate,
    /// Give the next record so many milliseconds later
    Late { milliseconds: u64 },
}

#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct ScanOrder {
    /// What the code says; it is followed by CR
    pub text: String,
    /// Send it in GB 18030 instead of UTF-8
    #[arg(long)]
    pub gb18030: bool,
    /// Send nothing behind it: a pause ends it
    #[arg(long)]
    pub without_end: bool,
}

#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum PaperOrder {
    /// Take the roll away, now
    Out,
    /// Let the roll end after so many more millimetres
    OutAfter { millimetres: f64 },
    /// Put a new roll in
    Load,
    /// Near the end of the roll
    Low { state: Switch },
    /// Tear off what hangs out
    Tear,
    /// Take the slip that waits at the outlet
    Take {
        /// How long to wait for one, such as 20s or 500ms
        #[arg(long, default_value = "0s", value_parser = duration)]
        timeout: Duration,
    },
    /// Get stuck
    Jam {
        /// Only when the next slip is presented
        #[arg(long)]
        presenting: bool,
    },
    /// Take out what is stuck
    ClearJam,
    /// Tell the rows of dots that hang out, from this one on
    Look { from: usize },
}

#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum PrinterOrder {
    /// Take bytes, print, and answer nothing
    Silent { state: Switch },
    /// Answer in real time, but never confirm a slip
    NoCompletion { state: Switch },
    /// Send so many bytes of noise before the next answer
    Noise { bytes: usize },
    /// Send the next answer, and all behind it, so many milliseconds later
    Late { milliseconds: u64 },
    /// Send answers byte by byte for a second, with so many milliseconds between
    Split { milliseconds: u64 },
}

#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum UsbOrder {
    /// Pull the plug
    Unplug {
        /// Only in the middle of the next reply that is longer than a packet
        #[arg(long)]
        mid_transfer: bool,
    },
    /// Plug it in
    Plug,
    /// Refuse the next reply: its pipe halts
    Stall {
        /// Refuse the next request instead
        #[arg(long)]
        out: bool,
    },
    /// Let the next reply run over the end of its packet
    Babble,
    /// Send packets of at most so many bytes from now on; 64 is the usual size
    Short {
        #[arg(value_parser = clap::value_parser!(u8).range(1..=64))]
        bytes: u8,
    },
}

#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum WaitOrder {
    /// Until so many slips were cut off in all
    Slips {
        count: usize,
        /// How long to wait at most, such as 20s or 500ms
        #[arg(long, default_value = "20s", value_parser = duration)]
        timeout: Duration,
    },
    /// Until the reader is asked for a card
    ReaderPolled {
        /// How long to wait at most, such as 20s or 500ms
        #[arg(long, default_value = "20s", value_parser = duration)]
        timeout: Duration,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum Device {
    CardReader,
    CodeScanner,
    Printer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum Switch {
    On,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum Position {
    Open,
    Close,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum CutterState {
    Jam,
    Clear,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum HeadState {
    Hot,
    Cool,
}

impl Switch {
    /// True for on.
    pub fn is_on(self) -> bool {
        match self {
            Self::On => true,
            Self::Off => false,
        }
    }
}

/// Reads four hexadecimal digits.
fn status_word(text: &str) -> Result<u16, String> {
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits
        .then(|| u16::from_str_radix(text, 16).ok())
        .flatten()
        .ok_or_else(|| format!("`{text}` is no status word; write four hexadecimal digits"))
}

/// Reads `20s` or `500ms`; at most 10 minutes.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(
        text.find(|character: char| !character.is_ascii_digit())
            .unwrap_or(text.len()),
    );
    let number: u64 = number
        .parse()
        .map_err(|_| format!("`{text}` is no time; write 20s or 500ms"))?;
    let time = match unit {
        "s" => Duration::from_secs(number),
        "ms" => Duration::from_millis(number),
        _ => return Err(format!("`{text}` is no time; write 20s or 500ms")),
    };
    if time > Duration::from_secs(600) {
        Err("wait at most 600s".into())
    } else {
        Ok(time)
    }
}
