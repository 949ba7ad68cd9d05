//! The commands of the protocol.
//!
//! Source: debconf-devel(7), "THE DEBCONF PROTOCOL"; `Debconf::ConfModule`, whose texts these are.

use super::super::failure::Failure;
use super::databases::Kind;
use super::dies;
use super::question::{Language, truth};
use super::session::{Element, Reply, Session};
use crate::domain::script::system::System;

const BAD: u32 = 10;
const SYNTAX: u32 = 20;
const SKIPPED: u32 = 30;
const INTERNAL: u32 = 100;

fn count() -> Reply {
    Reply::text(SYNTAX, "Incorrect number of arguments")
}

fn missing(question: &[u8]) -> Reply {
    Reply::text(BAD, [question, b" doesn't exist"].concat())
}

fn quoted_missing(question: &[u8]) -> Reply {
    Reply::text(BAD, [b"\"", question, b"\" doesn't exist"].concat())
}

impl Session {
    /// Does a command; `None` where there is no such command.
    ///
    /// # Errors
    /// Where debconf would die.
    pub(super) fn command(
        &mut self,
        system: &mut System<'_>,
        command: &[u8],
        words: &[Vec<u8>],
    ) -> Result<Option<Reply>, Failure> {
        let reply = match command {
            b"input" => self.input(words)?,
            b"clear" if words.is_empty() => {
                self.elements.clear();
                Reply::status(0)
            }
            b"version" => version(words),
            b"capb" => {
                self.capabilities = words.to_vec();
                Reply::text(0, "multiselect escape ")
            }
            b"title" => {
                self.title = words.join(&b' ');
                Reply::status(0)
            }
            b"settitle" => self.set_title(words)?,
            b"beginblock" | b"endblock" => Reply::status(0),
            b"go" if words.is_empty() => {
                self.go(system)?;
                Reply::text(0, "ok")
            }
            b"get" => self.get(words),
            b"set" => self.set(words),
            b"reset" => self.reset(words)?,
            b"subst" => self.substitute(words),
            b"register" => self.register(words)?,
            b"unregister" => self.unregister(words),
            b"purge" if words.is_empty() => {
                let owner = self.owner.clone();
                let questions = self.databases.names(Kind::Question);
                system.budget.step(questions.len() as u64 / 16)?;
                for question in questions {
                    self.databases.disown(&question, &owner);
                }
                Reply::status(0)
            }
            b"metaget" => self.meta(words)?,
            b"fget" => self.flag(words),
            b"fset" => self.set_flag(words),
            b"info" => match words {
                [] => Reply::status(0),
                [question] if self.knows(question) => Reply::status(0),
                [question] => quoted_missing(question),
                _ => count(),
            },
            b"progress" => self.progress(words)?,
            b"data" => self.data(system, words)?,
            b"visible" => match words {
                // Perl takes the question itself for the answer.
                [_, question] if self.knows(question) => Reply::text(0, "true"),
                [_, question] => missing(question),
                _ => count(),
            },
            b"exist" => match words {
                [question] => Reply::text(0, if self.knows(question) { "true" } else { "false" }),
                _ => count(),
            },
            b"x_loadtemplatefile" => self.load_file(system, words)?,
            b"clear" | b"go" | b"purge" => count(),
            _ => return Ok(None),
        };
        Ok(Some(reply))
    }

