//! What the cases came to.

use std::fmt;

use serde::Serialize;

/// What became of one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "outcome", content = "why")]
pub enum Outcome {
    /// The driver did what the case asks for.
    Passed,
    /// It did not, and this is what it did instead.
    Failed(String),
    /// Nothing is known: the bench could not play it, for this reason.
    NotRun(String),
}

/// One case and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Name of the case; unique in its class.
    pub case: String,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// What all cases of a class came to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// The cases, in the order in which they ran.
    pub cases: Vec<Finding>,
}

impl Report {
    /// Names of the cases that failed, each with what happened.
    pub fn failed(&self) -> Vec<(&str, &str)> {
        self.pick(|outcome| match outcome {
            Outcome::Failed(why) => Some(why),
            Outcome::Passed | Outcome::NotRun(_) => None,
        })
    }

    /// Names of the cases that were not run, each with the reason.
    pub fn not_run(&self) -> Vec<(&str, &str)> {
        self.pick(|outcome| match outcome {
            Outcome::NotRun(why) => Some(why),
            Outcome::Passed | Outcome::Failed(_) => None,
        })
    }

    fn pick(&self, why: impl Fn(&Outcome) -> Option<&String>) -> Vec<(&str, &str)> {
        let picked = self
            .cases
            .iter()
            .filter_map(|one| Some((one.case.as_str(), why(&one.outcome)?.as_str())));
        picked.collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for one in &self.cases {
            let (word, why) = match &one.outcome {
                Outcome::Passed => ("passed", ""),
                Outcome::Failed(why) => ("FAILED", why.as_str()),
                Outcome::NotRun(why) => ("not run", why.as_str()),
            };
            writeln!(
                f,
                "{word:<8} {:<44} {:>6} ms  {why}",
                one.case, one.milliseconds
            )?;
        }
        let (failed, not_run) = (self.failed().len(), self.not_run().len());
        write!(
            f,
            "{} passed, {failed} failed, {not_run} not run",
            self.cases.len() - failed - not_run
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_run_is_never_counted_as_passed() {
        let finding = |case: &str, outcome| Finding {
            case: case.into(),
            outcome,
            milliseconds: 7,
        };
        let report = Report {
            cases: vec![
                finding("good", Outcome::Passed),
                finding("bad", Outcome::Failed("said nothing".into())),
                finding("none", Outcome::NotRun("no hands".into())),
            ],
        };
        assert_eq!(report.failed(), [("bad", "said nothing")]);
        assert_eq!(report.not_run(), [("none", "no hands")]);
        assert!(
            report
                .to_string()
                .ends_with("1 passed, 1 failed, 1 not run")
        );
        assert_eq!(
            serde_json::to_string(&report.cases[1]).unwrap(),
            r#"{"case":"bad","outcome":"failed","why":"said nothing","milliseconds":7}"#
        );
    }
}
