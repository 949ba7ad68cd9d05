//! Every maintainer script and trigger of every package, accounted for (promise 9).

use serde::{Deserialize, Serialize};

use super::account::Account;
use crate::base::Digest;
use crate::formats::deb::PackageName;

/// All scripts of one platform's packages, sorted by package and kind. Part of the build's report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ledger(Vec<Row>);

/// One script.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Row {
    /// The package it came with.
    pub package: PackageName,
    /// That package's version.
    pub version: String,
    /// The control archive's member: `preinst`, `postinst`, `prerm`, `postrm`, `config` or `triggers`.
    pub kind: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// What would run it.
    pub interpreter: Interpreter,
    /// What became of it.
    pub status: Status,
    /// What it did, where it was interpreted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// The recipe's reason, where it was left out or something stands for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What an interpreted script did.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Run {
    /// How often it ran: a `postinst` runs again for triggers.
    pub runs: u32,
    /// Commands, loop turns and the turns of programs, of all runs.
    pub steps: u64,
    /// The programs that it started, by name, sorted.
    pub commands: Vec<String>,
    /// How many paths it made, changed or removed.
    pub entries: usize,
    /// What its programs left undone that they would have done on a host, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// What the kernel would start for a script, by its first bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interpreter {
    /// The program after `#!`, with its arguments: `/bin/sh`, `/usr/bin/perl -w`.
    Program(String),
    /// A compiled program.
    Elf,
    /// Read by dpkg itself, started by nobody: a `triggers` file.
    Declarations,
    /// Nothing the kernel would start.
    Unknown,
}

/// What became of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Status {
    /// Interpreted; it changed the tree.
    #[serde(rename = "interpreted")]
    Interpreted,
    /// Interpreted; it changed nothing.
    #[serde(rename = "no-op")]
    NoOp,
    /// A `triggers` file: its declarations were followed.
    #[serde(rename = "followed")]
    Followed,
    /// Not for a fresh installation: `prerm`, `postrm`, and a `config` that nobody asks for.
    #[serde(rename = "not run")]
    NotRun,
    /// Left out, because the recipe says so.
    #[serde(rename = "waived")]
    Waived,
    /// Not interpreted; the recipe's effect stands for it.
    #[serde(rename = "stood for")]
    StoodFor,
    /// Listed only, because the recipe says so, or because nothing is known of the build.
    #[serde(rename = "not interpreted")]
    NotInterpreted,
}

impl Status {
    /// In words, as JSON has it too.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Interpreted => "interpreted",
            Self::NoOp => "no-op",
            Self::Followed => "followed",
            Self::NotRun => "not run",
            Self::Waived => "waived",
            Self::StoodFor => "stood for",
            Self::NotInterpreted => "not interpreted",
        }
    }

    /// What becomes of a script of this kind that nothing ran.
    #[must_use]
    pub fn idle(kind: &str) -> Self {
        if kind == "triggers" { Self::Followed } else { Self::NotRun }
    }
}

impl From<&Account> for Run {
    fn from(account: &Account) -> Self {
        Self {
            runs: account.runs,
            steps: account.steps,
            commands: account.commands.iter().cloned().collect(),
            entries: account.changed.len(),
            left_out: account.notes.iter().cloned().collect(),
        }
    }
}

impl Interpreter {
    /// From the member's name and its first line, as [`crate::base::redact::printable_bytes`] shows it.
    #[must_use]
    pub fn of(kind: &str, head: &str) -> Self {
        if kind == "triggers" {
            return Self::Declarations;
        }
        match head.strip_prefix("#!").map(str::trim) {
            Some(program) if !program.is_empty() => Self::Program(program.into()),
            _ if head.starts_with("\\u{7f}ELF") => Self::Elf,
            _ => Self::Unknown,
        }
    }
}

impl Ledger {
    /// Sorts rows into a ledger.
    #[must_use]
    pub fn new(mut rows: Vec<Row>) -> Self {
        rows.sort();
        Self(rows)
    }

    /// The rows, by package and kind.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.0
    }
}

impl Row {
    /// A script that was listed and nothing else. `head` is its first line, made safe to print.
    #[must_use]
    pub fn listed(package: &PackageName, version: &str, kind: &str, sha256: Digest, size: u64, head: &str) -> Self {
        Self {
            package: package.clone(),
            version: version.into(),
            kind: kind.into(),
            sha256,
            size,
            interpreter: Interpreter::of(kind, head),
            status: Status::NotInterpreted,
            run: None,
            reason: None,
        }
    }

    /// Its name, as recipes and traces have it: `bash/postinst`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}/{}", self.package, self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::redact;

    #[test]
    fn interpreters_are_known_by_the_first_line() {
        let of = |kind, bytes: &[u8]| Interpreter::of(kind, &redact::printable_bytes(bytes));
        assert_eq!(of("postinst", b"#! /bin/sh -e"), Interpreter::Program("/bin/sh -e".into()));
        assert_eq!(of("preinst", b"\x7fELF\x02\x01"), Interpreter::Elf);
        assert_eq!(of("config", b"#!"), Interpreter::Unknown);
        assert_eq!(of("postrm", b""), Interpreter::Unknown);
        assert_eq!(of("triggers", b"interest x"), Interpreter::Declarations);
    }

    #[test]
    fn a_ledger_is_sorted_and_reads_back() {
        let row = |package: &str, kind: &str| Row {
            package: package.parse().unwrap(),
            version: "1".into(),
            kind: kind.into(),
            sha256: Digest::of(b""),
            size: 0,
            interpreter: Interpreter::Program("/bin/sh".into()),
            status: Status::NotInterpreted,
            run: None,
            reason: None,
        };
        let ledger = Ledger::new(vec![row("zz", "postinst"), row("aa", "prerm"), row("aa", "config")]);
        let order: Vec<_> = ledger.rows().iter().map(|r| (r.package.as_str(), r.kind.as_str())).collect();
        assert_eq!(order, [("aa", "config"), ("aa", "prerm"), ("zz", "postinst")]);
        let json = serde_json::to_string(&ledger).unwrap();
        assert!(json.contains(r#""interpreter":{"program":"/bin/sh"},"status":"not interpreted""#), "{json}");
        assert_eq!(serde_json::from_str::<Ledger>(&json).unwrap(), ledger);
    }
}
