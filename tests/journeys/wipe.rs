//! After a visit nothing personal is left: not in the process's memory, not in files (invariant 5).
//! Each search first finds the same data where it must be.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use encoding_rs::GB18030;

use crate::apply::{FORM_TO_SUBMIT, TO_FORM, small_catalogue, small_hall};
use crate::hall::{Hall, PATIENCE};
use crate::upstream::Upstream;
use crate::viewer::Viewer;

/// A text as it can lie in memory or a file: UTF-8, UTF-16, GB18030.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (national, _, _) = GB18030.encode(text);
    let mut forms = vec![text.as_bytes().to_vec(), wide, national.into_owned()];
    forms.dedup();
    forms
}

fn holds(haystack: &[u8], needles: &[Vec<u8>]) -> bool {
    needles
        .iter()
        .any(|needle| memchr::memmem::find(haystack, needle).is_some())
}

fn needles(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().flat_map(|text| forms(text)).collect()
}

/// Where in a process's memory one of the texts lies.
fn in_memory(process: u32, texts: &[&str]) -> Vec<String> {
    memory_with(process, &needles(texts))
}

/// Where in a process's memory one of these lies.
fn memory_with(process: u32, needles: &[Vec<u8>]) -> Vec<String> {
    let memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let maps = BufReader::new(File::open(format!("/proc/{process}/maps")).unwrap());
    let mut found = Vec::new();
    let mut searched = 0usize;
    for line in maps.lines().map(Result::unwrap) {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().unwrap(), words.next().unwrap());
        // What cannot be written holds nothing of a visit.
        if !rights.starts_with("rw") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let start = u64::from_str_radix(start, 16).unwrap();
        let end = u64::from_str_radix(end, 16).unwrap();
        let mut block = vec![0; usize::try_from(end - start).unwrap()];
        if memory.read_exact_at(&mut block, start).is_ok() {
            searched += block.len();
            if holds(&block, needles) {
                found.push(line.clone());
            }
        }
    }
    assert!(searched > 1 << 20, "only {searched} bytes could be read");
    found
}

/// Files below a directory that hold one of the texts.
fn in_files(dir: &Path, texts: &[&str]) -> Vec<String> {
    let needles = needles(texts);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let kind = path.symlink_metadata().unwrap().file_type();
        if kind.is_dir() {
            found.extend(in_files(&path, texts));
        } else if kind.is_file() && holds(&std::fs::read(&path).unwrap(), &needles) {
            found.push(path.display().to_string());
        }
    }
    found
}

