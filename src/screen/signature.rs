//! The signature as it is drawn: strokes live here alone, and leave as a picture.

use std::cell::RefCell;
use std::io::Cursor;
use std::ops::Range;
use std::rc::Rc;

use image::{GrayImage, ImageFormat, Luma, imageops};
use slint::{ComponentHandle, Model, Rgb8Pixel, SharedPixelBuffer, VecModel};
use yici_contract::PrivateBytes;
use yici_contract::case::MAX_SIGNATURE_BYTES;
use yici_ui as ui;

use super::model;

/// Half the pen's width, in pixels of the pad.
const PEN: f32 = 4.0;
/// A signature is at least this many strokes, or this long, in pixels: no stray touch.
const LEAST_STROKES: usize = 2;
const LEAST_LENGTH: f32 = 200.0;
/// Width of the picture that is kept.
const PICTURE: u32 = 600;

/// The pad is kept in squares of this side, so that a stroke draws anew only those it crosses.
const TILE: u32 = 128;

/// A square of the pad that holds ink.
struct Tile {
    column: u32,
    row: u32,
    pixels: SharedPixelBuffer<Rgb8Pixel>,
}

/// What was drawn so far.
#[derive(Default)]
struct Ink {
    /// Width and height of the pad, in pixels.
    size: (u32, u32),
    tiles: Vec<Tile>,
    /// Where the pen is down.
    pen: Option<(f32, f32)>,
    strokes: usize,
    length: f32,
}

pub(super) struct Signature {
    window: slint::Weak<ui::AppWindow>,
    /// The tiles as the page shows them, in the same order.
    shown: Rc<VecModel<ui::InkTile>>,
    ink: RefCell<Ink>,
}

pub(super) fn wire(window: &ui::AppWindow) -> Rc<Signature> {
    let signature = Rc::new(Signature {
        window: window.as_weak(),
        shown: Rc::default(),
        ink: RefCell::default(),
    });
    let adapter = window.global::<ui::SignAdapter>();
    adapter.set_ink(model(&signature.shown));
    adapter.on_down({
        let signature = signature.clone();
        move |x, y, width, height| signature.down((x, y), (width, height))
    });
    adapter.on_moved({
        let signature = signature.clone();
        move |x, y| signature.moved((x, y))
    });
    adapter.on_up({
        let signature = signature.clone();
        move || signature.ink.borrow_mut().pen = None
    });
    adapter.on_again({
        let signature = signature.clone();
        move || signature.clear()
    });
    signature
}

impl Signature {
    fn down(&self, at: (f32, f32), (width, height): (f32, f32)) {
        {
            let mut ink = self.ink.borrow_mut();
            if ink.strokes == 0 {
                ink.size = (width as u32, height as u32);
            }
            ink.pen = Some(at);
            ink.strokes += 1;
        }
        self.line(at, at);
    }

    fn moved(&self, at: (f32, f32)) {
        let from = {
            let mut ink = self.ink.borrow_mut();
            let Some(from) = ink.pen else {
                return;
            };
            ink.pen = Some(at);
            ink.length += (at.0 - from.0).hypot(at.1 - from.1);
            from
        };
        self.line(from, at);
    }

    /// Draws a line on the pad, and tells the page of the squares it crosses.
    fn line(&self, from: (f32, f32), to: (f32, f32)) {
        let mut ink = self.ink.borrow_mut();
        let (width, height) = ink.size;
        for row in tiles(&span(from.1, to.1, height)) {
            for column in tiles(&span(from.0, to.0, width)) {
                let found = ink
                    .tiles
                    .iter()
                    .position(|tile| (tile.column, tile.row) == (column, row));
                let at = found.unwrap_or_else(|| {
                    ink.tiles.push(Tile {
                        column,
                        row,
                        pixels: white(TILE.min(width - column), TILE.min(height - row)),
                    });
                    ink.tiles.len() - 1
                });
                let Some(tile) = ink.tiles.get_mut(at) else {
                    continue;
                };
                let local = |(x, y): (f32, f32)| (x - column as f32, y - row as f32);
                draw(&mut tile.pixels, local(from), local(to));
                let shown = ui::InkTile {
                    x: column as f32,
                    y: row as f32,
                    ink: slint::Image::from_rgb8(tile.pixels.clone()),
                };
                if found.is_some() {
                    self.shown.set_row_data(at, shown);
                } else {
                    self.shown.push(shown);
                }
            }
        }
        drop(ink);
        self.tell();
    }

    fn is_enough(&self) -> bool {
        let ink = self.ink.borrow();
        ink.length >= LEAST_LENGTH || ink.strokes >= LEAST_STROKES && ink.length > 0.0
    }

    /// Wipes the pad.
    pub(super) fn clear(&self) {
        let before = self.ink.take();
        if before.strokes == 0 {
            return;
        }
        self.shown.clear();
        self.tell();
        // Once the page has let go of them, these are the tiles themselves and no copies.
        for mut tile in before.tiles {
            tile.pixels.make_mut_bytes().fill(u8::MAX);
        }
    }

