//! The driver of cameras that the kernel offers by Video4Linux 2 (V4L2), such as all of the USB video class.
//!
//! `linuxvideo` speaks to the kernel. Of its calls only those are used that cannot panic: names of
//! devices and formats are not asked for, because it takes them to be whole UTF-8. It waits without
//! end, so that a picture is fetched only once the kernel says that there is one.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use linuxvideo::format::{FrameSizes, PixFormat, PixelFormat};
use linuxvideo::stream::{ReadBufferView, ReadStream};
use linuxvideo::{BufType, CapabilityFlags, Device};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::frame::{Encoding, Frame, FrameError, MAX_HEIGHT, MAX_WIDTH};
use crate::address::Address;
use crate::status::{Actor, CameraStatus, Cameras, Cause, DeviceState};

/// A document camera.
///
/// A lost camera is opened again by the next call. Beside the time given, each call may take as long
/// as the kernel needs to open the camera and to start its stream: some tenths of a second, and 5 s
/// for one whose USB line is stuck.
pub trait Camera: Send {
    /// Whether it is there and sends pictures. Takes a picture if none was seen since it was opened
    /// (at most 3 s); otherwise it only asks the kernel whether the camera is still there.
    fn status(&mut self) -> CameraStatus;

    /// The next small picture of what lies there, for showing: at most [`PREVIEW`], and never one
    /// from before the call.
    ///
    /// # Errors
    /// [`CameraError`]; the next call starts afresh.
    fn preview(&mut self, until: Instant) -> Result<Frame, CameraError>;

    /// A picture of full size, taken after the call. Give it 5 s: exposure settles first.
    ///
    /// # Errors
    /// [`CameraError`]; the next call starts afresh.
    fn capture(&mut self, until: Instant) -> Result<Frame, CameraError>;

    /// Stops taking pictures; those that the kernel holds are freed. The next call starts again.
    fn rest(&mut self);
}

/// Width and height that no preview exceeds.
pub const PREVIEW: (u32, u32) = (1280, 960);

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum CameraError {
    /// The camera is not there, or was unplugged.
    #[error("the camera is gone: {0}")]
    DeviceGone(io::Error),
    /// Another program takes pictures with it.
    #[error("another program uses the camera")]
    Busy,
    /// The terminal may not open it.
    #[error("the terminal has no right to open the camera")]
    NoRight,
    /// The device is no camera, or has no format among Motion JPEG and YUYV of a possible size.
    #[error("the device sends no pictures that can be read")]
    NoFormat,
    /// No picture came in time.
    #[error("the camera sends no picture")]
    NoAnswer,
    /// Pictures came in time, and all were damaged.
    #[error("the camera's pictures are damaged")]
    Damaged(#[from] FrameError),
}

impl CameraError {
    /// Who must act.
    pub fn actor(&self) -> Actor {
        self.cause().actor()
    }

    /// What is wrong with the camera.
    pub fn cause(&self) -> Cause {
        match self {
            Self::DeviceGone(_) => Cause::NotConnected,
            Self::Busy => Cause::Busy,
            Self::NoRight => Cause::NoRight,
            Self::NoFormat | Self::Damaged(_) => Cause::Garbled,
            Self::NoAnswer => Cause::NoAnswer,
        }
    }
}

/// Opens a camera. `auto` is the first one that takes pictures, in the kernel's order, also when it is opened again.
///
/// # Errors
/// [`CameraError`], also if the address is none of a camera.
pub fn open(address: &Address) -> Result<Box<dyn Camera>, CameraError> {
    let camera = V4l {
        address: address.clone(),
        stream: None,
        seen: false,
    };
    camera.device()?;
    Ok(Box::new(camera))
}

/// How long a status waits for the first picture.
const FIRST_PICTURE: Duration = Duration::from_secs(3);

/// Exposure and focus are found anew when a stream starts: pictures are not taken before.
const SETTLING: Duration = Duration::from_millis(700);

/// What a stream is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Preview,
    Capture,
}

struct V4l {
    address: Address,
    stream: Option<Stream>,
    /// A picture came, and the camera was not missed since.
    seen: bool,
}

