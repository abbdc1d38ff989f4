//! What one model of printer can do: a file for each model, in `hal/profiles/`.

use serde::{Deserialize, Serialize};

use crate::slip::PaperWidth;

/// What one model of printer can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Profile {
    /// Width of its paper.
    pub paper: PaperWidth,
    /// Dots across its head; at least those of its paper.
    pub dots: u16,
    /// Characters that it has; lines with others are drawn.
    pub charset: Charset,
    /// How it gets QR codes.
    pub qr: QrMethod,
    /// Whether it takes `GS P x y`, which makes one motion unit a dot. On printers where the command
    /// means something else, a motion unit is a dot from the start.
    pub motion_units: bool,
    /// How it proves that a slip came out.
    pub completion: Completion,
    /// Whether it clears its buffers when told so in real time (`DLE DC4` fn 8). Without this, the
    /// rest of a slip that a fault stopped may come out for the next citizen.
    pub clears_buffer: bool,
    /// How it cuts.
    pub cut: Cut,
    /// Dots of blank paper below a slip; with [`Cut::EscI`] and [`Cut::EscM`], which do not feed, this
    /// includes the way from head to cutter.
    pub cut_feed: u8,
    /// What it says when asked how it is.
    pub status: StatusRequests,
    /// Its outlet; `None` if nothing senses paper there: then it is never known that a slip was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlet: Option<Outlet>,
}

/// The characters that a printer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Charset {
    /// ASCII alone: no Chinese mode either.
    Ascii,
    /// GB 2312: 6,763 ideographs.
    Gb2312,
    /// GBK: 21,003 ideographs; not 䶮, 㐂, 𠮷, 𬭎.
    Gbk,
    /// GB 18030-2000: 27,484 ideographs, those of the basic plane; 䶮 and 㐂, but not 𠮷 and 𬭎, which
    /// have codes there while printers' fonts have no shapes for them.
    Gb18030,
}

/// How a printer proves that a slip came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Completion {
    /// It returns an id that was queued behind the slip (`GS ( H` fn 48).
    ProcessId,
    /// It answers a status request that was queued behind the slip (`GS r 1`). Weaker: the answer
    /// carries no id, and some printers give it when the slip has been received, not printed.
    TransmitStatus,
    /// It has no such answer: whether a slip came out is never known.
    None,
}

/// How a printer gets QR codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QrMethod {
    /// It draws them itself (`GS ( k`).
    Native,
    /// They are sent as pictures.
    Raster,
}

/// How a printer cuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cut {
    /// `GS V 66 n`: feeds to the cutter, and leaves one point.
    Partial,
    /// `GS V 65 n`: feeds to the cutter, and cuts all.
    Full,
    /// `ESC i`, where the paper is.
    EscI,
    /// `ESC m`, where the paper is.
    EscM,
    /// The presenter's command cuts.
    Presenter,
}

/// What a printer says when asked how it is (`DLE EOT n`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StatusRequests {
    /// Which of 1 to 4 it answers by a status byte.
    pub requests: Requests,
    /// Whether it answers while it prints.
    pub while_printing: bool,
    /// Whether it senses the end of the paper.
    pub paper_end: bool,
    /// Whether it senses that the paper is near its end. Without this its paper is never called full.
    pub near_end: bool,
}

/// Some of `DLE EOT` 1 to 4, in this order; 1 is among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
pub struct Requests([bool; 4]);

impl Requests {
    /// All four.
    pub const ALL: Self = Self([true; 4]);

    /// Their numbers, ascending.
    pub fn numbers(self) -> impl Iterator<Item = u8> {
        (1..=4u8)
            .zip(self.0)
            .filter_map(|(number, asked)| asked.then_some(number))
    }
}

impl TryFrom<Vec<u8>> for Requests {
    type Error = &'static str;

    fn try_from(numbers: Vec<u8>) -> Result<Self, Self::Error> {
        let ascending = numbers.windows(2).all(|pair| pair[0] < pair[1]);
        if numbers.first() != Some(&1) || !ascending || numbers.last() > Some(&4) {
            return Err("requests are some of 1, 2, 3, 4, in this order, with 1");
        }
        Ok(Self([1, 2, 3, 4].map(|number| numbers.contains(&number))))
    }
}

