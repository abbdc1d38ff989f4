//! Replies of smart cards, one after the other, each after its length: whatever a card says, it is asked a
//! bounded number of times, and what is taken of it was said by it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_hal::smart_card::{SmartCardError, exchange};
use zeroize::Zeroizing;

fuzz_target!(|said: &[u8]| {
    let mut rest = said;
    let (mut asked, mut given) = (0, 0);
    let data = exchange(&[0x00, 0xB2, 0x01, 0x04, 0x00], |_| {
        asked += 1;
        let (length, after) = rest.split_first().ok_or(SmartCardError::CardGone)?;
        // Two bytes are the least that a reply has; more than 256 and a status word are too many.
        let length = usize::from(*length) * 2;
        let (reply, after) = after
            .split_at_checked(length)
            .ok_or(SmartCardError::CardGone)?;
        rest = after;
        given += length;
        Ok(Zeroizing::new(reply.to_vec()))
    });
    assert!(asked <= 10);
    assert!(data.is_err() || data.is_ok_and(|data| data.len() + 2 * asked == given));
});
