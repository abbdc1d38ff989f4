//! Finding the one page on the base.

use image::{GrayImage, RgbImage, imageops};
use imageproc::contours::{BorderType, find_contours};
use imageproc::contrast::otsu_level;
use imageproc::distance_transform::Norm;
use imageproc::filter::box_filter;
use imageproc::geometry::{arc_length, contour_area};
use imageproc::morphology::{close_mut, open_mut};
use imageproc::point::Point;

use super::base::Base;
use super::page::Refusal;
use super::quad::{Line, Quad};
use super::wiped::Wiped;

/// A page in a picture, in pixels of that picture: 0, 0 is the outer corner of the first pixel.
pub(super) struct Sheet {
    pub(super) quad: Quad,
    /// How soft its edges are, as the standard deviation of a Gaussian in pixels; `None` if no edge
    /// stands out.
    pub(super) softness: Option<f64>,
    /// Brightness of the base, 0 to 255.
    pub(super) base: f64,
}

/// Longer side of the picture in which the page is looked for.
const SMALL: u32 = 720;

/// Shorter side below which nothing is looked for.
const SMALLEST: u32 = 48;

/// Part of the picture that something must cover to be taken for a page, or to matter beside one.
const LEAST_PART: f64 = 0.004;

/// Part of its four-sided figure that a page fills; the rest are bent corners and fingers.
const FILLS: f64 = 0.85;

/// With so much filled, nothing better is looked for.
const FILLS_WELL: f64 = 0.95;

/// Finds the page.
///
/// # Errors
/// [`Refusal::NoPage`], [`Refusal::CutOff`] or [`Refusal::MoreThanOne`].
pub(super) fn find(picture: &RgbImage) -> Result<Sheet, Refusal> {
    let (width, height) = picture.dimensions();
    let scale = f64::from(SMALL) / f64::from(width.max(height));
    let small = if scale < 1.0 {
        let scaled = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
        Wiped(imageops::thumbnail(picture, scaled(width), scaled(height)))
    } else {
        Wiped(picture.clone())
    };
    if small.width().min(small.height()) < SMALLEST {
        return Err(Refusal::NoPage);
    }
    let base = Base::of(&small);
    let unlike = Wiped(base.unlike(&small));
    let unlike = Wiped(box_filter(&unlike, 1, 1));

    let mut best: Option<(f64, Quad)> = None;
    let mut cut_off = false;
    for level in levels(&unlike, base.grain) {
        let shapes = shapes(&unlike, level);
        cut_off = shapes.cut_off;
        if let [first, second, ..] = shapes.pages[..]
            && second.quad.area() > first.quad.area() / 4.0
        {
            return Err(Refusal::MoreThanOne);
        }
        if let Some(page) = shapes.pages.first()
            && best.is_none_or(|(fills, _)| fills < page.fills)
        {
            best = Some((page.fills, page.quad));
            if page.fills >= FILLS_WELL {
                break;
            }
        }
    }
    let Some((_, quad)) = best else {
        return Err(if cut_off {
            Refusal::CutOff
        } else {
            Refusal::NoPage
        });
    };
    let ratio = (
        f64::from(width) / f64::from(small.width()),
        f64::from(height) / f64::from(small.height()),
    );
    let coarse = quad.scaled(ratio.0, ratio.1);
    let edges = Edges {
        picture,
        base: &base,
        ratio,
    };
    let (quad, softness) = edges.refine(coarse);
    let base = base.brightness(small.width() / 2, small.height() / 2);
    Ok(Sheet {
        quad,
        softness,
        base,
    })
}

/// How unlike the base something has to be, the least first: shaded paper is hardly unlike, and a
/// shadow on the base is even less so; which is which shows only by the shape.
fn levels(unlike: &GrayImage, grain: f64) -> Vec<u8> {
    let least = (3.5 * grain + 10.0).min(250.0) as u8;
    let middle = otsu_level(unlike);
    let mut levels = vec![least];
    for quarters in [2, 3, 4] {
        let level = (u16::from(middle) * quarters / 4) as u8;
        levels.extend((level > least).then_some(level));
    }
    levels
}

#[derive(Clone, Copy)]
struct Shape {
    quad: Quad,
    /// Part of the figure that it fills.
    fills: f64,
}

