//! Mistakes are told by sheet and cell, and nothing is written.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use calamine::{Data, Reader, Xlsx};
use rust_xlsxwriter::Workbook;
use yici_catalog_sheet::{ImportError, Imported, export, import};

fn good() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/good")
}

/// The good matter's workbook as a program of somebody else writes it, with other words in some
/// cells. A sheet that is named with an empty cell is left out.
fn edited(edits: &[(&str, &str)]) -> Vec<u8> {
    let mut old: Xlsx<_> = Xlsx::new(Cursor::new(export(&good(), "demo").unwrap())).unwrap();
    let mut new = Workbook::new();
    for name in old.sheet_names() {
        if edits.contains(&(name.as_str(), "")) {
            continue;
        }
        let page = new.add_worksheet();
        page.set_name(&name).unwrap();
        let range = old.worksheet_range(&name).unwrap();
        let (top, left) = range.start().unwrap_or((0, 0));
        for (row, column, data) in range.cells() {
            let (row, column) = (row as u32 + top, column as u16 + left as u16);
            if *data != Data::Empty {
                page.write_string(row, column, data.to_string()).unwrap();
            }
        }
        for (cell, text) in edits {
            if let Some((sheet, cell)) = cell.split_once('!')
                && sheet == name
            {
                let (letters, digits) = cell.split_at(cell.find(char::is_numeric).unwrap());
                let column = letters
                    .bytes()
                    .fold(0, |n, b| n * 26 + u16::from(b - b'A') + 1)
                    - 1;
                page.write_string(digits.parse::<u32>().unwrap() - 1, column, *text)
                    .unwrap();
            }
        }
    }
    new.save_to_buffer().unwrap()
}

fn taken(edits: &[(&str, &str)]) -> Result<Imported, String> {
    import(&edited(edits), &good()).map_err(|e| e.to_string())
}

fn faults(edits: &[(&str, &str)]) -> String {
    taken(edits).map(|_| ()).unwrap_err()
}

#[test]
fn a_workbook_of_another_program_is_taken() {
    let taken = taken(&[("事项!B3", "出生证"), ("事项!B7", "报销生育费用")]).unwrap();
    assert!(taken.exists);
    assert!(
        taken.toml.contains("zh = \"报销生育费用\""),
        "{}",
        taken.toml
    );
}

#[test]
fn names_of_nothing_are_told_by_cell() {
    assert_eq!(
        faults(&[
            ("情形!D3", "surname=yes"),
            ("情形!D4", "register=local、far")
        ]),
        "情形!D3：没有“surname”这个问题\n情形!D4：问题“register”没有“far”这个选项，有：local、elsewhere"
    );
    assert_eq!(
        faults(&[("材料谁要!B3", "certificat")]),
        "材料谁要!B3：没有“certificat”这个事项，是不是“certificate”？"
    );
    assert_eq!(
        faults(&[("事项!D3", "fire 消防")]),
        "事项!D3：目录的公共部分没有“fire 消防”这个单位"
    );
    assert_eq!(
        faults(&[("选项!A3", "where")]),
        "选项!A3：没有“where”这个问题"
    );
}

#[test]
fn what_cannot_be_filled_in_so_is_told_by_cell() {
    assert_eq!(
        faults(&[
            ("事项!O3", "慢慢办"),
            ("事项!Q3", "一天"),
            ("事项!G3", "当然")
        ]),
        "事项!G3：要填“是”或“否”，不能是“当然”\n\
         事项!O3：“慢慢办”不是办件类型，可以填：1 即办件、2 承诺件、9 其他\n\
         事项!Q3：要填整数，不能是“一天”"
    );
    assert_eq!(
        faults(&[("基本信息!B13", " ")]),
        "基本信息!B13：“事项编码”没有填"
    );
    assert_eq!(
        faults(&[("问题!E3", " "), ("问题!D3", "看看")]),
        "问题!E3：“提示（英文）”没有填：中文和英文要么都填，要么都空"
    );
    let told = faults(&[("事项!A4", "certificate")]);
    assert!(
        told.starts_with("事项!A4：编号“certificate”重复了，事项!A3已经用过\n"),
        "{told}"
    );
    assert_eq!(
        faults(&[("情形!D3", "married")]),
        "情形!D3：“married”里没有等号，要写“问题=选项”"
    );
}

