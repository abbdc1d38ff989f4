use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::process::Command;

use bytes::Bytes;
use proptest::prelude::*;
use yici_catalog::Lang;
use yici_catalog_publish::{Bundle, Error, Keys, MAX_BUNDLE_BYTES, Options, Role, Source};

use crate::hall::{Hall, catalogue, certificate, make, now, proven};

#[test]
fn three_people_sign_one_after_the_other_and_a_terminal_takes_only_what_all_three_signed() {
    let hall = Hall::new();
    let keys = hall.keys();
    let mut bundle = make(catalogue("1", "370100").path(), 1).unwrap();
    for (done, role) in Role::ALL.into_iter().enumerate() {
        assert!(matches!(bundle.check(&keys), Err(Error::Unsigned(missing)) if missing == role));
        let passed_on: Bytes = bundle.to_bytes().unwrap().into();
        assert!(matches!(hall.install(&passed_on), Err(Error::Unsigned(_))));
        bundle = Bundle::parse(&passed_on).unwrap();
        assert_eq!(bundle.signed_by().count(), done);
        hall.sign(&mut bundle, &[role]);
    }
    let manifest = bundle.check(&keys).unwrap();
    assert_eq!((manifest.version.as_str(), manifest.counter), ("1", 1));
    assert_eq!(hall.serves(), None);
    hall.install(&bundle.to_bytes().unwrap().into()).unwrap();
    assert_eq!(hall.serves().as_deref(), Some("1"));
}

#[test]
fn keys_and_bundles_are_files() {
    let hall = Hall::new();
    let dir = catalogue("1", "370100");
    let path = |name: &str| hall.dir.path().join(name);
    fs::write(path("certificate"), certificate(dir.path())).unwrap();
    for role in Role::ALL {
        let secret = hall.key(role).to_box(None).unwrap().into_string();
        fs::write(path(role.code()), secret).unwrap();
    }
    let source = Source::Directory {
        directory: dir.path(),
        certificate: &path("certificate"),
        counter: 4,
    };
    let sign = |source, role: Role, out: &str| {
        let key = path(role.code());
        yici_catalog_publish::sign(source, role, &key, &path(out), &proven)
    };
    sign(source, Role::Author, "one").unwrap();
    let (one, two) = (path("one"), path("two"));
    sign(Source::Bundle(&one), Role::Reviewer, "two").unwrap();
    let before = fs::read(&two).unwrap();
    // What is refused is not written.
    assert!(sign(Source::Bundle(&two), Role::Reviewer, "two").is_err());
    assert_eq!(fs::read(&two).unwrap(), before);
    let (manifest, bundle) = sign(Source::Bundle(&two), Role::Publisher, "two").unwrap();
    assert_eq!((manifest.counter, bundle.signed_by().count()), (4, 3));
    hall.install(&yici_catalog_publish::read(&two).unwrap())
        .unwrap();
    let no_key =
        yici_catalog_publish::sign(Source::Bundle(&one), Role::Publisher, &one, &two, &proven);
    assert!(matches!(no_key, Err(Error::Signing(_))), "{no_key:?}");
}

#[test]
fn the_order_of_signing_is_free() {
    let hall = Hall::new();
    let mut bundle = make(catalogue("1", "370100").path(), 1).unwrap();
    hall.sign(
        &mut bundle,
        &[Role::Publisher, Role::Author, Role::Reviewer],
    );
    bundle.check(&hall.keys()).unwrap();
}

#[test]
fn a_signature_holds_in_its_own_role_alone() {
    let hall = Hall::new();
    let mut bundle = make(catalogue("1", "370100").path(), 1).unwrap();
    hall.sign(&mut bundle, &[Role::Author, Role::Reviewer]);
    let bytes = bundle.to_bytes().unwrap();
    // The reviewer's signature under the publisher's name.
    let moved = swap_names(&bytes, "reviewer.minisig", "publisher.minisig");
    let moved = Bundle::parse(&moved.into()).unwrap();
    let roles: Vec<Role> = moved.signed_by().collect();
    assert_eq!(roles, [Role::Author, Role::Publisher]);
    // And where the same person became publisher since, whose key is trusted for that now.
    let [author, reviewer, publisher] = Role::ALL.map(|role| hall.public(role));
    let changed = Keys::parse(&author, &publisher, &reviewer).unwrap();
    let mut moved = moved;
    hall.sign_with(&mut moved, Role::Reviewer, hall.key(Role::Publisher))
        .unwrap();
    let refused = moved.check(&changed).unwrap_err();
    assert!(
        matches!(refused, Error::BadSignature(Role::Publisher)),
        "{refused}"
    );
}

