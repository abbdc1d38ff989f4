//! A card in a reader of the PC/SC service: it speaks to Debian's virtual reader `vpcd`, which is what
//! the service takes for a reader. Two bytes of length, big endian, go before each message; messages of
//! one byte are the reader's own: 0 power off, 1 power on, 2 reset, 4 answer to reset.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use encoding_rs::GB18030;
use serde_json::{Value, json};

use crate::card::{self, Person};

/// What the card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Application {
    /// A social security card.
    Social,
    /// An ID card in a reader that shows its record by `FF B0`.
    Id,
}

/// Handle to the running card.
#[derive(Clone)]
pub struct SmartCard {
    application: Application,
    shared: Arc<Shared>,
}

/// What is done to the next reply that carries a record.
#[derive(Debug, Clone, Default)]
pub struct Spoil {
    /// This status word and no data.
    pub status: Option<u16>,
    /// Only the first half of its data.
    pub truncate: bool,
    /// So much later.
    pub late: Duration,
}

/// Between two tries to reach the virtual reader.
const RETRY: Duration = Duration::from_millis(50);
/// Longest wait for the virtual reader to take a call; on loopback it does at once or not at all.
const CONNECT: Duration = Duration::from_millis(500);
/// Longest wait for its first word: it looks for a card every 400 ms. A call that was dropped at the
/// last step looks taken from here, and no word comes.
const FIRST_WORD: Duration = Duration::from_secs(2);
/// What a card takes for one command, and for the record that the reader fetches from an ID card.
const COMMAND: Duration = Duration::from_millis(20);
const FETCH: Duration = Duration::from_millis(400);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    card: Option<Card>,
    /// The line to the virtual reader, while the card lies in it.
    line: Option<TcpStream>,
    laid: u64,
    reads: u64,
    mute: bool,
    frozen: bool,
    spoil: Spoil,
}

#[derive(Clone)]
struct Card {
    /// Tells this laying of a card from another.
    serial: u64,
    name: String,
    content: Content,
}

#[derive(Clone)]
enum Content {
    /// Records by tag.
    Social(Vec<(u8, Vec<u8>)>),
    /// Header, text and photo.
    Id(Vec<u8>),
}

