//! `pam-auth-update`(8) of libpam-runtime 1.4.0 to 1.7.0: `/etc/pam.d/common-*` from the profiles that packages bring, and
//! what debconf says which of them are chosen.
//!
//! ```text
//! /usr/share/pam-configs ──profile──▶ Profiles ─┐
//! /etc/pam.d, /var/lib/pam ──difference──▶ changes ─┼─ debconf ──▶ chosen ──stack──▶ /etc/pam.d, /var/lib/pam
//! ```

mod difference;
mod profile;
mod stack;

use std::collections::BTreeSet;

use md5::{Digest as _, Md5};

use super::confmodule::{ConfModule, Started};
use super::failure::{Failure, conclude};
use super::pattern::{lines, split};
use crate::domain::script::command;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;
use difference::{Differences, Lines};
use profile::Profiles;
use stack::Stack;

/// The stacks, in the order that they are written.
const STACKS: [&str; 5] = ["auth", "account", "password", "session", "session-noninteractive"];

/// Marks around the managed blocks: lines that begin with these.
const PRIMARY: &[u8] = b"# here are the per-package modules (the \"Primary\" block)";
const FALLBACK: &[u8] = b"# here's the fallback if no module succeeds";
const ADDITIONAL: &[u8] = b"# and here are more per-package modules (the \"Additional\" block)";
const END: &[u8] = b"# end of pam-auth-update config";

/// Questions.
const CHOSEN: &str = "libpam-runtime/profiles";
const CONFLICTS: &str = "libpam-runtime/conflicts";
const OVERRIDE: &str = "libpam-runtime/override";
const NONE: &str = "libpam-runtime/no_profiles_chosen";

/// MD5 of what is outside of the managed blocks, of every text that was ever shipped: nobody changed such a file, and the
/// shipped text of today takes its place.
const SHIPPED: [(&str, &[&str]); 5] = [
    ("account", &["3c0c362eaf3421848b679d63fd48c3fa"]),
    ("auth", &["8d4fe17e66ba25de16a117035d1396aa"]),
    (
        "password",
        &[
            "4d5c92d595a46b69cd61f18feb4c0574",
            "50fce2113dfda83ac8bdd5a6e706caec",
            "4bd7610f2e85f8ddaef79c7db7cb49eb",
            "9ba753d0824276b44bcadfee1f87b6bc",
        ],
    ),
    (
        "session",
        &[
            "f297c731a467822cbd86e1283263e8a3",
            "240fb92986c885b327cdb21dd641da8c",
            "4a25673e8b36f1805219027d3be02cd2",
            "9e633425b1878897695217ecaf75e204",
        ],
    ),
    ("session-noninteractive", &["ad2b78ce1498dd637ef36469430b6ac6", "53c1ede0bf4c07879d3582d875917545"]),
];

/// What the command line says.
#[derive(Default)]
struct Options {
    force: bool,
    package: bool,
    root: Vec<u8>,
    remove: BTreeSet<Vec<u8>>,
    enable: BTreeSet<Vec<u8>>,
    disable: BTreeSet<Vec<u8>>,
}

/// What versions do differently, seen in the program's own text.
struct Version {
    /// 1.5: `--root`, `--disable`, and what `--enable` names counts before defaults are looked for.
    enables_first: bool,
    /// 1.7: `Session-Interactive-Only` counts only when it says `yes`.
    answered: bool,
}

/// `pam-auth-update`.
pub(super) fn pam_auth_update(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let name = process.args.first().cloned().unwrap_or_default();
    let program = command::find(system, process, &name).unwrap_or(name);
    let program = [b"/", program.as_slice()].concat();
    let debconf = match ConfModule::start(system, process, &program)? {
        Started::Talking(debconf) => debconf,
        Started::Ran(status) => return Ok(status),
    };
    let text = system.read(&process.path(&program)).unwrap_or_default();
    let says = |words: &[u8]| text.windows(words.len()).any(|window| window == words);
    let version = Version {
        enables_first: says(b"'--disable'"),
        answered: says(b"$profile{'Session-Interactive-Only'} ne 'yes'"),
    };
    let options = Options::parse(process.arguments(), &version);
    let result = run(system, process, &debconf, &options, &version);
    conclude(system, process, result)
}

