//! `kiosk catalog export`: a matter as a workbook.

use std::path::PathBuf;

use miette::IntoDiagnostic;

use super::load;
use crate::cli::Verdict;

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The catalogue's directory.
    dir: PathBuf,
    /// The workbook to write.
    #[arg(long, value_name = "FILE")]
    xlsx: PathBuf,
    /// Which matter, by its id; `catalogue` is what all matters share.
    #[arg(long, value_name = "ID")]
    matter: Option<String>,
    /// An empty workbook for a new matter of this id.
    #[arg(long, value_name = "ID", conflicts_with = "matter")]
    new: Option<String>,
}

pub(super) fn run(args: &Args) -> miette::Result<Verdict> {
    let (matter, workbook) = match (&args.new, &args.matter) {
        (Some(new), _) => (new.clone(), yici_catalog_sheet::template(&args.dir, new)),
        (None, Some(matter)) => (
            matter.clone(),
            yici_catalog_sheet::export(&args.dir, matter),
        ),
        (None, None) => {
            let matter = only(args)?;
            let workbook = yici_catalog_sheet::export(&args.dir, &matter);
            (matter, workbook)
        }
    };
    let workbook = workbook.map_err(|error| {
        miette::miette!(
            help = "`kiosk catalog check` says what is wrong with a catalogue",
            "{error}"
        )
    })?;
    std::fs::write(&args.xlsx, workbook).into_diagnostic()?;
    println!("已导出 {matter}：{}", args.xlsx.display());
    Ok(Verdict::Fine)
}

/// The catalogue's matter, if it has one only.
fn only(args: &Args) -> miette::Result<String> {
    let catalog = load(&args.dir)?;
    match catalog.matters.as_slice() {
        [matter] => Ok(matter.id.clone()),
        matters => {
            let ids: Vec<&str> = matters.iter().map(|m| m.id.as_str()).collect();
            Err(miette::miette!(
                help = format!(
                    "a workbook holds one: --matter {}",
                    ids.join(" | --matter ")
                ),
                "the catalogue has {} matters",
                ids.len()
            ))
        }
    }
}
