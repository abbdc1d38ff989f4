//! The receipt slip (收件凭证, R19), and the slip with the number alone after a crash.
//! Received is not accepted: no line here says otherwise.

use yici_catalog::{Lang, Text};
use yici_contract::Private;
use yici_hal::slip::Element;

use super::{
    Head, Sheet, filled_heading, form_of, place_lines, promise, where_and_when, with_form,
};
use crate::visit::page::{Delivery, HandInMaterial, Method};

/// What a receipt slip says.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// The matter's full name.
    pub matter: Text,
    /// The case number in groups.
    pub number: String,
    /// Whether upstream has it.
    pub delivery: Delivery,
    /// Working days from acceptance.
    pub days: u32,
    /// The items with their units.
    pub items: Vec<(Text, Text)>,
    /// How many papers cannot be left out.
    pub needed: usize,
    /// What is still to be handed in.
    pub still: Vec<HandInMaterial>,
    /// Applications that the system makes from the one form.
    pub filled: Vec<Text>,
    /// Papers that show the authority to apply for somebody else.
    pub authority: Option<Text>,
    /// Where, when, whom to call.
    pub method: Method,
    /// The slip's code: number and secret.
    pub code: Private,
}

pub(super) fn lay_out(sheet: &mut Sheet, head: &Head, receipt: &Receipt) {
    let lang = sheet.lang;
    sheet.title(head, "收件凭证", "Receipt", &receipt.matter);
    number(sheet, &receipt.number);
    for line in state(receipt.delivery) {
        sheet.text("", &line);
    }

    sheet.heading("接下来怎么做", "What to do next");
    let hand_in = match (lang, receipt.needed) {
        (Lang::Zh, 0) => "材料已经齐了，等各部门受理。".to_owned(),
        (Lang::Zh, count) => format!("把下面 {count} 份材料交到 {}。", receipt.method.place.zh),
        (Lang::En, 0) => "Nothing to hand in: wait for the departments.".to_owned(),
        (Lang::En, count) => format!(
            "Hand in the {count} documents below at: {}.",
            receipt.method.place.en
        ),
    };
    sheet.layout.large_hanging("1. ", &hand_in);
    sheet
        .layout
        .large_hanging("2. ", &promise(lang, receipt.days));
    let ask = sheet
        .say(
            "查进度：在任意一台终端扫下面的码，或输入单号再放身份证。",
            "Progress: scan the code below at any terminal, or type the number and lay your ID card.",
        )
        .to_owned();
    sheet.layout.large_hanging("3. ", &ask);

    if !receipt.still.is_empty() || receipt.authority.is_some() {
        sheet.heading("还要交的材料", "Still to be handed in");
        for material in &receipt.still {
            let line = with_form(lang, &material.name, &material.handing);
            sheet.layout.strong_hanging("□ ", &line);
            if let Some(later) = material.later.as_ref().filter(|later| later.chosen) {
                let days = later.working_days;
                let line = match lang {
                    Lang::Zh => format!("已承诺：从提交之日起 {days} 个工作日内补交"),
                    Lang::En => format!("Promised within {days} working days of submission"),
                };
                sheet.layout.hanging("   ", &line);
            }
        }
        if let Some(authority) = &receipt.authority {
            sheet.layout.strong_hanging("□ ", authority.get(lang));
        }
    }
    if !receipt.filled.is_empty() {
        filled_heading(sheet);
        for name in &receipt.filled {
            sheet.text("- ", name);
        }
    }

    sheet.heading("一次办理的事项", "Service items");
    for (item, unit) in &receipt.items {
        let line = match lang {
            Lang::Zh => format!("{}（{}）", item.zh, unit.zh),
            Lang::En => format!("{} ({})", item.en, unit.en),
        };
        sheet.layout.hanging("- ", &line);
    }
    where_and_when(sheet, &receipt.method);

    sheet.layout.rule();
    sheet.layout.push(Element::Qr {
        data: receipt.code.reveal().to_owned(),
    });
    sheet.centre(
        "在终端扫这个码查进度。请勿给别人看",
        "Scan at a terminal for progress. Keep it to yourself",
    );
}

