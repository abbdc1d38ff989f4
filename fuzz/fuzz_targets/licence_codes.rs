//! Codes of electronic licences: one that is understood is made of its parts and one check character.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_hal::code_scanner::licence;

fuzz_target!(|text: &str| {
    let Some(found) = licence::parse(text) else {
        return;
    };
    let parts = [&found.kind, &found.issuer, &found.serial].map(|part| part.as_str());
    let body = format!("1.2.156.3005.2.{}.{:03}.", parts.join("."), found.version);
    let check = text
        .trim_matches([' ', '\t', '\r', '\n'])
        .strip_prefix(&body);
    assert_eq!(check.map(str::len), Some(1));
    assert_eq!(format!("{found:?}"), "Licence(gbt-36904, …)");
});
