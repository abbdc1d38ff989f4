//! `kiosk outbox`: what waits for delivery, and taking a case out sealed.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use jiff::Timestamp;
use miette::IntoDiagnostic;
use serde_json::json;
use yici_contract::CaseNumber;

use super::{Format, Verdict, print_json, print_line, upstream};
use crate::outbox::{Line, Outbox, OutboxError, State};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Every case, oldest first, and whether upstream has it. Exit code 1 if a case is parked that was
    /// not exported.
    List {
        /// The terminal's configuration.
        #[arg(long)]
        config: PathBuf,
        /// How results are printed.
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
    /// Write a case's sealed bytes to a file. Only upstream can open them.
    Export {
        /// The case's number.
        number: CaseNumber,
        /// The terminal's configuration.
        #[arg(long)]
        config: PathBuf,
        /// The file to make; it must not exist.
        #[arg(long)]
        out: PathBuf,
    },
    /// Name the cases that would be lost with the disk: neither delivered nor exported. Exit code 1 if
    /// there are any; a factory reset asks this first.
    Held {
        /// The outbox, as in the terminal's configuration.
        #[arg(long)]
        outbox: PathBuf,
    },
}

pub(super) fn run(command: &Command) -> miette::Result<Verdict> {
    match command {
        Command::List { config, format } => list(config, *format),
        Command::Export {
            number,
            config,
            out,
        } => export(number, config, out),
        Command::Held { outbox } => held(outbox),
    }
}

fn open(config: &Path) -> miette::Result<Option<Outbox>> {
    Outbox::open_existing(&upstream(config)?.outbox).map_err(|error| {
        miette::miette!(
            help =
                "run it as the user that the terminal runs as; if the file is damaged, keep a copy",
            "{error}"
        )
    })
}

fn list(config: &Path, format: Format) -> miette::Result<Verdict> {
    let (lines, (waiting, parked)) = match open(config)? {
        Some(outbox) => (
            outbox.list().into_diagnostic()?,
            outbox.opinions().into_diagnostic()?,
        ),
        None => (Vec::new(), (0, 0)),
    };
    match format {
        Format::Json => print_json(&json!({
            "cases": lines,
            "opinions": {"waiting": waiting, "parked": parked},
        }))?,
        Format::Text => {
            for line in &lines {
                let mut text =
                    format!("{}  {:<9}  {}", line.number, line.state.code(), line.stored);
                if let Some(problem) = &line.problem {
                    text += &format!("  {} tries, {problem}", line.attempts);
                }
                if line.exported.is_some() {
                    text += "  exported";
                }
                print_line(&text)?;
            }
            if waiting + parked > 0 {
                print_line(&format!("opinions: {waiting} waiting, {parked} parked"))?;
            }
        }
    }
    // One that was taken out is in people's hands; nothing here asks for them any more.
    let open = |line: &Line| line.state == State::Parked && line.exported.is_none();
    Ok(match lines.iter().any(open) {
        true => Verdict::Findings,
        false => Verdict::Fine,
    })
}

/// Why a case was not taken out.
pub(super) enum NotTaken {
    /// The outbox does not give it.
    Outbox(OutboxError),
    /// The file cannot be written.
    File(std::io::Error),
}

/// Writes a case's sealed bytes to a file, which replaces another only where that is said, and remembers
/// that they are out. Whether they are still those that were stored.
pub(super) fn take_out(
    outbox: &mut Outbox,
    number: &CaseNumber,
    out: &Path,
    replace: bool,
) -> Result<bool, NotTaken> {
    let exported = outbox.export(number).map_err(NotTaken::Outbox)?;
    write(out, &exported.bytes, replace).map_err(NotTaken::File)?;
    outbox
        .mark_exported(number, Timestamp::now())
        .map_err(NotTaken::Outbox)?;
    Ok(exported.whole)
}

/// The cases of an outbox that would be lost with the disk: neither delivered nor exported.
///
/// # Errors
/// When it cannot be read.
pub(super) fn lost_with_disk(outbox: &Path) -> Result<Vec<Line>, OutboxError> {
    let Some(outbox) = Outbox::open_existing(outbox)? else {
        return Ok(Vec::new());
    };
    let mut held = outbox.list()?;
    held.retain(|line| line.exported.is_none() && line.state != State::Delivered);
    Ok(held)
}

fn held(outbox: &Path) -> miette::Result<Verdict> {
    let held = lost_with_disk(outbox).into_diagnostic()?;
    if !held.is_empty() {
        eprintln!("这些办件没有送达，也没有导出 · neither delivered nor exported:");
    }
    for line in &held {
        print_line(&format!("{}  {}", line.number, line.state.code()))?;
    }
    Ok(match held.is_empty() {
        true => Verdict::Fine,
        false => Verdict::Findings,
    })
}

fn export(number: &CaseNumber, config: &Path, out: &Path) -> miette::Result<Verdict> {
    let told = |error: OutboxError| {
        miette::miette!(help = "`kiosk outbox list` shows what there is", "{error}")
    };
    let not_there = || told(OutboxError::NotThere);
    let mut outbox = open(config)?.ok_or_else(not_there)?;
    let whole = take_out(&mut outbox, number, out, false).map_err(|error| match error {
        NotTaken::Outbox(error) => told(error),
        NotTaken::File(error) => miette::miette!(
            help = "name a new file in a directory that can be written to",
            "cannot write {}: {error}",
            out.display()
        ),
    })?;
    if whole {
        Ok(Verdict::Fine)
    } else {
        eprintln!(
            "the bytes are not those that were stored, or are another case's: upstream decides"
        );
        Ok(Verdict::Findings)
    }
}

/// Writes a file, whole or not at all, synced to disk.
fn write(path: &Path, bytes: &[u8], replace: bool) -> std::io::Result<()> {
    let dir = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match replace {
        true => file.persist(path)?,
        false => file.persist_noclobber(path)?,
    };
    std::fs::File::open(dir)?.sync_all()
}
