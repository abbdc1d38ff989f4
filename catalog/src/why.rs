//! Why: what each part of an outcome rests on is in the outcome itself ([`crate::Reason`]); here is
//! why the rest is not needed, and with which other answer a part would not be.

use std::collections::{BTreeMap, BTreeSet};

use crate::answer::{Answer, Answers, Meaning};
use crate::model::{Condition, Lang, Matter, Situation, Text};
use crate::plan::{Cube, End, Walk, bit};

/// So many answers are changed at most, where all is to be known: [`Matter::explain`].
pub const MOST_CHANGES: usize = 3;

/// So many other interviews are tried at most: with few questions all, with many the nearest.
const MOST_TRIES: usize = 5000;

/// Question and option, in the order of the questions.
pub type Given = Vec<(String, String)>;

/// What an outcome does not say by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explanation {
    /// For a material that is asked for: the fewest other answers with which it would not be. None
    /// for what is asked for whatever is answered, or so nearly.
    pub material_unless: BTreeMap<String, Given>,
    /// The same for fields.
    pub field_unless: BTreeMap<String, Given>,
    /// The materials of the matter that nobody needs here.
    pub materials_not_needed: Vec<NotNeeded>,
    /// The same for fields.
    pub fields_not_needed: Vec<NotNeeded>,
}

/// What is not needed, and why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotNeeded {
    /// The material or field.
    pub id: String,
    /// Why not, in plain words.
    pub because: Text,
    /// The answers that keep it away.
    pub answers: Given,
    /// The items that would need it and were left out.
    pub left_out: Vec<String>,
}

/// One need of a material or field: whose, and for which answers.
struct Demand<'m> {
    item: &'m str,
    /// Both the item's condition and the need's own. `None`: never.
    cube: Option<Cube>,
}

/// Something that may be needed.
struct Thing<'m> {
    id: &'m str,
    is_material: bool,
    demands: Vec<Demand<'m>>,
    /// The items whose result it is.
    makers: Vec<&'m str>,
    /// Shared data has it.
    is_obtained: bool,
}

impl Matter {
    /// Why the rest is not needed, and the nearest other answers without which what is needed
    /// would be: answers that differ in at most `changes` (or [`MOST_CHANGES`]) questions. A window is
    /// no such answer: who is served there is not spared anything.
    pub fn explain(
        &self,
        situation: &Situation,
        answers: &Answers,
        chosen: &BTreeSet<String>,
        changes: usize,
    ) -> Explanation {
        let things = self.things();
        let given = self.given(situation, answers);
        let mut explanation = Explanation::default();
        let mut open = Vec::new();
        for (t, thing) in things.iter().enumerate() {
            if is_asked(thing, situation, chosen) {
                open.push(t);
            } else if !is_needed(thing, situation, chosen) {
                let not_needed = self.not_needed(thing, situation, &given, chosen);
                if thing.is_material {
                    explanation.materials_not_needed.push(not_needed);
                } else {
                    explanation.fields_not_needed.push(not_needed);
                }
            }
        }
        let mut tries = Tries {
            matter: self,
            things: &things,
            situation,
            chosen,
            given: &given,
            keeps_items: true,
            asked: BTreeMap::new(),
            left: MOST_TRIES,
        };
        for depth in 1..=changes.min(MOST_CHANGES) {
            // Of two that are equally near, the one that takes no item away.
            for keeps_items in [true, false] {
                tries.keeps_items = keeps_items;
                tries.change(&mut Vec::new(), depth, &mut open, &mut explanation);
            }
        }
        explanation
    }

    /// Answers in words: each option's phrase, or else the question with its answer.
    pub fn in_words(&self, answers: &[(String, String)]) -> Text {
        let said = answers.iter().filter_map(|(question, option)| {
            let question = self.question(question)?;
            let option = question.option(option)?;
            let whole = || {
                Text::of(
                    format!("“{}”答“{}”", question.text.zh, option.label(Lang::Zh)),
                    format!(
                        "the answer to \"{}\" is \"{}\"",
                        question.text.en,
                        option.label(Lang::En)
                    ),
                )
            };
            Some(option.phrase.clone().unwrap_or_else(whole))
        });
        Text::joined(&said.collect::<Vec<_>>(), "、", " and ")
    }

    /// A rule in words: of each question the options that it holds for, as [`Matter::in_words`]
    /// says them. `None` for a rule that holds whatever is answered.
    pub fn rule_in_words(&self, rule: &Condition) -> Option<Text> {
        let questions = self.questions.iter();
        let parts: Vec<Text> = questions
            .filter_map(|question| {
                let options = rule.get(&question.id)?.iter();
                let said = options.map(|o| self.in_words(&[(question.id.clone(), o.clone())]));
                Some(Text::joined(&said.collect::<Vec<_>>(), "或者", " or "))
            })
            .collect();
        (!parts.is_empty()).then(|| Text::joined(&parts, "、", " and "))
    }

