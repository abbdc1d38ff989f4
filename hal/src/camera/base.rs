//! What lies on the camera's base: all that does not look like the base itself.

use image::{GrayImage, Luma, Rgb, RgbImage};

/// Colour of the base: for brightness and two colour differences, a value and its slopes across and
/// down, for light seldom falls evenly.
#[derive(Debug, Clone, Copy)]
pub(super) struct Base {
    planes: [[f64; 3]; 3],
    /// Standard deviation of the base's own grain.
    pub(super) grain: f64,
}

impl Base {
    /// Learns the base from the picture's rim. Up to a third of it may be something else.
    pub(super) fn of(picture: &RgbImage) -> Self {
        let (width, height) = picture.dimensions();
        let rim = (width.min(height) / 30).max(1);
        let in_rim = |x: u32, y: u32| x < rim || y < rim || x + rim >= width || y + rim >= height;
        let samples: Vec<Sample> = picture
            .enumerate_pixels()
            .filter(|(x, y, _)| in_rim(*x, *y))
            .map(|(x, y, pixel)| Sample::new(x, y, *pixel))
            .collect();
        let mut base = Self {
            planes: [0, 1, 2].map(|channel| {
                [
                    median(samples.iter().map(|sample| sample.colour[channel])),
                    0.0,
                    0.0,
                ]
            }),
            grain: 0.0,
        };
        const ROUNDS: usize = 4;
        for _ in 0..ROUNDS {
            let spread = median(samples.iter().map(|sample| base.distance(sample)));
            let near: Vec<&Sample> = samples
                .iter()
                .filter(|sample| base.distance(sample) <= (3.0 * spread).max(6.0))
                .collect();
            base.grain = (near
                .iter()
                .map(|sample| base.distance(sample).powi(2))
                .sum::<f64>()
                / near.len().max(1) as f64)
                .sqrt();
            base.fit(&near);
        }
        base
    }

    /// Brightness of the base, 0 to 255, at a place.
    pub(super) fn brightness(&self, x: u32, y: u32) -> f64 {
        self.at(0, f64::from(x), f64::from(y))
    }

    /// How unlike the base each pixel is.
    pub(super) fn unlike(&self, picture: &RgbImage) -> GrayImage {
        GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
            let sample = Sample::new(x, y, *picture.get_pixel(x, y));
            Luma([self.distance(&sample) as u8])
        })
    }

    /// How unlike the base a colour at a place is: 0 to 255 and more.
    pub(super) fn distance_at(&self, x: f64, y: f64, colour: [f64; 3]) -> f64 {
        self.distance(&Sample {
            x,
            y,
            colour: components(colour),
        })
    }

    fn at(&self, channel: usize, x: f64, y: f64) -> f64 {
        let [value, across, down] = self.planes[channel];
        value + across * x + down * y
    }

    /// A difference in colour counts double: paper and light wood may be equally bright.
    fn distance(&self, sample: &Sample) -> f64 {
        let off =
            [0, 1, 2].map(|channel| sample.colour[channel] - self.at(channel, sample.x, sample.y));
        (off[0] * off[0] + 4.0 * (off[1] * off[1] + off[2] * off[2])).sqrt()
    }

    /// Fits each plane by least squares; keeps it if the samples do not tell.
    fn fit(&mut self, samples: &[&Sample]) {
        let count = samples.len() as f64;
        let mean =
            |value: fn(&Sample) -> f64| samples.iter().map(|s| value(s)).sum::<f64>() / count;
        let (mx, my) = (mean(|s| s.x), mean(|s| s.y));
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for sample in samples {
            let (dx, dy) = (sample.x - mx, sample.y - my);
            xx += dx * dx;
            xy += dx * dy;
            yy += dy * dy;
        }
        let determinant = xx * yy - xy * xy;
        if samples.len() < 16 || determinant < 1e-3 * xx * yy {
            return;
        }
        for (channel, plane) in self.planes.iter_mut().enumerate() {
            let middle = samples.iter().map(|s| s.colour[channel]).sum::<f64>() / count;
            let (mut xv, mut yv) = (0.0, 0.0);
            for sample in samples {
                let off = sample.colour[channel] - middle;
                xv += (sample.x - mx) * off;
                yv += (sample.y - my) * off;
            }
            let across = (xv * yy - yv * xy) / determinant;
            let down = (yv * xx - xv * xy) / determinant;
            *plane = [middle - across * mx - down * my, across, down];
        }
    }
}

struct Sample {
    x: f64,
    y: f64,
    colour: [f64; 3],
}

impl Sample {
    fn new(x: u32, y: u32, pixel: Rgb<u8>) -> Self {
        Self {
            x: x.into(),
            y: y.into(),
            colour: components(pixel.0.map(f64::from)),
        }
    }
}

/// Brightness and the two colour differences of ITU-R BT.601.
fn components([r, g, b]: [f64; 3]) -> [f64; 3] {
    let y = 0.299 * r + 0.587 * g + 0.114 * b;
    [y, 0.564 * (b - y), 0.713 * (r - y)]
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}
