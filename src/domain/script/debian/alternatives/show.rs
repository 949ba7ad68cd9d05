//! What `update-alternatives` shows of groups.

use super::super::super::process::Process;
use super::super::super::system::System;
use super::super::failure::{Failure, text};
use super::groups::Groups;
use super::record::Group;

/// `--get-selections`.
pub(super) fn selections(system: &mut System<'_>, process: &mut Process, groups: &Groups) -> Result<u8, Failure> {
    for name in groups.names(system) {
        let Some(group) = groups.load(system, &name)? else { continue };
        let status = if group.auto { "auto" } else { "manual" };
        let current = groups.current(system, &name).unwrap_or_default();
        process.out(system, format!("{:<30} {status:<8} {}\n", text(&name), text(&current)).as_bytes())?;
    }
    Ok(0)
}

/// `--display`.
pub(super) fn display(
    system: &mut System<'_>,
    process: &mut Process,
    groups: &Groups,
    name: &[u8],
    group: &Group,
) -> Result<u8, Failure> {
    let mut out = format!("{} - {} mode\n", text(name), if group.auto { "auto" } else { "manual" });
    let current = groups.current(system, name);
    match group.best(current.as_deref()) {
        Some(best) => out += &format!("  link best version is {}\n", text(&best.path)),
        None => out += "  link best version not available\n",
    }
    match &current {
        Some(current) => out += &format!("  link currently points to {}\n", text(current)),
        None => out += "  link currently absent\n",
    }
    out += &format!("  link {} is {}\n", text(name), text(&group.link));
    for (name, link) in &group.slaves {
        out += &format!("  slave {} is {}\n", text(name), text(link));
    }
    for choice in &group.choices {
        out += &format!("{} - priority {}\n", text(&choice.path), choice.priority);
        for (name, file) in &choice.slaves {
            out += &format!("  slave {}: {}\n", text(name), text(file));
        }
    }
    process.out(system, out.as_bytes())?;
    Ok(0)
}

/// `--query`.
pub(super) fn query(
    system: &mut System<'_>,
    process: &mut Process,
    groups: &Groups,
    name: &[u8],
    group: &Group,
) -> Result<u8, Failure> {
    let pairs = |pairs: &std::collections::BTreeMap<Vec<u8>, Vec<u8>>| -> String {
        pairs.iter().map(|(name, path)| format!(" {} {}\n", text(name), text(path))).collect()
    };
    let mut out = format!("Name: {}\nLink: {}\n", text(name), text(&group.link));
    if !group.slaves.is_empty() {
        out += &format!("Slaves:\n{}", pairs(&group.slaves));
    }
    out += &format!("Status: {}\n", if group.auto { "auto" } else { "manual" });
    let current = groups.current(system, name);
    if let Some(best) = group.best(current.as_deref()) {
        out += &format!("Best: {}\n", text(&best.path));
    }
    let current = current.map_or("none".into(), |path| text(&path));
    out += &format!("Value: {current}\n");
    for choice in &group.choices {
        out += &format!("\nAlternative: {}\nPriority: {}\n", text(&choice.path), choice.priority);
        if !group.slaves.is_empty() {
            out += &format!("Slaves:\n{}", pairs(&choice.slaves));
        }
    }
    process.out(system, out.as_bytes())?;
    Ok(0)
}
