//! Python packages: wheels that lie, resolving for two platforms, and whole builds from an index on loopback.

use std::collections::BTreeMap;
use std::io::Cursor;

use mokapot::base::{Arch, Class, Fault};
use mokapot::domain::python::{
    Environment, Install, Interpreter, Known, Project as Wheels, PythonError, Request, Scheme, Step, Want, install,
    resolve,
};
use mokapot::formats::simple_index::Listed;
use mokapot::formats::tar::{Entry, Kind};
use mokapot::formats::wheel::{Limits, Metadata, Wheel as Open, WheelError, WheelName};
use proptest::prelude::*;

use crate::support::archive::Archive;
use crate::support::deb::Deb;
use crate::support::http::Server;
use crate::support::project::{Project, Ran};
use crate::support::wheel::{Form, Wheel, serve};

const ANY: &str = "py3-none-any";
const LIMITS: Limits = Limits { entries: 10_000, bytes: 1 << 30 };

/// What installing leaves: path, mode and bytes.
type Left = BTreeMap<String, (u32, Vec<u8>)>;

fn installed(bytes: &[u8], name: &str, scheme: &Scheme) -> Result<Left, PythonError> {
    let name: WheelName = name.parse()?;
    let mut wheel = Open::open(Cursor::new(bytes), bytes.len() as u64, &name, LIMITS)?;
    let interpreter = Interpreter { minor: 9 };
    let mut left = Left::new();
    let how = Install { scheme, interpreter, requested: true };
    install(&mut wheel, &how, &mut |entry: &Entry, content| {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).map_err(|error| WheelError {
            wheel: String::new(),
            problem: mokapot::formats::wheel::Problem::Archive(error.to_string()),
        })?;
        if entry.kind != Kind::Directory {
            left.insert(String::from_utf8(entry.path.clone()).unwrap(), (entry.mode, bytes));
        }
        Ok::<_, PythonError>(())
    })?;
    Ok(left)
}

fn local(wheel: &Wheel) -> Result<Left, PythonError> {
    installed(&wheel.build(), &wheel.filename(), &Scheme::local(Interpreter { minor: 9 }))
}

#[test]
fn a_wheel_lies_as_pip_leaves_it() {
    let wheel = Wheel::new("tool", "1.0", ANY)
        .file("tool-1.0.dist-info/entry_points.txt", "[console_scripts]\ntool = tool.cli:main\n")
        .mode("tool-1.0.data/scripts/run", "#!python\nimport tool\n", 0o100_755)
        .file("tool-1.0.data/scripts/tool", "made by setuptools")
        .file("tool-1.0.data/data/share/doc/tool", "text")
        .file("tool-1.0.data/headers/tool.h", "int x;")
        .file("tool-1.0.data/purelib/extra.py", "");
    let left = local(&wheel).unwrap();
    let paths: Vec<&str> = left.keys().map(String::as_str).collect();
    let lib = "usr/local/lib/python3.9/dist-packages";
    let expected = [
        "usr/local/bin/run".to_owned(),
        "usr/local/bin/tool".into(),
        "usr/local/include/python3.9/tool/tool.h".into(),
        format!("{lib}/extra.py"),
        format!("{lib}/tool-1.0.dist-info/INSTALLER"),
        format!("{lib}/tool-1.0.dist-info/METADATA"),
        format!("{lib}/tool-1.0.dist-info/RECORD"),
        format!("{lib}/tool-1.0.dist-info/REQUESTED"),
        format!("{lib}/tool-1.0.dist-info/WHEEL"),
        format!("{lib}/tool-1.0.dist-info/entry_points.txt"),
        format!("{lib}/tool/__init__.py"),
        "usr/local/share/doc/tool".into(),
    ];
    assert_eq!(paths, expected);
    assert_eq!(left["usr/local/bin/run"], (0o755, b"#!/usr/bin/python3.9\nimport tool\n".to_vec()));
    assert_eq!(left["usr/local/bin/tool"].0, 0o755);
    let record = String::from_utf8(left[&format!("{lib}/tool-1.0.dist-info/RECORD")].1.clone()).unwrap();
    insta::assert_snapshot!(record.replace("\r\n", "\n"));
}

