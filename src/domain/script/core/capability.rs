//! setcap(8) and getcap(8): file capabilities (capabilities(7)).
//!
//! They are the extended attribute `security.capability`, here in its version 2 of `struct vfs_cap_data`
//! (`linux/capability.h`), five little-endian words:
//!
//! ```text
//! 0x02000000 | effective   permitted[0]   inheritable[0]   permitted[1]   inheritable[1]
//! ```
//!
//! The effective bit is one for all capabilities: a file has all of its permitted and inheritable ones in force, or none.

use super::operand::path;
use crate::domain::rootfs::Kind;
use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const ATTRIBUTE: &str = "security.capability";
const VERSION: u32 = 0x0200_0000;

/// Capabilities by their numbers.
const NAMES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// The three sets, a bit a capability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sets {
    effective: u64,
    permitted: u64,
    inheritable: u64,
}

impl Sets {
    /// Reads cap_text_formats(7): clauses of names and `[+-=][eip]…`; `None` where it is none.
    fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let mut sets = Self::default();
        for clause in text.split_ascii_whitespace() {
            let at = clause.find(['+', '-', '='])?;
            let (names, mut actions) = clause.split_at_checked(at)?;
            let mask = match names.to_ascii_lowercase().as_str() {
                "" if actions.starts_with('=') => all(),
                "all" => all(),
                names => names.split(',').try_fold(0, |mask, name| Some(mask | 1 << number(name)?))?,
            };
            while let Some(operator) = actions.chars().next() {
                let rest = actions.get(1..)?;
                let end = rest.find(['+', '-', '=']).unwrap_or(rest.len());
                let (flags, next) = rest.split_at_checked(end)?;
                actions = next;
                if !flags.chars().all(|flag| "eip".contains(flag)) {
                    return None;
                }
                for (flag, set) in
                    [('e', &mut sets.effective), ('p', &mut sets.permitted), ('i', &mut sets.inheritable)]
                {
                    let named = flags.contains(flag);
                    match operator {
                        '+' if named => *set |= mask,
                        '-' if named => *set &= !mask,
                        '=' => *set = if named { *set | mask } else { *set & !mask },
                        _ => {}
                    }
                }
            }
        }
        Some(sets)
    }

    /// The attribute's bytes; `None` when some of what is permitted or inheritable is in force and some is not, which no
    /// file can say.
    fn to_bytes(self) -> Option<Vec<u8>> {
        let others = self.permitted | self.inheritable;
        if self.effective != 0 && others & !self.effective != 0 {
            return None;
        }
        let effective = u32::from(self.effective != 0);
        let mut bytes = (VERSION | effective).to_le_bytes().to_vec();
        for half in [0, 32] {
            for set in [self.permitted, self.inheritable] {
                bytes.extend(((set >> half) & 0xffff_ffff).to_le_bytes().into_iter().take(4));
            }
        }
        Some(bytes)
    }

    /// Reads the attribute.
    fn of(bytes: &[u8]) -> Option<Self> {
        let words: Vec<u64> = bytes
            .chunks(4)
            .map(|word| word.try_into().map(u32::from_le_bytes).map(u64::from).ok())
            .collect::<Option<_>>()?;
        let [head, p0, i0, p1, i1, ..] = words.as_slice() else { return None };
        let (permitted, inheritable) = (p0 | p1 << 32, i0 | i1 << 32);
        Some(Self { effective: if head & 1 == 1 { permitted | inheritable } else { 0 }, permitted, inheritable })
    }

    /// As cap_to_text(3) has it: `cap_net_raw=ep`, further groups with `+`, those of the highest flags first.
    fn text(self) -> String {
        let flags_of = |number: usize| {
            let flag = |set: u64, bit: usize| if set >> number & 1 == 1 { bit } else { 0 };
            flag(self.effective, 1) | flag(self.permitted, 2) | flag(self.inheritable, 4)
        };
        let letters = |flags: usize| -> String {
            [('e', 1), ('i', 4), ('p', 2)]
                .into_iter()
                .filter(|(_, bit)| flags & bit != 0)
                .map(|(letter, _)| letter)
                .collect()
        };
        let first = flags_of(0);
        if (0..NAMES.len()).all(|number| flags_of(number) == first) {
            return format!("={}", letters(first));
        }
        let mut text = String::new();
        for flags in (1..8).rev() {
            let names: Vec<String> = (0_usize..)
                .zip(NAMES)
                .filter(|(number, _)| flags_of(*number) == flags)
                .map(|(_, name)| format!("cap_{name}"))
                .collect();
            if !names.is_empty() {
                let (gap, sign) = if text.is_empty() { ("", '=') } else { (" ", '+') };
                text.push_str(&format!("{gap}{}{sign}{}", names.join(","), letters(flags)));
            }
        }
        text
    }
}

