//! The screen for viewers elsewhere on this machine: pictures of it and what can be read on it come
//! out of a Unix socket, touches go in. Only a terminal that draws into memory opens it; one with a
//! display never does.
//!
//! From the terminal come messages: a kind (1 byte), a length (4 bytes) and as many bytes.
//! - `P`, a part of the screen: its left and top, the width and the height of the whole screen (2
//!   bytes each), then the part as PNG.
//! - `L`, what can be read and touched now, as JSON:
//!   `[{"label":"…","button":true,"enabled":true,"area":[left,top,right,bottom]}]`.
//!
//! A viewer sends 5 bytes a touch: `d` the finger comes down, `m` it moves, `u` it is lifted, `c` it
//! is gone without having been lifted; then x and y (2 bytes each). Distances are pixels of the
//! screen, numbers have their highest byte first.
//!
//! Nothing is kept for a viewer but which part of the screen it has not seen yet: a slow one gets
//! fewer pictures, and holds nobody up.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};
use std::{fs, mem};

use slint::LogicalPosition;
use slint::platform::software_renderer::PhysicalRegion;
use slint::platform::{PointerEventButton, WindowEvent};
use zeroize::Zeroizing;

use super::{Gone, State, citizen, encode_png, on_screen};

/// Most viewers at once.
const MOST: usize = 4;
/// Between two pictures for the same viewer.
const FRAME: Duration = Duration::from_millis(33);
/// From a picture to what can be read on it: looking takes longer than drawing.
const READING: Duration = Duration::from_millis(150);
/// A viewer that takes nothing for this long is let go.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two touches of the same viewer; a faster one waits in its socket.
const TOUCH: Duration = Duration::from_millis(2);
/// Length of a touch in bytes.
const TOUCH_LENGTH: usize = 5;

/// The open socket; gone from the disk when dropped.
pub(super) struct Live {
    path: PathBuf,
    listener: Option<UnixListener>,
    pub viewers: Arc<Viewers>,
}

impl Live {
    /// Opens the socket for this user alone (mode 0600).
    ///
    /// # Errors
    /// When somebody serves it already, or it cannot be made.
    pub fn open(path: &Path) -> io::Result<Live> {
        match fs::symlink_metadata(path) {
            Ok(found) if !found.file_type().is_socket() => {
                return Err(io::Error::new(
                    io::ErrorKind::AlreadyExists,
                    "there is a file that is no socket",
                ));
            }
            Ok(_) if UnixStream::connect(path).is_ok() => {
                return Err(io::Error::new(
                    io::ErrorKind::AddrInUse,
                    "another terminal shows its screen there",
                ));
            }
            Ok(_) | Err(_) => {}
        }
        // Made where nobody else can come, so that it is never open to anybody else.
        let folder = path.parent().filter(|parent| *parent != Path::new(""));
        let private = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(folder.unwrap_or(Path::new(".")))?;
        let made = private.path().join("s");
        let listener = UnixListener::bind(&made)?;
        fs::set_permissions(&made, fs::Permissions::from_mode(0o600))?;
        fs::rename(&made, path)?;
        Ok(Live {
            path: path.into(),
            listener: Some(listener),
            viewers: Arc::default(),
        })
    }

    /// Lets viewers in, on threads of their own. The event loop is about to run.
    pub fn serve(&mut self, size: (u32, u32)) {
        let viewers = self.viewers.clone();
        if let Some(listener) = self.listener.take() {
            thread::spawn(move || {
                for stream in listener.incoming() {
                    match stream {
                        Ok(stream) => viewers.admit(stream, size),
                        Err(error) => {
                            tracing::warn!("a viewer could not be let in: {error}");
                            thread::sleep(Duration::from_secs(1));
                        }
                    }
                }
            });
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // It may be gone already.
        let _gone = fs::remove_file(&self.path);
    }
}

/// Everybody who watches.
#[derive(Default)]
pub(super) struct Viewers(Mutex<Vec<Weak<Viewer>>>);

impl Viewers {
    /// Something has been drawn: every viewer has that to see.
    pub fn drawn(&self, region: &PhysicalRegion) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.is_empty() {
            return;
        }
        let (at, size) = (region.bounding_box_origin(), region.bounding_box_size());
        if size.width == 0 || size.height == 0 {
            return;
        }
        let part = Part {
            left: at.x.max(0).cast_unsigned(),
            top: at.y.max(0).cast_unsigned(),
            right: at.x.saturating_add_unsigned(size.width).cast_unsigned(),
            bottom: at.y.saturating_add_unsigned(size.height).cast_unsigned(),
        };
        open.retain(|viewer| match viewer.upgrade() {
            Some(viewer) => {
                viewer.change(|unseen| unseen.add(part));
                true
            }
            None => false,
        });
    }

