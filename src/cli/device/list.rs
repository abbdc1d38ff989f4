//! `kiosk device list`: what is configured, and what else the system has found.

use std::path::Path;

use serde_json::{Value, json};
use yici_catalog::Lang;
use yici_hal::address::{Address, UsbPort};
use yici_hal::class::DeviceClass;
use yici_hal::{code_scanner, discover, smart_card};

use super::panel::Panel;
use super::report::{Ink, padded};
use super::{Class, Device, Format, Verdict, Which, configured, devices, print_json, print_line};
use crate::config::Config;
use crate::health::Part;

/// Where a device is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The configuration, or the command line.
    Configuration,
    /// It is connected, and no configuration names it.
    Connected,
    /// The system uses it by itself.
    System,
}

struct Row {
    origin: Origin,
    /// Nothing for a serial line: it does not tell what is on it.
    class: Option<DeviceClass>,
    /// URL or the system's name.
    device: String,
    /// What it calls itself, or shows.
    name: Option<String>,
    /// The line to write a connected device under `[devices]`; several for what may be several things.
    configure: Vec<String>,
}

/// A device that is there.
struct Connected {
    address: Address,
    class: Option<DeviceClass>,
    name: String,
}

/// Prints the list. What is not configured is no finding.
pub(super) fn list(which: &Which) -> miette::Result<Verdict> {
    let named = match (&which.device, &which.config) {
        (Some(_), _) => devices(which)?,
        (None, Some(file)) => configured(&Config::load(file)?),
        (None, None) => Vec::new(),
    };
    let mut rows: Vec<Row> = named.iter().map(of_configuration).collect();
    if which.device.is_none() {
        rows.extend(connected().iter().filter_map(|one| row(one, &named)));
        rows.extend(of_system(&Panel::find(Path::new("/"))));
    }
    match which.format {
        Format::Json => print_json(&rows.iter().map(json_of).collect::<Vec<_>>())?,
        Format::Text => {
            let missing = Class::unnamed(&named);
            print_text(&rows, which.config.is_some().then_some(missing), which.lang)?;
        }
    }
    Ok(Verdict::Fine)
}

fn of_configuration(device: &Device) -> Row {
    Row {
        origin: Origin::Configuration,
        class: Some(device.class.into()),
        device: device.address.to_string(),
        name: None,
        configure: Vec::new(),
    }
}

/// Everything that the system tells of, each once.
fn connected() -> Vec<Connected> {
    let named = discover::named(Path::new("/"));
    let readers = smart_card::readers().unwrap_or_default();
    let has_cameras = named
        .iter()
        .any(|one| one.class == Some(DeviceClass::Camera));
    // These have better names below. Of the rest, what it is for cannot be told.
    let on_the_bus = discover::devices()
        .into_iter()
        .filter(|found| match found.class {
            Some(DeviceClass::Camera) => !has_cameras,
            Some(DeviceClass::SocialCard) => readers.is_empty(),
            Some(_) => true,
            None => false,
        });
    let mut connected: Vec<Connected> = on_the_bus
        .map(|found| Connected {
            name: [found.maker, found.name].join(" ").trim().to_owned(),
            address: found.address,
            class: found.class,
        })
        .collect();
    connected.extend(named.into_iter().map(|one| Connected {
        address: one.address,
        class: one.class,
        name: one.name,
    }));
    connected.extend(
        code_scanner::keyboards()
            .into_iter()
            .map(|(address, name)| Connected {
                address,
                class: Some(DeviceClass::Code),
                name,
            }),
    );
    connected.extend(readers.into_iter().map(|reader| Connected {
        address: Address::Pcsc { reader },
        class: Some(DeviceClass::SocialCard),
        name: String::new(),
    }));
    connected
}

/// A device that is there, unless a configured one is that one or may be it.
fn row(found: &Connected, named: &[Device]) -> Option<Row> {
    let configure = lines(found);
    // Sound is listed as the system has it.
    let ours = !configure.is_empty();
    let known = named.iter().any(|device| {
        let same_class = found.class == Some(device.class.into());
        match (&device.address, &found.address) {
            (Address::Pcsc { reader }, Address::Pcsc { reader: name }) => name.starts_with(reader),
            // The service names readers in its own way.
            (Address::Pcsc { .. }, _) => same_class || found.class == Some(DeviceClass::SocialCard),
            (Address::V4l { path }, Address::V4l { path: other })
            | (Address::Serial { path, .. }, Address::Serial { path: other, .. }) => {
                is_same_file(path, other)
            }
            (Address::Auto | Address::V4l { .. }, _) => same_class,
            (configured, found) => may_be(configured, found),
        }
    });
    (ours && !known).then(|| Row {
        origin: Origin::Connected,
        class: found.class,
        device: found.address.to_string(),
        name: (!found.name.is_empty()).then(|| found.name.clone()),
        configure,
    })
}

