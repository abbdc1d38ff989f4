//! The reader: what the SAM_V module does and says.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::block;
use super::people::Person;
use crate::plug::{Plug, Socket};

/// Handle to the running reader.
#[derive(Clone)]
pub struct Reader {
    shared: Arc<Shared>,
    /// Of a serial line.
    plug: Option<Plug>,
}

/// What is done to the next reply.
#[derive(Debug, Clone, Default)]
pub struct Spoil {
    /// Bytes of noise before it.
    pub noise: usize,
    /// A wrong check byte.
    pub corrupt: bool,
    /// Only its first half.
    pub truncate: bool,
    /// This length field.
    pub length: Option<u16>,
    /// So much later.
    pub late: Duration,
    /// In pieces of so many bytes, with a pause before each.
    pub split: Option<(usize, Duration)>,
    /// Its first half, and then the plug is pulled.
    pub unplug: bool,
    /// All this happens not before a reply with a card's record.
    pub await_record: bool,
}

/// Time between the last byte of a request and the first of its reply. Public drivers wait 100 ms for
/// find and select; a whole read takes real readers about a second.
const FIND: Duration = Duration::from_millis(95);
const SELECT: Duration = Duration::from_millis(95);
const BASE: Duration = Duration::from_millis(400);
const NEW_ADDRESS: Duration = Duration::from_millis(60);
const QUICK: Duration = Duration::from_millis(20);

/// Shortest reply that holds a card's text.
const SHORTEST_RECORD: usize = 256;

/// Longest request that is read; the standard's have 10 or 11 bytes.
const LONGEST_REQUEST: usize = 64;

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    card: Option<Card>,
    lift_while_reading: bool,
    laid: u64,
    polled: u64,
    reads: u64,
    silent: bool,
    at_once: bool,
    spoil: Spoil,
}

struct Card {
    /// Tells this laying of a card from another.
    serial: u64,
    name: String,
    text: [u8; 256],
    photo: Vec<u8>,
    new_address: Option<Vec<u8>>,
    found: bool,
    selected: bool,
    /// It has to leave before it is found again.
    read: bool,
}

/// What carries the reader's frames.
pub trait Wire: Send + 'static {
    /// Waits for bytes; 0 if none came for about a second.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Sends bytes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Called between two transfers: waits while its plug is pulled; true if it was.
    fn see_to_plug(&mut self) -> bool {
        false
    }
}

impl Wire for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.line()?.read(buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.line()?.write(bytes)
    }

    fn see_to_plug(&mut self) -> bool {
        Socket::see_to_plug(self)
    }
}

impl Reader {
    /// Starts a reader on a pseudo-terminal linked at `link`.
    ///
    /// # Errors
    /// If there is no pseudo-terminal, or the link cannot be made.
    pub fn start(link: &Path) -> io::Result<Self> {
        let plug = Plug::default();
        let socket = Socket::open(link, 115_200, plug.clone())?;
        Ok(Self::with_plug(socket, Some(plug)))
    }

    /// Starts a reader on whatever carries its frames.
    pub fn on(wire: impl Wire) -> Self {
        Self::with_plug(wire, None)
    }

