//! The terminal's configuration: one TOML file, read and checked whole before anything starts
//! (invariant 8). Every key is described in `docs/configuration.md`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use miette::{Diagnostic, LabeledSpan, NamedSource};
use reqwest::Url;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use toml::Spanned;
use yici_catalog::Lang;
use yici_catalog_publish::Keys;
use yici_contract::{PublicKey, SecretKey};
use yici_hal::address::Address;
use yici_hal::class::DeviceClass;
use yici_hal::escpos::{Charset, Completion, Model, Profile};
use yici_hal::id_card::photo::PhotoDecoder;
use yici_hal::slip::PaperWidth;
use yici_provision::PinError;

use crate::delivery;
use crate::uplink::{KeyFileError, load_key};
use crate::visit::{Hall, Lock, Timing};

/// A configuration larger than this is refused, in bytes.
const MOST_BYTES: u64 = 256 * 1024;

/// The print ledger's file, where no other is named.
const LEDGER: &str = "print-ledger.db";

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The hall around the terminal.
    pub hall: Hall,
    /// Directory of the catalogue that comes with the terminal.
    pub catalogue: PathBuf,
    /// The region whose overlays it is read with, by its code (GB/T 2260), and that installed ones are for;
    /// the catalogue's own otherwise.
    pub region: Option<String>,
    /// Where signed catalogues are installed; without it that one serves alone.
    pub installed: Option<InstalledCatalogue>,
    /// The ID card reader; absent on a terminal without one.
    pub card_reader: Option<Address>,
    /// The slip printer; absent on a terminal without one.
    pub printer: Option<Address>,
    /// The scanner for the codes of slips; absent on a terminal without one.
    pub code_scanner: Option<Address>,
    /// The reader of social security cards; absent on a terminal without one.
    pub social_card_reader: Option<Address>,
    /// The document camera; absent on a terminal without one.
    pub camera: Option<Address>,
    /// The A4 printer of forms; absent on a terminal without one.
    pub form_printer: Option<Address>,
    /// The program that decodes photos of ID cards; without one they stay undecoded.
    pub photo_decoder: Option<PhotoDecoder>,
    /// What the printer can do.
    pub profile: Profile,
    /// The file of the print ledger; made if it is not there.
    pub ledger: PathBuf,
    /// The language that an idle terminal speaks.
    pub language: Lang,
    /// Size of the screen in pixels, width and height.
    pub size: (u32, u32),
    /// Times of a visit.
    pub timing: Timing,
    /// Where cases are delivered; without it the terminal offers no submission.
    pub upstream: Option<Upstream>,
    /// What lets the hall's staff in; without it no staff page is offered.
    pub staff: Option<Lock>,
}

/// Where signed catalogues are installed.
#[derive(Debug, Clone)]
pub struct InstalledCatalogue {
    /// The directory; its parent is there.
    pub store: PathBuf,
    /// The keys that must have signed.
    pub keys: Keys,
}

/// Where cases are delivered.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// Upstream's address: `https`, a host, and a port if it is not 443.
    pub url: Url,
    /// The HTTP proxy on the way there; it sees which host is called, and nothing of what is said.
    pub proxy: Option<Url>,
    /// The CA that upstream's certificate must be by. No other is trusted.
    pub roots: RootCertStore,
    /// The key that cases are sealed to.
    pub key: PublicKey,
    /// This terminal's key.
    pub device: SecretKey,
    /// The directory of the outbox; its parent is there.
    pub outbox: PathBuf,
    /// Times of delivery.
    pub timing: delivery::Timing,
}

/// Why a configuration was refused: all problems of the file, each with its place.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ConfigError {
    /// It could not be read at all.
    #[error("cannot read {}: {problem}", path.display())]
    #[diagnostic(help("name a readable TOML file with --config; docs/configuration.md shows one"))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        problem: String,
    },
    /// It says something that cannot be used.
    #[error("{}", summary(path, problems))]
    #[diagnostic(help("docs/configuration.md describes every key"))]
    Refused {
        /// The file.
        path: PathBuf,
        /// Its text, for showing the lines.
        #[source_code]
        text: NamedSource<String>,
        /// Places and what is wrong there.
        #[label(collection)]
        problems: Vec<LabeledSpan>,
    },
}

