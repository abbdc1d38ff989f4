//! The driver: a slip counts as printed when the printer says so behind its last byte.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use super::encode::{Program, program};
use super::link::{Ask, Link};
use super::outlet::{self, Held, Step};
use super::profile::{OutletSensor, Present};
use super::{Completion, Profile};
use crate::address::Address;
use crate::class::DeviceClass;
use crate::slip::Slip;
use crate::status::{Cause, Media, PrinterStatus};
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
    ///
    /// Onto a slip that waits at the outlet nothing is printed: [`Cause::NotTaken`].
    fn print(&mut self, slip: &Slip) -> Printed;

    /// True while there is something to [`Self::watch`]: a slip at the outlet, or on its way there.
    /// Always false on printers that sense nothing there.
    fn holds_slip(&self) -> bool;

    /// Looks at the outlet, and takes back what nobody took in time ([`Outlet::take_within`]). To be
    /// called about four times a second while [`Self::holds_slip`]; takes as long as [`Self::status`].
    ///
    /// `Some` if there is news of the slip that was printed last; none of it is said twice.
    ///
    /// [`Outlet::take_within`]: super::Outlet::take_within
    fn watch(&mut self) -> Option<Delivery>;
}

/// What became of a slip once it was printed, as its printer senses it (XFS4IoT MediaPresented,
/// MediaTaken, MediaRetracted).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It waits at the outlet.
    Presented,
    /// It went away from the outlet, and the printer did not take it back: somebody has it.
    Taken,
    /// Nobody took it in time, and the printer took it back.
    Retracted,
    /// Nobody took it in time, and it stays at the outlet. [`Delivery::Taken`] may follow.
    NotTaken,
    /// It got stuck on its way out.
    Failed(Cause),
    /// The printer was open, out of order or out of sight when it went away, or it was never seen.
    Unknown,
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

/// Longest time that answers without an id are waited for once their slip was given up.
const OWED: Duration = Duration::from_secs(10);

/// Longest time until the outlet is free after a slip that broke off was taken back.
const FREEING: Duration = Duration::from_secs(6);

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
    /// When such a part was told to go; it may come to the outlet on its way, and lie there for a while.
    freeing: Option<Instant>,
    /// Queued requests (`GS r`) whose answers may still come, and when the last was made; they carry
    /// no id.
    owed: u32,
    owed_since: Instant,
    /// The slip at the outlet.
    held: Option<Held>,
}

