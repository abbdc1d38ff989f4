//! Where the answers lead: the situation with its items, materials and flow, or people at a window.

use std::collections::BTreeSet;

use yici_catalog::{
    Answers, Explanation, FormField, Given, MOST_CHANGES, Matter, NotNeeded, OutcomeItem, Reason,
    Text,
};

use super::elements;
use super::notice::unit;
use super::page::{self, FlowStep, Item, Material, NeededBy, Outcome, Why};
use super::takeaway;
use super::terminal::Around;

/// Served by people: why, and where.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Window {
    pub reason: Text,
    pub place: Text,
}

/// The page that says so.
pub(super) fn window(window: &Window, matter: Option<&Matter>, around: &Around) -> page::Window {
    page::Window {
        reason: window.reason.clone(),
        place: window.place.clone(),
        phones: takeaway::phones(matter, around),
        printer: around.health.printer(),
        answers: true,
    }
}

/// The result page of a situation, for the items that are chosen.
pub(super) fn outcome(
    matter: &Matter,
    situation: usize,
    answers: &Answers,
    chosen: &BTreeSet<String>,
    around: &Around,
) -> Outcome {
    let settled = &matter.situations[situation];
    let outcome = matter.outcome(settled, answers, chosen);
    let explained = matter.explain(settled, answers, chosen, MOST_CHANGES);
    let items: Vec<Item> = outcome
        .items
        .iter()
        .filter_map(|found| {
            let item = matter.item(&found.id)?;
            Some(Item {
                id: item.id.clone(),
                name: item.name.clone(),
                unit: unit(&item.unit, around),
                chosen: found.chosen,
                required: item
                    .required_why
                    .clone()
                    .filter(|_| found.required)
                    .or_else(|| last(found, chosen)),
                joined: found
                    .joined_with
                    .iter()
                    .filter_map(|other| Some(matter.item(other)?.name.clone()))
                    .collect(),
                in_person: item.in_person_why.clone().filter(|_| item.in_person),
            })
        })
        .collect();
    let units: BTreeSet<&str> = outcome
        .items
        .iter()
        .filter(|found| found.chosen)
        .filter_map(|found| Some(matter.item(&found.id)?.unit.as_str()))
        .collect();
    let (filled, brought): (Vec<_>, Vec<_>) = outcome
        .materials
        .iter()
        .filter_map(|needed| {
            let material = matter.material(&needed.material)?;
            let unless = explained.material_unless.get(&needed.material);
            let shown = Material {
                name: material.name.clone(),
                handing: elements::handing(material, needed.copies),
                sample: material
                    .filled_sample
                    .as_ref()
                    .and_then(|file| elements::picture(file, around.catalog)),
                why: why(matter, &material.name, &needed.why, unless, true),
            };
            Some((material.is_filled_in(), shown))
        })
        .partition(|(filled, _)| *filled);
    let shown = |materials: Vec<(bool, Material)>| materials.into_iter().map(|(_, shown)| shown);
    let (optional, brought) = shown(brought).partition(|material| material.handing.optional);
    let filled = shown(filled).collect();
    Outcome {
        situation: settled.text.clone(),
        units: units.len(),
        days: outcome.promised_working_days,
        items,
        materials: brought,
        optional,
        filled,
        not_asked: outcome
            .not_asked
            .iter()
            .filter_map(|left_out| {
                let material = matter.material(&left_out.material)?;
                Some((material.name.clone(), left_out.because.clone()))
            })
            .collect(),
        not_needed: not_needed(&explained.materials_not_needed, |id| {
            Some(matter.material(id)?.name.clone())
        }),
        form: form_whys(matter, &outcome.form, &explained),
        form_not_needed: form_not_needed(matter, &explained),
        next: takeaway::next(matter, around),
        suggested: Vec::new(),
        flow: outcome
            .flow
            .iter()
            .map(|layer| {
                layer
                    .iter()
                    .filter_map(|id| {
                        let item = matter.item(id)?;
                        Some(FlowStep {
                            name: item.name.clone(),
                            unit: unit(&item.unit, around),
                            days: item.working_days,
                        })
                    })
                    .collect()
            })
            .collect(),
    }
}

/// Label and reasons of each field that the outcome asks for.
pub(super) fn form_whys(
    matter: &Matter,
    form: &[FormField],
    explained: &Explanation,
) -> Vec<(Text, Why)> {
    let fields = form.iter().filter_map(|needed| {
        let label = &matter.field(&needed.field)?.label;
        let unless = explained.field_unless.get(&needed.field);
        Some((
            label.clone(),
            why(matter, label, &needed.why, unless, false),
        ))
    });
    fields.collect()
}

/// The matter's other fields, and why nobody fills them in here.
pub(super) fn form_not_needed(matter: &Matter, explained: &Explanation) -> Vec<(Text, Text)> {
    not_needed(&explained.fields_not_needed, |id| {
        Some(matter.field(id)?.label.clone())
    })
}

fn not_needed(list: &[NotNeeded], name: impl Fn(&str) -> Option<Text>) -> Vec<(Text, Text)> {
    let names = list.iter();
    names
        .filter_map(|one| Some((name(&one.id)?, one.because.clone())))
        .collect()
}

/// Why something is needed: items with their rules, answers, laws, and what would spare it.
fn why(
    matter: &Matter,
    name: &Text,
    reasons: &[Reason],
    unless: Option<&Given>,
    has_text: bool,
) -> Why {
    let by = reasons.iter().filter_map(|reason| {
        Some(NeededBy {
            item: matter.item(&reason.item)?.name.clone(),
            rule: matter.rule_in_words(&reason.rule),
            text: has_text.then(|| reason.text.clone()),
        })
    });
    let said: BTreeSet<&(String, String)> = reasons
        .iter()
        .flat_map(|reason| reason.answers.iter().chain(&reason.item_answers))
        .collect();
    // In the order in which they were asked.
    let answers: Given = matter
        .questions
        .iter()
        .flat_map(|question| said.iter().filter(move |(asked, _)| *asked == question.id))
        .map(|answer| (*answer).clone())
        .collect();
    let mut basis: Vec<Text> = Vec::new();
    for reason in reasons {
        let laws = match &reason.basis {
            Some(law) => vec![law.clone()],
            // The law of the item itself, where the need has none of its own.
            None => matter.item(&reason.item).map_or_else(Vec::new, |item| {
                let laws = item.basis.iter();
                laws.map(|basis| Text {
                    zh: format!("{}{}", basis.law.zh, basis.article.zh),
                    en: format!("{}, {}", basis.law.en, basis.article.en),
                })
                .collect()
            }),
        };
        for law in laws {
            if !basis.contains(&law) {
                basis.push(law);
            }
        }
    }
    Why {
        by: by.collect(),
        answers: (!answers.is_empty()).then(|| matter.in_words(&answers)),
        basis,
        unless: unless.map(|given| matter.unless_in_words(name, given)),
    }
}

/// Something is always taken: the last item, with those that law joins it with, stays.
fn last(item: &OutcomeItem, chosen: &BTreeSet<String>) -> Option<Text> {
    let alone = item.chosen
        && chosen
            .iter()
            .all(|other| *other == item.id || item.joined_with.contains(other));
    alone.then(|| Text {
        zh: "至少要办一件".into(),
        en: "at least one is needed".into(),
    })
}
