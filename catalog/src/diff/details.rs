//! Every entry that is written otherwise than before.

use serde::Serialize;
use serde_json::{Value, json};

use super::Detail;
use crate::model::{Catalog, Matter, Text};

/// What all matters share; the version is told by itself.
pub fn of_catalogues(old: &Catalog, new: &Catalog) -> Vec<Detail> {
    let mut details = Details(Vec::new());
    let top = |c: &Catalog| json!({"region": c.region, "region_code": c.region_code});
    details.entry("", "", &top(old), &top(new));
    details.entries("stage", &old.stages, &new.stages);
    details.entries("unit", &old.units, &new.units);
    details.entries("resource", &old.resources, &new.resources);
    details.entries("applicant", &old.applicants, &new.applicants);
    details.entries("sequel", &old.sequels, &new.sequels);
    details.entries("suggestion", &old.suggestions, &new.suggestions);
    details.0
}

/// A matter's file.
pub fn of_matters(old: &Matter, new: &Matter) -> Vec<Detail> {
    let mut details = Details(Vec::new());
    let top = |m: &Matter| {
        json!({"stage": m.stage, "name": m.name, "short": m.short, "summary": m.summary,
            "keywords": m.keywords, "free_order": m.free_order})
    };
    details.entry("", "", &top(old), &top(new));
    details.entry("guide", "", &value(&old.guide), &value(&new.guide));
    details.entries("question", &old.questions, &new.questions);
    details.entries("window", &old.windows, &new.windows);
    // As expanded: which answers they stand for is not written in one place.
    let situations = |m: &Matter| -> Vec<Value> {
        let named = m.situations.iter();
        named
            .map(|s| json!({"id": s.id, "text": s.text, "answers": answers(m, s)}))
            .collect()
    };
    details.entries("situation", &situations(old), &situations(new));
    details.entries("item", &old.items, &new.items);
    details.entries("join", &old.joins, &new.joins);
    details.entries("material", &old.materials, &new.materials);
    details.entries("field", &old.fields, &new.fields);
    details.0
}

/// The answers of a situation: for each of its boxes the questions that do not take any option.
fn answers(matter: &Matter, situation: &crate::model::Situation) -> Value {
    let boxes = situation.cubes.iter().map(|cube| {
        let mut condition = serde_json::Map::new();
        for (q, question) in matter.questions.iter().enumerate() {
            let held: Vec<&str> = question
                .options
                .iter()
                .enumerate()
                .filter(|(o, _)| cube.options(q) & crate::plan::bit(*o) != 0)
                .map(|(_, option)| option.id.as_str())
                .collect();
            if held.len() != question.options.len() {
                condition.insert(question.id.clone(), json!(held));
            }
        }
        Value::Object(condition)
    });
    boxes.collect()
}

struct Details(Vec<Detail>);

impl Details {
    fn entries<T: Serialize>(&mut self, table: &str, old: &[T], new: &[T]) {
        let values = |entries: &[T]| -> Vec<Value> { entries.iter().map(value).collect() };
        let (old, new) = (values(old), values(new));
        let (old_keys, new_keys) = (labels(&old), labels(&new));
        for (entry, key) in new.iter().zip(&new_keys) {
            let was = old_keys.iter().position(|k| k == key);
            let was = was.map_or(&Value::Null, |at| &old[at]);
            self.entry(table, key, was, entry);
        }
        for (entry, key) in old.iter().zip(&old_keys) {
            if !new_keys.contains(key) {
                self.entry(table, key, entry, &Value::Null);
            }
        }
        let common = |keys: &[String], other: &[String]| -> Vec<String> {
            keys.iter().filter(|k| other.contains(k)).cloned().collect()
        };
        let (was, is) = (common(&old_keys, &new_keys), common(&new_keys, &old_keys));
        if was != is {
            self.0.push(Detail {
                table: table.to_owned(),
                entry: String::new(),
                name: None,
                path: "order".to_owned(),
                old: json!(was),
                new: json!(is),
            });
        }
    }

    fn entry(&mut self, table: &str, entry: &str, old: &Value, new: &Value) {
        let of = |v: &Value, key: &str| serde_json::from_value::<Text>(v[key].clone()).ok();
        let name = ["name", "text", "label"]
            .iter()
            .find_map(|key| of(new, key).or_else(|| of(old, key)));
        let at = Detail {
            table: table.to_owned(),
            entry: entry.to_owned(),
            name: name.filter(|_| !table.is_empty() && table != "guide"),
            path: String::new(),
            old: Value::Null,
            new: Value::Null,
        };
        self.values(&at, String::new(), old, new);
    }

    fn values(&mut self, at: &Detail, path: String, old: &Value, new: &Value) {
        if old == new {
            return;
        }
        let inner = |key: &str| match path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        };
        match (old, new) {
            (Value::Object(a), Value::Object(b)) => {
                for key in b.keys().chain(a.keys().filter(|k| !b.contains_key(*k))) {
                    let of = |m: &serde_json::Map<String, Value>| {
                        m.get(key).cloned().unwrap_or(Value::Null)
                    };
                    self.values(at, inner(key), &of(a), &of(b));
                }
            }
            (Value::Array(a), Value::Array(b)) if is_table(a) && is_table(b) => {
                let (olds, news) = (labels(a), labels(b));
                let keys = news.iter().chain(olds.iter().filter(|k| !news.contains(k)));
                for key in keys {
                    let of = |labels: &[String], list: &[Value]| {
                        let found = labels.iter().position(|k| k == key);
                        found.map_or(Value::Null, |n| list[n].clone())
                    };
                    let path = format!("{path}[{key}]");
                    self.values(at, path, &of(&olds, a), &of(&news, b));
                }
                let common = |keys: &[String], other: &[String]| -> Vec<String> {
                    keys.iter().filter(|k| other.contains(k)).cloned().collect()
                };
                let (was, is) = (common(&olds, &news), common(&news, &olds));
                if was != is {
                    self.push(at, inner("order"), json!(was), json!(is));
                }
            }
            (
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_)
                | Value::Object(_),
                _,
            ) => self.push(at, path, old.clone(), new.clone()),
        }
    }

    fn push(&mut self, at: &Detail, path: String, old: Value, new: Value) {
        self.0.push(Detail {
            path,
            old,
            new,
            ..at.clone()
        });
    }
}

fn value<T: Serialize>(of: &T) -> Value {
    // Every type here is plain data: writing it as JSON does not fail.
    serde_json::to_value(of).unwrap_or(Value::Null)
}

/// What tells the entries of a list apart: a key that each has and no two share, or the place.
fn labels(list: &[Value]) -> Vec<String> {
    let by = |key: &str| -> Option<Vec<String>> {
        let labels: Option<Vec<String>> = list
            .iter()
            .map(|entry| entry[key].as_str().map(str::to_owned))
            .collect();
        labels.filter(|labels| {
            let set: std::collections::BTreeSet<&String> = labels.iter().collect();
            set.len() == labels.len()
        })
    };
    let found = ["id", "item", "kind"].into_iter().find_map(by);
    found.unwrap_or_else(|| (1..=list.len()).map(|n| n.to_string()).collect())
}

fn is_table(list: &[Value]) -> bool {
    list.iter().all(Value::is_object)
}
