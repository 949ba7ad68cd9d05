//! What programs say of the machine that an image is built on. There is none: no process, no open port, nobody logged in,
//! no terminal; all the room that anybody asks for.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::failure::text;

/// `pgrep`(1), `pidof`(8), `pkill`(1), `killall`(1), `lsof`(8), `fuser`(1): nothing is found.
#[expect(clippy::unnecessary_wraps, reason = "an applet's signature")]
pub(super) fn no_process(_: &mut System<'_>, _: &mut Process) -> Result<u8, Stop> {
    Ok(1)
}

/// `who`(1), `users`(1): nobody.
#[expect(clippy::unnecessary_wraps, reason = "an applet's signature")]
pub(super) fn nobody(_: &mut System<'_>, _: &mut Process) -> Result<u8, Stop> {
    Ok(0)
}

/// `runlevel`(8): none.
pub(super) fn runlevel(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    process.out(system, b"unknown\n")?;
    Ok(1)
}

/// `ss`(8): the heading of an empty list.
pub(super) fn ss(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    process.out(system, b"State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n")?;
    Ok(0)
}

/// `tput`(1) without a terminal.
pub(super) fn tput(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    match process.env.get(&b"TERM"[..]).filter(|term| !term.is_empty()) {
        None => process.complain(system, "No value for $TERM and no -T specified")?,
        Some(term) => {
            let what = format!("unknown terminal \"{}\"", text(term));
            process.complain(system, &what)?;
        }
    }
    Ok(2)
}

/// `df`(1) `-P` and `--output=avail`: one filesystem, with a tebibyte free.
pub(super) fn df(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let args: Vec<Vec<u8>> = process.arguments().to_vec();
    let (options, operands): (Vec<_>, Vec<_>) = args.into_iter().partition(|arg| arg.starts_with(b"-"));
    if options == [b"--output=avail"] {
        let lines = b"1073741824\n".repeat(operands.len().max(1));
        process.out(system, &[b"     Avail\n", lines.as_slice()].concat())?;
        return Ok(0);
    }
    let known = |arg: &&Vec<u8>| !matches!(arg.as_slice(), b"-P" | b"-k" | b"-Pk" | b"-kP" | b"--portability" | b"--");
    if let Some(option) = options.iter().find(known) {
        return Err(Stop::unsupported("df", format!("option {}", text(option))));
    }
    if options.is_empty() {
        return Err(Stop::unsupported("df", "its report without -P"));
    }
    for operand in &operands {
        if !system.exists(&process.path(operand)) {
            process.complain(system, &format!("{}: No such file or directory", text(operand)))?;
            return Ok(1);
        }
    }
    process.out(system, b"Filesystem     1024-blocks  Used  Available Capacity Mounted on\n")?;
    for _ in 0..operands.len().max(1) {
        process.out(system, b"tmpfs           1073741824     0 1073741824       0% /\n")?;
    }
    Ok(0)
}

/// `systemd-detect-virt`(1): none, in a root of its own.
pub(super) fn systemd_detect_virt(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let args: Vec<String> = process.arguments().iter().map(|arg| text(arg)).collect();
    let quiet = args.iter().any(|arg| matches!(arg.as_str(), "-q" | "--quiet"));
    for arg in &args {
        match arg.as_str() {
            "-r" | "--chroot" => return Ok(0),
            "-q" | "--quiet" | "-c" | "--container" | "-v" | "--vm" => {}
            other => return Err(Stop::unsupported("systemd-detect-virt", format!("option {other}"))),
        }
    }
    if !quiet {
        process.out(system, b"none\n")?;
    }
    Ok(1)
}

/// `dnsdomainname`(1): none.
pub(super) fn dnsdomainname(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    process.out(system, b"\n")?;
    Ok(0)
}
