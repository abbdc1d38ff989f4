//! Does a file have the right shape? Decided by the JSON Schema that editors use, and not by
//! serde, which would stop at the first mistake.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use miette::NamedSource;
use serde::de::DeserializeOwned;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::finding::{Code, Finding};
use crate::time::{Age, OpenDays, OpenTime};

/// Files read as one: spans count through all of them, so that every value knows its file.
#[derive(Clone)]
pub struct Sources(Vec<(usize, Arc<NamedSource<String>>)>);

impl Sources {
    pub fn new(files: &[&Arc<NamedSource<String>>]) -> Sources {
        let mut start = 0;
        let mut sources = Vec::new();
        for file in files {
            sources.push((start, Arc::clone(file)));
            // The end of one file is not the start of the next.
            start += file.inner().len() + 1;
        }
        Sources(sources)
    }

    /// Where a file's spans start.
    pub fn start(&self, file: usize) -> usize {
        self.0[file].0
    }

    /// Whether a span lies in another file than the first.
    fn is_overlay(&self, span: Range<usize>) -> bool {
        self.file(&span) > 0
    }

    fn file(&self, span: &Range<usize>) -> usize {
        let after = self.0.partition_point(|(start, _)| *start <= span.start);
        after.saturating_sub(1)
    }

    /// A finding about a place in one of the files.
    pub fn finding(&self, code: Code, span: Range<usize>, message: impl Into<String>) -> Finding {
        let (start, source) = &self.0[self.file(&span)];
        let span = span.start - start..span.end.saturating_sub(*start);
        Finding::at(code, source, span, message)
    }
}

/// What was read: a file, or a file with its overlays; and where everything stands.
pub struct Document<'s> {
    sources: Sources,
    tree: DeValue<'s>,
}

/// A step on the way to a value.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// Into a table.
    Key(&'a str),
    /// Into a list.
    At(usize),
}

impl<'a> From<&'a str> for Step<'a> {
    fn from(key: &'a str) -> Step<'a> {
        Step::Key(key)
    }
}

impl<'a> From<&'a String> for Step<'a> {
    fn from(key: &'a String) -> Step<'a> {
        Step::Key(key)
    }
}

impl From<usize> for Step<'_> {
    fn from(at: usize) -> Self {
        Step::At(at)
    }
}

/// The way to a value, as `at!["item", 3, "after", 0]`.
macro_rules! at {
    ($($step:expr),* $(,)?) => { &[$($crate::shape::Step::from($step)),*][..] };
}
pub(crate) use at;

/// Parses one of several files and checks its shape. All mistakes are found; unknown keys and
/// missing translations do not keep the rest from being read and checked too. `None`: it cannot be
/// read as its type.
pub fn parse<'s>(
    sources: &Sources,
    file: usize,
    source: &'s Arc<NamedSource<String>>,
    schema: &Value,
    findings: &mut Vec<Finding>,
) -> Option<Spanned<DeValue<'s>>> {
    let start = sources.start(file);
    let (tree, errors) = DeTable::parse_recoverable(source.inner());
    if !errors.is_empty() {
        findings.extend(errors.iter().map(|e| {
            let span = e.span().unwrap_or(0..0);
            sources.finding(
                Code::Syntax,
                start + span.start..start + span.end,
                e.message(),
            )
        }));
        return None;
    }
    let mut root = moved(Spanned::new(0..0, DeValue::Table(tree.into_inner())), start);
    fits(sources, schema, &mut root, findings).then_some(root)
}

/// Checks the shape of what was read. Whether it can be read as its type.
pub fn fits(
    sources: &Sources,
    schema: &Value,
    root: &mut Spanned<DeValue>,
    findings: &mut Vec<Finding>,
) -> bool {
    let mut shape = Shape {
        sources,
        schema,
        findings,
        sound: true,
    };
    shape.value(
        schema,
        root,
        &Site {
            what: "the file".to_owned(),
            description: None,
        },
    );
    shape.sound
}

