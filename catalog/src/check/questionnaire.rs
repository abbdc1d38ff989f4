//! Questions, bands, conditions, windows and how situations are split.

use super::{Report, is_kebab, is_option_id};
use crate::file::{CatalogueFile, MatterFile};
use crate::finding::Code;
use crate::model::{Bound, Condition, Question, QuestionKind, ResourceKind};
use crate::shape::{Step, at};
use crate::time::Age;

pub fn check(report: &mut Report, file: &MatterFile, shared: &CatalogueFile) {
    report.ids(
        "question",
        file.questions.iter().map(|q| q.id.as_str()),
        is_kebab,
    );
    report.ids(
        "window",
        file.windows.iter().map(|w| w.id.as_str()),
        is_kebab,
    );
    report.ids(
        "situation",
        file.situations.iter().map(|s| s.id.as_str()),
        is_kebab,
    );
    for (q, question) in file.questions.iter().enumerate() {
        condition(report, at!["question", q, "when"], &question.when, file, q);
        options(report, q, question);
        for (o, option) in question.options.iter().enumerate() {
            if let Some(applicant) = option.applicant {
                let allowed = file.guide.applicants.iter().map(|kind| kind.id());
                let path = at!["question", q, "option", o, "applicant"];
                report.known("applicant", path, applicant.id(), allowed);
            }
        }
        resource(report, q, question, shared);
        if let Some(id) = question.unsure.as_ref().and_then(|u| u.instead.as_ref()) {
            let known = question.options.iter().map(|o| o.id.as_str());
            report.known("option", at!["question", q, "unsure", "as"], id, known);
        }
        match question.kind {
            QuestionKind::Choice => {}
            QuestionKind::Number => number_bands(report, q, question),
            QuestionKind::Date => age_bands(report, q, question),
        }
    }
    for (n, id) in file.free_order.iter().enumerate() {
        let path = at!["free_order", n];
        let known = file.questions.iter().map(|q| q.id.as_str());
        report.known("question", path, id, known);
        if file.free_order[..n].contains(id) {
            let message = format!("`{id}` is free already");
            report.find(Code::DuplicateId, path, message);
        }
    }
    let all = file.questions.len();
    for (w, window) in file.windows.iter().enumerate() {
        condition(report, at!["window", w, "when"], &window.when, file, all);
        if window.when.is_empty() {
            let message = format!(
                "window `{}` would serve everybody: `when` is empty",
                window.id
            );
            report.find(Code::BadLength, at!["window", w, "when"], message);
        }
    }
    for (i, item) in file.items.iter().enumerate() {
        condition(report, at!["item", i, "when"], &item.when, file, all);
    }
    for (m, material) in file.materials.iter().enumerate() {
        for (n, need) in material.needs.iter().enumerate() {
            condition(
                report,
                at!["material", m, "need", n, "when"],
                &need.when,
                file,
                all,
            );
        }
    }
    for (f, field) in file.fields.iter().enumerate() {
        for (n, need) in field.needs.iter().enumerate() {
            condition(
                report,
                at!["field", f, "need", n, "when"],
                &need.when,
                file,
                all,
            );
        }
    }
    for (s, situation) in file.situations.iter().enumerate() {
        condition(
            report,
            at!["situation", s, "when"],
            &situation.when,
            file,
            all,
        );
        for (n, id) in situation.split.iter().enumerate() {
            let path = at!["situation", s, "split", n];
            report.known(
                "question",
                path,
                id,
                file.questions.iter().map(|q| q.id.as_str()),
            );
            if situation.split[..n].contains(id) {
                let message = format!("the situation is split by `{id}` already");
                report.find(Code::DuplicateId, path, message);
            }
        }
    }
    phrases(report, file);
}

/// Checks a condition that may name the first `until` questions.
fn condition(
    report: &mut Report,
    path: &[Step],
    when: &Condition,
    file: &MatterFile,
    until: usize,
) {
    for (id, options) in when {
        let mut here = path.to_vec();
        here.push(Step::Key(id));
        let Some(place) = file.questions.iter().position(|q| q.id == *id) else {
            let message = format!("there is no question `{id}`");
            report.findings.push(
                report
                    .doc
                    .finding_at_key(Code::UnknownReference, &here, message),
            );
            continue;
        };
        if place >= until {
            let message =
                format!("the condition names `{id}`, which is not asked before this question");
            let finding = report
                .doc
                .finding_at_key(Code::LaterQuestion, &here, message);
            report
                .findings
                .push(finding.help("a question may depend on earlier questions only"));
        }
        if options.is_empty() {
            let message = format!("no option of `{id}` is named, so this never holds");
            report.find(Code::BadLength, &here, message);
        }
        for (o, option) in options.iter().enumerate() {
            let known = file.questions[place].options.iter().map(|o| o.id.as_str());
            let mut here = here.clone();
            here.push(Step::At(o));
            if !known.clone().any(|k| k == option) {
                let known: Vec<&str> = known.collect();
                report.find_with_help(
                    Code::UnknownReference,
                    &here,
                    format!("question `{id}` has no option `{option}`"),
                    format!("it has: {}", known.join(", ")),
                );
            }
        }
    }
}

