//! What pip leaves of a wheel, entry by entry.
//!
//! | part of the wheel | goes to |
//! |---|---|
//! | its root, `.data/purelib`, `.data/platlib` | the folder of packages |
//! | `.data/scripts` | the folder of programs; `#!python` becomes the interpreter; what setuptools made for an entry point is left out |
//! | `.data/headers`, `.data/data` | the package's headers, the prefix |
//! | `entry_points.txt` | a program for each script |
//! | `.dist-info` | `INSTALLER`, `REQUESTED` where it was asked for, and a new `RECORD` |
//!
//! So does pip 20.3 (bullseye's) to 24 with `--no-compile`, byte for byte; `tests/real/python.rs` compares. `INSTALLER` says `pip`: tools
//! read there who may uninstall or upgrade the package, and pip may. Files have mode 0644, programs 0755. pip gives every file the time
//! at which it wrote it; here a file has its time in the wheel, and what is made has the youngest of those, so that the bytes depend on the
//! wheel alone. Source: pip's `operations/install/wheel.py`, distlib's `scripts.py`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use super::error::PythonError;
use super::interpreter::Interpreter;
use super::scheme::Scheme;
use super::scripts;
use crate::formats::tar::{Entry, Kind};
use crate::formats::wheel::{self, File, Problem, Row, Wheel, WheelError};

/// The largest script whose first line is changed, in bytes.
const MOST_SCRIPT: u64 = 16 << 20;

/// How a wheel is installed.
#[derive(Clone, Copy, Debug)]
pub struct Install<'a> {
    /// Where its parts go.
    pub scheme: &'a Scheme,
    /// Who runs it.
    pub interpreter: Interpreter,
    /// Whether the recipe asked for it, rather than another package.
    pub requested: bool,
}

/// A file of the wheel, and where it goes.
struct Placed {
    file: File,
    /// In the tree.
    path: String,
    /// In the new `RECORD`.
    recorded: String,
    script: bool,
}

/// Hands every entry that pip would leave to `push`, folders first, in the order of their paths.
///
/// # Errors
/// When the wheel's bytes are not those of its `RECORD`, its parts go where none may go, or two of its files go to one place; or what
/// `push` fails with. What was pushed is worthless then.
pub fn install<R: Read + Seek, E: From<PythonError>>(
    wheel: &mut Wheel<R>,
    how: &Install<'_>,
    push: &mut dyn FnMut(&Entry, &mut dyn Read) -> Result<(), E>,
) -> Result<(), E> {
    let Install { scheme, interpreter, requested } = *how;
    let placed = place(wheel, scheme)?;
    let latest = wheel.files.iter().map(|file| file.mtime).max().unwrap_or(0);
    let mut record: BTreeMap<String, Row> = BTreeMap::new();
    let mut rows: Vec<Row> = Vec::new();
    let mut made: BTreeMap<String, (Vec<u8>, u32)> = BTreeMap::new();
    let info = format!("{}/{}", scheme.lib, wheel.info);
    let mut add = |path: String, recorded: String, bytes: Vec<u8>, mode| {
        rows.push(Row { path: recorded, hash: wheel::record_hash(&bytes), size: bytes.len().to_string() });
        made.insert(path, (bytes, mode));
    };
    for (name, text) in scripts::made(&wheel.entry_points, interpreter) {
        let path = format!("{}/{name}", scheme.scripts);
        let recorded = scheme.outside(&path);
        add(path, recorded, text, 0o755);
    }
    add(format!("{info}/INSTALLER"), format!("{}/INSTALLER", wheel.info), b"pip\n".to_vec(), 0o644);
    if requested {
        add(format!("{info}/REQUESTED"), format!("{}/REQUESTED", wheel.info), Vec::new(), 0o644);
    }
    // What is made takes the place of what was shipped under its name.
    let placed: Vec<Placed> = placed.into_iter().filter(|placed| !made.contains_key(&placed.path)).collect();
    let paths: Vec<&str> =
        placed.iter().map(|placed| placed.path.as_str()).chain(made.keys().map(String::as_str)).collect();
    for folder in folders(&paths, scheme) {
        push(&Entry::new(folder, Kind::Directory, 0o755, latest), &mut std::io::empty())?;
    }
    let mut open: BTreeMap<&str, &Placed> = BTreeMap::new();
    let record_path = format!("{info}/RECORD");
    for placed in placed.iter().filter(|placed| placed.path != record_path) {
        open.insert(&placed.path, placed);
    }
    for placed in open.into_values() {
        let mode = if placed.file.executable { 0o755 } else { 0o644 };
        if let Some(bytes) = script(wheel, placed, interpreter)? {
            let (hash, size) = (wheel::record_hash(&bytes), bytes.len().to_string());
            record.insert(placed.file.path.clone(), Row { path: placed.recorded.clone(), hash, size });
            let kind = Kind::File { size: bytes.len() as u64 };
            push(&Entry::new(placed.path.as_str(), kind, mode, placed.file.mtime), &mut bytes.as_slice())?;
            continue;
        }
        let entry = Entry::new(placed.path.as_str(), Kind::File { size: placed.file.size }, mode, placed.file.mtime);
        wheel.read(&placed.file, |content| push(&entry, content).map_err(Outcome::Push)).map_err(Outcome::into)?;
    }
    let installed: BTreeMap<&str, &str> =
        placed.iter().map(|placed| (placed.file.path.as_str(), placed.recorded.as_str())).collect();
    for row in &wheel.record {
        let moved = installed.get(row.path.as_str()).map_or_else(|| row.path.clone(), |path| (*path).to_owned());
        rows.push(record.remove(&row.path).unwrap_or_else(|| Row { path: moved, ..row.clone() }));
    }
    let listed: BTreeSet<&str> = wheel.record.iter().map(|row| row.path.as_str()).collect();
    for (_, path) in installed.iter().filter(|(own, _)| !listed.contains(*own)) {
        rows.push(Row { path: (*path).to_owned(), hash: String::new(), size: String::new() });
    }
    made.insert(record_path, (wheel::render_record(rows).into_bytes(), 0o644));
    for (path, (bytes, mode)) in made {
        let entry = Entry::new(path, Kind::File { size: bytes.len() as u64 }, mode, latest);
        push(&entry, &mut bytes.as_slice())?;
    }
    Ok(())
}