    fn input(&mut self, words: &[Vec<u8>]) -> Result<Reply, Failure> {
        let [priority, question] = words else { return Ok(count()) };
        if !self.knows(question) {
            return Ok(quoted_missing(question));
        }
        let Some(rank) = rank(priority) else {
            return Ok(Reply::text(SYNTAX, [b"\"", priority.as_slice(), b"\" is not a valid priority"].concat()));
        };
        self.priorities.insert(question.clone(), priority.clone());
        let type_ = self.databases.question_field(question, b"type")?.unwrap_or_default();
        let mut asked = true;
        if type_ != b"error" {
            asked = rank >= self.least() && (self.reshows() || self.databases.flag(question, b"seen") != b"true");
        }
        if !matches!(
            type_.split_first(),
            None | Some((b'b' | b'B', b"oolean"))
                | Some((b'e' | b'E', b"rror"))
                | Some((b'm' | b'M', b"ultiselect"))
                | Some((b'n' | b'N', b"ote"))
                | Some((b'p' | b'P', b"assword" | b"rogress"))
                | Some((b's' | b'S', b"elect" | b"tring"))
                | Some((b't' | b'T', b"ext"))
        ) {
            return Err(dies(format!("a question of type {}", String::from_utf8_lossy(&type_))).into());
        }
        let mark_seen = asked && self.databases.settings.is("noninteractive_seen");
        if self.elements.iter().all(|element| element.question != *question) {
            self.elements.push(Element { question: question.clone(), type_, mark_seen });
        }
        Ok(Reply::text(SKIPPED, "question skipped"))
    }

    /// The least priority that is asked.
    fn least(&self) -> u8 {
        let setting = self.databases.settings.get("priority").map(<[u8]>::to_vec);
        let asked = setting.or_else(|| {
            let value = self.knows(b"debconf/priority").then(|| self.databases.value(b"debconf/priority"));
            value.flatten().filter(|value| truth(value))
        });
        // Perl takes a word that is none of them for the lowest.
        rank(asked.as_deref().unwrap_or(b"high")).unwrap_or(0)
    }

    fn reshows(&self) -> bool {
        self.databases.settings.get("reshow").is_some_and(truth)
    }

    fn set_title(&mut self, words: &[Vec<u8>]) -> Result<Reply, Failure> {
        let [question] = words else { return Ok(count()) };
        if !self.knows(question) {
            return Ok(quoted_missing(question));
        }
        self.title = self.databases.text_of(question, b"description", Language::Own)?;
        Ok(Reply::status(0))
    }

    fn get(&self, words: &[Vec<u8>]) -> Reply {
        let [question] = words else { return count() };
        if !self.knows(question) {
            return missing(question);
        }
        match self.databases.value(question) {
            Some(value) => self.shown(&value),
            None => Reply::text(0, ""),
        }
    }

    fn set(&mut self, words: &[Vec<u8>]) -> Reply {
        let Some((question, value)) = words.split_first() else { return count() };
        if !self.knows(question) {
            return missing(question);
        }
        self.databases.set_value(question, &value.join(&b' '));
        Reply::text(0, "value set")
    }

    fn reset(&mut self, words: &[Vec<u8>]) -> Result<Reply, Failure> {
        let [question] = words else { return Ok(count()) };
        if !self.knows(question) {
            return Ok(missing(question));
        }
        let default = self.databases.question_field(question, b"default")?.unwrap_or_default();
        self.databases.set_value(question, &default);
        self.databases.set_flag(question, b"seen", b"false");
        Ok(Reply::status(0))
    }

    fn substitute(&mut self, words: &[Vec<u8>]) -> Reply {
        let [question, variable, value @ ..] = words else { return count() };
        if !self.knows(question) {
            return missing(question);
        }
        self.databases.set_variable(question, variable, &value.join(&b' '));
        Reply::status(0)
    }

    fn register(&mut self, words: &[Vec<u8>]) -> Result<Reply, Failure> {
        let [template, question] = words else { return Ok(count()) };
        if !self.knows(template) {
            return Ok(Reply::text(BAD, [b"No such template, \"", template.as_slice(), b"\""].concat()));
        }
        let type_ = self.databases.question_field(template, b"type")?.unwrap_or_default();
        let owner = self.owner.clone();
        if !self.knows(question) && !self.databases.new_question(question, &owner, &type_) {
            return Ok(Reply::text(INTERNAL, "Internal error making question"));
        }
        self.databases.add_owner(Kind::Question, question, &owner, &type_);
        self.databases.set_template(question, template);
        Ok(Reply::status(0))
    }

