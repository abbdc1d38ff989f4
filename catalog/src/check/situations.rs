//! Expands the situations and checks what holds in each: who overlaps, which items and needs are
//! constant, how long the longest path is.

use std::collections::{BTreeMap, BTreeSet};

use super::{Report, coverage, questions};
use crate::file::{MatterFile, SituationFile};
use crate::finding::{Code, Witness};
use crate::model::{Condition, Field, Item, Join, Matter, Question, Situation, Text};
use crate::outcome::longest_path;
use crate::plan::{Cube, Expanded, MAX_SITUATIONS, Plan, sentence};
use crate::shape::{Step, at};
use crate::words::witness_in;

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
    same_ids(report, &plan, &file.questions, &situations, &bases);
    same_sentences(report, &plan, &file.questions, &situations, &bases);
    questions::check(report, &plan, &file, &expanded);
    let proof = coverage::check(report, &plan, &file);
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
    joins(&mut live, &file, &situations);
    materials(&mut live, &file, &situations);
    fields(&mut live, &file, &situations);
    if ordered {
        promise(&mut live, &file, &situations);
    }
    let matter = Matter {
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
        fields: file.fields.into_iter().map(Field::shown).collect(),
        plan,
        proof,
    };
    same_outcomes(report, &matter, &file.situations, &bases);
    Some(matter)
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

fn same_ids(
    report: &mut Report,
    plan: &Plan,
    questions: &[Question],
    situations: &[Situation],
    bases: &[usize],
) {
    let mut seen = BTreeSet::new();
    for (situation, base) in situations.iter().zip(bases) {
        if !seen.insert(&situation.id) {
            let message = format!("two situations would have the id `{}`", situation.id);
            let path = at!["situation", *base, "split"];
            let finding = report.doc.finding(Code::SameSituation, path, message);
            let shown = witness_in(plan, questions, &situation.cubes[0]);
            report.findings.push(finding.witness(shown));
        }
    }
}

/// People choose by the sentence: two that read the same are one to them.
fn same_sentences(
    report: &mut Report,
    plan: &Plan,
    questions: &[Question],
    situations: &[Situation],
    bases: &[usize],
) {
    for get in [(|t| &t.zh) as fn(&Text) -> &String, |t| &t.en] {
        let mut seen: BTreeMap<&String, (&Situation, usize)> = BTreeMap::new();
        let mut told = BTreeSet::new();
        for (situation, base) in situations.iter().zip(bases) {
            let other = seen.insert(get(&situation.text), (situation, *base));
            if let Some((other, other_base)) = other
                && other.id != situation.id
                && told.insert((other_base, *base))
            {
                let message = format!(
                    "nothing tells situations `{}` and `{}` apart: both read \"{}\"",
                    other.id,
                    situation.id,
                    get(&situation.text)
                );
                let path = at!["situation", *base, "text"];
                let finding = report.doc.finding(Code::SameSituation, path, message);
                let shown = witness_in(plan, questions, &situation.cubes[0]);
                report.findings.push(finding.witness(shown));
            }
        }
    }
}

