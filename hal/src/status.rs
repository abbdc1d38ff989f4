//! What a device says about itself, in the words of CEN XFS4IoT (camelCase on the wire).
//!
//! Two rules. `None` means that the device has no such sensor; `Unknown` means that it has one and
//! cannot be told now. And unknown is never good: [`PrinterStatus::ready`],
//! [`ReaderStatus::ready`], [`ScannerStatus::ready`] and [`CameraStatus::ready`] are true only when everything that matters was heard from the device.
//!
//! XFS has no word for an open cover or a hot head, so a [`Cause`] goes beside it.

use serde::Serialize;

/// XFS4IoT `common.status.device`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum DeviceState {
    /// It works.
    Online,
    /// It does not take part: it cannot be reached, gives no answer, or says so itself. Whether it
    /// has power is not known.
    Offline,
    /// Switched off, and known to be.
    PowerOff,
    /// The terminal was set up without it.
    NoDevice,
    /// It has a fault that hands alone do not mend.
    HardwareError,
    /// A person keeps it from working, such as by an open cover.
    UserError,
    /// It is occupied for a while and will come back by itself.
    DeviceBusy,
    /// Somebody is tampering with it now.
    FraudAttempt,
    /// Somebody may be tampering with it.
    PotentialFraud,
    /// It is being opened and has said nothing yet.
    Starting,
}

/// XFS4IoT `printer.status.paper`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Paper {
    /// There is a sensor and it cannot be read now.
    Unknown,
    /// Enough.
    Full,
    /// Near its end; slips still come out whole.
    Low,
    /// None left.
    Out,
    /// Stuck.
    Jammed,
}

/// XFS4IoT `printer.status.media`: the printed paper at the outlet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Media {
    /// There is a sensor and it cannot be read now.
    Unknown,
    /// A slip waits at the outlet.
    Present,
    /// The outlet is free.
    NotPresent,
    /// A slip is stuck.
    Jammed,
    /// A slip is on its way.
    Entering,
    /// A slip was taken back.
    Retracted,
}

/// XFS4IoT `cardReader.status.media`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CardMedia {
    /// It cannot be told now.
    Unknown,
    /// A card lies in the field.
    Present,
    /// No card lies in the field.
    NotPresent,
    /// A card is stuck.
    Jammed,
    /// A card is on its way in.
    Entering,
    /// A card is held.
    Latched,
}

/// XFS4IoT `barcodeReader.status.scanner`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Scanner {
    /// It cannot be told now.
    Unknown,
    /// It reads codes.
    On,
    /// It is switched off.
    Off,
    /// It does not work.
    Inoperative,
}

/// XFS4IoT `camera.status.media`: what the camera itself keeps pictures on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CameraMedia {
    /// It cannot be told now.
    Unknown,
    /// There is room.
    Ok,
    /// Nearly full.
    High,
    /// Full.
    Full,
}

/// XFS4IoT `camera.status.cameras`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Cameras {
    /// It cannot be told now.
    Unknown,
    /// It sends pictures.
    Ok,
    /// It does not work.
    Inoperable,
}

/// Who has to do something so that the device works again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Actor {
    /// The person in front of the terminal.
    Citizen,
    /// The hall's staff: paper, covers, plugs.
    Staff,
    /// Somebody with tools.
    Technician,
    /// Nobody: it passes by itself.
    Nobody,
}

