//! The A4 printer's driver against CUPS' `ippeveprinter`, a printer that is not ours.

// Helpers of tests may fail a test like tests themselves; clippy.toml's exception covers only those.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use yici_conformance::form_printer::{self as suite, Bench, Fault, Job, Tray};
use yici_conformance::{BenchError, Done, Hands, Trial, run};
use yici_hal::address::Address;
use yici_hal::form_printer::{self, DPI, Document, Doubt, FormPrinter, HEIGHT, Outcome, WIDTH};
use yici_hal::slip::Slip;
use yici_hal::status::{Cause, Paper, PrinterStatus};

/// Longest time that anything here is waited for; the machine may be busy.
const LONG: Duration = Duration::from_secs(120);

/// What is printed for a person's document.
const CODE: &str = "https://yici.example/form/示例";

/// A printer with A4 paper. What becomes of its jobs stands in the file `does`, a piece of shell script
/// with `$page` naming the spool file.
struct Printer {
    bus: Child,
    process: Mutex<Option<Child>>,
    port: u16,
    folder: tempfile::TempDir,
    formats: &'static str,
}

impl Printer {
    fn start(formats: &'static str, does: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let command = folder.path().join("print");
        let script = "#!/bin/sh\npage=\"$1\"\ntouch \"$0.began\"\n. \"$(dirname \"$0\")/does\"\nrm -f \"$0.began\"\n";
        std::fs::write(&command, script).unwrap();
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
        let printer = Self {
            bus,
            process: Mutex::default(),
            port: free.local_addr().unwrap().port(),
            folder,
            formats,
        };
        drop(free);
        printer.does(does);
        wait("the bus", || printer.path("bus").exists());
        printer.power(true);
        printer
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn does(&self, script: &str) {
        std::fs::write(self.path("does"), script).unwrap();
    }

    fn power(&self, on: bool) {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        if on == process.is_some() {
            return;
        }
        if let Some(mut running) = process.take() {
            // With what "prints" for it, which has inherited its sockets.
            kill_process_group(Pid::from_child(&running), Signal::KILL).unwrap();
            running.wait().unwrap();
            let _ = std::fs::remove_file(self.path("print.began"));
            return;
        }
        let bus = format!("unix:path={}", self.path("bus").display());
        let started = Command::new("ippeveprinter")
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
        *process = Some(started);
        drop(process);
        wait("the printer", || {
            TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
        self.sheets(250);
    }

    fn get(&self, path: &str) {
        let mut link = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        link.write_all(request.as_bytes()).unwrap();
        // It has done so at the end of its page; the connection is kept for half a minute, whatever it is
        // told.
        let mut answer = BufReader::new(link).lines().map_while(Result::ok);
        let status = answer.next().unwrap();
        assert!(status.starts_with("HTTP/1.1 200"), "{status}");
        assert!(answer.any(|line| line.contains("</html>")));
    }

    /// Lays so many sheets of A4 into the printer, by its own page.
    fn sheets(&self, count: u32) {
        self.get(&format!(
            "/media?size1=iso_a4_210x297mm&type1=stationery&level1={count}\
             &size3=iso_dl_110x220mm&type3=envelope&level3=25"
        ));
    }

    fn driver(&self) -> Box<dyn FormPrinter> {
        let address: Address = format!("ipp://127.0.0.1:{}/ipp/print", self.port)
            .parse()
            .unwrap();
        form_printer::open(&address).unwrap()
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
        self.power(false);
        let _ = self.bus.kill();
        let _ = self.bus.wait();
    }
}

/// Until it may go on.
const WAITS: &str = "until [ -e \"$0.stop\" ]; do sleep 0.1; done";

/// A printer is started for each case, and is in good order then.
impl Hands for Printer {
    fn restore(&self) -> Done {
        Ok(())
    }
}

impl Bench for Printer {
    fn jobs(&self, job: Job) -> Done {
        let _ = std::fs::remove_file(self.path("print.stop"));
        self.does(&match job {
            Job::Printed => "true".into(),
            Job::HeldUp => WAITS.into(),
            Job::GivenUp => "exit 1".into(),
            Job::Fault(fault) => {
                let reason = match fault {
                    Fault::PaperJam => "media-jam",
                    Fault::CoverOpen => "cover-open",
                    Fault::PaperOut => "media-needed",
                };
                format!("echo 'STATE: +{reason}' >&2; {WAITS}; echo 'STATE: -{reason}' >&2")
            }
        });
        Ok(())
    }

    fn go_on(&self) -> Done {
        std::fs::write(self.path("print.stop"), "").unwrap();
        // The next job must not be told to go on, too.
        wait("the job's end", || !self.path("print.began").exists());
        Ok(())
    }

    fn is_printing(&self) -> Done<bool> {
        Ok(self.path("print.began").exists())
    }

    fn is_calling_off(&self) -> Done<bool> {
        // It shows that to those who ask while its command runs.
        let jobs = Command::new("ipptool")
            .arg("-tv")
            .arg(format!("ipp://127.0.0.1:{}/ipp/print", self.port))
            .arg("get-jobs.test")
            .output()
            .map_err(|error| BenchError::Broken(format!("ipptool: {error}")))?;
        Ok(String::from_utf8_lossy(&jobs.stdout).contains("processing-to-stop-point"))
    }

    fn taken(&self) -> Done<usize> {
        Ok(self.spooled().len())
    }

    fn load(&self, tray: Tray) -> Done {
        match tray {
            Tray::A4 => self.sheets(250),
            Tray::OtherSize => {
                self.get("/media?size1=na_letter_8.5x11in&type1=stationery&level1=250")
            }
        }
        Ok(())
    }

    fn silence(&self, on: bool) -> Done {
        let signal = if on { Signal::STOP } else { Signal::CONT };
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(process) = &*process {
            kill_process_group(Pid::from_child(process), signal).unwrap();
        }
        Ok(())
    }

    fn switch_off(&self) -> Done {
        self.power(false);
        Ok(())
    }

    fn switch_on(&self) -> Done {
        self.power(true);
        Ok(())
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

/// What a busy machine may add to the times that the driver promises.
const SLACK: Duration = Duration::from_secs(30);

/// All cases at once, each at a printer of its own: nearly all of their time is waiting.
#[test]
fn a_printer_that_is_not_ours_conforms() {
    let names: Vec<_> = suite::cases().into_iter().map(|case| case.name).collect();
    let play = |name: &str| {
        let mut cases = suite::cases();
        cases.retain(|case| case.name == name);
        let printer = Printer::start("application/pdf", "true");
        let open = || Ok(printer.driver());
        let trial = Trial {
            bench: &printer as &dyn Bench,
            open: &open,
            slack: SLACK,
        };
        run(&cases, &trial, |_| {})
    };
    let reports = thread::scope(|scope| {
        let playing: Vec<_> = names
            .iter()
            .map(|name| scope.spawn(move || play(name)))
            .collect();
        let reports = playing.into_iter().map(|one| one.join().unwrap());
        reports.collect::<Vec<_>>()
    });
    for report in &reports {
        println!("{report}");
        assert_eq!(report.cases.len(), 1);
        assert_eq!((report.failed(), report.not_run()), (vec![], vec![]));
    }
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
fn a_form_comes_whole_and_its_pages_are_counted() {
    let printer = Printer::start(
        "application/pdf,image/pwg-raster",
        "echo 'ATTR: job-impressions=1 job-impressions-completed=1' >&2",
    );
    let document = document();
    assert_eq!(
        printer.driver().print(&document, soon()),
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

#[test]
fn a_tray_that_is_only_reported_empty_leaves_doubt_until_it_is_filled() {
    let printer = Printer::start("application/pdf", "true");
    let mut driver = printer.driver();
    // It finds out while printing, and calls nothing off before it has paper.
    printer.sheets(0);
    assert_eq!(driver.status().paper, Some(Paper::Low));
    let outcome = driver.print(&document(), soon());
    assert_eq!(outcome, Outcome::Unknown(Doubt::NotCalledOff));
    printer.sheets(250);
    assert_eq!(
        driver.print(&document(), soon()),
        Outcome::Printed { pages: None }
    );
    assert_eq!(printer.spooled().len(), 2, "no form was sent twice");
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
