//! Guide, items, joins, materials and fields: names that must exist, elements that others make
//! mandatory, samples.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Component, Path};

use super::{Report, is_kebab};
use crate::file::{CatalogueFile, MatterFile};
use crate::finding::{Code, Finding};
use crate::model::{
    ContactKind, Field, FieldKind, Guide, ItemKind, Material, MaterialClass, MaterialForm,
    Necessity, Original, ResourceKind, Source,
};
use crate::shape::{Document, Step, at, too_wide};

/// How every matter's Chinese name ends (appendix A).
const NAME_END: &str = "“一件事一次办”";

/// Returns whether the items can be put into an order.
pub fn check(report: &mut Report, file: &MatterFile, shared: &CatalogueFile, dir: &Path) -> bool {
    let stages = shared.stages.iter().map(|s| s.id.as_str());
    report.known("stage", at!["stage"], &file.stage, stages);
    if !file.name.zh.ends_with(NAME_END) {
        let message = format!("the Chinese name must end with {NAME_END} (appendix A)");
        report.find(Code::BadValue, at!["name", "zh"], message);
    }
    for (k, word) in file.keywords.iter().enumerate() {
        if word.trim().is_empty() {
            report.find(Code::BadLength, at!["keywords", k], "a keyword is empty");
        }
    }
    guide(report, file, shared, dir);
    items(report, file, shared, dir);
    joins(report, file);
    materials(report, file, shared, dir);
    fields(report, file, shared);
    is_ordered(report, file)
}

fn guide(report: &mut Report, file: &MatterFile, shared: &CatalogueFile, dir: &Path) {
    let guide = &file.guide;
    let units = || shared.units.iter().map(|u| u.id.as_str());
    if let Some(code) = &guide.region_code {
        report.region_code(at!["guide", "region_code"], code);
    }
    code(report, at!["guide", "code"], &guide.code);
    report.known("unit", at!["guide", "lead_unit"], &guide.lead_unit, units());
    for (u, unit) in guide.cooperating_units.iter().enumerate() {
        report.known("unit", at!["guide", "cooperating_units", u], unit, units());
    }
    for (a, applicant) in guide.applicants.iter().enumerate() {
        let path = at!["guide", "applicants", a];
        let known = shared.applicants.iter().map(|known| known.kind.id());
        report.known("applicant", path, applicant.id(), known);
        if guide.applicants[..a].contains(applicant) {
            let message = format!("applicant `{}` is named already", applicant.id());
            report.find(Code::DuplicateId, path, message);
        }
    }
    for (key, given) in [
        ("fee_standard", guide.fee_standard.is_some()),
        ("fee_basis", guide.fee_basis.is_some()),
    ] {
        if guide.charged && !given {
            let message = format!("the matter is charged and lacks `{key}` (appendix A)");
            report.find(Code::FeeIncomplete, at!["guide", "charged"], message);
        } else if given && !guide.charged {
            let message = format!("the matter has `{key}` and is not `charged`");
            report.find_with_help(
                Code::FeeIncomplete,
                at!["guide", key],
                message,
                "what people pay otherwise belongs into `online_payment`",
            );
        }
    }
    if guide.intermediary.required && guide.intermediary.statutory.is_none() {
        let message = "an intermediary is required: `statutory` must name the statutory ones";
        report.find(Code::Incomplete, at!["guide", "intermediary"], message);
    }
    if !is_web(&guide.online_url) {
        let message = format!("\"{}\" is no web address", guide.online_url);
        report.find(Code::BadValue, at!["guide", "online_url"], message);
    }
    if guide.postcode.len() != 6 || !guide.postcode.bytes().all(|b| b.is_ascii_digit()) {
        let message = format!("\"{}\" is no postcode: it has six digits", guide.postcode);
        report.find(Code::BadValue, at!["guide", "postcode"], message);
    }
    hours(report, guide);
    if guide.flow_chart != "generated" {
        sample(report, at!["guide", "flow_chart"], &guide.flow_chart, dir);
    }
    for (key, contacts) in [("consult", &guide.consult), ("supervise", &guide.supervise)] {
        for (c, contact) in contacts.iter().enumerate() {
            let fine = match contact.kind {
                ContactKind::Phone => is_phone(&contact.value),
                ContactKind::Letter => true,
                ContactKind::Email => contact.value.contains('@'),
                ContactKind::Web => is_web(&contact.value),
            };
            let path = at!["guide", key, c, "value"];
            if !fine {
                let message = format!("\"{}\" cannot be reached that way", contact.value);
                report.find(Code::BadValue, path, message);
            }
            if let Some(long) = too_wide(&contact.value) {
                let message = format!("`value` has a word too long for a slip: {long}");
                report.find(Code::TooWide, path, message);
            }
        }
    }
}

