//! What is wrong with a catalogue: found all at once, each with its place.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource};
use serde::Serialize;

use crate::answer::Answers;
use crate::model::{Lang, Text};

/// A catalogue that was refused, with every finding.
#[derive(Debug, Clone, thiserror::Error, Serialize)]
#[error("the catalogue was refused: {} finding{}", .findings.len(), if .findings.len() == 1 { "" } else { "s" })]
pub struct LoadError {
    /// The findings, by file and place.
    pub findings: Vec<Finding>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// The kind of mistake.
    pub code: Code,
    /// The file, relative to the catalogue's folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, in plain words.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Answers that show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness: Option<Box<Witness>>,
    #[serde(skip)]
    excerpt: Option<Excerpt>,
}

/// Answers that show a finding: whoever gives them meets it, whatever else is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Witness {
    /// The answers. A number is one of its band; a date is given by its band's id, for the date
    /// depends on the day.
    pub answers: Answers,
    /// The same in plain words.
    #[serde(flatten)]
    pub text: Text,
}

/// The kind of a mistake. The written form is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A file or folder cannot be read, or is too big.
    Unreadable,
    /// There is no file of a matter: nothing would be offered.
    NoMatter,
    /// Not TOML.
    Syntax,
    /// A key that the format does not have.
    UnknownKey,
    /// A mandatory element is missing.
    MissingKey,
    /// A value of the wrong type.
    WrongType,
    /// Text in one language only, or empty.
    MissingTranslation,
    /// A list or string that may not be empty, or a list that is too long.
    BadLength,
    /// A value that is not allowed: a code, a form of writing, a range.
    BadValue,
    /// An id that is not lowercase-kebab-case, or that cannot be told from something else.
    BadId,
    /// The same id twice.
    DuplicateId,
    /// Something named that does not exist.
    UnknownReference,
    /// A sample that is missing or is not a picture or PDF.
    BadFile,
    /// Opening hours that overlap.
    BadHours,
    /// Bands with a gap or an overlap.
    BadBands,
    /// A question that depends on itself or a later one.
    LaterQuestion,
    /// An element that another one makes mandatory is missing.
    Incomplete,
    /// Charged, and no standard or basis.
    FeeIncomplete,
    /// Something required without saying why.
    ReasonMissing,
    /// A situation is split by an option that has no phrase.
    PhraseMissing,
    /// Two expanded situations with one id.
    SameSituation,
    /// Two situations that apply to the same answers.
    Overlap,
    /// Answers for which there is neither window nor situation.
    Gap,
    /// Situations and windows overlap in so many ways that nothing can be proven.
    NotProven,
    /// More situations than the limit.
    TooManySituations,
    /// A question, window or situation whose condition contradicts itself.
    NeverHolds,
    /// A condition that holds for a part of a situation.
    NotConstant,
    /// Items that wait for each other.
    Cycle,
    /// The promise is shorter than the longest path.
    PromiseTooShort,
    /// The promise is longer than the law allows.
    PromiseTooLong,
    /// A unit that handles an item and is neither lead nor cooperating.
    UnitNotNamed,
    /// An item, material or field that is never needed.
    NeverNeeded,
    /// A material is needed by an item that does not wait for the item that yields it.
    YieldOrder,
    /// A question that nobody is ever asked.
    NeverAsked,
    /// A question whose answer makes no difference.
    ChangesNothing,
    /// Fields of one meaning that differ between matters in kind or in the code of an option.
    FieldConflict,
    /// Two fields of one form that people cannot tell apart.
    SameLabel,
    /// An item never takes part together with those that law joins it with.
    JoinApart,
    /// A proof (证明) without its basis or without the unit that issues it (5.2.2.5).
    ProofIncomplete,
    /// A material may be handed in later though nothing can be decided without it (6.5.2).
    CoreDeferred,
    /// A word too long for a line of a slip on 58 mm paper.
    TooWide,
    /// A department could not rebuild its own form or materials from the one set (5.2.2.4 e).
    Insufficient,
}

/// Where in a file.
#[derive(Debug, Clone)]
struct Excerpt {
    source: Arc<NamedSource<String>>,
    span: Range<usize>,
}

