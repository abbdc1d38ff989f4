//! Three people with a key each, and a small catalogue.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use jiff::Timestamp;
use minisign::{KeyPair, SecretKey};
use tempfile::TempDir;
use yici_catalog_publish::{Bundle, Error, Keys, Options, Role, Store};
use yici_contract::Digest;

/// The keys of one owner of terminals, and a directory to work in.
pub struct Hall {
    pub dir: TempDir,
    people: [KeyPair; 3],
}

impl Hall {
    pub fn new() -> Hall {
        Hall {
            // A real disk, which `/tmp` may not be.
            dir: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap(),
            people: std::array::from_fn(|_| KeyPair::generate_unencrypted_keypair().unwrap()),
        }
    }

    pub fn key(&self, role: Role) -> &SecretKey {
        &self.people[role as usize].sk
    }

    pub fn public(&self, role: Role) -> String {
        let public = self.people[role as usize].pk.to_box().unwrap();
        public.to_string().trim_end().to_owned() + "\n"
    }

    pub fn keys(&self) -> Keys {
        let [author, reviewer, publisher] = Role::ALL.map(|role| self.public(role));
        Keys::parse(&author, &reviewer, &publisher).unwrap()
    }

    pub fn write_keys(&self, dir: &Path) {
        fs::create_dir_all(dir).unwrap();
        for role in Role::ALL {
            fs::write(dir.join(format!("{}.pub", role.code())), self.public(role)).unwrap();
        }
    }

    pub fn store(&self) -> Store {
        Store::new(self.dir.path().join("store"))
    }

    pub fn install(&self, bundle: &Bytes) -> Result<yici_catalog_publish::Installed, Error> {
        self.store()
            .install(bundle, &self.keys(), &Options::default(), &proven)
    }

    /// Signs in the given roles, each with its own key.
    pub fn sign(&self, bundle: &mut Bundle, roles: &[Role]) {
        for role in roles {
            self.sign_with(bundle, *role, self.key(*role)).unwrap();
        }
    }

    pub fn sign_with(
        &self,
        bundle: &mut Bundle,
        role: Role,
        key: &SecretKey,
    ) -> Result<yici_catalog_publish::Manifest, Error> {
        bundle.sign(role, key, now(), &proven)
    }

    /// A bundle that all three signed.
    pub fn bundle(&self, version: &str, counter: u64) -> Bytes {
        let mut bundle = make(catalogue(version, "370100").path(), counter).unwrap();
        self.sign(&mut bundle, &Role::ALL);
        bundle.to_bytes().unwrap().into()
    }

    /// The version that a terminal would serve now.
    #[track_caller]
    pub fn serves(&self) -> Option<String> {
        let loaded = self.store().load(&self.keys()).unwrap()?;
        assert_eq!(loaded.catalog.version, loaded.manifest.version);
        assert!(loaded.passed_over.is_none(), "{:?}", loaded.passed_over);
        Some(loaded.catalog.version)
    }

    pub fn releases(&self) -> usize {
        fs::read_dir(self.dir.path().join("store/releases"))
            .unwrap()
            .count()
    }
}

pub fn now() -> Timestamp {
    "2026-11-26T08:00:00Z".parse().unwrap()
}

pub fn make(dir: &Path, counter: u64) -> Result<Bundle, Error> {
    Bundle::make(dir, certificate(dir), counter, now(), &proven)
}

/// The small good catalogue, under another version and region.
pub fn catalogue(version: &str, region: &str) -> TempDir {
    let good = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/good");
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("samples")).unwrap();
    for name in ["catalogue.toml", "demo.toml", "samples/paper.svg"] {
        let text = fs::read_to_string(good.join(name)).unwrap();
        let text = text
            .replace("\"2026.11.1\"", &format!("{version:?}"))
            .replace("\"370100\"", &format!("{region:?}"));
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

/// What stands for a certificate here: the digest of the matter.
pub fn certificate(dir: &Path) -> Bytes {
    let matter = fs::read(dir.join("demo.toml")).unwrap_or_default();
    Digest::of(&matter).to_string().into_bytes().into()
}

/// What stands for the verifier here.
pub fn proven(dir: &Path, bytes: &[u8]) -> Result<(), String> {
    match certificate(dir) == bytes {
        true => Ok(()),
        false => Err("it is of another matter".into()),
    }
}
