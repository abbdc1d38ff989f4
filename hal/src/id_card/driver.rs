//! The driver: find, select, read, each within one deadline.

use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::command::{Command, FIND, READ_BASE, READ_NEW_ADDRESS, SAM_ID, SELECT, STATUS, sw3};
use super::frame::{self, Decoder, FrameError, Reply};
use super::record::{CardKind, IdCard, RecordError};
use crate::address::Address;
use crate::class::DeviceClass;
use crate::smart_card::SmartCardError;
use crate::status::{Actor, CardMedia, Cause, DeviceState, ReaderStatus};
use crate::transport::{self, Transport, TransportError};

/// A reader of resident ID cards.
///
/// A lost link is opened again by the next call. No call takes longer than 9 seconds.
pub trait CardReader: Send {
    /// Asks the security module whether it works (SAM status). At most 1 second.
    fn status(&mut self) -> ReaderStatus;

    /// Looks once for a card (Find); true if one came into the field that was not read yet. A card
    /// that was read has to leave before it is found again. Ask every 0.3 to 1 s; at most 1.5 seconds.
    ///
    /// # Errors
    /// [`ReaderError`]; the next call starts afresh.
    fn find(&mut self) -> Result<bool, ReaderError>;

    /// Reads the card that was found (Select, Read base, Read new address).
    ///
    /// # Errors
    /// [`ReaderError`]; if [`ReaderError::actor`] is the citizen, the card has to be laid again.
    fn read(&mut self) -> Result<IdCard, ReaderError>;

    /// Number of the security module, such as `05.03-20240101-0012345678-0987654321`. At most 2 seconds.
    ///
    /// # Errors
    /// [`ReaderError`]; [`ReaderError::NoSamId`] through the PC/SC service, which has no word for it.
    fn sam_id(&mut self) -> Result<String, ReaderError>;
}

/// Why a card could not be found or read.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    /// The card left the field.
    #[error("the card was taken away too early")]
    CardGone,
    /// The card lies there and does not let itself be read, or was taken away in the middle.
    #[error("the card could not be read (code {sw3:02X})")]
    ReadFailed {
        /// Status byte of the reply.
        sw3: u8,
    },
    /// The reply was damaged on the line.
    #[error("the reader's reply was damaged: {0}")]
    BadFrame(#[from] FrameError),
    /// The reply was whole and holds no card record.
    #[error("the reader's reply is no card record: {0}")]
    BadRecord(#[from] RecordError),
    /// Nothing came within the deadline.
    #[error("the reader does not answer")]
    NoAnswer,
    /// The link cannot be opened, or was lost.
    #[error("the reader is gone: {0}")]
    DeviceGone(TransportError),
    /// The security module is out of order.
    #[error("the reader's security module is out of order (code {sw3:02X})")]
    SamFault {
        /// Status byte of the reply.
        sw3: u8,
    },
    /// The reader refuses the command.
    #[error("the reader refuses the command (code {sw3:02X})")]
    Refused {
        /// Status byte of the reply.
        sw3: u8,
    },
    /// Card, reader or PC/SC service do not take part.
    #[error(transparent)]
    SmartCard(#[from] SmartCardError),
    /// Through the PC/SC service, a reader does not tell the number of its security module.
    #[error("a PC/SC reader does not tell the number of its security module")]
    NoSamId,
}

impl ReaderError {
    /// Who must act. The citizen: lay the card again.
    pub fn actor(&self) -> Actor {
        match self {
            Self::NoSamId => Actor::Nobody,
            Self::CardGone
            | Self::ReadFailed { .. }
            | Self::BadFrame(_)
            | Self::BadRecord(_)
            | Self::NoAnswer
            | Self::DeviceGone(_)
            | Self::SamFault { .. }
            | Self::Refused { .. }
            | Self::SmartCard(_) => self.cause().map_or(Actor::Citizen, Cause::actor),
        }
    }

    /// What is wrong with the reader; `None` if only the card has to be laid again.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            // One damaged reply, or one odd card, says nothing about the reader.
            Self::CardGone
            | Self::ReadFailed { .. }
            | Self::BadFrame(_)
            | Self::BadRecord(_)
            | Self::NoSamId => None,
            Self::SmartCard(error) => error.cause(),
            Self::Refused { .. } => Some(Cause::Garbled),
            Self::NoAnswer => Some(Cause::NoAnswer),
            Self::DeviceGone(error) => Some(error.cause()),
            Self::SamFault { .. } => Some(Cause::SecurityModule),
        }
    }
}

