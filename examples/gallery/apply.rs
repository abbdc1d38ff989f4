//! Applying here, following a case, and evaluating.

use i_slint_backend_testing::ElementQuery;
use slint::ComponentHandle;
use yici::screen::Screen;
use yici::visit::page::*;
use yici_catalog::{Original, Text};
use yici_contract::api::{GuidePart, Level, State};
use yici_hal::status::Cause;
use yici_ui as ui;

use super::{filled_form, frame, handing, nowhere, page, t, why};

/// What is done to a page before its picture is taken; whether anything is.
pub fn deed(name: &str, screen: &Screen) -> bool {
    let window = screen.window();
    match name {
        "field-pinyin" | "field-pinyin-long" => {
            let letters = match name {
                "field-pinyin" => "shi",
                _ => "quanchengshilixiaqu",
            };
            for letter in letters.chars() {
                window
                    .global::<ui::KeyboardAdapter>()
                    .invoke_key(letter.to_string().into());
            }
        }
        "field-letters" => window
            .global::<ui::KeyboardAdapter>()
            .invoke_switch_pinyin(),
        "field-symbols" => window
            .global::<ui::KeyboardAdapter>()
            .invoke_switch_symbols(),
        // Whatever is folded, unfolded.
        "result-why" | "notice-more" | "form-why" => {
            let folded = ElementQuery::from_root(window)
                .match_predicate(|element| element.accessible_expandable() == Some(true))
                .find_all();
            for button in folded {
                button.invoke_accessible_default_action();
            }
        }
        "sign-drawn" => {
            let pad = window.global::<ui::SignAdapter>();
            pad.invoke_down(180.0, 120.0, 960.0, 552.0);
            for step in 0..60_u16 {
                let step = f32::from(step);
                pad.invoke_moved(180.0 + step * 9.0, 260.0 + (step / 4.0).sin() * 120.0);
            }
            pad.invoke_up();
            pad.invoke_down(560.0, 100.0, 960.0, 552.0);
            pad.invoke_moved(620.0, 430.0);
            pad.invoke_up();
        }
        _ => return false,
    }
    true
}