impl V4l {
    /// Opens the device; a stream that there is has its own.
    fn device(&self) -> Result<Device, CameraError> {
        match &self.address {
            Address::V4l { path } => open_camera(Path::new(path)),
            Address::Auto => first_camera(),
            Address::Serial { .. }
            | Address::Tcp { .. }
            | Address::Usb { .. }
            | Address::Hid { .. }
            | Address::Pcsc { .. }
            | Address::Ipp { .. } => Err(CameraError::NoFormat),
        }
    }

    fn start(&mut self, purpose: Purpose) -> Result<Stream, CameraError> {
        // A camera has one stream: the old one ends before the new one can begin.
        self.stream = None;
        let device = self.device()?;
        let mode = choose(&modes(&device)?, purpose).ok_or(CameraError::NoFormat)?;
        let (width, height) = mode.size;
        let capture = device
            .video_capture(PixFormat::new(width, height, mode.format))
            .map_err(fault)?;
        // The kernel may have changed any of it.
        let format = capture.format();
        let size = (format.width(), format.height());
        let encoding = encoding(format).ok_or(CameraError::NoFormat)?;
        let frames = capture.into_stream().map_err(fault)?;
        let now = Instant::now();
        Ok(Stream {
            purpose,
            frames,
            size,
            encoding,
            settled: match purpose {
                Purpose::Preview => now,
                Purpose::Capture => now + SETTLING,
            },
        })
    }

    /// Takes a picture. Unless one comes, the stream is begun anew by the next call.
    fn frame(&mut self, purpose: Purpose, until: Instant) -> Result<Frame, CameraError> {
        self.seen = false;
        let mut stream = match self.stream.take() {
            Some(stream) if stream.purpose == purpose && stream.runs() => stream,
            lost => {
                drop(lost);
                self.start(purpose)?
            }
        };
        let frame = stream.next(until)?;
        self.stream = Some(stream);
        self.seen = true;
        Ok(frame)
    }

    fn look(&mut self) -> Result<(), CameraError> {
        let seen = self.seen && self.stream.as_ref().is_none_or(Stream::runs);
        if !seen {
            return self
                .frame(Purpose::Preview, Instant::now() + FIRST_PICTURE)
                .map(drop);
        }
        let there = self.device().map(drop);
        self.seen = there.is_ok();
        there
    }
}

impl Camera for V4l {
    fn status(&mut self) -> CameraStatus {
        match self.look() {
            Ok(()) => CameraStatus {
                device: DeviceState::Online,
                media: None,
                cameras: Cameras::Ok,
                cause: None,
            },
            Err(error) => CameraStatus::faulty(error.cause()),
        }
    }

    fn preview(&mut self, until: Instant) -> Result<Frame, CameraError> {
        let frame = self.frame(Purpose::Preview, until)?;
        Ok(frame.within(PREVIEW))
    }

    fn capture(&mut self, until: Instant) -> Result<Frame, CameraError> {
        self.frame(Purpose::Capture, until)
    }

    fn rest(&mut self) {
        self.stream = None;
    }
}

/// The kernel holds no more pictures than this ready, whatever the driver.
const MOST_BUFFERS: usize = 32;

struct Stream {
    purpose: Purpose,
    frames: ReadStream,
    size: (u32, u32),
    encoding: Encoding,
    /// Pictures are good from then on.
    settled: Instant,
}

impl Stream {
    /// The first whole picture from now on.
    fn next(&mut self, until: Instant) -> Result<Frame, CameraError> {
        // What is ready has lain there since before the call.
        for _ in 0..MOST_BUFFERS {
            if self.events(Instant::now())?.is_empty() {
                break;
            }
            self.frames.dequeue(|_| Ok(())).map_err(gone)?;
        }
        let mut damage = None;
        while Instant::now() < until && !self.events(until)?.is_empty() {
            let settled = Instant::now() >= self.settled;
            let (encoding, size) = (self.encoding, self.size);
            let decode = |bytes: ReadBufferView<'_>| {
                if bytes.is_error() {
                    Err(FrameError::Damaged)
                } else {
                    encoding.decode(&bytes, size)
                }
            };
            let picture = self
                .frames
                .dequeue(|bytes| Ok(settled.then(|| decode(bytes))))
                .map_err(gone)?;
            match picture {
                Some(Ok(frame)) => return Ok(frame),
                Some(Err(error)) => damage = Some(error),
                None => {}
            }
        }
        Err(damage.map_or(CameraError::NoAnswer, CameraError::Damaged))
    }

    /// False once the camera was unplugged.
    fn runs(&self) -> bool {
        self.events(Instant::now())
            .is_ok_and(|events| !events.intersects(PollFlags::ERR | PollFlags::HUP))
    }

    /// What there is to fetch, or is by the deadline: a picture, or an error. Fetching it does not wait.
    fn events(&self, until: Instant) -> Result<PollFlags, CameraError> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).unwrap_or_default();
            let mut fds = [PollFd::new(&self.frames, PollFlags::IN)];
            match poll(&mut fds, Some(&left)) {
                Ok(_) => return Ok(fds[0].revents()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(gone(error.into())),
            }
        }
    }
}

