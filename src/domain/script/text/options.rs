//! Options as getopt_long(3) reads them, with its messages.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;

/// Options in their order, each by its letter, and what is no option.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    pub(super) options: Vec<(char, Option<Vec<u8>>)>,
    pub(super) operands: Vec<Vec<u8>>,
}

/// A long option and the letter that stands for it.
pub(super) type Long = (&'static str, char);

/// The letter of `--help` and `--version`, which no program here knows.
pub(super) const OTHER: char = '\u{1}';

/// Why arguments are wrong.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Bad {
    #[error("invalid option -- '{0}'")]
    Letter(char),
    #[error("unrecognized option '--{0}'")]
    Word(String),
    #[error("option '--{0}' is ambiguous; possibilities:{1}")]
    Ambiguous(String, String),
    #[error("option requires an argument -- '{0}'")]
    Missing(char),
    #[error("option '--{0}' requires an argument")]
    WordMissing(&'static str),
    #[error("option '--{0}' doesn't allow an argument")]
    Extra(&'static str),
}

/// Parses `args` by `short`, in getopt(3)'s writing: a `+` first ends options at the first operand, `:` after a letter
/// means an argument, `::` one that may be missing. Long options take arguments as their letters do.
pub(super) fn parse(args: &[Vec<u8>], short: &str, long: &[Long]) -> Result<Parsed, Bad> {
    let (ordered, short) = short.strip_prefix('+').map_or((false, short), |rest| (true, rest));
    let mut parsed = Parsed::default();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        if arg == b"--" {
            break;
        }
        if let Some(word) = arg.strip_prefix(b"--") {
            let (name, value) = match word.iter().position(|byte| *byte == b'=') {
                Some(at) => (word.get(..at).unwrap_or_default(), word.get(at + 1..).map(<[u8]>::to_vec)),
                None => (word, None),
            };
            let (name, letter) = find(&String::from_utf8_lossy(name), long)?;
            let value = match (takes(short, letter), value) {
                (Takes::Nothing, Some(_)) => return Err(Bad::Extra(name)),
                (Takes::Value, None) => Some(rest.next().ok_or(Bad::WordMissing(name))?.clone()),
                (_, value) => value,
            };
            parsed.options.push((letter, value));
        } else if arg.len() > 1 && arg.starts_with(b"-") {
            letters(arg, short, &mut rest, &mut parsed)?;
        } else {
            parsed.operands.push(arg.clone());
            if ordered {
                break;
            }
        }
    }
    parsed.operands.extend(rest.cloned());
    Ok(parsed)
}

/// The letters of one argument.
fn letters<'a>(
    arg: &[u8],
    short: &str,
    rest: &mut impl Iterator<Item = &'a Vec<u8>>,
    parsed: &mut Parsed,
) -> Result<(), Bad> {
    for (at, byte) in arg.iter().enumerate().skip(1) {
        let letter = char::from(*byte);
        if letter == ':' || !short.contains(letter) {
            return Err(Bad::Letter(letter));
        }
        let attached = arg.get(at + 1..).filter(|value| !value.is_empty()).map(<[u8]>::to_vec);
        match takes(short, letter) {
            Takes::Nothing => parsed.options.push((letter, None)),
            Takes::Maybe => {
                parsed.options.push((letter, attached));
                break;
            }
            Takes::Value => {
                let value = match attached {
                    Some(value) => value,
                    None => rest.next().ok_or(Bad::Missing(letter))?.clone(),
                };
                parsed.options.push((letter, Some(value)));
                break;
            }
        }
    }
    Ok(())
}

#[derive(PartialEq)]
enum Takes {
    Nothing,
    Maybe,
    Value,
}

fn takes(short: &str, letter: char) -> Takes {
    let after = short.split_once(letter).map_or("", |(_, after)| after);
    match (after.starts_with("::"), after.starts_with(':')) {
        (true, _) => Takes::Maybe,
        (_, true) => Takes::Value,
        _ => Takes::Nothing,
    }
}

/// The long option that `name` is, or begins.
fn find(name: &str, long: &[Long]) -> Result<Long, Bad> {
    let all = || long.iter().copied().chain([("help", OTHER), ("version", OTHER)]);
    if let Some(exact) = all().find(|(other, _)| *other == name) {
        return Ok(exact);
    }
    let found: Vec<Long> = all().filter(|(other, _)| other.starts_with(name)).collect();
    match found.as_slice() {
        [] => Err(Bad::Word(name.into())),
        [first, others @ ..] if others.iter().all(|(_, letter)| *letter == first.1 && *letter != OTHER) => Ok(*first),
        found => Err(Bad::Ambiguous(name.into(), found.iter().map(|(other, _)| format!(" '--{other}'")).collect())),
    }
}

/// Says that the arguments are wrong, as the core utilities do; the status is `status`.
pub(super) fn refuse(
    system: &mut System<'_>,
    process: &mut Process,
    why: &impl std::fmt::Display,
    status: u8,
) -> Result<u8, Stop> {
    process.complain(system, &why.to_string())?;
    let name = process.name();
    let hint = format!("Try '{name} --help' for more information.\n");
    process.write(system, 2, hint.as_bytes()).map(drop)?;
    Ok(status)
}

/// A real option that is not modelled.
pub(super) fn unsupported(process: &Process, letter: char) -> Stop {
    let what = match letter {
        OTHER => "option --help or --version".to_owned(),
        letter if letter.is_ascii_graphic() => format!("option -{letter}"),
        _ => "a long option".to_owned(),
    };
    Stop::unsupported(&process.name(), what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Parsed, Bad> {
        let args: Vec<Vec<u8>> = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
        parse(&args, "nc:x::", &[("number", 'n'), ("count", 'c'), ("nothing", 'x')])
    }

    #[test]
    fn clusters_values_and_words() {
        let found = parsed(&["-nc5", "a", "--cou", "6", "--", "-n"]).unwrap();
        assert_eq!(found.options, [('n', None), ('c', Some(b"5".to_vec())), ('c', Some(b"6".to_vec()))]);
        assert_eq!(found.operands, [b"a".to_vec(), b"-n".to_vec()]);
        assert_eq!(parsed(&["-x1", "-x"]).unwrap().options, [('x', Some(b"1".to_vec())), ('x', None)]);
    }

    #[test]
    fn wrong_ones_are_named() {
        assert_eq!(parsed(&["-q"]).unwrap_err().to_string(), "invalid option -- 'q'");
        assert_eq!(parsed(&["-c"]).unwrap_err().to_string(), "option requires an argument -- 'c'");
        assert_eq!(
            parsed(&["--n"]).unwrap_err().to_string(),
            "option '--n' is ambiguous; possibilities: '--number' '--nothing'"
        );
        assert_eq!(parsed(&["--number=1"]).unwrap_err().to_string(), "option '--number' doesn't allow an argument");
    }
}
