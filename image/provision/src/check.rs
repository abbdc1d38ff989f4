//! Whether a setup file may be applied, and why not.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::MAX_BYTES;
use crate::finding::{Code, Refused};
use crate::setup::Setup;
use crate::signed::{self, Keys, Validity};

/// Two good clocks may differ by so much.
const SLACK: SignedDuration = SignedDuration::from_mins(10);

/// What time it is, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Set by a time server since the start.
    Synchronised(Timestamp),
    /// Whatever the machine's clock says; mains that is cut every night leaves many wrong.
    Unproved(Timestamp),
}

/// Whether a setup file is in its time, for whoever confirms it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timely {
    /// It is.
    Yes,
    /// It would be by a clock that nobody has set.
    Unproved,
    /// The clock, which nobody has set, lies before the file was made: it is certainly wrong.
    ClockWrong,
    /// It would have expired by a clock that nobody has set.
    PerhapsExpired,
}

/// A setup that may be applied. Only [`check`] and a load of what was applied make one.
#[derive(Clone)]
pub struct Checked {
    /// What it says.
    pub setup: Setup,
    /// When it may be applied.
    pub validity: Validity,
    /// Whether that is now; to be shown before it is confirmed.
    pub timely: Timely,
    pub(crate) file: zeroize::Zeroizing<String>,
}

impl fmt::Debug for Checked {
    /// Without the file's text, which may hold an enrolment code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked")
            .field("setup", &self.setup)
            .field("validity", &self.validity)
            .field("timely", &self.timely)
            .finish_non_exhaustive()
    }
}

/// Checks the bytes of a setup file: its size, its signature, its time, and only then what it says.
///
/// A synchronised clock decides whether it is in its time. By another clock nothing is refused, for a
/// wrong clock must not keep a terminal from being given its time servers; the person who confirms is
/// told ([`Timely`]). [`crate::State::apply`] refuses besides what is older than what was applied.
///
/// # Errors
/// Everything that is wrong.
pub fn check(bytes: &[u8], keys: &Keys, clock: Clock) -> Result<Checked, Refused> {
    let file = as_text(bytes)?;
    let (body, validity) = signed::open(file, keys)?;
    let timely = timely(validity, clock)?;
    Ok(Checked {
        setup: Setup::parse(body)?,
        validity,
        timely,
        file: file.to_owned().into(),
    })
}

/// Checks what was applied once: it may have expired since.
pub(crate) fn check_applied(bytes: &[u8], keys: &Keys) -> Result<Checked, Refused> {
    let file = as_text(bytes)?;
    let (body, validity) = signed::open(file, keys)?;
    Ok(Checked {
        setup: Setup::parse(body)?,
        validity,
        timely: Timely::Yes,
        file: file.to_owned().into(),
    })
}

pub(crate) fn as_text(bytes: &[u8]) -> Result<&str, Refused> {
    if bytes.len() > MAX_BYTES {
        return Err(Refused::whole(
            Code::TooBig,
            format!("文件超过 {MAX_BYTES} 字节；请删去注释和多余的证书"),
            format!(
                "it has more than {MAX_BYTES} bytes; leave out comments and needless certificates"
            ),
        ));
    }
    std::str::from_utf8(bytes).map_err(|_| {
        Refused::whole(
            Code::NotText,
            "不是 UTF-8 文本；请用 UTF-8 编码保存后重新签名",
            "it is no UTF-8 text; save it as UTF-8 and sign it again",
        )
    })
}

fn timely(validity: Validity, clock: Clock) -> Result<Timely, Refused> {
    let Validity { made, expires } = validity;
    match clock {
        Clock::Synchronised(now) if now >= expires => Err(Refused::whole(
            Code::Expired,
            format!("已于 {expires} 过期，现在是 {now}；请重新签名"),
            format!("it expired at {expires}, and it is {now}; sign it again"),
        )),
        Clock::Synchronised(now) if now < made && made.duration_since(now) > SLACK => {
            Err(Refused::whole(
                Code::NotYetValid,
                format!(
                    "签名时间是 {made}，而现在是 {now}；签名所用的电脑时钟不对，请校准后重新签名"
                ),
                format!(
                    "it was signed at {made}, and it is {now}; the clock where it was signed is wrong: set it and sign again"
                ),
            ))
        }
        Clock::Synchronised(_) => Ok(Timely::Yes),
        Clock::Unproved(now) if now < made => Ok(Timely::ClockWrong),
        Clock::Unproved(now) if now >= expires => Ok(Timely::PerhapsExpired),
        Clock::Unproved(_) => Ok(Timely::Unproved),
    }
}
