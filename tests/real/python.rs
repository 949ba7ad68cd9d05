//! Wheels as the real pip leaves them: the same files with the same bytes and modes, for both platforms; and the same choice of wheels.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use mokapot::domain::python::{Install, Interpreter, PythonError, Scheme, install};
use mokapot::formats::tar::{Entry, Kind};
use mokapot::formats::wheel::{Limits, Problem, Wheel, WheelError, WheelName, record_hash};

use crate::support::run::{scratch, succeed, tool};

/// Spark 3.2.4 takes pandas from 0.23.2 and pyarrow from 1.0 (from 4.0 on aarch64), and was released before pandas 2: the last pandas
/// before it, the last numpy 1, and a pyarrow of its time that has wheels for both platforms. The others have scripts with and without an
/// entry point, headers and data.
const REQUIREMENTS: [&str; 8] = [
    "numpy==1.26.4",
    "pandas==1.5.3",
    "pyarrow==12.0.1",
    "jmespath==1.0.1",
    "greenlet==2.0.2",
    "widgetsnbextension==4.0.9",
    "pip==23.0.1",
    "PyYAML==6.0.1",
];

/// A file: its mode and bytes.
type Files = BTreeMap<String, (u32, Vec<u8>)>;

#[test]
fn wheels_lie_as_pip_leaves_them() {
    for machine in ["x86_64", "aarch64"] {
        let folder = scratch(&format!("pip-{machine}"));
        let wheels = folder.join("wheels");
        let platform = format!("manylinux2014_{machine}");
        let tags =
            ["--platform", &platform, "--python-version", "3.9", "--implementation", "cp", "--only-binary=:all:"];
        let pip = |arguments: &[&str]| {
            let mut command = tool("python3", ["-m", "pip", "--disable-pip-version-check", "--quiet"]);
            succeed(command.args(arguments).current_dir(&folder).env("PYTHONNOUSERSITE", "1"));
        };
        pip(&[&["download", "--dest", "wheels", "--no-deps"], &tags[..], &REQUIREMENTS[..]].concat());
        let install =
            ["install", "--no-index", "--find-links", "wheels", "--no-deps", "--no-compile", "--target", "target"];
        pip(&[&install[..], &tags[..], &REQUIREMENTS[..]].concat());
        let mut theirs = Files::new();
        read(&folder.join("target"), "target", &mut theirs);

        let mut ours = Files::new();
        let mut count = 0;
        for wheel in fs::read_dir(&wheels).unwrap() {
            ours.extend(installed(&wheel.unwrap().path()));
            count += 1;
        }
        assert_eq!(count, REQUIREMENTS.len());
        assert!(ours.len() > 3000, "{} files", ours.len());
        own_interpreter(&mut theirs);
        let paths = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(paths(&ours), paths(&theirs));
        for (path, (mode, bytes)) in &ours {
            let (their_mode, their_bytes) = &theirs[path];
            assert_eq!(format!("{mode:o}"), format!("{their_mode:o}"), "the mode of {path}");
            assert!(bytes == their_bytes, "{path}:\n{}\n{}", head(bytes), head(their_bytes));
        }
        assert!(ours.contains_key("target/bin/f2py") && ours.contains_key("target/bin/jp.py"));
        assert!(ours.keys().any(|path| path.starts_with("target/include/python/greenlet/")));
    }
}

fn head(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(2000)]).into_owned()
}

/// What installing a wheel leaves below `target`.
fn installed(path: &Path) -> Files {
    let name: WheelName = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
    let file = File::open(path).unwrap();
    let size = file.metadata().unwrap().len();
    let limits = Limits { entries: 100_000, bytes: 4 << 30 };
    let mut wheel = Wheel::open(BufReader::new(file), size, &name, limits).unwrap();
    let mut left = Files::new();
    let scheme = Scheme::target("target");
    let how = Install { scheme: &scheme, interpreter: Interpreter { minor: 9 }, requested: true };
    install(&mut wheel, &how, &mut |entry: &Entry, content| {
        let mut bytes = Vec::new();
        content
            .read_to_end(&mut bytes)
            .map_err(|error| WheelError { wheel: String::new(), problem: Problem::Archive(error.to_string()) })?;
        if entry.kind != Kind::Directory {
            left.insert(String::from_utf8(entry.path.clone()).unwrap(), (entry.mode, bytes));
        }
        Ok::<_, PythonError>(())
    })
    .unwrap();
    left
}

fn read(folder: &Path, name: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{name}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            read(&entry.path(), &name, files);
        } else {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o7777;
            files.insert(name, (mode, fs::read(entry.path()).unwrap()));
        }
    }
}

/// pip writes its own interpreter into scripts, and their hashes into RECORD; and as versions of `pip` it makes its interpreter's. Here
/// both become those of ours, and nothing else changes.
fn own_interpreter(files: &mut Files) {
    let scripts: Vec<String> = files.keys().filter(|path| path.starts_with("target/bin/")).cloned().collect();
    let mut rows: BTreeMap<String, String> = BTreeMap::new();
    for path in scripts {
        let (mode, bytes) = files.remove(&path).unwrap();
        let name = path.rsplit('/').next().unwrap();
        let is_version = name.strip_prefix("pip3.").is_some_and(|minor| minor.parse::<u8>().is_ok());
        let own = if is_version { "pip3.9" } else { name };
        let changed = match String::from_utf8(bytes.clone())
            .ok()
            .filter(|text| text.starts_with("#!/") && text.contains("python"))
        {
            Some(text) => format!("#!/usr/bin/python3.9\n{}", text.split_once('\n').unwrap().1).into_bytes(),
            None => bytes,
        };
        rows.insert(
            format!("../../bin/{name}"),
            format!("../../bin/{own},{},{}\r\n", record_hash(&changed), changed.len()),
        );
        files.insert(format!("target/bin/{own}"), (mode, changed));
    }
    for (_, (_, bytes)) in files.iter_mut().filter(|(path, _)| path.ends_with(".dist-info/RECORD")) {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let mut lines: Vec<String> = text
            .split_inclusive('\n')
            .map(|line| rows.get(line.split(',').next().unwrap()).cloned().unwrap_or_else(|| line.to_owned()))
            .collect();
        lines.sort_by(|a, b| a.split(',').next().cmp(&b.split(',').next()));
        *bytes = lines.concat().into_bytes();
    }
}
