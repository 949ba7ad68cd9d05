//! Promise 12: memory does not grow with the size of what is built.

use crate::support::archive::Archive;
use crate::support::deb::Deb;
use crate::support::project::{Project, Ran, app};

/// What the program may have of address space, in KiB: less than the image weighs. (Threads reserve more than they use, so
/// what it really takes is a fraction of this.)
const LIMIT: &str = "500000";

/// Bytes of the files of the package.
const FILE: usize = 200 << 20;
const FILES: usize = 4;

#[test]
fn an_image_larger_than_memory_is_built() {
    let mut archive = Archive::new(7);
    let mut docs = Deb::new("docs", "1.0-1").directory("usr").directory("usr/share");
    for number in 0..FILES {
        docs = docs.file(&format!("usr/share/{number}"), &vec![0; FILE]);
    }
    archive.add("fake", &docs.stanza(), &docs.build());
    drop(docs);
    for arch in ["amd64", "arm64"] {
        let libc = Deb::new("libc6", "2.36-9").field("Architecture", arch);
        for deb in [libc, app("1.0", arch)] {
            archive.add("fake", &deb.stanza(), &deb.build());
        }
    }
    let project = Project::over(archive);
    project.write(
        "project/recipes/app.toml",
        r#"
name = "app"
scripts = "list"
[[archive]]
mirror = "debian"
suites = ["fake"]
signed-by = "keys/fake.asc"
[packages]
variant = "none"
install = ["app"]
"#,
    );
    let script = format!("ulimit -v {LIMIT}; exec \"$@\"");
    let mut command = project.build_command(&["sh", "-c", &script, "sh"], &[]);
    // glibc reserves 64 MiB a thread otherwise
    Ran::of(command.env("MALLOC_ARENA_MAX", "2")).digest("app");
    project.assert_tidy();
}