fn hours(report: &mut Report, guide: &Guide) {
    for (h, hours) in guide.hours.iter().enumerate() {
        for (o, pair) in hours.open.windows(2).enumerate() {
            if pair[1].from < pair[0].until {
                let message = format!("{} starts before {} has ended", pair[1], pair[0]);
                report.find(
                    Code::BadHours,
                    at!["guide", "hours", h, "open", o + 1],
                    message,
                );
            }
        }
        let earlier = guide.hours[..h].iter().flat_map(|e| e.days.days());
        let mut twice = hours
            .days
            .days()
            .iter()
            .filter(|d| earlier.clone().any(|e| e == *d));
        if let Some(day) = twice.next() {
            let message = format!("{day:?} already has its hours");
            report.find(Code::BadHours, at!["guide", "hours", h, "days"], message);
        }
    }
}

fn items(report: &mut Report, file: &MatterFile, shared: &CatalogueFile, dir: &Path) {
    report.ids("item", file.items.iter().map(|i| i.id.as_str()), is_kebab);
    let guide = &file.guide;
    for (i, item) in file.items.iter().enumerate() {
        let id = &item.id;
        let units = shared.units.iter().map(|u| u.id.as_str());
        let known = report.known("unit", at!["item", i, "unit"], &item.unit, units);
        if known && item.unit != guide.lead_unit && !guide.cooperating_units.contains(&item.unit) {
            let message = format!("unit `{}` is neither lead nor cooperating unit", item.unit);
            report.find_with_help(
                Code::UnitNotNamed,
                at!["item", i, "unit"],
                message,
                "add it to `cooperating_units` of the guide (appendix A)",
            );
        }
        if let Some(item_code) = &item.code {
            code(report, at!["item", i, "code"], item_code);
        }
        if item.required && item.required_why.is_none() {
            let message = format!("item `{id}` is required and does not say why (`required_why`)");
            report.find(Code::ReasonMissing, at!["item", i, "required"], message);
        }
        if item.in_person && item.in_person_why.is_none() {
            let message =
                format!("item `{id}` needs the person and does not say why (`in_person_why`)");
            report.find(Code::ReasonMissing, at!["item", i, "in_person"], message);
        }
        for (a, after) in item.after.iter().enumerate() {
            let items = file.items.iter().map(|i| i.id.as_str());
            report.known("item", at!["item", i, "after", a], after, items);
        }
        for (y, yielded) in item.yields.iter().enumerate() {
            let materials = file.materials.iter().map(|m| m.id.as_str());
            report.known("material", at!["item", i, "yields", y], yielded, materials);
        }
        sample(
            report,
            at!["item", i, "result", "sample"],
            &item.result.sample,
            dir,
        );
        if let Some(statutory) = item.statutory_working_days
            && item.working_days > statutory
        {
            let message = format!(
                "item `{id}` promises {} working days; the law allows {statutory}",
                item.working_days
            );
            report.find(
                Code::PromiseTooLong,
                at!["item", i, "working_days"],
                message,
            );
        }
    }
}

