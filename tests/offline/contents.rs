//! The commands that look into images, over an image that is built from a fake archive.

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};

use crate::support::archive::{Archive, serve};
use crate::support::deb::Deb;
use crate::support::run::{both, mokapot, run};

const RECIPE: &str = r#"
name = "app"
scripts = "list"

[[archive]]
mirror = "debian"
suites = ["fake"]
signed-by = "fake.asc"

[packages]
variant = "none"
install = ["tool"]

[[file]]
path = "/etc/app.conf"
content = "x"
"#;

/// A built image in a project of its own.
struct Image(tempfile::TempDir);

impl Image {
    fn build() -> Self {
        let mut archive = Archive::new(11);
        let control = |name: &str, depends: &str| {
            format!(
                "Package: {name}\nVersion: 1.0\nArchitecture: all\nMaintainer: T <t@example.org>\n{depends}Description: test\n"
            )
        };
        let library = Deb::new("library", "1.0").file("usr/lib/library", b"bytes").control("postinst", "#!/bin/sh\n");
        let tool = Deb::new("tool", "1.0").field("Depends", "library").file("usr/bin/tool", b"tool");
        let tool = tool.symlink("usr/bin/alias", "tool").control("prerm", "#!/usr/bin/perl -w\n");
        archive.add("fake", &control("library", ""), &library.build());
        archive.add("fake", &control("tool", "Depends: library\n"), &tool.build());
        let image = Self(tempfile::tempdir().unwrap());
        let recipes = image.0.path().join("recipes");
        fs::create_dir(&recipes).unwrap();
        fs::write(recipes.join("app.toml"), RECIPE).unwrap();
        fs::write(recipes.join("fake.asc"), archive.key.armoured()).unwrap();
        let server = serve(archive.files());
        let mut build = image.command(&["build", "app"]);
        let output = run(build.arg("--mirror").arg(format!("debian={}", server.url())));
        assert!(output.status.success(), "{}", both(&output));
        let note = "maintainer scripts: 2 not interpreted; see `mokapot scripts app`";
        assert!(both(&output).contains(note), "{}", both(&output));
        image
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = mokapot();
        command.arg("--project").arg(self.0.path()).arg("--store").arg(self.0.path().join("store")).args(arguments);
        command
    }

    /// The exit code and all that was printed.
    fn answer(&self, arguments: &[&str]) -> (i32, String) {
        let output = run(&mut self.command(arguments));
        (output.status.code().unwrap(), both(&output))
    }
}

#[track_caller]
fn says((code, text): &(i32, String), expected: i32, parts: &[&str]) {
    assert_eq!(*code, expected, "{text}");
    for part in parts {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }
}

#[test]
fn an_image_answers_what_is_in_it_and_why() {
    let image = Image::build();
    let files = image.answer(&["files", "app", "/usr/bin"]);
    says(&files, 0, &["PATH", "/usr/bin/alias -> tool", "l0777", "-0644", " tool "]);
    assert!(!files.1.contains("/usr/lib"), "{}", files.1);

    let why = image.answer(&["why", "app", "/usr/bin/alias"]);
    says(&why, 0, &["/usr/bin/alias -> tool", "tool 1.0 (all)", "debian fake pool/main/t/tool/tool_1.0_all.deb"]);
    says(&image.answer(&["why", "app", "library"]), 0, &["the recipe installs tool: tool → library"]);
    says(&image.answer(&["why", "app", "/etc/app.conf"]), 0, &["[[file]] of recipe `app`"]);
    says(&image.answer(&["why", "app", "/var/lib/dpkg/status"]), 0, &["the package database"]);
    says(&image.answer(&["why", "app", "librery"]), 2, &["no package or path `librery`", "there is `library`"]);
    says(&image.answer(&["why", "app", "/bin/tool"]), 2, &["no path `/bin/tool`", "`/usr/bin/tool`"]);

    let scripts = image.answer(&["scripts", "app"]);
    says(&scripts, 0, &["/usr/bin/perl -w", "2 scripts: 2 not interpreted"]);
    says(&image.answer(&["scripts", "app", "tool"]), 0, &["1 script: 1 not interpreted"]);

    fs::remove_file(image.0.path().join("recipes/app.toml")).unwrap();
    says(&image.answer(&["why", "app", "tool"]), 0, &["the image's recipe `app` is not in this project"]);
}

#[test]
fn out_07_diff_names_the_first_differing_path() {
    let (image, other) = (Image::build(), Image::build());
    let theirs = format!("oci:{}:app", other.0.path().join("dist/oci").display());
    says(&image.answer(&["diff", "app", &theirs]), 0, &["no difference"]);
    let recipe = other.0.path().join("recipes/app.toml");
    fs::write(&recipe, RECIPE.replace("content = \"x\"", "content = \"y\"")).unwrap();
    says(&other.answer(&["build", "app", "--locked", "--offline"]), 0, &[]);
    let differ = image.answer(&["diff", "app", &theirs]);
    says(&differ, 1, &["first differing path: /etc/app.conf (linux/amd64)", "linux/arm64"]);
}

#[test]
fn a_closed_pipe_ends_a_listing_quietly() {
    let image = Image::build();
    let mut child = image.command(&["files", "app"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!((child.wait().unwrap().code(), text.as_str()), (Some(0), ""));
}

#[test]
fn completions_are_there_for_every_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(mokapot().args(["completions", shell]));
        assert!(output.status.success() && both(&output).contains("scripts"), "{shell}");
    }
}
