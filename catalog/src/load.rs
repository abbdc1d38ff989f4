//! Loading a catalogue from its folder: the only input this crate does.

use std::fs;
use std::io::Read;
use std::iter;
use std::path::Path;
use std::sync::Arc;

use miette::NamedSource;
use serde_json::Value;
use toml::de::DeTable;

use crate::check;
use crate::each::each;
use crate::file::{CatalogueFile, MatterFile};
use crate::finding::{Code, Finding, LoadError};
use crate::model::{Catalog, Matter};
use crate::overlay;
use crate::schema;
use crate::search::Index;
use crate::shape::{Document, Step, at};

/// The file that all matters share.
pub const CATALOGUE_FILE: &str = "catalogue.toml";

/// No file may be bigger.
pub const MAX_FILE_BYTES: u64 = 1 << 20;

/// No catalogue may have more files.
pub const MAX_FILES: usize = 500;

/// The folder of the regions' overlays, in the catalogue's.
pub const REGIONS_DIR: &str = "regions";

impl Catalog {
    /// Loads `catalogue.toml` and every matter beside it, with the overlays of its own region. A
    /// catalogue is taken whole or not at all; all that is wrong with it is told at once.
    pub fn load(dir: &Path) -> Result<Catalog, LoadError> {
        Catalog::load_region(dir, None)
    }

    /// The same as a region has it, by its code (GB/T 2260): what the province says goes over what
    /// the catalogue says, and what the city and the county say over that.
    pub fn load_region(dir: &Path, region: Option<&str>) -> Result<Catalog, LoadError> {
        let mut findings = Vec::new();
        let catalog = load(dir, region, &mut findings);
        match catalog {
            Some(catalog) if findings.is_empty() => Ok(catalog),
            Some(_) | None => Err(LoadError::new(findings)),
        }
    }

    /// The TOML files of a catalogue of its own that says what this one says with a region's overlays:
    /// names and texts. Comments are lost. It can be certified, signed and installed as any other.
    ///
    /// # Errors
    /// When the catalogue has findings as that region has it.
    pub fn merged_files(dir: &Path, region: &str) -> Result<Vec<(String, String)>, LoadError> {
        Catalog::load_region(dir, Some(region))?;
        let mut findings = Vec::new();
        let merged = merged(dir, region, &mut findings);
        match merged {
            Some(files) if findings.is_empty() => Ok(files),
            Some(_) | None => Err(LoadError::new(findings)),
        }
    }

    /// Loads the catalogue as it is, and as each region has it that has overlays: each is checked
    /// as merged. The catalogue's own region comes first.
    pub fn load_every_region(dir: &Path) -> Result<Vec<Catalog>, LoadError> {
        let mut findings = Vec::new();
        let regions = regions(dir, &mut findings);
        let mut catalogs: Vec<Catalog> = Vec::new();
        for region in iter::once(None).chain(regions.iter().map(|r| Some(r.as_str()))) {
            if catalogs
                .first()
                .is_some_and(|own| Some(own.region_code.as_str()) == region)
            {
                continue;
            }
            let mut found = Vec::new();
            catalogs.extend(load(dir, region, &mut found));
            // What is wrong with the catalogue is told once, not for each region.
            found.retain(|new| {
                !findings
                    .iter()
                    .any(|old: &Finding| old.line() == new.line())
            });
            findings.extend(found);
        }
        if findings.is_empty() {
            Ok(catalogs)
        } else {
            Err(LoadError::new(findings))
        }
    }
}

