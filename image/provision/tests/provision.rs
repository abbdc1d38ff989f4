//! Setup files as technicians and terminals meet them.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use minisign::KeyPair;
use proptest::prelude::*;
use yici_catalog::Lang;
use yici_provision::cli::{self, Command, Format, Look, TEMPLATE, Verdict};
use yici_provision::{
    Checked, Clock, Code, FILES, Keys, PinHash, Places, Refused, Setup, State, StateError, Timely,
    Validity, changes, check, qr, render, render_to, sign,
};

const CODE: &str = "SECRET-ENROL-4711";

struct Signer {
    pair: KeyPair,
    keys: Keys,
}

fn signer() -> Signer {
    let pair = KeyPair::generate_unencrypted_keypair().unwrap();
    let keys = pair.pk.to_box().unwrap().to_string().parse().unwrap();
    Signer { pair, keys }
}

fn made() -> Timestamp {
    "2026-11-26T08:00:00Z".parse().unwrap()
}

fn validity() -> Validity {
    Validity {
        made: made(),
        expires: made() + SignedDuration::from_hours(24),
    }
}

impl Signer {
    fn sign(&self, text: &str) -> String {
        sign(text, &self.pair.sk, validity()).unwrap()
    }

    fn check(&self, file: &str) -> Result<Checked, Refused> {
        check(file.as_bytes(), &self.keys, Clock::Synchronised(made()))
    }
}

/// The template with every section.
fn full() -> String {
    let ca = rcgen::generate_simple_self_signed(["cases.example".to_owned()]).unwrap();
    format!(
        "{TEMPLATE}\n[staff]\npin = \"{}\"\n[upstream]\nurl = \"https://cases.example:8443\"\nkey = \"{}\"\nenrolment = \"{CODE}\"\nca = \"\"\"\n{}\"\"\"\n",
        PinHash::of("482915").unwrap().as_str(),
        "09".repeat(32),
        ca.cert.pem()
    )
    .replace("# calibration = [1,", "calibration = [0.5,")
    .replace("# proxy", "proxy")
    .replace("# [catalogue]\n# region", "[catalogue]\nregion")
    .replace("[printer]", "form_printer = \"ipp://192.0.2.11/ipp/print\"\n[printer]")
}

fn places() -> Places {
    Places {
        catalogue: "/usr/share/yici/matters".into(),
        catalogue_keys: Some("/usr/share/yici/catalogue-keys".into()),
        data: "/var/lib/yici".into(),
    }
}

fn only(refused: Result<impl std::fmt::Debug, Refused>) -> (Code, Option<usize>, String, String) {
    let findings = refused.unwrap_err().findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    let finding = &findings[0];
    (
        finding.code,
        finding.line,
        finding.say(Lang::Zh),
        finding.say(Lang::En),
    )
}

#[test]
fn the_template_and_a_full_setup_are_taken() {
    let signer = signer();
    assert_eq!(
        signer.check(&signer.sign(TEMPLATE)).unwrap().timely,
        Timely::Yes
    );
    let checked = signer.check(&signer.sign(&full())).unwrap();
    let code = checked.setup.upstream.unwrap().enrolment.unwrap();
    assert_eq!(code.expose(), CODE);
}

#[test]
fn minisign_itself_takes_the_signature() {
    let signer = signer();
    let file = signer.sign(&full());
    let (body, tail) = file.split_once("# --- yici-setup signature ---\n").unwrap();
    let tail: String = tail
        .lines()
        .map(|line| format!("{}\n", &line[2..]))
        .collect();
    let signature = format!("untrusted comment: split\n{tail}");
    let boxed = minisign::SignatureBox::from_string(&signature).unwrap();
    minisign::verify(
        &signer.pair.pk,
        &boxed,
        std::io::Cursor::new(body),
        true,
        false,
        false,
    )
    .unwrap();
    // And the whole is one TOML file.
    file.parse::<toml::Table>().unwrap();
}

