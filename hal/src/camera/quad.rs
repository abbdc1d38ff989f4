//! Straight lines and the four-sided figure that they make.

use imageproc::geometry::{contour_area, convex_hull};
use imageproc::point::Point;

/// A straight line: the points with `normal · point = offset`; the normal has length 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    normal: Point<f64>,
    offset: f64,
}

impl Line {
    /// The line through two points; `None` if they are one.
    pub(super) fn through(a: Point<f64>, b: Point<f64>) -> Option<Self> {
        let along = b - a;
        let length = along.x.hypot(along.y);
        (length > 1e-9).then(|| {
            let normal = Point::new(along.y / length, -along.x / length);
            Self {
                normal,
                offset: dot(normal, a),
            }
        })
    }

    /// The line that most of the points lie on. Each round fits the points that lie near the last
    /// line, so that a finger or a bent corner does not pull at it.
    pub(super) fn among(points: &[Point<f64>]) -> Option<Self> {
        const ROUNDS: usize = 5;
        const FEWEST: usize = 8;
        let mut line = Self::fit(points)?;
        for _ in 0..ROUNDS {
            let mut distances: Vec<f64> = points.iter().map(|p| line.distance(*p).abs()).collect();
            distances.sort_unstable_by(f64::total_cmp);
            let limit = (2.5 * distances.get(distances.len() / 2)?).max(0.35);
            let near: Vec<_> = points
                .iter()
                .copied()
                .filter(|p| line.distance(*p).abs() <= limit)
                .collect();
            if near.len() < FEWEST {
                return None;
            }
            line = Self::fit(&near)?;
        }
        Some(line)
    }

    /// The line with the least sum of squared distances from the points.
    fn fit(points: &[Point<f64>]) -> Option<Self> {
        let count = points.len() as f64;
        let sum = points
            .iter()
            .fold(Point::new(0.0, 0.0), |sum, point| sum + *point);
        let middle = Point::new(sum.x / count, sum.y / count);
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for point in points {
            let d = *point - middle;
            xx += d.x * d.x;
            xy += d.x * d.y;
            yy += d.y * d.y;
        }
        let angle = (2.0 * xy).atan2(xx - yy) / 2.0;
        let far = Point::new(middle.x + angle.cos(), middle.y + angle.sin());
        Self::through(middle, far).filter(|_| points.len() >= 2)
    }

    /// How far a point lies from the line; the sign says on which side.
    pub(super) fn distance(&self, point: Point<f64>) -> f64 {
        dot(self.normal, point) - self.offset
    }

    /// Where two lines cross; `None` if they hardly do.
    pub(super) fn crossing(&self, other: &Self) -> Option<Point<f64>> {
        let turn = self.normal.x * other.normal.y - self.normal.y * other.normal.x;
        (turn.abs() > 0.05).then(|| {
            Point::new(
                (self.offset * other.normal.y - other.offset * self.normal.y) / turn,
                (self.normal.x * other.offset - other.normal.x * self.offset) / turn,
            )
        })
    }
}

fn dot(a: Point<f64>, b: Point<f64>) -> f64 {
    a.x * b.x + a.y * b.y
}

/// A convex figure with four corners: first the one nearest the picture's top left, then clockwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quad(pub(super) [Point<f64>; 4]);

impl Quad {
    /// The figure that holds all points and little else. `None` if they do not spread.
    pub(super) fn around(points: &[Point<i32>]) -> Option<Self> {
        let mut unique = points.to_vec();
        unique.sort_unstable_by_key(|point| (point.x, point.y));
        // `convex_hull` orders points that are the same both ways round, which sorting may panic at.
        unique.dedup();
        let mut corners: Vec<Point<f64>> = convex_hull(unique)
            .into_iter()
            .map(|point| Point::new(point.x.into(), point.y.into()))
            .collect();
        // Takes away the side whose neighbours, drawn out until they cross, add the least.
        while corners.len() > 4 {
            let (side, crossing, _) = (0..corners.len())
                .filter_map(|side| {
                    let (crossing, added) = without(&corners, side)?;
                    Some((side, crossing, added))
                })
                .min_by(|a, b| a.2.total_cmp(&b.2))?;
            corners[side] = crossing;
            corners.remove((side + 1) % corners.len());
        }
        Self::from_corners(corners.try_into().ok()?)
    }

    /// The figure between four lines, each of which meets the next.
    pub(super) fn between(lines: [Line; 4]) -> Option<Self> {
        let meet = |a: usize, b: usize| lines[a].crossing(&lines[b]);
        Self::from_corners([meet(3, 0)?, meet(0, 1)?, meet(1, 2)?, meet(2, 3)?])
    }