#[test]
fn one_key_does_not_stand_for_two_roles() {
    let hall = Hall::new();
    let [author, reviewer, publisher] = Role::ALL.map(|role| hall.public(role));
    let twice = Keys::parse(&author, &reviewer, &format!("{publisher}{author}")).unwrap_err();
    assert!(
        matches!(twice, Error::SameKey(Role::Author, Role::Publisher)),
        "{twice}"
    );
    // Nor under another id, which everybody can give to their key.
    let renamed = with_other_id(&author);
    assert_ne!(renamed, author);
    assert!(matches!(
        Keys::parse(&author, &renamed, &publisher),
        Err(Error::SameKey(Role::Author, Role::Reviewer))
    ));

    let mut bundle = make(catalogue("1", "370100").path(), 1).unwrap();
    hall.sign(&mut bundle, &[Role::Author]);
    let refused = hall.sign_with(&mut bundle, Role::Publisher, hall.key(Role::Author));
    assert!(matches!(
        refused,
        Err(Error::SameKey(Role::Author, Role::Publisher))
    ));
    let again = hall.sign_with(&mut bundle, Role::Author, hall.key(Role::Reviewer));
    assert!(matches!(again, Err(Error::SignedAlready(Role::Author))));
}

#[test]
fn a_foreign_key_and_a_changed_word_are_told_apart() {
    let (hall, other) = (Hall::new(), Hall::new());
    let bundle = Bundle::parse(&other.bundle("1", 1)).unwrap();
    assert!(matches!(
        bundle.check(&hall.keys()),
        Err(Error::WrongKey(Role::Author))
    ));

    let bytes = hall.bundle("1", 1);
    let changed = replace(&bytes, b"\"counter\": 1,", b"\"counter\": 9,");
    let refused = Bundle::parse(&changed).unwrap().check(&hall.keys());
    assert!(matches!(refused, Err(Error::BadSignature(Role::Author))));
    let changed = replace(&bytes, b"role=author", b"role=autheur");
    assert!(Bundle::parse(&changed).is_err());
    let changed = replace(&bytes, "示范市".as_bytes(), "示范区".as_bytes());
    let refused = Bundle::parse(&changed).unwrap().check(&hall.keys());
    let refused = refused.unwrap_err();
    assert!(
        matches!(&refused, Error::Altered(name) if name == "catalogue/catalogue.toml"),
        "{refused}"
    );
}

#[test]
fn nothing_is_signed_that_terminals_would_refuse() {
    let hall = Hall::new();
    let dir = catalogue("1", "370100");
    let other = Bytes::from_static(b"of another catalogue");
    let unproven = Bundle::make(dir.path(), other, 1, now(), &proven);
    assert!(matches!(unproven, Err(Error::Certificate(_))));
    fs::write(dir.path().join("demo.toml"), "format = 1\n").unwrap();
    assert!(matches!(make(dir.path(), 1), Err(Error::Catalogue(_))));

    // A reviewer checks by their own verifier, not by the author's word.
    let dir = catalogue("1", "370100");
    let any = |_: &std::path::Path, _: &[u8]| Ok(());
    let unproven = Bytes::from_static(b"{}");
    let mut bundle = Bundle::make(dir.path(), unproven, 1, now(), &any).unwrap();
    let refused = hall.sign_with(&mut bundle, Role::Reviewer, hall.key(Role::Reviewer));
    assert!(matches!(refused, Err(Error::Certificate(_))));
    assert_eq!(bundle.signed_by().count(), 0);
}

#[test]
fn an_overlay_with_a_mistake_is_found_though_another_region_has_it() {
    let dir = catalogue("1", "370100");
    let overlay = dir.path().join("regions/330100");
    fs::create_dir_all(&overlay).unwrap();
    fs::write(overlay.join("demo.toml"), "nothing = \"here\"\n").unwrap();
    let refused = make(dir.path(), 1).unwrap_err();
    assert!(matches!(refused, Error::Catalogue(_)), "{refused}");
}

