//! Archives, packages, recipes and locks that must not become an image: the exit code of their class, the thing by its name, and
//! nothing written.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::support::archive::{Archive, Files, serve};
use crate::support::deb::{Deb, raw_header};
use crate::support::http::{Reply, Server};
use crate::support::keys::Key;
use crate::support::project::{Project, RECIPE, Ran, app, layout_is_sound, tree, tree_hash};

const DEB: &str = "pool/main/a/app/app_1.0_amd64.deb";

/// Builds, and checks that it is refused without a trace in the project or a tag in the layout.
#[track_caller]
fn refused(project: &Project, code: i32, named: &[&str]) {
    let before = tree_hash(&project.path("project"));
    project.build(&[]).failed(code, named);
    assert_eq!(tree_hash(&project.path("project")), before);
    assert!(layout_is_sound(&project.layout()).is_empty());
}

/// An archive of these packages and an essential one.
fn archive(debs: &[Deb]) -> Project {
    let mut archive = Archive::new(7);
    let base = tree(Deb::new("base-files", "12"), &["etc"]).field("Essential", "yes").file("etc/passwd", b"");
    for deb in [&[base], debs].concat() {
        archive.add("fake", &deb.stanza(), &deb.build());
    }
    let project = Project::over(archive);
    let (head, _) = RECIPE.split_once("[[file]]").unwrap();
    project.write("project/recipes/app.toml", head);
    project
}

/// An archive that lists these bytes as this package, and nothing else.
fn listed_as(deb: &Deb, bytes: &[u8]) -> Project {
    let mut archive = Archive::new(7);
    archive.add("fake", &deb.stanza(), bytes);
    let project = Project::over(archive);
    let (head, _) = RECIPE.split_once("[[file]]").unwrap();
    project.write("project/recipes/app.toml", &head.replace("[packages]", "[packages]\nvariant = \"none\""));
    project
}

#[test]
fn archives_that_are_not_to_be_trusted() {
    let mut project = Project::new();
    // Signed by another key than the recipe's, even one of the same name.
    let other = Key::new(8);
    project.serve(|files| {
        let release = String::from_utf8(files["dists/fake/Release"].clone()).unwrap();
        files.insert("dists/fake/InRelease".into(), other.cleartext(&release).into_bytes());
    });
    refused(&project, 7, &["debian fake", "InRelease", &other.fingerprint()[24..]]);
    // No signature at all; a page that is none.
    project.serve(|files| {
        files.remove("dists/fake/InRelease");
        files.remove("dists/fake/Release.gpg");
    });
    refused(&project, 7, &["debian fake", "not signed"]);
    project.serve(|files| drop(files.insert("dists/fake/InRelease".into(), b"<html>Please log in</html>".to_vec())));
    refused(&project, 7, &["debian fake", "InRelease"]);
    // Times.
    for (field, value, words) in [
        ("Date", "Thu, 01 Jan 2150 00:00:00 UTC", "from the future"),
        ("Valid-Until", "Fri, 02 Jan 2026 00:00:00 UTC", "expired"),
    ] {
        let mut project = Project::new();
        project.archive.suite("fake").set(field, value);
        project.publish();
        refused(&project, 8, &["debian fake", words]);
    }
    project.archive.suite("fake").set("Codename", "mallory").set("Suite", "mallory");
    project.publish();
    refused(&project, 7, &["debian fake", "mallory"]);
    // Older than the recipe lets a suite be.
    let project = Project::new();
    project.write("project/recipes/app.toml", &RECIPE.replace("signed-by", "max-age-days = 1\nsigned-by"));
    refused(&project, 8, &["debian fake", "1 days"]);
}

#[test]
fn a_release_that_changed_without_a_new_date_is_told() {
    let mut project = Project::new();
    project.lock(&[]).ok();
    project.archive.suite("fake").set("Description", "swapped");
    project.publish();
    let ran = project.lock(&["--update"]).ok();
    assert!(ran.stderr.contains("debian fake") && ran.stderr.contains("other content"), "{}", ran.stderr);
    // An older one is refused.
    project.archive.suite("fake").set("Date", "Wed, 31 Dec 2025 00:00:00 UTC");
    project.publish();
    let before = tree_hash(&project.path("project"));
    project.lock(&["--update"]).failed(8, &["debian fake", "older than before"]);
    assert_eq!(tree_hash(&project.path("project")), before);
}

