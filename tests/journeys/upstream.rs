//! Upstreams for one test: the real one as a process, and one that misbehaves as told. Beside them a
//! terminal's configuration, and a case to submit.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test waits for one report among many"
)]

use std::cell::Cell;
use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use tempfile::TempDir;
use yici::config::Config;
use yici::delivery::{Delivery, Link, Report, UplinkStatus};
use yici_catalog::Catalog;
use yici_contract::case::*;
use yici_contract::envelope::Attachment;
use yici_contract::problem::{Kind, Problem};
use yici_contract::proof::{self, ProofError};
use yici_contract::{
    CaseNumber, Digest, Keyring, Private, PrivateBytes, PublicKey, SecretKey, SlipSecret,
};

use crate::hall::{Hall, PATIENCE, beside, catalogue, kiosk, output};

pub const NAME: &str = "欧阳一次";

/// `kiosk-upstream` as a process of its own, always at the same address.
pub struct Upstream {
    dir: TempDir,
    catalogue: PathBuf,
    /// The signed catalogue that it gives to terminals.
    bundle: Option<PathBuf>,
    pub key: PublicKey,
    serving: Option<Child>,
    pub address: SocketAddr,
}

impl Upstream {
    /// Serves the shipped catalogue.
    pub fn open() -> Upstream {
        Upstream::with(&catalogue())
    }

    fn with(catalogue: &Path) -> Upstream {
        let dir = TempDir::new().unwrap();
        let made = run(&["init", "--data", dir.path().join("data").to_str().unwrap()]);
        let mut upstream = Upstream {
            dir,
            catalogue: catalogue.to_owned(),
            bundle: None,
            key: made.trim().parse().unwrap(),
            serving: None,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        upstream.serve();
        upstream
    }

    /// Serves a catalogue to a hall, whose terminal is told of it and enrolled.
    pub fn for_hall(hall: &Hall, catalogue: &Path) -> Upstream {
        let upstream = Upstream::with(catalogue);
        let dir = hall.dir.path();
        connect(dir, upstream.address.port(), &upstream.ca(), &upstream.key);
        upstream.enrol(&device_key(dir));
        upstream
    }

    pub fn serve(&mut self) {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        let mut child = program()
            .args(["serve", "--listen", &self.address.to_string(), "--db"])
            .args([&self.db(), "--data", &self.path("data"), "--catalogue"])
            .arg(&self.catalogue)
            .args(
                self.bundle
                    .iter()
                    .flat_map(|bundle| [Path::new("--bundle"), bundle.as_path()]),
            )
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("listening on https://").unwrap();
        self.address = address.parse().unwrap();
        self.serving = Some(child);
    }

    /// Gives a signed catalogue to every terminal that asks.
    pub fn offer(&mut self, bundle: &Path) {
        self.kill();
        self.bundle = Some(bundle.to_owned());
        self.serve();
    }

    /// `SIGKILL`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.serving.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn enrol(&self, key: &str) {
        run(&["enrol", "--db", &self.db(), key, "大厅一号"]);
    }

    pub fn ca(&self) -> PathBuf {
        self.dir.path().join("data/ca.pem")
    }

    /// The numbers of the cases it has.
    pub fn cases(&self) -> Vec<String> {
        let list: Value = serde_json::from_str(&self.case(&["list", "--format", "json"])).unwrap();
        let cases = list["cases"].as_array().unwrap();
        let number = |case: &Value| case["number"].as_str().unwrap().to_owned();
        cases.iter().map(number).collect()
    }

