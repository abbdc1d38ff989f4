//! What a scanner types: whatever keys come, the codes are text that a keyboard has, within bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_hal::code_scanner::MAX_CODE_BYTES;
use yici_hal::code_scanner::keys::Keys;

// Two bytes an event: its code, and its value with its kind in the highest bit.
fuzz_target!(|events: &[u8]| {
    let mut keys = Keys::default();
    for &[code, value] in events.as_chunks::<2>().0 {
        let (kind, value) = (u16::from(value >> 7 == 0), i32::from(value & 0x7F));
        if keys.event(kind, code.into(), value) {
            keys.set_held([u16::from(code), 42].into_iter());
            assert!(!keys.event(0, 0, 0), "told once");
        }
        check(&mut keys);
    }
    keys.end();
    check(&mut keys);
    assert!(!keys.is_partial());
});

fn check(keys: &mut Keys) {
    while let Some(code) = keys.next_code() {
        let Ok(code) = code else { continue };
        let text = code.text();
        assert!((1..=MAX_CODE_BYTES).contains(&text.len()));
        assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~' | 0x1D)));
    }
}
