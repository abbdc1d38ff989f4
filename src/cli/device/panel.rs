//! Screen, touch panel and sound: nobody configures them, the system finds them.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use yici_hal::class::DeviceClass;
use yici_hal::panel;
use yici_hal::status::Cause;

use super::report::{Finding, Line, Outcome, Unproven};

/// How long the test waits for a finger.
const TEST: Duration = Duration::from_secs(15);

/// All that the system has found.
pub(super) struct Panel {
    screens: Vec<panel::Screen>,
    touches: Vec<panel::Touch>,
    audio: Vec<panel::Audio>,
}

impl Panel {
    /// Looks at the machine whose root this is.
    pub(super) fn find(root: &Path) -> Panel {
        Panel {
            screens: panel::screens(root),
            touches: panel::touches(root),
            audio: panel::audio(root),
        }
    }

    /// What each says. A machine without graphics has no screen to miss; with one, a touch panel is
    /// missed as well.
    pub(super) fn status(&self) -> Vec<Line> {
        let mut lines = self.screen_lines();
        let shows = self
            .screens
            .iter()
            .any(|screen| screen.connected == Some(true));
        lines.extend(self.touches.iter().map(|touch| {
            line(
                DeviceClass::Touch,
                Some(touch.path.display().to_string()),
                Finding {
                    said: json!({"name": touch.name}),
                    outcome: Outcome::AsSaid,
                },
            )
        }));
        if shows && self.touches.is_empty() {
            lines.push(line(DeviceClass::Touch, None, missing()));
        }
        lines.extend(self.audio.iter().map(|audio| {
            line(
                DeviceClass::Audio,
                Some(format!("card{}", audio.card)),
                Finding {
                    said: json!({"name": audio.name}),
                    outcome: Outcome::AsSaid,
                },
            )
        }));
        lines
    }

    /// The same, and whether a finger is felt. What a loudspeaker sounds like nobody can hear from here.
    pub(super) fn test(&self) -> Vec<Line> {
        let mut lines = self.status();
        for line in &mut lines {
            let felt = self
                .touches
                .iter()
                .find(|touch| {
                    line.class == DeviceClass::Touch
                        && line.device == Some(touch.path.display().to_string())
                })
                .map(finger);
            if let Some(finding) = felt {
                line.finding = finding;
            } else if line.class == DeviceClass::Audio {
                line.finding.said["sound"] = json!("unknown");
            }
        }
        lines
    }

    fn screen_lines(&self) -> Vec<Line> {
        let screen = |screen: &panel::Screen, outcome| {
            let connected = match screen.connected {
                Some(true) => "connected",
                Some(false) => "disconnected",
                None => "unknown",
            };
            line(
                DeviceClass::Screen,
                Some(screen.connector.clone()),
                Finding {
                    said: json!({"screen": connected, "mode": screen.mode}),
                    outcome,
                },
            )
        };
        // Free connectors are no fault while a screen shows on another.
        let mut lines: Vec<Line> = self
            .screens
            .iter()
            .filter(|found| found.connected != Some(false))
            .map(|found| screen(found, Outcome::AsSaid))
            .collect();
        if lines.is_empty() {
            let free = self.screens.first();
            lines.extend(free.map(|found| screen(found, Outcome::Fault(Cause::NotConnected))));
        }
        lines
    }
}

fn line(class: DeviceClass, device: Option<String>, finding: Finding) -> Line {
    Line {
        class,
        device,
        finding,
    }
}

fn missing() -> Finding {
    Finding {
        said: json!({}),
        outcome: Outcome::Fault(Cause::NotConnected),
    }
}

fn finger(touch: &panel::Touch) -> Finding {
    eprintln!("touch the screen 请用手指点一下屏幕");
    match touch.wait(Instant::now() + TEST) {
        Ok(true) => Finding {
            said: json!({"name": touch.name, "finger": "felt"}),
            outcome: Outcome::AsSaid,
        },
        Ok(false) => Finding {
            said: json!({"name": touch.name}),
            outcome: Outcome::Unproven(Unproven::Finger),
        },
        Err(error) => Finding {
            outcome: Outcome::Fault(match error.kind() == std::io::ErrorKind::PermissionDenied {
                true => Cause::NoRight,
                false => Cause::NotConnected,
            }),
            said: json!({"name": touch.name, "error": error.to_string()}),
        },
    }
}
