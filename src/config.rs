//! The terminal's configuration: one TOML file, read and checked whole before anything starts
//! (invariant 8). Every key is described in `docs/configuration.md`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use miette::{Diagnostic, LabeledSpan, NamedSource};
use serde::Deserialize;
use toml::Spanned;
use yici_catalog::Lang;
use yici_hal::address::Address;
use yici_hal::escpos::{Charset, Completion, Profile};
use yici_hal::slip::PaperWidth;

use crate::visit::{Hall, Timing};

/// A configuration larger than this is refused, in bytes.
const MOST_BYTES: u64 = 256 * 1024;

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The hall around the terminal.
    pub hall: Hall,
    /// Directory of the catalogue.
    pub catalogue: PathBuf,
    /// The ID card reader; absent on a terminal without one.
    pub card_reader: Option<Address>,
    /// The slip printer; absent on a terminal without one.
    pub printer: Option<Address>,
    /// What the printer can do.
    pub profile: Profile,
    /// The language that an idle terminal speaks.
    pub language: Lang,
    /// Size of the screen in pixels, width and height.
    pub size: (u32, u32),
    /// Times of a visit.
    pub timing: Timing,
}

/// Why a configuration was refused: all problems of the file, each with its place.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ConfigError {
    /// It could not be read at all.
    #[error("cannot read {}: {problem}", path.display())]
    #[diagnostic(help("name a readable TOML file with --config; docs/configuration.md shows one"))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        problem: String,
    },
    /// It says something that cannot be used.
    #[error("{}", summary(path, problems))]
    #[diagnostic(help("docs/configuration.md describes every key"))]
    Refused {
        /// The file.
        path: PathBuf,
        /// Its text, for showing the lines.
        #[source_code]
        text: NamedSource<String>,
        /// Places and what is wrong there.
        #[label(collection)]
        problems: Vec<LabeledSpan>,
    },
}

fn summary(path: &Path, problems: &[LabeledSpan]) -> String {
    format!(
        "{} has {} problem(s); nothing was changed",
        path.display(),
        problems.len()
    )
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem that was found.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let unreadable = |problem: String| ConfigError::Unreadable {
            path: path.to_owned(),
            problem,
        };
        let size = std::fs::metadata(path)
            .map_err(|error| unreadable(error.to_string()))?
            .len();
        if size > MOST_BYTES {
            return Err(unreadable(format!(
                "{size} bytes; at most {MOST_BYTES} are read"
            )));
        }
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        Config::parse(&text, path.parent().unwrap_or(Path::new("."))).map_err(|problems| {
            ConfigError::Refused {
                path: path.to_owned(),
                text: NamedSource::new(path.display().to_string(), text).with_language("toml"),
                problems,
            }
        })
    }

    fn parse(text: &str, base: &Path) -> Result<Config, Vec<LabeledSpan>> {
        let file: File = toml::from_str(text)
            .map_err(|error| vec![label(error.span().unwrap_or(0..0), error.message())])?;
        let mut problems = Vec::new();
        let mut address = |value: Option<Spanned<String>>| {
            let value = value?;
            match value.get_ref().parse::<Address>() {
                Ok(address) => Some(address),
                Err(error) => {
                    problems.push(label(value.span(), &error.to_string()));
                    None
                }
            }
        };
        let card_reader = address(file.devices.card_reader);
        let printer = address(file.devices.printer);
        let paper = match file.printer.paper.get_ref() {
            58 => PaperWidth::Mm58,
            80 => PaperWidth::Mm80,
            other => {
                let message = format!("paper is 58 or 80 (mm wide), not {other}");
                problems.push(label(file.printer.paper.span(), &message));
                PaperWidth::Mm80
            }
        };
        let catalogue = base.join(file.catalogue.directory.get_ref());
        if !catalogue.is_dir() {
            let message = format!("no such directory: {}", catalogue.display());
            problems.push(label(file.catalogue.directory.span(), &message));
        }
        let mut seconds = |value: &Spanned<u64>, least: u64, most: u64| {
            if !(least..=most).contains(value.get_ref()) {
                let message = format!("must be {least} to {most} seconds");
                problems.push(label(value.span(), &message));
            }
            Duration::from_secs(*value.get_ref())
        };
        let timing = Timing {
            idle: seconds(&file.timing.idle_seconds, 2, 600),
            warning: seconds(&file.timing.warning_seconds, 2, 120),
            goodbye: seconds(&file.timing.goodbye_seconds, 1, 60),
            ..Timing::default()
        };
        let mut pixels = |value: &Spanned<u32>| {
            if !(480..=7680).contains(value.get_ref()) {
                problems.push(label(value.span(), "must be 480 to 7680 pixels"));
            }
            *value.get_ref()
        };
        let size = (pixels(&file.screen.width), pixels(&file.screen.height));
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Config {
            hall: file.hall,
            catalogue,
            card_reader,
            printer,
            profile: Profile {
                charset: file.printer.charset,
                completion: file.printer.completion,
                clears_buffer: file.printer.clears_buffer,
                ..Profile::epson(paper)
            },
            language: file.screen.language,
            size,
            timing,
        })
    }
}

