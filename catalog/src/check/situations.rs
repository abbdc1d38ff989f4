//! Expands the situations and checks what holds in each: who overlaps, which items and needs are
//! constant, how long the longest path is.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use crate::file::MatterFile;
use crate::finding::Code;
use crate::model::{Condition, Item, Matter, Question, Situation};
use crate::outcome::longest_path;
use crate::plan::{Cube, Expanded, MAX_SITUATIONS, Plan, sentence};
use crate::shape::{Step, at};

/// Builds the matter. The questionnaire was found well-formed; where the items are not in order,
/// no path has a length.
pub fn build(report: &mut Report, file: MatterFile, ordered: bool) -> Option<Matter> {
    let windows: Vec<&Condition> = file.windows.iter().map(|w| &w.when).collect();
    let mut plan = Plan::new(&file.questions, &windows);
    never(report, &plan, &file);
    let expanded = expand(report, &plan, &file)?;
    plan.index(expanded.iter().map(|(_, e)| e.cubes.as_slice()));
    let mut situations = situations(&plan, &file, &expanded);
    let bases: Vec<usize> = expanded.iter().map(|(base, _)| *base).collect();
    same_ids(report, &situations, &bases);
    overlaps(report, &file, &situations, &bases);
    let mut live = Live {
        report,
        plan: &plan,
        questions: &file.questions,
        bases: &bases,
    };
    for (i, item) in file.items.iter().enumerate() {
        let path = at!["item", i, "when"];
        let taking = live.situations(path, &item.when, &situations, |_| true);
        if taking.is_empty() {
            let message = format!("item `{}` takes part in no situation", item.id);
            live.report
                .find(Code::NeverNeeded, at!["item", i, "id"], message);
        }
        for s in taking {
            situations[s].items.push(item.id.clone());
        }
    }
    materials(&mut live, &file, &situations);
    fields(&mut live, &file, &situations);
    if ordered {
        promise(report, &file, &situations);
    }
    Some(Matter {
        id: file.id,
        stage: file.stage,
        name: file.name,
        short: file.short,
        summary: file.summary,
        keywords: file.keywords,
        guide: file.guide,
        questions: file.questions,
        free_order: file.free_order,
        windows: file.windows,
        situations,
        items: file.items,
        joins: file.joins,
        materials: file.materials,
        fields: file.fields,
        plan,
    })
}

/// Conditions that contradict themselves.
fn never(report: &mut Report, plan: &Plan, file: &MatterFile) {
    let message = |what: &str, id: &str| {
        format!("{what} `{id}` can never be: its condition names answers that exclude each other")
    };
    for (q, asked) in plan.asked.iter().enumerate() {
        if asked.is_none() {
            let message = message("question", &file.questions[q].id);
            report.find(Code::NeverHolds, at!["question", q, "when"], message);
        }
    }
    for (w, window) in plan.windows.iter().enumerate() {
        if window.is_none() {
            let message = message("window", &file.windows[w].id);
            report.find(Code::NeverHolds, at!["window", w, "when"], message);
        }
    }
}

/// All situations, each with the written one it comes from.
fn expand(report: &mut Report, plan: &Plan, file: &MatterFile) -> Option<Vec<(usize, Expanded)>> {
    let mut all = Vec::new();
    for (s, written) in file.situations.iter().enumerate() {
        let expanded = plan.expand(&file.questions, written);
        if expanded.as_ref().is_some_and(Vec::is_empty) {
            let message = format!(
                "situation `{}` can never be: its answers exclude each other or windows serve them all",
                written.id
            );
            report.find(Code::NeverHolds, at!["situation", s, "when"], message);
        }
        let fits = expanded.filter(|e| all.len() + e.len() <= MAX_SITUATIONS);
        let Some(expanded) = fits else {
            let message = format!(
                "the matter has more than {MAX_SITUATIONS} situations when `{}` is split",
                written.id
            );
            report.find(
                Code::TooManySituations,
                at!["situation", s, "split"],
                message,
            );
            return None;
        };
        all.extend(expanded.into_iter().map(|e| (s, e)));
    }
    Some(all)
}

