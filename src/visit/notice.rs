//! The home page and the one-time notification (一次告知, clauses 3 and 5.3).

use yici_catalog::{Group, Matter, Text};

use super::elements;
use super::page::{Home, MatterCard, Notice, NoticeItem, NoticeMaterial, Search};
use super::terminal::Around;

/// The matters of persons or of businesses; all, if there is but one kind.
pub(super) fn home(group: Group, around: &Around) -> Home {
    let of = |group| Home::matters(around.catalog, group);
    let (mut persons, businesses) = (of(Group::Person), of(Group::Business));
    let both = !persons.is_empty() && !businesses.is_empty();
    Home {
        group: both.then_some(group),
        matters: match (both, group) {
            (true, Group::Person) => persons,
            (true, Group::Business) => businesses,
            (false, Group::Person | Group::Business) => {
                persons.extend(businesses);
                persons
            }
        },
        track: around.health.submits(),
        taken_off: around.health.taken_off(),
    }
}

/// Most matters shown for one search.
const MOST_FOUND: usize = 8;

/// What the typed words find.
pub(super) fn search(typed: &str, around: &Around) -> Search {
    let found = around
        .catalog
        .search(typed)
        .into_iter()
        .filter_map(|matter| {
            let mut stages = around.catalog.stages.iter();
            let stage = stages.find(|stage| stage.id == matter.stage)?;
            Some(MatterCard::of(matter, &stage.name))
        });
    Search {
        typed: typed.to_owned(),
        found: found.take(MOST_FOUND).collect(),
    }
}

/// Everything that is told before applying.
pub(super) fn notice(matter: &Matter, around: &Around) -> Notice {
    let guide = &matter.guide;
    Notice {
        name: matter.name.clone(),
        wrong: around.health.submits(),
        summary: matter.summary.clone(),
        not_here: matter
            .windows
            .iter()
            .map(|window| (window.reason.clone(), window.place.clone()))
            .collect(),
        acceptance: guide.acceptance.clone(),
        notes: vec![
            guide.preconditions.clone(),
            guide.coverage.clone(),
            guide.material_form.clone(),
        ],
        materials: matter
            .materials
            .iter()
            .filter(|material| !material.is_filled_in())
            .filter_map(|material| {
                let brought = matter.bringing(material)?;
                Some(NoticeMaterial {
                    name: material.name.clone(),
                    handing: elements::handing(material, elements::most_copies(material)),
                    sometimes: !brought.always,
                    unless_made: brought.unless_made,
                })
            })
            .collect(),
        filled: matter
            .materials
            .iter()
            .filter(|material| material.is_filled_in())
            .map(|material| material.name.clone())
            .collect(),
        promised_days: guide.promised_working_days,
        statutory_days: guide.statutory_working_days,
        fee: guide.fee_standard.clone(),
        items: matter
            .items
            .iter()
            .map(|item| NoticeItem {
                name: item.name.clone(),
                unit: unit(&item.unit, around),
                result: item.result.name.clone(),
                sample: elements::picture(&item.result.sample, around.catalog),
            })
            .collect(),
        lead_unit: around.catalog.unit(&guide.lead_unit).name.clone(),
        basis: guide
            .legal_basis
            .iter()
            .map(|basis| (basis.law.clone(), basis.article.clone()))
            .collect(),
        more: elements::more(matter, around),
        printer: around.health.printer(),
    }
}

/// The short name of a unit.
pub(super) fn unit(id: &str, around: &Around) -> Text {
    around.catalog.unit(id).short.clone()
}
