//! Every page that the gallery knows, drawn whole at 1080×1920 by one core: warm (limit 5 ms), and
//! from its data to its pixels when it is shown for the first time (limit 50 ms). Both languages and
//! both sizes of type.

use std::cmp::Reverse;
use std::error::Error;
use std::time::Duration;

use serde_json::json;
use slint::ComponentHandle;
use yici::headless::{self, Options};
use yici::screen::Screen;
use yici_catalog::Lang;

// Of which this needs only the pages.
#[allow(dead_code)]
#[path = "../examples/gallery/main.rs"]
mod gallery;

/// So often is a page drawn warm.
const REDRAWN: usize = 100;

/// Name, language, large type.
const MODES: [(&str, Lang, bool); 4] = [
    ("zh", Lang::Zh, false),
    ("zh-large", Lang::Zh, true),
    ("en", Lang::En, false),
    ("en-large", Lang::En, true),
];

fn main() -> Result<(), Box<dyn Error>> {
    let headless = headless::install(&Options {
        dir: Some(env!("CARGO_TARGET_TMPDIR").into()),
        size: (1080, 1920),
        script: None,
        screen: None,
    })?;
    let screen = Screen::new(|_, _| {})?;
    screen.window().show()?;
    let mut drawn = Vec::new();
    for (mode, lang, large) in MODES {
        for (name, mut page) in gallery::pages() {
            page.serial = u32::try_from(drawn.len() + 1)?;
            page.frame.lang = lang;
            page.frame.large = large;
            let first = headless.draw(&screen, &page);
            if gallery::apply::deed(name, &screen) {
                headless.draw(&screen, &page);
            }
            let mut times: Vec<_> = (0..REDRAWN).map(|_| headless.redraw()).collect();
            times.sort_unstable();
            drawn.push(Drawn {
                name: format!("{name} ({mode})"),
                first,
                median: times[REDRAWN / 2],
                p99: times[REDRAWN * 99 / 100 - 1],
            });
        }
    }
    // The very first page loads the fonts.
    if let Some(opened) = drawn.first() {
        println!("the very first page, {}: {:.1?}", opened.name, opened.first);
    }
    slowest(&mut drawn, "a page drawn warm, median", |page| page.median);
    let warm = slowest(&mut drawn, "a page drawn warm, p99", |page| page.p99);
    let first = slowest(&mut drawn, "a page first shown", |page| page.first);
    row("the slowest page drawn warm, p99", warm, 5);
    row("the slowest page when first shown", first, 50);
    Ok(())
}

/// How long a page took.
struct Drawn {
    name: String,
    /// From its data to its pixels.
    first: Duration,
    /// Drawn whole, again and again.
    median: Duration,
    p99: Duration,
}

/// Says which pages are the slowest, and how long the very slowest takes.
fn slowest(drawn: &mut [Drawn], what: &str, time: fn(&Drawn) -> Duration) -> Duration {
    drawn.sort_by_key(|page| Reverse(time(page)));
    let named: Vec<_> = drawn
        .iter()
        .take(5)
        .map(|page| format!("{} {:.1?}", page.name, time(page)))
        .collect();
    let median = drawn.get(drawn.len() / 2).map(time).unwrap_or_default();
    println!(
        "{what}: {}; the median of {} pages {median:.1?}",
        named.join(", "),
        drawn.len()
    );
    drawn.first().map(time).unwrap_or_default()
}

/// A time against a limit in milliseconds.
fn row(what: &str, time: Duration, limit: u64) {
    println!(
        "{}",
        json!({
            "figure": what,
            "against": format!("{limit} ms"),
            "ratio": time.as_secs_f64() * 1e3 / limit as f64,
            "limit": 1.0,
        })
    );
}