/// Reads what fits as its type.
pub fn build<'s, T: DeserializeOwned>(
    sources: Sources,
    root: Spanned<DeValue<'s>>,
    findings: &mut Vec<Finding>,
) -> Option<(Document<'s>, T)> {
    let tree = root.into_inner();
    let DeValue::Table(table) = tree.clone() else {
        return None;
    };
    match T::deserialize(toml::de::Deserializer::from(Spanned::new(0..0, table))) {
        Ok(file) => Some((Document { sources, tree }, file)),
        Err(e) => {
            let span = e.span().unwrap_or(0..0);
            findings.push(sources.finding(Code::BadValue, span, e.message()));
            None
        }
    }
}

/// The same value with its spans further on.
fn moved<'s>(value: Spanned<DeValue<'s>>, by: usize) -> Spanned<DeValue<'s>> {
    let on = |span: Range<usize>| span.start + by..span.end + by;
    let span = on(value.span());
    let inner = match value.into_inner() {
        DeValue::Table(table) => DeValue::Table(
            table
                .into_iter()
                .map(|(key, value)| {
                    let span = on(key.span());
                    (Spanned::new(span, key.into_inner()), moved(value, by))
                })
                .collect(),
        ),
        DeValue::Array(list) => {
            DeValue::Array(list.into_iter().map(|value| moved(value, by)).collect())
        }
        plain @ (DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)) => plain,
    };
    Spanned::new(span, inner)
}

impl Document<'_> {
    /// A finding about a value; where that does not stand in the file, about what it would stand
    /// in.
    pub fn finding(&self, code: Code, path: &[Step], message: impl Into<String>) -> Finding {
        self.sources.finding(code, self.place(path, false), message)
    }

    /// A finding about the key of a value.
    pub fn finding_at_key(&self, code: Code, path: &[Step], message: impl Into<String>) -> Finding {
        self.sources.finding(code, self.place(path, true), message)
    }

    /// Whether a value comes from an overlay.
    pub fn is_changed(&self, path: &[Step]) -> bool {
        self.sources.is_overlay(self.place(path, false))
    }

    fn place(&self, path: &[Step], want_key: bool) -> Range<usize> {
        let (mut value, mut place) = (&self.tree, 0..0);
        for (n, step) in path.iter().enumerate() {
            let next = match (value, step) {
                (DeValue::Table(table), Step::Key(key)) => match table.get_key_value(*key) {
                    Some((key, next)) => {
                        if want_key && n + 1 == path.len() {
                            return key.span();
                        }
                        next
                    }
                    None => break,
                },
                (DeValue::Array(list), Step::At(at)) => match list.get(*at) {
                    Some(next) => next,
                    None => break,
                },
                (
                    DeValue::Table(_)
                    | DeValue::Array(_)
                    | DeValue::String(_)
                    | DeValue::Integer(_)
                    | DeValue::Float(_)
                    | DeValue::Boolean(_)
                    | DeValue::Datetime(_),
                    Step::Key(_) | Step::At(_),
                ) => break,
            };
            value = next.get_ref();
            place = next.span();
        }
        place
    }
}

/// Columns of a line on paper of 58 mm (384 dots, a letter is 12 wide) beside the mark of a list.
const SLIP_COLUMNS: usize = 384 / 12 - 3;

/// A word that a slip would have to cut. Lines break at blanks, after hyphens and slashes, and
/// beside every Chinese character.
pub fn too_wide(text: &str) -> Option<&str> {
    let breaks = |c: char| c.is_whitespace() || c == '-' || c == '/' || !c.is_ascii();
    text.split(breaks).find(|word| word.len() > SLIP_COLUMNS)
}

/// Whether a character is one of the Chinese script.
fn is_chinese(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

/// Where in a file, in words.
struct Site {
    what: String,
    description: Option<String>,
}

struct Shape<'a> {
    sources: &'a Sources,
    schema: &'a Value,
    findings: &'a mut Vec<Finding>,
    /// Whether the file can be read as its type in spite of the findings.
    sound: bool,
}

