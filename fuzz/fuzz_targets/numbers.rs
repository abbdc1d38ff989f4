//! Numbers and secrets that people type or hold up: what is understood is written as it reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_contract::{CaseNumber, SecretKey, SlipCode};
use yici_hal::id_card::number::checked_number;

fuzz_target!(|text: &str| {
    if let Ok(number) = CaseNumber::parse(text) {
        assert_eq!(CaseNumber::parse(&number.compact()), Ok(number));
        assert_eq!(CaseNumber::parse(&number.to_string()), Ok(number));
    }
    if let Ok(code) = SlipCode::parse(text) {
        let again = SlipCode::parse(&code.to_text()).expect("a code that was written");
        assert!(again.number == code.number && again.secret == code.secret);
    }
    if let Ok(key) = SecretKey::parse(text) {
        assert_eq!(
            SecretKey::parse(&key.to_text()).map(|key| key.public().id()),
            Ok(key.public().id())
        );
    }
    if let Ok(number) = checked_number(text) {
        assert_eq!(number.birth(), number.birth());
    }
});