/// Looks for a cycle in `after` and reports one.
fn is_ordered(report: &mut Report, file: &MatterFile) -> bool {
    let place = |id: &String| file.items.iter().position(|i| i.id == *id);
    // Take away, again and again, what waits for nothing that is left: a cycle stays.
    let mut left: Vec<bool> = vec![true; file.items.len()];
    let waits = |i: usize, left: &[bool]| {
        let mut after = file.items[i].after.iter().enumerate();
        after.find_map(|(a, id)| place(id).filter(|p| left[*p]).map(|p| (a, p)))
    };
    while let Some(free) = (0..left.len()).find(|i| left[*i] && waits(*i, &left).is_none()) {
        left[free] = false;
    }
    let Some(start) = left.iter().position(|l| *l) else {
        return true;
    };
    // Whatever is left waits for something that is left: going on must come round.
    let mut path = vec![start];
    while let Some((a, next)) = path.last().and_then(|last| waits(*last, &left)) {
        if let Some(first) = path.iter().position(|p| *p == next) {
            let mut names: Vec<&str> = path[first..]
                .iter()
                .map(|p| file.items[*p].id.as_str())
                .collect();
            names.push(&file.items[next].id);
            let message = format!("items wait for each other: {}", names.join(" → "));
            let last = path[path.len() - 1];
            report.find(Code::Cycle, at!["item", last, "after", a], message);
            break;
        }
        path.push(next);
    }
    false
}

fn joins(report: &mut Report, file: &MatterFile) {
    for (j, join) in file.joins.iter().enumerate() {
        for (i, item) in join.items.iter().enumerate() {
            let items = file.items.iter().map(|i| i.id.as_str());
            report.known("item", at!["join", j, "items", i], item, items);
            if join.items[..i].contains(item) {
                let message = format!("item `{item}` is joined with itself");
                report.find(Code::DuplicateId, at!["join", j, "items", i], message);
            }
        }
        for (a, item) in join.alone.iter().enumerate() {
            let items = join.items.iter().map(String::as_str);
            report.known("item", at!["join", j, "alone", a], item, items);
        }
    }
}

fn materials(report: &mut Report, file: &MatterFile, shared: &CatalogueFile, dir: &Path) {
    report.ids(
        "material",
        file.materials.iter().map(|m| m.id.as_str()),
        is_kebab,
    );
    for (m, material) in file.materials.iter().enumerate() {
        let id = &material.id;
        if material.source == Some(Source::Government) && material.issuer.is_none() {
            let message = format!("material `{id}` is issued by government and lacks `issuer`");
            report.find(Code::Incomplete, at!["material", m, "source"], message);
        }
        copies(report, m, material);
        deferral(report, m, material);
        core(report, m, material, file);
        proof(report, m, material, file);
        sufficient(report, m, material);
        for (key, path) in [
            ("blank_form", &material.blank_form),
            ("filled_sample", &material.filled_sample),
        ] {
            if let Some(path) = path {
                sample(report, at!["material", m, key], path, dir);
            }
        }
        if let Some(proof) = &material.proof {
            let units = shared.units.iter().map(|u| u.id.as_str());
            report.known(
                "unit",
                at!["material", m, "proof", "asked_by"],
                &proof.asked_by,
                units,
            );
        }
        for (n, need) in material.needs.iter().enumerate() {
            let items = file.items.iter().map(|i| i.id.as_str());
            report.known(
                "item",
                at!["material", m, "need", n, "item"],
                &need.item,
                items,
            );
        }
    }
}

fn copies(report: &mut Report, m: usize, material: &Material) {
    let on_paper = match material.form {
        MaterialForm::Paper | MaterialForm::Either => true,
        MaterialForm::Electronic => false,
    };
    let id = &material.id;
    match (on_paper, material.paper_copies) {
        (true, None) => {
            let message = format!("material `{id}` is accepted on paper and lacks `paper_copies`");
            report.find(Code::Incomplete, at!["material", m, "form"], message);
        }
        (true, Some(0)) if material.original != Original::Check => {
            let message = format!("material `{id}` is collected on paper, so not in 0 copies");
            report.find(Code::BadValue, at!["material", m, "paper_copies"], message);
        }
        (false, Some(1..)) => {
            let message = format!("material `{id}` is not accepted on paper, so in no copies");
            report.find(Code::BadValue, at!["material", m, "paper_copies"], message);
        }
        (true, Some(_)) | (false, Some(0) | None) => {}
    }
}