#[test]
fn every_refusal_of_a_whole_file_says_why() {
    let signer = signer();
    let good = signer.sign(TEMPLATE);
    let case = |bytes: &[u8], clock| {
        let (code, line, zh, en) = only(check(bytes, &signer.keys, clock));
        assert_eq!(line, None);
        assert!(
            zh.chars().any(|c| c > '\u{4e00}') && en.is_ascii(),
            "{zh} {en}"
        );
        (code, en)
    };
    let now = Clock::Synchronised(made());
    let later = |hours| Clock::Synchronised(made() + SignedDuration::from_hours(hours));
    let stranger = self::signer().sign(TEMPLATE);
    let cut = &good[..good.len() - 1];
    let cut_more = good.rsplit_once("# ").unwrap().0;
    let edited = good.replace("A-01", "A-02");
    let longer = good.replace("expires=2026", "expires=2036");
    let other = {
        let text = format!("{TEMPLATE}# --- yici-setup signature ---\n");
        let boxed = minisign::sign(
            None,
            &signer.pair.sk,
            TEMPLATE.as_bytes(),
            Some("update 7"),
            None,
        );
        let lines = boxed.unwrap().to_string();
        lines
            .lines()
            .skip(1)
            .fold(text, |text, line| format!("{text}# {line}\n"))
    };
    for (bytes, clock, code, told) in [
        (TEMPLATE.as_bytes(), now, Code::Unsigned, "is not signed"),
        (b"\xff\xfe".as_slice(), now, Code::NotText, "no UTF-8"),
        ([b'#'; 70_000].as_slice(), now, Code::TooBig, "65536 bytes"),
        (stranger.as_bytes(), now, Code::WrongKey, "does not trust"),
        (edited.as_bytes(), now, Code::Edited, "changed after"),
        (longer.as_bytes(), now, Code::Edited, "changed after"),
        (cut.as_bytes(), now, Code::BadSignature, "cut or rewritten"),
        (
            cut_more.as_bytes(),
            now,
            Code::BadSignature,
            "cut or rewritten",
        ),
        (
            other.as_bytes(),
            now,
            Code::BadSignature,
            "cut or rewritten",
        ),
        (
            good.as_bytes(),
            later(24),
            Code::Expired,
            "expired at 2026-11-27",
        ),
        (
            good.as_bytes(),
            later(-1),
            Code::NotYetValid,
            "clock where it was signed",
        ),
    ] {
        let (found, en) = case(bytes, clock);
        assert_eq!(found, code);
        assert!(en.contains(told), "{en}");
    }
}

#[test]
fn a_clock_that_nobody_set_refuses_nothing_and_is_told() {
    let signer = signer();
    let file = signer.sign(TEMPLATE);
    for (hours, timely) in [
        (1, Timely::Unproved),
        (-9_000, Timely::ClockWrong),
        (9_000, Timely::PerhapsExpired),
    ] {
        let now = made() + SignedDuration::from_hours(hours);
        let checked = check(file.as_bytes(), &signer.keys, Clock::Unproved(now)).unwrap();
        assert_eq!(checked.timely, timely);
    }
    // Two good clocks differ by minutes.
    let early = Clock::Synchronised(made() - SignedDuration::from_mins(5));
    assert_eq!(
        check(file.as_bytes(), &signer.keys, early).unwrap().timely,
        Timely::Yes
    );
}

