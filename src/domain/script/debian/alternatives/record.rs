//! A link group as `/var/lib/dpkg/alternatives/NAME` holds it.
//!
//! Lines: `auto` or `manual`; the primary link; for each secondary link its name and its link; an empty line; for each
//! choice its path, its priority and its path for each secondary link (empty where it has none); an empty line.
//! Secondary links are sorted by name, choices by path. Neither paths nor names hold newlines.

use std::collections::BTreeMap;

use super::super::failure::text;

/// A link group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    /// Whether the best choice is taken, and not somebody's.
    pub(super) auto: bool,
    /// The primary link.
    pub(super) link: Vec<u8>,
    /// Secondary links by their names.
    pub(super) slaves: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What can be chosen, in the order in which it was read and added.
    pub(super) choices: Vec<Choice>,
}

/// One alternative.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// What the primary link leads to.
    pub(super) path: Vec<u8>,
    /// The highest is the best.
    pub(super) priority: i32,
    /// What secondary links lead to, by their names.
    pub(super) slaves: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Group {
    /// Reads a record.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut lines =
            bytes.split_inclusive(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\n").unwrap_or(line));
        let mut next =
            |what: &str| lines.next().ok_or_else(|| format!("unexpected end of file while trying to read {what}"));
        let auto = match next("status")? {
            b"auto" => true,
            b"manual" => false,
            _ => return Err("invalid status".into()),
        };
        let mut group = Self { auto, link: next("master link")?.to_vec(), ..Self::default() };
        loop {
            let name = next("slave name")?;
            if name.is_empty() {
                break;
            }
            if group.slaves.insert(name.to_vec(), next("slave link")?.to_vec()).is_some() {
                return Err(format!("duplicate slave name {}", text(name)));
            }
        }
        loop {
            let path = next("master file")?;
            if path.is_empty() {
                break;
            }
            if group.choice(path).is_some() {
                return Err(format!("duplicate path {}", text(path)));
            }
            let number = next("priority")?;
            let priority = std::str::from_utf8(number).ok().and_then(|number| number.trim().parse().ok());
            let priority = priority.ok_or_else(|| format!("priority of {}: {}", text(path), text(number)))?;
            let mut choice = Choice { path: path.to_vec(), priority, slaves: BTreeMap::new() };
            for name in group.slaves.keys() {
                let file = next("slave file")?;
                if !file.is_empty() {
                    choice.slaves.insert(name.clone(), file.to_vec());
                }
            }
            group.choices.push(choice);
        }
        Ok(group)
    }

    /// The record's bytes.
    pub(super) fn render(&mut self) -> Vec<u8> {
        self.choices.sort_by(|a, b| a.path.cmp(&b.path));
        let status: &[u8] = if self.auto { b"auto" } else { b"manual" };
        let mut lines = vec![status, &self.link];
        for (name, link) in &self.slaves {
            lines.extend([name.as_slice(), link]);
        }
        lines.push(b"");
        let priorities: Vec<String> = self.choices.iter().map(|choice| choice.priority.to_string()).collect();
        for (choice, priority) in self.choices.iter().zip(&priorities) {
            lines.extend([choice.path.as_slice(), priority.as_bytes()]);
            lines.extend(self.slaves.keys().map(|name| choice.slaves.get(name).map_or(&b""[..], Vec::as_slice)));
        }
        lines.extend([&b""[..], b""]);
        lines.join(&b'\n')
    }

    /// The choice of this path.
    pub(super) fn choice(&self, path: &[u8]) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.path == path)
    }

    /// The choice of the highest priority; of several the current one, else the first.
    pub(super) fn best(&self, current: Option<&[u8]>) -> Option<&Choice> {
        let highest = self.choices.iter().map(|choice| choice.priority).max()?;
        let mut best = self.choices.iter().filter(|choice| choice.priority == highest);
        let first = best.next()?;
        Some(best.find(|choice| Some(choice.path.as_slice()) == current).unwrap_or(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_and_written_as_it_was() {
        let record = b"manual\n/usr/bin/p\np.1\n/man/p.1\n\n/a\n-1\n\n/b\n20\n/man/b.1\n\n";
        let mut group = Group::parse(record).unwrap();
        assert_eq!(group.best(None).unwrap().path, b"/b");
        assert_eq!(group.render(), record);
        assert!(Group::parse(b"auto\n/x\n\n/a\n").is_err());
        assert!(Group::parse(b"later\n").is_err());
    }
}
