//! Reads a command line of find(1).

use super::expression::{Compared, Exec, Expression, Follow, Glob, Permissions, Plan, Primary};
use crate::domain::script::core::identity;
use crate::domain::script::core::operand::{number, path};
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// The deepest parentheses.
const DEEPEST: u32 = 100;

/// What parsing gives: a value, or find's complaint; a [`Stop`] where something is real and not modelled.
type Parsed<T> = Result<Result<T, String>, Stop>;

/// Why parsing ends early.
enum Halt {
    Complaint(String),
    Stop(Stop),
}

impl From<String> for Halt {
    fn from(text: String) -> Self {
        Self::Complaint(text)
    }
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

pub(super) fn parse(system: &mut System<'_>, process: &Process) -> Parsed<Plan> {
    let words = process.arguments().to_vec();
    let mut parser = Parser { system, process, rest: &words, plan: Settings::default() };
    match parser.all() {
        Ok(plan) => Ok(Ok(plan)),
        Err(Halt::Complaint(text)) => Ok(Err(text)),
        Err(Halt::Stop(stop)) => Err(stop),
    }
}

#[derive(Default)]
struct Settings {
    follow: Follow,
    least: u32,
    most: Option<u32>,
    contents_first: bool,
    batches: usize,
    acts: bool,
}

struct Parser<'call, 'system> {
    system: &'call mut System<'system>,
    process: &'call Process,
    rest: &'call [Vec<u8>],
    plan: Settings,
}

fn shown(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}

impl Parser<'_, '_> {
    fn all(&mut self) -> Result<Plan, Halt> {
        while let Some(word) = self.rest.first() {
            match word.as_slice() {
                b"-P" => self.plan.follow = Follow::Never,
                b"-H" => self.plan.follow = Follow::Named,
                b"-L" => self.plan.follow = Follow::Always,
                b"--" => {
                    self.next();
                    break;
                }
                _ => break,
            }
            self.next();
        }
        let begins = |word: &Vec<u8>| matches!(word.as_slice(), [b'-', _, ..] | [b'(' | b'!' | b',' | b')']);
        let count = self.rest.iter().position(begins).unwrap_or(self.rest.len());
        let (starts, rest) = self.rest.split_at_checked(count).unwrap_or_default();
        self.rest = rest;
        let starts = if starts.is_empty() { vec![b".".to_vec()] } else { starts.to_vec() };
        let expression =
            if self.rest.is_empty() { Expression::Primary(Primary::Constant(true)) } else { self.each(0)? };
        if let Some(word) = self.rest.first() {
            return Err(format!(
                "invalid expression; you have used a binary operator '{}' with nothing before it.",
                shown(word)
            )
            .into());
        }
        let print = || Expression::Primary(Primary::Print { end: b'\n' });
        let expression = if self.plan.acts { expression } else { Expression::All(vec![expression, print()]) };
        let Settings { follow, least, most, contents_first, batches, .. } = self.plan;
        Ok(Plan { follow, starts, least, most, contents_first, expression, batches })
    }