pub fn pages() -> Vec<(&'static str, Page)> {
    let form = |left, main| frame(Some(Step::Form { left }), main);
    let signing = |main| frame(Some(Step::Sign), main);
    let submit = |main| frame(Some(Step::Submit), main);
    let field = |label: Text, input, fault, source| {
        page(
            form(3, Some(Main::Continue)),
            Content::Field(Box::new(Field {
                label,
                topic: t("孩子", "The child"),
                optional: false,
                input,
                fault,
                source,
            })),
        )
    };
    let text = |typed: &str, fault| {
        field(
            t("孩子的姓名", "Name of the child"),
            FieldInput::Text {
                typed: typed.into(),
            },
            fault,
            None,
        )
    };
    let receipt = |delivery, printer, printed| {
        page(
            Frame {
                back: false,
                ..submit(Some(match printed {
                    true => Main::Continue,
                    false => Main::Receipt,
                }))
            },
            Content::Receipt(Box::new(Receipt {
                number: "7K3M-Q9XD-2T5W-RB8E".into(),
                delivery,
                days: 5,
                still: 3,
                next: vec![t("上学", "Starting school")],
                suggested: vec![t("退休", "Retiring")],
                printer,
                printed,
            })),
        )
    };
    let track = |scanner, reader, wrong| {
        page(
            nowhere(true),
            Content::Track {
                scanner,
                reader,
                wrong,
            },
        )
    };
    let case_number = |typed: &str, error| {
        page(
            Frame {
                main: Some(Main::Continue),
                ..nowhere(true)
            },
            Content::CaseNumber(CaseNumber {
                typed: typed.into(),
                error,
            }),
        )
    };
    let search = |typed: &str, found| {
        let typed = typed.into();
        page(nowhere(true), Content::Search(Search { typed, found }))
    };
    let no_progress = |fault, main| {
        page(
            Frame {
                main,
                ..nowhere(true)
            },
            Content::NoProgress(fault),
        )
    };
    let sign = |what| {
        page(
            signing(Some(Main::Signed)),
            Content::Sign(Box::new(Sign {
                what,
                words: vec![
                    t(
                        "我看过申请表，里面写的都是真的。",
                        "I have read the application, and what it says is true.",
                    ),
                    t(
                        "我同意把申请交给列出的部门办理。",
                        "I agree that it goes to the departments listed.",
                    ),
                    t(
                        "如果写的不真实，我愿意承担法律责任。",
                        "I answer for it by law if anything in it is untrue.",
                    ),
                ],
                digest: "3f9a 02c7 b1de 88f4".into(),
            })),
        )
    };
    let evaluate = |matter, visit, main| {
        page(
            Frame {
                main: Some(main),
                leave: true,
                ..nowhere(false)
            },
            Content::Evaluate(Evaluate {
                name: t("新生儿出生", "A child is born"),
                matter,
                visit,
            }),
        )
    };
    vec![
        (
            "applicant",
            page(form(4, None), Content::Applicant(applicants())),
        ),
        (
            "form",
            page(
                form(4, Some(Main::Continue)),
                Content::Form(Box::new(self::form(false))),
            ),
        ),
        (
            "form-why",
            page(
                form(1, Some(Main::Continue)),
                Content::Form(Box::new(self::form(false))),
            ),
        ),
        (
            "form-fault",
            page(
                form(1, Some(Main::Continue)),
                Content::Form(Box::new(self::form(true))),
            ),
        ),
        ("field-text", text("", None)),
        ("field-pinyin", text("王", None)),
        (
            "field-pinyin-long",
            field(
                t("现在住在哪里", "Present address"),
                FieldInput::Text {
                    typed: "山东省泉城市历下区龙奥北路 1 号泉城花园三期 12 号楼 2 单元 1103 室"
                        .into(),
                },
                None,
                Some(t("身份证上的住址", "the address on your ID card")),
            ),
        ),
        ("field-letters", text("Li Lei", None)),
        ("field-symbols", text("阿依古丽·买买提", None)),
        ("field-text-fault", text("王", Some(FieldFault::TooShort))),
        (
            "field-code",
            field(
                t("统一社会信用代码", "Unified social credit code"),
                FieldInput::Code {
                    typed: "91370102MA3".into(),
                },
                None,
                None,
            ),
        ),
        (
            "field-code-fault",
            field(
                t("统一社会信用代码", "Unified social credit code"),
                FieldInput::Code {
                    typed: "91370102MA3C2D4E5X".into(),
                },
                Some(FieldFault::CreditCheck),
                None,
            ),
        ),
        (
            "field-mobile",
            field(
                t("手机号码", "Mobile number"),
                FieldInput::Digits {
                    typed: "138 0531 4".into(),
                },
                Some(FieldFault::Mobile),
                None,
            ),
        ),
        (
            "field-idnumber",
            field(
                t("孩子妈妈的身份证号码", "ID number of the mother"),
                FieldInput::IdNumber {
                    typed: "370102 19920518".into(),
                },
                None,
                None,
            ),
        ),
        (
            "field-date",
            field(
                t("孩子的出生日期", "The child's date of birth"),
                FieldInput::Date {
                    typed: "20260231".into(),
                },
                Some(FieldFault::Date(DateFault::NoSuchDay)),
                None,
            ),
        ),
        (
            "field-choice",
            field(
                t("孩子的性别", "The child's sex"),
                FieldInput::Choice(vec![
                    choice(t("男", "Male"), None, false),
                    choice(t("女", "Female"), None, true),
                ]),
                None,
                None,
            ),
        ),
        (
            "check",
            page(
                signing(Some(Main::Continue)),
                Content::Check(Box::new(check())),
            ),
        ),
        (
            "application",
            page(signing(Some(Main::ToSign)), Content::Application(lines())),
        ),
        ("sign", sign(Signing::Application)),
        ("sign-drawn", sign(Signing::Application)),
        (
            "sign-promise",
            sign(Signing::Promise(t("结婚证", "Marriage certificate"))),
        ),
        (
            "handin",
            page(
                submit(Some(Main::Submit)),
                Content::HandIn(Box::new(hand_in(true))),
            ),
        ),
        (
            "handin-nothing",
            page(
                submit(Some(Main::Submit)),
                Content::HandIn(Box::new(hand_in(false))),
            ),
        ),
        (
            "submitting",
            page(
                Frame {
                    back: false,
                    leave: false,
                    ..submit(None)
                },
                Content::Submitting,
            ),
        ),
        (
            "notstored",
            page(
                submit(Some(Main::Retry)),
                Content::NotStored(StoreFault::Full),
            ),
        ),
        (
            "receipt-sending",
            receipt(Delivery::Sending, Offer::Ready, false),
        ),
        (
            "receipt-received",
            receipt(Delivery::Received, Offer::Ready, true),
        ),
        (
            "receipt-waiting",
            receipt(
                Delivery::Waiting,
                Offer::Unavailable(Cause::PaperOut),
                false,
            ),
        ),
        (
            "receipt-parked",
            receipt(Delivery::Parked, Offer::Absent, false),
        ),
        ("track", track(Offer::Ready, Offer::Ready, false)),
        ("track-wrong", track(Offer::Ready, Offer::Absent, true)),
        (
            "track-noscanner",
            track(
                Offer::Absent,
                Offer::Unavailable(Cause::NotConnected),
                false,
            ),
        ),
        (
            "track-scannergone",
            track(
                Offer::Unavailable(Cause::NotConnected),
                Offer::Unavailable(Cause::SecurityModule),
                false,
            ),
        ),
        ("casenumber", case_number("7K3M-Q9X", None)),
        ("search-empty", search("", Vec::new())),
        (
            "search",
            search(
                "sb",
                [
                    ("social-card", "社会保障卡", "Social security card"),
                    (
                        "utilities",
                        "水电气网联合报装",
                        "Water, power, gas and network",
                    ),
                ]
                .map(|(id, zh, en)| MatterCard {
                    id: id.into(),
                    name: t(zh, en),
                    stage: t("就业", "Work"),
                })
                .into(),
            ),
        ),
        ("search-nothing", search("qqqq", Vec::new())),
        (
            "casenumber-check",
            case_number("7K3M-Q9XD-2T5W-RB8F", Some(CaseNumberFault::Check)),
        ),
        ("asking", page(nowhere(true), Content::Asking)),
        (
            "progress",
            page(
                Frame {
                    main: Some(Main::Done),
                    ..nowhere(true)
                },
                Content::Progress(Box::new(progress())),
            ),
        ),
        (
            "noprogress-unreachable",
            no_progress(AskFault::Unreachable, Some(Main::Retry)),
        ),
        (
            "noprogress-notfound",
            no_progress(AskFault::NotFound, Some(Main::Done)),
        ),
        (
            "noprogress-refused",
            no_progress(AskFault::Refused, Some(Main::Done)),
        ),
        ("evaluate", evaluate(None, None, Main::Skip)),
        (
            "wrong",
            page(
                nowhere(true),
                Content::Wrong(Wrong {
                    name: t("新生儿出生", "A child is born"),
                    said: [GuidePart::Cost].into(),
                }),
            ),
        ),
        (
            "evaluate-chosen",
            evaluate(
                Some(Level::Content),
                Some(Level::VeryDiscontent),
                Main::Done,
            ),
        ),
        (
            "recovered",
            page(
                nowhere(false),
                Content::Recovered {
                    numbers: vec!["7K3M-Q9XD-2T5W-RB8E".into()],
                    printer: Offer::Ready,
                },
            ),
        ),
        (
            "setup",
            page(
                Frame {
                    main: Some(Main::Apply),
                    ..nowhere(false)
                },
                Content::Setup(Box::new(Setup::Offered {
                    timely: Timely::Unproved,
                    changes: vec![
                        Change {
                            label: t("终端编号", "Terminal"),
                            before: Some(t("A-01", "A-01")),
                            after: Some(t("B-07", "B-07")),
                        },
                        Change {
                            label: t("网络", "Network"),
                            before: None,
                            after: Some(t(
                                "192.0.2.20/24，网关 192.0.2.1",
                                "192.0.2.20/24 by 192.0.2.1",
                            )),
                        },
                    ],
                })),
            ),
        ),
        (
            "setup-refused",
            page(
                Frame {
                    main: Some(Main::Continue),
                    ..nowhere(false)
                },
                Content::Setup(Box::new(Setup::Refused(vec![t(
                    "签名以后改过；请重新签名",
                    "it was edited after it was signed; sign it again",
                )]))),
            ),
        ),
        (
            "setup-applied",
            page(
                nowhere(false),
                Content::Setup(Box::new(Setup::Applied(Vec::new()))),
            ),
        ),
        (
            "setup-applied-key",
            page(
                Frame {
                    main: Some(Main::Continue),
                    ..nowhere(false)
                },
                Content::Setup(Box::new(Setup::Applied(vec![Change {
                    label: t(
                        "本机公钥：请到办理系统登记",
                        "This terminal's key: enrol it with upstream",
                    ),
                    before: None,
                    after: Some(t(&["0123abcd"; 8].join(" "), &["0123abcd"; 8].join(" "))),
                }]))),
            ),
        ),
    ]
}

