//! `kiosk device`: what is connected, what it says, a real test of each, and one card or code read.

mod camera;
mod form_printer;
mod id_card;
mod list;
mod next_step;
mod panel;
mod printer;
pub(super) mod report;
mod scanner;
mod social_card;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;
use yici_catalog::{Lang, Text};
use yici_hal::address::{Address, UsbDevice};
use yici_hal::class::DeviceClass;
use yici_hal::escpos::Profile;
use yici_hal::id_card::photo::PhotoDecoder;
use yici_hal::slip::PaperWidth;

use super::catalog::lang;
use super::{Format, Verdict, print_json, print_line};
use crate::config::Config;
use crate::health::Part;
use crate::selftest::Check;
use panel::Panel;
use report::{Finding, Line};

#[derive(Subcommand)]
pub(super) enum Command {
    /// What is configured, and what else is connected.
    List(Which),
    /// What each device says about itself.
    Status(Which),
    /// Really try each device, one after the other: the reader's security module, a printed slip, a
    /// code, a finger on the screen.
    Test {
        #[command(flatten)]
        which: Which,
        /// Keep the document camera's picture in this new file (.png, .jpg, .bmp), with whatever lies
        /// under the camera.
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
    },
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
    /// The language of texts.
    #[arg(long, value_parser = lang, default_value = "zh")]
    lang: Lang,
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
    Camera,
    Printer,
    FormPrinter,
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

impl From<ReadClass> for Class {
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
            Class::Camera => Self::Camera,
            Class::Printer => Self::Printer,
            Class::FormPrinter => Self::FormPrinter,
        }
    }
}

