//! `a2query`: what is enabled, and by whom.
//!
//! The real program asks `apache2ctl -V` for the versions and the processing module. They are in its own text and in
//! `mods-enabled`, too, where it looks when that fails.

use super::super::failure::text;
use super::super::pattern::Pattern;
use super::state::path;
use crate::domain::script::command;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const CONFIG: &str = "/etc/apache2";
const STATE: &str = "/var/lib/apache2";

/// `a2query`.
pub(in super::super) fn a2query(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    match run(system, process)? {
        Ok(()) => Ok(0),
        Err(status) => Ok(status),
    }
}

/// One run: what it found, and whether it may say so.
struct Query<'r, 's> {
    system: &'r mut System<'s>,
    process: &'r mut Process,
    quiet: bool,
}

fn run(system: &mut System<'_>, process: &mut Process) -> Result<Result<(), u8>, Stop> {
    let name = process.args.first().cloned().unwrap_or_default();
    let program = command::find(system, process, &name).unwrap_or_default();
    let source = system.read(&program).unwrap_or_default();
    let mut query = Query { system, process, quiet: false };
    let modules = match query.names("mods-enabled", ".load")? {
        Ok(modules) => modules,
        Err(status) => return Ok(Err(status)),
    };
    let mut engines = modules.iter().filter_map(|name| {
        ["event", "worker", "prefork"].into_iter().find(|engine| name.contains(&format!("mpm_{engine}")))
    });
    let engine = engines.next().unwrap_or("invalid");
    if engines.next().is_some() {
        return query.fail("There is more than one MPM loaded. Do not proceed due to undefined results", 1);
    }
    let mut asked = Vec::new();
    let mut args = query.process.arguments().to_vec().into_iter();
    'all: while let Some(arg) = args.next() {
        let Some(letters) = arg.strip_prefix(b"-").filter(|letters| !letters.is_empty()) else { break };
        if letters == b"-" {
            break;
        }
        for (at, letter) in letters.iter().enumerate() {
            match letter {
                b'm' | b's' | b'c' => {
                    let rest = letters.get(at + 1..).unwrap_or_default();
                    let value = if rest.is_empty() { args.next().unwrap_or_default() } else { rest.to_vec() };
                    asked.push((*letter, text(&value)));
                    continue 'all;
                }
                b'a' | b'v' | b'M' | b'd' | b'q' => asked.push((*letter, String::new())),
                other => return Err(Stop::unsupported("a2query", format!("option -{}", char::from(*other)))),
            }
        }
    }
    if asked.is_empty() {
        return Err(Stop::unsupported("a2query", "its help"));
    }
    // Each is answered once, in this order, with the value that came last.
    for letter in *b"qmscavMd" {
        let Some((_, value)) = asked.iter().rev().find(|(other, _)| *other == letter) else { continue };
        let answer = match letter {
            b'q' => {
                query.quiet = true;
                continue;
            }
            b'm' => query.state("module", value, Ok(modules.clone()))?,
            b's' => {
                let names = query.names("sites-enabled", ".conf")?;
                query.state("site", value, names)?
            }
            b'c' => {
                let names = query.names("conf-enabled", ".conf")?;
                query.state("conf", value, names)?
            }
            b'a' => query.say(&constant(&source, "API")?)?,
            b'v' => query.say(&constant(&source, "SERVER_VERSION")?)?,
            b'M' => query.say(engine)?,
            _ => query.say(&constant(&source, "MODULE_DIR")?)?,
        };
        if answer.is_err() {
            return Ok(answer);
        }
    }
    Ok(Ok(()))
}

impl Query<'_, '_> {
    fn say(&mut self, line: &str) -> Result<Result<(), u8>, Stop> {
        if !self.quiet {
            self.process.out(self.system, format!("{line}\n").as_bytes())?;
        }
        Ok(Ok(()))
    }

    fn fail<T>(&mut self, reason: &str, status: u8) -> Result<Result<T, u8>, Stop> {
        if !self.quiet {
            self.process.write(self.system, 2, format!("{reason}\n").as_bytes()).map(drop)?;
        }
        Ok(Err(status))
    }

    /// What is enabled in a folder.
    fn names(&mut self, folder: &str, suffix: &str) -> Result<Result<Vec<String>, u8>, Stop> {
        let folder = format!("{CONFIG}/{folder}");
        match self.system.names(path(&folder)) {
            Ok(names) => {
                Ok(Ok(names.iter().filter_map(|name| text(name).strip_suffix(suffix).map(str::to_owned)).collect()))
            }
            Err(error) => self.fail(&format!("{folder}: {error}"), 1),
        }
    }

    /// Who did that to an object last.
    fn by(&self, kind: &str, what: &str, name: &str) -> Option<(&'static str, &'static str)> {
        let name = name.strip_suffix(".conf").unwrap_or(name);
        [("maint", "maintainer script"), ("admin", "site administrator")]
            .into_iter()
            .find(|(state, _)| self.system.exists(path(&format!("{STATE}/{kind}/{what}_by_{state}/{name}"))))
    }

    fn state(&mut self, kind: &str, wanted: &str, names: Result<Vec<String>, u8>) -> Result<Result<(), u8>, Stop> {
        let names = match names {
            Ok(names) => names,
            Err(status) => return Ok(Err(status)),
        };
        let wanted = wanted.strip_prefix("mod").unwrap_or(wanted);
        let suffix = [".conf", ".load"].into_iter().filter_map(|suffix| Some((wanted.find(suffix)?, suffix))).min();
        let wanted = suffix.map_or(wanted.to_owned(), |(_, suffix)| wanted.replacen(suffix, "", 1));
        let mut found = false;
        for name in names.iter().filter(|name| wanted.is_empty() || **name == wanted) {
            let by = self.by(kind, "enabled", name).map_or("unknown", |(_, who)| who);
            found = true;
            let _ = self.say(&format!("{name} (enabled by {by})"))?;
        }
        if found {
            return Ok(Ok(()));
        }
        let reason = format!("No {kind} matches {wanted}");
        match self.by(kind, "disabled", &wanted) {
            Some((state, who)) => {
                self.fail(&format!("{reason} (disabled by {who})"), if state == "maint" { 33 } else { 32 })
            }
            None => self.fail(&reason, 1),
        }
    }
}

/// A constant of the program's text.
fn constant(source: &[u8], name: &str) -> Result<String, Stop> {
    let pattern = Pattern::new(&format!("(?m)^our \\${name} = \"([^\"]*)\";"))?;
    match pattern.groups(source).as_deref() {
        Some([_, value]) => Ok(text(value)),
        _ => Err(Stop::unsupported("a2query", format!("a program without ${name}"))),
    }
}
