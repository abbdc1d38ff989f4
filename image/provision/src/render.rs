//! What the system reads, from a setup: the files below `/run/yici`, on tmpfs, at every start.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use url::Url;
use yici_catalog::Lang;
use yici_hal::address::Address;

use crate::pin::PinHash;
use crate::setup::{Addressing, Devices, Hall, Network, Printer, Setup, Upstream};

/// Every file that may be rendered, relative to the directory.
pub const FILES: [&str; 8] = [
    "kiosk.toml",
    "ca.pem",
    ENROLMENT,
    "systemd/network/10-wired.network",
    "systemd/timesyncd.conf.d/yici.conf",
    "proxy.env",
    "screen.env",
    "udev/rules.d/90-touch.rules",
];

const ENROLMENT: &str = "enrolment";

/// Where things stand on the terminal; absolute paths.
#[derive(Debug, Clone)]
pub struct Places {
    /// The catalogue's directory.
    pub catalogue: PathBuf,
    /// The keys that signed catalogues are taken by; none where none are taken.
    pub catalogue_keys: Option<PathBuf>,
    /// What outlives a restart: the device's key, the outbox, the print ledger, installed catalogues.
    pub data: PathBuf,
}

/// Where the device's secret key is, in what outlives a restart.
pub fn device_key(data: &Path) -> PathBuf {
    data.join("device.key")
}

/// The files of a setup: path relative to the directory, and text.
///
/// # Errors
/// When a place's path is not UTF-8.
pub fn render(
    setup: &Setup,
    places: &Places,
) -> Result<Vec<(&'static str, String)>, toml::ser::Error> {
    let mut files = vec![
        ("kiosk.toml", kiosk(setup, places)?),
        ("systemd/network/10-wired.network", wired(&setup.network)),
        (
            "screen.env",
            format!("SLINT_KMS_ROTATION={}\n", setup.screen.rotation.degrees()),
        ),
    ];
    if let Some(upstream) = &setup.upstream {
        files.push(("ca.pem", upstream.ca.clone()));
        if let Some(code) = &upstream.enrolment {
            files.push((ENROLMENT, format!("{}\n", code.expose())));
        }
    }
    if !setup.time_servers.is_empty() {
        files.push((
            "systemd/timesyncd.conf.d/yici.conf",
            format!("[Time]\nNTP={}\n", setup.time_servers.join(" ")),
        ));
    }
    if let Some(proxy) = &setup.network.proxy {
        files.push(("proxy.env", proxy_env(proxy, &setup.devices)));
    }
    if let Some(matrix) = setup.screen.calibration {
        let matrix: Vec<String> = matrix.iter().map(f64::to_string).collect();
        files.push((
            "udev/rules.d/90-touch.rules",
            format!(
                "ENV{{ID_INPUT_TOUCHSCREEN}}==\"1\", ENV{{LIBINPUT_CALIBRATION_MATRIX}}=\"{}\"\n",
                matrix.join(" ")
            ),
        ));
    }
    Ok(files)
}

/// Writes the files of a setup below a directory, each whole or not at all, and removes those of an
/// earlier setup that this one has not. The enrolment code is readable by the owner alone.
///
/// # Errors
/// When a file cannot be written; those before it are.
pub fn render_to(setup: &Setup, places: &Places, directory: &Path) -> io::Result<()> {
    let files = render(setup, places).map_err(io::Error::other)?;
    for name in FILES {
        let path = directory.join(name);
        let Some((_, text)) = files.iter().find(|(file, _)| *file == name) else {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => continue,
            }
        };
        let parent = path.parent().unwrap_or(directory);
        fs::create_dir_all(parent)?;
        let mut file = tempfile::NamedTempFile::new_in(parent)?;
        file.write_all(text.as_bytes())?;
        let mode = if name == ENROLMENT { 0o600 } else { 0o644 };
        file.as_file()
            .set_permissions(fs::Permissions::from_mode(mode))?;
        file.persist(&path).map_err(|error| error.error)?;
    }
    Ok(())
}