fn until(file: &Path) {
    let end = Instant::now() + PATIENCE;
    while !file.exists() {
        assert!(Instant::now() < end, "{} did not come", file.display());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The card's own words, from outside of the terminal under test.
fn citizen(hall: &Hall) -> (String, String) {
    hall.ctl("card lay citizen");
    let (_, record) = hall.read_card(&["--show"]);
    hall.ctl("card lift");
    (
        record["name"].as_str().unwrap().to_owned(),
        record["number"].as_str().unwrap().to_owned(),
    )
}

/// Lets a scripted citizen show what is personal (up to the mark "shown"), walk away, and searches
/// before and after.
fn search_around_an_idle_wipe(hall: &Hall, steps: &str, texts: &[&str]) {
    hall.configure("idle_seconds", "12");
    hall.configure("warning_seconds", "2");
    let marks = tempfile::tempdir().unwrap();
    let mark = |name: &str| marks.path().join(name);
    let terminal = hall.start(&format!(
        "{steps}
         do touch {shown}
         sleep 3
         wait 点一下屏幕 60
         sleep 1
         do touch {idle}
         sleep 60
         end",
        shown = mark("shown").display(),
        idle = mark("idle").display(),
    ));
    until(&mark("shown"));
    assert!(
        !in_memory(terminal.id(), texts).is_empty(),
        "the search must find what is there"
    );
    until(&mark("idle"));
    let left = in_memory(terminal.id(), texts);
    assert!(left.is_empty(), "still in memory: {left:#?}");
    let said = terminal.kill();
    assert!(
        !holds(said.as_bytes(), &needles(texts)),
        "in the log: {said}"
    );

    let canary = hall.dir.path().join("canary");
    std::fs::write(&canary, format!("… {} …", texts[0])).unwrap();
    assert_eq!(
        in_files(hall.dir.path(), texts),
        [canary.display().to_string()]
    );
}

/// The visit is left alone with the card's data in full view.
#[test]
fn a_card_leaves_nothing_in_memory_or_files() {
    let hall = Hall::open();
    let (name, number) = citizen(&hall);
    search_around_an_idle_wipe(
        &hall,
        "tap 点一下屏幕
         tap 新生儿出生
         tap 开始
         tap 同意
         wait 放在读卡区
         do kiosk-sim ctl --socket $SIM card lay citizen
         tap 显示",
        &[&name, &number],
    );
}

/// A number that was typed key by key, so that no script holds it.
#[test]
fn a_typed_number_leaves_nothing_in_memory_or_files() {
    let hall = Hall::open();
    let number = "11010519491231002X";
    let keys: String = number.chars().map(|key| format!("tap {key}\n")).collect();
    search_around_an_idle_wipe(
        &hall,
        &format!(
            "tap 点一下屏幕
             tap 新生儿出生
             tap 开始
             tap 没带身份证，输入号码
             {keys}
             tap 继续
             tap 显示"
        ),
        &[number, "110105 19491231 002X"],
    );
}

/// A whole application, with a name that was typed in pinyin: afterwards it is in upstream's
/// keeping, and in clear nowhere.
#[test]
fn a_submitted_case_leaves_nothing_in_memory_files_outbox_or_logs() {
    let hall = small_hall();
    let upstream = Upstream::for_hall(&hall, &small_catalogue());
    let (name, number) = citizen(&hall);
    let spouse = "赵大海";
    let submit = format!(
        "{TO_FORM}
         tap 填写：配偶姓名
         type zhao
         tap 赵
         type dahai
         tap 大海
         tap 继续
         {FORM_TO_SUBMIT}
         tap 提交
         wait 系统已收到 40",
    );
    let texts = [name.as_str(), number.as_str(), spouse];
    search_around_an_idle_wipe(&hall, &submit, &texts);
    assert_eq!(upstream.wait_for_cases(1).len(), 1);
    let opened = upstream.opened(&upstream.cases()[0]).to_string();
    assert!(texts.iter().all(|text| opened.contains(text)), "{opened}");
    assert_eq!(in_files(upstream.dir(), &texts), [] as [String; 0]);
    let canary = upstream.dir().join("canary");
    std::fs::write(&canary, spouse).unwrap();
    assert_eq!(
        in_files(upstream.dir(), &texts),
        [canary.display().to_string()]
    );
}

/// Whoever watches the screen leaves no copy of it in the terminal: neither what could be read, nor the
/// pixels of the name.
#[test]
fn a_watched_screen_leaves_neither_words_nor_pixels() {
    let hall = Hall::open();
    let (name, _) = citizen(&hall);
    hall.configure("idle_seconds", "12");
    hall.configure("warning_seconds", "2");
    let terminal = hall.start_watched(
        "tap 点一下屏幕
         tap 新生儿出生
         tap 开始
         tap 同意
         wait 放在读卡区
         do kiosk-sim ctl --socket $SIM card lay citizen
         tap 显示
         wait 点一下屏幕 60
         sleep 60
         end",
    );
    let mut viewer = Viewer::open(&hall.screen());
    let label = viewer.until(&name);
    viewer.read();
    let pixels = [viewer.row_through(&label)];
    let texts = [name.as_str()];
    assert!(
        !memory_with(terminal.id(), &pixels).is_empty(),
        "the search must find the pixels that are shown"
    );
    assert!(!in_memory(terminal.id(), &texts).is_empty());
    // It is on the idle page that everything is gone.
    viewer.button("点一下屏幕");
    viewer.read();
    let left = memory_with(terminal.id(), &pixels);
    assert!(left.is_empty(), "pixels still in memory: {left:#?}");
    let left = in_memory(terminal.id(), &texts);
    assert!(left.is_empty(), "words still in memory: {left:#?}");
}

/// A slip that somebody holds up to the scanner while no page waits for a code, or after one did: its
/// secret must not lie there until the next visit.
#[test]
fn a_code_held_up_while_nobody_waits_leaves_nothing_in_memory() {
    let hall = small_hall();
    let _upstream = Upstream::for_hall(&hall, &small_catalogue());
    hall.configure("idle_seconds", "12");
    hall.configure("warning_seconds", "2");
    let secret =
        |ending: &str| format!("YICI1:0000000000000000:00112233445566778899AABBCC{ending}");
    let waited_for = secret("000001");
    let texts = [waited_for.as_str()];
    let terminal = hall.start(&format!(
        "tap 点一下屏幕
         tap 查办理进度
         wait 对准扫码窗口
         {waiting}
         wait 这不是收件凭证上的码 40
         wait 点一下屏幕 60
         sleep 2
         {idle}
         end",
        waiting = hall.meeting("waiting"),
        idle = hall.meeting("idle"),
    ));
    hall.meet("waiting");
    std::thread::scope(|scope| {
        // Four seconds of line: the secret is there before its code has ended.
        let scanning = scope.spawn(|| hall.ctl(&format!("scan {waited_for}{}", "X".repeat(3900))));
        let end = Instant::now() + Duration::from_secs(60);
        while in_memory(terminal.id(), &texts).is_empty() {
            assert!(
                Instant::now() < end && !scanning.is_finished(),
                "the search must find what is there"
            );
        }
    });
    hall.part("waiting");
    hall.meet("idle");
    let idle = [secret("000002"), secret("000003"), secret("000004")];
    for code in &idle {
        hall.ctl(&format!("scan {code}"));
    }
    hall.ctl(&format!("scan --without-end {}", secret("000005")));
    // One look, and the time that the last byte may take.
    std::thread::sleep(Duration::from_millis(2500));
    let all: Vec<String> = (1..=5).map(|n| secret(&format!("00000{n}"))).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let left = in_memory(terminal.id(), &all);
    assert!(left.is_empty(), "still in memory: {left:#?}");
    hall.part("idle");
    let walked = terminal.finish().succeeded();
    let said = walked.stdout + &walked.stderr;
    assert!(!holds(said.as_bytes(), &needles(&all)), "in the log");
    assert_eq!(in_files(hall.dir.path(), &all), [] as [String; 0]);
}
