//! Texts of commands, parsed as far as they were run, and kept for whoever runs them again: what thirty scripts source is parsed
//! once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::Mode;
use super::lexer::{Lexer, Start, Wrong};
use super::syntax::List;
use crate::base::Digest;

/// How many bytes of texts are kept, with syntax that takes a multiple of it.
const ROOM: usize = 2 << 20;

/// A text, and the complete commands that were read of it so far.
pub(super) struct Source {
    pub(super) text: Vec<u8>,
    mode: Mode,
    parsed: RefCell<Parsed>,
}

#[derive(Default)]
struct Parsed {
    commands: Vec<Rc<List>>,
    /// Where the next one begins.
    next: Start,
}

impl Source {
    pub(super) fn new(text: Vec<u8>, mode: Mode) -> Self {
        Self { text, mode, parsed: RefCell::default() }
    }

    /// The complete command of this number, from 0; `None` at the end of the text. The ones before it were asked for before.
    pub(super) fn command(&self, number: usize) -> Result<Option<Rc<List>>, Wrong> {
        let mut parsed = self.parsed.borrow_mut();
        if let Some(known) = parsed.commands.get(number) {
            return Ok(Some(Rc::clone(known)));
        }
        let mut lexer = Lexer::at(&self.text, self.mode, parsed.next);
        let Some(list) = lexer.complete_command()? else { return Ok(None) };
        let list = Rc::new(list);
        parsed.next = lexer.start();
        parsed.commands.push(Rc::clone(&list));
        Ok(Some(list))
    }
}

/// The files that were run.
#[derive(Default)]
pub(in crate::domain::script) struct Sources {
    known: BTreeMap<(Mode, Digest), Rc<Source>>,
    /// The bytes of their texts.
    taken: usize,
}

impl Sources {
    /// The text, as far as it was parsed before.
    pub(super) fn get(&mut self, text: &[u8], mode: Mode) -> Rc<Source> {
        let key = (mode, Digest::of(text));
        if let Some(known) = self.known.get(&key) {
            return Rc::clone(known);
        }
        if self.taken.saturating_add(text.len()) > ROOM {
            self.known.clear();
            self.taken = 0;
        }
        let source = Rc::new(Source::new(text.to_vec(), mode));
        if text.len() <= ROOM {
            self.taken += text.len();
            self.known.insert(key, Rc::clone(&source));
        }
        source
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_read_once_and_the_room_is_bounded() {
        let mut sources = Sources::default();
        let text = b"a=1\nb() {\n  c\n}\n\n# end\n";
        let first = sources.get(text, Mode::Dash);
        let command = first.command(0).ok().flatten();
        assert!(command.is_some() && first.command(1).is_ok_and(|list| list.is_some()));
        let again = sources.get(text, Mode::Dash);
        assert!(Rc::ptr_eq(&first, &again) && !Rc::ptr_eq(&first, &sources.get(text, Mode::Bash)));
        assert!(again.command(0).ok().flatten().zip(command).is_some_and(|(a, b)| Rc::ptr_eq(&a, &b)));
        assert!(again.command(2).is_ok_and(|list| list.is_none()));
        for number in 0..5 {
            sources.get(&vec![b'#' + number; 900 << 10], Mode::Dash);
            assert!(sources.taken <= ROOM);
        }
        assert!(!Rc::ptr_eq(&first, &sources.get(text, Mode::Dash)));
    }

    #[test]
    fn a_mistake_is_one_each_time_and_hides_nothing_before_it() {
        let source = Source::new(b"good\n)\n".to_vec(), Mode::Dash);
        assert!(source.command(0).is_ok_and(|list| list.is_some()));
        assert!(source.command(1).is_err() && source.command(1).is_err());
        assert!(source.command(0).is_ok_and(|list| list.is_some()));
    }
}
