//! Scanners of bar codes and QR codes. They send what they read over a serial line (or USB in its CDC
//! mode), or type it as a keyboard would; then CR, LF, both, or nothing but a pause.
//!
//! Such a scanner takes no questions. That its port is open is all that can be known of it before the
//! first code comes, so it is offered beside another way of doing the same, such as typing a number.
//!
//! The serial line is the better way: a keyboard has no keys for Chinese.

pub mod keys;
pub mod licence;

mod keyboard;
mod serial;

use std::fmt;
use std::time::{Duration, Instant};

use encoding_rs::GB18030;
use zeroize::Zeroizing;

use crate::address::Address;
use crate::status::{Actor, Cause, DeviceState, Scanner, ScannerStatus};
use crate::transport::TransportError;

pub use serial::Lines;

/// Bits per second that serial scanners start with.
pub const USUAL_BAUD: u32 = 9600;

/// No code is longer, in bytes as sent; the largest QR code holds 2953.
pub const MAX_CODE_BYTES: usize = 4096;

/// A scanner of codes.
///
/// A lost link is opened again by the next call.
pub trait CodeScanner: Send {
    /// What can be known without asking; never waits.
    ///
    /// It forgets what was scanned and not read: a look is for when nobody waits for a code, and
    /// what is held up then is nobody's here. So look before each wait, and every second between two.
    fn status(&mut self) -> ScannerStatus;

    /// Waits for a code until the given time; `None` if none came. What is half read by then is kept
    /// for the next call.
    ///
    /// # Errors
    /// [`ScannerError`]; the next call starts afresh.
    fn read(&mut self, until: Instant) -> Result<Option<ScannedCode>, ScannerError>;
}

/// What a code says. Anything may stand in a code that people hold up, also the secret of a slip:
/// it is zeroised when dropped, and `Debug` does not show it.
pub struct ScannedCode(Zeroizing<String>);

impl ScannedCode {
    /// The text, without the line's end.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ScannedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScannedCode(…)")
    }
}

/// Why there is no code. Nothing of what was scanned is in it.
#[derive(Debug, thiserror::Error)]
pub enum ScannerError {
    /// It has more than [`MAX_CODE_BYTES`]; it was dropped.
    #[error("what was scanned is longer than any code")]
    TooLong,
    /// It is no text in UTF-8 or GB 18030, or has characters that only control devices; it was
    /// dropped. A damaged line looks so, too, as does a wrong line speed.
    #[error("what was scanned is no text")]
    NotText,
    /// It was typed with keys that stand for no plain character, as scanners in keyboard mode do with
    /// Chinese; it was dropped. Chinese that such a scanner leaves out cannot be noticed at all.
    #[error(
        "the scanner types what a keyboard has no keys for: switch it to USB serial (CDC) mode"
    )]
    NotTyped,
    /// The link cannot be opened, or was lost.
    #[error("the scanner is gone: {0}")]
    DeviceGone(TransportError),
}

impl ScannerError {
    /// Who must act. The citizen: hold another code up, or the same again.
    pub fn actor(&self) -> Actor {
        match self {
            Self::TooLong | Self::NotText => Actor::Citizen,
            // Another code may well be read.
            Self::NotTyped => Actor::Technician,
            Self::DeviceGone(_) => self.cause().map_or(Actor::Staff, Cause::actor),
        }
    }

    /// What is wrong with the scanner; `None` if only the code was.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::TooLong | Self::NotText | Self::NotTyped => None,
            Self::DeviceGone(error) => Some(error.cause()),
        }
    }
}

/// Opens the scanner at a serial line (or behind a serial-to-network converter), or one that types as
/// a keyboard does. `auto` is the one keyboard that calls itself a scanner; serial lines do not tell
/// what they are.
///
/// # Errors
/// [`ScannerError::DeviceGone`] if the link cannot be opened now.
pub fn open(address: &Address) -> Result<Box<dyn CodeScanner>, ScannerError> {
    let address = address.clone();
    match address {
        Address::Hid { .. } | Address::Auto => {
            let link = keyboard::Keyboard::open(&address)?;
            Ok(Box::new(Driver::new(address, link)))
        }
        Address::Serial { .. }
        | Address::Tcp { .. }
        | Address::Usb { .. }
        | Address::Pcsc { .. }
        | Address::V4l { .. }
        | Address::Ipp { .. } => {
            let link = serial::Line::open(&address)?;
            Ok(Box::new(Driver::new(address, link)))
        }
    }
}

