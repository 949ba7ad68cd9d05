//! Permission bits as chmod(1) reads them: octal, or `[ugoa…][[+-=][perms…]…]…` as in its man page; and as ls(1) shows them.

/// A mode that was read: what to do to a file's bits, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::domain::script) struct Mode(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    operator: u8,
    perms: Perms,
    /// Bits of `ugoa`; 0 when nobody was named, so that the umask counts.
    affected: u32,
    value: u32,
    /// Bits that were named, so that a directory's set-ID bits may change.
    mentioned: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Perms {
    Ordinary,
    /// `X`: execution where it is a directory or somebody may execute already.
    SomeExecute,
    /// `u`, `g` or `o`: what they have now.
    Copy,
}

const ALL: u32 = 0o7777;
const SET_ID: u32 = 0o6000;

impl Mode {
    /// Reads a mode; `None` when it is none.
    pub(in crate::domain::script) fn parse(text: &[u8]) -> Option<Self> {
        if text.first().is_some_and(u8::is_ascii_digit) {
            let value = octal(text)?;
            let mentioned = if text.len() < 5 { (value & 0o7000) | 0o777 } else { ALL };
            return Some(Self(vec![Step { operator: b'=', perms: Perms::Ordinary, affected: ALL, value, mentioned }]));
        }
        let mut steps = Vec::new();
        for clause in text.split(|byte| *byte == b',') {
            let who = clause.iter().take_while(|byte| b"ugoa".contains(byte)).count();
            let affected = clause.iter().take(who).fold(0, |bits, who| bits | people(*who));
            let mut rest = clause.get(who..)?;
            if rest.is_empty() {
                return None;
            }
            while let Some((operator, after)) = rest.split_first() {
                if !b"+-=".contains(operator) {
                    return None;
                }
                let end = after.iter().position(|byte| b"+-=".contains(byte)).unwrap_or(after.len());
                let (perms, next) = after.split_at_checked(end)?;
                steps.push(step(*operator, affected, perms)?);
                rest = next;
            }
        }
        Some(Self(steps))
    }

    /// Just these bits, whatever they were.
    pub(in crate::domain::script) fn exactly(bits: u32) -> Self {
        Self(vec![Step { operator: b'=', perms: Perms::Ordinary, affected: ALL, value: bits & ALL, mentioned: ALL }])
    }

    /// What a file's bits become.
    pub(in crate::domain::script) fn apply(&self, old: u32, directory: bool, umask: u32) -> u32 {
        let mut bits = old & ALL;
        for step in &self.0 {
            let kept = if directory { SET_ID & !step.mentioned } else { 0 };
            let mut value = match step.perms {
                Perms::Ordinary => step.value,
                Perms::SomeExecute if directory || bits & 0o111 != 0 => step.value | 0o111,
                Perms::SomeExecute => step.value,
                Perms::Copy => {
                    let has = step.value & bits;
                    [0o444, 0o222, 0o111].into_iter().filter(|class| has & class != 0).fold(0, |all, class| all | class)
                }
            };
            value &= if step.affected == 0 { !umask } else { step.affected } & !kept;
            match step.operator {
                b'=' => {
                    let preserved = if step.affected == 0 { 0 } else { !step.affected } | kept;
                    bits = (bits & preserved & ALL) | value;
                }
                b'+' => bits |= value,
                _ => bits &= !value,
            }
        }
        bits & ALL
    }
}

fn step(operator: u8, affected: u32, perms: &[u8]) -> Option<Step> {
    if perms.first().is_some_and(u8::is_ascii_digit) {
        let value = octal(perms).filter(|_| affected == 0)?;
        return Some(Step { operator, perms: Perms::Ordinary, affected: ALL, value, mentioned: ALL });
    }
    if let [who @ (b'u' | b'g' | b'o')] = perms {
        let value = people(*who) & 0o777;
        return Some(Step { operator, perms: Perms::Copy, affected, value, mentioned: mentioned(affected, value) });
    }
    let (mut value, mut kind) = (0, Perms::Ordinary);
    for letter in perms {
        match letter {
            b'r' => value |= 0o444,
            b'w' => value |= 0o222,
            b'x' => value |= 0o111,
            b'X' => kind = Perms::SomeExecute,
            b's' => value |= SET_ID,
            b't' => value |= 0o1000,
            _ => return None,
        }
    }
    Some(Step { operator, perms: kind, affected, value, mentioned: mentioned(affected, value) })
}

const fn mentioned(affected: u32, value: u32) -> u32 {
    if affected == 0 { value } else { affected & value }
}

const fn people(who: u8) -> u32 {
    match who {
        b'u' => 0o4700,
        b'g' => 0o2070,
        b'o' => 0o1007,
        _ => ALL,
    }
}

/// An octal number of permission bits.
pub(in crate::domain::script) fn octal(text: &[u8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(text).ok().filter(|text| !text.starts_with('+'))?, 8)
        .ok()
        .filter(|value| *value <= ALL)
}

/// The nine letters of permission bits, as `rwxr-sr-t`.
pub(in crate::domain::script) fn letters(mode: u32) -> String {
    let mut out: Vec<char> = "rwxrwxrwx"
        .chars()
        .enumerate()
        .map(|(at, letter)| if mode & (0o400 >> at) == 0 { '-' } else { letter })
        .collect();
    for (bit, at, letter) in [(0o4000, 2, 's'), (0o2000, 5, 's'), (0o1000, 8, 't')] {
        if let Some(place) = out.get_mut(at).filter(|_| mode & bit != 0) {
            *place = if *place == 'x' { letter } else { letter.to_ascii_uppercase() };
        }
    }
    out.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_as_chmod_has_them() {
        for (mode, old, directory, new) in [
            ("644", 0o4755, false, 0o644),
            ("755", 0o2700, true, 0o2755),
            ("00755", 0o2700, true, 0o755),
            ("+x", 0o644, false, 0o755),
            ("+w", 0o444, false, 0o644),
            ("a+w", 0o444, false, 0o666),
            ("g+s,o-rwx", 0o755, true, 0o2750),
            ("u=rwX,go=rX", 0o600, false, 0o644),
            ("u=rwX,go=rX", 0o700, true, 0o755),
            ("g=u", 0o640, false, 0o660),
            ("=", 0o2755, true, 0o2000),
            ("a-s", 0o6755, true, 0o755),
            ("u+rw-x", 0o100, false, 0o600),
            ("=755", 0o4000, false, 0o755),
            ("+t", 0o777, true, 0o1777),
        ] {
            assert_eq!(Mode::parse(mode.as_bytes()).unwrap().apply(old, directory, 0o022), new, "{mode} {old:o}");
        }
    }

    #[test]
    fn what_is_no_mode() {
        for bad in ["", "8", "77777", "u", "u+q", "u+r,", "rw", "u=755", "+ug"] {
            assert_eq!(Mode::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn letters_show_special_bits() {
        assert_eq!(letters(0o4755), "rwsr-xr-x");
        assert_eq!(letters(0o3770), "rwxrws--T");
    }
}