impl Options {
    /// Reads the command line; what it does not know it passes over.
    fn parse(args: &[Vec<u8>], version: &Version) -> Self {
        let mut options = Self::default();
        let mut args = args.iter().peekable();
        while let Some(arg) = args.next() {
            let named = match arg.as_slice() {
                b"--force" => {
                    options.force = true;
                    continue;
                }
                b"--package" => {
                    options.package = true;
                    continue;
                }
                b"--root" if version.enables_first => {
                    options.root = args.next().cloned().unwrap_or_default();
                    continue;
                }
                b"--remove" => &mut options.remove,
                b"--enable" => &mut options.enable,
                b"--disable" if version.enables_first => &mut options.disable,
                _ => continue,
            };
            while let Some(name) = args.next_if(|arg| !arg.starts_with(b"--")) {
                named.insert(name.clone());
            }
            options.package |= !named.is_empty();
        }
        options
    }

    /// A folder below the root that the command line names.
    fn folder(&self, process: &Process, path: &[u8]) -> Vec<u8> {
        process.path(&[self.root.as_slice(), path].concat())
    }
}

fn run(
    system: &mut System<'_>,
    process: &mut Process,
    debconf: &ConfModule,
    options: &Options,
    version: &Version,
) -> Result<u8, Failure> {
    debconf.ask(system, process, &[b"VERSION", b"2.0"])?;
    debconf.ask(system, process, &[b"CAPB", b"backup escape"])?;
    let folder = options.folder(process, b"/etc/pam.d");
    let kept = options.folder(process, b"/var/lib/pam");
    let configs = options.folder(process, b"/usr/share/pam-configs");
    let profiles = profile::read(system, &configs, version.answered)?.map_err(|text| Failure::Exit(2, text))?;
    let templates = b"/var/lib/dpkg/info/libpam-runtime.templates";
    debconf.ask(system, process, &[b"X_LOADTEMPLATEFILE", templates, b"libpam-runtime"])?;
    let mut all: Vec<Vec<u8>> = profiles.keys().filter(|name| !options.remove.contains(*name)).cloned().collect();
    profile::sort(&mut all, &profiles);
    let titles: Vec<&[u8]> = all.iter().map(|name| profiles.get(name).map_or(&b""[..], |one| one.title())).collect();
    debconf.ask(system, process, &[b"SUBST", CHOSEN.as_bytes(), b"profile_names", &all.join(&b", "[..])])?;
    debconf.ask(system, process, &[b"SUBST", CHOSEN.as_bytes(), b"profiles", &titles.join(&b", "[..])])?;

    let parts = Lines::new()?;
    let differences = difference::compare(system, &folder, &kept, &parts)?;
    let mut enabled = match &differences {
        Some(differences) => {
            differences.profiles.iter().filter(|name| !options.remove.contains(*name)).cloned().collect()
        }
        None => split(&debconf.get(system, process, CHOSEN)?, b", "),
    };
    let seen_file = [kept.as_slice(), b"/seen"].concat();
    let mut seen: BTreeSet<Vec<u8>> = system
        .read(&seen_file)
        .map(|text| lines(&text).map(|line| line.strip_suffix(b"\n").unwrap_or(line).to_vec()).collect())
        .unwrap_or_default();
    let mut priority = if options.package { "medium" } else { "high" };
    enabled.retain(|name| profiles.contains_key(name));
    let wanted = all.iter().filter(|name| options.enable.contains(*name)).cloned();
    if version.enables_first {
        enabled.extend(wanted.clone());
        enabled.retain(|name| !options.disable.contains(name));
        seen.extend(options.disable.iter().cloned());
    }
    // A choice of nothing is taken for no choice.
    if enabled.is_empty() {
        seen.clear();
        if !options.force {
            priority = "high";
        }
    }
    if !version.enables_first {
        enabled.extend(wanted);
    }
    let is_default = |name: &&Vec<u8>| profiles.get(*name).is_some_and(profile::Profile::is_default);
    enabled.extend(all.iter().filter(|name| !seen.contains(*name)).filter(is_default).cloned());
    profile::sort(&mut enabled, &profiles);
    enabled.dedup();
    let is_new = all.iter().any(|name| !seen.contains(name));

    debconf.ask(system, process, &[b"SETTITLE", b"libpam-runtime/title"])?;
    let mut force = options.force;
    if differences.is_none() && !force {
        debconf.input(system, process, "high", OVERRIDE)?;
        debconf.go(system, process)?;
        force = debconf.get(system, process, OVERRIDE)? == b"true";
    }
    if differences.is_none() && !force {
        let text = b"\npam-auth-update: Local modifications to /etc/pam.d/common-*, not updating.\n\
                     pam-auth-update: Run pam-auth-update --force to override.\n\n";
        process.write(system, 2, text).map(drop)?;
        return Ok(0);
    }
    choose(system, process, debconf, &profiles, &mut enabled, priority, is_new || !options.package)?;
    let list = all.iter().flat_map(|name| [name.as_slice(), b"\n"].concat()).collect();
    system
        .write_file(&seen_file, list, 0o022)
        .map_err(|error| Failure::Exit(2, format!("open(/{}) failed: {error}", super::failure::text(&seen_file))))?;
    if write(system, process, &profiles, &enabled, &folder, &kept, differences, force, &parts)? {
        debconf.ask(system, process, &[b"FSET", OVERRIDE.as_bytes(), b"seen", b"false"])?;
        debconf.set(system, process, OVERRIDE, b"false")?;
    }
    Ok(0)
}

