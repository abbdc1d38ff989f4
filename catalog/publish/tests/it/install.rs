use std::fs;

use bytes::Bytes;
use yici_catalog_publish::{Error, Follower, Installed, Options, Role};

use crate::hall::{Hall, catalogue, make, proven};

#[test]
fn a_newer_catalogue_replaces_the_old_one_which_is_kept() {
    let hall = Hall::new();
    for counter in 1..=4 {
        let version = format!("2026.{counter}");
        let installed = hall.install(&hall.bundle(&version, counter)).unwrap();
        assert!(matches!(installed, Installed::New(manifest) if manifest.counter == counter));
        assert_eq!(hall.serves(), Some(version));
        assert_eq!(hall.releases() as u64, counter.min(2));
    }
    let back = hall.store().roll_back(&hall.keys()).unwrap();
    assert_eq!(back.version, "2026.3");
    assert_eq!(hall.serves().as_deref(), Some("2026.3"));
    assert_eq!(hall.releases(), 2);
}

#[test]
fn the_same_bundle_again_changes_nothing() {
    let hall = Hall::new();
    let bundle = hall.bundle("1", 1);
    hall.install(&bundle).unwrap();
    let current = hall.store().current().unwrap();
    assert!(matches!(hall.install(&bundle), Ok(Installed::Already(_))));
    assert_eq!(hall.store().current().unwrap(), current);
}

#[test]
fn going_back_is_not_undone_by_the_server_and_once_more_undoes_it() {
    let hall = Hall::new();
    let (one, two) = (hall.bundle("1", 1), hall.bundle("2", 2));
    assert!(matches!(
        hall.store().roll_back(&hall.keys()),
        Err(Error::NothingBefore)
    ));
    hall.install(&one).unwrap();
    assert!(matches!(
        hall.store().roll_back(&hall.keys()),
        Err(Error::NothingBefore)
    ));
    hall.install(&two).unwrap();
    hall.store().roll_back(&hall.keys()).unwrap();
    // Upstream still serves the second one.
    let refused = hall.install(&two);
    assert!(
        matches!(
            refused,
            Err(Error::Older {
                offered: 2,
                known: 2
            })
        ),
        "{refused:?}"
    );
    assert!(matches!(hall.install(&one), Ok(Installed::Already(_))));
    assert_eq!(hall.serves().as_deref(), Some("1"));
    hall.store().roll_back(&hall.keys()).unwrap();
    assert_eq!(hall.serves().as_deref(), Some("2"));
    hall.store().roll_back(&hall.keys()).unwrap();
    hall.install(&hall.bundle("3", 3)).unwrap();
    assert_eq!(hall.serves().as_deref(), Some("3"));
    assert_eq!(hall.store().roll_back(&hall.keys()).unwrap().version, "1");
}

#[test]
fn what_is_refused_leaves_the_last_good_one() {
    let hall = Hall::new();
    let store = hall.store();
    hall.install(&hall.bundle("2", 2)).unwrap();
    let signed = |dir: &std::path::Path, counter| -> Bytes {
        let mut bundle = make(dir, counter).unwrap();
        hall.sign(&mut bundle, &Role::ALL);
        bundle.to_bytes().unwrap().into()
    };
    let refuse = |bundle: &Bytes, options: &Options| {
        let refused = store.install(bundle, &hall.keys(), options, &proven);
        assert_eq!(hall.serves().as_deref(), Some("2"));
        assert!(!hall.dir.path().join("store/incoming").exists());
        refused.unwrap_err()
    };
    let any = Options::default();
    assert!(matches!(
        refuse(&hall.bundle("1", 1), &any),
        Error::Older {
            offered: 1,
            known: 2
        }
    ));
    assert!(matches!(
        refuse(&hall.bundle("3", 2), &any),
        Error::Older { .. }
    ));

    let elsewhere = catalogue("3", "440100");
    let elsewhere = signed(elsewhere.path(), 3);
    assert!(matches!(
        refuse(&elsewhere, &any),
        Error::OtherRegion { .. }
    ));
    let here = Options {
        region: Some("110100".into()),
        ..Options::default()
    };
    assert!(matches!(
        refuse(&hall.bundle("3", 3), &here),
        Error::OtherRegion { .. }
    ));

    // Cases of the two could not be told apart.
    let same_version = catalogue("2", "370100");
    let matter = same_version.path().join("demo.toml");
    let text = fs::read_to_string(&matter).unwrap() + "# another one\n";
    fs::write(matter, text).unwrap();
    assert!(matches!(
        refuse(&signed(same_version.path(), 3), &any),
        Error::SameVersion(_)
    ));

    // This terminal's verifier knows better.
    let unproven = |_: &std::path::Path, _: &[u8]| Err("第 3 行不成立".to_owned());
    let refused = store.install(&hall.bundle("3", 3), &hall.keys(), &any, &unproven);
    assert!(matches!(refused, Err(Error::Certificate(why)) if why == "第 3 行不成立"));
    assert_eq!(hall.serves().as_deref(), Some("2"));
    assert_eq!(hall.releases(), 1);
}

