//! run-parts(8) of debianutils.

use super::operand::{join, path};
use super::options::{self, Known, Order, Takes};
use crate::domain::rootfs::Kind;
use crate::domain::script::command;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[
    ("", "test", Takes::Nothing),
    ("", "list", Takes::Nothing),
    ("v", "verbose", Takes::Nothing),
    ("d", "debug", Takes::Nothing),
    ("", "report", Takes::Nothing),
    ("", "reverse", Takes::Nothing),
    ("", "exit-on-error", Takes::Nothing),
    ("", "new-session", Takes::Nothing),
    ("", "stdin", Takes::Nothing),
    ("", "lsbsysinit", Takes::Nothing),
    ("", "regex", Takes::Value),
    ("u", "umask", Takes::Value),
    ("a", "arg", Takes::Value),
];

/// Runs `run-parts`.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let (mut test, mut list, mut reverse, mut strict, mut lsb, mut verbose) =
        (false, false, false, false, false, false);
    let mut arguments = Vec::new();
    let mut child = process.clone();
    for option in &line.options {
        match option.name {
            "test" => test = true,
            "list" => list = true,
            "reverse" => reverse = true,
            "exit-on-error" => strict = true,
            "lsbsysinit" => lsb = true,
            "verbose" => verbose = true,
            "new-session" | "stdin" => {}
            "umask" => match super::mode::octal(option.text()) {
                Some(umask) => child.umask = umask,
                None => {
                    process.complain(system, "bad umask value")?;
                    return Ok(1);
                }
            },
            "arg" => arguments.push(option.text().to_vec()),
            _ => return Err(option.unmodelled("run-parts")),
        }
    }
    let [folder] = line.operands.as_slice() else {
        return options::misused(system, process, "missing operand", 1);
    };
    let names = match path(process, folder).and_then(|at| system.names(&at)) {
        Ok(names) => names,
        Err(error) => {
            process
                .complain(system, &format!("failed to open directory {}: {error}", String::from_utf8_lossy(folder)))?;
            return Ok(1);
        }
    };
    let mut names: Vec<_> = names.into_iter().filter(|name| if lsb { is_lsb(name) } else { is_plain(name) }).collect();
    if reverse {
        names.reverse();
    }
    let mut status = 0;
    for name in names {
        system.budget.step(1)?;
        let shown = join(folder, &name);
        let Ok(at) = path(process, &shown) else { continue };
        let executable = match system.stat(&at) {
            Ok(node) if matches!(node.kind, Kind::File(_)) => node.meta.mode & 0o111 != 0,
            _ => continue,
        };
        if list || (test && executable) {
            process.out(system, &[shown.as_slice(), b"\n"].concat())?;
        } else if executable && !test {
            if verbose {
                process.complain(system, &format!("executing {}", String::from_utf8_lossy(&shown)))?;
            }
            child.args = std::iter::once(shown.clone()).chain(arguments.iter().cloned()).collect();
            let code = command::exec(system, &mut child)?;
            if code != 0 {
                let text = format!("{} exited with return code {code}", String::from_utf8_lossy(&shown));
                process.complain(system, &text)?;
                status = 1;
                if strict {
                    return Ok(code);
                }
            }
        }
    }
    Ok(status)
}

/// `^[a-zA-Z0-9_-]+$`
fn is_plain(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// The namespaces of the LSB: `^[a-z0-9]+$`, `^_?([a-z0-9_.]+-)+[a-z0-9]+$`, and Debian's cron `^[a-zA-Z0-9_-]+$`; never
/// what dpkg leaves beside a conffile.
fn is_lsb(name: &[u8]) -> bool {
    let left_over = [&b".dpkg-old"[..], b".dpkg-dist", b".dpkg-new", b".dpkg-tmp"];
    if left_over.iter().any(|end| name.ends_with(end)) {
        return false;
    }
    let small = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let parts: Vec<&[u8]> = name.split(|byte| *byte == b'-').collect();
    let reserved = match parts.as_slice() {
        [heads @ .., last] if !heads.is_empty() => {
            let head = |part: &&[u8]| !part.is_empty() && part.iter().all(|b| small(b) || matches!(b, b'_' | b'.'));
            heads.iter().all(head) && !last.is_empty() && last.iter().all(small)
        }
        _ => false,
    };
    reserved || is_plain(name)
}
