//! Reports of HID readers: a payload is inside its report.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_hal::transport::hid_payload;

fuzz_target!(|report: &[u8]| {
    if let Some(payload) = hid_payload(report) {
        assert_eq!(payload.start, 1);
        assert!(!payload.is_empty() && payload.end <= report.len());
    }
});