#[test]
fn a_region_can_be_changed_by_name_alone() {
    let hall = Hall::new();
    hall.install(&hall.bundle("1", 1)).unwrap();
    let mut bundle = make(catalogue("2", "440100").path(), 2).unwrap();
    hall.sign(&mut bundle, &Role::ALL);
    let bytes = bundle.to_bytes().unwrap().into();
    assert!(hall.install(&bytes).is_err());
    let options = Options {
        region: Some("440100".into()),
        ..Options::default()
    };
    hall.store()
        .install(&bytes, &hall.keys(), &options, &proven)
        .unwrap();
    assert_eq!(hall.serves().as_deref(), Some("2"));
}

#[test]
fn what_was_changed_on_the_disk_does_not_serve_and_the_same_bundle_mends_it() {
    let hall = Hall::new();
    let two = hall.bundle("2", 2);
    hall.install(&hall.bundle("1", 1)).unwrap();
    hall.install(&two).unwrap();
    let catalogue = hall.dir.path().join("store/current/catalogue");
    let matter = fs::read_to_string(catalogue.join("demo.toml")).unwrap();
    for spoil in [
        // A catalogue without mistakes, but not the signed one.
        Box::new(|| fs::write(catalogue.join("demo.toml"), matter.clone() + "\n").unwrap())
            as Box<dyn Fn()>,
        Box::new(|| fs::remove_file(catalogue.join("samples/paper.svg")).unwrap()),
        Box::new(|| fs::write(catalogue.join("more.toml"), "").unwrap()),
        Box::new(|| fs::write(catalogue.join("../manifest.json"), "").unwrap()),
        Box::new(|| fs::remove_file(catalogue.join("../publisher.minisig")).unwrap()),
    ] {
        spoil();
        let loaded = hall.store().load(&hall.keys()).unwrap().unwrap();
        assert_eq!(loaded.manifest.version, "1");
        assert!(loaded.passed_over.is_some());
        assert!(matches!(hall.install(&two), Ok(Installed::New(_))));
        assert_eq!(hall.serves().as_deref(), Some("2"));
        assert_eq!(hall.releases(), 2);
        hall.store().roll_back(&hall.keys()).unwrap();
        assert_eq!(hall.serves().as_deref(), Some("1"));
        hall.store().roll_back(&hall.keys()).unwrap();
    }
}

#[test]
fn a_damaged_catalogue_does_not_keep_a_newer_one_out() {
    let hall = Hall::new();
    hall.install(&hall.bundle("1", 1)).unwrap();
    hall.install(&hall.bundle("2", 2)).unwrap();
    let current = hall.dir.path().join("store/current/manifest.json");
    fs::write(current, "").unwrap();
    assert!(matches!(
        hall.store().roll_back(&Hall::new().keys()),
        Err(Error::WrongKey(_))
    ));
    hall.install(&hall.bundle("3", 3)).unwrap();
    assert_eq!(hall.serves().as_deref(), Some("3"));
    // The one before is the last whole one.
    assert_eq!(hall.store().roll_back(&hall.keys()).unwrap().version, "1");
}

