//! Questions and templates over the databases: making them, values and defaults, translations, variables, choices.
//!
//! Source: `Debconf::{Question, Template}`.

use super::super::failure::Failure;
use super::databases::{Databases, Kind};
use super::record::Values;
use super::templates::templates;
use super::{is_space, trim_start};
use crate::domain::script::process::Process;
use crate::domain::script::stop::{Stop, StopKind};
use crate::domain::script::system::System;

/// The longest text with its variables filled in.
const MOST: usize = 16 << 20;

/// In which language a template's field is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// The user's.
    Own,
    /// None: the text that values are compared with.
    C,
}

impl Databases {
    /// Loads a package's templates. What debconf warns of goes to standard error.
    ///
    /// # Errors
    /// In debconf's words where the file is not well-formed; what came before stays loaded.
    pub(super) fn load_templates(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        bytes: &[u8],
        file: &str,
        owner: &[u8],
    ) -> Result<(), Failure> {
        for (number, stanza) in (1..).zip(templates(bytes, file)) {
            let died = |text: String| Failure::Exit(255, text.trim_end_matches('\n').into());
            let mut stanza = stanza.map_err(died)?;
            for field in &stanza.unknown {
                let field = String::from_utf8_lossy(field);
                let text = format!("Unknown template field '{field}', in stanza #{number} of {file}\n");
                self.warn(system, process, &text)?;
            }
            let name = stanza.fields.remove(&b"template"[..]).unwrap_or_default();
            let Some(type_) = stanza.fields.get(&b"type"[..]).cloned().filter(|text| truth(text)) else {
                return Err(Failure::Exit(255, "no template type specified".into()));
            };
            self.new_template(system, process, &name, owner, &type_)?;
            self.clear_fields(Kind::Template, &name);
            for (field, value) in &stanza.fields {
                self.set_field(Kind::Template, &name, field, value);
            }
        }
        Ok(())
    }

    /// Says something, as debconf's `warn` does.
    pub(super) fn warn(&self, system: &mut System<'_>, process: &mut Process, text: &str) -> Result<(), Failure> {
        if self.settings.get("nowarnings") != Some(b"yes") {
            process.write(system, 2, format!("debconf: {text}\n").as_bytes()).map(drop)?;
        }
        Ok(())
    }

    /// Makes a template and the question of its name, or adds the owner to those that are there.
    ///
    /// # Errors
    /// When the interpretation ends.
    pub(super) fn new_template(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        name: &[u8],
        owner: &[u8],
        type_: &[u8],
    ) -> Result<(), Failure> {
        let owner = if truth(owner) { owner } else { b"unknown" };
        self.met.insert(name.to_vec());
        let there = self.exists(Kind::Template, name) && !self.owners(Kind::Template, name).is_empty();
        if self.exists(Kind::Question, name) {
            self.add_owner(Kind::Question, name, owner, type_);
        } else {
            self.new_question(name, owner, type_);
            self.set_template(name, name);
        }
        if !there {
            self.add_owner(Kind::Template, name, name, type_);
            self.set_field(Kind::Template, name, b"type", type_);
            return Ok(());
        }
        for question in self.owners(Kind::Template, name) {
            if !self.exists(Kind::Question, &question) {
                let shown = String::from_utf8_lossy(&question).into_owned();
                let text = format!(
                    "warning: possible database corruption. Will attempt to repair by adding back missing question \
                     {shown}."
                );
                self.warn(system, process, &text)?;
                self.new_question(&question, owner, type_);
                self.set_template(&question, name);
            }
        }
        Ok(())
    }

    /// Makes a question. `false` where no file accepts it.
    pub(super) fn new_question(&mut self, name: &[u8], owner: &[u8], type_: &[u8]) -> bool {
        let made = self.add_owner(Kind::Question, name, owner, type_);
        self.set_flag(name, b"seen", b"false");
        made
    }

