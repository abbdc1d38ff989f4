//! A file of the catalogue from what a workbook says, with the cell that each part comes from.

use crate::import::{Cell, Contents, first_cell};
use crate::layout::Book;

/// A value and the cell it comes from.
#[derive(Debug, Clone)]
pub struct Placed {
    pub node: Node,
    pub cell: Cell,
}

/// A value.
#[derive(Debug, Clone)]
pub enum Node {
    Word(String),
    Number(i64),
    YesNo(bool),
    List(Vec<Placed>),
    Table(Vec<(String, Placed)>),
}

/// An entry of a list.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where its row begins.
    pub cell: Cell,
    /// Its values.
    pub table: Vec<(String, Placed)>,
    /// Its remark.
    pub note: String,
    /// The lists inside it.
    pub inner: Vec<(&'static str, Vec<Entry>)>,
}

/// A file with the cells it comes from.
#[derive(Debug)]
pub struct Text {
    /// The file.
    pub toml: String,
    /// Line and column, from 1, and the cell that what begins there comes from; in order.
    marks: Vec<(usize, usize, Cell)>,
}

/// The inner lists that are written as tables of their own.
const TABLES: [&str; 2] = ["option", "need"];

impl Entry {
    /// An entry with no values yet.
    pub fn new(cell: Cell) -> Entry {
        Entry {
            cell,
            table: Vec::new(),
            note: String::new(),
            inner: Vec::new(),
        }
    }

    /// Its id, if it has one.
    pub fn id(&self) -> Option<&String> {
        self.table
            .iter()
            .find_map(|(key, value)| match &value.node {
                Node::Word(id) if key == "id" => Some(id),
                Node::Word(_)
                | Node::Number(_)
                | Node::YesNo(_)
                | Node::List(_)
                | Node::Table(_) => None,
            })
    }

    /// A list inside it.
    pub fn inside(&mut self, list: &'static str) -> &mut Vec<Entry> {
        let at = self.inner.iter().position(|(name, _)| *name == list);
        let at = at.unwrap_or_else(|| {
            self.inner.push((list, Vec::new()));
            self.inner.len() - 1
        });
        &mut self.inner[at].1
    }
}

/// Puts a value into a table, by the way to it.
pub fn put(table: &mut Vec<(String, Placed)>, path: &str, value: Placed) {
    let Some((key, rest)) = path.split_once('.') else {
        table.push((path.to_owned(), value));
        return;
    };
    let at = table.iter().position(|(k, _)| k == key).unwrap_or_else(|| {
        let cell = value.cell;
        let node = Node::Table(Vec::new());
        table.push((key.to_owned(), Placed { node, cell }));
        table.len() - 1
    });
    if let Node::Table(inner) = &mut table[at].1.node {
        put(inner, rest, value);
    }
}

impl Text {
    /// The cell that a place of the file comes from.
    pub fn cell(&self, line: usize, column: usize) -> Cell {
        let before = self
            .marks
            .iter()
            .rev()
            .find(|(l, c, _)| (*l, *c) <= (line, column));
        before.map_or(first_cell(), |(_, _, cell)| *cell)
    }
}

/// Writes the file.
pub fn file(contents: &Contents) -> Text {
    let mut writer = Writer::default();
    let schema = match contents.book {
        Book::Shared => "catalogue",
        Book::Matter => "matter",
    };
    writer.line(&format!("#:schema ./{schema}.schema.json"));
    let mut top = Vec::new();
    for (path, value) in &contents.basics {
        put(&mut top, path, value.clone());
    }
    let note = |path: &str| -> String {
        let of = |path: &str| contents.notes.get(path).cloned();
        let texts = [path.to_owned(), format!("{path}.zh"), format!("{path}.en")];
        let notes: Vec<String> = texts.iter().filter_map(|p| of(p)).collect();
        notes.join("\n")
    };
    for (key, value) in top.iter().filter(|(key, _)| key != "guide") {
        writer.note(&note(key));
        writer.pair(key, value);
    }
    let guide = top.iter().find(|(key, _)| key == "guide");
    if let Some((
        _,
        Placed {
            node: Node::Table(guide),
            ..
        },
    )) = guide
    {
        writer.line("");
        writer.line("[guide]");
        for (key, value) in guide {
            let inner = match &value.node {
                Node::Table(inner) => inner.iter().map(|(k, _)| k.as_str()).collect(),
                Node::Word(_) | Node::Number(_) | Node::YesNo(_) | Node::List(_) => Vec::new(),
            };
            let mut notes = vec![note(&format!("guide.{key}"))];
            let below = |k: &&str| !matches!(*k, "zh" | "en");
            notes.extend(
                inner
                    .into_iter()
                    .filter(below)
                    .map(|k| note(&format!("guide.{key}.{k}"))),
            );
            notes.retain(|n| !n.is_empty());
            writer.note(&notes.join("\n"));
            writer.pair(key, value);
        }
        for (path, entries) in &contents.lists {
            if let Some(key) = path.strip_prefix("guide.") {
                writer.inline_list(key, entries);
            }
        }
    }
    for (path, entries) in &contents.lists {
        if !path.contains('.') {
            for entry in entries {
                writer.entry(path, entry);
            }
        }
    }
    Text {
        toml: writer.text,
        marks: writer.marks,
    }
}

