//! A file of the catalogue as a workbook.

use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, Format, FormatAlign, FormatBorder, Formula,
    Workbook, Worksheet, XlsxError,
};
use toml::{Table, Value};

use crate::layout::{
    ALL_CODES, BASICS, Book, Column, GUIDE, Kind, LISTS, NOTE, PARENT, REMARK, Rows, SHARED_LISTS,
    Sheet, sheets,
};
use crate::remarks::{Remarks, remarks};

/// Rows that may be added below those there are: drop-down lists reach so far.
const SPARE_ROWS: u32 = 300;

/// Why a file cannot be written as a workbook.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Not TOML; `kiosk catalog check` tells more.
    #[error("{file} is not TOML: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// What is wrong.
        message: String,
    },
    /// A key that no sheet has a place for. It would be lost.
    #[error("{file}: no sheet has a place for `{path}`; it would be lost")]
    NoPlace {
        /// The file.
        file: String,
        /// The way to the value.
        path: String,
    },
    /// A file cannot be read.
    #[error("{file} cannot be read: {source}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// The workbook cannot be made.
    #[error("the workbook cannot be made: {0}")]
    Workbook(#[from] XlsxError),
}

/// A row of a sheet: the entry it belongs to, its own entry, where it stands in the file.
struct Row<'t> {
    parent: Option<&'t str>,
    entry: &'t Table,
    place: String,
}

/// Writes a file as a workbook. `shared` is `catalogue.toml`, for the lists to choose from.
pub fn workbook(file: &str, text: &str, shared: &str, book: Book) -> Result<Vec<u8>, ExportError> {
    let parse = |name: &str, text: &str| -> Result<Table, ExportError> {
        text.parse()
            .map_err(|e: toml::de::Error| ExportError::Syntax {
                file: name.to_owned(),
                message: e.message().to_owned(),
            })
    };
    let root = parse(file, text)?;
    let shared = parse(yici_catalog::CATALOGUE_FILE, shared)?;
    let layout = sheets(book);
    let mut left = root.clone();
    for sheet in &layout {
        take(&mut left, sheet);
    }
    if let Some(path) = leftover("", &Value::Table(left)) {
        let file = file.to_owned();
        return Err(ExportError::NoPlace { file, path });
    }
    let notes = remarks(text);
    let mut workbook = Workbook::new();
    let style = Style::new();
    guide(workbook.add_worksheet(), &layout, book, &style)?;
    let lists = Lists::new(&shared);
    for sheet in &layout {
        let page = workbook.add_worksheet();
        page.set_name(sheet.name)?;
        match sheet.rows {
            Rows::Basics => basics(page, sheet, &root, &notes, &lists, &style)?,
            Rows::List(_) | Rows::Inside { .. } => {
                table(page, sheet, &root, &notes, &lists, &style)?;
            }
        }
    }
    lists.write(workbook.add_worksheet(), &style)?;
    Ok(workbook.save_to_buffer()?)
}

/// The rows of a sheet.
fn rows<'t>(sheet: &Sheet, root: &'t Table) -> Vec<Row<'t>> {
    let list = |table: &'t Table, path: &str| -> Vec<&'t Table> {
        let found = get(table, path).and_then(Value::as_array);
        found.map_or(Vec::new(), |list| {
            list.iter().filter_map(Value::as_table).collect()
        })
    };
    match sheet.rows {
        Rows::Basics => Vec::new(),
        Rows::List(path) => list(root, path)
            .into_iter()
            .enumerate()
            .map(|(n, entry)| Row {
                parent: None,
                entry,
                place: format!("{path}[{n}]"),
            })
            .collect(),
        Rows::Inside { of, list: inner } => list(root, of)
            .into_iter()
            .enumerate()
            .flat_map(|(o, outer)| {
                let id = outer.get("id").and_then(Value::as_str);
                list(outer, inner)
                    .into_iter()
                    .enumerate()
                    .map(move |(n, entry)| Row {
                        parent: id,
                        entry,
                        place: format!("{of}[{o}].{inner}[{n}]"),
                    })
            })
            .collect(),
    }
}

