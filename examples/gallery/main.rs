//! Renders every page in every state to PNG, with made-up data that is as long as real data gets:
//! `cargo run --example gallery -- DIR [MODE…] [-- PAGE…]`; of a page that scrolls, its end as well.
//! With `--check` instead of a directory nothing is written; a fault in the layout of any page in
//! any mode ends it with exit code 1.

pub(crate) mod apply;
pub(crate) mod staff;

use std::error::Error;
use std::path::{Path, PathBuf};

use slint::ComponentHandle;
use yici::headless::{self, Headless, Options};
use yici::screen::Screen;
use yici::visit::page::*;
use yici_catalog::{Catalog, Group, Lang, Original, Text};
use yici_hal::status::{Actor, Cause};

/// Name, size, language, large type.
const MODES: [(&str, (u32, u32), Lang, bool); 10] = [
    ("zh", (1080, 1920), Lang::Zh, false),
    ("zh-large", (1080, 1920), Lang::Zh, true),
    ("en", (1080, 1920), Lang::En, false),
    ("en-large", (1080, 1920), Lang::En, true),
    ("wide-zh", (1920, 1080), Lang::Zh, false),
    ("wide-zh-large", (1920, 1080), Lang::Zh, true),
    ("wide-en-large", (1920, 1080), Lang::En, true),
    // Whole pages, however long, to see what scrolling would show.
    ("tall-zh", (1080, 9600), Lang::Zh, false),
    ("tall-zh-large", (1080, 15000), Lang::Zh, true),
    ("tall-en-large", (1080, 18000), Lang::En, true),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().unwrap_or_else(|| "target/gallery".into());
    if dir == "--check" {
        let faults = faults()?;
        return match faults.len() {
            0 => Ok(()),
            _ => Err(faults.join("\n").into()),
        };
    }
    let dir = PathBuf::from(dir);
    let rest: Vec<String> = arguments.collect();
    let mut parts = rest.split(|word| word == "--");
    let modes = parts.next().unwrap_or_default();
    let names = parts.next().unwrap_or_default();

    let headless = headless::install(&Options {
        dir: Some(dir.clone()),
        size: (1080, 1920),
        script: None,
        screen: None,
    })?;
    let screen = Screen::new(|_, _| {})?;
    screen.window().show()?;
    for (mode, size, lang, large) in MODES {
        let wanted = match modes {
            [] => !mode.starts_with("tall"),
            modes => modes.iter().any(|name| name == mode),
        };
        if !wanted {
            continue;
        }
        headless.resize(size);
        std::fs::create_dir_all(dir.join(mode))?;
        for (serial, (name, mut page)) in (1..).zip(pages()) {
            if !names.is_empty() && !names.iter().any(|wanted| name.starts_with(wanted)) {
                continue;
            }
            page.serial = serial;
            page.frame.lang = lang;
            page.frame.large = large;
            let file = dir.join(mode).join(format!("{name}.png"));
            let mut timing = headless.still(&screen, &page, &file)?;
            if apply::deed(name, &screen) {
                timing = headless.still(&screen, &page, &file)?;
            }
            let (scrolls, faults) = looked_over(&headless, &screen);
            if scrolls {
                let end = dir.join(mode).join(format!("{name}-end.png"));
                headless.still(&screen, &page, &end)?;
            }
            for fault in faults {
                println!("{mode:14} {name:24} MISPLACED {fault}");
            }
            println!(
                "{mode:14} {name:24} shown {:>9.1?} redrawn {:>9.1?}",
                timing.shown, timing.redrawn
            );
        }
    }
    Ok(())
}

/// Whether the page shown is longer than the window, and what is wrong with its layout: at its
/// beginning, and at its end, where it is left.
fn looked_over(headless: &Headless, screen: &Screen) -> (bool, Vec<String>) {
    let mut faults = headless.misplaced(screen);
    let scrolls = headless.to_the_end(screen);
    match &scrolls {
        Ok(true) => faults.extend(headless.misplaced(screen)),
        Ok(false) => {}
        Err(fault) => faults.push(fault.clone()),
    }
    (scrolls != Ok(false), faults)
}