/// Opens the reader by its serial line, its USB pipes or its HID reports, or gives one of the PC/SC
/// service.
///
/// # Errors
/// [`ReaderError::DeviceGone`] if the link cannot be opened now. A PC/SC reader need not be there yet:
/// [`CardReader::status`] tells.
pub fn open(address: &Address) -> Result<Box<dyn CardReader>, ReaderError> {
    if let Address::Pcsc { reader } = address {
        return Ok(super::pcsc::open(reader));
    }
    let link = transport::open(DeviceClass::IdCard, address).map_err(ReaderError::DeviceGone)?;
    Ok(Box::new(SamV::new(address.clone(), link)))
}

/// A line that is silent for so long in the middle of a frame will not finish it: 1 byte takes 87 µs at
/// 115200 baud, USB adapters hold bytes back for up to 16 ms, and what a network behind a converter loses
/// comes 200 ms later.
const QUIET: Duration = Duration::from_millis(300);

/// What a failed command means.
fn failure(code: u8) -> ReaderError {
    match code {
        sw3::FIND_FAILED | sw3::SELECT_FAILED | sw3::NO_CARD_YET => ReaderError::CardGone,
        // Card and module refuse each other, the card's data do not check, or reading broke off.
        0x31..=0x33 | 0x37 | 0x3F | 0x40 | sw3::READ_FAILED | 0x47 => {
            ReaderError::ReadFailed { sw3: code }
        }
        0x60 | 0x66 => ReaderError::SamFault { sw3: code },
        _ => ReaderError::Refused { sw3: code },
    }
}

/// The driver of a SAM_V reader.
struct SamV {
    address: Address,
    link: Option<Box<dyn Transport>>,
    decoder: Decoder,
    /// An earlier command was left without a good reply: it may still come.
    owed: bool,
    media: CardMedia,
}

impl SamV {
    fn new(address: Address, link: Box<dyn Transport>) -> Self {
        Self {
            address,
            link: Some(link),
            decoder: Decoder::default(),
            owed: true,
            media: CardMedia::Unknown,
        }
    }

    /// Sends a command and waits for its reply.
    fn run(&mut self, command: &Command) -> Result<Reply, ReaderError> {
        let mut link = match self.link.take() {
            Some(link) => link,
            None => {
                self.owed = true;
                transport::open(DeviceClass::IdCard, &self.address)
                    .map_err(ReaderError::DeviceGone)?
            }
        };
        let result = self
            .settle(&mut *link)
            .and_then(|()| self.exchange(&mut *link, command));
        if !matches!(result, Err(ReaderError::DeviceGone(_))) {
            self.link = Some(link);
        }
        self.owed = result.is_err();
        result
    }

    /// After a command without a good reply: a reader answers in order, so that once it has answered a
    /// status request, no earlier reply can come any more and pass for a later command's.
    fn settle(&mut self, link: &mut dyn Transport) -> Result<(), ReaderError> {
        if self.owed {
            self.exchange(link, &STATUS)?;
            self.owed = false;
        }
        Ok(())
    }

    fn exchange(
        &mut self,
        link: &mut dyn Transport,
        command: &Command,
    ) -> Result<Reply, ReaderError> {
        let deadline = Instant::now() + command.limit;
        self.decoder.clear();
        link.drain().map_err(lost)?;
        link.write_all(&frame::request(command.code, command.parameter), deadline)
            .map_err(lost)?;

        let mut buffer = Zeroizing::new([0; 512]);
        let mut damage: Option<FrameError> = None;
        loop {
            while let Some(found) = self.decoder.next_reply() {
                match found {
                    Ok(reply) if (command.fits)(&reply) => return Ok(reply),
                    Ok(_) => tracing::debug!("dropped a late reply"),
                    Err(error) => damage = Some(error),
                }
            }
            let now = Instant::now();
            if now >= deadline {
                self.decoder.clear();
                return Err(damage.map_or(ReaderError::NoAnswer, ReaderError::BadFrame));
            }
            let hurry = damage.is_some() || self.decoder.is_partial();
            let until = if hurry {
                deadline.min(now + QUIET)
            } else {
                deadline
            };
            let read = link.read_some(&mut *buffer, until).map_err(lost)?;
            if read > 0 {
                self.decoder.push(&buffer[..read]);
            } else if let Some(error) = self.decoder.quiet() {
                damage = Some(error);
            } else if let Some(error) = damage {
                return Err(ReaderError::BadFrame(error));
            }
        }
    }

