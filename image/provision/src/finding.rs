//! What is wrong with a setup file, in Chinese and English.

use std::ops::Range;

use serde::Serialize;
use yici_catalog::{Lang, Text};

/// A setup file that was refused whole. It never quotes an enrolment code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("the setup file was refused: {}", .findings.iter().map(|finding| finding.say(Lang::En)).collect::<Vec<_>>().join("; "))]
pub struct Refused {
    /// Everything that is wrong, by line; never empty.
    pub findings: Vec<Finding>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The kind of mistake.
    pub code: Code,
    /// The line, from 1; none where the file as a whole is meant.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub message: Text,
}

/// The kind of a mistake. The written form is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// Larger than [`crate::MAX_BYTES`].
    TooBig,
    /// Not UTF-8.
    NotText,
    /// No setup file's code: a QR code that holds something else, or a part of one.
    NotSetup,
    /// There is no signature at its end.
    Unsigned,
    /// The signature's lines are cut or rewritten.
    BadSignature,
    /// Signed by a key that is not trusted.
    WrongKey,
    /// Changed after it was signed.
    Edited,
    /// Its time is over.
    Expired,
    /// Its time has not begun.
    NotYetValid,
    /// Older than what was applied already.
    Replayed,
    /// Made for other machines.
    OtherMachine,
    /// Not TOML, an unknown or missing key, or a value of the wrong type.
    Syntax,
    /// A value that cannot be used.
    BadValue,
}

impl Refused {
    pub(crate) fn whole(code: Code, zh: impl Into<String>, en: impl Into<String>) -> Refused {
        let finding = Finding {
            code,
            line: None,
            message: Text::of(zh, en),
        };
        Refused {
            findings: vec![finding],
        }
    }
}

impl Finding {
    pub(crate) fn at(file: &str, span: Range<usize>, code: Code, message: Text) -> Finding {
        Finding {
            code,
            line: Some(line_of(file, span.start)),
            message,
        }
    }

    /// One line for people.
    pub fn say(&self, lang: Lang) -> String {
        match (lang, self.line) {
            (Lang::Zh, Some(line)) => format!("第 {line} 行：{}", self.message.zh),
            (Lang::En, Some(line)) => format!("line {line}: {}", self.message.en),
            (Lang::Zh, None) => self.message.zh.clone(),
            (Lang::En, None) => self.message.en.clone(),
        }
    }
}

/// The line of a byte, from 1.
pub(crate) fn line_of(file: &str, byte: usize) -> usize {
    let before = file.as_bytes().iter().take(byte);
    1 + before.filter(|byte| **byte == b'\n').count()
}
