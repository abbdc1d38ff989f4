//! What the scripted citizen does, one step a line.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

/// How long a step waits for what it needs.
const PATIENCE: Duration = Duration::from_secs(15);

/// A step with the line it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub line: usize,
    pub deed: Deed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    /// Touch what is labelled so, as soon as it can be touched.
    Tap(String),
    /// Wait until a text is visible.
    Wait(String, Duration),
    /// Fail if a text is visible.
    Absent(String),
    /// Touch keys one by one.
    Type(String),
    /// Draw a signature within what is labelled "签名处" or "Signature".
    Sign,
    /// Write a picture now.
    Shot(String),
    /// The citizen's hands: a shell command.
    Do(String),
    Sleep(Duration),
    /// Stop the terminal.
    End,
}

/// Why a script cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The file cannot be read.
    #[error("cannot read the script {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line is no step.
    #[error("{}:{line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

pub(super) fn load(path: &Path) -> Result<Vec<Step>, ScriptError> {
    let text = fs::read_to_string(path).map_err(|source| ScriptError::Read {
        path: path.into(),
        source,
    })?;
    parse(&text).map_err(|(line, problem)| ScriptError::Line {
        path: path.into(),
        line,
        problem,
    })
}

fn parse(text: &str) -> Result<Vec<Step>, (usize, String)> {
    let mut steps = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let deed = deed(line).map_err(|problem| (at + 1, problem))?;
        steps.push(Step { line: at + 1, deed });
    }
    Ok(steps)
}

fn deed(line: &str) -> Result<Deed, String> {
    let (verb, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let needed = |what: &str| match rest {
        "" => Err(format!("`{verb}` needs {what}")),
        rest => Ok(rest.to_owned()),
    };
    match verb {
        "tap" => needed("the label to touch").map(Deed::Tap),
        "wait" => {
            let text = needed("a text to wait for")?;
            Ok(
                match text
                    .rsplit_once(char::is_whitespace)
                    .map(|(text, last)| (text, last.parse()))
                {
                    Some((text, Ok(seconds))) => {
                        Deed::Wait(text.trim().to_owned(), Duration::from_secs(seconds))
                    }
                    Some((_, Err(_))) | None => Deed::Wait(text, PATIENCE),
                },
            )
        }
        "absent" => needed("a text that must not be visible").map(Deed::Absent),
        "type" => needed("the keys to touch").map(Deed::Type),
        "sign" => match rest {
            "" => Ok(Deed::Sign),
            _ => Err("`sign` needs nothing".to_owned()),
        },
        "shot" => {
            let name = needed("a name for the picture")?;
            match name.contains(['/', '\\']) {
                true => Err("the name of a picture holds no path".to_owned()),
                false => Ok(Deed::Shot(name)),
            }
        }
        "do" => needed("a command").map(Deed::Do),
        "sleep" => match rest
            .parse::<f64>()
            .ok()
            .and_then(|s| Duration::try_from_secs_f64(s).ok())
        {
            Some(time) => Ok(Deed::Sleep(time)),
            None => Err("`sleep` needs a number of seconds".to_owned()),
        },
        "end" => Ok(Deed::End),
        other => Err(format!(
            "`{other}` is no step; there are tap, wait, absent, type, sign, shot, do, sleep and end"
        )),
    }
}

impl Deed {
    /// How long it may take to become possible.
    pub fn patience(&self) -> Duration {
        match self {
            Deed::Wait(_, patience) => *patience,
            Deed::Tap(_) | Deed::Type(_) | Deed::Sign => PATIENCE,
            Deed::Absent(_) | Deed::Shot(_) | Deed::Do(_) | Deed::Sleep(_) | Deed::End => {
                Duration::ZERO
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_read() {
        let steps =
            parse("# a citizen\n\ntap 继续\nwait 读好了 20\nwait 第 1 步\nsleep 0.5\nsign\nend")
                .unwrap();
        let deeds: Vec<_> = steps
            .iter()
            .map(|step| (step.line, step.deed.clone()))
            .collect();
        assert_eq!(
            deeds,
            [
                (3, Deed::Tap("继续".into())),
                (4, Deed::Wait("读好了".into(), Duration::from_secs(20))),
                (5, Deed::Wait("第 1 步".into(), PATIENCE)),
                (6, Deed::Sleep(Duration::from_millis(500))),
                (7, Deed::Sign),
                (8, Deed::End),
            ]
        );
    }

    #[test]
    fn a_mistake_names_its_line() {
        for (script, line) in [
            ("tap 继续\nclick 返回", 2),
            ("tap", 1),
            ("sleep soon", 1),
            ("shot ../x", 1),
            ("sign here", 1),
        ] {
            assert_eq!(parse(script).unwrap_err().0, line, "{script}");
        }
    }
}
