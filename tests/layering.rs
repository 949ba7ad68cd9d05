//! The house has five floors (see the crate's documentation). Imports go down only; a room imports another room of its
//! own floor only where this table allows it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const FLOORS: [&str; 6] = ["base", "formats", "domain", "io", "ops", "cli"];

/// Imports between rooms of one floor: (from, to). Everything else sideways is an error.
const SIDEWAYS: [(&str, &str); 20] = [
    ("deb", "tar"),
    ("deb", "compress"),
    ("archive", "http"),
    ("sources", "http"),
    ("objects", "http"),
    ("objects", "unfinished"),
    ("registry", "http"),
    ("registry", "unfinished"),
    ("store", "unfinished"),
    ("audit", "rootfs"),
    ("lock", "recipe"),
    ("package", "audit"),
    ("package", "recipe"),
    ("recipe", "python"),
    ("python", "layer"),
    ("python", "rootfs"),
    ("layer", "rootfs"),
    ("install", "rootfs"),
    ("install", "script"),
    ("script", "rootfs"),
];

/// What no floor below `io` may touch: it would make a value depend on something that is not an argument.
const IMPURE: [&str; 7] =
    ["std::fs", "std::net", "std::env", "std::process", "std::time::SystemTime", "tokio::", "reqwest::"];

#[test]
fn imports_go_down_only() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (file, text) in sources(&src) {
        let place: Vec<String> =
            file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let Some(floor) = FLOORS.iter().position(|floor| *floor == place[0]) else { continue };
        let room = place.get(1).filter(|room| *room != "mod");
        for target in crate_paths(&text) {
            let Some(target_floor) = FLOORS.iter().position(|f| *f == target[0]) else {
                wrong.push(format!("{}: `crate::{}` is on no floor", file.display(), target.join("::")));
                continue;
            };
            let fine = if target_floor == floor {
                let allowed = |to: &String| room.is_some_and(|from| SIDEWAYS.contains(&(from.as_str(), to.as_str())));
                // A path of one part is no import: `pub(in crate::domain)` says who may see something.
                floor == 0
                    || target.len() == 1
                    || target.get(1) == room
                    || room.is_none()
                    || target.get(1).is_some_and(allowed)
            } else {
                target_floor < floor
            };
            if !fine {
                wrong.push(format!("{}: `crate::{}`", file.display(), target.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "imports that go up or sideways:\n{}", wrong.join("\n"));
}

#[test]
fn the_lower_floors_are_pure() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (file, text) in sources(&src) {
        if !["base", "formats", "domain"].iter().any(|floor| file.starts_with(floor)) {
            continue;
        }
        for (number, line) in code(&text).lines().enumerate() {
            if IMPURE.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "impure code on a pure floor:\n{}", wrong.join("\n"));
}

/// Every Rust file below `src`, by its path relative to it.
fn sources(src: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut open = vec![src.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push((path.strip_prefix(src).unwrap().to_owned(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 5, "the test reads the wrong folder: {}", src.display());
    found.sort();
    found
}

/// The text without comments and without the unit tests at its end.
fn code(text: &str) -> String {
    let body = text.split("#[cfg(test)]").next().unwrap_or_default();
    body.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The `floor`, `floor::room` or longer paths that a file names after `crate::`, groups in braces unfolded one level.
fn crate_paths(text: &str) -> BTreeSet<Vec<String>> {
    let word = |s: &str| s.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = BTreeSet::new();
    for rest in code(text).split("crate::").skip(1) {
        if let Some(group) = rest.strip_prefix('{') {
            for item in group.split('}').next().unwrap_or_default().split(',') {
                found.insert(vec![word(item.trim())]);
            }
            continue;
        }
        let floor = word(rest);
        let after = &rest[floor.len()..];
        match after.strip_prefix("::") {
            Some(group) if group.starts_with('{') => {
                for item in group[1..].split('}').next().unwrap_or_default().split(',') {
                    found.insert(vec![floor.clone(), word(item.trim())]);
                }
            }
            Some(room) => {
                found.insert(vec![floor, word(room)]);
            }
            None => {
                found.insert(vec![floor]);
            }
        }
    }
    found
}
