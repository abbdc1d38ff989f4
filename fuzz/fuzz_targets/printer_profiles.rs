//! Profiles of printers: one that is taken does not contradict itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yici_hal::escpos::{Model, ProfileError};

fuzz_target!(|text: &str| {
    match Model::parse(text) {
        Ok(model) => {
            assert_eq!(model.profile.check(), Ok(()));
            let asked: Vec<u8> = model.profile.status.requests.numbers().collect();
            assert!(asked.starts_with(&[1]) && asked.is_sorted() && asked.len() <= 4);
        }
        Err(ProfileError::File(told)) => assert!(!told.is_empty()),
        Err(ProfileError::Contradiction(_)) => {}
        Err(ProfileError::Unknown(_)) => unreachable!("no name was asked for"),
    }
});
