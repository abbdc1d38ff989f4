//! The A4 printer's driver against CUPS' `ippeveprinter`, a printer that is not ours.

// Helpers of tests may fail a test like tests themselves; clippy.toml's exception covers only those.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use yici_hal::address::Address;
use yici_hal::form_printer::{self, DPI, Document, Doubt, FormPrinter, HEIGHT, Outcome, WIDTH};
use yici_hal::slip::Slip;
use yici_hal::status::{Cause, DeviceState, Paper, PrinterStatus};

/// Longest time that anything here is waited for; the machine may be busy.
const LONG: Duration = Duration::from_secs(120);

/// What is printed for a person's document.
const CODE: &str = "https://yici.example/form/示例";

struct Printer {
    bus: Child,
    printer: Option<Child>,
    port: u16,
    folder: tempfile::TempDir,
    formats: &'static str,
}

impl Printer {
    /// A printer with A4 paper, whose jobs are "printed" by a shell script with `$page` naming the spool
    /// file.
    fn start(formats: &'static str, script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let command = folder.path().join("print");
        std::fs::write(&command, format!("#!/bin/sh\npage=\"$1\"\n{script}\n")).unwrap();
        std::fs::set_permissions(&command, std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::create_dir(folder.path().join("spool")).unwrap();
        // It does not start without a D-Bus to look for Avahi on; Avahi itself need not be there.
        let bus = Command::new("dbus-daemon")
            .args([
                "--session",
                "--nofork",
                "--nopidfile",
                "--nosyslog",
                "--address",
            ])
            .arg(format!("unix:path={}", folder.path().join("bus").display()))
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon is installed (see tools/packages)");
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut printer = Self {
            bus,
            printer: None,
            port: free.local_addr().unwrap().port(),
            folder,
            formats,
        };
        drop(free);
        printer.switch_on();
        printer
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn switch_on(&mut self) {
        wait("the bus", || self.path("bus").exists());
        let bus = format!("unix:path={}", self.path("bus").display());
        let printer = Command::new("ippeveprinter")
            .args(["-k", "-r", "off", "-n", "localhost"])
            .args(["-p", &self.port.to_string(), "-f", self.formats])
            .arg("-c")
            .arg(self.path("print"))
            .arg("-d")
            .arg(self.path("spool"))
            .arg("forms")
            .env("DBUS_SYSTEM_BUS_ADDRESS", bus)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("ippeveprinter is installed (see tools/packages)");
        self.printer = Some(printer);
        let port = self.port;
        wait("the printer", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        self.load(250);
    }

    fn switch_off(&mut self) {
        if let Some(mut printer) = self.printer.take() {
            // With what "prints" for it, which has inherited its sockets.
            let group = rustix::process::Pid::from_child(&printer);
            rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
            printer.wait().unwrap();
        }
    }

    fn get(&self, path: &str) {
        let mut link = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        link.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        link.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Lays so many sheets of A4 into the printer, by its own page.
    fn load(&self, sheets: u32) {
        self.get(&format!(
            "/media?size1=iso_a4_210x297mm&type1=stationery&level1={sheets}\
             &size3=iso_dl_110x220mm&type3=envelope&level3=25"
        ));
    }

    fn driver(&self) -> Box<dyn FormPrinter> {
        let address: Address = format!("ipp://127.0.0.1:{}/ipp/print", self.port)
            .parse()
            .unwrap();
        form_printer::open(&address).unwrap()
    }

    /// Waits until it was told to call a job off, which it does when its command ends.
    fn wait_for_call_off(&self) {
        wait("calling off", || {
            let jobs = Command::new("ipptool")
                .arg("-tv")
                .arg(format!("ipp://127.0.0.1:{}/ipp/print", self.port))
                .arg("get-jobs.test")
                .output()
                .expect("ipptool is installed (see tools/packages)");
            String::from_utf8_lossy(&jobs.stdout).contains("processing-to-stop-point")
        });
    }

    /// What lies in its spool folder.
    fn spooled(&self) -> Vec<Vec<u8>> {
        let mut files: Vec<_> = std::fs::read_dir(self.path("spool"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            // Beside each document lies what the command printed to its output.
            .filter(|file| file.extension().is_none_or(|extension| extension != "prn"))
            .collect();
        files.sort();
        files
            .iter()
            .map(|file| std::fs::read(file).unwrap())
            .collect()
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        self.switch_off();
        let _ = self.bus.kill();
        let _ = self.bus.wait();
    }
}

#[track_caller]
fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + LONG;
    while !done() {
        assert!(Instant::now() < end, "{what} did not come");
        thread::sleep(Duration::from_millis(50));
    }
}

fn soon() -> Instant {
    Instant::now() + LONG
}

fn document() -> Document {
    let mut text = Slip::new();
    text.text("综合申请表 䶮").qr(CODE);
    Document::typeset(&text).unwrap()
}

/// The dots of the first picture in a PDF file, found without the code that wrote it.
fn picture(pdf: &[u8]) -> Vec<u8> {
    let find = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|part| part == what);
    assert!(pdf.starts_with(b"%PDF-"));
    let image = &pdf[find(pdf, b"/Subtype /Image").unwrap()..];
    let start = find(image, b"stream\n").unwrap() + 7;
    let end = find(image, b"\nendstream").unwrap();
    miniz_oxide::inflate::decompress_to_vec_zlib(&image[start..end]).unwrap()
}

#[test]
fn a_form_is_printed_and_the_printer_says_so() {
    let printer = Printer::start(
        "application/pdf,image/pwg-raster",
        "echo 'ATTR: job-impressions=1 job-impressions-completed=1' >&2",
    );
    let mut driver = printer.driver();
    assert_eq!(
        driver.status(),
        PrinterStatus {
            device: DeviceState::Online,
            paper: Some(Paper::Full),
            media: None,
            cause: None,
        }
    );
    let document = document();
    assert_eq!(
        driver.print(&document, soon()),
        Outcome::Printed { pages: Some(1) }
    );
    let spooled = printer.spooled();
    assert_eq!(spooled.len(), 1);
    let rows = picture(&spooled[0]);
    assert_eq!(rows, document.pages()[0].rows());
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(WIDTH, HEIGHT, |x, y| {
        let stride = WIDTH.div_ceil(8);
        if rows[y * stride + x / 8] & 0x80 >> (x % 8) == 0 {
            255
        } else {
            0
        }
    });
    assert_eq!(image.detect_grids()[0].decode().unwrap().1, CODE);
}

#[test]
fn raster_goes_to_a_printer_without_pdf_and_cups_reads_it() {
    // CUPS' own converter of raster to PCL reads the file and writes what a laser printer takes.
    let printer = Printer::start(
        "image/pwg-raster",
        "CONTENT_TYPE=image/pwg-raster ippevepcl \"$page\" > \"$0.pcl\" || exit 1",
    );
    let outcome = printer.driver().print(&document(), soon());
    // It counts the pages that it finds.
    assert_eq!(outcome, Outcome::Printed { pages: Some(1) });
    assert!(printer.spooled()[0].starts_with(b"RaS2PwgRaster\0"));
    let pcl = std::fs::read(printer.path("print.pcl")).unwrap();
    let resolution = format!("\x1B*t{DPI}R");
    assert!(
        pcl.windows(resolution.len())
            .any(|part| part == resolution.as_bytes()),
        "a page of {} bytes",
        pcl.len()
    );
}

/// A command that goes on until it may stop.
const WAITS: &str = "until [ -e \"$0.stop\" ]; do sleep 0.1; done";

#[test]
fn faults_are_told_and_the_job_is_called_off() {
    for (reason, cause) in [
        ("media-jam", Cause::PaperJam),
        ("cover-open", Cause::CoverOpen),
        ("media-needed", Cause::PaperOut),
    ] {
        let printer = Printer::start(
            "application/pdf",
            &format!("echo 'STATE: +{reason}' >&2; {WAITS}"),
        );
        let mut driver = printer.driver();
        let printing = thread::spawn(move || driver.print(&document(), soon()));
        printer.wait_for_call_off();
        std::fs::write(printer.path("print.stop"), "").unwrap();
        assert_eq!(printing.join().unwrap(), Outcome::Failed(cause));
    }
}

#[test]
fn a_job_that_cannot_be_called_off_leaves_doubt_and_blocks_the_next() {
    let printer = Printer::start("application/pdf", WAITS);
    let mut driver = printer.driver();
    let until = Instant::now() + Duration::from_secs(2);
    let outcome = driver.print(&document(), until);
    assert_eq!(outcome, Outcome::Unknown(Doubt::NotCalledOff));
    // Somebody else's form must not come out behind the earlier one.
    assert_eq!(
        driver.print(&document(), soon()),
        Outcome::Failed(Cause::Busy)
    );
    assert_eq!(printer.spooled().len(), 1);
    std::fs::write(printer.path("print.stop"), "").unwrap();
    assert_eq!(
        driver.print(&document(), soon()),
        Outcome::Printed { pages: None }
    );
    assert_eq!(printer.spooled().len(), 2);
}

#[test]
fn without_paper_nothing_is_sent_until_it_is_loaded() {
    let printer = Printer::start("application/pdf", "exit 0");
    let mut driver = printer.driver();
    printer.get("/media?size1=na_letter_8.5x11in&type1=stationery&level1=250");
    let status = driver.status();
    assert_eq!(
        (status.paper, status.cause),
        (Some(Paper::Out), Some(Cause::PaperOut))
    );
    assert_eq!(
        driver.print(&document(), soon()),
        Outcome::Failed(Cause::PaperOut)
    );
    assert!(printer.spooled().is_empty(), "no A4, no job");

    // One of its trays is empty, which it only reports; it finds out while printing, and calls nothing
    // off before it has paper.
    printer.load(0);
    assert_eq!(driver.status().paper, Some(Paper::Low));
    let outcome = driver.print(&document(), soon());
    assert_eq!(outcome, Outcome::Unknown(Doubt::NotCalledOff));
    printer.load(250);
    assert_eq!(
        driver.print(&document(), soon()),
        Outcome::Printed { pages: None }
    );
    assert_eq!(printer.spooled().len(), 2, "no form was sent twice");
}

#[test]
fn a_job_that_the_printer_gives_up_has_failed() {
    let printer = Printer::start("application/pdf", "exit 1");
    let outcome = printer.driver().print(&document(), soon());
    assert_eq!(outcome, Outcome::Failed(Cause::Recoverable));
}

#[test]
fn a_slow_job_is_called_off_at_the_deadline() {
    let printer = Printer::start("application/pdf", WAITS);
    let mut driver = printer.driver();
    let until = Instant::now() + Duration::from_secs(2);
    let printing = thread::spawn(move || driver.print(&document(), until));
    printer.wait_for_call_off();
    std::fs::write(printer.path("print.stop"), "").unwrap();
    assert_eq!(printing.join().unwrap(), Outcome::Failed(Cause::Busy));
}

#[test]
fn a_printer_that_goes_in_the_middle_leaves_doubt_and_comes_back() {
    let mut printer = Printer::start("application/pdf", "touch \"$0.began\"; sleep 600");
    let mut driver = printer.driver();
    let began = printer.path("print.began");
    let printing = thread::spawn(move || {
        let outcome = driver.print(&document(), soon());
        (driver, outcome)
    });
    wait("the job", || began.exists());
    printer.switch_off();
    let (mut driver, outcome) = printing.join().unwrap();
    assert_eq!(outcome, Outcome::Unknown(Doubt::LinkLost));
    assert_eq!(driver.status(), PrinterStatus::unheard(Cause::NotConnected));
    assert_eq!(
        driver.print(&document(), soon()),
        Outcome::Failed(Cause::NotConnected)
    );

    std::fs::write(printer.path("print"), "#!/bin/sh\nexit 0\n").unwrap();
    printer.switch_on();
    assert!(driver.status().ready());
    assert_eq!(
        driver.print(&document(), soon()),
        Outcome::Printed { pages: None }
    );
}

#[test]
fn a_job_that_vanishes_is_not_called_printed() {
    let mut printer = Printer::start("application/pdf", "touch \"$0.began\"; sleep 600");
    let mut driver = printer.driver();
    let began = printer.path("print.began");
    let printing = thread::spawn(move || driver.print(&document(), soon()));
    wait("the job", || began.exists());
    printer.switch_off();
    printer.switch_on();
    let outcome = printing.join().unwrap();
    assert_eq!(outcome, Outcome::Unknown(Doubt::JobGone));
}

/// Something that listens and does what the closure does with each connection.
fn impostor(serve: impl Fn(&mut TcpStream) + Send + 'static) -> Box<dyn FormPrinter> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for link in listener.incoming() {
            let mut link = link.unwrap();
            let _ = link.read(&mut [0; 65536]);
            serve(&mut link);
        }
    });
    let address: Address = format!("ipp://127.0.0.1:{port}/").parse().unwrap();
    form_printer::open(&address).unwrap()
}

#[test]
fn what_is_no_printer_is_told_in_time() {
    const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\n\r\n";
    type Serve = Box<dyn Fn(&mut TcpStream) + Send>;
    let cases: [(&str, Cause, Serve); 6] = [
        (
            "silence",
            Cause::NoAnswer,
            Box::new(|_| thread::sleep(LONG)),
        ),
        (
            "a trickle",
            Cause::NoAnswer,
            Box::new(|link| {
                let _ = link.write_all(OK);
                while link.write_all(&[1]).is_ok() {
                    thread::sleep(Duration::from_millis(100));
                }
            }),
        ),
        (
            "a flood",
            Cause::Garbled,
            Box::new(|link| {
                let _ = link.write_all(OK);
                while link.write_all(&[1; 65536]).is_ok() {}
            }),
        ),
        (
            "a page",
            Cause::Garbled,
            Box::new(|link| {
                let _ = link.write_all(OK);
                let _ = link.write_all(b"<html>");
            }),
        ),
        (
            "another place",
            Cause::Garbled,
            Box::new(|link| {
                let _ = link.write_all(b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
            }),
        ),
        (
            "a closed door",
            Cause::NoRight,
            Box::new(|link| {
                let _ = link.write_all(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
            }),
        ),
    ];
    for (what, cause, serve) in cases {
        let start = Instant::now();
        assert_eq!(
            impostor(serve).status(),
            PrinterStatus::unheard(cause),
            "{what}"
        );
        assert!(start.elapsed() < LONG / 2, "{what}");
    }
}
