//! A serial line of 115200 baud, 8N1, on a pseudo-terminal.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, ioctl_tiocnxcl, tcgetattr, tcsetattr};

/// Time of one byte: start bit, 8 bits, stop bit.
const BYTE: Duration = Duration::from_nanos(10 * 1_000_000_000 / 115_200);

/// Bytes written at once; 1.4 ms of line.
const PIECE: usize = 16;

/// The far end of the line, where the reader is.
pub struct Line {
    master: File,
    /// Held open so that the line stays up, and raw, between two users of it.
    slave: OwnedFd,
    /// When the last byte sent will have left.
    free: Instant,
}

impl Line {
    /// Makes the line and links its near end at `link`.
    pub fn open(link: &Path) -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        let path = Path::new(OsStr::from_bytes(name.as_bytes()));
        let slave = rustix::fs::open(
            path,
            OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        let mut settings = tcgetattr(&slave)?;
        settings.make_raw();
        tcsetattr(&slave, OptionalActions::Now, &settings)?;
        if link.is_symlink() {
            std::fs::remove_file(link)?;
        }
        std::os::unix::fs::symlink(path, link)?;
        Ok(Self {
            master: master.into(),
            slave,
            free: Instant::now(),
        })
    }

    /// Waits for bytes and takes them once the line would have carried them; 0 if none came for a second.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let timeout = Timespec {
            tv_sec: 1,
            tv_nsec: 0,
        };
        let mut ready = [PollFd::new(&self.master, PollFlags::IN)];
        poll(&mut ready, Some(&timeout))?;
        if !ready[0].revents().contains(PollFlags::IN) {
            // Nobody has talked for a while. A user of the line that was killed leaves it marked as
            // exclusive, which a real line forgets on its last close; this end must forget it here.
            ioctl_tiocnxcl(self.slave.as_fd())?;
            return Ok(0);
        }
        let read = self.master.read(buffer)?;
        thread::sleep(BYTE * u32::try_from(read).unwrap_or(u32::MAX));
        Ok(read)
    }

    /// Sends bytes at the speed of the line.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.free = self.free.max(Instant::now());
        for piece in bytes.chunks(PIECE) {
            // A byte is there when its last bit is.
            self.free += BYTE * u32::try_from(piece.len()).unwrap_or(u32::MAX);
            thread::sleep(self.free.saturating_duration_since(Instant::now()));
            self.master.write_all(piece)?;
        }
        Ok(())
    }
}
