//! What a situation and a choice of items come to: one set of materials, one form, the flow
//! (5.2.2.3 to 5.2.2.5).

use std::collections::BTreeSet;

use serde::Serialize;

use crate::answer::{Answer, Answers, Meaning};
use crate::model::{Condition, Item, Matter, Original, Situation, Text};
use crate::plan::Cube;

/// What a situation and a choice of items come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The situation's items, chosen or not.
    pub items: Vec<OutcomeItem>,
    /// What to hand in.
    pub materials: Vec<Needed>,
    /// What is needed and yet not asked for.
    pub not_asked: Vec<NotAsked>,
    /// The fields of the one form.
    pub form: Vec<FormField>,
    /// The chosen items in layers: those of one layer run in parallel.
    pub flow: Vec<Vec<String>>,
    /// The working days of the longest path over the chosen items.
    pub promised_working_days: u32,
}

/// An item of a situation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutcomeItem {
    /// The item.
    pub id: String,
    /// Whether it cannot be left out, by itself or because it is joined with one that cannot.
    pub required: bool,
    /// The items that law joins it with.
    pub joined_with: Vec<String>,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// A material to hand in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Needed {
    /// The material.
    pub material: String,
    /// How many paper copies: the most that one item needs. 0 when none is collected on paper.
    pub copies: u32,
    /// Who needs it and why.
    pub why: Vec<Reason>,
}

/// Why an item needs a material or a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The item.
    pub item: String,
    /// Why, in plain words.
    pub text: Text,
    /// By which law the item needs it, where that is written; the item's own law is
    /// [`Item::basis`].
    pub basis: Option<Text>,
    /// The rule: for which answers the item needs it. Empty: for all.
    pub rule: Condition,
    /// The answers that made the rule hold: question and option.
    pub answers: Vec<(String, String)>,
    /// The answers that made the item take part.
    pub item_answers: Vec<(String, String)>,
}

/// A material that is needed and yet not asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotAsked {
    /// The material.
    pub material: String,
    /// Why not.
    pub because: Text,
    /// The chosen item whose result it is; `None` when shared data has it.
    pub result_of: Option<String>,
}

/// A field of the one form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FormField {
    /// The field.
    pub field: String,
    /// The chosen items that need it.
    pub from: Vec<String>,
    /// The resource that fills it.
    pub prefilled: Option<String>,
    /// Whether it must be filled.
    pub required: bool,
    /// Why each of these items needs it.
    pub why: Vec<Reason>,
}

/// Why a choice of items cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// Nothing is chosen.
    #[error("choose at least one item")]
    Nothing,
    /// The matter has no such item.
    #[error("the matter has no item `{0}`")]
    Unknown(String),
    /// The item is not part of this situation.
    #[error("item `{0}` is not part of this situation")]
    NotHere(String),
    /// A required item is left out.
    #[error("item `{0}` cannot be left out")]
    Required(String),
    /// Items that law joins are apart.
    #[error("law joins `{0}` and `{1}`: choose both or neither")]
    Joined(String, String),
}

impl ChoiceError {
    /// The same for people, in both languages.
    pub fn text(&self) -> Text {
        let zh = match self {
            ChoiceError::Nothing => "请至少选一个事项".to_owned(),
            ChoiceError::Unknown(id) => format!("没有事项 `{id}`"),
            ChoiceError::NotHere(id) => format!("您的情形不用办事项 `{id}`"),
            ChoiceError::Required(id) => format!("事项 `{id}` 必须办，不能去掉"),
            ChoiceError::Joined(one, other) => {
                format!("按规定 `{one}` 和 `{other}` 要一起办：要么都选，要么都不选")
            }
        };
        Text::of(zh, self.to_string())
    }
}

impl Matter {
    /// Every item of the situation: what is chosen to begin with.
    pub fn all_items(&self, situation: &Situation) -> BTreeSet<String> {
        situation.items.iter().cloned().collect()
    }

    /// Takes an item in or leaves it out, with those that law joins it with. What is required
    /// stays.
    pub fn toggle(&self, situation: &Situation, chosen: &mut BTreeSet<String>, item: &str) {
        if !situation.items.iter().any(|i| i == item) {
            return;
        }
        let group = self.joined(situation, item);
        if !chosen.contains(item) {
            chosen.extend(group);
        } else if !group.iter().any(|i| self.is_required(i)) {
            chosen.retain(|i| !group.contains(i));
        }
    }