pub(crate) fn get<'t>(table: &'t Table, path: &str) -> Option<&'t Value> {
    let (key, rest) = match path.split_once('.') {
        Some((key, rest)) => (key, Some(rest)),
        None => (path, None),
    };
    let value = table.get(key)?;
    match rest {
        None => Some(value),
        Some(rest) => get(value.as_table()?, rest),
    }
}

/// Removes what a sheet has a place for.
fn take(root: &mut Table, sheet: &Sheet) {
    let remove = |entry: &mut Table| {
        for column in &sheet.columns {
            remove_at(entry, &column.path);
        }
    };
    match sheet.rows {
        Rows::Basics => remove(root),
        Rows::List(path) => each(root, path, &mut |entry| remove(entry)),
        Rows::Inside { of, list } => {
            each(root, of, &mut |outer| {
                each(outer, list, &mut |entry| remove(entry))
            });
        }
    }
}

fn each(table: &mut Table, path: &str, action: &mut dyn FnMut(&mut Table)) {
    let (key, rest) = path
        .split_once('.')
        .map_or((path, None), |(k, r)| (k, Some(r)));
    match (table.get_mut(key), rest) {
        (Some(Value::Table(inner)), Some(rest)) => each(inner, rest, action),
        (Some(Value::Array(list)), None) => {
            list.iter_mut()
                .filter_map(Value::as_table_mut)
                .for_each(action);
        }
        (_, _) => {}
    }
}

fn remove_at(table: &mut Table, path: &str) {
    match path.split_once('.') {
        None => {
            table.remove(path);
        }
        Some((key, rest)) => {
            if let Some(inner) = table.get_mut(key).and_then(Value::as_table_mut) {
                remove_at(inner, rest);
            }
        }
    }
}

/// A value that is left, by the way to it. Tables and lists that are empty by now are none.
fn leftover(path: &str, value: &Value) -> Option<String> {
    match value {
        Value::Table(table) => table.iter().find_map(|(key, value)| {
            let inner = if path.is_empty() {
                key.clone()
            } else {
                format!("{path}.{key}")
            };
            leftover(&inner, value)
        }),
        Value::Array(list) => list.iter().find_map(|value| leftover(path, value)),
        Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_) => Some(path.to_owned()),
    }
}

struct Style {
    title: Format,
    must: Format,
    hint: Format,
    cell: Format,
    fixed: Format,
    heading: Format,
}

impl Style {
    fn new() -> Style {
        let base = || {
            Format::new()
                .set_font_name("Microsoft YaHei")
                .set_font_size(10)
                .set_text_wrap()
                .set_align(FormatAlign::Top)
        };
        let boxed = || {
            base()
                .set_border(FormatBorder::Thin)
                .set_border_color(Color::RGB(0xC8_CED6))
        };
        Style {
            title: boxed()
                .set_bold()
                .set_background_color(Color::RGB(0xDD_E8F5)),
            must: boxed()
                .set_bold()
                .set_background_color(Color::RGB(0xFB_E3C8)),
            hint: boxed()
                .set_font_size(9)
                .set_font_color(Color::RGB(0x6B_7480))
                .set_background_color(Color::RGB(0xF6_F7F9)),
            // As text: a postcode keeps its zeros, and `1-2` does not become a date.
            cell: boxed().set_num_format("@"),
            fixed: boxed().set_background_color(Color::RGB(0xF6_F7F9)),
            heading: base().set_bold().set_font_size(14),
        }
    }

    /// How a column's title is written.
    fn head(&self, column: &Column) -> &Format {
        if column.must { &self.must } else { &self.title }
    }
}

