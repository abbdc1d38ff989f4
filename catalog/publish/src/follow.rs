//! Noticing that another catalogue serves.

use std::path::Path;

use crate::error::Error;
use crate::signed::Keys;
use crate::store::{Loaded, Store};

/// Looks whether another catalogue serves than when it looked last: one that was installed, by whatever
/// program, or gone back to.
#[derive(Debug)]
pub struct Follower {
    store: Store,
    keys: Keys,
    seen: Option<String>,
}

impl Follower {
    /// Follows a store. It has seen nothing yet, so the first look finds whatever serves.
    pub fn new(store: impl AsRef<Path>, keys: Keys) -> Follower {
        Follower {
            store: Store::new(store.as_ref()),
            keys,
            seen: None,
        }
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The keys that must have signed.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The catalogue that serves, if it is another one than before; nothing while nothing is installed.
    /// Reads one link when nothing is new.
    ///
    /// # Errors
    /// When what serves now cannot be used; said once, and what was given before stays the last good one.
    pub fn look(&mut self) -> Result<Option<Loaded>, Error> {
        let current = self.store.current()?;
        if current == self.seen {
            return Ok(None);
        }
        self.seen = current;
        self.store.load(&self.keys)
    }
}
