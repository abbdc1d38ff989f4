//! Whether a picture of a page can be read: light, sharpness, and lamps mirrored in it.

use image::{GrayImage, RgbImage, imageops};
use imageproc::filter::box_filter;

use super::wiped::Wiped;

/// Brightness below which white paper lies in the dark.
pub(super) const DARKEST_PAPER: u8 = 70;

/// Brightness that even a black base has in enough light.
const DARKEST_BASE: u8 = 45;

/// Whether the whole picture is darker than an empty base.
pub(super) fn is_dark(picture: &RgbImage) -> bool {
    let width = picture.width().min(160);
    let height = picture.height().min(120);
    let small = Wiped(imageops::thumbnail(picture, width, height));
    let grey = Wiped(imageops::grayscale(&*small));
    percentile(&histogram(&grey), 0.98) < DARKEST_BASE
}

/// The darkest and the lightest that a page shows, apart from specks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tones {
    pub(super) black: u8,
    pub(super) white: u8,
}

impl Tones {
    pub(super) fn of(grey: &GrayImage) -> Self {
        let histogram = histogram(grey);
        Self {
            black: percentile(&histogram, 0.01),
            white: percentile(&histogram, 0.92),
        }
    }

    /// Makes paper nearly white and print nearly black, all colours alike. Contrast grows to less than
    /// twice what it was: what is not on the page must not appear.
    pub(super) fn stretch(self, picture: &mut RgbImage) {
        const WHITE: f32 = 245.0;
        const BLACK: f32 = 12.0;
        let (black, white) = (f32::from(self.black), f32::from(self.white));
        let gain = ((WHITE - BLACK) / (white - black).max(1.0)).clamp(1.0, 1.8);
        let end = white.max(WHITE);
        let mut curve = [0; 256];
        for (value, stretched) in curve.iter_mut().enumerate() {
            *stretched = (end - (white - value as f32) * gain).clamp(0.0, 255.0) as u8;
        }
        for value in picture.iter_mut() {
            *value = curve[usize::from(*value)];
        }
    }
}

/// Whether a part of a page is brighter than its paper can be, so that nothing is seen there.
pub(super) fn shines(page: &RgbImage, tones: Tones) -> bool {
    // Of a page that is all as bright as can be, this cannot be told; print shows on it nevertheless.
    const AS_BRIGHT_AS_CAN_BE: u8 = 250;
    const PART: f64 = 0.004;
    if tones.white >= 242 {
        return false;
    }
    let small = Wiped(imageops::thumbnail(
        page,
        (page.width() / 6).max(1),
        (page.height() / 6).max(1),
    ));
    let burnt = |pixel: &&image::Rgb<u8>| pixel.0.iter().all(|value| *value >= AS_BRIGHT_AS_CAN_BE);
    let count = small.pixels().filter(burnt).count();
    count as f64 > PART * f64::from(small.width()) * f64::from(small.height())
}

/// How soft the print is: the standard deviation in pixels of the Gaussian that would blur sharp edges
/// so, in the direction in which they are softer. `None` if there is too little print to tell.
pub(super) fn softness(grey: &GrayImage) -> Option<f64> {
    const TILE: u32 = 24;
    const CONTRAST: f64 = 48.0;
    const ENOUGH: usize = 8;
    // Against noise; it softens as much as a Gaussian with this variance.
    let smooth = Wiped(box_filter(grey, 1, 1));
    const SMOOTHED: f64 = 2.0 / 3.0;
    let (mut across, mut down) = (Vec::new(), Vec::new());
    let (columns, rows) = (grey.width() / TILE, grey.height() / TILE);
    // The outermost tiles hold the page's edge.
    for row in 1..rows.saturating_sub(1) {
        for column in 1..columns.saturating_sub(1) {
            let tile = Slopes::of(&smooth, column * TILE, row * TILE, TILE);
            if tile.contrast >= CONTRAST {
                // The steepest slope of a blurred edge is its height over σ·√(2π).
                let sigma = |slope: f64| tile.contrast / (2.5066 * slope.max(0.1));
                across.push(sigma(tile.across));
                down.push(sigma(tile.down));
            }
        }
    }
    if across.len() < ENOUGH {
        return None;
    }
    // Rules have a slope in one direction only: a quarter of the tiles has both.
    let sharper = |mut sigmas: Vec<f64>| {
        let quarter = sigmas.len() / 4;
        *sigmas.select_nth_unstable_by(quarter, f64::total_cmp).1
    };
    let sigma = sharper(across).max(sharper(down));
    Some((sigma * sigma - SMOOTHED).max(0.0).sqrt())
}

/// The steepest slopes of a tile, per pixel, and how far its light and dark are apart.
struct Slopes {
    contrast: f64,
    across: f64,
    down: f64,
}

impl Slopes {
    fn of(grey: &GrayImage, left: u32, top: u32, size: u32) -> Self {
        let value = |x: u32, y: u32| i32::from(grey.get_pixel(x, y).0[0]);
        let (mut darkest, mut lightest, mut across, mut down) = (255, 0, 0, 0);
        for y in top..top + size {
            for x in left..left + size {
                let here = value(x, y);
                darkest = darkest.min(here);
                lightest = lightest.max(here);
                across = across.max((value(x + 1, y) - value(x - 1, y)).abs());
                down = down.max((value(x, y + 1) - value(x, y - 1)).abs());
            }
        }
        Self {
            contrast: f64::from(lightest - darkest),
            across: f64::from(across) / 2.0,
            down: f64::from(down) / 2.0,
        }
    }
}

fn histogram(grey: &GrayImage) -> [u32; 256] {
    let mut histogram = [0; 256];
    for pixel in grey.pixels() {
        histogram[usize::from(pixel.0[0])] += 1;
    }
    histogram
}

/// The brightness that this part of the pixels does not exceed.
fn percentile(histogram: &[u32; 256], part: f64) -> u8 {
    let total: u64 = histogram.iter().map(|count| u64::from(*count)).sum();
    let wanted = (total as f64 * part) as u64;
    let mut sum = 0;
    for (value, count) in (0..=255).zip(histogram) {
        sum += u64::from(*count);
        if sum > wanted {
            return value;
        }
    }
    255
}
