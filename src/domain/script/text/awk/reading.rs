//! Where records come from: the operands' files, and what the separators mean.

use std::rc::Rc;
use std::sync::Arc;

use super::super::input;
use super::super::regex::Regex;
use super::lex;
use super::record::Separator;
use super::run::{Jump, Machine, special};
use super::streams::{End, Text};
use super::syntax::Slot;
use super::value::Value;

impl Machine<'_, '_> {
    /// The next record of the operands' files.
    pub(super) fn next_record(&mut self) -> Result<Option<Rc<[u8]>>, Jump> {
        loop {
            if let Some(mut text) = self.input.take() {
                let end = self.record_end()?;
                let record = text.record(self.system, &end)?;
                if record.is_some() {
                    self.input = Some(text);
                    self.count(special::NR);
                    self.count(special::FNR);
                    return Ok(record);
                }
            }
            if !self.next_file()? {
                return Ok(None);
            }
        }
    }

    /// Opens the next operand that is a file; standard input where none is.
    pub(super) fn next_file(&mut self) -> Result<bool, Jump> {
        loop {
            let last = self.value_of(special::ARGC).number();
            let at = self.operand;
            if at as f64 >= last {
                if self.had_file {
                    return Ok(false);
                }
                self.had_file = true;
                let bytes = self.process.read_all(self.system, 0).unwrap_or_default();
                self.input = Some(Text::new(Arc::from(bytes)));
                return Ok(true);
            }
            self.operand += 1;
            let argv = self.array(Slot::Global(special::ARGV))?;
            let key = at.to_string();
            let Some((_, operand)) = argv.borrow().elements.get(key.as_bytes()).cloned() else { continue };
            let name = operand.bytes(b"%.6g");
            if name.is_empty() || self.assign_operand(&name) {
                continue;
            }
            self.had_file = true;
            match input::read(self.system, self.process, &name) {
                Ok(bytes) => {
                    self.put(special::FILENAME, Value::text(name));
                    self.put(special::FNR, Value::Number(0.0));
                    self.input = Some(Text::new(bytes));
                    return Ok(true);
                }
                Err(error) => return Err(Jump::Fatal(format!("cannot open {} ({error})", input::shown(&name)))),
            }
        }
    }

    /// Does what an operand `name=value` says; false where it is no such thing.
    pub(super) fn assign_operand(&mut self, text: &[u8]) -> bool {
        let Some(equals) = text.iter().position(|byte| *byte == b'=') else { return false };
        let (name, value) = text.split_at(equals);
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        if name.first().is_none_or(u8::is_ascii_digit) || !name.iter().all(word) {
            return false;
        }
        let number = self.program.globals.iter().position(|global| global.as_bytes() == name);
        if let Some(number) = number {
            let value = Value::input(&lex::unescaped(value.get(1..).unwrap_or_default()));
            self.put(number, value);
        }
        true
    }

    pub(super) fn count(&mut self, variable: usize) {
        let next = self.value_of(variable).number() + 1.0;
        self.put(variable, Value::Number(next));
    }

    /// How records end, by `RS`.
    pub(super) fn record_end(&mut self) -> Result<End, Jump> {
        let text = self.text_of(special::RS);
        Ok(match &*text {
            [] => End::Paragraph,
            [byte] => End::Byte(*byte),
            pattern => End::Pattern(self.pattern(pattern)?),
        })
    }

    pub(super) fn set_record(&mut self, text: Rc<[u8]>) {
        self.record.set(text);
    }

    /// Splits the record into fields if it is not yet.
    pub(super) fn split_record(&mut self) -> Result<(), Jump> {
        if self.record.needs_split() {
            let separator = self.text_of(special::FS);
            let by = self.separator(&separator)?;
            let lines = self.text_of(special::RS).is_empty();
            self.record.split(&mut self.system.budget, &by, lines)?;
        }
        Ok(())
    }

    pub(super) fn record_text(&mut self) -> Rc<[u8]> {
        let (between, format) = (self.text_of(special::OFS), self.text_of(special::CONVFMT));
        self.record.text(&between, &format)
    }

    /// What a text means as a field separator.
    pub(super) fn separator(&mut self, text: &[u8]) -> Result<Separator, Jump> {
        Ok(match text {
            b" " => Separator::Blanks,
            b"" => Separator::Nothing,
            [byte] if *byte != b'\\' => Separator::Byte(*byte),
            pattern => Separator::Pattern(self.pattern(pattern)?),
        })
    }

    /// A text as a pattern.
    pub(super) fn pattern(&mut self, text: &[u8]) -> Result<Rc<Regex>, Jump> {
        if let Some(regex) = self.patterns.get(text) {
            return Ok(Rc::clone(regex));
        }
        match Regex::new(text, self.syntax) {
            Ok(regex) => {
                let regex = Rc::new(regex);
                self.patterns.insert(text.to_vec(), Rc::clone(&regex));
                Ok(regex)
            }
            Err(error) => Err(Jump::Fatal(format!(
                "run time error: regular expression compile failed ({error})\n{}",
                input::shown(text)
            ))),
        }
    }
}
