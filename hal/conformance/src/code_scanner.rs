//! Scanners of bar codes and QR codes.

use std::thread;
use std::time::{Duration, Instant};

use yici_hal::code_scanner::{CodeScanner, ScannedCode, ScannerError};
use yici_hal::status::{Actor, Cause, DeviceState};

use crate::trial::{self, Done, Hands, Stop, Trial, Verdict, cannot, ensure, until};

/// The hands at a scanner.
///
/// Everything is right when it is plugged in, nothing under way.
pub trait Bench: Hands {
    /// Holds a code up; returns once the scanner has sent it, so that a long one has to be read
    /// meanwhile.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn scan(&self, _: &Code) -> Done {
        cannot("hold such a code up")
    }

    /// Pulls the scanner's plug.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn unplug(&self) -> Done {
        cannot("pull the plug")
    }

    /// Plugs the scanner in again.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn replug(&self) -> Done {
        cannot("plug the scanner in again")
    }
}

/// A code and how the scanner sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// What it says.
    pub text: String,
    /// Sent in GB 18030 instead of UTF-8.
    pub gb18030: bool,
    /// What comes behind it.
    pub end: End,
}

/// What a scanner sends behind a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// A carriage return.
    Cr,
    /// A line feed.
    Lf,
    /// Both.
    CrLf,
    /// Nothing: the code has ended when nothing more comes.
    Pause,
}

/// One case for scanners.
pub type Case = trial::Case<dyn Bench, dyn CodeScanner>;

/// All cases. Each starts with a driver opened afresh.
pub fn cases() -> Vec<Case> {
    vec![
        Case::new("nothing-scanned", nothing),
        Case::new("ends-with-cr", |on| reads(on, &plain(SLIP))),
        Case::new("ends-with-lf", |on| reads(on, &ending(End::Lf))),
        Case::new("ends-with-cr-lf", |on| reads(on, &ending(End::CrLf))),
        Case::new("ends-with-a-pause", |on| reads(on, &ending(End::Pause))),
        Case::new("chinese-in-utf-8", |on| reads(on, &plain(CHINESE))),
        Case::new("chinese-in-gb18030", |on| {
            reads(
                on,
                &Code {
                    gb18030: true,
                    ..plain(CHINESE)
                },
            )
        }),
        Case::new("longest-code", longest),
        Case::new("too-long", too_long),
        Case::new("no-text", no_text),
        Case::new("scanned-earlier-is-forgotten", forgotten),
        Case::new("unplugged-and-back", unplugged),
    ]
}

/// Until what was sent has come all the way, also through a converter.
const ARRIVED: Duration = Duration::from_millis(500);

/// Longest code at 9600 baud, and as much again.
const SOON: Duration = Duration::from_secs(15);

type Read = Result<Option<ScannedCode>, ScannerError>;

type On<'a> = Trial<'a, dyn Bench, dyn CodeScanner>;

fn nothing(on: &On<'_>) -> Verdict {
    let mut scanner = on.driver()?;
    let began = Instant::now();
    let status = scanner.status();
    on.in_time(began, Duration::from_millis(100), "status")?;
    // One that answers no questions is only starting until its first code.
    ensure(
        status.cause.is_none()
            && matches!(status.device, DeviceState::Starting | DeviceState::Online),
        || format!("a scanner in good order is {status:?}"),
    )?;
    silent(&mut *scanner)
}

/// The code comes once, whole, and then nothing; and it shows that the scanner works.
fn reads(on: &On<'_>, code: &Code) -> Verdict {
    let mut scanner = on.driver()?;
    scan_and_read(on, &mut *scanner, code)?;
    silent(&mut *scanner)?;
    let status = scanner.status();
    ensure(status.ready(), || format!("after a code it is {status:?}"))?;
    scan_and_read(on, &mut *scanner, &plain("NEXT"))
}

/// As many bytes as the largest QR code holds.
fn longest(on: &On<'_>) -> Verdict {
    let mut scanner = on.driver()?;
    scan_and_read(on, &mut *scanner, &plain(&"7".repeat(2953)))
}

fn too_long(on: &On<'_>) -> Verdict {
    let mut scanner = on.driver()?;
    let code = plain(&"x".repeat(5000));
    let error = refused(scan_and_wait(on, &mut *scanner, &code)?)?;
    ensure(
        matches!(error, ScannerError::TooLong) && error.actor() == Actor::Citizen,
        || format!("a code that is too long is told as {error:?}"),
    )?;
    scan_and_read(on, &mut *scanner, &plain(SLIP))
}

