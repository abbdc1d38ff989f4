//! The models that are played: which commands they know, what they answer, and how paper leaves them.
//! From their makers' manuals and SDKs as far as these are public; hal/profiles says what is not known.

use clap::ValueEnum;

use super::text::Charset;

/// The models by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Model {
    /// Epson TM and those made after it
    EpsonCompatible,
    /// Masung MS-D347: sensor at the outlet, no presenter
    MasungMsD347,
    /// Custom VKP80III: presenter that takes back by itself
    CustomVkp80iii,
    /// Pyramid Reliance: presenter that takes back when told
    PyramidReliance,
    /// An 80 mm kiosk printer whose ejector has a status byte of its own
    Ejector,
    /// Pyramid Phoenix: answers in order, and not in real time
    PyramidPhoenix,
    /// Rongta RP332
    RongtaRp332,
    /// Small 58 mm printer
    #[value(name = "xprinter-58")]
    Xprinter58,
}

/// What a model does.
#[derive(Debug, Clone, Copy)]
pub struct Features {
    /// Printed dots across.
    pub dots: usize,
    pub charset: Charset,
    /// The n of `DLE EOT n` that it answers.
    pub requests: &'static [u8],
    /// When it answers them.
    pub answers: Answers,
    /// Answers `GS ( H`.
    pub process_id: bool,
    /// Answers `GS r`.
    pub transmit_status: bool,
    /// Clears its buffers when told in real time.
    pub clears: bool,
    /// Draws QR codes.
    pub qr: bool,
    /// What `GS P` is.
    pub gs_p: GsP,
    /// Has a sensor at the end of the roll.
    pub near_end: bool,
    /// What is at its outlet.
    pub outlet: Outlet,
}

/// When status requests are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// At once.
    AtOnce,
    /// At once, and not at all while paper moves.
    AtRest,
    /// In order, behind what is being printed.
    InOrder,
}

/// What `GS P` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GsP {
    /// Motion units, two bytes.
    MotionUnits,
    /// Alignment of bar codes, one byte.
    BarCodes,
}

/// What is at the outlet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlet {
    /// Nothing: a slip that is cut off is out.
    None,
    /// A sensor: a slip that hangs there is seen.
    Sensor,
    /// A presenter driven by `GS e`; paper that comes out is seen.
    GsE,
    /// A presenter driven by `FS P`; paper stays inside until it is presented.
    FsP,
}

const EPSON: Features = Features {
    dots: 576,
    charset: Charset::Gb18030,
    requests: &[1, 2, 3, 4],
    answers: Answers::AtOnce,
    process_id: true,
    transmit_status: true,
    clears: true,
    qr: true,
    gs_p: GsP::MotionUnits,
    near_end: true,
    outlet: Outlet::None,
};

/// Like it, and nothing that was not read in a manual.
const PLAIN: Features = Features {
    process_id: false,
    transmit_status: false,
    clears: false,
    ..EPSON
};

impl Model {
    /// What it does.
    pub fn features(self) -> Features {
        match self {
            Self::EpsonCompatible => EPSON,
            Self::MasungMsD347 => Features {
                charset: Charset::Gb2312,
                requests: &[1, 2, 3, 4, 5],
                transmit_status: true,
                qr: false,
                gs_p: GsP::BarCodes,
                outlet: Outlet::Sensor,
                ..PLAIN
            },
            Self::CustomVkp80iii => Features {
                charset: Charset::Ascii,
                requests: &[1, 2, 3, 4, 20],
                outlet: Outlet::FsP,
                ..PLAIN
            },
            Self::PyramidReliance => Features {
                charset: Charset::Ascii,
                requests: &[1, 2, 3, 4, 20],
                answers: Answers::AtRest,
                qr: false,
                outlet: Outlet::GsE,
                ..PLAIN
            },
            Self::Ejector => Features {
                outlet: Outlet::GsE,
                ..EPSON
            },
            Self::PyramidPhoenix => Features {
                charset: Charset::Ascii,
                answers: Answers::InOrder,
                ..PLAIN
            },
            Self::RongtaRp332 => Features {
                charset: Charset::Gbk,
                ..PLAIN
            },
            Self::Xprinter58 => Features {
                dots: 384,
                charset: Charset::Gb2312,
                near_end: false,
                ..PLAIN
            },
        }
    }
}
