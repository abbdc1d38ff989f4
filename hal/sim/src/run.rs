//! Puts the devices together and keeps them running.

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::card::Reader;
use crate::control::{self, Devices};
use crate::printer::{self, Charset, Printer};
use crate::scanner::Scanner;

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
    /// Run a receipt printer at this address; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    printer: Option<SocketAddr>,
    /// Width of its paper in mm
    #[arg(long, default_value = "80")]
    paper: Paper,
    /// Characters that it has
    #[arg(long, default_value = "gb18030")]
    charset: Charset,
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

/// Why the devices cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No device is asked for.
    #[error("nothing to run: give --card-reader LINK, --code-scanner LINK or --printer ADDRESS")]
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

/// Runs the devices for ever.
///
/// # Errors
/// If they cannot be started.
pub fn run(options: Options) -> Result<Infallible, RunError> {
    if options.card_reader.is_none() && options.code_scanner.is_none() && options.printer.is_none()
    {
        return Err(RunError::Nothing);
    }
    let open = |what: String| move |source| RunError::Open { what, source };
    let reader = match &options.card_reader {
        Some(link) => {
            Some(Reader::start(link).map_err(open(format!("card reader at {}", link.display())))?)
        }
        None => None,
    };
    let scanner = match &options.code_scanner {
        Some(link) => Some(
            Scanner::start(link).map_err(open(format!("code scanner at {}", link.display())))?,
        ),
        None => None,
    };
    let printer = match options.printer {
        Some(address) if !address.ip().is_loopback() => return Err(RunError::NotLoopback(address)),
        Some(address) => {
            let setup = printer::Setup {
                dots: match options.paper {
                    Paper::Mm80 => 576,
                    Paper::Mm58 => 384,
                },
                paper_dots: match options.paper {
                    Paper::Mm80 => 640,
                    Paper::Mm58 => 464,
                },
                charset: options.charset,
                buffer: options.buffer as usize,
                out: options.out,
            };
            Some(Printer::start(address, setup).map_err(open(format!("printer at {address}")))?)
        }
        None => None,
    };
    let serial = |link: &PathBuf| {
        let link = std::path::absolute(link).unwrap_or_else(|_| link.clone());
        format!("serial:{}", link.display())
    };
    let ready = json!({
        "card_reader": options.card_reader.as_ref().map(serial),
        "code_scanner": options.code_scanner.as_ref().map(|link| format!("{}?baud=9600", serial(link))),
        "printer": printer.as_ref().map(|printer| format!("tcp:{}", printer.address())),
        "socket": options.socket,
    });
    let devices = Devices {
        reader,
        printer,
        scanner,
    };
    control::serve(&options.socket, devices)
        .map_err(open(format!("socket {}", options.socket.display())))?;
    let mut stdout = std::io::stdout();
    // Whoever started this may not care for the line.
    let _ = writeln!(stdout, "{ready}").and_then(|()| stdout.flush());
    loop {
        thread::park();
    }
}
