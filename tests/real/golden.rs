//! The digests of the frozen image, pinned: they are the same on every machine.

use crate::image::{jre, jre_gzip};

#[test]
fn the_frozen_image_has_its_digest() {
    let pinned = [
        (jre(), "zstd", "sha256:4df9d56fef79a927cb06d769d96381273b091f52199d49a463b453cfa413e4c7"),
        (jre_gzip(), "gzip", "sha256:fe5abcb1cb0e68b50ad53173eca89a5252993faa47e05160c3a87041b4683048"),
    ];
    for (built, compression, digest) in pinned {
        assert_eq!(
            built.digest, digest,
            "the {compression} image has other bytes than before. If that is meant, raise the format version where the \
             change is (compress::FORMAT, tar writer's, layer's, ops::build's), say so in the changelog, and pin the new \
             digest here; if not, find what reached the output: `mokapot diff` of the two images names it"
        );
    }
}
