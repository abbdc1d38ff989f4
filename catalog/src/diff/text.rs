//! A difference as people read it in a review.

use serde_json::Value;

use super::{
    Asked, Change, Detail, Diff, Effect, MatterDiff, Presence, QuestionChange, Restriction, Served,
    Who,
};
use crate::model::{Lang, Text};

/// So many conditions are written out; the document in JSON has all.
const MOST_CONDITIONS: usize = 6;

/// Longer values are cut; the document in JSON has them whole.
const MOST_CHARS: usize = 60;

impl Diff {
    /// The whole difference in one language; by matter, in a stable order.
    pub fn text(&self, lang: Lang) -> String {
        let mut page = Page {
            lang,
            text: String::new(),
        };
        if !self.changed {
            page.line(0, "没有变化", "No change");
            return page.text;
        }
        let (old, new) = (&self.versions.old, &self.versions.new);
        if old == new {
            page.line(
                0,
                format!("目录版本没有变：{old}"),
                format!("The catalogue's version is the same: {old}"),
            );
        } else {
            page.line(
                0,
                format!("目录版本：{old} → {new}"),
                format!("Catalogue version: {old} → {new}"),
            );
        }
        if !self.shared.is_empty() {
            page.gap();
            page.line(0, "公共部分（catalogue.toml）", "What all matters share");
            for detail in &self.shared {
                page.detail(detail);
            }
        }
        for matter in &self.matters {
            page.gap();
            page.matter(matter);
        }
        page.text
    }
}

struct Page {
    lang: Lang,
    text: String,
}

impl Page {
    fn line(&mut self, depth: usize, zh: impl AsRef<str>, en: impl AsRef<str>) {
        let line = match self.lang {
            Lang::Zh => zh.as_ref(),
            Lang::En => en.as_ref(),
        };
        self.text += &"  ".repeat(depth);
        self.text += line;
        self.text.push('\n');
    }

    fn both(&mut self, depth: usize, text: &Text) {
        self.line(depth, &text.zh, &text.en);
    }

    fn gap(&mut self) {
        self.text.push('\n');
    }

    fn matter(&mut self, matter: &MatterDiff) {
        let (zh, en) = match matter.state {
            Presence::Added => ("新增事项：", "New matter: "),
            Presence::Removed => ("去掉事项：", "Matter removed: "),
            Presence::Changed => ("", ""),
        };
        let id = &matter.matter;
        self.line(
            0,
            format!("{zh}{}（{id}）", matter.name.zh),
            format!("{en}{} ({id})", matter.name.en),
        );
        if matter.state != Presence::Changed {
            return;
        }
        if !matter.questions.is_empty() {
            self.line(1, "问题", "Questions");
            for change in &matter.questions {
                self.both(2, &question(change));
            }
        }
        let (added, removed) = (&matter.situations.added, &matter.situations.removed);
        if !added.is_empty() || !removed.is_empty() {
            let count = (added.len(), removed.len());
            self.line(
                1,
                format!("情形：新增{}个，去掉{}个", count.0, count.1),
                format!("Situations: {} new, {} gone", count.0, count.1),
            );
        }
        if matter.effects.is_empty() {
            self.line(
                1,
                "对办事人：材料、事项、字段、时间都不变",
                "For people: no material, item, field or day changes",
            );
        } else {
            self.line(1, "对办事人", "For people");
            for change in &matter.effects {
                self.change(change);
            }
        }
        self.line(1, "改动的内容", "What is written otherwise");
        let (situations, others): (Vec<&Detail>, Vec<&Detail>) =
            matter.details.iter().partition(|d| d.table == "situation");
        for detail in others {
            self.detail(detail);
        }
        // One written situation stands for many: they are counted.
        let count = |path: &str| situations.iter().filter(|d| d.path == path).count();
        let (zh, en) = (count("text.zh"), count("text.en"));
        let answers = situations
            .iter()
            .filter(|d| d.path.starts_with("answers"))
            .map(|d| &d.entry)
            .collect::<std::collections::BTreeSet<_>>()
            .len();
        if zh + en > 0 {
            self.line(
                2,
                format!("~ 情形的文字：中文{zh}个，英文{en}个"),
                format!("~ sentences of situations: {zh} in Chinese, {en} in English"),
            );
        }
        if answers > 0 {
            self.line(
                2,
                format!("~ 情形对应的答案：{answers}个"),
                format!("~ answers of situations: {answers}"),
            );
        }
    }

