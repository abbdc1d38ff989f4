//! A service with its folder, an enrolled device, and a client that speaks plain HTTP/1.1 inside
//! TLS, so that tests can also say what no library would.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use yici_catalog::Catalog;
use yici_contract::case::*;
use yici_contract::envelope::{self, Attachment};
use yici_contract::{
    CaseNumber, Digest, Private, PrivateBytes, PublicKey, SealedCase, SecretKey, SlipSecret, api,
    proof,
};

pub const NAME: &str = "欧阳一次";
pub const ID: &str = "11010519491231002X";
pub const MOBILE: &str = "13912345678";

pub struct Hall {
    pub dir: tempfile::TempDir,
    pub device: SecretKey,
    pub upstream: PublicKey,
    serving: Option<(Child, SocketAddr)>,
}

pub struct Submitted {
    pub case: Case,
    pub secret: SlipSecret,
    pub sealed: SealedCase,
}

pub struct Reply {
    pub status: u16,
    pub json: Value,
}

impl Reply {
    #[track_caller]
    pub fn problem(&self, status: u16, kind: &str) {
        assert_eq!(self.status, status, "{}", self.json);
        assert_eq!(self.json["status"], status);
        assert_eq!(self.json["type"], format!("urn:yici:problem:{kind}"));
    }

    #[track_caller]
    pub fn fine(&self) -> &Value {
        assert_eq!(self.status, 200, "{}", self.json);
        &self.json
    }
}

impl Hall {
    /// Makes keys, enrols a device, and serves.
    pub fn open() -> Hall {
        let mut hall = Hall {
            // A real disk, which `/tmp` may not be: the bench asks what syncing costs.
            dir: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap(),
            device: SecretKey::random().unwrap(),
            upstream: SecretKey::random().unwrap().public().clone(),
            serving: None,
        };
        let made = hall.run(&["init", "--data", &hall.path("data")]);
        assert!(made.status.success(), "{made:?}");
        hall.upstream = String::from_utf8(made.stdout).unwrap().parse().unwrap();
        hall.enrol(hall.device.public());
        hall.serve();
        hall
    }

