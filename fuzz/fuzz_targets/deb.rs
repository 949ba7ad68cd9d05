//! Whole packages, every codec included, within small limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mokapot::formats::compress::Checksums;
use mokapot::formats::deb::DebReader;
use mokapot::formats::tar::Limits;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut reader) = DebReader::open(bytes, Limits { entries: 1000, bytes: 1 << 20 }, Checksums::Verify) else { return };
    while let Ok(Some(_)) = reader.next_entry() {}
    let _ = reader.finish();
});