#[test]
fn packages_that_are_not_what_they_should_be() {
    let plain = tree(Deb::new("app", "1.0"), &["etc"]);
    for path in ["etc/.wh.passwd", "etc/.wh..wh..opq", "etc/.wh."] {
        // Our own writer refuses such names.
        let entry = raw_header(format!("./{path}").as_bytes(), b'0', b"00000000000\0", b"");
        let project = listed_as(&plain, &plain.build_with_data(&[entry, vec![0; 1024]].concat()));
        project.lock(&[]).ok();
        refused(&project, 6, &["app 1.0", path]);
    }
    // Another content than its md5sums says.
    let project =
        archive(&[plain.clone().file("etc/x", b"x").control("md5sums", &format!("{}  etc/x\n", "0".repeat(32)))]);
    project.lock(&[]).ok();
    refused(&project, 6, &["app 1.0", "/etc/x"]);
    // DEB-50: two packages of one path, and neither replaces the other: each is what it should be, but they do not go together.
    let depends = plain.clone().field("Depends", "rival").file("etc/x", b"x");
    let project = archive(&[depends, tree(Deb::new("rival", "1.0"), &["etc"]).file("etc/x", b"y")]);
    project.lock(&[]).ok();
    refused(&project, 5, &["app 1.0", "rival 1.0", "/etc/x"]);
    // Another package than the index says.
    let project = listed_as(&plain, &Deb::new("mallory", "2.0").build());
    project.lock(&[]).ok();
    refused(&project, 6, &["app 1.0", "mallory"]);
}

/// Takes the files of `app 1.0` out of the pool; the index still lists them.
fn lose_app(project: &Project, architectures: &[&str]) {
    let gone = architectures.iter().map(|arch| format!("pool/main/a/app/app_1.0_{arch}.deb"));
    project.serve(|files| gone.for_each(|path| drop(files.remove(&path).unwrap())));
}

#[test]
fn files_that_vanished_are_replaced_or_named() {
    let mut project = Project::new();
    project.lock(&[]).ok();
    project.release_newer();
    lose_app(&project, &["amd64", "arm64"]);
    let before = tree_hash(&project.path("project"));
    project.build(&["--locked"]).failed(9, &["app 1.0 (amd64)", "vanished", "debian fake", "lock --update"]);
    assert_eq!(tree_hash(&project.path("project")), before);
    let ran = project.build(&[]).ok();
    let said = ran.stderr.split_once("locked files have vanished from the mirrors; replaced:\n").unwrap().1;
    let row = said.lines().find(|line| line.contains("app")).unwrap();
    assert!(row.contains("1.0") && row.contains("2.0"), "{said}");
    project.assert_tidy();
    // What was replaced is locked now, and is what the image has.
    let lock = fs::read_to_string(project.lock_path()).unwrap();
    assert!(lock.contains("app_2.0_amd64.deb") && !lock.contains("app_1.0"), "{lock}");
    let image = format!("oci:{}:app", project.layout().display());
    let why = project.mokapot(&["why", &image, "/usr/bin/app"]).ok();
    assert!(why.stdout.contains("app 2.0"), "{}", why.stdout);
    let again = project.build(&["--locked"]).ok();
    assert_eq!(again.stdout, ran.stdout);
    assert!(!again.stderr.contains("vanished"), "{}", again.stderr);
}

#[test]
fn files_that_vanished_and_have_no_successor_are_named() {
    // As bullseye-security did: the index lists the file, the pool lost it, and there is nothing newer.
    for (lost, kept) in [(&["arm64"][..], Some("app 1.0 (amd64)")), (&["amd64", "arm64"], None)] {
        let project = Project::new();
        project.lock(&[]).ok();
        lose_app(&project, lost);
        let before = tree_hash(&project.path("project"));
        for more in [&["--locked"][..], &[]] {
            let mut named = vec!["vanished: the index of debian fake lists it, its pool does not have it".to_owned()];
            named.extend(lost.iter().map(|arch| format!("app 1.0 ({arch})")));
            let named: Vec<&str> = named.iter().map(String::as_str).collect();
            let ran = project.build(more).failed(9, &named);
            assert!(kept.is_none_or(|kept| !ran.stderr.contains(kept)), "{}", ran.stderr);
            assert!(!ran.stderr.contains("replaced"), "nothing was replaced: {}", ran.stderr);
            assert_eq!(tree_hash(&project.path("project")), before);
        }
        project.assert_tidy();
        assert_eq!(crate::support::project::layout_is_sound(&project.layout()), []);
    }
}