/// What is wrong with the layout, in every mode.
fn faults() -> Result<Vec<String>, Box<dyn Error>> {
    let dir = std::env::temp_dir();
    let headless = headless::install(&Options {
        dir: Some(dir),
        size: (1080, 1920),
        script: None,
        screen: None,
    })?;
    let screen = Screen::new(|_, _| {})?;
    screen.window().show()?;
    let mut faults = Vec::new();
    for (mode, size, lang, large) in MODES {
        headless.resize(size);
        for (serial, (name, mut page)) in (1..).zip(pages()) {
            if mode.starts_with("tall")
                && ![
                    "notice",
                    "notice-more",
                    "result-worst",
                    "result-why",
                    "form-why",
                    "staff-report",
                ]
                .contains(&name)
            {
                continue;
            }
            page.serial = serial;
            page.frame.lang = lang;
            page.frame.large = large;
            headless.draw(&screen, &page);
            if apply::deed(name, &screen) {
                headless.draw(&screen, &page);
            }
            let (_, found) = looked_over(&headless, &screen);
            faults.extend(
                found
                    .into_iter()
                    .map(|fault| format!("{mode} {name}: {fault}")),
            );
        }
    }
    Ok(faults)
}

fn t(zh: &str, en: &str) -> Text {
    Text {
        zh: zh.into(),
        en: en.into(),
    }
}

fn frame(step: Option<Step>, main: Option<Main>) -> Frame {
    Frame {
        hall: t("泉城市政务服务中心", "Quancheng Government Service Centre"),
        time: Some("09:41".into()),
        lang: Lang::Zh,
        large: false,
        step,
        back: true,
        leave: true,
        main,
        main_enabled: true,
    }
}

fn page(frame: Frame, content: Content) -> Page {
    Page {
        serial: 0,
        frame,
        content,
        countdown: None,
    }
}

/// Around pages that belong to no way yet.
fn nowhere(back: bool) -> Frame {
    Frame {
        back,
        leave: back,
        ..frame(None, None)
    }
}

/// Every page by its name; the bench draws them as well.
pub(crate) fn pages() -> Vec<(&'static str, Page)> {
    let mut pages = guided();
    pages.extend(apply::pages());
    pages.extend(staff::pages());
    pages
}

