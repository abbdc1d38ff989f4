//! Smart cards behind the PC/SC service (pcscd): a card is found in a reader, and spoken to, each within
//! a deadline.
//!
//! Calls to the service block for as long as service, reader or card keep them, and a transmission
//! cannot be cancelled. So a thread of its own makes them; a caller whose time is over leaves, and what
//! comes later is dropped. The next call waits for the thread to come back, again only until its own
//! deadline: at most one call is ever under way.

use std::ffi::CString;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use pcsc::{Context, Disposition, Protocols, ReaderState, Scope, ShareMode, State};
use zeroize::Zeroizing;

use crate::status::{CardMedia, Cause, DeviceState, ReaderStatus};

/// Why a card in a reader of the PC/SC service could not be spoken to.
#[derive(Debug, thiserror::Error)]
pub enum SmartCardError {
    /// The card left the reader, or was changed.
    #[error("the card was taken away too early")]
    CardGone,
    /// A card lies there and does not answer: upside down, at the edge of the field, or broken.
    #[error("the card does not answer")]
    CardSilent,
    /// The card, or the reader's application, refuses the command.
    #[error("the card refuses the command (status {sw:04X})")]
    Refused {
        /// Status word of ISO 7816-4.
        sw: u16,
    },
    /// What came is longer or shorter than any reply.
    #[error("the card's reply has a wrong length")]
    Length,
    /// Service or reader do not come back within the deadline.
    #[error("the reader does not answer")]
    NoAnswer,
    /// The service knows no reader of this name.
    #[error("the reader is not connected")]
    NoReader,
    /// Another program uses the card.
    #[error("another program uses the reader")]
    Busy,
    /// The service does not let this user in.
    #[error("the PC/SC service does not let the terminal's user in")]
    NoRight,
    /// The service does not run, or ended.
    #[error("the PC/SC service (pcscd) does not run")]
    NoService,
    /// The service reports something else.
    #[error("the PC/SC service reports: {0}")]
    Other(pcsc::Error),
}

impl SmartCardError {
    /// What is wrong with the reader; `None` if only the card has to be laid again.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::CardGone | Self::CardSilent | Self::Refused { .. } | Self::Length => None,
            Self::NoAnswer => Some(Cause::NoAnswer),
            Self::NoReader => Some(Cause::NotConnected),
            Self::Busy => Some(Cause::Busy),
            Self::NoRight => Some(Cause::NoRight),
            Self::NoService => Some(Cause::ServiceDown),
            Self::Other(_) => Some(Cause::Recoverable),
        }
    }

    fn told(error: pcsc::Error) -> Self {
        use pcsc::Error as E;
        if matches!(error, E::NoSmartcard | E::RemovedCard | E::ResetCard) {
            Self::CardGone
        } else if matches!(
            error,
            E::UnresponsiveCard
                | E::UnpoweredCard
                | E::UnsupportedCard
                | E::CardUnsupported
                | E::InvalidAtr
                | E::ProtoMismatch
                | E::NotTransacted
        ) {
            Self::CardSilent
        } else if matches!(error, E::UnknownReader | E::ReaderUnavailable) {
            Self::NoReader
        } else if matches!(error, E::NoService | E::ServiceStopped) || is_stale(error) {
            Self::NoService
        } else if error == E::SharingViolation {
            Self::Busy
        } else if error == E::SecurityViolation {
            Self::NoRight
        } else if error == E::InsufficientBuffer {
            Self::Length
        } else {
            Self::Other(error)
        }
    }
}

/// Names of the readers that the service knows; what `pcsc:` addresses begin like. At most 1 second.
///
/// # Errors
/// [`SmartCardError`] without the service.
pub fn readers() -> Result<Vec<String>, SmartCardError> {
    let sights = Link::start("").call(UnderWay::Look, LOOK, Seat::look)??;
    let name = |sight: &Sight| sight.reader.to_string_lossy().into_owned();
    Ok(sights.iter().map(name).collect())
}

/// Longest time to look for a card. The service answers from memory: only one that hangs takes longer
/// than some milliseconds.
const LOOK: Duration = Duration::from_millis(1000);

/// A card that keeps its reader for longer than this is no longer to blame: the reader is.
const SILENCE: Duration = Duration::from_secs(20);

/// Most readers that the service knows (PCSCLITE_MAX_READERS_CONTEXTS).
const READERS: usize = 16;

/// The readers whose names begin in one way, as far as cards in them are concerned.
///
/// Several readers can fit: one device often shows its contact slot and its antenna as two.
pub(crate) struct Link {
    jobs: Sender<Job>,
    idle: Receiver<()>,
    /// What the thread was last given to do and has not been seen to finish.
    under_way: Option<UnderWay>,
}

