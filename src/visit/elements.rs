//! What a matter and its materials say of themselves by appendix A of the work guide, in the words
//! that page and slip share.

use yici_catalog::{
    Audience, Channel, Contact, Lang, Material, MaterialClass, MaterialForm, Matter, Necessity,
    Original, Source, Text,
};

use super::page::{Handing, Why};
use super::terminal::Around;

/// How a material is handed in, in so many paper copies.
pub(super) fn handing(material: &Material, copies: u32) -> Handing {
    Handing {
        original: material.original,
        copies,
        electronic: match material.form {
            MaterialForm::Electronic => true,
            MaterialForm::Paper | MaterialForm::Either => false,
        },
        optional: match material.necessity {
            Necessity::Optional => true,
            Necessity::Needed | Necessity::Later => false,
        },
        later: material.later.as_ref().map(|later| later.working_days),
        elements: elements(material),
    }
}

/// Which items need something, for which answers; those of one rule stand together.
pub fn rules(why: &Why, lang: Lang) -> Vec<String> {
    let mut rules: Vec<(Option<&Text>, Vec<&str>)> = Vec::new();
    for cause in &why.by {
        let (rule, item) = (cause.rule.as_ref(), cause.item.get(lang));
        match rules.iter_mut().find(|(known, _)| *known == rule) {
            Some((_, items)) if items.contains(&item) => {}
            Some((_, items)) => items.push(item),
            None => rules.push((rule, vec![item])),
        }
    }
    rules
        .iter()
        .map(|(rule, items)| match (lang, rule) {
            (Lang::Zh, None) => format!("办{}的都要", items.join("、")),
            (Lang::Zh, Some(rule)) => format!("办{}，{}的要", items.join("、"), rule.zh),
            (Lang::En, None) => format!("always for: {}", items.join(", ")),
            (Lang::En, Some(rule)) => format!("for: {}; if {}", items.join(", "), rule.en),
        })
        .collect()
}

/// The most paper copies that any item wants of a material.
pub(super) fn most_copies(material: &Material) -> u32 {
    let needs = material.needs.iter();
    let copies = needs.filter_map(|need| need.copies.or(material.paper_copies));
    match material.original {
        Original::Check => 0,
        Original::Original | Original::Copy | Original::Both => copies.max().unwrap_or(0),
    }
}

/// 材料类型, 材料必要性, 来源渠道 and 材料形式.
fn elements(material: &Material) -> Text {
    let class = match material.class {
        MaterialClass::Certificate => text("证件证明", "Certificate"),
        MaterialClass::Form => text("申请文书", "Application paper"),
        MaterialClass::Other => text("其他材料", "Other paper"),
    };
    // That it is needed is said by whoever lists it, and when.
    let necessity = match material.necessity {
        Necessity::Needed => None,
        Necessity::Optional => Some(text("非必要", "not necessary")),
        Necessity::Later => Some(text("可以后补", "may come later")),
    };
    let issuer = material.issuer.as_ref();
    let issuer = issuer.or(material.proof.as_ref().map(|proof| &proof.issued_by));
    let source = match (issuer, material.source) {
        _ if material.is_filled_in() => text("系统填好", "filled in for you"),
        (Some(issuer), _) => Text {
            zh: format!("{}出具", issuer.zh),
            en: format!("issued by: {}", issuer.en),
        },
        (None, Some(Source::Government)) => text("政府部门核发", "issued by the government"),
        (None, Some(Source::Applicant)) => text("自己准备", "your own"),
        (None, Some(Source::Other) | None) => text("其他渠道取得", "from elsewhere"),
    };
    let form = match material.form {
        MaterialForm::Paper => text("纸质", "on paper"),
        MaterialForm::Electronic => text("电子", "electronic"),
        MaterialForm::Either => text("纸质或电子", "on paper or electronic"),
    };
    let parts = [Some(class), necessity, Some(source), Some(form)];
    joined(&parts.into_iter().flatten().collect::<Vec<_>>())
}