fn choice(text: Text, note: Option<Text>, chosen: bool) -> Choice {
    Choice { text, note, chosen }
}

fn applicants() -> Vec<Choice> {
    vec![
        choice(t("替我自己", "For myself"), None, false),
        choice(
            t("替我的孩子或被监护人", "For my child or ward"),
            Some(t("我是父母或监护人", "I am a parent or guardian")),
            false,
        ),
        choice(
            t("替别人，他委托了我", "For somebody who asked me to"),
            Some(t(
                "要带委托书和他的身份证",
                "Bring the power of attorney and their ID card",
            )),
            false,
        ),
    ]
}

fn form(faults: bool) -> Form {
    let line = |id: &str, label, value, card: bool, fault| FieldLine {
        id: id.into(),
        label,
        value,
        source: card.then(|| t("居民身份证", "Resident ID card")),
        optional: id == "work",
        fault: if faults { fault } else { None },
    };
    Form {
        topic: t("孩子的爸爸", "The child's father"),
        number: 2,
        of: 5,
        fields: vec![
            line(
                "name",
                t("姓名", "Name"),
                Some(t("张**", "张**")),
                true,
                None,
            ),
            line(
                "id",
                t("身份证号码", "ID number"),
                Some(t("370102********123X", "370102********123X")),
                true,
                None,
            ),
            line(
                "mobile",
                t("手机号码", "Mobile number"),
                faults.then(|| t("138****", "138****")),
                false,
                Some(FieldFault::Mobile),
            ),
            line(
                "address",
                t("现在住在哪里", "Present address"),
                Some(t(
                    "泉城市历下区龙奥北路 1 号泉城花园三期",
                    "泉城市历下区龙奥北路 1 号泉城花园三期",
                )),
                true,
                None,
            ),
            line(
                "marriage",
                t("结婚登记日期", "Date of marriage"),
                None,
                false,
                Some(FieldFault::Missing),
            ),
            line("work", t("工作单位", "Employer"), None, false, None),
        ],
        why: vec![
            (t("姓名", "Name"), why(t("姓名", "Name"))),
            (
                t("结婚登记日期", "Date of marriage"),
                why(t("结婚登记日期", "Date of marriage")),
            ),
        ],
        not_needed: vec![(
            t("集体户名称", "Name of the collective household"),
            t("上家庭户", "family household"),
        )],
        masked: true,
        shown: false,
    }
}

