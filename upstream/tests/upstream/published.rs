//! The signed catalogue, as terminals are given it.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use minisign::KeyPair;
use yici_catalog_publish::{Bundle, Installed, Keys, Options, Role, Store};
use yici_contract::SecretKey;

use crate::hall::{Hall, matters};

/// Three people's keys, and the bundles that they sign.
struct Owner([KeyPair; 3]);

impl Owner {
    fn new() -> Owner {
        Owner(std::array::from_fn(|_| {
            KeyPair::generate_unencrypted_keypair().unwrap()
        }))
    }

    fn keys(&self) -> Keys {
        let [author, reviewer, publisher] = &self.0;
        let text = |pair: &KeyPair| pair.pk.to_base64();
        Keys::parse(&text(author), &text(reviewer), &text(publisher)).unwrap()
    }

    fn bundle(&self, counter: u64, roles: &[Role]) -> Vec<u8> {
        let certificate = (&b"{}"[..]).into();
        let mut bundle =
            Bundle::make(&matters(), certificate, counter, Timestamp::now(), &any).unwrap();
        for role in roles {
            let key = &self.0[*role as usize].sk;
            bundle.sign(*role, key, Timestamp::now(), &any).unwrap();
        }
        bundle.to_bytes().unwrap()
    }
}

fn any(_: &Path, _: &[u8]) -> Result<(), String> {
    Ok(())
}

fn etag(head: &str) -> String {
    let tag = head.lines().find_map(|line| line.strip_prefix("etag: "));
    tag.unwrap_or_else(|| panic!("{head}")).to_owned()
}

#[test]
fn terminals_are_given_the_signed_catalogue_once() {
    let hall = Hall::open();
    let owner = Owner::new();
    assert_eq!(hall.catalogue(&hall.device, "").0, 404);

    let first = owner.bundle(1, &Role::ALL);
    fs::write(hall.path("bundle"), &first).unwrap();
    let (status, head, body) = hall.catalogue(&hall.device, "accept: */*");
    assert_eq!(status, 200);
    assert!(
        head.contains("content-type: application/vnd.yici.catalogue\r\n"),
        "{head}"
    );
    assert_eq!(body, first);
    let tag = etag(&head);
    for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".into()] {
        let (status, head, body) = hall.catalogue(&hall.device, &format!("if-none-match: {known}"));
        assert_eq!((status, body.len()), (304, 0), "{known}");
        assert_eq!(etag(&head), tag);
    }

    let second = owner.bundle(2, &Role::ALL);
    fs::write(hall.path("new"), &second).unwrap();
    fs::rename(hall.path("new"), hall.path("bundle")).unwrap();
    let (status, head, body) = hall.catalogue(&hall.device, &format!("if-none-match: {tag}"));
    assert_eq!(status, 200);
    assert_ne!(etag(&head), tag);
    let store = Store::new(hall.path("store"));
    let installed = store.install(&body.into(), &owner.keys(), &Options::default(), &any);
    assert!(matches!(installed, Ok(Installed::New(manifest)) if manifest.counter == 2));
}

#[test]
fn what_is_no_whole_bundle_is_not_served() {
    let hall = Hall::open();
    let owner = Owner::new();
    let file = hall.path("bundle");
    for bad in [
        b"no bundle".to_vec(),
        owner.bundle(1, &[Role::Author, Role::Reviewer]),
    ] {
        fs::write(&file, bad).unwrap();
        assert_eq!(hall.catalogue(&hall.device, "").0, 404);
    }
    let good = owner.bundle(1, &Role::ALL);
    fs::write(&file, &good).unwrap();
    assert_eq!(hall.catalogue(&hall.device, "").2, good);
    // The next one is half copied: the last good one is served.
    fs::write(&file, &owner.bundle(2, &Role::ALL)[..9000]).unwrap();
    assert_eq!(hall.catalogue(&hall.device, "").2, good);
    fs::remove_file(&file).unwrap();
    assert_eq!(hall.catalogue(&hall.device, "").2, good);
}

#[test]
fn a_terminal_that_is_not_enrolled_is_given_none() {
    let hall = Hall::open();
    fs::write(hall.path("bundle"), Owner::new().bundle(1, &Role::ALL)).unwrap();
    let stranger = SecretKey::random().unwrap();
    let (status, _, body) = hall.catalogue(&stranger, "");
    assert_eq!(status, 401);
    assert!(String::from_utf8(body).unwrap().contains("unknown-device"));
}
