//! The words of a `sed` script: numbers, texts between delimiters, labels, names of files, paragraphs.

use super::parse::{Parser, Wrong};
use super::replacement;

impl Parser<'_> {
    pub(super) fn number(&mut self) -> usize {
        let mut value: usize = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value = value.saturating_mul(10).saturating_add(usize::from(digit - b'0'));
            self.at += 1;
        }
        value
    }

    /// The text up to an unescaped delimiter; none where the line ends before.
    pub(super) fn delimited(&mut self, delimiter: u8, regex: bool) -> Option<Vec<u8>> {
        let mut found = Vec::new();
        loop {
            if self.ends.contains(&self.at) {
                return None;
            }
            match self.next()? {
                byte if byte == delimiter => return Some(found),
                b'[' if regex => {
                    found.push(b'[');
                    self.bracket(delimiter, &mut found)?;
                }
                b'\n' if regex => {
                    self.at -= 1;
                    return None;
                }
                b'\\' if self.ends.contains(&self.at) => return None,
                b'\\' => match self.next()? {
                    b'n' if regex && delimiter != b'n' => found.extend(b"\\n"),
                    byte if byte == delimiter => {
                        if !regex && byte == b'&' {
                            found.push(b'\\');
                        }
                        found.push(byte);
                    }
                    b'\n' if regex => found.push(b'\n'),
                    byte => found.extend([b'\\', byte]),
                },
                byte => found.push(byte),
            }
        }
    }

    /// The rest of a bracket expression, where a delimiter is a character as any other.
    pub(super) fn bracket(&mut self, delimiter: u8, found: &mut Vec<u8>) -> Option<()> {
        if self.peek() == Some(b'^') {
            self.at += 1;
            found.push(b'^');
        }
        let start = self.at;
        loop {
            if self.ends.contains(&self.at) {
                return None;
            }
            let first = self.at == start;
            match self.next()? {
                b']' if !first => {
                    found.push(b']');
                    return Some(());
                }
                b'\n' => {
                    self.at -= 1;
                    return None;
                }
                b'\\' if self.peek() == Some(delimiter) => {}
                b'[' if matches!(self.peek(), Some(b':' | b'.' | b'=')) => {
                    let kind = self.next()?;
                    found.extend([b'[', kind]);
                    let rest = self.text.get(self.at..)?;
                    let end = rest.windows(2).position(|pair| pair == [kind, b']'])? + 2;
                    found.extend(rest.get(..end)?);
                    self.at += end;
                }
                byte => found.push(byte),
            }
        }
    }

    /// What may follow a command.
    pub(super) fn end(&mut self) -> Result<(), Wrong> {
        self.blanks();
        match self.peek() {
            None | Some(b'}' | b'#') => Ok(()),
            Some(b';' | b'\n') => {
                self.at += 1;
                Ok(())
            }
            Some(_) => {
                self.at += 1;
                self.wrong("extra characters after command")
            }
        }
    }

    pub(super) fn label(&mut self, ends: &[u8]) -> Vec<u8> {
        let start = self.at;
        while self.peek().is_some_and(|byte| !ends.contains(&byte) && !byte.is_ascii_whitespace()) {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or_default().to_vec()
    }

    pub(super) fn file_name(&mut self) -> Result<Vec<u8>, Wrong> {
        self.blanks();
        let start = self.at;
        while self.peek().is_some_and(|byte| byte != b'\n') {
            self.at += 1;
        }
        match self.text.get(start..self.at) {
            Some(name) if !name.is_empty() => Ok(name.to_vec()),
            _ => self.wrong("missing filename in r/R/w/W commands"),
        }
    }

    pub(super) fn output(&mut self) -> Result<usize, Wrong> {
        let name = self.file_name()?;
        let outputs = &mut self.program.outputs;
        Ok(outputs.iter().position(|other| *other == name).unwrap_or_else(|| {
            outputs.push(name);
            outputs.len() - 1
        }))
    }

    /// The text of `a`, `i` or `c`, with the end of its last line.
    pub(super) fn paragraph(&mut self) -> Result<Vec<u8>, Wrong> {
        self.blanks();
        if self.peek().is_none() {
            return self.wrong("expected \\ after `a', `c' or `i'");
        }
        if self.peek() == Some(b'\\') {
            self.at += 1;
            let after = self.at;
            self.blanks();
            if self.peek() == Some(b'\n') {
                self.at += 1;
            } else if self.peek().is_none() {
                return Ok(Vec::new());
            } else {
                self.at = after;
            }
        } else if self.peek() == Some(b'\n') {
            return self.wrong("expected \\ after `a', `c' or `i'");
        }
        let mut text = Vec::new();
        while let Some(byte) = self.next() {
            match byte {
                b'\n' => break,
                b'\\' if self.peek() == Some(b'n') => {
                    self.at += 1;
                    text.push(b'\n');
                }
                b'\\' => match replacement::control(self.text.get(self.at - 1..).unwrap_or_default()) {
                    Some((byte, length)) => {
                        text.push(byte);
                        self.at += length - 1;
                    }
                    None => text.extend(self.next()),
                },
                byte => text.push(byte),
            }
        }
        text.push(b'\n');
        Ok(text)
    }
}
