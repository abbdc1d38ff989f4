//! Puts the devices together and keeps them running.

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::thread;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::card::Reader;
use crate::control::{self, Devices};
use crate::printer::{Charset, Model, Printer, Setup};
use crate::scanner::Scanner;
use crate::smart_card::{Application, SmartCard};
use crate::usb::{self, Shape};

/// Options of `kiosk-sim run`.
#[derive(Args)]
pub struct Options {
    /// Socket for `kiosk-sim ctl`
    #[arg(long)]
    socket: PathBuf,
    /// Run an ID card reader, and link its serial line here
    #[arg(long, value_name = "LINK")]
    card_reader: Option<PathBuf>,
    /// Run a code scanner, and link its serial line of 9600 baud here
    #[arg(long, value_name = "LINK")]
    code_scanner: Option<PathBuf>,
    /// Run a social security card for the virtual reader (vpcd) at this address; its first slot otherwise
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:35963")]
    social_card: Option<SocketAddr>,
    /// Run an ID card for the virtual reader (vpcd) at this address; its second slot otherwise
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:35964")]
    pcsc_card_reader: Option<SocketAddr>,
    /// Run a receipt printer at this address; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    printer: Option<SocketAddr>,
    /// Plug an ID card reader into a USB port at this socket, for QEMU's usb-redir: a path, then
    /// `,shape=b` for two pipes instead of four and `,name=NAME` for `ctl --device`; repeatable
    #[arg(long, value_name = "SOCKET")]
    usb_card_reader: Vec<Plug>,
    /// Plug a receipt printer of class 7 into a USB port at this socket; likewise, without shapes. Its
    /// model, paper and characters are those of --printer; its slips go to a directory of its name in
    /// --out
    #[arg(long, value_name = "SOCKET")]
    usb_printer: Vec<Plug>,
    /// Run the printer at a serial line of 115200 baud, linked here; as well, or instead
    #[arg(long, value_name = "LINK")]
    serial_printer: Option<PathBuf>,
    /// What kind of printer it is
    #[arg(long, value_name = "NAME", default_value = "epson-compatible")]
    printer_model: Model,
    /// Width of its paper in mm; the model's otherwise
    #[arg(long)]
    paper: Option<Paper>,
    /// Characters that it has; the model's otherwise
    #[arg(long)]
    charset: Option<Charset>,
    /// All bits of its answer about the outlet (DLE EOT 5) mean the opposite
    #[arg(long)]
    outlet_inverted: bool,
    /// Size of its receive buffer in bytes
    #[arg(long, default_value_t = 64 * 1024, value_parser = clap::value_parser!(u32).range(256..=16_777_216))]
    buffer: u32,
    /// Directory for what it prints: slip-NNN.png and slip-NNN.escpos
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Paper {
    #[value(name = "80")]
    Mm80,
    #[value(name = "58")]
    Mm58,
}

/// A device in a USB port.
#[derive(Clone)]
struct Plug {
    socket: PathBuf,
    shape: Shape,
    name: Option<String>,
}

impl FromStr for Plug {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(',');
        let mut plug = Self {
            socket: parts.next().unwrap_or_default().into(),
            shape: Shape::A,
            name: None,
        };
        for part in parts {
            match part.split_once('=') {
                Some(("shape", "a")) => plug.shape = Shape::A,
                Some(("shape", "b")) => plug.shape = Shape::B,
                Some(("shape", "c")) => plug.shape = Shape::C,
                Some(("name", name)) => plug.name = Some(name.into()),
                _ => {
                    return Err(format!(
                        "`{part}` is not known here: write shape=a, shape=b, shape=c or name=NAME"
                    ));
                }
            }
        }
        Ok(plug)
    }
}

impl Plug {
    /// Its own name, or one by its kind and number.
    fn name(&self, kind: &str, number: usize) -> String {
        self.name.clone().unwrap_or_else(|| match number {
            0 => format!("usb-{kind}"),
            more => format!("usb-{kind}-{}", more + 1),
        })
    }
}

/// Why the devices cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No device is asked for.
    #[error(
        "nothing to run: give --card-reader LINK, --code-scanner LINK, --social-card, --pcsc-card-reader, --printer ADDRESS, --serial-printer LINK, --usb-card-reader SOCKET or --usb-printer SOCKET"
    )]
    Nothing,
    /// The printer would be open to the network.
    #[error("{0} is not a loopback address: a simulated printer serves this machine alone")]
    NotLoopback(SocketAddr),
    /// Something could not be opened.
    #[error("{what}: {source}")]
    Open {
        /// What it was.
        what: String,
        /// What the system says.
        source: std::io::Error,
    },
}