    /// Whether there is such a template, or was in this run.
    pub(super) fn has_template(&mut self, name: &[u8]) -> bool {
        let there = self.met.contains(name) || self.exists(Kind::Template, name);
        if there {
            self.met.insert(name.to_vec());
        }
        there
    }

    /// The template of a question.
    pub(super) fn template_of(&self, question: &[u8]) -> Option<Vec<u8>> {
        let name = self.field(Kind::Question, question, b"template")?;
        (self.met.contains(name) || self.exists(Kind::Template, name)).then(|| name.to_vec())
    }

    /// Gives a question another template.
    pub(super) fn set_template(&mut self, question: &[u8], template: &[u8]) {
        let old = self.field(Kind::Question, question, b"template").map(<[u8]>::to_vec);
        if old.as_deref() == Some(template) {
            return;
        }
        if let Some(old) = old.filter(|old| !old.is_empty()) {
            self.remove_owner(Kind::Template, &old, question);
        }
        self.set_field(Kind::Question, question, b"template", template);
        let type_ = self.field(Kind::Template, template, b"type").unwrap_or_default().to_vec();
        self.add_owner(Kind::Template, template, question, &type_);
    }

    /// Takes an owner from a question; a question without any is gone, and so is a template without any question.
    pub(super) fn disown(&mut self, question: &[u8], owner: &[u8]) {
        let template = self.field(Kind::Question, question, b"template").map(<[u8]>::to_vec);
        self.remove_owner(Kind::Question, question, owner);
        // Perl takes the owner that comes back for a truth.
        if let Some(template) = template.filter(|name| !name.is_empty() && truth(owner))
            && !self.exists(Kind::Question, question)
        {
            self.remove_owner(Kind::Template, &template, question);
        }
    }

    /// A template's field in a language; empty where it has none.
    pub(super) fn template_field(&self, template: &[u8], field: &[u8], language: Language) -> Vec<u8> {
        let none = Values::new();
        let fields = self.fields(Kind::Template, template).unwrap_or(&none);
        let translated = || match language {
            Language::Own if !self.settings.is("c_values") => self.translated(fields, field),
            _ => fields.get([field, b"-c"].concat().as_slice()).cloned(),
        };
        let plain = || fields.get(field).cloned();
        let short = || {
            let at = field.iter().position(|byte| *byte == b'-')?;
            fields.get(field.get(..at)?).cloned()
        };
        translated().or_else(plain).or_else(short).unwrap_or_default()
    }

    fn translated(&self, fields: &Values, field: &[u8]) -> Option<Vec<u8>> {
        for language in &self.languages {
            let language: &[u8] = if language == b"c" { b"en" } else { language };
            let name = [field, b"-", language].concat();
            if let Some(value) = fields.get(&name) {
                return Some(value.clone());
            }
            let with_charset = [name.as_slice(), b"."].concat();
            let mut others =
                fields.range(with_charset.clone()..).take_while(|(name, _)| name.starts_with(&with_charset));
            let found = others.find_map(|(name, value)| {
                let charset = name.get(with_charset.len()..)?;
                self.converted(charset, value)
            });
            if found.is_some() {
                return found;
            }
            if language == b"en" {
                break;
            }
        }
        None
    }

    /// The text in the user's character set, where it can be had.
    fn converted(&self, from: &[u8], text: &[u8]) -> Option<Vec<u8>> {
        let to = self.charset?;
        let fits = text.is_ascii() || (from == b"utf-8" && to == "utf-8" && std::str::from_utf8(text).is_ok());
        fits.then(|| text.to_vec())
    }

    /// A question's field, or else its template's. A text in a language has its variables filled in.
    ///
    /// # Errors
    /// When they make it too long.
    pub(super) fn question_field(&self, question: &[u8], field: &[u8]) -> Result<Option<Vec<u8>>, Stop> {
        let own = self.field(Kind::Question, question, field).map(<[u8]>::to_vec);
        let value = own.or_else(|| {
            let template = self.template_of(question)?;
            Some(self.template_field(&template, field, Language::Own))
        });
        let texts: [&[u8]; 3] = [b"description-", b"extended_description-", b"choices-"];
        match value {
            Some(value) if texts.iter().any(|text| field.starts_with(text)) => self.filled(question, &value).map(Some),
            value => Ok(value),
        }
    }

