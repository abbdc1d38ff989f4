//! Text onto paper of a fixed number of columns, broken where Chinese and English may break.

use unicode_linebreak::{BreakOpportunity, linebreaks};
use yici_hal::slip::{Align, Element, Slip, Style, columns};

/// Lines as they fill the paper.
pub(super) struct Layout {
    columns: usize,
    slip: Slip,
}

const PLAIN: Style = Style {
    bold: false,
    underline: false,
    wide: false,
    tall: false,
};
const STRONG: Style = Style {
    bold: true,
    ..PLAIN
};
const LARGE: Style = Style {
    tall: true,
    ..PLAIN
};
const HEADING: Style = Style {
    bold: true,
    tall: true,
    ..PLAIN
};
const TITLE: Style = Style {
    bold: true,
    wide: true,
    tall: true,
    ..PLAIN
};

impl Layout {
    pub fn new(columns: usize) -> Self {
        Layout {
            columns,
            slip: Slip::new(),
        }
    }

    pub fn finish(mut self) -> Slip {
        self.push(Element::Feed(2));
        self.slip
    }

    pub fn push(&mut self, element: Element) {
        self.slip.elements.push(element);
    }

    pub fn rule(&mut self) {
        self.push(Element::Rule);
    }

    /// Whether a text stands on one line in double width.
    pub fn fits_wide(&self, text: &str) -> bool {
        columns(text) * 2 <= self.columns
    }

    /// What this paper is.
    pub fn title(&mut self, text: &str) {
        self.lines("", text, TITLE, Align::Centre);
    }

    /// What the next lines are about.
    pub fn heading(&mut self, text: &str) {
        self.lines("", text, HEADING, Align::Left);
    }

    pub fn centred(&mut self, text: &str) {
        self.lines("", text, PLAIN, Align::Centre);
    }

    pub fn strong(&mut self, text: &str) {
        self.lines("", text, STRONG, Align::Centre);
    }

    /// A paragraph whose further lines stand under its text, not under its mark.
    pub fn hanging(&mut self, mark: &str, text: &str) {
        self.lines(mark, text, PLAIN, Align::Left);
    }

    /// What the holder does next: the biggest after the title.
    pub fn large_hanging(&mut self, mark: &str, text: &str) {
        self.lines(mark, text, LARGE, Align::Left);
    }

    pub fn strong_hanging(&mut self, mark: &str, text: &str) {
        self.lines(mark, text, STRONG, Align::Left);
    }

    fn lines(&mut self, mark: &str, text: &str, style: Style, align: Align) {
        let scale = if style.wide { 2 } else { 1 };
        let indent = columns(mark);
        let room = (self.columns / scale).saturating_sub(indent);
        for (at, line) in wrap(&plain_marks(text), room).into_iter().enumerate() {
            let text = match at {
                0 => format!("{mark}{line}"),
                _ => format!("{}{line}", " ".repeat(indent)),
            };
            self.push(Element::Line { text, style, align });
        }
    }
}

/// Forbids a break (UAX #14, class WJ); takes no room and is never printed.
const JOINER: char = '\u{2060}';

/// Keeps a short phrase together on a line.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(|character| [JOINER, character])
        .skip(1)
        .collect()
}

fn width(text: &str) -> usize {
    columns(&text.replace(JOINER, ""))
}

/// In English, typographic marks would be printed from the Chinese set, two columns wide.
fn plain_marks(text: &str) -> String {
    if !text.is_ascii()
        && text
            .chars()
            .all(|c| c.is_ascii() || "’‘“”–—…\u{2060}".contains(c))
    {
        text.replace(['’', '‘'], "'")
            .replace(['“', '”'], "\"")
            .replace(['–', '—'], "-")
            .replace('…', "...")
    } else {
        text.to_owned()
    }
}

/// Fills lines of `room` columns, breaking where UAX #14 allows; a word longer than a line is cut.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut start = 0;
    for (end, opportunity) in linebreaks(text) {
        let piece = &text[start..end];
        start = end;
        if width(&line) + width(piece.trim_end()) > room && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for character in piece.chars() {
            if !character.is_whitespace()
                && width(&line) + width(character.encode_utf8(&mut [0; 4])) > room
            {
                lines.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
        if opportunity == BreakOpportunity::Mandatory {
            lines.push(std::mem::take(&mut line));
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
        .iter()
        .map(|line| line.trim_end().replace(JOINER, ""))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn chinese_breaks_anywhere_but_before_closing_marks() {
        assert_eq!(
            wrap("孩子在本市落户，父母已登记结婚。", 16),
            ["孩子在本市落户，", "父母已登记结婚。"]
        );
        assert_eq!(
            wrap("孩子在本市落户，父母已登记结婚。", 14),
            ["孩子在本市落", "户，父母已登记", "结婚。"]
        );
    }

    #[test]
    fn english_breaks_at_blanks_and_long_words_are_cut() {
        assert_eq!(wrap("Go to window A03", 9), ["Go to", "window", "A03"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
    }

    #[test]
    fn a_phrase_stays_on_one_line() {
        let text = format!("妈妈的身份证 {}", one_line("原件，看完还您"));
        assert_eq!(wrap(&text, 20), ["妈妈的身份证", "原件，看完还您"]);
        assert_eq!(wrap(&text, 27), ["妈妈的身份证 原件，看完还您"]);
    }

    #[test]
    fn english_marks_take_one_column() {
        assert_eq!(plain_marks("don’t – “yes”…"), "don't - \"yes\"...");
        assert_eq!(plain_marks("“一件事”"), "“一件事”");
    }

    proptest! {
        /// Whatever an author writes fits the paper, and no character is lost.
        #[test]
        fn lines_fit_and_lose_nothing(text in "[一-龥a-zA-Z0-9 ，。（）“”:-]{0,120}", room in 8usize..48) {
            let lines = wrap(&text, room);
            for line in &lines {
                prop_assert!(columns(line) <= room, "{line:?} is wider than {room}");
            }
            let kept: String = lines.concat().chars().filter(|c| !c.is_whitespace()).collect();
            let all: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            prop_assert_eq!(kept, all);
        }
    }
}