    /// Waits until it has so many cases.
    #[track_caller]
    pub fn wait_for_cases(&self, count: usize) -> Vec<String> {
        let end = Instant::now() + PATIENCE;
        loop {
            let cases = self.cases();
            if cases.len() >= count || Instant::now() > end {
                assert_eq!(cases.len(), count);
                return cases;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// A case as it was opened, everything personal included.
    pub fn opened(&self, number: &str) -> Value {
        let opened = self.case(&["show", number, "--open", "--reason", "test"]);
        serde_json::from_str(&opened).unwrap()
    }

    /// `kiosk-upstream case …`.
    pub fn case(&self, words: &[&str]) -> String {
        let (db, data) = (self.db(), self.path("data"));
        run(&[&["case", "--db", &db, "--data", &data], words].concat())
    }

    /// What is said to be wrong.
    pub fn remarks(&self) -> Value {
        let remarks = run(&["remark", "--db", &self.db(), "list", "--format", "json"]);
        serde_json::from_str(&remarks).unwrap()
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn db(&self) -> String {
        format!("sqlite:{}", self.path("upstream.db"))
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.kill();
    }
}

fn program() -> Command {
    Command::new(beside("kiosk-upstream"))
}

/// `kiosk-upstream …`, which must succeed; what it printed.
fn run(words: &[&str]) -> String {
    let output = output(program().args(words));
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// How the server of the test's own answers one delivery.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    /// As the contract says.
    Receipt,
    /// A problem of the contract.
    Problem(Kind),
    /// A status with no body.
    Bare(u16),
    /// A status with a page of HTML.
    Html(u16),
    /// A status that says it has a problem, and has not.
    Broken(u16),
    /// A problem under another status than its own.
    Contradiction,
    /// Bytes that are no HTTP.
    Garbage,
    /// Never, until the terminal hangs up.
    Nothing,
    /// Half of a receipt.
    Half,
    /// A receipt for another number.
    OtherNumber,
    /// A receipt for other bytes.
    OtherBytes,
    /// Success without a receipt.
    Empty,
    /// More than the contract allows.
    Huge,
    /// Somewhere else.
    Redirect,
}

/// What the server saw of one delivery.
#[derive(Debug, Clone)]
pub struct Seen {
    pub path: String,
    pub body: Vec<u8>,
    pub receipt: bool,
}

/// An HTTPS server of the test's own. It checks proofs by its own clock, and else answers as told.
pub struct Server {
    dir: TempDir,
    pub address: SocketAddr,
    pub key: PublicKey,
    shared: Arc<Shared>,
}

struct Shared {
    keys: Keyring,
    tls: Arc<ServerConfig>,
    answers: Mutex<VecDeque<Answer>>,
    seen: Mutex<Vec<Seen>>,
    device: Mutex<Option<PublicKey>>,
    /// How far its clock is ahead.
    ahead: SignedDuration,
    /// Whether it says the time.
    tells_time: bool,
    ended: AtomicBool,
}

impl Server {
    pub fn open() -> Server {
        Server::with(SignedDuration::ZERO, true)
    }

    pub fn with(ahead: SignedDuration, tells_time: bool) -> Server {
        let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("ca.pem"), certificate.cert.pem()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let private = PrivateKeyDer::try_from(certificate.signing_key.serialize_der()).unwrap();
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.cert.der().clone()], private)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let keys = Keyring::new(SecretKey::random().unwrap(), Vec::new());
        let key = keys.current().public().clone();
        let shared = Arc::new(Shared {
            keys,
            tls: Arc::new(tls),
            answers: Mutex::default(),
            seen: Mutex::default(),
            device: Mutex::default(),
            ahead,
            tells_time,
            ended: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.ended.load(Ordering::SeqCst) {
                    break;
                }
                let (shared, stream) = (Arc::clone(&serving), stream.unwrap());
                std::thread::spawn(move || {
                    // A terminal that hangs up is no failure of the server.
                    let _ = shared.serve(stream);
                });
            }
        });
        Server {
            dir,
            address,
            key,
            shared,
        }
    }

    pub fn ca(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// The next deliveries are answered so; all others with a receipt.
    pub fn answer(&self, answers: &[Answer]) {
        self.shared.answers.lock().unwrap().extend(answers);
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    pub fn enrol(&self, key: &str) {
        *self.shared.device.lock().unwrap() = Some(key.parse().unwrap());
    }
}

/// A hall's HTTP proxy: tunnels to 127.0.0.1 whatever name it is asked for.
pub struct Proxy {
    pub address: SocketAddr,
    /// The places that it was asked for.
    pub asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub fn open() -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let near = near.unwrap();
                near.set_read_timeout(Some(PATIENCE)).unwrap();
                let head = head(&near);
                let place = head.split(' ').nth(1).unwrap().to_owned();
                let port: u16 = place.rsplit_once(':').unwrap().1.parse().unwrap();
                assert!(head.starts_with("CONNECT "), "{head}");
                seen.lock().unwrap().push(place);
                let far = TcpStream::connect(("127.0.0.1", port)).unwrap();
                (&near).write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
                let ways = [
                    (near.try_clone().unwrap(), far.try_clone().unwrap()),
                    (far, near),
                ];
                for (mut from, mut to) in ways {
                    std::thread::spawn(move || {
                        // Either side may hang up.
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(std::net::Shutdown::Write);
                    });
                }
            }
        });
        Proxy { address, asked }
    }
}

