//! What stays on upstream's disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use data_encoding::HEXUPPER;

use crate::hall::{Hall, ID, MOBILE, NAME};

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

    let secret = submitted.secret.to_text();
    let raw_secret = HEXUPPER.decode(secret.as_bytes()).unwrap();
    let canaries = [NAME, ID, MOBILE].map(str::as_bytes);
    let opened = hall.case(&["show", "--open", &number]).stdout;
    for canary in canaries {
        assert!(has(&opened, canary), "the search must find what is there");
    }
    // While it runs (with the write-ahead log), and after it was killed.
    for _ in 0..2 {
        let files = files(hall.dir.path());
        let whole: Vec<u8> = files
            .iter()
            .flat_map(|file| fs::read(file).unwrap())
            .collect();
        assert!(has(&whole, number.as_bytes()), "the database was searched");
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