impl From<Requests> for Vec<u8> {
    fn from(requests: Requests) -> Self {
        requests.numbers().collect()
    }
}

/// The outlet of a printer that senses paper there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Outlet {
    /// Which answer has the sensor.
    pub sensor: OutletSensor,
    /// Whether all bits of that answer mean the opposite.
    pub inverted: bool,
    /// How a slip is presented.
    pub present: Present,
    /// How far [`Present::GsE`] presents, in the printer's steps.
    #[serde(default)]
    pub steps: u8,
    /// Whether it is known to take slips back: many do so only once that was switched on in their setup,
    /// and push them out otherwise. Without this, nobody knows who has a slip that went at the end of its
    /// time.
    #[serde(default)]
    pub retracts: bool,
    /// Seconds until a slip that nobody took is taken back, or called not taken; at least 5.
    pub take_within: u8,
}

/// Which answer has the sensor at the outlet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutletSensor {
    /// `DLE EOT 5`, one byte: 01 blocked, 02 pulled, 04 paper, 08 jam, 80 container.
    #[serde(rename = "dle-eot-5")]
    DleEot5,
    /// `DLE EOT 20`, six bytes from `10 0F`; 20 in the third is paper.
    #[serde(rename = "dle-eot-20")]
    DleEot20,
    /// `GS e 6`, one byte: 08 paper, 40 error, 80 jam. Queued, so that a printer in trouble is silent.
    #[serde(rename = "gs-e-6")]
    GsE6,
}

/// How a slip is presented, and taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Present {
    /// Not at all: it hangs at the outlet once it is cut, and is never taken back.
    None,
    /// `GS e 3 m` presents, `GS e 2` takes back when told.
    GsE,
    /// `FS P len blink 'R' seconds` presents, and takes back by itself.
    FsP,
}

/// A model and its profile.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// What it is called.
    pub model: String,
    /// What it can do.
    pub profile: Profile,
}

/// Why a profile is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// There is none under this name.
    #[error("no printer profile `{0}`; there are {names}", names = names())]
    Unknown(String),
    /// The file is not as it should be.
    #[error("{0}")]
    File(String),
    /// It says two things that do not go together.
    #[error("{0}")]
    Contradiction(&'static str),
}

/// The files of the models, by their names in a configuration.
const FILES: [(&str, &str); 7] = [
    (
        "epson-compatible",
        include_str!("../../profiles/epson-compatible.toml"),
    ),
    (
        "masung-ms-d347",
        include_str!("../../profiles/masung-ms-d347.toml"),
    ),
    (
        "custom-vkp80iii",
        include_str!("../../profiles/custom-vkp80iii.toml"),
    ),
    (
        "pyramid-reliance",
        include_str!("../../profiles/pyramid-reliance.toml"),
    ),
    (
        "pyramid-phoenix",
        include_str!("../../profiles/pyramid-phoenix.toml"),
    ),
    (
        "rongta-rp332",
        include_str!("../../profiles/rongta-rp332.toml"),
    ),
    (
        "xprinter-58",
        include_str!("../../profiles/xprinter-58.toml"),
    ),
];

fn names() -> String {
    FILES.map(|(name, _)| name).join(", ")
}

impl Model {
    /// The names of all models that are built in.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FILES.into_iter().map(|(name, _)| name)
    }

    /// The model of this name.
    ///
    /// # Errors
    /// [`ProfileError::Unknown`] with the names that there are.
    pub fn named(name: &str) -> Result<Self, ProfileError> {
        let file = FILES.into_iter().find(|(known, _)| *known == name);
        let (_, text) = file.ok_or_else(|| ProfileError::Unknown(name.into()))?;
        Self::parse(text)
    }

    /// Reads a file of the form of those in `hal/profiles/`.
    ///
    /// # Errors
    /// [`ProfileError`] if it is not of that form, or contradicts itself.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let model: Self =
            toml::from_str(text).map_err(|error| ProfileError::File(error.to_string()))?;
        model.profile.check()?;
        Ok(model)
    }
}