fn guided() -> Vec<(&'static str, Page)> {
    let identity = |main| frame(Some(Step::Identity), main);
    let questions = |left, main| frame(Some(Step::Questions { at_most_left: left }), main);
    let away = |main| frame(Some(Step::TakeAway), main);
    let card = |state| page(identity(None), Content::Card { state, ways: true });
    let number = |typed: &str, error| {
        page(
            identity(Some(Main::Continue)),
            Content::Number(Number {
                typed: typed.into(),
                error,
            }),
        )
    };
    let printing = |state, main| page(away(main), Content::Printing(state, Offer::Ready));
    let mut locked = away(Some(Main::Continue));
    locked.main_enabled = false;
    let mut countdown = page(
        identity(None),
        Content::Card {
            state: CardState::Waiting { long: true },
            ways: true,
        },
    );
    countdown.countdown = Some(24);
    vec![
        ("idle", page(nowhere(false), Content::Idle { staff: true })),
        (
            "home",
            page(
                Frame {
                    leave: true,
                    ..nowhere(true)
                },
                Content::Home(home(Group::Person, Vec::new())),
            ),
        ),
        (
            "home-of-businesses",
            page(
                Frame {
                    leave: true,
                    ..nowhere(true)
                },
                Content::Home(home(Group::Business, Vec::new())),
            ),
        ),
        (
            "home-with-faults",
            page(
                Frame {
                    leave: true,
                    ..nowhere(true)
                },
                Content::Home(home(
                    Group::Person,
                    vec![Journey::IdentityByCard, Journey::Paper, Journey::Submit],
                )),
            ),
        ),
        (
            "notice",
            page(
                frame(Some(Step::Notice), Some(Main::Start)),
                Content::Notice(Box::new(notice(Offer::Ready))),
            ),
        ),
        (
            "notice-more",
            page(
                frame(Some(Step::Notice), Some(Main::Start)),
                Content::Notice(Box::new(notice(Offer::Ready))),
            ),
        ),
        (
            "notice-nopaper",
            page(
                frame(Some(Step::Notice), Some(Main::Start)),
                Content::Notice(Box::new(notice(Offer::Unavailable(Cause::PaperOut)))),
            ),
        ),
        (
            "consent",
            page(
                identity(Some(Main::Agree)),
                Content::Consent {
                    reader: Offer::Ready,
                },
            ),
        ),
        (
            "consent-unknown",
            page(
                identity(Some(Main::Agree)),
                Content::Consent {
                    reader: Offer::Unknown,
                },
            ),
        ),
        (
            "consent-absent",
            page(
                identity(None),
                Content::Consent {
                    reader: Offer::Absent,
                },
            ),
        ),
        (
            "consent-fault",
            page(
                identity(None),
                Content::Consent {
                    reader: Offer::Unavailable(Cause::NoAnswer),
                },
            ),
        ),
        ("card-waiting", card(CardState::Waiting { long: false })),
        ("card-long", card(CardState::Waiting { long: true })),
        ("card-reading", card(CardState::Reading)),
        (
            "card-unread",
            page(
                identity(Some(Main::Retry)),
                Content::Card {
                    state: CardState::Unread,
                    ways: true,
                },
            ),
        ),
        ("card-fault", card(CardState::Fault(Cause::NotConnected))),
        (
            "card-fault-only",
            page(
                identity(Some(Main::Retry)),
                Content::Card {
                    state: CardState::Fault(Cause::NotConnected),
                    ways: false,
                },
            ),
        ),
        ("number-empty", {
            let mut page = number("", None);
            page.frame.main_enabled = false;
            page
        }),
        ("number-typed", number("370102 19900307 12", None)),
        (
            "number-short",
            number("370102 19900307 12", Some(NumberFault::Short { typed: 16 })),
        ),
        (
            "number-birth",
            number("370102 19901307 1234", Some(NumberFault::BirthDate)),
        ),
        (
            "number-check",
            number("370102 19900307 1234", Some(NumberFault::CheckDigit)),
        ),
        (
            "identity",
            page(
                identity(Some(Main::Continue)),
                Content::Identity(Box::new(person(Trust::Card, false))),
            ),
        ),
        (
            "identity-shown",
            page(
                identity(Some(Main::Continue)),
                Content::Identity(Box::new(Identity {
                    shown: true,
                    name: Some("张建国".into()),
                    number: Some("37010219900307123X".into()),
                    ..person(Trust::Card, true)
                })),
            ),
        ),
        (
            "identity-typed",
            page(
                identity(Some(Main::Continue)),
                Content::Identity(Box::new(person(Trust::Typed, false))),
            ),
        ),
        (
            "identity-nobody",
            page(
                identity(Some(Main::Continue)),
                Content::Identity(Box::new(person(Trust::Nobody, false))),
            ),
        ),
        (
            "question",
            page(questions(7, None), question(choices(3, false), None)),
        ),
        (
            "question-chosen",
            page(
                questions(2, Some(Main::Continue)),
                question(
                    choices(4, true),
                    Some(t("身份证上的住址", "the address on your ID card")),
                ),
            ),
        ),
        (
            "question-six",
            page(questions(1, None), question(choices(6, true), None)),
        ),
        (
            "question-number",
            page(
                questions(4, Some(Main::Continue)),
                question(area("180", false), None),
            ),
        ),
        (
            "question-number-bad",
            page(
                questions(4, Some(Main::Continue)),
                question(area("0", true), None),
            ),
        ),
        (
            "question-date",
            page(
                questions(4, Some(Main::Continue)),
                question(
                    Input::Date {
                        typed: "202603".into(),
                        error: None,
                    },
                    None,
                ),
            ),
        ),
        (
            "question-date-bad",
            page(
                questions(4, Some(Main::Continue)),
                question(
                    Input::Date {
                        typed: "20260231".into(),
                        error: Some(DateFault::NoSuchDay),
                    },
                    Some(t("身份证", "your ID card")),
                ),
            ),
        ),
        (
            "unsure",
            page(questions(4, None), Content::Unsure(Box::new(unsure(true)))),
        ),
        (
            "unsure-people",
            page(questions(4, None), Content::Unsure(Box::new(unsure(false)))),
        ),
        (
            "answers",
            page(
                questions(3, Some(Main::Continue)),
                Content::Answers(answers(8)),
            ),
        ),
        (
            "window",
            page(
                frame(Some(Step::Questions { at_most_left: 1 }), Some(Main::Done)),
                Content::Window(Box::new(window())),
            ),
        ),
        (
            "result",
            page(
                frame(Some(Step::Result), Some(Main::Continue)),
                Content::Result(Box::new(outcome(5, 3))),
            ),
        ),
        (
            "result-why",
            page(
                frame(Some(Step::Result), Some(Main::Continue)),
                Content::Result(Box::new(outcome(5, 3))),
            ),
        ),
        (
            "result-worst",
            page(
                frame(Some(Step::Result), Some(Main::Continue)),
                Content::Result(Box::new(outcome(9, 12))),
            ),
        ),
        (
            "method",
            page(
                locked.clone(),
                Content::Method(Box::new(method(Offer::Ready))),
            ),
        ),
        (
            "method-here",
            page(
                away(None),
                Content::Method(Box::new(Method {
                    here: true,
                    ..method(Offer::Ready)
                })),
            ),
        ),
        (
            "method-here-noprinter",
            page(
                away(None),
                Content::Method(Box::new(Method {
                    here: true,
                    ..method(Offer::Absent)
                })),
            ),
        ),
        (
            "method-nopaper",
            page(
                locked.clone(),
                Content::Method(Box::new(method(Offer::Unavailable(Cause::CoverOpen)))),
            ),
        ),
        (
            "method-busy",
            page(
                locked,
                Content::Method(Box::new(method(Offer::Unavailable(Cause::Busy)))),
            ),
        ),
        ("printing-busy", printing(Printing::Busy, None)),
        (
            "printing-completed",
            printing(Printing::Completed, Some(Main::Done)),
        ),
        (
            "printing-presented",
            printing(Printing::Presented, Some(Main::Done)),
        ),
        (
            "printing-taken",
            printing(Printing::Taken, Some(Main::Done)),
        ),
        (
            "printing-retracted",
            printing(Printing::Retracted, Some(Main::Done)),
        ),
        ("printing-ask", printing(Printing::Ask, None)),
        (
            "printing-failed-out",
            page(
                away(Some(Main::Done)),
                Content::Printing(
                    Printing::Failed {
                        cause: Some(Cause::PaperOut),
                        actor: Actor::Staff,
                    },
                    Offer::Unavailable(Cause::PaperOut),
                ),
            ),
        ),
        (
            "printing-failed-taken",
            page(
                away(Some(Main::Done)),
                Content::Printing(
                    Printing::Failed {
                        cause: Some(Cause::NotTaken),
                        actor: Actor::Citizen,
                    },
                    Offer::Unavailable(Cause::NotTaken),
                ),
            ),
        ),
        (
            "printing-failed",
            printing(
                Printing::Failed {
                    cause: Some(Cause::PaperOut),
                    actor: Actor::Staff,
                },
                Some(Main::Done),
            ),
        ),
        (
            "phone",
            page(
                away(Some(Main::Done)),
                Content::Phone { payload: payload() },
            ),
        ),
        (
            "help",
            page(
                frame(Some(Step::Result), None),
                Content::Help(Box::new(help())),
            ),
        ),
        (
            "goodbye",
            page(
                nowhere(false),
                Content::Goodbye(Goodbye {
                    card: true,
                    paper: true,
                }),
            ),
        ),
        (
            "goodbye-paper",
            page(
                Frame {
                    main: Some(Main::Done),
                    ..nowhere(false)
                },
                Content::Goodbye(Goodbye {
                    card: false,
                    paper: true,
                }),
            ),
        ),
        (
            "goodbye-nothing",
            page(
                nowhere(false),
                Content::Goodbye(Goodbye {
                    card: false,
                    paper: false,
                }),
            ),
        ),
        ("countdown", countdown),
    ]
}

