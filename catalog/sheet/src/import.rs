//! A workbook as a file of the catalogue. Every mistake is told by sheet and cell; with one mistake
//! nothing is taken over.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Cursor;

use calamine::{Data, Range, Reader, Xlsx};
use toml::Table;

use crate::export::{entries, letters};
use crate::layout::{
    BASICS, Book, Codes, Column, Kind, NOTE, OPTIONS, PARENT, QUESTIONS, REMARK, Rows,
    SHARED_LISTS, Sheet, sheets,
};
use crate::write::{Entry, Node, Placed, put};

/// What separates several words in one cell.
pub const SEPARATORS: [char; 6] = ['、', '，', ',', '；', ';', '\n'];

/// A cell of a workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The sheet's name.
    pub sheet: &'static str,
    /// The row, from 0.
    pub row: u32,
    /// The column, from 0.
    pub column: u32,
}

/// One mistake in a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, such as `情形!C14`; empty for the workbook as a whole.
    pub cell: String,
    /// What is wrong, in plain Chinese.
    pub message: String,
}

/// What a workbook says, before the loader has seen it.
#[derive(Debug)]
pub(crate) struct Contents {
    pub book: Book,
    /// The values of the basics, by the way to each.
    pub basics: Vec<(String, Placed)>,
    /// The remarks of the basics, by the way to the value.
    pub notes: BTreeMap<String, String>,
    /// The lists of the file, by the way to each.
    pub lists: Vec<(&'static str, Vec<Entry>)>,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = letters(self.column as usize);
        write!(f, "{}!{column}{}", self.sheet, self.row + 1)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.cell.is_empty() {
            write!(f, "{}", self.message)
        } else {
            write!(f, "{}：{}", self.cell, self.message)
        }
    }
}

/// Reads a workbook. `shared` is `catalogue.toml`, whose ids it may name.
pub(crate) fn read(workbook: &[u8], shared: &Table) -> Result<Contents, Vec<Fault>> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(workbook))
        .map_err(|e| vec![whole(format!("这不是 Excel 工作簿（.xlsx）：{e}"))])?;
    let names = workbook.sheet_names();
    let has = |name: &str| names.iter().any(|n| n == name);
    let book = match (has("情形"), has("单位")) {
        (true, _) => Book::Matter,
        (false, true) => Book::Shared,
        (false, false) => {
            let message = "这不是从目录导出的工作簿：没有“情形”表，也没有“单位”表";
            return Err(vec![whole(message.to_owned())]);
        }
    };
    let layout = sheets(book);
    let mut faults = Vec::new();
    let mut pages = Vec::new();
    for sheet in &layout {
        match workbook.worksheet_range(sheet.name) {
            Ok(range) => pages.push(Page::new(sheet, range, &mut faults)),
            Err(e) if has(sheet.name) => {
                faults.push(whole(format!("“{}”表读不出来：{e}", sheet.name)));
            }
            Err(_) => faults.push(whole(format!("少了“{}”这张表", sheet.name))),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let known = Known::new(&pages, shared);
    let mut contents = Contents {
        book,
        basics: Vec::new(),
        notes: BTreeMap::new(),
        lists: Vec::new(),
    };
    for page in &pages {
        match page.sheet.rows {
            Rows::Basics => page.basics(&known, &mut contents, &mut faults),
            Rows::List(path) => {
                let rows = page.entries(&known, &mut faults);
                let rows = rows.into_iter().map(|(_, entry)| entry).collect();
                contents.lists.push((path, rows));
            }
            Rows::Inside { of, list } => {
                let rows = page.entries(&known, &mut faults);
                let outer = contents.lists.iter_mut().find(|(path, _)| *path == of);
                let Some((_, outer)) = outer else {
                    continue;
                };
                for (parent, row) in rows {
                    if let Some(entry) = outer.iter_mut().find(|e| e.id() == Some(&parent)) {
                        entry.inside(list).push(row);
                    }
                }
            }
        }
    }
    if faults.is_empty() {
        Ok(contents)
    } else {
        Err(faults)
    }
}

fn whole(message: String) -> Fault {
    Fault {
        cell: String::new(),
        message,
    }
}

fn fault(cell: Cell, message: impl Into<String>) -> Fault {
    Fault {
        cell: cell.to_string(),
        message: message.into(),
    }
}

/// A sheet as it was filled in.
struct Page<'l> {
    sheet: &'l Sheet,
    range: Range<Data>,
    /// For each column of the layout where it stands.
    places: Vec<Option<u32>>,
}

