//! The program gives the same image on a processor of another kind: an emulated one that has none of the instructions which
//! codecs and digests choose their code by (no AVX, no SHA extensions, no SSE4).

use std::process::Command;

use crate::support::project::Project;
use crate::support::run::{both, run};

/// The digest of the fixture image, built by the program as `wrapper` runs it, with an empty store and layout.
fn built_by(project: &Project, wrapper: &[&str], compression: &str) -> String {
    for folder in [project.store(), project.layout()] {
        let _ = std::fs::remove_dir_all(folder);
    }
    let recipe =
        crate::support::project::RECIPE.replace("[image]\n", &format!("[image]\ncompression = \"{compression}\"\n"));
    project.write("project/recipes/app.toml", &recipe);
    let mut command: Command = project.build_command(wrapper, &[]);
    let output = run(&mut command);
    assert!(output.status.success(), "{wrapper:?}: {}", both(&output));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn the_image_does_not_depend_on_the_processor() {
    let project = Project::new();
    let mut digests = std::collections::BTreeSet::new();
    for compression in ["zstd", "gzip"] {
        let native = built_by(&project, &[], compression);
        assert!(native.starts_with("app@sha256:"), "{native}");
        for cpu in ["qemu64", "Nehalem"] {
            let emulated = built_by(&project, &["qemu-x86_64-static", "-cpu", cpu], compression);
            assert_eq!(native, emulated, "{compression} on {cpu}");
            println!("{compression} on an emulated {cpu}: the same image, {native}");
        }
        digests.insert(native);
    }
    assert_eq!(digests.len(), 2, "the compression did not reach the image");
}