/// A material may be handed in later exactly when its necessity says so (容缺后补), and only if it
/// is asked for at all.
fn deferral(report: &mut Report, m: usize, material: &Material) {
    let id = &material.id;
    let can_wait = match material.necessity {
        Necessity::Later => true,
        Necessity::Needed | Necessity::Optional => false,
    };
    match (can_wait, &material.later) {
        (true, None) => {
            let message = format!("material `{id}` may be handed in later and lacks `later`");
            report.find(Code::Incomplete, at!["material", m, "necessity"], message);
        }
        (false, Some(_)) => {
            let message =
                format!("material `{id}` has `later`, and its `necessity` is not 3 (容缺后补)");
            report.find(Code::BadValue, at!["material", m, "later"], message);
        }
        (true, Some(_)) | (false, None) => {}
    }
    if material.later.is_some() && material.obtained.is_some() {
        let message =
            format!("material `{id}` is never asked for (`obtained`), so not handed in `later`");
        report.find(Code::BadValue, at!["material", m, "later"], message);
    }
}

/// What cannot wait: an application itself, and whatever is decided on the spot (6.5.2).
fn core(report: &mut Report, m: usize, material: &Material, file: &MatterFile) {
    if material.necessity != Necessity::Later {
        return;
    }
    let id = &material.id;
    let path = at!["material", m, "necessity"];
    if material.core {
        let message = format!("material `{id}` is a core one (`core`): it cannot wait");
        report.find(Code::CoreDeferred, path, message);
    }
    if material.class == MaterialClass::Form {
        let message = format!("material `{id}` is an application or form: it cannot wait");
        report.find(Code::CoreDeferred, path, message);
    }
    let needs = material.needs.iter().map(|need| &need.item);
    let mut at_once = needs.filter_map(|item| {
        let item = file.items.iter().find(|i| i.id == *item)?;
        (item.kind == ItemKind::AtOnce).then_some(item)
    });
    if let Some(item) = at_once.next() {
        let message = format!(
            "material `{id}` cannot wait: item `{}` is done on the spot (即办件)",
            item.id
        );
        report.find(Code::CoreDeferred, path, message);
    }
}

/// A proof that the applicant must get from somewhere says by which law and from whom (5.2.2.5).
fn proof(report: &mut Report, m: usize, material: &Material, file: &MatterFile) {
    let made_here = file.items.iter().any(|i| i.yields.contains(&material.id));
    let can_be = match material.class {
        MaterialClass::Certificate | MaterialClass::Other => true,
        // The name of a form may say what it applies for.
        MaterialClass::Form => false,
    };
    let is_proof = can_be && material.name.zh.contains("证明");
    if !is_proof || made_here || material.obtained.is_some() || material.proof.is_some() {
        return;
    }
    let has_basis = material.needs.iter().all(|need| need.basis.is_some());
    let lacks = match (has_basis, material.issuer.is_some()) {
        (true, true) => return,
        (false, true) => "a basis",
        (true, false) => "who issues it",
        (false, false) => "a basis and who issues it",
    };
    report.find_with_help(
        Code::ProofIncomplete,
        at!["material", m, "name"],
        format!(
            "material `{}` is a proof (证明) and lacks {lacks}",
            material.id
        ),
        "write `proof`, or `issuer` and the `basis` of each need (5.2.2.5)",
    );
}

/// One set of materials must give each item the copies that it needs.
fn sufficient(report: &mut Report, m: usize, material: &Material) {
    let collected = material.original != Original::Check
        && match material.form {
            MaterialForm::Paper | MaterialForm::Either => true,
            MaterialForm::Electronic => false,
        };
    for (n, need) in material.needs.iter().enumerate() {
        let (id, item) = (&material.id, &need.item);
        let message = match need.copies {
            Some(copies @ 1..) if !collected => format!(
                "item `{item}` needs {copies} copies of `{id}`, and nothing is collected on paper"
            ),
            Some(0) if collected => {
                format!("item `{item}` needs no copy of `{id}`, which is collected on paper")
            }
            Some(_) | None => continue,
        };
        let path = at!["material", m, "need", n, "copies"];
        report.find(Code::Insufficient, path, message);
    }
}