/// One way in which a camera sends pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mode {
    format: PixelFormat,
    size: (u32, u32),
}

/// The mode of the largest pictures that are within bounds. A preview shows what a capture shows: it has
/// the same proportions if the camera can. Of equal sizes the compressed one comes: the other takes
/// seconds for a picture of full size over USB.
fn choose(modes: &[Mode], purpose: Purpose) -> Option<Mode> {
    let compressed = |mode: &Mode| mode.format != PixelFormat::YUYV;
    let area = |mode: &Mode| u64::from(mode.size.0) * u64::from(mode.size.1);
    let full = modes
        .iter()
        .filter(|mode| mode.size.0 <= MAX_WIDTH && mode.size.1 <= MAX_HEIGHT)
        .max_by_key(|mode| (area(mode), compressed(mode)))?;
    if purpose == Purpose::Capture {
        return Some(*full);
    }
    // Within two hundredths, for sizes are rounded to whole blocks.
    let alike = |mode: &Mode| {
        let crossed = u64::from(mode.size.0) * u64::from(full.size.1);
        let other = u64::from(mode.size.1) * u64::from(full.size.0);
        crossed.abs_diff(other) * 50 <= crossed
    };
    let preview = modes
        .iter()
        .filter(|mode| mode.size.0 <= PREVIEW.0 && mode.size.1 <= PREVIEW.1)
        .max_by_key(|mode| (alike(mode), area(mode), compressed(mode)));
    Some(*preview.unwrap_or(full))
}

/// The most formats, and sizes of one, that are looked at.
const MOST_MODES: usize = 256;

/// All modes whose pictures can be read.
fn modes(device: &Device) -> Result<Vec<Mode>, CameraError> {
    let mut modes = Vec::new();
    for format in device.formats(BufType::VIDEO_CAPTURE).take(MOST_MODES) {
        let format = format.map_err(fault)?.pixel_format();
        if !FORMATS.contains(&format) {
            continue;
        }
        // Not every driver tells its sizes.
        let Ok(sizes) = device.frame_sizes(format) else {
            continue;
        };
        match sizes {
            FrameSizes::Discrete(sizes) => {
                let sizes = sizes.iter().take(MOST_MODES);
                modes.extend(sizes.map(|size| Mode {
                    format,
                    size: (size.width(), size.height()),
                }));
            }
            FrameSizes::Stepwise(sizes) | FrameSizes::Continuous(sizes) => {
                let largest = (sizes.max_width(), sizes.max_height());
                for bound in [PREVIEW, (MAX_WIDTH, MAX_HEIGHT)] {
                    // The kernel rounds what is asked for to its steps.
                    let size = (largest.0.min(bound.0), largest.1.min(bound.1));
                    modes.push(Mode { format, size });
                }
            }
        }
    }
    Ok(modes)
}

const FORMATS: [PixelFormat; 3] = [PixelFormat::MJPG, PixelFormat::JPEG, PixelFormat::YUYV];

fn encoding(format: &PixFormat) -> Option<Encoding> {
    match format.pixel_format() {
        PixelFormat::MJPG | PixelFormat::JPEG => Some(Encoding::Jpeg),
        PixelFormat::YUYV => Some(Encoding::Yuyv {
            stride: format.bytes_per_line(),
        }),
        _ => None,
    }
}

/// Opens a device file that must be a camera's.
fn open_camera(path: &Path) -> Result<Device, CameraError> {
    let device = Device::open(path).map_err(fault)?;
    let can = device.capabilities().map_err(fault)?.device_capabilities();
    if can.contains(CapabilityFlags::VIDEO_CAPTURE | CapabilityFlags::STREAMING) {
        Ok(device)
    } else {
        Err(CameraError::NoFormat)
    }
}

