//! The terminal's side, as configured. The image's build writes the file into the root file system, so that
//! verity vouches for the key, the version and the counter in it.

use std::fs;
use std::path::{Path, PathBuf};

use minisign_verify::PublicKey;
use serde::Deserialize;

use crate::error::Error;
use crate::manifest::Version;

/// What the configuration file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the published tree is served: `http://…` or `https://…`.
    pub url: String,
    /// The publisher's minisign key: the base64 line of its file.
    pub public_key: String,
    /// PEM file of the CA of the server, for `https`; no other is trusted.
    pub ca: Option<PathBuf>,
    /// File that no other terminal has alike, as `/etc/machine-id`; only its hash with a version is used.
    pub identity: PathBuf,
    /// The whole disk.
    pub disk: PathBuf,
    /// Where its EFI system partition is mounted.
    pub esp: PathBuf,
    /// Directory on the data partition; it must be there.
    pub state: PathBuf,
    /// The running image's version.
    pub version: Version,
    /// The running image's counter.
    pub counter: u64,
    /// Most bytes per second, 1,000 or above.
    pub bytes_per_second: u64,
    /// Seconds for one request beyond what the bandwidth costs, 1 to 600.
    #[serde(default = "timeout")]
    pub timeout_seconds: u64,
    /// Says `roothash=` of the running system.
    #[serde(default = "command_line")]
    pub kernel_command_line: PathBuf,
    /// Is there once the clock was set from the network.
    #[serde(default = "synchronized")]
    pub clock_synchronized: PathBuf,
}

/// Most bytes of the configuration, and of each small file it names.
const MAX_SIZE: u64 = 64 * 1024;

impl Config {
    /// Reads and checks the file.
    pub fn load(path: &Path) -> Result<Config, Error> {
        let text = read_small(path)?;
        let wrong = |reason: String| Error::Config(path.to_owned(), reason);
        let text = String::from_utf8(text).map_err(|error| wrong(error.to_string()))?;
        let config: Config = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let https = config.url.starts_with("https://");
        if !https && !config.url.starts_with("http://") {
            return Err(wrong("url: http:// or https://".into()));
        }
        if https && config.ca.is_none() {
            return Err(wrong("https needs a ca".into()));
        }
        if config.bytes_per_second < 1000 {
            return Err(wrong("bytes_per_second: 1000 or above".into()));
        }
        if !(1..=600).contains(&config.timeout_seconds) {
            return Err(wrong("timeout_seconds: 1 to 600".into()));
        }
        config.key().map_err(|error| wrong(error.to_string()))?;
        Ok(config)
    }

    /// The publisher's key.
    pub fn key(&self) -> Result<PublicKey, Error> {
        PublicKey::from_base64(&self.public_key)
            .map_err(|error| Error::Signature(error.to_string()))
    }
}

/// Reads a file that must be small.
pub(crate) fn read_small(path: &Path) -> Result<Vec<u8>, Error> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(Error::io(path))?;
    let read = file.take(MAX_SIZE + 1).read_to_end(&mut bytes);
    match read.map_err(Error::io(path))? as u64 > MAX_SIZE {
        true => Err(Error::Config(path.to_owned(), "too large".into())),
        false => Ok(bytes),
    }
}

fn timeout() -> u64 {
    60
}

fn command_line() -> PathBuf {
    "/proc/cmdline".into()
}

fn synchronized() -> PathBuf {
    "/run/systemd/timesync/synchronized".into()
}
