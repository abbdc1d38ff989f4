//! Which cell holds which value of which file: the one table that export and import share.
//!
//! A workbook holds one file. Its first sheet of data, [`BASICS`], has one value a row; every
//! other one is a list of the file, one entry a row. A list inside an entry is a sheet of its
//! own, with a column that names the entry.

/// The sheet that explains.
pub const GUIDE: &str = "说明";

/// The sheet of single values.
pub const BASICS: &str = "基本信息";

/// The sheet that drop-down lists take their values from.
pub const LISTS: &str = "代码";

/// The title of the column for remarks.
pub const REMARK: &str = "备注";

/// Which file a workbook holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Book {
    /// `catalogue.toml`.
    Shared,
    /// A matter.
    Matter,
}

/// A sheet of a workbook.
#[derive(Debug)]
pub struct Sheet {
    /// Its name.
    pub name: &'static str,
    /// Where its rows stand in the file.
    pub rows: Rows,
    /// Its columns; of [`BASICS`] the rows.
    pub columns: Vec<Column>,
}

/// Where a sheet's rows stand in the file.
#[derive(Debug, Clone, Copy)]
pub enum Rows {
    /// There is one entry: the file itself, with every value in a row of its own.
    Basics,
    /// In a list, by the way to it.
    List(&'static str),
    /// In a list inside each entry of another list. The first column names that entry by its id.
    Inside {
        /// The outer list.
        of: &'static str,
        /// The inner list.
        list: &'static str,
    },
}

/// A column.
#[derive(Debug)]
pub struct Column {
    /// Its title.
    pub title: String,
    /// The way to its value inside an entry, keys joined by dots. [`PARENT`] and [`NOTE`] are
    /// no values.
    pub path: String,
    /// How it is written.
    pub kind: Kind,
    /// Whether it must be filled.
    pub must: bool,
    /// What to fill in.
    pub hint: &'static str,
}

/// The path of a column that names the entry which a row belongs to.
pub const PARENT: &str = "^";

/// The path of a column of remarks: comments in the file.
pub const NOTE: &str = "#";

/// How a value is written in a cell.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Words as they are.
    Words,
    /// A whole number.
    Number,
    /// 是 or 否.
    YesNo,
    /// A whole number or words: the bound of a band.
    Bound,
    /// Several words, joined by `、` or one a line.
    Several,
    /// One of a list of codes.
    Code(&'static Codes),
    /// Several of a list of codes.
    Codes(&'static Codes),
    /// The id of a row of another sheet of the workbook.
    Row(&'static str),
    /// Several of those.
    Rows(&'static str),
    /// The id of an entry of `catalogue.toml`, by its list.
    Shared(&'static str),
    /// Several of those.
    SharedSeveral(&'static str),
    /// Questions with their options: `married=yes；place=home、hospital`.
    Condition,
    /// Pairs of words: `male=man；female=woman`.
    Pairs,
}

/// A list of codes with their meanings.
#[derive(Debug)]
pub struct Codes {
    /// What the list is called.
    pub name: &'static str,
    /// The codes.
    pub codes: &'static [(&'static str, &'static str)],
}

macro_rules! codes {
    ($id:ident, $name:literal, $($code:literal $meaning:literal),+ $(,)?) => {
        pub static $id: Codes = Codes { name: $name, codes: &[$(($code, $meaning)),+] };
    };
}

codes!(AUDIENCE, "服务对象", "1" "自然人", "2" "企业法人", "3" "事业法人", "4" "社会组织法人", "5" "非法人企业", "6" "行政机关", "9" "其他组织");
codes!(ADDRESS, "住址", "local" "本地", "elsewhere" "外地");
codes!(APPLICANT, "申请人", "person" "本人", "guardian" "监护人", "agent" "委托代理人", "officer" "单位经办人");
codes!(CHANNEL, "办理形式", "1" "窗口办理", "2" "网上办理", "3" "快递申请");
codes!(CONTACT, "联系方式", "phone" "电话", "letter" "信函", "email" "电子邮件", "web" "网址");
codes!(QUESTION, "回答方式", "choice" "选择", "number" "填数", "date" "填日期");
codes!(ITEM, "办件类型", "1" "即办件", "2" "承诺件", "9" "其他");
codes!(CLASS, "材料类型", "1" "证件证书证明", "2" "申请表格文书", "3" "其他");
codes!(FORM, "材料形式", "1" "纸质", "2" "电子化", "3" "纸质/电子化");
codes!(NECESSITY, "材料必要性", "1" "必要", "2" "非必要", "3" "容缺后补");
codes!(SOURCE, "来源渠道", "10" "申请人自备", "20" "政府部门核发", "99" "其他");
codes!(ORIGINAL, "原件或复印件", "original" "收原件", "copy" "收复印件", "both" "原件和复印件都收", "check" "只看原件，不收");
codes!(FIELD, "字段类型", "text" "文字", "id-number" "身份证号码", "credit-code" "统一社会信用代码", "mobile" "手机号码", "date" "日期", "choice" "选择", "number" "数字", "address" "地址");
codes!(ABOUT, "填的是谁", "applicant" "申请人", "here" "来办事的人");
codes!(GROUP, "阶段归属", "person" "个人", "business" "企业");
codes!(RESOURCE, "数据类型", "choice" "若干值之一", "date" "日期", "text" "文字");

/// All lists of codes.
pub static ALL_CODES: [&Codes; 16] = [
    &AUDIENCE, &ADDRESS, &APPLICANT, &CHANNEL, &CONTACT, &QUESTION, &ITEM, &CLASS, &FORM,
    &NECESSITY, &SOURCE, &ORIGINAL, &FIELD, &ABOUT, &GROUP, &RESOURCE,
];

/// The lists of `catalogue.toml` that a matter names entries of.
pub const SHARED_LISTS: [(&str, &str); 3] = [
    ("stage", "人生阶段"),
    ("unit", "单位"),
    ("resource", "数据来源"),
];

/// The sheets of a workbook, [`BASICS`] first.
pub fn sheets(book: Book) -> Vec<Sheet> {
    match book {
        Book::Shared => shared(),
        Book::Matter => matter(),
    }
}

/// Where the entry of a condition's question or option stands: the sheets' names.
pub const QUESTIONS: &str = "问题";
/// See [`QUESTIONS`].
pub const OPTIONS: &str = "选项";

fn shared() -> Vec<Sheet> {
    vec![
        basics(vec![
            one("格式", "format", Kind::Number, true, "填 1"),
            one(
                "目录版本",
                "version",
                Kind::Words,
                true,
                "每次发布换一个，例如 2026.11.1",
            ),
            one("地区", "region.zh", Kind::Words, true, ""),
            one("地区（英文）", "region.en", Kind::Words, true, ""),
            one(
                "区划代码",
                "region_code",
                Kind::Words,
                true,
                "六位数字（GB/T 2260）",
            ),
        ]),
        list(
            "阶段",
            "stage",
            vec![
                id(),
                one("归属", "group", Kind::Code(&GROUP), true, "个人或企业"),
                text("名称", "name", true, "一两个词"),
            ],
        ),
        list(
            "单位",
            "unit",
            vec![
                id(),
                text("全称", "name", true, ""),
                text("简称", "short", true, "一个词"),
            ],
        ),
        list(
            "数据来源",
            "resource",
            vec![
                id(),
                one("类型", "kind", Kind::Code(&RESOURCE), true, ""),
                one(
                    "可能的值",
                    "values",
                    Kind::Several,
                    false,
                    "只有“若干值之一”要填",
                ),
                text("名称", "name", true, "给群众看的名字"),
                text("用途", "purpose", true, "征求同意时说的用途"),
            ],
        ),
        list(
            "申请方式",
            "applicant",
            vec![
                one("方式", "kind", Kind::Code(&APPLICANT), true, ""),
                text("名称", "name", true, ""),
                text("说明", "note", true, "一句话"),
                text(
                    "授权凭证",
                    "proof",
                    false,
                    "证明可以代办的材料；给自己办的不填",
                ),
                text("授权依据", "basis", false, ""),
            ],
        ),
        list(
            "接着办",
            "sequel",
            vec![
                one("先办的事", "id", Kind::Words, true, "事项的编号"),
                one(
                    "常接着办",
                    "matters",
                    Kind::Several,
                    true,
                    "事项的编号，最常接着办的在前",
                ),
            ],
        ),
        list(
            "也许用得上",
            "suggestion",
            vec![
                one("事项", "id", Kind::Words, true, "事项的编号"),
                one(
                    "满多大",
                    "from",
                    Kind::Words,
                    false,
                    "年龄：P60Y 六十岁；含",
                ),
                one("不满多大", "until", Kind::Words, false, "年龄；不含"),
                one("住址", "address", Kind::Code(&ADDRESS), false, "证上的住址"),
            ],
        ),
    ]
}

fn matter() -> Vec<Sheet> {
    let when = |hint| vec![one("条件", "when", Kind::Condition, false, hint)];
    const WHEN: &str = "写“问题=选项”，几个选项用“、”，几个问题用“；”，例如 married=yes；place=home、hospital。空着就是总是";
    vec![
        basics(vec![
            one("格式", "format", Kind::Number, true, "填 1"),
            one(
                "编号",
                "id",
                Kind::Words,
                true,
                "小写英文词，用短横连接；也是文件名",
            ),
            one(
                "人生阶段",
                "stage",
                Kind::Shared("stage"),
                true,
                "从列表里选",
            ),
            one(
                "事项名称",
                "name.zh",
                Kind::Words,
                true,
                "以“一件事一次办”结尾，带引号",
            ),
            one("事项名称（英文）", "name.en", Kind::Words, true, ""),
            one("简称", "short.zh", Kind::Words, true, "屏幕上点的那个词"),
            one("简称（英文）", "short.en", Kind::Words, true, ""),
            one("一句话说明", "summary.zh", Kind::Words, true, ""),
            one("一句话说明（英文）", "summary.en", Kind::Words, true, ""),
            one(
                "搜索用词",
                "keywords",
                Kind::Several,
                true,
                "群众平时怎么说，用“、”隔开",
            ),
            one(
                "提问顺序可调",
                "free_order",
                Kind::Rows(QUESTIONS),
                false,
                "可以换先后的问题的编号，用“、”隔开，换成问得最少的顺序；不填就按表里的先后",
            ),
            one("事项编码", "guide.code", Kind::Words, true, "字母和数字"),
            one(
                "区划编码",
                "guide.region_code",
                Kind::Words,
                false,
                "六位数字（GB/T 2260）",
            ),
            one(
                "服务对象",
                "guide.audience",
                Kind::Codes(&AUDIENCE),
                true,
                "一个或几个，用“、”隔开",
            ),
            one(
                "代码标准",
                "guide.code_system",
                Kind::Words,
                true,
                "例如 GB/T 39554.2-2020",
            ),
            one(
                "申请人",
                "guide.applicants",
                Kind::Codes(&APPLICANT),
                true,
                "谁可以来申请，用“、”隔开",
            ),
            one(
                "前置条件",
                "guide.preconditions.zh",
                Kind::Words,
                true,
                "申报须知",
            ),
            one(
                "前置条件（英文）",
                "guide.preconditions.en",
                Kind::Words,
                true,
                "",
            ),
            one(
                "情形覆盖范围",
                "guide.coverage.zh",
                Kind::Words,
                true,
                "申报须知",
            ),
            one(
                "情形覆盖范围（英文）",
                "guide.coverage.en",
                Kind::Words,
                true,
                "",
            ),
            one(
                "申请材料形式要求",
                "guide.material_form.zh",
                Kind::Words,
                true,
                "申报须知",
            ),
            one(
                "申请材料形式要求（英文）",
                "guide.material_form.en",
                Kind::Words,
                true,
                "",
            ),
            one(
                "牵头单位",
                "guide.lead_unit",
                Kind::Shared("unit"),
                true,
                "从列表里选",
            ),
            one(
                "配合单位",
                "guide.cooperating_units",
                Kind::SharedSeveral("unit"),
                true,
                "单位编号，用“、”隔开；每个事项的单位都要在里面",
            ),
            one("是否收费", "guide.charged", Kind::YesNo, true, "是或否"),
            one(
                "收费标准",
                "guide.fee_standard.zh",
                Kind::Words,
                false,
                "收费时必填",
            ),
            one(
                "收费标准（英文）",
                "guide.fee_standard.en",
                Kind::Words,
                false,
                "",
            ),
            one(
                "收费依据",
                "guide.fee_basis.zh",
                Kind::Words,
                false,
                "收费时必填",
            ),
            one(
                "收费依据（英文）",
                "guide.fee_basis.en",
                Kind::Words,
                false,
                "",
            ),
            one("网办地址", "guide.online_url", Kind::Words, true, "网址"),
            one(
                "办理地点",
                "guide.place.zh",
                Kind::Words,
                true,
                "大厅里的具体位置",
            ),
            one("办理地点（英文）", "guide.place.en", Kind::Words, true, ""),
            one(
                "办理地址",
                "guide.address.zh",
                Kind::Words,
                true,
                "邮寄地址",
            ),
            one(
                "办理地址（英文）",
                "guide.address.en",
                Kind::Words,
                true,
                "",
            ),
            one("邮编", "guide.postcode", Kind::Words, true, "六位数字"),
            one(
                "办理流程图",
                "guide.flow_chart",
                Kind::Words,
                true,
                "填 generated 自动画；或者 samples/ 里的文件",
            ),
            one(
                "办理形式",
                "guide.channels",
                Kind::Codes(&CHANNEL),
                true,
                "一个或几个，用“、”隔开",
            ),
            one(
                "有无中介服务",
                "guide.intermediary.required",
                Kind::YesNo,
                true,
                "是或否",
            ),
            one(
                "法定中介服务",
                "guide.intermediary.statutory.zh",
                Kind::Words,
                false,
                "有中介服务时必填",
            ),
            one(
                "法定中介服务（英文）",
                "guide.intermediary.statutory.en",
                Kind::Words,
                false,
                "",
            ),
            one(
                "法定办结时限",
                "guide.statutory_working_days",
                Kind::Number,
                true,
                "工作日",
            ),
            one(
                "承诺办结时限",
                "guide.promised_working_days",
                Kind::Number,
                true,
                "工作日；不短于最长的一条流程，不长于法定",
            ),
            one(
                "是否支持预约",
                "guide.appointment",
                Kind::YesNo,
                true,
                "是或否",
            ),
            one("网上支付", "guide.online_payment.zh", Kind::Words, true, ""),
            one(
                "网上支付（英文）",
                "guide.online_payment.en",
                Kind::Words,
                true,
                "",
            ),
            one("是否支持快递", "guide.courier", Kind::YesNo, true, "是或否"),
            one("联办能力", "guide.joint_ability.zh", Kind::Words, true, ""),
            one(
                "联办能力（英文）",
                "guide.joint_ability.en",
                Kind::Words,
                true,
                "",
            ),
            one("线下跑动次数", "guide.visits", Kind::Number, false, "次"),
            one(
                "跑一次的原因和环节",
                "guide.visit_reason.zh",
                Kind::Words,
                true,
                "",
            ),
            one(
                "跑一次的原因和环节（英文）",
                "guide.visit_reason.en",
                Kind::Words,
                true,
                "",
            ),
        ]),
        list("设定依据", "guide.legal_basis", basis()),
        list(
            "受理条件",
            "guide.acceptance",
            vec![
                one("条件", "zh", Kind::Words, true, "一行一句"),
                one("条件（英文）", "en", Kind::Words, true, ""),
            ],
        ),
        list(
            "办理时间",
            "guide.hours",
            vec![
                one(
                    "星期",
                    "days",
                    Kind::Words,
                    true,
                    "mon-fri、sat、mon-wed,fri 这样写",
                ),
                one(
                    "时间",
                    "open",
                    Kind::Several,
                    true,
                    "09:00-12:00、13:00-17:00 这样写",
                ),
            ],
        ),
        list("咨询方式", "guide.consult", contact()),
        list("监督方式", "guide.supervise", contact()),
        list(
            "常见问题",
            "guide.questions_common",
            vec![text("问", "q", true, ""), text("答", "a", true, "")],
        ),
        list(
            QUESTIONS,
            "question",
            [
                vec![
                    id(),
                    text("问题", "text", true, "像平时说话一样问"),
                    text("提示", "help", false, "一行"),
                    one("回答方式", "kind", Kind::Code(&QUESTION), true, ""),
                ],
                when(WHEN),
                vec![
                    one(
                        "数据来源",
                        "resource.id",
                        Kind::Shared("resource"),
                        false,
                        "谁能替群众回答",
                    ),
                    one(
                        "来源的值对应选项",
                        "resource.options",
                        Kind::Pairs,
                        false,
                        "来源的值=选项，用“；”隔开",
                    ),
                    text(
                        "“不清楚”时的帮助",
                        "unsure.help",
                        false,
                        "不填就没有“不清楚”",
                    ),
                    one(
                        "“不清楚”按哪个选项",
                        "unsure.as",
                        Kind::Words,
                        false,
                        "不填就请到窗口",
                    ),
                    text("单位名", "unit", false, "填数的：个、平方米等"),
                    one("最小", "min", Kind::Number, false, "填数的"),
                    one("最大", "max", Kind::Number, false, "填数的"),
                    one("可以是将来", "future", Kind::YesNo, false, "填日期的"),
                ],
            ]
            .concat_columns(),
        ),
        inside(
            OPTIONS,
            "question",
            QUESTIONS,
            "option",
            vec![
                id(),
                text("选项", "text", false, "选择的必填"),
                text("第二行", "note", false, ""),
                text("情形里怎么说", "phrase", false, "按这个问题分情形时必填"),
                one(
                    "申请人",
                    "applicant",
                    Kind::Code(&APPLICANT),
                    false,
                    "这个回答已经说明谁来申请时",
                ),
                one(
                    "和哪个选项一样",
                    "same_as",
                    Kind::Words,
                    false,
                    "前面的选项编号；结果全一样、只是说法不同时",
                ),
                one(
                    "从",
                    "from",
                    Kind::Bound,
                    false,
                    "数，或年龄：P1Y 一年、P6M 六个月；含",
                ),
                one("到", "until", Kind::Bound, false, "不含"),
            ],
        ),
        list(
            "到窗口",
            "window",
            [
                vec![id()],
                when(WHEN),
                vec![
                    text("为什么", "reason", true, "为什么这里不能办"),
                    text("去哪里", "where", true, "具体地点"),
                ],
            ]
            .concat_columns(),
        ),
        list(
            "情形",
            "situation",
            [
                vec![
                    id(),
                    text("情形", "text", true, "开头的话，后面自动接上选项的说法"),
                ],
                when(WHEN),
                vec![
                    one(
                        "按哪些问题细分",
                        "split",
                        Kind::Rows(QUESTIONS),
                        false,
                        "问题编号，用“、”隔开",
                    ),
                    one(
                        "和哪个情形一样",
                        "same_as",
                        Kind::Words,
                        false,
                        "前面的情形编号；要办要交的全一样、还是要分开时",
                    ),
                ],
            ]
            .concat_columns(),
        ),
        list(
            "事项",
            "item",
            [
                vec![
                    id(),
                    text("事项名称", "name", true, ""),
                    one("单位", "unit", Kind::Shared("unit"), true, "从列表里选"),
                    one("事项编码", "code", Kind::Words, false, ""),
                ],
                when(WHEN),
                vec![
                    one("必须办", "required", Kind::YesNo, false, ""),
                    text("为什么必须办", "required_why", false, "必须办时要填"),
                    one(
                        "在哪些事项之后",
                        "after",
                        Kind::Rows("事项"),
                        false,
                        "要用谁的结果；编号，用“、”隔开",
                    ),
                    one(
                        "结果就是哪些材料",
                        "yields",
                        Kind::Rows("材料"),
                        false,
                        "办出来的结果，别的事项要用；编号",
                    ),
                    text("结果名称", "result.name", true, ""),
                    one(
                        "结果样本",
                        "result.sample",
                        Kind::Words,
                        true,
                        "samples/ 里的图片或 PDF",
                    ),
                    one("办件类型", "kind", Kind::Code(&ITEM), true, ""),
                    one(
                        "法定工作日",
                        "statutory_working_days",
                        Kind::Number,
                        false,
                        "",
                    ),
                    one("承诺工作日", "working_days", Kind::Number, true, "0 是当场"),
                    one("要本人到场", "in_person", Kind::YesNo, false, ""),
                    text(
                        "为什么要本人到场",
                        "in_person_why",
                        false,
                        "要本人到场时要填",
                    ),
                    text("说明", "note", false, ""),
                ],
            ]
            .concat_columns(),
        ),
        inside("事项依据", "item", "事项", "basis", basis()),
        list(
            "联办",
            "join",
            vec![
                one(
                    "事项",
                    "items",
                    Kind::Rows("事项"),
                    true,
                    "两个以上事项编号，用“、”隔开",
                ),
                text("依据", "law", true, "为什么要一起办，写清法条"),
                one(
                    "哪些可以单独办",
                    "alone",
                    Kind::Rows("事项"),
                    false,
                    "有的情形里没有别的一起办的事项",
                ),
            ],
        ),
        list(
            "材料",
            "material",
            vec![
                id(),
                text("材料名称", "name", true, "材料标准名称"),
                one("材料类型", "type", Kind::Code(&CLASS), true, ""),
                one("材料形式", "form", Kind::Code(&FORM), true, ""),
                one("材料必要性", "necessity", Kind::Code(&NECESSITY), true, ""),
                one("来源渠道", "source", Kind::Code(&SOURCE), false, ""),
                text("出具部门", "issuer", false, "政府核发的要填"),
                one("原件或复印件", "original", Kind::Code(&ORIGINAL), true, ""),
                one(
                    "纸质份数",
                    "paper_copies",
                    Kind::Number,
                    false,
                    "收纸质的要填；只看原件填 0",
                ),
                one(
                    "空白表",
                    "blank_form",
                    Kind::Words,
                    false,
                    "samples/ 里的文件",
                ),
                one(
                    "填写样本",
                    "filled_sample",
                    Kind::Words,
                    false,
                    "samples/ 里的文件",
                ),
                text("证明的依据", "proof.basis", false, "证明事项才填这四栏"),
                one(
                    "索要证明的单位",
                    "proof.asked_by",
                    Kind::Shared("unit"),
                    false,
                    "",
                ),
                text("开具证明的单位", "proof.issued_by", false, ""),
                text(
                    "共享数据的名称",
                    "obtained.resource_name",
                    false,
                    "不用交、数据共享的才填",
                ),
                text("为什么不用交", "obtained.because", false, ""),
                one(
                    "主要材料",
                    "core",
                    Kind::YesNo,
                    false,
                    "缺了什么也定不了，不能后补",
                ),
                one(
                    "后补工作日",
                    "later.working_days",
                    Kind::Number,
                    false,
                    "容缺后补的才填，1 到 60",
                ),
                text("后补的依据", "later.basis", false, ""),
                text("为什么可以后补", "later.why", false, ""),
            ],
        ),
        inside(
            "材料谁要",
            "material",
            "材料",
            "need",
            [
                vec![one("事项", "item", Kind::Row("事项"), true, "哪个事项要")],
                when(WHEN),
                vec![
                    one(
                        "份数",
                        "copies",
                        Kind::Number,
                        false,
                        "和材料的份数不同才填",
                    ),
                    text("为什么要", "why", true, ""),
                    text("依据", "basis", false, ""),
                ],
            ]
            .concat_columns(),
        ),
        list(
            "表单",
            "field",
            vec![
                id(),
                text("名称", "label", true, ""),
                one("类型", "kind", Kind::Code(&FIELD), true, ""),
                text(
                    "单位名",
                    "unit",
                    false,
                    "填数的：元、平方米等；会写在名称后面",
                ),
                one("必填", "required", Kind::YesNo, false, ""),
                one(
                    "自动填",
                    "prefill",
                    Kind::Shared("resource"),
                    false,
                    "从哪个数据来源",
                ),
                one(
                    "填的是谁",
                    "about",
                    Kind::Code(&ABOUT),
                    false,
                    "不填就是申请人",
                ),
                text("分组", "group", true, ""),
                one(
                    "哪些事项总要",
                    "items",
                    Kind::Rows("事项"),
                    false,
                    "事项编号，用“、”隔开",
                ),
            ],
        ),
        inside(
            "表单选项",
            "field",
            "表单",
            "options",
            vec![id(), text("选项", "text", true, "")],
        ),
        inside(
            "表单谁要",
            "field",
            "表单",
            "need",
            [
                vec![one("事项", "item", Kind::Row("事项"), true, "哪个事项要")],
                when("有些情形才要时，写“问题=选项”"),
            ]
            .concat_columns(),
        ),
    ]
}

/// Several columns, of which a text is two.
type Columns = Vec<Column>;

trait Concat {
    fn concat_columns(self) -> Vec<Columns>;
}

impl<const N: usize> Concat for [Vec<Columns>; N] {
    fn concat_columns(self) -> Vec<Columns> {
        self.into_iter().flatten().collect()
    }
}

fn one(title: &str, path: &str, kind: Kind, must: bool, hint: &'static str) -> Columns {
    vec![Column {
        title: title.to_owned(),
        path: path.to_owned(),
        kind,
        must,
        hint,
    }]
}

fn text(title: &str, path: &str, must: bool, hint: &'static str) -> Columns {
    let mut both = one(title, &format!("{path}.zh"), Kind::Words, must, hint);
    let english = format!("{title}（英文）");
    both.extend(one(&english, &format!("{path}.en"), Kind::Words, must, ""));
    both
}

fn id() -> Columns {
    one(
        "编号",
        "id",
        Kind::Words,
        true,
        "小写英文词和数字，用短横连接",
    )
}

fn basis() -> Vec<Columns> {
    vec![
        text("法律法规或文件", "law", true, ""),
        text("条款", "article", true, ""),
        text("内容", "says", false, "一句话"),
    ]
}

fn contact() -> Vec<Columns> {
    vec![
        one("方式", "kind", Kind::Code(&CONTACT), true, ""),
        one("号码或地址", "value", Kind::Words, true, ""),
        text("谁来答复", "name", true, ""),
    ]
}

fn sheet(name: &'static str, rows: Rows, columns: Vec<Columns>) -> Sheet {
    let mut columns: Columns = columns.into_iter().flatten().collect();
    // The basics have a remark for each row.
    if !matches!(rows, Rows::Basics) {
        columns.extend(one(
            REMARK,
            NOTE,
            Kind::Words,
            false,
            "给同事看的话，群众看不到",
        ));
    }
    Sheet {
        name,
        rows,
        columns,
    }
}

fn basics(columns: Vec<Columns>) -> Sheet {
    sheet(BASICS, Rows::Basics, columns)
}

fn list(name: &'static str, path: &'static str, columns: Vec<Columns>) -> Sheet {
    sheet(name, Rows::List(path), columns)
}

fn inside(
    name: &'static str,
    of: &'static str,
    outer: &'static str,
    list: &'static str,
    mut columns: Vec<Columns>,
) -> Sheet {
    let title = match outer {
        QUESTIONS => "哪个问题",
        "事项" => "哪个事项",
        "材料" => "哪个材料",
        _ => "哪一栏",
    };
    columns.insert(0, one(title, PARENT, Kind::Row(outer), true, "从列表里选"));
    let rows = Rows::Inside { of, list };
    sheet(name, rows, columns)
}
