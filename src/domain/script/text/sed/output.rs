//! What `sed` writes: standard output, or the file that is edited; and the files of `w`.

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;

/// Text on its way to one place.
#[derive(Default)]
pub(super) struct Output {
    pub(super) text: Vec<u8>,
    /// The last line came without an end; it gets one before anything follows.
    open: bool,
}

impl Output {
    /// Writes a line, and its end unless it had none.
    pub(super) fn line(&mut self, line: &[u8], ended: bool, delimiter: u8) {
        self.close(delimiter);
        self.text.extend(line);
        if ended {
            self.text.push(delimiter);
        } else {
            self.open = true;
        }
    }

    /// Writes bytes as they are.
    pub(super) fn raw(&mut self, bytes: &[u8], delimiter: u8) {
        if !bytes.is_empty() {
            self.close(delimiter);
            self.text.extend(bytes);
        }
    }

    /// Ends the last line if it has no end.
    pub(super) fn close(&mut self, delimiter: u8) {
        if std::mem::take(&mut self.open) {
            self.text.push(delimiter);
        }
    }

    /// Sends what there is to standard output.
    pub(super) fn flush(&mut self, system: &mut System<'_>, process: &mut Process) -> Result<(), Stop> {
        process.out(system, &std::mem::take(&mut self.text))
    }
}
