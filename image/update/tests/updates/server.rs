//! A static server that can be told to misbehave.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How a request for a path that contains `.0` is answered.
#[derive(Clone, Copy, Debug)]
pub enum Mood {
    /// As a server should.
    Honest,
    /// Half of the body, then nothing more.
    Cut,
    /// No answer.
    Stall,
    /// One byte at a time, for ever.
    Dribble,
    /// More than anybody asked for.
    Flood,
    /// One bit is another.
    Flip,
    /// Nothing is there.
    Gone,
}

#[derive(Default)]
pub struct Log {
    pub paths: Vec<String>,
    pub unchanged: usize,
    pub sent: usize,
}

pub struct Server {
    pub url: String,
    pub log: Arc<Mutex<Log>>,
    behaviour: Arc<Mutex<(&'static str, usize, Mood)>>,
}

impl Server {
    pub fn start(tree: &Path) -> Server {
        Server::listen(tree, None)
    }

    /// With a certificate for this machine, whose PEM comes beside it.
    pub fn start_tls(tree: &Path) -> (Server, String) {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key =
            rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let server = Server::listen(tree, Some(Arc::new(config)));
        (server, made.cert.pem())
    }

    fn listen(tree: &Path, tls: Option<Arc<rustls::ServerConfig>>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server {
            url: format!(
                "{}://{}",
                if tls.is_some() { "https" } else { "http" },
                listener.local_addr().unwrap()
            ),
            log: Arc::default(),
            behaviour: Arc::new(Mutex::new(("", 0, Mood::Honest))),
        };
        let (log, behaviour) = (server.log.clone(), server.behaviour.clone());
        let tree = tree.to_owned();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (tree, log, behaviour) = (tree.clone(), log.clone(), behaviour.clone());
                let tls = tls.clone();
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let Some(tls) = tls else {
                        return serve(&mut stream, &tree, &log, &behaviour);
                    };
                    let tls = rustls::ServerConnection::new(tls).unwrap();
                    let mut stream = rustls::StreamOwned::new(tls, stream);
                    serve(&mut stream, &tree, &log, &behaviour);
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                });
            }
        });
        server
    }

    /// From the request number `after` on that contains `part`, behaves as `mood` says.
    pub fn behave(&self, part: &'static str, after: usize, mood: Mood) {
        *self.behaviour.lock().unwrap() = (part, after, mood);
    }

    /// What was logged since the last time.
    pub fn take(&self) -> Log {
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

fn serve(
    stream: &mut (impl Read + Write),
    tree: &Path,
    log: &Mutex<Log>,
    behaviour: &Mutex<(&'static str, usize, Mood)>,
) {
    let lines: Vec<String> = BufReader::new(&mut *stream)
        .lines()
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect();
    let Some(path) = lines.first().and_then(|line| line.split(' ').nth(1)) else {
        return;
    };
    let mood = {
        let mut behaviour = behaviour.lock().unwrap();
        match (path.contains(behaviour.0), behaviour.1) {
            (true, 0) => behaviour.2,
            (true, _) => {
                behaviour.1 -= 1;
                Mood::Honest
            }
            (false, _) => Mood::Honest,
        }
    };
    let body = std::fs::read(tree.join(&path[1..]));
    let (Ok(mut body), false) = (body, matches!(mood, Mood::Gone)) else {
        let _ = stream
            .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
    };
    let tag = format!(
        "\"{}\"",
        String::from(yici_update::chunks::Digest::of(&body))
    );
    let asked = lines.iter().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("if-none-match").then_some(value)
    });
    if asked == Some(tag.as_str()) {
        log.lock().unwrap().unchanged += 1;
        let _ = stream.write_all(b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n");
        return;
    }
    log.lock().unwrap().paths.push(path.to_owned());
    let head = |length: usize| {
        format!(
            "HTTP/1.1 200 OK\r\nETag: {tag}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        )
    };
    let (head, end) = match mood {
        Mood::Honest | Mood::Gone => (head(body.len()), body.len()),
        Mood::Flip => {
            let middle = body.len() / 2;
            body[middle] ^= 1;
            (head(body.len()), body.len())
        }
        Mood::Cut => (head(body.len()), body.len() / 2),
        Mood::Flood => {
            body.resize(2 << 20, b' ');
            (head(body.len()), body.len())
        }
        Mood::Stall => {
            std::thread::sleep(Duration::from_secs(30));
            return;
        }
        Mood::Dribble => {
            let _ = stream.write_all(head(1 << 20).as_bytes());
            while stream.write_all(b" ").is_ok() {
                std::thread::sleep(Duration::from_millis(50));
            }
            return;
        }
    };
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&body[..end]));
    log.lock().unwrap().sent += end;
}
