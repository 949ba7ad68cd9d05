//! The one place that reads the environment; everything else is told.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// The environment variables that mean something to this program, as they were at the start.
pub(super) struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// Reads the process's environment.
    pub(super) fn read() -> Self {
        Self { variables: std::env::vars_os().collect() }
    }

    /// A variable that is set, not empty and UTF-8.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.variables.get(&OsString::from(name)).and_then(|v| v.to_str()).filter(|v| !v.is_empty())
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.variables.get(&OsString::from(name)).filter(|v| !v.is_empty()).map(PathBuf::from)
    }

    /// The user's home, where one is known.
    pub(super) fn home(&self) -> Option<PathBuf> {
        self.path("HOME")
    }

    /// Where caches go: `$XDG_CACHE_HOME`, or `~/.cache`, or a folder for temporary files.
    pub(super) fn cache_home(&self) -> PathBuf {
        self.path("XDG_CACHE_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| self.home().map(|home| home.join(".cache")))
            .unwrap_or_else(std::env::temp_dir)
    }

    /// Where a user's settings are: `$XDG_CONFIG_HOME`, or `~/.config`.
    pub(super) fn config_home(&self) -> Option<PathBuf> {
        self.path("XDG_CONFIG_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| self.home().map(|home| home.join(".config")))
    }

    /// Docker's `config.json`: below `$DOCKER_CONFIG`, or `~/.docker`.
    pub(super) fn docker_config(&self) -> Option<PathBuf> {
        let folder = self.path("DOCKER_CONFIG").or_else(|| self.home().map(|home| home.join(".docker")))?;
        Some(folder.join("config.json"))
    }

    /// All variables whose name starts with `prefix`, the rest of the name first.
    pub(super) fn with_prefix(&self, prefix: &str) -> BTreeMap<String, String> {
        let text = |(name, value): (&OsString, &OsString)| {
            Some((name.to_str()?.strip_prefix(prefix)?.to_owned(), value.to_str()?.to_owned()))
        };
        self.variables.iter().filter_map(text).collect()
    }

    /// Whether a terminal may get more than plain text, colours and moving bars: not with `NO_COLOR`
    /// (<https://no-color.org>), `TERM=dumb`, or no `TERM` at all.
    pub(super) fn wants_more_than_text(&self) -> bool {
        self.text("NO_COLOR").is_none() && self.text("TERM").is_some_and(|term| term != "dumb")
    }
}
