//! One bit a dot.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A black-and-white picture, packed as raster commands want it: rows of whole bytes, the leftmost dot
/// in the highest bit, 1 for black. Zeroised when dropped, for it may show a name.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Bitmap {
    width: usize,
    height: usize,
    bits: Vec<u8>,
}

impl Bitmap {
    /// A white picture of so many dots.
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            bits: vec![0; width.div_ceil(8) * height],
        }
    }

    /// Dots across.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Dots down.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Bytes of a row.
    pub fn stride(&self) -> usize {
        self.width.div_ceil(8)
    }

    /// All rows, top first.
    pub fn rows(&self) -> &[u8] {
        &self.bits
    }

    /// Whether a dot is black; white outside the picture.
    pub fn get(&self, x: usize, y: usize) -> bool {
        x < self.width
            && y < self.height
            && self.bits[y * self.stride() + x / 8] & 0x80 >> (x % 8) != 0
    }

    /// Blackens a dot; outside the picture nothing happens.
    pub fn set(&mut self, x: usize, y: usize) {
        if x < self.width && y < self.height {
            let stride = self.stride();
            self.bits[y * stride + x / 8] |= 0x80 >> (x % 8);
        }
    }

    /// Blackens a rectangle.
    pub fn fill(&mut self, x: usize, y: usize, width: usize, height: usize) {
        for row in y..y + height {
            for column in x..x + width {
                self.set(column, row);
            }
        }
    }

    /// The same picture with so many white dots before each row.
    pub fn moved_right(&self, dots: usize) -> Self {
        let mut moved = Self::new(dots + self.width, self.height);
        for y in 0..self.height {
            for x in (0..self.width).filter(|&x| self.get(x, y)) {
                moved.set(dots + x, y);
            }
        }
        moved
    }

    /// Black dots from the left edge to the last black one: the width that matters.
    pub fn inked_width(&self) -> usize {
        (0..self.width)
            .rfind(|&x| (0..self.height).any(|y| self.get(x, y)))
            .map_or(0, |x| x + 1)
    }
}

impl std::fmt::Debug for Bitmap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bitmap({}×{})", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_and_clips() {
        let mut bitmap = Bitmap::new(10, 2);
        bitmap.set(0, 0);
        bitmap.fill(8, 1, 5, 5);
        assert_eq!(bitmap.rows(), [0x80, 0x00, 0x00, 0xC0]);
        assert!(bitmap.get(9, 1) && !bitmap.get(10, 1) && !bitmap.get(9, 0));
        assert_eq!(bitmap.inked_width(), 10);
        assert_eq!(Bitmap::new(8, 8).inked_width(), 0);
    }
}
