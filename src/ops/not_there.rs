//! What an image does not have, and what it has of nearly that name.

use crate::base::{Class, Fault, redact};

/// There is no such path or package.
#[derive(Debug, thiserror::Error)]
#[error("there is no {what} `{asked}` in the image for {platform}")]
pub struct NotThere {
    /// What was asked for, safe to print.
    pub asked: String,
    /// What it would have been: a path, a package, or either.
    pub what: &'static str,
    /// The platform that was looked at.
    pub platform: String,
    /// What has nearly that name; the nearest first.
    pub nearest: Vec<String>,
}

impl NotThere {
    /// There is no such package; `names` are those that there are.
    #[must_use]
    pub fn package(asked: &str, platform: &str, names: Vec<&str>) -> Self {
        let near = |name: &&str| strsim::jaro_winkler(asked, name);
        let nearest = nearest(names.into_iter().map(|name| (near(&name), name.to_owned())).collect());
        Self { asked: redact::printable(asked), what: "package", platform: platform.to_owned(), nearest }
    }

    /// There is no such path; `paths` are those that there are.
    #[must_use]
    pub fn path(asked: &str, platform: &str, paths: impl Iterator<Item = String>) -> Self {
        let wanted = format!("/{}", asked.trim_matches('/'));
        let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
        let near = |path: &str| {
            let whole = strsim::jaro_winkler(&wanted, path);
            // Where only the folder is wrong, the last component says it all.
            if last(&wanted) == last(path) { whole + 1.0 } else { whole }
        };
        let nearest = nearest(paths.map(|path| (near(&path), path)).collect());
        Self { asked: redact::printable(asked), what: "path", platform: platform.to_owned(), nearest }
    }
}

/// The few names that are near enough, the nearest first.
fn nearest(mut names: Vec<(f64, String)>) -> Vec<String> {
    names.retain(|(near, _)| *near > 0.85);
    names.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    names.into_iter().take(3).map(|(_, name)| name).collect()
}

impl Fault for NotThere {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn hint(&self) -> Option<String> {
        let names = self.nearest.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
        (!names.is_empty()).then(|| format!("there is {}", names.join(", ")))
    }
}