impl<'a> Shape<'a> {
    fn value(&mut self, schema: &'a Value, value: &mut Spanned<DeValue<'_>>, site: &Site) {
        if let Some(alternatives) = schema["anyOf"].as_array() {
            let fitting = alternatives.iter().find(|a| self.fits(a, value.get_ref()));
            // When none fits, the first one's complaint is the plainest.
            if let Some(one) = fitting.or(alternatives.first()) {
                self.value(one, value, site);
            }
            return;
        }
        let is_text = schema["$ref"] == "#/$defs/Text";
        let schema = self.resolve(schema);
        let span = value.span();
        if schema["anyOf"].is_array() {
            return self.value(schema, value, site);
        }
        if !self.fits(schema, value.get_ref()) {
            let expected = type_words(schema);
            let found = found_words(value.get_ref());
            let message = format!("{} must be {expected}, not {found}", site.what);
            self.unsound(Code::WrongType, span, message, site);
            return;
        }
        match value.get_mut() {
            DeValue::Table(table) => self.table(schema, table, span, site, is_text),
            DeValue::Array(list) => self.list(schema, list, span, site),
            DeValue::String(word) => self.word(schema, word, span, site),
            DeValue::Integer(number) => {
                let number = i128::from_str_radix(number.as_str(), number.radix()).ok();
                let (min, max) = match schema["format"].as_str() {
                    Some("uint32") => (0, i128::from(u32::MAX)),
                    Some(_) | None => (i128::from(i64::MIN), i128::from(i64::MAX)),
                };
                let min = schema["minimum"].as_i64().map_or(min, i128::from);
                let max = schema["maximum"].as_i64().map_or(max, i128::from);
                if !number.is_some_and(|n| (min..=max).contains(&n)) {
                    let message = format!("{} must be a number from {min} to {max}", site.what);
                    self.unsound(Code::BadValue, span, message, site);
                }
            }
            DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
        }
    }

    fn table(
        &mut self,
        schema: &'a Value,
        table: &mut DeTable<'_>,
        span: Range<usize>,
        site: &Site,
        is_text: bool,
    ) {
        let Some(properties) = schema["properties"].as_object() else {
            // A table of free keys, such as a condition.
            let each = &schema["additionalProperties"];
            for (key, value) in table.iter_mut() {
                let what = format!("`{}`", key.get_ref());
                self.value(
                    each,
                    value,
                    &Site {
                        what,
                        description: None,
                    },
                );
            }
            return;
        };
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let mut missing: BTreeSet<String> = required
            .iter()
            .filter_map(Value::as_str)
            .filter(|key| !table.contains_key(*key))
            .map(str::to_owned)
            .collect();
        let mut unknown = Vec::new();
        for (key, value) in table.iter_mut() {
            let name = key.get_ref().to_string();
            if let Some(property) = properties.get(&name) {
                let description = property["description"].as_str().map(str::to_owned);
                self.value(
                    property,
                    value,
                    &Site {
                        what: format!("`{name}`"),
                        description,
                    },
                );
            } else {
                unknown.push((name, key.span()));
            }
        }
        for (name, span) in unknown {
            table.remove(name.as_str());
            let unused = properties
                .keys()
                .filter(|known| !table.contains_key(known.as_str()));
            let close = closest(&name, unused.map(String::as_str));
            let finding = self.sources.finding(
                Code::UnknownKey,
                span,
                format!("{} has no key `{name}`", site.what),
            );
            self.findings.push(match close {
                Some(known) => {
                    // The misspelled key is not reported as missing a second time.
                    if missing.remove(known) {
                        self.sound = false;
                    }
                    finding.help(format!("did you mean `{known}`?"))
                }
                None => {
                    let known: Vec<&str> = properties.keys().map(String::as_str).collect();
                    finding.help(format!("it may have: {}", known.join(", ")))
                }
            });
        }
        for name in missing {
            let description = properties[&name]["description"].as_str();
            if is_text {
                let language = if name == "zh" { "Chinese" } else { "English" };
                let message = format!("{} has no {language} text", site.what);
                self.found(Code::MissingTranslation, span.clone(), message, site);
                let blank = DeValue::String("?".into());
                table.insert(
                    Spanned::new(span.clone(), name.into()),
                    Spanned::new(span.clone(), blank),
                );
                continue;
            }
            let message = format!("{} lacks `{name}`", site.what);
            let description = description.map(str::to_owned);
            let what = site.what.clone();
            self.unsound(
                Code::MissingKey,
                span.clone(),
                message,
                &Site { what, description },
            );
        }
        if is_text {
            for (language, value) in table.iter() {
                let DeValue::String(word) = value.get_ref() else {
                    continue;
                };
                let what = format!("`{}` of {}", language.get_ref(), site.what);
                if word.trim().is_empty() {
                    let message = format!("{what} is empty");
                    self.found(Code::MissingTranslation, value.span(), message, site);
                } else if language.get_ref() == "en" && word.contains(is_chinese) {
                    let message = format!("{what} is not in English: {word}");
                    self.found(Code::MissingTranslation, value.span(), message, site);
                }
                if let Some(long) = too_wide(word) {
                    let message = format!("{what} has a word too long for a slip: {long}");
                    let finding = self.sources.finding(Code::TooWide, value.span(), message);
                    self.findings.push(finding.help(format!(
                        "paper of 58 mm has {SLIP_COLUMNS} columns beside a list's mark; put a blank or a hyphen into the word"
                    )));
                }
            }
        }
    }