fn options(report: &mut Report, q: usize, question: &Question) {
    let is_choice = question.kind == QuestionKind::Choice;
    for (o, option) in question.options.iter().enumerate() {
        let path = at!["question", q, "option", o];
        if !is_option_id(&option.id) {
            report.bad_id(at!["question", q, "option", o, "id"], &option.id);
        }
        if question.options[..o]
            .iter()
            .any(|other| other.id == option.id)
        {
            let message = format!(
                "question `{}` has an option `{}` already",
                question.id, option.id
            );
            report.find(
                Code::DuplicateId,
                at!["question", q, "option", o, "id"],
                message,
            );
        }
        if is_choice && option.text.is_none() {
            let message = format!("option `{}` of a choice lacks `text`", option.id);
            report.find(Code::Incomplete, path, message);
        }
        if is_choice && (option.from.is_some() || option.until.is_some()) {
            let message = format!(
                "option `{}` of a choice may have no `from` or `until`",
                option.id
            );
            report.find(Code::BadValue, path, message);
        }
    }
    let is_number = question.kind == QuestionKind::Number;
    for (key, given) in [
        ("unit", question.unit.is_some()),
        ("min", question.min.is_some()),
        ("max", question.max.is_some()),
    ] {
        if is_number && !given {
            let message = format!(
                "question `{}` asks for a number and lacks `{key}`",
                question.id
            );
            report.find(Code::Incomplete, at!["question", q, "kind"], message);
        } else if !is_number && given {
            let message = format!(
                "question `{}` asks for no number and may have no `{key}`",
                question.id
            );
            report.find(Code::BadValue, at!["question", q, key], message);
        }
    }
    if question.future && question.kind != QuestionKind::Date {
        let message = format!(
            "question `{}` asks for no date and may have no `future`",
            question.id
        );
        report.find(Code::BadValue, at!["question", q, "future"], message);
    }
}

fn resource(report: &mut Report, q: usize, question: &Question, shared: &CatalogueFile) {
    let Some(link) = &question.resource else {
        return;
    };
    let path = at!["question", q, "resource", "id"];
    report.known(
        "resource",
        path,
        &link.id,
        shared.resources.iter().map(|r| r.id.as_str()),
    );
    let Some(resource) = shared.resources.iter().find(|r| r.id == link.id) else {
        return;
    };
    let fits = match (question.kind, resource.kind) {
        (QuestionKind::Choice, ResourceKind::Choice) => true,
        (QuestionKind::Date, ResourceKind::Date) => link.options.is_empty(),
        (
            QuestionKind::Choice | QuestionKind::Number | QuestionKind::Date,
            ResourceKind::Choice | ResourceKind::Date | ResourceKind::Text,
        ) => false,
    };
    if !fits {
        let message = format!(
            "resource `{}` cannot answer question `{}`",
            link.id, question.id
        );
        report.find_with_help(
            Code::BadValue,
            path,
            message,
            "a choice is answered by a choice with `options`, a date by a date without",
        );
        return;
    }
    if question.kind == QuestionKind::Choice && link.options.is_empty() {
        let message = format!(
            "resource `{}` never answers question `{}`: `options` says for no value which option it is",
            link.id, question.id
        );
        report.find(Code::Incomplete, at!["question", q, "resource"], message);
    }
    for (value, option) in &link.options {
        let path = at!["question", q, "resource", "options", value];
        if !resource.values.contains(value) {
            let message = format!("resource `{}` has no value `{value}`", link.id);
            report.findings.push(
                report
                    .doc
                    .finding_at_key(Code::UnknownReference, path, message),
            );
        }
        report.known(
            "option",
            path,
            option,
            question.options.iter().map(|o| o.id.as_str()),
        );
    }
}

