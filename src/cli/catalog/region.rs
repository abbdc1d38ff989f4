//! `kiosk catalog region`: a region's own catalogue.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic, WrapErr as _};
use yici_catalog::{Catalog, REGIONS_DIR};

use crate::cli::{Verdict, print_line};

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The catalogue's directory.
    dir: PathBuf,
    /// The region by its code (GB/T 2260).
    region: String,
    /// The directory to make, of a catalogue that says by itself what that region has.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(args: &Args) -> miette::Result<Verdict> {
    let files = Catalog::merged_files(&args.dir, &args.region).map_err(miette::Report::new)?;
    fs::create_dir(&args.out)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot make {}", args.out.display()))?;
    for (name, text) in &files {
        let text = format!("# {} · kiosk catalog region {}\n{text}", name, args.region);
        fs::write(args.out.join(name), text).into_diagnostic()?;
    }
    let others = |name: &str| name != REGIONS_DIR && !name.ends_with(".toml");
    copy(&args.dir, &args.out, &others).into_diagnostic()?;
    print_line(&format!(
        "{}：{} 个文件 · {} files",
        args.out.display(),
        files.len(),
        files.len()
    ))?;
    Ok(Verdict::Fine)
}

/// Copies what is in a directory, as far as its name is wanted; no links, and nothing whose name begins
/// with a dot.
fn copy(from: &Path, to: &Path, wanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
            continue;
        };
        if !wanted(name) {
            continue;
        }
        let (kind, to) = (entry.file_type()?, to.join(name));
        if kind.is_file() {
            fs::copy(entry.path(), to)?;
        } else if kind.is_dir() {
            fs::create_dir(&to)?;
            copy(&entry.path(), &to, &|_| true)?;
        }
    }
    Ok(())
}
