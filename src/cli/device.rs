//! `kiosk device`: what is connected, what it says, a real test of each, and one card read.

use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use yici_hal::address::Address;
use yici_hal::escpos::{self, Printed, Profile};
use yici_hal::id_card::{self, CardKind, IdCard, Sex, Validity};
use yici_hal::slip::{Align, Element, PaperWidth, Slip, Style, columns};
use yici_hal::status::{Actor, Cause, PrinterStatus};

use super::{Format, Verdict, print_json};
use crate::config::Config;
use crate::visit::mask;

#[derive(Subcommand)]
pub(super) enum Command {
    /// What is configured.
    List(Which),
    /// What each device says about itself.
    Status(Which),
    /// Really try each device: the reader's security module, a printed slip.
    Test(Which),
    /// Wait for one card and print its record.
    Read {
        /// What is read.
        #[arg(long, value_enum, default_value = "id-card")]
        class: ReadClass,
        /// The reader; the configuration's otherwise.
        #[arg(long)]
        device: Option<Address>,
        /// The terminal's configuration.
        #[arg(long)]
        config: Option<PathBuf>,
        /// How long to wait.
        #[arg(long, default_value = "10s")]
        timeout: jiff::SignedDuration,
        /// Print name and number unmasked.
        #[arg(long)]
        show: bool,
        /// How the record is printed.
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
}

#[derive(Args)]
pub(super) struct Which {
    /// The terminal's configuration.
    #[arg(long)]
    config: Option<PathBuf>,
    /// One device by its URL; serial is taken for a card reader, tcp for a printer.
    #[arg(long)]
    device: Option<Address>,
    /// What the device of --device is, when its URL does not tell.
    #[arg(long, value_enum, requires = "device")]
    class: Option<Class>,
    /// How results are printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Class {
    IdCard,
    Printer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReadClass {
    /// A resident ID card or permit.
    IdCard,
}

impl Class {
    fn id(self) -> &'static str {
        match self {
            Class::IdCard => "id-card",
            Class::Printer => "printer",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Class::IdCard => "ID card reader 身份证阅读器",
            Class::Printer => "slip printer 凭条打印机",
        }
    }

