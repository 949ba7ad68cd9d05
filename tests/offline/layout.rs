//! OCI layouts and archives on disk.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use mokapot::base::Digest;
use mokapot::formats::oci::{Selector, Tag};
use mokapot::io::registry::{Error, Layout, archive};

use crate::support::image;

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

/// Every path below `dir` with its content.
fn tree(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(dir).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn tags_merge_and_stay_sorted() {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::create(&dir.path().join("a/oci")).unwrap();
    let first = image::write(&layout, "one");
    let second = image::write(&layout, "two");
    layout.tag(&tag("z"), &first).unwrap();
    layout.tag(&tag("a"), &first).unwrap();
    layout.tag(&tag("z"), &second).unwrap();
    let entries = Layout::open(layout.dir()).unwrap().entries().unwrap();
    let got: Vec<_> = entries.iter().map(|(tag, entry)| (tag.as_deref().unwrap(), entry.digest)).collect();
    assert_eq!(got, [("a", first.digest), ("z", second.digest)]);
    assert_eq!(layout.find(Some(&Selector::Tag(tag("z")))).unwrap().digest, second.digest);
    assert!(matches!(layout.find(None), Err(Error::Ambiguous { .. })));
    let missing = layout.find(Some(&Selector::Tag(tag("b")))).unwrap_err().to_string();
    assert!(missing.ends_with("has no image `b`; it has a, z"), "{missing}");
}

#[test]
fn entries_of_other_tools_survive() {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::create(dir.path()).unwrap();
    let image = image::write(&layout, "one");
    let foreign = format!(
        r#"{{"schemaVersion":2,"x-tool":1,"manifests":[{{"mediaType":"{}","digest":"{}","size":{},"platform":{{"os":"linux","architecture":"s390x"}}}}]}}"#,
        image.media_type, image.digest, image.size
    );
    fs::write(dir.path().join("index.json"), foreign).unwrap();
    layout.tag(&tag("t"), &image).unwrap();
    let text = fs::read_to_string(dir.path().join("index.json")).unwrap();
    assert!(text.contains("s390x") && text.contains("x-tool") && text.contains("ref.name\":\"t\""), "{text}");
}

#[test]
fn only_folders_that_are_ours_are_written_to() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("file"), "x").unwrap();
    fs::create_dir(at("full")).unwrap();
    fs::write(at("full/precious"), "x").unwrap();
    fs::create_dir(at("real")).unwrap();
    symlink(at("real"), at("link")).unwrap();
    fs::create_dir(at("future")).unwrap();
    fs::write(at("future/oci-layout"), r#"{"imageLayoutVersion":"2.0.0"}"#).unwrap();
    let before = tree(dir.path());
    for bad in ["file", "full", "link", "future", "link/.."] {
        let path = if bad == "link/.." { "/".into() } else { at(bad) };
        let error = Layout::create(&path).unwrap_err();
        assert!(matches!(error, Error::NotALayout { .. }), "{bad}: {error}");
        assert!(error.to_string().starts_with(&path.display().to_string()), "{error}");
    }
    assert_eq!(tree(dir.path()), before);
}

#[test]
fn a_killed_run_leaves_nothing_that_the_next_does_not_remove() {
    let dir = tempfile::tempdir().unwrap();
    // killed before `oci-layout` had its name, and in the middle of a blob
    fs::write(dir.path().join(".mokapot-abc"), "{").unwrap();
    drop(Layout::create(dir.path()).unwrap());
    fs::write(dir.path().join("blobs/sha256/.mokapot-def"), "half").unwrap();
    let layout = Layout::create(dir.path()).unwrap();
    assert_eq!(tree(dir.path()).keys().collect::<Vec<_>>(), ["oci-layout"]);

    // somebody else opens the layout while a blob is being written: it must stay
    let mut writer = layout.blob_writer().unwrap();
    writer.write_all(b"abc").unwrap();
    Layout::create(dir.path()).unwrap();
    let (digest, size) = writer.commit().unwrap();
    assert!(layout.has_blob(digest, size));
    // a writer that is dropped leaves nothing
    layout.blob_writer().unwrap().write_all(b"abc").unwrap();
    assert_eq!(tree(dir.path()).len(), 2);
}