/// The keys of the terminal's own configuration, as `docs/configuration.md` names them.
#[derive(Serialize)]
struct Kiosk<'a> {
    hall: &'a Hall,
    catalogue: Catalogue<'a>,
    devices: &'a Devices,
    printer: PrinterKeys<'a>,
    screen: ScreenKeys,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream: Option<UpstreamKeys<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    staff: Option<StaffKeys<'a>>,
}

#[derive(Serialize)]
struct StaffKeys<'a> {
    pin: &'a PinHash,
}

#[derive(Serialize)]
struct Catalogue<'a> {
    directory: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<&'a Path>,
}

#[derive(Serialize)]
struct PrinterKeys<'a> {
    #[serde(flatten)]
    printer: &'a Printer,
    ledger: PathBuf,
}

#[derive(Serialize)]
struct ScreenKeys {
    language: Lang,
}

#[derive(Serialize)]
struct UpstreamKeys<'a> {
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<&'a str>,
    ca: &'static str,
    key: &'a str,
    device_key: PathBuf,
    outbox: PathBuf,
}

fn kiosk(setup: &Setup, places: &Places) -> Result<String, toml::ser::Error> {
    let data = &places.data;
    let upstream = setup
        .upstream
        .as_ref()
        .map(|upstream: &Upstream| UpstreamKeys {
            url: upstream.url.as_str(),
            proxy: setup.network.proxy.as_ref().map(Url::as_str),
            ca: "ca.pem",
            key: &upstream.key,
            device_key: device_key(data),
            outbox: data.join("outbox"),
        });
    let kiosk = Kiosk {
        hall: &setup.hall,
        catalogue: Catalogue {
            directory: &places.catalogue,
            region: setup.region.as_deref(),
            store: (places.catalogue_keys.as_ref()).map(|_| data.join("catalogue")),
            keys: places.catalogue_keys.as_deref(),
        },
        devices: &setup.devices,
        printer: PrinterKeys {
            printer: &setup.printer,
            ledger: data.join("print-ledger.db"),
        },
        screen: ScreenKeys {
            language: setup.screen.language,
        },
        upstream,
        staff: (setup.staff_pin.as_ref()).map(|pin| StaffKeys { pin }),
    };
    toml::to_string(&kiosk)
}

fn wired(network: &Network) -> String {
    let mut text = match &network.interface {
        Some(name) => format!("[Match]\nName={name}\n"),
        // Bridges and the like are of type ether too, and have a kind.
        None => "[Match]\nType=ether\nKind=!*\n".to_owned(),
    };
    text.push_str("\n[Link]\nRequiredForOnline=no\n\n[Network]\n");
    // Writing to a string cannot fail.
    let mut line = |key: &str, value: &dyn std::fmt::Display| {
        let _ = writeln!(text, "{key}={value}");
    };
    match network.addressing {
        Addressing::Dhcp => line("DHCP", &"yes"),
        Addressing::Static {
            address,
            prefix,
            gateway,
        } => {
            line("Address", &format_args!("{address}/{prefix}"));
            if let Some(gateway) = gateway {
                line("Gateway", &gateway);
            }
        }
    }
    for server in &network.dns {
        line("DNS", server);
    }
    text
}

/// In small letters, as every program reads them; the A4 printer stands in the hall.
fn proxy_env(proxy: &Url, devices: &Devices) -> String {
    let mut direct = String::from("localhost,127.0.0.1,::1");
    if let Some(Address::Ipp { url }) = &devices.form_printer
        && let Some(host) = Url::parse(url).ok().as_ref().and_then(Url::host_str)
    {
        direct.push(',');
        direct.push_str(host);
    }
    format!("http_proxy={proxy}\nhttps_proxy={proxy}\nno_proxy={direct}\n")
}
