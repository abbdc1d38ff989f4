//! The command line: exit codes, JSON on stdout, and a next step in every error.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use serde_json::{Value, json};
use yici_hal::slip::columns;

use crate::hall::{Hall, catalogue, json_of, kiosk, output};

fn guide(matter: &str, answers: &Value, more: &[&str]) -> (i32, Value) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("answers.json");
    std::fs::write(&file, answers.to_string()).unwrap();
    json_of(
        kiosk()
            .args(["catalog", "guide"])
            .arg(catalogue())
            .args([
                matter,
                "--today",
                "2026-11-24",
                "--format",
                "json",
                "--answers",
            ])
            .arg(file)
            .args(more),
    )
}

/// Answers each question with its first option until something else than a question comes.
fn guide_to_the_end() -> (Value, Value) {
    let mut answers = json!({});
    loop {
        let (code, state) = guide("newborn", &answers, &[]);
        assert_eq!(code, 0, "{state}");
        if state["state"] != "question" {
            return (answers, state);
        }
        let question = &state["question"];
        let id = question["id"].as_str().unwrap().to_owned();
        answers[id] = match question["kind"].as_str().unwrap() {
            "choice" => question["options"][0]["id"].clone(),
            "date" => json!("2026-11-01"),
            other => panic!("{other}"),
        };
    }
}

#[test]
fn guide_asks_until_a_situation_is_settled() {
    let (_, settled) = guide_to_the_end();
    assert_eq!(settled["state"], "settled", "{settled}");
    for part in [
        "situation",
        "items",
        "materials",
        "not_asked",
        "form",
        "flow",
        "promised_working_days",
    ] {
        assert!(!settled[part].is_null(), "{part} is missing in {settled}");
    }
}

#[test]
fn guide_counts_down_the_questions_that_are_left() {
    let (code, first) = guide("newborn", &json!({}), &[]);
    assert_eq!((code, first["asked"].as_u64()), (0, Some(0)));
    let id = first["question"]["id"].as_str().unwrap();
    let (_, second) = guide(
        "newborn",
        &json!({id: first["question"]["options"][0]["id"]}),
        &[],
    );
    assert_eq!(second["asked"], 1);
    assert!(second["at_most_left"].as_u64() < first["at_most_left"].as_u64());
}

