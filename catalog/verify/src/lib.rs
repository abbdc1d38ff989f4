//! Rechecks a certificate of a catalogue. It shares no code with the checker that wrote it, and
//! is meant to be read in one sitting: whoever trusts this file need not trust the checker.
//!
//! What it establishes, for the very files that the certificate names by their SHA-256, and only
//! where no overlay changes them for the catalogue's own region:
//!
//! 1. Whatever is answered is one of a question's options. The bands of numbers and dates leave
//!    nothing out, "I don't know" goes on with an option (or ends at the window, which needs no
//!    proof), and what a resource says is an option.
//! 2. Every possible set of options falls into exactly one window or situation. The certificate
//!    cuts all answers into parts, question by question. Each cut must give every option to exactly
//!    one part, so no answer is lost or counted twice; and at the end of the cuts either one window
//!    serves the whole part, or one situation applies to the whole part and no window and no other
//!    situation to any of it. A written situation stands for one situation for each combination of
//!    the options that it is split by; every set of answers has one such combination.
//! 3. Every department gets its own form and materials back, whatever is chosen (5.2.2.4 e). The one
//!    form and the one set hold what any chosen item needs, with the most copies that one of them
//!    needs, and lack only what shared data has or a chosen item yields. So two things are left to
//!    look at: an item that needs what another one yields waits for it, and whoever needs copies needs
//!    them of something that is collected on paper.
//!
//! A part is a *box*: for each question the options that are allowed. A condition is a box too,
//! once it also demands what makes its questions be asked. A question that is not asked may be
//! taken as answered in any way, for no condition that names it can hold then.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// No file of a catalogue is bigger.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The file that all matters share. Here it only says which region the catalogue is for.
const SHARED: &str = "catalogue.toml";

/// The folder of what regions do otherwise.
const REGIONS: &str = "regions";

/// Why a certificate is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A file or folder cannot be read.
    #[error("`{0}` cannot be read: {1}")]
    Unreadable(String, io::Error),
    /// Not a certificate of this format.
    #[error("this is no certificate: {0}")]
    NoCertificate(String),
    /// The certificate is about other files.
    #[error("the certificate is about another `{0}`")]
    Stale(String),
    /// What would serve is not what the files say.
    #[error(
        "`{0}` changes the files for the catalogue's own region, and no certificate is about that"
    )]
    Overlaid(String),
    /// A matter cannot be understood.
    #[error("`{0}` cannot be understood: {1}")]
    Matter(String, String),
    /// A matter's proof does not hold.
    #[error("the proof of `{0}` does not hold: {1}")]
    NotProven(String, String),
}

/// Checks a certificate against the catalogue in a folder. Returns the matters, each with the
/// number of parts that its proof looked at.
pub fn verify(dir: &Path, certificate: &str) -> Result<BTreeMap<String, usize>, Refused> {
    let certificate: Certificate =
        serde_json::from_str(certificate).map_err(|e| Refused::NoCertificate(e.to_string()))?;
    if certificate.format != 1 {
        return Err(Refused::NoCertificate("its format is not 1".to_owned()));
    }
    let files = read(dir)?;
    for name in certificate.files.keys().chain(files.keys()) {
        let sum = |text: &String| data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()));
        if files.get(name).map(sum).as_ref() != certificate.files.get(name) {
            return Err(Refused::Stale(name.clone()));
        }
    }
    is_as_written(dir, files.get(SHARED))?;
    let mut proven = BTreeMap::new();
    for (name, text) in files.iter().filter(|(name, _)| *name != SHARED) {
        let id = name.trim_end_matches(".toml");
        let steps = certificate.matters.get(id);
        let missing = || Refused::NotProven(id.to_owned(), "the certificate has none".to_owned());
        verify_matter(id, text, steps.ok_or_else(missing)?)?;
        proven.insert(id.to_owned(), steps.map_or(0, Vec::len));
    }
    match certificate
        .matters
        .keys()
        .find(|id| !proven.contains_key(*id))
    {
        Some(id) => Err(Refused::Stale(format!("{id}.toml"))),
        None => Ok(proven),
    }
}

/// Checks one matter's proof against the text of its file.
pub fn verify_matter(id: &str, text: &str, steps: &[Step]) -> Result<(), Refused> {
    let unclear = |why: String| Refused::Matter(id.to_owned(), why);
    let matter: Matter = toml::from_str(text).map_err(|e| unclear(e.message().to_owned()))?;
    let paper = Paper::new(&matter).map_err(unclear)?;
    paper
        .follow(steps)
        .and_then(|()| copies_are_collected(&matter))
        .map_err(|why| Refused::NotProven(id.to_owned(), why))
}

