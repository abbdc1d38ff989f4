//! `kiosk ledger`: what became of each slip.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use miette::IntoDiagnostic;
use serde_json::json;

use super::{Format, Verdict, print_json, print_line};
use crate::config::Config;
use crate::ledger::{AtOutlet, Ledger};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Every slip, oldest first: when it was sent, whether it is on paper, and what became of it at an
    /// outlet that senses it.
    List {
        /// The terminal's configuration.
        #[arg(long)]
        config: PathBuf,
        /// How results are printed.
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
}

pub(super) fn run(command: &Command) -> miette::Result<Verdict> {
    match command {
        Command::List { config, format } => list(config, *format),
    }
}

fn list(config: &Path, format: Format) -> miette::Result<Verdict> {
    let path = Config::load(config)?.ledger;
    let ledger = Ledger::open_existing(&path).map_err(|error| {
        miette::miette!(
            help = "run it as the user that the terminal runs as; if the file is damaged, move it away and restart the terminal",
            "{error}"
        )
    })?;
    let lines = match ledger {
        Some(ledger) => ledger.list().into_diagnostic()?,
        None => Vec::new(),
    };
    match format {
        Format::Json => print_json(&json!({ "slips": lines }))?,
        Format::Text => {
            for line in &lines {
                let outlet = line.outlet.map_or("-", AtOutlet::code);
                let mut text = format!(
                    "{}  {:<9}  {outlet:<9}  {:<8}",
                    line.sent,
                    line.printed.code(),
                    line.kind
                );
                if let Some(number) = &line.number {
                    text += &format!("  {number}");
                }
                if let Some(cause) = &line.cause {
                    text += &format!("  {cause}");
                }
                if line.reprint_of.is_some() {
                    text += "  reprint";
                }
                print_line(&text)?;
            }
        }
    }
    Ok(Verdict::Fine)
}
