//! `kiosk catalog preview`: a matter in the terminal's real pages, with nothing attached to it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use miette::IntoDiagnostic;
use yici_catalog::{CATALOGUE_FILE, Catalog, Matter};

use super::{find, load_region};
use crate::cli::display::Display;
use crate::cli::{Verdict, run};

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The catalogue's directory.
    dir: PathBuf,
    /// The matter's id.
    matter: String,
    /// As a region has it, by its code (GB/T 2260); as the catalogue's own otherwise.
    #[arg(long)]
    region: Option<String>,
    #[command(flatten)]
    display: Display,
}

/// Runs the terminal with this matter alone until the display is gone. Without a script, pictures
/// for `--headless` are taken of the way to the matter and of its first page.
pub(super) fn run(args: &Args) -> miette::Result<Verdict> {
    let catalog = load_region(&args.dir, args.region.as_deref())?;
    let matter = find(&catalog, &args.matter)?;
    let files = Catalog::merged_files(&args.dir, &catalog.region_code);
    let files = files.map_err(miette::Report::new)?;
    let folder = tempfile::tempdir().into_diagnostic()?;
    let config = set_up(folder.path(), &args.dir, matter, &files).into_diagnostic()?;
    #[cfg(feature = "headless")]
    let display = {
        let mut display = args.display.clone();
        if display.headless.is_some() && display.screen.is_none() && display.script.is_none() {
            let script = folder.path().join("opening.citizen");
            fs::write(&script, opening(matter)).into_diagnostic()?;
            display.script = Some(script);
        }
        display
    };
    #[cfg(not(feature = "headless"))]
    let display = args.display.clone();
    let code = run::run(&run::Args { config, display })?;
    Ok(if code == ExitCode::SUCCESS {
        Verdict::Fine
    } else {
        Verdict::Findings
    })
}

/// A catalogue with one matter, and a configuration that knows no device and no upstream.
fn set_up(
    folder: &Path,
    dir: &Path,
    matter: &Matter,
    files: &[(String, String)],
) -> std::io::Result<PathBuf> {
    let catalogue = folder.join("catalogue");
    fs::create_dir(&catalogue)?;
    let file = format!("{}.toml", matter.id);
    for (name, text) in files {
        if name == CATALOGUE_FILE || *name == file {
            fs::write(catalogue.join(name), text)?;
        }
    }
    let samples = fs::canonicalize(dir)?.join("samples");
    if samples.exists() {
        symlink(samples, catalogue.join("samples"))?;
    }
    let config = folder.join("kiosk.toml");
    fs::write(&config, CONFIG)?;
    Ok(config)
}

const CONFIG: &str = r#"
[hall]
name = { zh = "预览", en = "Preview" }
terminal = "preview"
desk = { zh = "导办台", en = "Guiding desk" }
phones = []
local_addresses = []

[catalogue]
directory = "catalogue"
"#;

#[cfg(feature = "headless")]
fn opening(matter: &Matter) -> String {
    let short = &matter.short.zh;
    format!(
        "wait 点一下屏幕开始\ntap 点一下屏幕开始\ntap {short}\nsleep 2\nshot {}\nend\n",
        matter.id
    )
}
