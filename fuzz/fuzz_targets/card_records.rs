//! Records of ID cards, with a newer address behind: nothing is longer than its field.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_hal::id_card::{IdCard, number::checked_number};

/// Bytes of a "read base" reply's data with a photo.
const BASE: usize = 4 + 256 + 1024;

fuzz_target!(|bytes: &[u8]| {
    let (base, address) = bytes.split_at_checked(BASE).unwrap_or((bytes, &[]));
    let Ok(mut card) = IdCard::parse(base) else {
        return;
    };
    let fits = |text: &Option<String>, units: usize| {
        text.as_ref()
            .is_none_or(|text| text.encode_utf16().count() <= units)
    };
    assert!(card.name.encode_utf16().count() <= 60 && !card.name.is_empty());
    assert!(fits(&card.english_name, 60) && fits(&card.address, 35) && fits(&card.issuer, 15));
    assert_eq!(
        format!("{card:?}"),
        format!("IdCard {{ kind: {:?}, … }}", card.kind)
    );
    let _ = checked_number(&card.number);
    if card.take_new_address(address).is_ok() {
        assert!(fits(&card.address, 128));
    }
});
