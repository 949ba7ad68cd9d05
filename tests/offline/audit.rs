//! What an audit finds in images, and what it does not.

use serde_json::Value;

use crate::support::deb::Deb;
use crate::support::jar::jar;
use crate::support::project::{Project, Ran};

const AMD64: u16 = 62;
const ARM64: u16 = 183;

/// A 64-bit program or shared object that needs these libraries, looks for them there, and has this dynamic linker.
fn elf(machine: u16, needed: &[&str], runpath: &str, interpreter: &str) -> Vec<u8> {
    const BASE: u64 = 0x1000;
    let mut strings = b"\0".to_vec();
    let mut string = |text: &str| {
        let at = strings.len() as u64;
        strings.extend_from_slice(text.as_bytes());
        strings.push(0);
        at
    };
    let mut words: Vec<(u64, u64)> = needed.iter().map(|name| (1, string(name))).collect();
    if !runpath.is_empty() {
        words.push((29, string(runpath)));
    }
    let linker = string(interpreter);
    let count: u16 = if interpreter.is_empty() { 2 } else { 3 };
    let table = 64 + u64::from(count) * 56;
    let start = table + (words.len() as u64 + 2) * 16;
    words.extend([(5, BASE + start), (0, 0)]);
    let segment = |kind: u32, offset: u64, size: u64| {
        let numbers = [offset, BASE + offset, 0, size, size, 8].map(u64::to_le_bytes).concat();
        [&kind.to_le_bytes()[..], &[0; 4], &numbers].concat()
    };
    let total = start + strings.len() as u64;
    let mut bytes = vec![0; 64];
    bytes.splice(0..6, *b"\x7fELF\x02\x01");
    bytes.splice(16..18, [3, 0]);
    bytes.splice(18..20, machine.to_le_bytes());
    bytes.splice(32..40, 64_u64.to_le_bytes());
    bytes.splice(54..58, [[56, 0], count.to_le_bytes()].concat());
    bytes.extend(segment(1, 0, total));
    bytes.extend(segment(2, table, words.len() as u64 * 16));
    if count == 3 {
        bytes.extend(segment(3, start + linker, interpreter.len() as u64 + 1));
    }
    bytes.extend(words.iter().flat_map(|(tag, value)| [tag.to_le_bytes(), value.to_le_bytes()].concat()));
    bytes.extend(strings);
    bytes
}

/// An image with these files of one package, the same on both platforms.
fn image(files: &[(&str, Vec<u8>)], links: &[(&str, &str)]) -> Project {
    let mut project = Project::new();
    let mut deb = Deb::new("things", "1.0");
    let mut folders: Vec<&str> =
        files.iter().map(|(path, _)| *path).chain(links.iter().map(|(path, _)| *path)).collect();
    folders.sort_unstable();
    let parents = folders.iter().flat_map(|path| path.match_indices('/').map(|(at, _)| &path[..at]));
    let mut known: Vec<&str> = parents.collect();
    known.sort_unstable();
    known.dedup();
    for folder in known {
        deb = deb.directory(folder);
    }
    for (path, bytes) in files {
        deb = deb.file(path, bytes);
    }
    for (path, target) in links {
        deb = deb.symlink(path, target);
    }
    project.archive.add("fake", &deb.stanza(), &deb.build());
    let recipe = crate::support::project::RECIPE.replace("install = [\"app\"]", "install = [\"app\", \"things\"]");
    project.write("project/recipes/app.toml", &recipe);
    project.publish();
    project.built();
    project
}

fn audit(project: &Project, more: &[&str]) -> Ran {
    let image = format!("oci:{}:app", project.layout().display());
    project.mokapot(&[&["audit", &image], more].concat())
}

/// Code, path and text of every finding on a platform.
fn findings(project: &Project, arch: &str) -> Vec<String> {
    let ran = audit(project, &["--arch", arch, "--format", "json"]);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    let all = told["platforms"][0]["findings"].as_array().unwrap();
    let errors = all.iter().filter(|f| !matches!(f["code"].as_str(), Some("AUD-CLASS" | "AUD-UNREAD"))).count();
    assert_eq!((ran.code, told["sound"].as_bool()), (i32::from(errors > 0), Some(errors == 0)), "{told}");
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    all.iter().map(|f| format!("{} {} {}", text(f, "code"), text(f, "path"), text(f, "what"))).collect()
}