    fn admit(&self, stream: UnixStream, size: (u32, u32)) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|viewer| viewer.strong_count() > 0);
        if open.len() >= MOST {
            tracing::warn!("{MOST} viewers watch the screen already: no more are let in");
            return;
        }
        let viewer = Arc::new(Viewer::default());
        viewer.change(|unseen| {
            unseen.add(Part {
                left: 0,
                top: 0,
                right: size.0,
                bottom: size.1,
            });
        });
        open.push(Arc::downgrade(&viewer));
        thread::spawn(move || {
            if let Err(error) = attend(&stream, &viewer) {
                tracing::info!("a viewer was let go: {error}");
            }
        });
    }
}

/// One who watches.
#[derive(Default)]
struct Viewer {
    unseen: Mutex<Unseen>,
    changed: Condvar,
}

#[derive(Default)]
struct Unseen {
    part: Option<Part>,
    /// The viewer has hung up.
    gone: bool,
}

impl Unseen {
    fn add(&mut self, part: Part) {
        self.part = Some(self.part.map_or(part, |before| before.with(part)));
    }
}

/// What a viewer is to get next.
enum Next {
    Picture(Part),
    Labels,
    Nothing,
}

impl Viewer {
    fn change(&self, how: impl FnOnce(&mut Unseen)) {
        how(&mut self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Unseen> {
        self.unseen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something to see, or until what can be read is to be told.
    fn next(&self, labels: Option<Instant>) -> Next {
        let mut unseen = self.lock();
        loop {
            if unseen.gone {
                return Next::Nothing;
            }
            let left = labels.map(|at| at.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Next::Labels;
            }
            if let Some(part) = unseen.part.take() {
                return Next::Picture(part);
            }
            unseen = match left {
                Some(left) => {
                    let waited = self.changed.wait_timeout(unseen, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let waited = self.changed.wait(unseen);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
    }
}

/// A part of the screen, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
}

impl Part {
    fn with(self, other: Part) -> Part {
        Part {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    fn within(self, (width, height): (u32, u32)) -> Part {
        let (right, bottom) = (self.right.min(width), self.bottom.min(height));
        Part {
            left: self.left.min(right),
            top: self.top.min(bottom),
            right,
            bottom,
        }
    }
}

/// Serves one viewer until it is gone.
fn attend(stream: &UnixStream, viewer: &Arc<Viewer>) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let (hand, watcher) = (stream.try_clone()?, viewer.clone());
    let feeling = thread::spawn(move || {
        feel(&hand);
        watcher.change(|unseen| unseen.gone = true);
    });
    let shown = show(stream, viewer);
    // Fails only when the viewer has hung up by itself.
    let _gone = stream.shutdown(Shutdown::Both);
    // It reports nothing: a viewer that hangs up has done no wrong.
    let _ended = feeling.join();
    shown
}

fn show(mut stream: &UnixStream, viewer: &Viewer) -> io::Result<()> {
    let mut labels = None;
    // Not the words themselves: they may be a citizen's.
    let mut told = None;
    loop {
        let message = match viewer.next(labels) {
            Next::Nothing => return Ok(()),
            Next::Picture(part) => {
                let Ok(piece) = on_screen(move |state| Piece::cut(state, part)) else {
                    return Ok(());
                };
                labels = labels.or_else(|| Some(Instant::now() + READING));
                Some(piece.message()?)
            }
            Next::Labels => {
                labels = None;
                let Ok(words) = on_screen(citizen::readable) else {
                    return Ok(());
                };
                let mut hasher = DefaultHasher::new();
                words.hash(&mut hasher);
                let hash = hasher.finish();
                let news = told.replace(hash) != Some(hash);
                news.then(|| message(b'L', |to| to.write_all(&words)))
                    .transpose()?
            }
        };
        if let Some(message) = message {
            stream.write_all(&message)?;
            thread::sleep(FRAME);
        }
    }
}

/// Pixels of a part of the screen, as they were at one moment.
struct Piece {
    part: Part,
    size: (u32, u32),
    pixels: Zeroizing<Vec<u8>>,
}

impl Piece {
    fn cut(state: &State, part: Part) -> Piece {
        let canvas = state.canvas.borrow();
        let size = canvas.size();
        let part = part.within(size);
        let pixels = canvas.part(part.left, part.top, part.right, part.bottom);
        Piece { part, size, pixels }
    }

    fn message(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        let Part {
            left,
            top,
            right,
            bottom,
        } = self.part;
        message(b'P', |to| {
            for number in [left, top, self.size.0, self.size.1] {
                let number = u16::try_from(number).map_err(io::Error::other)?;
                to.write_all(&number.to_be_bytes())?;
            }
            encode_png(to, (right - left, bottom - top), &self.pixels)
        })
    }
}

fn message(
    kind: u8,
    fill: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
) -> io::Result<Zeroizing<Vec<u8>>> {
    const HEAD: usize = 1 + mem::size_of::<u32>();
    let mut message = Zeroizing::new(vec![kind, 0, 0, 0, 0]);
    fill(&mut message)?;
    let length = u32::try_from(message.len() - HEAD).map_err(io::Error::other)?;
    message[1..HEAD].copy_from_slice(&length.to_be_bytes());
    Ok(message)
}

/// Takes the touches of a viewer until it is gone.
fn feel(mut stream: &UnixStream) {
    let mut down = false;
    let mut bytes = [0; TOUCH_LENGTH];
    while stream.read_exact(&mut bytes).is_ok() {
        let Some(touch) = Finger::from_bytes(bytes) else {
            tracing::warn!("a viewer sent something that is no touch");
            // What it sends next could be anything: it ends here.
            let _gone = stream.shutdown(Shutdown::Both);
            break;
        };
        down = match touch.does {
            Does::Down => true,
            Does::Move => down,
            Does::Lift | Does::Leave => false,
        };
        if on_screen(move |state| touch.reach(state)).is_err() {
            return;
        }
        thread::sleep(TOUCH);
    }
    if down {
        let gone = Finger {
            does: Does::Leave,
            at: (0, 0),
        };
        // The terminal may end as well.
        let _ended: Result<(), Gone> = on_screen(move |state| gone.reach(state));
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Down,
    Move,
    Lift,
    Leave,
}

/// What a finger does, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Finger {
    does: Does,
    at: (u16, u16),
}

impl Finger {
    fn from_bytes([kind, x1, x2, y1, y2]: [u8; TOUCH_LENGTH]) -> Option<Finger> {
        let does = match kind {
            b'd' => Does::Down,
            b'm' => Does::Move,
            b'u' => Does::Lift,
            b'c' => Does::Leave,
            _ => return None,
        };
        Some(Finger {
            does,
            at: (u16::from_be_bytes([x1, x2]), u16::from_be_bytes([y1, y2])),
        })
    }

    /// Pointer input at the window, as from a touch screen.
    fn reach(self, state: &State) {
        let (width, height) = state.canvas.borrow().size();
        let on_edge = |at: u16, length: u32| f32::from(at).min(length.saturating_sub(1) as f32);
        let position = LogicalPosition::new(on_edge(self.at.0, width), on_edge(self.at.1, height));
        let button = PointerEventButton::Left;
        let events = match self.does {
            Does::Down => [
                Some(WindowEvent::PointerMoved { position }),
                Some(WindowEvent::PointerPressed { position, button }),
            ],
            Does::Move => [Some(WindowEvent::PointerMoved { position }), None],
            Does::Lift => [
                Some(WindowEvent::PointerReleased { position, button }),
                Some(WindowEvent::PointerExited),
            ],
            Does::Leave => [Some(WindowEvent::PointerExited), None],
        };
        for event in events.into_iter().flatten() {
            state.window.dispatch_event(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: (u32, u32) = (1080, 1920);

    #[test]
    fn parts_grow_together_and_stay_on_the_screen() {
        let part = |left, top, right, bottom| Part {
            left,
            top,
            right,
            bottom,
        };
        let mut unseen = Unseen::default();
        unseen.add(part(10, 20, 30, 40));
        unseen.add(part(25, 5, 2000, 30));
        let all = unseen.part.unwrap();
        assert_eq!(all, part(10, 5, 2000, 40));
        assert_eq!(all.within(SCREEN), part(10, 5, 1080, 40));
        assert_eq!(
            part(1100, 1, 1200, 2).within(SCREEN),
            part(1080, 1, 1080, 2)
        );
    }

    #[test]
    fn a_touch_is_five_bytes_of_a_known_kind() {
        assert_eq!(
            Finger::from_bytes([b'd', 2, 28, 3, 192]),
            Some(Finger {
                does: Does::Down,
                at: (540, 960)
            })
        );
        assert_eq!(Finger::from_bytes([b'x', 0, 0, 0, 0]), None);
    }

    #[test]
    fn the_socket_is_for_its_user_alone_and_replaces_a_dead_one_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("screen");
        let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
        // Left behind by a terminal that was killed.
        drop(UnixListener::bind(&path).unwrap());
        let live = Live::open(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(
            Live::open(&path).err().map(|error| error.kind()),
            Some(io::ErrorKind::AddrInUse)
        );
        drop(live);
        assert!(!path.exists());
        fs::write(&path, "a file").unwrap();
        assert_eq!(
            Live::open(&path).err().map(|error| error.kind()),
            Some(io::ErrorKind::AlreadyExists)
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "a file");
    }
}
