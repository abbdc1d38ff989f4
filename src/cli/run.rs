//! `kiosk run`: the terminal itself.

use std::cell::Cell;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use miette::IntoDiagnostic;
use slint::{Timer, TimerMode};

use crate::catalogue;
use crate::config::Config;
use crate::core::{self, Clock};
use crate::devices::Devices;
use crate::health::{Health, Moment};
use crate::screen::Screen;
use crate::submission::Submissions;
use crate::visit::page::{Content, Page};
use crate::visit::{Event, Terminal};
use crate::watchdog::{self, Pulse, Watchdog};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The terminal's configuration.
    #[arg(long)]
    pub(super) config: PathBuf,
    #[command(flatten)]
    pub(super) display: Display,
}

/// Where the pages are shown.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Display {
    /// Run the real pages without a display and write what they show to this directory as PNG.
    #[cfg(feature = "headless")]
    #[arg(long, value_name = "DIR")]
    pub(super) headless: Option<PathBuf>,
    /// A scripted citizen who taps visible labels.
    #[cfg(feature = "headless")]
    #[arg(long, value_name = "FILE", requires = "headless")]
    pub(super) script: Option<PathBuf>,
    /// Run the real pages without a display, and let whoever opens this Unix socket watch and touch
    /// them (`kiosk-sim bench`).
    #[cfg(feature = "headless")]
    #[arg(long, value_name = "SOCKET")]
    pub(super) screen: Option<PathBuf>,
}

/// Runs until the display is gone, or the script has ended.
pub(super) fn run(args: &Args) -> miette::Result<ExitCode> {
    // All that can be wrong is found before anything starts.
    let config = Config::load(&args.config)?;
    let (catalog, follower) = catalogue::first(&config).map_err(miette::Report::new)?;

    let display = &args.display;
    #[cfg(not(feature = "headless"))]
    let Display {} = display;
    #[cfg(feature = "headless")]
    let headless = (display.headless.is_some() || display.screen.is_some())
        .then(|| {
            crate::headless::install(&crate::headless::Options {
                dir: display.headless.clone(),
                size: config.size,
                script: display.script.clone(),
                screen: display.screen.clone(),
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
    let mut watchdog = Watchdog::start();
    let devices = Devices::start(&config, &events, &mut watchdog);
    if let Some(follower) = follower {
        catalogue::follow(follower, &config, events.clone());
    }
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
        Arc::new(catalog),
        config.hall,
        config.timing,
        config.language,
        health,
        now,
    );
    let pages = screen.handle();
    let pulse = watchdog.pulse("core");
    std::thread::spawn(move || {
        let mut idle = None;
        let publish = |page: Page| {
            let now_idle = matches!(page.content, Content::Idle);
            if idle.replace(now_idle) != Some(now_idle) {
                watchdog::idle(now_idle);
            }
            if let Err(error) = pages.show(page) {
                tracing::warn!("a page was not shown: {error}");
            }
        };
        core::run(
            terminal,
            clock,
            &inbox,
            &devices,
            &submissions,
            &pulse,
            publish,
        );
    });
    let _beats = beat(watchdog.pulse("pages"));
    watchdog.feed();

    #[cfg(feature = "headless")]
    if let Some(headless) = headless {
        return headless.run(&screen).into_diagnostic();
    }
    slint::ComponentHandle::run(screen.window()).into_diagnostic()?;
    Ok(ExitCode::SUCCESS)
}

/// Between two signs of life of the pages, and the longest that one of them may be drawn.
const BEAT: Duration = Duration::from_secs(1);
const DRAWN: Duration = Duration::from_secs(20);

/// Lets the event loop give signs of life for as long as this value is kept.
fn beat(pulse: Pulse) -> Timer {
    let beat = Timer::default();
    let turns = Cell::new(0);
    beat.start(TimerMode::Repeated, BEAT, move || {
        pulse.promise(BEAT + DRAWN);
        // The loop draws at the end of its turn: by the second beat the first page was seen.
        if turns.replace(2.min(turns.get() + 1)) == 1 {
            watchdog::ready();
        }
    });
    beat
}
