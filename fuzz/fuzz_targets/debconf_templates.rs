//! A package's debconf templates.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mokapot_fuzz::debconf_templates(bytes));