    /// A text of a question's template with the question's variables filled in.
    ///
    /// # Errors
    /// When they make it too long.
    pub(super) fn text_of(&self, question: &[u8], field: &[u8], language: Language) -> Result<Vec<u8>, Stop> {
        let template = self.template_of(question).unwrap_or_default();
        self.filled(question, &self.template_field(&template, field, language))
    }

    /// A question's value, or else its default.
    pub(super) fn value(&self, question: &[u8]) -> Option<Vec<u8>> {
        let own = self.field(Kind::Question, question, b"value").map(<[u8]>::to_vec);
        own.or_else(|| {
            let template = self.template_of(question)?;
            Some(self.template_field(&template, b"default", Language::Own))
        })
    }

    /// Sets a question's value.
    pub(super) fn set_value(&mut self, question: &[u8], value: &[u8]) {
        self.set_field(Kind::Question, question, b"value", value);
    }

    /// `${NAME}` made the question's variable, `\${NAME}` made `${NAME}`.
    fn filled(&self, question: &[u8], text: &[u8]) -> Result<Vec<u8>, Stop> {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((first, tail)) = rest.split_first() {
            let escaped = rest.starts_with(b"\\${");
            match variable(rest.get(usize::from(escaped)..).unwrap_or_default()) {
                Some((name, after)) if escaped => {
                    out.extend([b"${", name, b"}"].concat());
                    rest = after;
                }
                Some((name, after)) => {
                    out.extend(self.variable(question, name).unwrap_or_default());
                    rest = after;
                }
                None => {
                    out.push(*first);
                    rest = tail;
                }
            }
            if out.len() > MOST {
                return Err(StopKind::Bytes(MOST as u64).into());
            }
        }
        Ok(out)
    }
}

/// What Perl takes for true.
pub(super) fn truth(text: &[u8]) -> bool {
    !text.is_empty() && text != b"0"
}

/// The name of the `${NAME}` that the text starts with, and what follows it.
fn variable(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_prefix(b"${")?;
    let end = inside.iter().position(|byte| matches!(byte, b'{' | b'}')).filter(|end| *end > 0)?;
    let (name, after) = inside.split_at(end);
    Some((name, after.strip_prefix(b"}")?))
}

/// The choices of a list: parted by commas with spaces after them; `\,` and `\ ` part nothing.
pub(super) fn choices(list: &[u8]) -> Vec<Vec<u8>> {
    let (mut items, mut item, mut rest) = (Vec::new(), Vec::new(), list);
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail.first()) {
            (b'\\', Some(next @ (b',' | b' '))) => {
                item.push(*next);
                rest = tail.get(1..).unwrap_or_default();
            }
            (b',', Some(next)) if is_space(*next) => {
                items.push(std::mem::take(&mut item));
                rest = trim_start(tail);
            }
            _ => item.push(*first),
        }
    }
    if !item.is_empty() {
        items.push(item);
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_parted() {
        let shown = |list: &str| -> Vec<String> {
            choices(list.as_bytes()).into_iter().map(|item| String::from_utf8(item).unwrap()).collect()
        };
        assert_eq!(shown("a, b c,d,  e\\, f"), ["a", "b c,d", "e, f"]);
        assert_eq!(shown(", a, "), ["", "a"]);
        assert_eq!(shown(""), Vec::<String>::new());
    }

    #[test]
    fn variables_have_names() {
        assert_eq!(variable(b"${a b}c"), Some((&b"a b"[..], &b"c"[..])));
        assert_eq!(variable(b"${}c"), None);
        assert_eq!(variable(b"${a{b}c"), None);
        assert_eq!(variable(b"${a"), None);
    }
}
