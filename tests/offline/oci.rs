//! Properties of the parsers that read what strangers send, and a readable picture of the documents that we write.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use mokapot::formats::oci::{Challenge, Content, Document, ImageConfig, ImageName, Reference, json, link};
use mokapot::io::registry::Layout;
use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::support::image;

/// JSON values with integers only, as image documents have.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A valid manifest, index or config, with some bytes replaced.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::create(dir.path()).unwrap();
    let index = layout.document(image::write(&layout, "one").digest, None).unwrap();
    let Content::Index(content) = index.content() else { unreachable!("this document was made an index above") };
    let manifest = layout.document(content.manifests[0].digest, None).unwrap();
    let Content::Manifest(content) = manifest.content() else {
        unreachable!("this document was made a manifest above")
    };
    let config = layout.read_blob(content.config.digest, content.config.size).unwrap();
    let documents = vec![index.bytes().to_vec(), manifest.bytes().to_vec(), config.to_vec()];
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    (prop::sample::select(documents), edits).prop_map(|(mut bytes, edits)| {
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

proptest! {
    #[test]
    fn canonical_json_reads_back(value in value()) {
        let bytes = json::canonical(&value);
        prop_assert_eq!(json::parse(&bytes).unwrap(), value.clone());
        // an independent reader agrees
        prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
    }

    #[test]
    fn strict_json_takes_nothing_that_serde_json_refuses(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if json::parse(&bytes).is_ok() {
            prop_assert!(serde_json::from_slice::<Value>(&bytes).is_ok());
        }
    }

    #[test]
    fn documents_are_read_or_refused(bytes in damaged()) {
        if let Ok(document) = Document::parse(bytes.clone(), None) {
            prop_assert_eq!(document.digest(), mokapot::base::Digest::of(&bytes));
        }
        let _ = ImageConfig::parse(&bytes);
    }

    /// What we accept, the `oci-spec` crate accepts and understands in the same way.
    #[test]
    fn references_mean_the_same_to_others(
        text in r"([a-zA-Z0-9.-]{1,12}|localhost)(:[0-9]{1,6})?/[a-z0-9_./-]{1,20}(:[a-zA-Z0-9_.-]{1,20})?"
    ) {
        if let Ok(ours) = text.parse::<Reference>() {
            let theirs: oci_spec::distribution::Reference = text.parse().unwrap();
            prop_assert_eq!(ours.repository.registry(), theirs.registry().to_ascii_lowercase());
            prop_assert_eq!(ours.repository.path(), theirs.repository());
            prop_assert_eq!(ours.tag.as_ref().map_or("latest", |tag| tag.as_str()), theirs.tag().unwrap());
            prop_assert_eq!(ours.to_string().parse::<Reference>().unwrap(), ours);
        }
    }

    #[test]
    fn names_of_images_print_as_they_were_written(text in "(oci:)?[a-z0-9:/@._-]{0,40}|\\PC*") {
        if let Ok(name) = text.parse::<ImageName>() {
            prop_assert_eq!(name.to_string().parse::<ImageName>().unwrap(), name);
        }
    }

    #[test]
    fn challenges_read_back(
        scheme in "[a-z]{1,8}",
        parameters in prop::collection::btree_map("[a-z]{1,8}", "[ -~]{0,20}", 0..5)
    ) {
        let quoted: Vec<_> = parameters
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")))
            .collect();
        let header = format!("{scheme} {}", quoted.join(", "));
        prop_assert_eq!(Challenge::parse(&header), [Challenge { scheme, parameters }]);
    }

    #[test]
    fn headers_are_read_or_ignored(text in "\\PC*|[a-z=\", <>;\\\\]*") {
        let _ = Challenge::parse(&text);
        if let Some(target) = link::next(&text) {
            prop_assert!(text.contains(target));
        }
    }
}

/// The documents of an image, for review: the digests that are pinned elsewhere say that something changed, this says what.
#[test]
fn documents_in_readable_form() {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::create(dir.path()).unwrap();
    let index = layout.document(image::write(&layout, "one").digest, None).unwrap();
    let Content::Index(content) = index.content() else { panic!() };
    let manifest = layout.document(content.manifests[1].digest, None).unwrap();
    let Content::Manifest(content) = manifest.content() else { panic!() };
    let config = layout.read_blob(content.config.digest, content.config.size).unwrap();
    let texts: Vec<String> = [&index.bytes()[..], manifest.bytes(), &config]
        .iter()
        .map(|bytes| serde_json::to_string_pretty(&serde_json::from_slice::<Value>(bytes).unwrap()).unwrap())
        .collect();
    insta::assert_snapshot!(texts.join("\n"));
}