/// Why a device does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// The cover is open.
    #[error("the cover is open")]
    CoverOpen,
    /// There is no paper.
    #[error("paper is out")]
    PaperOut,
    /// Paper is stuck.
    #[error("paper is jammed")]
    PaperJam,
    /// The cutter is stuck.
    #[error("the cutter is jammed")]
    Cutter,
    /// The head is too hot; it cools by itself.
    #[error("the print head is too hot")]
    HeadHot,
    /// Somebody holds the feed key.
    #[error("the feed key is pressed")]
    FeedKey,
    /// The device reports a fault that can be cleared.
    #[error("the device reports a recoverable fault")]
    Recoverable,
    /// The device reports a fault that only repair clears.
    #[error("the device reports an unrecoverable fault")]
    Unrecoverable,
    /// The device says that it is offline, and not why.
    #[error("the device is offline")]
    Offline,
    /// The link cannot be opened, or was lost.
    #[error("the device is not connected")]
    NotConnected,
    /// The link is open and nothing answers.
    #[error("the device does not answer")]
    NoAnswer,
    /// What answers does not speak the device's protocol.
    #[error("the device answers with something else than its protocol")]
    Garbled,
    /// The reader's security module (SAM) is out of order.
    #[error("the security module is out of order")]
    SecurityModule,
    /// The slip cannot be turned into bytes, such as when no Chinese font is installed.
    #[error("the slip cannot be drawn")]
    CannotDraw,
    /// A slip waits at the outlet and has to be taken first.
    #[error("a slip waits to be taken")]
    NotTaken,
    /// Toner or ink is used up.
    #[error("toner or ink is out")]
    TonerOut,
    /// The tray that printed sheets fall into is full.
    #[error("the output tray is full")]
    OutputFull,
    /// It is occupied for a while.
    #[error("the device is busy")]
    Busy,
    /// The device is there and the terminal may not use it.
    #[error("the terminal has no right to use the device")]
    NoRight,
    /// The system's service for this kind of device does not run.
    #[error("the service for this device does not run")]
    ServiceDown,
    /// What becomes of slips cannot be written down, so that none is printed.
    #[error("the print ledger cannot be written")]
    NoLedger,
}

impl Cause {
    /// Who must act so that the cause goes away.
    pub fn actor(self) -> Actor {
        match self {
            Self::CoverOpen
            | Self::PaperOut
            | Self::PaperJam
            | Self::Offline
            | Self::Recoverable
            | Self::NotConnected
            | Self::NoAnswer
            | Self::TonerOut
            | Self::OutputFull => Actor::Staff,
            Self::Cutter
            | Self::Unrecoverable
            | Self::Garbled
            | Self::SecurityModule
            | Self::CannotDraw
            | Self::NoRight
            | Self::ServiceDown
            | Self::NoLedger => Actor::Technician,
            Self::HeadHot | Self::FeedKey | Self::Busy => Actor::Nobody,
            Self::NotTaken => Actor::Citizen,
        }
    }

    /// The device state that goes with the cause.
    pub fn device(self) -> DeviceState {
        match self {
            Self::CoverOpen | Self::FeedKey | Self::NotTaken => DeviceState::UserError,
            // A link that cannot be opened tells nothing about power: the cable, the network, the
            // address or a right may be missing just as well.
            Self::PaperOut
            | Self::Offline
            | Self::NotConnected
            | Self::NoAnswer
            | Self::TonerOut
            | Self::OutputFull
            | Self::NoRight
            | Self::ServiceDown
            | Self::NoLedger => DeviceState::Offline,
            Self::PaperJam
            | Self::Cutter
            | Self::Recoverable
            | Self::Unrecoverable
            | Self::Garbled
            | Self::SecurityModule
            | Self::CannotDraw => DeviceState::HardwareError,
            Self::HeadHot | Self::Busy => DeviceState::DeviceBusy,
        }
    }
}

/// What a printer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrinterStatus {
    /// Whether it works.
    pub device: DeviceState,
    /// The roll; `None` without a paper sensor.
    pub paper: Option<Paper>,
    /// The outlet; `None` without an outlet sensor.
    pub media: Option<Media>,
    /// Why it does not work, if it does not.
    pub cause: Option<Cause>,
}

impl PrinterStatus {
    /// The status of a printer that cannot be heard, for this reason.
    pub fn unheard(cause: Cause) -> Self {
        Self {
            device: cause.device(),
            paper: Some(Paper::Unknown),
            media: None,
            cause: Some(cause),
        }
    }

    /// True if a slip can be expected to come out whole.
    pub fn ready(&self) -> bool {
        self.device == DeviceState::Online
            && self.cause.is_none()
            && matches!(self.paper, None | Some(Paper::Full | Paper::Low))
    }
}

/// What a card reader says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReaderStatus {
    /// Whether it works.
    pub device: DeviceState,
    /// The field, as last seen by find or read; `None` without a way to sense it.
    pub media: Option<CardMedia>,
    /// Why it does not work, if it does not.
    pub cause: Option<Cause>,
}

impl ReaderStatus {
    /// The status of a reader that cannot be heard or is out of order, for this reason.
    pub fn faulty(cause: Cause) -> Self {
        Self {
            device: cause.device(),
            media: Some(CardMedia::Unknown),
            cause: Some(cause),
        }
    }

