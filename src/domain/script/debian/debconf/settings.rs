//! `debconf.conf`(5): which databases there are and how scripts are asked; and the variables that say otherwise.
//!
//! The drivers `File` and `Stack` are known, which is all that Debian's own file uses.

use std::collections::BTreeMap;

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

use super::super::failure::{Failure, text};
use super::file::{Filter, Place};
use super::{dies, is_space, stanzas, trim_end, trim_start};
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// What `debconf.conf` says.
pub(super) struct Settings {
    /// The first stanza, by lower-case keys with `_` for `-`.
    first: Stanza,
    /// The files, in their order.
    pub(super) places: Vec<Place>,
    /// The files of questions, by their number in `places`, the first to be asked first.
    pub(super) config: Vec<usize>,
    /// The files of templates.
    pub(super) templates: Vec<usize>,
    /// Variables of debconf's that were set.
    variables: BTreeMap<&'static str, Vec<u8>>,
}

type Stanza = BTreeMap<String, Vec<u8>>;

/// Variables that say what a setting does.
const VARIABLES: [(&str, &str); 7] = [
    ("frontend", "DEBIAN_FRONTEND"),
    ("priority", "DEBIAN_PRIORITY"),
    ("noninteractive_seen", "DEBCONF_NONINTERACTIVE_SEEN"),
    ("c_values", "DEBCONF_C_VALUES"),
    ("admin_email", "DEBCONF_ADMIN_EMAIL"),
    ("nowarnings", "DEBCONF_NOWARNINGS"),
    ("terse", "DEBCONF_TERSE"),
];

impl Settings {
    /// Reads the file that debconf would read.
    ///
    /// # Errors
    /// As debconf says it; [`Stop`] where it asks for what is not modelled.
    pub(super) fn read(system: &mut System<'_>, process: &Process) -> Result<Self, Failure> {
        for variable in ["DEBCONF_DB_OVERRIDE", "DEBCONF_DB_FALLBACK", "DEBCONF_DB_REPLACE"] {
            if process.env.contains_key(variable.as_bytes()) {
                return Err(dies(format!("the variable {variable}")).into());
            }
        }
        let own = match process.env.get(&b"DEBCONF_SYSTEMRC"[..]).filter(|path| !path.is_empty()) {
            Some(path) => process.path(path),
            None => b"root/.debconfrc".to_vec(),
        };
        let places = [own, b"etc/debconf.conf".to_vec(), b"usr/share/debconf/debconf.conf".to_vec()];
        let Some(path) = places.iter().find(|path| system.exists(path)) else {
            return Err(Failure::Exit(2, "No config file found".into()));
        };
        let bytes = system.read(path).map_err(|error| Failure::Exit(2, format!("/{}: {error}", text(path))))?;
        let variables = VARIABLES
            .iter()
            .filter_map(|(name, variable)| Some((*name, process.env.get(variable.as_bytes())?.clone())))
            .collect();
        let mut all = stanzas(&bytes).map(|text| stanza(text, process)).filter(|stanza| !stanza.is_empty());
        let first = all.next().unwrap_or_default();
        let mut settings = Self { first, places: Vec::new(), config: Vec::new(), templates: Vec::new(), variables };
        let mut drivers: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        for stanza in all {
            settings.driver(&stanza, &mut drivers)?;
        }
        for (key, what) in [("config", "Config"), ("templates", "Template")] {
            let Some(name) = settings.first.get(key) else {
                let text = format!("debconf: {what} database not specified in config file.");
                return Err(Failure::Exit(1, text));
            };
            let Some(places) = drivers.get(name) else {
                let what = if key == "config" { "Configuration" } else { what };
                return Err(Failure::Exit(2, format!("{what} database \"{}\" was not initialized.", text(name))));
            };
            *(if key == "config" { &mut settings.config } else { &mut settings.templates }) = places.clone();
        }
        Ok(settings)
    }

