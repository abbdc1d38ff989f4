//! `kiosk catalog guide`: what an answer file leads to, as JSON. Stable: other tools rely on it.

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::answer::{Answer, Answers};
use crate::interview::State;
use crate::model::{Catalog, Lang, MaterialForm, Matter, Original, QuestionKind, Situation, Text};
use crate::outcome::{Needed, Reason};
use crate::why::{Given, MOST_CHANGES, NotNeeded};

/// What answers and a choice of items lead to. Strict: an answer that cannot be one, or to a
/// question that is not asked, is an error. Without `items` all of the situation's are taken.
pub fn guide(
    catalog: &Catalog,
    matter: &Matter,
    answers: &Value,
    items: Option<&[String]>,
    today: Date,
    lang: Lang,
) -> Value {
    let answers = match read(matter, answers, today, lang) {
        Ok(answers) => answers,
        Err(error) => return error,
    };
    let (interview, walk) = matter.walk(&answers, today);
    let unasked = answers.0.keys().find(|id| {
        let place = matter.questions.iter().position(|q| q.id == **id);
        !interview.asked.contains(id) && !place.is_some_and(|q| walk.may_ask(q))
    });
    match interview.state {
        State::Error { question, message } => error(Some(&question), message.get(lang)),
        State::Question { .. } | State::Settled { .. } | State::Window { .. }
            if unasked.is_some() =>
        {
            let message = match lang {
                Lang::Zh => "按其他答案，不会问到这个问题",
                Lang::En => "With the other answers this question is never asked",
            };
            error(unasked.map(String::as_str), message)
        }
        State::Question { id, at_most_left } => {
            question(matter, &id, interview.asked.len(), at_most_left, lang)
        }
        State::Window { reason, place, .. } => json!({
            "state": "window",
            "reason": reason.get(lang),
            "where": place.get(lang),
        }),
        State::Settled { situation } => {
            let situation = &matter.situations[situation];
            settled(catalog, matter, situation, &answers, items, lang)
        }
    }
}

/// Reads the answers and checks each by itself.
fn read(matter: &Matter, answers: &Value, today: Date, lang: Lang) -> Result<Answers, Value> {
    let Some(written) = answers.as_object() else {
        let message = match lang {
            Lang::Zh => "答案应写成 {\"问题\": \"选项\"}",
            Lang::En => "Answers must be written as {\"question\": \"option\"}",
        };
        return Err(error(None, message));
    };
    let mut answers = Answers::new();
    for (id, value) in written {
        let Some(question) = matter.question(id) else {
            let message = match lang {
                Lang::Zh => "没有这个问题",
                Lang::En => "The matter has no such question",
            };
            return Err(error(Some(id), message));
        };
        let answer: Answer = serde_json::from_value(value.clone()).map_err(|_| {
            let message = match lang {
                Lang::Zh => "答案应是选项、整数或日期",
                Lang::En => "The answer must be an option, a whole number or a date",
            };
            error(Some(id), message)
        })?;
        question
            .understand(&answer, today)
            .map_err(|message| error(Some(id), message.get(lang)))?;
        answers.insert(id, answer);
    }
    Ok(answers)
}

/// `question` is null when the mistake is about none.
fn error(question: Option<&str>, message: &str) -> Value {
    json!({"state": "error", "question": question, "message": message})
}

fn question(matter: &Matter, id: &str, asked: usize, at_most_left: usize, lang: Lang) -> Value {
    let Some(question) = matter.question(id) else {
        return error(Some(id), "");
    };
    let options = question
        .options
        .iter()
        .map(|o| json!({"id": o.id, "text": o.label(lang)}));
    json!({
        "state": "question",
        "question": {
            "id": question.id,
            "text": question.text.get(lang),
            "kind": match question.kind {
                QuestionKind::Choice => "choice",
                QuestionKind::Number => "number",
                QuestionKind::Date => "date",
            },
            "options": options.collect::<Vec<_>>(),
            "resource": question.resource.as_ref().map(|r| &r.id),
        },
        "asked": asked,
        "at_most_left": at_most_left,
    })
}

