//! One picture as the camera sent it, decoded within bounds.

use std::fmt;

use image::{Rgb, RgbImage, imageops};
use zeroize::Zeroizing;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::wiped::Wiped;

/// No picture has more pixels across: 13 megapixels are what the largest document cameras for A3 send.
pub const MAX_WIDTH: u32 = 4208;

/// No picture has more pixels down.
pub const MAX_HEIGHT: u32 = 3120;

/// A picture in RGB. It may show anybody's papers: it is zeroised when dropped, and `Debug` does not
/// show it.
pub struct Frame(Wiped<Rgb<u8>>);

impl Frame {
    /// A picture of at most [`MAX_WIDTH`] × [`MAX_HEIGHT`] pixels.
    ///
    /// # Errors
    /// [`FrameError::TooLarge`], also for a picture without pixels.
    pub fn new(picture: RgbImage) -> Result<Self, FrameError> {
        let picture = Wiped(picture);
        if fits(picture.width(), picture.height()) {
            Ok(Self(picture))
        } else {
            Err(FrameError::TooLarge)
        }
    }

    /// Pixels across, from 1.
    pub fn width(&self) -> u32 {
        self.0.width()
    }

    /// Pixels down, from 1.
    pub fn height(&self) -> u32 {
        self.0.height()
    }

    /// The picture, made smaller if it is larger than so many pixels across and down.
    pub(super) fn within(self, (width, height): (u32, u32)) -> Self {
        if self.width() <= width && self.height() <= height {
            return self;
        }
        let scale = (f64::from(width) / f64::from(self.width()))
            .min(f64::from(height) / f64::from(self.height()));
        let scaled = |length: u32| ((f64::from(length) * scale) as u32).max(1);
        let (width, height) = (scaled(self.width()), scaled(self.height()));
        Self(Wiped(imageops::thumbnail(&*self.0, width, height)))
    }

    /// The pixels. A copy of them is the caller's to zeroise.
    pub fn picture(&self) -> &RgbImage {
        &self.0
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({}×{})", self.width(), self.height())
    }
}

/// Why bytes of the camera are no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// It is larger than [`MAX_WIDTH`] × [`MAX_HEIGHT`], or has no pixels.
    #[error("the picture is larger than any camera's")]
    TooLarge,
    /// It is cut off, or its bytes are none of the format.
    #[error("the picture is damaged")]
    Damaged,
}

/// How the bytes of a picture are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// One JPEG; its Huffman tables may be left out, as in Motion JPEG.
    Jpeg,
    /// YUV 4:2:2 in the order Y U Y V, in rows of so many bytes.
    Yuyv {
        /// Bytes of a row, padding included.
        stride: u32,
    },
}

impl Encoding {
    /// Decodes a picture that should have this size, in pixels across and down; a JPEG has the size that
    /// it says.
    ///
    /// # Errors
    /// [`FrameError`].
    pub fn decode(self, bytes: &[u8], (width, height): (u32, u32)) -> Result<Frame, FrameError> {
        if !fits(width, height) {
            return Err(FrameError::TooLarge);
        }
        match self {
            Self::Jpeg => jpeg(bytes),
            Self::Yuyv { stride } => yuyv(bytes, width, height, stride),
        }
    }
}

fn fits(width: u32, height: u32) -> bool {
    (1..=MAX_WIDTH).contains(&width) && (1..=MAX_HEIGHT).contains(&height)
}

/// Start of image.
const SOI: [u8; 2] = [0xFF, 0xD8];

/// An APP0 segment that says "Motion JPEG": with it the decoder fills in the tables of ITU T.81 annex K
/// where a frame brings none. Cameras leave out both, the tables and the segment.
const AVI1: [u8; 10] = [0xFF, 0xE0, 0x00, 0x08, b'A', b'V', b'I', b'1', 0, 0];

