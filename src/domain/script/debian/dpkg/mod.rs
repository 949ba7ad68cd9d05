//! dpkg's own programs, on the database below `/var/lib/dpkg`.

mod compare;
mod diversions;
mod divert;
mod file_order;
mod format;
mod list;
pub(super) mod pattern;
mod program;
mod query;
mod realpath;
mod statoverride;
mod status;
mod trigger;

pub(super) use divert::dpkg_divert;
pub(super) use program::dpkg;
pub(super) use query::dpkg_query;
pub(super) use realpath::dpkg_realpath;
pub(super) use statoverride::dpkg_statoverride;
pub(super) use status::installed_version;
pub(super) use trigger::dpkg_trigger;

use super::super::errno::Errno;
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::failure::Failure;
use crate::domain::rootfs::{Content, Kind};

/// Where the database is.
const ADMIN: &[u8] = b"var/lib/dpkg";

/// A command line of dpkg's programs: options first, each `--NAME VALUE` or `--NAME=VALUE`; the rest are operands.
struct Command {
    options: Vec<(String, Vec<u8>)>,
    operands: Vec<Vec<u8>>,
}

impl Command {
    /// Reads the command line. `known` holds the options' names, each with whether a value follows, in the form
    /// `add` or `divert=`; `letters` pairs short options with such names. Options that lead into another tree stop.
    fn parse(process: &Process, known: &[&str], letters: &[(u8, &str)]) -> Result<Self, Failure> {
        let mut this = Self { options: Vec::new(), operands: Vec::new() };
        let mut args = process.arguments().iter();
        while let Some(arg) = args.next() {
            if arg == b"--" {
                break;
            }
            let Some(rest) = arg.strip_prefix(b"-").filter(|rest| !rest.is_empty()) else {
                this.operands.push(arg.clone());
                break;
            };
            let (name, inline) = match rest.strip_prefix(b"-") {
                Some(long) => match long.iter().position(|byte| *byte == b'=') {
                    Some(at) => (text(long.get(..at)), long.get(at + 1..).map(<[u8]>::to_vec)),
                    None => (text(Some(long)), None),
                },
                None => {
                    let (letter, value) = rest.split_first().map_or((0, &b""[..]), |(letter, value)| (*letter, value));
                    let Some((_, name)) = letters.iter().find(|(other, _)| *other == letter) else {
                        return Err(usage(process, &format!("unknown option -{}", char::from(letter))));
                    };
                    (name.trim_end_matches('=').to_owned(), attached(value))
                }
            };
            // The tree's own root and database may be named.
            let own: Option<&[u8]> = match name.as_str() {
                "root" | "instdir" => Some(b"/"),
                "admindir" => Some(b"/var/lib/dpkg"),
                _ => None,
            };
            if let Some(own) = own {
                let value = inline.clone().or_else(|| args.next().cloned()).unwrap_or_default();
                if value.is_empty() || value == own {
                    continue;
                }
            }
            if own.is_some() || matches!(name.as_str(), "test" | "no-act" | "help") {
                let shown = process.name();
                return Err(Stop::unsupported(&shown, format!("option --{name}")).into());
            }
            let value = if known.iter().any(|known| known.strip_suffix('=') == Some(name.as_str())) {
                match inline.or_else(|| args.next().cloned()) {
                    Some(value) => value,
                    None => return Err(usage(process, &format!("--{name} option takes a value"))),
                }
            } else if name == "version"
                || known.contains(&name.as_str())
                || known.iter().any(|known| forced(known, &name))
            {
                inline.unwrap_or_default()
            } else {
                return Err(usage(process, &format!("unknown option --{name}")));
            };
            this.options.push((name, value));
        }
        this.operands.extend(args.cloned());
        Ok(this)
    }

    fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(option, _)| option == name)
    }

    fn value(&self, name: &str) -> Option<&[u8]> {
        self.options.iter().rev().find(|(option, _)| option == name).map(|(_, value)| value.as_slice())
    }
}

/// The value that follows a letter at once: `-fVALUE` or `-f=VALUE`.
fn attached(value: &[u8]) -> Option<Vec<u8>> {
    let value = value.strip_prefix(b"=").unwrap_or(value);
    (!value.is_empty()).then(|| value.to_vec())
}

/// `force-*` stands for every name that begins so.
fn forced(known: &str, name: &str) -> bool {
    known.strip_suffix('*').is_some_and(|start| name.starts_with(start))
}

fn text(bytes: Option<&[u8]>) -> String {
    super::failure::text(bytes.unwrap_or_default())
}

/// `NAME: error: TEXT`, and where help is.
fn usage(process: &Process, text: &str) -> Failure {
    let help = match process.name().as_str() {
        "dpkg-divert" => "Use --help for help about diverting files.",
        "dpkg-statoverride" => "Use --help for help about overriding file stat information.",
        "dpkg-trigger" => "Type dpkg-trigger --help for help about this utility.",
        "dpkg-query" => "Use --help for help about querying packages.",
        _ => {
            "Type dpkg --help for help about installing and deinstalling packages [*];\n\
              Use 'apt' or 'aptitude' for user-friendly package management;\n\
              Type dpkg -Dhelp for a list of dpkg debug flag values;\n\
              Type dpkg --force-help for a list of forcing options;\n\
              Type dpkg-deb --help for help about manipulating *.deb files;\n\n\
              Options marked [*] produce a lot of output - pipe it through 'less' or 'more' !"
        }
    };
    Failure::Exit(2, format!("error: {text}\n\n{help}"))
}

/// The bytes of a file of the database; nothing where it is not there.
fn read(system: &mut System<'_>, name: &str) -> Result<Vec<u8>, Failure> {
    let path = [ADMIN, b"/", name.as_bytes()].concat();
    match system.read(&path) {
        Ok(bytes) => Ok(bytes.to_vec()),
        Err(Errno::Missing) => Ok(Vec::new()),
        Err(error) => Err(Failure::call("cannot read", &path, error)),
    }
}

/// Writes a file of the database anew; with `keep`, what was there before stays as `NAME-old`.
fn write(system: &mut System<'_>, name: &str, bytes: Vec<u8>, keep: bool) -> Result<(), Failure> {
    let path = [ADMIN, b"/", name.as_bytes()].concat();
    let old = [path.as_slice(), b"-old"].concat();
    let result = if keep && system.lstat(&path).is_ok() { system.rename(&path, &old) } else { Ok(()) };
    let kind = Kind::File(Content::bytes(bytes));
    result
        .and_then(|()| system.replace(&path, kind, 0o644))
        .map_err(|error| Failure::call("error installing new", &path, error))
}

/// `--version`: that of the installed dpkg.
fn version(system: &mut System<'_>, process: &mut Process, who: &str) -> Result<u8, Failure> {
    let version = installed_version(system, "dpkg")?.map(|version| version.without_epoch().to_string());
    let version = version.unwrap_or_default();
    let text = format!(
        "{who} version {version} ({}).\nThis is free software; see the GNU General Public License version 2 or\n\
         later for copying conditions. There is NO warranty.\n",
        system.arch.name(),
    );
    process.out(system, text.as_bytes())?;
    Ok(0)
}
