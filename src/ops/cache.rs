//! Looking after the store: what is in it, whether it is sound, and making it smaller.

use std::time::Duration;

use crate::base::Progress;
use crate::io::store::{Limits, Stats, Store, StoreError, Swept, Verified};

/// What is in the store.
///
/// # Errors
/// When it cannot be read.
pub fn stats(store: &Store) -> Result<Stats, StoreError> {
    store.stats()
}

/// Hashes everything in the store again, and puts aside what is damaged.
///
/// # Errors
/// When it cannot be read; damaged entries are in the result.
pub fn verify(store: &Store, progress: &dyn Progress) -> Result<Verified, StoreError> {
    store.verify(progress)
}

/// Removes what was not used for `max_age`, and then the least recently used until no more than `max_size` bytes are left.
///
/// # Errors
/// [`StoreError::Busy`] while a build uses the store.
pub fn gc(store: &mut Store, max_age: Option<Duration>, max_size: Option<u64>) -> Result<Swept, StoreError> {
    store.gc(Limits { max_age, max_size })
}