    fn change(&mut self, change: &Change) {
        self.both(2, &effect(&change.effect));
        self.who(&change.who);
        let witness = &change.witness;
        let words = |lang: Lang| -> String {
            let pairs: Vec<String> = witness
                .words
                .iter()
                .map(|(q, a)| match lang {
                    Lang::Zh => format!("{}{}", q.zh, a.zh),
                    Lang::En => format!("{} {}", q.en, a.en),
                })
                .collect();
            pairs.join(match lang {
                Lang::Zh => "；",
                Lang::En => "; ",
            })
        };
        self.line(
            3,
            format!("例如：{}", words(Lang::Zh)),
            format!("For example: {}", words(Lang::En)),
        );
        if let (Served::Settled { text: old, .. }, Served::Settled { text: new, .. }) =
            (&witness.before, &witness.after)
            && old == new
        {
            return;
        }
        let (old, new) = (served(&witness.before), served(&witness.after));
        self.line(
            3,
            format!("原来：{}；现在：{}", old.zh, new.zh),
            format!("Before: {}; now: {}", old.en, new.en),
        );
    }

    fn who(&mut self, who: &Who) {
        let count = match who.situations.len() {
            0 => Text::of("", ""),
            n => Text::of(
                format!("（{}个情形中的{n}个）", who.of),
                format!(" ({n} of {} situations)", who.of),
            ),
        };
        if who.conditions.iter().any(Vec::is_empty) {
            self.line(
                3,
                format!("谁：所有人{}", count.zh),
                format!("Who: everybody{}", count.en),
            );
            return;
        }
        let shown: Vec<Text> = who.conditions.iter().map(|c| condition(c)).collect();
        if let [only] = shown.as_slice() {
            self.line(
                3,
                format!("谁：{}{}", only.zh, count.zh),
                format!("Who: {}{}", only.en, count.en),
            );
            return;
        }
        self.line(
            3,
            format!("谁：符合下面任何一条的{}", count.zh),
            format!("Who: whoever fulfils one of these{}", count.en),
        );
        for text in shown.iter().take(MOST_CONDITIONS) {
            self.line(4, format!("· {}", text.zh), format!("· {}", text.en));
        }
        if let Some(more) = shown.len().checked_sub(MOST_CONDITIONS).filter(|n| *n > 0) {
            self.line(
                4,
                format!("· 还有{more}条，见 --format json"),
                format!("· {more} more: see --format json"),
            );
        }
    }

    fn detail(&mut self, detail: &Detail) {
        let table = table_words(&detail.table);
        let named = |lang: Lang| match (&detail.name, detail.entry.as_str()) {
            (_, "") => String::new(),
            (Some(name), entry) => match lang {
                Lang::Zh => format!("“{}”（{entry}）", name.zh),
                Lang::En => format!(" \"{}\" ({entry})", name.en),
            },
            (None, entry) => format!(" {entry}"),
        };
        let (zh, en) = (named(Lang::Zh), named(Lang::En));
        let (zh, en) = (table.zh + &zh, table.en + &en);
        match (&detail.old, &detail.new) {
            (Value::Null, _) if detail.path.is_empty() => {
                self.line(2, format!("+ {zh}"), format!("+ {en}"));
            }
            (_, Value::Null) if detail.path.is_empty() => {
                self.line(2, format!("- {zh}"), format!("- {en}"));
            }
            (old, new) => {
                let path = &detail.path;
                let plain = path_words(path);
                let change = match (old, new) {
                    (Value::Null, new) => format!("+ {}", short(new)),
                    (old, Value::Null) => format!("- {}", short(old)),
                    (old, new) => format!("{} → {}", short(old), short(new)),
                };
                self.line(
                    2,
                    format!("~ {zh}的{plain}：{change}"),
                    format!("~ {en} {path}: {change}"),
                );
            }
        }
    }
}

