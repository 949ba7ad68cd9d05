//! Where the parts of a wheel go.

use pep508_rs::PackageName;

use super::interpreter::Interpreter;

/// Folders, as [`crate::formats::tar::Entry::path`] spells them; those that `RECORD` counts from.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Scheme {
    /// Where packages go, pure ones and others.
    pub lib: String,
    /// Where programs go.
    pub scripts: String,
    /// Where data goes, and `headers` below it.
    pub data: String,
    /// The folder of headers, in which each package has its own.
    headers: String,
    /// How `RECORD` names what is not in `lib`: what stands for `data` in paths from `lib`.
    up: String,
}

impl Scheme {
    /// Where pip puts packages for Debian's own interpreter (`sysconfig`'s `posix_local`): below `/usr/local`, out of the way of
    /// Debian's packages.
    #[must_use]
    pub fn local(interpreter: Interpreter) -> Self {
        let python = format!("python3.{}", interpreter.minor);
        Self {
            lib: format!("usr/local/lib/{python}/dist-packages"),
            scripts: "usr/local/bin".into(),
            data: "usr/local".into(),
            headers: format!("usr/local/include/{python}"),
            up: "../../..".into(),
        }
    }

    /// Where `pip install --target FOLDER` puts packages. `RECORD` counts as pip has it: from the folder `lib/python` of a home that
    /// pip installs into first and moves then.
    #[must_use]
    pub fn target(folder: &str) -> Self {
        let folder = folder.trim_matches('/');
        let below = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        Self {
            lib: folder.to_owned(),
            scripts: below("bin"),
            data: folder.to_owned(),
            headers: below("include/python"),
            up: "../..".into(),
        }
    }

    /// The folder of a package's headers.
    #[must_use]
    pub fn headers(&self, name: &PackageName) -> String {
        format!("{}/{name}", self.headers)
    }

    /// How `RECORD` names a path of the tree that is in `folder`, which is below [`Scheme::data`].
    #[must_use]
    pub fn outside(&self, path: &str) -> String {
        let below = path.strip_prefix(self.data.as_str()).unwrap_or(path);
        format!("{}/{}", self.up, below.trim_start_matches('/'))
    }
}
