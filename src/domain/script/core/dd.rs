//! dd(1) and truncate(1).

use super::copy::put;
use super::operand::{failed, path, quoted};
use super::options::{self, Known, Order, Takes};
use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// The largest file that is made here.
const MOST: u64 = 1 << 30;

/// A number with the suffixes that dd(1) and truncate(1) share: `K` 1024, `KB` 1000, `KiB` 1024, and so on.
fn size(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, suffix) = text.split_at_checked(end)?;
    let power = |base: u64, exponent: u32| base.checked_pow(exponent);
    let unit = match suffix {
        "" | "c" => 1,
        "w" => 2,
        "b" => 512,
        "K" | "k" | "KiB" => power(1024, 1)?,
        "KB" | "kB" => power(1000, 1)?,
        "M" | "MiB" => power(1024, 2)?,
        "MB" => power(1000, 2)?,
        "G" | "GiB" => power(1024, 3)?,
        "GB" => power(1000, 3)?,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

struct Rules {
    from: Option<Vec<u8>>,
    to: Option<Vec<u8>>,
    input_block: u64,
    output_block: u64,
    count: Option<u64>,
    skip: u64,
    seek: u64,
    truncate: bool,
    create: bool,
    quiet: bool,
}

/// Runs `dd`.
pub(super) fn dd(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let rules = match read(process.arguments())? {
        Ok(rules) => rules,
        Err(text) => return options::misused(system, process, &text, 1),
    };
    let limit = rules.count.map(|count| count.saturating_mul(rules.input_block));
    let bytes = match input(system, process, &rules, limit)? {
        Ok(bytes) => bytes,
        Err(error) => {
            let name = rules.from.unwrap_or_default();
            failed(system, process, "failed to open", &name, error)?;
            return Ok(1);
        }
    };
    let length = bytes.len() as u64;
    if let Some(name) = &rules.to {
        if let Err(error) = output(system, process, &rules, name, &bytes)? {
            failed(system, process, "failed to open", name, error)?;
            return Ok(1);
        }
    } else {
        process.out(system, &bytes)?;
    }
    if !rules.quiet {
        let records = |block: u64| format!("{}+{} records", length / block, u64::from(!length.is_multiple_of(block)));
        let text = format!("{} in\n{} out\n", records(rules.input_block), records(rules.output_block));
        process.write(system, 2, text.as_bytes()).map(drop)?;
    }
    Ok(0)
}

fn read(words: &[Vec<u8>]) -> Result<Result<Rules, String>, Stop> {
    let mut rules = Rules {
        from: None,
        to: None,
        input_block: 512,
        output_block: 512,
        count: None,
        skip: 0,
        seek: 0,
        truncate: true,
        create: true,
        quiet: false,
    };
    for word in words {
        let equals = word.iter().position(|byte| *byte == b'=');
        let Some((name, value)) = equals.and_then(|at| Some((word.get(..at)?, word.get(at + 1..)?))) else {
            return Ok(Err(format!("unrecognized operand {}", quoted(word))));
        };
        let number = || size(value).ok_or_else(|| format!("invalid number: {}", quoted(value)));
        let block =
            || number().and_then(|n| if n == 0 { Err(format!("invalid number: {}", quoted(value))) } else { Ok(n) });
        let read = match name {
            b"if" => {
                rules.from = Some(value.to_vec());
                Ok(())
            }
            b"of" => {
                rules.to = Some(value.to_vec());
                Ok(())
            }
            b"bs" => block().map(|n| (rules.input_block, rules.output_block) = (n, n)),
            b"ibs" => block().map(|n| rules.input_block = n),
            b"obs" => block().map(|n| rules.output_block = n),
            b"count" => number().map(|n| rules.count = Some(n)),
            b"skip" | b"iseek" => number().map(|n| rules.skip = n),
            b"seek" | b"oseek" => number().map(|n| rules.seek = n),
            b"status" => {
                rules.quiet = value == b"none";
                Ok(())
            }
            b"conv" => {
                for flag in value.split(|byte| *byte == b',') {
                    match flag {
                        b"notrunc" => rules.truncate = false,
                        b"nocreat" => rules.create = false,
                        b"fsync" | b"fdatasync" | b"noerror" => {}
                        other => {
                            let what = format!("conv={}", String::from_utf8_lossy(other));
                            return Err(Stop::unsupported("dd", what));
                        }
                    }
                }
                Ok(())
            }
            b"cbs" | b"iflag" | b"oflag" => {
                return Err(Stop::unsupported("dd", String::from_utf8_lossy(word).into_owned()));
            }
            _ => Err(format!("unrecognized operand {}", quoted(word))),
        };
        if let Err(text) = read {
            return Ok(Err(text));
        }
    }
    Ok(Ok(rules))
}

/// What is read, blocks to skip left out.
fn input(
    system: &mut System<'_>,
    process: &mut Process,
    rules: &Rules,
    limit: Option<u64>,
) -> Result<Result<Vec<u8>, Errno>, Stop> {
    let skip = rules.skip.saturating_mul(rules.input_block);
    let most = limit.unwrap_or(u64::MAX);
    let source = match &rules.from {
        None => {
            let wanted = usize::try_from(skip.saturating_add(most)).unwrap_or(usize::MAX);
            process.read(system, 0, wanted)
        }
        Some(name) => match path(process, name) {
            Err(error) => Err(error),
            Ok(at) if at == b"dev/zero" => {
                let Some(limit) = limit.filter(|limit| *limit <= MOST) else {
                    return Err(Stop::unsupported("dd", "zeros without an end"));
                };
                system.budget.bytes(usize::try_from(limit).unwrap_or(usize::MAX))?;
                return Ok(Ok(vec![0; usize::try_from(limit).unwrap_or_default()]));
            }
            Ok(at) if matches!(at.as_slice(), b"dev/random" | b"dev/urandom") => {
                return Err(Stop::unsupported("dd", "random bytes"));
            }
            Ok(at) => system.read(&at).map(|bytes| bytes.to_vec()),
        },
    };
    Ok(source.map(|bytes| {
        let start = usize::try_from(skip).unwrap_or(usize::MAX).min(bytes.len());
        let end = start.saturating_add(usize::try_from(most).unwrap_or(usize::MAX)).min(bytes.len());
        bytes.get(start..end).unwrap_or_default().to_vec()
    }))
}

fn output(
    system: &mut System<'_>,
    process: &Process,
    rules: &Rules,
    name: &[u8],
    bytes: &[u8],
) -> Result<Result<(), Errno>, Stop> {
    let at = match path(process, name) {
        Ok(at) => at,
        Err(error) => return Ok(Err(error)),
    };
    if !rules.create && !system.exists(&at) {
        return Ok(Err(Errno::Missing));
    }
    let seek = rules.seek.saturating_mul(rules.output_block);
    let Some(start) = usize::try_from(seek).ok().filter(|start| (*start as u64) < MOST) else {
        return Ok(Err(Errno::TooLarge));
    };
    let old = system.read(&at).unwrap_or_default();
    let mut new = if rules.truncate { old.get(..start).unwrap_or(&old).to_vec() } else { old.to_vec() };
    let end = start.saturating_add(bytes.len());
    system.budget.bytes(new.len().max(end))?;
    new.resize(new.len().max(end), 0);
    if let Some(place) = new.get_mut(start..end) {
        place.copy_from_slice(bytes);
    }
    Ok(put(system, &at, new, 0o666 & !process.umask))
}

/// Runs `truncate`.
pub(super) fn truncate(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    const OPTIONS: &[Known] = &[
        ("c", "no-create", Takes::Nothing),
        ("o", "io-blocks", Takes::Nothing),
        ("r", "reference", Takes::Value),
        ("s", "size", Takes::Value),
    ];
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let (mut create, mut wanted) = (true, None);
    for option in &line.options {
        match option.name {
            "no-create" => create = false,
            "size" => {
                let text = option.text();
                let (sign, digits) = match text.split_first() {
                    Some((sign, digits)) if b"+-<>/%".contains(sign) => (Some(*sign), digits),
                    _ => (None, text),
                };
                if sign.is_some_and(|sign| !b"+-<>".contains(&sign)) {
                    return Err(Stop::unsupported("truncate", "rounded sizes"));
                }
                let Some(value) = size(digits) else {
                    process.complain(system, &format!("Invalid number: {}", quoted(text)))?;
                    return Ok(1);
                };
                wanted = Some((sign, value));
            }
            "reference" => match path(process, option.text()).and_then(|at| system.read(&at)) {
                Ok(bytes) => wanted = Some((None, bytes.len() as u64)),
                Err(error) => {
                    failed(system, process, "cannot stat", option.text(), error)?;
                    return Ok(1);
                }
            },
            _ => return Err(option.unmodelled("truncate")),
        }
    }
    let Some((sign, value)) = wanted else {
        return options::misused(system, process, "you must specify either '--size' or '--reference'", 1);
    };
    if line.operands.is_empty() {
        return options::misused(system, process, "missing file operand", 1);
    }
    let mut fine = true;
    for name in &line.operands {
        let found = path(process, name).map(|at| (system.read(&at), at));
        let (old, at) = match found {
            Ok((Ok(bytes), at)) => (bytes.to_vec(), at),
            Ok((Err(Errno::Missing), at)) if create => (Vec::new(), at),
            Ok((Err(Errno::Missing), _)) => continue,
            Ok((Err(error), _)) | Err(error) => {
                fine &= failed(system, process, "cannot open", name, error)?;
                continue;
            }
        };
        let now = old.len() as u64;
        let length = match sign {
            None => value,
            Some(b'+') => now.saturating_add(value),
            Some(b'-') => now.saturating_sub(value),
            Some(b'<') => now.min(value),
            Some(_) => now.max(value),
        };
        let Some(length) = usize::try_from(length).ok().filter(|length| (*length as u64) <= MOST) else {
            fine &= failed(system, process, "failed to truncate", name, Errno::TooLarge)?;
            continue;
        };
        system.budget.bytes(length)?;
        let mut new = old;
        new.resize(length, 0);
        if let Err(error) = put(system, &at, new, 0o666 & !process.umask) {
            fine &= failed(system, process, "cannot open", name, error)?;
        }
    }
    Ok(u8::from(!fine))
}
