//! The folder with the service's keys and certificates.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use yici_contract::{KeyError, Keyring, SecretKey};
use zeroize::Zeroizing;

use crate::vault::{Vault, VaultError};

/// The keys that cases are sealed to, one a line: the current one, then earlier ones.
pub const SEALING_KEYS: &str = "sealing.keys";
/// The key that personal fields are kept under.
pub const VAULT_KEY: &str = "vault.key";
/// The certificate of the private CA: terminals pin it.
pub const CA: &str = "ca.pem";
/// The CA's private key: only needed to make the next server certificate, best kept elsewhere.
pub const CA_KEY: &str = "ca.key";
/// The server's certificate.
pub const SERVER: &str = "server.pem";
/// The server's private key.
pub const SERVER_KEY: &str = "server.key";

/// What the folder holds, loaded.
pub struct Data {
    /// The keys that open cases.
    pub keys: Keyring,
    /// What keeps personal fields.
    pub vault: Vault,
    /// TLS with the server's certificate.
    pub tls: Arc<ServerConfig>,
}

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file cannot be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A file with a secret can be read by others.
    #[error("{}: others can read it; chmod 600 it, and make new keys if they may have", .0.display())]
    Open(PathBuf),
    /// There is no key where one must be.
    #[error("{SEALING_KEYS}: {0}")]
    Key(#[from] KeyError),
    /// The sealing keys are missing.
    #[error("{SEALING_KEYS}: no key")]
    NoKey,
    /// The vault's key is none.
    #[error("{VAULT_KEY}: {0}")]
    Vault(#[from] VaultError),
    /// Certificate or key are no PEM.
    #[error("{SERVER} or {SERVER_KEY}: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// Certificate and key do not do.
    #[error("{SERVER} or {SERVER_KEY}: {0}")]
    Tls(#[from] rustls::Error),
}

impl Data {
    /// Loads the folder.
    pub fn load(dir: &Path) -> Result<Data, DataError> {
        let text = secret(&dir.join(SEALING_KEYS))?;
        let mut keys = text.lines().filter(|line| !line.trim().is_empty());
        let current = SecretKey::parse(keys.next().ok_or(DataError::NoKey)?)?;
        let earlier = keys.map(SecretKey::parse).collect::<Result<_, _>>()?;
        let vault = Vault::parse(&secret(&dir.join(VAULT_KEY))?)?;
        let chain = read(&dir.join(SERVER))?;
        let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<_, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(secret(&dir.join(SERVER_KEY))?.as_bytes())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Data {
            keys: Keyring::new(current, earlier),
            vault,
            tls: Arc::new(tls),
        })
    }
}

const MAX_FILE_BYTES: u64 = 64 << 10;

fn read(path: &Path) -> Result<Zeroizing<String>, DataError> {
    let failed = |error| DataError::Read {
        path: path.to_owned(),
        error,
    };
    let file = fs::File::open(path).map_err(failed)?;
    // Reserved at once: a string that grows leaves copies.
    let mut text = Zeroizing::new(String::with_capacity(MAX_FILE_BYTES as usize));
    file.take(MAX_FILE_BYTES)
        .read_to_string(&mut text)
        .map_err(failed)?;
    Ok(text)
}

fn secret(path: &Path) -> Result<Zeroizing<String>, DataError> {
    let metadata = fs::metadata(path).map_err(|error| DataError::Read {
        path: path.to_owned(),
        error,
    })?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(DataError::Open(path.to_owned()));
    }
    read(path)
}