impl EscPos {
    fn new(address: Address, profile: Profile, link: Box<dyn transport::Transport>) -> Self {
        Self {
            address,
            profile,
            link: Some(Link::new(link, &profile)),
            ids: Ids::new(),
            remains: false,
            freeing: None,
            owed: 0,
            owed_since: Instant::now(),
            held: None,
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
                if let Some(held) = &mut self.held {
                    held.lose_sight();
                }
                let link = transport::open(DeviceClass::Printer, &self.address)?;
                Link::new(link, &self.profile)
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
        let status = match link.ask_and_wait(self.all())? {
            Some(status) => status,
            None => self.unheard(Cause::NoAnswer),
        };
        if self.remains && status.ready() {
            self.cut_off_remains(link)?;
        }
        Ok(status)
    }

    /// What can be asked for when no slip is being printed.
    fn all(&mut self) -> Ask {
        if self.owed > 0 && self.owed_since.elapsed() > OWED {
            self.owed = 0;
        }
        let sensor = self.profile.outlet.map(|outlet| outlet.sensor);
        match sensor {
            // An answer that is owed could pass for the outlet's.
            Some(OutletSensor::DleEot5) if self.owed > 0 => Ask::Basic,
            Some(OutletSensor::DleEot5 | OutletSensor::DleEot20 | OutletSensor::GsE6) | None => {
                Ask::Whole
            }
        }
    }

    fn unheard(&self, cause: Cause) -> PrinterStatus {
        PrinterStatus {
            media: self.profile.outlet.map(|_| Media::Unknown),
            ..PrinterStatus::unheard(cause)
        }
    }

    /// Remembers what lies at the outlet.
    fn note(&mut self, mut status: PrinterStatus) -> PrinterStatus {
        if let (Some(outlet), Some(Media::Present)) = (self.profile.outlet, status.media) {
            let now = Instant::now();
            let held = self.held.get_or_insert_with(|| Held::found(outlet, now));
            if held.is_overdue() && status.cause.is_none() {
                status.cause = Some(Cause::NotTaken);
                status.device = Cause::NotTaken.device();
            }
        }
        status
    }

    fn cut_off_remains(&mut self, link: &mut Link) -> Result<(), TransportError> {
        self.clear(link)?;
        link.request(&INITIALISE)?;
        link.request(&outlet::removal(&self.profile))?;
        // The next slip may begin by clearing the buffer, which would undo a cut that is still to come.
        // Elsewhere it comes in its turn: a printer that is back is told to be ready at once.
        if self.profile.clears_buffer || self.profile.completion != Completion::None {
            let proof = self.ask_for_proof(link)?;
            let deadline = Instant::now() + CUTTING;
            while Instant::now() < deadline && !self.is_proven(link, &proof) {
                link.receive(deadline)?;
            }
        }
        self.remains = false;
        self.held = None;
        self.freeing = self.profile.outlet.map(|_| Instant::now());
        Ok(())
    }

    /// Waits until what was told to go is no longer at the outlet, where it would pass for a slip.
    fn wait_until_free(&mut self, link: &mut Link) -> Result<(), TransportError> {
        let Some(since) = self.freeing.take() else {
            return Ok(());
        };
        let (moved, deadline) = (since + CUTTING, since + FREEING);
        while Instant::now() < moved {
            link.receive(moved)?;
        }
        while Instant::now() < deadline {
            link.begin()?;
            let status = link.ask_and_wait(self.all())?;
            if status.and_then(|status| status.media) != Some(Media::Present) {
                break;
            }
            link.receive(Instant::now() + POLL)?;
        }
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
                self.owed_since = Instant::now();
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
        let mut status = link.ask_and_wait(self.all())?;
        if let Some(cause) = status.and_then(|status| status.cause) {
            return Ok(Printed::Failed(cause));
        }
        if status.is_none() {
            // Slips of a printer that only listens may come out all the same; the result says so.
            tracing::warn!("the printer does not answer");
            link.begin()?;
        } else if self.remains || self.freeing.is_some() {
            if self.remains {
                self.cut_off_remains(link)?;
            }
            self.wait_until_free(link)?;
            link.begin()?;
            status = link.ask_and_wait(self.all())?;
        }
        if let Some(status) = status
            && self.note(status).media == Some(Media::Present)
        {
            return Ok(Printed::Failed(Cause::NotTaken));
        }

        // From here on, something may be on paper.
        self.remains = true;
        self.held = None;
        let outcome = match self.send(link, program) {
            Ok(Some(outcome)) => outcome,
            Ok(None) => match self.confirm(link, program) {
                Ok(outcome) => outcome,
                Err(error) => return lost(&error),
            },
            Err(error) => return lost(&error),
        };
        // A link that breaks now changes nothing of what is known.
        let outcome = self.refine(link, outcome).unwrap_or(outcome);
        match outcome {
            Printed::Completed | Printed::Unknown(Doubt::NoProof) => self.remains = false,
            // Whatever is left must not come out for the next citizen.
            Printed::Failed(_) | Printed::Unknown(_) => {
                if let Err(error) = self.clear(link) {
                    // The next slip begins by clearing, over a new link.
                    tracing::warn!(%error, "while clearing the printer's buffer");
                }
            }
        }
        if let (Some(outlet), Printed::Completed | Printed::Unknown(_)) =
            (self.profile.outlet, outcome)
        {
            self.held = Some(Held::printed(outlet, Instant::now()));
        }
        Ok(outcome)
    }

    /// Asks the outlet about a slip that did not come to a good end: it may know why.
    fn refine(&mut self, link: &mut Link, outcome: Printed) -> Result<Printed, TransportError> {
        let vague = match outcome {
            Printed::Failed(cause) => matches!(
                cause,
                Cause::Recoverable | Cause::Unrecoverable | Cause::Offline
            ),
            Printed::Unknown(doubt) => doubt == Doubt::NotConfirmed,
            Printed::Completed => false,
        };
        if self.profile.outlet.is_none() || !vague {
            return Ok(outcome);
        }
        link.begin()?;
        let status = link.ask_and_wait(self.all())?;
        Ok(match status.and_then(|status| status.cause) {
            Some(cause) if !passes(cause) => Printed::Failed(cause),
            Some(_) | None => outcome,
        })
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
            let seam = self.profile.status.while_printing;
            if let Some(cause) = watch.look(link, Instant::now(), seam)? {
                return Ok(Some(Printed::Failed(cause)));
            }
        }
        Ok(None)
    }

    /// Asks for the proof behind the last byte and waits for it.
    fn confirm(&mut self, link: &mut Link, program: &Program) -> Result<Printed, TransportError> {
        let printing = Duration::from_millis((program.dots * 1000 / DOTS_PER_SECOND) as u64);
        let mut deadline = Instant::now() + MARGIN + SLOWEST.min(printing);
        if self.profile.completion == Completion::None {
            return self.wait_without_proof(link, deadline);
        }
        let proof = self.ask_for_proof(link)?;
        let mut watch = Watch::new();
        loop {
            let now = Instant::now();
            link.receive(deadline.min(now + POLL / 2))?;
            if self.is_proven(link, &proof) {
                return Ok(Printed::Completed);
            }
            let now = Instant::now();
            if let Some(cause) = watch.look(link, now, self.profile.status.while_printing)? {
                return Ok(Printed::Failed(cause));
            }
            if watch.is_too_long_hot(now, &mut deadline) {
                return Ok(Printed::Failed(Cause::HeadHot));
            }
            if now >= deadline {
                return Ok(Printed::Unknown(match link.heard {
                    false => Doubt::NoAnswer,
                    true => Doubt::NotConfirmed,
                }));
            }
        }
    }

