//! Slips: what they say, and how that is laid out on 58 and 80 mm paper.

mod layout;
mod readiness;
mod receipt;

use yici_catalog::{Lang, Original, Text};
use yici_hal::slip::{Element, PaperWidth, Slip};

use crate::ledger::Kind;
use crate::visit::elements::rules;
use crate::visit::page::{
    Contact, FlowStep, Handing, Material, Method, Notice, Outcome, Why, Window,
};
use layout::{Layout, one_line};
pub use readiness::readiness;
pub use receipt::Receipt;

/// A slip as data, before it meets a paper width.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// One-time notification of a matter (一次告知).
    Notice {
        /// What every slip carries.
        head: Head,
        /// What is told.
        notice: Box<Notice>,
        /// Where, when, whom to call.
        method: Box<Method>,
    },
    /// Served by people: why and where.
    Window {
        /// What every slip carries.
        head: Head,
        /// The matter's full name.
        matter: Text,
        /// Why and where.
        window: Box<Window>,
    },
    /// Personal guidance sheet (导办告知单, 6.4 c and 7.2.1).
    Guidance {
        /// What every slip carries.
        head: Head,
        /// The matter's full name.
        matter: Text,
        /// The lead unit's full name.
        lead_unit: Text,
        /// Whether the reasons of everything are told: rule, answers, law, and what would spare it.
        long: bool,
        /// Situation, items, materials, flow.
        outcome: Box<Outcome>,
        /// Where, when, whom to call.
        method: Box<Method>,
    },
    /// Receipt slip of a stored case (收件凭证, 6.5.1).
    Receipt {
        /// What every slip carries.
        head: Head,
        /// What it says.
        receipt: Box<Receipt>,
    },
    /// Case numbers alone, after a crash.
    Numbers {
        /// What every slip carries.
        head: Head,
        /// The numbers in groups.
        numbers: Vec<String>,
    },
}

/// Whose sheet it is: paper is seen by others, so it is masked as on the screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Holder {
    /// Masked name; a typed number has none.
    pub name: Option<String>,
    /// Masked number.
    pub number: String,
}

/// What every slip carries.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// The slip's language.
    pub lang: Lang,
    /// The hall's name.
    pub hall: Text,
    /// The terminal's name.
    pub terminal: String,
    /// The catalogue's version.
    pub catalogue: String,
    /// Wall time of printing.
    pub time: String,
    /// An earlier try may be on paper too.
    pub reprint: bool,
    /// Whose slip it is; absent when nobody said so.
    pub holder: Option<Holder>,
}

/// Bytes that a QR code may hold: on the screen (up to version 28 at level L, five to six pixels a
/// module) and on paper (up to version 18 and 22, modules of three and five dots).
const PHONE_BYTES: usize = 1400;
const PAPER_58_BYTES: usize = 710;
const PAPER_80_BYTES: usize = 1000;

impl Document {
    /// The same slip, marked as a reprint or not.
    pub fn reprint(mut self, reprint: bool) -> Document {
        self.head_mut().reprint = reprint;
        self
    }

    /// The same slip, of this person.
    pub fn held_by(mut self, holder: Option<Holder>) -> Document {
        self.head_mut().holder = holder;
        self
    }

    /// The same slip, with the reasons of everything if it is a guidance sheet, or without.
    pub fn detailed(mut self, detailed: bool) -> Document {
        if let Document::Guidance { long, .. } = &mut self {
            *long = detailed;
        }
        self
    }

    /// The same slip in this language.
    pub fn speaking(mut self, lang: Lang) -> Document {
        self.head_mut().lang = lang;
        self
    }

    /// The slip on paper of this width.
    pub fn lay_out(&self, paper: PaperWidth) -> Slip {
        let mut sheet = Sheet {
            layout: Layout::new(paper.columns()),
            lang: self.head().lang,
        };
        match self {
            Document::Notice {
                head,
                notice,
                method,
            } => {
                notice_sheet(&mut sheet, head, notice, method);
                self.code(&mut sheet, paper);
            }
            Document::Window {
                head,
                matter,
                window,
            } => window_sheet(&mut sheet, head, matter, window),
            Document::Guidance {
                head,
                matter,
                lead_unit,
                long,
                outcome,
                method,
            } => {
                guidance_sheet(&mut sheet, head, matter, lead_unit, *long, outcome, method);
                self.code(&mut sheet, paper);
            }
            Document::Receipt { head, receipt } => receipt::lay_out(&mut sheet, head, receipt),
            Document::Numbers { head, numbers } => {
                receipt::number_alone(&mut sheet, head, numbers);
            }
        }
        foot(&mut sheet, self.head());
        sheet.layout.finish()
    }

