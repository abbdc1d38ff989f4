//! The proof of a whole catalogue as a file, for `yici-catalog-verify` to recheck.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::finding::{Code, Finding, LoadError};
use crate::load::{REGIONS_DIR, overlaid, read_files};
use crate::model::{Catalog, Matter, Question};
use crate::plan::bit;
use crate::proof::{Leaf, ProofStep};
use crate::sufficiency::Sufficiency;

/// The version of the certificate's format.
const FORMAT: u32 = 1;

/// For each matter the proof that every possible set of answers falls into exactly one window or
/// situation, bound to the files that it is about. Written as JSON.
#[derive(Debug, Clone, Serialize)]
pub struct Certificate {
    /// The version of the format: 1.
    pub format: u32,
    /// The SHA-256 of each TOML file, in hexadecimal.
    pub files: BTreeMap<String, String>,
    /// The steps of each matter's proof, by the matter's id.
    pub matters: BTreeMap<String, Vec<CertificateStep>>,
}

/// A step of a proof by names. The proofs of a cut's parts follow it one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CertificateStep {
    /// A question, and its options in parts.
    Cut(String, Vec<Vec<String>>),
    /// A written situation that alone applies.
    Situation(String),
    /// The first of the windows that serve everybody here.
    Window(String),
}

impl Catalog {
    /// Loads a catalogue that serves what is written in its files: where overlays change them for
    /// its own region, it is refused. Only such a one can be certified, signed and installed.
    ///
    /// # Errors
    /// What is wrong with the catalogue, or which overlay changes it.
    pub fn load_as_written(dir: &Path) -> Result<Catalog, LoadError> {
        let catalog = Catalog::load(dir)?;
        let overlaid = overlaid(dir).map_err(LoadError::new)?;
        if let Some(region) = overlaid.first() {
            let message = format!(
                "the files are not what region {} has: {region} overlays them",
                catalog.region_code
            );
            let finding = Finding::of_file(Code::BadValue, REGIONS_DIR, message);
            return Err(LoadError::new(vec![
                finding.help("`kiosk catalog region DIR CODE --out NEW` writes one without overlays, to be certified"),
            ]));
        }
        Ok(catalog)
    }

    /// Tries whether every department gets its own form and materials in every matter, see
    /// [`Matter::sufficiency`]. Returns how much was tried.
    ///
    /// # Errors
    /// What a department would not get.
    pub fn sufficiency(&self) -> Result<Sufficiency, LoadError> {
        let mut all = Sufficiency::default();
        let mut findings = Vec::new();
        for matter in &self.matters {
            let tried = matter.sufficiency();
            all.kinds += tried.kinds;
            all.choices += tried.choices;
            let file = format!("{}.toml", matter.id);
            let found = |what| Finding::of_file(Code::Insufficient, &file, what);
            findings.extend(tried.missing.into_iter().map(found));
        }
        match findings.is_empty() {
            true => Ok(all),
            false => Err(LoadError::new(findings)),
        }
    }

    /// Loads a catalogue as it is written, tries the merging of every kind of situation, and
    /// certifies it.
    ///
    /// # Errors
    /// What is wrong with the catalogue.
    pub fn certify(dir: &Path) -> Result<(Catalog, Certificate), LoadError> {
        let catalog = Catalog::load_as_written(dir)?;
        catalog.sufficiency()?;
        // Should a file change between the two readings, the certificate is refused as stale.
        let files = read_files(dir).map_err(LoadError::new)?;
        let sum = |text: &str| data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()));
        let certificate = Certificate {
            format: FORMAT,
            files: files
                .iter()
                .map(|(name, text)| (name.clone(), sum(text)))
                .collect(),
            matters: catalog
                .matters
                .iter()
                .map(|matter| (matter.id.clone(), matter.certificate()))
                .collect(),
        };
        Ok((catalog, certificate))
    }
}

impl Matter {
    /// The proof that every possible set of answers falls into exactly one window or situation.
    pub fn certificate(&self) -> Vec<CertificateStep> {
        let windows: Vec<&str> = self.windows.iter().map(|w| w.id.as_str()).collect();
        let mut written: Vec<&str> = self.situations.iter().map(|s| s.base.as_str()).collect();
        written.dedup();
        named(&self.proof, &self.questions, &windows, &written)
    }
}

/// Steps by the names of questions, windows and written situations.
pub fn named(
    steps: &[ProofStep],
    questions: &[Question],
    windows: &[&str],
    situations: &[&str],
) -> Vec<CertificateStep> {
    let step = |step: &ProofStep| match step {
        ProofStep::Leaf(Leaf::Window(w)) => CertificateStep::Window(windows[*w].to_owned()),
        ProofStep::Leaf(Leaf::Situation(s)) => {
            CertificateStep::Situation(situations[*s].to_owned())
        }
        ProofStep::Cut { question, parts } => {
            let question = &questions[*question];
            let ids = |part: &u64| {
                let options = question.options.iter().enumerate();
                let taken = options.filter(|(o, _)| part & bit(*o) != 0);
                taken.map(|(_, option)| option.id.clone()).collect()
            };
            CertificateStep::Cut(question.id.clone(), parts.iter().map(ids).collect())
        }
    };
    steps.iter().map(step).collect()
}

/// JSON with one step a line, so that two certificates can be compared.
impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = json(&self.files)?;
        write!(
            f,
            "{{\"format\":{},\n\"files\":{files},\n\"matters\":{{",
            self.format
        )?;
        for (n, (id, steps)) in self.matters.iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            write!(f, "{comma}\n{}:[", json(id)?)?;
            for (n, step) in steps.iter().enumerate() {
                let comma = if n == 0 { "" } else { "," };
                write!(f, "{comma}\n{}", json(step)?)?;
            }
            f.write_str("]")?;
        }
        f.write_str("}}\n")
    }
}

fn json(value: &impl Serialize) -> Result<String, fmt::Error> {
    serde_json::to_string(value).map_err(|_| fmt::Error)
}
