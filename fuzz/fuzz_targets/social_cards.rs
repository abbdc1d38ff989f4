//! Records of social security cards: what is taken is whole, and fits its number.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_hal::social_card::record::Replies;

// Each reply stands behind its length.
fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    let mut next = || {
        let (&length, behind) = rest.split_first()?;
        let (reply, behind) = behind.split_at_checked(length.into())?;
        rest = behind;
        Some(reply)
    };
    let mut reply = || next().unwrap_or_default();
    let replies = Replies {
        card_number: reply(),
        number: reply(),
        name: reply(),
        sex: reply(),
        nation: reply(),
        birthplace: reply(),
        birth: reply(),
    };
    let Ok(card) = replies.parse() else {
        return;
    };
    assert_eq!(card.birth, card.number.birth());
    for text in [&card.card_number, &card.name] {
        assert!(!text.is_empty() && text.len() <= 3 * 255 && !text.chars().any(char::is_control));
    }
    for code in [&card.nation, &card.birthplace].into_iter().flatten() {
        assert!(code.bytes().all(|byte| byte.is_ascii_digit()));
    }
    assert_eq!(format!("{card:?}"), "SocialCard(…)");
});