    /// True if a card can be expected to be read.
    pub fn ready(&self) -> bool {
        self.device == DeviceState::Online && self.cause.is_none()
    }
}

/// What a code scanner says, or rather what was heard of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScannerStatus {
    /// Whether it works; [`DeviceState::Starting`] while its port is open and no code has come.
    pub device: DeviceState,
    /// Whether it reads codes.
    pub scanner: Scanner,
    /// Why it does not work, if it does not.
    pub cause: Option<Cause>,
}

impl ScannerStatus {
    /// The status of a scanner that cannot be heard, for this reason.
    pub fn faulty(cause: Cause) -> Self {
        Self {
            device: cause.device(),
            scanner: Scanner::Unknown,
            cause: Some(cause),
        }
    }

    /// True if a code has come. One that was not heard yet may well work: without a `cause` it can be
    /// offered beside another way.
    pub fn ready(&self) -> bool {
        self.device == DeviceState::Online && self.scanner == Scanner::On && self.cause.is_none()
    }
}

/// What a document camera says, or rather what was seen of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CameraStatus {
    /// Whether it works.
    pub device: DeviceState,
    /// Its own storage; `None` without one.
    pub media: Option<CameraMedia>,
    /// Whether it sends pictures.
    pub cameras: Cameras,
    /// Why it does not work, if it does not.
    pub cause: Option<Cause>,
}

impl CameraStatus {
    /// The status of a camera that sends no pictures, for this reason.
    pub fn faulty(cause: Cause) -> Self {
        Self {
            device: cause.device(),
            media: None,
            cameras: if cause.device() == DeviceState::HardwareError {
                Cameras::Inoperable
            } else {
                Cameras::Unknown
            },
            cause: Some(cause),
        }
    }

    /// True if a picture came. Storage does not matter: the terminal keeps no picture there.
    pub fn ready(&self) -> bool {
        self.device == DeviceState::Online && self.cameras == Cameras::Ok && self.cause.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_the_words_of_xfs4iot() {
        let status = PrinterStatus {
            device: DeviceState::UserError,
            paper: Some(Paper::Low),
            media: Some(Media::NotPresent),
            cause: Some(Cause::CoverOpen),
        };
        assert_eq!(
            serde_json::to_string(&status).unwrap(),
            r#"{"device":"userError","paper":"low","media":"notPresent","cause":"coverOpen"}"#
        );
        let status = ReaderStatus::faulty(Cause::NotConnected);
        assert_eq!(
            serde_json::to_string(&status).unwrap(),
            r#"{"device":"offline","media":"unknown","cause":"notConnected"}"#
        );
        let status = CameraStatus::faulty(Cause::Garbled);
        assert_eq!(
            serde_json::to_string(&status).unwrap(),
            r#"{"device":"hardwareError","media":null,"cameras":"inoperable","cause":"garbled"}"#
        );
    }

    #[test]
    fn unknown_is_never_good() {
        let good = PrinterStatus {
            device: DeviceState::Online,
            paper: Some(Paper::Full),
            media: None,
            cause: None,
        };
        assert!(good.ready());
        assert!(
            PrinterStatus {
                paper: None,
                ..good
            }
            .ready(),
            "no such sensor is not a fault"
        );
        assert!(
            !PrinterStatus {
                paper: Some(Paper::Unknown),
                ..good
            }
            .ready()
        );
        assert!(
            !PrinterStatus {
                device: DeviceState::Starting,
                ..good
            }
            .ready()
        );
        assert!(!PrinterStatus::unheard(Cause::NoAnswer).ready());
        assert!(!ReaderStatus::faulty(Cause::NoAnswer).ready());
        let heard = ScannerStatus {
            device: DeviceState::Online,
            scanner: Scanner::On,
            cause: None,
        };
        assert!(heard.ready());
        assert!(
            !ScannerStatus {
                scanner: Scanner::Unknown,
                ..heard
            }
            .ready()
        );
        assert!(!ScannerStatus::faulty(Cause::NotConnected).ready());
        let seen = CameraStatus {
            device: DeviceState::Online,
            media: None,
            cameras: Cameras::Ok,
            cause: None,
        };
        assert!(seen.ready());
        assert!(
            !CameraStatus {
                cameras: Cameras::Unknown,
                ..seen
            }
            .ready()
        );
        assert!(!CameraStatus::faulty(Cause::NoAnswer).ready());
    }
}