    /// The same for a phone, as much as a code on this paper holds.
    fn code(&self, sheet: &mut Sheet, paper: PaperWidth) {
        let most = match paper {
            PaperWidth::Mm58 => PAPER_58_BYTES,
            PaperWidth::Mm80 => PAPER_80_BYTES,
        };
        sheet.layout.rule();
        sheet.layout.push(Element::Qr {
            data: self.summary(most),
        });
        sheet.centre(
            "手机扫码，把办事地点和材料清单存进手机",
            "Scan to keep place and materials on your phone",
        );
    }

    /// What the print ledger calls it.
    pub fn kind(&self) -> Kind {
        match self {
            Document::Notice { .. } => Kind::Notice,
            Document::Window { .. } => Kind::Window,
            Document::Guidance { .. } => Kind::Guidance,
            Document::Receipt { .. } => Kind::Receipt,
            Document::Numbers { .. } => Kind::Numbers,
        }
    }

    /// The number of its case; after a crash there may be several.
    pub fn case_number(&self) -> Option<String> {
        match self {
            Document::Notice { .. } | Document::Window { .. } | Document::Guidance { .. } => None,
            Document::Receipt { receipt, .. } => Some(receipt.number.clone()),
            Document::Numbers { numbers, .. } => Some(numbers.join(" ")),
        }
    }

    /// Whether it is marked as a reprint.
    pub fn is_reprint(&self) -> bool {
        self.head().reprint
    }

    /// The sheet as text for a phone, small enough for one QR code.
    pub fn phone_text(&self) -> String {
        self.summary(PHONE_BYTES)
    }

    fn head_mut(&mut self) -> &mut Head {
        match self {
            Document::Notice { head, .. }
            | Document::Window { head, .. }
            | Document::Guidance { head, .. }
            | Document::Receipt { head, .. }
            | Document::Numbers { head, .. } => head,
        }
    }

    fn head(&self) -> &Head {
        match self {
            Document::Notice { head, .. }
            | Document::Window { head, .. }
            | Document::Guidance { head, .. }
            | Document::Receipt { head, .. }
            | Document::Numbers { head, .. } => head,
        }
    }

    /// The most useful lines first, as many as fit into `most` bytes; what is cut is said.
    fn summary(&self, most: usize) -> String {
        let lang = self.head().lang;
        let say = |zh: &str, en: &str| lang.pick(zh, en).to_owned();
        let mut lines = Vec::new();
        match self {
            Document::Notice { notice, method, .. } => {
                lines.push(notice.name.get(lang).to_owned());
                lines.push(method.place.get(lang).to_owned());
                lines.push(promise(lang, notice.promised_days));
                lines.push(say("可能要的材料：", "May be needed:"));
                lines.extend(
                    notice
                        .materials
                        .iter()
                        .map(|material| format!("□{}", material.name.get(lang))),
                );
                lines.extend(place_lines(lang, method).into_iter().skip(1));
            }
            Document::Window { matter, window, .. } => {
                lines.push(matter.get(lang).to_owned());
                lines.push(window.place.get(lang).to_owned());
                lines.extend(window.phones.iter().map(|phone| phone_line(lang, phone)));
            }
            Document::Guidance {
                matter,
                outcome,
                method,
                ..
            } => {
                lines.push(matter.get(lang).to_owned());
                lines.push(method.place.get(lang).to_owned());
                lines.push(promise(lang, outcome.days));
                lines.push(say("要带的材料：", "Bring:"));
                for material in outcome.materials.iter().chain(&outcome.optional) {
                    lines.push(format!(
                        "□{} {}",
                        material.name.get(lang),
                        form_of(lang, &material.handing)
                    ));
                }
                lines.extend(place_lines(lang, method).into_iter().skip(1));
            }
            Document::Receipt { receipt, .. } => {
                lines.extend(receipt::phone_lines(lang, receipt));
            }
            Document::Numbers { numbers, .. } => lines.extend(numbers.iter().cloned()),
        }
        let rest = say(
            "……其余见纸质单或终端",
            "… see the printed sheet for the rest",
        );
        let mut text = String::new();
        for (at, line) in lines.iter().enumerate() {
            let last = at + 1 == lines.len();
            let keep = if last { 0 } else { rest.len() + 1 };
            if text.len() + line.len() + 1 + keep > most {
                text.push_str(&rest);
                break;
            }
            text.push_str(line);
            if !last {
                text.push('\n');
            }
        }
        text
    }
}