impl Options {
    /// Socket for `kiosk-sim ctl`.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Whether no device is asked for.
    pub fn names_none(&self) -> bool {
        self.card_reader.is_none()
            && self.code_scanner.is_none()
            && self.social_card.is_none()
            && self.pcsc_card_reader.is_none()
            && self.printer.is_none()
            && self.serial_printer.is_none()
            && self.usb_card_reader.is_empty()
            && self.usb_printer.is_empty()
    }
}

/// Runs the devices for ever.
///
/// # Errors
/// If they cannot be started.
pub fn run(options: Options) -> Result<Infallible, RunError> {
    let ready = start(options)?;
    let mut stdout = std::io::stdout();
    // Whoever started this may not care for the line.
    let _ = writeln!(stdout, "{ready}").and_then(|()| stdout.flush());
    loop {
        thread::park();
    }
}

/// Starts the devices on threads of their own; their addresses.
///
/// # Errors
/// If they cannot be started.
pub fn start(options: Options) -> Result<Value, RunError> {
    if options.names_none() {
        return Err(RunError::Nothing);
    }
    let open = |what: String| move |source| RunError::Open { what, source };
    let mut devices = Devices::default();
    if let Some(link) = &options.card_reader {
        let reader =
            Reader::start(link).map_err(open(format!("card reader at {}", link.display())))?;
        devices.readers.push(("card-reader".into(), reader));
    }
    if let Some(link) = &options.code_scanner {
        devices.scanner = Some(
            Scanner::start(link).map_err(open(format!("code scanner at {}", link.display())))?,
        );
    }
    if let Some(address) = options
        .printer
        .filter(|address| !address.ip().is_loopback())
    {
        return Err(RunError::NotLoopback(address));
    }
    let mut tcp = None;
    if options.printer.is_some() || options.serial_printer.is_some() {
        let setup = setup(&options, options.out.clone());
        let printer = Printer::start(setup).map_err(open("printer".into()))?;
        if let Some(address) = options.printer {
            let listening = printer.listen(address);
            tcp = Some(listening.map_err(open(format!("printer at {address}")))?);
        }
        if let Some(link) = &options.serial_printer {
            let open = open(format!("printer at {}", link.display()));
            printer.listen_serial(link, 115_200).map_err(open)?;
        }
        devices.printers.push(("printer".into(), printer));
    }
    for (number, plug) in options.usb_card_reader.iter().enumerate() {
        let (reader, port) = usb::start_reader(&plug.socket, plug.shape)
            .map_err(open(format!("USB port at {}", plug.socket.display())))?;
        let name = plug.name("card-reader", number);
        devices.readers.push((name.clone(), reader));
        devices.ports.push((name, port));
    }
    for (number, plug) in options.usb_printer.iter().enumerate() {
        let what = format!("USB port at {}", plug.socket.display());
        let name = plug.name("printer", number);
        let out = options.out.as_ref().map(|out| out.join(&name));
        let printer = Printer::start(setup(&options, out)).map_err(open(what.clone()))?;
        let port = usb::start_printer(&plug.socket, &printer).map_err(open(what))?;
        devices.printers.push((name.clone(), printer));
        devices.ports.push((name, port));
    }
    devices.social_card = options
        .social_card
        .map(|address| SmartCard::start(address, Application::Social));
    devices.pcsc_card = options
        .pcsc_card_reader
        .map(|address| SmartCard::start(address, Application::Id));
    let serial = |link: &PathBuf| {
        let link = std::path::absolute(link).unwrap_or_else(|_| link.clone());
        format!("serial:{}", link.display())
    };
    let ready = json!({
        "card_reader": options.card_reader.as_ref().map(serial),
        "code_scanner": options.code_scanner.as_ref().map(|link| format!("{}?baud=9600", serial(link))),
        // As Debian's configuration of vpcd names its slots.
        "social_card": devices.social_card.as_ref().map(|_| "pcsc:Virtual PCD 00 00"),
        "pcsc_card_reader": devices.pcsc_card.as_ref().map(|_| "pcsc:Virtual PCD 00 01"),
        "printer": tcp.map(|address| format!("tcp:{address}")),
        "serial_printer": options.serial_printer.as_ref().map(serial),
        "usb": devices.ports.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        "socket": options.socket,
    });
    control::serve(&options.socket, devices)
        .map_err(open(format!("socket {}", options.socket.display())))?;
    Ok(ready)
}

fn setup(options: &Options, out: Option<PathBuf>) -> Setup {
    let model = Setup::of(options.printer_model);
    let (dots, paper_dots) = match options.paper {
        Some(Paper::Mm80) => (576, 640),
        Some(Paper::Mm58) => (384, 464),
        None => (model.dots, model.paper_dots),
    };
    Setup {
        dots,
        paper_dots,
        charset: options.charset.unwrap_or(model.charset),
        inverted: options.outlet_inverted,
        buffer: options.buffer as usize,
        out,
        ..model
    }
}
