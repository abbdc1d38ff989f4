//! `kiosk catalog`: check, guide, search, and the parts that have a file of their own.

mod diff;
mod export;
mod graph;
mod import;
mod install;
mod preview;
mod region;
mod sign;
mod verify;

use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use miette::{IntoDiagnostic, WrapErr as _};
use serde_json::{Value, json};
use yici_catalog::{Catalog, Lang, Matter, Sufficiency};

use super::{Format, Verdict, print_json, print_line, read};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Say everything that is wrong with a catalogue.
    Check {
        /// The catalogue's directory. It is checked as it is, and as each region has it.
        dir: PathBuf,
        /// How findings are printed.
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
        /// Where to write the proof that every answer leads to exactly one situation or window;
        /// nothing is written when there are findings.
        #[arg(long)]
        certificate: Option<PathBuf>,
        /// The language of what is said.
        #[arg(long, value_parser = lang, default_value = "zh")]
        lang: Lang,
    },
    /// Recheck a certificate without the checker's code.
    Verify(verify::Args),
    /// Ask a matter's next question, or say what the answers come to.
    Guide {
        /// The catalogue's directory.
        dir: PathBuf,
        /// The matter's id.
        matter: String,
        /// A JSON file `{"question":"option"}`; `-` reads one object a line from stdin.
        #[arg(long)]
        answers: PathBuf,
        /// Only these items, by id; all of the situation's otherwise.
        #[arg(long, value_delimiter = ',')]
        items: Option<Vec<String>>,
        /// The language of texts.
        #[arg(long, value_parser = lang, default_value = "zh")]
        lang: Lang,
        /// The day that ages are counted to; the clock's otherwise.
        #[arg(long)]
        today: Option<jiff::civil::Date>,
        /// The region by its code (GB/T 2260); the catalogue's own otherwise.
        #[arg(long)]
        region: Option<String>,
        /// The resources that answer by themselves, by id: the questions that the author leaves
        /// free are then asked in the order with the fewest for people; the author's otherwise.
        #[arg(long, value_delimiter = ',')]
        reachable: Option<Vec<String>>,
        /// JSON is what guide speaks.
        #[arg(long, value_enum, default_value = "json")]
        format: Format,
    },
    /// Find matters by name or everyday words.
    Search {
        /// The catalogue's directory.
        dir: PathBuf,
        /// What is looked for: Chinese, pinyin, initials, or a mixture.
        #[arg(required = true)]
        words: Vec<String>,
        /// The region by its code (GB/T 2260); the catalogue's own otherwise.
        #[arg(long)]
        region: Option<String>,
        /// How results are printed.
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
    /// Say what changes between two catalogues, and for whom.
    Diff(diff::Args),
    /// Write a matter as a workbook that hall staff fill in.
    Export(export::Args),
    /// Take a workbook in, or say by sheet and cell what is wrong with it.
    Import(import::Args),
    /// Draw a matter's questions, situations and flow as SVG.
    Graph(graph::Args),
    /// Open a matter in the terminal's real pages.
    Preview(preview::Args),
    /// Write a region's own catalogue, with its overlays merged in: what is certified, signed and installed
    /// there.
    Region(region::Args),
    Sign(sign::Args),
    Install(install::Args),
}

/// A language of texts by its code.
pub(super) fn lang(text: &str) -> Result<Lang, String> {
    match text {
        "zh" => Ok(Lang::Zh),
        "en" => Ok(Lang::En),
        other => Err(format!("{other} is not a language here: zh or en")),
    }
}