/// The shipped matters of persons or of businesses.
fn home(group: Group, taken_off: Vec<Journey>) -> Home {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog/matters");
    let catalog = Catalog::load(&shipped)
        .unwrap_or_else(|error| panic!("{}", error.render(yici_catalog::Lang::En)));
    Home {
        group: Some(group),
        matters: Home::matters(&catalog, group),
        track: true,
        taken_off,
    }
}

fn items() -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
    vec![
        (
            "生育登记",
            "Birth registration with the health service",
            "卫健",
            "Health",
        ),
        (
            "《出生医学证明》首次签发",
            "First issue of the Medical Certificate of Birth",
            "卫健",
            "Health",
        ),
        ("预防接种证办理", "Vaccination record", "卫健", "Health"),
        (
            "本市户口登记（申报出生登记）",
            "Household registration of the new-born",
            "公安",
            "Public security",
        ),
        (
            "城乡居民基本医疗保险参保登记",
            "Enrolment in residents' basic medical insurance",
            "医保",
            "Medical insurance",
        ),
        (
            "城乡居民医疗保险费缴纳",
            "Payment of the residents' insurance premium",
            "税务",
            "Tax",
        ),
        (
            "社会保障卡申领",
            "Application for the social security card",
            "人社",
            "Human resources",
        ),
        ("育儿补贴申领", "Child-care allowance", "卫健", "Health"),
        (
            "生育医疗费用报销",
            "Reimbursement of the costs of birth",
            "医保",
            "Medical insurance",
        ),
    ]
}