fn check() -> Check {
    let row = |label: Option<Text>, value: Option<Text>, card: bool| CheckRow {
        label,
        value,
        source: card.then(|| t("居民身份证", "Resident ID card")),
    };
    Check {
        sections: vec![
            CheckSection {
                part: CheckPart::Applicant,
                rows: vec![row(None, Some(t("替我的孩子", "For my child")), false)],
            },
            CheckSection {
                part: CheckPart::Answers,
                rows: vec![
                    row(
                        Some(t(
                            "孩子父母的户口在哪里？",
                            "Where are the child's parents registered?",
                        )),
                        Some(t("我们都是本市户口", "Both of us are registered here")),
                        true,
                    ),
                    row(
                        Some(t(
                            "孩子的户口跟谁？",
                            "Whose register does the child follow?",
                        )),
                        Some(t("跟爸爸", "The father's")),
                        false,
                    ),
                ],
            },
            CheckSection {
                part: CheckPart::Items,
                rows: vec![
                    row(None, Some(t("生育登记", "Birth registration")), false),
                    row(
                        None,
                        Some(t(
                            "城乡居民基本医疗保险参保登记",
                            "Enrolment in residents' basic medical insurance",
                        )),
                        false,
                    ),
                ],
            },
            CheckSection {
                part: CheckPart::Topic(t("孩子的爸爸", "The child's father")),
                rows: vec![
                    row(Some(t("姓名", "Name")), Some(t("张**", "张**")), true),
                    row(
                        Some(t("身份证号码", "ID number")),
                        Some(t("370102********123X", "370102********123X")),
                        true,
                    ),
                    row(Some(t("工作单位", "Employer")), None, false),
                ],
            },
        ],
        masked: true,
        shown: false,
    }
}

