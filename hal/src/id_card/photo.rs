//! The photo on a card. It is a WLT blob, for which no open decoder is known (reference/devices.md §1):
//! a program of the owner's can be set up that turns it into a picture. Without one the photo stays what
//! it is, and nobody sees it.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use image::{ImageFormat, ImageReader, Limits, RgbImage};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use zeroize::{Zeroize, Zeroizing};

use crate::wipe::Bytes;

/// Bytes of the blob.
pub const BLOB: usize = 1024;

/// Dots of the picture.
pub const WIDTH: u32 = 102;
/// Dots of the picture.
pub const HEIGHT: u32 = 126;

/// A program that takes the blob on its standard input and gives a PNG or BMP of 102×126 dots on its
/// standard output, within [`LIMIT`]. It sees no file and no environment but a `PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoDecoder {
    program: PathBuf,
}

/// Longest time for a photo; the program is killed then, with all that it started.
pub const LIMIT: Duration = Duration::from_secs(5);

/// Longest output in bytes; a BMP with 32 bits a dot has 51,462.
const OUTPUT: usize = 96 * 1024;

/// A decoded photo. Zeroised when dropped; `Debug` shows nothing of it.
pub struct Photo(RgbImage);

/// Why there is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhotoError {
    /// The card gave no photo, or none of the standard's length.
    #[error("the card gave no photo")]
    NoPhoto,
    /// The program cannot be started.
    #[error("the photo decoder cannot be started: {0}")]
    Start(io::ErrorKind),
    /// It did not end in time.
    #[error("the photo decoder took longer than {} s", LIMIT.as_secs())]
    TooSlow,
    /// It gave more than a picture.
    #[error("the photo decoder gives too many bytes")]
    TooLong,
    /// It ended with an error of its own, as it does when the blob is none.
    #[error("the photo decoder refuses the photo")]
    Refused,
    /// What it gave is no PNG or BMP of 102×126 dots.
    #[error("the photo decoder gives no PNG or BMP of {WIDTH}×{HEIGHT} dots")]
    NoPicture,
}

impl PhotoDecoder {
    /// The program at a path.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
        }
    }

    /// Where the program is.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Decodes a card's photo. At most [`LIMIT`].
    ///
    /// # Errors
    /// [`PhotoError`].
    pub fn decode(&self, blob: &[u8]) -> Result<Photo, PhotoError> {
        if blob.len() != BLOB {
            return Err(PhotoError::NoPhoto);
        }
        Photo::parse(&self.run(blob)?)
    }

    fn run(&self, blob: &[u8]) -> Result<Bytes, PhotoError> {
        let deadline = Instant::now() + LIMIT;
        let mut program = Command::new(&self.program)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // So that what it starts can be killed with it.
            .process_group(0)
            .spawn()
            .map_err(|error| PhotoError::Start(error.kind()))?;
        let output = converse(&mut program, blob, deadline);
        let ended = output.is_ok() && ended(&program, deadline);
        // It was not waited for yet: its number is still its own.
        if let Some(group) = pid(&program) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let status = program.wait();
        let output = output?;
        if !ended {
            return Err(PhotoError::TooSlow);
        }
        if !status.is_ok_and(|status| status.success()) {
            return Err(PhotoError::Refused);
        }
        Ok(output)
    }
}

impl Photo {
    /// Reads what a decoder gave: a PNG or BMP of 102×126 dots.
    ///
    /// # Errors
    /// [`PhotoError::NoPicture`].
    pub fn parse(output: &[u8]) -> Result<Self, PhotoError> {
        let mut reader = ImageReader::new(io::Cursor::new(output))
            .with_guessed_format()
            .map_err(|_| PhotoError::NoPicture)?;
        let mut limits = Limits::default();
        (limits.max_image_width, limits.max_image_height) = (Some(WIDTH), Some(HEIGHT));
        limits.max_alloc = Some(1024 * 1024);
        reader.limits(limits);
        if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Bmp)) {
            return Err(PhotoError::NoPicture);
        }
        let image = reader.decode().map_err(|_| PhotoError::NoPicture)?;
        let photo = Self(image.into_rgb8());
        if photo.0.dimensions() == (WIDTH, HEIGHT) {
            Ok(photo)
        } else {
            Err(PhotoError::NoPicture)
        }
    }

    /// Red, green and blue of each dot, row by row from the top.
    pub fn rgb(&self) -> &[u8] {
        self.0.as_raw()
    }
}

impl Drop for Photo {
    fn drop(&mut self) {
        (*self.0).zeroize();
    }
}

impl std::fmt::Debug for Photo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Photo(…)")
    }
}

/// Hands the blob over and takes the output, to its end.
fn converse(program: &mut Child, blob: &[u8], deadline: Instant) -> Result<Bytes, PhotoError> {
    if let Some(mut input) = program.stdin.take() {
        // It fits into a pipe, so that this cannot block. A program may well not want to know it.
        let _ = input.write_all(blob);
    }
    let mut output = Bytes::with_capacity(OUTPUT);
    let Some(mut pipe) = program.stdout.take() else {
        return Ok(output);
    };
    let mut buffer = Zeroizing::new([0; 4096]);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).map_err(|_| PhotoError::TooSlow)?;
        let mut ready = [PollFd::new(&pipe, PollFlags::IN)];
        match poll(&mut ready, Some(&timeout)) {
            Ok(0) => return Err(PhotoError::TooSlow),
            Err(rustix::io::Errno::INTR) => continue,
            Ok(_) | Err(_) => {}
        }
        match pipe.read(&mut *buffer) {
            Ok(0) => return Ok(output),
            Ok(read) if output.len() + read > OUTPUT => return Err(PhotoError::TooLong),
            Ok(read) => output.extend(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Err(PhotoError::Refused),
        }
    }
}

