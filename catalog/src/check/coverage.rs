//! Does every possible set of answers fall into exactly one window or situation? Each finding
//! comes with answers that show it.

use super::Report;
use crate::file::MatterFile;
use crate::finding::{Code, Witness};
use crate::model::Condition;
use crate::plan::{Plan, bit};
use crate::proof::{Gap, Overlap, ProofStep, Questionnaire};
use crate::shape::at;
use crate::words::{by_ids, witness};

/// Returns the proof; of no use when there were findings.
pub fn check(report: &mut Report, plan: &Plan, file: &MatterFile) -> Vec<ProofStep> {
    let situations: Vec<&Condition> = file.situations.iter().map(|s| &s.when).collect();
    let proof = Questionnaire::of(plan, &file.questions, &situations).prove();
    for overlap in &proof.overlaps {
        both_apply(report, file, overlap);
    }
    for found in &proof.gaps {
        gap(report, plan, file, found);
    }
    if proof.given_up {
        let message = "the conditions of situations and windows cross each other in too many ways to prove that every answer leads somewhere";
        report.find_with_help(
            Code::NotProven,
            at!["situation", 0],
            message,
            "write the situations so that each names the questions that decide it",
        );
    }
    proof.steps
}

fn both_apply(report: &mut Report, file: &MatterFile, overlap: &Overlap) {
    let (first, second) = overlap.situations;
    let shown = Shown::new(file, &overlap.answers, &overlap.decisive);
    let message = format!(
        "situations `{}` and `{}` both apply {}",
        file.situations[first].id, file.situations[second].id, shown.ids
    );
    let help = format!("{}：有两种对应情形 ({})", shown.zh, shown.en);
    let finding = report
        .doc
        .finding(Code::Overlap, at!["situation", second], message);
    report
        .findings
        .push(finding.help(help).witness(shown.witness));
}

fn gap(report: &mut Report, plan: &Plan, file: &MatterFile, gap: &Gap) {
    // The author most likely forgot it in the situation that fails by the fewest answers.
    let near = file.situations.iter().enumerate();
    let near = near.filter_map(|(s, situation)| {
        let cube = plan.close(&file.questions, &situation.when)?;
        let narrows = gap.decisive.iter();
        let narrows = narrows.filter(|(q, _)| cube.options(*q) != plan.full.options(*q));
        let (fit, against): (Vec<_>, Vec<_>) =
            narrows.partition(|(q, o)| cube.options(*q) & bit(*o) != 0);
        Some((s, fit.len(), against))
    });
    let near = near.min_by_key(|(_, fit, against)| (against.len(), usize::MAX - fit));
    let shown = Shown::new(file, &gap.answers, &gap.decisive);
    let message = format!("there is no situation {}", shown.ids);
    let mut help = format!("{}：没有对应情形 ({})", shown.zh, shown.en);
    if let Some((s, _, against)) = &near {
        let against = against.iter().map(|(q, _)| file.questions[*q].id.as_str());
        help += &format!(
            "; the nearest, `{}`, wants another answer to {}",
            file.situations[*s].id,
            against.collect::<Vec<_>>().join(", ")
        );
    }
    let place = near.map_or(0, |(s, ..)| s);
    let finding = report
        .doc
        .finding(Code::Gap, at!["situation", place, "when"], message);
    report
        .findings
        .push(finding.help(help).witness(shown.witness));
}

/// Answers as they are shown: by the decisive ones, with a word on windows where those matter.
struct Shown {
    ids: String,
    zh: String,
    en: String,
    witness: Witness,
}

impl Shown {
    fn new(file: &MatterFile, answers: &[(usize, usize)], decisive: &[(usize, usize)]) -> Shown {
        let (apart_zh, apart) = match answers.len() > decisive.len() {
            true => ("（到窗口办的除外）", " (those whom windows serve apart)"),
            false => ("", ""),
        };
        let ids = by_ids(&file.questions, decisive) + apart;
        let words = witness(&file.questions, decisive).text;
        Shown {
            ids,
            zh: words.zh + apart_zh,
            en: words.en + apart,
            witness: witness(&file.questions, answers),
        }
    }
}