type Job = Box<dyn FnOnce(&mut Seat) + Send>;

#[derive(Clone, Copy)]
enum UnderWay {
    Look,
    Read { since: Instant },
}

impl Link {
    /// Starts a thread for the readers whose names begin so; it ends with this value, once the service
    /// gives its last call back.
    pub(crate) fn start(reader: &str) -> Self {
        let mut seat = Seat {
            reader: reader.into(),
            context: None,
            found: None,
            done: Vec::new(),
        };
        let (jobs, given) = channel::<Job>();
        let (done, idle) = channel();
        thread::spawn(move || {
            for job in given {
                job(&mut seat);
                if done.send(()).is_err() {
                    return;
                }
            }
        });
        Self {
            jobs,
            idle,
            under_way: None,
        }
    }

    /// What reader and card slot say now. At most 1 second.
    pub(crate) fn status(&mut self) -> ReaderStatus {
        let sights = self
            .call(UnderWay::Look, LOOK, Seat::look)
            .and_then(|sights| sights);
        match sights {
            Ok(sights) if sights.is_empty() => ReaderStatus::faulty(Cause::NotConnected),
            Ok(sights) => ReaderStatus {
                device: DeviceState::Online,
                media: Some(if sights.iter().any(|sight| sight.present) {
                    CardMedia::Present
                } else {
                    CardMedia::NotPresent
                }),
                cause: None,
            },
            // A card that holds the reader up says nothing bad about the reader, and nothing good.
            Err(error) => ReaderStatus::faulty(error.cause().unwrap_or(Cause::Busy)),
        }
    }

    /// Looks once for a card that was not read yet; one that was has to leave first. At most 1 second.
    pub(crate) fn find(&mut self) -> Result<bool, SmartCardError> {
        self.call(UnderWay::Look, LOOK, Seat::find)?
    }

    /// Speaks with the card that was found, in the words of `script`. After that it has to leave before
    /// it is found again, unless it did not answer.
    pub(crate) fn read<T, E>(
        &mut self,
        limit: Duration,
        script: fn(&mut Session) -> Result<T, E>,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<SmartCardError> + Send + 'static,
    {
        let now = Instant::now();
        let read = move |seat: &mut Seat| seat.read(now + limit, script);
        self.call(UnderWay::Read { since: now }, limit, read)?
    }

    fn call<T: Send + 'static>(
        &mut self,
        what: UnderWay,
        limit: Duration,
        job: impl FnOnce(&mut Seat) -> T + Send + 'static,
    ) -> Result<T, SmartCardError> {
        let deadline = Instant::now() + limit;
        if let Some(earlier) = self.under_way {
            self.idle.recv_timeout(limit).map_err(|_| earlier.late())?;
            self.under_way = None;
        }
        let (answer, answered) = sync_channel(1);
        let job: Job = Box::new(move |seat| {
            // Nobody waits any more for an answer that is late.
            let _ = answer.send(job(seat));
        });
        self.jobs.send(job).map_err(|_| SmartCardError::NoAnswer)?;
        self.under_way = Some(what);
        answered
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            .map_err(|_| what.late())
    }
}

impl UnderWay {
    /// What it means that this does not come to an end.
    fn late(self) -> SmartCardError {
        match self {
            Self::Read { since } if since.elapsed() < SILENCE => SmartCardError::CardSilent,
            Self::Look | Self::Read { .. } => SmartCardError::NoAnswer,
        }
    }
}

/// What the thread has: a session with the service, and what was seen there.
struct Seat {
    /// How the readers' names begin.
    reader: String,
    context: Option<Context>,
    /// The reader that holds a card to be read.
    found: Option<CString>,
    /// Readers whose card was read and has not left, with the count of cards that came and went there;
    /// none if reader or service were away since.
    done: Vec<(CString, Option<u32>)>,
}

/// One reader as the service sees it.
struct Sight {
    reader: CString,
    present: bool,
    count: u32,
}

impl Seat {
    fn look(&mut self) -> Result<Vec<Sight>, SmartCardError> {
        let mut sights = self.sights();
        // A service that was started anew does not know the session.
        if matches!(sights, Err(error) if is_stale(error)) {
            self.forget();
            sights = self.sights();
        }
        if sights.is_err() {
            self.forget();
        }
        let sights = sights.map_err(SmartCardError::told)?;
        self.done.retain_mut(|(reader, count)| {
            match sights.iter().find(|sight| sight.reader == *reader) {
                // It may come back with the card still in it.
                None => {
                    *count = None;
                    true
                }
                Some(sight) => {
                    let same = sight.present && count.is_none_or(|count| count == sight.count);
                    *count = Some(sight.count);
                    same
                }
            }
        });
        Ok(sights)
    }