#[test]
fn libraries_are_looked_for_as_the_dynamic_linker_does() {
    let object = |needed: &[&str], runpath: &str| elf(AMD64, needed, runpath, "");
    let project = image(
        &[
            ("usr/lib/x86_64-linux-gnu/libplain.so.1.2", object(&[], "")),
            ("opt/a/libown.so", object(&[], "")),
            ("opt/a/libbeside.so", object(&["libown.so"], "")),
            ("opt/conf/libconf.so", object(&[], "")),
            ("opt/java/lib/libjava.so", object(&["libjvm.so"], "$ORIGIN")),
            ("opt/java/lib/server/libjvm.so", object(&[], "")),
            ("etc/ld.so.conf.d/ours.conf", b"# ours\n/opt/conf\ninclude /etc/no.conf\n".to_vec()),
            ("usr/lib64/ld-linux-x86-64.so.2", object(&[], "")),
            (
                "opt/bin/good",
                elf(
                    AMD64,
                    &["libplain.so.1", "libown.so", "libconf.so"],
                    "/none:$ORIGIN/../a",
                    "/usr/lib64/ld-linux-x86-64.so.2",
                ),
            ),
            ("opt/bin/bad", elf(AMD64, &["libown.so", "libgone.so.3"], "", "/lib64/ld-gone.so")),
            ("opt/bin/script", b"#!/bin/sh\necho this is no program of machine code\n".to_vec()),
        ],
        &[("usr/lib/x86_64-linux-gnu/libplain.so.1", "libplain.so.1.2")],
    );
    let expected = [
        "AUD-LIBRARY /opt/bin/bad it needs libgone.so.3",
        "AUD-LIBRARY /opt/bin/bad it needs libown.so",
        "AUD-LIBRARY /opt/bin/bad its dynamic linker /lib64/ld-gone.so is not there",
    ];
    assert_eq!(findings(&project, "amd64"), expected);
    // On the other platform all of it is foreign, and asks for nothing.
    let arm64 = findings(&project, "arm64");
    assert!(arm64.len() == 9 && arm64.iter().all(|found| found.starts_with("AUD-MACHINE ")), "{arm64:?}");
    assert!(arm64.contains(&"AUD-MACHINE /opt/bin/good it is for x86-64".to_owned()), "{arm64:?}");
}

#[test]
fn jars_must_have_native_code_for_the_platform() {
    let object = |machine| elf(machine, &[], "", "");
    let one = jar(&[("META-INF/native/linux64/libone.so", &object(AMD64)), ("A.class", b"a")]);
    let both = jar(&[("linux/amd64/libtwo.so", &object(AMD64)), ("linux/aarch64/libtwo.so", &object(ARM64))]);
    let project = image(
        &[
            ("opt/jars/one.jar", one),
            ("opt/jars/both.jar", both),
            ("opt/jars/broken.jar", b"PK\x03\x04 and then nothing of a jar".to_vec()),
        ],
        &[],
    );
    let unread = findings(&project, "amd64");
    assert!(unread.len() == 1 && unread[0].starts_with("AUD-UNREAD /opt/jars/broken.jar "), "{unread:?}");
    let what =
        "AUD-NATIVE /opt/jars/one.jar META-INF/native/linux64/libone.so is for amd64, and there is none for arm64";
    assert_eq!(findings(&project, "arm64"), [what, &unread[0]]);
    let said = audit(&project, &[]);
    assert_eq!(said.code, 1);
    assert!(said.stdout.ends_with("linux/amd64, linux/arm64: 1 error, 2 warnings\n"), "{}", said.stdout);
}

#[test]
fn classes_that_the_order_of_a_folder_decides_are_told() {
    let old = jar(&[
        ("a/A.class", b"old"),
        ("a/B.class", b"same"),
        ("module-info.class", b"1"),
        ("META-INF/versions/9/a/C.class", b"1"),
    ]);
    let new = jar(&[
        ("a/A.class", b"new"),
        ("a/B.class", b"same"),
        ("module-info.class", b"2"),
        ("META-INF/versions/9/a/C.class", b"2"),
    ]);
    let project = image(
        &[("opt/one/old.jar", old.clone()), ("opt/two/new.jar", new.clone()), ("opt/three/old.jar", old)],
        &[("opt/three/new.jar", "../two/new.jar")],
    );
    let what = "AUD-CLASS /opt/three new.jar and old.jar have a class with different bytes: a.A";
    assert_eq!(findings(&project, "amd64"), [what]);
    assert!(audit(&project, &[]).ok().stdout.ends_with("no errors, 2 warnings\n"));
}