/// A layout that speaks one language.
struct Sheet {
    layout: Layout,
    lang: Lang,
}

impl Sheet {
    fn say<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        self.lang.pick(zh, en)
    }

    fn heading(&mut self, zh: &str, en: &str) {
        let text = self.say(zh, en).to_owned();
        self.layout.rule();
        self.layout.heading(&text);
    }

    fn centre(&mut self, zh: &str, en: &str) {
        let text = self.say(zh, en).to_owned();
        self.layout.centred(&text);
    }

    fn text(&mut self, mark: &str, text: &Text) {
        let text = text.get(self.lang).to_owned();
        self.layout.hanging(mark, &text);
    }

    /// The hall and what this paper is, in double height.
    fn title(&mut self, head: &Head, zh: &str, en: &str, matter: &Text) {
        let title = self.say(zh, en).to_owned();
        self.layout.centred(head.hall.get(self.lang));
        self.layout.title(&title);
        self.layout.strong(matter.get(self.lang));
        if let Some(holder) = &head.holder {
            let name = holder.name.as_deref().unwrap_or_default();
            self.layout
                .centred(format!("{name} {}", holder.number).trim());
        }
        if head.reprint {
            self.centre(
                "（补打，以最后一张为准）",
                "(Reprint; the latest one counts)",
            );
        }
    }

    fn phones(&mut self, phones: &[Contact]) {
        for phone in phones {
            let line = phone_line(self.lang, phone);
            self.layout.hanging("", &line);
        }
    }
}

fn guidance_sheet(
    sheet: &mut Sheet,
    head: &Head,
    matter: &Text,
    lead_unit: &Text,
    long: bool,
    outcome: &Outcome,
    method: &Method,
) {
    let lang = sheet.lang;
    sheet.title(head, "导办告知单", "Guidance sheet", matter);

    sheet.heading("接下来怎么做", "What to do next");
    let prepare = match (lang, outcome.materials.len()) {
        (Lang::Zh, 0) => "不用准备材料，带上本人身份证。".to_owned(),
        (Lang::Zh, count) => format!("备齐下面 {count} 份材料，带上本人身份证。"),
        (Lang::En, 0) => "Nothing to prepare; take your ID card along.".to_owned(),
        (Lang::En, count) => format!("Get the {count} documents below, and your ID card."),
    };
    sheet.layout.large_hanging("1. ", &prepare);
    let go = match lang {
        Lang::Zh => format!("到 {} 办理。", method.place.zh),
        Lang::En => format!("Go to: {}.", method.place.en),
    };
    sheet.layout.large_hanging("2. ", &go);
    sheet
        .layout
        .large_hanging("3. ", &promise(lang, outcome.days));

    sheet.heading("您的情形", "Your situation");
    sheet.text("", &outcome.situation);

    sheet.heading("要带的材料", "Bring these");
    materials(sheet, "□ ", &outcome.materials, long);
    if !outcome.optional.is_empty() {
        sheet.heading("有就带，没有也行", "Bring if you have it");
        materials(sheet, "□ ", &outcome.optional, long);
    }
    if !outcome.filled.is_empty() {
        filled_heading(sheet);
        materials(sheet, "- ", &outcome.filled, long);
    }
    if !outcome.not_asked.is_empty() {
        sheet.heading("这些不用带", "No need to bring");
        named(sheet, &outcome.not_asked);
    }
    if long {
        if !outcome.not_needed.is_empty() {
            sheet.heading("别的材料为什么不用", "Why no other documents");
            named(sheet, &outcome.not_needed);
        }
        sheet.heading("表里要填什么、为什么", "What the form asks, and why");
        for fields in alike(&outcome.form) {
            let labels: Vec<&str> = fields.iter().map(|(label, _)| label.get(lang)).collect();
            let labels = labels.join(sheet.say("、", ", "));
            sheet.layout.strong_hanging("- ", &labels);
            if let Some((_, why)) = fields.first() {
                causes(sheet, why);
            }
            for unless in fields.iter().filter_map(|(_, why)| why.unless.as_ref()) {
                sheet.text("   ", unless);
            }
        }
        if !outcome.form_not_needed.is_empty() {
            sheet.heading("表里这些不用填", "Not asked in the form");
            named(sheet, &outcome.form_not_needed);
        }
    }

    sheet.heading("办理事项和先后", "What is done, in order");
    flow_chart(sheet, &outcome.flow);
    let together = sheet
        .say("同一步的同时办。", "Steps of one number run side by side.")
        .to_owned();
    sheet.layout.hanging("", &together);
    let in_person: Vec<_> = outcome
        .items
        .iter()
        .filter(|item| item.chosen)
        .filter_map(|item| Some((&item.name, item.in_person.as_ref()?)))
        .collect();
    for (name, why) in in_person {
        let line = match lang {
            Lang::Zh => format!("{}须本人到场：{}", name.zh, why.zh),
            Lang::En => format!("{}: come in person. {}", name.en, why.en),
        };
        sheet.layout.hanging("* ", &line);
    }
    let lead = match lang {
        Lang::Zh => format!("牵头单位：{}", lead_unit.zh),
        Lang::En => format!("Lead unit: {}", lead_unit.en),
    };
    sheet.layout.hanging("", &lead);

    where_and_when(sheet, method);
}

