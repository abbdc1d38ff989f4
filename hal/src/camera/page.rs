//! The page in a picture: cut out, made straight, and refused if nobody could read it.

use std::fmt;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, GrayImage, Rgb, RgbImage, imageops};
use imageproc::geometric_transformations::{Border, Interpolation, Projection, warp_into_with};
use serde::Serialize;
use zeroize::Zeroizing;

use super::find::find;
use super::frame::Frame;
use super::quad::Quad;
use super::quality;
use super::wiped::Wiped;

/// Shorter side of the largest page: A4 at 200 dots per inch.
pub const MAX_SHORT_SIDE: u32 = 1654;

/// Longer side of the largest page.
pub const MAX_LONG_SIDE: u32 = 2339;

/// No page takes more bytes as a file.
pub const MAX_PAGE_BYTES: usize = 2 << 20;

/// A page whose shorter side has fewer pixels is too small to be read: an ID card lying in a picture of
/// A4 at 2 megapixels has as many.
pub const MIN_SIDE: u32 = 280;

/// Why a picture is not taken for a page. Each can be mended by whoever laid it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum Refusal {
    /// There is too little light.
    #[error("it is too dark")]
    TooDark,
    /// Nothing with four straight sides lies there.
    #[error("no page was found")]
    NoPage,
    /// It reaches over the rim of the picture.
    #[error("the page is cut off")]
    CutOff,
    /// Several pages lie there.
    #[error("more than one page was found")]
    MoreThanOne,
    /// It is too small, or too far away, to be read.
    #[error("the page is too small")]
    TooSmall,
    /// It moved, or is out of focus.
    #[error("the page is blurred")]
    Blurred,
    /// A lamp is mirrored in it.
    #[error("the page shines")]
    Glare,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::TooDark,
        Self::NoPage,
        Self::CutOff,
        Self::MoreThanOne,
        Self::TooSmall,
        Self::Blurred,
        Self::Glare,
    ];
}

/// A page, straight and cut to its edges. Its top is the side that lay towards the picture's top.
///
/// Zeroised when dropped; `Debug` does not show it.
pub struct Page {
    picture: Wiped<Rgb<u8>>,
    corners: [(f64, f64); 4],
}

impl Page {
    /// Finds the page in a picture, cuts it out, makes it straight and a little clearer.
    ///
    /// # Errors
    /// [`Refusal`]: what to tell whoever laid it there.
    pub fn of(frame: &Frame) -> Result<Self, Refusal> {
        let picture = frame.picture();
        let sheet = find(picture).map_err(|refusal| {
            if refusal == Refusal::NoPage && quality::is_dark(picture) {
                Refusal::TooDark
            } else {
                refusal
            }
        })?;
        let plan = Plan::of(&sheet.quad).ok_or(Refusal::TooSmall)?;
        let mut page = Wiped(plan.cut(picture).ok_or(Refusal::NoPage)?);
        let grey = Wiped(imageops::grayscale(&*page));
        let tones = quality::Tones::of(&grey);
        if tones.white.max(sheet.base as u8) < quality::DARKEST_PAPER {
            return Err(Refusal::TooDark);
        }
        if quality::shines(&page, tones) {
            return Err(Refusal::Glare);
        }
        if is_blurred(&grey, sheet.softness.map(|softness| softness * plan.scale)) {
            return Err(Refusal::Blurred);
        }
        tones.stretch(&mut page);
        Ok(Self {
            picture: page,
            corners: sheet.quad.0.map(|corner| (corner.x, corner.y)),
        })
    }

    /// Pixels across.
    pub fn width(&self) -> u32 {
        self.picture.width()
    }

    /// Pixels down.
    pub fn height(&self) -> u32 {
        self.picture.height()
    }

    /// The pixels. A copy of them is the caller's to zeroise.
    pub fn picture(&self) -> &RgbImage {
        &self.picture
    }

    /// Where its corners were in the picture, in pixels across and down: top left first, then clockwise.
    pub fn corners(&self) -> [(f64, f64); 4] {
        self.corners
    }

    /// The page as a JPEG file of at most [`MAX_PAGE_BYTES`]: as good as fits, and smaller if need be.
    pub fn to_jpeg(&self) -> Zeroizing<Vec<u8>> {
        for quality in [88, 75, 60, 40] {
            let file = encoded(&self.picture, quality);
            if file.len() <= MAX_PAGE_BYTES {
                return file;
            }
        }
        // Nothing but noise takes more; at a quarter of the size it cannot.
        let (width, height) = (self.width().div_ceil(2), self.height().div_ceil(2));
        let small = Wiped(imageops::thumbnail(&*self.picture, width, height));
        encoded(&small, 40)
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Page({}×{})", self.width(), self.height())
    }
}

