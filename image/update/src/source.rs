//! Where a published tree is read from: a static HTTP server or a directory.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::chunks::{Digest, packed_limit, unpack};
use crate::config::{Config, read_small};
use crate::error::Error;
use crate::manifest::{MAX_SIGNATURE, MAX_SIZE};

/// A published tree.
pub struct Source {
    place: Place,
    /// Bytes received.
    pub received: u64,
}

/// A manifest as it was found.
pub enum Found {
    /// As it was when the tag was given.
    Unchanged,
    /// Its bytes, its signature's, and the server's tag.
    New(Vec<u8>, Vec<u8>, Option<String>),
}

enum Place {
    Directory(PathBuf),
    Http {
        agent: Agent,
        url: String,
        timeout: Duration,
        bucket: Bucket,
    },
}

enum Answer {
    Unchanged,
    Body(Vec<u8>, Option<String>),
}

const MANIFEST: &str = "manifest.json";
const SIGNATURE: &str = "manifest.json.minisig";
const PAUSES: [Duration; 3] = [
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(4),
];
const PIECE: usize = 8 * 1024;
const MAX_TAG: usize = 256;

impl Source {
    /// The configured server. Proxies are taken from the environment.
    pub fn http(config: &Config) -> Result<Source, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = TlsConfig::builder().unversioned_rustls_crypto_provider(provider);
        if let Some(ca) = &config.ca {
            let pem = read_small(ca)?;
            let certificate = Certificate::from_pem(&pem)
                .map_err(|error| Error::Config(ca.clone(), error.to_string()))?;
            tls = tls.root_certs(RootCerts::new_with_certs(&[certificate]));
        }
        let agent = Agent::config_builder()
            .tls_config(tls.build())
            .https_only(config.url.starts_with("https://"))
            .max_redirects(3)
            .http_status_as_error(false)
            .build()
            .new_agent();
        Ok(Source {
            place: Place::Http {
                agent,
                url: config.url.trim_end_matches('/').to_owned(),
                timeout: Duration::from_secs(config.timeout_seconds),
                bucket: Bucket::new(config.bytes_per_second),
            },
            received: 0,
        })
    }

    /// A directory that holds the same tree, as a stick does.
    pub fn directory(path: &Path) -> Source {
        Source {
            place: Place::Directory(path.to_owned()),
            received: 0,
        }
    }

    /// The manifest, unless it is as it was when the server gave `tag`.
    pub fn manifest(&mut self, tag: Option<&str>) -> Result<Found, Error> {
        let (manifest, tag) = match self.get(MANIFEST, MAX_SIZE, tag)? {
            Answer::Unchanged => return Ok(Found::Unchanged),
            Answer::Body(manifest, tag) => (manifest, tag),
        };
        match self.get(SIGNATURE, MAX_SIGNATURE, None)? {
            Answer::Body(signature, _) => Ok(Found::New(manifest, signature, tag)),
            Answer::Unchanged => Err(refused(SIGNATURE, "304 without a condition".into())),
        }
    }

    /// The blob of this name, which is `size` bytes long when unpacked; verified.
    pub fn blob(&mut self, digest: Digest, size: usize) -> Result<Vec<u8>, Error> {
        let path = digest.path();
        match self.get(&path, packed_limit(size), None)? {
            Answer::Body(packed, _) => unpack(&packed, digest, size),
            Answer::Unchanged => Err(refused(&path, "304 without a condition".into())),
        }
    }

    fn get(&mut self, path: &str, limit: usize, tag: Option<&str>) -> Result<Answer, Error> {
        let answer = match &mut self.place {
            Place::Directory(directory) => {
                let file = File::open(directory.join(path));
                let read = file.and_then(|file| read_bounded(file, limit, |_| ()));
                read.map(|body| Answer::Body(body, None))
                    .map_err(|error| refused(path, error.to_string()))
            }
            Place::Http {
                agent,
                url,
                timeout,
                bucket,
            } => {
                let time = *timeout + bucket.cost(limit) * 2;
                let mut pauses = PAUSES.iter();
                loop {
                    match ask(
                        agent,
                        &format!("{url}/{path}"),
                        path,
                        limit,
                        tag,
                        time,
                        bucket,
                    ) {
                        Err(Error::Fetch {
                            again: true,
                            reason,
                            path,
                        }) => match pauses.next() {
                            Some(pause) => {
                                tracing::info!(path, reason, "trying again");
                                sleep(*pause);
                            }
                            None => {
                                break Err(Error::Fetch {
                                    again: true,
                                    reason,
                                    path,
                                });
                            }
                        },
                        settled => break settled,
                    }
                }
            }
        }?;
        if let Answer::Body(body, _) = &answer {
            self.received += body.len() as u64;
        }
        Ok(answer)
    }
}

fn ask(
    agent: &Agent,
    url: &str,
    path: &str,
    limit: usize,
    tag: Option<&str>,
    time: Duration,
    bucket: &mut Bucket,
) -> Result<Answer, Error> {
    let lost = |reason: String| Error::Fetch {
        path: path.to_owned(),
        reason,
        again: true,
    };
    let mut request = agent.get(url).config().timeout_global(Some(time)).build();
    if let Some(tag) = tag {
        request = request.header("If-None-Match", tag);
    }
    let response = request.call().map_err(|error| lost(error.to_string()))?;
    match response.status().as_u16() {
        200 => {}
        304 if tag.is_some() => return Ok(Answer::Unchanged),
        status @ (408 | 429 | 500..) => return Err(lost(format!("status {status}"))),
        status => return Err(refused(path, format!("status {status}"))),
    }
    let tag = response
        .headers()
        .get("etag")
        .and_then(|tag| tag.to_str().ok())
        .filter(|tag| tag.len() <= MAX_TAG)
        .map(str::to_owned);
    let body = response.into_body().into_reader();
    match read_bounded(body, limit, |n| bucket.take(n)) {
        Ok(body) => Ok(Answer::Body(body, tag)),
        Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
            Err(refused(path, error.to_string()))
        }
        Err(error) => Err(lost(error.to_string())),
    }
}

fn refused(path: &str, reason: String) -> Error {
    Error::Fetch {
        path: path.to_owned(),
        reason,
        again: false,
    }
}

/// Reads to the end in small pieces, tells `seen` of each, and fails with `FileTooLarge` beyond `limit`.
fn read_bounded(
    mut reader: impl Read,
    limit: usize,
    mut seen: impl FnMut(usize),
) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut piece = [0; PIECE];
    loop {
        let n = reader.read(&mut piece)?;
        if n == 0 {
            return Ok(bytes);
        }
        if bytes.len() + n > limit {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        bytes.extend_from_slice(&piece[..n]);
        seen(n);
    }
}

/// A token bucket: bytes may run ahead of the rate by what [`BURST`] allows.
struct Bucket {
    rate: u64,
    due: Instant,
}

const BURST: Duration = Duration::from_millis(250);

impl Bucket {
    fn new(rate: u64) -> Bucket {
        Bucket {
            rate,
            due: Instant::now(),
        }
    }

    fn cost(&self, bytes: usize) -> Duration {
        Duration::from_secs_f64(bytes as f64 / self.rate as f64)
    }

    fn take(&mut self, bytes: usize) {
        let now = Instant::now();
        self.due = self.due.max(now) + self.cost(bytes);
        sleep((self.due - now).saturating_sub(BURST));
    }
}
