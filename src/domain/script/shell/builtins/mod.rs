//! The shell's own commands: one table, sorted by name.

use super::redirect::Saved;
use super::{Halt, Mode, Run, Shell};
use crate::domain::script::system::System;

mod control;
mod describe;
mod echo;
mod folders;
mod getopts;
mod names;
mod options;
mod printf;
mod read;
mod test;
mod trap;

pub(super) use test::{Files, compare_files};

/// How a built-in is called.
pub(super) struct Call<'a> {
    /// Its arguments, without its name.
    pub(super) arguments: &'a [Vec<u8>],
    /// A failure of what it runs is somebody's question.
    pub(super) tested: bool,
    /// What its redirections replaced; `exec` keeps them.
    pub(super) saved: &'a mut Saved,
}

/// A built-in.
pub(super) struct Builtin {
    pub(super) name: &'static str,
    /// A special one (POSIX 2.14): found before functions, its errors end the shell, assignments before it stay.
    pub(super) special: bool,
    /// Only bash has it.
    bash: bool,
    pub(super) run: fn(&mut Shell, &mut System<'_>, Call<'_>) -> Run,
}

const fn regular(name: &'static str, run: fn(&mut Shell, &mut System<'_>, Call<'_>) -> Run) -> Builtin {
    Builtin { name, special: false, bash: false, run }
}

const fn special(name: &'static str, run: fn(&mut Shell, &mut System<'_>, Call<'_>) -> Run) -> Builtin {
    Builtin { name, special: true, bash: false, run }
}

const fn bash(name: &'static str, run: fn(&mut Shell, &mut System<'_>, Call<'_>) -> Run) -> Builtin {
    Builtin { name, special: false, bash: true, run }
}

static TABLE: &[Builtin] = &[
    special(".", control::source),
    special(":", control::colon),
    regular("[", test::bracket),
    regular("alias", names::alias),
    regular("bg", control::unsupported),
    special("break", control::leave_loop),
    bash("builtin", control::unsupported),
    regular("cd", folders::cd),
    bash("chdir", folders::cd),
    regular("command", describe::command),
    special("continue", control::next_turn),
    bash("declare", names::declare),
    regular("echo", echo::echo),
    special("eval", control::eval),
    special("exec", control::exec),
    special("exit", control::exit),
    special("export", names::export),
    regular("false", control::no),
    regular("fg", control::unsupported),
    regular("getopts", getopts::getopts),
    regular("hash", describe::hash),
    regular("jobs", control::jobs),
    regular("kill", control::kill),
    bash("let", control::arithmetic),
    special("local", names::local),
    regular("printf", printf::printf),
    regular("pwd", folders::pwd),
    regular("read", read::read),
    special("readonly", names::readonly),
    special("return", control::give_back),
    special("set", options::set),
    special("shift", control::shift),
    bash("shopt", options::shopt),
    bash("source", control::source),
    regular("test", test::test),
    special("times", control::times),
    special("trap", trap::trap),
    regular("true", control::colon),
    regular("type", describe::of_type),
    bash("typeset", names::declare),
    regular("ulimit", folders::ulimit),
    regular("umask", folders::umask),
    regular("unalias", names::unalias),
    special("unset", names::unset),
    regular("wait", control::wait),
];

/// The built-in of a name.
pub(super) fn find(name: &[u8], mode: Mode) -> Option<&'static Builtin> {
    let at = TABLE.binary_search_by(|builtin| builtin.name.as_bytes().cmp(name)).ok()?;
    TABLE.get(at).filter(|builtin| mode == Mode::Bash || !builtin.bash)
}

impl Shell {
    /// Says what is wrong with a call; that ends the shell where the built-in is a special one.
    fn wrong(&mut self, system: &mut System<'_>, text: &[u8]) -> Run {
        self.complain(system, text)?;
        match self.mode {
            Mode::Dash => Err(Halt::Error(2)),
            Mode::Bash => Ok(1),
        }
    }

    /// Calls a built-in as a regular one: its errors do not end the shell.
    pub(super) fn contained(&mut self, system: &mut System<'_>, builtin: &'static Builtin, call: Call<'_>) -> Run {
        let outer = self.builtin.replace(builtin.name);
        let run = (builtin.run)(self, system, call);
        self.builtin = outer;
        match run {
            Err(Halt::Error(status)) => Ok(status),
            run => run,
        }
    }

    /// A number that a built-in was given.
    fn number(&mut self, system: &mut System<'_>, text: &[u8]) -> Run<Result<i64, u8>> {
        let parsed = std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        match parsed.and_then(|text| text.parse::<i32>().ok()) {
            Some(number) => Ok(Ok(i64::from(number))),
            None => {
                let status = self.wrong(system, &[b"Illegal number: ", text].concat())?;
                Ok(Err(status))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(TABLE.is_sorted_by(|one, other| one.name < other.name));
    }
}
