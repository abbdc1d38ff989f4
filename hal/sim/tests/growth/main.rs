//! Reading and printing over and over takes no more memory and no more open files. Alone in its process,
//! so that no other test's use is counted; `make bench` does it a thousand times.

// Helpers of tests may fail a test like tests themselves; clippy.toml's exception covers only those.
#![allow(clippy::unwrap_used)]

mod work;

use work::{Devices, Used, print_slips, read_cards};

#[test]
fn reading_and_printing_leave_nothing_behind() {
    let devices = Devices::start();
    let (hands, mut reader, mut printer) = (devices.hands(), devices.reader(), devices.printer());
    let mut work = |count| {
        read_cards(count, &hands, &mut *reader);
        print_slips(count, &mut *printer);
    };
    work(10);
    let before = Used::now();
    work(50);
    let after = Used::now();
    assert_eq!(after.descriptors, before.descriptors);
    // A record of 1.3 KB left each time would show as 65; the heap itself moves by about 30, however often.
    assert!(after.memory <= before.memory + 52, "{before:?}, {after:?}");
}