pub(super) fn run(command: &Command) -> miette::Result<Verdict> {
    match command {
        Command::List(which) => list::list(which),
        Command::Status(which) => {
            let devices = devices(which)?;
            let mut lines = statuses(&devices, which.lang);
            if which.device.is_none() {
                lines.extend(Panel::find(Path::new("/")).status());
            }
            report::print(&lines, which.lang, which.format)
        }
        Command::Test { which, save } => {
            let devices = devices(which)?;
            let has_camera = devices.iter().any(|device| device.class == Class::Camera);
            if save.is_some() && !has_camera {
                return Err(miette::miette!(
                    help = "name one: --device v4l:/dev/video0, or `camera` in the configuration",
                    "--save keeps the camera's picture, and no camera is tested"
                ));
            }
            let mut lines = tests(&devices, save.as_deref(), &mut |device, step| {
                device.announce(step, which.lang)
            });
            if which.device.is_none() {
                lines.extend(Panel::find(Path::new("/")).test());
            }
            report::print(&lines, which.lang, which.format)
        }
        Command::Read {
            class,
            device,
            config,
            timeout,
            show,
            format,
        } => {
            let class = Class::from(*class);
            let config = config.as_deref().map(Config::load).transpose()?;
            let address = match (device, &config) {
                (Some(address), _) => address.clone(),
                (None, Some(config)) => {
                    let class = DeviceClass::from(class);
                    config.address(class).cloned().ok_or_else(|| {
                        miette::miette!(
                            help = "write its URL under [devices], or name it with --device",
                            "the configuration names no {class} device"
                        )
                    })?
                }
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

/// What every device of a configuration and of the system says when it is asked.
pub(super) fn asked(config: &Config, lang: Lang) -> Vec<Check> {
    let mut lines = statuses(&configured(config), lang);
    lines.extend(Panel::find(Path::new("/")).status());
    lines.iter().map(Line::check).collect()
}

/// What every device of a configuration and of the system comes to when it is tried with hands.
pub(super) fn tried(config: &Config, lang: Lang) -> Vec<Check> {
    let announce = &mut |device: &Device, step| device.announce(step, lang);
    let mut lines = tests(&configured(config), None, announce);
    lines.extend(Panel::find(Path::new("/")).test());
    lines.iter().map(Line::check).collect()
}

/// The same, told to somebody else than the terminal window: the name of each device before it is tried,
/// what is done for it, and which of how many it is. Whether a finger is felt the page itself finds out.
pub(super) fn tried_on_pages(
    config: &Config,
    mut tell: impl FnMut(Text, Text, (usize, usize)),
) -> Vec<Check> {
    let announce = &mut |device: &Device, step| {
        let both = |say: &dyn Fn(Lang) -> &'static str| Text {
            zh: say(Lang::Zh).into(),
            en: say(Lang::En).into(),
        };
        let name = both(&|lang| device.name(lang));
        tell(name, both(&|lang| device.class.preparation(lang)), step);
    };
    let mut lines = tests(&configured(config), None, announce);
    lines.extend(Panel::find(Path::new("/")).status());
    lines.iter().map(Line::check).collect()
}

fn nothing_named() -> miette::Report {
    miette::miette!(
        help = "name a configuration with --config FILE or a device with --device URL; \
                `kiosk device list` shows what is connected",
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

/// A device that an address was given for.
struct Device {
    class: Class,
    address: Address,
    profile: Profile,
    photo_decoder: Option<PhotoDecoder>,
}

impl Device {
    fn line(&self, finding: Finding) -> Line {
        Line {
            class: self.class.into(),
            device: Some(self.address.to_string()),
            finding,
        }
    }

    fn name(&self, lang: Lang) -> &'static str {
        Part::Device(self.class.into()).name(lang)
    }

    /// Says on stderr that it is tried now, and what is to be done for it.
    fn announce(&self, (at, of): (usize, usize), lang: Lang) {
        eprintln!("[{at}/{of}] {} {}", self.name(lang), self.address);
        eprintln!("      {}", self.class.preparation(lang));
    }
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
            Some(class) => class,
            None => usual_class(address)?,
        };
        must_take(class.into(), address)?;
        let address = address.clone();
        return Ok(vec![Device {
            class,
            address,
            profile,
            photo_decoder,
        }]);
    }
    let config = config.ok_or_else(nothing_named)?;
    Ok(configured(&config))
}

/// The devices that a configuration names.
fn configured(config: &Config) -> Vec<Device> {
    let device = |class: &Class| {
        let address = config.address((*class).into())?.clone();
        Some(Device {
            class: *class,
            address,
            profile: config.profile,
            photo_decoder: config.photo_decoder.clone(),
        })
    };
    Class::value_variants().iter().filter_map(device).collect()
}

/// What a device most probably is.
fn usual_class(address: &Address) -> miette::Result<Class> {
    Ok(match address {
        Address::Serial { .. } | Address::Hid { .. } => Class::IdCard,
        Address::Usb { device, .. } => match device {
            UsbDevice::Id { .. } => Class::IdCard,
            UsbDevice::Printer => Class::Printer,
        },
        Address::Tcp { .. } => Class::Printer,
        Address::Pcsc { .. } => Class::SocialCard,
        Address::V4l { .. } => Class::Camera,
        Address::Ipp { .. } => Class::FormPrinter,
        Address::Auto => {
            return Err(miette::miette!(
                help = "add --class, such as --class id-card",
                "`auto` can be any device"
            ));
        }
    })
}

/// What each says, all asked at once; says on stderr for whom it waits when it takes long.
fn statuses(devices: &[Device], lang: Lang) -> Vec<Line> {
    const PATIENCE: Duration = Duration::from_secs(2);
    let (results, inbox) = channel();
    let mut findings: Vec<Option<Finding>> = devices.iter().map(|_| None).collect();
    std::thread::scope(|scope| {
        for (at, device) in devices.iter().enumerate() {
            let results = results.clone();
            scope.spawn(move || results.send((at, status(device))));
        }
        drop(results);
        loop {
            match inbox.recv_timeout(PATIENCE) {
                Ok((at, finding)) => findings[at] = Some(finding),
                Err(RecvTimeoutError::Timeout) => {
                    let waits = devices.iter().zip(&findings);
                    let waits: Vec<&str> = waits
                        .filter(|(_, finding)| finding.is_none())
                        .map(|(device, _)| device.name(lang))
                        .collect();
                    match lang {
                        Lang::Zh => eprintln!("还在等：{}…", waits.join("、")),
                        Lang::En => eprintln!("still waiting for: {}…", waits.join(", ")),
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    let lines = devices.iter().zip(findings);
    lines
        .filter_map(|(device, finding)| Some(device.line(finding?)))
        .collect()
}

/// Tries one after the other; tells before each which of how many it is, from 1.
fn tests(
    devices: &[Device],
    save: Option<&Path>,
    tell: &mut dyn FnMut(&Device, (usize, usize)),
) -> Vec<Line> {
    let one = |(at, device): (usize, &Device)| {
        tell(device, (at + 1, devices.len()));
        device.line(test(device, save))
    };
    devices.iter().enumerate().map(one).collect()
}

impl Class {
    /// The classes that none of these devices is of.
    fn unnamed(named: &[Device]) -> Vec<Class> {
        let all = Self::value_variants().iter().copied();
        all.filter(|class| named.iter().all(|device| device.class != *class))
            .collect()
    }

    /// What the technician does for the test, or looks at.
    fn preparation(self, lang: Lang) -> &'static str {
        let (zh, en) = match self {
            Self::IdCard => (
                "问一次安全模块，不用放卡",
                "asks its security module; no card is needed",
            ),
            Self::Code => (
                "请把任意二维码或条形码对准扫码器",
                "hold any code up to the scanner",
            ),
            Self::SocialCard => (
                "请把社保卡插好或放好",
                "have a social security card in the reader",
            ),
            Self::Camera => ("请放一页有字的纸，摆平", "lay a printed page flat below it"),
            Self::FormPrinter => ("会打一张测试页", "prints a test page"),
            Self::Printer => (
                "会打一张测试单：看两种文字、罕见字、二维码、切纸",
                "prints a slip: look at both scripts, rare characters, the QR code, the cut",
            ),
        };
        lang.pick(zh, en)
    }
}

fn print_fields(fields: &Value) -> miette::Result<()> {
    for (key, value) in fields.as_object().into_iter().flatten() {
        if !value.is_null() {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            print_line(&format!("{key}  {value}"))?;
        }
    }
    Ok(())
}

fn status(device: &Device) -> Finding {
    match device.class {
        Class::IdCard => id_card::status(&device.address),
        Class::SocialCard => social_card::status(&device.address),
        Class::Code => scanner::status(&device.address),
        Class::Printer => printer::status(&device.address, device.profile),
        Class::Camera => camera::status(&device.address),
        Class::FormPrinter => form_printer::status(&device.address),
    }
}

fn test(device: &Device, save: Option<&Path>) -> Finding {
    match device.class {
        Class::IdCard => id_card::test(&device.address, device.photo_decoder.as_ref()),
        Class::SocialCard => social_card::test(&device.address),
        Class::Code => scanner::test(&device.address),
        Class::Printer => printer::test(&device.address, device.profile),
        Class::Camera => camera::test(&device.address, save),
        Class::FormPrinter => form_printer::test(&device.address),
    }
}

fn read(
    device: &Device,
    timeout: jiff::SignedDuration,
    show: bool,
    format: Format,
) -> miette::Result<Verdict> {
    let address = &device.address;
    must_take(device.class.into(), address)?;
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
        Class::Code => scanner::read(address, wait, show)?,
        Class::SocialCard => social_card::read(address, wait, show)?,
        Class::IdCard | Class::Camera | Class::Printer | Class::FormPrinter => {
            id_card::read(address, device.photo_decoder.as_ref(), wait, show)?
        }
    };
    let Some(record) = read else {
        return Err(miette::miette!(
            help = "try again; --timeout 30s waits longer",
            "nothing was read within {timeout:#}"
        ));
    };
    match format {
        Format::Json => print_json(&record)?,
        Format::Text => print_fields(&record)?,
    }
    Ok(Verdict::Fine)
}
