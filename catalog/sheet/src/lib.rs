//! The catalogue as a spreadsheet that hall staff fill in: Chinese sheets and columns, drop-down
//! lists for codes, mistakes told by sheet and cell.
//!
//! A workbook holds one file of a catalogue: a matter, or what all matters share. Exported and
//! imported again it is the same data. Comments of the file are remarks of the workbook; one inside
//! an entry becomes a remark of the whole entry, and what no remark has is told before it is lost.

mod export;
mod import;
mod layout;
mod remarks;
mod write;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use toml::Table;
use yici_catalog::{CATALOGUE_FILE, Catalog, Finding, MAX_FILE_BYTES, REGIONS_DIR};

pub use export::ExportError;
pub use import::{Cell, Fault};
pub use layout::{Book, Column, Kind, Rows, Sheet, sheets};

/// No workbook may be bigger.
pub const MAX_WORKBOOK_BYTES: u64 = 16 << 20;

/// How `catalogue.toml` is named where a matter is asked for.
pub const SHARED: &str = "catalogue";

/// Why a workbook was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The workbook has mistakes.
    #[error("{}", list(.0))]
    Faults(Vec<Fault>),
    /// The catalogue's folder cannot be read.
    #[error("{file}: {source}")]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// `catalogue.toml` is not TOML.
    #[error("{CATALOGUE_FILE} is not TOML: {0}")]
    Shared(toml::de::Error),
}

/// A workbook that was found good together with the rest of the catalogue.
#[derive(Debug)]
pub struct Imported {
    /// The file's name.
    pub file: String,
    /// What it will say.
    pub toml: String,
    /// Whether there is such a file.
    pub exists: bool,
    /// Comments of that file that would be lost: no remark has them.
    pub lost: Vec<String>,
}

fn list(faults: &[Fault]) -> String {
    let lines: Vec<String> = faults.iter().map(Fault::to_string).collect();
    lines.join("\n")
}

/// Writes a matter of the catalogue in a folder as a workbook; [`SHARED`] is what all share.
pub fn export(dir: &Path, matter: &str) -> Result<Vec<u8>, ExportError> {
    let read = |file: &str| {
        fs::read_to_string(dir.join(file)).map_err(|source| ExportError::Read {
            file: file.to_owned(),
            source,
        })
    };
    let shared = read(CATALOGUE_FILE)?;
    if matter == SHARED {
        return export::workbook(CATALOGUE_FILE, &shared, &shared, Book::Shared);
    }
    let file = format!("{matter}.toml");
    let text = read(&file)?;
    export::workbook(&file, &text, &shared, Book::Matter)
}

/// An empty workbook for a new matter of the catalogue in a folder.
pub fn template(dir: &Path, id: &str) -> Result<Vec<u8>, ExportError> {
    let shared = fs::read_to_string(dir.join(CATALOGUE_FILE)).map_err(|source| {
        let file = CATALOGUE_FILE.to_owned();
        ExportError::Read { file, source }
    })?;
    let text = format!(
        "format = 1\nid = {}\n[guide]\nflow_chart = \"generated\"\n",
        write::quoted(id)
    );
    export::workbook(id, &text, &shared, Book::Matter)
}

/// Reads a workbook by itself: which file it holds, and what that says. The rest of the catalogue
/// is asked for its ids only.
pub fn read(workbook: &[u8], dir: &Path) -> Result<(String, String), ImportError> {
    let (file, text) = text(workbook, dir)?;
    Ok((file, text.toml))
}

/// Reads a workbook and checks it together with the rest of the catalogue. Nothing is written.
pub fn import(workbook: &[u8], dir: &Path) -> Result<Imported, ImportError> {
    let (file, text) = text(workbook, dir)?;
    let faults = check(dir, &file, &text)?;
    if !faults.is_empty() {
        return Err(ImportError::Faults(faults));
    }
    let path = dir.join(&file);
    let exists = path.exists();
    let old = if exists {
        file_text(&path)?
    } else {
        String::new()
    };
    Ok(Imported {
        lost: lost(&old, &text.toml),
        file,
        toml: text.toml,
        exists,
    })
}

fn text(workbook: &[u8], dir: &Path) -> Result<(String, write::Text), ImportError> {
    let shared: Table = file_text(&dir.join(CATALOGUE_FILE))?
        .parse()
        .map_err(ImportError::Shared)?;
    let contents = import::read(workbook, &shared).map_err(ImportError::Faults)?;
    let text = write::file(&contents);
    let file = match contents.book {
        Book::Shared => CATALOGUE_FILE.to_owned(),
        Book::Matter => format!("{}.toml", id(&text.toml)?),
    };
    Ok((file, text))
}