/// Lets debconf choose, until what it chose has no conflicts and is something.
fn choose(
    system: &mut System<'_>,
    process: &mut Process,
    debconf: &ConfModule,
    profiles: &Profiles,
    enabled: &mut Vec<Vec<u8>>,
    priority: &str,
    again: bool,
) -> Result<(), Failure> {
    for _ in 0..100 {
        if again {
            debconf.ask(system, process, &[b"FSET", CHOSEN.as_bytes(), b"seen", b"false"])?;
        }
        debconf.set(system, process, CHOSEN, &enabled.join(&b", "[..]))?;
        debconf.input(system, process, priority, CHOSEN)?;
        debconf.go(system, process)?;
        *enabled = split(&debconf.get(system, process, CHOSEN)?, b", ");
        let conflicts = settle(enabled, profiles);
        if !conflicts.is_empty() {
            let text = conflicts.join(&b"\\n"[..]);
            debconf.ask(system, process, &[b"SUBST", CONFLICTS.as_bytes(), b"conflicts", &text])?;
            debconf.input(system, process, "high", CONFLICTS)?;
        }
        debconf.set(system, process, CHOSEN, &enabled.join(&b", "[..]))?;
        if enabled.is_empty() {
            debconf.input(system, process, "high", NONE)?;
            debconf.ask(system, process, &[b"FSET", CHOSEN.as_bytes(), b"seen", b"false"])?;
        } else if conflicts.is_empty() {
            return Ok(());
        }
    }
    Err(Stop::unsupported("pam-auth-update", "no profile is chosen, and it would ask for ever").into())
}