/// A terminal puts what `regions/` has for the catalogue's province, city and county over the
/// files: then it serves what nobody proved.
fn is_as_written(dir: &Path, shared: Option<&String>) -> Result<(), Refused> {
    let lacking = || Refused::Unreadable(SHARED.to_owned(), io::ErrorKind::NotFound.into());
    let shared: Shared = toml::from_str(shared.ok_or_else(lacking)?)
        .map_err(|e| Refused::Matter(SHARED.to_owned(), e.message().to_owned()))?;
    for digits in [2, 4, 6] {
        let part = shared.region_code.get(..digits).unwrap_or_default();
        let overlay = format!("{REGIONS}/{part:0<6}");
        if dir.join(&overlay).exists() {
            return Err(Refused::Overlaid(overlay));
        }
    }
    Ok(())
}

/// What of `catalogue.toml` bears on the proof.
#[derive(Deserialize)]
struct Shared {
    region_code: String,
}

/// The certificate as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Certificate {
    format: u32,
    files: BTreeMap<String, String>,
    matters: BTreeMap<String, Vec<Step>>,
}

/// A step of a proof. The proofs of a cut's parts follow it one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// A question, and its options in parts.
    Cut(String, Vec<Vec<String>>),
    /// The one situation that applies.
    Situation(String),
    /// The first of the windows that serve everybody in the part.
    Window(String),
}

type Condition = BTreeMap<String, Vec<String>>;

/// What of a matter's file bears on the proof.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Matter {
    question: Vec<Question>,
    window: Vec<Entry>,
    situation: Vec<Entry>,
    item: Vec<Entry>,
    material: Vec<Entry>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Question {
    id: String,
    kind: String,
    when: Condition,
    min: i64,
    max: i64,
    unsure: BTreeMap<String, toml::Value>,
    resource: Resource,
    option: Vec<Answer>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Resource {
    options: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    id: String,
    from: Option<toml::Value>,
    until: Option<toml::Value>,
}

/// A window, a situation, an item, a material or its need.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    id: String,
    when: Condition,
    item: String,
    after: Vec<String>,
    yields: Vec<String>,
    form: String,
    original: String,
    copies: Option<i64>,
    need: Vec<Entry>,
}

/// Copies are taken of what is collected, and that in copies: not of what is only shown (`check`) or
/// electronic (form 2).
fn copies_are_collected(matter: &Matter) -> Result<(), String> {
    for material in &matter.material {
        let collected = material.original != "check" && material.form != "2";
        let wrong = |need: &&Entry| need.copies.is_some_and(|copies| (copies > 0) != collected);
        if let Some(need) = material.need.iter().find(wrong) {
            let (item, id) = (&need.item, &material.id);
            return Err(format!("{item} does not get its copies of {id}"));
        }
    }
    Ok(())
}

/// For each question the options allowed, one bit each.
type Part = Vec<u64>;

/// A window or situation, and for which answers.
struct Cell<'m> {
    id: &'m str,
    is_window: bool,
    part: Part,
}

/// A matter's questions, windows and situations as boxes.
struct Paper<'m> {
    questions: &'m [Question],
    /// For which answers each question is asked. `None`: for none.
    asked: Vec<Option<Part>>,
    full: Part,
    /// Windows, then situations, in the file's order.
    cells: Vec<Cell<'m>>,
    /// Answers for which one item needs what another yields, and does not wait for it.
    torn: Vec<(Part, String)>,
}

