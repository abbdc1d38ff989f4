//! A PC/SC service (pcscd) of a test's own, with Debian's virtual reader, on a private socket.
//!
//! The client library takes the socket from the environment of its process: each test runs in a process
//! of its own, which is this test program once more.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};
use yici_hal::social_card;
use yici_hal::status::DeviceState;

/// Names the directory of the test whose process this is.
const DIRECTORY: &str = "YICI_TEST_PCSCD";

const PCSCD: &str = "/usr/sbin/pcscd";
const VPCD: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";

/// Longest time of one test: none may hang.
const LONGEST: Duration = Duration::from_secs(300);

/// A running service with two slots; killed when dropped.
pub struct Pcscd {
    directory: PathBuf,
    /// Port of the first slot; the second has the next one.
    pub port: u16,
    process: Child,
}

/// Runs a test, which is `module::function`, with a service of its own.
#[track_caller]
pub fn with_pcscd(test: &str, body: fn(Pcscd)) {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        return body(Pcscd::start(Path::new(&directory)));
    }
    let directory = tempfile::tempdir().unwrap();
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(DIRECTORY, directory.path())
        .env("PCSCLITE_CSOCK_NAME", directory.path().join("pcscd.comm"))
        .process_group(0)
        .spawn()
        .unwrap();
    let end = Instant::now() + LONGEST;
    let status = loop {
        if let Some(status) = process.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > end {
            kill_process_group(pid(&process), Signal::KILL).unwrap();
            panic!("{test} hangs");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(status.success(), "{test}: {status}");
}

impl Pcscd {
    fn start(directory: &Path) -> Self {
        for file in [PCSCD, VPCD] {
            assert!(
                Path::new(file).exists(),
                "{file} is missing: install the Debian packages pcscd and vsmartcard-vpcd"
            );
        }
        // Another test can take the ports in between.
        for _ in 0..5 {
            let port = two_free_ports();
            let mut pcscd = Self {
                directory: directory.into(),
                port,
                process: spawn(directory, Some(port)),
            };
            if pcscd.has_reader() {
                return pcscd;
            }
        }
        let log = std::fs::read_to_string(directory.join("log")).unwrap();
        panic!("pcscd does not start with its virtual reader:\n{log}");
    }

    fn has_reader(&mut self) -> bool {
        let mut reader = social_card::open(&"pcsc:Virtual PCD".parse().unwrap()).unwrap();
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end && self.process.try_wait().unwrap().is_none() {
            if reader.status().device == DeviceState::Online {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    /// Ends the service at once.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again, with its readers or without any.
    pub fn start_again(&mut self, with_readers: bool) {
        self.kill();
        self.process = spawn(&self.directory, with_readers.then_some(self.port));
    }

    /// Lets it stand still, and returns once it does.
    pub fn stop(&self) {
        let process = pid(&self.process);
        kill_process(process, Signal::STOP).unwrap();
        let stopped = WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(process), stopped).unwrap();
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        kill_process(pid(&self.process), Signal::CONT).unwrap();
    }
}

impl Drop for Pcscd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.directory.join("log")).unwrap_or_default();
            eprintln!("{PCSCD} said:\n{log}");
        }
    }
}

fn pid(process: &Child) -> Pid {
    Pid::from_child(process)
}

/// Starts the service as systemd does: with its socket open. So it needs no rights, and leaves the
/// socket and the process number of the system's own service alone.
fn spawn(directory: &Path, port: Option<u16>) -> Child {
    let config = directory.join("readers");
    std::fs::create_dir_all(&config).unwrap();
    let readers = port.map_or_else(String::new, |port| {
        format!(
            "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:{port}\nLIBPATH {VPCD}\nCHANNELID {port}\n"
        )
    });
    std::fs::write(config.join("vpcd"), readers).unwrap();
    let socket = directory.join("pcscd.comm");
    let _ = std::fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).unwrap();
    let log = std::fs::File::create(directory.join("log")).unwrap();

    let start = format!(
        "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec {PCSCD} --foreground --info --config {}",
        config.display()
    );
    // It wants a directory below /run; one of its own, where that can be had.
    let own_run: &[&str] = if rustix::process::geteuid().is_root() {
        &["--mount"]
    } else {
        &["--map-root-user", "--mount"]
    };
    let mount = "mount -t tmpfs tmpfs /run";
    let can = Command::new("unshare")
        .args(own_run)
        .args(["sh", "-c", mount])
        .stderr(Stdio::null())
        .status();
    let mut command = if can.is_ok_and(|status| status.success()) {
        let mut command = Command::new("unshare");
        command
            .args(own_run)
            .args(["sh", "-c", &format!("{mount} && {start}")]);
        command
    } else {
        let mut command = Command::new("sh");
        command.args(["-c", &start]);
        command
    };
    command
        .stdin(OwnedFd::from(listener))
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn two_free_ports() -> u16 {
    loop {
        let first = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = first.local_addr().unwrap().port();
        if port < u16::MAX && TcpListener::bind(("0.0.0.0", port + 1)).is_ok() {
            return port;
        }
    }
}
