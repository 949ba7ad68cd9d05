//! `$NAME` and `${NAME…}`.

use super::expand::Style;
use super::syntax::{Action, Parameter, Part};
use super::text::{self, BREAK, Item, NULL};
use super::variables::ReadOnly;
use super::{Halt, Mode, Run, SELF, Shell};
use crate::domain::script::Stop;
use crate::domain::script::system::System;

/// What a text takes beside its bytes.
const ROOM: usize = size_of::<Vec<u8>>();

/// What a parameter holds.
enum Held {
    Unset,
    One(Vec<u8>),
    /// `$@` and `$*`, and bash's `${a[@]}`.
    Many(Vec<Vec<u8>>),
}

impl Shell {
    /// Expands a parameter.
    pub(super) fn parameter(
        &mut self,
        system: &mut System<'_>,
        parameter: &Parameter,
        style: Style,
        out: &mut Vec<Item>,
    ) -> Run<()> {
        let name = &parameter.name;
        let held = self.held(system, parameter)?;
        // What is looked at is copied; what goes on from here is paid for there.
        system.budget.charge(match &held {
            Held::Unset => 0,
            Held::One(value) => value.len() / 8,
            Held::Many(values) => values.iter().map(|value| value.len() + ROOM).sum::<usize>() / 8,
        });
        match &parameter.action {
            Action::Bad => return self.fail(system, b"Bad substitution"),
            Action::Value => {
                if matches!(held, Held::Unset) {
                    self.must_be_set(system, name)?;
                }
                self.put(system, parameter, held, style, out)?;
            }
            Action::Length => {
                let length = match held {
                    Held::Unset => {
                        self.must_be_set(system, name)?;
                        0
                    }
                    Held::One(value) => value.len(),
                    Held::Many(values) if self.mode == Mode::Bash => values.len(),
                    Held::Many(values) => values.join(&b' ').len(),
                };
                text::append(out, length.to_string().as_bytes(), style.flags());
            }
            Action::Default { colon, operator, word } => {
                let missing = match &held {
                    Held::Unset => true,
                    Held::One(value) => *colon && value.is_empty(),
                    Held::Many(values) => {
                        (*colon || self.mode == Mode::Bash && values.is_empty()) && values.iter().all(Vec::is_empty)
                    }
                };
                match (operator, missing) {
                    (b'+', true) => {}
                    (b'+', false) | (b'-', true) => {
                        self.expand(system, word, Style { operand: true, assigned: false, ..style }, out)?;
                    }
                    (_, false) => self.put(system, parameter, held, style, out)?,
                    (b'=', true) => {
                        if !super::word::is_variable(name) {
                            let text = [name.as_slice(), b": bad variable name"].concat();
                            return self.fail(system, &text);
                        }
                        let mut value = Vec::new();
                        let single = Style { fields: false, operand: true, ..style };
                        self.expand(system, word, single, &mut value)?;
                        let value = text::bytes(&value);
                        self.assign(system, name, value.clone())?;
                        text::append(out, &value, style.flags());
                    }
                    (_, true) => {
                        let mut message = [name.as_slice(), b": "].concat();
                        if word.is_empty() {
                            message.extend_from_slice(if *colon {
                                b"parameter not set or null"
                            } else {
                                b"parameter not set"
                            });
                        } else {
                            let mut words = Vec::new();
                            self.expand(system, word, Style { fields: false, ..style }, &mut words)?;
                            message.extend(text::bytes(&words));
                        }
                        return self.missing(system, &message);
                    }
                }
            }
            Action::Trim { suffix, longest, pattern } => {
                if matches!(held, Held::Unset) {
                    self.must_be_set(system, name)?;
                }
                let pattern = self.pattern(system, pattern)?;
                let budget = &mut system.budget;
                let mut cut = |value: Vec<u8>| {
                    let length = if *suffix {
                        pattern.suffix(budget, &value, *longest)?
                    } else {
                        pattern.prefix(budget, &value, *longest)?
                    };
                    let length = length.unwrap_or(0);
                    let kept = if *suffix { value.get(..value.len() - length) } else { value.get(length..) };
                    Ok::<_, Stop>(kept.unwrap_or_default().to_vec())
                };
                let held = match held {
                    Held::Unset => Held::One(Vec::new()),
                    Held::One(value) => Held::One(cut(value)?),
                    Held::Many(values) => Held::Many(values.into_iter().map(cut).collect::<Result<_, _>>()?),
                };
                self.put(system, parameter, held, style, out)?;
            }
            Action::Replace { all, anchor, pattern, text } => {
                let pattern = self.pattern(system, pattern)?;
                let text = self.single(system, text)?;
                let budget = &mut system.budget;
                let mut replace = |value: Vec<u8>| {
                    let mut new = Vec::new();
                    let mut rest = value.as_slice();
                    if *anchor == Some(b'%') {
                        return Ok(match pattern.suffix(budget, rest, true)? {
                            Some(length) => [rest.get(..rest.len() - length).unwrap_or_default(), &text].concat(),
                            None => value,
                        });
                    }
                    loop {
                        match pattern.prefix(budget, rest, true)?.filter(|length| *length > 0) {
                            Some(length) => {
                                budget.fits(new.len() + text.len())?;
                                new.extend(&text);
                                rest = rest.get(length..).unwrap_or_default();
                                if !all {
                                    break;
                                }
                            }
                            None if anchor.is_some() => break,
                            None => match rest.split_first() {
                                Some((byte, tail)) => {
                                    new.push(*byte);
                                    rest = tail;
                                }
                                None => break,
                            },
                        }
                        if rest.is_empty() {
                            break;
                        }
                    }
                    new.extend(rest);
                    Ok::<_, Stop>(new)
                };
                let held = match held {
                    Held::Unset => Held::One(Vec::new()),
                    Held::One(value) => Held::One(replace(value)?),
                    Held::Many(values) => Held::Many(values.into_iter().map(replace).collect::<Result<_, _>>()?),
                };
                self.put(system, parameter, held, style, out)?;
            }
            Action::Slice { offset, length } => {
                let offset = self.arithmetic(system, offset)?;
                let length = match length {
                    Some(length) => Some(self.arithmetic(system, length)?),
                    None => None,
                };
                let range = |size: usize, from: i64| {
                    let size = i64::try_from(size).unwrap_or(i64::MAX);
                    let start = if from < 0 { (size + from).max(0) } else { from.min(size) };
                    let end = match length {
                        None => size,
                        Some(length) if length < 0 => (size + length).max(start),
                        Some(length) => start.saturating_add(length).min(size),
                    };
                    usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0)
                };
                let held = match held {
                    Held::Unset => Held::One(Vec::new()),
                    Held::One(value) => Held::One(value.get(range(value.len(), offset)).unwrap_or_default().to_vec()),
                    Held::Many(mut values) => {
                        if parameter.index.is_none() {
                            values.insert(0, self.name.clone());
                        }
                        Held::Many(values.get(range(values.len(), offset)).unwrap_or_default().to_vec())
                    }
                };
                self.put(system, parameter, held, style, out)?;
            }
            Action::Case { upper, all } => {
                let change = |mut value: Vec<u8>| {
                    let length = if *all { value.len() } else { value.len().min(1) };
                    if let Some(part) = value.get_mut(..length) {
                        if *upper { part.make_ascii_uppercase() } else { part.make_ascii_lowercase() }
                    }
                    value
                };
                let held = match held {
                    Held::Unset => Held::One(Vec::new()),
                    Held::One(value) => Held::One(change(value)),
                    Held::Many(values) => Held::Many(values.into_iter().map(change).collect()),
                };
                self.put(system, parameter, held, style, out)?;
            }
            Action::Indirect => {
                let target = match held {
                    Held::One(target) if super::word::is_variable(&target) => target,
                    _ => return Err(Stop::unsupported("bash", "this kind of ${!…}").into()),
                };
                let value = self.lookup(&target)?.map_or(Held::Unset, Held::One);
                self.put(system, parameter, value, style, out)?;
            }
        }
        Ok(())
    }

    fn held(&mut self, system: &mut System<'_>, parameter: &Parameter) -> Run<Held> {
        if let Some(index) = &parameter.index {
            if let [Part::Quoted(all)] = index.as_slice()
                && matches!(all.as_slice(), b"@" | b"*")
            {
                let variable = self.variables.find(&parameter.name);
                return Ok(match variable {
                    Some(variable) => match &variable.array {
                        Some(array) => Held::Many(array.values().cloned().collect()),
                        None => Held::Many(variable.value.iter().cloned().collect()),
                    },
                    None => Held::Many(Vec::new()),
                });
            }
            let index = self.arithmetic(system, index)?;
            let variable = self.variables.find(&parameter.name);
            let value = variable.and_then(|variable| match &variable.array {
                Some(array) if index < 0 => {
                    array.keys().next_back().and_then(|last| array.get(&(last + 1 + index))).cloned()
                }
                Some(array) => array.get(&index).cloned(),
                None if index == 0 => variable.value.clone(),
                None => None,
            });
            return Ok(value.map_or(Held::Unset, Held::One));
        }
        Ok(match parameter.name.as_slice() {
            b"@" | b"*" => Held::Many(self.parameters.clone()),
            name => self.lookup(name)?.map_or(Held::Unset, Held::One),
        })
    }

    /// The value of a parameter that is one text.
    pub(super) fn lookup(&mut self, name: &[u8]) -> Run<Option<Vec<u8>>> {
        Ok(match name {
            b"#" => Some(self.parameters.len().to_string().into_bytes()),
            b"?" => Some(self.status.to_string().into_bytes()),
            b"$" => Some(SELF.to_string().into_bytes()),
            b"!" => match self.jobs.len() {
                0 => None,
                jobs => Some((SELF + u32::try_from(jobs).unwrap_or(0)).to_string().into_bytes()),
            },
            b"-" => Some(self.letters()),
            b"0" => Some(self.name.clone()),
            // Debian builds dash without it.
            b"LINENO" if self.mode == Mode::Bash => Some(self.line.to_string().into_bytes()),
            b"RANDOM" | b"SECONDS" | b"EPOCHSECONDS" | b"BASHPID" | b"SRANDOM" if self.mode == Mode::Bash => {
                let what = format!("${}", String::from_utf8_lossy(name));
                return Err(Stop::unsupported("bash", what).into());
            }
            _ if name.first().is_some_and(u8::is_ascii_digit) => {
                let number: Option<usize> = std::str::from_utf8(name).ok().and_then(|digits| digits.parse().ok());
                match number {
                    Some(0) => Some(self.name.clone()),
                    Some(number) => self.parameters.get(number - 1).cloned(),
                    None => None,
                }
            }
            _ => self.variables.get(name).cloned(),
        })
    }

    fn must_be_set(&mut self, system: &mut System<'_>, name: &[u8]) -> Run<()> {
        if self.on(b'u') && !matches!(name, b"@" | b"*") {
            let reason: &[u8] = if self.mode == Mode::Bash { b": unbound variable" } else { b": parameter not set" };
            return self.missing(system, &[name, reason].concat());
        }
        Ok(())
    }

    /// Ends the shell because a parameter has no value; bash has a status of its own for that.
    fn missing(&mut self, system: &mut System<'_>, text: &[u8]) -> Run<()> {
        self.fail(system, text).map_err(|halt| match halt {
            Halt::Exit(_) => Halt::Exit(127),
            halt => halt,
        })
    }

    /// Appends what a parameter holds.
    fn put(
        &mut self,
        system: &mut System<'_>,
        parameter: &Parameter,
        held: Held,
        style: Style,
        out: &mut Vec<Item>,
    ) -> Run<()> {
        let values = match held {
            Held::Unset => return Ok(()),
            Held::One(value) => {
                system.budget.bytes(value.len())?;
                text::append(out, &value, style.flags());
                return Ok(());
            }
            Held::Many(values) => values,
        };
        system.budget.bytes(values.iter().map(|value| value.len() + ROOM).sum())?;
        let star =
            parameter.name == b"*" || matches!(parameter.index.as_deref(), Some([Part::Quoted(all)]) if all == b"*");
        let ifs = self.variables.get(b"IFS").cloned();
        let joint = match &ifs {
            None => b" ".to_vec(),
            Some(ifs) => ifs.first().map(|byte| vec![*byte]).unwrap_or_default(),
        };
        for (number, value) in values.iter().enumerate() {
            if number > 0 {
                match (style.fields, style.quoted) {
                    (true, false) => out.push(BREAK),
                    (true, true) if !star => out.extend([BREAK, NULL]),
                    (false, _) if !star && self.mode == Mode::Bash => text::append(out, b" ", style.flags()),
                    _ => text::append(out, &joint, style.flags()),
                }
            } else if style.quoted && style.fields && !star {
                out.push(NULL);
            }
            text::append(out, value, style.flags());
        }
        Ok(())
    }

    /// Gives a variable a value.
    pub(super) fn set(&mut self, name: &[u8], value: Vec<u8>) -> Result<(), ReadOnly> {
        if name == b"OPTIND" {
            self.letter = 0;
        }
        self.variables.set(name, value)?;
        if self.on(b'a') {
            self.variables.mark(name, |variable| variable.exported = true);
        }
        Ok(())
    }

    /// Gives a variable a value, or ends the shell because it must not be changed.
    pub(super) fn assign(&mut self, system: &mut System<'_>, name: &[u8], value: Vec<u8>) -> Run<()> {
        system.budget.bytes(name.len() + value.len() + ROOM)?;
        match self.set(name, value) {
            Ok(()) => Ok(()),
            Err(ReadOnly) => {
                let reason: &[u8] = if self.mode == Mode::Bash { b": readonly variable" } else { b": is read only" };
                self.fail(system, &[name, reason].concat())
            }
        }
    }
}
