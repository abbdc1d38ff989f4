//! Whether every department gets its own form and its own materials back out of the one form and
//! the one set, whatever is chosen (5.2.2.4 e, 5.2.2.5).
//!
//! The merging itself is asked, for whatever an item needs in any situation; what comes out is held
//! against what it needs by itself. Not every choice must be tried, nor every situation: what an item
//! gets depends on others only through those that yield what it needs. So it is enough to choose the
//! item alone, with each of those, and with all.

use std::collections::{BTreeMap, BTreeSet};

use crate::answer::Answers;
use crate::model::{Item, Matter, Need, Original, Situation};
use crate::outcome::Outcome;
use crate::plan::Cube;

/// What one item needs by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Own {
    /// The materials, each with the paper copies that are collected.
    pub materials: Vec<(String, u32)>,
    /// The fields of its own form.
    pub fields: Vec<String>,
}

/// What was tried to know that every department gets its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sufficiency {
    /// The kinds of needs: what an item needs somewhere, beside which items that yield some of it.
    pub kinds: usize,
    /// The choices of items that were tried for them.
    pub choices: usize,
    /// What an item would not get, in words.
    pub missing: Vec<String>,
}

/// What each item of a situation needs.
type Kind<'m> = Vec<(&'m String, Own)>;

impl Matter {
    /// What an item needs by itself in a situation, from what the authors wrote about it alone.
    pub fn own(&self, situation: &Situation, item: &str) -> Own {
        self.own_of(situation, item, &self.conditions())
    }

    /// Tries whether each department could rebuild its own form and materials (5.2.2.4 e), whatever is
    /// chosen.
    pub fn sufficiency(&self) -> Sufficiency {
        let conditions = self.conditions();
        let mut kinds: BTreeMap<(&String, Own, Vec<&String>), &Situation> = BTreeMap::new();
        for situation in &self.situations {
            for (item, own) in self.kind(situation, &conditions) {
                let makers = self.makers(situation, &own);
                kinds.entry((item, own, makers)).or_insert(situation);
            }
        }
        let mut tried = Sufficiency {
            kinds: kinds.len(),
            choices: 0,
            missing: Vec::new(),
        };
        for ((item, own, makers), situation) in &kinds {
            for chosen in self.telling(situation, item, makers) {
                tried.choices += 1;
                let outcome = self.outcome(situation, &Answers::new(), &chosen);
                tried.missing.extend(
                    self.missing(item, own, &outcome, &chosen)
                        .map(|what| format!("in situation `{}`, {what}", situation.id)),
                );
            }
        }
        tried
    }

    /// What each item of a situation needs by itself: all that people do and bring there follows from it.
    pub(crate) fn kind<'m>(
        &self,
        situation: &'m Situation,
        conditions: &[Option<Cube>],
    ) -> Kind<'m> {
        let items = situation.items.iter();
        items
            .map(|item| (item, self.own_of(situation, item, conditions)))
            .collect()
    }

    /// What an item does not get back out of an outcome.
    pub fn missing(
        &self,
        item: &str,
        own: &Own,
        outcome: &Outcome,
        chosen: &BTreeSet<String>,
    ) -> Option<String> {
        let waits = |maker: &Item| self.item(item).is_some_and(|i| i.after.contains(&maker.id));
        for (id, copies) in &own.materials {
            let asked = outcome.materials.iter().find(|m| m.material == *id);
            let asked = asked.filter(|m| m.why.iter().any(|reason| reason.item == item));
            let spared = outcome.not_asked.iter().any(|m| m.material == *id);
            let yields = |maker: &&Item| maker.yields.contains(id);
            let mut makers = self
                .items
                .iter()
                .filter(yields)
                .filter(|m| chosen.contains(&m.id));
            let comes = match makers.next() {
                // The merging hands on what the first of them makes.
                Some(maker) => waits(maker),
                None => self.material(id).is_some_and(|m| m.obtained.is_some()),
            };
            let fine = asked.is_some_and(|m| m.copies >= *copies) || spared && comes;
            if !fine {
                return Some(format!("`{item}` does not get {copies} of `{id}`"));
            }
        }
        let form = outcome.form.iter();
        let given: Vec<&String> = form
            .filter(|f| f.from.iter().any(|from| from == item))
            .map(|f| &f.field)
            .collect();
        let lost = own.fields.iter().find(|field| !given.contains(field));
        lost.map(|field| format!("`{item}` does not get field `{field}`"))
    }

    /// The choices that matter to an item: with as little as may be, with each item that yields
    /// what it needs, and with all.
    fn telling(
        &self,
        situation: &Situation,
        item: &str,
        makers: &[&String],
    ) -> Vec<BTreeSet<String>> {
        let with = |more: Option<&str>| {
            let required = self.items.iter().filter(|i| i.required);
            let wanted = required.map(|i| i.id.as_str()).chain([item]).chain(more);
            let mut chosen = BTreeSet::new();
            for id in wanted {
                if !chosen.contains(id) {
                    self.toggle(situation, &mut chosen, id);
                }
            }
            chosen
        };
        let mut choices: Vec<_> = makers
            .iter()
            .map(|maker| with(Some(maker.as_str())))
            .collect();
        choices.extend([with(None), self.all_items(situation)]);
        choices
    }

    /// The items of a situation that yield what is needed.
    fn makers(&self, situation: &Situation, own: &Own) -> Vec<&String> {
        let yields = |i: &&Item| own.materials.iter().any(|(id, _)| i.yields.contains(id));
        let makers = self.items.iter().filter(yields).map(|maker| &maker.id);
        makers.filter(|id| situation.items.contains(id)).collect()
    }

    /// For which answers each need of a material, then of a field, holds.
    pub(crate) fn conditions(&self) -> Vec<Option<Cube>> {
        let materials = self
            .materials
            .iter()
            .flat_map(|m| &m.needs)
            .map(|n| &n.when);
        let fields = self.fields.iter().flat_map(|f| &f.needs).map(|n| &n.when);
        materials
            .chain(fields)
            .map(|when| self.plan.close(&self.questions, when))
            .collect()
    }

    fn own_of(&self, situation: &Situation, item: &str, conditions: &[Option<Cube>]) -> Own {
        let mut conditions = conditions.iter();
        let mut holds = || {
            let cube = conditions.next().and_then(Option::as_ref);
            cube.is_some_and(|cube| situation.cubes.iter().any(|c| c.meets(cube)))
        };
        let mut own = Own {
            materials: Vec::new(),
            fields: Vec::new(),
        };
        for material in &self.materials {
            let copies = |need: &Need| match material.original {
                Original::Check => 0,
                Original::Original | Original::Copy | Original::Both => {
                    need.copies.or(material.paper_copies).unwrap_or(0)
                }
            };
            let needs = material.needs.iter().map(|need| (need, holds()));
            let needs = needs.filter(|(need, holds)| *holds && need.item == item);
            let most = needs.map(|(need, _)| copies(need)).max();
            own.materials
                .extend(most.map(|most| (material.id.clone(), most)));
        }
        for field in &self.fields {
            let needs = field.needs.iter().map(|need| holds() && need.item == item);
            // Each condition is taken, whether or not one held before.
            let sometimes = needs.filter(|needed| *needed).count() > 0;
            if sometimes || field.items.iter().any(|i| i == item) {
                own.fields.push(field.id.clone());
            }
        }
        own
    }
}
