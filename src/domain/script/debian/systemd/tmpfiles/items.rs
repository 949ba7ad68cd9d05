//! The lines of `tmpfiles.d`(5), by their paths: those that name one thing, and those whose path is a pattern.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::super::stop::Stop;
use super::super::super::super::system::System;
use super::super::super::failure::text;
use super::super::specifier::{self, Table, Unknown};
use super::super::words::{self, is_void};
use super::Call;
use super::place::{is_below, simple};
use crate::domain::script::core::identity;

/// A line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Item {
    /// Its letter.
    pub(super) kind: u8,
    /// From the root, without the `/` before it.
    pub(super) path: Vec<u8>,
    /// `+`: adds, or takes the place of what is there.
    pub(super) force: bool,
    /// `-`: may fail.
    pub(super) may_fail: bool,
    /// `=`: what is there of another kind goes.
    pub(super) replaces: bool,
    /// `?`: only where what a link leads to is there.
    pub(super) only_to_something: bool,
    pub(super) mode: Option<u32>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    /// `:` before each of the three: only of what is new.
    pub(super) new_only: (bool, bool, bool),
    /// `~` before the mode: as far as the old mode goes.
    pub(super) masked: bool,
    pub(super) argument: Option<Vec<u8>>,
    /// How old things get here, as it is written; nothing is cleaned.
    age: Vec<u8>,
}

/// All lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Items {
    arrays: Vec<Vec<Item>>,
    /// Lines that name one thing, by its path; and patterns.
    named: BTreeMap<Vec<u8>, usize>,
    patterns: BTreeMap<Vec<u8>, usize>,
}

/// What there is to say about a line.
#[derive(Debug, Default)]
pub(super) struct Says {
    pub(super) text: Option<String>,
    /// It is no line of `tmpfiles.d`.
    pub(super) wrong: bool,
    /// It cannot be used, for another reason.
    pub(super) failed: bool,
}

impl Says {
    fn wrong(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), wrong: true, failed: false }
    }
}

impl Item {
    /// The mode of what is new.
    pub(super) fn new_mode(&self) -> u32 {
        let folder = matches!(self.kind, b'd' | b'D' | b'v' | b'q' | b'Q');
        self.mode.unwrap_or(if folder { 0o755 } else { 0o644 })
    }

    /// Whether the line makes or removes a thing, and does not only change it.
    const fn owns(&self) -> bool {
        matches!(
            self.kind,
            b'f' | b'F'
                | b'd'
                | b'e'
                | b'D'
                | b'v'
                | b'q'
                | b'Q'
                | b'p'
                | b'L'
                | b'c'
                | b'b'
                | b'C'
                | b'w'
                | b'x'
                | b'X'
                | b'r'
                | b'R'
        )
    }

    /// Whether its path is a pattern.
    const fn has_pattern(&self) -> bool {
        matches!(
            self.kind,
            b'w' | b'x' | b'X' | b'r' | b'R' | b'e' | b'z' | b'm' | b'Z' | b't' | b'T' | b'a' | b'A' | b'h' | b'H'
        )
    }

    /// Whether two lines for one path can both stand.
    fn agrees(&self, other: &Self) -> bool {
        if !(self.owns() && other.owns()) {
            return true;
        }
        let with = |item: &Self| Self { kind: 0, force: false, may_fail: false, replaces: false, ..item.clone() };
        with(self) == with(other)
    }
}

impl Items {
    /// The lists of lines in the order in which they are carried out: what a line is below comes before it.
    pub(super) fn in_order(&self) -> Vec<usize> {
        let mut order = Vec::new();
        let mut seen = BTreeSet::new();
        let patterns: BTreeSet<usize> = self.patterns.values().copied().collect();
        let (later, first): (Vec<usize>, Vec<usize>) = (0..self.arrays.len()).partition(|at| patterns.contains(at));
        for at in first.into_iter().chain(later) {
            let mut chain = Vec::new();
            let mut here = Some(at);
            while let Some(at) = here.filter(|at| seen.insert(*at)) {
                chain.push(at);
                here = self.above(at);
            }
            order.extend(chain.into_iter().rev());
        }
        order
    }

    /// The lines of a list: those that make a thing before those that change it.
    pub(super) fn of(&self, at: usize) -> &[Item] {
        self.arrays.get(at).map(Vec::as_slice).unwrap_or_default()
    }

    /// The list of the nearest path above a list's.
    fn above(&self, at: usize) -> Option<usize> {
        let mut path = self.of(at).first()?.path.as_slice();
        while let Some(slash) = path.iter().rposition(|byte| *byte == b'/') {
            path = path.get(..slash)?;
            if let Some(above) = self.named.get(path).or_else(|| self.patterns.get(path)) {
                return Some(*above);
            }
        }
        None
    }

