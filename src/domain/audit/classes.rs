//! Classes that several jars of one folder have.

use std::collections::BTreeMap;

use super::{Code, Files, Finding, Look, shown};
use crate::domain::rootfs::Kind;

/// One finding for every two jars of a folder that have a class of one name with different bytes. Links in the folder count as the jars
/// that they lead to.
pub(super) fn conflicts(files: &Files<'_>) -> Vec<Finding> {
    let mut folders: BTreeMap<Vec<u8>, Vec<(String, &super::Jar)>> = BTreeMap::new();
    for (path, node) in files.tree.walk() {
        let look = match node.kind {
            Kind::File(_) => files.of(&node),
            Kind::Symlink(_) if path.ends_with(b".jar") => {
                files.tree.follow(&path).ok().flatten().and_then(|node| files.of(&node))
            }
            _ => None,
        };
        let (Some(Look::Jar(jar)), Some(slash)) = (look, path.iter().rposition(|byte| *byte == b'/')) else { continue };
        let (folder, name) = path.split_at(slash);
        let name = String::from_utf8_lossy(name).trim_start_matches('/').to_owned();
        folders.entry(folder.to_vec()).or_default().push((name, jar));
    }
    folders.into_iter().flat_map(|(folder, jars)| of_folder(&folder, &jars)).collect()
}

fn of_folder(folder: &[u8], jars: &[(String, &super::Jar)]) -> Vec<Finding> {
    let mut seen: BTreeMap<&str, Vec<(usize, u32)>> = BTreeMap::new();
    for (number, (_, jar)) in jars.iter().enumerate() {
        for (class, crc) in jar.classes.iter().filter(|(class, _)| is_on_the_path(class)) {
            seen.entry(class).or_default().push((number, *crc));
        }
    }
    let mut pairs: BTreeMap<(usize, usize), Vec<&str>> = BTreeMap::new();
    for (class, copies) in seen.into_iter().filter(|(_, copies)| copies.len() > 1) {
        for (at, (first, crc)) in copies.iter().enumerate() {
            for (second, _) in copies.iter().skip(at + 1).filter(|(second, other)| second != first && other != crc) {
                pairs.entry((*first, *second)).or_default().push(class);
            }
        }
    }
    let name = |number: usize| jars.get(number).map_or("", |(name, _)| name.as_str());
    let finding = |((first, second), classes): ((usize, usize), Vec<&str>)| {
        let example = classes.first().map_or("", |class| class.trim_end_matches(".class")).replace('/', ".");
        let what = format!(
            "{} and {} have {} with different bytes: {example}",
            name(first),
            name(second),
            if classes.len() == 1 { "a class".to_owned() } else { format!("{} classes", classes.len()) },
        );
        Finding { code: Code::Class, path: shown(folder), what }
    };
    pairs.into_iter().map(finding).collect()
}

/// Whether a class path makes it a class: not what describes modules and packages, nor what is for later versions of Java.
fn is_on_the_path(class: &str) -> bool {
    let name = class.rsplit('/').next().unwrap_or(class);
    !class.starts_with("META-INF/") && !matches!(name, "module-info.class" | "package-info.class")
}
