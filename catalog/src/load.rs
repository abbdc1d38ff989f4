//! Loading a catalogue from its folder: the only input this crate does.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use miette::NamedSource;

use crate::check;
use crate::file::{CatalogueFile, MatterFile};
use crate::finding::{Code, Finding, LoadError};
use crate::model::{Catalog, Matter};
use crate::schema;
use crate::shape;

/// The file that all matters share.
pub const CATALOGUE_FILE: &str = "catalogue.toml";

/// No file may be bigger.
pub const MAX_FILE_BYTES: u64 = 1 << 20;

/// No catalogue may have more files.
pub const MAX_FILES: usize = 500;

impl Catalog {
    /// Loads `catalogue.toml` and every matter beside it. A catalogue is taken whole or not at
    /// all; all that is wrong with it is told at once.
    pub fn load(dir: &Path) -> Result<Catalog, LoadError> {
        let mut findings = Vec::new();
        let catalog = load(dir, &mut findings);
        match catalog {
            Some(catalog) if findings.is_empty() => Ok(catalog),
            Some(_) | None => Err(LoadError::new(findings)),
        }
    }
}

fn load(dir: &Path, findings: &mut Vec<Finding>) -> Option<Catalog> {
    let names = match list(dir) {
        Ok(names) => names,
        Err(finding) => {
            findings.push(*finding);
            return None;
        }
    };
    let mut matters = Vec::new();
    let mut shared = None;
    let sources: Vec<_> = names
        .iter()
        .filter_map(|name| {
            Some(Arc::new(NamedSource::new(
                name,
                text_of(dir, name, findings)?,
            )))
        })
        .collect();
    for source in &sources {
        if source.name() == CATALOGUE_FILE {
            shared = shape::read::<CatalogueFile>(source, schema::catalogue_schema(), findings);
        } else {
            let read = shape::read::<MatterFile>(source, schema::matter_schema(), findings);
            matters.extend(read.map(|(doc, file)| (source.name(), doc, file)));
        }
    }
    if !names.iter().any(|name| name == CATALOGUE_FILE) {
        let message = format!("the catalogue's folder has no {CATALOGUE_FILE}");
        findings.push(Finding::of_file(Code::Unreadable, CATALOGUE_FILE, message));
    }
    if names.iter().all(|name| name == CATALOGUE_FILE) {
        let finding = Finding::of_file(Code::NoMatter, ".", "the catalogue has no matter");
        let help = format!("write each matter as `<its id>.toml` beside {CATALOGUE_FILE}");
        findings.push(finding.help(help));
    }
    let (doc, shared) = shared?;
    check::catalogue(&doc, &shared, findings);
    let read: Vec<_> = matters.iter().map(|(_, doc, file)| (doc, file)).collect();
    check::together(&read, findings);
    let mut built: Vec<Matter> = Vec::new();
    for (name, doc, file) in matters {
        built.extend(check::matter(name, &doc, file, &shared, dir, findings));
    }
    let place = |m: &Matter| shared.stages.iter().position(|s| s.id == m.stage);
    built.sort_by(|a, b| (place(a), &a.id).cmp(&(place(b), &b.id)));
    Some(Catalog {
        matters: built,
        version: shared.version,
        region: shared.region,
        region_code: shared.region_code,
        stages: shared.stages,
        units: shared.units,
        resources: shared.resources,
        applicants: shared.applicants,
    })
}

/// The name and text of each TOML file.
pub(crate) fn read_files(dir: &Path) -> Result<Vec<(String, String)>, Vec<Finding>> {
    let names = list(dir).map_err(|finding| vec![*finding])?;
    let mut findings = Vec::new();
    let files = names
        .into_iter()
        .filter_map(|name| text_of(dir, &name, &mut findings).map(|text| (name, text)))
        .collect();
    match findings.is_empty() {
        true => Ok(files),
        false => Err(findings),
    }
}

/// The names of all TOML files, sorted.
fn list(dir: &Path) -> Result<Vec<String>, Box<Finding>> {
    let unreadable = |e: std::io::Error| {
        let message = format!(
            "the catalogue's folder {} cannot be read: {e}",
            dir.display()
        );
        Box::new(Finding::of_file(Code::Unreadable, ".", message))
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(".toml") && !name.starts_with('.') {
            names.push(name.into_owned());
        }
        if names.len() > MAX_FILES {
            let message = format!("the catalogue has more than {MAX_FILES} files");
            let finding = Finding::of_file(Code::Unreadable, ".", message);
            return Err(Box::new(finding));
        }
    }
    names.sort();
    Ok(names)
}

fn text_of(dir: &Path, name: &str, findings: &mut Vec<Finding>) -> Option<String> {
    let read = || -> Result<String, String> {
        // A pipe would keep the terminal waiting.
        if !fs::metadata(dir.join(name))
            .map_err(|e| e.to_string())?
            .is_file()
        {
            return Err("it is no file".to_owned());
        }
        let file = fs::File::open(dir.join(name)).map_err(|e| e.to_string())?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| e.to_string())?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(format!("it is bigger than {MAX_FILE_BYTES} bytes"));
        }
        String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
    };
    match read() {
        Ok(text) => Some(text),
        Err(why) => {
            let message = format!("`{name}` cannot be read: {why}");
            findings.push(Finding::of_file(Code::Unreadable, name, message));
            None
        }
    }
}