fn fields(report: &mut Report, file: &MatterFile, shared: &CatalogueFile) {
    report.ids("field", file.fields.iter().map(|f| f.id.as_str()), is_kebab);
    for (f, field) in file.fields.iter().enumerate() {
        let id = &field.id;
        let same = |other: &&Field| {
            other.label.zh == field.label.zh
                || other.group.zh == field.group.zh && other.label.en == field.label.en
        };
        if let Some(other) = file.fields[..f].iter().find(same) {
            let message = format!(
                "fields `{}` and `{id}` have the same label: people cannot tell them apart",
                other.id
            );
            report.find_with_help(
                Code::SameLabel,
                at!["field", f, "label"],
                message,
                "one meaning is one field, filled once; two meanings have two labels",
            );
        }
        if field.kind != FieldKind::Number && field.unit.is_some() {
            let message = format!("field `{id}` is no number and may have no `unit`");
            report.find(Code::BadValue, at!["field", f, "unit"], message);
        }
        if field.kind == FieldKind::Choice && field.options.is_empty() {
            let message = format!("field `{id}` is a choice and has no `options`");
            report.find(Code::Incomplete, at!["field", f, "kind"], message);
        }
        for (o, option) in field.options.iter().enumerate() {
            if !is_kebab(&option.id) {
                report.bad_id(at!["field", f, "options", o, "id"], &option.id);
            }
            if field.options[..o].iter().any(|other| other.id == option.id) {
                let message = format!("field `{id}` has an option `{}` already", option.id);
                report.find(
                    Code::DuplicateId,
                    at!["field", f, "options", o, "id"],
                    message,
                );
            }
        }
        if let Some(prefill) = &field.prefill {
            let resources = || shared.resources.iter();
            let path = at!["field", f, "prefill"];
            report.known(
                "resource",
                path,
                prefill,
                resources().map(|r| r.id.as_str()),
            );
            if let Some(resource) = resources().find(|r| r.id == *prefill) {
                let fits = match field.kind {
                    FieldKind::Choice => {
                        resource.kind == ResourceKind::Choice
                            && resource
                                .values
                                .iter()
                                .all(|v| field.options.iter().any(|o| o.id == *v))
                    }
                    FieldKind::Date => resource.kind == ResourceKind::Date,
                    FieldKind::Text
                    | FieldKind::IdNumber
                    | FieldKind::CreditCode
                    | FieldKind::Mobile
                    | FieldKind::Number
                    | FieldKind::Address => resource.kind == ResourceKind::Text,
                };
                if !fits {
                    let message = format!(
                        "resource `{prefill}` cannot fill field `{id}`: the kinds or values differ"
                    );
                    report.find(Code::BadValue, path, message);
                }
            }
        }
        for (i, item) in field.items.iter().enumerate() {
            let items = file.items.iter().map(|i| i.id.as_str());
            report.known("item", at!["field", f, "items", i], item, items);
        }
        for (n, need) in field.needs.iter().enumerate() {
            let items = file.items.iter().map(|i| i.id.as_str());
            report.known(
                "item",
                at!["field", f, "need", n, "item"],
                &need.item,
                items,
            );
        }
    }
}

fn code(report: &mut Report, path: &[Step], code: &str) {
    let fine = code.len() <= 40 && code.bytes().all(|b| b.is_ascii_alphanumeric());
    if !fine {
        let message = format!("\"{code}\" is no code: letters and digits only (GB/T 39554.1)");
        report.find(Code::BadValue, path, message);
    }
}

