//! What a window shows, in memory, and as PNG.
//!
//! A crate of its own because a page has two million pixels, and Slint's loops over them are compiled
//! with whoever calls it: this one is optimised in every profile.

use std::io;

use image::ImageEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use rgb::ComponentBytes;
use slint::Rgb8Pixel;
use slint::platform::software_renderer::{PhysicalRegion, SoftwareRenderer};
use zeroize::Zeroizing;

/// The pixels of a window.
pub struct Canvas {
    size: (u32, u32),
    pixels: Vec<Rgb8Pixel>,
}

impl Canvas {
    /// A black one of this width and height in pixels.
    pub fn new(size: (u32, u32)) -> Canvas {
        Canvas {
            size,
            pixels: vec![Rgb8Pixel::default(); (size.0 * size.1) as usize],
        }
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        self.size
    }

    /// Draws what the renderer says has changed, and tells where.
    pub fn draw(&mut self, renderer: &SoftwareRenderer) -> PhysicalRegion {
        renderer.render(&mut self.pixels, self.size.0 as usize)
    }

    /// Red, green and blue of each pixel, row by row.
    pub fn bytes(&self) -> &[u8] {
        self.pixels.as_bytes()
    }

    /// The same of a part, which ends before `right` and `bottom`.
    ///
    /// # Panics
    /// If the part is not within [`Canvas::size`].
    pub fn part(&self, left: u32, top: u32, right: u32, bottom: u32) -> Zeroizing<Vec<u8>> {
        let (left, right) = (left as usize, right as usize);
        let rows = (bottom - top) as usize;
        let mut bytes = Zeroizing::new(Vec::with_capacity(3 * (right - left) * rows));
        for row in self
            .pixels
            .chunks_exact(self.size.0 as usize)
            .skip(top as usize)
            .take(rows)
        {
            bytes.extend_from_slice(row[left..right].as_bytes());
        }
        bytes
    }
}

/// Appends red, green and blue of each pixel as PNG, quickly rather than small.
///
/// # Errors
/// When there is nothing to show, or more than PNG takes.
///
/// # Panics
/// If the bytes are not those of this width and height.
pub fn encode_png(to: &mut Vec<u8>, size: (u32, u32), bytes: &[u8]) -> io::Result<()> {
    PngEncoder::new_with_quality(to, CompressionType::Fast, FilterType::Up)
        .write_image(bytes, size.0, size.1, image::ExtendedColorType::Rgb8)
        .map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_cut_out_row_by_row() {
        let mut canvas = Canvas::new((3, 3));
        for (number, pixel) in (0..).zip(&mut canvas.pixels) {
            *pixel = Rgb8Pixel::new(number, number, number);
        }
        let part = canvas.part(1, 0, 3, 2);
        assert_eq!(*part, [1, 1, 1, 2, 2, 2, 4, 4, 4, 5, 5, 5]);
        assert_eq!(*canvas.part(0, 0, 3, 3), canvas.bytes());
        assert!(canvas.part(1, 1, 1, 3).is_empty());
    }

    #[test]
    fn a_png_says_what_the_pixels_say() {
        let (size, bytes) = ((2, 1), [1, 2, 3, 250, 251, 252]);
        let mut png = Vec::new();
        encode_png(&mut png, size, &bytes).unwrap();
        let read = image::load_from_memory(&png).unwrap().to_rgb8();
        assert_eq!(
            (read.dimensions(), &read.into_raw()[..]),
            (size, &bytes[..])
        );
        assert!(encode_png(&mut Vec::new(), (0, 1), &[]).is_err());
    }
}
