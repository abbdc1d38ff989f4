//! What the kernel tells of a HID device, whose name is the device's own word: it fits a line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_hal::transport::hid_about;

fuzz_target!(|uevent: &str| {
    if let Some((_, _, name)) = hid_about(uevent) {
        assert!(!name.contains(char::is_control));
    }
});