    pub fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    pub fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_kiosk-upstream"))
            .args(args)
            .output()
            .unwrap()
    }

    pub fn enrol(&self, key: &PublicKey) {
        let db = self.db();
        let done = self.run(&["enrol", "--db", &db, &key.to_string(), "大厅一号"]);
        assert!(done.status.success(), "{done:?}");
    }

    /// `kiosk-upstream case …`.
    pub fn case(&self, args: &[&str]) -> Output {
        let (db, data) = (self.db(), self.path("data"));
        let at = ["case", "--db", &db, "--data", &data];
        self.run(&[&at, args].concat())
    }

    /// The case as `case show --open` prints it, with its attachments.
    pub fn open_case(&self, number: &CaseNumber) -> (Case, Value) {
        let args = ["show", "--open", "--reason", "复核", &number.to_string()];
        let shown = self.case(&args);
        assert!(shown.status.success(), "{shown:?}");
        let json: Value = serde_json::from_slice(&shown.stdout).unwrap();
        let case = Case::from_json(json["case"].to_string().as_bytes()).unwrap();
        (case, json)
    }

    /// A command on the database that prints JSON.
    pub fn list(&self, what: &str) -> Value {
        let listed = self.run(&[what, "--db", &self.db(), "list", "--format", "json"]);
        assert!(listed.status.success(), "{listed:?}");
        serde_json::from_slice(&listed.stdout).unwrap()
    }

    pub fn serve(&mut self) {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_kiosk-upstream"))
            .args(["serve", "--listen", "127.0.0.1:0", "--db", &self.db()])
            .args([
                "--data",
                &self.path("data"),
                "--bundle",
                &self.path("bundle"),
            ])
            .arg("--catalogue")
            .arg(matters())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on https://")
            .unwrap_or_else(|| panic!("{line}: {}", fs::read_to_string(self.path("log")).unwrap()));
        self.serving = Some((child, address.parse().unwrap()));
    }

    /// `SIGKILL`: nothing is flushed, nothing is said goodbye to.
    pub fn kill(&mut self) {
        if let Some((mut child, _)) = self.serving.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// `SIGTERM`, as a service manager says it.
    pub fn end(&mut self) -> ExitStatus {
        let (mut child, _) = self.serving.take().unwrap();
        let pid = child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(told.unwrap().success());
        child.wait().unwrap()
    }

    pub fn submit(&self) -> Submitted {
        self.submit_for(Applicant::Person { person: who(ID) })
    }

    pub fn submit_for(&self, applicant: Applicant) -> Submitted {
        let (mut case, attachments, secret) = newborn();
        case.applicant = applicant;
        let sealed = envelope::seal(&case, &attachments, &self.device, &self.upstream).unwrap();
        Submitted {
            case,
            secret,
            sealed,
        }
    }

    pub fn deliver(&self, submitted: &Submitted) -> Reply {
        self.deliver_as(
            &self.device,
            &submitted.case.number,
            submitted.sealed.as_bytes(),
        )
    }

    pub fn deliver_as(&self, device: &SecretKey, number: &CaseNumber, bytes: &[u8]) -> Reply {
        self.raw(&self.delivery_as(device, number, bytes)).unwrap()
    }

    /// The bytes of a whole request that delivers a case.
    pub fn delivery(&self, submitted: &Submitted) -> Vec<u8> {
        let sealed = submitted.sealed.as_bytes();
        self.delivery_as(&self.device, &submitted.case.number, sealed)
    }

    pub fn progress(&self, number: &CaseNumber, secret: &SlipSecret) -> Reply {
        let secret = secret.clone();
        self.ask(&self.device, number, api::ProgressKey::Secret { secret })
    }

    pub fn progress_by_card(&self, number: &CaseNumber, code: &str) -> Reply {
        let code = Private::new(code);
        self.ask(&self.device, number, api::ProgressKey::Card { code })
    }

    pub fn ask(&self, device: &SecretKey, number: &CaseNumber, by: api::ProgressKey) -> Reply {
        let number = *number;
        let json = serde_json::to_vec(&api::ProgressRequest { number, by }).unwrap();
        self.call_as(device, "POST", api::PROGRESS, &json)
    }

    pub fn call(&self, method: &str, path: &str, json: &[u8]) -> Reply {
        self.call_as(&self.device, method, path, json)
    }

    /// Asks for the published catalogue: status, head and body.
    pub fn catalogue(&self, device: &SecretKey, headers: &str) -> (u16, String, Vec<u8>) {
        let request = proof::Request {
            method: "GET",
            path: api::CATALOGUE,
            body: b"",
        };
        let mut stream = self.connect();
        let bytes = self.request(device, &request, headers);
        stream.write_all(&bytes).unwrap();
        let mut reply = Vec::new();
        // The service may hang up without TLS's goodbye.
        let _ = stream.read_to_end(&mut reply);
        let end = reply.windows(4).position(|part| part == b"\r\n\r\n");
        let body = reply.split_off(end.unwrap() + 4);
        let head = String::from_utf8(reply).unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head, body)
    }

    fn call_as(&self, device: &SecretKey, method: &str, path: &str, json: &[u8]) -> Reply {
        let request = proof::Request {
            method,
            path,
            body: json,
        };
        let bytes = self.request(device, &request, "content-type: application/json");
        self.raw(&bytes).unwrap()
    }

    pub fn delivery_as(&self, device: &SecretKey, number: &CaseNumber, body: &[u8]) -> Vec<u8> {
        let request = proof::Request {
            method: "PUT",
            path: &api::DELIVER.replace("{number}", &number.compact()),
            body,
        };
        let headers = format!(
            "content-type: {}\r\n{}: {}",
            api::SEALED_CASE,
            api::IDEMPOTENCY_KEY,
            number.case_id()
        );
        self.request(device, &request, &headers)
    }

    fn request(&self, device: &SecretKey, request: &proof::Request<'_>, headers: &str) -> Vec<u8> {
        let proof = proof::prove(request, device, &self.upstream, Timestamp::now()).unwrap();
        let head = format!(
            "{} {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             authorization: {proof}\r\ncontent-length: {}\r\n{headers}\r\n\r\n",
            request.method,
            request.path,
            request.body.len()
        );
        [head.as_bytes(), request.body].concat()
    }

    /// Sends bytes as they are; nothing if the service hangs up without a word.
    pub fn raw(&self, bytes: &[u8]) -> Option<Reply> {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        stream.flush().unwrap();
        let mut reply = Vec::new();
        // The service may hang up without TLS's goodbye.
        let _ = stream.read_to_end(&mut reply);
        let reply = String::from_utf8(reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let json = serde_json::from_str(body).unwrap_or_else(|_| panic!("{status}: {body}"));
        Some(Reply { status, json })
    }

    pub fn connect(&self) -> StreamOwned<ClientConnection, TcpStream> {
        let address = self.address();
        let mut roots = RootCertStore::empty();
        let ca = fs::read(self.path("data/ca.pem")).unwrap();
        roots
            .add(CertificateDer::from_pem_slice(&ca).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let client = ClientConnection::new(Arc::new(config), name).unwrap();
        let tcp = TcpStream::connect(address).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        StreamOwned::new(client, tcp)
    }

    pub fn address(&self) -> SocketAddr {
        self.serving.as_ref().unwrap().1
    }

    pub fn db(&self) -> String {
        format!("sqlite:{}", self.path("upstream.db"))
    }
}

impl Drop for Hall {
    fn drop(&mut self) {
        self.kill();
    }
}

pub fn matters() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalog/matters")
}

pub fn who(code: &str) -> Party {
    Party {
        name: Private::new(NAME),
        code: Some(Private::new(code)),
    }
}

/// A case of the shipped catalogue's newborn matter, with all items of a situation.
pub fn newborn() -> (Case, Vec<Attachment>, SlipSecret) {
    let catalog = Catalog::load(&matters()).unwrap();
    let matter = catalog.matter("newborn").unwrap();
    let situation = &matter.situations[0];
    let number = CaseNumber::random().unwrap();
    let secret = SlipSecret::random().unwrap();
    let shown = format!("申请表：{NAME} {ID} {MOBILE}").into_bytes();
    let now = Timestamp::now();
    let case = Case {
        version: yici_contract::VERSION,
        number,
        secret: secret.hash(&number),
        terminal: "hall-1".into(),
        lang: Lang::Zh,
        matter: matter.id.clone(),
        catalogue: catalog.version.clone(),
        situation: situation.id.clone(),
        items: situation.items.clone(),
        answers: Vec::new(),
        form: [("mother-name", NAME), ("mother-id", ID), ("mobile", MOBILE)]
            .map(|(field, value)| FilledField {
                field: field.into(),
                value: Private::new(value),
                source: Source::Citizen,
            })
            .to_vec(),
        applicant: Applicant::Person { person: who(ID) },
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
