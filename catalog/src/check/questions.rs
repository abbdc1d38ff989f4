//! Questions that nobody is asked, or whose answers make no difference.

use super::Report;
use crate::file::MatterFile;
use crate::finding::Code;
use crate::model::{Condition, Question, QuestionKind, QuestionOption};
use crate::plan::{Cube, Expanded, Plan};
use crate::shape::at;

pub fn check(
    report: &mut Report,
    plan: &Plan,
    file: &MatterFile,
    situations: &[(usize, Expanded)],
) {
    for (q, question) in file.questions.iter().enumerate() {
        // A condition that contradicts itself was told already.
        let Some(asked) = &plan.asked[q] else {
            continue;
        };
        let id = &question.id;
        if !is_reached(plan, q, asked, situations) {
            let message = format!(
                "question `{id}` is never asked: no situation or window that is left by then depends on it"
            );
            report.find(Code::NeverAsked, at!["question", q], message);
            continue;
        }
        let groups = alike(file, question);
        if groups.len() == 1 {
            let message = format!("question `{id}` changes nothing, whatever is answered");
            report.find_with_help(
                Code::ChangesNothing,
                at!["question", q],
                message,
                "no window, item, material, field or applicant depends on it: leave it out, and out of `split`",
            );
        } else {
            options(report, q, question, &groups);
        }
    }
}

/// Whether somebody is asked: there are answers to the questions before for which this one's
/// condition holds, no window serves yet, and a situation or window that is still possible
/// depends on this one.
fn is_reached(plan: &Plan, q: usize, asked: &Cube, situations: &[(usize, Expanded)]) -> bool {
    // What is asked later leaves everything open by now.
    let until_here = |cube: &Cube| {
        let open = plan.full.0.iter().enumerate();
        Cube(
            open.map(|(n, all)| if n < q { cube.options(n) } else { *all })
                .collect(),
        )
    };
    let depends = |cube: &&Cube| cube.options(q) != plan.full.options(q);
    let cells = situations.iter().flat_map(|(_, e)| &e.cubes);
    let cells = cells.chain(plan.windows.iter().flatten());
    let serving: Vec<&Cube> = plan
        .windows
        .iter()
        .flatten()
        .filter(|window| until_here(window) == **window)
        .collect();
    let mut depending: Vec<Cube> = cells
        .filter(depends)
        .filter_map(|cell| until_here(cell).meet(&until_here(asked)))
        .collect();
    // Many situations look the same from here.
    depending.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    depending.dedup();
    depending
        .iter()
        .any(|cell| !plan.outside(cell, serving.iter().copied()).is_empty())
}

/// Options that lead to the same in everything are one, unless the author says that they are meant
/// to. Bands are told only where they follow each other: others cannot be made one.
fn options(report: &mut Report, q: usize, question: &Question, groups: &[Vec<usize>]) {
    for (o, option) in question.options.iter().enumerate() {
        let group = groups.iter().find(|group| group.contains(&o));
        let mut earlier = group.into_iter().flatten().filter(|other| **other < o);
        let path = at!["question", q, "option", o];
        let id = |other: usize| question.options[other].id.as_str();
        if let Some(same) = &option.same_as {
            if !earlier.any(|other| id(*other) == same.as_str()) {
                let message = format!(
                    "option `{}` is not the same as an earlier option `{same}`",
                    option.id
                );
                let path = at!["question", q, "option", o, "same_as"];
                report.find(Code::BadValue, path, message);
            }
            continue;
        }
        let twin = match question.kind {
            QuestionKind::Choice => earlier.next(),
            QuestionKind::Number | QuestionKind::Date => earlier.find(|other| **other + 1 == o),
        };
        if let Some(twin) = twin {
            let message = format!(
                "option `{}` of question `{}` changes nothing beside `{}`",
                option.id,
                question.id,
                id(*twin)
            );
            let help = format!(
                "make them one; or, if people would not find themselves in it, say `same_as = \"{}\"`",
                id(*twin)
            );
            report.find_with_help(Code::ChangesNothing, path, message, help);
        }
    }
}

/// The options in groups that every condition of the file takes as a whole or not at all.
fn alike(file: &MatterFile, question: &Question) -> Vec<Vec<usize>> {
    let needs = file
        .materials
        .iter()
        .flat_map(|m| &m.needs)
        .map(|n| &n.when);
    let mut conditions: Vec<&Condition> = needs.collect();
    conditions.extend(file.fields.iter().flat_map(|f| &f.needs).map(|n| &n.when));
    conditions.extend(file.questions.iter().map(|q| &q.when));
    conditions.extend(file.windows.iter().map(|w| &w.when));
    conditions.extend(file.situations.iter().map(|s| &s.when));
    conditions.extend(file.items.iter().map(|i| &i.when));
    let alike = |a: &QuestionOption, b: &QuestionOption| {
        let takes = |when: &Condition, o: &QuestionOption| {
            when.get(&question.id)
                .is_some_and(|options| options.contains(&o.id))
        };
        a.applicant == b.applicant
            && conditions
                .iter()
                .all(|when| takes(when, a) == takes(when, b))
    };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (o, option) in question.options.iter().enumerate() {
        match groups
            .iter_mut()
            .find(|group| alike(&question.options[group[0]], option))
        {
            Some(group) => group.push(o),
            None => groups.push(vec![o]),
        }
    }
    groups
}