    fn list(
        &mut self,
        schema: &'a Value,
        list: &mut toml::de::DeArray<'_>,
        span: Range<usize>,
        site: &Site,
    ) {
        let len = list.len() as u64;
        let min = schema["minItems"].as_u64().unwrap_or(0);
        let max = schema["maxItems"].as_u64().unwrap_or(u64::MAX);
        // The first of `[[tables]]` stands for the list.
        let place = list.iter().next().map_or(span.clone(), |_| span);
        if len < min {
            let message = format!("{} must have at least {min} entry", site.what);
            self.unsound(Code::BadLength, place, message, site);
        } else if len > max {
            let message = format!(
                "{} may have at most {max} entries, and has {len}",
                site.what
            );
            self.unsound(Code::BadLength, place, message, site);
        }
        let each = &schema["items"];
        for value in list.iter_mut() {
            let what = match value.get_ref() {
                DeValue::Table(_) => site.what.clone(),
                DeValue::Array(_)
                | DeValue::String(_)
                | DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_) => format!("an entry of {}", site.what),
            };
            let description = site.description.clone();
            self.value(each, value, &Site { what, description });
        }
    }

    fn word(&mut self, schema: &Value, word: &str, span: Range<usize>, site: &Site) {
        if let Some(allowed) = allowed(schema) {
            if !allowed.iter().any(|(value, _)| *value == word) {
                let list: Vec<String> = allowed
                    .iter()
                    .map(|(value, meaning)| match meaning {
                        Some(meaning) => format!("\"{value}\" {}", meaning.trim_end_matches('.')),
                        None => format!("\"{value}\""),
                    })
                    .collect();
                let message = format!("{} may not be \"{word}\"", site.what);
                self.sound = false;
                self.findings.push(
                    self.sources
                        .finding(Code::BadValue, span, message)
                        .help(format!("one of: {}", list.join(", "))),
                );
            }
            return;
        }
        let fault = match schema["format"].as_str() {
            Some("yici-age") => word.parse::<Age>().err(),
            Some("yici-days") => word.parse::<OpenDays>().err(),
            Some("yici-hours") => word.parse::<OpenTime>().err(),
            Some(_) | None => None,
        };
        if let Some(fault) = fault {
            self.unsound(Code::BadValue, span, fault.to_owned(), site);
        } else if schema["minLength"].as_u64().unwrap_or(0) > 0 && word.trim().is_empty() {
            // Text reports this itself, in words of its own.
            let is_text = site.what == "`zh`" || site.what == "`en`";
            if !is_text {
                self.found(
                    Code::BadLength,
                    span,
                    format!("{} is empty", site.what),
                    site,
                );
            }
        }
    }

    fn found(&mut self, code: Code, span: Range<usize>, message: String, site: &Site) {
        let finding = self.sources.finding(code, span, message);
        self.findings.push(match &site.description {
            Some(description) => finding.help(description.clone()),
            None => finding,
        });
    }

    fn unsound(&mut self, code: Code, span: Range<usize>, message: String, site: &Site) {
        self.sound = false;
        self.found(code, span, message, site);
    }

    /// Whether a value is of a schema's type.
    fn fits(&self, schema: &'a Value, value: &DeValue) -> bool {
        let schema = self.resolve(schema);
        if let Some(alternatives) = schema["anyOf"].as_array() {
            return alternatives.iter().any(|a| self.fits(a, value));
        }
        let name = match value {
            DeValue::String(_) => "string",
            DeValue::Integer(_) => "integer",
            DeValue::Float(_) => "number",
            DeValue::Boolean(_) => "boolean",
            DeValue::Datetime(_) => "date",
            DeValue::Array(_) => "array",
            DeValue::Table(_) => "object",
        };
        match &schema["type"] {
            Value::String(one) => one == name,
            Value::Array(many) => many.iter().any(|one| one == name),
            // Only lists of values have no type of their own.
            Value::Null => schema["oneOf"].is_array() && name == "string",
            Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
        }
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str().and_then(|r| r.strip_prefix('#')) {
            Some(pointer) => self.schema.pointer(pointer).unwrap_or(schema),
            None => schema,
        }
    }
}

