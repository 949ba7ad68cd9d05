//! `java` and `keytool`, in the calls that Debian's maintainer scripts make and in no other.
//!
//! | call | whose |
//! |---|---|
//! | `java -jar …/ca-certificates-java.jar -storepass PASSWORD` | `ca-certificates-java`: see [`update`] |
//! | `java -version` | `ca-certificates-java`: which Java it is |
//! | `java -Xshare:dump` | `openjdk-*-jre-headless`: left out |
//! | `keytool -list -rfc` | `ca-certificates-java`: see [`mod@keytool`] |

mod jar;
mod keytool;
mod store;
mod update;

use super::super::command;
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::failure::{conclude, text};

pub(super) use keytool::keytool;

/// `java`.
pub(super) fn java(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let args: Vec<String> = process.arguments().iter().map(|arg| text(arg)).collect();
    // What a virtual machine may use, and which of them it is.
    let tunes = |arg: &&String| arg.starts_with("-Xm") || matches!(arg.as_str(), "-client" | "-server");
    let rest: Vec<&str> = args.iter().skip_while(tunes).map(String::as_str).collect();
    match rest.as_slice() {
        ["-jar", jar, arguments @ ..] if jar.ends_with("/ca-certificates-java.jar") => {
            let result = update::update(system, process, jar, arguments);
            conclude(system, process, result)
        }
        ["-version"] => version(system, process),
        ["-Xshare:dump", more @ ..] if more.iter().all(|arg| arg.starts_with("-X")) => {
            system
                .leave_out("java -Xshare:dump: no archive of classes was made: the virtual machine starts without it");
            Ok(0)
        }
        _ => Err(Stop::unsupported("java", format!("the call `java {}`", args.join(" ")))),
    }
}

/// The folder of the Java that runs: two above the program, links followed. `None` where that is no place of one.
fn home(system: &System<'_>, process: &Process) -> Option<Vec<u8>> {
    let name = process.args.first()?;
    let program = system.tree.real_path(&command::find(system, process, name)?).ok()??;
    let home = program.strip_suffix(b"/bin/java").or_else(|| program.strip_suffix(b"/bin/keytool"))?;
    Some(home.to_vec())
}

/// `java -version`: what the file `release` in its folder says, on standard error.
fn version(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(home) = home(system, process) else { return Err(Stop::unsupported("java", "a Java without a folder")) };
    let release = system.read(&[&home[..], b"/release"].concat()).map(|bytes| text(&bytes)).unwrap_or_default();
    let setting = |name: &str| {
        let mut lines = release.lines().filter_map(|line| line.split_once('='));
        lines.find(|(other, _)| *other == name).map(|(_, value)| value.trim_matches('"').to_owned())
    };
    let (Some(version), Some(build)) = (setting("JAVA_VERSION"), setting("JAVA_RUNTIME_VERSION")) else {
        return Err(Stop::unsupported("java", "-version of a Java whose folder has no file `release` that says it"));
    };
    let date = setting("JAVA_VERSION_DATE").map(|date| format!(" {date}")).unwrap_or_default();
    let shares = system.exists(&[&home[..], b"/lib/server/classes.jsa"].concat());
    let sharing = if shares { ", sharing" } else { "" };
    let lines = format!(
        "openjdk version \"{version}\"{date}\nOpenJDK Runtime Environment (build {build})\n\
         OpenJDK 64-Bit Server VM (build {build}, mixed mode{sharing})\n"
    );
    process.write(system, 2, lines.as_bytes()).map(drop)?;
    Ok(0)
}
