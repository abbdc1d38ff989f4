//! Pages of A4, drawn in black and white.

use crate::glyph::{Bitmap, Face, GlyphError, with_face};
use crate::qr::{Plan, QUIET_ZONE};
use crate::slip::{Align, Element, PaperWidth, Slip, Style, char_columns, columns};

/// Dots per inch, across and down.
pub const DPI: usize = 300;

/// Dots across a page: 210 mm.
pub const WIDTH: usize = 2480;

/// Dots down a page: 297 mm.
pub const HEIGHT: usize = 3508;

/// No document has more pages.
pub const MAX_PAGES: usize = 50;

/// Blank paper on all sides, in dots: 20 mm. Printers leave some of it unprinted anyway.
const MARGIN: usize = 236;

/// Height of a character in dots: 10.5 points (五号), the usual size of forms.
const CELL: usize = 44;

/// Dots from one line to the next, and after a tall one.
const PITCH: usize = 66;
const TALL_PITCH: usize = 120;

/// How many dots a dot of a QR code on a slip becomes.
const QR_SCALE: usize = 2;

/// Pages of A4 at [`DPI`]: [`WIDTH`] × [`HEIGHT`] dots each. Black and white, because printers turn grey
/// letters into patterns of dots. Zeroised when dropped.
#[derive(Debug)]
pub struct Document {
    pages: Vec<Bitmap>,
}

/// Why there is no document.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It cannot be drawn.
    #[error(transparent)]
    Glyph(#[from] GlyphError),
    /// It takes more than [`MAX_PAGES`], or none.
    #[error("a document has 1 to {MAX_PAGES} pages")]
    Pages,
    /// A page is not [`WIDTH`] × [`HEIGHT`].
    #[error("a page has {WIDTH} × {HEIGHT} dots")]
    Size,
}

impl Document {
    /// Takes pages that were drawn elsewhere.
    ///
    /// # Errors
    /// [`DocumentError::Pages`] or [`DocumentError::Size`].
    pub fn new(pages: Vec<Bitmap>) -> Result<Self, DocumentError> {
        if pages.is_empty() || pages.len() > MAX_PAGES {
            return Err(DocumentError::Pages);
        }
        let fits = |page: &Bitmap| (page.width(), page.height()) == (WIDTH, HEIGHT);
        if !pages.iter().all(fits) {
            return Err(DocumentError::Size);
        }
        Ok(Self { pages })
    }

    /// Sets what would be printed as a slip on A4, with the same elements and styles. Lines that are too
    /// long are broken, so that nothing is dropped.
    ///
    /// # Errors
    /// [`DocumentError::Glyph`] without a Chinese font or for a QR code that is too large,
    /// [`DocumentError::Pages`] for a text that is too long.
    pub fn typeset(text: &Slip) -> Result<Self, DocumentError> {
        let pages = with_face(|face| {
            let mut setter = Setter::new(face);
            for element in &text.elements {
                setter.set(element)?;
            }
            Ok::<_, DocumentError>(setter.pages)
        })??;
        Self::new(pages)
    }

    /// The pages, first to last.
    pub fn pages(&self) -> &[Bitmap] {
        &self.pages
    }
}

/// Fills pages from the top.
struct Setter<'a> {
    face: &'a Face<'a>,
    pages: Vec<Bitmap>,
    /// The first dot row that is free on the last page.
    top: usize,
}

impl<'a> Setter<'a> {
    fn new(face: &'a Face<'a>) -> Self {
        Self {
            face,
            pages: vec![Bitmap::new(WIDTH, HEIGHT)],
            top: MARGIN,
        }
    }

    /// Takes so many rows, on a new page if this one has no room, and returns the first.
    fn room(&mut self, rows: usize) -> Result<(&mut Bitmap, usize), DocumentError> {
        if self.top + rows > HEIGHT - MARGIN {
            if self.pages.len() == MAX_PAGES {
                return Err(DocumentError::Pages);
            }
            self.pages.push(Bitmap::new(WIDTH, HEIGHT));
            self.top = MARGIN;
        }
        let top = self.top;
        self.top += rows;
        let page = self.pages.last_mut().ok_or(DocumentError::Pages)?;
        Ok((page, top))
    }

    fn set(&mut self, element: &Element) -> Result<(), DocumentError> {
        match element {
            Element::Line { text, style, align } => {
                let across = if style.wide { 2 } else { 1 };
                for line in broken(text, (WIDTH - 2 * MARGIN) / (CELL / 2 * across)) {
                    self.line(line, *style, *align)?;
                }
            }
            Element::Rule => {
                let (page, top) = self.room(PITCH)?;
                page.fill(MARGIN, top + CELL / 2, WIDTH - 2 * MARGIN, 3);
            }
            Element::Feed(lines) => {
                // Blank paper at the foot of a page needs no next one.
                self.top += PITCH * usize::from(*lines);
            }
            Element::Qr { data } => self.qr(data)?,
        }
        Ok(())
    }