#[test]
fn every_value_is_checked_and_told_with_its_line() {
    let good = full();
    for (from, to, told) in [
        ("serial = 1", "serial = 0", "counts from 1"),
        (
            "zh = \"示范市政务服务中心\"",
            "zh = \" \"",
            "1 to 80 characters",
        ),
        (
            "terminal = \"A-01\"",
            "terminal = \"A\\n01\"",
            "without line ends",
        ),
        ("[\"示范市\"]", "[]", "1 to 64 entries"),
        ("192.0.2.20/24", "192.0.2.20", "subnet's bits"),
        ("region = \"330100\"", "region = \"3301\"", "six digits"),
        ("$argon2id$", "$argon2i$", "kiosk provision pin"),
        ("192.0.2.20/24", "192.0.2.255/24", "subnet's bits"),
        ("192.0.2.20/24", "192.0.2.0/24", "subnet's bits"),
        ("192.0.2.20/24", "127.0.0.1/8", "subnet's bits"),
        ("192.0.2.20/24", "192.0.2.20/33", "subnet's bits"),
        ("192.0.2.20/24", "dhcp", "DHCP names the gateway"),
        ("\"192.0.2.1\"", "\"192.0.3.1\"", "not in the subnet"),
        ("\"192.0.2.1\"", "\"192.0.2.20\"", "not in the subnet"),
        ("\"192.0.2.1\"", "\"2001:db8::1\"", "not in the subnet"),
        ("\"192.0.2.1\"", "\"router\"", "no address of a gateway"),
        (
            "\"192.0.2.53\"",
            "\"dns.example\"",
            "no address of a DNS server",
        ),
        ("dns = [\"192.0.2.53\"]", "", "cannot be looked up"),
        (
            "# interface = \"enp1s0\"",
            "interface = \"a b\"",
            "network interface",
        ),
        ("http://proxy", "socks5://proxy", "http://host:port"),
        ("http://proxy", "http://me:pw@proxy", "without user"),
        (
            "\"ntp.example.gov.cn\"",
            "\"ntp example\"",
            "no host's name",
        ),
        (
            "card_reader = \"auto\"",
            "card_reader = \"tcp:1.2.3.4:9\"",
            "it takes auto, serial:",
        ),
        (
            "card_reader = \"auto\"",
            "card_reader = \"lpt1\"",
            "no device address",
        ),
        ("epson-compatible", "epson", "epson"),
        ("paper = 80", "paper = 76", "58 or 80"),
        ("epson-compatible", "xprinter-58", "wider than"),
        ("rotation = 0", "rotation = 45", "0, 90, 180 or 270"),
        ("[0.5,", "[0,", "6 numbers"),
        ("[0.5,", "[nan,", "6 numbers"),
        ("[0.5,", "[", "6 numbers"),
        ("https://cases", "http://cases", "https only"),
        (":8443", ":8443/api", "host and port alone"),
        ("key = \"0909", "key = \"X909", "64 small hexadecimal"),
        ("BEGIN CERT", "BEGIN CART", "CA cannot be used"),
        (CODE, "short", "8 to 128 letters"),
    ] {
        assert!(good.contains(from), "{from}");
        let bad = good.replace(from, to);
        let findings = Setup::parse(&bad).unwrap_err().findings;
        assert!(
            findings.iter().any(|found| found.message.en.contains(told)),
            "{to}: {findings:?}"
        );
        for found in &findings {
            assert_eq!(found.code, Code::BadValue, "{found:?}");
            assert!(found.line.is_some() && found.message.zh.chars().any(|c| c > '\u{4e00}'));
        }
    }
}

#[test]
fn a_finding_names_its_line_and_all_are_told_at_once() {
    let bad = TEMPLATE
        .replace("rotation = 0", "rotation = 1")
        .replace("paper = 80", "paper = 8")
        .replace("A-01", "");
    let lines: Vec<_> = Setup::parse(&bad)
        .unwrap_err()
        .findings
        .iter()
        .map(|found| bad.lines().nth(found.line.unwrap() - 1).unwrap().to_owned())
        .collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[1].starts_with("paper") && lines[2].starts_with("rotation"),
        "{lines:?}"
    );
}

#[test]
fn an_unknown_or_missing_key_is_told() {
    let (code, line, zh, en) = only(Setup::parse(&TEMPLATE.replace("[time]", "[tine]")));
    assert_eq!(code, Code::Syntax);
    assert!(line.is_some() && zh.contains("没有这个键") && en.contains("unknown field `tine`"));
    let (code, _, zh, en) = only(Setup::parse("serial = 1\n"));
    assert_eq!(code, Code::Syntax);
    assert!(
        zh.contains("缺少 `hall`") && en.contains("missing field `hall`"),
        "{zh} {en}"
    );
}

