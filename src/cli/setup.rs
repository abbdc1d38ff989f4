//! `kiosk setup`: in the terminal's place while a technician's stick is in the machine: shows what the
//! stick would change, and applies it when somebody says so.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use miette::IntoDiagnostic;
use yici_catalog::{Lang, Text};
use yici_provision::{Change, Checked, Clock, Keys, Refused, State, StateError, changes, check};

use crate::screen::{Handle, Screen};
use crate::uplink;
use crate::visit::page::{Content, Frame, Main, Page, Setup};
use crate::visit::touch::Touch;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The mounted stick, or the setup file itself.
    #[arg(long)]
    stick: PathBuf,
    /// The public key that setup files must be signed by.
    #[arg(long)]
    public_key: PathBuf,
    /// Where the applied setup is kept.
    #[arg(long)]
    state: PathBuf,
    /// What outlives a restart: where the terminal's key is, or is made if the setup has an upstream.
    #[arg(long)]
    data: PathBuf,
    /// A file with this machine's serial numbers, one a line.
    #[arg(long)]
    serials: Option<PathBuf>,
    /// The clock was set from the network since the start.
    #[arg(long)]
    clock_set: bool,
    /// Show the pages without a display and write them to this directory as PNG.
    #[cfg(feature = "headless")]
    #[arg(long, value_name = "DIR")]
    headless: Option<PathBuf>,
    /// A scripted technician who taps visible labels.
    #[cfg(feature = "headless")]
    #[arg(long, value_name = "FILE", requires = "headless")]
    script: Option<PathBuf>,
}

/// A stick that was forgotten in the machine must not keep a hall waiting.
const PATIENCE: Duration = Duration::from_secs(180);
/// How long it is said that the setup was stored.
const SAID: Duration = Duration::from_secs(4);
/// Size of the pages without a display, in pixels.
#[cfg(feature = "headless")]
const SIZE: (u32, u32) = (1080, 1920);

/// What became of the stick.
enum Came {
    /// It was applied.
    Applied,
    /// It was refused, by the terminal or by a person, changes nothing, or nobody was there.
    Not,
}

/// Exit code 0 when the stick's setup was applied, 1 when nothing changed.
pub(super) fn run(args: &Args) -> miette::Result<ExitCode> {
    let keys = yici_provision::cli::keys(&args.public_key)?;
    let state = State::new(&args.state);
    let now = match args.clock_set {
        true => Clock::Synchronised(Timestamp::now()),
        false => Clock::Unproved(Timestamp::now()),
    };
    let read = yici_provision::read(&args.stick);
    let checked = read.map(|bytes| check(&bytes, &keys, now));
    let checked = checked.map_err(|error| {
        miette::miette!(
            help = "the stick holds a file `kiosk-setup.toml`, at the top",
            "{}: {error}",
            args.stick.display()
        )
    })?;
    let applied = state.load(&keys).ok().flatten();
    let offer = match checked {
        Err(refused) => Err(refused),
        Ok(checked) => {
            let before = applied.as_ref().map(|loaded| &loaded.checked.setup);
            let changes = changes(before, &checked.setup);
            if before.is_some() && changes.is_empty() {
                return Ok(ExitCode::from(1));
            }
            Ok((checked, changes))
        }
    };
    let serials: Vec<String> = args
        .serials
        .as_deref()
        .map(super::read)
        .transpose()?
        .unwrap_or_default()
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();

    #[cfg(feature = "headless")]
    let headless = args
        .headless
        .as_ref()
        .map(|dir| {
            crate::headless::install(&crate::headless::Options {
                dir: Some(dir.clone()),
                size: SIZE,
                script: args.script.clone(),
                screen: None,
            })
        })
        .transpose()
        .into_diagnostic()?;
    let (touches, inbox) = channel();
    let screen = Screen::new(move |_, touch| {
        // Without anybody to hear it, the page is about to go.
        let _ = touches.send(touch);
    })
    .into_diagnostic()?;
    let pages = screen.handle();
    #[cfg(feature = "headless")]
    let scripted = args.script.is_some();
    #[cfg(not(feature = "headless"))]
    let scripted = false;
    let key_file = yici_provision::device_key(&args.data);
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut asked = Asked {
            lang: Lang::Zh,
            large: false,
            pages,
            inbox,
            state,
            keys,
            serials,
            key_file,
        };
        // Nobody hears it where the loop has ended before, with its window.
        let _ = tell.send(asked.ask(offer));
        // A scripted technician, who asks the loop what is to be seen, ends it himself.
        if !scripted {
            let _ = slint::quit_event_loop();
        }
    });
    #[cfg(feature = "headless")]
    let ended = match headless {
        Some(headless) => headless.run(&screen).into_diagnostic().map(Some)?,
        None => None,
    };
    #[cfg(not(feature = "headless"))]
    let ended: Option<ExitCode> = None;
    match ended {
        // A script that failed is told by its own exit code.
        Some(ended) if ended != ExitCode::SUCCESS => return Ok(ExitCode::from(3)),
        Some(_) => {}
        None => slint::ComponentHandle::run(screen.window()).into_diagnostic()?,
    }
    // A window that is closed while it is said that the setup was stored takes nothing of it back.
    Ok(match told.recv_timeout(SAID + Duration::from_secs(1)) {
        Ok(Came::Applied) => ExitCode::SUCCESS,
        Ok(Came::Not) | Err(_) => ExitCode::from(1),
    })
}