impl<'l> Page<'l> {
    fn new(sheet: &'l Sheet, range: Range<Data>, faults: &mut Vec<Fault>) -> Page<'l> {
        let mut page = Page {
            sheet,
            range,
            places: Vec::new(),
        };
        if matches!(sheet.rows, Rows::Basics) {
            return page;
        }
        let width = page.range.end().map_or(0, |(_, column)| column + 1);
        let titles: Vec<String> = (0..width).map(|c| page.text(0, c)).collect();
        for column in &sheet.columns {
            let place = titles.iter().position(|t| *t == column.title);
            if place.is_none() && column.must {
                let at = page.cell(0, 0);
                faults.push(fault(at, format!("少了“{}”这一栏", column.title)));
            }
            page.places.push(place.and_then(|p| u32::try_from(p).ok()));
        }
        for (c, title) in titles.iter().enumerate() {
            if !title.is_empty() && !sheet.columns.iter().any(|k| k.title == *title) {
                let at = page.cell(0, u32::try_from(c).unwrap_or(0));
                let message =
                    format!("没有“{title}”这一栏；栏名不能改，要写给同事的话请写在“备注”里");
                faults.push(fault(at, message));
            }
        }
        page
    }

    fn cell(&self, row: u32, column: u32) -> Cell {
        Cell {
            sheet: self.sheet.name,
            row,
            column,
        }
    }

    /// What stands in a cell. Numbers read as they are shown: 3, not 3.0.
    fn text(&self, row: u32, column: u32) -> String {
        let text = self
            .range
            .get_value((row, column))
            .map_or_else(String::new, Data::to_string);
        text.replace("\r\n", "\n")
            .replace("_x000D_", "")
            .trim()
            .to_owned()
    }

    fn rows(&self) -> impl Iterator<Item = u32> {
        2..self.range.end().map_or(0, |(row, _)| row + 1)
    }

    /// What stands in a row under a column of the layout.
    fn at(&self, row: u32, column: usize) -> Option<(String, Cell)> {
        let place = self.places.get(column).copied().flatten()?;
        Some((self.text(row, place), self.cell(row, place)))
    }

    fn is_blank(&self, row: u32) -> bool {
        (0..self.places.len()).all(|c| self.at(row, c).is_none_or(|(text, _)| text.is_empty()))
    }

    /// The words of the first column with a path, row by row.
    fn column(&self, path: &str) -> Vec<(String, Cell)> {
        let Some(column) = self.sheet.columns.iter().position(|c| c.path == path) else {
            return Vec::new();
        };
        let cells = self.rows().filter_map(|row| self.at(row, column));
        cells.filter(|(text, _)| !text.is_empty()).collect()
    }

    fn basics(&self, known: &Known, contents: &mut Contents, faults: &mut Vec<Fault>) {
        let end = self.range.end().map_or(0, |(row, _)| row + 1);
        let labels: Vec<String> = (0..end).map(|row| self.text(row, 0)).collect();
        for (row, label) in labels.iter().enumerate().skip(1) {
            let is_known = self.sheet.columns.iter().any(|c| c.title == *label);
            if !label.is_empty() && !is_known {
                let at = self.cell(u32::try_from(row).unwrap_or(0), 0);
                faults.push(fault(at, format!("没有“{label}”这一项；项目名不能改")));
            }
        }
        let note_column = (0..8).find(|c| self.text(0, *c) == REMARK);
        for column in &self.sheet.columns {
            let row = labels.iter().position(|l| *l == column.title);
            let Some(row) = row.and_then(|row| u32::try_from(row).ok()) else {
                if column.must {
                    faults.push(fault(
                        self.cell(0, 0),
                        format!("少了“{}”这一项", column.title),
                    ));
                }
                continue;
            };
            let (text, cell) = (self.text(row, 1), self.cell(row, 1));
            if let Some(node) = self.value(column, &text, cell, known, faults) {
                contents
                    .basics
                    .push((column.path.clone(), Placed { node, cell }));
            }
            let note = note_column.map_or_else(String::new, |c| self.text(row, c));
            if !note.is_empty() {
                contents.notes.insert(column.path.clone(), note);
            }
        }
        let filled = |path: &str| {
            contents
                .basics
                .iter()
                .find(|(p, _)| p == path)
                .map(|(_, v)| v.cell)
        };
        self.translations(&filled, faults, |column| {
            let row = labels.iter().position(|l| *l == column.title)?;
            Some(self.cell(u32::try_from(row).ok()?, 1))
        });
    }

    fn entries(&self, known: &Known, faults: &mut Vec<Fault>) -> Vec<(String, Entry)> {
        let mut found: Vec<(String, Entry)> = Vec::new();
        for row in self.rows().filter(|row| !self.is_blank(*row)) {
            let first = self.at(row, 0).map_or(self.cell(row, 0), |(_, cell)| cell);
            let mut entry = Entry::new(first);
            let mut parent = String::new();
            let mut filled: BTreeMap<&str, Cell> = BTreeMap::new();
            for (c, column) in self.sheet.columns.iter().enumerate() {
                let Some((text, cell)) = self.at(row, c) else {
                    continue;
                };
                let value = self.value(column, &text, cell, known, faults);
                match column.path.as_str() {
                    PARENT => parent = text,
                    NOTE => entry.note = text,
                    path => {
                        if let Some(node) = value {
                            filled.insert(path, cell);
                            put(&mut entry.table, path, Placed { node, cell });
                        }
                    }
                }
            }
            self.translations(&|path: &str| filled.get(path).copied(), faults, |column| {
                let c = self
                    .sheet
                    .columns
                    .iter()
                    .position(|k| k.path == column.path)?;
                Some(self.at(row, c)?.1)
            });
            if let Some(id) = entry.id() {
                let same = found
                    .iter()
                    .find(|(p, e)| *p == parent && e.id() == Some(id));
                if let Some((_, other)) = same {
                    let at = filled.get("id").copied().unwrap_or(first);
                    faults.push(fault(
                        at,
                        format!("编号“{id}”重复了，{}已经用过", other.cell),
                    ));
                }
            }
            found.push((parent, entry));
        }
        found
    }

    /// A text in one language only.
    fn translations(
        &self,
        filled: &dyn Fn(&str) -> Option<Cell>,
        faults: &mut Vec<Fault>,
        place: impl Fn(&Column) -> Option<Cell>,
    ) {
        // What must be filled was told already.
        for column in self.sheet.columns.iter().filter(|c| !c.must) {
            let other = match column.path.rsplit_once('.') {
                Some((text, "zh")) => format!("{text}.en"),
                Some((text, "en")) => format!("{text}.zh"),
                Some(_) | None => continue,
            };
            if filled(&column.path).is_none()
                && filled(&other).is_some()
                && let Some(at) = place(column)
            {
                faults.push(fault(
                    at,
                    format!("“{}”没有填：中文和英文要么都填，要么都空", column.title),
                ));
            }
        }
    }

    /// A cell's value, if it has one.
    fn value(
        &self,
        column: &Column,
        text: &str,
        cell: Cell,
        known: &Known,
        faults: &mut Vec<Fault>,
    ) -> Option<Node> {
        if text.is_empty() {
            if column.must {
                faults.push(fault(cell, format!("“{}”没有填", column.title)));
            }
            return None;
        }
        if column.path == NOTE {
            return None;
        }
        match parse(column.kind, text, cell, known) {
            Ok(node) => Some(node),
            Err(messages) => {
                faults.extend(messages.into_iter().map(|m| fault(cell, m)));
                None
            }
        }
    }
}

fn parse(kind: Kind, text: &str, cell: Cell, known: &Known) -> Result<Node, Vec<String>> {
    let number = |text: &str| text.parse::<i64>().or_else(|_| wide(text).parse::<i64>());
    let list = |words: Vec<String>| {
        let placed = |word| Placed {
            node: Node::Word(word),
            cell,
        };
        Node::List(words.into_iter().map(placed).collect())
    };
    match kind {
        Kind::Words => Ok(Node::Word(text.to_owned())),
        Kind::Number => number(text)
            .map(Node::Number)
            .map_err(|_| vec![format!("要填整数，不能是“{text}”")]),
        Kind::Bound => Ok(number(text).map_or_else(|_| Node::Word(text.to_owned()), Node::Number)),
        Kind::YesNo => match text {
            "是" | "true" | "TRUE" | "yes" => Ok(Node::YesNo(true)),
            "否" | "false" | "FALSE" | "no" => Ok(Node::YesNo(false)),
            _ => Err(vec![format!("要填“是”或“否”，不能是“{text}”")]),
        },
        Kind::Several => Ok(list(several(text))),
        Kind::Code(codes) => code(codes, text).map(Node::Word).map_err(|e| vec![e]),
        Kind::Codes(codes) => each(several(text), |word| code(codes, &word)).map(list),
        Kind::Row(sheet) => known.row(sheet, text).map(Node::Word).map_err(|e| vec![e]),
        Kind::Rows(sheet) => each(several(text), |word| known.row(sheet, &word)).map(list),
        Kind::Shared(name) => known
            .shared(name, text)
            .map(Node::Word)
            .map_err(|e| vec![e]),
        Kind::SharedSeveral(name) => {
            each(several(text), |word| known.shared(name, &word)).map(list)
        }
        Kind::Condition => {
            let mut table = Vec::new();
            let mut faults = Vec::new();
            for (question, options) in pairs(text)? {
                let options = several(&options);
                faults.extend(known.condition(&question, &options));
                if table.iter().any(|(q, _)| *q == question) {
                    faults.push(format!("问题“{question}”写了两次，选项请写在一起"));
                }
                table.push((
                    question,
                    Placed {
                        node: list(options),
                        cell,
                    },
                ));
            }
            if faults.is_empty() {
                Ok(Node::Table(table))
            } else {
                Err(faults)
            }
        }
        Kind::Pairs => {
            let node = |(key, word)| {
                (
                    key,
                    Placed {
                        node: Node::Word(word),
                        cell,
                    },
                )
            };
            Ok(Node::Table(pairs(text)?.into_iter().map(node).collect()))
        }
    }
}

/// Digits as the Chinese keyboard types them at full width.
fn wide(text: &str) -> String {
    let narrow = |c: char| match u32::from(c) {
        code @ 0xFF10..=0xFF19 => char::from_u32(code - 0xFF10 + u32::from('0')).unwrap_or(c),
        _ => c,
    };
    text.chars().map(narrow).collect()
}

/// Several words in one cell. With more than one line, or begun with a dash, each line is a word
/// and separators are part of it.
fn several(text: &str) -> Vec<String> {
    let words: Vec<&str> = if text.contains('\n') || text.starts_with("- ") {
        text.lines()
            .map(|line| line.strip_prefix("- ").unwrap_or(line))
            .collect()
    } else {
        text.split(|c| SEPARATORS.contains(&c)).collect()
    };
    words
        .into_iter()
        .map(str::trim)
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

fn pairs(text: &str) -> Result<Vec<(String, String)>, Vec<String>> {
    let parts = text.split(['；', ';', '\n']).map(str::trim);
    each(parts.filter(|p| !p.is_empty()).collect(), |part| {
        let (key, value) = part
            .split_once(['=', '＝'])
            .ok_or_else(|| format!("“{part}”里没有等号，要写“问题=选项”"))?;
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty() || value.is_empty() {
            return Err(format!("“{part}”等号的一边是空的，要写“问题=选项”"));
        }
        Ok((key.to_owned(), value.to_owned()))
    })
}

fn each<T, U>(list: Vec<T>, one: impl Fn(T) -> Result<U, String>) -> Result<Vec<U>, Vec<String>> {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for entry in list {
        match one(entry) {
            Ok(entry) => good.push(entry),
            Err(message) => bad.push(message),
        }
    }
    if bad.is_empty() { Ok(good) } else { Err(bad) }
}

/// A code, written as `2 承诺件`, `2` or `承诺件`.
fn code(codes: &Codes, text: &str) -> Result<String, String> {
    let first = text.split_whitespace().next().unwrap_or("");
    let found = codes.codes.iter().find(|(c, m)| *c == first || *m == text);
    found.map(|(code, _)| (*code).to_owned()).ok_or_else(|| {
        let list: Vec<String> = codes
            .codes
            .iter()
            .map(|(c, m)| format!("{c} {m}"))
            .collect();
        format!("“{text}”不是{}，可以填：{}", codes.name, list.join("、"))
    })
}

/// The ids that a workbook may name.
struct Known {
    /// By sheet.
    rows: BTreeMap<&'static str, Vec<String>>,
    /// The options of each question.
    options: Vec<(String, String)>,
    /// By list of `catalogue.toml`: id and name.
    shared: BTreeMap<&'static str, Vec<(String, String)>>,
}

impl Known {
    fn new(pages: &[Page], shared: &Table) -> Known {
        let ids = |page: &Page| page.column("id").into_iter().map(|(id, _)| id).collect();
        let rows = pages.iter().map(|p| (p.sheet.name, ids(p))).collect();
        let options = pages.iter().find(|p| p.sheet.name == OPTIONS);
        let pair = |page: &Page, row: u32| {
            let id = page.sheet.columns.iter().position(|c| c.path == "id")?;
            Some((page.at(row, 0)?.0, page.at(row, id)?.0))
        };
        Known {
            rows,
            options: options.map_or(Vec::new(), |page| {
                page.rows().filter_map(|row| pair(page, row)).collect()
            }),
            shared: SHARED_LISTS
                .iter()
                .map(|(list, _)| (*list, entries(shared, list)))
                .collect(),
        }
    }

    fn row(&self, sheet: &str, id: &str) -> Result<String, String> {
        let known = self.rows.get(sheet).map_or(&[][..], Vec::as_slice);
        if known.iter().any(|k| k == id) {
            return Ok(id.to_owned());
        }
        let what = if sheet == "表单" { "一栏" } else { sheet };
        Err(format!(
            "没有“{id}”这个{what}{}",
            near(id, known.iter().map(String::as_str))
        ))
    }

    /// An entry of `catalogue.toml`, written as `police 市公安局`, `police` or `市公安局`.
    fn shared(&self, list: &str, text: &str) -> Result<String, String> {
        let known = self.shared.get(list).map_or(&[][..], Vec::as_slice);
        let first = text.split_whitespace().next().unwrap_or("");
        let found = known.iter().find(|(id, name)| id == first || name == text);
        found.map(|(id, _)| id.clone()).ok_or_else(|| {
            let name = SHARED_LISTS
                .iter()
                .find(|(l, _)| *l == list)
                .map_or("", |(_, n)| n);
            let near = near(first, known.iter().map(|(id, _)| id.as_str()));
            format!("目录的公共部分没有“{text}”这个{name}{near}")
        })
    }

    fn condition(&self, question: &str, options: &[String]) -> Vec<String> {
        if let Err(message) = self.row(QUESTIONS, question) {
            return vec![message];
        }
        let known: Vec<&str> = self
            .options
            .iter()
            .filter(|(q, _)| q == question)
            .map(|(_, o)| o.as_str())
            .collect();
        options
            .iter()
            .filter(|o| !known.contains(&o.as_str()))
            .map(|o| {
                format!(
                    "问题“{question}”没有“{o}”这个选项，有：{}",
                    known.join("、")
                )
            })
            .collect()
    }
}

/// A known word that starts or ends alike, as a question.
fn near<'k>(word: &str, mut known: impl Iterator<Item = &'k str>) -> String {
    let alike = |k: &str| {
        let common = k
            .chars()
            .zip(word.chars())
            .take_while(|(a, b)| a == b)
            .count();
        common >= 3 && common + 2 >= k.chars().count().min(word.chars().count())
    };
    known
        .find(|k| alike(k))
        .map_or_else(String::new, |k| format!("，是不是“{k}”？"))
}

/// Which cell the basics have for a path, for findings about the file as a whole.
pub(crate) fn first_cell() -> Cell {
    Cell {
        sheet: BASICS,
        row: 0,
        column: 0,
    }
}
