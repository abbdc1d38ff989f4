//! `kiosk device`: what is connected, what it says, a real test of each, and one card or code read.

mod id_card;
mod next_step;
mod printer;
mod scanner;
mod social_card;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use yici_hal::address::{Address, UsbDevice};
use yici_hal::class::DeviceClass;
use yici_hal::escpos::Profile;
use yici_hal::id_card::photo::PhotoDecoder;
use yici_hal::slip::{PaperWidth, columns};
use yici_hal::status::Cause;

use super::{Format, Verdict, print_json};
use crate::config::Config;
use next_step::next_step;

#[derive(Subcommand)]
pub(super) enum Command {
    /// What is configured.
    List(Which),
    /// What each device says about itself.
    Status(Which),
    /// Really try each device: the reader's security module, a printed slip, a code.
    Test(Which),
    /// Wait for one card or code and print its record. The configuration beside --device names the
    /// decoder of photos.
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
    /// One device by its URL.
    #[arg(long)]
    device: Option<Address>,
    /// What the device of --device is, when its URL does not tell: a serial line is taken for a card
    /// reader, a TCP port for a printer.
    #[arg(long, value_enum, requires = "device")]
    class: Option<Class>,
    /// How results are printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// The longest time that `read` waits.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// The classes that an address can be given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Class {
    IdCard,
    SocialCard,
    Code,
    Printer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReadClass {
    /// A resident ID card or permit.
    IdCard,
    /// A social security card.
    SocialCard,
    /// A bar code or QR code.
    Code,
}

impl From<ReadClass> for DeviceClass {
    fn from(class: ReadClass) -> Self {
        match class {
            ReadClass::IdCard => Self::IdCard,
            ReadClass::SocialCard => Self::SocialCard,
            ReadClass::Code => Self::Code,
        }
    }
}

impl From<Class> for DeviceClass {
    fn from(class: Class) -> Self {
        match class {
            Class::IdCard => Self::IdCard,
            Class::SocialCard => Self::SocialCard,
            Class::Code => Self::Code,
            Class::Printer => Self::Printer,
        }
    }
}

/// The class's name, filled up to a column of a terminal window, where an ideograph takes two places.
fn padded(class: DeviceClass) -> String {
    const ROOM: usize = 32;
    let name = match class {
        DeviceClass::IdCard => "ID card reader 身份证阅读器",
        DeviceClass::SocialCard => "social card reader 社保卡读卡器",
        DeviceClass::Code => "code scanner 扫码器",
        DeviceClass::Camera => "document camera 高拍仪",
        DeviceClass::Printer => "slip printer 凭条打印机",
        DeviceClass::FormPrinter => "form printer A4打印机",
        DeviceClass::Touch => "touch 触摸",
        DeviceClass::Screen => "screen 屏幕",
        DeviceClass::Audio => "audio 声音",
    };
    format!("{name}{}", " ".repeat(ROOM.saturating_sub(columns(name))))
}

pub(super) fn run(command: &Command) -> miette::Result<Verdict> {
    match command {
        Command::List(which) => list(which),
        Command::Status(which) => report(which, status),
        Command::Test(which) => report(which, test),
        Command::Read {
            class,
            device,
            config,
            timeout,
            show,
            format,
        } => {
            let class = DeviceClass::from(*class);
            let config = config.as_deref().map(Config::load).transpose()?;
            let address = match (device, &config) {
                (Some(address), _) => address.clone(),
                (None, Some(config)) => config.address(class).cloned().ok_or_else(|| {
                    miette::miette!(
                        help = "write its URL under [devices], or name it with --device",
                        "the configuration names no {class} device"
                    )
                })?,
                (None, None) => return Err(nothing_named()),
            };
            let device = Device {
                class,
                address,
                profile: Profile::epson(PaperWidth::Mm80),
                photo_decoder: config.and_then(|config| config.photo_decoder),
            };
            read(&device, *timeout, *show, *format)
        }
    }
}

fn nothing_named() -> miette::Report {
    miette::miette!(
        help = "name a configuration with --config FILE or a device with --device URL",
        "no device is named"
    )
}

fn must_take(class: DeviceClass, address: &Address) -> miette::Result<()> {
    if class.takes(address) {
        return Ok(());
    }
    Err(miette::miette!(
        help = format!("its address is {}", class.addresses()),
        "{address} is no address of a {class} device"
    ))
}

struct Device {
    class: DeviceClass,
    address: Address,
    profile: Profile,
    photo_decoder: Option<PhotoDecoder>,
}

fn devices(which: &Which) -> miette::Result<Vec<Device>> {
    let config = which.config.as_deref().map(Config::load).transpose()?;
    // A configuration beside it tells what the printer can do.
    let profile = config
        .as_ref()
        .map_or(Profile::epson(PaperWidth::Mm80), |config| config.profile);
    let photo_decoder = config
        .as_ref()
        .and_then(|config| config.photo_decoder.clone());
    if let Some(address) = &which.device {
        let class = match which.class {
            Some(class) => class.into(),
            None => usual_class(address)?,
        };
        must_take(class, address)?;
        let address = address.clone();
        return Ok(vec![Device {
            class,
            address,
            profile,
            photo_decoder,
        }]);
    }
    let config = config.ok_or_else(nothing_named)?;
    let configured = DeviceClass::ALL.into_iter().filter_map(|class| {
        let address = config.address(class)?.clone();
        Some(Device {
            class,
            address,
            profile,
            photo_decoder: photo_decoder.clone(),
        })
    });
    Ok(configured.collect())
}

/// What a device most probably is.
fn usual_class(address: &Address) -> miette::Result<DeviceClass> {
    Ok(match address {
        Address::Serial { .. } | Address::Hid { .. } => DeviceClass::IdCard,
        Address::Usb { device, .. } => match device {
            UsbDevice::Id { .. } => DeviceClass::IdCard,
            UsbDevice::Printer => DeviceClass::Printer,
        },
        Address::Tcp { .. } => DeviceClass::Printer,
        Address::Pcsc { .. } => DeviceClass::SocialCard,
        Address::V4l { .. } => DeviceClass::Camera,
        Address::Ipp { .. } => DeviceClass::FormPrinter,
        Address::Auto => {
            return Err(miette::miette!(
                help = "add --class, such as --class id-card",
                "`auto` can be any device"
            ));
        }
    })
}

fn list(which: &Which) -> miette::Result<Verdict> {
    let devices = devices(which)?;
    match which.format {
        Format::Json => {
            let list: Vec<Value> = devices
                .iter()
                .map(|device| json!({"class": device.class, "device": device.address}))
                .collect();
            print_json(&list)?;
        }
        Format::Text => {
            for device in &devices {
                println!("{} {}", padded(device.class), device.address);
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
                "class": device.class,
                "device": device.address,
                "says": said,
                "cause": cause,
                "next": next,
            })),
            Format::Text => {
                let sign = if cause.is_none() { "ok" } else { "!!" };
                println!("{sign}  {} {}", padded(device.class), device.address);
                print_fields(&said, "    ", ": ");
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

fn print_fields(fields: &Value, before: &str, between: &str) {
    for (key, value) in fields.as_object().into_iter().flatten() {
        if !value.is_null() {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            println!("{before}{key}{between}{value}");
        }
    }
}

fn status(device: &Device) -> Finding {
    match device.class {
        DeviceClass::IdCard => id_card::status(&device.address),
        DeviceClass::SocialCard => social_card::status(&device.address),
        DeviceClass::Code => scanner::status(&device.address),
        DeviceClass::Printer => printer::status(&device.address, device.profile),
        DeviceClass::Camera
        | DeviceClass::FormPrinter
        | DeviceClass::Touch
        | DeviceClass::Screen
        | DeviceClass::Audio => unimplemented!("its driver is still to come"),
    }
}

fn test(device: &Device) -> Finding {
    match device.class {
        DeviceClass::IdCard => id_card::test(&device.address, device.photo_decoder.as_ref()),
        DeviceClass::SocialCard => social_card::test(&device.address),
        DeviceClass::Code => scanner::test(&device.address),
        DeviceClass::Printer => printer::test(&device.address, device.profile),
        DeviceClass::Camera
        | DeviceClass::FormPrinter
        | DeviceClass::Touch
        | DeviceClass::Screen
        | DeviceClass::Audio => unimplemented!("its driver is still to come"),
    }
}

fn read(
    device: &Device,
    timeout: jiff::SignedDuration,
    show: bool,
    format: Format,
) -> miette::Result<Verdict> {
    let address = &device.address;
    must_take(device.class, address)?;
    let wait = Duration::try_from(timeout)
        .ok()
        .filter(|wait| *wait <= LONGEST_WAIT)
        .ok_or_else(|| {
            miette::miette!(
                help = "say it like 10s, up to 24h",
                "{timeout:#} is no time to wait"
            )
        })?;
    let read = match device.class {
        DeviceClass::Code => scanner::read(address, wait, show)?,
        DeviceClass::SocialCard => social_card::read(address, wait, show)?,
        _ => id_card::read(address, device.photo_decoder.as_ref(), wait, show)?,
    };
    let Some(record) = read else {
        return Err(miette::miette!(
            help = "try again; --timeout 30s waits longer",
            "nothing was read within {timeout:#}"
        ));
    };
    match format {
        Format::Json => print_json(&record)?,
        Format::Text => print_fields(&record, "", "  "),
    }
    Ok(Verdict::Fine)
}
