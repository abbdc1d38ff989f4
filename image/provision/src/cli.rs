//! `kiosk provision`: makes setup files and keys, and explains what is wrong with a file.

use std::fs;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use miette::IntoDiagnostic;
use minisign::{KeyPair, SecretKey, SecretKeyBox};
use serde_json::json;
use yici_catalog::{Lang, Text};

use crate::changes::changes;
use crate::check::{Clock, as_text, check};
use crate::finding::{Code, Refused};
use crate::pin::PinHash;
use crate::setup::Setup;
use crate::signed::{self, Keys, Validity};
use crate::{qr, stick};

/// What a plain file starts from.
pub const TEMPLATE: &str = include_str!("template.toml");

/// What there is to do with setup files.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a plain setup file to fill in.
    Template,
    /// Make the pair of keys that setup files are signed and checked by.
    Keys {
        /// The secret key's file to make, mode 0600; the public key goes beside it as `.pub`.
        #[arg(long)]
        out: PathBuf,
        /// Ask for no password: whoever has the file can set up terminals.
        #[arg(long)]
        no_password: bool,
    },
    /// Read the staff's PIN from standard input, 6 to 12 digits, and print the line for a plain file that
    /// stands for it.
    Pin,
    /// Check a plain file and sign it. Exit code 1 if it has findings; nothing is signed then.
    Make {
        /// The plain TOML file; a signature at its end is replaced.
        file: PathBuf,
        /// The secret key's file.
        #[arg(long)]
        key: PathBuf,
        /// For how many days it may be applied.
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=366))]
        days: u16,
        /// The signed file to make; on the stick it is called `kiosk-setup.toml`.
        #[arg(long, default_value = stick::FILE)]
        out: PathBuf,
        /// Also make it a QR code for the terminal's scanner, as PNG.
        #[arg(long)]
        qr: Option<PathBuf>,
        /// The language of findings.
        #[arg(long, value_parser = lang, default_value = "zh")]
        lang: Lang,
    },
    /// Say everything that is wrong with a signed file. Exit code 1 if anything is.
    Check(Look),
    /// Show what a signed file would set. Exit code 1 if anything is wrong with it.
    Show(Look),
}

/// What is looked at, and how it is told.
#[derive(Debug, Args)]
pub struct Look {
    /// The signed file, or the directory of a mounted stick.
    pub file: PathBuf,
    /// The public key's file.
    #[arg(long)]
    pub public_key: PathBuf,
    /// The language.
    #[arg(long, value_parser = lang, default_value = "zh")]
    pub lang: Lang,
    /// How results are printed.
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All is well.
    Fine,
    /// The file has findings; they were printed.
    Findings,
}

/// Runs a command; prints what it came to.
///
/// # Errors
/// When it could not be done, with what to do.
pub fn run(command: &Command, out: &mut dyn Write) -> miette::Result<Verdict> {
    match command {
        Command::Template => {
            out.write_all(TEMPLATE.as_bytes()).into_diagnostic()?;
            Ok(Verdict::Fine)
        }
        Command::Keys {
            out: path,
            no_password,
        } => make_keys(path, *no_password, out),
        Command::Pin => pin(std::io::stdin().lock(), out),
        Command::Make {
            file,
            key,
            days,
            out: path,
            qr,
            lang,
        } => make(file, key, *days, (path, qr.as_deref()), *lang, out),
        Command::Check(what) => look(what, false, out),
        Command::Show(what) => look(what, true, out),
    }
}

/// Reads the public keys that setup files may be signed by.
///
/// # Errors
/// When the file cannot be read or holds none, with what to do.
pub fn keys(public_key: &Path) -> miette::Result<Keys> {
    let keys = read(public_key)?;
    String::from_utf8_lossy(&keys).parse().map_err(|error| {
        miette::miette!(
            help = "name the .pub file of the key that setup files are signed by",
            "{}: {error}",
            public_key.display()
        )
    })
}

fn lang(text: &str) -> Result<Lang, String> {
    match text {
        "zh" => Ok(Lang::Zh),
        "en" => Ok(Lang::En),
        other => Err(format!("{other} is not a language here: zh or en")),
    }
}

fn make_keys(path: &Path, no_password: bool, out: &mut dyn Write) -> miette::Result<Verdict> {
    let pair = if no_password {
        KeyPair::generate_unencrypted_keypair()
    } else {
        KeyPair::generate_encrypted_keypair(None)
    }
    .into_diagnostic()?;
    let public = pair.pk.to_box().into_diagnostic()?.to_string();
    let secret = pair.sk.to_box(None).into_diagnostic()?;
    let secret = zeroize::Zeroizing::new(String::from_utf8(secret.to_bytes()).into_diagnostic()?);
    // A temporary file's mode is 0600 from the first, and a key that is there is not written over.
    write_new(path, secret.as_bytes(), Existing::Keep)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    write_new(
        Path::new(&name),
        format!("{}\n", public.trim_end()).as_bytes(),
        Existing::Keep,
    )?;
    writeln!(out, "{}", public.trim_end()).into_diagnostic()?;
    Ok(Verdict::Fine)
}

fn pin(from: impl BufRead, out: &mut dyn Write) -> miette::Result<Verdict> {
    let mut typed = zeroize::Zeroizing::new(String::new());
    // Longer lines are no PIN.
    from.take(64).read_line(&mut typed).into_diagnostic()?;
    let hash = PinHash::of(typed.trim_end_matches(['\r', '\n'])).map_err(|error| {
        miette::miette!(
            help = "type it and press Enter, or pass it in: `kiosk provision pin < FILE`",
            "{error}"
        )
    })?;
    // A hash has no letter that TOML would want escaped.
    writeln!(out, "[staff]\npin = {:?}", hash.as_str()).into_diagnostic()?;
    Ok(Verdict::Fine)
}