/// The keyboards that call themselves scanners: where each is, and its name.
pub fn keyboards() -> Vec<(Address, String)> {
    keyboard::connected()
}

/// A way that codes come in.
trait Link: Send + Sized {
    /// A pause of this length ends a code.
    const QUIET: Duration;

    fn open(address: &Address) -> Result<Self, ScannerError>;

    /// Takes in what is there, or waits for the first of it until then; false if nothing came.
    fn take(&mut self, until: Instant) -> Result<bool, ScannerError>;

    /// The next code that has its end. Asked for until `None` after each piece that came.
    fn next_code(&mut self) -> Option<Result<ScannedCode, ScannerError>>;

    /// True in the middle of a code.
    fn is_partial(&self) -> bool;

    /// Told of a pause: what is held is a code.
    fn end(&mut self) -> Option<Result<ScannedCode, ScannerError>>;

    /// Forgets what came, and what waits to be taken in; fails if the link is gone.
    fn forget(&mut self) -> Result<(), ScannerError>;
}

struct Driver<L> {
    address: Address,
    link: Option<L>,
    /// When the last of it came.
    last: Instant,
    /// A code came over this link.
    heard: bool,
}

impl<L: Link> Driver<L> {
    fn new(address: Address, link: L) -> Self {
        Self {
            address,
            link: Some(link),
            last: Instant::now(),
            heard: false,
        }
    }

    /// Uses the link, opened again if it was lost.
    fn on_link<T>(
        &mut self,
        work: impl FnOnce(&mut Self, &mut L) -> Result<T, ScannerError>,
    ) -> Result<T, ScannerError> {
        let mut link = match self.link.take() {
            Some(link) => link,
            None => L::open(&self.address)?,
        };
        let result = work(self, &mut link);
        if matches!(result, Err(ScannerError::DeviceGone(_))) {
            self.heard = false;
        } else {
            self.link = Some(link);
        }
        result
    }

    fn take(&mut self, link: &mut L, until: Instant) -> Result<bool, ScannerError> {
        let came = link.take(until)?;
        if came {
            self.last = Instant::now();
        }
        Ok(came)
    }

    fn wait(&mut self, link: &mut L, until: Instant) -> Result<Option<ScannedCode>, ScannerError> {
        loop {
            if let Some(code) = link.next_code() {
                return code.map(Some);
            }
            let quiet = link.is_partial().then(|| self.last + L::QUIET);
            // Read first, also when the pause is over by the clock: nobody may have looked meanwhile.
            let came = self.take(link, quiet.map_or(until, |quiet| quiet.min(until)))?;
            let now = Instant::now();
            if !came
                && quiet.is_some_and(|quiet| now >= quiet)
                && let Some(code) = link.end()
            {
                return code.map(Some);
            }
            // Asked after each piece, so that babble cannot hold it.
            if now >= until {
                return link.next_code().transpose();
            }
        }
    }
}

impl<L: Link> CodeScanner for Driver<L> {
    fn status(&mut self) -> ScannerStatus {
        match self.on_link(|_, link| link.forget()) {
            Ok(()) if self.heard => ScannerStatus {
                device: DeviceState::Online,
                scanner: Scanner::On,
                cause: None,
            },
            Ok(()) => ScannerStatus {
                device: DeviceState::Starting,
                scanner: Scanner::Unknown,
                cause: None,
            },
            Err(error) => ScannerStatus::faulty(error.cause().unwrap_or(Cause::Garbled)),
        }
    }

    fn read(&mut self, until: Instant) -> Result<Option<ScannedCode>, ScannerError> {
        let code = self.on_link(|scanner, link| scanner.wait(link, until));
        self.heard |= matches!(code, Ok(Some(_)));
        code
    }
}

/// A text in UTF-8, else in GB 18030, whole or not at all.
fn decode(bytes: &[u8]) -> Option<ScannedCode> {
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len())?;
    // Reserved at once: a string that grows leaves copies.
    let mut text = Zeroizing::new(String::with_capacity(room));
    if let Ok(utf8) = std::str::from_utf8(bytes) {
        text.push_str(utf8);
    } else {
        let (result, _) = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
        if result != encoding_rs::DecoderResult::InputEmpty {
            return None;
        }
    }
    // GS, RS and US part the fields of GS1 codes.
    let fits = |c: char| !c.is_control() || matches!(c, '\t' | '\u{1D}'..='\u{1F}');
    text.chars().all(fits).then_some(ScannedCode(text))
}