/// A certificate is not about what an overlay makes of the files, whoever checks it.
#[test]
fn an_overlay_for_the_catalogues_own_region_is_not_signed() {
    let dir = catalogue("1", "370100");
    let overlay = dir.path().join("regions/370100");
    fs::create_dir_all(&overlay).unwrap();
    fs::write(
        overlay.join("demo.toml"),
        "format = 1\nid = \"demo\"\nkeywords = [\"婴儿\"]\n",
    )
    .unwrap();
    match make(dir.path(), 1) {
        Err(Error::Catalogue(found)) => {
            let what = "the files are not what region 370100 has: 370100 overlays them";
            assert_eq!(found.findings[0].message, what);
        }
        other => panic!("{other:?}"),
    }
}

/// With the checker's certificate and the verifier that terminals have.
#[test]
fn a_catalogue_is_installed_with_its_own_certificate_and_with_no_other() {
    let hall = Hall::new();
    let dir = catalogue("1", "370100");
    let verify = |dir: &std::path::Path, bytes: &[u8]| {
        let text = str::from_utf8(bytes).map_err(|error| error.to_string())?;
        let verified = yici_catalog_verify::verify(dir, text);
        verified.map(drop).map_err(|error| error.to_string())
    };
    let (catalog, certificate) = yici_catalog::Catalog::certify(dir.path()).unwrap();
    let certificate: Bytes = serde_json::to_vec(&certificate).unwrap().into();
    let mut bundle = Bundle::make(dir.path(), certificate.clone(), 1, now(), &verify).unwrap();
    for role in Role::ALL {
        bundle.sign(role, hall.key(role), now(), &verify).unwrap();
    }
    let bytes: Bytes = bundle.to_bytes().unwrap().into();
    let (store, any) = (hall.store(), Options::default());
    store.install(&bytes, &hall.keys(), &any, &verify).unwrap();
    assert_eq!(hall.serves(), Some(catalog.version));

    let newer = catalogue("2", "370100");
    let stale = Bundle::make(newer.path(), certificate, 2, now(), &verify);
    assert!(matches!(stale, Err(Error::Certificate(_))));
}

#[test]
fn links_and_odd_names_are_not_bundled() {
    let dir = catalogue("1", "370100");
    symlink("/etc/hostname", dir.path().join("samples/link.svg")).unwrap();
    let refused = make(dir.path(), 1).unwrap_err();
    assert!(matches!(refused, Error::Name { .. }), "{refused}");
    assert!(refused.say(Lang::Zh).contains("samples/link.svg"));
    fs::remove_file(dir.path().join("samples/link.svg")).unwrap();
    for name in ["a b.svg", "paper.svg~", "x\u{202e}gvs.y"] {
        let path = dir.path().join("samples").join(name);
        fs::write(&path, "").unwrap();
        assert!(
            matches!(make(dir.path(), 1), Err(Error::Name { .. })),
            "{name}"
        );
        fs::remove_file(path).unwrap();
    }
    fs::write(dir.path().join("samples/申请表-1.svg"), "").unwrap();
    fs::write(dir.path().join(".draft.toml"), "").unwrap();
    let manifest = make(dir.path(), 1).unwrap().manifest().unwrap();
    let names: Vec<&str> = manifest.files.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "catalogue/catalogue.toml",
            "catalogue/demo.toml",
            "catalogue/samples/paper.svg",
            "catalogue/samples/申请表-1.svg",
            "certificate.json",
        ]
    );
}