    fn sights(&mut self) -> Result<Vec<Sight>, pcsc::Error> {
        let context = match &self.context {
            Some(context) => context,
            None => self.context.insert(Context::establish(Scope::User)?),
        };
        let mut states: Vec<ReaderState> = context
            .list_readers_owned()?
            .into_iter()
            .filter(|name| name.as_bytes().starts_with(self.reader.as_bytes()))
            .map(|name| ReaderState::new(name, State::UNAWARE))
            .collect();
        if !states.is_empty() {
            context.get_status_change(Duration::ZERO, &mut states)?;
        }
        let sight = |state: &ReaderState| Sight {
            reader: state.name().to_owned(),
            present: state.event_state().contains(State::PRESENT),
            count: state.event_count(),
        };
        Ok(states.iter().map(sight).collect())
    }

    fn find(&mut self) -> Result<bool, SmartCardError> {
        let sights = self.look()?;
        if sights.is_empty() {
            return Err(SmartCardError::NoReader);
        }
        self.found = sights
            .into_iter()
            .find(|sight| {
                sight.present && !self.done.iter().any(|(reader, _)| *reader == sight.reader)
            })
            .map(|sight| sight.reader);
        Ok(self.found.is_some())
    }

    fn read<T, E: From<SmartCardError>>(
        &mut self,
        deadline: Instant,
        script: fn(&mut Session) -> Result<T, E>,
    ) -> Result<T, E> {
        let (Some(reader), Some(context)) = (self.found.take(), &self.context) else {
            return Err(SmartCardError::CardGone.into());
        };
        // Whoever shares a card can change what it answers in between.
        let connected = context.connect(&reader, ShareMode::Exclusive, Protocols::ANY);
        let card = connected.map_err(|error| self.failed(error))?;
        let mut session = Session {
            card,
            deadline,
            lost: None,
        };
        // Counted while it is connected: the card that is read, and not the one that was found.
        let mut now = [ReaderState::new(reader.clone(), State::UNAWARE)];
        if let Some(context) = &self.context {
            let seen = context.get_status_change(Duration::ZERO, &mut now);
            seen.map_err(|error| self.failed(error))?;
        }
        let result = script(&mut session);
        let leave = match session.lost {
            Some(error) => {
                self.failed(error);
                // Told to cut the power of a card that just left, pcscd (1.9.9) marks the reader empty,
                // and does not take the mark back for a card that lies there again before it looked.
                Disposition::LeaveCard
            }
            None => {
                if self.done.len() == READERS {
                    self.done.remove(0);
                }
                self.done.push((reader, Some(now[0].event_count())));
                // Without power no application stays selected.
                Disposition::UnpowerCard
            }
        };
        // Fails for a card that is gone, which needs none of this.
        let _ = session.card.disconnect(leave);
        result
    }

    fn failed(&mut self, error: pcsc::Error) -> SmartCardError {
        let error = SmartCardError::told(error);
        if matches!(error, SmartCardError::NoService) {
            self.forget();
        }
        error
    }

    /// Gives the session with the service up.
    fn forget(&mut self) {
        self.context = None;
        self.found = None;
        for (_, count) in &mut self.done {
            *count = None;
        }
    }
}

/// A session that the service does not know, because it was started after it.
fn is_stale(error: pcsc::Error) -> bool {
    matches!(
        error,
        pcsc::Error::CommError
            | pcsc::Error::InvalidHandle
            | pcsc::Error::NoService
            | pcsc::Error::ServiceStopped
    )
}

/// A card that is connected to.
pub(crate) struct Session {
    card: pcsc::Card,
    deadline: Instant,
    /// Why the card cannot be spoken to any more: it did not answer, or not in time.
    lost: Option<pcsc::Error>,
}

/// Longest reply to one command: 256 bytes and the status word, and the header that some readers put
/// before them.
const LONGEST: usize = 4 + 256 + 2;

/// Most pieces of one reply; the standard's largest has two.
const PIECES: usize = 8;

/// What a card says to a command over a way of transmitting, without status words: fetched by GET
/// RESPONSE where the card says `61xx`, and asked for again with the length that it says by `6Cxx`
/// (ISO 7816-4). `transmit` gives whole replies, and is asked ten times at most; one longer than 262
/// bytes is none.
///
/// # Errors
/// What `transmit` fails with, and whatever is no reply or a refusal.
pub fn exchange(
    command: &[u8],
    mut transmit: impl FnMut(&[u8]) -> Result<Zeroizing<Vec<u8>>, SmartCardError>,
) -> Result<Zeroizing<Vec<u8>>, SmartCardError> {
    // Never has to move, which would leave a copy: as much as all replies together.
    let mut data = Zeroizing::new(Vec::with_capacity((2 + PIECES) * LONGEST));
    let mut once = |command: &[u8]| {
        let reply = transmit(command)?;
        let sw = status(&reply)?;
        data.extend_from_slice(&reply[..reply.len() - 2]);
        Ok(sw)
    };
    let mut sw = once(command)?;
    if let (0x6C, [head @ .., _]) = (sw >> 8, command) {
        sw = once(&[head, &[sw as u8]].concat())?;
    }
    for _ in 0..PIECES {
        if sw >> 8 != 0x61 {
            break;
        }
        sw = once(&get_response(sw))?;
    }
    match sw {
        0x9000 => Ok(data),
        sw => Err(SmartCardError::Refused { sw }),
    }
}

