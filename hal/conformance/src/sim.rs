//! The bench that is a running `kiosk-sim`: orders go over its socket as lines of JSON.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use image::GrayImage;
use image::imageops::crop_imm;
use serde_json::{Value, json};

use crate::card_reader::{self, Card, Reply, Spoil};
use crate::code_scanner::{self, Code, End};
use crate::printer::{self, Fault, Model, Seen};
use crate::trial::{BenchError, Done, cannot};

/// Where a `kiosk-sim` takes orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Socket {
    /// Its Unix socket.
    Unix(PathBuf),
    /// A TCP port that leads to it, such as from inside a virtual machine: `tcp:10.0.2.100:7000`.
    Tcp(String),
}

impl FromStr for Socket {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.strip_prefix("tcp:") {
            Some(address) => Self::Tcp(address.into()),
            None => Self::Unix(text.into()),
        })
    }
}

impl fmt::Display for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => path.display().fmt(f),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
        }
    }
}

/// Longest time for carrying an order out.
const ANSWER: Duration = Duration::from_secs(60);

/// Longest answer in bytes.
const LONGEST: u64 = 256 * 1024;

impl Socket {
    /// Gives an order, as `kiosk-sim` writes it, and returns the answer to it.
    ///
    /// # Errors
    /// [`BenchError::Broken`] if it is not carried out.
    pub fn order(&self, order: Value) -> Done<Value> {
        self.request(&json!({"order": order}))
    }

    fn request(&self, request: &Value) -> Done<Value> {
        let answer = self
            .exchange(request)
            .map_err(|error| BenchError::Broken(format!("{self}: {error}")))?;
        if answer["ok"] == true {
            Ok(answer)
        } else {
            let error = answer["error"].as_str().unwrap_or_default();
            Err(BenchError::Broken(error.into()))
        }
    }

    fn plug(&self, device: &str, on: bool) -> Done {
        let order = json!({"Plug": {"device": device, "state": switch(on)}});
        self.order(order).map(drop)
    }

    fn exchange(&self, request: &Value) -> io::Result<Value> {
        match self {
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(ANSWER))?;
                exchange(stream, request)
            }
            Self::Tcp(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_read_timeout(Some(ANSWER))?;
                exchange(stream, request)
            }
        }
    }
}

fn exchange(mut stream: impl Read + Write, request: &Value) -> io::Result<Value> {
    stream.write_all(format!("{request}\n").as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream.take(LONGEST)).read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

fn switch(on: bool) -> &'static str {
    if on { "On" } else { "Off" }
}

/// Its card reader.
pub struct CardReader(pub Socket);

impl CardReader {
    fn card(&self, order: Value) -> Done {
        self.0.order(json!({"Card": order})).map(drop)
    }
}

impl card_reader::Bench for CardReader {
    fn restore(&self) -> Done {
        self.replug()?;
        self.silence(false)?;
        self.lift()
    }

    fn lay(&self, card: &Card) -> Done {
        let request = json!({"order": {"Card": {"Lay": {"who": card.name}}}, "person": card});
        self.0.request(&request).map(drop)
    }

    fn lift(&self) -> Done {
        let state = self.0.order(json!("State"))?;
        if state["reader"]["card"].is_null() {
            return Ok(());
        }
        self.card(json!({"Lift": {"while_reading": false}}))
    }

    fn lift_while_reading(&self) -> Done {
        self.card(json!({"Lift": {"while_reading": true}}))
    }

    fn spoil(&self, reply: Reply, how: Spoil) -> Done {
        if reply == Reply::Record {
            self.card(json!("AwaitRecord"))?;
        }
        self.card(match how {
            Spoil::Noise(bytes) => json!({"Noise": {"bytes": bytes}}),
            Spoil::Split(bytes, pause) => {
                json!({"Split": {"bytes": bytes, "milliseconds": pause.as_millis() as u64}})
            }
            Spoil::Checksum => json!("Corrupt"),
            Spoil::Truncated => json!("Truncate"),
            Spoil::Length(length) => json!({"Length": {"length": length}}),
            Spoil::Late(time) => json!({"Late": {"milliseconds": time.as_millis() as u64}}),
        })
    }

    fn silence(&self, on: bool) -> Done {
        self.card(json!({"Silent": {"state": switch(on)}}))
    }

    fn unplug(&self) -> Done {
        self.0.plug("CardReader", false)
    }

    fn unplug_in_record(&self) -> Done {
        self.card(json!("AwaitRecord"))?;
        self.card(json!("Unplug"))
    }

    fn replug(&self) -> Done {
        self.0.plug("CardReader", true)
    }

    fn module(&self) -> Done<String> {
        let state = self.0.order(json!("State"))?;
        match state["reader"]["module"].as_str() {
            Some(number) => Ok(number.into()),
            None => cannot("tell the number of the security module"),
        }
    }
}

