//! Pictures as a camera sends them: whatever the bytes are, what comes out has the bounds of a picture.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_hal::camera::{Encoding, MAX_HEIGHT, MAX_WIDTH};

fuzz_target!(|input: &[u8]| {
    let Some((&[stride, width, height], bytes)) = input.split_first_chunk() else {
        return;
    };
    let size = (width.into(), height.into());
    let frame = match stride {
        0 => Encoding::Jpeg.decode(bytes, size),
        _ => {
            let stride = u32::from(stride);
            Encoding::Yuyv { stride }.decode(bytes, size)
        }
    };
    let Ok(frame) = frame else {
        return;
    };
    let found = (frame.width(), frame.height());
    assert!(stride == 0 || found == size);
    assert!((1..=MAX_WIDTH).contains(&found.0) && (1..=MAX_HEIGHT).contains(&found.1));
});