fn make(
    file: &Path,
    key: &Path,
    days: u16,
    (path, picture): (&Path, Option<&Path>),
    lang: Lang,
    out: &mut dyn Write,
) -> miette::Result<Verdict> {
    let bytes = read(file)?;
    let plain = match as_text(&bytes) {
        Ok(plain) => signed::split(plain).map_or(plain, |(body, _)| body),
        Err(refused) => return tell(&refused, lang, Format::Text, out),
    };
    if let Err(refused) = Setup::parse(plain) {
        return tell(&refused, lang, Format::Text, out);
    }
    let key = secret_key(key)?;
    // Whole seconds: minisign's comments are read by people.
    let made = Timestamp::from_second(Timestamp::now().as_second()).into_diagnostic()?;
    let validity = Validity {
        made,
        expires: made + SignedDuration::from_hours(24 * i64::from(days)),
    };
    let signed = signed::sign(plain, &key, validity).into_diagnostic()?;
    if let Err(refused) = as_text(signed.as_bytes()) {
        return tell(&refused, lang, Format::Text, out);
    }
    if let Some(picture) = picture {
        match qr::picture(&signed) {
            Ok(drawn) => drawn
                .save_with_format(picture, image::ImageFormat::Png)
                .into_diagnostic()?,
            Err(error) => {
                let refused = Refused::whole(
                    Code::TooBig,
                    format!(
                        "放不进一个二维码（{error}）；请删去注释，CA 改用 ECDSA 证书，或者用 U 盘"
                    ),
                    format!(
                        "it does not fit a QR code: {error}; leave out comments, take a CA with an ECDSA key, or use a stick"
                    ),
                );
                return tell(&refused, lang, Format::Text, out);
            }
        }
    }
    write_new(path, signed.as_bytes(), Existing::Replace)?;
    let said = Text::of(
        format!("已签名：{}，{} 之前有效", path.display(), validity.expires),
        format!(
            "signed: {}, valid until {}",
            path.display(),
            validity.expires
        ),
    );
    writeln!(out, "{}", said.get(lang)).into_diagnostic()?;
    Ok(Verdict::Fine)
}

fn look(what: &Look, show: bool, out: &mut dyn Write) -> miette::Result<Verdict> {
    let (lang, format) = (what.lang, what.format);
    let keys = keys(&what.public_key)?;
    // The clock here belongs to whoever asks.
    let checked = match check(
        &read(&what.file)?,
        &keys,
        Clock::Synchronised(Timestamp::now()),
    ) {
        Ok(checked) => checked,
        Err(refused) => return tell(&refused, lang, format, out),
    };
    let rows = if show {
        changes(None, &checked.setup)
    } else {
        Vec::new()
    };
    let Validity { made, expires } = checked.validity;
    match format {
        Format::Json => {
            let mut document = json!({"made": made, "expires": expires, "findings": []});
            if show {
                document["sets"] = json!(rows);
            }
            print_json(&document, out)?;
        }
        Format::Text => {
            let said = Text::of(
                format!("没有问题：{made} 签名，{expires} 之前有效"),
                format!("nothing is wrong: signed at {made}, valid until {expires}"),
            );
            writeln!(out, "{}", said.get(lang)).into_diagnostic()?;
            for row in rows {
                let value = row.after.as_ref().map_or("", |after| after.get(lang));
                writeln!(out, "{}: {value}", row.label.get(lang)).into_diagnostic()?;
            }
        }
    }
    Ok(Verdict::Fine)
}

fn tell(
    refused: &Refused,
    lang: Lang,
    format: Format,
    out: &mut dyn Write,
) -> miette::Result<Verdict> {
    match format {
        Format::Json => print_json(&json!(refused), out)?,
        Format::Text => {
            for finding in &refused.findings {
                writeln!(out, "{}", finding.say(lang)).into_diagnostic()?;
            }
        }
    }
    Ok(Verdict::Findings)
}

fn print_json(document: &serde_json::Value, out: &mut dyn Write) -> miette::Result<()> {
    let text = serde_json::to_string_pretty(document).into_diagnostic()?;
    writeln!(out, "{text}").into_diagnostic()
}

fn read(path: &Path) -> miette::Result<Vec<u8>> {
    stick::read(path).map_err(|error| {
        miette::miette!(
            help = "name a readable file, no link to one",
            "cannot read {}: {error}",
            path.display()
        )
    })
}

/// Reads a secret key and asks for its password if it has one.
fn secret_key(path: &Path) -> miette::Result<SecretKey> {
    let text = zeroize::Zeroizing::new(String::from_utf8_lossy(&read(path)?).into_owned());
    let boxed = || SecretKeyBox::from_string(&text);
    boxed()
        .and_then(SecretKeyBox::into_unencrypted_secret_key)
        .or_else(|plain| {
            boxed()
                .and_then(|boxed| boxed.into_secret_key(None))
                .map_err(|locked| {
                    miette::miette!(
                        help = "`kiosk provision keys` makes a pair",
                        "{}: without a password: {plain}; with one: {locked}",
                        path.display()
                    )
                })
        })
}

/// What happens to a file that is there.
enum Existing {
    Keep,
    Replace,
}

fn write_new(path: &Path, bytes: &[u8], existing: Existing) -> miette::Result<()> {
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    };
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        match existing {
            Existing::Keep => file.persist_noclobber(path),
            Existing::Replace => file.persist(path),
        }
        .map_err(|error| error.error)?;
        fs::File::open(directory)?.sync_all()
    };
    write().map_err(|error| {
        miette::miette!(
            help = "name a file that is not there yet, in a directory that can be written to",
            "cannot write {}: {error}",
            path.display()
        )
    })
}
