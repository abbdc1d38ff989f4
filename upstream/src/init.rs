//! Makes the service's keys, a private CA, and the server's certificate.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use yici_contract::{NoRandomness, PublicKey, SecretKey};
use zeroize::Zeroizing;

use crate::data::{CA, CA_KEY, SEALING_KEYS, SERVER, SERVER_KEY, VAULT_KEY};
use crate::vault::Vault;

/// Why nothing, or not everything, was made.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// A folder or file cannot be made; nothing that is there is ever overwritten.
    #[error("{0}")]
    Write(#[from] std::io::Error),
    /// There is no randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// A certificate cannot be made.
    #[error("certificate: {0}")]
    Certificate(#[from] rcgen::Error),
}

/// Makes the folder with everything in it, and gives the key that terminals seal to.
pub fn init(dir: &Path, names: &[String]) -> Result<PublicKey, InitError> {
    fs::DirBuilder::new().mode(0o700).create(dir)?;
    let key = SecretKey::random()?;
    write(dir, SEALING_KEYS, &key.to_text())?;
    write(dir, VAULT_KEY, &Vault::new_key()?)?;

    let mut ca = named("Yici upstream CA");
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca_key = KeyPair::generate()?;
    write(dir, CA, &ca.self_signed(&ca_key)?.pem())?;
    write(dir, CA_KEY, &Zeroizing::new(ca_key.serialize_pem()))?;

    // Neither certificate ends: a clock that is wrong must not lock terminals out. Making them anew
    // and changing the pin is what ends them.
    let mut server = CertificateParams::new(names)?;
    server.distinguished_name = named("Yici upstream").distinguished_name;
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.use_authority_key_identifier_extension = true;
    let server_key = KeyPair::generate()?;
    let certificate = server.signed_by(&server_key, &Issuer::new(ca, ca_key))?;
    write(dir, SERVER, &certificate.pem())?;
    write(dir, SERVER_KEY, &Zeroizing::new(server_key.serialize_pem()))?;
    fs::File::open(dir)?.sync_all()?;
    Ok(key.public().clone())
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn write(dir: &Path, name: &str, text: &str) -> Result<(), std::io::Error> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(dir.join(name))?;
    file.write_all(text.trim_end().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}
