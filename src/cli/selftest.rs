//! `kiosk selftest`: the readiness report of a terminal that was just set up.

mod machine;

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;
use yici_catalog::Lang;
use yici_hal::escpos::{self, Printed};

use super::catalog::lang;
use super::device::{self, report::padded};
use super::{Format, Verdict, print_json, print_line};
use crate::config::Config;
use crate::selftest::{Check, Report};
use crate::slips::readiness;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The terminal's configuration.
    #[arg(long)]
    config: PathBuf,
    /// Also try each device with the technician's hands: a card, a code, a page, a finger on the screen.
    /// Otherwise each is only asked how it is.
    #[arg(long)]
    walk: bool,
    /// Print the report on the slip printer.
    #[arg(long)]
    print: bool,
    /// The language of texts.
    #[arg(long, value_parser = lang, default_value = "zh")]
    lang: Lang,
    /// How the report is printed here.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Exit code 1 if something keeps the terminal from serving; 2 if the paper did not come out.
pub(super) fn run(args: &Args) -> miette::Result<Verdict> {
    let config = Config::load(&args.config)?;
    let devices = match args.walk {
        true => device::tried(&config, args.lang),
        false => device::asked(&config, args.lang),
    };
    let report = report(&config, devices);
    match args.format {
        Format::Json => print_json(&json!({
            "ready": report.ready(),
            "sha256": report.sha256(),
            "report": report,
        }))?,
        Format::Text => tell(&report, args.lang)?,
    }
    if args.print {
        tell_printed(print(&report, &config, args.lang))?;
    }
    Ok(match report.ready() {
        true => Verdict::Fine,
        false => Verdict::Findings,
    })
}

/// The report on a terminal of which the devices came to this: looks at everything else.
pub(super) fn report(config: &Config, mut checks: Vec<Check>) -> Report {
    checks.extend(machine::checks(config));
    Report {
        terminal: config.hall.terminal.clone(),
        version: env!("CARGO_PKG_VERSION"),
        made: Timestamp::now(),
        checks,
    }
}

/// Prints the report on the slip printer.
///
/// # Errors
/// In English, why it was not tried.
pub(super) fn print(report: &Report, config: &Config, lang: Lang) -> Result<Printed, String> {
    let address = config
        .printer
        .as_ref()
        .ok_or("the configuration names no slip printer")?;
    let mut printer = escpos::open(address, config.profile).map_err(|error| error.to_string())?;
    let slip = readiness(report, &config.hall.name, lang, config.profile.paper);
    Ok(printer.print(&slip))
}

fn tell(report: &Report, lang: Lang) -> miette::Result<()> {
    for check in &report.checks {
        print_line(&format!(
            "{} {}{}",
            check.state.sign(),
            padded(check.name.get(lang)),
            check.says.get(lang)
        ))?;
        if let Some(next) = &check.next {
            print_line(&format!("    → {}", next.line(lang)))?;
        }
    }
    print_line(&report.summary(lang))?;
    print_line(&report.code())
}

fn tell_printed(printed: Result<Printed, String>) -> miette::Result<()> {
    let failed = |why: String| {
        miette::miette!(
            help = "see `kiosk device status`; the report itself is above",
            "the report was not printed: {why}"
        )
    };
    match printed.map_err(failed)? {
        Printed::Completed => Ok(()),
        Printed::Unknown(_) => {
            eprintln!(
                "打印机没有回执，请看一眼报告有没有出来 · the printer gives no proof: look whether the report came out"
            );
            Ok(())
        }
        Printed::Failed(cause) => Err(failed(cause.to_string())),
    }
}
