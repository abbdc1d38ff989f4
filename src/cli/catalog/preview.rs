//! `kiosk catalog preview`: a matter in the terminal's real pages, with nothing attached to it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use miette::IntoDiagnostic;
use yici_catalog::{CATALOGUE_FILE, Matter};

use super::{find, load};
use crate::cli::display::Display;
use crate::cli::{Verdict, run};

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The catalogue's directory.
    dir: PathBuf,
    /// The matter's id.
    matter: String,
    #[command(flatten)]
    display: Display,
}

/// Runs the terminal with this matter alone until the display is gone. Without a script, pictures
/// for `--headless` are taken of the way to the matter and of its first page.
pub(super) fn run(args: &Args) -> miette::Result<Verdict> {
    let catalog = load(&args.dir)?;
    let matter = find(&catalog, &args.matter)?;
    let folder = tempfile::tempdir().into_diagnostic()?;
    let config = set_up(folder.path(), &args.dir, matter).into_diagnostic()?;
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
fn set_up(folder: &Path, dir: &Path, matter: &Matter) -> std::io::Result<PathBuf> {
    let dir = fs::canonicalize(dir)?;
    fs::create_dir(folder.join("catalogue"))?;
    let file = format!("{}.toml", matter.id);
    for name in [CATALOGUE_FILE, &file, "samples"] {
        if dir.join(name).exists() {
            symlink(dir.join(name), folder.join("catalogue").join(name))?;
        }
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
