//! Proofs in the `Authorization` header: nothing that was not made with the device's key passes.
#![no_main]

use std::sync::LazyLock;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use yici_contract::proof::{self, Request};
use yici_contract::{Keyring, SecretKey};

static UPSTREAM: LazyLock<Keyring> =
    LazyLock::new(|| Keyring::new(SecretKey::random().expect("randomness"), Vec::new()));
static DEVICE: LazyLock<SecretKey> = LazyLock::new(|| SecretKey::random().expect("randomness"));

fuzz_target!(|header: &str| {
    let request = Request {
        method: "GET",
        path: "/v1/time",
        body: b"",
    };
    let claimed = proof::claimed(header);
    let key = || Some(DEVICE.public().clone());
    let checked = proof::check(
        header,
        &request,
        &UPSTREAM,
        |_| key(),
        Timestamp::UNIX_EPOCH,
    );
    assert!(checked.is_err());
    // Made for no key here: the head can be replaced, and then the seal must still be refused.
    if claimed.is_ok() {
        let genuine = proof::prove(
            &request,
            &DEVICE,
            UPSTREAM.current().public(),
            Timestamp::UNIX_EPOCH,
        )
        .expect("a usable key");
        let mixed: String = genuine
            .chars()
            .zip(header.chars())
            .enumerate()
            .map(|(at, (own, theirs))| if at < 48 { own } else { theirs })
            .collect();
        if mixed != genuine {
            let checked = proof::check(
                &mixed,
                &request,
                &UPSTREAM,
                |_| key(),
                Timestamp::UNIX_EPOCH,
            );
            assert!(checked.is_err());
        }
    }
});
