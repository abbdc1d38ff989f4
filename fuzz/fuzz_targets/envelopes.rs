//! Sealed cases from a wire or a disk: nothing that was not sealed opens.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use yici_contract::envelope::{self, SealedCase};
use yici_contract::{Keyring, SecretKey};

static UPSTREAM: LazyLock<Keyring> =
    LazyLock::new(|| Keyring::new(SecretKey::random().expect("randomness"), Vec::new()));
static DEVICE: LazyLock<SecretKey> = LazyLock::new(|| SecretKey::random().expect("randomness"));

fuzz_target!(|bytes: &[u8]| {
    let Ok(sealed) = SealedCase::parse(bytes.to_vec()) else {
        return;
    };
    assert_eq!(sealed.as_bytes(), bytes);
    let number = sealed.head().number;
    assert!(envelope::open(&sealed, &number, &UPSTREAM, DEVICE.public()).is_err());
});
