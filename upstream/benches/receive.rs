//! Cases received durably by the real service, over HTTPS from a few terminals at once, against
//! single rows of the same bytes inserted with `synchronous=FULL` into the same kind of database on
//! the same disk. The rate is to be half of theirs or better: a case may take twice the time.
//!
//! A sync takes one of two times, an order apart: ext4 commits its journal only if the file's time
//! has changed, once a clock tick. Hence many short rounds in turns, and the quickest beside the
//! median.

use std::error::Error;
use std::fmt;
use std::io::{Read, Write};
use std::thread;
use std::time::Instant;

use rusqlite::Connection;
use yici_contract::{SecretKey, envelope};

// The tests' own hall and client, of which this needs only a part.
#[allow(dead_code, missing_docs, clippy::unwrap_used)]
#[path = "../tests/upstream/hall.rs"]
mod hall;

use hall::Hall;

/// Terminals that deliver at once; upstream holds eight deliveries in memory.
const TERMINALS: usize = 4;
/// Cases of each terminal in a round; a device may make 600 requests a minute.
const CASES: usize = 10;
/// Rounds of both, in turns, so that a disk that is busy for a while slows both.
const ROUNDS: usize = 50;

fn main() -> Result<(), Box<dyn Error>> {
    let hall = Hall::open();
    let peer = Connection::open(hall.dir.path().join("peer.db"))?;
    peer.pragma_update(None, "journal_mode", "WAL")?;
    peer.pragma_update(None, "synchronous", "FULL")?;
    peer.execute(
        "CREATE TABLE rows (number TEXT PRIMARY KEY, sealed BLOB) STRICT",
        [],
    )?;
    let terminals = (0..TERMINALS)
        .map(|_| SecretKey::random())
        .collect::<Result<Vec<_>, _>>()?;
    for terminal in &terminals {
        hall.enrol(terminal.public());
    }
    let (mut received, mut inserted) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let cases = terminals
            .iter()
            .map(|terminal| (0..CASES).map(|_| request(&hall, terminal)).collect())
            .collect::<Result<Vec<Vec<_>>, Box<dyn Error>>>()?;
        received.push(receive(&hall, &cases));
        inserted.push(insert(&peer, &cases)?);
    }
    let (received, inserted) = (Times::of(received), Times::of(inserted));
    println!("a case received durably: {received}; a single row inserted: {inserted}");
    println!(
        r#"{{"figure":"case received durably, time","against":"a single row inserted","ratio":{},"limit":2.0}}"#,
        received.median / inserted.median
    );
    Ok(())
}

/// Seconds that one case or row takes, by round.
struct Times {
    quickest: f64,
    median: f64,
}

impl Times {
    fn of(mut rounds: Vec<f64>) -> Times {
        rounds.sort_unstable_by(f64::total_cmp);
        let each = (TERMINALS * CASES) as f64;
        Times {
            quickest: rounds[0] / each,
            median: rounds[rounds.len() / 2] / each,
        }
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (quickest, median) = (self.quickest * 1e3, self.median * 1e3);
        write!(f, "median {median:.2} ms, quickest round {quickest:.2} ms")
    }
}

/// A case as it is sealed, and the whole request that delivers it on a connection that stays.
struct Delivery {
    number: String,
    sealed: Vec<u8>,
    request: Vec<u8>,
}

fn request(hall: &Hall, terminal: &SecretKey) -> Result<Delivery, Box<dyn Error>> {
    let (case, attachments, _) = hall::newborn();
    let sealed = envelope::seal(&case, &attachments, terminal, &hall.upstream)?;
    let request = hall.delivery_as(terminal, &case.number, sealed.as_bytes());
    let close = b"connection: close\r\n";
    let at = request.windows(close.len()).position(|w| w == close);
    let at = at.ok_or("the request does not close its connection")?;
    Ok(Delivery {
        number: case.number.to_string(),
        sealed: sealed.as_bytes().to_vec(),
        request: [&request[..at], &request[at + close.len()..]].concat(),
    })
}

/// Seconds that the service takes for all, delivered side by side.
fn receive(hall: &Hall, cases: &[Vec<Delivery>]) -> f64 {
    let mut connections: Vec<_> = cases
        .iter()
        .map(|_| {
            let mut connection = hall.connect();
            // The handshake is made once a connection, not once a case.
            connection.flush().expect("a handshake");
            connection
        })
        .collect();
    let start = Instant::now();
    thread::scope(|scope| {
        for (connection, cases) in connections.iter_mut().zip(cases) {
            scope.spawn(move || {
                for case in cases {
                    connection.write_all(&case.request).expect("a request");
                    connection.flush().expect("a request");
                    assert!(answer(connection).starts_with(b"HTTP/1.1 200 "));
                }
            });
        }
    });
    start.elapsed().as_secs_f64()
}

/// One answer; receipts are small and their JSON ends with a brace.
fn answer(from: &mut impl Read) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while !answer.ends_with(b"}") {
        let count = from.read(&mut buffer).expect("an answer");
        assert!(count > 0, "the service hung up");
        answer.extend_from_slice(&buffer[..count]);
    }
    answer
}

/// Seconds that single rows of the same bytes take, one transaction each.
fn insert(peer: &Connection, cases: &[Vec<Delivery>]) -> Result<f64, Box<dyn Error>> {
    let mut insert = peer.prepare("INSERT INTO rows (number, sealed) VALUES (?1, ?2)")?;
    let start = Instant::now();
    for case in cases.iter().flatten() {
        insert.execute((&case.number, &case.sealed))?;
    }
    Ok(start.elapsed().as_secs_f64())
}
