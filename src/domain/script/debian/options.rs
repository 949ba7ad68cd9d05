//! Command lines as getopt_long(3) reads them: options and operands in any order, `-xVALUE`, `--long=VALUE`, unique
//! beginnings of long names, `--` ends options.

use super::failure::text;

/// An option that a program knows.
pub(super) struct Known {
    /// Its letter, or NUL.
    letter: u8,
    /// Its long name, which also names it in [`Line`].
    name: &'static str,
    /// Whether a value follows.
    value: bool,
}

/// What a command line says.
#[derive(Default)]
pub(super) struct Line {
    /// Options by their long names, in order, with their values (empty where they take none).
    pub(super) options: Vec<(&'static str, Vec<u8>)>,
    /// What is no option.
    pub(super) operands: Vec<Vec<u8>>,
}

/// An option without a value.
pub(super) const fn flag(letter: u8, name: &'static str) -> Known {
    Known { letter, name, value: false }
}

/// An option with a value.
pub(super) const fn valued(letter: u8, name: &'static str) -> Known {
    Known { letter, name, value: true }
}

impl Known {
    /// Whether it is the option of this long name.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name == name
    }
}

impl Line {
    /// Reads `args` (without the program's name).
    ///
    /// # Errors
    /// In getopt's words.
    pub(super) fn parse(args: &[Vec<u8>], known: &[Known]) -> Result<Self, String> {
        let mut line = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if arg == b"--" {
                line.operands.extend(args.by_ref().cloned());
            } else if let Some(long) = arg.strip_prefix(b"--") {
                let (name, inline) = split(long);
                let option = long_option(name, known)?;
                let value = match (option.value, inline) {
                    (true, Some(value)) => value.to_vec(),
                    (true, None) => args
                        .next()
                        .cloned()
                        .ok_or_else(|| format!("option '--{}' requires an argument", option.name))?,
                    (false, None) => Vec::new(),
                    (false, Some(_)) => return Err(format!("option '--{}' doesn't allow an argument", option.name)),
                };
                line.options.push((option.name, value));
            } else if arg.len() > 1 && arg.first() == Some(&b'-') {
                let mut letters = arg.get(1..).unwrap_or_default();
                while let Some((letter, rest)) = letters.split_first() {
                    letters = rest;
                    let shown = char::from(*letter);
                    let option = known
                        .iter()
                        .find(|known| known.letter == *letter)
                        .ok_or_else(|| format!("invalid option -- '{shown}'"))?;
                    let value = match (option.value, rest) {
                        (false, _) => Vec::new(),
                        (true, []) => {
                            args.next().cloned().ok_or_else(|| format!("option requires an argument -- '{shown}'"))?
                        }
                        (true, rest) => {
                            letters = &[];
                            rest.to_vec()
                        }
                    };
                    line.options.push((option.name, value));
                }
            } else {
                line.operands.push(arg.clone());
            }
        }
        Ok(line)
    }

    /// Whether an option was given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(option, _)| *option == name)
    }

    /// The last value of an option.
    pub(super) fn value(&self, name: &str) -> Option<&[u8]> {
        self.options.iter().rev().find(|(option, _)| *option == name).map(|(_, value)| value.as_slice())
    }
}

/// `NAME=VALUE` taken apart.
fn split(long: &[u8]) -> (&[u8], Option<&[u8]>) {
    match long.iter().position(|byte| *byte == b'=') {
        Some(at) => (long.get(..at).unwrap_or_default(), long.get(at + 1..)),
        None => (long, None),
    }
}

fn long_option<'k>(name: &[u8], known: &'k [Known]) -> Result<&'k Known, String> {
    if let Some(exact) = known.iter().find(|option| option.name.as_bytes() == name) {
        return Ok(exact);
    }
    let mut close = known.iter().filter(|option| option.name.len() > 1 && option.name.as_bytes().starts_with(name));
    match (close.next(), close.next()) {
        (Some(option), None) => Ok(option),
        (Some(_), Some(_)) => Err(format!("option '--{}' is ambiguous", text(name))),
        (None, _) => Err(format!("unrecognized option '--{}'", text(name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_read_as_getopt_reads_them() {
        let known = [flag(b'r', "system"), valued(b'u', "uid"), valued(0, "shell"), flag(0, "sheep")];
        let parse = |args: &[&str]| {
            let args: Vec<Vec<u8>> = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
            Line::parse(&args, &known)
        };
        let line = parse(&["name", "-ru7", "--shell=/bin/sh", "--uid", "8", "--", "-x"]).unwrap();
        assert_eq!(line.operands, [b"name".to_vec(), b"-x".to_vec()]);
        assert_eq!(line.value("uid"), Some(&b"8"[..]));
        assert!(line.has("system") && line.value("shell") == Some(b"/bin/sh"));
        assert!(parse(&["--sys"]).unwrap().has("system"));
        assert_eq!(parse(&["--she"]).err().unwrap(), "option '--she' is ambiguous");
        assert_eq!(parse(&["-z"]).err().unwrap(), "invalid option -- 'z'");
        assert_eq!(parse(&["-u"]).err().unwrap(), "option requires an argument -- 'u'");
    }
}