    /// Waits as long as the slip may take, for want of a proof: a fault may still show.
    fn wait_without_proof(
        &mut self,
        link: &mut Link,
        mut deadline: Instant,
    ) -> Result<Printed, TransportError> {
        let mut watch = Watch::new();
        let mut heard = link.heard;
        loop {
            link.begin()?;
            let status = link.ask_and_wait(self.all())?;
            heard |= link.heard;
            let now = Instant::now();
            if let Some(status) = status {
                if let Some(cause) = watch.judge(&status, now) {
                    return Ok(Printed::Failed(cause));
                }
                // Behind a presenter that keeps the paper inside until the end, this is the end.
                let ended = self.profile.outlet.is_some_and(|outlet| {
                    outlet.present == Present::FsP && status.media == Some(Media::Present)
                });
                if ended {
                    return Ok(Printed::Unknown(Doubt::NoProof));
                }
            }
            if watch.is_too_long_hot(now, &mut deadline) {
                return Ok(Printed::Failed(Cause::HeadHot));
            }
            if now >= deadline {
                return Ok(Printed::Unknown(match heard {
                    false => Doubt::NoAnswer,
                    true => Doubt::NoProof,
                }));
            }
            link.receive(deadline.min(now + POLL))?;
        }
    }
}

impl Printer for EscPos {
    fn status(&mut self) -> PrinterStatus {
        let status = self.with_link(Self::ask).unwrap_or_else(|error| {
            tracing::debug!(%error, "printer status");
            self.unheard(error.cause())
        });
        self.note(status)
    }

    fn reset(&mut self) -> PrinterStatus {
        self.remains = true;
        // At once, and not only when it is ready: a printer that is mended goes on with what it has.
        let cleared = self.with_link(|printer, link| {
            link.begin()?;
            printer.clear(link)
        });
        if let Err(error) = cleared {
            tracing::debug!(%error, "printer reset");
        }
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

    fn holds_slip(&self) -> bool {
        self.held.is_some()
    }

    fn watch(&mut self) -> Option<Delivery> {
        self.held.as_ref()?;
        let status = self.status();
        let now = Instant::now();
        // The status may have cut it off.
        let held = self.held.as_mut()?;
        let ours = held.is_ours();
        match held.look(&status, now) {
            Step::Wait => None,
            Step::Tell(delivery) => ours.then_some(delivery),
            Step::End(delivery) => {
                self.held = None;
                ours.then_some(delivery)
            }
            Step::TakeBack(command) => {
                match self.with_link(|_, link| link.request(&command)) {
                    Ok(()) => {
                        if let Some(held) = &mut self.held {
                            held.take_back(now);
                        }
                    }
                    // The next look tries again, over a new link.
                    Err(error) => tracing::warn!(%error, "while taking a slip back"),
                }
                None
            }
        }
    }
}

/// A cause that goes away by itself.
fn passes(cause: Cause) -> bool {
    matches!(cause, Cause::HeadHot | Cause::FeedKey | Cause::Busy)
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
    /// When a hot head was asked after last.
    last: Instant,
}

impl Watch {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            next: now + POLL,
            hot_since: None,
            last: now,
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
        if let Some(status) = link.status()
            && let Some(cause) = self.judge(&status, now)
        {
            return Ok(Some(cause));
        }
        if seam && now >= self.next {
            link.ask(Ask::Basic)?;
            self.next = now + POLL;
        }
        Ok(None)
    }

    /// What ends the slip.
    fn judge(&mut self, status: &PrinterStatus, now: Instant) -> Option<Cause> {
        match status.cause {
            Some(Cause::HeadHot) => {
                self.hot_since.get_or_insert(now);
                None
            }
            Some(cause) if !passes(cause) => Some(cause),
            Some(_) | None => {
                self.hot_since = None;
                None
            }
        }
    }

    /// Until then the printer pauses and goes on by itself: the clock stands still, and the deadline moves.
    fn is_too_long_hot(&mut self, now: Instant, deadline: &mut Instant) -> bool {
        if self.hot_since.is_some() {
            *deadline += now - self.last;
        }
        self.last = now;
        self.hot_since
            .is_some_and(|since| now.duration_since(since) > COOLING)
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