fn summary(path: &Path, problems: &[LabeledSpan]) -> String {
    format!(
        "{} has {} problem(s); nothing was changed",
        path.display(),
        problems.len()
    )
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem that was found.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        read(path, |text, base| {
            Config::parse(text, base, KeyFile::MustBe).map(|(config, _)| config)
        })
    }

    /// The file of the device's key, which may be missing; nothing without an `[upstream]`. All
    /// else is checked.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem that was found.
    pub fn device_key_file(path: &Path) -> Result<Option<PathBuf>, ConfigError> {
        read(path, |text, base| {
            Config::parse(text, base, KeyFile::MayBeMissing).map(|(_, file)| file)
        })
    }

    /// Where the device of a class is; nothing on a terminal without one.
    pub fn address(&self, class: DeviceClass) -> Option<&Address> {
        match class {
            DeviceClass::IdCard => self.card_reader.as_ref(),
            DeviceClass::SocialCard => self.social_card_reader.as_ref(),
            DeviceClass::Code => self.code_scanner.as_ref(),
            DeviceClass::Camera => self.camera.as_ref(),
            DeviceClass::Printer => self.printer.as_ref(),
            DeviceClass::FormPrinter => self.form_printer.as_ref(),
            // The system finds these.
            DeviceClass::Touch | DeviceClass::Screen | DeviceClass::Audio => None,
        }
    }

    fn parse(
        text: &str,
        base: &Path,
        key_file: KeyFile,
    ) -> Result<(Config, Option<PathBuf>), Vec<LabeledSpan>> {
        let file: File = toml::from_str(text)
            .map_err(|error| vec![label(error.span().unwrap_or(0..0), error.message())])?;
        let mut problems = Vec::new();
        let mut address = |class: DeviceClass, value: Option<Spanned<String>>| {
            let value = value?;
            match value.get_ref().parse::<Address>() {
                Ok(address) if class.takes(&address) => Some(address),
                Ok(address) => {
                    let message = format!(
                        "`{address}` is no address of this device: it takes {}",
                        class.addresses()
                    );
                    problems.push(label(value.span(), &message));
                    None
                }
                Err(error) => {
                    problems.push(label(value.span(), &error.to_string()));
                    None
                }
            }
        };
        let card_reader = address(DeviceClass::IdCard, file.devices.card_reader);
        let printer = address(DeviceClass::Printer, file.devices.printer);
        let code_scanner = address(DeviceClass::Code, file.devices.code_scanner);
        let social_card_reader = address(DeviceClass::SocialCard, file.devices.social_card_reader);
        let camera = address(DeviceClass::Camera, file.devices.camera);
        let form_printer = address(DeviceClass::FormPrinter, file.devices.form_printer);
        let photo_decoder = file.devices.photo_decoder.and_then(|program| {
            if program.get_ref().is_absolute() {
                return Some(PhotoDecoder::new(program.into_inner()));
            }
            let message = "the photo decoder is a program's full path, such as `/opt/wlt/decode`";
            problems.push(label(program.span(), message));
            None
        });
        let profile = file.printer.profile(base, &mut problems);
        let catalogue = base.join(file.catalogue.directory.get_ref());
        if !catalogue.is_dir() {
            let message = format!("no such directory: {}", catalogue.display());
            problems.push(label(file.catalogue.directory.span(), &message));
        }
        let installed = file.catalogue.installed(base, &mut problems);
        let region = file.catalogue.region.map(|region| {
            if !yici_catalog::is_region_code(region.get_ref()) {
                let message = "a region code of GB/T 2260 has six digits";
                problems.push(label(region.span(), message));
            }
            region.into_inner()
        });
        let mut seconds = |value: &Spanned<u64>, least: u64, most: u64| {
            if !(least..=most).contains(value.get_ref()) {
                let message = format!("must be {least} to {most} seconds");
                problems.push(label(value.span(), &message));
            }
            Duration::from_secs(*value.get_ref())
        };
        let timing = Timing {
            idle: seconds(&file.timing.idle_seconds, 2, 600),
            warning: seconds(&file.timing.warning_seconds, 2, 120),
            goodbye: seconds(&file.timing.goodbye_seconds, 1, 60),
            ..Timing::default()
        };
        let mut pixels = |value: &Spanned<u32>| {
            if !(480..=7680).contains(value.get_ref()) {
                problems.push(label(value.span(), "must be 480 to 7680 pixels"));
            }
            *value.get_ref()
        };
        let size = (pixels(&file.screen.width), pixels(&file.screen.height));
        let (upstream, device_key) = match file.upstream {
            Some(keys) => {
                let path = base.join(keys.device_key.get_ref());
                (keys.check(base, key_file, &mut problems), Some(path))
            }
            None => (None, None),
        };
        let staff = file.staff.and_then(|staff| staff.lock(&mut problems));
        let ledger = match &file.printer.ledger {
            Some(ledger) => base.join(ledger.get_ref()),
            // Beside the outbox, whose place the terminal can write to.
            None => upstream
                .as_ref()
                .and_then(|upstream| upstream.outbox.parent())
                .unwrap_or(base)
                .join(LEDGER),
        };
        if let Some(named) = &file.printer.ledger
            && (ledger.is_dir() || !ledger.parent().is_some_and(Path::is_dir))
        {
            let message = format!("no directory to make the file {} in", ledger.display());
            problems.push(label(named.span(), &message));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let config = Config {
            hall: file.hall,
            catalogue,
            region,
            installed,
            card_reader,
            printer,
            code_scanner,
            social_card_reader,
            camera,
            form_printer,
            photo_decoder,
            profile,
            ledger,
            language: file.screen.language,
            size,
            timing,
            upstream,
            staff,
        };
        Ok((config, device_key))
    }
}