/// Materials with their elements (appendix A) and why they are needed.
fn materials(sheet: &mut Sheet, mark: &str, materials: &[Material], long: bool) {
    let lang = sheet.lang;
    for material in materials {
        let line = with_form(lang, &material.name, &material.handing);
        sheet.layout.strong_hanging(mark, &line);
        if let Some(days) = material.handing.later {
            let later = match lang {
                Lang::Zh => format!("一时没有的，先签承诺，{days} 个工作日内补"),
                Lang::En => format!("may follow within {days} working days, on a signed promise"),
            };
            sheet.layout.hanging("   ", &later);
        }
        sheet.text("   ", &material.handing.elements);
        for text in material.why.texts() {
            sheet.text("   ", text);
        }
        if long {
            causes(sheet, &material.why);
            if let Some(unless) = &material.why.unless {
                sheet.text("   ", unless);
            }
        }
    }
}

/// Fields of the form, those together that are asked for by the same causes: one by one they would
/// make two metres of paper.
fn alike(form: &[(Text, Why)]) -> Vec<Vec<&(Text, Why)>> {
    let mut groups: Vec<Vec<&(Text, Why)>> = Vec::new();
    for field in form {
        let why = &field.1;
        let same = |(_, other): &(Text, Why)| {
            (&other.by, &other.answers, &other.basis) == (&why.by, &why.answers, &why.basis)
        };
        match groups.iter_mut().find(|group| same(group[0])) {
            Some(group) => group.push(field),
            None => groups.push(vec![field]),
        }
    }
    groups
}

fn filled_heading(sheet: &mut Sheet) {
    sheet.heading(
        "系统填好的表，不用带",
        "Filled in for you, nothing to bring",
    );
    let signed = sheet
        .say(
            "照您填的综合申请表生成，签名就行。",
            "Made from the one form that you fill in; you only sign.",
        )
        .to_owned();
    sheet.layout.hanging("", &signed);
}

/// Who needs it by which rule, which answers caused it, and by which law.
fn causes(sheet: &mut Sheet, why: &Why) {
    let lang = sheet.lang;
    let mut line = |zh: &str, en: &str, text: &str| {
        let line = labelled(lang, lang.pick(zh, en), text);
        sheet.layout.hanging("   ", &line);
    };
    line(
        "规定",
        "Rule",
        &rules(why, lang).join(lang.pick("；", "; ")),
    );
    if let Some(answers) = &why.answers {
        line("您的回答", "Your answers", answers.get(lang));
    }
    let laws: Vec<&str> = why.basis.iter().map(|law| law.get(lang)).collect();
    if !laws.is_empty() {
        line("依据", "Basis", &laws.join(lang.pick("；", "; ")));
    }
}

