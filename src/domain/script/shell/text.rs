//! Expanded text before it is split into fields: bytes that remember where they came from.

/// A byte, or a mark between bytes.
pub(super) type Item = u16;

/// Quotes protect it: it is neither split nor part of a pattern.
pub(super) const QUOTED: Item = 0x100;
/// It came out of an expansion outside of quotes: `IFS` may split it.
pub(super) const SPLIT: Item = 0x200;
/// No byte: a field ends here, as between the parameters of `$@`.
pub(super) const BREAK: Item = 0x400;
/// No byte: a field is here even if it is empty, as `""` is.
pub(super) const NULL: Item = 0x800;

/// Appends bytes with flags.
pub(super) fn append(text: &mut Vec<Item>, bytes: &[u8], flags: Item) {
    text.extend(bytes.iter().map(|byte| Item::from(*byte) | flags));
}

/// The bytes alone: quote removal.
pub(super) fn bytes(text: &[Item]) -> Vec<u8> {
    text.iter().filter(|item| *item & (BREAK | NULL) == 0).map(|item| item.to_le_bytes()[0]).collect()
}

/// Splits text into fields as POSIX 2.6.5 has it.
pub(super) fn split(text: &[Item], ifs: &[u8]) -> Vec<Vec<Item>> {
    let mut fields = Vec::new();
    let mut field = Vec::new();
    let mut present = false;
    // A delimiter that is no space belongs to the spaces before it.
    let mut after_space = false;
    for item in text {
        if item & BREAK != 0 {
            if present {
                fields.push(std::mem::take(&mut field));
            }
            present = false;
            after_space = false;
            continue;
        }
        if item & NULL != 0 {
            present = true;
            after_space = false;
            continue;
        }
        let byte = item.to_le_bytes()[0];
        if item & SPLIT == 0 || !ifs.contains(&byte) {
            field.push(*item);
            present = true;
            after_space = false;
            continue;
        }
        if matches!(byte, b' ' | b'\t' | b'\n') {
            if present {
                fields.push(std::mem::take(&mut field));
                present = false;
                after_space = true;
            }
        } else if after_space {
            after_space = false;
        } else {
            fields.push(std::mem::take(&mut field));
            present = false;
        }
    }
    if present {
        fields.push(field);
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_split_by_ifs() {
        let fields = |text: &str, ifs: &str| {
            let mut items = Vec::new();
            append(&mut items, text.as_bytes(), SPLIT);
            split(&items, ifs.as_bytes())
                .iter()
                .map(|field| String::from_utf8(bytes(field)).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(fields("  a  b ", " \t\n"), ["a", "b"]);
        assert_eq!(fields("a:b::c:", ":"), ["a", "b", "", "c"]);
        assert_eq!(fields(":a", ":"), ["", "a"]);
        assert_eq!(fields("a : b :: c", ": "), ["a", "b", "", "c"]);
        assert_eq!(fields("a b", ""), ["a b"]);
    }
}
