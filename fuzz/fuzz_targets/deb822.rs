//! No bytes break the reader of stanzas, and what it reads it reads again from its own words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mokapot::formats::deb::StanzaReader;

fuzz_target!(|bytes: &[u8]| {
    for stanza in StanzaReader::new(bytes).map_while(Result::ok) {
        let text: String = stanza.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        let again = mokapot::formats::deb::Stanza::parse_one(text.as_bytes()).expect("its own words");
        assert!(stanza.iter().eq(again.iter()));
    }
});
