//! `kiosk catalog install`.

use std::path::PathBuf;

use serde_json::json;
use yici_catalog::Lang;
use yici_catalog_publish::{Error, Installed, Keys, Options, Store, read};

use super::super::{Format, Verdict, print_json};
use super::{lang, refused};
use crate::catalogue::check_certificate;

/// Install a signed catalogue, or go back to the one before. A terminal that runs takes it by itself
/// between two visits. Exit code 1 if it is refused; the last good one goes on then.
#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The signed file.
    #[arg(required_unless_present = "rollback", conflicts_with = "rollback")]
    bundle: Option<PathBuf>,
    /// Go back to the one before; once more undoes it.
    #[arg(long)]
    rollback: bool,
    /// The directory of what is installed: `catalogue.store` of the terminal's configuration.
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
    /// The directory with author.pub, reviewer.pub and publisher.pub.
    #[arg(long, value_name = "DIR")]
    keys: PathBuf,
    /// The region that it must be for (GB/T 2260); that of the installed one otherwise.
    #[arg(long, value_name = "CODE", conflicts_with = "rollback")]
    region: Option<String>,
    /// The language of findings.
    #[arg(long, value_parser = lang, default_value = "zh")]
    lang: Lang,
    /// How the result is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(args: &Args) -> miette::Result<Verdict> {
    let (state, manifest) = match act(args) {
        Ok(done) => done,
        Err(error) => return refused(&error, args.lang, args.format),
    };
    let (version, counter) = (&manifest.version, manifest.counter);
    match args.format {
        Format::Json => print_json(&json!({
            "state": state,
            "version": version,
            "region_code": manifest.region_code,
            "counter": counter,
        }))?,
        Format::Text => match args.lang {
            Lang::Zh => println!("现在的事项目录：版本 {version}，序号 {counter}"),
            Lang::En => println!("serving now: version {version}, counter {counter}"),
        },
    }
    Ok(Verdict::Fine)
}

fn act(args: &Args) -> Result<(&'static str, yici_catalog_publish::Manifest), Error> {
    let keys = Keys::load(&args.keys)?;
    let store = Store::new(&args.into);
    let Some(bundle) = &args.bundle else {
        return Ok(("rolled-back", store.roll_back(&keys)?));
    };
    let options = Options {
        region: args.region.clone(),
        tag: None,
    };
    match store.install(&read(bundle)?, &keys, &options, &check_certificate)? {
        Installed::New(manifest) => Ok(("installed", manifest)),
        Installed::Already(manifest) => Ok(("already-installed", manifest)),
    }
}
