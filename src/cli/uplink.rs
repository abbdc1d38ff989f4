//! `kiosk uplink`: this terminal's key, and the way to upstream.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use miette::IntoDiagnostic;
use serde_json::json;

use super::{Format, Verdict, no_upstream, print_json, print_line, upstream};
use crate::config::Config;
use crate::uplink::{self, Uplink};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make this terminal's key if there is none, and print the public key, which upstream enrols.
    Key {
        /// The terminal's configuration.
        #[arg(long)]
        config: PathBuf,
    },
    /// Check the way to upstream: address, certificate, keys, clock.
    Check {
        /// The terminal's configuration.
        #[arg(long)]
        config: PathBuf,
        /// How results are printed.
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
}

pub(super) fn run(command: &Command) -> miette::Result<Verdict> {
    match command {
        Command::Key { config } => key(config),
        Command::Check { config, format } => check(config, *format),
    }
}

fn key(config: &Path) -> miette::Result<Verdict> {
    let path = Config::device_key_file(config)?.ok_or_else(|| no_upstream(config))?;
    let key = uplink::make_key(&path).map_err(|error| {
        miette::miette!(
            help = "name a file in a directory that can be written to under [upstream] as `device_key`",
            "{error}"
        )
    })?;
    print_line(&key.public().to_string())?;
    Ok(Verdict::Fine)
}

fn check(config: &Path, format: Format) -> miette::Result<Verdict> {
    let upstream = upstream(config)?;
    let uplink = Uplink::new(&upstream).into_diagnostic()?;
    let check = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .into_diagnostic()?
        .block_on(uplink::check(&uplink));
    match format {
        Format::Json => {
            let mut document =
                json!({"url": upstream.url.as_str(), "device": upstream.device.public().id()});
            if let (Some(document), Some(found)) =
                (document.as_object_mut(), json!(check).as_object_mut())
            {
                document.append(found);
            }
            print_json(&document)?;
        }
        Format::Text => {
            let said = |yes: Option<bool>| match yes {
                Some(true) => "yes",
                Some(false) => "NO",
                None => "unknown",
            };
            print_line(&format!("upstream              {}", upstream.url))?;
            print_line(&format!(
                "reachable             {}",
                said(Some(check.reachable))
            ))?;
            print_line(&format!(
                "certificate by our CA {}",
                said(check.certificate)
            ))?;
            print_line(&format!(
                "key is the current    {}",
                said(check.key_current)
            ))?;
            print_line(&format!("terminal is enrolled  {}", said(check.enrolled)))?;
            match check.clock_ahead_seconds {
                Some(seconds) => print_line(&format!("clock is ahead by     {seconds} s"))?,
                None => print_line("clock is ahead by     unknown")?,
            }
            for finding in &check.findings {
                print_line(&format!("!!  {}; next: {}", finding.message, finding.next))?;
            }
        }
    }
    if check.findings.is_empty() {
        Ok(Verdict::Fine)
    } else {
        Ok(Verdict::Findings)
    }
}
