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
use yici_hal::id_card;
use yici_hal::status::CardMedia;

use crate::card_reader::{self, Bench as _, Card, Reply, Spoil};
use crate::code_scanner::{self, Bench as _, Code, End};
use crate::printer::{self, Bench as _, Fault, Model, Seen};
use crate::social_card::{self, Bench as _, Holder};
use crate::trial::{BenchError, Done, Hands, cannot};

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

/// Waits until an order has had its effect.
fn settled(
    limit: Duration,
    what: impl FnOnce() -> String,
    mut done: impl FnMut() -> Done<bool>,
) -> Done {
    let end = Instant::now() + limit;
    while !done()? {
        if Instant::now() > end {
            return Err(BenchError::Broken(what()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn switch(on: bool) -> &'static str {
    if on { "On" } else { "Off" }
}

/// One device of a running `kiosk-sim`.
#[derive(Debug, Clone)]
pub struct Device {
    /// Where it takes orders.
    pub socket: Socket,
    /// Name of the device; not needed for the only one of its kind.
    pub name: Option<String>,
    /// It is plugged into a USB port, not at the end of a serial line or on the network.
    pub usb: bool,
    /// A line that a converter leads to it, which comes and goes with its plug, a moment later.
    pub line: Option<PathBuf>,
}

/// Longest time for a converter to see the plug.
const CONVERTED: Duration = Duration::from_secs(10);

impl Device {
    /// The only device of its kind, on a serial line or the network.
    pub fn only(socket: Socket) -> Self {
        Self {
            socket,
            name: None,
            usb: false,
            line: None,
        }
    }

    /// Gives an order, as `kiosk-sim` writes it, and returns the answer to it.
    ///
    /// # Errors
    /// [`BenchError::Broken`] if it is not carried out.
    pub fn order(&self, order: Value) -> Done<Value> {
        self.request(json!({"order": order}))
    }

    fn request(&self, mut request: Value) -> Done<Value> {
        request["device"] = json!(self.name);
        let socket = &self.socket;
        let answer = socket
            .exchange(&request)
            .map_err(|error| BenchError::Broken(format!("{socket}: {error}")))?;
        if answer["ok"] == true {
            Ok(answer)
        } else {
            let error = answer["error"].as_str().unwrap_or_default();
            Err(BenchError::Broken(error.into()))
        }
    }

    /// State of the device; `kind` is `reader` or `printer`.
    fn state(&self, kind: &str) -> Done<Value> {
        let mut state = self.order(json!("State"))?;
        Ok(match &self.name {
            Some(name) => state["devices"][name].take(),
            None => state[kind].take(),
        })
    }

    fn plug(&self, kind: &str, on: bool) -> Done {
        if self.usb {
            let state = self.order(json!("State"))?;
            let port = match &self.name {
                Some(name) => &state["usb"][name],
                None => state["usb"]
                    .as_object()
                    .and_then(|ports| ports.values().next())
                    .unwrap_or(&Value::Null),
            };
            if port["plugged"] == on {
                return Ok(());
            }
        }
        self.order(match (self.usb, on) {
            (false, _) => json!({"Plug": {"device": kind, "state": switch(on)}}),
            (true, true) => json!({"Usb": "Plug"}),
            (true, false) => json!({"Usb": {"Unplug": {"mid_transfer": false}}}),
        })?;
        let what = || "the converter's line does not follow the plug".to_owned();
        settled(CONVERTED, what, || {
            let line = self.line.as_ref();
            Ok(line.is_none_or(|line| line.exists() == on))
        })
    }
}

/// A card reader of a `kiosk-sim`.
pub struct CardReader(pub Device);

impl CardReader {
    fn card(&self, order: Value) -> Done {
        self.0.order(json!({"Card": order})).map(drop)
    }
}

impl Hands for CardReader {
    fn restore(&self) -> Done {
        self.replug()?;
        self.silence(false)?;
        self.lift()
    }
}

impl card_reader::Bench for CardReader {
    fn lay(&self, card: &Card) -> Done {
        let request = json!({"order": {"Card": {"Lay": {"who": card.name}}}, "person": card});
        self.0.request(request).map(drop)
    }

    fn lift(&self) -> Done {
        if self.0.state("reader")?["card"].is_null() {
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
        if self.0.usb {
            // Of a read's replies, only the record takes several packets.
            let order = json!({"Usb": {"Unplug": {"mid_transfer": true}}});
            return self.0.order(order).map(drop);
        }
        self.card(json!("AwaitRecord"))?;
        self.card(json!("Unplug"))
    }

    fn replug(&self) -> Done {
        self.0.plug("CardReader", true)
    }

    fn module(&self) -> Done<String> {
        match self.0.state("reader")?["module"].as_str() {
            Some(number) => Ok(number.into()),
            None => cannot("tell the number of the security module"),
        }
    }
}

/// A printer of a `kiosk-sim`.
pub struct Printer {
    device: Device,
    model: Model,
    /// What had come out when the bench was last put right.
    before: Mutex<(u64, u64)>,
}

impl Printer {
    /// A printer that was started as this model.
    pub fn new(device: Device, model: Model) -> Self {
        Self {
            device,
            model,
            before: Mutex::new((0, 0)),
        }
    }

    fn state(&self) -> Done<Value> {
        self.device.state("printer")
    }

    fn order(&self, order: Value) -> Done {
        self.device.order(order).map(drop)
    }
}

impl Hands for Printer {
    fn restore(&self) -> Done {
        self.replug()?;
        self.silence(false)?;
        self.withhold_proof(false)?;
        for fault in [
            Fault::CoverOpen,
            Fault::HeadHot,
            Fault::CutterJam,
            Fault::PaperJam,
            Fault::PaperLow,
            Fault::PaperOut,
        ] {
            self.fault(fault, false)?;
        }
        // Whatever is left in the buffer comes out, and what hangs there then is torn off.
        let what = || "the printer never rests".to_owned();
        settled(Duration::from_secs(60), what, || {
            let state = self.state()?;
            Ok(state["busy"] == false && state["buffer"] == 0)
        })?;
        self.order(json!({"Paper": "Load"}))?;
        let state = self.state()?;
        *self.before.lock().unwrap_or_else(PoisonError::into_inner) =
            (number(&state, "slips"), number(&state, "partial"));
        Ok(())
    }
}

impl printer::Bench for Printer {
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
            Fault::PaperJam if on => json!({"Paper": {"Jam": {"presenting": false}}}),
            Fault::PaperJam => json!({"Paper": "ClearJam"}),
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
        self.device.plug("Printer", false)
    }

    fn replug(&self) -> Done {
        self.device.plug("Printer", true)
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
        let width = picture.width().saturating_sub(2 * TABLE);
        let height = picture.height().saturating_sub(2 * TABLE);
        Ok(crop_imm(&picture, TABLE, TABLE, width, height).to_image())
    }
}

/// A code scanner of a `kiosk-sim`.
pub struct CodeScanner(pub Device);

impl Hands for CodeScanner {
    fn restore(&self) -> Done {
        self.replug()
    }
}

impl code_scanner::Bench for CodeScanner {
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

/// The social security card of a `kiosk-sim`, which comes and goes in a reader of the PC/SC service.
pub struct SocialCard(pub Device);

impl SocialCard {
    fn card(&self, order: Value) -> Done {
        self.0.order(json!({"Social": order})).map(drop)
    }
}

impl Hands for SocialCard {
    fn restore(&self) -> Done {
        self.freeze(false)?;
        self.turn_over(false)?;
        self.lift()
    }
}

impl social_card::Bench for SocialCard {
    fn lay(&self, holder: &Holder) -> Done {
        // An ID card's other fields are not on it.
        let person = json!({
            "name": holder.name,
            "sex": holder.sex,
            "nation": holder.nation,
            "birth": holder.birth,
            "number": holder.number,
            "valid_from": "",
            "valid_to": "",
        });
        let order = json!({"Social": {"Lay": {"who": holder.name}}});
        let request = json!({"order": order, "person": person});
        self.0.request(request).map(drop)
    }

    fn lift(&self) -> Done {
        if self.0.order(json!("State"))?["social_card"]["card"].is_null() {
            return Ok(());
        }
        self.card(json!("Lift"))
    }

    fn turn_over(&self, on: bool) -> Done {
        self.card(json!({"Mute": {"state": switch(on)}}))
    }

    fn freeze(&self, on: bool) -> Done {
        self.card(json!({"Freeze": {"state": switch(on)}}))
    }

    fn spoil(&self, how: social_card::Spoil) -> Done {
        self.card(match how {
            social_card::Spoil::Status(word) => json!({"StatusWord": {"status": word}}),
            social_card::Spoil::Truncated => json!("Truncate"),
            social_card::Spoil::Late(time) => {
                json!({"Late": {"milliseconds": time.as_millis() as u64}})
            }
        })
    }
}

/// The ID card of a `kiosk-sim`, which comes and goes in a reader of the PC/SC service that shows its record.
/// An order is carried out once the service has seen it.
pub struct PcscCard {
    device: Device,
    /// Sees what the service sees.
    seen: Mutex<Box<dyn id_card::CardReader>>,
}

/// Longest time for the service to see a card come or go.
const SEEN: Duration = Duration::from_secs(15);

/// Until a read is under way, and far from its end when its card is frozen.
const UNDER_WAY: Duration = Duration::from_millis(700);

impl PcscCard {
    /// A card for the service's reader whose name begins so.
    ///
    /// # Errors
    /// [`BenchError::Broken`] for what is no name.
    pub fn new(device: Device, reader: &str) -> Done<Self> {
        let broken = |error: &dyn fmt::Display| BenchError::Broken(error.to_string());
        let address = format!("pcsc:{reader}");
        let address = address.parse().map_err(|error| broken(&error))?;
        let seen = id_card::open(&address).map_err(|error| broken(&error))?;
        Ok(Self {
            device,
            seen: Mutex::new(seen),
        })
    }

    fn until(&self, media: CardMedia) -> Done {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let what = || format!("the service does not see that its card is {media:?}");
        settled(SEEN, what, || Ok(seen.status().media == Some(media)))
    }
}

fn pcsc_card(device: &Device, order: Value) -> Done {
    device.order(json!({"PcscCard": order})).map(drop)
}

fn freeze(device: &Device, on: bool) -> Done {
    pcsc_card(device, json!({"Freeze": {"state": switch(on)}}))
}

impl Hands for PcscCard {
    fn restore(&self) -> Done {
        freeze(&self.device, false)?;
        self.lift()
    }
}

impl card_reader::Bench for PcscCard {
    fn lay(&self, card: &Card) -> Done {
        if card.new_address.is_some() {
            return cannot(
                "hand over a newer address, which readers of this shape have no command for",
            );
        }
        self.lift()?;
        let order = json!({"PcscCard": {"Lay": {"who": card.name}}});
        self.device
            .request(json!({"order": order, "person": card}))?;
        self.until(CardMedia::Present)
    }

    fn lift(&self) -> Done {
        if !self.device.order(json!("State"))?["pcsc_card"]["card"].is_null() {
            pcsc_card(&self.device, json!("Lift"))?;
        }
        self.until(CardMedia::NotPresent)
    }

    fn lift_while_reading(&self) -> Done {
        freeze(&self.device, true)?;
        let device = self.device.clone();
        std::thread::spawn(move || {
            std::thread::sleep(UNDER_WAY);
            // A bench that is broken by then shows in what the case does next.
            let _ = pcsc_card(&device, json!("Lift"));
            let _ = freeze(&device, false);
        });
        Ok(())
    }
}

/// The table that its pictures show around the paper, in dots.
const TABLE: u32 = 28;

fn number(state: &Value, name: &str) -> u64 {
    state[name].as_u64().unwrap_or_default()
}