fn notice(printer: Offer) -> Notice {
    Notice {
        name: t(
            "新生儿出生“一件事一次办”",
            "A child is born: everything in one go",
        ),
        wrong: true,
        summary: t(
            "孩子出生后的证件、户口、医保和补贴，只填一张表，只交一次材料。",
            "Papers, register, insurance and allowance after a birth, with one form and one set of materials.",
        ),
        not_here: vec![
            (
                t("孩子在境外出生的", "Children born abroad"),
                t("二楼 B 区 21 号综合窗口", "Window 21, area B, second floor"),
            ),
            (
                t(
                    "《出生医学证明》遗失需要补发的",
                    "Lost Medical Certificates of Birth",
                ),
                t("孩子出生的医院", "The hospital of birth"),
            ),
        ],
        acceptance: vec![
            t(
                "孩子在本市助产机构出生，未满一周岁",
                "The child was born at a midwifery institution of this city and is under one year old",
            ),
            t(
                "父母一方是本市户口",
                "One parent is registered in this city",
            ),
        ],
        notes: vec![t(
            "材料可以用纸质原件，也可以用电子证照。",
            "Materials may be paper originals or electronic certificates.",
        )],
        materials: [
            ("父母双方居民身份证", "ID cards of both parents", false),
            (
                "落户一方的居民户口簿",
                "Household register of the parent the child follows",
                false,
            ),
            ("结婚证", "Marriage certificate", true),
            (
                "集体户口首页（加盖公章）",
                "First page of the collective register, stamped",
                true,
            ),
            ("亲子鉴定意见书", "Opinion on parentage", true),
            ("本人名下的银行卡", "Bank card in one's own name", true),
        ]
        .into_iter()
        .enumerate()
        .map(|(at, (zh, en, sometimes))| NoticeMaterial {
            name: t(zh, en),
            handing: handing(Original::Both, 1),
            sometimes,
            unless_made: at == 2,
        })
        .collect(),
        filled: vec![filled_form()],
        promised_days: 5,
        statutory_days: 30,
        fee: None,
        items: items()
            .into_iter()
            .map(|(zh, en, unit_zh, unit_en)| NoticeItem {
                name: t(zh, en),
                unit: t(unit_zh, unit_en),
                result: t("登记结果告知书", "Notice of registration"),
                sample: sample("birth-certificate.svg"),
            })
            .collect(),
        lead_unit: t(
            "泉城市卫生健康委员会",
            "Quancheng Municipal Health Commission",
        ),
        basis: vec![
            (
                t(
                    "《中华人民共和国户口登记条例》",
                    "Regulations on Household Registration",
                ),
                t("第七条", "Article 7"),
            ),
            (
                t(
                    "《中华人民共和国母婴保健法》",
                    "Law on Maternal and Infant Health Care",
                ),
                t("第二十三条", "Article 23"),
            ),
        ],
        more: vec![
            (
                t("配合单位", "Cooperating units"),
                t(
                    "泉城市公安局，泉城市医疗保障局，国家税务总局泉城市税务局",
                    "Public Security Bureau, Medical Insurance Bureau, Municipal Tax Service",
                ),
            ),
            (
                t("要跑几次", "Visits"),
                t(
                    "1 次。交验原件、领户口页时来一次。",
                    "1. To show originals and collect the register page.",
                ),
            ),
            (
                t("监督投诉", "Complaints"),
                t(
                    "政务服务便民热线：12345；大厅值班长：0531-66601234",
                    "Government service hotline: 12345; hall duty manager: 0531-66601234",
                ),
            ),
        ],
        printer,
    }
}

fn person(trust: Trust, expired: bool) -> Identity {
    Identity {
        name: (trust == Trust::Card).then(|| "张**".into()),
        number: (trust != Trust::Nobody).then(|| "370102********123X".into()),
        shown: false,
        trust,
        expired,
        answers: if trust == Trust::Card {
            answers(2)
        } else {
            Vec::new()
        },
    }
}

