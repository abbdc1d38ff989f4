//! What authors do with a catalogue, from the command line: check, compare, fill in, draw, merge a
//! region's overlays, look at the pages.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::apply::small_catalogue;
use crate::cli::copy;
use crate::hall::{catalogue, kiosk, output};

/// A directory to work in.
struct Desk(TempDir);

impl Desk {
    /// With a copy of a catalogue in `old` and in `new`.
    fn with(from: &Path) -> Desk {
        let desk = Desk(TempDir::new().unwrap());
        for name in ["old", "new"] {
            copy(from, &desk.path(name));
        }
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn edit(&self, file: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(old), "{file} has no {old}");
        fs::write(self.path(file), text.replacen(old, new, 1)).unwrap();
    }

    fn write(&self, file: &str, text: &str) {
        fs::create_dir_all(self.path(file).parent().unwrap()).unwrap();
        fs::write(self.path(file), text).unwrap();
    }

    /// `kiosk catalog` with these words: its exit code, and what it says on both ways.
    fn catalog(&self, words: &[&str]) -> (i32, String) {
        let mut command = kiosk();
        let done = output(
            command
                .current_dir(self.0.path())
                .arg("catalog")
                .args(words),
        );
        let said = [done.stdout, done.stderr].concat();
        (
            done.status.code().unwrap(),
            String::from_utf8(said).unwrap(),
        )
    }

    fn json(&self, words: &[&str]) -> (i32, Value) {
        let (code, said) = self.catalog(&[words, &["--format", "json"]].concat());
        (code, serde_json::from_str(&said).unwrap())
    }
}

#[test]
fn check_speaks_chinese_unless_asked_for_english() {
    let desk = Desk::with(&small_catalogue());
    let (code, said) = desk.catalog(&["check", "new"]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("demo（370100）：5 个问题，6 个情形，5 个事项，4 份材料"),
        "{said}"
    );
    assert!(said.contains("各部门都能从一张表、一套材料里拿到自己的那一份"));
    assert!(said.ends_with("没有错。\n"), "{said}");
    let (_, said) = desk.catalog(&["check", "new", "--lang", "en"]);
    assert!(said.contains("every department gets its own"), "{said}");
    assert!(said.ends_with("no findings\n"), "{said}");
    desk.edit(
        "new/demo.toml",
        "when = { register = [\"elsewhere\"] }\nsplit",
        "when = { register = [\"elsewhere\"], place = [\"home\"] }\nsplit",
    );
    let (code, said) = desk.catalog(&["check", "new"]);
    assert_eq!(code, 1);
    for words in [
        "有的回答没有对应情形",
        "例如：",
        "没有对应情形",
        "demo.toml:",
    ] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    let (_, said) = desk.catalog(&["check", "new", "--lang", "en"]);
    assert!(said.contains("there is no situation when place = hospital"));
    assert!(!said.contains("例如"), "{said}");
}

#[test]
fn diff_says_who_gains_and_loses_also_in_a_region() {
    let desk = Desk::with(&small_catalogue());
    assert_eq!(desk.catalog(&["diff", "old", "new"]).0, 0);
    for name in ["old", "new"] {
        desk.write(
            &format!("{name}/regions/330100/catalogue.toml"),
            "format = 1\nregion = { zh = \"杭州市\", en = \"Hangzhou\" }\n",
        );
    }
    desk.write(
        "new/regions/330100/demo.toml",
        "format = 1\nid = \"demo\"\n[[item]]\nid = \"refund\"\nworking_days = 6\n",
    );
    let (code, said) = desk.catalog(&["diff", "old", "new"]);
    assert_eq!(code, 0, "the region alone differs: {said}");
    let (code, said) = desk.catalog(&["diff", "old", "new", "--region", "330100"]);
    assert_eq!(code, 1);
    assert!(said.contains("8 → 7") && said.contains("例如："), "{said}");
    let (code, said) = desk.json(&["diff", "old", "new", "--region", "330100"]);
    assert_eq!((code, &said["changed"]), (1, &Value::Bool(true)));
    assert_eq!(said["matters"][0]["effects"][0]["effect"], "days");
}