#[test]
fn an_enrolment_code_is_never_shown() {
    let setup = Setup::parse(&full()).unwrap();
    let signer = signer();
    let checked = signer.check(&signer.sign(&full())).unwrap();
    let mut said = format!("{setup:?}{checked:?}{:?}", changes(None, &setup));
    for bad in [
        full().replace(&format!("\"{CODE}\""), "471147114711"),
        full().replace(CODE, "SECRET-ENROL-4711!"),
        full().replace(&format!("\"{CODE}\""), &format!("\"{CODE}")),
    ] {
        said += &format!("{:?}", Setup::parse(&bad).unwrap_err());
    }
    assert!(
        !said.contains("SECRET-ENROL") && !said.contains("47114711"),
        "{said}"
    );
    let files = render(&setup, &places()).unwrap();
    let with: Vec<_> = files
        .iter()
        .filter(|(_, text)| text.contains(CODE))
        .collect();
    assert!(with.len() == 1 && with[0].0 == "enrolment");
}

#[test]
fn what_is_rendered() {
    let setup = Setup::parse(&full()).unwrap();
    let files = render(&setup, &places()).unwrap();
    let text = |name: &str| {
        files
            .iter()
            .find(|(file, _)| *file == name)
            .unwrap()
            .1
            .as_str()
    };
    assert_eq!(
        text("systemd/network/10-wired.network"),
        "[Match]\nType=ether\nKind=!*\n\n[Link]\nRequiredForOnline=no\n\n[Network]\nAddress=192.0.2.20/24\nGateway=192.0.2.1\nDNS=192.0.2.53\n"
    );
    assert_eq!(
        text("systemd/timesyncd.conf.d/yici.conf"),
        "[Time]\nNTP=ntp.example.gov.cn\n"
    );
    assert_eq!(
        text("proxy.env"),
        "http_proxy=http://proxy.example.gov.cn:3128/\nhttps_proxy=http://proxy.example.gov.cn:3128/\nno_proxy=localhost,127.0.0.1,::1,192.0.2.11\n"
    );
    assert_eq!(text("screen.env"), "SLINT_KMS_ROTATION=0\n");
    assert_eq!(
        text("udev/rules.d/90-touch.rules"),
        "ENV{ID_INPUT_TOUCHSCREEN}==\"1\", ENV{LIBINPUT_CALIBRATION_MATRIX}=\"0.5 0 0 0 1 0\"\n"
    );
    assert!(text("ca.pem").starts_with("-----BEGIN CERTIFICATE-----"));
    let plain = Setup::parse(
        &TEMPLATE
            .replace("192.0.2.20/24", "dhcp")
            .replace("gateway =", "# "),
    )
    .unwrap();
    let names: Vec<_> = render(&plain, &places())
        .unwrap()
        .iter()
        .map(|file| file.0)
        .collect();
    assert!(names.iter().all(|name| FILES.contains(name)));
    assert!(!names.contains(&"ca.pem") && !names.contains(&"proxy.env"));
}

/// Every key of the rendered `kiosk.toml` is one that `docs/configuration.md` describes.
#[test]
fn the_terminals_configuration_has_only_keys_that_are_described() {
    let described = include_str!("../../../docs/configuration.md");
    let setup = Setup::parse(&full()).unwrap();
    let files = render(&setup, &places()).unwrap();
    let (_, kiosk) = files
        .iter()
        .find(|(name, _)| *name == "kiosk.toml")
        .unwrap();
    let table: toml::Table = kiosk.parse().unwrap();
    let mut keys = 0;
    for (section, values) in &table {
        for key in values.as_table().unwrap().keys() {
            assert!(
                described.contains(&format!("`{section}.{key}`")),
                "{section}.{key}"
            );
            keys += 1;
        }
    }
    assert!(keys >= 15, "{kiosk}");
    let upstream = &table["upstream"];
    assert_eq!(upstream["outbox"].as_str(), Some("/var/lib/yici/outbox"));
    assert_eq!(upstream["ca"].as_str(), Some("ca.pem"));
}

