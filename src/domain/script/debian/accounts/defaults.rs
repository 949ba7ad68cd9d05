//! `login.defs`(5) and `/etc/default/useradd`: what new accounts get.

use std::collections::BTreeMap;

use super::super::super::system::System;
use super::super::failure::text;

/// Names and their values.
pub(super) struct Defaults(BTreeMap<String, String>);

impl Defaults {
    /// `/etc/login.defs`: a name, blanks, a value, perhaps in quotes.
    pub(super) fn login(system: &mut System<'_>) -> Self {
        Self(read(system, "etc/login.defs", char::is_whitespace))
    }

    /// `/etc/default/useradd`: `NAME=VALUE`.
    pub(super) fn useradd(system: &mut System<'_>) -> Self {
        Self(read(system, "etc/default/useradd", |c| c == '='))
    }

    /// Overrides a value, as `-K NAME=VALUE` does.
    pub(super) fn set(&mut self, setting: &[u8]) {
        if let Some((name, value)) = text(setting).split_once('=') {
            self.0.insert(name.into(), value.into());
        }
    }

    /// A value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A number: decimal, octal after `0`, hexadecimal after `0x`.
    pub(super) fn number(&self, name: &str) -> Option<u32> {
        let value = self.get(name)?;
        match (value.strip_prefix("0x"), value.strip_prefix('0')) {
            (Some(hexadecimal), _) => u32::from_str_radix(hexadecimal, 16).ok(),
            (None, Some(octal)) if !octal.is_empty() => u32::from_str_radix(octal, 8).ok(),
            _ => value.parse().ok(),
        }
    }

    /// Whether a setting says `yes`.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("yes"))
    }

    /// The range of numbers for users (`UID`) or groups (`GID`).
    pub(super) fn range(&self, kind: &str, system_account: bool) -> (u32, u32) {
        let number = |name: String, other| self.number(&name).unwrap_or(other);
        let low = number(format!("{kind}_MIN"), 1000);
        if system_account {
            (number(format!("SYS_{kind}_MIN"), 101), number(format!("SYS_{kind}_MAX"), low.saturating_sub(1)))
        } else {
            (low, number(format!("{kind}_MAX"), 60_000))
        }
    }
}

fn read(system: &mut System<'_>, path: &str, between: fn(char) -> bool) -> BTreeMap<String, String> {
    let bytes = system.read(path.as_bytes()).map(|bytes| bytes.to_vec()).unwrap_or_default();
    text(&bytes)
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(between))
        .map(|(name, value)| (name.into(), value.trim().trim_matches('"').into()))
        .collect()
}