#[test]
fn the_keys_are_asked_again_when_it_is_loaded() {
    let (hall, other) = (Hall::new(), Hall::new());
    hall.install(&hall.bundle("1", 1)).unwrap();
    let refused = hall.store().load(&other.keys()).unwrap_err();
    assert!(matches!(refused, Error::WrongKey(_)), "{refused}");
}

#[test]
fn the_servers_tag_belongs_to_what_serves() {
    let hall = Hall::new();
    let tagged = |tag: &str| Options {
        tag: Some(tag.into()),
        ..Options::default()
    };
    let store = hall.store();
    assert_eq!(store.tag(), None);
    for (version, tag) in [("1", "\"a\""), ("2", "\"b\"")] {
        let bundle = hall.bundle(version, version.parse().unwrap());
        store
            .install(&bundle, &hall.keys(), &tagged(tag), &proven)
            .unwrap();
        assert_eq!(store.tag().as_deref(), Some(tag));
    }
    store.roll_back(&hall.keys()).unwrap();
    assert_eq!(store.tag().as_deref(), Some("\"a\""));
}

#[test]
fn a_terminal_notices_what_another_program_installed_or_went_back_from() {
    let hall = Hall::new();
    let mut terminal = Follower::new(hall.dir.path().join("store"), hall.keys());
    let mut look = || {
        let found = terminal.look()?;
        Ok::<_, Error>(found.map(|loaded| loaded.catalog.version))
    };
    assert_eq!(look().unwrap(), None);
    hall.install(&hall.bundle("1", 1)).unwrap();
    assert_eq!(look().unwrap().as_deref(), Some("1"));
    assert_eq!(look().unwrap(), None);
    hall.install(&hall.bundle("2", 2)).unwrap();
    assert!(hall.install(&hall.bundle("1", 1)).is_err());
    assert_eq!(look().unwrap().as_deref(), Some("2"));
    hall.store().roll_back(&hall.keys()).unwrap();
    assert_eq!(look().unwrap().as_deref(), Some("1"));
    assert_eq!(look().unwrap(), None);

    let nobody = fs::remove_dir_all(hall.dir.path().join("store/releases"));
    nobody.unwrap();
    hall.install(&hall.bundle("3", 3)).unwrap();
    let releases = hall.dir.path().join("store/releases");
    fs::remove_dir_all(&releases).unwrap();
    assert!(look().is_err());
    assert_eq!(look().unwrap(), None);
}

#[test]
fn two_at_once_do_not_mix() {
    let hall = Hall::new();
    hall.install(&hall.bundle("1", 1)).unwrap();
    let lock = fs::File::create(hall.dir.path().join("store/lock")).unwrap();
    lock.lock().unwrap();
    let bundle = hall.bundle("2", 2);
    assert!(matches!(hall.install(&bundle), Err(Error::Busy)));
    assert!(matches!(
        hall.store().roll_back(&hall.keys()),
        Err(Error::Busy)
    ));
    lock.unlock().unwrap();
    hall.install(&bundle).unwrap();
}

#[test]
fn three_key_files_with_roles() {
    let hall = Hall::new();
    let dir = hall.dir.path().join("keys");
    hall.write_keys(&dir);
    let keys = yici_catalog_publish::Keys::load(&dir).unwrap();
    hall.store()
        .install(&hall.bundle("1", 1), &keys, &Options::default(), &proven)
        .unwrap();
    fs::copy(dir.join("author.pub"), dir.join("publisher.pub")).unwrap();
    let refused = yici_catalog_publish::Keys::load(&dir);
    assert!(matches!(
        refused,
        Err(Error::SameKey(Role::Author, Role::Publisher))
    ));
    fs::write(dir.join("publisher.pub"), "untrusted comment: nothing\n").unwrap();
    let refused = yici_catalog_publish::Keys::load(&dir);
    assert!(matches!(refused, Err(Error::Keys { .. })));
    fs::remove_file(dir.join("publisher.pub")).unwrap();
    let refused = yici_catalog_publish::Keys::load(&dir);
    assert!(matches!(refused, Err(Error::Io { .. })));
}
