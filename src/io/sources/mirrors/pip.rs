//! pip's index: its configuration, or else the one that is built into pip, read from pip itself.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Clients, Found, text_of};

/// The simple index that pip would ask.
pub(super) fn find(clients: &Clients) -> Found {
    if let Some(address) = clients.pip_index_url.as_ref().filter(|address| !address.is_empty()) {
        return Some((address.clone(), "PIP_INDEX_URL".into()));
    }
    let configured = clients.pip_configs.iter().find_map(|path| {
        let address = index_url(&text_of(path)?)?;
        Some((address, format!("pip ({})", path.display())))
    });
    configured.or_else(|| {
        folders(&clients.python_libs).into_iter().find_map(|folder| {
            let path = folder.join("pip/_internal/models/index.py");
            let address = built_in(&text_of(&path)?)?;
            Some((address, format!("pip's built-in index ({})", path.display())))
        })
    })
}

/// `index-url` of `[install]`, or else of `[global]`.
fn index_url(text: &str) -> Option<String> {
    let (mut section, mut global) = (String::new(), None);
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim().to_ascii_lowercase();
        } else if let Some((key, value)) = line.split_once(['=', ':'])
            && key.trim().replace('_', "-").eq_ignore_ascii_case("index-url")
        {
            match section.as_str() {
                "install" => return Some(value.trim().to_owned()),
                "global" => global = Some(value.trim().to_owned()),
                _ => {}
            }
        }
    }
    global
}

/// The address in `PyPI = PackageIndex("ADDRESS", …)`, with `simple` below it, as pip does.
fn built_in(source: &str) -> Option<String> {
    let call = source.split("PyPI = PackageIndex(").nth(1)?;
    let address = call.split(['"', '\'']).nth(1)?;
    Some(format!("{}/simple", address.trim_end_matches('/')))
}

/// The folders themselves, and `python3*/{site,dist}-packages` below them, the newest first.
fn folders(roots: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for root in roots {
        found.push(root.clone());
        let names = fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut pythons: Vec<PathBuf> = names.filter(|path| is_python(path)).collect();
        pythons.sort();
        for python in pythons.iter().rev() {
            found.extend(["site-packages", "dist-packages"].map(|name| python.join(name)));
        }
    }
    found
}

fn is_python(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python3"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_and_source() {
        assert_eq!(index_url("[global]\ncert = /x\n"), None);
        assert_eq!(index_url("[global]\nindex-url = https://a.example/s\n").as_deref(), Some("https://a.example/s"));
        let both = "[install]\nindex_url: https://b.example/s\n[global]\nindex-url = https://a.example/s\n";
        assert_eq!(index_url(both).as_deref(), Some("https://b.example/s"));
        let source = "PyPI = PackageIndex(\n  \"https://c.example/\", file_storage_domain=\"d.example\")";
        assert_eq!(built_in(source).as_deref(), Some("https://c.example/simple"));
        assert_eq!(built_in("nothing"), None);
    }
}
