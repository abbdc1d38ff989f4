//! What a setup file says: read from TOML, and every value checked, all mistakes told at once.

use std::fmt;
use std::net::IpAddr;
use std::ops::Range;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use url::{Host, Url};
use yici_catalog::{Lang, Text};
use yici_contract::PublicKey;
use yici_hal::address::Address;
use yici_hal::class::DeviceClass;
use yici_hal::escpos::{Charset, Completion, Model};
use zeroize::Zeroizing;

use crate::finding::{Code, Finding, Refused, line_of};
use crate::pin::PinHash;

/// A checked setup. Its `Debug` form never shows the enrolment code.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    /// Raised with each file for the same terminal; an older one is not taken again.
    pub serial: u64,
    /// Serial numbers of the machines that it is for, as the firmware says them; empty for any.
    pub machines: Vec<String>,
    /// The hall.
    pub hall: Hall,
    /// The region of its matters, by its code (GB/T 2260); the catalogue's own otherwise.
    pub region: Option<String>,
    /// The devices.
    pub devices: Devices,
    /// What the slip printer can do.
    pub printer: Printer,
    /// The screen.
    pub screen: Screen,
    /// The network.
    pub network: Network,
    /// Where cases are delivered; none on a terminal that only guides.
    pub upstream: Option<Upstream>,
    /// The PIN of the hall's staff; without one no staff page is offered.
    pub staff_pin: Option<PinHash>,
    /// Time servers, names or numbers; empty for those that DHCP names.
    pub time_servers: Vec<String>,
}

/// The hall around the terminal, as in `kiosk.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hall {
    /// Its name.
    pub name: Text,
    /// This terminal's name.
    pub terminal: String,
    /// Where people help.
    pub desk: Text,
    /// Its telephones.
    pub phones: Vec<Phone>,
    /// How addresses in this city begin.
    pub local_addresses: Vec<String>,
}

/// A telephone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    /// Whose it is.
    pub name: Text,
    /// The number.
    pub number: String,
}

/// Where the devices are, as in `kiosk.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Devices {
    /// ID card reader.
    pub card_reader: Option<Address>,
    /// Reader of social security cards.
    pub social_card_reader: Option<Address>,
    /// Code scanner.
    pub code_scanner: Option<Address>,
    /// Document camera.
    pub camera: Option<Address>,
    /// Slip printer.
    pub printer: Option<Address>,
    /// A4 printer.
    pub form_printer: Option<Address>,
}

/// What the slip printer can do, as in `kiosk.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Printer {
    /// One of the shipped models.
    pub profile: Option<String>,
    /// Width of the paper in mm.
    pub paper: Option<u32>,
    /// Its characters.
    pub charset: Option<Charset>,
    /// How it proves a slip.
    pub completion: Option<Completion>,
    /// Whether it clears its buffer.
    pub clears_buffer: Option<bool>,
}

/// The screen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Screen {
    /// The language of an idle terminal.
    pub language: Lang,
    /// How far the picture is turned.
    pub rotation: Rotation,
    /// libinput's calibration matrix of the touch panel: the first two rows.
    pub calibration: Option<[f64; 6]>,
}

/// How far the picture is turned, in degrees clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// Not.
    None,
    /// 90.
    Quarter,
    /// 180.
    Half,
    /// 270.
    ThreeQuarters,
}

impl Rotation {
    /// In degrees.
    pub fn degrees(self) -> u16 {
        match self {
            Rotation::None => 0,
            Rotation::Quarter => 90,
            Rotation::Half => 180,
            Rotation::ThreeQuarters => 270,
        }
    }

    fn of(degrees: u32) -> Option<Rotation> {
        [Self::None, Self::Quarter, Self::Half, Self::ThreeQuarters]
            .into_iter()
            .find(|rotation| u32::from(rotation.degrees()) == degrees)
    }
}

