//! A hall for one test: its simulators, its configuration, its terminal.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Nothing here takes this long but on a machine that is busy with something else.
pub const PATIENCE: Duration = Duration::from_secs(120);

pub fn kiosk() -> Command {
    Command::new(env!("CARGO_BIN_EXE_kiosk"))
}

pub fn sim_program() -> PathBuf {
    beside("kiosk-sim")
}

/// Other programs are built beside `kiosk`; `make test` builds all.
pub fn beside(name: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_kiosk")).with_file_name(name);
    assert!(
        program.exists(),
        "build it first: cargo build --workspace --bins"
    );
    program
}

pub fn catalogue() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog/matters")
}

/// Simulators and a configuration in a directory of their own.
pub struct Hall {
    pub dir: TempDir,
    sim: Child,
    /// What the simulators were started with.
    options: Vec<String>,
    pub card_reader: String,
    printer: String,
}

impl Hall {
    pub fn open() -> Hall {
        Hall::with(&[], "")
    }

    /// `options` go to the simulators, `more` to the end of the configuration.
    pub fn with(options: &[&str], more: &str) -> Hall {
        let dir = TempDir::new().unwrap();
        let options: Vec<String> = options.iter().map(|&option| option.into()).collect();
        let (sim, ready) = plug_in(dir.path(), "127.0.0.1:0", &options);
        let said = |name: &str| ready[name].as_str().unwrap().to_owned();
        let (card_reader, printer) = (said("card_reader"), said("printer"));
        let code_scanner = said("code_scanner");
        let config =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/kiosk.toml"))
                .unwrap();
        let config: String = config
            .lines()
            .map(|line| {
                let line = match line.split(" = ").next().unwrap_or_default() {
                    "directory" => format!("directory = {:?}", catalogue()),
                    "card_reader" => format!("card_reader = {card_reader:?}"),
                    "printer" => {
                        format!("printer = {printer:?}\ncode_scanner = {code_scanner:?}")
                    }
                    _ => line.to_owned(),
                };
                line + "\n"
            })
            .collect();
        std::fs::write(dir.path().join("kiosk.toml"), config + more).unwrap();
        Hall {
            dir,
            sim,
            options,
            card_reader,
            printer,
        }
    }

    /// The printer's URL.
    pub fn printer(&self) -> &str {
        &self.printer
    }

    /// Pulls all plugs at once.
    pub fn unplug(&mut self) {
        self.sim.kill().unwrap();
        self.sim.wait().unwrap();
    }

    /// Plugs everything in again at its old place; devices come back as they are when switched on.
    pub fn replug(&mut self) {
        let printer = self.printer.trim_start_matches("tcp:");
        (self.sim, _) = plug_in(self.dir.path(), printer, &self.options);
    }

    /// A step of a script that waits for the test: it says that it has come so far, and goes on when it
    /// is let.
    pub fn meeting(&self, name: &str) -> String {
        let (here, go) = (self.path(&format!("{name}.here")), self.path(name));
        // The directory goes with the test, and the shell with it.
        format!("do touch {here}; while [ -e {here} ] && [ ! -e {go} ]; do sleep 0.05; done")
    }

