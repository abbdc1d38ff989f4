//! `kiosk run`: the terminal itself.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::channel;

use miette::IntoDiagnostic;

use super::catalog::load;
use crate::config::Config;
use crate::core::{self, Clock};
use crate::devices::Devices;
use crate::health::{Health, Moment};
use crate::screen::Screen;
use crate::submission::Submissions;
use crate::visit::{Event, Terminal};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The terminal's configuration.
    #[arg(long)]
    config: PathBuf,
    /// Run the real pages without a display and write what they show to this directory as PNG.
    #[cfg(feature = "headless")]
    #[arg(long, value_name = "DIR")]
    headless: Option<PathBuf>,
    /// A scripted citizen who taps visible labels.
    #[cfg(feature = "headless")]
    #[arg(long, value_name = "FILE", requires = "headless")]
    script: Option<PathBuf>,
    /// Run the real pages without a display, and let whoever opens this Unix socket watch and touch
    /// them (`kiosk-sim bench`).
    #[cfg(feature = "headless")]
    #[arg(long, value_name = "SOCKET")]
    screen: Option<PathBuf>,
}

/// Runs until the display is gone, or the script has ended.
pub(super) fn run(args: &Args) -> miette::Result<ExitCode> {
    // All that can be wrong is found before anything starts.
    let config = Config::load(&args.config)?;
    let catalog = Arc::new(load(&config.catalogue)?);

    #[cfg(feature = "headless")]
    let headless = (args.headless.is_some() || args.screen.is_some())
        .then(|| {
            crate::headless::install(&crate::headless::Options {
                dir: args.headless.clone(),
                size: config.size,
                script: args.script.clone(),
                screen: args.screen.clone(),
            })
        })
        .transpose()
        .into_diagnostic()?;

    let (events, inbox) = channel();
    let touches = events.clone();
    let screen = Screen::new(move |serial, touch| {
        // Without a core there is nothing to touch any more.
        let _ = touches.send(Event::Touched { serial, touch });
    })
    .map_err(|error| {
        miette::miette!(
            help = "build with --features desktop for a window or linuxkms for a bare display, or add --headless DIR",
            "no display: {error}"
        )
    })?;
    let submissions = Submissions::start(config.upstream.as_ref(), &events);
    let devices = Devices::start(&config, &events);
    drop(events);
    let clock = Clock::start();
    let now = clock.now();
    let health = Health::set_up(
        &config,
        Moment {
            mono: now.mono,
            wall: None,
        },
    );
    let terminal = Terminal::new(
        catalog,
        config.hall,
        config.timing,
        config.language,
        health,
        now,
    );
    let pages = screen.handle();
    std::thread::spawn(move || {
        core::run(terminal, clock, &inbox, &devices, &submissions, |page| {
            if let Err(error) = pages.show(page) {
                tracing::warn!("a page was not shown: {error}");
            }
        });
    });

    #[cfg(feature = "headless")]
    if let Some(headless) = headless {
        return headless.run(&screen).into_diagnostic();
    }
    slint::ComponentHandle::run(screen.window()).into_diagnostic()?;
    Ok(ExitCode::SUCCESS)
}
