//! Properties of Debian's formats that hold for any input.

use std::cmp::Ordering;

use mokapot::formats::deb::release::Release;
use mokapot::formats::deb::{Stanza, StanzaReader, Version, relation};
use proptest::prelude::*;

/// Texts close to versions, most of which are some.
fn versions() -> impl Strategy<Value = String> {
    "([0-9]:)?[0-9][0-9a-c.+~]{0,8}(-[0-9a-c.+~]{1,4})?"
}

proptest! {
    #[test]
    fn versions_are_ordered(a in versions(), b in versions(), c in versions()) {
        let [Ok(a), Ok(b), Ok(c)] = [a, b, c].map(|text| text.parse::<Version>()) else { return Ok(()) };
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a.cmp(&a.clone()), Ordering::Equal);
        prop_assert_eq!(a == b, a.cmp(&b) == Ordering::Equal);
        if a <= b && b <= c {
            prop_assert!(a <= c);
        }
        let again: Version = a.as_str().parse().unwrap();
        prop_assert_eq!(again, a);
    }

    #[test]
    fn no_text_breaks_a_parser(text in any::<String>()) {
        let _ = text.parse::<Version>();
        let _ = relation::parse_field(&text);
        let _ = Release::parse(&text);
    }

    #[test]
    fn no_bytes_break_the_reader_of_stanzas(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        // Ends after the first error, whatever it is.
        let _ = StanzaReader::new(&bytes[..]).map_while(Result::ok).count();
    }

    #[test]
    fn stanzas_come_back_as_they_were(fields in proptest::collection::btree_map("[A-Z][a-z]{1,8}", "[!-~]([ -~]{0,20}[!-~])?(\n [!-~]{1,10}){0,2}", 1..8)) {
        let text: String = fields.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        let stanza = Stanza::parse_one(text.as_bytes()).unwrap();
        let again: Vec<(String, String)> = stanza.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        prop_assert_eq!(again, fields.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn relations_come_back_in_their_groups(names in proptest::collection::vec(proptest::collection::vec("[a-z][a-z0-9]{1,6}", 1..4), 0..5)) {
        let groups: Vec<String> = names.iter().map(|group| group.join(" | ")).collect();
        let parsed = relation::parse_field(&groups.join(", ")).unwrap();
        let again: Vec<Vec<String>> =
            parsed.iter().map(|group| group.iter().map(|r| r.name.to_string()).collect()).collect();
        prop_assert_eq!(again, names);
    }
}