impl Session {
    /// [`exchange`] with this card.
    pub(crate) fn exchange(
        &mut self,
        command: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SmartCardError> {
        exchange(command, |command| self.transmit(command))
    }

    /// Sends a command whose data do not matter: `61xx` is as good as `9000`.
    pub(crate) fn order(&mut self, command: &[u8]) -> Result<(), SmartCardError> {
        match status(&self.transmit(command)?)? {
            0x9000 => Ok(()),
            sw if sw >> 8 == 0x61 => {
                // So that they are not mixed up with later ones; a card that has none left says so.
                self.transmit(&get_response(sw))?;
                Ok(())
            }
            sw => Err(SmartCardError::Refused { sw }),
        }
    }

    /// The reply to one command, with its status word.
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, SmartCardError> {
        if Instant::now() >= self.deadline {
            self.lost = Some(pcsc::Error::Timeout);
            return Err(SmartCardError::CardSilent);
        }
        let mut reply = Zeroizing::new(vec![0; LONGEST]);
        let length = match self.card.transmit(command, &mut reply) {
            Ok(reply) => reply.len(),
            Err(error) => {
                self.lost = Some(error);
                return Err(SmartCardError::told(error));
            }
        };
        reply.truncate(length);
        Ok(reply)
    }
}

/// The status word of a whole reply.
fn status(reply: &[u8]) -> Result<u16, SmartCardError> {
    match reply.split_last_chunk() {
        Some((data, sw)) if data.len() + sw.len() <= LONGEST => Ok(u16::from_be_bytes(*sw)),
        Some(_) | None => Err(SmartCardError::Length),
    }
}

fn get_response(sw: u16) -> [u8; 5] {
    [0x00, 0xC0, 0x00, 0x00, sw as u8]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Actor;

    #[test]
    fn faults_are_told_apart_by_who_must_act() {
        let actor = |error: pcsc::Error| {
            let cause = SmartCardError::told(error).cause();
            cause.map_or(Actor::Citizen, Cause::actor)
        };
        for error in [
            pcsc::Error::NoSmartcard,
            pcsc::Error::RemovedCard,
            pcsc::Error::UnresponsiveCard,
            pcsc::Error::UnpoweredCard,
            pcsc::Error::NotTransacted,
        ] {
            assert_eq!(actor(error), Actor::Citizen, "{error:?}");
        }
        for error in [
            pcsc::Error::UnknownReader,
            pcsc::Error::ReaderUnavailable,
            pcsc::Error::InternalError,
        ] {
            assert_eq!(actor(error), Actor::Staff, "{error:?}");
        }
        for error in [
            pcsc::Error::NoService,
            pcsc::Error::CommError,
            pcsc::Error::SecurityViolation,
        ] {
            assert_eq!(actor(error), Actor::Technician, "{error:?}");
        }
        assert_eq!(actor(pcsc::Error::SharingViolation), Actor::Nobody);
    }

    #[test]
    fn a_call_that_hangs_holds_nobody_up_and_its_answer_is_dropped() {
        let mut link = Link::start("");
        let (release, held) = channel::<()>();
        let short = Duration::from_millis(50);
        let what = UnderWay::Read {
            since: Instant::now(),
        };
        let late = link.call(what, short, move |_| {
            let _ = held.recv();
            "late"
        });
        assert!(
            matches!(late, Err(SmartCardError::CardSilent)),
            "the card first"
        );
        let next = link.call(UnderWay::Look, short, |_| "next");
        assert!(matches!(next, Err(SmartCardError::CardSilent)), "held up");
        drop(release);
        let next = link.call(UnderWay::Look, Duration::from_secs(10), |_| "next");
        assert_eq!(next.unwrap(), "next");
    }

    #[test]
    fn a_card_is_not_to_blame_for_ever() {
        let Some(long_ago) = Instant::now().checked_sub(SILENCE) else {
            return;
        };
        let read = UnderWay::Read { since: long_ago };
        assert!(matches!(read.late(), SmartCardError::NoAnswer));
        assert!(matches!(UnderWay::Look.late(), SmartCardError::NoAnswer));
    }
}