struct Shapes {
    /// What has four sides and lies whole within the picture, the largest first.
    pages: Vec<Shape>,
    /// Something larger reaches over the picture's rim.
    cut_off: bool,
}

fn shapes(unlike: &GrayImage, level: u8) -> Shapes {
    let (width, height) = unlike.dimensions();
    // `find_contours` does not see what touches the left rim: a margin keeps everything off it.
    const MARGIN: u32 = 6;
    let mut mask = GrayImage::new(width + 2 * MARGIN, height + 2 * MARGIN);
    for (x, y, pixel) in unlike.enumerate_pixels() {
        if pixel.0[0] > level {
            mask.put_pixel(x + MARGIN, y + MARGIN, image::Luma([255]));
        }
    }
    close_mut(&mut mask, Norm::LInf, 2);
    open_mut(&mut mask, Norm::LInf, 3);

    let whole = f64::from(width) * f64::from(height);
    let mut pages = Vec::new();
    let mut cut_off = false;
    for outline in find_contours::<i32>(&mask) {
        if outline.border_type != BorderType::Outer || outline.parent.is_some() {
            continue;
        }
        // The outline goes through the middle of the outermost pixels.
        let area = contour_area(&outline.points) + arc_length(&outline.points, true) / 2.0;
        if area < LEAST_PART * whole {
            continue;
        }
        let margin = MARGIN as i32;
        let points: Vec<Point<i32>> = outline
            .points
            .iter()
            .map(|point| Point::new(point.x - margin, point.y - margin))
            .collect();
        let at_rim = |point: &&Point<i32>| {
            point.x <= 1
                || point.y <= 1
                || point.x + 2 >= width as i32
                || point.y + 2 >= height as i32
        };
        if points.iter().filter(at_rim).count() * 50 > points.len() {
            cut_off |= area > 10.0 * LEAST_PART * whole;
            continue;
        }
        if let Some(quad) = Quad::around(&points).map(grown) {
            let fills = area / quad.area();
            if fills >= FILLS {
                pages.push(Shape { quad, fills });
            }
        }
    }
    pages.sort_by(|a, b| b.quad.area().total_cmp(&a.quad.area()));
    Shapes { pages, cut_off }
}

/// From the middle of the outermost pixels to their outer rim.
fn grown(quad: Quad) -> Quad {
    let middle = quad
        .0
        .iter()
        .fold(Point::new(0.0, 0.0), |sum, corner| sum + *corner);
    let middle = Point::new(middle.x / 4.0, middle.y / 4.0);
    Quad(quad.0.map(|corner| {
        Point::new(
            corner.x + 0.5 + (corner.x - middle.x).signum() * 0.5,
            corner.y + 0.5 + (corner.y - middle.y).signum() * 0.5,
        )
    }))
}

/// Looks for the page's edges in the picture itself.
struct Edges<'a> {
    picture: &'a RgbImage,
    base: &'a Base,
    /// Pixels of the picture to one of the small picture, across and down.
    ratio: (f64, f64),
}

