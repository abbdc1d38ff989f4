//! The picture of a matter: everything is on it, and nothing lies over anything else.

use std::path::Path;

use yici_catalog::{Catalog, Lang, graph};

use crate::support::good;

#[derive(Debug)]
struct Rect {
    x: f64,
    y: f64,
    w: f64,
    h: f64,
}

fn attribute(tag: &str, name: &str) -> f64 {
    let start = tag.find(&format!(" {name}=\"")).unwrap() + name.len() + 3;
    let rest = &tag[start..];
    rest[..rest.find('"').unwrap()].parse().unwrap()
}

fn boxes(svg: &str) -> Vec<Rect> {
    svg.lines()
        .filter(|line| line.starts_with("<rect class="))
        .map(|tag| Rect {
            x: attribute(tag, "x"),
            y: attribute(tag, "y"),
            w: attribute(tag, "width"),
            h: attribute(tag, "height"),
        })
        .collect()
}

/// Points along the lines.
fn edges(svg: &str) -> Vec<Vec<(f64, f64)>> {
    let mut all = Vec::new();
    for line in svg
        .lines()
        .filter(|l| l.starts_with("<path class=\"edge\""))
    {
        let d = line.split('"').nth(3).unwrap();
        let curve = d.contains('C');
        let numbers: Vec<f64> = d
            .split(['M', 'C', 'L', ' '])
            .filter(|n| !n.is_empty())
            .map(|n| n.parse().unwrap())
            .collect();
        let places: Vec<(f64, f64)> = numbers.chunks(2).map(|p| (p[0], p[1])).collect();
        let steps = (0..=40).map(|n| f64::from(n) / 40.0);
        all.push(if curve {
            let bezier = |t: f64, a: f64, b: f64, c: f64, d: f64| {
                let s = 1.0 - t;
                s * s * s * a + 3.0 * s * s * t * b + 3.0 * s * t * t * c + t * t * t * d
            };
            let [a, b, c, d] = places[..] else {
                panic!("{line}")
            };
            steps
                .map(|t| (bezier(t, a.0, b.0, c.0, d.0), bezier(t, a.1, b.1, c.1, d.1)))
                .collect()
        } else {
            let along = |p: &[(f64, f64)], t: f64| {
                (
                    p[0].0 + t * (p[1].0 - p[0].0),
                    p[0].1 + t * (p[1].1 - p[0].1),
                )
            };
            places
                .windows(2)
                .flat_map(|p| steps.clone().map(move |t| along(p, t)))
                .collect()
        });
    }
    all
}

fn plain(svg: &str) -> String {
    let texts = svg.lines().filter(|l| l.starts_with("<text "));
    texts
        .map(|l| &l[l.find('>').unwrap() + 1..l.rfind('<').unwrap()])
        .collect::<String>()
        .replace(' ', "")
}

#[test]
fn nothing_lies_over_anything_else_and_all_is_there() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("matters");
    for dir in [good(), shipped] {
        let catalog = Catalog::load(&dir).unwrap();
        for matter in &catalog.matters {
            for lang in [Lang::Zh, Lang::En] {
                let svg = graph(&catalog, matter, lang);
                let boxes = boxes(&svg);
                let (width, height) = (attribute(&svg, "width"), attribute(&svg, "height"));
                for (n, a) in boxes.iter().enumerate() {
                    assert!(a.x + a.w <= width && a.y + a.h <= height, "{a:?}");
                    for b in &boxes[..n] {
                        let apart = a.x + a.w <= b.x
                            || b.x + b.w <= a.x
                            || a.y + a.h <= b.y
                            || b.y + b.h <= a.y;
                        assert!(apart, "{}: {a:?} lies over {b:?}", matter.id);
                    }
                }
                for edge in edges(&svg) {
                    for (x, y) in edge {
                        let inside = boxes.iter().find(|b| {
                            x > b.x + 1.0
                                && x < b.x + b.w - 1.0
                                && y > b.y + 1.0
                                && y < b.y + b.h - 1.0
                        });
                        assert!(inside.is_none(), "{}: a line crosses {inside:?}", matter.id);
                    }
                }
                let text = plain(&svg);
                let has = |t: &yici_catalog::Text| {
                    let words = t.get(lang).replace(' ', "").replace('&', "&amp;");
                    assert!(text.contains(&words), "{}: {words}", matter.id);
                };
                matter.questions.iter().for_each(|q| has(&q.text));
                let options = matter.questions.iter().flat_map(|q| &q.options);
                options.filter_map(|o| o.text.as_ref()).for_each(has);
                matter.windows.iter().for_each(|w| has(&w.reason));
                matter.items.iter().for_each(|i| has(&i.name));
                assert_eq!(
                    svg.matches("<text ").count(),
                    svg.matches("</text>").count()
                );
            }
        }
    }
}
