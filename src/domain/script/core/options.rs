//! Command lines as getopt_long(3) reads them: options anywhere among the operands, in their short, long and shortened
//! long forms, up to `--`. Its complaints are given word for word.

use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain::script) enum Takes {
    /// Nothing.
    Nothing,
    /// A value, in the same word or the next.
    Value,
    /// A value in the same word, or none.
    Optional,
}

/// An option: its letters, its long name (each may be empty), what it takes.
pub(in crate::domain::script) type Known = (&'static str, &'static str, Takes);

/// An option that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::domain::script) struct Given {
    /// Its long name, or its letter where it has none.
    pub(in crate::domain::script) name: &'static str,
    /// Its value.
    pub(in crate::domain::script) value: Option<Vec<u8>>,
}

/// A command line that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::domain::script) struct CommandLine {
    /// Options in their order.
    pub(in crate::domain::script) options: Vec<Given>,
    /// What is no option.
    pub(in crate::domain::script) operands: Vec<Vec<u8>>,
}

/// Where options end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain::script) enum Order {
    /// At `--`; operands may come between them.
    Permuted,
    /// At the first operand, as of a program that runs another.
    Strict,
}

impl Given {
    /// Its value, empty where it has none.
    pub(in crate::domain::script) fn text(&self) -> &[u8] {
        self.value.as_deref().unwrap_or_default()
    }

    /// The end for an option that is real and not modelled.
    pub(in crate::domain::script) fn unmodelled(&self, program: &str) -> Stop {
        let dashes = if self.name.chars().count() == 1 { "-" } else { "--" };
        Stop::unsupported(program, format!("option {dashes}{}", self.name))
    }
}

/// Reads a process's command line by the options in `known`; `--help` and `--version` are known of themselves. `None`
/// when it is wrong, after the complaint.
///
/// # Errors
/// When the complaint is too long.
pub(in crate::domain::script) fn read(
    system: &mut System<'_>,
    process: &mut Process,
    known: &[Known],
    order: Order,
) -> Result<Option<CommandLine>, Stop> {
    let strict = order == Order::Strict || process.env.contains_key(&b"POSIXLY_CORRECT"[..]);
    match parse(process.arguments(), known, strict) {
        Ok(line) => Ok(Some(line)),
        Err(text) => {
            process.complain(system, &text)?;
            hint(system, process)?;
            Ok(None)
        }
    }
}

/// Writes a complaint and where help is, as coreutils do for a wrong command line.
///
/// # Errors
/// When the complaint is too long.
pub(in crate::domain::script) fn misused(
    system: &mut System<'_>,
    process: &mut Process,
    text: &str,
    status: u8,
) -> Result<u8, Stop> {
    process.complain(system, text)?;
    hint(system, process)?;
    Ok(status)
}

fn hint(system: &mut System<'_>, process: &mut Process) -> Result<(), Stop> {
    let line = format!("Try '{} --help' for more information.\n", process.name());
    process.write(system, 2, line.as_bytes()).map(drop)
}

/// Reads arguments; the text of getopt's complaint when they are wrong.
pub(super) fn parse(arguments: &[Vec<u8>], known: &[Known], strict: bool) -> Result<CommandLine, String> {
    let mut line = CommandLine::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == b"--" {
            line.operands.extend(rest.cloned());
            break;
        }
        if let Some(long) = argument.strip_prefix(b"--") {
            line.options.push(long_option(long, known, &mut rest)?);
        } else if argument.len() > 1 && argument.starts_with(b"-") {
            let mut letters = argument.get(1..).unwrap_or_default();
            while let Some((letter, after)) = letters.split_first() {
                letters = after;
                let found = known.iter().find(|(short, _, _)| short.as_bytes().contains(letter));
                let Some(&(short, long, takes)) = found else {
                    return Err(format!("invalid option -- '{}'", char::from(*letter)));
                };
                let value = match takes {
                    Takes::Nothing => None,
                    Takes::Optional if letters.is_empty() => None,
                    Takes::Value if letters.is_empty() => Some(
                        rest.next()
                            .cloned()
                            .ok_or_else(|| format!("option requires an argument -- '{}'", char::from(*letter)))?,
                    ),
                    Takes::Value | Takes::Optional => Some(std::mem::take(&mut letters).to_vec()),
                };
                line.options.push(Given { name: if long.is_empty() { short } else { long }, value });
            }
        } else {
            line.operands.push(argument.clone());
            if strict {
                line.operands.extend(rest.cloned());
                break;
            }
        }
    }
    Ok(line)
}

