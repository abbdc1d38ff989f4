//! What changes between two catalogues, and for whom.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use yici_catalog::{
    Answer, Answers, Asked, Catalog, Change, Diff, Effect, Lang, Matter, Served, State, diff,
};

use crate::support::{TODAY, answers, edited};

fn catalogue(edits: &[(&str, &str)]) -> Catalog {
    let edits: Vec<_> = edits
        .iter()
        .map(|(old, new)| ("demo.toml", *old, *new))
        .collect();
    edited(&edits).unwrap_or_else(|e| panic!("{}", e.render(yici_catalog::Lang::En)))
}

fn between(old: &[(&str, &str)], new: &[(&str, &str)]) -> Diff {
    diff(&catalogue(old), &catalogue(new), TODAY)
}

/// An effect in short.
fn short(effect: &Effect) -> String {
    let json = serde_json::to_value(effect).unwrap();
    let about = ["item", "material", "field", "window"];
    let about = about.iter().find_map(|key| json[*key].as_str());
    let numbers = match (&json["old"], &json["new"]) {
        (Value::Null, _) => String::new(),
        (old, new) => format!(" {old}->{new}"),
    };
    format!(
        "{}{}{numbers}",
        json["effect"].as_str().unwrap(),
        about.map_or(String::new(), |a| format!(" {a}"))
    )
}

fn shorts(diff: &Diff) -> Vec<String> {
    let effects = diff.matters.iter().flat_map(|m| &m.effects);
    effects.map(|c| short(&c.effect)).collect()
}

fn conditions(change: &Change) -> Vec<BTreeMap<&str, Vec<&str>>> {
    change
        .who
        .conditions
        .iter()
        .map(|c| {
            c.iter()
                .map(|r| {
                    let values = r.values.iter().map(String::as_str).collect();
                    (r.question.as_str(), values)
                })
                .collect()
        })
        .collect()
}

#[test]
fn nothing_changes_between_equal_catalogues() {
    let diff = between(&[], &[]);
    assert!(!diff.changed);
    assert_eq!(diff.text(Lang::Zh), "没有变化\n");
}

#[test]
fn a_new_need_is_told_once_for_those_whom_it_concerns() {
    let new = &[(
        "[[field]]\nid = \"applicant-name\"",
        "[[material]]\nid = \"photo\"\nname = { zh = \"照片\", en = \"Photo\" }\ntype = \"3\"\n\
         form = \"1\"\nnecessity = \"1\"\noriginal = \"original\"\npaper_copies = 2\n\
         [[material.need]]\nitem = \"registration\"\nwhen = { married = [\"no\"] }\n\
         why = { zh = \"贴在登记表上\", en = \"For the sheet\" }\n\
         [[field]]\nid = \"applicant-name\"",
    )];
    let diff = between(&[], new);
    assert_eq!(shorts(&diff), ["material-gained photo"]);
    let change = &diff.matters[0].effects[0];
    // Marriage is asked of local people only: that need not be said.
    assert_eq!(
        conditions(change),
        [BTreeMap::from([("married", vec!["no"])])]
    );
    assert_eq!(change.who.situations, ["local.no-none", "local.no-some"]);
    assert_eq!(change.who.of, 6);
    let text = diff.text(Lang::Zh);
    assert!(text.contains("+ 多交材料“照片”：贴在登记表上"), "{text}");
    assert!(
        text.contains("谁：“登记结婚了吗？”答是“否”（6个情形中的2个）"),
        "{text}"
    );
    assert!(
        text.contains("例如：孩子在哪里出生？医院；哪天出生？不满1年；户口在哪里？本市；登记结婚了吗？否；有几张发票？0张"),
        "{text}"
    );
    let back = between(new, &[]);
    assert_eq!(shorts(&back), ["material-lost photo"]);
}