/// Situations in which people do and bring the same are one, unless the author says that they are
/// meant to be two. Told once for each two written ones.
fn same_outcomes(report: &mut Report, matter: &Matter, written: &[SituationFile], bases: &[usize]) {
    let conditions = matter.conditions();
    let mut kinds: BTreeMap<_, (&Situation, BTreeSet<usize>)> = BTreeMap::new();
    let mut told = BTreeSet::new();
    let mut meant = BTreeSet::new();
    for (situation, base) in matter.situations.iter().zip(bases) {
        let kind = matter.kind(situation, &conditions);
        let (first, seen) = kinds.entry(kind).or_insert((situation, BTreeSet::new()));
        let first = *first;
        let mut others = seen.iter().map(|other| &written[*other].id);
        let is_meant = others.any(|id| Some(id) == written[*base].same_as.as_ref());
        let is_twin = !seen.insert(*base);
        if is_meant && !is_twin {
            meant.insert(*base);
        } else if first.id != situation.id && told.insert((first.base.as_str(), *base)) {
            let message = format!(
                "nothing tells situations `{}` and `{}` apart: items, materials and fields are the same",
                first.id, situation.id
            );
            let path = at!["situation", *base, "id"];
            let finding = report.doc.finding(Code::SameSituation, path, message);
            let shown = witness_in(&matter.plan, &matter.questions, &situation.cubes[0]);
            let help = format!(
                "make them one; or, if they are meant to be two, say `same_as = \"{}\"`",
                first.base
            );
            report.findings.push(finding.help(help).witness(shown));
        }
    }
    for (s, situation) in written.iter().enumerate() {
        if let Some(same) = situation.same_as.as_ref().filter(|_| !meant.contains(&s)) {
            let message = format!(
                "situation `{}` does not come to the same as an earlier situation `{same}`",
                situation.id
            );
            report.find(Code::BadValue, at!["situation", s, "same_as"], message);
        }
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

    /// Answers that lead into a situation.
    fn shown(&self, situation: &Situation) -> Witness {
        witness_in(self.plan, self.questions, &situation.cubes[0])
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
        let message = format!(
            "the condition holds for a part of situation `{}` only: `{question}` decides, and is open there",
            situation.id
        );
        let mut finding = self.report.doc.finding(Code::NotConstant, path, message);
        let holding = situation.cubes.iter().find_map(|c| c.meet(cube));
        if let Some(holding) = holding {
            finding = finding.witness(witness_in(self.plan, self.questions, &holding));
        }
        self.report.findings.push(finding.help(format!(
            "split situation `{}` by `{question}`, or narrow its `when`",
            situation.base
        )));
    }
}

/// Wherever an item takes part that law joins with others, so does one of those, directly joined or
/// through others; else the catalogue lets them apart. The author may say that it can be alone.
fn joins(live: &mut Live, file: &MatterFile, situations: &[Situation]) {
    for item in &file.items {
        let group = joined(file, &item.id);
        let place = |list: fn(&Join) -> &Vec<String>| {
            let mut joins = file.joins.iter().enumerate();
            joins.find_map(|(j, join)| Some((j, list(join).iter().position(|id| *id == item.id)?)))
        };
        let Some((j, named)) = place(|join| &join.items) else {
            continue;
        };
        let alone = situations.iter().find(|s| {
            let here = group.iter().filter(|id| s.items.contains(**id));
            s.items.contains(&item.id) && here.count() == 1
        });
        match (alone, place(|join| &join.alone)) {
            (Some(situation), None) => {
                let message = format!(
                    "law joins item `{}` with others, and none of them takes part in situation `{}`",
                    item.id, situation.id
                );
                let path = at!["join", j, "items", named];
                let finding = live.report.doc.finding(Code::JoinApart, path, message);
                let help = format!("mend the conditions, or say `alone = [\"{}\"]`", item.id);
                let shown = live.shown(situation);
                live.report.findings.push(finding.help(help).witness(shown));
            }
            (None, Some((j, a))) => {
                let message = format!("item `{}` is never alone", item.id);
                let path = at!["join", j, "alone", a];
                live.report.find(Code::NeverNeeded, path, message);
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
}

/// An item and all that law joins it with, directly or through others.
fn joined<'f>(file: &'f MatterFile, item: &'f String) -> BTreeSet<&'f String> {
    let mut group = BTreeSet::from([item]);
    loop {
        let before = group.len();
        for join in &file.joins {
            if join.items.iter().any(|i| group.contains(i)) {
                group.extend(&join.items);
            }
        }
        if group.len() == before {
            return group;
        }
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
                let Some(s) = holding.iter().find(|s| both(s)).filter(|_| !waits) else {
                    continue;
                };
                let message = format!(
                    "`{}` needs `{}`, which `{}` yields, and does not wait for it",
                    need.item, material.id, maker.id
                );
                let path = at!["material", m, "need", n, "item"];
                let help = format!("add `{}` to `after` of item `{}`", maker.id, need.item);
                let finding = live.report.doc.finding(Code::YieldOrder, path, message);
                let shown = live.shown(&situations[*s]);
                live.report.findings.push(finding.help(help).witness(shown));
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
fn promise(live: &mut Live, file: &MatterFile, situations: &[Situation]) {
    let guide = &file.guide;
    let path = at!["guide", "promised_working_days"];
    if guide.promised_working_days > guide.statutory_working_days {
        let message = format!(
            "{} working days are promised; the law allows {}",
            guide.promised_working_days, guide.statutory_working_days
        );
        live.report.find(Code::PromiseTooLong, path, message);
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
            let finding = live
                .report
                .doc
                .finding(Code::PromiseTooShort, path, message);
            let shown = live.shown(situation);
            live.report.findings.push(finding.witness(shown));
            return;
        }
    }
}