    /// The sentence about other answers: “若父母未结婚，则不需要“结婚证”。”
    pub fn unless_in_words(&self, name: &Text, answers: &[(String, String)]) -> Text {
        let said = self.in_words(answers);
        Text::of(
            format!("若{}，则不需要“{}”。", said.zh, name.zh),
            format!("If {}, \"{}\" is not needed.", said.en, name.en),
        )
    }

    fn things(&self) -> Vec<Thing<'_>> {
        let demand = |item: &str, when| {
            let found = self.item(item)?;
            let both = self
                .plan
                .close(&self.questions, when)
                .zip(self.plan.close(&self.questions, &found.when));
            Some(Demand {
                item: &found.id,
                cube: both.and_then(|(need, item)| need.meet(&item)),
            })
        };
        static ALWAYS: Condition = Condition::new();
        let materials = self.materials.iter().map(|material| Thing {
            id: &material.id,
            is_material: true,
            demands: material
                .needs
                .iter()
                .filter_map(|need| demand(&need.item, &need.when))
                .collect(),
            makers: self
                .items
                .iter()
                .filter(|item| item.yields.contains(&material.id))
                .map(|item| item.id.as_str())
                .collect(),
            is_obtained: material.obtained.is_some(),
        });
        let fields = self.fields.iter().map(|field| Thing {
            id: &field.id,
            is_material: false,
            demands: field
                .items
                .iter()
                .map(|item| (item, &ALWAYS))
                .chain(field.needs.iter().map(|need| (&need.item, &need.when)))
                .filter_map(|(item, when)| demand(item, when))
                .collect(),
            makers: Vec::new(),
            is_obtained: false,
        });
        materials.chain(fields).collect()
    }

    /// What was answered to each question that was asked. Where the answers do not say, any that
    /// lead to the situation.
    fn given(&self, situation: &Situation, answers: &Answers) -> Vec<Option<usize>> {
        let understood: Vec<Option<usize>> = self
            .questions
            .iter()
            .map(|question| match answers.get(&question.id)? {
                // The band of a date depends on today: the situation knows it.
                Answer::Date(_) => None,
                answer @ (Answer::Option(_) | Answer::Number(_) | Answer::Unsure) => {
                    match question.understand(answer, jiff::civil::Date::ZERO) {
                        Ok(Meaning::Option(option)) => Some(option),
                        Ok(Meaning::Window) | Err(_) => None,
                    }
                }
            })
            .collect();
        let agrees = |cube: &&Cube| {
            let mut each = understood.iter().enumerate();
            each.all(|(q, o)| o.is_none_or(|o| cube.options(q) & bit(o) != 0))
        };
        let cube = situation.cubes.iter().find(agrees);
        let mut given = vec![None; self.questions.len()];
        let Some(cube) = cube.or(situation.cubes.first()) else {
            return given;
        };
        let mut walk = self.plan.walk();
        while let Some(q) = walk.question() {
            let option = understood[q].unwrap_or(cube.options(q).trailing_zeros() as usize);
            given[q] = Some(option);
            walk.answer(option);
        }
        given
    }

    fn not_needed(
        &self,
        thing: &Thing,
        situation: &Situation,
        given: &[Option<usize>],
        chosen: &BTreeSet<String>,
    ) -> NotNeeded {
        let mut keeping: BTreeSet<usize> = BTreeSet::new();
        let mut left_out = Vec::new();
        for demand in &thing.demands {
            let Some(cube) = &demand.cube else {
                continue;
            };
            let against = |q: &usize| given[*q].is_some_and(|o| cube.options(*q) & bit(o) == 0);
            // The first answer against it is enough: later questions are asked because of it.
            let first = (0..given.len()).find(against);
            if demand.holds(situation) {
                let item = demand.item.to_owned();
                if !chosen.contains(&item) && !left_out.contains(&item) {
                    left_out.push(item);
                }
            } else {
                keeping.extend(first);
            }
        }
        let answers: Given = keeping
            .into_iter()
            .filter_map(|q| {
                let question = &self.questions[q];
                let option = question.options.get(given[q]?)?;
                Some((question.id.clone(), option.id.clone()))
            })
            .collect();
        NotNeeded {
            id: thing.id.to_owned(),
            because: self.because(&answers, &left_out),
            answers,
            left_out,
        }
    }

    fn because(&self, answers: &[(String, String)], left_out: &[String]) -> Text {
        let mut because = if answers.is_empty() {
            Text::of("", "")
        } else {
            self.in_words(answers)
        };
        let names: Vec<&Text> = left_out
            .iter()
            .filter_map(|id| Some(&self.item(id)?.name))
            .collect();
        if !names.is_empty() {
            let zh: Vec<String> = names.iter().map(|n| format!("“{}”", n.zh)).collect();
            let en: Vec<String> = names.iter().map(|n| format!("\"{}\"", n.en)).collect();
            if !answers.is_empty() {
                because.zh += "；";
                because.en += "; ";
            }
            because.zh += &format!("这次没有选办{}", zh.join("、"));
            because.en += &format!("{} is left out this time", en.join(" and "));
        }
        because
    }
}

