//! `emacs-package-install` of emacsen-common 3.0.4 to 3.0.8, where no Emacs is installed: a package of Lisp files is
//! noted, so that an Emacs that comes later compiles them.

use super::super::errno::Errno;
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::failure::{Failure, conclude, text};

const PROGRAMS: &str = "usr/lib/emacsen-common";
const STATE: &str = "var/lib/emacsen-common/state";

/// `emacs-package-install [--preinst|--postinst] PACKAGE`.
pub(super) fn emacs_package_install(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = run(system, process);
    conclude(system, process, result)
}

fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Failure> {
    let args: Vec<String> = process.arguments().iter().map(|arg| text(arg)).collect();
    let (first, package) = match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--preinst", package] => (true, (*package).to_owned()),
        [package] | ["--postinst", package] => (false, (*package).to_owned()),
        _ => return Err(Stop::unsupported("emacs-package-install", "its help").into()),
    };
    let note = format!("{STATE}/package/installed/{package}");
    if first {
        return match system.unlink(note.as_bytes()) {
            Ok(()) | Err(Errno::Missing) => Ok(0),
            Err(error) => Err(Failure::Exit(2, format!("ERROR: cannot unlink /{note}: {error}"))),
        };
    }
    let modern = system.exists(format!("{PROGRAMS}/packages/compat/{package}").as_bytes());
    let called_so = args.len() == 2;
    if modern != called_so {
        let how = if called_so {
            "called emacs-package-install as a new-style add-on, but has no compat file"
        } else {
            "called emacs-package-install as an old-style add-on, but has compat file"
        };
        process.write(system, 2, format!("ERROR: {package} is broken - {how}.\n").as_bytes()).map(drop)?;
    }
    let flavors = system.names(format!("{STATE}/flavor/installed").as_bytes());
    let flavors = flavors.map_err(|error| Failure::Exit(2, format!("chdir /{STATE}/flavor/installed: {error}")))?;
    if flavors.iter().any(|name| !name.starts_with(b".") && !name.ends_with(b"~")) {
        return Err(Stop::unsupported("emacs-package-install", "an Emacs that would compile the package").into());
    }
    if !modern {
        if system.exists(format!("{PROGRAMS}/packages/install/{package}").as_bytes()) {
            return Err(Stop::unsupported("emacs-package-install", "an add-on of the old style").into());
        }
        process.out(system, format!("Install {package} for emacs\n").as_bytes())?;
    }
    let kept = system.read(note.as_bytes()).map(|bytes| bytes.to_vec()).unwrap_or_default();
    let noted = system.write_file(note.as_bytes(), kept, 0o022);
    noted.map_err(|_| Failure::Exit(2, format!("touch /{note} failed")))?;
    Ok(0)
}
