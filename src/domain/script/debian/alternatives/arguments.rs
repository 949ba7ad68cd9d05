//! The command line of `update-alternatives`.

use std::collections::BTreeMap;

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::failure::{Failure, text};
use super::record::Choice;

/// A command line.
#[derive(Clone)]
pub(super) struct Arguments {
    /// What to do.
    pub(super) action: Action,
    /// 0 with `--quiet`, 2 with `--verbose`, else 1.
    pub(super) loudness: u8,
    /// Whether files give way to links.
    pub(super) force: bool,
    /// Where the links are: `/etc/alternatives`.
    pub(super) links: Vec<u8>,
    /// Where the records are: `/var/lib/dpkg/alternatives`.
    pub(super) records: Vec<u8>,
}

/// What to do.
#[derive(Clone)]
pub(super) enum Action {
    Install(Install),
    Remove(Vec<u8>, Vec<u8>),
    RemoveAll(Vec<u8>),
    Auto(Vec<u8>),
    Set(Vec<u8>, Vec<u8>),
    Display(Vec<u8>),
    Query(Vec<u8>),
    List(Vec<u8>),
    Config(Vec<u8>),
    GetSelections,
    SetSelections,
}

/// What `--install` with its `--slave`s says.
#[derive(Clone)]
pub(super) struct Install {
    /// The group.
    pub(super) name: Vec<u8>,
    /// Its link.
    pub(super) link: Vec<u8>,
    /// Secondary links by their names.
    pub(super) slaves: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The alternative.
    pub(super) choice: Choice,
}

const ACTIONS: &str = "need --display, --query, --list, --get-selections, --config, --set, --set-selections, --install, \
                       --remove, --all, --remove-all or --auto";

impl Arguments {
    /// Reads the command line.
    pub(super) fn parse(process: &Process) -> Result<Self, Failure> {
        let usage = |text: String| Failure::usage(process, text);
        let mut action: Option<Action> = None;
        let mut this = Self {
            action: Action::GetSelections,
            loudness: 1,
            force: false,
            links: b"/etc/alternatives".to_vec(),
            records: b"/var/lib/dpkg/alternatives".to_vec(),
        };
        let mut args = process.arguments().iter();
        while let Some(arg) = args.next() {
            let option = text(arg);
            let mut values = |n: usize, what: &str| -> Result<Vec<Vec<u8>>, Failure> {
                let values: Vec<Vec<u8>> = args.by_ref().take(n).cloned().collect();
                if values.len() == n { Ok(values) } else { Err(usage(format!("{option} needs {what}"))) }
            };
            let new = match option.as_str() {
                "--install" => {
                    let values = values(4, "<link> <name> <path> <priority>")?;
                    let [link, name, path, priority] = values.as_slice() else { continue };
                    let number = std::str::from_utf8(priority).ok().and_then(|text| text.trim_start().parse().ok());
                    let priority =
                        number.ok_or_else(|| usage(format!("priority '{}' must be an integer", text(priority))))?;
                    check(process, link, name, path)?;
                    let choice = Choice { path: path.clone(), priority, slaves: BTreeMap::new() };
                    Action::Install(Install { name: name.clone(), link: link.clone(), slaves: BTreeMap::new(), choice })
                }
                "--slave" => {
                    let Some(Action::Install(install)) = &mut action else {
                        return Err(usage("--slave only allowed with --install".into()));
                    };
                    let values = values(3, "<link> <name> <path>")?;
                    let [link, name, path] = values.as_slice() else { continue };
                    check(process, link, name, path)?;
                    if *name == install.name {
                        return Err(usage(format!("name {} is both primary and slave", text(name))));
                    }
                    if *link == install.link {
                        return Err(usage(format!("link {} is both primary and slave", text(link))));
                    }
                    if install.slaves.contains_key(name) {
                        return Err(usage(format!("duplicate slave name {}", text(name))));
                    }
                    if install.slaves.values().any(|other| other == link) {
                        return Err(usage(format!("duplicate slave link {}", text(link))));
                    }
                    install.slaves.insert(name.clone(), link.clone());
                    install.choice.slaves.insert(name.clone(), path.clone());
                    continue;
                }
                "--remove" | "--set" => {
                    let values = values(2, "<name> <path>")?;
                    let [name, path] = values.as_slice() else { continue };
                    check_name(name)?;
                    if option == "--set" {
                        Action::Set(name.clone(), path.clone())
                    } else {
                        Action::Remove(name.clone(), path.clone())
                    }
                }
                "--remove-all" | "--auto" | "--display" | "--query" | "--list" | "--config" => {
                    let name = values(1, "<name>")?.pop().unwrap_or_default();
                    check_name(&name)?;
                    match option.as_str() {
                        "--remove-all" => Action::RemoveAll(name),
                        "--auto" => Action::Auto(name),
                        "--display" => Action::Display(name),
                        "--query" => Action::Query(name),
                        "--list" => Action::List(name),
                        _ => Action::Config(name),
                    }
                }
                "--get-selections" => Action::GetSelections,
                "--set-selections" => Action::SetSelections,
                "--quiet" => {
                    this.loudness = 0;
                    continue;
                }
                "--verbose" => {
                    this.loudness = 2;
                    continue;
                }
                "--force" => {
                    this.force = true;
                    continue;
                }
                "--log" => {
                    values(1, "a <file> argument")?;
                    continue;
                }
                "--altdir" => {
                    this.links = values(1, "a <directory> argument")?.pop().unwrap_or_default();
                    continue;
                }
                "--admindir" => {
                    this.records = values(1, "a <directory> argument")?.pop().unwrap_or_default();
                    continue;
                }
                "--skip-auto" => continue,
                "--all" | "--debug" | "--root" | "--instdir" | "--help" | "--version" => {
                    return Err(Stop::unsupported("update-alternatives", format!("option {option}")).into());
                }
                _ if arg.starts_with(b"--") => return Err(usage(format!("unknown option '{option}'"))),
                _ => return Err(Failure::dpkg(format!("unknown argument '{option}'"))),
            };
            if action.is_some() {
                return Err(usage(format!("two commands specified: {option} and another")));
            }
            action = Some(new);
        }
        this.action = action.ok_or_else(|| usage(ACTIONS.into()))?;
        Ok(this)
    }
}

fn check_name(name: &[u8]) -> Result<(), Failure> {
    if name.iter().any(|byte| *byte == b'/' || byte.is_ascii_whitespace()) {
        return Err(Failure::dpkg(format!("alternative name ({}) must not contain '/' and spaces", text(name))));
    }
    Ok(())
}

fn check(process: &Process, link: &[u8], name: &[u8], path: &[u8]) -> Result<(), Failure> {
    if link == path {
        return Err(Failure::usage(process, format!("<link> '{}' is the same as <path>", text(link))));
    }
    check_name(name)?;
    if link.first() != Some(&b'/') {
        return Err(Failure::dpkg(format!("alternative link is not absolute as it should be: {}", text(link))));
    }
    if path.first() != Some(&b'/') {
        return Err(Failure::dpkg(format!("alternative path is not absolute as it should be: {}", text(path))));
    }
    if [link, path].iter().any(|path| path.contains(&b'\n')) {
        return Err(Failure::dpkg("newlines prohibited in update-alternatives files"));
    }
    Ok(())
}
