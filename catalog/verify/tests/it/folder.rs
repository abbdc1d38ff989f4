//! Certificates of whole catalogues: stale ones and forged ones are refused.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use yici_catalog::Catalog;
use yici_catalog_verify::{Refused, verify};

fn catalogue(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn certificate(dir: &Path) -> String {
    match Catalog::certify(dir) {
        Ok((_, certificate)) => certificate.to_string(),
        Err(e) => panic!("{}", e.render(yici_catalog::Lang::En)),
    }
}

/// A copy of the good catalogue, to be spoilt.
fn copy() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("samples")).unwrap();
    for name in ["catalogue.toml", "demo.toml", "samples/paper.svg"] {
        fs::copy(catalogue("tests/good").join(name), dir.path().join(name)).unwrap();
    }
    dir
}

#[test]
fn the_shipped_catalogue_is_proven() {
    let dir = catalogue("matters");
    let proven = verify(&dir, &certificate(&dir)).unwrap();
    let catalog = Catalog::load(&dir).unwrap();
    assert_eq!(proven.len(), catalog.matters.len());
    for (id, parts) in proven {
        assert!(catalog.matter(&id).is_some() && parts > 1, "{id}: {parts}");
    }
}

#[test]
fn a_stale_certificate_is_refused() {
    let dir = copy();
    let certificate = certificate(dir.path());
    assert!(verify(dir.path(), &certificate).is_ok());
    let stale = |dir: &Path, file: &str| match verify(dir, &certificate) {
        Err(Refused::Stale(name)) => assert_eq!(name, file),
        other => panic!("{other:?}"),
    };
    for name in ["catalogue.toml", "demo.toml"] {
        let dir = copy();
        let text = fs::read_to_string(dir.path().join(name)).unwrap();
        fs::write(dir.path().join(name), text.clone() + "# a word\n").unwrap();
        stale(dir.path(), name);
        fs::remove_file(dir.path().join(name)).unwrap();
        stale(dir.path(), name);
        fs::write(dir.path().join(name), text).unwrap();
        assert!(verify(dir.path(), &certificate).is_ok());
        fs::write(dir.path().join("more.toml"), "").unwrap();
        stale(dir.path(), "more.toml");
    }
}

/// The certificate is about the files at the top: an overlay that comes after it would serve unproven.
#[test]
fn an_overlay_for_the_catalogues_own_region_is_refused() {
    for (region, is_own) in [
        ("370000", true),
        ("370100", true),
        ("330100", false),
        ("370102", false),
    ] {
        let dir = copy();
        let certificate = certificate(dir.path());
        let overlay = dir.path().join("regions").join(region);
        fs::create_dir_all(&overlay).unwrap();
        let gap = "format = 1\nid = \"demo\"\nremove = [\"situation:elsewhere\"]\n";
        fs::write(overlay.join("demo.toml"), gap).unwrap();
        match (verify(dir.path(), &certificate), is_own) {
            (Err(Refused::Overlaid(name)), true) => assert_eq!(name, format!("regions/{region}")),
            (Ok(_), false) => {}
            (other, _) => panic!("{region}: {other:?}"),
        }
    }
}

