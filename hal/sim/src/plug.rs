//! The plug of a serial line: pulled and put in again while devices run.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::line::Line;

/// Longest time until the device's thread has seen to its plug: it may be in the middle of a reply.
const SEEN_TO: Duration = Duration::from_secs(20);

/// Handle to a plug.
#[derive(Clone, Default)]
pub struct Plug {
    shared: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    /// It is to be out, or is.
    pulled: bool,
    /// The line is gone.
    out: bool,
}

impl Plug {
    /// Puts the plug in or pulls it, and waits until that is done; false if it takes too long.
    pub fn set(&self, plugged: bool) -> bool {
        let mut state = self.lock();
        state.pulled = !plugged;
        self.shared.1.notify_all();
        let waited = self
            .shared
            .1
            .wait_timeout_while(state, SEEN_TO, |state| state.out == plugged);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Pulls the plug, for the device's own thread, which sees to it next.
    pub fn pull(&self) {
        self.lock().pulled = true;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A serial line with its plug.
pub struct Socket {
    line: Option<Line>,
    link: PathBuf,
    baud: u32,
    plug: Plug,
}

impl Socket {
    /// Makes a line as [`Line::open`] does.
    ///
    /// # Errors
    /// As there.
    pub fn open(link: &Path, baud: u32, plug: Plug) -> io::Result<Self> {
        Ok(Self {
            line: Some(Line::open(link, baud)?),
            link: link.into(),
            baud,
            plug,
        })
    }

    /// The line.
    ///
    /// # Errors
    /// If there is none now.
    pub fn line(&mut self) -> io::Result<&mut Line> {
        self.line
            .as_mut()
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// To be called between two transfers: if the plug was pulled, hangs up, waits until it is put in
    /// again, and makes a new line; true if so.
    pub fn see_to_plug(&mut self) -> bool {
        let mut state = self.plug.lock();
        if !state.pulled {
            return false;
        }
        self.line = None;
        let _ = std::fs::remove_file(&self.link);
        state.out = true;
        self.plug.shared.1.notify_all();
        let waited = self.plug.shared.1.wait_while(state, |state| state.pulled);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        while self.line.is_none() {
            match Line::open(&self.link, self.baud) {
                Ok(line) => self.line = Some(line),
                Err(error) => {
                    eprintln!("kiosk-sim: {}: {error}", self.link.display());
                    thread::sleep(Duration::from_secs(1));
                }
            }
        }
        self.plug.lock().out = false;
        self.plug.shared.1.notify_all();
        true
    }
}
