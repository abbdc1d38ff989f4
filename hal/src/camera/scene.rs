//! Pictures as a document camera takes them, made of sheets whose place is known.

use image::{Rgb, RgbImage};
use imageproc::filter::gaussian_blur_f32;
use imageproc::geometric_transformations::Projection;

use super::frame::Frame;
use crate::glyph::with_face;
use crate::slip::Style;

/// Pixels of a sheet to a millimetre.
const DENSITY: f32 = 8.0;

pub(super) const PAPER: Rgb<u8> = Rgb([232, 232, 228]);
const INK: Rgb<u8> = Rgb([36, 36, 40]);

/// What is seen of a sheet of paper or a card, from above.
#[derive(Clone)]
pub(super) struct Sheet {
    pub(super) picture: RgbImage,
    /// Radius of its corners.
    radius: f32,
}

impl Sheet {
    pub(super) fn blank(width: f32, height: f32) -> Self {
        let pixels = |length: f32| (length * DENSITY) as u32;
        Self {
            picture: RgbImage::from_pixel(pixels(width), pixels(height), PAPER),
            radius: 0.0,
        }
    }

    /// A4 with a frame 12 mm from its edges and small print within.
    pub(super) fn a4() -> Self {
        let mut sheet = Self::blank(210.0, 297.0);
        let (width, height) = sheet.picture.dimensions();
        for x in 96..width - 96 {
            for y in [96, 97, 98, height - 99, height - 98, height - 97] {
                sheet.picture.put_pixel(x, y, INK);
            }
        }
        for y in 96..height - 96 {
            for x in [96, 97, 98, width - 99, width - 98, width - 97] {
                sheet.picture.put_pixel(x, y, INK);
            }
        }
        sheet.write(
            "一次办好申请表",
            (360, 170),
            Style {
                wide: true,
                tall: true,
                ..Style::default()
            },
        );
        for line in 0..36 {
            sheet.write(
                "申请人龙小䶮，住济南市历下区示例路88号，申请一件事一次办。Application form 0123456789",
                (150, 280 + line * 52),
                Style::default(),
            );
        }
        sheet
    }

    /// A bluish card of 85.6 mm with round corners.
    pub(super) fn id_card() -> Self {
        let mut sheet = Self::blank(85.6, 54.0);
        for (x, y, pixel) in sheet.picture.enumerate_pixels_mut() {
            let wave = 6.0 * ((x as f32 / 23.0).sin() + (y as f32 / 31.0).cos());
            *pixel = Rgb([205.0, 216.0, 226.0].map(|value: f32| (value + wave) as u8));
        }
        for (line, text) in [
            "姓名 龙小䶮",
            "性别 女 民族 汉",
            "住址 示例路88号",
            "公民身份号码 11010519491231002X",
        ]
        .into_iter()
        .enumerate()
        {
            sheet.write(text, (50, 50 + 80 * line as u32), Style::default());
        }
        sheet.radius = 3.18 * DENSITY;
        sheet
    }

    fn write(&mut self, text: &str, (left, top): (u32, u32), style: Style) {
        let bitmap = with_face(|face| face.line(text, style, 1300)).unwrap();
        for y in 0..bitmap.height() {
            for x in (0..bitmap.width()).filter(|x| bitmap.get(*x, y)) {
                let (x, y) = (left + x as u32, top + y as u32);
                if x < self.picture.width() && y < self.picture.height() {
                    self.picture.put_pixel(x, y, INK);
                }
            }
        }
    }

    /// Its colour at a place in pixels; `None` beside it.
    fn at(&self, x: f32, y: f32) -> Option<[f32; 3]> {
        let (width, height) = (self.picture.width() as f32, self.picture.height() as f32);
        if x < 0.0 || y < 0.0 || x >= width || y >= height {
            return None;
        }
        let over =
            |at: f32, length: f32| (self.radius - at).max(at - length + self.radius).max(0.0);
        if over(x, width).hypot(over(y, height)) > self.radius {
            return None;
        }
        Some(self.picture.get_pixel(x as u32, y as u32).0.map(f32::from))
    }
}

pub(super) type Corners = [(f32, f32); 4];

#[derive(Clone, Copy)]
pub(super) enum Ground {
    Mat,
    Wood,
}

/// What lies under the camera, and in what light.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) size: (u32, u32),
    pub(super) ground: Ground,
    pub(super) sheets: Vec<(Sheet, Corners)>,
    /// Brightness, 1 for full light.
    pub(super) light: f32,
    /// How much more light falls on the right than on the left.
    pub(super) slope: f32,
    /// Places left of this column are in a soft shadow.
    pub(super) shadow: Option<f32>,
    /// Middle and radius of a mirrored lamp.
    pub(super) lamp: Option<(f32, f32, f32)>,
    /// Standard deviation of the blur in pixels.
    pub(super) blur: f32,
    /// Pixels that it moved to the side while the picture was taken.
    pub(super) moved: u32,
    /// Standard deviation of the noise.
    pub(super) noise: f32,
}

