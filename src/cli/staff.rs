//! `kiosk staff`: in the terminal's place once its staff were let in. What works and what does not, each
//! device tried with hands, and the way back to a terminal that knows nothing.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use yici_catalog::Text;
use yici_contract::CaseNumber;
use yici_hal::address::Address;
use yici_hal::code_scanner;
use yici_hal::escpos::Printed;
use yici_hal::status::Actor;

use super::dialogue::{self, Dialogue, Held};
use super::display::Display;
use super::outbox::NotTaken;
use super::setup::{self, Applier, Place};
use super::{device, outbox, selftest};
use crate::config::Config;
use crate::outbox::Outbox;
use crate::selftest::{Check, Report, State, Step};
use crate::visit::page::{Content, Exported, Main, ReportSlip, Staff};
use crate::visit::touch::Touch;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The terminal's configuration.
    #[arg(long)]
    config: PathBuf,
    /// Where setups may come from here too: as a code on the scanner.
    #[command(flatten)]
    place: Option<Place>,
    /// Where a stick is mounted that cases can be taken out on.
    #[arg(long)]
    sticks: Option<PathBuf>,
    #[command(flatten)]
    display: Display,
}

/// What the service manager takes for "forget everything" (`yici-staff.service`).
const RESET: u8 = 10;
/// And for "start with the new setup".
const SET_UP: u8 = 11;

/// Staff who were called away must not keep a hall waiting.
const PATIENCE: Duration = Duration::from_secs(180);

/// How long a code is waited for.
const SCANNING: Duration = Duration::from_secs(30);

/// How long a stick is waited for.
const PLUGGING: Duration = Duration::from_secs(60);

/// What the staff leave behind.
enum Came {
    /// The terminal as it is.
    Terminal,
    /// A terminal that forgets everything.
    Reset,
    /// A terminal with another setup.
    SetUp,
}

/// What the pages work on.
struct Desk {
    config: Config,
    /// With a scanner, and where setups are taken at all.
    codes: Option<(Address, Applier)>,
    /// With an upstream, and where a stick can be.
    sticks: Option<(PathBuf, PathBuf)>,
}

/// Exit code 0 when the terminal goes on, 10 when it is to forget everything, 11 when it has another setup.
pub(super) fn run(args: &Args) -> miette::Result<ExitCode> {
    let config = Config::load(&args.config)?;
    let title = Text {
        zh: format!("工作人员 · {}", config.hall.terminal),
        en: format!("Staff · {}", config.hall.terminal),
    };
    let (size, lang) = (config.size, config.language);
    let applier = args.place.as_ref().map(Applier::open).transpose()?;
    let outbox = config.upstream.as_ref().map(|it| it.outbox.clone());
    let desk = Desk {
        sticks: outbox.zip(args.sticks.clone()),
        codes: config.code_scanner.clone().zip(applier),
        config,
    };
    let held = dialogue::hold(&args.display, size, lang, title, move |dialogue| {
        menu(dialogue, &desk)
    })?;
    Ok(match held {
        Held::Came(Came::Reset) => ExitCode::from(RESET),
        Held::Came(Came::SetUp) => ExitCode::from(SET_UP),
        Held::Came(Came::Terminal) | Held::Closed => ExitCode::SUCCESS,
        Held::ScriptFailed => ExitCode::from(3),
    })
}

fn menu(dialogue: &mut Dialogue, desk: &Desk) -> Came {
    let config = &desk.config;
    let mut exported = None;
    loop {
        let menu = content(Staff::Menu {
            version: env!("CARGO_PKG_VERSION"),
            held: held(config),
            codes: desk.codes.is_some(),
            sticks: desk.sticks.is_some(),
            exported: exported.take(),
        });
        let touch = dialogue.ask(&menu, Some(Main::Done), false, PATIENCE);
        if touch == Some(Touch::Look) {
            let looked_at = Text::of("各台设备、网络和磁盘", "devices, network and disk");
            dialogue.show(busy(looked_at, None, (1, 1)));
            let devices = device::asked(config, dialogue.lang());
            show(dialogue, config, selftest::report(config, devices));
        } else if touch == Some(Touch::Try) {
            let report = walk(dialogue, config);
            show(dialogue, config, report);
        } else if touch == Some(Touch::Scan)
            && let Some((scanner, applier)) = &desk.codes
        {
            if scan(dialogue, scanner, applier) == setup::Came::Applied {
                return Came::SetUp;
            }
        } else if touch == Some(Touch::Export)
            && let Some((outbox, stick)) = &desk.sticks
        {
            exported = Some(export(dialogue, outbox, stick));
        } else if touch == Some(Touch::Reset) {
            // Anything may have been stored since, had a terminal run: it is asked again before anything goes.
            if held(config) == Some(0)
                && dialogue.ask(&content(Staff::Reset), Some(Main::Reset), true, PATIENCE)
                    == Some(Touch::Main)
            {
                return Came::Reset;
            }
        } else {
            return Came::Terminal;
        }
    }
}

