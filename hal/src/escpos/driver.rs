//! The driver: a slip counts as printed when the printer says so behind its last byte.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use super::encode::{FEED_AND_CUT, Program, program};
use super::link::Link;
use super::{Completion, Profile};
use crate::address::Address;
use crate::class::DeviceClass;
use crate::slip::Slip;
use crate::status::{Cause, PrinterStatus};
use crate::transport::{self, TransportError};

/// A printer of slips.
///
/// A lost link is opened again by the next call.
pub trait Printer: Send {
    /// Asks the printer how it is, in real time; at most 6 seconds, usually milliseconds.
    ///
    /// The first time it is ready again after a slip broke off, the printer cuts off what hangs in it,
    /// so that staff who mended it can take that away before anyone else does.
    fn status(&mut self) -> PrinterStatus;

    /// Empties the printer's buffer and cuts off what hangs in it. To be called once when the terminal
    /// starts, for nobody knows what an earlier run left there; takes as long as [`Self::status`].
    fn reset(&mut self) -> PrinterStatus;

    /// Prints a slip and waits until it is known what became of it: as long as printing takes, or about
    /// 1 s after a fault shows. A printer that hardly moves is waited for a good minute, not longer.
    fn print(&mut self, slip: &Slip) -> Printed;
}

/// What became of a slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Printed {
    /// The printer has printed and cut it: it said so behind the last byte.
    Completed,
    /// It may have come out, whole, in part, or not at all: ask.
    Unknown(Doubt),
    /// It has not come out, or not whole. The rest will not come out later, if the printer clears its
    /// buffer when told so ([`Profile::clears_buffer`]).
    Failed(Cause),
}

/// Why it is not known what became of a slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The printer takes bytes and answers nothing.
    #[error("the printer does not answer")]
    NoAnswer,
    /// The printer answers, but the proof that should come behind the slip did not come.
    #[error("the printer did not confirm the slip")]
    NotConfirmed,
    /// The link was lost on the way.
    #[error("the link to the printer was lost")]
    LinkLost,
    /// This model gives no proof at all.
    #[error("this printer cannot confirm slips")]
    NoProof,
}

/// Opens a printer.
///
/// # Errors
/// [`TransportError::Open`] if the link cannot be opened now.
pub fn open(address: &Address, profile: Profile) -> Result<Box<dyn Printer>, TransportError> {
    let link = transport::open(DeviceClass::Printer, address)?;
    Ok(Box::new(EscPos::new(address.clone(), profile, link)))
}

/// How often the status is asked for while a slip is printed: a fault is told within about a second.
const POLL: Duration = Duration::from_millis(250);

/// Longest time that the printer may leave bytes untaken without a fault showing.
const STALL: Duration = Duration::from_secs(5);

/// Slowest printing that is waited for: 60 mm/s (receipt printers make 100 to 300 mm/s).
const DOTS_PER_SECOND: usize = 60 * 8;

/// What comes on top of that: warming up, cutting, answering.
const MARGIN: Duration = Duration::from_secs(4);

/// Longest printing that is waited for.
const SLOWEST: Duration = Duration::from_secs(30);

/// Longest time for feeding to the cutter and cutting.
const CUTTING: Duration = Duration::from_secs(2);

/// Longest time that a head may take to cool in the middle of a slip.
const COOLING: Duration = Duration::from_secs(25);

/// `GS r 1`: status of the paper, queued.
const TRANSMIT: [u8; 3] = [0x1D, 0x72, 0x01];

/// `ESC @`: back to what the printer starts with.
const INITIALISE: [u8; 2] = [0x1B, 0x40];

struct EscPos {
    address: Address,
    profile: Profile,
    link: Option<Link>,
    ids: Ids,
    /// A slip broke off: part of it may hang in the printer.
    remains: bool,
    /// Queued requests (`GS r`) whose answers may still come; they carry no id.
    owed: u32,
}