    /// A choice as wanted, or why it cannot be made.
    pub fn choose(
        &self,
        situation: &Situation,
        wanted: &[String],
    ) -> Result<BTreeSet<String>, ChoiceError> {
        for id in wanted {
            if self.item(id).is_none() {
                return Err(ChoiceError::Unknown(id.clone()));
            }
            if !situation.items.contains(id) {
                return Err(ChoiceError::NotHere(id.clone()));
            }
        }
        let chosen: BTreeSet<String> = wanted.iter().cloned().collect();
        for id in &situation.items {
            let group = self.joined(situation, id);
            if chosen.contains(id) {
                if let Some(apart) = group.iter().find(|i| !chosen.contains(*i)) {
                    return Err(ChoiceError::Joined(id.clone(), apart.clone()));
                }
            } else if self.is_required(id) {
                return Err(ChoiceError::Required(id.clone()));
            }
        }
        if chosen.is_empty() {
            return Err(ChoiceError::Nothing);
        }
        Ok(chosen)
    }

    /// Merges everything for a situation and a choice of its items. The answers only explain:
    /// what is needed follows from the situation.
    pub fn outcome(
        &self,
        situation: &Situation,
        answers: &Answers,
        chosen: &BTreeSet<String>,
    ) -> Outcome {
        let items: Vec<&Item> = self
            .items
            .iter()
            .filter(|item| situation.items.contains(&item.id))
            .collect();
        let chosen: Vec<&Item> = items
            .iter()
            .copied()
            .filter(|item| chosen.contains(&item.id))
            .collect();
        let (materials, not_asked) = self.materials_of(situation, answers, &chosen);
        Outcome {
            items: items
                .iter()
                .map(|item| self.item_of(situation, item, &chosen))
                .collect(),
            materials,
            not_asked,
            form: self.form_of(situation, answers, &chosen),
            flow: flow(&chosen),
            promised_working_days: longest_path(&chosen),
        }
    }

    fn item_of(&self, situation: &Situation, item: &Item, chosen: &[&Item]) -> OutcomeItem {
        let group = self.joined(situation, &item.id);
        OutcomeItem {
            id: item.id.clone(),
            required: group.iter().any(|i| self.is_required(i)),
            joined_with: situation
                .items
                .iter()
                .filter(|i| **i != item.id && group.contains(*i))
                .cloned()
                .collect(),
            chosen: chosen.iter().any(|i| i.id == item.id),
        }
    }

    fn materials_of(
        &self,
        situation: &Situation,
        answers: &Answers,
        chosen: &[&Item],
    ) -> (Vec<Needed>, Vec<NotAsked>) {
        let (mut asked, mut not_asked) = (Vec::new(), Vec::new());
        for material in &self.materials {
            let needs: Vec<_> = material
                .needs
                .iter()
                .filter(|need| chosen.iter().any(|item| item.id == need.item))
                .filter(|need| self.holds(situation, &need.when))
                .collect();
            if needs.is_empty() {
                continue;
            }
            let maker = chosen.iter().find(|i| i.yields.contains(&material.id));
            let because = match (maker, &material.obtained) {
                (Some(item), _) => Some(Text::of(
                    format!("“{}”办出来的结果，部门之间直接用", item.name.zh),
                    format!(
                        "Produced by \"{}\" and passed on between departments",
                        item.name.en
                    ),
                )),
                (None, Some(obtained)) => Some(obtained.because.clone()),
                (None, None) => None,
            };
            if let Some(because) = because {
                not_asked.push(NotAsked {
                    material: material.id.clone(),
                    because,
                    result_of: maker.map(|item| item.id.clone()),
                });
                continue;
            }
            let copies = needs
                .iter()
                .filter_map(|need| need.copies.or(material.paper_copies))
                .max();
            asked.push(Needed {
                material: material.id.clone(),
                copies: match material.original {
                    Original::Check => 0,
                    Original::Original | Original::Copy | Original::Both => copies.unwrap_or(0),
                },
                why: needs
                    .iter()
                    .map(|need| Reason {
                        item: need.item.clone(),
                        text: need.why.clone(),
                        basis: need.basis.clone(),
                        rule: need.when.clone(),
                        answers: self.causes(situation, answers, &need.when),
                        item_answers: self.item_causes(situation, answers, &need.item),
                    })
                    .collect(),
            });
        }
        (asked, not_asked)
    }

