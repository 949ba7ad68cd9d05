//! What the noninteractive frontend answers: a question gets the value it has, else its default; of a choice that is none
//! of the choices it takes the first. An error that nobody saw is shown on standard output.
//!
//! Source: `Debconf::FrontEnd::Noninteractive`, `Debconf::Element::Noninteractive` and its kinds; Perl's `Text::Wrap`.

use super::super::failure::Failure;
use super::dies;
use super::question::{Language, choices};
use super::session::{Element, Session};
use crate::domain::script::command;
use crate::domain::script::system::System;

/// Columns of a message.
const COLUMNS: usize = 75;

impl Session {
    /// Answers all that was asked for since the last time.
    ///
    /// # Errors
    /// Where debconf would die.
    pub(super) fn go(&mut self, system: &mut System<'_>) -> Result<(), Failure> {
        let elements = std::mem::take(&mut self.elements);
        let mut values = Vec::new();
        for element in &elements {
            values.push(self.value_of(system, element)?);
        }
        for (element, value) in elements.into_iter().zip(values) {
            self.databases.set_value(&element.question, &value);
            if element.mark_seen {
                self.seen.push(element.question);
            }
        }
        Ok(())
    }

    fn value_of(&mut self, system: &mut System<'_>, element: &Element) -> Result<Vec<u8>, Failure> {
        let question = &element.question;
        match element.type_.to_ascii_lowercase().as_slice() {
            b"text" => Ok(Vec::new()),
            b"error" => {
                if self.databases.flag(question, b"seen") != b"true" {
                    self.mail(system, question);
                    self.display(system, question)?;
                }
                Ok(Vec::new())
            }
            b"select" => {
                if self.databases.template_of(question).is_none() {
                    return Err(dies("a choice whose template is gone").into());
                }
                let list = choices(&self.databases.text_of(question, b"choices", Language::C)?);
                let value = self.databases.value(question).unwrap_or_default();
                if list.contains(&value) { Ok(value) } else { Ok(list.into_iter().next().unwrap_or_default()) }
            }
            _ => Ok(self.databases.value(question).unwrap_or_default()),
        }
    }

    /// Where there is a program to send mail with, an error counts as seen by whom it was sent to.
    fn mail(&mut self, system: &mut System<'_>, question: &[u8]) {
        let to = self.databases.settings.get("admin_email").unwrap_or(b"root");
        if !to.is_empty() && command::find(system, &self.process, b"mail").is_some() {
            system.leave_out("debconf: no error was mailed");
            self.databases.set_flag(question, b"seen", b"true");
        }
    }

    fn display(&mut self, system: &mut System<'_>, question: &[u8]) -> Result<(), Failure> {
        let short = self.databases.text_of(question, b"description", Language::Own)?;
        let long = self.databases.text_of(question, b"extended_description", Language::Own)?;
        let text = wrapped(&[&short[..], b"\n\n", &long, b"\n"].concat());
        let mut out = Vec::new();
        let title = std::mem::take(&mut self.title);
        if !title.is_empty() {
            out.extend([title.as_slice(), b"\n", "-".repeat(title.len()).as_bytes(), b"\n\n"].concat());
        }
        let body = super::trim_newlines(&text);
        if !body.is_empty() {
            out.extend(body);
            out.push(b'\n');
        }
        if text.ends_with(b"\n") {
            out.push(b'\n');
        }
        self.print(system, &out)?;
        Ok(())
    }
}

/// The text with no line longer than the columns there are, where it has spaces to be broken at.
fn wrapped(text: &[u8]) -> Vec<u8> {
    let text = expanded(text);
    let (mut out, mut rest, mut first) = (Vec::new(), text.as_slice(), true);
    let mut end: &[u8] = b"";
    while !rest.iter().all(|byte| super::is_space(*byte)) {
        if !first {
            out.push(b'\n');
        }
        first = false;
        let line = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let cut = if line <= COLUMNS {
            line
        } else {
            let head = rest.get(..=COLUMNS).unwrap_or_default();
            head.iter().rposition(|byte| super::is_space(*byte)).unwrap_or(COLUMNS)
        };
        let (head, tail) = rest.split_at(cut.min(rest.len()));
        out.extend(head);
        // What the line was broken at is gone; in the midst of a word nothing is.
        let broken = tail.first().is_some_and(|byte| super::is_space(*byte));
        (end, rest) = tail.split_at(usize::from(broken));
        if !broken && !tail.is_empty() {
            end = b"\n";
        }
    }
    out.extend(end);
    out
}

/// Tabs made spaces.
fn expanded(text: &[u8]) -> Vec<u8> {
    let (mut out, mut column) = (Vec::with_capacity(text.len()), 0usize);
    for byte in text {
        match byte {
            b'\t' => {
                let n = 8 - column % 8;
                out.extend(std::iter::repeat_n(b' ', n));
                column += n;
            }
            b'\n' => {
                out.push(b'\n');
                column = 0;
            }
            _ => {
                out.push(*byte);
                column += 1;
            }
        }
    }
    out
}
