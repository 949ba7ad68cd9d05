//! Filesystems that list their folders in another order each time.

use std::fs;
use std::path::Path;

use crate::support::project::{Project, Ran};
use crate::support::run::{succeed, tool};

/// Something mounted, until it is dropped.
struct Mounted<'p>(&'p Path);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = tool("fusermount", ["-u", "-z"]).arg(self.0).status();
    }
}

/// OUT-02: project, store and layout on a filesystem that shuffles or reverses every listing of a folder.
#[test]
fn the_order_of_folders_does_not_matter() {
    let project = Project::new();
    let digest = project.built();
    for order in ["--shuffle-dirents=yes", "--reverse-dirents=yes", "--sort-dirents=yes"] {
        let (beneath, above) = (project.path("beneath"), project.path("above"));
        let _ = fs::remove_dir_all(&beneath);
        fs::create_dir(&beneath).unwrap();
        fs::create_dir_all(&above).unwrap();
        succeed(tool("cp", ["-a"]).arg(project.path("project")).arg(&beneath));
        let mut mount = tool("disorderfs", ["--quiet", "--multi-user=no", order]);
        let mounted = mount.arg(&beneath).arg(&above).status();
        assert!(
            mounted.as_ref().is_ok_and(std::process::ExitStatus::success),
            "this test needs the Debian package disorderfs and the right to open /dev/fuse: {mounted:?}"
        );
        let _mounted = Mounted(&above);
        let at = |name: &str| above.join(name).display().to_string();
        // With an empty store, then with all that is in it, then with what garbage collection leaves.
        for round in 0..3 {
            let output = format!("oci:{}", at("oci"));
            let arguments = ["build", "app", "--locked", "--output", &output, "--store", &at("store")];
            let mut command = project.command(&[], &arguments);
            // The project that comes last counts as well.
            command.arg("--project").arg(above.join("project"));
            let mut words: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
            let first = words.iter().position(|word| word == "--project").unwrap();
            words.drain(first..first + 2);
            let mut once = tool(env!("CARGO_BIN_EXE_mokapot"), words);
            once.env("HOME", project.path("home")).env("TMPDIR", project.path("tmp"));
            assert_eq!(Ran::of(&mut once).digest("app"), digest, "{order}, round {round}");
            fs::remove_dir_all(above.join("oci")).unwrap();
            if round == 1 {
                project.mokapot(&["cache", "gc", "--max-size", "100kB", "--store", &at("store")]).ok();
            }
        }
    }
}
