//! `dpkg`(1), as far as scripts may call it: questions. It installs nothing here.

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, conclude, text};
use super::{compare, query, status, usage};

/// `dpkg`.
pub(in super::super) fn dpkg(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = run(system, process);
    conclude(system, process, result)
}

fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Failure> {
    let args = process.arguments().to_vec();
    let Some((first, rest)) = args.split_first() else { return Err(usage(process, "need an action option")) };
    let action = text(first);
    match action.as_str() {
        "--compare-versions" => compare::compare(system, process, rest),
        "--print-architecture" | "--print-installation-architecture" => {
            let name = system.arch.name();
            process.out(system, format!("{name}\n").as_bytes())?;
            Ok(0)
        }
        "--print-foreign-architectures" => {
            let own = system.arch.name();
            let foreign: String = text(&super::read(system, "arch")?)
                .lines()
                .filter(|line| !line.is_empty() && *line != own)
                .map(|line| format!("{line}\n"))
                .collect();
            process.out(system, foreign.as_bytes())?;
            Ok(0)
        }
        "--version" => super::version(system, process, "Debian 'dpkg' package management program"),
        "--audit" | "-C" => audit(system),
        "--get-selections" => {
            let format = "${binary:Package}\\t\\t\\t\\t\\t\\t${db:Status-Want}\\n";
            if rest.is_empty() {
                return query::show(system, process, rest, format);
            }
            Err(Stop::unsupported("dpkg", "--get-selections with a pattern").into())
        }
        _ => {
            if let Some(feature) = action.strip_prefix("--assert-") {
                return compare::assert(process, feature);
            }
            if let Some(what) = action.strip_prefix("--validate-") {
                let operands = rest.strip_prefix(&[b"--".to_vec()]).unwrap_or(rest);
                return match (what, operands) {
                    ("pkgname" | "version" | "archname" | "trigname", [value]) => compare::validate(what, value),
                    ("pkgname" | "version" | "archname" | "trigname", _) => {
                        Err(usage(process, &format!("--validate-{what} takes one <{what}> argument")))
                    }
                    _ => Err(usage(process, &format!("unknown option {action}"))),
                };
            }
            let asks = ["-W", "-s", "-L", "-S", "-l", "-p", "--show", "--status", "--listfiles", "--search", "--list"];
            if asks.contains(&action.as_str()) {
                return query::dpkg_query(system, process).map_err(Failure::from);
            }
            Err(Stop::unsupported("dpkg", format!("called with {action}")).into())
        }
    }
}

/// `--audit`: silent where every package is what it should be.
fn audit(system: &mut System<'_>) -> Result<u8, Failure> {
    let sound = |record: &status::Record| {
        let [_, error, state] = record.status();
        error == "ok" && matches!(state, "installed" | "config-files" | "not-installed")
    };
    match status::load(system)?.iter().find(|record| !sound(record)) {
        None => Ok(0),
        Some(record) => {
            Err(Stop::unsupported("dpkg", format!("--audit would say something of {}", record.package())).into())
        }
    }
}
