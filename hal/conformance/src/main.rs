//! `kiosk-conform`: the cases of a class against the driver at an address.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use serde_json::json;
use yici_conformance::sim::{self, Device, Socket};
use yici_conformance::{
    Case, Finding, Hands, Report, Trial, card_reader, code_scanner, printer, social_card,
};
use yici_hal::address::Address;
use yici_hal::escpos::{self, Model, Profile, ProfileError};
use yici_hal::slip::PaperWidth;
use yici_hal::{code_scanner as scanner, id_card, social_card as social};

/// Runs the cases of a class of devices against the real driver
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Class of the device
    #[arg(long)]
    class: Class,
    /// Address of the device, as in the terminal's configuration
    #[arg(long)]
    device: Address,
    /// Where the `kiosk-sim` that plays the device takes orders: a socket's path, or tcp:HOST:PORT
    #[arg(long)]
    sim: Socket,
    /// Name of the device there, if there are several of its kind
    #[arg(long)]
    name: Option<String>,
    /// Printers: name of a model that is shipped, or the file of its profile
    #[arg(long, default_value = "epson-compatible")]
    profile: String,
    /// Printers: width of the paper in mm; otherwise the profile's
    #[arg(long)]
    paper: Option<PaperWidth>,
    /// Only cases whose name holds this
    #[arg(long, default_value = "")]
    case: String,
    /// Seconds that a busy or emulated machine may add to what drivers promise
    #[arg(long, default_value_t = 2)]
    slack: u64,
    /// How the report is written
    #[arg(long, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Class {
    IdCard,
    SocialCard,
    Code,
    Printer,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Exit code 0: no case failed; 1: some did; clap's 2: it could not begin.
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let profile = match profile(&arguments) {
        Ok(profile) => profile,
        Err(error) => {
            eprintln!("--profile {}: {error}", arguments.profile);
            return ExitCode::from(2);
        }
    };
    let report = run(&arguments, profile);
    match arguments.format {
        Format::Text => println!("{report}"),
        Format::Json => println!(
            "{}",
            json!({
                "device": arguments.device.to_string(),
                "failed": report.failed().len(),
                "not_run": report.not_run().len(),
                "cases": report.cases,
            })
        ),
    }
    ExitCode::from(u8::from(!report.failed().is_empty()))
}

fn profile(arguments: &Arguments) -> Result<Profile, ProfileError> {
    let name = &arguments.profile;
    let model = match name.ends_with(".toml") {
        true => std::fs::read_to_string(name)
            .map_err(|error| ProfileError::File(error.to_string()))
            .and_then(|text| Model::parse(&text)),
        false => Model::named(name),
    }?;
    let profile = Profile {
        paper: arguments.paper.unwrap_or(model.profile.paper),
        ..model.profile
    };
    profile.check()?;
    Ok(profile)
}

fn run(arguments: &Arguments, profile: Profile) -> Report {
    let address = &arguments.device;
    let device = Device {
        socket: arguments.sim.clone(),
        name: arguments.name.clone(),
        usb: matches!(address, Address::Usb { .. } | Address::Hid { .. }),
        line: None,
    };
    match arguments.class {
        Class::IdCard => {
            let open = || id_card::open(address).map_err(|error| error.to_string());
            let bench = sim::CardReader(device);
            play(arguments, card_reader::cases(), &bench, &open)
        }
        Class::SocialCard => {
            let open = || social::open(address).map_err(|error| error.to_string());
            let bench = sim::SocialCard(device);
            play(arguments, social_card::cases(), &bench, &open)
        }
        Class::Code => {
            let open = || scanner::open(address).map_err(|error| error.to_string());
            let bench = sim::CodeScanner(device);
            play(arguments, code_scanner::cases(), &bench, &open)
        }
        Class::Printer => {
            let open = || escpos::open(address, profile).map_err(|error| error.to_string());
            let bench = sim::Printer::new(device, printer::Model::of(&profile));
            play(arguments, printer::cases(), &bench, &open)
        }
    }
}

fn play<B: Hands + ?Sized, D: ?Sized>(
    arguments: &Arguments,
    mut cases: Vec<Case<B, D>>,
    bench: &B,
    open: &(dyn Fn() -> Result<Box<D>, String> + Sync),
) -> Report {
    cases.retain(|case| case.name.contains(&arguments.case));
    let slack = Duration::from_secs(arguments.slack);
    let trial = Trial { bench, open, slack };
    // A machine that hangs has at least said in which case.
    yici_conformance::run(&cases, &trial, tell)
}

fn tell(one: &Finding) {
    eprintln!("{} ms: {} {:?}", one.milliseconds, one.case, one.outcome);
}