/// The first device file that takes pictures. A camera has several: others carry what is no picture.
fn first_camera() -> Result<Device, CameraError> {
    let number = |name: &str| name.strip_prefix("video")?.parse::<u32>().ok();
    let mut numbers: Vec<u32> = std::fs::read_dir("/dev")
        .map_err(fault)?
        .filter_map(|entry| number(entry.ok()?.file_name().to_str()?))
        .collect();
    numbers.sort_unstable();
    let mut trouble = None;
    for number in numbers {
        match open_camera(Path::new(&format!("/dev/video{number}"))) {
            Ok(device) if modes(&device).is_ok_and(|modes| !modes.is_empty()) => return Ok(device),
            Ok(_) | Err(CameraError::NoFormat) => {}
            Err(error) => trouble = trouble.or(Some(error)),
        }
    }
    Err(trouble.unwrap_or(CameraError::DeviceGone(io::ErrorKind::NotFound.into())))
}

/// Why opening or setting up failed.
fn fault(error: io::Error) -> CameraError {
    match Errno::from_io_error(&error) {
        // No space: other cameras take all that the USB line carries.
        Some(Errno::BUSY | Errno::NOSPC) => CameraError::Busy,
        Some(Errno::ACCESS | Errno::PERM) => CameraError::NoRight,
        Some(Errno::NOTTY | Errno::INVAL) => CameraError::NoFormat,
        _ => gone(error),
    }
}

fn gone(error: io::Error) -> CameraError {
    CameraError::DeviceGone(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(format: PixelFormat, width: u32, height: u32) -> Mode {
        Mode {
            format,
            size: (width, height),
        }
    }

    #[test]
    fn takes_the_largest_pictures_and_alike_previews() {
        let modes = [
            mode(PixelFormat::YUYV, 640, 480),
            mode(PixelFormat::YUYV, 1280, 720),
            mode(PixelFormat::YUYV, 3264, 2448),
            mode(PixelFormat::MJPG, 1024, 768),
            mode(PixelFormat::MJPG, 3264, 2448),
            mode(PixelFormat::MJPG, 3840, 2160),
            mode(PixelFormat::MJPG, 8000, 6000),
        ];
        let full = choose(&modes, Purpose::Capture).unwrap();
        assert_eq!(full, mode(PixelFormat::MJPG, 3840, 2160));
        let preview = choose(&modes, Purpose::Preview).unwrap();
        assert_eq!(preview, mode(PixelFormat::YUYV, 1280, 720));
        // Without the wide one, both are 4:3.
        let modes = &modes[..5];
        let full = choose(modes, Purpose::Capture).unwrap();
        assert_eq!(full, mode(PixelFormat::MJPG, 3264, 2448));
        let preview = choose(modes, Purpose::Preview).unwrap();
        assert_eq!(preview, mode(PixelFormat::MJPG, 1024, 768));
    }

    #[test]
    fn odd_cameras_have_a_mode_or_none() {
        let huge = mode(PixelFormat::MJPG, 8000, 6000);
        assert_eq!(choose(&[], Purpose::Capture), None);
        assert_eq!(choose(&[huge], Purpose::Capture), None);
        let single = mode(PixelFormat::YUYV, 2592, 1944);
        for purpose in [Purpose::Preview, Purpose::Capture] {
            assert_eq!(choose(&[huge, single], purpose), Some(single));
        }
    }

    #[track_caller]
    fn cause(address: &str) -> Option<Cause> {
        open(&address.parse().unwrap())
            .err()
            .map(|error| error.cause())
    }

    #[test]
    fn tells_why_there_is_no_camera() {
        assert_eq!(cause("v4l:/dev/no-camera"), Some(Cause::NotConnected));
        assert_eq!(cause("v4l:/dev/null"), Some(Cause::Garbled));
        assert_eq!(cause("tcp:127.0.0.1:9"), Some(Cause::Garbled));
        let gone = CameraError::DeviceGone(io::ErrorKind::NotFound.into());
        assert_eq!(gone.actor(), Actor::Staff);
        for (errno, wanted) in [
            (Errno::BUSY, Cause::Busy),
            (Errno::ACCESS, Cause::NoRight),
            (Errno::NODEV, Cause::NotConnected),
        ] {
            assert_eq!(fault(errno.into()).cause(), wanted);
        }
    }
}
