//! Made-up people. Names, addresses and numbers are invented; the check digits are right.

use serde::{Deserialize, Serialize};

/// What is on a person's card. Texts are as the card has them: sex `1` or `2`, nation by GB/T 3304,
/// dates `YYYYMMDD`, the end of validity perhaps `长期`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    #[serde(default)]
    pub kind: Kind,
    /// Chinese name, at most 15 characters; empty for a foreigner without one.
    #[serde(default)]
    pub name: String,
    pub english_name: Option<String>,
    pub sex: String,
    #[serde(default = "han")]
    pub nation: String,
    pub birth: String,
    #[serde(default)]
    pub address: String,
    /// A newer address, written to the card later.
    pub new_address: Option<String>,
    pub number: String,
    #[serde(default)]
    pub issuer: String,
    pub valid_from: String,
    pub valid_to: String,
    pub pass_number: Option<String>,
    pub issue_count: Option<String>,
    pub nationality: Option<String>,
}

/// Which card it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Resident ID card.
    #[default]
    Citizen,
    /// Residence permit for Hong Kong, Macao and Taiwan residents.
    J,
    /// Foreigner's permanent residence card of 2023.
    Y,
    /// Foreigner's permanent residence card of 2017.
    I,
}

impl Kind {
    /// The type flag.
    pub fn flag(self) -> &'static str {
        match self {
            Self::Citizen => " ",
            Self::J => "J",
            Self::Y => "Y",
            Self::I => "I",
        }
    }
}

/// Names of the built-in people.
pub fn people() -> Vec<String> {
    // The file below is checked by a test, so that this cannot fail at run time.
    built_in()
        .map(|people| people.keys().cloned().collect())
        .unwrap_or_default()
}

/// A built-in person by name, or one from a TOML file.
///
/// # Errors
/// What is wrong, in words.
pub fn person(who: &str) -> Result<Person, String> {
    if who.ends_with(".toml") || who.contains('/') {
        let text = std::fs::read_to_string(who).map_err(|error| format!("{who}: {error}"))?;
        return toml::from_str(&text).map_err(|error| format!("{who}: {error}"));
    }
    let value = built_in()?.remove(who).ok_or_else(|| {
        format!(
            "nobody is called `{who}`; there are {}",
            people().join(", ")
        )
    })?;
    value.try_into().map_err(|error| format!("{who}: {error}"))
}

fn built_in() -> Result<toml::Table, String> {
    toml::from_str(include_str!("people.toml")).map_err(|error| error.to_string())
}

fn han() -> String {
    "01".into()
}