#[test]
fn a_workbook_goes_out_and_comes_back_and_what_is_wrong_is_told_by_cell() {
    let desk = Desk::with(&catalogue());
    let export = [
        "export",
        "old",
        "--matter",
        "newborn",
        "--xlsx",
        "newborn.xlsx",
    ];
    assert_eq!(desk.catalog(&export).0, 0);
    let before = fs::read_to_string(desk.path("new/newborn.toml")).unwrap();
    let (code, said) = desk.catalog(&["import", "newborn.xlsx", "--dir", "new", "--check"]);
    assert_eq!(
        (code, said.as_str()),
        (0, "没有错，可以导入 newborn.toml。\n")
    );
    assert_eq!(
        fs::read_to_string(desk.path("new/newborn.toml")).unwrap(),
        before
    );
    let (code, said) = desk.catalog(&["import", "newborn.xlsx", "--dir", "new"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("原来的文件存为 newborn.toml.old"), "{said}");
    assert_eq!(
        desk.catalog(&["diff", "old", "new"]).0,
        0,
        "nothing is lost"
    );

    // A region's overlay rests on what the workbook no longer says.
    desk.edit(
        "old/newborn.toml",
        "id = \"account-holder\"",
        "id = \"holder\"",
    );
    fs::remove_dir_all(desk.path("old/regions")).unwrap();
    assert_eq!(desk.catalog(&export).0, 0);
    let (code, said) = desk.catalog(&["import", "newborn.xlsx", "--dir", "new"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("regions/330100/newborn.toml 第"), "{said}");
    desk.edit("old/newborn.toml", "unit = \"police\"", "unit = \"moon\"");
    assert_eq!(desk.catalog(&export).0, 0);
    let (code, said) = desk.catalog(&["import", "newborn.xlsx", "--dir", "new"]);
    assert_eq!(code, 1);
    assert!(said.starts_with("事项!"), "{said}");
    assert!(said.ends_with("个错，什么也没有导入。\n"), "{said}");
    assert_eq!(desk.catalog(&["check", "new"]).0, 0);
}

#[test]
fn a_matter_is_drawn_in_both_languages() {
    let desk = Desk::with(&small_catalogue());
    for (lang, words) in [
        ("zh", "孩子在哪里出生？"),
        ("en", "Where was the baby born?"),
    ] {
        let drawn = desk.catalog(&["graph", "new", "demo", "--out", "demo.svg", "--lang", lang]);
        assert_eq!(drawn.0, 0, "{}", drawn.1);
        let svg = fs::read_to_string(desk.path("demo.svg")).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        assert!(svg.contains(words), "{words}");
    }
    let (code, said) = desk.catalog(&["graph", "new", "moon", "--out", "moon.svg"]);
    assert_eq!(code, 2);
    assert!(said.contains("there are: demo"), "{said}");
    assert!(!desk.path("moon.svg").exists());
}

#[test]
fn a_regions_own_catalogue_is_proven_and_its_overlays_alone_are_not() {
    let desk = Desk::with(&catalogue());
    let (code, said) = desk.catalog(&["region", "old", "330100", "--out", "hangzhou"]);
    assert_eq!(code, 0, "{said}");
    assert!(!desk.path("hangzhou/regions").exists());
    let certify = |dir: &str| desk.catalog(&["check", dir, "--certificate", "proof"]);
    let verify = |dir: &str| desk.catalog(&["verify", dir, "--certificate", "proof"]);
    assert_eq!(certify("hangzhou").0, 0);
    assert_eq!(verify("hangzhou").0, 0);
    let (code, said) = desk.catalog(&["diff", "old", "hangzhou"]);
    assert_eq!(code, 1);
    assert!(said.contains("杭州市育儿补助申领"), "{said}");
    let (code, said) = desk.catalog(&["region", "old", "440100", "--out", "canton"]);
    assert_eq!(code, 2);
    assert!(said.contains("no overlay is for region 440100"), "{said}");
    assert!(!desk.path("canton").exists());

    // An overlay that comes after the proof.
    desk.write(
        "hangzhou/regions/330000/newborn.toml",
        "format = 1\nid = \"newborn\"\nremove = [\"window:born-abroad\"]\n",
    );
    let (code, said) = verify("hangzhou");
    assert_eq!(code, 1);
    assert!(said.contains("regions/330000"), "{said}");
}

#[test]
fn a_preview_shows_the_matter_in_the_real_pages() {
    let desk = Desk::with(&small_catalogue());
    let (code, said) = desk.catalog(&["preview", "new", "demo", "--headless", "pages"]);
    assert_eq!(code, 0, "{said}");
    let pages: Vec<String> = fs::read_dir(desk.path("pages"))
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    let of_matter = pages.iter().find(|page| page.contains("demo"));
    let page = of_matter.unwrap_or_else(|| panic!("{pages:?}"));
    let png = fs::read(desk.path("pages").join(page)).unwrap();
    assert!(png.starts_with(b"\x89PNG") && png.len() > 5000);
    let (code, said) = desk.catalog(&["preview", "new", "moon", "--headless", "none"]);
    assert_eq!(code, 2);
    assert!(said.contains("there are: demo"), "{said}");

    // The opening taps the name that the region gives it.
    desk.write(
        "new/regions/330100/catalogue.toml",
        "format = 1\nregion = { zh = \"杭州市\", en = \"Hangzhou\" }\n",
    );
    desk.write(
        "new/regions/330100/demo.toml",
        "format = 1\nid = \"demo\"\nshort = { zh = \"杭州的事\", en = \"In Hangzhou\" }\n",
    );
    let region = ["preview", "new", "demo", "--region", "330100", "--headless"];
    let (code, said) = desk.catalog(&[&region[..], &["there"]].concat());
    assert_eq!(code, 0, "{said}");
}