/// The wired network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// The interface's name; none for every wired one.
    pub interface: Option<String>,
    /// Where its address comes from.
    pub addressing: Addressing,
    /// DNS servers; besides those that DHCP names.
    pub dns: Vec<IpAddr>,
    /// The HTTP proxy.
    pub proxy: Option<Url>,
}

/// Where an address comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressing {
    /// From DHCP or router advertisements.
    Dhcp,
    /// From this file.
    Static {
        /// The terminal's address.
        address: IpAddr,
        /// Bits of the subnet.
        prefix: u8,
        /// The way out of the subnet.
        gateway: Option<IpAddr>,
    },
}

/// Where cases are delivered, as in `kiosk.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// `https`, host and port.
    pub url: Url,
    /// The key that cases are sealed to, 64 small hexadecimal digits.
    pub key: String,
    /// Its CA, PEM.
    pub ca: String,
    /// What upstream enrols this terminal by.
    pub enrolment: Option<Enrolment>,
}

/// An enrolment code; wiped when dropped and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolment(Zeroizing<String>);

impl Enrolment {
    /// The code itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enrolment(…)")
    }
}

impl Setup {
    /// Reads and checks the TOML text of a setup file.
    ///
    /// # Errors
    /// Every value that cannot be used; or the first place where the text has not the form of a setup.
    pub fn parse(file: &str) -> Result<Setup, Refused> {
        let raw: Raw = toml::from_str(file).map_err(|error| Refused {
            findings: vec![syntax(file, &error)],
        })?;
        let mut problems = Problems {
            file,
            found: Vec::new(),
        };
        let setup = raw.check(&mut problems);
        let mut findings = problems.found;
        findings.sort_by_key(|finding| finding.line);
        match setup {
            Some(setup) if findings.is_empty() => Ok(setup),
            Some(_) | None => Err(Refused { findings }),
        }
    }
}

fn syntax(file: &str, error: &toml::de::Error) -> Finding {
    let span = error.span().unwrap_or(0..0);
    let line = line_of(file, span.start);
    let said = file.lines().nth(line - 1).unwrap_or_default();
    // What TOML says may quote a value, and this one is a secret.
    let message = if said.contains("enrolment") {
        "the line with the enrolment code is not of the form `enrolment = \"…\"`"
    } else {
        error.message()
    };
    let zh = if let Some(rest) = message.strip_prefix("unknown field ") {
        format!("没有这个键：{rest}")
    } else if let Some(rest) = message.strip_prefix("missing field ") {
        format!("缺少 {rest}")
    } else {
        format!("格式不对：{message}")
    };
    Finding::at(file, span, Code::Syntax, Text::of(zh, message))
}

struct Problems<'a> {
    file: &'a str,
    found: Vec<Finding>,
}

