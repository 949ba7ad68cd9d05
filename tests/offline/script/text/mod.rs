//! Text programs against the real ones of this machine: each case runs in a folder and over a tree with the same files;
//! output, errors, status and the files left must be equal.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use mokapot::base::{Arch, Epoch};
use mokapot::domain::rootfs::{Content, Kind, Meta, Owner, Tree};
use mokapot::domain::script::{Limits, Process, Stream, System, command};

mod awk;
mod grep;
mod hostile;
mod lines;
mod others;
mod sed;
mod values;

/// What a program left: status, output, errors, files.
#[derive(PartialEq)]
struct Outcome {
    status: i32,
    out: Vec<u8>,
    err: Vec<u8>,
    files: BTreeMap<String, Vec<u8>>,
}

/// Runs each case both ways. A case is a command line with words in single quotes where they need it, and `< FILE` at its
/// end for standard input; after a `~` lines are compared in no order. Returns the number of cases; fails with all that differ.
fn compare(files: &[(&str, &[u8])], cases: &[&str]) -> usize {
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in cases {
        let any_order = case.starts_with('~');
        let (words, input) = words(case.trim_start_matches('~'));
        let Some(mut expected) = real(&words, input.as_deref(), files) else {
            eprintln!("this machine lacks the program of: {case}");
            continue;
        };
        count += 1;
        match ours(&words, input.as_deref(), files, Limits::default()) {
            Err(stop) => wrong.push(format!("{case}\n  stop: {stop}")),
            Ok(mut found) => {
                if any_order {
                    (found.out, expected.out) = (sorted(&found.out), sorted(&expected.out));
                }
                if found == expected {
                    continue;
                }
                let mut lines = vec![case.to_string()];
                if found.status != expected.status {
                    lines.push(format!("  status: {} instead of {}", found.status, expected.status));
                }
                for (what, found, expected) in [("out", &found.out, &expected.out), ("err", &found.err, &expected.err)]
                {
                    if found != expected {
                        let (found, expected) = (found.escape_ascii(), expected.escape_ascii());
                        lines.push(format!("  {what}: {found}\n  not: {expected}"));
                    }
                }
                for name in found.files.keys().chain(expected.files.keys()) {
                    let (found, expected) = (found.files.get(name), expected.files.get(name));
                    if found != expected {
                        let shown = |bytes: Option<&Vec<u8>>| bytes.map(|bytes| bytes.escape_ascii().to_string());
                        lines.push(format!("  {name}: {:?}\n  not: {:?}", shown(found), shown(expected)));
                    }
                }
                wrong.push(lines.join("\n"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
    count
}

/// Messages without what follows the first line of a usage.
fn brief(err: Vec<u8>) -> Vec<u8> {
    let usage = err.windows(7).position(|part| part == b"Usage: ");
    let end = usage.and_then(|at| err[at..].iter().position(|byte| *byte == b'\n').map(|end| at + end + 1));
    err[..end.unwrap_or(err.len())].to_vec()
}

fn sorted(text: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    lines.sort_unstable();
    lines.join(&b'\n')
}

fn words(case: &str) -> (Vec<Vec<u8>>, Option<String>) {
    let (case, input) = match case.rsplit_once(" < ") {
        Some((case, name)) if !name.contains('\'') => (case, Some(name.to_owned())),
        _ => (case, None),
    };
    let (mut words, mut word, mut quoted, mut any) = (Vec::new(), Vec::new(), false, false);
    for byte in case.bytes() {
        match byte {
            b'\'' => (quoted, any) = (!quoted, true),
            b' ' if !quoted => {
                if any {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            byte => {
                word.push(byte);
                any = true;
            }
        }
    }
    if any {
        words.push(word);
    }
    (words, input)
}

const ENV: [(&str, &str); 3] = [("LC_ALL", "C.UTF-8"), ("PATH", "/usr/bin:/bin"), ("V", "value")];

fn real(words: &[Vec<u8>], input: Option<&str>, files: &[(&str, &[u8])]) -> Option<Outcome> {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let word = |word: &Vec<u8>| std::ffi::OsStr::from_bytes(word).to_owned();
    let mut child = Command::new(word(&words[0]))
        .args(words[1..].iter().map(word))
        .env_clear()
        .envs(ENV)
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let text = input.map(|name| content(files, name)).unwrap_or_default();
    // A program may end before it has read all.
    let _ = child.stdin.take().unwrap().write_all(text);
    let output = child.wait_with_output().unwrap();
    let mut left = BTreeMap::new();
    list(folder.path(), folder.path(), &mut left);
    Some(Outcome {
        status: output.status.code().unwrap_or(-1),
        out: output.stdout,
        err: brief(output.stderr),
        files: left,
    })
}

fn content<'a>(files: &[(&str, &'a [u8])], name: &str) -> &'a [u8] {
    files.iter().find(|(other, _)| *other == name).unwrap().1
}

fn list(top: &Path, folder: &Path, left: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(top, &path, left);
        } else {
            left.insert(path.strip_prefix(top).unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
}

fn ours(words: &[Vec<u8>], input: Option<&str>, files: &[(&str, &[u8])], limits: Limits) -> Result<Outcome, String> {
    let name = String::from_utf8_lossy(&words[0]).into_owned();
    let applet = command::applet(words[0].as_slice()).ok_or_else(|| format!("no applet {name}"))?;
    let mut tree = Tree::new();
    let meta = |mode| Meta::root(mode, 0);
    for (name, bytes) in files {
        for (at, _) in name.match_indices('/') {
            if tree.lookup(&name.as_bytes()[..at]).unwrap().is_none() {
                tree.insert(&name.as_bytes()[..at], Kind::Directory, meta(0o755), Owner::Generated, None).unwrap();
            }
        }
        let file = Kind::File(Content::bytes(bytes.to_vec()));
        tree.insert(name.as_bytes(), file, meta(0o644), Owner::Generated, None).unwrap();
    }
    let none = |_: &Content| -> Result<Arc<[u8]>, String> { Err("no such content".into()) };
    let epoch = "1700000000".parse::<Epoch>().unwrap();
    let mut system = System::new(&mut tree, Arch::Amd64, epoch, limits, &none);
    let env = ENV.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect();
    let mut process = Process::new(words.to_vec(), env);
    let text = input.map(|name| content(files, name)).unwrap_or_default();
    let (stdin, stdout, stderr) = (Stream::pipe(text), Stream::pipe([]), Stream::pipe([]));
    process.streams.set(0, stdin);
    process.streams.set(1, std::rc::Rc::clone(&stdout));
    process.streams.set(2, std::rc::Rc::clone(&stderr));
    let status = applet(&mut system, &mut process).map_err(|stop| stop.to_string())?;
    let mut left = BTreeMap::new();
    let paths: Vec<Vec<u8>> = system.tree.walk().map(|(path, _)| path.to_vec()).collect();
    for path in paths {
        if let Ok(bytes) = system.read(&path) {
            left.insert(String::from_utf8(path).unwrap(), bytes.to_vec());
        }
    }
    Ok(Outcome { status: status.into(), out: Stream::drain(&stdout), err: brief(Stream::drain(&stderr)), files: left })
}
