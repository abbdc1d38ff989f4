//! How many requests a device may make.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use yici_contract::KeyId;
use yici_contract::api::MAX_REQUESTS_A_MINUTE;

/// Counts each device's requests of the current minute.
#[derive(Default)]
pub struct Gate(Mutex<Minute>);

#[derive(Default)]
struct Minute {
    minute: i64,
    counts: HashMap<KeyId, u32>,
}

impl Gate {
    /// Counts a request; whether it may go on. Only enrolled devices are counted, so the table stays
    /// as small as the hall.
    pub fn pass(&self, device: KeyId, now: Timestamp) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.as_second() / 60;
        if state.minute != minute {
            state.minute = minute;
            state.counts.clear();
        }
        let count = state.counts.entry(device).or_default();
        *count = count.saturating_add(1);
        *count <= MAX_REQUESTS_A_MINUTE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_device_has_its_minute() {
        let gate = Gate::default();
        let now = Timestamp::from_second(6000).unwrap();
        let (one, two) = (KeyId::from([1; 8]), KeyId::from([2; 8]));
        assert!((0..MAX_REQUESTS_A_MINUTE).all(|_| gate.pass(one, now)));
        assert!(!gate.pass(one, now));
        assert!(gate.pass(two, now));
        assert!(gate.pass(one, Timestamp::from_second(6060).unwrap()));
    }
}
