//! File descriptors, as values in memory.
//!
//! A pipe is a buffer: its writer runs to its end before its reader starts. A file is its path in the tree and a
//! position. Descriptors that were duplicated share one [`Stream`], and with it the position, as dup(2) has it.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::stop::Stop;
use super::system::System;

/// What a descriptor leads to.
pub enum Stream {
    /// `/dev/null`.
    Null,
    /// A pipe or a text in memory: written at its end, read from its start; empty is the end of input.
    Pipe(VecDeque<u8>),
    /// A regular file of the tree.
    File {
        /// Its path in the tree, without symbolic links.
        path: Vec<u8>,
        /// Where the next byte is read or written.
        position: usize,
        /// Whether writes go to the end.
        append: bool,
        /// Opened for reading.
        read: bool,
        /// Opened for writing.
        write: bool,
    },
    /// Somebody who answers lines (debconf's frontend): lines written here are answered into `answers`, which is what the
    /// other side reads.
    Dialogue {
        /// What was written of a line that has not ended.
        pending: Vec<u8>,
        /// Answers a line.
        answer: Answer,
        /// Where answers go: a [`Stream::Pipe`].
        answers: Open,
    },
}

/// Answers a line of a [`Stream::Dialogue`], which it gets without its end; the answer is written as it is.
pub type Answer = Rc<dyn Fn(&mut System<'_>, &[u8]) -> Result<Vec<u8>, Stop>>;

/// An open stream, shared by the descriptors that were duplicated from each other.
pub type Open = Rc<RefCell<Stream>>;

/// A process's descriptors by number.
#[derive(Clone, Default)]
pub struct Streams(BTreeMap<u32, Open>);

impl Stream {
    /// A new pipe that holds `bytes`.
    #[must_use]
    pub fn pipe(bytes: impl Into<Vec<u8>>) -> Open {
        Rc::new(RefCell::new(Self::Pipe(VecDeque::from(bytes.into()))))
    }

    /// Takes all that a pipe holds; nothing for any other stream.
    #[must_use]
    pub fn drain(open: &Open) -> Vec<u8> {
        match &mut *open.borrow_mut() {
            Self::Pipe(bytes) => std::mem::take(bytes).into(),
            _ => Vec::new(),
        }
    }
}

impl Streams {
    /// Input, output and errors: nothing, nothing, nothing.
    #[must_use]
    pub fn null() -> Self {
        let null: Open = Rc::new(RefCell::new(Stream::Null));
        Self((0..3).map(|fd| (fd, Rc::clone(&null))).collect())
    }

    /// The stream of a descriptor.
    #[must_use]
    pub fn get(&self, fd: u32) -> Option<&Open> {
        self.0.get(&fd)
    }

    /// Makes a descriptor lead to a stream.
    pub fn set(&mut self, fd: u32, open: Open) {
        self.0.insert(fd, open);
    }

    /// Closes a descriptor.
    pub fn close(&mut self, fd: u32) {
        self.0.remove(&fd);
    }
}
