//! `locale`(1) of the locales that every C library has, and `paperconf`(1) of libpaper 1.1.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::failure::text;

/// `locale`: keywords of the locales `C`, `POSIX` and `C.UTF-8`.
pub(super) fn locale(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    for argument in process.arguments().to_vec() {
        let category = match argument.as_slice() {
            b"width" | b"height" => "LC_PAPER",
            b"charmap" => "LC_CTYPE",
            other => return Err(Stop::unsupported("locale", format!("the argument `{}`", text(other)))),
        };
        let name = setting(process, category);
        let wide = match name.as_str() {
            "" | "C" | "POSIX" => false,
            "C.UTF-8" | "C.utf8" => true,
            other => return Err(Stop::unsupported("locale", format!("the locale `{other}`"))),
        };
        process.out(
            system,
            match (argument.as_slice(), wide) {
                (b"width", _) => b"210\n",
                (b"height", _) => b"297\n",
                (_, true) => b"UTF-8\n",
                (_, false) => b"ANSI_X3.4-1968\n",
            },
        )?;
    }
    if process.arguments().is_empty() {
        return Err(Stop::unsupported("locale", "its report without an argument"));
    }
    Ok(0)
}

/// The locale of a category, locale(7).
fn setting(process: &Process, category: &str) -> String {
    let names = ["LC_ALL", category, "LANG"];
    let value = names.iter().filter_map(|name| process.env.get(name.as_bytes())).find(|value| !value.is_empty());
    value.map(|value| text(value)).unwrap_or_default()
}

/// `paperconf`: the paper that the environment or `/etc/papersize` names, else the one that the library was built with, or (since 2) that of the locale C.UTF-8.
pub(super) fn paperconf(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    if let Some(argument) = process.arguments().first() {
        return Err(Stop::unsupported("paperconf", format!("the argument `{}`", text(argument))));
    }
    let from_environment = process.env.get(&b"PAPERSIZE"[..]).map(|value| text(value));
    let from_file = || {
        let path =
            process.env.get(&b"PAPERCONF"[..]).map_or_else(|| b"etc/papersize".to_vec(), |path| process.path(path));
        let file = text(&system.read(&path).ok()?);
        let mut lines = file.lines().map(|line| line.split('#').next().unwrap_or_default());
        lines.find_map(|line| line.split_whitespace().next().map(str::to_owned))
    };
    let paper = from_environment.filter(|paper| !paper.is_empty()).or_else(from_file);
    // libpaper 2, which brings a list of sizes, goes by the locale.
    let usual = if system.exists(b"etc/paperspecs") { "a4" } else { "letter" };
    process.out(system, format!("{}\n", paper.unwrap_or_else(|| usual.into())).as_bytes())?;
    Ok(0)
}