/// Reads `NAME` or `NAME=VALUE`, where a name may be shortened as long as it stays clear.
fn long_option<'a>(
    text: &[u8],
    known: &[Known],
    rest: &mut impl Iterator<Item = &'a Vec<u8>>,
) -> Result<Given, String> {
    const EVERYWHERE: [Known; 2] = [("", "help", Takes::Nothing), ("", "version", Takes::Nothing)];
    let equals = text.iter().position(|byte| *byte == b'=');
    let name = text.get(..equals.unwrap_or(text.len())).unwrap_or_default();
    let value = equals.and_then(|at| text.get(at + 1..)).map(<[u8]>::to_vec);
    let all = || known.iter().chain(&EVERYWHERE).filter(|(_, long, _)| !long.is_empty());
    let starts: Vec<&Known> = all().filter(|(_, long, _)| long.as_bytes().starts_with(name)).collect();
    let found = all().find(|(_, long, _)| long.as_bytes() == name).or(match starts.as_slice() {
        [one] => Some(*one),
        _ => None,
    });
    let shown = String::from_utf8_lossy(name);
    let Some(&(_, long, takes)) = found else {
        if starts.is_empty() {
            return Err(format!("unrecognized option '--{}'", String::from_utf8_lossy(text)));
        }
        let names: String = starts.iter().map(|(_, long, _)| format!(" '--{long}'")).collect();
        return Err(format!("option '--{shown}' is ambiguous; possibilities:{names}"));
    };
    let value = match (takes, value) {
        (Takes::Nothing, Some(_)) => return Err(format!("option '--{long}' doesn't allow an argument")),
        (Takes::Value, None) => {
            Some(rest.next().cloned().ok_or_else(|| format!("option '--{long}' requires an argument"))?)
        }
        (_, value) => value,
    };
    Ok(Given { name: long, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Known] = &[
        ("f", "force", Takes::Nothing),
        ("rR", "recursive", Takes::Nothing),
        ("t", "target-directory", Takes::Value),
        ("", "reference", Takes::Value),
        ("b", "backup", Takes::Optional),
    ];

    fn words(line: &str) -> Vec<Vec<u8>> {
        line.split_whitespace().map(|word| word.as_bytes().to_vec()).collect()
    }

    #[test]
    fn options_and_operands_mix() {
        let line = parse(&words("a -fR b --ref=x -tdir -t dir2 --backup -- -f"), KNOWN, false).unwrap();
        let names: Vec<_> = line.options.iter().map(|given| given.name).collect();
        assert_eq!(names, ["force", "recursive", "reference", "target-directory", "target-directory", "backup"]);
        assert_eq!(line.operands, words("a b -f"));
        assert_eq!(parse(&words("a -f"), KNOWN, true).unwrap().operands, words("a -f"));
    }

    #[test]
    fn complaints_are_getopts() {
        for (line, text) in [
            ("-q", "invalid option -- 'q'"),
            ("-t", "option requires an argument -- 't'"),
            ("--foo=1", "unrecognized option '--foo=1'"),
            ("--targ", "option '--target-directory' requires an argument"),
            ("--force=1", "option '--force' doesn't allow an argument"),
            ("--re", "option '--re' is ambiguous; possibilities: '--recursive' '--reference'"),
        ] {
            assert_eq!(parse(&words(line), KNOWN, false).unwrap_err(), text, "{line}");
        }
    }
}
