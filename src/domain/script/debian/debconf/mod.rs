//! debconf: the questions of packages, answered from their templates or the recipe, never by a person.
//!
//! ```text
//! . confmodule ──exec──▶ frontend ──templates──▶ Databases ◀──commands── Session ◀──Dialogue── config, postinst
//! ```
//!
//! The shell library `/usr/share/debconf/confmodule` is interpreted from the tree. What is Perl there has its twin here:
//!
//! | part | one sentence |
//! |---|---|
//! | [`record`] | a question or a template as the `.dat` files have it |
//! | [`mod@file`] | one `.dat` file: read once, kept between runs, written when something changed |
//! | [`settings`] | `debconf.conf`: which files there are, and how scripts are asked |
//! | [`databases`] | all files together, as the stack of `debconf.conf` has them |
//! | [`templates`] | a package's `.templates` |
//! | [`question`] | questions and templates over the databases: values, translations, variables |
//! | [`session`], [`commands`] | the protocol of debconf-devel(7) |
//! | [`answering`] | what the noninteractive frontend answers |
//! | [`mod@frontend`] | `frontend`, `debconf`, `debconf-communicate` |
//! | [`selections`] | `debconf-set-selections`, and the recipe's answers |
//! | [`small`] | `debconf-escape`, `debconf-loadtemplate`, `debconf-show` |
//!
//! Files as debconf 1.5.77, 1.5.82 and 1.5.91 leave them, which do not differ in this. What that program dies of (a
//! question of a type that no frontend has, another frontend than the noninteractive one) stops the interpretation.

mod answering;
mod commands;
mod databases;
mod file;
mod frontend;
mod question;
mod record;
mod selections;
mod session;
mod settings;
mod small;
mod templates;

pub(in crate::domain::script) use file::Kept;
pub(super) use frontend::{communicate, debconf, frontend};
pub(super) use selections::set_selections;
pub use selections::{Answer, preseed, type_of};
pub(super) use small::{escape, load_template, show};

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::failure::Failure;

/// Gives a program's status, and says on standard error what ended it early.
fn conclude(system: &mut System<'_>, process: &mut Process, result: Result<u8, Failure>) -> Result<u8, Stop> {
    match result {
        Ok(status) => Ok(status),
        Err(Failure::Stop(stop)) => Err(stop),
        Err(Failure::Exit(status, text)) => {
            process.write(system, 2, format!("{text}\n").as_bytes()).map(drop)?;
            Ok(status)
        }
    }
}

/// debconf would end in an error of its own.
fn dies(what: impl Into<String>) -> Stop {
    Stop::unsupported("debconf", what)
}

/// Perl's `\s` over bytes.
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// What is left without spaces at its end.
fn trim_end(mut text: &[u8]) -> &[u8] {
    while let Some((last, head)) = text.split_last().filter(|(last, _)| is_space(**last)) {
        let _ = last;
        text = head;
    }
    text
}

/// What is left without spaces at its start.
fn trim_start(mut text: &[u8]) -> &[u8] {
    while let Some((_, tail)) = text.split_first().filter(|(first, _)| is_space(**first)) {
        text = tail;
    }
    text
}

/// The text with `from` made `to` everywhere; `from` is not empty.
fn replaced(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| from.first() == Some(byte)) {
        let (before, found) = rest.split_at(at);
        out.extend_from_slice(before);
        match found.strip_prefix(from) {
            Some(after) => {
                out.extend_from_slice(to);
                rest = after;
            }
            None => {
                let (first, after) = found.split_at(1);
                out.extend_from_slice(first);
                rest = after;
            }
        }
    }
    out.extend_from_slice(rest);
    out
}

/// Cuts a text into stanzas, each with the end of line that follows it and the empty line after that: what Perl reads with
/// two ends of line as its separator.
fn stanzas(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut end = 0;
        // The first empty line that is not the stanza's first.
        while let Some(at) = rest.get(end..)?.iter().position(|byte| *byte == b'\n') {
            end += at + 1;
            if rest.get(end) == Some(&b'\n') {
                end += 1;
                let (stanza, tail) = rest.split_at(end);
                rest = tail;
                return Some(stanza);
            }
        }
        let last = std::mem::take(&mut rest);
        (!last.is_empty()).then_some(last)
    })
}

/// What is left without ends of line at its end.
fn trim_newlines(mut text: &[u8]) -> &[u8] {
    while let Some(head) = text.strip_suffix(b"\n") {
        text = head;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_replaced_and_texts_are_cut() {
        assert_eq!(replaced(b"a\\nb\\\\n\\", b"\\n", b"\n"), b"a\nb\\\n\\");
        let cut = |text: &'static [u8]| stanzas(text).collect::<Vec<_>>();
        assert_eq!(cut(b"a\nb\n\n\nc\n\n\n\n"), [&b"a\nb\n\n"[..], b"\nc\n\n", b"\n\n"]);
        assert_eq!(cut(b"\n\na"), [&b"\n\n"[..], b"a"]);
        assert_eq!(cut(b""), Vec::<&[u8]>::new());
    }
}