    fn with_plug(mut wire: impl Wire, plug: Option<Plug>) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let reader = Self { shared, plug };
        let module = reader.clone();
        thread::spawn(move || {
            let mut requests = Requests::default();
            let mut buffer = [0; 256];
            loop {
                if wire.see_to_plug() {
                    requests = Requests::default();
                }
                // A user that hangs up makes one read fail.
                let read = wire.read(&mut buffer).unwrap_or_default();
                requests.push(&buffer[..read]);
                while let Some(request) = requests.take() {
                    if let Some(reply) = module.reply(&request) {
                        let _ = module.send(&mut wire, reply);
                    }
                }
            }
        });
        reader
    }

    /// Power was lost and is back: nothing is found or read any more.
    pub fn restart(&self) {
        self.change(|state| {
            if let Some(card) = &mut state.card {
                (card.found, card.selected, card.read) = (false, false, false);
            }
        });
    }

    /// Lays a card.
    ///
    /// # Errors
    /// If a field does not fit.
    pub fn lay(&self, person: &Person) -> Result<(), String> {
        let text = block::text(person)?;
        let new_address = person
            .new_address
            .as_deref()
            .map(block::new_address)
            .transpose()?;
        self.change(|state| {
            state.laid += 1;
            state.lift_while_reading = false;
            state.card = Some(Card {
                serial: state.laid,
                name: person.name.clone(),
                text,
                photo: photo(&person.number),
                new_address,
                found: false,
                selected: false,
                read: false,
            });
        });
        Ok(())
    }

    /// Takes the card away, now or in the middle of its being read; false if there is none.
    pub fn lift(&self, while_reading: bool) -> bool {
        self.change(|state| {
            let was = state.card.is_some();
            state.lift_while_reading = while_reading;
            if !while_reading {
                state.card = None;
            }
            was
        })
    }

    /// Spoils the next reply.
    pub fn spoil(&self, how: impl FnOnce(&mut Spoil)) {
        self.change(|state| how(&mut state.spoil));
    }

    /// Answers nothing from now on, or answers again.
    pub fn set_silent(&self, silent: bool) {
        self.change(|state| state.silent = silent);
    }

    /// Takes no time for answers from now on, or the usual time.
    pub fn set_at_once(&self, at_once: bool) {
        self.change(|state| state.at_once = at_once);
    }

    /// Takes its time.
    fn work(&self, time: Duration) {
        if !self.lock().at_once {
            thread::sleep(time);
        }
    }

    /// Puts the plug of its serial line in or pulls it; false if that takes too long, or there is none.
    pub fn plug(&self, plugged: bool) -> bool {
        self.plug.as_ref().is_some_and(|plug| plug.set(plugged))
    }

    /// For `ctl state`.
    pub fn state(&self) -> Value {
        let state = self.lock();
        json!({
            "card": state.card.as_ref().map(|card| json!({"name": card.name, "found": card.found, "read": card.read})),
            "polled": state.polled,
            "reads": state.reads,
            "silent": state.silent,
            "module": "05.03-20240101-0012345678-0987654321",
        })
    }

    /// Waits until the reader is asked for a card; false if it was not in that time.
    pub fn wait_for_poll(&self, timeout: Duration) -> bool {
        let state = self.lock();
        let before = state.polled;
        let waited = self
            .shared
            .changed
            .wait_timeout_while(state, timeout, |state| state.polled == before);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, how: impl FnOnce(&mut State) -> T) -> T {
        let result = how(&mut self.lock());
        self.shared.changed.notify_all();
        result
    }

    /// Sends a reply as it is to be spoilt.
    fn send(&self, wire: &mut impl Wire, mut reply: Vec<u8>) -> io::Result<()> {
        let (spoil, silent) = self.change(|state| {
            let spoil = if state.spoil.await_record && reply.len() < SHORTEST_RECORD {
                Spoil::default()
            } else {
                std::mem::take(&mut state.spoil)
            };
            (spoil, state.silent)
        });
        thread::sleep(spoil.late);
        if let Some(length) = spoil.length {
            reply[5..7].copy_from_slice(&length.to_be_bytes());
        }
        if spoil.corrupt {
            let middle = reply.len() - 2;
            reply[middle] ^= 0x20;
        }
        if spoil.truncate || spoil.unplug {
            reply.truncate(reply.len() / 2);
        }
        let noise = noise(reply.len() as u64 + 7);
        let all: Vec<u8> = std::iter::repeat_with(noise)
            .take(spoil.noise)
            .chain(reply)
            .collect();
        if !silent {
            let (bytes, pause) = spoil.split.unwrap_or((all.len().max(1), Duration::ZERO));
            for piece in all.chunks(bytes) {
                thread::sleep(pause);
                wire.write(piece)?;
            }
        }
        if let (true, Some(plug)) = (spoil.unplug, &self.plug) {
            plug.pull();
        }
        Ok(())
    }

    /// Carries a command out.
    fn reply(&self, request: &Request) -> Option<Vec<u8>> {
        let (command, parameter) = match request {
            Request::Command(command, parameter) => (*command, *parameter),
            Request::BadChecksum => return Some(frame(0x10, &[])),
            Request::BadLength => return Some(frame(0x11, &[])),
        };
        Some(match (command, parameter) {
            (0x10, 0xFF) => {
                self.work(QUICK);
                self.change(|state| {
                    if let Some(card) = &mut state.card {
                        (card.found, card.selected) = (false, false);
                    }
                });
                frame(0x90, &[])
            }
            (0x11, 0xFF) => {
                self.work(QUICK);
                frame(0x90, &[])
            }
            (0x12, 0xFF) => {
                self.work(QUICK);
                let numbers = [20_240_101u32, 12_345_678, 987_654_321];
                let id = [5, 0, 3, 0]
                    .into_iter()
                    .chain(numbers.iter().flat_map(|number| number.to_le_bytes()));
                frame(0x90, &id.collect::<Vec<_>>())
            }
            (0x20, 0x01) => self.find(),
            (0x20, 0x02) => self.select(),
            (0x30, 0x01) => self.read_base(),
            (0x30, 0x03) => self.read_new_address(),
            // UART speeds and RF sizes are taken as set.
            (0x60 | 0x61, _) => frame(0x90, &[]),
            _ => frame(0x21, &[]),
        })
    }

    fn find(&self) -> Vec<u8> {
        self.change(|state| state.polled += 1);
        self.work(FIND);
        self.change(|state| match &mut state.card {
            Some(card) if !card.read => {
                (card.found, card.selected) = (true, false);
                frame(0x9F, &[0; 4])
            }
            Some(_) | None => frame(0x80, &[]),
        })
    }

    fn select(&self) -> Vec<u8> {
        self.work(SELECT);
        self.change(|state| match &mut state.card {
            Some(card) if card.found && !card.read => {
                card.selected = true;
                frame(0x90, &[0; 8])
            }
            Some(_) | None => frame(0x81, &[]),
        })
    }

    fn read_base(&self) -> Vec<u8> {
        let serial = self
            .lock()
            .card
            .as_ref()
            .filter(|card| card.selected && !card.read)
            .map(|card| card.serial);
        let end = Instant::now() + BASE;
        self.work(BASE / 2);
        self.change(|state| {
            if std::mem::take(&mut state.lift_while_reading) {
                state.card = None;
            }
        });
        self.work(end.saturating_duration_since(Instant::now()));
        self.change(|state| match &mut state.card {
            Some(card) if Some(card.serial) == serial => {
                card.read = true;
                state.reads += 1;
                let header = [1u8, 0, 4, 0];
                frame(0x90, &[&header[..], &card.text, &card.photo].concat())
            }
            Some(_) | None => frame(0x41, &[]),
        })
    }

    fn read_new_address(&self) -> Vec<u8> {
        self.work(NEW_ADDRESS);
        match &self.lock().card {
            Some(card) if card.selected => match &card.new_address {
                Some(address) => frame(0x90, address),
                None => frame(0x91, &[]),
            },
            Some(_) | None => frame(0x41, &[]),
        }
    }
}

