//! `kiosk run`: the terminal itself.

use std::cell::Cell;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use slint::{Timer, TimerMode};

use super::display::Display;
use crate::catalogue;
use crate::config::Config;
use crate::core::{self, Clock, Ended};
use crate::devices::Devices;
use crate::health::{Health, Moment};
use crate::screen::Screen;
use crate::submission::Submissions;
use crate::visit::page::Page;
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

/// What the service manager takes for "staff were let in": it starts `kiosk staff` in the terminal's place.
const STAFF_IN: u8 = 64;

/// Runs until the display is gone, the script has ended, or staff were let in (exit code 64).
pub(super) fn run(args: &Args) -> miette::Result<ExitCode> {
    // All that can be wrong is found before anything starts.
    let config = Config::load(&args.config)?;
    let (catalog, follower) = catalogue::first(&config).map_err(miette::Report::new)?;

    let stage = args.display.install(config.size)?;
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
    let mut terminal = Terminal::new(
        Arc::new(catalog),
        config.hall,
        config.timing,
        config.language,
        health,
        now,
    );
    if let Some(lock) = config.staff {
        terminal = terminal.with_door(lock);
    }
    let pages = screen.handle();
    let scripted = args.display.scripted();
    let staff_in = Arc::new(AtomicBool::new(false));
    let let_in = Arc::clone(&staff_in);
    let pulse = watchdog.pulse("core");
    std::thread::spawn(move || {
        let publish = |page: Page| {
            if let Err(error) = pages.show(page) {
                tracing::warn!("a page was not shown: {error}");
            }
        };
        let ended = core::run(
            terminal,
            clock,
            &inbox,
            &devices,
            &submissions,
            &pulse,
            publish,
        );
        if ended == Ended::StaffIn {
            let_in.store(true, Ordering::Relaxed);
            if !scripted {
                // It has ended already where its window was closed.
                let _ = slint::quit_event_loop();
            }
        }
    });
    let _beats = beat(watchdog.pulse("pages"));
    watchdog.feed();

    let ended = stage.run(&screen)?;
    Ok(match staff_in.load(Ordering::Relaxed) {
        true if ended == ExitCode::SUCCESS => ExitCode::from(STAFF_IN),
        true | false => ended,
    })
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