/// Lines of a name with what is said of it.
fn named(sheet: &mut Sheet, lines: &[(Text, Text)]) {
    let lang = sheet.lang;
    for (name, text) in lines {
        let line = labelled(lang, name.get(lang), text.get(lang));
        sheet.layout.hanging("- ", &line);
    }
}

fn labelled(lang: Lang, label: &str, text: &str) -> String {
    format!("{label}{}{text}", lang.pick("：", ": "))
}

fn notice_sheet(sheet: &mut Sheet, head: &Head, notice: &Notice, method: &Method) {
    let lang = sheet.lang;
    sheet.title(head, "一次告知单", "One-time notification", &notice.name);

    sheet.heading("谁不在这里办", "Not served at this terminal");
    for (reason, place) in &notice.not_here {
        sheet.text("- ", reason);
        sheet.text("   ", place);
    }
    sheet.heading("受理条件", "Conditions");
    for condition in &notice.acceptance {
        sheet.text("- ", condition);
    }
    for note in &notice.notes {
        sheet.text("- ", note);
    }
    sheet.heading("可能要的材料", "Documents that may be needed");
    for material in &notice.materials {
        let line = with_form(lang, &material.name, &material.handing);
        sheet.layout.strong_hanging("□ ", &line);
        let when = match (material.unless_made, material.sometimes) {
            (true, _) => Some(sheet.say(
                "已经有的要带，这次才办的不用带",
                "Bring it if you have it already; not if it is made this time",
            )),
            (false, true) => Some(sheet.say("有的情况才要", "Only in some cases")),
            (false, false) => None,
        };
        let elements = material.handing.elements.get(lang);
        let line = match (lang, when) {
            (Lang::Zh, Some(when)) => format!("{when}。{elements}"),
            (Lang::En, Some(when)) => format!("{when}. {elements}"),
            (Lang::Zh | Lang::En, None) => elements.to_owned(),
        };
        sheet.layout.hanging("   ", &line);
    }
    if !notice.filled.is_empty() {
        filled_heading(sheet);
        for name in &notice.filled {
            sheet.text("- ", name);
        }
    }
    sheet.heading("办哪些事、得到什么", "Items and results");
    for item in &notice.items {
        let line = match lang {
            Lang::Zh => format!("{}（{}）：{}", item.name.zh, item.unit.zh, item.result.zh),
            Lang::En => format!("{} ({}): {}", item.name.en, item.unit.en, item.result.en),
        };
        sheet.layout.hanging("- ", &line);
    }
    sheet.heading("多久、多少钱", "Time and fees");
    sheet
        .layout
        .hanging("", &promise(lang, notice.promised_days));
    let statutory = match lang {
        Lang::Zh => format!("法定时限：{} 个工作日", notice.statutory_days),
        Lang::En => format!("Statutory limit: {} working days", notice.statutory_days),
    };
    sheet.layout.hanging("", &statutory);
    match &notice.fee {
        Some(fee) => sheet.text("", fee),
        None => {
            let free = sheet.say("不收费", "Free of charge").to_owned();
            sheet.layout.hanging("", &free);
        }
    }
    sheet.heading("依据", "Legal basis");
    for (law, article) in &notice.basis {
        let line = format!("{} {}", law.get(lang), article.get(lang));
        sheet.layout.hanging("- ", &line);
    }
    where_and_when(sheet, method);
    sheet.heading("更多", "More");
    named(sheet, &notice.more);
}

fn window_sheet(sheet: &mut Sheet, head: &Head, matter: &Text, window: &Window) {
    sheet.title(head, "请到窗口办理", "Please go to a window", matter);
    sheet.heading("为什么", "Why");
    sheet.text("", &window.reason);
    sheet.heading("到哪里", "Where");
    sheet.text("", &window.place);
    sheet.heading("问谁", "Whom to ask");
    sheet.phones(&window.phones);
}

fn where_and_when(sheet: &mut Sheet, method: &Method) {
    sheet.heading("地点、时间、电话", "Place, hours, telephone");
    for line in place_lines(sheet.lang, method) {
        sheet.layout.hanging("", &line);
    }
}

fn place_lines(lang: Lang, method: &Method) -> Vec<String> {
    let mut lines = vec![
        method.place.get(lang).to_owned(),
        method.address.get(lang).to_owned(),
    ];
    lines.extend(method.hours.iter().map(|hours| hours.get(lang).to_owned()));
    lines.extend(method.phones.iter().map(|phone| phone_line(lang, phone)));
    lines
}

