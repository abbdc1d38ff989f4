//! The real pages without a display: drawn into memory, written as PNG, and walked through by a
//! scripted citizen who reads what is visible and touches it by pointer input, or by whoever watches
//! from elsewhere on this machine. The visit never learns that nobody stands there.

mod citizen;
mod live;
mod platform;
mod script;

use std::cell::{Cell, RefCell};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use slint::platform::software_renderer::{MinimalSoftwareWindow, RepaintBufferType};
use slint::{ComponentHandle, PhysicalSize, Timer, TimerMode};
use yici_canvas::{Canvas, encode_png};

use crate::screen::{Glance, Screen};
use crate::visit::page::Page;

pub use script::ScriptError;

/// A page is written when it has not changed for this long.
const SETTLED: Duration = Duration::from_millis(100);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(25);

/// What to do without a display.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the pictures go; made if it is not there. Without one, none are written.
    pub dir: Option<PathBuf>,
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// What the scripted citizen does; without one, pages are only written.
    pub script: Option<PathBuf>,
    /// A Unix socket for those who watch and touch from elsewhere on this machine.
    pub screen: Option<PathBuf>,
}

/// Why there can be no headless run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder for the pictures cannot be made or written.
    #[error("cannot write pictures to {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The socket for viewers cannot be opened.
    #[error("cannot show the screen at {}: {source}", path.display())]
    Socket {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The script cannot be read or has a mistake.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// Slint has a display already.
    #[error("cannot draw without a display: {0}")]
    Platform(String),
}

/// Drawing into memory, ready for the window to be opened.
pub struct Headless {
    state: Rc<State>,
    steps: Option<Vec<script::Step>>,
    live: Option<live::Live>,
    pictures: thread::JoinHandle<()>,
}

/// Makes Slint draw into memory. Call it before [`Screen::new`], on the same thread.
///
/// # Errors
/// When the folder or the socket cannot be made, the script has a mistake, or a display is open already.
pub fn install(options: &Options) -> Result<Headless, Error> {
    let steps = options.script.as_deref().map(script::load).transpose()?;
    if let Some(dir) = &options.dir {
        fs::create_dir_all(dir).map_err(|source| Error::Folder {
            path: dir.clone(),
            source,
        })?;
    }
    let live = options
        .screen
        .as_ref()
        .map(|path| {
            live::Live::open(path).map_err(|source| Error::Socket {
                path: path.clone(),
                source,
            })
        })
        .transpose()?;
    let (width, height) = options.size;
    let window = MinimalSoftwareWindow::new(RepaintBufferType::ReusedBuffer);
    window.set_size(PhysicalSize::new(width, height));
    let (pictures, taken) = channel();
    let state = Rc::new(State {
        window: window.clone(),
        canvas: RefCell::new(Canvas::new(options.size)),
        dir: options.dir.clone(),
        pictures: RefCell::new(Some(pictures)),
        screen: RefCell::new(None),
        page: Cell::new(None),
        pending: Cell::new(None),
        written: RefCell::new(None),
        numbered: Cell::new(0),
        viewers: live.as_ref().map(|live| live.viewers.clone()),
    });
    slint::platform::set_platform(Box::new(platform::Memory::new(state.clone())))
        .map_err(|error| Error::Platform(error.to_string()))?;
    Ok(Headless {
        state,
        steps,
        live,
        pictures: thread::spawn(move || write_pictures(&taken)),
    })
}

/// How long drawing took.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// From the page's data to its pixels.
    pub shown: Duration,
    /// The same page drawn whole once more.
    pub redrawn: Duration,
}

impl Headless {
    /// Gives the window another size.
    pub fn resize(&self, size: (u32, u32)) {
        self.state.canvas.replace(Canvas::new(size));
        self.state
            .window
            .set_size(PhysicalSize::new(size.0, size.1));
    }

    /// What is wrong with the layout of the page shown: words that lie on each other, outside the
    /// window or below where scrolling ends, and targets too small for a finger. For tests; empty
    /// when all is well.
    pub fn misplaced(&self, screen: &Screen) -> Vec<String> {
        self.state.screen.replace(Some(screen.clone()));
        citizen::misplaced(&self.state)
    }