#[test]
fn days_and_copies_are_told_with_both_numbers() {
    let diff = between(
        &[],
        &[
            (
                "kind = \"2\"\nworking_days = 2",
                "kind = \"2\"\nworking_days = 3",
            ),
            ("copies = 3", "copies = 2"),
        ],
    );
    assert_eq!(
        shorts(&diff),
        ["material-copies marriage-certificate 3->2", "days 6->7"]
    );
    // With invoices the refund takes longest, as before.
    assert_eq!(
        conditions(&diff.matters[0].effects[1]),
        [BTreeMap::from([
            ("register", vec!["local"]),
            ("bills", vec!["0..1"])
        ])]
    );
    let paths: Vec<&str> = diff.matters[0]
        .details
        .iter()
        .map(|d| d.path.as_str())
        .collect();
    assert_eq!(paths, ["working_days", "need[registration].copies"]);
}

#[test]
fn words_alone_change_nothing_for_people() {
    let diff = between(&[], &[("zh = \"登记凭它\"", "zh = \"登记要它\"")]);
    assert!(diff.changed);
    assert_eq!(shorts(&diff), [] as [&str; 0]);
    let text = diff.text(Lang::Zh);
    assert!(text.contains("材料、事项、字段、时间都不变"), "{text}");
    assert!(
        text.contains(
            "~ 材料“出生医学证明”（certificate-paper）的谁要[registration]·为什么要·中文：“登记凭它” → “登记要它”"
        ),
        "{text}"
    );
}

#[test]
fn situations_are_matched_by_answers_not_by_ids() {
    let renamed = &[(
        "id = \"elsewhere\"\ntext = { zh = \"孩子在外地落户\"",
        "id = \"other\"\ntext = { zh = \"孩子在外地落户\"",
    )];
    let diff = between(&[], renamed);
    assert_eq!(shorts(&diff), [] as [&str; 0]);
    let situations = &diff.matters[0].situations;
    assert_eq!(situations.added[0].id, "other.hospital");
    assert_eq!(situations.removed[0].id, "elsewhere.hospital");
}

#[test]
fn moved_bands_concern_those_between_the_bounds() {
    let diff = between(
        &[],
        &[
            ("until = \"P1Y\"", "until = \"P6M\""),
            ("from = \"P1Y\"", "from = \"P6M\""),
            ("id = \"none\"\nuntil = 1", "id = \"none\"\nuntil = 3"),
            ("id = \"some\"\nfrom = 1", "id = \"some\"\nfrom = 3"),
        ],
    );
    assert_eq!(
        shorts(&diff),
        ["to-window older", "item-lost refund", "days 8->6"]
    );
    let [window, refund, _] = &diff.matters[0].effects[..] else {
        panic!("{:?}", diff.matters[0].effects);
    };
    assert_eq!(
        conditions(window),
        [BTreeMap::from([("born", vec!["P6M..P1Y"])])]
    );
    assert_eq!(
        window.witness.answers.get("born"),
        Some(&Answer::Date(jiff::civil::date(2026, 5, 24)))
    );
    let bills = refund.who.conditions[0]
        .iter()
        .find(|r| r.question == "bills");
    assert_eq!(bills.unwrap().options[0].zh, "1到2张");
    let mut who = conditions(refund);
    assert_eq!(who.remove(0)["bills"], ["1..3"]);
    assert_eq!(
        refund.witness.answers.get("bills"),
        Some(&Answer::Number(1))
    );
    let asked: Vec<Asked> = diff.matters[0].questions.iter().map(|q| q.change).collect();
    assert_eq!(asked, [Asked::BandMoved; 4]);
}