fn jpeg(bytes: &[u8]) -> Result<Frame, FrameError> {
    let rest = bytes.strip_prefix(&SOI).ok_or(FrameError::Damaged)?;
    let marked = Zeroizing::new([&SOI[..], &AVI1[..], rest].concat());
    // Strict, for otherwise what is missing of a picture comes out grey and passes for paper.
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(MAX_WIDTH as usize)
        .set_max_height(MAX_HEIGHT as usize)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(marked.as_slice()), options);
    decoder.decode_headers().map_err(|_| FrameError::Damaged)?;
    let info = decoder.info().ok_or(FrameError::Damaged)?;
    let mut picture = Wiped(RgbImage::new(info.width.into(), info.height.into()));
    decoder
        .decode_into(&mut picture)
        .map_err(|_| FrameError::Damaged)?;
    Ok(Frame(picture))
}

fn yuyv(bytes: &[u8], width: u32, height: u32, stride: u32) -> Result<Frame, FrameError> {
    let row = 2 * width as usize;
    let stride = (stride as usize).max(row);
    let needed = stride * (height as usize - 1) + row;
    if !width.is_multiple_of(2) || bytes.len() < needed {
        return Err(FrameError::Damaged);
    }
    let mut picture = Wiped(RgbImage::new(width, height));
    let rows = picture.chunks_exact_mut(3 * width as usize);
    for (line, source) in rows.zip(bytes.chunks(stride)) {
        for (two, quad) in line.chunks_exact_mut(6).zip(source.chunks_exact(4)) {
            let [y0, u, y1, v] = [quad[0], quad[1], quad[2], quad[3]].map(i32::from);
            two[..3].copy_from_slice(&rgb(y0, u, v));
            two[3..].copy_from_slice(&rgb(y1, u, v));
        }
    }
    Ok(Frame(picture))
}

