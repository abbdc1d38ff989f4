//! Answers in plain words, for witnesses.

use crate::answer::{Answer, Answers};
use crate::finding::Witness;
use crate::model::{Bound, Question, QuestionKind, QuestionOption, Text};
use crate::plan::{Cube, Plan};

/// Answers, given as the numbers of question and option, in words and for programs.
pub fn witness(questions: &[Question], answers: &[(usize, usize)]) -> Witness {
    let given =
        |(q, o): &(usize, usize)| Some((questions.get(*q)?, questions[*q].options.get(*o)?));
    let given: Vec<_> = answers.iter().filter_map(given).collect();
    let words: Vec<Text> = given.iter().map(|(q, o)| words(q, o)).collect();
    let joined = |get: fn(&Text) -> &str, by: &str| {
        let all: Vec<&str> = words.iter().map(get).collect();
        all.join(by)
    };
    let text = match words.is_empty() {
        true => Text::of("不论怎么回答", "whatever is answered"),
        false => Text::of(joined(|t| &t.zh, "、"), joined(|t| &t.en, ", ")),
    };
    let answers: Answers = given
        .iter()
        .map(|(q, o)| (q.id.clone(), answer_in(q, o)))
        .collect();
    Witness { answers, text }
}

/// One set of answers out of a part, of which the part says something.
pub fn witness_in(plan: &Plan, questions: &[Question], part: &Cube) -> Witness {
    let first = |options: &u64| 1 << options.trailing_zeros();
    let some = Cube(part.0.iter().map(first).collect());
    let asked = |q: &usize| {
        plan.asked[*q]
            .as_ref()
            .is_some_and(|asked| some.within(asked))
    };
    let told = (0..questions.len()).filter(|q| part.options(*q) != plan.full.options(*q));
    let answers: Vec<(usize, usize)> = told
        .filter(asked)
        .map(|q| (q, part.options(q).trailing_zeros() as usize))
        .collect();
    witness(questions, &answers)
}

/// The same by ids, as `register = local`.
pub fn by_ids(questions: &[Question], answers: &[(usize, usize)]) -> String {
    let named: Vec<String> = answers
        .iter()
        .filter_map(|(q, o)| Some((questions.get(*q)?, questions[*q].options.get(*o)?)))
        .map(|(q, o)| format!("{} = {}", q.id, o.id))
        .collect();
    match named.is_empty() {
        true => "whatever is answered".to_owned(),
        false => format!("when {}", named.join(", ")),
    }
}

/// An answer in the words that a situation's sentence would use, else by its question.
fn words(question: &Question, option: &QuestionOption) -> Text {
    if let Some(phrase) = &option.phrase {
        return phrase.clone();
    }
    let (asked, said) = (&question.text, said(question, option));
    Text::of(
        format!("“{}”答“{}”", asked.zh, said.zh),
        format!("\"{}\" \"{}\"", asked.en, said.en),
    )
}

fn said(question: &Question, option: &QuestionOption) -> Text {
    if let Some(text) = &option.text {
        return text.clone();
    }
    match question.kind {
        QuestionKind::Choice => Text::of(&option.id, &option.id),
        QuestionKind::Number => {
            let from = number(&option.from).or(question.min).unwrap_or(i64::MIN);
            let last = number(&option.until).map(|until| until.saturating_sub(1));
            let last = last.or(question.max).unwrap_or(i64::MAX);
            let unit = question.unit.clone().unwrap_or(Text::of("", ""));
            match from == last {
                true => Text::of(format!("{from}{}", unit.zh), format!("{from} {}", unit.en)),
                false => Text::of(
                    format!("{from}到{last}{}", unit.zh),
                    format!("{from} to {last} {}", unit.en),
                ),
            }
        }
        QuestionKind::Date => {
            let age = |bound: &Option<Bound>| match bound {
                Some(Bound::Age(age)) => Some(age.words()),
                Some(Bound::Number(_)) | None => None,
            };
            match (age(&option.from), age(&option.until)) {
                (None, None) => Text::of("任何一天", "any day"),
                (None, Some(until)) => Text::of(
                    format!("至今不满{}", until.zh),
                    format!("less than {} ago", until.en),
                ),
                (Some(from), None) => Text::of(
                    format!("至今满{}", from.zh),
                    format!("{} ago or more", from.en),
                ),
                (Some(from), Some(until)) => Text::of(
                    format!("至今满{}、不满{}", from.zh, until.zh),
                    format!("{} ago or more, less than {}", from.en, until.en),
                ),
            }
        }
    }
}

/// An answer that lies in an option. A date's band depends on the day: it stays the band's id.
fn answer_in(question: &Question, option: &QuestionOption) -> Answer {
    match question.kind {
        QuestionKind::Number => {
            Answer::Number(number(&option.from).or(question.min).unwrap_or_default())
        }
        QuestionKind::Choice | QuestionKind::Date => Answer::Option(option.id.clone()),
    }
}

fn number(bound: &Option<Bound>) -> Option<i64> {
    match bound {
        Some(Bound::Number(number)) => Some(*number),
        Some(Bound::Age(_)) | None => None,
    }
}
