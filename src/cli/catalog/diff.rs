//! `kiosk catalog diff`: what changes between two catalogues, and for whom.

use std::path::PathBuf;

use yici_catalog::Lang;

use super::{lang, load_region};
use crate::cli::{Format, Verdict, print_json, print_line};

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The old catalogue's directory.
    old: PathBuf,
    /// The new catalogue's directory.
    new: PathBuf,
    /// How changes are printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// The language of the text.
    #[arg(long, value_parser = lang, default_value = "zh")]
    lang: Lang,
    /// Both as a region has them, by its code (GB/T 2260); as their own otherwise.
    #[arg(long)]
    region: Option<String>,
    /// The day that the ages of witnesses are counted to; the clock's otherwise.
    #[arg(long)]
    today: Option<jiff::civil::Date>,
}

/// As `diff` does: 0 when nothing changed, 1 when something did.
pub(super) fn run(args: &Args) -> miette::Result<Verdict> {
    let load = |dir| load_region(dir, args.region.as_deref());
    let (old, new) = (load(&args.old)?, load(&args.new)?);
    let today = args.today.unwrap_or_else(|| jiff::Zoned::now().date());
    let diff = yici_catalog::diff(&old, &new, today);
    match args.format {
        Format::Json => print_json(&diff)?,
        Format::Text => print_line(diff.text(args.lang).trim_end())?,
    }
    Ok(if diff.changed {
        Verdict::Findings
    } else {
        Verdict::Fine
    })
}
