//! `kiosk device list`: what is configured, and what else the system has found.

use std::path::Path;

use serde_json::{Value, json};
use yici_catalog::Lang;
use yici_hal::class::DeviceClass;

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
    /// The system found it by itself.
    System,
}

struct Row {
    origin: Origin,
    class: DeviceClass,
    /// URL or the system's name.
    device: String,
    /// What it calls itself, or shows.
    name: Option<String>,
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
            Origin::System => "system",
        },
        "name": row.name,
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