    fn put(&mut self, item: Item) -> Says {
        let map = if item.has_pattern() { &mut self.patterns } else { &mut self.named };
        let at = *map.entry(item.path.clone()).or_insert(self.arrays.len());
        if at == self.arrays.len() {
            self.arrays.push(Vec::new());
        }
        let Some(array) = self.arrays.get_mut(at) else { return Says::default() };
        let both_append = |other: &Item| [other, &item].into_iter().all(|item| item.kind == b'w' && item.force);
        if array.iter().any(|other| !other.agrees(&item) && !both_append(other)) {
            let shown = text(&item.path);
            return Says { text: Some(format!("Duplicate line for path \"/{shown}\", ignoring.")), ..Says::default() };
        }
        array.push(item);
        array.sort_by_key(|item| (!item.owns(), item.kind));
        Says::default()
    }

    /// Takes a line in.
    ///
    /// # Errors
    /// When what it asks for is not modelled.
    pub(super) fn take(&mut self, system: &mut System<'_>, call: &Call<'_>, line: &[u8]) -> Result<Says, Stop> {
        let Some((fields, rest)) = words::split(line, 6) else {
            return Ok(Says::wrong("Failed to parse line: Invalid argument"));
        };
        let [action, path, ..] = fields.as_slice() else { return Ok(Says::wrong("Syntax error.")) };
        let Some((kind, modifiers)) = action.split_first() else { return Ok(Says::wrong("Command too short ''.")) };
        let mut item = Item { kind: *kind, ..Item::default() };
        let (mut boot, mut encoded, mut credential, mut purge) = (false, false, false, false);
        for modifier in modifiers {
            let flag = match modifier {
                b'!' => &mut boot,
                b'+' => &mut item.force,
                b'-' => &mut item.may_fail,
                b'=' => &mut item.replaces,
                b'~' => &mut encoded,
                b'^' => &mut credential,
                b'$' => &mut purge,
                b'?' => &mut item.only_to_something,
                _ => return Ok(Says::wrong(format!("Unknown modifiers in command '{}'", text(action)))),
            };
            if std::mem::replace(flag, true) {
                return Ok(Says::wrong(format!("Unknown modifiers in command '{}'", text(action))));
            }
        }
        // Without --boot, and without a credential of that name, a line says nothing.
        if boot && !call.boot {
            return Ok(Says::default());
        }
        let known = matches!(
            kind,
            b'f' | b'F'
                | b'w'
                | b'd'
                | b'D'
                | b'e'
                | b'v'
                | b'q'
                | b'Q'
                | b'p'
                | b'L'
                | b'c'
                | b'b'
                | b'C'
                | b'x'
                | b'X'
                | b'r'
                | b'R'
                | b'z'
                | b'Z'
                | b'm'
                | b't'
                | b'T'
                | b'h'
                | b'H'
                | b'a'
                | b'A'
        );
        if !known {
            return Ok(Says::wrong(format!("Unknown command type '{}'.", char::from(*kind))));
        }
        let mut says = Says::default();
        let path = match specifier::expand(system, path, Table::Files) {
            Ok(path) => path,
            Err(unknown) => return Ok(leave_out(system, *kind, unknown)),
        };
        let Some(path) = path.strip_prefix(b"/") else {
            return Ok(Says::wrong(format!("Path '{}' not absolute.", text(&path))));
        };
        item.path = simple(path);
        if let Some(rest) = item.path.strip_prefix(b"var/run/") {
            let new = [b"run/", rest].concat();
            says.text = Some(format!(
                "Line references path below legacy directory /var/run/, updating /{} → /{}; please update the \
                 tmpfiles.d/ drop-in file accordingly.",
                text(&item.path),
                text(&new)
            ));
            item.path = new;
        }
        let within = |folders: &[&[u8]]| folders.iter().any(|folder| is_below(&item.path, folder));
        if within(&call.without) || !call.only.is_empty() && !within(&call.only) {
            return Ok(says);
        }
        if matches!(kind, b'x' | b'X' | b'r' | b'R') {
            // They say what is cleaned and removed.
            return Ok(says);
        }
        if credential {
            return Ok(says);
        }
        if !is_void(Some(&rest.to_vec())) {
            item.argument = Some(rest.to_vec());
        }
        match argument(system, &mut item, encoded)? {
            Argument::Fine => {}
            Argument::Skip => return Ok(says),
            Argument::Unknown(unknown) => return Ok(leave_out(system, *kind, unknown)),
            Argument::Wrong(what) => return Ok(Says::wrong(what)),
        }
        if let Some(wrong) = owner_and_mode(system, &mut item, &fields) {
            return Ok(Says::wrong(wrong));
        }
        item.age = fields.get(5).cloned().unwrap_or_default();
        let put = self.put(item);
        Ok(if put.text.is_some() { put } else { says })
    }
}

/// A line that is about something that only a running machine has.
fn leave_out(system: &mut System<'_>, kind: u8, Unknown(letter): Unknown) -> Says {
    // Without a machine's identity there is nothing of that name to be changed.
    if letter != 'm' && !matches!(kind, b'x' | b'X' | b'r' | b'R') {
        system.leave_out(format!("systemd-tmpfiles: lines with %{letter} were left out: they are about a machine"));
    }
    Says::default()
}

