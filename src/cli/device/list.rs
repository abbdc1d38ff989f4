//! `kiosk device list`: what is configured, and what else the system has found.

use std::path::Path;

use serde_json::{Value, json};
use yici_catalog::Lang;
use yici_hal::address::{Address, UsbPort};
use yici_hal::class::DeviceClass;
use yici_hal::discover::{self, Found};

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
    class: DeviceClass,
    /// URL or the system's name.
    device: String,
    /// What it calls itself, or shows.
    name: Option<String>,
    /// The key to write a connected device under, if it is known what it is.
    configure: Option<&'static str>,
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
        let connected = discover::devices();
        rows.extend(
            connected
                .into_iter()
                .filter_map(|found| of_bus(found, &named)),
        );
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
        class: device.class.into(),
        device: device.address.to_string(),
        name: None,
        configure: None,
    }
}

/// A device on the bus, unless a configured one is that one or may be it.
fn of_bus(found: Found, named: &[Device]) -> Option<Row> {
    let class = found.class?;
    // Sound is listed as the system has it.
    let key = key(class)?;
    let known = named.iter().any(|device| {
        let same_class = DeviceClass::from(device.class) == class;
        match &device.address {
            Address::Auto => same_class,
            // The service names readers in its own way.
            Address::Pcsc { .. } => same_class || class == DeviceClass::SocialCard,
            Address::V4l { .. } => same_class,
            address @ (Address::Serial { .. }
            | Address::Tcp { .. }
            | Address::Usb { .. }
            | Address::Hid { .. }
            | Address::Ipp { .. }) => may_be(address, &found.address),
        }
    });
    let name = [found.maker, found.name].join(" ").trim().to_owned();
    (!known).then(|| Row {
        origin: Origin::Connected,
        class,
        device: found.address.to_string(),
        name: (!name.is_empty()).then_some(name),
        configure: Some(key),
    })
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
            class: line.class,
            device: line.device?,
            name: said("name").or_else(|| said("mode")),
            configure: None,
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
    let said = |zh: &'static str, en: &'static str| match lang {
        Lang::Zh => zh,
        Lang::En => en,
    };
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
            let name = Part::Device(row.class).name(lang);
            let what = row.name.as_deref().unwrap_or_default();
            let line = format!("  {} {}  {}", padded(name), row.device, ink.dim(what));
            print_line(line.trim_end())?;
            if let Some(key) = row.configure {
                let (write, device) = (said("写进配置：", "to use it: "), &row.device);
                print_line(&ink.dim(&format!("    {write}{key} = \"{device}\"")))?;
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

    fn found(class: Option<DeviceClass>, address: &str) -> Found {
        Found {
            address: address.parse().expect("an address"),
            class,
            vendor: 0x0400,
            product: 0xC35A,
            port: None,
            maker: "GTICR".into(),
            name: "100".into(),
        }
    }

    #[test]
    fn what_is_connected_is_listed_unless_it_is_configured() {
        let reader = || found(Some(DeviceClass::IdCard), "usb:0400:c35a?port=1-2");
        let row = of_bus(reader(), &[]).expect("nobody configured it");
        assert_eq!(row.name.as_deref(), Some("GTICR 100"));
        assert_eq!(row.configure, Some("card_reader"));
        for same in ["usb:0400:c35a", "usb:0400:c35a?port=1-2", "auto"] {
            let named = [device(Class::IdCard, same)];
            assert!(of_bus(reader(), &named).is_none(), "{same}");
        }
        for other in [
            "usb:0400:c35a?port=1-3",
            "hid:0400:c35a",
            "serial:/dev/ttyUSB0",
        ] {
            let named = [device(Class::IdCard, other)];
            assert!(of_bus(reader(), &named).is_some(), "{other}");
        }
        // A second printer beside the configured one is shown.
        let printer = |port: &str| {
            let address = format!("usb:class=printer?port={port}");
            found(Some(DeviceClass::Printer), &address)
        };
        let named = [device(Class::Printer, "usb:class=printer?port=1-2")];
        assert!(of_bus(printer("1-2"), &named).is_none());
        assert!(of_bus(printer("1-4"), &named).is_some());
        // Mice and hubs are nobody's business.
        assert!(of_bus(found(None, "usb:046d:c077"), &[]).is_none());
    }
}
