//! IEEE 1284 device ids of USB printers: what is shown of them is short and controls nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_hal::printer_port::DeviceId;

fuzz_target!(|answer: &[u8]| {
    let id = DeviceId::parse(&answer[..answer.len().min(DeviceId::LONGEST)]);
    assert!(id.commands.len() <= 16);
    for text in id.commands.iter().chain([&id.maker, &id.model]) {
        assert!(text.chars().count() <= 256 && !text.chars().any(char::is_control));
    }
    let _ = id.is_page_printer();
});