fn basics(
    page: &mut Worksheet,
    sheet: &Sheet,
    root: &Table,
    notes: &Remarks,
    lists: &Lists,
    style: &Style,
) -> Result<(), XlsxError> {
    for (at, (title, width)) in [("项目", 26), ("内容", 70), (REMARK, 36), ("怎么填", 44)]
        .into_iter()
        .enumerate()
    {
        let at = column_number(at);
        page.write_string_with_format(0, at, title, &style.title)?;
        page.set_column_width(at, width)?;
    }
    page.set_freeze_panes(1, 1)?;
    let mut noted: Vec<&str> = Vec::new();
    for (n, column) in sheet.columns.iter().enumerate() {
        let row = row_number(n + 1);
        let format = style.head(column);
        page.write_string_with_format(row, 0, &column.title, format)?;
        page.write_string_with_format(row, 1, cell(column, root, lists), &style.cell)?;
        // A comment stands at a key; of a text it goes to the Chinese row.
        let key = column.path.trim_end_matches(".zh").trim_end_matches(".en");
        let note = notes.get(key).filter(|_| !noted.contains(&key));
        noted.push(key);
        page.write_string_with_format(row, 2, note.map_or("", String::as_str), &style.cell)?;
        page.write_string_with_format(row, 3, column.hint, &style.hint)?;
        if let Some(choice) = lists.choice(column, None)? {
            page.add_data_validation(row, 1, row, 1, &choice)?;
        }
    }
    Ok(())
}

fn table(
    page: &mut Worksheet,
    sheet: &Sheet,
    root: &Table,
    notes: &Remarks,
    lists: &Lists,
    style: &Style,
) -> Result<(), XlsxError> {
    let rows = rows(sheet, root);
    let last = row_number(rows.len() + 1) + SPARE_ROWS;
    for (c, column) in sheet.columns.iter().enumerate() {
        let at = column_number(c);
        let format = style.head(column);
        page.write_string_with_format(0, at, &column.title, format)?;
        page.write_string_with_format(1, at, column.hint, &style.hint)?;
        page.set_column_width(at, width(column))?;
        for (r, row) in rows.iter().enumerate() {
            let text = match column.path.as_str() {
                PARENT => row.parent.unwrap_or("").to_owned(),
                NOTE => notes.get(&row.place).cloned().unwrap_or_default(),
                _ => cell(column, row.entry, lists),
            };
            page.write_string_with_format(row_number(r + 2), at, text, &style.cell)?;
        }
        for row in row_number(rows.len() + 2)..row_number(rows.len() + 12) {
            page.write_blank(row, at, &style.cell)?;
        }
        if let Some(choice) = lists.choice(column, Some(last))? {
            page.add_data_validation(2, at, last, at, &choice)?;
        }
    }
    page.set_freeze_panes(2, 1)?;
    Ok(())
}

fn width(column: &Column) -> f64 {
    match column.kind {
        Kind::Number | Kind::YesNo | Kind::Bound => 10.0,
        Kind::Code(_) | Kind::Row(_) | Kind::Shared(_) => 20.0,
        Kind::Codes(_) | Kind::Several | Kind::Rows(_) | Kind::SharedSeveral(_) => 26.0,
        Kind::Condition | Kind::Pairs => 32.0,
        Kind::Words if column.path == "id" => 20.0,
        Kind::Words => 30.0,
    }
}

/// A value as a cell shows it.
fn cell(column: &Column, entry: &Table, lists: &Lists) -> String {
    let Some(value) = get(entry, &column.path) else {
        return String::new();
    };
    let word = |value: &Value| match value {
        Value::String(word) => word.clone(),
        Value::Boolean(true) => "是".to_owned(),
        Value::Boolean(false) => "否".to_owned(),
        Value::Integer(_)
        | Value::Float(_)
        | Value::Datetime(_)
        | Value::Array(_)
        | Value::Table(_) => value.to_string(),
    };
    let words = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .map_or(Vec::new(), |list| list.iter().map(word).collect())
    };
    match column.kind {
        Kind::Words | Kind::Number | Kind::YesNo | Kind::Bound | Kind::Row(_) => word(value),
        Kind::Code(codes) => meant(&word(value), codes.codes),
        Kind::Shared(list) => {
            let word = word(value);
            let entries = lists.entries(list);
            match entries.iter().find(|(id, _)| *id == word) {
                Some((id, name)) => format!("{id} {name}"),
                None => word,
            }
        }
        Kind::Several | Kind::Rows(_) | Kind::SharedSeveral(_) => join(&words(value)),
        Kind::Codes(codes) => {
            let meant: Vec<String> = words(value).iter().map(|w| meant(w, codes.codes)).collect();
            join(&meant)
        }
        Kind::Condition => pairs(value, |v| words(v).join("、")),
        Kind::Pairs => pairs(value, word),
    }
}

