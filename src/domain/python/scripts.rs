//! The programs that pip makes or changes: one for each entry point, and those that a wheel ships for "some Python".

use super::interpreter::Interpreter;
use crate::formats::wheel::{EntryPoint, EntryPoints};

/// How the first line of a shipped script begins that is for the interpreter which installs it.
pub(super) const ANY_PYTHON: &[u8] = b"#!python";

/// The programs of a wheel's entry points: name and text. Scripts called `pip` and `easy_install`, whosever they are, come with versions
/// that pip replaces by those of the interpreter (`get_console_script_specs`).
pub(super) fn made(points: &EntryPoints, interpreter: Interpreter) -> Vec<(String, Vec<u8>)> {
    let mut made: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: String, point: &EntryPoint| {
        made.retain(|(other, _)| *other != name);
        made.push((name, text(point, interpreter)));
    };
    let mut console = points.console.clone();
    let major_minor = format!("3.{}", interpreter.minor);
    for (plain, versions) in
        [("pip", vec!["3".to_owned(), major_minor.clone()]), ("easy_install", vec![format!("-{major_minor}")])]
    {
        let Some(point) = console.iter().find(|point| point.name == plain).cloned() else { continue };
        console.retain(|other| other.name != plain && !is_versioned(&other.name, plain));
        add(plain.to_owned(), &point);
        for version in versions {
            add(format!("{plain}{version}"), &point);
        }
    }
    for point in console.iter().chain(&points.gui) {
        add(point.name.clone(), point);
    }
    made
}

/// `pip3`, `pip3.9`; `easy_install-3.9`.
fn is_versioned(name: &str, plain: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let Some(rest) = name.strip_prefix(plain) else { return false };
    match (plain, rest.strip_prefix('-')) {
        ("easy_install", Some(rest)) => {
            rest.split_once('.').is_some_and(|(major, minor)| digits(major) && digits(minor))
        }
        ("pip", None) => {
            digits(rest) || rest.split_once('.').is_some_and(|(major, minor)| digits(major) && digits(minor))
        }
        _ => false,
    }
}

/// What pip's copy of distlib writes (`ScriptMaker`, pip 20.3 to 24).
fn text(point: &EntryPoint, interpreter: Interpreter) -> Vec<u8> {
    let EntryPoint { module, function, .. } = point;
    let imported = function.split('.').next().unwrap_or_default();
    format!(
        "#!{}\n# -*- coding: utf-8 -*-\nimport re\nimport sys\nfrom {module} import {imported}\nif __name__ == '__main__':\n    \
         sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])\n    sys.exit({function}())\n",
        interpreter.program()
    )
    .into_bytes()
}

/// A shipped script with the interpreter in its first line; none where it does not ask for that.
pub(super) fn changed(bytes: &[u8], interpreter: Interpreter) -> Option<Vec<u8>> {
    if !bytes.starts_with(ANY_PYTHON) {
        return None;
    }
    let end = bytes.iter().position(|c| *c == b'\n').map_or(bytes.len(), |at| at + 1);
    let mut text = format!("#!{}\n", interpreter.program()).into_bytes();
    text.extend_from_slice(bytes.get(end..).unwrap_or_default());
    Some(text)
}

/// The entry point that setuptools made a shipped script for, so that it is left out.
pub(super) fn stands_for(file_name: &str) -> &str {
    let cut = |suffix: &str| {
        let at = file_name.len().checked_sub(suffix.len())?;
        file_name.get(at..).filter(|end| end.eq_ignore_ascii_case(suffix)).and_then(|_| file_name.get(..at))
    };
    cut(".exe").or_else(|| cut("-script.py")).or_else(|| cut(".pya")).unwrap_or(file_name)
}