#[test]
fn a_forged_certificate_is_refused() {
    let dir = copy();
    let good: Value = serde_json::from_str(&certificate(dir.path())).unwrap();
    let refused = |forge: &dyn Fn(&mut Value)| {
        let mut forged = good.clone();
        forge(&mut forged);
        verify(dir.path(), &forged.to_string())
            .unwrap_err()
            .to_string()
    };
    for (forge, expected) in [
        (
            (&|c: &mut Value| c["format"] = json!(2)) as &dyn Fn(&mut Value),
            "this is no certificate: its format is not 1",
        ),
        (
            &|c| c["matters"]["demo"] = json!([]),
            "the proof of `demo` does not hold: it ends before all parts are proven",
        ),
        (
            &|c| c["matters"] = json!({}),
            "the proof of `demo` does not hold: the certificate has none",
        ),
        (
            &|c| c["matters"]["other"] = json!([{"situation": "local"}]),
            "the certificate is about another `other.toml`",
        ),
        (
            &|c| c["matters"]["demo"] = json!([{"situation": "local"}]),
            "the proof of `demo` does not hold: `local` is not all that applies to a part",
        ),
        (
            &|c| c["matters"]["demo"] = json!([{"window": "abroad"}]),
            "the proof of `demo` does not hold: window `abroad` is not the first to serve a part",
        ),
        (
            &|c| c["matters"]["demo"] = json!([{"cut": ["place", [["home"], ["abroad"]]]}]),
            "the proof of `demo` does not hold: options of `place` are left out",
        ),
        (
            &|c| {
                c["matters"]["demo"] = json!([{"cut": ["born", [["infant", "older"], ["older"]]]}])
            },
            "the proof of `demo` does not hold: a part of `born` is empty or not left",
        ),
        (
            &|c| c["files"]["demo.toml"] = json!("00"),
            "the certificate is about another `demo.toml`",
        ),
        (
            &|c| c["signed"] = json!(true),
            "this is no certificate: unknown field `signed`, expected one of `format`, `files`, `matters`",
        ),
    ] {
        let found = refused(forge);
        assert!(found.starts_with(expected), "{found}");
    }
}

/// A checker that lies: the certificate of a good catalogue, its files' sums brought up to date
/// after something was spoilt.
#[test]
fn what_the_checker_must_not_let_pass_is_refused() {
    for (old, new, expected) in [
        (
            "when = { register = [\"elsewhere\"] }\nsplit",
            "when = { register = [\"elsewhere\"], place = [\"home\"] }\nsplit",
            "`elsewhere` does not apply to a part",
        ),
        (
            "when = { register = [\"elsewhere\"] }\nsplit",
            "split",
            "is not all that applies to a part",
        ),
        (
            "when = { register = [\"local\"], bills = [\"some\"] }\nafter = [\"certificate\"]",
            "when = { register = [\"local\"], bills = [\"some\"] }",
            "refund needs certificate-paper of certificate and does not wait",
        ),
        (
            "copies = 3",
            "copies = 0",
            "registration does not get its copies of marriage-certificate",
        ),
        (
            "why = { zh = \"核对户主\"",
            "copies = 1\nwhy = { zh = \"核对户主\"",
            "registration does not get its copies of id-card",
        ),
        ("from = 1\n", "from = 2\n", "its bands leave something out"),
        (
            "until = 1\n",
            "until = 0\n",
            "its bands leave something out",
        ),
        ("max = 20", "max = 20\nmore = 1\n", ""),
        (
            "from = 1\n",
            "from = 1\nuntil = 20\n",
            "its bands leave something out",
        ),
        (
            "until = \"P1Y\"",
            "until = \"P11M\"",
            "its bands leave something out",
        ),
        ("until = \"P1Y\"", "until = \"P12M\"", ""),
        (
            "from = \"P1Y\"",
            "from = \"P1Y\"\nuntil = \"P9Y\"",
            "its bands leave something out",
        ),
        (
            "as = \"no\"",
            "as = \"maybe\"",
            "it goes on with `maybe`, which is no option",
        ),
        (
            "elsewhere = \"elsewhere\"",
            "elsewhere = \"abroad\"",
            "it goes on with `abroad`, which is no option",
        ),
        (
            "when = { register = [\"local\"] }\nkind",
            "when = { bills = [\"none\"] }\nkind",
            "`bills` is named before it is asked",
        ),
    ] {
        let dir = copy();
        let mut forged: Value = serde_json::from_str(&certificate(dir.path())).unwrap();
        let path = dir.path().join("demo.toml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{old}");
        fs::write(&path, text.replacen(old, new, 1)).unwrap();
        let sum = |path: &Path| {
            let bytes = fs::read(path).unwrap();
            data_encoding::HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest(bytes))
        };
        forged["files"]["demo.toml"] = json!(sum(&path));
        match verify(dir.path(), &forged.to_string()) {
            Ok(_) => assert_eq!(expected, "", "{new}"),
            Err(e) => assert!(
                !expected.is_empty() && e.to_string().contains(expected),
                "{e}"
            ),
        }
    }
}