/// Each wheel is wrong in one way, and the message names it.
#[test]
fn wheels_that_lie_are_refused() {
    let good = || Wheel::new("tool", "1.0", ANY);
    let swap = |wheel: Wheel, from: &'static str, to: &'static str| {
        let name = wheel.filename();
        let mut bytes = wheel.build();
        assert_eq!(from.len(), to.len());
        let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from.as_bytes())).collect();
        assert!(!places.is_empty());
        places.into_iter().for_each(|at| bytes[at..at + to.len()].copy_from_slice(to.as_bytes()));
        (name, bytes)
    };
    let plain = |wheel: Wheel| (wheel.filename(), wheel.build());
    let mut other_tags = good();
    other_tags.inside = Some("py2-none-any".into());
    let mut other_name = good();
    other_name.called = Some("other".into());
    let cases: Vec<(&str, (String, Vec<u8>))> = vec![
        ("has sha256=", plain(good().record(|text| text.replacen("sha256=", "sha256=AAAA", 1)))),
        ("bytes, not 999", plain(good().record(|text| text.replacen(",16\n", ",999\n", 1)))),
        ("is not in the archive", plain(good().record(|text| text + "tool/more.py,sha256=x,1\n"))),
        ("is not listed", plain(good().record(|text| text.lines().skip(1).map(|line| format!("{line}\n")).collect()))),
        ("is listed twice", plain(good().record(|text| format!("{}\n{text}", text.lines().next().unwrap())))),
        ("has no hash", plain(good().record(|text| text.replacen("sha256=", "md5=", 1)))),
        ("is no CSV", plain(good().record(|text| text + "\"open\n"))),
        ("climbs out", plain(good().file("../evil.py", ""))),
        ("climbs out", plain(good().file("tool/../../evil.py", ""))),
        ("is absolute", plain(good().file("/etc/passwd", ""))),
        ("backslash", plain(good().file("tool\\evil.py", ""))),
        ("one spelling", plain(good().file("tool/./x.py", ""))),
        ("deletion", plain(good().file("tool/.wh.x", ""))),
        ("below a file", plain(good().file("tool/__init__.py/x", ""))),
        ("symbolic link", plain(good().mode("tool/link", "/etc/passwd", 0o120_777))),
        ("archive", swap(good().file("tool/aa.py", "1").file("tool/bb.py", "2"), "tool/bb.py", "tool/aa.py")),
        ("not UTF-8", {
            let (name, mut bytes) = plain(good().file("tool/xyz.py", ""));
            let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(b"tool/xyz.py")).collect();
            places.into_iter().for_each(|at| bytes[at + 5] = 0xff);
            (name, bytes)
        }),
        ("would unpack to", plain(good().file("tool/zeros", vec![0; 64 << 20]))),
        ("METADATA says other 1.0", plain(other_name)),
        ("folder says tool-1.0", ("tool-2.0-py3-none-any.whl".into(), good().build())),
        ("folder says tool-1.0", ("else-1.0-py3-none-any.whl".into(), good().build())),
        ("WHEEL says py2-none-any", plain(other_tags)),
        ("WHEEL says py3-none-any", ("tool-1.0-cp39-cp39-manylinux2014_x86_64.whl".into(), good().build())),
        ("no .dist-info folder", ("tool-1.0-py3-none-any.whl".into(), empty_zip())),
        ("2 .dist-info folders", plain(good().file("more-1.0.dist-info/METADATA", ""))),
        ("archive", ("tool-1.0-py3-none-any.whl".into(), b"not a zip".to_vec())),
        ("stands before it", plain(good().bytes(|bytes| [b"#!/bin/sh\n".to_vec(), bytes].concat()))),
        ("folder of .data", plain(good().file("tool-1.0.data/other/x", ""))),
        ("none of its folders", plain(good().file("tool-1.0.data/x", ""))),
        ("where another file", plain(good().file("tool-1.0.data/purelib/tool/__init__.py", ""))),
        (
            "cannot be a script's",
            plain(good().file("tool-1.0.dist-info/entry_points.txt", "[console_scripts]\n../x = a:b\n")),
        ),
        ("no version of PEP 440", ("tool-x-py3-none-any.whl".into(), good().build())),
    ];
    for (reason, (name, bytes)) in cases {
        let error = installed(&bytes, &name, &Scheme::local(Interpreter { minor: 9 })).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(reason), "{reason:?} is not in {text:?}");
        assert!(text.contains(&name) || reason == "no version of PEP 440", "{text}");
        assert_eq!(error.class(), Class::Integrity, "{text}");
    }
}

fn empty_zip() -> Vec<u8> {
    zip::ZipWriter::new(Cursor::new(Vec::new())).finish().unwrap().into_inner()
}