#[test]
fn questions_and_options_that_come_and_go_are_said_plainly() {
    let option = &[
        (
            "id = \"abroad\"\ntext = { zh = \"国外\"",
            "id = \"road\"\ntext = { zh = \"路上\", en = \"On the way\" }\nphrase = { zh = \"在路上出生\", en = \"born on the way\" }\n[[question.option]]\nid = \"abroad\"\ntext = { zh = \"国外\"",
        ),
        (
            "[[field]]\nid = \"home-birth\"",
            "[[field]]\nid = \"road-birth\"\nlabel = { zh = \"在哪条路上出生\", en = \"Which road\" }\nkind = \"text\"\ngroup = { zh = \"孩子\", en = \"Child\" }\n[[field.need]]\nitem = \"certificate\"\nwhen = { register = [\"elsewhere\"], place = [\"road\"] }\n[[field]]\nid = \"home-birth\"",
        ),
    ];
    let diff = between(&[], option);
    assert_eq!(shorts(&diff), ["new-answer"]);
    let change = &diff.matters[0].effects[0];
    assert_eq!(
        conditions(change),
        [BTreeMap::from([("place", vec!["road"])])]
    );
    assert_eq!(change.witness.before, Served::Impossible);
    assert!(
        diff.text(Lang::Zh)
            .contains("+ “孩子在哪里出生？”（place）多了选项“路上”")
    );
    let back = between(option, &[]);
    assert_eq!(shorts(&back), ["answer-gone"]);
    assert!(
        back.text(Lang::En)
            .contains("has lost the option \"On the way\"")
    );

    let question = &[
        (
            "[[window]]\nid = \"abroad\"",
            "[[question]]\nid = \"twins\"\ntext = { zh = \"是双胞胎吗？\", en = \"Twins?\" }\nwhen = { register = [\"elsewhere\"] }\nkind = \"choice\"\n[[question.option]]\nid = \"yes\"\ntext = { zh = \"是\", en = \"Yes\" }\nphrase = { zh = \"双胞胎\", en = \"twins\" }\n[[question.option]]\nid = \"no\"\ntext = { zh = \"不是\", en = \"No\" }\nphrase = { zh = \"不是双胞胎\", en = \"no twins\" }\n[[window]]\nid = \"abroad\"",
        ),
        ("split = [\"place\"]", "split = [\"place\", \"twins\"]"),
        (
            "item = \"certificate\"\nwhy = { zh = \"核对身份\"",
            "item = \"certificate\"\nwhen = { register = [\"local\"] }\nwhy = { zh = \"核对身份\"",
        ),
        (
            "[[material.need]]\nitem = \"registration\"\nwhy = { zh = \"核对户主\"",
            "[[material.need]]\nitem = \"certificate\"\nwhen = { twins = [\"yes\"] }\nwhy = { zh = \"核对双胞胎\", en = \"Twins\" }\n[[material.need]]\nitem = \"registration\"\nwhy = { zh = \"核对户主\"",
        ),
    ];
    let diff = between(&[], question);
    assert_eq!(shorts(&diff), ["material-lost id-card"]);
    let change = &diff.matters[0].effects[0];
    // The old catalogue did not ask about twins; whoever has none brings one paper less.
    assert_eq!(conditions(change)[0]["twins"], ["no"]);
    assert_eq!(
        change.witness.answers,
        answers(
            json!({"place": "hospital", "born": "2026-11-24", "register": "elsewhere", "twins": "no"})
        )
    );
    assert!(
        diff.text(Lang::Zh)
            .contains("+ 新问题“是双胞胎吗？”（twins）")
    );
}

#[test]
fn matters_and_shared_entries_come_and_go() {
    let old = catalogue(&[]);
    let mut new = catalogue(&[]);
    new.matters.clear();
    new.units[0].short.zh = "卫健".to_owned();
    let diff = diff(&old, &new, TODAY);
    assert!(diff.changed);
    assert_eq!(
        diff.text(Lang::Zh),
        "目录版本没有变：2026.11.1\n\n公共部分（catalogue.toml）\n    ~ 单位“示范市卫生健康委员会”（health）的简称·中文：“卫健委” → “卫健”\n\n去掉事项：新生儿出生“一件事一次办”（demo）\n"
    );
}

