//! Setup files, as they come from a stick, as a QR code, and past their signature.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_provision::{Setup, changes, qr};

fuzz_target!(|text: &str| {
    let _ = qr::decode(text.as_bytes());
    if let Ok(setup) = Setup::parse(text) {
        assert!(changes(Some(&setup), &setup).is_empty());
    }
});