fn situations(plan: &Plan, file: &MatterFile, expanded: &[(usize, Expanded)]) -> Vec<Situation> {
    let named = |(q, o): &(usize, usize)| {
        let question = &file.questions[*q];
        (question.id.clone(), question.options[*o].id.clone())
    };
    expanded
        .iter()
        .map(|(base, expanded)| {
            let written = &file.situations[*base];
            let split: Vec<_> = expanded.split.iter().map(named).collect();
            let options: Vec<&str> = split.iter().map(|(_, o)| o.as_str()).collect();
            Situation {
                id: if options.is_empty() {
                    written.id.clone()
                } else {
                    format!("{}.{}", written.id, options.join("-"))
                },
                base: written.id.clone(),
                text: sentence(&written.text, &file.questions, &expanded.split),
                split,
                items: Vec::new(),
                cubes: expanded
                    .cubes
                    .iter()
                    .flat_map(|c| plan.outside_windows(c))
                    .collect(),
            }
        })
        .collect()
}

fn same_ids(report: &mut Report, situations: &[Situation], bases: &[usize]) {
    let mut seen = BTreeSet::new();
    for (situation, base) in situations.iter().zip(bases) {
        if !seen.insert(&situation.id) {
            let message = format!("two situations would have the id `{}`", situation.id);
            report.find(
                Code::SameSituation,
                at!["situation", *base, "split"],
                message,
            );
        }
    }
}

fn overlaps(report: &mut Report, file: &MatterFile, situations: &[Situation], bases: &[usize]) {
    let mut told = BTreeSet::new();
    for (b, second) in situations.iter().enumerate() {
        for (a, first) in situations[..b].iter().enumerate() {
            if bases[a] == bases[b] || told.contains(&(bases[a], bases[b])) {
                continue;
            }
            let both = first
                .cubes
                .iter()
                .flat_map(|x| second.cubes.iter().map(move |y| (x, y)))
                // Nearly all are disjoint: seeing that must not allocate.
                .find(|(x, y)| x.meets(y))
                .and_then(|(x, y)| x.meet(y));
            if let Some(both) = both {
                told.insert((bases[a], bases[b]));
                let message = format!(
                    "situations `{}` and `{}` both apply {}",
                    first.id,
                    second.id,
                    witness(&file.questions, &both)
                );
                report.find(Code::Overlap, at!["situation", bases[b]], message);
            }
        }
    }
}

/// Some answers out of a cube, in words.
fn witness(questions: &[Question], cube: &Cube) -> String {
    let answers: Vec<String> = questions
        .iter()
        .enumerate()
        .filter(|(q, question)| cube.options(*q).count_ones() as usize != question.options.len())
        .map(|(q, question)| {
            let first = cube.options(q).trailing_zeros() as usize;
            let option = question.options.get(first).map_or("", |o| o.id.as_str());
            format!("{} = {option}", question.id)
        })
        .collect();
    if answers.is_empty() {
        "whatever is answered".to_owned()
    } else {
        format!("when {}", answers.join(", "))
    }
}

/// Decides in which situations a condition holds.
struct Live<'a, 'r> {
    report: &'a mut Report<'r>,
    plan: &'a Plan,
    questions: &'a [Question],
    bases: &'a [usize],
}

impl Live<'_, '_> {
    /// The situations, out of those asked about, in which a condition holds. A condition that
    /// holds in a part of one is a finding, told once for each written situation.
    fn situations(
        &mut self,
        path: &[Step],
        when: &Condition,
        situations: &[Situation],
        about: impl Fn(&Situation) -> bool,
    ) -> Vec<usize> {
        let cube = self.plan.close(self.questions, when);
        let mut told = BTreeSet::new();
        let mut holding = Vec::new();
        for (s, situation) in situations.iter().enumerate() {
            if !about(situation) {
                continue;
            }
            let Some(cube) = &cube else {
                continue;
            };
            if situation.cubes.iter().all(|c| c.within(cube)) {
                holding.push(s);
            } else if situation.cubes.iter().any(|c| c.meets(cube)) && told.insert(self.bases[s]) {
                self.part(path, situation, cube);
            }
        }
        holding
    }

