//! Converters between serial lines and the network, as people buy them: so that each simulated device
//! is reached over both.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, ioctl_tiocnxcl, tcgetattr, tcsetattr};
use yici_hal::address::Address;

/// A TCP port that leads to the serial line at `link`, one connection at a time. While the line is not
/// there, connections are closed.
pub fn to_network(link: &Path) -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let link = link.to_owned();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if let Ok(line) = OpenOptions::new().read(true).write(true).open(&link) {
                pump(&line, &stream, || {});
            }
        }
    });
    format!("tcp:127.0.0.1:{port}").parse().unwrap()
}

/// A serial line linked at `link` that leads to a TCP port. While nothing listens there, there is no
/// line.
pub fn to_serial(port: u16, link: PathBuf) -> Address {
    let address = format!("serial:{}?baud=115200", link.display());
    let begun = std::sync::Arc::new(std::sync::Barrier::new(2));
    let other = begun.clone();
    thread::spawn(move || {
        let mut is_first = true;
        loop {
            let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) else {
                thread::sleep(Duration::from_millis(50));
                continue;
            };
            // Not for programs that other tests start: a line whose far end one of them holds stays.
            let far =
                openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
            unlockpt(&far).unwrap();
            let near = ptsname(&far, Vec::new()).unwrap().into_string().unwrap();
            let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
            // Held open, so that the line stays up and raw between two users of it.
            let held = rustix::fs::open(near.as_str(), flags, Mode::empty()).unwrap();
            let mut settings = tcgetattr(&held).unwrap();
            settings.make_raw();
            tcsetattr(&held, OptionalActions::Now, &settings).unwrap();
            symlink(near, &link).unwrap();
            if std::mem::take(&mut is_first) {
                other.wait();
            }
            pump(&File::from(far), &stream, || {
                // A real line forgets who held it when that is closed.
                ioctl_tiocnxcl(held.as_fd()).unwrap();
            });
            if std::fs::remove_file(&link).is_err() {
                // The test is over.
                return;
            }
        }
    });
    begun.wait();
    address.parse().unwrap()
}

/// Carries bytes both ways until one side is gone; `idle` is called now and then.
fn pump(mut line: &File, mut stream: &TcpStream, idle: impl Fn()) {
    let limit = Timespec {
        tv_sec: 0,
        tv_nsec: 50_000_000,
    };
    let mut bytes = [0; 4096];
    loop {
        let mut ready = [
            PollFd::new(line, PollFlags::IN),
            PollFd::new(stream, PollFlags::IN),
        ];
        if poll(&mut ready, Some(&limit)).unwrap() == 0 {
            idle();
        }
        let [from_line, from_stream] = [0, 1].map(|at: usize| !ready[at].revents().is_empty());
        if from_line && !carry(&mut line, &mut stream, &mut bytes)
            || from_stream && !carry(&mut stream, &mut line, &mut bytes)
        {
            let _ = stream.shutdown(std::net::Shutdown::Both);
            return;
        }
    }
}

/// Carries what is there; false if a side is gone.
fn carry(from: &mut impl Read, to: &mut impl Write, bytes: &mut [u8]) -> bool {
    match from.read(bytes) {
        Ok(0) | Err(_) => false,
        Ok(read) => to.write_all(&bytes[..read]).is_ok(),
    }
}