impl EscPos {
    fn new(address: Address, profile: Profile, link: Box<dyn transport::Transport>) -> Self {
        Self {
            address,
            profile,
            link: Some(Link::new(link)),
            ids: Ids::new(),
            remains: false,
            owed: 0,
        }
    }

    /// Runs a conversation; the link is dropped if it breaks.
    fn with_link<T>(
        &mut self,
        talk: impl FnOnce(&mut Self, &mut Link) -> Result<T, TransportError>,
    ) -> Result<T, TransportError> {
        let mut link = match self.link.take() {
            Some(link) => link,
            None => {
                // Answers owed on the old link went down with it.
                self.owed = 0;
                Link::new(transport::open(DeviceClass::Printer, &self.address)?)
            }
        };
        let result = talk(self, &mut link);
        if result.is_ok() {
            self.link = Some(link);
        }
        result
    }

    fn ask(&mut self, link: &mut Link) -> Result<PrinterStatus, TransportError> {
        link.begin()?;
        let status = link
            .ask_and_wait()?
            .unwrap_or_else(|| PrinterStatus::unheard(Cause::NoAnswer));
        if self.remains && status.ready() {
            self.cut_off_remains(link)?;
        }
        Ok(status)
    }

    fn cut_off_remains(&mut self, link: &mut Link) -> Result<(), TransportError> {
        self.clear(link)?;
        link.request(&INITIALISE)?;
        link.request(&FEED_AND_CUT)?;
        // The next slip begins by clearing the buffer, which would undo a cut that is still to come.
        let proof = self.ask_for_proof(link)?;
        let deadline = Instant::now() + CUTTING;
        while Instant::now() < deadline && !self.is_proven(link, &proof) {
            link.receive(deadline)?;
        }
        self.remains = false;
        Ok(())
    }

    /// Queues the request whose answer proves that everything before it is done.
    fn ask_for_proof(&mut self, link: &mut Link) -> Result<Proof, TransportError> {
        let proof = Proof {
            id: self.ids.next(),
            transmitted: link.transmitted,
        };
        match self.profile.completion {
            Completion::ProcessId => link.request(&process_id_request(proof.id))?,
            Completion::TransmitStatus => {
                link.request(&TRANSMIT)?;
                self.owed += 1;
            }
            Completion::None => {}
        }
        Ok(proof)
    }

    fn is_proven(&mut self, link: &Link, proof: &Proof) -> bool {
        let proven = match self.profile.completion {
            Completion::ProcessId => link.is_done(proof.id),
            // Answers come in order: the last one owed is the one to this request.
            Completion::TransmitStatus => link.transmitted - proof.transmitted >= self.owed,
            Completion::None => false,
        };
        if proven {
            self.owed = 0;
        }
        proven
    }

    /// Empties the printer's buffers, if it can.
    fn clear(&mut self, link: &mut Link) -> Result<(), TransportError> {
        if self.profile.clears_buffer {
            if link.clear()? {
                // What was queued is gone, so that its answers cannot come any more.
                self.owed = 0;
            } else {
                tracing::warn!("the printer does not confirm that its buffer is empty");
            }
        }
        Ok(())
    }

    fn run(&mut self, link: &mut Link, program: &Program) -> Result<Printed, TransportError> {
        link.begin()?;
        self.clear(link)?;
        let status = link.ask_and_wait()?;
        if let Some(cause) = status.and_then(|status| status.cause) {
            return Ok(Printed::Failed(cause));
        }
        if status.is_none() {
            // Slips of a printer that only listens may come out all the same; the result says so.
            tracing::warn!("the printer does not answer");
            link.begin()?;
        } else if self.remains {
            self.cut_off_remains(link)?;
        }

        // From here on, something may be on paper.
        self.remains = true;
        let outcome = match self.send(link, program) {
            Ok(Some(outcome)) => outcome,
            Ok(None) => match self.confirm(link, program) {
                Ok(outcome) => outcome,
                Err(error) => return lost(&error),
            },
            Err(error) => return lost(&error),
        };
        match outcome {
            Printed::Completed => self.remains = false,
            Printed::Unknown(Doubt::NoProof) => self.remains = false,
            // Whatever is left must not come out for the next citizen.
            Printed::Failed(_) | Printed::Unknown(_) => {
                if let Err(error) = self.clear(link) {
                    // The next slip begins by clearing, over a new link.
                    tracing::warn!(%error, "while clearing the printer's buffer");
                }
            }
        }
        Ok(outcome)
    }