/// Steps in order; what stands in one step runs side by side (5.2.2.3).
fn flow_chart(sheet: &mut Sheet, flow: &[Vec<FlowStep>]) {
    let lang = sheet.lang;
    for (at, layer) in flow.iter().enumerate() {
        if at > 0 {
            sheet.layout.hanging("", "  ↓");
        }
        let number = at + 1;
        for (place, step) in layer.iter().enumerate() {
            let mark = match place {
                0 => format!("{number}. "),
                _ => "   ".to_owned(),
            };
            let days = match (lang, step.days) {
                (Lang::Zh, 0) => "当场".to_owned(),
                (Lang::Zh, days) => format!("{days}天"),
                (Lang::En, 0) => "at once".to_owned(),
                (Lang::En, 1) => "1 day".to_owned(),
                (Lang::En, days) => format!("{days} days"),
            };
            let line = match lang {
                Lang::Zh => format!("{}（{}）{days}", step.name.zh, step.unit.zh),
                Lang::En => format!("{} ({}), {days}", step.name.en, step.unit.en),
            };
            sheet.layout.hanging(&mark, &line);
        }
    }
}

fn foot(sheet: &mut Sheet, head: &Head) {
    sheet.layout.rule();
    let version = match head.lang {
        Lang::Zh => format!("目录 {}  终端 {}", head.catalogue, head.terminal),
        Lang::En => format!("Catalogue {}  Terminal {}", head.catalogue, head.terminal),
    };
    sheet.layout.centred(&version);
    sheet.layout.centred(&head.time);
    sheet.centre(
        "热敏纸会褪色，请拍照保存",
        "Thermal paper fades: take a photo",
    );
}

/// Received is not accepted: days count from acceptance (R19).
fn promise(lang: Lang, days: u32) -> String {
    match lang {
        Lang::Zh => format!("自受理之日起 {days} 个工作日内办结。"),
        Lang::En => format!("Done within {days} working days from acceptance."),
    }
}

fn phone_line(lang: Lang, phone: &Contact) -> String {
    match lang {
        Lang::Zh => format!("{}：{}", phone.name.zh, phone.value),
        Lang::En => format!("{}: {}", phone.name.en, phone.value),
    }
}

/// A material's name with how it is handed in.
fn with_form(lang: Lang, name: &Text, handing: &Handing) -> String {
    format!("{}  {}", name.get(lang), one_line(&form_of(lang, handing)))
}

fn form_of(lang: Lang, handing: &Handing) -> String {
    // Nothing is collected on paper where no copies are wanted.
    let copies = match (lang, handing.copies) {
        (Lang::Zh | Lang::En, 0) => String::new(),
        (Lang::Zh, copies) => format!(" {copies}份"),
        (Lang::En, copies) => format!(" x{copies}"),
    };
    let form = match (lang, handing.electronic, handing.original) {
        (Lang::Zh, true, Original::Check) => "电子版，看一下就行".to_owned(),
        (Lang::Zh, true, Original::Original | Original::Copy | Original::Both) => {
            "电子版".to_owned()
        }
        (Lang::En, true, Original::Check) => "electronic, only shown".to_owned(),
        (Lang::En, true, Original::Original | Original::Copy | Original::Both) => {
            "electronic".to_owned()
        }
        (Lang::Zh, false, Original::Original) => format!("原件{copies}"),
        (Lang::Zh, false, Original::Copy) => format!("复印件{copies}"),
        (Lang::Zh, false, Original::Both) => format!("原件和复印件{copies}"),
        (Lang::Zh, false, Original::Check) => "原件，看完还您".to_owned(),
        (Lang::En, false, Original::Original) => format!("original{copies}"),
        (Lang::En, false, Original::Copy) => format!("copy{copies}"),
        (Lang::En, false, Original::Both) => format!("original and copy{copies}"),
        (Lang::En, false, Original::Check) => "original, only shown".to_owned(),
    };
    match (lang, handing.optional) {
        (Lang::Zh | Lang::En, false) => form,
        (Lang::Zh, true) => format!("{form}，没有也行"),
        (Lang::En, true) => format!("{form}, if you have it"),
    }
}