#[test]
fn sheets_and_columns_that_were_renamed_are_told() {
    assert_eq!(faults(&[("联办", "")]), "少了“联办”这张表");
    let told = faults(&[("事项!B1", "名字")]);
    assert_eq!(
        told,
        "事项!A1：少了“事项名称”这一栏\n事项!B1：没有“名字”这一栏；栏名不能改，要写给同事的话请写在“备注”里"
    );
    assert!(faults(&[("情形", ""), ("单位", "")]).contains("不是从目录导出的工作簿"));
    let no_workbook = import(b"id,name", &good()).unwrap_err().to_string();
    assert!(no_workbook.contains("这不是 Excel 工作簿"), "{no_workbook}");
}

#[test]
fn what_the_loader_finds_is_told_by_cell() {
    // Married or not decides in a situation that is not split by it.
    let told = faults(&[("情形!E3", "bills")]);
    assert!(
        told.contains("材料谁要!C7：条件只在一个情形的一部分里成立"),
        "{told}"
    );
    let told = faults(&[("基本信息!B43", "1")]);
    assert!(
        told.starts_with("基本信息!B43：承诺时限短于最长的一条流程"),
        "{told}"
    );
    let told = faults(&[("事项!J4", "certificate、payment")]);
    assert!(told.contains("：事项互相等待"), "{told}");
}

/// What a region does otherwise rests on the file that changes.
#[test]
fn what_it_breaks_in_a_region_is_told() {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["samples", "regions/330100"] {
        fs::create_dir_all(dir.path().join(folder)).unwrap();
    }
    for name in ["catalogue.toml", "demo.toml", "samples/paper.svg"] {
        fs::copy(good().join(name), dir.path().join(name)).unwrap();
    }
    let overlay = |name: &str, text: &str| {
        fs::write(dir.path().join("regions/330100").join(name), text).unwrap();
    };
    overlay(
        "catalogue.toml",
        "format = 1\nregion = { zh = \"杭州市\", en = \"Hangzhou\" }\n",
    );
    overlay(
        "demo.toml",
        "format = 1\nid = \"demo\"\n[[field]]\nid = \"birth-date\"\nrequired = false\n",
    );
    let import = |edits: &[(&str, &str)]| import(&edited(edits), dir.path());
    assert!(import(&[]).is_ok());
    let told = import(&[("表单!A4", "born-on")]).unwrap_err().to_string();
    assert!(
        told.starts_with("regions/330100/demo.toml 第4行：提到的编号不存在"),
        "{told}"
    );
}

#[test]
fn nothing_is_written_over_a_file_when_something_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("samples")).unwrap();
    for name in ["catalogue.toml", "demo.toml", "samples/paper.svg"] {
        fs::copy(good().join(name), dir.path().join(name)).unwrap();
    }
    let before = fs::read_to_string(dir.path().join("demo.toml")).unwrap();
    let result = import(&edited(&[("情形!D3", "surname=yes")]), dir.path());
    assert!(matches!(result, Err(ImportError::Faults(_))));
    assert_eq!(
        fs::read_to_string(dir.path().join("demo.toml")).unwrap(),
        before
    );

    let commented = format!("# Ask the police first.\n{before}");
    fs::write(dir.path().join("demo.toml"), &commented).unwrap();
    let taken = import(&edited(&[("事项!B3", "出生证")]), dir.path()).unwrap();
    assert_eq!(taken.lost, ["Ask the police first."]);
    taken.write(dir.path()).unwrap();
    let old = fs::read_to_string(dir.path().join("demo.toml.old")).unwrap();
    assert_eq!(old, commented);
    assert_eq!(
        fs::read_to_string(dir.path().join("demo.toml")).unwrap(),
        taken.toml
    );
}
