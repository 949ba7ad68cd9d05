//! `/var/lib/dpkg/diversions`: three lines each: the path, where it goes, and the package or `:`.

use super::super::super::system::System;
use super::super::failure::{Failure, text};
use super::file_order;

/// A diversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Diversion {
    /// The path, from `/`.
    pub(super) from: Vec<u8>,
    /// Where others' files go; `None` where a question leaves it open.
    pub(super) to: Option<Vec<u8>>,
    /// Whose it is.
    pub(super) by: By,
}

/// Whose a diversion is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Nobody's: `:`.
    Local,
    /// A package's.
    Package(Vec<u8>),
    /// A question leaves it open.
    Any,
}

/// Reads all diversions, in order.
pub(super) fn load(system: &mut System<'_>) -> Result<Vec<Diversion>, Failure> {
    let bytes = super::read(system, "diversions")?;
    let lines: Vec<&[u8]> = bytes.strip_suffix(b"\n").unwrap_or(&bytes).split(|byte| *byte == b'\n').collect();
    let mut all = Vec::new();
    for group in lines.chunks(3) {
        match group {
            [from, to, by] => all.push(Diversion {
                from: from.to_vec(),
                to: Some(to.to_vec()),
                by: if *by == b":" { By::Local } else { By::Package(by.to_vec()) },
            }),
            [b""] => {}
            _ => return Err(Failure::dpkg("unexpected end of file in diversions")),
        }
    }
    all.sort_by_key(|diversion| file_order::slot(&diversion.from));
    Ok(all)
}

/// Writes all diversions.
pub(super) fn save(system: &mut System<'_>, all: &mut [Diversion]) -> Result<(), Failure> {
    all.sort_by_key(|diversion| file_order::slot(&diversion.from));
    let mut out = Vec::new();
    for diversion in all {
        let by: &[u8] = match &diversion.by {
            By::Package(package) => package,
            By::Local | By::Any => b":",
        };
        for line in [diversion.from.as_slice(), diversion.to.as_deref().unwrap_or_default(), by] {
            out.extend_from_slice(line);
            out.push(b'\n');
        }
    }
    super::write(system, "diversions", out, true)
}

impl std::fmt::Display for Diversion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.by {
            By::Local => f.write_str("local diversion")?,
            By::Package(_) => f.write_str("diversion")?,
            By::Any => f.write_str("any diversion")?,
        }
        write!(f, " of {}", text(&self.from))?;
        if let Some(to) = &self.to {
            write!(f, " to {}", text(to))?;
        }
        if let By::Package(package) = &self.by {
            write!(f, " by {}", text(package))?;
        }
        Ok(())
    }
}
