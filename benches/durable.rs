//! Cases stored in the terminal's outbox, against one-row transactions in the same kind of database
//! in the same directory. The rate is to be 0.8 of theirs or better: a case may take 1.25 times the
//! time.
//!
//! Both sync once a transaction, and a sync takes one of two times, an order apart: ext4 commits its
//! journal only if the file's time has changed, once a clock tick. Hence many short rounds in turns,
//! and the quickest beside the median.

use std::error::Error;
use std::fmt;
use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::json;
use yici::outbox::Outbox;
use yici_catalog::Catalog;
use yici_contract::case::{
    Applicant, Case, Document, FilledField, HandedIn, How, Lang, Media, Party, Signed, Source,
    Times,
};
use yici_contract::envelope::{self, Attachment};
use yici_contract::{
    CaseNumber, Digest, Private, PrivateBytes, PublicKey, SealedCase, SecretKey, SlipSecret,
};

/// Cases, and rows, of a round.
const CASES: usize = 10;
/// Rounds of both, in turns, so that a disk that is busy for a while slows both.
const ROUNDS: usize = 100;
/// A signature as PNG takes about this many bytes.
const SIGNATURE: usize = 17_000;

fn main() -> Result<(), Box<dyn Error>> {
    // Below the build's directory: `/tmp` may be memory, where a sync costs nothing.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let mut outbox = Outbox::open(&dir.path().join("outbox"))?;
    let small = peer(&dir.path().join("outbox/small.db"))?;
    let big = peer(&dir.path().join("outbox/big.db"))?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let catalog = Catalog::load(&root.join("catalog/matters"))?;
    let (device, upstream) = (SecretKey::random()?, SecretKey::random()?);
    let (mut stored, mut inserted, mut as_big) = (Vec::new(), Vec::new(), Vec::new());
    let mut bytes = 0;
    for _ in 0..ROUNDS {
        let cases = (0..CASES)
            .map(|_| sealed(&catalog, &device, upstream.public()))
            .collect::<Result<Vec<_>, _>>()?;
        bytes = cases[0].as_bytes().len();
        stored.push(store(&mut outbox, &cases)?);
        inserted.push(insert(&small, &cases, |_| b"waiting")?);
        as_big.push(insert(&big, &cases, SealedCase::as_bytes)?);
    }
    let (stored, inserted) = (Spent::of(stored), Spent::of(inserted));
    println!(
        "a case of {bytes} bytes made durable: {stored}; a small row inserted: {inserted}; a row as \
         big as the case: {}",
        Spent::of(as_big)
    );
    println!(
        "{}",
        json!({
            "figure": "case made durable, time",
            "against": "a one-row transaction with fsync",
            "ratio": stored.median / inserted.median,
            "limit": 1.25,
        })
    );
    Ok(())
}

/// Seconds that one case or row takes, by round.
struct Spent {
    quickest: f64,
    median: f64,
}

impl Spent {
    fn of(mut rounds: Vec<f64>) -> Spent {
        rounds.sort_unstable_by(f64::total_cmp);
        Spent {
            quickest: rounds[0] / CASES as f64,
            median: rounds[rounds.len() / 2] / CASES as f64,
        }
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (quickest, median) = (self.quickest * 1e3, self.median * 1e3);
        write!(f, "median {median:.2} ms, quickest round {quickest:.2} ms")
    }
}

fn peer(path: &Path) -> Result<Connection, rusqlite::Error> {
    let peer = Connection::open(path)?;
    peer.pragma_update(None, "journal_mode", "WAL")?;
    peer.pragma_update(None, "synchronous", "FULL")?;
    peer.execute(
        "CREATE TABLE rows (number TEXT PRIMARY KEY, value ANY) STRICT",
        [],
    )?;
    Ok(peer)
}

/// Seconds that the outbox takes for all, one after the other.
fn store(outbox: &mut Outbox, cases: &[SealedCase]) -> Result<f64, Box<dyn Error>> {
    let start = Instant::now();
    for case in cases {
        outbox.store(case, Timestamp::now())?;
    }
    Ok(start.elapsed().as_secs_f64())
}

/// Seconds that as many rows with this value take, one transaction each.
fn insert(
    peer: &Connection,
    cases: &[SealedCase],
    value: fn(&SealedCase) -> &[u8],
) -> Result<f64, Box<dyn Error>> {
    let mut insert = peer.prepare("INSERT INTO rows (number, value) VALUES (?1, ?2)")?;
    let start = Instant::now();
    for case in cases {
        insert.execute((case.head().number.to_string(), value(case)))?;
    }
    Ok(start.elapsed().as_secs_f64())
}

/// A case of the shipped catalogue with every field filled and an application that is signed, as
/// big as one that the terminal makes.
fn sealed(
    catalog: &Catalog,
    device: &SecretKey,
    upstream: &PublicKey,
) -> Result<SealedCase, Box<dyn Error>> {
    let matter = catalog.matter("newborn").ok_or("no newborn")?;
    let situation = matter.situations.first().ok_or("no situation")?;
    let form: Vec<_> = matter
        .fields
        .iter()
        .map(|field| FilledField {
            field: field.id.clone(),
            value: Private::new("山东省济南市历下区解放东路 18 号院 2 单元 301"),
            source: Source::Citizen,
        })
        .collect();
    let mut shown = format!("{}综合申请表\n{}\n", matter.name.zh, situation.text.zh);
    for (field, filled) in matter.fields.iter().zip(&form) {
        shown += &format!("{}：{}\n", field.label.zh, filled.value.reveal());
    }
    // As little to be compressed as a PNG.
    let mut signature = vec![0; SIGNATURE];
    getrandom::fill(&mut signature)?;

    let number = CaseNumber::random()?;
    let now = Timestamp::now();
    let case = Case {
        version: yici_contract::VERSION,
        number,
        secret: SlipSecret::random()?.hash(&number),
        terminal: "A-01".into(),
        lang: Lang::Zh,
        matter: matter.id.clone(),
        catalogue: catalog.version.clone(),
        situation: situation.id.clone(),
        items: situation.items.clone(),
        answers: Vec::new(),
        form,
        applicant: Applicant::Person {
            person: Party {
                name: Private::new("欧阳一次"),
                code: Some(Private::new("11010519491231002X")),
            },
        },
        materials: matter
            .materials
            .iter()
            .map(|material| HandedIn {
                material: material.id.clone(),
                how: How::Paper,
            })
            .collect(),
        declaration: Signed {
            shown: Document {
                part: "application".try_into()?,
                media: Media::Text,
                sha256: Digest::of(shown.as_bytes()),
            },
            signature: PrivateBytes::new(signature),
            at: now,
        },
        times: Times {
            begun: now,
            submitted: now,
            clock_trusted: true,
        },
    };
    let application = Attachment {
        name: "application".try_into()?,
        bytes: shown.into_bytes().into(),
    };
    Ok(envelope::seal(&case, &[application], device, upstream)?)
}