/// What readers give of a card as "base": lengths of text and photo, text, photo.
///
/// # Errors
/// If a field does not fit.
pub fn base(person: &Person) -> Result<Vec<u8>, String> {
    let header = [1, 0, 4, 0];
    Ok([&header[..], &block::text(person)?, &photo(&person.number)].concat())
}

/// What arrived.
#[derive(Debug, PartialEq, Eq)]
enum Request {
    Command(u8, u8),
    BadChecksum,
    BadLength,
}

/// Finds requests in the bytes that arrive.
#[derive(Default)]
struct Requests {
    bytes: VecDeque<u8>,
}

impl Requests {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        while self.bytes.len() > 4 * LONGEST_REQUEST {
            self.bytes.pop_front();
        }
    }

    fn take(&mut self) -> Option<Request> {
        loop {
            let bytes = self.bytes.make_contiguous();
            if bytes.len() < 10 {
                return None;
            }
            if bytes[..5] != [0xAA, 0xAA, 0xAA, 0x96, 0x69] {
                self.bytes.pop_front();
                continue;
            }
            let length = usize::from(bytes[5]) << 8 | usize::from(bytes[6]);
            if !(3..LONGEST_REQUEST - 7).contains(&length) {
                self.bytes.drain(..7);
                return Some(Request::BadLength);
            }
            if bytes.len() < 7 + length {
                return None;
            }
            let sum = bytes[5..7 + length].iter().fold(0, |sum, byte| sum ^ byte);
            let request = if sum == 0 {
                Request::Command(bytes[7], bytes[8])
            } else {
                Request::BadChecksum
            };
            self.bytes.drain(..7 + length);
            return Some(request);
        }
    }
}

/// Builds a reply: preamble, length, two bytes of card status, the status, data, check byte.
fn frame(status: u8, data: &[u8]) -> Vec<u8> {
    let length = data.len() + 4;
    let mut bytes = vec![
        0xAA,
        0xAA,
        0xAA,
        0x96,
        0x69,
        (length >> 8) as u8,
        length as u8,
        0,
        0,
        status,
    ];
    bytes.extend_from_slice(data);
    let check = bytes.iter().skip(5).fold(0, |sum, byte| sum ^ byte);
    bytes.push(check);
    bytes
}

/// 1024 bytes that differ from person to person; no picture.
fn photo(number: &str) -> Vec<u8> {
    let seed = number.bytes().fold(1, |sum: u64, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    let noise = noise(seed);
    b"WLf\0"
        .iter()
        .copied()
        .chain(std::iter::repeat_with(noise))
        .take(1024)
        .collect()
}

/// Bytes without a pattern, the same for the same seed (xorshift).
fn noise(seed: u64) -> impl FnMut() -> u8 {
    let mut state = seed | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_the_frames_of_the_manual() {
        assert_eq!(
            frame(0x9F, &[0; 4]),
            [
                0xAA, 0xAA, 0xAA, 0x96, 0x69, 0x00, 0x08, 0x00, 0x00, 0x9F, 0, 0, 0, 0, 0x97
            ]
        );
        assert_eq!(frame(0x90, &[0; 8]).last(), Some(&0x9C));
        assert_eq!(frame(0x90, &[0; 1284]).len(), 1295);
    }

    #[test]
    fn finds_requests_in_noise() {
        let mut requests = Requests::default();
        requests.push(&[
            0x00, 0xAA, 0xAA, 0xAA, 0xAA, 0x96, 0x69, 0x00, 0x03, 0x20, 0x01, 0x22, 0xAA,
        ]);
        assert_eq!(requests.take(), Some(Request::Command(0x20, 0x01)));
        assert_eq!(requests.take(), None);
        let mut requests = Requests::default();
        requests.push(&[0xAA, 0xAA, 0xAA, 0x96, 0x69, 0x00, 0x03, 0x20, 0x01, 0x23]);
        assert_eq!(requests.take(), Some(Request::BadChecksum));
        requests.push(&[0xAA, 0xAA, 0xAA, 0x96, 0x69, 0xFF, 0x03, 0x20, 0x01, 0x23]);
        assert_eq!(requests.take(), Some(Request::BadLength));
    }
}
