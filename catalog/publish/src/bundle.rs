//! A bundle: made, signed, read, checked.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use jiff::Timestamp;
use yici_catalog::Catalog;
use yici_contract::Digest;

use crate::error::Error;
use crate::manifest::{FORMAT, File, Manifest, PRODUCT};
use crate::signed::{self, Keys, Role};
use crate::{CheckCertificate, archive, walk};

/// The directory in a bundle that holds the catalogue.
pub const CATALOGUE: &str = "catalogue";
/// The file in a bundle that proves it.
pub const CERTIFICATE: &str = "certificate.json";
pub(crate) const MANIFEST: &str = "manifest.json";

/// A catalogue with its certificate, its manifest, and the signatures so far. Whoever made it: only
/// [`Bundle::check`] says who did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    manifest: Bytes,
    /// By role.
    signatures: [Option<Bytes>; 3],
    /// All that the manifest names.
    files: Vec<(String, Bytes)>,
}

impl Bundle {
    /// Bundles the directory of a catalogue with its certificate. Whatever terminals would refuse in it
    /// is refused here.
    ///
    /// # Errors
    /// When the catalogue has mistakes, the certificate does not prove it, or a file cannot be bundled.
    pub fn make(
        directory: &Path,
        certificate: Bytes,
        counter: u64,
        made: Timestamp,
        check: CheckCertificate<'_>,
    ) -> Result<Bundle, Error> {
        let catalog = load(directory)?;
        check(directory, &certificate).map_err(Error::Certificate)?;
        let mut files = vec![(CERTIFICATE.to_owned(), certificate)];
        for name in walk::names(directory, CATALOGUE)? {
            let (_, inside) = name.split_at(CATALOGUE.len() + 1);
            let content = walk::read(&directory.join(inside))?;
            files.push((name, content));
        }
        files.sort_by(|a, b| a.0.cmp(&b.0));
        let manifest = Manifest {
            format: FORMAT,
            product: PRODUCT.into(),
            version: catalog.version,
            region_code: catalog.region_code,
            counter,
            made,
            files: files
                .iter()
                .map(|(name, content)| stated(name, content))
                .collect(),
        };
        let bundle = Bundle {
            manifest: manifest.to_bytes()?.into(),
            signatures: Default::default(),
            files,
        };
        bundle.manifest()?;
        bundle.to_bytes()?;
        Ok(bundle)
    }

    /// Reads a bundle, whoever made it.
    ///
    /// # Errors
    /// When the bytes are not what [`Bundle::to_bytes`] makes of any.
    pub fn parse(bytes: &Bytes) -> Result<Bundle, Error> {
        let mut files = archive::read(bytes)?.into_iter().peekable();
        let (_, manifest) = files
            .next_if(|(name, _)| name == MANIFEST)
            .ok_or_else(|| Error::NotABundle(format!("it does not begin with {MANIFEST}")))?;
        let mut signature = |role: Role| {
            let file = files.next_if(|(name, _)| name == role.file());
            file.map(|(_, content)| content)
        };
        let signatures = Role::ALL.map(&mut signature);
        Ok(Bundle {
            manifest,
            signatures,
            files: files.collect(),
        })
    }