    /// The name, filled up to a column of a terminal window, where an ideograph takes two places.
    fn padded(self) -> String {
        const ROOM: usize = 32;
        let name = self.name();
        format!("{name}{}", " ".repeat(ROOM.saturating_sub(columns(name))))
    }
}

pub(super) fn run(command: &Command) -> miette::Result<Verdict> {
    match command {
        Command::List(which) => list(which),
        Command::Status(which) => report(which, status),
        Command::Test(which) => report(which, test),
        Command::Read {
            class: ReadClass::IdCard,
            device,
            config,
            timeout,
            show,
            format,
        } => {
            let address = match (device, config) {
                (Some(address), _) => address.clone(),
                (None, Some(file)) => Config::load(file)?.card_reader.ok_or_else(|| {
                    miette::miette!(
                        help = "add card_reader = \"serial:/dev/ttyUSB0\" under [devices]",
                        "the configuration names no card reader"
                    )
                })?,
                (None, None) => return Err(nothing_named()),
            };
            on_a_serial_line(&address)?;
            read(&address, *timeout, *show, *format)
        }
    }
}

/// Readers hang on a serial line. What listens on a TCP port is a printer: it would print the
/// commands meant for the reader.
fn on_a_serial_line(address: &Address) -> miette::Result<()> {
    match address {
        Address::Serial { .. } => Ok(()),
        Address::Tcp { .. } => Err(miette::miette!(
            help = "name the reader's serial line, such as serial:/dev/ttyUSB0",
            "{address} is no card reader: cards are read over a serial line, not over tcp"
        )),
    }
}

fn nothing_named() -> miette::Report {
    miette::miette!(
        help = "name a configuration with --config FILE or a device with --device URL",
        "no device is named"
    )
}

struct Device {
    class: Class,
    address: Address,
    profile: Profile,
}

fn devices(which: &Which) -> miette::Result<Vec<Device>> {
    let mut devices = Vec::new();
    if let Some(address) = &which.device {
        let class = which.class.unwrap_or(match address {
            Address::Serial { .. } => Class::IdCard,
            Address::Tcp { .. } => Class::Printer,
        });
        // A configuration beside it tells what the printer can do.
        let profile = match &which.config {
            Some(file) => Config::load(file)?.profile,
            None => Profile::epson(PaperWidth::Mm80),
        };
        devices.push(Device {
            class,
            address: address.clone(),
            profile,
        });
    } else if let Some(file) = &which.config {
        let config = Config::load(file)?;
        let named = [
            (Class::IdCard, config.card_reader),
            (Class::Printer, config.printer),
        ];
        for (class, address) in named {
            if let Some(address) = address {
                devices.push(Device {
                    class,
                    address,
                    profile: config.profile,
                });
            }
        }
    } else {
        return Err(nothing_named());
    }
    Ok(devices)
}

fn list(which: &Which) -> miette::Result<Verdict> {
    let devices = devices(which)?;
    match which.format {
        Format::Json => {
            let list: Vec<Value> = devices
                .iter()
                .map(|device| json!({"class": device.class.id(), "device": device.address.to_string()}))
                .collect();
            print_json(&list)?;
        }
        Format::Text => {
            for device in &devices {
                println!("{} {}", device.class.padded(), device.address);
            }
        }
    }
    Ok(Verdict::Fine)
}

/// What one device came to.
struct Finding {
    said: Value,
    cause: Option<Cause>,
}

fn report(which: &Which, look: fn(&Device) -> Finding) -> miette::Result<Verdict> {
    let mut list = Vec::new();
    let mut verdict = Verdict::Fine;
    for device in devices(which)? {
        let Finding { said, cause } = look(&device);
        if cause.is_some() {
            verdict = Verdict::Findings;
        }
        let next = cause.map(next_step);
        match which.format {
            Format::Json => list.push(json!({
                "class": device.class.id(),
                "device": device.address.to_string(),
                "says": said,
                "cause": cause,
                "next": next,
            })),
            Format::Text => {
                let sign = if cause.is_none() { "ok" } else { "!!" };
                println!("{sign}  {} {}", device.class.padded(), device.address);
                for (key, value) in said.as_object().into_iter().flatten() {
                    println!(
                        "    {key}: {}",
                        value
                            .as_str()
                            .map_or_else(|| value.to_string(), str::to_owned)
                    );
                }
                if let (Some(cause), Some(next)) = (cause, next) {
                    println!("    {cause}; next: {next}");
                }
            }
        }
    }
    if which.format == Format::Json {
        print_json(&list)?;
    }
    Ok(verdict)
}

/// What to do about a fault.
fn next_step(cause: Cause) -> String {
    let who = match cause.actor() {
        Actor::Citizen => "the citizen",
        Actor::Staff => "hall staff",
        Actor::Technician => "a technician",
        Actor::Nobody => "nobody; it passes by itself",
    };
    let what = match cause {
        Cause::CoverOpen => "close the cover",
        Cause::PaperOut => "load a roll of paper, printed side up",
        Cause::PaperJam => "open the cover, take out the stuck paper",
        Cause::Cutter => "switch off, free the cutter, switch on",
        Cause::HeadHot => "wait a minute",
        Cause::FeedKey => "release the feed key",
        Cause::Recoverable => "switch the device off and on",
        Cause::Unrecoverable => "have the device repaired",
        Cause::Offline => "press the device's online key",
        Cause::NotConnected => "check its cable, power, and its URL in the configuration",
        Cause::NoAnswer => "check that it is switched on, and its speed in the URL",
        Cause::Garbled => "check that the URL names this kind of device, at its speed",
        Cause::SecurityModule => "have the reader's security module (SAM) replaced",
        Cause::CannotDraw => "install a Chinese font (package fonts-noto-cjk)",
    };
    format!("{what} ({who})")
}

fn status(device: &Device) -> Finding {
    match device.class {
        Class::IdCard => match id_card::open(&device.address) {
            Ok(mut reader) => {
                let status = reader.status();
                Finding {
                    said: json!(status),
                    cause: status.cause,
                }
            }
            Err(error) => unreadable(&error),
        },
        Class::Printer => {
            let status = match escpos::open(&device.address, device.profile) {
                Ok(mut printer) => printer.status(),
                Err(_) => PrinterStatus::unheard(Cause::NotConnected),
            };
            Finding {
                said: json!(status),
                cause: status.cause,
            }
        }
    }
}

fn test(device: &Device) -> Finding {
    match device.class {
        Class::IdCard => {
            match id_card::open(&device.address).and_then(|mut reader| reader.sam_id()) {
                Ok(id) => Finding {
                    said: json!({"securityModule": id}),
                    cause: None,
                },
                Err(error) => unreadable(&error),
            }
        }
        Class::Printer => {
            let printed = match escpos::open(&device.address, device.profile) {
                Ok(mut printer) => printer.print(&test_slip(&device.address)),
                Err(_) => Printed::Failed(Cause::NotConnected),
            };
            let (said, cause) = match printed {
                Printed::Completed => (
                    "completed: the printer says that the slip is on paper",
                    None,
                ),
                // Not proven is not a pass: a technician looks and decides.
                Printed::Unknown(_) => (
                    "unknown: the printer does not say; look whether the test slip came out",
                    Some(Cause::NoAnswer),
                ),
                Printed::Failed(cause) => ("failed", Some(cause)),
            };
            Finding {
                said: json!({"printed": said}),
                cause,
            }
        }
    }
}

fn unreadable(error: &id_card::ReaderError) -> Finding {
    Finding {
        said: json!({"error": error.to_string()}),
        cause: error.cause().or(Some(Cause::Garbled)),
    }
}

/// Shows what can go wrong on paper: both scripts, a drawn character, a QR code, the cut.
fn test_slip(address: &Address) -> Slip {
    let mut slip = Slip::new();
    slip.line(
        "打印测试",
        Style {
            bold: true,
            wide: true,
            tall: true,
            ..Style::default()
        },
        Align::Centre,
    )
    .line("Printer test", Style::default(), Align::Centre);
    slip.elements.push(Element::Rule);
    slip.text("汉字 Latin 0123456789")
        .text("罕见字 䶮 𬭎 㐂 𠮷");
    slip.line(address.to_string(), Style::default(), Align::Left);
    slip.qr("打印测试 printer test");
    slip.elements.push(Element::Feed(2));
    slip
}

fn read(
    address: &Address,
    timeout: jiff::SignedDuration,
    show: bool,
    format: Format,
) -> miette::Result<Verdict> {
    let limit: std::time::Duration = timeout.try_into().map_err(|_| {
        miette::miette!(
            help = "say it like 10s",
            "the time to wait cannot be negative"
        )
    })?;
    let told = |error: id_card::ReaderError| match error.cause() {
        Some(cause) => miette::miette!(help = next_step(cause), "{error}"),
        None => miette::miette!(
            help = "lay the card flat and leave it until it was read",
            "{error}"
        ),
    };
    let mut reader = id_card::open(address).map_err(told)?;
    let too_long = || miette::miette!(help = "say it like 10s", "that is too long to wait");
    let end = Instant::now().checked_add(limit).ok_or_else(too_long)?;
    eprintln!("lay a card on the reader 请把身份证平放在读卡区");
    while !reader.find().map_err(told)? {
        if Instant::now() >= end {
            return Err(miette::miette!(
                help = "lay a card and try again; --timeout 30s waits longer",
                "no card within {timeout:#}"
            ));
        }
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    let card = reader.read().map_err(told)?;
    let record = record(&card, show);
    match format {
        Format::Json => print_json(&record)?,
        Format::Text => {
            for (key, value) in record.as_object().into_iter().flatten() {
                if !value.is_null() {
                    println!(
                        "{key:<14} {}",
                        value
                            .as_str()
                            .map_or_else(|| value.to_string(), str::to_owned)
                    );
                }
            }
        }
    }
    Ok(Verdict::Fine)
}

/// A card's record; what tells who somebody is is masked unless shown on purpose.
fn record(card: &IdCard, show: bool) -> Value {
    let name = |text: &str| {
        if show {
            text.to_owned()
        } else {
            mask::name(text)
        }
    };
    let number = |text: &str| {
        if show {
            text.to_owned()
        } else {
            mask::number(text)
        }
    };
    let day = |day: yici_hal::id_card::Day| day.to_date().to_string();
    json!({
        "kind": match card.kind {
            CardKind::Citizen => "citizen",
            CardKind::HkMacaoTaiwan => "hk-macao-taiwan",
            CardKind::Foreigner2023 => "foreigner-2023",
            CardKind::Foreigner2017 => "foreigner-2017",
        },
        "name": name(&card.name),
        "englishName": card.english_name.as_deref().map(name),
        "sex": card.sex.map(|sex| match sex {
            Sex::Male => "male",
            Sex::Female => "female",
            Sex::Unstated => "unstated",
        }),
        "nation": card.nation.as_deref().map(|code| id_card::nation_name(code).unwrap_or(code)),
        "birth": card.birth.map(|birth| if show { day(birth) } else { "****".into() }),
        "address": card.address.as_deref().map(name),
        "number": number(&card.number),
        "issuer": card.issuer.as_deref().map(name),
        "validFrom": card.valid_from.map(day),
        "validTo": match card.valid_to {
            Validity::Until(last) => json!(day(last)),
            Validity::LongTerm => json!("long-term"),
            Validity::Unreadable => Value::Null,
        },
        "passNumber": card.pass_number.as_deref().map(number),
        "nationality": card.nationality,
        "photoBytes": card.photo.len(),
        "masked": !show,
    })
}