impl Scene {
    pub(super) fn of(sheet: Sheet, corners: Corners) -> Self {
        Self {
            size: (2048, 1536),
            ground: Ground::Mat,
            sheets: vec![(sheet, corners)],
            light: 1.0,
            slope: 0.15,
            shadow: None,
            lamp: None,
            blur: 0.7,
            moved: 0,
            noise: 3.0,
        }
    }

    pub(super) fn picture(&self) -> RgbImage {
        let (width, height) = self.size;
        let placed: Vec<(&Sheet, Projection)> = self
            .sheets
            .iter()
            .map(|(sheet, corners)| {
                let (w, h) = (sheet.picture.width() as f32, sheet.picture.height() as f32);
                let own = [(0.0, 0.0), (w, 0.0), (w, h), (0.0, h)];
                (
                    sheet,
                    Projection::from_control_points(*corners, own).unwrap(),
                )
            })
            .collect();
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        let mut picture = RgbImage::from_fn(width, height, |x, y| {
            let (x, y) = (x as f32, y as f32);
            let mut sum = [0.0; 3];
            for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                let on_sheet = placed.iter().find_map(|(sheet, projection)| {
                    let (u, v) = *projection * (x + dx, y + dy);
                    sheet.at(u, v)
                });
                let colour = on_sheet.unwrap_or_else(|| self.ground(x, y));
                for (sum, value) in sum.iter_mut().zip(colour) {
                    *sum += value / 4.0;
                }
            }
            let light = self.light_at(x, y);
            let lamp = self.lamp.map_or(0.0, |(lx, ly, radius)| {
                300.0 * (-((x - lx).hypot(y - ly) / radius).powi(4)).exp()
            });
            Rgb(sum.map(|value| (value * light + lamp).clamp(0.0, 255.0) as u8))
        });
        if self.moved > 0 {
            let source = picture.clone();
            for (x, y, pixel) in picture.enumerate_pixels_mut() {
                let mut sum = [0; 3];
                for step in 0..self.moved {
                    let from = source.get_pixel((x + step).min(width - 1), y);
                    for (sum, value) in sum.iter_mut().zip(from.0) {
                        *sum += u32::from(value);
                    }
                }
                *pixel = Rgb(sum.map(|value| (value / self.moved) as u8));
            }
        }
        if self.blur > 0.0 {
            picture = gaussian_blur_f32(&picture, self.blur);
        }
        for value in picture.iter_mut() {
            *value = (f32::from(*value) + self.noise * random.normal()).clamp(0.0, 255.0) as u8;
        }
        picture
    }

    pub(super) fn shoot(&self) -> Frame {
        Frame::new(self.picture()).unwrap()
    }

    fn light_at(&self, x: f32, y: f32) -> f32 {
        let across = x / self.size.0 as f32 - 0.5;
        let down = y / self.size.1 as f32 - 0.5;
        let shade = self.shadow.map_or(1.0, |edge| {
            0.55 + 0.45 / (1.0 + (-(x - edge + 0.3 * y) / 40.0).exp())
        });
        self.light * shade * (1.0 + self.slope * across - 0.3 * self.slope * down)
    }

    fn ground(&self, x: f32, y: f32) -> [f32; 3] {
        match self.ground {
            Ground::Mat => {
                let weave = 3.0 * ((x / 3.1).sin() * (y / 2.7).sin());
                [48.0 + weave, 50.0 + weave, 53.0 + weave]
            }
            Ground::Wood => {
                let ring = (y / 34.0 + 2.5 * (x / 410.0).sin() + 0.8 * (x / 67.0).sin()).sin();
                let grain = 9.0 * ring + 4.0 * (y / 3.3 + x / 90.0).sin();
                [164.0 + grain, 122.0 + 0.8 * grain, 82.0 + 0.6 * grain]
            }
        }
    }
}

/// A generator of numbers that gives the same ones each time.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Nearly a normal distribution with deviation 1.
    fn normal(&mut self) -> f32 {
        let bits = self.next();
        let sum: u64 = (0..4).map(|part| bits >> (16 * part) & 0xFFFF).sum();
        (sum as f32 / 65536.0 - 2.0) * 1.732
    }
}

/// A4 lying a little askew, its far edge shorter.
pub(super) const ASKEW: Corners = [
    (590.0, 130.0),
    (1465.0, 180.0),
    (1440.0, 1450.0),
    (500.0, 1405.0),
];