pub(super) fn run(command: &Command) -> miette::Result<Verdict> {
    match command {
        Command::Check {
            dir,
            format,
            certificate,
            lang,
        } => check(dir, *format, certificate.as_deref(), *lang),
        Command::Verify(args) => verify::run(args),
        Command::Guide {
            dir,
            matter,
            answers,
            items,
            lang,
            today,
            region,
            reachable,
            format,
        } => {
            if *format == Format::Text {
                miette::bail!(
                    help = "leave --format out, or say json",
                    "guide speaks JSON only"
                );
            }
            let mut catalog = load_region(dir, region.as_deref())?;
            if let Some(reachable) = reachable {
                catalog.order_questions(|id| reachable.iter().any(|known| known == id));
            }
            let matter = find(&catalog, matter)?;
            let today = today.unwrap_or_else(|| jiff::Zoned::now().date());
            let guide = |answers: &Value| {
                yici_catalog::guide(&catalog, matter, answers, items.as_deref(), today, *lang)
            };
            match answers.to_str() {
                Some("-") => guide_lines(guide, *lang),
                Some(_) | None => guide_one(answers, guide),
            }
        }
        Command::Search {
            dir,
            words,
            region,
            format,
        } => search(dir, region.as_deref(), &words.join(" "), *format),
        Command::Diff(args) => diff::run(args),
        Command::Export(args) => export::run(args),
        Command::Import(args) => import::run(args),
        Command::Graph(args) => graph::run(args),
        Command::Preview(args) => preview::run(args),
        Command::Region(args) => region::run(args),
        Command::Sign(args) => sign::run(args),
        Command::Install(args) => install::run(args),
    }
}

/// Says why a signed catalogue was not made or taken: a finding, if the catalogue is at fault.
fn refused(
    error: &yici_catalog_publish::Error,
    lang: Lang,
    format: Format,
) -> miette::Result<Verdict> {
    if !error.is_refusal() {
        miette::bail!("{}", error.say(lang));
    }
    match format {
        Format::Json => print_json(&json!({
            "state": "refused",
            "code": error.code(),
            "message": error.say(lang),
        }))?,
        Format::Text => eprintln!("{}", error.say(lang)),
    }
    Ok(Verdict::Findings)
}

/// Loads a catalogue, with every finding shown where it stands.
pub(super) fn load(dir: &Path) -> miette::Result<Catalog> {
    load_region(dir, None)
}

/// The same as a region has it.
fn load_region(dir: &Path, region: Option<&str>) -> miette::Result<Catalog> {
    Catalog::load_region(dir, region).map_err(miette::Report::new)
}

/// A matter of the catalogue, or which there are.
pub(super) fn find<'a>(catalog: &'a Catalog, id: &str) -> miette::Result<&'a Matter> {
    catalog.matter(id).ok_or_else(|| {
        let known: Vec<&str> = catalog
            .matters
            .iter()
            .map(|matter| matter.id.as_str())
            .collect();
        miette::miette!(
            help = format!("there are: {}", known.join(", ")),
            "no matter {id:?}"
        )
    })
}

fn check(
    dir: &Path,
    format: Format,
    certificate: Option<&Path>,
    lang: Lang,
) -> miette::Result<Verdict> {
    if !dir.is_dir() {
        miette::bail!(
            help = "name a catalogue's directory",
            "{} is no directory",
            dir.display()
        );
    }
    let mut loaded = Catalog::load_every_region(dir).and_then(|catalogs| {
        let tried = catalogs.into_iter().map(|catalog| {
            let tried = catalog.sufficiency();
            tried.map(|tried| (catalog, tried))
        });
        tried.collect::<Result<Vec<_>, _>>()
    });
    if let (Ok(_), Some(file)) = (&loaded, certificate) {
        match Catalog::certify(dir) {
            Ok((_, proven)) => std::fs::write(file, proven.to_string())
                .into_diagnostic()
                .wrap_err_with(|| format!("cannot write {}", file.display()))?,
            Err(findings) => loaded = Err(findings),
        }
    }
    if format == Format::Json {
        let findings = loaded
            .as_ref()
            .map_or_else(|error| &error.findings[..], |_| &[]);
        print_json(&json!({ "findings": findings }))?;
    }
    match loaded {
        Ok(catalogs) => {
            if format == Format::Text {
                for (catalog, tried) in &catalogs {
                    print_line(&report(catalog, tried, lang))?;
                }
                print_line(match lang {
                    Lang::Zh => "没有错。",
                    Lang::En => "no findings",
                })?;
            }
            Ok(Verdict::Fine)
        }
        Err(error) => {
            if format == Format::Text {
                eprintln!("{}", error.render(lang).trim_end());
                match lang {
                    Lang::Zh => eprintln!("有 {} 个错。", error.findings.len()),
                    Lang::En => eprintln!("{error}"),
                }
            }
            Ok(Verdict::Findings)
        }
    }
}