fn load(dir: &Path, region: Option<&str>, findings: &mut Vec<Finding>) -> Option<Catalog> {
    let folder = open(dir, region, findings)?;
    let (shared, matters): (Vec<_>, Vec<_>) = folder
        .files()
        .partition(|(source, _)| source.name() == CATALOGUE_FILE);
    let shared = shared.first().and_then(|(_, files)| {
        overlay::read::<CatalogueFile>(files, catalogue_schemas(), findings)
    });
    let read = each(matters, findings, |(source, files), found| {
        let read = overlay::read::<MatterFile>(&files, matter_schemas(), found);
        read.map(|(doc, file)| (source.name(), doc, file))
    });
    let matters: Vec<_> = read.into_iter().flatten().collect();
    let Folder {
        names,
        region,
        is_other,
        has_overlays,
        ..
    } = &folder;
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
    if *is_other && *has_overlays && !doc.is_changed(at!["region"]) {
        let message = format!("region {region} has no name: no overlay says `region`");
        let finding = Finding::of_file(Code::Incomplete, REGIONS_DIR, message);
        findings.push(finding.help(format!("say it in regions/{region}/{CATALOGUE_FILE}")));
    }
    let read: Vec<_> = matters.iter().map(|(_, doc, file)| (doc, file)).collect();
    check::together(&read, findings);
    next_matters(&doc, &shared, names, findings);
    let checked = each(matters, findings, |(name, doc, file), found| {
        check::matter(name, &doc, file, &shared, dir, found)
    });
    let mut built: Vec<Matter> = checked.into_iter().flatten().collect();
    let place = |m: &Matter| shared.stages.iter().position(|s| s.id == m.stage);
    built.sort_by(|a, b| (place(a), &a.id).cmp(&(place(b), &b.id)));
    Some(Catalog {
        directory: dir.to_owned(),
        index: Index::new(&built),
        matters: built,
        version: shared.version,
        region: shared.region,
        region_code: region.clone(),
        stages: shared.stages,
        units: shared.units,
        resources: shared.resources,
        applicants: shared.applicants,
        sequels: shared.sequels,
        suggestions: shared.suggestions,
    })
}

/// Whether a matter, what follows it and what is suggested are there, each in a file of its own.
fn next_matters(
    doc: &Document,
    shared: &CatalogueFile,
    names: &[String],
    findings: &mut Vec<Finding>,
) {
    let is_there = |id: &str| names.contains(&format!("{id}.toml"));
    let missing = |id: &str, place: &[Step]| {
        let message = format!("the catalogue has no matter `{id}`");
        doc.finding(Code::UnknownReference, place, message)
    };
    for (s, sequel) in shared.sequels.iter().enumerate() {
        if !is_there(&sequel.id) {
            findings.push(missing(&sequel.id, at!["sequel", s, "id"]));
        }
        let next = sequel.matters.iter().enumerate();
        for (m, id) in next.filter(|(_, id)| !is_there(id)) {
            findings.push(missing(id, at!["sequel", s, "matters", m]));
        }
    }
    for (s, suggestion) in shared.suggestions.iter().enumerate() {
        if !is_there(&suggestion.id) {
            findings.push(missing(&suggestion.id, at!["suggestion", s, "id"]));
        }
        if (&suggestion.from, &suggestion.until, suggestion.address) == (&None, &None, None) {
            let message = "it says neither an age nor an address, and would be told to everybody";
            findings.push(doc.finding(Code::Incomplete, at!["suggestion", s], message));
        }
    }
}

fn merged(dir: &Path, region: &str, findings: &mut Vec<Finding>) -> Option<Vec<(String, String)>> {
    let folder = open(dir, Some(region), findings)?;
    let mut merged = Vec::new();
    for (source, files) in folder.files() {
        let table = if source.name() == CATALOGUE_FILE {
            let mut table = overlay::write(&files, catalogue_schemas(), findings)?;
            table.insert("region_code".into(), region.into());
            table
        } else {
            overlay::write(&files, matter_schemas(), findings)?
        };
        let text = toml::to_string_pretty(&table).ok()?;
        merged.push((source.name().to_owned(), text));
    }
    Some(merged)
}

/// The files of a catalogue and the overlays that a region puts onto them.
struct Folder {
    names: Vec<String>,
    sources: Vec<Arc<NamedSource<String>>>,
    overlays: Vec<Arc<NamedSource<String>>>,
    /// The region's code.
    region: String,
    /// It is not the catalogue's own.
    is_other: bool,
    has_overlays: bool,
}

impl Folder {
    /// Each file, and the same with its overlays behind it.
    fn files(
        &self,
    ) -> impl Iterator<Item = (&Arc<NamedSource<String>>, Vec<&Arc<NamedSource<String>>>)> {
        self.sources.iter().map(|source| {
            let overlays = self.overlays.iter();
            let overlays = overlays.filter(|overlay| file_name(overlay) == source.name());
            (source, iter::once(source).chain(overlays).collect())
        })
    }
}

fn open(dir: &Path, region: Option<&str>, findings: &mut Vec<Finding>) -> Option<Folder> {
    let names = match list(dir) {
        Ok(names) => names,
        Err(finding) => {
            findings.push(*finding);
            return None;
        }
    };
    let sources: Vec<_> = names
        .iter()
        .filter_map(|name| source_of(dir, name, findings))
        .collect();
    let regions = regions(dir, findings);
    let own = own_region(&sources);
    let region = region.or(own.as_deref()).unwrap_or_default().to_owned();
    let is_other = own.as_deref() != Some(&region);
    let chain = chain(&region, &regions);
    if is_other && own.is_some() && chain.is_empty() {
        let message = format!("no overlay is for region {region}");
        let finding = Finding::of_file(Code::UnknownReference, REGIONS_DIR, message);
        findings.push(finding.help(format!("there are: {}", regions.join(", "))));
    }
    Some(Folder {
        overlays: overlays(dir, &chain, &names, findings),
        has_overlays: !chain.is_empty(),
        names,
        sources,
        region,
        is_other,
    })
}

