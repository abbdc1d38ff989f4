//! The service manager's watchdog (sd_notify(3)): fed only while every thread that matters comes back
//! when it said it would. A terminal that hangs is started again, with the visit wiped and the outbox
//! as it was.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sd_notify::NotifyState;

/// The threads that must come back.
pub struct Watchdog {
    start: Instant,
    threads: Vec<(&'static str, Arc<AtomicU64>)>,
}

/// What one thread promises.
pub struct Pulse {
    start: Instant,
    /// In milliseconds since the start.
    until: Arc<AtomicU64>,
}

/// What a thread has before its first promise: a first page takes a while on a slow board.
const FIRST: Duration = Duration::from_secs(60);

impl Watchdog {
    /// Watches nobody yet.
    pub fn start() -> Watchdog {
        Watchdog {
            start: Instant::now(),
            threads: Vec::new(),
        }
    }

    /// Watches one thread more, from now on.
    pub fn pulse(&mut self, thread: &'static str) -> Pulse {
        let pulse = Pulse {
            start: self.start,
            until: Arc::default(),
        };
        pulse.promise(FIRST);
        self.threads.push((thread, Arc::clone(&pulse.until)));
        pulse
    }

    /// Feeds the watchdog from a thread of its own, if the service manager has one (`WatchdogSec=`).
    pub fn feed(self) {
        let Some(limit) = sd_notify::watchdog_enabled() else {
            return;
        };
        thread::spawn(move || {
            loop {
                match self.late(self.start.elapsed()) {
                    None => tell(NotifyState::Watchdog),
                    Some(thread) => tracing::error!(thread, "does not come back: not fed"),
                }
                thread::sleep(limit / 3);
            }
        });
    }

    /// A thread that broke its promise by `now`, since the start.
    fn late(&self, now: Duration) -> Option<&'static str> {
        let now = milliseconds(now);
        let late = |(_, until): &&(_, Arc<AtomicU64>)| until.load(Ordering::Relaxed) < now;
        self.threads.iter().find(late).map(|(thread, _)| *thread)
    }
}

impl Pulse {
    /// The thread comes back within this time, and says so again.
    pub fn promise(&self, within: Duration) {
        let until = milliseconds(self.start.elapsed() + within);
        self.until.store(until, Ordering::Relaxed);
    }
}

/// Tells the service manager that the terminal can be used (`Type=notify`).
pub fn ready() {
    tell(NotifyState::Ready);
}

/// Tells the service manager whether somebody is at the terminal, as `idle` or `visit`, for which a restart
/// waits, and then which of its devices answer: an update that one of them does not answer is not kept.
pub fn serves(idle: bool, answering: &[&str]) {
    let word = if idle { "idle" } else { "visit" };
    tell(NotifyState::Status(
        &[&[word], answering].concat().join(" "),
    ));
}

fn tell(state: NotifyState) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!("the service manager does not listen: {error}");
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thread_that_does_not_come_back_is_named() {
        let mut watchdog = Watchdog::start();
        let core = watchdog.pulse("core");
        let reader = watchdog.pulse("reader");
        let now = watchdog.start.elapsed();
        assert_eq!(watchdog.late(now), None);
        assert!(watchdog.late(now + FIRST * 2).is_some());
        core.promise(FIRST * 10);
        assert_eq!(watchdog.late(now + FIRST * 2), Some("reader"));
        reader.promise(FIRST * 10);
        assert_eq!(watchdog.late(now + FIRST * 2), None);
    }
}
