//! grep(1), egrep(1), fgrep(1): lines that match.
//!
//! GNU's; Perl's expressions (`-P`), colours and the rarest options are not modelled. Files of a folder are searched in the
//! order of their names.

mod search;
mod walk;

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::regex::{Edges, Escapes, Regex, Syntax};
use super::{input, options};
use search::Search;

const SHORT: &str = "A:B:C:EFGPe:f:iywxzsvm:bnHhoqaId:D:rRLlcTUuVZ0123456789@:!:%:&#:=::~?^:";
const LONG: &[options::Long] = &[
    ("after-context", 'A'),
    ("basic-regexp", 'G'),
    ("before-context", 'B'),
    ("binary", 'U'),
    ("binary-files", '^'),
    ("byte-offset", 'b'),
    ("color", '='),
    ("colour", '='),
    ("context", 'C'),
    ("count", 'c'),
    ("dereference-recursive", 'R'),
    ("devices", 'D'),
    ("directories", 'd'),
    ("exclude", '!'),
    ("exclude-dir", '#'),
    ("extended-regexp", 'E'),
    ("file", 'f'),
    ("files-with-matches", 'l'),
    ("files-without-match", 'L'),
    ("fixed-strings", 'F'),
    ("ignore-case", 'i'),
    ("include", '@'),
    ("invert-match", 'v'),
    ("line-buffered", '~'),
    ("line-number", 'n'),
    ("line-regexp", 'x'),
    ("max-count", 'm'),
    ("no-filename", 'h'),
    ("no-ignore-case", '&'),
    ("no-messages", 's'),
    ("null", 'Z'),
    ("null-data", 'z'),
    ("only-matching", 'o'),
    ("perl-regexp", 'P'),
    ("quiet", 'q'),
    ("recursive", 'r'),
    ("regexp", 'e'),
    ("silent", 'q'),
    ("text", 'a'),
    ("with-filename", 'H'),
    ("word-regexp", 'w'),
];

/// How patterns are written.
#[derive(Clone, Copy, PartialEq)]
enum Dialect {
    Basic,
    Extended,
    Fixed,
}

/// What happens to folders.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Folders {
    Read,
    Skip,
    Recurse,
    RecurseThroughLinks,
}

/// What the arguments ask for.
struct Request {
    dialect: Dialect,
    patterns: Option<Vec<Vec<u8>>>,
    fold: bool,
    edges: Edges,
    quiet_errors: bool,
    with_name: Option<bool>,
    folders: Folders,
    rules: walk::Rules,
    search: Search,
}

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let parsed = match options::parse(process.arguments(), SHORT, LONG) {
        Ok(parsed) => parsed,
        Err(bad) => return usage(system, process, Some(&bad.to_string())),
    };
    let mut operands = parsed.operands;
    let mut request = match request(system, process, parsed.options)? {
        Ok(request) => request,
        Err(status) => return Ok(status),
    };
    let patterns = match request.patterns.take() {
        Some(patterns) => patterns,
        None if operands.is_empty() => return usage(system, process, None),
        None => split(&operands.remove(0)),
    };
    let syntax = Syntax {
        extended: request.dialect == Dialect::Extended,
        fold: request.fold,
        lines: false,
        utf8: input::utf8(process),
        escapes: Escapes::Grep,
        strict: false,
    };
    let regex = match Regex::any(&patterns, syntax, request.dialect == Dialect::Fixed, request.edges) {
        Ok(regex) => regex,
        Err(error) => {
            process.complain(system, &error.to_string())?;
            return Ok(2);
        }
    };
    request.search.utf8 = syntax.utf8;
    request.search.regex = Some(regex).filter(|_| !patterns.is_empty());
    files(system, process, &mut request, operands)
}

