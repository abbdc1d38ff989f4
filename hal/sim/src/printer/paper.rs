//! The paper that comes out, and its picture.

use std::collections::VecDeque;

use image::{Rgb, RgbImage};

use super::Setup;

/// Dots between the head and the cutter above it: 10 mm.
pub const HEAD_TO_CUTTER: usize = 80;

/// Longest paper that may hang out, in rows of dots: 4 m. Older rows are dropped.
const LONGEST: usize = 32_000;

/// Paper from the head outwards, as rows of packed dots.
pub struct Sheet {
    stride: usize,
    rows: VecDeque<Vec<u8>>,
}

impl Sheet {
    /// Fresh paper: blank from head to cutter.
    pub fn new(dots: usize) -> Self {
        let stride = dots / 8;
        Self {
            stride,
            rows: vec![vec![0; stride]; HEAD_TO_CUTTER].into(),
        }
    }

    /// Adds a row at the head; a short one is blank at its end.
    pub fn push(&mut self, row: &[u8]) {
        let mut whole = row[..row.len().min(self.stride)].to_vec();
        whole.resize(self.stride, 0);
        self.rows.push_back(whole);
        if self.rows.len() > LONGEST {
            self.rows.pop_front();
        }
    }

    /// Rows that were printed or fed since the last cut.
    pub fn printed_rows(&self) -> usize {
        self.rows.len() - HEAD_TO_CUTTER
    }

    /// Dots across.
    pub fn dots(&self) -> usize {
        self.stride * 8
    }

    /// The rows that lie outside of the cutter, oldest first.
    pub fn past_cutter(&self) -> impl Iterator<Item = &Vec<u8>> + Clone {
        self.rows.iter().take(self.printed_rows())
    }

    /// Whether anything is printed on it.
    pub fn has_ink(&self) -> bool {
        self.rows
            .iter()
            .any(|row| row.iter().any(|&byte| byte != 0))
    }

    /// What the cutter cuts off: all but the paper between it and the head.
    pub fn take_past_cutter(&mut self) -> Vec<Vec<u8>> {
        let past = self.rows.len() - HEAD_TO_CUTTER;
        self.rows.drain(..past).collect()
    }

    /// Everything, with fresh paper in its place.
    pub fn take_all(&mut self) -> Vec<Vec<u8>> {
        let fresh = Self::new(self.stride * 8);
        std::mem::replace(self, fresh).rows.into()
    }
}

/// Whether anything is printed on these rows.
pub fn has_ink(rows: &[Vec<u8>]) -> bool {
    rows.iter().flatten().any(|&byte| byte != 0)
}

/// Table around the paper, in dots.
const BORDER: usize = 28;

/// Colours of table, paper, and heated paper.
const TABLE: [f32; 3] = [214.0, 217.0, 221.0];
const BLANK: [f32; 3] = [252.0, 251.0, 247.0];
const HEATED: [f32; 3] = [38.0, 38.0, 44.0];

/// Draws a piece of paper, 8 dots/mm, lying on a table.
pub fn draw(rows: &[Vec<u8>], setup: &Setup) -> RgbImage {
    let margin = (setup.paper_dots - setup.dots) / 2;
    let (width, height) = (setup.paper_dots + 2 * BORDER, rows.len() + 2 * BORDER);
    let ink = |x: usize, y: usize| {
        rows.get(y).is_some_and(|row| {
            row.get(x / 8)
                .is_some_and(|byte| byte & 0x80 >> (x % 8) != 0)
        })
    };
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let (x, y) = (x as usize, y as usize);
        let cover = on_paper(x, y, setup.paper_dots, rows.len());
        let grain = noise(x, y) - 0.5;
        let mut colour = BLANK.map(|channel| channel + grain * 3.0);
        if let (Some(column), Some(row)) = (x.checked_sub(BORDER + margin), y.checked_sub(BORDER))
            && column < setup.dots
            && ink(column, row)
        {
            // No two elements of the head heat alike, and single dots stay paler than full areas.
            let neighbours = [(0, 1), (2, 1), (1, 0), (1, 2)];
            let near = neighbours
                .iter()
                .filter(|&&(dx, dy)| {
                    column + dx > 0 && row + dy > 0 && ink(column + dx - 1, row + dy - 1)
                })
                .count();
            let heat = 0.86 + 0.03 * near as f32 + 0.06 * (noise(column, 7) - 0.5) + 0.08 * grain;
            colour =
                std::array::from_fn(|at| colour[at] + (HEATED[at] - colour[at]) * heat.min(1.0));
        }
        // The paper's shadow falls to the lower right.
        let shadow = on_paper(
            x.saturating_sub(5),
            y.saturating_sub(6),
            setup.paper_dots,
            rows.len(),
        );
        let table = TABLE.map(|channel| channel * (1.0 - 0.16 * shadow));
        Rgb(std::array::from_fn(|at| {
            (table[at] + (colour[at] - table[at]) * cover).clamp(0.0, 255.0) as u8
        }))
    })
}

/// How much of a dot is paper: 1 inside, 0 outside, between at the edges. Top and bottom are cut by a
/// blade with teeth.
fn on_paper(x: usize, y: usize, width: usize, height: usize) -> f32 {
    if !(BORDER..BORDER + width).contains(&x) {
        return 0.0;
    }
    let phase = (x % 8) as f32 / 8.0;
    let tooth = 3.0 * (1.0 - (2.0 * phase - 1.0).abs()) + noise(x, 1);
    let (top, bottom) = (
        BORDER as f32 + tooth,
        (BORDER + height) as f32 - 4.0 + tooth,
    );
    let y = y as f32;
    ((y - top + 1.0).clamp(0.0, 1.0)) * ((bottom - y).clamp(0.0, 1.0))
}

/// A number from 0 to 1 without a pattern, the same for the same place.
fn noise(x: usize, y: usize) -> f32 {
    let mut value = (x as u32).wrapping_mul(0x9E37_79B1) ^ (y as u32).wrapping_mul(0x85EB_CA77);
    value = (value ^ value >> 15).wrapping_mul(0x2C1B_3C6D);
    value = (value ^ value >> 12).wrapping_mul(0x297A_2D39);
    (value >> 8) as f32 / (1 << 24) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_leaves_what_lies_between_head_and_cutter() {
        let mut sheet = Sheet::new(16);
        sheet.push(&[0xFF, 0xFF]);
        assert!(sheet.has_ink());
        assert!(
            !has_ink(&sheet.take_past_cutter()),
            "cut without feeding: the ink stays inside"
        );
        for _ in 0..HEAD_TO_CUTTER {
            sheet.push(&[]);
        }
        assert!(has_ink(&sheet.take_past_cutter()));
        assert_eq!((sheet.has_ink(), sheet.printed_rows()), (false, 0));
    }
}