    /// Waits until the script has come to its meeting.
    pub fn meet(&self, name: &str) {
        let here = self.dir.path().join(format!("{name}.here"));
        let end = Instant::now() + PATIENCE;
        while !here.exists() {
            assert!(Instant::now() < end, "the script does not come to {name}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Lets the script go on from its meeting.
    pub fn part(&self, name: &str) {
        std::fs::write(self.dir.path().join(name), "").unwrap();
    }

    pub fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    /// `kiosk outbox list` of this hall's terminal: number, state and slip of each case.
    pub fn outbox(&self) -> Vec<Value> {
        let (code, listed) = json_of(
            kiosk()
                .args(["outbox", "list", "--format", "json", "--config"])
                .arg(self.dir.path().join("kiosk.toml")),
        );
        assert!(code <= 1, "{listed}");
        listed["cases"].as_array().unwrap().clone()
    }

    /// Changes one value of the configuration.
    pub fn configure(&self, key: &str, value: &str) {
        let file = self.dir.path().join("kiosk.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let changed: String = text
            .lines()
            .map(|line| match line.split(" = ").next() {
                Some(found) if found == key => format!("{key} = {value}\n"),
                Some(_) | None => format!("{line}\n"),
            })
            .collect();
        assert_ne!(text, changed, "no key {key}");
        std::fs::write(file, changed).unwrap();
    }

    /// Commands the simulators, as a hand would.
    pub fn ctl(&self, words: &str) -> Value {
        let output = Command::new(sim_program())
            .args(["ctl", "--socket"])
            .arg(self.dir.path().join("sim.sock"))
            .args(words.split(' '))
            .output()
            .unwrap();
        assert!(output.status.success(), "ctl {words}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// Runs the terminal with a scripted citizen to the script's end.
    pub fn citizen(&self, script: &str) -> Walked {
        let started = self.start(script);
        started.finish()
    }

    /// Starts the terminal with a scripted citizen.
    pub fn start(&self, script: &str) -> Walking {
        self.start_under(&[], script)
    }

    /// The same, by another program that starts it.
    pub fn start_under(&self, wrapper: &[String], script: &str) -> Walking {
        let mut command = match wrapper {
            [] => kiosk(),
            [program, options @ ..] => {
                let mut command = Command::new(program);
                command.args(options).arg(env!("CARGO_BIN_EXE_kiosk"));
                command
            }
        };
        command.arg("run");
        self.walk(command, script)
    }

    /// The same, for viewers to watch.
    pub fn start_watched(&self, script: &str) -> Walking {
        let mut command = kiosk();
        command.args(["run", "--screen"]).arg(self.screen());
        self.walk(command, script)
    }

    fn walk(&self, mut command: Command, script: &str) -> Walking {
        let script_file = self.dir.path().join("citizen.script");
        std::fs::write(&script_file, script).unwrap();
        let path = format!(
            "{}:{}",
            sim_program().parent().unwrap().display(),
            std::env::var("PATH").unwrap_or_default()
        );
        let child = command
            .env("KIOSK_LOG", "yici=trace,warn")
            .arg("--config")
            .arg(self.dir.path().join("kiosk.toml"))
            .arg("--headless")
            .arg(self.dir.path().join("pages"))
            .arg("--script")
            .arg(&script_file)
            .env("PATH", path)
            .env("SIM", self.dir.path().join("sim.sock"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Walking { child }
    }

    /// Where the terminal's screen is watched.
    pub fn screen(&self) -> PathBuf {
        self.dir.path().join("screen.sock")
    }

    /// Starts the terminal for whoever watches it at [`Hall::screen`], and waits until it can be watched.
    pub fn start_for_viewers(&self) -> Running {
        let child = kiosk()
            .args(["run", "--config"])
            .arg(self.dir.path().join("kiosk.toml"))
            .arg("--screen")
            .arg(self.screen())
            .spawn()
            .unwrap();
        let running = Running(child);
        let end = Instant::now() + PATIENCE;
        while !self.screen().exists() {
            assert!(Instant::now() < end, "the terminal shows no screen");
            std::thread::sleep(Duration::from_millis(20));
        }
        running
    }

    /// Reads the card that lies on the reader by `kiosk device read`, from outside of the terminal
    /// under test; `more` are its options. The exit code and the record.
    pub fn read_card(&self, more: &[&str]) -> (i32, Value) {
        json_of(
            kiosk()
                .args(["device", "read", "--format", "json", "--device"])
                .arg(&self.card_reader)
                .args(more),
        )
    }

    /// The slips that came out, oldest first.
    pub fn slips(&self, ending: &str) -> Vec<PathBuf> {
        let mut slips: Vec<PathBuf> = std::fs::read_dir(self.dir.path().join("slips"))
            .map(|files| files.map(|file| file.unwrap().path()).collect())
            .unwrap_or_default();
        slips.retain(|slip| slip.to_string_lossy().ends_with(ending));
        slips.sort();
        slips
    }
}

impl Drop for Hall {
    fn drop(&mut self) {
        let _ = self.sim.kill();
        let _ = self.sim.wait();
    }
}

/// Starts the simulators of a hall; what they say when they are ready.
fn plug_in(dir: &Path, printer: &str, options: &[String]) -> (Child, Value) {
    let mut sim = Command::new(sim_program())
        .arg("run")
        .arg("--socket")
        .arg(dir.join("sim.sock"))
        .arg("--card-reader")
        .arg(dir.join("card-reader"))
        .arg("--code-scanner")
        .arg(dir.join("code-scanner"))
        .args(["--printer", printer])
        .arg("--out")
        .arg(dir.join("slips"))
        .args(options)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let ready = ready(&mut sim);
    (sim, ready)
}

/// What a simulator says when it is ready.
pub fn ready(program: &mut Child) -> Value {
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    serde_json::from_str(&line).unwrap()
}

/// A program that runs until it is dropped.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A terminal on its way through a script.
pub struct Walking {
    child: Child,
}

impl Drop for Walking {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Walking {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once; all that it said, the log included.
    pub fn kill(mut self) -> String {
        let _ = self.child.kill();
        let walked = self.finish();
        walked.stdout + &walked.stderr
    }

    pub fn finish(mut self) -> Walked {
        let end = Instant::now() + PATIENCE;
        while self.child.try_wait().unwrap().is_none() {
            if Instant::now() > end {
                let _ = self.child.kill();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut stdout = String::new();
        let mut stderr = String::new();
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut stdout)
            .unwrap();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        let status = self.child.wait().unwrap();
        Walked {
            success: status.success(),
            code: status.code(),
            stdout,
            stderr,
        }
    }
}

/// A script that has ended.
pub struct Walked {
    pub success: bool,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Walked {
    /// The pages that were shown, by name, in order.
    pub fn pages(&self) -> Vec<String> {
        self.stdout
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter_map(|line| Some(line["page"].as_str()?.to_owned()))
            .collect()
    }

    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert!(
            self.success,
            "the script failed\n{}\n{}",
            self.stdout, self.stderr
        );
        self
    }
}

/// Runs a command that prints one JSON document; its exit code and the document.
pub fn json_of(command: &mut Command) -> (i32, Value) {
    let output = output(command);
    let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
        panic!(
            "no JSON: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    });
    (output.status.code().unwrap(), value)
}

/// Runs a command to its end.
pub fn output(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// What the QR code on a slip says.
pub fn code_on(slip: &Path) -> String {
    let paper = image::open(slip).unwrap().into_luma8();
    let (width, height) = (paper.width() as usize, paper.height() as usize);
    let shade = |x: usize, y: usize| paper.get_pixel(x as u32, y as u32).0[0];
    let mut paper = rqrr::PreparedImage::prepare_from_greyscale(width, height, shade);
    let codes = paper.detect_grids();
    assert_eq!(codes.len(), 1);
    codes[0].decode().unwrap().1
}