/// The patterns of one argument, a line each; an empty one is a pattern as well.
fn split(text: &[u8]) -> Vec<Vec<u8>> {
    text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn usage(system: &mut System<'_>, process: &mut Process, why: Option<&str>) -> Result<u8, Stop> {
    if let Some(why) = why {
        process.complain(system, why)?;
    }
    let text = "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n";
    process.write(system, 2, text.as_bytes()).map(drop)?;
    Ok(2)
}

/// The request that options make, or the status of a wrong one.
fn request(
    system: &mut System<'_>,
    process: &mut Process,
    given: Vec<(char, Option<Vec<u8>>)>,
) -> Result<Result<Request, u8>, Stop> {
    let mut request = Request {
        dialect: match process.name().as_str() {
            "egrep" => Dialect::Extended,
            "fgrep" => Dialect::Fixed,
            _ => Dialect::Basic,
        },
        patterns: None,
        fold: false,
        edges: Edges::Free,
        quiet_errors: false,
        with_name: None,
        folders: Folders::Read,
        rules: walk::Rules::default(),
        search: Search::default(),
    };
    let mut digits = String::new();
    for (letter, value) in given {
        let value = value.unwrap_or_default();
        let search = &mut request.search;
        match letter {
            'E' => request.dialect = Dialect::Extended,
            'F' => request.dialect = Dialect::Fixed,
            'G' => request.dialect = Dialect::Basic,
            'e' => request.patterns.get_or_insert_default().extend(split(&value)),
            'f' => match input::read(system, process, &value) {
                Ok(bytes) => {
                    let list = request.patterns.get_or_insert_default();
                    list.extend(input::lines(&bytes, b'\n').map(<[u8]>::to_vec));
                }
                Err(error) => {
                    process.complain(system, &format!("{}: {error}", input::shown(&value)))?;
                    return Ok(Err(2));
                }
            },
            'i' | 'y' => request.fold = true,
            '&' => request.fold = false,
            'w' if request.edges != Edges::Line => request.edges = Edges::Word,
            'x' => request.edges = Edges::Line,
            'z' => search.delimiter = 0,
            's' => request.quiet_errors = true,
            'v' => search.invert = true,
            'b' => search.offsets = true,
            'n' => search.numbers = true,
            'H' => request.with_name = Some(true),
            'h' => request.with_name = Some(false),
            'o' => search.only = true,
            'q' => search.quiet = true,
            'a' => search.text = true,
            'I' => search.skip_binary = true,
            '^' => match value.as_slice() {
                b"text" => search.text = true,
                b"without-match" => search.skip_binary = true,
                b"binary" => (search.text, search.skip_binary) = (false, false),
                _ => return complain(system, process, "unknown binary-files type").map(Err),
            },
            'r' => request.folders = Folders::Recurse,
            'R' => request.folders = Folders::RecurseThroughLinks,
            'd' => match value.as_slice() {
                b"read" => request.folders = Folders::Read,
                b"skip" => request.folders = Folders::Skip,
                b"recurse" => request.folders = Folders::Recurse,
                _ => {
                    let why = format!("invalid argument {} for '--directories'", input::quoted(process, &value));
                    return complain(system, process, &why).map(Err);
                }
            },
            'L' => search.list = Some(false),
            'l' => search.list = Some(true),
            'c' => search.count = true,
            'Z' => search.null = true,
            '@' => request.rules.include.push(value),
            '!' => request.rules.exclude.push(value),
            '#' => request.rules.exclude_folders.push(value),
            'A' | 'B' | 'C' => {
                let Some(lines) = number(&value) else {
                    let why = format!("{}: invalid context length argument", input::shown(&value));
                    return complain(system, process, &why).map(Err);
                };
                match letter {
                    'A' => search.after = Some(lines),
                    'B' => search.before = Some(lines),
                    _ => search.around = Some(lines),
                }
            }
            '0'..='9' => {
                digits.push(letter);
                search.around = number(digits.as_bytes());
            }
            'm' => match number(&value) {
                Some(most) => search.most = Some(most),
                None if value.starts_with(b"-") => search.most = None,
                None => return complain(system, process, "invalid max count").map(Err),
            },
            'w' | 'U' | 'u' | '~' => {}
            '=' if value != b"always" => {}
            other => return Err(options::unsupported(process, other)),
        }
    }
    Ok(Ok(request))
}

fn complain(system: &mut System<'_>, process: &mut Process, why: &str) -> Result<u8, Stop> {
    process.complain(system, why)?;
    Ok(2)
}

fn number(text: &[u8]) -> Option<usize> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(std::str::from_utf8(text).ok()?.parse().unwrap_or(usize::MAX))
}

/// Searches all files; the status.
fn files(
    system: &mut System<'_>,
    process: &mut Process,
    request: &mut Request,
    operands: Vec<Vec<u8>>,
) -> Result<u8, Stop> {
    let recurse = matches!(request.folders, Folders::Recurse | Folders::RecurseThroughLinks);
    let here = operands.is_empty() && recurse;
    let names = match (operands.is_empty(), recurse) {
        (true, true) => vec![b".".to_vec()],
        _ => input::or_stdin(operands),
    };
    let is_folder = |name: &Vec<u8>| system.stat(&process.path(name)).is_ok_and(|node| node.is_directory());
    let several = names.len() > 1 || recurse && names.iter().any(is_folder);
    request.search.names = request.with_name.unwrap_or(several);
    let (mut found, mut failed) = (false, false);
    for name in names {
        for file in walk::files(system, process, &name, request.folders, &request.rules)? {
            let shown = if here { file.strip_prefix(b"./").unwrap_or(&file) } else { &file };
            match input::read(system, process, &file) {
                Ok(bytes) => {
                    let shown = if file == b"-" { b"(standard input)" } else { shown };
                    found |= request.search.file(system, process, shown, &bytes)?;
                    if found && request.search.quiet {
                        return Ok(0);
                    }
                }
                Err(error) => {
                    failed = true;
                    if !request.quiet_errors {
                        process.complain(system, &format!("{}: {error}", input::shown(shown)))?;
                    }
                }
            }
        }
    }
    Ok(match (failed, found) {
        (true, _) => 2,
        (_, true) => 0,
        _ => 1,
    })
}