#[test]
fn other_bytes_are_no_file_that_vanished() {
    let project = Project::new();
    project.lock(&[]).ok();
    project.serve(|files| drop(files.insert(DEB.into(), b"other".to_vec())));
    refused(&project, 6, &["app 1.0 (amd64)"]);
}

#[test]
fn requests_that_cannot_be_satisfied() {
    let project = Project::new();
    project.write("project/recipes/app.toml", &RECIPE.replace("[\"app\"]", "[\"no-such-thing\"]"));
    refused(&project, 5, &["no-such-thing"]);
    project.write("project/recipes/app.toml", &RECIPE.replace("[\"app\"]", "[\"app\", \"docs-\"]"));
    refused(&project, 5, &["docs", "app"]);
    // One platform ahead of the other.
    let mut project = Project::new();
    let deb = app("2.0", "amd64");
    project.archive.add("fake", &deb.stanza(), &deb.build());
    project.publish();
    refused(&project, 5, &["app", "1.0", "2.0"]);
    project.write("project/recipes/app.toml", &RECIPE.replace("[packages]", "[packages]\naccept-skew = [\"app\"]"));
    project.build(&[]).ok();
}

#[test]
fn locks_that_were_changed_by_hand() {
    let project = Project::new();
    project.lock(&[]).ok();
    let path = project.lock_path().display().to_string();
    let sound = fs::read_to_string(&path).unwrap();
    let changed = |from: &str, to: &str| {
        assert!(sound.contains(from), "no {from} in {sound}");
        sound.replacen(from, to, 1)
    };
    for (lock, named) in [
        (changed("[[package]]", "<<<<<<< ours\n[[package]]"), "conflict"),
        (changed("pool/main/a/app/", "pool/main/../../../"), "file"),
        (changed("pool/main/a/app/", "pool/main/%2e%2e/"), "file"),
        (changed("pool/main/a/app/", "/etc/"), "file"),
        (changed("pool/main/a/app/", "pool\\\\main\\\\"), "file"),
        (changed("depends = [\"docs\"", "depends = [\"mallory\""), "mallory"),
        (changed("name = \"docs\"", "name = \"dogs\""), "do"),
        (changed("version = 1", "version = 99"), "99"),
    ] {
        fs::write(&path, &lock).unwrap();
        project.server.clear();
        refused(&project, 4, &[&path, named]);
        assert!(project.server.requests().is_empty());
    }
    // A size that is wrong, beside a digest that is right.
    let size = sound.split("_amd64.deb\"\nsize = ").nth(1).unwrap().lines().next().unwrap();
    fs::write(&path, changed(&format!("size = {size}"), "size = 77")).unwrap();
    refused(&project, 6, &["77", size]);
}

#[test]
fn a_lock_is_not_written_through_links_or_over_what_is_read_only() {
    let project = Project::new();
    let path = project.lock_path();
    project.write("elsewhere.lock", "precious");
    symlink(project.path("elsewhere.lock"), &path).unwrap();
    assert_eq!(project.lock(&["--update"]).code, 4);
    assert_eq!(fs::read(project.path("elsewhere.lock")).unwrap(), b"precious");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(project.lock(&[]).code, 4 | 10));
    fs::remove_dir(&path).unwrap();
    let mut project = project;
    project.lock(&[]).ok();
    let sound = fs::read(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    project.release_newer();
    project.lock(&["--update"]).failed(4, &[&*path.to_string_lossy(), "read-only"]);
    assert_eq!(fs::read(&path).unwrap(), sound);
}

#[test]
fn nobody_else_is_asked() {
    let project = Project::new();
    let other = Server::start(|_| Reply::ok("here I am"));
    // A stanza cannot lead away from its mirror.
    let mut archive = Archive::new(7);
    let deb = app("1.0", "amd64");
    archive.add("fake", &deb.stanza(), &deb.build());
    for stanzas in archive.suite("fake").indexes.values_mut() {
        *stanzas = stanzas.replace("Filename: pool/", &format!("Filename: {}/", other.url()));
    }
    let away = Project::over(archive);
    refused(&away, 6, &["debian fake", "app"]);
    assert!(other.requests().is_empty());
    project.build(&[]).ok();
    assert!(project.server.requests().iter().all(|request| request.header("host") == Some(project.server.address())));
}