impl<'m> Paper<'m> {
    fn new(matter: &'m Matter) -> Result<Paper<'m>, String> {
        let mut paper = Paper {
            questions: &matter.question,
            asked: Vec::new(),
            full: Vec::new(),
            cells: Vec::new(),
            torn: Vec::new(),
        };
        distinct(matter.question.iter().map(|q| &q.id))?;
        distinct(matter.window.iter().map(|w| &w.id))?;
        distinct(matter.situation.iter().map(|s| &s.id))?;
        for question in &matter.question {
            every_answer_is_an_option(question).map_err(|why| format!("{}: {why}", question.id))?;
            paper.full.push(u64::MAX >> (64 - question.option.len()));
        }
        for question in &matter.question {
            // Only questions before this one are known to `part`, and only those may be named.
            let asked = paper.part(&question.when)?;
            paper.asked.push(asked);
        }
        for (is_window, all) in [(true, &matter.window), (false, &matter.situation)] {
            for Entry { id, when, .. } in all {
                let part = paper.part(when)?;
                paper.cells.extend(part.map(|part| Cell {
                    id,
                    is_window,
                    part,
                }));
            }
        }
        for material in &matter.material {
            for need in &material.need {
                let item = matter.item.iter().find(|item| item.id == need.item);
                let item = item.ok_or_else(|| format!("there is no item `{}`", need.item))?;
                let yields = |maker: &&Entry| maker.yields.contains(&material.id);
                for maker in matter.item.iter().filter(yields) {
                    let all = [&need.when, &item.when, &maker.when].map(|when| paper.part(when));
                    let [need, takes_part, makes] = all;
                    if let (Some(need), Some(takes_part), Some(makes)) =
                        (need?, takes_part?, makes?)
                        && !item.after.contains(&maker.id)
                    {
                        let what = format!("{} needs {} of {}", item.id, material.id, maker.id);
                        paper
                            .torn
                            .push((meet(&meet(&need, &takes_part), &makes), what));
                    }
                }
            }
        }
        Ok(paper)
    }

    /// The answers for which a condition holds: also what makes its questions be asked. `None`:
    /// it never holds.
    fn part(&self, when: &Condition) -> Result<Option<Part>, String> {
        let mut part = self.full.clone();
        for (id, options) in when {
            let question = self.question(id)?;
            let Some(asked) = self.asked.get(question) else {
                return Err(format!("`{id}` is named before it is asked"));
            };
            let Some(asked) = asked else {
                return Ok(None);
            };
            part = meet(&part, asked);
            part[question] &= self.options(question, options)?;
        }
        Ok(part.iter().all(|options| *options != 0).then_some(part))
    }

    fn question(&self, id: &str) -> Result<usize, String> {
        let place = self.questions.iter().position(|q| q.id == id);
        place.ok_or_else(|| format!("there is no question `{id}`"))
    }

    /// Named options of a question as bits.
    fn options(&self, question: usize, ids: &[String]) -> Result<u64, String> {
        let mut options = 0;
        for id in ids {
            let place = self.questions[question]
                .option
                .iter()
                .position(|o| o.id == *id);
            let place = place.ok_or_else(|| format!("there is no option `{id}`"))?;
            options |= 1 << place;
        }
        Ok(options)
    }

    /// Follows the proof through all of its parts.
    fn follow(&self, steps: &[Step]) -> Result<(), String> {
        // Each part comes with the windows and situations that apply to some of it.
        let mut open = vec![(self.full.clone(), (0..self.cells.len()).collect::<Vec<_>>())];
        for step in steps {
            let (part, live) = open.pop().ok_or("it goes on after its end")?;
            match step {
                Step::Cut(id, parts) => {
                    let question = self.question(id)?;
                    let mut left = part[question];
                    let mut cut = Vec::new();
                    for ids in parts {
                        let options = self.options(question, ids)?;
                        if options == 0 || options & !left != 0 {
                            return Err(format!("a part of `{id}` is empty or not left"));
                        }
                        left &= !options;
                        let mut next = part.clone();
                        next[question] = options;
                        let applies = |c: &usize| self.cells[*c].part[question] & options != 0;
                        cut.push((next, live.iter().copied().filter(applies).collect()));
                    }
                    if left != 0 {
                        return Err(format!("options of `{id}` are left out"));
                    }
                    open.extend(cut.into_iter().rev());
                }
                Step::Window(id) => {
                    let serves = |c: &&usize| {
                        let cell = &self.cells[**c];
                        cell.is_window && within(&part, &cell.part)
                    };
                    let first = live.iter().find(serves).map(|c| self.cells[*c].id);
                    if first != Some(id) {
                        return Err(format!("window `{id}` is not the first to serve a part"));
                    }
                }
                Step::Situation(id) => {
                    let [only] = live[..] else {
                        return Err(format!("`{id}` is not all that applies to a part"));
                    };
                    let cell = &self.cells[only];
                    if cell.is_window || cell.id != id || !within(&part, &cell.part) {
                        return Err(format!("`{id}` does not apply to a part"));
                    }
                    if let Some((_, torn)) = self.torn.iter().find(|(torn, _)| meets(&part, torn)) {
                        return Err(format!("{torn} and does not wait"));
                    }
                }
            }
        }
        match open.is_empty() {
            true => Ok(()),
            false => Err("it ends before all parts are proven".to_owned()),
        }
    }
}

fn meet(a: &Part, b: &Part) -> Part {
    a.iter().zip(b).map(|(a, b)| a & b).collect()
}

fn meets(a: &Part, b: &Part) -> bool {
    a.iter().zip(b).all(|(a, b)| a & b != 0)
}

fn within(a: &Part, b: &Part) -> bool {
    a.iter().zip(b).all(|(a, b)| a & !b == 0)
}

fn distinct<'i>(ids: impl Iterator<Item = &'i String>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(format!("`{id}` is there twice"));
        }
    }
    Ok(())
}