/// What went wrong between a wheel and whoever takes its entries.
enum Outcome<E> {
    Wheel(WheelError),
    Push(E),
}

impl<E> From<WheelError> for Outcome<E> {
    fn from(error: WheelError) -> Self {
        Self::Wheel(error)
    }
}

impl<E: From<PythonError>> Outcome<E> {
    fn into(self) -> E {
        match self {
            Self::Wheel(error) => E::from(error.into()),
            Self::Push(error) => error,
        }
    }
}

/// A script whose first line is changed; none where it stays as it is.
fn script<R: Read + Seek>(
    wheel: &mut Wheel<R>,
    placed: &Placed,
    interpreter: Interpreter,
) -> Result<Option<Vec<u8>>, PythonError> {
    if !placed.script {
        return Ok(None);
    }
    // A script that is large is a program, which is not changed.
    if placed.file.size > MOST_SCRIPT {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    wheel.read(&placed.file, |content| {
        let read = content.read_to_end(&mut bytes);
        read.map(drop)
            .map_err(|error| WheelError { wheel: String::new(), problem: Problem::Archive(error.to_string()) })
    })?;
    Ok(scripts::changed(&bytes, interpreter))
}

/// Where every file goes.
fn place<R: Read + Seek>(wheel: &Wheel<R>, scheme: &Scheme) -> Result<Vec<Placed>, PythonError> {
    let wrong = |entry: &str, reason| {
        let problem = Problem::Entry { entry: entry.to_owned(), reason };
        PythonError::Wheel(WheelError { wheel: wheel.name.to_string(), problem })
    };
    let mut placed = Vec::new();
    for file in &wheel.files {
        let (top, rest) = file.path.split_once('/').unwrap_or((&file.path, ""));
        let (path, script) = if top.ends_with(".data") && !rest.is_empty() {
            let (key, below) =
                rest.split_once('/').ok_or_else(|| wrong(&file.path, "is in .data and in none of its folders"))?;
            match key {
                "purelib" | "platlib" => (format!("{}/{below}", scheme.lib), false),
                "data" => (format!("{}/{below}", scheme.data), false),
                "headers" => (format!("{}/{below}", scheme.headers(&wheel.name.name)), false),
                "scripts" => {
                    let name = below.rsplit('/').next().unwrap_or_default();
                    if wheel.entry_points.has(scripts::stands_for(name)) {
                        continue;
                    }
                    (format!("{}/{below}", scheme.scripts), true)
                }
                _ => return Err(wrong(&file.path, "is in a folder of .data that none knows")),
            }
        } else {
            (format!("{}/{}", scheme.lib, file.path), false)
        };
        let path = path.trim_start_matches('/').to_owned();
        let recorded = match path.strip_prefix(scheme.lib.as_str()).and_then(|rest| rest.strip_prefix('/')) {
            // In a target folder everything lies below the folder of packages, and RECORD tells them apart all the same.
            Some(below) if !top.ends_with(".data") || rest.starts_with("purelib/") || rest.starts_with("platlib/") => {
                below.to_owned()
            }
            _ => scheme.outside(&path),
        };
        placed.push(Placed { file: file.clone(), path, recorded, script });
    }
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for one in &placed {
        if !seen.insert(&one.path) {
            return Err(wrong(&one.file.path, "goes where another file of the wheel goes"));
        }
    }
    Ok(placed)
}

/// The folders that paths lie in, but for those that are the scheme's own or above it.
fn folders<'a>(paths: &[&'a str], scheme: &Scheme) -> BTreeSet<&'a str> {
    let own = [scheme.lib.as_str(), scheme.scripts.as_str(), scheme.data.as_str()];
    let above = |folder: &str| own.iter().any(|own| *own == folder || own.starts_with(&format!("{folder}/")));
    let mut found = BTreeSet::new();
    for path in paths {
        let ends = path.match_indices('/').map(|(end, _)| end);
        found.extend(ends.filter_map(|end| path.get(..end)).filter(|folder| !above(folder)));
    }
    found
}