/// All that one answer set comes to, by the interview.
fn outcome(matter: &Matter, answers: &Answers) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    match matter.interview(answers, TODAY).state {
        State::Settled { situation } => {
            let situation = &matter.situations[situation];
            let outcome = matter.outcome(situation, &Answers::new(), &matter.all_items(situation));
            all.extend(outcome.items.iter().map(|i| format!("item {}", i.id)));
            all.extend(
                outcome
                    .materials
                    .iter()
                    .map(|m| format!("material {}", m.material)),
            );
            all.extend(outcome.form.iter().map(|f| format!("field {}", f.field)));
            all.insert(format!("days {}", outcome.promised_working_days));
        }
        State::Window { id, .. } => {
            all.insert(format!("window {}", id.unwrap()));
        }
        State::Question { .. } | State::Error { .. } => panic!("{answers:?} is no answer set"),
    }
    all
}

#[test]
fn who_is_exactly_who_by_trying_all_answers() {
    let all = |lists: &[(&str, &[Value])]| -> Vec<Answers> {
        let mut sets = vec![serde_json::Map::new()];
        for (question, values) in lists {
            sets = sets
                .iter()
                .flat_map(|set| {
                    values.iter().map(|value| {
                        let mut set = set.clone();
                        set.insert((*question).to_owned(), value.clone());
                        set
                    })
                })
                .collect();
        }
        sets.into_iter()
            .map(|set| answers(Value::Object(set)))
            .collect()
    };
    let sets = all(&[
        (
            "place",
            &[json!("hospital"), json!("home"), json!("abroad")],
        ),
        (
            "born",
            &[
                json!("2026-11-24"),
                json!("2026-01-01"),
                json!("2020-01-01"),
            ],
        ),
        ("register", &[json!("local"), json!("elsewhere")]),
        ("married", &[json!("yes"), json!("no")]),
        (
            "bills",
            &[json!(0), json!(1), json!(4), json!(5), json!(20)],
        ),
    ]);
    let edits: &[(&str, &str)] = &[
        ("id = \"none\"\nuntil = 1", "id = \"none\"\nuntil = 5"),
        ("id = \"some\"\nfrom = 1", "id = \"some\"\nfrom = 5"),
        ("until = \"P1Y\"", "until = \"P6M\""),
        ("from = \"P1Y\"", "from = \"P6M\""),
        (
            "when = { married = [\"yes\"] }\ncopies = 3",
            "when = { married = [\"no\"] }\ncopies = 3",
        ),
        (
            "[[item]]\nid = \"payment\"",
            "[[item]]\nid = \"new\"\nname = { zh = \"新\", en = \"New\" }\nunit = \"health\"\nwhen = { place = [\"home\"] }\nresult = { name = { zh = \"新\", en = \"New\" }, sample = \"samples/paper.svg\" }\nkind = \"2\"\nworking_days = 7\n[[item]]\nid = \"payment\"",
        ),
        (
            "split = [\"married\", \"bills\"]",
            "split = [\"place\", \"married\", \"bills\"]",
        ),
        (
            "when = { register = [\"local\"] }\nafter = [\"certificate\"]",
            "when = { register = [\"local\"] }",
        ),
        (
            "item = \"registration\"\nwhy = { zh = \"登记凭它\", en = \"Registration rests on it\" }\n[[material.need]]\n",
            "",
        ),
    ];
    let (old, new) = (catalogue(&[]), catalogue(edits));
    let diff = diff(&old, &new, TODAY);
    let (old, new) = (&old.matters[0], &new.matters[0]);
    assert!(diff.matters[0].effects.len() > 8, "{:?}", shorts(&diff));
    let holds = |change: &Change, set: &Answers| {
        let local = set.get("register") == Some(&Answer::Option("local".to_owned()));
        let asked = |question: &str| question != "married" || local;
        change.who.conditions.iter().any(|c| {
            c.iter().all(|r| {
                let answer = set.get(&r.question).unwrap();
                asked(&r.question) && r.values.iter().any(|v| fits(v, answer))
            })
        })
    };
    for set in &sets {
        let (before, after) = (outcome(old, set), outcome(new, set));
        let window = |all: &BTreeSet<String>| all.iter().any(|w| w.starts_with("window"));
        if window(&before) && window(&after) {
            continue;
        }
        let mut expected: BTreeSet<String> = BTreeSet::new();
        if window(&after) {
            expected.insert("to-window older".to_owned());
        } else {
            expected.extend(changes(&before, &after));
        }
        let told: BTreeSet<String> = diff.matters[0]
            .effects
            .iter()
            .filter(|c| holds(c, set))
            .map(|c| short(&c.effect))
            .filter(|s| !s.starts_with("material-copies"))
            .collect();
        assert_eq!(told, expected, "{set:?}");
    }
    for change in &diff.matters[0].effects {
        assert!(holds(change, &full(&change.witness.answers)), "{change:?}");
    }
}