fn pairs(value: &Value, words: impl Fn(&Value) -> String) -> String {
    let Some(table) = value.as_table() else {
        return String::new();
    };
    let pairs: Vec<String> = table
        .iter()
        .map(|(k, v)| format!("{k}={}", words(v)))
        .collect();
    pairs.join("；")
}

fn meant(code: &str, codes: &[(&str, &str)]) -> String {
    match codes.iter().find(|(c, _)| *c == code) {
        Some((code, meaning)) => format!("{code} {meaning}"),
        None => code.to_owned(),
    }
}

/// Words in one cell; where one of them has a separator itself, each has a line with a dash.
fn join(words: &[String]) -> String {
    let separates = |c: char| crate::import::SEPARATORS.contains(&c);
    if words.iter().any(|w| w.contains(separates)) {
        let lines: Vec<String> = words.iter().map(|w| format!("- {w}")).collect();
        lines.join("\n")
    } else {
        words.join("、")
    }
}

/// What drop-down lists offer, by column of the sheet [`LISTS`].
struct Lists {
    columns: Vec<(String, Vec<(String, String)>)>,
}

impl Lists {
    fn new(shared: &Table) -> Lists {
        let mut columns = Vec::new();
        for codes in ALL_CODES {
            let entries = codes
                .codes
                .iter()
                .map(|(c, m)| ((*c).to_owned(), (*m).to_owned()));
            columns.push((codes.name.to_owned(), entries.collect()));
        }
        for (list, name) in SHARED_LISTS {
            columns.push((name.to_owned(), entries(shared, list)));
        }
        let yes_no = ["是", "否"].map(|word| (word.to_owned(), String::new()));
        columns.push(("是否".to_owned(), yes_no.to_vec()));
        Lists { columns }
    }

    fn entries(&self, list: &str) -> &[(String, String)] {
        let name = SHARED_LISTS
            .iter()
            .find(|(l, _)| *l == list)
            .map_or("", |(_, name)| name);
        let column = self.columns.iter().find(|(n, _)| n == name);
        column.map_or(&[], |(_, entries)| entries)
    }

    /// The drop-down list of a column.
    fn choice(
        &self,
        column: &Column,
        last: Option<u32>,
    ) -> Result<Option<DataValidation>, XlsxError> {
        let named = |name: &str| {
            let at = self.columns.iter().position(|(n, _)| n == name)?;
            let letter = letters(at);
            let last = self.columns[at].1.len() + 1;
            Some(format!("={LISTS}!${letter}$2:${letter}${last}"))
        };
        let (formula, strict) = match column.kind {
            Kind::Code(codes) => (named(codes.name), true),
            Kind::YesNo => (named("是否"), true),
            Kind::Shared(list) => {
                let name = SHARED_LISTS.iter().find(|(l, _)| *l == list);
                (name.and_then(|(_, name)| named(name)), false)
            }
            Kind::Row(sheet) => {
                let last = last.unwrap_or(SPARE_ROWS) + SPARE_ROWS;
                (Some(format!("={sheet}!$A$3:$A${last}")), false)
            }
            Kind::Words
            | Kind::Number
            | Kind::Bound
            | Kind::Several
            | Kind::Codes(_)
            | Kind::Rows(_)
            | Kind::SharedSeveral(_)
            | Kind::Condition
            | Kind::Pairs => (None, false),
        };
        let Some(formula) = formula else {
            return Ok(None);
        };
        let style = if strict {
            DataValidationErrorStyle::Stop
        } else {
            DataValidationErrorStyle::Warning
        };
        let choice = DataValidation::new()
            .allow_list_formula(Formula::new(formula))
            .set_error_style(style)
            .set_error_title("请从列表里选")?
            .set_error_message("这一格要填列表里有的。")?;
        Ok(Some(choice))
    }

    fn write(&self, page: &mut Worksheet, style: &Style) -> Result<(), XlsxError> {
        page.set_name(LISTS)?;
        for (c, (name, entries)) in self.columns.iter().enumerate() {
            let at = column_number(c);
            page.set_column_width(at, 24)?;
            page.write_string_with_format(0, at, name, &style.title)?;
            for (r, (code, meaning)) in entries.iter().enumerate() {
                let text = format!("{code} {meaning}");
                page.write_string_with_format(row_number(r + 1), at, text.trim(), &style.fixed)?;
            }
        }
        page.set_freeze_panes(1, 0)?;
        Ok(())
    }
}

