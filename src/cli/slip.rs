//! `kiosk slip render`: a slip as bytes, picture or text, without a visit.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use miette::IntoDiagnostic;
use serde::Deserialize;
use yici_catalog::{Answers, Lang, Text};
use yici_hal::escpos::{Profile, encode};
use yici_hal::slip::PaperWidth;

use super::catalog::{find, load};
use super::{Verdict, read};
use crate::config::Config;
use crate::visit::sheet::{Kind, Request, sheet};
use crate::visit::{Hall, Now};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Write a slip as .escpos, .png or .txt.
    Render {
        /// What slip.
        kind: SlipKind,
        /// A JSON file: {"matter":"…","answers":{…},"items":[…],"lang":"zh|en"}.
        #[arg(long)]
        case: PathBuf,
        /// Width of the paper in mm.
        #[arg(long, value_parser = paper)]
        paper: PaperWidth,
        /// The file to write; its ending says what: .escpos, .png or .txt.
        #[arg(long)]
        out: PathBuf,
        /// The terminal's configuration, for hall and catalogue.
        #[arg(long)]
        config: Option<PathBuf>,
        /// The catalogue's directory, when no configuration names one.
        #[arg(long, default_value = "catalog/matters")]
        catalogue: PathBuf,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SlipKind {
    /// 一次告知单
    Notice,
    /// 导办告知单
    GuidanceSheet,
    /// 导办告知单, with the reasons of everything
    LongGuidanceSheet,
}

fn paper(text: &str) -> Result<PaperWidth, String> {
    match text {
        "58" => Ok(PaperWidth::Mm58),
        "80" => Ok(PaperWidth::Mm80),
        other => Err(format!("{other} is no paper width here: 58 or 80")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    matter: String,
    #[serde(default = "no_answers")]
    answers: serde_json::Value,
    items: Option<Vec<String>>,
    lang: Option<Lang>,
}

fn no_answers() -> serde_json::Value {
    serde_json::json!({})
}

pub(super) fn run(command: &Command) -> miette::Result<Verdict> {
    let Command::Render {
        kind,
        case,
        paper,
        out,
        config,
        catalogue,
    } = command;
    let name = case.display();
    let case: Case = serde_json::from_str(&read(case)?).map_err(|error| {
        miette::miette!(
            help = "it looks like {\"matter\":\"newborn\",\"answers\":{…}}",
            "{name} is no case: {error}"
        )
    })?;
    let (hall, directory) = match config {
        Some(file) => {
            let config = Config::load(file)?;
            (config.hall, config.catalogue)
        }
        None => (nameless_hall(), catalogue.clone()),
    };
    let catalog = load(&directory)?;
    let matter = find(&catalog, &case.matter)?;
    let lang = case.lang.unwrap_or(Lang::Zh);
    let zoned = jiff::Zoned::now();
    let now = Now {
        mono: Duration::ZERO,
        wall: zoned.datetime(),
        stamp: zoned.timestamp(),
    };
    let items = case.items.as_deref();
    let today = now.wall.date();
    // The same strict reading as `catalog guide`: an answer that cannot be one is named.
    let led = yici_catalog::guide(&catalog, matter, &case.answers, items, today, lang);
    if led["state"] == "error" {
        miette::bail!(
            help = "kiosk catalog guide shows what is asked and which options there are",
            "{} {}",
            led["question"].as_str().unwrap_or_default(),
            led["message"].as_str().unwrap_or_default()
        );
    }
    if led["state"] == "window" {
        eprintln!("these answers lead to a window: the slip says why and where");
    }
    let answers: Answers = serde_json::from_value(case.answers).into_diagnostic()?;
    let request = Request {
        catalog: &catalog,
        matter,
        hall: &hall,
        lang,
        answers: &answers,
        items,
        now,
    };
    let kind = match kind {
        SlipKind::Notice => Kind::Notice,
        SlipKind::GuidanceSheet => Kind::GuidanceSheet,
        SlipKind::LongGuidanceSheet => Kind::LongGuidanceSheet,
    };
    let slip = sheet(kind, &request)
        .map_err(|error| {
            miette::miette!(help = "kiosk catalog guide asks what is missing", "{error}")
        })?
        .lay_out(*paper);
    write(out, &slip, *paper)?;
    println!("{}", out.display());
    Ok(Verdict::Fine)
}

fn write(out: &Path, slip: &yici_hal::slip::Slip, paper: PaperWidth) -> miette::Result<()> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder
        && !folder.is_dir()
    {
        miette::bail!(
            help = "make the folder first",
            "no folder {}",
            folder.display()
        );
    }
    match out.extension().and_then(|ending| ending.to_str()) {
        Some("escpos") => {
            let bytes = encode(slip, &Profile::epson(paper)).into_diagnostic()?;
            std::fs::write(out, bytes).into_diagnostic()
        }
        Some("png") => {
            let picture = yici_hal::glyph::raster(slip, paper).into_diagnostic()?;
            picture.save(out).into_diagnostic()
        }
        Some("txt") => std::fs::write(out, yici_hal::slip::to_text(slip, paper)).into_diagnostic(),
        Some(_) | None => Err(miette::miette!(
            help = "end its name in .escpos, .png or .txt",
            "{} does not say what to write",
            out.display()
        )),
    }
}

/// Without a configuration the slip names no hall that exists.
fn nameless_hall() -> Hall {
    Hall {
        name: Text::of("政务服务大厅", "Service hall"),
        terminal: "-".into(),
        desk: Text::of("导办台", "Guiding desk"),
        phones: Vec::new(),
        local_addresses: Vec::new(),
    }
}