fn catalogue_schemas() -> (&'static Value, &'static Value) {
    (
        schema::catalogue_schema(),
        schema::catalogue_overlay_schema(),
    )
}

fn matter_schemas() -> (&'static Value, &'static Value) {
    (schema::matter_schema(), schema::matter_overlay_schema())
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

/// The regions whose overlays the catalogue's own region has.
pub(crate) fn overlaid(dir: &Path) -> Result<Vec<String>, Vec<Finding>> {
    let mut findings = Vec::new();
    let regions = regions(dir, &mut findings);
    let own = text_of(dir, CATALOGUE_FILE, &mut findings)
        .map(|text| Arc::new(NamedSource::new(CATALOGUE_FILE, text)));
    let own = own.and_then(|source| own_region(&[source]));
    match findings.is_empty() {
        true => Ok(chain(own.as_deref().unwrap_or_default(), &regions)
            .into_iter()
            .map(str::to_owned)
            .collect()),
        false => Err(findings),
    }
}

/// The code that the catalogue gives itself. What is wrong with its file is told elsewhere.
fn own_region(sources: &[Arc<NamedSource<String>>]) -> Option<String> {
    let source = sources.iter().find(|s| s.name() == CATALOGUE_FILE)?;
    let (tree, _) = DeTable::parse_recoverable(source.inner());
    let code = tree.get_ref().get("region_code")?;
    Some(code.get_ref().as_str()?.to_owned())
}

/// The regions that have overlays, sorted.
fn regions(dir: &Path, findings: &mut Vec<Finding>) -> Vec<String> {
    // Most catalogues have none.
    let Ok(entries) = fs::read_dir(dir.join(REGIONS_DIR)) else {
        return Vec::new();
    };
    let mut codes = Vec::new();
    for entry in entries.flatten().take(MAX_FILES) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        if check::is_region_code(&name) && entry.path().is_dir() {
            codes.push(name);
        } else {
            let file = format!("{REGIONS_DIR}/{name}");
            let message = format!("`{name}` is no folder named by a region code of six digits");
            findings.push(Finding::of_file(Code::BadValue, &file, message));
        }
    }
    codes.sort();
    codes
}

/// Province, city and county of a region, as far as they have overlays.
fn chain<'r>(region: &str, regions: &'r [String]) -> Vec<&'r str> {
    if !check::is_region_code(region) {
        return Vec::new();
    }
    let part = |length: usize| format!("{:0<6}", &region[..length]);
    let mut chain: Vec<&str> = Vec::new();
    for code in [part(2), part(4), part(6)] {
        let found = regions.iter().find(|r| **r == code);
        chain.extend(found.map(String::as_str).filter(|r| !chain.contains(r)));
    }
    chain
}

/// The overlays of some regions, in order.
fn overlays(
    dir: &Path,
    chain: &[&str],
    names: &[String],
    findings: &mut Vec<Finding>,
) -> Vec<Arc<NamedSource<String>>> {
    let mut overlays = Vec::new();
    for region in chain {
        let folder = format!("{REGIONS_DIR}/{region}");
        let found = match list(&dir.join(&folder)) {
            Ok(found) => found,
            Err(finding) => {
                findings.push(*finding);
                continue;
            }
        };
        for name in found {
            let path = format!("{folder}/{name}");
            if names.contains(&name) {
                overlays.extend(source_of(dir, &path, findings));
            } else {
                let message = format!("the catalogue has no `{name}` that this could change");
                findings.push(Finding::of_file(Code::UnknownReference, &path, message));
            }
        }
    }
    overlays
}

fn file_name(source: &NamedSource<String>) -> &str {
    let name = source.name();
    name.rsplit('/').next().unwrap_or(name)
}

fn source_of(
    dir: &Path,
    name: &str,
    findings: &mut Vec<Finding>,
) -> Option<Arc<NamedSource<String>>> {
    let text = text_of(dir, name, findings)?;
    Some(Arc::new(NamedSource::new(name, text)))
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