    /// Orders the corners; `None` if the figure is not convex.
    fn from_corners(mut corners: [Point<f64>; 4]) -> Option<Self> {
        let turn = |at: usize| {
            let [a, b, c] = [0, 1, 2].map(|next| corners[(at + next) % 4]);
            (b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x)
        };
        let turns = [0, 1, 2, 3].map(turn);
        if turns.iter().all(|turn| *turn < 0.0) {
            corners.reverse();
        } else if !turns.iter().all(|turn| *turn > 0.0) {
            return None;
        }
        let first = (0..4).min_by(|a, b| {
            let reach = |corner: &usize| corners[*corner].x + corners[*corner].y;
            reach(a).total_cmp(&reach(b))
        })?;
        corners.rotate_left(first);
        Some(Self(corners))
    }

    /// Its four sides, the top one first, each with its ends.
    pub(super) fn sides(&self) -> [(Point<f64>, Point<f64>); 4] {
        [0, 1, 2, 3].map(|side| (self.0[side], self.0[(side + 1) % 4]))
    }

    /// Length of each side.
    pub(super) fn lengths(&self) -> [f64; 4] {
        self.sides().map(|(a, b)| (b.x - a.x).hypot(b.y - a.y))
    }

    /// Area in square pixels.
    pub(super) fn area(&self) -> f64 {
        contour_area(&self.0)
    }

    /// The same figure in a picture so many times larger.
    pub(super) fn scaled(&self, x: f64, y: f64) -> Self {
        Self(self.0.map(|corner| Point::new(corner.x * x, corner.y * y)))
    }
}

/// What becomes of a figure without one side: where its neighbours cross, and the area that adds.
fn without(corners: &[Point<f64>], side: usize) -> Option<(Point<f64>, f64)> {
    let at = |index: usize| corners[index % corners.len()];
    let (a, b) = (at(side), at(side + 1));
    let before = Line::through(at(side + corners.len() - 1), a)?;
    let after = Line::through(b, at(side + 2))?;
    let crossing = before.crossing(&after)?;
    // On the outer side of what is taken away, else the neighbours part there.
    let outward = dot(crossing - a, a - at(side + corners.len() - 1)) >= 0.0
        && dot(crossing - b, b - at(side + 2)) >= 0.0;
    outward.then(|| (crossing, contour_area(&[a, crossing, b])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(x: f64, y: f64) -> Point<f64> {
        Point::new(x, y)
    }

    #[test]
    fn a_line_goes_by_most_points() {
        let mut points: Vec<_> = (0..50)
            .map(|i| point(f64::from(i), 3.0 + 0.5 * f64::from(i)))
            .collect();
        // A finger.
        points.extend((20..30).map(|i| point(f64::from(i), 40.0)));
        let line = Line::among(&points).unwrap();
        assert!(line.distance(point(100.0, 53.0)).abs() < 0.01);
        assert!(Line::among(&points[..5]).is_none());
        assert!(Line::fit(&[]).is_none());
    }

    #[test]
    fn four_sides_hold_a_page_with_round_corners() {
        let mut outline = Vec::new();
        for step in 0..360 {
            let angle = f64::from(step).to_radians();
            let (x, y) = (angle.cos(), angle.sin());
            outline.push(Point::new(
                (200.0 + 140.0 * x.signum() + 12.0 * x) as i32,
                (150.0 + 90.0 * y.signum() + 12.0 * y) as i32,
            ));
        }
        let quad = Quad::around(&outline).unwrap();
        let wanted = [(48, 48), (352, 48), (352, 252), (48, 252)];
        for (found, (x, y)) in quad.0.iter().zip(wanted) {
            let off = (found.x - f64::from(x)).hypot(found.y - f64::from(y));
            assert!(off < 3.0, "{quad:?}");
        }
    }

    proptest! {
        #[test]
        fn any_points_lie_within(
            points in prop::collection::vec((0..400i32, 0..300i32), 0..60),
        ) {
            let points: Vec<_> = points.into_iter().map(|(x, y)| Point::new(x, y)).collect();
            if let Some(quad) = Quad::around(&points) {
                for (a, b) in quad.sides() {
                    let side = Line::through(a, b).unwrap();
                    for point in &points {
                        let point = Point::new(f64::from(point.x), f64::from(point.y));
                        prop_assert!(side.distance(point) < 1e-6, "{point:?} outside {quad:?}");
                    }
                }
            }
        }
    }
}