    /// A setting: its variable's, else the file's.
    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        self.variables.get(name).or_else(|| self.first.get(name)).map(Vec::as_slice)
    }

    /// Whether a setting is `true`.
    pub(super) fn is(&self, name: &str) -> bool {
        self.get(name) == Some(b"true")
    }

    fn driver(&mut self, stanza: &Stanza, drivers: &mut BTreeMap<Vec<u8>, Vec<usize>>) -> Result<(), Failure> {
        let value = |key: &str| stanza.get(key).map(Vec::as_slice);
        let name = value("name").unwrap_or_default().to_vec();
        let yes = |key: &str| value(key).map(|value| value.eq_ignore_ascii_case(b"true"));
        if yes("readonly") == Some(true) {
            return Err(dies("a database that is only read").into());
        }
        match value("driver") {
            Some(b"File") => {
                if value("format").is_some_and(|format| format != b"822") {
                    return Err(dies("a database in another format than 822").into());
                }
                let Some(filename) = value("filename").filter(|path| !path.is_empty()) else {
                    return Err(Failure::Exit(
                        1,
                        format!("debconf: DbDriver \"{}\": No filename specified", text(&name)),
                    ));
                };
                let mode = value("mode").and_then(|mode| u32::from_str_radix(&text(mode), 8).ok());
                let place = Place {
                    name: text(&name),
                    path: filename.strip_prefix(b"/").unwrap_or(filename).to_vec(),
                    mode: mode.unwrap_or(0o600),
                    backup: yes("backup").unwrap_or(true),
                    filters: filters(stanza)?,
                };
                drivers.insert(name, vec![self.places.len()]);
                self.places.push(place);
            }
            Some(b"Stack") => {
                if !filters(stanza)?.is_empty() {
                    return Err(dies("a stack that accepts or rejects").into());
                }
                let mut all = Vec::new();
                for part in value("stack").unwrap_or_default().split(|byte| *byte == b',') {
                    match drivers.get(trim_end(trim_start(part))) {
                        Some(places) => all.extend(places),
                        None => {
                            let text = format!(
                                "debconf: DbDriver \"{}\": could not find a db named \"{}\" to use in the stack (it \
                                 should be defined before the stack in the config file)",
                                text(&name),
                                text(trim_end(trim_start(part)))
                            );
                            return Err(Failure::Exit(1, text));
                        }
                    }
                }
                drivers.insert(name, all);
            }
            driver => return Err(dies(format!("the database driver {}", text(driver.unwrap_or_default()))).into()),
        }
        Ok(())
    }
}

fn stanza(text: &[u8], process: &Process) -> Stanza {
    let mut stanza = Stanza::new();
    for line in text.split(|byte| *byte == b'\n') {
        let line = trim_end(trim_start(line));
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let at = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (key, value) = line.split_at(at);
        let key = String::from_utf8_lossy(trim_end(key)).to_lowercase().replace('-', "_");
        stanza.insert(key, with_variables(trim_start(value.get(1..).unwrap_or_default()), process));
    }
    stanza
}

/// The text with `${NAME}` made the variable's value.
fn with_variables(text: &[u8], process: &Process) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        let name = rest.strip_prefix(b"${").and_then(|name| {
            let end = name.iter().position(|byte| *byte == b'}').filter(|end| *end > 0)?;
            Some(name.split_at(end))
        });
        match name {
            Some((name, tail)) => {
                out.extend(process.env.get(name).map(Vec::as_slice).unwrap_or_default());
                rest = tail.get(1..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    out
}

fn filters(stanza: &Stanza) -> Result<Vec<Filter>, Stop> {
    let keys = [
        ("accept_name", false, true),
        ("reject_name", false, false),
        ("accept_type", true, true),
        ("reject_type", true, false),
    ];
    let mut filters = Vec::new();
    for (key, by_type, accepts) in keys {
        let Some(pattern) = stanza.get(key) else { continue };
        let shown = text(pattern);
        let syntax = syntax::Config::new().case_insensitive(true).utf8(false).unicode(false);
        let pattern = Regex::builder().syntax(syntax).build(&shown);
        let pattern = pattern.map_err(|_| dies(format!("the pattern {shown} in debconf.conf")))?;
        filters.push(Filter { by_type, accepts, pattern });
    }
    Ok(filters)
}

/// The locale's name.
pub(super) fn locale<'p>(process: &'p Process, system: &System<'_>) -> &'p [u8] {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(|name| process.env.get(name.as_bytes()))
        .find(|value| !value.is_empty());
    let there = |name: &[u8]| system.exists(&[b"usr/lib/locale/", name].concat());
    match set {
        Some(name) if name.starts_with(b"C.") || (!name.iter().any(|byte| is_space(*byte)) && there(name)) => name,
        _ => b"C",
    }
}