impl Demand<'_> {
    fn holds(&self, situation: &Situation) -> bool {
        let cube = self.cube.as_ref();
        cube.is_some_and(|cube| situation.cubes.iter().any(|c| c.meets(cube)))
    }
}

fn is_needed(thing: &Thing, situation: &Situation, chosen: &BTreeSet<String>) -> bool {
    let mut demands = thing.demands.iter();
    demands.any(|demand| chosen.contains(demand.item) && demand.holds(situation))
}

fn is_asked(thing: &Thing, situation: &Situation, chosen: &BTreeSet<String>) -> bool {
    let is_made = thing
        .makers
        .iter()
        .any(|maker| chosen.contains(*maker) && situation.items.iter().any(|item| item == maker));
    !thing.is_obtained && !is_made && is_needed(thing, situation, chosen)
}

/// Other interviews, those with the fewest changed answers first.
struct Tries<'m, 'a> {
    matter: &'m Matter,
    things: &'a [Thing<'m>],
    situation: &'a Situation,
    chosen: &'a BTreeSet<String>,
    given: &'a [Option<usize>],
    /// Whether what takes a chosen item away does not count.
    keeps_items: bool,
    /// For each situation looked at which things are asked for in it.
    asked: BTreeMap<usize, Vec<bool>>,
    left: usize,
}

impl<'m> Tries<'m, '_> {
    /// Changes so many more answers, each to a question after those changed before. `open` are the
    /// things for which nothing was found yet.
    fn change(
        &mut self,
        changes: &mut Vec<(usize, usize)>,
        more: usize,
        open: &mut Vec<usize>,
        found: &mut Explanation,
    ) {
        if open.is_empty() || self.left == 0 {
            return;
        }
        let (asked, walk) = self.walk(changes);
        if more == 0 {
            self.left -= 1;
            self.judge(&walk, changes, open, found);
            return;
        }
        let after = changes.last().map(|(q, _)| *q);
        let later = |q: usize| after.is_none_or(|after| q > after);
        for (q, answer) in asked.into_iter().filter(|(q, _)| later(*q)) {
            let options = 0..self.matter.questions[q].options.len();
            for other in options.filter(|o| Some(*o) != answer) {
                changes.push((q, other));
                self.change(changes, more - 1, open, found);
                changes.pop();
            }
        }
    }

    /// The interview with changed answers: what is asked with its answers, up to the first question
    /// that was not answered.
    fn walk(&self, changes: &[(usize, usize)]) -> (Vec<(usize, Option<usize>)>, Walk<'m>) {
        let mut walk = self.matter.plan.walk();
        let mut asked = Vec::new();
        while let Some(q) = walk.question() {
            let change = changes.iter().find(|(changed, _)| *changed == q);
            let answer = change.map(|(_, option)| *option).or(self.given[q]);
            asked.push((q, answer));
            let Some(option) = answer else {
                break;
            };
            walk.answer(option);
        }
        (asked, walk)
    }

    /// Takes those things off `open` that are asked for in none of the situations still possible.
    fn judge(
        &mut self,
        walk: &Walk,
        changes: &[(usize, usize)],
        open: &mut Vec<usize>,
        found: &mut Explanation,
    ) {
        let possible: Vec<usize> = walk
            .possible()
            .into_iter()
            .filter_map(|end| match end {
                End::Situation(situation) => Some(situation),
                End::Window(_) | End::Nothing => None,
            })
            .collect();
        let situations = || possible.iter().map(|s| &self.matter.situations[*s]);
        let keeps = |s: &Situation| self.chosen.iter().all(|item| s.items.contains(item));
        if possible.is_empty() || (self.keeps_items && !situations().all(keeps)) {
            return;
        }
        for s in &possible {
            if !self.asked.contains_key(s) {
                let asked = self.asked_in(&self.matter.situations[*s]);
                self.asked.insert(*s, asked);
            }
        }
        let questions = &self.matter.questions;
        open.retain(|thing| {
            if possible.iter().any(|s| self.asked[s][*thing]) {
                return true;
            }
            let answers = changes.iter().map(|(q, o)| {
                let question = &questions[*q];
                (question.id.clone(), question.options[*o].id.clone())
            });
            let thing = &self.things[*thing];
            let unless = if thing.is_material {
                &mut found.material_unless
            } else {
                &mut found.field_unless
            };
            unless.insert(thing.id.to_owned(), answers.collect());
            false
        });
    }

    fn asked_in(&self, other: &Situation) -> Vec<bool> {
        // Who left an item out leaves it out there, too; what is new there is taken.
        let kept = other
            .items
            .iter()
            .filter(|item| self.chosen.contains(*item) || !self.situation.items.contains(item));
        let chosen: BTreeSet<String> = kept.cloned().collect();
        let things = self.things.iter();
        things
            .map(|thing| is_asked(thing, other, &chosen))
            .collect()
    }
}
