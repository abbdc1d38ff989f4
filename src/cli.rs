//! The command line. Exit 0 is fine, 1 means that the thing checked has findings, 2 that it
//! could not be done. `--format json` prints one document on stdout; logs go to stderr.

mod catalog;
mod device;
mod dialogue;
mod display;
mod ledger;
mod outbox;
mod provision;
mod run;
mod selftest;
mod setup;
mod slip;
mod staff;
mod uplink;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

#[derive(Parser)]
#[command(
    name = "kiosk",
    version,
    about = "Yici: a self-service terminal for one-stop government services"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the terminal.
    Run(run::Args),
    /// Check, ask and search a catalogue.
    #[command(subcommand)]
    Catalog(catalog::Command),
    /// Make slips without a visit.
    #[command(subcommand)]
    Slip(slip::Command),
    /// Look at the devices, test them, read one card.
    #[command(subcommand)]
    Device(device::Command),
    /// Make and explain setup files, and write out what was applied.
    #[command(subcommand)]
    Provision(provision::Command),
    /// Show what a technician's stick would change, and apply it when somebody says so.
    Setup(setup::Args),
    /// What the hall's staff see behind their PIN: how everything is, a self-test with hands, factory
    /// reset. The terminal starts it in its place (exit code 64).
    Staff(staff::Args),
    /// The readiness report: everything that a terminal needs, and what is missing.
    Selftest(selftest::Args),
    /// Look at what became of each slip.
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Look at what waits for delivery, and take a case out sealed.
    #[command(subcommand)]
    Outbox(outbox::Command),
    /// Make this terminal's key, and check the way to upstream.
    #[command(subcommand)]
    Uplink(uplink::Command),
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

/// What a command came to.
enum Verdict {
    /// All is well.
    Fine,
    /// The thing checked has findings; they were printed.
    Findings,
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("KIOSK_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .init();
    let cli = Cli::parse();
    let verdict = match cli.command {
        Command::Run(args) => match run::run(&args) {
            Ok(code) => return code,
            Err(report) => Err(report),
        },
        Command::Setup(args) => match setup::run(&args) {
            Ok(code) => return code,
            Err(report) => Err(report),
        },
        Command::Staff(args) => match staff::run(&args) {
            Ok(code) => return code,
            Err(report) => Err(report),
        },
        Command::Provision(command) => provision::run(&command),
        Command::Catalog(command) => catalog::run(&command),
        Command::Slip(command) => slip::run(&command),
        Command::Device(command) => device::run(&command),
        Command::Selftest(args) => selftest::run(&args),
        Command::Ledger(command) => ledger::run(&command),
        Command::Outbox(command) => outbox::run(&command),
        Command::Uplink(command) => uplink::run(&command),
    };
    match verdict {
        Ok(Verdict::Fine) => ExitCode::SUCCESS,
        Ok(Verdict::Findings) => ExitCode::from(1),
        Err(report) => {
            eprintln!("{report:?}");
            ExitCode::from(2)
        }
    }
}

/// The part of a configuration that says where cases are delivered.
fn upstream(file: &std::path::Path) -> miette::Result<crate::config::Upstream> {
    crate::config::Config::load(file)?
        .upstream
        .ok_or_else(|| no_upstream(file))
}

fn no_upstream(file: &std::path::Path) -> miette::Report {
    miette::miette!(
        help = "add an [upstream] section; docs/configuration.md describes it",
        "{} names no upstream",
        file.display()
    )
}

/// Prints one JSON document.
fn print_json(value: &impl serde::Serialize) -> miette::Result<()> {
    use miette::IntoDiagnostic;
    print_line(&serde_json::to_string_pretty(value).into_diagnostic()?)
}

/// Prints one line; a reader that has read enough ends the program quietly.
fn print_line(line: &str) -> miette::Result<()> {
    use std::io::Write;
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        result => miette::IntoDiagnostic::into_diagnostic(result),
    }
}

/// Reads a small text file.
fn read(path: &std::path::Path) -> miette::Result<String> {
    const MOST_BYTES: u64 = 4 * 1024 * 1024;
    let describe = |problem: String| {
        miette::miette!(
            help = "name a readable file of at most 4 MiB",
            "cannot read {}: {problem}",
            path.display()
        )
    };
    let size = std::fs::metadata(path)
        .map_err(|error| describe(error.to_string()))?
        .len();
    if size > MOST_BYTES {
        return Err(describe(format!("it has {size} bytes")));
    }
    std::fs::read_to_string(path).map_err(|error| describe(error.to_string()))
}