impl Code {
    /// What kind of mistake it is, in plain Chinese words for those who write catalogues.
    pub fn zh(self) -> &'static str {
        match self {
            Code::Unreadable => "读不出来",
            Code::NoMatter => "没有事项",
            Code::Syntax => "写法不对，读不懂",
            Code::UnknownKey => "不认识这一栏",
            Code::MissingKey => "少填了一栏",
            Code::WrongType => "填的类型不对",
            Code::MissingTranslation => "少了一种语言",
            Code::BadLength => "空着，或者太多太少",
            Code::BadValue => "不能这样填",
            Code::BadId => "编号不能这样写",
            Code::DuplicateId => "编号重复",
            Code::UnknownReference => "提到的编号不存在",
            Code::BadFile => "样本文件不存在，或者不是图片、PDF",
            Code::BadHours => "办理时间有重叠",
            Code::BadBands => "几段之间有空隙或重叠",
            Code::LaterQuestion => "只能依赖前面的问题",
            Code::Incomplete => "还要填另一栏",
            Code::FeeIncomplete => "收费的要填标准和依据，不收费的都不填",
            Code::ReasonMissing => "没有写为什么",
            Code::PhraseMissing => "选项少了“情形里怎么说”",
            Code::SameSituation => "两个情形分不清：编号、说法，或者要办要交的完全一样",
            Code::Overlap => "两个情形有重叠：同样的回答两个都对得上",
            Code::Gap => "有的回答没有对应情形",
            Code::NotProven => "情形和窗口重叠太多，证明不了",
            Code::TooManySituations => "情形太多",
            Code::NeverHolds => "条件自相矛盾，永远不成立",
            Code::NotConstant => "条件只在一个情形的一部分里成立，要把情形再细分",
            Code::Cycle => "事项互相等待",
            Code::PromiseTooShort => "承诺时限短于最长的一条流程",
            Code::PromiseTooLong => "承诺时限长于法定时限",
            Code::UnitNotNamed => "单位不在牵头和配合单位里",
            Code::NeverNeeded => "从来用不到",
            Code::YieldOrder => "要用别的事项的结果，却没有排在它之后",
            Code::NeverAsked => "这个问题从来不会问到",
            Code::ChangesNothing => "怎么回答都一样：问题不用问，或者两个选项可以合成一个",
            Code::FieldConflict => "同一栏在不同事项里类型、单位或选项不一样",
            Code::SameLabel => "两栏名称一样，分不清是不是一回事",
            Code::JoinApart => "法律要求一起办的事项，在有的情形里没有一起出现",
            Code::ProofIncomplete => "证明没有写依据或开具单位",
            Code::CoreDeferred => "缺了它什么也定不了，不能后补",
            Code::TooWide => "有一个词太长，58毫米的小票印不下",
            Code::Insufficient => "部门不能从这一套材料和表单里凑齐自己的那份",
        }
    }
}

impl LoadError {
    /// All findings as text, each with the line it is about and answers that show it. In Chinese each
    /// says the kind of mistake in Chinese words; its details are in English in both languages.
    pub fn render(&self, lang: Lang) -> String {
        let handler =
            GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
        let mut text = String::new();
        for finding in &self.findings {
            let told = Told { finding, lang };
            // Writing to a string cannot fail; a renderer's failure leaves the plain line.
            if handler.render_report(&mut text, &told).is_err() {
                text.push_str(&finding.line());
            }
            text.push('\n');
        }
        text
    }

    /// In the order of a reader: by file, then from top to bottom.
    pub(crate) fn new(mut findings: Vec<Finding>) -> LoadError {
        findings.sort_by(|a, b| {
            (&a.file, a.line, a.column, a.code, &a.message)
                .cmp(&(&b.file, b.line, b.column, b.code, &b.message))
        });
        LoadError { findings }
    }
}

impl Finding {
    /// About a file as a whole.
    pub(crate) fn of_file(code: Code, file: &str, message: impl Into<String>) -> Finding {
        Finding {
            code,
            file: file.to_owned(),
            line: 1,
            column: 1,
            message: message.into(),
            help: None,
            witness: None,
            excerpt: None,
        }
    }

    /// About a place in a file.
    pub(crate) fn at(
        code: Code,
        source: &Arc<NamedSource<String>>,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Finding {
        let text = source.inner();
        let floor = |at: usize| {
            (0..=at.min(text.len()))
                .rev()
                .find(|i| text.is_char_boundary(*i))
        };
        let start = floor(span.start).unwrap_or(0);
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        // One line is shown, not a whole table.
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = floor(span.end.min(line_end)).unwrap_or(start).max(start);
        Finding {
            code,
            file: source.name().to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
            help: None,
            witness: None,
            excerpt: Some(Excerpt {
                source: Arc::clone(source),
                span: start..end,
            }),
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Finding {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn witness(mut self, witness: Witness) -> Finding {
        self.witness = Some(Box::new(witness));
        self
    }

    /// The finding in one line.
    pub fn line(&self) -> String {
        let Finding {
            file,
            line,
            column,
            code,
            message,
            ..
        } = self;
        format!("{file}:{line}:{column}: {code}: {message}")
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Finding {}

impl Diagnostic for Finding {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        let excerpt = self.excerpt.as_ref()?;
        Some(&*excerpt.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.excerpt.as_ref()?.span.clone();
        Some(Box::new(std::iter::once(LabeledSpan::underline(span))))
    }
}

/// A finding in a language.
#[derive(Debug)]
struct Told<'f> {
    finding: &'f Finding,
    lang: Lang,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { code, message, .. } = self.finding;
        match self.lang {
            Lang::Zh => write!(f, "{}（{message}）", code.zh()),
            Lang::En => f.write_str(message),
        }
    }
}

impl std::error::Error for Told<'_> {}

impl Diagnostic for Told<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.finding.code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let shown = self.finding.witness.as_ref();
        let shown = shown.map(|witness| match self.lang {
            Lang::Zh => format!("例如：{}", witness.text.zh),
            Lang::En => format!("for example: {}", witness.text.en),
        });
        let lines: Vec<String> = shown.into_iter().chain(self.finding.help.clone()).collect();
        (!lines.is_empty()).then(|| Box::new(lines.join("\n")) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.finding.source_code()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.finding.labels()
    }
}

impl Diagnostic for LoadError {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.findings.iter().map(|f| f as &dyn Diagnostic)))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