    fn line(&mut self, text: &str, style: Style, align: Align) -> Result<(), DocumentError> {
        let face = self.face;
        let pitch = if style.tall { TALL_PITCH } else { PITCH };
        let (page, top) = self.room(pitch)?;
        let width = columns(text) * CELL / 2 * if style.wide { 2 } else { 1 };
        let spare = (WIDTH - 2 * MARGIN).saturating_sub(width);
        let mut x = MARGIN
            + match align {
                Align::Left => 0,
                Align::Centre => spare / 2,
                Align::Right => spare,
            };
        for character in text.chars() {
            x += face.draw_sized(page, x, top, character, style, CELL);
        }
        Ok(())
    }

    fn qr(&mut self, data: &str) -> Result<(), DocumentError> {
        let too_long = || GlyphError::QrTooLong { bytes: data.len() };
        let plan = Plan::new(data, PaperWidth::Mm80).ok_or_else(too_long)?;
        let symbol = plan.draw(data).ok_or_else(too_long)?;
        let quiet = QUIET_ZONE * plan.module * QR_SCALE;
        let side = symbol.height() * QR_SCALE;
        let (page, top) = self.room(side + 2 * quiet)?;
        let left = (WIDTH - side) / 2;
        for y in 0..symbol.height() {
            for x in (0..symbol.width()).filter(|&x| symbol.get(x, y)) {
                let (x, y) = (left + x * QR_SCALE, top + quiet + y * QR_SCALE);
                page.fill(x, y, QR_SCALE, QR_SCALE);
            }
        }
        Ok(())
    }
}

/// A text in pieces of at most so many columns, broken at a space if there is one in the last quarter.
/// An empty text is one empty piece.
fn broken(text: &str, limit: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    loop {
        let mut width = 0;
        let over = rest.char_indices().find(|(_, character)| {
            width += char_columns(*character);
            width > limit
        });
        let Some((fits, _)) = over else {
            pieces.push(rest);
            return pieces;
        };
        let space = rest[..fits]
            .rfind(' ')
            .filter(|&at| columns(&rest[..at]) > limit * 3 / 4);
        let (piece, after) = match space {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => rest.split_at(fits),
        };
        pieces.push(piece);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ink(page: &Bitmap) -> usize {
        page.rows()
            .iter()
            .map(|byte| byte.count_ones() as usize)
            .sum()
    }

    #[test]
    fn sets_lines_codes_and_pages() {
        let mut text = Slip::new();
        text.line(
            "综合申请表",
            Style {
                wide: true,
                tall: true,
                ..Style::default()
            },
            Align::Centre,
        );
        text.rule().qr("https://yici.example/示例");
        let document = Document::typeset(&text).unwrap();
        let [page] = document.pages() else {
            panic!("one page");
        };
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(WIDTH, HEIGHT, |x, y| {
            if page.get(x, y) { 0 } else { 255 }
        });
        let grids = image.detect_grids();
        assert_eq!(grids[0].decode().unwrap().1, "https://yici.example/示例");
        let margins =
            (0..HEIGHT).any(|y| (0..MARGIN).any(|x| page.get(x, y) || page.get(WIDTH - 1 - x, y)));
        assert!(!margins, "nothing stands in the margins");

        let mut long = Slip::new();
        for _ in 0..100 {
            long.text("一行");
        }
        let document = Document::typeset(&long).unwrap();
        assert_eq!(document.pages().len(), 3);
        let line = ink(&Document::typeset(Slip::new().text("一行")).unwrap().pages()[0]);
        let all: usize = document.pages().iter().map(ink).sum();
        assert_eq!(all, 100 * line, "every line is there");
    }

    #[test]
    fn bounds_are_kept() {
        let mut endless = Slip::new();
        endless.text("长".repeat(200_000));
        assert_eq!(
            Document::typeset(&endless).unwrap_err(),
            DocumentError::Pages
        );
        assert_eq!(Document::new(Vec::new()).unwrap_err(), DocumentError::Pages);
        let small = vec![Bitmap::new(8, 8)];
        assert_eq!(Document::new(small).unwrap_err(), DocumentError::Size);
    }

    proptest! {
        #[test]
        fn breaking_drops_nothing_but_spaces(text in "[a-z 一龥䶮]{0,200}", limit in 4..40_usize) {
            let pieces = broken(&text, limit);
            prop_assert!(pieces.iter().all(|piece| columns(piece) <= limit));
            let plain = |text: &str| text.replace(' ', "");
            prop_assert_eq!(plain(&pieces.concat()), plain(&text));
        }
    }
}