fn choices(count: usize, notes: bool) -> Input {
    let all = [
        (
            "我们都是本市户口",
            "Both of us are registered here",
            "户口簿上写的是本市地址",
            "The register shows an address in this city",
        ),
        (
            "只有一方是本市户口",
            "Only one of us is registered here",
            "孩子可以跟这一方落户",
            "The child can follow this parent",
        ),
        (
            "我们都不是本市户口",
            "Neither of us is registered here",
            "可以办医保和补贴，户口要回户籍地办",
            "Insurance and allowance are possible; the register is handled at your home place",
        ),
        (
            "一方是外国人或港澳台居民",
            "One of us is a foreigner or from Hong Kong, Macao or Taiwan",
            "要带对方的有效证件",
            "Bring their valid papers",
        ),
        (
            "我们是集体户口",
            "We are in a collective register",
            "户口在单位、学校或人才市场",
            "At an employer, school or talent centre",
        ),
        (
            "孩子由监护人办理",
            "A guardian acts for the child",
            "父母不能来，由爷爷奶奶等监护人来办",
            "The parents cannot come; grandparents or other guardians do",
        ),
    ];
    Input::Choice(
        all.into_iter()
            .take(count)
            .enumerate()
            .map(|(at, (zh, en, note_zh, note_en))| Choice {
                text: t(zh, en),
                note: notes.then(|| t(note_zh, note_en)),
                chosen: notes && at == 1,
            })
            .collect(),
    )
}

fn area(typed: &str, error: bool) -> Input {
    Input::Number {
        typed: typed.into(),
        unit: t("平方米", "square metres"),
        min: 8,
        max: 10000,
        error,
    }
}

fn question(input: Input, source: Option<Text>) -> Content {
    let (text, help) = match &input {
        Input::Choice(_) => (
            t(
                "孩子父母的户口在哪里？",
                "Where are the child's parents registered?",
            ),
            Some(t(
                "看户口簿首页上的地址。",
                "Look at the address on the first page of the register.",
            )),
        ),
        Input::Number { .. } => (
            t("经营场所的面积有多大？", "How large are the premises?"),
            Some(t(
                "看租赁合同或房产证上的建筑面积。",
                "See the floor area in the lease or the deed.",
            )),
        ),
        Input::Date { .. } => (
            t("孩子是哪一天出生的？", "On which day was the child born?"),
            None,
        ),
    };
    Content::Question(Box::new(Question {
        text,
        help,
        input,
        unsure: true,
        contested: source.is_some(),
        source,
    }))
}

fn unsure(go_on: bool) -> Unsure {
    Unsure {
        question: t(
            "您有没有视同缴费年限？",
            "Do you have years that count as contributed?",
        ),
        help: t(
            "1992 年以前在国有企业或机关参加工作，一般就有。看档案里的招工表，或者打 12333 问。",
            "You usually do if you worked for a state enterprise or office before 1992. See the recruitment form in your file, or call 12333.",
        ),
        go_on: go_on.then(|| t("没有", "No")),
        place: t("一楼大厅 A 区，咨询台", "Enquiries, area A, ground floor"),
    }
}

fn answers(count: usize) -> Vec<AnswerLine> {
    let all = [
        (
            "孩子父母的户口在哪里？",
            "Where are the child's parents registered?",
            "我们都是本市户口",
            "Both of us are registered here",
            true,
        ),
        (
            "您是孩子的爸爸还是妈妈？",
            "Are you the child's father or mother?",
            "爸爸",
            "Father",
            true,
        ),
        (
            "孩子的户口跟谁？",
            "Whose register does the child follow?",
            "跟爸爸",
            "The father's",
            false,
        ),
        (
            "你们登记结婚了吗？",
            "Are you married?",
            "已经登记",
            "Yes, registered",
            false,
        ),
        (
            "孩子是哪一天出生的？",
            "On which day was the child born?",
            "2026 年 3 月 8 日",
            "8 March 2026",
            false,
        ),
        (
            "《出生医学证明》领了吗？",
            "Do you have the Medical Certificate of Birth?",
            "还没有领",
            "Not yet",
            false,
        ),
        (
            "妈妈参加的是哪种医保？",
            "Which medical insurance does the mother have?",
            "单位给交的（职工医保）",
            "Paid by the employer",
            false,
        ),
        (
            "生孩子的费用报销了吗？",
            "Have the costs of birth been reimbursed?",
            "还没有",
            "Not yet",
            false,
        ),
    ];
    all.into_iter()
        .take(count)
        .enumerate()
        .map(
            |(at, (question_zh, question_en, answer_zh, answer_en, card))| AnswerLine {
                id: format!("q{at}"),
                question: t(question_zh, question_en),
                answer: t(answer_zh, answer_en),
                source: card.then(|| t("居民身份证", "Resident ID card")),
            },
        )
        .collect()
}

