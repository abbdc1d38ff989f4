//! The system's Chinese font, and single characters drawn with it.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, PxScale, point};
use fontdb::{Database, Family, ID, Query};

use super::{Bitmap, CELL};
use crate::slip::{Style, char_columns};

/// Families by preference. All have the glyph shapes of the mainland (SC); the monospaced one comes
/// first because its letters are as wide as a printer's, half an ideograph.
const FAMILIES: [&str; 7] = [
    "Noto Sans Mono CJK SC",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Noto Serif CJK SC",
];

/// Coverage from which a dot is black. A little below the half keeps thin horizontals whole.
const INK: f32 = 0.42;

/// Why nothing can be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GlyphError {
    /// No Chinese font is installed.
    #[error("no Chinese font is installed; install one, such as Debian's fonts-noto-cjk")]
    NoFont,
    /// The font's file cannot be read.
    #[error("the font {0} cannot be read")]
    BadFont(&'static str),
    /// The QR code's text is longer than the paper is wide.
    #[error("{bytes} bytes do not fit a QR code on this paper")]
    QrTooLong {
        /// Length of the text in bytes.
        bytes: usize,
    },
}

/// A font, open for drawing.
pub struct Face<'font> {
    font: FontRef<'font>,
}

/// Opens the Chinese font for as long as `draw` runs.
///
/// The first call looks through the names of the installed fonts (some milliseconds). The font's
/// file (20 MB) is mapped and not copied, and only while drawing.
///
/// # Errors
/// [`GlyphError::NoFont`] or [`GlyphError::BadFont`].
pub fn with_face<T>(draw: impl FnOnce(&Face<'_>) -> T) -> Result<T, GlyphError> {
    static FOUND: OnceLock<Option<(Database, ID, &'static str)>> = OnceLock::new();
    let (database, id, family) = FOUND.get_or_init(find).as_ref().ok_or(GlyphError::NoFont)?;
    database
        .with_face_data(*id, |data, index| {
            FontRef::try_from_slice_and_index(data, index)
                .ok()
                .map(|font| draw(&Face { font }))
        })
        .flatten()
        .ok_or(GlyphError::BadFont(family))
}

fn find() -> Option<(Database, ID, &'static str)> {
    let mut database = Database::new();
    database.load_system_fonts();
    // Faces of a collection are told apart by their family: each names its own region.
    let found = FAMILIES.into_iter().find_map(|family| {
        let query = Query {
            families: &[Family::Name(family)],
            ..Query::default()
        };
        database.query(&query).map(|id| (id, family))
    });
    found.map(|(id, family)| (database, id, family))
}

impl Face<'_> {
    /// Whether the font has the character. Without it, [`Self::draw`] draws an empty box.
    pub fn has(&self, character: char) -> bool {
        self.font.glyph_id(character).0 != 0
    }

    /// Draws a character into the cell whose top left dot is (`x`, `y`), and returns the cell's width:
    /// 12 dots for ASCII, 24 for the rest, 0 for control characters; doubled if wide.
    pub fn draw(
        &self,
        bitmap: &mut Bitmap,
        x: usize,
        y: usize,
        character: char,
        style: Style,
    ) -> usize {
        self.draw_sized(bitmap, x, y, character, style, CELL)
    }

    /// Draws a character as [`Self::draw`] does, in a cell of so many dots instead of [`CELL`].
    pub fn draw_sized(
        &self,
        bitmap: &mut Bitmap,
        x: usize,
        y: usize,
        character: char,
        style: Style,
        cell: usize,
    ) -> usize {
        let (across, down) = (
            if style.wide { 2 } else { 1 },
            if style.tall { 2 } else { 1 },
        );
        let width = char_columns(character) * cell / 2 * across;
        let height = cell * down;
        // Strokes are as thick, measured by the cell, at every size.
        let stroke = cell.div_ceil(CELL);
        if width == 0 {
            return 0;
        }
        if !character.is_whitespace() {
            if self.has(character) {
                self.outline(bitmap, (x, y), (width, height), character, style, cell);
            } else {
                missing(bitmap, (x, y), (width, height));
            }
        }
        if style.underline {
            bitmap.fill(x, y + height - 2 * stroke, width, 2 * stroke);
        }
        width
    }

    /// Draws a line of text, [`CELL`] dots high (twice that if tall), cut off at `limit` dots.
    pub fn line(&self, text: &str, style: Style, limit: usize) -> Bitmap {
        let width = crate::slip::columns(text) * CELL / 2 * if style.wide { 2 } else { 1 };
        let mut bitmap = Bitmap::new(width.min(limit), CELL * if style.tall { 2 } else { 1 });
        let mut x = 0;
        for character in text.chars() {
            x += self.draw(&mut bitmap, x, 0, character, style);
            if x >= limit {
                break;
            }
        }
        bitmap
    }

    fn outline(
        &self,
        bitmap: &mut Bitmap,
        (x, y): (usize, usize),
        (width, height): (usize, usize),
        character: char,
        style: Style,
        cell: usize,
    ) {
        let units = self.font.units_per_em().unwrap_or(1000.0);
        let glyph = self.font.glyph_id(character);
        // Scales are given for the font's whole height; a cell is one em high.
        let down = height as f32 * self.font.height_unscaled() / units;
        let em_across = (cell * if style.wide { 2 } else { 1 }) as f32;
        let advance = self.font.h_advance_unscaled(glyph) / units * em_across;
        // Letters of a proportional font can be wider than half an em: they are narrowed.
        let squeeze = (width as f32 / advance.max(1.0)).min(1.0);
        let across = em_across * squeeze * self.font.height_unscaled() / units;
        let left = x as f32 + (width as f32 - advance * squeeze) / 2.0;
        // An ideograph's box spans 0.88 em above the baseline and 0.12 em below.
        let baseline = y as f32 + height as f32 * 0.88;
        let scale = PxScale { x: across, y: down };
        let Some(outlined) = self
            .font
            .outline_glyph(glyph.with_scale_and_position(scale, point(left, baseline)))
        else {
            return;
        };
        let origin = outlined.px_bounds().min;
        outlined.draw(|column, row, coverage| {
            let (dot_x, dot_y) = (origin.x + column as f32, origin.y + row as f32);
            if coverage >= INK && dot_x >= 0.0 && dot_y >= 0.0 {
                let (dot_x, dot_y) = (dot_x as usize, dot_y as usize);
                bitmap.set(dot_x, dot_y);
                // Printers embolden by striking again one dot to the right.
                if style.bold {
                    bitmap.fill(dot_x + 1, dot_y, cell.div_ceil(CELL), 1);
                }
            }
        });
    }
}

/// An empty box for what the font lacks: to be seen, not dropped.
fn missing(bitmap: &mut Bitmap, (x, y): (usize, usize), (width, height): (usize, usize)) {
    bitmap.fill(x + 2, y + 2, width - 4, 2);
    bitmap.fill(x + 2, y + height - 4, width - 4, 2);
    bitmap.fill(x + 2, y + 2, 2, height - 4);
    bitmap.fill(x + width - 4, y + 2, 2, height - 4);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ink(text: &str, style: Style) -> (usize, usize) {
        let bitmap = with_face(|face| face.line(text, style, 576)).unwrap();
        let black = (0..bitmap.height())
            .flat_map(|y| (0..bitmap.width()).map(move |x| (x, y)))
            .filter(|&(x, y)| bitmap.get(x, y));
        (bitmap.width(), black.count())
    }

    #[test]
    fn draws_rare_characters_apart_from_the_box_of_missing_ones() {
        with_face(|face| {
            for character in "䶮㐂𠮷𬭎□─①Aé".chars() {
                assert!(face.has(character), "{character}");
            }
            assert!(!face.has('\u{10FFFD}'));
        })
        .unwrap();
        let plain = Style::default();
        let pictures: Vec<_> = ["䶮", "㐂", "𠮷", "𬭎", "\u{10FFFD}"]
            .map(|text| with_face(|face| face.line(text, plain, 576)).unwrap())
            .into();
        for (at, one) in pictures.iter().enumerate() {
            assert!(pictures[..at].iter().all(|other| other != one));
            assert_eq!((one.width(), one.height()), (24, 24));
        }
    }

    #[test]
    fn styles_change_width_and_weight() {
        let plain = Style::default();
        assert_eq!(ink("导A", plain).0, 36);
        assert_eq!(
            ink(
                "导A",
                Style {
                    wide: true,
                    tall: true,
                    ..plain
                }
            )
            .0,
            72
        );
        assert!(
            ink(
                "导",
                Style {
                    bold: true,
                    ..plain
                }
            )
            .1 > ink("导", plain).1
        );
        assert_eq!(
            ink(
                "  ",
                Style {
                    underline: true,
                    ..plain
                }
            ),
            (24, 48)
        );
        assert_eq!(ink(&"导".repeat(40), plain).0, 576, "cut off at the edge");
        assert_eq!(ink("", plain), (0, 0));
    }
}
