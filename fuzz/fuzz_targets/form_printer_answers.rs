//! Answers of A4 printers (IPP): what follows an answer's end changes nothing, and no value is larger
//! than the answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_hal::form_printer::{Reply, Value};

fuzz_target!(|bytes: &[u8]| {
    let Some(reply) = Reply::parse(bytes) else {
        return;
    };
    assert_eq!(
        Reply::parse(&[bytes, b"\x04more"].concat()).as_ref(),
        Some(&reply)
    );
    for name in ["printer-state", "printer-state-reasons", "job-state", ""] {
        let values = reply.values(name);
        let texts: usize = reply.texts(name).map(str::len).sum();
        assert!(values.len() + texts <= bytes.len());
        if let Some(number) = reply.number(name) {
            assert_eq!(values[0], Value::Number(number));
        }
    }
});
