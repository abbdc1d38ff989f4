//! Characters that the printer has, and the line that it is putting together.

use clap::ValueEnum;
use encoding_rs::GB18030;
use yici_hal::glyph::{Bitmap, with_face};
use yici_hal::slip::Style;

/// Sets of characters that printers come with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Charset {
    /// ASCII alone
    Ascii,
    /// GB 2312: rows 1 to 9 and 16 to 87
    Gb2312,
    /// GBK: none of the codes that came later.
    Gbk,
    /// GB 18030-2000: the ideographs of the basic plane.
    Gb18030,
}

/// What a code prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// This character.
    Character(char),
    /// An empty box: the printer has nothing there.
    Box,
}

/// What a Chinese code of 2 or 4 bytes prints, box by box. A printer that does not know codes of 4
/// bytes takes them for two of 2.
pub fn shapes(code: &[u8], charset: Charset) -> Vec<Shape> {
    let decoded = GB18030.decode_without_bom_handling_and_without_replacement(code);
    let character = decoded.and_then(|text| text.chars().next());
    let private = |character: char| ('\u{E000}'..='\u{F8FF}').contains(&character);
    match (charset, code.len(), character) {
        (Charset::Gb18030, _, Some(character))
            if character <= '\u{FFFF}' && !private(character) =>
        {
            vec![Shape::Character(character)]
        }
        (Charset::Gbk, 2, Some(character)) if code < &[0xFE, 0x50][..] && !private(character) => {
            vec![Shape::Character(character)]
        }
        (Charset::Gb2312, 2, Some(character))
            if matches!(code, [0xA1..=0xA9 | 0xB0..=0xF7, 0xA1..=0xFF]) && !private(character) =>
        {
            vec![Shape::Character(character)]
        }
        (Charset::Gbk | Charset::Gb2312, 4, _) => vec![Shape::Box; 2],
        _ => vec![Shape::Box],
    }
}

/// How characters are printed now; Chinese ones have a size and underline of their own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Modes {
    pub chinese: bool,
    pub bold: bool,
    pub ascii_wide: bool,
    pub ascii_tall: bool,
    pub ascii_underline: bool,
    pub chinese_wide: bool,
    pub chinese_tall: bool,
    pub chinese_underline: bool,
}

impl Modes {
    /// Style of an ASCII character.
    pub fn ascii(self) -> Style {
        Style {
            bold: self.bold,
            underline: self.ascii_underline,
            wide: self.ascii_wide,
            tall: self.ascii_tall,
        }
    }

    /// Style of a Chinese character.
    pub fn chinese(self) -> Style {
        Style {
            bold: self.bold,
            underline: self.chinese_underline,
            wide: self.chinese_wide,
            tall: self.chinese_tall,
        }
    }
}

/// A line that is put together until it is printed.
#[derive(Default)]
pub struct Line {
    cells: Vec<(Shape, Style, usize)>,
}

impl Line {
    /// Adds a shape of so many dots (before its style widens it); false if the line is full.
    pub fn push(&mut self, shape: Shape, style: Style, dots: usize, limit: usize) -> bool {
        let dots = dots * if style.wide { 2 } else { 1 };
        let fits = self.width() + dots <= limit;
        if fits {
            self.cells.push((shape, style, dots));
        }
        fits
    }

    /// True without characters.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    fn width(&self) -> usize {
        self.cells.iter().map(|cell| cell.2).sum()
    }

    /// Draws the line, all characters on one foot, and forgets it.
    pub fn draw(&mut self) -> Bitmap {
        let height = |style: Style| if style.tall { 48 } else { 24 };
        let tallest = self
            .cells
            .iter()
            .map(|cell| height(cell.1))
            .max()
            .unwrap_or(0);
        let mut bitmap = Bitmap::new(self.width(), tallest);
        let drawn = with_face(|face| {
            let mut x = 0;
            for &(shape, style, dots) in &self.cells {
                let y = tallest - height(style);
                match shape {
                    Shape::Character(character) => {
                        face.draw(&mut bitmap, x, y, character, style);
                    }
                    Shape::Box => empty_box(&mut bitmap, x, y, dots, height(style)),
                }
                x += dots;
            }
        });
        if let Err(error) = drawn {
            eprintln!("kiosk-sim: {error}");
        }
        self.cells.clear();
        bitmap
    }
}

fn empty_box(bitmap: &mut Bitmap, x: usize, y: usize, width: usize, height: usize) {
    bitmap.fill(x + 1, y + 1, width - 2, 1);
    bitmap.fill(x + 1, y + height - 2, width - 2, 1);
    bitmap.fill(x + 1, y + 1, 1, height - 2);
    bitmap.fill(x + width - 2, y + 1, 1, height - 2);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_what_its_set_has() {
        use Shape::{Box, Character};
        let cases: [(&[u8], &[Shape], &[Shape]); 5] = [
            (b"\xB5\xBC", &[Character('导')], &[Character('导')]),
            (b"\xFE\x9F", &[Character('䶮')], &[Box]),
            (b"\x81\x39\xEF\x31", &[Character('㐂')], &[Box, Box]),
            (b"\x95\x34\xB2\x35", &[Box], &[Box, Box]),
            (b"\xFF\xFF", &[Box], &[Box]),
        ];
        for (code, gb18030, gbk) in cases {
            assert_eq!(shapes(code, Charset::Gb18030), gb18030, "{code:02x?}");
            assert_eq!(shapes(code, Charset::Gbk), gbk, "{code:02x?}");
        }
    }
}