/// Whether whatever is answered, by a person or by a resource, lies in an option.
fn every_answer_is_an_option(question: &Question) -> Result<(), String> {
    let options = &question.option;
    distinct(options.iter().map(|o| &o.id))?;
    if options.is_empty() || options.len() > 64 {
        return Err("it has no option, or more than 64".to_owned());
    }
    let unsure = question
        .unsure
        .get("as")
        .map(|id| id.as_str().unwrap_or_default());
    let resource = question.resource.options.values().map(String::as_str);
    for id in unsure.into_iter().chain(resource) {
        if !options.iter().any(|o| o.id == id) {
            return Err(format!("it goes on with `{id}`, which is no option"));
        }
    }
    let number = |value: &toml::Value| Some((0, value.as_integer()?));
    let mut bands = match question.kind.as_str() {
        "number" => bands(options, number)?,
        "date" => bands(options, |value| age(value.as_str()?))?,
        "choice" => return Ok(()),
        other => return Err(format!("its kind is `{other}`")),
    };
    let last = bands.len() - 1;
    if question.kind == "number" {
        // Where nobody can be below or above, a bound is none.
        bands[0].0 = bands[0].0.filter(|from| from.1 > question.min);
        bands[last].1 = bands[last].1.filter(|until| until.1 <= question.max);
    }
    // The first is open below, the last is open above, and where one ends the next one starts: so
    // everybody is in one.
    let joined = |two: &[(Bound, Bound)]| two[0].1.is_some() && two[0].1 == two[1].0;
    let open = bands[0].0.is_none() && bands[last].1.is_none();
    match open && bands.windows(2).all(joined) {
        true => Ok(()),
        false => Err("its bands leave something out".to_owned()),
    }
}

/// A number, or the months and days of an age.
type Bound = Option<(i64, i64)>;

fn bands(
    options: &[Answer],
    read: impl Fn(&toml::Value) -> Bound,
) -> Result<Vec<(Bound, Bound)>, String> {
    let bound = |value: &Option<toml::Value>| match value {
        None => Ok(None),
        Some(value) => read(value).map(Some).ok_or(format!("{value} is no bound")),
    };
    let both = |option: &Answer| Ok((bound(&option.from)?, bound(&option.until)?));
    options.iter().map(both).collect()
}

/// Months and days of an age like `P1Y6M`.
fn age(text: &str) -> Bound {
    let (mut months, mut days, mut number) = (0, 0, 0i64);
    for character in text.strip_prefix('P')?.chars() {
        match character {
            'Y' => months += 12 * std::mem::take(&mut number),
            'M' => months += std::mem::take(&mut number),
            'W' => days += 7 * std::mem::take(&mut number),
            'D' => days += std::mem::take(&mut number),
            digit => {
                number = number
                    .checked_mul(10)?
                    .checked_add(digit.to_digit(10)?.into())?
            }
        }
        if number > 1_000_000 {
            return None;
        }
    }
    Some((months, days))
}

/// The catalogue's files, each read once: what is hashed is what is parsed.
fn read(dir: &Path) -> Result<BTreeMap<String, String>, Refused> {
    let mut files = BTreeMap::new();
    let unreadable = |name: &str, e: io::Error| Refused::Unreadable(name.to_owned(), e);
    for entry in fs::read_dir(dir).map_err(|e| unreadable(".", e))? {
        let entry = entry.map_err(|e| unreadable(".", e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".toml") && !name.starts_with('.') {
            let mut text = String::new();
            fs::File::open(entry.path())
                .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text))
                .map_err(|e| unreadable(&name, e))?;
            if text.len() as u64 > MAX_FILE_BYTES {
                return Err(unreadable(&name, io::ErrorKind::FileTooLarge.into()));
            }
            files.insert(name, text);
        }
    }
    Ok(files)
}