impl Problems<'_> {
    fn tell(&mut self, span: Range<usize>, zh: impl Into<String>, en: impl Into<String>) {
        let message = Text::of(zh, en);
        self.found
            .push(Finding::at(self.file, span, Code::BadValue, message));
    }

    fn words(&mut self, span: &Range<usize>, words: &str, most: usize) {
        let length = words.chars().count();
        if words.trim().is_empty() || length > most || words.chars().any(char::is_control) {
            self.tell(
                span.clone(),
                format!("这里要写 1 到 {most} 个字，不能换行"),
                format!("it takes 1 to {most} characters without line ends"),
            );
        }
    }

    fn count<T>(&mut self, span: &Range<usize>, list: &[T], least: usize, most: usize) {
        if !(least..=most).contains(&list.len()) {
            self.tell(
                span.clone(),
                format!("这里要写 {least} 到 {most} 项"),
                format!("it takes {least} to {most} entries"),
            );
        }
    }

    fn address(&mut self, class: DeviceClass, value: Option<Spanned<String>>) -> Option<Address> {
        let value = value?;
        match value.get_ref().parse::<Address>() {
            Ok(address) if class.takes(&address) => Some(address),
            Ok(address) => {
                let takes = class.addresses();
                self.tell(
                    value.span(),
                    format!("这种设备不能用 `{address}`；可以写 {takes}"),
                    format!("`{address}` is no address of this device: it takes {takes}"),
                );
                None
            }
            Err(error) => {
                self.tell(
                    value.span(),
                    format!("不是设备地址：{error}"),
                    error.to_string(),
                );
                None
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    serial: Spanned<u64>,
    #[serde(default)]
    machines: Option<Spanned<Vec<String>>>,
    hall: Spanned<Hall>,
    #[serde(default)]
    catalogue: RawCatalogue,
    #[serde(default)]
    devices: RawDevices,
    #[serde(default)]
    printer: RawPrinter,
    #[serde(default)]
    screen: RawScreen,
    network: RawNetwork,
    upstream: Option<RawUpstream>,
    staff: Option<RawStaff>,
    #[serde(default)]
    time: RawTime,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawCatalogue {
    region: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawDevices {
    card_reader: Option<Spanned<String>>,
    social_card_reader: Option<Spanned<String>>,
    code_scanner: Option<Spanned<String>>,
    camera: Option<Spanned<String>>,
    printer: Option<Spanned<String>>,
    form_printer: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawPrinter {
    profile: Option<Spanned<String>>,
    paper: Option<Spanned<u32>>,
    charset: Option<Charset>,
    completion: Option<Spanned<Completion>>,
    clears_buffer: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawScreen {
    language: Option<Lang>,
    rotation: Option<Spanned<u32>>,
    calibration: Option<Spanned<Vec<f64>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNetwork {
    interface: Option<Spanned<String>>,
    address: Spanned<String>,
    gateway: Option<Spanned<String>>,
    dns: Option<Spanned<Vec<String>>>,
    proxy: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUpstream {
    url: Spanned<String>,
    key: Spanned<String>,
    ca: Spanned<String>,
    enrolment: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStaff {
    pin: Spanned<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawTime {
    servers: Option<Spanned<Vec<String>>>,
}

impl Raw {
    fn check(self, problems: &mut Problems<'_>) -> Option<Setup> {
        if *self.serial.get_ref() == 0 || *self.serial.get_ref() > 9_999_999_999 {
            problems.tell(
                self.serial.span(),
                "序号从 1 开始，最多 10 位，每次加大",
                "it counts from 1 to at most 10 digits, larger each time",
            );
        }
        let machines = self.machines.map_or_else(Vec::new, |machines| {
            problems.count(&machines.span(), machines.get_ref(), 1, 64);
            for machine in machines.get_ref() {
                problems.words(&machines.span(), machine, 64);
            }
            machines.into_inner()
        });
        check_hall(&self.hall, problems);
        let region = self.catalogue.region.map(|region| {
            if !yici_catalog::is_region_code(region.get_ref()) {
                problems.tell(
                    region.span(),
                    "行政区划代码（GB/T 2260）是 6 位数字",
                    "a region code of GB/T 2260 has six digits",
                );
            }
            region.into_inner()
        });
        let devices = Devices {
            card_reader: problems.address(DeviceClass::IdCard, self.devices.card_reader),
            social_card_reader: problems
                .address(DeviceClass::SocialCard, self.devices.social_card_reader),
            code_scanner: problems.address(DeviceClass::Code, self.devices.code_scanner),
            camera: problems.address(DeviceClass::Camera, self.devices.camera),
            printer: problems.address(DeviceClass::Printer, self.devices.printer),
            form_printer: problems.address(DeviceClass::FormPrinter, self.devices.form_printer),
        };
        let printer = self.printer.check(problems);
        let screen = self.screen.check(problems);
        let network = self.network.check(problems);
        let upstream = self
            .upstream
            .map(|upstream| upstream.check(problems, network.as_ref()));
        let staff_pin = self.staff.and_then(|staff| {
            let pin = staff.pin.get_ref().parse::<PinHash>();
            pin.map_err(|error| {
                let zh = "这里要写 kiosk provision pin 打印的那一行，不是 PIN 本身";
                problems.tell(staff.pin.span(), zh, error.to_string());
            })
            .ok()
        });
        let time_servers = self.time.servers.map_or_else(Vec::new, |servers| {
            problems.count(&servers.span(), servers.get_ref(), 1, 4);
            for server in servers.get_ref() {
                if !is_host(server) {
                    problems.tell(
                        servers.span(),
                        format!("`{server}` 不是主机名或地址"),
                        format!("`{server}` is no host's name or number"),
                    );
                }
            }
            servers.into_inner()
        });
        Some(Setup {
            serial: self.serial.into_inner(),
            machines,
            hall: self.hall.into_inner(),
            region,
            devices,
            printer,
            screen,
            network: network?,
            upstream: match upstream {
                Some(upstream) => Some(upstream?),
                None => None,
            },
            staff_pin,
            time_servers,
        })
    }
}

fn check_hall(hall: &Spanned<Hall>, problems: &mut Problems<'_>) {
    let span = hall.span();
    let hall = hall.get_ref();
    let place = |words: &str, file: &str| {
        // The section is spanned as a whole: the words themselves say which line.
        let at = file
            .get(span.start..)
            .and_then(|section| section.find(words));
        let start = at.map_or(span.start, |at| span.start + at);
        start..start + 1
    };
    let mut words = |words: &str, most| {
        let place = place(words, problems.file);
        problems.words(&place, words, most);
    };
    for name in [&hall.name, &hall.desk] {
        words(&name.zh, 80);
        words(&name.en, 120);
    }
    words(&hall.terminal, 32);
    for phone in &hall.phones {
        words(&phone.name.zh, 80);
        words(&phone.name.en, 120);
        words(&phone.number, 32);
    }
    for address in &hall.local_addresses {
        words(address, 60);
    }
    problems.count(&span, &hall.phones, 1, 16);
    problems.count(&span, &hall.local_addresses, 1, 64);
}

impl RawPrinter {
    fn check(self, problems: &mut Problems<'_>) -> Printer {
        let mut profile = None;
        if let Some(name) = &self.profile {
            match Model::named(name.get_ref()) {
                Ok(model) => profile = Some(model.profile),
                Err(error) => problems.tell(
                    name.span(),
                    format!("没有这个打印机型号：{error}"),
                    error.to_string(),
                ),
            }
        }
        if let Some(paper) = &self.paper {
            let width = match paper.get_ref() {
                58 => Some(yici_hal::slip::PaperWidth::Mm58),
                80 => Some(yici_hal::slip::PaperWidth::Mm80),
                _ => None,
            };
            match (width, &mut profile) {
                (None, _) => problems.tell(
                    paper.span(),
                    "纸宽只有 58 或 80 毫米",
                    "paper is 58 or 80 (mm wide)",
                ),
                (Some(width), Some(profile)) => {
                    profile.paper = width;
                    if let Err(error) = profile.check() {
                        let zh = format!("这个型号不能用这种纸：{error}");
                        problems.tell(paper.span(), zh, error.to_string());
                    }
                }
                (Some(_), None) => {}
            }
        }
        if let (Some(completion), Some(profile)) = (&self.completion, &mut profile) {
            profile.completion = *completion.get_ref();
            if let Err(error) = profile.check() {
                let zh = format!("这个型号不能这样确认打印：{error}");
                problems.tell(completion.span(), zh, error.to_string());
            }
        }
        Printer {
            profile: self.profile.map(Spanned::into_inner),
            paper: self.paper.map(Spanned::into_inner),
            charset: self.charset,
            completion: self.completion.map(Spanned::into_inner),
            clears_buffer: self.clears_buffer,
        }
    }
}

impl RawScreen {
    fn check(self, problems: &mut Problems<'_>) -> Screen {
        let rotation = self.rotation.map_or(Rotation::None, |degrees| {
            Rotation::of(*degrees.get_ref()).unwrap_or_else(|| {
                problems.tell(
                    degrees.span(),
                    "旋转只有 0、90、180、270",
                    "rotation is 0, 90, 180 or 270",
                );
                Rotation::None
            })
        });
        let calibration = self.calibration.and_then(|matrix| {
            let six = <[f64; 6]>::try_from(matrix.get_ref().as_slice()).ok();
            let six = six.filter(|m| {
                m.iter().all(|value| value.abs() <= 10.0)
                    && (m[0] * m[4] - m[1] * m[3]).abs() >= 0.01
            });
            if six.is_none() {
                problems.tell(
                    matrix.span(),
                    "触摸校准要写 6 个 -10 到 10 的数，且两行不能成比例，如 [1, 0, 0, 0, 1, 0]",
                    "calibration takes 6 numbers of -10 to 10 whose rows are not multiples of each other, such as [1, 0, 0, 0, 1, 0]",
                );
            }
            six
        });
        Screen {
            language: self.language.unwrap_or(Lang::Zh),
            rotation,
            calibration,
        }
    }
}

impl RawNetwork {
    fn check(self, problems: &mut Problems<'_>) -> Option<Network> {
        if let Some(name) = &self.interface {
            let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            if !(1..=15).contains(&name.get_ref().len()) || !name.get_ref().chars().all(plain) {
                problems.tell(
                    name.span(),
                    "不是网络接口名称，如 enp1s0",
                    "no name of a network interface, such as enp1s0",
                );
            }
        }
        let addressing = addressing(&self.address, self.gateway.as_ref(), problems);
        let mut dns = Vec::new();
        if let Some(servers) = &self.dns {
            problems.count(&servers.span(), servers.get_ref(), 1, 3);
            for server in servers.get_ref() {
                match server.parse::<IpAddr>() {
                    Ok(address) if is_usable(address) => dns.push(address),
                    Ok(_) | Err(_) => problems.tell(
                        servers.span(),
                        format!("`{server}` 不是 DNS 服务器的地址"),
                        format!("`{server}` is no address of a DNS server"),
                    ),
                }
            }
        }
        let proxy = self.proxy.and_then(|proxy| {
            let url = place(proxy.get_ref(), "http");
            if url.is_none() {
                problems.tell(
                    proxy.span(),
                    "代理要写成 http://主机:端口，不带用户名、密码和路径",
                    "a proxy is http://host:port, without user, password or path",
                );
            }
            url
        });
        Some(Network {
            interface: self.interface.map(Spanned::into_inner),
            addressing: addressing?,
            dns,
            proxy,
        })
    }
}

fn addressing(
    address: &Spanned<String>,
    gateway: Option<&Spanned<String>>,
    problems: &mut Problems<'_>,
) -> Option<Addressing> {
    if address.get_ref() == "dhcp" {
        if let Some(gateway) = gateway {
            problems.tell(
                gateway.span(),
                "用 DHCP 时网关由 DHCP 给出，请删去这一行",
                "DHCP names the gateway; leave this line out",
            );
        }
        return Some(Addressing::Dhcp);
    }
    let read = |text: &str| {
        let (address, prefix) = text.split_once('/')?;
        let (address, prefix) = (address.parse::<IpAddr>().ok()?, prefix.parse::<u8>().ok()?);
        let bounds = if address.is_ipv4() { 8..=30 } else { 16..=126 };
        if !bounds.contains(&prefix) || !is_usable(address) {
            return None;
        }
        let own = bits(address, prefix).1;
        let broadcast = (1u128 << (width(address) - prefix)) - 1;
        (own != 0 && (address.is_ipv6() || own != broadcast)).then_some((address, prefix))
    };
    let Some((own, prefix)) = read(address.get_ref()) else {
        problems.tell(
            address.span(),
            "地址写 dhcp，或写本机地址和子网位数，如 192.0.2.20/24；不能是网络地址或广播地址",
            "an address is `dhcp`, or a host's address and the subnet's bits, such as 192.0.2.20/24; not that of the network or of broadcast",
        );
        return None;
    };
    let mut way = None;
    if let Some(gateway) = gateway {
        match gateway.get_ref().parse::<IpAddr>() {
            Ok(found)
                if found.is_ipv4() == own.is_ipv4()
                    && found != own
                    && (is_link_local(found) || bits(found, prefix).0 == bits(own, prefix).0) =>
            {
                way = Some(found);
            }
            Ok(found) => problems.tell(
                gateway.span(),
                format!("网关 {found} 不在本机子网 {own}/{prefix} 内，或与本机地址相同"),
                format!("the gateway {found} is not in the subnet of {own}/{prefix}, or is the terminal itself"),
            ),
            Err(_) => problems.tell(gateway.span(), "不是网关地址", "no address of a gateway"),
        }
    }
    Some(Addressing::Static {
        address: own,
        prefix,
        gateway: way,
    })
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The bits of an address's subnet and those of its host.
fn bits(address: IpAddr, prefix: u8) -> (u128, u128) {
    let all = match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    };
    let host = u32::from(width(address).saturating_sub(prefix));
    let mask = u128::MAX.checked_shl(host).unwrap_or(0);
    (all & mask, all & !mask)
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

fn is_usable(address: IpAddr) -> bool {
    let broadcast = match address {
        IpAddr::V4(v4) => v4.is_broadcast(),
        IpAddr::V6(_) => false,
    };
    !(address.is_unspecified() || address.is_multicast() || address.is_loopback() || broadcast)
}

impl RawUpstream {
    fn check(self, problems: &mut Problems<'_>, network: Option<&Network>) -> Option<Upstream> {
        let url = place(self.url.get_ref(), "https");
        match &url {
            None => problems.tell(
                self.url.span(),
                "只用 https，只写主机和端口：https://主机:端口",
                "cases travel by https only; host and port alone: https://host:port",
            ),
            Some(url) => {
                let named = matches!(url.host(), Some(Host::Domain(_)));
                let lost = network.is_some_and(|network| {
                    network.dns.is_empty() && network.addressing != Addressing::Dhcp
                });
                if named && lost {
                    problems.tell(
                        self.url.span(),
                        "地址固定又没有写 network.dns，这个主机名无法解析",
                        "with a fixed address and no network.dns this host's name cannot be looked up",
                    );
                }
            }
        }
        if self.key.get_ref().parse::<PublicKey>().is_err() {
            problems.tell(
                self.key.span(),
                "公钥是 64 位小写十六进制，由 kiosk-upstream init 打印",
                "a public key has 64 small hexadecimal digits, as `kiosk-upstream init` prints it",
            );
        }
        if let Err(error) = certificates(self.ca.get_ref()) {
            problems.tell(
                self.ca.span(),
                format!("CA 证书不能用：{error}"),
                format!("the CA cannot be used: {error}"),
            );
        }
        let enrolment = self.enrolment.map(|code| {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let span = code.span();
            let code = Zeroizing::new(code.into_inner());
            if !(8..=128).contains(&code.len()) || !code.chars().all(plain) {
                problems.tell(
                    span,
                    "登记码是 8 到 128 位字母、数字、- 或 _",
                    "an enrolment code has 8 to 128 letters, digits, - or _",
                );
            }
            Enrolment(code)
        });
        Some(Upstream {
            url: url?,
            key: self.key.into_inner(),
            ca: self.ca.into_inner(),
            enrolment,
        })
    }
}

/// An address of scheme, host and port alone.
fn place(text: &str, scheme: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = url.scheme() == scheme
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.port() != Some(0);
    let host = url.host_str()?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (plain && is_host(host)).then_some(url)
}

fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    text.parse::<IpAddr>().is_ok() || (text.len() <= 253 && text.split('.').all(label))
}

fn certificates(pem: &str) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| format!("no PEM: {error}"))?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("there is no certificate in it".into());
    }
    Ok(())
}
