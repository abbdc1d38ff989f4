//! What a scanner sends: the codes do not depend on how the bytes arrive, and hold nothing that
//! controls a device.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_hal::code_scanner::{Lines, MAX_CODE_BYTES, ScannedCode, ScannerError};

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    let whole = codes(bytes, 512);
    assert_eq!(codes(bytes, 1 + usize::from(piece)), whole);
});

/// The codes, the line going quiet at the end.
fn codes(bytes: &[u8], piece: usize) -> Vec<Result<String, String>> {
    let mut lines = Lines::default();
    let mut found = Vec::new();
    for piece in bytes.chunks(piece) {
        lines.push(piece);
        found.extend(std::iter::from_fn(|| lines.next_code()).map(read));
    }
    found.extend(lines.end().map(read));
    assert!(!lines.is_partial());
    found
}

fn read(code: Result<ScannedCode, ScannerError>) -> Result<String, String> {
    let code = code.map_err(|error| error.to_string())?;
    let text = code.text();
    assert!(!text.is_empty() && text.len() <= 3 * MAX_CODE_BYTES);
    assert!(
        text.chars()
            .all(|c| !c.is_control() || "\t\u{1D}\u{1E}\u{1F}".contains(c))
    );
    Ok(text.into())
}
