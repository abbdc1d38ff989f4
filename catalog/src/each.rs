//! The same work on many things, on all processors at once.

use std::iter;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::finding::Finding;

/// What comes of each, and what is found with it, in the order of what went in.
pub fn each<T: Send, R: Send>(
    of: Vec<T>,
    findings: &mut Vec<Finding>,
    work: impl Fn(T, &mut Vec<Finding>) -> R + Sync,
) -> Vec<R> {
    let most = thread::available_parallelism().map_or(1, NonZero::get);
    let workers = most.min(of.len());
    let left = Mutex::new(of.into_iter().enumerate());
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    let take = || -> Vec<_> {
        let one = |(at, item)| {
            let mut found = Vec::new();
            (at, work(item, &mut found), found)
        };
        iter::from_fn(next).map(one).collect()
    };
    let mut done: Vec<(usize, R, Vec<Finding>)> = thread::scope(|scope| {
        let working: Vec<_> = (0..workers).map(|_| scope.spawn(take)).collect();
        working
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    });
    done.sort_by_key(|(at, ..)| *at);
    done.into_iter()
        .map(|(_, result, found)| {
            findings.extend(found);
            result
        })
        .collect()
}
