//! Names without symbolic links, `.` and `..`: realpath(3), and the kinds of it that readlink(1) and realpath(1) offer.

use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::system::System;

/// How much of a name has to exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain::script) enum Existing {
    /// All of it.
    All,
    /// All but the last component.
    AllButLast,
    /// Nothing.
    Nothing,
}

/// The absolute name, with a leading `/`, of what `name` leads to.
///
/// # Errors
/// When too much of it is missing, a component is no directory (but for [`Existing::Nothing`]), or links loop.
pub(in crate::domain::script) fn canonical(
    system: &System<'_>,
    process: &Process,
    name: &[u8],
    existing: Existing,
) -> Result<Vec<u8>, Errno> {
    let whole = super::operand::path(process, name)?;
    let parts = |path: &[u8]| -> Vec<Vec<u8>> {
        path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).rev().map(<[u8]>::to_vec).collect()
    };
    let (mut here, mut rest, mut links): (Vec<Vec<u8>>, _, u32) = (Vec::new(), parts(&whole), 0);
    while let Some(part) = rest.pop() {
        match part.as_slice() {
            b"." => continue,
            b".." => {
                here.pop();
                continue;
            }
            _ => here.push(part),
        }
        let at = here.join(&b'/');
        match system.lstat(&at) {
            Ok(node) => {
                if let Some(target) = node.target() {
                    if links == 40 && existing == Existing::Nothing {
                        continue;
                    }
                    links += 1;
                    if links > 40 {
                        return Err(Errno::Loop);
                    }
                    here.pop();
                    if target.starts_with(b"/") {
                        here.clear();
                    }
                    rest.extend(parts(target));
                } else if !node.is_directory()
                    && existing != Existing::Nothing
                    && (!rest.is_empty() || name.ends_with(b"/"))
                {
                    return Err(Errno::NotADirectory);
                }
            }
            Err(Errno::Missing) if existing == Existing::AllButLast && rest.is_empty() => {}
            Err(Errno::Missing | Errno::NotADirectory) if existing == Existing::Nothing => {}
            Err(error) => return Err(error),
        }
    }
    Ok([b"/", here.join(&b'/').as_slice()].concat())
}

/// The absolute name without `.` and `..`, symbolic links left as they are.
pub(in crate::domain::script) fn absolute(process: &Process, name: &[u8]) -> Vec<u8> {
    let mut here: Vec<&[u8]> = Vec::new();
    let whole = process.path(name);
    for part in whole.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(here.pop()),
            _ => here.push(part),
        }
    }
    [b"/", here.join(&b'/').as_slice()].concat()
}

/// How to get from the folder `from` to `to`; both are canonical names.
pub(in crate::domain::script) fn relative(from: &[u8], to: &[u8]) -> Vec<u8> {
    let parts = |path: &'_ [u8]| -> Vec<Vec<u8>> {
        path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).map(<[u8]>::to_vec).collect()
    };
    let (from, to) = (parts(from), parts(to));
    let common = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let up = std::iter::repeat_n(b"..".to_vec(), from.len() - common);
    let way: Vec<Vec<u8>> = up.chain(to.into_iter().skip(common)).collect();
    if way.is_empty() { b".".to_vec() } else { way.join(&b'/') }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_between_folders() {
        for (from, to, way) in
            [("/a/b", "/a/c/d", "../c/d"), ("/a", "/a", "."), ("/", "/x", "x"), ("/a/b", "/", "../..")]
        {
            assert_eq!(relative(from.as_bytes(), to.as_bytes()), way.as_bytes());
        }
    }
}
