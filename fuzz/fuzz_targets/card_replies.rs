//! Replies of a SAM_V reader: the frames that are found do not depend on how the bytes arrive.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_hal::id_card::frame::{Decoder, FrameError};
use yici_hal::transport::seam::Seam;

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    let whole = decode(bytes, 2048);
    assert_eq!(decode(bytes, 1 + usize::from(piece)), whole);

    // The same stream through two pipes: each byte goes through one of them.
    let (mut seam, mut rest) = (Seam::default(), bytes);
    while !rest.is_empty() {
        let run = seam.run(rest);
        assert!((1..=rest.len()).contains(&run));
        seam.advance(&rest[..run]);
        rest = &rest[run..];
    }
});

/// All frames and errors, the line going quiet at the end.
fn decode(bytes: &[u8], piece: usize) -> Vec<Result<(u8, Vec<u8>), FrameError>> {
    let mut decoder = Decoder::default();
    let mut found = Vec::new();
    for piece in bytes.chunks(piece) {
        decoder.push(piece);
        found.extend(std::iter::from_fn(|| decoder.next_reply()));
    }
    while let Some(error) = decoder.quiet() {
        found.push(Err(error));
        found.extend(std::iter::from_fn(|| decoder.next_reply()));
    }
    assert!(!decoder.is_partial());
    found
        .into_iter()
        .map(|one| one.map(|reply| (reply.sw3, reply.data.to_vec())))
        .collect()
}
