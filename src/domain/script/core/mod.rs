//! The core utilities that work on files, and small ones: one file each, or one for a few of a kind.
//!
//! Shared by them: `options` (command lines), `operand` (file names), `target` (where copies and links go), `mode`,
//! `identity` (users and groups), `canonical` (names without links), `attributes`, `clock`, `pattern`.

mod attributes;
pub(super) mod canonical;
mod capability;
mod chmod;
mod chown;
pub(super) mod clock;
mod cmp;
mod copy;
mod cp;
mod date;
mod dd;
mod dirname;
mod echo;
mod env;
mod find;
mod getopt;
mod id;
pub(super) mod identity;
mod install;
mod launch;
mod ln;
mod ls;
mod mkdir;
mod mknod;
mod mktemp;
pub(super) mod mode;
mod mv;
mod nothing;
pub(super) mod operand;
pub(super) mod options;
pub(super) mod pattern;
mod readlink;
mod rm;
mod run_parts;
mod stat;
mod target;
pub(super) mod test;
mod touch;
mod uname;
mod xargs;

use super::command::Applet;

/// Programs by their names, sorted.
pub(super) const APPLETS: &[(&str, Applet)] = &[
    ("[", test::run),
    ("arch", uname::arch),
    ("basename", dirname::basename),
    ("chattr", nothing::chattr),
    ("chgrp", chown::chgrp),
    ("chmod", chmod::run),
    ("chown", chown::chown),
    ("chroot", launch::chroot),
    ("cmp", cmp::cmp),
    ("cp", cp::run),
    ("date", date::run),
    ("dd", dd::dd),
    ("diff", cmp::diff),
    ("dirname", dirname::dirname),
    ("echo", echo::echo),
    ("env", env::env),
    ("false", echo::no),
    ("find", find::run),
    ("flock", launch::flock),
    ("getcap", capability::getcap),
    ("getent", id::getent),
    ("getopt", getopt::run),
    ("groups", id::groups),
    ("hostname", uname::hostname),
    ("id", id::id),
    ("install", install::run),
    ("ionice", launch::ionice),
    ("ischroot", uname::ischroot),
    ("ln", ln::run),
    ("logger", nothing::logger),
    ("logname", id::logname),
    ("ls", ls::run),
    ("mkdir", mkdir::mkdir),
    ("mkfifo", mknod::mkfifo),
    ("mknod", mknod::mknod),
    ("mktemp", mktemp::mktemp),
    ("mountpoint", uname::mountpoint),
    ("mv", mv::run),
    ("nice", launch::nice),
    ("nohup", launch::nohup),
    ("nproc", uname::nproc),
    ("printenv", env::printenv),
    ("pwd", echo::pwd),
    ("readlink", readlink::readlink),
    ("realpath", readlink::realpath),
    ("rm", rm::run),
    ("rmdir", mkdir::rmdir),
    ("run-parts", run_parts::run),
    ("setcap", capability::setcap),
    ("setsid", launch::setsid),
    ("sleep", nothing::sleep),
    ("stat", stat::run),
    ("stdbuf", launch::stdbuf),
    ("stty", uname::stty),
    ("sync", nothing::sync),
    ("tempfile", mktemp::tempfile),
    ("test", test::run),
    ("timeout", launch::timeout),
    ("touch", touch::run),
    ("true", echo::yes),
    ("truncate", dd::truncate),
    ("tty", uname::tty),
    ("uname", uname::uname),
    ("whoami", id::whoami),
    ("xargs", xargs::run),
];

#[cfg(test)]
mod tests {
    use super::APPLETS;

    #[test]
    fn names_are_sorted() {
        assert!(APPLETS.is_sorted_by(|(one, _), (other, _)| one < other));
    }
}
