//! Whatever the bytes are.

use std::collections::BTreeMap;

use mokapot::domain::recipe::{Chain, meaning_digest};
use proptest::prelude::*;

use super::{FULL, Memory};

/// Pieces that recipes are made of, right ones and wrong ones.
fn pieces() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "name",
        "scripts",
        "extends",
        "platforms",
        "[[archive]]",
        "[packages]",
        "[image]",
        "[[file]]",
        "[[user]]",
        "[[waive]]",
        "[[effect]]",
        "[debconf.tini]",
        "script",
        "reason",
        "\"tini/postinst\"",
        "\"a/b\"",
        "env",
        "path",
        "=",
        ".",
        "\"\"",
        "\"/a/{arch}\"",
        "\"list\"",
        "\"{{\"",
        "'''",
        "\"\"\"",
        "[",
        "]",
        "{",
        "}",
        ",",
        "\n",
        "#",
        "1",
        "-1",
        "true",
        "1.5",
        "2020-01-01",
        "é",
        "\u{202e}",
        "\u{0}",
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN PRIVATE KEY-----",
        "<<<<<<<",
    ]);
    prop::collection::vec(words, 0..40).prop_map(|words| words.join(" "))
}

/// Whatever the bytes are: a recipe, or an error that can be shown.
fn survives(texts: &[&[u8]]) {
    let mut chain = Chain::new();
    let pushed = texts.iter().enumerate().try_for_each(|(n, bytes)| chain.push(&format!("{n}"), bytes).map(|_| ()));
    let files = BTreeMap::from([("key.asc", &b"key"[..]), ("other.asc", b"other"), ("run.sh", b"")]);
    match pushed.and_then(|()| chain.resolve(&mut Memory(files))) {
        Ok(recipe) => assert_eq!(meaning_digest(&recipe), meaning_digest(&recipe.clone())),
        Err(error) => {
            let found = error.diagnostics();
            assert!(!found.is_empty() && found.iter().all(|d| d.line > 0 && d.column > 0));
            assert!(!error.render(true).is_empty() && !error.to_string().is_empty());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400), text in pieces(), base in pieces()) {
        survives(&[&bytes]);
        survives(&[text.as_bytes(), base.as_bytes()]);
    }

    #[test]
    fn any_damage_to_a_recipe_is_survived(at in 0..FULL.len(), length in 0..80_usize, patch in pieces(), raw in any::<[u8; 3]>()) {
        let mut damaged = FULL.as_bytes().to_vec();
        let end = (at + length).min(damaged.len());
        damaged.splice(at..end, patch.bytes());
        survives(&[&damaged]);
        damaged.splice(at..at, raw);
        survives(&[FULL.as_bytes(), &damaged]);
    }
}