fn number_bands(report: &mut Report, q: usize, question: &Question) {
    let (Some(min), Some(max)) = (question.min, question.max) else {
        return;
    };
    if min > max {
        let message = format!("`min` {min} is greater than `max` {max}");
        report.find(Code::BadValue, at!["question", q, "min"], message);
        return;
    }
    // The next number that no band has covered yet.
    let mut next = i128::from(min);
    let count = question.options.len();
    for (o, option) in question.options.iter().enumerate() {
        let Some((from, until)) = (match (&option.from, &option.until) {
            (None | Some(Bound::Number(_)), None | Some(Bound::Number(_))) => Some((
                number(&option.from).unwrap_or(i128::from(min)),
                number(&option.until).unwrap_or(i128::from(max) + 1),
            )),
            (Some(Bound::Age(_)), _) | (_, Some(Bound::Age(_))) => None,
        }) else {
            let message = format!("band `{}` must be given in numbers", option.id);
            report.find(Code::BadBands, at!["question", q, "option", o], message);
            return;
        };
        let fault = if from > next {
            Some(format!(
                "band `{}` leaves a gap: nothing covers {next}",
                option.id
            ))
        } else if from < next {
            Some(format!(
                "band `{}` overlaps the one before: both cover {from}",
                option.id
            ))
        } else if until <= from {
            Some(format!("band `{}` is empty", option.id))
        } else if o + 1 == count && until != i128::from(max) + 1 {
            let max_until = i128::from(max) + 1;
            Some(format!(
                "the bands must end at {max_until} (`max` is {max}), and end at {until}"
            ))
        } else {
            None
        };
        if let Some(message) = fault {
            report.find(Code::BadBands, at!["question", q, "option", o], message);
            return;
        }
        next = until;
    }
}

fn number(bound: &Option<Bound>) -> Option<i128> {
    match bound {
        Some(Bound::Number(number)) => Some(i128::from(*number)),
        Some(Bound::Age(_)) | None => None,
    }
}

fn age_bands(report: &mut Report, q: usize, question: &Question) {
    let count = question.options.len();
    let mut next: Option<&Age> = None;
    for (o, option) in question.options.iter().enumerate() {
        let (Some(from), Some(until)) = (age(&option.from), age(&option.until)) else {
            let message = format!("band `{}` must be given in ages, as \"P1Y\"", option.id);
            report.find(Code::BadBands, at!["question", q, "option", o], message);
            return;
        };
        let id = &option.id;
        let joined = match (from, next) {
            (None, None) => true,
            (Some(from), Some(next)) => from.is_same(next),
            (Some(_), None) | (None, Some(_)) => false,
        };
        let fault = if !joined {
            Some(match next {
                Some(next) => format!("band `{id}` must start where the one before ends: {next}"),
                None => format!("the first band, `{id}`, may have no `from`: it starts at birth"),
            })
        } else if until.is_none() && o + 1 < count {
            Some(format!("band `{id}` has no end, and is not the last"))
        } else if until.is_some() && o + 1 == count {
            Some(format!("the last band, `{id}`, may have no `until`"))
        } else if let (Some(next), Some(until)) = (next, until)
            && !next.is_before(until)
        {
            Some(format!("band `{id}` ends before it starts"))
        } else {
            None
        };
        if let Some(message) = fault {
            report.find(Code::BadBands, at!["question", q, "option", o], message);
            return;
        }
        next = until;
    }
}

/// The age of a bound; `None`: it is none.
fn age(bound: &Option<Bound>) -> Option<Option<&Age>> {
    match bound {
        None => Some(None),
        Some(Bound::Age(age)) => Some(Some(age)),
        Some(Bound::Number(_)) => None,
    }
}

/// Every option that a situation's sentence uses must have its phrase.
fn phrases(report: &mut Report, file: &MatterFile) {
    for (q, question) in file.questions.iter().enumerate() {
        let splitting = |o: &str| {
            file.situations.iter().find(|s| {
                let within = s.when.get(&question.id);
                s.split.contains(&question.id)
                    && within.is_none_or(|options| options.iter().any(|i| i == o))
            })
        };
        for (o, option) in question.options.iter().enumerate() {
            if option.phrase.is_some() {
                continue;
            }
            if let Some(situation) = splitting(&option.id) {
                let message = format!(
                    "option `{}` needs a `phrase`: situation `{}` is split by `{}`",
                    option.id, situation.id, question.id
                );
                report.find(
                    Code::PhraseMissing,
                    at!["question", q, "option", o],
                    message,
                );
            }
        }
    }
}
