//! `update-alternatives`(1): link groups in `/etc/alternatives`, one of which a name leads to.
//!
//! `/var/log/alternatives.log` is not written: the ledger says who did what.

mod arguments;
mod groups;
mod record;
mod show;

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::failure::{Failure, conclude, text};
use arguments::{Action, Arguments, Install};
use groups::Groups;
use record::{Choice, Group};

/// `update-alternatives`.
pub(super) fn update_alternatives(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = Arguments::parse(process).and_then(|arguments| run(system, process, &arguments));
    conclude(system, process, result)
}

fn run(system: &mut System<'_>, process: &mut Process, arguments: &Arguments) -> Result<u8, Failure> {
    let groups = Groups::new(process, arguments);
    match &arguments.action {
        Action::GetSelections => show::selections(system, process, &groups),
        Action::SetSelections => set_selections(system, process, arguments, &groups),
        Action::Display(name) => {
            let group = groups.existing(system, name)?;
            show::display(system, process, &groups, name, &group)
        }
        Action::Query(name) => {
            let group = groups.existing(system, name)?;
            show::query(system, process, &groups, name, &group)
        }
        Action::List(name) => {
            let group = groups.existing(system, name)?;
            let lines = group.choices.iter().flat_map(|choice| [choice.path.as_slice(), b"\n"]);
            process.out(system, &lines.collect::<Vec<_>>().concat())?;
            Ok(0)
        }
        Action::Install(install) => {
            groups.check(system, install)?;
            let old = groups.load(system, &install.name)?;
            let group = old.unwrap_or_else(|| Group { auto: true, link: install.link.clone(), ..Group::default() });
            change(system, process, arguments, &groups, &install.name, group)
        }
        Action::Remove(name, _) => match groups.load(system, name)? {
            Some(group) => change(system, process, arguments, &groups, name, group),
            None => {
                verbose(system, process, arguments, &format!("no alternatives for {}", text(name)))?;
                Ok(0)
            }
        },
        Action::RemoveAll(name) | Action::Auto(name) | Action::Set(name, _) => {
            let group = groups.existing(system, name)?;
            change(system, process, arguments, &groups, name, group)
        }
        Action::Config(name) => {
            groups.existing(system, name)?;
            Err(Stop::unsupported("update-alternatives", "--config asks a question").into())
        }
    }
}

/// What changes a group: the mode is found out, the action done, the links follow, the record is saved.
fn change(
    system: &mut System<'_>,
    process: &mut Process,
    arguments: &Arguments,
    groups: &Groups,
    name: &[u8],
    mut group: Group,
) -> Result<u8, Failure> {
    let shown = text(name);
    let mut current = groups.current(system, name);
    match &current {
        Some(path) if group.choice(path).is_none() => {
            let place = format!("{}/{shown}", text(&groups.links));
            if !system.exists(&process.path(path)) {
                warn(system, process, &format!("{place} is dangling; it will be updated with best choice"))?;
                group.auto = true;
            } else if group.auto {
                let text = "has been changed (manually or by a script); switching to manual updates only";
                warn(system, process, &format!("{place} {text}"))?;
                group.auto = false;
            }
        }
        Some(_) => {}
        None => {
            verbose(system, process, arguments, &format!("setting up automatic selection of {shown}"))?;
            group.auto = true;
        }
    }
    let mut wanted = None;
    match &arguments.action {
        Action::Install(install) => {
            evolve(system, process, arguments, groups, &mut group, install, current.as_deref())?;
            match group.choices.iter_mut().find(|choice| choice.path == install.choice.path) {
                Some(choice) => *choice = install.choice.clone(),
                None => group.choices.push(install.choice.clone()),
            }
            if group.auto {
                wanted = group.best(current.as_deref()).cloned();
            } else {
                let text =
                    format!("automatic updates of {}/{shown} are disabled; leaving it alone", text(&groups.links));
                verbose(system, process, arguments, &text)?;
                let text = format!("to return to automatic updates use 'update-alternatives --auto {shown}'");
                verbose(system, process, arguments, &text)?;
            }
        }
        Action::Remove(_, path) => {
            if group.choice(path).is_none() {
                let text = format!("alternative {} for {shown} not registered; not removing", text(path));
                verbose(system, process, arguments, &text)?;
            }
            group.choices.retain(|choice| choice.path != *path);
            if current.as_ref() == Some(path) {
                if !group.auto {
                    let text = format!("removing manually selected alternative - switching {shown} to auto mode");
                    say(system, process, arguments, &text)?;
                    group.auto = true;
                }
                wanted = group.best(current.as_deref()).cloned();
            }
        }
        Action::RemoveAll(_) => group.choices.clear(),
        Action::Auto(_) => {
            group.auto = true;
            wanted = group.best(current.as_deref()).cloned();
        }
        Action::Set(_, path) => {
            let choice = group.choice(path).cloned().ok_or_else(|| {
                Failure::dpkg(format!("alternative {} for {shown} not registered; not setting", text(path)))
            })?;
            group.auto = false;
            wanted = Some(choice);
        }
        _ => {}
    }
    if group.choices.is_empty() {
        groups.delete(system, name, &group)?;
        return Ok(0);
    }
    match wanted {
        Some(choice) if current.as_ref() != Some(&choice.path) => {
            let mode = if group.auto { "auto" } else { "manual" };
            let (path, link) = (text(&choice.path), text(&group.link));
            say(system, process, arguments, &format!("using {path} to provide {link} ({shown}) in {mode} mode"))?;
            groups.install(system, process, name, &group, &choice)?;
        }
        _ => {
            let broken = groups.is_broken(system, process, name, &group, current.as_deref());
            if broken {
                let text = format!(
                    "forcing reinstallation of alternative {} because link group {shown} is broken",
                    text(current.as_deref().unwrap_or_default())
                );
                warn(system, process, &text)?;
                if current.as_ref().is_some_and(|path| group.choice(path).is_none()) {
                    group.auto = true;
                    current = group.best(current.as_deref()).map(|best| best.path.clone());
                }
                let choice = current.as_ref().and_then(|path| group.choice(path)).cloned();
                if let Some(choice) = choice {
                    groups.install(system, process, name, &group, &choice)?;
                }
            }
        }
    }
    groups.save(system, name, &mut group)?;
    Ok(0)
}