fn file_text(file: &Path) -> Result<String, ImportError> {
    fs::read_to_string(file).map_err(|source| ImportError::Read {
        file: file.to_owned(),
        source,
    })
}

impl Imported {
    /// Writes the file, as a whole or not at all. What stood there before is kept beside it, with
    /// `.old` at the end of its name.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        let path = dir.join(&self.file);
        let mut new = tempfile::NamedTempFile::new_in(dir)?;
        new.write_all(self.toml.as_bytes())?;
        new.as_file().sync_all()?;
        if self.exists {
            fs::copy(&path, dir.join(format!("{}.old", self.file)))?;
            fs::set_permissions(new.path(), fs::metadata(&path)?.permissions())?;
        }
        new.persist(&path)?;
        Ok(())
    }
}

/// The matter's id, which names its file: it must not lead out of the folder.
fn id(toml: &str) -> Result<String, ImportError> {
    let root: Table = toml.parse().unwrap_or_default();
    let id = root.get("id").and_then(toml::Value::as_str).unwrap_or("");
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || id == SHARED || !id.chars().all(fits) {
        return Err(ImportError::Faults(vec![Fault {
            cell: String::new(),
            message: format!("基本信息里的编号“{id}”不能用：要用小写英文词和数字，用短横连接"),
        }]));
    }
    Ok(id.to_owned())
}

/// What the loader says about the catalogue with the new file in it, as it is and as each region
/// has it.
fn check(dir: &Path, file: &str, text: &write::Text) -> Result<Vec<Fault>, ImportError> {
    let failed = |source: io::Error| ImportError::Read {
        file: dir.to_owned(),
        source,
    };
    let before: BTreeSet<String> = match Catalog::load_every_region(dir) {
        Ok(_) => BTreeSet::new(),
        Err(e) => e.findings.iter().map(Finding::line).collect(),
    };
    let copy = tempfile::tempdir().map_err(failed)?;
    let read = |name: &str, is_dir: bool| !is_dir || name == "samples" || name == REGIONS_DIR;
    copy_files(dir, copy.path(), &read).map_err(failed)?;
    fs::write(copy.path().join(file), &text.toml).map_err(failed)?;
    let findings = match Catalog::load_every_region(copy.path()) {
        Ok(_) => return Ok(Vec::new()),
        Err(e) => e.findings,
    };
    Ok(findings
        .iter()
        // What was wrong elsewhere before is not this workbook's.
        .filter(|f| f.file == file || !before.contains(&f.line()))
        .map(|f| fault(f, file, text))
        .collect())
}

/// Copies the files and folders that are wanted, by name and whether it is a folder; all that is in
/// such a folder is.
fn copy_files(from: &Path, to: &Path, wanted: &dyn Fn(&str, bool) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let kind = fs::metadata(&path)?;
        if !wanted(&name.to_string_lossy(), kind.is_dir()) {
            continue;
        }
        if kind.is_dir() {
            fs::create_dir(to.join(&name))?;
            copy_files(&path, &to.join(&name), &|_, _| true)?;
        } else if kind.is_file() && kind.len() <= MAX_FILE_BYTES.max(MAX_WORKBOOK_BYTES) {
            fs::copy(&path, to.join(&name))?;
        }
    }
    Ok(())
}

fn fault(finding: &Finding, file: &str, text: &write::Text) -> Fault {
    let help = finding
        .help
        .as_ref()
        .map_or_else(String::new, |help| format!("；{help}"));
    let shown = finding.witness.as_ref();
    let shown = shown.map_or_else(String::new, |w| format!("；例如：{}", w.text.zh));
    let plain = finding.code.zh();
    let message = format!("{plain}（{}{shown}{help}）", finding.message);
    if finding.file == file {
        Fault {
            cell: text.cell(finding.line, finding.column).to_string(),
            message,
        }
    } else {
        Fault {
            cell: format!("{} 第{}行", finding.file, finding.line),
            message,
        }
    }
}

/// The comments of the old text that the new one has not.
fn lost(old: &str, new: &str) -> Vec<String> {
    let lines = |text: &str| -> Vec<String> {
        let remarks = remarks::remarks(text);
        let all = remarks.values().flat_map(|r| r.lines());
        all.map(|line| line.trim().to_owned())
            .filter(|l| !l.is_empty())
            .collect()
    };
    let kept: BTreeSet<String> = lines(new).into_iter().collect();
    lines(old)
        .into_iter()
        .filter(|line| !kept.contains(line))
        .collect()
}