#[test]
fn the_same_catalogue_makes_the_same_bytes() {
    let bytes = || {
        let bundle = make(catalogue("1", "370100").path(), 1).unwrap();
        bundle.to_bytes().unwrap()
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn every_other_byte_is_found() {
    let hall = Hall::new();
    let keys = hall.keys();
    let bytes = hall.bundle("1", 1);
    let good = Bundle::parse(&bytes).unwrap();
    assert_eq!(good.to_bytes().unwrap(), bytes);
    good.check(&keys).unwrap();
    let untrusted = "untrusted comment: yici-catalogue";
    // What minisign leaves unsigned is read by nobody.
    let unsigned: Vec<_> = find(&bytes, untrusted.as_bytes())
        .into_iter()
        .flat_map(|at| at..at + untrusted.len())
        .collect();
    assert_eq!(unsigned.len(), 3 * untrusted.len());
    let mut tried = 0;
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.to_vec();
        changed[at] ^= 1 << (at % 7);
        let changed: Bytes = changed.into();
        let taken = Bundle::parse(&changed).and_then(|bundle| bundle.check(&keys));
        assert!(taken.is_err() || unsigned.contains(&at), "byte {at}");
        tried += 1;
    }
    assert!(tried > 2000, "{tried}");
    for cut in [0, 1, 511, 512, 5000, bytes.len() - 512, bytes.len() - 1] {
        assert!(Bundle::parse(&bytes.slice(..cut)).is_err(), "{cut}");
    }
    let longer: Bytes = [&bytes[..], &[0; 512]].concat().into();
    assert!(Bundle::parse(&longer).is_err());
}

#[test]
fn any_tar_reads_it_and_minisign_finds_the_signatures_good() {
    let hall = Hall::new();
    let file = hall.dir.path().join("bundle");
    fs::write(&file, hall.bundle("1", 1)).unwrap();
    hall.write_keys(hall.dir.path());
    let run = |program: &str, args: &[&str]| {
        let output = Command::new(program)
            .args(args)
            .current_dir(hall.dir.path())
            .output();
        let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let listed = run("tar", &["--list", "--file", "bundle"]);
    let first: Vec<&str> = listed.lines().take(4).collect();
    let signatures = ["author.minisig", "reviewer.minisig", "publisher.minisig"];
    assert_eq!(first[0], "manifest.json");
    assert_eq!(first[1..], signatures);
    run("tar", &["--extract", "--file", "bundle"]);
    for role in Role::ALL {
        let (signature, key) = (
            format!("{}.minisig", role.code()),
            format!("{}.pub", role.code()),
        );
        let said = run(
            "minisign",
            &["-V", "-m", "manifest.json", "-x", &signature, "-p", &key],
        );
        assert!(said.contains(&format!("role={}", role.code())), "{said}");
    }
}

#[test]
fn what_tar_can_do_besides_is_refused() {
    let hall = Hall::new();
    let bytes = hall.bundle("1", 1);
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("bundle"), &bytes).unwrap();
    let pack = |format: &str, more: &[&str]| {
        let output = Command::new("tar")
            .current_dir(dir.path())
            .args(["--create", "--file", "-", "--format", format])
            .args(more)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        Bytes::from(output.stdout)
    };
    fs::write(dir.path().join("manifest.json"), "{}").unwrap();
    symlink("/etc/passwd", dir.path().join("catalogue")).unwrap();
    for format in ["ustar", "gnu", "pax"] {
        for more in [
            &["manifest.json"][..],
            &["manifest.json", "catalogue"],
            &["../x"][..0],
        ] {
            if !more.is_empty() {
                assert!(
                    Bundle::parse(&pack(format, more)).is_err(),
                    "{format} {more:?}"
                );
            }
        }
    }
    // A path out of the directory, in a header that is otherwise right.
    let mut header = tar_header("catalogue/demo.toml", 1);
    header[..100].fill(0);
    header[..12].copy_from_slice(b"../demo.toml");
    let mut archive = Vec::new();
    archive.extend_from_slice(&checksum(header));
    archive.resize(1024, b'x');
    archive[513..].fill(0);
    archive.resize(archive.len() + 1024, 0);
    assert!(Bundle::parse(&archive.into()).is_err());
    let huge: Bytes = vec![0; MAX_BUNDLE_BYTES + 1].into();
    assert!(matches!(Bundle::parse(&huge), Err(Error::TooBig)));
}

#[test]
fn a_manifest_cannot_name_a_file_outside_or_two_in_one_place() {
    let hall = Hall::new();
    let good = hall.bundle("1", 1);
    let manifest: Vec<u8> = {
        let mut archive = Vec::new();
        good.as_ref().read_to_end(&mut archive).unwrap();
        let size = find(&archive, b"\n}\n")[0] + 3;
        archive[512..size].to_vec()
    };
    let text = String::from_utf8(manifest).unwrap();
    yici_catalog_publish::Manifest::parse(text.as_bytes()).unwrap();
    for (old, new) in [
        ("catalogue/demo.toml", "catalogue/../../demo.toml"),
        ("catalogue/demo.toml", "/catalogue/demo.toml"),
        ("catalogue/demo.toml", "catalogue/.demo.toml"),
        ("catalogue/demo.toml", "catalogue//demo.toml"),
        ("catalogue/demo.toml", "manifest.json"),
        ("catalogue/demo.toml", "previous"),
        ("catalogue/demo.toml", "catalogue/samples"),
        ("catalogue/demo.toml", "catalogue/catalogue.toml"),
        ("certificate.json", "catalogue/z.json"),
        ("\"370100\"", "\"37010\""),
        ("\"yici-catalogue\"", "\"yici\""),
        ("\"format\": 1", "\"format\": 2"),
    ] {
        assert!(text.contains(old), "{old}");
        let changed = text.replace(old, new);
        let parsed = yici_catalog_publish::Manifest::parse(changed.as_bytes());
        assert!(parsed.is_err(), "{old} → {new}");
    }
}

#[test]
fn the_form_is_plain_ustar() {
    let mut archive = Vec::new();
    for (name, content) in [
        ("manifest.json", "{}"),
        ("author.minisig", "x"),
        ("catalogue/a", ""),
    ] {
        archive.extend_from_slice(&tar_header(name, content.len() as u64));
        archive.extend_from_slice(content.as_bytes());
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    let archive: Bytes = archive.into();
    let bundle = Bundle::parse(&archive).unwrap();
    assert_eq!(bundle.signed_by().collect::<Vec<_>>(), [Role::Author]);
    assert_eq!(bundle.to_bytes().unwrap(), archive);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever bytes come, reading them ends, and what is read writes itself again.
    #[test]
    fn bytes_that_are_read_are_written_the_same(
        blocks in proptest::collection::vec(0..6_u8, 0..12),
        noise in any::<[u8; 32]>(),
    ) {
        let mut bytes = Vec::new();
        for block in blocks {
            let mut header = tar_header(["manifest.json", "author.minisig", "certificate.json"][usize::from(block % 3)], noise[0].into());
            match block {
                0..3 => {}
                3 => header = [0; 512],
                4 => header[..32].copy_from_slice(&noise),
                _ => header[124..136].copy_from_slice(&noise[..12]),
            }
            bytes.extend_from_slice(&header);
        }
        let bytes: Bytes = bytes.into();
        if let Ok(bundle) = Bundle::parse(&bytes) {
            prop_assert_eq!(bundle.to_bytes().unwrap(), bytes);
        }
    }
}

#[test]
fn a_certificate_of_another_catalogue_has_its_place_in_the_signed_files() {
    let hall = Hall::new();
    let bytes = hall.bundle("1", 1);
    let dir = catalogue("1", "370100");
    let own = certificate(dir.path());
    // The digest stands in the manifest, too.
    let at = *find(&bytes, &own).last().unwrap();
    let mut changed = bytes.to_vec();
    changed[at..at + own.len()].reverse();
    let changed = changed.into();
    let refused = hall.install(&changed).unwrap_err();
    assert!(
        matches!(&refused, Error::Altered(name) if name == "certificate.json"),
        "{refused}"
    );
}

/// A header as tar's own library makes it.
fn tar_header(name: &str, size: u64) -> [u8; 512] {
    let mut header = [0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    for (at, text) in [
        (100, "0000644\0"),
        (108, "0000000\0"),
        (116, "0000000\0"),
        (136, "00000000000\0"),
        (156, "0"),
        (257, "ustar\x0000"),
    ] {
        header[at..at + text.len()].copy_from_slice(text.as_bytes());
    }
    header[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    checksum(header)
}

fn checksum(mut header: [u8; 512]) -> [u8; 512] {
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:07o}\0").as_bytes());
    header
}

fn find(bytes: &[u8], part: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(part.len()).enumerate();
    windows
        .filter(|(_, window)| *window == part)
        .map(|(at, _)| at)
        .collect()
}

/// The first place that reads `old`, which is as long as `new`.
#[track_caller]
fn replace(bytes: &Bytes, old: &[u8], new: &[u8]) -> Bytes {
    let at = find(bytes, old)[0];
    let mut changed = bytes.to_vec();
    changed.splice(at..at + old.len(), new.iter().copied());
    changed.into()
}

/// A bundle with one file's header renamed.
fn swap_names(bytes: &[u8], old: &str, new: &str) -> Vec<u8> {
    let at = find(bytes, old.as_bytes())[0];
    assert_eq!(at % 512, 0);
    let mut header: [u8; 512] = bytes[at..at + 512].try_into().unwrap();
    header[..100].fill(0);
    header[..new.len()].copy_from_slice(new.as_bytes());
    let mut changed = bytes.to_vec();
    changed[at..at + 512].copy_from_slice(&checksum(header));
    changed
}

/// The same key under another id.
fn with_other_id(public: &str) -> String {
    let line = public.lines().nth(1).unwrap();
    let mut raw = minisign::PublicKey::from_base64(line).unwrap().to_bytes();
    raw[2] ^= 1;
    minisign::PublicKey::from_bytes(&raw).unwrap().to_base64() + "\n"
}