    fn tell(&self) {
        let Some(window) = self.window.upgrade() else {
            return;
        };
        let adapter = window.global::<ui::SignAdapter>();
        adapter.set_drawn(self.ink.borrow().strokes > 0);
        adapter.set_ready(self.is_enough());
    }

    /// The picture as PNG, small enough for a case; nothing unless enough was drawn.
    pub(super) fn picture(&self) -> Option<PrivateBytes> {
        if !self.is_enough() {
            return None;
        }
        let ink = self.ink.borrow();
        let (pad_width, pad_height) = ink.size;
        let mut grey = GrayImage::from_pixel(pad_width, pad_height, Luma([u8::MAX]));
        for tile in &ink.tiles {
            let pixels = tile.pixels.as_slice().iter();
            for (pixel, at) in pixels.zip(0..) {
                let (x, y) = (at % tile.pixels.width(), at / tile.pixels.width());
                grey.put_pixel(tile.column + x, tile.row + y, Luma([pixel.r]));
            }
        }
        let mut width = PICTURE.min(pad_width);
        let picture = loop {
            let height = (pad_height * width / pad_width).max(1);
            let mut small = imageops::resize(&grey, width, height, imageops::FilterType::Triangle);
            let mut png = Cursor::new(Vec::new());
            let written = small.write_to(&mut png, ImageFormat::Png);
            small.fill(u8::MAX);
            if let Err(error) = written {
                tracing::error!(%error, "cannot write the signature");
                break None;
            }
            // Only a pad that is scribbled full comes here twice.
            if png.get_ref().len() <= MAX_SIGNATURE_BYTES {
                break Some(PrivateBytes::new(png.into_inner()));
            }
            width /= 2;
        };
        grey.fill(u8::MAX);
        picture
    }
}

fn white(width: u32, height: u32) -> SharedPixelBuffer<Rgb8Pixel> {
    let mut pixels = SharedPixelBuffer::new(width, height);
    pixels.make_mut_bytes().fill(u8::MAX);
    pixels
}

/// The pixels that a line from `a` to `b` may ink, along one axis that ends at `end`.
fn span(a: f32, b: f32, end: u32) -> Range<u32> {
    let reach = PEN + 1.0;
    let first = (a.min(b) - reach).max(0.0) as u32;
    let last = (a.max(b) + reach).max(0.0) as u32 + 1;
    first.min(end)..last.min(end)
}

/// Where the squares begin that a span of pixels crosses.
fn tiles(span: &Range<u32>) -> impl Iterator<Item = u32> + use<> {
    let first = span.start / TILE * TILE;
    let end = if span.is_empty() { first } else { span.end };
    (first..end).step_by(TILE as usize)
}

/// Draws a line with a round pen, black on white, its edge smoothed.
fn draw(pad: &mut SharedPixelBuffer<Rgb8Pixel>, from: (f32, f32), to: (f32, f32)) {
    let (width, height) = (pad.width(), pad.height());
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let squared = dx * dx + dy * dy;
    let columns = span(from.0, to.0, width);
    let rows = span(from.1, to.1, height);
    let pixels = pad.make_mut_slice();
    for y in rows {
        for x in columns.clone() {
            let (px, py) = (x as f32 + 0.5 - from.0, y as f32 + 0.5 - from.1);
            let along = match squared > 0.0 {
                true => ((px * dx + py * dy) / squared).clamp(0.0, 1.0),
                false => 0.0,
            };
            let distance = (px - along * dx).hypot(py - along * dy);
            let shade = ((distance - PEN + 0.5).clamp(0.0, 1.0) * 255.0) as u8;
            if let Some(pixel) = pixels.get_mut((y * width + x) as usize)
                && shade < pixel.r
            {
                *pixel = Rgb8Pixel::new(shade, shade, shade);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shade(pad: &SharedPixelBuffer<Rgb8Pixel>, x: usize, y: usize) -> u8 {
        pad.as_slice()[y * 100 + x].r
    }

    #[test]
    fn a_line_is_as_thick_as_the_pen() {
        let mut pad = white(100, 60);
        draw(&mut pad, (20.0, 30.0), (80.0, 30.0));
        assert_eq!(shade(&pad, 50, 30), 0);
        assert_eq!(shade(&pad, 50, 27), 0);
        assert_eq!(shade(&pad, 50, 24), 255);
        assert_eq!(shade(&pad, 14, 30), 255);
    }

    #[test]
    fn every_square_that_a_line_crosses_is_found() {
        let crossed: Vec<u32> = tiles(&span(120.0, 260.0, 960)).collect();
        assert_eq!(crossed, [0, 128, 256]);
        // The last square of a pad is narrower.
        assert_eq!(tiles(&span(955.0, 2000.0, 960)).collect::<Vec<_>>(), [896]);
        assert_eq!(tiles(&span(2000.0, 2100.0, 960)).count(), 0);
    }

    #[test]
    fn a_line_may_leave_the_pad() {
        let mut pad = white(100, 60);
        draw(&mut pad, (-50.0, -20.0), (200.0, 90.0));
        draw(&mut pad, (500.0, 500.0), (900.0, 600.0));
        assert!(pad.as_slice().iter().any(|pixel| pixel.r == 0));
    }
}
