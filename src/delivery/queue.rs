//! What waits for delivery, and when each is tried next.

use std::time::{Duration, Instant};

use yici_contract::problem::Remedy;

use super::Timing;
use crate::outbox::Entry;

/// The entries on their way. One that was just stored does not wait behind older ones that fail:
/// of fresh ones, and of those tried before, one each is tried at a time.
pub(super) struct Queue {
    timing: Timing,
    waiting: Vec<Waiting>,
}

struct Waiting {
    entry: Entry,
    /// Stored since the start, and never tried.
    fresh: bool,
    tries: u32,
    /// The next try is not before.
    at: Instant,
    /// A try is under way.
    trying: bool,
}

impl Queue {
    pub(super) fn new(timing: Timing) -> Queue {
        Queue {
            timing,
            waiting: Vec::new(),
        }
    }

    /// Takes an entry up, to be tried at once.
    pub(super) fn push(&mut self, entry: Entry, fresh: bool, now: Instant) {
        self.waiting.push(Waiting {
            entry,
            fresh,
            tries: 0,
            at: now,
            trying: false,
        });
    }

    /// When the next try is due, if there is one.
    pub(super) fn next(&self) -> Option<Instant> {
        [true, false]
            .into_iter()
            .filter_map(|fresh| self.first(fresh))
            .map(|waiting| waiting.at)
            .min()
    }

    /// The entry to try now, fresh ones first.
    pub(super) fn due(&self, now: Instant) -> Option<Entry> {
        [true, false]
            .into_iter()
            .filter_map(|fresh| self.first(fresh))
            .find(|waiting| waiting.at <= now)
            .map(|waiting| waiting.entry)
    }

    /// Whether no try is under way.
    pub(super) fn is_quiet(&self) -> bool {
        !self.waiting.iter().any(|w| w.trying)
    }

    /// A try is under way.
    pub(super) fn trying(&mut self, entry: &Entry) {
        if let Some(waiting) = self.find(entry) {
            waiting.trying = true;
        }
    }

    /// A try failed: the next comes after a while. Whether it was the first since the start.
    pub(super) fn again(&mut self, entry: &Entry, remedy: Remedy, now: Instant) -> bool {
        let (first, most) = match remedy {
            Remedy::Later | Remedy::Never => (self.timing.first, self.timing.most),
            Remedy::Staff => (self.timing.staff_first, self.timing.staff_most),
        };
        let Some(waiting) = self.find(entry) else {
            return false;
        };
        let tries = waiting.tries;
        waiting.at = now + delay(first, most, tries);
        waiting.tries = tries.saturating_add(1);
        waiting.trying = false;
        waiting.fresh = false;
        tries == 0
    }

    /// It waits no more.
    pub(super) fn forget(&mut self, entry: &Entry) {
        self.waiting.retain(|w| w.entry != *entry);
    }

    /// Everything is tried as soon as it can be.
    pub(super) fn hurry(&mut self, now: Instant) {
        for waiting in &mut self.waiting {
            waiting.at = waiting.at.min(now);
        }
    }

    /// The one that is due for longest, or will be due first, unless one is tried already.
    fn first(&self, fresh: bool) -> Option<&Waiting> {
        let lane = || self.waiting.iter().filter(|w| w.fresh == fresh);
        if lane().any(|w| w.trying) {
            return None;
        }
        lane()
            .filter(|w| !self.has_case_before(&w.entry))
            .min_by_key(|w| w.at)
    }

    fn has_case_before(&self, entry: &Entry) -> bool {
        match entry {
            Entry::Opinion {
                after: Some(number),
                ..
            } => {
                let case = Entry::Case(*number);
                self.waiting.iter().any(|w| w.entry == case)
            }
            Entry::Opinion { after: None, .. } | Entry::Case(_) => false,
        }
    }

    fn find(&mut self, entry: &Entry) -> Option<&mut Waiting> {
        self.waiting.iter_mut().find(|w| w.entry == *entry)
    }
}

/// Twice as long with each try, and at random between half of it and all of it.
pub(super) fn delay(first: Duration, most: Duration, tries: u32) -> Duration {
    let whole = first.saturating_mul(1 << tries.min(20)).min(most);
    // Without randomness terminals may come all at once; nothing else is lost.
    let random = f64::from(getrandom::u32().unwrap_or(u32::MAX)) / f64::from(u32::MAX);
    whole.mul_f64(0.5 + random / 2.0)
}

#[cfg(test)]
mod tests {
    use yici_contract::CaseNumber;
    use yici_contract::api::OpinionKind;

    use super::*;

    fn case() -> Entry {
        Entry::Case(CaseNumber::random().unwrap())
    }

    #[test]
    fn waits_grow_and_are_bounded() {
        let (first, most) = (Duration::from_secs(1), Duration::from_secs(300));
        for tries in 0..100 {
            let whole = Duration::from_secs(1 << tries.min(20)).min(most);
            for _ in 0..20 {
                let delay = delay(first, most, tries);
                assert!(delay >= whole / 2 && delay <= whole, "{tries}: {delay:?}");
            }
        }
    }

    #[test]
    fn a_fresh_entry_does_not_wait_behind_one_that_fails() {
        let now = Instant::now();
        let mut queue = Queue::new(Timing::default());
        let (old, older, new) = (case(), case(), case());
        queue.push(older, false, now);
        queue.push(old, false, now + Duration::from_secs(1));
        assert_eq!(queue.due(now), Some(older));
        queue.trying(&older);
        assert_eq!(queue.due(now), None, "one at a time");
        queue.push(new, true, now);
        assert_eq!(queue.due(now), Some(new));
        queue.trying(&new);
        assert!(queue.again(&new, Remedy::Later, now));
        assert!(!queue.again(&new, Remedy::Later, now));
        assert_eq!(queue.due(now + Duration::from_secs(2)), None);
        queue.forget(&older);
        assert!(queue.is_quiet());
        assert!(queue.next() <= Some(now + Duration::from_secs(1)));
        assert_eq!(queue.due(now), None);
        queue.hurry(now);
        assert!(queue.due(now).is_some());
    }

    #[test]
    fn what_staff_must_act_on_waits_longer() {
        let now = Instant::now();
        let mut queue = Queue::new(Timing::default());
        let entry = case();
        queue.push(entry, false, now);
        queue.again(&entry, Remedy::Staff, now);
        assert!(queue.next() >= Some(now + Duration::from_secs(30)));
        for _ in 0..40 {
            queue.again(&entry, Remedy::Staff, now);
        }
        assert!(queue.next() >= Some(now + Duration::from_secs(15 * 60)));
        assert!(queue.next() <= Some(now + Duration::from_secs(30 * 60)));
    }

    #[test]
    fn an_evaluation_is_after_its_case() {
        let now = Instant::now();
        let mut queue = Queue::new(Timing::default());
        let number = CaseNumber::random().unwrap();
        let evaluation = Entry::Opinion {
            id: number.case_id(),
            kind: OpinionKind::Evaluation,
            after: Some(number),
        };
        queue.push(evaluation, true, now);
        assert_eq!(
            queue.due(now),
            Some(evaluation),
            "its case was delivered before"
        );
        queue.push(Entry::Case(number), false, now + Duration::from_secs(9));
        assert_eq!(queue.due(now), None);
        queue.forget(&Entry::Case(number));
        assert_eq!(queue.due(now), Some(evaluation));
    }
}