/// Its printer.
pub struct Printer {
    socket: Socket,
    model: Model,
    /// What had come out when the bench was last put right.
    before: Mutex<(u64, u64)>,
}

impl Printer {
    /// The printer of a running `kiosk-sim` that was started as this model.
    pub fn new(socket: Socket, model: Model) -> Self {
        Self {
            socket,
            model,
            before: Mutex::new((0, 0)),
        }
    }

    fn state(&self) -> Done<Value> {
        Ok(self.socket.order(json!("State"))?["printer"].take())
    }

    fn order(&self, order: Value) -> Done {
        self.socket.order(order).map(drop)
    }
}

impl printer::Bench for Printer {
    fn restore(&self) -> Done {
        self.replug()?;
        self.silence(false)?;
        self.withhold_proof(false)?;
        for fault in [
            Fault::CoverOpen,
            Fault::HeadHot,
            Fault::CutterJam,
            Fault::PaperLow,
            Fault::PaperOut,
        ] {
            self.fault(fault, false)?;
        }
        // Whatever is left in the buffer comes out, and what hangs there then is torn off.
        let end = Instant::now() + Duration::from_secs(60);
        let quiet = |state: &Value| state["busy"] == false && state["buffer"] == 0;
        while !quiet(&self.state()?) {
            if Instant::now() > end {
                return Err(BenchError::Broken("the printer never rests".into()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.order(json!({"Paper": "Load"}))?;
        let state = self.state()?;
        *self.before.lock().unwrap_or_else(PoisonError::into_inner) =
            (number(&state, "slips"), number(&state, "partial"));
        Ok(())
    }

    fn model(&self) -> Model {
        self.model
    }

    fn fault(&self, fault: Fault, on: bool) -> Done {
        let choose = |bad: &str, good: &str| if on { bad } else { good }.to_owned();
        self.order(match fault {
            Fault::PaperOut => json!({"Paper": choose("Out", "Load")}),
            Fault::PaperLow => json!({"Paper": {"Low": {"state": switch(on)}}}),
            Fault::CoverOpen => json!({"Cover": {"position": choose("Open", "Close")}}),
            Fault::HeadHot => json!({"Head": {"state": choose("Hot", "Cool")}}),
            Fault::CutterJam => json!({"Cutter": {"state": choose("Jam", "Clear")}}),
            Fault::PaperJam => return cannot("jam the paper"),
        })
    }

    fn end_paper_after(&self, millimetres: u32) -> Done {
        self.order(json!({"Paper": {"OutAfter": {"millimetres": f64::from(millimetres)}}}))
    }

    fn silence(&self, on: bool) -> Done {
        self.order(json!({"Printer": {"Silent": {"state": switch(on)}}}))
    }

    fn withhold_proof(&self, on: bool) -> Done {
        self.order(json!({"Printer": {"NoCompletion": {"state": switch(on)}}}))
    }

    fn unplug(&self) -> Done {
        self.socket.plug("Printer", false)
    }

    fn replug(&self) -> Done {
        self.socket.plug("Printer", true)
    }

    fn look(&self) -> Done<Seen> {
        let state = self.state()?;
        let (slips, pieces) = *self.before.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Seen {
            slips: number(&state, "slips").saturating_sub(slips),
            pieces: number(&state, "partial").saturating_sub(pieces),
            hanging: number(&state, "hanging_mm"),
            buffered: number(&state, "buffer"),
        })
    }

    fn picture(&self) -> Done<GrayImage> {
        let state = self.state()?;
        // In a virtual machine, its directory is elsewhere.
        let Some(Ok(picture)) = state["last"].as_str().map(image::open) else {
            return cannot("show what is on the paper");
        };
        let picture = picture.into_luma8();
        let dots = self.model.paper.dots() as u32;
        let left = (picture.width().saturating_sub(dots)) / 2;
        let height = picture.height().saturating_sub(2 * TABLE);
        Ok(crop_imm(&picture, left, TABLE, dots, height).to_image())
    }
}

/// Its code scanner.
pub struct CodeScanner(pub Socket);

impl code_scanner::Bench for CodeScanner {
    fn restore(&self) -> Done {
        self.replug()
    }

    fn scan(&self, code: &Code) -> Done {
        let end = match code.end {
            // What it sends by itself.
            End::Cr | End::Pause => "",
            End::Lf => "\n",
            End::CrLf => "\r\n",
        };
        let order = json!({"Scan": {
            "text": format!("{}{end}", code.text),
            "gb18030": code.gb18030,
            "without_end": code.end != End::Cr,
        }});
        self.0.order(order).map(drop)
    }

    fn unplug(&self) -> Done {
        self.0.plug("CodeScanner", false)
    }

    fn replug(&self) -> Done {
        self.0.plug("CodeScanner", true)
    }
}

/// The table that its pictures show around the paper, in dots.
const TABLE: u32 = 28;

fn number(state: &Value, name: &str) -> u64 {
    state[name].as_u64().unwrap_or_default()
}
