//! The strict tar reader; what it accepts, the canonical writer writes and the reader reads again, the same.
#![no_main]

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use mokapot::formats::tar::{Limits, Reader, writer};

fuzz_target!(|bytes: &[u8]| {
    let mut reader = Reader::new(bytes, Limits { entries: 1000, bytes: 1 << 20 });
    while let Ok(Some(entry)) = reader.next_entry() {
        let mut content = Vec::new();
        if reader.content().read_to_end(&mut content).is_err() {
            return;
        }
        assert_eq!(content.len() as u64, entry.size());
        let mut canonical = Vec::new();
        if writer::header(&entry, &mut canonical).is_ok() {
            canonical.extend_from_slice(&content);
            canonical.resize(canonical.len() + writer::padding(entry.size()), 0);
            canonical.extend_from_slice(&writer::END);
            let mut again = Reader::new(&canonical[..], Limits::default());
            assert_eq!(again.next_entry().ok().flatten(), Some(entry));
        }
    }
});