fn settled(
    catalog: &Catalog,
    matter: &Matter,
    situation: &Situation,
    answers: &Answers,
    items: Option<&[String]>,
    lang: Lang,
) -> Value {
    let chosen = match items {
        None => matter.all_items(situation),
        Some(items) => match matter.choose(situation, items) {
            Ok(chosen) => chosen,
            Err(e) => return error(None, e.text().get(lang)),
        },
    };
    let outcome = matter.outcome(situation, answers, &chosen);
    let explanation = matter.explain(situation, answers, &chosen, MOST_CHANGES);
    let unless = |given: Option<&Given>, name: &Text| {
        given.map(|given| {
            let text = matter.unless_in_words(name, given);
            json!({"answers": pairs(given), "text": text.get(lang)})
        })
    };
    let not_needed = |list: &[NotNeeded]| -> Vec<Value> {
        list.iter()
            .map(|one| {
                json!({
                    "id": one.id,
                    "because": one.because.get(lang),
                    "answers": pairs(&one.answers),
                    "left_out": one.left_out,
                })
            })
            .collect()
    };
    let items = outcome
        .items
        .iter()
        .filter(|i| i.chosen)
        .filter_map(|chosen| {
            let item = matter.item(&chosen.id)?;
            Some(json!({
                "id": item.id,
                "name": item.name.get(lang),
                "unit": catalog.unit(&item.unit).name.get(lang),
                "required": chosen.required,
            }))
        });
    let not_asked = outcome.not_asked.iter().map(
        |n| json!({"id": n.material, "because": n.because.get(lang), "result_of": n.result_of}),
    );
    let form = outcome.form.iter().filter_map(|field| {
        let described = matter.field(&field.field)?;
        Some(json!({
            "id": field.field,
            "label": described.label.get(lang),
            "kind": described.kind,
            "required": field.required,
            "from": field.from,
            "prefilled": field.prefilled.as_deref().map(source_word),
            "why": reasons(matter, &field.why, lang),
            "unless": unless(explanation.field_unless.get(&field.field), &described.label),
        }))
    });
    json!({
        "state": "settled",
        "situation": {"id": situation.id, "text": situation.text.get(lang)},
        "items": items.collect::<Vec<_>>(),
        "materials": outcome
            .materials
            .iter()
            .filter_map(|needed| {
                let name = &matter.material(&needed.material)?.name;
                let unless = unless(explanation.material_unless.get(&needed.material), name);
                material(matter, needed, unless, lang)
            })
            .collect::<Vec<_>>(),
        "not_asked": not_asked.collect::<Vec<_>>(),
        "not_needed": not_needed(&explanation.materials_not_needed),
        "form": form.collect::<Vec<_>>(),
        "form_not_needed": not_needed(&explanation.fields_not_needed),
        "flow": outcome.flow,
        "promised_working_days": outcome.promised_working_days,
    })
}

fn material(matter: &Matter, needed: &Needed, unless: Option<Value>, lang: Lang) -> Option<Value> {
    let material = matter.material(&needed.material)?;
    let form = match (material.form, lang) {
        (MaterialForm::Paper, Lang::Zh) => "纸质",
        (MaterialForm::Paper, Lang::En) => "paper",
        (MaterialForm::Electronic, Lang::Zh) => "电子化",
        (MaterialForm::Electronic, Lang::En) => "electronic",
        (MaterialForm::Either, Lang::Zh) => "纸质/电子化",
        (MaterialForm::Either, Lang::En) => "paper or electronic",
    };
    let original = match material.original {
        Original::Original => "original",
        Original::Copy => "copy",
        Original::Both => "both",
        Original::Check => "check",
    };
    Some(json!({
        "id": material.id,
        "name": material.name.get(lang),
        "form": form,
        "original": original,
        "copies": needed.copies,
        "why": reasons(matter, &needed.why, lang),
        "unless": unless,
    }))
}

fn reasons(matter: &Matter, reasons: &[Reason], lang: Lang) -> Vec<Value> {
    let laws = |reason: &Reason| -> Vec<String> {
        let item = matter.item(&reason.item).into_iter();
        item.flat_map(|item| &item.basis)
            .map(|basis| format!("{} {}", basis.law.get(lang), basis.article.get(lang)))
            .collect()
    };
    reasons
        .iter()
        .map(|reason| {
            json!({
                "item": reason.item,
                "text": reason.text.get(lang),
                "basis": reason.basis.as_ref().map(|basis| basis.get(lang)),
                "item_basis": laws(reason),
                "rule": reason.rule,
                "answers": pairs(&reason.answers),
                "item_answers": pairs(&reason.item_answers),
            })
        })
        .collect()
}

fn pairs(answers: &[(String, String)]) -> Value {
    let pairs = answers.iter().cloned();
    Value::Object(pairs.map(|(q, o)| (q, Value::String(o))).collect())
}

/// All that the card fills is one source to whoever reads this.
fn source_word(resource: &str) -> &str {
    if resource.starts_with("card.") {
        "card"
    } else {
        resource
    }
}