fn question(change: &QuestionChange) -> Text {
    let (q, id) = (&change.text, &change.question);
    let option = change.option_text.as_ref();
    let (oz, oe) = option.map_or(("", ""), |o| (o.zh.as_str(), o.en.as_str()));
    match change.change {
        Asked::QuestionAdded => Text::of(
            format!("+ 新问题“{}”（{id}）", q.zh),
            format!("+ new question \"{}\" ({id})", q.en),
        ),
        Asked::QuestionRemoved => Text::of(
            format!("- 不再问“{}”（{id}）", q.zh),
            format!("- no longer asked: \"{}\" ({id})", q.en),
        ),
        Asked::KindChanged => Text::of(
            format!(
                "~ “{}”（{id}）换了回答方式，按去掉旧问题、新增一个问题比较",
                q.zh
            ),
            format!(
                "~ \"{}\" ({id}) is answered in another way: compared as an old question gone and a new one",
                q.en
            ),
        ),
        Asked::OptionAdded => Text::of(
            format!("+ “{}”（{id}）多了选项“{oz}”", q.zh),
            format!("+ \"{}\" ({id}) has a new option \"{oe}\"", q.en),
        ),
        Asked::OptionRemoved => Text::of(
            format!("- “{}”（{id}）少了选项“{oz}”", q.zh),
            format!("- \"{}\" ({id}) has lost the option \"{oe}\"", q.en),
        ),
        Asked::BandMoved => Text::of(
            format!("~ “{}”（{id}）的“{oz}”换了界限", q.zh),
            format!("~ \"{}\" ({id}): \"{oe}\" has other bounds", q.en),
        ),
        Asked::ConditionChanged => Text::of(
            format!("~ “{}”（{id}）换了提问条件", q.zh),
            format!("~ \"{}\" ({id}) is asked on another condition", q.en),
        ),
    }
}