/// A setup from a code on paper; what became of it.
fn scan(dialogue: &mut Dialogue, scanner: &Address, applier: &Applier) -> setup::Came {
    let preparation = Text::of(
        "请把打印的设置码对准扫码器",
        "Hold the printed setup code up to the scanner",
    );
    let name = Text::of("扫设置码", "Scan a setup code");
    dialogue.show(busy(name, Some(preparation), (1, 1)));
    let read =
        code_scanner::open(scanner).and_then(|mut scanner| scanner.read(Instant::now() + SCANNING));
    match read {
        Ok(Some(code)) => {
            let offer = yici_provision::qr::decode(code.text().as_bytes())
                .and_then(|bytes| applier.offer(&bytes));
            applier.ask(dialogue, offer)
        }
        // What is wrong with a scanner, a look tells.
        Ok(None) | Err(_) => setup::Came::Not,
    }
}

/// Takes out every case that would be lost with the disk.
fn export(dialogue: &mut Dialogue, outbox: &Path, stick: &Path) -> Exported {
    let preparation = Text::of(
        "请插上卷标为 KIOSK-CASES 的 U 盘",
        "Put in a stick labelled KIOSK-CASES",
    );
    let name = Text::of("把办件导出到 U 盘", "Export cases to a stick");
    dialogue.show(busy(name, Some(preparation), (1, 1)));
    let held = outbox::lost_with_disk(outbox);
    let (Ok(held), Ok(Some(mut outbox))) = (held, Outbox::open_existing(outbox)) else {
        return Exported::Unreadable;
    };
    let end = Instant::now() + PLUGGING;
    let (mut out, mut fault) = (0, None);
    for line in held {
        match taken(&mut outbox, &line.number, stick, end) {
            Ok(()) => out += 1,
            Err(why) => fault = Some(why),
        }
        if fault == Some(Exported::NoStick) {
            break;
        }
    }
    // What is out is out; the menu says how many are left.
    fault.filter(|_| out == 0).unwrap_or(Exported::Out(out))
}

/// Takes one case out, onto a stick that may come until `end`.
fn taken(outbox: &mut Outbox, number: &str, stick: &Path, end: Instant) -> Result<(), Exported> {
    let to = stick.join(format!("{number}.case"));
    let number = CaseNumber::parse(number).map_err(|_| Exported::Unreadable)?;
    loop {
        match outbox::take_out(outbox, &number, &to, true) {
            Ok(_) => return Ok(()),
            Err(NotTaken::Outbox(_)) => return Err(Exported::Unreadable),
            Err(NotTaken::File(_)) if Instant::now() < end => {
                std::thread::sleep(Duration::from_secs(1));
            }
            Err(NotTaken::File(_)) => return Err(Exported::NoStick),
        }
    }
}

/// Cases that would be lost with the disk; nothing if it cannot be told.
fn held(config: &Config) -> Option<u32> {
    let Some(upstream) = &config.upstream else {
        return Some(0);
    };
    let held = outbox::lost_with_disk(&upstream.outbox).ok()?;
    u32::try_from(held.len()).ok()
}

/// Everything with hands: the screen first, for all else is read on it.
fn walk(dialogue: &mut Dialogue, config: &Config) -> Report {
    let well = match dialogue.ask(&content(Staff::Panel), Some(Main::AllWell), true, PATIENCE) {
        Some(Touch::Main) => Some(true),
        Some(Touch::Unwell) => Some(false),
        Some(_) | None => None,
    };
    let mut checks = vec![panel(well)];
    checks.extend(device::tried_on_pages(config, |name, preparation, step| {
        dialogue.show(busy(name, Some(preparation), step));
    }));
    selftest::report(config, checks)
}

fn panel(well: Option<bool>) -> Check {
    let (state, says) = match well {
        Some(true) => (
            State::Good,
            Text::of(
                "颜色都在，每一格都点得到",
                "all colours are there, a finger is felt everywhere",
            ),
        ),
        Some(false) => (
            State::Fault,
            Text::of(
                "有颜色不对，或者有的格点不到",
                "a colour is wrong, or a finger is not felt everywhere",
            ),
        ),
        None => (State::Unknown, Text::of("没有试", "was not tried")),
    };
    let next = (state == State::Fault).then(|| Step {
        what: Text::of(
            "擦干净屏幕、重新校准触摸；还不行就换屏",
            "clean the screen and calibrate it again; replace it if that does not help",
        ),
        actor: Actor::Technician,
    });
    Check {
        id: "panel",
        name: Text::of("颜色和触摸", "colours and touch"),
        state,
        says,
        next,
    }
}

/// Shows a report until it is left; prints it as often as somebody asks.
fn show(dialogue: &mut Dialogue, config: &Config, report: Report) {
    let mut slip = None;
    loop {
        let page = content(Staff::Report {
            report: report.clone(),
            slip,
        });
        if dialogue.ask(&page, Some(Main::Continue), false, PATIENCE) != Some(Touch::Print) {
            return;
        }
        slip = Some(match selftest::print(&report, config, dialogue.lang()) {
            Ok(Printed::Completed) => ReportSlip::Out,
            Ok(Printed::Unknown(_)) => ReportSlip::Unproved,
            Ok(Printed::Failed(_)) | Err(_) => ReportSlip::Failed,
        });
    }
}

fn busy(name: Text, preparation: Option<Text>, step: (usize, usize)) -> Content {
    content(Staff::Busy {
        name,
        preparation,
        step,
    })
}

fn content(staff: Staff) -> Content {
    Content::Staff(Box::new(staff))
}
