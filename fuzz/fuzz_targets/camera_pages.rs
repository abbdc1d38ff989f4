//! Pages in pictures: one that is found has the bounds of a page and lies where it was seen.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_hal::camera::{Encoding, Frame, MAX_LONG_SIDE, MAX_PAGE_BYTES, MAX_SHORT_SIDE, Page};

/// Pixels across and down of one byte of the input: few bytes make a picture that is large enough.
const BLOCK: usize = 8;

fuzz_target!(|input: &[u8]| {
    let Some((&width, cells)) = input.split_first() else {
        return;
    };
    let width = 2 * (1 + usize::from(width % 64));
    let Some(frame) = frame(width, &cells[..cells.len().min(64 * width)]) else {
        return;
    };
    let Ok(page) = Page::of(&frame) else {
        return;
    };
    let (short, long) = (
        page.width().min(page.height()),
        page.width().max(page.height()),
    );
    assert!((1..=MAX_SHORT_SIDE).contains(&short) && long <= MAX_LONG_SIDE);
    assert!(
        page.corners()
            .iter()
            .all(|(x, y)| x.is_finite() && y.is_finite())
    );
    let file = page.to_jpeg();
    assert!(file.len() <= MAX_PAGE_BYTES && file.starts_with(&[0xFF, 0xD8]));
});

/// A grey picture: each byte is the brightness of one block.
fn frame(width: usize, cells: &[u8]) -> Option<Frame> {
    let mut yuyv = Vec::new();
    for row in cells.chunks_exact(width) {
        let line: Vec<u8> = row
            .iter()
            .flat_map(|&grey| [grey, 128].repeat(BLOCK))
            .collect();
        yuyv.extend(line.repeat(BLOCK));
    }
    let (width, height) = (width * BLOCK, cells.len() / width * BLOCK);
    let size = (width as u32, height as u32);
    Encoding::Yuyv { stride: 0 }.decode(&yuyv, size).ok()
}