fn effect(effect: &Effect) -> Text {
    let must = |required: bool| match required {
        true => ("必须", "must be"),
        false => ("可以不", "need not be"),
    };
    match effect {
        Effect::ToWindow { reason, .. } => Text::of(
            format!("! 原来这里能办，现在要到窗口：{}", reason.zh),
            format!("! was served here, is sent to a window: {}", reason.en),
        ),
        Effect::FromWindow { reason, .. } => Text::of(
            format!("+ 原来要到窗口，现在这里能办（原来的理由：{}）", reason.zh),
            format!(
                "+ was sent to a window, is served here (it was: {})",
                reason.en
            ),
        ),
        Effect::OtherWindow { old, new, reason } => Text::of(
            format!("~ 换了窗口 {old} → {new}：{}", reason.zh),
            format!("~ another window, {old} → {new}: {}", reason.en),
        ),
        Effect::NewAnswer => Text::of(
            "+ 可以这样回答了，原来没有这个选项",
            "+ can answer so, and could not",
        ),
        Effect::AnswerGone => Text::of(
            "- 不能再这样回答了，选项去掉了",
            "- cannot answer so any more: the option is gone",
        ),
        Effect::ItemGained { name, .. } => Text::of(
            format!("+ 多办事项“{}”", name.zh),
            format!("+ item \"{}\"", name.en),
        ),
        Effect::ItemLost { name, .. } => Text::of(
            format!("- 少办事项“{}”", name.zh),
            format!("- item \"{}\"", name.en),
        ),
        Effect::ItemRequired { name, required, .. } => Text::of(
            format!("~ 事项“{}”{}办", name.zh, must(*required).0),
            format!("~ item \"{}\" {} taken", name.en, must(*required).1),
        ),
        Effect::MaterialGained { name, why, .. } => {
            let join = |lang: Lang, by: &str| {
                let why: Vec<&str> = why.iter().map(|w| w.get(lang)).collect();
                why.join(by)
            };
            Text::of(
                format!("+ 多交材料“{}”：{}", name.zh, join(Lang::Zh, "；")),
                format!("+ material \"{}\": {}", name.en, join(Lang::En, "; ")),
            )
        }
        Effect::MaterialLost { name, because, .. } => {
            let (zh, en) = because
                .as_ref()
                .map_or(("不再需要", "no longer needed"), |b| {
                    (b.zh.as_str(), b.en.as_str())
                });
            Text::of(
                format!("- 少交材料“{}”：{zh}", name.zh),
                format!("- material \"{}\": {en}", name.en),
            )
        }
        Effect::MaterialCopies { name, old, new, .. } => Text::of(
            format!("~ 材料“{}”的纸质份数 {old} → {new}", name.zh),
            format!("~ paper copies of \"{}\": {old} → {new}", name.en),
        ),
        Effect::FieldGained { name, .. } => Text::of(
            format!("+ 多填“{}”", name.zh),
            format!("+ field \"{}\"", name.en),
        ),
        Effect::FieldLost { name, .. } => Text::of(
            format!("- 少填“{}”", name.zh),
            format!("- field \"{}\"", name.en),
        ),
        Effect::FieldRequired { name, required, .. } => Text::of(
            format!("~ “{}”{}填", name.zh, must(*required).0),
            format!("~ field \"{}\" {} filled", name.en, must(*required).1),
        ),
        Effect::Days { old, new } => Text::of(
            format!("~ 全部办完的工作日 {old} → {new}"),
            format!("~ working days until all is done: {old} → {new}"),
        ),
    }
}

fn served(served: &Served) -> Text {
    match served {
        Served::Settled { text, .. } => text.clone(),
        Served::Window { reason, .. } => Text::of(
            format!("到窗口（{}）", reason.zh),
            format!("at a window ({})", reason.en),
        ),
        Served::Impossible => Text::of("没有这个选项", "there is no such option"),
    }
}

fn condition(restrictions: &[Restriction]) -> Text {
    let one = |r: &Restriction| {
        // The shorter way to say it.
        let (not, list) = if r.others.len() < r.options.len() {
            (true, &r.others)
        } else {
            (false, &r.options)
        };
        let (zh, en): (Vec<String>, Vec<String>) = list
            .iter()
            .map(|t| (format!("“{}”", t.zh), format!("\"{}\"", t.en)))
            .unzip();
        let (nz, ne) = if not { ("不是", "not ") } else { ("是", "") };
        (
            format!("“{}”答{nz}{}", r.text.zh, zh.join("或")),
            format!("\"{}\" is {ne}{}", r.text.en, en.join(" or ")),
        )
    };
    let (zh, en): (Vec<String>, Vec<String>) = restrictions.iter().map(one).unzip();
    Text::of(zh.join("，并且"), en.join(" and "))
}

fn table_words(table: &str) -> Text {
    let (zh, en) = match table {
        "guide" => ("办事指南", "guide"),
        "question" => ("问题", "question"),
        "window" => ("窗口", "window"),
        "situation" => ("情形", "situation"),
        "item" => ("事项", "item"),
        "join" => ("联办", "join"),
        "material" => ("材料", "material"),
        "field" => ("字段", "field"),
        "stage" => ("阶段", "stage"),
        "unit" => ("单位", "unit"),
        "resource" => ("数据来源", "resource"),
        "applicant" => ("申请方式", "way of applying"),
        "sequel" => ("接着办", "what comes next"),
        "suggestion" => ("也许用得上", "suggestion"),
        _ => ("开头", "top"),
    };
    Text::of(zh, en)
}

