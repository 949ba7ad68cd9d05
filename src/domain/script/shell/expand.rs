//! Words become fields: expansions, then field splitting, pathnames, quote removal.

use super::syntax::{Part, Word};
use super::text::{self, BREAK, Item, NULL, QUOTED, SPLIT};
use super::{Halt, Mode, Run, Shell, arithmetic, glob, pattern};
use crate::domain::script::limits::Budget;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// How a word is expanded.
#[derive(Clone, Copy)]
pub(super) struct Style {
    /// Inside of `"…"`.
    pub(super) quoted: bool,
    /// It becomes fields: `$@` may make several.
    pub(super) fields: bool,
    /// It is the word of `${x-…}`, whose text may be split.
    pub(super) operand: bool,
    /// It is the value of an assignment: `~` counts after `:` too.
    pub(super) assigned: bool,
}

impl Style {
    const FIELDS: Self = Self { quoted: false, fields: true, operand: false, assigned: false };
    pub(super) const SINGLE: Self = Self { fields: false, ..Self::FIELDS };
    const VALUE: Self = Self { assigned: true, ..Self::SINGLE };

    /// The flags of what an expansion gives.
    pub(super) const fn flags(self) -> Item {
        if self.quoted {
            QUOTED
        } else if self.fields {
            SPLIT
        } else {
            0
        }
    }
}