/// A material that another chosen item yields comes back when that item is not chosen.
#[test]
fn a_yielded_material_comes_back_when_its_item_is_left_out() {
    let answers = json!({
        "status": "employee", "way": "on-time", "sex": "woman", "birth": "1975-11-02",
        "post": "worker", "years": "enough", "transfer": "never", "deemed": "yes",
        "register": "local", "medical": "enough", "fund": "yes", "only-child": "yes"
    });
    let ids = |list: &Value| -> Vec<String> {
        list.as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let decision = "deemed-decision".to_owned();
    let (code, all) = guide("retirement", &answers, &[]);
    assert_eq!((code, all["state"].as_str()), (0, Some("settled")), "{all}");
    assert!(ids(&all["not_asked"]).contains(&decision));
    assert!(!ids(&all["materials"]).contains(&decision));
    let taken: Vec<String> = ids(&all["items"])
        .into_iter()
        .filter(|item| item != "deemed-years")
        .collect();
    let (code, some) = guide("retirement", &answers, &["--items", &taken.join(",")]);
    assert_eq!(
        (code, some["state"].as_str()),
        (0, Some("settled")),
        "{some}"
    );
    assert!(ids(&some["materials"]).contains(&decision));
}

#[test]
fn guide_names_the_unknown_question_and_says_it_in_the_exit_code() {
    let (code, state) = guide("newborn", &json!({"no-such-question": "yes"}), &[]);
    assert_eq!((code, state["state"].as_str()), (1, Some("error")));
    assert_eq!(state["question"], "no-such-question");
    assert!(!state["message"].as_str().unwrap().is_empty());
}

#[test]
fn guide_says_what_is_wrong_in_the_language_asked_for() {
    let (code, state) = guide("newborn", &json!({"married": "perhaps"}), &[]);
    assert_eq!((code, state["question"].as_str()), (1, Some("married")));
    assert_eq!(state["message"], "没有这个选项，可以选：yes、no");
    let (answers, _) = guide_to_the_end();
    for (lang, message) in [
        ("zh", "没有事项 `moon`"),
        ("en", "the matter has no item `moon`"),
    ] {
        let (code, state) = guide("newborn", &answers, &["--items", "moon", "--lang", lang]);
        assert_eq!(code, 1);
        assert_eq!(
            state,
            json!({"state": "error", "question": null, "message": message})
        );
    }
}

#[test]
fn guide_reads_json_lines_and_passes_a_bad_one() {
    let mut child = kiosk()
        .args(["catalog", "guide"])
        .arg(catalogue())
        .args(["newborn", "--answers", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = b"{}\nnot json\n\xff\n{\"x\":\"y\"}\n{}\n";
    child.stdin.take().unwrap().write_all(lines).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let results: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let states: Vec<&str> = results
        .iter()
        .map(|result| result["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["question", "error", "error", "error", "question"]);
    assert_eq!(results[1]["question"], Value::Null);
    assert!(
        results[1]["message"]
            .as_str()
            .unwrap()
            .starts_with("不是 JSON")
    );
    assert_eq!(results[3]["question"], "x");
}

#[test]
fn search_finds_a_matter_by_its_name_and_by_everyday_words() {
    for (words, first) in [
        ("新生儿", "newborn"),
        ("开饭店", "restaurant"),
        ("退休", "retirement"),
    ] {
        let (code, found) = json_of(
            kiosk()
                .args(["catalog", "search"])
                .arg(catalogue())
                .args([words, "--format", "json"]),
        );
        assert_eq!(
            (code, found[0]["id"].as_str()),
            (0, Some(first)),
            "{words}: {found}"
        );
    }
}

#[test]
fn a_broken_catalogue_is_shown_with_file_line_and_column_and_nothing_is_served() {
    let dir = tempfile::tempdir().unwrap();
    copy(&catalogue(), dir.path());
    let file = dir.path().join("newborn.toml");
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        &file,
        good.replacen("kind = \"choice\"", "kind = \"chioce\"", 1),
    )
    .unwrap();
    let (code, findings) = json_of(
        kiosk()
            .args(["catalog", "check"])
            .arg(dir.path())
            .args(["--format", "json"]),
    );
    assert_eq!(code, 1);
    let finding = &findings["findings"][0];
    assert!(
        finding["file"].as_str().unwrap().ends_with("newborn.toml"),
        "{finding}"
    );
    assert!(finding["line"].as_u64().unwrap() > 1 && finding["column"].as_u64().unwrap() > 1);
    let shown = output(kiosk().args(["catalog", "check"]).arg(dir.path()));
    assert!(
        String::from_utf8_lossy(&shown.stderr).contains("chioce"),
        "the line is shown"
    );
    let served = output(
        kiosk()
            .args(["catalog", "search"])
            .arg(dir.path())
            .arg("新生儿"),
    );
    assert_eq!(served.status.code(), Some(2));
    let (code, _) = json_of(
        kiosk()
            .args(["catalog", "check"])
            .arg(catalogue())
            .args(["--format", "json"]),
    );
    assert_eq!(code, 0);
}

#[test]
fn a_catalogue_without_matters_and_a_file_that_is_no_text_are_findings() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    std::fs::copy(catalogue().join("catalogue.toml"), file("catalogue.toml")).unwrap();
    let check = || output(kiosk().args(["catalog", "check"]).arg(dir.path()));
    let empty = check();
    assert_eq!(empty.status.code(), Some(1));
    let shown = String::from_utf8_lossy(&empty.stderr);
    assert!(shown.contains("no-matter"), "{shown}");
    std::fs::write(file("latin.toml"), b"id = \"caf\xe9\"").unwrap();
    let latin = check();
    assert_eq!(latin.status.code(), Some(1));
    let shown = String::from_utf8_lossy(&latin.stderr);
    assert!(shown.contains("latin.toml"), "{shown}");
}

#[test]
fn a_certificate_is_rechecked_and_a_stale_one_refused() {
    let dir = tempfile::tempdir().unwrap();
    let certificate = dir.path().join("certificate.json");
    let here = dir.path().join("catalogue");
    std::fs::create_dir(&here).unwrap();
    copy(&catalogue(), &here);
    let run = |what: &str| {
        let mut command = kiosk();
        command.args(["catalog", what]).arg(&here);
        json_of(
            command
                .arg("--certificate")
                .arg(&certificate)
                .args(["--format", "json"]),
        )
    };
    assert_eq!(run("check").0, 0);
    let (code, said) = run("verify");
    assert_eq!((code, &said["valid"]), (0, &json!(true)));
    assert!(said["matters"]["newborn"].as_u64().unwrap() > 10, "{said}");
    let file = here.join("newborn.toml");
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, good + "# a word\n").unwrap();
    let (code, said) = run("verify");
    assert_eq!((code, &said["valid"]), (1, &json!(false)));
    assert!(
        said["why"].as_str().unwrap().contains("newborn.toml"),
        "{said}"
    );
}

#[test]
fn an_unknown_key_in_the_configuration_stops_the_start_and_is_shown() {
    let hall = Hall::with(&[], "\n[scanner]\nurl = \"auto\"\n");
    let walked = hall.start("end\n").finish();
    assert_eq!(walked.code, Some(2));
    assert!(walked.stderr.contains("scanner"), "{}", walked.stderr);
    assert!(walked.stderr.contains("unknown field"), "{}", walked.stderr);
}

#[test]
fn slips_render_as_bytes_picture_and_text_on_both_papers() {
    let dir = tempfile::tempdir().unwrap();
    let (answers, _) = guide_to_the_end();
    let case = dir.path().join("case.json");
    for lang in ["zh", "en"] {
        std::fs::write(
            &case,
            json!({"matter": "newborn", "answers": answers, "lang": lang}).to_string(),
        )
        .unwrap();
        for paper in ["58", "80"] {
            for kind in ["guidance-sheet", "notice"] {
                for ending in ["escpos", "png", "txt"] {
                    let out = dir.path().join(format!("slip.{ending}"));
                    let done = output(
                        kiosk()
                            .args(["slip", "render", kind, "--paper", paper, "--case"])
                            .arg(&case)
                            .arg("--out")
                            .arg(&out)
                            .arg("--catalogue")
                            .arg(catalogue()),
                    );
                    assert!(done.status.success(), "{kind} {paper} {ending}: {done:?}");
                    assert!(std::fs::metadata(&out).unwrap().len() > 500);
                }
                let text = std::fs::read_to_string(dir.path().join("slip.txt")).unwrap();
                let title = match (kind, lang) {
                    ("notice", "zh") => "一次告知单",
                    ("notice", _) => "One-time notification",
                    (_, "zh") => "导办告知单",
                    (_, _) => "Guidance sheet",
                };
                let flat: Vec<&str> = text.split_whitespace().collect();
                assert!(flat.join(" ").contains(title), "{text}");
            }
        }
    }
}

#[test]
fn slip_render_says_which_question_is_open() {
    let dir = tempfile::tempdir().unwrap();
    let case = dir.path().join("case.json");
    std::fs::write(&case, r#"{"matter":"newborn","answers":{}}"#).unwrap();
    let done = output(
        kiosk()
            .args([
                "slip",
                "render",
                "guidance-sheet",
                "--paper",
                "80",
                "--case",
            ])
            .arg(&case)
            .arg("--out")
            .arg(dir.path().join("x.png"))
            .arg("--catalogue")
            .arg(catalogue()),
    );
    assert_eq!(done.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&done.stderr).contains("open"),
        "{done:?}"
    );
}

#[test]
fn devices_say_what_they_are_and_what_to_do_about_a_fault() {
    let hall = Hall::open();
    let config = hall.dir.path().join("kiosk.toml");
    let device = |command: &str, more: &[&str]| {
        json_of(
            kiosk()
                .args(["device", command, "--format", "json", "--config"])
                .arg(&config)
                .args(more),
        )
    };
    let of = |list: &Value, class: &str| {
        let mut list = list.as_array().unwrap().iter();
        list.find(|line| line["class"] == class).unwrap().clone()
    };
    let (code, list) = device("list", &[]);
    assert_eq!(code, 0);
    assert_eq!(
        of(&list, "id-card")["device"],
        format!("{}?baud=115200", hall.card_reader)
    );
    for class in ["id-card", "code", "printer"] {
        assert_eq!(of(&list, class)["origin"], "configuration", "{list}");
    }
    let (code, status) = device("status", &[]);
    assert_eq!(code, 0, "{status}");
    let reader = of(&status, "id-card");
    assert_eq!(
        (&reader["state"], &reader["says"]["device"]),
        (&json!("good"), &json!("online"))
    );
    assert_eq!(of(&status, "printer")["says"]["paper"], "full");
    // Its port is open, and that is all that can be known of a scanner.
    assert_eq!(of(&status, "code")["state"], "unknown");
    hall.ctl("paper out");
    let (code, status) = device("status", &["--lang", "en"]);
    let printer = of(&status, "printer");
    assert_eq!((code, printer["cause"].as_str()), (1, Some("paperOut")));
    assert_eq!(
        (&printer["state"], &printer["actor"]),
        (&json!("fault"), &json!("staff"))
    );
    assert!(printer["next"].as_str().unwrap().contains("roll"));
    let (_, status) = device("status", &[]);
    let printer = of(&status, "printer");
    assert_eq!(printer["happened"], "缺纸了");
    assert!(printer["next"].as_str().unwrap().contains("纸卷"));
    assert!(printer["citizens"][0].as_str().unwrap().contains("手机"));
}

/// Each device is really tried: a slip comes out, a code is read, the security module answers.
#[test]
fn a_test_tries_each_device_and_says_on_stderr_what_to_do() {
    let hall = Hall::open();
    let mut testing = kiosk()
        .args(["device", "test", "--format", "json", "--config"])
        .arg(hall.dir.path().join("kiosk.toml"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut prompts = BufReader::new(testing.stderr.take().unwrap());
    // It forgets what was held up before, and then says that it waits.
    while !said.contains("对准扫码器") {
        assert_ne!(prompts.read_line(&mut said).unwrap(), 0, "{said}");
    }
    hall.ctl("scan 测试码");
    prompts.read_to_string(&mut said).unwrap();
    let output = testing.wait_with_output().unwrap();
    let tested: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{tested}");
    assert_eq!(hall.slips(".png").len(), 1);
    for name in ["身份证阅读器", "扫码器", "凭条打印机"] {
        assert!(said.contains(name), "{said}");
    }
    assert!(said.contains("[1/3]") && said.contains("[3/3]"), "{said}");
}

/// Devices are asked at once: one that is silent does not hold up the others, and whoever waits is told
/// for what.
#[test]
fn status_waits_for_all_at_once_and_says_for_whom() {
    let hall = Hall::open();
    hall.ctl("card silent on");
    hall.ctl("printer silent on");
    let shown = output(
        kiosk()
            .args(["device", "status", "--config"])
            .arg(hall.dir.path().join("kiosk.toml")),
    );
    assert_eq!(shown.status.code(), Some(1));
    let text = String::from_utf8(shown.stdout).unwrap();
    for told in [
        "✗ 身份证阅读器",
        "连上了，但没有回应",
        "下一步：",
        "? 扫码器",
        "1 个说不清，2 个有故障",
    ] {
        assert!(text.contains(told), "{told} is not in\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "no colours in a file: {text}");
}

/// A terminal holds its lines while it runs: that is no broken cable.
#[test]
fn what_the_running_terminal_holds_is_busy() {
    let hall = Hall::open();
    let walking = hall.start(&format!(
        "wait 点一下屏幕开始\nsleep 2\n{}\nend",
        hall.meeting("runs")
    ));
    hall.meet("runs");
    for command in ["status", "test"] {
        let (code, told) = json_of(
            kiosk()
                .args(["device", command, "--format", "json", "--device"])
                .arg(&hall.card_reader),
        );
        assert_eq!(
            (code, told[0]["cause"].as_str()),
            (1, Some("busy")),
            "{told}"
        );
        let next = told[0]["next"].as_str().unwrap();
        assert!(next.contains("先停终端"), "{next}");
    }
    hall.part("runs");
    walking.finish().succeeded();
}

/// A printer that gives no proof ends its test with a perfect slip, and with somebody's look at it.
#[test]
fn a_test_slip_without_proof_is_no_fault() {
    let hall = Hall::with(&["--printer-model", "xprinter-58"], "");
    let config = hall.dir.path().join("kiosk.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let (before, after) = text.split_once("[printer]\n").unwrap();
    let (_, after) = after.split_once("\n[").unwrap();
    let text = format!("{before}[printer]\nprofile = \"xprinter-58\"\n\n[{after}");
    std::fs::write(&config, text).unwrap();
    let printer = hall.printer();
    let tested = |format: &str| {
        output(
            kiosk()
                .args([
                    "device", "test", "--format", format, "--device", printer, "--config",
                ])
                .arg(&config),
        )
    };
    let told = tested("text");
    let text = String::from_utf8(told.stdout).unwrap();
    assert_eq!(told.status.code(), Some(0), "{text}");
    for expected in [
        "? 凭条打印机",
        "已经打了，打印机不能证明打好了",
        "下一步：看一眼是不是完整出来了（大厅工作人员）",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    // One that falls silent has a fault.
    hall.ctl("printer silent on");
    let told: Value = serde_json::from_slice(&tested("json").stdout).unwrap();
    assert_eq!(told[0]["cause"], "noAnswer", "{told}");
}

/// Nobody answers at a port: that may be the network as well as the printer's plug.
#[test]
fn a_printer_that_cannot_be_reached_is_offline() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp:{}", free.local_addr().unwrap());
    drop(free);
    let (code, status) =
        json_of(kiosk().args(["device", "status", "--format", "json", "--device", &address]));
    assert_eq!(code, 1);
    assert_eq!(status.as_array().unwrap().len(), 1, "one was asked for");
    assert_eq!(status[0]["says"]["device"], "offline");
    assert_eq!(status[0]["cause"], "notConnected");
}

#[test]
fn devices_are_listed_in_columns() {
    let hall = Hall::open();
    let listed = output(
        kiosk()
            .args(["device", "list", "--config"])
            .arg(hall.dir.path().join("kiosk.toml")),
    );
    let text = String::from_utf8(listed.stdout).unwrap();
    let starts: Vec<usize> = text
        .lines()
        .filter_map(|line| {
            let at = line.find("serial:").or(line.find("tcp:"))?;
            Some(columns(&line[..at]))
        })
        .collect();
    assert_eq!(starts, [31, 31, 31], "{text}");
    assert!(
        text.contains("没有配置：社保卡读卡器、高拍仪、A4 打印机"),
        "{text}"
    );
}

#[test]
fn no_card_is_read_over_tcp() {
    let read = output(kiosk().args(["device", "read", "--device", "tcp:127.0.0.1:9100"]));
    assert_eq!(read.status.code(), Some(2));
    let shown = String::from_utf8_lossy(&read.stderr);
    assert!(shown.contains("serial"), "{shown}");
}

#[test]
fn one_card_is_read_masked_unless_shown() {
    let hall = Hall::open();
    hall.ctl("card lay citizen");
    let (code, record) = hall.read_card(&[]);
    assert_eq!(code, 0);
    assert!(record["name"].as_str().unwrap().ends_with('*'));
    assert!(record["number"].as_str().unwrap().contains("********"));
    hall.ctl("card lift");
    hall.ctl("card lay citizen");
    let (_, record) = hall.read_card(&["--show"]);
    assert!(!record["name"].as_str().unwrap().contains('*'));
    let none = output(kiosk().args([
        "device",
        "read",
        "--timeout",
        "1s",
        "--device",
        &hall.card_reader,
    ]));
    assert_eq!(
        none.status.code(),
        Some(2),
        "the card lies there still, but was read: {none:?}"
    );
}

/// Copies a directory with all that is in it.
pub fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let path = file.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