#[test]
fn rendering_removes_what_the_new_setup_has_not() {
    use std::os::unix::fs::PermissionsExt;
    let run = tempfile::tempdir().unwrap();
    render_to(&Setup::parse(&full()).unwrap(), &places(), run.path()).unwrap();
    let mode = |name: &str| {
        let meta = std::fs::metadata(run.path().join(name)).unwrap();
        meta.permissions().mode() & 0o777
    };
    assert_eq!((mode("enrolment"), mode("kiosk.toml")), (0o600, 0o644));
    render_to(&Setup::parse(TEMPLATE).unwrap(), &places(), run.path()).unwrap();
    for gone in [
        "enrolment",
        "proxy.env",
        "ca.pem",
        "udev/rules.d/90-touch.rules",
    ] {
        assert!(!run.path().join(gone).exists(), "{gone}");
    }
    assert!(run.path().join("kiosk.toml").exists());
}

#[test]
fn only_what_changes_is_shown() {
    let text = full();
    let old = Setup::parse(&text).unwrap();
    assert_eq!(changes(Some(&old), &old), []);
    let new = text
        .replace("serial = 1", "serial = 2")
        .replace("192.0.2.20/24", "192.0.2.21/24")
        .replace("proxy = ", "# ")
        .replace(CODE, "another-code");
    let found = changes(Some(&old), &Setup::parse(&new).unwrap());
    let said: Vec<_> = found
        .iter()
        .map(|change| {
            let value =
                |text: &Option<yici_catalog::Text>| text.as_ref().map(|text| text.en.clone());
            (
                change.label.en.as_str(),
                value(&change.before),
                value(&change.after),
            )
        })
        .collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        said,
        [
            ("Serial", some("1"), some("2")),
            (
                "Network address",
                some("192.0.2.20/24"),
                some("192.0.2.21/24")
            ),
            ("Proxy", some("http://proxy.example.gov.cn:3128/"), None),
            (
                "Enrolment code",
                some("there is one (not shown)"),
                some("another one")
            ),
        ]
    );
}

#[test]
fn an_older_setup_is_refused_and_the_applied_one_holds() {
    let signer = signer();
    let dir = tempfile::tempdir().unwrap();
    let state = State::new(dir.path());
    let file = |serial: u32, name: &str| {
        let text = TEMPLATE.replace("serial = 1", &format!("serial = {serial}"));
        signer
            .check(&signer.sign(&text.replace("A-01", name)))
            .unwrap()
    };
    assert!(state.load(&signer.keys).unwrap().is_none());
    let second = file(2, "B");
    state.apply(&second, &signer.keys, &[]).unwrap();
    // The stick may still be in at the next start.
    state.apply(&second, &signer.keys, &[]).unwrap();
    for (serial, name) in [(1, "A"), (2, "A")] {
        let error = state.apply(&file(serial, name), &signer.keys, &[]);
        let Err(StateError::Refused(refused)) = error else {
            panic!("taken again");
        };
        assert_eq!(only(Err::<(), _>(refused)).0, Code::Replayed);
    }
    let holds = || {
        state
            .load(&signer.keys)
            .unwrap()
            .unwrap()
            .checked
            .setup
            .hall
            .terminal
    };
    assert_eq!(holds(), "B");
    state.apply(&file(3, "C"), &signer.keys, &[]).unwrap();
    assert_eq!(holds(), "C");
    let names = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(names, 2);

    let current = dir.path().join("setup.toml");
    let text = std::fs::read_to_string(&current).unwrap();
    std::fs::write(&current, &text[..text.len() / 2]).unwrap();
    let loaded = state.load(&signer.keys).unwrap().unwrap();
    assert_eq!(loaded.checked.setup.hall.terminal, "B");
    assert_eq!(
        only(Err::<(), _>(loaded.fallen_back.unwrap())).0,
        Code::Unsigned
    );
    // Mended by the same file again.
    state.apply(&file(3, "C"), &signer.keys, &[]).unwrap();
    assert_eq!(holds(), "C");
    std::fs::write(&current, "").unwrap();
    std::fs::write(dir.path().join("setup-before.toml"), "").unwrap();
    assert!(matches!(
        state.load(&signer.keys),
        Err(StateError::Refused(_))
    ));
    // What is damaged beyond use does not keep a good file out for ever.
    state.apply(&file(4, "D"), &signer.keys, &[]).unwrap();
    assert_eq!(holds(), "D");
}