    fn unregister(&mut self, words: &[Vec<u8>]) -> Reply {
        let [question] = words else { return count() };
        if !self.knows(question) {
            return missing(question);
        }
        if self.elements.iter().any(|element| element.question == *question) {
            return Reply::text(BAD, [question.as_slice(), b" is busy, cannot unregister right now"].concat());
        }
        let owner = self.owner.clone();
        self.databases.disown(question, &owner);
        Reply::status(0)
    }

    fn meta(&self, words: &[Vec<u8>]) -> Result<Reply, Failure> {
        let [question, field] = words else { return Ok(count()) };
        if !self.knows(question) {
            return Ok(missing(question));
        }
        let databases = &self.databases;
        let value = match field.to_ascii_lowercase().as_slice() {
            b"name" => Some(question.clone()),
            b"template" => databases.template_of(question),
            b"value" => databases.value(question),
            b"owners" => Some(databases.owners(Kind::Question, question).join(&b", "[..])),
            b"priority" => self.priorities.get(question).cloned(),
            name @ (b"description" | b"extended_description" | b"choices") => {
                Some(databases.text_of(question, name, Language::Own)?)
            }
            // These are Perl's functions of the same name.
            name @ (b"new" | b"get" | b"iterator" | b"variable" | b"flag" | b"choices_split" | b"value_split"
            | b"addowner" | b"removeowner" | b"can" | b"isa" | b"debug" | b"warn" | b"_expand_vars") => {
                return Err(dies(format!("METAGET of {}", String::from_utf8_lossy(name))).into());
            }
            name => databases.question_field(question, name)?,
        };
        Ok(match value {
            Some(value) => self.shown(&value),
            None => Reply::text(BAD, [field.as_slice(), b" does not exist"].concat()),
        })
    }

    fn flag(&self, words: &[Vec<u8>]) -> Reply {
        let [question, flag] = words else { return count() };
        if !self.knows(question) {
            return missing(question);
        }
        // An old name of the contrary.
        if flag == b"isdefault" {
            let seen = self.databases.flag(question, b"seen") == b"true";
            return Reply::text(0, if seen { "false" } else { "true" });
        }
        Reply::text(0, self.databases.flag(question, flag))
    }

    fn set_flag(&mut self, words: &[Vec<u8>]) -> Reply {
        let [question, flag, value @ ..] = words else { return count() };
        if value.is_empty() {
            return count();
        }
        if !self.knows(question) {
            return missing(question);
        }
        let value = value.join(&b' ');
        if flag == b"seen" {
            self.seen.retain(|other| other != question);
        }
        if flag == b"isdefault" {
            let seen: &[u8] = if value == b"true" { b"false" } else { b"true" };
            self.databases.set_flag(question, b"seen", seen);
            return Reply::text(0, if seen == b"true" { "false" } else { "true" });
        }
        self.databases.set_flag(question, flag, &value);
        Reply::text(0, value)
    }

    fn progress(&mut self, words: &[Vec<u8>]) -> Result<Reply, Failure> {
        let Some((action, words)) = words.split_first() else { return Ok(count()) };
        let action = action.to_ascii_lowercase();
        match (action.as_slice(), words) {
            (b"start", [least, most, question]) => {
                if number(least) > number(most) {
                    let text = [b"min (", least.as_slice(), b") > max (", most, b")"].concat();
                    return Ok(Reply::text(SYNTAX, text));
                }
                if !self.knows(question) {
                    return Ok(missing(question));
                }
                self.progress = true;
            }
            (b"info", [question]) if !self.knows(question) => return Ok(missing(question)),
            (b"set" | b"step" | b"info", [_]) | (b"stop", []) if !self.progress => {
                return Err(dies("PROGRESS before its START").into());
            }
            (b"set" | b"step" | b"info", [_]) => {}
            (b"stop", []) => self.progress = false,
            (b"start" | b"set" | b"step" | b"info" | b"stop", _) => return Ok(count()),
            _ => return Ok(Reply::text(SYNTAX, "Unknown subcommand")),
        }
        Ok(Reply::text(0, "OK"))
    }