    fn part(&mut self, path: &[Step], situation: &Situation, cube: &Cube) {
        let open = |q: &usize| {
            let outside = |c: &Cube| c.options(*q) & !cube.options(*q) != 0;
            situation.cubes.iter().any(outside)
        };
        let question = (0..self.questions.len())
            .find(open)
            .map(|q| self.questions[q].id.as_str());
        let question = question.unwrap_or("");
        self.report.find_with_help(
            Code::NotConstant,
            path,
            format!(
                "the condition holds for a part of situation `{}` only: `{question}` decides, and is open there",
                situation.id
            ),
            format!("split situation `{}` by `{question}`, or narrow its `when`", situation.base),
        );
    }
}

fn materials(live: &mut Live, file: &MatterFile, situations: &[Situation]) {
    for (m, material) in file.materials.iter().enumerate() {
        let mut needed = false;
        for (n, need) in material.needs.iter().enumerate() {
            let path = at!["material", m, "need", n, "when"];
            let holding = live.situations(path, &need.when, situations, |s| {
                s.items.contains(&need.item)
            });
            needed |= !holding.is_empty();
            let makers = file
                .items
                .iter()
                .filter(|i| i.yields.contains(&material.id));
            for maker in makers {
                let both = |s: &usize| situations[*s].items.contains(&maker.id);
                let waits = file
                    .items
                    .iter()
                    .any(|i| i.id == need.item && i.after.contains(&maker.id));
                if !waits && holding.iter().any(both) {
                    live.report.find_with_help(
                        Code::YieldOrder,
                        at!["material", m, "need", n, "item"],
                        format!(
                            "`{}` needs `{}`, which `{}` yields, and does not wait for it",
                            need.item, material.id, maker.id
                        ),
                        format!("add `{}` to `after` of item `{}`", maker.id, need.item),
                    );
                }
            }
        }
        if !needed {
            let message = format!("material `{}` is needed in no situation", material.id);
            live.report
                .find(Code::NeverNeeded, at!["material", m, "id"], message);
        }
    }
}

fn fields(live: &mut Live, file: &MatterFile, situations: &[Situation]) {
    for (f, field) in file.fields.iter().enumerate() {
        let mut needed = situations
            .iter()
            .any(|s| s.items.iter().any(|i| field.items.contains(i)));
        for (n, need) in field.needs.iter().enumerate() {
            let path = at!["field", f, "need", n, "when"];
            let holding = live.situations(path, &need.when, situations, |s| {
                s.items.contains(&need.item)
            });
            needed |= !holding.is_empty();
        }
        if !needed {
            let message = format!("field `{}` is needed in no situation", field.id);
            live.report
                .find(Code::NeverNeeded, at!["field", f, "id"], message);
        }
    }
}

/// The promise lies between the longest path and the law (appendix A, 承诺办结时限).
fn promise(report: &mut Report, file: &MatterFile, situations: &[Situation]) {
    let guide = &file.guide;
    let path = at!["guide", "promised_working_days"];
    if guide.promised_working_days > guide.statutory_working_days {
        let message = format!(
            "{} working days are promised; the law allows {}",
            guide.promised_working_days, guide.statutory_working_days
        );
        report.find(Code::PromiseTooLong, path, message);
    }
    // Many situations share their items.
    let mut days: BTreeMap<&[String], u32> = BTreeMap::new();
    for situation in situations {
        let items = file
            .items
            .iter()
            .filter(|i| situation.items.contains(&i.id));
        let needed = *days
            .entry(situation.items.as_slice())
            .or_insert_with(|| longest_path(&items.collect::<Vec<&Item>>()));
        if needed > guide.promised_working_days {
            let message = format!(
                "{} working days are promised, and the longest path of situation `{}` takes {needed}",
                guide.promised_working_days, situation.id
            );
            report.find(Code::PromiseTooShort, path, message);
            return;
        }
    }
}