#[test]
fn a_setup_for_other_machines_is_refused() {
    let signer = signer();
    let dir = tempfile::tempdir().unwrap();
    let text = TEMPLATE.replace("# machines", "machines");
    let checked = signer.check(&signer.sign(&text)).unwrap();
    let state = State::new(dir.path());
    let error = state.apply(&checked, &signer.keys, &["SN0002".to_owned()]);
    let Err(StateError::Refused(refused)) = error else {
        panic!("taken by another machine");
    };
    assert_eq!(only(Err::<(), _>(refused)).0, Code::OtherMachine);
    state
        .apply(&checked, &signer.keys, &["SN0001".to_owned()])
        .unwrap();
}

#[test]
fn a_stick_is_read_bounded_and_links_are_not_followed() {
    let stick = tempfile::tempdir().unwrap();
    let file = stick.path().join("kiosk-setup.toml");
    std::fs::write(&file, vec![b'#'; 1_000_000]).unwrap();
    assert_eq!(
        yici_provision::read(stick.path()).unwrap().len(),
        64 * 1024 + 1
    );
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &file).unwrap();
    yici_provision::read(stick.path()).unwrap_err();
    yici_provision::read(Path::new("/dev/zero")).unwrap_err();
}

#[test]
fn a_full_setup_fits_a_code_and_comes_back_from_its_picture() {
    let file = signer().sign(&full());
    let picture = qr::picture(&file).unwrap();
    let (width, height) = picture.dimensions();
    let mut seen =
        rqrr::PreparedImage::prepare_from_greyscale(width as usize, height as usize, |x, y| {
            picture.get_pixel(x as u32, y as u32).0[0]
        });
    let (_, read) = seen.detect_grids()[0].decode().unwrap();
    assert!(read.len() <= qr::MAX_CHARS && read.is_ascii());
    assert_eq!(qr::decode(read.as_bytes()).unwrap(), file.as_bytes());
    for bad in [
        "YICI1:ABC",
        "YICI-SETUP1:",
        &read[..read.len() - 3],
        &read[..read.len() - 1],
    ] {
        assert_eq!(only(qr::decode(bad.as_bytes())).0, Code::NotSetup, "{bad}");
    }
}

fn run(command: &Command) -> (Verdict, String) {
    let mut out = Vec::new();
    let verdict = cli::run(command, &mut out).unwrap();
    (verdict, String::from_utf8(out).unwrap())
}