#[test]
fn flipped_bytes_of_a_file_are_noticed() {
    let content: Vec<u8> = (0..40_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let wheel = Wheel::new("tool", "1.0", ANY).file("tool/data.bin", content);
    let (name, good) = (wheel.filename(), wheel.build());
    assert!(local(&wheel).is_ok());
    for at in [1_000, 60_000, 150_000] {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        let error = installed(&bytes, &name, &Scheme::target("/opt/py")).unwrap_err();
        assert!(error.to_string().contains("tool/data.bin"), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Damage to a wheel is found or does not matter: what is installed all the same is what the good one leaves.
    #[test]
    fn any_damage_to_a_wheel_is_survived(
        at in any::<prop::sample::Index>(),
        length in 0..40_usize,
        patch in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let wheel = Wheel::new("tool", "1.0", ANY)
            .file("tool-1.0.dist-info/entry_points.txt", "[console_scripts]\ntool = tool.cli:main\n")
            .file("tool/data.txt", "text ".repeat(300))
            .mode("tool-1.0.data/scripts/run", "#!python\n", 0o100_755);
        let scheme = Scheme::target("/opt/py");
        let mut bytes = wheel.build();
        let good = installed(&bytes, &wheel.filename(), &scheme).unwrap();
        let at = at.index(bytes.len());
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, patch);
        if let Ok(left) = installed(&bytes, &wheel.filename(), &scheme) {
            // Modes are in the directory, which nothing vouches for but the digest in the lock.
            let contents = |left: &Left| left.iter().map(|(path, (_, bytes))| (path.clone(), bytes.clone())).collect::<Vec<_>>();
            prop_assert_eq!(contents(&left), contents(&good));
        }
    }

    /// Nothing that a wheel says of itself makes a reader panic.
    #[test]
    fn any_metadata_is_survived(text in "(Name: |Version: |Requires-Dist: |Requires-Python: |\n|[a-z0-9 ;()\\[\\]<>=!~.,'\"@:/-]|\\PC){0,60}") {
        let _ = Metadata::parse(text.as_bytes());
        let _ = Metadata::parse(format!("Name: a\nVersion: 1\nRequires-Dist: {text}\n").as_bytes());
        let _ = text.parse::<WheelName>();
        let _ = mokapot::domain::python::parse_requirements(&text);
        let _ = mokapot::formats::simple_index::parse(text.as_bytes(), "text/html");
    }
}

fn environments() -> Vec<Environment> {
    Arch::ALL.map(|arch| Environment::new(arch, Interpreter { minor: 9 }, "3.9.2", 31).unwrap()).into()
}

/// Resolves against wheels that are all known.
fn resolved(requirements: &[&str], wheels: &[Wheel]) -> Result<BTreeMap<String, String>, String> {
    let request = Request {
        environments: environments(),
        requirements: requirements.iter().map(|text| text.parse().unwrap()).collect(),
        hashed: Vec::new(),
        kept: BTreeMap::new(),
    };
    let mut known = Known::default();
    for _ in 0..100 {
        match resolve(&request, &known).map_err(|error| error.to_string())? {
            Step::Done(resolved) => {
                let shown = resolved.choices.into_iter().map(|(name, choice)| {
                    let files: Vec<String> =
                        choice.files.into_iter().map(|(arch, file)| format!("{arch}:{}", file.filename)).collect();
                    (name.to_string(), format!("{} {}", choice.version, files.join(" ")))
                });
                return Ok(shown.collect());
            }
            Step::Wanted(wanted) => {
                assert!(!wanted.is_empty());
                for want in wanted {
                    learn(&mut known, want, wheels);
                }
            }
        }
    }
    unreachable!("the resolver does not come to an end");
}

fn learn(known: &mut Known, want: Want, wheels: &[Wheel]) {
    match want {
        Want::Project(name) => {
            let own = wheels.iter().filter(|wheel| wheel.name == name.to_string());
            let listed = own.map(|wheel| Listed {
                filename: wheel.filename(),
                url: wheel.filename(),
                sha256: None,
                size: None,
                requires_python: None,
                yanked: wheel.metadata.contains("Yanked"),
                metadata: None,
            });
            known.projects.insert(name.clone(), Wheels::new(&name, listed.collect()));
        }
        Want::Metadata(_, file) => {
            let wheel = wheels.iter().find(|wheel| wheel.filename() == file).unwrap();
            let text = format!("Name: {}\nVersion: {}\n{}", wheel.name, wheel.version, wheel.metadata);
            known.metadata.insert(file, Ok(Metadata::parse(text.as_bytes()).unwrap()));
        }
    }
}

const AMD64: &str = "cp39-cp39-manylinux2014_x86_64";
const ARM64: &str = "cp39-cp39-manylinux2014_aarch64";

#[test]
fn platforms_are_resolved_together() {
    let wheels = [
        Wheel::new("fast", "1.0", AMD64),
        Wheel::new("fast", "1.0", ARM64),
        // The newest is for one platform only.
        Wheel::new("fast", "2.0", AMD64),
        Wheel::new("fast", "3.0rc1", ANY),
        Wheel::new("fast", "4.0", ANY).metadata("Yanked: yes"),
        Wheel::new("fast", "5.0", "cp39-cp39-musllinux_1_1_x86_64"),
        Wheel::new("app", "1.0", ANY)
            .metadata("Requires-Dist: fast")
            .metadata("Requires-Dist: intel ; platform_machine == 'x86_64'")
            .metadata("Requires-Dist: plot >= 1 ; extra == 'plot'"),
        Wheel::new("intel", "1.0", AMD64),
        Wheel::new("plot", "1.0", ANY),
        Wheel::new("plot", "0.9", ANY),
        Wheel::new("plot", "2.0", ANY).metadata("Requires-Python: >=3.10"),
    ];
    let found = resolved(&["app[plot]"], &wheels).unwrap();
    let shown: Vec<String> = found.into_iter().map(|(name, text)| format!("{name} {text}")).collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    app 1.0 amd64:app-1.0-py3-none-any.whl arm64:app-1.0-py3-none-any.whl
    fast 1.0 amd64:fast-1.0-cp39-cp39-manylinux2014_x86_64.whl arm64:fast-1.0-cp39-cp39-manylinux2014_aarch64.whl
    intel 1.0 amd64:intel-1.0-cp39-cp39-manylinux2014_x86_64.whl
    plot 1.0 amd64:plot-1.0-py3-none-any.whl arm64:plot-1.0-py3-none-any.whl
    ");
    assert!(resolved(&["fast>=3.0rc1"], &wheels).unwrap()["fast"].starts_with("3.0rc1 "));
    assert!(resolved(&["fast==4.0"], &wheels).unwrap()["fast"].starts_with("4.0 "));
    assert!(!resolved(&["app"], &wheels).unwrap().contains_key("plot"));
}

#[test]
fn refusals_name_the_package_and_the_platform() {
    let wheels = [
        Wheel::new("fast", "2.0", AMD64),
        Wheel::new("app", "1.0", ANY).metadata("Requires-Dist: lib<2"),
        Wheel::new("other", "1.0", ANY).metadata("Requires-Dist: lib>=2"),
        Wheel::new("lib", "1.0", ANY),
        Wheel::new("lib", "2.0", ANY),
        Wheel::new("next", "1.0", ANY).metadata("Requires-Python: >=3.10"),
    ];
    for (requirements, named) in [
        (&["fast"][..], &["fast 2.0", "linux/arm64", "linux/amd64", "fast-2.0-cp39-cp39-manylinux2014_x86_64.whl"][..]),
        (&["app", "other"], &["app", "other", "lib"]),
        (&["nothing"], &["nothing", "no such package"]),
        (&["next"], &["next", "Python 3.9.2"]),
        (&["lib==3"], &["lib"]),
    ] {
        let text = resolved(requirements, &wheels).unwrap_err();
        for name in named {
            assert!(text.contains(name), "{name} is not in {text}");
        }
    }
}

/// A project whose archive has an interpreter and a C library.
fn project(section: &str) -> Project {
    let mut archive = Archive::new(7);
    for arch in ["amd64", "arm64"] {
        for (name, version) in [("libc6", "2.31-13"), ("python3.9", "3.9.2-1")] {
            let deb = Deb::new(name, version).field("Architecture", arch).directory("usr").directory("usr/bin");
            let deb = deb.file(&format!("usr/bin/{name}"), format!("{name} {arch}").as_bytes());
            archive.add("fake", &deb.stanza(), &deb.build());
        }
    }
    let project = Project::over(archive);
    let recipe = "name = \"app\"\nscripts = \"list\"\n[[archive]]\nmirror = \"debian\"\nsuites = [\"fake\"]\nsigned-by = \"keys/fake.asc\"\n\
        [packages]\nvariant = \"none\"\ninstall = [\"python3.9\", \"libc6\"]\n[python]\n";
    project.write("project/recipes/app.toml", &format!("{recipe}{section}\n"));
    project
}

fn run(project: &Project, index: &Server, arguments: &[&str]) -> Ran {
    let mut command = project.command(&[], arguments);
    command.arg("--mirror").arg(format!("pypi={}/simple", index.url()));
    Ran::of(&mut command)
}

fn build(project: &Project, index: &Server, more: &[&str]) -> Ran {
    let output = format!("oci:{}", project.layout().display());
    run(project, index, &[&["build", "app", "--output", &output], more].concat())
}

fn shelf() -> Vec<Wheel> {
    let native = |tags: &str, bytes: &str| Wheel::new("fast", "1.0", tags).file("fast/native.so", bytes);
    vec![
        Wheel::new("app", "1.0", ANY)
            .metadata("Requires-Dist: fast")
            .file("app-1.0.dist-info/entry_points.txt", "[console_scripts]\napp = app:main\n")
            .file("tests/__init__.py", ""),
        native(AMD64, "amd64").file("tests/__init__.py", ""),
        native(ARM64, "arm64").file("tests/__init__.py", ""),
    ]
}

#[test]
fn an_image_holds_its_wheels() {
    let mut digests = Vec::new();
    for form in [Form::Json, Form::Html, Form::Plain] {
        let index = serve(&shelf(), form);
        let project = project("requirements = [\"app\"]");
        let digest = build(&project, &index, &[]).digest("app");
        let lock = std::fs::read_to_string(project.lock_path()).unwrap();
        assert!(!lock.contains("127.0.0.1"), "{lock}");
        if form == Form::Json {
            let wheels = lock.split_once("[[wheel]]").unwrap().1;
            insta::with_settings!({ filters => vec![(r#"sha256:[0-9a-f]{64}"#, "sha256:…"), (r"size = \d+", "size = …")] }, {
                insta::assert_snapshot!("locked_wheels", wheels);
            });
        }
        project.assert_tidy();
        // From the store alone, and without changing the lock.
        std::fs::remove_dir_all(project.layout()).unwrap();
        assert_eq!(build(&project, &index, &["--locked", "--offline"]).digest("app"), digest);
        let files = project
            .mokapot(&["files", &format!("oci:{}:app", project.layout().display()), "--arch", "arm64"])
            .ok()
            .stdout;
        for path in ["dist-packages/fast/native.so", "usr/local/bin/app", "dist-packages/app-1.0.dist-info/REQUESTED"] {
            assert!(files.contains(path), "no {path} in {files}");
        }
        assert!(!files.contains("fast-1.0.dist-info/REQUESTED"));
        let why = |subject: &str| {
            project.mokapot(&["why", &format!("oci:{}:app", project.layout().display()), subject]).ok().stdout
        };
        let native = why("/usr/local/lib/python3.9/dist-packages/fast/native.so");
        for part in [
            "wheel     fast 1.0\n",
            "fast-1.0-cp39-cp39-manylinux2014_x86_64.whl",
            "the recipe requires app: app → fast",
        ] {
            assert!(native.contains(part), "no {part:?} in {native}");
        }
        assert!(why("/usr/local/bin/app").contains("wheel     app 1.0"));
        assert!(why("app").contains("because   the recipe requires app\n"));
        // The pure wheel is one layer of both manifests.
        let layers = |arch: &str| -> Vec<String> {
            let manifest = project.json(&project.manifest(&digest, arch));
            let of = |layer: &serde_json::Value| {
                (
                    layer["annotations"]["org.mokapot.packages"].as_str().unwrap_or_default().to_owned(),
                    layer["digest"].to_string(),
                )
            };
            let found = manifest["layers"]
                .as_array()
                .unwrap()
                .iter()
                .map(of)
                .find(|(packages, _)| packages == "python:app=1.0");
            found.map(|(_, digest)| digest).into_iter().collect()
        };
        assert_eq!(layers("amd64"), layers("arm64"));
        assert_eq!(layers("amd64").len(), 1);
        digests.push(digest);
    }
    // Whatever form the index has.
    assert_eq!(digests[0], digests[1]);
    assert_eq!(digests[0], digests[2]);
}

#[test]
fn updates_are_asked_for() {
    let project = project("requirements = [\"app\"]");
    build(&project, &serve(&shelf(), Form::Json), &[]).ok();
    let mut newer = shelf();
    newer.push(Wheel::new("app", "2.0", ANY).metadata("Requires-Dist: fast"));
    newer.push(Wheel::new("fast", "2.0", ANY));
    let index = serve(&newer, Form::Json);
    let update = |more: &[&str]| run(&project, &index, &[&["lock", "app"], more].concat()).ok().stdout;
    assert!(update(&[]).contains("up to date"));
    let text = update(&["--update", "fast"]);
    assert!(text.contains("upgraded  fast") && text.contains("1.0 → 2.0") && !text.contains("app "), "{text}");
    assert!(update(&["--update"]).contains("upgraded  app"));
    run(&project, &index, &["lock", "app", "--update", "nothing"]).failed(2, &["nothing"]);
}

#[test]
fn what_is_not_as_locked_is_not_used() {
    let project = project("requirements = [\"app\"]");
    let index = serve(&shelf(), Form::Json);
    run(&project, &index, &["lock", "app"]).ok();
    // The same names, other bytes.
    let mut other = shelf();
    other[0] = other[0].clone().file("app/more.py", "evil");
    build(&project, &serve(&other, Form::Json), &[]).failed(6, &["app 1.0", "size mismatch"]);
    build(&project, &serve(&other[1..], Form::Json), &["--locked"])
        .failed(9, &["app-1.0-py3-none-any.whl", "vanished", "pypi"]);
    assert!(
        !project.layout().join("index.json").exists()
            || !std::fs::read_to_string(project.layout().join("index.json")).unwrap().contains("latest")
    );
    build(&project, &index, &["--locked"]).digest("app");
}

#[test]
fn wheels_that_meet_must_agree() {
    let mut wheels = shelf();
    wheels[0] = Wheel::new("app", "1.0", ANY).metadata("Requires-Dist: fast").file("tests/__init__.py", "mine");
    let project = project("requirements = [\"app\"]");
    build(&project, &serve(&wheels, Form::Json), &[])
        .failed(5, &["tests/__init__.py", "wheel app 1.0", "wheel fast 1.0"]);
}

#[test]
fn a_file_of_pinned_requirements_is_the_whole_truth() {
    let wheels = shelf();
    let index = serve(&wheels, Form::Json);
    let hash = |wheel: &Wheel| mokapot::base::Digest::of(&wheel.build()).hex();
    let both = format!(
        "app==1.0 --hash=sha256:{}\nfast==1.0 --hash=sha256:{} --hash=sha256:{}\n",
        hash(&wheels[0]),
        hash(&wheels[1]),
        hash(&wheels[2])
    );
    let project = project("requirements-file = \"requirements.txt\"");
    project.write("project/recipes/requirements.txt", &both);
    build(&project, &index, &[]).digest("app");
    let lock = std::fs::read_to_string(project.lock_path()).unwrap();
    assert!(lock.contains("requirements-file = \"sha256:"), "{lock}");
    for (text, named) in [
        (
            format!("app==1.0 --hash=sha256:{}\n", hash(&wheels[0])),
            "fast, which the file of requirements does not list",
        ),
        (both.replace(&hash(&wheels[2]), &"0".repeat(64)), "linux/arm64"),
    ] {
        project.write("project/recipes/requirements.txt", &text);
        build(&project, &index, &["--locked"]).failed(4, &["requirements-file"]);
        build(&project, &index, &[]).failed(5, &[named]);
    }
    project.write("project/recipes/requirements.txt", "app>=1\n");
    build(&project, &index, &[]).failed(3, &["requirements.txt:1", "pinned"]);
}

#[test]
fn an_index_that_leads_astray_is_refused() {
    let project = project("requirements = [\"app\"]");
    let page = r#"{"meta":{"api-version":"1.0"},"files":[{"filename":"app-1.0-py3-none-any.whl","url":"http://169.254.169.254/app-1.0-py3-none-any.whl","hashes":{"sha256":"8d65c67df35e181997c6ede3a0721f8989d1928c9be4fc91ecd5ced311ecd3b6"},"size":10}]}"#;
    let index = Server::start(move |_| {
        crate::support::http::Reply::ok(page).header("content-type", "application/vnd.pypi.simple.v1+json")
    });
    build(&project, &index, &[]).failed(9, &["app-1.0-py3-none-any.whl", "link-local"]);
    build(&project, &Server::start(|_| crate::support::http::Reply::ok("hello")), &[]).failed(6, &["page of an index"]);
    build(&project, &index, &["--offline"]).failed(4, &["--offline"]);
}

#[test]
fn an_image_without_an_interpreter_has_no_wheels() {
    let project = project("requirements = [\"app\"]\ninterpreter = \"python3.11\"");
    build(&project, &serve(&shelf(), Form::Json), &[]).failed(3, &["python3.11"]);
}