    fn data(&mut self, system: &mut System<'_>, words: &[Vec<u8>]) -> Result<Reply, Failure> {
        let [template, item, value @ ..] = words else { return Ok(count()) };
        if value.is_empty() {
            return Ok(count());
        }
        let value = unescaped(&value.join(&b' '));
        if !self.databases.has_template(template) {
            if item != b"type" {
                let text = [b"Template data field '", item.as_slice(), b"' received before type field"].concat();
                return Ok(Reply::text(BAD, text));
            }
            if !truth(&value) {
                return Err(dies("no template type specified").into());
            }
            let owner = self.owner.clone();
            self.databases.new_template(system, &mut self.process, template, &owner, &value)?;
        } else if item == b"type" {
            return Ok(Reply::text(BAD, "Template type already set"));
        } else {
            // Without its module to convert text, debconf forgets it; what cannot be converted is empty.
            match self.databases.charset {
                None => {}
                Some("utf-8") if std::str::from_utf8(&value).is_ok() => {
                    self.databases.set_field(Kind::Template, template, item, &value);
                }
                Some(_) => {
                    let value: &[u8] = if value.is_ascii() { &value } else { b"" };
                    self.databases.set_field(Kind::Template, template, item, value);
                }
            }
        }
        Ok(Reply::status(0))
    }

    fn load_file(&mut self, system: &mut System<'_>, words: &[Vec<u8>]) -> Result<Reply, Failure> {
        let (file, owner) = match words {
            [file] => (file, self.owner.clone()),
            [file, owner] => (file, owner.clone()),
            _ => return Ok(count()),
        };
        let shown = String::from_utf8_lossy(file).into_owned();
        let bytes = match system.read(&self.process.path(file)) {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Reply::text(BAD, format!("failed to open {shown}: {error}"))),
        };
        let loaded = self.databases.load_templates(system, &mut self.process, &bytes, &shown, &owner);
        match loaded {
            Ok(()) => Ok(Reply::status(0)),
            Err(Failure::Exit(_, text)) => Ok(Reply::text(INTERNAL, format!("{text}\\n"))),
            Err(stop) => Err(stop),
        }
    }
}

fn version(words: &[Vec<u8>]) -> Reply {
    match words {
        [] => Reply::text(0, "2.0"),
        [version] => match number(version).trunc() {
            low if low < 2.0 => Reply::text(SKIPPED, [b"Version too low (", version.as_slice(), b")"].concat()),
            high if high > 2.0 => Reply::text(SKIPPED, [b"Version too high (", version.as_slice(), b")"].concat()),
            _ => Reply::text(0, "2.0"),
        },
        _ => count(),
    }
}

fn rank(priority: &[u8]) -> Option<u8> {
    let all: [&[u8]; 4] = [b"low", b"medium", b"high", b"critical"];
    (0..).zip(all).find(|(_, name)| *name == priority).map(|(rank, _)| rank)
}

/// The number that a text begins with, as Perl has it.
fn number(text: &[u8]) -> f64 {
    let digits = |from: usize| text.get(from..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count();
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let mut end = sign + digits(sign);
    if text.get(end) == Some(&b'.') {
        end += 1 + digits(end + 1);
    }
    let exponent = end + 1 + usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
    if matches!(text.get(end), Some(b'e' | b'E')) && digits(exponent) > 0 {
        end = exponent + digits(exponent);
    }
    let text = String::from_utf8_lossy(text.get(..end).unwrap_or_default()).into_owned();
    text.parse().unwrap_or(0.0)
}

/// `\n`, `\"` and `\\` made what they stand for.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail.first()) {
            (b'\\', Some(next @ (b'n' | b'"' | b'\\'))) => {
                out.push(if *next == b'n' { b'\n' } else { *next });
                rest = tail.get(1..).unwrap_or_default();
            }
            _ => out.push(*first),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_what_a_text_begins_with() {
        let numbers = ["2.0", "2", "1.9x", "x", "-3", "2e1", ".5", "2e", ""].map(|text| number(text.as_bytes()));
        assert_eq!(numbers, [2.0, 2.0, 1.9, 0.0, -3.0, 20.0, 0.5, 2.0, 0.0]);
    }
}
