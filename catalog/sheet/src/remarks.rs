//! The comments of a file, as remarks of the entries they stand at. A spreadsheet has no other
//! place for them: a comment inside an entry becomes a remark of the whole entry.

use std::collections::BTreeMap;

/// Remarks by place: `name`, `guide.code`, `item[3]`, `question[2].option[0]`.
pub type Remarks = BTreeMap<String, String>;

/// Reads the comments of a file that is known to be TOML.
pub fn remarks(text: &str) -> Remarks {
    let mut reader = Reader::default();
    for line in text.lines() {
        reader.line(line);
    }
    let at = reader.last.clone();
    reader.put(&at);
    reader.found
}

#[derive(Default)]
struct Reader {
    found: Remarks,
    pending: Vec<String>,
    /// Counts of the lists that were begun, the inner ones of the present entry only.
    counts: BTreeMap<String, usize>,
    /// The present table: empty, `guide`, `item[3]`.
    table: String,
    /// Where a comment that nothing follows belongs.
    last: String,
    /// In a value over several lines: its place, how many brackets are open, its entries.
    value: Option<(String, i32, usize)>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let (code, comment) = split(line);
        if let Some(comment) = comment.filter(|c| !c.starts_with(":schema")) {
            self.pending.push(comment.trim().to_owned());
        }
        let code = code.trim();
        if code.is_empty() {
            return;
        }
        if let Some((place, open, entries)) = self.value.take() {
            let at = format!("{place}[{entries}]");
            if code.starts_with('{') {
                self.put(&at);
            }
            let open = open + brackets(code);
            if open > 0 {
                self.value = Some((place, open, entries + usize::from(code.starts_with('{'))));
            }
        } else if let Some(list) = code.strip_prefix("[[").and_then(|c| c.strip_suffix("]]")) {
            self.enter(list.trim());
            let at = self.table.clone();
            self.put(&at);
        } else if let Some(table) = code.strip_prefix('[').and_then(|c| c.strip_suffix(']')) {
            // A table inside an entry is part of the entry.
            if !table.contains('.') {
                self.table = table.trim().to_owned();
            }
        } else if let Some((key, value)) = code.split_once('=') {
            let key = key.trim();
            let place = match self.table.as_str() {
                "" => key.to_owned(),
                table if table.ends_with(']') => table.to_owned(),
                table => format!("{table}.{key}"),
            };
            let open = brackets(value);
            let in_entry = self.table.ends_with(']');
            if open > 0 && !in_entry {
                let at = format!("{place}[0]");
                self.put(&at);
            } else {
                self.put(&place);
            }
            let list = if in_entry {
                format!("{place}.{key}")
            } else {
                place
            };
            self.value = (open > 0).then_some((list, open, 0));
        }
    }

    fn enter(&mut self, list: &str) {
        let (outer, name) = match list.split_once('.') {
            Some((outer, inner)) => {
                let count = self.counts.get(outer).copied().unwrap_or(1);
                (format!("{outer}[{}].", count.saturating_sub(1)), inner)
            }
            None => {
                let inner = format!("{list}[");
                self.counts.retain(|at, _| !at.starts_with(&inner));
                (String::new(), list)
            }
        };
        let count = self.counts.entry(format!("{outer}{name}")).or_insert(0);
        self.table = format!("{outer}{name}[{count}]");
        *count += 1;
    }

    fn put(&mut self, at: &str) {
        at.clone_into(&mut self.last);
        if self.pending.is_empty() {
            return;
        }
        let lines = std::mem::take(&mut self.pending).join("\n");
        let remark = self.found.entry(at.to_owned()).or_default();
        if !remark.is_empty() {
            remark.push('\n');
        }
        remark.push_str(&lines);
    }
}

/// A line without its comment, and the comment.
fn split(line: &str) -> (&str, Option<&str>) {
    match outside(line).find(|(_, c)| *c == '#') {
        Some((at, _)) => (&line[..at], Some(&line[at + 1..])),
        None => (line, None),
    }
}

/// How many more brackets a line opens than it closes.
fn brackets(code: &str) -> i32 {
    outside(code)
        .map(|(_, c)| match c {
            '[' => 1,
            ']' => -1,
            _ => 0,
        })
        .sum()
}

/// The characters that stand outside of strings on one line.
fn outside(line: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quote = None;
    let mut escaped = false;
    line.char_indices().filter(move |(_, c)| match quote {
        Some(open) => {
            if escaped {
                escaped = false;
            } else if *c == '\\' && open == '"' {
                escaped = true;
            } else if *c == open {
                quote = None;
            }
            false
        }
        None => {
            if matches!(c, '"' | '\'') {
                quote = Some(*c);
            }
            quote.is_none()
        }
    })
}