#[test]
fn blobs_are_checked_when_they_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::create(dir.path()).unwrap();
    let image = image::write(&layout, "one");
    let path = layout.blob_path(image.digest);
    let good = fs::read(&path).unwrap();
    let mut bad = good.clone();
    bad[0] ^= 1;
    fs::write(&path, &bad).unwrap();
    assert!(matches!(layout.document(image.digest, None), Err(Error::Digest { .. })));
    fs::write(&path, &good[1..]).unwrap();
    assert!(matches!(layout.read_blob(image.digest, image.size), Err(Error::Size { .. })));
    fs::remove_file(&path).unwrap();
    assert!(matches!(layout.read_blob(image.digest, image.size), Err(Error::NoBlob { .. })));
    symlink("/etc/hostname", &path).unwrap();
    assert!(matches!(layout.open_blob(image.digest, image.size), Err(Error::NoBlob { .. })));

    let mut writer = layout.blob_writer().unwrap();
    writer.write_all(b"abc").unwrap();
    assert!(matches!(writer.commit_as(Some((Digest::of(b"abd"), 3))), Err(Error::Digest { .. })));
    assert!(!layout.blob_path(Digest::of(b"abd")).exists());
}

#[test]
fn eight_writers_share_a_layout() {
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let dir = dir.path();
            scope.spawn(move || {
                let layout = Layout::create(dir).unwrap();
                let image = image::write(&layout, if number % 2 == 0 { "even" } else { "odd" });
                layout.tag(&tag(&format!("t{number}")), &image).unwrap();
            });
        }
    });
    let layout = Layout::open(dir.path()).unwrap();
    let entries = layout.entries().unwrap();
    assert_eq!(entries.len(), 8);
    for (_, entry) in entries {
        layout.document(entry.digest, None).unwrap();
    }
}

#[test]
fn an_archive_is_the_same_wherever_it_is_written_and_reads_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut archives = Vec::new();
    for name in ["a", "b"] {
        let layout = Layout::create(&dir.path().join(name)).unwrap();
        if name == "b" {
            image::write(&layout, "another, which is not asked for");
        }
        let image = image::write(&layout, "one");
        layout.tag(&tag("t"), &image).unwrap();
        let file = dir.path().join(format!("{name}.tar"));
        archive::write(&layout, &image, &tag("t"), &file).unwrap();
        archives.push(fs::read(&file).unwrap());
    }
    assert!(archives[0] == archives[1], "two archives of one image differ");
    // what a killed run left beside it is gone after the next
    let left = dir.path().join(".mokapot-a.tar-xyz");
    fs::write(&left, "half").unwrap();
    let layout = Layout::open(&dir.path().join("a")).unwrap();
    archive::write(&layout, &layout.find(None).unwrap(), &tag("t"), &dir.path().join("a.tar")).unwrap();
    assert!(!left.exists());
    assert!(fs::read(dir.path().join("a.tar")).unwrap() == archives[0]);
    let back = archive::read(&dir.path().join("a.tar"), &dir.path().join("c")).unwrap();
    assert_eq!(back[0].0, Some(tag("t")));
    assert_eq!(tree(&dir.path().join("c")), tree(&dir.path().join("a")));

    let mut cut = archives[0].clone();
    let at = cut.len() - 2048;
    cut[at] ^= 1;
    fs::write(dir.path().join("bad.tar"), cut).unwrap();
    let error = archive::read(&dir.path().join("bad.tar"), &dir.path().join("d")).unwrap_err();
    assert!(matches!(error, Error::Digest { .. } | Error::Archive { .. }), "{error}");
}