/// The elements of a guide that no other part of the notification says: name and value.
pub(super) fn more(matter: &Matter, around: &Around) -> Vec<(Text, Text)> {
    let guide = &matter.guide;
    let units = guide.cooperating_units.iter();
    let units: Vec<Text> = units
        .map(|unit| around.catalog.unit(unit).name.clone())
        .collect();
    let audience: Vec<Text> = guide.audience.iter().map(|a| audience(*a)).collect();
    let channels: Vec<Text> = guide.channels.iter().map(|c| channel(*c)).collect();
    let visits = match guide.visits {
        Some(visits) => Text {
            zh: format!("{visits} 次。{}", guide.visit_reason.zh),
            en: format!("{visits}. {}", guide.visit_reason.en),
        },
        None => guide.visit_reason.clone(),
    };
    let offered = |offered| match offered {
        true => text("可以", "Yes"),
        false => text("不可以", "No"),
    };
    let intermediary = match (guide.intermediary.required, &guide.intermediary.statutory) {
        (false, _) => text("没有", "None"),
        (true, Some(statutory)) => statutory.clone(),
        (true, None) => text("有", "Yes"),
    };
    let mut more = vec![
        (text("配合单位", "Cooperating units"), joined(&units)),
        (text("服务对象", "For whom"), joined(&audience)),
        (text("怎样办", "Ways to apply"), joined(&channels)),
        (text("要跑几次", "Visits"), visits),
        (text("网上办", "Online"), both(&guide.online_url)),
        (
            text("网上支付", "Online payment"),
            guide.online_payment.clone(),
        ),
        (text("预约", "By appointment"), offered(guide.appointment)),
        (text("快递", "By courier"), offered(guide.courier)),
        (text("中介服务", "Intermediaries"), intermediary),
        (
            text("怎样联办", "How units work together"),
            guide.joint_ability.clone(),
        ),
    ];
    let fee_basis = guide.fee_basis.clone();
    more.extend(fee_basis.map(|basis| (text("收费依据", "Basis of the fee"), basis)));
    more.extend([
        (text("咨询", "Questions"), contacts(&guide.consult)),
        (text("监督投诉", "Complaints"), contacts(&guide.supervise)),
        (text("事项编码", "Code"), both(&guide.code)),
    ]);
    more
}

fn audience(audience: Audience) -> Text {
    match audience {
        Audience::Person => text("个人", "persons"),
        Audience::Enterprise => text("企业", "companies"),
        Audience::PublicInstitution => text("事业单位", "public institutions"),
        Audience::SocialOrganisation => text("社会组织", "social organisations"),
        Audience::UnincorporatedEnterprise => text("非法人企业", "unincorporated businesses"),
        Audience::Authority => text("行政机关", "authorities"),
        Audience::Other => text("其他组织", "other organisations"),
    }
}

fn channel(channel: Channel) -> Text {
    match channel {
        Channel::Window => text("窗口办理", "at a window"),
        Channel::Online => text("网上办理", "online"),
        Channel::Post => text("快递申请", "by courier"),
    }
}

fn contacts(contacts: &[Contact]) -> Text {
    let lines = |of: fn(&Text) -> &str, mark: &str| {
        let lines = contacts.iter();
        let lines = lines.map(|contact| format!("{}{mark}{}", of(&contact.name), contact.value));
        lines.collect::<Vec<_>>()
    };
    Text {
        zh: lines(|name| &name.zh, "：").join("；"),
        en: lines(|name| &name.en, ": ").join("; "),
    }
}

/// A list in one line.
fn joined(parts: &[Text]) -> Text {
    let join = |of: fn(&Text) -> &str, by| parts.iter().map(of).collect::<Vec<_>>().join(by);
    Text {
        zh: join(|part| &part.zh, "，"),
        en: join(|part| &part.en, ", "),
    }
}

fn both(same: &str) -> Text {
    text(same, same)
}

fn text(zh: &str, en: &str) -> Text {
    Text {
        zh: zh.to_owned(),
        en: en.to_owned(),
    }
}
