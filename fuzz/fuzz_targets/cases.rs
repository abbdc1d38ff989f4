//! Cases as JSON, as they come out of an envelope: what is understood is written as it reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_contract::case::Case;

fuzz_target!(|json: &[u8]| {
    if let Ok(case) = Case::from_json(json) {
        let written = case.to_json().expect("a case that was read");
        let again = Case::from_json(&written).expect("a case that was written");
        assert!(again == case);
    }
});
