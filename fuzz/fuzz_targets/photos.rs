//! What a decoder of photos gives: a picture of the photo's size, or none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_hal::id_card::photo::Photo;

fuzz_target!(|output: &[u8]| {
    if let Ok(photo) = Photo::parse(output) {
        assert_eq!(photo.rgb().len(), 102 * 126 * 3);
    }
});