/// LCK-10: a platform of which something, or everything, is gone from the lock.
#[test]
fn a_lock_without_what_one_platform_needs_makes_no_image_of_the_other() {
    let project = Project::new();
    project.lock(&[]).ok();
    let path = project.lock_path().display().to_string();
    let sound = fs::read_to_string(&path).unwrap();
    // The sections of packages that have one file a platform end in it.
    let without = |arch: &str, names: &[&str]| {
        let mut text = String::new();
        let mut blocks = sound.split("\n[[package]]\n");
        text += blocks.next().unwrap();
        for block in blocks {
            let named = names.is_empty() || names.iter().any(|name| block.contains(&format!("name = \"{name}\"\n")));
            let cut = block.find(&format!("\n[package.{arch}]\n")).filter(|_| named);
            let (head, section) = cut.map_or((block, ""), |at| block.split_at(at));
            let rest = section.get(1..).and_then(|rest| Some(&rest[rest.find("\n[")?..])).unwrap_or_default();
            text += &format!("\n[[package]]\n{head}{rest}");
        }
        text
    };
    for (lock, named) in [
        (without("arm64", &["app"]), vec!["app", "arm64"]),
        (without("arm64", &["libc6"]), vec!["libc6", "arm64"]),
        (without("amd64", &["libc6"]), vec!["libc6", "amd64"]),
        (without("arm64", &["tool", "libc6", "app"]), vec!["arm64"]),
        (without("arm64", &[]), vec!["arm64"]),
    ] {
        assert_ne!(lock, sound, "{named:?}");
        fs::write(&path, &lock).unwrap();
        project.server.clear();
        for arguments in [&["--locked"][..], &[], &["--locked", "--arch", "amd64"]] {
            project.build(arguments).failed(4, &[&[path.as_str()], &named[..]].concat());
        }
        assert!(project.server.requests().is_empty());
        assert_eq!(fs::read_to_string(&path).unwrap(), lock);
        assert!(layout_is_sound(&project.layout()).is_empty());
    }
}

/// APT-14: what one mirror gets wrong, another does not make up for.
#[test]
fn mirrors_do_not_make_up_for_each_other() {
    let project = Project::new();
    let (head, rest) = RECIPE.split_once("[[archive]]").unwrap();
    let first = "[[archive]]\nmirror = \"first\"\nsuites = [\"fake\"]\nsigned-by = \"keys/fake.asc\"\n\n[[archive]]";
    project.write("project/recipes/app.toml", &format!("{head}{first}{rest}"));
    let mut sound = project.archive.files();
    let build = |server: &Server| {
        let mut command = project.build_command(&[], &[]);
        Ran::of(command.args(["--mirror", &format!("first={}", server.url())]))
    };
    type Change = fn(&mut Files);
    let changes: [(&str, i32, Change); 4] = [
        ("one byte of the text", 7, |files| {
            let text = String::from_utf8(files["dists/fake/InRelease"].clone()).unwrap();
            files.insert("dists/fake/InRelease".into(), text.replace("Label: Fake", "Label: Fakf").into_bytes());
        }),
        ("a page", 7, |files| drop(files.insert("dists/fake/InRelease".into(), b"<html></html>".to_vec()))),
        ("no signature", 7, |files| {
            files.remove("dists/fake/InRelease");
            files.remove("dists/fake/Release.gpg");
        }),
        ("nothing", 9, |files| files.clear()),
    ];
    for (name, code, change) in changes {
        // The same mirror has a good Release with a good signature beside its bad InRelease.
        let mut files = sound.clone();
        change(&mut files);
        let bad = serve(files);
        let before = tree_hash(&project.path("project"));
        let ran = build(&bad);
        assert_eq!(ran.code, code, "{name}: {ran:?}");
        assert!(ran.stderr.contains("first fake"), "{name}: {ran:?}");
        assert_eq!(tree_hash(&project.path("project")), before, "{name}");
        assert!(layout_is_sound(&project.layout()).is_empty());
        assert!(!bad.requests().iter().any(|request| request.path().contains("Packages")), "{name}");
    }
    // Wrong bytes of a package on the mirror that lists it are not had from the other.
    let path = DEB.to_owned();
    sound.insert(path.clone(), vec![b'x'; sound[&path].len()]);
    let lying = serve(sound);
    build(&lying).failed(6, &["app 1.0 (amd64)", "checksum mismatch"]);
    assert!(layout_is_sound(&project.layout()).is_empty());
}
