//! A serial line, 8N1, on a pseudo-terminal.

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

/// Bytes written at once; 1.4 ms of line at 115200 baud, 17 ms at 9600: as USB adapters do.
const PIECE: usize = 16;

/// The far end of the line, where the device is.
pub struct Line {
    /// Time of one byte: start bit, 8 bits, stop bit.
    byte: Duration,
    master: File,
    /// Held open so that the line stays up, and raw, between two users of it.
    slave: OwnedFd,
    /// When the last byte sent will have left.
    free: Instant,
}

impl Line {
    /// Makes a line of so many bits per second, and links its near end at `link`.
    pub fn open(link: &Path, baud: u32) -> io::Result<Self> {
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
            byte: Duration::from_secs(10) / baud,
            master: master.into(),
            slave,
            free: Instant::now(),
        })
    }

    /// The same end once more, so that one thread reads while another writes.
    pub fn another_hand(&self) -> io::Result<Self> {
        Ok(Self {
            byte: self.byte,
            master: self.master.try_clone()?,
            slave: self.slave.try_clone()?,
            free: Instant::now(),
        })
    }

    /// Waits for bytes and takes them once the line would have carried them; 0 if none came for a while.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let timeout = Timespec {
            tv_sec: 0,
            tv_nsec: 100_000_000,
        };
        let mut ready = [PollFd::new(&self.master, PollFlags::IN)];
        poll(&mut ready, Some(&timeout))?;
        if !ready[0].revents().contains(PollFlags::IN) {
            self.release()?;
            return Ok(0);
        }
        let read = self.master.read(buffer)?;
        thread::sleep(self.byte * u32::try_from(read).unwrap_or(u32::MAX));
        Ok(read)
    }

    /// To be called now and then while nobody talks. A user of the line that was killed leaves it
    /// marked as exclusive, which a real line forgets on its last close; this end must forget it here.
    pub fn release(&self) -> io::Result<()> {
        Ok(ioctl_tiocnxcl(self.slave.as_fd())?)
    }

    /// Sends bytes at the speed of the line.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.free = self.free.max(Instant::now());
        for piece in bytes.chunks(PIECE) {
            // A byte is there when its last bit is.
            self.free += self.byte * u32::try_from(piece.len()).unwrap_or(u32::MAX);
            thread::sleep(self.free.saturating_duration_since(Instant::now()));
            self.master.write_all(piece)?;
        }
        Ok(())
    }
}