fn phones() -> Vec<Contact> {
    vec![
        Contact {
            name: t("市卫生健康委", "Municipal Health Commission"),
            value: "0531-66601234".into(),
        },
        Contact {
            name: t("政务服务热线", "Government service hotline"),
            value: "12345".into(),
        },
    ]
}

fn window() -> Window {
    Window {
        reason: t(
            "孩子在医院外出生，要先做亲子鉴定，由工作人员当面核对。",
            "The child was born outside a hospital: parentage must be established first, and staff check it in person.",
        ),
        place: t("二楼 B 区 21 号综合窗口", "Window 21, area B, second floor"),
        phones: phones(),
        printer: Offer::Ready,
        answers: true,
    }
}

fn outcome(items_count: usize, materials_count: usize) -> Outcome {
    let names = items();
    let step = |at: usize, days| FlowStep {
        name: t(names[at].0, names[at].1),
        unit: t(names[at].2, names[at].3),
        days,
    };
    let materials = [
        (
            "父母双方居民身份证",
            "ID cards of both parents",
            Original::Check,
            0,
        ),
        (
            "落户一方的居民户口簿",
            "Household register of the parent the child follows",
            Original::Both,
            1,
        ),
        ("结婚证", "Marriage certificate", Original::Both, 1),
        (
            "集体户口首页（加盖公章）",
            "First page of the collective register, stamped",
            Original::Copy,
            2,
        ),
        (
            "亲子鉴定意见书",
            "Opinion on parentage",
            Original::Original,
            0,
        ),
        (
            "本人名下的银行卡",
            "Bank card in one's own name",
            Original::Copy,
            1,
        ),
        ("住院费用发票", "Hospital invoice", Original::Original, 0),
        (
            "费用明细清单",
            "Itemised list of costs",
            Original::Original,
            0,
        ),
        ("出院记录", "Discharge record", Original::Copy, 1),
        ("授权委托书", "Power of attorney", Original::Original, 0),
        (
            "受托人居民身份证",
            "ID card of the person authorised",
            Original::Both,
            1,
        ),
        (
            "一寸白底彩色照片",
            "Colour photograph, white background, one inch",
            Original::Original,
            0,
        ),
    ];
    let flow = match items_count {
        9 => vec![
            vec![step(0, 0), step(1, 1)],
            vec![step(2, 0), step(3, 3)],
            vec![step(4, 1)],
            vec![step(5, 1), step(6, 5), step(7, 5), step(8, 5), step(2, 0)],
            vec![step(8, 10)],
        ],
        _ => vec![vec![step(0, 0)], vec![step(2, 0), step(3, 3), step(4, 1)]],
    };
    Outcome {
        situation: t(
            "父母都是本市户口、孩子跟爸爸落家庭户、费用待报销",
            "both parents registered here, child joins the father's household, costs to be reimbursed",
        ),
        units: if items_count == 9 { 5 } else { 3 },
        days: 5,
        items: names
            .iter()
            .take(items_count)
            .enumerate()
            .map(|(at, (zh, en, unit_zh, unit_en))| Item {
                id: format!("i{at}"),
                name: t(zh, en),
                unit: t(unit_zh, unit_en),
                chosen: at != 7,
                required: (at == 0).then(|| t("别的事都要先有它", "all others build on it")),
                joined: if at == 4 {
                    vec![t(
                        "城乡居民医疗保险费缴纳",
                        "Payment of the residents' insurance premium",
                    )]
                } else {
                    Vec::new()
                },
                in_person: (at == 3)
                    .then(|| t("要当面核对户口簿", "the register is checked in person")),
            })
            .collect(),
        materials: materials
            .into_iter()
            .take(materials_count)
            .map(|(zh, en, original, copies)| Material {
                name: t(zh, en),
                handing: handing(original, copies),
                sample: None,
                why: why(t(zh, en)),
            })
            .collect(),
        optional: vec![Material {
            name: t("双人合影（2寸红底）", "Photo of both, red background"),
            handing: Handing {
                optional: true,
                ..handing(Original::Original, 3)
            },
            sample: None,
            why: why(t("双人合影", "Photo of both")),
        }],
        filled: vec![Material {
            name: filled_form(),
            handing: handing(Original::Original, 0),
            sample: sample("articles-filled.svg"),
            why: why(filled_form()),
        }],
        not_needed: vec![
            (
                t("亲子鉴定意见书", "Opinion on parentage"),
                t("父母已结婚", "parents married"),
            ),
            (
                t("医保参保凭证", "Proof of insurance"),
                t(
                    "这次没有选办“生育医疗费用报销”",
                    "\"Reimbursement of the costs of birth\" is left out this time",
                ),
            ),
        ],
        form: Vec::new(),
        form_not_needed: Vec::new(),
        not_asked: vec![
            (
                t("《出生医学证明》", "Medical Certificate of Birth"),
                t(
                    "这次一起办，办成后部门之间自己传",
                    "Issued in this very matter; departments pass it on themselves",
                ),
            ),
            (
                t("新的户口页", "New page of the register"),
                t(
                    "这次一起办，办成后部门之间自己传",
                    "Issued in this very matter; departments pass it on themselves",
                ),
            ),
        ],
        flow,
        next: vec![t("上学", "Starting school")],
        suggested: vec![t("退休", "Retiring")],
    }
}