    /// Sends the slip, asking for the status between commands; `Some` if that ends it.
    fn send(
        &mut self,
        link: &mut Link,
        program: &Program,
    ) -> Result<Option<Printed>, TransportError> {
        let mut watch = Watch::new();
        let mut from = 0;
        let limit = Instant::now() + SLOWEST;
        for &seam in &program.seams {
            let deadline = limit.min(Instant::now() + STALL);
            while from < seam {
                let now = Instant::now();
                if now >= deadline {
                    return Ok(Some(Printed::Unknown(Doubt::NoAnswer)));
                }
                from += link.write_some(&program.bytes[from..seam], deadline.min(now + POLL))?;
                if let Some(cause) = watch.look(link, now, false)? {
                    return Ok(Some(Printed::Failed(cause)));
                }
            }
            if let Some(cause) = watch.look(link, Instant::now(), true)? {
                return Ok(Some(Printed::Failed(cause)));
            }
        }
        Ok(None)
    }

    /// Asks for the proof behind the last byte and waits for it.
    fn confirm(&mut self, link: &mut Link, program: &Program) -> Result<Printed, TransportError> {
        let proof = self.ask_for_proof(link)?;
        let mut deadline = Instant::now()
            + MARGIN
            + SLOWEST.min(Duration::from_millis(
                (program.dots * 1000 / DOTS_PER_SECOND) as u64,
            ));
        let mut watch = Watch::new();
        let mut last = Instant::now();
        loop {
            let now = Instant::now();
            link.receive(deadline.min(now + POLL / 2))?;
            if self.is_proven(link, &proof) {
                return Ok(Printed::Completed);
            }
            let now = Instant::now();
            if let Some(cause) = watch.look(link, now, true)? {
                return Ok(Printed::Failed(cause));
            }
            if let Some(since) = watch.hot_since {
                // It pauses and goes on by itself: the clock stands still meanwhile.
                if now - since > COOLING {
                    return Ok(Printed::Failed(Cause::HeadHot));
                }
                deadline += now - last;
            }
            last = now;
            if now >= deadline {
                return Ok(Printed::Unknown(
                    match (link.heard, self.profile.completion) {
                        (false, _) => Doubt::NoAnswer,
                        (true, Completion::None) => Doubt::NoProof,
                        (true, Completion::ProcessId | Completion::TransmitStatus) => {
                            Doubt::NotConfirmed
                        }
                    },
                ));
            }
        }
    }
}

impl Printer for EscPos {
    fn status(&mut self) -> PrinterStatus {
        self.with_link(Self::ask).unwrap_or_else(|error| {
            tracing::debug!(%error, "printer status");
            PrinterStatus::unheard(error.cause())
        })
    }

    fn reset(&mut self) -> PrinterStatus {
        self.remains = true;
        self.status()
    }

    fn print(&mut self, slip: &Slip) -> Printed {
        let program = match program(slip, &self.profile) {
            Ok(program) => program,
            Err(error) => {
                tracing::error!(%error, "the slip cannot be encoded");
                return Printed::Failed(Cause::CannotDraw);
            }
        };
        let had_link = self.link.is_some();
        let mut result = self.with_link(|printer, link| printer.run(link, &program));
        if result.is_err() && had_link {
            // The link broke before anything was sent: it may have been idle for long. Once afresh.
            result = self.with_link(|printer, link| printer.run(link, &program));
        }
        match result {
            Ok(Printed::Unknown(Doubt::LinkLost)) => {
                self.link = None;
                Printed::Unknown(Doubt::LinkLost)
            }
            Ok(printed) => printed,
            // Errors before anything was sent come here: nothing is on paper.
            Err(error) => {
                tracing::debug!(%error, "printing");
                Printed::Failed(error.cause())
            }
        }
    }
}