/// The way to a value in Chinese, as the columns of the spreadsheet are called.
fn path_words(path: &str) -> String {
    let word = |key: &str| {
        let (key, rest) = key.find('[').map_or((key, ""), |at| key.split_at(at));
        let known = KEYS.iter().find(|(k, _)| *k == key);
        format!("{}{rest}", known.map_or(key, |(_, words)| words))
    };
    let words: Vec<String> = path.split('.').map(word).collect();
    words.join("·")
}

const KEYS: [(&str, &str); 92] = [
    ("zh", "中文"),
    ("en", "英文"),
    ("order", "顺序"),
    ("region", "地区"),
    ("region_code", "区划代码"),
    ("stage", "人生阶段"),
    ("name", "名称"),
    ("short", "简称"),
    ("summary", "一句话说明"),
    ("keywords", "搜索用词"),
    ("free_order", "提问顺序可调"),
    ("code", "编码"),
    ("audience", "服务对象"),
    ("code_system", "代码标准"),
    ("applicants", "申请人"),
    ("applicant", "申请人"),
    ("matters", "接着办的事"),
    ("legal_basis", "设定依据"),
    ("law", "依据"),
    ("alone", "哪些可以单独办"),
    ("article", "条款"),
    ("says", "内容"),
    ("acceptance", "受理条件"),
    ("preconditions", "前置条件"),
    ("coverage", "情形覆盖范围"),
    ("material_form", "申请材料形式要求"),
    ("lead_unit", "牵头单位"),
    ("cooperating_units", "配合单位"),
    ("charged", "是否收费"),
    ("fee_standard", "收费标准"),
    ("fee_basis", "收费依据"),
    ("online_url", "网办地址"),
    ("place", "办理地点"),
    ("address", "办理地址"),
    ("postcode", "邮编"),
    ("hours", "办理时间"),
    ("days", "星期"),
    ("open", "时间"),
    ("flow_chart", "办理流程图"),
    ("consult", "咨询方式"),
    ("supervise", "监督方式"),
    ("value", "号码或地址"),
    ("channels", "办理形式"),
    ("intermediary", "中介服务"),
    ("statutory_working_days", "法定工作日"),
    ("promised_working_days", "承诺办结时限"),
    ("working_days", "承诺工作日"),
    ("appointment", "是否支持预约"),
    ("online_payment", "网上支付"),
    ("courier", "是否支持快递"),
    ("joint_ability", "联办能力"),
    ("visits", "线下跑动次数"),
    ("visit_reason", "跑一次的原因和环节"),
    ("questions_common", "常见问题"),
    ("text", "文字"),
    ("help", "提示"),
    ("when", "条件"),
    ("resource", "数据来源"),
    ("options", "选项"),
    ("option", "选项"),
    ("unsure", "不清楚"),
    ("as", "按哪个选项"),
    ("note", "说明"),
    ("phrase", "情形里怎么说"),
    ("same_as", "和哪个选项一样"),
    ("from", "从"),
    ("until", "到"),
    ("reason", "为什么"),
    ("where", "去哪里"),
    ("unit", "单位"),
    ("basis", "依据"),
    ("required", "必须"),
    ("required_why", "为什么必须办"),
    ("after", "在哪些事项之后"),
    ("yields", "结果就是哪些材料"),
    ("result", "结果"),
    ("sample", "样本"),
    ("in_person", "要本人到场"),
    ("in_person_why", "为什么要本人到场"),
    ("type", "材料类型"),
    ("form", "材料形式"),
    ("necessity", "材料必要性"),
    ("source", "来源渠道"),
    ("issuer", "出具部门"),
    ("original", "原件或复印件"),
    ("paper_copies", "纸质份数"),
    ("copies", "份数"),
    ("core", "主要材料"),
    ("why", "为什么要"),
    ("need", "谁要"),
    ("label", "名称"),
    ("group", "分组"),
];

fn short(value: &Value) -> String {
    let text = match value {
        Value::String(word) => format!("“{word}”"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    };
    if text.chars().count() <= MOST_CHARS {
        return text;
    }
    text.chars().take(MOST_CHARS).chain(['…']).collect()
}
