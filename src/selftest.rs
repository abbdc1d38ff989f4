//! The readiness report: what a technician leaves behind after setting a terminal up. Screen, paper
//! and JSON are one model, and the code on the paper carries the hash of the JSON.

use jiff::Timestamp;
use serde::Serialize;
use yici_catalog::{Lang, Text};
use yici_contract::Digest;
use yici_hal::status::Actor;

use crate::health::who;

/// What a terminal came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The terminal's name in its hall.
    pub terminal: String,
    /// The program's version.
    pub version: &'static str,
    /// By the terminal's clock, which may be what is wrong.
    pub made: Timestamp,
    /// What was looked at, in the order in which a technician goes on.
    pub checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// The name in machine-readable output, such as `id-card` or `disk`.
    pub id: &'static str,
    /// The name that people know it by.
    pub name: Text,
    /// What came of it.
    pub state: State,
    /// In plain words.
    pub says: Text,
    /// What to do, and who does it; nothing where there is nothing to do.
    pub next: Option<Step>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// In one line.
    pub what: Text,
    /// By whom.
    pub actor: Actor,
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It works.
    Good,
    /// It could not be told. Never shown as good.
    Unknown,
    /// It does not work.
    Fault,
}

impl State {
    /// The sign before a line.
    pub fn sign(self) -> char {
        match self {
            Self::Good => '✓',
            Self::Unknown => '?',
            Self::Fault => '✗',
        }
    }
}

impl Report {
    /// Whether nothing was found that keeps the terminal from serving.
    pub fn ready(&self) -> bool {
        self.checks.iter().all(|check| check.state != State::Fault)
    }

    /// The checks that came to this, in their order.
    pub fn came_to(&self, state: State) -> impl Iterator<Item = &Check> {
        let came = move |check: &&Check| check.state == state;
        self.checks.iter().filter(came)
    }

    /// The SHA-256 of the report as compact JSON, in hexadecimal.
    pub fn sha256(&self) -> String {
        // Every field is a text, a number or a list of such: nothing that JSON could not hold.
        let json = serde_json::to_string(self).unwrap_or_default();
        Digest::of(json.as_bytes()).to_string()
    }

    /// What the code on the paper says: `yici-selftest:1:TERMINAL:SHA256`.
    pub fn code(&self) -> String {
        format!("yici-selftest:1:{}:{}", self.terminal, self.sha256())
    }

    /// One line that says it all.
    pub fn summary(&self, lang: Lang) -> String {
        let count = |state| self.came_to(state).count();
        let (faults, unknown) = (count(State::Fault), count(State::Unknown));
        match (lang, faults, unknown) {
            (Lang::Zh, 0, 0) => "全部正常，可以开始服务".into(),
            (Lang::En, 0, 0) => "all is well: ready to serve".into(),
            (Lang::Zh, 0, unknown) => format!("没有故障，{unknown} 项说不清，请看一眼"),
            (Lang::En, 0, unknown) => {
                format!("no fault, {unknown} that cannot be told: look at them")
            }
            (Lang::Zh, faults, 0) => format!("{faults} 项有故障"),
            (Lang::En, faults, 0) => format!("{faults} with a fault"),
            (Lang::Zh, faults, unknown) => format!("{faults} 项有故障，{unknown} 项说不清"),
            (Lang::En, faults, unknown) => {
                format!("{faults} with a fault, {unknown} that cannot be told")
            }
        }
    }
}

impl Step {
    /// What to do and who does it, in one line.
    pub fn line(&self, lang: Lang) -> String {
        let who = who(self.actor, lang);
        match lang {
            Lang::Zh => format!("{}（{who}）", self.what.zh),
            Lang::En => format!("{} ({who})", self.what.en),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(states: &[State]) -> Report {
        Report {
            terminal: "A-01".into(),
            version: "0.1.0",
            made: Timestamp::UNIX_EPOCH,
            checks: states
                .iter()
                .map(|state| Check {
                    id: "disk",
                    name: Text::of("磁盘", "disk"),
                    state: *state,
                    says: Text::of("还有地方", "there is room"),
                    next: None,
                })
                .collect(),
        }
    }

    #[test]
    fn what_cannot_be_told_is_no_fault_and_not_good() {
        let unknown = report(&[State::Good, State::Unknown]);
        assert!(unknown.ready());
        assert!(unknown.summary(Lang::Zh).contains("说不清"));
        assert!(!report(&[State::Good, State::Fault]).ready());
        assert!(report(&[State::Good]).summary(Lang::En).contains("ready"));
    }

    #[test]
    fn the_code_changes_with_anything_in_the_report() {
        let good = report(&[State::Good]);
        assert_ne!(good.code(), report(&[State::Fault]).code());
        let hash = good.sha256();
        assert_eq!(hash.len(), 64);
        assert!(good.code().ends_with(&hash));
    }
}
