//! OCI layouts on disks that fail.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use mokapot::base::{Class, Fault as _};
use mokapot::formats::oci::{Descriptor, media_type};
use mokapot::io::registry::Layout;

/// DSK-01: a disk of every size that is too small, and then one that is not.
#[test]
fn a_full_disk_leaves_the_old_layout() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::mount(dir.path());
    let mut failed = 0;
    for kilobytes in (64..).step_by(64) {
        disk.resize(kilobytes);
        let outcome = Layout::create(&disk.path.join("oci")).and_then(|layout| {
            let mut writer = layout.blob_writer()?;
            writer.write_all(&vec![7; 300 << 10]).map_err(|error| writer.failed(error))?;
            let (digest, size) = writer.commit()?;
            let entry = Descriptor { digest, size, ..Descriptor::of(media_type::MANIFEST, b"") };
            layout.tag(&"t".parse().unwrap(), &entry)
        });
        let Err(error) = outcome else { break };
        failed += 1;
        assert_eq!(error.class(), Class::Storage);
        assert!(error.to_string().contains("No space left on device"), "{error}");
        assert!(error.to_string().contains("/oci"), "{error}");
        assert!(!disk.path.join("oci/index.json").exists());
        let blobs = disk.path.join("oci/blobs/sha256");
        assert!(!blobs.exists() || fs::read_dir(blobs).unwrap().next().is_none());
    }
    assert!(failed >= 3, "the disk was never full");
    assert_eq!(Layout::open(&disk.path.join("oci")).unwrap().entries().unwrap().len(), 1);
}

/// A small disk in memory; needs root, as the tests that run the real tools do.
struct Disk {
    path: PathBuf,
}

impl Disk {
    fn mount(dir: &Path) -> Self {
        let path = dir.join("disk");
        fs::create_dir(&path).unwrap();
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "mokapot-test"]).arg(&path).status();
        assert!(status.unwrap().success(), "this test needs root, to mount a small disk");
        Self { path }
    }

    fn resize(&self, kilobytes: usize) {
        let size = format!("remount,size={kilobytes}k");
        let status = Command::new("mount").args(["-o", &size]).arg(&self.path).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.path).status();
    }
}