/// The ids of a list of `catalogue.toml`, with names.
pub(crate) fn entries(shared: &Table, list: &str) -> Vec<(String, String)> {
    let entries = shared.get(list).and_then(Value::as_array);
    let entry = |entry: &Value| {
        let entry = entry.as_table()?;
        let name = get(entry, "name.zh").and_then(Value::as_str).unwrap_or("");
        Some((entry.get("id")?.as_str()?.to_owned(), name.to_owned()))
    };
    entries.map_or(Vec::new(), |entries| {
        entries.iter().filter_map(entry).collect()
    })
}

fn guide(
    page: &mut Worksheet,
    layout: &[Sheet],
    book: Book,
    style: &Style,
) -> Result<(), XlsxError> {
    page.set_name(GUIDE)?;
    page.set_column_width(0, 18)?;
    page.set_column_width(1, 100)?;
    let title = match book {
        Book::Shared => "所有事项共用的内容",
        Book::Matter => "一件事一次办：一个事项的全部内容",
    };
    page.write_string_with_format(0, 0, title, &style.heading)?;
    let lines = [
        (
            "怎么填",
            "一张表管一类内容，表名就是内容。第一行是栏名，橙色的必填；第二行说明怎么填；从第三行起一行一条，空行不要紧。“基本信息”是竖着填的。",
        ),
        (
            "编号",
            "每条内容有一个编号，小写英文词，例如 birth-certificate。别的表用编号提到它，有下拉列表的从列表里选。编号发布以后不要改。",
        ),
        (
            "英文",
            "给群众看的话都要有英文，填在名字带“（英文）”的栏里。",
        ),
        (
            "条件",
            "写“问题=选项”，都用编号。几个选项用“、”隔开，几个问题用“；”隔开，例如 married=yes；place=home、hospital，意思是结了婚，并且在家里或医院出生。空着就是总是。",
        ),
        (
            "几个放一格",
            "用“、”隔开；有的词自己带“、”“，”“；”，就一行写一个（Alt+Enter 换行），每行前面写“- ”。",
        ),
        (
            "备注",
            "给同事看，群众看不到，例如“待核实：各地做法不同”。它会作为注释存进目录，下次导出还在。",
        ),
        ("不要改", "表名、栏名、“代码”表。栏的左右顺序可以换。"),
        (
            "填好以后",
            "交给管理员，用 kiosk catalog import 导入。有错就一条也不导入，并按表和格子说出每个错，例如：情形!C14：没有“surname”这个问题。",
        ),
    ];
    let mut row = 2;
    for (name, text) in lines {
        page.write_string_with_format(row, 0, name, &style.title)?;
        page.write_string_with_format(row, 1, text, &style.fixed)?;
        row += 1;
    }
    row += 1;
    page.write_string_with_format(row, 0, "这本里的表", &style.heading)?;
    for sheet in layout {
        row += 1;
        let what = match sheet.rows {
            Rows::Basics => "一行一项".to_owned(),
            Rows::List(_) => "一行一条".to_owned(),
            Rows::Inside { .. } => {
                let parent = sheet.columns.first().map_or("", |c| c.title.as_str());
                format!("一行一条，“{parent}”这一栏说明属于谁")
            }
        };
        page.write_url_with_text(
            row,
            0,
            format!("internal:'{}'!A1", sheet.name).as_str(),
            sheet.name,
        )?;
        page.write_string_with_format(row, 1, what, &style.fixed)?;
    }
    debug_assert!(layout.iter().any(|s| s.name == BASICS));
    Ok(())
}

fn row_number(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
}

fn column_number(column: usize) -> u16 {
    u16::try_from(column).unwrap_or(u16::MAX)
}

/// A column's letters: 0 is A, 26 is AA.
pub(crate) fn letters(column: usize) -> String {
    let mut letters = String::new();
    let mut left = column + 1;
    while left > 0 {
        let digit = u8::try_from((left - 1) % 26).unwrap_or(0);
        letters.insert(0, char::from(b'A' + digit));
        left = (left - 1) / 26;
    }
    letters
}
