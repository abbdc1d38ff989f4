//! How many requests a device may make, and how many wrong keys a case may be tried with.
//!
//! Both are counted in memory: a service that is started again begins to count anew.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use yici_contract::api::{MAX_REQUESTS_A_MINUTE, MAX_WRONG_KEYS_AN_HOUR};
use yici_contract::{CaseNumber, KeyId};

/// Counts each device's requests of the current minute, and each number's wrong keys of the current
/// hour.
#[derive(Default)]
pub struct Gate {
    requests: Mutex<Counts<KeyId>>,
    keys: Mutex<Counts<CaseNumber>>,
}

impl Gate {
    /// Counts a request; whether it may go on. Only enrolled devices are counted, so the table stays
    /// as small as the hall.
    pub fn pass(&self, device: KeyId, now: Timestamp) -> bool {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.count(device, now.as_second() / 60) <= MAX_REQUESTS_A_MINUTE
    }

    /// Counts a key as wrong before it is looked at, so that keys tried side by side count too;
    /// whether it may be looked at. Numbers that nobody has are counted like others, or this would
    /// tell them apart; what devices may ask in an hour bounds the table.
    pub fn try_key(&self, number: CaseNumber, now: Timestamp) -> bool {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.count(number, now.as_second() / 3600) <= MAX_WRONG_KEYS_AN_HOUR
    }

    /// Takes back that a key was counted as wrong.
    pub fn right_key(&self, number: &CaseNumber) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = keys.counts.get_mut(number) {
            *count = count.saturating_sub(1);
        }
    }
}

struct Counts<K> {
    period: i64,
    counts: HashMap<K, u32>,
}

impl<K: Eq + Hash> Counts<K> {
    /// How often this was counted in the period, this time included.
    fn count(&mut self, what: K, period: i64) -> u32 {
        if self.period != period {
            self.period = period;
            self.counts.clear();
        }
        let count = self.counts.entry(what).or_default();
        *count = count.saturating_add(1);
        *count
    }
}

impl<K> Default for Counts<K> {
    fn default() -> Counts<K> {
        Counts {
            period: 0,
            counts: HashMap::new(),
        }
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

    #[test]
    fn each_number_has_its_hour_and_right_keys_do_not_count() {
        let gate = Gate::default();
        let now = Timestamp::from_second(7200).unwrap();
        let (one, two) = (CaseNumber::random().unwrap(), CaseNumber::random().unwrap());
        for _ in 0..2 * MAX_WRONG_KEYS_AN_HOUR {
            assert!(gate.try_key(one, now));
            gate.right_key(&one);
        }
        assert!((0..MAX_WRONG_KEYS_AN_HOUR).all(|_| gate.try_key(one, now)));
        assert!(!gate.try_key(one, now));
        assert!(gate.try_key(two, now));
        assert!(!gate.try_key(one, Timestamp::from_second(10799).unwrap()));
        assert!(gate.try_key(one, Timestamp::from_second(10800).unwrap()));
    }
}