/// The slip after a crash: the number is all that the terminal can still read.
pub(super) fn number_alone(sheet: &mut Sheet, head: &Head, numbers: &[String]) {
    let what = Text {
        zh: "已安全存好，不用再交一次".into(),
        en: "Kept safe: do not apply again".into(),
    };
    sheet.title(head, "收件单号", "Case number", &what);
    for one in numbers {
        number(sheet, one);
    }
    sheet.heading("接下来怎么做", "What to do next");
    let ask = sheet
        .say(
            "查进度：在任意一台终端输入单号，再放申请人的身份证。",
            "Progress: type the number at any terminal and lay the applicant's ID card.",
        )
        .to_owned();
    sheet.layout.large_hanging("1. ", &ask);
    let desk = sheet
        .say(
            "要交哪些材料，请拿着单号问导办台。",
            "Take the number to the guiding desk to learn what to hand in.",
        )
        .to_owned();
    sheet.layout.large_hanging("2. ", &desk);
    let received = sheet
        .say("收件不等于受理。", "Received is not accepted.")
        .to_owned();
    sheet.layout.hanging("", &received);
}

/// The same for a phone: the code in the first line, as scanners need it, then what to do.
pub(super) fn phone_lines(lang: Lang, receipt: &Receipt) -> Vec<String> {
    let mut lines = vec![
        receipt.code.reveal().to_owned(),
        receipt.matter.get(lang).to_owned(),
        format!("{}{}", lang.pick("单号：", "Number: "), receipt.number),
    ];
    lines.extend(
        state(receipt.delivery)
            .iter()
            .map(|line| line.get(lang).to_owned()),
    );
    lines.push(promise(lang, receipt.days));
    if !receipt.still.is_empty() {
        lines.push(lang.pick("还要交：", "Hand in:").to_owned());
        lines.extend(receipt.still.iter().map(|material| {
            let form = form_of(lang, &material.handing);
            format!("□{} {form}", material.name.get(lang))
        }));
    }
    if let Some(authority) = &receipt.authority {
        lines.push(format!("□{}", authority.get(lang)));
    }
    lines.extend(place_lines(lang, &receipt.method));
    lines
}

fn number(sheet: &mut Sheet, number: &str) {
    let label = sheet.say("单号", "Number").to_owned();
    sheet.layout.centred(&label);
    // In groups, as wide as the paper takes.
    match number.split_at_checked(number.len() / 2) {
        Some((first, rest)) if !sheet.layout.fits_wide(number) => {
            sheet.layout.title(first.trim_end_matches('-'));
            sheet.layout.title(rest.trim_start_matches('-'));
        }
        Some(_) | None => sheet.layout.title(number),
    }
}

/// What is known of the delivery, and nothing more (invariant 2).
fn state(delivery: Delivery) -> Vec<Text> {
    match delivery {
        Delivery::Received => vec![Text::of(
            "事项办理系统已收到。收件不等于受理，是否受理由各部门决定并通知您。",
            "The case system has it. Received is not accepted: each department decides and tells you.",
        )],
        Delivery::Sending | Delivery::Waiting => vec![
            Text::of(
                "已在这台终端加密存好，还没有送到事项办理系统。",
                "Kept safe and sealed at this terminal; not yet at the case system.",
            ),
            Text::of(
                "会自动再送，您不用再交一次。收件不等于受理。",
                "It is sent again by itself: do not apply again. Received is not accepted.",
            ),
        ],
        Delivery::Parked => vec![
            Text::of(
                "已在这台终端加密存好，但事项办理系统没有接收，要由工作人员处理。",
                "Kept safe at this terminal, but the case system has not taken it: staff must see to it.",
            ),
            Text::of(
                "请拿着单号到导办台问一下。收件不等于受理。",
                "Please ask at the guiding desk with this number. Received is not accepted.",
            ),
        ],
    }
}