#[derive(Default)]
struct Writer {
    text: String,
    marks: Vec<(usize, usize, Cell)>,
    lines: usize,
    line_start: usize,
}

impl Writer {
    fn line(&mut self, text: &str) {
        self.text += text;
        self.end();
    }

    fn end(&mut self) {
        self.text.push('\n');
        self.lines += 1;
        self.line_start = self.text.len();
    }

    fn mark(&mut self, cell: Cell) {
        let column = self.text[self.line_start..].chars().count() + 1;
        self.marks.push((self.lines + 1, column, cell));
    }

    fn note(&mut self, note: &str) {
        for line in note.lines() {
            self.line(format!("# {line}").trim_end());
        }
    }

    fn pair(&mut self, key: &str, value: &Placed) {
        self.mark(value.cell);
        self.text += &name(key);
        self.text += " = ";
        self.value(value);
        self.end();
    }

    /// A list of tables inside a table, a line each.
    fn inline_list(&mut self, key: &str, entries: &[Entry]) {
        let Some(first) = entries.first() else {
            return;
        };
        self.mark(first.cell);
        self.line(&format!("{key} = ["));
        for entry in entries {
            for line in entry.note.lines() {
                self.line(format!("  # {line}").trim_end());
            }
            self.text += "  ";
            self.mark(entry.cell);
            self.table(&entry.table);
            self.text.push(',');
            self.end();
        }
        self.line("]");
    }

    fn entry(&mut self, path: &str, entry: &Entry) {
        self.line("");
        self.note(&entry.note);
        self.mark(entry.cell);
        self.line(&format!("[[{path}]]"));
        for (key, value) in &entry.table {
            self.pair(key, value);
        }
        let (tables, lists): (Vec<_>, Vec<_>) = entry
            .inner
            .iter()
            .partition(|(name, _)| TABLES.contains(name));
        for (key, entries) in lists {
            self.inline_list(key, entries);
        }
        for (key, entries) in tables {
            for inner in entries {
                self.note(&inner.note);
                self.mark(inner.cell);
                self.line(&format!("[[{path}.{key}]]"));
                for (key, value) in &inner.table {
                    self.pair(key, value);
                }
            }
        }
    }

    fn table(&mut self, table: &[(String, Placed)]) {
        if table.is_empty() {
            self.text += "{}";
            return;
        }
        self.text += "{ ";
        for (n, (key, value)) in table.iter().enumerate() {
            if n > 0 {
                self.text += ", ";
            }
            self.mark(value.cell);
            self.text += &name(key);
            self.text += " = ";
            self.value(value);
        }
        self.text += " }";
    }

    fn value(&mut self, value: &Placed) {
        self.mark(value.cell);
        match &value.node {
            Node::Word(word) => self.text += &quoted(word),
            Node::Number(number) => self.text += &number.to_string(),
            Node::YesNo(yes) => self.text += &yes.to_string(),
            Node::List(list) => {
                self.text.push('[');
                for (n, entry) in list.iter().enumerate() {
                    if n > 0 {
                        self.text += ", ";
                    }
                    self.value(entry);
                }
                self.text.push(']');
            }
            Node::Table(table) => self.table(table),
        }
    }
}

fn name(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !key.is_empty() && key.chars().all(bare) {
        key.to_owned()
    } else {
        quoted(key)
    }
}

/// Words as TOML writes them.
pub fn quoted(word: &str) -> String {
    let mut text = String::from("\"");
    for c in word.chars() {
        match c {
            '"' => text += "\\\"",
            '\\' => text += "\\\\",
            '\n' => text += "\\n",
            '\t' => text += "\\t",
            c if c.is_control() => text += &format!("\\u{:04X}", u32::from(c)),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}
