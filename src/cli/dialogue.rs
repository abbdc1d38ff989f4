//! Pages that a command shows by itself, one after the other, where no terminal runs: a technician's
//! stick, the hall's staff.

use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use miette::IntoDiagnostic;
use yici_catalog::{Lang, Text};

use super::display::Display;
use crate::screen::{Handle, Screen};
use crate::visit::page::{Content, Frame, Main, Page};
use crate::visit::touch::Touch;

/// How long a talk may go on once its window is closed.
const REST: Duration = Duration::from_secs(5);

/// One page at a time, and what is touched on it.
pub(super) struct Dialogue {
    /// As people switched them, on all pages.
    lang: Lang,
    large: bool,
    serial: u32,
    title: Text,
    pages: Handle,
    inbox: Receiver<(u32, Touch)>,
}

/// What became of a dialogue.
pub(super) enum Held<T> {
    /// It came to its end.
    Came(T),
    /// Its window was closed before.
    Closed,
    /// The scripted person could not do what the script says.
    ScriptFailed,
}

/// Opens the window with `title` above every page, and lets `talk` show its pages until it ends.
///
/// # Errors
/// When there is no display.
pub(super) fn hold<T: Send + 'static>(
    display: &Display,
    size: (u32, u32),
    lang: Lang,
    title: Text,
    talk: impl FnOnce(&mut Dialogue) -> T + Send + 'static,
) -> miette::Result<Held<T>> {
    let stage = display.install(size)?;
    let (touches, inbox) = channel();
    let screen = Screen::new(move |serial, touch| {
        // Without anybody to hear it, the page is about to go.
        let _ = touches.send((serial, touch));
    })
    .into_diagnostic()?;
    let pages = screen.handle();
    let scripted = display.scripted();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut dialogue = Dialogue {
            lang,
            large: false,
            serial: 0,
            title,
            pages,
            inbox,
        };
        // Nobody hears it where the loop has ended before, with its window.
        let _ = tell.send(talk(&mut dialogue));
        // A scripted person, who asks the loop what is to be seen, ends it himself.
        if !scripted {
            let _ = slint::quit_event_loop();
        }
    });
    if stage.run(&screen)? != ExitCode::SUCCESS {
        return Ok(Held::ScriptFailed);
    }
    // A window that is closed while something is said takes nothing of it back.
    Ok(match told.recv_timeout(REST) {
        Ok(came) => Held::Came(came),
        Err(_) => Held::Closed,
    })
}

impl Dialogue {
    /// The language of the pages now.
    pub(super) fn lang(&self) -> Lang {
        self.lang
    }

    /// Shows a page that nobody answers; false once there is no window any more.
    pub(super) fn show(&mut self, content: Content) -> bool {
        self.serial += 1;
        self.draw(&content, None, false)
    }

    /// Shows a page until something is touched on it; nothing if nobody did for so long.
    pub(super) fn ask(
        &mut self,
        content: &Content,
        main: Option<Main>,
        back: bool,
        patience: Duration,
    ) -> Option<Touch> {
        self.serial += 1;
        loop {
            if !self.draw(content, main, back) {
                return None;
            }
            let end = Instant::now() + patience;
            loop {
                let wait = end.saturating_duration_since(Instant::now());
                match self.inbox.recv_timeout(wait) {
                    // Touches of an earlier page, made while something was being done.
                    Ok((serial, _)) if serial != self.serial => {}
                    Ok((_, Touch::Language(to))) => {
                        self.lang = to;
                        break;
                    }
                    Ok((_, Touch::Large(to))) => {
                        self.large = to;
                        break;
                    }
                    // Somebody scrolls: a sign of life and nothing else.
                    Ok((_, Touch::Stay | Touch::Wake)) => break,
                    Ok((_, touch)) => return Some(touch),
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
                }
            }
        }
    }

    fn draw(&self, content: &Content, main: Option<Main>, back: bool) -> bool {
        self.pages
            .show(Page {
                serial: self.serial,
                frame: Frame {
                    hall: self.title.clone(),
                    time: None,
                    lang: self.lang,
                    large: self.large,
                    step: None,
                    back,
                    leave: false,
                    main,
                    main_enabled: true,
                },
                content: content.clone(),
                countdown: None,
            })
            .is_ok()
    }
}
