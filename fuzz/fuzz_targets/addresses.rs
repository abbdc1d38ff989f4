//! Addresses of devices, as a configuration has them: what is understood is written as it reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_hal::address::Address;

fuzz_target!(|text: &str| {
    if let Ok(address) = text.parse::<Address>() {
        let written = address.to_string();
        assert_eq!(written.parse(), Ok(address), "{written}");
    }
});
