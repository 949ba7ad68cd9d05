//! What machine this is: uname(1), arch(1), hostname(1), nproc(1), tty(1), stty(1), mountpoint(1), ischroot(1). It is a
//! Linux of one processor called `localhost`, in a chroot with `/proc`, without a terminal.

use super::operand::{path, quoted, trimmed};
use super::options::{self, Known, Order, Takes};
use crate::base::Arch;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// The kernel that scripts see: bookworm's, of no particular build.
const RELEASE: &str = "6.1.0";
const VERSION: &str = "#1 SMP";
const HOST: &str = "localhost";

const UNAME: &[Known] = &[
    ("a", "all", Takes::Nothing),
    ("s", "kernel-name", Takes::Nothing),
    ("n", "nodename", Takes::Nothing),
    ("r", "kernel-release", Takes::Nothing),
    ("v", "kernel-version", Takes::Nothing),
    ("m", "machine", Takes::Nothing),
    ("p", "processor", Takes::Nothing),
    ("i", "hardware-platform", Takes::Nothing),
    ("o", "operating-system", Takes::Nothing),
];

const fn machine(arch: Arch) -> &'static str {
    match arch {
        Arch::Amd64 => "x86_64",
        Arch::Arm64 => "aarch64",
    }
}

/// Runs `uname`.
pub(super) fn uname(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, UNAME, Order::Permuted)? else { return Ok(1) };
    if let Some(extra) = line.operands.first() {
        return options::misused(system, process, &format!("extra operand {}", quoted(extra)), 1);
    }
    let given = |name: &str| line.options.iter().any(|option| option.name == name);
    if let Some(option) = line.options.iter().find(|option| matches!(option.name, "help" | "version")) {
        return Err(option.unmodelled("uname"));
    }
    let all = given("all");
    let parts = [
        ("kernel-name", "Linux", all || line.options.is_empty()),
        ("nodename", HOST, all),
        ("kernel-release", RELEASE, all),
        ("kernel-version", VERSION, all),
        ("machine", machine(system.arch), all),
        ("processor", "unknown", false),
        ("hardware-platform", "unknown", false),
        ("operating-system", "GNU/Linux", all),
    ];
    let words: Vec<&str> =
        parts.iter().filter(|(name, _, shown)| *shown || given(name)).map(|(_, text, _)| *text).collect();
    process.out(system, format!("{}\n", words.join(" ")).as_bytes())?;
    Ok(0)
}

/// Runs `arch`.
pub(super) fn arch(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let text = format!("{}\n", machine(system.arch));
    process.out(system, text.as_bytes())?;
    Ok(0)
}

/// Runs `hostname`. The full name is the one that `/etc/hosts` has for the short one; there is no other way to know it.
pub(super) fn hostname(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let name = match process.arguments() {
        [] => HOST.as_bytes().to_vec(),
        [only] => match only.as_slice() {
            b"-s" | b"--short" => HOST.as_bytes().to_vec(),
            b"-f" | b"--fqdn" | b"--long" => match full_name(system) {
                Some(name) => name,
                None => {
                    process.complain(system, "Name or service not known")?;
                    return Ok(1);
                }
            },
            b"-d" | b"--domain" => Vec::new(),
            _ => return Err(Stop::unsupported("hostname", format!("`{}`", String::from_utf8_lossy(only)))),
        },
        _ => return Err(Stop::unsupported("hostname", "several arguments")),
    };
    process.out(system, &[name.as_slice(), b"\n"].concat())?;
    Ok(0)
}

/// The first name of this machine's line in `/etc/hosts`.
fn full_name(system: &mut System<'_>) -> Option<Vec<u8>> {
    let hosts = system.read(b"etc/hosts").ok()?;
    hosts.split(|byte| *byte == b'\n').find_map(|line| {
        let line = line.split(|byte| *byte == b'#').next()?;
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).skip(1);
        let first = words.next()?;
        (first == HOST.as_bytes() || words.any(|word| word == HOST.as_bytes())).then(|| first.to_vec())
    })
}

/// Runs `nproc`.
pub(super) fn nproc(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    const OPTIONS: &[Known] = &[("", "all", Takes::Nothing), ("", "ignore", Takes::Value)];
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    if let Some(option) = line.options.iter().find(|option| matches!(option.name, "help" | "version")) {
        return Err(option.unmodelled("nproc"));
    }
    process.out(system, b"1\n")?;
    Ok(0)
}

/// Runs `tty`.
pub(super) fn tty(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    const OPTIONS: &[Known] = &[("s", "silent", Takes::Nothing), ("", "quiet", Takes::Nothing)];
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(2) };
    if line.options.is_empty() {
        process.out(system, b"not a tty\n")?;
    }
    Ok(1)
}

/// Runs `stty`.
pub(super) fn stty(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    process.complain(system, "'standard input': Inappropriate ioctl for device")?;
    Ok(1)
}

/// Runs `mountpoint`: the root, `/proc`, `/sys`, `/dev` and `/dev/pts` are what is mounted while packages are configured.
pub(super) fn mountpoint(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    const OPTIONS: &[Known] = &[
        ("q", "quiet", Takes::Nothing),
        ("d", "fs-devno", Takes::Nothing),
        ("x", "devno", Takes::Nothing),
        ("", "nofollow", Takes::Nothing),
    ];
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let mut quiet = false;
    for option in &line.options {
        match option.name {
            "quiet" => quiet = true,
            _ => return Err(option.unmodelled("mountpoint")),
        }
    }
    let [name] = line.operands.as_slice() else {
        return options::misused(system, process, "bad usage", 1);
    };
    let shown = String::from_utf8_lossy(name).into_owned();
    let at = match path(process, name).and_then(|at| {
        system.stat(&at)?;
        Ok(system.tree.real_path(&at)?.unwrap_or_default())
    }) {
        Ok(at) => at,
        Err(error) => {
            if !quiet {
                process.complain(system, &format!("{shown}: {error}"))?;
            }
            return Ok(1);
        }
    };
    let mounted = matches!(trimmed(&at), b"" | b"proc" | b"sys" | b"dev" | b"dev/pts");
    if !quiet {
        let text = format!("{shown} is {}a mountpoint\n", if mounted { "" } else { "not " });
        process.out(system, text.as_bytes())?;
    }
    Ok(if mounted { 0 } else { 32 })
}

/// Runs `ischroot` of debianutils.
pub(super) fn ischroot(_: &mut System<'_>, _: &mut Process) -> Result<u8, Stop> {
    Ok(0)
}