    /// Scrolls the page shown down to its end, without an event loop; whether there was anywhere to
    /// go. For tests.
    ///
    /// # Errors
    /// The button that does not scroll.
    pub fn to_the_end(&self, screen: &Screen) -> Result<bool, String> {
        self.state.screen.replace(Some(screen.clone()));
        citizen::to_the_end(&self.state)
    }

    /// Draws one page, without an event loop; how long it took to its first pixels.
    pub fn draw(&self, screen: &Screen, page: &Page) -> Duration {
        let start = Instant::now();
        screen.show(page);
        slint::platform::update_timers_and_animations();
        self.state.draw();
        let shown = start.elapsed();
        // What changed while it was laid out is handled as the event loop would.
        slint::platform::update_timers_and_animations();
        self.state.draw();
        shown
    }

    /// Draws the page shown whole once more; how long it took.
    pub fn redraw(&self) -> Duration {
        let start = Instant::now();
        self.state.window.request_redraw();
        self.state.window.draw_if_needed(|renderer| {
            renderer.set_repaint_buffer_type(RepaintBufferType::NewBuffer);
            self.state.canvas.borrow_mut().draw(renderer);
            renderer.set_repaint_buffer_type(RepaintBufferType::ReusedBuffer);
        });
        start.elapsed()
    }

    /// Draws one page, without an event loop, into a picture.
    ///
    /// # Errors
    /// When the picture cannot be written.
    pub fn still(&self, screen: &Screen, page: &Page, path: &Path) -> io::Result<Timing> {
        let shown = self.draw(screen, page);
        let redrawn = self.redraw();
        let canvas = self.state.canvas.borrow();
        write_png(path, canvas.size(), canvas.bytes())?;
        Ok(Timing { shown, redrawn })
    }

    /// Shows the window and runs until the script has ended or the event loop is quit. Fails
    /// (exit code 1) when a step of the script failed.
    ///
    /// # Errors
    /// When the window cannot be shown.
    pub fn run(mut self, screen: &Screen) -> Result<ExitCode, Error> {
        let platform = |error: slint::PlatformError| Error::Platform(error.to_string());
        self.state.screen.replace(Some(screen.clone()));
        STATE.set(Some(self.state.clone()));
        screen.watch({
            let state = self.state.clone();
            move |glance| state.note(glance)
        });
        let settle = Timer::default();
        settle.start(TimerMode::Repeated, LOOK, {
            let state = self.state.clone();
            move || state.settle()
        });
        screen.window().show().map_err(platform)?;
        if let Some(live) = &mut self.live {
            live.serve(self.state.canvas.borrow().size());
        }
        let citizen = self
            .steps
            .map(|steps| thread::spawn(move || citizen::walk(&steps)));
        let ran = slint::run_event_loop_until_quit().map_err(platform);
        drop(settle);

        let outcome = citizen.map(thread::JoinHandle::join);
        self.state.finish();
        STATE.set(None);
        screen.watch(|_| {});
        self.state.screen.take();
        if self.pictures.join().is_err() {
            eprintln!("kiosk: writing a picture failed");
            return Ok(ExitCode::FAILURE);
        }
        ran?;
        Ok(match outcome {
            None | Some(Ok(true)) => ExitCode::SUCCESS,
            Some(Ok(false) | Err(_)) => ExitCode::FAILURE,
        })
    }
}

thread_local! {
    static STATE: RefCell<Option<Rc<State>>> = const { RefCell::new(None) };
}

/// Everything on the thread of the event loop.
struct State {
    window: Rc<MinimalSoftwareWindow>,
    canvas: RefCell<Canvas>,
    dir: Option<PathBuf>,
    pictures: RefCell<Option<Sender<Picture>>>,
    screen: RefCell<Option<Screen>>,
    /// Serial of the page shown, and since when it is.
    page: Cell<Option<(u32, Instant)>>,
    /// A page that has not been written yet, and since when.
    pending: Cell<Option<(Glance, Instant)>>,
    /// What is in the last picture; typing on the same page writes it anew.
    written: RefCell<Option<(Glance, String)>>,
    numbered: Cell<u32>,
    viewers: Option<Arc<live::Viewers>>,
}