/// What to write into a configuration for it. Cameras and readers of smart cards have addresses of
/// another kind than that of the bus: where that one is all that is known, they are found by `auto`.
fn lines(found: &Connected) -> Vec<String> {
    let line = |class: DeviceClass| {
        let address = match class.takes(&found.address) {
            true => found.address.to_string(),
            false => Address::Auto.to_string(),
        };
        Some(format!("{} = {}", key(class)?, toml::Value::from(address)))
    };
    match found.class {
        Some(class) => line(class).into_iter().collect(),
        None => DeviceClass::ALL
            .into_iter()
            .filter(|class| class.takes(&found.address))
            .filter_map(line)
            .collect(),
    }
}

fn is_same_file(path: &str, other: &str) -> bool {
    let place = |path: &str| std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
    place(path) == place(other)
}

/// Whether a configured address may mean this connected device: the port counts only where it is named.
fn may_be(configured: &Address, found: &Address) -> bool {
    let same_port = |named: &Option<UsbPort>, port: &Option<UsbPort>| {
        named.is_none() || port.is_none() || named == port
    };
    match (configured, found) {
        (
            Address::Usb { device, port },
            Address::Usb {
                device: other,
                port: at,
            },
        ) => device == other && same_port(port, at),
        (
            Address::Hid {
                vendor,
                product,
                port,
            },
            Address::Hid {
                vendor: other_vendor,
                product: other_product,
                port: at,
            },
        ) => (vendor, product) == (other_vendor, other_product) && same_port(port, at),
        _ => configured == found,
    }
}

/// The key of a class in the configuration; none for what the system finds by itself.
fn key(class: DeviceClass) -> Option<&'static str> {
    match class {
        DeviceClass::IdCard => Some("card_reader"),
        DeviceClass::SocialCard => Some("social_card_reader"),
        DeviceClass::Code => Some("code_scanner"),
        DeviceClass::Camera => Some("camera"),
        DeviceClass::Printer => Some("printer"),
        DeviceClass::FormPrinter => Some("form_printer"),
        DeviceClass::Touch | DeviceClass::Screen | DeviceClass::Audio => None,
    }
}

fn of_system(panel: &Panel) -> Vec<Row> {
    let row = |line: super::Line| {
        let said = |key: &str| line.finding.said[key].as_str().map(str::to_owned);
        Some(Row {
            origin: Origin::System,
            class: Some(line.class),
            device: line.device?,
            name: said("name").or_else(|| said("mode")),
            configure: Vec::new(),
        })
    };
    panel.status().into_iter().filter_map(row).collect()
}

fn json_of(row: &Row) -> Value {
    json!({
        "class": row.class,
        "device": row.device,
        "origin": match row.origin {
            Origin::Configuration => "configuration",
            Origin::Connected => "connected",
            Origin::System => "system",
        },
        "name": row.name,
        "configure": row.configure,
    })
}

