//! Figures of the devices, one JSON row a line for `make bench`.

// A bench that cannot go on has no other way to say so.
#![allow(clippy::unwrap_used)]

#[path = "../tests/growth/work.rs"]
mod work;

use std::thread;
use std::time::Duration;

use serde_json::json;
use work::{Devices, Used, print_slips, read_cards};

/// Bytes on the line from a card's being found to its whole record: select, read base, read new address
/// (reference/devices.md §1), requests and replies; the card has no newer address.
const BYTES: u32 = (10 + 19) + (10 + 1295) + (10 + 11);

fn main() {
    let devices = Devices::start();
    let (hands, mut reader, mut printer) = (devices.hands(), devices.reader(), devices.printer());
    let mut times = read_cards(40, &hands, &mut *reader);
    times.sort_unstable();
    let line = Duration::from_secs(10) / 115_200 * BYTES;
    row(
        "ID card, found to record, median",
        "its bytes at 115200 baud",
        times[times.len() / 2].as_secs_f64() / line.as_secs_f64(),
        1.15,
    );

    // What the heap comes to hold at once is no growth: it was 368 KiB after 40 of each, and 484 after 500,
    // 1,000, 1,500.
    let mut work = |times| {
        thread::scope(|scope| {
            scope.spawn(|| read_cards(times, &hands, &mut *reader));
            scope.spawn(|| print_slips(times, &mut *printer));
        });
        Used::now()
    };
    let before = work(500);
    let after = work(1000);
    eprintln!("{before:?} before, {after:?} after 1,000 cards and 1,000 slips");
    row(
        "memory after 1,000 cards and slips (anonymous)",
        "after 500 of each",
        after.memory as f64 / before.memory as f64,
        1.05,
    );
    row(
        "open files after 1,000 cards and slips",
        "after 500 of each",
        after.descriptors as f64 / before.descriptors as f64,
        1.0,
    );
}

fn row(what: &str, against: &str, ratio: f64, limit: f64) {
    println!(
        "{}",
        json!({"figure": what, "against": against, "ratio": ratio, "limit": limit})
    );
}
