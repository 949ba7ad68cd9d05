//! `python3`, `python3.11` …: scripts of Python's own packages call it to compile modules, which is left out.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;

/// The modules that compile others, as `-m` has them.
const COMPILERS: [&[u8]; 2] = [b"py_compile", b"compileall"];

/// Whether a program of this name is a Python: `python`, `python3`, `python3.13`.
pub(super) fn is_python(name: &str) -> bool {
    name.strip_prefix("python").is_some_and(|version| version.bytes().all(|c| c.is_ascii_digit() || c == b'.'))
}

/// Any Python.
pub(super) fn python(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let name = process.name();
    let mut words = process.arguments().iter().skip_while(|word| {
        // Options without a value: `-E`, `-S`, `-B`.
        word.len() > 1 && word.starts_with(b"-") && !matches!(word.as_slice(), b"-m" | b"-c" | b"-W" | b"-X")
    });
    let compiles = match words.next().map(Vec::as_slice) {
        Some(b"-m") => words.next().is_some_and(|module| COMPILERS.contains(&module.as_slice())),
        Some(file) => COMPILERS.iter().any(|module| file.ends_with(&[b"/", *module, b".py"].concat())),
        None => false,
    };
    if !compiles {
        return Err(Stop::unsupported(&name, "anything but compiling modules"));
    }
    system.leave_out(format!("{name}: Python is not compiled: it compiles itself where it may write"));
    Ok(0)
}