    fn read_card(&mut self) -> Result<IdCard, ReaderError> {
        succeed(self.run(&SELECT)?)?;
        let mut card = IdCard::parse(&succeed(self.run(&READ_BASE)?)?.data)?;
        match card.kind {
            CardKind::Citizen | CardKind::HkMacaoTaiwan => {
                let reply = self.run(&READ_NEW_ADDRESS)?;
                match reply.sw3 {
                    // No such item, or a reader too old to know the command.
                    sw3::ABSENT | sw3::BAD_COMMAND | sw3::UNRECOGNISED => {}
                    _ => card.take_new_address(&succeed(reply)?.data)?,
                }
            }
            // Their cards hold no address.
            CardKind::Foreigner2017 | CardKind::Foreigner2023 => {}
        }
        Ok(card)
    }
}

impl CardReader for SamV {
    fn status(&mut self) -> ReaderStatus {
        match self.run(&STATUS).and_then(succeed) {
            Ok(_) => ReaderStatus {
                device: DeviceState::Online,
                media: Some(self.media),
                cause: None,
            },
            Err(error) => ReaderStatus::faulty(error.cause().unwrap_or(Cause::Garbled)),
        }
    }

    fn find(&mut self) -> Result<bool, ReaderError> {
        let found = self.run(&FIND).and_then(|reply| match reply.sw3 {
            sw3::FOUND => Ok(true),
            sw3::FIND_FAILED | sw3::NO_CARD_YET => Ok(false),
            code => Err(failure(code)),
        });
        self.media = match found {
            Ok(true) => CardMedia::Present,
            Ok(false) => CardMedia::NotPresent,
            Err(_) => CardMedia::Unknown,
        };
        found
    }

    fn read(&mut self) -> Result<IdCard, ReaderError> {
        let card = self.read_card();
        self.media = if card.is_ok() {
            CardMedia::Present
        } else {
            CardMedia::Unknown
        };
        card
    }

    fn sam_id(&mut self) -> Result<String, ReaderError> {
        let reply = succeed(self.run(&SAM_ID)?)?;
        let short = |at: usize| {
            reply
                .data
                .get(at..at + 2)
                .map_or(0, |two| u16::from_le_bytes([two[0], two[1]]))
        };
        let long = |at: usize| u32::from(short(at)) | u32::from(short(at + 2)) << 16;
        Ok(format!(
            "{:02}.{:02}-{:08}-{:010}-{:010}",
            short(0),
            short(2),
            long(4),
            long(8),
            long(12)
        ))
    }
}

fn succeed(reply: Reply) -> Result<Reply, ReaderError> {
    if reply.sw3 == sw3::OK {
        Ok(reply)
    } else {
        Err(failure(reply.sw3))
    }
}