fn is_web(address: &str) -> bool {
    let rest = address
        .strip_prefix("https://")
        .or(address.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
}

fn is_phone(number: &str) -> bool {
    let fine = |b: u8| b.is_ascii_digit() || b == b'-' || b == b' ' || b == b'+';
    number.bytes().all(fine) && number.bytes().filter(u8::is_ascii_digit).count() >= 3
}

/// A sample must be there, and be what people can look at.
fn sample(report: &mut Report, path: &[Step], name: &str, dir: &Path) {
    let inside = Path::new(name)
        .components()
        .all(|c| matches!(c, Component::Normal(_)));
    if !inside || name.is_empty() {
        let message = format!("`{name}` is no path inside the catalogue's folder");
        report.find(Code::BadFile, path, message);
        return;
    }
    let mut start = Vec::new();
    let path_on_disk = dir.join(name);
    if path_on_disk.exists() && !path_on_disk.is_file() {
        report.find(Code::BadFile, path, format!("`{name}` is no file"));
        return;
    }
    let read = File::open(path_on_disk).and_then(|f| f.take(4096).read_to_end(&mut start));
    if let Err(e) = read {
        let message = match e.kind() == ErrorKind::NotFound {
            true => format!("there is no file `{name}` in the catalogue's folder"),
            false => format!("`{name}` cannot be read: {e}"),
        };
        report.find(Code::BadFile, path, message);
    } else if !is_picture_or_pdf(&start) {
        let message = format!("`{name}` is neither SVG, PNG, JPEG nor PDF by its content");
        report.find(Code::BadFile, path, message);
    }
}

fn is_picture_or_pdf(start: &[u8]) -> bool {
    let magic: [&[u8]; 3] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"%PDF-"];
    let is_svg = || {
        let text = String::from_utf8_lossy(start);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        text.starts_with('<') && text.contains("<svg")
    };
    magic.iter().any(|m| start.starts_with(m)) || is_svg()
}

/// Fields of one id have one meaning in all matters: one kind, one unit, one code for each option.
/// And one label has one meaning: one id.
pub fn fields_across(matters: &[(&Document, &MatterFile)], findings: &mut Vec<Finding>) {
    for (m, (doc, file)) in matters.iter().enumerate() {
        for (f, field) in file.fields.iter().enumerate() {
            let mut told = BTreeSet::new();
            let others = matters[..m].iter();
            let others =
                others.flat_map(|(_, file)| file.fields.iter().map(move |f| (&file.id, f)));
            for (matter, other) in others {
                for (code, path, message) in conflicts(f, field, other) {
                    // Most matters say the same: what is wrong is told once.
                    if told.insert(message.clone()) {
                        let message = format!("{message} in matter `{matter}`");
                        findings.push(doc.finding(code, &path, message));
                    }
                }
            }
        }
    }
}

/// How the field at a place differs from another one that should say the same.
fn conflicts(f: usize, field: &Field, other: &Field) -> Vec<(Code, Vec<Step<'static>>, String)> {
    let id = &field.id;
    let mut found = Vec::new();
    if other.id != *id {
        if other.label.zh == field.label.zh {
            let message = format!(
                "\"{}\" is field `{id}` here and `{}`",
                field.label.zh, other.id
            );
            found.push((Code::SameLabel, at!["field", f, "label"].to_vec(), message));
        }
        return found;
    }
    if other.kind != field.kind {
        let message = format!("field `{id}` is of another kind");
        let path = at!["field", f, "kind"].to_vec();
        found.push((Code::FieldConflict, path, message));
        return found;
    }
    if other.unit != field.unit {
        let unit = |field: &Field| {
            field
                .unit
                .as_ref()
                .map_or("none", |u| u.zh.as_str())
                .to_owned()
        };
        let message = format!(
            "the unit of field `{id}` is {} here and {}",
            unit(field),
            unit(other)
        );
        found.push((Code::FieldConflict, at!["field", f].to_vec(), message));
    }
    for (o, option) in field.options.iter().enumerate() {
        for known in &other.options {
            let (same_text, same_code) = (known.text.zh == option.text.zh, known.id == option.id);
            let message = match (same_text, same_code) {
                (true, false) => format!(
                    "\"{}\" of field `{id}` is `{}` here and `{}`",
                    option.text.zh, option.id, known.id
                ),
                (false, true) => format!(
                    "`{}` of field `{id}` is \"{}\" here and \"{}\"",
                    option.id, option.text.zh, known.text.zh
                ),
                (true, true) | (false, false) => continue,
            };
            let path = at!["field", f, "options", o, "id"].to_vec();
            found.push((Code::FieldConflict, path, message));
        }
    }
    found
}