/// A picture on its way to the disk.
struct Picture {
    path: PathBuf,
    size: (u32, u32),
    /// Red, green and blue of each.
    pixels: Vec<u8>,
    /// Printed on stdout once the file is there.
    line: Option<String>,
}

impl State {
    /// Draws what has changed.
    fn draw(&self) {
        self.window.draw_if_needed(|renderer| {
            let drawn = self.canvas.borrow_mut().draw(renderer);
            if let Some(viewers) = &self.viewers {
                viewers.drawn(&drawn);
            }
        });
    }

    fn note(&self, glance: Glance) {
        let now = Instant::now();
        if self
            .page
            .get()
            .is_none_or(|(serial, _)| serial != glance.serial)
        {
            self.page.set(Some((glance.serial, now)));
        }
        // A page that changes all the time is written nevertheless.
        let since = match self.pending.get() {
            Some((before, since)) if before == glance => since,
            Some(_) | None => now,
        };
        self.pending.set(Some((glance, since)));
    }

    fn settle(&self) {
        if let Some((glance, since)) = self.pending.get()
            && since.elapsed() >= SETTLED
        {
            self.pending.set(None);
            self.write_page(glance);
        }
    }

    fn write_page(&self, glance: Glance) {
        if self.dir.is_none() {
            return;
        }
        self.draw();
        let same = self
            .written
            .borrow()
            .as_ref()
            .and_then(|(before, file)| (*before == glance).then(|| file.clone()));
        let (file, line) = match same {
            Some(file) => (file, None),
            None => {
                let number = self.numbered.get() + 1;
                self.numbered.set(number);
                let name = if glance.countdown {
                    "countdown"
                } else {
                    glance.name
                };
                let file = format!("{number:03}-{name}.png");
                let line = serde_json::json!({
                    "page": name, "serial": glance.serial, "file": file,
                });
                (file, Some(line.to_string()))
            }
        };
        self.picture(&file, line);
        self.written.replace(Some((glance, file)));
    }

    fn picture(&self, file: &str, line: Option<String>) {
        self.draw();
        if let (Some(dir), Some(pictures)) = (&self.dir, self.pictures.borrow().as_ref()) {
            let canvas = self.canvas.borrow();
            let picture = Picture {
                path: dir.join(file),
                size: canvas.size(),
                pixels: canvas.bytes().to_vec(),
                line,
            };
            if pictures.send(picture).is_err() {
                eprintln!("kiosk: pictures can no longer be written");
            }
        }
    }

    /// Writes what is still to be written; no picture can follow.
    fn finish(&self) {
        if let Some((glance, _)) = self.pending.take() {
            self.write_page(glance);
        }
        self.pictures.take();
    }
}

fn write_pictures(taken: &Receiver<Picture>) {
    for picture in taken {
        if let Err(error) = write_png(&picture.path, picture.size, &picture.pixels) {
            eprintln!("kiosk: cannot write {}: {error}", picture.path.display());
            continue;
        }
        if let Some(line) = &picture.line {
            let mut out = io::stdout().lock();
            // Nobody may be reading any more.
            let _gone = writeln!(out, "{line}").and_then(|()| out.flush());
        }
    }
}

/// Writes red, green and blue of each pixel as PNG; a reader never sees half of it.
fn write_png(path: &Path, size: (u32, u32), pixels: &[u8]) -> io::Result<()> {
    let mut png = Vec::new();
    encode_png(&mut png, size, pixels)?;
    let part = path.with_extension("png.part");
    fs::write(&part, png)?;
    fs::rename(&part, path)
}

/// The terminal is gone.
struct Gone;

/// Does something on the thread of the event loop and waits for it.
fn on_screen<T: Send + 'static>(
    deed: impl FnOnce(&State) -> T + Send + 'static,
) -> Result<T, Gone> {
    let (sender, result) = sync_channel(1);
    slint::invoke_from_event_loop(move || {
        let state = STATE.with_borrow(Clone::clone);
        if let Some(state) = state {
            // The asker may have gone.
            let _asked = sender.send(deed(&state));
        }
    })
    .map_err(|_| Gone)?;
    result.recv().map_err(|_| Gone)
}
