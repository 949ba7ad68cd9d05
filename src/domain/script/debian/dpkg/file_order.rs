//! The order in which dpkg walks its table of files, which is the order of lines in `diversions` and `statoverride`.

/// Slots of dpkg's table (`lib/dpkg/fsys-hash.c`, measured with dpkg 1.21).
const SLOTS: u32 = 262_139;

/// Where a path stands in the table: 32-bit FNV-1a of the path without its leading `/`. Paths in one slot keep the order
/// in which they came.
pub(super) fn slot(path: &[u8]) -> u32 {
    let path = path.strip_prefix(b"/").unwrap_or(path);
    let hash = path.iter().fold(0x811c_9dc5_u32, |hash, byte| {
        // dpkg's characters are signed.
        (hash ^ i32::from(i8::from_ne_bytes([*byte])).cast_unsigned()).wrapping_mul(0x0100_0193)
    });
    hash % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_dpkg() {
        let mut paths = ["/usr/f919/x1", "/usr/f757/x3", "/usr/f866/x14", "/usr/f838/x2"];
        paths.sort_by_key(|path| slot(path.as_bytes()));
        assert_eq!(paths, ["/usr/f838/x2", "/usr/f866/x14", "/usr/f919/x1", "/usr/f757/x3"]);
    }
}