fn sample(file: &str) -> Option<PathBuf> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog/matters/samples");
    Some(samples.join(file))
}

pub(crate) fn filled_form() -> Text {
    t(
        "《出生医学证明》首次签发登记表",
        "Application for the first issue of the birth certificate",
    )
}

pub(crate) fn handing(original: Original, copies: u32) -> Handing {
    Handing {
        original,
        copies,
        electronic: false,
        optional: false,
        later: (original == Original::Copy).then_some(15),
        elements: t(
            "证件证明，公安机关出具，纸质或电子",
            "Certificate, issued by: Police, on paper or electronic",
        ),
    }
}

pub(crate) fn why(name: Text) -> Why {
    let cause = |(zh, en, unit, _): (&str, &str, &str, &str), text: Text| NeededBy {
        item: t(zh, en),
        rule: (unit == "公安").then(|| t("父母已结婚", "parents married")),
        text: Some(text),
    };
    let items = items();
    Why {
        by: vec![
            cause(
                items[3],
                t(
                    "申报出生登记要核对落户人的身份和住址",
                    "Household registration checks who the parent is and where they live",
                ),
            ),
            cause(
                items[4],
                t(
                    "办医保要确认孩子和父母的关系",
                    "Insurance needs the relation of child and parents",
                ),
            ),
        ],
        answers: Some(t(
            "父母已结婚、上家庭户",
            "parents married and family household",
        )),
        basis: vec![
            t(
                "《中华人民共和国户口登记条例》第七条",
                "Regulations on Household Registration, Article 7",
            ),
            t(
                "国办发〔2015〕96号第二条第（一）项",
                "No. 96 [2015], section 2 (1)",
            ),
        ],
        unless: Some(Text {
            zh: format!("若父母未结婚，则不需要“{}”。", name.zh),
            en: format!("If parents not married, \"{}\" is not needed.", name.en),
        }),
    }
}

fn method(printer: Offer) -> Method {
    Method {
        place: t(
            "二楼 B 区 18 号“一件事”综合窗口",
            "Window 18, area B, second floor",
        ),
        address: t(
            "泉城市历下区龙奥北路 1 号（邮编 250099）",
            "1 Long'ao North Road, Lixia, Quancheng (postcode 250099)",
        ),
        hours: vec![
            t(
                "周一至周五 09:00-12:00 13:00-17:00",
                "Mon to Fri 09:00-12:00 13:00-17:00",
            ),
            t("周六 09:00-12:00", "Sat 09:00-12:00"),
        ],
        phones: phones(),
        printer,
        here: false,
    }
}

fn payload() -> String {
    let lines: Vec<_> = items().into_iter().map(|(zh, ..)| zh).collect();
    format!(
        "新生儿出生 导办告知单\n去：二楼 B 区 18 号窗口\n办：{}\n带：身份证、户口簿、结婚证、银行卡\n自受理之日起 5 个工作日\n电话 0531-66601234",
        lines.join("、")
    )
}

fn help() -> Help {
    Help {
        place: t(
            "一楼大厅 A 区，咨询台（穿蓝马甲的工作人员）",
            "Enquiries, area A, ground floor (staff in blue vests)",
        ),
        phones: phones(),
        questions: vec![
            (
                t(
                    "孩子的名字还没定，能办吗？",
                    "We have not chosen a name yet. Can we apply?",
                ),
                t(
                    "不能，《出生医学证明》上要写名字，写了以后不好改。",
                    "No. The name goes on the certificate and is hard to change.",
                ),
            ),
            (
                t("要两个人都来吗？", "Must both of us come?"),
                t(
                    "一个人来就行，带上另一方的身份证。",
                    "One is enough. Bring the other's ID card.",
                ),
            ),
        ],
        wrong: true,
    }
}
