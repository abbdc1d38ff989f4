//! Regional overlays: what a province or city does otherwise. An overlay changes entries by their
//! ids, key by key; what is new and what goes is named, so that a misspelled id changes nothing
//! by mistake. The merged file is checked as any other.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::iter;
use std::ops::Range;
use std::sync::Arc;

use miette::NamedSource;
use serde::de::DeserializeOwned;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::finding::{Code, Finding};
use crate::shape::{self, Document, Sources, closest};

/// The lists whose entries have ids, and the key that is the id.
const LISTS: [(&str, &str); 13] = [
    ("question", "id"),
    ("option", "id"),
    ("window", "id"),
    ("situation", "id"),
    ("item", "id"),
    ("material", "id"),
    ("field", "id"),
    ("stage", "id"),
    ("unit", "id"),
    ("resource", "id"),
    ("applicant", "kind"),
    ("sequel", "id"),
    ("suggestion", "id"),
];

/// The tables that are merged key by key beside entries.
const TABLES: [&str; 1] = ["guide"];

/// Reads a file with its overlays, which come after it, as one. The schemas are the file's and its
/// overlays'. A finding is told where its value stands.
pub fn read<'s, T: DeserializeOwned>(
    files: &[&'s Arc<NamedSource<String>>],
    schemas: (&Value, &Value),
    findings: &mut Vec<Finding>,
) -> Option<(Document<'s>, T)> {
    let (sources, root) = merged(files, schemas, findings)?;
    shape::build(sources, root, findings)
}

/// The same as TOML anew. Comments and the order of keys are lost.
pub fn write(
    files: &[&Arc<NamedSource<String>>],
    schemas: (&Value, &Value),
    findings: &mut Vec<Finding>,
) -> Option<toml::Table> {
    let (_, root) = merged(files, schemas, findings)?;
    match plain(root.get_ref())? {
        toml::Value::Table(table) => Some(table),
        toml::Value::String(_)
        | toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_)
        | toml::Value::Array(_) => None,
    }
}

/// A value without its place; nothing for a number that this machine has not.
fn plain(value: &DeValue) -> Option<toml::Value> {
    Some(match value {
        DeValue::String(text) => toml::Value::String(text.to_string()),
        DeValue::Integer(number) => {
            let number = i64::from_str_radix(number.as_str(), number.radix());
            toml::Value::Integer(number.ok()?)
        }
        DeValue::Float(number) => toml::Value::Float(number.as_str().parse().ok()?),
        DeValue::Boolean(truth) => toml::Value::Boolean(*truth),
        DeValue::Datetime(time) => toml::Value::Datetime(*time),
        DeValue::Array(values) => {
            let values = values.iter().map(|value| plain(value.get_ref()));
            toml::Value::Array(values.collect::<Option<_>>()?)
        }
        DeValue::Table(table) => {
            let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue>)| {
                Some((Cow::to_string(key.get_ref()), plain(value.get_ref())?))
            };
            toml::Value::Table(table.iter().map(entry).collect::<Option<_>>()?)
        }
    })
}

/// A file with its overlays, which come after it, as one tree.
fn merged<'s>(
    files: &[&'s Arc<NamedSource<String>>],
    schemas: (&Value, &Value),
    findings: &mut Vec<Finding>,
) -> Option<(Sources, Spanned<DeValue<'s>>)> {
    let sources = Sources::new(files);
    let mut roots = files.iter().enumerate().map(|(f, source)| {
        let schema = if f == 0 { schemas.0 } else { schemas.1 };
        shape::parse(&sources, f, source, schema, findings)
    });
    // Each is read, so that all that is wrong is told; then each must be there.
    let roots: Vec<Option<_>> = roots.by_ref().collect();
    let mut roots = roots.into_iter();
    let mut root = roots.next()??;
    let is_alone = roots.len() == 0;
    for overlay in roots {
        if let (DeValue::Table(base), DeValue::Table(changes)) =
            (root.get_mut(), overlay?.into_inner())
            && !merge(&sources, base, changes, findings)
        {
            return None;
        }
    }
    if !is_alone {
        let mut found = Vec::new();
        let fits = shape::fits(&sources, schemas.0, &mut root, &mut found);
        // What was wrong before merging was told.
        found.retain(|new| !findings.iter().any(|old| old.line() == new.line()));
        findings.extend(found);
        if !fits {
            return None;
        }
    }
    Some((sources, root))
}

/// Puts an overlay onto a file. Both have the right shape; spans are those of `sources`. All that
/// does not fit is found; whether all did.
fn merge<'s>(
    sources: &Sources,
    base: &mut DeTable<'s>,
    mut overlay: DeTable<'s>,
    findings: &mut Vec<Finding>,
) -> bool {
    let before = findings.len();
    let remove = names(overlay.remove("remove"));
    let add = names(overlay.remove("add"));
    for key in ["format", "id"] {
        overlay.remove(key);
    }
    let mut merge = Merge {
        sources,
        findings,
        add: add.iter().map(|name| name.get_ref().clone()).collect(),
        added: BTreeSet::new(),
    };
    for name in &remove {
        merge.remove(base, name);
    }
    merge.table(base, overlay, "");
    let added = std::mem::take(&mut merge.added);
    for name in add.iter().filter(|name| !added.contains(name.get_ref())) {
        let message = format!(
            "`add` names `{}`, which this file does not have",
            name.get_ref()
        );
        merge.find(Code::UnknownReference, name.span(), message);
    }
    findings.len() == before
}

struct Merge<'a> {
    sources: &'a Sources,
    findings: &'a mut Vec<Finding>,
    /// What may be new.
    add: BTreeSet<String>,
    /// What was.
    added: BTreeSet<String>,
}

