//! What a matter and its materials say of themselves by appendix A of the work guide, in the words
//! that page and slip share.

use std::path::PathBuf;

use yici_catalog::{
    Audience, Catalog, Channel, Contact, Lang, Material, MaterialClass, MaterialForm, Matter,
    Necessity, Original, Source, Text,
};

use super::page::{Handing, Why};
use super::terminal::Around;

/// The file of a sample, if it is a picture; what is a PDF, people have at home.
pub(super) fn picture(sample: &str, catalog: &Catalog) -> Option<PathBuf> {
    let file = catalog.directory.join(sample);
    let drawn = ["svg", "png", "jpg", "jpeg"];
    let ending = file.extension()?.to_str()?;
    drawn.contains(&ending).then_some(file)
}

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
        MaterialClass::Certificate => Text::of("证件证明", "Certificate"),
        MaterialClass::Form => Text::of("申请文书", "Application paper"),
        MaterialClass::Other => Text::of("其他材料", "Other paper"),
    };
    // That it is needed is said by whoever lists it, and when.
    let necessity = match material.necessity {
        Necessity::Needed => None,
        Necessity::Optional => Some(Text::of("非必要", "not necessary")),
        Necessity::Later => Some(Text::of("可以后补", "may come later")),
    };
    let issuer = material.issuer.as_ref();
    let issuer = issuer.or(material.proof.as_ref().map(|proof| &proof.issued_by));
    let source = match (issuer, material.source) {
        _ if material.is_filled_in() => Text::of("系统填好", "filled in for you"),
        (Some(issuer), _) => Text {
            zh: format!("{}出具", issuer.zh),
            en: format!("issued by: {}", issuer.en),
        },
        (None, Some(Source::Government)) => Text::of("政府部门核发", "issued by the government"),
        (None, Some(Source::Applicant)) => Text::of("自己准备", "your own"),
        (None, Some(Source::Other) | None) => Text::of("其他渠道取得", "from elsewhere"),
    };
    let form = match material.form {
        MaterialForm::Paper => Text::of("纸质", "on paper"),
        MaterialForm::Electronic => Text::of("电子", "electronic"),
        MaterialForm::Either => Text::of("纸质或电子", "on paper or electronic"),
    };
    let parts = [Some(class), necessity, Some(source), Some(form)];
    list(&parts.into_iter().flatten().collect::<Vec<_>>())
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
        true => Text::of("可以", "Yes"),
        false => Text::of("不可以", "No"),
    };
    let intermediary = match (guide.intermediary.required, &guide.intermediary.statutory) {
        (false, _) => Text::of("没有", "None"),
        (true, Some(statutory)) => statutory.clone(),
        (true, None) => Text::of("有", "Yes"),
    };
    let mut more = vec![
        (Text::of("配合单位", "Cooperating units"), list(&units)),
        (Text::of("服务对象", "For whom"), list(&audience)),
        (Text::of("怎样办", "Ways to apply"), list(&channels)),
        (Text::of("要跑几次", "Visits"), visits),
        (Text::of("网上办", "Online"), both(&guide.online_url)),
        (
            Text::of("网上支付", "Online payment"),
            guide.online_payment.clone(),
        ),
        (
            Text::of("预约", "By appointment"),
            offered(guide.appointment),
        ),
        (Text::of("快递", "By courier"), offered(guide.courier)),
        (Text::of("中介服务", "Intermediaries"), intermediary),
        (
            Text::of("怎样联办", "How units work together"),
            guide.joint_ability.clone(),
        ),
    ];
    let fee_basis = guide.fee_basis.clone();
    more.extend(fee_basis.map(|basis| (Text::of("收费依据", "Basis of the fee"), basis)));
    more.extend([
        (Text::of("咨询", "Questions"), contacts(&guide.consult)),
        (
            Text::of("监督投诉", "Complaints"),
            contacts(&guide.supervise),
        ),
        (Text::of("事项编码", "Code"), both(&guide.code)),
    ]);
    more
}

fn audience(audience: Audience) -> Text {
    match audience {
        Audience::Person => Text::of("个人", "persons"),
        Audience::Enterprise => Text::of("企业", "companies"),
        Audience::PublicInstitution => Text::of("事业单位", "public institutions"),
        Audience::SocialOrganisation => Text::of("社会组织", "social organisations"),
        Audience::UnincorporatedEnterprise => Text::of("非法人企业", "unincorporated businesses"),
        Audience::Authority => Text::of("行政机关", "authorities"),
        Audience::Other => Text::of("其他组织", "other organisations"),
    }
}

fn channel(channel: Channel) -> Text {
    match channel {
        Channel::Window => Text::of("窗口办理", "at a window"),
        Channel::Online => Text::of("网上办理", "online"),
        Channel::Post => Text::of("快递申请", "by courier"),
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

fn list(parts: &[Text]) -> Text {
    Text::joined(parts, "，", ", ")
}

/// What is the same in both languages, such as a number.
pub(super) fn both(same: &str) -> Text {
    Text::of(same, same)
}