/// Takes out what conflicts with what comes before it; the pairs, by their titles.
fn settle(enabled: &mut Vec<Vec<u8>>, profiles: &Profiles) -> Vec<Vec<u8>> {
    let mut conflicts = Vec::new();
    let mut at = 0;
    while let Some(name) = enabled.get(at) {
        at += 1;
        let Some(profile) = profiles.get(name) else { continue };
        for other in (0..enabled.len()).rev() {
            let Some(name) = enabled.get(other).filter(|name| profile.conflicts_with(name)) else { continue };
            let title = profiles.get(name).map_or(&b""[..], |other| other.title());
            conflicts.push([profile.title(), b", ", title].concat());
            enabled.remove(other);
        }
    }
    conflicts
}

/// Writes all stacks; `false` where one could not be written, and what comes after it was not.
#[expect(clippy::too_many_arguments, reason = "as many things decide what is written")]
fn write(
    system: &mut System<'_>,
    process: &Process,
    profiles: &Profiles,
    enabled: &[Vec<u8>],
    folder: &[u8],
    kept: &[u8],
    differences: Option<Differences>,
    force: bool,
    parts: &Lines,
) -> Result<bool, Failure> {
    let failed = |what: &str, path: &[u8]| {
        let text = format!("{what}(/{}) failed", super::failure::text(path));
        move |error: crate::domain::script::Errno| Failure::Exit(2, format!("{text}: {error}"))
    };
    if system.stat(kept).is_err() {
        let _ = system.mkdir(kept, 0o755);
    }
    for name in STACKS {
        let stack = Stack { name, profiles, enabled };
        let difference = differences.as_ref().and_then(|all| all.stacks.get(name)).cloned();
        let target = [folder, b"/common-", name.as_bytes()].concat();
        let shipped = format!("usr/share/pam/common-{name}").into_bytes();
        let there = system.read(&target).ok();
        let unchanged = there.as_deref().is_some_and(|text| is_shipped(name, text));
        let first = if unchanged { system.read(&shipped).ok() } else { there.clone() };
        let mut text = match &first {
            Some(template) => stack.write(template, difference.clone(), parts)?,
            None => None,
        };
        if text.is_none()
            && force
            && let Ok(template) = system.read(&shipped)
        {
            text = stack.write(&template, difference, parts)?;
        }
        let Some(text) = text else { return Ok(false) };
        let new = [target.as_slice(), b".pam-new"].concat();
        let saved = [kept, b"/", name.as_bytes()].concat();
        let saved_new = [saved.as_slice(), b".new"].concat();
        system.write_file(&new, text, 0o022).map_err(failed("open", &new))?;
        system.write_file(&saved_new, stack.kept(), 0o022).map_err(failed("open", &saved_new))?;
        if there.is_some() && force {
            let mut copy = process.clone();
            let old = [target.as_slice(), b".pam-old"].concat();
            let path = |path: &[u8]| [b"/", path].concat();
            copy.args = vec![b"cp".to_vec(), b"-f".to_vec(), path(&target), path(&old)];
            if command::exec(system, &mut copy)? != 0 {
                let text = format!("cp -f {0} {0}.pam.old failed", super::failure::text(&path(&target)));
                return Err(Failure::Exit(2, text));
            }
        }
        system.rename(&new, &target).map_err(failed("rename", &new))?;
        system.rename(&saved_new, &saved).map_err(failed("rename", &saved_new))?;
    }
    Ok(true)
}

/// Whether what is outside of the managed blocks is what was once shipped.
fn is_shipped(stack: &str, text: &[u8]) -> bool {
    let (mut outside, mut marks) = (Md5::new(), 0);
    for line in lines(text) {
        let mark = [PRIMARY, FALLBACK, ADDITIONAL, END].get(marks).copied();
        let found = mark.is_some_and(|mark| line.starts_with(mark));
        if found || !matches!(marks, 1 | 3) {
            outside.update(line);
        }
        marks += usize::from(found);
    }
    let sum = hex::encode(outside.finalize());
    SHIPPED.iter().any(|(name, sums)| *name == stack && sums.contains(&sum.as_str()))
}

/// The first word of a stack's lines.
fn kind(stack: &str) -> &str {
    stack.strip_suffix("-noninteractive").unwrap_or(stack)
}