/// What comes of a line's last field.
enum Argument {
    Fine,
    /// The line says nothing.
    Skip,
    Unknown(Unknown),
    Wrong(String),
}

fn argument(system: &mut System<'_>, item: &mut Item, encoded: bool) -> Result<Argument, Stop> {
    let unmodelled = |what: &str| Err(Stop::unsupported("systemd-tmpfiles", what));
    if encoded {
        return unmodelled("a line with Base64 (`~`)");
    }
    if matches!(item.kind, b'C' | b'L' | b'f' | b'F' | b'w')
        && let Some(argument) = &item.argument
    {
        let Some(plain) = unescaped(argument) else {
            return Ok(Argument::Wrong(format!("Failed to unescape parameter to write: {}", text(argument))));
        };
        match specifier::expand(system, &plain, Table::Files) {
            Ok(argument) => item.argument = Some(argument),
            Err(unknown) => return Ok(Argument::Unknown(unknown)),
        }
    }
    match (item.kind, &item.argument) {
        (b'w', None) => return Ok(Argument::Wrong("Write file requires argument.".into())),
        (b'c' | b'b', None) => return Ok(Argument::Wrong("Device file requires argument.".into())),
        (b'a' | b'A', None) => return Ok(Argument::Wrong("Set ACLs requires argument.".into())),
        (b'h' | b'H', None) => return Ok(Argument::Wrong("Set file attribute requires argument.".into())),
        (b't' | b'T', None) => return Ok(Argument::Wrong("Set extended attribute requires argument.".into())),
        (b'L' | b'C', None) => {
            item.argument = Some([b"/usr/share/factory/", item.path.as_slice()].concat());
        }
        _ => {}
    }
    if item.kind == b'C' {
        let source = item.argument.clone().unwrap_or_default();
        let Some(source) = source.strip_prefix(b"/") else {
            return Ok(Argument::Wrong(format!("Source path '{}' is not absolute.", text(&source))));
        };
        let source = simple(source);
        if system.lstat(&source).is_err() {
            return Ok(Argument::Skip);
        }
        item.argument = Some(source);
    }
    Ok(Argument::Fine)
}

/// Reads the fields of mode, user and group; what is wrong with them.
fn owner_and_mode(system: &mut System<'_>, item: &mut Item, fields: &[Vec<u8>]) -> Option<String> {
    let field = |at: usize| fields.get(at).filter(|field| !is_void(Some(field))).map(Vec::as_slice);
    let split = |name: &[u8]| (name.starts_with(b":"), name.strip_prefix(b":").unwrap_or(name).to_vec());
    if let Some(user) = field(3) {
        let (new_only, name) = split(user);
        item.new_only.1 = new_only;
        item.uid = identity::uid(system, &name);
        if item.uid.is_none() {
            return Some(format!("Failed to resolve user '{}': No such process", text(&name)));
        }
    }
    if let Some(group) = field(4) {
        let (new_only, name) = split(group);
        item.new_only.2 = new_only;
        item.gid = identity::gid(system, &name);
        if item.gid.is_none() {
            return Some(format!("Failed to resolve group '{}': No such process", text(&name)));
        }
    }
    if let Some(mode) = field(2) {
        let digits = mode.iter().position(|byte| !matches!(byte, b'~' | b':')).unwrap_or(mode.len());
        let (marks, digits) = mode.split_at_checked(digits)?;
        item.masked = marks.contains(&b'~');
        item.new_only.0 = marks.contains(&b':');
        let octal = digits.iter().all(u8::is_ascii_digit);
        item.mode = u32::from_str_radix(&text(digits), 8).ok().filter(|mode| octal && *mode <= 0o7777);
        if item.mode.is_none() {
            return Some(format!("Invalid mode '{}'.", text(mode)));
        }
    }
    None
}

/// A text without its C escapes; `None` where one is none.
fn unescaped(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let (letter, after) = rest.split_first()?;
        rest = after;
        let digits = |count: usize, radix: u32, from: &[u8]| -> Option<u32> {
            let digits = std::str::from_utf8(from.get(..count)?).ok()?;
            let plain = digits.chars().all(|c| c.is_digit(radix));
            u32::from_str_radix(digits, radix).ok().filter(|number| plain && *number != 0)
        };
        let fixed = match letter {
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'\\' | b'"' | b'\'' => *letter,
            b's' => b' ',
            b'x' => {
                let number = digits(2, 16, rest)?;
                rest = rest.get(2..)?;
                u8::try_from(number).ok()?
            }
            b'u' | b'U' => {
                let count = if *letter == b'u' { 4 } else { 8 };
                let c = char::from_u32(digits(count, 16, rest)?)?;
                rest = rest.get(count..)?;
                out.extend(c.to_string().as_bytes());
                continue;
            }
            b'0'..=b'7' => {
                let all = [&[*letter], rest.get(..2)?].concat();
                rest = rest.get(2..)?;
                u8::try_from(digits(3, 8, &all)?).ok()?
            }
            _ => return None,
        };
        out.push(fixed);
    }
    Some(out)
}
