//! What a slip is, whatever prints it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A slip: elements from top to bottom, cut off at the end. Zeroised when dropped.
#[derive(Clone, PartialEq, Eq, Default, Zeroize, ZeroizeOnDrop)]
pub struct Slip {
    /// What is on it.
    pub elements: Vec<Element>,
}

/// One element of a slip.
#[derive(Clone, PartialEq, Eq, Zeroize)]
pub enum Element {
    /// A line of text, laid out already: no wider than [`PaperWidth::columns`] (half of that if wide).
    /// Control characters are left out; what is too wide is cut off at the edge of the paper.
    Line {
        /// The text.
        text: String,
        /// How it looks.
        #[zeroize(skip)]
        style: Style,
        /// Where it stands.
        #[zeroize(skip)]
        align: Align,
    },
    /// A QR code, in the middle.
    Qr {
        /// What it says; at most 2953 bytes on 80 mm, 1273 bytes on 58 mm; best below 200.
        data: String,
    },
    /// A thin line across the paper.
    Rule,
    /// So many empty lines.
    Feed(u8),
}

/// How text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Style {
    /// Heavier.
    pub bold: bool,
    /// With a line below.
    pub underline: bool,
    /// Twice as wide.
    pub wide: bool,
    /// Twice as high.
    pub tall: bool,
}

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Align {
    /// At the left edge.
    #[default]
    Left,
    /// In the middle.
    Centre,
    /// At the right edge.
    Right,
}

/// Width of the paper, at 8 dots/mm (203 dpi).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PaperWidth {
    /// 58 mm paper, 48 mm of it printed.
    #[serde(rename = "58")]
    Mm58,
    /// 80 mm paper, 72 mm of it printed.
    #[serde(rename = "80")]
    Mm80,
}

impl PaperWidth {
    /// Columns of ASCII characters: 32 or 48.
    pub fn columns(self) -> usize {
        self.dots() / 12
    }

    /// Printed dots: 384 or 576.
    pub fn dots(self) -> usize {
        match self {
            Self::Mm58 => 384,
            Self::Mm80 => 576,
        }
    }

    /// Dots across the whole paper, unprinted margins included: 464 or 640.
    pub fn paper_dots(self) -> usize {
        match self {
            Self::Mm58 => 464,
            Self::Mm80 => 640,
        }
    }
}

/// A text is neither `58` nor `80`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("paper is 58 or 80 mm wide")]
pub struct PaperWidthError;

impl FromStr for PaperWidth {
    type Err = PaperWidthError;

    fn from_str(text: &str) -> Result<Self, PaperWidthError> {
        match text {
            "58" => Ok(Self::Mm58),
            "80" => Ok(Self::Mm80),
            _ => Err(PaperWidthError),
        }
    }
}

impl fmt::Display for PaperWidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mm58 => "58",
            Self::Mm80 => "80",
        })
    }
}

impl Slip {
    /// An empty slip.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line.
    pub fn line(&mut self, text: impl Into<String>, style: Style, align: Align) -> &mut Self {
        self.elements.push(Element::Line {
            text: text.into(),
            style,
            align,
        });
        self
    }

    /// Adds a plain line at the left.
    pub fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.line(text, Style::default(), Align::Left)
    }

    /// Adds a QR code.
    pub fn qr(&mut self, data: impl Into<String>) -> &mut Self {
        self.elements.push(Element::Qr { data: data.into() });
        self
    }

    /// Adds a line across the paper.
    pub fn rule(&mut self) -> &mut Self {
        self.elements.push(Element::Rule);
        self
    }

    /// Adds empty lines.
    pub fn feed(&mut self, lines: u8) -> &mut Self {
        self.elements.push(Element::Feed(lines));
        self
    }
}

impl fmt::Debug for Slip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slip {{ {} elements }}", self.elements.len())
    }
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { style, align, .. } => write!(f, "Line {{ {style:?}, {align:?}, … }}"),
            Self::Qr { data } => write!(f, "Qr {{ {} bytes }}", data.len()),
            Self::Rule => f.write_str("Rule"),
            Self::Feed(lines) => write!(f, "Feed({lines})"),
        }
    }
}

/// Width of a text in columns of ASCII characters, without its style: 2 for every character that a
/// GB18030 printer prints from a code of several bytes (all but ASCII, so also `é` and `·`), 0 for
/// control characters, which are not printed.
pub fn columns(text: &str) -> usize {
    text.chars().map(char_columns).sum()
}

/// Columns of one character: 0, 1 or 2.
pub fn char_columns(character: char) -> usize {
    match character {
        character if character.is_control() => 0,
        character if character.is_ascii() => 1,
        _ => 2,
    }
}

/// The slip as plain text: for `.txt` and for tests. QR codes are told by what they say.
pub fn to_text(slip: &Slip, paper: PaperWidth) -> String {
    let mut out = String::new();
    for element in &slip.elements {
        match element {
            Element::Line { text, style, align } => {
                let width = columns(text) * if style.wide { 2 } else { 1 };
                let room = paper.columns().saturating_sub(width);
                let indent = match align {
                    Align::Left => 0,
                    Align::Centre => room / 2,
                    Align::Right => room,
                };
                out.extend(std::iter::repeat_n(' ', indent));
                out.extend(text.chars().filter(|character| !character.is_control()));
            }
            Element::Qr { data } => {
                out.push_str("[QR] ");
                out.push_str(data);
            }
            Element::Rule => out.extend(std::iter::repeat_n('─', paper.columns() / 2)),
            Element::Feed(lines) => out.extend(std::iter::repeat_n(
                '\n',
                usize::from(lines.saturating_sub(1)),
            )),
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_columns_as_printers_do() {
        assert_eq!(columns("abc 12"), 6);
        assert_eq!(columns("导办告知单"), 10);
        assert_eq!(columns("□ 结婚证 1份"), 2 + 1 + 6 + 1 + 1 + 2);
        assert_eq!(columns("é·䶮𬭎"), 8);
        assert_eq!(columns("a\u{1b}\n"), 1);
        assert_eq!(
            (PaperWidth::Mm58.columns(), PaperWidth::Mm80.columns()),
            (32, 48)
        );
        for paper in [PaperWidth::Mm58, PaperWidth::Mm80] {
            assert_eq!(paper.to_string().parse(), Ok(paper));
        }
        assert_eq!("76".parse::<PaperWidth>(), Err(PaperWidthError));
    }

    #[test]
    fn writes_text() {
        let mut slip = Slip::new();
        let wide = Style {
            wide: true,
            ..Style::default()
        };
        slip.line("告知单", wide, Align::Centre)
            .line("12", Style::default(), Align::Right)
            .rule()
            .feed(2)
            .qr("https://x")
            .text("ok");
        let expected = format!(
            "{}告知单\n{}12\n{}\n\n\n[QR] https://x\nok\n",
            " ".repeat(10),
            " ".repeat(30),
            "─".repeat(16)
        );
        assert_eq!(to_text(&slip, PaperWidth::Mm58), expected);
        assert!(!format!("{slip:?} {:?}", slip.elements).contains("告知单"));
    }
}
