//! An item of a debconf database, a question or a template, as debconf's format `822` writes it: `Name:`, fields, `Owners:`,
//! `Flags:`, `Variables:`, an empty line. Everything is sorted by its bytes.
//!
//! Source: `Debconf::Format::822`.

use std::collections::{BTreeMap, BTreeSet};

use super::{is_space, replaced, trim_start};

/// Names and their values.
pub(super) type Values = BTreeMap<Vec<u8>, Vec<u8>>;

/// A question or a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Item {
    /// A question's packages; a template's questions.
    pub(super) owners: BTreeSet<Vec<u8>>,
    pub(super) fields: Values,
    pub(super) flags: Values,
    pub(super) variables: Values,
}

impl Item {
    /// Reads one record; `None` where it has no name.
    pub(super) fn parse(record: &[u8]) -> Option<(Vec<u8>, Self)> {
        let (mut name, mut item, mut in_variables) = (None, Self::default(), false);
        for line in record.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            if in_variables && line.first().is_some_and(|byte| is_space(*byte)) {
                let (variable, value) = split(trim_start(line), true);
                item.variables.insert(variable.to_vec(), unfolded(value));
                continue;
            }
            in_variables = false;
            let (key, value) = split(line, false);
            match key.to_ascii_lowercase().as_slice() {
                b"owners" => item.owners.extend(list(value)),
                b"flags" => item.flags.extend(list(value).map(|flag| (flag, b"true".to_vec()))),
                b"variables" => in_variables = true,
                b"name" => name = Some(value.to_vec()),
                b"" => {}
                key => drop(item.fields.insert(key.to_vec(), unfolded(value))),
            }
        }
        name.map(|name| (name, item))
    }

    /// Writes the record.
    pub(super) fn render(&self, name: &[u8]) -> Vec<u8> {
        let mut out = [b"Name: ", name, b"\n"].concat();
        for (field, value) in &self.fields {
            let at = out.len();
            out.extend(field);
            if let Some(first) = out.get_mut(at) {
                first.make_ascii_uppercase();
            }
            out.extend(b": ");
            out.extend(folded(value));
            out.push(b'\n');
        }
        let mut line = |label: &[u8], names: Vec<&[u8]>| {
            if !names.is_empty() {
                out.extend(label);
                out.extend(names.join(&b", "[..]));
                out.push(b'\n');
            }
        };
        line(b"Owners: ", self.owners.iter().map(Vec::as_slice).collect());
        let set = self.flags.iter().filter(|(_, value)| *value == b"true");
        line(b"Flags: ", set.map(|(flag, _)| flag.as_slice()).collect());
        if !self.variables.is_empty() {
            out.extend(b"Variables:\n");
            for (variable, value) in &self.variables {
                out.extend([b" ", variable.as_slice(), b" = ", &folded(value), b"\n"].concat());
            }
        }
        out.push(b'\n');
        out
    }
}

/// `KEY: VALUE`, or `NAME = VALUE` with any space before the sign; one space after it belongs to neither.
fn split(line: &[u8], variable: bool) -> (&[u8], &[u8]) {
    let sign = if variable { b'=' } else { b':' };
    let Some(at) = line.iter().position(|byte| *byte == sign) else { return (line, b"") };
    let (key, value) = line.split_at(at);
    let value = value.get(1..).unwrap_or_default();
    let value = value.split_first().filter(|(first, _)| is_space(**first)).map_or(value, |(_, rest)| rest);
    (if variable { super::trim_end(key) } else { key }, value)
}

/// The names of a list: what a comma and spaces part.
fn list(value: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut names = vec![Vec::new()];
    let mut rest = value;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let trimmed = trim_start(tail);
        if *first == b',' && trimmed.len() < tail.len() {
            rest = trimmed;
            names.push(Vec::new());
        } else if let Some(name) = names.last_mut() {
            name.push(*first);
        }
    }
    // Perl's split gives no empty fields at the end.
    while names.last().is_some_and(Vec::is_empty) {
        names.pop();
    }
    names.into_iter()
}

fn folded(value: &[u8]) -> Vec<u8> {
    replaced(value, b"\n", b"\\n")
}

fn unfolded(value: &[u8]) -> Vec<u8> {
    replaced(value, b"\\n", b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_and_written() {
        let text = b"Name: a/b\nDescription: one\nDescription-de.utf-8: \\n zwei\nExtended_description: \n\
                     Owners: p:amd64, q\nFlags: seen\nVariables:\n x = 1\n y = \n\n";
        let (name, item) = Item::parse(text).unwrap();
        assert_eq!(item.fields[&b"description-de.utf-8"[..]], b"\n zwei");
        assert_eq!(item.owners.len(), 2);
        assert_eq!(item.variables[&b"y"[..]], b"");
        assert_eq!(item.render(&name), text);
        assert_eq!(Item::parse(b"Owners: x\n"), None);
        let (_, odd) = Item::parse(b"NAME:n\nnothing\nvalue:  two\nVariables:\n\tv  =3\nowners: a,b,  c, ").unwrap();
        assert_eq!(odd.render(b"n"), b"Name: n\nNothing: \nValue:  two\nOwners: a,b, c\nVariables:\n v = 3\n\n");
    }
}
