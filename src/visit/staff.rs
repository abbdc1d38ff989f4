//! The door for the hall's staff: a PIN typed on the idle terminal, or nothing on one that was not set
//! up. Behind it another program takes the screen (`kiosk staff`), so the terminal itself never does more
//! than leave.

use std::time::Duration;

use yici_provision::{PIN_DIGITS, PinHash};
use zeroize::Zeroizing;

use super::page::{PinFault, PinPage};
use super::{Now, Touch};

/// Without a touch for this long the door is left.
const PATIENCE: Duration = Duration::from_secs(30);
/// Wrong PINs in a row before the door stays shut.
const TRIES: u32 = 5;
/// How long it then stays shut: with it, a million PINs take two years.
const SHUT: Duration = Duration::from_secs(300);

/// The door, open or not; its count of wrong PINs outlives everyone who stands before it.
pub(super) struct Door {
    lock: Lock,
    wrong: u32,
    shut_until: Duration,
    typing: Option<Typing>,
}

/// What keeps others than staff out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lock {
    /// Nothing: there is nothing to protect yet.
    Open,
    /// A PIN.
    Pin(PinHash),
}

struct Typing {
    digits: Zeroizing<String>,
    fault: Option<PinFault>,
    last_touch: Duration,
}

impl Door {
    pub fn new(lock: Lock) -> Self {
        Door {
            lock,
            wrong: 0,
            shut_until: Duration::ZERO,
            typing: None,
        }
    }

    /// Whether somebody stands before it.
    pub fn is_asked(&self) -> bool {
        self.typing.is_some()
    }

    /// Somebody comes to it; whether it lets them in.
    pub fn ask(&mut self, now: Now) -> bool {
        if self.lock == Lock::Open {
            return true;
        }
        self.typing = Some(Typing {
            digits: Zeroizing::new(String::with_capacity(*PIN_DIGITS.end())),
            fault: None,
            last_touch: now.mono,
        });
        false
    }

    /// A touch of whoever stands before it; whether it lets them in. A PIN takes tens of milliseconds to be
    /// known.
    pub fn touched(&mut self, touch: &Touch, now: Now) -> bool {
        let shut = self.seconds_shut(now).is_some();
        let Some(typing) = &mut self.typing else {
            return false;
        };
        typing.last_touch = now.mono;
        if *touch == Touch::Back {
            self.typing = None;
            return false;
        }
        if *touch == Touch::Erase {
            typing.fault = None;
            typing.digits.pop();
        } else if let Touch::Key(digit) = touch
            && digit.is_ascii_digit()
            && !shut
        {
            typing.fault = None;
            if typing.digits.len() < *PIN_DIGITS.end() {
                typing.digits.push(*digit);
            }
        } else if *touch == Touch::Main && !shut {
            if !PIN_DIGITS.contains(&typing.digits.len()) {
                typing.fault = Some(PinFault::Short);
                return false;
            }
            let right = match &self.lock {
                Lock::Open => true,
                Lock::Pin(pin) => pin.matches(&typing.digits),
            };
            typing.digits.clear();
            if right {
                self.wrong = 0;
                self.typing = None;
                return true;
            }
            typing.fault = Some(PinFault::Wrong);
            self.wrong += 1;
            if self.wrong.is_multiple_of(TRIES) {
                self.shut_until = now.mono + SHUT;
            }
        }
        false
    }

    /// Time has passed; true if whoever stood there went away.
    pub fn time(&mut self, now: Now) -> bool {
        self.typing
            .take_if(|typing| now.mono >= typing.last_touch + PATIENCE)
            .is_some()
    }

    /// When to look again.
    pub fn poll_timeout(&self, now: Now) -> Option<Duration> {
        let left = self.typing.as_ref()?.last_touch + PATIENCE;
        // It counts down while it is shut.
        Some(match self.seconds_shut(now) {
            Some(_) => left.min(now.mono + Duration::from_secs(1)),
            None => left,
        })
    }

    pub fn page(&self, now: Now) -> Option<PinPage> {
        let typing = self.typing.as_ref()?;
        Some(PinPage {
            typed: typing.digits.len(),
            fault: match self.seconds_shut(now) {
                Some(seconds) => Some(PinFault::Shut { seconds }),
                None => typing.fault,
            },
        })
    }

    fn seconds_shut(&self, now: Now) -> Option<u64> {
        let left = self.shut_until.checked_sub(now.mono)?;
        (!left.is_zero()).then_some(left.as_secs() + 1)
    }
}