impl Merge<'_> {
    /// Key by key. `path` is where the table stands: empty, or `question:age/`.
    fn table<'s>(&mut self, base: &mut DeTable<'s>, overlay: DeTable<'s>, path: &str) {
        for (key, value) in overlay {
            let name = key.get_ref().to_string();
            let found = base.remove_entry(name.as_str());
            let span = value.span();
            let (key, value) = match (value.into_inner(), found) {
                (DeValue::Array(entries), found) if id_key(&name).is_some() => {
                    let (key, mut list) = found.unwrap_or_else(|| {
                        (key, Spanned::new(span, DeValue::Array(DeArray::default())))
                    });
                    if let DeValue::Array(list) = list.get_mut() {
                        for entry in entries {
                            self.entry(list, entry, &name, path);
                        }
                    }
                    (key, list)
                }
                (DeValue::Table(changes), Some((key, mut table)))
                    if TABLES.contains(&name.as_str()) =>
                {
                    if let DeValue::Table(table) = table.get_mut() {
                        self.table(table, changes, path);
                    }
                    (key, table)
                }
                // The key comes with its value, so that both are told where they stand.
                (value, _) => (key, Spanned::new(span, value)),
            };
            base.insert(key, value);
        }
    }

    /// One entry of a list: changes the one with its id, or is new.
    fn entry<'s>(
        &mut self,
        list: &mut DeArray<'s>,
        entry: Spanned<DeValue<'s>>,
        kind: &str,
        path: &str,
    ) {
        let Some((id, span)) = id_of(&entry, kind) else {
            return;
        };
        let name = format!("{path}{kind}:{id}");
        let is_new = self.add.contains(&name);
        let place = position(list, kind, &id);
        if is_new {
            self.added.insert(name.clone());
        }
        match (place, is_new) {
            (Some(_), true) => {
                let message = format!("`{name}` is there already: it cannot be added");
                self.find(Code::DuplicateId, span, message);
            }
            (None, true) => list.push(entry),
            (None, false) => {
                let ids: Vec<String> = ids(list, kind).collect();
                let help = match closest(&id, ids.iter().map(String::as_str)) {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => format!("to add it, name it: add = [\"{name}\"]"),
                };
                let message = format!("there is no {kind} `{id}` to change");
                let finding = self.sources.finding(Code::UnknownReference, span, message);
                self.findings.push(finding.help(help));
            }
            (Some(at), false) => {
                if let (Some(DeValue::Table(found)), DeValue::Table(changes)) =
                    (list.get_mut(at).map(Spanned::get_mut), entry.into_inner())
                {
                    self.table(found, changes, &format!("{name}/"));
                }
            }
        }
    }

    /// Takes an entry or a key away: `material:id`, `material:id/later`, `question:id/option:id`.
    fn remove(&mut self, base: &mut DeTable, name: &Spanned<String>) {
        let mut table = base;
        let mut steps = name.get_ref().split('/').peekable();
        while let Some(step) = steps.next() {
            let is_last = steps.peek().is_none();
            let Some((kind, id)) = step.split_once(':') else {
                if is_last && table.remove(step).is_some() {
                    return;
                }
                match table.get_mut(step).map(Spanned::get_mut) {
                    Some(DeValue::Table(inner)) if !is_last => table = inner,
                    Some(_) | None => return self.nothing(name),
                }
                continue;
            };
            let list = match table.get_mut(kind).map(Spanned::get_mut) {
                Some(DeValue::Array(list)) => list,
                Some(_) | None => return self.nothing(name),
            };
            let Some(at) = position(list, kind, id) else {
                return self.nothing(name);
            };
            if is_last {
                let rest = std::mem::replace(list, iter::empty().collect()).into_iter();
                let rest = rest.enumerate().filter(|(i, _)| *i != at);
                *list = rest.map(|(_, entry)| entry).collect();
                return;
            }
            match list.get_mut(at).map(Spanned::get_mut) {
                Some(DeValue::Table(entry)) => table = entry,
                Some(_) | None => return self.nothing(name),
            }
        }
    }

    fn nothing(&mut self, name: &Spanned<String>) {
        let message = format!("there is no `{}` to take away", name.get_ref());
        let help = "write `material:id`, `material:id/later` or `question:id/option:id`";
        let finding = self
            .sources
            .finding(Code::UnknownReference, name.span(), message);
        self.findings.push(finding.help(help));
    }

    fn find(&mut self, code: Code, span: Range<usize>, message: String) {
        self.findings
            .push(self.sources.finding(code, span, message));
    }
}

/// The strings of a list.
fn names(value: Option<Spanned<DeValue>>) -> Vec<Spanned<String>> {
    let Some(DeValue::Array(list)) = value.map(Spanned::into_inner) else {
        return Vec::new();
    };
    list.into_iter()
        .filter_map(|name| {
            let span = name.span();
            let word = name.get_ref().as_str()?.to_owned();
            Some(Spanned::new(span, word))
        })
        .collect()
}

fn id_key(kind: &str) -> Option<&'static str> {
    let found = LISTS.iter().find(|(list, _)| *list == kind);
    found.map(|(_, key)| *key)
}

fn id_of(entry: &Spanned<DeValue>, kind: &str) -> Option<(String, Range<usize>)> {
    let id = entry.get_ref().get(id_key(kind)?)?;
    Some((id.get_ref().as_str()?.to_owned(), id.span()))
}

fn ids<'l>(list: &'l DeArray<'_>, kind: &'l str) -> impl Iterator<Item = String> + 'l {
    list.iter()
        .filter_map(move |entry| Some(id_of(entry, kind)?.0))
}

fn position(list: &DeArray<'_>, kind: &str, id: &str) -> Option<usize> {
    list.iter()
        .position(|entry| id_of(entry, kind).is_some_and(|(found, _)| found == id))
}
