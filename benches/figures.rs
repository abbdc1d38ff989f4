//! Figures of the terminal, one JSON row a line for `make bench`.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::civil::datetime;
use serde_json::json;
use yici::config::Config;
use yici::health::Health;
use yici::visit::sheet::{Kind, Request, sheet};
use yici::visit::{Event, Now, Terminal, Touch};
use yici_catalog::{Answer, Answers, Catalog, Lang};
use yici_hal::escpos::{Profile, encode};
use yici_hal::glyph::raster;
use yici_hal::slip::PaperWidth;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = Config::load(&root.join("demo/kiosk.toml"))?;
    let catalog = Catalog::load(&config.catalogue)?;
    let now = Now {
        mono: Duration::ZERO,
        wall: datetime(2026, 11, 24, 9, 30, 0, 0),
        stamp: jiff::Timestamp::UNIX_EPOCH,
    };
    slip_bytes(&config, &catalog, now)?;
    touches(&config, catalog, now);
    Ok(())
}

/// A slip's bytes against the same slip sent as one raster.
fn slip_bytes(config: &Config, catalog: &Catalog, now: Now) -> Result<(), Box<dyn Error>> {
    let matter = catalog.matter("newborn").ok_or("no newborn")?;
    let answers = Answers(BTreeMap::from_iter(
        [
            ("birthplace", "local-hospital"),
            ("certificate", "not-yet"),
            ("age", "under-one"),
            ("household", "family"),
            ("register", "both"),
            ("married", "yes"),
            ("notice", "done"),
            ("expense", "open"),
            ("insurance", "employee"),
        ]
        .map(|(question, option)| (question.to_owned(), Answer::Option(option.to_owned()))),
    ));
    let request = Request {
        catalog,
        matter,
        hall: &config.hall,
        lang: Lang::Zh,
        answers: &answers,
        items: None,
        now,
    };
    let slip = sheet(Kind::GuidanceSheet, &request)?.lay_out(PaperWidth::Mm80);
    let sent = encode(&slip, &Profile::epson(PaperWidth::Mm80))?.len();
    let picture = raster(&slip, PaperWidth::Mm80)?;
    let dots = PaperWidth::Mm80.dots() / 8 * picture.height() as usize;
    row(
        "guidance sheet, bytes sent",
        "the same as a raster",
        sent as f64 / dots as f64,
        0.1,
    );
    Ok(())
}

/// A touch through the visit to the next page, as data; limit: a tenth of the 50 ms that a page may
/// take from touch to screen.
fn touches(config: &Config, catalog: Catalog, now: Now) {
    let mut terminal = Terminal::new(
        catalog.into(),
        config.hall.clone(),
        config.timing,
        Lang::Zh,
        Health::default(),
        now,
    );
    let mut times = Vec::new();
    for _ in 0..200 {
        for touch in [
            Touch::Wake,
            Touch::Matter("newborn".into()),
            Touch::Main,
            Touch::WithoutCard,
            Touch::Choose(0),
            Touch::Choose(0),
            Touch::Choose(0),
            Touch::Choose(0),
            Touch::Finish,
            Touch::Main,
        ] {
            let serial = terminal.view().serial;
            let start = Instant::now();
            terminal.handle(Event::Touched { serial, touch }, now);
            std::hint::black_box(terminal.view());
            times.push(start.elapsed().as_secs_f64());
        }
    }
    times.sort_unstable_by(f64::total_cmp);
    let p99 = times[times.len() * 99 / 100];
    row("touch → page as data, p99", "5 ms", p99 / 0.005, 1.0);
}

fn row(what: &str, against: &str, ratio: f64, limit: f64) {
    println!(
        "{}",
        json!({"figure": what, "against": against, "ratio": ratio, "limit": limit})
    );
}