/// A link that breaks once bytes were sent leaves the slip in doubt.
fn lost(error: &TransportError) -> Result<Printed, TransportError> {
    tracing::warn!(%error, "while printing");
    Ok(Printed::Unknown(match error {
        TransportError::TimedOut => Doubt::NoAnswer,
        TransportError::Gone(_) | TransportError::Open { .. } => Doubt::LinkLost,
    }))
}

/// `GS ( H` fn 48: answered by `37 22 id 00` once everything before it was printed.
fn process_id_request([d1, d2, d3, d4]: [u8; 4]) -> [u8; 11] {
    [0x1D, 0x28, 0x48, 0x06, 0x00, 0x30, 0x30, d1, d2, d3, d4]
}

/// What was queued as proof.
struct Proof {
    /// Id that comes back.
    id: [u8; 4],
    /// Answers without id that had come before.
    transmitted: u32,
}

/// Watches the status while a slip is printed.
struct Watch {
    next: Instant,
    hot_since: Option<Instant>,
}

impl Watch {
    fn new() -> Self {
        Self {
            next: Instant::now() + POLL,
            hot_since: None,
        }
    }

    /// Takes in answers, and asks again if it is time and this is a seam. A cause ends the slip.
    fn look(
        &mut self,
        link: &mut Link,
        now: Instant,
        seam: bool,
    ) -> Result<Option<Cause>, TransportError> {
        link.receive(Instant::now())?;
        if let Some(status) = link.status() {
            match status.cause {
                Some(Cause::HeadHot) => {
                    self.hot_since.get_or_insert(now);
                }
                None | Some(Cause::FeedKey | Cause::Busy) => self.hot_since = None,
                Some(
                    cause @ (Cause::CoverOpen
                    | Cause::PaperOut
                    | Cause::PaperJam
                    | Cause::Cutter
                    | Cause::Recoverable
                    | Cause::Unrecoverable
                    | Cause::Offline
                    | Cause::NotConnected
                    | Cause::NoAnswer
                    | Cause::Garbled
                    | Cause::SecurityModule
                    | Cause::CannotDraw
                    | Cause::NotTaken
                    | Cause::TonerOut
                    | Cause::OutputFull
                    | Cause::NoRight
                    | Cause::ServiceDown),
                ) => return Ok(Some(cause)),
            }
        }
        if seam && now >= self.next {
            link.ask()?;
            self.next = now + POLL;
        }
        Ok(None)
    }
}

/// Fresh process ids. The manual allows bytes from 20 to 7E; these are odd, so that none of them can be
/// taken for a status byte in the stream of answers.
struct Ids {
    counter: u64,
}

const ODD: [u8; 18] = *b"13579ACEGIKMOQSUWY";

impl Ids {
    /// Starts at a random place, so that ids of an earlier process do not come again.
    fn new() -> Self {
        Self {
            counter: RandomState::new().build_hasher().finish(),
        }
    }

    fn next(&mut self) -> [u8; 4] {
        self.counter = self.counter.wrapping_add(1);
        let mut rest = self.counter;
        [(); 4].map(|()| {
            let digit = ODD[(rest % ODD.len() as u64) as usize];
            rest /= ODD.len() as u64;
            digit
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_fresh_and_odd() {
        let mut ids = Ids::new();
        let first: Vec<_> = (0..1000).map(|_| ids.next()).collect();
        for (at, id) in first.iter().enumerate() {
            assert!(!first[..at].contains(id));
            assert!(
                id.iter()
                    .all(|byte| byte % 2 == 1 && (0x20..0x7F).contains(byte))
            );
        }
    }
}
