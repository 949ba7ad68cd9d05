//! ELF files, as the linker's cache reads them.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mokapot_fuzz::elf(bytes));