    /// The bundle as one file.
    ///
    /// # Errors
    /// When it is too big.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        archive::write(self.all())
    }

    /// What it says it is, whoever made it. Its files are as it says.
    ///
    /// # Errors
    /// When the manifest says what cannot be, or a file is not as it says.
    pub fn manifest(&self) -> Result<Manifest, Error> {
        let manifest = Manifest::parse(&self.manifest)?;
        let mut files = self.files.iter();
        for file in &manifest.files {
            match files.next() {
                Some((name, content)) if stated(name, content) == *file => {}
                Some(_) | None => return Err(Error::Altered(file.name.clone())),
            }
        }
        match files.next() {
            Some((name, _)) => Err(Error::Altered(name.clone())),
            None => Ok(manifest),
        }
    }

    /// What it is, if all three have signed it, each with a key that is trusted for the role.
    ///
    /// # Errors
    /// When one has not, or a file is not as it was signed.
    pub fn check(&self, keys: &Keys) -> Result<Manifest, Error> {
        for (role, signature) in Role::ALL.into_iter().zip(&self.signatures) {
            let signature = signature.as_ref().ok_or(Error::Unsigned(role))?;
            keys.check_signature(role, &self.manifest, signature)?;
        }
        self.manifest()
    }

    /// Adds a signature. What is signed is checked first: its form, its files, the catalogue and the
    /// certificate, in a temporary directory.
    ///
    /// # Errors
    /// When there is something wrong with it, the role signed already, or this key did in another role.
    pub fn sign(
        &mut self,
        role: Role,
        key: &minisign::SecretKey,
        at: Timestamp,
        check: CheckCertificate<'_>,
    ) -> Result<Manifest, Error> {
        let manifest = self.manifest()?;
        for (other, signature) in Role::ALL.into_iter().zip(&self.signatures) {
            let Some(signature) = signature else { continue };
            if other == role {
                return Err(Error::SignedAlready(role));
            }
            if signed::is_by(&self.manifest, signature, key)? {
                return Err(Error::SameKey(other, role));
            }
        }
        let scratch = tempfile::tempdir().map_err(Error::io(&std::env::temp_dir()))?;
        self.write(scratch.path(), |_| Ok(()))?;
        accept(scratch.path(), &manifest, check)?;
        self.signatures[role as usize] = Some(signed::sign(&self.manifest, role, key, at)?);
        Ok(manifest)
    }

    /// The roles that have signed, each by whatever key.
    pub fn signed_by(&self) -> impl Iterator<Item = Role> {
        let signed =
            |(role, signature): (Role, &Option<Bytes>)| signature.is_some().then_some(role);
        Role::ALL
            .into_iter()
            .zip(&self.signatures)
            .filter_map(signed)
    }

    /// The manifest's digest: two bundles with the same one hold the same.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.manifest)
    }

    /// Writes all files below a directory. `written` is called with each new file.
    ///
    /// # Errors
    /// When one is there already, or cannot be written. Names were checked by [`Bundle::manifest`],
    /// which must have been called.
    pub(crate) fn write(
        &self,
        directory: &Path,
        written: impl Fn(&fs::File) -> std::io::Result<()>,
    ) -> Result<(), Error> {
        for (name, content) in self.all() {
            let path = directory.join(name);
            let write = || {
                if let Some(parent) = path.parent() {
                    fs::create_dir_all(parent)?;
                }
                let mut file = fs::File::create_new(&path)?;
                std::io::Write::write_all(&mut file, content)?;
                written(&file)
            };
            write().map_err(Error::io(&path))?;
        }
        Ok(())
    }

    /// Reads back what [`Bundle::write`] wrote; files that are not the bundle's make it another one.
    ///
    /// # Errors
    /// When something cannot be read.
    pub(crate) fn read_back(directory: &Path) -> Result<Bundle, Error> {
        let mut files = vec![(
            CERTIFICATE.to_owned(),
            walk::read(&directory.join(CERTIFICATE))?,
        )];
        for name in walk::names(&directory.join(CATALOGUE), CATALOGUE)? {
            let content = walk::read(&directory.join(&name))?;
            files.push((name, content));
        }
        files.sort_by(|a, b| a.0.cmp(&b.0));
        let mut signatures = <[Option<Bytes>; 3]>::default();
        for (role, into) in Role::ALL.into_iter().zip(&mut signatures) {
            *into = Some(walk::read(&directory.join(role.file()))?);
        }
        Ok(Bundle {
            manifest: walk::read(&directory.join(MANIFEST))?,
            signatures,
            files,
        })
    }

    fn all(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        let signatures = Role::ALL.into_iter().zip(&self.signatures);
        let signatures =
            signatures.filter_map(|(role, content)| Some((role.file(), content.as_ref()?)));
        let files = self.files.iter();
        std::iter::once((MANIFEST, &self.manifest))
            .chain(signatures)
            .chain(files.map(|(name, content)| (name.as_str(), content)))
    }
}

/// Whether what was written below a directory is a catalogue that terminals take: without mistakes,
/// proven, and the one that the manifest names.
pub(crate) fn accept(
    directory: &Path,
    manifest: &Manifest,
    check: CheckCertificate<'_>,
) -> Result<(), Error> {
    let catalogue = directory.join(CATALOGUE);
    let certificate = walk::read(&directory.join(CERTIFICATE))?;
    is_named(&load(&catalogue)?, manifest)?;
    check(&catalogue, &certificate).map_err(Error::Certificate)
}

/// Loads the catalogue that the manifest names.
pub(crate) fn reload(catalogue: &Path, manifest: &Manifest) -> Result<Catalog, Error> {
    let catalog = Catalog::load_as_written(catalogue).map_err(Error::Catalogue)?;
    is_named(&catalog, manifest)?;
    Ok(catalog)
}

/// Loads a catalogue that no overlay changes for its own region, which a certificate would not be
/// about, and tries it as every other region has it.
fn load(directory: &Path) -> Result<Catalog, Error> {
    Catalog::load_every_region(directory).map_err(Error::Catalogue)?;
    Catalog::load_as_written(directory).map_err(Error::Catalogue)
}

fn is_named(catalog: &Catalog, manifest: &Manifest) -> Result<(), Error> {
    let said = |version: &str, region: &str| format!("{version} ({region})");
    let manifest = said(&manifest.version, &manifest.region_code);
    let catalogue = said(&catalog.version, &catalog.region_code);
    match manifest == catalogue {
        true => Ok(()),
        false => Err(Error::Contradiction {
            manifest,
            catalogue,
        }),
    }
}

fn stated(name: &str, content: &Bytes) -> File {
    File {
        name: name.to_owned(),
        bytes: content.len() as u64,
        sha256: Digest::of(content),
    }
}