fn lines() -> Vec<Line> {
    let line = |kind, text: &str| Line {
        kind,
        text: text.into(),
    };
    let mut lines = vec![
        line(LineKind::Title, "新生儿出生“一件事”申请表"),
        line(LineKind::Heading, "申请人"),
        line(LineKind::Text, "替我的孩子办理"),
        line(LineKind::Heading, "孩子的爸爸"),
    ];
    for (label, value) in [
        ("姓名", "张建国"),
        ("身份证号码", "37010219900307123X"),
        ("手机号码", "13805314567"),
        (
            "现在住在哪里",
            "泉城市历下区龙奥北路 1 号泉城花园三期 12 号楼 2 单元 1103 室",
        ),
        ("工作单位", "——"),
    ] {
        lines.push(line(LineKind::Text, &format!("{label}：{value}")));
    }
    lines.push(line(LineKind::Heading, "申请办理的事项"));
    for item in [
        "1. 生育登记（市卫生健康委）",
        "2. 《出生医学证明》首次签发（市卫生健康委）",
        "3. 本市户口登记（申报出生登记）（市公安局）",
        "4. 城乡居民基本医疗保险参保登记（市医保局）",
        "5. 社会保障卡申领（市人力资源社会保障局）",
    ] {
        lines.push(line(LineKind::Text, item));
    }
    lines.push(line(LineKind::Heading, "声明"));
    lines.push(line(
        LineKind::Text,
        "以上内容由我本人填写，真实准确。如有不实，愿意承担法律责任。",
    ));
    lines
}