#[test]
fn the_command_line_makes_and_checks() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let keys = Command::Keys {
        out: at("setup.key"),
        no_password: true,
    };
    assert_eq!(run(&keys).0, Verdict::Fine);
    let mode = std::fs::metadata(at("setup.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    // A key is never written over.
    cli::run(&keys, &mut Vec::new()).unwrap_err();

    let make = |file: PathBuf, lang| Command::Make {
        file,
        key: at("setup.key"),
        days: 1,
        out: at("kiosk-setup.toml"),
        qr: Some(at("setup.png")),
        lang,
    };
    std::fs::write(
        at("bad.toml"),
        TEMPLATE.replace("rotation = 0", "rotation = 1"),
    )
    .unwrap();
    let (verdict, said) = run(&make(at("bad.toml"), Lang::Zh));
    assert_eq!(verdict, Verdict::Findings);
    assert!(said.starts_with("第 ") && said.contains("旋转"), "{said}");
    assert!(!at("kiosk-setup.toml").exists() && !at("setup.png").exists());

    std::fs::write(at("plain.toml"), full()).unwrap();
    assert_eq!(run(&make(at("plain.toml"), Lang::En)).0, Verdict::Fine);
    assert!(image::open(at("setup.png")).is_ok());
    let look = |file: &Path, lang, format| Look {
        file: file.to_owned(),
        public_key: at("setup.key.pub"),
        lang,
        format,
    };
    let check = |file: &Path, format| Command::Check(look(file, Lang::En, format));
    // The directory is a stick.
    let (verdict, said) = run(&check(dir.path(), Format::Text));
    assert_eq!(verdict, Verdict::Fine);
    assert!(said.contains("nothing is wrong"), "{said}");
    let (verdict, said) = run(&check(&at("plain.toml"), Format::Json));
    assert_eq!(verdict, Verdict::Findings);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["findings"][0]["code"], "unsigned");
    let setup = at("kiosk-setup.toml");
    let (verdict, said) = run(&Command::Show(look(&setup, Lang::Zh, Format::Text)));
    assert_eq!(verdict, Verdict::Fine);
    assert!(
        said.contains("网络地址: 192.0.2.20/24") && !said.contains(CODE),
        "{said}"
    );
    // What is signed already is signed anew.
    assert_eq!(
        run(&make(at("kiosk-setup.toml"), Lang::En)).0,
        Verdict::Fine
    );
    assert_eq!(run(&check(dir.path(), Format::Json)).0, Verdict::Fine);
    assert!(cli::run(&check(&at("missing"), Format::Text), &mut Vec::new()).is_err());

    // A code has bounds, and nothing is written when it does not fit.
    let mut seed = 1_u64;
    let noise: String = std::iter::repeat_with(|| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        char::from(b'a' + (seed % 26) as u8)
    })
    .take(6_000)
    .collect();
    std::fs::write(at("big.toml"), format!("# {noise}\n{}", full())).unwrap();
    let before = std::fs::read(at("kiosk-setup.toml")).unwrap();
    let (verdict, said) = run(&make(at("big.toml"), Lang::En));
    assert!(
        verdict == Verdict::Findings && said.contains("leave out comments"),
        "{said}"
    );
    assert_eq!(std::fs::read(at("kiosk-setup.toml")).unwrap(), before);
}

proptest! {
    #[test]
    fn any_edit_of_one_byte_is_refused(at in any::<prop::sample::Index>(), to: u8) {
        let signer = signer();
        let mut bytes = signer.sign(TEMPLATE).into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        prop_assert!(check(&bytes, &signer.keys, Clock::Synchronised(made())).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = qr::decode(&bytes);
        let _ = Setup::parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn words_of_the_hall_come_through_whole(
        name in "[^\\p{C}\\s]{1,40}", terminal in "[ -~&&[^\\s]]{1,32}", serial in 1..9_999_999_999_u64,
        host in 1..255_u8, prefix in 16..25_u8, turned in 0..4_u32,
    ) {
        let text = TEMPLATE
            .replace("serial = 1", &format!("serial = {serial}"))
            .replace("\"示范市政务服务中心\"", &toml::Value::from(name.as_str()).to_string())
            .replace("\"A-01\"", &toml::Value::from(terminal.as_str()).to_string())
            .replace("192.0.2.20/24", &format!("192.0.2.{host}/{prefix}"))
            .replace("gateway = \"192.0.2.1\"", "")
            .replace("rotation = 0", &format!("rotation = {}", turned * 90));
        let setup = Setup::parse(&text);
        prop_assert!(setup.is_ok(), "{setup:?}");
        let setup = setup.unwrap();
        let files = render(&setup, &places()).unwrap();
        let kiosk: toml::Table = files[0].1.parse().unwrap();
        prop_assert_eq!(kiosk["hall"]["name"]["zh"].as_str(), Some(name.as_str()));
        prop_assert_eq!(kiosk["hall"]["terminal"].as_str(), Some(terminal.as_str()));
        let address = format!("Address=192.0.2.{host}/{prefix}\n");
        prop_assert!(files[1].1.contains(&address));
        let turned = format!("SLINT_KMS_ROTATION={}\n", turned * 90);
        prop_assert_eq!(&files[2].1, &turned);
    }
}