/// Answers that were not asked may be any.
fn full(witness: &Answers) -> Answers {
    let mut all = answers(
        json!({"place": "hospital", "born": "2026-11-24", "register": "local", "married": "yes", "bills": 0}),
    );
    for (question, answer) in &witness.0 {
        all.insert(question, answer.clone());
    }
    all
}

/// Edits that go together in any choice: options, questions, bands, conditions, windows, items.
const CHOICES: [&[(&str, &str)]; 8] = [
    &[
        (
            "[[question.option]]\nid = \"abroad\"",
            "[[question.option]]\nid = \"road\"\ntext = { zh = \"路上\", en = \"On the way\" }\nphrase = { zh = \"在路上出生\", en = \"born on the way\" }\n[[question.option]]\nid = \"abroad\"",
        ),
        (
            "[[field]]\nid = \"home-birth\"",
            "[[field]]\nid = \"road-birth\"\nlabel = { zh = \"在哪条路上出生\", en = \"Which road\" }\nkind = \"text\"\ngroup = { zh = \"孩子\", en = \"Child\" }\n[[field.need]]\nitem = \"certificate\"\nwhen = { register = [\"elsewhere\"], place = [\"road\"] }\n[[field]]\nid = \"home-birth\"",
        ),
    ],
    &[
        (
            "[[window]]\nid = \"abroad\"",
            "[[question]]\nid = \"twins\"\ntext = { zh = \"是双胞胎吗？\", en = \"Twins?\" }\nwhen = { register = [\"local\"], married = [\"yes\"] }\nkind = \"choice\"\n[[question.option]]\nid = \"yes\"\ntext = { zh = \"是\", en = \"Yes\" }\nphrase = { zh = \"双胞胎\", en = \"twins\" }\n[[question.option]]\nid = \"no\"\ntext = { zh = \"不是\", en = \"No\" }\nphrase = { zh = \"不是双胞胎\", en = \"no twins\" }\n[[window]]\nid = \"abroad\"",
        ),
        (
            "split = [\"married\", \"bills\"]",
            "split = [\"married\", \"bills\", \"twins\"]",
        ),
        (
            "item = \"insurance\"\nwhen = { married = [\"yes\"] }",
            "item = \"insurance\"\nwhen = { twins = [\"yes\"] }",
        ),
    ],
    &[
        (
            "when = { register = [\"local\"] }\nkind",
            "when = { register = [\"local\"], place = [\"hospital\"] }\nkind",
        ),
        (
            "id = \"local\"\ntext = { zh = \"孩子在本市落户\"",
            "id = \"local-home\"\ntext = { zh = \"孩子在家出生\", en = \"Born at home\" }\nwhen = { register = [\"local\"], place = [\"home\"] }\nsplit = [\"bills\"]\n[[situation]]\nid = \"local\"\nsame_as = \"local-home\"\ntext = { zh = \"孩子在本市落户\"",
        ),
        (
            "when = { register = [\"local\"] }\nsplit = [\"m",
            "when = { register = [\"local\"], place = [\"hospital\"] }\nsplit = [\"m",
        ),
    ],
    &[
        ("id = \"none\"\nuntil = 1", "id = \"none\"\nuntil = 5"),
        ("id = \"some\"\nfrom = 1", "id = \"some\"\nfrom = 5"),
    ],
    &[
        ("until = \"P1Y\"", "until = \"P6M\""),
        ("from = \"P1Y\"", "from = \"P6M\""),
    ],
    &[
        (
            "when = { place = [\"abroad\"] }",
            "when = { place = [\"abroad\"], register = [\"local\"] }",
        ),
        (
            "[[field]]\nid = \"home-birth\"",
            "[[field]]\nid = \"abroad-birth\"\nlabel = { zh = \"在哪个国家出生\", en = \"Which country\" }\nkind = \"text\"\ngroup = { zh = \"孩子\", en = \"Child\" }\n[[field.need]]\nitem = \"certificate\"\nwhen = { register = [\"elsewhere\"], place = [\"abroad\"] }\n[[field]]\nid = \"home-birth\"",
        ),
    ],
    &[
        (
            "when = { register = [\"local\"], bills = [\"some\"] }",
            "when = { bills = [\"some\"] }",
        ),
        ("split = [\"place\"]", "split = [\"place\", \"bills\"]"),
    ],
    &[("max = 20", "max = 10")],
];