fn encoded(picture: &RgbImage, quality: u8) -> Zeroizing<Vec<u8>> {
    // Room for all of it, so that growing leaves no copies behind.
    let mut file = Zeroizing::new(Vec::with_capacity(picture.len() + 4096));
    // Writing to memory cannot fail.
    let _ = JpegEncoder::new_with_quality(&mut *file, quality).encode(
        picture,
        picture.width(),
        picture.height(),
        ExtendedColorType::Rgb8,
    );
    file
}

/// Softness in pixels from which a page cannot be read well: small print at 200 dots per inch is
/// made of strokes 2 pixels wide.
const SOFTEST: f64 = 1.9;

/// Whether a page is blurred, by what is on it; by its edges, which were cut with a little slant, if
/// it is empty. One that tells neither way is taken for blurred.
fn is_blurred(grey: &GrayImage, edges: Option<f64>) -> bool {
    match (quality::softness(grey), edges) {
        (Some(print), _) => print > SOFTEST,
        (None, Some(edges)) => edges > 1.5 * SOFTEST,
        (None, None) => true,
    }
}

/// How a page is cut out.
struct Plan {
    quad: Quad,
    width: u32,
    height: u32,
    /// Pixels of the page to one of the picture, at most 1.
    scale: f64,
}

impl Plan {
    /// `None` if the page is too small.
    fn of(quad: &Quad) -> Option<Self> {
        let [top, right, bottom, left] = quad.lengths();
        let (mut width, mut height) = ((top + bottom) / 2.0, (left + right) / 2.0);
        if width.min(height) < f64::from(MIN_SIDE) {
            return None;
        }
        // What is seen a little from the side looks shorter. Paper and cards have known proportions.
        const A_SERIES: f64 = std::f64::consts::SQRT_2;
        const ID_CARD: f64 = 85.6 / 54.0;
        let ratio = width.max(height) / width.min(height);
        for known in [A_SERIES, ID_CARD] {
            if (ratio / known - 1.0).abs() < 0.03 {
                if width > height {
                    width = height * known;
                } else {
                    height = width * known;
                }
            }
        }
        let scale = (f64::from(MAX_LONG_SIDE) / width.max(height))
            .min(f64::from(MAX_SHORT_SIDE) / width.min(height))
            .min(1.0);
        let pixels = |length: f64| ((length * scale).round() as u32).max(1);
        Some(Self {
            quad: *quad,
            width: pixels(width),
            height: pixels(height),
            scale,
        })
    }

