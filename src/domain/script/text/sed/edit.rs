//! What commands do to a line.

use super::super::super::limits::Budget;
use super::super::super::stop::Stop;
use super::super::regex::Regex;
use super::program::Substitution;
use super::replacement;

/// The line after a substitution; none where nothing was replaced.
pub(super) fn substitute(
    budget: &mut Budget,
    regex: &Regex,
    wanted: &Substitution,
    line: &[u8],
    utf8: bool,
) -> Result<Option<Vec<u8>>, Stop> {
    let (mut out, mut at, mut copied, mut count, mut replaced) = (Vec::new(), 0, 0, 0, false);
    let mut last_end = None;
    while at <= line.len() {
        let Some(groups) = regex.captures(budget, line, at)? else { break };
        let Some((start, end)) = groups.first().copied().flatten() else { break };
        let next = if end > start { end } else { end + replacement::width(line.get(end..).unwrap_or_default(), utf8) };
        // An empty match right behind another is none.
        if start != end || last_end != Some(start) {
            count += 1;
            if count >= wanted.number {
                out.extend(line.get(copied..start).unwrap_or_default());
                replacement::expand(&wanted.parts, line, &groups, utf8, &mut out);
                copied = end;
                replaced = true;
                if !wanted.global {
                    break;
                }
            }
        }
        last_end = Some(end);
        at = next;
    }
    if !replaced {
        return Ok(None);
    }
    out.extend(line.get(copied..).unwrap_or_default());
    budget.bytes(out.len().saturating_sub(line.len()))?;
    Ok(Some(out))
}

/// The line with characters replaced by others.
pub(super) fn transliterate(table: &[(Vec<u8>, Vec<u8>)], line: &[u8], utf8: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let mut at = 0;
    while at < line.len() {
        let rest = line.get(at..).unwrap_or_default();
        let c = rest.get(..replacement::width(rest, utf8)).unwrap_or_default();
        at += c.len();
        let found = table.iter().find(|(from, _)| from == c);
        out.extend(found.map_or(c, |(_, to)| to.as_slice()));
    }
    out
}

/// The line as `l` shows it, folded to `width` columns; 0 does not fold.
pub(super) fn listing(line: &[u8], width: usize, utf8: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut column = 0;
    let mut at = 0;
    while at < line.len() {
        let rest = line.get(at..).unwrap_or_default();
        let length = replacement::width(rest, utf8);
        at += length;
        let c = rest.get(..length).unwrap_or_default();
        let shown = match c {
            [b'\\'] => b"\\\\".to_vec(),
            [7] => b"\\a".to_vec(),
            [8] => b"\\b".to_vec(),
            [9] => b"\\t".to_vec(),
            [10] => b"\\n".to_vec(),
            [11] => b"\\v".to_vec(),
            [12] => b"\\f".to_vec(),
            [13] => b"\\r".to_vec(),
            [32..=126] => c.to_vec(),
            _ => c.iter().flat_map(|byte| format!("\\{byte:03o}").into_bytes()).collect(),
        };
        if width > 0 && column + shown.len() > width - 1 {
            out.extend(b"\\\n");
            column = 0;
        }
        column += shown.len();
        out.extend(shown);
    }
    out.extend(b"$\n");
    out
}