fn hand_in(materials: bool) -> HandIn {
    let material = |id: &str, name, original, copies, later| HandInMaterial {
        id: id.into(),
        name,
        handing: handing(original, copies),
        later,
    };
    HandIn {
        place: t(
            "二楼 B 区 18 号“一件事”综合窗口",
            "Window 18, area B, second floor",
        ),
        hours: vec![
            t(
                "周一至周五 09:00-12:00 13:00-17:00",
                "Mon to Fri 09:00-12:00 13:00-17:00",
            ),
            t("周六 09:00-12:00", "Sat 09:00-12:00"),
        ],
        materials: if materials {
            vec![
                material(
                    "id",
                    t("父母双方居民身份证", "ID cards of both parents"),
                    Original::Check,
                    0,
                    None,
                ),
                material(
                    "marriage",
                    t("结婚证", "Marriage certificate"),
                    Original::Both,
                    1,
                    Some(Later {
                        working_days: 10,
                        why: t(
                            "登记信息可以先从民政核对",
                            "The registry can confirm it for now",
                        ),
                        chosen: true,
                    }),
                ),
                material(
                    "register",
                    t("居民户口簿", "Household register"),
                    Original::Original,
                    0,
                    None,
                ),
                material(
                    "photo",
                    t("一寸白底彩色照片", "Colour photograph, one inch"),
                    Original::Original,
                    0,
                    Some(Later {
                        working_days: 5,
                        why: t("制卡前补交就行", "Needed only before the card is made"),
                        chosen: false,
                    }),
                ),
            ]
        } else {
            Vec::new()
        },
        filled: materials.then(filled_form).into_iter().collect(),
        authority: materials.then(|| t("授权委托书", "Power of attorney")),
    }
}

fn progress() -> Progress {
    let item = |name, state, words, note| ItemProgress {
        name,
        state,
        words,
        since: "2026-03-10".into(),
        note,
    };
    Progress {
        number: "7K3M-Q9XD-2T5W-RB8E".into(),
        matter: t("新生儿出生", "A child is born"),
        received: "2026-03-09 10:12".into(),
        answered: "2026-03-12 09:41".into(),
        units: vec![
            UnitProgress {
                name: t("市卫生健康委", "Municipal Health Commission"),
                items: vec![
                    item(
                        t("生育登记", "Birth registration"),
                        State::Done,
                        t("已经办结", "Done"),
                        Some(t(
                            "结果可以到窗口领取。",
                            "Collect the result at the window.",
                        )),
                    ),
                    item(
                        t("育儿补贴申领", "Child-care allowance"),
                        State::InProcess,
                        t("正在办理", "In process"),
                        None,
                    ),
                ],
            },
            UnitProgress {
                name: t("市公安局", "Municipal Public Security Bureau"),
                items: vec![item(
                    t(
                        "本市户口登记（申报出生登记）",
                        "Household registration of the new-born",
                    ),
                    State::Supplement,
                    t("还缺材料（补正）", "Something is missing (supplement)"),
                    Some(t(
                        "请在 3 月 20 日前交结婚证原件。",
                        "Hand in the marriage certificate by 20 March.",
                    )),
                )],
            },
            UnitProgress {
                name: t("市医保局", "Municipal Healthcare Security Administration"),
                items: vec![
                    item(
                        t(
                            "城乡居民基本医疗保险参保登记",
                            "Enrolment in residents' basic medical insurance",
                        ),
                        State::Accepted,
                        t("已经受理", "Accepted"),
                        None,
                    ),
                    item(
                        t("生育医疗费用报销", "Reimbursement of the costs of birth"),
                        State::NotAccepted,
                        t("不予受理", "Not accepted"),
                        Some(t(
                            "妈妈在外地参保，请到参保地办。",
                            "The mother is insured elsewhere: apply there.",
                        )),
                    ),
                ],
            },
            UnitProgress {
                name: t(
                    "市人力资源和社会保障局",
                    "Human Resources and Social Security Bureau",
                ),
                items: vec![item(
                    t("社会保障卡申领", "Application for the social security card"),
                    State::Received,
                    t("已经收件", "Received"),
                    None,
                )],
            },
        ],
    }
}
