//! What people bring at all, over every situation and every choice of items: this is told before
//! anything is asked (一次告知).

use crate::model::{Item, Material, MaterialClass, MaterialForm, Matter, Need, Situation, Source};
use crate::plan::Cube;

/// When a material has to be brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bringing {
    /// In every situation, whatever items are taken.
    pub always: bool,
    /// Not when it is made in this very matter: who has it already brings it.
    pub unless_made: bool,
}

impl Material {
    /// Whether it is made from the one form (5.2.2.4), so that nobody brings it: an application
    /// (材料类型 2) that exists as data alone (材料形式 2) and is the applicant's own (来源渠道 10).
    pub fn is_filled_in(&self) -> bool {
        self.class == MaterialClass::Form
            && self.form == MaterialForm::Electronic
            && self.source == Some(Source::Applicant)
    }
}

impl Matter {
    /// When a material has to be brought, by the rules of [`Matter::outcome`]. `None`: never, since
    /// shared data has it, or since whoever needs it has it made as well.
    pub fn bringing(&self, material: &Material) -> Option<Bringing> {
        if material.obtained.is_some() {
            return None;
        }
        let needs: Vec<(&Need, Cube)> = material
            .needs
            .iter()
            .filter_map(|need| Some((need, self.plan.close(&self.questions, &need.when)?)))
            .collect();
        let makes = |item: &&Item| item.yields.contains(&material.id);
        let makers: Vec<&Item> = self.items.iter().filter(makes).collect();
        let mut brought = Bringing {
            always: true,
            unless_made: false,
        };
        let mut ever = false;
        for situation in &self.situations {
            let takes_part = |item: &str| situation.items.iter().any(|i| i == item);
            let needing: Vec<&str> = needs
                .iter()
                .filter(|(_, cube)| situation.cubes.iter().any(|c| c.meets(cube)))
                .map(|(need, _)| need.item.as_str())
                .filter(|item| takes_part(item))
                .collect();
            let makers: Vec<&Item> = makers
                .iter()
                .copied()
                .filter(|item| takes_part(&item.id))
                .collect();
            brought.unless_made |= !needing.is_empty() && !makers.is_empty();
            let asked = |item: &&&str| !makers.iter().any(|m| self.comes_with(situation, m, item));
            ever |= needing.iter().any(|item| asked(&item));
            brought.always &= makers.is_empty() && self.cannot_do_without(situation, &needing);
        }
        ever.then_some(brought)
    }

    /// Whether nobody can take `item` without `other`.
    fn comes_with(&self, situation: &Situation, other: &Item, item: &str) -> bool {
        let group = self.joined(situation, &other.id);
        group.contains(item) || group.iter().any(|i| self.is_required(i))
    }

    /// Whether any choice of items has one of these.
    fn cannot_do_without(&self, situation: &Situation, items: &[&str]) -> bool {
        let group = |item: &str| self.joined(situation, item);
        let must = |item: &&str| group(item).iter().any(|i| self.is_required(i));
        let has_one = |item: &String| group(item).iter().any(|i| items.contains(&i.as_str()));
        items.iter().any(must) || situation.items.iter().all(has_one)
    }
}
