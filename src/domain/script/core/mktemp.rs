//! mktemp(1) and Debian's old tempfile(1). Nothing is random: the first name that is free is taken, counting up.

use super::operand::{join, path, quoted};
use super::options::{self, Known, Order, Takes};
use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[
    ("d", "directory", Takes::Nothing),
    ("q", "quiet", Takes::Nothing),
    ("u", "dry-run", Takes::Nothing),
    ("p", "", Takes::Value),
    ("", "tmpdir", Takes::Optional),
    ("", "suffix", Takes::Value),
    ("t", "", Takes::Nothing),
    ("V", "", Takes::Nothing),
];

/// Runs `mktemp`.
pub(super) fn mktemp(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let (mut directory, mut quiet, mut dry, mut folder, mut suffix, mut old) = (false, false, false, None, None, false);
    for option in &line.options {
        match option.name {
            "directory" => directory = true,
            "quiet" => quiet = true,
            "dry-run" => dry = true,
            "p" | "tmpdir" => folder = Some(option.value.clone().filter(|name| !name.is_empty())),
            "suffix" => suffix = option.value.clone(),
            "t" => old = true,
            _ => return Err(option.unmodelled("mktemp")),
        }
    }
    let template = match line.operands.as_slice() {
        [] => {
            folder = folder.or(Some(None));
            // mktemp(1)'s own default; the X are the places that it fills in
            b"tmp.XXXXXXXXXX".to_vec()
        }
        [only] => only.clone(),
        _ => return options::misused(system, process, "too many templates", 1),
    };
    let end = template.iter().rposition(|byte| *byte == b'X').map_or(0, |last| last + 1);
    let (stem, tail) = template.split_at_checked(end).unwrap_or_default();
    if !tail.is_empty() && suffix.is_some() {
        process.complain(system, &format!("with --suffix, template {} must end in X", quoted(&template)))?;
        return Ok(1);
    }
    let tail = suffix.unwrap_or_else(|| tail.to_vec());
    let count = stem.iter().rev().take_while(|byte| **byte == b'X').count();
    if count < 3 {
        process.complain(system, &format!("too few X's in template {}", quoted(&template)))?;
        return Ok(1);
    }
    if tail.contains(&b'/') {
        process.complain(system, &format!("invalid suffix {}, contains directory separator", quoted(&tail)))?;
        return Ok(1);
    }
    let environment = process.env.get(&b"TMPDIR"[..]).filter(|name| !name.is_empty()).cloned();
    let folder = match (old, folder) {
        (true, given) => environment.or(given.flatten()).or_else(|| Some(b"/tmp".to_vec())),
        (false, Some(given)) => given.or(environment).or_else(|| Some(b"/tmp".to_vec())),
        (false, None) => None,
    };
    if folder.is_some() && (old && template.contains(&b'/') || template.starts_with(b"/")) {
        let text = format!("invalid template, {}, contains directory separator", quoted(&template));
        process.complain(system, &text)?;
        return Ok(1);
    }
    let stem = stem.get(..stem.len() - count).unwrap_or_default();
    let stem = folder.map_or_else(|| stem.to_vec(), |folder| join(&folder, stem));
    let what = if directory { "directory" } else { "file" };
    match free(
        system,
        process,
        &stem,
        count,
        &tail,
        (!dry).then_some(if directory { Make::Folder } else { Make::File(0o600) }),
    )? {
        Ok(name) => {
            process.out(system, &[name.as_slice(), b"\n"].concat())?;
            Ok(0)
        }
        Err(error) => {
            if !quiet {
                let template = [stem.as_slice(), &vec![b'X'; count], &tail].concat();
                process.complain(
                    system,
                    &format!("failed to create {what} via template {}: {error}", quoted(&template)),
                )?;
            }
            Ok(1)
        }
    }
}

#[derive(Clone, Copy)]
enum Make {
    Folder,
    File(u32),
}

/// Makes the first name that is free: `stem`, `count` letters, `tail`.
fn free(
    system: &mut System<'_>,
    process: &Process,
    stem: &[u8],
    count: usize,
    tail: &[u8],
    make: Option<Make>,
) -> Result<Result<Vec<u8>, Errno>, Stop> {
    for number in 0_u64.. {
        system.budget.step(1)?;
        let name = [stem, &letters(number, count), tail].concat();
        let at = match path(process, &name) {
            Ok(at) => at,
            Err(error) => return Ok(Err(error)),
        };
        let made = match make {
            Some(Make::Folder) => system.mkdir(&at, 0o700 & !process.umask),
            Some(Make::File(mode)) => system.create(&at, Vec::new(), mode & !process.umask),
            None if system.lstat(&at).is_ok() => Err(Errno::Exists),
            None => Ok(()),
        };
        match made {
            Ok(()) => return Ok(Ok(name)),
            Err(Errno::Exists) => {}
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Err(Errno::Exists))
}

/// A number in letters, `A` for 0.
fn letters(mut number: u64, count: usize) -> Vec<u8> {
    let mut out = vec![b'A'; count];
    for place in out.iter_mut().rev() {
        // What is left of a division by 26 fits.
        *place += u8::try_from(number % 26).unwrap_or_default();
        number /= 26;
    }
    out
}

/// Runs `tempfile`.
pub(super) fn tempfile(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    const OPTIONS: &[Known] = &[
        ("d", "directory", Takes::Value),
        ("p", "prefix", Takes::Value),
        ("s", "suffix", Takes::Value),
        ("m", "mode", Takes::Value),
        ("n", "name", Takes::Value),
    ];
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let mut folder = process.env.get(&b"TMPDIR"[..]).cloned().unwrap_or_else(|| b"/tmp".to_vec());
    let (mut prefix, mut suffix, mut mode) = (b"file".to_vec(), Vec::new(), 0o600);
    for option in &line.options {
        match option.name {
            "directory" => folder = option.text().to_vec(),
            "prefix" => prefix = option.text().iter().copied().take(5).collect(),
            "suffix" => suffix = option.text().to_vec(),
            "mode" => mode = super::mode::octal(option.text()).unwrap_or(0o600),
            _ => return Err(option.unmodelled("tempfile")),
        }
    }
    match free(system, process, &join(&folder, &prefix), 6, &suffix, Some(Make::File(mode)))? {
        Ok(name) => {
            process.out(system, &[name.as_slice(), b"\n"].concat())?;
            Ok(0)
        }
        Err(error) => {
            process.complain(system, &error.to_string())?;
            Ok(1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_in_letters() {
        assert_eq!((letters(0, 3), letters(27, 3)), (b"AAA".to_vec(), b"ABB".to_vec()));
    }
}