/// Whether the device's key must be there already.
#[derive(Clone, Copy)]
enum KeyFile {
    MustBe,
    MayBeMissing,
}

fn read<T>(
    path: &Path,
    parse: impl FnOnce(&str, &Path) -> Result<T, Vec<LabeledSpan>>,
) -> Result<T, ConfigError> {
    let unreadable = |problem: String| ConfigError::Unreadable {
        path: path.to_owned(),
        problem,
    };
    let size = std::fs::metadata(path)
        .map_err(|error| unreadable(error.to_string()))?
        .len();
    if size > MOST_BYTES {
        return Err(unreadable(format!(
            "{size} bytes; at most {MOST_BYTES} are read"
        )));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    // Of a file named without a directory, the parent is an empty path, which is no directory.
    let base = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    };
    parse(&text, base).map_err(|problems| ConfigError::Refused {
        path: path.to_owned(),
        text: NamedSource::new(path.display().to_string(), text).with_language("toml"),
        problems,
    })
}

fn label(span: std::ops::Range<usize>, message: &str) -> LabeledSpan {
    LabeledSpan::new_with_span(Some(message.to_owned()), span)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    hall: Hall,
    catalogue: Catalogue,
    #[serde(default)]
    devices: Devices,
    #[serde(default)]
    printer: Printer,
    #[serde(default)]
    screen: Screen,
    #[serde(default)]
    timing: Seconds,
    upstream: Option<UpstreamKeys>,
    staff: Option<StaffKeys>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StaffKeys {
    pin: Option<Spanned<String>>,
    open: Option<Spanned<bool>>,
}

impl StaffKeys {
    fn lock(self, problems: &mut Vec<LabeledSpan>) -> Option<Lock> {
        match (
            self.pin,
            self.open.map(|open| (open.span(), open.into_inner())),
        ) {
            (None, Some((_, true))) => Some(Lock::Open),
            (None, Some((_, false)) | None) => None,
            (Some(pin), Some((_, false)) | None) => match pin.get_ref().parse() {
                Ok(hash) => Some(Lock::Pin(hash)),
                Err(error) => {
                    problems.push(label(pin.span(), &PinError::to_string(&error)));
                    None
                }
            },
            (Some(_), Some((span, true))) => {
                problems.push(label(span, "a door with a `pin` is not open"));
                None
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    directory: Spanned<PathBuf>,
    region: Option<Spanned<String>>,
    store: Option<Spanned<PathBuf>>,
    keys: Option<Spanned<PathBuf>>,
}

impl Catalogue {
    fn installed(
        &self,
        base: &Path,
        problems: &mut Vec<LabeledSpan>,
    ) -> Option<InstalledCatalogue> {
        let (store, keys) = match (&self.store, &self.keys) {
            (Some(store), Some(keys)) => (store, keys),
            (Some(only), None) | (None, Some(only)) => {
                let message = "`store` and `keys` go together";
                problems.push(label(only.span(), message));
                return None;
            }
            (None, None) => return None,
        };
        let directory = base.join(store.get_ref());
        if !directory.is_dir() && !directory.parent().is_some_and(Path::is_dir) {
            let message = format!("no directory to make {} in", directory.display());
            problems.push(label(store.span(), &message));
        }
        let keys = Keys::load(&base.join(keys.get_ref()))
            .map_err(|error| problems.push(label(keys.span(), &error.to_string())));
        Some(InstalledCatalogue {
            store: directory,
            keys: keys.ok()?,
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Devices {
    card_reader: Option<Spanned<String>>,
    printer: Option<Spanned<String>>,
    code_scanner: Option<Spanned<String>>,
    social_card_reader: Option<Spanned<String>>,
    camera: Option<Spanned<String>>,
    form_printer: Option<Spanned<String>>,
    photo_decoder: Option<Spanned<PathBuf>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Printer {
    profile: Option<Spanned<String>>,
    paper: Option<Spanned<u32>>,
    charset: Option<Charset>,
    completion: Option<Spanned<Completion>>,
    clears_buffer: Option<bool>,
    ledger: Option<Spanned<PathBuf>>,
}

impl Printer {
    /// The model's profile, with what the configuration says otherwise.
    fn profile(&self, base: &Path, problems: &mut Vec<LabeledSpan>) -> Profile {
        let mut told = |span, message: &str| problems.push(label(span, message));
        let mut profile = Profile::epson(PaperWidth::Mm80);
        if let Some(name) = &self.profile {
            match model(base, name.get_ref()) {
                Ok(model) => profile = model.profile,
                Err(message) => told(name.span(), &message),
            }
        }
        if let Some(paper) = &self.paper {
            match paper.get_ref() {
                58 => profile.paper = PaperWidth::Mm58,
                80 => profile.paper = PaperWidth::Mm80,
                other => {
                    let message = format!("paper is 58 or 80 (mm wide), not {other}");
                    told(paper.span(), &message);
                }
            }
            if let Err(error) = profile.check() {
                told(paper.span(), &error.to_string());
            }
        }
        profile.charset = self.charset.unwrap_or(profile.charset);
        profile.clears_buffer = self.clears_buffer.unwrap_or(profile.clears_buffer);
        if let Some(completion) = &self.completion {
            profile.completion = *completion.get_ref();
            if let Err(error) = profile.check() {
                told(completion.span(), &error.to_string());
            }
        }
        profile
    }
}

/// A model by its name, or by a file of the form of those in `hal/profiles/`.
fn model(base: &Path, name: &str) -> Result<Model, String> {
    if !name.ends_with(".toml") {
        return Model::named(name).map_err(|error| error.to_string());
    }
    let path = base.join(name);
    let told = |problem: String| format!("{}: {problem}", path.display());
    let size = std::fs::metadata(&path).map_err(|error| told(error.to_string()))?;
    if size.len() > MOST_BYTES {
        return Err(told(format!("at most {MOST_BYTES} bytes are read")));
    }
    let text = std::fs::read_to_string(&path).map_err(|error| told(error.to_string()))?;
    Model::parse(&text).map_err(|error| told(error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Screen {
    language: Lang,
    width: Spanned<u32>,
    height: Spanned<u32>,
}

impl Default for Screen {
    fn default() -> Self {
        Screen {
            language: Lang::Zh,
            width: Spanned::new(0..0, 1080),
            height: Spanned::new(0..0, 1920),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Seconds {
    idle_seconds: Spanned<u64>,
    warning_seconds: Spanned<u64>,
    goodbye_seconds: Spanned<u64>,
}

impl Default for Seconds {
    fn default() -> Self {
        let timing = Timing::default();
        let seconds = |time: Duration| Spanned::new(0..0, time.as_secs());
        Seconds {
            idle_seconds: seconds(timing.idle),
            warning_seconds: seconds(timing.warning),
            goodbye_seconds: seconds(timing.goodbye),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpstreamKeys {
    url: Spanned<String>,
    proxy: Option<Spanned<String>>,
    ca: Spanned<PathBuf>,
    key: Spanned<String>,
    device_key: Spanned<PathBuf>,
    outbox: Spanned<PathBuf>,
}

impl UpstreamKeys {
    /// All of it, unless there is a problem, or the device's key may be missing and is.
    fn check(
        &self,
        base: &Path,
        key_file: KeyFile,
        problems: &mut Vec<LabeledSpan>,
    ) -> Option<Upstream> {
        let mut told = |span, message: &str| problems.push(label(span, message));
        let url = address(self.url.get_ref(), "https")
            .map_err(|message| told(self.url.span(), &message))
            .ok();
        let proxy = self.proxy.as_ref().and_then(|proxy| {
            address(proxy.get_ref(), "http")
                .map_err(|message| told(proxy.span(), &message))
                .ok()
        });
        let ca = base.join(self.ca.get_ref());
        let roots = roots(&ca)
            .map_err(|message| told(self.ca.span(), &format!("{}: {message}", ca.display())))
            .ok();
        let key = self
            .key
            .get_ref()
            .parse::<PublicKey>()
            .map_err(|error| told(self.key.span(), &format!("upstream's public key: {error}")))
            .ok();
        let device = match load_key(&base.join(self.device_key.get_ref())) {
            Ok(device) => Some(device),
            Err(KeyFileError::Missing(_)) if matches!(key_file, KeyFile::MayBeMissing) => None,
            Err(error) => {
                told(self.device_key.span(), &error.to_string());
                None
            }
        };
        let outbox = base.join(self.outbox.get_ref());
        if outbox.exists() {
            if !outbox.is_dir() {
                let message = format!("{} is no directory", outbox.display());
                told(self.outbox.span(), &message);
            }
        } else if !outbox.parent().is_some_and(Path::is_dir) {
            let message = format!("no directory to make {} in", outbox.display());
            told(self.outbox.span(), &message);
        }
        Some(Upstream {
            url: url?,
            proxy,
            roots: roots?,
            key: key?,
            device: device?,
            outbox,
            timing: delivery::Timing::default(),
        })
    }
}

fn address(text: &str, scheme: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| format!("no address; write {scheme}://host:port"))?;
    if url.scheme() != scheme {
        return Err(format!("{scheme} only; write {scheme}://host:port"));
    }
    let plain = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if !plain || url.host_str().is_none() {
        return Err(format!("host and port alone; write {scheme}://host:port"));
    }
    Ok(url)
}

/// The certificates of a PEM file, each of which can be trusted.
fn roots(path: &Path) -> Result<RootCertStore, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if size.len() > MOST_BYTES {
        return Err(format!(
            "{} bytes; at most {MOST_BYTES} are read",
            size.len()
        ));
    }
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| format!("no PEM: {error}"))?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("no certificate in it; it should be a PEM file".into());
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../demo/kiosk.toml");

    fn problems(text: &str) -> Vec<(String, String)> {
        match Config::parse(
            text,
            Path::new(env!("CARGO_MANIFEST_DIR")).join("demo").as_path(),
            KeyFile::MustBe,
        ) {
            Ok(_) => Vec::new(),
            Err(problems) => problems
                .into_iter()
                .map(|problem| {
                    let place = &text[problem.offset()..problem.offset() + problem.len()];
                    (
                        place.to_owned(),
                        problem.label().unwrap_or_default().to_owned(),
                    )
                })
                .collect(),
        }
    }

    #[test]
    fn the_demo_configuration_is_good() {
        assert_eq!(problems(GOOD), []);
    }

    #[test]
    fn an_unknown_key_is_named_where_it_stands() {
        let bad = GOOD.replace("[devices]", "[devices]\nscaner = \"auto\"");
        let found = problems(&bad);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "scaner");
        assert!(found[0].1.contains("unknown field"), "{found:?}");
    }

    #[test]
    fn an_address_must_fit_its_device() {
        let bad = GOOD.replace("[devices]", "[devices]\ncamera = \"usb:0400:c35a\"");
        let found = problems(&bad);
        assert_eq!(found.len(), 1);
        assert!(found[0].1.contains("it takes auto or v4l:"), "{found:?}");
    }

    #[test]
    fn a_photo_decoder_has_a_full_path() {
        let with = |path: &str| {
            GOOD.replace(
                "[devices]",
                &format!("[devices]\nphoto_decoder = \"{path}\""),
            )
        };
        assert_eq!(problems(&with("/opt/wlt/decode")), []);
        let found = problems(&with("decode"));
        assert_eq!(found.len(), 1);
        assert!(found[0].1.contains("full path"), "{found:?}");
    }

    #[test]
    fn all_bad_values_are_told_at_once() {
        let bad = GOOD
            .replace("paper = 80", "paper = 76")
            .replace("idle_seconds = 60", "idle_seconds = 0")
            .replace("printer = \"tcp:", "printer = \"lpt:");
        let found = problems(&bad);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.iter().any(|(place, _)| place == "76"));
        assert!(
            found
                .iter()
                .any(|(place, message)| place == "0" && message.contains("2 to 600"))
        );
        assert!(found.iter().any(|(place, _)| place.contains("lpt:")));
    }

    #[test]
    fn a_printer_is_a_model_with_exceptions() {
        let profile = |keys: &str| {
            let a = GOOD.find("[printer]").unwrap();
            let b = GOOD.find("[screen]").unwrap();
            let text = format!("{}[printer]\n{keys}\n\n{}", &GOOD[..a], &GOOD[b..]);
            let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
            match Config::parse(&text, &base, KeyFile::MustBe) {
                Ok((config, _)) => Ok((config.profile, config.ledger)),
                Err(problems) => Err(problems[0].label().unwrap_or_default().to_owned()),
            }
        };
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
        let (plain, ledger) = profile("").unwrap();
        assert_eq!(plain, Profile::epson(PaperWidth::Mm80));
        assert_eq!(ledger, base.join("print-ledger.db"));
        let (masung, _) = profile(
            "profile = \"masung-ms-d347\"\ncompletion = \"transmit-status\"\ncharset = \"gbk\"",
        )
        .unwrap();
        let known = Model::named("masung-ms-d347").unwrap().profile;
        assert_eq!(
            masung,
            Profile {
                completion: Completion::TransmitStatus,
                charset: Charset::Gbk,
                ..known
            }
        );
        // A file beside the configuration will do as well.
        let (file, ledger) =
            profile("profile = \"../hal/profiles/xprinter-58.toml\"\nledger = \"x.db\"").unwrap();
        assert_eq!(file, Model::named("xprinter-58").unwrap().profile);
        assert_eq!(ledger, base.join("x.db"));
        for (keys, told) in [
            ("profile = \"masung\"", "rongta-rp332"),
            ("profile = \"nowhere.toml\"", "nowhere.toml"),
            ("profile = \"xprinter-58\"\npaper = 80", "wider than"),
            ("ledger = \"nowhere/x.db\"", "no directory"),
        ] {
            let error = profile(keys).unwrap_err();
            assert!(error.contains(told), "{keys}: {error}");
        }
    }

    /// A directory with a CA, and the demo's configuration with an upstream.
    fn with_upstream() -> (tempfile::TempDir, String) {
        let dir = tempfile::tempdir().unwrap();
        let ca = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(dir.path().join("ca.pem"), ca.cert.pem()).unwrap();
        let key = SecretKey::random().unwrap().public().to_string();
        let upstream = format!(
            "\n[upstream]\nurl = \"https://localhost:8443\"\nca = \"ca.pem\"\n\
             key = \"{key}\"\ndevice_key = \"device.key\"\noutbox = \"outbox\"\n"
        );
        let catalogue = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog/matters");
        let demo = GOOD.replace("../catalog/matters", &catalogue.display().to_string());
        (dir, demo + &upstream)
    }

    #[test]
    fn the_device_key_must_be_made_first() {
        let (dir, text) = with_upstream();
        let file = dir.path().join("kiosk.toml");
        std::fs::write(&file, &text).unwrap();
        let Err(ConfigError::Refused { problems, .. }) = Config::load(&file) else {
            panic!("taken without a key");
        };
        assert_eq!(problems.len(), 1);
        let told = problems[0].label().unwrap_or_default();
        assert!(told.contains("kiosk uplink key"), "{told}");
        let key = Config::device_key_file(&file).unwrap();
        assert_eq!(key, Some(dir.path().join("device.key")));
        let made = crate::uplink::make_key(&dir.path().join("device.key")).unwrap();
        let upstream = Config::load(&file).unwrap().upstream.unwrap();
        assert_eq!(upstream.device.public(), made.public());
        assert_eq!(upstream.outbox, dir.path().join("outbox"));
        let secret = made.to_text();
        assert!(!format!("{upstream:?}").contains(secret.as_str()));
    }

    #[test]
    fn all_of_an_upstream_is_checked() {
        let (dir, text) = with_upstream();
        crate::uplink::make_key(&dir.path().join("device.key")).unwrap();
        std::fs::write(dir.path().join("none.pem"), "no certificate").unwrap();
        let problems = |from: &str, to: &str| -> Vec<String> {
            let text = text.replace(from, to);
            match Config::parse(&text, dir.path(), KeyFile::MustBe) {
                Ok(_) => Vec::new(),
                Err(problems) => problems
                    .iter()
                    .map(|problem| problem.label().unwrap_or_default().to_owned())
                    .collect(),
            }
        };
        assert_eq!(problems("", ""), Vec::<String>::new());
        for (from, to, told) in [
            ("https://localhost", "http://localhost", "https only"),
            (":8443", ":8443/api", "host and port alone"),
            (
                "ca = \"ca",
                "proxy = \"socks5://p:1\"\nca = \"ca",
                "http only",
            ),
            (
                "https://localhost",
                "https://me:secret@localhost",
                "host and port alone",
            ),
            ("https://localhost:8443", "upstream", "no address"),
            ("\"ca.pem\"", "\"missing.pem\"", "missing.pem"),
            ("\"ca.pem\"", "\"none.pem\"", "no certificate in it"),
            ("key = \"", "key = \"x", "64 small hexadecimal"),
            ("\"outbox\"", "\"ca.pem\"", "is no directory"),
            ("\"outbox\"", "\"there/outbox\"", "no directory to make"),
        ] {
            let found = problems(from, to);
            assert!(
                found.iter().any(|found| found.contains(told)),
                "{to}: {found:?}"
            );
        }
    }
}
