//! `kiosk provision`: setup files made and explained, and what was applied written out for the system.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use miette::{IntoDiagnostic, WrapErr};
use yici_provision::{Places, State, cli, render_to};

use super::Verdict;
use crate::config::Config;
use crate::uplink;

#[derive(Subcommand)]
pub(super) enum Command {
    #[command(flatten)]
    File(cli::Command),
    /// Write the files of the applied setup for the system to read, at its start; with none applied,
    /// the configuration that came with the image. Makes this terminal's key if there is none.
    Render {
        /// Where the applied setup is kept.
        #[arg(long)]
        state: PathBuf,
        /// The public key that setup files must be signed by.
        #[arg(long)]
        public_key: PathBuf,
        /// The catalogue's directory.
        #[arg(long)]
        catalogue: PathBuf,
        /// The public keys that signed catalogues are taken by; without them, none are.
        #[arg(long)]
        catalogue_keys: Option<PathBuf>,
        /// What outlives a restart: key, outbox, print ledger, installed catalogues.
        #[arg(long)]
        data: PathBuf,
        /// The configuration while nothing was applied.
        #[arg(long)]
        default: PathBuf,
        /// Where the files go.
        #[arg(long)]
        into: PathBuf,
    },
}

pub(super) fn run(command: &Command) -> miette::Result<Verdict> {
    let (state, public_key, places, default, into) = match command {
        Command::File(command) => {
            return match cli::run(command, &mut std::io::stdout())? {
                cli::Verdict::Fine => Ok(Verdict::Fine),
                cli::Verdict::Findings => Ok(Verdict::Findings),
            };
        }
        Command::Render {
            state,
            public_key,
            catalogue,
            catalogue_keys,
            data,
            default,
            into,
        } => {
            let places = Places {
                catalogue: catalogue.clone(),
                catalogue_keys: catalogue_keys.clone(),
                data: data.clone(),
            };
            (state, public_key, places, default, into)
        }
    };
    let keys = cli::keys(public_key)?;
    match State::new(state).load(&keys) {
        Ok(Some(loaded)) => {
            if let Some(refused) = &loaded.fallen_back {
                tracing::warn!("{refused}; the setup before it holds");
            }
            render_to(&loaded.checked.setup, &places, into).into_diagnostic()?;
            make_key(&into.join("kiosk.toml"));
            return Ok(Verdict::Fine);
        }
        Ok(None) => {}
        // A terminal with a damaged setup still guides people.
        Err(error) => tracing::error!("{error}; the image's own configuration holds"),
    }
    fs::copy(default, into.join("kiosk.toml"))
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot copy {}", default.display()))?;
    Ok(Verdict::Fine)
}

/// A terminal without a key still guides people; its public half is what upstream enrols.
fn make_key(config: &Path) {
    match Config::device_key_file(config) {
        Ok(Some(path)) => match uplink::make_key(&path) {
            Ok(key) => tracing::info!(public = %key.public(), "this terminal's key"),
            Err(error) => tracing::error!("{error}"),
        },
        Ok(None) => {}
        Err(error) => tracing::error!("{error}"),
    }
}
