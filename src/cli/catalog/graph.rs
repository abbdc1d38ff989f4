//! `kiosk catalog graph`: a matter as a picture.

use std::path::PathBuf;

use miette::IntoDiagnostic;
use yici_catalog::Lang;

use super::{find, lang, load};
use crate::cli::Verdict;

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The catalogue's directory.
    dir: PathBuf,
    /// The matter's id.
    matter: String,
    /// The picture to write, as SVG.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The language of its words.
    #[arg(long, value_parser = lang, default_value = "zh")]
    lang: Lang,
}

pub(super) fn run(args: &Args) -> miette::Result<Verdict> {
    let catalog = load(&args.dir)?;
    let matter = find(&catalog, &args.matter)?;
    let picture = yici_catalog::graph(&catalog, matter, args.lang);
    std::fs::write(&args.out, picture).into_diagnostic()?;
    println!("已画好 {}：{}", matter.id, args.out.display());
    Ok(Verdict::Fine)
}