    /// `None` if the corners lie in a line.
    fn cut(&self, picture: &RgbImage) -> Option<RgbImage> {
        // Each pixel of the page is the mean of four places if it covers several of the picture:
        // otherwise thin strokes are hit or missed.
        let fine = if self.scale < 0.75 { 2 } else { 1 };
        let (width, height) = (self.width * fine, self.height * fine);
        let corner = |x: u32, y: u32| (x as f32, y as f32);
        let projection = Projection::from_control_points(
            [
                corner(0, 0),
                corner(width, 0),
                corner(width, height),
                corner(0, height),
            ],
            self.quad.0.map(|corner| (corner.x as f32, corner.y as f32)),
        )?;
        let mut page = Wiped(RgbImage::new(width, height));
        // Corners are outer corners; pixels are asked for by their middle.
        let place = |x: f32, y: f32| {
            let (x, y) = projection * (x + 0.5, y + 0.5);
            (x - 0.5, y - 0.5)
        };
        warp_into_with(
            picture,
            place,
            Interpolation::Bilinear,
            Border::Replicate,
            &mut page,
        );
        Some(if fine == 1 {
            std::mem::take(&mut page.0)
        } else {
            imageops::thumbnail(&*page, self.width, self.height)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{ASKEW, Corners, Ground, Random, Scene, Sheet};
    use super::*;
    use proptest::prelude::*;

    /// Keeps a picture for looking at, where a developer asks for it.
    fn keep(name: &str, picture: &RgbImage) {
        if let Some(folder) = std::env::var_os("KEEP_PICTURES") {
            picture
                .save(std::path::Path::new(&folder).join(format!("{name}.png")))
                .unwrap();
        }
    }

    #[track_caller]
    fn taken(name: &str, scene: &Scene) -> Page {
        let frame = scene.shoot();
        keep(&format!("{name}-frame"), frame.picture());
        let page = Page::of(&frame).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        keep(name, page.picture());
        page
    }

    #[track_caller]
    fn refused(name: &str, scene: &Scene) -> Refusal {
        let frame = scene.shoot();
        keep(&format!("{name}-frame"), frame.picture());
        match Page::of(&frame) {
            Ok(page) => {
                keep(name, page.picture());
                panic!("{name} was taken")
            }
            Err(refusal) => refusal,
        }
    }

    #[track_caller]
    fn assert_corners(page: &Page, wanted: Corners, tolerance: f64) {
        for (found, wanted) in page.corners().iter().zip(wanted) {
            let off = (found.0 - f64::from(wanted.0)).hypot(found.1 - f64::from(wanted.1));
            assert!(off <= tolerance, "{found:?} is {off:.2} off {wanted:?}");
        }
    }

    /// How far the frame printed on [`Sheet::a4`] is from where it belongs, at most, in pixels.
    fn frame_off(page: &Page) -> f64 {
        let grey = imageops::grayscale(page.picture());
        let (width, height) = (f64::from(grey.width()), f64::from(grey.height()));
        let mut worst: f64 = 0.0;
        for part in [0.2, 0.35, 0.5, 0.65, 0.8] {
            for (x0, y0, dx, dy) in [
                (part * width, height * 97.5 / 2376.0, 0.0, 1.0),
                (part * width, height * (1.0 - 97.5 / 2376.0), 0.0, 1.0),
                (width * 97.5 / 1680.0, part * height, 1.0, 0.0),
                (width * (1.0 - 97.5 / 1680.0), part * height, 1.0, 0.0),
            ] {
                // The middle of what is dark across the rule.
                let (mut weight, mut moment) = (0.0, 0.0);
                for step in -14..=14 {
                    let step = f64::from(step);
                    let (x, y) = (x0 + dx * step, y0 + dy * step);
                    let dark = 220.0 - f64::from(grey.get_pixel(x as u32, y as u32).0[0]);
                    if dark > 0.0 {
                        weight += dark;
                        let centre = if dx > 0.0 {
                            x.floor() + 0.5 - x0
                        } else {
                            y.floor() + 0.5 - y0
                        };
                        moment += dark * centre;
                    }
                }
                assert!(weight > 100.0, "no rule at {x0} {y0}");
                worst = worst.max((moment / weight).abs());
            }
        }
        worst
    }

    #[test]
    fn a_page_comes_out_straight() {
        for (name, ground, shadow) in [
            ("mat", Ground::Mat, None),
            ("wood", Ground::Wood, None),
            ("shaded", Ground::Mat, Some(1250.0)),
            ("shaded-wood", Ground::Wood, Some(1250.0)),
        ] {
            let scene = Scene {
                ground,
                shadow,
                ..Scene::of(Sheet::a4(), ASKEW)
            };
            let page = taken(name, &scene);
            assert_corners(&page, ASKEW, 2.0);
            let ratio = f64::from(page.height()) / f64::from(page.width());
            assert!((ratio - 2f64.sqrt()).abs() < 0.01, "{name}: {page:?}");
            let off = frame_off(&page);
            assert!(off < 2.0, "{name}: the frame is {off:.2} off");
        }
    }

    #[test]
    fn an_id_card_comes_out_whole() {
        let corners = [
            (700.0, 500.0),
            (1240.0, 560.0),
            (1205.0, 898.0),
            (668.0, 840.0),
        ];
        for ground in [Ground::Mat, Ground::Wood] {
            let scene = Scene {
                ground,
                ..Scene::of(Sheet::id_card(), corners)
            };
            let page = taken("id-card", &scene);
            assert_corners(&page, corners, 2.0);
            let ratio = f64::from(page.width()) / f64::from(page.height());
            assert!((ratio - 85.6 / 54.0).abs() < 0.01, "{page:?}");
        }
    }

    #[test]
    fn an_empty_page_is_a_page() {
        let page = taken("empty", &Scene::of(Sheet::blank(210.0, 297.0), ASKEW));
        assert_corners(&page, ASKEW, 2.0);
    }

    #[test]
    fn tells_what_is_wrong() {
        let good = Scene::of(Sheet::a4(), ASKEW);
        let moved = |dx: f32, dy: f32| ASKEW.map(|(x, y)| (x + dx, y + dy));
        let at = |corners: Corners| vec![(Sheet::a4(), corners)];
        let small = ASKEW.map(|(x, y)| (800.0 + x / 5.0, 600.0 + y / 5.0));
        let left = ASKEW.map(|(x, y)| (x * 0.6 - 150.0, y * 0.6 + 200.0));
        let right = ASKEW.map(|(x, y)| (x * 0.6 + 950.0, y * 0.6 + 200.0));
        for (name, wanted, scene) in [
            (
                "nothing",
                Refusal::NoPage,
                Scene {
                    sheets: vec![],
                    ..good.clone()
                },
            ),
            (
                "nothing-wood",
                Refusal::NoPage,
                Scene {
                    sheets: vec![],
                    ground: Ground::Wood,
                    ..good.clone()
                },
            ),
            (
                "dark",
                Refusal::TooDark,
                Scene {
                    light: 0.15,
                    ..good.clone()
                },
            ),
            (
                "cut-left",
                Refusal::CutOff,
                Scene {
                    sheets: at(moved(-620.0, 0.0)),
                    ..good.clone()
                },
            ),
            (
                "cut-below",
                Refusal::CutOff,
                Scene {
                    sheets: at(moved(0.0, 300.0)),
                    ..good.clone()
                },
            ),
            (
                "small",
                Refusal::TooSmall,
                Scene {
                    sheets: at(small),
                    ..good.clone()
                },
            ),
            (
                "two",
                Refusal::MoreThanOne,
                Scene {
                    sheets: [at(left), at(right)].concat(),
                    ..good.clone()
                },
            ),
            (
                "blurred",
                Refusal::Blurred,
                Scene {
                    blur: 4.0,
                    ..good.clone()
                },
            ),
            (
                "moved",
                Refusal::Blurred,
                Scene {
                    moved: 14,
                    ..good.clone()
                },
            ),
            (
                "empty-blurred",
                Refusal::Blurred,
                Scene {
                    blur: 6.0,
                    ..Scene::of(Sheet::blank(210.0, 297.0), ASKEW)
                },
            ),
            (
                "shines",
                Refusal::Glare,
                Scene {
                    lamp: Some((980.0, 700.0, 120.0)),
                    light: 0.9,
                    ..good.clone()
                },
            ),
        ] {
            assert_eq!(refused(name, &scene), wanted, "{name}");
        }
    }

    #[test]
    fn files_are_bounded_whatever_is_on_the_page() {
        let mut random = Random(7);
        let noise = RgbImage::from_fn(MAX_SHORT_SIDE, MAX_LONG_SIDE, |_, _| {
            let bits = random.next();
            Rgb([bits as u8, (bits >> 8) as u8, (bits >> 16) as u8])
        });
        let page = Page {
            picture: Wiped(noise),
            corners: [(0.0, 0.0); 4],
        };
        let file = page.to_jpeg();
        assert!(file.len() <= MAX_PAGE_BYTES, "{} bytes", file.len());
        assert_eq!(file[..2], [0xFF, 0xD8]);
        assert_eq!(format!("{page:?}"), "Page(1654×2339)");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        /// Boxes of any colour and a little noise, in pictures of any shape.
        #[test]
        fn any_picture_is_judged(
            width in 1..700u32, height in 1..700u32, ground in any::<[u8; 3]>(),
            boxes in prop::collection::vec((any::<[u16; 4]>(), any::<[u8; 3]>()), 0..6),
            noise in 0..40u8, seed in 1..u64::MAX,
        ) {
            let mut random = Random(seed);
            let boxes: Vec<_> = boxes
                .into_iter()
                .map(|([left, top, across, down], colour)| {
                    let part = |value: u16, of: u32| u32::from(value) * of / 65536;
                    let (left, top) = (part(left, width), part(top, height));
                    (left..left + part(across, width), top..top + part(down, height), colour)
                })
                .collect();
            let picture = RgbImage::from_fn(width, height, |x, y| {
                let over = boxes.iter().rev().find(|(columns, rows, _)| {
                    columns.contains(&x) && rows.contains(&y)
                });
                let colour = over.map_or(ground, |(_, _, colour)| *colour);
                let grain = (random.next() % (u64::from(noise) + 1)) as u8;
                Rgb(colour.map(|value| value.saturating_add(grain)))
            });
            if let Ok(page) = Page::of(&Frame::new(picture).unwrap()) {
                let sides = [page.width(), page.height()];
                prop_assert!(*sides.iter().min().unwrap() <= MAX_SHORT_SIDE);
                prop_assert!(*sides.iter().max().unwrap() <= MAX_LONG_SIDE);
                prop_assert!(page.to_jpeg().len() <= MAX_PAGE_BYTES);
                for (x, y) in page.corners() {
                    prop_assert!(x.is_finite() && y.is_finite());
                }
            }
        }
    }
}
