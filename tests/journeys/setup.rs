//! A technician's stick: made, shown, applied, refused; and what the terminal then starts with.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use tempfile::TempDir;
use yici::config::Config;
use yici::uplink::load_key;
use yici_contract::SecretKey;

use crate::hall::{catalogue, kiosk, output};

/// Stands for the configuration that the image brings.
const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/kiosk.toml");

/// The owner's keys, a stick, and a terminal's data partition.
pub struct Workshop {
    dir: TempDir,
}

impl Workshop {
    pub fn open() -> Workshop {
        let dir = TempDir::new().unwrap();
        for name in ["stick", "state", "data", "run"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let workshop = Workshop { dir };
        let made = workshop.kiosk(&["provision", "keys", "--no-password", "--out", "OWNER"]);
        assert!(made.status.success(), "{made:?}");
        workshop
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Words in capitals are files of the workshop.
    fn kiosk(&self, words: &[&str]) -> Output {
        let word = |word: &&str| match *word {
            "OWNER" => self.path("owner"),
            "PUBLIC" => self.path("owner.pub"),
            "PLAIN" => self.path("plain.toml"),
            "STICK" => self.path("stick"),
            "SETUP" => self.path("stick/kiosk-setup.toml"),
            "STATE" => self.path("state"),
            "DATA" => self.path("data"),
            "RUN" => self.path("run"),
            "PAGES" => self.path("pages"),
            "SCRIPT" => self.path("script"),
            other => other.into(),
        };
        output(kiosk().args(words.iter().map(word)))
    }

    /// Puts a signed setup on the stick: the template with some of its words changed.
    pub fn sign(&self, changed: &[(&str, &str)]) {
        let template = self.kiosk(&["provision", "template"]);
        let mut plain = String::from_utf8(template.stdout).unwrap();
        for (from, to) in changed {
            assert!(plain.contains(from), "{from}");
            plain = plain.replacen(from, to, 1);
        }
        fs::write(self.path("plain.toml"), plain).unwrap();
        let made = self.kiosk(&[
            "provision",
            "make",
            "PLAIN",
            "--key",
            "OWNER",
            "--out",
            "SETUP",
        ]);
        assert!(made.status.success(), "{made:?}");
    }

    /// The terminal starts with the stick in it, and the technician does this; the exit code.
    fn start(&self, script: &str) -> Option<i32> {
        fs::write(self.path("script"), script).unwrap();
        let came = self.kiosk(&[
            "setup",
            "--stick",
            "STICK",
            "--public-key",
            "PUBLIC",
            "--state",
            "STATE",
            "--data",
            "DATA",
            "--headless",
            "PAGES",
            "--script",
            "SCRIPT",
        ]);
        assert!(
            !String::from_utf8_lossy(&came.stderr).contains("script"),
            "{came:?}"
        );
        came.status.code()
    }

    /// Writes out what the terminal would be started with.
    fn render(&self) {
        let catalogue = catalogue();
        let rendered = self.kiosk(&[
            "provision",
            "render",
            "--state",
            "STATE",
            "--public-key",
            "PUBLIC",
            "--catalogue",
            catalogue.to_str().unwrap(),
            "--data",
            "DATA",
            "--default",
            DEMO,
            "--into",
            "RUN",
        ]);
        assert!(rendered.status.success(), "{rendered:?}");
    }

    fn configuration(&self) -> Config {
        self.render();
        Config::load(&self.path("run/kiosk.toml")).unwrap()
    }
}

#[test]
fn a_stick_is_shown_then_applied_and_the_terminal_starts_with_it() {
    let workshop = Workshop::open();
    workshop.sign(&[("terminal = \"A-01\"", "terminal = \"B-07\"")]);
    let shown = "
        wait 要换成这份设置吗 30
        wait B-07
        wait 192.0.2.20/24
        wait 这台机器的时钟还没有对过";
    assert_eq!(
        workshop.start(&format!("{shown}\ntap 不换，照旧启动\nend")),
        Some(1)
    );
    assert_eq!(
        fs::read_dir(workshop.path("state")).unwrap().count(),
        0,
        "nothing was applied"
    );
    assert_eq!(
        workshop.start(&format!("{shown}\ntap 应用\nwait 设置保存好了 30\nend")),
        Some(0)
    );
    let config = workshop.configuration();
    assert_eq!(config.hall.terminal, "B-07");
    assert!(config.upstream.is_none());
    let network =
        fs::read_to_string(workshop.path("run/systemd/network/10-wired.network")).unwrap();
    assert!(network.contains("Address=192.0.2.20/24"), "{network}");

    // A stick that was forgotten asks nobody again.
    assert_eq!(workshop.start("wait 要换成这份设置吗 5\nend"), Some(1));

    // Only what is different is shown.
    workshop.sign(&[
        ("serial = 1", "serial = 2"),
        ("terminal = \"A-01\"", "terminal = \"B-08\""),
    ]);
    let came = workshop.start(
        "wait 原来：B-07 30
         absent 192.0.2.20/24
         tap English
         wait before: B-07
         tap Apply
         wait The setup is stored 30
         end",
    );
    assert_eq!(came, Some(0));
    assert_eq!(workshop.configuration().hall.terminal, "B-08");
}

#[test]
fn a_setup_with_an_upstream_makes_the_key_and_shows_what_enrols_it() {
    let workshop = Workshop::open();
    let ca = rcgen::generate_simple_self_signed(["cases.example".to_owned()])
        .unwrap()
        .cert
        .pem();
    let sealing = SecretKey::random().unwrap();
    let upstream = format!(
        "[upstream]\nurl = \"https://cases.example:8443\"\nkey = \"{}\"\nca = \"\"\"\n{ca}\"\"\"\n",
        sealing.public()
    );
    workshop.sign(&[("# [upstream]\n", &upstream)]);
    let came = workshop.start(
        "wait 应用 30
         tap 应用
         wait 本机公钥
         tap 继续
         end",
    );
    assert_eq!(came, Some(0));
    let key = load_key(&workshop.path("data/device.key")).unwrap();
    assert_eq!(
        workshop.configuration().upstream.unwrap().device.public(),
        key.public()
    );
}

#[test]
fn an_edited_or_older_stick_is_refused_with_its_reason_and_nothing_changes() {
    let workshop = Workshop::open();
    workshop.sign(&[("serial = 1", "serial = 5")]);
    assert_eq!(workshop.start("wait 应用 30\ntap 应用\nend"), Some(0));
    workshop.sign(&[
        ("serial = 1", "serial = 4"),
        ("terminal = \"A-01\"", "terminal = \"B-07\""),
    ]);
    let came = workshop.start("wait 应用 30\ntap 应用\nwait 序号 4 不大于 30\ntap 继续\nend");
    assert_eq!(came, Some(1));
    workshop.sign(&[("serial = 1", "serial = 6")]);
    let setup = workshop.path("stick/kiosk-setup.toml");
    let edited = fs::read_to_string(&setup)
        .unwrap()
        .replacen("A-01", "A-66", 1);
    fs::write(&setup, edited).unwrap();
    let came = workshop.start("wait 这份设置不能用 30\nwait 什么都没有改\ntap 继续\nend");
    assert_eq!(came, Some(1));
    let told = workshop.kiosk(&["provision", "check", "STICK", "--public-key", "PUBLIC"]);
    assert_eq!(told.status.code(), Some(1), "{told:?}");
    assert_eq!(workshop.configuration().hall.terminal, "A-01");
}

#[test]
fn a_terminal_that_was_never_set_up_starts_with_what_the_image_brings() {
    let workshop = Workshop::open();
    workshop.render();
    assert_eq!(
        fs::read(workshop.path("run/kiosk.toml")).unwrap(),
        fs::read(DEMO).unwrap()
    );
}