    fn form_of(
        &self,
        situation: &Situation,
        answers: &Answers,
        chosen: &[&Item],
    ) -> Vec<FormField> {
        let mut form = Vec::new();
        for field in &self.fields {
            let mut why = Vec::new();
            for item in chosen {
                let always = field.items.contains(&item.id).then(Condition::new);
                let needs = field.needs.iter().filter(|need| need.item == item.id);
                let mut holding = needs.filter(|need| self.holds(situation, &need.when));
                let rule = always.or_else(|| holding.next().map(|need| need.when.clone()));
                why.extend(rule.map(|rule| Reason {
                    item: item.id.clone(),
                    text: Text::of(
                        format!("“{}”要填", item.name.zh),
                        format!("Asked by \"{}\"", item.name.en),
                    ),
                    basis: None,
                    answers: self.causes(situation, answers, &rule),
                    rule,
                    item_answers: self.item_causes(situation, answers, &item.id),
                }));
            }
            if !why.is_empty() {
                form.push(FormField {
                    field: field.id.clone(),
                    from: why.iter().map(|reason| reason.item.clone()).collect(),
                    prefilled: field.prefill.clone(),
                    required: field.required,
                    why,
                });
            }
        }
        form
    }

    /// Whether a condition holds in a situation. The loader saw to it that it holds in the whole
    /// of the situation or nowhere in it; what windows serve does not count.
    fn holds(&self, situation: &Situation, when: &Condition) -> bool {
        self.plan
            .close(&self.questions, when)
            .is_some_and(|cube| situation.cubes.iter().any(|c| c.meets(&cube)))
    }

    /// The answers that made a condition hold.
    fn causes(
        &self,
        situation: &Situation,
        answers: &Answers,
        when: &Condition,
    ) -> Vec<(String, String)> {
        let mut causes = Vec::new();
        for (q, question) in self.questions.iter().enumerate() {
            let Some(wanted) = when.get(&question.id) else {
                continue;
            };
            let given = match answers.get(&question.id) {
                // The band of a date depends on today: the situation knows it.
                Some(Answer::Date(_)) | None => None,
                Some(answer) => match question.understand(answer, jiff::civil::Date::ZERO) {
                    Ok(Meaning::Option(option)) => Some(option),
                    Ok(Meaning::Window) | Err(_) => None,
                },
            };
            let allowed = |cube: &Cube| cube.options(q);
            let mask = situation.cubes.iter().map(allowed).fold(0, |a, b| a | b);
            let option = given.or((mask.count_ones() == 1).then(|| mask.trailing_zeros() as usize));
            let option = option.and_then(|o| question.options.get(o));
            let option = option.filter(|o| wanted.contains(&o.id));
            causes.extend(option.map(|o| (question.id.clone(), o.id.clone())));
        }
        causes
    }

    /// The answers that made an item take part.
    fn item_causes(
        &self,
        situation: &Situation,
        answers: &Answers,
        item: &str,
    ) -> Vec<(String, String)> {
        let when = self.item(item).map(|item| &item.when);
        when.map_or_else(Vec::new, |when| self.causes(situation, answers, when))
    }

    pub(crate) fn is_required(&self, item: &str) -> bool {
        self.item(item).is_some_and(|i| i.required)
    }

    /// The item and all that law joins it with in this situation, directly or through others.
    pub(crate) fn joined(&self, situation: &Situation, item: &str) -> BTreeSet<String> {
        let mut group = BTreeSet::from([item.to_owned()]);
        loop {
            let before = group.len();
            for join in &self.joins {
                if join.items.iter().any(|i| group.contains(i)) {
                    let here = join.items.iter().filter(|i| situation.items.contains(*i));
                    group.extend(here.cloned());
                }
            }
            if group.len() == before {
                return group;
            }
        }
    }
}

/// The layers of the flow: an item comes after all it waits for.
fn flow(chosen: &[&Item]) -> Vec<Vec<String>> {
    let depths = along_path(chosen, |_| 1);
    let mut layers = Vec::new();
    for (item, depth) in chosen.iter().zip(&depths) {
        let at = (*depth as usize).saturating_sub(1);
        if layers.len() <= at {
            layers.resize(at + 1, Vec::new());
        }
        layers[at].push(item.id.clone());
    }
    layers
}

/// The working days of the longest path.
pub(crate) fn longest_path(chosen: &[&Item]) -> u32 {
    along_path(chosen, |item| item.working_days)
        .into_iter()
        .max()
        .unwrap_or(0)
}

/// For each item the longest path that ends with it. `after` has no cycle: the loader saw to it,
/// and the number of rounds is bounded all the same.
fn along_path(chosen: &[&Item], length: impl Fn(&Item) -> u32) -> Vec<u32> {
    let mut sums: Vec<u32> = chosen.iter().map(|item| length(item)).collect();
    for _ in 0..chosen.len() {
        for (i, item) in chosen.iter().enumerate() {
            let before = chosen
                .iter()
                .zip(&sums)
                .filter(|(other, _)| item.after.contains(&other.id))
                .map(|(_, sum)| *sum)
                .max()
                .unwrap_or(0);
            sums[i] = before.saturating_add(length(item));
        }
    }
    sums
}
