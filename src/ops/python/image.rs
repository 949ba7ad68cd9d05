//! What of an image decides its wheels: the interpreter and the C library, as its locked packages tell.

use std::collections::BTreeSet;

use crate::base::Arch;
use crate::domain::lock::PackageLock;
use crate::domain::python::{Environment, Interpreter, PythonError};
use crate::domain::recipe::Python;

/// The interpreter that the recipe names, or the only one that the image has.
///
/// # Errors
/// When the image has none, or several and the recipe names none.
pub(in super::super) fn interpreter<'p>(
    python: &Python,
    arch: Arch,
    packages: impl Iterator<Item = &'p PackageLock>,
) -> Result<Interpreter, PythonError> {
    if let Some(named) = python.interpreter {
        return Ok(named);
    }
    let found: BTreeSet<Interpreter> = packages.filter_map(|package| package.name.as_str().parse().ok()).collect();
    let found: Vec<Interpreter> = found.into_iter().collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(PythonError::Image {
            arch,
            what: "the image has no package of an interpreter, such as `python3.9`".into(),
        }),
        several => {
            let names: Vec<String> = several.iter().map(ToString::to_string).collect();
            let what = format!("the image has {}: say which one with `interpreter`", names.join(" and "));
            Err(PythonError::Image { arch, what })
        }
    }
}

/// A platform of the image, as its wheels see it.
///
/// # Errors
/// When the interpreter or the C library are not among its packages.
pub(super) fn environment(python: &Python, arch: Arch, packages: &[PackageLock]) -> Result<Environment, PythonError> {
    let here = || packages.iter().filter(|package| package.arch == arch);
    let wrong = |what: String| PythonError::Image { arch, what };
    let interpreter = interpreter(python, arch, here())?;
    let names = [interpreter.to_string(), format!("{interpreter}-minimal")];
    let package = here().find(|package| names.iter().any(|name| name == package.name.as_str()));
    let package = package.ok_or_else(|| wrong(format!("the image has no package `{interpreter}`")))?;
    let version = upstream(package.version.as_str());
    let libc = here().find(|package| package.name.as_str() == "libc6");
    let libc = libc.ok_or_else(|| wrong("the image has no package `libc6`, by which wheels are chosen".into()))?;
    let glibc = upstream(libc.version.as_str());
    let minor =
        glibc.strip_prefix("2.").and_then(|rest| rest.split('.').next()?.parse().ok()).filter(|minor| *minor < 1000);
    let minor = minor.ok_or_else(|| wrong(format!("`{}` is no version of glibc that is known", libc.version)))?;
    Environment::new(arch, interpreter, &version, minor).map_err(wrong)
}

/// The numbers of the upstream version in a version of Debian: `3.9.2` of `3.9.2-1+deb11u2`, `3.13.0` of `3.13.0~rc1-1`.
fn upstream(version: &str) -> String {
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    version.get(..end).unwrap_or_default().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstream_versions_are_numbers() {
        for (debian, expected) in
            [("3.9.2-1+deb11u2", "3.9.2"), ("2.31-13+deb11u11", "2.31"), ("1:3.13.0~rc1-1", "3.13.0"), ("x", "")]
        {
            assert_eq!(upstream(debian), expected);
        }
    }
}
