//! Bytes as people read them.

use std::fmt;

/// A number of bytes, shown in binary units with three significant digits: `84.2 MiB`.
#[derive(Clone, Copy)]
pub(super) struct Size(pub(super) u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
        let (mut value, mut unit) = (self.0 as f64, 0);
        while value >= 999.5 && unit + 1 < UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        let text = match (unit, value) {
            (0, _) => format!("{value} B"),
            (_, value) if value < 9.995 => format!("{value:.2} {}", UNITS[unit]),
            (_, value) if value < 99.95 => format!("{value:.1} {}", UNITS[unit]),
            _ => format!("{value:.0} {}", UNITS[unit]),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::Size;

    #[test]
    fn three_digits_and_a_unit() {
        let shown = [0, 999, 1024, 10_240, 1_048_575, 88_300_000, 5 << 40].map(|n| Size(n).to_string());
        assert_eq!(shown, ["0 B", "999 B", "1.00 KiB", "10.0 KiB", "1.00 MiB", "84.2 MiB", "5.00 TiB"]);
    }
}