fn no_text(on: &On<'_>) -> Verdict {
    let mut scanner = on.driver()?;
    let error = refused(scan_and_wait(on, &mut *scanner, &plain("a\u{1}b"))?)?;
    ensure(
        matches!(error, ScannerError::NotText) && error.cause().is_none(),
        || format!("what is no text is told as {error:?}"),
    )?;
    scan_and_read(on, &mut *scanner, &plain(SLIP))
}

fn forgotten(on: &On<'_>) -> Verdict {
    let mut scanner = on.driver()?;
    on.bench.scan(&plain("EARLIER"))?;
    on.bench.scan(&Code {
        end: End::Pause,
        ..plain("HALF")
    })?;
    thread::sleep(ARRIVED);
    let status = scanner.status();
    ensure(status.cause.is_none(), || {
        format!("a scanner in good order is {status:?}")
    })?;
    on.bench.scan(&plain("NOW"))?;
    expect(on, &mut *scanner, "NOW")
}

fn unplugged(on: &On<'_>) -> Verdict {
    let mut scanner = on.driver()?;
    scan_and_read(on, &mut *scanner, &plain(SLIP))?;
    on.bench.scan(&Code {
        end: End::Pause,
        ..plain("HALF")
    })?;
    on.bench.unplug()?;
    let gone = |scanner: &mut dyn CodeScanner| match scanner.read(Instant::now()) {
        Err(error) => Ok(error.cause() == Some(Cause::NotConnected)),
        Ok(_) => Ok(false),
    };
    until(SOON, "it says that it is gone", || gone(&mut *scanner))?;
    // A converter without its line takes a connection before it closes it.
    until(SOON, "its status says that it is gone", || {
        let status = scanner.status();
        Ok(!status.ready()
            && (status.device, status.cause) == (DeviceState::Offline, Some(Cause::NotConnected)))
    })?;
    on.bench.replug()?;
    on.back("the scanner is used again", || {
        Ok(scanner.status().cause.is_none())
    })?;
    scan_and_read(on, &mut *scanner, &plain(SLIP))
}

/// The code comes, whole.
fn scan_and_read(on: &On<'_>, scanner: &mut dyn CodeScanner, code: &Code) -> Verdict {
    came(scan_and_wait(on, scanner, code)?, &code.text)
}

/// Holds a code up and waits for it meanwhile: what nobody takes in of a long one may be lost.
fn scan_and_wait(on: &On<'_>, scanner: &mut dyn CodeScanner, code: &Code) -> Result<Read, Stop> {
    let bench = on.bench;
    thread::scope(|scope| {
        let mut scanning = Some(scope.spawn(|| bench.scan(code)));
        // Hands are as slow as the machine that they are made of: the time begins when they are done.
        let mut end = None;
        loop {
            let read = scanner.read(Instant::now() + Duration::from_millis(200));
            let came = !matches!(read, Ok(None));
            // Of what cannot be scanned, nothing comes.
            if let Some(hands) = scanning.take_if(|hands| hands.is_finished() || came) {
                hands
                    .join()
                    .map_err(|_| Stop::Failed("the hands panicked".into()))??;
                end = Some(Instant::now() + SOON + on.slack);
            }
            if came || end.is_some_and(|end| Instant::now() >= end) {
                return Ok(read);
            }
        }
    })
}

fn expect(on: &On<'_>, scanner: &mut dyn CodeScanner, text: &str) -> Verdict {
    came(scanner.read(Instant::now() + SOON + on.slack), text)
}

fn came(read: Read, text: &str) -> Verdict {
    match read {
        Ok(Some(code)) => ensure(code.text() == text, || {
            format!("another text of {} bytes comes", code.text().len())
        }),
        Ok(None) => Err(Stop::Failed("no code comes".into())),
        Err(error) => Err(Stop::Failed(format!("unexpected: {error}"))),
    }
}

fn refused(read: Read) -> Result<ScannerError, Stop> {
    match read {
        Err(error) => Ok(error),
        Ok(_) => Err(Stop::Failed("no code is refused".into())),
    }
}

/// Nothing comes that was not scanned.
fn silent(scanner: &mut dyn CodeScanner) -> Verdict {
    let until = Instant::now() + Duration::from_millis(300);
    match scanner.read(until) {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err(Stop::Failed("a code comes by itself".into())),
        Err(error) => Err(Stop::Failed(format!("unexpected: {error}"))),
    }
}

const SLIP: &str = "YICI1:0000000000000000:00112233445566778899AABBCCDDEEFF";

const CHINESE: &str = "一次办：龙䶮𬭎，收件凭证";

fn plain(text: &str) -> Code {
    Code {
        text: text.into(),
        gb18030: false,
        end: End::Cr,
    }
}

fn ending(end: End) -> Code {
    Code { end, ..plain(SLIP) }
}