/// What is said up to an empty line.
fn head(mut stream: &TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

type Stream = StreamOwned<ServerConnection, TcpStream>;

impl Shared {
    fn serve(&self, tcp: TcpStream) -> std::io::Result<()> {
        tcp.set_read_timeout(Some(PATIENCE))?;
        let tls = ServerConnection::new(Arc::clone(&self.tls)).unwrap();
        let mut stream = StreamOwned::new(tls, tcp);
        let (head, body) = request(&mut stream)?;
        let mut words = head.lines().next().unwrap().split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        if path == "/v1/time" {
            return if self.tells_time {
                let key = self.keys.current().public().id();
                let time =
                    json!({"now": self.now(), "version": yici_contract::VERSION, "key": key});
                reply(
                    &mut stream,
                    200,
                    "application/json",
                    time.to_string().as_bytes(),
                )
            } else {
                reply(&mut stream, 404, "text/html", b"<p>nothing here")
            };
        }
        let proof = header(&head, "authorization").unwrap_or_default();
        let asked = proof::Request {
            method,
            path,
            body: &body,
        };
        let device = self.device.lock().unwrap().clone();
        match proof::check(proof, &asked, &self.keys, |_| device, self.now()) {
            Ok(_) => {}
            Err(ProofError::Clock { .. }) => {
                let mut problem = Problem::new(Kind::ClockOff);
                problem.now = Some(self.now());
                return say(&mut stream, &problem);
            }
            Err(_) => return say(&mut stream, &Problem::new(Kind::UnknownDevice)),
        }
        if path.starts_with("/v1/cases/") {
            self.deliver(&mut stream, path, &head, &body)
        } else if path.starts_with("/v1/evaluations/") {
            let receipt = json!({"received": self.now()});
            self.see(path, &body, true);
            reply(
                &mut stream,
                200,
                "application/json",
                receipt.to_string().as_bytes(),
            )
        } else {
            say(&mut stream, &Problem::new(Kind::NotFound))
        }
    }

    fn deliver(
        &self,
        stream: &mut Stream,
        path: &str,
        head: &str,
        body: &[u8],
    ) -> std::io::Result<()> {
        let number = CaseNumber::parse(path.rsplit('/').next().unwrap()).unwrap();
        let key = header(head, "idempotency-key");
        assert_eq!(key, Some(number.case_id().to_string().as_str()));
        let answer = self.answers.lock().unwrap().pop_front();
        let answer = answer.unwrap_or(Answer::Receipt);
        self.see(path, body, matches!(answer, Answer::Receipt));
        let receipt = |number: CaseNumber, bytes: &[u8]| {
            json!({"number": number, "received": self.now(), "sha256": Digest::of(bytes)})
                .to_string()
        };
        let good = receipt(number, body);
        let mut json = |body: &str| reply(stream, 200, "application/json", body.as_bytes());
        match answer {
            Answer::Receipt => json(&good),
            Answer::OtherNumber => json(&receipt(CaseNumber::random().unwrap(), body)),
            Answer::OtherBytes => json(&receipt(number, b"other bytes")),
            Answer::Empty => json(""),
            Answer::Huge => json(&format!("{good}{}", " ".repeat(1 << 20))),
            Answer::Problem(kind) => say(stream, &Problem::new(kind)),
            Answer::Bare(status) => reply(stream, status, "", b""),
            Answer::Html(status) => reply(stream, status, "text/html", b"<h1>Oh no</h1>"),
            Answer::Broken(status) => reply(stream, status, "application/problem+json", b"{\"type"),
            Answer::Contradiction => {
                let problem = serde_json::to_vec(&Problem::new(Kind::Conflict)).unwrap();
                reply(stream, 503, "application/problem+json", &problem)
            }
            Answer::Garbage => stream.write_all(b"\x00\xff\x13 garbage\r\n\r\n\r\n"),
            Answer::Nothing => stream.read_to_end(&mut Vec::new()).map(|_| ()),
            Answer::Half => {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", good.len());
                stream.write_all(head.as_bytes())?;
                stream.write_all(&good.as_bytes()[..good.len() / 2])
            }
            Answer::Redirect => {
                let to = format!("HTTP/1.1 307 X\r\nlocation: {path}\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(to.as_bytes())
            }
        }
    }

    fn see(&self, path: &str, body: &[u8], receipt: bool) {
        self.seen.lock().unwrap().push(Seen {
            path: path.to_owned(),
            body: body.to_owned(),
            receipt,
        });
    }

    fn now(&self) -> Timestamp {
        Timestamp::now() + self.ahead
    }
}

fn request(stream: &mut Stream) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 << 10];
    loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..at].to_vec()).unwrap();
            let length = header(&head, "content-length").map_or(0, |text| text.parse().unwrap());
            if bytes.len() >= at + 4 + length {
                return Ok((head, bytes[at + 4..at + 4 + length].to_vec()));
            }
        }
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..read]);
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn reply(stream: &mut Stream, status: u16, media: &str, body: &[u8]) -> std::io::Result<()> {
    let media = match media {
        "" => String::new(),
        media => format!("content-type: {media}\r\n"),
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\n{media}content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn say(stream: &mut Stream, problem: &Problem) -> std::io::Result<()> {
    let body = serde_json::to_vec(problem).unwrap();
    reply(stream, problem.status, "application/problem+json", &body)
}

/// A terminal's configuration, and its delivery driven as the core does it.
pub struct Terminal {
    pub dir: TempDir,
}

impl Terminal {
    /// A terminal that is enrolled by nobody yet.
    pub fn new(port: u16, ca: &Path, key: &PublicKey) -> Terminal {
        let dir = TempDir::new().unwrap();
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/kiosk.toml");
        let demo = fs::read_to_string(demo).unwrap().replace(
            "directory = \"../catalog/matters\"",
            &format!("directory = {:?}", catalogue()),
        );
        fs::write(dir.path().join("kiosk.toml"), demo).unwrap();
        connect(dir.path(), port, ca, key);
        Terminal { dir }
    }

    /// A terminal that upstream knows.
    pub fn of(upstream: &Upstream) -> Terminal {
        let terminal = Terminal::new(upstream.address.port(), &upstream.ca(), &upstream.key);
        upstream.enrol(&terminal.key());
        terminal
    }

    /// A terminal that the test's own server knows.
    pub fn at(server: &Server) -> Terminal {
        let terminal = Terminal::new(server.address.port(), &server.ca(), &server.key);
        server.enrol(&terminal.key());
        terminal
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs `kiosk … --config FILE`.
    pub fn kiosk(&self, args: &[&str]) -> Output {
        let config = self.path("kiosk.toml");
        output(kiosk().args(args).arg("--config").arg(config))
    }

    /// The public key, made if there is none.
    pub fn key(&self) -> String {
        device_key(self.dir.path())
    }

    pub fn outbox(&self) -> Vec<Value> {
        let list = self.kiosk(&["outbox", "list", "--format", "json"]);
        // 1: a case is parked.
        assert!(list.status.code() <= Some(1), "{list:?}");
        let list: Value = serde_json::from_slice(&list.stdout).unwrap();
        list["cases"].as_array().unwrap().clone()
    }

    /// Whether a factory reset would lose a case.
    pub fn would_lose(&self) -> bool {
        let outbox = self.path("outbox");
        let held = output(kiosk().args(["outbox", "held", "--outbox"]).arg(outbox));
        assert!(held.status.code() <= Some(1), "{held:?}");
        assert_eq!(held.stdout.is_empty(), held.status.success());
        !held.status.success()
    }

    pub fn config(&self) -> yici::config::Upstream {
        configuration(&self.path("kiosk.toml"))
    }

    pub fn start(&self) -> Running {
        Running::start(&self.config())
    }
}

/// Adds the upstream to the configuration in this folder.
fn connect(dir: &Path, port: u16, ca: &Path, key: &PublicKey) {
    fs::copy(ca, dir.join("ca.pem")).unwrap();
    let file = dir.join("kiosk.toml");
    let text = fs::read_to_string(&file).unwrap();
    let upstream = format!(
        "\n[upstream]\nurl = \"https://localhost:{port}\"\nca = \"ca.pem\"\nkey = \"{key}\"\n\
         device_key = \"device.key\"\noutbox = \"outbox\"\n"
    );
    fs::write(file, text + &upstream).unwrap();
}

/// The public key of the terminal in this folder, made if there is none.
fn device_key(dir: &Path) -> String {
    let config = dir.join("kiosk.toml");
    let made = output(kiosk().args(["uplink", "key", "--config"]).arg(config));
    assert!(made.status.success(), "{made:?}");
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

/// A terminal's upstream with times that tests can wait for.
pub fn configuration(file: &Path) -> yici::config::Upstream {
    let mut config = Config::load(file).unwrap().upstream.unwrap();
    config.timing.first = Duration::from_millis(50);
    config.timing.most = Duration::from_millis(400);
    config.timing.staff_first = Duration::from_millis(50);
    config.timing.staff_most = Duration::from_millis(400);
    config.timing.look = Duration::from_millis(500);
    config
}

/// Delivery under way, and what it says.
pub struct Running {
    pub delivery: Delivery,
    reports: Receiver<Report>,
    /// The last that was said.
    status: Cell<Option<UplinkStatus>>,
}

impl Running {
    pub fn start(config: &yici::config::Upstream) -> Running {
        let (say, reports) = channel();
        let report = move |report| {
            let _ = say.send(report);
        };
        let delivery = Delivery::start(config, report).unwrap();
        Running {
            delivery,
            reports,
            status: Cell::new(None),
        }
    }

    /// The first report that this makes something of.
    #[track_caller]
    pub fn wait<T>(&self, mut find: impl FnMut(Report) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let report = self.reports.recv_timeout(left).expect("no such report");
            if let Report::Uplink(status) = report {
                self.status.set(Some(status));
            }
            if let Some(found) = find(report) {
                return found;
            }
        }
    }

    /// Waits until upstream stands so.
    #[track_caller]
    pub fn link(&self, wanted: Link) {
        let stands = || {
            self.status
                .get()
                .is_some_and(|status| status.link == wanted)
        };
        if !stands() {
            self.wait(|_| stands().then_some(()));
        }
    }

    /// Submits a case; its number once it is stored.
    #[track_caller]
    pub fn submit(&self) -> (CaseNumber, SlipSecret) {
        self.send(1);
        self.wait(|report| match report {
            Report::Stored {
                ticket: 1,
                number,
                secret,
            } => Some((number, secret)),
            Report::NotStored { .. } => panic!("not stored"),
            _ => None,
        })
    }

    pub fn send(&self, ticket: u64) {
        let (case, attachments, secret) = newborn();
        self.delivery.submit(ticket, case, attachments, secret);
    }

    #[track_caller]
    pub fn delivered(&self, number: CaseNumber) {
        self.wait(|report| match report {
            Report::Delivered { number: found, .. } => (found == number).then_some(()),
            Report::Parked { number: found } if found == number => panic!("parked"),
            _ => None,
        });
    }

    #[track_caller]
    pub fn waiting(&self, number: CaseNumber) {
        self.wait(|report| match report {
            Report::Waiting { number: found } => (found == number).then_some(()),
            Report::Delivered { number: found, .. } if found == number => panic!("delivered"),
            Report::Parked { number: found } if found == number => panic!("parked"),
            _ => None,
        });
    }

    #[track_caller]
    pub fn parked(&self, number: CaseNumber) {
        self.wait(|report| match report {
            Report::Parked { number: found } => (found == number).then_some(()),
            Report::Delivered { number: found, .. } if found == number => panic!("delivered"),
            _ => None,
        });
    }
}

/// A case of the shipped catalogue, as a visit hands it over.
pub fn newborn() -> (Case, Vec<Attachment>, SlipSecret) {
    let catalog = Catalog::load(&catalogue()).unwrap();
    let matter = catalog.matter("newborn").unwrap();
    let situation = &matter.situations[0];
    let number = CaseNumber::random().unwrap();
    let secret = SlipSecret::random().unwrap();
    let shown = format!("申请表：{NAME}").into_bytes();
    let now = Timestamp::now();
    let case = Case {
        version: yici_contract::VERSION,
        number,
        secret: secret.hash(&number),
        terminal: "A-01".into(),
        lang: Lang::Zh,
        matter: matter.id.clone(),
        catalogue: catalog.version.clone(),
        situation: situation.id.clone(),
        items: situation.items.clone(),
        answers: Vec::new(),
        form: vec![FilledField {
            field: "mother-name".into(),
            value: Private::new(NAME),
            source: Source::Citizen,
        }],
        applicant: Applicant::Person {
            person: Party {
                name: Private::new(NAME),
                code: None,
            },
        },
        materials: Vec::new(),
        declaration: Signed {
            shown: Document {
                part: "application".try_into().unwrap(),
                media: Media::Text,
                sha256: Digest::of(&shown),
            },
            signature: PrivateBytes::new(b"drawn with the finger".to_vec()),
            at: now,
        },
        times: Times {
            begun: now,
            submitted: now,
            clock_trusted: true,
        },
    };
    let application = Attachment {
        name: "application".try_into().unwrap(),
        bytes: shown.into(),
    };
    (case, vec![application], secret)
}
