//! The driver: find a card, select the application, read its records, each within one deadline.

use std::time::Duration;

use super::record::{RecordError, Replies, SocialCard};
use crate::address::Address;
use crate::smart_card::{Link, Session, SmartCardError};
use crate::status::{Actor, Cause, ReaderStatus};

/// A reader of social security cards.
///
/// A service or reader that was away is found again by the next call. No call takes longer than 5
/// seconds.
pub trait SocialCardReader: Send {
    /// Asks the service for the reader and for what lies in it. At most 1 second.
    fn status(&mut self) -> ReaderStatus;

    /// Looks once for a card; true if one is there that was not read yet. A card that was read has to
    /// leave before it is found again. Ask every 0.3 to 1 s; at most 1 second.
    ///
    /// # Errors
    /// [`SocialCardError`]; the next call starts afresh.
    fn find(&mut self) -> Result<bool, SocialCardError>;

    /// Reads the card that was found. At most 5 seconds.
    ///
    /// # Errors
    /// [`SocialCardError`]; if [`SocialCardError::actor`] is the citizen, the card has to be laid again.
    fn read(&mut self) -> Result<SocialCard, SocialCardError>;
}

/// Why a card could not be found or read.
#[derive(Debug, thiserror::Error)]
pub enum SocialCardError {
    /// The card, its reader or the service do not take part.
    #[error(transparent)]
    Card(#[from] SmartCardError),
    /// The card has no social security application.
    #[error("this is no social security card (status {sw:04X})")]
    OtherCard {
        /// Status word of the selection.
        sw: u16,
    },
    /// The card's replies are no record.
    #[error("the card holds no right record: {0}")]
    BadRecord(#[from] RecordError),
}

impl SocialCardError {
    /// Who must act. The citizen: lay the card again, or another one.
    pub fn actor(&self) -> Actor {
        self.cause().map_or(Actor::Citizen, Cause::actor)
    }

    /// What is wrong with the reader; `None` if only the card has to be laid again.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Card(error) => error.cause(),
            // One odd card says nothing about the reader.
            Self::OtherCard { .. } | Self::BadRecord(_) => None,
        }
    }
}

/// Gives the reader whose name begins as the address says; any reader's for `auto`. It need not be there
/// yet: [`SocialCardReader::status`] tells.
///
/// # Errors
/// [`SmartCardError::NoReader`] for addresses of other kinds.
pub fn open(address: &Address) -> Result<Box<dyn SocialCardReader>, SocialCardError> {
    let reader = match address {
        Address::Auto => "",
        Address::Pcsc { reader } => reader,
        Address::Serial { .. }
        | Address::Tcp { .. }
        | Address::Usb { .. }
        | Address::Hid { .. }
        | Address::V4l { .. }
        | Address::Ipp { .. } => return Err(SmartCardError::NoReader.into()),
    };
    Ok(Box::new(Reader(Link::start(reader))))
}

/// Longest time for a whole card: ten commands, each of some 10 to 100 ms.
const READ: Duration = Duration::from_secs(5);

// The commands of reference/devices.md §2.

/// Selects the application SSSE, `sx1.sh.社会保障` in GBK.
const SELECT: &[u8] = b"\x00\xA4\x04\x00\x0Fsx1.sh.\xC9\xE7\xBB\xE1\xB1\xA3\xD5\xCF";
/// Selects the file EF06.
const SELECT_EF06: [u8; 7] = [0x00, 0xA4, 0x02, 0x00, 0x02, 0xEF, 0x06];

/// Reads one record: the last byte is the length of tag, length and value.
const fn record(tag: u8, p2: u8, length: u8) -> [u8; 5] {
    [0x00, 0xB2, tag, p2, length]
}

/// In the file with the short name 5.
const CARD_NUMBER: [u8; 5] = record(0x07, 0x2C, 0x0B);
const NUMBER: [u8; 5] = record(0x08, 0x00, 0x14);
const NAME: [u8; 5] = record(0x09, 0x00, 0x20);
const SEX: [u8; 5] = record(0x0A, 0x00, 0x03);
const NATION: [u8; 5] = record(0x0B, 0x00, 0x03);
const BIRTHPLACE: [u8; 5] = record(0x0C, 0x00, 0x05);
const BIRTH: [u8; 5] = record(0x0D, 0x00, 0x06);

struct Reader(Link);

impl SocialCardReader for Reader {
    fn status(&mut self) -> ReaderStatus {
        self.0.status()
    }

    fn find(&mut self) -> Result<bool, SocialCardError> {
        Ok(self.0.find()?)
    }

    fn read(&mut self) -> Result<SocialCard, SocialCardError> {
        self.0.read(READ, read_card)
    }
}

fn read_card(card: &mut Session) -> Result<SocialCard, SocialCardError> {
    card.order(SELECT).map_err(|error| match error {
        SmartCardError::Refused { sw } => SocialCardError::OtherCard { sw },
        error @ (SmartCardError::CardGone
        | SmartCardError::CardSilent
        | SmartCardError::Length
        | SmartCardError::NoAnswer
        | SmartCardError::NoReader
        | SmartCardError::Busy
        | SmartCardError::NoRight
        | SmartCardError::NoService
        | SmartCardError::Other(_)) => error.into(),
    })?;
    let card_number = card.exchange(&CARD_NUMBER)?;
    card.order(&SELECT_EF06)?;
    let replies = Replies {
        card_number,
        number: card.exchange(&NUMBER)?,
        name: card.exchange(&NAME)?,
        sex: card.exchange(&SEX)?,
        nation: card.exchange(&NATION)?,
        birthplace: card.exchange(&BIRTHPLACE)?,
        birth: card.exchange(&BIRTH)?,
    };
    Ok(replies.parse()?)
}