/// Takes over from an installation what it says about links: new ones, and those that moved.
fn evolve(
    system: &mut System<'_>,
    process: &mut Process,
    arguments: &Arguments,
    groups: &Groups,
    group: &mut Group,
    install: &Install,
    current: Option<&[u8]>,
) -> Result<(), Failure> {
    if group.link != install.link {
        let (name, from, to) = (text(&install.name), text(&group.link), text(&install.link));
        say(system, process, arguments, &format!("renaming {name} link from {from} to {to}"))?;
        groups.move_link(system, &group.link, &install.link)?;
        group.link.clone_from(&install.link);
    }
    for (name, link) in &install.slaves {
        let Some(old) = group.slaves.insert(name.clone(), link.clone()) else { continue };
        if old == *link {
            continue;
        }
        let (shown, from, to) = (text(name), text(&old), text(link));
        say(system, process, arguments, &format!("renaming {shown} slave link from {from} to {to}"))?;
        let file = current.and_then(|path| group.choice(path)).and_then(|choice: &Choice| choice.slaves.get(name));
        if file.is_some_and(|file| system.exists(&process.path(file))) {
            groups.move_link(system, &old, link)?;
        } else {
            groups.remove_link(system, &old)?;
        }
    }
    Ok(())
}

/// `--set-selections`: a name, `auto` or `manual`, and a path a line.
fn set_selections(
    system: &mut System<'_>,
    process: &mut Process,
    arguments: &Arguments,
    groups: &Groups,
) -> Result<u8, Failure> {
    let input = process.read_all(system, 0).unwrap_or_default();
    for line in input.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let mut words = line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
        let (Some(name), Some(status), Some(path)) = (words.next(), words.next(), words.next()) else {
            warn_plainly(system, process, &format!("skip invalid selection line: {}", text(line)))?;
            continue;
        };
        let Some(group) = groups.load(system, name)? else {
            warn_plainly(system, process, &format!("skip unknown alternative {}", text(name)))?;
            continue;
        };
        let action = match status {
            b"auto" => Action::Auto(name.to_vec()),
            _ if group.choice(path).is_some() => Action::Set(name.to_vec(), path.to_vec()),
            _ => {
                let text =
                    format!("alternative {} unchanged because choice {} is not available", text(name), text(path));
                warn_plainly(system, process, &text)?;
                continue;
            }
        };
        let what = match &action {
            Action::Auto(_) => "auto".to_owned(),
            _ => format!("choice {}", text(path)),
        };
        say(system, process, arguments, &format!("selecting alternative {} as {what}", text(name)))?;
        let arguments = Arguments { action, ..arguments.clone() };
        change(system, process, &arguments, groups, name, group)?;
    }
    Ok(0)
}

/// Says something on standard output, unless `--quiet`.
fn say(system: &mut System<'_>, process: &mut Process, arguments: &Arguments, text: &str) -> Result<(), Stop> {
    if arguments.loudness == 0 {
        return Ok(());
    }
    process.out(system, format!("update-alternatives: {text}\n").as_bytes())
}

/// Says something on standard output with `--verbose`.
fn verbose(system: &mut System<'_>, process: &mut Process, arguments: &Arguments, text: &str) -> Result<(), Stop> {
    if arguments.loudness > 1 { say(system, process, arguments, text) } else { Ok(()) }
}

/// Says a warning on standard error.
fn warn(system: &mut System<'_>, process: &mut Process, text: &str) -> Result<(), Stop> {
    process.complain(system, &format!("warning: {text}"))
}

/// What `--set-selections` skips, on standard output as the real one has it.
fn warn_plainly(system: &mut System<'_>, process: &mut Process, text: &str) -> Result<(), Stop> {
    process.out(system, format!("update-alternatives: {text}\n").as_bytes())
}
