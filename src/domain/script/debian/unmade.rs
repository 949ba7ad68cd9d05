//! Programs that make keys, a machine's identity, or the data of a service. Nothing of that is made while an image is
//! built: every container of the image would have the same. Each call is noted in [`System::notes`] and succeeds, so that
//! the script goes on; a call that asks for something else is not modelled.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::failure::text;

/// A program, the beginning that its command line must have (any is fine where it is empty), and what is left out.
const CALLS: [(&str, &[&str], &str); 16] = [
    ("dbus-uuidgen", &["--ensure"], "no machine identity was made"),
    ("exim4", &["-bV"], "its configuration was not checked"),
    ("initdb", &[], "no database cluster was made: one must be made when the server first starts"),
    ("journalctl", &["--update-catalog"], "the catalog of the journal's messages was not compiled"),
    ("mariadb-install-db", &[], "no database was made: one must be made when the server first starts"),
    ("mariadbd", &["--bootstrap"], "no database was made: one must be made when the server first starts"),
    ("my_print_defaults", &[], "the server's option files were not read"),
    ("mysqld", &["--bootstrap"], "no database was made: one must be made when the server first starts"),
    ("openssl", &["req"], "no key and no certificate were made"),
    ("ssh-keygen", &["-A"], "no host keys were made: they must be made when the server first starts"),
    ("ssh-keygen", &["-l"], "no host keys were made: they must be made when the server first starts"),
    ("ssh-keygen", &["-t"], "no host keys were made: they must be made when the server first starts"),
    ("sysctl", &[], "no setting of the kernel was changed"),
    ("systemd-hwdb", &["update"], "the database of hardware was not compiled"),
    ("udevadm", &["hwdb"], "the database of hardware was not compiled"),
    ("udevadm", &["control"], "no device manager was told anything"),
];

/// Shell scripts of the tree that make nothing but a key: they stand for themselves nowhere, as every step after the key
/// needs it.
pub(super) const SCRIPTS: [(&str, &str); 1] =
    [("make-ssl-cert", "no key and no certificate were made: they must be made when a container first starts")];

/// Any of them.
pub(super) fn unmade(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let name = process.name();
    let args: Vec<String> = process.arguments().iter().map(|arg| text(arg)).collect();
    let asks = |beginning: &[&str]| beginning.iter().all(|word| args.iter().any(|arg| arg == word));
    let known = CALLS.iter().find(|(program, beginning, _)| *program == name && asks(beginning));
    let Some((_, _, what)) = known else {
        return Err(Stop::unsupported(&name, format!("the call `{name} {}`", args.join(" "))));
    };
    // What comes in is read, as the program would: whoever writes it is not told that nobody listens.
    let _ = process.read_all(system, 0);
    system.leave_out(format!("{name}: {what}"));
    Ok(0)
}

/// A script of [`SCRIPTS`].
#[expect(clippy::unnecessary_wraps, reason = "an applet's signature")]
pub(super) fn unmade_script(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let name = process.name();
    let what = SCRIPTS.iter().find(|(script, _)| *script == name).map_or("nothing was made", |(_, what)| *what);
    system.leave_out(format!("{name}: {what}"));
    Ok(0)
}

/// `systemd-machine-id-setup`: an empty `/etc/machine-id`, which a first start fills (machine-id(5)).
pub(super) fn systemd_machine_id_setup(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let name = process.name();
    let roots = |arg: &&Vec<u8>| !arg.starts_with(b"--root=/") || arg.iter().skip(8).any(|byte| *byte != b'/');
    if let Some(other) = process.arguments().iter().find(roots) {
        return Err(Stop::unsupported(&name, format!("the argument `{}`", text(other))));
    }
    if !system.exists(b"etc/machine-id")
        && let Err(error) = system.create(b"etc/machine-id", Vec::new(), 0o644)
    {
        let line = format!("Cannot open /etc/machine-id: {error}\n");
        process.write(system, 2, line.as_bytes()).map(drop)?;
        return Ok(1);
    }
    system.leave_out(format!("{name}: no machine identity was made: a first start makes one"));
    Ok(0)
}
