//! Where the answers lead: the situation with its items, materials and flow, or people at a window.

use std::collections::BTreeSet;

use yici_catalog::{Answers, Matter, OutcomeItem, Text};

use super::notice::unit;
use super::page::{self, FlowStep, Item, Material, Outcome};
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
    // One other answer: more of them are no help to somebody who stands there.
    let unless = matter.explain(settled, answers, chosen, 1).material_unless;
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
    Outcome {
        situation: settled.text.clone(),
        units: units.len(),
        days: outcome.promised_working_days,
        items,
        materials: outcome
            .materials
            .iter()
            .filter_map(|needed| {
                let material = matter.material(&needed.material)?;
                Some(Material {
                    name: material.name.clone(),
                    original: material.original,
                    copies: needed.copies,
                    why: needed
                        .why
                        .iter()
                        .map(|reason| reason.text.clone())
                        .chain(
                            unless
                                .get(&needed.material)
                                .map(|given| matter.unless_in_words(&material.name, given)),
                        )
                        .collect(),
                })
            })
            .collect(),
        not_asked: outcome
            .not_asked
            .iter()
            .filter_map(|left_out| {
                let material = matter.material(&left_out.material)?;
                Some((material.name.clone(), left_out.because.clone()))
            })
            .collect(),
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
