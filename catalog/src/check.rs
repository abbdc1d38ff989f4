//! Whether what the files say holds together. The shape was checked before; every finding that
//! is left is reported, not only the first.

mod content;
mod coverage;
mod questionnaire;
mod questions;
mod situations;

use std::collections::BTreeSet;
use std::path::Path;

use crate::answer::{UNSURE, as_date};
use crate::file::{CatalogueFile, FORMAT, MatterFile};
use crate::finding::{Code, Finding};
use crate::model::{Matter, ResourceKind};
use crate::shape::{Document, Step, at, closest};

/// Checks `catalogue.toml`.
pub fn catalogue(doc: &Document, file: &CatalogueFile, findings: &mut Vec<Finding>) {
    let mut report = Report { doc, findings };
    report.format(file.format);
    report.region_code(at!["region_code"], &file.region_code);
    report.ids("stage", file.stages.iter().map(|s| s.id.as_str()), is_kebab);
    report.ids("unit", file.units.iter().map(|u| u.id.as_str()), is_kebab);
    report.ids(
        "resource",
        file.resources.iter().map(|r| r.id.as_str()),
        |id| id.split('.').all(is_kebab),
    );
    for (a, applicant) in file.applicants.iter().enumerate() {
        let earlier = &file.applicants[..a];
        if earlier.iter().any(|other| other.kind == applicant.kind) {
            let message = format!("there is an applicant `{}` already", applicant.kind.id());
            report.find(Code::DuplicateId, at!["applicant", a, "kind"], message);
        }
    }
    for (r, resource) in file.resources.iter().enumerate() {
        let is_choice = resource.kind == ResourceKind::Choice;
        if is_choice && resource.values.is_empty() {
            let message = format!("resource `{}` is a choice and has no `values`", resource.id);
            report.find(Code::Incomplete, at!["resource", r], message);
        } else if !is_choice && !resource.values.is_empty() {
            let message = format!(
                "resource `{}` is no choice and may have no `values`",
                resource.id
            );
            report.find(Code::BadValue, at!["resource", r, "values"], message);
        }
    }
}

/// Checks a matter's file and builds the matter, unless its questionnaire cannot be understood.
pub fn matter(
    name: &str,
    doc: &Document,
    file: MatterFile,
    shared: &CatalogueFile,
    dir: &Path,
    findings: &mut Vec<Finding>,
) -> Option<Matter> {
    let mut report = Report { doc, findings };
    report.format(file.format);
    if !is_kebab(&file.id) {
        report.bad_id(at!["id"], &file.id);
    } else if name != format!("{}.toml", file.id) {
        let message = format!("the file of matter `{0}` must be named `{0}.toml`", file.id);
        report.find(Code::BadId, at!["id"], message);
    }
    let ordered = content::check(&mut report, &file, shared, dir);
    let before = report.findings.len();
    questionnaire::check(&mut report, &file, shared);
    if report.findings.len() > before {
        return None;
    }
    situations::build(&mut report, file, ordered)
}

/// Checks what matters say about the same things.
pub fn together(matters: &[(&Document, &MatterFile)], findings: &mut Vec<Finding>) {
    content::fields_across(matters, findings);
}

/// Findings about one file.
struct Report<'a> {
    doc: &'a Document<'a>,
    findings: &'a mut Vec<Finding>,
}

impl Report<'_> {
    fn find(&mut self, code: Code, path: &[Step], message: impl Into<String>) {
        self.findings.push(self.doc.finding(code, path, message));
    }

    fn find_with_help(
        &mut self,
        code: Code,
        path: &[Step],
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.findings
            .push(self.doc.finding(code, path, message).help(help));
    }

    fn format(&mut self, format: u32) {
        if format != FORMAT {
            let message = format!("format {format} is not known; this program reads {FORMAT}");
            self.find(Code::BadValue, at!["format"], message);
        }
    }

    fn region_code(&mut self, path: &[Step], code: &str) {
        if !is_region_code(code) {
            let message = format!("\"{code}\" is no region code: GB/T 2260 has six digits");
            self.find(Code::BadValue, path, message);
        }
    }

    fn bad_id(&mut self, path: &[Step], id: &str) {
        self.find_with_help(
            Code::BadId,
            path,
            format!("`{id}` cannot be an id"),
            "an id is made of lowercase words and numbers joined by hyphens, as `birth-certificate`",
        );
    }

    /// Checks the ids of one kind of `[[table]]`.
    fn ids<'i>(
        &mut self,
        kind: &str,
        ids: impl Iterator<Item = &'i str>,
        shape: impl Fn(&str) -> bool,
    ) {
        let mut seen = BTreeSet::new();
        for (i, id) in ids.enumerate() {
            if !shape(id) {
                self.bad_id(at![kind, i, "id"], id);
            }
            if !seen.insert(id) {
                let message = format!("there is a {kind} `{id}` already");
                self.find(Code::DuplicateId, at![kind, i, "id"], message);
            }
        }
    }

    /// Checks that something named exists.
    fn known<'k>(
        &mut self,
        kind: &str,
        path: &[Step],
        id: &str,
        known: impl Iterator<Item = &'k str>,
    ) -> bool {
        let known: Vec<&str> = known.collect();
        let found = known.contains(&id);
        if !found {
            let message = format!("there is no {kind} `{id}`");
            let finding = self.doc.finding(Code::UnknownReference, path, message);
            self.findings.push(match closest(id, known.into_iter()) {
                Some(close) => finding.help(format!("did you mean `{close}`?")),
                None => finding,
            });
        }
        found
    }
}

/// Whether a code has the shape of GB/T 2260.
pub fn is_region_code(code: &str) -> bool {
    code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit())
}

fn is_kebab(id: &str) -> bool {
    let word = |w: &str| {
        !w.is_empty()
            && w.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    id.len() <= 100 && id.split('-').all(word)
}

/// Answers write options, dates and "unsure" alike: an option must not look like the others.
fn is_option_id(id: &str) -> bool {
    is_kebab(id) && id != UNSURE && as_date(id).is_none()
}