fn lost(error: TransportError) -> ReaderError {
    match error {
        TransportError::TimedOut => ReaderError::NoAnswer,
        TransportError::Open { .. } | TransportError::Gone(_) => ReaderError::DeviceGone(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// A line that answers each request with the next prepared bytes.
    struct Script(VecDeque<Vec<u8>>, Vec<u8>);

    impl Transport for Script {
        fn write_some(&mut self, bytes: &[u8], _: Instant) -> Result<usize, TransportError> {
            self.1.extend(
                self.0
                    .pop_front()
                    .ok_or(TransportError::Gone(std::io::ErrorKind::BrokenPipe))?,
            );
            Ok(bytes.len())
        }

        fn read_some(
            &mut self,
            buffer: &mut [u8],
            deadline: Instant,
        ) -> Result<usize, TransportError> {
            // Nothing is pending before a request: what the script holds came after it.
            let count = self.1.len().min(buffer.len());
            buffer[..count].copy_from_slice(&self.1[..count]);
            self.1.drain(..count);
            if count == 0 {
                std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
            }
            Ok(count)
        }
    }

    fn reply(sw3: u8, data: &[u8]) -> Vec<u8> {
        let mut bytes = frame::PREAMBLE.to_vec();
        bytes.extend(u16::try_from(data.len() + 4).unwrap().to_be_bytes());
        bytes.extend([0x00, 0x00, sw3]);
        bytes.extend(data);
        bytes.push(bytes[5..].iter().fold(0, |sum, byte| sum ^ byte));
        bytes
    }

    /// A reader whose answers are these, after the status request that begins every session.
    fn reader(answers: &[Vec<u8>]) -> SamV {
        let answers = [reply(sw3::OK, &[])]
            .into_iter()
            .chain(answers.iter().cloned())
            .collect();
        let address = Address::Serial {
            path: "/nonexistent".into(),
            baud: 115_200,
        };
        SamV::new(address, Box::new(Script(answers, Vec::new())))
    }

    #[test]
    fn finds_or_not() {
        let mut reader = reader(&[reply(0x80, &[]), reply(0x9F, &[0; 4]), reply(0x34, &[])]);
        assert!(!reader.find().unwrap());
        assert_eq!(reader.media, CardMedia::NotPresent);
        assert!(reader.find().unwrap());
        assert_eq!(reader.media, CardMedia::Present);
        assert!(!reader.find().unwrap());
    }

    #[test]
    fn replies_of_other_commands_are_not_taken() {
        // Late replies to Select, Read base, Read new address and Find come before the right one.
        let late = [
            reply(0x90, &[0; 8]),
            reply(0x90, &[0; 1284]),
            reply(0x91, &[]),
            reply(0x81, &[]),
        ]
        .concat();
        let mut reader = reader(&[[late, reply(0x9F, &[0; 4])].concat()]);
        assert!(reader.find().unwrap());
    }

    #[test]
    fn tells_faults_apart() {
        for (code, expected, actor) in [
            (0x81, "CardGone", Actor::Citizen),
            (0x31, "ReadFailed { sw3: 49 }", Actor::Citizen),
            (0x66, "SamFault { sw3: 102 }", Actor::Technician),
            (0x21, "Refused { sw3: 33 }", Actor::Technician),
            (0x10, "Refused { sw3: 16 }", Actor::Technician),
        ] {
            let error = reader(&[reply(code, &[])]).read().unwrap_err();
            assert_eq!(
                (format!("{error:?}").as_str(), error.actor()),
                (expected, actor),
                "{code:02X}"
            );
        }
        let gone = reader(&[]).find().unwrap_err();
        assert!(matches!(gone, ReaderError::DeviceGone(_)), "{gone:?}");
    }

    #[test]
    fn a_lost_link_is_opened_again_and_told() {
        let mut reader = reader(&[]);
        assert!(reader.find().is_err());
        assert_eq!(reader.status().cause, Some(Cause::NotConnected));
        assert_eq!(reader.status().device, DeviceState::Offline);
    }

    #[test]
    fn a_damaged_reply_is_told_before_the_deadline() {
        let mut broken = reply(0x9F, &[0; 4]);
        broken[12] ^= 0x10;
        let mut reader = reader(&[broken, reply(0x90, &[]), reply(0x9F, &[0; 4])]);
        assert!(matches!(
            reader.find(),
            Err(ReaderError::BadFrame(FrameError::Checksum))
        ));
        assert!(reader.find().unwrap());
    }

    #[test]
    fn shows_the_number_of_the_module() {
        let mut id = vec![5, 0, 3, 0];
        for number in [20_240_101u32, 12_345_678, 987_654_321] {
            id.extend(number.to_le_bytes());
        }
        assert_eq!(
            reader(&[reply(0x90, &id)]).sam_id().unwrap(),
            "05.03-20240101-0012345678-0987654321"
        );
    }
}