/// What a catalogue without mistakes has, and what was tried, a line each.
fn report(catalog: &Catalog, tried: &Sufficiency, lang: Lang) -> String {
    let region = &catalog.region_code;
    let mut lines = Vec::new();
    for matter in &catalog.matters {
        let (id, questions, situations) =
            (&matter.id, matter.questions.len(), matter.situations.len());
        let (items, materials) = (matter.items.len(), matter.materials.len());
        lines.push(match lang {
            Lang::Zh => format!(
                "{id}（{region}）：{questions} 个问题，{situations} 个情形，{items} 个事项，{materials} 份材料"
            ),
            Lang::En => format!(
                "{id} in {region}: {questions} questions, {situations} situations, {items} items, {materials} materials"
            ),
        });
    }
    let Sufficiency { kinds, choices, .. } = tried;
    lines.push(match lang {
        Lang::Zh => format!(
            "各部门都能从一张表、一套材料里拿到自己的那一份（{region}）：{kinds} 种需要，试了 {choices} 种选法"
        ),
        Lang::En => format!(
            "every department gets its own out of the one form and the one set in {region}: {kinds} kinds of needs, {choices} choices tried"
        ),
    });
    lines.join("\n")
}

fn guide_one(file: &Path, guide: impl Fn(&Value) -> Value) -> miette::Result<Verdict> {
    let answers: Value = serde_json::from_str(&read(file)?).map_err(|error| {
        miette::miette!(
            help = "answers look like {\"question\":\"option\"}",
            "{} is not JSON: {error}",
            file.display()
        )
    })?;
    let result = guide(&answers);
    print_json(&result)?;
    Ok(if result["state"] == "error" {
        Verdict::Findings
    } else {
        Verdict::Fine
    })
}

/// One line of answers, one line of result; a bad line is answered and passed.
fn guide_lines(guide: impl Fn(&Value) -> Value, lang: Lang) -> miette::Result<Verdict> {
    const MOST_BYTES: u64 = 1024 * 1024;
    let mut lines = std::io::stdin().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        // A longer line is cut, and so no JSON.
        let read = (&mut lines).take(MOST_BYTES).read_until(b'\n', &mut line);
        if read.into_diagnostic()? == 0 {
            return Ok(Verdict::Fine);
        }
        let result = match serde_json::from_slice(&line) {
            Ok(answers) => guide(&answers),
            Err(error) => {
                let what = match lang {
                    Lang::Zh => "不是 JSON",
                    Lang::En => "not JSON",
                };
                json!({"state": "error", "question": null, "message": format!("{what}: {error}")})
            }
        };
        print_line(&result.to_string())?;
    }
}

fn search(
    dir: &Path,
    region: Option<&str>,
    words: &str,
    format: Format,
) -> miette::Result<Verdict> {
    let catalog = load_region(dir, region)?;
    let found = catalog.search(words);
    match format {
        Format::Json => {
            let found: Vec<Value> = found
                .iter()
                .map(|matter| json!({"id": matter.id, "name": matter.name.zh, "short": matter.short.zh, "stage": matter.stage}))
                .collect();
            print_json(&found)?;
        }
        Format::Text => {
            for matter in &found {
                println!("{}\t{}", matter.id, matter.name.zh);
            }
            if found.is_empty() {
                eprintln!("nothing found for {words:?}");
            }
        }
    }
    Ok(Verdict::Fine)
}