impl SmartCard {
    /// Starts a card for the virtual reader at an address. It is tried for as long as a card is laid.
    pub fn start(reader: SocketAddr, application: Application) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let card = Self {
            application,
            shared,
        };
        let running = card.clone();
        thread::spawn(move || {
            loop {
                let card = running.wait_for_card();
                // The virtual reader keeps one caller waiting; a second one's call is dropped, and would
                // be repeated by the system after 1, 3, 7, 15 seconds.
                let Ok(line) = TcpStream::connect_timeout(&reader, CONNECT) else {
                    thread::sleep(RETRY);
                    continue;
                };
                // Ends when the card is lifted, or the virtual reader goes.
                let _ = running.serve(line, card);
                thread::sleep(RETRY);
            }
        });
        card
    }

    /// Lays a card.
    ///
    /// # Errors
    /// If a field does not fit.
    pub fn lay(&self, person: &Person) -> Result<(), String> {
        let content = match self.application {
            Application::Social => Content::Social(records(person)?),
            Application::Id => Content::Id(card::base(person)?),
        };
        self.lift();
        self.change(|state| {
            state.laid += 1;
            state.card = Some(Card {
                serial: state.laid,
                name: person.name.clone(),
                content,
            });
        });
        Ok(())
    }

    /// Takes the card away; false if there is none.
    pub fn lift(&self) -> bool {
        self.change(|state| {
            if let Some(line) = state.line.take() {
                let _ = line.shutdown(Shutdown::Both);
            }
            state.card.take().is_some()
        })
    }

    /// Spoils the next reply with a record.
    pub fn spoil(&self, how: impl FnOnce(&mut Spoil)) {
        self.change(|state| how(&mut state.spoil));
    }

    /// Lets cards answer their reset with nonsense, as one that lies upside down.
    pub fn set_mute(&self, mute: bool) {
        self.change(|state| state.mute = mute);
    }

    /// Lets cards answer no command, for as long as they lie there.
    pub fn set_frozen(&self, frozen: bool) {
        self.change(|state| state.frozen = frozen);
    }

    /// For `ctl state`.
    pub fn state(&self) -> Value {
        let state = self.lock();
        json!({
            "card": state.card.as_ref().map(|card| json!({"name": card.name})),
            "in_reader": state.line.is_some(),
            "reads": state.reads,
        })
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

    fn wait_for_card(&self) -> Card {
        let mut state = self.lock();
        loop {
            if let Some(card) = &state.card {
                return card.clone();
            }
            let woken = self.shared.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Answers the reader's messages until the line ends.
    fn serve(&self, mut line: TcpStream, card: Card) -> io::Result<()> {
        line.set_nodelay(true)?;
        let mine = line.try_clone()?;
        let laid = self.change(|state| {
            let laid = state
                .card
                .as_ref()
                .is_some_and(|now| now.serial == card.serial);
            if laid {
                state.line = Some(mine);
            }
            laid
        });
        if !laid {
            return Ok(());
        }
        let mut chip = Chip::default();
        line.set_read_timeout(Some(FIRST_WORD))?;
        let result = loop {
            let message = match receive(&mut line) {
                Ok(message) => message,
                Err(error) => break Err(error),
            };
            line.set_read_timeout(None)?;
            let reply = match message[..] {
                [0..=2] => {
                    chip = Chip::default();
                    continue;
                }
                [4] if self.lock().mute => vec![0x00],
                [4] => answer_to_reset(self.application),
                _ => match self.reply(&mut chip, &card, &message) {
                    Some(reply) => reply,
                    None => break Ok(()),
                },
            };
            if let Err(error) = send(&mut line, &reply) {
                break Err(error);
            }
        };
        self.change(|state| {
            if state
                .card
                .as_ref()
                .is_some_and(|now| now.serial == card.serial)
            {
                state.line = None;
            }
        });
        result
    }

    /// Carries a command out; none if the card was lifted before it answered.
    fn reply(&self, chip: &mut Chip, card: &Card, command: &[u8]) -> Option<Vec<u8>> {
        thread::sleep(COMMAND);
        let mut state = self.lock();
        while state.frozen {
            if state.card.as_ref().map(|card| card.serial) != Some(card.serial) {
                return None;
            }
            let woken = self.shared.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        let (mut data, mut status) = chip.run(&card.content, command);
        let carries_record = matches!(command, [0x00, 0xB2, ..] | [0xFF, 0xB0, ..]);
        if carries_record {
            let spoil = self.change(|state| std::mem::take(&mut state.spoil));
            thread::sleep(spoil.late);
            if let Some(wrong) = spoil.status {
                (data, status) = (Vec::new(), wrong);
            }
            if spoil.truncate {
                data.truncate(data.len() / 2);
            }
        }
        if matches!(command, [0x00, 0xB2, 0x0D, ..] | [0xFF, 0xB0, 0x05, ..]) {
            self.change(|state| state.reads += 1);
        }
        data.extend(status.to_be_bytes());
        Some(data)
    }
}

/// What a card remembers between two commands.
#[derive(Default)]
struct Chip {
    selected: bool,
    ef06: bool,
    fetched: bool,
    /// What GET RESPONSE gives.
    waiting: Vec<u8>,
}

/// `sx1.sh.社会保障` in GBK.
const SSSE: [u8; 15] = [
    0x73, 0x78, 0x31, 0x2E, 0x73, 0x68, 0x2E, 0xC9, 0xE7, 0xBB, 0xE1, 0xB1, 0xA3, 0xD5, 0xCF,
];

impl Chip {
    fn run(&mut self, content: &Content, command: &[u8]) -> (Vec<u8>, u16) {
        match (content, command) {
            (Content::Social(_), [0x00, 0xA4, 0x04, 0x00, 0x0F, name @ ..]) if *name == SSSE => {
                (self.selected, self.ef06) = (true, false);
                self.waiting = [&[0x6F, 0x11, 0x84, 0x0F], &SSSE[..]].concat();
                (Vec::new(), 0x6100 | self.waiting.len() as u16)
            }
            (Content::Social(_), [0x00, 0xA4, 0x04, ..]) => (Vec::new(), 0x6A82),
            (Content::Social(_), [0x00, 0xC0, 0x00, 0x00, length]) => {
                if usize::from(*length) == self.waiting.len() && *length > 0 {
                    (std::mem::take(&mut self.waiting), 0x9000)
                } else {
                    (Vec::new(), 0x6700)
                }
            }
            (Content::Social(_), [0x00, 0xA4, 0x02, 0x00, 0x02, 0xEF, 0x06]) if self.selected => {
                self.ef06 = true;
                (Vec::new(), 0x9000)
            }
            (Content::Social(records), [0x00, 0xB2, tag, file, length]) => {
                let there = match file {
                    0x2C => self.selected && *tag == 0x07,
                    0x00 => self.ef06 && *tag != 0x07,
                    _ => false,
                };
                let record = records.iter().find(|(found, _)| found == tag);
                match record.filter(|_| there) {
                    None => (Vec::new(), 0x6A83),
                    Some((_, record)) if record.len() == usize::from(*length) => {
                        (record.clone(), 0x9000)
                    }
                    Some((_, record)) => (Vec::new(), 0x6C00 | record.len() as u16),
                }
            }
            (Content::Id(whole), [0xFF, 0xB0, block, 0x00, 0x00]) => {
                if !std::mem::replace(&mut self.fetched, true) {
                    thread::sleep(FETCH);
                }
                match whole.chunks(256).nth(usize::from(*block)) {
                    Some(bytes) => (bytes.to_vec(), 0x9000),
                    None => (Vec::new(), 0x6A86),
                }
            }
            (Content::Social(_) | Content::Id(_), _) => (Vec::new(), 0x6D00),
        }
    }
}

/// What is on a person's social security card. The card's number is made from the holder's.
fn records(person: &Person) -> Result<Vec<(u8, Vec<u8>)>, String> {
    let (name, _, lost) = GB18030.encode(&person.name);
    if lost || name.len() > 30 || name.is_empty() {
        return Err("name: it has no room of 30 bytes on a social security card".into());
    }
    let mut name = name.into_owned();
    name.resize(30, b' ');
    if person.number.len() != 18 {
        return Err("number: a social security card has one of 18 characters".into());
    }
    let record = |tag: u8, value: &[u8]| (tag, [&[tag, value.len() as u8], value].concat());
    Ok(vec![
        record(0x07, format!("T{}", &person.number[10..]).as_bytes()),
        record(0x08, person.number.as_bytes()),
        record(0x09, &name),
        record(0x0A, person.sex.as_bytes()),
        record(0x0B, &digits(&person.nation)?),
        record(0x0C, &digits(&person.number[..6])?),
        record(0x0D, &digits(&person.birth)?),
    ])
}

/// Digits in BCD, two a byte.
fn digits(text: &str) -> Result<Vec<u8>, String> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high @ b'0'..=b'9', low @ b'0'..=b'9'] => Ok((high - b'0') << 4 | (low - b'0')),
            _ => Err(format!("`{text}` are no pairs of digits")),
        })
        .collect()
}