#[test]
fn any_two_catalogues_are_compared_as_by_trying_all_answers() {
    let catalogues: Vec<Catalog> = (0..1 << CHOICES.len())
        // Some choices together make no good catalogue.
        .step_by(3)
        .filter_map(|choice: usize| {
            let chosen = CHOICES
                .iter()
                .enumerate()
                .filter(|(n, _)| choice & 1 << n != 0);
            let edits: Vec<_> = chosen
                .flat_map(|(_, edits)| edits.iter())
                .map(|(old, new)| ("demo.toml", *old, *new))
                .collect();
            edited(&edits).ok()
        })
        .collect();
    assert!(catalogues.len() > 20, "{}", catalogues.len());
    let mut sets = vec![serde_json::Map::new()];
    for (question, values) in [
        (
            "place",
            vec![
                json!("hospital"),
                json!("home"),
                json!("road"),
                json!("abroad"),
            ],
        ),
        (
            "born",
            vec![
                json!("2026-11-24"),
                json!("2026-01-01"),
                json!("2020-01-01"),
            ],
        ),
        ("register", vec![json!("local"), json!("elsewhere")]),
        ("married", vec![json!("yes"), json!("no")]),
        ("bills", vec![json!(0), json!(3), json!(7), json!(15)]),
        ("twins", vec![json!("yes"), json!("no")]),
    ] {
        sets = sets
            .iter()
            .flat_map(|set| {
                values.iter().map(|value| {
                    let mut set = set.clone();
                    set.insert(question.to_owned(), value.clone());
                    set
                })
            })
            .collect();
    }
    let sets: Vec<Answers> = sets
        .into_iter()
        .map(|set| answers(Value::Object(set)))
        .collect();
    let mut told = 0;
    for (n, old) in catalogues.iter().enumerate() {
        let new = &catalogues[(n * 7 + 5) % catalogues.len()];
        told += compare(old, new, &sets);
    }
    assert!(told > 2000, "{told}");
}

/// Whether a question's condition holds.
fn asked(matter: &Matter, question: &str, set: &Answers) -> bool {
    matter.question(question).is_some_and(|q| {
        q.when.iter().all(|(earlier, options)| {
            let answer = set.get(earlier).unwrap();
            asked(matter, earlier, set) && options.iter().any(|o| fits(o, answer))
        })
    })
}

/// What an answer set comes to.
fn reached(matter: &Matter, set: &Answers) -> (String, BTreeSet<String>) {
    match matter.interview(set, TODAY).state {
        State::Error { .. } => ("impossible".to_owned(), BTreeSet::new()),
        State::Window { id, .. } => (format!("window {}", id.unwrap()), BTreeSet::new()),
        State::Settled { .. } => ("settled".to_owned(), outcome(matter, set)),
        State::Question { id, .. } => panic!("{id} has no answer"),
    }
}

