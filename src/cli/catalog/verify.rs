//! `kiosk catalog verify`: recheck a certificate.

use std::path::PathBuf;

use serde_json::json;
use yici_catalog_verify::Refused;

use super::super::{Format, Verdict, print_json, read};

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The catalogue's directory.
    dir: PathBuf,
    /// The certificate that `check --certificate` wrote.
    #[arg(long)]
    certificate: PathBuf,
    /// How the result is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(args: &Args) -> miette::Result<Verdict> {
    let verified = match yici_catalog_verify::verify(&args.dir, &read(&args.certificate)?) {
        Err(error @ Refused::Unreadable(..)) => {
            miette::bail!(help = "name a catalogue's directory", "{error}")
        }
        verified => verified,
    };
    match (args.format, &verified) {
        (Format::Json, Ok(proven)) => print_json(&json!({"valid": true, "matters": proven}))?,
        (Format::Json, Err(why)) => print_json(&json!({"valid": false, "why": why.to_string()}))?,
        (Format::Text, Ok(proven)) => {
            for (matter, steps) in proven {
                println!("{matter}: proven in {steps} steps");
            }
        }
        (Format::Text, Err(why)) => eprintln!("the certificate is refused: {why}"),
    }
    Ok(match verified {
        Ok(_) => Verdict::Fine,
        Err(_) => Verdict::Findings,
    })
}