/// Social security cards speak T=0, readers show ID cards as T=1.
fn answer_to_reset(application: Application) -> Vec<u8> {
    match application {
        Application::Social => vec![0x3B, 0x60, 0x00, 0x00],
        Application::Id => vec![0x3B, 0x80, 0x01, 0x81],
    }
}

fn receive(line: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    line.read_exact(&mut length)?;
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    line.read_exact(&mut message)?;
    Ok(message)
}

fn send(line: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    line.write_all(&[&length.to_be_bytes(), message].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::person;

    #[test]
    fn a_card_answers_as_the_manual_has_it() {
        let content = Content::Social(records(&person("rare").unwrap()).unwrap());
        let mut chip = Chip::default();
        let select = [&[0x00, 0xA4, 0x04, 0x00, 0x0F], &SSSE[..]].concat();
        let read_name = [0x00, 0xB2, 0x09, 0x00, 0x20];
        assert_eq!(chip.run(&content, &read_name).1, 0x6A83, "not selected");
        assert_eq!(chip.run(&content, &select).1, 0x6113);
        assert_eq!(
            chip.run(&content, &[0x00, 0xC0, 0x00, 0x00, 0x13]).1,
            0x9000
        );
        let (number, status) = chip.run(&content, &[0x00, 0xB2, 0x07, 0x2C, 0x0B]);
        assert_eq!((&number[..3], status), (&b"\x07\x09T"[..], 0x9000));
        let ef06 = [0x00, 0xA4, 0x02, 0x00, 0x02, 0xEF, 0x06];
        assert_eq!(chip.run(&content, &ef06).1, 0x9000);
        let (name, status) = chip.run(&content, &read_name);
        assert_eq!(
            (&name[..4], name.len(), status),
            (&b"\x09\x1E\xC1\xFA"[..], 32, 0x9000)
        );
        assert_eq!(
            chip.run(&content, &[0x00, 0xB2, 0x09, 0x00, 0x00]).1,
            0x6C20
        );
    }

    #[test]
    fn a_name_that_fills_its_field_fits() {
        let records = records(&person("long").unwrap()).unwrap();
        let (_, name) = &records[2];
        assert!(!name.ends_with(b" "), "30 bytes of 15 characters");
    }
}