impl Profile {
    /// An Epson TM or a printer made after it, with a GB 18030 character set: what
    /// `epson-compatible.toml` says, on this paper.
    pub const fn epson(paper: PaperWidth) -> Self {
        Self {
            paper,
            dots: 576,
            charset: Charset::Gb18030,
            qr: QrMethod::Native,
            motion_units: true,
            completion: Completion::ProcessId,
            clears_buffer: true,
            cut: Cut::Partial,
            cut_feed: 24,
            status: StatusRequests {
                requests: Requests::ALL,
                while_printing: true,
                paper_end: true,
                near_end: true,
            },
            outlet: None,
        }
    }

    /// Whether everything in it goes together.
    ///
    /// # Errors
    /// [`ProfileError::Contradiction`] if not.
    pub fn check(&self) -> Result<(), ProfileError> {
        let sensor = self.outlet.map(|outlet| outlet.sensor);
        let present = self.outlet.map_or(Present::None, |outlet| outlet.present);
        let told = |contradicts, what| match contradicts {
            true => Err(ProfileError::Contradiction(what)),
            false => Ok(()),
        };
        told(
            usize::from(self.dots) < self.paper.dots(),
            "the paper is wider than what this model prints",
        )?;
        told(
            self.cut == Cut::Presenter && present == Present::None,
            "`cut = \"presenter\"` needs a presenter",
        )?;
        // Answers without an id, of any value: one could pass for the other.
        told(
            sensor == Some(OutletSensor::GsE6) && self.completion == Completion::TransmitStatus,
            "`sensor = \"gs-e-6\"` does not go with `completion = \"transmit-status\"`",
        )?;
        told(
            self.outlet.is_some_and(|outlet| outlet.take_within < 5),
            "`take-within` is 5 seconds at least",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_can_be_read() {
        for name in Model::names() {
            let model = Model::named(name).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(!model.model.is_empty(), "{name}");
        }
        let epson = Model::named("epson-compatible").unwrap();
        assert_eq!(epson.profile, Profile::epson(PaperWidth::Mm80));
    }

    #[test]
    fn an_unknown_model_is_refused_with_the_list() {
        let error = Model::named("masung").unwrap_err().to_string();
        assert!(error.contains("`masung`"), "{error}");
        assert!(Model::names().all(|name| error.contains(name)), "{error}");
    }

    #[test]
    fn what_a_model_lacks_is_not_there() {
        let profile = |name| Model::named(name).unwrap().profile;
        assert_eq!(profile("xprinter-58").outlet, None);
        assert!(!profile("xprinter-58").status.near_end);
        assert_eq!(
            profile("pyramid-phoenix")
                .status
                .requests
                .numbers()
                .collect::<Vec<_>>(),
            [1, 2, 4]
        );
    }

    #[test]
    fn contradictions_and_unknown_keys_are_refused() {
        let good = include_str!("../../profiles/pyramid-reliance.toml");
        assert!(Model::parse(good).is_ok());
        for (from, to) in [
            ("dots = 576", "dots = 384"),
            ("present = \"gs-e\"", "present = \"none\""),
            ("take-within = 60", "take-within = 4"),
            ("requests = [1, 2, 3, 4]", "requests = [2, 1]"),
            ("requests = [1, 2, 3, 4]", "requests = [1, 5]"),
            ("requests = [1, 2, 3, 4]", "requests = []"),
            ("qr =", "qrcode ="),
            ("inverted = false\n", ""),
        ] {
            let bad = good.replace(from, to);
            assert_ne!(bad, good, "{from}");
            assert!(Model::parse(&bad).is_err(), "{to}");
        }
        let bad = good
            .replace("dle-eot-20", "gs-e-6")
            .replace("completion = \"none\"", "completion = \"transmit-status\"");
        assert!(matches!(
            Model::parse(&bad),
            Err(ProfileError::Contradiction(_))
        ));
    }
}