const fn all() -> u64 {
    (1 << NAMES.len()) - 1
}

fn number(name: &str) -> Option<usize> {
    let name = name.strip_prefix("cap_")?;
    NAMES.iter().position(|other| *other == name)
}

/// Runs `setcap`.
pub(super) fn setcap(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let mut words = process.arguments().to_vec().into_iter().peekable();
    let mut any = false;
    while let Some(word) = words.next() {
        let new = match word.as_slice() {
            b"-q" => continue,
            b"-r" => None,
            b"-v" | b"-n" | b"-" | b"-h" | b"--license" => {
                return Err(Stop::unsupported("setcap", format!("option {}", String::from_utf8_lossy(&word))));
            }
            text => match Sets::parse(text).and_then(Sets::to_bytes) {
                Some(bytes) => Some(bytes),
                None => {
                    process.write(system, 2, b"fatal error: Invalid argument\n").map(drop)?;
                    return Ok(1);
                }
            },
        };
        let Some(file) = words.next() else { break };
        any = true;
        let done = path(process, &file).and_then(|at| {
            let regular = matches!(system.lstat(&at)?.kind, Kind::File(_));
            if !regular {
                return Err(Errno::Invalid);
            }
            system.change(&at, |meta| match &new {
                Some(bytes) => drop(meta.xattrs.insert(ATTRIBUTE.into(), bytes.clone())),
                None => drop(meta.xattrs.remove(ATTRIBUTE)),
            })
        });
        if let Err(error) = done {
            let text = format!("Failed to set capabilities on file '{}': {error}\n", String::from_utf8_lossy(&file));
            process.write(system, 2, text.as_bytes()).map(drop)?;
            return Ok(1);
        }
    }
    if any {
        return Ok(0);
    }
    process.write(system, 2, b"usage: setcap [-h] [-q] [-v] [-n <rootid>] (-r|-|<caps>) <filename>\n").map(drop)?;
    Ok(1)
}

/// Runs `getcap`.
pub(super) fn getcap(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let words = process.arguments().to_vec();
    let (options, files): (Vec<_>, Vec<_>) = words.into_iter().partition(|word| word.starts_with(b"-"));
    let mut verbose = false;
    for option in options {
        match option.as_slice() {
            b"-v" => verbose = true,
            _ => return Err(Stop::unsupported("getcap", format!("option {}", String::from_utf8_lossy(&option)))),
        }
    }
    for file in files {
        let shown = String::from_utf8_lossy(&file).into_owned();
        let found =
            path(process, &file).and_then(|at| system.lstat(&at).map(|node| node.meta.xattrs.get(ATTRIBUTE).cloned()));
        match found {
            Ok(Some(bytes)) => {
                let text = Sets::of(&bytes).map(Sets::text).unwrap_or_default();
                process.out(system, format!("{shown} {text}\n").as_bytes())?;
            }
            Ok(None) if verbose => process.out(system, format!("{shown}\n").as_bytes())?,
            Ok(None) => {}
            Err(error) => process.write(system, 2, format!("{shown} ({error})\n").as_bytes()).map(drop)?,
        }
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_are_libcaps() {
        // What libcap 2.66 writes and shows for each.
        for (text, bytes, shown) in [
            (
                "cap_net_raw,cap_net_bind_service+ep",
                "0100000200240000000000000000000000000000",
                "cap_net_bind_service,cap_net_raw=ep",
            ),
            (
                "cap_chown=ep cap_kill,cap_fowner+eip",
                "0100000229000000280000000000000000000000",
                "cap_fowner,cap_kill=eip cap_chown+ep",
            ),
            ("cap_chown=p cap_kill+i", "0000000201000000200000000000000000000000", "cap_kill=i cap_chown+p"),
            ("CAP_CHOWN+p", "0000000201000000000000000000000000000000", "cap_chown=p"),
            ("all+p", "00000002ffffffff00000000ff01000000000000", "=p"),
            ("=", "0000000200000000000000000000000000000000", "="),
            ("cap_chown+e", "0100000200000000000000000000000000000000", "="),
        ] {
            let written = Sets::parse(text.as_bytes()).and_then(Sets::to_bytes).unwrap();
            assert_eq!(hex::encode(&written), bytes, "{text}");
            assert_eq!(Sets::of(&written).map(Sets::text).as_deref(), Some(shown), "{text}");
        }
        for bad in ["cap_nothing+ep", "+p", "cap_chown", "cap_chown+ep cap_kill+p"] {
            assert_eq!(Sets::parse(bad.as_bytes()).and_then(Sets::to_bytes), None, "{bad}");
        }
    }
}