/// The values a schema lists, with what they mean.
fn allowed(schema: &Value) -> Option<Vec<(&str, Option<&str>)>> {
    if let Some(values) = schema["enum"].as_array() {
        return Some(
            values
                .iter()
                .filter_map(|v| Some((v.as_str()?, None)))
                .collect(),
        );
    }
    let one_of = schema["oneOf"].as_array()?;
    let values = one_of.iter().flat_map(|one| {
        let meaning = one["description"].as_str();
        let values = one["enum"].as_array().map_or(&[][..], Vec::as_slice);
        let values = values.iter().chain(one.get("const"));
        values.filter_map(move |v| Some((v.as_str()?, meaning)))
    });
    Some(values.collect())
}

fn type_words(schema: &Value) -> &'static str {
    let word = match &schema["type"] {
        Value::String(one) => one.as_str(),
        Value::Array(many) => many.iter().filter_map(Value::as_str).next().unwrap_or(""),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => "string",
    };
    match word {
        "integer" => "a whole number",
        "boolean" => "true or false",
        "array" => "a list in [ ]",
        "object" => "a table",
        _ => "a string in quotes",
    }
}

fn found_words(value: &DeValue) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The word most like another, if any is much like it.
pub fn closest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    known
        .map(|known| (distance(known, word), known))
        .filter(|(differing, known)| *differing <= 2.min(known.chars().count() / 2))
        .min()
        .map(|(_, known)| known)
}

/// How many letters differ (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = if x == *y {
                corner
            } else {
                1 + corner.min(row[j]).min(row[j + 1])
            };
            corner = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_word_is_close() {
        let known = ["summary", "short", "as", "keywords"];
        assert_eq!(closest("sumary", known.into_iter()), Some("summary"));
        assert_eq!(closest("keyword", known.into_iter()), Some("keywords"));
        assert_eq!(closest("colour", known.into_iter()), None);
        assert_eq!(closest("xy", known.into_iter()), None);
    }
}
