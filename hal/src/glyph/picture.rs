//! A whole slip as a picture of paper.

use image::{GrayImage, Luma};

use super::{Bitmap, CELL, GlyphError, with_face};
use crate::qr::{self, Plan};
use crate::slip::{Align, Element, PaperWidth, Slip, Style};

/// Dots from one line to the next: 1/6 inch at 203 dpi, as printers start with.
pub(crate) const LINE_PITCH: usize = 34;

/// Dots from a tall line to the next.
const TALL_PITCH: usize = 60;

/// Blank paper above the first line: what lies between head and cutter.
const TOP: usize = 80;

/// Blank paper below the last line.
const BOTTOM: usize = 48;

/// Brightness of paper and of ink; thermal paper is neither white nor black.
const PAPER: u8 = 250;
const INK: u8 = 28;

/// Draws a slip as the paper that comes out, at 8 dots/mm, unprinted margins included.
///
/// # Errors
/// [`GlyphError`] without a Chinese font, or if a QR code does not fit.
pub fn raster(slip: &Slip, paper: PaperWidth) -> Result<GrayImage, GlyphError> {
    let pieces = with_face(|face| {
        let line = |text: &str, style, align| Piece {
            bitmap: face.line(text, style, paper.dots()),
            align,
            above: 0,
            pitch: pitch(style),
        };
        let draw = |element: &Element| match element {
            Element::Line { text, style, align } => Ok(line(text, *style, *align)),
            Element::Rule => Ok(line(&rule(paper), Style::default(), Align::Left)),
            Element::Feed(lines) => Ok(Piece {
                bitmap: Bitmap::new(0, 0),
                align: Align::Left,
                above: 0,
                pitch: LINE_PITCH * usize::from(*lines),
            }),
            Element::Qr { data } => {
                let too_long = GlyphError::QrTooLong { bytes: data.len() };
                let plan = Plan::new(data, paper).ok_or(too_long.clone())?;
                let margin = qr::QUIET_ZONE * plan.module;
                let bitmap = plan.draw(data).ok_or(too_long)?;
                let pitch = bitmap.height() + 2 * margin;
                Ok(Piece {
                    bitmap,
                    align: Align::Centre,
                    above: margin,
                    pitch,
                })
            }
        };
        slip.elements
            .iter()
            .map(draw)
            .collect::<Result<Vec<_>, GlyphError>>()
    })??;

    let height = TOP + pieces.iter().map(|piece| piece.pitch).sum::<usize>() + BOTTOM;
    let mut picture =
        GrayImage::from_pixel(paper.paper_dots() as u32, height as u32, Luma([PAPER]));
    let margin = (paper.paper_dots() - paper.dots()) / 2;
    let mut top = TOP;
    for piece in &pieces {
        let room = paper.dots().saturating_sub(piece.bitmap.width());
        let left = margin
            + match piece.align {
                Align::Left => 0,
                Align::Centre => room / 2,
                Align::Right => room,
            };
        for y in 0..piece.bitmap.height() {
            for x in (0..piece.bitmap.width()).filter(|&x| piece.bitmap.get(x, y)) {
                picture.put_pixel(
                    (left + x) as u32,
                    (top + piece.above + y) as u32,
                    Luma([INK]),
                );
            }
        }
        top += piece.pitch;
    }
    Ok(picture)
}

/// The text of a rule: a line of box-drawing characters, which all printers have, joins up.
pub(crate) fn rule(paper: PaperWidth) -> String {
    "─".repeat(paper.dots() / CELL)
}

/// Dots from a line of this style to the next.
pub(crate) fn pitch(style: Style) -> usize {
    if style.tall { TALL_PITCH } else { LINE_PITCH }
}

struct Piece {
    bitmap: Bitmap,
    align: Align,
    /// Blank dots above the bitmap.
    above: usize,
    /// Dots from its top to the next piece.
    pitch: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_a_slip_whose_code_can_be_read() {
        let mut slip = Slip::new();
        slip.text("济南市历下区政务服务中心")
            .rule()
            .qr("https://yici.example/g?s=示例")
            .feed(2);
        for paper in [PaperWidth::Mm58, PaperWidth::Mm80] {
            let picture = raster(&slip, paper).unwrap();
            assert_eq!(picture.width() as usize, paper.paper_dots());
            let (width, height) = (picture.width() as usize, picture.height() as usize);
            let mut read = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
                picture.get_pixel(x as u32, y as u32).0[0]
            });
            assert_eq!(
                read.detect_grids()[0].decode().unwrap().1,
                "https://yici.example/g?s=示例"
            );
        }
    }

    #[test]
    fn refuses_a_code_that_does_not_fit() {
        let mut slip = Slip::new();
        slip.qr("x".repeat(3000));
        assert_eq!(
            raster(&slip, PaperWidth::Mm58).unwrap_err(),
            GlyphError::QrTooLong { bytes: 3000 }
        );
    }
}