fn label(span: std::ops::Range<usize>, message: &str) -> LabeledSpan {
    LabeledSpan::new_with_span(Some(message.to_owned()), span)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    hall: Hall,
    catalogue: Catalogue,
    #[serde(default)]
    devices: Devices,
    #[serde(default)]
    printer: Printer,
    #[serde(default)]
    screen: Screen,
    #[serde(default)]
    timing: Seconds,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    directory: Spanned<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Devices {
    card_reader: Option<Spanned<String>>,
    printer: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Printer {
    paper: Spanned<u32>,
    charset: Charset,
    completion: Completion,
    clears_buffer: bool,
}

impl Default for Printer {
    fn default() -> Self {
        let profile = Profile::epson(PaperWidth::Mm80);
        Printer {
            paper: Spanned::new(0..0, 80),
            charset: profile.charset,
            completion: profile.completion,
            clears_buffer: profile.clears_buffer,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Screen {
    language: Lang,
    width: Spanned<u32>,
    height: Spanned<u32>,
}

impl Default for Screen {
    fn default() -> Self {
        Screen {
            language: Lang::Zh,
            width: Spanned::new(0..0, 1080),
            height: Spanned::new(0..0, 1920),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Seconds {
    idle_seconds: Spanned<u64>,
    warning_seconds: Spanned<u64>,
    goodbye_seconds: Spanned<u64>,
}

impl Default for Seconds {
    fn default() -> Self {
        let timing = Timing::default();
        let seconds = |time: Duration| Spanned::new(0..0, time.as_secs());
        Seconds {
            idle_seconds: seconds(timing.idle),
            warning_seconds: seconds(timing.warning),
            goodbye_seconds: seconds(timing.goodbye),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../demo/kiosk.toml");

    fn problems(text: &str) -> Vec<(String, String)> {
        match Config::parse(
            text,
            Path::new(env!("CARGO_MANIFEST_DIR")).join("demo").as_path(),
        ) {
            Ok(_) => Vec::new(),
            Err(problems) => problems
                .into_iter()
                .map(|problem| {
                    let place = &text[problem.offset()..problem.offset() + problem.len()];
                    (
                        place.to_owned(),
                        problem.label().unwrap_or_default().to_owned(),
                    )
                })
                .collect(),
        }
    }

    #[test]
    fn the_demo_configuration_is_good() {
        assert_eq!(problems(GOOD), []);
    }

    #[test]
    fn an_unknown_key_is_named_where_it_stands() {
        let bad = GOOD.replace("[devices]", "[devices]\nscaner = \"auto\"");
        let found = problems(&bad);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "scaner");
        assert!(found[0].1.contains("unknown field"), "{found:?}");
    }

    #[test]
    fn all_bad_values_are_told_at_once() {
        let bad = GOOD
            .replace("paper = 80", "paper = 76")
            .replace("idle_seconds = 60", "idle_seconds = 0")
            .replace("printer = \"tcp:", "printer = \"lpt:");
        let found = problems(&bad);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.iter().any(|(place, _)| place == "76"));
        assert!(
            found
                .iter()
                .any(|(place, message)| place == "0" && message.contains("2 to 600"))
        );
        assert!(found.iter().any(|(place, _)| place.contains("lpt:")));
    }
}