fn print_text(rows: &[Row], missing: Option<Vec<Class>>, lang: Lang) -> miette::Result<()> {
    let ink = Ink::for_stdout();
    let said = |zh: &'static str, en: &'static str| lang.pick(zh, en);
    let groups = [
        (Origin::Configuration, said("配置的设备", "configured")),
        (
            Origin::Connected,
            said("连着，但没有配置", "connected and not configured"),
        ),
        (
            Origin::System,
            said("系统自己找到的", "found by the system"),
        ),
    ];
    for (origin, heading) in groups {
        let of_it: Vec<&Row> = rows.iter().filter(|row| row.origin == origin).collect();
        if of_it.is_empty() {
            continue;
        }
        print_line(heading)?;
        for row in of_it {
            let name = row.class.map_or(said("串口", "serial line"), |class| {
                Part::Device(class).name(lang)
            });
            let what = row.name.as_deref().unwrap_or_default();
            let line = format!("  {} {}  {}", padded(name), row.device, ink.dim(what));
            print_line(line.trim_end())?;
            let write = match row.configure.len() {
                1 => said("写进配置：", "to use it: "),
                _ => said("如果是它，写进配置：", "if that is it: "),
            };
            for line in &row.configure {
                print_line(&ink.dim(&format!("    {write}{line}")))?;
            }
        }
    }
    if let Some(missing) = missing.filter(|missing| !missing.is_empty()) {
        let names: Vec<&str> = missing
            .into_iter()
            .map(|class| Part::Device(class.into()).name(lang))
            .collect();
        print_line(&match lang {
            Lang::Zh => format!("没有配置：{}", names.join("、")),
            Lang::En => format!("not configured: {}", names.join(", ")),
        })?;
    }
    if rows.is_empty() {
        print_line(said(
            "没有找到设备。用 --config 指定配置",
            "nothing was found; name a configuration with --config",
        ))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use yici_hal::escpos::Profile;
    use yici_hal::slip::PaperWidth;

    fn device(class: Class, address: &str) -> Device {
        Device {
            class,
            address: address.parse().expect("an address"),
            profile: Profile::epson(PaperWidth::Mm80),
            photo_decoder: None,
        }
    }

    fn found(class: Option<DeviceClass>, address: &str) -> Connected {
        Connected {
            address: address.parse().expect("an address"),
            class,
            name: "GTICR 100".into(),
        }
    }

    #[test]
    fn what_is_connected_is_listed_unless_it_is_configured() {
        let reader = || found(Some(DeviceClass::IdCard), "usb:0400:c35a?port=1-2");
        let listed = row(&reader(), &[]).expect("nobody configured it");
        assert_eq!(listed.name.as_deref(), Some("GTICR 100"));
        assert_eq!(
            listed.configure,
            ["card_reader = \"usb:0400:c35a?port=1-2\""]
        );
        for same in ["usb:0400:c35a", "usb:0400:c35a?port=1-2", "auto"] {
            let named = [device(Class::IdCard, same)];
            assert!(row(&reader(), &named).is_none(), "{same}");
        }
        for other in [
            "usb:0400:c35a?port=1-3",
            "hid:0400:c35a",
            "serial:/dev/ttyUSB0",
        ] {
            let named = [device(Class::IdCard, other)];
            assert!(row(&reader(), &named).is_some(), "{other}");
        }
        // A second printer beside the configured one is shown.
        let printer = |port: &str| {
            let address = format!("usb:class=printer?port={port}");
            found(Some(DeviceClass::Printer), &address)
        };
        let named = [device(Class::Printer, "usb:class=printer?port=1-2")];
        assert!(row(&printer("1-2"), &named).is_none());
        assert!(row(&printer("1-4"), &named).is_some());
        // A configured line is known under each of its names, and a reader by the beginning of its own.
        let dir = tempfile::tempdir().expect("a directory");
        let (line, link) = (dir.path().join("ttyACM0"), dir.path().join("by-id"));
        std::fs::write(&line, "").expect("a file");
        std::os::unix::fs::symlink(&line, &link).expect("a link");
        let serial = |path: &Path| format!("serial:{}", path.display());
        let named = [
            device(Class::Code, &serial(&line)),
            device(Class::SocialCard, "pcsc:Identiv"),
        ];
        assert!(row(&found(None, &serial(&link)), &named).is_none());
        assert!(row(&found(None, "serial:/dev/ttyACM7"), &named).is_some());
        let reader = |name: &str| found(Some(DeviceClass::SocialCard), &format!("pcsc:{name}"));
        assert!(row(&reader("Identiv uTrust 4700 F 00 00"), &named).is_none());
        assert!(row(&reader("ACS ACR1281 00 00"), &named).is_some());
        // Sound is the system's.
        assert!(row(&found(Some(DeviceClass::Audio), "usb:046d:0a45"), &[]).is_none());
    }

    #[test]
    fn every_line_that_is_suggested_can_be_loaded() {
        let demo = include_str!("../../../demo/kiosk.toml").replace(
            "../catalog/matters",
            concat!(env!("CARGO_MANIFEST_DIR"), "/catalog/matters"),
        );
        let mut tried = 0;
        for (class, address) in [
            (Some(DeviceClass::IdCard), "usb:0400:c35a?port=1-2"),
            (Some(DeviceClass::IdCard), "hid:0483:572b"),
            (Some(DeviceClass::Printer), "usb:class=printer?port=1-3.1"),
            (Some(DeviceClass::Camera), "usb:1b17:0211?port=1-4"),
            (
                Some(DeviceClass::Camera),
                "v4l:/dev/v4l/by-id/usb-X-video-index0",
            ),
            (Some(DeviceClass::SocialCard), "usb:072f:2224?port=1-5"),
            (Some(DeviceClass::SocialCard), "pcsc:A \"B\" (C) 00 00"),
            (Some(DeviceClass::Code), "hid:0c2e:0901?port=1-2"),
            (None, "serial:/dev/serial/by-id/usb-Newland-if00"),
        ] {
            let lines = lines(&found(class, address));
            assert!(!lines.is_empty(), "{address}");
            for line in lines {
                let key = line.split(" = ").next().expect("a key");
                let others = demo.lines().filter(|other| !other.starts_with(key));
                let text: String = others.map(|other| format!("{other}\n")).collect();
                let dir = tempfile::tempdir().expect("a directory");
                let file = dir.path().join("kiosk.toml");
                let text = text.replace("[devices]", &format!("[devices]\n{line}"));
                std::fs::write(&file, text).expect("a file");
                let loaded = Config::load(&file);
                let config = loaded.unwrap_or_else(|error| panic!("{line}: {error:?}"));
                let named = configured(&config);
                let found = found(class, address);
                assert!(row(&found, &named).is_none(), "{line} is not known again");
                tried += 1;
            }
        }
        assert_eq!(tried, 11, "a serial line may be three things");
    }
}