impl Shell {
    /// Expands words into fields.
    pub(super) fn fields(&mut self, system: &mut System<'_>, words: &[Word]) -> Run<Vec<Vec<u8>>> {
        let mut fields = Vec::new();
        for word in words {
            // The usual word needs nothing.
            if let [Part::Literal(text)] = word.as_slice()
                && !text.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[' | b'~' | b'{'))
            {
                fields.push(text.clone());
                continue;
            }
            if self.mode == Mode::Bash && super::expand::braces(word) {
                return Err(crate::domain::script::Stop::unsupported("bash", "brace expansion").into());
            }
            // `export NAME=value` takes its value as an assignment does.
            if self.declares(&fields) && is_assignment(word) {
                let mut expanded = Vec::new();
                self.expand(system, word, Style::VALUE, &mut expanded)?;
                fields.push(text::bytes(&expanded));
                continue;
            }
            let mut expanded = Vec::new();
            self.expand(system, word, Style::FIELDS, &mut expanded)?;
            let ifs = self.variables.get(b"IFS").cloned();
            for field in text::split(&expanded, ifs.as_deref().unwrap_or(b" \t\n")) {
                system.budget.bytes(field.len() + size_of::<Vec<u8>>())?;
                if !self.on(b'f') && pattern::is_pattern(&field) {
                    fields.extend(glob::expand(system, &self.process, &field, self.mode)?);
                } else {
                    fields.push(text::bytes(&field));
                }
            }
        }
        Ok(fields)
    }

    fn declares(&self, fields: &[Vec<u8>]) -> bool {
        matches!(fields.first().map(Vec::as_slice), Some(b"export" | b"readonly" | b"local" | b"declare" | b"typeset"))
    }

    /// Expands a word into one text: a redirection's name, a `case`'s subject.
    pub(super) fn single(&mut self, system: &mut System<'_>, word: &[Part]) -> Run<Vec<u8>> {
        let mut expanded = Vec::new();
        self.expand(system, word, Style::SINGLE, &mut expanded)?;
        Ok(text::bytes(&expanded))
    }

    /// Expands the value of an assignment.
    pub(super) fn value(&mut self, system: &mut System<'_>, word: &[Part]) -> Run<Vec<u8>> {
        let mut expanded = Vec::new();
        self.expand(system, word, Style::VALUE, &mut expanded)?;
        Ok(text::bytes(&expanded))
    }

    /// Expands a word into a pattern.
    pub(super) fn pattern(&mut self, system: &mut System<'_>, word: &[Part]) -> Run<pattern::Pattern> {
        let mut expanded = Vec::new();
        self.expand(system, word, Style::SINGLE, &mut expanded)?;
        expanded.retain(|item| item & (BREAK | NULL) == 0);
        Ok(pattern::Pattern::new(&expanded, self.mode))
    }

    /// Expands the parts of a word, in order.
    pub(super) fn expand(
        &mut self,
        system: &mut System<'_>,
        word: &[Part],
        style: Style,
        out: &mut Vec<Item>,
    ) -> Run<()> {
        for (at, part) in word.iter().enumerate() {
            match part {
                Part::Literal(literal) => {
                    let flags = if style.operand { style.flags() } else { 0 };
                    self.literal(system, literal, at == 0, at + 1 == word.len(), style, flags, out)?;
                }
                Part::Quoted(quoted) => {
                    if !style.quoted {
                        out.push(NULL);
                    }
                    text::append(out, quoted, QUOTED);
                }
                Part::Double(parts) => {
                    let before = out.len();
                    out.push(NULL);
                    self.expand(system, parts, Style { quoted: true, ..style }, out)?;
                    // `"$@"` without parameters is no field.
                    if out.len() == before + 1 && parts.iter().any(|part| self.is_nobody(part)) {
                        out.truncate(before);
                    }
                }
                Part::Parameter(parameter) => self.parameter(system, parameter, style, out)?,
                Part::Command(list) => {
                    let output = self.substitute(system, list)?;
                    system.budget.bytes(output.len())?;
                    text::append(out, &output, style.flags());
                }
                Part::Arithmetic(expression) => {
                    let value = self.arithmetic(system, expression)?;
                    text::append(out, value.to_string().as_bytes(), style.flags());
                }
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the literal's place in its word decides about `~`")]
    fn literal(
        &mut self,
        system: &mut System<'_>,
        literal: &[u8],
        first: bool,
        last: bool,
        style: Style,
        flags: Item,
        out: &mut Vec<Item>,
    ) -> Run<()> {
        if style.quoted || !literal.contains(&b'~') {
            text::append(out, literal, flags | if style.quoted { QUOTED } else { 0 });
            return Ok(());
        }
        let pieces = if style.assigned { literal.split(|byte| *byte == b':').collect() } else { vec![literal] };
        let count = pieces.len();
        for (number, piece) in pieces.into_iter().enumerate() {
            if number > 0 {
                text::append(out, b":", flags);
            }
            // `export a=~`: the value begins after the `=`.
            let (head, piece) = match piece.iter().position(|byte| *byte == b'=') {
                Some(equals)
                    if number == 0 && first && style.assigned && super::word::is_variable(&piece[..equals]) =>
                {
                    piece.split_at(equals + 1)
                }
                _ => (&[][..], piece),
            };
            text::append(out, head, flags);
            let user = piece.strip_prefix(b"~").map(|rest| match rest.iter().position(|byte| *byte == b'/') {
                Some(slash) => (rest.get(..slash).unwrap_or_default(), rest.get(slash..).unwrap_or_default(), true),
                None => (rest, &[][..], last || number + 1 < count),
            });
            match user {
                Some((user, rest, true)) if first || number > 0 => {
                    match self.home(system, user) {
                        Some(home) => text::append(out, &home, QUOTED),
                        None => text::append(out, &[b"~", user].concat(), flags),
                    }
                    text::append(out, rest, flags);
                }
                _ => text::append(out, piece, flags),
            }
        }
        Ok(())
    }

    /// Whether a part is `$@` without parameters, or an array without elements.
    fn is_nobody(&self, part: &Part) -> bool {
        let Part::Parameter(parameter) = part else { return false };
        if !matches!(parameter.action, super::syntax::Action::Value | super::syntax::Action::Slice { .. }) {
            return false;
        }
        match parameter.index.as_deref() {
            None => parameter.name == b"@" && self.parameters.is_empty(),
            Some([Part::Quoted(all)]) => {
                all == b"@"
                    && self.variables.find(&parameter.name).is_none_or(|variable| {
                        variable.value.is_none() && variable.array.as_ref().is_none_or(|array| array.is_empty())
                    })
            }
            _ => false,
        }
    }

    /// The folder that `~user` stands for.
    fn home(&self, system: &mut System<'_>, user: &[u8]) -> Option<Vec<u8>> {
        if user.is_empty() {
            return self.variables.get(b"HOME").cloned();
        }
        let accounts = system.read(b"etc/passwd").ok()?;
        accounts
            .split(|byte| *byte == b'\n')
            .map(|line| line.split(|byte| *byte == b':').collect::<Vec<_>>())
            .find(|fields| fields.first() == Some(&user))
            .and_then(|fields| fields.get(5).map(|home| home.to_vec()))
    }

    /// Runs a substitution: its output without the newlines at its end.
    fn substitute(&mut self, system: &mut System<'_>, list: &super::syntax::List) -> Run<Vec<u8>> {
        if list.is_empty() {
            self.substituted = Some(0);
            return Ok(Vec::new());
        }
        let pipe = crate::domain::script::Stream::pipe(Vec::new());
        let mut child = self.copy(system)?;
        child.process.streams.set(1, std::rc::Rc::clone(&pipe));
        if self.mode == Mode::Bash {
            child.options.remove(&b'e');
        }
        let status = child.ended(system, |child, system| child.list(system, list, false))?;
        self.substituted = Some(status);
        if self.mode == Mode::Bash {
            self.status = status;
        }
        let mut output = crate::domain::script::Stream::drain(&pipe);
        output.retain(|byte| *byte != 0);
        while output.last() == Some(&b'\n') {
            output.pop();
        }
        Ok(output)
    }

    /// The value of `$((…))`.
    pub(super) fn arithmetic(&mut self, system: &mut System<'_>, expression: &[Part]) -> Run<i64> {
        let mut expanded = Vec::new();
        self.expand(system, expression, Style { quoted: true, ..Style::SINGLE }, &mut expanded)?;
        self.compute(system, &text::bytes(&expanded))
    }

    /// The value of an expression's text.
    pub(super) fn compute(&mut self, system: &mut System<'_>, expression: &[u8]) -> Run<i64> {
        let mode = self.mode;
        let mut scope = Scope { shell: self, budget: &mut system.budget, stop: None };
        let result = arithmetic::evaluate(expression, mode, &mut scope);
        if let Some(stop) = scope.stop {
            return Err(stop.into());
        }
        match result {
            Ok(value) => Ok(value),
            Err(reason) => self.fail(system, reason.as_bytes()),
        }
    }
}

/// The variables that an expression may use: in bash their values are expressions again.
struct Scope<'a> {
    shell: &'a mut Shell,
    budget: &'a mut Budget,
    stop: Option<Stop>,
}

impl arithmetic::Names for Scope<'_> {
    fn value(&mut self, name: &[u8]) -> Result<Vec<u8>, String> {
        let value = self.shell.lookup(name);
        let length = value.as_ref().map_or(0, |value| value.as_ref().map_or(0, Vec::len));
        if let Err(stop) = self.budget.bytes(length).and_then(|()| self.budget.step(1)) {
            let reason = stop.to_string();
            self.stop = Some(stop);
            return Err(reason);
        }
        match value {
            Ok(Some(value)) => Ok(value),
            Ok(None) if self.shell.on(b'u') && self.shell.mode == Mode::Bash => {
                Err(format!("{}: parameter not set", String::from_utf8_lossy(name)))
            }
            Ok(None) => Ok(Vec::new()),
            Err(Halt::Stop(stop)) => Err(stop.to_string()),
            Err(_) => Err("no value".into()),
        }
    }

    fn assign(&mut self, name: &[u8], value: i64) -> Result<(), String> {
        self.shell
            .set(name, value.to_string().into_bytes())
            .map_err(|_| format!("{}: is read only", String::from_utf8_lossy(name)))
    }
}

/// Whether a word is `NAME=…`.
fn is_assignment(word: &[Part]) -> bool {
    match word.first() {
        Some(Part::Literal(text)) => text
            .iter()
            .position(|byte| *byte == b'=')
            .is_some_and(|equals| super::word::is_variable(text.get(..equals).unwrap_or_default())),
        _ => false,
    }
}

/// Whether bash would make several words of it: `{a,b}` or `{1..3}`.
fn braces(word: &[Part]) -> bool {
    let text: Vec<u8> = word
        .iter()
        .flat_map(|part| match part {
            Part::Literal(text) => text.clone(),
            _ => b"_".to_vec(),
        })
        .collect();
    let open = text.iter().position(|byte| *byte == b'{');
    open.and_then(|open| text.get(open..)).is_some_and(|rest| {
        let close = rest.iter().position(|byte| *byte == b'}');
        let inside = close.and_then(|close| rest.get(..close)).unwrap_or_default();
        inside.contains(&b',') || inside.windows(2).any(|pair| pair == b"..")
    })
}