struct Asked {
    /// As the technician switched them, on all pages.
    lang: Lang,
    large: bool,
    pages: Handle,
    inbox: Receiver<Touch>,
    state: State,
    keys: Keys,
    serials: Vec<String>,
    key_file: PathBuf,
}

impl Asked {
    fn ask(&mut self, offer: Result<(Checked, Vec<Change>), Refused>) -> Came {
        let (checked, changes) = match offer {
            Ok(offer) => offer,
            Err(refused) => return self.refused(&refused),
        };
        let timely = checked.timely;
        let page = Setup::Offered { timely, changes };
        if !self.wait(&page, Some(Main::Apply), PATIENCE) {
            return Came::Not;
        }
        match self.state.apply(&checked, &self.keys, &self.serials) {
            Ok(()) => {
                match checked.setup.upstream {
                    Some(_) => {
                        let key = Setup::Applied(vec![self.key()]);
                        self.wait(&key, Some(Main::Continue), PATIENCE)
                    }
                    None => self.wait(&Setup::Applied(Vec::new()), None, SAID),
                };
                Came::Applied
            }
            Err(StateError::Refused(refused)) => self.refused(&refused),
            Err(error @ StateError::File { .. }) => {
                let reason = Text {
                    zh: format!("存不下来：{error}"),
                    en: format!("it cannot be stored: {error}"),
                };
                self.wait(
                    &Setup::Refused(vec![reason]),
                    Some(Main::Continue),
                    PATIENCE,
                );
                Came::Not
            }
        }
    }

    /// What upstream enrols this terminal by.
    fn key(&self) -> Change {
        let said = match uplink::make_key(&self.key_file) {
            Ok(key) => {
                let key = key.public().to_string();
                // In groups that can be read out.
                let groups: Vec<&str> = (0..key.len())
                    .step_by(8)
                    .filter_map(|at| key.get(at..at + 8))
                    .collect();
                groups.join(" ")
            }
            Err(error) => error.to_string(),
        };
        Change {
            label: Text {
                zh: "本机公钥：请到办理系统登记".into(),
                en: "This terminal's key: enrol it with upstream".into(),
            },
            before: None,
            after: Some(Text {
                zh: said.clone(),
                en: said,
            }),
        }
    }

    fn refused(&mut self, refused: &Refused) -> Came {
        let line = |finding: &yici_provision::Finding| Text {
            zh: finding.say(Lang::Zh),
            en: finding.say(Lang::En),
        };
        let reasons = refused.findings.iter().map(line).collect();
        self.wait(&Setup::Refused(reasons), Some(Main::Continue), PATIENCE);
        Came::Not
    }

    /// Shows a page until its main action is touched (true), it is left, or time is over.
    fn wait(&mut self, setup: &Setup, main: Option<Main>, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        loop {
            let shown = self.pages.show(Page {
                serial: 1,
                frame: Frame {
                    hall: Text {
                        zh: "设置终端".into(),
                        en: "Setting the terminal up".into(),
                    },
                    time: None,
                    lang: self.lang,
                    large: self.large,
                    step: None,
                    back: false,
                    leave: false,
                    main,
                    main_enabled: true,
                },
                content: Content::Setup(Box::new(setup.clone())),
                countdown: None,
            });
            if shown.is_err() {
                return false;
            }
            match self
                .inbox
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(Touch::Main) => return true,
                Ok(Touch::Back) => return false,
                Ok(Touch::Language(to)) => self.lang = to,
                Ok(Touch::Large(to)) => self.large = to,
                // No other touch can be made on this page.
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return false,
            }
        }
    }
}
