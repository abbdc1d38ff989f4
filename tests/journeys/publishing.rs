//! A catalogue on its way from those who answer for it to a citizen: proven, signed by three, served by
//! upstream, taken by the terminal between two visits, named in the case.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::apply::{FORM_TO_SUBMIT, TO_FORM, small_catalogue, small_hall};
use crate::hall::{PATIENCE, json_of, kiosk, output};
use crate::upstream::Upstream;

const ROLES: [&str; 3] = ["author", "reviewer", "publisher"];
/// The terminal looks at what is installed every ten seconds.
const NOTICED: Duration = Duration::from_secs(14);

/// The three, with their keys.
struct House(TempDir);

impl House {
    fn open() -> House {
        let house = House(TempDir::new().unwrap());
        for role in ROLES {
            house.kiosk(&["provision", "keys", "--no-password", "--out", role]);
        }
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn kiosk(&self, words: &[&str]) {
        let done = output(kiosk().args(words).current_dir(self.0.path()));
        assert!(done.status.success(), "{words:?}: {done:?}");
    }

    /// The small catalogue, its matter under another name, as another version.
    fn edition(&self, name: &str, version: &str) {
        fs::create_dir_all(self.path("edition/samples")).unwrap();
        let from = small_catalogue();
        fs::copy(
            from.join("samples/paper.svg"),
            self.path("edition/samples/paper.svg"),
        )
        .unwrap();
        for file in ["catalogue.toml", "demo.toml"] {
            let text = fs::read_to_string(from.join(file)).unwrap();
            let changed = text
                .replace("新生儿出生", name)
                .replace("2026.11.1", version);
            assert_ne!(text, changed);
            fs::write(self.path("edition").join(file), changed).unwrap();
        }
    }

    /// Proven, and signed by so many of the three.
    fn publish(&self, roles: &[&str], counter: &str) -> PathBuf {
        let bundle = format!("bundle-{counter}");
        self.kiosk(&["catalog", "check", "edition", "--certificate", "proof"]);
        let first = [
            "--certificate",
            "proof",
            "--counter",
            counter,
            "--out",
            &bundle,
        ];
        for (at, role) in roles.iter().enumerate() {
            let (source, more) = match at {
                0 => ("edition", &first[..]),
                _ => (bundle.as_str(), &[][..]),
            };
            let sign = ["catalog", "sign", source, "--as", role, "--key", role];
            self.kiosk(&[&sign, more].concat());
        }
        self.path(&bundle)
    }
}

fn installed(store: &Path) -> bool {
    store.join("current").exists()
}

#[test]
fn a_catalogue_that_three_signed_serves_from_the_next_visit_on_and_is_named_in_the_case() {
    let house = House::open();
    house.edition("新生儿出生新版", "2026.12.1");
    let bundle = house.publish(&ROLES, "7");
    let hall = small_hall();
    let store = hall.dir.path().join("catalogue");
    hall.configure(
        "directory",
        &format!(
            "{:?}\nstore = {store:?}\nkeys = {:?}",
            small_catalogue(),
            house.0.path()
        ),
    );
    let mut upstream = Upstream::for_hall(&hall, &house.path("edition"));
    upstream.offer(&bundle);
    let meeting = hall.meeting("installed");
    let walking = hall.start(&format!(
        "tap 点一下屏幕开始
         wait 新生儿出生
         {meeting}
         absent 新生儿出生新版
         tap 结束
         wait 点一下屏幕开始
         tap 点一下屏幕开始
         wait 新生儿出生新版
         tap 结束
         wait 点一下屏幕开始
         {TO_FORM}{FORM_TO_SUBMIT}
         tap 提交
         wait 系统已收到 40
         end"
    ));
    hall.meet("installed");
    let end = Instant::now() + PATIENCE;
    while !installed(&store) {
        assert!(Instant::now() < end, "it was never installed");
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(NOTICED);
    hall.part("installed");
    walking.finish().succeeded();
    let cases = upstream.wait_for_cases(1);
    let opened = upstream.opened(&cases[0]);
    assert_eq!(opened["case"]["catalogue"], "2026.12.1");
}

#[test]
fn what_one_of_the_three_did_not_sign_is_not_installed() {
    let house = House::open();
    house.edition("新生儿出生新版", "2026.12.1");
    let bundle = house.publish(&ROLES[..2], "7");
    let store = house.path("store");
    let refused = output(
        kiosk()
            .args(["catalog", "install", "--lang", "en"])
            .arg(bundle)
            .arg("--into")
            .arg(&store)
            .arg("--keys")
            .arg(house.0.path()),
    );
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(!installed(&store));
}

#[test]
fn the_one_before_comes_back_and_that_is_undone() {
    let house = House::open();
    let store = house.path("store");
    let command = |words: &[&str]| {
        let mut command = kiosk();
        command.args(["catalog", "install", "--format", "json", "--into"]);
        command.arg(&store).arg("--keys").arg(house.0.path());
        command.args(words);
        command
    };
    let install = |words: &[&str]| json_of(&mut command(words));
    let nothing = output(&mut command(&["--rollback"]));
    assert_eq!(nothing.status.code(), Some(2), "{nothing:?}");
    for (version, counter) in [("2026.12.1", "7"), ("2026.12.2", "8")] {
        house.edition("新生儿出生新版", version);
        let bundle = house.publish(&ROLES, counter);
        let (code, said) = install(&[bundle.to_str().unwrap()]);
        assert_eq!((code, &said["version"]), (0, &json!(version)), "{said}");
    }
    for version in ["2026.12.1", "2026.12.2"] {
        let (code, said) = install(&["--rollback"]);
        assert_eq!((code, &said["state"]), (0, &json!("rolled-back")), "{said}");
        assert_eq!(said["version"], version);
        let serving = store.join("current/catalogue/catalogue.toml");
        assert!(fs::read_to_string(serving).unwrap().contains(version));
    }
}
