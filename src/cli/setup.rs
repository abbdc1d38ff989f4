//! `kiosk setup`: in the terminal's place while a technician's stick is in the machine: shows what the
//! stick would change, and applies it when somebody says so.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use yici_catalog::{Lang, Text};
use yici_provision::{Change, Checked, Clock, Keys, Refused, State, StateError, changes, check};

use super::dialogue::{self, Dialogue, Held};
use super::display::Display;
use crate::uplink;
use crate::visit::page::{Content, Main, Setup};
use crate::visit::touch::Touch;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The mounted stick, or the setup file itself.
    #[arg(long)]
    stick: PathBuf,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    display: Display,
}

/// What setups are checked by, and where an applied one is kept.
#[derive(clap::Args)]
// All or none, where it may be left out.
#[group(requires_all = ["public_key", "state", "data"])]
pub(super) struct Place {
    /// The public key that setup files must be signed by.
    #[arg(long, required = false)]
    public_key: PathBuf,
    /// Where the applied setup is kept.
    #[arg(long, required = false)]
    state: PathBuf,
    /// What outlives a restart: where the terminal's key is, or is made if the setup has an upstream.
    #[arg(long, required = false)]
    data: PathBuf,
    /// A file with this machine's serial numbers, one a line.
    #[arg(long)]
    serials: Option<PathBuf>,
    /// The clock was set from the network since the start.
    #[arg(long)]
    clock_set: bool,
}

/// A stick that was forgotten in the machine must not keep a hall waiting.
const PATIENCE: Duration = Duration::from_secs(180);
/// How long it is said that the setup was stored.
const SAID: Duration = Duration::from_secs(4);
/// Size of the pages without a display, in pixels.
const SIZE: (u32, u32) = (1080, 1920);

/// What became of a setup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// It was applied.
    Applied,
    /// It was refused, by the terminal or by a person, changes nothing, or nobody was there.
    Not,
}

/// Exit code 0 when the stick's setup was applied, 1 when nothing changed.
pub(super) fn run(args: &Args) -> miette::Result<ExitCode> {
    let applier = Applier::open(&args.place)?;
    let bytes = yici_provision::read(&args.stick).map_err(|error| {
        miette::miette!(
            help = "the stick holds a file `kiosk-setup.toml`, at the top",
            "{}: {error}",
            args.stick.display()
        )
    })?;
    let offer = applier.offer(&bytes);
    if matches!(offer, Ok(None)) {
        return Ok(ExitCode::from(1));
    }
    let title = Text {
        zh: "设置终端".into(),
        en: "Setting the terminal up".into(),
    };
    let held = dialogue::hold(&args.display, SIZE, Lang::Zh, title, move |dialogue| {
        applier.ask(dialogue, offer)
    })?;
    Ok(match held {
        Held::Came(Came::Applied) => ExitCode::SUCCESS,
        Held::Came(Came::Not) | Held::Closed => ExitCode::from(1),
        Held::ScriptFailed => ExitCode::from(3),
    })
}

/// A setup that may be applied, and what it would change; nothing if that is nothing.
pub(super) type Offer = Result<Option<(Checked, Vec<Change>)>, Refused>;

/// Checks setups, shows them, and applies what somebody says yes to.
pub(super) struct Applier {
    state: State,
    keys: Keys,
    serials: Vec<String>,
    key_file: PathBuf,
    clock_set: bool,
}

impl Applier {
    /// Reads what setups are checked by.
    ///
    /// # Errors
    /// When there is no public key, or the serial numbers cannot be read.
    pub(super) fn open(place: &Place) -> miette::Result<Applier> {
        let serials = place.serials.as_deref().map(super::read).transpose()?;
        Ok(Applier {
            state: State::new(&place.state),
            keys: yici_provision::cli::keys(&place.public_key)?,
            serials: serials
                .unwrap_or_default()
                .lines()
                .map(|line| line.trim().to_owned())
                .filter(|line| !line.is_empty())
                .collect(),
            key_file: yici_provision::device_key(&place.data),
            clock_set: place.clock_set,
        })
    }

    /// What a file comes to, before anybody is asked.
    pub(super) fn offer(&self, bytes: &[u8]) -> Offer {
        let now = match self.clock_set {
            true => Clock::Synchronised(Timestamp::now()),
            false => Clock::Unproved(Timestamp::now()),
        };
        let checked = check(bytes, &self.keys, now)?;
        let applied = self.state.load(&self.keys).ok().flatten();
        let before = applied.as_ref().map(|loaded| &loaded.checked.setup);
        let changes = changes(before, &checked.setup);
        Ok((before.is_none() || !changes.is_empty()).then_some((checked, changes)))
    }

    /// Shows what a file comes to, and applies it if somebody says so.
    pub(super) fn ask(&self, dialogue: &mut Dialogue, offer: Offer) -> Came {
        let mut asked = Asked {
            dialogue,
            applier: self,
        };
        match offer {
            Ok(Some((checked, changes))) => asked.apply(&checked, changes),
            Ok(None) => asked.refused(vec![Text {
                zh: "它和现在的设置一样".into(),
                en: "it is what holds already".into(),
            }]),
            Err(refused) => asked.refused(reasons(&refused)),
        }
    }
}

struct Asked<'a> {
    dialogue: &'a mut Dialogue,
    applier: &'a Applier,
}

impl Asked<'_> {
    fn apply(&mut self, checked: &Checked, changes: Vec<Change>) -> Came {
        let Applier {
            state,
            keys,
            serials,
            ..
        } = self.applier;
        let timely = checked.timely;
        let page = Setup::Offered { timely, changes };
        if !self.wait(&page, Some(Main::Apply), PATIENCE) {
            return Came::Not;
        }
        match state.apply(checked, keys, serials) {
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
            Err(StateError::Refused(refused)) => self.refused(reasons(&refused)),
            Err(error @ StateError::File { .. }) => self.refused(vec![Text {
                zh: format!("存不下来：{error}"),
                en: format!("it cannot be stored: {error}"),
            }]),
        }
    }

    /// What upstream enrols this terminal by.
    fn key(&self) -> Change {
        let said = match uplink::make_key(&self.applier.key_file) {
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

    fn refused(&mut self, reasons: Vec<Text>) -> Came {
        self.wait(&Setup::Refused(reasons), Some(Main::Continue), PATIENCE);
        Came::Not
    }

    /// Shows a page; whether its main action was touched.
    fn wait(&mut self, setup: &Setup, main: Option<Main>, patience: Duration) -> bool {
        let content = Content::Setup(Box::new(setup.clone()));
        self.dialogue.ask(&content, main, false, patience) == Some(Touch::Main)
    }
}

fn reasons(refused: &Refused) -> Vec<Text> {
    let line = |finding: &yici_provision::Finding| Text {
        zh: finding.say(Lang::Zh),
        en: finding.say(Lang::En),
    };
    refused.findings.iter().map(line).collect()
}
