//! A command line for any program that is modelled, over a small tree, with a small budget.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mokapot_fuzz::applets(bytes));