    fn next(&mut self) -> Option<Vec<u8>> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first.clone())
    }

    fn takes(&mut self, words: &[&[u8]]) -> bool {
        let there = self.rest.first().is_some_and(|first| words.contains(&first.as_slice()));
        if there {
            self.next();
        }
        there
    }

    fn each(&mut self, depth: u32) -> Result<Expression, Halt> {
        let mut parts = vec![self.any(depth)?];
        while self.takes(&[b","]) {
            parts.push(self.any(depth)?);
        }
        Ok(one_or(parts, Expression::Each))
    }

    fn any(&mut self, depth: u32) -> Result<Expression, Halt> {
        let mut parts = vec![self.conjunction(depth)?];
        while self.takes(&[b"-o", b"-or"]) {
            parts.push(self.conjunction(depth)?);
        }
        Ok(one_or(parts, Expression::Any))
    }

    fn conjunction(&mut self, depth: u32) -> Result<Expression, Halt> {
        let mut parts = vec![self.term(depth)?];
        loop {
            let named = self.takes(&[b"-a", b"-and"]);
            let ends = |word: &Vec<u8>| matches!(word.as_slice(), b"-o" | b"-or" | b"," | b")");
            if !named && self.rest.first().is_none_or(ends) {
                return Ok(one_or(parts, Expression::All));
            }
            parts.push(self.term(depth)?);
        }
    }

    fn term(&mut self, depth: u32) -> Result<Expression, Halt> {
        if depth > DEEPEST {
            return Err(Stop::unsupported("find", "parentheses as deep as these").into());
        }
        let mut negated = false;
        while self.takes(&[b"!", b"-not"]) {
            negated = !negated;
        }
        let Some(word) = self.next() else {
            return Err("expected an expression after the last operator".to_owned().into());
        };
        let term = if word == b"(" {
            let inner = self.each(depth + 1)?;
            if !self.takes(&[b")"]) {
                let text = "invalid expression; I was expecting to find a ')' somewhere but did not see one.";
                return Err(text.to_owned().into());
            }
            inner
        } else {
            Expression::Primary(self.primary(&word)?)
        };
        Ok(if negated { Expression::Not(Box::new(term)) } else { term })
    }

    fn argument(&mut self, name: &[u8]) -> Result<Vec<u8>, Halt> {
        self.next().ok_or_else(|| format!("missing argument to `{}'", shown(name)).into())
    }

    fn primary(&mut self, name: &[u8]) -> Result<Primary, Halt> {
        let fold = name.starts_with(b"-i");
        Ok(match name {
            b"-name" | b"-iname" => Primary::Name(Glob { pattern: self.argument(name)?, fold }),
            b"-path" | b"-wholename" | b"-ipath" | b"-iwholename" => {
                Primary::Path(Glob { pattern: self.argument(name)?, fold })
            }
            b"-lname" | b"-ilname" => Primary::Target(Glob { pattern: self.argument(name)?, fold }),
            b"-type" | b"-xtype" => {
                let text = self.argument(name)?;
                let letters: Vec<u8> =
                    text.split(|byte| *byte == b',').filter_map(|part| part.first().copied()).collect();
                if let Some(unknown) = letters.iter().find(|letter| !b"fdlpcbs".contains(letter)) {
                    return Err(format!("Unknown argument to {}: {}", shown(name), char::from(*unknown)).into());
                }
                Primary::Type(letters, name == b"-xtype")
            }
            b"-perm" => {
                let text = self.argument(name)?;
                Primary::Perm(Permissions::parse(&text).ok_or_else(|| format!("invalid mode '{}'", shown(&text)))?)
            }
            b"-user" => {
                let text = self.argument(name)?;
                let uid = identity::uid(self.system, &text);
                let uid = uid.ok_or_else(|| format!("'{}' is not the name of a known user", shown(&text)))?;
                Primary::Uid(Compared::Exactly(uid.into()))
            }
            b"-group" => {
                let text = self.argument(name)?;
                let gid = identity::gid(self.system, &text);
                let gid = gid.ok_or_else(|| format!("'{}' is not the name of an existing group", shown(&text)))?;
                Primary::Gid(Compared::Exactly(gid.into()))
            }
            b"-uid" => Primary::Uid(self.compared(name)?),
            b"-gid" => Primary::Gid(self.compared(name)?),
            b"-nouser" => Primary::NoUser,
            b"-nogroup" => Primary::NoGroup,
            b"-links" => Primary::Links(self.compared(name)?),
            b"-mtime" => Primary::Age(self.compared(name)?, 86_400),
            b"-mmin" => Primary::Age(self.compared(name)?, 60),
            b"-size" => self.size(name)?,
            b"-newer" | b"-samefile" => {
                let file = self.argument(name)?;
                let found = path(self.process, &file)
                    .and_then(|at| self.system.stat(&at).map(|node| (node.meta.mtime, node.inode)));
                let (mtime, inode) = found.map_err(|error| format!("'{}': {error}", shown(&file)))?;
                if name == b"-newer" { Primary::NewerThan(mtime) } else { Primary::SameFile(inode) }
            }
            b"-empty" => Primary::Empty,
            b"-executable" => Primary::Executable,
            b"-true" | b"-readable" | b"-writable" => Primary::Constant(true),
            b"-false" => Primary::Constant(false),
            b"-maxdepth" => {
                self.plan.most = Some(self.depth(name)?);
                Primary::Constant(true)
            }
            b"-mindepth" => {
                self.plan.least = self.depth(name)?;
                Primary::Constant(true)
            }
            b"-depth" | b"-d" => {
                self.plan.contents_first = true;
                Primary::Constant(true)
            }
            b"-follow" => {
                self.plan.follow = Follow::Always;
                Primary::Constant(true)
            }
            b"-xdev" | b"-mount" | b"-noleaf" | b"-warn" | b"-nowarn" | b"-ignore_readdir_race" => {
                Primary::Constant(true)
            }
            b"-prune" => Primary::Prune,
            _ => self.action(name)?,
        })
    }

    fn action(&mut self, name: &[u8]) -> Result<Primary, Halt> {
        let action = match name {
            b"-print" => Primary::Print { end: b'\n' },
            b"-print0" => Primary::Print { end: 0 },
            b"-printf" => Primary::Printf(self.argument(name)?),
            b"-exec" | b"-execdir" => self.exec(name)?,
            b"-delete" => {
                self.plan.contents_first = true;
                Primary::Delete
            }
            b"-quit" => return Ok(Primary::Quit),
            b"-regex" | b"-iregex" | b"-regextype" | b"-newermt" | b"-ls" | b"-fls" | b"-fprint" | b"-fprint0"
            | b"-fprintf" | b"-ok" | b"-okdir" | b"-anewer" | b"-cnewer" | b"-atime" | b"-ctime" | b"-amin"
            | b"-cmin" | b"-fstype" | b"-inum" | b"-used" | b"-context" | b"-daystart" | b"-files0-from" | b"-help"
            | b"--help" | b"-version" | b"--version" => return Err(Stop::unsupported("find", shown(name)).into()),
            _ if name.starts_with(b"-newer") => return Err(Stop::unsupported("find", shown(name)).into()),
            _ if name.starts_with(b"-") => return Err(format!("unknown predicate `{}'", shown(name)).into()),
            _ => {
                let text = format!("paths must precede expression: `{}'", shown(name));
                return Err(text.into());
            }
        };
        self.plan.acts = true;
        Ok(action)
    }

    fn exec(&mut self, name: &[u8]) -> Result<Primary, Halt> {
        let mut words: Vec<Vec<u8>> = Vec::new();
        let in_folder = name == b"-execdir";
        while let Some(word) = self.next() {
            let together = word == b"+" && words.last().is_some_and(|last| last == b"{}");
            if word == b";" || together {
                if words.is_empty() {
                    return Err(format!("invalid argument `;' to `{}'", shown(name)).into());
                }
                if together && in_folder {
                    return Err(Stop::unsupported("find", "-execdir … +").into());
                }
                let batch = together.then_some(self.plan.batches);
                self.plan.batches += usize::from(together);
                if together {
                    words.pop();
                }
                return Ok(Primary::Exec(Exec { words, batch, in_folder }));
            }
            words.push(word);
        }
        Err(format!("missing argument to `{}'", shown(name)).into())
    }

    fn compared(&mut self, name: &[u8]) -> Result<Compared, Halt> {
        let text = self.argument(name)?;
        compared(&text).ok_or_else(|| format!("non-numeric argument to {}: '{}'", shown(name), shown(&text)).into())
    }

    fn size(&mut self, name: &[u8]) -> Result<Primary, Halt> {
        let text = self.argument(name)?;
        let (digits, unit) = match text.split_last() {
            Some((b'c', digits)) => (digits, 1),
            Some((b'w', digits)) => (digits, 2),
            Some((b'b', digits)) => (digits, 512),
            Some((b'k', digits)) => (digits, 1 << 10),
            Some((b'M', digits)) => (digits, 1 << 20),
            Some((b'G', digits)) => (digits, 1 << 30),
            _ => (text.as_slice(), 512),
        };
        let size = compared(digits).ok_or_else(|| format!("Invalid argument `{}' to -size", shown(&text)))?;
        Ok(Primary::Size(size, unit))
    }

    fn depth(&mut self, name: &[u8]) -> Result<u32, Halt> {
        let text = self.argument(name)?;
        let wrong = || {
            let name = shown(name);
            let text = shown(&text);
            format!("Expected a positive decimal integer argument to {name}, but got '{text}'")
        };
        Ok(number(&text).and_then(|value| u32::try_from(value).ok()).ok_or_else(wrong)?)
    }
}

fn compared(text: &[u8]) -> Option<Compared> {
    Some(match text.split_first() {
        Some((b'+', digits)) => Compared::MoreThan(number(digits)?),
        Some((b'-', digits)) => Compared::LessThan(number(digits)?),
        _ => Compared::Exactly(number(text)?),
    })
}

/// The only part itself, or all of them joined.
fn one_or(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}
