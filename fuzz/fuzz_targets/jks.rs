//! Java key stores.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mokapot_fuzz::jks(bytes));
