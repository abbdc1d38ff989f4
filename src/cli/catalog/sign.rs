//! `kiosk catalog sign`.

use std::path::PathBuf;

use serde_json::json;
use yici_catalog::Lang;
use yici_catalog_publish::{Role, Source, sign};

use super::super::{Format, Verdict, print_json};
use super::{lang, refused};
use crate::catalogue::check_certificate;

/// Sign a catalogue as its author, reviewer or publisher. Exit code 1 if terminals would refuse it;
/// nothing is signed then.
#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The catalogue's directory, for the first who signs; then the file that was signed.
    source: PathBuf,
    /// Who signs: author, reviewer or publisher.
    #[arg(long = "as", value_name = "ROLE")]
    role: Role,
    /// The secret key's file, as `kiosk provision keys` makes it.
    #[arg(long)]
    key: PathBuf,
    /// Of a directory: the certificate that proves it.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Of a directory: a number above that of every catalogue that was published before.
    #[arg(long)]
    counter: Option<u64>,
    /// The signed file; the source itself if that is a file.
    #[arg(long)]
    out: Option<PathBuf>,
    /// The language of findings.
    #[arg(long, value_parser = lang, default_value = "zh")]
    lang: Lang,
    /// How the result is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(args: &Args) -> miette::Result<Verdict> {
    let directory = args.source.is_dir();
    let source = match (directory, &args.certificate, args.counter) {
        (true, Some(certificate), Some(counter)) => Source::Directory {
            directory: &args.source,
            certificate,
            counter,
        },
        (false, None, None) => Source::Bundle(&args.source),
        (true, _, _) => miette::bail!(
            help = "`kiosk catalog check DIR --certificate FILE` makes the certificate",
            "a directory is signed with --certificate and --counter"
        ),
        (false, _, _) => miette::bail!(
            help = "leave them out: they are in the file",
            "--certificate and --counter are for a directory"
        ),
    };
    let out = match (&args.out, directory) {
        (Some(out), _) => out,
        (None, false) => &args.source,
        (None, true) => miette::bail!(help = "add --out FILE", "where to put the signed file?"),
    };
    let (manifest, bundle) = match sign(source, args.role, &args.key, out, &check_certificate) {
        Ok(signed) => signed,
        Err(error) => return refused(&error, args.lang, args.format),
    };
    let signed: Vec<Role> = bundle.signed_by().collect();
    match args.format {
        Format::Json => print_json(&json!({
            "version": manifest.version,
            "region_code": manifest.region_code,
            "counter": manifest.counter,
            "made": manifest.made,
            "files": manifest.files.len(),
            "digest": bundle.digest(),
            "signed_by": signed.iter().map(|role| role.code()).collect::<Vec<_>>(),
        }))?,
        Format::Text => {
            let names: Vec<&str> = signed.iter().map(|role| role.name(args.lang)).collect();
            let (version, region) = (&manifest.version, &manifest.region_code);
            let (counter, files) = (manifest.counter, manifest.files.len());
            let digest = bundle.digest();
            match args.lang {
                Lang::Zh => println!(
                    "版本 {version}，区划 {region}，序号 {counter}，{files} 个文件\n摘要 {digest}\n已签名：{}",
                    names.join("、")
                ),
                Lang::En => println!(
                    "version {version}, region {region}, counter {counter}, {files} files\ndigest {digest}\nsigned by {}",
                    names.join(", ")
                ),
            }
        }
    }
    Ok(Verdict::Fine)
}