/// Waits for the program's end, without taking its status; false if it does not come in time.
fn ended(program: &Child, deadline: Instant) -> bool {
    const LOOK: Duration = Duration::from_millis(2);
    let Some(pid) = pid(program) else {
        return false;
    };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    loop {
        if !matches!(waitid(WaitId::Pid(pid), options), Ok(None)) {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(LOOK);
    }
}

fn pid(program: &Child) -> Option<Pid> {
    i32::try_from(program.id()).ok().and_then(Pid::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A program of these lines in a directory of its own, which goes with it.
    struct Script(PathBuf);

    impl Script {
        fn new(lines: &str) -> Self {
            static COUNT: AtomicU32 = AtomicU32::new(0);
            let directory = std::env::temp_dir().join(format!(
                "yici-photo-{}-{}",
                std::process::id(),
                COUNT.fetch_add(1, Ordering::Relaxed)
            ));
            std::fs::create_dir(&directory).unwrap();
            let program = directory.join("decoder");
            std::fs::write(&program, format!("#!/bin/sh\n{lines}\n")).unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
            Self(directory)
        }

        fn put(&self, name: &str, bytes: &[u8]) -> String {
            let path = self.0.join(name);
            std::fs::write(&path, bytes).unwrap();
            path.to_str().unwrap().to_owned()
        }

        fn decode(&self) -> Result<Photo, PhotoError> {
            // Another test's fork can hold the new file open for writing, for a moment.
            let end = Instant::now() + Duration::from_secs(10);
            loop {
                match PhotoDecoder::new(self.0.join("decoder")).decode(&[0x57; BLOB]) {
                    Err(PhotoError::Start(io::ErrorKind::ExecutableFileBusy))
                        if Instant::now() < end =>
                    {
                        thread::sleep(Duration::from_millis(5));
                    }
                    result => return result,
                }
            }
        }
    }

    impl Drop for Script {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let image = RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 7]));
        let mut bytes = io::Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_programs_picture_is_taken() {
        for format in [ImageFormat::Png, ImageFormat::Bmp] {
            let script = Script::new("test \"$(wc -c)\" -eq 1024 && exec cat \"${0%/*}/picture\"");
            script.put("picture", &encoded(WIDTH, HEIGHT, format));
            let photo = script.decode().unwrap();
            assert_eq!(photo.rgb().len(), 102 * 126 * 3);
            assert_eq!(photo.rgb()[3 * 102 + 3..][..3], [1, 1, 7], "{format:?}");
            assert_eq!(format!("{photo:?}"), "Photo(…)");
        }
    }

    #[test]
    fn a_program_sees_the_blob_and_nothing_else() {
        let script =
            Script::new("cat > \"${0%/*}/blob\"; { pwd; env; } > \"${0%/*}/seen\"; exit 3");
        assert_eq!(script.decode().unwrap_err(), PhotoError::Refused);
        assert_eq!(std::fs::read(script.0.join("blob")).unwrap(), [0x57; BLOB]);
        let seen = std::fs::read_to_string(script.0.join("seen")).unwrap();
        assert!(seen.starts_with("/\n"), "{seen}");
        let known = ["PATH=", "PWD=/", "OLDPWD=", "SHLVL=", "_="];
        for line in seen.lines().skip(1) {
            assert!(known.iter().any(|known| line.starts_with(known)), "{line}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let script = Script::new("exec cat \"${0%/*}/picture\"");
        for bytes in [
            encoded(103, 126, ImageFormat::Png),
            encoded(101, 126, ImageFormat::Bmp),
            b"no picture".to_vec(),
            Vec::new(),
            encoded(WIDTH, HEIGHT, ImageFormat::Png)[..500].to_vec(),
        ] {
            script.put("picture", &bytes);
            assert_eq!(script.decode().unwrap_err(), PhotoError::NoPicture);
        }
        let script = Script::new("exec cat /dev/zero");
        assert_eq!(script.decode().unwrap_err(), PhotoError::TooLong);
        let script = Script::new("exit 1");
        assert_eq!(script.decode().unwrap_err(), PhotoError::Refused);
        let missing = PhotoDecoder::new("/nonexistent/decoder").decode(&[0; BLOB]);
        assert_eq!(
            missing.unwrap_err(),
            PhotoError::Start(io::ErrorKind::NotFound)
        );
        let none = PhotoDecoder::new("/bin/cat").decode(&[]);
        assert_eq!(none.unwrap_err(), PhotoError::NoPhoto);
    }

    #[test]
    fn a_program_that_does_not_end_is_killed_with_what_it_started() {
        // One holds the output open, the other closes it; both leave a process behind.
        for lines in [
            "sleep 1000 & echo $! > \"${0%/*}/left\"; wait",
            "sleep 1000 >&- & echo $! > \"${0%/*}/left\"; exec >&-; wait",
        ] {
            let script = Script::new(lines);
            let started = Instant::now();
            assert_eq!(script.decode().unwrap_err(), PhotoError::TooSlow);
            assert!(started.elapsed() < LIMIT + Duration::from_secs(20));
            let left = std::fs::read_to_string(script.0.join("left")).unwrap();
            let stat = format!("/proc/{}/stat", left.trim());
            let end = Instant::now() + Duration::from_secs(20);
            // Gone, or dead and not yet waited for by whoever inherited it.
            while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
                assert!(Instant::now() < end, "{left} was left running");
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}