fn compare(old: &Catalog, new: &Catalog, sets: &[Answers]) -> usize {
    let diff = diff(old, new, TODAY);
    let empty = Vec::new();
    let effects = diff.matters.first().map_or(&empty, |m| &m.effects);
    let (old, new) = (&old.matters[0], &new.matters[0]);
    let mut count = 0;
    // A question that only one has, or that neither has, rules nothing out.
    let fits_one = |(question, answer): (&String, &Answer)| {
        let known: Vec<_> = [old, new]
            .iter()
            .filter_map(|m| m.question(question))
            .collect();
        known.is_empty()
            || known.iter().any(|q| match answer {
                Answer::Option(id) => q.option(id).is_some(),
                Answer::Number(n) => (q.min.unwrap()..=q.max.unwrap()).contains(n),
                Answer::Date(_) | Answer::Unsure => true,
            })
    };
    for set in sets.iter().filter(|set| set.0.iter().all(fits_one)) {
        let (was, before) = reached(old, set);
        let (is, after) = reached(new, set);
        let settled = |state: &str| state == "settled";
        if !settled(&was) && !settled(&is) {
            continue;
        }
        let mut expected = BTreeSet::new();
        match (was.split_once(' '), is.split_once(' ')) {
            _ if was == "impossible" => {
                expected.insert("new-answer".to_owned());
            }
            _ if is == "impossible" => {
                expected.insert("answer-gone".to_owned());
            }
            (Some((_, window)), _) => {
                expected.insert(format!("from-window {window}"));
            }
            (None, Some((_, window))) => {
                expected.insert(format!("to-window {window}"));
            }
            (None, None) => {
                expected.extend(changes(&before, &after));
            }
        }
        let told: BTreeSet<String> = effects
            .iter()
            .filter(|c| {
                c.who.conditions.iter().any(|condition| {
                    condition.iter().all(|r| {
                        (asked(old, &r.question, set) || asked(new, &r.question, set))
                            && r.values
                                .iter()
                                .any(|v| fits(v, set.get(&r.question).unwrap()))
                    })
                })
            })
            .map(|c| short(&c.effect))
            .filter(|s| !s.starts_with("material-copies"))
            .collect();
        assert_eq!(told, expected, "{set:?}\n{}", diff.text(Lang::En));
        count += expected.len();
    }
    count
}

/// Whether an answer lies in a band, or is the option.
fn fits(value: &str, answer: &Answer) -> bool {
    match answer {
        Answer::Option(id) => id == value,
        Answer::Number(n) => {
            let (from, until) = value.split_once("..").unwrap();
            (from.parse().unwrap()..until.parse::<i64>().unwrap()).contains(n)
        }
        Answer::Date(date) => {
            let band = if *date > jiff::civil::date(2026, 5, 24) {
                "..P6M"
            } else if *date > jiff::civil::date(2025, 11, 24) {
                "P6M..P1Y"
            } else {
                "P1Y.."
            };
            band == value
        }
        Answer::Unsure => false,
    }
}

/// What comes and goes between two lists of items, materials and days of the same people.
fn changes(before: &BTreeSet<String>, after: &BTreeSet<String>) -> BTreeSet<String> {
    let mut changes = BTreeSet::new();
    for (mark, one, other) in [("gained", after, before), ("lost", before, after)] {
        for entry in one.difference(other).filter(|e| !e.starts_with("days")) {
            let (kind, id) = entry.split_once(' ').unwrap();
            changes.insert(format!("{kind}-{mark} {id}"));
        }
    }
    let days = |all: &BTreeSet<String>| {
        let days = all.iter().find_map(|d| d.strip_prefix("days "));
        days.unwrap().to_owned()
    };
    if days(before) != days(after) {
        changes.insert(format!("days {}->{}", days(before), days(after)));
    }
    changes
}
