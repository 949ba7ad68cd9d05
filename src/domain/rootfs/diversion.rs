//! Diversions: a path that one package moved aside for all others, dpkg-divert(1).

use std::collections::BTreeMap;

/// Where entries for a path go instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diversion {
    /// The path that entries of other packages get.
    pub to: Vec<u8>,
    /// The package that keeps the path, by name; `None` for a local diversion, which moves everybody's.
    pub by: Option<Box<str>>,
}

/// All diversions of a tree, by the path they divert.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diversions(BTreeMap<Vec<u8>, Diversion>);

impl Diversions {
    /// Adds one; `Some` gives back the one that was there for the same path.
    pub fn insert(&mut self, path: impl Into<Vec<u8>>, diversion: Diversion) -> Option<Diversion> {
        self.0.insert(path.into(), diversion)
    }

    /// Takes one away.
    pub fn remove(&mut self, path: &[u8]) -> Option<Diversion> {
        self.0.remove(path)
    }

    /// The diversion of a path.
    #[must_use]
    pub fn get(&self, path: &[u8]) -> Option<&Diversion> {
        self.0.get(path)
    }

    /// Reads `/var/lib/dpkg/diversions`, as [`Diversions::render`] writes it. `None` where it is something else.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut this = Self::default();
        let mut lines = text.strip_suffix(b"\n").unwrap_or(text).split(|byte| *byte == b'\n');
        while let Some(path) = lines.next().filter(|line| !line.is_empty()) {
            let (path, to) = (path.strip_prefix(b"/")?, lines.next()?.strip_prefix(b"/")?);
            let by = std::str::from_utf8(lines.next()?).ok()?;
            let by = (by != ":").then(|| by.into());
            this.insert(path, Diversion { to: to.to_vec(), by });
        }
        Some(this)
    }

    /// Where an entry called `path` of `package` goes.
    #[must_use]
    pub fn place<'a>(&'a self, path: &'a [u8], package: &str) -> &'a [u8] {
        match self.0.get(path) {
            Some(diversion) if diversion.by.as_deref() != Some(package) => &diversion.to,
            _ => path,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Diversion)> {
        self.0.iter().map(|(path, diversion)| (path.as_slice(), diversion))
    }

    /// The text of `/var/lib/dpkg/diversions`: three lines each: the path, where it goes, and the package or `:`.
    #[must_use]
    pub fn render(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for (path, diversion) in &self.0 {
            for (slash, line) in
                [("/", path.as_slice()), ("/", &diversion.to), ("", diversion.by.as_deref().unwrap_or(":").as_bytes())]
            {
                text.extend_from_slice(slash.as_bytes());
                text.extend_from_slice(line);
                text.push(b'\n');
            }
        }
        text
    }
}