/// ITU-R BT.601, limited range, in fixed point: what cameras send by the USB video class, 2.26.
fn rgb(y: i32, u: i32, v: i32) -> [u8; 3] {
    let (y, u, v) = (298 * (y - 16) + 128, u - 128, v - 128);
    [y + 409 * v, y - 100 * u - 208 * v, y + 516 * u].map(|value| (value >> 8).clamp(0, 255) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::ExtendedColorType;
    use image::codecs::jpeg::JpegEncoder;
    use proptest::prelude::*;

    fn picture() -> RgbImage {
        RgbImage::from_fn(64, 48, |x, y| {
            let shade = (x * 3 + y) as u8;
            Rgb([shade, 200 - shade / 2, 90])
        })
    }

    fn encoded(picture: &RgbImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 95)
            .encode(
                picture,
                picture.width(),
                picture.height(),
                ExtendedColorType::Rgb8,
            )
            .unwrap();
        bytes
    }

    /// Drops the segments with this marker.
    fn without(jpeg: &[u8], marker: u8) -> Vec<u8> {
        let mut kept = jpeg[..2].to_vec();
        let mut at = 2;
        while jpeg[at + 1] != 0xDA {
            let length = 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
            if jpeg[at + 1] != marker {
                kept.extend(&jpeg[at..at + length]);
            }
            at += length;
        }
        kept.extend(&jpeg[at..]);
        kept
    }

    #[track_caller]
    fn assert_alike(found: &RgbImage, wanted: &RgbImage, tolerance: u8) {
        assert_eq!(found.dimensions(), wanted.dimensions());
        let worst = found.iter().zip(wanted.iter()).map(|(a, b)| a.abs_diff(*b));
        let worst = worst.max().unwrap();
        assert!(worst <= tolerance, "off by {worst}");
    }

    #[test]
    fn decodes_motion_jpeg_without_tables() {
        let whole = encoded(&picture());
        let bare = without(&without(&whole, 0xC4), 0xE0);
        assert!(bare.len() + 400 < whole.len(), "the tables were there");
        for bytes in [&whole, &bare] {
            let frame = Encoding::Jpeg.decode(bytes, (64, 48)).unwrap();
            assert_alike(frame.picture(), &picture(), 24);
        }
    }

    #[test]
    fn decodes_yuv_with_padded_rows() {
        // White, black, and the primaries of BT.601.
        for (yuv, rgb) in [
            ([235, 128, 128], [255, 255, 255]),
            ([16, 128, 128], [0, 0, 0]),
            ([81, 90, 240], [255, 0, 0]),
            ([145, 54, 34], [0, 255, 0]),
            ([41, 240, 110], [0, 0, 255]),
        ] {
            let row = [[yuv[0], yuv[1], yuv[0], yuv[2]].repeat(4), vec![7; 6]].concat();
            let bytes = row.repeat(3);
            let encoding = Encoding::Yuyv { stride: 22 };
            let frame = encoding.decode(&bytes, (8, 3)).unwrap();
            assert_alike(frame.picture(), &RgbImage::from_pixel(8, 3, Rgb(rgb)), 2);
        }
    }

    #[test]
    fn refuses_what_is_cut_off() {
        let whole = encoded(&picture());
        for cut in [0, 1, 2, 30, whole.len() / 2, whole.len() - 40] {
            let found = Encoding::Jpeg.decode(&whole[..cut], (64, 48)).map(drop);
            assert_eq!(found, Err(FrameError::Damaged), "{cut} bytes");
        }
        let yuyv = Encoding::Yuyv { stride: 0 };
        let found = yuyv.decode(&[0; 8 * 2 * 3 - 1], (8, 3)).map(drop);
        assert_eq!(found, Err(FrameError::Damaged));
    }

    #[test]
    fn refuses_what_is_too_large() {
        let yuyv = Encoding::Yuyv { stride: 0 };
        for size in [(MAX_WIDTH + 2, 2), (2, MAX_HEIGHT + 1), (0, 4), (4, 0)] {
            let found = yuyv.decode(&[0; 64], size).map(drop);
            assert_eq!(found, Err(FrameError::TooLarge), "{size:?}");
        }
        // A small file that claims 65500 × 65500.
        let mut huge = encoded(&picture());
        let at = huge.windows(2).position(|two| two == [0xFF, 0xC0]).unwrap();
        huge[at + 5..at + 9].copy_from_slice(&[0xFF, 0xDC, 0xFF, 0xDC]);
        let found = Encoding::Jpeg.decode(&huge, (64, 48)).map(drop);
        assert_eq!(found, Err(FrameError::Damaged));
    }

    #[test]
    fn shrinks_what_is_too_large_to_show() {
        for ((width, height), shown) in [
            ((640, 480), (640, 480)),
            ((2000, 1000), (1280, 640)),
            ((1000, 3000), (320, 960)),
            ((4208, 1), (1280, 1)),
        ] {
            let frame = Frame::new(RgbImage::new(width, height)).unwrap();
            let small = frame.within((1280, 960));
            assert_eq!((small.width(), small.height()), shown);
        }
    }

    #[test]
    fn hides_what_it_shows() {
        let frame = Frame::new(picture()).unwrap();
        assert_eq!(format!("{frame:?}"), "Frame(64×48)");
    }

    proptest! {
        #[test]
        fn damaged_pictures_never_panic(
            hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut bytes = encoded(&picture());
            for (at, byte) in hits {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(cut.index(bytes.len()) + 1);
            if let Ok(frame) = Encoding::Jpeg.decode(&bytes, (64, 48)) {
                prop_assert!(fits(frame.width(), frame.height()));
            }
        }

        #[test]
        fn any_bytes_never_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..400),
            width in 0..40u32, height in 0..40u32, stride in 0..100u32,
        ) {
            let _ = Encoding::Yuyv { stride }.decode(&bytes, (width, height));
            let _ = Encoding::Jpeg.decode(&[&SOI[..], &bytes].concat(), (width, height));
        }
    }
}
