//! What stays on upstream's disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use data_encoding::HEXUPPER;

use serde_json::json;

use crate::hall::{Hall, ID, MOBILE, NAME};

/// The card of somebody else.
const OTHER_ID: &str = "110105194912310038";
const SIGNATURE: &str = "drawn with the finger";

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

fn has(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

#[test]
fn nothing_personal_is_in_clear_on_the_disk_or_in_the_log() {
    let mut hall = Hall::open();
    let submitted = hall.submit();
    hall.deliver(&submitted).fine();
    hall.progress(&submitted.case.number, &submitted.secret)
        .fine();
    let number = submitted.case.number.to_string();
    let item = submitted.case.items[0].as_str();
    let note = format!("{NAME} 请来一趟");
    let moved = hall.case(&[
        "move",
        &number,
        "--item",
        item,
        "--state",
        "supplement",
        "--note-zh",
        &note,
        "--note-en",
        MOBILE,
    ]);
    assert!(moved.status.success());
    // Requests with something personal where it does not belong.
    let wrong = format!("{{\"number\":\"{ID}\",\"secret\":\"{NAME}\"}}");
    hall.call("POST", "/v1/progress", wrong.as_bytes())
        .problem(400, "malformed");

    // Cards right and wrong, openings with a reason, and an evaluation.
    hall.progress_by_card(&submitted.case.number, ID).fine();
    hall.progress_by_card(&submitted.case.number, OTHER_ID)
        .problem(404, "not-found");
    let evaluation = json!({
        "about": {"about": "matter", "matter": "newborn", "number": number},
        "level": "content", "at": "2026-01-31T08:00:00Z",
    });
    let path = "/v1/evaluations/7d444840-9dc0-41d1-b245-5ffdce74fad2";
    hall.call("PUT", path, evaluation.to_string().as_bytes())
        .fine();
    // Where a level belongs, a name.
    let wrong = evaluation.to_string().replace("content", NAME);
    hall.call("PUT", path, wrong.as_bytes())
        .problem(400, "malformed");
    let refused = hall.case(&["show", "--open", "--reason", ID, &number]);
    assert_eq!(refused.status.code(), Some(2));
    let (case, _) = hall.open_case(&submitted.case.number);
    assert!(case == submitted.case);

    let secret = submitted.secret.to_text();
    let raw_secret = HEXUPPER.decode(secret.as_bytes()).unwrap();
    let canaries = [NAME, ID, MOBILE, OTHER_ID, SIGNATURE].map(str::as_bytes);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("opened");
    let attachments = folder.to_str().unwrap();
    let opened = ["show", "--open", "--reason", "复核", "--attachments"];
    let opened = hall
        .case(&[&opened, [attachments, &number].as_slice()].concat())
        .stdout;
    let written = files(&folder).into_iter().map(|f| fs::read(f).unwrap());
    let found = [opened, written.flatten().collect()].concat();
    for canary in [NAME, ID, MOBILE, SIGNATURE] {
        assert!(
            has(&found, canary.as_bytes()),
            "the search must find what is there"
        );
    }
    let listed = ["access", "evaluation", "device"].map(|what| hall.list(what).to_string());
    assert!(listed[0].contains("wrong-card") && listed[0].contains("复核"));
    assert!(listed[1].contains(&number));
    for canary in canaries {
        assert!(!has(listed.concat().as_bytes(), canary));
    }
    // While it runs (with the write-ahead log), and after it was killed.
    for _ in 0..2 {
        let files = files(hall.dir.path());
        let whole: Vec<u8> = files
            .iter()
            .flat_map(|file| fs::read(file).unwrap())
            .collect();
        for clear in [
            number.as_str(),
            "复核",
            "wrong-card",
            "\"level\":\"content\"",
        ] {
            assert!(has(&whole, clear.as_bytes()), "the database was searched");
        }
        for canary in canaries {
            assert!(!has(&whole, canary), "{}", String::from_utf8_lossy(canary));
        }
        assert!(!has(&whole, secret.as_bytes()) && !has(&whole, &raw_secret));
        hall.kill();
    }
}

#[test]
fn its_files_are_its_own() {
    let hall = Hall::open();
    hall.deliver(&hall.submit()).fine();
    let mut seen = 0;
    for file in files(hall.dir.path()) {
        let name = file.file_name().unwrap().to_str().unwrap();
        if name == "log" {
            continue;
        }
        seen += 1;
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert!(seen >= 7);
    // Nothing that is there is overwritten.
    let again = hall.run(&["init", "--data", &hall.path("data")]);
    assert_eq!(again.status.code(), Some(2));
    // A key that others can read is refused.
    let key = hall.path("data/vault.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = hall.case(&["list"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        String::from_utf8(refused.stderr)
            .unwrap()
            .contains("others can read it")
    );
}
