//! Where pages are shown: on a display, or drawn into memory.

#[cfg(feature = "headless")]
use std::path::PathBuf;
use std::process::ExitCode;

use miette::IntoDiagnostic;

use crate::screen::Screen;

/// Where the pages are shown.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Display {
    /// Run the real pages without a display and write what they show to this directory as PNG.
    #[cfg(feature = "headless")]
    #[arg(long, value_name = "DIR")]
    pub(super) headless: Option<PathBuf>,
    /// A scripted citizen who taps visible labels.
    #[cfg(feature = "headless")]
    #[arg(long, value_name = "FILE", requires = "headless")]
    pub(super) script: Option<PathBuf>,
    /// Run the real pages without a display, and let whoever opens this Unix socket watch and touch
    /// them (`kiosk-sim bench`).
    #[cfg(feature = "headless")]
    #[arg(long, value_name = "SOCKET")]
    pub(super) screen: Option<PathBuf>,
}

/// How pages are shown, settled before there is a window.
pub(super) struct Stage {
    #[cfg(feature = "headless")]
    headless: Option<crate::headless::Headless>,
}

impl Display {
    /// Draws into memory, in pixels of this width and height, where that is asked for; to be called before
    /// there is a window.
    ///
    /// # Errors
    /// When pictures or the socket cannot be made, or the script has a mistake.
    #[cfg(feature = "headless")]
    pub(super) fn install(&self, size: (u32, u32)) -> miette::Result<Stage> {
        let headless = (self.headless.is_some() || self.screen.is_some())
            .then(|| {
                crate::headless::install(&crate::headless::Options {
                    dir: self.headless.clone(),
                    size,
                    script: self.script.clone(),
                    screen: self.screen.clone(),
                })
            })
            .transpose()
            .into_diagnostic()?;
        Ok(Stage { headless })
    }

    /// The display is there and has its size.
    #[cfg(not(feature = "headless"))]
    pub(super) fn install(&self, _size: (u32, u32)) -> miette::Result<Stage> {
        let Display {} = self;
        Ok(Stage {})
    }

    /// Whether a script touches the pages; it ends the event loop by itself.
    #[cfg(feature = "headless")]
    pub(super) fn scripted(&self) -> bool {
        self.script.is_some()
    }

    /// Nobody writes scripts for a display.
    #[cfg(not(feature = "headless"))]
    pub(super) fn scripted(&self) -> bool {
        let Display {} = self;
        false
    }
}

impl Stage {
    /// Shows the window until its event loop ends; exit code 1 if a script failed.
    ///
    /// # Errors
    /// When the window cannot be shown.
    pub(super) fn run(self, screen: &Screen) -> miette::Result<ExitCode> {
        #[cfg(feature = "headless")]
        if let Some(headless) = self.headless {
            return headless.run(screen).into_diagnostic();
        }
        slint::ComponentHandle::run(screen.window()).into_diagnostic()?;
        Ok(ExitCode::SUCCESS)
    }
}
