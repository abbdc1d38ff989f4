//! `kiosk-sim`: devices without hardware. It speaks their wire protocols from outside, over
//! pseudo-terminals, TCP ports, a virtual smart card reader and USB (to a guest in QEMU), so that the
//! terminal runs its real drivers against it.
//!
//! Everything about the protocols is written here a second time, from the manuals and not from
//! yici-hal's drivers: a simulator that shared their code would share their mistakes.

mod bench;
mod card;
mod control;
mod line;
mod order;
mod plug;
mod printer;
mod run;
mod scanner;
mod smart_card;
mod usb;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(version, about = "Simulated devices of a self-service terminal")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Run devices until stopped; prints one line of JSON with their addresses when they are ready
    Run(run::Options),
    /// Serve a workbench for the browser: the devices and, beside them, the terminal's own screen; prints
    /// one line of JSON with its address when it is ready
    Bench(bench::Options),
    /// Do something to running devices: lay a card, take the paper away, ...
    Ctl {
        /// Socket of the running `kiosk-sim run`
        #[arg(long)]
        socket: PathBuf,
        /// Which device, if there are several of its kind; `ctl state` tells their names
        #[arg(long)]
        device: Option<String>,
        #[command(subcommand)]
        order: order::Order,
    },
    /// Carry out orders that come by the standard input, a line each, and answer each with a line
    Relay {
        /// Socket of the running `kiosk-sim run`
        #[arg(long)]
        socket: PathBuf,
    },
}

fn main() -> ExitCode {
    match Arguments::parse().what {
        What::Run(options) => match run::run(options) {
            Ok(never) => match never {},
            Err(error) => {
                eprintln!("kiosk-sim: {error}");
                ExitCode::from(2)
            }
        },
        What::Bench(options) => match bench::run(options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("kiosk-sim: {error}");
                ExitCode::from(2)
            }
        },
        What::Ctl {
            socket,
            device,
            order,
        } => control::ask(&socket, device, order),
        What::Relay { socket } => match control::relay(&socket, |words| parse(&socket, words)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("kiosk-sim: {error}");
                ExitCode::from(2)
            }
        },
    }
}

/// Reads the words behind `kiosk-sim ctl --socket …`: the device, if one is named, and the order.
fn parse(socket: &Path, words: &str) -> Result<(Option<String>, order::Order), String> {
    let before = [
        "kiosk-sim".as_ref(),
        "ctl".as_ref(),
        "--socket".as_ref(),
        socket.as_os_str(),
    ];
    let words = words.split_whitespace().map(AsRef::as_ref);
    match Arguments::try_parse_from(before.into_iter().chain(words)) {
        Ok(Arguments {
            what: What::Ctl { device, order, .. },
        }) => Ok((device, order)),
        Ok(_) => Err("this is no order".into()),
        Err(error) => Err(error.to_string()),
    }
}
