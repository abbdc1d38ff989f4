//! What comes back from a printer: never more answers than bytes, and after a NUL a new answer is found.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_hal::escpos::replies::{Demultiplexer, Expected, Reply};

fuzz_target!(|bytes: &[u8]| {
    for expected in [Expected::Outlet, Expected::Ejector, Expected::Full] {
        let mut demultiplexer = Demultiplexer::default();
        demultiplexer.expected = expected;
        let outlets = bytes
            .iter()
            .filter_map(|&byte| demultiplexer.push(byte))
            .filter(|reply| matches!(reply, Reply::Outlet(_) | Reply::Full(_)))
            .count();
        assert!(outlets <= 1, "asked once, answered once");
    }

    let mut demultiplexer = Demultiplexer::default();
    let found = bytes
        .iter()
        .filter_map(|&byte| demultiplexer.push(byte))
        .count();
    assert!(found <= bytes.len());
    let proof = [0x00, 0x37, 0x22, b'1', b'3', b'5', b'7', 0x00];
    let last = proof
        .into_iter()
        .filter_map(|byte| demultiplexer.push(byte))
        .last();
    assert_eq!(last, Some(Reply::Done(*b"1357")));
});