impl Edges<'_> {
    /// Moves each side to where the paper ends, and measures how soft that end is. A side whose end
    /// cannot be seen stays.
    fn refine(&self, coarse: Quad) -> (Quad, Option<f64>) {
        let mut spreads = Vec::new();
        let lines = coarse.sides().map(|(a, b)| {
            let ends = self.ends(a, b);
            spreads.extend(ends.iter().filter_map(|end| end.spread));
            let points: Vec<_> = ends.iter().map(|end| end.place).collect();
            (points.len() >= SAMPLES / 3)
                .then(|| Line::among(&points))
                .flatten()
                .or_else(|| Line::through(a, b))
        });
        let quad = match lines {
            [Some(top), Some(right), Some(bottom), Some(left)] => {
                Quad::between([top, right, bottom, left])
            }
            _ => None,
        };
        // Lines that went astray show by moving a corner.
        let far = 6.0 * self.ratio.0.max(self.ratio.1).max(2.0);
        let quad = quad.filter(|quad| {
            quad.0
                .iter()
                .zip(coarse.0)
                .all(|(fine, coarse)| (fine.x - coarse.x).hypot(fine.y - coarse.y) <= far)
        });
        spreads.sort_unstable_by(f64::total_cmp);
        let softness = spreads.get(spreads.len() / 2).copied();
        (quad.unwrap_or(coarse), softness)
    }

    /// Where the paper ends along one side, its corners left out.
    fn ends(&self, a: Point<f64>, b: Point<f64>) -> Vec<End> {
        let length = (b.x - a.x).hypot(b.y - a.y).max(1.0);
        let along = Point::new((b.x - a.x) / length, (b.y - a.y) / length);
        let outward = Point::new(along.y, -along.x);
        // Far enough for edges too soft to be taken.
        let reach = (4.0 * self.ratio.0.max(self.ratio.1)).max(14.0) as i32;
        (0..SAMPLES)
            .filter_map(|sample| {
                let part = 0.06 + 0.88 * sample as f64 / (SAMPLES - 1) as f64;
                let place = Point::new(a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part);
                let profile: Option<Vec<f64>> = (-reach..=reach)
                    .map(|step| {
                        let step = f64::from(step);
                        self.unlike(
                            Point::new(place.x + outward.x * step, place.y + outward.y * step),
                            along,
                        )
                    })
                    .collect();
                End::of(&profile?, self.base.grain, |step| {
                    let step = step - f64::from(reach);
                    Point::new(place.x + outward.x * step, place.y + outward.y * step)
                })
            })
            .collect()
    }

    /// How unlike the base the picture is at a place, over three pixels along the side; `None` outside.
    fn unlike(&self, place: Point<f64>, along: Point<f64>) -> Option<f64> {
        let mut sum = 0.0;
        for step in [-1.0, 0.0, 1.0] {
            let (x, y) = (place.x + along.x * step, place.y + along.y * step);
            let colour = colour_at(self.picture, x, y)?;
            sum += self
                .base
                .distance_at(x / self.ratio.0, y / self.ratio.1, colour);
        }
        Some(sum / 3.0)
    }
}

/// Places at which each side is looked at.
const SAMPLES: usize = 64;

/// Where the paper ends on one way outwards.
struct End {
    place: Point<f64>,
    spread: Option<f64>,
}

impl End {
    /// Reads it from how unlike the base the pixels are, from within outwards.
    fn of(profile: &[f64], grain: f64, place: impl Fn(f64) -> Point<f64>) -> Option<Self> {
        let quarter = profile.len() / 4;
        let inside = middle_of(&profile[..quarter]);
        let outside = middle_of(&profile[profile.len() - quarter..]);
        let rise = inside - outside;
        if rise < 3.0 * grain + 8.0 {
            return None;
        }
        // The outermost place where it rises through a level and stays above.
        let crossing = |part: f64| {
            let level = outside + part * rise;
            let at = (1..profile.len() - 1)
                .rev()
                .find(|at| profile[*at] >= level && profile[*at - 1] >= level)?;
            let (within, without) = (profile[at], profile[at + 1]);
            let over = if within > without {
                ((within - level) / (within - without)).clamp(0.0, 1.0)
            } else {
                0.0
            };
            Some(at as f64 + over)
        };
        // A Gaussian's rise from a fifth to four fifths takes 1.683 standard deviations.
        let spread = crossing(0.2)
            .zip(crossing(0.8))
            .map(|(outer, inner)| (outer - inner).max(0.0) / 1.683);
        Some(Self {
            place: place(crossing(0.5)?),
            spread,
        })
    }
}

fn middle_of(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The colour at a place between pixels.
fn colour_at(picture: &RgbImage, x: f64, y: f64) -> Option<[f64; 3]> {
    let (x, y) = (x - 0.5, y - 0.5);
    let inside = x >= 0.0
        && y >= 0.0
        && x + 1.0 < f64::from(picture.width())
        && y + 1.0 < f64::from(picture.height());
    if !inside {
        return None;
    }
    let (left, top) = (x as u32, y as u32);
    let (right, down) = (x - f64::from(left), y - f64::from(top));
    let pixel = |dx, dy| picture.get_pixel(left + dx, top + dy).0.map(f64::from);
    let (a, b, c, d) = (pixel(0, 0), pixel(1, 0), pixel(0, 1), pixel(1, 1));
    Some([0, 1, 2].map(|channel| {
        let upper = a[channel] + (b[channel] - a[channel]) * right;
        let lower = c[channel] + (d[channel] - c[channel]) * right;
        upper + (lower - upper) * down
    }))
}
