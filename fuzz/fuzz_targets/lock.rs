//! Any text: a lock that is written as it was read, or an error, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mokapot::domain::lock::{Lockfile, compare, table};

fuzz_target!(|text: &str| {
    if let Ok(lock) = Lockfile::parse(text, "fuzz.lock") {
        let again = Lockfile::parse(&lock.render(), "fuzz.lock");
        assert_eq!(again.as_ref(), Ok(&lock), "what is written is read again");
        assert!(table(&compare(&lock, &lock)).is_empty());
    }
});
