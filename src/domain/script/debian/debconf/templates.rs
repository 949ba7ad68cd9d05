//! A package's `.templates`: stanzas of fields, whose first line is a value and whose further lines are its extension.
//!
//! Source: `Debconf::Template`'s `load`; debconf-devel(7), "THE TEMPLATES FILE".

use std::collections::BTreeMap;

use super::super::failure::text;
use super::{is_space, stanzas, trim_end};

/// Fields that a template may have, before a language.
const KNOWN: [&[u8]; 5] = [b"template", b"description", b"choices", b"default", b"type"];

/// One template of a file.
pub(super) struct Stanza {
    /// Fields by their lower-case names; extensions are `extended_FIELD`. `template` is its name.
    pub(super) fields: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Fields that debconf does not know.
    pub(super) unknown: Vec<Vec<u8>>,
}

/// Reads the templates of `bytes` one after the other; `file` is what messages call it.
pub(super) fn templates<'t>(bytes: &'t [u8], file: &'t str) -> impl Iterator<Item = Result<Stanza, String>> + 't {
    (1u32..).zip(stanzas(bytes)).map(move |(number, stanza)| read(stanza, number, file))
}

fn read(stanza: &[u8], number: u32, file: &str) -> Result<Stanza, String> {
    let mut read = Stanza { fields: BTreeMap::new(), unknown: Vec::new() };
    let (mut field, mut value, mut extended) = (Vec::new(), Vec::new(), Vec::new());
    for line in stanza.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        if let Some((name, first)) = split(line) {
            let name = name.to_ascii_lowercase();
            read.keep(std::mem::replace(&mut field, name), value, std::mem::take(&mut extended), number, file)?;
            value = first.to_vec();
            // A language begins after the first `-` that is not the last byte.
            let base = field.iter().position(|byte| *byte == b'-').filter(|at| at + 1 < field.len());
            let base = field.get(..base.unwrap_or(field.len())).unwrap_or_default();
            if !KNOWN.contains(&base) {
                read.unknown.push(field.clone());
            }
            continue;
        }
        let Some((_, rest)) = line.split_first().filter(|(first, _)| is_space(**first)) else {
            let line = text(line);
            return Err(format!("Template parse error near `{line}', in stanza #{number} of {file}\n"));
        };
        let open = extended.last().is_some_and(|last| !matches!(last, b'\n' | b' '));
        if rest == b"." {
            extended.extend(b"\n\n");
        } else if rest.first().is_some_and(|byte| is_space(*byte)) {
            if open {
                extended.push(b'\n');
            }
            extended.extend(trim_end(rest));
            extended.push(b'\n');
        } else {
            if open {
                extended.push(b' ');
            }
            extended.extend(trim_end(rest));
        }
    }
    read.keep(field, value, extended, number, file)?;
    if read.fields.get(&b"template"[..]).is_none_or(|name| name.is_empty() || name == b"0") {
        return Err(format!("Template #{number} in {file} does not contain a 'Template:' line\n"));
    }
    Ok(read)
}

impl Stanza {
    fn keep(
        &mut self,
        field: Vec<u8>,
        value: Vec<u8>,
        mut extended: Vec<u8>,
        number: u32,
        file: &str,
    ) -> Result<(), String> {
        if field.is_empty() {
            return Ok(());
        }
        if self.fields.contains_key(&field) {
            return Err(format!(
                "Template #{number} in {file} has a duplicate field \"{}\" with new value \"{}\". Probably two \
                 templates are not properly separated by a lone newline.\n",
                text(&field),
                text(&value)
            ));
        }
        while extended.last() == Some(&b'\n') {
            extended.pop();
        }
        if !extended.is_empty() {
            self.fields.insert([b"extended_", field.as_slice()].concat(), extended);
        }
        self.fields.insert(field, value);
        Ok(())
    }
}

/// `FIELD: VALUE`, with no spaces around the value.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at(at);
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'@' | b'.');
    let value = value.get(1..).unwrap_or_default();
    let value = value.split_first().filter(|(first, _)| is_space(**first)).map_or(value, |(_, rest)| rest);
    name.iter().all(letter).then(|| (name, trim_end(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &str) -> Vec<Result<BTreeMap<String, String>, String>> {
        let shown = |stanza: Stanza| stanza.fields.iter().map(|(name, value)| (text(name), text(value))).collect();
        templates(bytes.as_bytes(), "F").map(|stanza| stanza.map(shown)).collect()
    }

    #[test]
    fn templates_are_read() {
        let found =
            all("Template: a/b\nType:  string \nDescription: Short\n one\n two \n .\n   list\n   more\n end\n\n\
                         \nTemplate: c\nType: note\nDescription-de.UTF-8: x\n .\n");
        let first = found[0].as_ref().unwrap();
        assert_eq!(first["extended_description"], "one two\n\n  list\n  more\nend");
        assert_eq!(first["type"], " string");
        let second = found[1].as_ref().unwrap();
        assert_eq!(second["description-de.utf-8"], "x");
        assert!(!second.contains_key("extended_description-de.utf-8"));
    }

    #[test]
    fn broken_templates_are_refused() {
        let error = |bytes| all(bytes).pop().unwrap().unwrap_err();
        assert_eq!(error("Type: note\n"), "Template #1 in F does not contain a 'Template:' line\n");
        assert_eq!(error("Template: a\n\nx\n"), "Template parse error near `x', in stanza #2 of F\n");
        assert!(error("Template: a\nTemplate: b\n").contains("duplicate field \"template\" with new value \"b\""));
        assert_eq!(error("Template: a\n\n\n\n"), "Template #2 in F does not contain a 'Template:' line\n");
    }
}
