//! `sshd`(8) `-T` and `-G`: the settings of `/etc/ssh/sshd_config` and the files that it includes, the first of each, and
//! the host keys that a server has where none is named. Other settings' defaults are not told.

use std::collections::BTreeSet;

use super::super::core::pattern;
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::failure::text;

/// Settings that may come more than once.
const LISTS: [&str; 5] = ["hostkey", "port", "listenaddress", "acceptenv", "hostcertificate"];
const KEYS: [&str; 3] = ["/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_ecdsa_key", "/etc/ssh/ssh_host_ed25519_key"];
/// Files that include each other.
const MOST: usize = 256;

/// Runs it.
pub(super) fn sshd(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    match process.arguments() {
        [only] if only == b"-T" || only == b"-G" => {}
        _ => return Err(Stop::unsupported("sshd", "another call than `sshd -T` or `sshd -G`")),
    }
    let mut out: Vec<(String, String)> = Vec::new();
    let mut seen = BTreeSet::new();
    // The next line last.
    let mut open: Vec<String> = lines(system, b"etc/ssh/sshd_config").into_iter().rev().collect();
    let mut files = 0;
    while let Some(line) = open.pop() {
        system.budget.step(1)?;
        let line = line.trim();
        let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
        let (name, value) = line.split_at_checked(end).unwrap_or((line, ""));
        let (name, value) = (name.to_lowercase(), value.trim_matches(|c: char| c.is_whitespace() || c == '='));
        match name.as_str() {
            "" => {}
            comment if comment.starts_with('#') => {}
            // What follows is for some connections only.
            "match" => break,
            "include" => {
                let mut more = Vec::new();
                for word in value.split_whitespace() {
                    for path in matching(system, word)? {
                        files += 1;
                        if files <= MOST {
                            more.extend(lines(system, &path));
                        }
                    }
                }
                open.extend(more.into_iter().rev());
            }
            _ => {
                if LISTS.contains(&name.as_str()) || seen.insert(name.clone()) {
                    out.push((name, value.trim_matches('"').to_owned()));
                }
            }
        }
    }
    if !out.iter().any(|(name, _)| name == "hostkey") {
        out.extend(KEYS.map(|key| ("hostkey".to_owned(), key.to_owned())));
    }
    for (name, value) in out {
        process.out(system, format!("{name} {value}\n").as_bytes())?;
    }
    Ok(0)
}

fn lines(system: &mut System<'_>, path: &[u8]) -> Vec<String> {
    system.read(path).map(|bytes| text(&bytes).lines().map(str::to_owned).collect()).unwrap_or_default()
}

/// The files that an included name means: below `/etc/ssh` unless it is absolute, the last part a pattern.
fn matching(system: &System<'_>, word: &str) -> Result<Vec<Vec<u8>>, Stop> {
    let path = word.strip_prefix('/').map_or_else(|| format!("etc/ssh/{word}"), str::to_owned);
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    if folder.contains(['*', '?', '[']) {
        return Err(Stop::unsupported("sshd", format!("the included pattern `{word}`")));
    }
    let names = system.names(folder.as_bytes()).unwrap_or_default();
    let fits = names.into_iter().filter(|other| pattern::matches(name.as_bytes(), other, false));
    Ok(fits.map(|name| [folder.as_bytes(), b"/", &name].concat()).collect())
}
